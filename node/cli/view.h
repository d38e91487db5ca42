/** Answers of the API as people read them on a terminal: times, names, codes, and the frame of
 * every reading command. */
#pragma once

#include "cli/cli.h"

#define SPH_VIEW_ROOM 128

/** How an answer is shown, and which exit code it means. */
struct sph_view {
    void (*print)(const sph_cli *cli, const sph_json *json);
    enum sph_exit (*judge)(const sph_json *json); /* NULL: done */
};
/** Ask and print: with --json the answer as it is, else by view->print. */
enum sph_exit sph_view(sph_cli *cli, const sph_ask *ask, const struct sph_view *view);
/** One call whose target is before + percent-encoded id + after; *reply owned when done. */
enum sph_exit sph_view_ask_id(sph_cli *cli, const sph_ask *ask, const char *before, const char *id,
                              const char *after, sph_reply *reply);
/** The same, and print. */
enum sph_exit sph_view_id(sph_cli *cli, const char *method, const char *before, const char *id,
                          const char *after, const struct sph_view *view);

/** A mark and a catalogue text, to stdout; nothing with --quiet or --json. */
void sph_view_say(const sph_cli *cli, enum sph_mark mark, const char *key, const sph_arg *args,
                  size_t count);
/** The same, to stderr and always. */
void sph_view_warn(const sph_cli *cli, enum sph_mark mark, const char *key, const sph_arg *args,
                   size_t count);
/** A line of foreign text, made safe, behind an indent. */
void sph_view_line(const sph_cli *cli, const char *indent, const char *text);
/** A text of many lines that may come from a partner, made safe. */
void sph_view_block(const sph_cli *cli, const char *text);

/** Member `key` of an object as local time in the reader's calendar; "" when absent. Returns out.
 */
const char *sph_view_time(const sph_cli *cli, const sph_json *json, const char *key,
                          char out[SPH_VIEW_ROOM]);
/** The same, but "14:20" when it is within 12 hours, "14:20:05" within two minutes. */
const char *sph_view_clock(const sph_cli *cli, const sph_json *json, const char *key,
                           char out[SPH_VIEW_ROOM]);
/** How long: "5 min", "3 h", "2 d"; the catalogue's words. Returns out. */
const char *sph_view_span(const sph_cli *cli, int64_t span_ms, char out[SPH_VIEW_ROOM]);
/** How long ago member `key` is: "just now", "5 min ago"; "" when absent. Returns out. */
const char *sph_view_ago(const sph_cli *cli, const sph_json *json, const char *key,
                         char out[SPH_VIEW_ROOM]);
/** How old member `key` is: "5 min"; "" when absent. Returns out. */
const char *sph_view_age(const sph_cli *cli, const sph_json *json, const char *key,
                         char out[SPH_VIEW_ROOM]);
/** A number as text; "" when absent. Returns out. */
const char *sph_view_number(const sph_json *json, const char *key, char out[SPH_VIEW_ROOM]);
/** A ledger event's number; "-" when there is none yet. Returns out. */
const char *sph_view_event(const sph_json *json, const char *key, char out[SPH_VIEW_ROOM]);
/** Member text, "" when absent. */
const char *sph_view_get(const sph_json *json, const char *key);
/** "name" {lo, th, en}: the reader's language, then English, then any. */
const char *sph_view_name(const sph_cli *cli, const sph_json *json);
/** Label of a code: catalogue text code.<list>.<code>, else the code. */
const char *sph_view_label(const sph_cli *cli, const char *list, const char *code);
/** How an outgoing message stands, with the next try when it waits; static storage or out. */
const char *sph_view_state(const sph_cli *cli, const sph_json *row, char out[256]);
/** Findings of an answer as lines on stdout. */
void sph_view_findings(const sph_cli *cli, const sph_json *findings);
/** A new empty table on the heap, NULL without memory; freed by sph_view_table_end, which prints
 * it. */
SPH_MUST struct sph_table *sph_view_table(void);
/** A row with a catalogue key for each heading. */
void sph_view_heading(const sph_cli *cli, struct sph_table *table, size_t columns,
                      const char *const *keys);
/** Append a row; a full table is printed first and begun anew. */
void sph_view_row(const sph_cli *cli, struct sph_table *table, size_t columns,
                  const char *const *cells);
void sph_view_table_end(const sph_cli *cli, struct sph_table **table);
