#include "crypto/cert.h"

#include "crypto/cert_impl.h"
#include "crypto/openssl_peek.h"

#include <time.h>

bool sph_party_valid(sph_slice party)
{
    bool may_separate = false; /* a dot or hyphen may come next, or the end */
    bool after_dot = false;
    if (party.len == 0 || party.len >= SPH_PARTY_ROOM)
        return false;
    for (size_t i = 0; i < party.len; i++) {
        const uint8_t c = party.at[i];
        const bool is_word = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
        if (!is_word && (i == 0 || (c != '-' && c != '.') || (c == '.' && after_dot)))
            return false;
        after_dot = c == '.';
        may_separate = is_word;
    }
    return may_separate;
}

void sph_cert_free(sph_cert **cert)
{
    if (!cert || !*cert)
        return;
    sph_cert *mine = sph_move(*cert);
    if (atomic_fetch_sub_explicit(&mine->refs, 1, memory_order_acq_rel) != 1)
        return;
    X509_free(mine->x509);
    sph_pubkey_free(&mine->key);
    sph_buf_clear(&mine->der);
    pthread_mutex_destroy(&mine->held_lock);
    sph_mem_free(mine);
}

sph_cert *sph_cert_ref(const sph_cert *cert)
{
    union { /* count and held path are all of a certificate that ever changes */
        const sph_cert *in;
        sph_cert *out;
    } same = {.in = cert};
    if (cert)
        atomic_fetch_add_explicit(&same.out->refs, 1, memory_order_relaxed);
    return same.out;
}

ASN1_TIME *sph_asn1_time_new(int64_t ms)
{
    const int64_t below = ms % 1000 < 0 ? 1 : 0;
    return ASN1_TIME_set(NULL, (time_t)(ms / 1000 - below));
}

sph_rc sph_asn1_time_ms(const ASN1_TIME *time, int64_t *out, sph_err *err)
{
    struct tm parts;
    if (!time || ASN1_TIME_to_tm(time, &parts) != 1)
        return sph_openssl_fail(err, SPH_EPARSE, "a time of the certificate");
    *out = (int64_t)timegm(&parts) * 1000;
    return sph_ok();
}

sph_slice sph_asn1_slice(const ASN1_STRING *string)
{
    return sph_slice_of(ASN1_STRING_get0_data(string), (size_t)ASN1_STRING_length(string));
}

static sph_rc read_key(sph_cert *cert, sph_err *err)
{
    SPH_AUTO_PTR(ossl_memory) *spki = NULL;
    const int len = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(cert->x509), &spki);
    if (len <= 0)
        return sph_openssl_fail(err, SPH_EPARSE, "the certificate's public key");
    const sph_slice der = sph_slice_of(spki, (size_t)len);
    cert->spki_sha256 = sph_sha256_of(der);
    EVP_PKEY *pkey = X509_get0_pubkey(cert->x509);
    sph_rc rc = {SPH_EUNSUPPORTED};
    if (pkey)
        rc = sph_pubkey_from_pkey(pkey, der, &cert->key, NULL);
    return rc.code == SPH_ENOMEM ? sph_fail(err, SPH_ENOMEM, "no memory for a public key")
                                 : sph_ok();
}

static sph_rc fill(sph_cert *cert, sph_slice der, sph_err *err)
{
    const uint8_t *at = der.at;
    cert->der = sph_buf_init(SPH_CERT_MAX);
    cert->x509 = d2i_X509(NULL, &at, (long)der.len);
    if (!cert->x509 || at != der.at + der.len)
        return sph_openssl_fail(err, SPH_EPARSE, "the certificate is not DER");
    SPH_AUTO_PTR(ossl_memory) *again = NULL;
    const int len = i2d_X509(cert->x509, &again);
    if (len <= 0 || !sph_slice_equal(der, sph_slice_of(again, (size_t)len)))
        return sph_openssl_fail(err, SPH_EPARSE, "the certificate is not in canonical DER");
    SPH_TRY(sph_buf_add(&cert->der, der, err), err, "certificate");
    SPH_TRY(sph_asn1_time_ms(X509_get0_notBefore(cert->x509), &cert->not_before_ms, err), err,
            "notBefore");
    SPH_TRY(sph_asn1_time_ms(X509_get0_notAfter(cert->x509), &cert->not_after_ms, err), err,
            "notAfter");
    cert->sha256 = sph_sha256_of(der);
    SPH_TRY(read_key(cert, err), err, "certificate");
    /* Reads the extensions into OpenSSL's cache now, so that the handle is read-only for every
     * thread. */
    (void)X509_check_purpose(cert->x509, -1, 0);
    return sph_ok();
}

sph_rc sph_cert_parse(sph_slice der, sph_cert **out, sph_err *err)
{
    if (der.len == 0 || der.len > SPH_CERT_MAX)
        return sph_fail(err, SPH_EPARSE, "a certificate of %zu octets", der.len);
    SPH_AUTO_PTR(sph_cert) *cert = sph_mem_new(1, sizeof(*cert));
    if (!cert)
        return sph_fail(err, SPH_ENOMEM, "no memory for a certificate");
    atomic_init(&cert->refs, 1);
    pthread_mutex_init(&cert->held_lock, NULL);
    SPH_TRY(fill(cert, der, err), err, "certificate");
    *out = sph_move(cert);
    return sph_ok();
}

sph_rc sph_cert_from_x509(const X509 *x509, sph_cert **out, sph_err *err)
{
    SPH_AUTO_PTR(ossl_memory) *der = NULL;
    const int len = i2d_X509(x509, &der);
    if (len <= 0)
        return sph_openssl_fail(err, SPH_EPARSE, "writing a certificate");
    return sph_cert_parse(sph_slice_of(der, (size_t)len), out, err);
}

/* Text around the block is fine (openssl x509 -text writes it), a second block is not: which of two
 * certificates is meant must never be a guess. */
sph_rc sph_cert_parse_pem(sph_slice pem, sph_cert **out, sph_err *err)
{
    const sph_slice begin = SPH_LIT("-----BEGIN ");
    if (pem.len == 0 || pem.len > 4 * SPH_CERT_MAX)
        return sph_fail(err, SPH_EPARSE, "a certificate file of %zu octets", pem.len);
    const size_t first = sph_slice_find(pem, begin, 0);
    if (first == SIZE_MAX || sph_slice_find(pem, begin, first + begin.len) != SIZE_MAX)
        return sph_fail(err, SPH_EPARSE, "not exactly one PEM block");
    SPH_AUTO_PTR(ossl_bio) *bio = BIO_new_mem_buf(pem.at, (int)pem.len);
    if (!bio)
        return sph_fail(err, SPH_ENOMEM, "no memory for a certificate file");
    SPH_AUTO_PTR(ossl_text) *name = NULL;
    SPH_AUTO_PTR(ossl_text) *header = NULL;
    SPH_AUTO_PTR(ossl_memory) *der = NULL;
    long len = 0;
    if (PEM_read_bio(bio, &name, &header, &der, &len) != 1)
        return sph_openssl_fail(err, SPH_EPARSE, "the PEM block");
    if (!sph_slice_is(sph_slice_str(name), PEM_STRING_X509) || header[0] != '\0')
        return sph_fail(err, SPH_EPARSE, "the PEM block is no plain certificate");
    return sph_cert_parse(sph_slice_of(der, (size_t)len), out, err);
}

sph_rc sph_cert_pem(const sph_cert *cert, sph_buf *out, sph_err *err)
{
    SPH_AUTO_PTR(ossl_bio) *bio = BIO_new(BIO_s_mem());
    if (!bio || PEM_write_bio_X509(bio, cert->x509) != 1)
        return sph_openssl_fail(err, SPH_ENOMEM, "writing a certificate");
    char *text = NULL;
    const long len = BIO_get_mem_data(bio, &text);
    return sph_buf_add(out, sph_slice_of(text, (size_t)len), err);
}

sph_slice sph_cert_peek_der(const sph_cert *cert)
{
    return sph_buf_peek(&cert->der);
}

X509 *sph_cert_peek_x509(const sph_cert *cert)
{
    return cert->x509;
}

sph_hash sph_cert_sha256(const sph_cert *cert)
{
    return cert->sha256;
}

sph_hash sph_cert_spki_sha256(const sph_cert *cert)
{
    return cert->spki_sha256;
}

const sph_pubkey *sph_cert_peek_key(const sph_cert *cert)
{
    return cert->key;
}

int64_t sph_cert_not_before_ms(const sph_cert *cert)
{
    return cert->not_before_ms;
}

int64_t sph_cert_not_after_ms(const sph_cert *cert)
{
    return cert->not_after_ms;
}
