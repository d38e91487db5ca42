#include "crypto/digest.h"

#include "crypto/fetched.h"

#include <stdlib.h>

#include <openssl/crypto.h>

struct sph_sha256 {
    EVP_MD_CTX *ctx;
};

/* A digest has no way to say "no": a wrong or missing one would be believed by everything above, so
 * the process ends instead. Reached only when OpenSSL cannot get 200 bytes for a thread's first
 * hash. */
static void require(bool holds)
{
    if (!holds)
        abort();
}

static EVP_MD_CTX *thread_ctx(const struct sph_fetched **fetched)
{
    require(sph_crypto_fetched(fetched, NULL).code == SPH_OK);
    EVP_MD_CTX *ctx = (EVP_MD_CTX *)pthread_getspecific((*fetched)->hash_ctx);
    if (!ctx) {
        ctx = EVP_MD_CTX_new();
        require(ctx && pthread_setspecific((*fetched)->hash_ctx, ctx) == 0);
    }
    return ctx;
}

sph_hash sph_sha256_of_parts(const sph_slice *parts, size_t count)
{
    const struct sph_fetched *fetched = NULL;
    EVP_MD_CTX *ctx = thread_ctx(&fetched);
    sph_hash hash;
    require(EVP_DigestInit_ex2(ctx, fetched->sha256, NULL) == 1);
    for (size_t i = 0; i < count; i++)
        require(EVP_DigestUpdate(ctx, parts[i].at, parts[i].len) == 1);
    require(EVP_DigestFinal_ex(ctx, hash.at, NULL) == 1);
    return hash;
}

sph_hash sph_sha256_of(sph_slice bytes)
{
    return sph_sha256_of_parts(&bytes, 1);
}

sph_rc sph_sha256_new(sph_sha256 **out, sph_err *err)
{
    const struct sph_fetched *fetched = NULL;
    SPH_TRY(sph_crypto_fetched(&fetched, err), err, "SHA-256");
    sph_sha256 *state = sph_mem_new(1, sizeof(*state));
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    if (!state || !ctx || EVP_DigestInit_ex2(ctx, fetched->sha256, NULL) != 1) {
        EVP_MD_CTX_free(ctx);
        sph_mem_free(state);
        return sph_fail(err, SPH_ENOMEM, "no memory for a SHA-256 state");
    }
    state->ctx = ctx;
    *out = state;
    return sph_ok();
}

void sph_sha256_add(sph_sha256 *state, sph_slice bytes)
{
    require(EVP_DigestUpdate(state->ctx, bytes.at, bytes.len) == 1);
}

sph_hash sph_sha256_final(sph_sha256 *state)
{
    sph_hash hash;
    require(EVP_DigestFinal_ex(state->ctx, hash.at, NULL) == 1);
    require(EVP_DigestInit_ex2(state->ctx, NULL, NULL) == 1);
    return hash;
}

void sph_sha256_free(sph_sha256 **state)
{
    if (!state || !*state)
        return;
    EVP_MD_CTX_free((*state)->ctx);
    sph_mem_free(*state);
    *state = NULL;
}

bool sph_equal_ct(sph_slice a, sph_slice b)
{
    return a.len == b.len && (a.len == 0 || CRYPTO_memcmp(a.at, b.at, a.len) == 0);
}
