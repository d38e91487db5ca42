/** SQLite as Saphan uses it (ledger.md 8): open, migrate, prepared statements, transactions, guards. */
#pragma once

#include "base/env.h"

typedef struct sph_db sph_db;     /* one connection, one thread at a time */
typedef struct sph_stmt sph_stmt; /* a prepared statement, cached by its connection */

enum sph_db_role {
    SPH_DB_READER,      /* query only */
    SPH_DB_WRITER,      /* the one writer of node.db, under the authorizer's allow-list */
    SPH_DB_SECRETS,     /* secrets.db: secure_delete, FULL */
    SPH_DB_MAINTENANCE, /* migrations */
};
/** Open the file at an absolute path. Fails with SPH_EPROOF if a guard (trigger) of the ledger tables is missing. */
SPH_MUST sph_rc sph_db_open(const char *path, enum sph_db_role role, sph_db **out, sph_err *err);
void sph_db_close(sph_db **db);
/** Create or upgrade node.db / secrets.db to the current schema (maintenance connection inside). Returns old version in *from. */
SPH_MUST sph_rc sph_db_migrate_node(const char *path, int *from, sph_err *err);
SPH_MUST sph_rc sph_db_migrate_secrets(const char *path, int *from, sph_err *err);

/** Prepare (or reuse) a statement; `sql` is a static string literal. Bound values are copied. */
SPH_MUST sph_rc sph_stmt_get(sph_db *db, const char *sql, sph_stmt **out, sph_err *err);
/** Bindings, numbered from 1; errors stick and are reported by step. */
void sph_stmt_int(sph_stmt *stmt, int at, int64_t value);
void sph_stmt_text(sph_stmt *stmt, int at, const char *value); /* NULL binds NULL */
void sph_stmt_slice_text(sph_stmt *stmt, int at, sph_slice value);
void sph_stmt_blob(sph_stmt *stmt, int at, sph_slice value);
void sph_stmt_null(sph_stmt *stmt, int at);
/** Next row: *row false at the end, and the statement is reset then. SPH_ECONFLICT on a constraint or guard, SPH_EAGAIN when busy, SPH_EIO (also disk full). */
SPH_MUST sph_rc sph_stmt_step(sph_stmt *stmt, bool *row, sph_err *err);
/** Run to the end, ignoring rows; *changed (may be NULL) = rows changed. */
SPH_MUST sph_rc sph_stmt_run(sph_stmt *stmt, int64_t *changed, sph_err *err);
/** End early; safe on NULL. A statement must be ended or run out before it is got again. */
void sph_stmt_end(sph_stmt *stmt);
/** Columns, numbered from 0; borrowed until the next step. */
int64_t sph_col_int(sph_stmt *stmt, int at);
const char *sph_col_text(sph_stmt *stmt, int at); /* NULL for NULL */
sph_slice sph_col_blob(sph_stmt *stmt, int at);
bool sph_col_null(sph_stmt *stmt, int at);

SPH_MUST sph_rc sph_db_begin(sph_db *db, sph_err *err);  /* IMMEDIATE on writers, DEFERRED on readers */
SPH_MUST sph_rc sph_db_commit(sph_db *db, sph_err *err); /* on failure the transaction is rolled back */
void sph_db_rollback(sph_db *db);
SPH_MUST sph_rc sph_db_savepoint(sph_db *db, sph_err *err);
SPH_MUST sph_rc sph_db_release(sph_db *db, sph_err *err);
void sph_db_rollback_to(sph_db *db);

/** A small pool of reader connections shared by threads. */
typedef struct sph_db_pool sph_db_pool;
SPH_MUST sph_rc sph_db_pool_new(const char *path, unsigned most, sph_db_pool **out, sph_err *err);
void sph_db_pool_free(sph_db_pool **pool);
/** Borrow a reader (waits when all are out); give it back with sph_db_pool_put, which ends its transaction. */
SPH_MUST sph_rc sph_db_pool_get(sph_db_pool *pool, sph_db **out, sph_err *err);
void sph_db_pool_put(sph_db_pool *pool, sph_db *db);
