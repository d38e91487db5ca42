/** Files of real test data below the folder SAPHAN_TEST_DATA (read only, not part of the
 * repository), and text files of the repository itself. */
#pragma once

#include "base/bytes.h"

/** Append SAPHAN_TEST_DATA/<path> to a buffer (its cap is the limit); false with a printed reason
 * when the variable is unset or the file is absent. The test fails when the file is there but
 * cannot be read. */
bool test_data_load(const char *path, sph_buf *out);
/** As above, and skip the running cmocka test when the data is absent. */
#define TEST_DATA_OR_SKIP(path, out)                                                               \
    do {                                                                                           \
        if (!test_data_load((path), (out)))                                                        \
            skip();                                                                                \
    } while (0)
/** Append a file of the repository, e.g. "docs/limits.md" (SAPHAN_SOURCE, set by the build). */
bool test_source_load(const char *path, sph_buf *out);
/** Call `each` with every file name of a folder below SAPHAN_TEST_DATA in byte order; returns their
 * number, 0 with a printed reason when the folder is absent. */
size_t test_data_each(const char *folder, void (*each)(void *ctx, const char *path), void *ctx);
