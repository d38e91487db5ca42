/* P-256 as the suite edelivery-2.0-p256 uses it: agreement and the point on the wire. */
#include "crypto/key.h"

#include "base/codec.h"
#include "kit.h"

int test_p256(void);

/* RFC 5903 section 8.1. */
#define SECRET_I "c88f01f510d9ac3f70a292daa2316de544e9aab8afe84049c62a9c57862d1433"
#define POINT_I                                                                                    \
    "04dad0b65394221cf9b051e1feca5787d098dfe637fc90b9ef945d0c3772581180"                           \
    "5271a0461cdb8252d61f1c456fa3e59ab1f45b33accf5f58389e0577b8990bb3"
#define SECRET_R "c6ef9c5d78ae012a011164acb397ce2088685d8f06bf9be0b283ab46476bee53"
#define POINT_R                                                                                    \
    "04d12dfb5289c8d4f81208b70270398c342296970a0bccb74c736fc7554494bf63"                           \
    "56fbf3ca366cc23e8157854c13c58d6aac23f046ada30f8353e74f33039872ab"
#define SHARED "d6840f6b42f6edafd13116e0e12565202fef8e9ece7dce03812464d04b9442de"

/* PKCS#8 of a private P-256 number without its public half (RFC 5915, RFC 5958). */
#define PKCS8_HEAD "3041020100301306072a8648ce3d020106082a8648ce3d030107042730250201010420"

static sph_key *key_of(const char *secret)
{
    sph_err err = {0};
    char hex[256];
    sph_key *key = NULL;
    assert_ok(sph_str_format(hex, sizeof(hex), &err, "%s%s", PKCS8_HEAD, secret), &err);
    SPH_AUTO(sph_buf) der = kit_hex(hex), pem = sph_buf_init(1024);
    assert_ok(sph_buf_add_text(&pem, "-----BEGIN PRIVATE KEY-----\n", &err), &err);
    assert_ok(sph_base64_encode(sph_buf_peek(&der), &pem, &err), &err);
    assert_ok(sph_buf_add_text(&pem, "\n-----END PRIVATE KEY-----\n", &err), &err);
    assert_ok(sph_key_load_pem(sph_buf_peek(&pem), &key, &err), &err);
    return key;
}

static void p256_agreement_gives_the_published_secret(void **state)
{
    (void)state;
    static const char *const rows[][3] = {{SECRET_I, POINT_I, POINT_R},
                                          {SECRET_R, POINT_R, POINT_I}};
    for (size_t i = 0; i < 2; i++) {
        sph_err err = {0};
        SPH_AUTO_PTR(sph_key) *own = key_of(rows[i][0]);
        SPH_AUTO_PTR(sph_pubkey) *peer = NULL;
        SPH_AUTO_PTR(sph_secret) *secret = NULL;
        SPH_AUTO(sph_buf) point = sph_buf_init(80);
        SPH_AUTO(sph_buf) mine = kit_hex(rows[i][1]), other = kit_hex(rows[i][2]);
        SPH_AUTO(sph_buf) shared = kit_hex(SHARED);
        assert_ok(sph_pubkey_raw(sph_key_peek_public(own), &point, &err), &err);
        assert_true(sph_slice_equal(sph_buf_peek(&point), sph_buf_peek(&mine)));
        assert_ok(sph_pubkey_from_raw(SPH_KEY_P256, sph_buf_peek(&other), &peer, &err), &err);
        assert_ok(sph_key_agree(own, peer, &secret, &err), &err);
        assert_true(sph_slice_equal(sph_secret_peek(secret), sph_buf_peek(&shared)));
    }
}

/* SEC 1 2.3.4: 02 and 03 compressed, 06 and 07 hybrid, 00 infinity; and what is on no curve. */
static void p256_e06_point_in_another_form_or_off_the_curve_is_refused(void **state)
{
    (void)state;
    static const char *const heads[] = {"00", "02", "03", "05", "06", "07"};
    char hex[200] = POINT_I;
    for (size_t i = 0; i < sizeof(heads) / sizeof(heads[0]); i++) {
        sph_err err = {0};
        sph_pubkey *out = NULL;
        hex[0] = heads[i][0];
        hex[1] = heads[i][1];
        SPH_AUTO(sph_buf) point = kit_hex(hex);
        assert_code(sph_pubkey_from_raw(SPH_KEY_P256, sph_buf_peek(&point), &out, &err), SPH_EPARSE,
                    &err);
        assert_null(out);
    }
    SPH_AUTO(sph_buf) good = kit_hex(POINT_I);
    for (size_t len = 0; len < 65; len++) {
        sph_err err = {0};
        sph_pubkey *out = NULL;
        assert_code(sph_pubkey_from_raw(SPH_KEY_P256, sph_slice_sub(sph_buf_peek(&good), 0, len),
                                        &out, &err),
                    SPH_EPARSE, &err);
    }
    for (size_t at = 1; at < 65; at++) { /* one bit off is off the curve, or another point of it */
        sph_err err = {0};
        SPH_AUTO_PTR(sph_pubkey) *out = NULL;
        good.at[at] ^= 1;
        assert_code(sph_pubkey_from_raw(SPH_KEY_P256, sph_buf_peek(&good), &out, &err), SPH_EPARSE,
                    &err);
        good.at[at] ^= 1;
    }
}

/* Coordinates not below p must not be taken for what they are modulo p. */
static void p256_e06_coordinate_over_the_field_is_refused(void **state)
{
    (void)state;
    static const char *const points[] = {
        "04ffffffff00000001000000000000000000000000ffffffffffffffffffffffff"
        "66485c780e2f83d72433bd5d84a06bb6541c2af31dae871728bf856a174f93f4",
        "040000000000000000000000000000000000000000000000000000000000000000"
        "0000000000000000000000000000000000000000000000000000000000000000",
        "04ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"
        "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"};
    for (size_t i = 0; i < sizeof(points) / sizeof(points[0]); i++) {
        sph_err err = {0};
        sph_pubkey *out = NULL;
        SPH_AUTO(sph_buf) point = kit_hex(points[i]);
        assert_int_equal(point.len, SPH_P256_POINT);
        assert_code(sph_pubkey_from_raw(SPH_KEY_P256, sph_buf_peek(&point), &out, &err), SPH_EPARSE,
                    &err);
    }
}

int test_p256(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(p256_agreement_gives_the_published_secret),
        cmocka_unit_test(p256_e06_point_in_another_form_or_off_the_curve_is_refused),
        cmocka_unit_test(p256_e06_coordinate_over_the_field_is_refused),
    };
    return cmocka_run_group_tests_name("p256", tests, NULL, NULL);
}
