/** Failing the n-th allocation. Linking a program with saphan_test_support wraps calloc and realloc
 * (the option --wrap of the linker, set in tests/CMakeLists.txt), of which node/base/mem.c is the
 * only caller in Saphan; what shared libraries allocate for themselves is not touched. Each test
 * program that links the library has this without a step of its own:
 *
 *      test_alloc_fail_at(1);                    the next allocation fails, once
 *      assert_code(sph_thing_new(&thing, &err), SPH_ENOMEM, &err);
 *      test_alloc_fail_at(0);
 */
#pragma once

#include "base/result.h"

/** Fail the n-th allocation from now on (1 = the next), once; 0 turns it off. */
void test_alloc_fail_at(size_t n);
/** True when the allocation to fail has come since it was set. */
bool test_alloc_has_failed(void);
/** Run `operation` with its 1st, 2nd, … allocation failing until none is left to fail. Asserts that
 * every run with a failure returns SPH_ENOMEM and the last SPH_OK. Returns the number of failures
 * seen; assert on it, 0 means nothing was tested. `operation` frees what it made; the leak checker
 * sees the rest. */
size_t test_alloc_each_failure(sph_rc (*operation)(void *ctx, sph_err *err), void *ctx);
