#include "base/bytes.h"

#include "support/fail_alloc.h"
#include "support/test_assert.h"

int test_bytes(void);

static void bytes_slice_comparisons_use_length_and_bytes(void **state)
{
    (void)state;
    assert_true(sph_slice_equal(SPH_LIT("abc"), SPH_LIT("abc")));
    assert_false(sph_slice_equal(SPH_LIT("abc"), SPH_LIT("abd")));
    assert_false(sph_slice_equal(SPH_LIT("abc"), SPH_LIT("ab")));
    assert_true(sph_slice_equal(sph_slice_str(NULL), SPH_LIT("")));
    assert_true(sph_slice_is(SPH_LIT("xml"), "xml"));
    assert_false(sph_slice_is(SPH_LIT("a\0b"), "a"));
    assert_true(sph_slice_starts(SPH_LIT("urn:saphan"), SPH_LIT("urn:")));
    assert_false(sph_slice_starts(SPH_LIT("ur"), SPH_LIT("urn:")));
    assert_true(sph_slice_equal_nocase(SPH_LIT("Content-TYPE"), SPH_LIT("content-type")));
    assert_false(sph_slice_equal_nocase(SPH_LIT("@"), SPH_LIT("`"))); /* differ in bit 5 only */
    assert_false(sph_slice_equal_nocase(SPH_LIT("ab"), SPH_LIT("abc")));
}

static void bytes_slice_sub_is_clamped(void **state)
{
    (void)state;
    const sph_slice text = SPH_LIT("abcdef");
    assert_slice_is(sph_slice_sub(text, 2, 3), "cde");
    assert_slice_is(sph_slice_sub(text, 4, SIZE_MAX), "ef");
    assert_slice_is(sph_slice_sub(text, 6, 1), "");
    assert_slice_is(sph_slice_sub(text, SIZE_MAX, SIZE_MAX), "");
}

static void bytes_slice_find_gives_the_first_from_there(void **state)
{
    (void)state;
    const sph_slice text = SPH_LIT("a--b--c");
    assert_int_equal(sph_slice_find(text, SPH_LIT("--"), 0), 1);
    assert_int_equal(sph_slice_find(text, SPH_LIT("--"), 2), 4);
    assert_int_equal(sph_slice_find(text, SPH_LIT("--"), 5), SIZE_MAX);
    assert_int_equal(sph_slice_find(text, SPH_LIT("--"), 99), SIZE_MAX);
    assert_int_equal(sph_slice_find(text, SPH_LIT(""), 3), 3);
    assert_int_equal(sph_slice_find(text, SPH_LIT(""), 7), 7);
    assert_int_equal(sph_slice_find(sph_slice_of(NULL, 0), SPH_LIT("x"), 0), SIZE_MAX);
}

static void bytes_number_accepts_plain_decimals_only(void **state)
{
    (void)state;
    sph_err err = {0};
    uint64_t value = 7;
    assert_ok(sph_slice_u64(SPH_LIT("0"), 10, &value, &err), &err);
    assert_int_equal(value, 0);
    assert_ok(sph_slice_u64(SPH_LIT("18446744073709551615"), UINT64_MAX, &value, &err), &err);
    assert_true(value == UINT64_MAX);
    static const struct {
        const char *text;
        enum sph_code code;
    } refused[] = {
        {"", SPH_EPARSE},    {"01", SPH_EPARSE},  {"00", SPH_EPARSE},
        {"+1", SPH_EPARSE},  {"-1", SPH_EPARSE},  {" 1", SPH_EPARSE},
        {"1 ", SPH_EPARSE},  {"1a", SPH_EPARSE},  {"0x1", SPH_EPARSE},
        {"101", SPH_ELIMIT}, {"๑", SPH_EPARSE},   {"18446744073709551616", SPH_ELIMIT},
        {"1.0", SPH_EPARSE}, {"1e1", SPH_EPARSE}, {"99999999999999999999999", SPH_ELIMIT},
    };
    for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
        value = 7;
        assert_code(sph_slice_u64(sph_slice_str(refused[i].text), 100, &value, &err),
                    refused[i].code, &err);
        assert_int_equal(value, 7);
    }
}

static void bytes_buffer_never_passes_its_cap(void **state)
{
    (void)state;
    sph_err err = {0};
    uint8_t *at = NULL;
    SPH_AUTO(sph_buf) buf = sph_buf_init(10);
    assert_string_equal(sph_buf_text(&buf), "");
    assert_ok(sph_buf_add_text(&buf, "123456", &err), &err);
    assert_code(sph_buf_add_text(&buf, "78901", &err), SPH_ELIMIT, &err);
    assert_code(sph_buf_grow(&buf, SIZE_MAX, &at, &err), SPH_ELIMIT, &err);
    assert_null(at);
    assert_string_equal(sph_buf_text(&buf), "123456");
    assert_ok(sph_buf_add_text(&buf, "7890", &err), &err);
    assert_code(sph_buf_add_byte(&buf, '!', &err), SPH_ELIMIT, &err);
    assert_code(sph_buf_addf(&buf, &err, "%d", 1), SPH_ELIMIT, &err);
    assert_ok(sph_buf_addf(&buf, &err, "%s", ""), &err);
    assert_string_equal(sph_buf_text(&buf), "1234567890");
    assert_true(buf.len <= buf.room && buf.room <= buf.cap);
}

static void bytes_zero_buffer_takes_nothing_but_nothing(void **state)
{
    (void)state;
    sph_err err = {0};
    sph_buf buf = {0};
    assert_ok(sph_buf_add(&buf, sph_slice_of(NULL, 0), &err), &err);
    assert_code(sph_buf_add_byte(&buf, 1, &err), SPH_ELIMIT, &err);
    sph_buf_clear(&buf);
    sph_buf_clear(NULL);
}

static void bytes_buffer_grows_to_many_sizes_with_content_kept(void **state)
{
    (void)state;
    sph_err err = {0};
    SPH_AUTO(sph_buf) buf = sph_buf_init(100000);
    for (size_t i = 0; i < 100000; i++)
        assert_ok(sph_buf_add_byte(&buf, (uint8_t)(i * 7 % 251), &err), &err);
    for (size_t i = 0; i < 100000; i++)
        assert_int_equal(buf.at[i], i * 7 % 251);
    assert_int_equal(buf.at[buf.len], 0);
    assert_int_equal(buf.room, 100000);
}

static void bytes_buffer_cut_shortens_only(void **state)
{
    (void)state;
    sph_err err = {0};
    SPH_AUTO(sph_buf) buf = sph_buf_init(20);
    sph_buf_cut(&buf, 0);
    assert_ok(sph_buf_add_text(&buf, "abcdef", &err), &err);
    sph_buf_cut(&buf, 9);
    assert_string_equal(sph_buf_text(&buf), "abcdef");
    sph_buf_cut(&buf, 2);
    assert_string_equal(sph_buf_text(&buf), "ab");
}

static void bytes_take_hands_over_and_leaves_an_empty_buffer(void **state)
{
    (void)state;
    sph_err err = {0};
    SPH_AUTO(sph_buf) from = sph_buf_init(20);
    SPH_AUTO(sph_buf) to = sph_buf_init(0);
    assert_ok(sph_buf_addf(&from, &err, "%s-%d", "x", 12), &err);
    sph_buf_take(&from, &to);
    assert_string_equal(sph_buf_text(&to), "x-12");
    assert_int_equal(from.len, 0);
    assert_ok(sph_buf_add_text(&from, "again", &err), &err);
    assert_string_equal(sph_buf_text(&to), "x-12");
}

static void bytes_integers_are_big_endian(void **state)
{
    (void)state;
    sph_err err = {0};
    static const uint8_t expected[] = {0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0xff,
                                       0xee, 0xdd, 0xcc, 0xbb, 0xaa, 0x99, 0x88};
    SPH_AUTO(sph_buf) buf = sph_buf_init(14);
    assert_ok(sph_buf_add_u16(&buf, 0x0102, &err), &err);
    assert_ok(sph_buf_add_u32(&buf, 0x03040506, &err), &err);
    assert_ok(sph_buf_add_u64(&buf, 0xffeeddccbbaa9988u, &err), &err);
    assert_int_equal(buf.len, sizeof(expected));
    assert_memory_equal(buf.at, expected, sizeof(expected));
    assert_code(sph_buf_add_u16(&buf, 1, &err), SPH_ELIMIT, &err);
    assert_int_equal(buf.len, sizeof(expected));
}

static void bytes_fixed_copies_are_bounded_and_terminated(void **state)
{
    (void)state;
    sph_err err = {0};
    char to[5] = "old";
    assert_ok(sph_str_copy(to, sizeof(to), SPH_LIT("four"), &err), &err);
    assert_string_equal(to, "four");
    assert_code(sph_str_copy(to, sizeof(to), SPH_LIT("fives"), &err), SPH_ELIMIT, &err);
    assert_code(sph_str_copy(to, sizeof(to), SPH_LIT("a\0b"), &err), SPH_EPARSE, &err);
    assert_code(sph_str_copy(to, 0, SPH_LIT(""), &err), SPH_ELIMIT, &err);
    assert_string_equal(to, "four");
    assert_ok(sph_str_copy(to, sizeof(to), SPH_LIT(""), &err), &err);
    assert_string_equal(to, "");
    assert_ok(sph_str_format(to, sizeof(to), &err, "%d", 1234), &err);
    assert_code(sph_str_format(to, sizeof(to), &err, "%d", 12345), SPH_ELIMIT, &err);
    assert_string_equal(to, "1234");
    uint8_t raw[3] = {9, 9, 9};
    assert_ok(sph_bytes_copy(raw, sizeof(raw), SPH_LIT("ab"), &err), &err);
    assert_memory_equal(raw, "ab\x09", 3);
    assert_code(sph_bytes_copy(raw, sizeof(raw), SPH_LIT("abcd"), &err), SPH_ELIMIT, &err);
    assert_memory_equal(raw, "ab\x09", 3);
}

static void bytes_dup_refuses_embedded_nul(void **state)
{
    (void)state;
    sph_err err = {0};
    SPH_AUTO_STR *copy = NULL;
    assert_code(sph_str_dup(SPH_LIT("a\0b"), &copy, &err), SPH_EPARSE, &err);
    assert_null(copy);
    assert_ok(sph_str_dup(SPH_LIT("ab"), &copy, &err), &err);
    assert_string_equal(copy, "ab");
    sph_str_free(NULL);
}

static void bytes_memory_size_overflow_is_refused(void **state)
{
    (void)state;
    assert_null(sph_mem_new(SIZE_MAX / 2, 3));
    assert_null(sph_mem_resize(NULL, SIZE_MAX / 2, 3));
    uint8_t *none = sph_mem_new(0, 8);
    assert_non_null(none);
    none = sph_mem_resize(none, 0, 8);
    assert_non_null(none);
    sph_mem_free(none);
    uint8_t *fresh = sph_mem_new(3, 4);
    assert_non_null(fresh);
    for (size_t i = 0; i < 12; i++)
        assert_int_equal(fresh[i], 0);
    sph_mem_free(fresh);
}

static sph_rc fill_and_dup(void *ctx, sph_err *err)
{
    (void)ctx;
    SPH_AUTO(sph_buf) buf = sph_buf_init(1000);
    SPH_AUTO_STR *copy = NULL;
    for (int i = 0; i < 60; i++)
        SPH_TRY(sph_buf_add_text(&buf, "0123456789", err), err, "adding");
    return sph_str_dup(sph_buf_peek(&buf), &copy, err);
}

static void bytes_each_failed_allocation_is_reported(void **state)
{
    (void)state;
    assert_int_equal(test_alloc_each_failure(fill_and_dup, NULL), 6); /* 64 … 1000, and the copy */
}

static void bytes_failed_growth_keeps_the_content(void **state)
{
    (void)state;
    sph_err err = {0};
    SPH_AUTO(sph_buf) buf = sph_buf_init(1000);
    assert_ok(sph_buf_add_text(&buf, "kept", &err), &err);
    test_alloc_fail_at(1);
    uint8_t *at = NULL;
    assert_code(sph_buf_grow(&buf, 500, &at, &err), SPH_ENOMEM, &err);
    test_alloc_fail_at(0);
    assert_null(at);
    assert_string_equal(sph_buf_text(&buf), "kept");
}

int test_bytes(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bytes_slice_comparisons_use_length_and_bytes),
        cmocka_unit_test(bytes_slice_sub_is_clamped),
        cmocka_unit_test(bytes_slice_find_gives_the_first_from_there),
        cmocka_unit_test(bytes_number_accepts_plain_decimals_only),
        cmocka_unit_test(bytes_buffer_never_passes_its_cap),
        cmocka_unit_test(bytes_zero_buffer_takes_nothing_but_nothing),
        cmocka_unit_test(bytes_buffer_grows_to_many_sizes_with_content_kept),
        cmocka_unit_test(bytes_buffer_cut_shortens_only),
        cmocka_unit_test(bytes_take_hands_over_and_leaves_an_empty_buffer),
        cmocka_unit_test(bytes_integers_are_big_endian),
        cmocka_unit_test(bytes_fixed_copies_are_bounded_and_terminated),
        cmocka_unit_test(bytes_dup_refuses_embedded_nul),
        cmocka_unit_test(bytes_memory_size_overflow_is_refused),
        cmocka_unit_test(bytes_each_failed_allocation_is_reported),
        cmocka_unit_test(bytes_failed_growth_keeps_the_content),
    };
    return cmocka_run_group_tests_name("bytes", tests, NULL, NULL);
}
