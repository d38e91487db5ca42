#include "cli/demo.h"

#include "cli/view.h"

#define TICK_MS 50

static sph_rc ask(struct sph_demo_node *node, const sph_ask *what, sph_reply *reply, sph_err *err)
{
    const enum sph_exit code = sph_cli_ask(&node->cli, what, reply);
    if (code != SPH_EXIT_DONE)
        return sph_fail(err, code == SPH_EXIT_PROOF ? SPH_EPROOF : SPH_EREFUSED, "%s %s %s",
                        node->party, what->method, what->target);
    return sph_ok();
}

sph_rc sph_demo_get(struct sph_demo_node *node, const char *target, sph_reply *reply, sph_err *err)
{
    const sph_ask what = {.method = "GET", .target = target};
    return ask(node, &what, reply, err);
}

sph_rc sph_demo_post(struct sph_demo_node *node, const char *target, const sph_json *body,
                     sph_reply *reply, sph_err *err)
{
    const sph_ask what = {.method = "POST", .target = target, .body = body};
    return ask(node, &what, reply, err);
}

sph_rc sph_demo_post_file(struct sph_demo_node *node, const char *target, const char *path,
                          const char *content_type, sph_reply *reply, sph_err *err)
{
    const sph_ask what = {
        .method = "POST", .target = target, .file = path, .content_type = content_type};
    return ask(node, &what, reply, err);
}

struct sph_demo_node *sph_demo_node_of(struct sph_demo *demo, const char *party)
{
    for (size_t i = 0; i < SPH_DEMO_COUNT; i++)
        if (sph_slice_is(sph_slice_str(party), demo->node[i].party))
            return &demo->node[i];
    return &demo->node[0];
}

static sph_rc remember(struct sph_demo *demo, enum sph_demo_who from, const sph_json *row,
                       const char *what, sph_err *err)
{
    if (demo->sent_count == SPH_DEMO_SENT)
        return sph_fail(err, SPH_ELIMIT, "messages of the story");
    struct sph_demo_sent *sent = &demo->sent[demo->sent_count++];
    *sent = (struct sph_demo_sent){.from = from, .what = what};
    SPH_TRY(
        sph_str_copy(sent->to, sizeof(sent->to), sph_slice_str(sph_view_get(row, "partner")), err),
        err, "addressee");
    SPH_TRY(sph_str_copy(sent->packet_id, sizeof(sent->packet_id),
                         sph_slice_str(sph_view_get(row, "packetId")), err),
            err, "packet");
    return sph_str_copy(sent->message_id, sizeof(sent->message_id),
                        sph_slice_str(sph_view_get(row, "messageId")), err);
}

sph_rc sph_demo_submit(struct sph_demo *demo, enum sph_demo_who from, const char *target,
                       const sph_json *order, const char *what, char packet_id[64], sph_err *err)
{
    SPH_AUTO(sph_reply) reply = {.status = 0};
    SPH_TRY(sph_demo_post(&demo->node[from], target, order, &reply, err), err, "%s", what);
    const sph_json *list = sph_json_get(reply.json, "items");
    if (sph_json_count(list) == 0)
        return sph_fail(err, SPH_EREFUSED, "%s went to nobody", what);
    for (size_t i = 0; i < sph_json_count(list); i++)
        SPH_TRY(remember(demo, from, sph_json_at(list, i), what, err), err, "%s", what);
    return sph_str_copy(packet_id, 64, sph_slice_str(demo->sent[demo->sent_count - 1].packet_id),
                        err);
}

/** Row of list `box` of a packet's proof whose messageId is this one. */
static sph_rc find_row(struct sph_demo_node *node, const struct sph_demo_sent *sent,
                       const char *box, sph_reply *reply, const sph_json **row, sph_err *err)
{
    SPH_AUTO(sph_buf) target = sph_buf_init(512);
    SPH_TRY(sph_buf_add_text(&target, "/api/1/packets/", err), err, "target");
    SPH_TRY(sph_cli_encode(sent->packet_id, &target, err), err, "target");
    SPH_TRY(sph_buf_add_text(&target, "/proof", err), err, "target");
    SPH_TRY(sph_demo_get(node, sph_buf_text(&target), reply, err), err, "proof");
    const sph_json *list = sph_json_get(reply->json, box);
    *row = NULL;
    for (size_t i = 0; i < sph_json_count(list); i++)
        if (sph_slice_is(sph_slice_str(sent->message_id),
                         sph_view_get(sph_json_at(list, i), "messageId")))
            *row = sph_json_at(list, i);
    return sph_ok();
}

sph_rc sph_demo_outbox(struct sph_demo *demo, const struct sph_demo_sent *sent, sph_reply *reply,
                       const sph_json **row, sph_err *err)
{
    SPH_TRY(find_row(&demo->node[sent->from], sent, "sent", reply, row, err), err, "outbox");
    return *row ? sph_ok() : sph_fail(err, SPH_ENOTFOUND, "message in the outbox");
}

sph_rc sph_demo_inbox(struct sph_demo *demo, const struct sph_demo_sent *sent, sph_reply *reply,
                      const sph_json **row, sph_err *err)
{
    return find_row(sph_demo_node_of(demo, sent->to), sent, "received", reply, row, err);
}

sph_rc sph_demo_wait_state(struct sph_demo *demo, const struct sph_demo_sent *sent,
                           const char *state, unsigned seconds, sph_err *err)
{
    for (unsigned waited = 0; waited < seconds * 1000; waited += TICK_MS) {
        SPH_AUTO(sph_reply) reply = {.status = 0};
        const sph_json *row = NULL;
        SPH_TRY(sph_demo_outbox(demo, sent, &reply, &row, err), err, "waiting");
        const char *now = sph_view_get(row, "state");
        if (sph_slice_is(sph_slice_str(now), state))
            return sph_ok();
        if (sph_slice_is(sph_slice_str(now), "failed"))
            return sph_fail(err, SPH_EREFUSED, "%s to %s failed: %s", sent->what, sent->to,
                            sph_view_get(row, "errorCode"));
        SPH_TRY(sph_demo_sleep(demo, TICK_MS, err), err, "waiting");
    }
    return sph_fail(err, SPH_EAGAIN, "%s to %s is not %s", sent->what, sent->to, state);
}
