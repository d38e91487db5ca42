#include "cli/watch.h"

#include <stdio.h>
#include <unistd.h>

#include "base/env.h"
#include "base/unicode.h"
#include "cli/progress.h"
#include "cli/view.h"
#include "packet/packet.h"

#define WATCH_MS 20000
#define PAUSE_US 150000u
#define ITEMS_MOST 128u
#define ID_COLUMN 10u

/** What is watched, and how it stands. */
struct watch {
    sph_cli *cli;
    const sph_json *items;
    size_t count, settled, reached, refused, column;
    char letter;
    bool is_settled[ITEMS_MOST];
    sph_bar bar;
    bool is_moving; /* bytes are on their way: nobody gives up waiting then */
};

/** "T-1X8RD0", or the packet's own short id where there is no thread. */
static const char *item_id(const sph_json *item, char letter, char out[32])
{
    const char *thread = sph_view_get(item, "thread");
    const char *packet = sph_view_get(item, "packetId");
    out[0] = '\0';
    if (thread[0])
        return thread;
    if (packet[0] && sph_short_id(letter, packet, 30, out, NULL).code != SPH_OK)
        out[0] = '\0';
    return out;
}

static size_t width_of(const char *text)
{
    return sph_unicode_width(sph_slice_str(text));
}

/** The front of a line: mark, id and partner in columns. */
static void print_front(const struct watch *watch, const sph_json *item, enum sph_mark mark)
{
    char short_id[32];
    const char *id = item_id(item, watch->letter, short_id);
    const char *partner = sph_view_get(item, "partner");
    const size_t id_pad = width_of(id) < ID_COLUMN ? ID_COLUMN - width_of(id) : 1;
    printf("%s  %s%*s%s%*s", sph_cli_mark(watch->cli, mark), id, (int)id_pad, "", partner,
           (int)(watch->column - width_of(partner)), "");
}

static bool is_quiet(const sph_cli *cli)
{
    return cli->is_quiet || cli->is_json;
}

static void print_item(const struct watch *watch, const sph_json *item, enum sph_mark mark,
                       const char *key, const sph_json *row)
{
    char next[SPH_VIEW_ROOM];
    if (is_quiet(watch->cli))
        return;
    print_front(watch, item, mark);
    sph_cli_say(watch->cli, key,
                SPH_ARGS({"time", sph_view_clock(watch->cli, row, "nextTry", next)},
                         {"code", sph_view_get(row, "errorCode")},
                         {"detail", sph_view_get(row, "errorDetail")}));
    fflush(stdout);
}

static const sph_json *row_of(const sph_json *rows, const char *message_id)
{
    for (size_t i = 0; i < sph_json_count(rows); i++)
        if (sph_slice_is(sph_slice_str(sph_view_get(sph_json_at(rows, i), "messageId")),
                         message_id))
            return sph_json_at(rows, i);
    return NULL;
}

/** States after which nothing more is said; a partner that was not reached is tried again by the
 * node. */
static const struct settled {
    const char *state;
    enum sph_mark mark;
    bool is_reached, is_refused;
    const char *key;
} settled_states[] = {
    {"receipt-verified", SPH_MARK_OK, true, false, "cli.post.delivered"},
    {"failed", SPH_MARK_BAD, false, true, "cli.post.refused"},
    {"cancelled", SPH_MARK_BAD, false, true, "cli.post.cancelled"},
    {"retrying", SPH_MARK_WAIT, false, false, "cli.post.retrying"},
};

static void look_at(struct watch *watch, size_t at, const sph_json *rows)
{
    const sph_json *item = sph_json_at(watch->items, at);
    const sph_json *row = row_of(rows, sph_view_get(item, "messageId"));
    const sph_slice state = sph_slice_str(sph_view_get(row, "state"));
    for (size_t i = 0; i < sizeof(settled_states) / sizeof(settled_states[0]); i++) {
        const struct settled *known = &settled_states[i];
        if (!sph_slice_is(state, known->state))
            continue;
        sph_bar_end(&watch->bar);
        print_item(watch, item, known->mark, known->key, row);
        watch->is_settled[at] = true;
        watch->settled++;
        watch->reached += known->is_reached;
        watch->refused += known->is_refused;
    }
}

/** All that is being sent of what is watched, as one bar. */
static void show_sending(struct watch *watch, const sph_json *rows)
{
    int64_t done = 0, total = 0;
    for (size_t i = 0; i < watch->count; i++) {
        const sph_json *item = sph_json_at(watch->items, i);
        const sph_json *row = row_of(rows, sph_view_get(item, "messageId"));
        if (!row || watch->is_settled[i])
            continue;
        done += sph_json_get_int(row, "bytesSent", 0);
        total += sph_json_get_int(row, "bytesTotal", 0);
    }
    watch->is_moving = total > 0;
    if (total > 0)
        sph_bar_show(&watch->bar, (uint64_t)done, (uint64_t)total);
}

/** One look at the outbox; false when nobody answers any more. */
static bool look(struct watch *watch)
{
    SPH_AUTO(sph_reply) reply = {.status = 0};
    const sph_ask ask = {.method = "GET", .target = "/api/1/outbox?limit=500&all=1"};
    if (sph_cli_ask_quietly(watch->cli, &ask, &reply) != SPH_EXIT_DONE || reply.status != 200)
        return false;
    const sph_json *rows = sph_json_get(reply.json, "items");
    for (size_t i = 0; i < watch->count; i++)
        if (!watch->is_settled[i])
            look_at(watch, i, rows);
    show_sending(watch, rows);
    return true;
}

static enum sph_exit exit_of(const struct watch *watch)
{
    if (watch->reached > 0)
        return SPH_EXIT_DONE;
    return watch->refused == watch->count ? SPH_EXIT_REFUSED : SPH_EXIT_LATER;
}

enum sph_exit sph_watch_items(sph_cli *cli, const sph_json *items, char letter)
{
    const sph_clock *clock = sph_clock_real();
    const int64_t end_ms = clock->mono_ms(clock->ctx) + WATCH_MS;
    struct watch watch = {
        .cli = cli, .items = items, .letter = letter, .bar = sph_bar_start(cli, "progress.send")};
    watch.count = sph_json_count(items) < ITEMS_MOST ? sph_json_count(items) : ITEMS_MOST;
    for (size_t i = 0; i < watch.count; i++) {
        const size_t wide = width_of(sph_view_get(sph_json_at(items, i), "partner")) + 4;
        watch.column = wide > watch.column ? wide : watch.column;
    }
    while (look(&watch) && watch.settled < watch.count &&
           (watch.is_moving || clock->mono_ms(clock->ctx) < end_ms))
        usleep(PAUSE_US);
    sph_bar_end(&watch.bar);
    for (size_t i = 0; i < watch.count; i++)
        if (!watch.is_settled[i])
            print_item(&watch, sph_json_at(items, i), SPH_MARK_WAIT, "cli.post.waiting", NULL);
    return exit_of(&watch);
}

/** "412" or "412–413". */
static sph_rc events_of(const sph_cli *cli, const sph_json *items, char out[SPH_VIEW_ROOM],
                        sph_err *err)
{
    char first[SPH_VIEW_ROOM], last[SPH_VIEW_ROOM];
    const size_t count = sph_json_count(items);
    sph_view_number(sph_json_at(items, 0), "event", first);
    sph_view_number(sph_json_at(items, count - 1), "event", last);
    if (sph_slice_is(sph_slice_str(first), last))
        return sph_str_copy(out, SPH_VIEW_ROOM, sph_slice_str(first), err);
    return sph_str_format(out, SPH_VIEW_ROOM, err, "%.50s%s%.50s", first, cli->is_utf8 ? "–" : "-",
                          last);
}

static void print_queued(const sph_cli *cli, const sph_json *answer, char letter)
{
    char short_id[32], events[SPH_VIEW_ROOM], count[SPH_VIEW_ROOM];
    const sph_json *items = sph_json_get(answer, "items");
    const char *question = sph_view_get(answer, "question");
    const char *id = question[0] ? question : item_id(sph_json_at(items, 0), letter, short_id);
    if (events_of(cli, items, events, NULL).code != SPH_OK ||
        sph_str_format(count, sizeof(count), NULL, "%zu", sph_json_count(items)).code != SPH_OK)
        return;
    sph_view_say(cli, SPH_MARK_OK,
                 sph_json_count(items) == 1 ? "cli.post.queued-one" : "cli.post.queued",
                 SPH_ARGS({"id", id}, {"events", events}, {"count", count}));
}

static enum sph_exit report(sph_cli *cli, const sph_json *answer, char letter)
{
    const sph_json *items = sph_json_get(answer, "items");
    sph_view_findings(cli, sph_json_get(answer, "findings"));
    if (cli->is_dry_run) {
        sph_view_say(cli, SPH_MARK_OK, "cli.post.dry-run", NULL, 0);
        return SPH_EXIT_DONE;
    }
    if (sph_json_count(items) == 0) {
        sph_view_say(cli, SPH_MARK_WAIT, "cli.post.nobody", NULL, 0);
        return SPH_EXIT_DONE;
    }
    print_queued(cli, answer, letter);
    if (!sph_json_get_bool(answer, "isServing", false)) {
        sph_view_warn(cli, SPH_MARK_WAIT, "cli.post.not-serving", NULL, 0);
        return SPH_EXIT_LATER;
    }
    return sph_watch_items(cli, items, letter);
}

enum sph_exit sph_watch_submit_id(sph_cli *cli, const char *before, const char *id,
                                  const char *after, sph_json *body, char letter)
{
    sph_err err = {0};
    SPH_AUTO(sph_reply) reply = {.status = 0};
    if (cli->is_dry_run && sph_json_set(body, "dryRun", sph_json_bool(true), &err).code != SPH_OK)
        return sph_cli_failed(cli, &err);
    const sph_ask ask = {.method = "POST", .body = body};
    sph_sealing_bar *sealing =
        sph_json_count(sph_json_get(body, "attachments")) > 0 ? sph_sealing_bar_start(cli) : NULL;
    const enum sph_exit code = sph_view_ask_id(cli, &ask, before, id, after, &reply);
    sph_sealing_bar_end(&sealing);
    if (code != SPH_EXIT_DONE)
        return code;
    if (cli->is_json) {
        sph_cli_print_json(cli, &reply);
        fflush(stdout);
    }
    return report(cli, reply.json, letter);
}

enum sph_exit sph_watch_submit(sph_cli *cli, const char *target, sph_json *body, char letter)
{
    return sph_watch_submit_id(cli, target, "", "", body, letter);
}
