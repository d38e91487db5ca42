/* HTTP framing cannot run out of memory: heads and chunks are read where they lie, without an
 * allocation. So a stranger's request costs no memory before its head is judged. */
#include "net/http_parse.h"
#include "support/fail_alloc.h"
#include "support/test_assert.h"

int test_memory(void);

static const char request[] = "POST /as4 HTTP/1.1\r\nHost: a\r\nContent-Type: text/xml\r\n"
                              "Transfer-Encoding: chunked\r\n\r\n";
static const char body[] = "5\r\nhello\r\n3;x=y\r\nyou\r\n0\r\n\r\n";

static void read_head(void)
{
    sph_http_head head = {.status = 0};
    sph_http_parser parser = sph_http_parser_init(SPH_HTTP_REQUEST, sph_limits_default());
    for (size_t len = 1; len < sizeof(request) - 1; len++)
        assert_int_equal(sph_http_head_step(&parser, sph_slice_of(request, len), &head),
                         SPH_HTTP_MORE);
    assert_int_equal(sph_http_head_step(&parser, sph_slice_str(request), &head), SPH_HTTP_DONE);
}

static void memory_framing_allocates_nothing(void **state)
{
    (void)state;
    test_alloc_fail_at(1);
    read_head();
    sph_http_chunks chunks = {.state = 0};
    enum sph_http_step step = SPH_HTTP_DATA;
    sph_slice data;
    size_t used = 0, got = 0;
    for (size_t at = 0; step == SPH_HTTP_DATA; at += used, got += data.len)
        step = sph_http_chunks_step(&chunks, sph_limits_default(),
                                    sph_slice_of(body + at, sizeof(body) - 1 - at), &used, &data);
    const bool has_allocated = test_alloc_has_failed();
    test_alloc_fail_at(0);
    assert_int_equal(step, SPH_HTTP_DONE);
    assert_int_equal(got, 8);
    assert_false(has_allocated);
}

int test_memory(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(memory_framing_allocates_nothing),
    };
    return cmocka_run_group_tests_name("memory", tests, NULL, NULL);
}
