/* A foreign product's P-Mode as hostile input: every member missing, of another type, too long,
 * with a value that is none of its own; limits at n and n + 1; the round trip. */
#include <stdlib.h>
#include <string.h>

#include "base/codec.h"
#include "crypto/digest.h"
#include "exchange/pmode.h"
#include "support/test_assert.h"

int test_pmode(void);

#define NOW_MS INT64_C(1795519800000)
#define PEER "th.peer.example" /* invented */
#define ROOM ((size_t)4 * 1024 * 1024)

/** Certificates of one invented product, as P-Modes hold them. */
struct certs {
    sph_key *root_key;
    sph_cert *root;
    char *sign, *encrypt, *tls, *ca, *rsa, *p256; /* base64 of the DER */
};

static char *base64_of(sph_slice der)
{
    SPH_AUTO(sph_buf) text = sph_buf_init(ROOM);
    assert_ok(sph_base64_encode(der, &text, NULL), NULL);
    return strdup(sph_buf_text(&text));
}

static char *issue(const struct certs *certs, enum sph_key_kind kind, enum sph_cert_use use)
{
    sph_err err = {0};
    SPH_AUTO_PTR(sph_key) *key = NULL;
    SPH_AUTO_PTR(sph_cert) *cert = NULL;
    assert_ok(sph_key_generate(kind, &key, &err), &err);
    assert_ok(sph_cert_issue_leaf(certs->root_key, certs->root, PEER, sph_key_peek_public(key), use,
                                  sph_random_real(), NOW_MS, 90, &cert, &err),
              &err);
    return base64_of(sph_cert_peek_der(cert));
}

static int certs_start(void **state)
{
    sph_err err = {0};
    struct certs *certs = sph_mem_new(1, sizeof(*certs));
    assert_non_null(certs);
    assert_ok(sph_key_generate(SPH_KEY_P256, &certs->root_key, &err), &err);
    assert_ok(sph_cert_issue_root(certs->root_key, PEER, sph_random_real(), NOW_MS, 3650,
                                  &certs->root, &err),
              &err);
    certs->ca = base64_of(sph_cert_peek_der(certs->root));
    certs->sign = issue(certs, SPH_KEY_ED25519, SPH_USE_SIGN);
    certs->encrypt = issue(certs, SPH_KEY_X25519, SPH_USE_ENCRYPT);
    certs->tls = issue(certs, SPH_KEY_P256, SPH_USE_TLS);
    certs->rsa = issue(certs, SPH_KEY_RSA3072, SPH_USE_SIGN);
    certs->p256 = issue(certs, SPH_KEY_P256, SPH_USE_SIGN);
    *state = certs;
    return 0;
}

static int certs_stop(void **state)
{
    struct certs *certs = *state;
    sph_key_free(&certs->root_key);
    sph_cert_free(&certs->root);
    char *const texts[] = {certs->sign, certs->encrypt, certs->tls,
                           certs->ca,   certs->rsa,     certs->p256};
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        free(texts[i]);
    sph_mem_free(certs);
    return 0;
}

static void add_cert(sph_json *json, const char *use, const char *der)
{
    sph_json *row = sph_json_object();
    assert_ok(sph_json_set(row, "use", sph_json_text(use), NULL), NULL);
    assert_ok(sph_json_set(row, "der", sph_json_text(der), NULL), NULL);
    sph_json *list = sph_json_dup(sph_json_get(json, "certificates"));
    assert_ok(sph_json_add(list, row, NULL), NULL);
    assert_ok(sph_json_set(json, "certificates", list, NULL), NULL);
}

/** Without certificates. */
static sph_json *bare(void)
{
    static const char text[] =
        "{\"schema\":\"saphan.pmode/1\",\"address\":\"https://as4.example/in\",\"name\":\"Peer\","
        "\"country\":\"TH\",\"suite\":\"edelivery-2.0-ed25519\",\"ownId\":\"here.example\","
        "\"ownType\":\"urn:example:t\",\"partnerId\":\"there.example\",\"partnerType\":\"\","
        "\"initiatorRole\":\"urn:example:i\",\"responderRole\":\"urn:example:r\","
        "\"service\":\"urn:example:s\",\"serviceType\":\"\",\"agreement\":\"\","
        "\"channelOut\":\"\",\"channelIn\":\"\",\"signRef\":\"ski\",\"encryptRef\":\"bst-pkipath\","
        "\"revocation\":\"hard\",\"fourCorner\":false,\"legacyRefs\":true,\"plainParts\":true,"
        "\"uncompressedXml\":false,\"largestMessage\":1048576,\"maxParts\":3,"
        "\"actions\":[\"one\",\"two\"],\"certificates\":[]}";
    sph_json *json = NULL;
    assert_ok(sph_json_parse(sph_slice_str(text), ROOM, &json, NULL), NULL);
    return json;
}

static sph_json *good(const struct certs *certs)
{
    sph_json *json = bare();
    add_cert(json, "sign", certs->sign);
    add_cert(json, "encrypt", certs->encrypt);
    add_cert(json, "tls", certs->tls);
    return json;
}

/** Parses, and gives up what came of it. A refusal leaves the output alone. */
static bool is_taken(const sph_json *json)
{
    sph_err err = {0};
    sph_pmode out = {.max_parts = 77};
    const sph_rc rc = sph_pmode_parse(json, &out, &err);
    if (rc.code == SPH_OK) {
        sph_pmode_clear(&out);
        return true;
    }
    assert_int_equal(rc.code, SPH_EPARSE);
    assert_true(err.depth > 0);
    assert_int_equal(out.max_parts, 77);
    assert_int_equal(out.cert_count, 0);
    assert_null(out.ca);
    return false;
}

static void set_text(sph_json *json, const char *key, const char *text)
{
    sph_json *value = NULL;
    assert_ok(sph_json_parse(sph_slice_str(text), ROOM, &value, NULL), NULL);
    assert_ok(sph_json_set(json, key, value, NULL), NULL);
}

/** A good P-Mode with this member in its place (JSON text). */
static bool takes(const struct certs *certs, const char *key, const char *text)
{
    SPH_AUTO_PTR(sph_json) *json = good(certs);
    set_text(json, key, text);
    return is_taken(json);
}

static const char *const texts[] = {"address",       "name",          "ownId",     "ownType",
                                    "partnerId",     "partnerType",   "service",   "serviceType",
                                    "initiatorRole", "responderRole", "agreement", "channelOut",
                                    "channelIn"};
static const char *const flags[] = {"fourCorner", "legacyRefs", "plainParts", "uncompressedXml"};
static const char *const choices[] = {"suite", "signRef", "encryptRef", "revocation"};
#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

static void good_one_is_taken_and_read(void **state)
{
    SPH_AUTO_PTR(sph_json) *json = good(*state);
    SPH_AUTO(sph_pmode) pmode = {.is_foreign = false};
    assert_ok(sph_pmode_parse(json, &pmode, NULL), NULL);
    assert_true(pmode.is_foreign && pmode.accepts_legacy_refs && pmode.accepts_plain);
    assert_false(pmode.is_four_corner || pmode.accepts_uncompressed_xml);
    assert_string_equal(pmode.address, "https://as4.example/in");
    assert_string_equal(pmode.partner_id, "there.example");
    assert_string_equal(pmode.action[1], "two");
    assert_int_equal(pmode.action_count, 2);
    assert_int_equal(pmode.sign_ref, SPH_TOKEN_SKI);
    assert_int_equal(pmode.encrypt_ref, SPH_TOKEN_BST_PKIPATH);
    assert_int_equal(pmode.revocation, SPH_REVOCATION_HARD);
    assert_int_equal(pmode.largest_message, 1048576);
    assert_int_equal(pmode.max_parts, 3);
    assert_int_equal(pmode.cert_count, 3);
}

static void members_have_one_type(void **state)
{
    static const char *const others[] = {"null", "7", "7.5", "[]", "{}", "[\"a\"]"};
    for (size_t i = 0; i < COUNT(others); i++) {
        for (size_t k = 0; k < COUNT(texts); k++)
            assert_false(takes(*state, texts[k], others[i]));
        for (size_t k = 0; k < COUNT(flags); k++)
            assert_false(takes(*state, flags[k], others[i]));
        for (size_t k = 0; k < COUNT(choices); k++)
            assert_false(takes(*state, choices[k], others[i]));
        assert_false(takes(*state, "country", others[i]));
        assert_false(takes(*state, "crl", others[i]));
        assert_false(takes(*state, "schema", others[i]));
    }
    for (size_t k = 0; k < COUNT(flags); k++)
        assert_false(takes(*state, flags[k], "\"true\""));
    for (size_t k = 0; k < COUNT(texts); k++)
        assert_false(takes(*state, texts[k], "true"));
    assert_false(takes(*state, "largestMessage", "\"1048576\""));
    assert_false(takes(*state, "maxParts", "3.0"));
    assert_false(takes(*state, "actions", "\"one\""));
    assert_false(takes(*state, "certificates", "{}"));
}

static void texts_have_255_octets_and_no_control(void **state)
{
    char text[300];
    for (size_t k = 0; k < COUNT(texts); k++) {
        const bool is_address = strcmp(texts[k], "address") == 0;
        const char *start = is_address ? "\"https://" : "\"urn:x:";
        for (size_t len = 255; len <= 256; len++) {
            const size_t head = strlen(start);
            memset(text, 'a', sizeof(text));
            memcpy(text, start, head);
            text[len + 1] = '"';
            text[len + 2] = '\0';
            assert_int_equal(takes(*state, texts[k], text), len == 255);
        }
        assert_false(takes(*state, texts[k], "\"https://a:\\u0007b\""));
        assert_false(takes(*state, texts[k], "\"https://a:b\\n\""));
        assert_false(takes(*state, texts[k], "\"https://a:b\\u007f\""));
    }
    assert_true(takes(*state, "name", "\"ສຳນັກງານ (ສົມມຸດ)\""));
}

static void members_that_must_be_there(void **state)
{
    static const char *const needed[] = {"address", "ownId",         "partnerId",
                                         "service", "initiatorRole", "responderRole",
                                         "actions", "schema",        "certificates"};
    static const char *const empty[] = {"address", "ownId",         "partnerId",
                                        "service", "initiatorRole", "responderRole"};
    for (size_t i = 0; i < COUNT(needed); i++) {
        SPH_AUTO_PTR(sph_json) *whole = good(*state);
        SPH_AUTO_PTR(sph_json) *json = sph_json_object();
        size_t left = 0;
        for (const char *key = sph_json_next_key(whole, NULL); key;
             key = sph_json_next_key(whole, key)) {
            if (strcmp(key, needed[i]) == 0)
                continue;
            assert_ok(sph_json_set(json, key, sph_json_dup(sph_json_get(whole, key)), NULL), NULL);
            left++;
        }
        assert_int_equal(left, sph_json_count(whole) - 1);
        assert_false(is_taken(json));
    }
    for (size_t i = 0; i < COUNT(empty); i++)
        assert_false(takes(*state, empty[i], "\"\""));
}

static void unknown_and_repeated_members_are_refused(void **state)
{
    static const char *const unknown[] = {"Address", "address ",    "",
                                          "pmode",   "certificate", "ocsp2"};
    sph_json *json = NULL;
    for (size_t i = 0; i < COUNT(unknown); i++)
        assert_false(takes(*state, unknown[i], "\"\""));
    assert_false(takes(*state, "schema", "\"saphan.pmode/2\""));
    assert_false(takes(*state, "schema", "\"\""));
    assert_int_not_equal(
        sph_json_parse(SPH_LIT("{\"name\":\"a\",\"name\":\"b\"}"), ROOM, &json, NULL).code, SPH_OK);
    assert_int_not_equal(
        sph_json_parse(SPH_LIT("{\"name\":\"a\",\"n\\u0061me\":\"b\"}"), ROOM, &json, NULL).code,
        SPH_OK);
    SPH_AUTO_PTR(sph_json) *list = sph_json_array();
    assert_false(is_taken(list));
    SPH_AUTO_PTR(sph_json) *text = sph_json_text("saphan.pmode/1");
    assert_false(is_taken(text));
}

struct value {
    const char *key, *text;
    bool is_good;
};
static const struct value values[] = {
    {"address", "\"http://as4.example/in\"", false},
    {"address", "\"https://\"", false},
    {"address", "\"HTTPS://as4.example\"", false},
    {"country", "\"\"", true},
    {"country", "\"LA\"", true},
    {"country", "\"LAO\"", false},
    {"suite", "\"edelivery-3.0\"", false},
    {"suite", "\"\"", false},
    {"signRef", "\"bst-x509v3\"", true},
    {"signRef", "\"issuer-serial\"", true},
    {"signRef", "\"thumbprint\"", false},
    {"encryptRef", "\"SKI\"", false},
    {"revocation", "\"off\"", true},
    {"revocation", "\"none\"", false},
    {"service", "\"" SPH_PING_SERVICE "\"", false},
    {"largestMessage", "1023", false},
    {"largestMessage", "1024", true},
    {"largestMessage", "2147483648", true},
    {"largestMessage", "2147483649", false},
    {"largestMessage", "-1", false},
    {"largestMessage", "9223372036854775807", false},
    {"maxParts", "0", true},
    {"maxParts", "32", true},
    {"maxParts", "33", false},
    {"maxParts", "-1", false},
    {"maxParts", "4294967297", false},
    {"actions", "[]", false},
    {"actions", "[\"\"]", false},
    {"actions", "[\"a\",7]", false},
    {"actions", "[\"1\",\"2\",\"3\",\"4\",\"5\",\"6\",\"7\",\"8\"]", true},
    {"actions", "[\"1\",\"2\",\"3\",\"4\",\"5\",\"6\",\"7\",\"8\",\"9\"]", false},
    {"crl", "\"\"", true},
    {"crl", "\"AAAA\"", true}, /* what is in it is judged with the certificates */
    {"crl", "\"AAA\"", false},
    {"crl", "\"A A=\"", false},
    {"channelOut", "\"urn:example:c\"", true},
    {"channelOut", "\"not-a-uri\"", false},
    {"channelOut", "\"urn:example:a b\"", false},
    {"channelOut", "\"" SPH_DEFAULT_MPC "\"", false},
    {"channelIn", "\"urn:example:c\"", true},
    {"channelIn", "\"" SPH_DEFAULT_MPC "\"", false},
};

static void values_are_of_their_sets_and_ranges(void **state)
{
    for (size_t i = 0; i < COUNT(values); i++) {
        if (takes(*state, values[i].key, values[i].text) != values[i].is_good)
            print_message("%s %s\n", values[i].key, values[i].text);
        assert_int_equal(takes(*state, values[i].key, values[i].text), values[i].is_good);
    }
}

/** as4.md 12.3: who only pulls has no address; who is pulled from has. */
static void address_is_needed_but_by_who_only_pulls(void **state)
{
    SPH_AUTO_PTR(sph_json) *json = good(*state);
    set_text(json, "address", "\"\"");
    set_text(json, "channelOut", "\"urn:example:c\"");
    assert_true(is_taken(json));
    set_text(json, "channelIn", "\"urn:example:d\"");
    assert_false(is_taken(json));
    set_text(json, "channelIn", "\"\"");
    set_text(json, "address", "\"ftp://as4.example\"");
    assert_false(is_taken(json));
}

static void certificates_are_whole_and_of_their_use(void **state)
{
    const struct certs *certs = *state;
    const struct {
        const char *use, *der;
        bool is_good; /* beside a good set */
    } rows[] = {{"sign", certs->sign, true},    {"sign", certs->rsa, false},
                {"sign", certs->p256, false},   {"encrypt", certs->sign, false},
                {"encrypt", certs->rsa, false}, {"tls", certs->rsa, true},
                {"ca", certs->ca, true},        {"any", certs->sign, false},
                {"", certs->sign, false},       {"sign", "", false},
                {"sign", "AAAA", false},        {"sign", "not base64", false}};
    for (size_t i = 0; i < COUNT(rows); i++) {
        SPH_AUTO_PTR(sph_json) *json = good(certs);
        add_cert(json, rows[i].use, rows[i].der);
        if (is_taken(json) != rows[i].is_good)
            print_message("row %zu %s\n", i, rows[i].use);
        assert_int_equal(is_taken(json), rows[i].is_good);
    }
    static const char *const forms[] = {"[7]",
                                        "[[]]",
                                        "[null]",
                                        "[{}]",
                                        "[{\"use\":\"sign\"}]",
                                        "[{\"der\":\"AAAA\"}]",
                                        "[{\"use\":7,\"der\":\"AAAA\"}]",
                                        "[{\"use\":\"ca\",\"der\":7}]"};
    for (size_t i = 0; i < COUNT(forms); i++)
        assert_false(takes(certs, "certificates", forms[i]));
}

static void certificate_rows_have_no_third_member(void **state)
{
    const struct certs *certs = *state;
    SPH_AUTO_PTR(sph_json) *json = bare();
    SPH_AUTO(sph_buf) text = sph_buf_init(ROOM);
    assert_ok(sph_buf_addf(&text, NULL,
                           "[{\"use\":\"sign\",\"der\":\"%s\",\"note\":\"\"},{\"use\":\"encrypt\","
                           "\"der\":\"%s\"},{\"use\":\"tls\",\"der\":\"%s\"}]",
                           certs->sign, certs->encrypt, certs->tls),
              NULL);
    set_text(json, "certificates", sph_buf_text(&text));
    assert_false(is_taken(json));
}

static void each_use_has_a_certificate_or_a_ca(void **state)
{
    const struct certs *certs = *state;
    static const struct {
        bool sign, encrypt, tls, ca, is_good;
    } sets[] = {{true, true, true, false, true},   {false, true, true, false, false},
                {true, false, true, false, false}, {true, true, false, false, false},
                {false, true, false, true, true},  {false, false, false, true, false},
                {true, false, true, true, false},  {false, false, false, false, false}};
    for (size_t i = 0; i < COUNT(sets); i++) {
        SPH_AUTO_PTR(sph_json) *json = bare();
        if (sets[i].sign)
            add_cert(json, "sign", certs->sign);
        if (sets[i].encrypt)
            add_cert(json, "encrypt", certs->encrypt);
        if (sets[i].tls)
            add_cert(json, "tls", certs->tls);
        if (sets[i].ca)
            add_cert(json, "ca", certs->ca);
        assert_int_equal(is_taken(json), sets[i].is_good);
    }
}

static void twelve_certificates_and_one_ca(void **state)
{
    const struct certs *certs = *state;
    SPH_AUTO_PTR(sph_json) *json = good(certs);
    for (size_t i = 3; i < SPH_PMODE_CERTS; i++)
        add_cert(json, "tls", certs->tls);
    add_cert(json, "ca", certs->ca);
    assert_true(is_taken(json));
    SPH_AUTO_PTR(sph_json) *two_cas = sph_json_dup(json);
    add_cert(two_cas, "ca", certs->ca);
    assert_false(is_taken(two_cas));
    add_cert(json, "sign", certs->sign);
    assert_false(is_taken(json));
}

/** A list of revoked certificates of at most 1 MiB. */
static void crl_is_bounded(void **state)
{
    for (size_t more = 0; more <= 3; more += 3) {
        const size_t len = (((size_t)1 << 20) / 3 * 4) / 4 * 4 + (more ? 8 : 0);
        SPH_AUTO(sph_buf) text = sph_buf_init(ROOM);
        SPH_AUTO_PTR(sph_json) *json = good(*state);
        for (size_t i = 0; i < len; i++)
            assert_ok(sph_buf_add_byte(&text, 'A', NULL), NULL);
        assert_ok(sph_json_set(json, "crl", sph_json_text(sph_buf_text(&text)), NULL), NULL);
        assert_int_equal(is_taken(json), more == 0);
    }
}

/** What is printed and read again prints the same. */
static void round_trip(void **state)
{
    SPH_AUTO_PTR(sph_json) *json = good(*state);
    SPH_AUTO(sph_pmode) first = {.is_foreign = false};
    SPH_AUTO(sph_pmode) second = {.is_foreign = false};
    SPH_AUTO_PTR(sph_json) *once = sph_json_object();
    SPH_AUTO_PTR(sph_json) *twice = sph_json_object();
    SPH_AUTO(sph_buf) a = sph_buf_init(ROOM);
    SPH_AUTO(sph_buf) b = sph_buf_init(ROOM);
    set_text(json, "channelOut", "\"urn:example:out\"");
    assert_ok(sph_pmode_parse(json, &first, NULL), NULL);
    assert_ok(sph_pmode_print(&first, once, NULL), NULL);
    assert_string_equal(sph_json_get_text(once, "channelOut"), "urn:example:out");
    assert_ok(sph_json_print(once, false, &a, NULL), NULL);
    set_text(once, "schema", "\"" SPH_PMODE_SCHEMA "\"");
    assert_ok(
        sph_json_set(once, "certificates", sph_json_dup(sph_json_get(json, "certificates")), NULL),
        NULL);
    assert_ok(sph_pmode_parse(once, &second, NULL), NULL);
    assert_ok(sph_pmode_print(&second, twice, NULL), NULL);
    assert_ok(sph_json_print(twice, false, &b, NULL), NULL);
    assert_string_equal(sph_buf_text(&a), sph_buf_text(&b));
}

int test_pmode(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_one_is_taken_and_read),
        cmocka_unit_test(members_have_one_type),
        cmocka_unit_test(texts_have_255_octets_and_no_control),
        cmocka_unit_test(members_that_must_be_there),
        cmocka_unit_test(unknown_and_repeated_members_are_refused),
        cmocka_unit_test(values_are_of_their_sets_and_ranges),
        cmocka_unit_test(address_is_needed_but_by_who_only_pulls),
        cmocka_unit_test(certificates_are_whole_and_of_their_use),
        cmocka_unit_test(certificate_rows_have_no_third_member),
        cmocka_unit_test(each_use_has_a_certificate_or_a_ca),
        cmocka_unit_test(twelve_certificates_and_one_ca),
        cmocka_unit_test(crl_is_bounded),
        cmocka_unit_test(round_trip),
    };
    sph_err err = {0};
    if (sph_crypto_start(&err).code != SPH_OK)
        return 1;
    return cmocka_run_group_tests_name("pmode", tests, certs_start, certs_stop);
}
