/** The code lists of schemas/vocabularies.txt (packets.md 3), as the build embeds them. */
#pragma once

#include "base/bytes.h"

/** True when `code` is in the list. Unknown lists hold nothing. */
bool sph_vocabulary_has(const char *list, sph_slice code);
/** The list exists. */
bool sph_vocabulary_exists(sph_slice list);
/** Version of a list, e.g. "htcds-2.0"; the empty slice when there is none. */
sph_slice sph_vocabulary_version(const char *list);
/** Walk the codes of a list: zero `*at` first; the empty slice at the end. */
sph_slice sph_vocabulary_next(const char *list, size_t *at);
