/* Agreeing on a shared secret and RSA-OAEP. */
#include "crypto/key_impl.h"

#include "crypto/fetched.h"

#include <openssl/err.h>
#include <openssl/rsa.h>

static sph_rc derive(EVP_PKEY_CTX *ctx, EVP_PKEY *peer, uint8_t shared[SPH_RAW_KEY], sph_err *err)
{
    size_t len = SPH_RAW_KEY;
    /* The peer's point was validated when its handle was made (sph_pubkey_from_spki). */
    if (EVP_PKEY_derive_init(ctx) != 1 || EVP_PKEY_derive_set_peer_ex(ctx, peer, 0) != 1)
        return sph_openssl_fail(err, SPH_EIO, "key agreement");
    if (EVP_PKEY_derive(ctx, shared, &len) != 1 || len != SPH_RAW_KEY)
        return sph_openssl_fail(err, SPH_EPROOF, "the key agreement gives no secret");
    /* RFC 7748 6.1: a low-order peer gives zero; OpenSSL refuses it too, this does not rely on it.
     */
    uint8_t any = 0;
    for (size_t i = 0; i < SPH_RAW_KEY; i++)
        any |= shared[i];
    if (any == 0)
        return sph_fail(err, SPH_EPROOF, "the shared secret is zero");
    return sph_ok();
}

sph_rc sph_key_agree(const sph_key *key, const sph_pubkey *peer, sph_secret **out, sph_err *err)
{
    const enum sph_key_kind kind = key->public->kind;
    if (kind != peer->kind || (kind != SPH_KEY_X25519 && kind != SPH_KEY_P256))
        return sph_fail(err, SPH_EARG, "these keys do not agree on a secret");
    SPH_AUTO_PTR(ossl_pkey_ctx) *ctx = EVP_PKEY_CTX_new_from_pkey(NULL, key->pkey, NULL);
    if (!ctx)
        return sph_fail(err, SPH_ENOMEM, "no memory for a key agreement");
    uint8_t shared[SPH_RAW_KEY];
    sph_rc rc = derive(ctx, peer->pkey, shared, err);
    if (rc.code == SPH_OK)
        rc = sph_secret_from(sph_slice_of(shared, sizeof(shared)), out, err);
    sph_wipe(shared, sizeof(shared));
    return rc;
}

/* SHA-256 for label hash and MGF1, no label (as4.md 6.1). */
static bool set_oaep(EVP_PKEY_CTX *ctx, const struct sph_fetched *fetched)
{
    return EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_OAEP_PADDING) == 1 &&
           EVP_PKEY_CTX_set_rsa_oaep_md(ctx, fetched->sha256) == 1 &&
           EVP_PKEY_CTX_set_rsa_mgf1_md(ctx, fetched->sha256) == 1;
}

sph_rc sph_pubkey_oaep_seal(const sph_pubkey *key, const sph_secret *content_key, sph_buf *out,
                            sph_err *err)
{
    if (key->kind != SPH_KEY_RSA3072)
        return sph_fail(err, SPH_EARG, "OAEP needs an RSA key");
    const struct sph_fetched *fetched = NULL;
    SPH_TRY(sph_crypto_fetched(&fetched, err), err, "OAEP");
    SPH_AUTO_PTR(ossl_pkey_ctx) *ctx = EVP_PKEY_CTX_new_from_pkey(NULL, key->pkey, NULL);
    uint8_t sealed[SPH_RSA_MAX];
    size_t len = sizeof(sealed);
    const sph_slice plain = sph_secret_peek(content_key);
    if (!ctx || EVP_PKEY_encrypt_init(ctx) != 1 || !set_oaep(ctx, fetched) ||
        EVP_PKEY_encrypt(ctx, sealed, &len, plain.at, plain.len) != 1)
        return sph_openssl_fail(err, SPH_EIO, "sealing by OAEP");
    return sph_buf_add(out, sph_slice_of(sealed, len), err);
}

/* 0xff when the ciphertext opened to exactly `expect` octets, else 0; plain is defined in both
 * cases. */
static uint8_t oaep_decrypt(EVP_PKEY_CTX *ctx, size_t modulus, sph_slice sealed, size_t expect,
                            uint8_t plain[SPH_RSA_MAX])
{
    size_t len = SPH_RSA_MAX;
    if (sealed.len != modulus)
        return 0;
    const int opened = EVP_PKEY_decrypt(ctx, plain, &len, sealed.at, sealed.len);
    ERR_clear_error();
    return (uint8_t)(0U - (unsigned)((opened == 1) & (len == expect)));
}

sph_rc sph_key_oaep_open(const sph_key *key, const sph_random *random, sph_slice sealed,
                         size_t expect, sph_secret **out, sph_err *err)
{
    if (key->public->kind != SPH_KEY_RSA3072)
        return sph_fail(err, SPH_EARG, "OAEP needs an RSA key");
    if (expect == 0 || expect > SPH_RSA_MAX)
        return sph_fail(err, SPH_EARG, "an OAEP content key of %zu octets", expect);
    const struct sph_fetched *fetched = NULL;
    SPH_TRY(sph_crypto_fetched(&fetched, err), err, "OAEP");
    SPH_AUTO_PTR(ossl_pkey_ctx) *ctx = EVP_PKEY_CTX_new_from_pkey(NULL, key->pkey, NULL);
    if (!ctx || EVP_PKEY_decrypt_init(ctx) != 1 || !set_oaep(ctx, fetched))
        return sph_openssl_fail(err, SPH_ENOMEM, "opening by OAEP");
    uint8_t plain[SPH_RSA_MAX] = {0}, chosen[SPH_RSA_MAX];
    /* The substitute is drawn in every case, so that success and failure take the same steps (D12).
     */
    SPH_TRY(random->fill(random->ctx, chosen, expect, err), err, "substitute for a content key");
    const size_t modulus = (size_t)EVP_PKEY_get_size(key->pkey);
    const uint8_t mask = oaep_decrypt(ctx, modulus, sealed, expect, plain);
    for (size_t i = 0; i < expect; i++)
        chosen[i] = (uint8_t)((plain[i] & mask) | (chosen[i] & (uint8_t)~mask));
    const sph_rc rc = sph_secret_from(sph_slice_of(chosen, expect), out, err);
    sph_wipe(plain, sizeof(plain));
    sph_wipe(chosen, sizeof(chosen));
    return rc;
}
