#include "base/log.h"

#include "base/codec.h"
#include "base/json.h"
#include "support/test_assert.h"

#include <pthread.h>
#include <stdio.h>
#include <unistd.h>

int test_log(void);

/* What is logged goes through a file that has no name. */
struct fixture {
    FILE *file;
    sph_log *log;
};

static int set_up(void **state)
{
    static struct fixture fixture;
    sph_err err = {0};
    fixture.file = tmpfile();
    assert_non_null(fixture.file);
    assert_ok(sph_log_new(fileno(fixture.file), SPH_LOG_INFO, &fixture.log, &err), &err);
    *state = &fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    sph_log_free(&fixture->log);
    assert_null(fixture->log);
    return fclose(fixture->file);
}

static sph_log *log_of(void **state)
{
    return ((struct fixture *)*state)->log;
}

static void load(void **state, sph_buf *out)
{
    sph_err err = {0};
    FILE *file = ((struct fixture *)*state)->file;
    rewind(file);
    for (int byte = fgetc(file); byte != EOF; byte = fgetc(file))
        assert_ok(sph_buf_add_byte(out, (uint8_t)byte, &err), &err);
}

static sph_json *load_one(void **state)
{
    sph_err err = {0};
    sph_json *json = NULL;
    SPH_AUTO(sph_buf) text = sph_buf_init(10000);
    load(state, &text);
    assert_true(text.len > 1 && text.at[text.len - 1] == '\n');
    assert_int_equal(sph_slice_find(sph_buf_peek(&text), SPH_LIT("\n"), 0), text.len - 1);
    assert_ok(sph_json_parse(sph_buf_peek(&text), 10000, &json, &err), &err);
    return json;
}

static void log_event_is_one_line_of_json(void **state)
{
    sph_err err = {0};
    int64_t ms = 0;
    SPH_LOG(log_of(state), SPH_LOG_WARN, "send_failed", SPH_LF(SPH_F_PARTNER, "la.mps.atd"),
            SPH_LF(SPH_F_CODE, "EBMS:0101"), SPH_LN(SPH_F_SIZE, 1234), SPH_LN(SPH_F_MS, -5));
    SPH_AUTO_PTR(sph_json) *json = load_one(state);
    assert_string_equal(sph_json_get_text(json, "level"), "warn");
    assert_string_equal(sph_json_get_text(json, "event"), "send_failed");
    assert_string_equal(sph_json_get_text(json, "partner"), "la.mps.atd");
    assert_string_equal(sph_json_get_text(json, "code"), "EBMS:0101");
    assert_int_equal(sph_json_get_int(json, "size", 0), 1234);
    assert_int_equal(sph_json_get_int(json, "ms", 0), -5);
    assert_ok(sph_time_parse(sph_slice_str(sph_json_get_text(json, "time")), &ms, &err), &err);
}

static void log_hostile_text_stays_in_its_field(void **state)
{
    SPH_LOG(log_of(state), SPH_LOG_ERROR, "refused",
            SPH_LF(SPH_F_WHAT, "\",\"event\":\"forged\n\x1b[31m\\\x7f\xff ສ %s%n"));
    SPH_AUTO_PTR(sph_json) *json = load_one(state);
    assert_string_equal(sph_json_get_text(json, "event"), "refused");
    assert_int_equal(sph_json_count(json), 4);
}

static void log_output_is_printable_ascii(void **state)
{
    char every[256];
    for (int i = 0; i < 255; i++)
        every[i] = (char)(i + 1);
    every[255] = '\0';
    SPH_AUTO(sph_buf) text = sph_buf_init(10000);
    SPH_LOG(log_of(state), SPH_LOG_ERROR, "refused", SPH_LF(SPH_F_WHAT, every));
    load(state, &text);
    for (size_t i = 0; i + 1 < text.len; i++)
        assert_in_range(text.at[i], 0x20, 0x7e);
}

static void log_long_values_are_cut(void **state)
{
    char long_text[1001];
    for (size_t i = 0; i < 1000; i++)
        long_text[i] = 'a';
    long_text[1000] = '\0';
    SPH_LOG(log_of(state), SPH_LOG_ERROR, "refused", SPH_LF(SPH_F_WHAT, long_text));
    SPH_AUTO_PTR(sph_json) *json = load_one(state);
    assert_int_equal(sph_slice_str(sph_json_get_text(json, "what")).len, 255);
}

static void log_line_that_would_be_too_long_drops_fields_and_says_so(void **state)
{
    char control[256];
    for (size_t i = 0; i < 255; i++)
        control[i] = '\x01'; /* six characters each */
    control[255] = '\0';
    SPH_LOG(log_of(state), SPH_LOG_ERROR, "refused", SPH_LF(SPH_F_WHAT, control),
            SPH_LF(SPH_F_WHERE, control), SPH_LF(SPH_F_STATE, control), SPH_LN(SPH_F_SIZE, 7));
    SPH_AUTO_PTR(sph_json) *json = load_one(state);
    assert_true(sph_json_get_bool(json, "cut", false));
    assert_non_null(sph_json_get_text(json, "where"));
    assert_null(sph_json_get_text(json, "state"));
    assert_int_equal(sph_json_get_int(json, "size", 0), 7);
}

static void log_levels_below_the_least_are_silent(void **state)
{
    SPH_AUTO(sph_buf) text = sph_buf_init(100);
    SPH_LOG(log_of(state), SPH_LOG_DEBUG, "detail", SPH_LN(SPH_F_SIZE, 1));
    SPH_LOG(NULL, SPH_LOG_ERROR, "nowhere", SPH_LN(SPH_F_SIZE, 1));
    load(state, &text);
    assert_int_equal(text.len, 0);
}

static void *log_many(void *arg)
{
    for (int i = 0; i < 500; i++)
        SPH_LOG(arg, SPH_LOG_INFO, "tick", SPH_LN(SPH_F_COUNT, i), SPH_LF(SPH_F_STATE, "running"));
    return NULL;
}

static void log_lines_of_many_threads_are_whole(void **state)
{
    sph_err err = {0};
    pthread_t threads[4];
    size_t lines = 0;
    SPH_AUTO(sph_buf) text = sph_buf_init(1000000);
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, log_many, log_of(state)), 0);
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    load(state, &text);
    for (sph_slice rest = sph_buf_peek(&text); rest.len > 0; lines++) {
        const size_t end = sph_slice_find(rest, SPH_LIT("\n"), 0);
        SPH_AUTO_PTR(sph_json) *json = NULL;
        assert_ok(sph_json_parse(sph_slice_sub(rest, 0, end), 1000, &json, &err), &err);
        rest = sph_slice_sub(rest, end + 1, SIZE_MAX);
    }
    assert_int_equal(lines, 2000);
}

#define WITH_LOG(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int test_log(void)
{
    const struct CMUnitTest tests[] = {
        WITH_LOG(log_event_is_one_line_of_json),
        WITH_LOG(log_hostile_text_stays_in_its_field),
        WITH_LOG(log_output_is_printable_ascii),
        WITH_LOG(log_long_values_are_cut),
        WITH_LOG(log_line_that_would_be_too_long_drops_fields_and_says_so),
        WITH_LOG(log_levels_below_the_least_are_silent),
        WITH_LOG(log_lines_of_many_threads_are_whole),
    };
    return cmocka_run_group_tests_name("log", tests, NULL, NULL);
}
