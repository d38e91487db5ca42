/** The leak screen (DP-03): what looks like personal data in a text that must have none. This
 * version knows e-mail, phone, the Thai 13-digit number and passports, in Lao, Thai and ASCII
 * digits. */
#pragma once

#include "base/bytes.h"

enum sph_leak {
    SPH_LEAK_NONE,
    SPH_LEAK_EMAIL,
    SPH_LEAK_PHONE,
    SPH_LEAK_THAI_ID,
    SPH_LEAK_PASSPORT
};

struct sph_leak_found {
    enum sph_leak kind;
    size_t at, len; /* place in the text as given */
};
/** The first finding at or after `from`; kind SPH_LEAK_NONE when there is none. SPH_ENOMEM,
 * SPH_ELIMIT. */
SPH_MUST sph_rc sph_leak_find(sph_slice text, size_t from, struct sph_leak_found *out,
                              sph_err *err);
/** "packet.leak-email" …: the key of its sentence. */
const char *sph_leak_key(enum sph_leak kind);
