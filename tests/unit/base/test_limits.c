#include "base/limits.h"

#include "support/test_assert.h"
#include "support/test_data.h"

#include <stdio.h>
#include <stdlib.h>

int test_limits(void);

static void limits_defaults_are_the_designed_values(void **state)
{
    (void)state;
    const struct sph_limits *limits = sph_limits_default();
    assert_int_equal(limits->http_request_line, 4096);
    assert_int_equal(limits->http_fields, 64);
    assert_int_equal(limits->message_default, 256 * 1024 * 1024);
    assert_int_equal(limits->message_ceiling, 2147483648u);
    assert_int_equal(limits->packet, 4 * 1024 * 1024);
    assert_int_equal(limits->parts, 33);
    assert_int_equal(limits->root_elements, 20000);
    assert_int_equal(limits->depth_header, 32);
    assert_int_equal(limits->gunzip_ratio, 200);
    assert_int_equal(limits->chain_certs, 4);
}

static void limits_none_is_zero(void **state)
{
    (void)state;
#define CHECK_LIMIT(name, value, unit, item, answer) assert_true(sph_limits_default()->name > 0);
    SPH_LIMITS(CHECK_LIMIT)
#undef CHECK_LIMIT
}

static void write_document(const char *path, const sph_buf *text)
{
    if (!path)
        return;
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_int_equal(fwrite(text->at, 1, text->len, file), text->len);
    assert_int_equal(fclose(file), 0);
}

static void limits_document_is_the_table(void **state)
{
    (void)state;
    sph_err err = {0};
    SPH_AUTO(sph_buf) printed = sph_buf_init(65536);
    SPH_AUTO(sph_buf) document = sph_buf_init(65536);
    assert_ok(sph_limits_print(&printed, &err), &err);
    write_document(getenv("SAPHAN_WRITE_LIMITS"), &printed);
    if (!test_source_load("docs/limits.md", &document))
        fail_msg("docs/limits.md is missing");
    /* To mend a difference: SAPHAN_WRITE_LIMITS=docs/limits.md unit_base test_limits, and read the
     * change. */
    const sph_slice table = sph_buf_peek(&printed); /* what follows, tests/arch compares */
    assert_true(sph_slice_starts(sph_buf_peek(&document), table));
}

int test_limits(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(limits_defaults_are_the_designed_values),
        cmocka_unit_test(limits_none_is_zero),
        cmocka_unit_test(limits_document_is_the_table),
    };
    return cmocka_run_group_tests_name("limits", tests, NULL, NULL);
}
