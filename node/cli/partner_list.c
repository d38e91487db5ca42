#include "cli/partner_list.h"

#include <stdio.h>

#define FACTS ((size_t)1024)
#define CERTIFICATE_LEAST 14 /* days */

/** Facts of one line, with a comma between them. */
static void add_fact(const sph_cli *cli, sph_buf *line, const char *key, const sph_arg *args,
                     size_t count)
{
    SPH_AUTO(sph_buf) fact = sph_buf_init(FACTS);
    if (sph_text_format(cli->lang, key, args, count, &fact, NULL).code != SPH_OK)
        return;
    if (line->len > 0 && sph_buf_add_text(line, "; ", NULL).code != SPH_OK)
        return;
    (void)sph_buf_add(line, sph_buf_peek(&fact), NULL).code; /* a full line ends there */
}

static void print_contact(const sph_cli *cli, const sph_json *row, const sph_json *health)
{
    char heard[SPH_VIEW_ROOM], reached[SPH_VIEW_ROOM];
    SPH_AUTO(sph_buf) line = sph_buf_init(FACTS);
    add_fact(cli, &line, "health.line.what",
             SPH_ARGS({"kind", sph_view_label(cli, "party-kind", sph_view_get(row, "kind"))},
                      {"country", sph_view_get(row, "country")},
                      {"state", sph_view_label(cli, "partner-state", sph_view_get(row, "state"))}));
    sph_view_line(cli, "    ", sph_buf_text(&line));
    sph_buf_clear(&line);
    line = sph_buf_init(FACTS);
    if (sph_view_ago(cli, health, "lastHeard", heard)[0])
        add_fact(cli, &line, "health.line.heard", SPH_ARGS({"age", heard}));
    if (sph_view_ago(cli, health, "lastReached", reached)[0])
        add_fact(cli, &line, "health.line.reached", SPH_ARGS({"age", reached}));
    if (line.len == 0)
        add_fact(cli, &line, "health.line.never", NULL, 0);
    sph_view_line(cli, "    ", sph_buf_text(&line));
}

static void add_clock(const sph_cli *cli, const sph_json *health, sph_buf *line)
{
    char span[SPH_VIEW_ROOM];
    const int64_t off_s = sph_json_get_int(health, "clockDifferenceSeconds", 0);
    if (!sph_json_get(health, "clockDifferenceSeconds"))
        return;
    const char *key = !sph_json_get_bool(health, "isClockWrong", false) ? "health.line.clock-right"
                      : off_s > 0                                       ? "health.line.clock-ahead"
                                  : "health.line.clock-behind";
    add_fact(cli, line, key, SPH_ARGS({"age", sph_view_span(cli, off_s * 1000, span)}));
}

static void print_state(const sph_cli *cli, const sph_json *health)
{
    char number[SPH_VIEW_ROOM], age[SPH_VIEW_ROOM];
    SPH_AUTO(sph_buf) line = sph_buf_init(FACTS);
    if (sph_json_get_int(health, "queued", 0) > 0)
        add_fact(cli, &line, "health.line.queue",
                 SPH_ARGS({"number", sph_view_number(health, "queued", number)},
                          {"age", sph_view_age(cli, health, "oldestQueued", age)}));
    else
        add_fact(cli, &line, "health.line.no-queue", NULL, 0);
    if (sph_view_number(health, "certificateDaysLeft", number)[0])
        add_fact(cli, &line,
                 sph_json_get_int(health, "certificateDaysLeft", 0) >= 0
                     ? "health.line.certificate"
                     : "health.line.certificate-over",
                 SPH_ARGS({"number", number}));
    add_clock(cli, health, &line);
    sph_view_line(cli, "    ", sph_buf_text(&line));
}

static bool is_failing(const sph_json *health)
{
    const sph_json *failure = sph_json_get(health, "lastFailure");
    return failure && !sph_json_get_bool(failure, "isOver", true);
}

static void print_failure(const sph_cli *cli, const sph_json *health)
{
    char time[SPH_VIEW_ROOM];
    SPH_AUTO(sph_buf) text = sph_buf_init(4096);
    const sph_json *failure = sph_json_get(health, "lastFailure");
    if (is_failing(health) &&
        sph_text_format(cli->lang, "health.failure",
                        SPH_ARGS({"time", sph_view_clock(cli, failure, "at", time)},
                                 {"text", sph_view_get(failure, "text")}),
                        &text, NULL)
                .code == SPH_OK)
        sph_view_line(cli, "    ", sph_buf_text(&text));
}

/** Does somebody have to look at this partner? */
static enum sph_mark mark_of(const sph_json *row, const sph_json *health)
{
    const int64_t days = sph_json_get_int(health, "certificateDaysLeft", INT64_MAX);
    if (days < 0)
        return SPH_MARK_BAD;
    const bool is_active = sph_slice_is(sph_slice_str(sph_view_get(row, "state")), "active");
    return !is_active || is_failing(health) || days < CERTIFICATE_LEAST ||
                   sph_json_get_bool(health, "isClockWrong", false)
               ? SPH_MARK_WAIT
               : SPH_MARK_OK;
}

static void print_partner(const sph_cli *cli, const sph_json *row)
{
    const sph_json *health = sph_json_get(row, "health");
    sph_view_say(
        cli, mark_of(row, health), "health.line.who",
        SPH_ARGS({"party", sph_view_get(row, "party")}, {"name", sph_view_name(cli, row)}));
    print_contact(cli, row, health);
    print_state(cli, health);
    print_failure(cli, health);
}

void sph_cli_partner_list(const sph_cli *cli, const sph_json *json)
{
    const sph_json *list = sph_json_get(json, "items");
    if (sph_json_count(list) == 0)
        sph_cli_say(cli, "cli.partner.none", NULL, 0);
    for (size_t i = 0; i < sph_json_count(list); i++)
        print_partner(cli, sph_json_at(list, i));
}
