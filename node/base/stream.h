/** Streams of bytes: the small interface through which large contents pass in constant memory. */
#pragma once

#include "base/bytes.h"

/** A source. read: up to `room` bytes into `at`; *got = 0 means the end. Short reads are normal. */
typedef struct sph_reader {
    void *ctx;
    sph_rc (*read)(void *ctx, uint8_t *at, size_t room, size_t *got, sph_err *err);
} sph_reader;

/** A sink. write: all of `bytes` or a failure. */
typedef struct sph_writer {
    void *ctx;
    sph_rc (*write)(void *ctx, sph_slice bytes, sph_err *err);
} sph_writer;

#define SPH_STREAM_CHUNK 65536u

/** Read from memory; `state` must outlive the reader. */
typedef struct {
    sph_slice rest;
} sph_slice_source;
sph_reader sph_reader_of_slice(sph_slice_source *state, sph_slice bytes);
/** Write into a buffer (its cap is the limit). */
sph_writer sph_writer_of_buf(sph_buf *buf);
/** Copy to the end in chunks; *total (may be NULL) = bytes copied; more than max is SPH_ELIMIT. */
SPH_MUST sph_rc sph_stream_copy(const sph_reader *from, const sph_writer *to, uint64_t max,
                                uint64_t *total, sph_err *err);
