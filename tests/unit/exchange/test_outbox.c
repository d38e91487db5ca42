/* The outbox's state table and retry ladder. */
#include "exchange/outbox.h"
#include "support/test_assert.h"

/** as4.md 14.2, written again from the design: to-state, or -1 where no move exists. */
static const int wanted[SPH_OUT_STATE_COUNT][SPH_OUT_EVENT_COUNT] = {
    /* HAND_OUT, RECEIPT, NO_ANSWER, REFUSED, DEADLINE, CANCEL, MADE_READY, PULLED, LEASE_OVER,
     * HUB_RECEIPT, DELIVERED, TO_PUSH, TO_PULL */
    [SPH_OUT_SUBMITTED] = {SPH_OUT_SENDING, -1, SPH_OUT_SUBMITTED, -1, SPH_OUT_FAILED,
                           SPH_OUT_CANCELLED, SPH_OUT_READY, -1, -1, -1, -1, -1, -1},
    [SPH_OUT_SENDING] = {-1, SPH_OUT_ACKNOWLEDGED, SPH_OUT_WAIT_RETRY, SPH_OUT_FAILED,
                         SPH_OUT_FAILED, -1, -1, -1, -1, SPH_OUT_HANDED, SPH_OUT_ACKNOWLEDGED, -1,
                         SPH_OUT_READY_AGAIN},
    [SPH_OUT_WAIT_RETRY] = {-1, SPH_OUT_ACKNOWLEDGED, SPH_OUT_WAIT_RETRY, SPH_OUT_FAILED,
                            SPH_OUT_FAILED, -1, -1, -1, -1, SPH_OUT_HANDED, SPH_OUT_ACKNOWLEDGED,
                            -1, SPH_OUT_READY_AGAIN},
    [SPH_OUT_READY] = {-1, -1, -1, -1, SPH_OUT_FAILED, SPH_OUT_CANCELLED, -1,
                       SPH_OUT_PULLED_WAITING, -1, -1, -1, SPH_OUT_SUBMITTED, -1},
    [SPH_OUT_PULLED_WAITING] = {-1, SPH_OUT_ACKNOWLEDGED, SPH_OUT_PULLED_WAITING, SPH_OUT_FAILED,
                                SPH_OUT_FAILED, -1, -1, -1, SPH_OUT_READY_AGAIN, -1, -1,
                                SPH_OUT_WAIT_RETRY, -1},
    [SPH_OUT_READY_AGAIN] = {-1, SPH_OUT_ACKNOWLEDGED, SPH_OUT_PULLED_WAITING, SPH_OUT_FAILED,
                             SPH_OUT_FAILED, -1, -1, SPH_OUT_PULLED_WAITING, -1, -1, -1,
                             SPH_OUT_WAIT_RETRY, -1},
    [SPH_OUT_HANDED] = {-1, -1, -1, -1, SPH_OUT_FAILED, -1, -1, -1, -1, -1, SPH_OUT_ACKNOWLEDGED,
                        -1, -1},
    [SPH_OUT_ACKNOWLEDGED] = {-1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1},
    [SPH_OUT_FAILED] = {-1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1},
    [SPH_OUT_CANCELLED] = {-1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1},
};

static void outbox_every_pair_moves_as_the_design_says(void **state)
{
    (void)state;
    for (enum sph_out_state from = 0; from < SPH_OUT_STATE_COUNT; from++) {
        for (enum sph_out_event event = 0; event < SPH_OUT_EVENT_COUNT; event++) {
            enum sph_out_state to = SPH_OUT_STATE_COUNT;
            uint16_t leaf = 0;
            sph_err err = {0};
            const sph_rc rc = sph_out_step(from, event, &to, &leaf, &err);
            assert_int_equal(rc.code, wanted[from][event] < 0 ? SPH_ECONFLICT : SPH_OK);
            if (rc.code == SPH_OK)
                assert_int_equal(to, wanted[from][event]);
        }
    }
}

static void outbox_final_states_write_the_leaf_that_proves_them(void **state)
{
    (void)state;
    enum sph_out_state to;
    uint16_t leaf = 0;
    sph_err err = {0};
    assert_ok(sph_out_step(SPH_OUT_SENDING, SPH_OUT_RECEIPT, &to, &leaf, &err), &err);
    assert_int_equal(leaf, SPH_EVENT_RECEIPT_IN);
    assert_ok(sph_out_step(SPH_OUT_WAIT_RETRY, SPH_OUT_DEADLINE, &to, &leaf, &err), &err);
    assert_int_equal(leaf, SPH_EVENT_DELIVERY_FAILED);
    assert_ok(sph_out_step(SPH_OUT_SUBMITTED, SPH_OUT_HAND_OUT, &to, &leaf, &err), &err);
    assert_int_equal(leaf, SPH_EVENT_SENT);
    /* One SENT for a message that is pulled: at its first hand-out, not while it only waits. */
    assert_ok(sph_out_step(SPH_OUT_SUBMITTED, SPH_OUT_MADE_READY, &to, &leaf, &err), &err);
    assert_int_equal(leaf, 0);
    assert_ok(sph_out_step(SPH_OUT_READY, SPH_OUT_PULLED, &to, &leaf, &err), &err);
    assert_int_equal(leaf, SPH_EVENT_SENT);
    assert_ok(sph_out_step(SPH_OUT_READY_AGAIN, SPH_OUT_PULLED, &to, &leaf, &err), &err);
    assert_int_equal(leaf, 0);
    assert_ok(sph_out_step(SPH_OUT_PULLED_WAITING, SPH_OUT_RECEIPT, &to, &leaf, &err), &err);
    assert_int_equal(leaf, SPH_EVENT_RECEIPT_IN);
}

static void outbox_state_names_read_back(void **state)
{
    (void)state;
    for (enum sph_out_state from = 0; from < SPH_OUT_STATE_COUNT; from++) {
        enum sph_out_state back = SPH_OUT_STATE_COUNT;
        sph_err err = {0};
        assert_ok(sph_out_state_of(sph_out_state_name(from), &back, &err), &err);
        assert_int_equal(back, from);
    }
    sph_err err = {0};
    enum sph_out_state back;
    assert_code(sph_out_state_of("sent", &back, &err), SPH_EPARSE, &err);
}

static void outbox_ladder_grows_within_its_jitter(void **state)
{
    (void)state;
    int64_t before = 0;
    for (unsigned attempt = 1; attempt < 40; attempt++) {
        const int64_t low = sph_out_ladder_ms(attempt, 0),
                      high = sph_out_ladder_ms(attempt, UINT32_MAX);
        assert_true(low < high);
        assert_true(high <= low * 3 / 2 + 1);
        assert_true(high >= before);
        before = low;
    }
    assert_int_equal(sph_out_ladder_ms(0, 77), 0);
    assert_true(sph_out_ladder_ms(39, 0) >= INT64_C(4) * 3600000);
}

int test_outbox(void);
int test_outbox(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(outbox_every_pair_moves_as_the_design_says),
        cmocka_unit_test(outbox_final_states_write_the_leaf_that_proves_them),
        cmocka_unit_test(outbox_state_names_read_back),
        cmocka_unit_test(outbox_ladder_grows_within_its_jitter),
    };
    return cmocka_run_group_tests_name("outbox", tests, NULL, NULL);
}
