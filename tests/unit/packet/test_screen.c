#include "packet/screen.h"
#include "support/test_assert.h"

int test_screen(void);

/* The test number of data-protection.md DP-03 is 1234567890121; all others are invented. */
static const struct {
    const char *text;
    enum sph_leak kind;
} rows[] = {
    {"write to somchai@example.org today", SPH_LEAK_EMAIL},
    {"somchai.j+x@mail.example.co.th", SPH_LEAK_EMAIL},
    {"somchai @ example . org", SPH_LEAK_EMAIL},
    {"somchai(at)example(dot)org", SPH_LEAK_EMAIL},
    {"somchai\xef\xbc\xa0"
     "example.org",
     SPH_LEAK_EMAIL}, /* full-width sign */
    {"som\xe2\x80\x8b"
     "chai@exa\xe2\x80\x8bmple.org",
     SPH_LEAK_EMAIL}, /* zero width */
    {"อีเมล สมชาย@ตัวอย่าง.ไทย", SPH_LEAK_EMAIL},
    {"price @ 5", SPH_LEAK_NONE},
    {"the @ sign alone", SPH_LEAK_NONE},
    {"call 020 0000 0000", SPH_LEAK_PHONE},
    {"call 0812345678", SPH_LEAK_PHONE},
    {"call 081-234-5678", SPH_LEAK_PHONE},
    {"call (02) 123 4567", SPH_LEAK_PHONE},
    {"call +66 81 234 5678", SPH_LEAK_PHONE},
    {"call +856 20 5555 0000", SPH_LEAK_PHONE},
    {"call 0066812345678", SPH_LEAK_PHONE},
    {"call 66 81 234 5678", SPH_LEAK_PHONE},
    {"โทร ๐๘๑-๒๓๔-๕๖๗๘", SPH_LEAK_PHONE},
    {"ໂທ ໐໒໐ ໕໕໕໕ ໐໐໐໐", SPH_LEAK_PHONE},
    {"0\xe2\x80\x8b"
     "8\xe2\x80\x8d"
     "1\xc2\xad"
     "2345678",
     SPH_LEAK_PHONE}, /* zero width and soft hyphen */
    {"081\xe2\x80\x93"
     "234\xe2\x80\x93"
     "5678",
     SPH_LEAK_PHONE}, /* en dashes */
    {"081\xc2\xa0"
     "234\xc2\xa0"
     "5678",
     SPH_LEAK_PHONE}, /* no-break spaces */
    {"\xef\xbc\x90\xef\xbc\x98\xef\xbc\x91\xef\xbc\x92\xef\xbc\x93\xef\xbc\x94\xef\xbc\x95\xef\xbc"
     "\x96\xef\xbc\x97\xef\xbc\x98",
     SPH_LEAK_PHONE}, /* full-width digits */
    {"1234567890121", SPH_LEAK_THAI_ID},
    {"1-2345-67890-12-1", SPH_LEAK_THAI_ID},
    {"1 2345 67890 12 1", SPH_LEAK_THAI_ID},
    {"๑๒๓๔๕๖๗๘๙๐๑๒๑", SPH_LEAK_THAI_ID},
    {"໑໒໓໔໕໖໗໘໙໐໑໒໑", SPH_LEAK_THAI_ID},
    {"1234567\xe2\x80\x8b"
     "890121",
     SPH_LEAK_THAI_ID},
    {"1234567890122", SPH_LEAK_NONE}, /* wrong check digit */
    {"12345678901211", SPH_LEAK_NONE},
    {"passport AA1234567", SPH_LEAK_PASSPORT},
    {"P1234567 issued", SPH_LEAK_PASSPORT},
    {"pa1234567", SPH_LEAK_PASSPORT},
    {"PA 1234567", SPH_LEAK_PASSPORT},
    {"AA๑๒๓๔๕๖๗", SPH_LEAK_PASSPORT},
    {"ABC1234567", SPH_LEAK_NONE},
    {"form A12", SPH_LEAK_NONE},
    {"on 01/11/2569", SPH_LEAK_NONE},
    {"on 01-11-2569", SPH_LEAK_NONE},
    {"on 02.05.2019", SPH_LEAK_NONE},
    {"on 2019-05-02", SPH_LEAK_NONE},
    {"case 0123/2562", SPH_LEAK_NONE},
    {"250,000 baht, 100 000 000 kip", SPH_LEAK_NONE},
    {"section 6 of the Act of 2551", SPH_LEAK_NONE},
    {"มาตรา ๖ พ.ศ. ๒๕๕๑", SPH_LEAK_NONE},
    {"09:00 to 16:00", SPH_LEAK_NONE},
    {"", SPH_LEAK_NONE},
    {"TH-10 and LA-VT", SPH_LEAK_NONE},
};

static void screen_each_row_is_judged_as_written(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        sph_err err = {0};
        struct sph_leak_found found;
        assert_ok(sph_leak_find(sph_slice_str(rows[i].text), 0, &found, &err), &err);
        if (found.kind != rows[i].kind)
            print_message("row %zu «%s»: %d, expected %d\n", i, rows[i].text, (int)found.kind,
                          (int)rows[i].kind);
        assert_int_equal(found.kind, rows[i].kind);
    }
}

static void screen_place_is_that_of_the_original_text(void **state)
{
    sph_err err = {0};
    struct sph_leak_found found;
    const sph_slice text = sph_slice_str("โทร ๐๘๑-๒๓๔-๕๖๗๘ ครับ");
    (void)state;
    assert_ok(sph_leak_find(text, 0, &found, &err), &err);
    assert_slice_is(sph_slice_sub(text, found.at, found.len), "๐๘๑-๒๓๔-๕๖๗๘");
    assert_ok(sph_leak_find(text, found.at + found.len, &found, &err), &err);
    assert_int_equal(found.kind, SPH_LEAK_NONE);
}

/* Every number of a made series, in each of the three digit scripts, with each separator. */
static void screen_finds_each_made_number_in_each_script(void **state)
{
    static const uint32_t zeros[] = {'0', 0x0e50, 0x0ed0};
    static const char *const separators[] = {"", "-", " ", "."};
    sph_err err = {0};
    size_t found_count = 0;
    (void)state;
    for (unsigned n = 0; n < 120; n++) {
        char digits[16];
        SPH_AUTO(sph_buf) text = sph_buf_init(256);
        assert_ok(sph_str_format(digits, sizeof(digits), &err, "08%u%07u", n % 10, n * 7919), &err);
        for (size_t i = 0; digits[i]; i++) {
            char point[8] = {0};
            SPH_AUTO(sph_buf) one = sph_buf_init(8);
            const uint32_t zero = zeros[n % 3];
            uint8_t *at = NULL;
            const uint32_t p = zero + (uint32_t)(digits[i] - '0');
            if (i == 3 || i == 6)
                assert_ok(sph_buf_add_text(&text, separators[n % 4], &err), &err);
            assert_ok(sph_buf_grow(&one, p < 0x80 ? 1 : 3, &at, &err), &err);
            if (p < 0x80) {
                at[0] = (uint8_t)p;
            } else {
                at[0] = (uint8_t)(0xe0 | p >> 12);
                at[1] = (uint8_t)(0x80 | (p >> 6 & 0x3f));
                at[2] = (uint8_t)(0x80 | (p & 0x3f));
            }
            assert_ok(sph_str_copy(point, sizeof(point), sph_buf_peek(&one), &err), &err);
            assert_ok(sph_buf_add_text(&text, point, &err), &err);
        }
        struct sph_leak_found found;
        assert_ok(sph_leak_find(sph_buf_peek(&text), 0, &found, &err), &err);
        found_count += found.kind == SPH_LEAK_PHONE;
    }
    assert_int_equal(found_count, 120);
}

int test_screen(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(screen_each_row_is_judged_as_written),
        cmocka_unit_test(screen_place_is_that_of_the_original_text),
        cmocka_unit_test(screen_finds_each_made_number_in_each_script),
    };
    return cmocka_run_group_tests_name("screen", tests, NULL, NULL);
}
