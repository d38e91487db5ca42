#include "base/bytes.h"

#include <stdarg.h>
#include <stdio.h>

#define SMALLEST_ROOM 64u

void sph_buf_clear(sph_buf *buf)
{
    if (!buf)
        return;
    sph_mem_free(buf->at);
    *buf = sph_buf_init(buf->cap);
}

void sph_buf_cut(sph_buf *buf, size_t len)
{
    if (len < buf->len) {
        buf->len = len;
        buf->at[len] = 0;
    }
}

const char *sph_buf_text(const sph_buf *buf)
{
    return buf->at ? (const char *)buf->at : "";
}

/* Room for `need` bytes of content and the spare NUL. */
static sph_rc reserve(sph_buf *buf, size_t need, sph_err *err)
{
    size_t room = buf->room < SMALLEST_ROOM ? SMALLEST_ROOM : buf->room;
    if (need <= buf->room && buf->at)
        return sph_ok();
    while (room < need)
        if (__builtin_mul_overflow(room, (size_t)2, &room))
            room = need;
    if (room > buf->cap)
        room = buf->cap; /* the caller has checked need <= cap */
    size_t with_spare = 0;
    if (__builtin_add_overflow(room, (size_t)1, &with_spare))
        return sph_fail(err, SPH_ENOMEM, "buffer of %zu bytes", room);
    uint8_t *at = sph_mem_resize(buf->at, with_spare, 1);
    if (!at)
        return sph_fail(err, SPH_ENOMEM, "buffer of %zu bytes", room);
    at[buf->len] = 0;
    buf->at = at;
    buf->room = room;
    return sph_ok();
}

sph_rc sph_buf_grow(sph_buf *buf, size_t n, uint8_t **at, sph_err *err)
{
    size_t need = 0;
    if (__builtin_add_overflow(buf->len, n, &need) || need > buf->cap)
        return sph_fail(err, SPH_ELIMIT, "%zu more bytes, %zu of %zu used", n, buf->len, buf->cap);
    SPH_TRY(reserve(buf, need, err), err, "growing");
    *at = buf->at + buf->len;
    buf->len = need;
    buf->at[need] = 0;
    return sph_ok();
}

sph_rc sph_buf_add(sph_buf *buf, sph_slice more, sph_err *err)
{
    uint8_t *at = NULL;
    if (more.len == 0)
        return sph_ok();
    SPH_TRY(sph_buf_grow(buf, more.len, &at, err), err, "appending");
    memcpy(at, more.at, more.len);
    return sph_ok();
}

sph_rc sph_buf_add_text(sph_buf *buf, const char *text, sph_err *err)
{
    return sph_buf_add(buf, sph_slice_str(text), err);
}

sph_rc sph_buf_add_byte(sph_buf *buf, uint8_t byte, sph_err *err)
{
    return sph_buf_add(buf, sph_slice_of(&byte, 1), err);
}

sph_rc sph_buf_addf(sph_buf *buf, sph_err *err, const char *format, ...)
{
    uint8_t *at = NULL;
    va_list args;
    va_start(args, format);
    const int len = vsnprintf(NULL, 0, format, args);
    va_end(args);
    if (len < 0)
        return sph_fail(err, SPH_EARG, "text cannot be formatted");
    if (len == 0)
        return sph_ok();
    SPH_TRY(sph_buf_grow(buf, (size_t)len, &at, err), err, "formatting");
    va_start(args, format);
    (void)vsnprintf((char *)at, (size_t)len + 1, format, args); /* the NUL is the spare byte */
    va_end(args);
    return sph_ok();
}

static sph_rc add_big_endian(sph_buf *buf, uint64_t value, size_t width, sph_err *err)
{
    uint8_t bytes[8];
    for (size_t i = 0; i < width; i++)
        bytes[i] = (uint8_t)(value >> (8 * (width - 1 - i)));
    return sph_buf_add(buf, sph_slice_of(bytes, width), err);
}

sph_rc sph_buf_add_u16(sph_buf *buf, uint16_t value, sph_err *err)
{
    return add_big_endian(buf, value, 2, err);
}

sph_rc sph_buf_add_u32(sph_buf *buf, uint32_t value, sph_err *err)
{
    return add_big_endian(buf, value, 4, err);
}

sph_rc sph_buf_add_u64(sph_buf *buf, uint64_t value, sph_err *err)
{
    return add_big_endian(buf, value, 8, err);
}

void sph_buf_take(sph_buf *buf, sph_buf *out)
{
    const sph_buf whole = *buf;
    *buf = sph_buf_init(whole.cap);
    *out = whole;
}

static bool has_nul(sph_slice text)
{
    return text.len > 0 && memchr(text.at, 0, text.len) != NULL;
}

sph_rc sph_str_dup(sph_slice text, char **out, sph_err *err)
{
    if (has_nul(text))
        return sph_fail(err, SPH_EPARSE, "NUL in a text of %zu bytes", text.len);
    char *copy = text.len == SIZE_MAX ? NULL : sph_mem_new(text.len + 1, 1);
    if (!copy)
        return sph_fail(err, SPH_ENOMEM, "text of %zu bytes", text.len);
    if (text.len > 0)
        memcpy(copy, text.at, text.len);
    *out = copy;
    return sph_ok();
}

void sph_str_free(char **text)
{
    if (!text)
        return;
    sph_mem_free(*text);
    *text = NULL;
}

sph_rc sph_str_copy(char *to, size_t room, sph_slice text, sph_err *err)
{
    if (has_nul(text))
        return sph_fail(err, SPH_EPARSE, "NUL in a text of %zu bytes", text.len);
    if (text.len >= room)
        return sph_fail(err, SPH_ELIMIT, "text of %zu bytes, room for %zu", text.len, room);
    if (text.len > 0)
        memmove(to, text.at, text.len);
    to[text.len] = '\0';
    return sph_ok();
}

sph_rc sph_str_format(char *to, size_t room, sph_err *err, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    const int len = vsnprintf(NULL, 0, format, args);
    va_end(args);
    if (len < 0 || (size_t)len >= room)
        return sph_fail(err, SPH_ELIMIT, "text of %d bytes, room for %zu", len, room);
    va_start(args, format);
    (void)vsnprintf(to, room, format, args);
    va_end(args);
    return sph_ok();
}

void sph_str_cut(char *to, size_t room, const char *format, va_list args)
{
    if (vsnprintf(to, room, format, args) < 0)
        to[0] = 0;
}

sph_rc sph_bytes_copy(void *to, size_t room, sph_slice bytes, sph_err *err)
{
    if (bytes.len > room)
        return sph_fail(err, SPH_ELIMIT, "%zu bytes, room for %zu", bytes.len, room);
    if (bytes.len > 0)
        memmove(to, bytes.at, bytes.len);
    return sph_ok();
}
