#include "crypto/cert_impl.h"
#include "kit.h"

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

static void cert_party_names_are_judged_by_the_rule(void **state)
{
    (void)state;
    static const char sixty_four[] =
        "a23456789.123456789.123456789.123456789.123456789.123456789.1234";
    static const char *const good[] = {"a",          "0",    "th.ngo.example",
                                       "la.mps-atd", "a--b", sixty_four};
    static const char *const bad[] = {"",     ".a",  "a.",  "-a",   "a-",           "a..b",
                                      "A.b",  "a b", "a_b", "*.ab", "ngo.example.", "caf\xc3\xa9",
                                      "a\nb", "a/b", "a:b", "a.-."};
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
        assert_true(sph_party_valid(sph_slice_str(good[i])));
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_false(sph_party_valid(sph_slice_str(bad[i])));
    assert_int_equal(strlen(sixty_four), 64);
    assert_false(sph_party_valid(
        SPH_LIT("a23456789.123456789.123456789.123456789.123456789.123456789.12345")));
    assert_false(sph_party_valid(SPH_LIT("a\0b")));
}

/* ledger.md section 5: two known answers with stand-ins of 32 octets for the DER. */
static void cert_safety_number_matches_the_known_answers(void **state)
{
    (void)state;
    static const char *const rows[][2] = {
        {"000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f",
         "48094 53489 78980 69349 09118 25791"},
        {"000000000000000000000000000000000000000000000000000000000000030d",
         "00054 77552 68498 13194 22059 18307"}};
    for (size_t i = 0; i < 2; i++) {
        char text[SPH_SAFETY_TEXT];
        SPH_AUTO(sph_buf) der = kit_hex(rows[i][0]);
        sph_safety_number(sph_buf_peek(&der), text);
        assert_string_equal(text, rows[i][1]);
    }
}

static void cert_parsed_again_from_der_and_pem_is_the_same(void **state)
{
    const struct kit_ca *ca = *state;
    const sph_cert *certs[] = {ca->root,     ca->tls,   ca->sign_ed,
                               ca->sign_rsa, ca->enc_x, ca->enc_rsa};
    for (size_t i = 0; i < 6; i++) {
        sph_err err = {0};
        SPH_AUTO(sph_buf) pem = sph_buf_init(1 << 15);
        SPH_AUTO_PTR(sph_cert) *from_der = NULL;
        SPH_AUTO_PTR(sph_cert) *from_pem = NULL;
        assert_ok(sph_cert_parse(sph_cert_peek_der(certs[i]), &from_der, &err), &err);
        assert_ok(sph_cert_pem(certs[i], &pem, &err), &err);
        assert_ok(sph_cert_parse_pem(sph_buf_peek(&pem), &from_pem, &err), &err);
        const sph_hash expected = sph_sha256_of(sph_cert_peek_der(certs[i]));
        const sph_hash a = sph_cert_sha256(from_der), b = sph_cert_sha256(from_pem);
        assert_memory_equal(a.at, expected.at, 32);
        assert_memory_equal(b.at, expected.at, 32);
    }
}

static void cert_key_is_the_one_it_was_issued_for(void **state)
{
    const struct kit_ca *ca = *state;
    const struct {
        const sph_cert *cert;
        const sph_key *key;
    } rows[] = {{ca->root, ca->root_key},    {ca->tls, ca->tls_key}, {ca->sign_ed, ca->ed_key},
                {ca->sign_rsa, ca->rsa_key}, {ca->enc_x, ca->x_key}, {ca->enc_rsa, ca->rsa_key}};
    for (size_t i = 0; i < 6; i++) {
        sph_err err = {0};
        SPH_AUTO(sph_buf) a = sph_buf_init(1024), b = sph_buf_init(1024);
        assert_non_null(sph_cert_peek_key(rows[i].cert));
        assert_ok(sph_pubkey_spki(sph_cert_peek_key(rows[i].cert), &a, &err), &err);
        assert_ok(sph_pubkey_spki(sph_key_peek_public(rows[i].key), &b, &err), &err);
        assert_true(sph_slice_equal(sph_buf_peek(&a), sph_buf_peek(&b)));
        const sph_hash spki = sph_sha256_of(sph_buf_peek(&b));
        const sph_hash held = sph_cert_spki_sha256(rows[i].cert);
        assert_memory_equal(held.at, spki.at, 32);
    }
}

static void cert_issued_times_begin_early_and_end_with_the_root(void **state)
{
    const struct kit_ca *ca = *state;
    sph_err err = {0};
    SPH_AUTO_PTR(sph_cert) *late = NULL;
    const int64_t end = sph_cert_not_after_ms(ca->root);
    assert_int_equal(sph_cert_not_before_ms(ca->tls), KIT_NOW - SPH_CLOCK_SLACK_MS);
    assert_int_equal(sph_cert_not_after_ms(ca->tls),
                     KIT_NOW - SPH_CLOCK_SLACK_MS + 90 * SPH_DAY_MS);
    assert_ok(sph_cert_issue_leaf(ca->root_key, ca->root, KIT_PARTY,
                                  sph_key_peek_public(ca->tls_key), SPH_USE_TLS, sph_random_real(),
                                  end - SPH_DAY_MS, 90, &late, &err),
              &err);
    assert_int_equal(sph_cert_not_after_ms(late), end);
    sph_cert *never = NULL;
    assert_code(sph_cert_issue_leaf(ca->root_key, ca->root, KIT_PARTY,
                                    sph_key_peek_public(ca->tls_key), SPH_USE_TLS,
                                    sph_random_real(), end, 90, &never, &err),
                SPH_EREFUSED, &err);
    assert_null(never);
}

static void cert_tls_leaf_names_its_host(void **state)
{
    const struct kit_ca *ca = *state;
    static const struct {
        const char *host, *other;
        enum sph_code code;
    } rows[] = {
        {"node.example", "other.example", SPH_OK},
        {"127.0.0.1", "127.0.0.2", SPH_OK},
        {"2001:db8::1", "2001:db8::2", SPH_OK},
        {"", KIT_PARTY, SPH_OK}, /* the common name is no host */
        {"*.example", "node.example", SPH_EARG},
        {"node.example\n", "node.example", SPH_EARG},
        {"Node.example", "node.example", SPH_EARG},
        {"[::1]", "::1", SPH_EARG},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        sph_err err = {0};
        char party[SPH_PARTY_ROOM] = "";
        SPH_AUTO_PTR(sph_cert) *leaf = NULL;
        assert_code(sph_cert_issue_tls(ca->root_key, ca->root, KIT_PARTY, rows[i].host,
                                       sph_key_peek_public(ca->tls_key), sph_random_real(), KIT_NOW,
                                       90, &leaf, &err),
                    rows[i].code, &err);
        if (!leaf)
            continue;
        assert_true(!rows[i].host[0] || sph_cert_names_host(leaf, rows[i].host));
        assert_false(sph_cert_names_host(leaf, rows[i].other));
        assert_ok(sph_cert_party(leaf, party, &err), &err);
        assert_string_equal(party, KIT_PARTY);
        assert_ok(
            sph_cert_check(leaf, ca->root, KIT_PARTY, SPH_USE_TLS, KIT_NOW, kit_empty(), &err),
            &err);
    }
}

static void cert_serials_are_positive_16_octets_and_differ(void **state)
{
    const struct kit_ca *ca = *state;
    sph_err err = {0};
    const ASN1_INTEGER *a = X509_get0_serialNumber(ca->tls->x509);
    const ASN1_INTEGER *b = X509_get0_serialNumber(ca->sign_ed->x509);
    assert_int_equal(ASN1_STRING_length(a), 16);
    assert_int_equal(ASN1_STRING_type(a), V_ASN1_INTEGER);
    assert_int_not_equal(ASN1_INTEGER_cmp(a, b), 0);
    SPH_AUTO(sph_buf) issuer = sph_buf_init(512), serial = sph_buf_init(64);
    assert_ok(sph_cert_issuer_serial(ca->tls, &issuer, &serial, &err), &err);
    assert_true(serial.len > 30 && serial.at[0] != '-');
}

static void cert_issue_with_unfit_arguments_is_refused(void **state)
{
    const struct kit_ca *ca = *state;
    const sph_pubkey *p256 = sph_key_peek_public(ca->tls_key);
    const struct {
        const sph_key *root_key;
        const char *party;
        const sph_pubkey *key;
        enum sph_cert_use use;
        unsigned days;
    } rows[] = {
        {ca->tls_key, KIT_PARTY, p256, SPH_USE_TLS, 90}, /* not the root's key */
        {ca->ed_key, KIT_PARTY, p256, SPH_USE_TLS, 90},
        {ca->root_key, "TH.ngo", p256, SPH_USE_TLS, 90},
        {ca->root_key, "", p256, SPH_USE_TLS, 90},
        {ca->root_key, KIT_PARTY, p256, SPH_USE_ROOT, 90},
        {ca->root_key, KIT_PARTY, sph_key_peek_public(ca->x_key), SPH_USE_SIGN, 90},
        {ca->root_key, KIT_PARTY, sph_key_peek_public(ca->ed_key), SPH_USE_TLS, 90},
        {ca->root_key, KIT_PARTY, sph_key_peek_public(ca->ed_key), SPH_USE_ENCRYPT, 90},
        {ca->root_key, KIT_PARTY, p256, SPH_USE_TLS, 0},
        {ca->root_key, KIT_PARTY, p256, SPH_USE_TLS, 40000},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        sph_err err = {0};
        sph_cert *out = NULL;
        assert_code(sph_cert_issue_leaf(rows[i].root_key, ca->root, rows[i].party, rows[i].key,
                                        rows[i].use, sph_random_real(), KIT_NOW, rows[i].days, &out,
                                        &err),
                    SPH_EARG, &err);
        assert_null(out);
    }
}

static void cert_bytes_that_are_not_one_canonical_certificate_are_refused(void **state)
{
    const struct kit_ca *ca = *state;
    sph_err err = {0};
    sph_cert *out = NULL;
    const sph_slice der = sph_cert_peek_der(ca->tls);
    for (size_t len = 0; len < der.len; len += 13)
        assert_code(sph_cert_parse(sph_slice_sub(der, 0, len), &out, &err), SPH_EPARSE, &err);
    SPH_AUTO(sph_buf) longer = sph_buf_init(2 * SPH_CERT_MAX);
    assert_ok(sph_buf_add(&longer, der, &err), &err);
    assert_ok(sph_buf_add_byte(&longer, 0, &err), &err);
    assert_code(sph_cert_parse(sph_buf_peek(&longer), &out, &err), SPH_EPARSE, &err);
    /* BER: the same certificate in a SEQUENCE of indefinite length. */
    SPH_AUTO(sph_buf) ber = sph_buf_init(2 * SPH_CERT_MAX);
    assert_ok(sph_buf_add(&ber, sph_slice_of("\x30\x80", 2), &err), &err);
    assert_ok(sph_buf_add(&ber, sph_slice_sub(der, 4, der.len), &err), &err);
    assert_ok(sph_buf_add(&ber, sph_slice_of("\0\0", 2), &err), &err);
    assert_code(sph_cert_parse(sph_buf_peek(&ber), &out, &err), SPH_EPARSE, &err);
    uint8_t *at = NULL;
    assert_ok(sph_buf_grow(&longer, SPH_CERT_MAX, &at, &err), &err);
    assert_code(sph_cert_parse(sph_buf_peek(&longer), &out, &err), SPH_EPARSE, &err);
    assert_null(out);
}

static void cert_pem_with_none_two_or_another_block_is_refused(void **state)
{
    const struct kit_ca *ca = *state;
    sph_err err = {0};
    sph_cert *out = NULL;
    SPH_AUTO(sph_buf) pem = sph_buf_init(1 << 15), key = sph_buf_init(1 << 15);
    assert_ok(sph_cert_pem(ca->tls, &pem, &err), &err);
    assert_ok(sph_cert_pem(ca->root, &pem, &err), &err);
    assert_code(sph_cert_parse_pem(sph_buf_peek(&pem), &out, &err), SPH_EPARSE, &err);
    assert_ok(sph_key_save_pem(ca->ed_key, &key, &err), &err);
    assert_code(sph_cert_parse_pem(sph_buf_peek(&key), &out, &err), SPH_EPARSE, &err);
    assert_code(sph_cert_parse_pem(SPH_LIT("no block"), &out, &err), SPH_EPARSE, &err);
    assert_code(sph_cert_parse_pem(kit_empty(), &out, &err), SPH_EPARSE, &err);
    assert_code(sph_cert_parse_pem(SPH_LIT("-----BEGIN CERTIFICATE-----\n"), &out, &err),
                SPH_EPARSE, &err);
    assert_null(out);
}

static void cert_reference_keeps_the_certificate_alive(void **state)
{
    const struct kit_ca *ca = *state;
    sph_cert *first = sph_cert_ref(ca->tls);
    SPH_AUTO_PTR(sph_cert) *second = sph_cert_ref(first);
    sph_cert_free(&first);
    assert_null(first);
    assert_true(sph_cert_peek_der(second).len > 100);
    assert_null(sph_cert_ref(NULL));
}

static void cert_ski_is_the_extension_of_twenty_octets(void **state)
{
    const struct kit_ca *ca = *state;
    sph_err err = {0};
    SPH_AUTO(sph_buf) ski = sph_buf_init(64);
    uint8_t digest[EVP_MAX_MD_SIZE];
    unsigned len = 0;
    assert_ok(sph_cert_ski(ca->enc_x, &ski, &err), &err);
    assert_int_equal(X509_pubkey_digest(ca->enc_x->x509, EVP_sha1(), digest, &len), 1);
    assert_true(sph_slice_equal(sph_buf_peek(&ski), sph_slice_of(digest, len)));
    assert_true(X509_get_ext_by_NID(ca->enc_x->x509, NID_subject_key_identifier, -1) >= 0);
}

static void cert_party_is_read_from_leaves_and_refused_for_the_root(void **state)
{
    const struct kit_ca *ca = *state;
    sph_err err = {0};
    char party[SPH_PARTY_ROOM] = "kept";
    assert_code(sph_cert_party(ca->root, party, &err), SPH_EREFUSED, &err);
    assert_string_equal(party, "kept");
    assert_ok(sph_cert_party(ca->sign_rsa, party, &err), &err);
    assert_string_equal(party, KIT_PARTY);
}

/* The longest party gives a root name longer than X.520's 64 characters. */
static void cert_longest_party_gets_root_and_leaf(void **state)
{
    const struct kit_ca *ca = *state;
    static const char party[] = "a23456789.123456789.123456789.123456789.123456789.123456789.1234";
    sph_err err = {0};
    SPH_AUTO_PTR(sph_cert) *root = NULL;
    SPH_AUTO_PTR(sph_cert) *leaf = NULL;
    assert_ok(
        sph_cert_issue_root(ca->root_key, party, sph_random_real(), KIT_NOW, 3650, &root, &err),
        &err);
    assert_ok(sph_cert_check_root(root, party, KIT_NOW, &err), &err);
    assert_ok(sph_cert_issue_leaf(ca->root_key, root, party, sph_key_peek_public(ca->ed_key),
                                  SPH_USE_SIGN, sph_random_real(), KIT_NOW, 90, &leaf, &err),
              &err);
    assert_ok(sph_cert_check(leaf, root, party, SPH_USE_SIGN, KIT_NOW, kit_empty(), &err), &err);
}

static void cert_pkipath_gives_back_the_chain(void **state)
{
    const struct kit_ca *ca = *state;
    const sph_cert *chain[] = {ca->root, ca->sign_rsa, ca->sign_ed, ca->enc_x};
    for (size_t count = 1; count <= 4; count++) {
        sph_err err = {0};
        SPH_AUTO(sph_buf) path = sph_buf_init(1 << 15);
        sph_cert *out[4] = {NULL};
        size_t got = 0;
        assert_ok(sph_pkipath_encode(chain, count, &path, &err), &err);
        assert_ok(sph_pkipath_parse(sph_buf_peek(&path), out, &got, &err), &err);
        assert_int_equal(got, count);
        for (size_t i = 0; i < count; i++) {
            assert_true(sph_slice_equal(sph_cert_peek_der(out[i]), sph_cert_peek_der(chain[i])));
            sph_cert_free(&out[i]);
        }
    }
}

static void expect_no_path(sph_slice der, enum sph_code code)
{
    sph_err err = {0};
    sph_cert *out[4] = {NULL};
    size_t got = 99;
    assert_code(sph_pkipath_parse(der, out, &got, &err), code, &err);
    assert_int_equal(got, 99);
    assert_null(out[0]);
}

static void cert_pkipath_of_wrong_form_is_refused(void **state)
{
    const struct kit_ca *ca = *state;
    sph_err err = {0};
    const sph_cert *chain[] = {ca->root, ca->tls, ca->tls, ca->tls, ca->tls};
    SPH_AUTO(sph_buf) path = sph_buf_init(1 << 15), five = sph_buf_init(1 << 15);
    assert_code(sph_pkipath_encode(chain, 0, &path, &err), SPH_EARG, &err);
    assert_code(sph_pkipath_encode(chain, 5, &path, &err), SPH_EARG, &err);
    assert_ok(sph_pkipath_encode(chain, 2, &path, &err), &err);
    for (size_t len = 0; len < path.len; len += 11)
        expect_no_path(sph_slice_of(path.at, len), SPH_EPARSE);
    assert_ok(sph_pkipath_encode(chain, 4, &five, &err), &err);
    assert_ok(sph_buf_add(&five, sph_cert_peek_der(ca->tls), &err), &err);
    expect_no_path(sph_buf_peek(&five), SPH_EPARSE); /* octets after the path */
    const size_t longer = five.len - 4;
    five.at[2] = (uint8_t)(longer >> 8);
    five.at[3] = (uint8_t)longer;
    expect_no_path(sph_buf_peek(&five), SPH_ELIMIT); /* a fifth certificate */
    expect_no_path(SPH_LIT("\x30\x00"), SPH_EPARSE);
    expect_no_path(SPH_LIT("\x30\x80\x00\x00"), SPH_EPARSE);
    expect_no_path(SPH_LIT("\x30\x81\x00"), SPH_EPARSE);
    expect_no_path(SPH_LIT("\x30\x82\x00\x00"), SPH_EPARSE);
    expect_no_path(SPH_LIT("\x30\x84\x00\x00\x00\x00"), SPH_EPARSE);
    expect_no_path(SPH_LIT("\x31\x00"), SPH_EPARSE);
    static const uint8_t huge[SPH_CERT_MAX + 5] = {0x30};
    expect_no_path(sph_slice_of(huge, sizeof(huge)), SPH_ELIMIT);
}

int test_cert(void);
int test_cert(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cert_party_names_are_judged_by_the_rule),
        cmocka_unit_test(cert_safety_number_matches_the_known_answers),
        cmocka_unit_test(cert_parsed_again_from_der_and_pem_is_the_same),
        cmocka_unit_test(cert_key_is_the_one_it_was_issued_for),
        cmocka_unit_test(cert_issued_times_begin_early_and_end_with_the_root),
        cmocka_unit_test(cert_tls_leaf_names_its_host),
        cmocka_unit_test(cert_serials_are_positive_16_octets_and_differ),
        cmocka_unit_test(cert_issue_with_unfit_arguments_is_refused),
        cmocka_unit_test(cert_bytes_that_are_not_one_canonical_certificate_are_refused),
        cmocka_unit_test(cert_pem_with_none_two_or_another_block_is_refused),
        cmocka_unit_test(cert_reference_keeps_the_certificate_alive),
        cmocka_unit_test(cert_ski_is_the_extension_of_twenty_octets),
        cmocka_unit_test(cert_party_is_read_from_leaves_and_refused_for_the_root),
        cmocka_unit_test(cert_longest_party_gets_root_and_leaf),
        cmocka_unit_test(cert_pkipath_gives_back_the_chain),
        cmocka_unit_test(cert_pkipath_of_wrong_form_is_refused),
    };
    return cmocka_run_group_tests_name("cert", tests, setup, teardown);
}
