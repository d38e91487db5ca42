/** The one shape of SOAP document this node writes (as4.md 5.1): Messaging, Security, empty Body,
 * signed as they are written. Private to this folder. */
#pragma once

#include "as4/token.h"
#include "xml/writer.h"

/** What makes one document differ from another. */
struct sph_as4_draft {
    void (*write)(sph_xml_writer *w, const void *what); /* the child of eb:Messaging */
    const void *what;
    /** Encryption elements, first in wsse:Security; NULL for signals. */
    sph_rc (*encrypt)(sph_xml_writer *w, void *arg, sph_err *err);
    void *arg;
    const sph_dsig_ref *parts; /* references of the payload parts */
    size_t part_count;
    const sph_as4_signer *signer; /* NULL: no wsse:Security at all */
    enum sph_suite suite;
    const sph_random *random;
};
/** Append the document; *refs (may be NULL) = what was signed. SPH_EARG when the signer does not
 * fit the suite. */
SPH_MUST sph_rc sph_as4_envelope(const struct sph_as4_draft *draft, sph_buf *out,
                                 sph_as4_refs *refs, sph_err *err);

/** What stays, octet for octet, when a document is made anew for other keys (as4.md 11). */
struct sph_as4_kept {
    sph_slice messaging, body;
    sph_slice signature;   /* token and ds:Signature, or empty: then signed again over */
    sph_slice signed_info; /* this */
};
/** Append the document with other encryption elements, and another signature when the draft has a
 * signer. Of the draft only encrypt, arg, signer, suite and random count. */
SPH_MUST sph_rc sph_as4_envelope_again(const struct sph_as4_draft *draft,
                                       const struct sph_as4_kept *kept, sph_buf *out, sph_err *err);

#define SPH_AS4_ID_ROOM 48
/** prefix + 32 random hex digits: unique ids that tell nothing. */
SPH_MUST sph_rc sph_as4_new_id(const sph_random *random, const char *prefix,
                               char out[SPH_AS4_ID_ROOM], sph_err *err);
/** eb:MessageInfo. ref_to may be NULL. */
void sph_as4_write_info(sph_xml_writer *w, int64_t time_ms, const char *message_id,
                        const char *ref_to);
/** ds:Reference as a receipt repeats it. */
void sph_as4_write_ref(sph_xml_writer *w, const sph_dsig_ref *ref);
