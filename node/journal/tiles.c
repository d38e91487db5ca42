#include "journal/journal_impl.h"

int64_t tile_key(unsigned level, uint64_t n)
{
    return (int64_t)((uint64_t)level << 48 | n);
}

sph_rc tile_load(sph_db *db, unsigned level, uint64_t n, sph_hash out[SPH_TILE_WIDTH], bool *found,
                 sph_err *err)
{
    SPH_AUTO_PTR(sph_stmt) *stmt = NULL;
    bool row = false;
    SPH_TRY(sph_stmt_get(db, "SELECT hashes FROM tile WHERE key=?1", &stmt, err), err, "tile");
    sph_stmt_int(stmt, 1, tile_key(level, n));
    SPH_TRY(sph_stmt_step(stmt, &row, err), err, "tile %u/%llu", level, (unsigned long long)n);
    if (row && sph_col_blob(stmt, 0).len != SPH_TILE_WIDTH * sizeof(sph_hash))
        return sph_fail(err, SPH_EPROOF, "length of tile %u/%llu", level, (unsigned long long)n);
    if (row)
        SPH_TRY(sph_bytes_copy(out, SPH_TILE_WIDTH * sizeof(sph_hash), sph_col_blob(stmt, 0), err),
                err, "tile");
    *found = row;
    return sph_ok();
}

/* The leaves of a tile that is not full. */
static sph_rc hash_leaves(sph_db *db, uint64_t n, unsigned want, sph_hash *out, sph_err *err)
{
    SPH_AUTO_PTR(sph_stmt) *stmt = NULL;
    SPH_TRY(
        sph_stmt_get(db, "SELECT body FROM leaf WHERE idx>=?1 AND idx<?2 ORDER BY idx", &stmt, err),
        err, "leaves");
    sph_stmt_int(stmt, 1, (int64_t)(n * SPH_TILE_WIDTH));
    sph_stmt_int(stmt, 2, (int64_t)(n * SPH_TILE_WIDTH + want));
    for (unsigned i = 0; i < want; i++) {
        bool row = false;
        SPH_TRY(sph_stmt_step(stmt, &row, err), err, "leaves");
        if (!row)
            return sph_fail(err, SPH_EPROOF, "leaf %llu is missing",
                            (unsigned long long)(n * SPH_TILE_WIDTH + i));
        out[i] = sph_tree_leaf_hash(sph_col_blob(stmt, 0));
    }
    return sph_ok();
}

static sph_rc keep_tile(struct tile_reader *r, unsigned level, uint64_t n, bool *found,
                        sph_err *err)
{
    *found = r->is_kept[level] && r->kept_number[level] == n;
    if (*found)
        return sph_ok();
    r->is_kept[level] = false;
    SPH_TRY(tile_load(r->db, level, n, r->kept[level], found, err), err, "tile");
    r->is_kept[level] = *found;
    r->kept_number[level] = n;
    return sph_ok();
}

static sph_rc read_tile(void *ctx, unsigned level, uint64_t n, unsigned want, sph_hash *out,
                        sph_err *err)
{
    struct tile_reader *r = ctx;
    bool found = false;
    if (level >= SPH_TILE_LEVELS || want > SPH_TILE_WIDTH)
        return sph_fail(err, SPH_EARG, "tile level %u", level);
    if (r->edge && sph_edge_tile(r->edge, level, n, want, out))
        return sph_ok();
    SPH_TRY(keep_tile(r, level, n, &found, err), err, "tile");
    for (unsigned i = 0; found && i < want; i++)
        out[i] = r->kept[level][i];
    if (found)
        return sph_ok();
    if (level == 0 && want < SPH_TILE_WIDTH)
        return hash_leaves(r->db, n, want, out, err);
    return sph_fail(err, SPH_EPROOF, "tile %u/%llu is missing", level, (unsigned long long)n);
}

sph_rc tile_reader_new(sph_db *db, const sph_edge *edge, struct tile_reader **out, sph_err *err)
{
    struct tile_reader *reader = sph_mem_new(1, sizeof(*reader));
    if (!reader)
        return sph_fail(err, SPH_ENOMEM, "a reader of tiles");
    reader->db = db;
    reader->edge = edge;
    *out = reader;
    return sph_ok();
}

void tile_reader_free(struct tile_reader **reader)
{
    if (!reader)
        return;
    sph_mem_free(*reader);
    *reader = NULL;
}

sph_tile_source tile_reader_source(struct tile_reader *reader)
{
    return (sph_tile_source){reader, read_tile};
}
