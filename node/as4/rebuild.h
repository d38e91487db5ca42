/** A user message made anew for other keys (as4.md 11): the partner's encryption key is gone, or
 * our signing certificate has expired, while the message waits. What was signed stays octet for
 * octet, so a receipt for any attempt fits all of them. */
#pragma once

#include "as4/build.h"

struct sph_as4_renewal {
    sph_slice root;               /* the SOAP part as it was built; one of our own */
    const sph_as4_refs *refs;     /* what it signs, in any order */
    const sph_as4_payload *parts; /* the same octets under the same Content-IDs, in order */
    size_t part_count;
    enum sph_suite suite;
    const sph_as4_signer *signer; /* NULL: the signature is kept too */
    const sph_cert *recipient;    /* whom it is encrypted for this time */
    enum sph_token_ref recipient_form;
};
/** The Content-ID of part `i` of a SOAP part that was built here: PartInfo stands in the order of
 * the parts, which the stored references do not. SPH_EPARSE when there is no such part. */
SPH_MUST sph_rc sph_as4_rebuild_cid(sph_slice root, size_t i, char out[128], sph_err *err);
/** A fresh content key, fresh IVs and a fresh MIME body. SPH_EARG when parts are not those of the
 * references; SPH_EPARSE when root is none of ours. On failure octets may have gone to `out`
 * already: throw that away. */
SPH_MUST sph_rc sph_as4_rebuild_user(const struct sph_as4_renewal *what, const sph_random *random,
                                     const sph_writer *out, sph_as4_built *built, sph_err *err);
