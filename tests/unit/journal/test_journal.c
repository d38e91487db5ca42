/* Group commit, heads, proofs and restart (ledger.md 7 and 10.1). */
#include "node_db.h"

#include <pthread.h>

#include "ledger/proof.h"

int test_journal(void);

static int make(void **state)
{
    static struct node_db n;
    node_make(&n);
    node_start(&n);
    *state = &n;
    return 0;
}

static int unmake(void **state)
{
    node_remove(*state);
    return 0;
}

static void commit_gives_index_time_and_a_signed_head(void **state)
{
    struct node_db *n = *state;
    SPH_AUTO_PTR(sph_head) *head = NULL;
    SPH_AUTO_PTR(sph_head) *newest = NULL;
    sph_leaf leaves[3];
    sph_checkpoint checkpoint;
    const uint64_t before = (uint64_t)sph_clock_real()->now_ms(sph_clock_real()->ctx);
    for (int i = 0; i < 3; i++)
        sph_leaf_init(&leaves[i], SPH_EVENT_START, "la.office.example");
    sph_job job = {.leaves = leaves, .leaf_count = 3, .want_head = true};
    assert_int_equal(sph_journal_commit(n->journal, &job, &head, NULL).code, SPH_OK);
    for (uint64_t i = 0; i < 3; i++) {
        assert_true(leaves[i].index == i);
        assert_true(leaves[i].unix_ms >= before);
    }
    assert_int_equal(sph_head_size(head), 3);
    assert_int_equal(sph_checkpoint_verify(sph_head_note(head), &n->vkey, &checkpoint, NULL).code,
                     SPH_OK);
    const sph_hash root = sph_head_root(head);
    assert_memory_equal(&checkpoint.root, &root, sizeof(root));
    assert_int_equal(sph_journal_head(n->journal, true, &newest, NULL).code, SPH_OK);
    assert_ptr_equal(newest, head);
}

static void commit_without_want_head_signs_nothing(void **state)
{
    struct node_db *n = *state;
    SPH_AUTO_PTR(sph_head) *head = NULL;
    SPH_AUTO_PTR(sph_head) *signed_head = NULL;
    assert_int_equal(node_write(n, 1, false, &head), SPH_OK);
    assert_int_equal(sph_head_note(head).len, 0);
    assert_int_equal(sph_head_size(head), 1);
    assert_int_equal(sph_journal_head(n->journal, true, &signed_head, NULL).code, SPH_OK);
    assert_null(signed_head);
}

static void commit_of_an_unchanged_size_signs_once(void **state)
{
    struct node_db *n = *state;
    SPH_AUTO_PTR(sph_head) *a = NULL;
    SPH_AUTO_PTR(sph_head) *b = NULL;
    assert_int_equal(node_write(n, 0, true, NULL), SPH_EARG); /* an empty ledger has no head */
    assert_int_equal(node_write(n, 2, false, NULL), SPH_OK);
    assert_int_equal(node_write(n, 0, true, &a), SPH_OK);
    assert_int_equal(node_write(n, 0, true, &b), SPH_OK);
    assert_ptr_equal(a, b);
    assert_int_equal(sph_head_size(a), 2);
    assert_true(sph_head_note(a).len > 0);
}

struct row_job {
    const char *name;
    enum sph_code fail_apply, fail_bind;
    uint64_t index[2];
};

static sph_rc apply_row(void *arg, sph_db *db, sph_err *err)
{
    const struct row_job *r = arg;
    SPH_AUTO_PTR(sph_stmt) *stmt = NULL;
    SPH_TRY(sph_stmt_get(db, "INSERT INTO setting(name, value) VALUES(?1, 'v')", &stmt, err), err,
            "row");
    sph_stmt_text(stmt, 1, r->name);
    SPH_TRY(sph_stmt_run(stmt, NULL, err), err, "row");
    return r->fail_apply ? sph_fail(err, r->fail_apply, "as asked") : sph_ok();
}

static sph_rc bind_row(void *arg, sph_db *db, const uint64_t *index, sph_err *err)
{
    struct row_job *r = arg;
    (void)db;
    r->index[0] = index[0];
    r->index[1] = index[1];
    return r->fail_bind ? sph_fail(err, r->fail_bind, "as asked") : sph_ok();
}

static enum sph_code write_row(struct node_db *n, struct row_job *r)
{
    sph_leaf leaves[2];
    sph_leaf_init(&leaves[0], SPH_EVENT_CONFIG_CHANGED, "la.office.example");
    sph_leaf_init(&leaves[1], SPH_EVENT_CONFIG_CHANGED, "la.office.example");
    sph_job job = {
        .apply = apply_row, .bind = bind_row, .arg = r, .leaves = leaves, .leaf_count = 2};
    return sph_journal_commit(n->journal, &job, NULL, NULL).code;
}

static int64_t rows_in(struct node_db *n)
{
    sph_db *db = node_reader(n);
    sph_stmt *stmt = NULL;
    bool row = false;
    assert_int_equal(sph_stmt_get(db, "SELECT count(*) FROM setting", &stmt, NULL).code, SPH_OK);
    assert_int_equal(sph_stmt_step(stmt, &row, NULL).code, SPH_OK);
    const int64_t count = sph_col_int(stmt, 0);
    sph_stmt_end(stmt);
    sph_db_close(&db);
    return count;
}

static void job_that_fails_is_undone_alone(void **state)
{
    struct node_db *n = *state;
    struct row_job rows[] = {
        {.name = "a"},
        {.name = "b", .fail_apply = SPH_EREFUSED},
        {.name = "c", .fail_bind = SPH_EREFUSED},
        {.name = "a"}, /* the row is there already */
        {.name = "d"},
    };
    uint64_t leaves = 0;
    struct sph_ledger_fault fault;
    assert_int_equal(write_row(n, &rows[0]), SPH_OK);
    assert_int_equal(write_row(n, &rows[1]), SPH_EREFUSED);
    assert_int_equal(write_row(n, &rows[2]), SPH_EREFUSED);
    assert_int_equal(write_row(n, &rows[3]), SPH_ECONFLICT);
    assert_int_equal(write_row(n, &rows[4]), SPH_OK);
    assert_int_equal(rows[4].index[0], 2);
    assert_int_equal(rows[4].index[1], 3);
    assert_int_equal(rows_in(n), 2);
    assert_false(sph_journal_is_stopped(n->journal));
    assert_int_equal(node_verify(n, &fault, &leaves), SPH_OK);
    assert_int_equal(leaves, 4);
}

static void job_with_a_bad_leaf_is_refused_and_leaves_no_gap(void **state)
{
    struct node_db *n = *state;
    sph_leaf leaves[2];
    uint64_t count = 0;
    struct sph_ledger_fault fault;
    sph_leaf_init(&leaves[0], SPH_EVENT_START, "la");
    sph_leaf_init(&leaves[1], 0x0fff, "la");
    sph_job job = {.leaves = leaves, .leaf_count = 2, .want_head = true};
    assert_int_equal(sph_journal_commit(n->journal, &job, NULL, NULL).code, SPH_EARG);
    job.leaf_count = SPH_JOB_LEAVES + 1;
    assert_int_equal(sph_journal_commit(n->journal, &job, NULL, NULL).code, SPH_EARG);
    assert_int_equal(node_write(n, 1, true, NULL), SPH_OK);
    assert_int_equal(node_verify(n, &fault, &count), SPH_OK);
    assert_int_equal(count, 1);
}

static sph_rc peer_row(struct node_db *n, uint64_t size, uint8_t mark)
{
    sph_job job = {.peer_origin = "node.example.th/ledger/1",
                   .peer_size = size,
                   .peer_root = {{mark}},
                   .peer_note = SPH_LIT("note")};
    return sph_journal_commit(n->journal, &job, NULL, NULL);
}

static void peer_head_advances_and_a_lost_race_is_no_error(void **state)
{
    struct node_db *n = *state;
    sph_stmt *stmt = NULL;
    bool row = false;
    assert_int_equal(peer_row(n, 5, 1).code, SPH_OK);
    assert_int_equal(peer_row(n, 9, 2).code, SPH_OK);
    assert_int_equal(peer_row(n, 7, 3).code, SPH_OK); /* smaller: not advanced */
    assert_int_equal(peer_row(n, 9, 4).code, SPH_OK); /* same size, other root: not overwritten */
    sph_db *db = node_reader(n);
    assert_int_equal(sph_stmt_get(db, "SELECT size, root FROM peer_head", &stmt, NULL).code,
                     SPH_OK);
    assert_int_equal(sph_stmt_step(stmt, &row, NULL).code, SPH_OK);
    assert_int_equal(sph_col_int(stmt, 0), 9);
    assert_int_equal(sph_col_blob(stmt, 1).at[0], 2);
    sph_stmt_end(stmt);
    sph_db_close(&db);
}

struct writer_arg {
    struct node_db *n;
    unsigned jobs;
    enum sph_code code;
};

static void *write_many(void *arg)
{
    struct writer_arg *w = arg;
    for (unsigned i = 0; i < w->jobs && w->code == SPH_OK; i++) {
        sph_head *head = NULL;
        w->code = node_write(w->n, 1, true, &head);
        if (w->code == SPH_OK && sph_head_note(head).len == 0)
            w->code = SPH_EPROOF;
        sph_head_free(&head);
    }
    return NULL;
}

static void group_commit_of_eight_threads_leaves_no_gap(void **state)
{
    struct node_db *n = *state;
    struct writer_arg args[8];
    pthread_t threads[8];
    uint64_t leaves = 0;
    struct sph_ledger_fault fault;
    for (int i = 0; i < 8; i++) {
        args[i] = (struct writer_arg){n, 100, SPH_OK};
        assert_int_equal(pthread_create(&threads[i], NULL, write_many, &args[i]), 0);
    }
    for (int i = 0; i < 8; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
        assert_int_equal(args[i].code, SPH_OK);
    }
    assert_int_equal(node_verify(n, &fault, &leaves), SPH_OK);
    assert_int_equal(leaves, 800);
}

static void restart_continues_with_the_same_root(void **state)
{
    struct node_db *n = *state;
    for (unsigned round = 0; round < 12; round++) {
        SPH_AUTO_PTR(sph_head) *before = NULL;
        SPH_AUTO_PTR(sph_head) *after = NULL;
        SPH_AUTO_PTR(sph_head) *signed_before = NULL;
        SPH_AUTO_PTR(sph_head) *signed_after = NULL;
        for (unsigned i = 0; i < 3; i++)
            assert_int_equal(node_write(n, 1 + (round * 29 + i) % SPH_JOB_LEAVES, i == 1, NULL),
                             SPH_OK);
        assert_int_equal(sph_journal_head(n->journal, false, &before, NULL).code, SPH_OK);
        assert_int_equal(sph_journal_head(n->journal, true, &signed_before, NULL).code, SPH_OK);
        sph_journal_free(&n->journal);
        node_start(n);
        assert_int_equal(sph_journal_head(n->journal, false, &after, NULL).code, SPH_OK);
        assert_int_equal(sph_journal_head(n->journal, true, &signed_after, NULL).code, SPH_OK);
        const sph_hash a = sph_head_root(before), b = sph_head_root(after);
        assert_memory_equal(&a, &b, sizeof(a));
        assert_true(sph_head_size(before) == sph_head_size(after));
        assert_true(sph_slice_equal(sph_head_note(signed_before), sph_head_note(signed_after)));
    }
}

/* Parse and check a proof as a stranger would: from its text, the leaf and the vkey. */
static void check_proof(struct node_db *n, sph_db *reader, uint64_t index, const sph_head *head)
{
    SPH_AUTO(sph_buf) text = sph_buf_init(1 << 17);
    SPH_AUTO(sph_buf) leaf = sph_buf_init(SPH_LEAF_MAX);
    sph_tlog_proof proof;
    sph_checkpoint checkpoint;
    sph_slice slices[64];
    assert_int_equal(sph_journal_prove(n->journal, reader, index, head, &text, NULL).code, SPH_OK);
    assert_int_equal(sph_journal_leaf(reader, index, &leaf, NULL).code, SPH_OK);
    assert_int_equal(sph_tlog_proof_parse(sph_buf_peek(&text), &proof, NULL).code, SPH_OK);
    assert_int_equal(sph_checkpoint_verify(proof.checkpoint, &n->vkey, &checkpoint, NULL).code,
                     SPH_OK);
    for (size_t i = 0; i < proof.count; i++)
        slices[i] = sph_slice_hash(&proof.hashes[i]);
    const sph_hash hash = sph_tree_leaf_hash(sph_buf_peek(&leaf));
    assert_int_equal(sph_proof_check_inclusion(proof.index, checkpoint.size, sph_slice_hash(&hash),
                                               slices, proof.count,
                                               sph_slice_hash(&checkpoint.root), NULL)
                         .code,
                     SPH_OK);
}

static void proofs_of_leaves_and_heads_hold(void **state)
{
    static const uint64_t sizes[] = {1, 200, 256, 257, 700};
    struct node_db *n = *state;
    sph_head *heads[5] = {NULL};
    uint64_t size = 0;
    for (size_t i = 0; i < 5; i++) {
        for (; size + SPH_JOB_LEAVES < sizes[i]; size += SPH_JOB_LEAVES)
            assert_int_equal(node_write(n, SPH_JOB_LEAVES, false, NULL), SPH_OK);
        assert_int_equal(node_write(n, sizes[i] - size, true, &heads[i]), SPH_OK);
        size = sizes[i];
    }
    sph_db *reader = node_reader(n);
    for (size_t i = 0; i < 5; i++)
        for (uint64_t at = 0; at < sizes[i]; at += 1 + sizes[i] / 50)
            check_proof(n, reader, at, heads[i]);
    for (size_t i = 0; i < 5; i++)
        for (size_t k = i; k < 5; k++) {
            sph_hash hashes[64];
            sph_slice slices[64];
            size_t count = 0;
            assert_int_equal(sph_journal_consistency(n->journal, reader, sizes[i], sizes[k], hashes,
                                                     &count, NULL)
                                 .code,
                             SPH_OK);
            for (size_t h = 0; h < count; h++)
                slices[h] = sph_slice_hash(&hashes[h]);
            const sph_hash a = sph_head_root(heads[i]), b = sph_head_root(heads[k]);
            assert_int_equal(sph_proof_check_consistency(sizes[i], sizes[k], slices, count,
                                                         sph_slice_hash(&a), sph_slice_hash(&b),
                                                         NULL)
                                 .code,
                             SPH_OK);
        }
    sph_db_close(&reader);
    for (size_t i = 0; i < 5; i++)
        sph_head_free(&heads[i]);
}

static void proofs_that_cannot_be_are_refused(void **state)
{
    struct node_db *n = *state;
    SPH_AUTO(sph_buf) text = sph_buf_init(1 << 16);
    SPH_AUTO_PTR(sph_head) *head = NULL;
    SPH_AUTO_PTR(sph_head) *plain = NULL;
    sph_hash hashes[64];
    size_t count = 0;
    assert_int_equal(node_write(n, 2, true, &head), SPH_OK);
    assert_int_equal(node_write(n, 1, false, &plain), SPH_OK);
    sph_db *reader = node_reader(n);
    assert_int_equal(sph_journal_prove(n->journal, reader, 2, head, &text, NULL).code, SPH_EARG);
    assert_int_equal(sph_journal_prove(n->journal, reader, 0, plain, &text, NULL).code, SPH_EARG);
    assert_int_equal(sph_journal_leaf(reader, 3, &text, NULL).code, SPH_ENOTFOUND);
    assert_int_equal(sph_journal_leaf(reader, UINT64_MAX, &text, NULL).code, SPH_ENOTFOUND);
    assert_int_equal(sph_journal_consistency(n->journal, reader, 0, 3, hashes, &count, NULL).code,
                     SPH_EARG);
    assert_int_equal(sph_journal_consistency(n->journal, reader, 3, 2, hashes, &count, NULL).code,
                     SPH_EARG);
    assert_int_equal(sph_journal_consistency(n->journal, reader, 1, 4, hashes, &count, NULL).code,
                     SPH_EARG);
    assert_int_equal(text.len, 0);
    sph_db_close(&reader);
}

static int64_t stepping_back(void *ctx)
{
    int64_t *now = ctx;
    return *now -= 1000;
}

static void clock_that_goes_back_never_reaches_a_leaf(void **state)
{
    struct node_db *n = *state;
    int64_t now = 1790000000000;
    const sph_clock clock = {&now, stepping_back, stepping_back};
    uint64_t leaves = 0;
    struct sph_ledger_fault fault;
    n->env.clock = &clock;
    for (int i = 0; i < 5; i++)
        assert_int_equal(node_write(n, 2, true, NULL), SPH_OK);
    sph_journal_free(&n->journal);
    node_start(n); /* the last time is read back */
    assert_int_equal(node_write(n, 2, true, NULL), SPH_OK);
    assert_int_equal(node_verify(n, &fault, &leaves), SPH_OK);
    sph_journal_free(&n->journal);
    n->env.clock = sph_clock_real();
}

static void second_writer_is_noticed_and_stops_the_journal(void **state)
{
    struct node_db *n = *state;
    uint64_t leaves = 0;
    struct sph_ledger_fault fault;
    assert_int_equal(node_write(n, 2, true, NULL), SPH_OK);
    struct node_db other = *n;
    other.journal = NULL;
    node_start(&other);
    assert_int_equal(node_write(&other, 1, true, NULL), SPH_OK);
    sph_journal_free(&other.journal);
    assert_int_equal(node_write(n, 1, true, NULL), SPH_EIO);
    assert_true(sph_journal_is_stopped(n->journal));
    assert_int_equal(node_verify(n, &fault, &leaves), SPH_OK);
    assert_int_equal(leaves, 3);
}

static sph_rc no_space(void *ctx, uint64_t *out, sph_err *err)
{
    (void)ctx;
    (void)err;
    *out = 1 << 20;
    return sph_ok();
}

static void short_disk_refuses_without_stopping(void **state)
{
    struct node_db *n = *state;
    sph_files files = *n->files;
    assert_int_equal(node_write(n, 1, true, NULL), SPH_OK);
    files.free_bytes = no_space;
    n->env.files = &files;
    assert_int_equal(node_write(n, 1, true, NULL), SPH_EIO);
    assert_false(sph_journal_is_stopped(n->journal));
    n->env.files = n->files;
    assert_int_equal(node_write(n, 1, true, NULL), SPH_OK);
}

static void wal_stays_bounded_while_a_reader_comes_and_goes(void **state)
{
    struct node_db *n = *state;
    uint64_t size = 0;
    for (unsigned i = 0; i < 1500; i++) {
        sph_db *reader = i % 100 == 0 ? node_reader(n) : NULL;
        assert_int_equal(node_write(n, SPH_JOB_LEAVES, true, NULL), SPH_OK);
        sph_db_close(&reader);
    }
    SPH_AUTO(sph_open_file) wal = {n->files, NULL};
    assert_int_equal(
        n->files->open(n->files->ctx, "node.db-wal", SPH_OPEN_READ, &wal.file, NULL).code, SPH_OK);
    assert_int_equal(n->files->size(wal.file, &size, NULL).code, SPH_OK);
    assert_true(size < 40u << 20); /* 96,000 leaves write far more than this */
}

int test_journal(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(commit_gives_index_time_and_a_signed_head, make, unmake),
        cmocka_unit_test_setup_teardown(commit_without_want_head_signs_nothing, make, unmake),
        cmocka_unit_test_setup_teardown(commit_of_an_unchanged_size_signs_once, make, unmake),
        cmocka_unit_test_setup_teardown(job_that_fails_is_undone_alone, make, unmake),
        cmocka_unit_test_setup_teardown(job_with_a_bad_leaf_is_refused_and_leaves_no_gap, make,
                                        unmake),
        cmocka_unit_test_setup_teardown(peer_head_advances_and_a_lost_race_is_no_error, make,
                                        unmake),
        cmocka_unit_test_setup_teardown(group_commit_of_eight_threads_leaves_no_gap, make, unmake),
        cmocka_unit_test_setup_teardown(restart_continues_with_the_same_root, make, unmake),
        cmocka_unit_test_setup_teardown(proofs_of_leaves_and_heads_hold, make, unmake),
        cmocka_unit_test_setup_teardown(proofs_that_cannot_be_are_refused, make, unmake),
        cmocka_unit_test_setup_teardown(clock_that_goes_back_never_reaches_a_leaf, make, unmake),
        cmocka_unit_test_setup_teardown(second_writer_is_noticed_and_stops_the_journal, make,
                                        unmake),
        cmocka_unit_test_setup_teardown(short_disk_refuses_without_stopping, make, unmake),
        cmocka_unit_test_setup_teardown(wal_stays_bounded_while_a_reader_comes_and_goes, make,
                                        unmake),
    };
    return cmocka_run_group_tests_name("journal", tests, NULL, NULL);
}
