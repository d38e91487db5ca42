#include "kit.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/codec.h"
#include "xml/dsig.h"
#include "xml/xml.h"

int test_kit(void);

/** The parties of each suite, made once for all groups of the program: RSA keys take seconds. */
static struct kit kits[SPH_SUITE_COUNT];
static bool is_made[SPH_SUITE_COUNT];
static sph_files *files;
static char home[] = "/tmp/saphan-as4-XXXXXX";
static bool has_home;

void kit_good(sph_rc rc, const sph_err *err)
{
    if (rc.code == SPH_OK)
        return;
    for (unsigned i = 0; err != NULL && i < err->depth; i++)
        print_error("  %s: %s\n", err->frame[i].where, err->frame[i].what);
    fail_msg("unexpected failure: %s", sph_code_name(rc.code));
}

/* ------------------------------------------------------------------ random */

struct counter {
    uint64_t n;
};
static struct counter counter;

static sph_rc fill_counted(void *ctx, uint8_t *at, size_t len, sph_err *err)
{
    struct counter *c = ctx;
    (void)err;
    while (len > 0) {
        const uint64_t n = c->n++;
        const sph_hash hash = sph_sha256_of(sph_slice_of(&n, sizeof(n)));
        const size_t some = len < sizeof(hash) ? len : sizeof(hash);
        memcpy(at, hash.at, some);
        at += some;
        len -= some;
    }
    return sph_ok();
}

const sph_random *kit_random(void)
{
    static const sph_random random = {&counter, fill_counted};
    return &random;
}

/* ------------------------------------------------------------------ parties */

static void leaf(struct kit_party *p, sph_key *key, enum sph_cert_use use, sph_cert **out)
{
    sph_err err = {0};
    kit_good(sph_cert_issue_leaf(p->root_key, p->root, p->name, sph_key_peek_public(key), use,
                                 sph_random_real(), KIT_NOW_MS, KIT_DAYS, out, &err),
             &err);
}

static void make_party(struct kit_party *p, const char *name, enum sph_suite suite)
{
    sph_err err = {0};
    p->name = name;
    kit_good(sph_key_generate(SPH_KEY_P256, &p->root_key, &err), &err);
    kit_good(sph_key_generate(sph_suite_sign_kind(suite), &p->sign_key, &err), &err);
    kit_good(sph_key_generate(sph_suite_encrypt_kind(suite), &p->encrypt_key, &err), &err);
    kit_good(
        sph_cert_issue_root(p->root_key, name, sph_random_real(), KIT_NOW_MS, 3650, &p->root, &err),
        &err);
    leaf(p, p->sign_key, SPH_USE_SIGN, &p->sign);
    leaf(p, p->encrypt_key, SPH_USE_ENCRYPT, &p->encrypt);
}

const struct kit *kit_of(enum sph_suite suite)
{
    struct kit *kit = &kits[suite];
    if (is_made[suite])
        return kit;
    kit->suite = suite;
    make_party(&kit->here, "here.example", suite);
    make_party(&kit->there, "there.example", suite);
    make_party(&kit->other, "other.example", suite);
    is_made[suite] = true;
    return kit;
}

int kit_start(void **state)
{
    (void)state;
    sph_err err = {0};
    kit_good(sph_crypto_start(&err), &err);
    sph_xml_start();
    strcpy(home, "/tmp/saphan-as4-XXXXXX");
    has_home = mkdtemp(home) != NULL;
    assert_true(has_home);
    kit_good(sph_files_real_new(home, &files, &err), &err);
    kit_good(files->make_dir(files->ctx, KIT_SPOOL, &err), &err);
    return 0;
}

int kit_stop(void **state)
{
    (void)state;
    sph_files_real_free(&files);
    char spool[64];
    (void)snprintf(spool, sizeof(spool), "%s/%s", home, KIT_SPOOL);
    const bool is_clean = rmdir(spool) == 0 && rmdir(home) == 0; /* fails when a file was left */
    return is_clean ? 0 : -1;
}

const sph_files *kit_files(void)
{
    return files;
}

static sph_rc count_one(void *arg, const char *name, sph_err *err)
{
    (void)name;
    (void)err;
    ++*(size_t *)arg;
    return sph_ok();
}

size_t kit_spool_count(void)
{
    size_t count = 0;
    sph_err err = {0};
    kit_good(files->list(files->ctx, KIT_SPOOL, count_one, &count, &err), &err);
    return count;
}

/* ------------------------------------------------------------------ messages */

void kit_msg_clear(struct kit_msg *msg)
{
    sph_buf_clear(&msg->before);
    sph_buf_clear(&msg->root);
    sph_buf_clear(&msg->after);
}

sph_slice kit_part_plain(size_t index)
{
    static const char *const texts[] = {
        "<Packet xmlns=\"urn:saphan:packet:1\">invented</Packet>",
        "second part, invented",
        "third part",
    };
    return sph_slice_str(texts[index < 3 ? index : 2]);
}

static void set(struct kit_msg *msg, sph_buf *whole, const sph_as4_built *built)
{
    sph_err err = {0};
    const sph_slice bytes = sph_buf_peek(whole), root = sph_buf_peek(&built->root);
    const size_t at = sph_slice_find(bytes, root, 0);
    assert_true(at != SIZE_MAX);
    msg->before = sph_buf_init(1u << 20);
    msg->root = sph_buf_init(8u << 20);
    msg->after = sph_buf_init(64u << 20);
    kit_good(sph_buf_add(&msg->before, sph_slice_sub(bytes, 0, at), &err), &err);
    kit_good(sph_buf_add(&msg->root, root, &err), &err);
    kit_good(sph_buf_add(&msg->after, sph_slice_sub(bytes, at + root.len, bytes.len), &err), &err);
    strcpy(msg->content_type, built->content_type);
    msg->refs = built->refs;
    msg->root_sha256 = built->root_sha256;
    msg->len = built->len;
}

void kit_message(const struct kit *kit, const struct kit_wish *wish, struct kit_msg *out)
{
    sph_err err = {0};
    static sph_buf gz[33];
    static sph_as4_payload parts[33];
    static char cids[33][128];
    const size_t count = wish->is_ping ? 0 : wish->parts == 0 ? 1 : wish->parts;
    for (size_t i = 0; i < count; i++) {
        gz[i] = sph_buf_init(64u << 20);
        if (i == 0 && wish->first.len > 0)
            kit_good(sph_buf_add(&gz[i], wish->first, &err), &err);
        else if (!(i == 0 && wish->has_first_empty))
            kit_good(sph_gzip_packet(kit_part_plain(i), &gz[i], &err), &err);
        kit_good(sph_as4_new_cid(kit_random(), "there.example", cids[i], &err), &err);
        const sph_slice octets = sph_buf_peek(&gz[i]);
        parts[i] = (sph_as4_payload){.cid = cids[i],
                                     .mime_type = i == 0 ? "application/xml" : "application/pdf",
                                     .sha256 = sph_sha256_of(octets),
                                     .len = octets.len,
                                     .octets = octets};
    }
    const sph_as4_user user = {.message_id = KIT_MESSAGE_ID,
                               .timestamp_ms = KIT_NOW_MS,
                               .from = "there.example",
                               .from_type = SPH_PARTY_TYPE,
                               .from_role = SPH_NS_EB "initiator",
                               .to = "here.example",
                               .to_type = SPH_PARTY_TYPE,
                               .to_role = SPH_NS_EB "responder",
                               .service = wish->is_ping ? SPH_PING_SERVICE : SPH_SERVICE,
                               .action = wish->is_ping ? SPH_PING_ACTION : "a2",
                               .conversation_id = "T-1",
                               .property = {{SPH_PROP_CHECKPOINT, NULL, "Y2hlY2twb2ludA=="}},
                               .property_count = 1};
    const struct kit_party *from = wish->signer != NULL ? wish->signer : &kit->there;
    const struct kit_party *to = wish->recipient != NULL ? wish->recipient : &kit->here;
    const sph_as4_signer signer = {from->sign_key, from->sign, from->root, wish->sign_form};
    SPH_AUTO(sph_buf) whole = sph_buf_init(64u << 20);
    SPH_AUTO(sph_as4_built) built = {0};
    const sph_writer writer = sph_writer_of_buf(&whole);
    kit_good(sph_as4_build_user(&user, parts, count, kit->suite, &signer, to->encrypt,
                                wish->encrypt_form, kit_random(), &writer, &built, &err),
             &err);
    assert_int_equal(built.len, whole.len);
    *out = (struct kit_msg){.kit = kit};
    set(out, &whole, &built);
    for (size_t i = 0; i < count; i++)
        sph_buf_clear(&gz[i]);
}

/* ------------------------------------------------------------------ text work */

static size_t find(const sph_buf *buf, const char *text, size_t from)
{
    const size_t at = sph_slice_find(sph_buf_peek(buf), sph_slice_str(text), from);
    if (at == SIZE_MAX)
        fail_msg("'%.60s' is not in the message", text);
    return at;
}

static void splice(sph_buf *buf, size_t at, size_t old_len, sph_slice with)
{
    sph_err err = {0};
    sph_buf made = sph_buf_init(buf->cap);
    const sph_slice all = sph_buf_peek(buf);
    kit_good(sph_buf_add(&made, sph_slice_sub(all, 0, at), &err), &err);
    kit_good(sph_buf_add(&made, with, &err), &err);
    kit_good(sph_buf_add(&made, sph_slice_sub(all, at + old_len, all.len), &err), &err);
    sph_buf_clear(buf);
    sph_buf_take(&made, buf);
}

static void replace(sph_buf *buf, const char *old, const char *with)
{
    splice(buf, find(buf, old, 0), strlen(old), sph_slice_str(with));
}

void kit_replace(struct kit_msg *msg, const char *old, const char *with)
{
    replace(&msg->root, old, with);
}

void kit_replace_all(struct kit_msg *msg, const char *old, const char *with)
{
    (void)find(&msg->root, old, 0);
    for (size_t at = 0;;) {
        at = sph_slice_find(sph_buf_peek(&msg->root), sph_slice_str(old), at);
        if (at == SIZE_MAX)
            return;
        splice(&msg->root, at, strlen(old), sph_slice_str(with));
        at += strlen(with);
    }
}

void kit_replace_after(struct kit_msg *msg, const char *old, const char *with)
{
    replace(&msg->after, old, with);
}

void kit_insert_before(struct kit_msg *msg, const char *mark, const char *text)
{
    splice(&msg->root, find(&msg->root, mark, 0), 0, sph_slice_str(text));
}

void kit_insert_after(struct kit_msg *msg, const char *mark, const char *text)
{
    splice(&msg->root, find(&msg->root, mark, 0) + strlen(mark), 0, sph_slice_str(text));
}

static void range(const struct kit_msg *msg, const char *from, const char *to, size_t *at,
                  size_t *len)
{
    *at = find(&msg->root, from, 0);
    *len = find(&msg->root, to, *at + strlen(from)) + strlen(to) - *at;
}

char *kit_copy(const struct kit_msg *msg, const char *from, const char *to)
{
    size_t at = 0, len = 0;
    char *out = NULL;
    sph_err err = {0};
    range(msg, from, to, &at, &len);
    kit_good(sph_str_dup(sph_slice_sub(sph_buf_peek(&msg->root), at, len), &out, &err), &err);
    return out;
}

char *kit_cut(struct kit_msg *msg, const char *from, const char *to)
{
    size_t at = 0, len = 0;
    char *out = kit_copy(msg, from, to);
    range(msg, from, to, &at, &len);
    splice(&msg->root, at, len, (sph_slice){0});
    return out;
}

/* ------------------------------------------------------------------ signing anew */

static const sph_xml_node *signature_of(const sph_xml *doc)
{
    const sph_xml_node *header = sph_xml_first(sph_xml_root(doc));
    for (const sph_xml_node *n = sph_xml_first(header); n != NULL; n = sph_xml_next(n)) {
        const sph_xml_node *s = sph_xml_child(n, SPH_NS_DS, "Signature");
        if (s != NULL)
            return s;
    }
    fail_msg("no signature to make anew");
    return NULL;
}

static void parse(const struct kit_msg *msg, sph_xml **doc)
{
    sph_err err = {0};
    struct sph_xml_limits limits = sph_xml_limits_root(sph_limits_default());
    limits.allow_comments = true;
    kit_good(sph_xml_parse(sph_buf_peek(&msg->root), &limits, doc, &err), &err);
}

/** Replace the text inside the n-th DigestValue behind SignedInfo, or inside SignatureValue. */
static void set_value(struct kit_msg *msg, const char *tag, size_t index, sph_slice octets)
{
    sph_err err = {0};
    sph_buf text = sph_buf_init(2048);
    size_t at = find(&msg->root, "<ds:SignedInfo", 0);
    for (size_t i = 0; i <= index; i++)
        at = find(&msg->root, tag, at) + strlen(tag);
    const size_t end = find(&msg->root, "<", at);
    kit_good(sph_base64_encode(octets, &text, &err), &err);
    splice(&msg->root, at, end - at, sph_buf_peek(&text));
    sph_buf_clear(&text);
}

static void digest_anew(struct kit_msg *msg, size_t index)
{
    sph_err err = {0};
    sph_xml *doc = NULL;
    sph_xml_ids *ids = NULL;
    parse(msg, &doc);
    kit_good(sph_xml_ids_new(doc, &ids, &err), &err);
    const sph_xml_node *info = sph_xml_child(signature_of(doc), SPH_NS_DS, "SignedInfo");
    const sph_xml_node *ref = sph_xml_child(info, SPH_NS_DS, "Reference");
    for (size_t i = 0; i < index; i++)
        ref = sph_xml_next(ref);
    const char *uri = sph_xml_attr(ref, NULL, "URI");
    const sph_xml_node *node = uri[0] == '#' ? sph_xml_ids_find(ids, uri + 1) : NULL;
    if (node != NULL) {
        sph_buf canonical = sph_buf_init(1u << 20);
        kit_good(sph_xml_c14n(node, NULL, NULL, &canonical, &err), &err);
        const sph_hash hash = sph_sha256_of(sph_buf_peek(&canonical));
        set_value(msg, "<ds:DigestValue>", index, sph_slice_hash(&hash));
        sph_buf_clear(&canonical);
    }
    sph_xml_ids_free(&ids);
    sph_xml_free(&doc);
}

static size_t reference_count(const struct kit_msg *msg)
{
    size_t count = 0;
    const size_t end = find(&msg->root, "</ds:SignedInfo>", 0);
    for (size_t at = find(&msg->root, "<ds:SignedInfo", 0);; at++, count++) {
        at = sph_slice_find(sph_buf_peek(&msg->root), SPH_LIT("<ds:Reference "), at);
        if (at == SIZE_MAX || at > end)
            return count;
    }
}

void kit_resign(struct kit_msg *msg, const sph_key *key)
{
    sph_err err = {0};
    sph_xml *doc = NULL;
    sph_buf canonical = sph_buf_init(1u << 20), value = sph_buf_init(1024);
    const size_t count = reference_count(msg);
    for (size_t i = 0; i < count; i++)
        digest_anew(msg, i);
    parse(msg, &doc);
    const sph_xml_node *info = sph_xml_child(signature_of(doc), SPH_NS_DS, "SignedInfo");
    kit_good(sph_xml_c14n(info, NULL, NULL, &canonical, &err), &err);
    kit_good(sph_key_sign(key, sph_buf_peek(&canonical), &value, &err), &err);
    set_value(msg, "<ds:SignatureValue>", 0, sph_buf_peek(&value));
    sph_xml_free(&doc);
    sph_buf_clear(&canonical);
    sph_buf_clear(&value);
}

/* ------------------------------------------------------------------ judging */

void kit_bytes(const struct kit_msg *msg, sph_buf *out)
{
    sph_err err = {0};
    kit_good(sph_buf_add(out, sph_buf_peek(&msg->before), &err), &err);
    kit_good(sph_buf_add(out, sph_buf_peek(&msg->root), &err), &err);
    kit_good(sph_buf_add(out, sph_buf_peek(&msg->after), &err), &err);
}

sph_as4_trust kit_trust(const struct kit *kit)
{
    static const sph_cert *known[1];
    known[0] = kit->there.sign;
    return (sph_as4_trust){.party = "there.example",
                           .root = kit->there.root,
                           .at_ms = KIT_NOW_MS,
                           .suite = kit->suite,
                           .known = known,
                           .known_count = 1};
}

bool kit_judge_bytes(const struct kit *kit, const char *content_type, sph_slice bytes,
                     sph_as4_fault *fault)
{
    sph_err err = {0};
    const sph_as4_source source = {.bytes = bytes};
    const sph_as4_trust trust = kit_trust(kit);
    const sph_as4_recipient own = {kit->here.encrypt_key, kit->here.encrypt};
    SPH_AUTO_PTR(sph_as4_in) *in = NULL;
    static sph_as4_parts parts;
    sph_rc rc = sph_as4_open(content_type, &source, sph_limits_default(), &in, fault, &err);
    assert_true((rc.code == SPH_OK) == (in != NULL));
    if (rc.code == SPH_OK)
        rc = sph_as4_verify(in, &trust, fault, &err);
    if (rc.code == SPH_OK && sph_as4_in_kind(in) == SPH_AS4_USER) {
        rc = sph_as4_unwrap(in, &own, 1, kit_random(), files, KIT_SPOOL, sph_limits_default(),
                            &parts, fault, &err);
        if (rc.code == SPH_OK)
            sph_as4_parts_clear(&parts);
    }
    assert_true(rc.code == SPH_OK || rc.code == SPH_EREFUSED);
    assert_true((rc.code == SPH_OK) == (fault->code == SPH_EBMS_NONE));
    return rc.code == SPH_OK;
}

bool kit_judge(const struct kit_msg *msg, sph_as4_fault *fault)
{
    SPH_AUTO(sph_buf) whole = sph_buf_init(96u << 20);
    kit_bytes(msg, &whole);
    return kit_judge_bytes(msg->kit, msg->content_type, sph_buf_peek(&whole), fault);
}

sph_as4_in *kit_open(const struct kit_msg *msg)
{
    sph_err err = {0};
    sph_as4_fault fault = {0};
    sph_as4_in *in = NULL;
    const sph_as4_trust trust = kit_trust(msg->kit);
    kit_good(sph_as4_open_root(sph_buf_peek(&msg->root), sph_limits_default(), &in, &fault, &err),
             &err);
    kit_good(sph_as4_verify(in, &trust, &fault, &err), &err);
    return in;
}

void kit_expect(const char *id, const struct kit_msg *msg, enum sph_ebms code, const char *rule)
{
    sph_as4_fault fault = {0};
    const bool is_good = kit_judge(msg, &fault);
    if (is_good || fault.code != code || strcmp(fault.rule, rule) != 0)
        fail_msg("%s: expected %s %s, got %s %s", id, sph_ebms_code(code), rule,
                 is_good ? "acceptance" : sph_ebms_code(fault.code), is_good ? "" : fault.rule);
    assert_string_equal(sph_as4_reason_rule(fault.reason), rule);
    assert_true(kit_spool_count() == 0);
}

/* ------------------------------------------------------------------ the kit itself */

/** The tables of attacks mean something only if the unchanged message passes. */
static void kit_unchanged_message_is_accepted(void **state)
{
    (void)state;
    for (size_t i = 0; i < SPH_SUITE_COUNT; i++) {
        struct kit_msg msg;
        sph_as4_fault fault = {0};
        kit_message(kit_of((enum sph_suite)i), &(struct kit_wish){.parts = 3}, &msg);
        if (!kit_judge(&msg, &fault))
            fail_msg("suite %zu refused: %s %s", i, fault.rule, fault.detail);
        kit_msg_clear(&msg);
    }
}

/** And signing anew must be good signing, or every re-signed attack would fail for the wrong
 * reason. */
static void kit_resigned_message_is_accepted(void **state)
{
    (void)state;
    struct kit_msg msg;
    sph_as4_fault fault = {0};
    const struct kit *kit = kit_of(SPH_SUITE_EDELIVERY_2_0_ED25519);
    kit_message(kit, &(struct kit_wish){0}, &msg);
    kit_replace(&msg, ">a2<", ">a3<");
    assert_false(kit_judge(&msg, &fault));
    assert_string_equal(fault.rule, "dsig.digest");
    kit_resign(&msg, kit->there.sign_key);
    if (!kit_judge(&msg, &fault))
        fail_msg("refused: %s %s", fault.rule, fault.detail);
    kit_msg_clear(&msg);
}

int test_kit(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(kit_unchanged_message_is_accepted),
        cmocka_unit_test(kit_resigned_message_is_accepted),
    };
    return cmocka_run_group_tests_name("kit", tests, kit_start, kit_stop);
}
