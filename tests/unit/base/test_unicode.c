#include "base/unicode.h"

#include <unicode/uchar.h>
#include <unicode/unorm2.h>

#include "support/fail_alloc.h"
#include "support/fake_env.h"
#include "support/test_assert.h"

int test_unicode(void);

static void unicode_invalid_utf8_is_seen(void **state)
{
    (void)state;
    static const char *const faulty[] = {
        "\x80",
        "\xbf",
        "\xc0\x80",
        "\xc1\xbf",
        "\xc3",
        "\xe0\x9f\xbf",
        "\xe0\xba",
        "\xed\xa0\x80",
        "\xed\xbf\xbf",
        "\xf0\x8f\xbf\xbf",
        "\xf0\x9f\x98",
        "\xf4\x90\x80\x80",
        "\xf5\x80\x80\x80",
        "\xfe",
        "\xff",
        "a\xc3\x28",
        "\xe0\xba\x28",
        "\xf0\x9f\x98\x28",
        "\xf8\x88\x80\x80",
    };
    for (size_t i = 0; i < sizeof(faulty) / sizeof(faulty[0]); i++)
        assert_false(sph_utf8_valid(sph_slice_str(faulty[i])));
    assert_true(sph_utf8_valid(SPH_LIT("")));
    assert_true(sph_utf8_valid(SPH_LIT("a\0b"))); /* NUL is UTF-8; who takes texts refuses it */
    assert_true(sph_utf8_valid(SPH_LIT("ສະພານ สะพาน \xf4\x8f\xbf\xbd \xed\x9f\xbf \xee\x80\x80")));
}

static void unicode_every_character_round_trips(void **state)
{
    (void)state;
    sph_err err = {0};
    SPH_AUTO(sph_buf) text = sph_buf_init(8);
    for (uint32_t point = 0; point <= 0x10ffff; point++) {
        uint32_t back = 0;
        size_t at = 0;
        if (point >= 0xd800 && point <= 0xdfff)
            continue;
        sph_buf_cut(&text, 0);
        assert_ok(sph_utf8_add(point, &text, &err), &err);
        assert_true(sph_utf8_next(sph_buf_peek(&text), &at, &back));
        assert_int_equal(back, point);
        assert_int_equal(at, text.len);
        assert_false(sph_utf8_next(sph_buf_peek(&text), &at, &back));
    }
    assert_code(sph_utf8_add(0xd800, &text, &err), SPH_EARG, &err);
    assert_code(sph_utf8_add(0x110000, &text, &err), SPH_EARG, &err);
}

static void unicode_ordinary_texts_pass(void **state)
{
    (void)state;
    static const char *const good[] = {
        "",
        "Line one\r\n\tline two",
        "ສະຖາບັນຊ່ວຍເຫຼືອທາງກົດໝາຍ",
        "น้ำใจ ๒๕๖๒ บาท",
        "นํ้า",                     /* nikhahit then tone: NFC as typed */
        "ກ\xe2\x80\x8bຂ",         /* U+200B between Lao letters */
        "ກ\xe2\x80\x8b",          /* after the last */
        "\xe2\x80\x8bก",          /* before the first */
        "ก\xe2\x80\x8dข",         /* U+200D */
        "Café Đà Nẵng 北京 №5 €", /* composed */
        "👍",
    };
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        sph_err err = {0};
        size_t at = 99;
        assert_ok(sph_unicode_check(sph_slice_str(good[i]), &at, &err), &err);
        assert_int_equal(at, 99);
    }
}

static void unicode_forbidden_characters_are_refused_with_their_place(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        size_t at;
    } faulty[] = {
        {"ab\x01", 2},
        {"ab\x7f", 2},
        {"ab\xc2\x85", 2}, /* U+0085 NEL */
        {"ab\xc2\xad", 2}, /* soft hyphen */
        {"\xef\xbb\xbf"
         "a",
         0}, /* byte order mark */
        {"a\xe2\x80\xae"
         "b",
         1}, /* right-to-left override */
        {"a\xe2\x81\xa6"
         "b",
         1},                  /* isolate */
        {"a\xe2\x80\x8e", 1}, /* left-to-right mark */
        {"\xd8\x9c", 0},      /* Arabic letter mark */
        {"a\xe2\x80\x8b"
         "b",
         1},                              /* zero-width space beside Latin */
        {"\xe2\x80\x8d", 0},              /* joiner alone */
        {"ກ a\xe2\x80\x8c", 5},           /* Lao is near but not beside */
        {"ກ\xe2\x81\xa0", 3},             /* word joiner, never */
        {"ກ\xe2\x80\x8f", 3},             /* right-to-left mark beside Lao */
        {"\xee\x80\x80", 0},              /* private use */
        {"\xf3\xb0\x80\x80", 0},          /* private use, plane 15 */
        {"\xef\xbf\xbe", 0},              /* noncharacter U+FFFE */
        {"\xef\xb7\x90", 0},              /* noncharacter U+FDD0 */
        {"\xe2\x80\xa8", 0},              /* line separator */
        {"\xf3\xa0\x81\x81", 0},          /* tag letter */
        {"\xe1\x85\x9f", 0},              /* Hangul filler, shows nothing */
        {"x\xef\xb8\x8f", 1},             /* variation selector */
        {"x\xff", 1},                     /* not UTF-8 */
        {"e\xcc\x81", 1},                 /* e + acute: NFC is é */
        {"abc\xe2\x84\xab", 3},           /* Ångström sign: NFC is Å */
        {"ກ\xe0\xbb\x88\xe0\xba\xb8", 6}, /* Lao tone before a vowel below: wrong order */
    };
    for (size_t i = 0; i < sizeof(faulty) / sizeof(faulty[0]); i++) {
        sph_err err = {0};
        size_t at = 99;
        assert_code(sph_unicode_check(sph_slice_str(faulty[i].text), &at, &err), SPH_EREFUSED,
                    &err);
        assert_int_equal(at, faulty[i].at);
    }
    assert_int_equal(sph_unicode_check(SPH_LIT("\x01"), NULL, NULL).code, SPH_EREFUSED);
    assert_int_equal(sph_unicode_check(SPH_LIT("a\0b"), NULL, NULL).code, SPH_EREFUSED);
}

/* A composing mark that happens to have nothing to compose with: "maybe" that is resolved to "yes".
 */
static void unicode_lone_composing_mark_is_nfc(void **state)
{
    (void)state;
    sph_err err = {0};
    size_t at = 0;
    assert_ok(sph_unicode_check(SPH_LIT("ກ\xcc\x81"), &at, &err), &err);
    assert_ok(sph_unicode_check(SPH_LIT("x\xcc\x81"), &at, &err), &err);
}

/* Pairs of UAX #15 and of Lao and Thai writing. */
static void unicode_nfc_composes_and_orders(void **state)
{
    (void)state;
    static const struct {
        const char *from, *to;
    } pairs[] = {
        {"", ""},
        {"plain", "plain"},
        {"e\xcc\x81", "é"},
        {"\xe2\x84\xab", "Å"},
        {"a\xcc\x88\xcc\xa3", "\xe1\xba\xa1\xcc\x88"}, /* ordered, then composed */
        {"\xe1\x84\x80\xe1\x85\xa1", "가"},
        {"\xf0\x9d\x85\x9e",
         "\xf0\x9d\x85\x97\xf0\x9d\x85\xa5"}, /* musical note, grows threefold */
        {"ກ\xe0\xbb\x88\xe0\xba\xb8", "ກ\xe0\xba\xb8\xe0\xbb\x88"},
        {"น้ำ", "น้ำ"}, /* NFC leaves sara am alone; only NFKC would split it */
        {"ໝູ່", "ໝູ່"},
    };
    for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
        sph_err err = {0};
        SPH_AUTO(sph_buf) out = sph_buf_init(100);
        assert_ok(sph_unicode_nfc(sph_slice_str(pairs[i].from), &out, &err), &err);
        assert_string_equal(sph_buf_text(&out), pairs[i].to);
    }
    sph_err err = {0};
    SPH_AUTO(sph_buf) small = sph_buf_init(1);
    assert_code(sph_unicode_nfc(SPH_LIT("\xff"), &small, &err), SPH_EPARSE, &err);
    assert_code(sph_unicode_nfc(SPH_LIT("e\xcc\x81"), &small, &err), SPH_ELIMIT, &err);
    assert_int_equal(small.len, 0);
}

static void random_text(const sph_random *random, sph_buf *text)
{
    /* Letters and marks that compose, order and stand alone. */
    static const uint32_t points[] = {
        'a',   'e',    0x301,  0x308,  0x323,  0x327,  0xe81,  0xec8,   0xeb8, 0xe19, 0xe49,
        0xe4d, 0x1100, 0x1161, 0x11a8, 0xac00, 0x212b, 0x1e69, 0x1d15e, 0x345, 0xf71, 0xf72};
    uint8_t picks[12];
    sph_err err = {0};
    assert_ok(random->fill(random->ctx, picks, sizeof(picks), &err), &err);
    for (size_t i = 0; i < sizeof(picks); i++)
        assert_ok(sph_utf8_add(points[picks[i] % (sizeof(points) / sizeof(points[0]))], text, &err),
                  &err);
}

static void unicode_nfc_is_stable_and_is_what_the_check_accepts(void **state)
{
    (void)state;
    test_env *world = test_env_new(11);
    for (size_t i = 0; i < 20000; i++) {
        sph_err err = {0};
        SPH_AUTO(sph_buf) text = sph_buf_init(200);
        SPH_AUTO(sph_buf) once = sph_buf_init(200);
        SPH_AUTO(sph_buf) twice = sph_buf_init(200);
        random_text(test_env_get(world)->random, &text);
        assert_ok(sph_unicode_nfc(sph_buf_peek(&text), &once, &err), &err);
        assert_ok(sph_unicode_nfc(sph_buf_peek(&once), &twice, &err), &err);
        assert_true(sph_slice_equal(sph_buf_peek(&once), sph_buf_peek(&twice)));
        const bool was_nfc = sph_slice_equal(sph_buf_peek(&text), sph_buf_peek(&once));
        const sph_rc rc = sph_unicode_check(sph_buf_peek(&text), NULL, NULL);
        assert_int_equal(rc.code, was_nfc ? SPH_OK : SPH_EREFUSED);
    }
    test_env_free(&world);
}

/* Lao and Thai have a short way of their own: it says what ICU says of every pair of characters. */
static void unicode_lao_and_thai_are_as_icu_has_them(void **state)
{
    UErrorCode status = U_ZERO_ERROR;
    const UNormalizer2 *nfc = unorm2_getNFCInstance(&status);
    (void)state;
    for (uint32_t first = 0x0e00; first <= 0x0eff; first++)
        for (uint32_t second = 0x0e00; second <= 0x0eff; second++) {
            const UChar wide[] = {'a', (UChar)first, (UChar)second};
            SPH_AUTO(sph_buf) text = sph_buf_init(16);
            sph_err err = {0};
            assert_ok(sph_buf_add_text(&text, "a", &err), &err);
            assert_ok(sph_utf8_add(first, &text, &err), &err);
            assert_ok(sph_utf8_add(second, &text, &err), &err);
            const bool is_nfc = unorm2_isNormalized(nfc, wide, 3, &status);
            assert_int_equal(sph_unicode_check(sph_buf_peek(&text), NULL, NULL).code,
                             is_nfc ? SPH_OK : SPH_EREFUSED);
        }
    for (UChar32 point = 0x0e00; point <= 0x0eff; point++) {
        const int8_t type = u_charType(point);
        assert_true(type != U_CONTROL_CHAR && type != U_FORMAT_CHAR && type != U_PRIVATE_USE_CHAR);
        assert_true(type != U_LINE_SEPARATOR && type != U_PARAGRAPH_SEPARATOR);
        assert_false(u_hasBinaryProperty(point, UCHAR_DEFAULT_IGNORABLE_CODE_POINT));
    }
    assert_false(U_FAILURE(status));
}

/* The fault at each place of a text that is otherwise ASCII, and a cut character at its end. */
static void unicode_a_fault_is_seen_at_every_place(void **state)
{
    char text[40];
    (void)state;
    for (size_t len = 1; len < sizeof(text); len++) {
        memset(text, 'a', sizeof(text));
        assert_true(sph_utf8_valid(sph_slice_of(text, len)));
        for (size_t at = 0; at < len; at++) {
            text[at] = (char)0xff;
            assert_false(sph_utf8_valid(sph_slice_of(text, len)));
            text[at] = (char)0xc3; /* wants one more octet */
            assert_false(sph_utf8_valid(sph_slice_of(text, len)));
            text[at] = 'a';
        }
    }
}

static sph_rc compose(void *ctx, sph_err *err)
{
    (void)ctx;
    SPH_AUTO(sph_buf) out = sph_buf_init(100);
    SPH_TRY(sph_unicode_check(SPH_LIT("x\xcc\x81"), NULL, err), err, "check");
    return sph_unicode_nfc(SPH_LIT("e\xcc\x81"), &out, err);
}

static void unicode_each_failed_allocation_is_reported(void **state)
{
    (void)state;
    assert_int_equal(test_alloc_each_failure(compose, NULL), 4);
}

static void unicode_width_counts_columns(void **state)
{
    (void)state;
    assert_int_equal(sph_unicode_width(SPH_LIT("")), 0);
    assert_int_equal(sph_unicode_width(SPH_LIT("abc")), 3);
    assert_int_equal(sph_unicode_width(SPH_LIT("ສະພານ")), 5);
    assert_int_equal(sph_unicode_width(SPH_LIT("ນ້ຳ")), 2); /* tone mark above takes none */
    assert_int_equal(sph_unicode_width(SPH_LIT("ที่นี่")), 2); /* two letters, four marks */
    assert_int_equal(sph_unicode_width(SPH_LIT("北京")), 4);
    assert_int_equal(sph_unicode_width(SPH_LIT("e\xcc\x81\x01\xff")), 2);
    assert_int_equal(sph_unicode_width(SPH_LIT("ກ\xe2\x80\x8bຂ")), 2);
}

static void unicode_digits_of_both_scripts_become_ascii(void **state)
{
    (void)state;
    sph_err err = {0};
    SPH_AUTO(sph_buf) out = sph_buf_init(100);
    const sph_slice digits = SPH_LIT("๐๑๒๓๔๕๖๗๘๙ ໐໑໒໓໔໕໖໗໘໙ 09 ปี ປີ");
    assert_ok(sph_unicode_ascii_digits(digits, &out, &err), &err);
    assert_string_equal(sph_buf_text(&out), "0123456789 0123456789 09 ปี ປີ");
    /* The neighbours of the digits are left alone. */
    sph_buf_cut(&out, 0);
    assert_ok(sph_unicode_ascii_digits(SPH_LIT("\u0e4f\u0e5a\u0ecd\u0edc"), &out, &err), &err);
    assert_string_equal(sph_buf_text(&out), "\u0e4f\u0e5a\u0ecd\u0edc");
    SPH_AUTO(sph_buf) small = sph_buf_init(1);
    assert_code(sph_unicode_ascii_digits(SPH_LIT("๑๒"), &small, &err), SPH_ELIMIT, &err);
    assert_code(sph_unicode_ascii_digits(SPH_LIT("\xff"), &small, &err), SPH_EPARSE, &err);
    assert_int_equal(small.len, 0);
}

static void unicode_clean_shows_what_would_steer_a_screen(void **state)
{
    (void)state;
    sph_err err = {0};
    SPH_AUTO(sph_buf) out = sph_buf_init(100);
    assert_ok(sph_unicode_clean(SPH_LIT("a\x1b[2J\n\xe2\x80\xae\xc2\x9b\xff\x7f ສະ"), &out, &err),
              &err);
    assert_string_equal(sph_buf_text(&out), "a\ufffd[2J\ufffd\ufffd\ufffd\ufffd\ufffd ສະ");
}

int test_unicode(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(unicode_invalid_utf8_is_seen),
        cmocka_unit_test(unicode_every_character_round_trips),
        cmocka_unit_test(unicode_ordinary_texts_pass),
        cmocka_unit_test(unicode_forbidden_characters_are_refused_with_their_place),
        cmocka_unit_test(unicode_lone_composing_mark_is_nfc),
        cmocka_unit_test(unicode_nfc_composes_and_orders),
        cmocka_unit_test(unicode_nfc_is_stable_and_is_what_the_check_accepts),
        cmocka_unit_test(unicode_lao_and_thai_are_as_icu_has_them),
        cmocka_unit_test(unicode_a_fault_is_seen_at_every_place),
        cmocka_unit_test(unicode_each_failed_allocation_is_reported),
        cmocka_unit_test(unicode_width_counts_columns),
        cmocka_unit_test(unicode_digits_of_both_scripts_become_ascii),
        cmocka_unit_test(unicode_clean_shows_what_would_steer_a_screen),
    };
    return cmocka_run_group_tests_name("unicode", tests, NULL, NULL);
}
