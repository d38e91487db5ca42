#include "crypto/suite.h"

#include "kit.h"

static void suite_each_name_leads_back_to_its_suite(void **state)
{
    (void)state;
    for (unsigned i = 0; i < SPH_SUITE_COUNT; i++) {
        sph_err err = {0};
        enum sph_suite out = SPH_SUITE_COUNT;
        assert_ok(sph_suite_of(sph_slice_str(sph_suite_name((enum sph_suite)i)), &out, &err), &err);
        assert_int_equal(out, i);
    }
}

static void suite_keys_are_those_of_the_profile(void **state)
{
    (void)state;
    assert_int_equal(sph_suite_sign_kind(SPH_SUITE_EDELIVERY_1_15), SPH_KEY_RSA3072);
    assert_int_equal(sph_suite_encrypt_kind(SPH_SUITE_EDELIVERY_1_15), SPH_KEY_RSA3072);
    assert_int_equal(sph_suite_sign_kind(SPH_SUITE_EDELIVERY_2_0_ED25519), SPH_KEY_ED25519);
    assert_int_equal(sph_suite_encrypt_kind(SPH_SUITE_EDELIVERY_2_0_ED25519), SPH_KEY_X25519);
    assert_int_equal(sph_suite_sign_kind(SPH_SUITE_EDELIVERY_2_0_P256), SPH_KEY_P256);
    assert_int_equal(sph_suite_encrypt_kind(SPH_SUITE_EDELIVERY_2_0_P256), SPH_KEY_P256);
}

static void suite_other_names_are_refused(void **state)
{
    (void)state;
    static const char *const names[] = {"", "edelivery-1.14", "EDELIVERY-1.15", "edelivery-1.15 ",
                                        "edelivery-2.0-p384"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        sph_err err = {0};
        enum sph_suite out = SPH_SUITE_COUNT;
        assert_code(sph_suite_of(sph_slice_str(names[i]), &out, &err), SPH_EUNSUPPORTED, &err);
        assert_int_equal(out, SPH_SUITE_COUNT);
    }
}

int test_suite(void);
int test_suite(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(suite_each_name_leads_back_to_its_suite),
        cmocka_unit_test(suite_keys_are_those_of_the_profile),
        cmocka_unit_test(suite_other_names_are_refused),
    };
    return cmocka_run_group_tests_name("suite", tests, NULL, NULL);
}
