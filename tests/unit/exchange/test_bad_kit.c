/* The kit of hostile messages, and that it can tell good from bad. */
#include "bad_kit.h"

#include "as4/build.h"
#include "as4/gzip.h"
#include "as4/receive.h"
#include "base/codec.h"
#include "packet/packet.h"
#include "xml/dsig.h"

#define ROOM ((size_t)512 * 1024 * 1024)

/* ------------------------------------------------------------------ world */

static void trust_both(struct pair_side *a, struct pair_side *b)
{
    struct pair_side one = *a;
    struct pair_side two = *b;
    one.other = b;
    two.other = a;
    pair_trust(&one);
    pair_trust(&two);
}

int bad_start(void **state)
{
    sph_err err = {0};
    struct bad_world *world = sph_mem_new(1, sizeof(*world));
    assert_non_null(world);
    sph_xml_start();
    assert_ok(sph_crypto_start(&err), &err);
    world->pair = pair_new();
    world->c = (struct pair_side){.other = &world->pair->b,
                                  .party = "la.second.example",
                                  .kind = "legal-aid",
                                  .country = "LA",
                                  .suites = "edelivery-1.15"};
    pair_make_side(&world->c, 3);
    trust_both(&world->pair->a, &world->c);
    trust_both(&world->pair->b, &world->c);
    *state = world;
    return 0;
}

int bad_stop(void **state)
{
    struct bad_world *world = *state;
    pair_free_side(&world->c);
    pair_free(&world->pair);
    sph_mem_free(world);
    return 0;
}

/* ------------------------------------------------------------------ buffers as text */

static size_t find(const sph_buf *buf, const char *text, size_t from)
{
    const size_t at = sph_slice_find(sph_buf_peek(buf), sph_slice_str(text), from);
    if (at == SIZE_MAX)
        fail_msg("'%.60s' is not there", text);
    return at;
}

void bad_splice(sph_buf *buf, size_t at, size_t old_len, sph_slice with)
{
    sph_err err = {0};
    sph_buf made = sph_buf_init(buf->cap);
    const sph_slice all = sph_buf_peek(buf);
    assert_ok(sph_buf_add(&made, sph_slice_sub(all, 0, at), &err), &err);
    assert_ok(sph_buf_add(&made, with, &err), &err);
    assert_ok(sph_buf_add(&made, sph_slice_sub(all, at + old_len, all.len), &err), &err);
    sph_buf_clear(buf);
    sph_buf_take(&made, buf);
}

void bad_swap(sph_buf *buf, const char *old, const char *with)
{
    bad_splice(buf, find(buf, old, 0), strlen(old), sph_slice_str(with));
}

void bad_replace(struct bad_msg *msg, const char *old, const char *with)
{
    bad_swap(&msg->root, old, with);
}

void bad_before(struct bad_msg *msg, const char *mark, const char *text)
{
    bad_splice(&msg->root, find(&msg->root, mark, 0), 0, sph_slice_str(text));
}

void bad_after(struct bad_msg *msg, const char *mark, const char *text)
{
    bad_splice(&msg->root, find(&msg->root, mark, 0) + strlen(mark), 0, sph_slice_str(text));
}

char *bad_copy(const struct bad_msg *msg, const char *from, const char *to)
{
    sph_err err = {0};
    char *out = NULL;
    const size_t at = find(&msg->root, from, 0);
    const size_t end = find(&msg->root, to, at + strlen(from)) + strlen(to);
    assert_ok(sph_str_dup(sph_slice_sub(sph_buf_peek(&msg->root), at, end - at), &out, &err), &err);
    return out;
}

char *bad_cut(struct bad_msg *msg, const char *from, const char *to)
{
    char *out = bad_copy(msg, from, to);
    bad_splice(&msg->root, find(&msg->root, from, 0), strlen(out), SPH_LIT(""));
    return out;
}

void bad_flip(struct bad_msg *msg, const char *mark, unsigned n)
{
    size_t at = find(&msg->root, mark, 0) + strlen(mark);
    for (unsigned i = 0; i < n; i++)
        at = find(&msg->root, mark, at) + strlen(mark);
    msg->root.at[at] = msg->root.at[at] == 'A' ? 'B' : 'A';
}

/* ------------------------------------------------------------------ making */

static void new_urn(struct pair_side *side, char out[64])
{
    char uuid[SPH_UUID_TEXT];
    sph_err err = {0};
    assert_ok(sph_uuid_new(test_env_get(side->world)->random, uuid, &err), &err);
    assert_ok(sph_str_format(out, 64, &err, "urn:uuid:%s", uuid), &err);
}

#define DRAFT                                                                                      \
    "{\"type\":\"assistance-request\",\"header\":{\"language\":[\"en\"],\"audience\":\"%s\","      \
    "\"threadId\":\"%s\"},\"body\":{\"subtype\":\"information\","                                  \
    "\"question\":{\"en\":\"How can a victim claim compensation?\"},\"topic\":[\"compensation\"]," \
    "\"location\":\"TH-43\",\"urgency\":\"normal\",\"capacity\":\"legal-aid\","                    \
    "\"wanted\":[\"procedure\"],\"answerLanguage\":[\"en\"]}}"

/** A message being made. */
struct making {
    struct bad_world *world;
    const struct bad_wish *wish;
    struct pair_side *sender, *signer, *author, *to, *encrypt_to;
    char packet_id[64], thread_id[64];
    struct sph_packet_attachment attachment;
    char named[128]; /* its octets: others in each message, as the vault knows equal ones */
    sph_buf packet, gzip, second;
    char cid[2][128];
    sph_as4_payload part[2];
};

static struct pair_side *or_else(struct pair_side *side, struct pair_side *otherwise)
{
    return side ? side : otherwise;
}
static const char *text_or(const char *text, const char *otherwise)
{
    return text ? text : otherwise;
}

static void fill_attachment(struct making *making)
{
    sph_err err = {0};
    assert_ok(sph_str_format(making->named, sizeof(making->named), &err, "invented octets of %s",
                             making->packet_id),
              &err);
    making->attachment =
        (struct sph_packet_attachment){.id = "att-1",
                                       .media_type = "application/pdf",
                                       .size = 16,
                                       .sha256 = sph_sha256_of(sph_slice_str(making->named)),
                                       .title = {[SPH_LANG_EN] = "An invented form"}};
}

static void make_draft(const struct making *making, sph_json **out)
{
    sph_err err = {0};
    SPH_AUTO(sph_buf) text = sph_buf_init(65536);
    const char *values[2] = {text_or(making->wish->audience, making->to->party), making->thread_id};
    const char *from = text_or(making->wish->draft, DRAFT);
    for (size_t i = 0; i < 2; i++) {
        const char *mark = strstr(from, "%s");
        if (!mark)
            break;
        assert_ok(sph_buf_add(&text, sph_slice_of(from, (size_t)(mark - from)), &err), &err);
        assert_ok(sph_buf_add_text(&text, values[i], &err), &err);
        from = mark + 2;
    }
    assert_ok(sph_buf_add_text(&text, from, &err), &err);
    assert_ok(sph_json_parse(sph_buf_peek(&text), 65536, out, &err), &err);
}

static void make_packet(struct making *making)
{
    sph_err err = {0};
    SPH_AUTO_PTR(sph_json) *draft = NULL;
    static sph_findings findings;
    const struct bad_wish *wish = making->wish;
    const sph_keyring *ring = sph_node_keys(making->author->node);
    const struct sph_key_slot *slot = &ring->slot[SPH_SLOT_SIGN_ED25519];
    const struct sph_packet_signer signer = {slot->key, slot->leaf, ring->root};
    uint8_t nonce[16];
    const struct sph_env *env = test_env_get(making->sender->world);
    assert_ok(env->random->fill(env->random->ctx, nonce, sizeof(nonce), &err), &err);
    struct sph_packet_new values = {
        .party = text_or(wish->issuer, making->author->party),
        .mode = text_or(wish->mode, "training"),
        .now_ms = sph_node_now_ms(making->sender->node) + wish->later_ms,
        .nonce = wish->nonce ? sph_slice_of(wish->nonce, 16) : sph_slice_of(nonce, sizeof(nonce)),
        .attachments = &making->attachment,
        .attachment_count = wish->has_attachment};
    assert_ok(sph_str_copy(values.packet_id, 64, sph_slice_str(making->packet_id), &err), &err);
    findings = (sph_findings){0};
    make_draft(making, &draft);
    const sph_rc rc = sph_packet_build(draft, &values, SPH_LIT(""),
                                       wish->packet_signer ? wish->packet_signer : &signer,
                                       &findings, &making->packet, &err);
    for (size_t i = 0; rc.code != SPH_OK && i < findings.count; i++)
        print_message("draft: %s %s %s\n", findings.at[i].rule, findings.at[i].name,
                      findings.at[i].value);
    assert_ok(rc, &err);
    if (wish->edit)
        wish->edit(&making->packet);
}

static void add_part(struct making *making, size_t i, sph_slice octets, const char *mime_type)
{
    sph_err err = {0};
    assert_ok(sph_as4_new_cid(test_env_get(making->sender->world)->random, making->sender->party,
                              making->cid[i], &err),
              &err);
    making->part[i] = (sph_as4_payload){.cid = making->cid[i],
                                        .mime_type = mime_type,
                                        .sha256 = sph_sha256_of(octets),
                                        .len = octets.len,
                                        .octets = octets};
}

static size_t make_parts(struct making *making)
{
    sph_err err = {0};
    const struct bad_wish *wish = making->wish;
    if (wish->is_ping)
        return 0;
    if (wish->gzip.len > 0) {
        assert_ok(sph_buf_add(&making->gzip, wish->gzip, &err), &err);
    } else {
        make_packet(making);
        assert_ok(sph_gzip_packet(sph_buf_peek(&making->packet), &making->gzip, &err), &err);
    }
    add_part(making, 0, sph_buf_peek(&making->gzip), "application/xml");
    if (wish->is_second_left_out || (!wish->has_attachment && wish->second.len == 0))
        return 1;
    assert_ok(sph_gzip_packet(wish->second.len > 0 ? wish->second : sph_slice_str(making->named),
                              &making->second, &err),
              &err);
    add_part(making, 1, sph_buf_peek(&making->second), "application/octet-stream");
    return 2;
}

static void fill_user(const struct making *making, const char *message_id, sph_as4_user *user)
{
    const struct bad_wish *wish = making->wish;
    *user = (sph_as4_user){
        .message_id = message_id,
        .timestamp_ms = sph_node_now_ms(making->sender->node),
        .from = making->sender->party,
        .from_type = text_or(wish->from_type, SPH_PARTY_TYPE),
        .from_role = text_or(wish->from_role, SPH_NS_EB "initiator"),
        .to = making->to->party,
        .to_type = text_or(wish->to_type, SPH_PARTY_TYPE),
        .to_role = text_or(wish->to_role, SPH_NS_EB "responder"),
        .agreement = wish->agreement,
        .service = text_or(wish->service, wish->is_ping ? SPH_PING_SERVICE : SPH_SERVICE),
        .service_type = wish->service_type,
        .action = text_or(wish->action, wish->is_ping ? SPH_PING_ACTION : "a2"),
        .conversation_id = text_or(wish->conversation_id, wish->is_ping ? "" : making->thread_id),
        .mpc = wish->mpc};
}

static void split(struct bad_msg *msg, const sph_buf *whole, const sph_as4_built *built)
{
    sph_err err = {0};
    const sph_slice bytes = sph_buf_peek(whole);
    const size_t at = sph_slice_find(bytes, sph_buf_peek(&built->root), 0);
    assert_true(at != SIZE_MAX);
    msg->before = msg->root = msg->after = sph_buf_init(ROOM);
    assert_ok(sph_buf_add(&msg->before, sph_slice_sub(bytes, 0, at), &err), &err);
    assert_ok(sph_buf_add(&msg->root, sph_buf_peek(&built->root), &err), &err);
    assert_ok(sph_buf_add(&msg->after, sph_slice_sub(bytes, at + built->root.len, bytes.len), &err),
              &err);
    assert_ok(sph_str_copy(msg->content_type, sizeof(msg->content_type),
                           sph_slice_str(built->content_type), &err),
              &err);
}

static void build(struct making *making, size_t parts, struct bad_msg *msg)
{
    sph_err err = {0};
    sph_as4_user user;
    SPH_AUTO(sph_buf) whole = sph_buf_init(ROOM);
    SPH_AUTO(sph_as4_built) built = {0};
    const sph_writer writer = sph_writer_of_buf(&whole);
    const sph_keyring *ring = sph_node_keys(making->signer->node);
    const struct sph_key_slot *slot = &ring->slot[sph_slot_sign(msg->suite)];
    const sph_as4_signer signer = {slot->key, slot->leaf, ring->root, SPH_TOKEN_BST_X509};
    const sph_cert *recipient =
        sph_node_keys(making->encrypt_to->node)->slot[sph_slot_encrypt(msg->suite)].leaf;
    const sph_random *random =
        making->wish->random ? making->wish->random : test_env_get(making->sender->world)->random;
    fill_user(making, msg->message_id, &user);
    assert_ok(sph_as4_build_user(&user, making->part, parts, msg->suite, &signer, recipient,
                                 SPH_TOKEN_BST_X509, random, &writer, &built, &err),
              &err);
    split(msg, &whole, &built);
}

void bad_make(struct bad_world *world, const struct bad_wish *wish, struct bad_msg *msg)
{
    sph_err err = {0};
    struct making making = {.world = world,
                            .wish = wish,
                            .packet = sph_buf_init(ROOM),
                            .gzip = sph_buf_init(ROOM),
                            .second = sph_buf_init(ROOM)};
    making.sender = or_else(wish->sender, &world->pair->a);
    making.signer = or_else(wish->signer, making.sender);
    making.author = or_else(wish->author, making.sender);
    making.to = or_else(wish->to, &world->pair->b);
    making.encrypt_to = or_else(wish->encrypt_to, &world->pair->b);
    *msg = (struct bad_msg){.client = or_else(wish->client, making.sender)};
    msg->suite = msg->client == &world->c || making.encrypt_to == &world->c
                     ? SPH_SUITE_EDELIVERY_1_15
                     : SPH_SUITE_EDELIVERY_2_0_ED25519;
    new_urn(making.sender, making.packet_id);
    new_urn(making.sender, making.thread_id);
    if (wish->packet_id)
        assert_ok(sph_str_copy(making.packet_id, 64, sph_slice_str(wish->packet_id), &err), &err);
    if (wish->thread_id)
        assert_ok(sph_str_copy(making.thread_id, 64, sph_slice_str(wish->thread_id), &err), &err);
    assert_ok(sph_as4_new_message_id(test_env_get(making.sender->world)->random,
                                     making.sender->party, msg->message_id, &err),
              &err);
    if (wish->message_id)
        assert_ok(sph_str_copy(msg->message_id, 128, sph_slice_str(wish->message_id), &err), &err);
    fill_attachment(&making);
    build(&making, make_parts(&making), msg);
    sph_buf_clear(&making.packet);
    sph_buf_clear(&making.gzip);
    sph_buf_clear(&making.second);
}

void bad_msg_clear(struct bad_msg *msg)
{
    sph_buf_clear(&msg->before);
    sph_buf_clear(&msg->root);
    sph_buf_clear(&msg->after);
}

void bad_bytes(const struct bad_msg *msg, sph_buf *out)
{
    sph_err err = {0};
    assert_ok(sph_buf_add(out, sph_buf_peek(&msg->before), &err), &err);
    assert_ok(sph_buf_add(out, sph_buf_peek(&msg->root), &err), &err);
    assert_ok(sph_buf_add(out, sph_buf_peek(&msg->after), &err), &err);
}

/* ------------------------------------------------------------------ signing anew */

static const sph_xml_node *signed_info(const sph_xml *doc)
{
    const sph_xml_node *header = sph_xml_first(sph_xml_root(doc));
    for (const sph_xml_node *n = sph_xml_first(header); n; n = sph_xml_next(n)) {
        const sph_xml_node *signature = sph_xml_child(n, SPH_NS_DS, "Signature");
        if (signature)
            return sph_xml_child(signature, SPH_NS_DS, "SignedInfo");
    }
    fail_msg("no signature to make anew");
    return NULL;
}

static void parse(const struct bad_msg *msg, sph_xml **doc)
{
    sph_err err = {0};
    const struct sph_xml_limits limits = sph_xml_limits_root(sph_limits_default());
    assert_ok(sph_xml_parse(sph_buf_peek(&msg->root), &limits, doc, &err), &err);
}

static void set_value(struct bad_msg *msg, const char *tag, unsigned index, sph_slice octets)
{
    sph_err err = {0};
    SPH_AUTO(sph_buf) text = sph_buf_init(2048);
    size_t at = find(&msg->root, "<ds:SignedInfo", 0);
    for (unsigned i = 0; i <= index; i++)
        at = find(&msg->root, tag, at) + strlen(tag);
    assert_ok(sph_base64_encode(octets, &text, &err), &err);
    bad_splice(&msg->root, at, find(&msg->root, "<", at) - at, sph_buf_peek(&text));
}

/** The digest of the n-th reference anew, if it is one to an element. False: no such reference. */
static bool digest_anew(struct bad_msg *msg, unsigned index)
{
    sph_err err = {0};
    SPH_AUTO_PTR(sph_xml) *doc = NULL;
    SPH_AUTO_PTR(sph_xml_ids) *ids = NULL;
    SPH_AUTO(sph_buf) canonical = sph_buf_init(1u << 20);
    parse(msg, &doc);
    assert_ok(sph_xml_ids_new(doc, &ids, &err), &err);
    const sph_xml_node *ref = sph_xml_child(signed_info(doc), SPH_NS_DS, "Reference");
    for (unsigned i = 0; ref && i < index; i++)
        ref = sph_xml_next(ref);
    if (!ref)
        return false;
    const char *uri = sph_xml_attr(ref, NULL, "URI");
    const sph_xml_node *node = uri[0] == '#' ? sph_xml_ids_find(ids, uri + 1) : NULL;
    if (node) {
        assert_ok(sph_xml_c14n(node, NULL, NULL, &canonical, &err), &err);
        const sph_hash hash = sph_sha256_of(sph_buf_peek(&canonical));
        set_value(msg, "<ds:DigestValue>", index, sph_slice_hash(&hash));
    }
    return true;
}

void bad_resign(struct bad_msg *msg, const struct pair_side *signer)
{
    sph_err err = {0};
    SPH_AUTO_PTR(sph_xml) *doc = NULL;
    SPH_AUTO(sph_buf) canonical = sph_buf_init(1u << 20);
    SPH_AUTO(sph_buf) value = sph_buf_init(1024);
    for (unsigned i = 0; digest_anew(msg, i); i++)
        continue;
    parse(msg, &doc);
    assert_ok(sph_xml_c14n(signed_info(doc), NULL, NULL, &canonical, &err), &err);
    assert_ok(sph_key_sign(sph_node_keys(signer->node)->slot[sph_slot_sign(msg->suite)].key,
                           sph_buf_peek(&canonical), &value, &err),
              &err);
    set_value(msg, "<ds:SignatureValue>", 0, sph_buf_peek(&value));
}

/* ------------------------------------------------------------------ the kit itself */

/** The tables of attacks mean something only if the unchanged message passes. */
static void bad_kit_unchanged_messages_are_accepted(void **state)
{
    struct bad_world *world = *state;
    const struct {
        const char *id;
        struct bad_wish wish;
    } rows[] = {
        {"question", {0}},
        {"ping", {.is_ping = true}},
        {"RSA suite", {.sender = &world->c}},
        {"attachment", {.has_attachment = true}},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct bad_msg msg;
        bad_make(world, &rows[i].wish, &msg);
        bad_accept(world, rows[i].id, &msg, NULL);
        bad_msg_clear(&msg);
    }
    pair_assert_ledger(&world->pair->b);
}

/** And signing anew must be good signing, or a re-signed attack would fail for the wrong reason. */
static void bad_kit_message_signed_anew_is_accepted(void **state)
{
    struct bad_world *world = *state;
    struct bad_msg msg;
    bad_make(world, &(struct bad_wish){0}, &msg);
    bad_before(&msg, "</env:Header>", "<x:Note xmlns:x=\"urn:x\"></x:Note>");
    bad_replace(&msg, "<eb:Timestamp>", "<eb:Timestamp> ");
    bad_resign(&msg, &world->pair->a);
    bad_accept(world, "signed anew", &msg, NULL);
    bad_msg_clear(&msg);
}

int test_bad_kit(void);
int test_bad_kit(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bad_kit_unchanged_messages_are_accepted),
        cmocka_unit_test(bad_kit_message_signed_anew_is_accepted),
    };
    return cmocka_run_group_tests_name("bad_kit", tests, bad_start, bad_stop);
}
