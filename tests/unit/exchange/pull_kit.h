/** A hub, an office that nobody reaches, and a second partner of the hub that wants what is not its
 * own; requests as anybody could make them. */
#pragma once

#include "as4/build.h"
#include "exchange/pull.h"
#include "support/pair.h"

#define SIGNAL_TYPE "application/soap+xml;charset=UTF-8"
#define EMPTY_DETAIL "there is no message on this channel"
#define OFFICE_TEST(name) cmocka_unit_test_setup_teardown(name, office_start, office_stop)

/** hub = pair->a, office = pair->b, and a thief, who is the hub's partner too. */
struct office {
    struct pair *pair;
    struct pair_side *hub, *own;
    struct pair_side thief;
};

static inline void trust_each_other(struct pair_side *one, struct pair_side *two)
{
    struct pair_side *one_other = one->other;
    one->other = two;
    two->other = one;
    pair_trust(one);
    pair_trust(two);
    one->other = one_other;
}

static inline int office_start(void **state)
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

static inline int office_stop(void **state)
{
    struct office *office = *state;
    pair_free_side(&office->thief);
    pair_free(&office->pair);
    sph_mem_free(office);
    return 0;
}

static inline enum sph_pull_came pull(struct office *office)
{
    enum sph_pull_came came = SPH_PULL_FAILED;
    sph_err err = {0};
    assert_ok(sph_pull_once(office->own->node, office->hub->party, &came, &err), &err);
    return came;
}

static inline void advance(struct office *office, int64_t ms)
{
    test_env_advance(office->hub->world, ms);
    test_env_advance(office->own->world, ms);
    test_env_advance(office->thief.world, ms);
}

static inline const char *mpc_of(const struct pair_side *side)
{
    return sph_node_config(side->node)->mpc;
}

/** What a thief of the line could do: the same words without their signature. */
static inline void strip_signature(struct pair_side *side, sph_response *response)
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

/** A request as anybody could make it. */
struct wish {
    struct pair_side *signer, *client;
    const char *mpc;
    int64_t later_ms;
    bool is_unsigned;
};

static inline void make_request(const struct wish *wish, sph_buf *out)
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

static inline void offer(struct office *office, struct pair_side *client, const sph_buf *request,
                         sph_response *response)
{
    const sph_cert *leaf = sph_node_keys(client->node)->slot[SPH_SLOT_TLS].leaf;
    pair_offer(office->hub, leaf, SIGNAL_TYPE, sph_buf_peek(request), response);
}

static inline void ask(struct office *office, const struct wish *wish, sph_response *response)
{
    SPH_AUTO(sph_buf) request = sph_buf_init(1024 * 1024);
    make_request(wish, &request);
    offer(office, wish->client, &request, response);
}

static inline bool holds(const sph_response *response, const char *text)
{
    return sph_slice_find(sph_buf_peek(&response->body), sph_slice_str(text), 0) != SIZE_MAX;
}

static inline void assert_empty_answer(const sph_response *response)
{
    assert_int_equal(response->status, 200);
    assert_true(holds(response, "errorCode=\"EBMS:0006\""));
    assert_true(holds(response, "severity=\"warning\""));
    assert_true(holds(response, "<eb:ErrorDetail>" EMPTY_DETAIL "</eb:ErrorDetail>"));
    assert_true(holds(response, "<ds:SignatureValue"));
}

/** An answer that says how it is, and hands out nothing. */
static inline void assert_refused(const sph_response *response, const char *code)
{
    char text[40];
    assert_ok(sph_str_format(text, sizeof(text), NULL, "errorCode=\"%s\"", code), NULL);
    assert_int_equal(response->status, 200);
    assert_true(holds(response, text));
    assert_int_equal(response->fields.len, 0);
}

/** The MessageId of the answer, "" for an empty one. */
static inline void message_id_of(const sph_response *response, char out[128])
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
