/* Keys that change while a message to a foreign product waits (as4.md 11): its bytes change only
 * when the certificate that it was encrypted for has run out or is none of the P-Mode's any more,
 * or when our own signing certificate has run out; what was signed stays octet for octet. */
#include "exchange/care.h"
#include "exchange/pull.h"
#include "foreign_kit.h"

int test_foreign_renew(void);

#define DAY_MS INT64_C(86400000)
#define HOURS_MS (7 * INT64_C(3600000)) /* as long as the longest rest between two tries */
#define SUITE SPH_SUITE_EDELIVERY_2_0_ED25519

/** A CA of the product, which issues further certificates for the key that b has. */
struct scene {
    struct pair *pair;
    sph_key *root_key;
    sph_cert *root;
};

static int scene_start(void **state)
{
    static const struct enrolment both = {"{\"encryptRef\":\"ski\"}", SUITE};
    struct scene *scene = sph_mem_new(1, sizeof(*scene));
    sph_err err = {0};
    assert_non_null(scene);
    scene->pair = foreign_pair(&both, &both);
    assert_ok(sph_key_generate(SPH_KEY_P256, &scene->root_key, &err), &err);
    assert_ok(sph_cert_issue_root(scene->root_key, scene->pair->b.party,
                                  test_env_get(scene->pair->a.world)->random,
                                  sph_node_now_ms(scene->pair->a.node), 3650, &scene->root, &err),
              &err);
    *state = scene;
    return 0;
}

static int scene_stop(void **state)
{
    struct scene *scene = *state;
    sph_key_free(&scene->root_key);
    sph_cert_free(&scene->root);
    pair_free(&scene->pair);
    sph_mem_free(scene);
    return 0;
}

/** The operator of a takes a further certificate of b to encrypt to: from `in_days` on. */
static void add_encrypt_cert(struct scene *scene, int64_t in_days, unsigned days)
{
    sph_err err = {0};
    struct sph_foreign_problem problem = {.key = NULL};
    const struct pair_side *a = &scene->pair->a;
    const sph_cert *known = sph_node_keys(scene->pair->b.node)->slot[sph_slot_encrypt(SUITE)].leaf;
    SPH_AUTO_PTR(sph_cert) *cert = NULL;
    struct sph_foreign_cert given;
    sph_buf pem;
    assert_ok(sph_cert_issue_leaf(scene->root_key, scene->root, a->other->party,
                                  sph_cert_peek_key(known), SPH_USE_ENCRYPT,
                                  test_env_get(a->world)->random,
                                  sph_node_now_ms(a->node) + in_days * DAY_MS, days, &cert, &err),
              &err);
    add_pem("encrypt", cert, &pem, &given);
    const struct sph_foreign_given all = {
        .party = a->other->party, .certs = &given, .cert_count = 1, .user = "operator"};
    assert_ok(sph_foreign_partner_add(a->node, &all, &problem, &err), &err);
    sph_buf_clear(&pem);
}

/** What waits. */
struct stored {
    sph_buf root, wire;
    char file[96];
    int64_t sent_index, attempts;
};

static void stored_clear(struct stored *stored)
{
    sph_buf_clear(&stored->root);
    sph_buf_clear(&stored->wire);
}

static struct stored stored_message(struct pair_side *side)
{
    struct stored stored = {.root = sph_buf_init(262144), .wire = sph_buf_init(4194304)};
    sph_db *reader = NULL;
    sph_stmt *stmt = NULL;
    bool row = false;
    sph_err err = {0};
    assert_ok(sph_db_pool_get(sph_node_readers(side->node), &reader, &err), &err);
    assert_ok(sph_stmt_get(
                  reader,
                  "SELECT root, wire, wire_file, sent_index, (SELECT count(*) FROM outbox_attempt a"
                  " WHERE a.outbox_id = o.id) FROM outbox o",
                  &stmt, &err),
              &err);
    assert_ok(sph_stmt_step(stmt, &row, &err), &err);
    assert_true(row);
    assert_ok(sph_buf_add(&stored.root, sph_col_blob(stmt, 0), &err), &err);
    assert_ok(sph_buf_add(&stored.wire, sph_col_blob(stmt, 1), &err), &err);
    assert_ok(sph_str_copy(stored.file, 96, sph_slice_str(sph_col_text(stmt, 2)), &err), &err);
    stored.sent_index = sph_col_int(stmt, 3);
    stored.attempts = sph_col_int(stmt, 4);
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

static bool is_same(const struct stored *a, const struct stored *b, const char *start,
                    const char *end)
{
    return sph_slice_equal(element(&a->root, start, end), element(&b->root, start, end));
}

/** What was signed is the same; what is encrypted, and its key, are others. */
static void assert_anew(const struct stored *before, const struct stored *after, bool is_signed)
{
    assert_true(is_same(before, after, "<eb:Messaging ", "</eb:Messaging>"));
    assert_true(is_same(before, after, "<env:Body ", "</env:Body>"));
    assert_true(is_same(before, after, "<ds:SignedInfo ", "</ds:SignedInfo>"));
    assert_int_equal(is_same(before, after, "<ds:Signature ", "</ds:Signature>"), !is_signed);
    assert_false(is_same(before, after, "<xenc:EncryptedKey ", "</xenc:EncryptedKey>"));
    assert_int_equal(after->attempts, 1);
    assert_true(after->sent_index > before->sent_index);
}

static void advance(struct scene *scene, int64_t ms)
{
    test_env_advance(scene->pair->a.world, ms);
    test_env_advance(scene->pair->b.world, ms);
}

/** One message that could not leave; what waits then. */
static struct stored cut_message(struct scene *scene, size_t len)
{
    struct pair_side *a = &scene->pair->a;
    SPH_AUTO(sph_buf) text = sph_buf_init(FOREIGN_TEXT_ROOM);
    for (size_t i = 0; i < len; i++)
        assert_ok(sph_buf_add_byte(&text, (uint8_t)(i * 2654435761u >> 13), NULL), NULL);
    struct sph_submit_attachment parts[2] = {
        part_of(a, sph_buf_peek(&text), "application/octet-stream", "first.bin"),
        part_of(a, SPH_LIT("a second part"), "text/plain", "ສອງ.txt")};
    struct sph_foreign_order order = {.parts = parts, .part_count = 2};
    assert_int_equal(submit(a, &order, NULL).code, SPH_OK);
    for (size_t i = 0; i < 2; i++)
        parts[i].files->close(&parts[i].file);
    a->is_cut = true;
    pair_deliver(a);
    a->is_cut = false;
    return stored_message(a);
}

/** The next try, which arrives. */
static struct stored arrives(struct scene *scene)
{
    advance(scene, HOURS_MS);
    assert_int_equal(pair_deliver(&scene->pair->a), 1);
    assert_acknowledged(&scene->pair->a);
    sph_foreign *message = read_newest(&scene->pair->b);
    assert_int_equal(message->part_count, 2);
    assert_document(&scene->pair->b, message, "p2", SPH_LIT("a second part"));
    sph_foreign_free(&message);
    pair_assert_ledger(&scene->pair->a);
    return stored_message(&scene->pair->a);
}

static void later_certificate_beside_it_changes_nothing(void **state)
{
    struct scene *scene = *state;
    struct stored before = cut_message(scene, 100);
    add_encrypt_cert(scene, 0, 60);
    struct stored after = arrives(scene);
    assert_true(sph_slice_equal(sph_buf_peek(&before.root), sph_buf_peek(&after.root)));
    assert_int_equal(after.attempts, 0);
    assert_int_equal(pair_leaves(&scene->pair->a, SPH_EVENT_SENT), 1);
    stored_clear(&before);
    stored_clear(&after);
}

static void removed_certificate_is_not_sent_to(void **state)
{
    struct scene *scene = *state;
    struct stored before = cut_message(scene, 100);
    advance(scene, 1000);
    add_encrypt_cert(scene, 0, 60);
    advance(scene, 1000);
    add_encrypt_cert(scene, 0, 60); /* two newer ones: the first is gone */
    struct stored after = arrives(scene);
    assert_anew(&before, &after, false);
    assert_int_equal(pair_leaves(&scene->pair->a, SPH_EVENT_SENT), 2);
    stored_clear(&before);
    stored_clear(&after);
}

static void large_message_is_made_anew_in_a_file_of_its_own(void **state)
{
    struct scene *scene = *state;
    const sph_files *files = test_env_get(scene->pair->a.world)->files;
    SPH_AUTO(sph_open_file) old = {files, NULL};
    struct stored before = cut_message(scene, 600000);
    advance(scene, 1000);
    add_encrypt_cert(scene, 0, 60);
    advance(scene, 1000);
    add_encrypt_cert(scene, 0, 60);
    assert_string_not_equal(before.file, "");
    scene->pair->a.is_cut = true;
    advance(scene, HOURS_MS);
    pair_deliver(&scene->pair->a);
    scene->pair->a.is_cut = false;
    struct stored between = stored_message(&scene->pair->a);
    assert_anew(&before, &between, false);
    assert_string_not_equal(between.file, "");
    assert_string_not_equal(between.file, before.file);
    assert_int_not_equal(files->open(files->ctx, before.file, SPH_OPEN_READ, &old.file, NULL).code,
                         SPH_OK);
    struct stored after = arrives(scene);
    assert_int_equal(after.attempts, 1); /* and not a third time */
    stored_clear(&before);
    stored_clear(&between);
    stored_clear(&after);
}

static void certificate_that_runs_out_is_not_sent_to(void **state)
{
    struct scene *scene = *state;
    advance(scene, 1000); /* newer than the first one */
    add_encrypt_cert(scene, 0, 2);
    advance(scene, 1000);
    struct stored before = cut_message(scene, 100);
    advance(scene, 3 * DAY_MS);
    struct stored after = arrives(scene); /* with the first one, which is good for longer */
    assert_anew(&before, &after, false);
    stored_clear(&before);
    stored_clear(&after);
}

static void message_waits_while_no_certificate_is_good(void **state)
{
    struct scene *scene = *state;
    struct pair_side *a = &scene->pair->a;
    add_encrypt_cert(scene, 0, 2);
    advance(scene, 1000);
    add_encrypt_cert(scene, 0, 2);
    advance(scene, 1000);
    struct stored before = cut_message(scene, 100);
    advance(scene, 3 * DAY_MS);
    const unsigned posts = a->posts;
    pair_deliver(a);
    assert_int_equal(a->posts, posts);
    assert_string_equal(pair_outbox(a).state, "wait-retry");
    assert_string_equal(pair_outbox(a).code, "not_found");
    add_encrypt_cert(scene, 0, 60);
    struct stored after = arrives(scene);
    assert_anew(&before, &after, false);
    stored_clear(&before);
    stored_clear(&after);
}

/** Both nodes renew, and each operator gives the new certificates to the other. */
static void renew_both(struct scene *scene)
{
    static const struct enrolment both = {"{\"encryptRef\":\"ski\"}", SUITE};
    struct sph_foreign_problem problem = {.key = NULL};
    unsigned changed = 0;
    sph_err err = {0};
    assert_ok(sph_care_round(scene->pair->a.node, &changed, &err), &err);
    assert_ok(sph_care_round(scene->pair->b.node, &changed, &err), &err);
    assert_true(changed > 0);
    assert_int_equal(enrol(&scene->pair->a, &both, &problem).code, SPH_OK);
    assert_int_equal(enrol(&scene->pair->b, &both, &problem).code, SPH_OK);
}

static void own_signature_that_runs_out_is_made_anew(void **state)
{
    struct scene *scene = *state;
    advance(scene, 88 * DAY_MS);
    struct stored before = cut_message(scene, 100);
    advance(scene, 3 * DAY_MS);
    renew_both(scene);
    struct stored after = arrives(scene);
    assert_anew(&before, &after, true);
    stored_clear(&before);
    stored_clear(&after);
}

/** The first attempt had arrived: its stored receipt fits the second one too. */
static void receipt_of_the_first_attempt_counts(void **state)
{
    struct scene *scene = *state;
    struct pair_side *a = &scene->pair->a;
    a->is_answer_lost = true;
    send_text(a, "it came the first time", NULL, NULL);
    a->is_answer_lost = false;
    advance(scene, 1000);
    add_encrypt_cert(scene, 0, 60);
    advance(scene, 1000);
    add_encrypt_cert(scene, 0, 60);
    advance(scene, HOURS_MS);
    assert_int_equal(pair_deliver(a), 1);
    assert_acknowledged(a);
    assert_int_equal(pair_leaves(a, SPH_EVENT_SENT), 2);
    assert_int_equal(pair_inbox(&scene->pair->b).rows, 1);
    assert_int_equal(pair_leaves(&scene->pair->b, SPH_EVENT_DUPLICATE), 1);
    pair_assert_ledger(a);
}

/** as4.md 12.3: what waits for a pull and has never left is made anew without a further SENT. */
static void message_on_a_channel_is_made_anew_before_it_is_handed_out(void **state)
{
    struct scene *scene = *state;
    struct pair_side *a = &scene->pair->a;
    static const struct enrolment out = {
        "{\"encryptRef\":\"ski\",\"channelOut\":\"urn:example:c\"}", SUITE};
    static const struct enrolment in = {"{\"encryptRef\":\"ski\",\"channelIn\":\"urn:example:c\"}",
                                        SUITE};
    struct sph_foreign_problem problem = {.key = NULL};
    enum sph_pull_came came = SPH_PULL_FAILED;
    sph_err err = {0};
    assert_int_equal(enrol(a, &out, &problem).code, SPH_OK);
    assert_int_equal(enrol(&scene->pair->b, &in, &problem).code, SPH_OK);
    struct stored before = cut_message(scene, 100);
    advance(scene, 1000);
    add_encrypt_cert(scene, 0, 60);
    advance(scene, 1000);
    add_encrypt_cert(scene, 0, 60);
    assert_ok(sph_pull_once(scene->pair->b.node, a->party, &came, &err), &err);
    assert_int_equal(came, SPH_PULL_MESSAGE);
    assert_acknowledged(a);
    struct stored after = stored_message(a);
    assert_false(is_same(&before, &after, "<xenc:EncryptedKey ", "</xenc:EncryptedKey>"));
    assert_int_equal(after.attempts, 0);
    assert_int_equal(pair_leaves(a, SPH_EVENT_SENT), 1);
    stored_clear(&before);
    stored_clear(&after);
}

#define SCENE_TEST(name) cmocka_unit_test_setup_teardown(name, scene_start, scene_stop)

int test_foreign_renew(void)
{
    const struct CMUnitTest tests[] = {
        SCENE_TEST(later_certificate_beside_it_changes_nothing),
        SCENE_TEST(removed_certificate_is_not_sent_to),
        SCENE_TEST(large_message_is_made_anew_in_a_file_of_its_own),
        SCENE_TEST(certificate_that_runs_out_is_not_sent_to),
        SCENE_TEST(message_waits_while_no_certificate_is_good),
        SCENE_TEST(own_signature_that_runs_out_is_made_anew),
        SCENE_TEST(receipt_of_the_first_attempt_counts),
        SCENE_TEST(message_on_a_channel_is_made_anew_before_it_is_handed_out),
    };
    sph_err err = {0};
    sph_xml_start();
    if (sph_crypto_start(&err).code != SPH_OK)
        return 1;
    return cmocka_run_group_tests_name("foreign_renew", tests, NULL, NULL);
}
