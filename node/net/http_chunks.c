/* The chunked coding of RFC 9112 7.1 as a machine over octets: each state is a function from one
 * octet to the next state, so that no split of the input can change the result. */
#include "net/http_parse.h"

enum state {
    SIZE,
    EXT_NAME_FIRST, /* an extension needs a name; a quoted value may hold anything but controls */
    EXT_NAME,
    EXT_VALUE_FIRST,
    EXT_VALUE,
    EXT_QUOTED,
    EXT_ESCAPED,
    EXT_QUOTED_END,
    SIZE_LF,
    DATA,
    DATA_CR,
    DATA_LF,
    TRAILER_FIRST,
    TRAILER_NAME,
    TRAILER_VALUE,
    TRAILER_LF,
    END_LF,
    END,
    BAD,
};

static int hex_value(uint8_t c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static unsigned after_size(uint8_t c)
{
    if (c == '\r')
        return SIZE_LF;
    return c == ';' ? EXT_NAME_FIRST : BAD;
}

static unsigned in_size(sph_http_chunks *chunks, uint8_t c)
{
    const int value = hex_value(c);
    if (value < 0)
        return chunks->digits > 0 ? after_size(c) : BAD;
    if (++chunks->digits > 16 || chunks->left > (UINT64_MAX >> 5))
        return BAD; /* a size of 2^63 and more is no size */
    chunks->left = chunks->left * 16 + (uint64_t)value;
    return SIZE;
}

static unsigned in_extension(unsigned state, uint8_t c)
{
    switch (state) {
    case EXT_NAME_FIRST:
        return sph_http_is_token(c) ? EXT_NAME : BAD;
    case EXT_NAME:
        if (c == '=')
            return EXT_VALUE_FIRST;
        return sph_http_is_token(c) ? EXT_NAME : after_size(c);
    case EXT_VALUE_FIRST:
        if (c == '"')
            return EXT_QUOTED;
        return sph_http_is_token(c) ? EXT_VALUE : BAD;
    case EXT_VALUE:
        return sph_http_is_token(c) ? EXT_VALUE : after_size(c);
    case EXT_QUOTED:
        if (c == '"')
            return EXT_QUOTED_END;
        if (c == '\\')
            return EXT_ESCAPED;
        return sph_http_is_text(c) ? EXT_QUOTED : BAD;
    case EXT_ESCAPED:
        return sph_http_is_text(c) ? EXT_QUOTED : BAD;
    default:
        return after_size(c);
    }
}

static unsigned in_trailer(unsigned state, uint8_t c)
{
    switch (state) {
    case TRAILER_FIRST:
        if (c == '\r')
            return END_LF;
        return sph_http_is_token(c) ? TRAILER_NAME : BAD;
    case TRAILER_NAME:
        if (c == ':')
            return TRAILER_VALUE;
        return sph_http_is_token(c) ? TRAILER_NAME : BAD;
    case TRAILER_VALUE:
        if (c == '\r')
            return TRAILER_LF;
        return sph_http_is_text(c) ? TRAILER_VALUE : BAD;
    case TRAILER_LF:
        return c == '\n' ? TRAILER_FIRST : BAD;
    default:
        return c == '\n' ? END : BAD;
    }
}

static unsigned start_chunk(sph_http_chunks *chunks, uint8_t c)
{
    chunks->line = 0;
    if (c != '\n')
        return BAD;
    return chunks->left == 0 ? TRAILER_FIRST : DATA;
}

static unsigned next_state(sph_http_chunks *chunks, const struct sph_limits *limits, uint8_t c)
{
    const unsigned state = chunks->state;
    if (state == SIZE)
        return in_size(chunks, c);
    if (state < SIZE_LF)
        return ++chunks->line > limits->http_chunk_ext ? BAD : in_extension(state, c);
    if (state == SIZE_LF)
        return start_chunk(chunks, c);
    if (state == DATA_CR)
        return c == '\r' ? DATA_LF : BAD;
    if (state == DATA_LF) {
        chunks->digits = 0;
        return c == '\n' ? SIZE : BAD;
    }
    if (state >= END)
        return BAD;
    return ++chunks->line > limits->http_trailers ? BAD : in_trailer(state, c);
}

static enum sph_http_step take_data(sph_http_chunks *chunks, sph_slice rest, size_t *used,
                                    sph_slice *data)
{
    const size_t room = chunks->left < rest.len ? (size_t)chunks->left : rest.len;
    *data = sph_slice_sub(rest, 0, room);
    *used += room;
    chunks->left -= room;
    if (chunks->left == 0)
        chunks->state = DATA_CR;
    return SPH_HTTP_DATA;
}

enum sph_http_step sph_http_chunks_step(sph_http_chunks *chunks, const struct sph_limits *limits,
                                        sph_slice in, size_t *used, sph_slice *data)
{
    *used = 0;
    *data = (sph_slice){NULL, 0};
    while (chunks->state != END && chunks->state != BAD) {
        if (*used == in.len)
            return SPH_HTTP_MORE;
        if (chunks->state == DATA)
            return take_data(chunks, sph_slice_sub(in, *used, SIZE_MAX), used, data);
        chunks->state = next_state(chunks, limits, in.at[*used]);
        *used += 1;
    }
    return chunks->state == END ? SPH_HTTP_DONE : SPH_HTTP_BAD;
}
