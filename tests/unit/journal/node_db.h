/** A node's database in a folder of its own, with a journal on it. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "journal/journal.h"

#define ORIGIN "node.example.la/ledger/1"

struct node_db {
    char folder[128];
    char path[256];
    sph_files *files;
    sph_key *key;
    sph_vkey vkey;
    struct sph_env env;
    sph_journal *journal;
};

static inline void node_make(struct node_db *n)
{
    SPH_AUTO_PTR(sph_secret) *seed = NULL;
    const uint8_t octets[32] = {9};
    *n = (struct node_db){.journal = NULL};
    assert_int_equal(
        sph_str_format(n->folder, sizeof(n->folder), NULL, "/tmp/saphan-journal-XXXXXX").code,
        SPH_OK);
    assert_non_null(mkdtemp(n->folder));
    assert_int_equal(sph_str_format(n->path, sizeof(n->path), NULL, "%s/node.db", n->folder).code,
                     SPH_OK);
    assert_int_equal(sph_files_real_new(n->folder, &n->files, NULL).code, SPH_OK);
    assert_int_equal(sph_secret_from(sph_slice_of(octets, 32), &seed, NULL).code, SPH_OK);
    assert_int_equal(sph_key_from_seed(SPH_KEY_ED25519, seed, &n->key, NULL).code, SPH_OK);
    assert_int_equal(
        sph_vkey_make(ORIGIN, SPH_VKEY_LOG, sph_key_peek_public(n->key), &n->vkey, NULL).code,
        SPH_OK);
    n->env = (struct sph_env){sph_clock_real(), sph_random_real(), n->files, NULL};
    assert_int_equal(sph_db_migrate_node(n->path, NULL, NULL).code, SPH_OK);
}

static inline sph_rc node_try_start(struct node_db *n)
{
    const struct sph_journal_config config = {n->path, ORIGIN, n->key, &n->env};
    return sph_journal_open(&config, &n->journal, NULL);
}

static inline void node_start(struct node_db *n)
{
    sph_err err = {0};
    const struct sph_journal_config config = {n->path, ORIGIN, n->key, &n->env};
    const sph_rc rc = sph_journal_open(&config, &n->journal, &err);
    for (unsigned i = 0; rc.code != SPH_OK && i < err.depth; i++)
        print_error("%s: %s\n", err.frame[i].where, err.frame[i].what);
    assert_int_equal(rc.code, SPH_OK);
}

static inline void node_remove(struct node_db *n)
{
    char command[256];
    sph_journal_free(&n->journal);
    sph_files_real_free(&n->files);
    sph_key_free(&n->key);
    assert_int_equal(sph_str_format(command, sizeof(command), NULL, "rm -rf '%s'", n->folder).code,
                     SPH_OK);
    assert_int_equal(system(command), 0);
}

/* One job with `count` leaves; the code of the commit. */
static inline enum sph_code node_write(struct node_db *n, size_t count, bool want_head,
                                       sph_head **head)
{
    sph_leaf *leaves = sph_mem_new(SPH_JOB_LEAVES, sizeof(*leaves));
    if (!leaves || count > SPH_JOB_LEAVES)
        return SPH_ENOMEM;
    for (size_t i = 0; i < count; i++)
        sph_leaf_init(&leaves[i], SPH_EVENT_PAD, "la.office.example");
    sph_job job = {.leaves = leaves, .leaf_count = count, .want_head = want_head};
    const enum sph_code code = sph_journal_commit(n->journal, &job, head, NULL).code;
    sph_mem_free(leaves);
    return code;
}

static inline sph_db *node_reader(const struct node_db *n)
{
    sph_db *db = NULL;
    assert_int_equal(sph_db_open(n->path, SPH_DB_READER, &db, NULL).code, SPH_OK);
    return db;
}

/* Verify the file as it stands: the code, the fault and the leaves. */
static inline enum sph_code node_verify(const struct node_db *n, struct sph_ledger_fault *fault,
                                        uint64_t *leaves)
{
    sph_db *db = NULL;
    sph_rc rc = sph_db_open(n->path, SPH_DB_READER, &db, NULL);
    if (rc.code == SPH_OK)
        rc = sph_journal_verify(db, &n->vkey, NULL, NULL, fault, leaves, NULL);
    sph_db_close(&db);
    return rc.code;
}

static inline void run_sql(sph_db *db, const char *sql)
{
    sph_stmt *stmt = NULL;
    sph_err err = {0};
    sph_rc rc = sph_stmt_get(db, sql, &stmt, &err);
    if (rc.code == SPH_OK)
        rc = sph_stmt_run(stmt, NULL, &err);
    if (rc.code != SPH_OK)
        print_error("%s: %s\n", sql, err.frame[0].what);
    assert_int_equal(rc.code, SPH_OK);
}

struct guard {
    sph_buf drop, make;
};

/* Take every trigger away and keep what makes it again. The texts must outlive the connection. */
static inline size_t take_guards(sph_db *db, struct guard guards[16])
{
    sph_stmt *stmt = NULL;
    bool row = true;
    size_t count = 0;
    assert_int_equal(
        sph_stmt_get(db, "SELECT name, sql FROM sqlite_schema WHERE type='trigger'", &stmt, NULL)
            .code,
        SPH_OK);
    assert_int_equal(sph_stmt_step(stmt, &row, NULL).code, SPH_OK);
    for (; row; count++) {
        assert_true(count < 16);
        guards[count] = (struct guard){sph_buf_init(256), sph_buf_init(1024)};
        assert_int_equal(
            sph_buf_addf(&guards[count].drop, NULL, "DROP TRIGGER %s", sph_col_text(stmt, 0)).code,
            SPH_OK);
        assert_int_equal(sph_buf_add_text(&guards[count].make, sph_col_text(stmt, 1), NULL).code,
                         SPH_OK);
        assert_int_equal(sph_stmt_step(stmt, &row, NULL).code, SPH_OK);
    }
    for (size_t i = 0; i < count; i++)
        run_sql(db, sph_buf_text(&guards[i].drop));
    return count;
}

/* Run one or two statements behind the node's back: guards away, change, guards back. */
static inline void node_tamper(const struct node_db *n, const char *first, const char *second)
{
    struct guard guards[16];
    sph_db *db = NULL;
    assert_int_equal(sph_db_open(n->path, SPH_DB_MAINTENANCE, &db, NULL).code, SPH_OK);
    const size_t count = take_guards(db, guards);
    run_sql(db, first);
    if (second)
        run_sql(db, second);
    for (size_t i = 0; i < count; i++)
        run_sql(db, sph_buf_text(&guards[i].make));
    sph_db_close(&db);
    for (size_t i = 0; i < count; i++) {
        sph_buf_clear(&guards[i].drop);
        sph_buf_clear(&guards[i].make);
    }
}

/* Shell for copies of whole files. */
static inline void node_shell(const struct node_db *n, const char *what)
{
    char command[512];
    assert_int_equal(
        sph_str_format(command, sizeof(command), NULL, "cd '%s' && %s", n->folder, what).code,
        SPH_OK);
    assert_int_equal(system(command), 0);
}

static inline void node_keep(const struct node_db *n)
{
    node_shell(n, "cp node.db kept");
}

static inline void node_put_back(const struct node_db *n)
{
    node_shell(n, "rm -f node.db-* node.db.open && mv kept node.db");
}
