#include "exchange/sweep.h"

#include "base/codec.h"

struct sweep {
    sph_node *node;
    sph_db *reader;
    const char *folder;
    bool is_vault;
    unsigned count;
};

/** Where the file system has no unnamed files they bear this name, and a crash leaves them. */
static bool is_left_over(const char *name)
{
    return sph_slice_starts(sph_slice_str(name), SPH_LIT(".tmp-"));
}

static sph_rc drop(struct sweep *sweep, const char *name, sph_err *err)
{
    const sph_files *files = sph_node_env(sweep->node)->files;
    char path[320];
    SPH_TRY(sph_str_format(path, sizeof(path), err, "%s/%s", sweep->folder, name), err, "path");
    sweep->count++;
    return files->remove(files->ctx, path, err);
}

static sph_rc drop_left_over(void *arg, const char *name, sph_err *err)
{
    return is_left_over(name) ? drop(arg, name, err) : sph_ok();
}

/** Only what bears a name that this node gives is its to remove: "lost+found", or a file that a
 * person put there, stays and does not stop the start. */
static bool is_own_name(const struct sweep *sweep, sph_slice name)
{
    SPH_AUTO(sph_buf) digest = sph_buf_init(32);
    if (!sweep->is_vault)
        return sph_uuid_is_v4(name);
    return name.len == 64 && sph_hex_decode(name, &digest, NULL).code == SPH_OK;
}

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
    char path[160];
    bool is_kept = true;
    if (is_left_over(name))
        return drop(sweep, name, err);
    if (!is_own_name(sweep, sph_slice_str(name)))
        return sph_ok();
    SPH_TRY(sph_str_format(path, sizeof(path), err, "%s/%s", sweep->folder, name), err, "path");
    SPH_TRY(is_named(sweep, path, name, &is_kept, err), err, "row of a file");
    return is_kept ? sph_ok() : drop(sweep, name, err);
}

static sph_rc sweep_shelf(void *arg, const char *name, sph_err *err)
{
    struct sweep *sweep = arg;
    const sph_files *files = sph_node_env(sweep->node)->files;
    char folder[96];
    SPH_AUTO(sph_buf) shelf_name = sph_buf_init(1);
    if (is_left_over(name))
        return drop(sweep, name, err);
    if (sph_hex_decode(sph_slice_str(name), &shelf_name, NULL).code != SPH_OK)
        return sph_ok();
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
    return is_left_over(name) || sph_uuid_is_v4(sph_slice_str(name)) ? drop(arg, name, err)
                                                                     : sph_ok();
}

static sph_rc sweep_folder(struct sweep *sweep, const char *folder,
                           sph_rc (*each)(void *arg, const char *name, sph_err *err), sph_err *err)
{
    const sph_files *files = sph_node_env(sweep->node)->files;
    sweep->folder = folder;
    return files->list(files->ctx, folder, each, sweep, err);
}

sph_rc sph_sweep(sph_node *node, bool drops_uploads, unsigned *count, sph_err *err)
{
    struct sweep sweep = {.node = node};
    SPH_TRY(sph_db_pool_get(sph_node_readers(node), &sweep.reader, err), err, "reader");
    sph_rc rc = sweep_folder(&sweep, "uploads", drops_uploads ? drop_upload : drop_left_over, err);
    if (rc.code == SPH_OK)
        rc = sweep_folder(&sweep, "spool", drop_left_over, err);
    if (rc.code == SPH_OK)
        rc = sweep_folder(&sweep, "outgoing", sweep_file, err);
    if (rc.code == SPH_OK)
        rc = sweep_folder(&sweep, "vault", sweep_shelf, err);
    sph_db_pool_put(sph_node_readers(node), sweep.reader);
    *count = sweep.count;
    return rc;
}
