#include "store/db_impl.h"

static size_t slot_of(const char *sql)
{
    uint64_t x = (uint64_t)(uintptr_t)sql;
    x = (x ^ (x >> 29)) * 0x9E3779B97F4A7C15u;
    return (size_t)(x >> 40) % SPH_DB_STATEMENTS;
}

/* Two literals may share an address over time only if a caller breaks the contract; the text
 * decides. */
static bool is_same(const sph_stmt *stmt, const char *sql)
{
    return stmt->sql == sql && sph_slice_is(sph_slice_str(sqlite3_sql(stmt->at)), sql);
}

static sph_rc prepare(sph_db *db, const char *sql, sph_stmt **out, sph_err *err)
{
    if (db->statements >= SPH_DB_STATEMENTS / 4 * 3)
        return sph_fail(err, SPH_ELIMIT, "%u prepared statements", db->statements);
    sph_stmt *fresh = sph_mem_new(1, sizeof(*fresh));
    if (!fresh)
        return sph_fail(err, SPH_ENOMEM, "a statement");
    const int code =
        sqlite3_prepare_v3(db->at, sql, -1, SQLITE_PREPARE_PERSISTENT, &fresh->at, NULL);
    if (code != SQLITE_OK || !fresh->at) {
        sph_mem_free(fresh);
        return sph_db_error(db->at, code == SQLITE_OK ? SQLITE_ERROR : code, "preparing", err);
    }
    fresh->sql = sql;
    fresh->db = db;
    *out = fresh;
    return sph_ok();
}

sph_rc sph_stmt_get(sph_db *db, const char *sql, sph_stmt **out, sph_err *err)
{
    size_t at = slot_of(sql);
    while (db->cache[at] && !is_same(db->cache[at], sql))
        at = (at + 1) % SPH_DB_STATEMENTS;
    if (!db->cache[at]) {
        SPH_TRY(prepare(db, sql, &db->cache[at], err), err, "%.60s", sql);
        db->statements++;
    }
    sph_stmt *stmt = db->cache[at];
    if (stmt->in_use)
        return sph_fail(err, SPH_EARG, "still in use: %.60s", sql);
    stmt->in_use = true;
    *out = stmt;
    return sph_ok();
}

static void keep_error(sph_stmt *stmt, int code)
{
    if (stmt->bind_error == SQLITE_OK)
        stmt->bind_error = code;
}

void sph_stmt_int(sph_stmt *stmt, int at, int64_t value)
{
    keep_error(stmt, sqlite3_bind_int64(stmt->at, at, value));
}

void sph_stmt_text(sph_stmt *stmt, int at, const char *value)
{
    if (value)
        sph_stmt_slice_text(stmt, at, sph_slice_str(value));
    else
        sph_stmt_null(stmt, at);
}

void sph_stmt_slice_text(sph_stmt *stmt, int at, sph_slice value)
{
    const char *text = value.len ? (const char *)value.at : "";
    keep_error(stmt,
               sqlite3_bind_text64(stmt->at, at, text, value.len, SQLITE_TRANSIENT, SQLITE_UTF8));
}

void sph_stmt_blob(sph_stmt *stmt, int at, sph_slice value)
{
    if (value.len)
        keep_error(stmt, sqlite3_bind_blob64(stmt->at, at, value.at, value.len, SQLITE_TRANSIENT));
    else
        keep_error(stmt, sqlite3_bind_zeroblob(stmt->at, at, 0));
}

void sph_stmt_null(sph_stmt *stmt, int at)
{
    keep_error(stmt, sqlite3_bind_null(stmt->at, at));
}

sph_rc sph_stmt_step(sph_stmt *stmt, bool *row, sph_err *err)
{
    int code = stmt->bind_error;
    if (code == SQLITE_OK)
        code = sqlite3_step(stmt->at);
    if (code == SQLITE_ROW) {
        *row = true;
        return sph_ok();
    }
    sph_rc rc = sph_ok();
    if (code != SQLITE_DONE)
        rc = sph_db_error(stmt->db->at, code, "running", err);
    else
        *row = false;
    sph_stmt_end(stmt);
    return rc;
}

sph_rc sph_stmt_run(sph_stmt *stmt, int64_t *changed, sph_err *err)
{
    sph_db *db = stmt->db;
    bool row = true;
    while (row)
        SPH_TRY(sph_stmt_step(stmt, &row, err), err, "%.60s", stmt->sql);
    if (changed)
        *changed = sqlite3_changes64(db->at);
    return sph_ok();
}

void sph_stmt_end(sph_stmt *stmt)
{
    if (!stmt || !stmt->in_use)
        return;
    sqlite3_reset(stmt->at);
    sqlite3_clear_bindings(stmt->at);
    stmt->bind_error = SQLITE_OK;
    stmt->in_use = false;
}

void sph_stmt_free(sph_stmt **stmt)
{
    if (!stmt)
        return;
    sph_stmt_end(*stmt);
    *stmt = NULL;
}

void sph_db_end_all(sph_db *db)
{
    for (size_t i = 0; i < SPH_DB_STATEMENTS; i++)
        sph_stmt_end(db->cache[i]);
}

void sph_db_drop_statements(sph_db *db)
{
    for (size_t i = 0; i < SPH_DB_STATEMENTS; i++) {
        if (!db->cache[i])
            continue;
        sqlite3_finalize(db->cache[i]->at);
        sph_mem_free(db->cache[i]);
        db->cache[i] = NULL;
    }
    db->statements = 0;
}

int64_t sph_col_int(sph_stmt *stmt, int at)
{
    return sqlite3_column_int64(stmt->at, at);
}

const char *sph_col_text(sph_stmt *stmt, int at)
{
    return (const char *)sqlite3_column_text(stmt->at, at);
}

sph_slice sph_col_blob(sph_stmt *stmt, int at)
{
    const void *bytes = sqlite3_column_blob(stmt->at, at); /* before its length: it may convert */
    return sph_slice_of(bytes, (size_t)sqlite3_column_bytes(stmt->at, at));
}

bool sph_col_null(sph_stmt *stmt, int at)
{
    return sqlite3_column_type(stmt->at, at) == SQLITE_NULL;
}
