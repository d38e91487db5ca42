/** Keys as handles. A private key signs, agrees or unwraps wherever it lives; it never leaves its
 * handle but to its own key file. Public keys verify, agree with, or encrypt to. */
#pragma once

#include "crypto/secret.h"

enum sph_key_kind { SPH_KEY_ED25519, SPH_KEY_X25519, SPH_KEY_P256, SPH_KEY_RSA3072 };

typedef struct sph_key sph_key;       /* private; thread-safe, reference counted by sph_key_ref */
typedef struct sph_pubkey sph_pubkey; /* public; immutable */

/** A fresh pair from OpenSSL's generator (reseeded at fork). SPH_EIO. */
SPH_MUST sph_rc sph_key_generate(enum sph_key_kind kind, sph_key **out, sph_err *err);
/** From a 32-octet seed (Ed25519, X25519): known answers and derived test keys. */
SPH_MUST sph_rc sph_key_from_seed(enum sph_key_kind kind, const sph_secret *seed, sph_key **out,
                                  sph_err *err);
/** PKCS#8 PEM, unencrypted (the file has mode 0600 and the disk is encrypted: docs). RSA below 3072
 * bits is refused. */
SPH_MUST sph_rc sph_key_load_pem(sph_slice pem, sph_key **out, sph_err *err);
SPH_MUST sph_rc sph_key_save_pem(const sph_key *key, sph_buf *out,
                                 sph_err *err); /* wipe `out` after use */
sph_key *sph_key_ref(sph_key *key);
void sph_key_free(sph_key **key);
enum sph_key_kind sph_key_kind_of(const sph_key *key);
/** Borrowed: lives as long as the key. */
const sph_pubkey *sph_key_peek_public(const sph_key *key);

/** Append the signature of `message`: Ed25519 64 octets; P-256 r‖s 64 octets (ECDSA-SHA-256); RSA
 * PKCS#1 v1.5 SHA-256. */
SPH_MUST sph_rc sph_key_sign(const sph_key *key, sph_slice message, sph_buf *out, sph_err *err);
/** P-256 only: the DER form (X.509, ledger ext 0x0007). */
SPH_MUST sph_rc sph_key_sign_der(const sph_key *key, sph_slice message, sph_buf *out, sph_err *err);
/** X25519 or P-256 ECDH; the all-zero X25519 share is SPH_EPROOF. */
SPH_MUST sph_rc sph_key_agree(const sph_key *key, const sph_pubkey *peer, sph_secret **out,
                              sph_err *err);
/** RSA-OAEP (SHA-256, MGF1-SHA-256, no label). On any failure or a length other than `expect` the
 * result is a random secret of `expect` octets, so that failure shows only as a GCM failure (as4.md
 * D12). */
SPH_MUST sph_rc sph_key_oaep_open(const sph_key *key, const sph_random *random, sph_slice sealed,
                                  size_t expect, sph_secret **out, sph_err *err);

/** Public keys: DER SubjectPublicKeyInfo; raw: 32 octets (Ed25519, X25519) or the uncompressed
 * point of 65 octets (P-256). SPH_EPARSE: no key, also a point off the curve; SPH_EREFUSED,
 * SPH_EUNSUPPORTED: one that is not used here. */
#define SPH_P256_POINT 65
SPH_MUST sph_rc sph_pubkey_from_spki(sph_slice der, sph_pubkey **out, sph_err *err);
SPH_MUST sph_rc sph_pubkey_from_raw(enum sph_key_kind kind, sph_slice raw, sph_pubkey **out,
                                    sph_err *err);
SPH_MUST sph_rc sph_pubkey_spki(const sph_pubkey *key, sph_buf *out, sph_err *err);
SPH_MUST sph_rc sph_pubkey_raw(const sph_pubkey *key, sph_buf *out, sph_err *err);
enum sph_key_kind sph_pubkey_kind_of(const sph_pubkey *key);
void sph_pubkey_free(sph_pubkey **key);
/** SPH_EPROOF when the signature does not hold. Same forms as sph_key_sign. Ed25519: non-canonical
 * S and small-order keys are refused. */
SPH_MUST sph_rc sph_pubkey_verify(const sph_pubkey *key, sph_slice message, sph_slice signature,
                                  sph_err *err);
SPH_MUST sph_rc sph_pubkey_verify_der(const sph_pubkey *key, sph_slice message, sph_slice signature,
                                      sph_err *err);
SPH_MUST sph_rc sph_pubkey_oaep_seal(const sph_pubkey *key, const sph_secret *content_key,
                                     sph_buf *out, sph_err *err);
