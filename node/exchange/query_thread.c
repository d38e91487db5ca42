#include "exchange/query.h"

static sph_rc read_thread(sph_db *reader, const char *thread_id, sph_thread_each *each, void *arg,
                          sph_err *err)
{
    sph_stmt *stmt = NULL;
    bool row = false;
    SPH_TRY(sph_stmt_get(reader,
                         "SELECT packet_id, short_id, type, issuer, in_reply_to, is_own, seq, "
                         "issued_ms FROM packet"
                         " WHERE thread_id=? ORDER BY seq, packet_id",
                         &stmt, err),
            err, "thread");
    sph_stmt_text(stmt, 1, thread_id);
    sph_rc rc = sph_stmt_step(stmt, &row, err);
    while (rc.code == SPH_OK && row) {
        const struct sph_thread_view view = {
            sph_col_text(stmt, 0),          sph_col_text(stmt, 1), sph_col_text(stmt, 2),
            sph_col_text(stmt, 3),          sph_col_text(stmt, 4), sph_col_int(stmt, 5) != 0,
            (uint32_t)sph_col_int(stmt, 6), sph_col_int(stmt, 7)};
        rc = each(arg, &view, err);
        if (rc.code == SPH_OK)
            rc = sph_stmt_step(stmt, &row, err);
    }
    sph_stmt_end(stmt);
    return rc;
}

sph_rc sph_query_thread(sph_node *node, const char *thread_id, sph_thread_each *each, void *arg,
                        sph_err *err)
{
    sph_db *reader = NULL;
    SPH_TRY(sph_db_pool_get(sph_node_readers(node), &reader, err), err, "reader");
    const sph_rc rc = read_thread(reader, thread_id, each, arg, err);
    sph_db_pool_put(sph_node_readers(node), reader);
    return rc;
}

static sph_rc read_tip(sph_db *reader, const char *packet_id, struct sph_thread_tip *out,
                       sph_err *err)
{
    sph_stmt *stmt = NULL;
    bool row = false;
    SPH_TRY(sph_stmt_get(
                reader,
                "SELECT t.thread_id, t.packet_id, t.seq,"
                " COALESCE((SELECT partner FROM outbox WHERE packet_id=t.packet_id LIMIT 1),"
                "          (SELECT partner FROM inbox WHERE packet_id=t.packet_id LIMIT 1), ''),"
                " (SELECT issuer FROM packet WHERE thread_id=t.thread_id ORDER BY seq, packet_id "
                "LIMIT 1)"
                " FROM packet t WHERE t.thread_id=(SELECT thread_id FROM packet WHERE packet_id=?)"
                " AND t.thread_id<>'' ORDER BY t.seq DESC, t.packet_id DESC LIMIT 1",
                &stmt, err),
            err, "thread");
    sph_stmt_text(stmt, 1, packet_id);
    SPH_TRY(sph_stmt_step(stmt, &row, err), err, "thread");
    if (!row)
        return sph_fail(err, SPH_ENOTFOUND, "this packet belongs to no thread");
    out->seq = (uint32_t)sph_col_int(stmt, 2);
    sph_rc rc = sph_str_copy(out->thread_id, sizeof(out->thread_id),
                             sph_slice_str(sph_col_text(stmt, 0)), err);
    if (rc.code == SPH_OK)
        rc = sph_str_copy(out->packet_id, sizeof(out->packet_id),
                          sph_slice_str(sph_col_text(stmt, 1)), err);
    if (rc.code == SPH_OK)
        rc = sph_str_copy(out->other_party, sizeof(out->other_party),
                          sph_slice_str(sph_col_text(stmt, 3)), err);
    if (rc.code == SPH_OK)
        rc = sph_str_copy(out->requester, sizeof(out->requester),
                          sph_slice_str(sph_col_text(stmt, 4)), err);
    sph_stmt_end(stmt);
    return rc;
}

sph_rc sph_query_thread_tip(sph_node *node, const char *packet_id, struct sph_thread_tip *out,
                            sph_err *err)
{
    sph_db *reader = NULL;
    SPH_TRY(sph_db_pool_get(sph_node_readers(node), &reader, err), err, "reader");
    const sph_rc rc = read_tip(reader, packet_id, out, err);
    sph_db_pool_put(sph_node_readers(node), reader);
    return rc;
}
