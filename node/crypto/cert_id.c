/* How a certificate is named in a message, and the party it speaks for. */
#include "crypto/cert_impl.h"

#include <openssl/err.h>

sph_rc sph_cert_ski(const sph_cert *cert, sph_buf *out, sph_err *err)
{
    const ASN1_OCTET_STRING *held = X509_get0_subject_key_id(cert->x509);
    if (held)
        return sph_buf_add(out, sph_asn1_slice(held), err);
    /* RFC 5280 4.2.1.2 (1): SHA-1 as a name of the key; nothing is trusted for it. */
    uint8_t digest[EVP_MAX_MD_SIZE];
    unsigned len = 0;
    if (X509_pubkey_digest(cert->x509, EVP_sha1(), digest, &len) != 1)
        return sph_openssl_fail(err, SPH_EIO, "subject key identifier");
    return sph_buf_add(out, sph_slice_of(digest, len), err);
}

sph_rc sph_cert_issuer_serial(const sph_cert *cert, sph_buf *issuer, sph_buf *serial, sph_err *err)
{
    SPH_AUTO_PTR(ossl_bio) *bio = BIO_new(BIO_s_mem());
    if (!bio || X509_NAME_print_ex(bio, X509_get_issuer_name(cert->x509), 0, XN_FLAG_RFC2253) < 0)
        return sph_openssl_fail(err, SPH_ENOMEM, "issuer name");
    SPH_AUTO_PTR(ossl_bn) *number = ASN1_INTEGER_to_BN(X509_get0_serialNumber(cert->x509), NULL);
    SPH_AUTO_PTR(ossl_text) *decimal = number ? BN_bn2dec(number) : NULL;
    if (!decimal)
        return sph_openssl_fail(err, SPH_ENOMEM, "serial number");
    char *text = NULL;
    const long len = BIO_get_mem_data(bio, &text);
    SPH_TRY(sph_buf_add(issuer, sph_slice_of(text, (size_t)len), err), err, "issuer name");
    return sph_buf_add_text(serial, decimal, err);
}

/* Decimal with an optional minus, as xs:integer has it; at most 20 octets of number (RFC
 * 5280 4.1.2.2). */
static bool serial_equals(const sph_cert *cert, sph_slice serial)
{
    char text[64];
    if (sph_str_copy(text, sizeof(text), serial, NULL).code != SPH_OK)
        return false;
    SPH_AUTO_PTR(ossl_bn) *wanted = NULL;
    if (serial.len == 0 || BN_dec2bn(&wanted, text) != (int)serial.len)
        return false;
    SPH_AUTO_PTR(ossl_bn) *held = ASN1_INTEGER_to_BN(X509_get0_serialNumber(cert->x509), NULL);
    return held && BN_cmp(held, wanted) == 0;
}

bool sph_cert_matches_issuer_serial(const sph_cert *cert, sph_slice issuer, sph_slice serial)
{
    SPH_AUTO_PTR(ossl_name) *name = NULL;
    if (!serial_equals(cert, serial) || sph_name_parse(issuer, &name, NULL).code != SPH_OK)
        return false;
    const bool is_same = X509_NAME_cmp(name, X509_get_issuer_name(cert->x509)) == 0;
    ERR_clear_error();
    return is_same;
}

bool sph_host_valid(sph_slice host)
{
    const sph_slice allowed = SPH_LIT("abcdefghijklmnopqrstuvwxyz0123456789.-");
    if (host.len == 0 || host.len > SPH_HOST_MOST)
        return false;
    for (size_t i = 0; i < host.len; i++)
        if (sph_slice_find(allowed, sph_slice_sub(host, i, 1), 0) == SIZE_MAX)
            return false;
    return true;
}

bool sph_cert_may_name(const char *host)
{
    SPH_AUTO_PTR(ossl_octets) *address = host[0] ? a2i_IPADDRESS(host) : NULL;
    ERR_clear_error();
    return address || sph_host_valid(sph_slice_str(host));
}

/* For the HTTP clients of others: nothing here is decided by it, but neither is anything odd let
 * through to them (no wildcard, no NUL, no second party). */
static bool is_host(const GENERAL_NAME *name)
{
    if (name->type == GEN_IPADD)
        return sph_asn1_slice(name->d.iPAddress).len == 4 ||
               sph_asn1_slice(name->d.iPAddress).len == 16;
    return name->type == GEN_DNS && sph_host_valid(sph_asn1_slice(name->d.dNSName));
}

int sph_cert_name_count(const sph_cert *cert)
{
    SPH_AUTO_PTR(ossl_general_names) *names =
        X509_get_ext_d2i(cert->x509, NID_subject_alt_name, NULL, NULL);
    ERR_clear_error();
    return names ? sk_GENERAL_NAME_num(names) : 0;
}

bool sph_cert_names_host(const sph_cert *cert, const char *host)
{
    const unsigned flags = X509_CHECK_FLAG_NO_WILDCARDS | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT;
    const bool is_named = X509_check_ip_asc(cert->x509, host, 0) == 1 ||
                          X509_check_host(cert->x509, host, 0, flags, NULL) == 1;
    ERR_clear_error();
    return is_named;
}

sph_rc sph_cert_party(const sph_cert *cert, char out[SPH_PARTY_ROOM], sph_err *err)
{
    /* With two SAN extensions OpenSSL answers NULL, as with none. */
    SPH_AUTO_PTR(ossl_general_names) *names =
        X509_get_ext_d2i(cert->x509, NID_subject_alt_name, NULL, NULL);
    ERR_clear_error();
    const int count = names ? sk_GENERAL_NAME_num(names) : 0;
    if (count < 1 || count > 2)
        return sph_fail(err, SPH_EREFUSED, "not one subject alternative name, or two");
    if (count == 2 && !is_host(sk_GENERAL_NAME_value(names, 1)))
        return sph_fail(err, SPH_EREFUSED, "the second alternative name is no plain host");
    const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, 0);
    if (name->type != GEN_URI)
        return sph_fail(err, SPH_EREFUSED, "the subject alternative name is no URI");
    const sph_slice uri = sph_asn1_slice(name->d.uniformResourceIdentifier);
    const sph_slice prefix = SPH_LIT(SPH_PARTY_URI);
    const sph_slice party = sph_slice_sub(uri, prefix.len, uri.len);
    if (!sph_slice_starts(uri, prefix) || !sph_party_valid(party))
        return sph_fail(err, SPH_EREFUSED, "the subject alternative name names no party");
    return sph_str_copy(out, SPH_PARTY_ROOM, party, err);
}
