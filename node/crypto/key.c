#include "crypto/key.h"

#include "crypto/key_impl.h"
#include "crypto/openssl_peek.h"

#include <openssl/err.h>

void sph_key_free(sph_key **key)
{
    if (!key || !*key)
        return;
    sph_key *mine = sph_move(*key);
    if (atomic_fetch_sub_explicit(&mine->refs, 1, memory_order_acq_rel) != 1)
        return;
    EVP_PKEY_free(mine->pkey); /* OpenSSL wipes the private part */
    sph_pubkey_free(&mine->public);
    sph_mem_free(mine);
}

sph_key *sph_key_ref(sph_key *key)
{
    if (key)
        atomic_fetch_add_explicit(&key->refs, 1, memory_order_relaxed);
    return key;
}

enum sph_key_kind sph_key_kind_of(const sph_key *key)
{
    return key->public->kind;
}

const sph_pubkey *sph_key_peek_public(const sph_key *key)
{
    return key->public;
}

EVP_PKEY *sph_key_peek_evp(const sph_key *key)
{
    return key->pkey;
}

/* The public half as an object of its own, so that a private number never hides in a public handle.
 */
static sph_rc public_half(EVP_PKEY *pkey, sph_pubkey **out, sph_err *err)
{
    uint8_t raw[SPH_RAW_KEY];
    size_t len = sizeof(raw);
    const int id = EVP_PKEY_get_base_id(pkey);
    if (id == EVP_PKEY_ED25519 || id == EVP_PKEY_X25519) {
        if (EVP_PKEY_get_raw_public_key(pkey, raw, &len) != 1)
            return sph_openssl_fail(err, SPH_EPARSE, "the public half");
        return sph_pubkey_from_raw(id == EVP_PKEY_ED25519 ? SPH_KEY_ED25519 : SPH_KEY_X25519,
                                   sph_slice_of(raw, len), out, err);
    }
    SPH_AUTO_PTR(ossl_memory) *der = NULL;
    const int der_len = i2d_PUBKEY(pkey, &der);
    if (der_len <= 0)
        return sph_openssl_fail(err, SPH_EPARSE, "the public half");
    return sph_pubkey_from_spki(sph_slice_of(der, (size_t)der_len), out, err);
}

/* Takes *pkey in every case. */
static sph_rc key_take(EVP_PKEY **pkey, sph_key **out, sph_err *err)
{
    SPH_AUTO_PTR(ossl_pkey) *mine = sph_move(*pkey);
    SPH_AUTO_PTR(sph_pubkey) *public = NULL;
    SPH_TRY(public_half(mine, &public, err), err, "key pair");
    sph_key *key = sph_mem_new(1, sizeof(*key));
    if (!key)
        return sph_fail(err, SPH_ENOMEM, "no memory for a key");
    atomic_init(&key->refs, 1);
    key->pkey = sph_move(mine);
    key->public = sph_move(public);
    *out = key;
    return sph_ok();
}

sph_rc sph_key_generate(enum sph_key_kind kind, sph_key **out, sph_err *err)
{
    EVP_PKEY *pkey = NULL;
    switch (kind) {
    case SPH_KEY_ED25519:
        pkey = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
        break;
    case SPH_KEY_X25519:
        pkey = EVP_PKEY_Q_keygen(NULL, NULL, "X25519");
        break;
    case SPH_KEY_P256:
        pkey = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
        break;
    case SPH_KEY_RSA3072:
        pkey = EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)3072);
        break;
    }
    if (!pkey)
        return sph_openssl_fail(err, SPH_EIO, "making a key");
    return key_take(&pkey, out, err);
}

sph_rc sph_key_from_seed(enum sph_key_kind kind, const sph_secret *seed, sph_key **out,
                         sph_err *err)
{
    if (kind != SPH_KEY_ED25519 && kind != SPH_KEY_X25519)
        return sph_fail(err, SPH_EARG, "only Ed25519 and X25519 keys come from a seed");
    const sph_slice octets = sph_secret_peek(seed);
    if (octets.len != SPH_RAW_KEY)
        return sph_fail(err, SPH_EARG, "a seed of %zu octets", octets.len);
    const int id = kind == SPH_KEY_ED25519 ? EVP_PKEY_ED25519 : EVP_PKEY_X25519;
    EVP_PKEY *pkey = EVP_PKEY_new_raw_private_key(id, NULL, octets.at, octets.len);
    if (!pkey)
        return sph_openssl_fail(err, SPH_ENOMEM, "key from a seed");
    return key_take(&pkey, out, err);
}

/* A file whose halves do not belong together would make signatures that nobody can verify. Ed25519
 * and X25519 files hold the private half alone, so theirs always fit. */
static sph_rc check_pair(const sph_key *key, sph_err *err)
{
    if (sph_key_kind_of(key) != SPH_KEY_P256 && sph_key_kind_of(key) != SPH_KEY_RSA3072)
        return sph_ok();
    SPH_AUTO(sph_buf) signature = sph_buf_init(SPH_RSA_MAX);
    const sph_slice probe = SPH_LIT("saphan key pair check");
    SPH_TRY(sph_key_sign(key, probe, &signature, err), err, "key pair check");
    return sph_pubkey_verify(key->public, probe, sph_buf_peek(&signature), err);
}

/* Old PEM headers may ask for a password: OpenSSL would ask the terminal for it. */
static int no_password(char *to, int room, int is_write, void *ctx)
{
    (void)to, (void)room, (void)is_write, (void)ctx;
    return -1;
}

sph_rc sph_key_load_pem(sph_slice pem, sph_key **out, sph_err *err)
{
    enum { KEY_PEM_MAX = 16384 };
    if (pem.len == 0 || pem.len > KEY_PEM_MAX)
        return sph_fail(err, SPH_EPARSE, "a key file of %zu octets", pem.len);
    SPH_AUTO_PTR(ossl_bio) *bio = BIO_new_mem_buf(pem.at, (int)pem.len);
    if (!bio)
        return sph_fail(err, SPH_ENOMEM, "no memory for a key file");
    SPH_AUTO_PTR(ossl_pkcs8) *pkcs8 =
        PEM_read_bio_PKCS8_PRIV_KEY_INFO(bio, NULL, no_password, NULL);
    if (!pkcs8)
        return sph_openssl_fail(err, SPH_EPARSE, "not an unencrypted PKCS#8 key in PEM");
    EVP_PKEY *pkey = EVP_PKCS82PKEY(pkcs8);
    if (!pkey)
        return sph_openssl_fail(err, SPH_EPARSE, "the PKCS#8 key");
    SPH_AUTO_PTR(sph_key) *key = NULL;
    SPH_TRY(key_take(&pkey, &key, err), err, "key file");
    SPH_TRY(check_pair(key, err), err, "key file");
    *out = sph_move(key);
    return sph_ok();
}

sph_rc sph_key_save_pem(const sph_key *key, sph_buf *out, sph_err *err)
{
    SPH_AUTO_PTR(ossl_pkcs8) *pkcs8 = EVP_PKEY2PKCS8(key->pkey);
    SPH_AUTO_PTR(ossl_bio) *bio = BIO_new(BIO_s_secmem());
    if (!pkcs8 || !bio || PEM_write_bio_PKCS8_PRIV_KEY_INFO(bio, pkcs8) != 1)
        return sph_openssl_fail(err, SPH_ENOMEM, "writing a key file");
    char *text = NULL;
    const long len = BIO_get_mem_data(bio, &text);
    return sph_buf_add(out, sph_slice_of(text, (size_t)len), err);
}
