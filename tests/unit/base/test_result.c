#include "base/result.h"

#include "support/test_assert.h"

int test_result(void);

static sph_rc fails_deep(sph_err *err)
{
    return sph_fail(err, SPH_ELIMIT, "%d parts, limit %d", 40, 33);
}

static sph_rc fails_above(int levels, sph_err *err)
{
    if (levels == 0)
        return fails_deep(err);
    SPH_TRY(fails_above(levels - 1, err), err, "level %d", levels);
    return sph_ok();
}

static void result_failure_passed_up_keeps_cause_first(void **state)
{
    (void)state;
    sph_err err = {0};
    const sph_rc rc = fails_above(2, &err);
    assert_int_equal(rc.code, SPH_ELIMIT);
    assert_int_equal(err.code, SPH_ELIMIT);
    assert_int_equal(err.depth, 3);
    assert_string_equal(err.frame[0].where, "fails_deep");
    assert_string_equal(err.frame[0].what, "40 parts, limit 33");
    assert_string_equal(err.frame[2].what, "level 2");
}

static void result_chain_longer_than_frames_drops_the_outer(void **state)
{
    (void)state;
    sph_err err = {0};
    assert_int_equal(fails_above(20, &err).code, SPH_ELIMIT);
    assert_int_equal(err.depth, SPH_ERR_FRAMES);
    assert_string_equal(err.frame[0].where, "fails_deep");
    assert_string_equal(err.frame[SPH_ERR_FRAMES - 1].what, "level 7");
}

static void result_long_text_is_cut_and_terminated(void **state)
{
    (void)state;
    sph_err err = {0};
    assert_int_equal(sph_fail(&err, SPH_EIO, "%0200d", 7).code, SPH_EIO);
    assert_int_equal(sph_slice_str(err.frame[0].what).len, SPH_ERR_TEXT - 1);
}

static void result_second_failure_starts_afresh(void **state)
{
    (void)state;
    sph_err err = {0};
    (void)!fails_above(3, &err).code;
    assert_int_equal(sph_fail(&err, SPH_EPARSE, "was: %s", err.frame[0].what).code, SPH_EPARSE);
    assert_int_equal(err.depth, 1);
    assert_string_equal(err.frame[0].what, "was: 40 parts, limit 33");
    sph_err_clear(&err);
    assert_int_equal(err.code, SPH_OK);
    assert_int_equal(err.depth, 0);
}

static void result_without_reason_still_fails(void **state)
{
    (void)state;
    assert_int_equal(fails_above(2, NULL).code, SPH_ELIMIT);
    sph_err_clear(NULL);
}

static void result_codes_have_distinct_names(void **state)
{
    (void)state;
    for (int a = 0; a < SPH_CODE_COUNT; a++) {
        assert_non_null(sph_code_name((enum sph_code)a));
        for (int b = 0; b < a; b++)
            assert_string_not_equal(sph_code_name((enum sph_code)a),
                                    sph_code_name((enum sph_code)b));
    }
    assert_string_equal(sph_code_name(SPH_CODE_COUNT), "unknown");
}

int test_result(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(result_failure_passed_up_keeps_cause_first),
        cmocka_unit_test(result_chain_longer_than_frames_drops_the_outer),
        cmocka_unit_test(result_long_text_is_cut_and_terminated),
        cmocka_unit_test(result_second_failure_starts_afresh),
        cmocka_unit_test(result_without_reason_still_fails),
        cmocka_unit_test(result_codes_have_distinct_names),
    };
    return cmocka_run_group_tests_name("result", tests, NULL, NULL);
}
