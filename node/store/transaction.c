#include "store/db_impl.h"

static sph_rc run(sph_db *db, const char *sql, sph_err *err)
{
    sph_stmt *stmt = NULL;
    SPH_TRY(sph_stmt_get(db, sql, &stmt, err), err, "%s", sql);
    SPH_TRY(sph_stmt_run(stmt, NULL, err), err, "%s", sql);
    return sph_ok();
}

/* Undoing cannot be made to succeed by telling anyone: the caller already holds the first reason.
 */
static void run_quietly(sph_db *db, const char *sql)
{
    const sph_rc rc = run(db, sql, NULL);
    (void)rc;
}

sph_rc sph_db_begin(sph_db *db, sph_err *err)
{
    if (db->role == SPH_DB_READER)
        return run(db, "BEGIN", err);
    return run(db, "BEGIN IMMEDIATE", err);
}

sph_rc sph_db_commit(sph_db *db, sph_err *err)
{
    sph_db_end_all(db);
    const sph_rc rc = run(db, "COMMIT", err);
    if (rc.code != SPH_OK)
        sph_db_rollback(db);
    return rc;
}

void sph_db_rollback(sph_db *db)
{
    sph_db_end_all(db);
    if (sph_db_in_transaction(db))
        run_quietly(db, "ROLLBACK");
}

sph_rc sph_db_savepoint(sph_db *db, sph_err *err)
{
    return run(db, "SAVEPOINT job", err);
}

sph_rc sph_db_release(sph_db *db, sph_err *err)
{
    sph_db_end_all(db);
    return run(db, "RELEASE job", err);
}

void sph_db_rollback_to(sph_db *db)
{
    sph_db_end_all(db);
    if (!sph_db_in_transaction(db))
        return;
    run_quietly(db, "ROLLBACK TO job");
    run_quietly(db, "RELEASE job");
}

bool sph_db_in_transaction(const sph_db *db)
{
    return sqlite3_get_autocommit(db->at) == 0;
}
