#include "cli/view.h"
#include "cli/watch.h"

/** The ping as one watched message. */
static sph_rc as_items(const sph_json *answer, sph_json **out, sph_err *err)
{
    SPH_AUTO_PTR(sph_json) *list = sph_json_array();
    sph_json *row = sph_json_object();
    SPH_TRY(sph_json_add(list, row, err), err, "ping");
    SPH_TRY(sph_json_set(row, "partner", sph_json_text(sph_view_get(answer, "party")), err), err,
            "ping");
    SPH_TRY(sph_json_set(row, "messageId", sph_json_text(sph_view_get(answer, "messageId")), err),
            err, "ping");
    *out = sph_move(list);
    return sph_ok();
}

enum sph_exit sph_cmd_partner_ping(sph_cli *cli)
{
    sph_err err = {0};
    SPH_AUTO(sph_reply) reply = {.status = 0};
    SPH_AUTO_PTR(sph_json) *items = NULL;
    const sph_ask ask = {.method = "POST"};
    const enum sph_exit code =
        sph_view_ask_id(cli, &ask, "/api/1/partners/", cli->arg[0], "/ping", &reply);
    if (code != SPH_EXIT_DONE)
        return code;
    if (cli->is_json)
        sph_cli_print_json(cli, &reply);
    if (!sph_json_get_bool(reply.json, "isServing", false)) {
        sph_view_warn(cli, SPH_MARK_WAIT, "cli.post.not-serving", NULL, 0);
        return SPH_EXIT_LATER;
    }
    if (as_items(reply.json, &items, &err).code != SPH_OK)
        return sph_cli_failed(cli, &err);
    return sph_watch_items(cli, items, 'P');
}
