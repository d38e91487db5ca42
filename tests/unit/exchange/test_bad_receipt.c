/* Answers that must not end a message, at a whole node (security.md 2.7 A-03 to A-06, A-09; as4.md
 * 4, 9, 10): forged receipts and errors, another's, of another message, and what proxies say. */
#include "bad_kit.h"

#include "as4/receive.h"

#define XML "application/soap+xml;charset=UTF-8"

/** What stands in A's outbox for a message that B answered wrongly. */
struct answer_row {
    const char *id;
    void (*change)(struct bad_world *world, sph_response *response);
    const char *state, *code;
};

/* ------------------------------------------------------------------ making answers */

static void set_body(sph_response *response, unsigned status, const char *type, sph_slice body)
{
    sph_err err = {0};
    response->status = status;
    response->content_type = type;
    sph_buf_cut(&response->body, 0);
    assert_ok(sph_buf_add(&response->body, body, &err), &err);
}

/** Work on the signal with the tools for messages. */
static void as_message(const sph_response *response, struct bad_msg *msg)
{
    sph_err err = {0};
    *msg = (struct bad_msg){.suite = SPH_SUITE_EDELIVERY_2_0_ED25519};
    msg->root = sph_buf_init((size_t)1 << 24);
    assert_ok(sph_buf_add(&msg->root, sph_buf_peek(&response->body), &err), &err);
}

static void put_back(struct bad_msg *msg, sph_response *response)
{
    set_body(response, 200, XML, sph_buf_peek(&msg->root));
    bad_msg_clear(msg);
}

static void receipt_unsigned(struct bad_world *world, sph_response *response)
{
    struct bad_msg msg;
    (void)world;
    as_message(response, &msg);
    char *cut = bad_cut(&msg, "<wsse:Security", "</wsse:Security>");
    sph_str_free(&cut);
    put_back(&msg, response);
}

static void receipt_of_stripped_signature(struct bad_world *world, sph_response *response)
{
    struct bad_msg msg;
    (void)world;
    as_message(response, &msg);
    char *cut = bad_cut(&msg, "<ds:Signature ", "</ds:Signature>");
    sph_str_free(&cut);
    put_back(&msg, response);
}

static void receipt_signed_by_c(struct bad_world *world, sph_response *response)
{
    sph_err err = {0};
    SPH_AUTO(sph_buf) signal = sph_buf_init((size_t)1 << 20);
    const sph_keyring *ring = sph_node_keys(world->c.node);
    const struct sph_key_slot *slot = &ring->slot[SPH_SLOT_SIGN_ED25519];
    const sph_as4_signer signer = {slot->key, slot->leaf, ring->root, SPH_TOKEN_BST_X509};
    struct pair_side *a = &world->pair->a;
    const size_t at = sph_slice_find(sph_buf_peek(&a->seen_body), SPH_LIT("<env:Envelope"), 0);
    const size_t end = sph_slice_find(sph_buf_peek(&a->seen_body), SPH_LIT("</env:Envelope>"), at);
    assert_true(end != SIZE_MAX);
    assert_ok(sph_as4_build_receipt_from_root(
                  sph_slice_sub(sph_buf_peek(&a->seen_body), at, end + 15 - at), "r@c.example",
                  sph_node_now_ms(a->node), SPH_LIT(""), SPH_SUITE_EDELIVERY_2_0_ED25519, &signer,
                  test_env_get(a->world)->random, &signal, &err),
              &err);
    set_body(response, 200, XML, sph_buf_peek(&signal));
}

static void receipt_resigned_by_c(struct bad_world *world, sph_response *response)
{
    struct bad_msg msg;
    as_message(response, &msg);
    bad_resign(&msg, &world->c);
    put_back(&msg, response);
}

static void receipt_changed(struct bad_world *world, sph_response *response)
{
    struct bad_msg msg;
    (void)world;
    as_message(response, &msg);
    bad_replace(&msg, "<eb:Timestamp>2026-", "<eb:Timestamp>2025-");
    put_back(&msg, response);
}

/** Another message's digests, as B itself would sign them. */
static void receipt_other_digests(struct bad_world *world, sph_response *response)
{
    struct bad_msg msg;
    as_message(response, &msg);
    const size_t at =
        sph_slice_find(sph_buf_peek(&msg.root), SPH_LIT("MessagePartNRInformation"), 0);
    assert_true(at != SIZE_MAX);
    const size_t digest = sph_slice_find(sph_buf_peek(&msg.root), SPH_LIT("<ds:DigestValue>"), at);
    msg.root.at[digest + 16] = msg.root.at[digest + 16] == 'A' ? 'B' : 'A';
    bad_resign(&msg, &world->pair->b);
    put_back(&msg, response);
}

#define PART "<ebbp:MessagePartNRInformation>", "</ebbp:MessagePartNRInformation>"

static void receipt_missing_reference(struct bad_world *world, sph_response *response)
{
    struct bad_msg msg;
    as_message(response, &msg);
    char *cut = bad_cut(&msg, PART);
    sph_str_free(&cut);
    bad_resign(&msg, &world->pair->b);
    put_back(&msg, response);
}

static void receipt_extra_reference(struct bad_world *world, sph_response *response)
{
    struct bad_msg msg;
    as_message(response, &msg);
    char *more = bad_copy(&msg, PART);
    char *uri = strstr(more, "URI=\"#");
    assert_non_null(uri);
    uri[6] = 'z';
    bad_before(&msg, "</ebbp:NonRepudiationInformation>", more);
    sph_str_free(&more);
    bad_resign(&msg, &world->pair->b);
    put_back(&msg, response);
}

static void receipt_unknown_message(struct bad_world *world, sph_response *response)
{
    struct bad_msg msg;
    as_message(response, &msg);
    char *id = bad_copy(&msg, "<eb:RefToMessageId>", "</eb:RefToMessageId>");
    bad_replace(&msg, id, "<eb:RefToMessageId>nobody@la.legalaid.example</eb:RefToMessageId>");
    sph_str_free(&id);
    bad_resign(&msg, &world->pair->b);
    put_back(&msg, response);
}

/** A's own message comes back: signed properly, but no receipt. */
static void receipt_is_the_message(struct bad_world *world, sph_response *response)
{
    const struct pair_side *a = &world->pair->a;
    set_body(response, 200, a->seen_type, sph_buf_peek(&a->seen_body));
}

static void error_in(struct bad_world *world, const struct pair_side *signer, enum sph_suite suite,
                     const struct sph_as4_error_info *info, sph_response *response)
{
    sph_err err = {0};
    SPH_AUTO(sph_buf) signal = sph_buf_init((size_t)1 << 20);
    struct pair_side *a = &world->pair->a;
    const sph_keyring *ring = signer ? sph_node_keys(signer->node) : NULL;
    const struct sph_key_slot *slot = ring ? &ring->slot[sph_slot_sign(suite)] : NULL;
    const sph_as4_signer own = {slot ? slot->key : NULL, slot ? slot->leaf : NULL,
                                ring ? ring->root : NULL, SPH_TOKEN_BST_X509};
    SPH_AUTO_PTR(sph_as4_in) *in = NULL;
    sph_as4_fault fault = {0};
    const sph_as4_source source = {.bytes = sph_buf_peek(&response->body),
                                   .len = response->body.len};
    assert_ok(sph_as4_open(XML, &source, sph_limits_default(), &in, &fault, &err), &err);
    struct sph_as4_error_info about = *info;
    if (!about.ref_to)
        about.ref_to = sph_as4_in_ref_to(in);
    assert_ok(sph_as4_build_error(&about, "e@th.ngo.example", sph_node_now_ms(a->node), suite,
                                  signer ? &own : NULL, test_env_get(a->world)->random, &signal,
                                  &err),
              &err);
    set_body(response, 200, XML, sph_buf_peek(&signal));
}

static void error_of(struct bad_world *world, const struct pair_side *signer,
                     const struct sph_as4_error_info *info, sph_response *response)
{
    error_in(world, signer, SPH_SUITE_EDELIVERY_2_0_ED25519, info, response);
}

static void error_unsigned(struct bad_world *world, sph_response *response)
{
    error_of(world, NULL, &(struct sph_as4_error_info){SPH_EBMS_0004, NULL, "PK-01 x"}, response);
}

static void error_unsigned_authentication(struct bad_world *world, sph_response *response)
{
    error_of(world, NULL, &(struct sph_as4_error_info){SPH_EBMS_0101, NULL, ""}, response);
}

static void error_signed_by_c(struct bad_world *world, sph_response *response)
{
    error_of(world, &world->c, &(struct sph_as4_error_info){SPH_EBMS_0004, NULL, "PK-01 x"},
             response);
}

static void error_for_another(struct bad_world *world, sph_response *response)
{
    error_of(world, &world->pair->b,
             &(struct sph_as4_error_info){SPH_EBMS_0004, "other@x.example", "PK-01 x"}, response);
}

static void error_without_rule(struct bad_world *world, sph_response *response)
{
    error_of(world, &world->pair->b,
             &(struct sph_as4_error_info){SPH_EBMS_0004, NULL, "something inside"}, response);
}

static void error_disk(struct bad_world *world, sph_response *response)
{
    error_of(world, &world->pair->b, &(struct sph_as4_error_info){SPH_EBMS_0202, NULL, "later"},
             response);
}

static void error_final(struct bad_world *world, sph_response *response)
{
    error_of(world, &world->pair->b, &(struct sph_as4_error_info){SPH_EBMS_0004, NULL, "PK-01 x"},
             response);
}

#define HTML "<html><body>Bad Gateway</body></html>"

static void proxy_html(struct bad_world *world, sph_response *response)
{
    (void)world;
    set_body(response, 200, "text/html", SPH_LIT(HTML));
}
static void proxy_html_as_soap(struct bad_world *world, sph_response *response)
{
    (void)world;
    set_body(response, 200, XML, SPH_LIT(HTML));
}
static void proxy_502(struct bad_world *world, sph_response *response)
{
    (void)world;
    set_body(response, 502, "text/html", SPH_LIT(HTML));
}
static void proxy_404(struct bad_world *world, sph_response *response)
{
    (void)world;
    set_body(response, 404, "text/plain", SPH_LIT("not found"));
}
static void proxy_302(struct bad_world *world, sph_response *response)
{
    (void)world;
    set_body(response, 302, NULL, SPH_LIT(""));
}
static void empty_200(struct bad_world *world, sph_response *response)
{
    (void)world;
    set_body(response, 200, NULL, SPH_LIT(""));
}
static void empty_202(struct bad_world *world, sph_response *response)
{
    (void)world;
    set_body(response, 202, XML, SPH_LIT(""));
}
static void empty_403(struct bad_world *world, sph_response *response)
{
    (void)world;
    set_body(response, 403, NULL, SPH_LIT(""));
}
static void doctype(struct bad_world *world, sph_response *response)
{
    struct bad_msg msg;
    (void)world;
    as_message(response, &msg);
    bad_before(&msg, "<env:Envelope", "<!DOCTYPE x>");
    put_back(&msg, response);
}
static void cut_short(struct bad_world *world, sph_response *response)
{
    (void)world;
    sph_buf_cut(&response->body, response->body.len / 2);
}

/* ------------------------------------------------------------------ judging */

struct hook {
    struct bad_world *world;
    const struct answer_row *row;
};

static void run_hook(struct pair_side *side, sph_response *response)
{
    const struct hook *hook = side->hook_arg;
    hook->row->change(hook->world, response);
}

static void judge_row(struct bad_world *world, const struct answer_row *row)
{
    struct pair_side *a = &world->pair->a;
    struct hook hook = {world, row};
    const int64_t receipts = pair_leaves(a, SPH_EVENT_RECEIPT_IN);
    const int64_t failures = pair_leaves(a, SPH_EVENT_DELIVERY_FAILED);
    const int64_t rows = bad_look(&world->pair->b).inbox;
    pair_ask(a);
    a->hook_arg = &hook;
    a->change_answer = run_hook;
    assert_int_equal(pair_deliver(a), 1);
    a->change_answer = NULL;
    const struct pair_count out = pair_outbox(a);
    if (strcmp(out.state, row->state) != 0 || strcmp(out.code, row->code) != 0)
        fail_msg("%s: %s %s (%s)", row->id, out.state, out.code, out.detail);
    const bool is_failed = strcmp(row->state, "failed") == 0;
    assert_int_equal(pair_leaves(a, SPH_EVENT_RECEIPT_IN), receipts);
    assert_int_equal(pair_leaves(a, SPH_EVENT_DELIVERY_FAILED), failures + is_failed);
    test_env_advance(a->world, 2 * 3600000);
    assert_int_equal(pair_deliver(a), !is_failed);
    if (!is_failed && strcmp(pair_outbox(a).state, "acknowledged") != 0)
        fail_msg("%s: the retry is %s", row->id, pair_outbox(a).state);
    assert_int_equal(pair_leaves(a, SPH_EVENT_RECEIPT_IN), receipts + !is_failed);
    assert_int_equal(bad_look(&world->pair->b).inbox, rows + 1);
    test_env_set_now(a->world, sph_node_now_ms(world->pair->b.node));
}

static void judge_rows(void **state, const struct answer_row *rows, size_t count)
{
    struct bad_world *world = *state;
    for (size_t i = 0; i < count; i++)
        judge_row(world, &rows[i]);
    pair_assert_ledger(&world->pair->a);
    pair_assert_ledger(&world->pair->b);
}
#define ROWS(state, rows) judge_rows((state), rows, sizeof(rows) / sizeof((rows)[0]))

static void receipt_that_is_forged_does_not_end_a_message(void **state)
{
    static const struct answer_row rows[] = {
        {"A-03 unsigned", receipt_unsigned, "wait-retry", "unauthenticated"},
        {"A-03 signature cut out", receipt_of_stripped_signature, "wait-retry", "unauthenticated"},
        {"A-03 signed by another partner", receipt_signed_by_c, "wait-retry", "unauthenticated"},
        {"A-03 B's token, C's key", receipt_resigned_by_c, "wait-retry", "unauthenticated"},
        {"A-03 changed after signing", receipt_changed, "wait-retry", "unauthenticated"},
        {"A-03 other digests", receipt_other_digests, "wait-retry", "EBMS:0302"},
        {"A-03 missing reference", receipt_missing_reference, "wait-retry", "EBMS:0302"},
        {"A-03 extra reference", receipt_extra_reference, "wait-retry", "EBMS:0302"},
        {"A-03 unknown message", receipt_unknown_message, "wait-retry", "EBMS:0302"},
        {"A-03 the message itself", receipt_is_the_message, "wait-retry", "unauthenticated"},
    };
    ROWS(state, rows);
}

static void receipt_error_ends_a_message_only_when_signed_and_about_it(void **state)
{
    static const struct answer_row rows[] = {
        {"A-06 unsigned 0004 with a rule", error_unsigned, "wait-retry", "unauthenticated"},
        {"A-06 unsigned 0101", error_unsigned_authentication, "wait-retry", "unauthenticated"},
        {"A-06 signed by another partner", error_signed_by_c, "wait-retry", "unauthenticated"},
        {"A-06 about another message", error_for_another, "wait-retry", "EBMS:0302"},
        {"0004 without a rule", error_without_rule, "wait-retry", "EBMS:0004"},
        {"0202", error_disk, "wait-retry", "EBMS:0202"},
        {"signed 0004 with a rule ends it", error_final, "failed", "EBMS:0004"},
    };
    ROWS(state, rows);
}

static void receipt_what_proxies_say_is_a_transport_failure(void **state)
{
    static const struct answer_row rows[] = {
        {"A-09 HTML", proxy_html, "wait-retry", "transport"},
        {"A-09 HTML that says SOAP", proxy_html_as_soap, "wait-retry", "transport"},
        {"A-09 502", proxy_502, "wait-retry", "transport"},
        {"A-09 404", proxy_404, "wait-retry", "transport"},
        {"A-09 302", proxy_302, "wait-retry", "transport"},
        {"A-09 empty 200", empty_200, "wait-retry", "transport"},
        {"A-09 empty 202", empty_202, "wait-retry", "transport"},
        {"A-09 403", empty_403, "wait-retry", "transport"},
        {"X-01 DOCTYPE in a receipt", doctype, "wait-retry", "transport"},
        {"H-13 half a receipt", cut_short, "wait-retry", "transport"},
    };
    ROWS(state, rows);
}

/* ------------------------------------------------------------------ Retry-After */

static void busy_for(struct pair_side *side, sph_response *response)
{
    set_body(response, 503, NULL, SPH_LIT(""));
    response->retry_after_s = *(const unsigned *)side->hook_arg;
}

static int64_t next_try_ms(struct pair_side *side)
{
    struct sph_out_due_row due[4];
    size_t count = 0;
    int64_t next_ms = 0;
    sph_err err = {0};
    assert_ok(sph_out_due(side->node, sph_node_now_ms(side->node), due, 4, &count, &next_ms, &err),
              &err);
    assert_int_equal(count, 0);
    return next_ms - sph_node_now_ms(side->node);
}

static void receipt_retry_after_is_honoured_up_to_an_hour(void **state)
{
    struct bad_world *world = *state;
    struct pair_side *a = &world->pair->a;
    const struct {
        unsigned asked;
        int64_t least_ms, most_ms;
    } rows[] = {{600, 600000, 750000}, {1000000, 3600000 / 5 * 4, 3600000 / 5 * 6}};
    for (size_t i = 0; i < 2; i++) {
        unsigned asked = rows[i].asked;
        pair_ask(a);
        a->hook_arg = &asked;
        a->change_answer = busy_for;
        pair_deliver(a);
        a->change_answer = NULL;
        assert_string_equal(pair_outbox(a).state, "wait-retry");
        assert_in_range(next_try_ms(a), rows[i].least_ms, rows[i].most_ms);
        test_env_advance(a->world, 2 * 3600000);
        pair_deliver(a);
        assert_string_equal(pair_outbox(a).state, "acknowledged");
        test_env_set_now(a->world, sph_node_now_ms(world->pair->b.node));
    }
}

/* ------------------------------------------------------------------ A-04 */

/** What the partner signed is posted to us on a request of its own. */
static void offer_signal(struct bad_world *world, sph_slice signal)
{
    SPH_AUTO(sph_response) response = sph_response_init();
    pair_offer(&world->pair->a, sph_node_keys(world->pair->b.node)->slot[SPH_SLOT_TLS].leaf, XML,
               signal, &response);
    assert_int_equal(response.status, 202);
}

/** The answer was lost, then comes three times on requests of its own, and an error after it. */
static void receipt_that_comes_again_changes_nothing(void **state)
{
    struct bad_world *world = *state;
    struct pair_side *a = &world->pair->a;
    sph_err err = {0};
    pair_ask(a);
    a->is_answer_lost = true;
    pair_deliver(a);
    a->is_answer_lost = false;
    test_env_advance(a->world, 2 * 3600000);
    for (int i = 0; i < 3; i++)
        offer_signal(world, sph_buf_peek(&a->seen_answer));
    assert_string_equal(pair_outbox(a).state, "acknowledged");
    SPH_AUTO(sph_response) final = sph_response_init();
    assert_ok(sph_buf_add(&final.body, sph_buf_peek(&a->seen_answer), &err), &err);
    error_final(world, &final);
    const struct bad_image before = bad_look(a);
    offer_signal(world, sph_buf_peek(&final.body));
    const struct bad_image after = bad_look(a);
    assert_true(bad_is_same("A-04", &before, &after, 0));
    assert_string_equal(pair_outbox(a).state, "acknowledged");
    assert_int_equal(pair_deliver(a), 0);
    pair_assert_ledger(a);
}

struct lone_row {
    const char *id;
    bool is_signed, is_by_c;
    const char *about; /* NULL: B's waiting message */
    struct bad_end end;
};

static void offer_alone(struct bad_world *world, const struct lone_row *row)
{
    struct pair_side *b = &world->pair->b;
    struct pair_side *from = row->is_by_c ? &world->c : &world->pair->a;
    const enum sph_suite suite =
        row->is_by_c ? SPH_SUITE_EDELIVERY_1_15 : SPH_SUITE_EDELIVERY_2_0_ED25519;
    struct bad_msg msg;
    SPH_AUTO(sph_response) signal = sph_response_init();
    sph_err err = {0};
    assert_ok(sph_buf_add(&signal.body, sph_buf_peek(&b->seen_answer), &err), &err);
    error_in(world, row->is_signed ? from : NULL, suite,
             &(struct sph_as4_error_info){SPH_EBMS_0004, row->about, "PK-01 x"}, &signal);
    as_message(&signal, &msg);
    msg.client = from;
    msg.suite = suite;
    assert_ok(sph_str_copy(msg.content_type, sizeof(msg.content_type), sph_slice_str(XML), &err),
              &err);
    bad_expect(world, row->id, b, &msg, &row->end);
    bad_msg_clear(&msg);
}

static unsigned offer_receipt_alone(struct bad_world *world)
{
    struct pair_side *b = &world->pair->b;
    SPH_AUTO(sph_response) response = sph_response_init();
    pair_offer(b, sph_node_keys(world->pair->a.node)->slot[SPH_SLOT_TLS].leaf, XML,
               sph_buf_peek(&b->seen_answer), &response);
    return response.status;
}

/** A-06. A signal on a request of its own settles only its signer's message. */
static void receipt_or_error_that_comes_alone_settles_only_its_own_message(void **state)
{
    struct bad_world *world = *state;
    struct pair_side *b = &world->pair->b;
    static const struct lone_row rows[] = {
        {"A-06 alone, unsigned", false, false, NULL, {200, "EBMS:0010", 0, 0, "wss.missing", NULL}},
        {"A-06 alone, of C", true, true, NULL, {202, NULL, 0, 0, NULL, NULL}},
        {"A-06 alone, of nothing", true, false, "x@y.example", {202, NULL, 0, 0, NULL, NULL}},
    };
    test_env_set_now(world->pair->a.world, sph_node_now_ms(b->node));
    pair_ask(b);
    b->is_answer_lost = true;
    pair_deliver(b);
    b->is_answer_lost = false;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        offer_alone(world, &rows[i]);
        assert_string_equal(pair_outbox(b).state, "wait-retry");
    }
    assert_int_equal(offer_receipt_alone(world), 202);
    assert_string_equal(pair_outbox(b).state, "acknowledged");
    assert_int_equal(pair_leaves(b, SPH_EVENT_RECEIPT_IN), 1);
    assert_int_equal(offer_receipt_alone(world), 202);
    assert_int_equal(pair_leaves(b, SPH_EVENT_RECEIPT_IN), 1);
    pair_assert_ledger(b);
}

int test_bad_receipt(void);
int test_bad_receipt(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(receipt_that_is_forged_does_not_end_a_message),
        cmocka_unit_test(receipt_error_ends_a_message_only_when_signed_and_about_it),
        cmocka_unit_test(receipt_what_proxies_say_is_a_transport_failure),
        cmocka_unit_test(receipt_retry_after_is_honoured_up_to_an_hour),
        cmocka_unit_test(receipt_that_comes_again_changes_nothing),
        cmocka_unit_test(receipt_or_error_that_comes_alone_settles_only_its_own_message),
    };
    return cmocka_run_group_tests_name("bad_receipt", tests, bad_start, bad_stop);
}
