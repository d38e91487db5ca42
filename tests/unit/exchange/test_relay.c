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

int test_relay(void);
int test_relay(void)
{
    const struct CMUnitTest tests[] = {
        RELAY_TEST(relay_hub_receipt_is_not_delivery),
    };
    sph_err err = {0};
    sph_xml_start();
    if (sph_crypto_start(&err).code != SPH_OK)
        return 1;
    return cmocka_run_group_tests_name("relay", tests, NULL, NULL);
}
