/** Certificates that no Saphan node issues, for the checks that must refuse them. */
#pragma once

#include "crypto/cert_impl.h"
#include "kit.h"

struct bad_cert {
    const char *usage, *extended;  /* openssl's words; NULL: no such extension */
    const char *basic;             /* NULL: no basicConstraints */
    const char *extra_oid;         /* a critical extension nobody knows */
    const char *name;              /* subject's common name; NULL: the party */
    const sph_pubkey *key;         /* NULL: the TLS key */
    const sph_key *signer;         /* NULL: the root's */
    const sph_cert *issuer;        /* NULL: the root */
    sph_slice uri[2];              /* SAN URIs in one extension; {NULL,0}: none */
    const char *dns;               /* a DNS SAN beside them */
    const EVP_MD *digest;          /* NULL: SHA-256 */
    int64_t from_ms, until_ms;     /* 0: as our leaves */
    bool second_san, no_authority; /* a second SAN extension; no authority key identifier */
};

#define BAD_CERT_TLS                                                                               \
    .usage = "critical,digitalSignature", .extended = "clientAuth,serverAuth",                     \
    .basic = "critical,CA:FALSE", .uri = {[0] = SPH_LIT("urn:saphan:party:" KIT_PARTY)}

static inline void bad_cert_extension(X509 *to, int nid, const char *value)
{
    if (!value)
        return;
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, NULL, nid, value);
    assert_non_null(extension);
    assert_int_equal(X509_add_ext(to, extension, -1), 1);
    X509_EXTENSION_free(extension);
}

static inline void bad_cert_add_name(GENERAL_NAMES *names, int type, sph_slice text)
{
    GENERAL_NAME *name = GENERAL_NAME_new();
    ASN1_IA5STRING *string = ASN1_IA5STRING_new();
    assert_int_equal(ASN1_STRING_set(string, text.at, (int)text.len), 1);
    GENERAL_NAME_set0_value(name, type, string);
    assert_true(sk_GENERAL_NAME_push(names, name) > 0);
}

static inline void bad_cert_names(X509 *to, const struct bad_cert *form)
{
    SPH_AUTO_PTR(ossl_general_names) *names = GENERAL_NAMES_new();
    for (size_t i = 0; i < 2; i++)
        if (form->uri[i].at)
            bad_cert_add_name(names, GEN_URI, form->uri[i]);
    if (form->dns)
        bad_cert_add_name(names, GEN_DNS, sph_slice_str(form->dns));
    if (sk_GENERAL_NAME_num(names) == 0)
        return;
    for (int i = 0; i < (form->second_san ? 2 : 1); i++)
        assert_int_equal(X509_add1_ext_i2d(to, NID_subject_alt_name, names, 0, X509V3_ADD_APPEND),
                         1);
}

static inline void bad_cert_unknown(X509 *to, const char *oid)
{
    if (!oid)
        return;
    SPH_AUTO_PTR(ossl_object) *object = OBJ_txt2obj(oid, 1);
    SPH_AUTO_PTR(ossl_octets) *value = ASN1_OCTET_STRING_new();
    assert_int_equal(ASN1_OCTET_STRING_set(value, (const unsigned char *)"\x05\x00", 2), 1);
    X509_EXTENSION *extension = X509_EXTENSION_create_by_OBJ(NULL, object, 1, value);
    assert_int_equal(X509_add_ext(to, extension, -1), 1);
    X509_EXTENSION_free(extension);
}

static inline void bad_cert_head(X509 *to, const struct kit_ca *ca, const struct bad_cert *form)
{
    const sph_cert *issuer = form->issuer ? form->issuer : ca->root;
    const sph_pubkey *key = form->key ? form->key : sph_key_peek_public(ca->tls_key);
    const char *name = form->name ? form->name : KIT_PARTY;
    SPH_AUTO_PTR(ossl_time) *from = sph_asn1_time_new(form->from_ms ? form->from_ms : KIT_NOW);
    SPH_AUTO_PTR(ossl_time) *until =
        sph_asn1_time_new(form->until_ms ? form->until_ms : KIT_NOW + SPH_DAY_MS);
    assert_int_equal(X509_set_version(to, X509_VERSION_3), 1);
    assert_int_equal(ASN1_INTEGER_set_int64(X509_get_serialNumber(to), 4711), 1);
    assert_int_equal(X509_set1_notBefore(to, from) & X509_set1_notAfter(to, until), 1);
    assert_int_equal(X509_set_pubkey(to, key->pkey), 1);
    assert_int_equal(X509_set_issuer_name(to, X509_get_subject_name(issuer->x509)), 1);
    assert_int_equal(X509_NAME_add_entry_by_txt(X509_get_subject_name(to), "CN", MBSTRING_UTF8,
                                                (const unsigned char *)name, -1, -1, 0),
                     1);
}

/** The certificate of this form; the test fails when it cannot be made. */
static inline sph_cert *bad_cert_new(const struct kit_ca *ca, struct bad_cert form)
{
    sph_err err = {0};
    sph_cert *out = NULL;
    const sph_cert *issuer = form.issuer ? form.issuer : ca->root;
    const sph_key *signer = form.signer ? form.signer : ca->root_key;
    SPH_AUTO_PTR(ossl_x509) *x509 = X509_new();
    SPH_AUTO_PTR(ossl_authority_id) *authority = NULL;
    bad_cert_head(x509, ca, &form);
    bad_cert_extension(x509, NID_basic_constraints, form.basic);
    bad_cert_extension(x509, NID_key_usage, form.usage);
    bad_cert_extension(x509, NID_ext_key_usage, form.extended);
    bad_cert_names(x509, &form);
    bad_cert_unknown(x509, form.extra_oid);
    assert_ok(sph_ext_add_key_id(x509, &err), &err);
    assert_ok(sph_ext_authority(issuer->x509, &authority, &err), &err);
    if (!form.no_authority)
        assert_int_equal(
            X509_add1_ext_i2d(x509, NID_authority_key_identifier, authority, 0, X509V3_ADD_DEFAULT),
            1);
    assert_true(X509_sign(x509, signer->pkey, form.digest ? form.digest : EVP_sha256()) > 0);
    SPH_AUTO_PTR(ossl_memory) *der = NULL;
    const int len = i2d_X509(x509, &der);
    assert_ok(sph_cert_parse(sph_slice_of(der, (size_t)len), &out, &err), &err);
    return out;
}
