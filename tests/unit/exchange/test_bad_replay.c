/* Messages that come again, and a disk that is full (security.md 2.7 A-01, S-23, L-09). */
#include "bad_kit.h"

#include "exchange/arrival.h"
#include "exchange/care.h"

#define HOUR_MS 3600000

static void offer_again(struct bad_world *world, const struct bad_msg *msg, sph_slice receipt,
                        const char *what)
{
    SPH_AUTO(sph_response) response = sph_response_init();
    SPH_AUTO(sph_buf) whole = sph_buf_init((size_t)1 << 26);
    bad_bytes(msg, &whole);
    pair_offer(&world->pair->b, sph_node_keys(msg->client->node)->slot[SPH_SLOT_TLS].leaf,
               msg->content_type, sph_buf_peek(&whole), &response);
    if (response.status != 200 || !sph_slice_equal(sph_buf_peek(&response.body), receipt))
        fail_msg("%s: HTTP %u, not the same receipt", what, response.status);
}

static void offer_times(struct bad_world *world, const struct bad_msg *msg, sph_slice receipt,
                        const char *what, unsigned times, int64_t leaves)
{
    struct pair_side *b = &world->pair->b;
    const struct bad_image before = bad_look(b);
    for (unsigned i = 0; i < times; i++)
        offer_again(world, msg, receipt, what);
    const struct bad_image after = bad_look(b);
    assert_true(bad_is_same(what, &before, &after, leaves));
}

static void replay_gets_the_same_receipt_and_one_leaf_an_hour(void **state)
{
    struct bad_world *world = *state;
    struct pair_side *b = &world->pair->b;
    struct bad_msg msg;
    SPH_AUTO(sph_buf) receipt = sph_buf_init((size_t)1 << 20);
    bad_make(world, &(struct bad_wish){.has_attachment = true}, &msg);
    bad_accept(world, "A-01 first", &msg, &receipt);
    const sph_slice first = sph_buf_peek(&receipt);
    offer_times(world, &msg, first, "A-01 at once", 1, 1);
    test_env_advance(b->world, 1000);
    offer_times(world, &msg, first, "A-01 1,000 copies", 1000, 0);
    assert_int_equal(pair_leaves(b, SPH_EVENT_DUPLICATE), 1);
    pair_restart(b);
    offer_times(world, &msg, first, "A-01 after a restart", 1, 0);
    test_env_advance(b->world, HOUR_MS);
    offer_times(world, &msg, first, "A-01 an hour later", 10, 1);
    test_env_advance(b->world, 24 * HOUR_MS);
    offer_times(world, &msg, first, "A-01 a day later", 10, 1);
    assert_int_equal(pair_leaves(b, SPH_EVENT_DUPLICATE), 3);
    test_env_set_now(b->world, sph_node_now_ms(world->pair->a.node));
    bad_msg_clear(&msg);
    bad_good(world, "A-01");
    pair_assert_ledger(b);
}

/** nothing prunes what was received; a copy that comes weeks later is a copy still. */
static void a02_replay_table_is_never_pruned(void **state)
{
    struct bad_world *world = *state;
    struct pair_side *b = &world->pair->b;
    struct bad_msg msg;
    unsigned changed = 0;
    sph_err err = {0};
    SPH_AUTO(sph_buf) receipt = sph_buf_init((size_t)1 << 20);
    bad_make(world, &(struct bad_wish){0}, &msg);
    bad_accept(world, "A-02 first", &msg, &receipt);
    for (int week = 1; week <= 3; week++) { /* as long as the sender's revocation list is in time */
        test_env_advance(b->world, 7 * 24 * (int64_t)HOUR_MS);
        assert_ok(sph_care_round(b->node, &changed, &err), &err);
        pair_restart(b);
        offer_times(world, &msg, sph_buf_peek(&receipt), "A-02 weeks later", 2, 1);
    }
    bad_msg_clear(&msg);
    test_env_set_now(b->world, sph_node_now_ms(world->pair->a.node));
}

/** S-23: what is not signed may read otherwise; it is the same message all the same. */
static void replay_of_the_same_signed_content_in_other_octets_is_a_duplicate(void **state)
{
    struct bad_world *world = *state;
    struct bad_msg msg;
    SPH_AUTO(sph_buf) receipt = sph_buf_init((size_t)1 << 20);
    bad_make(world, &(struct bad_wish){0}, &msg);
    bad_accept(world, "S-23 first", &msg, &receipt);
    bad_before(&msg, "<ds:SignatureValue>", "\n");
    offer_times(world, &msg, sph_buf_peek(&receipt), "S-23 white space", 1, 1);
    bad_msg_clear(&msg);
}

static void replay_of_an_id_with_other_content_is_refused_loudly(void **state)
{
    struct bad_world *world = *state;
    struct bad_msg msg;
    const char *id = "0f8fad5b-d9cb-469f-a165-70867728950e@la.legalaid.example";
    const struct bad_end refused = {200,  "EBMS:0003", SPH_EVENT_REPLAY_REFUSED, SPH_REASON_REPLAY,
                                    NULL, "REPLAY"};
    const struct bad_row rows[] = {
        {"S-23 other packet", {.message_id = id}, NULL, refused},
        {"S-23 a ping under the id", {.message_id = id, .is_ping = true}, NULL, refused},
        {"S-23 one part more", {.message_id = id, .has_attachment = true}, NULL, refused},
    };
    bad_make(world, &(struct bad_wish){.message_id = id}, &msg);
    bad_accept(world, "S-23 first", &msg, NULL);
    bad_msg_clear(&msg);
    BAD_TABLE(state, rows);
    bad_make(world, &(struct bad_wish){.sender = &world->c, .message_id = id}, &msg);
    bad_accept(world, "the id of another sender is another message", &msg, NULL);
    bad_msg_clear(&msg);
}

/** A message that was refused is not remembered: the right one under its id is delivered. */
static void replay_table_knows_only_what_was_stored(void **state)
{
    struct bad_world *world = *state;
    struct bad_msg msg;
    bad_make(world, &(struct bad_wish){0}, &msg);
    const uint8_t kept = msg.after.at[msg.after.len - 200];
    msg.after.at[msg.after.len - 200] ^= 1;
    bad_expect(world, "changed on the way", &world->pair->b, &msg,
               &(struct bad_end){200, "EBMS:0102", 0, 0, "xenc.content", NULL});
    msg.after.at[msg.after.len - 200] = kept;
    bad_accept(world, "the same message as it was sent", &msg, NULL);
    bad_msg_clear(&msg);
}

/* ------------------------------------------------------------------ trouble of this node */

static void disk_with_room_for(struct bad_world *world, const char *id, uint64_t room)
{
    struct pair_side *b = &world->pair->b;
    struct bad_msg msg;
    SPH_AUTO(sph_response) response = sph_response_init();
    SPH_AUTO(sph_buf) whole = sph_buf_init((size_t)1 << 26);
    bad_make(world, &(struct bad_wish){.has_attachment = true}, &msg);
    bad_bytes(&msg, &whole);
    const struct bad_image before = bad_look(b);
    test_env_set_room(b->world, room);
    pair_offer(b, sph_node_keys(world->pair->a.node)->slot[SPH_SLOT_TLS].leaf, msg.content_type,
               sph_buf_peek(&whole), &response);
    test_env_set_room(b->world, UINT64_MAX);
    assert_int_equal(response.status, 503);
    assert_true(response.retry_after_s > 0);
    assert_int_equal(response.body.len, 0);
    const struct bad_image after = bad_look(b);
    assert_true(bad_is_same(id, &before, &after, 0));
    bad_accept(world, id, &msg, NULL);
    bad_msg_clear(&msg);
}

/** Nothing is begun that would eat what the node keeps for itself, long before the disk is full. */
static void disk_full_asks_the_sender_to_come_again(void **state)
{
    struct bad_world *world = *state;
    disk_with_room_for(world, "L-09 nothing left", 0);
    disk_with_room_for(world, "L-09 a kilobyte left", 1024);
    disk_with_room_for(world, "L-09 only the floor left", UINT64_C(64) * 1024 * 1024);
    pair_assert_ledger(&world->pair->b);
}

/** What was stored before the call failed gets its receipt now, and the same one from then on. */
static void offer_stored(struct bad_world *world, const struct bad_msg *msg, sph_response *first)
{
    SPH_AUTO(sph_response) second = sph_response_init();
    SPH_AUTO(sph_buf) whole = sph_buf_init((size_t)1 << 26);
    if (first->status != 200) {
        bad_bytes(msg, &whole);
        pair_offer(&world->pair->b, sph_node_keys(msg->client->node)->slot[SPH_SLOT_TLS].leaf,
                   msg->content_type, sph_buf_peek(&whole), &second);
        assert_int_equal(second.status, 200);
        first = &second;
    }
    offer_again(world, msg, sph_buf_peek(&first->body), "call failed, then again");
}

/** The whole way in with the first, second, … call to files or random failing: the answer is
 * "later" or the receipt, nothing is stored twice or in half, and the same octets pass after. */
static void disk_failing_at_each_call_loses_and_doubles_nothing(void **state)
{
    struct bad_world *world = *state;
    struct pair_side *b = &world->pair->b;
    unsigned failures = 0;
    for (size_t n = 1; n < 200; n++) {
        struct bad_msg msg;
        SPH_AUTO(sph_response) response = sph_response_init();
        SPH_AUTO(sph_buf) whole = sph_buf_init((size_t)1 << 26);
        bad_make(world, &(struct bad_wish){.has_attachment = true}, &msg);
        bad_bytes(&msg, &whole);
        const struct bad_image before = bad_look(b);
        test_env_fail_at(b->world, n);
        pair_offer(b, sph_node_keys(world->pair->a.node)->slot[SPH_SLOT_TLS].leaf, msg.content_type,
                   sph_buf_peek(&whole), &response);
        const bool has_failed = test_env_has_failed(b->world);
        test_env_fail_at(b->world, 0);
        const struct bad_image after = bad_look(b);
        const bool is_stored = after.inbox > before.inbox;
        if (response.status != 200 && response.status != 503 && response.status != 0)
            fail_msg("call %zu: HTTP %u", n, response.status);
        assert_int_equal(after.packets - before.packets, is_stored);
        assert_int_equal(after.attachments - before.attachments, is_stored);
        assert_true(after.vault - before.vault >= is_stored);
        assert_int_equal(after.spool, before.spool);
        assert_int_equal(after.open_files, before.open_files);
        if (is_stored) {
            offer_stored(world, &msg, &response);
        } else {
            assert_int_not_equal(response.status, 200);
            bad_accept(world, "again", &msg, NULL);
        }
        bad_msg_clear(&msg);
        failures += has_failed;
        if (!has_failed)
            break;
    }
    assert_true(failures > 5);
    pair_assert_ledger(b);
}

int test_bad_replay(void);
int test_bad_replay(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(replay_gets_the_same_receipt_and_one_leaf_an_hour),
        cmocka_unit_test(replay_of_the_same_signed_content_in_other_octets_is_a_duplicate),
        cmocka_unit_test(replay_of_an_id_with_other_content_is_refused_loudly),
        cmocka_unit_test(replay_table_knows_only_what_was_stored),
        cmocka_unit_test(a02_replay_table_is_never_pruned),
        cmocka_unit_test(disk_full_asks_the_sender_to_come_again),
        cmocka_unit_test(disk_failing_at_each_call_loses_and_doubles_nothing),
    };
    return cmocka_run_group_tests_name("bad_replay", tests, bad_start, bad_stop);
}
