/* Keys that change while a message waits (security.md A-12, as4.md 11): eight cases as a table.
 * Bytes change only when the partner's old key was revoked or has expired, or our own signing
 * certificate has; what was signed stays octet for octet. */
#include "exchange/care.h"
#include "support/pair.h"

int test_rebuild(void);

#define DAY_MS INT64_C(86400000)

/** A certificate lives 90 days and is renewed when 30 are left. */
struct rollover {
    const char *name;
    int64_t ask_day, wait_days;
    bool a_renews_before, b_renews_before, a_renews_after, b_renews_after, is_revoked;
    bool is_encrypted_anew, is_signed_anew;
};
static const struct rollover rollovers[] = {
    {"nothing changes", 70, 1, false, false, false, false, false, false, false},
    {"the partner renews", 70, 1, false, false, false, true, false, false, false},
    {"we renew", 70, 1, false, false, true, false, false, false, false},
    {"both renew", 70, 1, false, false, true, true, false, false, false},
    {"the partner's key is revoked", 70, 1, false, false, false, true, true, true, false},
    {"the partner's key expires", 87, 4, true, false, false, true, false, true, false},
    {"our signature expires", 87, 4, false, true, true, false, false, true, true},
    {"both expire", 87, 4, false, false, true, true, false, true, true},
};

/** The stored form of the question. */
struct stored {
    sph_buf root, wire;
    int64_t sent_index, attempts;
    char state[32], proof[32];
};

static void stored_clear(struct stored *stored)
{
    sph_buf_clear(&stored->root);
    sph_buf_clear(&stored->wire);
}

static struct stored stored_question(struct pair_side *side)
{
    struct stored stored = {.root = sph_buf_init(262144), .wire = sph_buf_init(4194304)};
    sph_db *reader = NULL;
    sph_stmt *stmt = NULL;
    bool row = false;
    sph_err err = {0};
    assert_ok(sph_db_pool_get(sph_node_readers(side->node), &reader, &err), &err);
    assert_ok(sph_stmt_get(
                  reader,
                  "SELECT root, wire, sent_index, (SELECT count(*) FROM outbox_attempt a"
                  " WHERE a.outbox_id = o.id), state, proof_state FROM outbox o WHERE packet_id IN"
                  " (SELECT packet_id FROM packet WHERE type='assistance-request')",
                  &stmt, &err),
              &err);
    assert_ok(sph_stmt_step(stmt, &row, &err), &err);
    assert_true(row);
    assert_ok(sph_buf_add(&stored.root, sph_col_blob(stmt, 0), &err), &err);
    assert_ok(sph_buf_add(&stored.wire, sph_col_blob(stmt, 1), &err), &err);
    stored.sent_index = sph_col_int(stmt, 2);
    stored.attempts = sph_col_int(stmt, 3);
    assert_ok(sph_str_copy(stored.state, 32, sph_slice_str(sph_col_text(stmt, 4)), &err), &err);
    assert_ok(sph_str_copy(stored.proof, 32, sph_slice_str(sph_col_text(stmt, 5)), &err), &err);
    sph_stmt_end(stmt);
    sph_db_pool_put(sph_node_readers(side->node), reader);
    return stored;
}

static sph_slice element(const sph_buf *root, const char *start, const char *end)
{
    const sph_slice all = sph_buf_peek(root);
    const size_t from = sph_slice_find(all, sph_slice_str(start), 0);
    const size_t to = sph_slice_find(all, sph_slice_str(end), from);
    assert_true(to != SIZE_MAX);
    return sph_slice_sub(all, from, to - from);
}

static bool is_same(const sph_buf *a, const sph_buf *b, const char *start, const char *end)
{
    return sph_slice_equal(element(a, start, end), element(b, start, end));
}

static void advance(struct pair *pair, int64_t days)
{
    test_env_advance(pair->a.world, days * DAY_MS);
    test_env_advance(pair->b.world, days * DAY_MS);
}

/** Renew, and give the new card from hand to hand: whoever slept for a month is not heard by wire.
 */
static void renew(struct pair_side *side)
{
    unsigned changed = 0;
    sph_err err = {0};
    assert_ok(sph_care_round(side->node, &changed, &err), &err);
    assert_true(changed > 1);
    pair_trust(side->other);
}

/** What the partner's card would say after a revocation: its CRL lists the certificate that the
 * question was encrypted for. */
static void revoke(struct pair *pair, sph_cert *old)
{
    sph_err err = {0};
    const sph_keyring *ring = sph_node_keys(pair->b.node);
    const sph_cert *const revoked[] = {old};
    SPH_AUTO_PTR(sph_partner) *partner =
        sph_partners_get(sph_node_partners(pair->a.node), pair->b.party);
    sph_buf_clear(&partner->card.crl);
    partner->card.crl = sph_buf_init(65536);
    assert_ok(sph_crl_issue(ring->root_key, ring->root, revoked, 1, 77,
                            sph_node_now_ms(pair->b.node), &partner->card.crl, &err),
              &err);
}

static sph_cert *encrypt_cert(struct pair *pair)
{
    SPH_AUTO_PTR(sph_partner) *partner =
        sph_partners_get(sph_node_partners(pair->a.node), pair->b.party);
    return sph_cert_ref(sph_partner_encrypt_cert(partner, SPH_SUITE_EDELIVERY_2_0_ED25519,
                                                 sph_node_now_ms(pair->a.node)));
}

static void change_keys(struct pair *pair, const struct rollover *rollover, sph_cert *old)
{
    if (rollover->b_renews_after)
        renew(&pair->b);
    if (rollover->a_renews_after)
        renew(&pair->a);
    if (rollover->is_revoked)
        revoke(pair, old);
    advance(pair, rollover->wait_days);
}

static void check_stored(const struct rollover *rollover, const struct stored *before,
                         const struct stored *after)
{
    const bool is_built_anew = rollover->is_encrypted_anew || rollover->is_signed_anew;
    print_message("%s\n", rollover->name);
    assert_true(is_same(&before->root, &after->root, "<eb:Messaging ", "</eb:Messaging>"));
    assert_true(is_same(&before->root, &after->root, "<env:Body ", "</env:Body>"));
    assert_true(is_same(&before->root, &after->root, "<ds:SignedInfo ", "</ds:SignedInfo>"));
    assert_int_equal(is_same(&before->root, &after->root, "<ds:Signature ", "</ds:Signature>"),
                     !rollover->is_signed_anew);
    assert_int_equal(
        is_same(&before->root, &after->root, "<xenc:EncryptedKey ", "</xenc:EncryptedKey>"),
        !is_built_anew);
    assert_int_equal(sph_slice_equal(sph_buf_peek(&before->root), sph_buf_peek(&after->root)),
                     !is_built_anew);
    assert_int_equal(after->attempts, is_built_anew);
}

/** As far as the last day before certificates are due, with fresh revocation lists. */
static void live_two_months(struct pair *pair)
{
    static const int64_t days[] = {20, 20, 19};
    for (size_t i = 0; i < sizeof(days) / sizeof(days[0]); i++) {
        unsigned changed = 0;
        sph_err err = {0};
        advance(pair, days[i]);
        assert_ok(sph_care_round(pair->a.node, &changed, &err), &err);
        assert_ok(sph_care_round(pair->b.node, &changed, &err), &err);
        pair_deliver(&pair->a);
        pair_deliver(&pair->b);
    }
}

static struct pair *asked(const struct rollover *rollover, sph_cert **old)
{
    struct pair *pair = pair_new();
    live_two_months(pair);
    advance(pair, 11); /* day 70 */
    if (rollover->a_renews_before)
        renew(&pair->a);
    if (rollover->b_renews_before)
        renew(&pair->b);
    advance(pair, rollover->ask_day - 70);
    *old = encrypt_cert(pair);
    pair_ask(&pair->a);
    return pair;
}

/** A further leaf SENT under the same SUBMITTED, and none for identical bytes. */
static void check_end(struct pair *pair, const struct rollover *rollover, int64_t sent_before,
                      int64_t leaves_before)
{
    const bool is_built_anew = rollover->is_encrypted_anew || rollover->is_signed_anew;
    const struct pair_count out = pair_outbox(&pair->a);
    struct stored stored = stored_question(&pair->a);
    assert_string_equal(out.code, "");
    assert_int_equal(pair_leaves(&pair->a, SPH_EVENT_SENT),
                     leaves_before + is_built_anew + rollover->a_renews_after);
    assert_true(is_built_anew ? stored.sent_index > sent_before : stored.sent_index == sent_before);
    assert_string_equal(stored.state, "acknowledged");
    assert_string_equal(stored.proof, "proved");
    stored_clear(&stored);
    pair_assert_ledger(&pair->a);
    pair_assert_ledger(&pair->b);
}

static void rebuild_follows_the_table_of_eight_cases(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(rollovers) / sizeof(rollovers[0]); i++) {
        const struct rollover *rollover = &rollovers[i];
        SPH_AUTO_PTR(sph_cert) *old = NULL;
        struct pair *pair = asked(rollover, &old);
        pair->a.is_cut = true;
        pair_deliver(&pair->a);
        struct stored before = stored_question(&pair->a);
        const int64_t leaves = pair_leaves(&pair->a, SPH_EVENT_SENT);
        change_keys(pair, rollover, old);
        pair_deliver(&pair->a); /* cut still: the bytes that would go stay in the row */
        struct stored after = stored_question(&pair->a);
        check_stored(rollover, &before, &after);
        pair->a.is_cut = false;
        test_env_advance(pair->a.world, 7 * 3600000);
        test_env_advance(pair->b.world, 7 * 3600000);
        pair_deliver(&pair->a);
        check_end(pair, rollover, before.sent_index, leaves);
        stored_clear(&before);
        stored_clear(&after);
        pair_free(&pair);
    }
}

/** The first attempt had arrived after all: its receipt fits, is proved, and is told as that of the
 * first SENT. */
static void rebuild_receipt_of_an_earlier_attempt_is_proved(void **state)
{
    (void)state;
    const struct rollover *rollover = &rollovers[4];
    SPH_AUTO_PTR(sph_cert) *old = NULL;
    struct pair *pair = asked(rollover, &old);
    pair->a.is_answer_lost = true;
    pair_deliver(&pair->a);
    const int64_t sent = pair_leaves(&pair->a, SPH_EVENT_SENT);
    const int64_t received = pair_leaves(&pair->b, SPH_EVENT_RECEIVED);
    struct stored before = stored_question(&pair->a);
    pair->a.is_answer_lost = false;
    change_keys(pair, rollover, old);
    pair_deliver(&pair->a);
    struct stored after = stored_question(&pair->a);
    assert_string_equal(after.state, "acknowledged");
    assert_string_equal(after.proof, "proved");
    assert_int_equal(pair_leaves(&pair->a, SPH_EVENT_SENT), sent + 1);
    assert_int_equal(pair_leaves(&pair->b, SPH_EVENT_RECEIVED), received);
    assert_int_equal(pair_leaves(&pair->b, SPH_EVENT_DUPLICATE), 1);
    assert_int_equal(after.sent_index, before.sent_index);
    assert_int_equal(after.attempts, 2);
    assert_true(sph_slice_equal(sph_buf_peek(&before.root), sph_buf_peek(&after.root)));
    stored_clear(&before);
    stored_clear(&after);
    pair_assert_ledger(&pair->a);
    pair_free(&pair);
}

/** security.md A-12: all keys of the partner revoked: the message waits, nothing goes out under a
 * revoked one. */
static void rebuild_waits_while_the_partner_has_no_usable_key(void **state)
{
    (void)state;
    SPH_AUTO_PTR(sph_cert) *old = NULL;
    struct pair *pair = asked(&rollovers[0], &old);
    pair->a.is_cut = true;
    pair_deliver(&pair->a);
    pair->a.is_cut = false;
    revoke(pair, old);
    advance(pair, 1);
    const unsigned posts = pair->a.posts;
    const int64_t sent = pair_leaves(&pair->a, SPH_EVENT_SENT);
    pair_deliver(&pair->a);
    assert_int_equal(pair->a.posts, posts);
    assert_string_equal(pair_outbox(&pair->a).state, "wait-retry");
    assert_string_equal(pair_outbox(&pair->a).code, "not_found");
    assert_int_equal(pair_leaves(&pair->a, SPH_EVENT_SENT), sent);
    pair_free(&pair);
}

/** The question with attachments: the stored references are sorted, the parts are not. */
static void ask_with_attachments(struct pair *pair)
{
    enum { COUNT = 6 };
    sph_err err = {0};
    sph_json *draft = NULL;
    struct sph_submitted *done = sph_mem_new(1, sizeof(*done));
    sph_findings *findings = sph_mem_new(1, sizeof(*findings));
    const sph_files *files = test_env_get(pair->a.world)->files;
    struct sph_submit_attachment attachments[COUNT];
    SPH_AUTO(sph_open_file) file = {files, NULL};
    assert_ok(sph_file_store(files, "note.txt", SPH_LIT("invented"), true, &err), &err);
    assert_ok(files->open(files->ctx, "note.txt", SPH_OPEN_READ, &file.file, &err), &err);
    for (size_t i = 0; i < COUNT; i++)
        attachments[i] = (struct sph_submit_attachment){.files = files,
                                                        .file = file.file,
                                                        .len = 8,
                                                        .media_type = "text/plain",
                                                        .title = "Invented text"};
    assert_ok(sph_json_parse(sph_slice_str(pair_question), 65536, &draft, &err), &err);
    const struct sph_submit what = {.draft = draft,
                                    .to = &pair->b.party,
                                    .to_count = 1,
                                    .attachments = attachments,
                                    .attachment_count = COUNT,
                                    .user = "operator"};
    assert_ok(sph_submit(pair->a.node, &what, done, findings, &err), &err);
    sph_json_free(&draft);
    sph_mem_free(done);
    sph_mem_free(findings);
}

static void rebuild_keeps_every_part_under_its_own_name(void **state)
{
    (void)state;
    SPH_AUTO_PTR(sph_cert) *old = NULL;
    struct pair *pair = pair_new();
    live_two_months(pair);
    advance(pair, 11);
    old = encrypt_cert(pair);
    ask_with_attachments(pair);
    pair->a.is_cut = true;
    pair_deliver(&pair->a);
    pair->a.is_cut = false;
    struct stored before = stored_question(&pair->a);
    change_keys(pair, &rollovers[4], old);
    pair_deliver(&pair->a);
    struct stored after = stored_question(&pair->a);
    assert_string_equal(after.state, "acknowledged");
    assert_int_equal(after.attempts, 1);
    assert_true(is_same(&before.root, &after.root, "<ds:SignedInfo ", "</ds:SignedInfo>"));
    assert_false(is_same(&before.root, &after.root, "<xenc:EncryptedKey ", "</xenc:EncryptedKey>"));
    stored_clear(&before);
    stored_clear(&after);
    pair_free(&pair);
}

int test_rebuild(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rebuild_follows_the_table_of_eight_cases),
        cmocka_unit_test(rebuild_receipt_of_an_earlier_attempt_is_proved),
        cmocka_unit_test(rebuild_waits_while_the_partner_has_no_usable_key),
        cmocka_unit_test(rebuild_keeps_every_part_under_its_own_name),
    };
    sph_err err = {0};
    sph_xml_start();
    if (sph_crypto_start(&err).code != SPH_OK)
        return 1;
    return cmocka_run_group_tests_name("rebuild", tests, NULL, NULL);
}
