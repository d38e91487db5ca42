#include "exchange/sealing.h"

#include <string.h>

#include "as4/gzip.h"
#include "exchange/progress.h"
#include "packet/attachment.h"
#include "store/vault.h"

void sph_sealed_parts_clear(struct sph_sealed_parts *parts)
{
    if (parts)
        sph_wipe(parts->attachment, sizeof(parts->attachment));
}

static sph_rc check_media_type(const char *media_type, sph_err *err)
{
    static const char *const allowed[] = {"application/pdf", "text/plain", "application/xml",
                                          "image/png", "image/jpeg"};
    for (size_t i = 0; i < sizeof(allowed) / sizeof(allowed[0]); i++)
        if (strcmp(allowed[i], media_type) == 0)
            return sph_ok();
    return sph_fail(err, SPH_EREFUSED, "only PDF, plain text, XML, PNG and JPEG may be attached");
}

/** One attachment as it lies in the vault. */
struct sealed {
    sph_transfer *transfer; /* who waits is told */
    sph_hash stored;
    uint64_t len;
};

/** Plaintext -> SXA1 -> gzip octets, in one pass: the digest of SXA1 goes into the signed packet,
 * that of the gzip octets is the vault name. */
static sph_rc seal_through(sph_node *node, const char *packet_id,
                           const struct sph_submit_attachment *from,
                           struct sph_packet_attachment *attachment, const sph_writer *to,
                           struct sealed *sealed, sph_err *err)
{
    const struct sph_env *env = sph_node_env(node);
    SPH_AUTO_PTR(sph_secret) *key = NULL;
    SPH_AUTO_PTR(sph_gzip_writer) *gzip = NULL;
    sph_file_source source;
    struct sph_counted_reader counted;
    uint64_t len = 0;
    SPH_TRY(sph_secret_random(env->random, sizeof(attachment->key), &key, err), err,
            "attachment key");
    SPH_TRY(sph_bytes_copy(attachment->key, sizeof(attachment->key), sph_secret_peek(key), err),
            err, "attachment key");
    SPH_TRY(sph_gzip_writer_new(to, &gzip, err), err, "wrapping");
    const sph_reader plain = sph_reader_of_file(&source, from->files, from->file, 0, from->len);
    const sph_reader reader = sph_reader_counted(&counted, &plain, sealed->transfer);
    const sph_writer writer = sph_gzip_writer_of(gzip);
    SPH_TRY(sph_attachment_seal(key, packet_id, attachment->id, env->random, &reader, from->len,
                                &writer, &attachment->sha256, &len, err),
            err, "sealing");
    return sph_gzip_writer_end(gzip, &sealed->stored, &sealed->len, err);
}

static sph_rc seal_to_vault(sph_node *node, const char *packet_id,
                            const struct sph_submit_attachment *from,
                            struct sph_packet_attachment *attachment, struct sealed *sealed,
                            sph_err *err)
{
    const sph_files *files = sph_node_env(node)->files;
    SPH_AUTO(sph_open_file) out = {files, NULL};
    sph_file_sink sink;
    SPH_TRY(files->open(files->ctx, "vault", SPH_OPEN_TEMPORARY, &out.file, err), err,
            "vault file");
    const sph_writer writer = sph_writer_of_file(&sink, files, out.file);
    SPH_TRY(seal_through(node, packet_id, from, attachment, &writer, sealed, err), err,
            "sealing an attachment");
    return sph_vault_keep(files, out.file, &sealed->stored, err);
}

static sph_rc seal_one(sph_node *node, const char *packet_id,
                       const struct sph_submit_attachment *from, size_t number,
                       struct sph_sealed_parts *parts, sph_transfer *transfer, sph_err *err)
{
    struct sph_packet_attachment *attachment = &parts->attachment[number];
    struct sealed sealed = {.transfer = transfer};
    SPH_TRY(check_media_type(from->media_type, err), err, "attachment %zu", number + 1);
    SPH_TRY(sph_str_format(attachment->id, sizeof(attachment->id), err, "a%zu", number + 1), err,
            "attachment id");
    SPH_TRY(sph_str_copy(attachment->media_type, sizeof(attachment->media_type),
                         sph_slice_str(from->media_type), err),
            err, "media type");
    SPH_TRY(sph_str_copy(attachment->title[from->lang], sizeof(attachment->title[0]),
                         sph_slice_str(from->title), err),
            err, "attachment title");
    attachment->size = from->len;
    SPH_TRY(seal_to_vault(node, packet_id, from, attachment, &sealed, err), err, "vault");
    parts->stored[number] = sealed.stored;
    parts->stored_len[number] = sealed.len;
    return sph_ok();
}

sph_rc sph_seal_attachments(sph_node *node, const char *packet_id,
                            const struct sph_submit_attachment *from, size_t count,
                            struct sph_sealed_parts *out, sph_err *err)
{
    struct sph_transfer_name name = {.kind = SPH_TRANSFER_SEAL,
                                     .party = "",
                                     .message_id = packet_id,
                                     .now_ms = sph_node_now_ms(node)};
    if (count > SPH_ATTACHMENTS)
        return sph_fail(err, SPH_ELIMIT, "%zu attachments, limit %d", count, SPH_ATTACHMENTS);
    for (size_t i = 0; i < count; i++)
        name.total += from[i].len;
    SPH_AUTO_PTR(sph_transfer) *transfer =
        count > 0 ? sph_transfer_begin(sph_node_transfers(node), &name) : NULL;
    for (size_t i = 0; i < count; i++) {
        SPH_TRY(seal_one(node, packet_id, &from[i], i, out, transfer, err), err, "attachment %zu",
                i + 1);
        out->count = i + 1;
    }
    return sph_ok();
}

void sph_sealed_parts_drop(sph_node *node, struct sph_sealed_parts *parts)
{
    const struct sph_env *env = sph_node_env(node);
    for (size_t i = 0; i < parts->count; i++)
        if (sph_vault_remove(env->files, &parts->stored[i], NULL).code != SPH_OK)
            SPH_LOG(env->log, SPH_LOG_WARN, "vault_file_kept", SPH_LN(SPH_F_COUNT, 1));
    parts->count = 0;
}
