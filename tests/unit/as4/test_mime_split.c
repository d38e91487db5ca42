#include "kit.h"

#include <stdio.h>

#include "as4/mime.h"

int test_mime_split(void);

/** A ciphertext ends in CR once in 256 times: it is the sender's line ends that tell whether that
 * CR is content or belongs to the delimiter. */
static void mime_carriage_return_at_the_end_of_a_part_is_told_from_a_line_end(void **state)
{
    (void)state;
    const struct {
        const char *line_end, *content;
    } cases[] = {{"\n", "ab\r"}, {"\n", "ab"}, {"\r\n", "ab\r"}, {"\r\n", "ab"}, {"\n", "\r"}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const char *end = cases[i].line_end;
        sph_mime *mime = sph_mem_new(1, sizeof(*mime));
        sph_as4_fault fault = {0};
        sph_err err = {0};
        char text[256];
        (void)snprintf(text, sizeof(text),
                       "--b%sContent-Type: application/soap+xml%s%sx%s--b%s"
                       "Content-ID: <p@x>%s%s%s%s--b--",
                       end, end, end, end, end, end, end, cases[i].content, end);
        const sph_as4_source source = {.bytes = sph_slice_str(text), .len = strlen(text)};
        kit_good(sph_mime_split("multipart/related; type=\"application/soap+xml\"; boundary=b",
                                &source, sph_limits_default(), mime, &fault, &err),
                 &err);
        assert_int_equal(mime->count, 2);
        assert_int_equal(mime->part[0].len, 1);
        assert_int_equal(mime->part[1].len, strlen(cases[i].content));
        sph_mime_free(&mime);
    }
}

int test_mime_split(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(mime_carriage_return_at_the_end_of_a_part_is_told_from_a_line_end),
    };
    return cmocka_run_group_tests_name("mime split", tests, kit_start, kit_stop);
}
