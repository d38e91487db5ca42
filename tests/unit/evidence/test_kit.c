/* The kit itself; its own test says that what it makes is good. */
#include "base/env.h"
#include "kit.h"

int test_kit(void);

static const char question[] =
    "{\"type\":\"assistance-request\",\"header\":{\"audience\":\"la.legal.example\","
    "\"threadId\":\"urn:uuid:6f1ed002-ab59-4a1c-9d2e-0d3f5a7b9c11\"},"
    "\"body\":{\"subtype\":\"information\",\"question\":"
    "{\"en\":\"How can wages be claimed? (invented question)\"},"
    "\"topic\":[\"unpaid-wages\"],\"location\":\"TH-34\",\"capacity\":\"ngo\","
    "\"wanted\":[\"procedure\"],\"answerLanguage\":[\"th\"]}}";

sph_key *kit_seed_key(uint8_t first)
{
    SPH_AUTO_PTR(sph_secret) *seed = NULL;
    sph_key *key = NULL;
    uint8_t octets[32];
    for (unsigned i = 0; i < sizeof(octets); i++)
        octets[i] = (uint8_t)(first + i);
    assert_ok(sph_secret_from(sph_slice_of(octets, sizeof(octets)), &seed, NULL), NULL);
    assert_ok(sph_key_from_seed(SPH_KEY_ED25519, seed, &key, NULL), NULL);
    return key;
}

void kit_vkey(const sph_vkey *vkey, sph_buf *out)
{
    assert_ok(sph_vkey_text(vkey, out, NULL), NULL);
    assert_ok(sph_buf_add_byte(out, '\n', NULL), NULL);
}

static sph_cert *issue(const kit_party *party, const sph_key *key, enum sph_cert_use use)
{
    sph_cert *leaf = NULL;
    sph_err err = {.depth = 0};
    assert_ok(sph_cert_issue_leaf(party->root_key, party->root, party->name,
                                  sph_key_peek_public(key), use, sph_random_real(), KIT_NOW, 300,
                                  &leaf, &err),
              &err);
    return leaf;
}

static sph_cert *issue_new(const kit_party *party, enum sph_key_kind kind, enum sph_cert_use use)
{
    SPH_AUTO_PTR(sph_key) *key = NULL;
    assert_ok(sph_key_generate(kind, &key, NULL), NULL);
    return issue(party, key, use);
}

static void make_log(kit_party *party)
{
    char name[128];
    assert_ok(sph_str_format(name, sizeof(name), NULL, "%s/ledger/1", party->name), NULL);
    assert_ok(sph_key_generate(SPH_KEY_ED25519, &party->log_key, NULL), NULL);
    assert_ok(
        sph_vkey_make(name, SPH_VKEY_LOG, sph_key_peek_public(party->log_key), &party->log, NULL),
        NULL);
    assert_ok(sph_str_format(name, sizeof(name), NULL, "%s/witness/1", party->name), NULL);
    assert_ok(sph_key_generate(SPH_KEY_ED25519, &party->witness_key, NULL), NULL);
    assert_ok(sph_vkey_make(name, SPH_VKEY_COSIGNATURE, sph_key_peek_public(party->witness_key),
                            &party->witness, NULL),
              NULL);
}

static void make_party(kit_party *party, const char *name)
{
    assert_ok(sph_str_copy(party->name, sizeof(party->name), sph_slice_str(name), NULL), NULL);
    assert_ok(sph_key_generate(SPH_KEY_P256, &party->root_key, NULL), NULL);
    assert_ok(sph_key_generate(SPH_KEY_ED25519, &party->sign_key, NULL), NULL);
    assert_ok(sph_key_generate(SPH_KEY_ED25519, &party->old_key, NULL), NULL);
    assert_ok(sph_cert_issue_root(party->root_key, name, sph_random_real(), KIT_NOW, 3650,
                                  &party->root, NULL),
              NULL);
    party->sign = issue(party, party->sign_key, SPH_USE_SIGN);
    party->old = issue(party, party->old_key, SPH_USE_SIGN);
    party->tls = issue_new(party, SPH_KEY_P256, SPH_USE_TLS);
    party->encrypt = issue_new(party, SPH_KEY_X25519, SPH_USE_ENCRYPT);
    make_log(party);
    party->pem = sph_buf_init(8192);
    assert_ok(sph_cert_pem(party->root, &party->pem, NULL), NULL);
    party->card = sph_buf_init(262144);
    kit_card(party, "production", &party->card);
}

static void party_clear(kit_party *party)
{
    sph_key **const keys[] = {&party->root_key, &party->sign_key, &party->old_key, &party->log_key,
                              &party->witness_key};
    sph_cert **const certs[] = {&party->root, &party->sign, &party->old, &party->tls,
                                &party->encrypt};
    for (size_t i = 0; i < 5; i++) {
        sph_key_free(keys[i]);
        sph_cert_free(certs[i]);
    }
    sph_buf_clear(&party->card);
    sph_buf_clear(&party->pem);
}

static void add_cert(sph_card *card, enum sph_cert_use use, const sph_cert *cert)
{
    card->cert[card->cert_count].use = use;
    card->cert[card->cert_count].suite = SPH_SUITE_EDELIVERY_2_0_ED25519;
    card->cert[card->cert_count++].cert = sph_cert_ref(cert);
}

static void fill_log(const kit_party *party, sph_card *card)
{
    SPH_AUTO(sph_buf) log = sph_buf_init(256);
    SPH_AUTO(sph_buf) witness = sph_buf_init(256);
    assert_ok(sph_vkey_text(&party->log, &log, NULL), NULL);
    assert_ok(sph_vkey_text(&party->witness, &witness, NULL), NULL);
    assert_ok(sph_str_copy(card->log_origin, 128, sph_slice_str(party->log.name), NULL), NULL);
    assert_ok(sph_str_copy(card->log_vkey, 256, sph_buf_peek(&log), NULL), NULL);
    assert_ok(sph_str_copy(card->witness_name, 128, sph_slice_str(party->witness.name), NULL),
              NULL);
    assert_ok(sph_str_copy(card->witness_vkey, 256, sph_buf_peek(&witness), NULL), NULL);
}

static void fill_card(const kit_party *party, const char *mode, sph_card *card)
{
    const bool is_lao = sph_slice_starts(sph_slice_str(party->name), SPH_LIT("la."));
    *card = (sph_card){.kind = "ngo",
                       .country = "TH",
                       .name = {[SPH_LANG_EN] = "Saeng Rim Khong (invented)"},
                       .serial = 7,
                       .valid_until_ms = KIT_NOW + 200 * KIT_DAY,
                       .url = "https://node.example:8443",
                       .suite = {SPH_SUITE_EDELIVERY_2_0_ED25519},
                       .suite_count = 1,
                       .largest_message = 1 << 20,
                       .languages = {"en", "th"},
                       .language_count = 2,
                       .crl = sph_buf_init(8192)};
    if (is_lao)
        assert_ok(sph_str_copy(card->country, 3, SPH_LIT("LA"), NULL), NULL);
    assert_ok(sph_str_copy(card->party, sizeof(card->party), sph_slice_str(party->name), NULL),
              NULL);
    assert_ok(sph_str_copy(card->mode, sizeof(card->mode), sph_slice_str(mode), NULL), NULL);
    for (size_t i = 0; i < SPH_PACKET_TYPE_COUNT; i++)
        card->accepts_type[i] = true;
    card->root = sph_cert_ref(party->root);
    add_cert(card, SPH_USE_TLS, party->tls);
    add_cert(card, SPH_USE_SIGN, party->sign);
    add_cert(card, SPH_USE_ENCRYPT, party->encrypt);
    fill_log(party, card);
    const sph_cert *const revoked[] = {party->old};
    assert_ok(sph_crl_issue(party->root_key, party->root, revoked, 1, 1, KIT_NOW, &card->crl, NULL),
              NULL);
}

static void fill_values(const kit_party *party, const char *mode, struct sph_packet_new *values)
{
    *values = (struct sph_packet_new){.packet_id = "urn:uuid:0f8fad5b-d9cb-469f-a165-70867728950e",
                                      .nonce = SPH_LIT("invented nonce 1"),
                                      .party = party->name,
                                      .mode = mode,
                                      .now_ms = KIT_NOW + 60000};
}

void kit_card(const kit_party *party, const char *mode, sph_buf *out)
{
    SPH_AUTO(sph_card) card;
    sph_err err = {.depth = 0};
    struct sph_packet_new values;
    const struct sph_packet_signer signer = {party->sign_key, party->sign, party->root};
    fill_card(party, mode, &card);
    fill_values(party, mode, &values);
    assert_ok(sph_card_build(&card, &values, &signer, out, &err), &err);
}

void kit_packet(const kit_party *party, const char *mode, bool is_old_key, sph_buf *out)
{
    SPH_AUTO_PTR(sph_json) *draft = NULL;
    sph_err err = {.depth = 0};
    sph_findings findings = {.count = 0};
    struct sph_packet_new values;
    const struct sph_packet_signer signer = {is_old_key ? party->old_key : party->sign_key,
                                             is_old_key ? party->old : party->sign, party->root};
    fill_values(party, mode, &values);
    assert_ok(sph_json_parse(sph_slice_str(question), 8192, &draft, &err), &err);
    const sph_rc rc =
        sph_packet_build(draft, &values, sph_slice_of(NULL, 0), &signer, &findings, out, &err);
    for (size_t i = 0; i < findings.count; i++)
        print_error("%s %s %s\n", findings.at[i].rule, findings.at[i].key, findings.at[i].name);
    assert_ok(rc, &err);
}

int kit_start(void **state)
{
    sph_err err = {.depth = 0};
    struct kit *all = sph_mem_new(1, sizeof(*all));
    assert_non_null(all);
    sph_xml_start();
    assert_ok(sph_schemas_load(&all->schemas, &err), &err);
    make_party(&all->lao, "la.legal.example");
    make_party(&all->thai, "th.ngo.example");
    make_party(&all->impostor, "th.ngo.example");
    all->packet = sph_buf_init(1 << 20);
    kit_packet(&all->thai, "production", false, &all->packet);
    *state = all;
    return 0;
}

int kit_stop(void **state)
{
    struct kit *all = *state;
    if (!all)
        return 0;
    party_clear(&all->lao);
    party_clear(&all->thai);
    party_clear(&all->impostor);
    sph_buf_clear(&all->packet);
    sph_schemas_clear(&all->schemas);
    sph_mem_free(all);
    sph_xml_stop();
    return 0;
}

sph_verdict *kit_verify(const struct kit *kit, const kit_ask *ask)
{
    sph_trust trust[3];
    sph_verdict *verdict = NULL;
    sph_err err = {.depth = 0};
    struct sph_verify_context context = {.schemas = &kit->schemas,
                                         .limits = sph_limits_default(),
                                         .now_ms = ask->now_ms ? ask->now_ms : KIT_LATER,
                                         .trust = trust,
                                         .leaf = ask->leaf};
    for (size_t i = 0; i < 3 && ask->trust[i].len > 0; i++) {
        assert_ok(sph_trust_read(ask->trust[i], &context, &trust[i], &err), &err);
        context.trust_count++;
    }
    assert_ok(sph_verify_file(ask->file, &context, &verdict, &err), &err);
    for (size_t i = 0; i < context.trust_count; i++)
        sph_trust_clear(&trust[i]);
    return verdict;
}

static void show(const sph_verdict *verdict)
{
    static const struct sph_verdict_marks marks = {"ok", "!!", ".."};
    SPH_AUTO(sph_buf) text = sph_buf_init(65536);
    if (sph_verdict_text(verdict, SPH_LANG_EN, &marks, &text, NULL).code == SPH_OK)
        print_error("%s", sph_buf_text(&text));
}

void kit_expect(const struct kit *kit, const kit_ask *ask, enum sph_verdict_result result,
                const char *first, ...)
{
    va_list more;
    SPH_AUTO_PTR(sph_verdict) *verdict = kit_verify(kit, ask);
    if (sph_verdict_result(verdict) != result)
        show(verdict);
    assert_int_equal(sph_verdict_result(verdict), result);
    va_start(more, first);
    for (const char *key = first; key; key = va_arg(more, const char *)) {
        if (!sph_verdict_has(verdict, key)) {
            show(verdict);
            fail_msg("no line %s", key);
        }
    }
    va_end(more);
}

static bool is_in(const uint8_t *at, const sph_slice *spared, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (at >= spared[i].at && at < spared[i].at + spared[i].len)
            return true;
    return false;
}

size_t kit_each_octet(const struct kit *kit, const kit_ask *ask, const sph_slice *spared,
                      size_t spared_count)
{
    size_t tried = 0;
    SPH_AUTO(sph_buf) copy = sph_buf_init(1 << 20);
    kit_ask changed = *ask;
    assert_ok(sph_buf_add(&copy, ask->file, NULL), NULL);
    changed.file = sph_buf_peek(&copy);
    for (size_t i = 0; i < copy.len; i++) {
        if (is_in(ask->file.at + i, spared, spared_count))
            continue;
        copy.at[i] ^= 1;
        sph_verdict *verdict = kit_verify(kit, &changed);
        if (sph_verdict_exit(verdict) == 0)
            fail_msg("octet %zu may be changed", i);
        sph_verdict_free(&verdict);
        copy.at[i] ^= 1;
        tried++;
    }
    return tried;
}

static void kit_packet_and_cards_pass_the_checks_of_a_node(void **state)
{
    const struct kit *kit = *state;
    SPH_AUTO(sph_card) card = {.party = ""};
    SPH_AUTO_PTR(sph_packet) *packet = NULL;
    sph_err err = {.depth = 0};
    sph_findings findings = {.count = 0};
    assert_ok(sph_card_check(sph_buf_peek(&kit->thai.card), &kit->schemas, sph_limits_default(),
                             "production", KIT_LATER, &findings, &card, &packet, &err),
              &err);
    assert_string_equal(card.party, "th.ngo.example");
    assert_int_equal(findings.count, 0);
}

int test_kit(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(kit_packet_and_cards_pass_the_checks_of_a_node),
    };
    return cmocka_run_group_tests_name("kit", tests, kit_start, kit_stop);
}
