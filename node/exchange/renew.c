#include "exchange/renew.h"

#include "exchange/wire.h"

/** What a waiting message was built with. */
struct built_with {
    sph_buf root, encrypt_cert;
    int64_t sign_until_ms;
};

static void built_with_clear(struct built_with *with)
{
    sph_buf_clear(&with->root);
    sph_buf_clear(&with->encrypt_cert);
}

static sph_rc read_built_with(sph_db *reader, int64_t id, struct built_with *with, sph_err *err)
{
    sph_stmt *stmt = NULL;
    bool row = false;
    SPH_TRY(sph_stmt_get(reader, "SELECT root, encrypt_cert, sign_until_ms FROM outbox WHERE id=?",
                         &stmt, err),
            err, "keys of a message");
    sph_stmt_int(stmt, 1, id);
    SPH_TRY(sph_stmt_step(stmt, &row, err), err, "keys of a message");
    if (!row)
        return sph_fail(err, SPH_ENOTFOUND, "no outbox row");
    sph_rc rc = sph_buf_add(&with->root, sph_col_blob(stmt, 0), err);
    if (rc.code == SPH_OK)
        rc = sph_buf_add(&with->encrypt_cert, sph_col_blob(stmt, 1), err);
    with->sign_until_ms = sph_col_int(stmt, 2);
    sph_stmt_end(stmt);
    return rc;
}

static sph_rc load_built_with(sph_node *node, int64_t id, struct built_with *with, sph_err *err)
{
    sph_db *reader = NULL;
    SPH_TRY(sph_db_pool_get(sph_node_readers(node), &reader, err), err, "reader");
    const sph_rc rc = read_built_with(reader, id, with, err);
    sph_db_pool_put(sph_node_readers(node), reader);
    return rc;
}

/** Asked as of the day on which the list was signed: one that is merely old is no revocation. */
static bool is_revoked(const sph_partner *partner, const sph_cert *cert)
{
    const sph_slice crl = sph_buf_peek(&partner->card.crl);
    int64_t signed_ms = 0;
    if (crl.len == 0 || sph_crl_signed_ms(crl, &signed_ms, NULL).code != SPH_OK ||
        sph_cert_not_before_ms(cert) > signed_ms)
        return false;
    return sph_cert_check(cert, partner->card.root, partner->card.party, SPH_USE_ENCRYPT, signed_ms,
                          crl, NULL)
               .code != SPH_OK;
}

/** Of a foreign product the operator's word counts: the certificates that its P-Mode holds. */
static bool is_enrolled(const sph_partner *partner, const sph_cert *cert, int64_t now_ms)
{
    const sph_cert *known[SPH_PMODE_CERTS];
    const size_t count = sph_pmode_certs(&partner->pmode, SPH_USE_ENCRYPT, known);
    for (size_t i = 0; i < count; i++)
        if (sph_slice_equal(sph_cert_peek_der(known[i]), sph_cert_peek_der(cert)))
            return sph_cert_not_after_ms(cert) >= now_ms;
    return false;
}

/** A later certificate beside it, or on a new card in its place, is no reason (as4.md 6.5): the
 * partner keeps the old key for as long as retries last. */
static bool is_usable(const sph_partner *partner, const sph_cert *cert, int64_t now_ms)
{
    if (partner->pmode.is_foreign)
        return is_enrolled(partner, cert, now_ms);
    return sph_cert_check(cert, partner->card.root, partner->card.party, SPH_USE_ENCRYPT, now_ms,
                          (sph_slice){NULL, 0}, NULL)
                   .code == SPH_OK &&
           !is_revoked(partner, cert);
}

static bool is_key_gone(const sph_partner *partner, sph_slice der, int64_t now_ms)
{
    SPH_AUTO_PTR(sph_cert) *cert = NULL;
    return sph_cert_parse(der, &cert, NULL).code != SPH_OK || !is_usable(partner, cert, now_ms);
}

/* ------------------------------------------------------------------ the further SENT */

struct renewal {
    const sph_out_row *row;
    const sph_as4_built *built;
};

/** The attempt that was the row's own until now. */
static sph_rc keep_attempt(sph_db *db, const sph_out_row *row, sph_err *err)
{
    sph_stmt *stmt = NULL;
    SPH_TRY(sph_stmt_get(db,
                         "INSERT INTO outbox_attempt(outbox_id, sent_index, root, root_sha256)"
                         " SELECT id, sent_index, root, ?2 FROM outbox WHERE id=?1",
                         &stmt, err),
            err, "attempt");
    sph_stmt_int(stmt, 1, row->id);
    sph_stmt_blob(stmt, 2, sph_slice_hash(&row->root_sha256));
    return sph_stmt_run(stmt, NULL, err);
}

static sph_rc replace_wire(const struct renewal *renewal, sph_db *db, int64_t sent_index,
                           sph_err *err)
{
    const sph_out_row *row = renewal->row;
    sph_stmt *stmt = NULL;
    int64_t changed = 0;
    SPH_TRY(sph_stmt_get(db,
                         "UPDATE outbox SET sent_index=?, root=?, wire=?, wire_file=?, wire_len=?,"
                         " content_type=?, encrypt_cert=?, sign_until_ms=MAX(sign_until_ms, ?)"
                         " WHERE id=? AND state=? AND attempt=?",
                         &stmt, err),
            err, "renewal");
    sph_stmt_int(stmt, 1, sent_index);
    sph_stmt_blob(stmt, 2, sph_buf_peek(&renewal->built->root));
    if (row->wire_file[0])
        sph_stmt_null(stmt, 3);
    else
        sph_stmt_blob(stmt, 3, sph_buf_peek(&row->wire));
    sph_stmt_text(stmt, 4, row->wire_file);
    sph_stmt_int(stmt, 5, (int64_t)renewal->built->len);
    sph_stmt_text(stmt, 6, renewal->built->content_type);
    sph_stmt_blob(stmt, 7, sph_cert_peek_der(row->encrypt_cert));
    sph_stmt_int(stmt, 8, row->sign_until_ms);
    sph_stmt_int(stmt, 9, row->id);
    sph_stmt_text(stmt, 10, sph_out_state_name(row->state));
    sph_stmt_int(stmt, 11, row->attempt);
    SPH_TRY(sph_stmt_run(stmt, &changed, err), err, "renewal");
    return changed == 1 ? sph_ok() : sph_fail(err, SPH_ECONFLICT, "the message has moved on");
}

static sph_rc bind_renewal(void *arg, sph_db *db, const uint64_t *index, sph_err *err)
{
    const struct renewal *renewal = arg;
    SPH_TRY(keep_attempt(db, renewal->row, err), err, "renewal");
    return replace_wire(renewal, db, (int64_t)index[0], err);
}

/** Nothing has left yet: it waits for a pull, and there is nothing to keep. */
static sph_rc apply_unsent(void *arg, sph_db *db, sph_err *err)
{
    return replace_wire(arg, db, -1, err);
}

static sph_rc fill_leaf(sph_node *node, const sph_out_row *row, const sph_hash *envelope,
                        sph_leaf *leaf, sph_err *err)
{
    SPH_TRY(sph_node_leaf(node, SPH_EVENT_SENT, NULL, leaf, err), err, "SENT leaf");
    SPH_TRY(sph_str_copy(leaf->peer, sizeof(leaf->peer), sph_slice_str(row->partner), err), err,
            "leaf");
    SPH_TRY(sph_str_copy(leaf->message_id, sizeof(leaf->message_id), sph_slice_str(row->message_id),
                         err),
            err, "leaf");
    leaf->envelope = *envelope;
    leaf->ref_index = (uint64_t)row->submitted_index;
    return sph_str_copy(leaf->conversation_id, sizeof(leaf->conversation_id),
                        sph_slice_str(row->conversation_id), err);
}

static sph_rc commit(sph_node *node, sph_out_row *row, const sph_as4_built *built, sph_err *err)
{
    sph_leaf leaf;
    struct renewal renewal = {row, built};
    sph_job job = {.arg = &renewal};
    if (row->sent_index < 0) {
        job.apply = apply_unsent;
        return sph_journal_commit(sph_node_journal(node), &job, NULL, err);
    }
    SPH_TRY(fill_leaf(node, row, &built->root_sha256, &leaf, err), err, "leaf");
    job.bind = bind_renewal;
    job.leaves = &leaf;
    job.leaf_count = 1;
    SPH_TRY(sph_journal_commit(sph_node_journal(node), &job, NULL, err), err, "further SENT");
    row->sent_index = (int64_t)leaf.index;
    return sph_ok();
}

static sph_rc take_over(sph_node *node, sph_out_row *row, const char *old_file,
                        const sph_as4_built *built, sph_err *err)
{
    const sph_files *files = sph_node_env(node)->files;
    if (old_file[0] && files->remove(files->ctx, old_file, NULL).code != SPH_OK)
        SPH_LOG(sph_node_env(node)->log, SPH_LOG_WARN, "wire_file_kept",
                SPH_LF(SPH_F_MESSAGE, row->message_id));
    SPH_LOG(sph_node_env(node)->log, SPH_LOG_INFO, "message_encrypted_again",
            SPH_LF(SPH_F_MESSAGE, row->message_id), SPH_LF(SPH_F_PARTNER, row->partner));
    row->root_sha256 = built->root_sha256;
    row->wire_len = built->len;
    return sph_str_copy(row->content_type, sizeof(row->content_type),
                        sph_slice_str(built->content_type), err);
}

/** A failed COMMIT may have named the new file all the same: then it stays. */
static sph_rc give_up(sph_node *node, sph_out_row *row, const char *old_file, sph_rc rc)
{
    if (!sph_slice_is(sph_slice_str(old_file), row->wire_file) &&
        !sph_journal_is_stopped(sph_node_journal(node)))
        sph_wire_drop(node, row);
    if (sph_str_copy(row->wire_file, sizeof(row->wire_file), sph_slice_str(old_file), NULL).code !=
        SPH_OK)
        row->wire_file[0] = '\0';
    return rc;
}

static sph_rc make_anew(sph_node *node, sph_out_row *row, const sph_partner *partner,
                        const struct built_with *with, sph_err *err)
{
    SPH_AUTO(sph_as4_built) built = {0};
    char old_file[sizeof(row->wire_file)];
    const bool is_signed_anew = with->sign_until_ms <= sph_node_now_ms(node);
    SPH_TRY(sph_str_copy(old_file, sizeof(old_file), sph_slice_str(row->wire_file), err), err,
            "old file");
    sph_rc rc = sph_wire_rebuild(node, row, partner, sph_buf_peek(&with->root), is_signed_anew,
                                 &built, err);
    if (rc.code == SPH_OK && !is_usable(partner, row->encrypt_cert, sph_node_now_ms(node)))
        rc = sph_fail(err, SPH_ENOTFOUND,
                      "the partner's encryption key is revoked; ask for a new card");
    if (rc.code == SPH_OK)
        rc = commit(node, row, &built, err);
    if (rc.code != SPH_OK)
        return give_up(node, row, old_file, rc);
    return take_over(node, row, old_file, &built, err);
}

sph_rc sph_renew(sph_node *node, sph_out_row *row, const sph_partner *partner, bool *is_renewed,
                 sph_err *err)
{
    __attribute__((cleanup(built_with_clear))) struct built_with with = {
        .root = sph_buf_init(262144), .encrypt_cert = sph_buf_init(16384)};
    const int64_t now_ms = sph_node_now_ms(node);
    *is_renewed = false;
    /* A ping, or a foreign message without parts: nothing is encrypted, Body and Messaging alone
     * are signed. What a hub passes on has a part and no packet. */
    if (row->refs.count <= 2)
        return sph_ok();
    SPH_TRY(load_built_with(node, row->id, &with, err), err, "keys");
    if (with.root.len == 0 || (with.sign_until_ms > now_ms &&
                               !is_key_gone(partner, sph_buf_peek(&with.encrypt_cert), now_ms)))
        return sph_ok();
    SPH_TRY(make_anew(node, row, partner, &with, err), err, "encrypting again");
    *is_renewed = true;
    return sph_ok();
}

/* ------------------------------------------------------------------ which attempt it was */

static sph_rc find_attempt(sph_db *reader, int64_t id, const sph_hash *envelope,
                           int64_t *sent_index, sph_err *err)
{
    sph_stmt *stmt = NULL;
    bool row = false;
    SPH_TRY(sph_stmt_get(
                reader, "SELECT sent_index FROM outbox_attempt WHERE outbox_id=? AND root_sha256=?",
                &stmt, err),
            err, "attempt");
    sph_stmt_int(stmt, 1, id);
    sph_stmt_blob(stmt, 2, sph_slice_hash(envelope));
    SPH_TRY(sph_stmt_step(stmt, &row, err), err, "attempt");
    if (row)
        *sent_index = sph_col_int(stmt, 0);
    sph_stmt_end(stmt);
    return row ? sph_ok() : sph_fail(err, SPH_ENOTFOUND, "no attempt had that envelope");
}

sph_rc sph_renew_find(sph_node *node, const sph_out_row *row, const sph_hash *envelope,
                      int64_t *sent_index, sph_err *err)
{
    sph_db *reader = NULL;
    if (sph_slice_equal(sph_slice_hash(envelope), sph_slice_hash(&row->root_sha256))) {
        *sent_index = row->sent_index;
        return sph_ok();
    }
    SPH_TRY(sph_db_pool_get(sph_node_readers(node), &reader, err), err, "reader");
    const sph_rc rc = find_attempt(reader, row->id, envelope, sent_index, err);
    sph_db_pool_put(sph_node_readers(node), reader);
    return rc;
}

sph_rc sph_renew_choose(sph_db *db, const sph_out_row *row, int64_t sent_index, sph_err *err)
{
    sph_stmt *stmt = NULL;
    if (sent_index == row->sent_index)
        return sph_ok();
    SPH_TRY(keep_attempt(db, row, err), err, "attempt");
    SPH_TRY(sph_stmt_get(db,
                         "UPDATE outbox SET sent_index=?2, root=(SELECT root FROM outbox_attempt"
                         " WHERE outbox_id=?1 AND sent_index=?2) WHERE id=?1",
                         &stmt, err),
            err, "attempt");
    sph_stmt_int(stmt, 1, row->id);
    sph_stmt_int(stmt, 2, sent_index);
    return sph_stmt_run(stmt, NULL, err);
}
