#include "support/io_fault.h"

#include <sqlite3.h>
#include <stdatomic.h>

#define NAME "saphan-test-fault"

static atomic_size_t left[TEST_IO_KINDS];
static atomic_bool is_lasting_now, has_come;

/* The real file stands behind ours in the memory that SQLite gives. */
struct file {
    sqlite3_file base;
    sqlite3_file *real;
};

static bool fails_now(enum test_io kind)
{
    size_t now = atomic_load(&left[kind]);
    if (now == 1 && atomic_load(&is_lasting_now)) {
        atomic_store(&has_come, true);
        return true;
    }
    while (now > 0 && !atomic_compare_exchange_weak(&left[kind], &now, now - 1))
        continue;
    if (now == 1)
        atomic_store(&has_come, true);
    return now == 1;
}

static sqlite3_file *real_of(sqlite3_file *file)
{
    return ((struct file *)file)->real;
}

static int do_close(sqlite3_file *file)
{
    return real_of(file)->pMethods->xClose(real_of(file));
}

static int do_read(sqlite3_file *file, void *to, int len, sqlite3_int64 at)
{
    return real_of(file)->pMethods->xRead(real_of(file), to, len, at);
}

static int do_write(sqlite3_file *file, const void *from, int len, sqlite3_int64 at)
{
    if (fails_now(TEST_IO_WRITE))
        return SQLITE_IOERR_WRITE;
    return real_of(file)->pMethods->xWrite(real_of(file), from, len, at);
}

static int do_truncate(sqlite3_file *file, sqlite3_int64 len)
{
    return real_of(file)->pMethods->xTruncate(real_of(file), len);
}

static int do_sync(sqlite3_file *file, int flags)
{
    if (fails_now(TEST_IO_SYNC))
        return SQLITE_IOERR_FSYNC;
    return real_of(file)->pMethods->xSync(real_of(file), flags);
}

static int do_size(sqlite3_file *file, sqlite3_int64 *len)
{
    return real_of(file)->pMethods->xFileSize(real_of(file), len);
}

static int do_lock(sqlite3_file *file, int level)
{
    return real_of(file)->pMethods->xLock(real_of(file), level);
}

static int do_unlock(sqlite3_file *file, int level)
{
    return real_of(file)->pMethods->xUnlock(real_of(file), level);
}

static int do_check(sqlite3_file *file, int *is_reserved)
{
    return real_of(file)->pMethods->xCheckReservedLock(real_of(file), is_reserved);
}

static int do_control(sqlite3_file *file, int op, void *arg)
{
    return real_of(file)->pMethods->xFileControl(real_of(file), op, arg);
}

static int do_sector(sqlite3_file *file)
{
    return real_of(file)->pMethods->xSectorSize(real_of(file));
}

static int do_traits(sqlite3_file *file)
{
    return real_of(file)->pMethods->xDeviceCharacteristics(real_of(file));
}

static int do_shm_map(sqlite3_file *file, int page, int len, int extend, void volatile **out)
{
    return real_of(file)->pMethods->xShmMap(real_of(file), page, len, extend, out);
}

static int do_shm_lock(sqlite3_file *file, int offset, int count, int flags)
{
    return real_of(file)->pMethods->xShmLock(real_of(file), offset, count, flags);
}

static void do_shm_barrier(sqlite3_file *file)
{
    real_of(file)->pMethods->xShmBarrier(real_of(file));
}

static int do_shm_unmap(sqlite3_file *file, int is_deleted)
{
    return real_of(file)->pMethods->xShmUnmap(real_of(file), is_deleted);
}

static const sqlite3_io_methods methods = {
    .iVersion = 2,
    .xClose = do_close,
    .xRead = do_read,
    .xWrite = do_write,
    .xTruncate = do_truncate,
    .xSync = do_sync,
    .xFileSize = do_size,
    .xLock = do_lock,
    .xUnlock = do_unlock,
    .xCheckReservedLock = do_check,
    .xFileControl = do_control,
    .xSectorSize = do_sector,
    .xDeviceCharacteristics = do_traits,
    .xShmMap = do_shm_map,
    .xShmLock = do_shm_lock,
    .xShmBarrier = do_shm_barrier,
    .xShmUnmap = do_shm_unmap,
};

static int do_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags, int *out)
{
    sqlite3_vfs *real = vfs->pAppData;
    struct file *own = (struct file *)file;
    own->real = (sqlite3_file *)(own + 1);
    const int rc = real->xOpen(real, name, own->real, flags, out);
    own->base.pMethods = rc == SQLITE_OK ? &methods : NULL;
    return rc;
}

void test_io_fault_install(void)
{
    static sqlite3_vfs vfs;
    sqlite3_vfs *real = sqlite3_vfs_find(NULL);
    if (sqlite3_vfs_find(NAME))
        return;
    vfs = *real;
    vfs.szOsFile = (int)sizeof(struct file) + real->szOsFile;
    vfs.pNext = NULL;
    vfs.zName = NAME;
    vfs.pAppData = real;
    vfs.xOpen = do_open;
    (void)sqlite3_vfs_register(&vfs, 1);
}

void test_io_fault_arm(enum test_io kind, size_t n, bool is_lasting)
{
    atomic_store(&has_come, false);
    atomic_store(&is_lasting_now, is_lasting);
    atomic_store(&left[kind], n);
}

bool test_io_fault_has_come(void)
{
    return atomic_load(&has_come);
}
