/* Connections, statements, transactions, the pool and the vault. */
#include "scratch.h"
#include "store/vault.h"

#include <pthread.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

int test_db(void);

static int make(void **state)
{
    static struct scratch s;
    scratch_make(&s);
    *state = &s;
    return sph_db_migrate_node(s.path, NULL, NULL).code == SPH_OK ? 0 : -1;
}

static int unmake(void **state)
{
    scratch_remove(*state);
    return 0;
}

static void db_migrate_new_file_is_private_and_once_only(void **state)
{
    struct scratch s;
    struct stat info;
    int from = -1;
    (void)state;
    scratch_make(&s);
    assert_int_equal(sph_db_migrate_node(s.path, &from, NULL).code, SPH_OK);
    assert_int_equal(from, 0);
    assert_int_equal(sph_db_migrate_node(s.path, &from, NULL).code, SPH_OK);
    assert_int_equal(from, 1);
    assert_int_equal(stat(s.path, &info), 0);
    assert_int_equal(info.st_mode & 0777, 0600);
    sph_db *db = db_open(&s, SPH_DB_MAINTENANCE);
    assert_int_equal(sql_code(db, "PRAGMA user_version=2"), SPH_OK);
    sph_db_close(&db);
    assert_int_equal(sph_db_migrate_node(s.path, &from, NULL).code, SPH_EUNSUPPORTED);
    assert_int_equal(sph_db_open(s.path, SPH_DB_READER, &db, NULL).code, SPH_EUNSUPPORTED);
    scratch_remove(&s);
}

static void db_open_without_file_or_tables_is_not_found(void **state)
{
    struct scratch s;
    sph_db *db = NULL;
    (void)state;
    scratch_make(&s);
    assert_int_equal(sph_db_open(s.path, SPH_DB_WRITER, &db, NULL).code, SPH_ENOTFOUND);
    assert_int_equal(sph_db_open("node.db", SPH_DB_WRITER, &db, NULL).code, SPH_EARG);
    FILE *file = fopen(s.path, "w");
    assert_non_null(file);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(sph_db_open(s.path, SPH_DB_READER, &db, NULL).code, SPH_ENOTFOUND);
    file = fopen(s.path, "w");
    assert_non_null(file);
    for (int i = 0; i < 8192; i++)
        assert_int_equal(fputc('x', file), 'x');
    assert_int_equal(fclose(file), 0);
    assert_int_equal(sph_db_open(s.path, SPH_DB_READER, &db, NULL).code, SPH_EPARSE);
    assert_null(db);
    scratch_remove(&s);
}

static void db_settings_are_as_designed(void **state)
{
    sph_db *db = db_open(*state, SPH_DB_MAINTENANCE);
    assert_int_equal(sql_number(db, "PRAGMA synchronous"), 2);
    assert_int_equal(sql_number(db, "PRAGMA recursive_triggers"), 1);
    assert_int_equal(sql_number(db, "PRAGMA foreign_keys"), 1);
    assert_int_equal(sql_number(db, "PRAGMA trusted_schema"), 0);
    assert_int_equal(sql_number(db, "PRAGMA secure_delete"), 1);
    assert_int_equal(
        sql_number(db, "SELECT 'wal' = (SELECT journal_mode FROM pragma_journal_mode)"), 1);
    assert_int_equal(sql_code(db, "SELECT \"no_such_column\""), SPH_EARG); /* DQS off */
    assert_int_equal(sql_code(db, "PRAGMA writable_schema=ON"),
                     SPH_OK); /* defensive: without effect */
    assert_int_not_equal(sql_code(db, "UPDATE sqlite_schema SET sql='' WHERE name='leaf_u'"),
                         SPH_OK);
    sph_db_close(&db);
}

static void stmt_binds_and_reads_every_kind(void **state)
{
    sph_db *db = db_open(*state, SPH_DB_WRITER);
    sph_stmt *stmt = NULL;
    bool row = false;
    assert_int_equal(sph_stmt_get(db, "SELECT ?1, ?2, ?3, ?4, ?5", &stmt, NULL).code, SPH_OK);
    sph_stmt_int(stmt, 1, INT64_MIN);
    sph_stmt_text(stmt, 2, "ລາວ");
    sph_stmt_slice_text(stmt, 3, SPH_LIT("abc"));
    sph_stmt_blob(stmt, 4, SPH_LIT("\0\1"));
    sph_stmt_null(stmt, 5);
    assert_int_equal(sph_stmt_step(stmt, &row, NULL).code, SPH_OK);
    assert_true(row);
    assert_true(sph_col_int(stmt, 0) == INT64_MIN);
    assert_string_equal(sph_col_text(stmt, 1), "ລາວ");
    assert_string_equal(sph_col_text(stmt, 2), "abc");
    assert_true(sph_slice_equal(sph_col_blob(stmt, 3), SPH_LIT("\0\1")));
    assert_true(sph_col_null(stmt, 4));
    assert_null(sph_col_text(stmt, 4));
    assert_false(sph_col_null(stmt, 3));
    assert_int_equal(sph_stmt_step(stmt, &row, NULL).code, SPH_OK);
    assert_false(row);
    sph_db_close(&db);
}

static const char again[] = "SELECT length(?1)";

static void stmt_in_use_is_not_given_twice(void **state)
{
    sph_db *db = db_open(*state, SPH_DB_WRITER);
    SPH_AUTO_PTR(sph_stmt) *first = NULL;
    sph_stmt *second = NULL;
    bool row = false;
    assert_int_equal(sph_stmt_get(db, again, &first, NULL).code, SPH_OK);
    sph_stmt_text(first, 1, "x");
    assert_int_equal(sph_stmt_step(first, &row, NULL).code, SPH_OK);
    assert_int_equal(sph_stmt_get(db, again, &second, NULL).code, SPH_EARG);
    sph_stmt_end(first);
    assert_int_equal(sph_stmt_get(db, again, &second, NULL).code, SPH_OK);
    assert_ptr_equal(first, second); /* the same one, and its binding is gone */
    assert_int_equal(sph_stmt_step(second, &row, NULL).code, SPH_OK);
    assert_true(sph_col_null(second, 0));
    sph_stmt_free(&first);
    assert_null(first);
    sph_stmt_end(NULL);
    sph_db_close(&db);
}

static void stmt_bad_sql_and_bad_binding_are_reported(void **state)
{
    sph_db *db = db_open(*state, SPH_DB_WRITER);
    sph_stmt *stmt = NULL;
    bool row = false;
    assert_int_equal(sph_stmt_get(db, "SELEKT 1", &stmt, NULL).code, SPH_EARG);
    assert_null(stmt);
    assert_int_equal(sph_stmt_get(db, "SELECT ?1 + 1", &stmt, NULL).code, SPH_OK);
    sph_stmt_int(stmt, 2, 1);
    sph_stmt_int(stmt, 1, 1);
    assert_int_equal(sph_stmt_step(stmt, &row, NULL).code, SPH_EARG);
    assert_int_equal(sph_stmt_get(db, "SELECT ?1 + 1", &stmt, NULL).code, SPH_OK);
    sph_stmt_end(stmt);
    sph_db_close(&db);
}

static void transaction_savepoint_undoes_only_its_own(void **state)
{
    sph_db *db = db_open(*state, SPH_DB_WRITER);
    assert_int_equal(sph_db_begin(db, NULL).code, SPH_OK);
    assert_true(sph_db_in_transaction(db));
    assert_int_equal(sph_db_savepoint(db, NULL).code, SPH_OK);
    assert_int_equal(sql_code(db, "INSERT INTO setting VALUES('kept', '1')"), SPH_OK);
    assert_int_equal(sph_db_release(db, NULL).code, SPH_OK);
    assert_int_equal(sph_db_savepoint(db, NULL).code, SPH_OK);
    assert_int_equal(sql_code(db, "INSERT INTO setting VALUES('gone', '1')"), SPH_OK);
    sph_db_rollback_to(db);
    assert_int_equal(sph_db_commit(db, NULL).code, SPH_OK);
    assert_false(sph_db_in_transaction(db));
    assert_int_equal(sql_number(db, "SELECT count(*) FROM setting"), 1);
    assert_int_equal(sph_db_commit(db, NULL).code, SPH_EARG);
    sph_db_rollback(db);
    assert_int_equal(sql_code(db, "DELETE FROM setting"), SPH_OK);
    sph_db_close(&db);
}

static void wal_pages_grow_and_truncate_empties_the_log(void **state)
{
    struct scratch *s = *state;
    char name[SCRATCH_PATH + 8];
    struct stat info;
    sph_db *db = db_open(s, SPH_DB_WRITER);
    assert_int_equal(sql_code(db, "INSERT INTO setting VALUES('w', 'x')"), SPH_OK);
    assert_true(sph_db_wal_pages(db) > 0);
    assert_int_equal(sph_db_wal_checkpoint(db, false, NULL).code, SPH_OK);
    assert_int_equal(sph_db_wal_checkpoint(db, true, NULL).code, SPH_OK);
    assert_int_equal(sph_db_wal_pages(db), 0);
    assert_int_equal(sph_str_format(name, sizeof(name), NULL, "%s-wal", s->path).code, SPH_OK);
    assert_int_equal(stat(name, &info), 0);
    assert_int_equal(info.st_size, 0);
    assert_int_equal(sql_code(db, "DELETE FROM setting"), SPH_OK);
    sph_db_close(&db);
}

/* An evidence copy on a medium that nobody may write to. The test gives up root in a child for
 * that. */
static int read_as_nobody(const struct scratch *s)
{
    sph_db *db = NULL;
    sph_stmt *stmt = NULL;
    bool row = false;
    if (setuid(65534) != 0 || access(s->folder, W_OK) == 0)
        return 2;
    if (sph_db_open(s->path, SPH_DB_READER, &db, NULL).code != SPH_OK)
        return 3;
    if (sph_stmt_get(db, "SELECT count(*) FROM leaf", &stmt, NULL).code != SPH_OK ||
        sph_stmt_step(stmt, &row, NULL).code != SPH_OK || !row)
        return 4;
    sph_db_close(&db);
    return 0;
}

static void reader_opens_a_copy_that_cannot_be_written(void **state)
{
    struct scratch s;
    int status = 0;
    (void)state;
    if (geteuid() != 0) {
        print_message("skipped: needs root to give rights up\n");
        skip();
    }
    scratch_make(&s);
    assert_int_equal(sph_db_migrate_node(s.path, NULL, NULL).code, SPH_OK);
    assert_int_equal(chmod(s.path, 0444), 0);
    assert_int_equal(chmod(s.folder, 0555), 0);
    const pid_t child = fork();
    if (child == 0)
        _exit(read_as_nobody(&s));
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
    assert_int_equal(chmod(s.folder, 0700), 0);
    scratch_remove(&s);
}

static void *borrow_many(void *arg)
{
    sph_db_pool *pool = arg;
    for (int i = 0; i < 200; i++) {
        sph_db *db = NULL;
        if (sph_db_pool_get(pool, &db, NULL).code != SPH_OK ||
            sph_db_begin(db, NULL).code != SPH_OK)
            return arg;
        if (sql_code(db, "SELECT count(*) FROM leaf") != SPH_OK)
            return arg;
        sph_db_pool_put(pool, db);
    }
    return NULL;
}

static void pool_shares_two_readers_among_six_threads(void **state)
{
    const struct scratch *s = *state;
    sph_db_pool *pool = NULL;
    pthread_t threads[6];
    assert_int_equal(sph_db_pool_new(s->path, 0, &pool, NULL).code, SPH_EARG);
    assert_int_equal(sph_db_pool_new(s->path, 2, &pool, NULL).code, SPH_OK);
    for (int i = 0; i < 6; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, borrow_many, pool), 0);
    for (int i = 0; i < 6; i++) {
        void *result = pool;
        assert_int_equal(pthread_join(threads[i], &result), 0);
        assert_null(result);
    }
    sph_db_pool_put(pool, NULL);
    sph_db_pool_free(&pool);
    assert_null(pool);
}

static void pool_open_failure_gives_the_place_back(void **state)
{
    sph_db_pool *pool = NULL;
    sph_db *db = NULL;
    (void)state;
    assert_int_equal(sph_db_pool_new("/nonexistent/node.db", 1, &pool, NULL).code, SPH_OK);
    for (int i = 0; i < 3; i++)
        assert_int_equal(sph_db_pool_get(pool, &db, NULL).code, SPH_ENOTFOUND);
    sph_db_pool_free(&pool);
}

static void vault_keeps_opens_and_removes(void **state)
{
    const struct scratch *s = *state;
    const sph_hash digest = {{0xab, 0xcd}};
    char path[SPH_VAULT_PATH];
    sph_files *files = NULL;
    uint64_t size = 0;
    sph_vault_path(&digest, path);
    assert_string_equal(
        path, "vault/ab/abcd000000000000000000000000000000000000000000000000000000000000");
    assert_int_equal(sph_files_real_new(s->folder, &files, NULL).code, SPH_OK);
    for (int i = 0; i < 2; i++) { /* the second time it is already there */
        sph_file *file = NULL;
        assert_int_equal(files->open(files->ctx, ".", SPH_OPEN_TEMPORARY, &file, NULL).code,
                         SPH_OK);
        assert_int_equal(files->write(file, SPH_LIT("sealed"), NULL).code, SPH_OK);
        assert_int_equal(sph_vault_keep(files, file, &digest, NULL).code, SPH_OK);
        files->close(&file);
    }
    sph_file *kept = NULL;
    assert_int_equal(sph_vault_open(files, &digest, &kept, NULL).code, SPH_OK);
    assert_int_equal(files->size(kept, &size, NULL).code, SPH_OK);
    assert_int_equal(size, 6);
    files->close(&kept);
    assert_int_equal(sph_vault_remove(files, &digest, NULL).code, SPH_OK);
    assert_int_equal(sph_vault_remove(files, &digest, NULL).code, SPH_ENOTFOUND);
    assert_int_equal(sph_vault_open(files, &digest, &kept, NULL).code, SPH_ENOTFOUND);
    sph_files_real_free(&files);
}

int test_db(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(db_migrate_new_file_is_private_and_once_only),
        cmocka_unit_test(db_open_without_file_or_tables_is_not_found),
        cmocka_unit_test(db_settings_are_as_designed),
        cmocka_unit_test(stmt_binds_and_reads_every_kind),
        cmocka_unit_test(stmt_in_use_is_not_given_twice),
        cmocka_unit_test(stmt_bad_sql_and_bad_binding_are_reported),
        cmocka_unit_test(transaction_savepoint_undoes_only_its_own),
        cmocka_unit_test(wal_pages_grow_and_truncate_empties_the_log),
        cmocka_unit_test(reader_opens_a_copy_that_cannot_be_written),
        cmocka_unit_test(pool_shares_two_readers_among_six_threads),
        cmocka_unit_test(pool_open_failure_gives_the_place_back),
        cmocka_unit_test(vault_keeps_opens_and_removes),
    };
    return cmocka_run_group_tests_name("db", tests, make, unmake);
}
