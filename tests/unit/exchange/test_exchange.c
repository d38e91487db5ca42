/* The walk out and the walk in between two nodes: what is stored, proven, repeated and refused. */
#include "support/pair.h"

static void exchange_question_is_delivered_and_proved(void **state)
{
    (void)state;
    struct pair *pair = pair_new();
    pair_ask(&pair->a);
    assert_int_equal(pair_deliver(&pair->a), 1);
    const struct pair_count out = pair_outbox(&pair->a);
    assert_string_equal(out.detail, "");
    assert_string_equal(out.state, "acknowledged");
    assert_string_equal(out.proof, "proved");
    const struct pair_count in = pair_inbox(&pair->b);
    assert_int_equal(in.rows, 1);
    assert_string_equal(in.state, "receipted");
    assert_int_equal(pair_leaves(&pair->a, SPH_EVENT_SUBMITTED), 1);
    assert_int_equal(pair_leaves(&pair->a, SPH_EVENT_SENT), 1);
    assert_int_equal(pair_leaves(&pair->a, SPH_EVENT_RECEIPT_IN), 1);
    assert_int_equal(pair_leaves(&pair->b, SPH_EVENT_RECEIVED), 1);
    assert_int_equal(pair_leaves(&pair->b, SPH_EVENT_RECEIPT_SENT), 1);
    pair_assert_ledger(&pair->a);
    pair_assert_ledger(&pair->b);
    pair_free(&pair);
}

static void exchange_works_in_the_rsa_suite(void **state)
{
    (void)state;
    struct pair *pair = pair_new_with("edelivery-1.15", NULL);
    pair_ask(&pair->a);
    pair_deliver(&pair->a);
    assert_string_equal(pair_outbox(&pair->a).state, "acknowledged");
    assert_string_equal(pair_outbox(&pair->a).proof, "proved");
    pair_free(&pair);
}

static void exchange_content_reads_back_byte_identical_behind_a_leaf(void **state)
{
    (void)state;
    struct pair *pair = pair_new();
    sph_err err = {0};
    const struct pair_asked done = pair_ask(&pair->a);
    pair_deliver(&pair->a);
    SPH_AUTO_PTR(sph_packet) *sent = NULL;
    SPH_AUTO_PTR(sph_packet) *received = NULL;
    assert_int_equal(pair_leaves(&pair->b, SPH_EVENT_OPENED), 0);
    assert_ok(
        sph_read_packet(pair->a.node, done.packet_id, SPH_PURPOSE_READ, "operator", &sent, &err),
        &err);
    assert_ok(sph_read_packet(pair->b.node, done.packet_id, SPH_PURPOSE_READ, "operator", &received,
                              &err),
              &err);
    assert_true(sph_slice_equal(sph_packet_octets(sent), sph_packet_octets(received)));
    assert_int_equal(pair_leaves(&pair->b, SPH_EVENT_OPENED), 1);
    pair_free(&pair);
}

static void exchange_lost_answer_gives_the_same_receipt_and_one_delivery(void **state)
{
    (void)state;
    struct pair *pair = pair_new();
    SPH_AUTO(sph_buf) first = sph_buf_init(1048576);
    sph_err err = {0};
    pair_ask(&pair->a);
    pair->a.is_answer_lost = true;
    pair_deliver(&pair->a);
    assert_string_equal(pair_outbox(&pair->a).state, "wait-retry");
    assert_ok(sph_buf_add(&first, sph_buf_peek(&pair->a.seen_answer), &err), &err);
    pair->a.is_answer_lost = false;
    pair_restart(&pair->a);
    pair_restart(&pair->b);
    test_env_advance(pair->a.world, 3600000);
    test_env_advance(pair->b.world, 3600000);
    assert_int_equal(pair_deliver(&pair->a), 1);
    assert_string_equal(pair_outbox(&pair->a).state, "acknowledged");
    assert_true(sph_slice_equal(sph_buf_peek(&first), sph_buf_peek(&pair->a.seen_answer)));
    assert_int_equal(pair_inbox(&pair->b).rows, 1);
    assert_int_equal(pair_leaves(&pair->b, SPH_EVENT_RECEIVED), 1);
    assert_int_equal(pair_leaves(&pair->b, SPH_EVENT_RECEIPT_SENT), 1);
    pair_free(&pair);
}

static void exchange_retries_send_identical_bytes(void **state)
{
    (void)state;
    struct pair *pair = pair_new();
    SPH_AUTO(sph_buf) first = sph_buf_init(4194304);
    sph_err err = {0};
    pair_ask(&pair->a);
    pair->a.is_answer_lost = true;
    pair_deliver(&pair->a);
    assert_ok(sph_buf_add(&first, sph_buf_peek(&pair->a.seen_body), &err), &err);
    test_env_advance(pair->a.world, 3600000);
    pair_deliver(&pair->a);
    assert_int_equal(pair->a.posts, 2);
    assert_true(sph_slice_equal(sph_buf_peek(&first), sph_buf_peek(&pair->a.seen_body)));
    pair_free(&pair);
}

static void exchange_unreached_partner_ends_at_the_deadline(void **state)
{
    (void)state;
    struct pair *pair = pair_new();
    pair_ask(&pair->a);
    pair->a.is_cut = true;
    for (int i = 0; i < 400 && strcmp(pair_outbox(&pair->a).state, "failed") != 0; i++) {
        pair_deliver(&pair->a);
        test_env_advance(pair->a.world, 3600000);
    }
    assert_string_equal(pair_outbox(&pair->a).state, "failed");
    assert_int_equal(pair_leaves(&pair->a, SPH_EVENT_DELIVERY_FAILED), 1);
    assert_int_equal(pair_leaves(&pair->a, SPH_EVENT_RECEIPT_IN), 0);
    pair_free(&pair);
}

static void flip_last_part_byte(struct pair_side *side, sph_buf *body)
{
    (void)side;
    body->at[body->len - 200] ^= 1;
}

static void exchange_flipped_ciphertext_byte_is_refused_and_logged(void **state)
{
    (void)state;
    struct pair *pair = pair_new();
    pair_ask(&pair->a);
    pair->a.change = flip_last_part_byte;
    pair_deliver(&pair->a);
    const struct pair_count out = pair_outbox(&pair->a);
    assert_string_equal(out.state, "failed");
    assert_string_equal(out.code, "EBMS:0102");
    assert_int_equal(pair_inbox(&pair->b).rows, 0);
    assert_int_equal(pair_leaves(&pair->b, SPH_EVENT_REJECTED), 1);
    assert_int_equal(pair_leaves(&pair->b, SPH_EVENT_RECEIVED), 0);
    pair_free(&pair);
}

static void exchange_removed_partner_is_turned_away(void **state)
{
    (void)state;
    struct pair *pair = pair_new();
    sph_err err = {0};
    pair_ask(&pair->a);
    assert_ok(
        sph_partner_set_state(pair->b.node, pair->a.party, SPH_PARTNER_REMOVED, "operator", &err),
        &err);
    pair_deliver(&pair->a);
    assert_int_equal(pair->a.seen_status, 403);
    assert_string_equal(pair_outbox(&pair->a).state, "wait-retry");
    assert_int_equal(pair_inbox(&pair->b).rows, 0);
    pair_free(&pair);
}

static void exchange_answer_travels_back_in_the_thread(void **state)
{
    (void)state;
    struct pair *pair = pair_new();
    sph_err err = {0};
    struct sph_thread_tip tip = {.seq = 0};
    char text[1024];
    const struct pair_asked asked = pair_ask(&pair->a);
    pair_deliver(&pair->a);
    assert_ok(sph_query_thread_tip(pair->b.node, asked.packet_id, &tip, &err), &err);
    assert_string_equal(tip.other_party, pair->a.party);
    assert_ok(sph_str_format(text, sizeof(text), &err,
                             "{\"type\":\"assistance-response\",\"header\":{\"threadId\":\"%s\","
                             "\"inReplyTo\":\"%s\",\"seq\":2,\"language\":[\"th\"]},\"body\":{"
                             "\"action\":\"answer\",\"text\":{\"th\":"
                             "\"ติดต่อคลินิกกฎหมายตัวอย่าง\"}}}",
                             tip.thread_id, tip.packet_id),
              &err);
    pair_send(&pair->b, text);
    pair_deliver(&pair->b);
    assert_string_equal(pair_outbox(&pair->b).state, "acknowledged");
    assert_int_equal(pair_inbox(&pair->a).rows, 1);
    assert_ok(sph_query_thread_tip(pair->a.node, asked.packet_id, &tip, &err), &err);
    assert_int_equal(tip.seq, 2);
    pair_free(&pair);
}

static void exchange_receipt_that_comes_alone_settles_the_message(void **state)
{
    (void)state;
    struct pair *pair = pair_new();
    pair_ask(&pair->a);
    pair->a.is_answer_lost = true;
    pair_deliver(&pair->a);
    assert_string_equal(pair_outbox(&pair->a).state, "wait-retry");
    for (int i = 0; i < 2; i++) { /* a second time changes nothing */
        SPH_AUTO(sph_response) response = sph_response_init();
        pair_offer(&pair->a, sph_node_keys(pair->b.node)->slot[SPH_SLOT_TLS].leaf,
                   "application/soap+xml;charset=UTF-8", sph_buf_peek(&pair->a.seen_answer),
                   &response);
        assert_int_equal(response.status, 202);
        assert_string_equal(pair_outbox(&pair->a).state, "acknowledged");
        assert_string_equal(pair_outbox(&pair->a).proof, "proved");
        assert_int_equal(pair_leaves(&pair->a, SPH_EVENT_RECEIPT_IN), 1);
    }
    pair_free(&pair);
}

static void exchange_ping_is_acknowledged_and_delivers_nothing(void **state)
{
    (void)state;
    struct pair *pair = pair_new();
    sph_err err = {0};
    char message_id[128];
    struct sph_counts counts;
    assert_ok(sph_ping_queue(pair->a.node, pair->b.party, message_id, &err), &err);
    pair_deliver(&pair->a);
    assert_string_equal(pair_outbox(&pair->a).state, "acknowledged");
    assert_ok(sph_query_counts(pair->b.node, &counts, &err), &err);
    assert_int_equal(counts.packets, 0);
    pair_free(&pair);
}

int test_exchange(void);
int test_exchange(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(exchange_question_is_delivered_and_proved),
        cmocka_unit_test(exchange_works_in_the_rsa_suite),
        cmocka_unit_test(exchange_content_reads_back_byte_identical_behind_a_leaf),
        cmocka_unit_test(exchange_lost_answer_gives_the_same_receipt_and_one_delivery),
        cmocka_unit_test(exchange_retries_send_identical_bytes),
        cmocka_unit_test(exchange_unreached_partner_ends_at_the_deadline),
        cmocka_unit_test(exchange_flipped_ciphertext_byte_is_refused_and_logged),
        cmocka_unit_test(exchange_removed_partner_is_turned_away),
        cmocka_unit_test(exchange_answer_travels_back_in_the_thread),
        cmocka_unit_test(exchange_receipt_that_comes_alone_settles_the_message),
        cmocka_unit_test(exchange_ping_is_acknowledged_and_delivers_nothing),
    };
    sph_err err = {0};
    sph_xml_start();
    if (sph_crypto_start(&err).code != SPH_OK)
        return 1;
    return cmocka_run_group_tests_name("exchange", tests, NULL, NULL);
}
