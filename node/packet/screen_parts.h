/** Patterns of the leak screen over folded text; for the files of node/packet only. */
#pragma once

#include "packet/screen.h"

#define SPH_SCREEN_FOREIGN 0x80 /* a letter of a script other than Latin */

/** One byte a character, and where each stands in the original (32-bit big-endian offsets, one more
 * at the end). */
typedef struct sph_screen {
    sph_buf text, place;
} sph_screen;
size_t sph_screen_place(const sph_screen *screen, size_t i);

struct sph_screen_hit {
    enum sph_leak kind;
    size_t from, to;
};
/** The first hit of a pattern; false when there is none. */
typedef bool (*sph_screen_pattern)(const sph_screen *screen, struct sph_screen_hit *hit);
bool sph_screen_email(const sph_screen *screen, struct sph_screen_hit *hit);
bool sph_screen_digits(const sph_screen *screen, struct sph_screen_hit *hit);
bool sph_screen_passport(const sph_screen *screen, struct sph_screen_hit *hit);
