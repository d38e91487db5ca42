#include <string.h>

#include "exchange/query.h"

static bool matches(const struct sph_ledger_filter *filter, const sph_leaf *leaf)
{
    const char *name = sph_event_name(leaf->event);
    if (filter->from_ms && (int64_t)leaf->unix_ms < filter->from_ms)
        return false;
    if (filter->to_ms && (int64_t)leaf->unix_ms > filter->to_ms)
        return false;
    if (filter->partner && strcmp(filter->partner, leaf->peer) != 0)
        return false;
    return !filter->event || (name && strcmp(filter->event, name) == 0);
}

static sph_rc visit(sph_stmt *stmt, const struct sph_ledger_filter *filter, unsigned *left,
                    sph_leaf_each *each, void *arg, sph_err *err)
{
    sph_leaf leaf;
    const sph_slice body = sph_col_blob(stmt, 0);
    SPH_TRY(sph_leaf_decode(body, &leaf, err), err, "a leaf of the own ledger");
    if (!matches(filter, &leaf))
        return sph_ok();
    (*left)--;
    const sph_hash leaf_hash = sph_tree_leaf_hash(body);
    return each(arg, &leaf, &leaf_hash, err);
}

static sph_rc read_ledger(sph_db *reader, const struct sph_ledger_filter *filter,
                          sph_leaf_each *each, void *arg, sph_err *err)
{
    sph_stmt *stmt = NULL;
    bool row = false;
    unsigned left = filter->limit == 0 || filter->limit > 10000 ? 10000 : filter->limit;
    SPH_TRY(sph_stmt_get(reader, "SELECT body FROM leaf WHERE idx<? ORDER BY idx DESC", &stmt, err),
            err, "ledger");
    sph_stmt_int(stmt, 1,
                 filter->before_index >= INT64_MAX ? INT64_MAX : (int64_t)filter->before_index);
    sph_rc rc = sph_stmt_step(stmt, &row, err);
    while (rc.code == SPH_OK && row && left > 0) {
        rc = visit(stmt, filter, &left, each, arg, err);
        if (rc.code == SPH_OK)
            rc = sph_stmt_step(stmt, &row, err);
    }
    sph_stmt_end(stmt);
    return rc;
}

sph_rc sph_query_ledger(sph_node *node, const struct sph_ledger_filter *filter, sph_leaf_each *each,
                        void *arg, sph_err *err)
{
    sph_db *reader = NULL;
    SPH_TRY(sph_db_pool_get(sph_node_readers(node), &reader, err), err, "reader");
    const sph_rc rc = read_ledger(reader, filter, each, arg, err);
    sph_db_pool_put(sph_node_readers(node), reader);
    return rc;
}

static sph_rc read_evidence(sph_db *reader, const char *message_id, sph_buf *receipt,
                            sph_buf *peer_leaf, sph_buf *peer_proof, sph_err *err)
{
    sph_stmt *stmt = NULL;
    bool row = false;
    SPH_TRY(
        sph_stmt_get(
            reader,
            "SELECT receipt, peer_leaf, COALESCE(peer_proof,'') FROM outbox WHERE message_id=? AND"
            " state='acknowledged'",
            &stmt, err),
        err, "evidence");
    sph_stmt_text(stmt, 1, message_id);
    SPH_TRY(sph_stmt_step(stmt, &row, err), err, "evidence");
    if (!row)
        return sph_fail(err, SPH_ENOTFOUND, "no verified receipt for that message");
    sph_rc rc = sph_buf_add(receipt, sph_col_blob(stmt, 0), err);
    if (rc.code == SPH_OK)
        rc = sph_buf_add(peer_leaf, sph_col_blob(stmt, 1), err);
    if (rc.code == SPH_OK)
        rc = sph_buf_add_text(peer_proof, sph_col_text(stmt, 2), err);
    sph_stmt_end(stmt);
    return rc;
}

sph_rc sph_query_evidence(sph_node *node, const char *message_id, sph_buf *receipt,
                          sph_buf *peer_leaf, sph_buf *peer_proof, sph_err *err)
{
    sph_db *reader = NULL;
    SPH_TRY(sph_db_pool_get(sph_node_readers(node), &reader, err), err, "reader");
    const sph_rc rc = read_evidence(reader, message_id, receipt, peer_leaf, peer_proof, err);
    sph_db_pool_put(sph_node_readers(node), reader);
    return rc;
}
