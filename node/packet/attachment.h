/** SXA1 (ledger.md 4): attachments as ciphertext under a random key that travels inside the signed
 * packet. Streaming. */
#pragma once

#include "base/stream.h"
#include "crypto/aead.h"
#include "crypto/digest.h"

/** SXA1 ‖ IV(12) ‖ AES-256-GCM ‖ tag(16); AAD = packetId "/" attachment id; plaintext zero-padded
 * to 4, 16, 64 KiB, then 64 KiB steps. */
SPH_MUST sph_rc sph_attachment_seal(const sph_secret *key, const char *packet_id,
                                    const char *attachment_id, const sph_random *random,
                                    const sph_reader *plain, uint64_t plain_len,
                                    const sph_writer *out, sph_hash *sha256, uint64_t *len,
                                    sph_err *err);
/** What `len` octets of plaintext become. */
uint64_t sph_attachment_sealed_len(uint64_t len);
/** Writes exactly `size` plaintext octets to out; untrusted until it returns SPH_OK. SPH_EPROOF. */
SPH_MUST sph_rc sph_attachment_open(const sph_secret *key, const char *packet_id,
                                    const char *attachment_id, const sph_reader *sealed,
                                    uint64_t sealed_len, uint64_t size, const sph_writer *out,
                                    sph_err *err);
