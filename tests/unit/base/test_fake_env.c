/* The test world itself: what other tests rely on. */
#include "support/fake_env.h"

#include "support/test_assert.h"

int test_fake_env(void);

static void fake_clock_stands_until_told(void **state)
{
    (void)state;
    test_env *world = test_env_new(1);
    const sph_clock *clock = test_env_get(world)->clock;
    const int64_t start = clock->now_ms(clock->ctx);
    const int64_t mono = clock->mono_ms(clock->ctx);
    assert_int_equal(start, 1795519800000);
    assert_int_equal(clock->now_ms(clock->ctx), start);
    test_env_advance(world, 1500);
    assert_int_equal(clock->now_ms(clock->ctx), start + 1500);
    assert_int_equal(clock->mono_ms(clock->ctx), mono + 1500);
    test_env_set_now(world, start - 99);
    assert_int_equal(clock->now_ms(clock->ctx), start - 99);
    assert_int_equal(clock->mono_ms(clock->ctx), mono + 1500);
    test_env_free(&world);
    assert_null(world);
    test_env_free(&world);
}

static void fake_random_replays_by_seed(void **state)
{
    (void)state;
    uint8_t bytes[3][64];
    static const uint64_t seeds[3] = {5, 5, 6};
    for (size_t i = 0; i < 3; i++) {
        sph_err err = {0};
        test_env *world = test_env_new(seeds[i]);
        const sph_random *random = test_env_get(world)->random;
        assert_ok(random->fill(random->ctx, bytes[i], 64, &err), &err);
        test_env_free(&world);
    }
    assert_memory_equal(bytes[0], bytes[1], 64);
    assert_memory_not_equal(bytes[0], bytes[2], 64);
}

static void fake_failure_comes_once_and_a_crash_stays(void **state)
{
    (void)state;
    sph_err err = {0};
    test_env *world = test_env_new(1);
    const sph_files *files = test_env_get(world)->files;
    test_env_fail_at(world, 2);
    assert_ok(files->make_dir(files->ctx, "a", &err), &err);
    assert_false(test_env_has_failed(world));
    assert_code(files->make_dir(files->ctx, "b", &err), SPH_EIO, &err);
    assert_true(test_env_has_failed(world));
    assert_ok(files->make_dir(files->ctx, "b", &err), &err);
    test_env_crash_at(world, 1);
    assert_code(files->make_dir(files->ctx, "c", &err), SPH_EIO, &err);
    assert_code(files->make_dir(files->ctx, "c", &err), SPH_EIO, &err);
    test_env_fail_at(world, 0);
    assert_ok(files->make_dir(files->ctx, "c", &err), &err);
    assert_int_equal(test_env_calls(world), 6);
    test_env_free(&world);
}

static void fake_full_disk_takes_what_fits(void **state)
{
    (void)state;
    sph_err err = {0};
    uint64_t size = 0;
    test_env *world = test_env_new(1);
    const sph_files *files = test_env_get(world)->files;
    sph_file *file = NULL;
    assert_ok(files->open(files->ctx, "f", SPH_OPEN_CREATE, &file, &err), &err);
    assert_int_equal(test_env_open_files(world), 1);
    test_env_set_room(world, 5);
    assert_ok(files->write(file, SPH_LIT("abc"), &err), &err);
    assert_code(files->write(file, SPH_LIT("defg"), &err), SPH_EIO, &err);
    assert_ok(files->size(file, &size, &err), &err);
    assert_int_equal(size, 5);
    assert_ok(files->free_bytes(files->ctx, &size, &err), &err);
    assert_int_equal(size, 0);
    files->close(&file);
    assert_null(file);
    assert_int_equal(test_env_open_files(world), 0);
    test_env_free(&world);
}

int test_fake_env(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fake_clock_stands_until_told),
        cmocka_unit_test(fake_random_replays_by_seed),
        cmocka_unit_test(fake_failure_comes_once_and_a_crash_stays),
        cmocka_unit_test(fake_full_disk_takes_what_fits),
    };
    return cmocka_run_group_tests_name("fake_env", tests, NULL, NULL);
}
