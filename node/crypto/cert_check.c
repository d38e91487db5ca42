/* Judging a partner's certificate (architecture.md, "Trust"; as4.md 6.5; security.md 2.1). */
#include "crypto/cert_impl.h"

#include <openssl/err.h>

enum { CRL_MAX = 1 << 20, CHAIN = 2, SECURITY_LEVEL = 3 /* 128 bits: P-256, RSA-3072, SHA-256 */ };

static bool has_extension(const sph_cert *cert, int nid)
{
    return X509_get_ext_by_NID(cert->x509, nid, -1) >= 0;
}

/* Exactly clientAuth and serverAuth: anyExtendedKeyUsage or a third purpose is another profile. */
static bool is_tls_usage(const sph_cert *cert)
{
    SPH_AUTO_PTR(ossl_ext_usage) *usage =
        X509_get_ext_d2i(cert->x509, NID_ext_key_usage, NULL, NULL);
    ERR_clear_error();
    return usage && sk_ASN1_OBJECT_num(usage) == 2 &&
           X509_get_extended_key_usage(cert->x509) == (XKU_SSL_CLIENT | XKU_SSL_SERVER);
}

static sph_rc check_use(const sph_cert *leaf, enum sph_cert_use use, sph_err *err)
{
    if (!leaf->key)
        return sph_fail(err, SPH_EPROOF, "the certificate's key is of a kind not used here");
    const uint32_t flags = X509_get_extension_flags(leaf->x509);
    if ((flags & EXFLAG_INVALID) != 0 || X509_get_version(leaf->x509) != X509_VERSION_3)
        return sph_fail(err, SPH_EPROOF, "the certificate's extensions are broken");
    /* The flag, not X509_check_ca, which answers "no CA" for CA:TRUE without keyCertSign. */
    if (!has_extension(leaf, NID_basic_constraints) || (flags & EXFLAG_CA) != 0)
        return sph_fail(err, SPH_EPROOF, "the certificate is not an end-entity certificate");
    const uint32_t bits = use == SPH_USE_ROOT ? 0 : sph_cert_usage_bits(use, leaf->key->kind);
    if (bits == 0 || X509_get_key_usage(leaf->x509) != bits)
        return sph_fail(err, SPH_EPROOF, "key usage does not fit the use");
    if (use == SPH_USE_TLS && !is_tls_usage(leaf))
        return sph_fail(err, SPH_EPROOF, "extended key usage is not clientAuth and serverAuth");
    if (use != SPH_USE_TLS && has_extension(leaf, NID_ext_key_usage))
        return sph_fail(err, SPH_EPROOF, "extended key usage on a certificate for messages");
    return sph_ok();
}

static sph_rc check_party(const sph_cert *leaf, const char *party, enum sph_cert_use use,
                          sph_err *err)
{
    char held[SPH_PARTY_ROOM];
    if (use != SPH_USE_TLS && sph_cert_name_count(leaf) != 1)
        return sph_fail(err, SPH_EPROOF, "a certificate for messages names its party alone");
    if (sph_cert_party(leaf, held, err).code != SPH_OK)
        return sph_fail(err, SPH_EPROOF, "the subject alternative name is not one party URI");
    if (!sph_slice_is(sph_slice_str(held), party))
        return sph_fail(err, SPH_EPROOF, "the certificate speaks for another party");
    return sph_ok();
}

static sph_rc check_window(const sph_cert *cert, int64_t at_ms, sph_err *err)
{
    if (at_ms < cert->not_before_ms)
        return sph_fail(err, SPH_EPROOF, "the certificate is not valid yet");
    /* OpenSSL counts notAfter itself as ended, one second stricter than RFC 5280 4.1.2.5: so do we.
     */
    if (at_ms >= cert->not_after_ms)
        return sph_fail(err, SPH_EPROOF, "the certificate has expired");
    return sph_ok();
}

static sph_rc crl_parse(sph_slice der, STACK_OF(X509_CRL) * to, struct sph_cert_path *path,
                        sph_err *err)
{
    if (der.len > CRL_MAX)
        return sph_fail(err, SPH_EPROOF, "a CRL of %zu octets", der.len);
    const uint8_t *at = der.at;
    SPH_AUTO_PTR(ossl_crl) *crl = d2i_X509_CRL(NULL, &at, (long)der.len);
    if (!crl || at != der.at + der.len)
        return sph_openssl_fail(err, SPH_EPROOF, "the CRL is not DER");
    if (!X509_CRL_get0_nextUpdate(crl)) /* without an end it could be shown for ever */
        return sph_fail(err, SPH_EPROOF, "the CRL has no next update");
    if (sph_asn1_time_ms(X509_CRL_get0_lastUpdate(crl), &path->from_ms, err).code != SPH_OK ||
        sph_asn1_time_ms(X509_CRL_get0_nextUpdate(crl), &path->until_ms, err).code != SPH_OK)
        return sph_fail(err, SPH_EPROOF, "the CRL's window");
    if (sk_X509_CRL_push(to, crl) != 1)
        return sph_fail(err, SPH_ENOMEM, "no memory for a CRL");
    crl = NULL; /* the stack owns it now */
    return sph_ok();
}

typedef STACK_OF(X509_CRL) crl_stack;
static void crl_stack_free(crl_stack **crls)
{
    sk_X509_CRL_pop_free(*crls, X509_CRL_free);
    *crls = NULL;
}

/* One anchor, no other certificate to build with, explicit time, no purpose: use is judged by us.
 */
static bool prepare(X509_STORE_CTX *ctx, X509_STORE *store, const sph_cert *leaf,
                    const sph_cert *root, int64_t at_ms)
{
    if (X509_STORE_add_cert(store, root->x509) != 1 ||
        X509_STORE_CTX_init(ctx, store, leaf->x509, NULL) != 1)
        return false;
    X509_VERIFY_PARAM *param = X509_STORE_CTX_get0_param(ctx);
    X509_VERIFY_PARAM_set_time(param, (time_t)(at_ms / 1000));
    X509_VERIFY_PARAM_set_depth(param, 0); /* no intermediate */
    X509_VERIFY_PARAM_set_auth_level(param, SECURITY_LEVEL);
    return X509_VERIFY_PARAM_set_flags(param, X509_V_FLAG_X509_STRICT) == 1;
}

static sph_rc run(X509_STORE_CTX *ctx, const sph_cert *root, sph_err *err)
{
    const int verdict = X509_verify_cert(ctx);
    ERR_clear_error();
    if (verdict != 1)
        return sph_fail(err, SPH_EPROOF, "path: %s",
                        X509_verify_cert_error_string(X509_STORE_CTX_get_error(ctx)));
    const STACK_OF(X509) *chain = X509_STORE_CTX_get0_chain(ctx);
    if (sk_X509_num(chain) != CHAIN || X509_cmp(sk_X509_value(chain, 1), root->x509) != 0)
        return sph_fail(err, SPH_EPROOF, "path: not leaf and pinned root");
    return sph_ok();
}

static sph_rc build_path(const sph_cert *leaf, const sph_cert *root, int64_t at_ms, sph_slice crl,
                         struct sph_cert_path *path, sph_err *err)
{
    SPH_AUTO_PTR(crl_stack) *crls = sk_X509_CRL_new_null();
    SPH_AUTO_PTR(ossl_store) *store = X509_STORE_new();
    SPH_AUTO_PTR(ossl_store_ctx) *ctx = X509_STORE_CTX_new();
    if (!crls || !store || !ctx || !prepare(ctx, store, leaf, root, at_ms))
        return sph_openssl_fail(err, SPH_ENOMEM, "path check");
    if (crl.len > 0) {
        SPH_TRY(crl_parse(crl, crls, path, err), err, "CRL");
        X509_STORE_CTX_set0_crls(ctx, crls);
        if (X509_VERIFY_PARAM_set_flags(X509_STORE_CTX_get0_param(ctx), X509_V_FLAG_CRL_CHECK) != 1)
            return sph_openssl_fail(err, SPH_ENOMEM, "path check");
    }
    return run(ctx, root, err);
}

static sph_rc check_path(const sph_cert *leaf, const sph_cert *root, int64_t at_ms, sph_slice crl,
                         sph_err *err)
{
    struct sph_cert_path path = {root->sha256, sph_sha256_of(crl), INT64_MIN, INT64_MAX};
    if (sph_cert_path_is_held(leaf, &path, at_ms))
        return sph_ok();
    SPH_TRY(build_path(leaf, root, at_ms, crl, &path, err), err, "path");
    sph_cert_path_hold(leaf, &path);
    return sph_ok();
}

sph_rc sph_cert_check(const sph_cert *leaf, const sph_cert *root, const char *party,
                      enum sph_cert_use use, int64_t at_ms, sph_slice crl, sph_err *err)
{
    SPH_TRY(check_use(leaf, use, err), err, "certificate use");
    SPH_TRY(check_party(leaf, party, use, err), err, "certificate party");
    SPH_TRY(check_window(leaf, at_ms, err), err, "certificate time");
    SPH_TRY(check_window(root, at_ms, err), err, "root time");
    if (X509_get_signature_nid(leaf->x509) != NID_ecdsa_with_SHA256)
        return sph_fail(err, SPH_EPROOF, "the certificate is not signed by ECDSA with SHA-256");
    return check_path(leaf, root, at_ms, crl, err);
}

static sph_rc check_root_name(const sph_cert *root, const char *party, sph_err *err)
{
    char expected[SPH_ROOT_NAME_ROOM];
    SPH_TRY(sph_root_name(party, &root->spki_sha256, expected, err), err, "root name");
    const X509_NAME *name = X509_get_subject_name(root->x509);
    const X509_NAME_ENTRY *entry = X509_NAME_get_entry(name, 0);
    if (X509_NAME_entry_count(name) != 1 ||
        OBJ_obj2nid(X509_NAME_ENTRY_get_object(entry)) != NID_commonName ||
        !sph_slice_is(sph_asn1_slice(X509_NAME_ENTRY_get_data(entry)), expected))
        return sph_fail(err, SPH_EPROOF, "the root's name is not its party and key");
    return sph_ok();
}

sph_rc sph_cert_check_root(const sph_cert *root, const char *party, int64_t at_ms, sph_err *err)
{
    const uint32_t flags = X509_get_extension_flags(root->x509);
    if (!root->key || root->key->kind != SPH_KEY_P256)
        return sph_fail(err, SPH_EPROOF, "the root's key is no P-256 key");
    if (!sph_party_valid(sph_slice_str(party)))
        return sph_fail(err, SPH_EPROOF, "not a party name");
    if ((flags & EXFLAG_INVALID) != 0 || (flags & EXFLAG_CRITICAL) != 0 ||
        X509_check_ca(root->x509) != 1 || X509_get_pathlen(root->x509) != 0 ||
        X509_get_key_usage(root->x509) != (KU_KEY_CERT_SIGN | KU_CRL_SIGN) ||
        has_extension(root, NID_ext_key_usage) || !has_extension(root, NID_subject_key_identifier))
        return sph_fail(err, SPH_EPROOF, "the root is not of the root profile");
    SPH_TRY(check_window(root, at_ms, err), err, "root time");
    SPH_TRY(check_root_name(root, party, err), err, "root");
    if ((flags & EXFLAG_SS) == 0 || X509_get_signature_nid(root->x509) != NID_ecdsa_with_SHA256 ||
        X509_verify(root->x509, root->key->pkey) != 1)
        return sph_openssl_fail(err, SPH_EPROOF, "the root is not signed by itself");
    return sph_ok();
}
