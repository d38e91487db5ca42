#include "exchange/arrival.h"
#include "exchange/proofs.h"
#include "exchange/relay_notice.h"
#include "store/vault.h"

/** What the T3 job writes; strings and buffers live until the job is done. */
struct intake {
    struct sph_arrival *arrival;
    struct sph_stored stored;
    sph_buf refs;
    int64_t now_ms;
};

static sph_rc keep_attachments(struct sph_arrival *arrival, sph_err *err)
{
    const sph_files *files = sph_node_env(arrival->node)->files;
    for (size_t i = 1; i < arrival->parts.count; i++)
        SPH_TRY(
            sph_vault_keep(files, arrival->parts.part[i].file, &arrival->parts.part[i].sha256, err),
            err, "attachment %zu", i);
    return sph_ok();
}

static sph_rc insert_packet(sph_db *db, const struct intake *intake, sph_err *err)
{
    const struct sph_arrival *arrival = intake->arrival;
    const struct sph_packet_row row = {.header = sph_packet_header_of(arrival->packet),
                                       .question = "",
                                       .sha256 = sph_packet_sha256(arrival->packet),
                                       .stored_ms = intake->now_ms,
                                       .stored = &intake->stored};
    SPH_TRY(sph_content_insert(db, &row, err), err, "packet row");
    for (size_t i = 1; i < arrival->parts.count; i++)
        SPH_TRY(sph_content_insert_attachment(db, row.header->packet_id, i - 1,
                                              sph_packet_attachment_at(arrival->packet, i - 1),
                                              &arrival->parts.part[i].sha256,
                                              arrival->parts.part[i].len, err),
                err, "attachment row");
    return sph_ok();
}

static sph_rc update_partner(sph_db *db, const struct intake *intake, sph_err *err)
{
    const struct sph_arrival *arrival = intake->arrival;
    sph_stmt *stmt = NULL;
    if (!arrival->has_new_card)
        return sph_ok();
    SPH_TRY(sph_stmt_get(db,
                         "UPDATE partner SET card=?, serial=?, kind=?, country=?, changed_ms=? "
                         "WHERE party=? AND serial<?2 AND root=?",
                         &stmt, err),
            err, "card");
    sph_stmt_blob(stmt, 1, sph_buf_peek(&arrival->octets));
    sph_stmt_int(stmt, 2, arrival->new_card.serial);
    sph_stmt_text(stmt, 3, arrival->new_card.kind);
    sph_stmt_text(stmt, 4, arrival->new_card.country);
    sph_stmt_int(stmt, 5, intake->now_ms);
    sph_stmt_text(stmt, 6, arrival->new_card.party);
    /* Between check and commit people may have taken another root in a new ceremony. */
    sph_stmt_blob(stmt, 7, sph_cert_peek_der(arrival->new_card.root));
    return sph_stmt_run(stmt, NULL, err);
}

static sph_rc apply_intake(void *arg, sph_db *db, sph_err *err)
{
    const struct intake *intake = arg;
    if (intake->arrival->packet && !intake->arrival->is_known_packet)
        SPH_TRY(insert_packet(db, intake, err), err, "packet");
    if (intake->arrival->packet)
        SPH_TRY(sph_notice_apply(intake->arrival, db, intake->now_ms, err), err, "notice");
    return update_partner(db, intake, err);
}

static sph_rc insert_message(const struct sph_arrival *arrival, sph_db *db, const char *packet_id,
                             const sph_buf *refs, uint64_t index, int64_t now_ms, sph_err *err)
{
    const sph_as4_user *user = sph_as4_in_user(arrival->in);
    sph_stmt *stmt = NULL;
    SPH_TRY(sph_stmt_get(
                db,
                "INSERT INTO inbox(partner, message_id, packet_id, action, conversation_id, suite, "
                "state,"
                " received_ms, received_index, refs, root, ref_to) "
                "VALUES(?,?,?,?,?,?,'stored',?,?,?,?,?)",
                &stmt, err),
            err, "inbox row");
    sph_stmt_text(stmt, 1, arrival->partner->card.party);
    sph_stmt_text(stmt, 2, user->message_id);
    sph_stmt_text(stmt, 3, packet_id);
    sph_stmt_text(stmt, 4, user->action);
    sph_stmt_text(stmt, 5, user->conversation_id ? user->conversation_id : "");
    sph_stmt_text(stmt, 6, sph_suite_name(arrival->suite));
    sph_stmt_int(stmt, 7, now_ms);
    sph_stmt_int(stmt, 8, (int64_t)index);
    sph_stmt_text(stmt, 9, sph_buf_text(refs));
    sph_stmt_blob(stmt, 10, sph_as4_in_root(arrival->in));
    sph_stmt_text(stmt, 11, user->ref_to ? user->ref_to : "");
    return sph_stmt_run(stmt, NULL, err);
}

sph_rc sph_arrival_insert(const struct sph_arrival *arrival, sph_db *db, const char *packet_id,
                          const sph_buf *refs, uint64_t index, int64_t now_ms, sph_err *err)
{
    sph_stmt *stmt = NULL;
    SPH_TRY(insert_message(arrival, db, packet_id, refs, index, now_ms, err), err, "inbox row");
    SPH_TRY(sph_arrival_keep_key(arrival, db, now_ms, err), err, "content key");
    SPH_TRY(sph_stmt_get(db, "UPDATE partner SET heard_ms=? WHERE party=?", &stmt, err), err,
            "contact time");
    sph_stmt_int(stmt, 1, now_ms);
    sph_stmt_text(stmt, 2, arrival->partner->card.party);
    return sph_stmt_run(stmt, NULL, err);
}

static sph_rc bind_intake(void *arg, sph_db *db, const uint64_t *index, sph_err *err)
{
    const struct intake *intake = arg;
    const struct sph_arrival *arrival = intake->arrival;
    return sph_arrival_insert(
        arrival, db, arrival->packet ? sph_packet_header_of(arrival->packet)->packet_id : "",
        &intake->refs, index[0], intake->now_ms, err);
}

static sph_rc fill_leaf(const struct intake *intake, sph_leaf *leaf, sph_err *err)
{
    const struct sph_arrival *arrival = intake->arrival;
    const sph_as4_user *user = sph_as4_in_user(arrival->in);
    sph_checkpoint head;
    SPH_TRY(sph_node_leaf(arrival->node, SPH_EVENT_RECEIVED, NULL, leaf, err), err,
            "RECEIVED leaf");
    SPH_TRY(sph_str_copy(leaf->peer, sizeof(leaf->peer),
                         sph_slice_str(arrival->partner->card.party), err),
            err, "leaf");
    SPH_TRY(sph_str_copy(leaf->message_id, sizeof(leaf->message_id),
                         sph_slice_str(user->message_id), err),
            err, "leaf");
    SPH_TRY(sph_str_copy(leaf->conversation_id, sizeof(leaf->conversation_id),
                         sph_slice_str(user->conversation_id), err),
            err, "leaf");
    leaf->envelope = sph_as4_in_root_sha256(arrival->in);
    if (arrival->packet && !arrival->is_known_packet)
        leaf->commitment = intake->stored.commitment;
    if (arrival->delivered_id > 0 && arrival->delivered_sent >= 0)
        leaf->ref_index = (uint64_t)arrival->delivered_sent; /* what the notice is about */
    if (sph_message_checkpoint(arrival->node, user, arrival->partner, &head)) {
        leaf->peer_size = head.size;
        leaf->peer_root = head.root;
    }
    return sph_ok();
}

static sph_rc commit_intake(struct intake *intake, sph_err *err)
{
    sph_leaf leaf;
    SPH_TRY(fill_leaf(intake, &leaf, err), err, "leaf");
    sph_job job = {.apply = apply_intake,
                   .bind = bind_intake,
                   .arg = intake,
                   .leaves = &leaf,
                   .leaf_count = 1,
                   .want_head = true};
    SPH_TRY(sph_journal_commit(sph_node_journal(intake->arrival->node), &job, NULL, err), err,
            "T3");
    return intake->arrival->has_new_card
               ? sph_node_reload_partner(intake->arrival->node, intake->arrival->new_card.party,
                                         err)
               : sph_ok();
}

static sph_rc prepare_intake(struct intake *intake, sph_err *err)
{
    struct sph_arrival *arrival = intake->arrival;
    SPH_TRY(sph_as4_refs_print(sph_as4_in_refs(arrival->in), &intake->refs, err), err, "match set");
    if (!arrival->packet || arrival->is_known_packet)
        return sph_ok();
    const sph_hash sha256 = sph_packet_sha256(arrival->packet);
    SPH_TRY(keep_attachments(arrival, err), err, "vault");
    return sph_content_seal(arrival->node, sph_packet_header_of(arrival->packet)->packet_id,
                            sph_buf_peek(&arrival->parts.part[0].octets), &sha256, &intake->stored,
                            err);
}

sph_rc sph_arrival_store(struct sph_arrival *arrival, sph_err *err)
{
    struct intake intake = {
        .arrival = arrival, .refs = sph_buf_init(65536), .now_ms = sph_node_now_ms(arrival->node)};
    sph_rc rc = prepare_intake(&intake, err);
    if (rc.code == SPH_OK)
        rc = commit_intake(&intake, err);
    sph_stored_clear(&intake.stored);
    sph_buf_clear(&intake.refs);
    return rc;
}
