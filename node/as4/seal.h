/** The encrypted half of a user message on its way out: the elements in wsse:Security and the MIME
 * body. Private to this folder. */
#pragma once

#include "as4/token.h"
#include "xml/writer.h"

/** What is encrypted, and for whom. */
struct sph_as4_sealing {
    const sph_as4_payload *parts;
    size_t part_count;
    enum sph_suite suite;
    const sph_pubkey *recipient;
    const sph_secret *key;
    const sph_random *random;
    sph_as4_token token;
    char uri[MAX_PARTS][300]; /* "cid:…" */
};
/** Everything is borrowed for the life of `out`. */
SPH_MUST sph_rc sph_as4_sealing_new(const sph_as4_payload *parts, size_t count,
                                    enum sph_suite suite, const sph_cert *recipient,
                                    enum sph_token_ref form, const sph_secret *key,
                                    const sph_random *random, struct sph_as4_sealing **out,
                                    sph_err *err);
void sph_as4_sealing_free(struct sph_as4_sealing **sealing);
/** Token, EncryptedKey and EncryptedData in the order of as4.md 5.1; arg: struct sph_as4_sealing.
 */
SPH_MUST sph_rc sph_as4_write_encryption(sph_xml_writer *w, void *arg, sph_err *err);
/** The whole MIME body around built->root; content_type and len are filled. */
SPH_MUST sph_rc sph_as4_write_mime(const struct sph_as4_sealing *s, const sph_writer *out,
                                   sph_as4_built *built, sph_err *err);
