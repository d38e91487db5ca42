#include "kit.h"

static void expect_secret(const sph_secret *secret, const char *hex)
{
    SPH_AUTO(sph_buf) expected = kit_hex(hex);
    assert_int_equal(sph_secret_len(secret), expected.len);
    assert_memory_equal(sph_secret_peek(secret).at, expected.at, expected.len);
}

static void secret_from_octets_holds_them(void **state)
{
    (void)state;
    SPH_AUTO_PTR(sph_secret) *secret = kit_secret(SPH_LIT("sixteen octets!!"));
    assert_slice_is(sph_secret_peek(secret), "sixteen octets!!");
    SPH_AUTO_PTR(sph_secret) *empty = kit_secret(kit_empty());
    assert_int_equal(sph_secret_len(empty), 0);
    sph_secret *none = NULL;
    sph_secret_free(&none);
    sph_secret_free(NULL);
}

static void secret_too_long_is_refused(void **state)
{
    (void)state;
    sph_err err = {0};
    sph_secret *out = NULL;
    assert_code(sph_secret_random(sph_random_real(), 8193, &out, &err), SPH_ELIMIT, &err);
    assert_null(out);
}

static sph_rc refuse(void *ctx, uint8_t *at, size_t len, sph_err *err)
{
    (void)ctx, (void)at, (void)len;
    return sph_fail(err, SPH_EIO, "no random octets today");
}

static void secret_without_random_octets_is_not_made(void **state)
{
    (void)state;
    const sph_random broken = {NULL, refuse};
    sph_err err = {0};
    sph_secret *out = NULL;
    assert_code(sph_secret_random(&broken, 32, &out, &err), SPH_EIO, &err);
    assert_null(out);
}

static void secret_random_ones_differ(void **state)
{
    (void)state;
    sph_err err = {0};
    SPH_AUTO_PTR(sph_secret) *a = NULL;
    SPH_AUTO_PTR(sph_secret) *b = NULL;
    assert_ok(sph_secret_random(sph_random_real(), 32, &a, &err), &err);
    assert_ok(sph_secret_random(sph_random_real(), 32, &b, &err), &err);
    assert_false(sph_equal_ct(sph_secret_peek(a), sph_secret_peek(b)));
}

static void secret_more_than_the_locked_heap_holds_still_work(void **state)
{
    (void)state;
    static sph_secret *held[64];
    for (size_t i = 0; i < 64; i++) {
        sph_err err = {0};
        assert_ok(sph_secret_random(sph_random_real(), 8192, &held[i], &err), &err);
    }
    for (size_t i = 0; i < 64; i++)
        sph_secret_free(&held[i]);
}

static void secret_wipe_overwrites(void **state)
{
    (void)state;
    uint8_t octets[] = {1, 2, 3};
    static const uint8_t zero[3] = {0};
    sph_wipe(octets, sizeof(octets));
    assert_memory_equal(octets, zero, 3);
    sph_wipe(NULL, 0);
}

/* ledger.md section 4: secret 40…5f, empty salt. */
static void secret_hkdf_matches_the_packet_key_vector(void **state)
{
    (void)state;
    sph_err err = {0};
    SPH_AUTO_PTR(sph_secret) *input =
        kit_secret_hex("404142434445464748494a4b4c4d4e4f505152535455565758595a5b5c5d5e5f");
    SPH_AUTO_PTR(sph_secret) *salt = NULL;
    SPH_AUTO_PTR(sph_secret) *dek = NULL;
    assert_ok(sph_hkdf(input, kit_empty(), SPH_LIT("saphan/packet-salt/v1"), 32, &salt, &err),
              &err);
    assert_ok(sph_hkdf(input, kit_empty(), SPH_LIT("saphan/packet-dek/v1"), 32, &dek, &err), &err);
    expect_secret(salt, "18e5e3ea7fa75fc9e8f5b6d1431cc5cc33ec4c24d99bec2d6f984f793dd220fd");
    expect_secret(dek, "8d79c70891868c92f552bcd9d2fbf6784fcd368f9ef266412de7a98b387e9211");
}

static void secret_hkdf_of_impossible_lengths_is_refused(void **state)
{
    (void)state;
    static const uint8_t info[1025] = {0};
    sph_err err = {0};
    SPH_AUTO_PTR(sph_secret) *input = kit_secret(SPH_LIT("input"));
    sph_secret *out = NULL;
    assert_code(sph_hkdf(input, kit_empty(), kit_empty(), 0, &out, &err), SPH_ELIMIT, &err);
    assert_code(sph_hkdf(input, kit_empty(), kit_empty(), 255 * 32 + 1, &out, &err), SPH_ELIMIT,
                &err);
    assert_code(sph_hkdf(input, kit_empty(), sph_slice_of(info, sizeof(info)), 16, &out, &err),
                SPH_ELIMIT, &err);
    assert_null(out);
}

/* RFC 3394 section 4.1, 4.3 and 4.6. */
static const struct {
    const char *kek, *key, *wrapped;
} wraps[] = {
    {"000102030405060708090A0B0C0D0E0F", "00112233445566778899AABBCCDDEEFF",
     "1FA68B0A8112B447AEF34BD8FB5A7B829D3E862371D2CFE5"},
    {"000102030405060708090A0B0C0D0E0F101112131415161718191A1B1C1D1E1F",
     "00112233445566778899AABBCCDDEEFF", "64E8C3F9CE0F5BA263E9777905818A2A93C8191E7D6E8AE7"},
    {"000102030405060708090A0B0C0D0E0F101112131415161718191A1B1C1D1E1F",
     "00112233445566778899AABBCCDDEEFF000102030405060708090A0B0C0D0E0F",
     "28C9F404C4B810F4CBCCB35CFB87F8263F5786E2D80ED326CBC7F0E71A99F43BFB988B9B7A02DD21"},
};

static void secret_wrap_matches_rfc3394_and_opens_again(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(wraps) / sizeof(wraps[0]); i++) {
        sph_err err = {0};
        SPH_AUTO_PTR(sph_secret) *kek = kit_secret_hex(wraps[i].kek);
        SPH_AUTO_PTR(sph_secret) *key = kit_secret_hex(wraps[i].key);
        SPH_AUTO(sph_buf) wrapped = sph_buf_init(64);
        SPH_AUTO(sph_buf) expected = kit_hex(wraps[i].wrapped);
        SPH_AUTO_PTR(sph_secret) *again = NULL;
        assert_ok(sph_key_wrap(kek, key, &wrapped, &err), &err);
        assert_true(sph_slice_equal(sph_buf_peek(&wrapped), sph_buf_peek(&expected)));
        assert_ok(sph_key_unwrap(kek, sph_buf_peek(&wrapped), &again, &err), &err);
        expect_secret(again, wraps[i].key);
    }
}

static void secret_unwrap_of_any_flipped_bit_is_refused(void **state)
{
    (void)state;
    SPH_AUTO_PTR(sph_secret) *kek = kit_secret_hex(wraps[0].kek);
    SPH_AUTO(sph_buf) wrapped = kit_hex(wraps[0].wrapped);
    for (size_t bit = 0; bit < wrapped.len * 8; bit++) {
        sph_err err = {0};
        sph_secret *out = NULL;
        wrapped.at[bit / 8] ^= (uint8_t)(1U << bit % 8);
        assert_code(sph_key_unwrap(kek, sph_buf_peek(&wrapped), &out, &err), SPH_EPROOF, &err);
        assert_null(out);
        wrapped.at[bit / 8] ^= (uint8_t)(1U << bit % 8);
    }
}

/* E-07: OpenSSL itself answers the empty input with success. */
static void secret_unwrap_of_every_other_length_is_refused(void **state)
{
    (void)state;
    static const uint8_t octets[5000] = {0};
    SPH_AUTO_PTR(sph_secret) *kek = kit_secret_hex(wraps[0].kek);
    const size_t lengths[] = {0, 1, 7, 8, 15, 16, 17, 23, 25, 4999, 5000};
    for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
        sph_err err = {0};
        sph_secret *out = NULL;
        assert_code(sph_key_unwrap(kek, sph_slice_of(octets, lengths[i]), &out, &err), SPH_EPROOF,
                    &err);
        assert_null(out);
    }
}

static void secret_wrap_of_unfit_keys_is_refused(void **state)
{
    (void)state;
    sph_err err = {0};
    SPH_AUTO(sph_buf) out = sph_buf_init(64);
    SPH_AUTO_PTR(sph_secret) *kek = kit_secret_hex(wraps[0].kek);
    SPH_AUTO_PTR(sph_secret) *odd = kit_secret(SPH_LIT("seventeen octets!"));
    SPH_AUTO_PTR(sph_secret) *block = kit_secret(SPH_LIT("8 octets"));
    SPH_AUTO_PTR(sph_secret) *none = kit_secret(kit_empty());
    assert_code(sph_key_wrap(kek, odd, &out, &err), SPH_EARG, &err);
    assert_code(sph_key_wrap(kek, block, &out, &err), SPH_EARG, &err);
    assert_code(sph_key_wrap(kek, none, &out, &err), SPH_EARG, &err);
    assert_code(sph_key_wrap(odd, kek, &out, &err), SPH_EARG, &err);
    assert_int_equal(out.len, 0);
}

int test_secret(void);
int test_secret(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(secret_from_octets_holds_them),
        cmocka_unit_test(secret_too_long_is_refused),
        cmocka_unit_test(secret_without_random_octets_is_not_made),
        cmocka_unit_test(secret_random_ones_differ),
        cmocka_unit_test(secret_more_than_the_locked_heap_holds_still_work),
        cmocka_unit_test(secret_wipe_overwrites),
        cmocka_unit_test(secret_hkdf_matches_the_packet_key_vector),
        cmocka_unit_test(secret_hkdf_of_impossible_lengths_is_refused),
        cmocka_unit_test(secret_wrap_matches_rfc3394_and_opens_again),
        cmocka_unit_test(secret_unwrap_of_any_flipped_bit_is_refused),
        cmocka_unit_test(secret_unwrap_of_every_other_length_is_refused),
        cmocka_unit_test(secret_wrap_of_unfit_keys_is_refused),
    };
    return cmocka_run_group_tests_name("secret", tests, NULL, NULL);
}
