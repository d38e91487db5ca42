/* security.md L-09: each write and each fsync of a commit fails in turn, once and for good. Then
 * the commit says so, nothing is acknowledged that is not there, the journal writes nothing more
 * before a restart, and a restart finds a ledger that holds with all that was acknowledged. */
#include "node_db.h"

#include "support/io_fault.h"

int test_io_faults(void);

#define BEFORE 5u /* leaves that are durable before the disk fails */
#define MOST 200u

static uint64_t leaves_after_restart(struct node_db *n)
{
    uint64_t leaves = 0;
    struct sph_ledger_fault fault = {UINT64_MAX, "none"};
    sph_journal_free(&n->journal);
    node_start(n);
    if (node_verify(n, &fault, &leaves) != SPH_OK)
        fail_msg("after a restart: %s at %llu", fault.what, (unsigned long long)fault.index);
    return leaves;
}

/* Without fault a commit of two leaves; with it the reason. false: no such call any more. */
static bool run_fault(enum test_io kind, size_t at, bool is_lasting)
{
    struct node_db n;
    node_make(&n);
    node_start(&n);
    assert_int_equal(node_write(&n, BEFORE, true, NULL), SPH_OK);
    test_io_fault_arm(kind, at, is_lasting);
    const enum sph_code code = node_write(&n, 2, true, NULL);
    const bool has_come = test_io_fault_has_come();
    if (code != SPH_OK && sph_journal_is_stopped(n.journal))
        assert_int_not_equal(node_write(&n, 1, false, NULL), SPH_OK);
    test_io_fault_arm(kind, 0, false);
    if (sph_journal_is_stopped(n.journal)) /* the disk works again: still not before a restart */
        assert_int_not_equal(node_write(&n, 1, false, NULL), SPH_OK);
    const uint64_t leaves = leaves_after_restart(&n);
    if (code == SPH_OK)
        assert_in_range(leaves, BEFORE + 2, BEFORE + 3);
    else
        assert_in_range(leaves, BEFORE, BEFORE + 3);
    if (has_come)
        assert_int_not_equal(code, SPH_OK);
    assert_int_equal(node_write(&n, 1, true, NULL), SPH_OK);
    node_remove(&n);
    return has_come;
}

static void sweep(enum test_io kind, bool is_lasting, size_t least)
{
    size_t at = 1;
    while (at < MOST && run_fault(kind, at, is_lasting))
        at++;
    print_message("%zu calls failed in turn\n", at - 1);
    assert_in_range(at - 1, least, MOST - 2);
}

static void io_faults_each_write_that_fails_once(void **state)
{
    (void)state;
    sweep(TEST_IO_WRITE, false, 2);
}

static void io_faults_each_write_that_fails_for_good(void **state)
{
    (void)state;
    sweep(TEST_IO_WRITE, true, 2);
}

static void io_faults_each_sync_that_fails_once(void **state)
{
    (void)state;
    sweep(TEST_IO_SYNC, false, 1);
}

static void io_faults_each_sync_that_fails_for_good(void **state)
{
    (void)state;
    sweep(TEST_IO_SYNC, true, 1);
}

static int install(void **state)
{
    (void)state;
    test_io_fault_install();
    return 0;
}

static int turn_off(void **state)
{
    (void)state;
    test_io_fault_arm(TEST_IO_WRITE, 0, false);
    test_io_fault_arm(TEST_IO_SYNC, 0, false);
    return 0;
}

int test_io_faults(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(io_faults_each_write_that_fails_once, turn_off),
        cmocka_unit_test_teardown(io_faults_each_write_that_fails_for_good, turn_off),
        cmocka_unit_test_teardown(io_faults_each_sync_that_fails_once, turn_off),
        cmocka_unit_test_teardown(io_faults_each_sync_that_fails_for_good, turn_off),
    };
    return cmocka_run_group_tests_name("io_faults", tests, install, NULL);
}
