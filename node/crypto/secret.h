/** Secret octets: fixed size, locked memory where allowed, no copy and no print function, wiped
 * when freed. */
#pragma once

#include "base/env.h"

typedef struct sph_secret sph_secret;

/** `len` random octets, at most 8192. SPH_EIO without random octets, SPH_ELIMIT. */
SPH_MUST sph_rc sph_secret_random(const sph_random *random, size_t len, sph_secret **out,
                                  sph_err *err);
/** Take octets from a buffer that the caller wipes afterwards (sph_wipe). */
SPH_MUST sph_rc sph_secret_from(sph_slice octets, sph_secret **out, sph_err *err);
size_t sph_secret_len(const sph_secret *secret);
/** Borrowed octets, for crypto/, for sealing a secret into its stored or in-packet form, and for
 * tests. */
sph_slice sph_secret_peek(const sph_secret *secret);
void sph_secret_free(sph_secret **secret);
/** Overwrite memory in a way the compiler keeps. */
void sph_wipe(void *at, size_t len);

/** HKDF-SHA-256 (RFC 5869), extract and expand; out_len 1..255*32. */
SPH_MUST sph_rc sph_hkdf(const sph_secret *input, sph_slice salt, sph_slice info, size_t out_len,
                         sph_secret **out, sph_err *err);
/** AES key wrap (RFC 3394) with a 16- or 32-octet key. Unwrap: SPH_EPROOF on any failure, also
 * empty input. */
SPH_MUST sph_rc sph_key_wrap(const sph_secret *kek, const sph_secret *key, sph_buf *out,
                             sph_err *err);
SPH_MUST sph_rc sph_key_unwrap(const sph_secret *kek, sph_slice wrapped, sph_secret **out,
                               sph_err *err);
