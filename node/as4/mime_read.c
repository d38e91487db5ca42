#include "as4/mime.h"
#include "base/codec.h"

#define CHUNK ((size_t)SPH_STREAM_CHUNK)
#define NEEDLE_MAX 128u

static sph_rc file_read(const sph_as4_source *source, uint64_t at, uint8_t *to, size_t room,
                        size_t *got, sph_err *err)
{
    size_t have = 0;
    if (at >= source->len)
        room = 0;
    else if (room > source->len - at)
        room = (size_t)(source->len - at);
    for (size_t n = 1; have < room && n > 0; have += n)
        SPH_TRY(source->files->read_at(source->file, at + have, to + have, room - have, &n, err),
                err, "reading the message file");
    *got = have;
    return sph_ok();
}

sph_rc sph_as4_source_read(const sph_as4_source *source, uint64_t at, uint8_t *to, size_t room,
                           size_t *got, sph_err *err)
{
    if (source->files != NULL)
        return file_read(source, at, to, room, got, err);
    const size_t from = at > source->bytes.len ? source->bytes.len : (size_t)at;
    const sph_slice part = sph_slice_sub(source->bytes, from, room);
    SPH_TRY(sph_bytes_copy(to, room, part, err), err, "message octets");
    *got = part.len;
    return sph_ok();
}

static uint64_t in_memory(sph_slice bytes, sph_slice needle, uint64_t from, uint64_t to)
{
    const size_t at = from > bytes.len ? SIZE_MAX : sph_slice_find(bytes, needle, (size_t)from);
    return at == SIZE_MAX || at >= to ? UINT64_MAX : at;
}

sph_rc sph_as4_source_find(const sph_as4_source *source, sph_slice needle, uint64_t from,
                           uint64_t to, uint64_t *at, sph_err *err)
{
    *at = UINT64_MAX;
    if (needle.len == 0 || needle.len > NEEDLE_MAX)
        return sph_fail(err, SPH_EARG, "needle of %zu bytes", needle.len);
    if (source->files == NULL) {
        /* A bounded window keeps a search near the start from running through the whole body. */
        const uint64_t end = to > UINT64_MAX - needle.len ? UINT64_MAX : to + needle.len - 1;
        const sph_slice window =
            sph_slice_sub(source->bytes, 0, end > SIZE_MAX ? SIZE_MAX : (size_t)end);
        *at = in_memory(window, needle, from, to);
        return sph_ok();
    }
    SPH_AUTO(sph_buf) chunk = sph_buf_init(CHUNK + NEEDLE_MAX);
    uint8_t *octets = NULL;
    SPH_TRY(sph_buf_grow(&chunk, CHUNK + NEEDLE_MAX, &octets, err), err, "scan memory");
    /* Windows overlap by one octet less than the needle, so that none is missed at a seam. */
    for (; from < to; from += CHUNK) {
        size_t got = 0;
        SPH_TRY(file_read(source, from, octets, CHUNK + needle.len - 1, &got, err), err, "scan");
        const size_t found = sph_slice_find(sph_slice_of(octets, got), needle, 0);
        if (found != SIZE_MAX) {
            *at = from + found < to ? from + found : UINT64_MAX;
            return sph_ok();
        }
        if (got < CHUNK)
            return sph_ok();
    }
    return sph_ok();
}

/* ------------------------------------------------------------------ transfer encodings */

/** One encoded octet; *is_end at the end of the body. */
static sph_rc next_octet(sph_mime_reader *r, uint8_t *out, bool *is_end, sph_err *err)
{
    if (r->in_at == r->in_len) {
        const size_t room = r->left < sizeof(r->in) ? (size_t)r->left : sizeof(r->in);
        r->in_at = 0;
        SPH_TRY(sph_as4_source_read(r->source, r->at, r->in, room, &r->in_len, err), err,
                "encoded part");
        r->at += r->in_len;
        r->left -= r->in_len;
    }
    *is_end = r->in_at == r->in_len;
    if (!*is_end)
        *out = r->in[r->in_at++];
    return sph_ok();
}

static void make_ready(sph_mime_reader *r, const uint8_t *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++)
        r->ready[i] = bytes[i];
    r->ready_at = 0;
    r->ready_len = (unsigned)len;
}

/** Four characters to up to three octets, strictly (no bits beyond the padding). */
static sph_rc base64_quantum(sph_mime_reader *r, sph_err *err)
{
    SPH_AUTO(sph_buf) octets = sph_buf_init(3);
    SPH_TRY(sph_base64_decode(sph_slice_of(r->group, 4), &octets, err), err, "base64 part");
    r->is_padded = r->group[3] == '=';
    r->group_len = 0;
    make_ready(r, octets.at, octets.len);
    return sph_ok();
}

static sph_rc base64_step(sph_mime_reader *r, bool *is_end, sph_err *err)
{
    while (r->group_len < 4) {
        uint8_t c = 0;
        SPH_TRY(next_octet(r, &c, is_end, err), err, "base64 part");
        if (*is_end)
            return r->group_len == 0 ? sph_ok()
                                     : sph_fail(err, SPH_EPARSE, "base64 part ends early");
        if (c == '\r' || c == '\n')
            continue;
        if (r->is_padded)
            return sph_fail(err, SPH_EPARSE, "octets behind base64 padding");
        r->group[r->group_len++] = c;
    }
    return base64_quantum(r, err);
}

/** The rest of an escape: a line end (soft break) or two hexadecimal digits. */
static sph_rc quoted_escape(sph_mime_reader *r, sph_err *err)
{
    uint8_t c[2] = {0, 0};
    bool is_end = false;
    SPH_TRY(next_octet(r, &c[0], &is_end, err), err, "quoted-printable part");
    if (!is_end && c[0] == '\n')
        return sph_ok();
    if (!is_end)
        SPH_TRY(next_octet(r, &c[1], &is_end, err), err, "quoted-printable part");
    if (is_end)
        return sph_fail(err, SPH_EPARSE, "quoted-printable part ends early");
    if (c[0] == '\r' && c[1] == '\n')
        return sph_ok();
    SPH_AUTO(sph_buf) octet = sph_buf_init(1);
    SPH_TRY(sph_hex_decode(sph_slice_of(c, 2), &octet, err), err, "quoted-printable escape");
    make_ready(r, octet.at, octet.len);
    return sph_ok();
}

static sph_rc quoted_step(sph_mime_reader *r, bool *is_end, sph_err *err)
{
    uint8_t c = 0;
    SPH_TRY(next_octet(r, &c, is_end, err), err, "quoted-printable part");
    if (*is_end)
        return sph_ok();
    if (c == '=')
        return quoted_escape(r, err);
    if (c >= 0x7f || (c < 0x20 && c != '\t' && c != '\r' && c != '\n'))
        return sph_fail(err, SPH_EPARSE, "bare octet %u in a quoted-printable part", c);
    make_ready(r, &c, 1);
    return sph_ok();
}

static sph_rc read_decoded(void *ctx, uint8_t *at, size_t room, size_t *got, sph_err *err)
{
    sph_mime_reader *r = ctx;
    size_t n = 0;
    bool is_end = false;
    while (n < room && !is_end) {
        if (r->ready_at < r->ready_len)
            at[n++] = r->ready[r->ready_at++];
        else if (r->encoding == SPH_MIME_BASE64)
            SPH_TRY(base64_step(r, &is_end, err), err, "transfer encoding");
        else
            SPH_TRY(quoted_step(r, &is_end, err), err, "transfer encoding");
    }
    *got = n;
    return sph_ok();
}

static sph_rc read_plain(void *ctx, uint8_t *at, size_t room, size_t *got, sph_err *err)
{
    sph_mime_reader *r = ctx;
    if (room > r->left)
        room = (size_t)r->left;
    SPH_TRY(sph_as4_source_read(r->source, r->at, at, room, got, err), err, "part");
    r->at += *got;
    r->left -= *got;
    return sph_ok();
}

sph_reader sph_mime_reader_of(sph_mime_reader *state, const sph_as4_source *source,
                              const struct sph_mime_part *part)
{
    *state = (sph_mime_reader){
        .source = source, .encoding = part->encoding, .at = part->at, .left = part->len};
    const bool is_plain = part->encoding == SPH_MIME_IDENTITY;
    return (sph_reader){state, is_plain ? read_plain : read_decoded};
}

void sph_mime_reader_free(sph_mime_reader **reader)
{
    sph_mem_free(*reader);
    *reader = NULL;
}
