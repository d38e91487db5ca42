/** The digest of an uncompressed XML or text part (as4.md 6.2, SwA 1.1.1 §5.4). Private to this
 * folder. */
#pragma once

#include "as4/in.h"

#define SPH_AS4_DOCUMENT_MAX (UINT64_C(4) << 20)
/** XML: over the exclusive canonical form without comments of the whole document, which must hold
 * to our XML rules (no DOCTYPE, no processing instruction); text: over its octets with every line
 * end made CRLF. SPH_EPARSE, SPH_ELIMIT. */
SPH_MUST sph_rc sph_as4_document_digest(enum sph_as4_digest_form form, sph_slice octets,
                                        const struct sph_limits *limits, sph_hash *out,
                                        sph_err *err);
