#include "exchange/inbox.h"

#include "as4/build.h"
#include "exchange/proofs.h"

#define ROOT_ROOM (512u * 1024)
#define HOUR_MS 3600000

void sph_inbox_row_clear(sph_inbox_row *row)
{
    if (!row)
        return;
    sph_buf_clear(&row->receipt);
    sph_buf_clear(&row->root);
}

static sph_rc copy_row(sph_stmt *stmt, sph_inbox_row *row, sph_err *err)
{
    row->id = sph_col_int(stmt, 0);
    row->received_index = sph_col_int(stmt, 1);
    row->duplicate_ms = sph_col_int(stmt, 2);
    SPH_TRY(
        sph_str_copy(row->partner, sizeof(row->partner), sph_slice_str(sph_col_text(stmt, 3)), err),
        err, "row");
    SPH_TRY(sph_str_copy(row->message_id, sizeof(row->message_id),
                         sph_slice_str(sph_col_text(stmt, 4)), err),
            err, "row");
    SPH_TRY(sph_str_copy(row->conversation_id, sizeof(row->conversation_id),
                         sph_slice_str(sph_col_text(stmt, 5)), err),
            err, "row");
    SPH_TRY(sph_suite_of(sph_slice_str(sph_col_text(stmt, 6)), &row->suite, err), err, "row");
    SPH_TRY(sph_as4_refs_parse(sph_slice_str(sph_col_text(stmt, 7)), &row->refs, err), err, "row");
    SPH_TRY(sph_buf_add(&row->receipt, sph_col_blob(stmt, 8), err), err, "row");
    return sph_buf_add(&row->root, sph_col_blob(stmt, 9), err);
}

#define INBOX_COLUMNS                                                                              \
    "id, received_index, duplicate_ms, partner, message_id, conversation_id, suite, refs, "        \
    "receipt, root"

/** Runs the bound statement for at most one row. */
static sph_rc one_row(sph_stmt *stmt, sph_inbox_row *out, sph_err *err)
{
    bool found = false;
    sph_inbox_row row = {.receipt = sph_buf_init(ROOT_ROOM), .root = sph_buf_init(ROOT_ROOM)};
    SPH_TRY(sph_stmt_step(stmt, &found, err), err, "inbox row");
    if (!found)
        return sph_fail(err, SPH_ENOTFOUND, "no such message");
    const sph_rc rc = copy_row(stmt, &row, err);
    sph_stmt_end(stmt);
    if (rc.code != SPH_OK) {
        sph_inbox_row_clear(&row);
        return rc;
    }
    *out = row;
    return sph_ok();
}

static sph_rc find(sph_db *reader, const char *party, const char *message_id, sph_inbox_row *out,
                   sph_err *err)
{
    sph_stmt *stmt = NULL;
    SPH_TRY(sph_stmt_get(reader,
                         "SELECT " INBOX_COLUMNS " FROM inbox WHERE partner = ? AND message_id = ?",
                         &stmt, err),
            err, "inbox row");
    sph_stmt_text(stmt, 1, party);
    sph_stmt_text(stmt, 2, message_id);
    return one_row(stmt, out, err);
}

sph_rc sph_inbox_find(sph_node *node, const char *party, const char *message_id, sph_inbox_row *out,
                      sph_err *err)
{
    sph_db *reader = NULL;
    SPH_TRY(sph_db_pool_get(sph_node_readers(node), &reader, err), err, "reader");
    const sph_rc rc = find(reader, party, message_id, out, err);
    sph_db_pool_put(sph_node_readers(node), reader);
    return rc;
}

/** A leaf about a stored message. */
static sph_rc fill_leaf(sph_node *node, uint16_t event, const sph_inbox_row *row, sph_leaf *leaf,
                        sph_err *err)
{
    SPH_TRY(sph_node_leaf(node, event, NULL, leaf, err), err, "leaf");
    SPH_TRY(sph_str_copy(leaf->peer, sizeof(leaf->peer), sph_slice_str(row->partner), err), err,
            "leaf");
    SPH_TRY(sph_str_copy(leaf->message_id, sizeof(leaf->message_id), sph_slice_str(row->message_id),
                         err),
            err, "leaf");
    SPH_TRY(sph_str_copy(leaf->conversation_id, sizeof(leaf->conversation_id),
                         sph_slice_str(row->conversation_id), err),
            err, "leaf");
    leaf->ref_index = (uint64_t)row->received_index;
    return sph_ok();
}

static sph_rc add_proof(sph_node *node, const sph_inbox_row *row, sph_buf *proof, sph_err *err)
{
    sph_head *head = NULL;
    SPH_TRY(sph_journal_head(sph_node_journal(node), true, &head, err), err, "signed head");
    const sph_rc rc =
        head ? sph_receipt_proof_make(node, (uint64_t)row->received_index, head, proof, err)
             : sph_fail(err, SPH_ENOTFOUND, "no signed head");
    sph_head_free(&head);
    return rc;
}

/** as4.md D17: a foreign product gets plain AS4, its token form and no ledger proof. */
static sph_rc build_receipt(sph_node *node, const sph_inbox_row *row, sph_buf *receipt,
                            sph_err *err)
{
    SPH_AUTO_PTR(sph_partner) *partner = sph_partners_get(sph_node_partners(node), row->partner);
    const bool is_foreign = partner && partner->pmode.is_foreign;
    const struct sph_env *env = sph_node_env(node);
    const sph_keyring *ring = sph_node_keys(node);
    const struct sph_key_slot *slot = &ring->slot[sph_slot_sign(row->suite)];
    const sph_as4_signer signer = {slot->key, slot->leaf, ring->root,
                                   is_foreign ? partner->pmode.sign_ref : SPH_TOKEN_BST_X509};
    char message_id[128];
    SPH_AUTO(sph_buf) proof = sph_buf_init(65536);
    if (!is_foreign)
        SPH_TRY(add_proof(node, row, &proof, err), err, "ledger proof");
    SPH_TRY(sph_as4_new_message_id(env->random, sph_node_party(node), message_id, err), err,
            "message id");
    if (row->in)
        return sph_as4_build_receipt(row->in, message_id, sph_node_now_ms(node),
                                     sph_buf_peek(&proof), row->suite, &signer, env->random,
                                     receipt, err);
    return sph_as4_build_receipt_from_root(sph_buf_peek(&row->root), message_id,
                                           sph_node_now_ms(node), sph_buf_peek(&proof), row->suite,
                                           &signer, env->random, receipt, err);
}

struct acknowledgement {
    const sph_inbox_row *row;
    const sph_buf *receipt;
};

static sph_rc bind_receipt(void *arg, sph_db *db, const uint64_t *index, sph_err *err)
{
    const struct acknowledgement *ack = arg;
    sph_stmt *stmt = NULL;
    int64_t changed = 0;
    SPH_TRY(sph_stmt_get(db,
                         "UPDATE inbox SET state='receipted', receipt=?, receipt_index=? WHERE "
                         "id=? AND state='stored'",
                         &stmt, err),
            err, "receipt");
    sph_stmt_blob(stmt, 1, sph_buf_peek(ack->receipt));
    sph_stmt_int(stmt, 2, (int64_t)index[0]);
    sph_stmt_int(stmt, 3, ack->row->id);
    SPH_TRY(sph_stmt_run(stmt, &changed, err), err, "receipt");
    return changed == 1 ? sph_ok()
                        : sph_fail(err, SPH_ECONFLICT, "another thread wrote the receipt");
}

static sph_rc commit_receipt(sph_node *node, const sph_inbox_row *row, const sph_buf *receipt,
                             sph_err *err)
{
    sph_leaf leaf;
    struct acknowledgement ack = {row, receipt};
    SPH_TRY(fill_leaf(node, SPH_EVENT_RECEIPT_SENT, row, &leaf, err), err, "RECEIPT_SENT leaf");
    leaf.receipt = sph_sha256_of(sph_buf_peek(receipt));
    sph_job job = {.bind = bind_receipt, .arg = &ack, .leaves = &leaf, .leaf_count = 1};
    return sph_journal_commit(sph_node_journal(node), &job, NULL, err);
}

sph_rc sph_inbox_acknowledge(sph_node *node, sph_inbox_row *row, sph_err *err)
{
    SPH_AUTO(sph_buf) receipt = sph_buf_init(ROOT_ROOM);
    if (row->receipt.len > 0)
        return sph_ok();
    SPH_TRY(build_receipt(node, row, &receipt, err), err, "receipt");
    const sph_rc rc = commit_receipt(node, row, &receipt, err);
    if (rc.code == SPH_ECONFLICT) {
        /* The other thread's bytes are the receipt; ours were never sent. */
        sph_inbox_row stored;
        sph_err_clear(err);
        SPH_TRY(sph_inbox_find(node, row->partner, row->message_id, &stored, err), err,
                "stored receipt");
        sph_inbox_row_clear(row);
        *row = stored;
        return row->receipt.len > 0 ? sph_ok()
                                    : sph_fail(err, SPH_EAGAIN, "the receipt is being written");
    }
    SPH_TRY(rc, err, "T4");
    sph_buf_take(&receipt, &row->receipt);
    return sph_ok();
}

/** Repeats, counted in the row; their leaf at most once an hour. */
struct repeat {
    const sph_inbox_row *row;
    unsigned times;
    int64_t duplicate_ms;
};

static sph_rc apply_repeat(void *arg, sph_db *db, sph_err *err)
{
    const struct repeat *repeat = arg;
    sph_stmt *stmt = NULL;
    int64_t changed = 0;
    SPH_TRY(sph_stmt_get(db,
                         "UPDATE inbox SET duplicates=duplicates+?4, duplicate_ms=?1 WHERE id=?2 "
                         "AND duplicate_ms<=?3",
                         &stmt, err),
            err, "repeat");
    sph_stmt_int(stmt, 1, repeat->duplicate_ms);
    sph_stmt_int(stmt, 2, repeat->row->id);
    sph_stmt_int(stmt, 3, repeat->row->duplicate_ms);
    sph_stmt_int(stmt, 4, repeat->times);
    SPH_TRY(sph_stmt_run(stmt, &changed, err), err, "repeat");
    return changed == 1 ? sph_ok()
                        : sph_fail(err, SPH_ECONFLICT, "another repeat was counted first");
}

sph_rc sph_inbox_duplicate(sph_node *node, const sph_inbox_row *row, unsigned times, sph_err *err)
{
    sph_leaf leaf;
    const int64_t now_ms = sph_node_now_ms(node);
    const bool is_leaf_due = now_ms - row->duplicate_ms >= HOUR_MS;
    struct repeat repeat = {row, times, is_leaf_due ? now_ms : row->duplicate_ms};
    SPH_TRY(fill_leaf(node, SPH_EVENT_DUPLICATE, row, &leaf, err), err, "DUPLICATE leaf");
    leaf.envelope = sph_sha256_of(sph_buf_peek(&row->root));
    sph_job job = {
        .apply = apply_repeat, .arg = &repeat, .leaves = &leaf, .leaf_count = is_leaf_due ? 1 : 0};
    const sph_rc rc = sph_journal_commit(sph_node_journal(node), &job, NULL, err);
    if (rc.code == SPH_ECONFLICT) {
        sph_err_clear(err); /* the hour's leaf is written by the faster one */
        return sph_ok();
    }
    return rc;
}

static sph_rc next_open(sph_db *reader, int64_t after, int64_t before_ms, sph_inbox_row *out,
                        sph_err *err)
{
    sph_stmt *stmt = NULL;
    SPH_TRY(sph_stmt_get(reader,
                         "SELECT " INBOX_COLUMNS " FROM inbox WHERE state='stored' AND id > ?"
                         " AND received_ms < ? ORDER BY id LIMIT 1",
                         &stmt, err),
            err, "open messages");
    sph_stmt_int(stmt, 1, after);
    sph_stmt_int(stmt, 2, before_ms);
    return one_row(stmt, out, err);
}

static sph_rc find_open(sph_node *node, int64_t after, int64_t before_ms, sph_inbox_row *out,
                        sph_err *err)
{
    sph_db *reader = NULL;
    SPH_TRY(sph_db_pool_get(sph_node_readers(node), &reader, err), err, "reader");
    const sph_rc rc = next_open(reader, after, before_ms, out, err);
    sph_db_pool_put(sph_node_readers(node), reader);
    return rc;
}

/* One row that cannot be finished holds up neither the others nor the start: it is tried again
 * later, and until then the doctor names it. */
static void finish_one(sph_node *node, sph_inbox_row *row, unsigned *done, unsigned *left)
{
    sph_err err = {0};
    const sph_rc rc = sph_inbox_acknowledge(node, row, &err);
    *done += rc.code == SPH_OK;
    *left += rc.code != SPH_OK;
    if (rc.code != SPH_OK)
        SPH_LOG(sph_node_env(node)->log, SPH_LOG_ERROR, "receipt_not_finished",
                SPH_LF(SPH_F_CODE, sph_code_name(rc.code)),
                SPH_LF(SPH_F_WHERE, err.depth ? err.frame[0].where : ""),
                SPH_LF(SPH_F_WHAT, err.depth ? err.frame[0].what : ""));
}

sph_rc sph_inbox_recover(sph_node *node, int64_t before_ms, unsigned *done, unsigned *left,
                         sph_err *err)
{
    int64_t after = 0;
    *done = 0;
    *left = 0;
    for (;;) {
        SPH_AUTO(sph_inbox_row) row = {.id = 0};
        const sph_rc rc = find_open(node, after, before_ms, &row, err);
        if (rc.code == SPH_ENOTFOUND)
            break;
        SPH_TRY(rc, err, "messages without a receipt");
        after = row.id;
        finish_one(node, &row, done, left);
    }
    sph_err_clear(err);
    return sph_ok();
}
