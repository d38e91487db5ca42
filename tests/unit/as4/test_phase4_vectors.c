/* What phase4, a Java product by others, wrote: opened, verified and decrypted as if it came in
 * now. The files were made by tests/interop/phase4/vectors.py. The receiver's keys follow from a
 * public text; of suite 1.15 there is none, so there signatures are verified and parts stay shut.
 */
#include <string.h>

#include "base/codec.h"
#include "crypto/secret.h"
#include "kit.h"
#include "support/test_data.h"

#define FOLDER "tests/vectors/phase4/"
#define MOST ((size_t)128 * 1024)
#define SEED "saphan test vectors of phase4: these keys are public: here encrypt "

struct suite {
    const char *name;
    enum sph_suite suite;
};
static const struct suite suites[] = {{"1.15", SPH_SUITE_EDELIVERY_1_15},
                                      {"eddsa", SPH_SUITE_EDELIVERY_2_0_ED25519},
                                      {"ecdsa", SPH_SUITE_EDELIVERY_2_0_P256}};
#define SUITES (sizeof(suites) / sizeof(suites[0]))

/** A message of the folder and what is needed to judge it. */
struct vector {
    sph_buf octets;
    char type[256];
    sph_cert *signer;
    const sph_cert *pinned[1];
    sph_as4_trust trust;
    sph_as4_in *in;
};

static void vector_clear(struct vector *v)
{
    sph_as4_in_free(&v->in);
    sph_cert_free(&v->signer);
    sph_buf_clear(&v->octets);
}

static void load_text(const struct suite *of, const char *name, const char *ending, sph_buf *out)
{
    char path[256];
    sph_err err = {0};
    kit_good(sph_str_format(path, sizeof(path), &err, FOLDER "%s-%s%s", of->name, name, ending),
             &err);
    assert_true(test_source_load(path, out));
}

static sph_cert *load_cert(const struct suite *of, const char *name)
{
    sph_err err = {0};
    sph_cert *cert = NULL;
    SPH_AUTO(sph_buf) pem = sph_buf_init(MOST);
    load_text(of, name, ".pem", &pem);
    kit_good(sph_cert_parse_pem(sph_buf_peek(&pem), &cert, &err), &err);
    return cert;
}

static int64_t made_at(void)
{
    uint64_t ms = 0;
    sph_err err = {0};
    SPH_AUTO(sph_buf) text = sph_buf_init(64);
    assert_true(test_source_load(FOLDER "made-at", &text));
    const sph_slice digits = {sph_buf_peek(&text).at, text.len - 1};
    kit_good(sph_slice_u64(digits, INT64_MAX, &ms, &err), &err);
    return (int64_t)ms;
}

/** The message `name`, signed by `signer` ("there-sign"), not yet opened. */
static void vector_load(const struct suite *of, const char *name, const char *signer,
                        struct vector *v)
{
    sph_err err = {0};
    SPH_AUTO(sph_buf) text = sph_buf_init(MOST);
    *v = (struct vector){.octets = sph_buf_init(MOST)};
    load_text(of, name, ".txt", &text);
    const sph_slice all = sph_buf_peek(&text);
    const uint8_t *end = memchr(all.at, '\n', all.len);
    assert_non_null(end);
    const size_t head = (size_t)(end - all.at);
    kit_good(sph_str_format(v->type, sizeof(v->type), &err, "%.*s", (int)head, sph_buf_text(&text)),
             &err);
    kit_good(sph_base64_decode_xml(sph_slice_of(end + 1, all.len - head - 1), &v->octets, &err),
             &err);
    v->signer = load_cert(of, signer);
    v->pinned[0] = v->signer;
    v->trust = (sph_as4_trust){.party = "there.example",
                               .at_ms = made_at(),
                               .suite = of->suite,
                               .known = v->pinned,
                               .known_count = 1,
                               .is_foreign = true,
                               .pinned = v->pinned,
                               .pinned_count = 1};
}

/** Opens and verifies; the refusal's code, or SPH_EBMS_NONE. */
static enum sph_ebms judge(struct vector *v)
{
    sph_err err = {0};
    sph_as4_fault fault = {0};
    const sph_as4_source source = {.bytes = sph_buf_peek(&v->octets)};
    sph_rc rc = sph_as4_open(v->type, &source, sph_limits_default(), &v->in, &fault, &err);
    if (rc.code == SPH_OK)
        rc = sph_as4_verify(v->in, &v->trust, &fault, &err);
    if (rc.code != SPH_OK && rc.code != SPH_EREFUSED)
        kit_good(rc, &err);
    return rc.code == SPH_OK ? SPH_EBMS_NONE : fault.code;
}

/** The receiver's key from the public text; NULL where there is none. */
static sph_key *receiver_key(const struct suite *of)
{
    /* PKCS#8 of a P-256 key without its public half (RFC 5208, RFC 5915). */
    static const uint8_t head[] = {0x30, 0x41, 0x02, 0x01, 0x00, 0x30, 0x13, 0x06, 0x07,
                                   0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08,
                                   0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x04,
                                   0x27, 0x30, 0x25, 0x02, 0x01, 0x01, 0x04, 0x20};
    sph_err err = {0};
    sph_key *key = NULL;
    char text[128];
    if (of->suite == SPH_SUITE_EDELIVERY_1_15)
        return NULL;
    kit_good(sph_str_format(text, sizeof(text), &err, SEED "%s", of->name), &err);
    const sph_hash seed = sph_sha256_of(sph_slice_str(text));
    if (of->suite == SPH_SUITE_EDELIVERY_2_0_ED25519) {
        SPH_AUTO_PTR(sph_secret) *secret = NULL;
        kit_good(sph_secret_from(sph_slice_hash(&seed), &secret, &err), &err);
        kit_good(sph_key_from_seed(SPH_KEY_X25519, secret, &key, &err), &err);
        return key;
    }
    SPH_AUTO(sph_buf) der = sph_buf_init(128);
    SPH_AUTO(sph_buf) pem = sph_buf_init(512);
    kit_good(sph_buf_add(&der, sph_slice_of(head, sizeof(head)), &err), &err);
    kit_good(sph_buf_add(&der, sph_slice_hash(&seed), &err), &err);
    kit_good(sph_buf_add_text(&pem,
                              "-----BEGIN "
                              "PRIVATE KEY-----\n",
                              &err),
             &err);
    kit_good(sph_base64_encode(sph_buf_peek(&der), &pem, &err), &err);
    kit_good(sph_buf_add_text(&pem,
                              "\n-----END "
                              "PRIVATE KEY-----\n",
                              &err),
             &err);
    kit_good(sph_key_load_pem(sph_buf_peek(&pem), &key, &err), &err);
    return key;
}

/** Decrypts; the number of parts, all of whose digests held, or the refusal's code as a negative
 * number. */
static int unwrap(const struct suite *of, struct vector *v)
{
    sph_err err = {0};
    sph_as4_fault fault = {0};
    sph_files *files = NULL;
    SPH_AUTO_PTR(sph_as4_parts) *parts = sph_mem_new(1, sizeof(*parts));
    SPH_AUTO_PTR(sph_key) *key = receiver_key(of);
    SPH_AUTO_PTR(sph_cert) *leaf = load_cert(of, "here-encrypt");
    const sph_as4_recipient own = {key, leaf};
    assert_non_null(parts);
    kit_good(sph_files_real_new("/", &files, &err), &err);
    const sph_rc rc = sph_as4_unwrap(v->in, &own, 1, kit_random(), files, "/tmp",
                                     sph_limits_default(), parts, &fault, &err);
    const int count = rc.code == SPH_OK ? (int)parts->count : -(int)fault.code;
    if (rc.code != SPH_OK && rc.code != SPH_EREFUSED)
        kit_good(rc, &err);
    sph_as4_parts_free(&parts);
    sph_files_real_free(&files);
    return count;
}

static void phase4_messages_are_verified_and_decrypted(void **state)
{
    static const struct {
        const char *name;
        int parts;
    } rows[] = {{"plain", 1}, {"parts", 3},       {"ping", 0},
                {"ski", 1},   {"bst-pkipath", 1}, {"issuer-serial", 1}};
    (void)state;
    for (size_t i = 0; i < SUITES * (sizeof(rows) / sizeof(rows[0])); i++) {
        const struct suite *of = &suites[i % SUITES];
        __attribute__((cleanup(vector_clear))) struct vector v;
        print_message("%s-%s\n", of->name, rows[i / SUITES].name);
        vector_load(of, rows[i / SUITES].name, "there-sign", &v);
        assert_int_equal(judge(&v), SPH_EBMS_NONE);
        assert_int_equal(sph_as4_in_user(v.in)->part_count, rows[i / SUITES].parts);
        if (of->suite != SPH_SUITE_EDELIVERY_1_15)
            assert_int_equal(unwrap(of, &v), rows[i / SUITES].parts);
    }
}

static void phase4_header_values_are_read(void **state)
{
    (void)state;
    for (size_t i = 0; i < SUITES; i++) {
        __attribute__((cleanup(vector_clear))) struct vector v;
        vector_load(&suites[i], "parts", "there-sign", &v);
        assert_int_equal(judge(&v), SPH_EBMS_NONE);
        const sph_as4_user *user = sph_as4_in_user(v.in);
        assert_string_equal(user->from, "there.example");
        assert_string_equal(user->to, "here.example");
        assert_string_equal(user->action, "a2");
        assert_string_equal(user->conversation_id, "c-1");
        assert_string_equal(user->ref_to, "first@here.example");
    }
}

static void phase4_messages_beside_the_policy_are_refused(void **state)
{
    static const char *const names[] = {"unsigned", "unencrypted", "aes256"};
    (void)state;
    for (size_t i = 0; i < SUITES * 3; i++) {
        __attribute__((cleanup(vector_clear))) struct vector v;
        print_message("%s-%s\n", suites[i % SUITES].name, names[i / SUITES]);
        vector_load(&suites[i % SUITES], names[i / SUITES], "there-sign", &v);
        assert_int_equal(judge(&v), SPH_EBMS_0103);
    }
}

static void phase4_message_of_another_signer_or_suite_is_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < SUITES; i++) {
        __attribute__((cleanup(vector_clear))) struct vector v;
        vector_load(&suites[i], "plain", "here-sign", &v);
        assert_int_equal(judge(&v), SPH_EBMS_0101);
        __attribute__((cleanup(vector_clear))) struct vector other;
        vector_load(&suites[i], "plain", "there-sign", &other);
        other.trust.suite = suites[(i + 1) % SUITES].suite;
        assert_int_equal(judge(&other), SPH_EBMS_0103);
    }
}

/** Each octet of the SOAP part's signed header counts, and of a part. */
static void phase4_changed_messages_are_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < SUITES; i++) {
        __attribute__((cleanup(vector_clear))) struct vector v;
        vector_load(&suites[i], "plain", "there-sign", &v);
        char *action = memmem(v.octets.at, v.octets.len, ">a2<", 4);
        assert_non_null(action);
        action[2] = '3';
        assert_int_equal(judge(&v), SPH_EBMS_0101);
        __attribute__((cleanup(vector_clear))) struct vector part;
        vector_load(&suites[i], "plain", "there-sign", &part);
        part.octets.at[part.octets.len - 60] ^= 1;
        assert_int_equal(judge(&part), SPH_EBMS_NONE);
        if (suites[i].suite != SPH_SUITE_EDELIVERY_1_15)
            assert_int_equal(unwrap(&suites[i], &part), -SPH_EBMS_0102);
    }
}

static void phase4_receipt_proves_its_message_and_no_other(void **state)
{
    sph_err err = {0};
    (void)state;
    for (size_t i = 0; i < SUITES; i++) {
        __attribute__((cleanup(vector_clear))) struct vector sent, other, receipt;
        vector_load(&suites[i], "plain", "there-sign", &sent);
        vector_load(&suites[i], "parts", "there-sign", &other);
        vector_load(&suites[i], "receipt", "here-sign", &receipt);
        assert_int_equal(judge(&sent), SPH_EBMS_NONE);
        assert_int_equal(judge(&other), SPH_EBMS_NONE);
        assert_int_equal(judge(&receipt), SPH_EBMS_NONE);
        assert_int_equal(sph_as4_in_kind(receipt.in), SPH_AS4_RECEIPT);
        assert_string_equal(sph_as4_in_ref_to(receipt.in), sph_as4_in_message_id(sent.in));
        kit_good(sph_as4_receipt_check(receipt.in, sph_as4_in_refs(sent.in), &err), &err);
        assert_int_equal(sph_as4_receipt_check(receipt.in, sph_as4_in_refs(other.in), &err).code,
                         SPH_EPROOF);
    }
}

static void phase4_error_for_a_duplicate_is_signed(void **state)
{
    (void)state;
    for (size_t i = 0; i < SUITES; i++) {
        struct sph_as4_error_seen seen[16];
        __attribute__((cleanup(vector_clear))) struct vector v;
        vector_load(&suites[i], "error", "here-sign", &v);
        assert_int_equal(judge(&v), SPH_EBMS_NONE);
        assert_int_equal(sph_as4_in_kind(v.in), SPH_AS4_ERROR);
        assert_int_equal(sph_as4_errors(v.in, seen), 1);
        assert_string_equal(seen[0].code, "EBMS:0004");
        assert_non_null(strstr(seen[0].ref_in_error, "@there.example"));
    }
}

int test_phase4_vectors(void);
int test_phase4_vectors(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(phase4_messages_are_verified_and_decrypted),
        cmocka_unit_test(phase4_header_values_are_read),
        cmocka_unit_test(phase4_messages_beside_the_policy_are_refused),
        cmocka_unit_test(phase4_message_of_another_signer_or_suite_is_refused),
        cmocka_unit_test(phase4_changed_messages_are_refused),
        cmocka_unit_test(phase4_receipt_proves_its_message_and_no_other),
        cmocka_unit_test(phase4_error_for_a_duplicate_is_signed),
    };
    return cmocka_run_group_tests_name("phase4_vectors", tests, kit_start, kit_stop);
}
