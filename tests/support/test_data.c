#include "support/test_data.h"

#include "base/env.h"
#include "support/test_assert.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

#define PATH_BYTES 1024

/* <root>/<path>, or false with a printed reason. */
static bool full_path(const char *root, const char *path, char out[PATH_BYTES])
{
    if (!root || root[0] == '\0') {
        print_message("SKIP %s: SAPHAN_TEST_DATA is not set\n", path);
        return false;
    }
    const int len = snprintf(out, PATH_BYTES, "%s/%s", root, path);
    assert_in_range(len, 1, PATH_BYTES - 1);
    return true;
}

static bool load(const char *root, const char *path, sph_buf *out)
{
    char full[PATH_BYTES];
    sph_err err = {0};
    sph_files *files = NULL;
    if (!full_path(root, path, full))
        return false;
    assert_ok(sph_files_real_new("/", &files, &err), &err);
    const sph_rc rc = sph_file_load(files, full, out, &err);
    sph_files_real_free(&files);
    if (rc.code == SPH_ENOTFOUND) {
        print_message("SKIP %s: not in the test data\n", path);
        return false;
    }
    assert_ok(rc, &err);
    return true;
}

bool test_data_load(const char *path, sph_buf *out)
{
    return load(getenv("SAPHAN_TEST_DATA"), path, out);
}

bool test_source_load(const char *path, sph_buf *out)
{
    return load(SAPHAN_SOURCE, path, out);
}

static int is_shown(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

size_t test_data_each(const char *folder, void (*each)(void *ctx, const char *path), void *ctx)
{
    char full[PATH_BYTES];
    char path[PATH_BYTES];
    struct dirent **entries = NULL;
    if (!full_path(getenv("SAPHAN_TEST_DATA"), folder, full))
        return 0;
    const int count = scandir(full, &entries, is_shown, alphasort);
    if (count < 0) {
        print_message("SKIP %s: not in the test data\n", folder);
        return 0;
    }
    for (int i = 0; i < count; i++) {
        const int len = snprintf(path, sizeof(path), "%s/%s", folder, entries[i]->d_name);
        assert_in_range(len, 1, PATH_BYTES - 1);
        free(entries[i]);
        each(ctx, path);
    }
    free(entries);
    return (size_t)count;
}
