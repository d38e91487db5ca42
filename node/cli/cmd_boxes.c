#include "cli/view.h"

/** The query of a box: filters that the options name. */
static sph_rc target_of(const sph_cli *cli, const char *path, const char *flag, sph_buf *out,
                        sph_err *err)
{
    const char *partner = sph_cli_option(cli, "--partner", 0);
    const char *limit = sph_cli_option(cli, "--limit", 0);
    SPH_TRY(sph_buf_addf(out, err, "%s?limit=", path), err, "target");
    SPH_TRY(sph_cli_encode(limit ? limit : "100", out, err), err, "target");
    if (partner) {
        SPH_TRY(sph_buf_add_text(out, "&partner=", err), err, "target");
        SPH_TRY(sph_cli_encode(partner, out, err), err, "target");
    }
    if (sph_cli_flag(cli, "--all"))
        SPH_TRY(sph_buf_add_text(out, "&all=1", err), err, "target");
    return flag ? sph_buf_addf(out, err, "&%s=1", flag) : sph_ok();
}

static enum sph_exit show_box(sph_cli *cli, const char *path, const char *flag,
                              const struct sph_view *view)
{
    sph_err err = {0};
    SPH_AUTO(sph_buf) target = sph_buf_init(2048);
    if (target_of(cli, path, flag, &target, &err).code != SPH_OK)
        return sph_cli_failed(cli, &err);
    const sph_ask ask = {.method = "GET", .target = sph_buf_text(&target)};
    return sph_view(cli, &ask, view);
}

static void print_inbox(const sph_cli *cli, const sph_json *json)
{
    static const char *const heads[] = {"cli.col.new",  "cli.col.id",      "cli.col.thread",
                                        "cli.col.type", "cli.col.partner", "cli.col.received",
                                        "cli.col.event"};
    const sph_json *list = sph_json_get(json, "items");
    if (sph_json_count(list) == 0) {
        sph_cli_say(cli,
                    sph_cli_flag(cli, "--unread") ? "cli.box.none-unread" : "cli.box.inbox-empty",
                    NULL, 0);
        return;
    }
    struct sph_table *table = sph_view_table();
    sph_view_heading(cli, table, 7, heads);
    for (size_t i = 0; i < sph_json_count(list); i++) {
        const sph_json *row = sph_json_at(list, i);
        char time[SPH_VIEW_ROOM], event[SPH_VIEW_ROOM];
        const char *const cells[] = {
            sph_json_get_bool(row, "unread", false) ? sph_text(cli->lang, "cli.box.new") : "",
            sph_view_get(row, "id"),
            sph_view_get(row, "thread"),
            sph_view_label(cli, "type", sph_view_get(row, "type")),
            sph_view_get(row, "partner"),
            sph_view_time(cli, row, "received", time),
            sph_view_number(row, "receivedEvent", event)};
        sph_view_row(cli, table, 7, cells);
    }
    sph_view_table_end(cli, &table);
}

enum sph_exit sph_cmd_inbox(sph_cli *cli)
{
    static const struct sph_view view = {.print = print_inbox};
    return show_box(cli, "/api/1/inbox", sph_cli_flag(cli, "--unread") ? "unread" : NULL, &view);
}

static void print_outbox(const sph_cli *cli, const sph_json *json)
{
    static const char *const heads[] = {"cli.col.id",      "cli.col.thread",  "cli.col.type",
                                        "cli.col.partner", "cli.col.created", "cli.col.state",
                                        "cli.col.proof"};
    const sph_json *list = sph_json_get(json, "items");
    if (sph_json_count(list) == 0) {
        sph_cli_say(cli, sph_cli_flag(cli, "--open") ? "cli.box.none-open" : "cli.box.outbox-empty",
                    NULL, 0);
        return;
    }
    struct sph_table *table = sph_view_table();
    sph_view_heading(cli, table, 7, heads);
    for (size_t i = 0; i < sph_json_count(list); i++) {
        const sph_json *row = sph_json_at(list, i);
        char time[SPH_VIEW_ROOM], state[256];
        const char *const cells[] = {sph_view_get(row, "id"),
                                     sph_view_get(row, "thread"),
                                     sph_view_label(cli, "type", sph_view_get(row, "type")),
                                     sph_view_get(row, "partner"),
                                     sph_view_time(cli, row, "created", time),
                                     sph_view_state(cli, row, state),
                                     sph_view_label(cli, "proof", sph_view_get(row, "proof"))};
        sph_view_row(cli, table, 7, cells);
    }
    sph_view_table_end(cli, &table);
}

enum sph_exit sph_cmd_outbox(sph_cli *cli)
{
    static const struct sph_view view = {.print = print_outbox};
    return show_box(cli, "/api/1/outbox", sph_cli_flag(cli, "--open") ? "open" : NULL, &view);
}
