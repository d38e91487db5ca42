/* secrets.db: wrapped under the KEK epoch, made in durable batches, destroyed for good. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "exchange/secrets.h"

int test_secrets(void);

struct place {
    char folder[64];
    char path[128];
};

static int make(void **state)
{
    static struct place p;
    if (sph_str_format(p.folder, sizeof(p.folder), NULL, "/tmp/saphan-secrets-XXXXXX").code !=
            SPH_OK ||
        !mkdtemp(p.folder))
        return -1;
    *state = &p;
    return sph_str_format(p.path, sizeof(p.path), NULL, "%s/secrets.db", p.folder).code == SPH_OK &&
                   sph_db_migrate_secrets(p.path, NULL, NULL).code == SPH_OK
               ? 0
               : -1;
}

static int unmake(void **state)
{
    char command[128];
    const struct place *p = *state;
    if (sph_str_format(command, sizeof(command), NULL, "rm -rf '%s'", p->folder).code != SPH_OK)
        return -1;
    return system(command);
}

static sph_secrets *open_with(const struct place *p, uint8_t mark, int64_t epoch)
{
    const uint8_t octets[32] = {mark};
    sph_secret *kek = NULL;
    sph_secrets *secrets = NULL;
    assert_int_equal(sph_secret_from(sph_slice_of(octets, 32), &kek, NULL).code, SPH_OK);
    assert_int_equal(sph_secrets_open(p->path, sph_random_real(), &kek, epoch, &secrets, NULL).code,
                     SPH_OK);
    assert_null(kek);
    return secrets;
}

static int64_t number(const struct place *p, const char *sql)
{
    sph_db *db = NULL;
    sph_stmt *stmt = NULL;
    bool row = false;
    assert_int_equal(sph_db_open(p->path, SPH_DB_MAINTENANCE, &db, NULL).code, SPH_OK);
    assert_int_equal(sph_stmt_get(db, sql, &stmt, NULL).code, SPH_OK);
    assert_int_equal(sph_stmt_step(stmt, &row, NULL).code, SPH_OK);
    const int64_t value = row ? sph_col_int(stmt, 0) : -1;
    sph_stmt_end(stmt);
    sph_db_close(&db);
    return value;
}

static void secrets_are_durable_before_they_are_given(void **state)
{
    const struct place *p = *state;
    uint8_t id[40][SPH_SECRET_ID];
    sph_secret *secret[40] = {NULL};
    sph_secrets *secrets = open_with(p, 1, 1);
    for (int i = 0; i < 40; i++) {
        assert_int_equal(sph_secrets_new(secrets, id[i], &secret[i], NULL).code, SPH_OK);
        assert_int_equal(sph_secret_len(secret[i]), 32);
    }
    assert_int_equal(number(p, "SELECT count(*) FROM secret"), 64);
    assert_int_equal(number(p, "SELECT min(length(wrapped)) FROM secret"), 60);
    sph_secrets_close(&secrets); /* the 24 that were never given out go */
    assert_null(secrets);
    assert_int_equal(number(p, "SELECT count(*) FROM secret"), 40);
    secrets = open_with(p, 1, 1);
    for (int i = 0; i < 40; i++) {
        SPH_AUTO_PTR(sph_secret) *again = NULL;
        assert_int_equal(sph_secrets_get(secrets, id[i], &again, NULL).code, SPH_OK);
        assert_true(sph_slice_equal(sph_secret_peek(again), sph_secret_peek(secret[i])));
        sph_secret_free(&secret[i]);
    }
    sph_secrets_close(&secrets);
}

static void secrets_of_another_key_or_a_changed_row_do_not_open(void **state)
{
    const struct place *p = *state;
    uint8_t id[SPH_SECRET_ID], other[SPH_SECRET_ID];
    sph_secret *secret = NULL;
    sph_secrets *secrets = open_with(p, 1, 1);
    assert_int_equal(sph_secrets_new(secrets, id, &secret, NULL).code, SPH_OK);
    sph_secret_free(&secret);
    assert_int_equal(sph_secrets_new(secrets, other, &secret, NULL).code, SPH_OK);
    sph_secret_free(&secret);
    sph_secrets_close(&secrets);
    secrets = open_with(p, 2, 1);
    assert_int_equal(sph_secrets_get(secrets, id, &secret, NULL).code, SPH_EPROOF);
    sph_secrets_close(&secrets);
    number(p, "UPDATE secret SET epoch=2 RETURNING 1");
    secrets = open_with(p, 1, 1);
    assert_int_equal(sph_secrets_get(secrets, id, &secret, NULL).code, SPH_EPROOF);
    sph_secrets_close(&secrets);
    number(p, "UPDATE secret SET epoch=1 RETURNING 1");
    number(p, "UPDATE secret SET wrapped=x'00' RETURNING 1");
    secrets = open_with(p, 1, 1);
    assert_int_not_equal(sph_secrets_get(secrets, id, &secret, NULL).code, SPH_OK);
    assert_null(secret);
    sph_secrets_close(&secrets);
}

/* Neither the database file nor its log still holds the wrapped octets. */
static bool files_hold(const struct place *p, sph_slice needle)
{
    SPH_AUTO(sph_buf) bytes = sph_buf_init(1 << 24);
    sph_files *files = NULL;
    bool holds = false;
    static const char *const names[] = {"secrets.db", "secrets.db-wal"};
    assert_int_equal(sph_files_real_new(p->folder, &files, NULL).code, SPH_OK);
    for (int i = 0; i < 2; i++) {
        sph_buf_clear(&bytes);
        const sph_rc rc = sph_file_load(files, names[i], &bytes, NULL);
        assert_true(rc.code == SPH_OK || rc.code == SPH_ENOTFOUND);
        holds = holds || sph_slice_find(sph_buf_peek(&bytes), needle, 0) != SIZE_MAX;
    }
    sph_files_real_free(&files);
    return holds;
}

static void secrets_destroyed_leave_nothing_behind(void **state)
{
    const struct place *p = *state;
    uint8_t id[SPH_SECRET_ID];
    SPH_AUTO_PTR(sph_secret) *secret = NULL;
    sph_secret *gone = NULL;
    sph_secrets *secrets = open_with(p, 1, 1);
    assert_int_equal(sph_secrets_new(secrets, id, &secret, NULL).code, SPH_OK);
    assert_true(files_hold(p, sph_slice_of(id, sizeof(id))));
    assert_int_equal(sph_secrets_destroy(secrets, id, NULL).code, SPH_OK);
    assert_false(files_hold(p, sph_slice_of(id, sizeof(id))));
    assert_int_equal(sph_secrets_get(secrets, id, &gone, NULL).code, SPH_ENOTFOUND);
    assert_int_equal(sph_secrets_destroy(secrets, id, NULL).code, SPH_OK);
    sph_secrets_close(&secrets);
}

static void pseudonym_is_made_once_a_user(void **state)
{
    const struct place *p = *state;
    uint8_t first[16], second[16], again[16];
    sph_secrets *secrets = open_with(p, 1, 1);
    assert_int_equal(sph_secrets_pseudonym(secrets, "operator", first, NULL).code, SPH_OK);
    assert_int_equal(sph_secrets_pseudonym(secrets, "other", second, NULL).code, SPH_OK);
    sph_secrets_close(&secrets);
    secrets = open_with(p, 1, 1);
    assert_int_equal(sph_secrets_pseudonym(secrets, "operator", again, NULL).code, SPH_OK);
    assert_memory_equal(first, again, 16);
    assert_memory_not_equal(first, second, 16);
    assert_int_equal(sph_secrets_pseudonym(secrets, "", again, NULL).code, SPH_EARG);
    sph_secrets_close(&secrets);
}

int test_secrets(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(secrets_are_durable_before_they_are_given, make, unmake),
        cmocka_unit_test_setup_teardown(secrets_of_another_key_or_a_changed_row_do_not_open, make,
                                        unmake),
        cmocka_unit_test_setup_teardown(secrets_destroyed_leave_nothing_behind, make, unmake),
        cmocka_unit_test_setup_teardown(pseudonym_is_made_once_a_user, make, unmake),
    };
    return cmocka_run_group_tests_name("secrets", tests, NULL, NULL);
}
