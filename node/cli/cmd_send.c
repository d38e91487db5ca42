#include "cli/foreign.h"
#include "cli/input.h"
#include "cli/order.h"
#include "cli/watch.h"

enum sph_exit sph_cmd_send(sph_cli *cli)
{
    SPH_AUTO(sph_order) order = {.whole = NULL};
    if (sph_cli_foreign_is_addressed(cli))
        return sph_cli_foreign_send(cli);
    if (cli->arg_count != 1)
        return sph_cli_usage(cli, cli->arg_count ? "cli.too-many" : "cli.draft.missing",
                             SPH_ARGS({"word", cli->word->name}, {"options", "FILE"}));
    sph_json *json = NULL;
    const enum sph_exit code = sph_input_json(cli, cli->arg[0], &json);
    if (code != SPH_EXIT_DONE)
        return code;
    sph_order_init_json(cli, &json, &order);
    sph_order_to(&order);
    if (sph_order_ready(&order) == SPH_EXIT_DONE)
        sph_order_attach(&order);
    if (order.code != SPH_EXIT_DONE)
        return order.code;
    return sph_watch_submit(cli, "/api/1/packets", order.whole, sph_order_letter(&order));
}
