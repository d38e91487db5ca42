/** The one writer of node.db (ledger.md 7): group commit of rows and leaves, heads signed inside
 * the transaction, callers woken when it is durable. A worker hands over a job and waits; many
 * waiting workers share a commit. */
#pragma once

#include "ledger/leaf.h"
#include "ledger/note.h"
#include "store/db.h"

typedef struct sph_journal sph_journal; /* thread-safe */

#define SPH_JOB_LEAVES 64 /* most leaves of one job */

/** What a job writes. `apply` runs on the writer thread inside its own SAVEPOINT: no blocking,
 * signing, big hashing or network. A failing apply is rolled back alone and its leaves are not
 * written. */
typedef struct sph_job {
    sph_rc (*apply)(void *arg, sph_db *db, sph_err *err); /* may be NULL: leaves only */
    /** Called after the leaves have their index, still inside the savepoint, for rows that name a
     * leaf; may be NULL. */
    sph_rc (*bind)(void *arg, sph_db *db, const uint64_t *index, sph_err *err);
    void *arg;
    sph_leaf *leaves;  /* index and unix_ms are filled in */
    size_t leaf_count; /* 0..64 */
    bool want_head;    /* sign a checkpoint that covers the leaves */
    /** PEER_CAS: advance peer_head of `peer_origin` in the same transaction; a lost race is no
     * error. */
    const char *peer_origin; /* NULL: none */
    uint64_t peer_size;
    sph_hash peer_root;
    sph_slice peer_note;
} sph_job;

/** A published state of the ledger: immutable, reference counted. */
typedef struct sph_head sph_head;
/** Leaves it covers. */
uint64_t sph_head_size(const sph_head *head);
/** Its root. */
sph_hash sph_head_root(const sph_head *head);
/** Signed checkpoint, borrowed; empty when this state was not signed. */
sph_slice sph_head_note(const sph_head *head);
/** Another reference to the same state. */
sph_head *sph_head_ref(sph_head *head);
/** Give a reference back; NULL is fine. */
void sph_head_free(sph_head **head);

struct sph_journal_config {
    const char *path;   /* node.db */
    const char *origin; /* log name, e.g. "node.example.la/ledger/1" */
    sph_key *log_key;   /* referenced, not taken */
    /** Lives as long as the journal. Its files must be rooted at the database's folder: the marker
     * of an unclean stop, "node.db.open", stands there. Without files every start counts as
     * unclean. */
    const struct sph_env *env;
};
/** Open: rebuild the right edge, check it against the newest checkpoint (start check,
 * ledger.md 10.1; the last 1,000 leaves after an unclean stop). Starts the writer thread. errors
 * SPH_EPROOF the ledger does not hold, or its newest head is signed by another key; those of
 *          sph_db_open
 */
SPH_MUST sph_rc sph_journal_open(const struct sph_journal_config *config, sph_journal **out,
                                 sph_err *err);
/** Finish queued jobs, clean marker, checkpoint the WAL. No job may be handed over meanwhile. */
void sph_journal_free(sph_journal **journal);
/** Hand over a job and wait until it is durable (or failed).
 *  head    (may be NULL) owned by the caller: a state that covers the job's leaves; signed when
 * want_head errors  those of apply and bind; SPH_EARG a leaf breaks its rules; SPH_EAGAIN another
 * process writes; SPH_EIO the disk refused or is short of space, also when the node is in
 * no-exchange
 */
SPH_MUST sph_rc sph_journal_commit(sph_journal *journal, sph_job *job, sph_head **head,
                                   sph_err *err);
/** Newest durable state; signed = the newest signed one (NULL when none). out: owned. */
SPH_MUST sph_rc sph_journal_head(sph_journal *journal, bool is_signed, sph_head **out,
                                 sph_err *err);
/** tlog-proof text of a leaf under a signed head, appended. The reader must not be inside a
 * transaction older than the head. SPH_EARG when the head is not signed or does not cover the leaf.
 */
SPH_MUST sph_rc sph_journal_prove(sph_journal *journal, sph_db *reader, uint64_t index,
                                  const sph_head *head, sph_buf *tlog_proof, sph_err *err);
/** Consistency hashes between two sizes <= the newest head's. SPH_EARG for m == 0, m > n or n too
 * large. */
SPH_MUST sph_rc sph_journal_consistency(sph_journal *journal, sph_db *reader, uint64_t m,
                                        uint64_t n, sph_hash out[64], size_t *count, sph_err *err);
/** A leaf's bytes, appended. SPH_ENOTFOUND. */
SPH_MUST sph_rc sph_journal_leaf(sph_db *reader, uint64_t index, sph_buf *out, sph_err *err);
/** True after a failed COMMIT: nothing more is written until restart (ledger.md 7). */
bool sph_journal_is_stopped(sph_journal *journal);

#define SPH_JOURNAL_BUCKETS 10
/** How long commits took since the journal was opened, in microseconds. bucket[i]: those up to
 * sph_journal_bucket_us[i] and above the one before; longer ones are in count alone. */
struct sph_journal_times {
    uint64_t bucket[SPH_JOURNAL_BUCKETS], sum_us, count;
};
extern const uint64_t sph_journal_bucket_us[SPH_JOURNAL_BUCKETS];
void sph_journal_times(sph_journal *journal, struct sph_journal_times *out);

/** What does not hold, and where first. */
struct sph_ledger_fault {
    uint64_t index;   /* first leaf (or size of the head) concerned */
    const char *what; /* catalogue key, e.g. "ledger.fault.leaf-hash"; static storage */
};
/** Re-derive everything from the leaves of a node.db (also read-only or a copy): tree, tiles,
 * checkpoints, indices, times, strict decode. Constant memory. log       key the checkpoints must
 * be signed with progress  may be NULL: called with done and total leaves leaves    leaves that
 * were checked; set in every case errors    SPH_EPROOF with *fault filled when something does not
 * hold
 */
SPH_MUST sph_rc sph_journal_verify(sph_db *reader, const sph_vkey *log,
                                   void (*progress)(void *arg, uint64_t done, uint64_t total),
                                   void *arg, struct sph_ledger_fault *fault, uint64_t *leaves,
                                   sph_err *err);
