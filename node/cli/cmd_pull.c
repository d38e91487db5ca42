#include "cli/view.h"

static void print_asked(const sph_cli *cli, const sph_json *json)
{
    (void)json;
    sph_view_say(cli, SPH_MARK_OK, "cli.pull.asked", NULL, 0);
}

enum sph_exit sph_cmd_pull(sph_cli *cli)
{
    static const struct sph_view view = {.print = print_asked};
    const sph_ask ask = {.method = "POST", .target = "/api/1/node/pull"};
    return sph_view(cli, &ask, &view);
}
