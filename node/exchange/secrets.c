#include "exchange/secrets.h"

#include "crypto/aead.h"

#include <pthread.h>

#define BATCH 32 /* secrets made with one flush */
#define SECRET_LEN 32
#define WRAPPED_MAX 128

struct made {
    uint8_t id[SPH_SECRET_ID];
    sph_secret *secret;
};

struct sph_secrets {
    pthread_mutex_t lock;
    sph_db *db;
    const sph_random *random;
    sph_secret *kek;
    int64_t epoch;
    struct made ready[BATCH]; /* durable, not given out yet */
    unsigned ready_count;
};

static sph_slice id_slice(const uint8_t id[SPH_SECRET_ID])
{
    return sph_slice_of(id, SPH_SECRET_ID);
}

/* AAD of a wrapping: record id ‖ epoch (ledger.md 4), so a row cannot be moved to another id or
 * epoch. */
static sph_rc add_aad(const uint8_t id[SPH_SECRET_ID], int64_t epoch, sph_buf *out, sph_err *err)
{
    SPH_TRY(sph_buf_add(out, id_slice(id), err), err, "record id");
    return sph_buf_add_u64(out, (uint64_t)epoch, err);
}

/* IV ‖ ciphertext ‖ tag. */
static sph_rc wrap(const sph_secrets *s, const struct made *m, sph_buf *out, sph_err *err)
{
    SPH_AUTO(sph_buf) aad = sph_buf_init(SPH_SECRET_ID + 8);
    uint8_t iv[SPH_AEAD_IV];
    SPH_TRY(s->random->fill(s->random->ctx, iv, sizeof(iv), err), err, "IV");
    SPH_TRY(add_aad(m->id, s->epoch, &aad, err), err, "wrapping");
    SPH_TRY(sph_buf_add(out, sph_slice_of(iv, sizeof(iv)), err), err, "IV");
    return sph_aead_seal(s->kek, sph_slice_of(iv, sizeof(iv)), sph_buf_peek(&aad),
                         sph_secret_peek(m->secret), out, err);
}

static sph_rc unwrap(const sph_secrets *s, const uint8_t id[SPH_SECRET_ID], int64_t epoch,
                     sph_slice wrapped, sph_secret **out, sph_err *err)
{
    SPH_AUTO(sph_buf) aad = sph_buf_init(SPH_SECRET_ID + 8);
    SPH_AUTO(sph_buf) plain = sph_buf_init(WRAPPED_MAX);
    SPH_TRY(add_aad(id, epoch, &aad, err), err, "unwrapping");
    const sph_slice iv = sph_slice_sub(wrapped, 0, SPH_AEAD_IV);
    const sph_slice sealed = sph_slice_sub(wrapped, SPH_AEAD_IV, SIZE_MAX);
    SPH_TRY(sph_aead_open(s->kek, iv, sph_buf_peek(&aad), sealed, &plain, err), err, "unwrapping");
    const sph_rc rc = plain.len == SECRET_LEN
                          ? sph_secret_from(sph_buf_peek(&plain), out, err)
                          : sph_fail(err, SPH_EPROOF, "a secret of %zu octets", plain.len);
    sph_wipe(plain.at, plain.len);
    return rc;
}

static sph_rc insert(sph_secrets *s, struct made *m, sph_err *err)
{
    SPH_AUTO(sph_buf) wrapped = sph_buf_init(WRAPPED_MAX);
    SPH_AUTO_PTR(sph_stmt) *stmt = NULL;
    SPH_TRY(s->random->fill(s->random->ctx, m->id, sizeof(m->id), err), err, "record id");
    SPH_TRY(sph_secret_random(s->random, SECRET_LEN, &m->secret, err), err, "secret");
    SPH_TRY(wrap(s, m, &wrapped, err), err, "secret");
    SPH_TRY(sph_stmt_get(s->db, "INSERT INTO secret(id, epoch, wrapped) VALUES(?1, ?2, ?3)", &stmt,
                         err),
            err, "secret");
    sph_stmt_blob(stmt, 1, id_slice(m->id));
    sph_stmt_int(stmt, 2, s->epoch);
    sph_stmt_blob(stmt, 3, sph_buf_peek(&wrapped));
    return sph_stmt_run(stmt, NULL, err);
}

static void forget(struct made *made, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        sph_secret_free(&made[i].secret);
}

/* A batch is given out only after its COMMIT: a packet never waits for a secret that is not
 * durable. */
static sph_rc refill(sph_secrets *s, sph_err *err)
{
    struct made made[BATCH] = {{.secret = NULL}};
    SPH_TRY(sph_db_begin(s->db, err), err, "secrets");
    sph_rc rc = sph_ok();
    for (unsigned i = 0; i < BATCH && rc.code == SPH_OK; i++)
        rc = insert(s, &made[i], err);
    if (rc.code == SPH_OK)
        rc = sph_db_commit(s->db, err);
    if (rc.code != SPH_OK) {
        sph_db_rollback(s->db);
        forget(made, BATCH);
        return rc;
    }
    for (unsigned i = 0; i < BATCH; i++)
        s->ready[i] = made[i];
    s->ready_count = BATCH;
    return sph_ok();
}

static sph_rc new_locked(sph_secrets *s, uint8_t id[SPH_SECRET_ID], sph_secret **out, sph_err *err)
{
    if (s->ready_count == 0)
        SPH_TRY(refill(s, err), err, "making secrets");
    struct made *next = &s->ready[s->ready_count - 1];
    SPH_TRY(sph_bytes_copy(id, SPH_SECRET_ID, id_slice(next->id), err), err, "record id");
    *out = sph_move(next->secret);
    s->ready_count--;
    return sph_ok();
}

sph_rc sph_secrets_new(sph_secrets *secrets, uint8_t id[SPH_SECRET_ID], sph_secret **out,
                       sph_err *err)
{
    pthread_mutex_lock(&secrets->lock);
    const sph_rc rc = new_locked(secrets, id, out, err);
    pthread_mutex_unlock(&secrets->lock);
    return rc;
}

static sph_rc get_locked(sph_secrets *s, const uint8_t id[SPH_SECRET_ID], sph_secret **out,
                         sph_err *err)
{
    SPH_AUTO_PTR(sph_stmt) *stmt = NULL;
    bool row = false;
    SPH_TRY(sph_stmt_get(s->db, "SELECT epoch, wrapped FROM secret WHERE id=?1", &stmt, err), err,
            "secret");
    sph_stmt_blob(stmt, 1, id_slice(id));
    SPH_TRY(sph_stmt_step(stmt, &row, err), err, "secret");
    if (!row)
        return sph_fail(err, SPH_ENOTFOUND, "the secret was destroyed");
    return unwrap(s, id, sph_col_int(stmt, 0), sph_col_blob(stmt, 1), out, err);
}

sph_rc sph_secrets_get(sph_secrets *secrets, const uint8_t id[SPH_SECRET_ID], sph_secret **out,
                       sph_err *err)
{
    pthread_mutex_lock(&secrets->lock);
    const sph_rc rc = get_locked(secrets, id, out, err);
    pthread_mutex_unlock(&secrets->lock);
    return rc;
}

static sph_rc delete_row(sph_db *db, const uint8_t id[SPH_SECRET_ID], sph_err *err)
{
    sph_stmt *stmt = NULL;
    SPH_TRY(sph_stmt_get(db, "DELETE FROM secret WHERE id=?1", &stmt, err), err, "secret");
    sph_stmt_blob(stmt, 1, id_slice(id));
    return sph_stmt_run(stmt, NULL, err);
}

/* secure_delete overwrites the row in its page; the older copy of the page in the log goes with it.
 */
static sph_rc destroy_locked(sph_secrets *s, const uint8_t id[SPH_SECRET_ID], sph_err *err)
{
    SPH_TRY(delete_row(s->db, id, err), err, "destroying a secret");
    SPH_TRY(sph_db_wal_checkpoint(s->db, true, err), err, "emptying the log");
    return sph_ok();
}

sph_rc sph_secrets_destroy(sph_secrets *secrets, const uint8_t id[SPH_SECRET_ID], sph_err *err)
{
    pthread_mutex_lock(&secrets->lock);
    const sph_rc rc = destroy_locked(secrets, id, err);
    pthread_mutex_unlock(&secrets->lock);
    return rc;
}

static sph_rc find_user(sph_secrets *s, const char *user, uint8_t out[16], bool *found,
                        sph_err *err)
{
    SPH_AUTO_PTR(sph_stmt) *stmt = NULL;
    SPH_TRY(sph_stmt_get(s->db, "SELECT code FROM pseudonym WHERE user=?1", &stmt, err), err,
            "pseudonym");
    sph_stmt_text(stmt, 1, user);
    SPH_TRY(sph_stmt_step(stmt, found, err), err, "pseudonym");
    return *found ? sph_bytes_copy(out, 16, sph_col_blob(stmt, 0), err) : sph_ok();
}

static sph_rc pseudonym_locked(sph_secrets *s, const char *user, uint8_t out[16], sph_err *err)
{
    uint8_t code[16];
    bool found = false;
    sph_stmt *stmt = NULL;
    SPH_TRY(find_user(s, user, out, &found, err), err, "pseudonym");
    if (found)
        return sph_ok();
    SPH_TRY(s->random->fill(s->random->ctx, code, sizeof(code), err), err, "pseudonym");
    SPH_TRY(sph_stmt_get(s->db, "INSERT INTO pseudonym(user, code) VALUES(?1, ?2)", &stmt, err),
            err, "pseudonym");
    sph_stmt_text(stmt, 1, user);
    sph_stmt_blob(stmt, 2, sph_slice_of(code, sizeof(code)));
    SPH_TRY(sph_stmt_run(stmt, NULL, err), err, "pseudonym");
    return sph_bytes_copy(out, 16, sph_slice_of(code, sizeof(code)), err);
}

sph_rc sph_secrets_pseudonym(sph_secrets *secrets, const char *user, uint8_t out[16], sph_err *err)
{
    if (!user || user[0] == '\0')
        return sph_fail(err, SPH_EARG, "no user");
    pthread_mutex_lock(&secrets->lock);
    const sph_rc rc = pseudonym_locked(secrets, user, out, err);
    pthread_mutex_unlock(&secrets->lock);
    return rc;
}

sph_rc sph_secrets_open(const char *path, const sph_random *random, sph_secret **kek, int64_t epoch,
                        sph_secrets **out, sph_err *err)
{
    SPH_AUTO_PTR(sph_secret) *key = sph_move(*kek);
    if (!key || sph_secret_len(key) != 32 || epoch < 0)
        return sph_fail(err, SPH_EARG, "the KEK has 32 octets and an epoch");
    sph_secrets *secrets = sph_mem_new(1, sizeof(*secrets));
    if (!secrets)
        return sph_fail(err, SPH_ENOMEM, "secrets");
    const sph_rc rc = sph_db_open(path, SPH_DB_SECRETS, &secrets->db, err);
    if (rc.code != SPH_OK) {
        sph_mem_free(secrets);
        return rc;
    }
    pthread_mutex_init(&secrets->lock, NULL);
    secrets->random = random;
    secrets->kek = sph_move(key);
    secrets->epoch = epoch;
    *out = secrets;
    return sph_ok();
}

/* What stays behind on a failure is a secret of nothing: harmless (ledger.md 6). */
static void destroy_ready(sph_secrets *s)
{
    if (s->ready_count == 0 || sph_db_begin(s->db, NULL).code != SPH_OK)
        return;
    sph_rc rc = sph_ok();
    for (unsigned i = 0; i < s->ready_count && rc.code == SPH_OK; i++)
        rc = delete_row(s->db, s->ready[i].id, NULL);
    if (rc.code == SPH_OK)
        rc = sph_db_commit(s->db, NULL);
    if (rc.code != SPH_OK)
        sph_db_rollback(s->db);
}

void sph_secrets_close(sph_secrets **secrets)
{
    if (!secrets || !*secrets)
        return;
    sph_secrets *s = sph_move(*secrets);
    destroy_ready(s);
    forget(s->ready, s->ready_count);
    sph_secret_free(&s->kek);
    sph_db_close(&s->db);
    pthread_mutex_destroy(&s->lock);
    sph_mem_free(s);
}
