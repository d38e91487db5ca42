#include "base/codec.h"
#include "base/env.h"
#include "cli/view.h"

#define MINUTE_MS INT64_C(60000)
#define HOUR_MS (60 * MINUTE_MS)
#define DAY_MS (24 * HOUR_MS)

static const char *fill(const sph_cli *cli, const char *key, const sph_arg *args, size_t count,
                        char out[SPH_VIEW_ROOM])
{
    SPH_AUTO(sph_buf) text = sph_buf_init(SPH_VIEW_ROOM - 1);
    if (sph_text_format(cli->lang, key, args, count, &text, NULL).code != SPH_OK ||
        sph_str_copy(out, SPH_VIEW_ROOM, sph_buf_peek(&text), NULL).code != SPH_OK)
        out[0] = '\0';
    return out;
}

const char *sph_view_span(const sph_cli *cli, int64_t span_ms, char out[SPH_VIEW_ROOM])
{
    char number[24];
    const int64_t span = span_ms < 0 ? -span_ms : span_ms;
    /* Two days are said in hours: what a day more or less means differs there. */
    const int64_t unit = span < 2 * HOUR_MS ? MINUTE_MS : span < 2 * DAY_MS ? HOUR_MS : DAY_MS;
    const char *key = unit == MINUTE_MS ? "age.minutes"
                      : unit == HOUR_MS ? "age.hours"
                                        : "age.days";
    if (sph_str_format(number, sizeof(number), NULL, "%lld", (long long)(span / unit)).code !=
        SPH_OK)
        number[0] = '\0';
    return fill(cli, key, SPH_ARGS({"number", number}), out);
}

/** Milliseconds since member `key`; a moment that is ahead counts as now. */
static bool since(const sph_json *json, const char *key, int64_t *out)
{
    int64_t ms = 0;
    const char *text = sph_json_get_text(json, key);
    const sph_clock *clock = sph_clock_real();
    if (!text || sph_time_parse(sph_slice_str(text), &ms, NULL).code != SPH_OK)
        return false;
    const int64_t past = clock->now_ms(clock->ctx) - ms;
    *out = past > 0 ? past : 0;
    return true;
}

const char *sph_view_age(const sph_cli *cli, const sph_json *json, const char *key,
                         char out[SPH_VIEW_ROOM])
{
    int64_t span_ms = 0;
    out[0] = '\0';
    return since(json, key, &span_ms) ? sph_view_span(cli, span_ms, out) : out;
}

const char *sph_view_ago(const sph_cli *cli, const sph_json *json, const char *key,
                         char out[SPH_VIEW_ROOM])
{
    char age[SPH_VIEW_ROOM];
    int64_t span_ms = 0;
    out[0] = '\0';
    if (!since(json, key, &span_ms))
        return out;
    if (span_ms < MINUTE_MS)
        return fill(cli, "age.now", NULL, 0, out);
    return fill(cli, "age.ago", SPH_ARGS({"age", sph_view_span(cli, span_ms, age)}), out);
}
