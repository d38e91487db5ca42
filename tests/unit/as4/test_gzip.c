#include "kit.h"

#include "base/codec.h"

int test_gzip(void);

#define MIB (1u << 20)

static sph_rc gunzip(sph_slice gz, uint64_t max, sph_buf *plain, uint64_t *len)
{
    sph_err err = {0};
    sph_slice_source source;
    const sph_reader from = sph_reader_of_slice(&source, gz);
    const sph_writer to = sph_writer_of_buf(plain);
    return sph_gunzip(&from, &to, max, sph_limits_default(), len, &err);
}

static enum sph_code gunzip_code(sph_slice gz)
{
    SPH_AUTO(sph_buf) plain = sph_buf_init(16 * MIB);
    uint64_t len = 0;
    return gunzip(gz, 16 * MIB, &plain, &len).code;
}

/** Octets that do not compress. */
static void noise(sph_buf *out, size_t len)
{
    sph_err err = {0};
    uint8_t *at = NULL;
    kit_good(sph_buf_grow(out, len, &at, &err), &err);
    kit_good(kit_random()->fill(kit_random()->ctx, at, len, &err), &err);
}

/** DP-18: the size tells the step and nothing more. */
static void gzip_packet_of_any_size_fills_a_step(void **state)
{
    (void)state;
    static const struct {
        size_t plain, gz;
    } rows[] = {{0, 4096},       {1, 4096},        {3000, 4096},   {4073, 4096},
                {4074, 16384},   {16000, 16384},   {20000, 65536}, {65000, 65536},
                {66000, 131072}, {200000, 262144}, {65400, 65536}, {65536, 131072}};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        sph_err err = {0};
        SPH_AUTO(sph_buf)
        plain = sph_buf_init(MIB), gz = sph_buf_init(MIB), back = sph_buf_init(MIB);
        uint64_t len = 0;
        if (rows[i].plain > 0)
            noise(&plain, rows[i].plain);
        kit_good(sph_gzip_packet(sph_buf_peek(&plain), &gz, &err), &err);
        assert_int_equal(gz.len, rows[i].gz);
        kit_good(gunzip(sph_buf_peek(&gz), MIB, &back, &len), &err);
        assert_int_equal(len, rows[i].plain);
        assert_true(sph_slice_equal(sph_buf_peek(&plain), sph_buf_peek(&back)));
    }
}

static void gzip_store_reads_back_with_its_digest_and_length(void **state)
{
    (void)state;
    static const size_t sizes[] = {0, 1, 65534, 65535, 65536, 200001};
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        sph_err err = {0};
        SPH_AUTO(sph_buf)
        plain = sph_buf_init(MIB), gz = sph_buf_init(MIB), back = sph_buf_init(MIB);
        sph_slice_source source;
        sph_hash hash;
        uint64_t len = 0, back_len = 0;
        if (sizes[i] > 0)
            noise(&plain, sizes[i]);
        const sph_reader from = sph_reader_of_slice(&source, sph_buf_peek(&plain));
        const sph_writer to = sph_writer_of_buf(&gz);
        kit_good(sph_gzip_store(&from, &to, &hash, &len, &err), &err);
        assert_int_equal(len, gz.len);
        assert_int_equal(len, sph_gzip_stored_len(sizes[i]));
        const sph_hash expected = sph_sha256_of(sph_buf_peek(&gz));
        assert_memory_equal(hash.at, expected.at, 32);
        kit_good(gunzip(sph_buf_peek(&gz), MIB, &back, &back_len), &err);
        assert_true(sph_slice_equal(sph_buf_peek(&plain), sph_buf_peek(&back)));
    }
}

/** Pieces of any size make the same member as one reader does. */
static void gzip_writer_takes_pieces_of_any_size(void **state)
{
    (void)state;
    static const size_t pieces[] = {1, 4096, 65534, 65536, 200001};
    for (size_t i = 0; i < sizeof(pieces) / sizeof(pieces[0]); i++) {
        sph_err err = {0};
        SPH_AUTO(sph_buf)
        plain = sph_buf_init(MIB), gz = sph_buf_init(MIB), once = sph_buf_init(MIB);
        SPH_AUTO_PTR(sph_gzip_writer) *writer = NULL;
        sph_slice_source source;
        sph_hash hash, expected;
        uint64_t len = 0;
        noise(&plain, 200001);
        const sph_reader from = sph_reader_of_slice(&source, sph_buf_peek(&plain));
        const sph_writer to = sph_writer_of_buf(&gz), to_once = sph_writer_of_buf(&once);
        kit_good(sph_gzip_store(&from, &to_once, &expected, &len, &err), &err);
        kit_good(sph_gzip_writer_new(&to, &writer, &err), &err);
        const sph_writer wrapped = sph_gzip_writer_of(writer);
        for (size_t at = 0; at < plain.len; at += pieces[i])
            kit_good(wrapped.write(wrapped.ctx, sph_slice_sub(sph_buf_peek(&plain), at, pieces[i]),
                                   &err),
                     &err);
        kit_good(sph_gzip_writer_end(writer, &hash, &len, &err), &err);
        assert_int_equal(len, gz.len);
        assert_memory_equal(hash.at, expected.at, 32);
        assert_true(sph_slice_equal(sph_buf_peek(&gz), sph_buf_peek(&once)));
    }
}

/** "hello" by gzip 1.12 with a name and a comment, header CRC added by hand. Source: RFC 1952 §2.3.
 */
static void gzip_foreign_member_with_all_fields_is_read(void **state)
{
    (void)state;
    sph_err err = {0};
    SPH_AUTO(sph_buf) gz = sph_buf_init(4096), back = sph_buf_init(64);
    uint64_t len = 0;
    /* FHCRC+FEXTRA+FNAME+FCOMMENT; CRC-16 of the header is 0xDE2F by Python's zlib.crc32. */
    kit_good(sph_hex_decode(SPH_LIT("1f8b081e000000000003"
                                    "03006142436e616d6500"
                                    "6e6f746500"),
                            &gz, &err),
             &err);
    kit_good(sph_hex_decode(SPH_LIT("2fde"), &gz, &err), &err);
    kit_good(sph_hex_decode(SPH_LIT("cb48cdc9c9070086a6103605000000"), &gz, &err), &err);
    kit_good(gunzip(sph_buf_peek(&gz), 64, &back, &len), &err);
    assert_true(sph_slice_is(sph_buf_peek(&back), "hello"));
    gz.at[12] ^= 1; /* an octet of FEXTRA: now the header CRC differs */
    assert_int_equal(gunzip_code(sph_buf_peek(&gz)), SPH_EPARSE);
}

static void gzip_e10_every_truncation_is_refused(void **state)
{
    (void)state;
    sph_err err = {0};
    SPH_AUTO(sph_buf) gz = sph_buf_init(MIB);
    kit_good(sph_gzip_packet(SPH_LIT("a packet, invented"), &gz, &err), &err);
    for (size_t n = 0; n < gz.len; n++)
        assert_int_equal(gunzip_code(sph_slice_sub(sph_buf_peek(&gz), 0, n)), SPH_EPARSE);
    assert_int_equal(gunzip_code(sph_buf_peek(&gz)), SPH_OK);
}

/** E-10: trailing octets, a second member, a wrong CRC, a wrong size, reserved flags. */
static void gzip_e10_altered_member_is_refused(void **state)
{
    (void)state;
    sph_err err = {0};
    SPH_AUTO(sph_buf) gz = sph_buf_init(MIB);
    kit_good(sph_gzip_packet(SPH_LIT("a packet, invented"), &gz, &err), &err);
    const size_t len = gz.len;
    kit_good(sph_buf_add_byte(&gz, 0, &err), &err);
    assert_int_equal(gunzip_code(sph_buf_peek(&gz)), SPH_EPARSE);
    gz.len = len;
    kit_good(sph_gzip_packet(SPH_LIT("another"), &gz, &err), &err);
    assert_int_equal(gunzip_code(sph_buf_peek(&gz)), SPH_EPARSE);
    gz.len = len;
    static const size_t from_end[] = {1, 5};
    for (size_t i = 0; i < 2; i++) {
        gz.at[len - from_end[i]] ^= 1;
        assert_int_equal(gunzip_code(sph_buf_peek(&gz)), SPH_EPARSE);
        gz.at[len - from_end[i]] ^= 1;
    }
    gz.at[3] |= 0x20;
    assert_int_equal(gunzip_code(sph_buf_peek(&gz)), SPH_EPARSE);
}

/** A header with one text field of n octets (NUL included), then an empty deflate stream. */
static enum sph_code with_field(uint8_t flag, size_t n)
{
    sph_err err = {0};
    SPH_AUTO(sph_buf) gz = sph_buf_init(MIB);
    const uint8_t head[10] = {0x1f, 0x8b, 8, flag, 0, 0, 0, 0, 0, 255};
    uint8_t *at = NULL;
    kit_good(sph_buf_add(&gz, sph_slice_of(head, 10), &err), &err);
    if (flag == 4) {
        const uint8_t len[2] = {(uint8_t)n, (uint8_t)(n >> 8)};
        kit_good(sph_buf_add(&gz, sph_slice_of(len, 2), &err), &err);
    }
    kit_good(sph_buf_grow(&gz, n, &at, &err), &err);
    memset(at, 'x', n);
    if (flag != 4)
        at[n - 1] = 0;
    static const uint8_t tail[10] = {3, 0};
    kit_good(sph_buf_add(&gz, sph_slice_of(tail, 10), &err), &err);
    return gunzip_code(sph_buf_peek(&gz));
}

/** as4.md 14.1: FCOMMENT <= 64 KiB, other optional fields <= 1 KiB, each at n and n + 1. */
static void gzip_e10_optional_fields_keep_their_limits(void **state)
{
    (void)state;
    assert_int_equal(with_field(0x10, 65536), SPH_OK);
    assert_int_equal(with_field(0x10, 65537), SPH_ELIMIT);
    assert_int_equal(with_field(0x08, 1024), SPH_OK);
    assert_int_equal(with_field(0x08, 1025), SPH_ELIMIT);
    assert_int_equal(with_field(0x04, 1024), SPH_OK);
    assert_int_equal(with_field(0x04, 1025), SPH_ELIMIT);
}

/** E-10: a megabyte is free, then the ratio counts; the size limit is exact. */
static void gzip_e10_bomb_stops_at_ratio_and_size(void **state)
{
    (void)state;
    sph_err err = {0};
    SPH_AUTO(sph_buf) zeros = sph_buf_init(16 * MIB), gz = sph_buf_init(16 * MIB);
    SPH_AUTO(sph_buf) back = sph_buf_init(16 * MIB);
    uint8_t *at = NULL;
    uint64_t len = 7;
    kit_good(sph_buf_grow(&zeros, 16 * MIB, &at, &err), &err);
    memset(at, 0, 16 * MIB);
    kit_good(sph_gzip_packet(sph_buf_peek(&zeros), &gz, &err), &err);
    assert_int_equal(gunzip_code(sph_buf_peek(&gz)), SPH_ELIMIT);
    assert_int_equal(len, 7); /* outputs stay as they were */
    sph_buf_clear(&gz);
    kit_good(sph_gzip_packet(sph_slice_sub(sph_buf_peek(&zeros), 0, MIB), &gz, &err), &err);
    assert_int_equal(gunzip(sph_buf_peek(&gz), MIB, &back, &len).code, SPH_OK);
    assert_int_equal(gunzip(sph_buf_peek(&gz), MIB - 1, &back, &len).code, SPH_ELIMIT);
}

int test_gzip(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gzip_packet_of_any_size_fills_a_step),
        cmocka_unit_test(gzip_store_reads_back_with_its_digest_and_length),
        cmocka_unit_test(gzip_writer_takes_pieces_of_any_size),
        cmocka_unit_test(gzip_foreign_member_with_all_fields_is_read),
        cmocka_unit_test(gzip_e10_every_truncation_is_refused),
        cmocka_unit_test(gzip_e10_altered_member_is_refused),
        cmocka_unit_test(gzip_e10_optional_fields_keep_their_limits),
        cmocka_unit_test(gzip_e10_bomb_stops_at_ratio_and_size),
    };
    return cmocka_run_group_tests_name("gzip", tests, kit_start, kit_stop);
}
