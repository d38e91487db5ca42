#include "journal/journal_impl.h"

typedef struct tile_reader tile_reader;

sph_rc sph_journal_prove(sph_journal *journal, sph_db *reader, uint64_t index, const sph_head *head,
                         sph_buf *tlog_proof, sph_err *err)
{
    SPH_AUTO_PTR(tile_reader) *tiles = NULL;
    sph_hash hashes[64];
    size_t count = 0;
    (void)journal;
    if (sph_head_note(head).len == 0 || index >= sph_head_size(head))
        return sph_fail(err, SPH_EARG, "no signed head over leaf %llu", (unsigned long long)index);
    SPH_TRY(tile_reader_new(reader, sph_head_peek_edge(head), &tiles, err), err, "proof");
    const sph_tile_source source = tile_reader_source(tiles);
    SPH_TRY(sph_proof_inclusion(&source, index, sph_head_size(head), hashes, &count, err), err,
            "proof");
    return sph_tlog_proof_write(index, hashes, count, sph_head_note(head), tlog_proof, err);
}

sph_rc sph_journal_consistency(sph_journal *journal, sph_db *reader, uint64_t m, uint64_t n,
                               sph_hash out[64], size_t *count, sph_err *err)
{
    SPH_AUTO_PTR(sph_head) *head = NULL;
    SPH_AUTO_PTR(tile_reader) *tiles = NULL;
    SPH_TRY(sph_journal_head(journal, false, &head, err), err, "newest state");
    if (n > sph_head_size(head))
        return sph_fail(err, SPH_EARG, "size %llu is above %llu", (unsigned long long)n,
                        (unsigned long long)sph_head_size(head));
    SPH_TRY(tile_reader_new(reader, sph_head_peek_edge(head), &tiles, err), err, "proof");
    const sph_tile_source source = tile_reader_source(tiles);
    return sph_proof_consistency(&source, m, n, out, count, err);
}

sph_rc sph_journal_leaf(sph_db *reader, uint64_t index, sph_buf *out, sph_err *err)
{
    SPH_AUTO_PTR(sph_stmt) *stmt = NULL;
    bool row = false;
    SPH_TRY(sph_stmt_get(reader, "SELECT body FROM leaf WHERE idx=?1", &stmt, err), err, "leaf");
    sph_stmt_int(stmt, 1, index > INT64_MAX ? -1 : (int64_t)index);
    SPH_TRY(sph_stmt_step(stmt, &row, err), err, "leaf %llu", (unsigned long long)index);
    if (!row)
        return sph_fail(err, SPH_ENOTFOUND, "leaf %llu", (unsigned long long)index);
    return sph_buf_add(out, sph_col_blob(stmt, 0), err);
}
