#include "as4/gzip.h"

#define ZLIB_CONST /* zlib only reads its input; with this its type says so */
#include <zlib.h>

#define HEADER 10u
#define TRAILER 8u
#define FHCRC 0x02u
#define FEXTRA 0x04u
#define FNAME 0x08u
#define FCOMMENT 0x10u
#define FTEXT 0x01u
#define STORED_MAX 65535u
#define BLOCK_HEAD 5u
#define FREE_OUTPUT (UINT64_C(1) << 20) /* the ratio counts only after this much output */

/* Time 0 and system "unknown": two nodes with the same packet write the same octets. */
static const uint8_t plain_header[HEADER] = {0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255};

static sph_slice little_endian(uint8_t at[4], uint32_t value)
{
    for (unsigned i = 0; i < 4; i++)
        at[i] = (uint8_t)(value >> (8 * i));
    return sph_slice_of(at, 4);
}

/** DP-18: 4, 16, 64 KiB, then multiples of 64 KiB. */
static size_t size_step(size_t len)
{
    if (len <= 4096)
        return 4096;
    if (len <= 16384)
        return 16384;
    return (len + 65535) / 65536 * 65536;
}

typedef struct {
    z_stream z;
    bool is_deflate, is_live;
} zlib_stream;

static void zlib_stream_clear(zlib_stream *stream)
{
    if (!stream->is_live)
        return;
    if (stream->is_deflate)
        deflateEnd(&stream->z);
    else
        inflateEnd(&stream->z);
}

/* The smallest window that sees all of the text: a larger one finds nothing more, and clearing its
 * tables took as long as compressing a packet. */
static int window_bits(size_t len)
{
    int bits = 10;
    while (bits < 15 && ((size_t)1 << bits) < len)
        bits++;
    return bits;
}

static sph_rc deflate_raw(sph_slice plain, sph_buf *out, sph_err *err)
{
    SPH_AUTO(zlib_stream) s = {.is_deflate = true};
    const int bits = window_bits(plain.len);
    s.is_live = deflateInit2(&s.z, 6, Z_DEFLATED, -bits, bits - 6, Z_DEFAULT_STRATEGY) == Z_OK;
    if (!s.is_live)
        return sph_fail(err, SPH_ENOMEM, "no memory for deflate");
    const uLong bound = deflateBound(&s.z, (uLong)plain.len);
    *out = sph_buf_init(bound);
    uint8_t *at = NULL;
    SPH_TRY(sph_buf_grow(out, bound, &at, err), err, "deflate output");
    s.z.next_in = plain.at;
    s.z.avail_in = (uInt)plain.len;
    s.z.next_out = at;
    s.z.avail_out = (uInt)bound;
    if (deflate(&s.z, Z_FINISH) != Z_STREAM_END)
        return sph_fail(err, SPH_EIO, "deflate did not finish");
    out->len = s.z.total_out;
    return sph_ok();
}

static sph_rc add_comment(sph_buf *out, size_t gap, sph_err *err)
{
    if (gap == 0)
        return sph_ok();
    uint8_t *at = NULL;
    SPH_TRY(sph_buf_grow(out, gap, &at, err), err, "padding");
    for (size_t i = 0; i + 1 < gap; i++)
        at[i] = ' ';
    at[gap - 1] = 0;
    return sph_ok();
}

sph_rc sph_gzip_packet(sph_slice packet, sph_buf *out, sph_err *err)
{
    if (packet.len > UINT32_MAX / 2)
        return sph_fail(err, SPH_ELIMIT, "packet of %zu bytes", packet.len);
    SPH_AUTO(sph_buf) body = sph_buf_init(0);
    SPH_TRY(deflate_raw(packet, &body, err), err, "compressing a packet");
    const size_t bare = HEADER + body.len + TRAILER;
    const size_t gap = size_step(bare) - bare;
    SPH_AUTO(sph_buf) whole = sph_buf_init(size_step(bare));
    uint8_t word[4];
    SPH_TRY(sph_buf_add(&whole, sph_slice_of(plain_header, HEADER), err), err, "gzip header");
    if (gap > 0)
        whole.at[3] = FCOMMENT;
    SPH_TRY(add_comment(&whole, gap, err), err, "gzip comment");
    SPH_TRY(sph_buf_add(&whole, sph_buf_peek(&body), err), err, "gzip body");
    const uint32_t crc = (uint32_t)crc32_z(0, packet.at, packet.len);
    SPH_TRY(sph_buf_add(&whole, little_endian(word, crc), err), err, "gzip CRC");
    SPH_TRY(sph_buf_add(&whole, little_endian(word, (uint32_t)packet.len), err), err, "gzip size");
    return sph_buf_add(out, sph_buf_peek(&whole), err);
}

/* ------------------------------------------------------------------ stored blocks */

struct sph_gzip_writer {
    sph_writer to;
    sph_sha256 *sha;
    uint64_t len;  /* written */
    uLong crc;     /* of what was wrapped */
    uint32_t size; /* modulo 2^32 by RFC 1952 §2.3.1 */
    size_t held;
    uint8_t block[STORED_MAX];
};

void sph_gzip_writer_free(sph_gzip_writer **writer)
{
    if (*writer)
        sph_sha256_free(&(*writer)->sha);
    sph_mem_free(*writer);
    *writer = NULL;
}

static sph_rc store_put(sph_gzip_writer *writer, sph_slice bytes, sph_err *err)
{
    if (bytes.len == 0)
        return sph_ok();
    sph_sha256_add(writer->sha, bytes);
    writer->len += bytes.len;
    return writer->to.write(writer->to.ctx, bytes, err);
}

static sph_rc store_block(sph_gzip_writer *writer, bool is_last, sph_err *err)
{
    const uint16_t len = (uint16_t)writer->held;
    const uint16_t not_len = (uint16_t)~len;
    const uint8_t head[BLOCK_HEAD] = {is_last ? 1 : 0, (uint8_t)len, (uint8_t)(len >> 8),
                                      (uint8_t)not_len, (uint8_t)(not_len >> 8)};
    writer->held = 0;
    SPH_TRY(store_put(writer, sph_slice_of(head, sizeof(head)), err), err, "stored block");
    return store_put(writer, sph_slice_of(writer->block, len), err);
}

static sph_rc store_some(void *ctx, sph_slice bytes, sph_err *err)
{
    sph_gzip_writer *writer = ctx;
    writer->crc = crc32_z(writer->crc, bytes.at, bytes.len);
    writer->size += (uint32_t)bytes.len;
    while (bytes.len > 0) {
        const size_t room = STORED_MAX - writer->held;
        const sph_slice some = sph_slice_sub(bytes, 0, room);
        SPH_TRY(sph_bytes_copy(writer->block + writer->held, room, some, err), err, "gzip block");
        writer->held += some.len;
        bytes = sph_slice_sub(bytes, some.len, SIZE_MAX);
        if (writer->held == STORED_MAX)
            SPH_TRY(store_block(writer, false, err), err, "gzip output");
    }
    return sph_ok();
}

sph_rc sph_gzip_writer_new(const sph_writer *to, sph_gzip_writer **out, sph_err *err)
{
    SPH_AUTO_PTR(sph_gzip_writer) *writer = sph_mem_new(1, sizeof(*writer));
    if (!writer)
        return sph_fail(err, SPH_ENOMEM, "gzip writer");
    writer->to = *to;
    SPH_TRY(sph_sha256_new(&writer->sha, err), err, "gzip digest");
    SPH_TRY(store_put(writer, sph_slice_of(plain_header, HEADER), err), err, "gzip header");
    *out = sph_move(writer);
    return sph_ok();
}

sph_writer sph_gzip_writer_of(sph_gzip_writer *writer)
{
    return (sph_writer){writer, store_some};
}

sph_rc sph_gzip_writer_end(sph_gzip_writer *writer, sph_hash *sha256, uint64_t *len, sph_err *err)
{
    uint8_t word[4];
    SPH_TRY(store_block(writer, true, err), err, "gzip output");
    SPH_TRY(store_put(writer, little_endian(word, (uint32_t)writer->crc), err), err, "gzip CRC");
    SPH_TRY(store_put(writer, little_endian(word, writer->size), err), err, "gzip size");
    *sha256 = sph_sha256_final(writer->sha);
    *len = writer->len;
    return sph_ok();
}

sph_rc sph_gzip_store(const sph_reader *from, const sph_writer *to, sph_hash *sha256, uint64_t *len,
                      sph_err *err)
{
    SPH_AUTO_PTR(sph_gzip_writer) *writer = NULL;
    SPH_TRY(sph_gzip_writer_new(to, &writer, err), err, "gzip");
    const sph_writer wrapped = sph_gzip_writer_of(writer);
    SPH_TRY(sph_stream_copy(from, &wrapped, UINT64_MAX, NULL, err), err, "gzip");
    return sph_gzip_writer_end(writer, sha256, len, err);
}

uint64_t sph_gzip_stored_len(uint64_t len)
{
    return HEADER + len + (len / STORED_MAX + 1) * BLOCK_HEAD + TRAILER;
}

/* ------------------------------------------------------------------ reading */

/** A reader with one chunk of look-ahead. */
struct input {
    const sph_reader *from;
    uint8_t *chunk;
    size_t at, len;
    uint64_t total; /* consumed */
    uLong crc;      /* of the header, for FHCRC */
};

static sph_rc input_fill(struct input *in, sph_err *err)
{
    if (in->at < in->len)
        return sph_ok();
    in->at = 0;
    in->len = 0;
    return in->from->read(in->from->ctx, in->chunk, SPH_STREAM_CHUNK, &in->len, err);
}

static sph_rc input_byte(struct input *in, uint8_t *out, sph_err *err)
{
    SPH_TRY(input_fill(in, err), err, "gzip input");
    if (in->len == 0)
        return sph_fail(err, SPH_EPARSE, "gzip data end early");
    *out = in->chunk[in->at++];
    in->crc = crc32_z(in->crc, out, 1);
    in->total++;
    return sph_ok();
}

static sph_rc input_u16(struct input *in, unsigned *out, sph_err *err)
{
    uint8_t low = 0, high = 0;
    SPH_TRY(input_byte(in, &low, err), err, "gzip field");
    SPH_TRY(input_byte(in, &high, err), err, "gzip field");
    *out = low | (unsigned)high << 8;
    return sph_ok();
}

static sph_rc input_u32(struct input *in, uint32_t *out, sph_err *err)
{
    unsigned low = 0, high = 0;
    SPH_TRY(input_u16(in, &low, err), err, "gzip trailer");
    SPH_TRY(input_u16(in, &high, err), err, "gzip trailer");
    *out = (uint32_t)low | (uint32_t)high << 16;
    return sph_ok();
}

static sph_rc skip_text(struct input *in, uint64_t max, const char *field, sph_err *err)
{
    uint8_t byte = 1;
    for (uint64_t n = 0; byte != 0; n++) {
        if (n == max)
            return sph_fail(err, SPH_ELIMIT, "gzip %s over %llu bytes", field,
                            (unsigned long long)max);
        SPH_TRY(input_byte(in, &byte, err), err, "gzip text field");
    }
    return sph_ok();
}

static sph_rc skip_extra(struct input *in, uint64_t max, sph_err *err)
{
    unsigned len = 0;
    SPH_TRY(input_u16(in, &len, err), err, "FEXTRA");
    if (len > max)
        return sph_fail(err, SPH_ELIMIT, "gzip FEXTRA of %u bytes", len);
    uint8_t byte = 0;
    while (len-- > 0)
        SPH_TRY(input_byte(in, &byte, err), err, "FEXTRA");
    return sph_ok();
}

/** RFC 1952 §2.3: fixed header, then the optional fields in this order. */
static sph_rc read_header(struct input *in, const struct sph_limits *limits, sph_err *err)
{
    uint8_t head[HEADER];
    for (size_t i = 0; i < HEADER; i++)
        SPH_TRY(input_byte(in, &head[i], err), err, "gzip header");
    if (head[0] != 0x1f || head[1] != 0x8b || head[2] != 8)
        return sph_fail(err, SPH_EPARSE, "not a gzip member");
    const unsigned flags = head[3];
    if (flags & ~(FTEXT | FHCRC | FEXTRA | FNAME | FCOMMENT))
        return sph_fail(err, SPH_EPARSE, "reserved gzip flags");
    if (flags & FEXTRA)
        SPH_TRY(skip_extra(in, limits->gzip_fields, err), err, "gzip header");
    if (flags & FNAME)
        SPH_TRY(skip_text(in, limits->gzip_fields, "FNAME", err), err, "gzip header");
    if (flags & FCOMMENT)
        SPH_TRY(skip_text(in, limits->gzip_comment, "FCOMMENT", err), err, "gzip header");
    if ((flags & FHCRC) == 0)
        return sph_ok();
    const unsigned expected = (unsigned)(in->crc & 0xffff);
    unsigned found = 0;
    SPH_TRY(input_u16(in, &found, err), err, "FHCRC");
    return found == expected ? sph_ok() : sph_fail(err, SPH_EPARSE, "gzip header CRC differs");
}

/** What has come out so far, and the rules it must keep. */
struct output {
    const sph_writer *to;
    uint8_t *chunk;
    uint64_t max, ratio, total;
    uLong crc;
};

static sph_rc output_put(struct output *out, size_t n, uint64_t consumed, sph_err *err)
{
    out->total += n;
    if (out->total > out->max)
        return sph_fail(err, SPH_ELIMIT, "more than %llu bytes after gunzip",
                        (unsigned long long)out->max);
    if (out->total > FREE_OUTPUT && out->total / out->ratio > consumed)
        return sph_fail(err, SPH_ELIMIT, "gzip ratio over %llu", (unsigned long long)out->ratio);
    out->crc = crc32_z(out->crc, out->chunk, n);
    return n == 0 ? sph_ok() : out->to->write(out->to->ctx, sph_slice_of(out->chunk, n), err);
}

/** One call of inflate: at most a chunk in, at most a chunk out. */
static sph_rc inflate_step(zlib_stream *s, struct input *in, struct output *out, bool *is_end,
                           sph_err *err)
{
    SPH_TRY(input_fill(in, err), err, "gzip input");
    s->z.next_in = in->chunk + in->at;
    s->z.avail_in = (uInt)(in->len - in->at);
    s->z.next_out = out->chunk;
    s->z.avail_out = SPH_STREAM_CHUNK;
    const int rc = inflate(&s->z, Z_NO_FLUSH);
    const size_t used = in->len - in->at - s->z.avail_in;
    in->at += used;
    in->total += used;
    if (rc == Z_MEM_ERROR)
        return sph_fail(err, SPH_ENOMEM, "no memory for inflate");
    if (rc == Z_BUF_ERROR || (rc == Z_OK && in->len == 0 && s->z.avail_out > 0))
        return sph_fail(err, SPH_EPARSE, "gzip data end early");
    if (rc != Z_OK && rc != Z_STREAM_END)
        return sph_fail(err, SPH_EPARSE, "bad deflate data");
    *is_end = rc == Z_STREAM_END;
    return output_put(out, SPH_STREAM_CHUNK - s->z.avail_out, in->total, err);
}

static sph_rc read_trailer(struct input *in, const struct output *out, sph_err *err)
{
    uint32_t crc = 0, size = 0;
    SPH_TRY(input_u32(in, &crc, err), err, "gzip CRC");
    SPH_TRY(input_u32(in, &size, err), err, "gzip size");
    if (crc != (uint32_t)out->crc || size != (uint32_t)out->total)
        return sph_fail(err, SPH_EPARSE, "gzip CRC or size differs");
    SPH_TRY(input_fill(in, err), err, "gzip end");
    if (in->len > 0)
        return sph_fail(err, SPH_EPARSE, "bytes after the gzip member");
    return sph_ok();
}

sph_rc sph_gunzip(const sph_reader *from, const sph_writer *to, uint64_t max,
                  const struct sph_limits *limits, uint64_t *len, sph_err *err)
{
    SPH_AUTO(sph_buf) memory = sph_buf_init(2 * SPH_STREAM_CHUNK);
    uint8_t *at = NULL;
    SPH_TRY(sph_buf_grow(&memory, 2 * SPH_STREAM_CHUNK, &at, err), err, "gunzip memory");
    struct input in = {.from = from, .chunk = at};
    struct output out = {to, at + SPH_STREAM_CHUNK, max, limits->gunzip_ratio, 0, 0};
    SPH_TRY(read_header(&in, limits, err), err, "gzip header");
    SPH_AUTO(zlib_stream) s = {.is_deflate = false};
    s.is_live = inflateInit2(&s.z, -15) == Z_OK;
    if (!s.is_live)
        return sph_fail(err, SPH_ENOMEM, "no memory for inflate");
    bool is_end = false;
    while (!is_end)
        SPH_TRY(inflate_step(&s, &in, &out, &is_end, err), err, "gunzip");
    SPH_TRY(read_trailer(&in, &out, err), err, "gzip trailer");
    if (len)
        *len = out.total;
    return sph_ok();
}
