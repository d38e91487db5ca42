/* A path that held is remembered in its leaf: what was accepted once must open no other door. */
#include "bad_cert.h"

static int setup(void **state)
{
    static struct kit_ca ca;
    ca = kit_ca_new();
    *state = &ca;
    return 0;
}

static int teardown(void **state)
{
    kit_ca_clear(*state);
    return 0;
}

static sph_buf crl_of(const struct kit_ca *ca, const sph_cert *revoked)
{
    sph_err err = {0};
    sph_buf out = sph_buf_init(1 << 16);
    const sph_cert *const list[] = {revoked};
    assert_ok(sph_crl_issue(ca->root_key, ca->root, list, revoked ? 1 : 0, 7, KIT_NOW, &out, &err),
              &err);
    return out;
}

static void expect(const sph_cert *leaf, const sph_cert *root, const char *party,
                   enum sph_cert_use use, int64_t at_ms, sph_slice crl, enum sph_code code)
{
    sph_err err = {0};
    assert_code(sph_cert_check(leaf, root, party, use, at_ms, crl, &err), code, &err);
}

/* Accept the signing leaf with this CRL, so that its path is remembered. */
static void accept(const struct kit_ca *ca, sph_slice crl)
{
    const struct sph_cert_path path = {sph_cert_sha256(ca->root), sph_sha256_of(crl), 0, 0};
    expect(ca->sign_ed, ca->root, KIT_PARTY, SPH_USE_SIGN, KIT_NOW, crl, SPH_OK);
    assert_true(sph_cert_path_is_held(ca->sign_ed, &path, KIT_NOW));
}

static void path_held_answers_for_its_own_root_alone(void **state)
{
    const struct kit_ca *ca = *state;
    struct kit_ca other = kit_root_new(); /* of the same party */
    accept(ca, kit_empty());
    expect(ca->sign_ed, other.root, KIT_PARTY, SPH_USE_SIGN, KIT_NOW, kit_empty(), SPH_EPROOF);
    expect(ca->sign_ed, ca->root, KIT_PARTY, SPH_USE_SIGN, KIT_NOW, kit_empty(), SPH_OK);
    kit_ca_clear(&other);
}

static void path_held_answers_for_its_own_party_and_use_alone(void **state)
{
    const struct kit_ca *ca = *state;
    accept(ca, kit_empty());
    expect(ca->sign_ed, ca->root, "la.other.example", SPH_USE_SIGN, KIT_NOW, kit_empty(),
           SPH_EPROOF);
    expect(ca->sign_ed, ca->root, KIT_PARTY, SPH_USE_TLS, KIT_NOW, kit_empty(), SPH_EPROOF);
    expect(ca->sign_ed, ca->root, KIT_PARTY, SPH_USE_ENCRYPT, KIT_NOW, kit_empty(), SPH_EPROOF);
}

static void path_held_without_a_crl_does_not_outlast_revocation(void **state)
{
    const struct kit_ca *ca = *state;
    SPH_AUTO(sph_buf) clean = crl_of(ca, NULL);
    SPH_AUTO(sph_buf) revoking = crl_of(ca, ca->sign_ed);
    const sph_slice list = sph_buf_peek(&revoking);
    accept(ca, kit_empty());
    expect(ca->sign_ed, ca->root, KIT_PARTY, SPH_USE_SIGN, KIT_NOW, list, SPH_EPROOF);
    accept(ca, sph_buf_peek(&clean));
    expect(ca->sign_ed, ca->root, KIT_PARTY, SPH_USE_SIGN, KIT_NOW, list, SPH_EPROOF);
    expect(ca->sign_ed, ca->root, KIT_PARTY, SPH_USE_SIGN, KIT_NOW, list, SPH_EPROOF);
    expect(ca->sign_ed, ca->root, KIT_PARTY, SPH_USE_SIGN, KIT_NOW, SPH_LIT("no CRL"), SPH_EPROOF);
}

static void path_held_ends_with_the_crl_and_with_the_certificate(void **state)
{
    const struct kit_ca *ca = *state;
    const int64_t before = KIT_NOW - SPH_CLOCK_SLACK_MS - 1000;
    SPH_AUTO(sph_buf) crl = crl_of(ca, NULL);
    const sph_slice list = sph_buf_peek(&crl);
    const struct {
        int64_t at_ms;
        bool with_crl;
        enum sph_code code;
    } rows[] = {{KIT_NOW + 30 * SPH_DAY_MS - 1000, true, SPH_OK},
                {KIT_NOW + 30 * SPH_DAY_MS, true, SPH_EPROOF},
                {before, true, SPH_EPROOF},
                {KIT_NOW + 30 * SPH_DAY_MS, false, SPH_OK},
                {KIT_NOW + 90 * SPH_DAY_MS, false, SPH_EPROOF},
                {before, false, SPH_EPROOF}};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const sph_slice in = rows[i].with_crl ? list : kit_empty();
        accept(ca, in);
        expect(ca->sign_ed, ca->root, KIT_PARTY, SPH_USE_SIGN, rows[i].at_ms, in, rows[i].code);
    }
}

static void path_refused_is_not_remembered(void **state)
{
    const struct kit_ca *ca = *state;
    struct kit_ca other = kit_root_new();
    const struct sph_cert_path path = {sph_cert_sha256(other.root), sph_sha256_of(kit_empty()), 0,
                                       0};
    for (unsigned i = 0; i < 2; i++) {
        expect(ca->tls, other.root, KIT_PARTY, SPH_USE_TLS, KIT_NOW, kit_empty(), SPH_EPROOF);
        assert_false(sph_cert_path_is_held(ca->tls, &path, KIT_NOW));
    }
    kit_ca_clear(&other);
}

int test_cert_path(void);
int test_cert_path(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(path_held_answers_for_its_own_root_alone),
        cmocka_unit_test(path_held_answers_for_its_own_party_and_use_alone),
        cmocka_unit_test(path_held_without_a_crl_does_not_outlast_revocation),
        cmocka_unit_test(path_held_ends_with_the_crl_and_with_the_certificate),
        cmocka_unit_test(path_refused_is_not_remembered),
    };
    return cmocka_run_group_tests_name("cert_path", tests, setup, teardown);
}
