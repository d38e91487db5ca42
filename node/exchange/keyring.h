/** The node's own keys and certificates (architecture.md, "Trust"): made by init, kept in HOME/keys
 * with mode 0600, leaves of 90 days renewed at 60 by the node itself while the root is at home. */
#pragma once

#include "base/env.h"
#include "crypto/suite.h"
#include "ledger/note.h"

enum sph_leaf_slot {
    SPH_SLOT_TLS,          /* P-256 */
    SPH_SLOT_SIGN_ED25519, /* packets, card, AS4 2.0 */
    SPH_SLOT_SIGN_RSA,     /* AS4 1.15, evidence */
    SPH_SLOT_ENC_X25519,
    SPH_SLOT_ENC_RSA,
    SPH_SLOT_SIGN_P256, /* AS4 2.0 with P-256, for peers that have no Ed25519 */
    SPH_SLOT_ENC_P256,
    SPH_SLOT_COUNT
};

/** One key with its current certificate and the one before it (NULL when none). */
struct sph_key_slot {
    sph_key *key;
    sph_cert *leaf, *previous;
};

typedef struct sph_keyring {
    sph_cert *root;
    sph_key *root_key; /* NULL while the root is off-line */
    struct sph_key_slot slot[SPH_SLOT_COUNT];
    sph_key *log, *witness;
    sph_secret *kek;
    int64_t kek_epoch;
    sph_buf crl; /* DER, may be empty */
} sph_keyring;
void sph_keyring_clear(sph_keyring *ring);

/** The host of "https://host:port", as it stands in the TLS certificate; "" without one. */
#define SPH_HOST_ROOM 254
void sph_url_host(const char *url, char out[SPH_HOST_ROOM]);
/** Make all keys and certificates of a new home. url: where it is reached, or "". Files appear
 * complete or not at all; an existing root is SPH_EEXISTS. */
SPH_MUST sph_rc sph_keyring_create(const struct sph_env *env, const char *party, const char *url,
                                   sph_err *err);
/** Load; SPH_EREFUSED when a key file is readable by others (O-01). */
SPH_MUST sph_rc sph_keyring_load(const struct sph_env *env, sph_keyring *out, sph_err *err);
/** Renew every leaf older than 60 days, the TLS leaf also when it does not name the url's host (not
 * while the root is off-line: nothing of ours depends on it), and the CRL older than 15. *changed
 * counts. Needs the root key: SPH_ENOTFOUND when it is off-line and something is due. Reload
 * afterwards. */
SPH_MUST sph_rc sph_keyring_renew(const struct sph_env *env, sph_keyring *ring, const char *party,
                                  const char *url, unsigned *changed, sph_err *err);
/** Days until the first leaf expires, rounded down. */
int sph_keyring_days_left(const sph_keyring *ring, int64_t now_ms);
/** Where the signing and the decryption key of a suite are. */
enum sph_leaf_slot sph_slot_sign(enum sph_suite suite);
enum sph_leaf_slot sph_slot_encrypt(enum sph_suite suite);
