/** SQLite as Saphan uses it (ledger.md 8): open, migrate, prepared statements, transactions,
 * guards. No SQL is built at run time: every statement is a string literal with bound values. */
#pragma once

#include "base/env.h"

typedef struct sph_db sph_db;     /* one connection, one thread at a time */
typedef struct sph_stmt sph_stmt; /* a prepared statement, cached by its connection */

enum sph_db_role {
    SPH_DB_READER,      /* query only */
    SPH_DB_WRITER,      /* the one writer of node.db, under the authorizer's allow-list */
    SPH_DB_SECRETS,     /* secrets.db: secure_delete, FULL */
    SPH_DB_MAINTENANCE, /* migrations: no allow-list, guards not compared */
};

/** Set SQLite up, once and before the first thread: it then counts no memory, which would take a
 * lock at every allocation of every thread. Databases work without it. SPH_EIO. */
SPH_MUST sph_rc sph_db_start(sph_err *err);
/** Open an existing database at an absolute path, with all settings of ledger.md 8.
 *  A file that cannot be written to (read-only medium, evidence copy) is opened by a reader as it
 * is, provided no write-ahead log lies beside it. out     owned on success (sph_db_close) errors
 * SPH_ENOTFOUND no file, or never migrated; SPH_EPROOF a guard (trigger) of the ledger tables is
 *          missing, changed or added; SPH_EUNSUPPORTED made by a newer version; SPH_EPARSE not a
 *          database or damaged; SPH_EIO; SPH_ENOMEM
 */
SPH_MUST sph_rc sph_db_open(const char *path, enum sph_db_role role, sph_db **out, sph_err *err);
/** Close the connection and its statements; NULL is fine. */
void sph_db_close(sph_db **db);
/** Create or upgrade node.db to the current schema (maintenance connection inside), mode 0600.
 *  from    old version, 0 = new file; may be NULL
 */
SPH_MUST sph_rc sph_db_migrate_node(const char *path, int *from, sph_err *err);
/** The same for secrets.db. */
SPH_MUST sph_rc sph_db_migrate_secrets(const char *path, int *from, sph_err *err);

/** Prepare (or reuse) a statement.
 *  sql     a string literal: the cache knows it by address
 *  out     borrowed: the connection keeps it; end it with sph_stmt_end or let SPH_AUTO_PTR do it
 *  errors  SPH_EARG still in use, or bad SQL; SPH_EREFUSED the allow-list forbids it; SPH_EAGAIN
 */
SPH_MUST sph_rc sph_stmt_get(sph_db *db, const char *sql, sph_stmt **out, sph_err *err);
/** Bind parameter `at` (from 1). Values are copied. Errors stick and are reported by the next step.
 */
void sph_stmt_int(sph_stmt *stmt, int at, int64_t value);
/** Bind text; NULL binds NULL. */
void sph_stmt_text(sph_stmt *stmt, int at, const char *value);
/** Bind text that is not NUL-terminated. */
void sph_stmt_slice_text(sph_stmt *stmt, int at, sph_slice value);
/** Bind octets; the empty slice binds a blob of length 0. */
void sph_stmt_blob(sph_stmt *stmt, int at, sph_slice value);
/** Bind NULL. */
void sph_stmt_null(sph_stmt *stmt, int at);
/** Next row.
 *  row     false at the end, and the statement is ended then
 *  errors  SPH_ECONFLICT a constraint or guard; SPH_EAGAIN busy; SPH_EIO (also disk full);
 *          SPH_EPARSE the file is damaged; the statement is ended then
 */
SPH_MUST sph_rc sph_stmt_step(sph_stmt *stmt, bool *row, sph_err *err);
/** Run to the end, ignoring rows; *changed (may be NULL) = rows changed. Errors as sph_stmt_step.
 */
SPH_MUST sph_rc sph_stmt_run(sph_stmt *stmt, int64_t *changed, sph_err *err);
/** End early; safe on NULL. A statement must be ended or run out before it is got again. */
void sph_stmt_end(sph_stmt *stmt);
/** The same for SPH_AUTO_PTR(sph_stmt): the connection's cache keeps the statement. */
void sph_stmt_free(sph_stmt **stmt);
/** Columns of the current row, numbered from 0; borrowed until the next step. */
int64_t sph_col_int(sph_stmt *stmt, int at);
/** Text of a column; NULL for NULL. */
const char *sph_col_text(sph_stmt *stmt, int at);
/** Octets of a column; empty for NULL. */
sph_slice sph_col_blob(sph_stmt *stmt, int at);
/** True when the column is NULL. */
bool sph_col_null(sph_stmt *stmt, int at);

/** Begin a transaction: IMMEDIATE on writers, DEFERRED on readers. SPH_EAGAIN when busy. */
SPH_MUST sph_rc sph_db_begin(sph_db *db, sph_err *err);
/** Make it durable. On failure the transaction is rolled back. */
SPH_MUST sph_rc sph_db_commit(sph_db *db, sph_err *err);
/** Give the transaction up; nothing happens when there is none. Ends all statements. */
void sph_db_rollback(sph_db *db);
/** Open a savepoint inside the transaction. */
SPH_MUST sph_rc sph_db_savepoint(sph_db *db, sph_err *err);
/** Keep what was done since the newest savepoint. Ends all statements. */
SPH_MUST sph_rc sph_db_release(sph_db *db, sph_err *err);
/** Undo what was done since the newest savepoint and close it. Ends all statements. */
void sph_db_rollback_to(sph_db *db);
/** False when there is no transaction, also after SQLite gave one up by itself (disk full, I/O
 * error). */
bool sph_db_in_transaction(const sph_db *db);

/** Pages in the write-ahead log after this connection's last commit. */
int64_t sph_db_wal_pages(const sph_db *db);
/** Move the write-ahead log into the database file: as much as readers allow without waiting, or
 * with `truncate` all of it (waits for readers, SPH_EAGAIN), leaving an empty log. */
SPH_MUST sph_rc sph_db_wal_checkpoint(sph_db *db, bool truncate, sph_err *err);

/** A small pool of reader connections shared by threads; connections open at first need. */
typedef struct sph_db_pool sph_db_pool;
/** A pool of at most `most` (1..64) readers of the file at `path`. out: owned, sph_db_pool_free. */
SPH_MUST sph_rc sph_db_pool_new(const char *path, unsigned most, sph_db_pool **out, sph_err *err);
/** Close all connections; every one must have been given back. */
void sph_db_pool_free(sph_db_pool **pool);
/** Borrow a reader (waits when all are out); give it back with sph_db_pool_put. Errors as
 * sph_db_open. */
SPH_MUST sph_rc sph_db_pool_get(sph_db_pool *pool, sph_db **out, sph_err *err);
/** Give a reader back: its statements and its transaction end. NULL db is fine. */
void sph_db_pool_put(sph_db_pool *pool, sph_db *db);
