/** Partners: the rows and an in-memory directory of checked cards. A record is immutable and
 * reference counted; a changed card or state makes a new record, so that a running exchange keeps
 * what it started with and the next one sees the change. */
#pragma once

#include "base/env.h"
#include "exchange/keyring.h"
#include "exchange/pmode.h"
#include "journal/journal.h"
#include "net/transport.h"
#include "packet/card.h"

enum sph_partner_state { SPH_PARTNER_ACTIVE, SPH_PARTNER_PAUSED, SPH_PARTNER_REMOVED };

typedef struct sph_partner {
    sph_card card; /* of a foreign product: what its P-Mode says, without root, log and CRL */
    sph_pmode pmode;
    enum sph_partner_state state;
    sph_vkey log; /* their ledger's key */
    bool has_log;
    int64_t added_ms;
    sph_hash card_sha256; /* foreign: of the stored P-Mode */
    unsigned references;  /* internal */
} sph_partner;

typedef struct sph_partners sph_partners; /* thread-safe */

/** An empty directory of the node `own`. out: owned, sph_partners_free. */
SPH_MUST sph_rc sph_partners_new(const char *own, sph_partners **out, sph_err *err);
/** Give up all records; NULL and *NULL are fine. */
void sph_partners_free(sph_partners **partners);
/** Read all rows and check each card's own consistency again. */
SPH_MUST sph_rc sph_partners_load(sph_partners *partners, sph_db *reader,
                                  const struct sph_schemas *schemas,
                                  const struct sph_limits *limits, const char *mode, int64_t now_ms,
                                  sph_err *err);
/** Read one party's row again, after a change of it was committed. One reload at a time: whichever
 * comes last has read what was committed last. SPH_ENOTFOUND when there is no row. */
SPH_MUST sph_rc sph_partners_reload(sph_partners *partners, sph_db_pool *readers,
                                    const struct sph_schemas *schemas,
                                    const struct sph_limits *limits, const char *mode,
                                    int64_t now_ms, const char *party, sph_err *err);
/** A reference to the record of a party, NULL when unknown. Removed partners are found too (their
 * receipts still count). */
sph_partner *sph_partners_get(sph_partners *partners, const char *party);
void sph_partner_unref(sph_partner **partner);
void sph_partner_free(sph_partner **partner); /* same as unref: for SPH_AUTO_PTR */
/** Put a record in place (takes the reference). */
SPH_MUST sph_rc sph_partners_put(sph_partners *partners, sph_partner **partner, sph_err *err);
/** All parties' names, sorted; `each` may not call back into partners. */
SPH_MUST sph_rc sph_partners_each(sph_partners *partners,
                                  sph_rc (*each)(void *arg, const sph_partner *partner,
                                                 sph_err *err),
                                  void *arg, sph_err *err);
/** Is this TLS client leaf that of an active or removed-but-waiting partner? *party filled. Path
 * checks are remembered per certificate for a minute, so that a request on a kept connection costs
 * a comparison. A leaf that names no Saphan partner is looked for among the foreign ones. */
bool sph_partners_admit(sph_partners *partners, const sph_cert *leaf, int64_t now_ms,
                        char party[SPH_PARTY_ROOM]);
/** Several foreign partners may share one TLS identity (as4.md 8.6): the active one of them of
 * which `speaks` says that this name is its. False when there is none. */
typedef bool sph_partner_speaks(const sph_partner *partner, const char *name);
bool sph_partners_admit_from(sph_partners *partners, const sph_cert *leaf, int64_t now_ms,
                             sph_partner_speaks *speaks, const char *name,
                             char party[SPH_PARTY_ROOM]);
/** Is this leaf, seen in a TLS handshake, the partner's now? SPH_EPROOF. */
SPH_MUST sph_rc sph_partner_check_tls(const sph_partner *partner, const sph_cert *leaf,
                                      int64_t now_ms, sph_err *err);

/** A node's own suites in its order of preference. */
struct sph_suites {
    enum sph_suite at[SPH_SUITE_COUNT];
    size_t count;
};
/** Count a message in: false when `most` of this party are being worked on already
 * (inbound.concurrent). */
bool sph_partners_enter(sph_partners *partners, const char *party, unsigned most);
/** The message is answered. */
void sph_partners_leave(sph_partners *partners, const char *party);

/** The suite of the P-Mode made from the two cards: the receiver's first that the sender has too,
 * so that both ends derive the same one (docs/protocol.md, "Suite"). is_inbound: the partner sends,
 * we receive. SPH_EUNSUPPORTED when none is shared. */
SPH_MUST sph_rc sph_partner_suite(const sph_partner *partner, const struct sph_suites *own,
                                  bool is_inbound, enum sph_suite *out, sph_err *err);
#define SPH_SUITES_ALL "edelivery-2.0-ed25519 edelivery-1.15"
/** Space-separated names, each known and at most once. SPH_EPARSE. */
SPH_MUST sph_rc sph_suites_parse(const char *text, struct sph_suites *out, sph_err *err);
/** The partner's encryption certificate of a suite that is valid now, the newest first; NULL when
 * none. Borrowed. */
const sph_cert *sph_partner_encrypt_cert(const sph_partner *partner, enum sph_suite suite,
                                         int64_t now_ms);
/** The partner's signing certificates of the card, for SKI and issuer-serial references. */
size_t sph_partner_sign_certs(const sph_partner *partner, const sph_cert *out[SPH_CARD_CERTS]);
/** What an AS4 signature of this partner must satisfy. known: room that the result points into, as
 * it does into the partner. */
struct sph_partner_known {
    const sph_cert *sign[SPH_CARD_CERTS], *tls[SPH_CARD_CERTS];
};
void sph_partner_trust(const sph_partner *partner, enum sph_suite suite, int64_t at_ms,
                       struct sph_partner_known *known, sph_as4_trust *out);
/** A connection to this partner: whom it must reach, and the TLS key and certificates that it is
 * made with. *out points into all three. */
void sph_partner_peer(const sph_partner *partner, const sph_keyring *own,
                      struct sph_partner_known *known, sph_peer *out);
/** Where its messages go: "" when nobody reaches it. SPH_ELIMIT. */
#define SPH_PARTNER_ADDRESS 300
SPH_MUST sph_rc sph_partner_address(const sph_partner *partner, char out[SPH_PARTNER_ADDRESS],
                                    sph_err *err);
const char *sph_partner_state_name(enum sph_partner_state state);
