#include "as4/rebuild.h"
#include "base/codec.h"
#include "exchange/foreign.h"
#include "exchange/wire.h"

#define WIRE_FILE_CAP UINT64_C(2147483648)

/** One part ready for the wire: its signed octets in a file without a name. */
struct open_part {
    char cid[128];
    const sph_files *files;
    sph_file *file;
    uint64_t len;
    sph_file_source source;
};
struct wiring {
    sph_node *node;
    sph_out_row *row;
    const sph_partner *partner;
    sph_slice root; /* of the build before, or empty */
    bool is_signed_anew;
    sph_foreign *message; /* NULL: a ping */
    size_t count;
    struct open_part part[SPH_FOREIGN_PARTS];
    sph_as4_payload payload[SPH_FOREIGN_PARTS];
    sph_as4_user user;
};

static sph_reader read_part(void *ctx, void *state)
{
    struct open_part *part = ctx;
    (void)state;
    return sph_reader_of_file(&part->source, part->files, part->file, 0, part->len);
}

/** What is built again keeps its Content-IDs: the signature names them. */
static sph_rc name_part(struct wiring *wiring, size_t i, sph_err *err)
{
    char *cid = wiring->part[i].cid;
    if (wiring->root.len > 0)
        return sph_as4_rebuild_cid(wiring->root, i, cid, err);
    return sph_as4_new_cid(sph_node_env(wiring->node)->random, sph_node_party(wiring->node), cid,
                           err);
}

static sph_rc open_part(struct wiring *wiring, size_t i, sph_err *err)
{
    const struct sph_env *env = sph_node_env(wiring->node);
    const sph_foreign_part *from = &wiring->message->part[i];
    struct open_part *part = &wiring->part[i];
    sph_file_sink sink;
    part->files = env->files;
    part->len = from->len;
    SPH_TRY(env->files->open(env->files->ctx, "spool", SPH_OPEN_TEMPORARY, &part->file, err), err,
            "spool file");
    wiring->count = i + 1;
    const sph_writer writer = sph_writer_of_file(&sink, env->files, part->file);
    SPH_TRY(sph_foreign_open(wiring->node, wiring->message->packet_id, from, &writer, err), err,
            "stored part");
    SPH_TRY(name_part(wiring, i, err), err, "content id");
    wiring->payload[i] = (sph_as4_payload){.cid = part->cid,
                                           .mime_type = from->media_type,
                                           .charset = from->charset[0] ? from->charset : NULL,
                                           .name = from->name[0] ? from->name : NULL,
                                           .sha256 = from->sha256,
                                           .len = from->len,
                                           .open = read_part,
                                           .ctx = part};
    return sph_ok();
}

static void fill_user(struct wiring *wiring)
{
    const sph_foreign *message = wiring->message;
    sph_as4_user *user = &wiring->user;
    user->message_id = wiring->row->message_id;
    user->timestamp_ms = sph_node_now_ms(wiring->node);
    user->conversation_id = message ? message->conversation_id : wiring->row->conversation_id;
    user->ref_to = message && message->ref_to[0] ? message->ref_to : NULL;
    user->mpc = wiring->partner->pmode.channel_out[0] ? wiring->partner->pmode.channel_out : NULL;
    sph_pmode_address(&wiring->partner->pmode, !message, message ? message->action : NULL, user);
    for (size_t i = 0; message && i < message->property_count; i++)
        user->property[user->property_count++] = (struct sph_as4_property){
            message->property[i].name,
            message->property[i].type[0] ? message->property[i].type : NULL,
            message->property[i].value};
}

static sph_rc gather(struct wiring *wiring, sph_err *err)
{
    if (wiring->row->packet_id[0])
        SPH_TRY(sph_foreign_load(wiring->node, wiring->row->packet_id, &wiring->message, err), err,
                "manifest");
    for (size_t i = 0; wiring->message && i < wiring->message->part_count; i++)
        SPH_TRY(open_part(wiring, i, err), err, "part %zu", i + 1);
    fill_user(wiring);
    return sph_ok();
}

static sph_rc build_first(struct wiring *wiring, const sph_as4_signer *signer,
                          const sph_cert *recipient, const sph_writer *out, sph_as4_built *built,
                          sph_err *err)
{
    return sph_as4_build_user(&wiring->user, wiring->payload, wiring->count, wiring->row->suite,
                              signer, recipient, wiring->partner->pmode.encrypt_ref,
                              sph_node_env(wiring->node)->random, out, built, err);
}

static sph_rc build_again(struct wiring *wiring, const sph_as4_signer *signer,
                          const sph_cert *recipient, const sph_writer *out, sph_as4_built *built,
                          sph_err *err)
{
    const struct sph_as4_renewal what = {.root = wiring->root,
                                         .refs = &wiring->row->refs,
                                         .parts = wiring->payload,
                                         .part_count = wiring->count,
                                         .suite = wiring->row->suite,
                                         .signer = wiring->is_signed_anew ? signer : NULL,
                                         .recipient = recipient,
                                         .recipient_form = wiring->partner->pmode.encrypt_ref};
    return sph_as4_rebuild_user(&what, sph_node_env(wiring->node)->random, out, built, err);
}

static sph_rc build_to(struct wiring *wiring, const sph_writer *out, sph_as4_built *built,
                       sph_err *err)
{
    sph_out_row *row = wiring->row;
    const sph_pmode *pmode = &wiring->partner->pmode;
    const sph_keyring *ring = sph_node_keys(wiring->node);
    const struct sph_key_slot *slot = &ring->slot[sph_slot_sign(row->suite)];
    const sph_as4_signer signer = {slot->key, slot->leaf, ring->root, pmode->sign_ref};
    const sph_cert *recipient =
        sph_partner_encrypt_cert(wiring->partner, row->suite, sph_node_now_ms(wiring->node));
    if (!recipient)
        return sph_fail(err, SPH_ENOTFOUND,
                        "the partner has no valid encryption certificate; ask for the next one");
    SPH_TRY(wiring->root.len > 0 ? build_again(wiring, &signer, recipient, out, built, err)
                                 : build_first(wiring, &signer, recipient, out, built, err),
            err, "message");
    sph_cert_free(&row->encrypt_cert);
    row->encrypt_cert = sph_cert_ref(recipient);
    if (wiring->root.len == 0 || wiring->is_signed_anew)
        row->sign_until_ms = sph_cert_not_after_ms(slot->leaf);
    return sph_ok();
}

static sph_rc build_in_file(struct wiring *wiring, sph_as4_built *built, sph_err *err)
{
    const sph_files *files = sph_node_env(wiring->node)->files;
    char uuid[SPH_UUID_TEXT];
    sph_file_sink sink;
    sph_out_row *row = wiring->row;
    SPH_AUTO(sph_open_file) out = {files, NULL};
    SPH_TRY(sph_uuid_new(sph_node_env(wiring->node)->random, uuid, err), err, "file name");
    SPH_TRY(files->open(files->ctx, "outgoing", SPH_OPEN_TEMPORARY, &out.file, err), err,
            "outgoing file");
    const sph_writer writer = sph_writer_of_file(&sink, files, out.file);
    SPH_TRY(build_to(wiring, &writer, built, err), err, "writing the message");
    SPH_TRY(files->sync(out.file, err), err, "outgoing file");
    sph_buf_clear(&row->wire);
    SPH_TRY(sph_str_format(row->wire_file, sizeof(row->wire_file), err, "outgoing/%s", uuid), err,
            "file name");
    return files->name(out.file, row->wire_file, err);
}

static sph_rc build(struct wiring *wiring, sph_as4_built *built, sph_err *err)
{
    uint64_t len = 0;
    SPH_TRY(gather(wiring, err), err, "parts");
    for (size_t i = 0; i < wiring->count; i++)
        len += wiring->payload[i].len;
    if (len > wiring->partner->pmode.largest_message || len > WIRE_FILE_CAP)
        return sph_fail(err, SPH_ELIMIT, "larger than the %llu bytes that the partner takes",
                        (unsigned long long)wiring->partner->pmode.largest_message);
    if (len > SPH_WIRE_INLINE)
        return build_in_file(wiring, built, err);
    sph_buf_clear(&wiring->row->wire);
    wiring->row->wire_file[0] = '\0';
    const sph_writer writer = sph_writer_of_buf(&wiring->row->wire);
    return build_to(wiring, &writer, built, err);
}

sph_rc sph_foreign_wire(sph_node *node, sph_out_row *row, const sph_partner *partner,
                        sph_slice root, bool is_signed_anew, sph_as4_built *built, sph_err *err)
{
    struct wiring *wiring = sph_mem_new(1, sizeof(*wiring));
    if (!wiring)
        return sph_fail(err, SPH_ENOMEM, "parts of a message");
    wiring->node = node;
    wiring->row = row;
    wiring->partner = partner;
    wiring->root = root;
    wiring->is_signed_anew = is_signed_anew;
    const sph_rc rc = build(wiring, built, err);
    for (size_t i = 0; i < wiring->count; i++)
        wiring->part[i].files->close(&wiring->part[i].file);
    sph_foreign_free(&wiring->message);
    sph_mem_free(wiring);
    return rc;
}
