/** wsse:Security as read: its children sorted, and the encrypted parts checked against the closed
 * shape (as4.md 5.1, 6.2). Private to this folder. */
#pragma once

#include "as4/in.h"

struct sph_wss {
    const sph_xml_node *signature, *encrypted_key;
    const sph_xml_node *encrypted_data[MAX_PARTS];
    size_t encrypted_data_count;
    enum sph_as4_digest_form form_of[MAX_PARTS]; /* by sph_wss_check_encryption */
};
/** Exactly one ds:Signature, at most one EncryptedKey, nothing unknown. */
SPH_MUST sph_rc sph_wss_read(const sph_as4_in *in, struct sph_wss *out, sph_as4_fault *fault,
                             sph_err *err);
/** Every payload part is encrypted exactly once under the one key, and nothing else is. Fills
 * form_of, by the type the sender states for the plaintext. *key: owned, NULL without parts. */
SPH_MUST sph_rc sph_wss_check_encryption(const sph_as4_in *in, struct sph_wss *wss,
                                         const sph_as4_trust *trust, sph_xenc_key **key,
                                         sph_as4_fault *fault, sph_err *err);
