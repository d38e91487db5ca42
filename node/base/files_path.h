/** How the real files resolve a path; shared by files_real.c and files_handle.c only. */
#pragma once

#include "base/env.h"

#define SPH_PATH_BYTES 1024u

/** The folder below which paths are resolved. */
struct sph_root {
    int fd;
    bool is_everything;   /* root "/": paths a person typed */
    bool without_unnamed; /* known to have no O_TMPFILE; a test sets it, else it is tried each time
                           */
};

/** The failure of a system call as a result: no room, no such thing, already there, link, or the
 * errno's name. Never the path, which may say more than a log may hold. */
SPH_MUST sph_rc sph_path_failed(int error, const char *doing, sph_err *err);
/** Open `path` below root with open(2) flags; *fd is owned. No symlink is followed, nor a way out
 * of root taken, unless root is everything. */
SPH_MUST sph_rc sph_path_open(const struct sph_root *root, const char *path, int flags, int *fd,
                              sph_err *err);
/** The folder that holds `path`, opened; *name points at the last part, inside `path`. */
SPH_MUST sph_rc sph_path_parent(const struct sph_root *root, const char *path, int *fd,
                                const char **name, sph_err *err);
/** fsync of the folder that holds `path`, so that a new name in it survives a crash. */
SPH_MUST sph_rc sph_path_sync_parent(const struct sph_root *root, const char *path, sph_err *err);
/** A descriptor that closes itself at the end of a scope; -1 is none. */
typedef int sph_fd;
void sph_fd_clear(sph_fd *fd);

/** The part of sph_files that works on an open file (files_handle.c). */
SPH_MUST sph_rc sph_handle_open(const struct sph_root *root, const char *path, enum sph_open how,
                                sph_file **out, sph_err *err);
SPH_MUST sph_rc sph_handle_read_at(sph_file *file, uint64_t at, uint8_t *to, size_t room,
                                   size_t *got, sph_err *err);
SPH_MUST sph_rc sph_handle_write(sph_file *file, sph_slice bytes, sph_err *err);
SPH_MUST sph_rc sph_handle_sync(sph_file *file, sph_err *err);
SPH_MUST sph_rc sph_handle_size(sph_file *file, uint64_t *out, sph_err *err);
SPH_MUST sph_rc sph_handle_name(sph_file *file, const char *path, sph_err *err);
int sph_handle_fd(sph_file *file);
void sph_handle_close(sph_file **file);
