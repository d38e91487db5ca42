/* One content key for two messages (security.md 2.6 E-04): a node remembers a day of them. */
#include "bad_kit.h"

#include "exchange/arrival.h"

int test_bad_key(void);

#define DAY_MS (INT64_C(24) * 3600 * 1000)

/** Random numbers that repeat after each start: a snapshot of a machine that was resumed twice. */
struct stuck {
    uint8_t next;
};

static sph_rc fill_stuck(void *ctx, uint8_t *at, size_t len, sph_err *err)
{
    struct stuck *stuck = ctx;
    (void)err;
    for (size_t i = 0; i < len; i++)
        at[i] = (uint8_t)(stuck->next++ * 37u + 11u);
    return sph_ok();
}

static void make_from(struct bad_world *world, uint8_t seed, struct bad_wish wish,
                      struct bad_msg *msg)
{
    struct stuck stuck = {seed};
    const sph_random random = {&stuck, fill_stuck};
    wish.random = &random;
    bad_make(world, &wish, msg);
}

static const struct bad_end reused = {
    200, "EBMS:0103", 0, SPH_REASON_KEY_REUSED, NULL, "the content key was used"};

static void e04_content_key_of_another_message_is_refused(void **state)
{
    struct bad_world *world = *state;
    struct bad_msg msg;
    make_from(world, 1, (struct bad_wish){0}, &msg);
    bad_accept(world, "E-04 first", &msg, NULL);
    bad_msg_clear(&msg);
    make_from(world, 1, (struct bad_wish){0}, &msg);
    bad_expect(world, "E-04 the key again", &world->pair->b, &msg, &reused);
    bad_expect(world, "E-04 and refused each time", &world->pair->b, &msg, &reused);
    bad_msg_clear(&msg);
    make_from(world, 2, (struct bad_wish){0}, &msg);
    bad_accept(world, "E-04 another key", &msg, NULL);
    bad_msg_clear(&msg);
}

/** The third office has its own suite; what both ends hash is the key alone. */
static void e04_key_is_remembered_whoever_sends_it(void **state)
{
    struct bad_world *world = *state;
    struct bad_msg msg;
    make_from(world, 30, (struct bad_wish){.sender = &world->c}, &msg);
    bad_accept(world, "E-04 of C", &msg, NULL);
    bad_msg_clear(&msg);
    make_from(world, 30, (struct bad_wish){.sender = &world->c}, &msg);
    bad_expect(world, "E-04 of C again", &world->pair->b, &msg, &reused);
    bad_msg_clear(&msg);
}

static void e04_same_message_again_passes(void **state)
{
    struct bad_world *world = *state;
    struct bad_msg msg;
    SPH_AUTO(sph_buf) first = sph_buf_init((size_t)1 << 20);
    SPH_AUTO(sph_response) response = sph_response_init();
    SPH_AUTO(sph_buf) whole = sph_buf_init((size_t)1 << 26);
    make_from(world, 60, (struct bad_wish){0}, &msg);
    bad_accept(world, "E-04 before its repeat", &msg, &first);
    bad_bytes(&msg, &whole);
    test_env_advance(world->pair->b.world, 2 * 60 * 1000); /* no longer known by its octets */
    pair_offer(&world->pair->b, sph_node_keys(world->pair->a.node)->slot[SPH_SLOT_TLS].leaf,
               msg.content_type, sph_buf_peek(&whole), &response);
    assert_int_equal(response.status, 200);
    assert_true(sph_slice_equal(sph_buf_peek(&response.body), sph_buf_peek(&first)));
    bad_msg_clear(&msg);
    test_env_set_now(world->pair->b.world, sph_node_now_ms(world->pair->a.node));
}

static int64_t count_keys(struct pair_side *side)
{
    sph_err err = {0};
    sph_db *reader = NULL;
    sph_stmt *stmt = NULL;
    bool is_there = false;
    assert_ok(sph_db_pool_get(sph_node_readers(side->node), &reader, &err), &err);
    assert_ok(sph_stmt_get(reader, "SELECT count(*) FROM content_key", &stmt, &err), &err);
    assert_ok(sph_stmt_step(stmt, &is_there, &err), &err);
    assert_true(is_there);
    const int64_t count = sph_col_int(stmt, 0);
    sph_stmt_end(stmt);
    sph_db_pool_put(sph_node_readers(side->node), reader);
    return count;
}

/** Remembered across a restart, for a day, and then forgotten: the memory is bounded. */
static void e04_memory_lasts_a_day_and_a_restart(void **state)
{
    struct bad_world *world = *state;
    struct pair_side *b = &world->pair->b;
    struct bad_msg msg;
    make_from(world, 90, (struct bad_wish){0}, &msg);
    bad_accept(world, "E-04 before the restart", &msg, NULL);
    bad_msg_clear(&msg);
    pair_restart(b);
    make_from(world, 90, (struct bad_wish){0}, &msg);
    bad_expect(world, "E-04 after a restart", b, &msg, &reused);
    bad_msg_clear(&msg);
    assert_true(count_keys(b) > 10);
    test_env_advance(b->world, DAY_MS + 60000);
    test_env_advance(world->pair->a.world, DAY_MS + 60000);
    make_from(world, 90, (struct bad_wish){0}, &msg);
    bad_accept(world, "E-04 a day later", &msg, NULL);
    bad_msg_clear(&msg);
    assert_true(count_keys(b) <= 3); /* this one and the good ones after it */
}

/** A message that was not stored leaves no trace of its key: the right one is then taken. */
static void e04_key_of_a_refused_message_is_not_remembered(void **state)
{
    struct bad_world *world = *state;
    struct bad_msg msg;
    make_from(world, 120, (struct bad_wish){.audience = "th.other.example"}, &msg);
    bad_expect(world, "E-04 a packet for others", &world->pair->b, &msg,
               &(struct bad_end){200, "EBMS:0004", 0, SPH_REASON_PACKET, NULL, NULL});
    bad_msg_clear(&msg);
    make_from(world, 120, (struct bad_wish){0}, &msg);
    bad_accept(world, "E-04 after a refusal", &msg, NULL);
    bad_msg_clear(&msg);
}

int test_bad_key(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(e04_content_key_of_another_message_is_refused),
        cmocka_unit_test(e04_key_is_remembered_whoever_sends_it),
        cmocka_unit_test(e04_same_message_again_passes),
        cmocka_unit_test(e04_key_of_a_refused_message_is_not_remembered),
        cmocka_unit_test(e04_memory_lasts_a_day_and_a_restart),
    };
    return cmocka_run_group_tests_name("bad_key", tests, bad_start, bad_stop);
}
