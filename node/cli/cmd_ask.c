#include "cli/input.h"
#include "cli/order.h"
#include "cli/view.h"
#include "cli/watch.h"

#include <string.h>

/** In what capacity we ask, by what we are. */
static const char *capacity_of(const char *kind)
{
    static const char *const same[] = {"legal-aid", "ngo"};
    for (size_t i = 0; i < sizeof(same) / sizeof(same[0]); i++)
        if (sph_slice_is(sph_slice_str(kind), same[i]))
            return kind;
    return "gov";
}

static void default_capacity(sph_order *order)
{
    SPH_AUTO(sph_reply) reply = {.status = 0};
    const sph_ask ask = {.method = "GET", .target = "/api/1/node"};
    if (order->code != SPH_EXIT_DONE || sph_json_get(order->body, "capacity"))
        return;
    order->code = sph_cli_ask(order->cli, &ask, &reply);
    if (order->code == SPH_EXIT_DONE)
        sph_order_default(order, "capacity", capacity_of(sph_view_get(reply.json, "kind")));
}

/** --deadline is the day by which an answer is wished; with --urgency court-deadline also the
 * court's. */
static void set_deadline(sph_order *order)
{
    char day[11], today[11];
    const char *given = sph_cli_option(order->cli, "--deadline", 0);
    const char *urgency = sph_cli_option(order->cli, "--urgency", 0);
    const bool is_court = urgency && sph_slice_is(sph_slice_str(urgency), "court-deadline");
    if (order->code != SPH_EXIT_DONE || (!given && !is_court))
        return;
    if (!given || !sph_input_day(order->cli, given, day)) {
        order->code = sph_cli_usage(order->cli, given ? "cli.draft.day" : "cli.draft.court-day",
                                    SPH_ARGS({"day", given ? given : ""}));
        return;
    }
    sph_input_today(today);
    if (strcmp(day, today) < 0) {
        order->code = sph_cli_usage(order->cli, "cli.draft.day-past", SPH_ARGS({"day", given}));
        return;
    }
    sph_order_set(order, "replyBy", sph_json_text(day));
    if (is_court) {
        const char *const members[][2] = {{"value", urgency}, {"date", day}};
        sph_order_set_object(order, "urgency", members, 2);
    }
}

static void set_question(sph_order *order)
{
    SPH_AUTO(sph_buf) text = {0};
    const char *from = sph_cli_option(order->cli, "--from", 0);
    if (order->code != SPH_EXIT_DONE || (!from && sph_json_get(order->body, "question")))
        return;
    order->code = sph_input_text(order->cli, from, &text);
    if (order->code == SPH_EXIT_DONE)
        sph_order_text(order, "question", sph_buf_text(&text));
}

static void fill(sph_order *order)
{
    sph_order_options(order, "topic", "--topic", "topic");
    sph_order_option(order, "location", "--place", "area");
    sph_order_option(order, "urgency", "--urgency", "urgency");
    sph_order_option(order, "capacity", "--capacity", "capacity");
    sph_order_options(order, "wanted", "--want", "wanted");
    sph_order_need(order, "topic", "--topic");
    sph_order_need(order, "location", "--place");
    sph_order_default_list(order, "wanted", "procedure");
    set_deadline(order);
    sph_order_to(order);
    if (sph_order_ready(order) != SPH_EXIT_DONE)
        return;
    default_capacity(order);
    set_question(order);
}

enum sph_exit sph_cmd_ask(sph_cli *cli)
{
    SPH_AUTO(sph_order) order;
    sph_order_init(cli, "assistance-request", &order);
    fill(&order);
    if (sph_order_ready(&order) != SPH_EXIT_DONE)
        return order.code;
    return sph_watch_submit(cli, "/api/1/packets", order.whole, sph_order_letter(&order));
}
