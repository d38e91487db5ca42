#include "kit.h"

#include <sys/resource.h>

#include "base/codec.h"
#include "xml/xml.h"

int test_build(void);

static const struct kit *ed25519(void)
{
    return kit_of(SPH_SUITE_EDELIVERY_2_0_ED25519);
}

/** Open, verify and unwrap, with the parts handed out. */
static void receive(const struct kit_msg *msg, const sph_as4_source *source, sph_as4_in **in,
                    sph_as4_parts *parts)
{
    sph_err err = {0};
    sph_as4_fault fault = {0};
    const sph_as4_trust trust = kit_trust(msg->kit);
    const sph_as4_recipient own = {msg->kit->here.encrypt_key, msg->kit->here.encrypt};
    kit_good(sph_as4_open(msg->content_type, source, sph_limits_default(), in, &fault, &err), &err);
    assert_null(sph_as4_in_refs(*in));
    kit_good(sph_as4_verify(*in, &trust, &fault, &err), &err);
    kit_good(sph_as4_unwrap(*in, &own, 1, kit_random(), kit_files(), KIT_SPOOL,
                            sph_limits_default(), parts, &fault, &err),
             &err);
}

static void part_octets(const sph_as4_part *part, sph_buf *out)
{
    sph_err err = {0};
    if (part->file == NULL) {
        kit_good(sph_buf_add(out, sph_buf_peek(&part->octets), &err), &err);
        return;
    }
    sph_file_source state;
    const sph_reader from = sph_reader_of_file(&state, kit_files(), part->file, 0, UINT64_MAX);
    const sph_writer to = sph_writer_of_buf(out);
    kit_good(sph_stream_copy(&from, &to, out->cap, NULL, &err), &err);
}

static void check_part(const sph_as4_part *part, size_t index)
{
    sph_err err = {0};
    SPH_AUTO(sph_buf) octets = sph_buf_init(1u << 20), plain = sph_buf_init(1u << 20);
    sph_slice_source source;
    uint64_t len = 0;
    part_octets(part, &octets);
    assert_int_equal(octets.len, part->len);
    assert_true(part->is_gzip);
    assert_string_equal(part->mime_type, index == 0 ? "application/xml" : "application/pdf");
    const sph_hash hash = sph_sha256_of(sph_buf_peek(&octets));
    assert_memory_equal(hash.at, part->sha256.at, 32);
    const sph_reader from = sph_reader_of_slice(&source, sph_buf_peek(&octets));
    const sph_writer to = sph_writer_of_buf(&plain);
    kit_good(sph_gunzip(&from, &to, 1u << 20, sph_limits_default(), &len, &err), &err);
    assert_true(sph_slice_equal(sph_buf_peek(&plain), kit_part_plain(index)));
}

static void round_trip(enum sph_suite suite, size_t count, enum sph_token_ref sign,
                       enum sph_token_ref encrypt)
{
    struct kit_msg msg;
    static sph_as4_parts parts;
    SPH_AUTO_PTR(sph_as4_in) *in = NULL;
    SPH_AUTO(sph_buf) bytes = sph_buf_init(16u << 20);
    kit_message(kit_of(suite),
                &(struct kit_wish){.parts = count, .sign_form = sign, .encrypt_form = encrypt},
                &msg);
    kit_bytes(&msg, &bytes);
    assert_int_equal(bytes.len, msg.len);
    receive(&msg, &(sph_as4_source){.bytes = sph_buf_peek(&bytes)}, &in, &parts);
    const sph_as4_user *user = sph_as4_in_user(in);
    assert_string_equal(user->from, "there.example");
    assert_string_equal(user->to, "here.example");
    assert_string_equal(user->action, "a2");
    assert_string_equal(user->conversation_id, "T-1");
    assert_string_equal(user->message_id, KIT_MESSAGE_ID);
    assert_null(user->ref_to);
    assert_null(user->agreement);
    assert_int_equal(user->timestamp_ms, KIT_NOW_MS);
    assert_int_equal(user->property_count, 1);
    assert_string_equal(user->property[0].name, SPH_PROP_CHECKPOINT);
    assert_int_equal(parts.count, count);
    for (size_t i = 0; i < count; i++)
        check_part(&parts.part[i], i);
    assert_true(sph_as4_refs_equal(sph_as4_in_refs(in), &msg.refs));
    assert_int_equal(msg.refs.count, count + 2);
    const sph_hash root = sph_as4_in_root_sha256(in);
    assert_memory_equal(root.at, msg.root_sha256.at, 32);
    assert_true(sph_slice_equal(sph_cert_peek_der(sph_as4_in_signer(in)),
                                sph_cert_peek_der(msg.kit->there.sign)));
    sph_as4_parts_clear(&parts);
    assert_true(kit_spool_count() == 0);
    kit_msg_clear(&msg);
}

static void build_ed25519_with_1_3_and_33_parts_is_opened(void **state)
{
    (void)state;
    static const size_t counts[] = {1, 3, 33};
    for (size_t i = 0; i < 3; i++)
        round_trip(SPH_SUITE_EDELIVERY_2_0_ED25519, counts[i], SPH_TOKEN_BST_X509,
                   SPH_TOKEN_BST_X509);
}

static void build_rsa_with_1_3_and_33_parts_is_opened(void **state)
{
    (void)state;
    static const size_t counts[] = {1, 3, 33};
    for (size_t i = 0; i < 3; i++)
        round_trip(SPH_SUITE_EDELIVERY_1_15, counts[i], SPH_TOKEN_BST_X509, SPH_TOKEN_BST_X509);
}

/** as4.md 7: all four forms, for signature and for encryption apart. */
static void build_with_each_token_form_is_opened(void **state)
{
    (void)state;
    for (size_t sign = 0; sign < 4; sign++)
        for (size_t encrypt = 0; encrypt < 4; encrypt++)
            for (size_t suite = 0; suite < SPH_SUITE_COUNT; suite++)
                round_trip((enum sph_suite)suite, 1, (enum sph_token_ref)sign,
                           (enum sph_token_ref)encrypt);
}

static void build_34_parts_is_refused(void **state)
{
    (void)state;
    sph_err err = {0};
    static sph_as4_payload parts[34];
    const sph_as4_user user = {.message_id = KIT_MESSAGE_ID, .timestamp_ms = KIT_NOW_MS};
    const sph_as4_signer signer = {ed25519()->there.sign_key, ed25519()->there.sign, NULL,
                                   SPH_TOKEN_BST_X509};
    SPH_AUTO(sph_buf) out = sph_buf_init(1u << 20);
    const sph_writer writer = sph_writer_of_buf(&out);
    sph_as4_built built = {0};
    assert_int_equal(sph_as4_build_user(&user, parts, 34, ed25519()->suite, &signer,
                                        ed25519()->here.encrypt, SPH_TOKEN_BST_X509, kit_random(),
                                        &writer, &built, &err)
                         .code,
                     SPH_ELIMIT);
}

static void build_zero_byte_part_is_opened(void **state)
{
    (void)state;
    struct kit_msg msg;
    static sph_as4_parts parts;
    SPH_AUTO_PTR(sph_as4_in) *in = NULL;
    SPH_AUTO(sph_buf) bytes = sph_buf_init(1u << 20);
    kit_message(ed25519(), &(struct kit_wish){.has_first_empty = true}, &msg);
    kit_bytes(&msg, &bytes);
    receive(&msg, &(sph_as4_source){.bytes = sph_buf_peek(&bytes)}, &in, &parts);
    assert_int_equal(parts.part[0].len, 0);
    sph_as4_parts_clear(&parts);
    kit_msg_clear(&msg);
}

static void build_ping_without_part_is_opened(void **state)
{
    (void)state;
    struct kit_msg msg;
    static sph_as4_parts parts;
    SPH_AUTO_PTR(sph_as4_in) *in = NULL;
    SPH_AUTO(sph_buf) bytes = sph_buf_init(1u << 20);
    kit_message(ed25519(), &(struct kit_wish){.is_ping = true}, &msg);
    kit_bytes(&msg, &bytes);
    receive(&msg, &(sph_as4_source){.bytes = sph_buf_peek(&bytes)}, &in, &parts);
    assert_string_equal(sph_as4_in_user(in)->service, SPH_PING_SERVICE);
    assert_string_equal(sph_as4_in_user(in)->action, SPH_PING_ACTION);
    assert_int_equal(parts.count, 0);
    assert_int_equal(sph_as4_in_refs(in)->count, 2);
    kit_msg_clear(&msg);
}

/* ------------------------------------------------------------------ a large part through files */

#define LARGE (UINT64_C(16) << 20)

/** A stream of pseudo-random octets that is made while it is read: nothing holds 16 MiB. */
struct pattern {
    uint64_t at, len;
};

static sph_rc read_pattern(void *ctx, uint8_t *at, size_t room, size_t *got, sph_err *err)
{
    struct pattern *p = ctx;
    (void)err;
    size_t n = 0;
    for (; n < room && p->at < p->len; n++, p->at++)
        at[n] = (uint8_t)((p->at * UINT64_C(0x9E3779B97F4A7C15)) >> 56);
    *got = n;
    return sph_ok();
}

static sph_reader open_pattern(void *ctx, void *state)
{
    struct pattern *p = state;
    *p = (struct pattern){0, *(const uint64_t *)ctx};
    return (sph_reader){p, read_pattern};
}

static sph_rc hash_more(void *ctx, sph_slice bytes, sph_err *err)
{
    (void)err;
    sph_sha256_add(ctx, bytes);
    return sph_ok();
}

static sph_hash hash_of(const sph_reader *from)
{
    sph_err err = {0};
    SPH_AUTO_PTR(sph_sha256) *sha = NULL;
    kit_good(sph_sha256_new(&sha, &err), &err);
    const sph_writer to = {sha, hash_more};
    kit_good(sph_stream_copy(from, &to, UINT64_MAX, NULL, &err), &err);
    return sph_sha256_final(sha);
}

static long peak_kib(void)
{
    struct rusage usage;
    assert_int_equal(getrusage(RUSAGE_SELF, &usage), 0);
    return usage.ru_maxrss;
}

/** Write a message with one small and one large part to a file. */
static void build_large(sph_file *file, struct kit_msg *msg)
{
    sph_err err = {0};
    static uint64_t len = LARGE;
    struct pattern p;
    const sph_reader pattern = open_pattern(&len, &p);
    SPH_AUTO(sph_buf) gz = sph_buf_init(1u << 20);
    kit_good(sph_gzip_packet(kit_part_plain(0), &gz, &err), &err);
    const sph_as4_payload parts[] = {{.cid = "a@there.example",
                                      .mime_type = "application/xml",
                                      .octets = sph_buf_peek(&gz),
                                      .sha256 = sph_sha256_of(sph_buf_peek(&gz)),
                                      .len = gz.len},
                                     {.cid = "b@there.example",
                                      .mime_type = "application/pdf",
                                      .open = open_pattern,
                                      .ctx = &len,
                                      .sha256 = hash_of(&pattern),
                                      .len = LARGE}};
    const sph_as4_user user = {.message_id = KIT_MESSAGE_ID,
                               .timestamp_ms = KIT_NOW_MS,
                               .from = "there.example",
                               .from_role = "r",
                               .to = "here.example",
                               .to_role = "r",
                               .service = SPH_SERVICE,
                               .action = "a1"};
    const struct kit *kit = ed25519();
    const sph_as4_signer signer = {kit->there.sign_key, kit->there.sign, NULL, SPH_TOKEN_BST_X509};
    sph_file_sink sink;
    const sph_writer to = sph_writer_of_file(&sink, kit_files(), file);
    SPH_AUTO(sph_as4_built) built = {0};
    kit_good(sph_as4_build_user(&user, parts, 2, kit->suite, &signer, kit->here.encrypt,
                                SPH_TOKEN_BST_X509, kit_random(), &to, &built, &err),
             &err);
    *msg = (struct kit_msg){.kit = kit, .len = built.len};
    strcpy(msg->content_type, built.content_type);
}

static void build_large_part_passes_through_files_in_constant_memory(void **state)
{
    (void)state;
    sph_err err = {0};
    struct kit_msg msg;
    static sph_as4_parts parts;
    static uint64_t len = LARGE;
    uint64_t size = 0;
    SPH_AUTO_PTR(sph_as4_in) *in = NULL;
    SPH_AUTO(sph_open_file) file = {kit_files(), NULL};
    kit_good(kit_files()->open(kit_files()->ctx, KIT_SPOOL, SPH_OPEN_TEMPORARY, &file.file, &err),
             &err);
    (void)ed25519();
    const long before = peak_kib();
    build_large(file.file, &msg);
    kit_good(kit_files()->size(file.file, &size, &err), &err);
    assert_int_equal(size, msg.len);
    receive(&msg, &(sph_as4_source){.files = kit_files(), .file = file.file, .len = size}, &in,
            &parts);
    assert_int_equal(parts.part[1].len, LARGE);
    struct pattern p;
    const sph_reader pattern = open_pattern(&len, &p);
    sph_file_source opened;
    const sph_reader got =
        sph_reader_of_file(&opened, kit_files(), parts.part[1].file, 0, UINT64_MAX);
    const sph_hash expected = hash_of(&pattern), found = hash_of(&got);
    assert_memory_equal(expected.at, found.at, 32);
    sph_as4_parts_clear(&parts);
    assert_true(kit_spool_count() == 0);
    assert_true(peak_kib() - before < 8 * 1024); /* half of the part, all buffers together */
}

static void build_payload_shorter_than_announced_fails(void **state)
{
    (void)state;
    sph_err err = {0};
    const struct kit *kit = ed25519();
    const sph_as4_user user = {.message_id = KIT_MESSAGE_ID,
                               .timestamp_ms = KIT_NOW_MS,
                               .from = "there.example",
                               .from_role = "r",
                               .to = "here.example",
                               .to_role = "r",
                               .service = SPH_SERVICE,
                               .action = "a1"};
    const sph_as4_signer signer = {kit->there.sign_key, kit->there.sign, NULL, SPH_TOKEN_BST_X509};
    for (uint64_t len = 4; len <= 6; len++) {
        const sph_as4_payload part = {
            .cid = "a@b", .mime_type = "application/xml", .octets = SPH_LIT("12345"), .len = len};
        SPH_AUTO(sph_buf) out = sph_buf_init(1u << 20);
        const sph_writer writer = sph_writer_of_buf(&out);
        SPH_AUTO(sph_as4_built) built = {0};
        const sph_rc rc =
            sph_as4_build_user(&user, &part, 1, kit->suite, &signer, kit->here.encrypt,
                               SPH_TOKEN_BST_X509, kit_random(), &writer, &built, &err);
        assert_int_equal(rc.code, len == 5 ? SPH_OK : SPH_EARG);
        assert_true((built.root.len > 0) == (len == 5));
    }
}

static void build_signer_of_the_other_suite_fails(void **state)
{
    (void)state;
    sph_err err = {0};
    const struct kit *kit = ed25519(), *rsa = kit_of(SPH_SUITE_EDELIVERY_1_15);
    const sph_as4_user user = {.message_id = KIT_MESSAGE_ID,
                               .timestamp_ms = KIT_NOW_MS,
                               .from = "there.example",
                               .from_role = "r",
                               .to = "here.example",
                               .to_role = "r",
                               .service = SPH_SERVICE,
                               .action = "a1"};
    const sph_as4_signer signer = {rsa->there.sign_key, rsa->there.sign, NULL, SPH_TOKEN_BST_X509};
    SPH_AUTO(sph_buf) out = sph_buf_init(1u << 20);
    const sph_writer writer = sph_writer_of_buf(&out);
    sph_as4_built built = {0};
    assert_int_equal(sph_as4_build_user(&user, NULL, 0, kit->suite, &signer, kit->here.encrypt,
                                        SPH_TOKEN_BST_X509, kit_random(), &writer, &built, &err)
                         .code,
                     SPH_EARG);
}

/** as4.md 5.1: children of wsse:Security in "prepend while processing" order, names and ids as
 * written there. */
static void build_security_children_stand_in_the_contracts_order(void **state)
{
    (void)state;
    sph_err err = {0};
    struct kit_msg msg;
    kit_message(ed25519(), &(struct kit_wish){.parts = 2}, &msg);
    static const char *const order[] = {"BinarySecurityToken", "EncryptedKey",
                                        "EncryptedData",       "EncryptedData",
                                        "BinarySecurityToken", "Signature"};
    SPH_AUTO_PTR(sph_xml) *doc = NULL;
    const struct sph_xml_limits limits = sph_xml_limits_root(sph_limits_default());
    kit_good(sph_xml_parse(sph_buf_peek(&msg.root), &limits, &doc, &err), &err);
    const sph_xml_node *header = sph_xml_first(sph_xml_root(doc));
    const sph_xml_node *messaging = sph_xml_first(header), *security = sph_xml_next(messaging);
    assert_string_equal(sph_xml_local(messaging), "Messaging");
    const sph_xml_node *n = sph_xml_first(security);
    for (size_t i = 0; i < 6; i++, n = sph_xml_next(n))
        assert_string_equal(sph_xml_local(n), order[i]);
    assert_null(n);
    const sph_xml_node *body = sph_xml_next(header);
    assert_true(sph_xml_is_empty(body));
    assert_null(sph_xml_next(body));
    kit_msg_clear(&msg);
}

/** E-05 in small: no IV, content key wrap or id comes twice. */
static void build_two_messages_share_no_random_value(void **state)
{
    (void)state;
    struct kit_msg a, b;
    kit_message(ed25519(), &(struct kit_wish){.parts = 2}, &a);
    kit_message(ed25519(), &(struct kit_wish){.parts = 2}, &b);
    static const char *const marks[] = {"<xenc:CipherValue", "<ds11:DEREncodedKeyValue",
                                        "<dsm:Salt", "<ds:SignatureValue"};
    for (size_t i = 0; i < 4; i++) {
        char *left = kit_copy(&a, marks[i], "</"), *right = kit_copy(&b, marks[i], "</");
        assert_string_not_equal(left, right);
        sph_str_free(&left);
        sph_str_free(&right);
    }
    kit_msg_clear(&a);
    kit_msg_clear(&b);
}

static void build_new_ids_have_the_written_form(void **state)
{
    (void)state;
    sph_err err = {0};
    char cid[128], id[128];
    kit_good(sph_as4_new_cid(kit_random(), "node.example", cid, &err), &err);
    kit_good(sph_as4_new_message_id(kit_random(), "node.example", id, &err), &err);
    assert_int_equal(strlen(cid), 32 + 1 + 12);
    assert_true(sph_uuid_is_v4(sph_slice_of(id, 36)));
    assert_string_equal(id + 36, "@node.example");
    assert_int_equal(sph_as4_new_cid(kit_random(), "no spaces", cid, &err).code, SPH_EARG);
}

int test_build(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(build_ed25519_with_1_3_and_33_parts_is_opened),
        cmocka_unit_test(build_rsa_with_1_3_and_33_parts_is_opened),
        cmocka_unit_test(build_with_each_token_form_is_opened),
        cmocka_unit_test(build_34_parts_is_refused),
        cmocka_unit_test(build_zero_byte_part_is_opened),
        cmocka_unit_test(build_ping_without_part_is_opened),
        cmocka_unit_test(build_large_part_passes_through_files_in_constant_memory),
        cmocka_unit_test(build_payload_shorter_than_announced_fails),
        cmocka_unit_test(build_signer_of_the_other_suite_fails),
        cmocka_unit_test(build_security_children_stand_in_the_contracts_order),
        cmocka_unit_test(build_two_messages_share_no_random_value),
        cmocka_unit_test(build_new_ids_have_the_written_form),
    };
    return cmocka_run_group_tests_name("build", tests, kit_start, kit_stop);
}
