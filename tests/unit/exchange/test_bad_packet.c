/* Packets that AS4 let through and the node must not take (security.md 2.9; as4.md 13.1). All are
 * signed and encrypted properly by a partner. */
#include "bad_kit.h"

#include "as4/gzip.h"
#include "exchange/arrival.h"

#define RULE(text)                                                                                 \
    {                                                                                              \
        200, "EBMS:0004", 0, SPH_REASON_PACKET, NULL, text                                         \
    }
#define STORY(reason)                                                                              \
    {                                                                                              \
        200, "EBMS:0003", 0, reason, NULL, NULL                                                    \
    }

static void unknown_element(sph_buf *packet)
{
    bad_swap(packet, "<purpose>", "<porpoise>");
    bad_swap(packet, "</purpose>", "</porpoise>");
}

static void unknown_code(sph_buf *packet)
{
    bad_swap(packet, ">procedure<", ">Procedure 1<");
}

static void changed_place(sph_buf *packet)
{
    bad_swap(packet, ">TH-43<", ">TH-44<");
}

static void buddhist_issue(sph_buf *packet)
{
    bad_swap(packet, "<issuedAt>2026-", "<issuedAt>2569-");
}

static void buddhist_retention(sph_buf *packet)
{
    bad_swap(packet, "until=\"2029-", "until=\"2572-");
}

static void doctype(sph_buf *packet)
{
    bad_swap(packet, "<Packet", "<!DOCTYPE Packet><Packet");
}

static void no_signature(sph_buf *packet)
{
    const size_t at = sph_slice_find(sph_buf_peek(packet), SPH_LIT("<ds:Signature"), 0);
    assert_true(at != SIZE_MAX);
    bad_splice(packet, at, packet->len - at, SPH_LIT("</Packet>"));
}

static void tail(sph_buf *packet)
{
    bad_splice(packet, packet->len, 0, SPH_LIT("\0<Packet/>"));
}

static void deep(sph_buf *packet)
{
    SPH_AUTO(sph_buf) text = sph_buf_init(65536);
    sph_err err = {0};
    for (int i = 0; i < 300; i++)
        assert_ok(sph_buf_add_text(&text, "<a>", &err), &err);
    for (int i = 0; i < 300; i++)
        assert_ok(sph_buf_add_text(&text, "</a>", &err), &err);
    assert_ok(sph_buf_add_text(&text, "</Header>", &err), &err);
    bad_swap(packet, "</Header>", sph_buf_text(&text));
}

static void attributes(sph_buf *packet)
{
    SPH_AUTO(sph_buf) text = sph_buf_init((size_t)4 << 20);
    sph_err err = {0};
    assert_ok(sph_buf_add_text(&text, "<Header", &err), &err);
    for (int i = 0; i < 100000; i++)
        assert_ok(sph_buf_addf(&text, &err, " a%d=\"\"", i), &err);
    bad_swap(packet, "<Header", sph_buf_text(&text));
}

#define QUESTION(text)                                                                             \
    "{\"type\":\"assistance-request\",\"header\":{\"language\":[\"en\"],\"audience\":\"%s\","      \
    "\"threadId\":\"%s\"},\"body\":{\"subtype\":\"information\",\"question\":{\"en\":\"" text      \
    "\"},\"topic\":[\"compensation\"],\"location\":\"TH-43\",\"urgency\":\"normal\","              \
    "\"capacity\":\"legal-aid\",\"wanted\":[\"procedure\"],\"answerLanguage\":[\"en\"]}}"

static void packet_that_breaks_a_rule_is_refused_by_its_rule(void **state)
{
    struct bad_world *world = *state;
    const struct bad_row rows[] = {
        {"XSD unknown element", {.edit = unknown_element}, NULL, RULE("XSD")},
        {"XSD unknown code", {.edit = unknown_code}, NULL, RULE("XSD")},
        {"changed after signing", {.edit = changed_place}, NULL, RULE("PK-SIG")},
        {"unsigned", {.edit = no_signature}, NULL, RULE("XSD")},
        {"B-07 Buddhist Era issuedAt", {.edit = buddhist_issue}, NULL, RULE(NULL)},
        {"B-07 Buddhist Era retention", {.edit = buddhist_retention}, NULL, RULE(NULL)},
        {"X-01 DOCTYPE in the packet", {.edit = doctype}, NULL, RULE("XSD")},
        {"X-04 NUL and a second packet", {.edit = tail}, NULL, RULE("XSD")},
        {"X-08 100,000 attributes in the packet", {.edit = attributes}, NULL, RULE("XSD")},
        {"X-10 300 levels in the packet", {.edit = deep}, NULL, RULE("XSD")},
        {"B-09 production packet at a training node", {.mode = "production"}, NULL, RULE("PK-02")},
        {"PK-07 issued tomorrow", {.later_ms = 86400000 / 2}, NULL, RULE("PK-07")},
        {"B-04 for another audience", {.audience = world->c.party}, NULL, RULE("PK-06")},
        {"B-01 a telephone number in the question",
         {.draft = QUESTION("Call +856 20 5555 0123 about the hearing")},
         NULL,
         RULE("PK-10")},
    };
    BAD_TABLE(state, rows);
}

/** A's own authority makes a leaf that names C. */
static void leaf_for(struct bad_world *world, const char *party, enum sph_cert_use use,
                     const struct sph_key_slot *slot, sph_cert **out)
{
    sph_err err = {0};
    const sph_keyring *ring = sph_node_keys(world->pair->a.node);
    assert_ok(sph_cert_issue_leaf(ring->root_key, ring->root, party, sph_key_peek_public(slot->key),
                                  use, test_env_get(world->pair->a.world)->random,
                                  sph_node_now_ms(world->pair->a.node), 30, out, &err),
              &err);
}

/** B-04. The inner signature must be the sender's, whoever the packet names. */
static void packet_of_another_signer_is_refused(void **state)
{
    struct bad_world *world = *state;
    SPH_AUTO_PTR(sph_cert) *leaf = NULL;
    const sph_keyring *ring = sph_node_keys(world->pair->a.node);
    const struct sph_key_slot *slot = &ring->slot[SPH_SLOT_SIGN_ED25519];
    leaf_for(world, world->c.party, SPH_USE_SIGN, slot, &leaf);
    const struct sph_packet_signer forged = {slot->key, leaf, ring->root};
    const struct bad_row rows[] = {
        {"B-04 packet of C, sent by A", {.author = &world->c}, NULL, RULE("PK-SIG")},
        {"B-04 issuer A, signed by C",
         {.author = &world->c, .issuer = world->pair->a.party},
         NULL,
         RULE("PK-SIG")},
        {"B-04 issuer C, signed by A", {.issuer = world->c.party}, NULL, RULE("PK-SIG")},
        {"B-04 issuer C, signed under A's root by a leaf that names C",
         {.issuer = world->c.party, .packet_signer = &forged},
         NULL,
         {200, "EBMS:0004", 0, SPH_REASON_ISSUER, NULL, "PK-ISSUER"}},
    };
    BAD_TABLE(state, rows);
}

/** T-06: the same forged name in TLS. */
static void packet_tls_leaf_that_names_another_partner_is_turned_away(void **state)
{
    struct bad_world *world = *state;
    struct bad_msg msg;
    SPH_AUTO_PTR(sph_cert) *leaf = NULL;
    leaf_for(world, world->c.party, SPH_USE_TLS,
             &sph_node_keys(world->pair->a.node)->slot[SPH_SLOT_TLS], &leaf);
    bad_make(world, &(struct bad_wish){.sender = &world->c}, &msg);
    msg.leaf = leaf;
    bad_expect(world, "T-06", &world->pair->b, &msg, &(struct bad_end){.status = 403});
    bad_msg_clear(&msg);
}

/** The header in clear and the packet must tell one story. */
static void packet_that_contradicts_its_envelope_is_refused(void **state)
{
    const struct bad_row rows[] = {
        {"action of the wrong family", {.action = "a1"}, NULL, STORY(SPH_REASON_PACKET)},
        {"ConversationId of another thread",
         {.conversation_id = "urn:uuid:0f8fad5b-d9cb-469f-a165-70867728950e"},
         NULL,
         STORY(SPH_REASON_PACKET)},
        {"ConversationId empty", {.conversation_id = ""}, NULL, STORY(SPH_REASON_PACKET)},
        {"attachment that is not the one named",
         {.has_attachment = true, .second = SPH_LIT("other octets")},
         NULL,
         STORY(SPH_REASON_PARTS)},
        {"attachment that the packet does not name",
         {.second = SPH_LIT("octets")},
         NULL,
         STORY(SPH_REASON_PARTS)},
        {"no part at all",
         {.is_ping = true, .service = SPH_SERVICE, .action = "a2"},
         NULL,
         {200, "EBMS:0303", 0, SPH_REASON_PACKET, NULL, "the leading part must be a gzip packet"}},
        {"attachment that did not come",
         {.has_attachment = true, .is_second_left_out = true},
         NULL,
         STORY(SPH_REASON_PARTS)},
    };
    BAD_TABLE(state, rows);
}

#define SAME_ID "urn:uuid:7c9e6679-7425-40de-944b-e07fc1f90ae7"
#define SAME_THREAD "urn:uuid:3d6f4b1e-2c7a-4b58-9d10-8f5e6a7b9c01"
#define SAME_NONCE "0123456789abcdef"

/** PK-01. */
static void packet_id_or_nonce_used_again_is_a_replay(void **state)
{
    struct bad_world *world = *state;
    struct bad_msg msg;
    const struct bad_wish first = {
        .packet_id = SAME_ID, .nonce = SAME_NONCE, .thread_id = SAME_THREAD};
    const struct bad_end replay = {200,  "EBMS:0004", SPH_EVENT_REPLAY_REFUSED, SPH_REASON_REPLAY,
                                   NULL, "REPLAY"};
    const struct bad_row rows[] = {
        {"packetId again", {.packet_id = SAME_ID}, NULL, replay},
        {"nonce again", {.nonce = SAME_NONCE}, NULL, replay},
        {"packetId of another issuer", {.sender = &world->c, .packet_id = SAME_ID}, NULL, replay},
        {"same id and nonce, other bytes",
         {.packet_id = SAME_ID, .nonce = SAME_NONCE, .draft = QUESTION("Another question?")},
         NULL,
         replay},
    };
    bad_make(world, &first, &msg);
    bad_accept(world, "first", &msg, NULL);
    bad_msg_clear(&msg);
    BAD_TABLE(state, rows);
    const int64_t packets = bad_look(&world->pair->b).packets;
    bad_make(world, &first, &msg);
    bad_accept(world, "the very same packet in a new message", &msg, NULL);
    bad_msg_clear(&msg);
    assert_int_equal(bad_look(&world->pair->b).packets, packets);
}

#define REPLY                                                                                      \
    "{\"type\":\"assistance-response\",\"header\":{\"audience\":\"%s\",\"threadId\":\"%s\","       \
    "\"inReplyTo\":\"" SAME_ID "\",\"seq\":2,\"language\":[\"en\"]},\"body\":{"                    \
    "\"action\":\"answer\",\"text\":{\"en\":\"An answer\"}}}"

/** B-04: C cannot speak in the thread of A and B. */
static void packet_into_a_thread_of_others_is_refused(void **state)
{
    struct bad_world *world = *state;
    const struct bad_end foreign = {200, "EBMS:0004", 0, SPH_REASON_PACKET, NULL, "PK-THREAD"};
    const struct bad_row rows[] = {
        {"B-04 reply of C in a thread of A",
         {.sender = &world->c, .draft = REPLY, .thread_id = SAME_THREAD},
         NULL,
         foreign},
        {"B-04 question of C in a thread of A",
         {.sender = &world->c, .thread_id = SAME_THREAD},
         NULL,
         foreign},
        {"B-04 reply of C to a packet of A, in a thread of its own",
         {.sender = &world->c, .draft = REPLY},
         NULL,
         foreign},
    };
    struct bad_msg msg;
    BAD_TABLE(state, rows);
    bad_make(world, &(struct bad_wish){.draft = REPLY, .thread_id = SAME_THREAD}, &msg);
    bad_accept(world, "A itself goes on", &msg, NULL);
    bad_msg_clear(&msg);
}

/* ------------------------------------------------------------------ gzip */

/** 64 MiB of one letter, as gzip makes it. */
static void make_bomb(sph_buf *out)
{
    SPH_AUTO(sph_buf) plain = sph_buf_init((size_t)1 << 27);
    uint8_t *at = NULL;
    sph_err err = {0};
    assert_ok(sph_buf_grow(&plain, (size_t)64 * 1024 * 1024, &at, &err), &err);
    memset(at, 'a', (size_t)64 * 1024 * 1024);
    assert_ok(sph_gzip_packet(sph_buf_peek(&plain), out, &err), &err);
}

static void packet_gzip_bombs_and_broken_gzip_are_refused(void **state)
{
    struct bad_world *world = *state;
    SPH_AUTO(sph_buf) bomb = sph_buf_init((size_t)1 << 24);
    SPH_AUTO(sph_buf) tail = sph_buf_init((size_t)1 << 24);
    SPH_AUTO(sph_buf) crc = sph_buf_init((size_t)1 << 24);
    sph_err err = {0};
    make_bomb(&bomb);
    assert_ok(sph_gzip_packet(SPH_LIT("<Packet></Packet>"), &tail, &err), &err);
    assert_ok(sph_buf_add(&crc, sph_buf_peek(&tail), &err), &err);
    crc.at[crc.len - 5] ^= 1;
    assert_ok(sph_buf_add_text(&tail, "more", &err), &err);
    const uint16_t packet = SPH_REASON_PACKET;
    const struct bad_row rows[] = {
        {"E-10 bomb",
         {.gzip = sph_buf_peek(&bomb)},
         NULL,
         {200, "EBMS:0303", 0, packet, NULL, NULL}},
        {"E-10 trailing octets",
         {.gzip = sph_buf_peek(&tail)},
         NULL,
         {200, "EBMS:0303", 0, packet, NULL, NULL}},
        {"E-10 CRC", {.gzip = sph_buf_peek(&crc)}, NULL, {200, "EBMS:0303", 0, packet, NULL, NULL}},
        {"E-10 no gzip",
         {.gzip = SPH_LIT("<Packet></Packet>")},
         NULL,
         {200, "EBMS:0303", 0, packet, NULL, NULL}},
    };
    bad_table(world, rows, sizeof(rows) / sizeof(rows[0]));
}

int test_bad_packet(void);
int test_bad_packet(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(packet_that_breaks_a_rule_is_refused_by_its_rule),
        cmocka_unit_test(packet_of_another_signer_is_refused),
        cmocka_unit_test(packet_tls_leaf_that_names_another_partner_is_turned_away),
        cmocka_unit_test(packet_that_contradicts_its_envelope_is_refused),
        cmocka_unit_test(packet_id_or_nonce_used_again_is_a_replay),
        cmocka_unit_test(packet_into_a_thread_of_others_is_refused),
        cmocka_unit_test(packet_gzip_bombs_and_broken_gzip_are_refused),
    };
    return cmocka_run_group_tests_name("bad_packet", tests, bad_start, bad_stop);
}
