#include "cli/input.h"
#include "cli/order.h"
#include "cli/view.h"
#include "cli/watch.h"

/** Moves that say nothing without words. */
static bool needs_text(const char *action)
{
    static const char *const moves[] = {"answer", "ask-more", "reply", "partial-answer",
                                        "progress"};
    for (size_t i = 0; i < sizeof(moves) / sizeof(moves[0]); i++)
        if (sph_slice_is(sph_slice_str(action), moves[i]))
            return true;
    return false;
}

static void set_text(sph_order *order)
{
    SPH_AUTO(sph_buf) text = {0};
    const char *from = sph_cli_option(order->cli, "--from", 0);
    const bool has_text = sph_json_get(order->body, "text") != NULL;
    if (order->code != SPH_EXIT_DONE ||
        (!from && (has_text || !needs_text(sph_view_get(order->body, "action")))))
        return;
    order->code = sph_input_text(order->cli, from, &text);
    if (order->code == SPH_EXIT_DONE)
        sph_order_text(order, "text", sph_buf_text(&text));
}

static void fill(sph_order *order)
{
    sph_order_option(order, "action", "--as", "action");
    sph_order_option(order, "reason", "--reason", "reason");
    sph_order_need(order, "action", "--as");
    if (sph_slice_is(sph_slice_str(sph_view_get(order->body, "action")), "decline"))
        sph_order_need(order, "reason", "--reason");
    if (sph_order_ready(order) != SPH_EXIT_DONE)
        return;
    sph_order_links(order, "linked", "--link");
    set_text(order);
    sph_order_attach(order);
}

enum sph_exit sph_cmd_reply(sph_cli *cli)
{
    SPH_AUTO(sph_order) order;
    sph_order_init(cli, "assistance-response", &order);
    fill(&order);
    if (order.code != SPH_EXIT_DONE)
        return order.code;
    return sph_watch_submit_id(cli, "/api/1/packets/", cli->arg[0], "/reply", order.whole,
                               sph_order_letter(&order));
}
