/* Signing and verifying. */
#include "crypto/key_impl.h"

#include <openssl/err.h>

/* Ed25519 hashes by itself and takes no digest name. */
static const char *digest_name(enum sph_key_kind kind)
{
    return kind == SPH_KEY_ED25519 ? NULL : "SHA2-256";
}

static const uint8_t *octets_or_empty(sph_slice bytes)
{
    static const uint8_t empty[1] = {0};
    return bytes.at ? bytes.at : empty;
}

static sph_rc check_signs(enum sph_key_kind kind, sph_err *err)
{
    if (kind == SPH_KEY_X25519)
        return sph_fail(err, SPH_EARG, "an X25519 key signs nothing");
    return sph_ok();
}

static sph_rc sign(const sph_key *key, sph_slice message, uint8_t to[SPH_RSA_MAX], size_t *len,
                   sph_err *err)
{
    SPH_AUTO_PTR(ossl_md_ctx) *ctx = EVP_MD_CTX_new();
    if (!ctx)
        return sph_fail(err, SPH_ENOMEM, "no memory for a signature");
    *len = SPH_RSA_MAX;
    if (EVP_DigestSignInit_ex(ctx, NULL, digest_name(key->public->kind), NULL, NULL, key->pkey,
                              NULL) != 1 ||
        EVP_DigestSign(ctx, to, len, octets_or_empty(message), message.len) != 1)
        return sph_openssl_fail(err, SPH_EIO, "signing");
    return sph_ok();
}

sph_rc sph_key_sign(const sph_key *key, sph_slice message, sph_buf *out, sph_err *err)
{
    uint8_t signature[SPH_RSA_MAX], raw[SPH_P256_RAW];
    size_t len = 0;
    SPH_TRY(check_signs(key->public->kind, err), err, "signing");
    SPH_TRY(sign(key, message, signature, &len, err), err, "signing");
    if (key->public->kind != SPH_KEY_P256)
        return sph_buf_add(out, sph_slice_of(signature, len), err);
    SPH_TRY(sph_ecdsa_raw_of_der(sph_slice_of(signature, len), raw, err), err, "signing");
    return sph_buf_add(out, sph_slice_of(raw, sizeof(raw)), err);
}

sph_rc sph_key_sign_der(const sph_key *key, sph_slice message, sph_buf *out, sph_err *err)
{
    uint8_t signature[SPH_RSA_MAX];
    size_t len = 0;
    if (key->public->kind != SPH_KEY_P256)
        return sph_fail(err, SPH_EARG, "only P-256 signatures have a DER form");
    SPH_TRY(sign(key, message, signature, &len, err), err, "signing");
    return sph_buf_add(out, sph_slice_of(signature, len), err);
}

static sph_rc verify(const sph_pubkey *key, sph_slice message, sph_slice signature, sph_err *err)
{
    SPH_AUTO_PTR(ossl_md_ctx) *ctx = EVP_MD_CTX_new();
    if (!ctx || EVP_DigestVerifyInit_ex(ctx, NULL, digest_name(key->kind), NULL, NULL, key->pkey,
                                        NULL) != 1)
        return sph_openssl_fail(err, SPH_ENOMEM, "verifying");
    if (EVP_DigestVerify(ctx, signature.at, signature.len, octets_or_empty(message), message.len) !=
        1)
        return sph_openssl_fail(err, SPH_EPROOF, "the signature does not hold");
    return sph_ok();
}

static sph_rc check_form(const sph_pubkey *key, sph_slice signature, sph_err *err)
{
    if (key->kind == SPH_KEY_ED25519 &&
        (signature.len != 64 || !sph_ed25519_scalar_canonical(signature.at + SPH_RAW_KEY)))
        return sph_fail(err, SPH_EPROOF, "not 64 octets with a canonical S");
    if (key->kind == SPH_KEY_RSA3072 && signature.len != (size_t)EVP_PKEY_get_size(key->pkey))
        return sph_fail(err, SPH_EPROOF, "an RSA signature of %zu octets", signature.len);
    return sph_ok();
}

sph_rc sph_pubkey_verify(const sph_pubkey *key, sph_slice message, sph_slice signature,
                         sph_err *err)
{
    uint8_t der[SPH_P256_DER_MAX];
    size_t len = 0;
    SPH_TRY(check_signs(key->kind, err), err, "verifying");
    SPH_TRY(check_form(key, signature, err), err, "verifying");
    if (key->kind != SPH_KEY_P256)
        return verify(key, message, signature, err);
    SPH_TRY(sph_ecdsa_der_of_raw(signature, der, &len, err), err, "verifying");
    return verify(key, message, sph_slice_of(der, len), err);
}

sph_rc sph_pubkey_verify_der(const sph_pubkey *key, sph_slice message, sph_slice signature,
                             sph_err *err)
{
    uint8_t raw[SPH_P256_RAW];
    if (key->kind != SPH_KEY_P256)
        return sph_fail(err, SPH_EARG, "only P-256 signatures have a DER form");
    SPH_TRY(sph_ecdsa_raw_of_der(signature, raw, err), err, "verifying");
    return verify(key, message, signature, err);
}
