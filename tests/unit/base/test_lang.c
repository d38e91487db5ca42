#include "base/lang.h"

#include "base/codec.h"
#include "support/test_assert.h"

#include <stdlib.h>
#include <time.h>

int test_lang(void);

static void lang_of_codes_and_locales(void **state)
{
    (void)state;
    assert_int_equal(sph_lang_of("lo"), SPH_LANG_LO);
    assert_int_equal(sph_lang_of("th_TH.UTF-8"), SPH_LANG_TH);
    assert_int_equal(sph_lang_of("lo-LA"), SPH_LANG_LO);
    assert_int_equal(sph_lang_of("TH"), SPH_LANG_TH);
    assert_int_equal(sph_lang_of("en_GB"), SPH_LANG_EN);
    assert_int_equal(sph_lang_of("tha"), SPH_LANG_EN); /* another code, not a prefix */
    assert_int_equal(sph_lang_of("C.UTF-8"), SPH_LANG_EN);
    assert_int_equal(sph_lang_of("l"), SPH_LANG_EN);
    assert_int_equal(sph_lang_of(""), SPH_LANG_EN);
    assert_int_equal(sph_lang_of(NULL), SPH_LANG_EN);
    assert_string_equal(sph_lang_code(SPH_LANG_LO), "lo");
    assert_string_equal(sph_lang_code(SPH_LANG_COUNT), "en");
}

static void lang_text_of_a_key_and_of_none(void **state)
{
    (void)state;
    assert_true(sph_text_has("product.name"));
    assert_string_equal(sph_text(SPH_LANG_EN, "product.name"), "Saphan");
    assert_string_equal(sph_text(SPH_LANG_LO, "product.name"), "ສະພານ");
    assert_string_equal(sph_text(SPH_LANG_TH, "product.name"), "สะพาน");
    assert_false(sph_text_has("product.nam"));
    assert_string_equal(sph_text(SPH_LANG_TH, "no.such.key"), "no.such.key");
}

/* An unknown key is its own text, which lets a test give any text at all. */
static void check_format(const char *text, const char *expected)
{
    sph_err err = {0};
    SPH_AUTO(sph_buf) out = sph_buf_init(200);
    assert_ok(sph_text_format(SPH_LANG_EN, text,
                              SPH_ARGS({"size", "12"}, {"max_1", "9"}, {"evil", "{size}\x1b\n"}),
                              &out, &err),
              &err);
    assert_string_equal(sph_buf_text(&out), expected);
}

static void lang_placeholders_are_filled_once(void **state)
{
    (void)state;
    check_format("{size} of {max_1} MiB", "12 of 9 MiB");
    check_format("{size}{size}", "1212");
    check_format("{unknown}", "{unknown}");
    check_format("{} { size} {Size} {size", "{} { size} {Size} {size");
    check_format("{{size}}", "{12}");
    check_format("<{evil}>", "<{size}\ufffd\ufffd>"); /* a value is never read as a text again */
    check_format("", "");
}

static void lang_format_past_the_cap_leaves_the_buffer(void **state)
{
    (void)state;
    sph_err err = {0};
    SPH_AUTO(sph_buf) out = sph_buf_init(10);
    assert_ok(sph_buf_add_text(&out, "kept", &err), &err);
    assert_code(sph_text_format(SPH_LANG_EN, "ab {v} cd", SPH_ARGS({"v", "12345"}), &out, &err),
                SPH_ELIMIT, &err);
    assert_string_equal(sph_buf_text(&out), "kept");
}

static void check_date(const char *date, const char *en, const char *lo, const char *th)
{
    const char *const expected[SPH_LANG_COUNT] = {
        [SPH_LANG_EN] = en, [SPH_LANG_LO] = lo, [SPH_LANG_TH] = th};
    sph_err err = {0};
    int32_t days = 0;
    assert_ok(sph_date_parse(sph_slice_str(date), &days, &err), &err);
    for (int lang = 0; lang < SPH_LANG_COUNT; lang++) {
        SPH_AUTO(sph_buf) out = sph_buf_init(100);
        assert_ok(sph_lang_date((enum sph_lang)lang, days, &out, &err), &err);
        assert_string_equal(sph_buf_text(&out), expected[lang]);
    }
}

static void lang_dates_use_the_readers_calendar(void **state)
{
    (void)state;
    check_date("2026-11-24", "24 November 2026", "24 ພະຈິກ 2026", "24 พฤศจิกายน 2569");
    check_date("2000-02-29", "29 February 2000", "29 ກຸມພາ 2000", "29 กุมภาพันธ์ 2543");
    check_date("1970-01-01", "1 January 1970", "1 ມັງກອນ 1970", "1 มกราคม 2513");
}

static void lang_thai_years_before_1941_stay_common_era(void **state)
{
    (void)state;
    check_date("1941-01-01", "1 January 1941", "1 ມັງກອນ 1941", "1 มกราคม 2484");
    check_date("1940-12-31", "31 December 1940", "31 ທັນວາ 1940", "31 ธันวาคม ค.ศ. 1940");
}

static void lang_every_month_has_its_own_name_in_each_language(void **state)
{
    (void)state;
    char seen[SPH_LANG_COUNT][12][64];
    for (int month = 0; month < 12; month++) {
        sph_err err = {0};
        char date[11];
        int32_t days = 0;
        assert_ok(sph_str_format(date, sizeof(date), &err, "2026-%02d-15", month + 1), &err);
        assert_ok(sph_date_parse(sph_slice_str(date), &days, &err), &err);
        for (int lang = 0; lang < SPH_LANG_COUNT; lang++) {
            SPH_AUTO(sph_buf) out = sph_buf_init(60);
            assert_ok(sph_lang_date((enum sph_lang)lang, days, &out, &err), &err);
            assert_ok(sph_str_copy(seen[lang][month], 64, sph_buf_peek(&out), &err), &err);
            for (int before = 0; before < month; before++)
                assert_string_not_equal(seen[lang][before], seen[lang][month]);
        }
    }
}

static void lang_times_are_local(void **state)
{
    (void)state;
    sph_err err = {0};
    static const char *const expected[SPH_LANG_COUNT] = {[SPH_LANG_EN] = "1 January 2027, 01:05",
                                                         [SPH_LANG_LO] = "1 ມັງກອນ 2027 ເວລາ 01:05",
                                                         [SPH_LANG_TH] =
                                                             "1 มกราคม 2570 เวลา 01:05 น."};
    assert_int_equal(setenv("TZ", "ICT-7", 1), 0);
    tzset();
    for (int lang = 0; lang < SPH_LANG_COUNT; lang++) {
        SPH_AUTO(sph_buf) out = sph_buf_init(100);
        int64_t ms = 0;
        assert_ok(sph_time_parse(SPH_LIT("2026-12-31T18:05:59.999Z"), &ms, &err), &err);
        assert_ok(sph_lang_time((enum sph_lang)lang, ms, &out, &err), &err);
        assert_string_equal(sph_buf_text(&out), expected[lang]);
    }
    SPH_AUTO(sph_buf) out = sph_buf_init(100);
    assert_code(sph_lang_time(SPH_LANG_TH, INT64_MAX, &out, &err), SPH_EARG, &err);
    assert_ok(sph_lang_time(SPH_LANG_EN, -1, &out, &err), &err);
    assert_string_equal(sph_buf_text(&out), "1 January 1970, 06:59");
    SPH_AUTO(sph_buf) small = sph_buf_init(20);
    assert_code(sph_lang_time(SPH_LANG_EN, 0, &small, &err), SPH_ELIMIT, &err);
    assert_int_equal(small.len, 0);
    assert_int_equal(unsetenv("TZ"), 0);
    tzset();
}

int test_lang(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lang_of_codes_and_locales),
        cmocka_unit_test(lang_text_of_a_key_and_of_none),
        cmocka_unit_test(lang_placeholders_are_filled_once),
        cmocka_unit_test(lang_format_past_the_cap_leaves_the_buffer),
        cmocka_unit_test(lang_dates_use_the_readers_calendar),
        cmocka_unit_test(lang_thai_years_before_1941_stay_common_era),
        cmocka_unit_test(lang_every_month_has_its_own_name_in_each_language),
        cmocka_unit_test(lang_times_are_local),
    };
    return cmocka_run_group_tests_name("lang", tests, NULL, NULL);
}
