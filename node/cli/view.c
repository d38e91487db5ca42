#include "cli/view.h"

#include <inttypes.h>
#include <stdio.h>
#include <time.h>

#include "base/codec.h"
#include "base/env.h"

#define TEXT_MOST ((size_t)32 * 1024 * 1024)
#define NEAR_MS INT64_C(43200000)
#define SOON_MS INT64_C(120000) /* within it a minute says too little */

enum sph_exit sph_view(sph_cli *cli, const sph_ask *ask, const struct sph_view *view)
{
    SPH_AUTO(sph_reply) reply = {.status = 0};
    const enum sph_exit code = sph_cli_ask(cli, ask, &reply);
    if (code != SPH_EXIT_DONE)
        return code;
    if (cli->is_json)
        sph_cli_print_json(cli, &reply);
    else if (!cli->is_quiet)
        view->print(cli, reply.json);
    return view->judge ? view->judge(reply.json) : SPH_EXIT_DONE;
}

static sph_rc target_of(const char *before, const char *id, const char *after, sph_buf *out,
                        sph_err *err)
{
    SPH_TRY(sph_buf_add_text(out, before, err), err, "target");
    SPH_TRY(sph_cli_encode(id, out, err), err, "target");
    return sph_buf_add_text(out, after, err);
}

enum sph_exit sph_view_ask_id(sph_cli *cli, const sph_ask *ask, const char *before, const char *id,
                              const char *after, sph_reply *reply)
{
    sph_err err = {0};
    SPH_AUTO(sph_buf) target = sph_buf_init(2048);
    if (target_of(before, id, after, &target, &err).code != SPH_OK)
        return sph_cli_usage(cli, "cli.long-id", NULL, 0);
    sph_ask full = *ask;
    full.target = sph_buf_text(&target);
    return sph_cli_ask(cli, &full, reply);
}

enum sph_exit sph_view_id(sph_cli *cli, const char *method, const char *before, const char *id,
                          const char *after, const struct sph_view *view)
{
    sph_err err = {0};
    SPH_AUTO(sph_buf) target = sph_buf_init(2048);
    if (target_of(before, id, after, &target, &err).code != SPH_OK)
        return sph_cli_usage(cli, "cli.long-id", NULL, 0);
    const sph_ask ask = {.method = method, .target = sph_buf_text(&target)};
    return sph_view(cli, &ask, view);
}

void sph_view_say(const sph_cli *cli, enum sph_mark mark, const char *key, const sph_arg *args,
                  size_t count)
{
    if (cli->is_quiet || cli->is_json)
        return;
    printf("%s  ", sph_cli_mark(cli, mark));
    sph_cli_say(cli, key, args, count);
}

void sph_view_warn(const sph_cli *cli, enum sph_mark mark, const char *key, const sph_arg *args,
                   size_t count)
{
    fflush(stdout);
    fprintf(stderr, "%s  ", sph_cli_mark(cli, mark));
    sph_cli_warn(cli, key, args, count);
}

static void print_safe(const char *indent, const char *text, const char *end)
{
    SPH_AUTO(sph_buf) safe = sph_buf_init(TEXT_MOST);
    if (sph_cli_safe(text, &safe, NULL).code == SPH_OK)
        printf("%s%s%s", indent, sph_buf_text(&safe), end);
}

void sph_view_line(const sph_cli *cli, const char *indent, const char *text)
{
    if (!cli->is_quiet && !cli->is_json)
        print_safe(indent, text, "\n");
}

void sph_view_block(const sph_cli *cli, const char *text)
{
    const sph_slice all = sph_slice_str(text);
    const bool is_ended = all.len > 0 && all.at[all.len - 1] == '\n';
    if (!cli->is_quiet && !cli->is_json && all.len > 0)
        print_safe("", text, is_ended ? "" : "\n");
}

const char *sph_view_get(const sph_json *json, const char *key)
{
    const char *text = sph_json_get_text(json, key);
    return text ? text : "";
}

static bool moment_of(const sph_json *json, const char *key, int64_t *ms)
{
    const char *text = sph_json_get_text(json, key);
    return text && sph_time_parse(sph_slice_str(text), ms, NULL).code == SPH_OK;
}

const char *sph_view_time(const sph_cli *cli, const sph_json *json, const char *key,
                          char out[SPH_VIEW_ROOM])
{
    int64_t ms = 0;
    SPH_AUTO(sph_buf) text = sph_buf_init(SPH_VIEW_ROOM);
    out[0] = '\0';
    if (!moment_of(json, key, &ms) || sph_lang_time(cli->lang, ms, &text, NULL).code != SPH_OK ||
        sph_str_copy(out, SPH_VIEW_ROOM, sph_buf_peek(&text), NULL).code != SPH_OK)
        out[0] = '\0';
    return out;
}

const char *sph_view_clock(const sph_cli *cli, const sph_json *json, const char *key,
                           char out[SPH_VIEW_ROOM])
{
    int64_t ms = 0;
    struct tm local;
    const sph_clock *clock = sph_clock_real();
    const bool is_known = moment_of(json, key, &ms);
    const int64_t ahead = is_known ? ms - clock->now_ms(clock->ctx) : 0;
    const time_t seconds = (time_t)(ms / 1000);
    if (!is_known || ahead > NEAR_MS || ahead < -NEAR_MS || !localtime_r(&seconds, &local))
        return sph_view_time(cli, json, key, out);
    const bool is_soon = ahead < SOON_MS && ahead > -SOON_MS;
    const sph_rc rc = is_soon ? sph_str_format(out, SPH_VIEW_ROOM, NULL, "%02d:%02d:%02d",
                                               local.tm_hour, local.tm_min, local.tm_sec)
                              : sph_str_format(out, SPH_VIEW_ROOM, NULL, "%02d:%02d", local.tm_hour,
                                               local.tm_min);
    if (rc.code != SPH_OK)
        out[0] = '\0';
    return out;
}

const char *sph_view_number(const sph_json *json, const char *key, char out[SPH_VIEW_ROOM])
{
    const int64_t number = sph_json_get_int(json, key, INT64_MIN);
    if (number == INT64_MIN ||
        sph_str_format(out, SPH_VIEW_ROOM, NULL, "%" PRId64, number).code != SPH_OK)
        out[0] = '\0';
    return out;
}

const char *sph_view_event(const sph_json *json, const char *key, char out[SPH_VIEW_ROOM])
{
    sph_view_number(json, key, out);
    const bool is_none = out[0] == '\0' || out[0] == '-' || out[0] == '0';
    if (is_none && sph_str_copy(out, SPH_VIEW_ROOM, SPH_LIT("-"), NULL).code != SPH_OK)
        out[0] = '\0';
    return out;
}

const char *sph_view_name(const sph_cli *cli, const sph_json *json)
{
    const sph_json *names = sph_json_get(json, "name");
    const char *own = sph_json_get_text(names, sph_lang_code(cli->lang));
    const char *english = sph_json_get_text(names, "en");
    if (own || english)
        return own ? own : english;
    const char *any = sph_json_next_key(names, NULL);
    return any ? sph_view_get(names, any) : "";
}

const char *sph_view_label(const sph_cli *cli, const char *list, const char *code)
{
    char key[SPH_VIEW_ROOM];
    if (sph_str_format(key, sizeof(key), NULL, "code.%s.%s", list, code).code != SPH_OK ||
        !sph_text_has(key))
        return code;
    return sph_text(cli->lang, key);
}

const char *sph_view_state(const sph_cli *cli, const sph_json *row, char out[256])
{
    char next[SPH_VIEW_ROOM];
    const char *state = sph_view_get(row, "state");
    const char *label = sph_view_label(cli, "delivery", state);
    const bool is_waiting = sph_slice_is(sph_slice_str(state), "retrying");
    SPH_AUTO(sph_buf) text = sph_buf_init(255);
    if (!is_waiting || !sph_view_clock(cli, row, "nextTry", next)[0])
        return label;
    if (sph_text_format(cli->lang, "cli.box.next", SPH_ARGS({"state", label}, {"time", next}),
                        &text, NULL)
                .code != SPH_OK ||
        sph_str_copy(out, 256, sph_buf_peek(&text), NULL).code != SPH_OK)
        return label;
    return out;
}

void sph_view_findings(const sph_cli *cli, const sph_json *findings)
{
    for (size_t i = 0; i < sph_json_count(findings); i++)
        sph_view_line(cli, "      ", sph_view_get(sph_json_at(findings, i), "text"));
}

struct sph_table *sph_view_table(void)
{
    return sph_mem_new(1, sizeof(struct sph_table));
}

void sph_view_heading(const sph_cli *cli, struct sph_table *table, size_t columns,
                      const char *const *keys)
{
    const char *cells[16];
    if (!table || columns > sizeof(cells) / sizeof(cells[0]))
        return;
    for (size_t i = 0; i < columns; i++)
        cells[i] = sph_text(cli->lang, keys[i]);
    sph_table_row(table, columns, cells);
}

void sph_view_row(const sph_cli *cli, struct sph_table *table, size_t columns,
                  const char *const *cells)
{
    if (!table)
        return;
    if ((table->rows + 1) * columns > sizeof(table->cell) / sizeof(table->cell[0])) {
        sph_table_print(cli, table);
        sph_table_clear(table);
    }
    sph_table_row(table, columns, cells);
}

void sph_view_table_end(const sph_cli *cli, struct sph_table **table)
{
    if (!*table)
        return;
    sph_table_print(cli, *table);
    sph_table_clear(*table);
    sph_mem_free(*table);
    *table = NULL;
}
