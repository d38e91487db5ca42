#include "crypto/aead.h"

#include "crypto/fetched.h"
#include "crypto/openssl_own.h"

enum { CHUNK_MAX = 1 << 30 }; /* OpenSSL counts in int */

enum state { SEALING, OPENING, FINISHED };

struct sph_aead {
    EVP_CIPHER_CTX *ctx;
    enum state state;
};

void sph_aead_free(sph_aead **aead)
{
    if (!aead || !*aead)
        return;
    EVP_CIPHER_CTX_free((*aead)->ctx); /* wipes the round keys */
    sph_mem_free(*aead);
    *aead = NULL;
}

/* Pass octets through; `to` NULL means they are additional data. */
static bool pass(EVP_CIPHER_CTX *ctx, sph_slice in, uint8_t *to)
{
    for (size_t at = 0; at < in.len;) {
        const size_t left = in.len - at;
        const int step = left > CHUNK_MAX ? CHUNK_MAX : (int)left;
        int got = 0;
        if (EVP_CipherUpdate(ctx, to ? to + at : NULL, &got, in.at + at, step) != 1 || got != step)
            return false;
        at += (size_t)step;
    }
    return true;
}

static sph_rc start(const sph_secret *key, sph_slice iv, sph_slice aad, enum state state,
                    sph_aead **out, sph_err *err)
{
    const struct sph_fetched *fetched = NULL;
    enum sph_aes size = SPH_AES_128;
    if (iv.len != SPH_AEAD_IV)
        return sph_fail(err, SPH_EARG, "an IV of %zu octets", iv.len);
    SPH_TRY(sph_crypto_fetched(&fetched, err), err, "AES-GCM");
    SPH_TRY(sph_aes_of(sph_secret_len(key), &size, err), err, "AES-GCM key");
    SPH_AUTO_PTR(sph_aead) *aead = sph_mem_new(1, sizeof(*aead));
    if (!aead)
        return sph_fail(err, SPH_ENOMEM, "no memory for a cipher");
    aead->state = state;
    aead->ctx = EVP_CIPHER_CTX_new();
    if (!aead->ctx)
        return sph_fail(err, SPH_ENOMEM, "no memory for a cipher");
    if (EVP_CipherInit_ex2(aead->ctx, fetched->gcm[size], sph_secret_peek(key).at, iv.at,
                           state == SEALING, NULL) != 1 ||
        !pass(aead->ctx, aad, NULL))
        return sph_openssl_fail(err, SPH_EIO, "starting AES-GCM");
    *out = sph_move(aead);
    return sph_ok();
}

sph_rc sph_aead_seal_start(const sph_secret *key, sph_slice iv, sph_slice aad, sph_aead **out,
                           sph_err *err)
{
    return start(key, iv, aad, SEALING, out, err);
}

sph_rc sph_aead_open_start(const sph_secret *key, sph_slice iv, sph_slice aad, sph_aead **out,
                           sph_err *err)
{
    return start(key, iv, aad, OPENING, out, err);
}

sph_rc sph_aead_update(sph_aead *aead, sph_slice in, uint8_t *to, sph_err *err)
{
    if (aead->state == FINISHED)
        return sph_fail(err, SPH_EARG, "the AES-GCM stream is finished");
    if (!pass(aead->ctx, in, to))
        return sph_openssl_fail(err, SPH_EIO, "AES-GCM");
    return sph_ok();
}

sph_rc sph_aead_seal_finish(sph_aead *aead, uint8_t tag[SPH_AEAD_TAG], sph_err *err)
{
    if (aead->state != SEALING)
        return sph_fail(err, SPH_EARG, "not a sealing AES-GCM stream");
    aead->state = FINISHED;
    uint8_t rest[16];
    int got = 0;
    if (EVP_CipherFinal_ex(aead->ctx, rest, &got) != 1 ||
        EVP_CIPHER_CTX_ctrl(aead->ctx, EVP_CTRL_AEAD_GET_TAG, SPH_AEAD_TAG, tag) != 1)
        return sph_openssl_fail(err, SPH_EIO, "finishing AES-GCM");
    return sph_ok();
}

sph_rc sph_aead_open_finish(sph_aead *aead, const uint8_t tag[SPH_AEAD_TAG], sph_err *err)
{
    if (aead->state != OPENING)
        return sph_fail(err, SPH_EARG, "not an opening AES-GCM stream");
    aead->state = FINISHED;
    uint8_t expected[SPH_AEAD_TAG], rest[16];
    int got = 0;
    SPH_TRY(sph_bytes_copy(expected, sizeof(expected), sph_slice_of(tag, SPH_AEAD_TAG), err), err,
            "tag");
    if (EVP_CIPHER_CTX_ctrl(aead->ctx, EVP_CTRL_AEAD_SET_TAG, SPH_AEAD_TAG, expected) != 1 ||
        EVP_CipherFinal_ex(aead->ctx, rest, &got) != 1)
        return sph_openssl_fail(err, SPH_EPROOF, "the AES-GCM tag does not hold");
    return sph_ok();
}

sph_rc sph_aead_seal(const sph_secret *key, sph_slice iv, sph_slice aad, sph_slice plain,
                     sph_buf *out, sph_err *err)
{
    SPH_AUTO_PTR(sph_aead) *aead = NULL;
    SPH_TRY(sph_aead_seal_start(key, iv, aad, &aead, err), err, "sealing");
    size_t room = 0;
    if (__builtin_add_overflow(plain.len, (size_t)SPH_AEAD_TAG, &room))
        return sph_fail(err, SPH_ELIMIT, "%zu octets to seal", plain.len);
    const size_t before = out->len;
    uint8_t *to = NULL;
    SPH_TRY(sph_buf_grow(out, room, &to, err), err, "room for the sealed octets");
    sph_rc rc = sph_aead_update(aead, plain, to, err);
    if (rc.code == SPH_OK)
        rc = sph_aead_seal_finish(aead, to + plain.len, err);
    if (rc.code != SPH_OK)
        out->len = before;
    return rc;
}

sph_rc sph_aead_open(const sph_secret *key, sph_slice iv, sph_slice aad, sph_slice sealed,
                     sph_buf *out, sph_err *err)
{
    if (sealed.len < SPH_AEAD_TAG)
        return sph_fail(err, SPH_EPROOF, "%zu sealed octets hold no tag", sealed.len);
    const size_t len = sealed.len - SPH_AEAD_TAG;
    SPH_AUTO_PTR(sph_aead) *aead = NULL;
    SPH_TRY(sph_aead_open_start(key, iv, aad, &aead, err), err, "opening");
    const size_t before = out->len;
    uint8_t *to = NULL;
    SPH_TRY(sph_buf_grow(out, len, &to, err), err, "room for the opened octets");
    sph_rc rc = sph_aead_update(aead, sph_slice_sub(sealed, 0, len), to, err);
    if (rc.code == SPH_OK)
        rc = sph_aead_open_finish(aead, sealed.at + len, err);
    if (rc.code != SPH_OK) {
        sph_wipe(to, len); /* unauthenticated plaintext is not left lying about */
        out->len = before;
    }
    return rc;
}
