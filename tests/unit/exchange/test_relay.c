/* Relay between two offices that only pull (as4.md 12.6, packets.md 1a). */
#include "relay_kit.h"

static void relay_hub_receipt_is_not_delivery(void **state)
{
    struct relay *relay = *state;
    relay_ask(&relay->a, &relay->c);
    assert_int_equal(pair_deliver(&relay->a), 1);
    assert_string_equal(pair_outbox(&relay->a).state, "handed-to-hub");
    assert_string_equal(pair_outbox(&relay->a).proof, "hub");
    assert_int_equal(pair_leaves(&relay->a, SPH_EVENT_RECEIPT_IN), 1);
    assert_int_equal(pair_leaves(&relay->hub, SPH_EVENT_RECEIVED), 1);
    assert_int_equal(pair_leaves(&relay->hub, SPH_EVENT_SUBMITTED), 1);
    assert_int_equal(pair_deliver(&relay->hub), 1);
    assert_string_equal(pair_outbox(&relay->hub).state, "ready");
    assert_int_equal(relay_pull(&relay->c), SPH_PULL_MESSAGE);
    assert_int_equal(pair_inbox(&relay->c).rows, 1);
    assert_string_equal(pair_outbox(&relay->hub).state, "acknowledged");
    assert_string_equal(pair_outbox(&relay->hub).proof, "proved");
    assert_string_equal(pair_outbox(&relay->a).state, "handed-to-hub");
    pair_assert_ledger(&relay->a);
    pair_assert_ledger(&relay->hub);
    pair_assert_ledger(&relay->c);
}

static void relay_notice_of_the_recipient_is_delivery(void **state)
{
    struct relay *relay = *state;
    relay_to_c(relay);
    relay_back(relay);
    assert_string_equal(pair_outbox(&relay->a).state, "acknowledged");
    assert_string_equal(pair_outbox(&relay->a).proof, "notice");
    assert_string_equal(pair_outbox(&relay->c).state, "handed-to-hub");
    assert_int_equal(pair_inbox(&relay->a).rows, 1);
    assert_int_equal(pair_leaves(&relay->a, SPH_EVENT_RECEIVED), 1);
    assert_int_equal(pair_leaves(&relay->c, SPH_EVENT_RECEIVED), 1);
    assert_int_equal(pair_leaves(&relay->hub, SPH_EVENT_RECEIVED), 2);
    assert_int_equal(pair_leaves(&relay->hub, SPH_EVENT_RECEIPT_IN), 2);
    /* A notice gets no notice, and nobody waits for one. */
    struct sph_counts counts;
    sph_err err = {0};
    assert_int_equal(pair_deliver(&relay->a), 0);
    relay_advance(relay, INT64_C(20) * 86400000);
    assert_int_equal(pair_deliver(&relay->c), 0);
    assert_ok(sph_query_counts(relay->c.node, &counts, &err), &err);
    assert_int_equal(counts.handed, 0);
    assert_int_equal(counts.failed, 0);
    assert_int_equal(counts.queued + counts.retrying, 0);
    pair_assert_ledger(&relay->a);
    pair_assert_ledger(&relay->hub);
    pair_assert_ledger(&relay->c);
}

static void relay_survives_a_restart_of_each_at_each_step(void **state)
{
    struct relay *relay = *state;
    relay_ask(&relay->a, &relay->c);
    pair_restart(&relay->a);
    pair_deliver(&relay->a);
    pair_restart(&relay->hub);
    pair_deliver(&relay->hub);
    pair_restart(&relay->a);
    pair_restart(&relay->hub);
    assert_string_equal(pair_outbox(&relay->a).state, "handed-to-hub");
    assert_int_equal(relay_pull(&relay->c), SPH_PULL_MESSAGE);
    pair_restart(&relay->c);
    relay_back(relay);
    pair_restart(&relay->a);
    assert_string_equal(pair_outbox(&relay->a).state, "acknowledged");
}

/** The hub takes a message, and its receipt is lost on the way: the same again, one delivery. */
static void relay_lost_hub_receipt_is_asked_for_again(void **state)
{
    struct relay *relay = *state;
    relay_ask(&relay->a, &relay->c);
    relay->a.is_answer_lost = true;
    pair_deliver(&relay->a);
    assert_string_equal(pair_outbox(&relay->a).state, "wait-retry");
    relay->a.is_answer_lost = false;
    relay_advance(relay, 60000);
    pair_deliver(&relay->a);
    assert_string_equal(pair_outbox(&relay->a).state, "handed-to-hub");
    assert_int_equal(pair_inbox(&relay->hub).rows, 1);
    assert_int_equal(pair_outbox(&relay->hub).rows, 1);
    assert_int_equal(pair_leaves(&relay->hub, SPH_EVENT_DUPLICATE), 1);
}

/** ... and the notice may be faster than the receipt. */
static void relay_notice_may_come_before_the_hub_receipt(void **state)
{
    struct relay *relay = *state;
    relay_ask(&relay->a, &relay->c);
    relay->a.is_answer_lost = true;
    pair_deliver(&relay->a);
    relay->a.is_answer_lost = false;
    pair_deliver(&relay->hub);
    assert_int_equal(relay_pull(&relay->c), SPH_PULL_MESSAGE);
    relay_back(relay);
    assert_string_equal(pair_outbox(&relay->a).state, "acknowledged");
    assert_string_equal(pair_outbox(&relay->a).proof, "notice");
}

static void relay_hub_that_drops_leaves_it_handed_until_the_deadline(void **state)
{
    struct relay *relay = *state;
    relay_ask(&relay->a, &relay->c);
    pair_deliver(&relay->a);
    relay_advance(relay, SPH_OUT_DEADLINE_MS + 60000);
    assert_int_equal(pair_deliver(&relay->a), 0);
    assert_string_equal(pair_outbox(&relay->a).state, "handed-to-hub");
    relay_advance(relay, SPH_OUT_NOTICE_MS);
    pair_deliver(&relay->a);
    assert_string_equal(pair_outbox(&relay->a).state, "failed");
    assert_string_equal(pair_outbox(&relay->a).code, "EBMS:0301");
    assert_int_equal(pair_leaves(&relay->a, SPH_EVENT_DELIVERY_FAILED), 1);
}

/** The thread goes on through the hub in both directions. */
static void relay_answer_comes_back_in_the_thread(void **state)
{
    struct relay *relay = *state;
    const struct pair_asked asked = relay_to_c(relay);
    relay_back(relay);
    char text[2048];
    assert_ok(sph_str_format(text, sizeof(text), NULL,
                             "{\"type\":\"assistance-response\",\"header\":{\"threadId\":\"%s\","
                             "\"inReplyTo\":\"%s\",\"seq\":2,\"language\":[\"en\"]},\"body\":{"
                             "\"action\":\"answer\",\"text\":{\"en\":\"Yes (invented).\"}}}",
                             asked.thread_id, asked.packet_id),
              NULL);
    struct pair_side *hub = relay->c.other;
    relay->c.other = &relay->a;
    pair_send(&relay->c, text);
    relay->c.other = hub;
    relay_back(relay);
    assert_int_equal(pair_deliver(&relay->a), 1);
    assert_int_equal(pair_deliver(&relay->hub), 1);
    assert_int_equal(relay_pull(&relay->c), SPH_PULL_MESSAGE);
    assert_string_equal(pair_outbox(&relay->c).state, "acknowledged");
    assert_int_equal(pair_inbox(&relay->a).rows, 2);
}

int test_relay(void);
int test_relay(void)
{
    const struct CMUnitTest tests[] = {
        RELAY_TEST(relay_hub_receipt_is_not_delivery),
        RELAY_TEST(relay_notice_of_the_recipient_is_delivery),
        RELAY_TEST(relay_survives_a_restart_of_each_at_each_step),
        RELAY_TEST(relay_lost_hub_receipt_is_asked_for_again),
        RELAY_TEST(relay_notice_may_come_before_the_hub_receipt),
        RELAY_TEST(relay_hub_that_drops_leaves_it_handed_until_the_deadline),
        RELAY_TEST(relay_answer_comes_back_in_the_thread),
    };
    sph_err err = {0};
    sph_xml_start();
    if (sph_crypto_start(&err).code != SPH_OK)
        return 1;
    return cmocka_run_group_tests_name("relay", tests, NULL, NULL);
}
