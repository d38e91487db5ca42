/** Invented parties with cards, packets, ledgers and keys; everything is made by the code under
 * test and by the layers below it. */
#pragma once

#include "evidence/verify.h"
#include "ledger/leaf.h"
#include "ledger/tree.h"
#include "packet/card.h"
#include "support/test_assert.h"

#define KIT_NOW INT64_C(1795519800000) /* 2026-11-24T11:30:00Z */
#define KIT_DAY INT64_C(86400000)
#define KIT_LATER (KIT_NOW + KIT_DAY) /* when the files are verified */

typedef struct kit_party {
    char name[SPH_PARTY_ROOM];
    sph_key *root_key, *sign_key, *old_key, *log_key, *witness_key;
    sph_cert *root, *sign, *old, *tls, *encrypt;
    sph_vkey log, witness;
    sph_buf card; /* its card, as a file; lists `old` as revoked */
    sph_buf pem;  /* its root */
} kit_party;

struct kit {
    kit_party lao, thai, impostor; /* impostor: another root that calls itself th.ngo.example */
    sph_buf packet;                /* a question of thai */
    struct sph_schemas schemas;
};

/** Group set-up and tear-down; *state is the kit. */
int kit_start(void **state);
int kit_stop(void **state);

/** A packet of `party`, signed with its current key, or with the revoked one. */
void kit_packet(const kit_party *party, const char *mode, bool is_old_key, sph_buf *out);
/** A card of `party` in this mode. */
void kit_card(const kit_party *party, const char *mode, sph_buf *out);

/** Verify with up to three trust files; empty ones are left out. The verdict is owned by the
 * caller. */
typedef struct kit_ask {
    sph_slice file, leaf, trust[3];
    int64_t now_ms; /* 0: KIT_LATER */
} kit_ask;
sph_verdict *kit_verify(const struct kit *kit, const kit_ask *ask);
/** Verify, assert the result and that these lines are there; END ends the list. */
#define END ((const char *)NULL)
void kit_expect(const struct kit *kit, const kit_ask *ask, enum sph_verdict_result result,
                const char *first, ...);
/** Flip one bit of each octet in turn and assert that none is accepted; the octets of `spared` are
 * passed over. Returns how many were tried. */
size_t kit_each_octet(const struct kit *kit, const kit_ask *ask, const sph_slice *spared,
                      size_t spared_count);

/** A key of the seed first, first+1, … as in the vectors. */
sph_key *kit_seed_key(uint8_t first);
/** Text of a verifier key. */
void kit_vkey(const sph_vkey *vkey, sph_buf *out);
