#include "cli/input.h"
#include "cli/view.h"

#define PACKETS "/api/1/packets/"

static enum sph_exit fetch(sph_cli *cli, const char *to, sph_reply *reply)
{
    sph_err err = {0};
    const char *attachment = sph_cli_option(cli, "--attachment", 0);
    SPH_AUTO(sph_buf) after = sph_buf_init(1024);
    const sph_ask ask = {.method = "GET", .save_to = to};
    if (!attachment)
        return sph_view_ask_id(cli, &ask, PACKETS, cli->arg[0], "/xml", reply);
    if (sph_buf_add_text(&after, "/attachments/", &err).code != SPH_OK ||
        sph_cli_encode(attachment, &after, &err).code != SPH_OK)
        return sph_cli_usage(cli, "cli.long-id", NULL, 0);
    return sph_view_ask_id(cli, &ask, PACKETS, cli->arg[0], sph_buf_text(&after), reply);
}

enum sph_exit sph_cmd_save(sph_cli *cli)
{
    SPH_AUTO(sph_reply) reply = {.status = 0};
    const char *to = sph_cli_option(cli, "-o", 0);
    if (!to)
        return sph_cli_usage(cli, "cli.draft.missing", SPH_ARGS({"options", "-o"}));
    enum sph_exit code = sph_input_new(cli, to);
    if (code == SPH_EXIT_DONE)
        code = fetch(cli, to, &reply);
    if (code == SPH_EXIT_DONE)
        sph_view_say(cli, SPH_MARK_OK, "cli.saved", SPH_ARGS({"file", to}));
    return code;
}
