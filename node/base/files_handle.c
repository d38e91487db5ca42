#include "base/files_path.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

struct sph_file {
    int fd;
    const struct sph_root *root;
    char *hidden;    /* name of a temporary file where the file system has no O_TMPFILE */
    char *new_entry; /* path whose folder must be synced with the first sync */
    bool is_temporary;
};

static void file_free(sph_file **file)
{
    if (!file || !*file)
        return;
    sph_file *old = *file;
    sph_fd_clear(&old->fd);
    sph_str_free(&old->hidden);
    sph_str_free(&old->new_entry);
    sph_mem_free(old);
    *file = NULL;
}
#define AUTO_FILE __attribute__((cleanup(file_free))) sph_file

/* Folders, devices and pipes are refused: they would block, or read differently each time. */
static sph_rc check_regular(int fd, sph_err *err)
{
    struct stat status;
    if (fstat(fd, &status) != 0)
        return sph_path_failed(errno, "looking at a file", err);
    if (!S_ISREG(status.st_mode))
        return sph_fail(err, SPH_EREFUSED, "not a regular file");
    return sph_ok();
}

/* Without O_TMPFILE (NFS, some overlays): a hidden random name, removed when the file is closed. */
static sph_rc open_hidden(sph_file *file, const char *folder, sph_err *err)
{
    uint64_t random = 0;
    SPH_AUTO_STR *path = NULL;
    SPH_AUTO(sph_buf) name = sph_buf_init(SPH_PATH_BYTES);
    const sph_random *source = sph_random_real();
    SPH_TRY(source->fill(source->ctx, (uint8_t *)&random, sizeof(random), err), err, "name");
    SPH_TRY(sph_buf_addf(&name, err, "%s/.tmp-%016llx", folder, (unsigned long long)random), err,
            "name");
    SPH_TRY(sph_str_dup(sph_buf_peek(&name), &path, err), err, "name");
    SPH_TRY(sph_path_open(file->root, path, O_RDWR | O_CREAT | O_EXCL, &file->fd, err), err,
            "temporary file");
    file->hidden = sph_move(path);
    return sph_ok();
}

static sph_rc open_temporary(sph_file *file, const char *folder, sph_err *err)
{
    file->is_temporary = true;
    if (file->root->without_unnamed)
        return open_hidden(file, folder, err);
    const sph_rc rc = sph_path_open(file->root, folder, O_TMPFILE | O_RDWR, &file->fd, err);
    if (rc.code != SPH_EIO)
        return rc;
    sph_err_clear(err);
    return open_hidden(file, folder, err); /* what failed for another reason fails here as well */
}

static sph_rc open_as(sph_file *file, const char *path, enum sph_open how, sph_err *err)
{
    if (how == SPH_OPEN_TEMPORARY)
        return open_temporary(file, path, err);
    if (how ==
        SPH_OPEN_READ) /* O_NONBLOCK: a pipe put in the file's place must not stop the node */
        return sph_path_open(file->root, path, O_RDONLY | O_NONBLOCK, &file->fd, err);
    const int flags =
        how == SPH_OPEN_CREATE ? O_RDWR | O_CREAT | O_EXCL : O_RDWR | O_CREAT | O_APPEND;
    SPH_TRY(sph_str_dup(sph_slice_str(path), &file->new_entry, err), err, "path");
    return sph_path_open(file->root, path, flags | O_NONBLOCK, &file->fd, err);
}

sph_rc sph_handle_open(const struct sph_root *root, const char *path, enum sph_open how,
                       sph_file **out, sph_err *err)
{
    AUTO_FILE *file = sph_mem_new(1, sizeof(*file));
    if (!file)
        return sph_fail(err, SPH_ENOMEM, "file");
    file->fd = -1;
    file->root = root;
    SPH_TRY(open_as(file, path, how, err), err, "opening a file");
    SPH_TRY(check_regular(file->fd, err), err, "opening a file");
    *out = sph_move(file);
    return sph_ok();
}

sph_rc sph_handle_read_at(sph_file *file, uint64_t at, uint8_t *to, size_t room, size_t *got,
                          sph_err *err)
{
    if (at > INT64_MAX)
        return sph_fail(err, SPH_EARG, "offset past the largest file");
    for (;;) {
        const ssize_t done = pread(file->fd, to, room, (off_t)at);
        if (done < 0 && errno == EINTR)
            continue;
        if (done < 0)
            return sph_path_failed(errno, "reading", err);
        *got = (size_t)done;
        return sph_ok();
    }
}

sph_rc sph_handle_write(sph_file *file, sph_slice bytes, sph_err *err)
{
    while (bytes.len > 0) {
        const ssize_t done = write(file->fd, bytes.at, bytes.len);
        if (done < 0 && errno == EINTR)
            continue;
        if (done < 0)
            return sph_path_failed(errno, "writing", err);
        bytes = sph_slice_sub(bytes, (size_t)done, SIZE_MAX);
    }
    return sph_ok();
}

sph_rc sph_handle_sync(sph_file *file, sph_err *err)
{
    if (fdatasync(file->fd) != 0)
        return sph_path_failed(errno, "syncing", err);
    if (file->new_entry) {
        SPH_TRY(sph_path_sync_parent(file->root, file->new_entry, err), err, "syncing a new name");
        sph_str_free(&file->new_entry);
    }
    return sph_ok();
}

sph_rc sph_handle_size(sph_file *file, uint64_t *out, sph_err *err)
{
    struct stat status;
    if (fstat(file->fd, &status) != 0)
        return sph_path_failed(errno, "looking at a file", err);
    *out = (uint64_t)status.st_size;
    return sph_ok();
}

/* linkat with an empty path needs a capability or a recent kernel; /proc serves everywhere else. */
static int link_unnamed(int fd, int folder, const char *name)
{
    char link[32];
    if (linkat(fd, "", folder, name, AT_EMPTY_PATH) == 0)
        return 0;
    if (errno == EEXIST)
        return EEXIST;
    (void)snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
    return linkat(AT_FDCWD, link, folder, name, AT_SYMLINK_FOLLOW) == 0 ? 0 : errno;
}

static sph_rc link_hidden(sph_file *file, int folder, const char *name, sph_err *err)
{
    SPH_AUTO(sph_fd) old_folder = -1;
    const char *old_name = NULL;
    SPH_TRY(sph_path_parent(file->root, file->hidden, &old_folder, &old_name, err), err, "naming");
    if (linkat(old_folder, old_name, folder, name, 0) != 0)
        return sph_path_failed(errno, "naming", err);
    (void)unlinkat(old_folder, old_name, 0);
    sph_str_free(&file->hidden);
    return sph_ok();
}

sph_rc sph_handle_name(sph_file *file, const char *path, sph_err *err)
{
    SPH_AUTO(sph_fd) folder = -1;
    const char *name = NULL;
    if (!file->is_temporary)
        return sph_fail(err, SPH_EARG, "the file has a name");
    SPH_TRY(sph_path_parent(file->root, path, &folder, &name, err), err, "naming");
    if (file->hidden) {
        SPH_TRY(link_hidden(file, folder, name, err), err, "naming");
    } else {
        const int error = link_unnamed(file->fd, folder, name);
        if (error != 0)
            return sph_path_failed(error, "naming", err);
    }
    file->is_temporary = false;
    if (fsync(folder) != 0)
        return sph_path_failed(errno, "syncing a folder", err);
    return sph_ok();
}

int sph_handle_fd(sph_file *file)
{
    return file->fd;
}

static void remove_hidden(const sph_file *file)
{
    SPH_AUTO(sph_fd) folder = -1;
    const char *name = NULL;
    if (sph_path_parent(file->root, file->hidden, &folder, &name, NULL).code == SPH_OK)
        (void)unlinkat(folder, name, 0);
}

void sph_handle_close(sph_file **file)
{
    if (file && *file && (*file)->hidden)
        remove_hidden(*file);
    file_free(file);
}
