/** Whose word an offline check may rest on: what a person hands over with --trust. Pure. */
#pragma once

#include "crypto/cert.h"
#include "evidence/verdict.h"
#include "ledger/note.h"
#include "packet/schema.h"

enum sph_trust_kind {
    SPH_TRUST_CARD, /* a partner card: root, log key, witness key */
    SPH_TRUST_ROOT, /* a party's root certificate, PEM */
    SPH_TRUST_KEYS, /* lines of verifier keys: logs and witnesses */
};
#define SPH_TRUST_KEY_MAX 16

typedef struct sph_trust {
    enum sph_trust_kind kind;
    char party[SPH_PARTY_ROOM]; /* "" for keys */
    sph_cert *root;             /* NULL for keys */
    sph_buf crl;                /* DER, from the card; may be empty */
    sph_vkey key[SPH_TRUST_KEY_MAX];
    size_t key_count;
} sph_trust;
void sph_trust_clear(sph_trust *trust);

/** What the checks work with. */
struct sph_verify_context {
    const struct sph_schemas *schemas;
    const struct sph_limits *limits;
    int64_t now_ms;
    const sph_trust *trust; /* trust_count of them; may be none */
    size_t trust_count;
    sph_slice leaf; /* the leaf a proof is about; empty when the file brings it itself */
};

/** Read a --trust file. A card is checked like a card to verify.
 *  errors  SPH_EPARSE none of the three kinds, or unreadable; SPH_EPROOF a card or root that does
 *          not hold in itself; SPH_ELIMIT too many keys; SPH_ENOMEM
 *  out     owned on success (sph_trust_clear)
 */
SPH_MUST sph_rc sph_trust_read(sph_slice octets, const struct sph_verify_context *context,
                               sph_trust *out, sph_err *err);
