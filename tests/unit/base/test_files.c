#include "base/env.h"

#include "base/files_path.h"
#include "support/fail_alloc.h"
#include "support/fake_env.h"
#include "support/test_assert.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

int test_files(void);

/* The real files below a folder of their own; the fake world lends the folder and removes it. */
struct fixture {
    test_env *world;
    sph_files *files;
};

static int set_up(void **state)
{
    static struct fixture fixture;
    sph_err err = {0};
    fixture.world = test_env_new(3);
    assert_ok(sph_files_real_new(test_env_folder(fixture.world), &fixture.files, &err), &err);
    *state = &fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    sph_files_real_free(&fixture->files);
    test_env_free(&fixture->world);
    return 0;
}

static const sph_files *files_of(void **state)
{
    return ((struct fixture *)*state)->files;
}

static void path_in(void **state, const char *name, char out[256])
{
    const int len =
        snprintf(out, 256, "%s/%s", test_env_folder(((struct fixture *)*state)->world), name);
    assert_in_range(len, 1, 255);
}

static void store(const sph_files *files, const char *path, const char *text)
{
    sph_err err = {0};
    assert_ok(sph_file_store(files, path, sph_slice_str(text), true, &err), &err);
}

static void check_content(const sph_files *files, const char *path, const char *text)
{
    sph_err err = {0};
    SPH_AUTO(sph_buf) content = sph_buf_init(1000);
    assert_ok(sph_file_load(files, path, &content, &err), &err);
    assert_string_equal(sph_buf_text(&content), text);
}

static void files_stored_content_is_loaded_again(void **state)
{
    sph_err err = {0};
    const sph_files *files = files_of(state);
    assert_ok(sph_file_store(files, "a.txt", SPH_LIT("first"), false, &err), &err);
    check_content(files, "a.txt", "first");
    assert_code(sph_file_store(files, "a.txt", SPH_LIT("second"), false, &err), SPH_EEXISTS, &err);
    check_content(files, "a.txt", "first");
    assert_ok(sph_file_store(files, "a.txt", SPH_LIT("third"), true, &err), &err);
    check_content(files, "a.txt", "third");
    assert_ok(files->make_dir(files->ctx, "d", &err), &err);
    assert_ok(files->make_dir(files->ctx, "d", &err), &err);
    assert_ok(sph_file_store(files, "d/b", SPH_LIT(""), false, &err), &err);
    check_content(files, "d/b", "");
}

static void files_store_sweeps_what_a_crash_left(void **state)
{
    sph_err err = {0};
    const sph_files *files = files_of(state);
    bool is_there = true;
    store(files, "a.new", "left behind");
    assert_ok(sph_file_store(files, "a", SPH_LIT("x"), true, &err), &err);
    assert_ok(files->exists(files->ctx, "a.new", &is_there, &err), &err);
    assert_false(is_there);
}

static void files_and_folders_are_for_the_owner_only(void **state)
{
    sph_err err = {0};
    char path[256];
    struct stat status;
    const sph_files *files = files_of(state);
    store(files, "secret", "x");
    path_in(state, "secret", path);
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(status.st_mode & 07777, 0600);
    assert_ok(files->make_dir(files->ctx, "folder", &err), &err);
    path_in(state, "folder", path);
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(status.st_mode & 07777, 0700);
}

static void files_descriptors_do_not_survive_exec(void **state)
{
    sph_err err = {0};
    const sph_files *files = files_of(state);
    static const enum sph_open hows[] = {SPH_OPEN_CREATE, SPH_OPEN_APPEND, SPH_OPEN_READ};
    for (size_t i = 0; i < 3; i++) {
        SPH_AUTO(sph_open_file) file = {files, NULL};
        assert_ok(files->open(files->ctx, "f", hows[i], &file.file, &err), &err);
        assert_int_equal(fcntl(files->fd(file.file), F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
    }
    SPH_AUTO(sph_open_file) file = {files, NULL};
    assert_ok(files->open(files->ctx, ".", SPH_OPEN_TEMPORARY, &file.file, &err), &err);
    assert_int_equal(fcntl(files->fd(file.file), F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
}

static void check_path_refused(const sph_files *files, const char *path, enum sph_code code)
{
    sph_err err = {0};
    bool is_there = false;
    sph_file *file = NULL;
    assert_code(files->open(files->ctx, path, SPH_OPEN_READ, &file, &err), code, &err);
    assert_code(files->open(files->ctx, path, SPH_OPEN_CREATE, &file, &err), code, &err);
    assert_code(files->open(files->ctx, path, SPH_OPEN_APPEND, &file, &err), code, &err);
    assert_code(files->open(files->ctx, path, SPH_OPEN_TEMPORARY, &file, &err), code, &err);
    assert_code(files->rename(files->ctx, path, "x", &err), code, &err);
    assert_code(files->rename(files->ctx, "f", path, &err), code, &err);
    assert_code(files->remove(files->ctx, path, &err), code, &err);
    assert_code(files->make_dir(files->ctx, path, &err), code, &err);
    assert_code(files->exists(files->ctx, path, &is_there, &err), code, &err);
    assert_null(file);
}

static void files_path_out_of_the_folder_is_refused(void **state)
{
    const sph_files *files = files_of(state);
    store(files, "f", "x");
    check_path_refused(files, "../f", SPH_EREFUSED);
    check_path_refused(files, "a/../../f", SPH_EREFUSED);
    check_path_refused(files, "..", SPH_EREFUSED);
    check_path_refused(files, "a/..", SPH_EREFUSED);
    check_path_refused(files, "/etc/passwd", SPH_EREFUSED);
    check_path_refused(files, "", SPH_ELIMIT);
    check_content(files, "f", "x");
}

static void files_links_are_not_followed(void **state)
{
    sph_err err = {0};
    char path[256];
    const sph_files *files = files_of(state);
    sph_file *file = NULL;
    assert_ok(files->make_dir(files->ctx, "real", &err), &err);
    store(files, "real/f", "x");
    path_in(state, "link", path);
    assert_int_equal(symlink("real", path), 0);
    path_in(state, "f-link", path);
    assert_int_equal(symlink("real/f", path), 0);
    assert_code(files->open(files->ctx, "link/f", SPH_OPEN_READ, &file, &err), SPH_EREFUSED, &err);
    assert_code(files->open(files->ctx, "f-link", SPH_OPEN_READ, &file, &err), SPH_EREFUSED, &err);
    assert_code(files->open(files->ctx, "f-link", SPH_OPEN_APPEND, &file, &err), SPH_EREFUSED,
                &err);
    assert_code(files->open(files->ctx, "f-link", SPH_OPEN_CREATE, &file, &err), SPH_EEXISTS, &err);
    assert_code(files->rename(files->ctx, "link/f", "g", &err), SPH_EREFUSED, &err);
    assert_code(files->remove(files->ctx, "link/f", &err), SPH_EREFUSED, &err);
    assert_code(files->make_dir(files->ctx, "link/d", &err), SPH_EREFUSED, &err);
    assert_ok(files->remove(files->ctx, "link", &err), &err); /* the link itself, not its target */
    check_content(files, "real/f", "x");
}

static void files_anything_but_a_regular_file_is_refused(void **state)
{
    sph_err err = {0};
    char path[256];
    const sph_files *files = files_of(state);
    sph_file *file = NULL;
    path_in(state, "pipe", path);
    assert_int_equal(mkfifo(path, 0600), 0);
    assert_code(files->open(files->ctx, "pipe", SPH_OPEN_READ, &file, &err), SPH_EREFUSED, &err);
    assert_code(files->open(files->ctx, ".", SPH_OPEN_READ, &file, &err), SPH_EREFUSED, &err);
    assert_null(file);
}

static void files_missing_and_existing_names_are_told_apart(void **state)
{
    sph_err err = {0};
    const sph_files *files = files_of(state);
    sph_file *file = NULL;
    bool is_there = true;
    assert_code(files->open(files->ctx, "none", SPH_OPEN_READ, &file, &err), SPH_ENOTFOUND, &err);
    assert_code(files->open(files->ctx, "no/ne", SPH_OPEN_CREATE, &file, &err), SPH_ENOTFOUND,
                &err);
    assert_code(files->open(files->ctx, "no", SPH_OPEN_TEMPORARY, &file, &err), SPH_ENOTFOUND,
                &err);
    assert_code(files->remove(files->ctx, "none", &err), SPH_ENOTFOUND, &err);
    assert_code(files->rename(files->ctx, "none", "other", &err), SPH_ENOTFOUND, &err);
    assert_ok(files->exists(files->ctx, "none", &is_there, &err), &err);
    assert_false(is_there);
    assert_ok(files->exists(files->ctx, "no/ne", &is_there, &err), &err);
    assert_false(is_there);
    store(files, "f", "x");
    assert_code(files->open(files->ctx, "f", SPH_OPEN_CREATE, &file, &err), SPH_EEXISTS, &err);
    assert_code(files->make_dir(files->ctx, "f", &err), SPH_EEXISTS, &err);
    assert_ok(files->exists(files->ctx, "f", &is_there, &err), &err);
    assert_true(is_there);
    assert_ok(files->remove(files->ctx, "f", &err), &err);
    assert_ok(files->exists(files->ctx, "f", &is_there, &err), &err);
    assert_false(is_there);
}

static void files_temporary_has_no_name_until_it_gets_one(void **state)
{
    sph_err err = {0};
    const sph_files *files = files_of(state);
    SPH_AUTO(sph_open_file) file = {files, NULL};
    bool is_there = true;
    assert_ok(files->make_dir(files->ctx, "spool", &err), &err);
    assert_ok(files->open(files->ctx, "spool", SPH_OPEN_TEMPORARY, &file.file, &err), &err);
    assert_ok(files->write(file.file, SPH_LIT("body"), &err), &err);
    assert_ok(files->sync(file.file, &err), &err);
    store(files, "taken", "x");
    assert_code(files->name(file.file, "taken", &err), SPH_EEXISTS, &err);
    assert_code(files->name(file.file, "../out", &err), SPH_EREFUSED, &err);
    assert_ok(files->name(file.file, "kept", &err), &err);
    assert_code(files->name(file.file, "again", &err), SPH_EARG, &err);
    check_content(files, "kept", "body");
    check_content(files, "taken", "x");
    assert_ok(files->exists(files->ctx, "again", &is_there, &err), &err);
    assert_false(is_there);
}

static size_t entries_in(const sph_files *files, const char *path);

/* As on a file system without O_TMPFILE. */
static void files_temporary_without_unnamed_files_works_the_same(void **state)
{
    sph_err err = {0};
    const sph_files *files = files_of(state);
    struct sph_root root = *(const struct sph_root *)files->ctx;
    sph_file *file = NULL;
    root.without_unnamed = true;
    assert_ok(sph_handle_open(&root, ".", SPH_OPEN_TEMPORARY, &file, &err), &err);
    assert_ok(files->write(file, SPH_LIT("body"), &err), &err);
    assert_int_equal(entries_in(files, "."), 1);
    store(files, "taken", "x");
    assert_code(files->name(file, "taken", &err), SPH_EEXISTS, &err);
    assert_ok(files->name(file, "kept", &err), &err);
    files->close(&file);
    check_content(files, "kept", "body");
    assert_int_equal(entries_in(files, "."), 2);
    assert_ok(sph_handle_open(&root, ".", SPH_OPEN_TEMPORARY, &file, &err), &err);
    assert_int_equal(entries_in(files, "."), 3);
    files->close(&file);
    assert_int_equal(entries_in(files, "."), 2); /* a temporary file that got no name is gone */
    assert_code(sph_handle_open(&root, "none", SPH_OPEN_TEMPORARY, &file, &err), SPH_ENOTFOUND,
                &err);
}

static sph_rc count_name(void *arg, const char *name, sph_err *err)
{
    (void)name;
    (void)err;
    ++*(size_t *)arg;
    return sph_ok();
}

static size_t entries_in(const sph_files *files, const char *path)
{
    sph_err err = {0};
    size_t count = 0;
    assert_ok(files->list(files->ctx, path, count_name, &count, &err), &err);
    return count;
}

static sph_rc refuse_name(void *arg, const char *name, sph_err *err)
{
    (void)arg;
    (void)name;
    return sph_fail(err, SPH_ECANCELLED, "enough");
}

static void files_list_names_everything_once(void **state)
{
    sph_err err = {0};
    size_t count = 0;
    const sph_files *files = files_of(state);
    assert_ok(files->list(files->ctx, ".", count_name, &count, &err), &err);
    assert_int_equal(count, 0);
    store(files, "a", "x");
    store(files, ".hidden", "x");
    assert_ok(files->make_dir(files->ctx, "d", &err), &err);
    assert_ok(files->list(files->ctx, ".", count_name, &count, &err), &err);
    assert_int_equal(count, 3);
    assert_code(files->list(files->ctx, ".", refuse_name, NULL, &err), SPH_ECANCELLED, &err);
    assert_code(files->list(files->ctx, "none", count_name, &count, &err), SPH_ENOTFOUND, &err);
    assert_code(files->list(files->ctx, "..", count_name, &count, &err), SPH_EREFUSED, &err);
}

static void files_append_adds_to_what_is_there(void **state)
{
    sph_err err = {0};
    uint64_t size = 0;
    const sph_files *files = files_of(state);
    for (int i = 0; i < 3; i++) {
        SPH_AUTO(sph_open_file) file = {files, NULL};
        assert_ok(files->open(files->ctx, "log", SPH_OPEN_APPEND, &file.file, &err), &err);
        assert_ok(files->write(file.file, SPH_LIT("ab"), &err), &err);
        assert_ok(files->sync(file.file, &err), &err);
        assert_ok(files->size(file.file, &size, &err), &err);
        assert_int_equal(size, 2 * (i + 1));
    }
    check_content(files, "log", "ababab");
}

static void files_rename_replaces_and_remove_takes_empty_folders(void **state)
{
    sph_err err = {0};
    const sph_files *files = files_of(state);
    store(files, "a", "new");
    store(files, "b", "old");
    assert_ok(files->make_dir(files->ctx, "d", &err), &err);
    assert_ok(files->rename(files->ctx, "a", "b", &err), &err);
    check_content(files, "b", "new");
    assert_ok(files->rename(files->ctx, "b", "d/c", &err), &err);
    check_content(files, "d/c", "new");
    assert_code(files->remove(files->ctx, "d", &err), SPH_EEXISTS, &err); /* not empty */
    assert_ok(files->remove(files->ctx, "d/c", &err), &err);
    assert_ok(files->remove(files->ctx, "d", &err), &err);
}

static void files_reader_gives_the_asked_range(void **state)
{
    static const struct {
        uint64_t from, len;
        const char *expected;
    } ranges[] = {{0, UINT64_MAX, "0123456789"},
                  {3, 4, "3456"},
                  {8, 100, "89"},
                  {10, 5, ""},
                  {400, 5, ""},
                  {0, 0, ""}};
    sph_err err = {0};
    const sph_files *files = files_of(state);
    store(files, "f", "0123456789");
    SPH_AUTO(sph_open_file) file = {files, NULL};
    assert_ok(files->open(files->ctx, "f", SPH_OPEN_READ, &file.file, &err), &err);
    for (size_t i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++) {
        sph_file_source source;
        SPH_AUTO(sph_buf) got = sph_buf_init(100);
        const sph_writer writer = sph_writer_of_buf(&got);
        const sph_reader reader =
            sph_reader_of_file(&source, files, file.file, ranges[i].from, ranges[i].len);
        assert_ok(sph_stream_copy(&reader, &writer, 100, NULL, &err), &err);
        assert_string_equal(sph_buf_text(&got), ranges[i].expected);
    }
    size_t got = 0;
    uint8_t byte = 0;
    assert_code(files->read_at(file.file, UINT64_MAX, &byte, 1, &got, &err), SPH_EARG, &err);
    assert_code(files->write(file.file, SPH_LIT("x"), &err), SPH_EIO, &err); /* opened to read */
}

static void files_writer_streams_into_a_file(void **state)
{
    sph_err err = {0};
    sph_file_sink sink;
    sph_slice_source source;
    const sph_files *files = files_of(state);
    SPH_AUTO(sph_open_file) file = {files, NULL};
    assert_ok(files->open(files->ctx, "f", SPH_OPEN_CREATE, &file.file, &err), &err);
    const sph_reader reader = sph_reader_of_slice(&source, SPH_LIT("streamed"));
    const sph_writer writer = sph_writer_of_file(&sink, files, file.file);
    assert_ok(sph_stream_copy(&reader, &writer, 100, NULL, &err), &err);
    check_content(files, "f", "streamed");
}

static void files_load_over_the_cap_keeps_the_buffer(void **state)
{
    sph_err err = {0};
    const sph_files *files = files_of(state);
    SPH_AUTO(sph_buf) content = sph_buf_init(6);
    store(files, "f", "12345");
    assert_ok(sph_buf_add_text(&content, "ab", &err), &err);
    assert_code(sph_file_load(files, "f", &content, &err), SPH_ELIMIT, &err);
    assert_string_equal(sph_buf_text(&content), "ab");
    sph_buf_cut(&content, 1);
    assert_ok(sph_file_load(files, "f", &content, &err), &err);
    assert_string_equal(sph_buf_text(&content), "a12345");
}

static void files_root_of_everything_takes_absolute_and_relative_paths(void **state)
{
    sph_err err = {0};
    char path[256];
    char link[256];
    sph_files *root = NULL;
    store(files_of(state), "f", "x");
    assert_ok(sph_files_real_new("/", &root, &err), &err);
    path_in(state, "f", path);
    check_content(root, path, "x");
    path_in(state, "link", link);
    assert_int_equal(symlink(path, link), 0);
    check_content(root, link, "x"); /* a person may keep a file behind a link */
    uint64_t left = 0;
    assert_ok(root->free_bytes(root->ctx, &left, &err), &err);
    assert_true(left > 0);
    sph_files_real_free(&root);
    assert_code(sph_files_real_new(path, &root, &err), SPH_ENOTFOUND, &err);
    assert_null(root);
}

static void files_system_failures_have_fixed_codes(void **state)
{
    static const struct {
        int error;
        enum sph_code code;
        const char *text;
    } failures[] = {
        {ENOSPC, SPH_EIO, "writing: no space left"},
        {EDQUOT, SPH_EIO, "writing: no space left"},
        {ENOENT, SPH_ENOTFOUND, "writing: no such file"},
        {EEXIST, SPH_EEXISTS, "writing: the name is taken"},
        {ELOOP, SPH_EREFUSED, "writing: a link, or outside the folder"},
        {ENOMEM, SPH_ENOMEM, "writing: no memory"},
        {EACCES, SPH_EIO, "writing: EACCES"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(failures) / sizeof(failures[0]); i++) {
        sph_err err = {0};
        assert_int_equal(sph_path_failed(failures[i].error, "writing", &err).code,
                         failures[i].code);
        assert_string_equal(err.frame[0].what, failures[i].text);
    }
}

static void files_reasons_hold_no_path(void **state)
{
    sph_err err = {0};
    sph_file *file = NULL;
    const sph_files *files = files_of(state);
    assert_int_equal(files->open(files->ctx, "person-name", SPH_OPEN_READ, &file, &err).code,
                     SPH_ENOTFOUND);
    for (unsigned i = 0; i < err.depth; i++)
        assert_int_equal(sph_slice_find(sph_slice_str(err.frame[i].what), SPH_LIT("person"), 0),
                         SIZE_MAX);
}

/* Storing over the fake, with each call failing once: the name holds the old or the new content
 * whole. */
static sph_rc replace_content(void *ctx, sph_err *err)
{
    return sph_file_store(test_env_get(ctx)->files, "f", SPH_LIT("the new content"), true, err);
}

static void check_old_or_new(void *ctx, sph_rc rc)
{
    sph_err err = {0};
    SPH_AUTO(sph_buf) content = sph_buf_init(100);
    const sph_files *files = test_env_get(ctx)->files;
    assert_ok(sph_file_load(files, "f", &content, &err), &err);
    if (rc.code == SPH_OK || !sph_slice_is(sph_buf_peek(&content), "the old content"))
        assert_string_equal(sph_buf_text(&content), "the new content");
    store(files, "f", "the old content");
}

static void files_store_that_fails_anywhere_leaves_old_or_new(void **state)
{
    test_env *world = ((struct fixture *)*state)->world;
    store(test_env_get(world)->files, "f", "the old content");
    const size_t failures = test_env_each_failure(world, replace_content, check_old_or_new, world);
    assert_int_equal(failures, 6); /* open, write, sync, remove, name, rename */
}

static void files_store_on_a_full_disk_keeps_the_old(void **state)
{
    sph_err err = {0};
    test_env *world = ((struct fixture *)*state)->world;
    const sph_files *files = test_env_get(world)->files;
    store(files, "f", "old");
    test_env_set_room(world, 4);
    assert_int_equal(sph_file_store(files, "f", SPH_LIT("12345"), true, &err).code, SPH_EIO);
    assert_int_equal(
        sph_slice_find(sph_slice_str(err.frame[0].what), SPH_LIT("no space left"), 0) == SIZE_MAX,
        false);
    test_env_set_room(world, UINT64_MAX);
    check_content(files, "f", "old");
}

static sph_rc open_and_store(void *ctx, sph_err *err)
{
    const sph_files *files = ctx;
    SPH_AUTO(sph_open_file) file = {files, NULL};
    SPH_AUTO(sph_buf) content = sph_buf_init(100);
    SPH_TRY(files->open(files->ctx, "log", SPH_OPEN_APPEND, &file.file, err), err, "append");
    SPH_TRY(files->sync(file.file, err), err, "sync");
    SPH_TRY(sph_file_store(files, "f", SPH_LIT("x"), true, err), err, "store");
    return sph_file_load(files, "f", &content, err);
}

static void files_each_failed_allocation_is_reported(void **state)
{
    const size_t failures =
        test_alloc_each_failure(open_and_store, ((struct fixture *)*state)->files);
    assert_int_equal(failures, 6); /* file and path; file; file, chunk and content */
}

#define WITH_FOLDER(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int test_files(void)
{
    const struct CMUnitTest tests[] = {
        WITH_FOLDER(files_stored_content_is_loaded_again),
        WITH_FOLDER(files_store_sweeps_what_a_crash_left),
        WITH_FOLDER(files_and_folders_are_for_the_owner_only),
        WITH_FOLDER(files_descriptors_do_not_survive_exec),
        WITH_FOLDER(files_path_out_of_the_folder_is_refused),
        WITH_FOLDER(files_links_are_not_followed),
        WITH_FOLDER(files_anything_but_a_regular_file_is_refused),
        WITH_FOLDER(files_missing_and_existing_names_are_told_apart),
        WITH_FOLDER(files_temporary_has_no_name_until_it_gets_one),
        WITH_FOLDER(files_temporary_without_unnamed_files_works_the_same),
        WITH_FOLDER(files_list_names_everything_once),
        WITH_FOLDER(files_append_adds_to_what_is_there),
        WITH_FOLDER(files_rename_replaces_and_remove_takes_empty_folders),
        WITH_FOLDER(files_reader_gives_the_asked_range),
        WITH_FOLDER(files_writer_streams_into_a_file),
        WITH_FOLDER(files_load_over_the_cap_keeps_the_buffer),
        WITH_FOLDER(files_root_of_everything_takes_absolute_and_relative_paths),
        cmocka_unit_test(files_system_failures_have_fixed_codes),
        WITH_FOLDER(files_reasons_hold_no_path),
        WITH_FOLDER(files_store_that_fails_anywhere_leaves_old_or_new),
        WITH_FOLDER(files_store_on_a_full_disk_keeps_the_old),
        WITH_FOLDER(files_each_failed_allocation_is_reported),
    };
    return cmocka_run_group_tests_name("files", tests, NULL, NULL);
}
