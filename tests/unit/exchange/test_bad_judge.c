/* What a hostile message did to a node, and what it was answered; and that this judge sees. */
#include "bad_kit.h"

#include "as4/fault.h"
#include "as4/receive.h"

#define ROOM ((size_t)512 * 1024 * 1024)

static sph_partner *known_at(struct pair_side *side, const char *party)
{
    sph_partner *partner = sph_partners_get(sph_node_partners(side->node), party);
    assert_non_null(partner);
    return partner;
}

/* ------------------------------------------------------------------ looking */

static sph_rc count_one(void *arg, const char *name, sph_err *err)
{
    (void)name;
    (void)err;
    ++*(int64_t *)arg;
    return sph_ok();
}

static int64_t count_files(struct pair_side *side, const char *folder)
{
    int64_t count = 0;
    sph_err err = {0};
    const sph_files *files = test_env_get(side->world)->files;
    bool is_there = false;
    assert_ok(files->exists(files->ctx, folder, &is_there, &err), &err);
    if (!is_there)
        return 0;
    assert_ok(files->list(files->ctx, folder, count_one, &count, &err), &err);
    return count;
}

struct bad_image bad_look(struct pair_side *side)
{
    struct bad_image image = {0};
    sph_db *reader = NULL;
    sph_stmt *stmt = NULL;
    sph_err err = {0};
    bool row = false;
    assert_ok(sph_db_pool_get(sph_node_readers(side->node), &reader, &err), &err);
    assert_ok(sph_stmt_get(reader,
                           "SELECT (SELECT count(*) FROM leaf), (SELECT count(*) FROM inbox),"
                           " (SELECT count(*) FROM packet), (SELECT count(*) FROM attachment),"
                           " (SELECT count(*) FROM outbox), (SELECT count(*) FROM partner),"
                           " (SELECT sum(heard_ms)+sum(changed_ms)+sum(serial) FROM partner)",
                           &stmt, &err),
              &err);
    assert_ok(sph_stmt_step(stmt, &row, &err), &err);
    image.leaves = sph_col_int(stmt, 0);
    image.inbox = sph_col_int(stmt, 1);
    image.packets = sph_col_int(stmt, 2);
    image.attachments = sph_col_int(stmt, 3);
    image.outbox = sph_col_int(stmt, 4);
    image.partners = sph_col_int(stmt, 5);
    image.times = sph_col_int(stmt, 6);
    sph_stmt_end(stmt);
    sph_db_pool_put(sph_node_readers(side->node), reader);
    image.vault = count_files(side, "vault");
    image.spool = count_files(side, "spool");
    image.outgoing = count_files(side, "outgoing");
    image.open_files = (int64_t)test_env_open_files(side->world);
    return image;
}

bool bad_is_same(const char *id, const struct bad_image *before, const struct bad_image *after,
                 int64_t leaves)
{
    struct bad_image expected = *before;
    expected.leaves += leaves;
    if (memcmp(&expected, after, sizeof(expected)) == 0)
        return true;
    print_error(
        "%s: leaves %lld+%lld -> %lld, inbox %lld -> %lld, packets %lld -> %lld, vault %lld -> "
        "%lld, spool %lld -> %lld, outbox %lld -> %lld, open files %lld -> %lld\n",
        id, (long long)before->leaves, (long long)leaves, (long long)after->leaves,
        (long long)before->inbox, (long long)after->inbox, (long long)before->packets,
        (long long)after->packets, (long long)before->vault, (long long)after->vault,
        (long long)before->spool, (long long)after->spool, (long long)before->outbox,
        (long long)after->outbox, (long long)before->open_files, (long long)after->open_files);
    return false;
}

/* ------------------------------------------------------------------ judging */

static void offer(const struct bad_msg *msg, struct pair_side *at, sph_response *response)
{
    SPH_AUTO(sph_buf) whole = sph_buf_init(ROOM);
    bad_bytes(msg, &whole);
    const sph_cert *leaf =
        msg->leaf ? msg->leaf : sph_node_keys(msg->client->node)->slot[SPH_SLOT_TLS].leaf;
    pair_offer(at, leaf, msg->content_type, sph_buf_peek(&whole), response);
}

/** The answer as its receiver reads it: signed by `at`, about this message. */
static void open_answer(const char *id, const struct bad_msg *msg, struct pair_side *at,
                        const sph_response *response, sph_as4_in **in)
{
    sph_err err = {0};
    sph_as4_fault fault = {0};
    const sph_cert *known[SPH_CARD_CERTS];
    SPH_AUTO_PTR(sph_partner) *partner = known_at(msg->client, at->party);
    const sph_as4_source source = {.bytes = sph_buf_peek(&response->body),
                                   .len = response->body.len};
    sph_as4_trust trust = {.party = at->party,
                           .root = partner->card.root,
                           .crl = sph_buf_peek(&partner->card.crl),
                           .at_ms = sph_node_now_ms(at->node),
                           .suite = msg->suite,
                           .known = known};
    trust.known_count = sph_partner_sign_certs(partner, known);
    if (response->status != 200)
        fail_msg("%s: HTTP %u instead of a signal", id, response->status);
    assert_ok(sph_as4_open(response->content_type, &source, sph_limits_default(), in, &fault, &err),
              &err);
    assert_ok(sph_as4_verify(*in, &trust, &fault, &err), &err);
}

#define COMPLAIN(world, ...) ((world)->faults++, print_error(__VA_ARGS__))

static void judge_error(struct bad_world *world, const char *id, const struct bad_msg *msg,
                        struct pair_side *at, const sph_response *response,
                        const struct bad_end *end)
{
    SPH_AUTO_PTR(sph_as4_in) *in = NULL;
    struct sph_as4_error_seen seen[16];
    if (response->status != 200) {
        COMPLAIN(world, "%s: HTTP %u instead of %s\n", id, response->status, end->code);
        return;
    }
    open_answer(id, msg, at, response, &in);
    if (sph_as4_in_kind(in) != SPH_AS4_ERROR) {
        COMPLAIN(world, "%s: accepted instead of %s\n", id, end->code);
        return;
    }
    assert_int_equal(sph_as4_errors(in, seen), 1);
    if (strcmp(seen[0].code, end->code) != 0)
        COMPLAIN(world, "%s: %s (%s) instead of %s\n", id, seen[0].code, seen[0].detail, end->code);
    if (end->detail && strncmp(seen[0].detail, end->detail, strlen(end->detail)) != 0)
        COMPLAIN(world, "%s: detail '%s'\n", id, seen[0].detail);
}

static sph_rc keep_leaf(void *arg, const sph_leaf *leaf, const sph_hash *hash, sph_err *err)
{
    (void)hash;
    (void)err;
    *(sph_leaf *)arg = *leaf;
    return sph_ok();
}

static void judge_leaf(struct bad_world *world, const char *id, const struct bad_msg *msg,
                       struct pair_side *at, const struct bad_end *end)
{
    sph_leaf leaf;
    sph_err err = {0};
    const struct sph_ledger_filter filter = {.before_index = UINT64_MAX, .limit = 1};
    assert_true(end->reason || end->rule);
    assert_ok(sph_query_ledger(at->node, &filter, keep_leaf, &leaf, &err), &err);
    const sph_slice octets = sph_leaf_ext_find(&leaf, SPH_EXT_REASON);
    const uint16_t event = end->event ? end->event : SPH_EVENT_REJECTED;
    const unsigned reason = octets.len == 2 ? octets.at[0] * 256u + octets.at[1] : 0;
    const char *known = sph_as4_reason_rule((uint16_t)reason);
    const char *rule = known ? known : "";
    if (leaf.event != event || (end->reason && reason != end->reason) ||
        (end->rule && strcmp(rule, end->rule) != 0))
        COMPLAIN(world, "%s: leaf %s reason 0x%04x %s\n", id, sph_event_name(leaf.event), reason,
                 rule);
    if (strcmp(leaf.peer, msg->client->party) != 0)
        COMPLAIN(world, "%s: leaf about %s\n", id, leaf.peer);
}

static void judge(struct bad_world *world, const char *id, struct pair_side *at,
                  const struct bad_msg *msg, const struct bad_end *end)
{
    SPH_AUTO(sph_response) response = sph_response_init();
    test_env_advance(at->world, 60000); /* the same refusal is a leaf once a minute only */
    const struct bad_image before = bad_look(at);
    offer(msg, at, &response);
    const struct bad_image after = bad_look(at);
    if (end->code) {
        judge_error(world, id, msg, at, &response, end);
        judge_leaf(world, id, msg, at, end);
    } else if (response.status != end->status || response.body.len != 0) {
        COMPLAIN(world, "%s: HTTP %u with %zu bytes instead of %u\n", id, response.status,
                 response.body.len, end->status);
    }
    if (!bad_is_same(id, &before, &after, end->code ? 1 : 0))
        world->faults++;
    bad_good(world, id);
}

static void end_table(struct bad_world *world)
{
    const unsigned faults = world->faults;
    world->faults = 0;
    if (faults > 0)
        fail_msg("%u faults, see above", faults);
}

void bad_expect(struct bad_world *world, const char *id, struct pair_side *at,
                const struct bad_msg *msg, const struct bad_end *end)
{
    judge(world, id, at, msg, end);
    end_table(world);
}

void bad_accept(struct bad_world *world, const char *id, const struct bad_msg *msg, sph_buf *answer)
{
    sph_err err = {0};
    SPH_AUTO_PTR(sph_as4_in) *in = NULL;
    SPH_AUTO(sph_response) response = sph_response_init();
    struct sph_as4_error_seen seen[16];
    struct pair_side *b = &world->pair->b;
    const int64_t rows = bad_look(b).inbox;
    offer(msg, b, &response);
    open_answer(id, msg, b, &response, &in);
    if (sph_as4_in_kind(in) == SPH_AS4_ERROR && sph_as4_errors(in, seen) > 0)
        fail_msg("%s: refused with %s %s", id, seen[0].code, seen[0].detail);
    assert_int_equal(sph_as4_in_kind(in), SPH_AS4_RECEIPT);
    assert_string_equal(sph_as4_in_ref_to(in), msg->message_id);
    if (bad_look(b).inbox != rows + 1)
        fail_msg("%s: no new row", id);
    if (answer)
        assert_ok(sph_buf_add(answer, sph_buf_peek(&response.body), &err), &err);
}

void bad_good(struct bad_world *world, const char *id)
{
    struct bad_msg msg;
    bad_make(world, &(struct bad_wish){0}, &msg);
    bad_accept(world, id, &msg, NULL);
    bad_msg_clear(&msg);
}

void bad_table(struct bad_world *world, const struct bad_row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct bad_msg msg;
        bad_make(world, &rows[i].wish, &msg);
        if (rows[i].change)
            rows[i].change(world, &msg);
        judge(world, rows[i].id, &world->pair->b, &msg, &rows[i].end);
        bad_msg_clear(&msg);
    }
    pair_assert_ledger(&world->pair->b);
    end_table(world);
}

/* ------------------------------------------------------------------ the judge itself */

/** Each thing that must stay as it was is looked at. */
static void bad_judge_sees_every_difference(void **state)
{
    struct bad_world *world = *state;
    const struct bad_image before = bad_look(&world->pair->b);
    for (size_t i = 0; i < sizeof(before) / sizeof(int64_t); i++) {
        struct bad_image after = before;
        ((int64_t *)&after)[i]++;
        assert_false(bad_is_same("control: a difference, printed on purpose", &before, &after, 0));
    }
    assert_true(bad_is_same("", &before, &before, 0));
}

/** A good message changes what a refusal must not: the judge of refusals must not call it one. */
static void bad_judge_does_not_take_a_good_message_for_a_refusal(void **state)
{
    struct bad_world *world = *state;
    struct bad_msg msg;
    bad_make(world, &(struct bad_wish){.has_attachment = true}, &msg);
    judge(world, "control: accepted on purpose", &world->pair->b, &msg,
          &(struct bad_end){200, "EBMS:0101", 0, 0, "dsig.value", NULL});
    assert_int_equal(world->faults, 3); /* answer, leaf, rows */
    world->faults = 0;
    bad_msg_clear(&msg);
}

int test_bad_judge(void);
int test_bad_judge(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bad_judge_sees_every_difference),
        cmocka_unit_test(bad_judge_does_not_take_a_good_message_for_a_refusal),
    };
    return cmocka_run_group_tests_name("bad_judge", tests, bad_start, bad_stop);
}
