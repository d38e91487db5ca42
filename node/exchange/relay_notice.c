#include "exchange/relay_notice.h"

#include <string.h>

#include "exchange/submit.h"
#include "packet/notice.h"

/* ------------------------------------------------------------------ one that comes */

/** What a notice says. */
struct said {
    char packet_id[64];
    sph_hash sha256;
};

/** SPH_ENOTFOUND when the packet is something else. */
static sph_rc read_notice(const sph_packet *packet, struct said *out, sph_err *err)
{
    sph_notice notice;
    if (sph_packet_header_of(packet)->type != SPH_PACKET_NOTICE)
        return sph_fail(err, SPH_ENOTFOUND, "no notice");
    SPH_TRY(sph_notice_read(packet, &notice, err), err, "notice");
    if (strcmp(notice.kind, SPH_NOTICE_DELIVERED) != 0 || notice.target_count != 1)
        return sph_fail(err, SPH_ENOTFOUND, "another kind of notice");
    out->sha256 = notice.target[0].sha256;
    return sph_str_copy(out->packet_id, sizeof(out->packet_id),
                        sph_slice_str(notice.target[0].packet_id), err);
}

static sph_rc find_sent(sph_db *reader, const struct said *said, struct sph_arrival *arrival,
                        bool *is_same, sph_err *err)
{
    sph_stmt *stmt = NULL;
    bool row = false;
    SPH_TRY(sph_stmt_get(reader,
                         "SELECT o.id, o.sent_index, p.sha256 FROM outbox o"
                         " JOIN packet p ON p.packet_id=o.packet_id"
                         " WHERE o.packet_id=?1 AND o.recipient=?2 AND p.is_own"
                         " ORDER BY o.id LIMIT 1",
                         &stmt, err),
            err, "what a notice is about");
    sph_stmt_text(stmt, 1, said->packet_id);
    sph_stmt_text(stmt, 2, sph_packet_header_of(arrival->packet)->issuer);
    SPH_TRY(sph_stmt_step(stmt, &row, err), err, "what a notice is about");
    *is_same = row && sph_slice_equal(sph_col_blob(stmt, 2), sph_slice_hash(&said->sha256));
    if (*is_same) {
        arrival->delivered_id = sph_col_int(stmt, 0);
        arrival->delivered_sent = sph_col_int(stmt, 1);
    }
    sph_stmt_end(stmt);
    return sph_ok();
}

sph_rc sph_notice_check(struct sph_arrival *arrival, sph_err *err)
{
    struct said said;
    sph_db *reader = NULL;
    bool is_same = false;
    const sph_rc is = read_notice(arrival->packet, &said, err);
    if (is.code == SPH_ENOTFOUND) {
        sph_err_clear(err);
        return sph_ok();
    }
    SPH_TRY(is, err, "notice");
    SPH_TRY(sph_db_pool_get(sph_node_readers(arrival->node), &reader, err), err, "reader");
    const sph_rc rc = find_sent(reader, &said, arrival, &is_same, err);
    sph_db_pool_put(sph_node_readers(arrival->node), reader);
    SPH_TRY(rc, err, "notice");
    if (!is_same)
        return sph_arrival_refuse(arrival, SPH_EBMS_0004, SPH_REASON_RELAY, "notice.unknown",
                                  "PK-NOTICE nothing of these octets was sent to you through a hub",
                                  err);
    return sph_ok();
}

static sph_rc drop_part(sph_db *db, int64_t row_id, sph_err *err)
{
    sph_stmt *stmt = NULL;
    SPH_TRY(sph_stmt_get(db,
                         "DELETE FROM relay_part WHERE message_id="
                         "(SELECT message_id FROM outbox WHERE id=?)",
                         &stmt, err),
            err, "sealed part");
    sph_stmt_int(stmt, 1, row_id);
    return sph_stmt_run(stmt, NULL, err);
}

static sph_rc mark_read(sph_db *db, const char *packet_id, sph_err *err)
{
    sph_stmt *stmt = NULL;
    SPH_TRY(sph_stmt_get(db, "UPDATE packet SET is_read=1 WHERE packet_id=?", &stmt, err), err,
            "notice");
    sph_stmt_text(stmt, 1, packet_id);
    return sph_stmt_run(stmt, NULL, err);
}

static sph_rc settle_from(const struct sph_arrival *arrival, enum sph_out_state from, sph_db *db,
                          int64_t now_ms, sph_err *err)
{
    sph_stmt *stmt = NULL;
    enum sph_out_state to;
    uint16_t leaf = 0; /* none: the RECEIVED leaf of the notice tells */
    if (sph_out_step(from, SPH_OUT_DELIVERED, &to, &leaf, NULL).code != SPH_OK)
        return sph_ok();
    SPH_TRY(sph_stmt_get(db,
                         "UPDATE outbox SET state=?, proof_state='notice',"
                         " finished_ms=?, wire=NULL, wire_file='', error_code='', error_detail=''"
                         " WHERE id=? AND state=?",
                         &stmt, err),
            err, "delivered message");
    sph_stmt_text(stmt, 1, sph_out_state_name(to));
    sph_stmt_int(stmt, 2, now_ms);
    sph_stmt_int(stmt, 3, arrival->delivered_id);
    sph_stmt_text(stmt, 4, sph_out_state_name(from));
    return sph_stmt_run(stmt, NULL, err); /* a second notice changes nothing */
}

static sph_rc settle(const struct sph_arrival *arrival, sph_db *db, int64_t now_ms, sph_err *err)
{
    SPH_TRY(drop_part(db, arrival->delivered_id, err), err, "sealed part");
    SPH_TRY(mark_read(db, sph_packet_header_of(arrival->packet)->packet_id, err), err, "notice");
    for (enum sph_out_state from = 0; from < SPH_OUT_STATE_COUNT; from++)
        SPH_TRY(settle_from(arrival, from, db, now_ms, err), err, "delivered message");
    return sph_ok();
}

sph_rc sph_notice_apply(const struct sph_arrival *arrival, sph_db *db, int64_t now_ms, sph_err *err)
{
    if (arrival->delivered_id > 0)
        return settle(arrival, db, now_ms, err);
    if (!arrival->author || arrival->is_known_packet)
        return sph_ok();
    return sph_relay_owe(db, sph_packet_header_of(arrival->packet)->packet_id,
                         arrival->author->card.party, err);
}

/* ------------------------------------------------------------------ those that are owed */

/** In the T1 of the notice. */
static sph_rc note_paid(void *arg, sph_db *db, sph_err *err)
{
    const struct sph_relay_debt *debt = arg;
    return sph_relay_paid(db, debt->packet_id, err);
}

static sph_rc submit(sph_node *node, struct sph_relay_debt *debt, const sph_json *draft,
                     sph_err *err)
{
    const char *to = debt->party;
    const struct sph_submit what = {
        .draft = draft, .to = &to, .to_count = 1, .also = note_paid, .also_arg = debt};
    sph_findings *findings = sph_mem_new(1, sizeof(*findings));
    struct sph_submitted *done = sph_mem_new(1, sizeof(*done));
    const sph_rc rc = findings && done ? sph_submit(node, &what, done, findings, err)
                                       : sph_fail(err, SPH_ENOMEM, "notice");
    sph_mem_free(findings);
    sph_mem_free(done);
    return rc;
}

static sph_rc pay_one(sph_node *node, struct sph_relay_debt *debt, sph_err *err)
{
    SPH_AUTO_PTR(sph_json) *draft = NULL;
    const struct sph_notice_delivered what = {
        .to = debt->party, .packet_id = debt->packet_id, .sha256 = debt->sha256};
    SPH_TRY(sph_notice_delivered_draft(&what, &draft, err), err, "notice");
    const sph_rc rc = submit(node, debt, draft, err);
    if (rc.code != SPH_ECONFLICT)
        return rc;
    sph_err_clear(err); /* another thread queued it */
    return sph_ok();
}

static void pay_or_log(sph_node *node, struct sph_relay_debt *debt)
{
    sph_err err = {0};
    const sph_rc rc = pay_one(node, debt, &err);
    if (rc.code != SPH_OK)
        SPH_LOG(sph_node_env(node)->log, SPH_LOG_WARN, "notice_waits",
                SPH_LF(SPH_F_PARTNER, debt->party), SPH_LF(SPH_F_CODE, sph_code_name(rc.code)),
                SPH_LF(SPH_F_WHAT, err.depth ? err.frame[0].what : ""));
}

void sph_notice_pay(sph_node *node, const char *packet_id)
{
    struct sph_relay_debt debt = {.packet_id = ""};
    if (sph_relay_debt_of(node, packet_id, &debt, NULL).code == SPH_OK)
        pay_or_log(node, &debt);
}

void sph_notice_pay_all(sph_node *node)
{
    struct sph_relay_debt debt = {.packet_id = ""};
    char after[sizeof(debt.packet_id)] = "";
    while (sph_relay_next_debt(node, after, &debt, NULL).code == SPH_OK) {
        pay_or_log(node, &debt);
        if (sph_str_copy(after, sizeof(after), sph_slice_str(debt.packet_id), NULL).code != SPH_OK)
            return;
    }
}
