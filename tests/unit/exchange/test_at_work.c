/* Messages under way: one thread at a time works on one, and an answered one is known for a
 * minute by the very same octets (security.md A-01). */
#include "exchange/at_work.h"

#include <pthread.h>

#include "support/pair.h"

int test_at_work(void);

#define NOW INT64_C(1790000000000)

static struct sph_claim claim(const char *party, const char *id, const char *root)
{
    return sph_claim_of(party, id, sph_slice_str(root));
}

static int set_up(void **state)
{
    sph_at_work *table = NULL;
    if (sph_at_work_new(&table, NULL).code != SPH_OK)
        return 1;
    *state = table;
    return 0;
}

static int tear_down(void **state)
{
    sph_at_work *table = *state;
    sph_at_work_free(&table);
    return 0;
}

static void a01_only_one_works_on_a_message(void **state)
{
    sph_at_work *table = *state;
    const struct sph_claim one = claim("th.a.example", "1@x", "root");
    const struct sph_claim changed = claim("th.a.example", "1@x", "other root");
    const struct sph_claim foreign = claim("th.b.example", "1@x", "root");
    assert_int_equal(sph_at_work_enter(table, &one, NOW), SPH_ADMIT_NEW);
    assert_int_equal(sph_at_work_enter(table, &one, NOW), SPH_ADMIT_BUSY);
    assert_int_equal(sph_at_work_enter(table, &changed, NOW), SPH_ADMIT_BUSY);
    /* Another partner's message of the same id does not stand in its way. */
    assert_int_equal(sph_at_work_enter(table, &foreign, NOW), SPH_ADMIT_NEW);
    sph_at_work_leave(table, &foreign, false, NOW);
    sph_at_work_leave(table, &one, false, NOW);
    assert_int_equal(sph_at_work_enter(table, &one, NOW), SPH_ADMIT_NEW);
}

static void a01_answered_message_is_known_for_a_minute_by_its_octets(void **state)
{
    sph_at_work *table = *state;
    const struct sph_claim one = claim("th.a.example", "1@x", "root");
    const struct sph_claim changed = claim("th.a.example", "1@x", "other root");
    assert_int_equal(sph_at_work_enter(table, &one, NOW), SPH_ADMIT_NEW);
    sph_at_work_leave(table, &one, true, NOW);
    assert_int_equal(sph_at_work_enter(table, &one, NOW), SPH_ADMIT_KNOWN);
    assert_int_equal(sph_at_work_enter(table, &one, NOW + SPH_ANSWERED_MS - 1), SPH_ADMIT_KNOWN);
    /* A clock that went back must not make it known for longer. */
    assert_int_equal(sph_at_work_enter(table, &one, NOW - 1), SPH_ADMIT_NEW);
    sph_at_work_leave(table, &one, true, NOW);
    assert_int_equal(sph_at_work_enter(table, &changed, NOW), SPH_ADMIT_NEW);
    sph_at_work_leave(table, &changed, false, NOW);
    assert_int_equal(sph_at_work_enter(table, &one, NOW), SPH_ADMIT_NEW);
    sph_at_work_leave(table, &one, true, NOW);
    assert_int_equal(sph_at_work_enter(table, &one, NOW + SPH_ANSWERED_MS), SPH_ADMIT_NEW);
}

static void a01_repeats_are_written_down_by_one_and_all_counted(void **state)
{
    sph_at_work *table = *state;
    unsigned times = 0;
    const struct sph_claim one = claim("th.a.example", "1@x", "root");
    assert_int_equal(sph_at_work_enter(table, &one, NOW), SPH_ADMIT_NEW);
    sph_at_work_leave(table, &one, true, NOW);
    assert_true(sph_at_work_repeated(table, &one, &times));
    assert_int_equal(times, 1);
    for (int i = 0; i < 5; i++)
        assert_false(sph_at_work_repeated(table, &one, &times));
    assert_int_equal(sph_at_work_written(table, &one), 5);
    assert_false(sph_at_work_repeated(table, &one, &times));
    assert_int_equal(sph_at_work_written(table, &one), 1);
    assert_int_equal(sph_at_work_written(table, &one), 0);
    assert_true(sph_at_work_repeated(table, &one, &times));
    assert_int_equal(sph_at_work_written(table, &one), 0);
}

/** The answered ones make room, the first answered first; those at work never do. */
static void a01_table_is_bounded(void **state)
{
    sph_at_work *table = *state;
    char id[32];
    unsigned taken = 0;
    const struct sph_claim oldest = claim("th.a.example", "oldest", "root");
    const struct sph_claim late = claim("th.a.example", "late", "root");
    assert_int_equal(sph_at_work_enter(table, &oldest, NOW), SPH_ADMIT_NEW);
    sph_at_work_leave(table, &oldest, true, NOW);
    assert_int_equal(sph_at_work_enter(table, &late, NOW), SPH_ADMIT_NEW);
    sph_at_work_leave(table, &late, true, NOW + 1);
    for (unsigned i = 0; i < 255; i++, taken++) {
        assert_ok(sph_str_format(id, sizeof(id), NULL, "%u@x", i), NULL);
        const struct sph_claim one = claim("th.a.example", id, "root");
        assert_int_equal(sph_at_work_enter(table, &one, NOW), SPH_ADMIT_NEW);
    }
    assert_int_equal(sph_at_work_enter(table, &late, NOW + 2), SPH_ADMIT_KNOWN);
    assert_int_equal(sph_at_work_enter(table, &oldest, NOW + 2), SPH_ADMIT_NEW); /* late gone */
    assert_int_equal(sph_at_work_enter(table, &late, NOW + 2), SPH_ADMIT_BUSY);  /* full */
}

#define THREADS 8
#define ROUNDS 2000

struct crowd {
    sph_at_work *table;
    pthread_mutex_t lock;
    unsigned works, most, counted;
};

static void work(struct crowd *crowd, const struct sph_claim *one)
{
    pthread_mutex_lock(&crowd->lock);
    crowd->works++;
    crowd->most = crowd->works > crowd->most ? crowd->works : crowd->most;
    pthread_mutex_unlock(&crowd->lock);
    pthread_mutex_lock(&crowd->lock);
    crowd->works--;
    pthread_mutex_unlock(&crowd->lock);
    sph_at_work_leave(crowd->table, one, true, NOW);
}

static void count(struct crowd *crowd, const struct sph_claim *one)
{
    unsigned times = 0;
    if (!sph_at_work_repeated(crowd->table, one, &times))
        return;
    for (; times > 0; times = sph_at_work_written(crowd->table, one)) {
        pthread_mutex_lock(&crowd->lock);
        crowd->counted += times;
        pthread_mutex_unlock(&crowd->lock);
    }
}

static void *knock(void *arg)
{
    struct crowd *crowd = arg;
    unsigned *known = sph_mem_new(1, sizeof(*known));
    const struct sph_claim one = claim("th.a.example", "1@x", "root");
    for (int i = 0; known && i < ROUNDS; i++) {
        const enum sph_admission admission = sph_at_work_enter(crowd->table, &one, NOW);
        if (admission == SPH_ADMIT_NEW)
            work(crowd, &one);
        if (admission == SPH_ADMIT_KNOWN) {
            count(crowd, &one);
            ++*known;
        }
    }
    return known;
}

static void a01_storm_of_threads_counts_each_repeat_once(void **state)
{
    struct crowd crowd = {.table = *state};
    pthread_t threads[THREADS];
    unsigned known = 0;
    pthread_mutex_init(&crowd.lock, NULL);
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, knock, &crowd), 0);
    for (int i = 0; i < THREADS; i++) {
        void *seen = NULL;
        assert_int_equal(pthread_join(threads[i], &seen), 0);
        assert_non_null(seen);
        known += *(unsigned *)seen;
        sph_mem_free(seen);
    }
    pthread_mutex_destroy(&crowd.lock);
    assert_int_equal(crowd.most, 1);
    assert_true(known > 0);
    assert_int_equal(crowd.counted, known);
}

int test_at_work(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a01_only_one_works_on_a_message, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a01_answered_message_is_known_for_a_minute_by_its_octets,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(a01_repeats_are_written_down_by_one_and_all_counted, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a01_table_is_bounded, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a01_storm_of_threads_counts_each_repeat_once, set_up,
                                        tear_down),
    };
    return cmocka_run_group_tests_name("messages at work", tests, NULL, NULL);
}
