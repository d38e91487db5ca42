/* What is built on sph_files alone, so that it works the same over the real files and over a fake.
 */
#include "base/env.h"

#define NEW_SUFFIX ".new"
#define PATH_BYTES 1024u

void sph_open_file_clear(sph_open_file *open_file)
{
    if (open_file && open_file->files && open_file->file)
        open_file->files->close(&open_file->file);
}

static sph_rc source_read(void *ctx, uint8_t *at, size_t room, size_t *got, sph_err *err)
{
    sph_file_source *state = ctx;
    const size_t want = room < state->left ? room : (size_t)state->left;
    size_t have = 0;
    SPH_TRY(state->files->read_at(state->file, state->at, at, want, &have, err), err, "file");
    state->at += have;
    state->left -= have;
    *got = have;
    return sph_ok();
}

sph_reader sph_reader_of_file(sph_file_source *state, const sph_files *files, sph_file *file,
                              uint64_t from, uint64_t len)
{
    *state = (sph_file_source){files, file, from, len};
    return (sph_reader){state, source_read};
}

static sph_rc sink_write(void *ctx, sph_slice bytes, sph_err *err)
{
    sph_file_sink *state = ctx;
    return state->files->write(state->file, bytes, err);
}

sph_writer sph_writer_of_file(sph_file_sink *state, const sph_files *files, sph_file *file)
{
    *state = (sph_file_sink){files, file};
    return (sph_writer){state, sink_write};
}

/* By the size first, so that a large file is refused before anything is read, then to the end. */
static sph_rc load_open(const sph_files *files, sph_file *file, sph_buf *out, sph_err *err)
{
    uint64_t size = 0;
    sph_file_source source;
    const sph_reader reader = sph_reader_of_file(&source, files, file, 0, UINT64_MAX);
    const sph_writer writer = sph_writer_of_buf(out);
    SPH_TRY(files->size(file, &size, err), err, "size");
    if (size > out->cap - out->len)
        return sph_fail(err, SPH_ELIMIT, "file of %llu bytes, room for %zu",
                        (unsigned long long)size, out->cap - out->len);
    return sph_stream_copy(&reader, &writer, out->cap - out->len, NULL, err);
}

sph_rc sph_file_load(const sph_files *files, const char *path, sph_buf *out, sph_err *err)
{
    SPH_AUTO(sph_open_file) from = {files, NULL};
    const size_t before = out->len;
    SPH_TRY(files->open(files->ctx, path, SPH_OPEN_READ, &from.file, err), err, "loading a file");
    const sph_rc rc = load_open(files, from.file, out, err);
    if (rc.code != SPH_OK)
        sph_buf_cut(out, before); /* a half-read file is nothing */
    return rc;
}

static sph_rc folder_of(const char *path, char *to, size_t room, sph_err *err)
{
    const char *slash = strrchr(path, '/');
    if (!slash)
        return sph_str_copy(to, room, SPH_LIT("."), err);
    const size_t len = slash == path ? 1 : (size_t)(slash - path);
    return sph_str_copy(to, room, sph_slice_of(path, len), err);
}

static sph_rc replace_with(const sph_files *files, sph_file *file, const char *path, sph_err *err)
{
    char fresh[PATH_BYTES];
    SPH_TRY(sph_str_format(fresh, sizeof(fresh), err, "%s" NEW_SUFFIX, path), err, "path");
    const sph_rc rc = files->remove(files->ctx, fresh, err); /* left by a crash */
    if (rc.code != SPH_OK && rc.code != SPH_ENOTFOUND)
        return rc;
    sph_err_clear(err);
    SPH_TRY(files->name(file, fresh, err), err, "naming");
    return files->rename(files->ctx, fresh, path, err);
}

sph_rc sph_file_store(const sph_files *files, const char *path, sph_slice bytes, bool replace,
                      sph_err *err)
{
    char folder[PATH_BYTES];
    SPH_AUTO(sph_open_file) to = {files, NULL};
    SPH_TRY(folder_of(path, folder, sizeof(folder), err), err, "storing a file");
    SPH_TRY(files->open(files->ctx, folder, SPH_OPEN_TEMPORARY, &to.file, err), err,
            "storing a file");
    SPH_TRY(files->write(to.file, bytes, err), err, "storing a file");
    SPH_TRY(files->sync(to.file, err), err, "storing a file");
    if (replace)
        return replace_with(files, to.file, path, err);
    return files->name(to.file, path, err);
}
