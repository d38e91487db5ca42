#include "cli/input.h"
#include "cli/order.h"
#include "cli/view.h"
#include "cli/watch.h"

#define TARGET "/api/1/publications"

/** What a judgment does not say of itself in a form a machine can trust (packets.md 4 A). */
static const struct fact {
    const char *field, *option, *list;
    bool is_many, is_needed;
} facts[] = {
    {"level", "--level", "court-level", false, true},
    {"finality", "--finality", "finality", false, true},
    {"outcome", "--outcome", "outcome", true, true},
    {"act", "--act", "act", true, false},
    {"exploitation", "--exploitation", "exploitation", true, false},
    {"court", "--court", NULL, false, false},
    {"caseNumber", "--case-number", NULL, true, false},
};

static void set_text(sph_order *order, const char *field, const char *text)
{
    if (text && order->code == SPH_EXIT_DONE)
        sph_order_text(order, field, text);
}

/** Two people in two roles: who took the names out, and who looked again. */
static void set_anonymisation(sph_order *order)
{
    char today[11];
    const char *by = sph_cli_option(order->cli, "--anonymised-by", 0);
    const char *second = sph_cli_option(order->cli, "--checked-by", 0);
    if (order->code != SPH_EXIT_DONE || sph_json_get(order->body, "anonymisation"))
        return;
    if (!by)
        sph_order_miss(order, "--anonymised-by");
    if (!second)
        sph_order_miss(order, "--checked-by");
    if (!by || !second)
        return;
    if (!sph_order_is_code(order->cli, "--anonymised-by", "role", by) ||
        !sph_order_is_code(order->cli, "--checked-by", "role", second)) {
        order->code = SPH_EXIT_USAGE;
        return;
    }
    sph_input_today(today);
    const char *const members[][2] = {
        {"method", "already-anonymised"}, {"byRole", by}, {"secondRole", second}, {"date", today}};
    sph_order_set_object(order, "anonymisation", members, 4);
}

static void fill_judgment(sph_order *order)
{
    const char *summary = sph_cli_option(order->cli, "--summary", 0);
    const char *holding = sph_cli_option(order->cli, "--holding", 0);
    for (size_t i = 0; i < sizeof(facts) / sizeof(facts[0]); i++) {
        if (facts[i].is_many)
            sph_order_options(order, facts[i].field, facts[i].option, facts[i].list);
        else
            sph_order_option(order, facts[i].field, facts[i].option, facts[i].list);
        if (facts[i].is_needed)
            sph_order_need(order, facts[i].field, facts[i].option);
    }
    set_text(order, "summary", summary);
    sph_order_need(order, "summary", "--summary");
    if (!sph_json_get(order->body, "holding"))
        set_text(order, "holding", holding ? holding : summary);
    set_anonymisation(order);
}

/** The file as a whole goes to the node, which reduces it to the profile and says what it dropped.
 */
static void upload_document(sph_order *order, const char *path)
{
    SPH_AUTO(sph_reply) reply = {.status = 0};
    sph_err err = {0};
    const sph_ask ask = {.method = "POST",
                         .target = "/api/1/attachments",
                         .file = path,
                         .content_type = "application/xml"};
    order->code = sph_cli_ask(order->cli, &ask, &reply);
    if (order->code == SPH_EXIT_DONE &&
        sph_json_set(order->whole, "document", sph_json_text(sph_view_get(reply.json, "upload")),
                     &err)
                .code != SPH_OK)
        order->code = sph_cli_failed(order->cli, &err);
}

static void keep_to_partners(sph_order *order)
{
    if (sph_cli_flag(order->cli, "--partners-only") && order->code == SPH_EXIT_DONE &&
        sph_json_set(order->header, "classification", sph_json_text("partners"), NULL).code !=
            SPH_OK)
        order->code = SPH_EXIT_FAILED;
}

static enum sph_exit finish(sph_order *order, const char *document)
{
    if (sph_order_ready(order) != SPH_EXIT_DONE)
        return order->code;
    keep_to_partners(order);
    sph_order_attach(order);
    if (document && order->code == SPH_EXIT_DONE)
        upload_document(order, document);
    if (order->code != SPH_EXIT_DONE)
        return order->code;
    return sph_watch_submit(order->cli, TARGET, order->whole, sph_order_letter(order));
}

static enum sph_exit publish_judgment(sph_cli *cli)
{
    SPH_AUTO(sph_order) order;
    sph_order_init(cli, "case-law", &order);
    fill_judgment(&order);
    return finish(&order, cli->arg[0]);
}

static enum sph_exit publish_draft(sph_cli *cli, const char *path)
{
    SPH_AUTO(sph_order) order = {.whole = NULL};
    sph_json *json = NULL;
    const enum sph_exit code = sph_input_json(cli, path, &json);
    if (code != SPH_EXIT_DONE)
        return code;
    sph_order_init_json(cli, &json, &order);
    return finish(&order, NULL);
}

enum sph_exit sph_cmd_publish(sph_cli *cli)
{
    const char *draft = sph_cli_option(cli, "--draft", 0);
    if (cli->arg_count == 0)
        return draft ? publish_draft(cli, draft)
                     : sph_cli_usage(cli, "cli.too-few", SPH_ARGS({"word", cli->word->name}));
    switch (sph_input_form_of(cli->arg[0])) {
    case SPH_INPUT_XML:
        return publish_judgment(cli);
    case SPH_INPUT_JSON:
        return publish_draft(cli, cli->arg[0]);
    case SPH_INPUT_UNREADABLE:
        return sph_cli_usage(cli, "cli.file-unreadable", SPH_ARGS({"file", cli->arg[0]}));
    case SPH_INPUT_OTHER:
        break;
    }
    return sph_cli_usage(cli, "cli.publish.form", SPH_ARGS({"file", cli->arg[0]}));
}
