/* Checkpoints are remembered by their octets and their key, and by nothing less. */
#include "exchange/note_memo.h"

#include "support/pair.h"

int test_note_memo(void);

struct kit {
    sph_key *key;
    sph_vkey vkey;
    sph_buf note;
};

static void kit_make(struct kit *kit, const char *origin, uint64_t size)
{
    sph_err err = {0};
    sph_checkpoint head = {.size = size};
    *kit = (struct kit){.note = sph_buf_init(SPH_NOTE_MAX)};
    assert_ok(sph_key_generate(SPH_KEY_ED25519, &kit->key, &err), &err);
    assert_ok(sph_vkey_make(origin, SPH_VKEY_LOG, sph_key_peek_public(kit->key), &kit->vkey, &err),
              &err);
    assert_ok(sph_str_copy(head.origin, sizeof(head.origin), sph_slice_str(origin), &err), &err);
    assert_ok(sph_checkpoint_sign(&head, kit->key, &kit->note, &err), &err);
}

static void kit_free(struct kit *kit)
{
    sph_key_free(&kit->key);
    sph_buf_clear(&kit->note);
}

static void memo_gives_the_same_head_again(void **state)
{
    sph_err err = {0};
    struct kit kit;
    sph_note_memo *memo = NULL;
    sph_checkpoint first, second;
    (void)state;
    kit_make(&kit, "log.example/1", 7);
    assert_ok(sph_note_memo_new(&memo, &err), &err);
    assert_ok(sph_note_memo_verify(memo, sph_buf_peek(&kit.note), &kit.vkey, &first, &err), &err);
    assert_ok(sph_note_memo_verify(memo, sph_buf_peek(&kit.note), &kit.vkey, &second, &err), &err);
    assert_int_equal(first.size, 7);
    assert_int_equal(second.size, 7);
    assert_string_equal(second.origin, "log.example/1");
    sph_note_memo_free(&memo);
    kit_free(&kit);
}

/* The signature bytes count: a note that differs anywhere is verified, and fails. */
static void memo_changed_octet_is_verified_and_refused(void **state)
{
    sph_err err = {0};
    struct kit kit;
    sph_note_memo *memo = NULL;
    sph_checkpoint head;
    (void)state;
    kit_make(&kit, "log.example/1", 7);
    assert_ok(sph_note_memo_new(&memo, &err), &err);
    assert_ok(sph_note_memo_verify(memo, sph_buf_peek(&kit.note), &kit.vkey, &head, &err), &err);
    const size_t size_at = sph_slice_find(sph_buf_peek(&kit.note), SPH_LIT("\n7\n"), 0) + 1;
    for (size_t i = 0; i < 2; i++) {
        const size_t at = i == 0 ? size_at : kit.note.len - 20;
        const uint8_t was = kit.note.at[at];
        kit.note.at[at] = was == '8' ? '9' : '8';
        head.size = 99;
        assert_code(sph_note_memo_verify(memo, sph_buf_peek(&kit.note), &kit.vkey, &head, &err),
                    SPH_EPROOF, &err);
        assert_int_equal(head.size, 99);
        kit.note.at[at] = was;
    }
    sph_note_memo_free(&memo);
    kit_free(&kit);
}

/* What one log's key has signed is nothing under another's, even of the same name. */
static void memo_asks_for_the_key(void **state)
{
    sph_err err = {0};
    struct kit kit, other;
    sph_note_memo *memo = NULL;
    sph_checkpoint head;
    (void)state;
    kit_make(&kit, "log.example/1", 7);
    kit_make(&other, "log.example/1", 7);
    assert_ok(sph_note_memo_new(&memo, &err), &err);
    assert_ok(sph_note_memo_verify(memo, sph_buf_peek(&kit.note), &kit.vkey, &head, &err), &err);
    assert_code(sph_note_memo_verify(memo, sph_buf_peek(&kit.note), &other.vkey, &head, &err),
                SPH_EPROOF, &err);
    sph_note_memo_free(&memo);
    kit_free(&kit);
    kit_free(&other);
}

static void memo_of_many_stays_small_and_right(void **state)
{
    sph_err err = {0};
    struct kit kit[40];
    sph_note_memo *memo = NULL;
    (void)state;
    assert_ok(sph_note_memo_new(&memo, &err), &err);
    for (unsigned i = 0; i < 40; i++)
        kit_make(&kit[i], "log.example/1", i + 1);
    for (unsigned i = 0; i < 120; i++) {
        sph_checkpoint head;
        const struct kit *k = &kit[i % 40];
        assert_ok(sph_note_memo_verify(memo, sph_buf_peek(&k->note), &k->vkey, &head, &err), &err);
        assert_int_equal(head.size, i % 40 + 1);
    }
    for (unsigned i = 0; i < 40; i++)
        kit_free(&kit[i]);
    sph_note_memo_free(&memo);
}

int test_note_memo(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(memo_gives_the_same_head_again),
        cmocka_unit_test(memo_changed_octet_is_verified_and_refused),
        cmocka_unit_test(memo_asks_for_the_key),
        cmocka_unit_test(memo_of_many_stays_small_and_right),
    };
    return cmocka_run_group_tests_name("note memo", tests, NULL, NULL);
}
