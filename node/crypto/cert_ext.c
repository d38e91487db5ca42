/* The extensions of our profiles (as4.md 6.5; certs/README.md). */
#include "crypto/cert_impl.h"

#include <openssl/err.h>

static sph_rc add(X509 *to, int nid, void *value, bool is_critical, sph_err *err)
{
    if (X509_add1_ext_i2d(to, nid, value, is_critical, X509V3_ADD_DEFAULT) != 1)
        return sph_openssl_fail(err, SPH_ENOMEM, "adding a certificate extension");
    return sph_ok();
}

uint32_t sph_cert_usage_bits(enum sph_cert_use use, enum sph_key_kind kind)
{
    static const struct {
        enum sph_cert_use use;
        enum sph_key_kind kind;
        uint32_t bits;
    } rows[] = {
        {SPH_USE_ROOT, SPH_KEY_P256, KU_KEY_CERT_SIGN | KU_CRL_SIGN},
        {SPH_USE_TLS, SPH_KEY_P256, KU_DIGITAL_SIGNATURE},
        {SPH_USE_SIGN, SPH_KEY_ED25519, KU_DIGITAL_SIGNATURE},
        {SPH_USE_SIGN, SPH_KEY_P256, KU_DIGITAL_SIGNATURE},
        {SPH_USE_SIGN, SPH_KEY_RSA3072, KU_DIGITAL_SIGNATURE},
        {SPH_USE_ENCRYPT, SPH_KEY_X25519, KU_KEY_AGREEMENT},
        {SPH_USE_ENCRYPT, SPH_KEY_P256, KU_KEY_AGREEMENT},
        {SPH_USE_ENCRYPT, SPH_KEY_RSA3072, KU_KEY_ENCIPHERMENT},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        if (rows[i].use == use && rows[i].kind == kind)
            return rows[i].bits;
    return 0;
}

sph_rc sph_ext_add_basic(X509 *to, bool is_ca, sph_err *err)
{
    SPH_AUTO_PTR(ossl_basic) *basic = BASIC_CONSTRAINTS_new();
    if (!basic)
        return sph_fail(err, SPH_ENOMEM, "no memory for an extension");
    basic->ca = is_ca ? 1 : 0;
    if (is_ca) {
        basic->pathlen = ASN1_INTEGER_new();
        if (!basic->pathlen || ASN1_INTEGER_set(basic->pathlen, 0) != 1)
            return sph_fail(err, SPH_ENOMEM, "no memory for an extension");
    }
    return add(to, NID_basic_constraints, basic, true, err);
}

sph_rc sph_ext_add_usage(X509 *to, uint32_t bits, sph_err *err)
{
    /* Bit 0 of the ASN.1 string is the highest of its first octet (RFC 5280 4.2.1.3). */
    SPH_AUTO_PTR(ossl_bits) *usage = ASN1_BIT_STRING_new();
    if (!usage)
        return sph_fail(err, SPH_ENOMEM, "no memory for an extension");
    for (int bit = 0; bit < 8; bit++)
        if ((bits & (0x80U >> bit)) != 0 && ASN1_BIT_STRING_set_bit(usage, bit, 1) != 1)
            return sph_fail(err, SPH_ENOMEM, "no memory for an extension");
    return add(to, NID_key_usage, usage, true, err);
}

sph_rc sph_ext_add_tls(X509 *to, sph_err *err)
{
    SPH_AUTO_PTR(ossl_ext_usage) *usage = EXTENDED_KEY_USAGE_new();
    if (!usage || sk_ASN1_OBJECT_push(usage, OBJ_nid2obj(NID_client_auth)) != 1 ||
        sk_ASN1_OBJECT_push(usage, OBJ_nid2obj(NID_server_auth)) != 2)
        return sph_fail(err, SPH_ENOMEM, "no memory for an extension");
    return add(to, NID_ext_key_usage, usage, false, err);
}

/* value: taken in any case; NULL: there was no memory for it */
static sph_rc add_name(GENERAL_NAMES *names, int type, ASN1_STRING *value, sph_err *err)
{
    SPH_AUTO_PTR(ossl_general_name) *name = GENERAL_NAME_new();
    if (!name || !value) {
        ASN1_STRING_free(value);
        return sph_fail(err, SPH_ENOMEM, "no memory for an extension");
    }
    GENERAL_NAME_set0_value(name, type, value);
    if (sk_GENERAL_NAME_push(names, name) <= 0)
        return sph_fail(err, SPH_ENOMEM, "no memory for an extension");
    name = NULL; /* names owns it now */
    return sph_ok();
}

static sph_rc add_text_name(GENERAL_NAMES *names, int type, const char *text, sph_err *err)
{
    ASN1_IA5STRING *value = ASN1_IA5STRING_new();
    if (value && ASN1_STRING_set(value, text, -1) != 1) {
        ASN1_IA5STRING_free(value);
        value = NULL;
    }
    return add_name(names, type, value, err);
}

static sph_rc add_host(GENERAL_NAMES *names, const char *host, sph_err *err)
{
    ASN1_OCTET_STRING *address = a2i_IPADDRESS(host);
    ERR_clear_error();
    return address ? add_name(names, GEN_IPADD, address, err)
                   : add_text_name(names, GEN_DNS, host, err);
}

sph_rc sph_ext_add_names(X509 *to, const char *party, const char *host, sph_err *err)
{
    char uri[sizeof(SPH_PARTY_URI) + SPH_PARTY_ROOM];
    SPH_TRY(sph_str_format(uri, sizeof(uri), err, SPH_PARTY_URI "%s", party), err, "party");
    SPH_AUTO_PTR(ossl_general_names) *names = GENERAL_NAMES_new();
    if (!names)
        return sph_fail(err, SPH_ENOMEM, "no memory for an extension");
    SPH_TRY(add_text_name(names, GEN_URI, uri, err), err, "party");
    if (host[0])
        SPH_TRY(add_host(names, host, err), err, "host");
    return add(to, NID_subject_alt_name, names, false, err);
}

/* RFC 5280 4.2.1.2 (1), SHA-1 of the key: verifiers of other make that compute the identifier of a
 * key themselves arrive at the same octets. It names the key and secures nothing. */
sph_rc sph_ext_add_key_id(X509 *to, sph_err *err)
{
    uint8_t digest[EVP_MAX_MD_SIZE];
    unsigned len = 0;
    SPH_AUTO_PTR(ossl_octets) *id = ASN1_OCTET_STRING_new();
    if (!id || X509_pubkey_digest(to, EVP_sha1(), digest, &len) != 1 ||
        ASN1_OCTET_STRING_set(id, digest, (int)len) != 1)
        return sph_openssl_fail(err, SPH_ENOMEM, "subject key identifier");
    return add(to, NID_subject_key_identifier, id, false, err);
}

sph_rc sph_ext_authority(const X509 *issuer, AUTHORITY_KEYID **out, sph_err *err)
{
    SPH_AUTO_PTR(ossl_octets) *id =
        X509_get_ext_d2i(issuer, NID_subject_key_identifier, NULL, NULL);
    AUTHORITY_KEYID *authority = id ? AUTHORITY_KEYID_new() : NULL;
    if (!authority)
        return sph_openssl_fail(err, SPH_EREFUSED, "the issuer has no key identifier");
    authority->keyid = sph_move(id);
    *out = authority;
    return sph_ok();
}
