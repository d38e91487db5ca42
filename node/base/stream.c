#include "base/stream.h"

static sph_rc slice_read(void *ctx, uint8_t *at, size_t room, size_t *got, sph_err *err)
{
    sph_slice_source *state = ctx;
    const sph_slice part = sph_slice_sub(state->rest, 0, room);
    SPH_TRY(sph_bytes_copy(at, room, part, err), err, "reading from memory");
    state->rest = sph_slice_sub(state->rest, part.len, SIZE_MAX);
    *got = part.len;
    return sph_ok();
}

sph_reader sph_reader_of_slice(sph_slice_source *state, sph_slice bytes)
{
    state->rest = bytes;
    return (sph_reader){state, slice_read};
}

static sph_rc buf_write(void *ctx, sph_slice bytes, sph_err *err)
{
    return sph_buf_add(ctx, bytes, err);
}

sph_writer sph_writer_of_buf(sph_buf *buf)
{
    return (sph_writer){buf, buf_write};
}

/* A chunk that would pass `max` is refused before any of it is written. */
static sph_rc copy_chunks(const sph_reader *from, const sph_writer *to, uint64_t max,
                          sph_buf *chunk, uint64_t *total, sph_err *err)
{
    for (;;) {
        size_t got = 0;
        SPH_TRY(from->read(from->ctx, chunk->at, chunk->len, &got, err), err, "reading");
        if (got == 0)
            return sph_ok();
        if (got > max - *total)
            return sph_fail(err, SPH_ELIMIT, "stream over %llu bytes", (unsigned long long)max);
        SPH_TRY(to->write(to->ctx, sph_slice_of(chunk->at, got), err), err, "writing");
        *total += got;
    }
}

sph_rc sph_stream_copy(const sph_reader *from, const sph_writer *to, uint64_t max, uint64_t *total,
                       sph_err *err)
{
    SPH_AUTO(sph_buf) chunk = sph_buf_init(SPH_STREAM_CHUNK);
    uint8_t *at = NULL;
    uint64_t sum = 0;
    SPH_TRY(sph_buf_grow(&chunk, SPH_STREAM_CHUNK, &at, err), err, "chunk");
    SPH_TRY(copy_chunks(from, to, max, &chunk, &sum, err), err, "copying a stream");
    if (total)
        *total = sum;
    return sph_ok();
}
