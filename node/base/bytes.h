/** Bytes with a length: `sph_slice` is borrowed and read-only, `sph_buf` is owned and capped. */
#pragma once

#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include "base/result.h"

/** Borrowed bytes, not NUL-terminated. {NULL, 0} is the empty slice. */
typedef struct {
    const uint8_t *at;
    size_t len;
} sph_slice;

/** Owned bytes; len <= room <= cap. Growth past cap is SPH_ELIMIT. One spare NUL byte always
 * follows the content, so `at` may be read as text. Make with sph_buf_init; {0} is a buffer with
 * cap 0. */
typedef struct {
    uint8_t *at;
    size_t len, room, cap;
} sph_buf;

/** A SHA-256 value or another 32-octet quantity that is not secret. */
typedef struct {
    uint8_t at[32];
} sph_hash;

/** Slice of a string literal (compile-time length). */
#define SPH_LIT(text) ((sph_slice){(const uint8_t *)("" text ""), sizeof(text) - 1})

/** Slice of `len` bytes; borrowed as long as they are. */
static inline sph_slice sph_slice_of(const void *at, size_t len)
{
    return (sph_slice){(const uint8_t *)at, len};
}
/** Slice of a NUL-terminated string; NULL gives the empty slice. */
sph_slice sph_slice_str(const char *text);
static inline sph_slice sph_slice_hash(const sph_hash *hash)
{
    return (sph_slice){hash->at, sizeof(hash->at)};
}
/** Equal length and bytes; not constant time. */
bool sph_slice_equal(sph_slice a, sph_slice b);
/** Bytes equal a NUL-terminated string. */
bool sph_slice_is(sph_slice a, const char *text);
bool sph_slice_starts(sph_slice a, sph_slice prefix);
/** ASCII case-insensitive equality. */
bool sph_slice_equal_nocase(sph_slice a, sph_slice b);
/** Sub-slice [from, from+len), clamped to the bounds. */
sph_slice sph_slice_sub(sph_slice a, size_t from, size_t len);
/** Position of the first occurrence of `needle` at or after `from`, or SIZE_MAX. */
size_t sph_slice_find(sph_slice a, sph_slice needle, size_t from);
/** Parse an unsigned decimal without sign, spaces or leading zeros (but "0"); SPH_EPARSE,
 * SPH_ELIMIT past max. */
SPH_MUST sph_rc sph_slice_u64(sph_slice text, uint64_t max, uint64_t *out, sph_err *err);

/** An empty buffer with a hard cap in bytes; allocates nothing. */
static inline sph_buf sph_buf_init(size_t cap)
{
    return (sph_buf){NULL, 0, 0, cap};
}
/** Free the memory; the cap stays, so the buffer can be used again. NULL is fine. */
void sph_buf_clear(sph_buf *buf);
static inline sph_slice sph_buf_peek(const sph_buf *buf)
{
    return (sph_slice){buf->at, buf->len};
}
/** Content as a NUL-terminated string ("" when empty); borrowed until the next change. */
const char *sph_buf_text(const sph_buf *buf);
/** Cut the content back to its first `len` bytes; longer is no change. */
void sph_buf_cut(sph_buf *buf, size_t len);
/** Append; SPH_ELIMIT past cap, SPH_ENOMEM. On failure the content is unchanged. What is appended
 * must not lie in the buffer itself. */
SPH_MUST sph_rc sph_buf_add(sph_buf *buf, sph_slice more, sph_err *err);
SPH_MUST sph_rc sph_buf_add_text(sph_buf *buf, const char *text, sph_err *err);
SPH_MUST sph_rc sph_buf_add_byte(sph_buf *buf, uint8_t byte, sph_err *err);
SPH_MUST sph_rc sph_buf_addf(sph_buf *buf, sph_err *err, const char *format, ...) SPH_PRINTF(3, 4);
/** Append n bytes to be filled by the caller; *at is borrowed until the next change. */
SPH_MUST sph_rc sph_buf_grow(sph_buf *buf, size_t n, uint8_t **at, sph_err *err);
/** Big-endian integers, as SPL1 and the cosignature need them. */
SPH_MUST sph_rc sph_buf_add_u16(sph_buf *buf, uint16_t value, sph_err *err);
SPH_MUST sph_rc sph_buf_add_u32(sph_buf *buf, uint32_t value, sph_err *err);
SPH_MUST sph_rc sph_buf_add_u64(sph_buf *buf, uint64_t value, sph_err *err);
/** Hand the content over: *out owns it, *buf is empty with the same cap. */
void sph_buf_take(sph_buf *buf, sph_buf *out);

/** Owned NUL-terminated copy of a slice (embedded NUL is SPH_EPARSE); free with sph_mem_free /
 * SPH_AUTO_STR. */
SPH_MUST sph_rc sph_str_dup(sph_slice text, char **out, sph_err *err);
void sph_str_free(char **text);
#define SPH_AUTO_STR __attribute__((cleanup(sph_str_free))) char
/** Bounded copy into a fixed array, always terminated; SPH_ELIMIT when it does not fit, embedded
 * NUL SPH_EPARSE. */
SPH_MUST sph_rc sph_str_copy(char *to, size_t room, sph_slice text, sph_err *err);
/** printf into a fixed array of at least one octet, cut where it ends: for texts that explain. */
void sph_str_cut(char *to, size_t room, const char *format, va_list args) SPH_PRINTF(3, 0);
/** printf into a fixed array; SPH_ELIMIT when cut. */
SPH_MUST sph_rc sph_str_format(char *to, size_t room, sph_err *err, const char *format, ...)
    SPH_PRINTF(4, 5);

/** Allocation: the only callers of malloc and free outside third-party code are in base/mem.c, so
 * that tests can fail the n-th allocation by linking with --wrap. Memory is zeroed. count*size is
 * checked. */
SPH_MUST void *sph_mem_new(size_t count, size_t size);
/** realloc of count*size bytes; new bytes are not zeroed; NULL on failure, the old block stays. */
SPH_MUST void *sph_mem_resize(void *at, size_t count, size_t size);
void sph_mem_free(void *at);
/** Two arenas, and free memory goes back early: the threads of a node share them, so an idle node
 * stays small. Once, before the first thread starts. */
void sph_mem_tune(void);
/** Wipe and free are crypto's: see crypto/secret.h. */
/** Copy exactly bytes.len octets into memory of `room`; SPH_ELIMIT when it does not fit. */
SPH_MUST sph_rc sph_bytes_copy(void *to, size_t room, sph_slice bytes, sph_err *err);
