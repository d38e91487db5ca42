/** Two Saphan nodes that treat each other as foreign products (as4.md D17): opaque parts out and
 * in, receipts without ledger proof, every suite and token form, replies, duplicates, refusals. */
#include "as4/envelope.h"
#include "foreign_kit.h"

static void exchange_both_ways(enum sph_suite suite)
{
    struct pair *pair = foreign_pair_of(suite);
    send_text(&pair->a, "one way (fictitious)", NULL, NULL);
    assert_acknowledged(&pair->a);
    sph_foreign *message = read_newest(&pair->b);
    assert_string_equal(message->partner, pair->a.party);
    assert_string_equal(message->service, SPH_PMODE_SERVICE);
    assert_string_equal(message->action, SPH_PMODE_ACTION);
    assert_int_equal(message->part_count, 1);
    assert_string_equal(message->part[0].media_type, "text/plain");
    assert_string_equal(message->part[0].name, "note.txt");
    assert_document(&pair->b, message, "p1", SPH_LIT("one way (fictitious)"));
    sph_foreign_free(&message);
    send_text(&pair->b, "and the other", NULL, NULL);
    assert_acknowledged(&pair->b);
    assert_int_equal(pair_leaves(&pair->b, SPH_EVENT_RECEIVED), 1);
    assert_int_equal(pair_leaves(&pair->b, SPH_EVENT_RECEIPT_SENT), 1);
    assert_int_equal(pair_leaves(&pair->a, SPH_EVENT_RECEIPT_IN), 1);
    pair_assert_ledger(&pair->a);
    pair_assert_ledger(&pair->b);
    pair_free(&pair);
}

static void goes_both_ways_in_every_suite(void **state)
{
    (void)state;
    for (enum sph_suite suite = 0; suite < SPH_SUITE_COUNT; suite++)
        exchange_both_ways(suite);
}

static void goes_in_every_token_form(void **state)
{
    (void)state;
    static const char *const forms[] = {
        "{\"signRef\":\"bst-x509v3\",\"encryptRef\":\"ski\"}",
        "{\"signRef\":\"bst-pkipath\",\"encryptRef\":\"bst-pkipath\"}",
        "{\"signRef\":\"ski\",\"encryptRef\":\"issuer-serial\"}",
        "{\"signRef\":\"issuer-serial\",\"encryptRef\":\"bst-x509v3\"}"};
    for (enum sph_suite suite = 0; suite < SPH_SUITE_COUNT; suite++) {
        for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
            const struct enrolment a = {forms[i], suite}, b = {forms[3 - i], suite};
            struct pair *pair = foreign_pair(&a, &b);
            send_text(&pair->a, "a token form", NULL, NULL);
            assert_acknowledged(&pair->a);
            send_text(&pair->b, "another one", NULL, NULL);
            assert_acknowledged(&pair->b);
            pair_free(&pair);
        }
    }
}

static void several_parts_of_any_kind_arrive_as_they_were(void **state)
{
    (void)state;
    struct pair *pair = foreign_pair_of(SPH_SUITE_EDELIVERY_2_0_ED25519);
    SPH_AUTO(sph_buf) large = sph_buf_init(FOREIGN_TEXT_ROOM);
    for (size_t i = 0; i < 3u * 1024 * 1024; i++)
        assert_int_equal(sph_buf_add_byte(&large, (uint8_t)(i * 2654435761u >> 13), NULL).code,
                         SPH_OK);
    struct sph_submit_attachment parts[4] = {
        part_of(&pair->a, sph_buf_peek(&large), "application/octet-stream", "large.bin"),
        part_of(&pair->a, (sph_slice){NULL, 0}, "application/octet-stream", "empty.bin"),
        part_of(&pair->a, SPH_LIT("<a/>"), "application/xml", "ລາຍງານ รายงาน.xml"),
        part_of(&pair->a, SPH_LIT("x"), "application/vnd.example.very-own+zip", "")};
    struct sph_foreign_order order = {.parts = parts, .part_count = 4};
    assert_int_equal(submit(&pair->a, &order, NULL).code, SPH_OK);
    for (size_t i = 0; i < 4; i++)
        parts[i].files->close(&parts[i].file);
    assert_int_equal(pair_deliver(&pair->a), 1);
    assert_acknowledged(&pair->a);
    sph_foreign *message = read_newest(&pair->b);
    assert_int_equal(message->part_count, 4);
    assert_document(&pair->b, message, "p1", sph_buf_peek(&large));
    assert_document(&pair->b, message, "p2", (sph_slice){NULL, 0});
    assert_document(&pair->b, message, "p3", SPH_LIT("<a/>"));
    assert_document(&pair->b, message, "p4", SPH_LIT("x"));
    assert_string_equal(message->part[2].name, "ລາຍງານ รายงาน.xml");
    assert_string_equal(message->part[3].media_type, "application/vnd.example.very-own+zip");
    assert_string_equal(message->part[3].name, "");
    sph_foreign_free(&message);
    pair_free(&pair);
}

static void message_without_parts_and_ping_are_receipted(void **state)
{
    (void)state;
    char message_id[128];
    sph_err err = {0};
    struct pair *pair = foreign_pair_of(SPH_SUITE_EDELIVERY_1_15);
    struct sph_foreign_order order = {.part_count = 0};
    assert_int_equal(submit(&pair->a, &order, NULL).code, SPH_OK);
    assert_int_equal(pair_deliver(&pair->a), 1);
    assert_acknowledged(&pair->a);
    sph_foreign *message = read_newest(&pair->b);
    assert_int_equal(message->part_count, 0);
    sph_foreign_free(&message);
    assert_ok(sph_ping_queue(pair->a.node, pair->b.party, message_id, &err), &err);
    assert_int_equal(pair_deliver(&pair->a), 1);
    assert_acknowledged(&pair->a);
    assert_string_equal(newest_in(&pair->b).type, "ping");
    pair_free(&pair);
}

static void reply_refers_to_what_came(void **state)
{
    (void)state;
    char question[64];
    struct pair *pair = foreign_pair_of(SPH_SUITE_EDELIVERY_1_15);
    send_text(&pair->a, "a question", NULL, question);
    sph_foreign *asked = read_newest(&pair->b);
    send_text(&pair->b, "an answer", asked->packet_id, NULL);
    assert_acknowledged(&pair->b);
    sph_foreign *answer = read_newest(&pair->a);
    assert_string_equal(answer->ref_to, asked->message_id);
    assert_string_equal(answer->conversation_id, asked->conversation_id);
    assert_string_equal(newest_in(&pair->a).ref_to, asked->message_id);
    sph_foreign_free(&asked);
    sph_foreign_free(&answer);
    struct sph_foreign_order order = {.reply_to = "urn:uuid:00000000-0000-4000-8000-000000000000"};
    assert_int_equal(submit(&pair->a, &order, NULL).code, SPH_ENOTFOUND);
    pair_free(&pair);
}

static void four_corners_are_asked_for_where_they_are_agreed(void **state)
{
    (void)state;
    const struct enrolment plain = {NULL, SPH_SUITE_EDELIVERY_2_0_ED25519};
    const struct enrolment corners = {"{\"fourCorner\":true}", SPH_SUITE_EDELIVERY_2_0_ED25519};
    struct pair *pair = foreign_pair(&corners, &corners);
    struct sph_foreign_order order = {.original_sender = "urn:example:clinic",
                                      .final_recipient = "urn:example:court"};
    assert_int_equal(submit(&pair->a, &order, NULL).code, SPH_OK);
    pair_deliver(&pair->a);
    assert_acknowledged(&pair->a);
    sph_foreign *message = read_newest(&pair->b);
    assert_int_equal(message->property_count, 2);
    assert_string_equal(message->property[0].name, "originalSender");
    assert_string_equal(message->property[0].value, "urn:example:clinic");
    assert_string_equal(message->property[1].value, "urn:example:court");
    sph_foreign_free(&message);
    pair_free(&pair);
    pair = foreign_pair(&plain, &corners);
    assert_int_equal(submit(&pair->a, &order, NULL).code, SPH_EREFUSED);
    send_text(&pair->a, "two corners only", NULL, NULL);
    assert_string_equal(pair_outbox(&pair->a).state, "failed");
    assert_string_equal(pair_outbox(&pair->a).code, "EBMS:0003");
    pair_free(&pair);
}

static void lost_answer_is_healed_by_the_stored_receipt(void **state)
{
    (void)state;
    struct pair *pair = foreign_pair_of(SPH_SUITE_EDELIVERY_1_15);
    pair->a.is_answer_lost = true;
    send_text(&pair->a, "twice on the wire, once in the inbox", NULL, NULL);
    pair->a.is_answer_lost = false;
    pair_restart(&pair->b);
    test_env_advance(pair->a.world, 60000);
    assert_int_equal(pair_deliver(&pair->a), 1);
    assert_acknowledged(&pair->a);
    assert_int_equal(pair_inbox(&pair->b).rows, 1);
    assert_int_equal(pair_leaves(&pair->b, SPH_EVENT_RECEIVED), 1);
    assert_int_equal(pair_leaves(&pair->b, SPH_EVENT_DUPLICATE), 1);
    pair_free(&pair);
}

/** Instead of the receipt: an error that the partner signed. hook_arg: its detail. */
static void answer_with_error(struct pair_side *side, sph_response *response)
{
    sph_err err = {0};
    const sph_keyring *ring = sph_node_keys(side->other->node);
    const struct sph_key_slot *slot = &ring->slot[sph_slot_sign(SPH_SUITE_EDELIVERY_1_15)];
    const sph_as4_signer signer = {slot->key, slot->leaf, ring->root, SPH_TOKEN_BST_X509};
    const struct newest newest = newest_in(side->other);
    const struct sph_as4_error_info info = {SPH_EBMS_0004, newest.message_id, side->hook_arg};
    sph_buf_clear(&response->body);
    response->body = sph_buf_init(262144);
    assert_ok(sph_as4_build_error(&info, "error@example", sph_node_now_ms(side->node),
                                  SPH_SUITE_EDELIVERY_1_15, &signer,
                                  test_env_get(side->world)->random, &response->body, &err),
              &err);
}

static void duplicate_without_a_receipt_is_never_acknowledged(void **state)
{
    (void)state;
    static char other[] = "cannot be handled now";
    static char repeat[] = "Not invoked: this is a duplicate";
    struct pair *pair = foreign_pair_of(SPH_SUITE_EDELIVERY_1_15);
    pair->a.change_answer = answer_with_error;
    pair->a.hook_arg = other;
    send_text(&pair->a, "its receipt never comes", NULL, NULL);
    assert_string_equal(pair_outbox(&pair->a).state, "wait-retry");
    assert_string_equal(pair_outbox(&pair->a).code, "EBMS:0004");
    pair->a.hook_arg = repeat;
    test_env_advance(pair->a.world, 60000);
    assert_int_equal(pair_deliver(&pair->a), 1);
    assert_string_equal(pair_outbox(&pair->a).state, "failed");
    assert_string_equal(pair_outbox(&pair->a).code, "EBMS:0301");
    assert_string_equal(pair_outbox(&pair->a).detail, "delivered-without-proof");
    assert_int_equal(pair_leaves(&pair->a, SPH_EVENT_RECEIPT_IN), 0);
    assert_int_equal(pair_leaves(&pair->a, SPH_EVENT_DELIVERY_FAILED), 1);
    pair_free(&pair);
}

/** Instead of the receipt: a code that this node never writes. hook_arg: who signs it, or NULL. */
struct refusal {
    const char *code, *ref_to;
    struct pair_side *signer; /* NULL: nobody */
    int64_t now_ms;
};

static void write_refusal(sph_xml_writer *w, const void *what)
{
    const struct refusal *refusal = what;
    sph_xml_open(w, "eb:SignalMessage");
    sph_as4_write_info(w, refusal->now_ms, "refusal@example", refusal->ref_to);
    sph_xml_open(w, "eb:Error");
    sph_xml_set(w, "errorCode", refusal->code);
    sph_xml_set(w, "refToMessageInError", refusal->ref_to);
    sph_xml_set(w, "severity", "failure");
    sph_xml_leaf(w, "eb:ErrorDetail", "duplicate (fictitious)");
    sph_xml_close(w);
    sph_xml_close(w);
}

static void answer_with_refusal(struct pair_side *side, sph_response *response)
{
    sph_err err = {0};
    struct refusal *refusal = side->hook_arg;
    const struct newest newest = newest_in(side->other);
    const sph_keyring *ring = refusal->signer ? sph_node_keys(refusal->signer->node) : NULL;
    const struct sph_key_slot *slot =
        ring ? &ring->slot[sph_slot_sign(SPH_SUITE_EDELIVERY_1_15)] : NULL;
    const sph_as4_signer signer = {slot ? slot->key : NULL, slot ? slot->leaf : NULL,
                                   ring ? ring->root : NULL, SPH_TOKEN_BST_X509};
    if (!refusal->ref_to)
        refusal->ref_to = newest.message_id;
    refusal->now_ms = sph_node_now_ms(side->node);
    const struct sph_as4_draft draft = {.write = write_refusal,
                                        .what = refusal,
                                        .signer = slot ? &signer : NULL,
                                        .suite = SPH_SUITE_EDELIVERY_1_15,
                                        .random = test_env_get(side->world)->random};
    sph_buf_clear(&response->body);
    response->body = sph_buf_init(262144);
    assert_ok(sph_as4_envelope(&draft, &response->body, NULL, &err), &err);
}

/** as4.md 11: EBMS:4001 ends the retries only when the partner signed it, about this message; it is
 * never a receipt. */
static void signed_4001_ends_the_retries_without_proof(void **state)
{
    (void)state;
    struct pair *pair = foreign_pair_of(SPH_SUITE_EDELIVERY_1_15);
    struct refusal cases[] = {{.code = "EBMS:4001"},
                              {.code = "EBMS:4001", .signer = &pair->a},
                              {.code = "EBMS:4001", .signer = &pair->b, .ref_to = "other@example"},
                              {.code = "EBMS:4001", .signer = &pair->b}};
    const size_t last = sizeof(cases) / sizeof(cases[0]) - 1;
    pair->a.change_answer = answer_with_refusal;
    pair->a.hook_arg = &cases[0];
    send_text(&pair->a, "it arrives, its receipt never does", NULL, NULL);
    for (size_t i = 1; i <= last; i++) {
        assert_string_equal(pair_outbox(&pair->a).state, "wait-retry");
        pair->a.hook_arg = &cases[i];
        test_env_advance(pair->a.world, 24 * 3600000);
        test_env_advance(pair->b.world, 24 * 3600000);
        assert_int_equal(pair_deliver(&pair->a), 1);
    }
    assert_string_equal(pair_outbox(&pair->a).state, "failed");
    assert_string_equal(pair_outbox(&pair->a).code, "EBMS:0301");
    assert_string_equal(pair_outbox(&pair->a).detail, "delivered-without-proof");
    assert_string_equal(pair_outbox(&pair->a).proof, "none");
    assert_int_equal(pair_leaves(&pair->a, SPH_EVENT_RECEIPT_IN), 0);
    assert_int_equal(pair_leaves(&pair->a, SPH_EVENT_DELIVERY_FAILED), 1);
    /* Final: nothing more goes out, and a receipt that comes later changes nothing. */
    test_env_advance(pair->a.world, 24 * 3600000);
    assert_int_equal(pair_deliver(&pair->a), 0);
    pair_free(&pair);
}

static void packet_is_not_sent_to_a_foreign_product_nor_files_to_a_saphan_node(void **state)
{
    (void)state;
    sph_err err = {0};
    sph_json *draft = NULL;
    struct pair *pair = foreign_pair_of(SPH_SUITE_EDELIVERY_1_15);
    struct sph_submitted *done = sph_mem_new(1, sizeof(*done));
    sph_findings *findings = sph_mem_new(1, sizeof(*findings));
    assert_ok(sph_json_parse(sph_slice_str(pair_question), 65536, &draft, &err), &err);
    const struct sph_submit what = {
        .draft = draft, .to = &pair->b.party, .to_count = 1, .user = "operator"};
    assert_int_equal(sph_submit(pair->a.node, &what, done, findings, &err).code, SPH_EREFUSED);
    assert_int_equal(pair_outbox(&pair->a).rows, 0);
    sph_json_free(&draft);
    sph_mem_free(done);
    sph_mem_free(findings);
    pair_free(&pair);
    pair = pair_new();
    struct sph_foreign_order order = {.part_count = 0};
    assert_int_equal(submit(&pair->a, &order, NULL).code, SPH_EREFUSED);
    pair_free(&pair);
}

/** What a P-Mode of the receiver refuses (security.md A-10). */
static const struct mismatch {
    const char *sender, *receiver, *code;
} mismatches[] = {
    {"{\"service\":\"urn:example:other\"}", NULL, "EBMS:0010"},
    {"{\"serviceType\":\"urn:example:type\"}", NULL, "EBMS:0010"},
    {NULL, "{\"serviceType\":\"urn:example:type\"}", "EBMS:0010"},
    {"{\"actions\":[\"other\"]}", NULL, "EBMS:0010"},
    {"{\"agreement\":\"urn:example:agreement\"}", NULL, "EBMS:0010"},
    {NULL, "{\"agreement\":\"urn:example:agreement\"}", "EBMS:0010"},
    {"{\"initiatorRole\":\"urn:example:role\"}", NULL, "EBMS:0010"},
    {"{\"responderRole\":\"urn:example:role\"}", NULL, "EBMS:0010"},
    {"{\"ownType\":\"urn:example:type\"}", NULL, "EBMS:0010"},
    {"{\"partnerType\":\"urn:example:type\"}", NULL, "EBMS:0010"},
    {"{\"partnerId\":\"somebody.else\"}", NULL, "EBMS:0010"},
    {"{\"ownId\":\"somebody.else\"}", NULL, "EBMS:0101"},
    {NULL, "{\"maxParts\":0}", "EBMS:0003"},
};

static void what_matches_no_pmode_is_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(mismatches) / sizeof(mismatches[0]); i++) {
        const struct enrolment a = {mismatches[i].sender, SPH_SUITE_EDELIVERY_2_0_ED25519};
        const struct enrolment b = {mismatches[i].receiver, SPH_SUITE_EDELIVERY_2_0_ED25519};
        struct pair *pair = foreign_pair(&a, &b);
        send_text(&pair->a, "nobody agreed on this", NULL, NULL);
        if (strcmp(pair_outbox(&pair->a).code, mismatches[i].code) != 0)
            print_message("mismatch %zu: %s %s\n", i, pair_outbox(&pair->a).code,
                          pair_outbox(&pair->a).detail);
        assert_string_equal(pair_outbox(&pair->a).code, mismatches[i].code);
        assert_string_equal(pair_outbox(&pair->a).state, "failed");
        assert_int_equal(pair_inbox(&pair->b).rows, 0);
        assert_int_equal(pair_leaves(&pair->b, SPH_EVENT_RECEIVED), 0);
        assert_int_equal(pair_leaves(&pair->b, SPH_EVENT_REJECTED), 1);
        pair_free(&pair);
    }
}

static void agreed_values_pass(void **state)
{
    (void)state;
    const struct enrolment both = {
        "{\"service\":\"urn:example:s\",\"serviceType\":\"urn:example:t\",\"actions\":[\"x\",\"y\"]"
        ","
        "\"agreement\":\"urn:example:a\",\"initiatorRole\":\"i\",\"responderRole\":\"r\"}",
        SPH_SUITE_EDELIVERY_1_15};
    struct pair *pair = foreign_pair(&both, &both);
    struct sph_foreign_order order = {.action = "y", .service = "urn:example:s"};
    assert_int_equal(submit(&pair->a, &order, NULL).code, SPH_OK);
    pair_deliver(&pair->a);
    assert_acknowledged(&pair->a);
    sph_foreign *message = read_newest(&pair->b);
    assert_string_equal(message->action, "y");
    assert_string_equal(message->service_type, "urn:example:t");
    assert_string_equal(message->agreement, "urn:example:a");
    sph_foreign_free(&message);
    order.action = "z";
    assert_int_equal(submit(&pair->a, &order, NULL).code, SPH_EREFUSED);
    pair_free(&pair);
}

int test_foreign(void);
int test_foreign(void)
{
    sph_xml_start();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(goes_both_ways_in_every_suite),
        cmocka_unit_test(goes_in_every_token_form),
        cmocka_unit_test(several_parts_of_any_kind_arrive_as_they_were),
        cmocka_unit_test(message_without_parts_and_ping_are_receipted),
        cmocka_unit_test(reply_refers_to_what_came),
        cmocka_unit_test(four_corners_are_asked_for_where_they_are_agreed),
        cmocka_unit_test(lost_answer_is_healed_by_the_stored_receipt),
        cmocka_unit_test(duplicate_without_a_receipt_is_never_acknowledged),
        cmocka_unit_test(signed_4001_ends_the_retries_without_proof),
        cmocka_unit_test(packet_is_not_sent_to_a_foreign_product_nor_files_to_a_saphan_node),
        cmocka_unit_test(what_matches_no_pmode_is_refused),
        cmocka_unit_test(agreed_values_pass),
    };
    return cmocka_run_group_tests_name("foreign", tests, NULL, NULL);
}
