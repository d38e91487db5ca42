/* Pull, both roles (as4.md 12.3, security.md A-08): a message waits for its office, is offered
 * again until its receipt came, and ends at its deadline. */
#include "pull_kit.h"

#define LEASE_OVER_MS 180000

/* ------------------------------------------------------------------ the whole exchange */

static void pull_message_waits_for_its_office_and_is_acknowledged(void **state)
{
    struct office *office = *state;
    pair_ask(office->hub);
    assert_int_equal(pair_deliver(office->hub), 1);
    assert_int_equal(office->hub->posts, 0);
    assert_string_equal(pair_outbox(office->hub).state, "ready");
    assert_int_equal(pair_leaves(office->hub, SPH_EVENT_SENT), 0); /* nothing has left */
    assert_int_equal(pair_deliver(office->hub), 0);                /* and nothing is due */

    assert_int_equal(pull(office), SPH_PULL_MESSAGE);
    assert_int_equal(pair_inbox(office->own).rows, 1);
    assert_string_equal(pair_outbox(office->hub).state, "acknowledged");
    assert_string_equal(pair_outbox(office->hub).proof, "proved");
    assert_int_equal(pair_leaves(office->hub, SPH_EVENT_SENT), 1);
    assert_int_equal(pair_leaves(office->hub, SPH_EVENT_RECEIPT_IN), 1);
    assert_int_equal(pair_leaves(office->own, SPH_EVENT_RECEIVED), 1);
    assert_int_equal(pair_leaves(office->own, SPH_EVENT_RECEIPT_SENT), 1);
    assert_int_equal(pull(office), SPH_PULL_EMPTY);
    pair_assert_ledger(office->hub);
    pair_assert_ledger(office->own);
}

static void pull_office_sends_by_push(void **state)
{
    struct office *office = *state;
    pair_ask(office->own);
    assert_int_equal(pair_deliver(office->own), 1);
    assert_string_equal(pair_outbox(office->own).state, "acknowledged");
    assert_int_equal(pair_inbox(office->hub).rows, 1);
}

struct refs {
    char ref_to[256], message_id[256];
};

static sph_rc note_ref(void *arg, int64_t id, const struct sph_inbox_view *view, sph_err *err)
{
    struct refs *refs = arg;
    (void)id;
    SPH_TRY(sph_str_copy(refs->ref_to, 256, sph_slice_str(view->ref_to), err), err, "ref");
    return sph_str_copy(refs->message_id, 256, sph_slice_str(view->message_id), err);
}

/** The message that brought this packet here. */
static struct refs inbox_refs(struct pair_side *side, const char *packet_id)
{
    struct refs refs = {.ref_to = "?"};
    sph_err err = {0};
    const struct sph_view_filter filter = {.packet_id = packet_id, .limit = 1};
    assert_ok(sph_query_inbox(side->node, &filter, note_ref, &refs, &err), &err);
    return refs;
}

static struct pair_asked answer(struct pair_side *from, const struct pair_asked *asked)
{
    char text[2048];
    assert_ok(sph_str_format(text, sizeof(text), NULL,
                             "{\"type\":\"assistance-response\",\"header\":{\"threadId\":\"%s\","
                             "\"inReplyTo\":\"%s\",\"seq\":2,\"language\":[\"th\"]},\"body\":{"
                             "\"action\":\"answer\",\"text\":{\"th\":\"ได้ (สมมติ)\"}}}",
                             asked->thread_id, asked->packet_id),
              NULL);
    return pair_send(from, text);
}

/** Two-way, pull-and-push: the hub's question is pulled, the office's answer is pushed. */
static void pull_answer_names_the_message_that_brought_the_question(void **state)
{
    struct office *office = *state;
    const struct pair_asked asked = pair_ask(office->hub);
    pair_deliver(office->hub);
    assert_int_equal(pull(office), SPH_PULL_MESSAGE);
    const struct refs request = inbox_refs(office->own, asked.packet_id);
    assert_string_equal(request.ref_to, "");
    const struct pair_asked answered = answer(office->own, &asked);
    pair_deliver(office->own);
    assert_string_equal(inbox_refs(office->hub, answered.packet_id).ref_to, request.message_id);
}

/** Push-and-pull: the office's question is pushed, the hub's answer is pulled. */
static void pull_brings_the_answer_to_a_pushed_question(void **state)
{
    struct office *office = *state;
    const struct pair_asked asked = pair_ask(office->own);
    pair_deliver(office->own);
    const struct refs request = inbox_refs(office->hub, asked.packet_id);
    const struct pair_asked answered = answer(office->hub, &asked);
    pair_deliver(office->hub);
    assert_int_equal(pull(office), SPH_PULL_MESSAGE);
    assert_string_equal(inbox_refs(office->own, answered.packet_id).ref_to, request.message_id);
    assert_string_equal(pair_outbox(office->hub).state, "acknowledged");
}

static void pull_hands_out_the_oldest_first(void **state)
{
    struct office *office = *state;
    const struct pair_asked first = pair_ask(office->hub), second = pair_ask(office->hub);
    pair_deliver(office->hub);
    (void)second;
    office->own->is_cut = false;
    assert_int_equal(pull(office), SPH_PULL_MESSAGE);
    const struct sph_view_filter filter = {.packet_id = first.packet_id, .limit = 10};
    struct pair_count count = {0};
    sph_err err = {0};
    assert_ok(sph_query_inbox(office->own->node, &filter, pair_note_in, &count, &err), &err);
    assert_int_equal(count.rows, 1);
    assert_int_equal(pull(office), SPH_PULL_MESSAGE);
    assert_int_equal(pull(office), SPH_PULL_EMPTY);
    assert_int_equal(pair_inbox(office->own).rows, 2);
}

/* ------------------------------------------------------------------ lost receipts */

/** The line breaks after the answer to the pull has come. */
static void cut_after_answer(struct pair_side *side, sph_response *response)
{
    (void)response;
    side->is_cut = true;
}

/** The second answer, that to the receipt, is lost on its way back. */
static void lose_second_answer(struct pair_side *side, sph_response *response)
{
    (void)response;
    if (side->hook_arg)
        side->is_answer_lost = true;
    side->hook_arg = side;
}

static void pull_lost_receipt_is_asked_for_again(void **state)
{
    struct office *office = *state;
    pair_ask(office->hub);
    pair_deliver(office->hub);
    office->own->change_answer = cut_after_answer;
    assert_int_equal(pull(office), SPH_PULL_FAILED);
    office->own->change_answer = NULL;
    office->own->is_cut = false;
    assert_int_equal(pair_inbox(office->own).rows, 1);
    assert_string_equal(pair_outbox(office->hub).state, "pulled-waiting");

    assert_int_equal(pull(office), SPH_PULL_EMPTY); /* its lease runs */
    advance(office, LEASE_OVER_MS);
    assert_int_equal(pair_deliver(office->hub), 1);
    assert_string_equal(pair_outbox(office->hub).state, "ready-again");
    assert_int_equal(pull(office), SPH_PULL_MESSAGE);
    assert_string_equal(pair_outbox(office->hub).state, "acknowledged");
    assert_int_equal(pair_inbox(office->own).rows, 1);
    assert_int_equal(pair_leaves(office->own, SPH_EVENT_DUPLICATE), 1);
    assert_int_equal(pair_leaves(office->own, SPH_EVENT_RECEIPT_SENT), 1); /* the same receipt */
    assert_int_equal(pair_leaves(office->hub, SPH_EVENT_SENT), 1);
    pair_assert_ledger(office->hub);
}

static void pull_receipt_whose_answer_is_lost_counts(void **state)
{
    struct office *office = *state;
    pair_ask(office->hub);
    pair_deliver(office->hub);
    office->own->change_answer = lose_second_answer;
    assert_int_equal(pull(office), SPH_PULL_FAILED);
    office->own->change_answer = NULL;
    office->own->is_answer_lost = false;
    assert_string_equal(pair_outbox(office->hub).state, "acknowledged");
    assert_int_equal(pull(office), SPH_PULL_EMPTY);
}

static void pull_rows_survive_a_restart_of_either_side(void **state)
{
    struct office *office = *state;
    pair_ask(office->hub);
    pair_deliver(office->hub);
    pair_restart(office->hub);
    office->own->change_answer = cut_after_answer;
    assert_int_equal(pull(office), SPH_PULL_FAILED);
    office->own->change_answer = NULL;
    office->own->is_cut = false;
    pair_restart(office->hub);
    pair_restart(office->own);
    assert_int_equal(pull(office), SPH_PULL_EMPTY); /* the lease is in the row */
    advance(office, LEASE_OVER_MS);
    pair_deliver(office->hub);
    assert_int_equal(pull(office), SPH_PULL_MESSAGE);
    assert_string_equal(pair_outbox(office->hub).state, "acknowledged");
    assert_int_equal(pair_inbox(office->own).rows, 1);
}

static void pull_deadline_ends_what_nobody_came_for(void **state)
{
    struct office *office = *state;
    pair_ask(office->hub);
    pair_deliver(office->hub);
    advance(office, SPH_OUT_DEADLINE_MS - 60000);
    assert_int_equal(pair_deliver(office->hub), 0);
    advance(office, 120000);
    assert_int_equal(pull(office), SPH_PULL_EMPTY); /* also before it was looked at */
    assert_int_equal(pair_deliver(office->hub), 1);
    assert_string_equal(pair_outbox(office->hub).state, "failed");
    assert_string_equal(pair_outbox(office->hub).code, "EBMS:0301");
    assert_int_equal(pair_leaves(office->hub, SPH_EVENT_DELIVERY_FAILED), 1);
    assert_int_equal(pull(office), SPH_PULL_EMPTY);
}

/** Each lease is at least as long as the one before, and there is an end. */
static void pull_never_acknowledged_is_offered_until_the_deadline(void **state)
{
    struct office *office = *state;
    unsigned offered = 0;
    pair_ask(office->hub);
    pair_deliver(office->hub);
    office->own->change_answer = cut_after_answer;
    for (unsigned hour = 0; hour < 5 * 24 + 1; hour++) {
        office->own->is_cut = false;
        offered += pull(office) == SPH_PULL_FAILED;
        advance(office, 3600000);
        pair_deliver(office->hub);
    }
    assert_string_equal(pair_outbox(office->hub).state, "failed");
    assert_in_range(offered, 20, 100);
    assert_int_equal(pair_inbox(office->own).rows, 1);
    assert_int_equal(pair_leaves(office->hub, SPH_EVENT_SENT), 1);
}

/** A byte of the ciphertext changes on the way: the office refuses, signed, and that ends it. */
static void spoil_message(struct pair_side *side, sph_response *response)
{
    (void)side;
    if (response->body.len > 4096)
        response->body.at[response->body.len - 600] ^= 1;
}

static void pull_refusal_of_the_office_ends_the_message(void **state)
{
    struct office *office = *state;
    pair_ask(office->hub);
    pair_deliver(office->hub);
    office->own->change_answer = spoil_message;
    assert_int_equal(pull(office), SPH_PULL_MESSAGE); /* its error is with the hub */
    office->own->change_answer = NULL;
    assert_int_equal(pair_inbox(office->own).rows, 0);
    assert_int_equal(pair_leaves(office->own, SPH_EVENT_REJECTED), 1);
    assert_string_equal(pair_outbox(office->hub).state, "failed");
    assert_string_equal(pair_outbox(office->hub).code, "EBMS:0102");
}

static void spoil_answer(struct pair_side *side, sph_response *response)
{
    (void)side;
    sph_buf_clear(&response->body);
    sph_buf_clear(&response->fields);
    response->body = sph_buf_init(100);
    response->fields = sph_buf_init(100);
    response->content_type = "text/html";
    assert_ok(sph_buf_add_text(&response->body, "<html>proxy</html>", NULL), NULL);
}

static void pull_answer_of_a_proxy_is_a_failure_and_not_an_empty_channel(void **state)
{
    struct office *office = *state;
    office->own->change_answer = spoil_answer;
    assert_int_equal(pull(office), SPH_PULL_FAILED);
    office->own->change_answer = NULL;
    office->own->is_cut = true;
    assert_int_equal(pull(office), SPH_PULL_FAILED);
    office->own->is_cut = false;
}

static void pull_unsigned_0006_is_a_failure(void **state)
{
    struct office *office = *state;
    assert_int_equal(pull(office), SPH_PULL_EMPTY);
    office->own->change_answer = strip_signature;
    assert_int_equal(pull(office), SPH_PULL_FAILED);
    office->own->change_answer = NULL;
}

/* ------------------------------------------------------------------ pace */

static void pull_pace_follows_the_office_day(void **state)
{
    (void)state;
    const struct sph_pull_pace pace = {60, 900};
    const int64_t tuesday = INT64_C(1795478400000); /* 2026-11-24T00:00Z, a Tuesday */
    const int64_t hour = 3600000;
    const struct {
        int64_t at;
        int64_t middle_ms;
    } rows[] = {
        {tuesday + 1 * hour - 1, 900000},              /* 07:59 in Vientiane */
        {tuesday + 1 * hour, 60000},                   /* 08:00 */
        {tuesday + 10 * hour - 1, 60000},              /* 16:59 */
        {tuesday + 10 * hour, 900000},                 /* 17:00 */
        {tuesday + 3 * 24 * hour + 1 * hour, 60000},   /* Friday */
        {tuesday + 4 * 24 * hour + 1 * hour, 900000},  /* Saturday */
        {tuesday + 5 * 24 * hour + 18 * hour, 900000}, /* Monday 01:00 */
        {tuesday + 5 * 24 * hour + 25 * hour, 60000},  /* Monday 08:00 */
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        assert_int_equal(sph_pull_wait_ms(&pace, rows[i].at, 0), rows[i].middle_ms * 8 / 10);
        assert_int_equal(sph_pull_wait_ms(&pace, rows[i].at, UINT32_MAX),
                         rows[i].middle_ms * 12 / 10);
    }
}

static void pull_back_off_doubles_up_to_half_an_hour(void **state)
{
    (void)state;
    const struct sph_pull_pace pace = {60, 900}, quick = {1, 1};
    static const int64_t minutes[] = {1, 2, 4, 8, 16, 30, 30, 30};
    for (unsigned i = 0; i < sizeof(minutes) / sizeof(minutes[0]); i++)
        assert_int_equal(sph_pull_back_off_ms(&pace, i + 1, 0), minutes[i] * 60000 * 8 / 10);
    assert_int_equal(sph_pull_back_off_ms(&pace, 4000000000u, UINT32_MAX), 30 * 60000 * 12 / 10);
    assert_int_equal(sph_pull_back_off_ms(&quick, 1, 0), 800);
}

int test_pull(void);
int test_pull(void)
{
    const struct CMUnitTest tests[] = {
        OFFICE_TEST(pull_message_waits_for_its_office_and_is_acknowledged),
        OFFICE_TEST(pull_office_sends_by_push),
        OFFICE_TEST(pull_answer_names_the_message_that_brought_the_question),
        OFFICE_TEST(pull_brings_the_answer_to_a_pushed_question),
        OFFICE_TEST(pull_hands_out_the_oldest_first),
        OFFICE_TEST(pull_lost_receipt_is_asked_for_again),
        OFFICE_TEST(pull_receipt_whose_answer_is_lost_counts),
        OFFICE_TEST(pull_rows_survive_a_restart_of_either_side),
        OFFICE_TEST(pull_deadline_ends_what_nobody_came_for),
        OFFICE_TEST(pull_never_acknowledged_is_offered_until_the_deadline),
        OFFICE_TEST(pull_refusal_of_the_office_ends_the_message),
        OFFICE_TEST(pull_answer_of_a_proxy_is_a_failure_and_not_an_empty_channel),
        OFFICE_TEST(pull_unsigned_0006_is_a_failure),
        cmocka_unit_test(pull_pace_follows_the_office_day),
        cmocka_unit_test(pull_back_off_doubles_up_to_half_an_hour),
    };
    sph_err err = {0};
    sph_xml_start();
    if (sph_crypto_start(&err).code != SPH_OK)
        return 1;
    return cmocka_run_group_tests_name("pull", tests, NULL, NULL);
}
