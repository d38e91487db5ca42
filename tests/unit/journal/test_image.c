/* security.md L-01, by raw octets: one octet after another of a ledger's database file is changed.
 * Either opening or `ledger verify` notices, or the change is in no value of a ledger table: an
 * unused place, a page of other tables, or SQLite's own bookkeeping. What the tables say is read
 * by statements of this test, apart from the verifier. */
#include "node_db.h"

#include "crypto/digest.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

int test_image(void);

#define COMMITS 10
#define EACH 30    /* leaves: with 300 there is a full tile */
#define STRIDE 211 /* prime, so that each place within a page has its turn; 1 in long runs */
#define QUICK_STRIDE 997

/* Digest of all values of the ledger's tables; false when they cannot be read. */
static bool digest_of(const struct node_db *n, sph_hash *out)
{
    static const char *const selects[] = {
        "SELECT hex(idx)||' '||hex(body) FROM leaf ORDER BY idx",
        "SELECT hex(key)||' '||hex(hashes) FROM tile ORDER BY key",
        "SELECT hex(size)||' '||hex(root)||' '||hex(note) FROM checkpoint ORDER BY size",
        "SELECT hex(size)||hex(name)||hex(keyid)||hex(ts)||hex(line) FROM cosig ORDER BY 1",
    };
    SPH_AUTO(sph_buf) all = sph_buf_init(8u << 20);
    sph_db *db = NULL;
    sph_rc rc = sph_db_open(n->path, SPH_DB_READER, &db, NULL);
    for (size_t i = 0; rc.code == SPH_OK && i < sizeof(selects) / sizeof(selects[0]); i++) {
        sph_stmt *stmt = NULL;
        bool row = false;
        rc = sph_stmt_get(db, selects[i], &stmt, NULL);
        if (rc.code == SPH_OK)
            rc = sph_stmt_step(stmt, &row, NULL);
        while (rc.code == SPH_OK && row) {
            rc = sph_buf_addf(&all, NULL, "%s\n", sph_col_text(stmt, 0));
            if (rc.code == SPH_OK)
                rc = sph_stmt_step(stmt, &row, NULL);
        }
        if (stmt)
            sph_stmt_end(stmt);
    }
    sph_db_close(&db);
    *out = sph_sha256_of(sph_buf_peek(&all));
    return rc.code == SPH_OK;
}

struct tally {
    size_t noticed, outside;
};

static void judge(const struct node_db *n, off_t at, const sph_hash *before, struct tally *tally)
{
    uint64_t leaves = 0;
    struct sph_ledger_fault fault = {0, NULL};
    sph_hash after;
    if (node_verify(n, &fault, &leaves) != SPH_OK) {
        tally->noticed++;
        return;
    }
    if (!digest_of(n, &after) || !sph_slice_equal(sph_slice_hash(before), sph_slice_hash(&after)))
        fail_msg("octet %lld: a value of the ledger changed and nobody noticed", (long long)at);
    tally->outside++;
}

static int start(void **state)
{
    static struct node_db n;
    node_make(&n);
    node_start(&n);
    for (int i = 0; i < COMMITS; i++)
        if (node_write(&n, EACH, true, NULL) != SPH_OK)
            return -1;
    sph_journal_free(&n.journal); /* everything is in the one file */
    *state = &n;
    return 0;
}

static int stop(void **state)
{
    node_remove(*state);
    return 0;
}

static void image_each_changed_octet_is_noticed_or_outside_the_ledger(void **state)
{
    struct node_db *n = *state;
    struct stat file;
    struct tally tally = {0, 0};
    sph_hash before;
    const off_t stride = getenv("SAPHAN_LONG") ? 1 : getenv("SAPHAN_QUICK") ? QUICK_STRIDE : STRIDE;
    const int fd = open(n->path, O_RDWR | O_CLOEXEC);
    assert_true(fd >= 0);
    assert_int_equal(fstat(fd, &file), 0);
    assert_true(digest_of(n, &before));
    for (off_t at = 0; at < file.st_size; at += stride) {
        uint8_t octet = 0;
        assert_int_equal(pread(fd, &octet, 1, at), 1);
        const uint8_t changed = (uint8_t)(octet ^ (1u << (at / stride % 8)));
        assert_int_equal(pwrite(fd, &changed, 1, at), 1);
        judge(n, at, &before, &tally);
        assert_int_equal(pwrite(fd, &octet, 1, at), 1);
    }
    close(fd);
    print_message("%zu changed octets noticed, %zu outside the ledger's values\n", tally.noticed,
                  tally.outside);
    assert_in_range(tally.noticed, 50, SIZE_MAX);
    assert_in_range(tally.outside, 10, SIZE_MAX);
}

/* The control: with the verifier left out, the test sees the same changes as changed values. */
static void image_the_oracle_sees_a_changed_leaf(void **state)
{
    struct node_db *n = *state;
    sph_hash before, after;
    SPH_AUTO(sph_buf) file = sph_buf_init(16u << 20);
    assert_int_equal(sph_file_load(n->files, "node.db", &file, NULL).code, SPH_OK);
    const size_t at = sph_slice_find(sph_buf_peek(&file), SPH_LIT("la.office.example"), 0);
    assert_int_not_equal(at, SIZE_MAX);
    assert_true(digest_of(n, &before));
    const int fd = open(n->path, O_RDWR | O_CLOEXEC);
    assert_int_equal(pwrite(fd, "k", 1, (off_t)at), 1);
    assert_true(digest_of(n, &after));
    assert_false(sph_slice_equal(sph_slice_hash(&before), sph_slice_hash(&after)));
    assert_int_equal(pwrite(fd, "l", 1, (off_t)at), 1);
    close(fd);
}

int test_image(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(image_the_oracle_sees_a_changed_leaf),
        cmocka_unit_test(image_each_changed_octet_is_noticed_or_outside_the_ledger),
    };
    return cmocka_run_group_tests_name("image", tests, start, stop);
}
