/* Signed notes, checkpoints, cosignatures, vkeys and tlog-proofs: known answers of ledger.md 5, a
 * note of another implementation, and the attacks of security.md L-08. */
#include "ledger/note.h"
#include "ledger/proof.h"
#include "vectors.h"

int test_note(void);

#define ORIGIN "node.example.la/ledger/1"
#define WITNESS "node.example.th/witness/1"
#define LOG_VKEY ORIGIN "+e3a6e40d+AQOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4"
#define WITNESS_VKEY WITNESS "+d8423f66+BCmsuuFBvMrwsi4alNNNC8c2HlJtC/4SyJeUvJMilm3X"
#define BODY ORIGIN "\n7\n3bib5AOAnjJXUNPSY814kpwpQreUKjS3fhIslZSnTIw=\n"
#define LOG_LINE                                                                                   \
    "— " ORIGIN                                                                                    \
    " 46bkDRMu8tGbGokv1KxJcdnu2PVgyA972PD5SkRUxv9ZT3Sv7j6dJw2WjTd9xHqW87EmyOEKijzWsefFBthiJbuT"    \
    "8QA=\n"
#define WITNESS_LINE                                                                               \
    "— " WITNESS                                                                                   \
    " 2EI/ZgAAAABqsTuA5GIwwWlBnaIhmsN6o6DK+58AS0OPwDpbqtDE2gSWjMM6/xDI4WBf/GNIJBN3wTJ7h1vroIh"     \
    "JAoWL7vjtrzhbDg==\n"
#define NOTE BODY "\n" LOG_LINE WITNESS_LINE
#define PROOF_HEAD                                                                                 \
    "c2sp.org/tlog-proof@v1\nindex 5\nvBoGQ7EuTS18d5GPROD095qDi2z57FtcKD4fTYhZnms=\n"              \
    "sIaT7C5yFZcTBkHoIR5+7cy0wmQTlj7ubB4u0W/7Gl8=\n037kGJdt2VdTwcc4Yrk5j6Kiz5tP8P3+izDNlSCWFLc=\n"

static sph_vkey vkey_of(const char *text)
{
    sph_vkey vkey;
    assert_int_equal(sph_vkey_parse(sph_slice_str(text), &vkey, NULL).code, SPH_OK);
    return vkey;
}

static void vkey_known_answers_are_made_and_read(void **state)
{
    static const struct {
        uint8_t seed;
        const char *name;
        enum sph_vkey_type type;
        const char *text;
    } rows[] = {{0x00, ORIGIN, SPH_VKEY_LOG, LOG_VKEY},
                {0x20, WITNESS, SPH_VKEY_COSIGNATURE, WITNESS_VKEY}};
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        SPH_AUTO_PTR(sph_key) *key = key_of_seed(rows[i].seed);
        SPH_AUTO(sph_buf) text = sph_buf_init(256);
        sph_vkey vkey;
        assert_int_equal(
            sph_vkey_make(rows[i].name, rows[i].type, sph_key_peek_public(key), &vkey, NULL).code,
            SPH_OK);
        assert_int_equal(sph_vkey_text(&vkey, &text, NULL).code, SPH_OK);
        assert_string_equal(sph_buf_text(&text), rows[i].text);
        const sph_vkey again = vkey_of(rows[i].text);
        assert_memory_equal(&again.key, &vkey.key, sizeof(vkey.key));
        assert_int_equal(again.type, rows[i].type);
    }
}

static void vkey_of_bad_form_is_refused(void **state)
{
    static const struct {
        const char *text;
        enum sph_code code;
    } rows[] = {
        {"", SPH_EPARSE},
        {"name", SPH_EPARSE},
        {"a b+e3a6e40d+AQOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4", SPH_EPARSE},
        {ORIGIN "+e3a6e40e+AQOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4", SPH_EPARSE}, /* id */
        {"other+e3a6e40d+AQOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4", SPH_EPARSE},   /* name */
        {ORIGIN "+e3a6e40d+AQOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG", SPH_EPARSE},
        {ORIGIN "+e3a6e40d+AQOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVA==", SPH_EPARSE},
        {ORIGIN "+e3a6e40d+AgOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4", SPH_EUNSUPPORTED},
        {ORIGIN "+3a6e40d+AQOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4", SPH_EPARSE},
        {"+e3a6e40d+AQOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4", SPH_EPARSE},
    };
    sph_vkey vkey;
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        assert_int_equal(sph_vkey_parse(sph_slice_str(rows[i].text), &vkey, NULL).code,
                         rows[i].code);
}

/* Text and line of another implementation (golang.org/x/mod/sumdb/note). */
static void note_of_another_implementation_verifies(void **state)
{
    const sph_vkey known =
        vkey_of("PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW");
    const sph_slice note =
        SPH_LIT("If you think cryptography is the answer to your problem,\n"
                "then you don't know what your problem is.\n\n"
                "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2"
                "pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n");
    sph_slice text = {NULL, 0};
    (void)state;
    assert_int_equal(sph_note_verify(note, &known, 1, &text, NULL).code, SPH_OK);
    assert_true(text.len > 0 && text.at[text.len - 1] == '\n');
    assert_int_equal(text.len, 99);
}

static void checkpoint_and_cosignature_are_signed_as_known(void **state)
{
    SPH_AUTO_PTR(sph_key) *log = key_of_seed(0x00);
    SPH_AUTO_PTR(sph_key) *witness = key_of_seed(0x20);
    SPH_AUTO(sph_buf) note = sph_buf_init(SPH_NOTE_MAX);
    sph_checkpoint head = {.origin = ORIGIN, .size = 7};
    (void)state;
    head.root = hash_of_hex("ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c");
    assert_int_equal(sph_checkpoint_sign(&head, log, &note, NULL).code, SPH_OK);
    assert_true(sph_slice_is(sph_buf_peek(&note), BODY "\n" LOG_LINE));
    assert_int_equal(sph_cosign(WITNESS, witness, SPH_LIT(BODY), 1790000000, &note, NULL).code,
                     SPH_OK);
    assert_true(sph_slice_is(sph_buf_peek(&note), NOTE));
    assert_int_equal(note.len, 330);
    assert_hash(sph_sha256_of(sph_buf_peek(&note)),
                "f89e2a0019c34f3c183e44ca61330150970450332f6bc6c8188eefef035ed671");
}

static void checkpoint_verifies_only_with_its_key_and_origin(void **state)
{
    const sph_vkey log = vkey_of(LOG_VKEY), witness = vkey_of(WITNESS_VKEY);
    SPH_AUTO_PTR(sph_key) *other_key = key_of_seed(0x55);
    sph_vkey other;
    sph_checkpoint head = {.size = 0};
    sph_slice text;
    const sph_vkey both[] = {log, witness};
    (void)state;
    assert_int_equal(sph_checkpoint_verify(SPH_LIT(NOTE), &log, &head, NULL).code, SPH_OK);
    assert_int_equal(head.size, 7);
    assert_string_equal(head.origin, ORIGIN);
    assert_int_equal(sph_note_verify(SPH_LIT(NOTE), both, 2, &text, NULL).code, SPH_OK);
    assert_int_equal(sph_checkpoint_verify(SPH_LIT(NOTE), &witness, &head, NULL).code, SPH_EARG);
    assert_int_equal(
        sph_vkey_make(ORIGIN, SPH_VKEY_LOG, sph_key_peek_public(other_key), &other, NULL).code,
        SPH_OK);
    assert_int_equal(sph_checkpoint_verify(SPH_LIT(NOTE), &other, &head, NULL).code, SPH_EPROOF);
    other =
        log; /* same name and id, another key behind them: a collision must fail, not be ignored */
    other.key[0] ^= 1;
    assert_int_equal(sph_checkpoint_verify(SPH_LIT(NOTE), &other, &head, NULL).code, SPH_EPROOF);
    assert_int_equal(sph_note_verify(SPH_LIT(NOTE), both, 0, &text, NULL).code, SPH_EPROOF);
}

/* A note that the log key signed, but whose origin is another. */
static void checkpoint_of_another_origin_is_refused(void **state)
{
    SPH_AUTO_PTR(sph_key) *key = key_of_seed(0x00);
    SPH_AUTO(sph_buf) signature = sph_buf_init(64);
    SPH_AUTO(sph_buf) bytes = sph_buf_init(128);
    SPH_AUTO(sph_buf) note = sph_buf_init(SPH_NOTE_MAX);
    const sph_vkey log = vkey_of(LOG_VKEY);
    const sph_slice body =
        SPH_LIT("node.example.la/ledger/2\n7\n3bib5AOAnjJXUNPSY814kpwpQreUKjS3fhIslZSnTIw=\n");
    sph_checkpoint head;
    sph_slice text;
    (void)state;
    assert_int_equal(sph_key_sign(key, body, &signature, NULL).code, SPH_OK);
    assert_int_equal(sph_buf_add(&bytes, sph_slice_of(log.id, 4), NULL).code, SPH_OK);
    assert_int_equal(sph_buf_add(&bytes, sph_buf_peek(&signature), NULL).code, SPH_OK);
    assert_int_equal(sph_buf_add(&note, body, NULL).code, SPH_OK);
    assert_int_equal(sph_buf_add_text(&note, "\n— " ORIGIN " ", NULL).code, SPH_OK);
    assert_int_equal(sph_base64_encode(sph_buf_peek(&bytes), &note, NULL).code, SPH_OK);
    assert_int_equal(sph_buf_add_byte(&note, '\n', NULL).code, SPH_OK);
    assert_int_equal(sph_note_verify(sph_buf_peek(&note), &log, 1, &text, NULL).code, SPH_OK);
    assert_int_equal(sph_checkpoint_verify(sph_buf_peek(&note), &log, &head, NULL).code,
                     SPH_EPROOF);
}

#define ROOT "3bib5AOAnjJXUNPSY814kpwpQreUKjS3fhIslZSnTIw=\n"
static void checkpoint_of_bad_form_is_refused(void **state)
{
    static const char *const bodies[] = {
        ORIGIN "\n007\n" ROOT,
        ORIGIN "\n+5\n" ROOT,
        ORIGIN "\n-1\n" ROOT,
        ORIGIN "\n7 \n" ROOT,
        ORIGIN "\n\n" ROOT,
        ORIGIN "\n18446744073709551616\n" ROOT,
        ORIGIN "\n9223372036854775808\n" ROOT,
        "a b\n7\n" ROOT,
        "a\xc2\xa0"
        "b\n7\n" ROOT, /* no-break space */
        "a+b\n7\n" ROOT,
        "\n7\n" ROOT,
        ORIGIN "\n7\n3bib5AOAnjJXUNPSY814kpwpQreUKjS3fhIslZSnTI==\n",
        ORIGIN "\n7\n3bib5AOAnjJXUNPSY814kpwpQreUKjS3fhIslZSnTIx=\n", /* non-zero trailing bits */
        ORIGIN "\n7\n",
        ORIGIN "\r\n7\r\n3bib5AOAnjJXUNPSY814kpwpQreUKjS3fhIslZSnTIw=\r\n",
        ORIGIN "\n7\n" ROOT "\n", /* two blank lines: an empty extension line */
        ORIGIN "\n7\n" ROOT "\nextension\n",
        "\xff\n7\n" ROOT,
    };
    sph_checkpoint head;
    (void)state;
    for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
        SPH_AUTO(sph_buf) note = sph_buf_init(SPH_NOTE_MAX);
        assert_int_equal(sph_buf_add_text(&note, bodies[i], NULL).code, SPH_OK);
        assert_int_equal(sph_buf_add_text(&note, "\n" LOG_LINE, NULL).code, SPH_OK);
        const sph_rc rc = sph_checkpoint_parse(sph_buf_peek(&note), &head, NULL);
        if (rc.code != SPH_EPARSE)
            print_error("body %zu\n", i);
        assert_int_equal(rc.code, SPH_EPARSE);
    }
    assert_int_equal(
        sph_checkpoint_parse(SPH_LIT(BODY "an extension\n\n" LOG_LINE), &head, NULL).code, SPH_OK);
}

static void note_of_bad_form_is_refused(void **state)
{
    static const char *const notes[] = {
        "",
        "\n",
        "\n\n",
        BODY,
        BODY "\n",
        BODY LOG_LINE,
        BODY "\n- " ORIGIN " AAAAAAAA\n",
        BODY "\n—" ORIGIN " AAAAAAAA\n",
        BODY "\n— " ORIGIN "AAAAAAAA\n",
        BODY "\n— " ORIGIN " AAAA\n", /* no octets after the id */
        BODY "\n— " ORIGIN " AAAAAAA\n",
        BODY "\n—  AAAAAAAA\n",
        BODY "\n— a+b AAAAAAAA\n",
        BODY "\n— " ORIGIN " AAAAAAAA",
        BODY "\n— " ORIGIN " AAAAAAAA\r\n",
        BODY "\n— " ORIGIN " AAAAAAAA\nmore\n",
    };
    sph_slice text, lines;
    (void)state;
    for (size_t i = 0; i < sizeof(notes) / sizeof(notes[0]); i++) {
        const sph_rc rc = sph_note_split(sph_slice_str(notes[i]), &text, &lines, NULL);
        if (rc.code != SPH_EPARSE)
            print_error("note %zu\n", i);
        assert_int_equal(rc.code, SPH_EPARSE);
    }
}

static void note_of_too_many_lines_or_octets_is_refused(void **state)
{
    SPH_AUTO(sph_buf) note = sph_buf_init(SPH_NOTE_MAX + 100);
    sph_slice text, lines;
    (void)state;
    assert_int_equal(sph_buf_add_text(&note, BODY "\n", NULL).code, SPH_OK);
    for (unsigned i = 0; i < SPH_NOTE_SIGNATURES_MAX; i++)
        assert_int_equal(sph_buf_add_text(&note, "— unknown AAAAAAAA\n", NULL).code, SPH_OK);
    assert_int_equal(sph_note_split(sph_buf_peek(&note), &text, &lines, NULL).code, SPH_OK);
    assert_int_equal(sph_buf_add_text(&note, "— unknown AAAAAAAA\n", NULL).code, SPH_OK);
    assert_int_equal(sph_note_split(sph_buf_peek(&note), &text, &lines, NULL).code, SPH_ELIMIT);
    while (note.len <= SPH_NOTE_MAX)
        assert_int_equal(sph_buf_add_byte(&note, 'x', NULL).code, SPH_OK);
    assert_int_equal(sph_note_split(sph_buf_peek(&note), &text, &lines, NULL).code, SPH_ELIMIT);
}

static void cosignature_verifies_only_over_its_body_and_key(void **state)
{
    const sph_vkey witness = vkey_of(WITNESS_VKEY), log = vkey_of(LOG_VKEY);
    sph_vkey other = witness;
    int64_t seconds = 0;
    (void)state;
    assert_int_equal(
        sph_cosignature_verify(SPH_LIT(WITNESS_LINE), &witness, SPH_LIT(BODY), &seconds, NULL).code,
        SPH_OK);
    assert_true(seconds == 1790000000);
    const sph_slice line = SPH_LIT(WITNESS_LINE);
    assert_int_equal(sph_cosignature_verify(sph_slice_sub(line, 0, line.len - 1), &witness,
                                            SPH_LIT(BODY), &seconds, NULL)
                         .code,
                     SPH_OK);
    assert_int_equal(sph_cosignature_verify(line, &witness, SPH_LIT("x" BODY), &seconds, NULL).code,
                     SPH_EPROOF);
    assert_int_equal(sph_cosignature_verify(line, &log, SPH_LIT(BODY), &seconds, NULL).code,
                     SPH_EARG);
    assert_int_equal(
        sph_cosignature_verify(SPH_LIT(LOG_LINE), &witness, SPH_LIT(BODY), &seconds, NULL).code,
        SPH_EPROOF);
    other.key[5] ^= 1;
    assert_int_equal(sph_cosignature_verify(line, &other, SPH_LIT(BODY), &seconds, NULL).code,
                     SPH_EPROOF);
    assert_int_equal(
        sph_cosignature_verify(SPH_LIT("\n"), &witness, SPH_LIT(BODY), &seconds, NULL).code,
        SPH_EPARSE);
}

static void tlog_proof_known_answer_is_written_read_and_holds(void **state)
{
    SPH_AUTO(sph_buf) text = sph_buf_init(4096);
    sph_tlog_proof proof;
    sph_slice slices[64];
    sph_checkpoint head;
    const sph_vkey log = vkey_of(LOG_VKEY);
    (void)state;
    assert_int_equal(sph_tlog_proof_parse(SPH_LIT(PROOF_HEAD "\n" NOTE), &proof, NULL).code,
                     SPH_OK);
    assert_int_equal(proof.index, 5);
    assert_int_equal(proof.count, 3);
    assert_int_equal(sph_checkpoint_verify(proof.checkpoint, &log, &head, NULL).code, SPH_OK);
    for (size_t i = 0; i < proof.count; i++)
        slices[i] = sph_slice_hash(&proof.hashes[i]);
    const sph_hash leaf = test_leaf_hash(5);
    assert_int_equal(sph_proof_check_inclusion(5, head.size, sph_slice_hash(&leaf), slices,
                                               proof.count, sph_slice_hash(&head.root), NULL)
                         .code,
                     SPH_OK);
    assert_int_equal(sph_tlog_proof_write(5, proof.hashes, 3, SPH_LIT(NOTE), &text, NULL).code,
                     SPH_OK);
    assert_int_equal(text.len, 497);
    assert_hash(sph_sha256_of(sph_buf_peek(&text)),
                "cc53a0c598de7977fb3814f66712f35536964c334e7e2aacf223d5b9b79ebe95");
    assert_int_equal(
        sph_tlog_proof_parse(SPH_LIT("c2sp.org/tlog-proof@v1\nextra AAAA\nindex 0\n\n" NOTE),
                             &proof, NULL)
            .code,
        SPH_OK);
    assert_int_equal(proof.count, 0);
}

static void tlog_proof_of_bad_form_is_refused(void **state)
{
    static const char *const texts[] = {
        "",
        "c2sp.org/tlog-proof@v2\nindex 5\n\n" NOTE,
        "c2sp.org/tlog-proof@v1\n\n" NOTE,
        "c2sp.org/tlog-proof@v1\nindex 05\n\n" NOTE,
        "c2sp.org/tlog-proof@v1\nindex -5\n\n" NOTE,
        "c2sp.org/tlog-proof@v1\nindex 5\nextra AAAA\n\n" NOTE,
        "c2sp.org/tlog-proof@v1\nextra AAA\nindex 5\n\n" NOTE,
        "c2sp.org/tlog-proof@v1\nextra AAAA\nextra AAAA\nindex 5\n\n" NOTE,
        "c2sp.org/tlog-proof@v1\nindex 5\nAAAA\n\n" NOTE,
        "c2sp.org/tlog-proof@v1\nindex 5\n" ROOT NOTE,
        "c2sp.org/tlog-proof@v1\nindex 5\n\n",
        "c2sp.org/tlog-proof@v1\nindex 5\n\n\n" NOTE,
        "c2sp.org/tlog-proof@v1\r\nindex 5\n\n" NOTE,
    };
    SPH_AUTO(sph_buf) many = sph_buf_init(1 << 16);
    sph_tlog_proof proof;
    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        const sph_rc rc = sph_tlog_proof_parse(sph_slice_str(texts[i]), &proof, NULL);
        if (rc.code != SPH_EPARSE)
            print_error("proof %zu\n", i);
        assert_int_equal(rc.code, SPH_EPARSE);
    }
    assert_int_equal(sph_buf_add_text(&many, "c2sp.org/tlog-proof@v1\nindex 5\n", NULL).code,
                     SPH_OK);
    for (int i = 0; i < 65; i++)
        assert_int_equal(sph_buf_add_text(&many, ROOT, NULL).code, SPH_OK);
    assert_int_equal(sph_buf_add_text(&many, "\n" NOTE, NULL).code, SPH_OK);
    assert_int_equal(sph_tlog_proof_parse(sph_buf_peek(&many), &proof, NULL).code, SPH_ELIMIT);
    assert_int_equal(sph_tlog_proof_write(5, proof.hashes, 65, SPH_LIT(NOTE), &many, NULL).code,
                     SPH_EARG);
    assert_int_equal(sph_tlog_proof_write(5, proof.hashes, 1, SPH_LIT("x"), &many, NULL).code,
                     SPH_EARG);
}

int test_note(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(vkey_known_answers_are_made_and_read),
        cmocka_unit_test(vkey_of_bad_form_is_refused),
        cmocka_unit_test(note_of_another_implementation_verifies),
        cmocka_unit_test(checkpoint_and_cosignature_are_signed_as_known),
        cmocka_unit_test(checkpoint_verifies_only_with_its_key_and_origin),
        cmocka_unit_test(checkpoint_of_another_origin_is_refused),
        cmocka_unit_test(checkpoint_of_bad_form_is_refused),
        cmocka_unit_test(note_of_bad_form_is_refused),
        cmocka_unit_test(note_of_too_many_lines_or_octets_is_refused),
        cmocka_unit_test(cosignature_verifies_only_over_its_body_and_key),
        cmocka_unit_test(tlog_proof_known_answer_is_written_read_and_holds),
        cmocka_unit_test(tlog_proof_of_bad_form_is_refused),
    };
    return cmocka_run_group_tests_name("note", tests, NULL, NULL);
}
