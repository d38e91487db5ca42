/* Whose channel it is (as4.md 12.3, security.md A-07), and that no two requests get one message. */
#include "pull_kit.h"

#include <pthread.h>

/* ------------------------------------------------------------------ nobody else's channel */

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

int test_pull_channel(void);
int test_pull_channel(void)
{
    const struct CMUnitTest tests[] = {
        OFFICE_TEST(pull_of_foreign_unknown_and_default_channel_is_empty),
        OFFICE_TEST(pull_of_own_sub_channel_is_empty),
        OFFICE_TEST(pull_signed_by_another_or_nobody_is_refused),
        OFFICE_TEST(pull_replayed_request_hands_out_nothing),
        OFFICE_TEST(pull_request_may_bring_the_receipt_before_it),
        OFFICE_TEST(pull_parallel_requests_never_get_the_same_message),
    };
    sph_err err = {0};
    sph_xml_start();
    if (sph_crypto_start(&err).code != SPH_OK)
        return 1;
    return cmocka_run_group_tests_name("pull_channel", tests, NULL, NULL);
}
