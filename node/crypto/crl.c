/* The party's certificate revocation list: short, whole, signed by the root (RFC 5280 section 5).
 */
#include "crypto/cert_impl.h"

enum { CRL_DAYS = 30, REVOKED_MAX = 4096 };

static sph_rc add_revoked(X509_CRL *crl, const sph_cert *root, const sph_cert *cert,
                          ASN1_TIME *when, sph_err *err)
{
    if (X509_NAME_cmp(X509_get_issuer_name(cert->x509), X509_get_subject_name(root->x509)) != 0)
        return sph_fail(err, SPH_EARG, "a root revokes its own certificates only");
    SPH_AUTO_PTR(ossl_revoked) *entry = X509_REVOKED_new();
    SPH_AUTO_PTR(ossl_integer) *serial = ASN1_INTEGER_dup(X509_get0_serialNumber(cert->x509));
    if (!entry || !serial || X509_REVOKED_set_serialNumber(entry, serial) != 1 ||
        X509_REVOKED_set_revocationDate(entry, when) != 1 || X509_CRL_add0_revoked(crl, entry) != 1)
        return sph_openssl_fail(err, SPH_ENOMEM, "CRL entry");
    entry = NULL; /* the list owns it now */
    return sph_ok();
}

static sph_rc set_head(X509_CRL *crl, const sph_cert *root, int64_t now_ms, sph_err *err)
{
    /* Backdated as the certificates are: a partner's clock may be behind ours. */
    SPH_AUTO_PTR(ossl_time) *from = sph_asn1_time_new(now_ms - SPH_CLOCK_SLACK_MS);
    SPH_AUTO_PTR(ossl_time) *next = sph_asn1_time_new(now_ms + CRL_DAYS * SPH_DAY_MS);
    if (!from || !next || X509_CRL_set_version(crl, X509_CRL_VERSION_2) != 1 ||
        X509_CRL_set_issuer_name(crl, X509_get_subject_name(root->x509)) != 1 ||
        X509_CRL_set1_lastUpdate(crl, from) != 1 || X509_CRL_set1_nextUpdate(crl, next) != 1)
        return sph_openssl_fail(err, SPH_ENOMEM, "CRL head");
    return sph_ok();
}

static sph_rc set_extensions(X509_CRL *crl, const sph_cert *root, int64_t number, sph_err *err)
{
    SPH_AUTO_PTR(ossl_authority_id) *authority = NULL;
    SPH_AUTO_PTR(ossl_integer) *count = ASN1_INTEGER_new();
    SPH_TRY(sph_ext_authority(root->x509, &authority, err), err, "CRL authority key identifier");
    if (!count || ASN1_INTEGER_set_int64(count, number) != 1 ||
        X509_CRL_add1_ext_i2d(crl, NID_authority_key_identifier, authority, 0,
                              X509V3_ADD_DEFAULT) != 1 ||
        X509_CRL_add1_ext_i2d(crl, NID_crl_number, count, 0, X509V3_ADD_DEFAULT) != 1)
        return sph_openssl_fail(err, SPH_ENOMEM, "CRL extensions");
    return sph_ok();
}

sph_rc sph_crl_issue(const sph_key *root_key, const sph_cert *root, const sph_cert *const *revoked,
                     size_t count, int64_t number, int64_t now_ms, sph_buf *out, sph_err *err)
{
    if (number < 0 || count > REVOKED_MAX)
        return sph_fail(err, SPH_EARG, "a CRL of %zu entries with this number", count);
    if (X509_check_private_key(root->x509, root_key->pkey) != 1)
        return sph_openssl_fail(err, SPH_EARG, "the root key is not the root certificate's");
    SPH_AUTO_PTR(ossl_crl) *crl = X509_CRL_new();
    SPH_AUTO_PTR(ossl_time) *when = sph_asn1_time_new(now_ms);
    if (!crl || !when)
        return sph_fail(err, SPH_ENOMEM, "no memory for a CRL");
    SPH_TRY(set_head(crl, root, now_ms, err), err, "CRL");
    for (size_t i = 0; i < count; i++)
        SPH_TRY(add_revoked(crl, root, revoked[i], when, err), err, "CRL entry %zu", i);
    SPH_TRY(set_extensions(crl, root, number, err), err, "CRL");
    if (X509_CRL_sort(crl) != 1 || X509_CRL_sign(crl, root_key->pkey, EVP_sha256()) <= 0)
        return sph_openssl_fail(err, SPH_EIO, "signing a CRL");
    SPH_AUTO_PTR(ossl_memory) *der = NULL;
    const int len = i2d_X509_CRL(crl, &der);
    if (len <= 0)
        return sph_openssl_fail(err, SPH_ENOMEM, "writing a CRL");
    return sph_buf_add(out, sph_slice_of(der, (size_t)len), err);
}

sph_rc sph_crl_signed_ms(sph_slice der, int64_t *out, sph_err *err)
{
    const unsigned char *at = der.at;
    if (der.len > 1048576)
        return sph_fail(err, SPH_ELIMIT, "a CRL of %zu octets", der.len);
    SPH_AUTO_PTR(ossl_crl) *crl = d2i_X509_CRL(NULL, &at, (long)der.len);
    if (!crl || at != der.at + der.len)
        return sph_openssl_fail(err, SPH_EPARSE, "the CRL is not DER");
    return sph_asn1_time_ms(X509_CRL_get0_lastUpdate(crl), out, err);
}
