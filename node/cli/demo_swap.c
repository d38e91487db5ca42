#include "cli/demo.h"

#include "cli/view.h"

static sph_rc card_path(const struct sph_demo *demo, const struct sph_demo_node *node,
                        char out[600], sph_err *err)
{
    return sph_str_format(out, 600, err, "%s/%s.card", demo->dir, node->party);
}

static sph_rc save_card(const struct sph_demo *demo, struct sph_demo_node *node, sph_err *err)
{
    char path[600];
    SPH_AUTO(sph_reply) reply = {.status = 0};
    SPH_TRY(card_path(demo, node, path, err), err, "card");
    const sph_ask ask = {.method = "GET", .target = "/api/1/node/card", .save_to = path};
    if (sph_cli_ask(&node->cli, &ask, &reply) != SPH_EXIT_DONE)
        return sph_fail(err, SPH_EREFUSED, "card of %s", node->party);
    return sph_ok();
}

/** The number on the reader's own screen; on the telephone, the two compare it. */
static sph_rc preview(const struct sph_demo *demo, struct sph_demo_node *reader,
                      const struct sph_demo_node *of, char number[64], sph_err *err)
{
    char path[600];
    SPH_AUTO(sph_reply) reply = {.status = 0};
    SPH_TRY(card_path(demo, of, path, err), err, "card");
    SPH_TRY(
        sph_demo_post_file(reader, "/api/1/partners/preview", path, "application/xml", &reply, err),
        err, "card");
    return sph_str_copy(number, 64, sph_slice_str(sph_view_get(reply.json, "safetyNumber")), err);
}

static sph_rc add(const struct sph_demo *demo, struct sph_demo_node *reader,
                  const struct sph_demo_node *of, const char *number, sph_err *err)
{
    char path[600];
    SPH_AUTO(sph_reply) reply = {.status = 0};
    SPH_AUTO(sph_buf) target = sph_buf_init(512);
    SPH_TRY(card_path(demo, of, path, err), err, "card");
    SPH_TRY(sph_buf_add_text(&target, "/api/1/partners?safety=", err), err, "target");
    SPH_TRY(sph_cli_encode(number, &target, err), err, "target");
    return sph_demo_post_file(reader, sph_buf_text(&target), path, "application/xml", &reply, err);
}

/** The office that nobody reaches works with the NGO alone: two that only pull never meet. */
static bool are_partners(const struct sph_demo *demo, const struct sph_demo_node *a,
                         const struct sph_demo_node *b)
{
    const struct sph_demo_node *office = &demo->node[SPH_DEMO_OFFICE];
    const struct sph_demo_node *ngo = &demo->node[SPH_DEMO_NGO];
    if (a == b)
        return false;
    return (a != office && b != office) || a == ngo || b == ngo;
}

/** Each partner adds this one's card. */
static sph_rc spread(struct sph_demo *demo, const struct sph_demo_node *of, sph_err *err)
{
    char number[64] = "";
    for (size_t i = 0; i < SPH_DEMO_COUNT; i++) {
        struct sph_demo_node *reader = &demo->node[i];
        if (!are_partners(demo, reader, of))
            continue;
        SPH_TRY(preview(demo, reader, of, number, err), err, "%s reads the card", reader->party);
        SPH_TRY(add(demo, reader, of, number, err), err, "%s adds the card", reader->party);
    }
    sph_demo_line(demo, SPH_MARK_OK, "demo.card",
                  SPH_ARGS({"party", of->party}, {"number", number}));
    return sph_ok();
}

sph_rc sph_demo_swap_cards(struct sph_demo *demo, sph_err *err)
{
    SPH_TRY(sph_demo_step(demo, "demo.step.cards", err), err, "step");
    for (size_t i = 0; i < SPH_DEMO_COUNT; i++)
        SPH_TRY(save_card(demo, &demo->node[i], err), err, "card");
    for (size_t i = 0; i < SPH_DEMO_COUNT; i++)
        SPH_TRY(spread(demo, &demo->node[i], err), err, "card");
    sph_demo_line(demo, SPH_MARK_OK, "demo.cards-hint", NULL, 0);
    return sph_ok();
}
