/** What a key handle holds. Only crypto/ includes this header. */
#pragma once

#include <stdatomic.h>

#include "crypto/key.h"
#include "crypto/openssl_own.h"

struct sph_pubkey {
    enum sph_key_kind kind;
    EVP_PKEY *pkey; /* public part only */
};

struct sph_key {
    atomic_uint refs;
    EVP_PKEY *pkey;
    struct sph_pubkey *public;
};

#define SPH_RAW_KEY 32    /* Ed25519, X25519 */
#define SPH_P256_RAW 64   /* r and s of a signature */
#define SPH_SPKI_MAX 1024 /* RSA-4096 takes 550 octets */
#define SPH_RSA_MAX 512   /* octets of the longest modulus that is accepted, 4096 bits */

/** A public handle from OpenSSL's, judged by its SubjectPublicKeyInfo.
 *  pkey    borrowed; referenced, so it must hold no private part
 *  spki    its DER form as received
 *  errors  SPH_EUNSUPPORTED a kind or size we do not use; SPH_EPARSE another encoding than the one
 *          canonical form; SPH_EREFUSED a small-order Ed25519 key; SPH_ENOMEM
 */
SPH_MUST sph_rc sph_pubkey_from_pkey(EVP_PKEY *pkey, sph_slice spki, sph_pubkey **out,
                                     sph_err *err);
/** Whether 32 octets are a canonical Ed25519 point encoding outside the small subgroup (RFC
 * 8032 5.1.3). */
bool sph_ed25519_point_usable(const uint8_t point[SPH_RAW_KEY]);
/** Whether S of an Ed25519 signature is below the group order, little-endian (RFC 8032 5.1.7). */
bool sph_ed25519_scalar_canonical(const uint8_t scalar[SPH_RAW_KEY]);
/** Whether a big-endian number is in 1..n-1 of P-256 (FIPS 186-5 6.4.2). */
bool sph_p256_scalar_usable(const uint8_t scalar[SPH_RAW_KEY]);
/** DER Ecdsa-Sig-Value to r and s of 32 octets each; SPH_EPROOF unless it is the one DER form of
 *  usable numbers. */
SPH_MUST sph_rc sph_ecdsa_raw_of_der(sph_slice der, uint8_t raw[SPH_P256_RAW], sph_err *err);
/** The other way; *len is the length of the DER form. */
#define SPH_P256_DER_MAX 72
SPH_MUST sph_rc sph_ecdsa_der_of_raw(sph_slice raw, uint8_t der[SPH_P256_DER_MAX], size_t *len,
                                     sph_err *err);
