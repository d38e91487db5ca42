#include <stdio.h>

#include "base/codec.h"
#include "cli/input.h"
#include "cli/view.h"

static void print_log(const sph_cli *cli, const sph_json *json)
{
    static const char *const heads[] = {"cli.col.event", "cli.col.time", "cli.col.what",
                                        "cli.col.partner", "cli.col.ref"};
    const sph_json *list = sph_json_get(json, "items");
    if (sph_json_count(list) == 0) {
        sph_cli_say(cli, "cli.ledger.none", NULL, 0);
        return;
    }
    struct sph_table *table = sph_view_table();
    sph_view_heading(cli, table, 5, heads);
    for (size_t i = 0; i < sph_json_count(list); i++) {
        const sph_json *row = sph_json_at(list, i);
        char index[SPH_VIEW_ROOM], time[SPH_VIEW_ROOM], ref[SPH_VIEW_ROOM];
        const char *const cells[] = {
            sph_view_number(row, "index", index), sph_view_time(cli, row, "time", time),
            sph_view_label(cli, "event", sph_view_get(row, "event")), sph_view_get(row, "partner"),
            sph_view_number(row, "ref", ref)};
        sph_view_row(cli, table, 5, cells);
    }
    sph_view_table_end(cli, &table);
}

/** Add a filter; a day may be given in either calendar. */
static sph_rc add_filter(const sph_cli *cli, const char *option, const char *name, sph_buf *target,
                         sph_err *err)
{
    char day[11];
    const char *value = sph_cli_option(cli, option, 0);
    if (!value)
        return sph_ok();
    const bool is_day =
        sph_slice_is(sph_slice_str(name), "from") || sph_slice_is(sph_slice_str(name), "to");
    if (is_day && sph_input_day(cli, value, day))
        value = day;
    SPH_TRY(
        sph_buf_addf(target, err, "%c%s=",
                     sph_slice_find(sph_buf_peek(target), SPH_LIT("?"), 0) == SIZE_MAX ? '?' : '&',
                     name),
        err, "target");
    return sph_cli_encode(value, target, err);
}

static sph_rc log_target(const sph_cli *cli, sph_buf *target, sph_err *err)
{
    static const struct {
        const char *option, *name;
    } filters[] = {{"--from", "from"},
                   {"--to", "to"},
                   {"--partner", "partner"},
                   {"--type", "type"},
                   {"--limit", "limit"}};
    SPH_TRY(sph_buf_add_text(target, "/api/1/ledger/events", err), err, "target");
    for (size_t i = 0; i < sizeof(filters) / sizeof(filters[0]); i++)
        SPH_TRY(add_filter(cli, filters[i].option, filters[i].name, target, err), err, "target");
    return sph_ok();
}

enum sph_exit sph_cmd_ledger_log(sph_cli *cli)
{
    static const struct sph_view view = {.print = print_log};
    sph_err err = {0};
    SPH_AUTO(sph_buf) target = sph_buf_init(4096);
    if (log_target(cli, &target, &err).code != SPH_OK)
        return sph_cli_failed(cli, &err);
    const sph_ask ask = {.method = "GET", .target = sph_buf_text(&target)};
    return sph_view(cli, &ask, &view);
}

static enum sph_exit judge_verify(const sph_json *json)
{
    return sph_json_get_bool(json, "holds", false) ? SPH_EXIT_DONE : SPH_EXIT_PROOF;
}

static void print_verify(const sph_cli *cli, const sph_json *json)
{
    char leaves[SPH_VIEW_ROOM], index[SPH_VIEW_ROOM];
    if (sph_json_get_bool(json, "holds", false)) {
        sph_view_say(cli, SPH_MARK_OK, "cli.ledger.holds",
                     SPH_ARGS({"leaves", sph_view_number(json, "leaves", leaves)}));
        return;
    }
    sph_view_say(cli, SPH_MARK_BAD, "cli.ledger.broken",
                 SPH_ARGS({"leaves", sph_view_number(json, "leaves", leaves)}));
    fputs("    ", stdout);
    sph_cli_say(cli, sph_view_get(json, "fault"),
                SPH_ARGS({"index", sph_view_number(json, "index", index)}));
}

enum sph_exit sph_cmd_ledger_verify(sph_cli *cli)
{
    static const struct sph_view view = {.print = print_verify, .judge = judge_verify};
    const sph_ask ask = {.method = "POST", .target = "/api/1/ledger/verify"};
    return sph_view(cli, &ask, &view);
}

static enum sph_exit print_checkpoint_json(const sph_cli *cli, const char *note)
{
    sph_err err = {0};
    SPH_AUTO(sph_buf) out = sph_buf_init(65536);
    SPH_AUTO_PTR(sph_json) *json = sph_json_object();
    if (sph_json_set(json, "schema", sph_json_text("saphan.checkpoint/1"), &err).code != SPH_OK ||
        sph_json_set(json, "checkpoint", sph_json_text(note), &err).code != SPH_OK ||
        sph_json_print(json, false, &out, &err).code != SPH_OK)
        return sph_cli_failed(cli, &err);
    printf("%s\n", sph_buf_text(&out));
    return SPH_EXIT_DONE;
}

enum sph_exit sph_cmd_ledger_checkpoint(sph_cli *cli)
{
    SPH_AUTO(sph_reply) reply = {.status = 0};
    const char *to = sph_cli_option(cli, "-o", 0);
    const sph_ask ask = {.method = "GET", .target = "/api/1/ledger/checkpoint", .save_to = to};
    enum sph_exit code = sph_input_new(cli, to);
    if (code == SPH_EXIT_DONE)
        code = sph_cli_ask(cli, &ask, &reply);
    if (code != SPH_EXIT_DONE)
        return code;
    if (to)
        sph_view_say(cli, SPH_MARK_OK, "cli.saved", SPH_ARGS({"file", to}));
    else if (cli->is_json)
        return print_checkpoint_json(cli, sph_buf_text(&reply.body));
    else
        fwrite(sph_buf_text(&reply.body), 1, reply.body.len, stdout);
    return SPH_EXIT_DONE;
}

static enum sph_exit leaf_octets(const sph_cli *cli, const sph_json *json, sph_buf *out)
{
    sph_err err = {0};
    const sph_slice text = sph_slice_str(sph_view_get(json, "leaf"));
    return sph_base64_decode(text, out, &err).code == SPH_OK ? SPH_EXIT_DONE
                                                             : sph_cli_failed(cli, &err);
}

/** The proof, and beside it the leaf that it proves: saphan verify wants both. */
static enum sph_exit store_proof(const sph_cli *cli, const char *to, const char *leaf_to,
                                 const sph_json *json)
{
    SPH_AUTO(sph_buf) leaf = sph_buf_init(65536);
    enum sph_exit code = leaf_octets(cli, json, &leaf);
    if (code == SPH_EXIT_DONE)
        code = sph_input_store(cli, to, sph_slice_str(sph_view_get(json, "proof")));
    if (code == SPH_EXIT_DONE)
        code = sph_input_store(cli, leaf_to, sph_buf_peek(&leaf));
    if (code == SPH_EXIT_DONE)
        sph_view_say(cli, SPH_MARK_OK, "cli.ledger.proof-saved",
                     SPH_ARGS({"file", to}, {"leaf", leaf_to}));
    return code;
}

static enum sph_exit print_proof(const sph_cli *cli, const sph_reply *reply)
{
    if (cli->is_json)
        return sph_cli_print_json(cli, reply);
    fputs(sph_view_get(reply->json, "proof"), stdout);
    if (!cli->is_quiet)
        sph_cli_warn(cli, "cli.ledger.leaf", SPH_ARGS({"leaf", sph_view_get(reply->json, "leaf")}));
    return SPH_EXIT_DONE;
}

/** The tlog-proof goes to stdout or a file as it is, so that any C2SP tool reads it. */
enum sph_exit sph_cmd_ledger_proof(sph_cli *cli)
{
    char leaf_to[1024] = "";
    SPH_AUTO(sph_reply) reply = {.status = 0};
    const char *to = sph_cli_option(cli, "-o", 0);
    const sph_ask ask = {.method = "GET"};
    enum sph_exit code = sph_input_new(cli, to);
    if (to && sph_str_format(leaf_to, sizeof(leaf_to), NULL, "%s.leaf", to).code != SPH_OK)
        return sph_cli_usage(cli, "cli.file-unreadable", SPH_ARGS({"file", to}));
    if (to && code == SPH_EXIT_DONE)
        code = sph_input_new(cli, leaf_to);
    if (code == SPH_EXIT_DONE)
        code = sph_view_ask_id(cli, &ask, "/api/1/ledger/proof/", cli->arg[0], "", &reply);
    if (code != SPH_EXIT_DONE)
        return code;
    return to ? store_proof(cli, to, leaf_to, reply.json) : print_proof(cli, &reply);
}
