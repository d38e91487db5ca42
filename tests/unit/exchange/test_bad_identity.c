/* Who says what to whom, at a whole node (security.md 2.1, 2.5 S-20 to S-22, 2.6 E-08, 2.7 A-10).
 */
#include "bad_kit.h"

#include "exchange/arrival.h"

#define FIXED_0101 "The sender could not be authenticated"

static void claim_c(struct bad_world *world, struct bad_msg *msg)
{
    bad_replace(msg, ">la.legalaid.example<", ">la.second.example<");
    bad_resign(msg, &world->pair->a);
}

static void claim_b(struct bad_world *world, struct bad_msg *msg)
{
    bad_replace(msg, ">la.legalaid.example<", ">th.ngo.example<");
    bad_resign(msg, &world->pair->a);
}

static void claim_upper_case(struct bad_world *world, struct bad_msg *msg)
{
    bad_replace(msg, ">la.legalaid.example<", ">la.LEGALAID.example<");
    bad_resign(msg, &world->pair->a);
}

static void claim_two(struct bad_world *world, struct bad_msg *msg)
{
    char *id = bad_copy(msg, "<eb:PartyId", "</eb:PartyId>");
    bad_before(msg, "<eb:PartyId", id);
    bad_resign(msg, &world->pair->a);
    sph_str_free(&id);
}

static void resign_by_c(struct bad_world *world, struct bad_msg *msg)
{
    /* C has an Ed25519 key too: only who it belongs to is wrong. */
    bad_resign(msg, &world->c);
}

static void identity_every_claim_must_lead_to_the_tls_partner(void **state)
{
    struct bad_world *world = *state;
    const uint16_t identity = SPH_REASON_IDENTITY;
    const struct bad_row rows[] = {
        {"S-21 PartyId of another partner, signed by the sender",
         {0},
         claim_c,
         {200, "EBMS:0101", 0, identity, NULL, NULL}},
        {"S-21 PartyId of the receiver", {0}, claim_b, {200, "EBMS:0101", 0, identity, NULL, NULL}},
        {"S-21 PartyId in other case",
         {0},
         claim_upper_case,
         {200, "EBMS:0101", 0, identity, NULL, NULL}},
        {"S-21 two PartyIds", {0}, claim_two, {200, "EBMS:0009", 0, 0, "header.schema", NULL}},
        {"S-21 PartyId type changed",
         {.from_type = "urn:oasis:names:tc:ebcore:partyid-type:iso6523:0088"},
         NULL,
         {200, "EBMS:0010", 0, SPH_REASON_PMODE, NULL, NULL}},
        {"S-21 a whole message of another partner over this one's TLS",
         {.client = &world->c},
         NULL,
         {200, "EBMS:0101", 0, identity, NULL, NULL}},
        {"S-20 signature by another enrolled party's key and token",
         {.signer = &world->c},
         NULL,
         {200, "EBMS:0101", 0, 0, "signer.path", NULL}},
        {"S-20 other party's signature under the sender's token",
         {0},
         resign_by_c,
         {200, "EBMS:0101", 0, 0, "dsig.value", NULL}},
        {"S-22 TLS client of A, all else of C",
         {.sender = &world->c, .client = &world->pair->a},
         NULL,
         {200, "EBMS:0101", 0, identity, NULL, NULL}},
    };
    BAD_TABLE(state, rows);
}

/** Which check refused must not be told: every 0101 reads the same. */
static void identity_refusals_tell_nothing_apart(void **state)
{
    struct bad_world *world = *state;
    const struct bad_row rows[] = {
        {"from", {0}, claim_c, {200, "EBMS:0101", 0, SPH_REASON_IDENTITY, NULL, FIXED_0101}},
        {"path", {.signer = &world->c}, NULL, {200, "EBMS:0101", 0, 0, "signer.path", FIXED_0101}},
        {"value", {0}, resign_by_c, {200, "EBMS:0101", 0, 0, "dsig.value", FIXED_0101}},
    };
    BAD_TABLE(state, rows);
}

static void identity_pmode_that_was_not_agreed_is_refused(void **state)
{
    const struct bad_end none = {200, "EBMS:0010", 0, SPH_REASON_PMODE, NULL, NULL};
    const struct bad_row rows[] = {
        {"A-10 unknown action", {.action = "a9"}, NULL, none},
        {"A-10 action of no right family", {.action = "test"}, NULL, none},
        {"A-10 unknown service", {.service = "urn:saphan:service:2"}, NULL, none},
        {"A-10 service with a type", {.service_type = "urn:x"}, NULL, none},
        {"A-10 ping to the real service", {.is_ping = true, .service = SPH_SERVICE}, NULL, none},
        {"A-10 packet action to the ping service", {.service = SPH_PING_SERVICE}, NULL, none},
        {"A-10 agreement", {.agreement = "urn:agreement:1"}, NULL, none},
        {"A-10 channel", {.mpc = "urn:mpc:1"}, NULL, none},
        {"A-10 unknown role of the sender", {.from_role = "urn:role:x"}, NULL, none},
        {"A-10 unknown role of the receiver", {.to_role = "urn:role:x"}, NULL, none},
        {"A-10 roles swapped",
         {.from_role = SPH_NS_EB "responder", .to_role = SPH_NS_EB "initiator"},
         NULL,
         none},
        {"A-10 type of the receiver's id", {.to_type = "urn:other"}, NULL, none},
    };
    BAD_TABLE(state, rows);
}

/** E-08. B opens what A sent it, encrypts it anew for C and hands it on, still signed by A. */
static void identity_message_for_another_is_refused_before_it_is_opened(void **state)
{
    struct bad_world *world = *state;
    struct bad_msg msg;
    const struct bad_end not_us = {200, "EBMS:0010", 0, SPH_REASON_NOT_FOR_US, NULL, NULL};
    const struct bad_end not_from_b = {200, "EBMS:0101", 0, SPH_REASON_IDENTITY, NULL, NULL};
    bad_make(world, &(struct bad_wish){.encrypt_to = &world->c}, &msg);
    bad_expect(world, "E-08 through A's connection", &world->c, &msg, &not_us);
    msg.client = &world->pair->b;
    bad_expect(world, "E-08 by the forwarder itself", &world->c, &msg, &not_from_b);
    bad_msg_clear(&msg);
    bad_make(world, &(struct bad_wish){.to = &world->c}, &msg);
    bad_expect(world, "eb:To of another, encrypted for us", &world->pair->b, &msg, &not_us);
    bad_msg_clear(&msg);
    pair_assert_ledger(&world->c);
}

/* ------------------------------------------------------------------ before SOAP */

static void use_sign_leaf(struct bad_world *world, struct bad_msg *msg)
{
    msg->leaf = sph_node_keys(world->pair->a.node)->slot[SPH_SLOT_SIGN_ED25519].leaf;
}

static void use_root(struct bad_world *world, struct bad_msg *msg)
{
    msg->leaf = sph_node_keys(world->pair->a.node)->root;
}

static void type_html(struct bad_world *world, struct bad_msg *msg)
{
    sph_err err = {0};
    (void)world;
    assert_ok(sph_str_copy(msg->content_type, sizeof(msg->content_type), sph_slice_str("text/html"),
                           &err),
              &err);
}

static void identity_stranger_gets_a_status_and_leaves_no_trace(void **state)
{
    const struct bad_row rows[] = {
        {"T-02 signing certificate used for TLS",
         {0},
         use_sign_leaf,
         {403, NULL, 0, 0, NULL, NULL}},
        {"T-04 CA certificate used for TLS", {0}, use_root, {403, NULL, 0, 0, NULL, NULL}},
        {"Content-Type", {0}, type_html, {415, NULL, 0, 0, NULL, NULL}},
    };
    BAD_TABLE(state, rows);
}

/** A node that B never met: its own root signs everything, under the name of A. */
static void identity_unknown_root_with_a_known_name_is_turned_away(void **state)
{
    struct bad_world *world = *state;
    struct bad_msg msg;
    struct pair_side fake = {.other = &world->pair->b,
                             .party = world->pair->a.party,
                             .kind = "legal-aid",
                             .country = "LA"};
    pair_make_side(&fake, 9);
    bad_make(world, &(struct bad_wish){.sender = &fake}, &msg);
    bad_expect(world, "T-06 foreign root, partner's name", &world->pair->b, &msg,
               &(struct bad_end){403, NULL, 0, 0, NULL, NULL});
    msg.leaf = sph_node_keys(world->pair->a.node)->slot[SPH_SLOT_TLS].leaf;
    msg.client = &world->pair->a;
    bad_expect(world, "S-20 foreign root under the partner's TLS", &world->pair->b, &msg,
               &(struct bad_end){200, "EBMS:0101", 0, 0, "signer.path", FIXED_0101});
    bad_msg_clear(&msg);
    pair_free_side(&fake);
}

static void set_state(struct bad_world *world, enum sph_partner_state to)
{
    sph_err err = {0};
    assert_ok(sph_partner_set_state(world->pair->b.node, world->c.party, to, "operator", &err),
              &err);
}

/** T-09: what the operator says holds from the next request on. Last: C stays removed. */
static void identity_paused_and_removed_partner_is_turned_away_at_once(void **state)
{
    struct bad_world *world = *state;
    const struct bad_end gone = {403, NULL, 0, 0, NULL, NULL};
    struct bad_msg msg;
    bad_make(world, &(struct bad_wish){.sender = &world->c}, &msg);
    set_state(world, SPH_PARTNER_PAUSED);
    bad_expect(world, "T-09 paused", &world->pair->b, &msg, &gone);
    set_state(world, SPH_PARTNER_ACTIVE);
    bad_accept(world, "T-09 active again", &msg, NULL);
    bad_msg_clear(&msg);
    bad_make(world, &(struct bad_wish){.sender = &world->c}, &msg);
    set_state(world, SPH_PARTNER_REMOVED);
    bad_expect(world, "T-09 removed", &world->pair->b, &msg, &gone);
    pair_restart(&world->pair->b);
    bad_expect(world, "T-09 removed, after a restart", &world->pair->b, &msg, &gone);
    bad_msg_clear(&msg);
}

/** T-03 at the node: the certificate ends, and so does what it opens. */
static void identity_expired_certificate_is_turned_away(void **state)
{
    struct bad_world *world = *state;
    struct bad_msg msg;
    SPH_AUTO(sph_response) response = sph_response_init();
    SPH_AUTO(sph_buf) whole = sph_buf_init((size_t)1 << 24);
    bad_make(world, &(struct bad_wish){0}, &msg);
    bad_bytes(&msg, &whole);
    const sph_cert *leaf = sph_node_keys(world->pair->a.node)->slot[SPH_SLOT_TLS].leaf;
    test_env_set_now(world->pair->b.world, sph_cert_not_after_ms(leaf) + 60000);
    pair_offer(&world->pair->b, leaf, msg.content_type, sph_buf_peek(&whole), &response);
    assert_int_equal(response.status, 403);
    test_env_set_now(world->pair->b.world, sph_node_now_ms(world->pair->a.node));
    bad_accept(world, "the clock is right again", &msg, NULL);
    bad_msg_clear(&msg);
}

int test_bad_identity(void);
int test_bad_identity(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(identity_every_claim_must_lead_to_the_tls_partner),
        cmocka_unit_test(identity_refusals_tell_nothing_apart),
        cmocka_unit_test(identity_pmode_that_was_not_agreed_is_refused),
        cmocka_unit_test(identity_message_for_another_is_refused_before_it_is_opened),
        cmocka_unit_test(identity_stranger_gets_a_status_and_leaves_no_trace),
        cmocka_unit_test(identity_unknown_root_with_a_known_name_is_turned_away),
        cmocka_unit_test(identity_expired_certificate_is_turned_away),
        cmocka_unit_test(identity_paused_and_removed_partner_is_turned_away_at_once),
    };
    return cmocka_run_group_tests_name("bad_identity", tests, bad_start, bad_stop);
}
