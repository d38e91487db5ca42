#include "base/env.h"

#include "support/test_assert.h"

#include <time.h>

int test_env_real(void);

static void env_clock_agrees_with_the_system(void **state)
{
    (void)state;
    const sph_clock *clock = sph_clock_real();
    const int64_t before = (int64_t)time(NULL) * 1000;
    const int64_t now_ms = clock->now_ms(clock->ctx);
    assert_in_range(now_ms, before - 1000, before + 10000);
    int64_t last = clock->mono_ms(clock->ctx);
    for (int i = 0; i < 1000; i++) {
        const int64_t next = clock->mono_ms(clock->ctx);
        assert_true(next >= last);
        last = next;
    }
}

static void env_random_fills_all_and_differs(void **state)
{
    (void)state;
    sph_err err = {0};
    uint8_t a[4096] = {0};
    uint8_t b[4096] = {0};
    size_t zeros = 0;
    const sph_random *random = sph_random_real();
    assert_ok(random->fill(random->ctx, a, sizeof(a), &err), &err);
    assert_ok(random->fill(random->ctx, b, sizeof(b), &err), &err);
    assert_ok(random->fill(random->ctx, b, 0, &err), &err);
    assert_memory_not_equal(a, b, sizeof(a));
    for (size_t i = 0; i < sizeof(a); i++)
        zeros += a[i] == 0;
    assert_in_range(zeros, 0, 60); /* 16 expected; 60 has a chance below 10^-15 */
}

int test_env_real(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(env_clock_agrees_with_the_system),
        cmocka_unit_test(env_random_fills_all_and_differs),
    };
    return cmocka_run_group_tests_name("env_real", tests, NULL, NULL);
}
