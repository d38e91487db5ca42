/* What a partner that does not answer, a stop in the wrong moment, or an operator's hand can do to
 * a node. */
#include <pthread.h>
#include <time.h>

#include "exchange/care.h"
#include "exchange/sender.h"
#include "support/pair.h"

#define DAY_MS INT64_C(86400000)

/** A transport behind which one party never answers until it is let go. */
struct tar_pit {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    const char *silent;
    unsigned held, others;
    bool is_open;
};

static sph_rc pit_post(void *ctx, const sph_peer *peer, const sph_post *post, sph_answer *answer,
                       sph_err *err)
{
    struct tar_pit *pit = ctx;
    (void)post;
    (void)answer;
    pthread_mutex_lock(&pit->lock);
    if (strcmp(peer->party, pit->silent) == 0) {
        pit->held++;
        while (!pit->is_open)
            pthread_cond_wait(&pit->changed, &pit->lock);
    } else {
        pit->others++;
    }
    pthread_cond_broadcast(&pit->changed);
    pthread_mutex_unlock(&pit->lock);
    return sph_fail(err, SPH_EAGAIN, "no answer");
}

/** Waits at most ten seconds for a post to somebody else. */
static unsigned await_others(struct tar_pit *pit)
{
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += 10;
    pthread_mutex_lock(&pit->lock);
    while (pit->others == 0 && pthread_cond_timedwait(&pit->changed, &pit->lock, &until) == 0)
        continue;
    const unsigned others = pit->others;
    pthread_mutex_unlock(&pit->lock);
    return others;
}

static void let_go(struct tar_pit *pit)
{
    pthread_mutex_lock(&pit->lock);
    pit->is_open = true;
    pthread_cond_broadcast(&pit->changed);
    pthread_mutex_unlock(&pit->lock);
}

static void ping(struct pair_side *side, const char *party, unsigned count)
{
    char message_id[128];
    sph_err err = {0};
    for (unsigned i = 0; i < count; i++)
        assert_ok(sph_ping_queue(side->node, party, message_id, &err), &err);
}

static void sender_silent_partner_with_a_full_queue_holds_up_nobody_else(void **state)
{
    (void)state;
    struct pair *pair = pair_new();
    struct pair_side third = {
        .other = &pair->a, .party = "th.clinic.example", .kind = "ngo", .country = "TH"};
    struct tar_pit pit = {.silent = pair->b.party};
    sph_sender *sender = NULL;
    sph_err err = {0};
    pthread_mutex_init(&pit.lock, NULL);
    pthread_cond_init(&pit.changed, NULL);
    pair_make_side(&third, 3);
    pair->a.other = &third;
    pair_trust(&pair->a);
    pair->a.transport = (sph_transport){&pit, pit_post, pair_forget};
    ping(&pair->a, pair->b.party, 100);
    test_env_advance(pair->a.world, 1);
    ping(&pair->a, third.party, 1);
    assert_ok(sph_sender_start(pair->a.node, 4, &sender, &err), &err);
    assert_int_equal(await_others(&pit), 1);
    assert_true(pit.held <= 2);
    let_go(&pit);
    sph_sender_stop(&sender);
    pair->a.other = &pair->b;
    pair_free_side(&third);
    pthread_cond_destroy(&pit.changed);
    pthread_mutex_destroy(&pit.lock);
    pair_free(&pair);
}

static sph_rc cancelled_post(void *ctx, const sph_peer *peer, const sph_post *post,
                             sph_answer *answer, sph_err *err)
{
    (void)ctx;
    (void)peer;
    (void)post;
    (void)answer;
    return sph_fail(err, SPH_ECANCELLED, "the transport ends");
}

static void sender_cut_off_by_the_end_is_due_at_once_at_the_next_start(void **state)
{
    (void)state;
    struct pair *pair = pair_new();
    pair_ask(&pair->a);
    pair->a.transport.post = cancelled_post;
    assert_int_equal(pair_deliver(&pair->a), 1);
    pair->a.transport.post = pair_post;
    pair_restart(&pair->a);
    assert_int_equal(pair_deliver(&pair->a), 1);
    assert_string_equal(pair_outbox(&pair->a).state, "acknowledged");
    assert_int_equal(pair_leaves(&pair->a, SPH_EVENT_SENT), 1);
    pair_free(&pair);
}

static void partner_with_a_card_that_ran_out_is_paused_and_the_node_still_starts(void **state)
{
    (void)state;
    struct pair *pair = pair_new();
    sph_err err = {0};
    test_env_advance(pair->a.world, 200 * DAY_MS);
    assert_ok(
        sph_partner_set_state(pair->a.node, pair->b.party, SPH_PARTNER_PAUSED, "operator", &err),
        &err);
    pair_restart(&pair->a);
    SPH_AUTO_PTR(sph_partner) *partner =
        sph_partners_get(sph_node_partners(pair->a.node), pair->b.party);
    assert_non_null(partner);
    assert_int_equal(partner->state, SPH_PARTNER_PAUSED);
    pair_free(&pair);
}

static void partner_reload_takes_what_was_committed_last(void **state)
{
    (void)state;
    struct pair *pair = pair_new();
    unsigned changed = 0;
    sph_err err = {0};
    test_env_advance(pair->a.world, 20 * DAY_MS);
    test_env_advance(pair->b.world, 20 * DAY_MS);
    assert_ok(sph_care_round(pair->a.node, &changed, &err), &err);
    assert_true(changed > 0);
    SPH_AUTO_PTR(sph_partner) *before =
        sph_partners_get(sph_node_partners(pair->b.node), pair->a.party);
    pair_deliver(&pair->a);
    assert_ok(
        sph_partner_set_state(pair->b.node, pair->a.party, SPH_PARTNER_PAUSED, "operator", &err),
        &err);
    /* What an arrival that began before the pause would put back. */
    sph_partner *stale = before;
    __atomic_add_fetch(&stale->references, 1, __ATOMIC_RELAXED);
    assert_ok(sph_partners_put(sph_node_partners(pair->b.node), &stale, &err), &err);
    assert_ok(sph_node_reload_partner(pair->b.node, pair->a.party, &err), &err);
    SPH_AUTO_PTR(sph_partner) *after =
        sph_partners_get(sph_node_partners(pair->b.node), pair->a.party);
    assert_int_equal(after->state, SPH_PARTNER_PAUSED);
    assert_true(after->card.serial > before->card.serial);
    pair_free(&pair);
}

static void renewal_broken_off_before_the_card_is_finished_by_the_next_round(void **state)
{
    (void)state;
    struct pair *pair = pair_new();
    unsigned changed = 0;
    sph_err err = {0};
    sph_keyring ring = {0};
    const struct sph_env *env = test_env_get(pair->a.world);
    test_env_advance(pair->a.world, 20 * DAY_MS);
    test_env_advance(pair->b.world, 20 * DAY_MS);
    assert_ok(sph_keyring_load(env, &ring, &err), &err);
    assert_ok(sph_keyring_renew(env, &ring, pair->a.party, "", &changed, &err), &err);
    sph_keyring_clear(&ring);
    assert_true(changed > 0);
    pair_restart(&pair->a); /* the process ended with new certificates and the old card */
    assert_ok(sph_care_round(pair->a.node, &changed, &err), &err);
    assert_int_equal(changed, 0);
    assert_true(pair_leaves(&pair->a, SPH_EVENT_CERT_ADDED) > 0);
    const int64_t rows = pair_outbox(&pair->a).rows;
    assert_int_equal(rows, 1);
    pair_deliver(&pair->a);
    assert_string_equal(pair_outbox(&pair->a).state, "acknowledged");
    assert_ok(sph_care_round(pair->a.node, &changed, &err), &err);
    assert_int_equal(pair_outbox(&pair->a).rows, rows); /* once */
    pair_free(&pair);
}

static void keys_reloaded_a_hundred_times_still_renew(void **state)
{
    (void)state;
    struct pair *pair = pair_new();
    unsigned changed = 0;
    sph_err err = {0};
    for (int i = 0; i < 100; i++)
        assert_ok(sph_node_reload_keys(pair->a.node, &err), &err);
    test_env_advance(pair->a.world, 61 * DAY_MS);
    assert_ok(sph_care_round(pair->a.node, &changed, &err), &err);
    assert_true(changed > 0);
    pair_free(&pair);
}

static sph_rc count_name(void *arg, const char *name, sph_err *err)
{
    unsigned *count = arg;
    (void)name;
    (void)err;
    (*count)++;
    return sph_ok();
}

static unsigned files_in(struct pair_side *side, const char *folder)
{
    unsigned count = 0;
    sph_err err = {0};
    const sph_files *files = test_env_get(side->world)->files;
    assert_ok(files->list(files->ctx, folder, count_name, &count, &err), &err);
    return count;
}

static void put_file(struct pair_side *side, const char *path)
{
    sph_err err = {0};
    assert_ok(sph_file_store(test_env_get(side->world)->files, path, SPH_LIT("x"), false, &err),
              &err);
}

static void sweep_leaves_foreign_files_and_takes_its_own_orphans(void **state)
{
    (void)state;
    static const char orphan[] = "3b241101-e2bb-4255-8caf-4136c566a962";
    struct pair *pair = pair_new();
    sph_err err = {0};
    char path[96];
    const sph_files *files = test_env_get(pair->a.world)->files;
    put_file(&pair->a, "vault/README");
    assert_ok(files->make_dir(files->ctx, "vault/lost+found", &err), &err);
    assert_ok(files->make_dir(files->ctx, "outgoing/lost+found", &err), &err);
    put_file(&pair->a, "outgoing/note");
    put_file(&pair->a, "vault/.tmp-0123456789abcdef");
    put_file(&pair->a, "spool/.tmp-0123456789abcdef");
    assert_ok(sph_str_format(path, sizeof(path), &err, "outgoing/%s", orphan), &err);
    put_file(&pair->a, path);
    pair_restart(&pair->a);
    assert_int_equal(files_in(&pair->a, "vault"), 2);
    assert_int_equal(files_in(&pair->a, "outgoing"), 2);
    assert_int_equal(files_in(&pair->a, "spool"), 0);
    pair_free(&pair);
}

#define LARGE 600000u

/** A message of more than the row takes, so that its wire form is a file. */
static void submit_large(struct pair *pair)
{
    sph_err err = {0};
    sph_json *draft = NULL;
    sph_findings findings = {0};
    struct sph_submitted done = {.count = 0};
    const sph_files *files = test_env_get(pair->a.world)->files;
    SPH_AUTO(sph_buf) body = sph_buf_init(LARGE);
    SPH_AUTO(sph_open_file) file = {files, NULL};
    for (unsigned i = 0; i < LARGE; i++)
        assert_ok(sph_buf_add_byte(&body, (uint8_t)('a' + i % 26), &err), &err);
    assert_ok(sph_file_store(files, "large.txt", sph_buf_peek(&body), false, &err), &err);
    assert_ok(files->open(files->ctx, "large.txt", SPH_OPEN_READ, &file.file, &err), &err);
    assert_ok(sph_json_parse(sph_slice_str(pair_question), 65536, &draft, &err), &err);
    const struct sph_submit_attachment attachment = {.files = files,
                                                     .file = file.file,
                                                     .len = LARGE,
                                                     .media_type = "text/plain",
                                                     .title = "Invented text"};
    const struct sph_submit what = {.draft = draft,
                                    .to = &pair->a.other->party,
                                    .to_count = 1,
                                    .attachments = &attachment,
                                    .attachment_count = 1,
                                    .user = "operator"};
    assert_ok(sph_submit(pair->a.node, &what, &done, &findings, &err), &err);
    sph_json_free(&draft);
}

static void delivery_on_a_full_disk_leaves_no_wire_file_behind(void **state)
{
    (void)state;
    struct pair *pair = pair_new();
    struct sph_out_due_row due;
    enum sph_delivery came = SPH_DELIVERY_DONE;
    size_t count = 0;
    int64_t next_ms = 0;
    sph_err err = {0};
    submit_large(pair);
    assert_ok(
        sph_out_due(pair->a.node, sph_node_now_ms(pair->a.node), &due, 1, &count, &next_ms, &err),
        &err);
    test_env_set_room(pair->a.world, 8u << 20); /* the file fits; the ledger begins nothing */
    for (int i = 0; i < 3; i++)
        assert_int_not_equal(sph_deliver(pair->a.node, due.id, &came, NULL).code, SPH_OK);
    assert_int_equal(pair->a.posts, 0);
    assert_int_equal(files_in(&pair->a, "outgoing"), 0);
    test_env_set_room(pair->a.world, UINT64_MAX);
    assert_ok(sph_deliver(pair->a.node, due.id, &came, &err), &err);
    assert_string_equal(pair_outbox(&pair->a).state, "acknowledged");
    assert_int_equal(files_in(&pair->a, "outgoing"), 0);
    pair_free(&pair);
}

int test_hostile(void);
int test_hostile(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sender_silent_partner_with_a_full_queue_holds_up_nobody_else),
        cmocka_unit_test(sender_cut_off_by_the_end_is_due_at_once_at_the_next_start),
        cmocka_unit_test(partner_with_a_card_that_ran_out_is_paused_and_the_node_still_starts),
        cmocka_unit_test(partner_reload_takes_what_was_committed_last),
        cmocka_unit_test(renewal_broken_off_before_the_card_is_finished_by_the_next_round),
        cmocka_unit_test(keys_reloaded_a_hundred_times_still_renew),
        cmocka_unit_test(sweep_leaves_foreign_files_and_takes_its_own_orphans),
        cmocka_unit_test(delivery_on_a_full_disk_leaves_no_wire_file_behind),
    };
    sph_err err = {0};
    sph_xml_start();
    if (sph_crypto_start(&err).code != SPH_OK)
        return 1;
    return cmocka_run_group_tests_name("hostile", tests, NULL, NULL);
}
