#include "base/json.h"

#include "support/test_assert.h"

int test_json(void);

static void check_refused(sph_slice text, enum sph_code code)
{
    sph_err err = {0};
    sph_json *json = NULL;
    assert_code(sph_json_parse(text, 1000, &json, &err), code, &err);
    assert_null(json);
}

static void json_refuses_what_rfc8259_does_not_have(void **state)
{
    (void)state;
    static const char *const faulty[] = {
        "",
        " ",
        "{",
        "[1,]",
        "{\"a\":1,}",
        "{a:1}",
        "{'a':1}",
        "[1] 2",
        "nul",
        "NaN",
        "[01]",
        "[+1]",
        "[.5]",
        "[1.]",
        "\"\\x41\"",
        "\"\t\"",
        "// c\n1",
        "\"\\ud800\"",
        "[\"\xff\"]",
        "[\"\xc0\x80\"]",
        "\xef\xbb\xbf{}",
        "{\"a\":1,\"a\":2}",
        "\"\\u0000\"",
        "99999999999999999999",
    };
    for (size_t i = 0; i < sizeof(faulty) / sizeof(faulty[0]); i++)
        check_refused(sph_slice_str(faulty[i]), SPH_EPARSE);
    check_refused(SPH_LIT("{}\0"), SPH_EPARSE);
}

static void nest(sph_buf *text, size_t depth, char open, char close)
{
    sph_err err = {0};
    for (size_t i = 0; i < depth; i++)
        assert_ok(sph_buf_add_byte(text, (uint8_t)open, &err), &err);
    for (size_t i = 0; i < depth; i++)
        assert_ok(sph_buf_add_byte(text, (uint8_t)close, &err), &err);
}

static void json_depth_of_64_passes_and_65_does_not(void **state)
{
    (void)state;
    sph_err err = {0};
    SPH_AUTO_PTR(sph_json) *json = NULL;
    SPH_AUTO(sph_buf) good = sph_buf_init(1000);
    SPH_AUTO(sph_buf) deep = sph_buf_init(1000);
    nest(&good, 64, '[', ']');
    assert_ok(sph_json_parse(sph_buf_peek(&good), 1000, &json, &err), &err);
    nest(&deep, 65, '[', ']');
    check_refused(sph_buf_peek(&deep), SPH_ELIMIT);
    sph_json_free(&json);
    assert_ok(sph_json_parse(
                  SPH_LIT("[\"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[["
                          "[[[[[[[[[[\\\"[[[[\"]"),
                  1000, &json, &err),
              &err); /* brackets in a text are no depth */
    assert_int_equal(sph_json_count(json), 1);
}

static void json_size_over_max_is_refused_before_reading(void **state)
{
    (void)state;
    sph_err err = {0};
    SPH_AUTO_PTR(sph_json) *json = NULL;
    assert_code(sph_json_parse(SPH_LIT("[1,2]"), 4, &json, &err), SPH_ELIMIT, &err);
    assert_ok(sph_json_parse(SPH_LIT("[1,2]"), 5, &json, &err), &err);
}

static void json_reason_never_quotes_the_input(void **state)
{
    (void)state;
    sph_err err = {0};
    sph_json *json = NULL;
    assert_int_equal(sph_json_parse(SPH_LIT("{\"name\": SECRETWORD}"), 100, &json, &err).code,
                     SPH_EPARSE);
    for (unsigned i = 0; i < err.depth; i++)
        assert_int_equal(sph_slice_find(sph_slice_str(err.frame[i].what), SPH_LIT("SECRET"), 0),
                         SIZE_MAX);
}

static void json_values_are_read_by_kind(void **state)
{
    (void)state;
    sph_err err = {0};
    SPH_AUTO_PTR(sph_json) *json = NULL;
    assert_ok(
        sph_json_parse(SPH_LIT("{\"t\":\"ສະພານ\",\"i\":-9007199254740993,\"r\":1.5,\"b\":true,"
                               "\"n\":null,\"a\":[1,\"x\"],\"o\":{}}"),
                       1000, &json, &err),
        &err);
    assert_int_equal(sph_json_kind_of(json), SPH_JSON_OBJECT);
    assert_int_equal(sph_json_count(json), 7);
    assert_string_equal(sph_json_get_text(json, "t"), "ສະພານ");
    assert_int_equal(sph_json_get_int(json, "i", 0), -9007199254740993);
    assert_true(sph_json_get_bool(json, "b", false));
    assert_int_equal(sph_json_kind_of(sph_json_get(json, "r")), SPH_JSON_REAL);
    assert_int_equal(sph_json_kind_of(sph_json_get(json, "n")), SPH_JSON_NULL);
    assert_int_equal(sph_json_kind_of(sph_json_get(json, "b")), SPH_JSON_BOOL);
    assert_int_equal(sph_json_kind_of(sph_json_get(json, "zz")), SPH_JSON_NONE);
    const sph_json *array = sph_json_get(json, "a");
    assert_int_equal(sph_json_count(array), 2);
    assert_int_equal(sph_json_as_int(sph_json_at(array, 0), 9), 1);
    assert_string_equal(sph_json_as_text(sph_json_at(array, 1)), "x");
    assert_null(sph_json_at(array, 2));
    assert_int_equal(sph_json_kind_of(sph_json_get(json, "o")), SPH_JSON_OBJECT);
}

static void json_reader_of_another_kind_gives_the_default(void **state)
{
    (void)state;
    sph_err err = {0};
    SPH_AUTO_PTR(sph_json) *json = NULL;
    assert_ok(sph_json_parse(SPH_LIT("{\"t\":\"5\",\"i\":5,\"r\":5.0}"), 100, &json, &err), &err);
    assert_null(sph_json_get_text(json, "i"));
    assert_int_equal(sph_json_get_int(json, "t", -1), -1);
    assert_int_equal(sph_json_get_int(json, "r", -1), -1);
    assert_true(sph_json_get_bool(json, "i", true));
    assert_null(sph_json_get(NULL, "x"));
    assert_null(sph_json_get(sph_json_get(json, "t"), "x"));
    assert_int_equal(sph_json_count(NULL), 0);
    assert_null(sph_json_as_text(NULL));
    assert_null(sph_json_next_key(NULL, NULL));
}

static void json_built_value_prints_in_order_and_reads_back(void **state)
{
    (void)state;
    sph_err err = {0};
    SPH_AUTO_PTR(sph_json) *object = sph_json_object();
    SPH_AUTO_PTR(sph_json) *again = NULL;
    SPH_AUTO(sph_buf) text = sph_buf_init(1000);
    sph_json *array = sph_json_array();
    assert_ok(sph_json_add(array, sph_json_int(INT64_MIN), &err), &err);
    assert_ok(sph_json_add(array, sph_json_null(), &err), &err);
    assert_ok(sph_json_set(object, "z", array, &err), &err);
    assert_ok(sph_json_set(object, "a", sph_json_text("q\"\\\n/ไทย"), &err), &err);
    assert_ok(sph_json_set(object, "b", sph_json_bool(false), &err), &err);
    assert_ok(sph_json_set(object, "e", sph_json_str(sph_slice_of(NULL, 0)), &err), &err);
    assert_ok(sph_json_print(object, false, &text, &err), &err);
    assert_string_equal(sph_buf_text(&text), "{\"z\":[-9223372036854775808,null],\"a\":\"q\\\"\\\\"
                                             "\\n/ไทย\",\"b\":false,\"e\":\"\"}");
    assert_ok(sph_json_parse(sph_buf_peek(&text), 1000, &again, &err), &err);
    assert_string_equal(sph_json_get_text(again, "a"), "q\"\\\n/ไทย");
    const char *key = sph_json_next_key(again, NULL);
    assert_string_equal(key, "z");
    key = sph_json_next_key(again, key);
    assert_string_equal(key, "a");
    key = sph_json_next_key(again, sph_json_next_key(again, key));
    assert_string_equal(key, "e");
    assert_null(sph_json_next_key(again, key));
}

static void json_setters_take_the_value_in_every_case(void **state)
{
    (void)state;
    sph_err err = {0};
    SPH_AUTO_PTR(sph_json) *object = sph_json_object();
    assert_code(sph_json_set(object, "x", NULL, &err), SPH_ENOMEM, &err);
    assert_code(sph_json_set(NULL, "x", sph_json_text("freed"), &err), SPH_ENOMEM, &err);
    assert_code(sph_json_add(NULL, sph_json_text("freed"), &err), SPH_ENOMEM, &err);
    assert_null(sph_json_str(SPH_LIT("\xff")));
    assert_int_equal(sph_json_count(object), 0);
}

static void json_copy_is_deep(void **state)
{
    (void)state;
    sph_err err = {0};
    SPH_AUTO_PTR(sph_json) *from = NULL;
    assert_ok(sph_json_parse(SPH_LIT("{\"a\":[1]}"), 100, &from, &err), &err);
    SPH_AUTO_PTR(sph_json) *copy = sph_json_dup(from);
    assert_ok(sph_json_add(sph_json_get(from, "a"), sph_json_int(2), &err), &err);
    assert_int_equal(sph_json_count(sph_json_get(copy, "a")), 1);
    assert_null(sph_json_dup(NULL));
}

static void json_print_past_the_cap_leaves_the_buffer(void **state)
{
    (void)state;
    sph_err err = {0};
    SPH_AUTO_PTR(sph_json) *json = NULL;
    SPH_AUTO(sph_buf) text = sph_buf_init(12);
    assert_ok(sph_buf_add_text(&text, "kept", &err), &err);
    assert_ok(sph_json_parse(SPH_LIT("[1,2,3,4,5,6,7,8,9]"), 100, &json, &err), &err);
    assert_code(sph_json_print(json, true, &text, &err), SPH_ELIMIT, &err);
    assert_string_equal(sph_buf_text(&text), "kept");
}

int test_json(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(json_refuses_what_rfc8259_does_not_have),
        cmocka_unit_test(json_depth_of_64_passes_and_65_does_not),
        cmocka_unit_test(json_size_over_max_is_refused_before_reading),
        cmocka_unit_test(json_reason_never_quotes_the_input),
        cmocka_unit_test(json_values_are_read_by_kind),
        cmocka_unit_test(json_reader_of_another_kind_gives_the_default),
        cmocka_unit_test(json_built_value_prints_in_order_and_reads_back),
        cmocka_unit_test(json_setters_take_the_value_in_every_case),
        cmocka_unit_test(json_copy_is_deep),
        cmocka_unit_test(json_print_past_the_cap_leaves_the_buffer),
    };
    return cmocka_run_group_tests_name("json", tests, NULL, NULL);
}
