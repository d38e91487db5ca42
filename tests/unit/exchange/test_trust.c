/* The ceremony between partners, and certificates that renew themselves. */
#include <string.h>

#include "base/config.h"
#include "exchange/care.h"
#include "exchange/own_card.h"
#include "exchange/submit.h"
#include "support/pair.h"

#define DAY_MS INT64_C(86400000)

static void advance_both(struct pair *pair, int64_t days)
{
    test_env_advance(pair->a.world, days * DAY_MS);
    test_env_advance(pair->b.world, days * DAY_MS);
}

static void read_other_card(struct pair_side *side, sph_buf *card, char number[SPH_SAFETY_TEXT])
{
    sph_err err = {0};
    *card = sph_buf_init(262144);
    assert_ok(sph_own_card(side->other->node, card, &err), &err);
    sph_safety_number(sph_cert_peek_der(sph_node_keys(side->other->node)->root), number);
}

static void trust_wrong_safety_number_adds_nobody(void **state)
{
    (void)state;
    struct pair *pair = pair_new();
    char number[SPH_SAFETY_TEXT];
    SPH_AUTO(sph_buf) card = {0};
    sph_err err = {0};
    sph_findings *findings = sph_mem_new(1, sizeof(*findings));
    assert_non_null(findings);
    assert_ok(
        sph_partner_set_state(pair->a.node, pair->b.party, SPH_PARTNER_REMOVED, "operator", &err),
        &err);
    read_other_card(&pair->a, &card, number);
    number[0] = number[0] == '1' ? '2' : '1';
    assert_code(
        sph_partner_add(pair->a.node, sph_buf_peek(&card), number, "operator", findings, &err),
        SPH_EPROOF, &err);
    SPH_AUTO_PTR(sph_partner) *partner =
        sph_partners_get(sph_node_partners(pair->a.node), pair->b.party);
    assert_int_equal(partner->state, SPH_PARTNER_REMOVED);
    sph_mem_free(findings);
    pair_free(&pair);
}

static void trust_changed_card_byte_is_refused(void **state)
{
    (void)state;
    struct pair *pair = pair_new();
    char number[SPH_SAFETY_TEXT];
    SPH_AUTO(sph_buf) card = {0};
    sph_err err = {0};
    struct sph_card_preview preview;
    sph_findings *findings = sph_mem_new(1, sizeof(*findings));
    assert_non_null(findings);
    read_other_card(&pair->a, &card, number);
    const size_t at = sph_slice_find(sph_buf_peek(&card), SPH_LIT("(fictitious)"), 0);
    assert_true(at < card.len);
    card.at[at + 1] = 'F';
    const sph_rc rc =
        sph_partner_preview(pair->a.node, sph_buf_peek(&card), &preview, findings, &err);
    assert_int_not_equal(rc.code, SPH_OK);
    assert_true(sph_findings_refuse(findings));
    sph_mem_free(findings);
    pair_free(&pair);
}

static void trust_own_card_is_no_partner(void **state)
{
    (void)state;
    struct pair *pair = pair_new();
    char number[SPH_SAFETY_TEXT];
    SPH_AUTO(sph_buf) card = {0};
    sph_err err = {0};
    sph_findings *findings = sph_mem_new(1, sizeof(*findings));
    assert_non_null(findings);
    read_other_card(&pair->b, &card, number);
    assert_code(
        sph_partner_add(pair->a.node, sph_buf_peek(&card), number, "operator", findings, &err),
        SPH_EARG, &err);
    sph_mem_free(findings);
    pair_free(&pair);
}

static void trust_pause_and_resume_take_effect_at_once(void **state)
{
    (void)state;
    struct pair *pair = pair_new();
    sph_err err = {0};
    pair_ask(&pair->a);
    assert_ok(
        sph_partner_set_state(pair->b.node, pair->a.party, SPH_PARTNER_PAUSED, "operator", &err),
        &err);
    pair_deliver(&pair->a);
    assert_int_equal(pair->a.seen_status, 403);
    assert_ok(
        sph_partner_set_state(pair->b.node, pair->a.party, SPH_PARTNER_ACTIVE, "operator", &err),
        &err);
    test_env_advance(pair->a.world, 3600000);
    pair_deliver(&pair->a);
    assert_string_equal(pair_outbox(&pair->a).state, "acknowledged");
    assert_int_equal(pair_leaves(&pair->b, SPH_EVENT_PARTNER_SUSPENDED), 1);
    pair_free(&pair);
}

static void renewal_nothing_is_due_in_the_first_days(void **state)
{
    (void)state;
    struct pair *pair = pair_new();
    unsigned changed = 9;
    sph_err err = {0};
    advance_both(pair, 10);
    assert_ok(sph_care_round(pair->a.node, &changed, &err), &err);
    assert_int_equal(changed, 0);
    pair_free(&pair);
}

/** The serial that b knows of a's card. */
static uint32_t known_serial(struct pair *pair)
{
    SPH_AUTO_PTR(sph_partner) *partner =
        sph_partners_get(sph_node_partners(pair->b.node), pair->a.party);
    assert_non_null(partner);
    return partner->card.serial;
}

static void renew_both(struct pair *pair)
{
    unsigned changed = 0;
    sph_err err = {0};
    assert_ok(sph_care_round(pair->a.node, &changed, &err), &err);
    assert_true(changed > 0);
    assert_ok(sph_care_round(pair->b.node, &changed, &err), &err);
    pair_deliver(&pair->a);
    pair_deliver(&pair->b);
    assert_string_equal(pair_outbox(&pair->a).state, "acknowledged");
}

static void renewal_carries_two_nodes_through_half_a_year(void **state)
{
    (void)state;
    struct pair *pair = pair_new();
    const uint32_t before = known_serial(pair);
    /* The CRL is renewed every 16 days here and the leaves after 60: 180 days outlive two sets of
     * leaves. */
    for (int days = 0; days < 180; days += 16) {
        advance_both(pair, 16);
        renew_both(pair);
    }
    assert_true(known_serial(pair) > before + 5);
    pair_ask(&pair->a);
    pair_deliver(&pair->a);
    assert_string_equal(pair_outbox(&pair->a).detail, "");
    assert_string_equal(pair_outbox(&pair->a).state, "acknowledged");
    assert_true(pair_leaves(&pair->a, SPH_EVENT_CERT_ADDED) > 0);
    pair_assert_ledger(&pair->a);
    pair_free(&pair);
}

static void renewal_expired_leaf_of_a_sleeping_node_is_refused(void **state)
{
    (void)state;
    struct pair *pair = pair_new();
    pair_ask(&pair->a);
    advance_both(pair, 3);
    test_env_advance(pair->b.world, 100 * DAY_MS);
    pair_deliver(&pair->a);
    assert_int_equal(pair->a.seen_status, 403);
    assert_int_equal(pair_inbox(&pair->b).rows, 0);
    pair_free(&pair);
}

/* ------------------------------------------------------------------ a card by wire */

/** A starts as what it never told B in the ceremony, and sends its card. */
static void change_config(struct pair_side *side, void (*change)(struct sph_config *config))
{
    sph_err err = {0};
    unsigned count = 0;
    struct sph_config config;
    const sph_files *files = test_env_get(side->world)->files;
    sph_node_close(&side->node);
    assert_ok(sph_config_load(files, &config, NULL, &err), &err);
    change(&config);
    assert_ok(sph_config_store(files, &config, true, &err), &err);
    pair_open_side(side);
    assert_ok(sph_own_card_replace(side->node, &err), &err);
    assert_ok(sph_own_card_distribute(side->node, &count, &err), &err);
    assert_int_equal(count, 1);
}

static void other_kind(struct sph_config *config)
{
    sph_err err = {0};
    assert_ok(sph_str_copy(config->kind, sizeof(config->kind), SPH_LIT("police"), &err), &err);
}

static void other_country(struct sph_config *config)
{
    sph_err err = {0};
    assert_ok(sph_str_copy(config->country, sizeof(config->country),
                           sph_slice_str(strcmp(config->country, "LA") == 0 ? "TH" : "LA"), &err),
              &err);
}

static void expect_card_refused(void (*change)(struct sph_config *config))
{
    struct pair *pair = pair_new();
    const uint32_t before = known_serial(pair);
    change_config(&pair->a, change);
    pair_deliver(&pair->a);
    assert_string_equal(pair_outbox(&pair->a).state, "failed");
    assert_string_equal(pair_outbox(&pair->a).code, "EBMS:0004");
    assert_non_null(strstr(pair_outbox(&pair->a).detail, "PK-CARD a changed kind or country"));
    assert_int_equal(known_serial(pair), before);
    assert_int_equal(pair_leaves(&pair->b, SPH_EVENT_REJECTED), 1);
    pair_restart(&pair->b);
    assert_int_equal(known_serial(pair), before);
    pair_free(&pair);
}

/* Rules and audiences rest on what a partner is: people agreed on that. */
static void trust_a_card_by_wire_changes_neither_kind_nor_country(void **state)
{
    (void)state;
    expect_card_refused(other_kind);
    expect_card_refused(other_country);
}

/** A's card with these changes, signed by A as any. */
static void build_card(struct pair_side *side, void (*change)(sph_card *card, int64_t now_ms),
                       sph_buf *out)
{
    const int64_t now_ms = sph_node_now_ms(side->node);
    sph_err err = {0};
    sph_card *card = sph_mem_new(1, sizeof(*card));
    const sph_keyring *ring = sph_node_keys(side->node);
    const struct sph_key_slot *slot = &ring->slot[SPH_SLOT_SIGN_ED25519];
    const struct sph_packet_signer signer = {slot->key, slot->leaf, ring->root};
    SPH_AUTO(sph_buf) octets = sph_buf_init(262144);
    SPH_AUTO_PTR(sph_packet) *packet = NULL;
    assert_ok(sph_own_card(side->node, &octets, &err), &err);
    assert_ok(sph_packet_reopen(sph_buf_peek(&octets), sph_node_limits(side->node), &packet, &err),
              &err);
    assert_ok(sph_card_read(packet, card, &err), &err);
    card->serial++;
    change(card, now_ms);
    const struct sph_packet_new values = {.packet_id =
                                              "urn:uuid:22222222-2222-4222-8222-222222222222",
                                          .nonce = SPH_LIT("an invented one."),
                                          .party = side->party,
                                          .mode = card->mode,
                                          .now_ms = now_ms};
    assert_ok(sph_card_build(card, &values, &signer, out, &err), &err);
    sph_card_clear(card);
    sph_mem_free(card);
}

static void send_octets(struct pair *pair, const sph_buf *octets)
{
    sph_err err = {0};
    const char *to = pair->b.party;
    sph_findings *findings = sph_mem_new(1, sizeof(*findings));
    struct sph_submitted *done = sph_mem_new(1, sizeof(*done));
    const struct sph_submit what = {.octets = sph_buf_peek(octets), .to = &to, .to_count = 1};
    assert_ok(sph_submit(pair->a.node, &what, done, findings, &err), &err);
    sph_mem_free(findings);
    sph_mem_free(done);
}

static void expires_tomorrow(sph_card *card, int64_t now_ms)
{
    card->valid_until_ms = now_ms + DAY_MS;
}

static void without_encryption(sph_card *card, int64_t now_ms)
{
    (void)now_ms;
    size_t kept = 0;
    for (size_t i = 0; i < card->cert_count; i++) {
        if (card->cert[i].use == SPH_USE_ENCRYPT)
            sph_cert_free(&card->cert[i].cert);
        else
            card->cert[kept++] = card->cert[i];
    }
    for (size_t i = kept; i < card->cert_count; i++)
        card->cert[i].cert = NULL; /* freed, or moved to the front */
    card->cert_count = kept;
}

static void nothing_else(sph_card *card, int64_t now_ms)
{
    (void)card, (void)now_ms;
}

/** Both sides two days later: is the card taken? */
static void expect_card(void (*change)(sph_card *card, int64_t now_ms), const char *code,
                        const char *detail)
{
    struct pair *pair = pair_new();
    const uint32_t before = known_serial(pair);
    SPH_AUTO(sph_buf) octets = sph_buf_init(262144);
    build_card(&pair->a, change, &octets);
    send_octets(pair, &octets);
    advance_both(pair, 2);
    assert_int_equal(pair_deliver(&pair->a), 1);
    assert_string_equal(pair_outbox(&pair->a).code, code);
    assert_non_null(strstr(pair_outbox(&pair->a).detail, detail));
    assert_int_equal(known_serial(pair), code[0] ? before : before + 1);
    pair_restart(&pair->b); /* the stored card is read again */
    assert_int_equal(known_serial(pair), code[0] ? before : before + 1);
    pair_free(&pair);
}

/* As strict as the ceremony: what could not be read at the next start is not stored. */
static void trust_a_card_by_wire_that_cannot_be_used_is_refused(void **state)
{
    (void)state;
    expect_card(nothing_else, "", "");
    expect_card(expires_tomorrow, "EBMS:0004", "PK-CARD the card is not one that can be used");
    expect_card(without_encryption, "EBMS:0004", "PK-CARD the card is not one that can be used");
}

int test_trust(void);
int test_trust(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(trust_wrong_safety_number_adds_nobody),
        cmocka_unit_test(trust_changed_card_byte_is_refused),
        cmocka_unit_test(trust_own_card_is_no_partner),
        cmocka_unit_test(trust_pause_and_resume_take_effect_at_once),
        cmocka_unit_test(trust_a_card_by_wire_changes_neither_kind_nor_country),
        cmocka_unit_test(trust_a_card_by_wire_that_cannot_be_used_is_refused),
        cmocka_unit_test(renewal_nothing_is_due_in_the_first_days),
        cmocka_unit_test(renewal_carries_two_nodes_through_half_a_year),
        cmocka_unit_test(renewal_expired_leaf_of_a_sleeping_node_is_refused),
    };
    sph_err err = {0};
    sph_xml_start();
    if (sph_crypto_start(&err).code != SPH_OK)
        return 1;
    return cmocka_run_group_tests_name("trust", tests, NULL, NULL);
}
