/* Revocation (T-03), and our certificates before the openssl command as a second judge. */
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

static sph_buf crl_of(const struct kit_ca *ca, const sph_cert *revoked, int64_t now_ms)
{
    sph_err err = {0};
    sph_buf out = sph_buf_init(1 << 16);
    const sph_cert *const list[] = {revoked};
    assert_ok(sph_crl_issue(ca->root_key, ca->root, list, revoked ? 1 : 0, 7, now_ms, &out, &err),
              &err);
    return out;
}

static void expect(const struct kit_ca *ca, const sph_cert *leaf, enum sph_cert_use use,
                   int64_t at_ms, sph_slice crl, enum sph_code code)
{
    sph_err err = {0};
    assert_code(sph_cert_check(leaf, ca->root, KIT_PARTY, use, at_ms, crl, &err), code, &err);
}

static void crl_refuses_the_listed_certificate_and_no_other(void **state)
{
    const struct kit_ca *ca = *state;
    SPH_AUTO(sph_buf) crl = crl_of(ca, ca->sign_ed, KIT_NOW);
    expect(ca, ca->sign_ed, SPH_USE_SIGN, KIT_NOW, sph_buf_peek(&crl), SPH_EPROOF);
    expect(ca, ca->sign_rsa, SPH_USE_SIGN, KIT_NOW, sph_buf_peek(&crl), SPH_OK);
    expect(ca, ca->tls, SPH_USE_TLS, KIT_NOW, sph_buf_peek(&crl), SPH_OK);
    expect(ca, ca->sign_ed, SPH_USE_SIGN, KIT_NOW, kit_empty(), SPH_OK);
}

static void crl_of_many_entries_refuses_each(void **state)
{
    const struct kit_ca *ca = *state;
    sph_err err = {0};
    const sph_cert *const list[] = {ca->tls, ca->enc_x, ca->sign_rsa, ca->enc_rsa};
    SPH_AUTO(sph_buf) crl = sph_buf_init(1 << 16);
    assert_ok(sph_crl_issue(ca->root_key, ca->root, list, 4, 8, KIT_NOW, &crl, &err), &err);
    expect(ca, ca->tls, SPH_USE_TLS, KIT_NOW, sph_buf_peek(&crl), SPH_EPROOF);
    expect(ca, ca->enc_x, SPH_USE_ENCRYPT, KIT_NOW, sph_buf_peek(&crl), SPH_EPROOF);
    expect(ca, ca->sign_rsa, SPH_USE_SIGN, KIT_NOW, sph_buf_peek(&crl), SPH_EPROOF);
    expect(ca, ca->enc_rsa, SPH_USE_ENCRYPT, KIT_NOW, sph_buf_peek(&crl), SPH_EPROOF);
    expect(ca, ca->sign_ed, SPH_USE_SIGN, KIT_NOW, sph_buf_peek(&crl), SPH_OK);
}

/* Thirty days, begun five minutes ago. */
static void crl_outside_its_time_refuses_all(void **state)
{
    const struct kit_ca *ca = *state;
    SPH_AUTO(sph_buf) crl = crl_of(ca, NULL, KIT_NOW);
    const sph_slice in = sph_buf_peek(&crl);
    const int64_t day = SPH_DAY_MS;
    expect(ca, ca->tls, SPH_USE_TLS, KIT_NOW - SPH_CLOCK_SLACK_MS, in, SPH_OK);
    expect(ca, ca->tls, SPH_USE_TLS, KIT_NOW + 30 * day - 1000, in, SPH_OK);
    expect(ca, ca->tls, SPH_USE_TLS, KIT_NOW + 30 * day + 1000, in, SPH_EPROOF);
    SPH_AUTO(sph_buf) future = crl_of(ca, NULL, KIT_NOW + day);
    expect(ca, ca->tls, SPH_USE_TLS, KIT_NOW, sph_buf_peek(&future), SPH_EPROOF);
}

static void crl_of_another_issuer_refuses_all(void **state)
{
    const struct kit_ca *ca = *state;
    struct kit_ca other = kit_root_new();
    SPH_AUTO(sph_buf) foreign = crl_of(&other, NULL, KIT_NOW);
    expect(ca, ca->tls, SPH_USE_TLS, KIT_NOW, sph_buf_peek(&foreign), SPH_EPROOF);
    kit_ca_clear(&other);
}

/* The right issuer's name over another key's signature. */
static void crl_signed_by_another_key_refuses_all(void **state)
{
    const struct kit_ca *ca = *state;
    SPH_AUTO(sph_buf) der = crl_of(ca, NULL, KIT_NOW);
    const uint8_t *at = der.at;
    SPH_AUTO_PTR(ossl_crl) *crl = d2i_X509_CRL(NULL, &at, (long)der.len);
    assert_non_null(crl);
    assert_true(X509_CRL_sign(crl, ca->tls_key->pkey, EVP_sha256()) > 0);
    SPH_AUTO_PTR(ossl_memory) *forged = NULL;
    const int len = i2d_X509_CRL(crl, &forged);
    assert_true(len > 0);
    expect(ca, ca->tls, SPH_USE_TLS, KIT_NOW, sph_slice_of(forged, (size_t)len), SPH_EPROOF);
}

static void crl_without_an_end_refuses_all(void **state)
{
    const struct kit_ca *ca = *state;
    SPH_AUTO_PTR(ossl_crl) *crl = X509_CRL_new();
    SPH_AUTO_PTR(ossl_time) *from = sph_asn1_time_new(KIT_NOW - SPH_DAY_MS);
    assert_int_equal(X509_CRL_set_version(crl, X509_CRL_VERSION_2), 1);
    assert_int_equal(X509_CRL_set_issuer_name(crl, X509_get_subject_name(ca->root->x509)), 1);
    assert_int_equal(X509_CRL_set1_lastUpdate(crl, from), 1);
    assert_true(X509_CRL_sign(crl, ca->root_key->pkey, EVP_sha256()) > 0);
    SPH_AUTO_PTR(ossl_memory) *der = NULL;
    const int len = i2d_X509_CRL(crl, &der);
    assert_true(len > 0);
    expect(ca, ca->tls, SPH_USE_TLS, KIT_NOW, sph_slice_of(der, (size_t)len), SPH_EPROOF);
}

static void crl_bytes_that_are_no_crl_refuse_all(void **state)
{
    const struct kit_ca *ca = *state;
    sph_err err = {0};
    SPH_AUTO(sph_buf) crl = crl_of(ca, NULL, KIT_NOW);
    expect(ca, ca->tls, SPH_USE_TLS, KIT_NOW, SPH_LIT("x"), SPH_EPROOF);
    expect(ca, ca->tls, SPH_USE_TLS, KIT_NOW, sph_slice_of(crl.at, crl.len - 1), SPH_EPROOF);
    expect(ca, ca->tls, SPH_USE_TLS, KIT_NOW, sph_cert_peek_der(ca->root), SPH_EPROOF);
    crl.at[crl.len - 1] ^= 1;
    expect(ca, ca->tls, SPH_USE_TLS, KIT_NOW, sph_buf_peek(&crl), SPH_EPROOF);
    crl.at[crl.len - 1] ^= 1;
    assert_ok(sph_buf_add_byte(&crl, 0, &err), &err);
    expect(ca, ca->tls, SPH_USE_TLS, KIT_NOW, sph_buf_peek(&crl), SPH_EPROOF);
}

static void crl_issue_with_unfit_arguments_is_refused(void **state)
{
    const struct kit_ca *ca = *state;
    sph_err err = {0};
    struct kit_ca other = kit_root_new();
    const sph_cert *const foreign[] = {other.tls};
    SPH_AUTO(sph_buf) out = sph_buf_init(1 << 16);
    assert_code(sph_crl_issue(ca->tls_key, ca->root, NULL, 0, 1, KIT_NOW, &out, &err), SPH_EARG,
                &err);
    assert_code(sph_crl_issue(ca->root_key, ca->root, NULL, 0, -1, KIT_NOW, &out, &err), SPH_EARG,
                &err);
    assert_code(sph_crl_issue(ca->root_key, ca->root, foreign, 1, 1, KIT_NOW, &out, &err), SPH_EARG,
                &err);
    assert_int_equal(out.len, 0);
    kit_ca_clear(&other);
}

#define AT "-attime 1795519800 -x509_strict -auth_level 3 -no-CApath -no-CAstore -CAfile root.pem "

static void crl_and_chains_satisfy_the_openssl_command(void **state)
{
    const struct kit_ca *ca = *state;
    struct kit_folder folder = kit_folder_new();
    const sph_cert *certs[] = {ca->tls, ca->sign_ed, ca->sign_rsa, ca->enc_x, ca->enc_rsa};
    static const char *const names[] = {"tls.pem", "ed.pem", "rsa.pem", "x.pem", "enc.pem"};
    SPH_AUTO(sph_buf) crl = crl_of(ca, ca->sign_ed, KIT_NOW);
    kit_put_cert(&folder, "root.pem", ca->root);
    for (size_t i = 0; i < 5; i++)
        kit_put_cert(&folder, names[i], certs[i]);
    kit_put(&folder, "crl.der", sph_buf_peek(&crl));
    const struct {
        const char *command;
        bool holds;
    } rows[] = {
        {"openssl verify " AT "root.pem tls.pem ed.pem rsa.pem x.pem enc.pem", true},
        {"openssl verify " AT "-purpose sslclient tls.pem", true},
        {"openssl verify " AT "-purpose sslserver tls.pem", true},
        {"openssl verify " AT "-purpose sslclient enc.pem", false},
        {"openssl crl -inform DER -in crl.der -out crl.pem", true},
        {"openssl crl -in crl.pem -CAfile root.pem -noout 2>&1 | grep -q 'verify OK'", true},
        {"openssl verify " AT "-crl_check -CRLfile crl.pem tls.pem rsa.pem", true},
        {"openssl verify " AT "-crl_check -CRLfile crl.pem ed.pem", false},
        {"openssl x509 -in tls.pem -noout -ext subjectAltName | grep -q "
         "'URI:urn:saphan:party:" KIT_PARTY "$'",
         true},
        {"openssl x509 -in x.pem -noout -ext keyUsage | grep -q 'Key Agreement$'", true},
        {"openssl x509 -in enc.pem -noout -ext keyUsage | grep -q 'Key Encipherment$'", true},
        {"openssl x509 -in root.pem -noout -ext keyUsage | grep -q 'Certificate Sign, CRL Sign$'",
         true},
        {"openssl x509 -in ed.pem -noout -ext extendedKeyUsage | grep -q Usage", false},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const bool holds = kit_run(&folder, rows[i].command) == 0;
        if (holds != rows[i].holds)
            print_message("command %zu: %s\n", i, rows[i].command);
        assert_int_equal(holds, rows[i].holds);
    }
    kit_folder_clear(&folder);
}

int test_crl(void);
int test_crl(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(crl_refuses_the_listed_certificate_and_no_other),
        cmocka_unit_test(crl_of_many_entries_refuses_each),
        cmocka_unit_test(crl_outside_its_time_refuses_all),
        cmocka_unit_test(crl_of_another_issuer_refuses_all),
        cmocka_unit_test(crl_signed_by_another_key_refuses_all),
        cmocka_unit_test(crl_without_an_end_refuses_all),
        cmocka_unit_test(crl_bytes_that_are_no_crl_refuse_all),
        cmocka_unit_test(crl_issue_with_unfit_arguments_is_refused),
        cmocka_unit_test(crl_and_chains_satisfy_the_openssl_command),
    };
    return cmocka_run_group_tests_name("crl", tests, setup, teardown);
}
