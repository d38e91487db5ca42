/* Which certificates a node believes (security.md 2.1, T-02 to T-06): the control first, then each
 * single deviation from it, made by code. */
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

static void check_our_leaves_hold_for_their_use_alone(void **state)
{
    const struct kit_ca *ca = *state;
    const struct {
        const sph_cert *cert;
        enum sph_cert_use use;
    } rows[] = {{ca->tls, SPH_USE_TLS},
                {ca->sign_ed, SPH_USE_SIGN},
                {ca->sign_rsa, SPH_USE_SIGN},
                {ca->enc_x, SPH_USE_ENCRYPT},
                {ca->enc_rsa, SPH_USE_ENCRYPT}};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        for (unsigned use = SPH_USE_ROOT; use <= SPH_USE_ENCRYPT; use++) {
            sph_err err = {0};
            assert_code(sph_cert_check(rows[i].cert, ca->root, KIT_PARTY, (enum sph_cert_use)use,
                                       KIT_NOW, kit_empty(), &err),
                        use == rows[i].use ? SPH_OK : SPH_EPROOF, &err);
        }
    }
}

static void expect(const struct kit_ca *ca, const sph_cert *leaf, enum sph_code code,
                   const char *what)
{
    sph_err err = {0};
    const sph_rc rc =
        sph_cert_check(leaf, ca->root, KIT_PARTY, SPH_USE_TLS, KIT_NOW, kit_empty(), &err);
    if (rc.code != code)
        print_message("case '%s': %s\n", what, err.depth ? err.frame[0].what : "accepted");
    assert_int_equal(rc.code, code);
}

static void refuse_form(const struct kit_ca *ca, const char *what, struct bad_cert form)
{
    SPH_AUTO_PTR(sph_cert) *leaf = bad_cert_new(ca, form);
    expect(ca, leaf, SPH_EPROOF, what);
}

static void check_control_made_by_the_same_code_holds(void **state)
{
    const struct kit_ca *ca = *state;
    SPH_AUTO_PTR(sph_cert) *leaf = bad_cert_new(ca, (struct bad_cert){BAD_CERT_TLS});
    expect(ca, leaf, SPH_OK, "control");
}

/* T-04. */
static void check_wrong_usages_are_refused(void **state)
{
    const struct kit_ca *ca = *state;
    static const struct {
        const char *what, *usage, *extended, *basic;
    } rows[] = {
        {"server only", "digitalSignature", "serverAuth", "CA:FALSE"},
        {"client only", "digitalSignature", "clientAuth", "CA:FALSE"},
        {"any purpose", "digitalSignature", "anyExtendedKeyUsage", "CA:FALSE"},
        {"any beside", "digitalSignature", "clientAuth,serverAuth,anyExtendedKeyUsage", "CA:FALSE"},
        {"third purpose", "digitalSignature", "clientAuth,serverAuth,emailProtection", "CA:FALSE"},
        {"unknown third", "digitalSignature", "clientAuth,serverAuth,1.2.3.4", "CA:FALSE"},
        {"client twice", "digitalSignature", "clientAuth,clientAuth", "CA:FALSE"},
        {"no purpose", "digitalSignature", NULL, "CA:FALSE"},
        {"no key usage", NULL, "clientAuth,serverAuth", "CA:FALSE"},
        {"other usage", "keyAgreement", "clientAuth,serverAuth", "CA:FALSE"},
        {"more usage", "digitalSignature,keyAgreement", "clientAuth,serverAuth", "CA:FALSE"},
        {"signs certs", "digitalSignature,keyCertSign", "clientAuth,serverAuth", "CA:FALSE"},
        {"authority", "digitalSignature", "clientAuth,serverAuth", "critical,CA:TRUE"},
        {"CA with usage", "critical,keyCertSign,cRLSign,digitalSignature", "clientAuth,serverAuth",
         "critical,CA:TRUE,pathlen:0"},
        {"path length", "digitalSignature", "clientAuth,serverAuth", "CA:FALSE,pathlen:1"},
        {"no constraints", "digitalSignature", "clientAuth,serverAuth", NULL},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        refuse_form(ca, rows[i].what,
                    (struct bad_cert){.usage = rows[i].usage,
                                      .extended = rows[i].extended,
                                      .basic = rows[i].basic,
                                      .uri = {SPH_LIT("urn:saphan:party:" KIT_PARTY)}});
}

/* T-02: a leaf for messages has no extended key usage at all, so none of them opens a connection.
 */
static void check_message_leaf_with_extended_usage_is_refused(void **state)
{
    const struct kit_ca *ca = *state;
    static const char *const extended[] = {NULL, "clientAuth,serverAuth", "emailProtection"};
    for (size_t i = 0; i < 3; i++) {
        sph_err err = {0};
        struct bad_cert form = {BAD_CERT_TLS};
        form.key = sph_key_peek_public(ca->ed_key);
        form.extended = extended[i];
        SPH_AUTO_PTR(sph_cert) *leaf = bad_cert_new(ca, form);
        assert_code(
            sph_cert_check(leaf, ca->root, KIT_PARTY, SPH_USE_SIGN, KIT_NOW, kit_empty(), &err),
            extended[i] ? SPH_EPROOF : SPH_OK, &err);
    }
}

/* T-06: the host is for the clients of others; it neither helps nor names anybody. */
static void check_host_beside_the_party_is_for_tls_alone(void **state)
{
    const struct kit_ca *ca = *state;
    sph_err err = {0};
    struct bad_cert tls = {BAD_CERT_TLS}, message = {BAD_CERT_TLS};
    tls.dns = message.dns = "th.other.example";
    SPH_AUTO_PTR(sph_cert) *leaf = bad_cert_new(ca, tls);
    assert_ok(sph_cert_check(leaf, ca->root, KIT_PARTY, SPH_USE_TLS, KIT_NOW, kit_empty(), &err),
              &err);
    assert_code(
        sph_cert_check(leaf, ca->root, "th.other.example", SPH_USE_TLS, KIT_NOW, kit_empty(), &err),
        SPH_EPROOF, &err);
    message.key = sph_key_peek_public(ca->ed_key);
    message.extended = NULL;
    SPH_AUTO_PTR(sph_cert) *signer = bad_cert_new(ca, message);
    assert_code(
        sph_cert_check(signer, ca->root, KIT_PARTY, SPH_USE_SIGN, KIT_NOW, kit_empty(), &err),
        SPH_EPROOF, &err);
}

/* T-06. */
static void check_other_alternative_names_are_refused(void **state)
{
    const struct kit_ca *ca = *state;
    const sph_slice good = SPH_LIT("urn:saphan:party:" KIT_PARTY);
    const sph_slice names[] = {
        SPH_LIT("urn:saphan:party:th.other.example"),
        SPH_LIT("urn:saphan:party:th.ngo.exampl"),
        SPH_LIT("urn:saphan:party:th.ngo.example."),
        SPH_LIT("urn:saphan:party:th.ngo.example\0"),
        SPH_LIT("urn:saphan:party:th.ngo.example\0.evil.example"),
        SPH_LIT("urn:saphan:party:*.example"),
        SPH_LIT("urn:saphan:party:*"),
        SPH_LIT("urn:saphan:party:TH.NGO.EXAMPLE"),
        SPH_LIT("URN:saphan:party:th.ngo.example"),
        SPH_LIT("urn:saphan:party:th.ngo.example "),
        SPH_LIT(" urn:saphan:party:th.ngo.example"),
        SPH_LIT("urn:saphan:party:th%2engo.example"),
        SPH_LIT("urn:saphan:party:th.ng\xd0\xbe.example"), /* a Cyrillic look-alike */
        SPH_LIT("urn:saphan:party:"),
        SPH_LIT("th.ngo.example"),
        SPH_LIT("https://th.ngo.example/"),
    };
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        struct bad_cert form = {BAD_CERT_TLS};
        form.uri[0] = names[i];
        refuse_form(ca, (const char *)names[i].at, form);
    }
    struct bad_cert two = {BAD_CERT_TLS}, dns = {BAD_CERT_TLS}, only_dns = {BAD_CERT_TLS},
                    none = {BAD_CERT_TLS}, twice = {BAD_CERT_TLS};
    two.uri[1] = SPH_LIT("urn:saphan:party:th.other.example");
    dns.dns = "th.ngo.example";
    only_dns.uri[0] = none.uri[0] = kit_empty();
    only_dns.dns = KIT_PARTY;
    twice.second_san = true;
    refuse_form(ca, "two parties", two);
    two.uri[1] = good;
    refuse_form(ca, "the same party twice", two);
    static const char *const odd[] = {"*.example", "th.ngo.example\n", "TH.NGO.EXAMPLE", "",
                                      "th_ngo.example"};
    for (size_t i = 0; i < sizeof(odd) / sizeof(odd[0]); i++) {
        dns.dns = odd[i];
        refuse_form(ca, "a DNS name that is no plain host", dns);
    }
    refuse_form(ca, "a DNS name only", only_dns);
    refuse_form(ca, "no name, the party as CN", none);
    refuse_form(ca, "two extensions", twice);
}

static void check_other_party_than_asked_for_is_refused(void **state)
{
    const struct kit_ca *ca = *state;
    static const char *const parties[] = {"th.ngo.example2", "th.ngo", "", "*"};
    for (size_t i = 0; i < sizeof(parties) / sizeof(parties[0]); i++) {
        sph_err err = {0};
        assert_code(
            sph_cert_check(ca->tls, ca->root, parties[i], SPH_USE_TLS, KIT_NOW, kit_empty(), &err),
            SPH_EPROOF, &err);
    }
}

/* T-03: notBefore is inside, notAfter is not. */
static void check_times_outside_the_validity_are_refused(void **state)
{
    const struct kit_ca *ca = *state;
    const int64_t from = sph_cert_not_before_ms(ca->tls), until = sph_cert_not_after_ms(ca->tls);
    const struct {
        int64_t at;
        enum sph_code code;
    } rows[] = {{from - 1, SPH_EPROOF},   {from, SPH_OK},
                {until - 1, SPH_OK},      {until, SPH_EPROOF},
                {until + 1, SPH_EPROOF},  {from - 365 * SPH_DAY_MS, SPH_EPROOF},
                {INT64_C(0), SPH_EPROOF}, {until + 3650 * SPH_DAY_MS, SPH_EPROOF}};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        sph_err err = {0};
        assert_code(sph_cert_check(ca->tls, ca->root, KIT_PARTY, SPH_USE_TLS, rows[i].at,
                                   kit_empty(), &err),
                    rows[i].code, &err);
    }
}

static void check_leaf_outliving_its_root_ends_with_it(void **state)
{
    const struct kit_ca *ca = *state;
    sph_err err = {0};
    const int64_t end = sph_cert_not_after_ms(ca->root);
    struct bad_cert form = {BAD_CERT_TLS};
    form.until_ms = end + 90 * SPH_DAY_MS;
    SPH_AUTO_PTR(sph_cert) *leaf = bad_cert_new(ca, form);
    expect(ca, leaf, SPH_OK, "while the root lasts");
    assert_code(
        sph_cert_check(leaf, ca->root, KIT_PARTY, SPH_USE_TLS, end + SPH_DAY_MS, kit_empty(), &err),
        SPH_EPROOF, &err);
}

/* T-02: another root, also one with the same name or the same key identifier. */
static void check_leaf_of_a_foreign_root_is_refused(void **state)
{
    const struct kit_ca *ca = *state;
    struct kit_ca other = kit_root_new();
    expect(ca, other.tls, SPH_EPROOF, "foreign root");
    refuse_form(ca, "signed by another key under our name",
                (struct bad_cert){BAD_CERT_TLS, .signer = other.root_key});
    kit_ca_clear(&other);
}

static void check_chain_over_a_leaf_is_refused(void **state)
{
    const struct kit_ca *ca = *state;
    refuse_form(ca, "issued by a leaf",
                (struct bad_cert){BAD_CERT_TLS, .signer = ca->tls_key, .issuer = ca->tls});
    sph_err err = {0};
    SPH_AUTO_PTR(sph_cert) *leaf =
        bad_cert_new(ca, (struct bad_cert){BAD_CERT_TLS, .signer = ca->tls_key, .issuer = ca->tls});
    /* A leaf is no anchor, even when it is the one that was pinned. */
    assert_code(sph_cert_check(leaf, ca->tls, KIT_PARTY, SPH_USE_TLS, KIT_NOW, kit_empty(), &err),
                SPH_EPROOF, &err);
}

static void check_root_as_leaf_and_leaf_as_root_are_refused(void **state)
{
    const struct kit_ca *ca = *state;
    sph_err err = {0};
    expect(ca, ca->root, SPH_EPROOF, "root as leaf");
    for (unsigned use = SPH_USE_ROOT; use <= SPH_USE_ENCRYPT; use++)
        assert_code(sph_cert_check(ca->root, ca->root, KIT_PARTY, (enum sph_cert_use)use, KIT_NOW,
                                   kit_empty(), &err),
                    SPH_EPROOF, &err);
    assert_code(
        sph_cert_check(ca->tls, ca->tls, KIT_PARTY, SPH_USE_TLS, KIT_NOW, kit_empty(), &err),
        SPH_EPROOF, &err);
    assert_code(sph_cert_check_root(ca->tls, KIT_PARTY, KIT_NOW, &err), SPH_EPROOF, &err);
}

static void check_self_signed_leaf_is_refused(void **state)
{
    const struct kit_ca *ca = *state;
    refuse_form(ca, "self-signed",
                (struct bad_cert){BAD_CERT_TLS, .signer = ca->tls_key, .issuer = ca->tls,
                                  .name = KIT_PARTY});
}

static void check_other_digest_extension_or_identifier_is_refused(void **state)
{
    const struct kit_ca *ca = *state;
    refuse_form(ca, "SHA-1", (struct bad_cert){BAD_CERT_TLS, .digest = EVP_sha1()});
    refuse_form(ca, "SHA-384", (struct bad_cert){BAD_CERT_TLS, .digest = EVP_sha384()});
    refuse_form(ca, "unknown critical extension",
                (struct bad_cert){BAD_CERT_TLS, .extra_oid = "1.3.6.1.4.1.99999.1"});
    refuse_form(ca, "no authority key identifier",
                (struct bad_cert){BAD_CERT_TLS, .no_authority = true});
}

/* T-05: keys the profile does not know are not computed with. */
static void check_key_of_another_kind_is_refused(void **state)
{
    const struct kit_ca *ca = *state;
    refuse_form(ca, "RSA for TLS",
                (struct bad_cert){BAD_CERT_TLS, .key = sph_key_peek_public(ca->rsa_key)});
    refuse_form(ca, "Ed25519 for TLS",
                (struct bad_cert){BAD_CERT_TLS, .key = sph_key_peek_public(ca->ed_key)});
    SPH_AUTO_PTR(ossl_pkey) *p384 = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-384");
    SPH_AUTO_PTR(ossl_pkey) *weak = EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)2048);
    const sph_pubkey foreign[] = {{SPH_KEY_P256, p384}, {SPH_KEY_RSA3072, weak}};
    for (size_t i = 0; i < 2; i++) {
        SPH_AUTO_PTR(sph_cert) *leaf =
            bad_cert_new(ca, (struct bad_cert){BAD_CERT_TLS, .key = &foreign[i]});
        assert_null(sph_cert_peek_key(leaf));
        expect(ca, leaf, SPH_EPROOF, "unknown key");
    }
}

static void check_flipped_bits_of_a_leaf_are_refused(void **state)
{
    const struct kit_ca *ca = *state;
    SPH_AUTO(sph_buf) der = sph_buf_init(SPH_CERT_MAX);
    sph_err err = {0};
    assert_ok(sph_buf_add(&der, sph_cert_peek_der(ca->tls), &err), &err);
    size_t parsed = 0;
    for (size_t bit = 0; bit < der.len * 8; bit += 3) {
        SPH_AUTO_PTR(sph_cert) *leaf = NULL;
        der.at[bit / 8] ^= (uint8_t)(1U << bit % 8);
        if (sph_cert_parse(sph_buf_peek(&der), &leaf, NULL).code == SPH_OK) {
            parsed++;
            assert_int_equal(
                sph_cert_check(leaf, ca->root, KIT_PARTY, SPH_USE_TLS, KIT_NOW, kit_empty(), NULL)
                    .code,
                SPH_EPROOF);
        }
        der.at[bit / 8] ^= (uint8_t)(1U << bit % 8);
    }
    assert_true(parsed > 100);
}

static void check_root_of_the_profile_holds_for_its_party_and_time(void **state)
{
    const struct kit_ca *ca = *state;
    sph_err err = {0};
    const int64_t from = sph_cert_not_before_ms(ca->root), until = sph_cert_not_after_ms(ca->root);
    assert_ok(sph_cert_check_root(ca->root, KIT_PARTY, KIT_NOW, &err), &err);
    assert_ok(sph_cert_check_root(ca->root, KIT_PARTY, from, &err), &err);
    assert_code(sph_cert_check_root(ca->root, KIT_PARTY, from - 1, &err), SPH_EPROOF, &err);
    assert_code(sph_cert_check_root(ca->root, KIT_PARTY, until, &err), SPH_EPROOF, &err);
    assert_code(sph_cert_check_root(ca->root, "th.ngo", KIT_NOW, &err), SPH_EPROOF, &err);
    assert_code(sph_cert_check_root(ca->root, "th.other.example", KIT_NOW, &err), SPH_EPROOF, &err);
    assert_code(sph_cert_check_root(ca->root, "", KIT_NOW, &err), SPH_EPROOF, &err);
}

/* Signed by its own key or by another, under its own name: only the issuer's name is made by hand.
 */
static sph_cert *root_form(const struct kit_ca *ca, const char *usage, const char *basic,
                           const char *name, const sph_key *signer)
{
    sph_err err = {0};
    SPH_AUTO(sph_buf) spki = sph_buf_init(256);
    char right[SPH_ROOT_NAME_ROOM];
    assert_ok(sph_pubkey_spki(sph_key_peek_public(ca->root_key), &spki, &err), &err);
    const sph_hash hash = sph_sha256_of(sph_buf_peek(&spki));
    assert_ok(sph_root_name(KIT_PARTY, &hash, right, &err), &err);
    return bad_cert_new(ca, (struct bad_cert){.usage = usage,
                                              .basic = basic,
                                              .name = name ? name : right,
                                              .key = sph_key_peek_public(ca->root_key),
                                              .signer = signer});
}

static void check_root_off_the_profile_is_refused(void **state)
{
    const struct kit_ca *ca = *state;
    const char *const usage = "critical,keyCertSign,cRLSign", *const basic =
                                                                  "critical,CA:TRUE,pathlen:0";
    const struct {
        const char *usage, *basic, *name;
        const sph_key *signer;
        enum sph_code code;
    } rows[] = {
        {usage, basic, NULL, NULL, SPH_OK},
        {usage, "critical,CA:FALSE", NULL, NULL, SPH_EPROOF},
        {usage, "critical,CA:TRUE", NULL, NULL, SPH_EPROOF},
        {usage, "critical,CA:TRUE,pathlen:1", NULL, NULL, SPH_EPROOF},
        {usage, NULL, NULL, NULL, SPH_EPROOF},
        {"critical,keyCertSign", basic, NULL, NULL, SPH_EPROOF},
        {"critical,keyCertSign,cRLSign,digitalSignature", basic, NULL, NULL, SPH_EPROOF},
        {NULL, basic, NULL, NULL, SPH_EPROOF},
        {usage, basic, KIT_PARTY "-00000000", NULL, SPH_EPROOF},
        {usage, basic, KIT_PARTY, NULL, SPH_EPROOF},
        {usage, basic, NULL, ca->tls_key, SPH_EPROOF},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        sph_err err = {0};
        SPH_AUTO_PTR(sph_cert) *root =
            root_form(ca, rows[i].usage, rows[i].basic, rows[i].name, rows[i].signer);
        assert_code(sph_cert_check_root(root, KIT_PARTY, KIT_NOW, &err), rows[i].code, &err);
    }
}

int test_cert_check(void);
int test_cert_check(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(check_our_leaves_hold_for_their_use_alone),
        cmocka_unit_test(check_control_made_by_the_same_code_holds),
        cmocka_unit_test(check_wrong_usages_are_refused),
        cmocka_unit_test(check_message_leaf_with_extended_usage_is_refused),
        cmocka_unit_test(check_other_alternative_names_are_refused),
        cmocka_unit_test(check_host_beside_the_party_is_for_tls_alone),
        cmocka_unit_test(check_other_party_than_asked_for_is_refused),
        cmocka_unit_test(check_times_outside_the_validity_are_refused),
        cmocka_unit_test(check_leaf_outliving_its_root_ends_with_it),
        cmocka_unit_test(check_leaf_of_a_foreign_root_is_refused),
        cmocka_unit_test(check_chain_over_a_leaf_is_refused),
        cmocka_unit_test(check_root_as_leaf_and_leaf_as_root_are_refused),
        cmocka_unit_test(check_self_signed_leaf_is_refused),
        cmocka_unit_test(check_other_digest_extension_or_identifier_is_refused),
        cmocka_unit_test(check_key_of_another_kind_is_refused),
        cmocka_unit_test(check_flipped_bits_of_a_leaf_are_refused),
        cmocka_unit_test(check_root_of_the_profile_holds_for_its_party_and_time),
        cmocka_unit_test(check_root_off_the_profile_is_refused),
    };
    return cmocka_run_group_tests_name("cert_check", tests, setup, teardown);
}
