/* Certificates of a foreign product (as4.md D16, 6.5): pinned by key, or signed by the one CA the
 * operator named. Its profile is its own: names, EKU and identifiers are not looked at. */
#include "crypto/cert_impl.h"

#include <openssl/err.h>

enum { CRL_MAX = 1 << 20, SECURITY_LEVEL = 3 /* as4.md D13: RSA below 3072 bits is refused */ };

/* RFC 5280 4.2.1.3: without the extension a key may do everything. */
static sph_rc check_usage(const sph_cert *leaf, enum sph_cert_use use, sph_err *err)
{
    if (leaf->key == NULL)
        return sph_fail(err, SPH_EPROOF, "the certificate's key is of a kind not used here");
    uint32_t wanted = KU_DIGITAL_SIGNATURE;
    if (use == SPH_USE_ENCRYPT)
        wanted = leaf->key->kind == SPH_KEY_RSA3072 ? KU_KEY_ENCIPHERMENT : KU_KEY_AGREEMENT;
    if ((X509_get_extension_flags(leaf->x509) & EXFLAG_INVALID) != 0)
        return sph_fail(err, SPH_EPROOF, "the certificate's extensions are broken");
    if ((X509_get_key_usage(leaf->x509) & wanted) == 0)
        return sph_fail(err, SPH_EPROOF, "key usage does not fit the use");
    return sph_ok();
}

static bool is_pinned(const sph_cert *leaf, const sph_cert *const *pinned, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (sph_slice_equal(sph_slice_hash(&leaf->spki_sha256),
                            sph_slice_hash(&pinned[i]->spki_sha256)))
            return true;
    return false;
}

/* A CRL counts only when the CA itself signed it and it is in its time. */
static sph_rc check_crl(const sph_cert *leaf, const sph_cert *ca, int64_t at_ms, sph_slice der,
                        sph_err *err)
{
    if (der.len == 0)
        return sph_ok();
    if (der.len > CRL_MAX)
        return sph_fail(err, SPH_EPROOF, "a CRL of %zu octets", der.len);
    const uint8_t *at = der.at;
    SPH_AUTO_PTR(ossl_crl) *crl = d2i_X509_CRL(NULL, &at, (long)der.len);
    if (crl == NULL || at != der.at + der.len ||
        X509_CRL_verify(crl, X509_get0_pubkey(ca->x509)) != 1)
        return sph_openssl_fail(err, SPH_EPROOF, "the CRL is not one of this CA");
    int64_t from_ms = 0, until_ms = 0;
    SPH_TRY(sph_asn1_time_ms(X509_CRL_get0_lastUpdate(crl), &from_ms, err), err, "CRL");
    SPH_TRY(sph_asn1_time_ms(X509_CRL_get0_nextUpdate(crl), &until_ms, err), err, "CRL");
    if (at_ms < from_ms || at_ms >= until_ms)
        return sph_fail(err, SPH_EPROOF, "the CRL is out of its time");
    X509_REVOKED *row = NULL; /* borrowed from the CRL */
    if (X509_CRL_get0_by_cert(crl, &row, leaf->x509) != 0)
        return sph_fail(err, SPH_EPROOF, "the certificate is revoked");
    return sph_ok();
}

static sph_rc check_path(const sph_cert *leaf, const sph_cert *ca, int64_t at_ms, sph_err *err)
{
    SPH_AUTO_PTR(ossl_store) *store = X509_STORE_new();
    SPH_AUTO_PTR(ossl_store_ctx) *ctx = X509_STORE_CTX_new();
    if (store == NULL || ctx == NULL || X509_STORE_add_cert(store, ca->x509) != 1 ||
        X509_STORE_CTX_init(ctx, store, leaf->x509, NULL) != 1)
        return sph_openssl_fail(err, SPH_ENOMEM, "path check");
    X509_VERIFY_PARAM *param = X509_STORE_CTX_get0_param(ctx);
    X509_VERIFY_PARAM_set_time(param, (time_t)(at_ms / 1000));
    X509_VERIFY_PARAM_set_depth(param, 0); /* no intermediate: the operator names the issuer */
    X509_VERIFY_PARAM_set_auth_level(param, SECURITY_LEVEL);
    if (X509_VERIFY_PARAM_set_flags(param, X509_V_FLAG_PARTIAL_CHAIN) != 1)
        return sph_openssl_fail(err, SPH_ENOMEM, "path check");
    const int verdict = X509_verify_cert(ctx);
    const int why = X509_STORE_CTX_get_error(ctx);
    const bool is_itself = X509_cmp(leaf->x509, ca->x509) == 0;
    ERR_clear_error();
    if (verdict != 1)
        return sph_fail(err, SPH_EPROOF, "path: %s", X509_verify_cert_error_string(why));
    return is_itself ? sph_fail(err, SPH_EPROOF, "the CA itself is no party's certificate")
                     : sph_ok();
}

sph_rc sph_cert_check_foreign(const sph_cert *leaf, const sph_cert *const *pinned, size_t count,
                              const sph_cert *ca, enum sph_cert_use use, int64_t at_ms,
                              sph_slice crl, sph_err *err)
{
    SPH_TRY(check_usage(leaf, use, err), err, "foreign certificate");
    /* As for our own leaves, notAfter itself has ended (cert_check.c). */
    if (at_ms < leaf->not_before_ms || at_ms >= leaf->not_after_ms)
        return sph_fail(err, SPH_EPROOF, "the certificate is out of its time");
    if (is_pinned(leaf, pinned, count))
        return sph_ok();
    if (ca == NULL)
        return sph_fail(err, SPH_EPROOF, "the certificate's key is not pinned");
    SPH_TRY(check_path(leaf, ca, at_ms, err), err, "foreign certificate");
    return check_crl(leaf, ca, at_ms, crl, err);
}

sph_rc sph_cert_sha1(const sph_cert *cert, uint8_t out[SPH_CERT_SHA1], sph_err *err)
{
    unsigned len = 0;
    uint8_t digest[EVP_MAX_MD_SIZE];
    if (X509_digest(cert->x509, EVP_sha1(), digest, &len) != 1)
        return sph_openssl_fail(err, SPH_EIO, "thumbprint");
    return sph_bytes_copy(out, SPH_CERT_SHA1, sph_slice_of(digest, len), err);
}
