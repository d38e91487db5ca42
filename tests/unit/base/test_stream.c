#include "base/stream.h"

#include "support/test_assert.h"

int test_stream(void);

/* Gives the bytes in pieces of 1, 2, 3 … as a socket might. */
struct dribble {
    sph_slice rest;
    size_t piece;
};

static sph_rc dribble_read(void *ctx, uint8_t *at, size_t room, size_t *got, sph_err *err)
{
    struct dribble *state = ctx;
    state->piece++;
    const sph_slice part = sph_slice_sub(state->rest, 0, state->piece < room ? state->piece : room);
    SPH_TRY(sph_bytes_copy(at, room, part, err), err, "dribble");
    state->rest = sph_slice_sub(state->rest, part.len, SIZE_MAX);
    *got = part.len;
    return sph_ok();
}

static sph_rc failing_read(void *ctx, uint8_t *at, size_t room, size_t *got, sph_err *err)
{
    (void)ctx;
    (void)at;
    (void)room;
    (void)got;
    return sph_fail(err, SPH_EIO, "socket");
}

static void fill(sph_buf *buf, size_t len)
{
    sph_err err = {0};
    for (size_t i = 0; i < len; i++)
        assert_ok(sph_buf_add_byte(buf, (uint8_t)(i * 31 % 253), &err), &err);
}

static void stream_copy_keeps_bytes_whatever_the_pieces(void **state)
{
    (void)state;
    sph_err err = {0};
    SPH_AUTO(sph_buf) from = sph_buf_init(200000);
    SPH_AUTO(sph_buf) to = sph_buf_init(200000);
    fill(&from, 200000);
    struct dribble dribble = {sph_buf_peek(&from), 0};
    const sph_reader reader = {&dribble, dribble_read};
    const sph_writer writer = sph_writer_of_buf(&to);
    uint64_t total = 0;
    assert_ok(sph_stream_copy(&reader, &writer, 200000, &total, &err), &err);
    assert_int_equal(total, 200000);
    assert_true(sph_slice_equal(sph_buf_peek(&from), sph_buf_peek(&to)));
}

static void stream_copy_accepts_exactly_max(void **state)
{
    (void)state;
    sph_err err = {0};
    sph_slice_source source;
    SPH_AUTO(sph_buf) to = sph_buf_init(100);
    const sph_writer writer = sph_writer_of_buf(&to);
    sph_reader reader = sph_reader_of_slice(&source, SPH_LIT("0123456789"));
    assert_ok(sph_stream_copy(&reader, &writer, 10, NULL, &err), &err);
    reader = sph_reader_of_slice(&source, SPH_LIT("0123456789"));
    uint64_t total = 77;
    assert_code(sph_stream_copy(&reader, &writer, 9, &total, &err), SPH_ELIMIT, &err);
    assert_int_equal(total, 77);
    assert_string_equal(sph_buf_text(&to), "0123456789"); /* nothing of the second */
}

static void stream_of_nothing_is_nothing(void **state)
{
    (void)state;
    sph_err err = {0};
    sph_slice_source source;
    uint64_t total = 5;
    SPH_AUTO(sph_buf) to = sph_buf_init(0);
    const sph_writer writer = sph_writer_of_buf(&to);
    const sph_reader reader = sph_reader_of_slice(&source, sph_slice_of(NULL, 0));
    assert_ok(sph_stream_copy(&reader, &writer, 0, &total, &err), &err);
    assert_int_equal(total, 0);
}

static void stream_failures_of_either_side_are_passed_on(void **state)
{
    (void)state;
    sph_err err = {0};
    sph_slice_source source;
    SPH_AUTO(sph_buf) to = sph_buf_init(3);
    const sph_writer writer = sph_writer_of_buf(&to);
    const sph_reader broken = {NULL, failing_read};
    assert_code(sph_stream_copy(&broken, &writer, 10, NULL, &err), SPH_EIO, &err);
    const sph_reader reader = sph_reader_of_slice(&source, SPH_LIT("0123"));
    assert_code(sph_stream_copy(&reader, &writer, 10, NULL, &err), SPH_ELIMIT, &err);
}

int test_stream(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(stream_copy_keeps_bytes_whatever_the_pieces),
        cmocka_unit_test(stream_copy_accepts_exactly_max),
        cmocka_unit_test(stream_of_nothing_is_nothing),
        cmocka_unit_test(stream_failures_of_either_side_are_passed_on),
    };
    return cmocka_run_group_tests_name("stream", tests, NULL, NULL);
}
