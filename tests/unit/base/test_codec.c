#include "base/codec.h"

#include "support/fake_env.h"
#include "support/test_assert.h"

int test_codec(void);

struct vector {
    const char *plain, *text;
};

/* RFC 4648 §10. */
static const struct vector base64_vectors[] = {
    {"", ""},
    {"f", "Zg=="},
    {"fo", "Zm8="},
    {"foo", "Zm9v"},
    {"foob", "Zm9vYg=="},
    {"fooba", "Zm9vYmE="},
    {"foobar", "Zm9vYmFy"},
};
static const struct vector hex_vectors[] = {
    {"", ""}, {"f", "66"}, {"fo", "666f"}, {"foobar", "666f6f626172"}};

typedef sph_rc code_fn(sph_slice in, sph_buf *out, sph_err *err);

static void check_vectors(const struct vector *vectors, size_t count, code_fn *encode,
                          code_fn *decode)
{
    sph_err err = {0};
    for (size_t i = 0; i < count; i++) {
        SPH_AUTO(sph_buf) text = sph_buf_init(100);
        SPH_AUTO(sph_buf) plain = sph_buf_init(100);
        assert_ok(encode(sph_slice_str(vectors[i].plain), &text, &err), &err);
        assert_string_equal(sph_buf_text(&text), vectors[i].text);
        assert_ok(decode(sph_slice_str(vectors[i].text), &plain, &err), &err);
        assert_string_equal(sph_buf_text(&plain), vectors[i].plain);
    }
}

static void codec_base64_matches_rfc4648_vectors(void **state)
{
    (void)state;
    check_vectors(base64_vectors, 7, sph_base64_encode, sph_base64_decode);
    check_vectors(base64_vectors, 7, sph_base64_encode, sph_base64_decode_xml);
}

static void codec_hex_matches_rfc4648_vectors(void **state)
{
    (void)state;
    check_vectors(hex_vectors, 4, sph_hex_encode, sph_hex_decode);
}

static void refuses(code_fn *decode, sph_slice text)
{
    sph_err err = {0};
    SPH_AUTO(sph_buf) out = sph_buf_init(100);
    assert_ok(sph_buf_add_text(&out, "kept", &err), &err);
    assert_code(decode(text, &out, &err), SPH_EPARSE, &err);
    assert_string_equal(sph_buf_text(&out), "kept");
}

static void codec_base64_refuses_everything_but_the_one_form(void **state)
{
    (void)state;
    static const char *const faulty[] = {
        "Z",     "Zg",     "Zg=",      "Zg===", "Zg==Zg==", "Zm9=",        "Zh==",  "=",
        "====",  "Z===",   "Zm9v====", "Zm9v=", "Zm-v",     "Zm_v",        "Zm9v!", "Zg= =",
        "Zm8=Z", "Zm\n9v", " Zm9v",    "Zm9v ", "Zm9vZ",    "\xc3\xa9Zm9", "Zg=g",
    };
    for (size_t i = 0; i < sizeof(faulty) / sizeof(faulty[0]); i++)
        refuses(sph_base64_decode, sph_slice_str(faulty[i]));
    refuses(sph_base64_decode, SPH_LIT("Zm9\0"));
    refuses(sph_base64_decode_xml, SPH_LIT("Zh = ="));
    refuses(sph_base64_decode_xml, SPH_LIT("Zm9v\xc2\xa0")); /* a no-break space is no XML space */
    refuses(sph_base64_decode_xml, SPH_LIT("Zm9v\v"));
}

static void codec_base64_xml_skips_xml_white_space_only(void **state)
{
    (void)state;
    sph_err err = {0};
    SPH_AUTO(sph_buf) out = sph_buf_init(6);
    assert_ok(sph_base64_decode_xml(SPH_LIT("\r\n Zm 9v\tYg\n=\r= \n"), &out, &err), &err);
    assert_string_equal(sph_buf_text(&out), "foob");
    assert_ok(sph_base64_decode_xml(SPH_LIT(" \n"), &out, &err), &err);
    assert_string_equal(sph_buf_text(&out), "foob");
}

static void codec_base64_needs_no_more_room_than_the_content(void **state)
{
    (void)state;
    sph_err err = {0};
    SPH_AUTO(sph_buf) exact = sph_buf_init(4);
    assert_ok(sph_base64_decode(SPH_LIT("Zm9vYg=="), &exact, &err), &err);
    SPH_AUTO(sph_buf) small = sph_buf_init(3);
    assert_code(sph_base64_decode(SPH_LIT("Zm9vYg=="), &small, &err), SPH_ELIMIT, &err);
    assert_int_equal(small.len, 0);
}

static void codec_hex_refuses_odd_and_foreign_digits(void **state)
{
    (void)state;
    refuses(sph_hex_decode, SPH_LIT("0"));
    refuses(sph_hex_decode, SPH_LIT("0g"));
    refuses(sph_hex_decode, SPH_LIT("0x12"));
    refuses(sph_hex_decode, SPH_LIT(" 12 "));
    refuses(sph_hex_decode, SPH_LIT("/:@G`g\xb9\xff"));
    sph_err err = {0};
    SPH_AUTO(sph_buf) out = sph_buf_init(10);
    assert_ok(sph_hex_decode(SPH_LIT("4a4B"), &out, &err), &err);
    assert_string_equal(sph_buf_text(&out), "JK");
}

static void round_trip(const sph_random *random, size_t len, code_fn *encode, code_fn *decode)
{
    sph_err err = {0};
    uint8_t bytes[512];
    SPH_AUTO(sph_buf) text = sph_buf_init(2048);
    SPH_AUTO(sph_buf) back = sph_buf_init(512);
    assert_ok(random->fill(random->ctx, bytes, len, &err), &err);
    assert_ok(encode(sph_slice_of(bytes, len), &text, &err), &err);
    assert_ok(decode(sph_buf_peek(&text), &back, &err), &err);
    assert_true(sph_slice_equal(sph_slice_of(bytes, len), sph_buf_peek(&back)));
}

static void codec_round_trips_of_random_bytes_come_back(void **state)
{
    (void)state;
    test_env *world = test_env_new(20261124);
    const sph_random *random = test_env_get(world)->random;
    for (size_t i = 0; i < 5000; i++) {
        round_trip(random, i % 512, sph_base64_encode, sph_base64_decode);
        round_trip(random, i % 512, sph_hex_encode, sph_hex_decode);
    }
    test_env_free(&world);
}

/* The property behind "strict": whatever decodes is the encoding of what it decodes to. */
static void codec_every_accepted_base64_is_the_canonical_text(void **state)
{
    (void)state;
    static const char alphabet[] = "AQgwZz/+=";
    size_t accepted = 0;
    for (size_t n = 0; n < 9 * 9 * 9 * 9; n++) {
        sph_err err = {0};
        char text[5] = {alphabet[n % 9], alphabet[n / 9 % 9], alphabet[n / 81 % 9],
                        alphabet[n / 729], '\0'};
        SPH_AUTO(sph_buf) plain = sph_buf_init(8);
        SPH_AUTO(sph_buf) again = sph_buf_init(8);
        if (sph_base64_decode(sph_slice_str(text), &plain, NULL).code != SPH_OK)
            continue;
        accepted++;
        assert_ok(sph_base64_encode(sph_buf_peek(&plain), &again, &err), &err);
        assert_string_equal(sph_buf_text(&again), text);
    }
    /* 8^4 without padding; 8^2 × digits with 2 zero bits (A Q g w); 8 × digits with 4 zero bits (A
     * Q g w). */
    assert_int_equal(accepted, 4096 + 64 * 4 + 8 * 4);
}

static void codec_crockford_takes_the_first_bits(void **state)
{
    (void)state;
    sph_err err = {0};
    static const uint8_t all_ones[] = {0xff, 0xff, 0xff, 0xff, 0xff};
    static const uint8_t counted[] = {0x00, 0x44, 0x32, 0x14, 0xc7}; /* 00000 00001 00010 … 00111 */
    SPH_AUTO(sph_buf) out = sph_buf_init(100);
    assert_ok(sph_crockford_encode(sph_slice_of(counted, 5), 40, &out, &err), &err);
    assert_string_equal(sph_buf_text(&out), "01234567");
    sph_buf_cut(&out, 0);
    assert_ok(sph_crockford_encode(sph_slice_of(all_ones, 5), 30, &out, &err), &err);
    assert_string_equal(sph_buf_text(&out), "ZZZZZZ");
    sph_buf_cut(&out, 0);
    assert_ok(sph_crockford_encode(sph_slice_of(all_ones, 1), 5, &out, &err), &err);
    assert_ok(sph_crockford_encode(sph_slice_of(all_ones, 0), 0, &out, &err), &err);
    assert_string_equal(sph_buf_text(&out), "Z");
    assert_code(sph_crockford_encode(sph_slice_of(all_ones, 5), 31, &out, &err), SPH_EARG, &err);
    assert_code(sph_crockford_encode(sph_slice_of(all_ones, 5), 45, &out, &err), SPH_EARG, &err);
}

/* An oracle of its own: the bits one by one, without the letters that Crockford leaves out. */
static void codec_crockford_agrees_with_bit_by_bit_reading(void **state)
{
    (void)state;
    static const char letters[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    test_env *world = test_env_new(5);
    const sph_random *random = test_env_get(world)->random;
    for (size_t run = 0; run < 2000; run++) {
        sph_err err = {0};
        uint8_t bytes[20];
        SPH_AUTO(sph_buf) out = sph_buf_init(40);
        assert_ok(random->fill(random->ctx, bytes, sizeof(bytes), &err), &err);
        const unsigned bits = (unsigned)(run % 33) * 5;
        assert_ok(sph_crockford_encode(sph_slice_of(bytes, 20), bits, &out, &err), &err);
        assert_int_equal(out.len, bits / 5);
        for (size_t i = 0; i < out.len; i++) {
            unsigned value = 0;
            for (size_t bit = i * 5; bit < i * 5 + 5; bit++)
                value = value * 2 + ((unsigned)bytes[bit / 8] >> (7 - bit % 8) & 1u);
            assert_int_equal(out.at[i], letters[value]);
        }
    }
    test_env_free(&world);
}

static void codec_uuid_is_version_4_and_new_each_time(void **state)
{
    (void)state;
    sph_err err = {0};
    char last[SPH_UUID_TEXT] = "";
    char uuid[SPH_UUID_TEXT];
    test_env *world = test_env_new(9);
    const sph_random *random = test_env_get(world)->random;
    for (size_t i = 0; i < 2000; i++) {
        assert_ok(sph_uuid_new(random, uuid, &err), &err);
        assert_true(sph_uuid_is_v4(sph_slice_str(uuid)));
        assert_string_not_equal(uuid, last);
        assert_ok(sph_str_copy(last, sizeof(last), sph_slice_str(uuid), &err), &err);
    }
    test_env_fail_at(world, 1);
    assert_code(sph_uuid_new(random, uuid, &err), SPH_EIO, &err);
    assert_string_equal(uuid, last);
    test_env_free(&world);
}

static void codec_uuid_of_other_forms_is_refused(void **state)
{
    (void)state;
    assert_true(sph_uuid_is_v4(SPH_LIT("2c5ea4c0-4067-4fe9-8bad-9b1deb4d3b7d")));
    static const char *const faulty[] = {
        "",
        "2c5ea4c0-4067-1fe9-8bad-9b1deb4d3b7d", /* version 1 */
        "2c5ea4c0-4067-4fe9-7bad-9b1deb4d3b7d", /* variant 0 */
        "2c5ea4c0-4067-4fe9-cbad-9b1deb4d3b7d", /* variant 2 */
        "2C5EA4C0-4067-4FE9-8BAD-9B1DEB4D3B7D",
        "2c5ea4c04067-4fe9-8bad-9b1deb4d3b7d0",
        "2c5ea4c0-4067-4fe9-8bad-9b1deb4d3b7",
        "2c5ea4c0-4067-4fe9-8bad-9b1deb4d3b7dd",
        "2c5ea4c0-4067-4fe9-8bad-9b1deb4d3b7g",
        "{c5ea4c0-4067-4fe9-8bad-9b1deb4d3b7}",
        "--------------4----8----------------",
    };
    for (size_t i = 0; i < sizeof(faulty) / sizeof(faulty[0]); i++)
        assert_false(sph_uuid_is_v4(sph_slice_str(faulty[i])));
    assert_false(sph_uuid_is_v4(SPH_LIT("2c5ea4c0-4067-4fe9-8bad-9b1deb4d3b7\0")));
}

int test_codec(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(codec_base64_matches_rfc4648_vectors),
        cmocka_unit_test(codec_hex_matches_rfc4648_vectors),
        cmocka_unit_test(codec_base64_refuses_everything_but_the_one_form),
        cmocka_unit_test(codec_base64_xml_skips_xml_white_space_only),
        cmocka_unit_test(codec_base64_needs_no_more_room_than_the_content),
        cmocka_unit_test(codec_hex_refuses_odd_and_foreign_digits),
        cmocka_unit_test(codec_round_trips_of_random_bytes_come_back),
        cmocka_unit_test(codec_every_accepted_base64_is_the_canonical_text),
        cmocka_unit_test(codec_crockford_takes_the_first_bits),
        cmocka_unit_test(codec_crockford_agrees_with_bit_by_bit_reading),
        cmocka_unit_test(codec_uuid_is_version_4_and_new_each_time),
        cmocka_unit_test(codec_uuid_of_other_forms_is_refused),
    };
    return cmocka_run_group_tests_name("codec", tests, NULL, NULL);
}
