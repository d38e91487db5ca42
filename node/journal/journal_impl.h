/** Inside node/journal only. */
#pragma once

#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>

#include "journal/journal.h"
#include "ledger/edge.h"

/** One caller that waits, on its own stack. */
struct waiter {
    sph_job *job;
    sph_head *head; /* result, owned by the waiter */
    bool wants_head;
    sph_rc rc;
    sph_err err;
    sem_t done; /* each its own: nobody is woken for another's answer, or to wait for a lock */
    struct waiter *next;
};

struct sph_journal {
    /* Written at open, then read only. */
    const struct sph_env *env;
    sph_key *key;
    sph_vkey vkey;
    char marker[64];
    pthread_t thread;

    pthread_mutex_t lock; /* guards up to the next gap */
    pthread_cond_t work;
    struct waiter *first, *last;
    unsigned queued;
    bool is_closing, is_idle; /* idle: the writer must be woken */
    bool was_shared;          /* the last commit was of several jobs */
    sph_head *head, *signed_head;

    atomic_bool is_stopped;
    struct {
        atomic_ullong bucket[SPH_JOURNAL_BUCKETS], sum_us, count;
    } times;

    /* The writer thread's own. */
    sph_db *db;
    sph_sha256 *hasher;
    sph_buf body; /* one encoded leaf, reused */
    uint64_t last_ms;
    int64_t wal_next; /* move the write-ahead log when it is this long */
};

/** A state from its edge (taken) and its note (content taken, may be empty). out: one reference. */
SPH_MUST sph_rc sph_head_new(sph_edge **edge, sph_buf *note, sph_head **out, sph_err *err);
const sph_edge *sph_head_peek_edge(const sph_head *head);

/** times.c: microseconds of real time, for durations. */
uint64_t journal_mono_us(void);
/** A commit took this long. */
void journal_note_time(sph_journal *journal, uint64_t us);

/** Hashes of tiles from a database: full tiles as stored, the partial leaf tile hashed from the
 * leaves, and before both what an edge (may be NULL) holds. Keeps one tile a level. */
struct tile_reader {
    sph_db *db;
    const sph_edge *edge;
    bool is_kept[SPH_TILE_LEVELS];
    uint64_t kept_number[SPH_TILE_LEVELS];
    sph_hash kept[SPH_TILE_LEVELS][SPH_TILE_WIDTH];
};
SPH_MUST sph_rc tile_reader_new(sph_db *db, const sph_edge *edge, struct tile_reader **out,
                                sph_err *err);
void tile_reader_free(struct tile_reader **reader);
sph_tile_source tile_reader_source(struct tile_reader *reader);
/** A stored tile; *found false when there is none. SPH_EPROOF when its length is wrong. */
SPH_MUST sph_rc tile_load(sph_db *db, unsigned level, uint64_t n, sph_hash out[SPH_TILE_WIDTH],
                          bool *found, sph_err *err);
/** Rows of the tile table: level<<48 | n. */
int64_t tile_key(unsigned level, uint64_t n);

/** Start check of ledger.md 10.1: sets head, signed_head and last_ms of a journal whose db is open.
 */
SPH_MUST sph_rc journal_start(sph_journal *journal, bool is_unclean, sph_err *err);

/** A group commit on its way. */
struct batch {
    sph_journal *journal;
    sph_edge *edge; /* a copy: dropping it is the undo */
    bool want_head;
    bool is_broken; /* the transaction is lost, not one job alone */
};
/** Run one job inside its savepoint and extend the batch's edge by its leaves. On a failure of the
 * job alone it is undone; batch->is_broken tells when more than that was lost. */
SPH_MUST sph_rc job_run(struct batch *batch, sph_job *job, sph_err *err);

/** Write one list of waiters as one transaction and wake them. */
void batch_run(sph_journal *journal, struct waiter *first);
