#include <string.h>

#include "as4/gzip.h"
#include "base/codec.h"
#include "exchange/foreign.h"
#include "exchange/proofs.h"

#define REFS_ROOM 65536u

/** One message between unwrapping and T3. */
struct taking {
    struct sph_arrival *arrival;
    sph_foreign *message;
    struct sph_foreign_keep keep;
    sph_buf refs;
};

static sph_rc copy(char *out, size_t room, const char *text, sph_err *err)
{
    return sph_str_copy(out, room, sph_slice_str(text ? text : ""), err);
}

static sph_rc copy_properties(const sph_as4_user *user, sph_foreign *message, sph_err *err)
{
    for (size_t i = 0; i < user->property_count; i++) {
        SPH_TRY(copy(message->property[i].name, 256, user->property[i].name, err), err, "name");
        SPH_TRY(copy(message->property[i].type, 256, user->property[i].type, err), err, "type");
        SPH_TRY(copy(message->property[i].value, 1025, user->property[i].value, err), err, "value");
        message->property_count = i + 1;
    }
    return sph_ok();
}

static sph_rc copy_header(const struct sph_arrival *arrival, sph_foreign *message, sph_err *err)
{
    const sph_as4_user *user = sph_as4_in_user(arrival->in);
    char uuid[SPH_UUID_TEXT];
    SPH_TRY(sph_uuid_new(sph_node_env(arrival->node)->random, uuid, err), err, "id");
    SPH_TRY(
        sph_str_format(message->packet_id, sizeof(message->packet_id), err, "urn:uuid:%s", uuid),
        err, "id");
    SPH_TRY(copy(message->partner, SPH_PARTY_ROOM, arrival->partner->card.party, err), err, "id");
    SPH_TRY(copy(message->message_id, 256, user->message_id, err), err, "message id");
    SPH_TRY(copy(message->ref_to, 256, user->ref_to, err), err, "reference");
    SPH_TRY(copy(message->conversation_id, 256, user->conversation_id, err), err, "conversation");
    SPH_TRY(copy(message->service, 256, user->service, err), err, "service");
    SPH_TRY(copy(message->service_type, 256, user->service_type, err), err, "service");
    SPH_TRY(copy(message->action, 256, user->action, err), err, "action");
    SPH_TRY(copy(message->agreement, 256, user->agreement, err), err, "agreement");
    message->timestamp_ms = user->timestamp_ms;
    return copy_properties(user, message, err);
}

static sph_rc swallow(void *ctx, sph_slice bytes, sph_err *err)
{
    (void)ctx;
    (void)bytes;
    (void)err;
    return sph_ok();
}

/** as4.md 3, step 9: what is compressed must inflate within the limits before anything is kept. */
static sph_rc measure(struct taking *taking, sph_file *file, sph_foreign_part *part, sph_err *err)
{
    struct sph_arrival *arrival = taking->arrival;
    const struct sph_limits *limits = sph_node_limits(arrival->node);
    sph_file_source source;
    const sph_writer writer = {NULL, swallow};
    part->size = part->len;
    if (!part->is_gzip)
        return sph_ok();
    const sph_reader reader =
        sph_reader_of_file(&source, sph_node_env(arrival->node)->files, file, 0, part->len);
    const sph_rc rc = sph_gunzip(&reader, &writer, arrival->partner->pmode.largest_message, limits,
                                 &part->size, err);
    if (rc.code == SPH_EPARSE || rc.code == SPH_ELIMIT)
        return sph_arrival_refuse(arrival, SPH_EBMS_0303, SPH_REASON_PARTS, "gzip.part",
                                  "a part does not inflate within the limits", err);
    return rc;
}

static sph_rc take_part(struct taking *taking, size_t i, sph_err *err)
{
    const struct sph_arrival *arrival = taking->arrival;
    const struct sph_as4_part_info *info = &sph_as4_in_user(arrival->in)->part[i];
    const sph_as4_part *opened = &arrival->parts.part[i];
    sph_foreign_part *part = &taking->message->part[i];
    SPH_TRY(sph_str_format(part->id, sizeof(part->id), err, "p%zu", i + 1), err, "part id");
    SPH_TRY(copy(part->media_type, sizeof(part->media_type), opened->mime_type, err), err, "type");
    /* A name or character set that is longer than any real one is left out. */
    if (copy(part->name, sizeof(part->name), info->name, NULL).code != SPH_OK)
        part->name[0] = '\0';
    if (copy(part->charset, sizeof(part->charset), info->charset, NULL).code != SPH_OK)
        part->charset[0] = '\0';
    part->is_gzip = opened->is_gzip;
    part->len = opened->len;
    part->sha256 = opened->sha256;
    taking->message->part_count = i + 1;
    return measure(taking, opened->file, part, err);
}

static sph_rc take_parts(struct taking *taking, sph_err *err)
{
    struct sph_arrival *arrival = taking->arrival;
    sph_foreign *message = taking->message;
    if (arrival->parts.count > SPH_FOREIGN_PARTS)
        return sph_arrival_refuse(arrival, SPH_EBMS_0003, SPH_REASON_PARTS, "pmode.parts",
                                  "more parts than the processing mode allows", err);
    for (size_t i = 0; i < arrival->parts.count; i++)
        SPH_TRY(take_part(taking, i, err), err, "part %zu", i + 1);
    for (size_t i = 0; i < message->part_count; i++)
        SPH_TRY(sph_foreign_seal(arrival->node, message->packet_id, arrival->parts.part[i].file,
                                 &message->part[i], err),
                err, "part %zu", i + 1);
    return sph_ok();
}

static sph_rc apply_rows(void *arg, sph_db *db, sph_err *err)
{
    const struct taking *taking = arg;
    return sph_foreign_insert(db, &taking->keep, err);
}

static sph_rc bind_rows(void *arg, sph_db *db, const uint64_t *index, sph_err *err)
{
    const struct taking *taking = arg;
    return sph_arrival_insert(taking->arrival, db, taking->message->packet_id, &taking->refs,
                              index[0], taking->keep.now_ms, err);
}

static sph_rc commit(struct taking *taking, sph_err *err)
{
    sph_leaf leaf;
    const sph_foreign *message = taking->message;
    struct sph_arrival *arrival = taking->arrival;
    SPH_TRY(sph_node_leaf(arrival->node, SPH_EVENT_RECEIVED, NULL, &leaf, err), err, "leaf");
    SPH_TRY(copy(leaf.peer, sizeof(leaf.peer), message->partner, err), err, "leaf");
    SPH_TRY(copy(leaf.message_id, sizeof(leaf.message_id), message->message_id, err), err, "leaf");
    SPH_TRY(copy(leaf.conversation_id, sizeof(leaf.conversation_id), message->conversation_id, err),
            err, "leaf");
    leaf.envelope = sph_as4_in_root_sha256(arrival->in);
    leaf.commitment = taking->keep.stored.commitment;
    sph_job job = {.apply = apply_rows,
                   .bind = bind_rows,
                   .arg = taking,
                   .leaves = &leaf,
                   .leaf_count = 1,
                   .want_head = true};
    return sph_journal_commit(sph_node_journal(arrival->node), &job, NULL, err);
}

static sph_rc take(struct taking *taking, sph_err *err)
{
    struct sph_arrival *arrival = taking->arrival;
    SPH_TRY(sph_as4_refs_print(sph_as4_in_refs(arrival->in), &taking->refs, err), err, "match set");
    SPH_TRY(copy_header(arrival, taking->message, err), err, "header");
    SPH_TRY(take_parts(taking, err), err, "parts");
    taking->keep.message = taking->message;
    taking->keep.now_ms = sph_node_now_ms(arrival->node);
    SPH_TRY(sph_foreign_seal_manifest(arrival->node, &taking->keep, err), err, "manifest");
    SPH_TRY(commit(taking, err), err, "T3");
    return sph_ok();
}

sph_rc sph_foreign_take(struct sph_arrival *arrival, sph_err *err)
{
    struct taking taking = {.arrival = arrival, .refs = sph_buf_init(REFS_ROOM)};
    taking.message = sph_mem_new(1, sizeof(*taking.message));
    sph_rc rc = taking.message ? take(&taking, err) : sph_fail(err, SPH_ENOMEM, "message");
    sph_stored_clear(&taking.keep.stored);
    sph_foreign_free(&taking.message);
    sph_buf_clear(&taking.refs);
    return rc;
}
