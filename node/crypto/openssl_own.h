/** Scope handles for OpenSSL objects and the one way an OpenSSL failure becomes a reason. Only
 * crypto/ includes this header. */
#pragma once

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "base/bytes.h"

/** `SPH_AUTO_PTR(ossl_pkey) *p` frees an OpenSSL object on every way out; sph_move hands it over.
 */
#define SPH_OPENSSL_OWNED(name, type, release)                                                     \
    typedef type name;                                                                             \
    static inline void name##_free(type **at)                                                      \
    {                                                                                              \
        release(*at);                                                                              \
        *at = NULL;                                                                                \
    }

SPH_OPENSSL_OWNED(ossl_pkey, EVP_PKEY, EVP_PKEY_free)
SPH_OPENSSL_OWNED(ossl_pkey_ctx, EVP_PKEY_CTX, EVP_PKEY_CTX_free)
SPH_OPENSSL_OWNED(ossl_md_ctx, EVP_MD_CTX, EVP_MD_CTX_free)
SPH_OPENSSL_OWNED(ossl_cipher_ctx, EVP_CIPHER_CTX, EVP_CIPHER_CTX_free)
SPH_OPENSSL_OWNED(ossl_kdf_ctx, EVP_KDF_CTX, EVP_KDF_CTX_free)
SPH_OPENSSL_OWNED(ossl_bn, BIGNUM, BN_free)
SPH_OPENSSL_OWNED(ossl_bn_ctx, BN_CTX, BN_CTX_free)
SPH_OPENSSL_OWNED(ossl_ecdsa_sig, ECDSA_SIG, ECDSA_SIG_free)
SPH_OPENSSL_OWNED(ossl_bio, BIO, BIO_free_all)
SPH_OPENSSL_OWNED(ossl_x509, X509, X509_free)
SPH_OPENSSL_OWNED(ossl_crl, X509_CRL, X509_CRL_free)
SPH_OPENSSL_OWNED(ossl_revoked, X509_REVOKED, X509_REVOKED_free)
SPH_OPENSSL_OWNED(ossl_name, X509_NAME, X509_NAME_free)
SPH_OPENSSL_OWNED(ossl_object, ASN1_OBJECT, ASN1_OBJECT_free)
SPH_OPENSSL_OWNED(ossl_time, ASN1_TIME, ASN1_TIME_free)
SPH_OPENSSL_OWNED(ossl_integer, ASN1_INTEGER, ASN1_INTEGER_free)
SPH_OPENSSL_OWNED(ossl_octets, ASN1_OCTET_STRING, ASN1_OCTET_STRING_free)
SPH_OPENSSL_OWNED(ossl_bits, ASN1_BIT_STRING, ASN1_BIT_STRING_free)
SPH_OPENSSL_OWNED(ossl_any, ASN1_TYPE, ASN1_TYPE_free)
SPH_OPENSSL_OWNED(ossl_general_name, GENERAL_NAME, GENERAL_NAME_free)
SPH_OPENSSL_OWNED(ossl_general_names, GENERAL_NAMES, GENERAL_NAMES_free)
SPH_OPENSSL_OWNED(ossl_authority_id, AUTHORITY_KEYID, AUTHORITY_KEYID_free)
SPH_OPENSSL_OWNED(ossl_basic, BASIC_CONSTRAINTS, BASIC_CONSTRAINTS_free)
SPH_OPENSSL_OWNED(ossl_ext_usage, EXTENDED_KEY_USAGE, EXTENDED_KEY_USAGE_free)
SPH_OPENSSL_OWNED(ossl_pkcs8, PKCS8_PRIV_KEY_INFO, PKCS8_PRIV_KEY_INFO_free)
SPH_OPENSSL_OWNED(ossl_store, X509_STORE, X509_STORE_free)
SPH_OPENSSL_OWNED(ossl_store_ctx, X509_STORE_CTX, X509_STORE_CTX_free)

/** Memory that OpenSSL returned through a `uint8_t *` or `char *`. */
typedef uint8_t ossl_memory;
static inline void ossl_memory_free(uint8_t **at)
{
    OPENSSL_free(*at);
    *at = NULL;
}
typedef char ossl_text;
static inline void ossl_text_free(char **at)
{
    OPENSSL_free(*at);
    *at = NULL;
}

/** Start a reason "what: OpenSSL's reason" and empty OpenSSL's error queue of this thread. */
#define sph_openssl_fail(err, code, what)                                                          \
    sph_failed(sph_openssl_fail_at((err), (code), __func__, (what)))
SPH_MUST sph_rc sph_openssl_fail_at(sph_err *err, enum sph_code code, const char *where,
                                    const char *what);
