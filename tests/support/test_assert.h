/** Assertions on results: a failing test shows the whole reason chain. Includes cmocka. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/bytes.h"

/** The call succeeds; `err` is its sph_err *. */
#define assert_ok(call, err) test_expect_code((call), SPH_OK, (err), #call, __FILE__, __LINE__)
/** The call fails with exactly `code`, and says so in `err`; the reason is cleared afterwards. */
#define assert_code(call, code, err)                                                               \
    test_expect_code((call), (code), (err), #call, __FILE__, __LINE__)
/** A slice holds exactly the bytes of a string. */
#define assert_slice_is(slice, text) test_expect_slice((slice), (text), __FILE__, __LINE__)

void test_expect_code(sph_rc rc, enum sph_code code, sph_err *err, const char *call,
                      const char *file, int line);
void test_expect_slice(sph_slice slice, const char *text, const char *file, int line);
