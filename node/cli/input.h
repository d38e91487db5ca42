/** Files and text that a person names on the command line. */
#pragma once

#include "cli/cli.h"

#define SPH_INPUT_TEXT ((size_t)256 * 1024)

/** Load a file into `out` (its cap is the limit); "-" or NULL is standard input. Says what is
 * wrong, exit 1 or 2. */
enum sph_exit sph_input_load(const sph_cli *cli, const char *path, sph_buf *out);
/** A text that a person wrote: as sph_input_load, then without byte order mark and trailing line
 * ends, lines ended by LF, in normal form C. Not UTF-8 or empty: exit 2. *out owned, sph_buf_clear.
 */
enum sph_exit sph_input_text(const sph_cli *cli, const char *path, sph_buf *out);
/** A JSON object in a file; *out owned. */
enum sph_exit sph_input_json(const sph_cli *cli, const char *path, sph_json **out);
/** Media type of an attachment by its octets, not its name: PDF, PNG, JPEG, XML, else UTF-8 text.
 * NULL: none of these, or unreadable; the reason was said. Reads in constant memory. */
const char *sph_input_media_type(const sph_cli *cli, const char *path);
/** What a file is, by its first octet that is no white space. */
enum sph_input_form { SPH_INPUT_UNREADABLE, SPH_INPUT_XML, SPH_INPUT_JSON, SPH_INPUT_OTHER };
enum sph_input_form sph_input_form_of(const char *path);
/** The part of a path behind the last slash; borrowed. */
const char *sph_input_base_name(const char *path);
/** A day as people write it: 2026-12-10 or 2569-12-10, ASCII, Lao or Thai digits. A Buddhist year
 * is converted; the day is shown on stderr in both calendars. False when it is none. */
bool sph_input_day(const sph_cli *cli, const char *text, char out[11]);
/** Today in UTC, yyyy-mm-dd. */
void sph_input_today(char out[11]);
/** Write a new file, whole or not at all; an existing one is refused (exit 1). */
enum sph_exit sph_input_store(const sph_cli *cli, const char *path, sph_slice octets);
/** Before work is done for it: can a new file of this name be made? NULL can. Else what is in the
 * way is said, exit 1. */
enum sph_exit sph_input_new(const sph_cli *cli, const char *path);
