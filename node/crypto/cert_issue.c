/* Making certificates: the root of a party and the leaves under it. */
#include "crypto/cert_impl.h"

enum { SERIAL_LEN = 16, DAYS_MAX = 36525 };

sph_rc sph_root_name(const char *party, const sph_hash *spki_sha256, char out[SPH_ROOT_NAME_ROOM],
                     sph_err *err)
{
    const uint8_t *at = spki_sha256->at;
    return sph_str_format(out, SPH_ROOT_NAME_ROOM, err, "%s-%02x%02x%02x%02x", party, at[0], at[1],
                          at[2], at[3]);
}

/* Random, positive, always 16 octets long (CA/Browser and RFC 5280 4.1.2.2 ask for at most 20). */
static sph_rc set_serial(X509 *to, const sph_random *random, sph_err *err)
{
    uint8_t octets[SERIAL_LEN];
    SPH_TRY(random->fill(random->ctx, octets, sizeof(octets), err), err, "serial number");
    octets[0] = (uint8_t)((octets[0] & 0x3f) | 0x40);
    SPH_AUTO_PTR(ossl_bn) *number = BN_bin2bn(octets, sizeof(octets), NULL);
    SPH_AUTO_PTR(ossl_integer) *serial = number ? BN_to_ASN1_INTEGER(number, NULL) : NULL;
    if (!serial || X509_set_serialNumber(to, serial) != 1)
        return sph_openssl_fail(err, SPH_ENOMEM, "serial number");
    return sph_ok();
}

static sph_rc set_times(X509 *to, int64_t from_ms, int64_t until_ms, sph_err *err)
{
    SPH_AUTO_PTR(ossl_time) *from = sph_asn1_time_new(from_ms);
    SPH_AUTO_PTR(ossl_time) *until = sph_asn1_time_new(until_ms);
    if (!from || !until || X509_set1_notBefore(to, from) != 1 || X509_set1_notAfter(to, until) != 1)
        return sph_openssl_fail(err, SPH_ENOMEM, "validity");
    return sph_ok();
}

/* One common name. The type is fixed, so OpenSSL's table of lengths does not cut the root's name,
 * which for the longest party has 73 characters where X.520 asks for 64. */
static sph_rc set_subject(X509 *to, const char *common_name, sph_err *err)
{
    SPH_AUTO_PTR(ossl_name) *name = X509_NAME_new();
    if (!name ||
        X509_NAME_add_entry_by_NID(name, NID_commonName, V_ASN1_UTF8STRING,
                                   (const unsigned char *)common_name, -1, -1, 0) != 1 ||
        X509_set_subject_name(to, name) != 1)
        return sph_openssl_fail(err, SPH_ENOMEM, "subject name");
    return sph_ok();
}

/* What root and leaf have in common. */
static sph_rc begin(const sph_pubkey *key, const char *common_name, const sph_random *random,
                    int64_t from_ms, int64_t until_ms, X509 **out, sph_err *err)
{
    SPH_AUTO_PTR(ossl_x509) *x509 = X509_new();
    if (!x509 || X509_set_version(x509, X509_VERSION_3) != 1 ||
        X509_set_pubkey(x509, key->pkey) != 1)
        return sph_openssl_fail(err, SPH_ENOMEM, "certificate");
    SPH_TRY(set_serial(x509, random, err), err, "certificate");
    SPH_TRY(set_times(x509, from_ms, until_ms, err), err, "certificate");
    SPH_TRY(set_subject(x509, common_name, err), err, "certificate");
    *out = sph_move(x509);
    return sph_ok();
}

/* Authority key identifier and signature; then back through the parser, so that what we hand out is
 * what a partner will read. The content is signed with the root's key, never the leaf's own: an
 * X25519 key could not sign a request (as4.md 6.5). */
static sph_rc finish(X509 *x509, const X509 *issuer, const sph_key *root_key, sph_cert **out,
                     sph_err *err)
{
    SPH_AUTO_PTR(ossl_authority_id) *authority = NULL;
    SPH_TRY(sph_ext_authority(issuer, &authority, err), err, "authority key identifier");
    if (X509_add1_ext_i2d(x509, NID_authority_key_identifier, authority, 0, X509V3_ADD_DEFAULT) !=
            1 ||
        X509_set_issuer_name(x509, X509_get_subject_name(issuer)) != 1 ||
        X509_sign(x509, root_key->pkey, EVP_sha256()) <= 0)
        return sph_openssl_fail(err, SPH_EIO, "signing a certificate");
    SPH_AUTO_PTR(ossl_memory) *der = NULL;
    const int len = i2d_X509(x509, &der);
    if (len <= 0)
        return sph_openssl_fail(err, SPH_ENOMEM, "writing a certificate");
    return sph_cert_parse(sph_slice_of(der, (size_t)len), out, err);
}

static sph_rc check_request(const sph_key *root_key, const char *party, unsigned days, sph_err *err)
{
    if (sph_key_kind_of(root_key) != SPH_KEY_P256)
        return sph_fail(err, SPH_EARG, "a root key is a P-256 key");
    if (!sph_party_valid(sph_slice_str(party)))
        return sph_fail(err, SPH_EARG, "not a party name");
    if (days == 0 || days > DAYS_MAX)
        return sph_fail(err, SPH_EARG, "a validity of %u days", days);
    return sph_ok();
}

static sph_rc root_extensions(X509 *x509, sph_err *err)
{
    SPH_TRY(sph_ext_add_basic(x509, true, err), err, "root");
    SPH_TRY(sph_ext_add_usage(x509, KU_KEY_CERT_SIGN | KU_CRL_SIGN, err), err, "root");
    return sph_ext_add_key_id(x509, err);
}

sph_rc sph_cert_issue_root(const sph_key *root_key, const char *party, const sph_random *random,
                           int64_t now_ms, unsigned days, sph_cert **out, sph_err *err)
{
    char name[SPH_ROOT_NAME_ROOM];
    SPH_AUTO(sph_buf) spki = sph_buf_init(SPH_SPKI_MAX);
    SPH_AUTO_PTR(ossl_x509) *x509 = NULL;
    const int64_t from_ms = now_ms - SPH_CLOCK_SLACK_MS;
    SPH_TRY(check_request(root_key, party, days, err), err, "root");
    SPH_TRY(sph_pubkey_spki(sph_key_peek_public(root_key), &spki, err), err, "root key");
    const sph_hash hash = sph_sha256_of(sph_buf_peek(&spki));
    SPH_TRY(sph_root_name(party, &hash, name, err), err, "root name");
    SPH_TRY(begin(sph_key_peek_public(root_key), name, random, from_ms, from_ms + days * SPH_DAY_MS,
                  &x509, err),
            err, "root");
    SPH_TRY(root_extensions(x509, err), err, "root");
    return finish(x509, x509, root_key, out, err);
}

struct leaf_form {
    const char *party, *host; /* host: "" for none */
    enum sph_cert_use use;
    unsigned days;
};

static sph_rc leaf_extensions(X509 *x509, const struct leaf_form *form, uint32_t bits, sph_err *err)
{
    SPH_TRY(sph_ext_add_basic(x509, false, err), err, "leaf");
    SPH_TRY(sph_ext_add_usage(x509, bits, err), err, "leaf");
    if (form->use == SPH_USE_TLS)
        SPH_TRY(sph_ext_add_tls(x509, err), err, "leaf");
    SPH_TRY(sph_ext_add_names(x509, form->party, form->host, err), err, "leaf");
    return sph_ext_add_key_id(x509, err);
}

/* Never beyond the root. */
static sph_rc leaf_times(const sph_cert *root, int64_t now_ms, unsigned days, int64_t *from_ms,
                         int64_t *until_ms, sph_err *err)
{
    *from_ms = now_ms - SPH_CLOCK_SLACK_MS;
    *until_ms = *from_ms + days * SPH_DAY_MS;
    if (*until_ms > root->not_after_ms)
        *until_ms = root->not_after_ms;
    return *until_ms > now_ms ? sph_ok()
                              : sph_fail(err, SPH_EREFUSED, "the root certificate has ended");
}

static sph_rc issue(const sph_key *root_key, const sph_cert *root, const struct leaf_form *form,
                    const sph_pubkey *key, const sph_random *random, int64_t now_ms, sph_cert **out,
                    sph_err *err)
{
    SPH_AUTO_PTR(ossl_x509) *x509 = NULL;
    int64_t from_ms = 0;
    int64_t until_ms = 0;
    SPH_TRY(check_request(root_key, form->party, form->days, err), err, "leaf");
    const uint32_t bits = form->use == SPH_USE_ROOT ? 0 : sph_cert_usage_bits(form->use, key->kind);
    if (bits == 0)
        return sph_fail(err, SPH_EARG, "a key of this kind does not fit this use");
    if (X509_check_private_key(root->x509, root_key->pkey) != 1)
        return sph_openssl_fail(err, SPH_EARG, "the root key is not the root certificate's");
    SPH_TRY(leaf_times(root, now_ms, form->days, &from_ms, &until_ms, err), err, "leaf");
    SPH_TRY(begin(key, form->party, random, from_ms, until_ms, &x509, err), err, "leaf");
    SPH_TRY(leaf_extensions(x509, form, bits, err), err, "leaf");
    return finish(x509, root->x509, root_key, out, err);
}

sph_rc sph_cert_issue_leaf(const sph_key *root_key, const sph_cert *root, const char *party,
                           const sph_pubkey *key, enum sph_cert_use use, const sph_random *random,
                           int64_t now_ms, unsigned days, sph_cert **out, sph_err *err)
{
    const struct leaf_form form = {party, "", use, days};
    return issue(root_key, root, &form, key, random, now_ms, out, err);
}

sph_rc sph_cert_issue_tls(const sph_key *root_key, const sph_cert *root, const char *party,
                          const char *host, const sph_pubkey *key, const sph_random *random,
                          int64_t now_ms, unsigned days, sph_cert **out, sph_err *err)
{
    const struct leaf_form form = {party, host, SPH_USE_TLS, days};
    if (host[0] && !sph_cert_may_name(host))
        return sph_fail(err, SPH_EARG, "not a plain host name or address");
    return issue(root_key, root, &form, key, random, now_ms, out, err);
}
