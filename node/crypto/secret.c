#include "crypto/secret.h"

#include <openssl/crypto.h>

struct sph_secret {
    size_t len;
    uint8_t at[];
};

/* No secret of the product is longer than a wrapped RSA key would be. */
enum { SECRET_MAX = 8192 };

static sph_rc secret_new(size_t len, sph_secret **out, sph_err *err)
{
    if (len > SECRET_MAX)
        return sph_fail(err, SPH_ELIMIT, "a secret of %zu octets, limit %d", len, SECRET_MAX);
    const size_t size = sizeof(sph_secret) + len;
    sph_secret *secret = OPENSSL_secure_zalloc(size);
    if (!secret) /* the locked heap is full: ordinary memory, wiped all the same */
        secret = OPENSSL_zalloc(size);
    if (!secret)
        return sph_fail(err, SPH_ENOMEM, "no memory for a secret of %zu octets", len);
    secret->len = len;
    *out = secret;
    return sph_ok();
}

sph_rc sph_secret_random(const sph_random *random, size_t len, sph_secret **out, sph_err *err)
{
    SPH_AUTO_PTR(sph_secret) *secret = NULL;
    SPH_TRY(secret_new(len, &secret, err), err, "random secret");
    SPH_TRY(random->fill(random->ctx, secret->at, len, err), err, "random secret");
    *out = sph_move(secret);
    return sph_ok();
}

sph_rc sph_secret_from(sph_slice octets, sph_secret **out, sph_err *err)
{
    SPH_AUTO_PTR(sph_secret) *secret = NULL;
    SPH_TRY(secret_new(octets.len, &secret, err), err, "secret");
    SPH_TRY(sph_bytes_copy(secret->at, secret->len, octets, err), err, "secret");
    *out = sph_move(secret);
    return sph_ok();
}

size_t sph_secret_len(const sph_secret *secret)
{
    return secret->len;
}

sph_slice sph_secret_peek(const sph_secret *secret)
{
    return sph_slice_of(secret->at, secret->len);
}

void sph_secret_free(sph_secret **secret)
{
    if (!secret || !*secret)
        return;
    OPENSSL_secure_clear_free(*secret, sizeof(sph_secret) + (*secret)->len);
    *secret = NULL;
}

void sph_wipe(void *at, size_t len)
{
    if (at)
        OPENSSL_cleanse(at, len);
}
