#include "base/files_path.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#define FOLDER_MODE 0700u

struct real_files {
    sph_files files; /* first: files and real_files are one object */
    struct sph_root root;
};

static sph_rc real_open(void *ctx, const char *path, enum sph_open how, sph_file **out,
                        sph_err *err)
{
    return sph_handle_open(ctx, path, how, out, err);
}

static sph_rc real_rename(void *ctx, const char *from, const char *to, sph_err *err)
{
    SPH_AUTO(sph_fd) from_folder = -1;
    SPH_AUTO(sph_fd) to_folder = -1;
    const char *from_name = NULL;
    const char *to_name = NULL;
    SPH_TRY(sph_path_parent(ctx, from, &from_folder, &from_name, err), err, "renaming");
    SPH_TRY(sph_path_parent(ctx, to, &to_folder, &to_name, err), err, "renaming");
    if (renameat(from_folder, from_name, to_folder, to_name) != 0)
        return sph_path_failed(errno, "renaming", err);
    if (fsync(to_folder) != 0 || fsync(from_folder) != 0)
        return sph_path_failed(errno, "syncing a folder", err);
    return sph_ok();
}

static sph_rc real_remove(void *ctx, const char *path, sph_err *err)
{
    SPH_AUTO(sph_fd) folder = -1;
    const char *name = NULL;
    SPH_TRY(sph_path_parent(ctx, path, &folder, &name, err), err, "removing");
    if (unlinkat(folder, name, 0) == 0)
        return sph_ok();
    if (errno != EISDIR || unlinkat(folder, name, AT_REMOVEDIR) != 0)
        return sph_path_failed(errno, "removing", err);
    return sph_ok();
}

static sph_rc real_make_dir(void *ctx, const char *path, sph_err *err)
{
    SPH_AUTO(sph_fd) folder = -1;
    const char *name = NULL;
    struct stat status;
    SPH_TRY(sph_path_parent(ctx, path, &folder, &name, err), err, "making a folder");
    if (mkdirat(folder, name, FOLDER_MODE) == 0)
        return fsync(folder) == 0 ? sph_ok() : sph_path_failed(errno, "syncing a folder", err);
    if (errno != EEXIST)
        return sph_path_failed(errno, "making a folder", err);
    if (fstatat(folder, name, &status, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISDIR(status.st_mode))
        return sph_fail(err, SPH_EEXISTS, "making a folder: a file has the name");
    return sph_ok();
}

static sph_rc real_exists(void *ctx, const char *path, bool *out, sph_err *err)
{
    SPH_AUTO(sph_fd) fd = -1;
    sph_err reason = {0};
    const sph_rc rc = sph_path_open(ctx, path, O_PATH, &fd, &reason);
    if (rc.code != SPH_OK && rc.code != SPH_ENOTFOUND) {
        if (err)
            *err = reason;
        return rc;
    }
    *out = rc.code == SPH_OK;
    return sph_ok();
}

static void close_folder(DIR **folder)
{
    if (*folder)
        (void)closedir(*folder);
}

static sph_rc real_list(void *ctx, const char *path,
                        sph_rc (*each)(void *arg, const char *name, sph_err *err), void *arg,
                        sph_err *err)
{
    SPH_AUTO(sph_fd) fd = -1;
    SPH_TRY(sph_path_open(ctx, path, O_RDONLY | O_DIRECTORY, &fd, err), err, "listing");
    __attribute__((cleanup(close_folder))) DIR *folder = fdopendir(fd);
    if (!folder)
        return sph_path_failed(errno, "listing", err);
    fd = -1; /* closedir closes it */
    for (;;) {
        errno = 0;
        const struct dirent *entry = readdir(folder);
        if (!entry)
            return errno == 0 ? sph_ok() : sph_path_failed(errno, "listing", err);
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            SPH_TRY(each(arg, entry->d_name, err), err, "listing");
    }
}

static sph_rc real_free_bytes(void *ctx, uint64_t *out, sph_err *err)
{
    const struct sph_root *root = ctx;
    struct statvfs status;
    if (fstatvfs(root->fd, &status) != 0)
        return sph_path_failed(errno, "asking for free space", err);
    *out = (uint64_t)status.f_bavail * status.f_frsize;
    return sph_ok();
}

static const sph_files real_calls = {
    .open = real_open,
    .read_at = sph_handle_read_at,
    .write = sph_handle_write,
    .sync = sph_handle_sync,
    .size = sph_handle_size,
    .name = sph_handle_name,
    .fd = sph_handle_fd,
    .close = sph_handle_close,
    .rename = real_rename,
    .remove = real_remove,
    .make_dir = real_make_dir,
    .exists = real_exists,
    .list = real_list,
    .free_bytes = real_free_bytes,
};

sph_rc sph_files_real_new(const char *root, sph_files **out, sph_err *err)
{
    SPH_AUTO(sph_fd) fd = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return sph_path_failed(errno, "opening a root folder", err);
    struct real_files *real = sph_mem_new(1, sizeof(*real));
    if (!real)
        return sph_fail(err, SPH_ENOMEM, "files");
    real->files = real_calls;
    real->files.ctx = &real->root;
    real->root.fd = fd;
    real->root.is_everything = strcmp(root, "/") == 0;
    fd = -1;
    *out = &real->files;
    return sph_ok();
}

void sph_files_real_free(sph_files **files)
{
    if (!files || !*files)
        return;
    struct sph_root *root = (*files)->ctx;
    sph_fd_clear(&root->fd);
    sph_mem_free(*files);
    *files = NULL;
}
