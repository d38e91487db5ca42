#include <pthread.h>

#include "kit.h"

static void expect_hash(sph_hash hash, const char *hex)
{
    SPH_AUTO(sph_buf) expected = kit_hex(hex);
    assert_memory_equal(hash.at, expected.at, 32);
}

/* FIPS 180-4 examples. */
static const struct {
    const char *text, *sha256;
} answers[] = {
    {"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
    {"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
    {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
     "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
};

static void digest_fips_examples_match(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++)
        expect_hash(sph_sha256_of(sph_slice_str(answers[i].text)), answers[i].sha256);
}

static void digest_parts_equal_their_concatenation(void **state)
{
    (void)state;
    const sph_slice parts[] = {SPH_LIT("a"), kit_empty(), SPH_LIT("bc")};
    expect_hash(sph_sha256_of_parts(parts, 3), answers[1].sha256);
    expect_hash(sph_sha256_of_parts(NULL, 0), answers[0].sha256);
}

static void digest_incremental_million_a_matches_and_starts_anew(void **state)
{
    (void)state;
    sph_err err = {0};
    SPH_AUTO_PTR(sph_sha256) *sha = NULL;
    assert_ok(sph_sha256_new(&sha, &err), &err);
    for (int i = 0; i < 100000; i++)
        sph_sha256_add(sha, SPH_LIT("aaaaaaaaaa"));
    expect_hash(sph_sha256_final(sha),
                "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
    sph_sha256_add(sha, SPH_LIT("abc"));
    expect_hash(sph_sha256_final(sha), answers[1].sha256);
}

static void *hash_in_thread(void *out)
{
    for (int i = 0; i < 1000; i++)
        *(sph_hash *)out = sph_sha256_of(SPH_LIT("abc"));
    return NULL;
}

static void digest_in_many_threads_is_the_same(void **state)
{
    (void)state;
    pthread_t thread[4];
    sph_hash hash[4];
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&thread[i], NULL, hash_in_thread, &hash[i]), 0);
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(pthread_join(thread[i], NULL), 0);
        expect_hash(hash[i], answers[1].sha256);
    }
}

static void digest_start_twice_and_after_stop_works(void **state)
{
    (void)state;
    sph_err err = {0};
    assert_ok(sph_crypto_start(&err), &err);
    assert_ok(sph_crypto_start(&err), &err);
    sph_crypto_stop();
    sph_crypto_stop();
    assert_ok(sph_crypto_start(&err), &err);
    expect_hash(sph_sha256_of(SPH_LIT("abc")), answers[1].sha256);
}

static void digest_equal_ct_compares_length_and_every_octet(void **state)
{
    (void)state;
    uint8_t a[33] = {0}, b[33] = {0};
    assert_true(sph_equal_ct(kit_empty(), kit_empty()));
    assert_true(sph_equal_ct(sph_slice_of(a, 33), sph_slice_of(b, 33)));
    assert_false(sph_equal_ct(sph_slice_of(a, 33), sph_slice_of(b, 32)));
    for (size_t i = 0; i < 33; i++) {
        b[i] = 1;
        assert_false(sph_equal_ct(sph_slice_of(a, 33), sph_slice_of(b, 33)));
        b[i] = 0;
    }
}

int test_digest(void);
int test_digest(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(digest_fips_examples_match),
        cmocka_unit_test(digest_parts_equal_their_concatenation),
        cmocka_unit_test(digest_incremental_million_a_matches_and_starts_anew),
        cmocka_unit_test(digest_in_many_threads_is_the_same),
        cmocka_unit_test(digest_start_twice_and_after_stop_works),
        cmocka_unit_test(digest_equal_ct_compares_length_and_every_octet),
    };
    return cmocka_run_group_tests_name("digest", tests, NULL, NULL);
}
