/* Pull with a foreign product, both roles (as4.md 12.3): `hub` keeps messages for a product that
 * nobody reaches; `office` is that product, and pulls what a P-Mode names. */
#include "exchange/pull.h"
#include "foreign_kit.h"

#define CHANNEL "urn:example:channel:one"
#define LEASE_OVER_MS 180000

int test_foreign_pull(void);

static const struct enrolment hub_of = {"{\"channelOut\":\"" CHANNEL "\"}",
                                        SPH_SUITE_EDELIVERY_1_15};
static const struct enrolment office_of = {"{\"channelIn\":\"" CHANNEL "\"}",
                                           SPH_SUITE_EDELIVERY_1_15};

/** a keeps, b pulls. */
static struct pair *hub_and_office(enum sph_suite suite)
{
    const struct enrolment hub = {hub_of.pmode, suite}, office = {office_of.pmode, suite};
    return foreign_pair(&hub, &office);
}

static enum sph_pull_came pull(struct pair *pair)
{
    enum sph_pull_came came = SPH_PULL_FAILED;
    sph_err err = {0};
    assert_ok(sph_pull_once(pair->b.node, pair->a.party, &came, &err), &err);
    return came;
}

static void message_waits_for_the_product_and_is_acknowledged(void **state)
{
    (void)state;
    for (enum sph_suite suite = 0; suite < SPH_SUITE_COUNT; suite++) {
        struct pair *pair = hub_and_office(suite);
        send_text(&pair->a, "kept until it is fetched", NULL, NULL);
        assert_int_equal(pair->a.posts, 0);
        assert_string_equal(pair_outbox(&pair->a).state, "ready");
        assert_int_equal(pair_leaves(&pair->a, SPH_EVENT_SENT), 0);

        assert_int_equal(pull(pair), SPH_PULL_MESSAGE);
        assert_acknowledged(&pair->a);
        assert_int_equal(pair_leaves(&pair->a, SPH_EVENT_SENT), 1);
        assert_int_equal(pair_leaves(&pair->a, SPH_EVENT_RECEIPT_IN), 1);
        sph_foreign *message = read_newest(&pair->b);
        assert_document(&pair->b, message, "p1", SPH_LIT("kept until it is fetched"));
        sph_foreign_free(&message);
        assert_int_equal(pull(pair), SPH_PULL_EMPTY);
        pair_assert_ledger(&pair->a);
        pair_assert_ledger(&pair->b);
        pair_free(&pair);
    }
}

/** Two-way, pull-and-push: what was pulled is answered by a push that refers to it. */
static void answer_to_a_pulled_message_is_pushed(void **state)
{
    (void)state;
    struct pair *pair = hub_and_office(SPH_SUITE_EDELIVERY_2_0_ED25519);
    send_text(&pair->a, "a question", NULL, NULL);
    assert_int_equal(pull(pair), SPH_PULL_MESSAGE);
    sph_foreign *asked = read_newest(&pair->b);
    send_text(&pair->b, "an answer", asked->packet_id, NULL);
    assert_acknowledged(&pair->b);
    sph_foreign *answer = read_newest(&pair->a);
    assert_string_equal(answer->ref_to, asked->message_id);
    assert_string_equal(answer->conversation_id, asked->conversation_id);
    sph_foreign_free(&asked);
    sph_foreign_free(&answer);
    pair_free(&pair);
}

static void message_of_many_parts_is_pulled_from_a_file(void **state)
{
    (void)state;
    struct pair *pair = hub_and_office(SPH_SUITE_EDELIVERY_2_0_P256);
    SPH_AUTO(sph_buf) large = sph_buf_init(FOREIGN_TEXT_ROOM);
    for (size_t i = 0; i < 1024u * 1024; i++)
        assert_int_equal(sph_buf_add_byte(&large, (uint8_t)(i * 2654435761u >> 11), NULL).code,
                         SPH_OK);
    struct sph_submit_attachment parts[2] = {
        part_of(&pair->a, sph_buf_peek(&large), "application/octet-stream", "large.bin"),
        part_of(&pair->a, (sph_slice){NULL, 0}, "text/plain", "empty.txt")};
    struct sph_foreign_order order = {.parts = parts, .part_count = 2};
    assert_int_equal(submit(&pair->a, &order, NULL).code, SPH_OK);
    for (size_t i = 0; i < 2; i++)
        parts[i].files->close(&parts[i].file);
    pair_deliver(&pair->a);
    assert_int_equal(pull(pair), SPH_PULL_MESSAGE);
    assert_acknowledged(&pair->a);
    sph_foreign *message = read_newest(&pair->b);
    assert_int_equal(message->part_count, 2);
    assert_document(&pair->b, message, "p1", sph_buf_peek(&large));
    sph_foreign_free(&message);
    pair_free(&pair);
}

static void ping_of_a_product_that_pulls_waits_too(void **state)
{
    (void)state;
    char message_id[128];
    sph_err err = {0};
    struct pair *pair = hub_and_office(SPH_SUITE_EDELIVERY_1_15);
    assert_ok(sph_ping_queue(pair->a.node, pair->b.party, message_id, &err), &err);
    pair_deliver(&pair->a);
    assert_string_equal(pair_outbox(&pair->a).state, "ready");
    assert_int_equal(pull(pair), SPH_PULL_MESSAGE);
    assert_acknowledged(&pair->a);
    assert_string_equal(newest_in(&pair->b).type, "ping");
    pair_free(&pair);
}

/** The line breaks after the answer to the pull has come. */
static void cut_after_answer(struct pair_side *side, sph_response *response)
{
    (void)response;
    side->is_cut = true;
}

static void message_is_offered_again_until_its_receipt_came(void **state)
{
    (void)state;
    struct pair *pair = hub_and_office(SPH_SUITE_EDELIVERY_2_0_ED25519);
    send_text(&pair->a, "its receipt is lost once", NULL, NULL);
    pair->b.change_answer = cut_after_answer;
    assert_int_equal(pull(pair), SPH_PULL_FAILED);
    pair->b.change_answer = NULL;
    pair->b.is_cut = false;
    assert_string_equal(pair_outbox(&pair->a).state, "pulled-waiting");
    assert_int_equal(pull(pair), SPH_PULL_EMPTY); /* its lease runs */
    test_env_advance(pair->a.world, LEASE_OVER_MS);
    test_env_advance(pair->b.world, LEASE_OVER_MS);
    pair_deliver(&pair->a);
    assert_string_equal(pair_outbox(&pair->a).state, "ready-again");
    assert_int_equal(pull(pair), SPH_PULL_MESSAGE);
    assert_acknowledged(&pair->a);
    assert_int_equal(pair_inbox(&pair->b).rows, 1);
    assert_int_equal(pair_leaves(&pair->b, SPH_EVENT_RECEIVED), 1);
    assert_int_equal(pair_leaves(&pair->b, SPH_EVENT_DUPLICATE), 1);
    pair_free(&pair);
}

/** What is asked for, and what the keeper says to it. */
static void asks_for(struct pair *pair, const char *mpc, const char *code)
{
    static const struct enrolment plain = {NULL, SPH_SUITE_EDELIVERY_1_15};
    char text[200];
    struct sph_foreign_problem problem = {.key = NULL};
    assert_ok(sph_str_format(text, sizeof(text), NULL, "{\"channelIn\":\"%s\"}", mpc), NULL);
    const struct enrolment other = {text, plain.suite};
    assert_int_equal(enrol(&pair->b, &other, &problem).code, SPH_OK);
    const enum sph_pull_came came = pull(pair);
    const sph_slice answer = sph_buf_peek(&pair->b.seen_answer);
    assert_true(sph_slice_find(answer, sph_slice_str(code), 0) != SIZE_MAX);
    assert_int_equal(came, SPH_PULL_EMPTY);
}

static void channel_that_is_not_its_own_is_empty(void **state)
{
    (void)state;
    struct pair *pair = hub_and_office(SPH_SUITE_EDELIVERY_1_15);
    send_text(&pair->a, "nobody else gets it", NULL, NULL);
    asks_for(pair, "urn:example:channel:two", "EBMS:0006");
    asks_for(pair, CHANNEL "/below", "EBMS:0006");
    assert_string_equal(pair_outbox(&pair->a).state, "ready");
    asks_for(pair, "urn:example:channel:on", "EBMS:0006");
    assert_int_equal(pair_leaves(&pair->a, SPH_EVENT_SENT), 0);
    pair_free(&pair);
}

/** A message that names another channel than was asked for is none of the answer. */
static void pulled_message_must_name_the_channel(void **state)
{
    (void)state;
    struct pair *pair = hub_and_office(SPH_SUITE_EDELIVERY_1_15);
    struct sph_foreign_problem problem = {.key = NULL};
    send_text(&pair->a, "for the channel it was made for", NULL, NULL);
    /* Both sides move to another channel; what waits still names the old one. */
    const struct enrolment out = {"{\"channelOut\":\"urn:example:channel:new\"}",
                                  SPH_SUITE_EDELIVERY_1_15};
    const struct enrolment in = {"{\"channelIn\":\"urn:example:channel:new\"}",
                                 SPH_SUITE_EDELIVERY_1_15};
    assert_int_equal(enrol(&pair->a, &out, &problem).code, SPH_OK);
    assert_int_equal(enrol(&pair->b, &in, &problem).code, SPH_OK);
    assert_int_equal(pull(pair), SPH_PULL_MESSAGE); /* it came, and the answer was an error */
    assert_string_equal(pair_outbox(&pair->a).state, "failed");
    assert_string_equal(pair_outbox(&pair->a).code, "EBMS:0010");
    assert_int_equal(pair_inbox(&pair->b).rows, 0);
    pair_free(&pair);
}

static void who_pushes_is_not_asked(void **state)
{
    (void)state;
    enum sph_pull_came came = SPH_PULL_FAILED;
    sph_err err = {0};
    struct pair *pair = foreign_pair_of(SPH_SUITE_EDELIVERY_1_15);
    assert_false(sph_pull_is_used(pair->a.node));
    assert_int_equal(sph_pull_once(pair->a.node, pair->b.party, &came, &err).code, SPH_ENOTFOUND);
    assert_int_equal(pair->a.posts, 0);
    pair_free(&pair);
    pair = hub_and_office(SPH_SUITE_EDELIVERY_1_15);
    assert_true(sph_pull_is_used(pair->b.node));
    assert_false(sph_pull_is_used(pair->a.node));
    pair_free(&pair);
}

/** The same words signed by a key that is not the product's. */
static void another_ones_signature_pulls_nothing(void **state)
{
    (void)state;
    sph_err err = {0};
    char message_id[128];
    struct pair *pair = hub_and_office(SPH_SUITE_EDELIVERY_1_15);
    const sph_keyring *own = sph_node_keys(pair->b.node), *theirs = sph_node_keys(pair->a.node);
    const struct sph_key_slot *slot = &theirs->slot[sph_slot_sign(SPH_SUITE_EDELIVERY_1_15)];
    const sph_as4_signer signer = {slot->key, slot->leaf, theirs->root, SPH_TOKEN_BST_X509};
    const sph_random *random = test_env_get(pair->b.world)->random;
    SPH_AUTO(sph_buf) request = sph_buf_init(262144);
    SPH_AUTO(sph_response) response = sph_response_init();
    send_text(&pair->a, "not for this signature", NULL, NULL);
    assert_ok(sph_as4_new_message_id(random, "here.example", message_id, &err), &err);
    assert_ok(sph_as4_build_pull(CHANNEL, message_id, sph_node_now_ms(pair->b.node),
                                 SPH_SUITE_EDELIVERY_1_15, &signer, random, &request, &err),
              &err);
    pair_offer(&pair->a, own->slot[SPH_SLOT_TLS].leaf, "application/soap+xml;charset=UTF-8",
               sph_buf_peek(&request), &response);
    assert_true(sph_slice_find(sph_buf_peek(&response.body), SPH_LIT("EBMS:0101"), 0) != SIZE_MAX);
    assert_string_equal(pair_outbox(&pair->a).state, "ready");
    pair_free(&pair);
}

int test_foreign_pull(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(message_waits_for_the_product_and_is_acknowledged),
        cmocka_unit_test(answer_to_a_pulled_message_is_pushed),
        cmocka_unit_test(message_of_many_parts_is_pulled_from_a_file),
        cmocka_unit_test(ping_of_a_product_that_pulls_waits_too),
        cmocka_unit_test(message_is_offered_again_until_its_receipt_came),
        cmocka_unit_test(channel_that_is_not_its_own_is_empty),
        cmocka_unit_test(pulled_message_must_name_the_channel),
        cmocka_unit_test(who_pushes_is_not_asked),
        cmocka_unit_test(another_ones_signature_pulls_nothing),
    };
    sph_err err = {0};
    sph_xml_start();
    if (sph_crypto_start(&err).code != SPH_OK)
        return 1;
    return cmocka_run_group_tests_name("foreign_pull", tests, NULL, NULL);
}
