#include <stdio.h>
#include <unistd.h>

#include "cli/view.h"

#define WATCH_SECONDS 2u

static void print_head(const sph_cli *cli, const sph_json *json)
{
    const bool is_serving = sph_json_get_bool(json, "isServing", false);
    const bool is_training = sph_slice_is(sph_slice_str(sph_view_get(json, "mode")), "training");
    sph_cli_say(cli, is_training ? "cli.status.training" : "cli.status.node",
                SPH_ARGS({"party", sph_view_get(json, "party")}, {"name", sph_view_name(cli, json)},
                         {"kind", sph_view_label(cli, "party-kind", sph_view_get(json, "kind"))},
                         {"country", sph_view_get(json, "country")}));
    const bool has_address = sph_view_get(json, "url")[0] != '\0';
    const char *const serving = has_address ? "cli.status.serving" : "cli.status.pulling";
    sph_view_say(cli, is_serving ? SPH_MARK_OK : SPH_MARK_WAIT,
                 is_serving ? serving : "cli.status.not-serving",
                 SPH_ARGS({"url", sph_view_get(json, "url")}));
}

static void print_outbox(const sph_cli *cli, const sph_json *outbox)
{
    char queued[SPH_VIEW_ROOM], retrying[SPH_VIEW_ROOM], done[SPH_VIEW_ROOM], failed[SPH_VIEW_ROOM];
    char oldest[SPH_VIEW_ROOM];
    const bool has_failed = sph_json_get_int(outbox, "failed", 0) > 0;
    const bool is_waiting =
        sph_json_get_int(outbox, "queued", 0) > 0 || sph_json_get_int(outbox, "retrying", 0) > 0;
    sph_view_say(cli,
                 has_failed   ? SPH_MARK_BAD
                 : is_waiting ? SPH_MARK_WAIT
                              : SPH_MARK_OK,
                 "cli.status.outbox",
                 SPH_ARGS({"queued", sph_view_number(outbox, "queued", queued)},
                          {"retrying", sph_view_number(outbox, "retrying", retrying)},
                          {"done", sph_view_number(outbox, "acknowledged", done)},
                          {"failed", sph_view_number(outbox, "failed", failed)}));
    if (!sph_view_time(cli, outbox, "oldestOpen", oldest)[0])
        return;
    fputs("    ", stdout);
    sph_cli_say(cli, "cli.status.oldest", SPH_ARGS({"time", oldest}));
}

/** Messages that should have their receipt by now: ours to give, or theirs to send. */
static void print_alarms(const sph_cli *cli, const sph_json *list)
{
    char number[SPH_VIEW_ROOM], time[SPH_VIEW_ROOM], age[SPH_VIEW_ROOM];
    for (size_t i = 0; i < sph_json_count(list); i++) {
        const sph_json *row = sph_json_at(list, i);
        const bool is_owed = sph_slice_is(sph_slice_str(sph_view_get(row, "code")), "receipt-owed");
        sph_view_say(cli, is_owed ? SPH_MARK_BAD : SPH_MARK_WAIT,
                     is_owed ? "alarm.receipt-owed" : "alarm.receipt-missing",
                     SPH_ARGS({"party", sph_view_get(row, "party")},
                              {"number", sph_view_number(row, "number", number)},
                              {"time", sph_view_time(cli, row, "oldest", time)},
                              {"age", sph_view_ago(cli, row, "oldest", age)}));
    }
}

/** Both ends of a relay: what a hub has of ours, and what we have of others. */
static void print_relay(const sph_cli *cli, const sph_json *outbox)
{
    char count[SPH_VIEW_ROOM], oldest[SPH_VIEW_ROOM];
    if (sph_json_get_int(outbox, "handedToHub", 0) > 0)
        sph_view_say(cli, SPH_MARK_WAIT, "cli.status.handed",
                     SPH_ARGS({"count", sph_view_number(outbox, "handedToHub", count)},
                              {"time", sph_view_time(cli, outbox, "oldestHanded", oldest)}));
    if (sph_json_get_int(outbox, "relaying", 0) > 0)
        sph_view_say(cli, SPH_MARK_OK, "cli.status.relaying",
                     SPH_ARGS({"count", sph_view_number(outbox, "relaying", count)}));
}

static void print_ledger(const sph_cli *cli, const sph_json *ledger)
{
    char size[SPH_VIEW_ROOM];
    const bool is_stopped = sph_json_get_bool(ledger, "isStopped", false);
    sph_view_say(cli, is_stopped ? SPH_MARK_BAD : SPH_MARK_OK,
                 is_stopped ? "cli.status.ledger-stopped" : "cli.status.ledger",
                 SPH_ARGS({"size", sph_view_number(ledger, "size", size)},
                          {"root", sph_view_get(ledger, "root")}));
}

/** A line for each partner that somebody should look at: the failure that is not over. */
static void print_health(const sph_cli *cli, const sph_json *list)
{
    for (size_t i = 0; i < sph_json_count(list); i++) {
        const sph_json *row = sph_json_at(list, i);
        const sph_json *health = sph_json_get(row, "health");
        const sph_json *failure = sph_json_get(health, "lastFailure");
        if (failure && !sph_json_get_bool(failure, "isOver", true) &&
            sph_json_get_int(health, "queued", 0) > 0)
            sph_view_say(cli, SPH_MARK_WAIT, "health.partner",
                         SPH_ARGS({"party", sph_view_get(row, "party")},
                                  {"text", sph_view_get(failure, "text")}));
    }
}

static void print_status(const sph_cli *cli, const sph_json *json)
{
    char received[SPH_VIEW_ROOM], unread[SPH_VIEW_ROOM], active[SPH_VIEW_ROOM];
    char paused[SPH_VIEW_ROOM], days[SPH_VIEW_ROOM];
    const sph_json *inbox = sph_json_get(json, "inbox");
    const int64_t left = sph_json_get_int(json, "certificateDaysLeft", 0);
    print_head(cli, json);
    print_outbox(cli, sph_json_get(json, "outbox"));
    print_relay(cli, sph_json_get(json, "outbox"));
    sph_view_say(cli, SPH_MARK_OK, "cli.status.inbox",
                 SPH_ARGS({"received", sph_view_number(inbox, "received", received)},
                          {"unread", sph_view_number(inbox, "unread", unread)}));
    print_alarms(cli, sph_json_get(json, "alarms"));
    sph_view_say(cli, sph_json_get_int(json, "partners", 0) > 0 ? SPH_MARK_OK : SPH_MARK_WAIT,
                 "cli.status.partners",
                 SPH_ARGS({"active", sph_view_number(json, "partners", active)},
                          {"paused", sph_view_number(json, "partnersPaused", paused)}));
    print_health(cli, sph_json_get(json, "health"));
    print_ledger(cli, sph_json_get(json, "ledger"));
    sph_view_say(cli,
                 left > 14  ? SPH_MARK_OK
                 : left > 3 ? SPH_MARK_WAIT
                            : SPH_MARK_BAD,
                 "cli.status.certificates",
                 SPH_ARGS({"days", sph_view_number(json, "certificateDaysLeft", days)}));
}

enum sph_exit sph_cmd_status(sph_cli *cli)
{
    static const struct sph_view view = {.print = print_status};
    const sph_ask ask = {.method = "GET", .target = "/api/1/node"};
    const bool is_screen = isatty(STDOUT_FILENO) && !cli->is_json;
    if (!sph_cli_flag(cli, "--watch"))
        return sph_view(cli, &ask, &view);
    for (;;) {
        if (is_screen)
            fputs("\033[H\033[2J", stdout);
        const enum sph_exit code = sph_view(cli, &ask, &view);
        if (fflush(stdout) != 0 || code != SPH_EXIT_DONE)
            return code;
        sleep(WATCH_SECONDS);
    }
}
