/* Public keys: one canonical encoding each, nothing else is taken. */
#include "crypto/key_impl.h"

#include <openssl/core_names.h>

enum { RSA_BITS_MIN = 3072, RSA_BITS_MAX = 4096, RSA_EXPONENT_BITS = 32 };

/* The first octets of a SubjectPublicKeyInfo fix algorithm, curve by name, and length
 * (RFC 8410 section 4; RFC 5480 section 2.1.1: explicit curve parameters begin otherwise). */
struct spki_form {
    enum sph_key_kind kind;
    uint8_t prefix[27];
    size_t prefix_len, len;
};
static const struct spki_form forms[] = {
    {SPH_KEY_ED25519,
     {0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00},
     12,
     12 + SPH_RAW_KEY},
    {SPH_KEY_X25519,
     {0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x6e, 0x03, 0x21, 0x00},
     12,
     12 + SPH_RAW_KEY},
    {SPH_KEY_P256,
     {0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06,
      0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00, 0x04},
     27,
     91},
};

static const struct spki_form *form_of(sph_slice spki)
{
    for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++)
        if (spki.len == forms[i].len &&
            sph_slice_starts(spki, sph_slice_of(forms[i].prefix, forms[i].prefix_len)))
            return &forms[i];
    return NULL;
}

static sph_rc check_rsa(EVP_PKEY *pkey, sph_err *err)
{
    const int bits = EVP_PKEY_get_bits(pkey);
    if (bits < RSA_BITS_MIN || bits > RSA_BITS_MAX || bits % 8 != 0)
        return sph_fail(err, SPH_EUNSUPPORTED, "an RSA key of %d bits", bits);
    SPH_AUTO_PTR(ossl_bn) *exponent = NULL;
    if (EVP_PKEY_get_bn_param(pkey, OSSL_PKEY_PARAM_RSA_E, &exponent) != 1)
        return sph_openssl_fail(err, SPH_EPARSE, "the RSA exponent");
    /* FIPS 186-5 5.1: odd and above 2^16; a long exponent makes verifying slow on purpose. */
    if (!BN_is_odd(exponent) || BN_num_bits(exponent) <= 16 ||
        BN_num_bits(exponent) > RSA_EXPONENT_BITS)
        return sph_fail(err, SPH_EUNSUPPORTED, "an RSA exponent of %d bits", BN_num_bits(exponent));
    return sph_ok();
}

static sph_rc kind_of(EVP_PKEY *pkey, sph_slice spki, enum sph_key_kind *out, sph_err *err)
{
    const struct spki_form *form = form_of(spki);
    if (form) {
        if (form->kind == SPH_KEY_ED25519 && !sph_ed25519_point_usable(spki.at + form->prefix_len))
            return sph_fail(err, SPH_EREFUSED, "a small-order or non-canonical Ed25519 key");
        *out = form->kind;
        return sph_ok();
    }
    if (EVP_PKEY_get_base_id(pkey) != EVP_PKEY_RSA)
        return sph_fail(err, SPH_EUNSUPPORTED, "a kind of public key that is not used here");
    SPH_TRY(check_rsa(pkey, err), err, "RSA key");
    *out = SPH_KEY_RSA3072;
    return sph_ok();
}

sph_rc sph_pubkey_from_pkey(EVP_PKEY *pkey, sph_slice spki, sph_pubkey **out, sph_err *err)
{
    enum sph_key_kind kind = SPH_KEY_ED25519;
    SPH_TRY(kind_of(pkey, spki, &kind, err), err, "public key");
    sph_pubkey *key = sph_mem_new(1, sizeof(*key));
    if (!key || EVP_PKEY_up_ref(pkey) != 1) {
        sph_mem_free(key);
        return sph_fail(err, SPH_ENOMEM, "no memory for a public key");
    }
    key->kind = kind;
    key->pkey = pkey;
    *out = key;
    return sph_ok();
}

static sph_rc check_canonical(EVP_PKEY *pkey, sph_slice der, sph_err *err)
{
    SPH_AUTO_PTR(ossl_memory) *again = NULL;
    const int len = i2d_PUBKEY(pkey, &again);
    if (len <= 0 || !sph_slice_equal(der, sph_slice_of(again, (size_t)len)))
        return sph_openssl_fail(err, SPH_EPARSE, "the public key is not in canonical DER");
    return sph_ok();
}

sph_rc sph_pubkey_from_spki(sph_slice der, sph_pubkey **out, sph_err *err)
{
    if (der.len == 0 || der.len > SPH_SPKI_MAX)
        return sph_fail(err, SPH_EPARSE, "a public key of %zu octets", der.len);
    const struct spki_form *form = form_of(der);
    if (form && form->kind != SPH_KEY_P256)
        return sph_pubkey_from_raw(form->kind, sph_slice_sub(der, form->prefix_len, SPH_RAW_KEY),
                                   out, err);
    const uint8_t *at = der.at;
    SPH_AUTO_PTR(ossl_pkey) *pkey = d2i_PUBKEY(NULL, &at, (long)der.len);
    if (!pkey || at != der.at + der.len)
        return sph_openssl_fail(err, SPH_EPARSE, "the public key is not DER");
    SPH_TRY(check_canonical(pkey, der, err), err, "public key");
    return sph_pubkey_from_pkey(pkey, der, out, err);
}

/* The SubjectPublicKeyInfo ends with the point, whose first octet, 04, is part of the prefix. */
static sph_rc from_point(sph_slice point, sph_pubkey **out, sph_err *err)
{
    SPH_AUTO(sph_buf) spki = sph_buf_init(128);
    for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++)
        if (forms[i].kind == SPH_KEY_P256)
            SPH_TRY(sph_buf_add(&spki, sph_slice_of(forms[i].prefix, forms[i].prefix_len - 1), err),
                    err, "public key");
    if (point.len != SPH_P256_POINT || point.at[0] != 0x04)
        return sph_fail(err, SPH_EPARSE, "not an uncompressed point");
    SPH_TRY(sph_buf_add(&spki, point, err), err, "public key");
    return sph_pubkey_from_spki(sph_buf_peek(&spki), out, err);
}

sph_rc sph_pubkey_from_raw(enum sph_key_kind kind, sph_slice raw, sph_pubkey **out, sph_err *err)
{
    if (kind == SPH_KEY_P256)
        return from_point(raw, out, err);
    if (kind != SPH_KEY_ED25519 && kind != SPH_KEY_X25519)
        return sph_fail(err, SPH_EARG, "an RSA key has no raw form");
    if (raw.len != SPH_RAW_KEY)
        return sph_fail(err, SPH_EPARSE, "a raw key of %zu octets", raw.len);
    if (kind == SPH_KEY_ED25519 && !sph_ed25519_point_usable(raw.at))
        return sph_fail(err, SPH_EREFUSED, "a small-order or non-canonical Ed25519 key");
    SPH_AUTO_PTR(sph_pubkey) *key = sph_mem_new(1, sizeof(*key));
    if (!key)
        return sph_fail(err, SPH_ENOMEM, "no memory for a public key");
    const int id = kind == SPH_KEY_ED25519 ? EVP_PKEY_ED25519 : EVP_PKEY_X25519;
    key->kind = kind;
    key->pkey = EVP_PKEY_new_raw_public_key(id, NULL, raw.at, raw.len);
    if (!key->pkey)
        return sph_openssl_fail(err, SPH_ENOMEM, "public key");
    *out = sph_move(key);
    return sph_ok();
}

static sph_rc add_point(const sph_pubkey *key, sph_buf *out, sph_err *err)
{
    SPH_AUTO(sph_buf) spki = sph_buf_init(SPH_SPKI_MAX);
    SPH_TRY(sph_pubkey_spki(key, &spki, err), err, "public key");
    return sph_buf_add(out, sph_slice_sub(sph_buf_peek(&spki), spki.len - SPH_P256_POINT, SIZE_MAX),
                       err);
}

sph_rc sph_pubkey_raw(const sph_pubkey *key, sph_buf *out, sph_err *err)
{
    uint8_t raw[SPH_RAW_KEY];
    size_t len = sizeof(raw);
    if (key->kind == SPH_KEY_P256)
        return add_point(key, out, err);
    if (key->kind != SPH_KEY_ED25519 && key->kind != SPH_KEY_X25519)
        return sph_fail(err, SPH_EARG, "an RSA key has no raw form");
    if (EVP_PKEY_get_raw_public_key(key->pkey, raw, &len) != 1)
        return sph_openssl_fail(err, SPH_EIO, "raw public key");
    return sph_buf_add(out, sph_slice_of(raw, len), err);
}

/* The one form of a raw key, without OpenSSL's encoders, which take as long as an agreement. */
static sph_rc add_raw_spki(const sph_pubkey *key, sph_buf *out, sph_err *err)
{
    for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++)
        if (forms[i].kind == key->kind)
            SPH_TRY(sph_buf_add(out, sph_slice_of(forms[i].prefix, forms[i].prefix_len), err), err,
                    "public key");
    return sph_pubkey_raw(key, out, err);
}

sph_rc sph_pubkey_spki(const sph_pubkey *key, sph_buf *out, sph_err *err)
{
    if (key->kind == SPH_KEY_ED25519 || key->kind == SPH_KEY_X25519)
        return add_raw_spki(key, out, err);
    SPH_AUTO_PTR(ossl_memory) *der = NULL;
    const int len = i2d_PUBKEY(key->pkey, &der);
    if (len <= 0)
        return sph_openssl_fail(err, SPH_ENOMEM, "writing a public key");
    return sph_buf_add(out, sph_slice_of(der, (size_t)len), err);
}

enum sph_key_kind sph_pubkey_kind_of(const sph_pubkey *key)
{
    return key->kind;
}

void sph_pubkey_free(sph_pubkey **key)
{
    if (!key || !*key)
        return;
    EVP_PKEY_free((*key)->pkey);
    sph_mem_free(*key);
    *key = NULL;
}
