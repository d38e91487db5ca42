/* Pull, both roles (as4.md 12.3, security.md ): a hub and an office that nobody reaches,
 * and a second partner of the hub that wants what is not its own. */
#include "as4/build.h"
#include "exchange/pull.h"
#include "support/pair.h"

#include <pthread.h>

#define SIGNAL_TYPE "application/soap+xml;charset=UTF-8"
#define EMPTY_DETAIL "there is no message on this channel"
#define LEASE_OVER_MS 180000

/** hub = pair->a, office = pair->b, and a thief, who is the hub's partner too. */
struct office {
    struct pair *pair;
    struct pair_side *hub, *own;
    struct pair_side thief;
};

static void trust_each_other(struct pair_side *one, struct pair_side *two)
{
    struct pair_side *one_other = one->other;
    one->other = two;
    two->other = one;
    pair_trust(one);
    pair_trust(two);
    one->other = one_other;
}

static int office_start(void **state)
{
    struct office *office = sph_mem_new(1, sizeof(*office));
    assert_non_null(office);
    office->pair = sph_mem_new(1, sizeof(*office->pair));
    assert_non_null(office->pair);
    office->hub = &office->pair->a;
    office->own = &office->pair->b;
    *office->hub = (struct pair_side){
        .other = office->own, .party = "la.hub.example", .kind = "legal-aid", .country = "LA"};
    *office->own = (struct pair_side){.other = office->hub,
                                      .party = "th.office.example",
                                      .kind = "ngo",
                                      .country = "TH",
                                      .is_pull_only = true};
    office->thief = (struct pair_side){.other = office->hub,
                                       .party = "th.other.example",
                                       .kind = "ngo",
                                       .country = "TH",
                                       .is_pull_only = true};
    pair_make_side(office->hub, 21);
    pair_make_side(office->own, 22);
    pair_make_side(&office->thief, 23);
    trust_each_other(office->hub, office->own);
    trust_each_other(office->hub, &office->thief);
    *state = office;
    return 0;
}

static int office_stop(void **state)
{
    struct office *office = *state;
    pair_free_side(&office->thief);
    pair_free(&office->pair);
    sph_mem_free(office);
    return 0;
}

static enum sph_pull_came pull(struct office *office)
{
    enum sph_pull_came came = SPH_PULL_FAILED;
    sph_err err = {0};
    assert_ok(sph_pull_once(office->own->node, office->hub->party, &came, &err), &err);
    return came;
}

static void advance(struct office *office, int64_t ms)
{
    test_env_advance(office->hub->world, ms);
    test_env_advance(office->own->world, ms);
    test_env_advance(office->thief.world, ms);
}

static const char *mpc_of(const struct pair_side *side)
{
    return sph_node_config(side->node)->mpc;
}

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

/** EBMS:0006 counts only when the partner signed it. */
static void strip_signature(struct pair_side *side, sph_response *response)
{
    (void)side;
    const sph_slice all = sph_buf_peek(&response->body);
    const sph_slice close = SPH_LIT("</wsse:Security>");
    const size_t from = sph_slice_find(all, SPH_LIT("<wsse:Security"), 0);
    const size_t to = sph_slice_find(all, close, 0);
    SPH_AUTO(sph_buf) left = sph_buf_init(1024 * 1024);
    assert_true(from != SIZE_MAX && to != SIZE_MAX);
    assert_ok(sph_buf_add(&left, sph_slice_sub(all, 0, from), NULL), NULL);
    assert_ok(sph_buf_add(&left, sph_slice_sub(all, to + close.len, SIZE_MAX), NULL), NULL);
    sph_buf_clear(&response->body);
    sph_buf_take(&left, &response->body);
}

static void pull_unsigned_0006_is_a_failure(void **state)
{
    struct office *office = *state;
    assert_int_equal(pull(office), SPH_PULL_EMPTY);
    office->own->change_answer = strip_signature;
    assert_int_equal(pull(office), SPH_PULL_FAILED);
    office->own->change_answer = NULL;
}

/* ------------------------------------------------------------------ nobody else's channel */

/** A request as anybody could make it. */
struct wish {
    struct pair_side *signer, *client;
    const char *mpc;
    int64_t later_ms;
    bool is_unsigned;
};

static void make_request(const struct wish *wish, sph_buf *out)
{
    const sph_node *node = wish->signer->node;
    const sph_keyring *ring = sph_node_keys(node);
    const struct sph_key_slot *slot = &ring->slot[sph_slot_sign(SPH_SUITE_EDELIVERY_2_0_ED25519)];
    const sph_as4_signer signer = {slot->key, slot->leaf, ring->root, SPH_TOKEN_BST_X509};
    const sph_random *random = sph_node_env(node)->random;
    char message_id[128];
    sph_err err = {0};
    assert_ok(sph_as4_new_message_id(random, wish->signer->party, message_id, &err), &err);
    assert_ok(sph_as4_build_pull(wish->mpc, message_id, sph_node_now_ms(node) + wish->later_ms,
                                 SPH_SUITE_EDELIVERY_2_0_ED25519, &signer, random, out, &err),
              &err);
    if (wish->is_unsigned) {
        SPH_AUTO(sph_response) carrier = sph_response_init();
        sph_buf_take(out, &carrier.body);
        strip_signature(NULL, &carrier);
        sph_buf_take(&carrier.body, out);
    }
}

static void offer(struct office *office, struct pair_side *client, const sph_buf *request,
                  sph_response *response)
{
    const sph_cert *leaf = sph_node_keys(client->node)->slot[SPH_SLOT_TLS].leaf;
    pair_offer(office->hub, leaf, SIGNAL_TYPE, sph_buf_peek(request), response);
}

static void ask(struct office *office, const struct wish *wish, sph_response *response)
{
    SPH_AUTO(sph_buf) request = sph_buf_init(1024 * 1024);
    make_request(wish, &request);
    offer(office, wish->client, &request, response);
}

static bool holds(const sph_response *response, const char *text)
{
    return sph_slice_find(sph_buf_peek(&response->body), sph_slice_str(text), 0) != SIZE_MAX;
}

static void assert_empty_answer(const sph_response *response)
{
    assert_int_equal(response->status, 200);
    assert_true(holds(response, "errorCode=\"EBMS:0006\""));
    assert_true(holds(response, "severity=\"warning\""));
    assert_true(holds(response, "<eb:ErrorDetail>" EMPTY_DETAIL "</eb:ErrorDetail>"));
    assert_true(holds(response, "<ds:SignatureValue"));
}

/** An answer that says how it is, and hands out nothing. */
static void assert_refused(const sph_response *response, const char *code)
{
    char text[40];
    assert_ok(sph_str_format(text, sizeof(text), NULL, "errorCode=\"%s\"", code), NULL);
    assert_int_equal(response->status, 200);
    assert_true(holds(response, text));
    assert_int_equal(response->fields.len, 0);
}

static void pull_of_foreign_unknown_and_default_channel_is_empty(void **state)
{
    struct office *office = *state;
    char below[300], unknown[300];
    sph_err err = {0};
    pair_ask(office->hub);
    pair_deliver(office->hub);
    assert_ok(sph_str_format(below, sizeof(below), &err, "%s/sub", mpc_of(office->own)), &err);
    assert_ok(sph_str_format(unknown, sizeof(unknown), &err, "%s0", mpc_of(office->own)), &err);
    const struct {
        const char *mpc;
        int64_t denied; /* DENIED leaves afterwards */
        int64_t later_ms;
    } rows[] = {
        {unknown, 0, 0},
        {SPH_NS_EB "defaultMPC", 0, 0},
        {"urn:saphan:mpc:", 0, 0},
        {mpc_of(office->own), 1, 0},
        {mpc_of(office->own), 1, 0}, /* one leaf an hour */
        {below, 1, 0},
        {mpc_of(office->own), 2, 3600000},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const struct wish wish = {&office->thief, &office->thief, rows[i].mpc, 0, false};
        SPH_AUTO(sph_response) response = sph_response_init();
        advance(office, rows[i].later_ms);
        ask(office, &wish, &response);
        assert_empty_answer(&response);
        assert_int_equal(pair_leaves(office->hub, SPH_EVENT_DENIED), rows[i].denied);
    }
    assert_string_equal(pair_outbox(office->hub).state, "ready");
    assert_int_equal(pair_leaves(office->hub, SPH_EVENT_SENT), 0);
    assert_int_equal(pull(office), SPH_PULL_MESSAGE); /* its owner gets it */
}

/** The office's own request, but below its channel: a sub-channel is not the channel. */
static void pull_of_own_sub_channel_is_empty(void **state)
{
    struct office *office = *state;
    char below[300];
    pair_ask(office->hub);
    pair_deliver(office->hub);
    assert_ok(sph_str_format(below, sizeof(below), NULL, "%s/sub", mpc_of(office->own)), NULL);
    const struct wish wish = {office->own, office->own, below, 0, false};
    SPH_AUTO(sph_response) response = sph_response_init();
    ask(office, &wish, &response);
    assert_empty_answer(&response);
    assert_int_equal(pair_leaves(office->hub, SPH_EVENT_DENIED), 0);
}

static void pull_signed_by_another_or_nobody_is_refused(void **state)
{
    struct office *office = *state;
    const char *mpc = mpc_of(office->own);
    pair_ask(office->hub);
    pair_deliver(office->hub);
    const struct {
        struct wish wish;
        const char *code;
    } rows[] = {
        {{&office->thief, office->own, mpc, 0, false}, "EBMS:0101"}, /* office's TLS, thief's key */
        {{office->own, &office->thief, mpc, 0, false}, "EBMS:0101"}, /* office's request, stolen */
        {{office->own, office->own, mpc, 0, true}, "EBMS:0010"},     /* unsigned */
        {{office->own, office->own, mpc, -3LL * 86400000, false}, "EBMS:0003"}, /* an old one */
        {{office->own, office->own, mpc, 3LL * 86400000, false}, "EBMS:0003"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        SPH_AUTO(sph_response) response = sph_response_init();
        ask(office, &rows[i].wish, &response);
        assert_refused(&response, rows[i].code);
    }
    assert_string_equal(pair_outbox(office->hub).state, "ready");
    assert_int_equal(pair_leaves(office->hub, SPH_EVENT_SENT), 0);
    const struct wish day_off = {office->own, office->own, mpc, -86400000, false};
    SPH_AUTO(sph_response) response = sph_response_init();
    ask(office, &day_off, &response); /* a clock that is a day off is no reason */
    assert_true(holds(&response, mpc));
    assert_int_equal(pair_leaves(office->hub, SPH_EVENT_SENT), 1);
}

static void pull_replayed_request_hands_out_nothing(void **state)
{
    struct office *office = *state;
    const struct wish wish = {office->own, office->own, mpc_of(office->own), 0, false};
    SPH_AUTO(sph_buf) request = sph_buf_init(1024 * 1024);
    make_request(&wish, &request);
    SPH_AUTO(sph_response) first = sph_response_init();
    offer(office, office->own, &request, &first);
    assert_empty_answer(&first);
    pair_ask(office->hub);
    pair_deliver(office->hub);
    pair_restart(office->hub); /* what was seen is remembered across it */
    SPH_AUTO(sph_response) again = sph_response_init();
    offer(office, office->own, &request, &again);
    assert_empty_answer(&again);
    advance(office, 86400000);
    SPH_AUTO(sph_response) later = sph_response_init();
    offer(office, office->own, &request, &later);
    assert_empty_answer(&later);
    assert_string_equal(pair_outbox(office->hub).state, "ready");
}

/* ------------------------------------------------------------------ bundled */

/** The MessageId of the answer, "" for an empty one. */
static void message_id_of(const sph_response *response, char out[128])
{
    const sph_slice mark = SPH_LIT("<eb:MessageId>");
    const sph_slice all = sph_buf_peek(&response->body);
    out[0] = '\0';
    if (holds(response, "EBMS:0006"))
        return;
    const size_t at = sph_slice_find(all, mark, 0) + mark.len;
    const size_t end = sph_slice_find(all, SPH_LIT("<"), at);
    assert_ok(sph_str_copy(out, 128, sph_slice_sub(all, at, end - at), NULL), NULL);
}

/** Opens a message that was handed out, as the office would. */
static sph_as4_in *open_answer(struct office *office, const sph_response *response)
{
    char type[256];
    const sph_cert *known[SPH_CARD_CERTS];
    sph_as4_in *in = NULL;
    sph_as4_fault fault = {0};
    sph_err err = {0};
    const sph_node *node = office->own->node;
    SPH_AUTO_PTR(sph_partner) *hub = sph_partners_get(sph_node_partners(node), office->hub->party);
    const sph_as4_source source = {.bytes = sph_buf_peek(&response->body),
                                   .len = response->body.len};
    const sph_as4_trust trust = {.party = office->hub->party,
                                 .root = hub->card.root,
                                 .crl = sph_buf_peek(&hub->card.crl),
                                 .at_ms = sph_node_now_ms(node),
                                 .suite = SPH_SUITE_EDELIVERY_2_0_ED25519,
                                 .known = known,
                                 .known_count = sph_partner_sign_certs(hub, known)};
    assert_ok(pair_answer_type(response, type, &err), &err);
    assert_ok(sph_as4_open(type, &source, sph_node_limits(node), &in, &fault, &err), &err);
    assert_ok(sph_as4_verify(in, &trust, &fault, &err), &err);
    return in;
}

/** A request that brings the receipt of the message before: one is done, the next one comes. */
static void pull_request_may_bring_the_receipt_before_it(void **state)
{
    struct office *office = *state;
    const struct wish wish = {office->own, office->own, mpc_of(office->own), 0, false};
    const sph_keyring *ring = sph_node_keys(office->own->node);
    const struct sph_key_slot *slot = &ring->slot[sph_slot_sign(SPH_SUITE_EDELIVERY_2_0_ED25519)];
    const sph_as4_signer signer = {slot->key, slot->leaf, ring->root, SPH_TOKEN_BST_X509};
    const sph_random *random = sph_node_env(office->own->node)->random;
    char request_id[128], receipt_id[128], first_id[128], second_id[128];
    sph_err err = {0};
    pair_ask(office->hub);
    pair_ask(office->hub);
    pair_deliver(office->hub);
    SPH_AUTO(sph_response) first = sph_response_init();
    ask(office, &wish, &first);
    SPH_AUTO_PTR(sph_as4_in) *in = open_answer(office, &first);
    assert_ok(sph_str_copy(first_id, 128, sph_slice_str(sph_as4_in_message_id(in)), &err), &err);
    assert_ok(sph_as4_new_message_id(random, office->own->party, request_id, &err), &err);
    assert_ok(sph_as4_new_message_id(random, office->own->party, receipt_id, &err), &err);
    SPH_AUTO(sph_buf) request = sph_buf_init(1024 * 1024);
    assert_ok(sph_as4_build_pull_with_receipt(
                  wish.mpc, request_id, in, receipt_id, sph_node_now_ms(office->own->node),
                  sph_slice_of(NULL, 0), SPH_SUITE_EDELIVERY_2_0_ED25519, &signer, random, &request,
                  &err),
              &err);
    SPH_AUTO(sph_response) second = sph_response_init();
    offer(office, office->own, &request, &second);
    message_id_of(&second, second_id);
    assert_true(second_id[0] != '\0' && strcmp(first_id, second_id) != 0);
    assert_int_equal(pair_leaves(office->hub, SPH_EVENT_RECEIPT_IN), 1);
    assert_int_equal(pair_leaves(office->hub, SPH_EVENT_SENT), 2);
}

/* ------------------------------------------------------------------ parallel pulls */

#define PULLS 8
#define QUEUED 3

struct parallel {
    struct office *office;
    sph_buf request;
    sph_response response;
    pthread_t thread;
};

static void *offer_in_thread(void *arg)
{
    struct parallel *parallel = arg;
    offer(parallel->office, parallel->office->own, &parallel->request, &parallel->response);
    return NULL;
}

static void pull_parallel_requests_never_get_the_same_message(void **state)
{
    struct office *office = *state;
    struct parallel all[PULLS];
    char id[PULLS][128];
    unsigned messages = 0;
    for (unsigned i = 0; i < QUEUED; i++)
        pair_ask(office->hub);
    pair_deliver(office->hub);
    for (unsigned i = 0; i < PULLS; i++) {
        const struct wish wish = {office->own, office->own, mpc_of(office->own), 0, false};
        all[i] = (struct parallel){office, sph_buf_init(1024 * 1024), sph_response_init(), 0};
        make_request(&wish, &all[i].request);
    }
    for (unsigned i = 0; i < PULLS; i++)
        assert_int_equal(pthread_create(&all[i].thread, NULL, offer_in_thread, &all[i]), 0);
    for (unsigned i = 0; i < PULLS; i++)
        assert_int_equal(pthread_join(all[i].thread, NULL), 0);
    for (unsigned i = 0; i < PULLS; i++) {
        message_id_of(&all[i].response, id[i]);
        messages += id[i][0] != '\0';
        for (unsigned j = 0; j < i; j++)
            assert_true(id[i][0] == '\0' || strcmp(id[i], id[j]) != 0);
        sph_buf_clear(&all[i].request);
        sph_response_clear(&all[i].response);
    }
    assert_int_equal(messages, QUEUED);
    assert_int_equal(pair_leaves(office->hub, SPH_EVENT_SENT), QUEUED);
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

#define OFFICE_TEST(name) cmocka_unit_test_setup_teardown(name, office_start, office_stop)

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
        OFFICE_TEST(pull_of_foreign_unknown_and_default_channel_is_empty),
        OFFICE_TEST(pull_of_own_sub_channel_is_empty),
        OFFICE_TEST(pull_signed_by_another_or_nobody_is_refused),
        OFFICE_TEST(pull_replayed_request_hands_out_nothing),
        OFFICE_TEST(pull_request_may_bring_the_receipt_before_it),
        OFFICE_TEST(pull_parallel_requests_never_get_the_same_message),
        cmocka_unit_test(pull_pace_follows_the_office_day),
        cmocka_unit_test(pull_back_off_doubles_up_to_half_an_hour),
    };
    sph_err err = {0};
    sph_xml_start();
    if (sph_crypto_start(&err).code != SPH_OK)
        return 1;
    return cmocka_run_group_tests_name("pull", tests, NULL, NULL);
}
