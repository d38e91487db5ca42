/* Content keys of the last day (security.md E-04): a sender whose random numbers repeat, or who
 * encrypts one message with the key of another, is refused. */
#include "exchange/arrival.h"

#define KEPT_MS (INT64_C(24) * 3600 * 1000)

/** Nothing was encrypted: a ping. */
static bool is_none(const sph_hash *key)
{
    const sph_hash none = {{0}};
    return sph_slice_equal(sph_slice_hash(key), sph_slice_hash(&none));
}

static sph_rc find(sph_db *reader, const sph_hash *key, int64_t now_ms, bool *is_seen, sph_err *err)
{
    sph_stmt *stmt = NULL;
    SPH_TRY(sph_stmt_get(reader, "SELECT 1 FROM content_key WHERE id=? AND seen_ms>=?", &stmt, err),
            err, "content key");
    sph_stmt_blob(stmt, 1, sph_slice_hash(key));
    sph_stmt_int(stmt, 2, now_ms - KEPT_MS);
    SPH_TRY(sph_stmt_step(stmt, is_seen, err), err, "content key");
    sph_stmt_end(stmt);
    return sph_ok();
}

sph_rc sph_arrival_check_key(struct sph_arrival *arrival, sph_err *err)
{
    sph_db *reader = NULL;
    bool is_seen = false;
    if (is_none(&arrival->parts.content_key))
        return sph_ok();
    SPH_TRY(sph_db_pool_get(sph_node_readers(arrival->node), &reader, err), err, "reader");
    const sph_rc rc =
        find(reader, &arrival->parts.content_key, sph_node_now_ms(arrival->node), &is_seen, err);
    sph_db_pool_put(sph_node_readers(arrival->node), reader);
    SPH_TRY(rc, err, "content key");
    if (!is_seen)
        return sph_ok();
    return sph_arrival_refuse(arrival, SPH_EBMS_0103, SPH_REASON_KEY_REUSED, "xenc.key-reused",
                              "the content key was used for another message", err);
}

/* The index by age makes both bounds cheap: what is over a day old goes with each new one. */
sph_rc sph_arrival_keep_key(const struct sph_arrival *arrival, sph_db *db, int64_t now_ms,
                            sph_err *err)
{
    sph_stmt *stmt = NULL;
    int64_t changed = 0;
    if (is_none(&arrival->parts.content_key))
        return sph_ok();
    SPH_TRY(sph_stmt_get(db, "DELETE FROM content_key WHERE seen_ms<?", &stmt, err), err,
            "old content keys");
    sph_stmt_int(stmt, 1, now_ms - KEPT_MS);
    SPH_TRY(sph_stmt_run(stmt, NULL, err), err, "old content keys");
    SPH_TRY(
        sph_stmt_get(db, "INSERT OR IGNORE INTO content_key(id, seen_ms) VALUES(?,?)", &stmt, err),
        err, "content key");
    sph_stmt_blob(stmt, 1, sph_slice_hash(&arrival->parts.content_key));
    sph_stmt_int(stmt, 2, now_ms);
    SPH_TRY(sph_stmt_run(stmt, &changed, err), err, "content key");
    /* Another message with this key came between check and commit: asked to come again, it is
     * refused then. */
    return changed == 1 ? sph_ok() : sph_fail(err, SPH_EAGAIN, "the content key was used just now");
}
