#include "journal/journal_impl.h"

#define TAIL 1000 /* leaves that are looked at again after an unclean stop */

typedef struct tile_reader tile_reader;

static sph_rc count_leaves(sph_db *db, uint64_t *out, sph_err *err)
{
    SPH_AUTO_PTR(sph_stmt) *stmt = NULL;
    bool row = false;
    SPH_TRY(sph_stmt_get(db, "SELECT COALESCE(MAX(idx)+1,0) FROM leaf", &stmt, err), err, "size");
    SPH_TRY(sph_stmt_step(stmt, &row, err), err, "size");
    *out = row ? (uint64_t)sph_col_int(stmt, 0) : 0;
    return sph_ok();
}

static sph_rc load_edge(sph_db *db, uint64_t size, sph_edge **out, sph_err *err)
{
    SPH_AUTO_PTR(tile_reader) *tiles = NULL;
    SPH_TRY(tile_reader_new(db, NULL, &tiles, err), err, "right edge");
    const sph_tile_source source = tile_reader_source(tiles);
    return sph_edge_load(&source, size, out, err);
}

/* The newest checkpoint as its row and note tell; *found false when there is none. */
static sph_rc newest_checkpoint(const sph_journal *j, sph_checkpoint *head, sph_buf *note,
                                bool *found, sph_err *err)
{
    SPH_AUTO_PTR(sph_stmt) *stmt = NULL;
    SPH_TRY(sph_stmt_get(j->db,
                         "SELECT size, root, note FROM checkpoint ORDER BY size DESC LIMIT 1",
                         &stmt, err),
            err, "newest head");
    SPH_TRY(sph_stmt_step(stmt, found, err), err, "newest head");
    if (!*found)
        return sph_ok();
    const sph_rc rc = sph_checkpoint_verify(sph_col_blob(stmt, 2), &j->vkey, head, err);
    if (rc.code != SPH_OK)
        return sph_fail(err, SPH_EPROOF, "the newest head is not signed by this node's log key");
    if (head->size != (uint64_t)sph_col_int(stmt, 0) ||
        !sph_slice_equal(sph_slice_hash(&head->root), sph_col_blob(stmt, 1)))
        return sph_fail(err, SPH_EPROOF, "the newest head's row and note differ");
    return sph_buf_add(note, sph_col_blob(stmt, 2), err);
}

/* Root at the newest checkpoint's size must be the signed one, before anything new is signed. */
static sph_rc start_signed(sph_journal *j, uint64_t size, sph_err *err)
{
    SPH_AUTO(sph_buf) note = sph_buf_init(SPH_NOTE_MAX);
    SPH_AUTO_PTR(sph_edge) *edge = NULL;
    sph_checkpoint signed_state;
    bool found = false;
    SPH_TRY(newest_checkpoint(j, &signed_state, &note, &found, err), err, "start check");
    if (!found)
        return sph_ok();
    if (signed_state.size > size)
        return sph_fail(err, SPH_EPROOF, "%llu leaves, but a head over %llu was signed",
                        (unsigned long long)size, (unsigned long long)signed_state.size);
    SPH_TRY(load_edge(j->db, signed_state.size, &edge, err), err, "start check");
    const sph_hash root = sph_edge_root(edge);
    if (!sph_slice_equal(sph_slice_hash(&root), sph_slice_hash(&signed_state.root)))
        return sph_fail(err, SPH_EPROOF, "the leaves do not lead to the head signed at %llu",
                        (unsigned long long)signed_state.size);
    return sph_head_new(&edge, &note, &j->signed_head, err);
}

/* The newest state: the signed one when nothing was written after it. */
static sph_rc start_newest(sph_journal *j, uint64_t size, sph_err *err)
{
    SPH_AUTO_PTR(sph_edge) *edge = NULL;
    sph_buf none = sph_buf_init(0);
    if (j->signed_head && sph_head_size(j->signed_head) == size) {
        j->head = sph_head_ref(j->signed_head);
        return sph_ok();
    }
    SPH_TRY(load_edge(j->db, size, &edge, err), err, "right edge");
    return sph_head_new(&edge, &none, &j->head, err);
}

/* One of the last leaves: form, index, time, and the hash that its tile keeps. */
static sph_rc check_leaf(tile_reader *tiles, sph_slice body, uint64_t index, uint64_t *last_ms,
                         sph_err *err)
{
    const sph_tile_source source = tile_reader_source(tiles);
    const unsigned at = (unsigned)(index % SPH_TILE_WIDTH);
    sph_hash kept[SPH_TILE_WIDTH];
    sph_leaf leaf;
    const sph_rc rc = sph_leaf_decode(body, &leaf, err);
    if (rc.code != SPH_OK || leaf.index != index || leaf.unix_ms < *last_ms)
        return sph_fail(err, SPH_EPROOF, "form, index or time");
    const sph_hash hash = sph_tree_leaf_hash(body);
    SPH_TRY(source.tile(source.ctx, 0, index / SPH_TILE_WIDTH, at + 1, kept, err), err, "tile");
    if (!sph_slice_equal(sph_slice_hash(&hash), sph_slice_hash(&kept[at])))
        return sph_fail(err, SPH_EPROOF, "not the leaf that was hashed");
    *last_ms = leaf.unix_ms;
    return sph_ok();
}

/* The last `count` leaves; leaves the time of the newest in last_ms. */
static sph_rc check_tail(sph_journal *j, uint64_t size, uint64_t count, sph_err *err)
{
    SPH_AUTO_PTR(tile_reader) *tiles = NULL;
    SPH_AUTO_PTR(sph_stmt) *stmt = NULL;
    SPH_TRY(tile_reader_new(j->db, sph_head_peek_edge(j->head), &tiles, err), err, "last leaves");
    SPH_TRY(
        sph_stmt_get(j->db, "SELECT idx, body FROM leaf WHERE idx>=?1 ORDER BY idx", &stmt, err),
        err, "last leaves");
    sph_stmt_int(stmt, 1, (int64_t)(size > count ? size - count : 0));
    for (uint64_t at = size > count ? size - count : 0; at < size; at++) {
        bool row = false;
        SPH_TRY(sph_stmt_step(stmt, &row, err), err, "leaf %llu", (unsigned long long)at);
        if (!row || (uint64_t)sph_col_int(stmt, 0) != at)
            return sph_fail(err, SPH_EPROOF, "leaf %llu is missing", (unsigned long long)at);
        SPH_TRY(check_leaf(tiles, sph_col_blob(stmt, 1), at, &j->last_ms, err), err, "leaf %llu",
                (unsigned long long)at);
    }
    return sph_ok();
}

sph_rc journal_start(sph_journal *journal, bool is_unclean, sph_err *err)
{
    uint64_t size = 0;
    SPH_TRY(count_leaves(journal->db, &size, err), err, "start check");
    SPH_TRY(start_signed(journal, size, err), err, "start check");
    SPH_TRY(start_newest(journal, size, err), err, "start check");
    return check_tail(journal, size, is_unclean ? TAIL : 1, err);
}
