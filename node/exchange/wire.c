#include "exchange/wire.h"

#include "base/codec.h"
#include "exchange/content.h"
#include "exchange/foreign.h"
#include "exchange/sealing.h"
#include "store/vault.h"

#define ROLE_INITIATOR SPH_NS_EB "initiator"
#define ROLE_RESPONDER SPH_NS_EB "responder"
#define WIRE_FILE_CAP UINT64_C(2147483648)

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

static sph_rc gather(sph_node *node, const sph_out_row *row, struct wire_parts *parts, sph_err *err)
{
    sph_db *reader = NULL;
    parts->packet = sph_buf_init(SPH_GZIP_ROOM);
    if (!row->packet_id[0])
        return sph_ok(); /* a ping */
    SPH_TRY(add_packet(node, row->packet_id, parts, err), err, "parts");
    SPH_TRY(sph_db_pool_get(sph_node_readers(node), &reader, err), err, "reader");
    const sph_rc rc = add_attachments(node, reader, row->packet_id, parts, err);
    sph_db_pool_put(sph_node_readers(node), reader);
    return rc;
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
    const bool is_ping = !row->packet_id[0];
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

static sph_rc build_to(sph_node *node, const sph_out_row *row, const sph_partner *partner,
                       const struct wire_parts *parts, const sph_writer *out, sph_as4_built *built,
                       sph_err *err)
{
    sph_as4_user user;
    SPH_AUTO(sph_buf) checkpoint = sph_buf_init(4096);
    const sph_keyring *ring = sph_node_keys(node);
    const struct sph_key_slot *slot = &ring->slot[sph_slot_sign(row->suite)];
    const sph_as4_signer signer = {slot->key, slot->leaf, ring->root, SPH_TOKEN_BST_X509};
    const sph_cert *recipient =
        sph_partner_encrypt_cert(partner, row->suite, sph_node_now_ms(node));
    if (!recipient)
        return sph_fail(
            err, SPH_ENOTFOUND,
            "the partner's card has no valid encryption certificate; ask for a new card");
    fill_user(node, row, partner->card.pull_mpc, &user);
    SPH_TRY(add_checkpoint(node, &user, &checkpoint, err), err, "checkpoint");
    return sph_as4_build_user(&user, parts->payload, parts->count, row->suite, &signer, recipient,
                              SPH_TOKEN_BST_X509, sph_node_env(node)->random, out, built, err);
}

static uint64_t payload_len(const struct wire_parts *parts)
{
    uint64_t total = 0;
    for (size_t i = 0; i < parts->count; i++)
        total += parts->payload[i].len;
    return total;
}

static sph_rc build_in_memory(sph_node *node, sph_out_row *row, const sph_partner *partner,
                              const struct wire_parts *parts, sph_as4_built *built, sph_err *err)
{
    sph_buf_clear(&row->wire);
    const sph_writer writer = sph_writer_of_buf(&row->wire);
    return build_to(node, row, partner, parts, &writer, built, err);
}

static sph_rc build_in_file(sph_node *node, sph_out_row *row, const sph_partner *partner,
                            const struct wire_parts *parts, sph_as4_built *built, sph_err *err)
{
    const sph_files *files = sph_node_env(node)->files;
    char uuid[SPH_UUID_TEXT];
    sph_file_sink sink;
    SPH_AUTO(sph_open_file) out = {files, NULL};
    SPH_TRY(sph_uuid_new(sph_node_env(node)->random, uuid, err), err, "file name");
    SPH_TRY(files->open(files->ctx, "outgoing", SPH_OPEN_TEMPORARY, &out.file, err), err,
            "outgoing file");
    const sph_writer writer = sph_writer_of_file(&sink, files, out.file);
    SPH_TRY(build_to(node, row, partner, parts, &writer, built, err), err, "writing the message");
    SPH_TRY(files->sync(out.file, err), err, "outgoing file");
    SPH_TRY(sph_str_format(row->wire_file, sizeof(row->wire_file), err, "outgoing/%s", uuid), err,
            "file name");
    return files->name(out.file, row->wire_file, err);
}

static sph_rc build_parts(sph_node *node, sph_out_row *row, const sph_partner *partner,
                          struct wire_parts *parts, sph_as4_built *built, sph_err *err)
{
    SPH_TRY(gather(node, row, parts, err), err, "parts");
    const uint64_t len = payload_len(parts);
    if (len > partner->card.largest_message || len > WIRE_FILE_CAP)
        return sph_fail(err, SPH_ELIMIT, "larger than the %llu bytes that the partner takes",
                        (unsigned long long)partner->card.largest_message);
    if (len <= SPH_WIRE_INLINE)
        return build_in_memory(node, row, partner, parts, built, err);
    return build_in_file(node, row, partner, parts, built, err);
}

sph_rc sph_wire_build(sph_node *node, sph_out_row *row, const sph_partner *partner,
                      sph_as4_built *built, sph_err *err)
{
    if (partner->pmode.is_foreign)
        return sph_foreign_wire(node, row, partner, built, err);
    struct wire_parts *parts = sph_mem_new(1, sizeof(*parts));
    if (!parts)
        return sph_fail(err, SPH_ENOMEM, "parts of a message");
    const sph_rc rc = build_parts(node, row, partner, parts, built, err);
    wire_parts_clear(parts);
    sph_mem_free(parts);
    return rc;
}
