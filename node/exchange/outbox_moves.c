#include "exchange/outbox.h"

#include "crypto/digest.h"
#include "exchange/relay_store.h"
#include "exchange/renew.h"

sph_rc sph_out_insert(sph_db *db, const struct sph_out_new *row, sph_err *err)
{
    sph_stmt *stmt = NULL;
    SPH_TRY(sph_stmt_get(db,
                         "INSERT INTO outbox(message_id, packet_id, partner, action, "
                         "conversation_id, suite, state,"
                         " next_ms, deadline_ms, created_ms, submitted_index, ref_to, recipient) "
                         "VALUES(?,?,?,?,?,?,'submitted',?,?,?,?,?,?)",
                         &stmt, err),
            err, "outbox row");
    sph_stmt_text(stmt, 1, row->message_id);
    sph_stmt_text(stmt, 2, row->packet_id);
    sph_stmt_text(stmt, 3, row->partner);
    sph_stmt_text(stmt, 4, row->action);
    sph_stmt_text(stmt, 5, row->conversation_id);
    sph_stmt_text(stmt, 6, sph_suite_name(row->suite));
    sph_stmt_int(stmt, 7, row->now_ms);
    sph_stmt_int(stmt, 8, row->now_ms + SPH_OUT_DEADLINE_MS);
    sph_stmt_int(stmt, 9, row->now_ms);
    sph_stmt_int(stmt, 10, (int64_t)row->submitted_index);
    sph_stmt_text(stmt, 11, row->ref_to);
    sph_stmt_text(stmt, 12, row->recipient ? row->recipient : "");
    return sph_stmt_run(stmt, NULL, err);
}

/** A guarded change of one row: another thread that was faster makes it SPH_ECONFLICT (as4.md 11).
 */
struct change {
    const sph_out_row *row;
    enum sph_out_state to;
    const sph_as4_built *built;
    const struct sph_out_receipt *receipt;
    const char *refs, *code, *detail;
    int64_t now_ms, next_ms;
};

static sph_rc guarded(sph_stmt *stmt, sph_err *err)
{
    int64_t changed = 0;
    SPH_TRY(sph_stmt_run(stmt, &changed, err), err, "outbox row");
    if (changed != 1)
        return sph_fail(err, SPH_ECONFLICT, "the message has moved on");
    return sph_ok();
}

/** Every change ends its WHERE with id, state and attempt as the three last bindings. */
static void bind_guard(sph_stmt *stmt, int at, const sph_out_row *row)
{
    sph_stmt_int(stmt, at, row->id);
    sph_stmt_text(stmt, at + 1, sph_out_state_name(row->state));
    sph_stmt_int(stmt, at + 2, row->attempt);
}

static sph_rc fill_leaf(sph_node *node, uint16_t event, const sph_out_row *row, sph_leaf *leaf,
                        sph_err *err)
{
    SPH_TRY(sph_node_leaf(node, event, NULL, leaf, err), err, "leaf");
    SPH_TRY(sph_str_copy(leaf->peer, sizeof(leaf->peer), sph_slice_str(row->partner), err), err,
            "leaf");
    SPH_TRY(sph_str_copy(leaf->message_id, sizeof(leaf->message_id), sph_slice_str(row->message_id),
                         err),
            err, "leaf");
    return sph_str_copy(leaf->conversation_id, sizeof(leaf->conversation_id),
                        sph_slice_str(row->conversation_id), err);
}

/** Wire bytes and match set of a built message, with its next state. */
static sph_rc store_wire(const struct change *change, sph_db *db, int64_t sent_index, sph_err *err)
{
    const sph_out_row *row = change->row;
    sph_stmt *stmt = NULL;
    SPH_TRY(sph_stmt_get(db,
                         "UPDATE outbox SET sent_index=?, refs=?, root=?, wire=?, "
                         "wire_file=?, wire_len=?,"
                         " content_type=?, state=?, next_ms=?, encrypt_cert=?, sign_until_ms=?"
                         " WHERE id=? AND state=? AND attempt=?",
                         &stmt, err),
            err, "hand-out");
    sph_stmt_int(stmt, 1, sent_index);
    sph_stmt_text(stmt, 2, change->refs);
    sph_stmt_blob(stmt, 3, sph_buf_peek(&change->built->root));
    if (row->wire_file[0])
        sph_stmt_null(stmt, 4);
    else
        sph_stmt_blob(stmt, 4, sph_buf_peek(&row->wire));
    sph_stmt_text(stmt, 5, row->wire_file);
    sph_stmt_int(stmt, 6, (int64_t)change->built->len);
    sph_stmt_text(stmt, 7, change->built->content_type);
    sph_stmt_text(stmt, 8, sph_out_state_name(change->to));
    sph_stmt_int(stmt, 9, change->next_ms);
    if (row->encrypt_cert)
        sph_stmt_blob(stmt, 10, sph_cert_peek_der(row->encrypt_cert));
    else
        sph_stmt_null(stmt, 10);
    sph_stmt_int(stmt, 11, row->sign_until_ms);
    bind_guard(stmt, 12, row);
    return guarded(stmt, err);
}

static sph_rc bind_hand_out(void *arg, sph_db *db, const uint64_t *index, sph_err *err)
{
    const struct change *change = arg;
    return store_wire(change, db, (int64_t)index[0], err);
}

/** Ready for a pull: nothing has left, so no leaf. */
static sph_rc apply_ready(void *arg, sph_db *db, sph_err *err)
{
    return store_wire(arg, db, -1, err);
}

sph_rc sph_out_hand_out(sph_node *node, sph_out_row *row, const sph_as4_built *built, sph_err *err)
{
    sph_leaf leaf;
    enum sph_out_state to;
    uint16_t event = 0;
    SPH_AUTO(sph_buf) refs = sph_buf_init(65536);
    SPH_TRY(sph_out_step(row->state, SPH_OUT_HAND_OUT, &to, &event, err), err, "hand-out");
    SPH_TRY(sph_as4_refs_print(&built->refs, &refs, err), err, "match set");
    SPH_TRY(fill_leaf(node, event, row, &leaf, err), err, "SENT leaf");
    leaf.envelope = built->root_sha256;
    leaf.ref_index = (uint64_t)row->submitted_index;
    struct change change = {
        .row = row, .to = to, .built = built, .refs = sph_buf_text(&refs), .next_ms = row->next_ms};
    sph_job job = {.bind = bind_hand_out, .arg = &change, .leaves = &leaf, .leaf_count = 1};
    SPH_TRY(sph_journal_commit(sph_node_journal(node), &job, NULL, err), err, "T2");
    row->state = to;
    row->sent_index = (int64_t)leaf.index;
    row->refs = built->refs;
    row->root_sha256 = built->root_sha256;
    row->wire_len = built->len;
    return sph_str_copy(row->content_type, sizeof(row->content_type),
                        sph_slice_str(built->content_type), err);
}

/** When a row that waits for a pull has to be looked at all the same. */
static int64_t after_deadline(const sph_out_row *row)
{
    return row->deadline_ms + 1;
}

sph_rc sph_out_make_ready(sph_node *node, sph_out_row *row, const sph_as4_built *built,
                          sph_err *err)
{
    enum sph_out_state to;
    uint16_t event = 0;
    SPH_AUTO(sph_buf) refs = sph_buf_init(65536);
    SPH_TRY(sph_out_step(row->state, SPH_OUT_MADE_READY, &to, &event, err), err, "ready");
    SPH_TRY(sph_as4_refs_print(&built->refs, &refs, err), err, "match set");
    struct change change = {.row = row,
                            .to = to,
                            .built = built,
                            .refs = sph_buf_text(&refs),
                            .next_ms = after_deadline(row)};
    sph_job job = {.apply = apply_ready, .arg = &change};
    SPH_TRY(sph_journal_commit(sph_node_journal(node), &job, NULL, err), err, "ready");
    row->state = to;
    return sph_ok();
}

static sph_rc move_pulled(const struct change *change, sph_db *db, int64_t sent_index, sph_err *err)
{
    sph_stmt *stmt = NULL;
    SPH_TRY(sph_stmt_get(db,
                         "UPDATE outbox SET state=?, sent_index=?, next_ms=?"
                         " WHERE id=? AND state=? AND attempt=?",
                         &stmt, err),
            err, "pulled message");
    sph_stmt_text(stmt, 1, sph_out_state_name(change->to));
    sph_stmt_int(stmt, 2, sent_index);
    sph_stmt_int(stmt, 3, change->next_ms);
    bind_guard(stmt, 4, change->row);
    return guarded(stmt, err);
}

static sph_rc bind_pulled(void *arg, sph_db *db, const uint64_t *index, sph_err *err)
{
    return move_pulled(arg, db, (int64_t)index[0], err);
}

static sph_rc apply_pulled_again(void *arg, sph_db *db, sph_err *err)
{
    const struct change *change = arg;
    return move_pulled(change, db, change->row->sent_index, err);
}

sph_rc sph_out_pulled(sph_node *node, sph_out_row *row, int64_t lease_ms, sph_err *err)
{
    sph_leaf leaf;
    enum sph_out_state to;
    uint16_t event = 0;
    SPH_TRY(sph_out_step(row->state, SPH_OUT_PULLED, &to, &event, err), err, "pull");
    struct change change = {.row = row, .to = to, .next_ms = sph_node_now_ms(node) + lease_ms};
    sph_job job = {.apply = apply_pulled_again, .arg = &change};
    if (event) {
        SPH_TRY(fill_leaf(node, event, row, &leaf, err), err, "SENT leaf");
        leaf.envelope = row->root_sha256;
        leaf.ref_index = (uint64_t)row->submitted_index;
        job = (sph_job){.bind = bind_pulled, .arg = &change, .leaves = &leaf, .leaf_count = 1};
    }
    SPH_TRY(sph_journal_commit(sph_node_journal(node), &job, NULL, err), err, "T2");
    row->state = to;
    if (event)
        row->sent_index = (int64_t)leaf.index;
    return sph_ok();
}

static sph_rc bind_acknowledge(void *arg, sph_db *db, const uint64_t *index, sph_err *err)
{
    const struct change *change = arg;
    const struct sph_out_receipt *receipt = change->receipt;
    sph_stmt *stmt = NULL;
    SPH_TRY(sph_stmt_get(
                db,
                "UPDATE outbox SET state='acknowledged', receipt_index=?, receipt=?, "
                "finished_ms=?, proof_state=?,"
                " peer_index=?, peer_leaf=?, peer_proof=?, wire=NULL, wire_file='', error_code='',"
                " error_detail='' WHERE id=? AND state=? AND attempt=?",
                &stmt, err),
            err, "receipt");
    sph_stmt_int(stmt, 1, (int64_t)index[0]);
    sph_stmt_blob(stmt, 2, receipt->root);
    sph_stmt_int(stmt, 3, change->now_ms);
    sph_stmt_text(stmt, 4, receipt->is_proved ? "proved" : "receipt-only");
    sph_stmt_int(stmt, 5, receipt->is_proved ? (int64_t)receipt->peer_index : -1);
    sph_stmt_blob(stmt, 6, receipt->peer_leaf);
    sph_stmt_slice_text(stmt, 7, receipt->peer_proof);
    bind_guard(stmt, 8, change->row);
    SPH_TRY(guarded(stmt, err), err, "receipt");
    if (receipt->is_proved)
        SPH_TRY(sph_renew_choose(db, change->row, receipt->sent_index, err), err, "receipt");
    if (change->to == SPH_OUT_HANDED)
        SPH_TRY(sph_relay_note_handed(db, change->row, change->now_ms, err), err, "hub's receipt");
    SPH_TRY(sph_relay_drop(db, change->row, err), err, "sealed part");
    SPH_TRY(sph_stmt_get(db, "UPDATE partner SET reached_ms=? WHERE party=?", &stmt, err), err,
            "contact time");
    sph_stmt_int(stmt, 1, change->now_ms);
    sph_stmt_text(stmt, 2, change->row->partner);
    return sph_stmt_run(stmt, NULL, err);
}

static void remove_wire_file(sph_node *node, const sph_out_row *row)
{
    const sph_files *files = sph_node_env(node)->files;
    if (row->wire_file[0] && files->remove(files->ctx, row->wire_file, NULL).code != SPH_OK)
        SPH_LOG(sph_node_env(node)->log, SPH_LOG_WARN, "wire_file_kept",
                SPH_LF(SPH_F_MESSAGE, row->message_id));
}

sph_rc sph_out_acknowledge(sph_node *node, const sph_out_row *row,
                           const struct sph_out_receipt *receipt, sph_err *err)
{
    sph_leaf leaf;
    enum sph_out_state to;
    uint16_t event = 0;
    const enum sph_out_event came = row->recipient[0] ? SPH_OUT_HUB_RECEIPT : SPH_OUT_RECEIPT;
    SPH_TRY(sph_out_step(row->state, came, &to, &event, err), err, "receipt");
    SPH_TRY(fill_leaf(node, event, row, &leaf, err), err, "RECEIPT_IN leaf");
    leaf.receipt = receipt->root_sha256;
    leaf.ref_index = (uint64_t)(receipt->is_proved ? receipt->sent_index : row->sent_index);
    if (receipt->is_proved) {
        leaf.peer_size = receipt->peer_size;
        leaf.peer_root = receipt->peer_root;
        SPH_TRY(sph_leaf_ext_u64(&leaf, SPH_EXT_PEER_INDEX, receipt->peer_index, err), err,
                "RECEIPT_IN leaf");
    }
    struct change change = {
        .row = row, .to = to, .receipt = receipt, .now_ms = sph_node_now_ms(node)};
    sph_job job = {.bind = bind_acknowledge, .arg = &change, .leaves = &leaf, .leaf_count = 1};
    SPH_TRY(sph_journal_commit(sph_node_journal(node), &job, NULL, err), err, "T5");
    remove_wire_file(node, row);
    return sph_ok();
}

static sph_rc apply_wait(void *arg, sph_db *db, sph_err *err)
{
    const struct change *change = arg;
    sph_stmt *stmt = NULL;
    SPH_TRY(
        sph_stmt_get(
            db,
            "UPDATE outbox SET state=?, next_ms=?, attempt=attempt+1, error_code=?, error_detail=?"
            " WHERE id=? AND state=? AND attempt=?",
            &stmt, err),
        err, "retry");
    sph_stmt_text(stmt, 1, sph_out_state_name(change->to));
    sph_stmt_int(stmt, 2, change->next_ms);
    sph_stmt_text(stmt, 3, change->code);
    sph_stmt_text(stmt, 4, change->detail);
    bind_guard(stmt, 5, change->row);
    return guarded(stmt, err);
}

static uint32_t noise(sph_node *node)
{
    uint32_t value = 0;
    const sph_random *random = sph_node_env(node)->random;
    return random->fill(random->ctx, (uint8_t *)&value, sizeof(value), NULL).code == SPH_OK
               ? value
               : UINT32_MAX / 2;
}

sph_rc sph_out_lease_over(sph_node *node, const sph_out_row *row, sph_err *err)
{
    enum sph_out_state to;
    uint16_t event = 0;
    SPH_TRY(sph_out_step(row->state, SPH_OUT_LEASE_OVER, &to, &event, err), err, "lease");
    struct change change = {.row = row,
                            .to = to,
                            .code = sph_ebms_code(SPH_EBMS_0301),
                            .detail = "pulled, and no receipt came",
                            .next_ms = after_deadline(row)};
    sph_job job = {.apply = apply_wait, .arg = &change};
    return sph_journal_commit(sph_node_journal(node), &job, NULL, err);
}

sph_rc sph_out_wait(sph_node *node, const sph_out_row *row, const char *code, const char *detail,
                    unsigned retry_after_s, sph_err *err)
{
    enum sph_out_state to;
    uint16_t event = 0;
    SPH_TRY(sph_out_step(row->state, SPH_OUT_NO_ANSWER, &to, &event, err), err, "retry");
    const int64_t ladder_ms = sph_out_ladder_ms(row->attempt + 1, noise(node));
    const int64_t asked_ms =
        retry_after_s > 3600 ? 3600000 : (int64_t)retry_after_s * 1000; /* as4.md 11: at most 1 h */
    const int64_t now_ms = sph_node_now_ms(node);
    struct change change = {.row = row,
                            .to = to,
                            .code = code,
                            .detail = detail,
                            .now_ms = now_ms,
                            .next_ms = now_ms + (asked_ms > ladder_ms ? asked_ms : ladder_ms)};
    sph_job job = {.apply = apply_wait, .arg = &change};
    return sph_journal_commit(sph_node_journal(node), &job, NULL, err);
}

static sph_rc bind_fail(void *arg, sph_db *db, const uint64_t *index, sph_err *err)
{
    const struct change *change = arg;
    sph_stmt *stmt = NULL;
    SPH_TRY(sph_stmt_get(db,
                         "UPDATE outbox SET state=?, failed_index=?, finished_ms=?, error_code=?, "
                         "error_detail=?,"
                         " wire=NULL, wire_file='' WHERE id=? AND state=? AND attempt=?",
                         &stmt, err),
            err, "failure");
    sph_stmt_text(stmt, 1, sph_out_state_name(change->to));
    sph_stmt_int(stmt, 2, (int64_t)index[0]);
    sph_stmt_int(stmt, 3, change->now_ms);
    sph_stmt_text(stmt, 4, change->code);
    sph_stmt_text(stmt, 5, change->detail);
    bind_guard(stmt, 6, change->row);
    SPH_TRY(guarded(stmt, err), err, "failure");
    return sph_relay_drop(db, change->row, err);
}

sph_rc sph_out_fail(sph_node *node, const sph_out_row *row, enum sph_out_event why,
                    const char *code, const char *detail, sph_err *err)
{
    sph_leaf leaf;
    enum sph_out_state to;
    uint16_t event = 0;
    SPH_TRY(sph_out_step(row->state, why, &to, &event, err), err, "failure");
    SPH_TRY(fill_leaf(node, event, row, &leaf, err), err, "DELIVERY_FAILED leaf");
    leaf.ref_index =
        row->sent_index >= 0 ? (uint64_t)row->sent_index : (uint64_t)row->submitted_index;
    SPH_TRY(sph_leaf_ext_u16(&leaf, SPH_EXT_REASON, (uint16_t)why, err), err, "reason");
    SPH_TRY(sph_leaf_ext_u16(&leaf, SPH_EXT_ATTEMPT,
                             (uint16_t)(row->attempt > UINT16_MAX ? UINT16_MAX : row->attempt),
                             err),
            err, "attempt");
    struct change change = {
        .row = row, .to = to, .code = code, .detail = detail, .now_ms = sph_node_now_ms(node)};
    sph_job job = {.bind = bind_fail, .arg = &change, .leaves = &leaf, .leaf_count = 1};
    SPH_TRY(sph_journal_commit(sph_node_journal(node), &job, NULL, err), err, "end of a delivery");
    remove_wire_file(node, row);
    return sph_ok();
}
