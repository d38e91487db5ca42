/** What people read: message catalogue in Lao, Thai and English (node/texts/<area>.txt), language
 * choice, dates. */
#pragma once

#include "base/bytes.h"

enum sph_lang { SPH_LANG_EN, SPH_LANG_LO, SPH_LANG_TH, SPH_LANG_COUNT };

/** "en", "lo", "th" or a locale such as "lo_LA.UTF-8"; unknown is English. */
enum sph_lang sph_lang_of(const char *text);
const char *sph_lang_code(enum sph_lang lang);

/** A named value for a text's {placeholder}. */
typedef struct {
    const char *name;
    const char *value; /* untrusted is fine: control characters are shown as U+FFFD */
} sph_arg;

/** The raw text of a key; static storage. An unknown key gives the key itself (a test forbids it).
 */
const char *sph_text(enum sph_lang lang, const char *key);
/** True when the catalogue has the key. */
bool sph_text_has(const char *key);
/** Append the text with its {placeholders} filled; one without a value stays as written. A
 * placeholder is [a-z0-9_]+ in braces. */
SPH_MUST sph_rc sph_text_format(enum sph_lang lang, const char *key, const sph_arg *args,
                                size_t count, sph_buf *out, sph_err *err);
#define SPH_ARGS(...)                                                                              \
    (const sph_arg[]){__VA_ARGS__}, sizeof((const sph_arg[]){__VA_ARGS__}) / sizeof(sph_arg)

/** Append what people call a code of a list: the text code.<list>.<code>, a country's name, else
 * the code itself, which may be untrusted. */
SPH_MUST sph_rc sph_lang_label(enum sph_lang lang, const char *list, const char *code, sph_buf *out,
                               sph_err *err);

/** A moment in the reader's form and local time (TZ): English and Lao CE, Thai B.E. with Thai month
 * names. */
SPH_MUST sph_rc sph_lang_time(enum sph_lang lang, int64_t unix_ms, sph_buf *out, sph_err *err);
SPH_MUST sph_rc sph_lang_date(enum sph_lang lang, int32_t days, sph_buf *out, sph_err *err);
