#include "base/codec.h"

#include "support/fake_env.h"
#include "support/test_assert.h"

#include <time.h>

int test_codec_time(void);

#define FIRST_DAY (-25567) /* 1900-01-01 */
#define LAST_DAY 84005     /* 2199-12-31 */

static void time_known_moments_are_read(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t ms;
    } vectors[] = {
        {"1970-01-01T00:00:00Z", 0},
        {"1985-04-12T23:20:50.52Z", 482196050520},        /* RFC 3339 §5.8 */
        {"1996-12-19T16:39:57-08:00", 851042397000},      /* RFC 3339 §5.8 */
        {"1937-01-01T12:00:27.87+00:20", -1041337172130}, /* RFC 3339 §5.8 */
        {"2026-11-24T11:30:00.123Z", 1795519800123},
        {"2026-11-24T18:30:00.123+07:00", 1795519800123},
        {"2026-11-24T11:30:00.123999999Z", 1795519800123}, /* cut, not rounded */
        {"2026-11-24T11:30:00.1Z", 1795519800100},
        {"2026-11-24T11:30:00-00:00", 1795519800000},
        {"2000-02-29T00:00:00Z", 951782400000},
        {"1969-12-31T23:59:59.999Z", -1},
        {"1900-01-01T00:00:00Z", (int64_t)FIRST_DAY * 86400000},
        {"2199-12-31T23:59:59.999Z", ((int64_t)LAST_DAY + 1) * 86400000 - 1},
    };
    for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
        sph_err err = {0};
        int64_t ms = 0;
        assert_ok(sph_time_parse(sph_slice_str(vectors[i].text), &ms, &err), &err);
        assert_int_equal(ms, vectors[i].ms);
    }
}

static void time_faulty_forms_are_refused(void **state)
{
    (void)state;
    static const char *const faulty[] = {
        "",
        "2026-11-24",
        "2026-11-24T11:30:00",
        "2026-11-24t11:30:00Z",
        "2026-11-24 11:30:00Z",
        "2026-11-24T11:30Z",
        "2026-11-24T11:30:00.Z",
        "2026-11-24T11:30:00,5Z",
        "2026-11-24T11:30:00z",
        "2026-11-24T11:30:00ZZ",
        "2026-11-24T11:30:00Z ",
        " 2026-11-24T11:30:00Z",
        "2026-11-24T24:00:00Z",
        "2026-11-24T23:60:00Z",
        "2026-11-24T23:59:60Z",
        "2026-11-24T11:30:00+0700",
        "2026-11-24T11:30:00+07",
        "2026-11-24T11:30:00+14:01",
        "2026-11-24T11:30:00+07:60",
        "2026-02-29T00:00:00Z",
        "2100-02-29T00:00:00Z",
        "2026-13-01T00:00:00Z",
        "2026-00-01T00:00:00Z",
        "2026-11-31T00:00:00Z",
        "2026-11-00T00:00:00Z",
        "1899-12-31T23:59:59Z",
        "2200-01-01T00:00:00Z",
        "1900-01-01T00:00:00+00:01", /* 1899 in UTC */
        "2199-12-31T23:59:59-00:01", /* 2200 in UTC */
        "+2026-11-24T11:30:00Z",
        "-2026-11-24T11:30:00Z",
        "02026-11-24T11:30:00Z",
        "2026-1-24T11:30:00Z",
        "๒๐๒๖-11-24T11:30:00Z",
    };
    for (size_t i = 0; i < sizeof(faulty) / sizeof(faulty[0]); i++) {
        sph_err err = {0};
        int64_t ms = 4711;
        assert_code(sph_time_parse(sph_slice_str(faulty[i]), &ms, &err), SPH_EPARSE, &err);
        assert_int_equal(ms, 4711);
    }
}

static void time_of_a_buddhist_year_is_refused_as_such(void **state)
{
    (void)state;
    sph_err err = {0};
    int64_t ms = 1;
    int32_t days = 2;
    assert_code(sph_time_parse(SPH_LIT("2569-11-24T11:30:00Z"), &ms, &err), SPH_EREFUSED, &err);
    assert_code(sph_date_parse(SPH_LIT("2562-05-02"), &days, &err), SPH_EREFUSED, &err);
    assert_code(sph_date_parse(SPH_LIT("2400-01-01"), &days, &err), SPH_EREFUSED, &err);
    assert_code(sph_date_parse(SPH_LIT("2700-12-31"), &days, &err), SPH_EREFUSED, &err);
    assert_code(sph_date_parse(SPH_LIT("2399-12-31"), &days, &err), SPH_EPARSE, &err);
    assert_code(sph_date_parse(SPH_LIT("2701-01-01"), &days, &err), SPH_EPARSE, &err);
    assert_int_equal(ms, 1);
    assert_int_equal(days, 2);
}

static void date_every_day_agrees_with_the_c_library(void **state)
{
    (void)state;
    for (int32_t days = FIRST_DAY; days <= LAST_DAY; days++) {
        sph_err err = {0};
        char ours[11];
        char theirs[11];
        int32_t back = 0;
        const time_t seconds = (time_t)days * 86400;
        struct tm tm;
        assert_non_null(gmtime_r(&seconds, &tm));
        assert_int_equal(strftime(theirs, sizeof(theirs), "%Y-%m-%d", &tm), 10);
        assert_ok(sph_date_format(days, ours, &err), &err);
        assert_string_equal(ours, theirs);
        assert_ok(sph_date_parse(sph_slice_str(ours), &back, &err), &err);
        assert_int_equal(back, days);
    }
}

static void date_outside_the_range_is_not_written(void **state)
{
    (void)state;
    sph_err err = {0};
    char text[11] = "old";
    assert_code(sph_date_format(FIRST_DAY - 1, text, &err), SPH_EARG, &err);
    assert_code(sph_date_format(LAST_DAY + 1, text, &err), SPH_EARG, &err);
    assert_code(sph_date_format(INT32_MIN, text, &err), SPH_EARG, &err);
    assert_code(sph_date_format(INT32_MAX, text, &err), SPH_EARG, &err);
    assert_string_equal(text, "old");
    int32_t days = 3;
    assert_code(sph_date_parse(SPH_LIT("2026-11-24Z"), &days, &err), SPH_EPARSE, &err);
    assert_code(sph_date_parse(SPH_LIT("2026-11-2"), &days, &err), SPH_EPARSE, &err);
    assert_int_equal(days, 3);
}

static void time_round_trips_of_random_moments_come_back(void **state)
{
    (void)state;
    test_env *world = test_env_new(77);
    const sph_random *random = test_env_get(world)->random;
    const int64_t span = ((int64_t)LAST_DAY - FIRST_DAY + 1) * 86400000;
    for (size_t i = 0; i < 50000; i++) {
        sph_err err = {0};
        uint64_t bits = 0;
        char text[SPH_TIME_TEXT];
        int64_t back = 0;
        assert_ok(random->fill(random->ctx, (uint8_t *)&bits, sizeof(bits), &err), &err);
        const int64_t ms = (int64_t)(bits % (uint64_t)span) + (int64_t)FIRST_DAY * 86400000;
        assert_ok(sph_time_format(ms, true, text, &err), &err);
        assert_ok(sph_time_parse(sph_slice_str(text), &back, &err), &err);
        assert_int_equal(back, ms);
        assert_ok(sph_time_format(ms, false, text, &err), &err);
        assert_ok(sph_time_parse(sph_slice_str(text), &back, &err), &err);
        assert_in_range(ms - back, 0, 999); /* whole seconds, rounded down also before 1970 */
    }
    test_env_free(&world);
}

static void time_outside_the_range_is_not_written(void **state)
{
    (void)state;
    sph_err err = {0};
    char text[SPH_TIME_TEXT] = "old";
    assert_code(sph_time_format((int64_t)FIRST_DAY * 86400000 - 1, true, text, &err), SPH_EARG,
                &err);
    assert_code(sph_time_format(((int64_t)LAST_DAY + 1) * 86400000, true, text, &err), SPH_EARG,
                &err);
    assert_code(sph_time_format(INT64_MIN, true, text, &err), SPH_EARG, &err);
    assert_code(sph_time_format(INT64_MAX, false, text, &err), SPH_EARG, &err);
    assert_string_equal(text, "old");
    assert_ok(sph_time_format(-1, true, text, &err), &err);
    assert_string_equal(text, "1969-12-31T23:59:59.999Z");
}

int test_codec_time(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(time_known_moments_are_read),
        cmocka_unit_test(time_faulty_forms_are_refused),
        cmocka_unit_test(time_of_a_buddhist_year_is_refused_as_such),
        cmocka_unit_test(date_every_day_agrees_with_the_c_library),
        cmocka_unit_test(date_outside_the_range_is_not_written),
        cmocka_unit_test(time_round_trips_of_random_moments_come_back),
        cmocka_unit_test(time_outside_the_range_is_not_written),
    };
    return cmocka_run_group_tests_name("codec_time", tests, NULL, NULL);
}
