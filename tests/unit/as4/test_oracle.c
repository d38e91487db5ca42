#include "kit.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/codec.h"
#include "xml/xenc.h"

int test_oracle(void);

/* security.md 2.6, E-01 and E-05: what cannot be seen in one message. SAPHAN_LONG runs the full
 * counts. */

static bool is_long(void)
{
    return getenv("SAPHAN_LONG") != NULL;
}

/* ------------------------------------------------------------------ E-01 */

enum { RANDOM, OTHER_KEY, LONG_KEY, CLASSES };

static const struct kit *rsa(void)
{
    return kit_of(SPH_SUITE_EDELIVERY_1_15);
}

/** A CipherValue of this class, base64: one that is no OAEP block at all, a good block around
 * another key, a good block around a key of another length. */
static void make_probe(int class, sph_buf *text)
{
    sph_err err = {0};
    SPH_AUTO(sph_buf) sealed = sph_buf_init(512);
    SPH_AUTO_PTR(sph_secret) *octets = NULL;
    kit_good(sph_secret_random(sph_random_real(),
                               class == RANDOM      ? 384
                               : class == OTHER_KEY ? 16
                                                    : 24,
                               &octets, &err),
             &err);
    if (class == RANDOM)
        kit_good(sph_buf_add(&sealed, sph_secret_peek(octets), &err), &err);
    else
        kit_good(sph_pubkey_oaep_seal(sph_key_peek_public(rsa()->here.encrypt_key), octets, &sealed,
                                      &err),
                 &err);
    sealed.at[0] &= class == RANDOM ? 0x3f : 0xff; /* below the modulus, so that RSA is computed */
    kit_good(sph_base64_encode(sph_buf_peek(&sealed), text, &err), &err);
}

static sph_rc fill_same(void *ctx, uint8_t *at, size_t len, sph_err *err)
{
    (void)ctx;
    (void)err;
    memset(at, 7, len);
    return sph_ok();
}

/** What goes back over the wire, with the same random octets each time. */
static sph_hash answer_to(const sph_as4_fault *fault)
{
    sph_err err = {0};
    static const sph_random same = {NULL, fill_same};
    SPH_AUTO(sph_buf) text = sph_buf_init(1u << 20);
    const struct sph_as4_error_info info = {fault->code, KIT_MESSAGE_ID, fault->detail};
    const struct kit_party *here = &rsa()->here;
    const sph_as4_signer signer = {here->sign_key, here->sign, NULL, SPH_TOKEN_BST_X509};
    kit_good(sph_as4_build_error(&info, "a@here.example", KIT_NOW_MS, rsa()->suite, &signer, &same,
                                 &text, &err),
             &err);
    return sph_sha256_of(sph_buf_peek(&text));
}

/** Time of opening the content, in nanoseconds of this thread. */
static double probe(struct kit_msg *msg, int class, sph_as4_fault *fault)
{
    sph_err err = {0};
    struct timespec from, to;
    static sph_as4_parts parts;
    SPH_AUTO_PTR(sph_as4_in) *in = NULL;
    SPH_AUTO(sph_buf) value = sph_buf_init(1024), bytes = sph_buf_init(1u << 20);
    make_probe(class, &value);
    const size_t tag = sph_slice_find(sph_buf_peek(&msg->root), SPH_LIT("<xenc:CipherValue>"), 0);
    memcpy(msg->root.at + tag + 18, value.at, value.len);
    kit_bytes(msg, &bytes);
    const sph_as4_source source = {.bytes = sph_buf_peek(&bytes)};
    const sph_as4_trust trust = kit_trust(rsa());
    const sph_as4_recipient own = {rsa()->here.encrypt_key, rsa()->here.encrypt};
    kit_good(sph_as4_open(msg->content_type, &source, sph_limits_default(), &in, fault, &err),
             &err);
    kit_good(sph_as4_verify(in, &trust, fault, &err), &err);
    (void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &from);
    const sph_rc rc = sph_as4_unwrap(in, &own, 1, sph_random_real(), NULL, NULL,
                                     sph_limits_default(), &parts, fault, &err);
    (void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &to);
    assert_int_equal(rc.code, SPH_EREFUSED);
    assert_int_equal(fault->code, SPH_EBMS_0102);
    return (double)(to.tv_sec - from.tv_sec) * 1e9 + (double)(to.tv_nsec - from.tv_nsec);
}

static int by_value(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/** Mean and its squared error, without the slowest tenth: those the scheduler made. */
static void summarise(double *times, size_t count, double *mean, double *error)
{
    double sum = 0, squares = 0;
    qsort(times, count, sizeof(*times), by_value);
    const size_t kept = count - count / 10;
    for (size_t i = 0; i < kept; i++)
        sum += times[i];
    *mean = sum / (double)kept;
    for (size_t i = 0; i < kept; i++)
        squares += (times[i] - *mean) * (times[i] - *mean);
    *error = squares / (double)(kept - 1) / (double)kept;
}

/** E-01, Manger: the answers are the same octets, and a Welch t-test tells no two classes apart.
 * The classes are probed in turn, so that a slow moment of the machine meets all of them. */
static void oracle_e01_oaep_failures_cannot_be_told_apart(void **state)
{
    (void)state;
    const size_t count = is_long() ? 10000 : 500;
    double *times[CLASSES], mean[CLASSES], error[CLASSES];
    sph_hash first = {0};
    struct kit_msg msg;
    kit_message(rsa(), &(struct kit_wish){0}, &msg);
    for (size_t c = 0; c < CLASSES; c++)
        assert_non_null(times[c] = calloc(count, sizeof(double)));
    for (size_t i = 0; i < count * CLASSES; i++) {
        sph_as4_fault fault = {0};
        times[i % CLASSES][i / CLASSES] = probe(&msg, (int)(i % CLASSES), &fault);
        if (i > 64 && i % 50 > 2) /* signing an answer costs as much as ten probes */
            continue;
        const sph_hash answer = answer_to(&fault);
        if (i == 0)
            first = answer;
        assert_memory_equal(answer.at, first.at, sizeof(first));
    }
    for (size_t c = 0; c < CLASSES; c++)
        summarise(times[c], count, &mean[c], &error[c]);
    for (size_t c = 1; c < CLASSES; c++) {
        const double apart = mean[c] - mean[0], squared = apart * apart / (error[c] + error[0]);
        print_message("E-01 class %zu: %.0f ns, class 0: %.0f ns, t squared = %.2f\n", c, mean[c],
                      mean[0], squared);
        /* |t| < 5, or a difference below 1 %, which no network lets anybody see */
        assert_true(squared < 25 || apart * apart * 10000 < mean[0] * mean[0]);
    }
    for (size_t c = 0; c < CLASSES; c++)
        free(times[c]);
    kit_msg_clear(&msg);
}

/** The length of the ciphertext is the attacker's own choice and tells nothing new; the answer is
 * still the same. */
static void oracle_e01_ciphertext_of_another_length_has_the_same_answer(void **state)
{
    (void)state;
    static const char *const values[] = {"", "AAAA", "AAAAAAAAAAAAAAAAAAAAAA=="};
    struct kit_msg msg;
    sph_as4_fault fault = {0};
    sph_hash first = {0};
    for (size_t i = 0; i < 3; i++) {
        kit_message(rsa(), &(struct kit_wish){0}, &msg);
        char *old = kit_copy(&msg, "<xenc:CipherValue>", "<"), with[128];
        (void)snprintf(with, sizeof(with), "<xenc:CipherValue>%s<", values[i]);
        kit_replace(&msg, old, with);
        assert_false(kit_judge(&msg, &fault));
        assert_int_equal(fault.code, SPH_EBMS_0102);
        const sph_hash answer = answer_to(&fault);
        if (i == 0)
            first = answer;
        assert_memory_equal(answer.at, first.at, sizeof(first));
        sph_str_free(&old);
        kit_msg_clear(&msg);
    }
}

/** Nobody who has not signed as the partner gets the private key to work (as4.md D14). */
static void oracle_e01_without_the_partners_signature_nothing_is_decrypted(void **state)
{
    (void)state;
    struct kit_msg msg;
    sph_as4_fault fault = {0};
    kit_message(rsa(), &(struct kit_wish){.signer = &rsa()->other}, &msg);
    SPH_AUTO(sph_buf) value = sph_buf_init(1024);
    make_probe(RANDOM, &value);
    const size_t tag = sph_slice_find(sph_buf_peek(&msg.root), SPH_LIT("<xenc:CipherValue>"), 0);
    memcpy(msg.root.at + tag + 18, value.at, value.len);
    assert_false(kit_judge(&msg, &fault));
    assert_int_equal(fault.code, SPH_EBMS_0101);
    kit_msg_clear(&msg);
}

/* ------------------------------------------------------------------ E-05 */

struct draw {
    uint8_t at[16];
};

static int by_octets(const void *a, const void *b)
{
    return memcmp(a, b, sizeof(struct draw));
}

static void expect_distinct(const char *what, struct draw *draws, size_t count)
{
    qsort(draws, count, sizeof(*draws), by_octets);
    for (size_t i = 1; i < count; i++)
        if (memcmp(&draws[i - 1], &draws[i], sizeof(*draws)) == 0)
            fail_msg("%s was drawn twice among %zu", what, count);
}

static void no_name(sph_xml_writer *w, void *arg)
{
    (void)arg;
    sph_xml_open(w, "ds:KeyName");
    sph_xml_close(w);
}

static void keep(struct draw *to, sph_slice octets)
{
    const sph_hash hash = sph_sha256_of(octets);
    memcpy(to->at, hash.at, sizeof(to->at));
}

/** What one message draws: content key, IV, and by sph_xenc_key_write the ephemeral key and salt.
 */
static void draw_one(const struct kit *k, struct draw *key, struct draw *iv, struct draw *ephemeral)
{
    static const struct sph_xml_prefix prefixes[] = {{"xenc", SPH_NS_XENC},
                                                     {"xenc11", SPH_NS_XENC11},
                                                     {"ds", "http://www.w3.org/2000/09/xmldsig#"},
                                                     {"ds11", SPH_NS_DS11},
                                                     {"dsm", SPH_NS_DSM},
                                                     {NULL, NULL}};
    sph_err err = {0};
    const sph_random *random = sph_random_real();
    SPH_AUTO_PTR(sph_secret) *content = NULL;
    SPH_AUTO_PTR(sph_xml_writer) *w = NULL;
    SPH_AUTO(sph_buf) text = sph_buf_init(65536);
    uint8_t octets[12];
    kit_good(sph_secret_random(random, 16, &content, &err), &err);
    kit_good(random->fill(random->ctx, octets, sizeof(octets), &err), &err);
    kit_good(sph_xml_writer_new(prefixes, &text, &w, &err), &err);
    sph_xml_open(w, "xenc:EncryptedKey");
    kit_good(sph_xenc_key_write(w, k->suite, sph_cert_peek_key(k->here.encrypt), content, random,
                                no_name, NULL, &err),
             &err);
    sph_xml_close(w);
    kit_good(sph_xml_writer_end(w, &err), &err);
    const sph_slice written = sph_buf_peek(&text);
    const size_t tag = sph_slice_find(written,
                                      k->suite == SPH_SUITE_EDELIVERY_2_0_P256
                                          ? SPH_LIT("<ds11:PublicKey")
                                          : SPH_LIT("<ds11:DEREncodedKeyValue"),
                                      0);
    assert_true(tag != SIZE_MAX);
    const size_t at = sph_slice_find(written, SPH_LIT(">"), tag) + 1;
    keep(key, sph_secret_peek(content));
    keep(iv, sph_slice_of(octets, sizeof(octets)));
    keep(ephemeral, sph_slice_sub(written, at, 56));
}

static void run_draws(const struct kit *k, size_t count)
{
    struct draw *keys = calloc(count, sizeof(*keys)), *ivs = calloc(count, sizeof(*ivs)),
                *ephemerals = calloc(count, sizeof(*ephemerals));
    assert_true(keys != NULL && ivs != NULL && ephemerals != NULL);
    for (size_t i = 0; i < count; i++)
        draw_one(k, &keys[i], &ivs[i], &ephemerals[i]);
    expect_distinct("a content key", keys, count);
    expect_distinct("an IV", ivs, count);
    expect_distinct("an ephemeral key", ephemerals, count);
    free(keys);
    free(ivs);
    free(ephemerals);
}

static void oracle_e05_no_key_or_iv_is_drawn_twice(void **state)
{
    (void)state;
    run_draws(kit_of(SPH_SUITE_EDELIVERY_2_0_ED25519), is_long() ? 1000000 : 50000);
    run_draws(kit_of(SPH_SUITE_EDELIVERY_2_0_P256), is_long() ? 50000 : 2000);
}

/** E-05: the random source is another one in a child, so that a fork repeats nothing. */
static void oracle_e05_fork_repeats_nothing(void **state)
{
    (void)state;
    enum { EACH = 32 };
    static struct draw keys[2 * EACH], ivs[2 * EACH], ephemerals[2 * EACH];
    const struct kit *k = kit_of(SPH_SUITE_EDELIVERY_2_0_ED25519);
    int ends[2], status = -1;
    assert_int_equal(pipe(ends), 0);
    draw_one(k, &keys[0], &ivs[0], &ephemerals[0]);
    const pid_t child = fork();
    assert_true(child >= 0);
    for (size_t i = 0; i < EACH; i++)
        draw_one(k, &keys[i], &ivs[i], &ephemerals[i]);
    if (child == 0) {
        const size_t size = EACH * sizeof(struct draw);
        const bool is_sent = write(ends[1], keys, size) == (ssize_t)size &&
                             write(ends[1], ivs, size) == (ssize_t)size &&
                             write(ends[1], ephemerals, size) == (ssize_t)size;
        _exit(is_sent ? 0 : 1);
    }
    struct draw *const rows[] = {keys, ivs, ephemerals};
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(read(ends[0], rows[i] + EACH, EACH * sizeof(struct draw)),
                         EACH * sizeof(struct draw));
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    (void)close(ends[0]);
    (void)close(ends[1]);
    expect_distinct("a content key", keys, 2 * EACH);
    expect_distinct("an IV", ivs, 2 * EACH);
    expect_distinct("an ephemeral key", ephemerals, 2 * EACH);
}

int test_oracle(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(oracle_e01_oaep_failures_cannot_be_told_apart),
        cmocka_unit_test(oracle_e01_ciphertext_of_another_length_has_the_same_answer),
        cmocka_unit_test(oracle_e01_without_the_partners_signature_nothing_is_decrypted),
        cmocka_unit_test(oracle_e05_no_key_or_iv_is_drawn_twice),
        cmocka_unit_test(oracle_e05_fork_repeats_nothing),
    };
    return cmocka_run_group_tests_name("oracle", tests, kit_start, kit_stop);
}
