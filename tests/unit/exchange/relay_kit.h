/** Two offices that only pull and the hub of both, in one process; and a further partner of each.
 */
#pragma once

#include "exchange/pull.h"
#include "exchange/relay_store.h"
#include "support/pair.h"

#define RELAY_TEST(name) cmocka_unit_test_setup_teardown(name, relay_start, relay_stop)
#define HUB "la.hub.example"

struct relay {
    struct pair_side hub, a, c;
};

static inline void relay_trust(struct pair_side *one, struct pair_side *two)
{
    one->other = two;
    two->other = one;
    pair_trust(one);
    pair_trust(two);
}

static inline int relay_start(void **state)
{
    struct relay *relay = sph_mem_new(1, sizeof(*relay));
    assert_non_null(relay);
    relay->hub = (struct pair_side){
        .party = HUB, .kind = "social-ministry", .country = "LA", .relays = true};
    relay->a = (struct pair_side){.party = "la.office.example",
                                  .kind = "legal-aid",
                                  .country = "LA",
                                  .is_pull_only = true,
                                  .via = HUB};
    relay->c = (struct pair_side){.party = "th.branch.example",
                                  .kind = "ngo",
                                  .country = "TH",
                                  .is_pull_only = true,
                                  .via = HUB};
    pair_make_side(&relay->hub, 61);
    pair_make_side(&relay->a, 62);
    pair_make_side(&relay->c, 63);
    relay_trust(&relay->a, &relay->c);
    relay_trust(&relay->hub, &relay->a);
    relay_trust(&relay->hub, &relay->c);
    *state = relay;
    return 0;
}

static inline int relay_stop(void **state)
{
    struct relay *relay = *state;
    pair_free_side(&relay->hub);
    pair_free_side(&relay->a);
    pair_free_side(&relay->c);
    sph_mem_free(relay);
    return 0;
}

/** Queue a question from one end to the other. Posts of both go to the hub. */
static inline struct pair_asked relay_ask(struct pair_side *from, struct pair_side *to)
{
    struct pair_side *hub = from->other;
    from->other = to;
    const struct pair_asked asked = pair_ask(from);
    from->other = hub;
    return asked;
}

static inline enum sph_pull_came relay_pull(struct pair_side *side)
{
    enum sph_pull_came came = SPH_PULL_FAILED;
    sph_err err = {0};
    assert_ok(sph_pull_once(side->node, HUB, &came, &err), &err);
    return came;
}

static inline void relay_advance(struct relay *relay, int64_t ms)
{
    test_env_advance(relay->hub.world, ms);
    test_env_advance(relay->a.world, ms);
    test_env_advance(relay->c.world, ms);
}

/** A question is at C, and nothing has come back. */
static inline struct pair_asked relay_to_c(struct relay *relay)
{
    const struct pair_asked asked = relay_ask(&relay->a, &relay->c);
    assert_int_equal(pair_deliver(&relay->a), 1);
    assert_int_equal(pair_deliver(&relay->hub), 1);
    assert_int_equal(relay_pull(&relay->c), SPH_PULL_MESSAGE);
    return asked;
}

/** What C owes comes back to A. */
static inline void relay_back(struct relay *relay)
{
    assert_int_equal(pair_deliver(&relay->c), 1);
    assert_int_equal(pair_deliver(&relay->hub), 1);
    assert_int_equal(relay_pull(&relay->a), SPH_PULL_MESSAGE);
}
