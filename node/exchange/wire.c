#include "exchange/wire.h"

#include "as4/rebuild.h"
#include "base/codec.h"
#include "exchange/content.h"
#include "exchange/foreign.h"
#include "exchange/relay_store.h"
#include "exchange/room.h"
#include "exchange/sealing.h"
#include "store/vault.h"

#define ROLE_INITIATOR SPH_NS_EB "initiator"
#define ROLE_RESPONDER SPH_NS_EB "responder"

/** One part of a message. The packet is in memory; an attachment is an open vault file. */
struct wire_part {
    char cid[128];
    const sph_files *files;
    sph_file *file;
    uint64_t len;
    sph_file_source source;
};
struct wire_parts {
    sph_buf packet;
    struct sph_relay_part relay; /* of a relayed message, instead of the packet */
    size_t count;
    struct wire_part part[SPH_ATTACHMENTS + 1];
    sph_as4_payload payload[SPH_ATTACHMENTS + 1];
};

static void wire_parts_clear(struct wire_parts *parts)
{
    for (size_t i = 0; i < parts->count; i++)
        if (parts->part[i].file)
            parts->part[i].files->close(&parts->part[i].file);
    sph_buf_clear(&parts->packet);
    sph_relay_part_clear(&parts->relay);
}

static sph_reader open_part(void *ctx, void *state)
{
    struct wire_part *part = ctx;
    (void)state;
    return sph_reader_of_file(&part->source, part->files, part->file, 0, part->len);
}

static sph_rc add_packet(sph_node *node, const char *packet_id, struct wire_parts *parts,
                         sph_err *err)
{
    SPH_TRY(sph_content_load_gzip(node, packet_id, &parts->packet, err), err, "packet");
    SPH_TRY(
        sph_as4_new_cid(sph_node_env(node)->random, sph_node_party(node), parts->part[0].cid, err),
        err, "content id");
    parts->payload[0] = (sph_as4_payload){.cid = parts->part[0].cid,
                                          .mime_type = "application/xml",
                                          .charset = "utf-8",
                                          .sha256 = sph_sha256_of(sph_buf_peek(&parts->packet)),
                                          .len = parts->packet.len,
                                          .octets = sph_buf_peek(&parts->packet)};
    parts->count = 1;
    return sph_ok();
}

static bool is_relay(const sph_out_row *row)
{
    return sph_slice_is(sph_slice_str(row->action), SPH_RELAY_ACTION);
}

/** as4.md 12.6: one part, sealed for its recipient since T1. */
static sph_rc add_relay(sph_node *node, const sph_out_row *row, struct wire_parts *parts,
                        sph_err *err)
{
    SPH_TRY(sph_relay_load(node, row->message_id, &parts->relay, err), err, "sealed part");
    SPH_TRY(
        sph_as4_new_cid(sph_node_env(node)->random, sph_node_party(node), parts->part[0].cid, err),
        err, "content id");
    const sph_slice octets = sph_buf_peek(&parts->relay.octets);
    parts->payload[0] = (sph_as4_payload){.cid = parts->part[0].cid,
                                          .mime_type = SPH_RELAY_MEDIA_TYPE,
                                          .sha256 = sph_sha256_of(octets),
                                          .len = octets.len,
                                          .octets = octets};
    parts->count = 1;
    return sph_ok();
}

static sph_rc add_attachment(sph_node *node, sph_stmt *stmt, struct wire_parts *parts, sph_err *err)
{
    sph_hash stored;
    struct wire_part *part = &parts->part[parts->count];
    if (parts->count > SPH_ATTACHMENTS)
        return sph_fail(err, SPH_ELIMIT, "more than %d attachments", SPH_ATTACHMENTS);
    SPH_TRY(sph_bytes_copy(stored.at, sizeof(stored.at), sph_col_blob(stmt, 0), err), err,
            "vault name");
    part->files = sph_node_env(node)->files;
    part->len = (uint64_t)sph_col_int(stmt, 1);
    SPH_TRY(sph_vault_open(part->files, &stored, &part->file, err), err, "vault");
    parts->count++;
    SPH_TRY(sph_as4_new_cid(sph_node_env(node)->random, sph_node_party(node), part->cid, err), err,
            "content id");
    parts->payload[parts->count - 1] = (sph_as4_payload){.cid = part->cid,
                                                         .mime_type = "application/octet-stream",
                                                         .sha256 = stored,
                                                         .len = part->len,
                                                         .open = open_part,
                                                         .ctx = part};
    return sph_ok();
}

static sph_rc add_attachments(sph_node *node, sph_db *reader, const char *packet_id,
                              struct wire_parts *parts, sph_err *err)
{
    sph_stmt *stmt = NULL;
    bool row = false;
    SPH_TRY(sph_stmt_get(
                reader,
                "SELECT stored, stored_len FROM attachment WHERE packet_id = ? ORDER BY number",
                &stmt, err),
            err, "attachments");
    sph_stmt_text(stmt, 1, packet_id);
    SPH_TRY(sph_stmt_step(stmt, &row, err), err, "attachments");
    while (row) {
        const sph_rc rc = add_attachment(node, stmt, parts, err);
        if (rc.code != SPH_OK) {
            sph_stmt_end(stmt);
            return rc;
        }
        SPH_TRY(sph_stmt_step(stmt, &row, err), err, "attachments");
    }
    return sph_ok();
}

/** What is built again keeps its Content-IDs: the signature names them. */
static sph_rc keep_cids(const sph_out_row *row, sph_slice root, struct wire_parts *parts,
                        sph_err *err)
{
    if (row->refs.count != parts->count + 2)
        return sph_fail(err, SPH_EARG, "%zu parts, %zu references", parts->count, row->refs.count);
    for (size_t i = 0; i < parts->count; i++)
        SPH_TRY(sph_as4_rebuild_cid(root, i, parts->part[i].cid, err), err, "content id");
    return sph_ok();
}

static sph_rc gather(sph_node *node, const sph_out_row *row, sph_slice root,
                     struct wire_parts *parts, sph_err *err)
{
    sph_db *reader = NULL;
    parts->packet = sph_buf_init(SPH_GZIP_ROOM);
    if (is_relay(row)) {
        SPH_TRY(add_relay(node, row, parts, err), err, "parts");
        return root.len > 0 ? keep_cids(row, root, parts, err) : sph_ok();
    }
    if (!row->packet_id[0])
        return sph_ok(); /* a ping */
    SPH_TRY(add_packet(node, row->packet_id, parts, err), err, "parts");
    SPH_TRY(sph_db_pool_get(sph_node_readers(node), &reader, err), err, "reader");
    const sph_rc rc = add_attachments(node, reader, row->packet_id, parts, err);
    sph_db_pool_put(sph_node_readers(node), reader);
    SPH_TRY(rc, err, "attachments");
    return root.len > 0 ? keep_cids(row, root, parts, err) : sph_ok();
}

/** as4.md 15.1: our newest signed checkpoint, which covers SUBMITTED. Left out when it would not
 * fit into a property. */
static sph_rc add_checkpoint(sph_node *node, sph_as4_user *user, sph_buf *value, sph_err *err)
{
    sph_head *head = NULL;
    SPH_TRY(sph_journal_head(sph_node_journal(node), true, &head, err), err, "checkpoint");
    if (!head)
        return sph_ok();
    const sph_rc rc = sph_base64_encode(sph_head_note(head), value, err);
    sph_head_free(&head);
    SPH_TRY(rc, err, "checkpoint");
    if (value->len <= sph_node_limits(node)->property_value)
        user->property[user->property_count++] =
            (struct sph_as4_property){SPH_PROP_CHECKPOINT, NULL, sph_buf_text(value)};
    return sph_ok();
}

static void fill_user(const sph_node *node, const sph_out_row *row, const char *mpc,
                      sph_as4_user *user)
{
    const bool is_ping = !row->packet_id[0] && !is_relay(row);
    *user = (sph_as4_user){.message_id = row->message_id,
                           .timestamp_ms = sph_node_now_ms(node),
                           .from = sph_node_party(node),
                           .from_type = SPH_PARTY_TYPE,
                           .from_role = ROLE_INITIATOR,
                           .to = row->partner,
                           .to_type = SPH_PARTY_TYPE,
                           .to_role = ROLE_RESPONDER,
                           .service = is_ping ? SPH_PING_SERVICE : SPH_SERVICE,
                           .action = row->action,
                           .conversation_id = row->conversation_id,
                           .ref_to = row->ref_to[0] ? row->ref_to : NULL,
                           .mpc = mpc[0] ? mpc : NULL};
}

/** One build: for the first time, or again. */
struct wire_build {
    sph_node *node;
    sph_out_row *row;
    const sph_partner *partner;
    const struct wire_parts *parts;
    sph_slice root; /* of the build before, or empty */
    bool is_signed_anew;
};

static sph_rc add_corners(const struct wire_build *build, sph_as4_user *user, sph_err *err)
{
    const struct sph_relay_part *relay = &build->parts->relay;
    const struct sph_as4_corners corners = {.sender = relay->original_sender,
                                            .sender_type = SPH_PARTY_TYPE,
                                            .recipient = relay->final_recipient,
                                            .recipient_type = SPH_PARTY_TYPE,
                                            .tracking =
                                                relay->tracking_id[0] ? relay->tracking_id : NULL};
    return is_relay(build->row) ? sph_as4_user_set_corners(user, &corners, err) : sph_ok();
}

static sph_rc build_first(const struct wire_build *build, const sph_as4_signer *signer,
                          const sph_cert *recipient, const sph_writer *out, sph_as4_built *built,
                          sph_err *err)
{
    sph_as4_user user;
    SPH_AUTO(sph_buf) checkpoint = sph_buf_init(4096);
    fill_user(build->node, build->row, build->partner->card.pull_mpc, &user);
    SPH_TRY(add_corners(build, &user, err), err, "corners");
    SPH_TRY(add_checkpoint(build->node, &user, &checkpoint, err), err, "checkpoint");
    return sph_as4_build_user(&user, build->parts->payload, build->parts->count, build->row->suite,
                              signer, recipient, SPH_TOKEN_BST_X509,
                              sph_node_env(build->node)->random, out, built, err);
}

static sph_rc build_again(const struct wire_build *build, const sph_as4_signer *signer,
                          const sph_cert *recipient, const sph_writer *out, sph_as4_built *built,
                          sph_err *err)
{
    const struct sph_as4_renewal what = {.root = build->root,
                                         .refs = &build->row->refs,
                                         .parts = build->parts->payload,
                                         .part_count = build->parts->count,
                                         .suite = build->row->suite,
                                         .signer = build->is_signed_anew ? signer : NULL,
                                         .recipient = recipient,
                                         .recipient_form = SPH_TOKEN_BST_X509};
    return sph_as4_rebuild_user(&what, sph_node_env(build->node)->random, out, built, err);
}

static sph_rc build_to(const struct wire_build *build, const sph_writer *out, sph_as4_built *built,
                       sph_err *err)
{
    sph_out_row *row = build->row;
    const sph_keyring *ring = sph_node_keys(build->node);
    const struct sph_key_slot *slot = &ring->slot[sph_slot_sign(row->suite)];
    const sph_as4_signer signer = {slot->key, slot->leaf, ring->root, SPH_TOKEN_BST_X509};
    const sph_cert *recipient =
        sph_partner_encrypt_cert(build->partner, row->suite, sph_node_now_ms(build->node));
    if (!recipient)
        return sph_fail(
            err, SPH_ENOTFOUND,
            "the partner's card has no valid encryption certificate; ask for a new card");
    SPH_TRY(build->root.len > 0 ? build_again(build, &signer, recipient, out, built, err)
                                : build_first(build, &signer, recipient, out, built, err),
            err, "message");
    sph_cert_free(&row->encrypt_cert);
    row->encrypt_cert = sph_cert_ref(recipient);
    if (build->root.len == 0 || build->is_signed_anew)
        row->sign_until_ms = sph_cert_not_after_ms(slot->leaf);
    return sph_ok();
}

static uint64_t payload_len(const struct wire_parts *parts)
{
    uint64_t total = 0;
    for (size_t i = 0; i < parts->count; i++)
        total += parts->payload[i].len;
    return total;
}

static sph_rc build_in_memory(const struct wire_build *build, sph_as4_built *built, sph_err *err)
{
    sph_buf_clear(&build->row->wire);
    build->row->wire_file[0] = '\0';
    const sph_writer writer = sph_writer_of_buf(&build->row->wire);
    return build_to(build, &writer, built, err);
}

/** A large message takes its time: who waits is told. */
static sph_rc write_file(const struct wire_build *build, sph_file *file, sph_as4_built *built,
                         sph_err *err)
{
    const sph_files *files = sph_node_env(build->node)->files;
    const struct sph_transfer_name name = {.kind = SPH_TRANSFER_ENCRYPT,
                                           .party = build->row->partner,
                                           .message_id = build->row->message_id,
                                           .total = payload_len(build->parts),
                                           .now_ms = sph_node_now_ms(build->node)};
    SPH_AUTO_PTR(sph_transfer) *transfer =
        sph_transfer_begin(sph_node_transfers(build->node), &name);
    struct sph_counted_writer counted;
    sph_file_sink sink;
    const sph_writer plain = sph_writer_of_file(&sink, files, file);
    const sph_writer writer = sph_writer_counted(&counted, &plain, transfer);
    SPH_TRY(build_to(build, &writer, built, err), err, "writing the message");
    return files->sync(file, err);
}

static sph_rc check_disk(const struct wire_build *build, sph_err *err)
{
    const sph_rc rc = sph_room_on_disk(
        build->node, sph_room_message(payload_len(build->parts), build->parts->count), NULL, err);
    return rc.code == SPH_ELIMIT ? (sph_rc){SPH_EAGAIN} : rc; /* there may be room later */
}

static sph_rc build_in_file(const struct wire_build *build, sph_as4_built *built, sph_err *err)
{
    const sph_files *files = sph_node_env(build->node)->files;
    char uuid[SPH_UUID_TEXT];
    SPH_AUTO(sph_open_file) out = {files, NULL};
    SPH_TRY(check_disk(build, err), err, "outgoing file");
    SPH_TRY(sph_uuid_new(sph_node_env(build->node)->random, uuid, err), err, "file name");
    SPH_TRY(files->open(files->ctx, "outgoing", SPH_OPEN_TEMPORARY, &out.file, err), err,
            "outgoing file");
    SPH_TRY(write_file(build, out.file, built, err), err, "outgoing file");
    sph_buf_clear(&build->row->wire);
    SPH_TRY(sph_str_format(build->row->wire_file, sizeof(build->row->wire_file), err, "outgoing/%s",
                           uuid),
            err, "file name");
    return files->name(out.file, build->row->wire_file, err);
}

/** Exact, now that it is written: what the partner's listener would turn away is not sent. */
static sph_rc check_len(const struct wire_build *build, uint64_t len, sph_err *err)
{
    const uint64_t largest = sph_room_largest(build->partner);
    if (len <= largest)
        return sph_ok();
    return sph_fail(err, SPH_ELIMIT, "larger than the %llu bytes that the partner takes",
                    (unsigned long long)largest);
}

static sph_rc build_parts(struct wire_build *build, struct wire_parts *parts, sph_as4_built *built,
                          sph_err *err)
{
    SPH_TRY(gather(build->node, build->row, build->root, parts, err), err, "parts");
    build->parts = parts;
    const uint64_t len = payload_len(parts);
    SPH_TRY(check_len(build, len, err), err, "payload");
    SPH_TRY(len <= SPH_WIRE_INLINE ? build_in_memory(build, built, err)
                                   : build_in_file(build, built, err),
            err, "message");
    return check_len(build, built->len, err);
}

static sph_rc run_build(struct wire_build *build, sph_as4_built *built, sph_err *err)
{
    struct wire_parts *parts = sph_mem_new(1, sizeof(*parts));
    if (!parts)
        return sph_fail(err, SPH_ENOMEM, "parts of a message");
    const sph_rc rc = build_parts(build, parts, built, err);
    wire_parts_clear(parts);
    sph_mem_free(parts);
    return rc;
}

sph_rc sph_wire_build(sph_node *node, sph_out_row *row, const sph_partner *partner,
                      sph_as4_built *built, sph_err *err)
{
    struct wire_build build = {.node = node, .row = row, .partner = partner};
    if (partner->pmode.is_foreign)
        return sph_foreign_wire(node, row, partner, (sph_slice){NULL, 0}, false, built, err);
    return run_build(&build, built, err);
}

sph_rc sph_wire_rebuild(sph_node *node, sph_out_row *row, const sph_partner *partner,
                        sph_slice root, bool is_signed_anew, sph_as4_built *built, sph_err *err)
{
    struct wire_build build = {.node = node,
                               .row = row,
                               .partner = partner,
                               .root = root,
                               .is_signed_anew = is_signed_anew};
    if (partner->pmode.is_foreign)
        return sph_foreign_wire(node, row, partner, root, is_signed_anew, built, err);
    return run_build(&build, built, err);
}

void sph_wire_drop(sph_node *node, sph_out_row *row)
{
    const sph_files *files = sph_node_env(node)->files;
    if (!row->wire_file[0])
        return;
    if (files->remove(files->ctx, row->wire_file, NULL).code != SPH_OK)
        SPH_LOG(sph_node_env(node)->log, SPH_LOG_WARN, "wire_file_kept",
                SPH_LF(SPH_F_MESSAGE, row->message_id));
    row->wire_file[0] = '\0';
}
