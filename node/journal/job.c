#include "journal/journal_impl.h"

/* PEER_CAS of ledger.md 6 step 5: only forward. Another job that got further first is no error. */
static sph_rc advance_peer(const sph_job *job, sph_db *db, int64_t now_ms, sph_err *err)
{
    SPH_AUTO_PTR(sph_stmt) *stmt = NULL;
    if (job->peer_size > INT64_MAX)
        return sph_fail(err, SPH_EARG, "size of a peer's head");
    SPH_TRY(sph_stmt_get(db,
                         "INSERT INTO peer_head(origin, size, root, note, seen_ms)"
                         " SELECT ?1, ?2, ?3, ?4, ?5"
                         " WHERE NOT EXISTS(SELECT 1 FROM peer_head WHERE origin=?1)",
                         &stmt, err),
            err, "peer head");
    int64_t changed = 0;
    for (unsigned attempt = 0; attempt < 2; attempt++) {
        sph_stmt_text(stmt, 1, job->peer_origin);
        sph_stmt_int(stmt, 2, (int64_t)job->peer_size);
        sph_stmt_blob(stmt, 3, sph_slice_hash(&job->peer_root));
        sph_stmt_blob(stmt, 4, job->peer_note);
        sph_stmt_int(stmt, 5, now_ms);
        SPH_TRY(sph_stmt_run(stmt, &changed, err), err, "peer head");
        if (changed > 0 || attempt > 0)
            return sph_ok();
        SPH_TRY(sph_stmt_get(db,
                             "UPDATE peer_head SET size=?2, root=?3, note=?4, seen_ms=?5"
                             " WHERE origin=?1 AND size<?2",
                             &stmt, err),
                err, "peer head");
    }
    return sph_ok();
}

/* Index, time, octets, row and hash of one leaf. */
static sph_rc write_leaf(sph_journal *j, sph_leaf *leaf, uint64_t index, sph_hash *hash,
                         sph_err *err)
{
    SPH_AUTO_PTR(sph_stmt) *stmt = NULL;
    const int64_t now = j->env->clock->now_ms(j->env->clock->ctx);
    const uint64_t now_ms = now > 0 ? (uint64_t)now : 0;
    leaf->index = index;
    leaf->unix_ms = now_ms > j->last_ms ? now_ms : j->last_ms; /* ledger.md 7: max(now, last) */
    j->body.len = 0;
    SPH_TRY(sph_leaf_encode(leaf, &j->body, err), err, "leaf %llu", (unsigned long long)index);
    SPH_TRY(sph_stmt_get(j->db, "INSERT INTO leaf(idx, body) VALUES(?1, ?2)", &stmt, err), err,
            "leaf");
    sph_stmt_int(stmt, 1, (int64_t)index);
    sph_stmt_blob(stmt, 2, sph_buf_peek(&j->body));
    const sph_rc rc = sph_stmt_run(stmt, NULL, err);
    if (rc.code == SPH_ECONFLICT) /* the gap guard: the file is not as this journal left it */
        return sph_fail(err, SPH_EIO, "another program wrote the ledger, at %llu",
                        (unsigned long long)index);
    SPH_TRY(rc, err, "leaf %llu", (unsigned long long)index);
    *hash = sph_tree_leaf_hash_with(j->hasher, sph_buf_peek(&j->body));
    j->last_ms = leaf->unix_ms;
    return sph_ok();
}

static sph_rc write_leaves(struct batch *batch, sph_job *job, sph_hash *hashes, sph_err *err)
{
    uint64_t index[SPH_JOB_LEAVES];
    const uint64_t first = sph_edge_size(batch->edge);
    for (size_t i = 0; i < job->leaf_count; i++) {
        index[i] = first + i;
        SPH_TRY(write_leaf(batch->journal, &job->leaves[i], index[i], &hashes[i], err), err,
                "leaf %zu", i);
    }
    if (job->bind)
        SPH_TRY(job->bind(job->arg, batch->journal->db, index, err), err, "rows that name a leaf");
    if (job->want_head && first + job->leaf_count == 0)
        return sph_fail(err, SPH_EARG, "an empty ledger has no head");
    return sph_ok();
}

static sph_rc fill_savepoint(struct batch *batch, sph_job *job, sph_hash *hashes, sph_err *err)
{
    sph_journal *j = batch->journal;
    if (job->leaf_count > SPH_JOB_LEAVES)
        return sph_fail(err, SPH_EARG, "%zu leaves", job->leaf_count);
    if (job->apply)
        SPH_TRY(job->apply(job->arg, j->db, err), err, "rows of a job");
    if (job->peer_origin)
        SPH_TRY(advance_peer(job, j->db, j->env->clock->now_ms(j->env->clock->ctx), err), err,
                "peer head");
    return write_leaves(batch, job, hashes, err);
}

static sph_rc store_tile(void *ctx, unsigned level, uint64_t n,
                         const sph_hash hashes[SPH_TILE_WIDTH], sph_err *err)
{
    sph_journal *j = ctx;
    SPH_AUTO_PTR(sph_stmt) *stmt = NULL;
    SPH_TRY(sph_stmt_get(j->db, "INSERT INTO tile(key, hashes) VALUES(?1, ?2)", &stmt, err), err,
            "tile");
    sph_stmt_int(stmt, 1, tile_key(level, n));
    sph_stmt_blob(stmt, 2, sph_slice_of(hashes, SPH_TILE_WIDTH * sizeof(sph_hash)));
    return sph_stmt_run(stmt, NULL, err);
}

static sph_rc extend(struct batch *batch, const sph_hash *hashes, size_t count, sph_err *err)
{
    const sph_tile_sink sink = {batch->journal, store_tile};
    for (size_t i = 0; i < count; i++)
        SPH_TRY(sph_edge_add(batch->edge, batch->journal->hasher, &hashes[i], &sink, err), err,
                "tree");
    return sph_ok();
}

sph_rc job_run(struct batch *batch, sph_job *job, sph_err *err)
{
    sph_journal *j = batch->journal;
    const uint64_t last_ms = j->last_ms;
    sph_hash hashes[SPH_JOB_LEAVES];
    batch->is_broken = true;
    SPH_TRY(sph_db_savepoint(j->db, err), err, "savepoint");
    const sph_rc rc = fill_savepoint(batch, job, hashes, err);
    if (rc.code != SPH_OK) {
        sph_db_rollback_to(j->db);
        j->last_ms = last_ms;
        /* SQLite gives a transaction up by itself on a full disk and on I/O errors. */
        batch->is_broken = !sph_db_in_transaction(j->db) || rc.code == SPH_EIO;
        return rc;
    }
    SPH_TRY(sph_db_release(j->db, err), err, "savepoint");
    SPH_TRY(extend(batch, hashes, job->leaf_count, err), err, "tree");
    batch->want_head = batch->want_head || job->want_head;
    batch->is_broken = false;
    return sph_ok();
}
