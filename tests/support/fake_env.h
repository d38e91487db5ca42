/** A world for tests: a clock that stands until told, random bytes from a seed, and real files
 * below a temporary folder that can be made to fail. Thread-safe, so that a node with workers can
 * run on it.
 *
 *      test_env *world = test_env_new(1);
 *      test_env_fail_at(world, 3);               the third call from now on fails with SPH_EIO
 *      sph_thing_open(test_env_get(world), …);
 *      test_env_free(&world);                    removes the folder
 *
 *  Counted calls are those of sph_files (but close, fd and exists) and of sph_random.
 */
#pragma once

#include "base/env.h"

typedef struct test_env test_env;

/** A fresh world; the test fails when it cannot be made. The clock starts at 2026-11-24T11:30:00Z.
 */
test_env *test_env_new(uint64_t seed);
/** Remove the folder with all in it and free. NULL and *NULL are fine. Every file must be closed.
 */
void test_env_free(test_env **world);
/** What the code under test gets; borrowed until test_env_free. Its log is NULL unless set. */
const struct sph_env *test_env_get(test_env *world);
/** The temporary folder (absolute path), for what takes a path, such as SQLite; borrowed. */
const char *test_env_folder(const test_env *world);
/** Log into `log` from now on; borrowed, NULL turns it off. */
void test_env_set_log(test_env *world, sph_log *log);

/** Move both clocks forward. */
void test_env_advance(test_env *world, int64_t ms);
/** Set the wall clock only, also backwards: the monotonic clock does not move. */
void test_env_set_now(test_env *world, int64_t unix_ms);

/** Fail the n-th counted call from now on (1 = the next), once; 0 turns it off. */
void test_env_fail_at(test_env *world, size_t n);
/** As above, but every later call fails too: the machine stopped there. test_env_fail_at(world, 0)
 * boots it again. */
void test_env_crash_at(test_env *world, size_t n);
/** True when the call to fail has come since it was set. */
bool test_env_has_failed(const test_env *world);
/** Counted calls since test_env_new. */
size_t test_env_calls(const test_env *world);
/** Bytes that can still be written before the disk is full (SPH_EIO, "no space left"); a write that
 * does not fit is written in part, as a real disk does. UINT64_MAX: no limit. Removing gives
 * nothing back. */
void test_env_set_room(test_env *world, uint64_t bytes);
/** Files open now, to find what was not closed. */
size_t test_env_open_files(const test_env *world);

/** Run `operation` with its 1st, 2nd, … counted call failing until no call is left to fail; after
 * each run `check` (may be NULL) sees whether it succeeded. Asserts that no file stays open.
 * Returns the number of runs that had a failure in them; a result of 0 means nothing was tested, so
 * assert on it. */
size_t test_env_each_failure(test_env *world, sph_rc (*operation)(void *ctx, sph_err *err),
                             void (*check)(void *ctx, sph_rc rc), void *ctx);
