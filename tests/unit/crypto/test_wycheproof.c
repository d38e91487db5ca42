/* Project Wycheproof's vectors through our own functions, so that what is proved is what is used.
 */
#include "crypto/aead.h"

#include "base/json.h"
#include "kit.h"
#include "support/test_data.h"

typedef bool (*judge)(const sph_json *group, const sph_json *test); /* false: does not apply */

static bool is(const sph_json *test, const char *result)
{
    const char *held = sph_json_get_text(test, "result");
    return held && strcmp(held, result) == 0;
}

static sph_buf octets(const sph_json *object, const char *key)
{
    return kit_hex(sph_json_get_text(object, key));
}

/* Runs every test of a file; prints and checks how many applied, so that a silent skip is seen. */
static void run_file(const char *path, judge check, size_t expected)
{
    sph_err err = {0};
    SPH_AUTO(sph_buf) text = sph_buf_init(1 << 20);
    TEST_DATA_OR_SKIP(path, &text);
    SPH_AUTO_PTR(sph_json) *root = NULL;
    assert_ok(sph_json_parse(sph_buf_peek(&text), 1 << 20, &root, &err), &err);
    const sph_json *groups = sph_json_get(root, "testGroups");
    size_t all = 0, applied = 0;
    for (size_t g = 0; g < sph_json_count(groups); g++) {
        const sph_json *group = sph_json_at(groups, g), *tests = sph_json_get(group, "tests");
        for (size_t t = 0; t < sph_json_count(tests); t++, all++)
            applied += check(group, sph_json_at(tests, t)) ? 1 : 0;
    }
    print_message("%s: %zu of %zu vectors apply\n", path, applied, all);
    assert_int_equal(applied, expected);
}

static bool check_gcm(const sph_json *group, const sph_json *test)
{
    const int64_t key_bits = sph_json_get_int(group, "keySize", 0);
    if (sph_json_get_int(group, "ivSize", 0) != 96 ||
        sph_json_get_int(group, "tagSize", 0) != 128 || (key_bits != 128 && key_bits != 256))
        return false;
    sph_err err = {0};
    SPH_AUTO(sph_buf)
    key_octets = octets(test, "key"), iv = octets(test, "iv"), aad = octets(test, "aad"),
    plain = octets(test, "msg"), sealed = octets(test, "ct"), tag = octets(test, "tag");
    SPH_AUTO(sph_buf) made = sph_buf_init(1 << 16), opened = sph_buf_init(1 << 16);
    SPH_AUTO_PTR(sph_secret) *key = kit_secret(sph_buf_peek(&key_octets));
    assert_ok(sph_buf_add(&sealed, sph_buf_peek(&tag), &err), &err);
    assert_code(sph_aead_open(key, sph_buf_peek(&iv), sph_buf_peek(&aad), sph_buf_peek(&sealed),
                              &opened, &err),
                is(test, "valid") ? SPH_OK : SPH_EPROOF, &err);
    if (!is(test, "valid")) {
        assert_int_equal(opened.len, 0);
        return true;
    }
    assert_true(sph_slice_equal(sph_buf_peek(&opened), sph_buf_peek(&plain)));
    assert_ok(sph_aead_seal(key, sph_buf_peek(&iv), sph_buf_peek(&aad), sph_buf_peek(&plain), &made,
                            &err),
              &err);
    assert_true(sph_slice_equal(sph_buf_peek(&made), sph_buf_peek(&sealed)));
    return true;
}

static bool check_ecdsa(const sph_json *group, const sph_json *test)
{
    sph_err err = {0};
    SPH_AUTO(sph_buf)
    spki = octets(group, "publicKeyDer"), msg = octets(test, "msg"), sig = octets(test, "sig");
    SPH_AUTO_PTR(sph_pubkey) *key = NULL;
    assert_ok(sph_pubkey_from_spki(sph_buf_peek(&spki), &key, &err), &err);
    assert_code(sph_pubkey_verify(key, sph_buf_peek(&msg), sph_buf_peek(&sig), &err),
                is(test, "valid") ? SPH_OK : SPH_EPROOF, &err);
    return true;
}

static bool check_ed25519(const sph_json *group, const sph_json *test)
{
    sph_err err = {0};
    SPH_AUTO(sph_buf)
    raw = octets(sph_json_get(group, "publicKey"), "pk"), msg = octets(test, "msg"),
    sig = octets(test, "sig");
    SPH_AUTO_PTR(sph_pubkey) *key = NULL;
    assert_ok(sph_pubkey_from_raw(SPH_KEY_ED25519, sph_buf_peek(&raw), &key, &err), &err);
    assert_code(sph_pubkey_verify(key, sph_buf_peek(&msg), sph_buf_peek(&sig), &err),
                is(test, "valid") ? SPH_OK : SPH_EPROOF, &err);
    return true;
}

static bool check_hkdf(const sph_json *group, const sph_json *test)
{
    (void)group;
    sph_err err = {0};
    SPH_AUTO(sph_buf)
    ikm = octets(test, "ikm"), salt = octets(test, "salt"), info = octets(test, "info"),
    okm = octets(test, "okm");
    SPH_AUTO_PTR(sph_secret) *input = kit_secret(sph_buf_peek(&ikm));
    SPH_AUTO_PTR(sph_secret) *out = NULL;
    assert_code(sph_hkdf(input, sph_buf_peek(&salt), sph_buf_peek(&info),
                         (size_t)sph_json_get_int(test, "size", 0), &out, &err),
                is(test, "valid") ? SPH_OK : SPH_ELIMIT, &err);
    if (is(test, "valid"))
        assert_true(sph_slice_equal(sph_secret_peek(out), sph_buf_peek(&okm)));
    return true;
}

/* "acceptable" are legal shares with oddities: we agree with all of them but those of zero secret.
 */
static bool check_x25519(const sph_json *group, const sph_json *test)
{
    (void)group;
    sph_err err = {0};
    static const uint8_t zero[32] = {0};
    SPH_AUTO(sph_buf)
    private_octets = octets(test, "private"), peer = octets(test, "public"),
    shared = octets(test, "shared");
    SPH_AUTO_PTR(sph_secret) *seed = kit_secret(sph_buf_peek(&private_octets));
    SPH_AUTO_PTR(sph_key) *key = NULL;
    SPH_AUTO_PTR(sph_pubkey) *public = NULL;
    SPH_AUTO_PTR(sph_secret) *out = NULL;
    const bool is_zero = sph_slice_equal(sph_buf_peek(&shared), sph_slice_of(zero, 32));
    assert_ok(sph_key_from_seed(SPH_KEY_X25519, seed, &key, &err), &err);
    assert_ok(sph_pubkey_from_raw(SPH_KEY_X25519, sph_buf_peek(&peer), &public, &err), &err);
    assert_code(sph_key_agree(key, public, &out, &err), is_zero ? SPH_EPROOF : SPH_OK, &err);
    if (!is_zero)
        assert_true(sph_slice_equal(sph_secret_peek(out), sph_buf_peek(&shared)));
    return true;
}

static void wycheproof_aes_gcm_holds(void **state)
{
    (void)state;
    run_file("wycheproof/aes_gcm_test.json", check_gcm, 133);
}

static void wycheproof_ecdsa_p256_holds(void **state)
{
    (void)state;
    run_file("wycheproof/ecdsa_secp256r1_sha256_p1363_test.json", check_ecdsa, 262);
}

static void wycheproof_ed25519_holds(void **state)
{
    (void)state;
    run_file("wycheproof/ed25519_test.json", check_ed25519, 151);
}

static void wycheproof_hkdf_holds(void **state)
{
    (void)state;
    run_file("wycheproof/hkdf_sha256_test.json", check_hkdf, 86);
}

static void wycheproof_x25519_holds(void **state)
{
    (void)state;
    run_file("wycheproof/x25519_test.json", check_x25519, 518);
}

int test_wycheproof(void);
int test_wycheproof(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(wycheproof_aes_gcm_holds), cmocka_unit_test(wycheproof_ecdsa_p256_holds),
        cmocka_unit_test(wycheproof_ed25519_holds), cmocka_unit_test(wycheproof_hkdf_holds),
        cmocka_unit_test(wycheproof_x25519_holds),
    };
    return cmocka_run_group_tests_name("wycheproof", tests, NULL, NULL);
}
