/** OpenSSL's own objects behind our handles, for TLS: only net/ may include this header besides
 * crypto/. What is peeked is borrowed and must not be changed; OpenSSL takes its own reference
 * where it keeps it. */
#pragma once

#include <openssl/types.h>

#include "crypto/cert.h"

/** The private key for SSL_CTX_use_PrivateKey; borrowed, life of the key. */
EVP_PKEY *sph_key_peek_evp(const sph_key *key);
/** The certificate for SSL_CTX_use_certificate; borrowed, life of the certificate. */
X509 *sph_cert_peek_x509(const sph_cert *cert);
/** Our form of a certificate that TLS received: the same limits and checks as sph_cert_parse.
 *  x509    borrowed
 *  out     owned, sph_cert_free
 *  errors  SPH_EPARSE, SPH_ELIMIT, SPH_ENOMEM
 */
SPH_MUST sph_rc sph_cert_from_x509(const X509 *x509, sph_cert **out, sph_err *err);
