/* ds:X509IssuerSerial as it arrives in messages of other products. */
#include "crypto/cert_impl.h"
#include "kit.h"

/* A self-made issuer of an invented office: Lao text, a comma, an e-mail address, two values in one
 * RDN. */
static X509 *odd_x509(void)
{
    X509 *x509 = X509_new();
    X509_NAME *name = X509_get_subject_name(x509);
    SPH_AUTO_PTR(sph_key) *key = kit_key(SPH_KEY_P256);
    const struct {
        const char *type, *value;
        int set;
    } rows[] = {{"C", "LA", 0},
                {"O", "Office, \xe0\xba\xa5\xe0\xba\xb2\xe0\xba\xa7 #1", 0},
                {"OU", "A+B", 0},
                {"L", "Vientiane", -1},
                {"emailAddress", "desk@example.la", 0},
                {"CN", " node 7 ", 0}};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        assert_int_equal(X509_NAME_add_entry_by_txt(name, rows[i].type, MBSTRING_UTF8,
                                                    (const unsigned char *)rows[i].value, -1, -1,
                                                    rows[i].set),
                         1);
    assert_int_equal(X509_set_issuer_name(x509, name), 1);
    assert_int_equal(X509_set_version(x509, X509_VERSION_3), 1);
    assert_int_equal(ASN1_INTEGER_set_int64(X509_get_serialNumber(x509), 74565), 1);
    assert_non_null(X509_gmtime_adj(X509_getm_notBefore(x509), 0));
    assert_non_null(X509_gmtime_adj(X509_getm_notAfter(x509), 3600));
    assert_int_equal(X509_set_pubkey(x509, key->pkey), 1);
    assert_true(X509_sign(x509, key->pkey, EVP_sha256()) > 0);
    return x509;
}

static int setup(void **state)
{
    sph_err err = {0};
    static sph_cert *cert;
    SPH_AUTO_PTR(ossl_x509) *x509 = odd_x509();
    SPH_AUTO_PTR(ossl_memory) *der = NULL;
    const int len = i2d_X509(x509, &der);
    assert_true(len > 0);
    assert_ok(sph_cert_parse(sph_slice_of(der, (size_t)len), &cert, &err), &err);
    *state = cert;
    return 0;
}

static int teardown(void **state)
{
    sph_cert *cert = *state;
    sph_cert_free(&cert);
    return 0;
}

static void cert_name_printed_by_us_matches(void **state)
{
    const sph_cert *cert = *state;
    sph_err err = {0};
    SPH_AUTO(sph_buf) issuer = sph_buf_init(1024), serial = sph_buf_init(64);
    assert_ok(sph_cert_issuer_serial(cert, &issuer, &serial, &err), &err);
    assert_slice_is(sph_buf_peek(&serial), "74565");
    assert_true(sph_cert_matches_issuer_serial(cert, sph_buf_peek(&issuer), sph_buf_peek(&serial)));
}

#define LAO "\xe0\xba\xa5\xe0\xba\xb2\xe0\xba\xa7"
#define LAO_ESCAPED "\\E0\\BA\\A5\\e0\\ba\\b2\\E0\\BA\\A7"

static void cert_name_written_in_other_ways_matches(void **state)
{
    const sph_cert *cert = *state;
    static const char *const names[] = {
        "CN=\\ node 7\\ ,emailAddress=desk@example.la,L=Vientiane+OU=A\\+B,O=Office\\, " LAO
        " #1,C=LA",
        "CN=node 7, E=desk@example.la, OU=A\\+B + L=Vientiane, O=\"Office, " LAO " #1\", C=LA",
        "2.5.4.3=node 7;OID.1.2.840.113549.1.9.1=desk@example.la;L=Vientiane+OU=\"A+B\";"
        "O=Office\\2c " LAO_ESCAPED " \\#1;C=LA",
        "cn=NODE  7,EMAILADDRESS=Desk@Example.LA,l=vientiane+ou=a\\+b,o=office\\, " LAO " #1,c=la",
        "CN=node 7,1.2.840.113549.1.9.1=#160f6465736b406578616d706c652e6c61,L=Vientiane+OU=A\\+B,"
        "O=Office\\, " LAO " #1,C=LA",
        "CN = node 7 , E = desk@example.la , OU = A\\+B + L = Vientiane , O = \"Office, " LAO
        " #1\" , C = LA ",
    };
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        assert_true(
            sph_cert_matches_issuer_serial(cert, sph_slice_str(names[i]), SPH_LIT("74565")));
}

static void cert_name_of_another_issuer_does_not_match(void **state)
{
    const sph_cert *cert = *state;
    static const char *const names[] = {
        "",
        "CN=node 7",
        "C=LA,O=Office\\, " LAO " #1,L=Vientiane+OU=A\\+B,E=desk@example.la,CN=node 7",
        "CN=node 8,E=desk@example.la,L=Vientiane+OU=A\\+B,O=Office\\, " LAO " #1,C=LA",
        "CN=node 7,E=desk@example.la,L=Vientiane,OU=A\\+B,O=Office\\, " LAO " #1,C=LA",
        "CN=node 7,E=desk@example.la,L=Vientiane+OU=A\\+B,O=Office\\, " LAO " #1,C=TH",
        "CN=node 7,E=desk@example.la,L=Vientiane+OU=A\\+B,O=Office\\, " LAO " #1,C=LA,C=LA",
    };
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        assert_false(
            sph_cert_matches_issuer_serial(cert, sph_slice_str(names[i]), SPH_LIT("74565")));
}

static void cert_serial_of_other_value_or_form_does_not_match(void **state)
{
    const sph_cert *cert = *state;
    sph_err err = {0};
    static const char *const serials[] = {"",       "74566",  "-74565", "0x12345",
                                          "74565 ", " 74565", "74565a", "+74565",
                                          "7456",   "745650", "12345"};
    static const uint8_t long_serial[200] = {'7'};
    SPH_AUTO(sph_buf) issuer = sph_buf_init(1024), serial = sph_buf_init(64);
    assert_ok(sph_cert_issuer_serial(cert, &issuer, &serial, &err), &err);
    for (size_t i = 0; i < sizeof(serials) / sizeof(serials[0]); i++)
        assert_false(
            sph_cert_matches_issuer_serial(cert, sph_buf_peek(&issuer), sph_slice_str(serials[i])));
    assert_false(sph_cert_matches_issuer_serial(cert, sph_buf_peek(&issuer),
                                                sph_slice_of(long_serial, sizeof(long_serial))));
    assert_true(sph_cert_matches_issuer_serial(cert, sph_buf_peek(&issuer), SPH_LIT("074565")));
}

static void cert_name_of_broken_form_is_refused(void **state)
{
    (void)state;
    static const char *const names[] = {
        "CN",     "=x",          "CN=x,",        "CN=x,,C=LA", "CN=x\\", "CN=x\\q",
        "CN=\"x", "CN=\"x\"y",   "CN=x\"y",      "NOPE=x",     "CN=#",   "CN=#zz",
        "CN=#0c", "CN=#0c0178x", "CN=#30020500", "1.=x",       "CN=x+",  "OID.=x",
    };
    static uint8_t many[64 * 5];
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        X509_NAME *out = NULL;
        assert_int_not_equal(sph_name_parse(sph_slice_str(names[i]), &out, NULL).code, SPH_OK);
        assert_null(out);
    }
    for (size_t i = 0; i < sizeof(many); i++)
        many[i] = (uint8_t) "CN=x,"[i % 5];
    sph_err err = {0};
    X509_NAME *out = NULL;
    assert_code(sph_name_parse(sph_slice_of(many, sizeof(many) - 1), &out, &err), SPH_ELIMIT, &err);
    static const uint8_t huge[4096] = {'C'};
    assert_code(sph_name_parse(sph_slice_of(huge, sizeof(huge)), &out, &err), SPH_ELIMIT, &err);
}

int test_cert_name(void);
int test_cert_name(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cert_name_printed_by_us_matches),
        cmocka_unit_test(cert_name_written_in_other_ways_matches),
        cmocka_unit_test(cert_name_of_another_issuer_does_not_match),
        cmocka_unit_test(cert_serial_of_other_value_or_form_does_not_match),
        cmocka_unit_test(cert_name_of_broken_form_is_refused),
    };
    return cmocka_run_group_tests_name("cert_name", tests, setup, teardown);
}
