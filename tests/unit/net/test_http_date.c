/* Dates of HTTP heads: the form of RFC 9110 5.6.7 both ways, and nothing else. */
#include "net/http_date.h"

#include "support/test_assert.h"

#include <string.h>

int test_http_date(void);

/* The first is the standard's own example; the others were made with `date -u`. */
static const struct {
    const char *text;
    int64_t unix_s;
} known[] = {
    {"Sun, 06 Nov 1994 08:49:37 GMT", 784111777},  {"Thu, 01 Jan 1970 00:00:00 GMT", 0},
    {"Tue, 24 Nov 2026 16:00:01 GMT", 1795536001}, {"Thu, 29 Feb 2024 23:59:59 GMT", 1709251199},
    {"Tue, 19 Jan 2038 03:14:08 GMT", 2147483648},
};

static void http_date_known_ones_both_ways(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        SPH_AUTO(sph_buf) out = sph_buf_init(64);
        int64_t ms = -1;
        sph_err err = {0};
        assert_ok(sph_http_date_parse(sph_slice_str(known[i].text), &ms, &err), &err);
        assert_int_equal(ms, known[i].unix_s * 1000);
        assert_ok(sph_http_date_add(known[i].unix_s * 1000 + 999, &out, &err), &err);
        assert_string_equal(sph_buf_text(&out), known[i].text);
    }
}

static void http_date_other_texts_are_refused(void **state)
{
    static const char *const bad[] = {
        "",
        "Sunday, 06-Nov-94 08:49:37 GMT",
        "Sun Nov  6 08:49:37 1994",
        "Sun, 06 Nov 1994 08:49:37 UTC",
        "Sun, 06 Nov 1994 08:49:37 GMT ",
        "Son, 06 Nov 1994 08:49:37 GMT",
        "Sun, 06 nov 1994 08:49:37 GMT",
        "Sun, 31 Feb 1994 08:49:37 GMT",
        "Sun, 06 Nov 1994 24:49:37 GMT",
        "Sun, 06 Nov 19x4 08:49:37 GMT",
        "Sun, -6 Nov 1994 08:49:37 GMT",
        "Sun,  6 Nov 1994 08:49:37 GMT",
        "Sun, 06 Nov 1994 08:49:37Z GM",
        "2026-11-24T16:00:01Z",
    };
    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        int64_t ms = 77;
        assert_int_equal(sph_http_date_parse(sph_slice_str(bad[i]), &ms, NULL).code, SPH_EPARSE);
        assert_int_equal(ms, 77);
    }
}

static void http_date_every_prefix_and_every_changed_octet_is_safe(void **state)
{
    (void)state;
    char text[32];
    int64_t ms = 0;
    for (size_t at = 0; at < strlen(known[0].text); at++) {
        assert_int_equal(
            sph_http_date_parse(sph_slice_sub(sph_slice_str(known[0].text), 0, at), &ms, NULL).code,
            SPH_EPARSE);
        for (int octet = 0; octet < 256; octet++) {
            assert_ok(sph_str_copy(text, sizeof(text), sph_slice_str(known[0].text), NULL), NULL);
            text[at] = (char)octet;
            (void)sph_http_date_parse(sph_slice_of(text, 29), &ms, NULL).code;
        }
    }
}

int test_http_date(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(http_date_known_ones_both_ways),
        cmocka_unit_test(http_date_other_texts_are_refused),
        cmocka_unit_test(http_date_every_prefix_and_every_changed_octet_is_safe),
    };
    return cmocka_run_group_tests_name("http_date", tests, NULL, NULL);
}
