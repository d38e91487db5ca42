/** Inside node/store only: the connection, and the SQLite calls that its files share. */
#pragma once

#include <sqlite3.h>

#include "store/db.h"

#define SPH_DB_STATEMENTS 512 /* slots of the statement cache; at most 3/4 are used */
#define SPH_DB_VERSION 1      /* user_version of node.db and secrets.db */

struct sph_stmt {
    sqlite3_stmt *at;
    const char *sql; /* the caller's literal: the key */
    sph_db *db;
    int bind_error; /* first failing binding, SQLITE_OK when none */
    bool in_use;
};

struct sph_db {
    sqlite3 *at;
    enum sph_db_role role;
    int64_t wal_pages;
    unsigned statements;
    sph_stmt *cache[SPH_DB_STATEMENTS]; /* open addressing by the literal's address */
};

/** Our result for an SQLite code, with SQLite's own words as the reason (they hold no values). */
SPH_MUST sph_rc sph_db_error(sqlite3 *at, int code, const char *doing, sph_err *err);
/** Run one statement of the program's own, uncached. */
SPH_MUST sph_rc sph_db_exec(sph_db *db, const char *sql, sph_err *err);
/** End every statement in use. */
void sph_db_end_all(sph_db *db);
/** Finalize every statement. */
void sph_db_drop_statements(sph_db *db);
/** Install the allow-list of the connection's role; none for maintenance. */
SPH_MUST sph_rc sph_db_authorize(sph_db *db, sph_err *err);
/** Compare the ledger's tables and triggers with what they must be: SPH_EPROOF. */
SPH_MUST sph_rc sph_db_check_guards(sph_db *db, sph_err *err);
/** user_version of the file. */
SPH_MUST sph_rc sph_db_version(sph_db *db, int *out, sph_err *err);
/** As sph_db_open, without looking at version and guards; `create` makes the file. */
SPH_MUST sph_rc sph_db_connect(const char *path, enum sph_db_role role, bool create, sph_db **out,
                               sph_err *err);
