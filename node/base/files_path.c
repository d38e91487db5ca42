#include "base/files_path.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/syscall.h>
#include <unistd.h>

#define FILE_MODE 0600u

sph_rc sph_path_failed(int error, const char *doing, sph_err *err)
{
    switch (error) {
    case ENOSPC:
    case EDQUOT:
        return sph_fail(err, SPH_EIO, "%s: no space left", doing);
    case ENOENT:
    case ENOTDIR:
        return sph_fail(err, SPH_ENOTFOUND, "%s: no such file", doing);
    case EEXIST:
    case ENOTEMPTY:
        return sph_fail(err, SPH_EEXISTS, "%s: the name is taken", doing);
    case ELOOP:
    case EXDEV:
        return sph_fail(err, SPH_EREFUSED, "%s: a link, or outside the folder", doing);
    case ENAMETOOLONG:
        return sph_fail(err, SPH_ELIMIT, "%s: the path is too long", doing);
    case ENOMEM:
        return sph_fail(err, SPH_ENOMEM, "%s: no memory", doing);
    default:
        return sph_fail(err, SPH_EIO, "%s: %s", doing, strerrorname_np(error));
    }
}

void sph_fd_clear(sph_fd *fd)
{
    if (fd && *fd >= 0) {
        (void)close(*fd);
        *fd = -1;
    }
}

/* openat2 holds most of this too; here it is held for every call that takes a path. */
static sph_rc check(const struct sph_root *root, const char *path, sph_err *err)
{
    const sph_slice text = sph_slice_str(path);
    if (text.len == 0 || text.len >= SPH_PATH_BYTES)
        return sph_fail(err, SPH_ELIMIT, "path of %zu bytes", text.len);
    if (root->is_everything)
        return sph_ok();
    if (path[0] == '/')
        return sph_fail(err, SPH_EREFUSED, "absolute path in a folder of its own");
    for (const char *part = path; part; part = strchr(part, '/')) {
        part += *part == '/';
        if (part[0] == '.' && part[1] == '.' && (part[2] == '/' || part[2] == '\0'))
            return sph_fail(err, SPH_EREFUSED, "path that climbs");
    }
    return sph_ok();
}

/* A relative path under "/" is meant from where the person stands. */
static int start_of(const struct sph_root *root)
{
    return root->is_everything ? AT_FDCWD : root->fd;
}

sph_rc sph_path_open(const struct sph_root *root, const char *path, int flags, int *fd,
                     sph_err *err)
{
    SPH_TRY(check(root, path, err), err, "path");
    /* openat2 refuses flags that have no meaning together. */
    const int common = flags & O_PATH ? O_CLOEXEC : O_CLOEXEC | O_NOCTTY;
    struct open_how how = {.flags = (uint64_t)(unsigned)(flags | common)};
    if ((flags & O_CREAT) || (flags & O_TMPFILE) == O_TMPFILE)
        how.mode = FILE_MODE;
    if (!root->is_everything)
        how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS;
    for (;;) {
        const long opened = syscall(SYS_openat2, start_of(root), path, &how, sizeof(how));
        if (opened >= 0) {
            *fd = (int)opened;
            return sph_ok();
        }
        if (errno != EINTR && errno != EAGAIN) /* EAGAIN: a rename raced with the resolution */
            return sph_path_failed(errno, "opening", err);
    }
}

sph_rc sph_path_parent(const struct sph_root *root, const char *path, int *fd, const char **name,
                       sph_err *err)
{
    SPH_TRY(check(root, path, err), err, "path");
    const char *slash = strrchr(path, '/');
    const char *last = slash ? slash + 1 : path;
    char folder[SPH_PATH_BYTES];
    if (last[0] == '\0' || strcmp(last, ".") == 0)
        return sph_fail(err, SPH_EARG, "path without a name");
    const size_t len = (size_t)(last - path);
    SPH_TRY(sph_str_copy(folder, sizeof(folder), sph_slice_of(path, len), err), err, "folder");
    SPH_TRY(sph_path_open(root, len == 0 ? "." : folder, O_RDONLY | O_DIRECTORY, fd, err), err,
            "folder of a file");
    *name = last;
    return sph_ok();
}

sph_rc sph_path_sync_parent(const struct sph_root *root, const char *path, sph_err *err)
{
    SPH_AUTO(sph_fd) folder = -1;
    const char *name = NULL;
    SPH_TRY(sph_path_parent(root, path, &folder, &name, err), err, "folder to sync");
    if (fsync(folder) != 0)
        return sph_path_failed(errno, "syncing a folder", err);
    return sph_ok();
}
