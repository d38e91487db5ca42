#include "support/fake_env.h"

#include "support/test_assert.h"

#include <ftw.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define START_MS 1795519800000 /* 2026-11-24T11:30:00Z */
#define MOST_RUNS 5000u

struct test_env {
    struct sph_env env;
    sph_clock clock;
    sph_random random;
    sph_files files;
    sph_files *real;
    char folder[64];
    pthread_mutex_t lock;
    int64_t now_ms, mono_ms;
    uint64_t random_state, room;
    size_t calls, fail_at, open_files;
    bool stays_down, has_failed;
};

/* What the code under test holds as an sph_file: its calls carry no context of their own. */
struct fake_file {
    test_env *world;
    sph_file *real;
};

static struct fake_file *fake_of(sph_file *file)
{
    return (struct fake_file *)(void *)file;
}

static void lock(const test_env *world)
{
    (void)pthread_mutex_lock((pthread_mutex_t *)(uintptr_t)&world->lock);
}

static void unlock(const test_env *world)
{
    (void)pthread_mutex_unlock((pthread_mutex_t *)(uintptr_t)&world->lock);
}

static sph_rc count_call(test_env *world, const char *what, sph_err *err)
{
    lock(world);
    world->calls++;
    const bool fails =
        world->fail_at != 0 &&
        (world->calls == world->fail_at || (world->stays_down && world->calls > world->fail_at));
    world->has_failed = world->has_failed || fails;
    unlock(world);
    return fails ? sph_fail(err, SPH_EIO, "%s: failure asked for by the test", what) : sph_ok();
}

static int64_t fake_now(void *ctx)
{
    test_env *world = ctx;
    lock(world);
    const int64_t now_ms = world->now_ms;
    unlock(world);
    return now_ms;
}

static int64_t fake_mono(void *ctx)
{
    test_env *world = ctx;
    lock(world);
    const int64_t mono_ms = world->mono_ms;
    unlock(world);
    return mono_ms;
}

/* SplitMix64: any seed gives a full-period sequence. */
static uint64_t next_random(uint64_t *state)
{
    uint64_t value = *state += 0x9e3779b97f4a7c15u;
    value = (value ^ value >> 30) * 0xbf58476d1ce4e5b9u;
    value = (value ^ value >> 27) * 0x94d049bb133111ebu;
    return value ^ value >> 31;
}

static sph_rc fake_fill(void *ctx, uint8_t *at, size_t len, sph_err *err)
{
    test_env *world = ctx;
    SPH_TRY(count_call(world, "random", err), err, "fake");
    lock(world);
    for (size_t i = 0; i < len; i++)
        at[i] = (uint8_t)(next_random(&world->random_state) >> 32);
    unlock(world);
    return sph_ok();
}

static sph_rc fake_open(void *ctx, const char *path, enum sph_open how, sph_file **out,
                        sph_err *err)
{
    test_env *world = ctx;
    sph_file *real = NULL;
    SPH_TRY(count_call(world, "open", err), err, "fake");
    SPH_TRY(world->real->open(world->real->ctx, path, how, &real, err), err, "fake");
    struct fake_file *fake = calloc(1, sizeof(*fake));
    assert_non_null(fake);
    *fake = (struct fake_file){world, real};
    lock(world);
    world->open_files++;
    unlock(world);
    *out = (sph_file *)(void *)fake;
    return sph_ok();
}

static sph_rc fake_read_at(sph_file *file, uint64_t at, uint8_t *to, size_t room, size_t *got,
                           sph_err *err)
{
    struct fake_file *fake = fake_of(file);
    SPH_TRY(count_call(fake->world, "read", err), err, "fake");
    return fake->world->real->read_at(fake->real, at, to, room, got, err);
}

static size_t take_room(test_env *world, size_t len)
{
    lock(world);
    const size_t fits = len < world->room ? len : (size_t)world->room;
    if (world->room != UINT64_MAX)
        world->room -= fits;
    unlock(world);
    return fits;
}

static sph_rc fake_write(sph_file *file, sph_slice bytes, sph_err *err)
{
    struct fake_file *fake = fake_of(file);
    SPH_TRY(count_call(fake->world, "write", err), err, "fake");
    const size_t fits = take_room(fake->world, bytes.len);
    SPH_TRY(fake->world->real->write(fake->real, sph_slice_sub(bytes, 0, fits), err), err, "fake");
    return fits == bytes.len ? sph_ok() : sph_fail(err, SPH_EIO, "writing: no space left");
}

static sph_rc fake_sync(sph_file *file, sph_err *err)
{
    struct fake_file *fake = fake_of(file);
    return count_call(fake->world, "sync", err); /* a test needs no disk to turn */
}

static sph_rc fake_size(sph_file *file, uint64_t *out, sph_err *err)
{
    struct fake_file *fake = fake_of(file);
    SPH_TRY(count_call(fake->world, "size", err), err, "fake");
    return fake->world->real->size(fake->real, out, err);
}

static sph_rc fake_name(sph_file *file, const char *path, sph_err *err)
{
    struct fake_file *fake = fake_of(file);
    SPH_TRY(count_call(fake->world, "name", err), err, "fake");
    return fake->world->real->name(fake->real, path, err);
}

static int fake_fd(sph_file *file)
{
    struct fake_file *fake = fake_of(file);
    return fake->world->real->fd(fake->real);
}

static void fake_close(sph_file **file)
{
    if (!file || !*file)
        return;
    struct fake_file *fake = fake_of(*file);
    fake->world->real->close(&fake->real);
    lock(fake->world);
    fake->world->open_files--;
    unlock(fake->world);
    free(fake);
    *file = NULL;
}

static sph_rc fake_rename(void *ctx, const char *from, const char *to, sph_err *err)
{
    test_env *world = ctx;
    SPH_TRY(count_call(world, "rename", err), err, "fake");
    return world->real->rename(world->real->ctx, from, to, err);
}

static sph_rc fake_remove(void *ctx, const char *path, sph_err *err)
{
    test_env *world = ctx;
    SPH_TRY(count_call(world, "remove", err), err, "fake");
    return world->real->remove(world->real->ctx, path, err);
}

static sph_rc fake_make_dir(void *ctx, const char *path, sph_err *err)
{
    test_env *world = ctx;
    SPH_TRY(count_call(world, "make_dir", err), err, "fake");
    return world->real->make_dir(world->real->ctx, path, err);
}

static sph_rc fake_exists(void *ctx, const char *path, bool *out, sph_err *err)
{
    test_env *world = ctx;
    return world->real->exists(world->real->ctx, path, out, err);
}

static sph_rc fake_list(void *ctx, const char *path,
                        sph_rc (*each)(void *arg, const char *name, sph_err *err), void *arg,
                        sph_err *err)
{
    test_env *world = ctx;
    SPH_TRY(count_call(world, "list", err), err, "fake");
    return world->real->list(world->real->ctx, path, each, arg, err);
}

static sph_rc fake_free_bytes(void *ctx, uint64_t *out, sph_err *err)
{
    test_env *world = ctx;
    SPH_TRY(count_call(world, "free_bytes", err), err, "fake");
    lock(world);
    const uint64_t room = world->room;
    unlock(world);
    if (room == UINT64_MAX)
        return world->real->free_bytes(world->real->ctx, out, err);
    *out = room;
    return sph_ok();
}

static const sph_files fake_calls = {
    .open = fake_open,
    .read_at = fake_read_at,
    .write = fake_write,
    .sync = fake_sync,
    .size = fake_size,
    .name = fake_name,
    .fd = fake_fd,
    .close = fake_close,
    .rename = fake_rename,
    .remove = fake_remove,
    .make_dir = fake_make_dir,
    .exists = fake_exists,
    .list = fake_list,
    .free_bytes = fake_free_bytes,
};

static void make_folder(test_env *world)
{
    const char *base = getenv("TMPDIR");
    const int len = snprintf(world->folder, sizeof(world->folder), "%s/saphan-test-XXXXXX",
                             base && strlen(base) < 32 ? base : "/tmp");
    assert_in_range(len, 1, sizeof(world->folder) - 1);
    assert_non_null(mkdtemp(world->folder));
}

test_env *test_env_new(uint64_t seed)
{
    sph_err err = {0};
    test_env *world = calloc(1, sizeof(*world));
    assert_non_null(world);
    make_folder(world);
    assert_ok(sph_files_real_new(world->folder, &world->real, &err), &err);
    assert_int_equal(pthread_mutex_init(&world->lock, NULL), 0);
    world->now_ms = START_MS;
    world->mono_ms = 1000000;
    world->random_state = seed;
    world->room = UINT64_MAX;
    world->clock = (sph_clock){world, fake_now, fake_mono};
    world->random = (sph_random){world, fake_fill};
    world->files = fake_calls;
    world->files.ctx = world;
    world->env = (struct sph_env){&world->clock, &world->random, &world->files, NULL};
    return world;
}

static int remove_entry(const char *path, const struct stat *status, int kind, struct FTW *where)
{
    (void)status;
    (void)kind;
    (void)where;
    return remove(path);
}

void test_env_free(test_env **world)
{
    if (!world || !*world)
        return;
    sph_files_real_free(&(*world)->real);
    (void)nftw((*world)->folder, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
    (void)pthread_mutex_destroy(&(*world)->lock);
    free(*world);
    *world = NULL;
}

const struct sph_env *test_env_get(test_env *world)
{
    return &world->env;
}

const char *test_env_folder(const test_env *world)
{
    return world->folder;
}

void test_env_set_log(test_env *world, sph_log *log)
{
    world->env.log = log;
}

void test_env_advance(test_env *world, int64_t ms)
{
    lock(world);
    world->now_ms += ms;
    world->mono_ms += ms;
    unlock(world);
}

void test_env_set_now(test_env *world, int64_t unix_ms)
{
    lock(world);
    world->now_ms = unix_ms;
    unlock(world);
}

static void set_failure(test_env *world, size_t n, bool stays_down)
{
    lock(world);
    world->fail_at = n == 0 ? 0 : world->calls + n;
    world->stays_down = stays_down;
    world->has_failed = false;
    unlock(world);
}

void test_env_fail_at(test_env *world, size_t n)
{
    set_failure(world, n, false);
}

void test_env_crash_at(test_env *world, size_t n)
{
    set_failure(world, n, true);
}

bool test_env_has_failed(const test_env *world)
{
    lock(world);
    const bool has_failed = world->has_failed;
    unlock(world);
    return has_failed;
}

size_t test_env_calls(const test_env *world)
{
    lock(world);
    const size_t calls = world->calls;
    unlock(world);
    return calls;
}

void test_env_set_room(test_env *world, uint64_t bytes)
{
    lock(world);
    world->room = bytes;
    unlock(world);
}

size_t test_env_open_files(const test_env *world)
{
    lock(world);
    const size_t open_files = world->open_files;
    unlock(world);
    return open_files;
}

size_t test_env_each_failure(test_env *world, sph_rc (*operation)(void *ctx, sph_err *err),
                             void (*check)(void *ctx, sph_rc rc), void *ctx)
{
    const size_t open_before = test_env_open_files(world);
    for (size_t n = 1; n <= MOST_RUNS; n++) {
        sph_err err = {0};
        test_env_fail_at(world, n);
        const sph_rc rc = operation(ctx, &err);
        const bool had_failure = test_env_has_failed(world);
        test_env_fail_at(world, 0);
        assert_int_equal(test_env_open_files(world), open_before);
        if (check)
            check(ctx, rc);
        if (!had_failure)
            return n - 1;
    }
    fail_msg("more than %u calls: the operation does not end", MOST_RUNS);
    return 0;
}
