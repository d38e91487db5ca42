#include "support/fail_alloc.h"

#include "support/test_assert.h"

#include <stdatomic.h>

#define MOST_RUNS 5000u

static atomic_size_t left; /* allocations until the one that fails; 0 is off */
static atomic_bool has_failed;

/* Names given by the linker's --wrap. */
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *at, size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *at, size_t size);

static bool fails_now(void)
{
    size_t now = atomic_load(&left);
    while (now > 0 && !atomic_compare_exchange_weak(&left, &now, now - 1))
        continue;
    if (now == 1)
        atomic_store(&has_failed, true);
    return now == 1;
}

void *__wrap_calloc(size_t count, size_t size)
{
    return fails_now() ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *at, size_t size)
{
    return fails_now() ? NULL : __real_realloc(at, size);
}

void test_alloc_fail_at(size_t n)
{
    atomic_store(&has_failed, false);
    atomic_store(&left, n);
}

bool test_alloc_has_failed(void)
{
    return atomic_load(&has_failed);
}

size_t test_alloc_each_failure(sph_rc (*operation)(void *ctx, sph_err *err), void *ctx)
{
    for (size_t n = 1; n <= MOST_RUNS; n++) {
        sph_err err = {0};
        test_alloc_fail_at(n);
        const sph_rc rc = operation(ctx, &err);
        const bool had_failure = test_alloc_has_failed();
        test_alloc_fail_at(0);
        test_expect_code(rc, had_failure ? SPH_ENOMEM : SPH_OK, &err,
                         "operation with a failing allocation", __FILE__, __LINE__);
        if (!had_failure)
            return n - 1;
    }
    fail_msg("more than %u allocations: the operation does not end", MOST_RUNS);
    return 0;
}
