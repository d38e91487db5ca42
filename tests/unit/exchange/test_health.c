/* What is known of each partner: clock, last failure, counts, and how a flood of bad messages is
 * written down. */
#include "exchange/health.h"

#include <stdio.h>

#include "exchange/ping.h"
#include "support/pair.h"
#include "xml/xml.h"

int test_health(void);

#define DAY_MS 86400000LL

static struct sph_partner_health health_of(struct pair_side *side, const char *party)
{
    struct sph_partner_health health;
    sph_err err = {0};
    assert_ok(sph_health_of(side->node, party, &health, &err), &err);
    return health;
}

static void health_of_an_exchange_is_seen_at_both_ends(void **state)
{
    (void)state;
    struct pair *pair = pair_new();
    struct sph_partner_health before = health_of(&pair->a, pair->b.party);
    assert_int_equal(before.queued, 0);
    assert_int_equal(before.reached_ms, 0);
    assert_true(before.certificate_ms > sph_node_now_ms(pair->a.node) + 20 * DAY_MS);
    pair_ask(&pair->a);
    before = health_of(&pair->a, pair->b.party);
    assert_int_equal(before.queued, 1);
    assert_int_equal(before.oldest_ms, sph_node_now_ms(pair->a.node));
    pair_deliver(&pair->a);
    const struct sph_partner_health at_a = health_of(&pair->a, pair->b.party);
    const struct sph_partner_health at_b = health_of(&pair->b, pair->a.party);
    assert_int_equal(at_a.queued, 0);
    assert_int_equal(at_a.counts.delivered, 1);
    assert_true(at_a.reached_ms > 0);
    assert_int_equal(at_b.counts.received, 1);
    assert_true(at_b.counts.received_bytes > 1000);
    assert_true(at_b.heard_ms > 0);
    assert_true(at_b.has_clock);
    assert_string_equal(at_a.failure_code, "");
    sph_err err = {0};
    struct sph_partner_health none;
    assert_code(sph_health_of(pair->a.node, "la.nobody.example", &none, &err), SPH_ENOTFOUND, &err);
    pair_free(&pair);
}

static void assert_clock_about(struct pair_side *side, const char *party, int64_t about_ms)
{
    const struct sph_partner_health health = health_of(side, party);
    const int64_t off_ms = health.clock_ms - about_ms;
    assert_true(health.has_clock);
    assert_true(off_ms > -60000 && off_ms < 60000);
}

static void a13_clock_behind_by_a_day_is_shown_and_the_message_is_taken(void **state)
{
    (void)state;
    struct pair *pair = pair_new();
    test_env_advance(pair->b.world, DAY_MS);
    pair_ask(&pair->a);
    pair_deliver(&pair->a);
    assert_string_equal(pair_outbox(&pair->a).state, "acknowledged");
    assert_clock_about(&pair->b, pair->a.party, -DAY_MS);
    const int64_t seen_ms = health_of(&pair->b, pair->a.party).clock_at_ms;
    pair_restart(&pair->b); /* and it is not forgotten */
    assert_clock_about(&pair->b, pair->a.party, -DAY_MS);
    assert_int_equal(health_of(&pair->b, pair->a.party).clock_at_ms, seen_ms);
    pair_free(&pair);
}

/* The message is taken; a document that was signed tomorrow is refused for itself (PK-07). */
static void a13_clock_ahead_by_a_day_is_shown_and_the_message_is_taken(void **state)
{
    (void)state;
    struct pair *pair = pair_new();
    char message_id[128];
    sph_err err = {0};
    test_env_advance(pair->a.world, DAY_MS);
    assert_ok(sph_ping_queue(pair->a.node, pair->b.party, message_id, &err), &err);
    pair_deliver(&pair->a);
    assert_string_equal(pair_outbox(&pair->a).state, "acknowledged");
    assert_clock_about(&pair->b, pair->a.party, DAY_MS);
    pair_ask(&pair->a);
    pair_deliver(&pair->a);
    assert_string_equal(pair_outbox(&pair->a).code, "EBMS:0004");
    assert_clock_about(&pair->b, pair->a.party, DAY_MS);
    pair_free(&pair);
}

static void health_a_message_that_waited_does_not_make_a_clock_wrong(void **state)
{
    (void)state;
    struct pair *pair = pair_new();
    const int64_t now_ms = sph_node_now_ms(pair->b.node);
    const char *a = pair->a.party;
    sph_health_clock(pair->b.node, a, now_ms - 3000, true); /* a Date */
    sph_health_clock(pair->b.node, a, now_ms - 5 * DAY_MS, false);
    assert_int_equal(health_of(&pair->b, a).clock_ms, -3000);
    test_env_advance(pair->b.world, 2 * 3600000); /* nothing fresh for long: a Timestamp counts */
    sph_health_clock(pair->b.node, a, now_ms, false);
    assert_int_equal(health_of(&pair->b, a).clock_ms, -2 * 3600000);
    sph_health_clock(pair->b.node, a, now_ms - 1000, false); /* waited longer: tells less */
    assert_int_equal(health_of(&pair->b, a).clock_ms, -2 * 3600000);
    sph_health_clock(pair->b.node, a, now_ms + 1800000, false); /* waited less: tells more */
    assert_int_equal(health_of(&pair->b, a).clock_ms, 1800000 - 2 * 3600000);
    pair_free(&pair);
}

/* ---- failures ---- */

static void health_last_failure_is_kept_with_its_code(void **state)
{
    (void)state;
    struct pair *pair = pair_new();
    pair_ask(&pair->a);
    pair->a.is_cut = true;
    pair_deliver(&pair->a);
    struct sph_partner_health health = health_of(&pair->a, pair->b.party);
    assert_string_equal(health.failure_code, "transport");
    assert_int_equal(health.failure_ms, sph_node_now_ms(pair->a.node));
    assert_int_equal(health.queued, 1);
    pair_restart(&pair->a);
    health = health_of(&pair->a, pair->b.party);
    assert_string_equal(health.failure_code, "transport");
    pair_free(&pair);
}

struct seen_codes {
    char text[2048];
    unsigned count;
};

static sph_rc note_code(void *arg, const char *party, const char *code, uint64_t count,
                        sph_err *err)
{
    struct seen_codes *seen = arg;
    char *end = seen->text + strlen(seen->text);
    seen->count++;
    return sph_str_format(end, sizeof(seen->text) - (size_t)(end - seen->text), err, "%s %s %llu\n",
                          party, code, (unsigned long long)count);
}

static void health_codes_of_a_partner_are_few_and_plain(void **state)
{
    (void)state;
    struct pair *pair = pair_new();
    struct seen_codes seen = {.count = 0};
    sph_err err = {0};
    char code[16];
    sph_health_failed(pair->a.node, "th.x.example", "EBMS:0202");
    sph_health_failed(pair->a.node, "th.x.example", "EBMS:0202");
    sph_health_failed(pair->a.node, "th.x.example", "EBMS:02\"2");
    sph_health_failed(pair->a.node, "th.x.example", "a name that may be of a person");
    sph_health_failed(pair->a.node, "th.x.example", "");
    assert_ok(sph_health_codes(pair->a.node, false, note_code, &seen, &err), &err);
    assert_string_equal(seen.text, "th.x.example EBMS:0202 2\nth.x.example other 3\n");
    for (unsigned i = 1000; i < 1100; i++) { /* a partner that invents codes fills no memory */
        assert_ok(sph_str_format(code, sizeof(code), &err, "EBMS:%u", i), &err);
        sph_health_failed(pair->a.node, "th.x.example", code);
    }
    seen = (struct seen_codes){.count = 0};
    assert_ok(sph_health_codes(pair->a.node, false, note_code, &seen, &err), &err);
    assert_in_range(seen.count, 10, 24);
    pair_free(&pair);
}

static void health_every_failure_has_words_in_every_language(void **state)
{
    static const char *const codes[] = {
        "transport",         "wrong-partner",       "unauthenticated", "partner-paused",
        "partner-paused-us", "partner-removed-us",  "no-partner",      "EBMS:0004",
        "EBMS:0101",         "EBMS:0102",           "EBMS:0202",       "EBMS:0301",
        "EBMS:0302",         "something-unheard-of"};
    (void)state;
    char key[64];
    sph_err err = {0};
    for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
        assert_ok(sph_health_failure_key(codes[i], key, &err), &err);
        const bool is_last = i + 1 == sizeof(codes) / sizeof(codes[0]);
        assert_int_equal(strcmp(key, "failure.other") == 0, is_last);
        for (int lang = 0; lang < SPH_LANG_COUNT; lang++)
            assert_true(strlen(sph_text((enum sph_lang)lang, key)) > 10);
    }
}

/* ---- refusals ---- */

static void flip_last_part(struct pair_side *side, sph_buf *body)
{
    (void)side;
    body->at[body->len - 200] ^= 1;
}

static void health_the_same_refusal_is_one_leaf_a_minute_and_counted(void **state)
{
    (void)state;
    struct pair *pair = pair_new();
    struct seen_codes seen = {.count = 0};
    sph_err err = {0};
    pair->a.change = flip_last_part;
    for (int i = 0; i < 5; i++) {
        pair_ask(&pair->a);
        pair_deliver(&pair->a);
    }
    assert_int_equal(pair_leaves(&pair->b, SPH_EVENT_REJECTED), 1);
    assert_int_equal(pair_inbox(&pair->b).rows, 0);
    assert_int_equal(health_of(&pair->b, pair->a.party).counts.leaves_left_out, 4);
    assert_ok(sph_health_codes(pair->b.node, true, note_code, &seen, &err), &err);
    assert_non_null(strstr(seen.text, "EBMS:0102 5\n"));
    test_env_advance(pair->b.world, 60000);
    pair_ask(&pair->a);
    pair_deliver(&pair->a);
    assert_int_equal(pair_leaves(&pair->b, SPH_EVENT_REJECTED), 2);
    pair_free(&pair);
}

static void health_leaves_are_limited_by_partner_and_reason(void **state)
{
    (void)state;
    struct pair *pair = pair_new();
    sph_node *node = pair->b.node;
    for (uint16_t reason = 1; reason <= 40; reason++) {
        assert_true(sph_health_refused(node, "la.x.example", "EBMS:0009", reason));
        assert_false(sph_health_refused(node, "la.x.example", "EBMS:0009", reason));
    }
    assert_true(sph_health_refused(node, "la.y.example", "EBMS:0009", 1));
    pair_free(&pair);
}

int test_health(void)
{
    sph_xml_start();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(health_of_an_exchange_is_seen_at_both_ends),
        cmocka_unit_test(a13_clock_behind_by_a_day_is_shown_and_the_message_is_taken),
        cmocka_unit_test(a13_clock_ahead_by_a_day_is_shown_and_the_message_is_taken),
        cmocka_unit_test(health_a_message_that_waited_does_not_make_a_clock_wrong),
        cmocka_unit_test(health_last_failure_is_kept_with_its_code),
        cmocka_unit_test(health_codes_of_a_partner_are_few_and_plain),
        cmocka_unit_test(health_every_failure_has_words_in_every_language),
        cmocka_unit_test(health_the_same_refusal_is_one_leaf_a_minute_and_counted),
        cmocka_unit_test(health_leaves_are_limited_by_partner_and_reason),
    };
    return cmocka_run_group_tests_name("health", tests, NULL, NULL);
}
