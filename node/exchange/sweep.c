#include "exchange/sweep.h"

#include "base/codec.h"

struct sweep {
    sph_node *node;
    sph_db *reader;
    const char *folder;
    bool is_vault;
    unsigned count;
};

static sph_rc is_named(struct sweep *sweep, const char *path, const char *name, bool *out,
                       sph_err *err)
{
    sph_stmt *stmt = NULL;
    SPH_AUTO(sph_buf) digest = sph_buf_init(32);
    if (sweep->is_vault) {
        SPH_TRY(sph_stmt_get(sweep->reader, "SELECT 1 FROM attachment WHERE stored = ? LIMIT 1",
                             &stmt, err),
                err, "sweep");
        if (sph_hex_decode(sph_slice_str(name), &digest, NULL).code != SPH_OK)
            sph_buf_clear(&digest);
        sph_stmt_blob(stmt, 1, sph_buf_peek(&digest));
    } else {
        SPH_TRY(sph_stmt_get(sweep->reader, "SELECT 1 FROM outbox WHERE wire_file = ? LIMIT 1",
                             &stmt, err),
                err, "sweep");
        sph_stmt_text(stmt, 1, path);
    }
    SPH_TRY(sph_stmt_step(stmt, out, err), err, "sweep");
    sph_stmt_end(stmt);
    return sph_ok();
}

static sph_rc sweep_file(void *arg, const char *name, sph_err *err)
{
    struct sweep *sweep = arg;
    const sph_files *files = sph_node_env(sweep->node)->files;
    char path[160];
    bool is_kept = true;
    SPH_TRY(sph_str_format(path, sizeof(path), err, "%s/%s", sweep->folder, name), err, "path");
    SPH_TRY(is_named(sweep, path, name, &is_kept, err), err, "row of a file");
    if (is_kept)
        return sph_ok();
    sweep->count++;
    return files->remove(files->ctx, path, err);
}

static sph_rc sweep_shelf(void *arg, const char *name, sph_err *err)
{
    struct sweep *sweep = arg;
    const sph_files *files = sph_node_env(sweep->node)->files;
    char folder[96];
    SPH_TRY(sph_str_format(folder, sizeof(folder), err, "vault/%s", name), err, "path");
    struct sweep shelf = {sweep->node, sweep->reader, folder, true, 0};
    const sph_rc rc = files->list(files->ctx, folder, sweep_file, &shelf, err);
    sweep->count += shelf.count;
    return rc;
}

/** An upload belongs to a command that a restart ended. Not so between two calls of a command that
 * runs in-process: each of them opens the home anew, and the second names what the first uploaded.
 */
static sph_rc drop_upload(void *arg, const char *name, sph_err *err)
{
    struct sweep *sweep = arg;
    const sph_files *files = sph_node_env(sweep->node)->files;
    char path[160];
    SPH_TRY(sph_str_format(path, sizeof(path), err, "uploads/%s", name), err, "path");
    sweep->count++;
    return files->remove(files->ctx, path, err);
}

sph_rc sph_sweep(sph_node *node, bool drops_uploads, unsigned *count, sph_err *err)
{
    const sph_files *files = sph_node_env(node)->files;
    struct sweep sweep = {.node = node, .folder = "outgoing"};
    SPH_TRY(sph_db_pool_get(sph_node_readers(node), &sweep.reader, err), err, "reader");
    sph_rc rc = sph_ok();
    if (drops_uploads)
        rc = files->list(files->ctx, "uploads", drop_upload, &sweep, err);
    if (rc.code == SPH_OK)
        rc = files->list(files->ctx, "outgoing", sweep_file, &sweep, err);
    if (rc.code == SPH_OK)
        rc = files->list(files->ctx, "vault", sweep_shelf, &sweep, err);
    sph_db_pool_put(sph_node_readers(node), sweep.reader);
    *count = sweep.count;
    return rc;
}
