#include "journal/journal_impl.h"

#define SPACE_LEAST (16u << 20) /* octets free on the disk below which nothing is begun */
#define WAL_MOVE 4096           /* pages (16 MiB) of write-ahead log that are worth moving */
#define WAL_STEP 1024           /* further pages before trying again while readers are in the way */
#define WAL_MOST 65536          /* pages (256 MiB) from which on readers are waited for */

/* Nothing begun, nothing lost: the caller tries again when there is room (ledger.md 7, short disk).
 */
static sph_rc check_space(const sph_journal *j, sph_err *err)
{
    const sph_files *files = j->env->files;
    uint64_t space = 0;
    if (!files || !files->free_bytes || files->free_bytes(files->ctx, &space, NULL).code != SPH_OK)
        return sph_ok();
    if (space < SPACE_LEAST)
        return sph_fail(err, SPH_EIO, "the disk is full: %llu octets left",
                        (unsigned long long)space);
    return sph_ok();
}

/* Signed inside the transaction: nothing leaves the thread before COMMIT (ledger.md 7, security.md
 * L-11). */
static sph_rc sign_head(sph_journal *j, const sph_edge *edge, sph_buf *note, sph_err *err)
{
    SPH_AUTO_PTR(sph_stmt) *stmt = NULL;
    sph_checkpoint state = {.size = sph_edge_size(edge), .root = sph_edge_root(edge)};
    SPH_TRY(sph_str_copy(state.origin, sizeof(state.origin), sph_slice_str(j->vkey.name), err), err,
            "origin");
    SPH_TRY(sph_checkpoint_sign(&state, j->key, note, err), err, "head");
    SPH_TRY(sph_stmt_get(j->db, "INSERT INTO checkpoint(size, root, note) VALUES(?1, ?2, ?3)",
                         &stmt, err),
            err, "head");
    sph_stmt_int(stmt, 1, (int64_t)state.size);
    sph_stmt_blob(stmt, 2, sph_slice_hash(&state.root));
    sph_stmt_blob(stmt, 3, sph_buf_peek(note));
    return sph_stmt_run(stmt, NULL, err);
}

/* The state after the batch; an unchanged one is taken again, so a size is signed at most once. */
static sph_rc next_head(struct batch *batch, sph_head **out, sph_err *err)
{
    sph_journal *j = batch->journal;
    SPH_AUTO(sph_buf) note = sph_buf_init(SPH_NOTE_MAX);
    const uint64_t size = sph_edge_size(batch->edge);
    const bool is_signed = j->signed_head && sph_head_size(j->signed_head) == size;
    if (is_signed || (size == sph_head_size(j->head) && !batch->want_head)) {
        *out = sph_head_ref(is_signed ? j->signed_head : j->head);
        return sph_ok();
    }
    if (batch->want_head)
        SPH_TRY(sign_head(j, batch->edge, &note, err), err, "signing");
    return sph_head_new(&batch->edge, &note, out, err);
}

/* Everything up to and including COMMIT. *head is what the jobs that succeeded have reached. */
static sph_rc write_all(struct batch *batch, struct waiter *first, sph_head **head, sph_err *err)
{
    SPH_AUTO_PTR(sph_head) *fresh = NULL;
    for (struct waiter *w = first; w; w = w->next) {
        w->rc = job_run(batch, w->job, &w->err);
        if (!batch->is_broken)
            continue;
        if (err)
            *err = w->err;
        return w->rc;
    }
    SPH_TRY(next_head(batch, &fresh, err), err, "head of the commit");
    SPH_TRY(sph_db_commit(batch->journal->db, err), err, "COMMIT");
    *head = sph_move(fresh);
    return sph_ok();
}

static void log_stop(const sph_journal *j, const sph_err *err)
{
    SPH_LOG(j->env->log, SPH_LOG_ERROR, "journal_stopped",
            SPH_LF(SPH_F_CODE, sph_code_name(err->code)),
            SPH_LF(SPH_F_WHERE, err->depth ? err->frame[0].where : ""),
            SPH_LF(SPH_F_WHAT, err->depth ? err->frame[0].what : ""));
}

/* A transaction that was begun and could not be finished: the disk's state is not known well enough
 * to go on (security.md L-09), so the node enters no-exchange until it is started again. */
static void stop(sph_journal *j, const sph_err *err)
{
    sph_db_rollback(j->db);
    atomic_store(&j->is_stopped, true);
    log_stop(j, err);
}

static sph_rc commit_batch(sph_journal *j, struct waiter *first, sph_head **head, sph_err *err)
{
    struct batch batch = {.journal = j};
    if (atomic_load(&j->is_stopped))
        return sph_fail(err, SPH_EIO, "no-exchange: an earlier commit failed, restart the node");
    SPH_TRY(check_space(j, err), err, "before the commit");
    SPH_TRY(sph_edge_dup(sph_head_peek_edge(j->head), &batch.edge, err), err,
            "copy of the right edge");
    sph_rc rc = sph_db_begin(j->db, err);
    if (rc.code == SPH_OK) {
        rc = write_all(&batch, first, head, err);
        if (rc.code != SPH_OK)
            stop(j, err);
    }
    sph_edge_free(&batch.edge);
    return rc;
}

/* Give every waiter its answer. A waiter is gone as soon as it is woken. */
static void answer(struct waiter *first, sph_rc rc, const sph_err *err, sph_head *head)
{
    for (struct waiter *w = first, *next = NULL; w; w = next) {
        next = w->next;
        if (rc.code != SPH_OK) {
            w->rc = rc;
            w->err = *err;
        } else if (w->rc.code == SPH_OK && w->wants_head) {
            w->head = sph_head_ref(head);
        }
        sem_post(&w->done);
    }
}

static void publish(sph_journal *j, sph_head *head)
{
    pthread_mutex_lock(&j->lock);
    sph_head_free(&j->head);
    j->head = sph_head_ref(head);
    if (sph_head_note(head).len > 0) {
        sph_head_free(&j->signed_head);
        j->signed_head = sph_head_ref(head);
    }
    pthread_mutex_unlock(&j->lock);
}

/* Callers have their answer already; a log that cannot be moved now is moved later. */
static void move_wal(sph_journal *j)
{
    const int64_t pages = sph_db_wal_pages(j->db);
    if (pages < j->wal_next || atomic_load(&j->is_stopped))
        return;
    const sph_rc rc = sph_db_wal_checkpoint(j->db, pages >= WAL_MOST, NULL);
    const int64_t left = sph_db_wal_pages(j->db);
    const int64_t step = pages >= WAL_MOST ? 16 * WAL_STEP : WAL_STEP;
    j->wal_next = rc.code == SPH_OK && left == 0 ? WAL_MOVE : pages + step;
}

void batch_run(sph_journal *journal, struct waiter *first)
{
    SPH_AUTO_PTR(sph_head) *head = NULL;
    sph_err err = {0};
    if (journal->wal_next == 0)
        journal->wal_next = WAL_MOVE;
    const uint64_t start_us = journal_mono_us();
    const sph_rc rc = commit_batch(journal, first, &head, &err);
    journal_note_time(journal, journal_mono_us() - start_us);
    if (rc.code == SPH_OK)
        publish(journal, head);
    answer(first, rc, &err, head);
    move_wal(journal);
}
