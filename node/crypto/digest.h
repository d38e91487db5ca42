/** SHA-256: one-shot, incremental, and HMAC-free. Algorithms are fetched once (crypto/fetched.h).
 */
#pragma once

#include "base/bytes.h"

typedef struct sph_sha256 sph_sha256; /* incremental state; reusable after final */

/** SHA-256 of a slice. Cannot fail after sph_crypto_start succeeded; a thread whose first hash
 * finds no memory ends the process, because a missing digest would be believed. */
sph_hash sph_sha256_of(sph_slice bytes);
/** SHA-256 of several slices one after the other (RFC 6962 leaf hashes: prefix, then the leaf). */
sph_hash sph_sha256_of_parts(const sph_slice *parts, size_t count);
SPH_MUST sph_rc sph_sha256_new(sph_sha256 **out, sph_err *err);
void sph_sha256_add(sph_sha256 *state, sph_slice bytes);
/** The digest so far; the state starts anew. */
sph_hash sph_sha256_final(sph_sha256 *state);
void sph_sha256_free(sph_sha256 **state);
/** Constant-time equality of two equally long slices; different lengths are unequal. */
bool sph_equal_ct(sph_slice a, sph_slice b);

/** One-time set-up of OpenSSL (fetches algorithms); called by main and by test mains only.
 * Idempotent. */
SPH_MUST sph_rc sph_crypto_start(sph_err *err);
void sph_crypto_stop(void);
