/** The world as four small interfaces, so that tests run many nodes in one process with simulated
 *  time and faults. Production fills them with system calls (base/env_real.c), tests with fakes
 * that count down to a failure (tests/support). The network is reached through net/transport.h.
 */
#pragma once

#include "base/bytes.h"
#include "base/log.h"
#include "base/stream.h"

typedef struct sph_clock {
    void *ctx;
    int64_t (*now_ms)(void *ctx);  /* Unix UTC milliseconds; may jump */
    int64_t (*mono_ms)(void *ctx); /* never goes back */
} sph_clock;

typedef struct sph_random {
    void *ctx;
    sph_rc (*fill)(void *ctx, uint8_t *at, size_t len, sph_err *err); /* all of it or SPH_EIO */
} sph_random;

typedef struct sph_file sph_file; /* an open file; one user at a time, but pread is thread-safe */

enum sph_open {
    SPH_OPEN_READ,      /* existing, read only, no symlink followed */
    SPH_OPEN_CREATE,    /* new, O_EXCL, mode 0600, read and write */
    SPH_OPEN_TEMPORARY, /* path is a folder: an unnamed file (O_TMPFILE, else a hidden name until
                           close) */
    SPH_OPEN_APPEND,    /* existing or new, mode 0600, writes at the end */
};

/** Files below one folder (a node's home). Paths are relative, use '/', and contain no "..";
 *  absolute paths are accepted only by an instance whose root is "/": that one is for paths a
 * person types, relative ones start at the working folder, and links are followed. Elsewhere no
 * link is followed at any step. A file made by SPH_OPEN_CREATE or _APPEND has its folder synced
 * with its first `sync`; `remove` (also of an empty folder) syncs nothing. SPH_OPEN_* of anything
 * but a regular file is SPH_EREFUSED. Errors: SPH_ENOTFOUND, SPH_EEXISTS, SPH_EREFUSED (link, way
 * out), SPH_EIO (a full disk says "no space left"), SPH_ENOMEM; no path stands in a reason. */
typedef struct sph_files {
    void *ctx;
    sph_rc (*open)(void *ctx, const char *path, enum sph_open how, sph_file **out, sph_err *err);
    sph_rc (*read_at)(sph_file *file, uint64_t at, uint8_t *to, size_t room, size_t *got,
                      sph_err *err);
    sph_rc (*write)(sph_file *file, sph_slice bytes, sph_err *err); /* appends; ENOSPC is SPH_EIO */
    sph_rc (*sync)(sph_file *file, sph_err *err);                   /* fdatasync */
    sph_rc (*size)(sph_file *file, uint64_t *out, sph_err *err);
    sph_rc (*name)(sph_file *file, const char *path,
                   sph_err *err); /* give a temporary file its name, then sync the folder; existing:
                                     SPH_EEXISTS */
    int (*fd)(sph_file *file);    /* borrowed; -1 for fakes */
    void (*close)(sph_file **file);
    sph_rc (*rename)(void *ctx, const char *from, const char *to,
                     sph_err *err);                                /* atomic, folder synced */
    sph_rc (*remove)(void *ctx, const char *path, sph_err *err);   /* SPH_ENOTFOUND */
    sph_rc (*make_dir)(void *ctx, const char *path, sph_err *err); /* 0700; existing is fine */
    sph_rc (*exists)(void *ctx, const char *path, bool *out, sph_err *err);
    sph_rc (*list)(void *ctx, const char *path,
                   sph_rc (*each)(void *arg, const char *name, sph_err *err), void *arg,
                   sph_err *err);
    sph_rc (*free_bytes)(void *ctx, uint64_t *out,
                         sph_err *err); /* space left on this file system */
} sph_files;

struct sph_env {
    const sph_clock *clock;
    const sph_random *random;
    const sph_files *files;
    sph_log *log; /* may be NULL: nothing is logged */
};

/** The system's clock, random source (getrandom) — static, never freed. */
const sph_clock *sph_clock_real(void);
const sph_random *sph_random_real(void);
/** Files below `root` (an existing folder; opened once, later paths are resolved beneath it).
 *  out: owned, sph_files_real_free. */
SPH_MUST sph_rc sph_files_real_new(const char *root, sph_files **out, sph_err *err);
void sph_files_real_free(sph_files **files);

/** Append a whole small file to a buffer (its cap is the limit: SPH_ELIMIT); unchanged on failure.
 */
SPH_MUST sph_rc sph_file_load(const sph_files *files, const char *path, sph_buf *out, sph_err *err);
/** Write a new file durably: temporary file, write, sync, name; `replace` allows an existing name,
 *  then the new content passes through "<path>.new"; one writer a path. Afterwards the path holds
 * the old or the new content whole, whatever happened. */
SPH_MUST sph_rc sph_file_store(const sph_files *files, const char *path, sph_slice bytes,
                               bool replace, sph_err *err);
/** Stream adapters over a file: reading from an offset up to `len` bytes (UINT64_MAX: to the end).
 */
typedef struct {
    const sph_files *files;
    sph_file *file;
    uint64_t at, left;
} sph_file_source;
sph_reader sph_reader_of_file(sph_file_source *state, const sph_files *files, sph_file *file,
                              uint64_t from, uint64_t len);
typedef struct {
    const sph_files *files;
    sph_file *file;
} sph_file_sink;
sph_writer sph_writer_of_file(sph_file_sink *state, const sph_files *files, sph_file *file);
/** Scope handle that closes an open file: SPH_AUTO(sph_open_file) f = {files, NULL}; */
typedef struct {
    const sph_files *files;
    sph_file *file;
} sph_open_file;
void sph_open_file_clear(sph_open_file *open_file);
