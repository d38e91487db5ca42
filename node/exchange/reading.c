#include "exchange/reading.h"

#include <string.h>

#include "exchange/foreign.h"

/** Where the packet's own leaf stands, for `ref` and commitment of OPENED. */
static sph_rc leaf_of_packet(sph_db *reader, const char *packet_id, int64_t *index, sph_err *err)
{
    sph_stmt *stmt = NULL;
    bool row = false;
    SPH_TRY(sph_stmt_get(reader,
                         "SELECT COALESCE((SELECT MIN(received_index) FROM inbox WHERE "
                         "packet_id=?1 AND received_index>=0),"
                         " (SELECT MIN(submitted_index) FROM outbox WHERE packet_id=?1), -1)",
                         &stmt, err),
            err, "leaf of a packet");
    sph_stmt_text(stmt, 1, packet_id);
    SPH_TRY(sph_stmt_step(stmt, &row, err), err, "leaf of a packet");
    *index = row ? sph_col_int(stmt, 0) : -1;
    sph_stmt_end(stmt);
    return sph_ok();
}

static sph_rc mark_read(void *arg, sph_db *db, sph_err *err)
{
    sph_stmt *stmt = NULL;
    SPH_TRY(sph_stmt_get(db, "UPDATE packet SET is_read=1 WHERE packet_id=?", &stmt, err), err,
            "read mark");
    sph_stmt_text(stmt, 1, arg);
    return sph_stmt_run(stmt, NULL, err);
}

sph_rc sph_read_opened(sph_node *node, const char *packet_id, enum sph_purpose purpose,
                       const char *user, sph_err *err)
{
    sph_db *reader = NULL;
    sph_leaf leaf;
    char id[64];
    int64_t index = -1;
    SPH_TRY(sph_db_pool_get(sph_node_readers(node), &reader, err), err, "reader");
    const sph_rc rc = leaf_of_packet(reader, packet_id, &index, err);
    sph_db_pool_put(sph_node_readers(node), reader);
    SPH_TRY(rc, err, "leaf of the packet");
    SPH_TRY(sph_str_copy(id, sizeof(id), sph_slice_str(packet_id), err), err, "packet id");
    SPH_TRY(sph_node_leaf(node, SPH_EVENT_OPENED, user, &leaf, err), err, "OPENED leaf");
    leaf.ref_index = index >= 0 ? (uint64_t)index : SPH_NO_REF;
    SPH_TRY(sph_leaf_ext_u16(&leaf, SPH_EXT_PURPOSE, (uint16_t)purpose, err), err, "OPENED leaf");
    sph_job job = {.apply = mark_read, .arg = id, .leaves = &leaf, .leaf_count = 1};
    return sph_journal_commit(sph_node_journal(node), &job, NULL, err);
}

sph_rc sph_read_packet(sph_node *node, const char *packet_id, enum sph_purpose purpose,
                       const char *user, sph_packet **out, sph_err *err)
{
    SPH_AUTO(sph_buf) octets = sph_buf_init(sph_node_limits(node)->packet);
    SPH_TRY(sph_read_opened(node, packet_id, purpose, user, err), err, "log before release");
    SPH_TRY(sph_content_load(node, packet_id, &octets, err), err, "content");
    return sph_packet_reopen(sph_buf_peek(&octets), sph_node_limits(node), out, err);
}

static sph_rc read_part(sph_node *node, const char *packet_id, const char *part_id,
                        const char *user, const sph_writer *out, char media_type[64], sph_err *err)
{
    char type[128];
    SPH_AUTO_PTR(sph_foreign) *message = NULL;
    SPH_TRY(sph_read_opened(node, packet_id, SPH_PURPOSE_SAVE, user, err), err,
            "log before release");
    SPH_TRY(sph_foreign_load(node, packet_id, &message, err), err, "message");
    SPH_TRY(sph_foreign_document(node, message, part_id, out, type, err), err, "part");
    if (sph_str_copy(media_type, 64, sph_slice_str(type), NULL).code != SPH_OK)
        return sph_str_copy(media_type, 64, SPH_LIT("application/octet-stream"), err);
    return sph_ok();
}

sph_rc sph_read_attachment(sph_node *node, const char *packet_id, const char *attachment_id,
                           const char *user, const sph_writer *out, char media_type[64],
                           sph_err *err)
{
    SPH_AUTO_PTR(sph_packet) *packet = NULL;
    bool is_foreign = false;
    SPH_TRY(sph_foreign_is(node, packet_id, &is_foreign, err), err, "type");
    if (is_foreign)
        return read_part(node, packet_id, attachment_id, user, out, media_type, err);
    SPH_TRY(sph_read_packet(node, packet_id, SPH_PURPOSE_SAVE, user, &packet, err), err, "packet");
    for (size_t i = 0; i < sph_packet_attachment_count(packet); i++) {
        const struct sph_packet_attachment *attachment = sph_packet_attachment_at(packet, i);
        if (strcmp(attachment->id, attachment_id) != 0)
            continue;
        SPH_TRY(sph_str_copy(media_type, 64, sph_slice_str(attachment->media_type), err), err,
                "media type");
        return sph_content_attachment(node, packet, i, out, err);
    }
    return sph_fail(err, SPH_ENOTFOUND, "no such attachment");
}

static sph_rc resolve(sph_db *reader, const char *typed, char packet_id[64], sph_err *err)
{
    sph_stmt *stmt = NULL;
    bool row = false, more = false;
    SPH_TRY(sph_stmt_get(
                reader,
                "SELECT packet_id FROM (SELECT packet_id, thread_id, seq FROM packet"
                "  WHERE packet_id IN (?1, 'urn:uuid:'||?1) OR short_id=?1"
                " UNION SELECT packet_id, thread_id, MAX(seq) FROM packet WHERE thread_id<>'' AND"
                "  (thread_id IN (?1, 'urn:uuid:'||?1) OR thread_short=?1 OR question=?1) GROUP BY "
                "thread_id)"
                " LIMIT 2",
                &stmt, err),
            err, "id");
    sph_stmt_text(stmt, 1, typed);
    SPH_TRY(sph_stmt_step(stmt, &row, err), err, "id");
    if (!row)
        return sph_fail(err, SPH_ENOTFOUND, "nothing has that id");
    sph_rc rc = sph_str_copy(packet_id, 64, sph_slice_str(sph_col_text(stmt, 0)), err);
    if (rc.code == SPH_OK)
        rc = sph_stmt_step(stmt, &more, err);
    sph_stmt_end(stmt);
    if (rc.code == SPH_OK && more)
        return sph_fail(err, SPH_ECONFLICT, "more than one thing has that id; write more of it");
    return rc;
}

sph_rc sph_resolve_id(sph_node *node, const char *typed, char packet_id[64], sph_err *err)
{
    sph_db *reader = NULL;
    SPH_TRY(sph_db_pool_get(sph_node_readers(node), &reader, err), err, "reader");
    const sph_rc rc = resolve(reader, typed, packet_id, err);
    sph_db_pool_put(sph_node_readers(node), reader);
    return rc;
}
