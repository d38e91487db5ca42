/** OpenSSL algorithms fetched once (dependencies.md 4: a fetch a call costs three times the hash of
 * a tree node). Only crypto/ includes this header. */
#pragma once

#include <pthread.h>

#include <openssl/evp.h>
#include <openssl/kdf.h>

#include "base/bytes.h"

enum sph_aes { SPH_AES_128, SPH_AES_256, SPH_AES_COUNT };

struct sph_fetched {
    EVP_MD *sha256;
    EVP_KDF *hkdf;
    EVP_CIPHER *gcm[SPH_AES_COUNT];
    EVP_CIPHER *wrap[SPH_AES_COUNT];
    pthread_key_t hash_ctx; /* EVP_MD_CTX of each thread, freed when the thread ends */
};

/** The algorithms, set up on first need; borrowed until sph_crypto_stop. */
SPH_MUST sph_rc sph_crypto_fetched(const struct sph_fetched **out, sph_err *err);
/** The AES size of a key of `len` octets; SPH_EARG for other lengths than 16 and 32. */
SPH_MUST sph_rc sph_aes_of(size_t len, enum sph_aes *out, sph_err *err);
