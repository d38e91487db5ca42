#include "journal/journal.h"

#include "journal/journal_impl.h"

#include <time.h>

#define BATCH 512          /* most jobs of one commit (ledger.md 7) */
#define GATHER_NS 2000000L /* how long jobs gather when the last commit was shared */
#define GATHER_ENOUGH 24u  /* this many need not wait for more */

/* With the lock held: wait for a first job. */
static void wait_for_work(sph_journal *j)
{
    while (!j->first && !j->is_closing) {
        j->is_idle = true;
        pthread_cond_wait(&j->work, &j->lock);
    }
    j->is_idle = false;
}

/* With the lock held: when several jobs met in the last commit, more are on their way, and each
 * commit costs a flush and the pages that all commits touch. A job that comes alone waits for
 * nobody. */
static void gather(sph_journal *j)
{
    const struct timespec pause = {0, GATHER_NS};
    if (!j->was_shared || j->queued >= GATHER_ENOUGH || j->is_closing)
        return;
    pthread_mutex_unlock(&j->lock);
    nanosleep(&pause, NULL);
    pthread_mutex_lock(&j->lock);
}

/* Take everything queued now, at most 512. NULL when the journal closes. */
static struct waiter *next_batch(sph_journal *j)
{
    pthread_mutex_lock(&j->lock);
    wait_for_work(j);
    gather(j);
    struct waiter *first = j->first;
    struct waiter *last = first;
    unsigned count = first ? 1 : 0;
    for (; last && last->next && count < BATCH; count++)
        last = last->next;
    if (last) {
        j->first = last->next;
        j->last = j->first ? j->last : NULL;
        last->next = NULL;
    }
    j->queued -= count;
    j->was_shared = count > 1;
    pthread_mutex_unlock(&j->lock);
    return first;
}

static void *write_loop(void *arg)
{
    sph_journal *j = arg;
    for (struct waiter *first = next_batch(j); first; first = next_batch(j))
        batch_run(j, first);
    return NULL;
}

static void enqueue(sph_journal *j, struct waiter *w)
{
    pthread_mutex_lock(&j->lock);
    if (j->last)
        j->last->next = w;
    else
        j->first = w;
    j->last = w;
    j->queued++;
    if (j->is_idle) /* a writer at work looks by itself */
        pthread_cond_signal(&j->work);
    pthread_mutex_unlock(&j->lock);
}

sph_rc sph_journal_commit(sph_journal *journal, sph_job *job, sph_head **head, sph_err *err)
{
    struct waiter w = {.job = job, .wants_head = head != NULL};
    sem_init(&w.done, 0, 0);
    enqueue(journal, &w);
    while (sem_wait(&w.done) != 0)
        continue; /* a signal came */
    sem_destroy(&w.done);
    if (w.rc.code == SPH_OK && head)
        *head = w.head;
    if (w.rc.code != SPH_OK && err)
        *err = w.err;
    return w.rc;
}

sph_rc sph_journal_head(sph_journal *journal, bool is_signed, sph_head **out, sph_err *err)
{
    (void)err;
    pthread_mutex_lock(&journal->lock);
    sph_head *head = is_signed ? journal->signed_head : journal->head;
    *out = head ? sph_head_ref(head) : NULL;
    pthread_mutex_unlock(&journal->lock);
    return sph_ok();
}

bool sph_journal_is_stopped(sph_journal *journal)
{
    return atomic_load(&journal->is_stopped);
}

/* "node.db.open" beside the database: there while a journal runs, left behind by a crash. */
static sph_rc name_marker(sph_journal *j, const char *path, sph_err *err)
{
    const char *name = path;
    for (const char *c = path; *c; c++)
        name = *c == '/' ? c + 1 : name;
    return sph_str_format(j->marker, sizeof(j->marker), err, "%s.open", name);
}

static sph_rc set_marker(const sph_journal *j, bool *is_unclean, sph_err *err)
{
    const sph_files *files = j->env->files;
    *is_unclean = true;
    if (!files)
        return sph_ok();
    SPH_AUTO(sph_open_file) marker = {files, NULL};
    const sph_rc rc = files->open(files->ctx, j->marker, SPH_OPEN_READ, &marker.file, err);
    if (rc.code != SPH_ENOTFOUND)
        return rc; /* it is there, and stays */
    sph_err_clear(err);
    *is_unclean = false;
    return sph_file_store(files, j->marker, SPH_LIT("open\n"), true, err);
}

static void clear_marker(const sph_journal *j)
{
    const sph_files *files = j->env->files;
    if (!files || atomic_load(&j->is_stopped))
        return;
    const sph_rc rc = files->remove(files->ctx, j->marker, NULL);
    (void)rc; /* a marker that stays costs one longer start check */
}

static void release(sph_journal *j)
{
    sph_head_free(&j->head);
    sph_head_free(&j->signed_head);
    sph_buf_clear(&j->body);
    sph_sha256_free(&j->hasher);
    sph_db_close(&j->db);
    sph_key_free(&j->key);
    pthread_cond_destroy(&j->work);
    pthread_mutex_destroy(&j->lock);
    sph_mem_free(j);
}

/* All but the thread. */
static sph_rc prepare(sph_journal *j, const struct sph_journal_config *config, sph_err *err)
{
    bool is_unclean = true;
    SPH_TRY(sph_vkey_make(config->origin, SPH_VKEY_LOG, sph_key_peek_public(config->log_key),
                          &j->vkey, err),
            err, "log key");
    SPH_TRY(name_marker(j, config->path, err), err, "marker");
    SPH_TRY(sph_sha256_new(&j->hasher, err), err, "digest");
    SPH_TRY(sph_db_open(config->path, SPH_DB_WRITER, &j->db, err), err, "node.db");
    SPH_TRY(set_marker(j, &is_unclean, err), err, "marker");
    return journal_start(j, is_unclean, err);
}

sph_rc sph_journal_open(const struct sph_journal_config *config, sph_journal **out, sph_err *err)
{
    sph_journal *j = sph_mem_new(1, sizeof(*j));
    if (!j)
        return sph_fail(err, SPH_ENOMEM, "a journal");
    pthread_mutex_init(&j->lock, NULL);
    pthread_cond_init(&j->work, NULL);
    atomic_init(&j->is_stopped, false);
    j->env = config->env;
    j->key = sph_key_ref(config->log_key);
    j->body = sph_buf_init(SPH_LEAF_MAX);
    sph_rc rc = prepare(j, config, err);
    if (rc.code == SPH_OK && pthread_create(&j->thread, NULL, write_loop, j) != 0)
        rc = sph_fail(err, SPH_ENOMEM, "the writer thread");
    if (rc.code != SPH_OK) {
        release(j); /* the marker stays: what did not hold is looked at again next time */
        return rc;
    }
    *out = j;
    return sph_ok();
}

void sph_journal_free(sph_journal **journal)
{
    if (!journal || !*journal)
        return;
    sph_journal *j = sph_move(*journal);
    pthread_mutex_lock(&j->lock);
    j->is_closing = true;
    pthread_cond_signal(&j->work);
    pthread_mutex_unlock(&j->lock);
    pthread_join(j->thread, NULL);
    if (!atomic_load(&j->is_stopped)) {
        const sph_rc rc = sph_db_wal_checkpoint(j->db, false, NULL);
        (void)rc; /* readers may be in the way; the next start reads the log */
    }
    clear_marker(j);
    release(j);
}
