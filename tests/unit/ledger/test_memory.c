/* Leaf, note and proof when memory runs out at each allocation in turn. */
#include "ledger/leaf.h"
#include "ledger/note.h"
#include "ledger/proof.h"
#include "support/fail_alloc.h"
#include "support/test_assert.h"
#include "vectors.h"

int test_memory(void);

#define ORIGIN "node.example.la/ledger/1"
/* The known answer of ledger.md 5. */
#define NOTE                                                                                       \
    ORIGIN "\n7\n3bib5AOAnjJXUNPSY814kpwpQreUKjS3fhIslZSnTIw=\n\n"                                 \
           "— " ORIGIN                                                                             \
           " 46bkDRMu8tGbGokv1KxJcdnu2PVgyA972PD5SkRUxv9ZT3Sv7j6dJw2WjTd9xHqW87EmyOEKijzWsefFBthi" \
           "JbuT8QA=\n"

static sph_rc leaf_once(void *ctx, sph_err *err)
{
    sph_leaf leaf, back;
    SPH_AUTO(sph_buf) bytes = sph_buf_init(65536);
    (void)ctx;
    sph_leaf_init(&leaf, SPH_EVENT_PAD, "la.office.example");
    leaf.unix_ms = 1795000000000;
    SPH_TRY(sph_leaf_ext_u64(&leaf, SPH_EXT_PEER_INDEX, 7, err), err, "extension");
    SPH_TRY(sph_leaf_encode(&leaf, &bytes, err), err, "encode");
    return sph_leaf_decode(sph_buf_peek(&bytes), &back, err);
}

static void memory_leaf_says_when_it_runs_out(void **state)
{
    (void)state;
    assert_in_range(test_alloc_each_failure(leaf_once, NULL), 1, 1000);
}

static sph_rc note_once(void *ctx, sph_err *err)
{
    const sph_key *key = ctx;
    sph_vkey vkey;
    sph_checkpoint back;
    sph_checkpoint head = {.size = 7};
    SPH_AUTO(sph_buf) note = sph_buf_init(65536);
    SPH_AUTO(sph_buf) text = sph_buf_init(1024);
    SPH_TRY(sph_str_copy(head.origin, sizeof(head.origin), SPH_LIT(ORIGIN), err), err, "origin");
    SPH_TRY(sph_vkey_make(ORIGIN, SPH_VKEY_LOG, sph_key_peek_public(key), &vkey, err), err, "vkey");
    SPH_TRY(sph_vkey_text(&vkey, &text, err), err, "vkey");
    SPH_TRY(sph_vkey_parse(sph_buf_peek(&text), &vkey, err), err, "vkey");
    SPH_TRY(sph_checkpoint_sign(&head, key, &note, err), err, "sign");
    return sph_checkpoint_verify(sph_buf_peek(&note), &vkey, &back, err);
}

static void memory_note_says_when_it_runs_out(void **state)
{
    (void)state;
    SPH_AUTO_PTR(sph_key) *key = key_of_seed(0);
    assert_in_range(test_alloc_each_failure(note_once, key), 1, 1000);
}

static sph_rc proof_once(void *ctx, sph_err *err)
{
    const sph_hash *hashes = ctx;
    sph_tlog_proof back;
    SPH_AUTO(sph_buf) text = sph_buf_init(65536);
    SPH_TRY(sph_tlog_proof_write(5, hashes, 3, SPH_LIT(NOTE), &text, err), err, "write");
    return sph_tlog_proof_parse(sph_buf_peek(&text), &back, err);
}

static void memory_proof_says_when_it_runs_out(void **state)
{
    (void)state;
    sph_hash hashes[3] = {{{1}}, {{2}}, {{3}}};
    assert_in_range(test_alloc_each_failure(proof_once, hashes), 1, 1000);
}

int test_memory(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(memory_leaf_says_when_it_runs_out),
        cmocka_unit_test(memory_note_says_when_it_runs_out),
        cmocka_unit_test(memory_proof_says_when_it_runs_out),
    };
    return cmocka_run_group_tests_name("memory", tests, NULL, NULL);
}
