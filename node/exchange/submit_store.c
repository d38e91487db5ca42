#include "exchange/submit_work.h"

#include "as4/gzip.h"
#include "exchange/relay.h"

/** A card that goes to further partners has its row and its secret since the first of them. */
static sph_rc seal(struct sph_submit_work *work, sph_slice octets, sph_err *err)
{
    const char *packet_id = sph_packet_header_of(work->packet)->packet_id;
    const sph_hash sha256 = sph_packet_sha256(work->packet);
    SPH_AUTO(sph_buf) gzip = sph_buf_init(SPH_GZIP_ROOM);
    if (work->what->octets.len > 0)
        SPH_TRY(sph_content_find(work->node, packet_id, &sha256, &work->is_known,
                                 &work->stored.commitment, err),
                err, "known packet");
    if (work->is_known)
        return sph_ok();
    SPH_TRY(sph_gzip_packet(octets, &gzip, err), err, "compressing the packet");
    return sph_content_seal(work->node, packet_id, sph_buf_peek(&gzip), &sha256, &work->stored,
                            err);
}

/** The way of each recipient, and the packet sealed for those behind a hub. */
static sph_rc seal_for_hubs(struct sph_submit_work *work, sph_slice octets, sph_err *err)
{
    SPH_AUTO(sph_buf) gzip = sph_buf_init(SPH_GZIP_ROOM);
    for (size_t i = 0; i < work->recipient_count; i++) {
        const sph_partner *partner = work->recipient[i].partner;
        SPH_TRY(sph_relay_way(work->node, partner, &work->recipient[i].hub, err), err, "way");
        if (!work->recipient[i].hub)
            continue;
        if (gzip.len == 0)
            SPH_TRY(sph_gzip_packet(octets, &gzip, err), err, "compressing the packet");
        work->recipient[i].part = sph_buf_init(SPH_GZIP_ROOM);
        SPH_TRY(sph_relay_seal_part(work->node, partner, sph_buf_peek(&gzip),
                                    &work->recipient[i].part, err),
                err, "sealed part");
    }
    return sph_ok();
}

static sph_rc read_request(sph_db *reader, const char *packet_id, struct sph_out_new *row,
                           sph_err *err)
{
    sph_stmt *stmt = NULL;
    bool is_there = false;
    SPH_TRY(sph_stmt_get(reader,
                         "SELECT message_id FROM inbox WHERE packet_id=?1 AND partner=?2"
                         " ORDER BY id LIMIT 1",
                         &stmt, err),
            err, "answered message");
    sph_stmt_text(stmt, 1, packet_id);
    sph_stmt_text(stmt, 2, row->partner);
    SPH_TRY(sph_stmt_step(stmt, &is_there, err), err, "answered message");
    const sph_rc rc = is_there ? sph_str_copy(row->ref_to, sizeof(row->ref_to),
                                              sph_slice_str(sph_col_text(stmt, 0)), err)
                               : sph_ok();
    sph_stmt_end(stmt);
    return rc;
}

/** as4.md 12.2: a reply names the message that brought what it answers, however that came; what
 * this partner did not send us names nothing. */
static sph_rc find_request(struct sph_submit_work *work, struct sph_out_new *row, sph_err *err)
{
    sph_db *reader = NULL;
    const char *in_reply_to = sph_packet_header_of(work->packet)->in_reply_to;
    if (!in_reply_to[0] || row->recipient)
        return sph_ok(); /* a hub is not told what answers what */
    SPH_TRY(sph_db_pool_get(sph_node_readers(work->node), &reader, err), err, "reader");
    const sph_rc rc = read_request(reader, in_reply_to, row, err);
    sph_db_pool_put(sph_node_readers(work->node), reader);
    return rc;
}

/** To whom the message goes and what its header tells: of a relayed one, as little as may be. */
static const sph_partner *address_row(struct sph_submit_work *work, size_t i)
{
    const sph_packet_header *header = sph_packet_header_of(work->packet);
    const sph_partner *partner = work->recipient[i].partner;
    const sph_partner *hub = work->recipient[i].hub;
    struct sph_out_new *row = &work->recipient[i].row;
    row->packet_id = header->packet_id;
    row->partner = hub ? hub->card.party : partner->card.party;
    row->recipient = hub ? partner->card.party : NULL;
    row->action = hub ? SPH_RELAY_ACTION : sph_packet_action(header);
    row->conversation_id = header->thread_id[0] ? header->thread_id : header->packet_id;
    if (hub)
        row->conversation_id = "";
    row->now_ms = work->now_ms;
    return hub ? hub : partner;
}

/** One outbox row a recipient. */
static sph_rc prepare_rows(struct sph_submit_work *work, sph_err *err)
{
    for (size_t i = 0; i < work->recipient_count; i++) {
        struct sph_out_new *row = &work->recipient[i].row;
        const sph_partner *peer = address_row(work, i);
        SPH_TRY(sph_as4_new_message_id(sph_node_env(work->node)->random, sph_node_party(work->node),
                                       row->message_id, err),
                err, "message id");
        SPH_TRY(find_request(work, row, err), err, "answered message");
        SPH_TRY(sph_partner_suite(peer, sph_node_suites(work->node), false, &row->suite, err), err,
                "crypto suite");
    }
    return sph_ok();
}

static sph_rc apply_packet(void *arg, sph_db *db, sph_err *err)
{
    const struct sph_submit_work *work = arg;
    const struct sph_packet_row row = {.header = sph_packet_header_of(work->packet),
                                       .question = work->question,
                                       .is_own = true,
                                       .sha256 = sph_packet_sha256(work->packet),
                                       .stored_ms = work->now_ms,
                                       .stored = &work->stored};
    if (work->what->also)
        SPH_TRY(work->what->also(work->what->also_arg, db, err), err, "what goes along");
    if (work->is_known)
        return sph_ok();
    SPH_TRY(sph_content_insert(db, &row, err), err, "packet row");
    for (size_t i = 0; i < work->parts.count; i++)
        SPH_TRY(sph_content_insert_attachment(db, row.header->packet_id, i,
                                              &work->parts.attachment[i], &work->parts.stored[i],
                                              work->parts.stored_len[i], err),
                err, "attachment row");
    return sph_ok();
}

static sph_rc insert_part(const struct sph_submit_work *work, size_t i, sph_db *db, sph_err *err)
{
    const struct sph_out_new *row = &work->recipient[i].row;
    const struct sph_relay_row part = {.message_id = row->message_id,
                                       .sender = "",
                                       .original_sender = sph_node_party(work->node),
                                       .final_recipient = row->recipient,
                                       .tracking_id = "",
                                       .part = sph_buf_peek(&work->recipient[i].part)};
    return row->recipient ? sph_relay_insert(db, &part, err) : sph_ok();
}

static sph_rc bind_rows(void *arg, sph_db *db, const uint64_t *index, sph_err *err)
{
    struct sph_submit_work *work = arg;
    for (size_t i = 0; i < work->recipient_count; i++) {
        work->recipient[i].row.submitted_index = index[i];
        SPH_TRY(sph_out_insert(db, &work->recipient[i].row, err), err, "outbox row");
        SPH_TRY(insert_part(work, i, db, err), err, "sealed part");
    }
    return sph_ok();
}

/** For people and auditors a message is for its recipient, also when a hub carries it. */
static const char *recipient_of(const struct sph_out_new *row)
{
    return row->recipient ? row->recipient : row->partner;
}

static sph_rc fill_leaf(struct sph_submit_work *work, size_t i, sph_leaf *leaf, sph_err *err)
{
    const struct sph_out_new *row = &work->recipient[i].row;
    SPH_TRY(sph_node_leaf(work->node, SPH_EVENT_SUBMITTED, work->what->user, leaf, err), err,
            "SUBMITTED leaf");
    SPH_TRY(sph_str_copy(leaf->peer, sizeof(leaf->peer), sph_slice_str(recipient_of(row)), err),
            err, "leaf");
    SPH_TRY(sph_str_copy(leaf->message_id, sizeof(leaf->message_id), sph_slice_str(row->message_id),
                         err),
            err, "leaf");
    SPH_TRY(sph_str_copy(leaf->conversation_id, sizeof(leaf->conversation_id),
                         sph_slice_str(row->conversation_id), err),
            err, "leaf");
    leaf->commitment = work->stored.commitment;
    return sph_ok();
}

/** A publication is an event of its own, whoever subscribes. */
static sph_rc fill_published(struct sph_submit_work *work, sph_leaf *leaf, sph_err *err)
{
    SPH_TRY(sph_node_leaf(work->node, SPH_EVENT_PUBLISHED, work->what->user, leaf, err), err,
            "PUBLISHED leaf");
    leaf->commitment = work->stored.commitment;
    return sph_str_copy(leaf->conversation_id, sizeof(leaf->conversation_id),
                        sph_slice_str(work->packet_id), err);
}

static bool is_publication(const sph_packet_header *header)
{
    return header->type == SPH_PACKET_CASE_LAW || header->type == SPH_PACKET_RESOURCE;
}

static sph_rc commit(struct sph_submit_work *work, sph_err *err)
{
    sph_leaf *leaves = sph_mem_new(work->recipient_count + 1, sizeof(*leaves));
    size_t count = 0;
    sph_rc rc = leaves ? sph_ok() : sph_fail(err, SPH_ENOMEM, "leaves");
    for (; rc.code == SPH_OK && count < work->recipient_count; count++)
        rc = fill_leaf(work, count, &leaves[count], err);
    if (rc.code == SPH_OK && is_publication(sph_packet_header_of(work->packet)))
        rc = fill_published(work, &leaves[count++], err);
    if (rc.code == SPH_OK) {
        sph_job job = {.apply = apply_packet,
                       .bind = bind_rows,
                       .arg = work,
                       .leaves = leaves,
                       .leaf_count = count,
                       .want_head = true};
        rc = sph_journal_commit(sph_node_journal(work->node), &job, NULL, err);
    }
    sph_mem_free(leaves);
    return rc;
}

sph_rc sph_submit_store(struct sph_submit_work *work, sph_slice octets, sph_err *err)
{
    /* First what may fail by the partner's card: the other writes a secret. */
    SPH_TRY(seal_for_hubs(work, octets, err), err, "sealing the packet for a hub");
    SPH_TRY(seal(work, octets, err), err, "sealing the packet");
    SPH_TRY(prepare_rows(work, err), err, "rows");
    return commit(work, err);
}

sph_rc sph_submit_report(const struct sph_submit_work *work, struct sph_submitted *out,
                         sph_err *err)
{
    const sph_packet_header *header = sph_packet_header_of(work->packet);
    SPH_TRY(sph_str_copy(out->question, sizeof(out->question), sph_slice_str(work->question), err),
            err, "report");
    for (size_t i = 0; i < work->recipient_count && out->count < SPH_SUBMIT_MAX; i++) {
        const struct sph_out_new *row = &work->recipient[i].row;
        SPH_TRY(
            sph_str_copy(out->at[out->count].packet_id, 64, sph_slice_str(header->packet_id), err),
            err, "report");
        SPH_TRY(
            sph_str_copy(out->at[out->count].thread_id, 64, sph_slice_str(header->thread_id), err),
            err, "report");
        SPH_TRY(sph_str_copy(out->at[out->count].partner, SPH_PARTY_ROOM,
                             sph_slice_str(recipient_of(row)), err),
                err, "report");
        SPH_TRY(
            sph_str_copy(out->at[out->count].message_id, 128, sph_slice_str(row->message_id), err),
            err, "report");
        out->at[out->count++].index = row->submitted_index;
    }
    return sph_ok();
}
