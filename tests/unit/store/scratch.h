/** A folder for one test group, and SQL in one call. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "store/db.h"

#define SCRATCH_PATH 300
struct scratch {
    char folder[128];
    char path[SCRATCH_PATH]; /* of the database in it */
};

static inline void scratch_make(struct scratch *s)
{
    sph_rc rc = sph_str_format(s->folder, sizeof(s->folder), NULL, "/tmp/saphan-store-XXXXXX");
    assert_int_equal(rc.code, SPH_OK);
    assert_non_null(mkdtemp(s->folder));
    rc = sph_str_format(s->path, sizeof(s->path), NULL, "%s/node.db", s->folder);
    assert_int_equal(rc.code, SPH_OK);
}

static inline void scratch_remove(const struct scratch *s)
{
    char command[SCRATCH_PATH];
    const sph_rc rc = sph_str_format(command, sizeof(command), NULL, "rm -rf '%s'", s->folder);
    assert_int_equal(rc.code, SPH_OK);
    assert_int_equal(system(command), 0);
}

/* Code of running one statement without parameters. */
static inline enum sph_code sql_code(sph_db *db, const char *sql)
{
    sph_stmt *stmt = NULL;
    sph_rc rc = sph_stmt_get(db, sql, &stmt, NULL);
    if (rc.code == SPH_OK)
        rc = sph_stmt_run(stmt, NULL, NULL);
    return rc.code;
}

static inline int64_t sql_number(sph_db *db, const char *sql)
{
    sph_stmt *stmt = NULL;
    bool row = false;
    assert_int_equal(sph_stmt_get(db, sql, &stmt, NULL).code, SPH_OK);
    assert_int_equal(sph_stmt_step(stmt, &row, NULL).code, SPH_OK);
    assert_true(row);
    const int64_t number = sph_col_int(stmt, 0);
    sph_stmt_end(stmt);
    return number;
}

static inline sph_db *db_open(const struct scratch *s, enum sph_db_role role)
{
    sph_db *db = NULL;
    sph_err err = {0};
    const sph_rc rc = sph_db_open(s->path, role, &db, &err);
    if (rc.code != SPH_OK)
        print_error("open: %s\n", err.frame[0].what);
    assert_int_equal(rc.code, SPH_OK);
    return db;
}
