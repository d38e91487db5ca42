#include "journal/journal_impl.h"

#define PROGRESS_STEP 65536

struct verify {
    sph_db *db;
    const sph_vkey *log;
    struct sph_ledger_fault *fault;
    sph_sha256 *hasher;
    sph_edge *edge;
    uint64_t size, last_ms; /* leaves so far; time of the newest */
    uint64_t proven;        /* size of the newest head that held */
    uint64_t tiles;
    /* A stored hash that differs from its leaves: the next head decides which of the two was
     * changed. */
    bool has_suspect;
    uint64_t suspect;
    sph_stmt *heads; /* checkpoints in order; NULL when there are no more */
};

static sph_rc found(struct verify *v, uint64_t index, const char *what, sph_err *err)
{
    *v->fault = (struct sph_ledger_fault){index, what};
    return sph_fail(err, SPH_EPROOF, "%s at %llu", what, (unsigned long long)index);
}

/* A fault that is certain ends the search; an earlier suspect comes first. */
static sph_rc fault_at(struct verify *v, uint64_t index, const char *what, sph_err *err)
{
    if (v->has_suspect && v->suspect <= index)
        return found(v, v->suspect, "ledger.fault.leaf-hash", err);
    return found(v, index, what, err);
}

/* Reading itself failed: a page that is damaged is a fault of the ledger, a full memory is not. */
static sph_rc unreadable(struct verify *v, sph_rc rc, sph_err *err)
{
    if (rc.code != SPH_EPARSE && rc.code != SPH_EPROOF)
        return rc;
    return fault_at(v, v->size, "ledger.fault.file", err);
}

static size_t first_difference(const sph_hash *a, const sph_hash *b, size_t count)
{
    size_t at = 0;
    while (at < count && sph_slice_equal(sph_slice_hash(&a[at]), sph_slice_hash(&b[at])))
        at++;
    return at;
}

static void suspect(struct verify *v, uint64_t index)
{
    v->suspect = v->has_suspect && v->suspect < index ? v->suspect : index;
    v->has_suspect = true;
}

static sph_rc compare_tile(void *ctx, unsigned level, uint64_t n,
                           const sph_hash hashes[SPH_TILE_WIDTH], sph_err *err)
{
    struct verify *v = ctx;
    sph_hash stored[SPH_TILE_WIDTH];
    bool has_tile = false;
    const sph_rc rc = tile_load(v->db, level, n, stored, &has_tile, err);
    if (rc.code != SPH_OK)
        return unreadable(v, rc, err);
    if (!has_tile)
        return fault_at(v, n * SPH_TILE_WIDTH << (8 * level), "ledger.fault.tile-missing", err);
    const size_t at = first_difference(hashes, stored, SPH_TILE_WIDTH);
    if (at < SPH_TILE_WIDTH)
        suspect(v, (n * SPH_TILE_WIDTH + at) << (8 * level));
    v->tiles++;
    return sph_ok();
}

/* The signed root is another one: which leaf is it? The tile that holds the last leaves may know,
 * if it was filled since; otherwise it is one of those after the newest head that held. */
static sph_rc blame_leaf(struct verify *v, sph_err *err)
{
    sph_hash stored[SPH_TILE_WIDTH];
    unsigned width = 0;
    const sph_hash *partial = sph_edge_peek(v->edge, 0, &width);
    bool has_tile = false;
    if (v->has_suspect)
        return found(v, v->suspect, "ledger.fault.leaf-hash", err);
    const sph_rc rc = tile_load(v->db, 0, v->size / SPH_TILE_WIDTH, stored, &has_tile, err);
    if (rc.code != SPH_OK)
        return unreadable(v, rc, err);
    const size_t at = has_tile ? first_difference(partial, stored, width) : width;
    if (at < width)
        return found(v, v->size / SPH_TILE_WIDTH * SPH_TILE_WIDTH + at, "ledger.fault.leaf-hash",
                     err);
    return found(v, v->proven, "ledger.fault.head-root", err);
}

/* Move to the next checkpoint row. */
static sph_rc next_head(struct verify *v, sph_err *err)
{
    bool row = false;
    const sph_rc rc = sph_stmt_step(v->heads, &row, err);
    if (rc.code != SPH_OK)
        return unreadable(v, rc, err);
    if (!row)
        v->heads = NULL;
    return sph_ok();
}

/* The checkpoint row at this size, if there is one: note, row, root. */
static sph_rc check_head(struct verify *v, sph_err *err)
{
    if (!v->heads || (uint64_t)sph_col_int(v->heads, 0) != v->size)
        return sph_ok();
    sph_checkpoint head;
    const sph_rc rc = sph_checkpoint_verify(sph_col_blob(v->heads, 2), v->log, &head, err);
    if (rc.code == SPH_ENOMEM)
        return rc;
    if (rc.code != SPH_OK)
        return fault_at(v, v->size, "ledger.fault.head-signature", err);
    if (head.size != v->size ||
        !sph_slice_equal(sph_slice_hash(&head.root), sph_col_blob(v->heads, 1)))
        return fault_at(v, v->size, "ledger.fault.head-row", err);
    const sph_hash root = sph_edge_root(v->edge);
    if (!sph_slice_equal(sph_slice_hash(&root), sph_slice_hash(&head.root)))
        return blame_leaf(v, err);
    if (v->has_suspect) /* the leaves are as signed, so the stored hash is not */
        return found(v, v->suspect, "ledger.fault.tile", err);
    v->proven = v->size;
    return next_head(v, err);
}

static sph_rc check_leaf(struct verify *v, int64_t row, sph_slice body, sph_err *err)
{
    const sph_tile_sink sink = {v, compare_tile};
    sph_leaf leaf;
    if (row < 0 || (uint64_t)row != v->size)
        return fault_at(v, v->size, "ledger.fault.gap", err);
    const sph_rc rc = sph_leaf_decode(body, &leaf, err);
    if (rc.code == SPH_ENOMEM)
        return rc;
    if (rc.code != SPH_OK)
        return fault_at(v, v->size, "ledger.fault.leaf-form", err);
    if (leaf.index != v->size)
        return fault_at(v, v->size, "ledger.fault.leaf-index", err);
    if (leaf.unix_ms < v->last_ms)
        return fault_at(v, v->size, "ledger.fault.leaf-time", err);
    v->last_ms = leaf.unix_ms;
    const sph_hash hash = sph_tree_leaf_hash_with(v->hasher, body);
    SPH_TRY(sph_edge_add(v->edge, v->hasher, &hash, &sink, err), err, "leaf %lld", (long long)row);
    v->size++;
    return check_head(v, err);
}

static sph_rc one_number(sph_db *db, const char *sql, uint64_t *out, sph_err *err)
{
    SPH_AUTO_PTR(sph_stmt) *stmt = NULL;
    bool row = false;
    SPH_TRY(sph_stmt_get(db, sql, &stmt, err), err, "count");
    SPH_TRY(sph_stmt_step(stmt, &row, err), err, "count");
    *out = row ? (uint64_t)sph_col_int(stmt, 0) : 0;
    return sph_ok();
}

static sph_rc check_leaves(struct verify *v, void (*progress)(void *, uint64_t, uint64_t),
                           void *arg, sph_err *err)
{
    SPH_AUTO_PTR(sph_stmt) *stmt = NULL;
    uint64_t total = 0;
    bool row = false;
    sph_rc rc = one_number(v->db, "SELECT COALESCE(MAX(idx)+1,0) FROM leaf", &total, err);
    if (rc.code != SPH_OK)
        return unreadable(v, rc, err);
    SPH_TRY(sph_stmt_get(v->db, "SELECT idx, body FROM leaf ORDER BY idx", &stmt, err), err,
            "leaves");
    for (;;) {
        rc = sph_stmt_step(stmt, &row, err);
        if (rc.code != SPH_OK)
            return unreadable(v, rc, err);
        if (!row)
            break;
        SPH_TRY(check_leaf(v, sph_col_int(stmt, 0), sph_col_blob(stmt, 1), err), err, "leaves");
        if (progress && v->size % PROGRESS_STEP == 0)
            progress(arg, v->size, total);
    }
    if (progress)
        progress(arg, v->size, total);
    return sph_ok();
}

/* What is left when the leaves have ended. */
static sph_rc check_end(struct verify *v, sph_err *err)
{
    uint64_t tiles = 0;
    if (v->has_suspect)
        return found(v, v->suspect, "ledger.fault.leaf-hash", err);
    if (v->heads)
        return found(v, v->size, "ledger.fault.truncated", err);
    const sph_rc rc = one_number(v->db, "SELECT COUNT(*) FROM tile", &tiles, err);
    if (rc.code != SPH_OK)
        return unreadable(v, rc, err);
    if (tiles != v->tiles)
        return found(v, v->size, "ledger.fault.tile-extra", err);
    return sph_ok();
}

static sph_rc check_all(struct verify *v, void (*progress)(void *, uint64_t, uint64_t), void *arg,
                        sph_err *err)
{
    SPH_AUTO_PTR(sph_stmt) *heads = NULL;
    SPH_TRY(sph_sha256_new(&v->hasher, err), err, "digest");
    SPH_TRY(sph_edge_new(&v->edge, err), err, "edge");
    SPH_TRY(
        sph_stmt_get(v->db, "SELECT size, root, note FROM checkpoint ORDER BY size", &heads, err),
        err, "heads");
    v->heads = heads;
    SPH_TRY(next_head(v, err), err, "heads");
    SPH_TRY(check_leaves(v, progress, arg, err), err, "leaves");
    return check_end(v, err);
}

sph_rc sph_journal_verify(sph_db *reader, const sph_vkey *log,
                          void (*progress)(void *arg, uint64_t done, uint64_t total), void *arg,
                          struct sph_ledger_fault *fault, uint64_t *leaves, sph_err *err)
{
    struct sph_ledger_fault unused;
    struct verify v = {.db = reader, .log = log, .fault = fault ? fault : &unused};
    const bool is_own =
        !sph_db_in_transaction(reader); /* one snapshot, also while the node writes */
    *leaves = 0;
    if (is_own)
        SPH_TRY(sph_db_begin(reader, err), err, "snapshot");
    const sph_rc rc = check_all(&v, progress, arg, err);
    *leaves = v.size;
    sph_edge_free(&v.edge);
    sph_sha256_free(&v.hasher);
    if (is_own)
        sph_db_rollback(reader);
    return rc;
}
