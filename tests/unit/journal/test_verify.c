/* security.md L-01: what is changed behind the node's back is found, with its index. */
#include "node_db.h"

int test_verify(void);

#define LEAVES 600 /* two full tiles and a part, a head every 50 leaves */

static int make(void **state)
{
    static struct node_db n;
    node_make(&n);
    node_start(&n);
    for (unsigned i = 0; i < LEAVES / 50; i++)
        if (node_write(&n, 50, true, NULL) != SPH_OK)
            return -1;
    sph_journal_free(&n.journal);
    *state = &n;
    return 0;
}

static int unmake(void **state)
{
    node_remove(*state);
    return 0;
}

struct tampering {
    const char *sql;
    const char *more; /* a second statement */
    uint64_t index;
    const char *what;
};

/* In a leaf of these, octets 8..15 are the index, 16..23 the time; 130 lies in a digest. */
#define PATCH(at, value)                                                                           \
    "UPDATE leaf SET body=CAST(substr(body,1," at ")||x'" value "'||substr(body," at "+2) AS "     \
    "BLOB)"

static const struct tampering rows[] = {
    {PATCH("130", "55") " WHERE idx=300", NULL, 300, "ledger.fault.leaf-hash"},
    {PATCH("130", "55") " WHERE idx=0", NULL, 0, "ledger.fault.leaf-hash"},
    {PATCH("130", "55") " WHERE idx=511", NULL, 511, "ledger.fault.leaf-hash"},
    {PATCH("130", "55") " WHERE idx=599", NULL, 550,
     "ledger.fault.head-root"}, /* no full tile yet */
    {PATCH("5", "01") " WHERE idx=20", NULL, 20, "ledger.fault.leaf-form"},
    {PATCH("15", "ff") " WHERE idx=20", NULL, 20, "ledger.fault.leaf-index"},
    {PATCH("18", "00") " WHERE idx=20", NULL, 20, "ledger.fault.leaf-time"},
    {PATCH("17", "09") " WHERE idx=20", NULL, 21,
     "ledger.fault.leaf-time"}, /* later than its successor */
    {"DELETE FROM leaf WHERE idx=77", NULL, 77, "ledger.fault.gap"},
    {"DELETE FROM leaf WHERE idx=0", NULL, 0, "ledger.fault.gap"},
    {"UPDATE leaf SET idx=-1 WHERE idx=0", NULL, 0, "ledger.fault.gap"},
    {"UPDATE leaf SET body=(SELECT body FROM leaf WHERE idx=4) WHERE idx=5", NULL, 5,
     "ledger.fault.leaf-index"},
    {"DELETE FROM leaf WHERE idx>=580", NULL, 580, "ledger.fault.truncated"},
    /* The known limit: an end cut off together with its heads. Only heads held elsewhere tell. */
    {"DELETE FROM leaf WHERE idx>=550", "DELETE FROM checkpoint WHERE size>550", 0, NULL},
    {"DELETE FROM leaf WHERE idx>=500", "DELETE FROM checkpoint WHERE size>500", 500,
     "ledger.fault.tile-extra"},
    {"UPDATE tile SET hashes=CAST(zeroblob(32)||substr(hashes,33) AS BLOB) WHERE key=1", NULL, 256,
     "ledger.fault.tile"},
    {"UPDATE tile SET hashes=CAST(substr(hashes,1,8160)||zeroblob(32) AS BLOB) WHERE key=0", NULL,
     255, "ledger.fault.tile"},
    {"DELETE FROM tile WHERE key=1", NULL, 256, "ledger.fault.tile-missing"},
    {"INSERT INTO tile VALUES(2, zeroblob(8192))", NULL, 600, "ledger.fault.tile-extra"},
    {"UPDATE checkpoint SET root=zeroblob(32) WHERE size=150", NULL, 150, "ledger.fault.head-row"},
    {"UPDATE checkpoint SET note=(SELECT note FROM checkpoint WHERE size=100) WHERE size=150", NULL,
     150, "ledger.fault.head-row"},
    {"UPDATE checkpoint SET note=CAST(substr(note,1,27)||'8'||substr(note,29) AS BLOB) WHERE "
     "size=150",
     NULL, 150, "ledger.fault.head-signature"},
    {"UPDATE checkpoint SET size=149 WHERE size=150", NULL, 149, "ledger.fault.head-row"},
};

static void check_tampering(struct node_db *n, const struct tampering *row)
{
    uint64_t leaves = 0;
    struct sph_ledger_fault fault = {UINT64_MAX, "none"};
    node_keep(n);
    node_tamper(n, row->sql, row->more);
    const enum sph_code code = node_verify(n, &fault, &leaves);
    const bool is_right = row->what ? code == SPH_EPROOF && fault.index == row->index &&
                                          sph_slice_is(sph_slice_str(fault.what), row->what)
                                    : code == SPH_OK;
    if (!is_right)
        print_error("%s -> %s, %s at %llu\n", row->sql, sph_code_name(code), fault.what,
                    (unsigned long long)fault.index);
    assert_true(is_right);
    node_put_back(n);
}

static void verify_names_what_was_changed_and_where(void **state)
{
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        check_tampering(*state, &rows[i]);
}

static void count_progress(void *arg, uint64_t done, uint64_t total)
{
    assert_true(done <= total);
    *(uint64_t *)arg = done;
}

static void verify_of_an_untouched_ledger_holds(void **state)
{
    struct node_db *n = *state;
    uint64_t leaves = 0, seen = 0;
    struct sph_ledger_fault fault;
    sph_db *db = node_reader(n);
    assert_int_equal(
        sph_journal_verify(db, &n->vkey, count_progress, &seen, &fault, &leaves, NULL).code,
        SPH_OK);
    assert_int_equal(leaves, LEAVES);
    assert_int_equal(seen, LEAVES);
    assert_false(sph_db_in_transaction(db));
    sph_db_close(&db);
}

static void verify_with_another_key_fails_at_the_first_head(void **state)
{
    struct node_db other = *(struct node_db *)*state;
    uint64_t leaves = 0;
    struct sph_ledger_fault fault = {0, NULL};
    other.vkey.key[0] ^= 1;
    assert_int_equal(node_verify(&other, &fault, &leaves), SPH_EPROOF);
    assert_int_equal(fault.index, 50);
    assert_string_equal(fault.what, "ledger.fault.head-signature");
}

static void verify_of_a_missing_guard_is_refused_at_open(void **state)
{
    struct node_db *n = *state;
    sph_db *db = NULL;
    uint64_t leaves = 0;
    struct sph_ledger_fault fault;
    node_keep(n);
    assert_int_equal(sph_db_open(n->path, SPH_DB_MAINTENANCE, &db, NULL).code, SPH_OK);
    run_sql(db, "DROP TRIGGER leaf_d");
    sph_db_close(&db);
    assert_int_equal(node_verify(n, &fault, &leaves), SPH_EPROOF);
    node_put_back(n);
}

/* The start check refuses to sign over what does not hold (ledger.md 10.1). */
static void start_over_a_changed_ledger_is_refused(void **state)
{
    struct node_db *n = *state;
    static const char *const sql[] = {
        PATCH("130", "55") " WHERE idx=599",
        "DELETE FROM leaf WHERE idx>=580",
        "DELETE FROM leaf WHERE idx=590",
        "DELETE FROM tile WHERE key=0",
        "UPDATE checkpoint SET root=zeroblob(32) WHERE size=600",
        "UPDATE leaf SET body=zeroblob(230) WHERE idx=599",
    };
    for (size_t i = 0; i < sizeof(sql) / sizeof(sql[0]); i++) {
        node_keep(n);
        node_tamper(n, sql[i], NULL);
        const enum sph_code code = node_try_start(n).code;
        if (code != SPH_EPROOF)
            print_error("%s -> %s\n", sql[i], sph_code_name(code));
        assert_int_equal(code, SPH_EPROOF);
        assert_null(n->journal);
        node_put_back(n);
    }
}

/* A leaf inside the last 1,000 under a full tile: only the longer check after an unclean stop sees
 * it. */
static void start_after_an_unclean_stop_looks_at_the_last_leaves(void **state)
{
    struct node_db *n = *state;
    node_keep(n);
    node_tamper(n, PATCH("130", "55") " WHERE idx=300", NULL);
    node_start(n);
    sph_journal_free(&n->journal);
    assert_int_equal(sph_file_store(n->files, "node.db.open", SPH_LIT("open\n"), true, NULL).code,
                     SPH_OK);
    assert_int_equal(node_try_start(n).code, SPH_EPROOF);
    node_put_back(n);
}

int test_verify(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(verify_of_an_untouched_ledger_holds),
        cmocka_unit_test(verify_names_what_was_changed_and_where),
        cmocka_unit_test(verify_with_another_key_fails_at_the_first_head),
        cmocka_unit_test(verify_of_a_missing_guard_is_refused_at_open),
        cmocka_unit_test(start_over_a_changed_ledger_is_refused),
        cmocka_unit_test(start_after_an_unclean_stop_looks_at_the_last_leaves),
    };
    return cmocka_run_group_tests_name("verify", tests, make, unmake);
}
