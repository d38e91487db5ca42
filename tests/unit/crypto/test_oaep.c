/* RSA-OAEP against the openssl command in both directions, and the silence of every failure (as4.md
 * D12). */
#include "kit.h"

#define OAEP_OPTIONS                                                                               \
    "-pkeyopt rsa_padding_mode:oaep -pkeyopt rsa_oaep_md:sha256 -pkeyopt rsa_mgf1_md:sha256"
#define CONTENT_KEY "sixteen octets!!"

struct fixture {
    sph_key *key;
    struct kit_folder folder;
};

static int setup(void **state)
{
    static struct fixture fixture;
    sph_err err = {0};
    fixture.folder = kit_folder_new();
    fixture.key = kit_key(SPH_KEY_RSA3072);
    SPH_AUTO(sph_buf) pem = sph_buf_init(8192);
    assert_ok(sph_key_save_pem(fixture.key, &pem, &err), &err);
    kit_put(&fixture.folder, "key.pem", sph_buf_peek(&pem));
    kit_put(&fixture.folder, "plain", SPH_LIT(CONTENT_KEY));
    *state = &fixture;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *fixture = *state;
    kit_folder_clear(&fixture->folder);
    sph_key_free(&fixture->key);
    return 0;
}

static sph_secret *opened(const struct fixture *f, sph_slice sealed, size_t expect)
{
    sph_err err = {0};
    sph_secret *out = NULL;
    assert_ok(sph_key_oaep_open(f->key, sph_random_real(), sealed, expect, &out, &err), &err);
    assert_int_equal(sph_secret_len(out), expect);
    return out;
}

/* A failure looks like a success with another key: random, so two tries differ too. */
static void expect_substitute(const struct fixture *f, sph_slice sealed, size_t expect)
{
    SPH_AUTO_PTR(sph_secret) *a = opened(f, sealed, expect);
    SPH_AUTO_PTR(sph_secret) *b = opened(f, sealed, expect);
    assert_false(sph_equal_ct(sph_secret_peek(a), sph_secret_peek(b)));
}

static sph_buf sealed_by_us(const struct fixture *f)
{
    sph_err err = {0};
    sph_buf out = sph_buf_init(512);
    SPH_AUTO_PTR(sph_secret) *plain = kit_secret(SPH_LIT(CONTENT_KEY));
    assert_ok(sph_pubkey_oaep_seal(sph_key_peek_public(f->key), plain, &out, &err), &err);
    assert_int_equal(out.len, 384);
    return out;
}

static void oaep_sealed_by_us_is_opened_by_the_openssl_command(void **state)
{
    const struct fixture *f = *state;
    SPH_AUTO(sph_buf) sealed = sealed_by_us(f);
    kit_put(&f->folder, "sealed", sph_buf_peek(&sealed));
    assert_int_equal(kit_run(&f->folder, "openssl pkeyutl -decrypt -inkey key.pem " OAEP_OPTIONS
                                         " -in sealed -out opened && cmp opened plain"),
                     0);
}

static void oaep_sealed_by_the_openssl_command_is_opened_by_us(void **state)
{
    const struct fixture *f = *state;
    assert_int_equal(kit_run(&f->folder, "openssl pkeyutl -encrypt -inkey key.pem " OAEP_OPTIONS
                                         " -in plain -out theirs"),
                     0);
    SPH_AUTO(sph_buf) sealed = kit_get(&f->folder, "theirs");
    SPH_AUTO_PTR(sph_secret) *secret = opened(f, sph_buf_peek(&sealed), 16);
    assert_slice_is(sph_secret_peek(secret), CONTENT_KEY);
}

/* E-01: other hash, label, padding. */
static void oaep_sealed_by_other_parameters_gives_a_random_key(void **state)
{
    const struct fixture *f = *state;
    static const char *const options[] = {
        "-pkeyopt rsa_padding_mode:oaep -pkeyopt rsa_oaep_md:sha1 -pkeyopt rsa_mgf1_md:sha1",
        "-pkeyopt rsa_padding_mode:oaep -pkeyopt rsa_oaep_md:sha256 -pkeyopt rsa_mgf1_md:sha1",
        OAEP_OPTIONS " -pkeyopt rsa_oaep_label:616263", "-pkeyopt rsa_padding_mode:pkcs1"};
    for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
        char command[512];
        (void)snprintf(command, sizeof(command),
                       "openssl pkeyutl -encrypt -inkey key.pem %s -in plain -out other",
                       options[i]);
        assert_int_equal(kit_run(&f->folder, command), 0);
        SPH_AUTO(sph_buf) sealed = kit_get(&f->folder, "other");
        assert_int_equal(sealed.len, 384);
        expect_substitute(f, sph_buf_peek(&sealed), 16);
    }
}

static void oaep_changed_truncated_or_lengthened_gives_a_random_key(void **state)
{
    const struct fixture *f = *state;
    sph_err err = {0};
    SPH_AUTO(sph_buf) sealed = sealed_by_us(f);
    for (size_t at = 0; at < sealed.len; at += 61) {
        sealed.at[at] ^= 1;
        expect_substitute(f, sph_buf_peek(&sealed), 16);
        sealed.at[at] ^= 1;
    }
    expect_substitute(f, sph_slice_of(sealed.at, 383), 16);
    expect_substitute(f, kit_empty(), 16);
    assert_ok(sph_buf_add_byte(&sealed, 0, &err), &err);
    expect_substitute(f, sph_buf_peek(&sealed), 16);
}

static void oaep_holding_another_length_gives_a_random_key(void **state)
{
    const struct fixture *f = *state;
    SPH_AUTO(sph_buf) sealed = sealed_by_us(f);
    expect_substitute(f, sph_buf_peek(&sealed), 32);
    expect_substitute(f, sph_buf_peek(&sealed), 15);
}

static sph_rc refuse(void *ctx, uint8_t *at, size_t len, sph_err *err)
{
    (void)ctx, (void)at, (void)len;
    return sph_fail(err, SPH_EIO, "no random octets today");
}

/* Without a substitute nothing is opened at all, or success and failure would differ. */
static void oaep_without_random_octets_opens_nothing(void **state)
{
    const struct fixture *f = *state;
    const sph_random broken = {NULL, refuse};
    sph_err err = {0};
    sph_secret *out = NULL;
    SPH_AUTO(sph_buf) sealed = sealed_by_us(f);
    assert_code(sph_key_oaep_open(f->key, &broken, sph_buf_peek(&sealed), 16, &out, &err), SPH_EIO,
                &err);
    assert_code(sph_key_oaep_open(f->key, &broken, sph_buf_peek(&sealed), 0, &out, &err), SPH_EARG,
                &err);
    assert_null(out);
}

/* RSA below 3072 bits, RSA-PSS, other curves, encrypted files: made by the command, refused by us.
 */
static void oaep_and_other_keys_of_unwanted_kinds_are_refused(void **state)
{
    const struct fixture *f = *state;
    static const struct {
        const char *make;
        enum sph_code code;
    } rows[] = {
        {"openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048", SPH_EUNSUPPORTED},
        {"openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:3072 -pkeyopt "
         "rsa_keygen_pubexp:3",
         SPH_EUNSUPPORTED},
        {"openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-384", SPH_EUNSUPPORTED},
        {"openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:secp256k1", SPH_EUNSUPPORTED},
        {"openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -pkeyopt "
         "ec_param_enc:explicit",
         SPH_EUNSUPPORTED},
        {"openssl genpkey -algorithm ED448", SPH_EUNSUPPORTED},
        {"openssl genpkey -algorithm X25519 -aes256 -pass pass:secret", SPH_EPARSE},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char command[512];
        sph_err err = {0};
        sph_key *out = NULL;
        (void)snprintf(command, sizeof(command), "%s -out odd.pem", rows[i].make);
        assert_int_equal(kit_run(&f->folder, command), 0);
        SPH_AUTO(sph_buf) pem = kit_get(&f->folder, "odd.pem");
        assert_code(sph_key_load_pem(sph_buf_peek(&pem), &out, &err), rows[i].code, &err);
        assert_null(out);
    }
}

int test_oaep(void);
int test_oaep(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(oaep_sealed_by_us_is_opened_by_the_openssl_command),
        cmocka_unit_test(oaep_sealed_by_the_openssl_command_is_opened_by_us),
        cmocka_unit_test(oaep_sealed_by_other_parameters_gives_a_random_key),
        cmocka_unit_test(oaep_changed_truncated_or_lengthened_gives_a_random_key),
        cmocka_unit_test(oaep_holding_another_length_gives_a_random_key),
        cmocka_unit_test(oaep_without_random_octets_opens_nothing),
        cmocka_unit_test(oaep_and_other_keys_of_unwanted_kinds_are_refused),
    };
    return cmocka_run_group_tests_name("oaep", tests, setup, teardown);
}
