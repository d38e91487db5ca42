#include "packet/card.h"
#include "packet/vocabulary.h"
#include "packet_kit.h"

int test_card(void);

static void add_cert(sph_card *card, const struct kit_party *party, const sph_key *key,
                     enum sph_cert_use use, enum sph_suite suite)
{
    sph_err err = {0};
    card->cert[card->cert_count].use = use;
    card->cert[card->cert_count].suite = suite;
    if (use == SPH_USE_SIGN)
        card->cert[card->cert_count].cert = sph_cert_ref(party->leaf);
    else
        assert_ok(sph_cert_issue_leaf(party->root_key, party->root, party->name,
                                      sph_key_peek_public(key), use, sph_random_real(),
                                      KIT_NOW - KIT_DAY, 365, &card->cert[card->cert_count].cert,
                                      &err),
                  &err);
    card->cert_count++;
}

/* A card as a node makes it. */
static sph_card *make_card(const struct kit_party *party)
{
    sph_err err = {0};
    SPH_AUTO_PTR(sph_key) *tls = NULL;
    SPH_AUTO_PTR(sph_key) *encrypt = NULL;
    sph_card *card = calloc(1, sizeof(*card));
    assert_non_null(card);
    assert_ok(sph_key_generate(SPH_KEY_P256, &tls, &err), &err);
    assert_ok(sph_key_generate(SPH_KEY_X25519, &encrypt, &err), &err);
    assert_ok(sph_str_format(card->party, sizeof(card->party), &err, "%s", party->name), &err);
    assert_ok(sph_str_format(card->kind, sizeof(card->kind), &err, "%s", party->kind), &err);
    assert_ok(sph_str_format(card->country, sizeof(card->country), &err, "%s", party->country),
              &err);
    assert_ok(sph_str_format(card->mode, sizeof(card->mode), &err, "training"), &err);
    assert_ok(sph_str_format(card->name[SPH_LANG_EN], 256, &err, "Example Office (invented)"),
              &err);
    assert_ok(sph_str_format(card->name[SPH_LANG_LO], 256, &err, "ຫ້ອງການຕົວຢ່າງ"), &err);
    assert_ok(sph_str_format(card->url, sizeof(card->url), &err, "https://127.0.0.1:8443"), &err);
    assert_ok(sph_str_format(card->log_origin, 128, &err, "%s/log/1", party->name), &err);
    assert_ok(sph_str_format(card->log_vkey, 256, &err, "%s/log/1+01234567+AbCd", party->name),
              &err);
    assert_ok(sph_str_format(card->witness_name, 128, &err, "%s/witness/1", party->name), &err);
    assert_ok(
        sph_str_format(card->witness_vkey, 256, &err, "%s/witness/1+01234567+BAbCd", party->name),
        &err);
    card->serial = 7;
    card->valid_until_ms = KIT_NOW + 100 * (int64_t)KIT_DAY;
    card->root = sph_cert_ref(party->root);
    add_cert(card, party, tls, SPH_USE_TLS, SPH_SUITE_EDELIVERY_2_0_ED25519);
    add_cert(card, party, NULL, SPH_USE_SIGN, SPH_SUITE_EDELIVERY_2_0_ED25519);
    add_cert(card, party, encrypt, SPH_USE_ENCRYPT, SPH_SUITE_EDELIVERY_2_0_ED25519);
    card->suite[card->suite_count++] = SPH_SUITE_EDELIVERY_2_0_ED25519;
    for (size_t i = 0; i < SPH_PACKET_TYPE_COUNT; i++)
        card->accepts_type[i] = true;
    card->subscribes[SPH_PACKET_CASE_LAW] = true;
    card->has_akn_full = true;
    card->largest_message = 268435456;
    assert_ok(sph_str_format(card->languages[card->language_count++], 3, &err, "lo"), &err);
    assert_ok(sph_str_format(card->incident_contact, 128, &err, "+856200000000 (invented)"), &err);
    card->crl = sph_buf_init(65536);
    assert_ok(
        sph_crl_issue(party->root_key, party->root, NULL, 0, 1, KIT_NOW - 1000, &card->crl, &err),
        &err);
    return card;
}

static void card_free(sph_card **card)
{
    sph_card_clear(*card);
    free(*card);
    *card = NULL;
}
#define AUTO_CARD __attribute__((cleanup(card_free))) sph_card

static void build_card(struct kit *kit, const struct kit_party *party, const sph_card *card,
                       sph_buf *out)
{
    sph_err err = {0};
    const struct sph_packet_new values = kit_values(kit, party);
    const struct sph_packet_signer signer = kit_signer(party);
    assert_ok(sph_card_build(card, &values, &signer, out, &err), &err);
}

static sph_rc check_card(const struct kit *kit, sph_slice octets, int64_t now_ms, const char *mode,
                         sph_findings *findings, sph_card *out, sph_packet **packet)
{
    sph_err err = {0};
    const sph_rc rc = sph_card_check(octets, &kit->schemas, sph_limits_default(), mode, now_ms,
                                     findings, out, packet, &err);
    if (rc.code != SPH_OK && getenv("SAPHAN_TEST_VERBOSE"))
        for (unsigned i = 0; i < err.depth; i++)
            print_message("   %s: %s\n", err.frame[i].where, err.frame[i].what);
    return rc;
}

static void card_built_is_read_back_whole(void **state)
{
    struct kit *kit = *state;
    AUTO_CARD *card = make_card(&kit->lawyer);
    AUTO_CARD *read = calloc(1, sizeof(*read));
    SPH_AUTO(sph_buf) octets = sph_buf_init(262144);
    SPH_AUTO_PTR(sph_packet) *packet = NULL;
    sph_findings findings = {0};
    build_card(kit, &kit->lawyer, card, &octets);
    const sph_rc rc =
        check_card(kit, sph_buf_peek(&octets), KIT_NOW, "training", &findings, read, &packet);
    kit_print(&findings);
    assert_int_equal(rc.code, SPH_OK);
    assert_string_equal(read->party, card->party);
    assert_string_equal(read->kind, card->kind);
    assert_string_equal(read->country, "LA");
    assert_string_equal(read->url, card->url);
    assert_string_equal(read->name[SPH_LANG_LO], card->name[SPH_LANG_LO]);
    assert_string_equal(read->log_vkey, card->log_vkey);
    assert_string_equal(read->witness_name, card->witness_name);
    assert_string_equal(read->incident_contact, card->incident_contact);
    assert_int_equal(read->serial, 7);
    assert_int_equal(read->cert_count, 3);
    assert_int_equal(read->cert[2].use, SPH_USE_ENCRYPT);
    assert_int_equal(read->suite_count, 1);
    assert_true(read->has_akn_full && read->accepts_type[SPH_PACKET_RESOURCE]);
    assert_true(read->subscribes[SPH_PACKET_CASE_LAW] && !read->subscribes[SPH_PACKET_RESOURCE]);
    assert_int_equal(read->largest_message, 268435456);
    assert_int_equal(read->valid_until_ms, card->valid_until_ms);
    assert_true(sph_slice_equal(sph_buf_peek(&read->crl), sph_buf_peek(&card->crl)));
    assert_true(sph_slice_equal(sph_cert_peek_der(read->root), sph_cert_peek_der(card->root)));
    assert_string_equal(sph_packet_header_of(packet)->issuer, card->party);
}

static void card_with_a_fault_is_refused(void **state)
{
    struct kit *kit = *state;
    static const char *const faults[] = {"mode", "time", "party", "root", "url", "certificate"};
    for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
        sph_err err = {0};
        AUTO_CARD *card = make_card(&kit->lawyer);
        AUTO_CARD *read = calloc(1, sizeof(*read));
        SPH_AUTO(sph_buf) octets = sph_buf_init(262144);
        sph_findings findings = {0};
        const char *mode = i == 0 ? "production" : "training";
        const int64_t now = i == 1 ? KIT_NOW + 101 * (int64_t)KIT_DAY : KIT_NOW;
        if (i == 2)
            assert_ok(sph_str_format(card->party, sizeof(card->party), &err, "th.ngo.example"),
                      &err);
        if (i == 3) {
            sph_cert_free(&card->root);
            card->root = sph_cert_ref(kit->ngo.root);
        }
        if (i == 4)
            assert_ok(sph_str_format(card->url, sizeof(card->url), &err, "http://insecure:80"),
                      &err);
        if (i == 5) {
            sph_cert_free(&card->cert[1].cert);
            card->cert[1].cert = sph_cert_ref(kit->ngo.leaf);
        }
        build_card(kit, &kit->lawyer, card, &octets);
        const sph_rc rc = check_card(kit, sph_buf_peek(&octets), now, mode, &findings, read, NULL);
        if (rc.code == SPH_OK)
            print_message("fault %s passed\n", faults[i]);
        assert_int_not_equal(rc.code, SPH_OK);
        assert_true(sph_findings_refuse(&findings));
        assert_null(read->root);
    }
}

static void card_without_address_fetches_its_messages(void **state)
{
    struct kit *kit = *state;
    AUTO_CARD *card = make_card(&kit->lawyer);
    AUTO_CARD *read = calloc(1, sizeof(*read));
    SPH_AUTO(sph_buf) octets = sph_buf_init(262144);
    sph_findings findings = {0};
    sph_err err = {0};
    card->url[0] = '\0';
    card->has_akn_full = false;
    card->has_relay = true;
    assert_ok(sph_str_format(card->pull_mpc, sizeof(card->pull_mpc), &err, "urn:saphan:mpc:7q4m2k"),
              &err);
    assert_ok(sph_str_format(card->pull_via, sizeof(card->pull_via), &err, "la.hub.example"), &err);
    build_card(kit, &kit->lawyer, card, &octets);
    assert_int_equal(
        check_card(kit, sph_buf_peek(&octets), KIT_NOW, "training", &findings, read, NULL).code,
        SPH_OK);
    assert_string_equal(read->url, "");
    assert_string_equal(read->pull_mpc, "urn:saphan:mpc:7q4m2k");
    assert_string_equal(read->pull_via, "la.hub.example");
    assert_true(read->has_relay && !read->has_akn_full);
}

/* The list of features is closed: one of a later version is a card that this one does not read. */
static void card_features_are_those_of_the_list(void **state)
{
    struct kit *kit = *state;
    for (unsigned bits = 0; bits < 4; bits++) {
        AUTO_CARD *card = make_card(&kit->lawyer);
        AUTO_CARD *read = calloc(1, sizeof(*read));
        SPH_AUTO(sph_buf) octets = sph_buf_init(262144);
        sph_findings findings = {0};
        card->has_akn_full = (bits & 1) != 0;
        card->has_relay = (bits & 2) != 0;
        build_card(kit, &kit->lawyer, card, &octets);
        const sph_slice all = sph_buf_peek(&octets);
        assert_int_equal(check_card(kit, all, KIT_NOW, "training", &findings, read, NULL).code,
                         SPH_OK);
        assert_int_equal(read->has_akn_full, card->has_akn_full);
        assert_int_equal(read->has_relay, card->has_relay);
        assert_int_equal(sph_slice_find(all, SPH_LIT("<feature>"), 0) == SIZE_MAX, bits == 0);
    }
    assert_true(sph_vocabulary_has("feature", SPH_LIT("relay")));
    assert_false(sph_vocabulary_has("feature", SPH_LIT("teleport")));
}

static void card_that_is_another_packet_is_refused(void **state)
{
    struct kit *kit = *state;
    AUTO_CARD *read = calloc(1, sizeof(*read));
    SPH_AUTO(sph_buf) built = sph_buf_init(1 << 20);
    sph_findings findings = {0};
    kit_build(kit, &kit->lawyer, KIT_REQUEST, sph_slice_of(NULL, 0), &built);
    assert_int_not_equal(
        check_card(kit, sph_buf_peek(&built), KIT_NOW, "training", &findings, read, NULL).code,
        SPH_OK);
    assert_true(sph_findings_refuse(&findings));
}

int test_card(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(card_built_is_read_back_whole),
        cmocka_unit_test(card_with_a_fault_is_refused),
        cmocka_unit_test(card_without_address_fetches_its_messages),
        cmocka_unit_test(card_features_are_those_of_the_list),
        cmocka_unit_test(card_that_is_another_packet_is_refused),
    };
    return cmocka_run_group_tests_name("card", tests, kit_setup, kit_teardown);
}
