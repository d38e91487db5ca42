/* Deriving and wrapping keys: HKDF-SHA-256 (RFC 5869) and AES key wrap (RFC 3394). */
#include "crypto/secret.h"

#include "crypto/fetched.h"
#include "crypto/openssl_own.h"

#include <openssl/core_names.h>
#include <openssl/params.h>

enum {
    HKDF_OUT_MAX = 255 * 32,
    HKDF_INFO_MAX = 1024, /* OpenSSL 3.0 holds no more */
    WRAP_BLOCK = 8,
    WRAP_KEY_MIN = 16, /* RFC 3394 section 2: at least two blocks */
    WRAP_KEY_MAX = 4096,
};

/* OSSL_PARAM has no const form for input octets; OpenSSL only reads them. */
static OSSL_PARAM octets_param(const char *name, sph_slice octets)
{
    union {
        const uint8_t *in;
        uint8_t *out;
    } at = {.in = octets.at};
    return OSSL_PARAM_construct_octet_string(name, at.out, octets.len);
}

sph_rc sph_hkdf(const sph_secret *input, sph_slice salt, sph_slice info, size_t out_len,
                sph_secret **out, sph_err *err)
{
    if (out_len < 1 || out_len > HKDF_OUT_MAX)
        return sph_fail(err, SPH_ELIMIT, "HKDF output of %zu octets", out_len);
    if (info.len > HKDF_INFO_MAX)
        return sph_fail(err, SPH_ELIMIT, "HKDF info of %zu octets", info.len);
    const struct sph_fetched *fetched = NULL;
    SPH_TRY(sph_crypto_fetched(&fetched, err), err, "HKDF");
    SPH_AUTO_PTR(ossl_kdf_ctx) *ctx = EVP_KDF_CTX_new(fetched->hkdf);
    if (!ctx)
        return sph_openssl_fail(err, SPH_ENOMEM, "HKDF");
    char digest[] = "SHA2-256";
    OSSL_PARAM params[5];
    size_t n = 0;
    params[n++] = OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, digest, 0);
    params[n++] = octets_param(OSSL_KDF_PARAM_KEY, sph_secret_peek(input));
    if (salt.len > 0)
        params[n++] = octets_param(OSSL_KDF_PARAM_SALT, salt);
    if (info.len > 0)
        params[n++] = octets_param(OSSL_KDF_PARAM_INFO, info);
    params[n] = OSSL_PARAM_construct_end();
    uint8_t made[HKDF_OUT_MAX];
    if (EVP_KDF_derive(ctx, made, out_len, params) != 1)
        return sph_openssl_fail(err, SPH_EIO, "HKDF");
    const sph_rc rc = sph_secret_from(sph_slice_of(made, out_len), out, err);
    sph_wipe(made, out_len);
    return rc;
}

/* One pass of RFC 3394; `to` has room for in.len + 8. OpenSSL answers an empty input with success
 * and nothing done, so the callers check lengths before and `expect` is compared after. */
static sph_rc wrap_pass(const sph_secret *kek, bool is_wrap, sph_slice in, uint8_t *to,
                        size_t expect, sph_err *err)
{
    const struct sph_fetched *fetched = NULL;
    enum sph_aes size = SPH_AES_128;
    SPH_TRY(sph_crypto_fetched(&fetched, err), err, "key wrap");
    SPH_TRY(sph_aes_of(sph_secret_len(kek), &size, err), err, "key-encryption key");
    SPH_AUTO_PTR(ossl_cipher_ctx) *ctx = EVP_CIPHER_CTX_new();
    if (!ctx)
        return sph_fail(err, SPH_ENOMEM, "no memory for a cipher");
    EVP_CIPHER_CTX_set_flags(ctx, EVP_CIPHER_CTX_FLAG_WRAP_ALLOW);
    int got = 0;
    if (EVP_CipherInit_ex2(ctx, fetched->wrap[size], sph_secret_peek(kek).at, NULL, is_wrap,
                           NULL) != 1)
        return sph_openssl_fail(err, SPH_EIO, "key wrap");
    if (EVP_CipherUpdate(ctx, to, &got, in.at, (int)in.len) != 1 || got != (int)expect)
        return sph_openssl_fail(err, SPH_EPROOF, "the wrapped key does not hold");
    return sph_ok();
}

sph_rc sph_key_wrap(const sph_secret *kek, const sph_secret *key, sph_buf *out, sph_err *err)
{
    const sph_slice plain = sph_secret_peek(key);
    if (plain.len < WRAP_KEY_MIN || plain.len > WRAP_KEY_MAX || plain.len % WRAP_BLOCK != 0)
        return sph_fail(err, SPH_EARG, "a key of %zu octets cannot be wrapped", plain.len);
    uint8_t wrapped[WRAP_KEY_MAX + WRAP_BLOCK];
    const size_t len = plain.len + WRAP_BLOCK;
    SPH_TRY(wrap_pass(kek, true, plain, wrapped, len, err), err, "wrapping");
    return sph_buf_add(out, sph_slice_of(wrapped, len), err);
}

sph_rc sph_key_unwrap(const sph_secret *kek, sph_slice wrapped, sph_secret **out, sph_err *err)
{
    if (wrapped.len < WRAP_KEY_MIN + WRAP_BLOCK || wrapped.len > WRAP_KEY_MAX + WRAP_BLOCK ||
        wrapped.len % WRAP_BLOCK != 0)
        return sph_fail(err, SPH_EPROOF, "a wrapped key of %zu octets", wrapped.len);
    uint8_t plain[WRAP_KEY_MAX + WRAP_BLOCK];
    const size_t len = wrapped.len - WRAP_BLOCK;
    sph_rc rc = wrap_pass(kek, false, wrapped, plain, len, err);
    if (rc.code == SPH_OK)
        rc = sph_secret_from(sph_slice_of(plain, len), out, err);
    sph_wipe(plain, wrapped.len);
    return rc;
}
