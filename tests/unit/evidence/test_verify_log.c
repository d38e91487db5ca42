/* Checkpoints and proofs: the known answers of ledger.md 5, and every way they can be wrong. */
#include "base/codec.h"
#include "kit.h"

int test_verify_log(void);

#define LOG_VKEY "node.example.la/ledger/1+e3a6e40d+AQOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4\n"
#define WITNESS_VKEY                                                                               \
    "node.example.th/witness/1+d8423f66+BCmsuuFBvMrwsi4alNNNC8c2HlJtC/4SyJeUvJMilm3X\n"
#define BODY "node.example.la/ledger/1\n7\n3bib5AOAnjJXUNPSY814kpwpQreUKjS3fhIslZSnTIw=\n"
#define LOG_LINE                                                                                   \
    "\xe2\x80\x94 node.example.la/ledger/1 "                                                       \
    "46bkDRMu8tGbGokv1KxJcdnu2PVgyA972PD5SkRUxv9ZT3Sv7j6dJw2WjTd9xHqW87EmyOEKijzWsefFBthiJbuT8QA=" \
    "\n"
#define WITNESS_LINE                                                                               \
    "\xe2\x80\x94 node.example.th/witness/1 "                                                      \
    "2EI/ZgAAAABqsTuA5GIwwWlBnaIhmsN6o6DK+58AS0OPwDpbqtDE2gSWjMM6/"                                \
    "xDI4WBf/GNIJBN3wTJ7h1vroIhJAoWL7vjtrzhbDg==\n"
#define NOTE BODY "\n" LOG_LINE WITNESS_LINE
#define PROOF                                                                                      \
    "c2sp.org/tlog-proof@v1\nindex 5\n"                                                            \
    "vBoGQ7EuTS18d5GPROD095qDi2z57FtcKD4fTYhZnms=\n"                                               \
    "sIaT7C5yFZcTBkHoIR5+7cy0wmQTlj7ubB4u0W/7Gl8=\n"                                               \
    "037kGJdt2VdTwcc4Yrk5j6Kiz5tP8P3+izDNlSCWFLc=\n\n" NOTE
#define LEAF "\x40\x41\x42\x43" /* leaf 5 of the test tree */

static void verify_checkpoint_of_the_vectors_holds(void **state)
{
    const struct kit *kit = *state;
    const kit_ask ask = {.file = SPH_LIT(NOTE), .trust = {SPH_LIT(LOG_VKEY WITNESS_VKEY)}};
    SPH_AUTO_PTR(sph_verdict) *verdict = kit_verify(kit, &ask);
    kit_expect(kit, &ask, SPH_VERDICT_HOLDS, "evidence.head.signed", "evidence.head.cosigned",
               "evidence.basis.log-key", "evidence.limit.head-cosigned",
               "evidence.limit.checkpoint", END);
    assert_int_equal(sph_verdict_kind(verdict), SPH_EVIDENCE_CHECKPOINT);
    assert_false(sph_verdict_has(verdict, "evidence.head.not-cosigned"));
    for (size_t i = 0; i < sph_verdict_count(verdict); i++)
        if (strcmp(sph_verdict_at(verdict, i)->key, "evidence.head.cosigned") == 0)
            assert_int_equal(sph_verdict_at(verdict, i)->time_ms, INT64_C(1790000000000));
}

static void verify_checkpoint_takes_witness_from_another_file(void **state)
{
    const struct kit *kit = *state;
    const kit_ask ask = {.file = SPH_LIT(NOTE),
                         .trust = {SPH_LIT(WITNESS_VKEY), SPH_LIT(LOG_VKEY)}};
    kit_expect(kit, &ask, SPH_VERDICT_HOLDS, "evidence.head.cosigned", END);
}

static void verify_checkpoint_says_that_no_known_witness_signed(void **state)
{
    const struct kit *kit = *state;
    const kit_ask ask = {.file = SPH_LIT(NOTE), .trust = {SPH_LIT(LOG_VKEY)}};
    kit_expect(kit, &ask, SPH_VERDICT_HOLDS, "evidence.head.not-cosigned", "evidence.limit.head",
               END);
}

static void verify_checkpoint_without_key_cannot_be_judged(void **state)
{
    const struct kit *kit = *state;
    const kit_ask none = {.file = SPH_LIT(NOTE)};
    const kit_ask witness = {.file = SPH_LIT(NOTE), .trust = {SPH_LIT(WITNESS_VKEY)}};
    const kit_ask root = {.file = SPH_LIT(NOTE), .trust = {sph_buf_peek(&kit->thai.pem)}};
    kit_expect(kit, &none, SPH_VERDICT_UNUSABLE, "evidence.head.no-key", END);
    kit_expect(kit, &witness, SPH_VERDICT_UNUSABLE, "evidence.head.no-key", END);
    kit_expect(kit, &root, SPH_VERDICT_UNUSABLE, "evidence.head.no-key", END);
}

static void verify_checkpoint_with_another_log_fails(void **state)
{
    const struct kit *kit = *state;
    SPH_AUTO(sph_buf) same_name = sph_buf_init(256);
    sph_vkey vkey;
    const kit_ask card = {.file = SPH_LIT(NOTE), .trust = {sph_buf_peek(&kit->thai.card)}};
    assert_ok(sph_vkey_make("node.example.la/ledger/1", SPH_VKEY_LOG,
                            sph_key_peek_public(kit->thai.log_key), &vkey, NULL),
              NULL);
    kit_vkey(&vkey, &same_name);
    const kit_ask key = {.file = SPH_LIT(NOTE), .trust = {sph_buf_peek(&same_name)}};
    kit_expect(kit, &card, SPH_VERDICT_FAILS, "evidence.head.other-log", END);
    kit_expect(kit, &key, SPH_VERDICT_FAILS, "evidence.head.broken", END);
}

static void verify_checkpoint_each_changed_octet_is_refused(void **state)
{
    const struct kit *kit = *state;
    static const char both[] = NOTE;
    const kit_ask ask = {.file = sph_slice_str(both), .trust = {SPH_LIT(LOG_VKEY WITNESS_VKEY)}};
    /* A changed name or key id makes a line an unknown one, which is passed over: then the witness
     * is no longer seen, but the head holds. Those octets are tried by the next test. */
    const size_t at = sph_slice_find(ask.file, SPH_LIT("\xe2\x80\x94 node.example.th"), 0);
    const sph_slice name = sph_slice_sub(ask.file, at + 4, 33);
    assert_int_equal(kit_each_octet(kit, &ask, &name, 1), ask.file.len - 33);
}

static void verify_checkpoint_with_unknown_line_loses_only_the_witness(void **state)
{
    const struct kit *kit = *state;
    SPH_AUTO(sph_buf) note = sph_buf_init(1024);
    const size_t at = sph_slice_find(SPH_LIT(NOTE), SPH_LIT("example.th/witness"), 0);
    assert_ok(sph_buf_add(&note, SPH_LIT(NOTE), NULL), NULL);
    note.at[at] = 'E';
    const kit_ask ask = {.file = sph_buf_peek(&note), .trust = {SPH_LIT(LOG_VKEY WITNESS_VKEY)}};
    kit_expect(kit, &ask, SPH_VERDICT_HOLDS, "evidence.head.not-cosigned", END);
}

static void verify_proof_of_the_vectors_holds(void **state)
{
    const struct kit *kit = *state;
    const kit_ask ask = {
        .file = SPH_LIT(PROOF), .leaf = SPH_LIT(LEAF), .trust = {SPH_LIT(LOG_VKEY WITNESS_VKEY)}};
    assert_int_equal(ask.file.len, 497);
    kit_expect(kit, &ask, SPH_VERDICT_HOLDS, "evidence.proof.in", "evidence.head.cosigned",
               "evidence.leaf.foreign", "evidence.limit.proof", END);
}

static void verify_proof_needs_leaf_and_key(void **state)
{
    const struct kit *kit = *state;
    const kit_ask no_leaf = {.file = SPH_LIT(PROOF), .trust = {SPH_LIT(LOG_VKEY)}};
    const kit_ask no_key = {.file = SPH_LIT(PROOF), .leaf = SPH_LIT(LEAF)};
    kit_expect(kit, &no_leaf, SPH_VERDICT_UNUSABLE, "evidence.proof.no-leaf", END);
    kit_expect(kit, &no_key, SPH_VERDICT_UNUSABLE, "evidence.head.no-key", END);
}

static void verify_proof_of_another_leaf_fails(void **state)
{
    const struct kit *kit = *state;
    const kit_ask other = {
        .file = SPH_LIT(PROOF), .leaf = SPH_LIT("\x40\x41\x42\x44"), .trust = {SPH_LIT(LOG_VKEY)}};
    const kit_ask key = {
        .file = SPH_LIT(PROOF), .leaf = SPH_LIT(LEAF), .trust = {sph_buf_peek(&kit->thai.card)}};
    kit_expect(kit, &other, SPH_VERDICT_FAILS, "evidence.proof.not-in", END);
    kit_expect(kit, &key, SPH_VERDICT_FAILS, "evidence.head.other-log", END);
}

static void verify_proof_each_changed_octet_is_refused(void **state)
{
    const struct kit *kit = *state;
    static const char text[] = PROOF;
    const kit_ask ask = {.file = sph_slice_str(text),
                         .leaf = SPH_LIT(LEAF),
                         .trust = {SPH_LIT(LOG_VKEY WITNESS_VKEY)}};
    const size_t at = sph_slice_find(ask.file, SPH_LIT("\xe2\x80\x94 node.example.th"), 0);
    const sph_slice name = sph_slice_sub(ask.file, at + 4, 33);
    assert_int_equal(kit_each_octet(kit, &ask, &name, 1), 497 - 33);
}

/* ---- entries of our own form ---- */

/* The answer saphan.proof/1 about `leaf`, the second of three in the ledger of `party`. */
static void make_answer(const kit_party *party, sph_slice leaf, uint64_t said, sph_buf *out)
{
    SPH_AUTO(sph_buf) note = sph_buf_init(4096);
    SPH_AUTO(sph_buf) proof = sph_buf_init(8192);
    SPH_AUTO(sph_buf) encoded = sph_buf_init(131072);
    SPH_AUTO_PTR(sph_json) *json = sph_json_object();
    const sph_hash first = sph_tree_leaf_hash(SPH_LIT("first"));
    const sph_hash third = sph_tree_leaf_hash(SPH_LIT("third"));
    const sph_hash ours = sph_tree_leaf_hash(leaf);
    const sph_hash pair = sph_tree_node_hash(&first, &ours);
    const sph_hash path[] = {first, third};
    sph_checkpoint head = {.size = 3, .root = sph_tree_node_hash(&pair, &third)};
    assert_ok(sph_str_copy(head.origin, sizeof(head.origin), sph_slice_str(party->log.name), NULL),
              NULL);
    assert_ok(sph_checkpoint_sign(&head, party->log_key, &note, NULL), NULL);
    assert_ok(sph_tlog_proof_write(1, path, 2, sph_buf_peek(&note), &proof, NULL), NULL);
    assert_ok(sph_base64_encode(leaf, &encoded, NULL), NULL);
    assert_ok(sph_json_set(json, "schema", sph_json_text("saphan.proof/1"), NULL), NULL);
    assert_ok(sph_json_set(json, "index", sph_json_int((int64_t)said), NULL), NULL);
    assert_ok(sph_json_set(json, "leaf", sph_json_text(sph_buf_text(&encoded)), NULL), NULL);
    assert_ok(sph_json_set(json, "proof", sph_json_text(sph_buf_text(&proof)), NULL), NULL);
    assert_ok(sph_json_print(json, false, out, NULL), NULL);
}

static void make_leaf(const char *actor, uint64_t index, sph_buf *out)
{
    sph_leaf leaf;
    sph_leaf_init(&leaf, SPH_EVENT_RECEIVED, actor);
    leaf.index = index;
    leaf.unix_ms = (uint64_t)KIT_NOW;
    leaf.envelope.at[0] = 1;
    assert_ok(sph_str_copy(leaf.peer, sizeof(leaf.peer), SPH_LIT("la.legal.example"), NULL), NULL);
    assert_ok(
        sph_str_copy(leaf.message_id, sizeof(leaf.message_id), SPH_LIT("m-1@node.example"), NULL),
        NULL);
    assert_ok(sph_leaf_encode(&leaf, out, NULL), NULL);
}

struct entry {
    const char *actor;
    uint64_t index, said;
    int flip; /* octet of the leaf to change, -1 none */
    enum sph_verdict_result result;
    const char *key;
};

static void check_entry(const struct kit *kit, const struct entry *entry)
{
    SPH_AUTO(sph_buf) leaf = sph_buf_init(1024);
    SPH_AUTO(sph_buf) answer = sph_buf_init(16384);
    make_leaf(entry->actor, entry->index, &leaf);
    if (entry->flip >= 0)
        leaf.at[entry->flip] ^= 0x40;
    make_answer(&kit->thai, sph_buf_peek(&leaf), entry->said, &answer);
    const kit_ask ask = {.file = sph_buf_peek(&answer), .trust = {sph_buf_peek(&kit->thai.card)}};
    kit_expect(kit, &ask, entry->result, entry->key, END);
}

static void verify_proof_judges_the_entry_too(void **state)
{
    static const struct entry entries[] = {
        {"th.ngo.example", 1, 1, -1, SPH_VERDICT_HOLDS, "evidence.proof.in"},
        {"th.ngo.example", 1, 1, -1, SPH_VERDICT_HOLDS, "evidence.basis.log-card"},
        {"th.ngo.example", 1, 1, -1, SPH_VERDICT_HOLDS, "evidence.fact.event"},
        {"th.ngo.example", 1, 1, 6, SPH_VERDICT_HOLDS, "evidence.leaf.event-unknown"},
        {"th.ngo.example", 1, 1, 5, SPH_VERDICT_FAILS, "evidence.leaf.form"},
        {"th.ngo.example", 2, 1, -1, SPH_VERDICT_FAILS, "evidence.leaf.index"},
        {"la.legal.example", 1, 1, -1, SPH_VERDICT_FAILS, "evidence.leaf.actor"},
        {"th.ngo.example", 1, 0, -1, SPH_VERDICT_FAILS, "evidence.proof.index"},
        {"th.ngo.example", 1, 1, 0, SPH_VERDICT_HOLDS, "evidence.leaf.foreign"},
    };
    for (size_t i = 0; i < sizeof(entries) / sizeof(entries[0]); i++)
        check_entry(*state, &entries[i]);
}

static void verify_proof_with_a_leaf_by_hand_judges_that_one(void **state)
{
    const struct kit *kit = *state;
    SPH_AUTO(sph_buf) leaf = sph_buf_init(1024);
    SPH_AUTO(sph_buf) answer = sph_buf_init(16384);
    make_leaf("th.ngo.example", 1, &leaf);
    make_answer(&kit->thai, sph_buf_peek(&leaf), 1, &answer);
    kit_ask ask = {.file = sph_buf_peek(&answer),
                   .leaf = sph_buf_peek(&leaf),
                   .trust = {sph_buf_peek(&kit->thai.card)}};
    kit_expect(kit, &ask, SPH_VERDICT_HOLDS, "evidence.proof.in", END);
    ask.leaf = SPH_LIT("another");
    kit_expect(kit, &ask, SPH_VERDICT_FAILS, "evidence.proof.not-in", END);
}

static void verify_answer_that_is_not_whole_is_unusable(void **state)
{
    static const char *const answers[] = {
        "{}",
        "{\"schema\":\"saphan.proof/1\"}",
        "{\"schema\":\"saphan.proof/1\",\"leaf\":\"AA==\"}",
        "{\"schema\":\"saphan.proof/1\",\"leaf\":\"AA==\",\"proof\":\"\"}",
        "{\"schema\":\"saphan.proof/1\",\"leaf\":\"A\",\"proof\":\"c2sp.org/tlog-proof@v1\\n\"}",
        "{\"schema\":\"saphan.proof/1\",\"leaf\":7,\"proof\":8}",
        "{\"schema\":\"saphan.proof/1\",\"schema\":\"saphan.proof/1\"}",
    };
    const struct kit *kit = *state;
    for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
        const kit_ask ask = {.file = sph_slice_str(answers[i]), .trust = {SPH_LIT(LOG_VKEY)}};
        kit_expect(kit, &ask, SPH_VERDICT_UNUSABLE, "evidence.proof.form", END);
    }
}

int test_verify_log(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(verify_checkpoint_of_the_vectors_holds),
        cmocka_unit_test(verify_checkpoint_takes_witness_from_another_file),
        cmocka_unit_test(verify_checkpoint_says_that_no_known_witness_signed),
        cmocka_unit_test(verify_checkpoint_without_key_cannot_be_judged),
        cmocka_unit_test(verify_checkpoint_with_another_log_fails),
        cmocka_unit_test(verify_checkpoint_each_changed_octet_is_refused),
        cmocka_unit_test(verify_checkpoint_with_unknown_line_loses_only_the_witness),
        cmocka_unit_test(verify_proof_of_the_vectors_holds),
        cmocka_unit_test(verify_proof_needs_leaf_and_key),
        cmocka_unit_test(verify_proof_of_another_leaf_fails),
        cmocka_unit_test(verify_proof_each_changed_octet_is_refused),
        cmocka_unit_test(verify_proof_judges_the_entry_too),
        cmocka_unit_test(verify_proof_with_a_leaf_by_hand_judges_that_one),
        cmocka_unit_test(verify_answer_that_is_not_whole_is_unusable),
    };
    return cmocka_run_group_tests_name("verify_log", tests, kit_start, kit_stop);
}
