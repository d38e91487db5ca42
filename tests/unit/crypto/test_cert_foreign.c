#include "bad_cert.h"

int test_cert_foreign(void);

/* Certificates of foreign products (as4.md D16, 6.5): their profile is their own. */

static enum sph_code check(const sph_cert *leaf, const sph_cert *pinned, const sph_cert *ca,
                           enum sph_cert_use use, int64_t at_ms, sph_slice crl)
{
    sph_err err = {0};
    return sph_cert_check_foreign(leaf, &pinned, pinned ? 1 : 0, ca, use, at_ms, crl, &err).code;
}

/* What our own check refuses and a foreign CA is free to do. */
static void cert_foreign_profile_is_its_own(void **state)
{
    (void)state;
    struct kit_ca ca = kit_ca_new();
    const struct bad_cert forms[] = {
        {.usage = "critical,digitalSignature", .basic = "critical,CA:FALSE"},
        {.usage = "digitalSignature,nonRepudiation", .extended = "emailProtection"},
        {.usage = "digitalSignature,keyEncipherment", .dns = "as4.invented.example"},
        {.basic = NULL}, /* no extension at all but the key identifiers */
        {.usage = "digitalSignature", .no_authority = true, .name = "Invented AP"},
    };
    for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
        sph_err err = {0};
        SPH_AUTO_PTR(sph_cert) *leaf = bad_cert_new(&ca, forms[i]);
        assert_int_not_equal(
            sph_cert_check(leaf, ca.root, KIT_PARTY, SPH_USE_SIGN, KIT_NOW, kit_empty(), &err).code,
            SPH_OK);
        assert_int_equal(check(leaf, NULL, ca.root, SPH_USE_SIGN, KIT_NOW, kit_empty()), SPH_OK);
        assert_int_equal(check(leaf, leaf, NULL, SPH_USE_SIGN, KIT_NOW, kit_empty()), SPH_OK);
        assert_int_equal(check(leaf, NULL, NULL, SPH_USE_SIGN, KIT_NOW, kit_empty()), SPH_EPROOF);
    }
    kit_ca_clear(&ca);
}

static void cert_foreign_use_and_time_are_asked(void **state)
{
    (void)state;
    struct kit_ca ca = kit_ca_new();
    const struct bad_cert signing = {.usage = "digitalSignature"};
    const struct bad_cert agreeing = {.usage = "keyAgreement"};
    SPH_AUTO_PTR(sph_cert) *sign = bad_cert_new(&ca, signing);
    SPH_AUTO_PTR(sph_cert) *agree = bad_cert_new(&ca, agreeing);
    assert_int_equal(check(sign, sign, NULL, SPH_USE_ENCRYPT, KIT_NOW, kit_empty()), SPH_EPROOF);
    assert_int_equal(check(agree, agree, NULL, SPH_USE_SIGN, KIT_NOW, kit_empty()), SPH_EPROOF);
    assert_int_equal(check(agree, agree, NULL, SPH_USE_ENCRYPT, KIT_NOW, kit_empty()), SPH_OK);
    const int64_t from = sph_cert_not_before_ms(sign), until = sph_cert_not_after_ms(sign);
    assert_int_equal(check(sign, sign, ca.root, SPH_USE_SIGN, from - 1, kit_empty()), SPH_EPROOF);
    assert_int_equal(check(sign, sign, ca.root, SPH_USE_SIGN, from, kit_empty()), SPH_OK);
    assert_int_equal(check(sign, sign, ca.root, SPH_USE_SIGN, until - 1, kit_empty()), SPH_OK);
    assert_int_equal(check(sign, sign, ca.root, SPH_USE_SIGN, until, kit_empty()), SPH_EPROOF);
    kit_ca_clear(&ca);
}

/* A pin is for a key, so that a renewed certificate of it passes; a certificate of another key
 * under the same name does not. */
static void cert_foreign_pin_is_for_the_key(void **state)
{
    (void)state;
    struct kit_ca ca = kit_ca_new(), other = kit_ca_new();
    const struct bad_cert first = {.usage = "digitalSignature", .name = "Invented AP"};
    const struct bad_cert later = {.usage = "digitalSignature",
                                   .name = "Invented AP, renewed",
                                   .until_ms = KIT_NOW + 9 * SPH_DAY_MS};
    SPH_AUTO_PTR(sph_cert) *one = bad_cert_new(&ca, first);
    SPH_AUTO_PTR(sph_cert) *renewed = bad_cert_new(&ca, later);
    SPH_AUTO_PTR(sph_cert) *same_name = bad_cert_new(&other, first);
    assert_int_equal(check(renewed, one, NULL, SPH_USE_SIGN, KIT_NOW, kit_empty()), SPH_OK);
    assert_int_equal(check(same_name, one, NULL, SPH_USE_SIGN, KIT_NOW, kit_empty()), SPH_EPROOF);
    assert_int_equal(check(same_name, one, ca.root, SPH_USE_SIGN, KIT_NOW, kit_empty()),
                     SPH_EPROOF);
    kit_ca_clear(&other);
    kit_ca_clear(&ca);
}

static void cert_foreign_path_is_to_the_named_ca_alone(void **state)
{
    (void)state;
    struct kit_ca ca = kit_ca_new(), other = kit_ca_new();
    const struct bad_cert good = {.usage = "digitalSignature"};
    const struct bad_cert forged = {.usage = "digitalSignature", .signer = other.root_key};
    const struct bad_cert sha1 = {.usage = "digitalSignature", .digest = EVP_sha1()};
    SPH_AUTO_PTR(sph_cert) *leaf = bad_cert_new(&ca, good);
    SPH_AUTO_PTR(sph_cert) *bad = bad_cert_new(&ca, forged);
    SPH_AUTO_PTR(sph_cert) *weak = bad_cert_new(&ca, sha1);
    assert_int_equal(check(leaf, NULL, other.root, SPH_USE_SIGN, KIT_NOW, kit_empty()), SPH_EPROOF);
    assert_int_equal(check(leaf, NULL, leaf, SPH_USE_SIGN, KIT_NOW, kit_empty()), SPH_EPROOF);
    assert_int_equal(check(ca.root, NULL, ca.root, SPH_USE_SIGN, KIT_NOW, kit_empty()), SPH_EPROOF);
    assert_int_equal(check(bad, NULL, ca.root, SPH_USE_SIGN, KIT_NOW, kit_empty()), SPH_EPROOF);
    assert_int_equal(check(weak, NULL, ca.root, SPH_USE_SIGN, KIT_NOW, kit_empty()), SPH_EPROOF);
    kit_ca_clear(&other);
    kit_ca_clear(&ca);
}

static void cert_foreign_crl_counts_only_from_its_ca_and_in_time(void **state)
{
    (void)state;
    sph_err err = {0};
    struct kit_ca ca = kit_ca_new();
    const struct bad_cert form = {.usage = "digitalSignature",
                                  .until_ms = KIT_NOW + 90 * SPH_DAY_MS};
    SPH_AUTO_PTR(sph_cert) *leaf = bad_cert_new(&ca, form);
    const sph_cert *revoked[] = {leaf};
    SPH_AUTO(sph_buf) clean = sph_buf_init(65536), listed = sph_buf_init(65536);
    assert_ok(sph_crl_issue(ca.root_key, ca.root, NULL, 0, 1, KIT_NOW, &clean, &err), &err);
    assert_ok(sph_crl_issue(ca.root_key, ca.root, revoked, 1, 2, KIT_NOW, &listed, &err), &err);
    const sph_slice good = sph_buf_peek(&clean), bad = sph_buf_peek(&listed);
    assert_int_equal(check(leaf, NULL, ca.root, SPH_USE_SIGN, KIT_NOW, good), SPH_OK);
    assert_int_equal(check(leaf, NULL, ca.root, SPH_USE_SIGN, KIT_NOW, bad), SPH_EPROOF);
    assert_int_equal(check(leaf, NULL, ca.root, SPH_USE_SIGN, KIT_NOW + 40 * SPH_DAY_MS, good),
                     SPH_EPROOF);
    /* a pinned key is the operator's own decision: it is withdrawn by unpinning it */
    assert_int_equal(check(leaf, leaf, ca.root, SPH_USE_SIGN, KIT_NOW, bad), SPH_OK);
    kit_ca_clear(&ca);
}

int test_cert_foreign(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cert_foreign_profile_is_its_own),
        cmocka_unit_test(cert_foreign_use_and_time_are_asked),
        cmocka_unit_test(cert_foreign_pin_is_for_the_key),
        cmocka_unit_test(cert_foreign_path_is_to_the_named_ca_alone),
        cmocka_unit_test(cert_foreign_crl_counts_only_from_its_ca_and_in_time),
    };
    return cmocka_run_group_tests_name("cert_foreign", tests, NULL, NULL);
}
