/** AES-GCM (128 or 256 by key length), 12-octet IV, 16-octet tag. */
#pragma once

#include "crypto/secret.h"

#define SPH_AEAD_IV 12
#define SPH_AEAD_TAG 16

/** Append ciphertext ‖ tag. */
SPH_MUST sph_rc sph_aead_seal(const sph_secret *key, sph_slice iv, sph_slice aad, sph_slice plain,
                              sph_buf *out, sph_err *err);
/** Append the plaintext of ciphertext ‖ tag; nothing is appended unless the tag holds (SPH_EPROOF).
 */
SPH_MUST sph_rc sph_aead_open(const sph_secret *key, sph_slice iv, sph_slice aad, sph_slice sealed,
                              sph_buf *out, sph_err *err);

/** Streaming: start, any number of updates, one finish; anything else is SPH_EARG. Output of an
 * opening stream is untrusted until finish succeeds: keep it private. */
typedef struct sph_aead sph_aead;
/** Begin to encrypt. out: owned, sph_aead_free. */
SPH_MUST sph_rc sph_aead_seal_start(const sph_secret *key, sph_slice iv, sph_slice aad,
                                    sph_aead **out, sph_err *err);
/** Begin to decrypt. out: owned, sph_aead_free. */
SPH_MUST sph_rc sph_aead_open_start(const sph_secret *key, sph_slice iv, sph_slice aad,
                                    sph_aead **out, sph_err *err);
/** `to` has room for in.len octets; may be the same memory as `in`. */
SPH_MUST sph_rc sph_aead_update(sph_aead *aead, sph_slice in, uint8_t *to, sph_err *err);
SPH_MUST sph_rc sph_aead_seal_finish(sph_aead *aead, uint8_t tag[SPH_AEAD_TAG], sph_err *err);
/** SPH_EPROOF when the tag does not hold. */
SPH_MUST sph_rc sph_aead_open_finish(sph_aead *aead, const uint8_t tag[SPH_AEAD_TAG], sph_err *err);
void sph_aead_free(sph_aead **aead);
