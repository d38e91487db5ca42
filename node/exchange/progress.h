/** What is on its way at this moment, in octets: for people who wait. Counters in memory alone:
 * nothing is committed, and a restart forgets them. */
#pragma once

#include "base/stream.h"
#include "crypto/cert.h"

enum sph_transfer_kind {
    SPH_TRANSFER_SEAL,    /* attachments of a submit on their way into the vault */
    SPH_TRANSFER_ENCRYPT, /* a message being made for its partner */
    SPH_TRANSFER_SEND,
    SPH_TRANSFER_RECEIVE,
    SPH_TRANSFER_KIND_COUNT
};
const char *sph_transfer_kind_name(enum sph_transfer_kind kind);

typedef struct sph_transfers sph_transfers; /* thread-safe */
typedef struct sph_transfer sph_transfer;   /* one of them, while it runs */

/** An empty list of what is on its way. out: owned, sph_transfers_free. SPH_ENOMEM. */
SPH_MUST sph_rc sph_transfers_new(sph_transfers **out, sph_err *err);
/** Only when no transfer runs any more; NULL and *NULL are fine. */
void sph_transfers_free(sph_transfers **transfers);

/** What a transfer is known by. */
struct sph_transfer_name {
    enum sph_transfer_kind kind;
    const char *party;      /* "" when there is none */
    const char *message_id; /* "" when there is none yet */
    uint64_t total;         /* 0: not known before the end */
    int64_t now_ms;
};
/** NULL when too many run already: then this one is not shown; every function takes that. */
sph_transfer *sph_transfer_begin(sph_transfers *transfers, const struct sph_transfer_name *name);
/** Octets so far, altogether, or that many more. */
void sph_transfer_set(sph_transfer *transfer, uint64_t done);
void sph_transfer_add(sph_transfer *transfer, uint64_t more);
/** Not shown any longer. NULL and *NULL are fine. */
void sph_transfer_end(sph_transfer **transfer);
void sph_transfer_free(sph_transfer **transfer); /* the same: for SPH_AUTO_PTR */

/** One as it stood. */
struct sph_transfer_view {
    enum sph_transfer_kind kind;
    char party[SPH_PARTY_ROOM], message_id[128];
    uint64_t done, total;
    int64_t started_ms;
};
#define SPH_TRANSFERS 128
/** Copy those that run, at most SPH_TRANSFERS, oldest first; how many. */
size_t sph_transfers_list(sph_transfers *transfers, struct sph_transfer_view *out);
/** The one of a message; false when it does not run. */
bool sph_transfers_find(sph_transfers *transfers, enum sph_transfer_kind kind,
                        const char *message_id, struct sph_transfer_view *out);

/** A writer that counts what passes into a transfer. */
struct sph_counted_writer {
    const sph_writer *to;
    sph_transfer *transfer;
};
sph_writer sph_writer_counted(struct sph_counted_writer *state, const sph_writer *to,
                              sph_transfer *transfer);
/** The same for a reader. */
struct sph_counted_reader {
    const sph_reader *from;
    sph_transfer *transfer;
};
sph_reader sph_reader_counted(struct sph_counted_reader *state, const sph_reader *from,
                              sph_transfer *transfer);
