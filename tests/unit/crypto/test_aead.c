#include "crypto/aead.h"

#include "kit.h"

static const uint8_t iv_octets[SPH_AEAD_IV] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};

static sph_slice iv(void)
{
    return sph_slice_of(iv_octets, sizeof(iv_octets));
}

static sph_secret *some_key(void)
{
    return kit_secret(SPH_LIT("0123456789abcdef"));
}

static sph_buf sealed_of(const sph_secret *key, sph_slice plain)
{
    sph_err err = {0};
    sph_buf out = sph_buf_init(1 << 20);
    assert_ok(sph_aead_seal(key, iv(), SPH_LIT("aad"), plain, &out, &err), &err);
    assert_int_equal(out.len, plain.len + SPH_AEAD_TAG);
    return out;
}

static void aead_sealed_octets_open_with_both_key_sizes(void **state)
{
    (void)state;
    const sph_slice keys[] = {SPH_LIT("0123456789abcdef"),
                              SPH_LIT("0123456789abcdef0123456789abcdef")};
    for (size_t i = 0; i < 2; i++) {
        sph_err err = {0};
        SPH_AUTO_PTR(sph_secret) *key = kit_secret(keys[i]);
        SPH_AUTO(sph_buf) sealed = sealed_of(key, SPH_LIT("plain"));
        SPH_AUTO(sph_buf) opened = sph_buf_init(64);
        assert_ok(sph_buf_add_text(&opened, "before ", &err), &err);
        assert_ok(sph_aead_open(key, iv(), SPH_LIT("aad"), sph_buf_peek(&sealed), &opened, &err),
                  &err);
        assert_slice_is(sph_buf_peek(&opened), "before plain");
    }
}

/* E-02: every bit of ciphertext and tag. */
static void aead_open_of_any_flipped_bit_is_refused_and_appends_nothing(void **state)
{
    (void)state;
    SPH_AUTO_PTR(sph_secret) *key = some_key();
    SPH_AUTO(sph_buf) sealed = sealed_of(key, SPH_LIT("plain octets"));
    for (size_t bit = 0; bit < sealed.len * 8; bit++) {
        sph_err err = {0};
        SPH_AUTO(sph_buf) opened = sph_buf_init(64);
        assert_ok(sph_buf_add_text(&opened, "kept", &err), &err);
        sealed.at[bit / 8] ^= (uint8_t)(1U << bit % 8);
        assert_code(sph_aead_open(key, iv(), SPH_LIT("aad"), sph_buf_peek(&sealed), &opened, &err),
                    SPH_EPROOF, &err);
        assert_slice_is(sph_buf_peek(&opened), "kept");
        sealed.at[bit / 8] ^= (uint8_t)(1U << bit % 8);
    }
}

static void aead_open_of_every_truncation_is_refused(void **state)
{
    (void)state;
    SPH_AUTO_PTR(sph_secret) *key = some_key();
    SPH_AUTO(sph_buf) sealed = sealed_of(key, SPH_LIT("plain octets"));
    for (size_t len = 0; len < sealed.len; len++) {
        sph_err err = {0};
        SPH_AUTO(sph_buf) opened = sph_buf_init(64);
        assert_code(
            sph_aead_open(key, iv(), SPH_LIT("aad"), sph_slice_of(sealed.at, len), &opened, &err),
            SPH_EPROOF, &err);
        assert_int_equal(opened.len, 0);
    }
}

static void aead_open_with_other_aad_iv_or_key_is_refused(void **state)
{
    (void)state;
    sph_err err = {0};
    static const uint8_t other_iv[SPH_AEAD_IV] = {0};
    SPH_AUTO_PTR(sph_secret) *key = some_key();
    SPH_AUTO_PTR(sph_secret) *other = kit_secret(SPH_LIT("0123456789abcdeF"));
    SPH_AUTO(sph_buf) sealed = sealed_of(key, SPH_LIT("plain"));
    SPH_AUTO(sph_buf) opened = sph_buf_init(64);
    const sph_slice in = sph_buf_peek(&sealed);
    assert_code(sph_aead_open(key, iv(), SPH_LIT("aaD"), in, &opened, &err), SPH_EPROOF, &err);
    assert_code(sph_aead_open(key, iv(), kit_empty(), in, &opened, &err), SPH_EPROOF, &err);
    assert_code(
        sph_aead_open(key, sph_slice_of(other_iv, SPH_AEAD_IV), SPH_LIT("aad"), in, &opened, &err),
        SPH_EPROOF, &err);
    assert_code(sph_aead_open(other, iv(), SPH_LIT("aad"), in, &opened, &err), SPH_EPROOF, &err);
    assert_int_equal(opened.len, 0);
}

static void aead_other_iv_and_key_lengths_are_refused(void **state)
{
    (void)state;
    static const uint8_t octets[33] = {0};
    const size_t iv_lengths[] = {0, 8, 11, 13, 16}, key_lengths[] = {0, 8, 15, 17, 24, 31, 33};
    SPH_AUTO_PTR(sph_secret) *key = some_key();
    SPH_AUTO(sph_buf) out = sph_buf_init(64);
    for (size_t i = 0; i < sizeof(iv_lengths) / sizeof(iv_lengths[0]); i++) {
        sph_err err = {0};
        assert_code(sph_aead_seal(key, sph_slice_of(octets, iv_lengths[i]), kit_empty(),
                                  kit_empty(), &out, &err),
                    SPH_EARG, &err);
    }
    for (size_t i = 0; i < sizeof(key_lengths) / sizeof(key_lengths[0]); i++) {
        sph_err err = {0};
        SPH_AUTO_PTR(sph_secret) *unfit = kit_secret(sph_slice_of(octets, key_lengths[i]));
        assert_code(sph_aead_seal(unfit, iv(), kit_empty(), kit_empty(), &out, &err), SPH_EARG,
                    &err);
    }
    assert_int_equal(out.len, 0);
}

static void aead_seal_past_the_cap_leaves_the_buffer_as_it_was(void **state)
{
    (void)state;
    sph_err err = {0};
    SPH_AUTO_PTR(sph_secret) *key = some_key();
    SPH_AUTO(sph_buf) out = sph_buf_init(20);
    assert_ok(sph_buf_add_text(&out, "kept", &err), &err);
    assert_code(sph_aead_seal(key, iv(), kit_empty(), SPH_LIT("x"), &out, &err), SPH_ELIMIT, &err);
    assert_slice_is(sph_buf_peek(&out), "kept");
}

static void aead_stream_in_any_steps_equals_one_shot(void **state)
{
    (void)state;
    uint8_t plain[257], made[257], tag[SPH_AEAD_TAG];
    for (size_t i = 0; i < sizeof(plain); i++)
        plain[i] = (uint8_t)(i * 7);
    SPH_AUTO_PTR(sph_secret) *key = some_key();
    SPH_AUTO(sph_buf) whole = sealed_of(key, sph_slice_of(plain, sizeof(plain)));
    for (size_t step = 1; step < sizeof(plain); step += 16) {
        sph_err err = {0};
        SPH_AUTO_PTR(sph_aead) *seal = NULL;
        SPH_AUTO_PTR(sph_aead) *open = NULL;
        assert_ok(sph_aead_seal_start(key, iv(), SPH_LIT("aad"), &seal, &err), &err);
        assert_ok(sph_aead_open_start(key, iv(), SPH_LIT("aad"), &open, &err), &err);
        for (size_t at = 0; at < sizeof(plain); at += step) {
            const sph_slice in = sph_slice_sub(sph_slice_of(plain, sizeof(plain)), at, step);
            assert_ok(sph_aead_update(seal, in, made + at, &err), &err);
        }
        assert_ok(sph_aead_seal_finish(seal, tag, &err), &err);
        assert_memory_equal(made, whole.at, sizeof(made));
        assert_memory_equal(tag, whole.at + sizeof(made), sizeof(tag));
        for (size_t at = 0; at < sizeof(made); at += step) { /* in place */
            const sph_slice in = sph_slice_sub(sph_slice_of(made, sizeof(made)), at, step);
            assert_ok(sph_aead_update(open, in, made + at, &err), &err);
        }
        assert_ok(sph_aead_open_finish(open, tag, &err), &err);
        assert_memory_equal(made, plain, sizeof(plain));
    }
}

static void aead_stream_with_wrong_tag_is_refused(void **state)
{
    (void)state;
    sph_err err = {0};
    uint8_t tag[SPH_AEAD_TAG] = {0}, to[5];
    SPH_AUTO_PTR(sph_secret) *key = some_key();
    SPH_AUTO_PTR(sph_aead) *open = NULL;
    assert_ok(sph_aead_open_start(key, iv(), kit_empty(), &open, &err), &err);
    assert_ok(sph_aead_update(open, SPH_LIT("plain"), to, &err), &err);
    assert_code(sph_aead_open_finish(open, tag, &err), SPH_EPROOF, &err);
    assert_code(sph_aead_open_finish(open, tag, &err), SPH_EARG, &err);
}

static void aead_stream_used_out_of_order_is_refused(void **state)
{
    (void)state;
    sph_err err = {0};
    uint8_t tag[SPH_AEAD_TAG] = {0}, to[4];
    SPH_AUTO_PTR(sph_secret) *key = some_key();
    SPH_AUTO_PTR(sph_aead) *seal = NULL;
    assert_ok(sph_aead_seal_start(key, iv(), kit_empty(), &seal, &err), &err);
    assert_code(sph_aead_open_finish(seal, tag, &err), SPH_EARG, &err);
    assert_ok(sph_aead_seal_finish(seal, tag, &err), &err);
    assert_code(sph_aead_seal_finish(seal, tag, &err), SPH_EARG, &err);
    assert_code(sph_aead_update(seal, SPH_LIT("more"), to, &err), SPH_EARG, &err);
}

int test_aead(void);
int test_aead(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(aead_sealed_octets_open_with_both_key_sizes),
        cmocka_unit_test(aead_open_of_any_flipped_bit_is_refused_and_appends_nothing),
        cmocka_unit_test(aead_open_of_every_truncation_is_refused),
        cmocka_unit_test(aead_open_with_other_aad_iv_or_key_is_refused),
        cmocka_unit_test(aead_other_iv_and_key_lengths_are_refused),
        cmocka_unit_test(aead_seal_past_the_cap_leaves_the_buffer_as_it_was),
        cmocka_unit_test(aead_stream_in_any_steps_equals_one_shot),
        cmocka_unit_test(aead_stream_with_wrong_tag_is_refused),
        cmocka_unit_test(aead_stream_used_out_of_order_is_refused),
    };
    return cmocka_run_group_tests_name("aead", tests, NULL, NULL);
}
