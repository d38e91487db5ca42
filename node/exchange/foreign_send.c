#include <string.h>

#include "as4/gzip.h"
#include "base/codec.h"
#include "exchange/foreign.h"

/** One message on its way to T1. */
struct sending {
    sph_node *node;
    const struct sph_foreign_order *order;
    const sph_pmode *pmode;
    sph_foreign *message;
    struct sph_foreign_keep keep;
    struct sph_out_new row;
};

static sph_rc copy(char *out, size_t room, const char *text, sph_err *err)
{
    return sph_str_copy(out, room, sph_slice_str(text ? text : ""), err);
}

static bool has_action(const sph_pmode *pmode, const char *action)
{
    for (size_t i = 0; i < pmode->action_count; i++)
        if (strcmp(pmode->action[i], action) == 0)
            return true;
    return false;
}

static sph_rc choose_business(struct sending *sending, sph_err *err)
{
    const sph_pmode *pmode = sending->pmode;
    const char *service = sending->order->service;
    const char *action = sending->order->action;
    sph_foreign *message = sending->message;
    if ((service && strcmp(service, pmode->service) != 0) || (action && !has_action(pmode, action)))
        return sph_fail(err, SPH_EREFUSED, "the partner's P-Mode has no such service or action");
    SPH_TRY(copy(message->service, 256, pmode->service, err), err, "service");
    SPH_TRY(copy(message->service_type, 256, pmode->service_type, err), err, "service");
    SPH_TRY(copy(message->agreement, 256, pmode->agreement, err), err, "agreement");
    return copy(message->action, 256, action ? action : pmode->action[0], err);
}

static sph_rc add_property(sph_foreign *message, const char *name, const char *type,
                           const char *value, sph_err *err)
{
    const size_t at = message->property_count++;
    SPH_TRY(copy(message->property[at].name, 256, name, err), err, "property");
    SPH_TRY(copy(message->property[at].type, 256, type, err), err, "property");
    return copy(message->property[at].value, 1025, value, err);
}

/** as4.md 12.6: both are mandatory in that mode; From and To stay the access points. */
static sph_rc add_corners(struct sending *sending, sph_err *err)
{
    const sph_pmode *pmode = sending->pmode;
    const char *from = sending->order->original_sender;
    const char *to = sending->order->final_recipient;
    if (!pmode->is_four_corner)
        return from || to ? sph_fail(err, SPH_EREFUSED, "the partner's P-Mode has no four corners")
                          : sph_ok();
    SPH_TRY(add_property(sending->message, SPH_PROP_ORIGINAL_SENDER, pmode->own_type,
                         from ? from : pmode->own_id, err),
            err, "original sender");
    return add_property(sending->message, SPH_PROP_FINAL_RECIPIENT, pmode->partner_type,
                        to ? to : pmode->partner_id, err);
}

/** A reply stays in the conversation of what it answers (as4.md 12.2). */
static sph_rc find_replied(struct sending *sending, sph_err *err)
{
    const char *reply_to = sending->order->reply_to;
    sph_foreign *message = sending->message;
    bool is_foreign = false;
    SPH_AUTO_PTR(sph_foreign) *replied = NULL;
    if (!reply_to)
        return sph_ok();
    SPH_TRY(sph_foreign_is(sending->node, reply_to, &is_foreign, err), err, "reply");
    if (!is_foreign)
        return sph_fail(err, SPH_ENOTFOUND, "what is replied to is no message of that partner");
    SPH_TRY(sph_foreign_load(sending->node, reply_to, &replied, err), err, "reply");
    if (strcmp(replied->partner, sending->order->party) != 0)
        return sph_fail(err, SPH_ENOTFOUND, "what is replied to is no message of that partner");
    SPH_TRY(copy(message->ref_to, 256, replied->message_id, err), err, "reply");
    return copy(message->conversation_id, 256, replied->conversation_id, err);
}

static sph_rc fill_header(struct sending *sending, sph_err *err)
{
    const sph_random *random = sph_node_env(sending->node)->random;
    sph_foreign *message = sending->message;
    char uuid[SPH_UUID_TEXT];
    SPH_TRY(sph_uuid_new(random, uuid, err), err, "id");
    SPH_TRY(
        sph_str_format(message->packet_id, sizeof(message->packet_id), err, "urn:uuid:%s", uuid),
        err, "id");
    SPH_TRY(
        sph_as4_new_message_id(random, sph_node_party(sending->node), sending->row.message_id, err),
        err, "message id");
    SPH_TRY(copy(message->message_id, 256, sending->row.message_id, err), err, "message id");
    SPH_TRY(copy(message->partner, SPH_PARTY_ROOM, sending->order->party, err), err, "partner");
    SPH_TRY(find_replied(sending, err), err, "reply");
    if (sending->order->conversation_id)
        SPH_TRY(copy(message->conversation_id, 256, sending->order->conversation_id, err), err,
                "conversation");
    if (!message->conversation_id[0])
        SPH_TRY(copy(message->conversation_id, 256, message->packet_id, err), err, "conversation");
    message->timestamp_ms = sph_node_now_ms(sending->node);
    SPH_TRY(choose_business(sending, err), err, "service");
    return add_corners(sending, err);
}

static sph_rc check_room(const struct sending *sending, sph_err *err)
{
    uint64_t total = 0;
    const struct sph_foreign_order *order = sending->order;
    if (order->part_count > sending->pmode->max_parts || order->part_count > SPH_FOREIGN_PARTS)
        return sph_fail(err, SPH_ELIMIT, "%zu parts; the partner takes %u", order->part_count,
                        sending->pmode->max_parts);
    for (size_t i = 0; i < order->part_count; i++)
        total += sph_gzip_stored_len(order->parts[i].len);
    if (total > sending->pmode->largest_message)
        return sph_fail(err, SPH_ELIMIT, "larger than the %llu bytes that the partner takes",
                        (unsigned long long)sending->pmode->largest_message);
    return sph_ok();
}

/** The document as gzip octets in a file without a name, then sealed: what is signed later is what
 * is kept now. */
static sph_rc seal_part(struct sending *sending, const struct sph_submit_attachment *from,
                        sph_foreign_part *part, sph_err *err)
{
    const sph_files *files = sph_node_env(sending->node)->files;
    SPH_AUTO(sph_open_file) spool = {files, NULL};
    sph_file_source source;
    sph_file_sink sink;
    SPH_TRY(files->open(files->ctx, "spool", SPH_OPEN_TEMPORARY, &spool.file, err), err,
            "spool file");
    const sph_reader reader = sph_reader_of_file(&source, from->files, from->file, 0, from->len);
    const sph_writer writer = sph_writer_of_file(&sink, files, spool.file);
    SPH_TRY(sph_gzip_store(&reader, &writer, &part->sha256, &part->len, err), err, "gzip");
    return sph_foreign_seal(sending->node, sending->message->packet_id, spool.file, part, err);
}

static sph_rc add_part(struct sending *sending, size_t i, sph_err *err)
{
    const struct sph_submit_attachment *from = &sending->order->parts[i];
    sph_foreign_part *part = &sending->message->part[i];
    SPH_TRY(sph_str_format(part->id, sizeof(part->id), err, "p%zu", i + 1), err, "part id");
    SPH_TRY(copy(part->media_type, sizeof(part->media_type), from->media_type, err), err,
            "media type");
    SPH_TRY(copy(part->name, sizeof(part->name), from->title, err), err, "file name");
    part->is_gzip = true;
    part->size = from->len;
    sending->message->part_count = i + 1;
    return seal_part(sending, from, part, err);
}

static sph_rc apply_rows(void *arg, sph_db *db, sph_err *err)
{
    const struct sending *sending = arg;
    return sph_foreign_insert(db, &sending->keep, err);
}

static sph_rc bind_rows(void *arg, sph_db *db, const uint64_t *index, sph_err *err)
{
    struct sending *sending = arg;
    sending->row.submitted_index = index[0];
    return sph_out_insert(db, &sending->row, err);
}

/** The row's conversation is what the screen groups by; a long one of theirs is in the manifest. */
static sph_rc fill_row(struct sending *sending, sph_err *err)
{
    const sph_foreign *message = sending->message;
    const bool is_short = sph_slice_str(message->conversation_id).len < SPH_OUT_CONVERSATION;
    sending->row.packet_id = message->packet_id;
    sending->row.partner = message->partner;
    sending->row.action = message->action;
    sending->row.conversation_id = is_short ? message->conversation_id : message->packet_id;
    sending->row.suite = sending->pmode->suite;
    sending->row.now_ms = message->timestamp_ms;
    return copy(sending->row.ref_to, sizeof(sending->row.ref_to), message->ref_to, err);
}

static sph_rc commit(struct sending *sending, uint64_t *index, sph_err *err)
{
    sph_leaf leaf;
    const sph_foreign *message = sending->message;
    SPH_TRY(fill_row(sending, err), err, "row");
    SPH_TRY(sph_node_leaf(sending->node, SPH_EVENT_SUBMITTED, sending->order->user, &leaf, err),
            err, "leaf");
    SPH_TRY(copy(leaf.peer, sizeof(leaf.peer), message->partner, err), err, "leaf");
    SPH_TRY(copy(leaf.message_id, sizeof(leaf.message_id), message->message_id, err), err, "leaf");
    SPH_TRY(copy(leaf.conversation_id, sizeof(leaf.conversation_id), message->conversation_id, err),
            err, "leaf");
    leaf.commitment = sending->keep.stored.commitment;
    sph_job job = {.apply = apply_rows,
                   .bind = bind_rows,
                   .arg = sending,
                   .leaves = &leaf,
                   .leaf_count = 1,
                   .want_head = true};
    SPH_TRY(sph_journal_commit(sph_node_journal(sending->node), &job, NULL, err), err, "T1");
    *index = leaf.index;
    return sph_ok();
}

static sph_rc report(const struct sending *sending, uint64_t index, struct sph_submitted *out,
                     sph_err *err)
{
    const sph_foreign *message = sending->message;
    out->question[0] = '\0';
    out->count = 1;
    out->at[0].thread_id[0] = '\0';
    out->at[0].index = index;
    SPH_TRY(copy(out->at[0].packet_id, sizeof(out->at[0].packet_id), message->packet_id, err), err,
            "answer");
    SPH_TRY(copy(out->at[0].partner, sizeof(out->at[0].partner), message->partner, err), err,
            "answer");
    return copy(out->at[0].message_id, sizeof(out->at[0].message_id), message->message_id, err);
}

static sph_rc send(struct sending *sending, struct sph_submitted *out, sph_err *err)
{
    uint64_t index = 0;
    SPH_TRY(check_room(sending, err), err, "size");
    SPH_TRY(fill_header(sending, err), err, "header");
    if (sending->order->is_dry_run)
        return sph_ok();
    for (size_t i = 0; i < sending->order->part_count; i++)
        SPH_TRY(add_part(sending, i, err), err, "part %zu", i + 1);
    sending->keep.message = sending->message;
    sending->keep.is_own = true;
    sending->keep.now_ms = sending->message->timestamp_ms;
    SPH_TRY(sph_foreign_seal_manifest(sending->node, &sending->keep, err), err, "manifest");
    SPH_TRY(commit(sending, &index, err), err, "T1");
    return report(sending, index, out, err);
}

sph_rc sph_foreign_submit(sph_node *node, const struct sph_foreign_order *order,
                          struct sph_submitted *out, sph_err *err)
{
    struct sending sending = {.node = node, .order = order};
    SPH_AUTO_PTR(sph_partner) *partner = sph_partners_get(sph_node_partners(node), order->party);
    if (!partner || partner->state == SPH_PARTNER_REMOVED)
        return sph_fail(err, SPH_ENOTFOUND, "no partner of that name");
    if (!partner->pmode.is_foreign)
        return sph_fail(err, SPH_EREFUSED, "a Saphan partner takes packets, not bare files");
    sending.pmode = &partner->pmode;
    sending.message = sph_mem_new(1, sizeof(*sending.message));
    const sph_rc rc =
        sending.message ? send(&sending, out, err) : sph_fail(err, SPH_ENOMEM, "message");
    sph_stored_clear(&sending.keep.stored);
    sph_foreign_free(&sending.message);
    if (rc.code == SPH_OK && !order->is_dry_run)
        sph_node_wake(node);
    return rc;
}
