/* A start with messages that lack their receipt: what can be finished is, what cannot is named. */
#include "exchange/inbox.h"
#include "support/pair.h"
#include "xml/xml.h"

int test_recover(void);

static sph_rc run_sql(void *arg, sph_db *db, sph_err *err)
{
    sph_stmt *stmt = NULL;
    SPH_TRY(sph_stmt_get(db, arg, &stmt, err), err, "test statement");
    return sph_stmt_run(stmt, NULL, err);
}

/* Rows as a crash, or a fault of the disk, may leave them. */
static void edit(struct pair_side *side, const char *sql)
{
    sph_err err = {0};
    SPH_AUTO(sph_buf) text = sph_buf_init(1024);
    assert_ok(sph_buf_add_text(&text, sql, &err), &err);
    assert_ok(sph_buf_add_byte(&text, '\0', &err), &err);
    sph_job job = {.apply = run_sql, .arg = text.at};
    assert_ok(sph_journal_commit(sph_node_journal(side->node), &job, NULL, &err), &err);
}

static struct pair *three_without_receipt(void)
{
    struct pair *pair = pair_new();
    for (int i = 0; i < 3; i++)
        (void)pair_ask(&pair->a);
    assert_int_equal(pair_deliver(&pair->a), 3);
    assert_int_equal(pair_inbox(&pair->b).rows, 3);
    edit(&pair->b, "UPDATE inbox SET state='stored', receipt=NULL, receipt_index=-1");
    return pair;
}

static struct sph_counts counts_of(struct pair_side *side)
{
    sph_err err = {0};
    struct sph_counts counts;
    assert_ok(sph_query_counts(side->node, &counts, &err), &err);
    return counts;
}

static void recover_finishes_every_message_at_the_start(void **state)
{
    (void)state;
    struct pair *pair = three_without_receipt();
    assert_int_equal(counts_of(&pair->b).unreceipted, 3);
    pair_restart(&pair->b);
    assert_int_equal(counts_of(&pair->b).unreceipted, 0);
    assert_int_equal(counts_of(&pair->b).oldest_unreceipted_ms, 0);
    assert_int_equal(pair_leaves(&pair->b, SPH_EVENT_RECEIPT_SENT), 6);
    pair_free(&pair);
}

/* The first row is beyond help: the node starts, the others get their receipts, the alarm stays. */
static void recover_goes_on_behind_a_message_that_cannot_be_finished(void **state)
{
    (void)state;
    unsigned done = 9, left = 9;
    sph_err err = {0};
    struct pair *pair = three_without_receipt();
    edit(&pair->b, "UPDATE inbox SET root=x'00' WHERE id=(SELECT MIN(id) FROM inbox)");
    pair_restart(&pair->b);
    assert_int_equal(counts_of(&pair->b).unreceipted, 1);
    assert_int_not_equal(counts_of(&pair->b).oldest_unreceipted_ms, 0);
    assert_int_equal(pair_leaves(&pair->b, SPH_EVENT_RECEIPT_SENT), 5);
    assert_ok(sph_inbox_recover(pair->b.node, INT64_MAX, &done, &left, &err), &err);
    assert_int_equal(done, 0);
    assert_int_equal(left, 1);
    (void)pair_ask(&pair->a); /* the node works */
    assert_int_equal(pair_deliver(&pair->a), 1);
    assert_int_equal(pair_inbox(&pair->b).rows, 4);
    pair_free(&pair);
}

/* The upkeep leaves alone what another thread may be working on just now. */
static void recover_leaves_what_is_younger(void **state)
{
    (void)state;
    unsigned done = 9, left = 9;
    sph_err err = {0};
    struct pair *pair = three_without_receipt();
    const int64_t oldest = counts_of(&pair->b).oldest_unreceipted_ms;
    assert_ok(sph_inbox_recover(pair->b.node, oldest, &done, &left, &err), &err);
    assert_int_equal(done + left, 0);
    assert_ok(sph_inbox_recover(pair->b.node, INT64_MAX, &done, &left, &err), &err);
    assert_int_equal(done, 3);
    pair_free(&pair);
}

struct alarms {
    size_t count;
    bool is_owed[4];
    int64_t number[4], oldest_ms[4];
    char party[4][SPH_PARTY_ROOM];
};

static sph_rc note_alarm(void *arg, const struct sph_receipt_alarm *alarm, sph_err *err)
{
    struct alarms *alarms = arg;
    assert_true(alarms->count < 4);
    const size_t i = alarms->count++;
    alarms->is_owed[i] = alarm->is_owed;
    alarms->number[i] = alarm->count;
    alarms->oldest_ms[i] = alarm->oldest_ms;
    return sph_str_copy(alarms->party[i], SPH_PARTY_ROOM, sph_slice_str(alarm->party), err);
}

static struct alarms alarms_of(struct pair_side *side)
{
    sph_err err = {0};
    struct alarms alarms = {.count = 0};
    assert_ok(sph_query_receipt_alarms(side->node, note_alarm, &alarms, &err), &err);
    return alarms;
}

/* A receipt that is owed is told of after a minute, and whom it is owed to. */
static void recover_tells_which_receipts_are_owed(void **state)
{
    (void)state;
    struct pair *pair = three_without_receipt();
    const int64_t oldest = counts_of(&pair->b).oldest_unreceipted_ms;
    assert_int_equal(alarms_of(&pair->b).count, 0);
    test_env_advance(pair->b.world, SPH_RECEIPT_LATE_MS - 1);
    assert_int_equal(alarms_of(&pair->b).count, 0);
    test_env_advance(pair->b.world, 1);
    const struct alarms alarms = alarms_of(&pair->b);
    assert_int_equal(alarms.count, 1);
    assert_true(alarms.is_owed[0]);
    assert_int_equal(alarms.number[0], 3);
    assert_int_equal(alarms.oldest_ms[0], oldest);
    assert_string_equal(alarms.party[0], "la.legalaid.example");
    assert_int_equal(alarms_of(&pair->a).count, 0);
    pair_free(&pair);
}

/* What was sent a day ago and has no receipt is told of; what could not leave yet is not. */
static void recover_tells_which_receipts_are_missing(void **state)
{
    (void)state;
    struct pair *pair = pair_new();
    pair->a.is_answer_lost = true;
    (void)pair_ask(&pair->a);
    assert_int_equal(pair_deliver(&pair->a), 1);
    const int64_t sent_ms = sph_node_now_ms(pair->a.node);
    (void)pair_ask(&pair->a); /* never tried */
    test_env_advance(pair->a.world, INT64_C(86400000) - 1);
    assert_int_equal(alarms_of(&pair->a).count, 0);
    test_env_advance(pair->a.world, 1);
    const struct alarms alarms = alarms_of(&pair->a);
    assert_int_equal(alarms.count, 1);
    assert_false(alarms.is_owed[0]);
    assert_int_equal(alarms.number[0], 1);
    assert_int_equal(alarms.oldest_ms[0], sent_ms);
    assert_string_equal(alarms.party[0], "th.ngo.example");
    pair->a.is_answer_lost = false;
    assert_int_equal(pair_deliver(&pair->a), 2);
    assert_int_equal(alarms_of(&pair->a).count, 0);
    pair_free(&pair);
}

int test_recover(void)
{
    sph_xml_start();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(recover_finishes_every_message_at_the_start),
        cmocka_unit_test(recover_goes_on_behind_a_message_that_cannot_be_finished),
        cmocka_unit_test(recover_leaves_what_is_younger),
        cmocka_unit_test(recover_tells_which_receipts_are_owed),
        cmocka_unit_test(recover_tells_which_receipts_are_missing),
    };
    return cmocka_run_group_tests_name("recover", tests, NULL, NULL);
}
