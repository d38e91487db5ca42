/** The catalogue as the build makes it (node/tools/embed.c); read through base/lang.h only. */
#pragma once

#include <stddef.h>

struct sph_text_row {
    const char *key;
    const char *text[3]; /* by enum sph_lang */
};
extern const struct sph_text_row sph_texts_table[]; /* sorted by key */
extern const size_t sph_texts_count;
