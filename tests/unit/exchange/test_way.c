/* A partner changes how it gets its messages, by push or by pull, while some wait for it: they go
 * the new way, once. */
#include "base/config.h"
#include "exchange/outbox.h"
#include "pull_kit.h"

#define LEASE_OVER_MS 180000

int test_way(void);

/** The office starts anew with an address, or without one. */
static void set_address(struct office *office, bool has_address)
{
    sph_err err = {0};
    struct sph_config config;
    struct pair_side *own = office->own;
    const sph_files *files = test_env_get(own->world)->files;
    sph_node_close(&own->node);
    assert_ok(sph_config_load(files, &config, NULL, &err), &err);
    assert_ok(sph_str_copy(config.url, sizeof(config.url),
                           sph_slice_str(has_address ? "https://127.0.0.1:18444" : ""), &err),
              &err);
    assert_ok(sph_config_store(files, &config, true, &err), &err);
    pair_open_side(own);
}

/** Its care notices that the card is behind, and the hub gets the new one. */
static void change_card(struct office *office, bool has_address)
{
    sph_err err = {0};
    bool is_behind = false;
    set_address(office, has_address);
    assert_ok(sph_own_card_is_behind(office->own->node, &is_behind, &err), &err);
    assert_true(is_behind);
    assert_ok(sph_own_card_renew(office->own->node, &err), &err);
    assert_ok(sph_own_card_is_behind(office->own->node, &is_behind, &err), &err);
    assert_false(is_behind);
    pair_trust(office->hub);
}

static int reachable_start(void **state)
{
    assert_int_equal(office_start(state), 0);
    change_card(*state, true);
    return 0;
}

#define REACHABLE_TEST(name) cmocka_unit_test_setup_teardown(name, reachable_start, office_stop)

static const char *state_of(struct office *office)
{
    static char state[32];
    assert_ok(
        sph_str_copy(state, sizeof(state), sph_slice_str(pair_outbox(office->hub).state), NULL),
        NULL);
    return state;
}

/** Delivered once and proved; each side wrote what it has to, once. */
static void assert_once(struct office *office, int64_t sent)
{
    assert_string_equal(state_of(office), "acknowledged");
    assert_string_equal(pair_outbox(office->hub).proof, "proved");
    assert_int_equal(pair_inbox(office->own).rows, 1);
    assert_int_equal(pair_leaves(office->own, SPH_EVENT_RECEIVED), 1);
    assert_int_equal(pair_leaves(office->own, SPH_EVENT_REJECTED), 0);
    assert_int_equal(pair_leaves(office->own, SPH_EVENT_REPLAY_REFUSED), 0);
    assert_int_equal(pair_leaves(office->hub, SPH_EVENT_SENT), sent);
    assert_int_equal(pair_leaves(office->hub, SPH_EVENT_RECEIPT_IN), 1);
    pair_assert_ledger(office->hub);
    pair_assert_ledger(office->own);
}

/* ------------------------------------------------------------------ from push to pull */

static void way_queued_for_push_is_pulled(void **state)
{
    struct office *office = *state;
    pair_ask(office->hub);
    change_card(office, false);
    pair_deliver(office->hub);
    assert_int_equal(office->hub->posts, 0);
    assert_string_equal(state_of(office), "ready");
    assert_int_equal(pull(office), SPH_PULL_MESSAGE);
    assert_once(office, 1);
}

static void pushed_once(struct office *office, bool arrives)
{
    pair_ask(office->hub);
    office->hub->is_cut = !arrives;
    office->hub->is_answer_lost = arrives;
    pair_deliver(office->hub);
    office->hub->is_cut = office->hub->is_answer_lost = false;
    assert_string_equal(state_of(office), "wait-retry");
}

static void way_pushed_once_is_pulled(void **state)
{
    struct office *office = *state;
    pushed_once(office, false);
    change_card(office, false);
    assert_string_equal(state_of(office), "ready-again");
    pair_restart(office->hub);
    assert_int_equal(pull(office), SPH_PULL_MESSAGE);
    assert_int_equal(pull(office), SPH_PULL_EMPTY);
    assert_once(office, 1);
}

/* It arrived, and only the answer was lost: the pull brings the same message, which is answered
 * with the receipt it has. */
static void way_pushed_with_lost_answer_is_not_delivered_twice(void **state)
{
    struct office *office = *state;
    pushed_once(office, true);
    assert_int_equal(pair_inbox(office->own).rows, 1);
    change_card(office, false);
    assert_int_equal(pull(office), SPH_PULL_MESSAGE);
    assert_once(office, 1);
}

/* ------------------------------------------------------------------ from pull to push */

static void way_ready_for_pull_is_pushed(void **state)
{
    struct office *office = *state;
    pair_ask(office->hub);
    pair_deliver(office->hub);
    assert_string_equal(state_of(office), "ready");
    change_card(office, true);
    assert_string_equal(state_of(office), "submitted");
    assert_int_equal(pair_deliver(office->hub), 1);
    assert_int_equal(office->hub->posts, 1);
    assert_once(office, 1);
}

static void pull_without_receipt(struct office *office)
{
    pair_ask(office->hub);
    pair_deliver(office->hub);
    assert_string_equal(state_of(office), "ready");
    SPH_AUTO(sph_response) response = sph_response_init();
    const struct wish wish = {office->own, office->own, mpc_of(office->own), 0, false};
    ask(office, &wish, &response);
    assert_int_equal(response.status, 200);
    assert_string_equal(state_of(office), "pulled-waiting");
}

/* The lease is respected: the receipt may be on its way. Then it is pushed, with the same bytes. */
static void way_pulled_and_waiting_is_pushed_after_its_lease(void **state)
{
    struct office *office = *state;
    pull_without_receipt(office);
    change_card(office, true);
    assert_string_equal(state_of(office), "wait-retry");
    assert_int_equal(pair_deliver(office->hub), 0);
    advance(office, LEASE_OVER_MS);
    assert_int_equal(pair_deliver(office->hub), 1);
    assert_once(office, 1);
}

static void way_ready_again_is_pushed(void **state)
{
    struct office *office = *state;
    pull_without_receipt(office);
    advance(office, LEASE_OVER_MS);
    pair_deliver(office->hub);
    assert_string_equal(state_of(office), "ready-again");
    change_card(office, true);
    assert_int_equal(pair_deliver(office->hub), 1);
    assert_once(office, 1);
}

/* ------------------------------------------------------------------ stops and strangers */

static sph_rc set_state(void *arg, sph_db *db, sph_err *err)
{
    sph_stmt *stmt = NULL;
    SPH_TRY(sph_stmt_get(db, "UPDATE outbox SET state=?", &stmt, err), err, "state");
    sph_stmt_text(stmt, 1, arg);
    return sph_stmt_run(stmt, NULL, err);
}

/* The node stopped between the card and its queue: the next start makes up for it. */
static void way_is_found_at_the_next_start(void **state)
{
    char ready_again[] = "ready-again";
    struct office *office = *state;
    sph_err err = {0};
    pushed_once(office, false);
    sph_job job = {.apply = set_state, .arg = ready_again};
    assert_ok(sph_journal_commit(sph_node_journal(office->hub->node), &job, NULL, &err), &err);
    pair_restart(office->hub);
    assert_string_equal(state_of(office), "wait-retry");
    pair_deliver(office->hub);
    assert_once(office, 1);
}

/* Other partners' rows stay as they are. */
static void way_of_others_is_left_alone(void **state)
{
    struct office *office = *state;
    sph_err err = {0};
    pair_ask(office->hub);
    pair_deliver(office->hub);
    assert_ok(sph_out_follow(office->hub->node, office->thief.party, &err), &err);
    assert_ok(sph_out_follow(office->hub->node, "no.such.party", &err), &err);
    assert_ok(sph_out_follow_all(office->hub->node, &err), &err);
    assert_string_equal(state_of(office), "ready");
    assert_int_equal(pull(office), SPH_PULL_MESSAGE);
    assert_once(office, 1);
}

/* What names somebody else's channel is refused on a push as before. */
static void way_pushed_for_another_channel_is_refused(void **state)
{
    struct office *office = *state;
    pull_without_receipt(office);
    change_card(office, true);
    sph_err err = {0};
    struct sph_config config;
    const sph_files *files = test_env_get(office->own->world)->files;
    sph_node_close(&office->own->node);
    assert_ok(sph_config_load(files, &config, NULL, &err), &err);
    config.mpc[sph_slice_str(config.mpc).len - 1] ^= 1;
    assert_ok(sph_config_store(files, &config, true, &err), &err);
    pair_open_side(office->own);
    advance(office, LEASE_OVER_MS);
    assert_int_equal(pair_deliver(office->hub), 1);
    assert_string_equal(state_of(office), "failed");
    assert_string_equal(pair_outbox(office->hub).code, "EBMS:0010");
    assert_int_equal(pair_inbox(office->own).rows, 0);
}

int test_way(void)
{
    const struct CMUnitTest tests[] = {
        REACHABLE_TEST(way_queued_for_push_is_pulled),
        REACHABLE_TEST(way_pushed_once_is_pulled),
        REACHABLE_TEST(way_pushed_with_lost_answer_is_not_delivered_twice),
        OFFICE_TEST(way_ready_for_pull_is_pushed),
        OFFICE_TEST(way_pulled_and_waiting_is_pushed_after_its_lease),
        OFFICE_TEST(way_ready_again_is_pushed),
        REACHABLE_TEST(way_is_found_at_the_next_start),
        OFFICE_TEST(way_of_others_is_left_alone),
        OFFICE_TEST(way_pushed_for_another_channel_is_refused),
    };
    return cmocka_run_group_tests_name("way", tests, NULL, NULL);
}
