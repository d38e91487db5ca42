/* Two nodes whose configuration names the P-256 suite: cards, both directions, receipts. */
#include "support/pair.h"

int test_p256(void);

static void p256_nodes_announce_it_and_exchange_in_it(void **state)
{
    (void)state;
    struct pair *pair = pair_new_with("edelivery-2.0-p256", "edelivery-2.0-p256 edelivery-1.15");
    pair_ask(&pair->a);
    assert_int_equal(pair_deliver(&pair->a), 1);
    assert_string_equal(pair_outbox(&pair->a).detail, "");
    assert_string_equal(pair_outbox(&pair->a).state, "acknowledged");
    assert_string_equal(pair_outbox(&pair->a).proof, "proved");
    assert_int_equal(pair_inbox(&pair->b).rows, 1);
    pair_assert_ledger(&pair->a);
    pair_assert_ledger(&pair->b);
    pair_free(&pair);
}

/** A node that does not name it has no suite in common with one that names nothing else. */
static void p256_is_not_announced_unless_named(void **state)
{
    (void)state;
    struct pair *pair = pair_new_with(NULL, NULL);
    const struct sph_suites *own = sph_node_suites(pair->a.node);
    assert_int_equal(own->count, 2);
    assert_int_equal(own->at[0], SPH_SUITE_EDELIVERY_2_0_ED25519);
    assert_int_equal(own->at[1], SPH_SUITE_EDELIVERY_1_15);
    pair_free(&pair);
}

int test_p256(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(p256_nodes_announce_it_and_exchange_in_it),
        cmocka_unit_test(p256_is_not_announced_unless_named),
    };
    sph_xml_start();
    return cmocka_run_group_tests_name("p256", tests, NULL, NULL);
}
