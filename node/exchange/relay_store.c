#include "exchange/relay_store.h"

#include <string.h>

#include "exchange/content.h"

sph_rc sph_relay_insert(sph_db *db, const struct sph_relay_row *row, sph_err *err)
{
    sph_stmt *stmt = NULL;
    SPH_TRY(sph_stmt_get(db,
                         "INSERT INTO relay_part(message_id, sender, original_sender,"
                         " final_recipient, tracking_id, len, part) VALUES(?,?,?,?,?,?,?)",
                         &stmt, err),
            err, "sealed part");
    sph_stmt_text(stmt, 1, row->message_id);
    sph_stmt_text(stmt, 2, row->sender);
    sph_stmt_text(stmt, 3, row->original_sender);
    sph_stmt_text(stmt, 4, row->final_recipient);
    sph_stmt_text(stmt, 5, row->tracking_id);
    sph_stmt_int(stmt, 6, (int64_t)row->part.len);
    sph_stmt_blob(stmt, 7, row->part);
    return sph_stmt_run(stmt, NULL, err);
}

void sph_relay_part_clear(struct sph_relay_part *part)
{
    if (part)
        sph_buf_clear(&part->octets);
}

static sph_rc copy_part(sph_stmt *stmt, struct sph_relay_part *out, sph_err *err)
{
    SPH_TRY(sph_str_copy(out->original_sender, SPH_PARTY_ROOM, sph_slice_str(sph_col_text(stmt, 0)),
                         err),
            err, "sender");
    SPH_TRY(sph_str_copy(out->final_recipient, SPH_PARTY_ROOM, sph_slice_str(sph_col_text(stmt, 1)),
                         err),
            err, "recipient");
    SPH_TRY(sph_str_copy(out->tracking_id, sizeof(out->tracking_id),
                         sph_slice_str(sph_col_text(stmt, 2)), err),
            err, "tracking");
    return sph_buf_add(&out->octets, sph_col_blob(stmt, 3), err);
}

static sph_rc read_part(sph_db *reader, const char *message_id, struct sph_relay_part *out,
                        sph_err *err)
{
    sph_stmt *stmt = NULL;
    bool row = false;
    SPH_TRY(sph_stmt_get(reader,
                         "SELECT original_sender, final_recipient, tracking_id, part"
                         " FROM relay_part WHERE message_id=?",
                         &stmt, err),
            err, "sealed part");
    sph_stmt_text(stmt, 1, message_id);
    SPH_TRY(sph_stmt_step(stmt, &row, err), err, "sealed part");
    if (!row)
        return sph_fail(err, SPH_ENOTFOUND, "no sealed part of that message");
    const sph_rc rc = copy_part(stmt, out, err);
    sph_stmt_end(stmt);
    return rc;
}

sph_rc sph_relay_load(sph_node *node, const char *message_id, struct sph_relay_part *out,
                      sph_err *err)
{
    sph_db *reader = NULL;
    struct sph_relay_part part = {.octets = sph_buf_init(SPH_GZIP_ROOM)};
    SPH_TRY(sph_db_pool_get(sph_node_readers(node), &reader, err), err, "reader");
    const sph_rc rc = read_part(reader, message_id, &part, err);
    sph_db_pool_put(sph_node_readers(node), reader);
    if (rc.code == SPH_OK)
        *out = part;
    else
        sph_relay_part_clear(&part);
    return rc;
}

sph_rc sph_relay_drop(sph_db *db, const sph_out_row *row, sph_err *err)
{
    sph_stmt *stmt = NULL;
    if (strcmp(row->action, SPH_RELAY_ACTION) != 0)
        return sph_ok();
    SPH_TRY(sph_stmt_get(db, "DELETE FROM relay_part WHERE message_id=?", &stmt, err), err,
            "sealed part");
    sph_stmt_text(stmt, 1, row->message_id);
    return sph_stmt_run(stmt, NULL, err);
}

sph_rc sph_relay_count(sph_db *db, const char *sender, const char *recipient,
                       struct sph_relay_load_of *out, sph_err *err)
{
    sph_stmt *stmt = NULL;
    bool row = false;
    SPH_TRY(sph_stmt_get(db,
                         "SELECT COUNT(*), COALESCE(SUM(len),0),"
                         " COUNT(*) FILTER (WHERE final_recipient=?2),"
                         " COALESCE(SUM(len) FILTER (WHERE final_recipient=?2),0)"
                         " FROM relay_part WHERE sender=?1 AND sender <> ''",
                         &stmt, err),
            err, "what waits");
    sph_stmt_text(stmt, 1, sender);
    sph_stmt_text(stmt, 2, recipient);
    SPH_TRY(sph_stmt_step(stmt, &row, err), err, "what waits");
    *out = (struct sph_relay_load_of){sph_col_int(stmt, 0), sph_col_int(stmt, 1),
                                      sph_col_int(stmt, 2), sph_col_int(stmt, 3)};
    sph_stmt_end(stmt);
    return sph_ok();
}

static sph_rc read_is_notice(sph_db *db, const char *packet_id, bool *out, sph_err *err)
{
    sph_stmt *stmt = NULL;
    SPH_TRY(sph_stmt_get(db, "SELECT 1 FROM packet WHERE packet_id=? AND type=?", &stmt, err), err,
            "kind of packet");
    sph_stmt_text(stmt, 1, packet_id);
    sph_stmt_text(stmt, 2, sph_packet_type_name(SPH_PACKET_NOTICE));
    const sph_rc rc = sph_stmt_step(stmt, out, err);
    sph_stmt_end(stmt);
    return rc;
}

sph_rc sph_relay_note_handed(sph_db *db, const sph_out_row *row, int64_t now_ms, sph_err *err)
{
    sph_stmt *stmt = NULL;
    bool is_notice = false; /* gets none itself, so that its way ends here */
    SPH_TRY(read_is_notice(db, row->packet_id, &is_notice, err), err, "handed to hub");
    SPH_TRY(sph_stmt_get(db,
                         "UPDATE outbox SET state='handed-to-hub', proof_state='hub',"
                         " finished_ms=CASE WHEN ?4 THEN ?3 ELSE 0 END,"
                         " deadline_ms=CASE WHEN ?4 THEN ?5 ELSE ?1 END,"
                         " next_ms=CASE WHEN ?4 THEN ?5 ELSE ?1+1 END WHERE id=?2",
                         &stmt, err),
            err, "handed to hub");
    sph_stmt_int(stmt, 1, now_ms + SPH_OUT_NOTICE_MS);
    sph_stmt_int(stmt, 2, row->id);
    sph_stmt_int(stmt, 3, now_ms);
    sph_stmt_int(stmt, 4, is_notice);
    sph_stmt_int(stmt, 5, INT64_MAX);
    return sph_stmt_run(stmt, NULL, err);
}

sph_rc sph_relay_owe(sph_db *db, const char *packet_id, const char *party, sph_err *err)
{
    sph_stmt *stmt = NULL;
    SPH_TRY(sph_stmt_get(db, "INSERT OR IGNORE INTO relay_owed(packet_id, party) VALUES(?,?)",
                         &stmt, err),
            err, "owed notice");
    sph_stmt_text(stmt, 1, packet_id);
    sph_stmt_text(stmt, 2, party);
    return sph_stmt_run(stmt, NULL, err);
}

sph_rc sph_relay_paid(sph_db *db, const char *packet_id, sph_err *err)
{
    sph_stmt *stmt = NULL;
    int64_t changed = 0;
    SPH_TRY(sph_stmt_get(db, "DELETE FROM relay_owed WHERE packet_id=?", &stmt, err), err,
            "owed notice");
    sph_stmt_text(stmt, 1, packet_id);
    SPH_TRY(sph_stmt_run(stmt, &changed, err), err, "owed notice");
    return changed == 1 ? sph_ok() : sph_fail(err, SPH_ECONFLICT, "the notice is queued already");
}

static sph_rc copy_debt(sph_stmt *stmt, struct sph_relay_debt *out, sph_err *err)
{
    SPH_TRY(sph_str_copy(out->packet_id, sizeof(out->packet_id),
                         sph_slice_str(sph_col_text(stmt, 0)), err),
            err, "packet");
    SPH_TRY(sph_str_copy(out->party, SPH_PARTY_ROOM, sph_slice_str(sph_col_text(stmt, 1)), err),
            err, "party");
    return sph_bytes_copy(out->sha256.at, sizeof(out->sha256.at), sph_col_blob(stmt, 2), err);
}

#define DEBT_SQL                                                                                   \
    "SELECT d.packet_id, d.party, p.sha256"                                                        \
    " FROM relay_owed d JOIN packet p ON p.packet_id=d.packet_id"

static sph_rc read_debt(sph_db *reader, const char *sql, const char *packet_id,
                        struct sph_relay_debt *out, sph_err *err)
{
    sph_stmt *stmt = NULL;
    bool row = false;
    SPH_TRY(sph_stmt_get(reader, sql, &stmt, err), err, "owed notice");
    sph_stmt_text(stmt, 1, packet_id);
    SPH_TRY(sph_stmt_step(stmt, &row, err), err, "owed notice");
    if (!row)
        return sph_fail(err, SPH_ENOTFOUND, "no notice is owed");
    const sph_rc rc = copy_debt(stmt, out, err);
    sph_stmt_end(stmt);
    return rc;
}

static sph_rc find_debt(sph_node *node, const char *sql, const char *packet_id,
                        struct sph_relay_debt *out, sph_err *err)
{
    sph_db *reader = NULL;
    SPH_TRY(sph_db_pool_get(sph_node_readers(node), &reader, err), err, "reader");
    const sph_rc rc = read_debt(reader, sql, packet_id, out, err);
    sph_db_pool_put(sph_node_readers(node), reader);
    return rc;
}

sph_rc sph_relay_debt_of(sph_node *node, const char *packet_id, struct sph_relay_debt *out,
                         sph_err *err)
{
    return find_debt(node, DEBT_SQL " WHERE d.packet_id=?", packet_id, out, err);
}

sph_rc sph_relay_next_debt(sph_node *node, const char *after, struct sph_relay_debt *out,
                           sph_err *err)
{
    return find_debt(node, DEBT_SQL " WHERE d.packet_id>? ORDER BY d.packet_id LIMIT 1", after, out,
                     err);
}
