#include "exchange/sealing.h"

#include <string.h>

#include "as4/gzip.h"
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

/** Plaintext -> SXA1 in an unnamed file; its digest goes into the signed packet. */
static sph_rc seal_to_spool(sph_node *node, const char *packet_id,
                            const struct sph_submit_attachment *from,
                            struct sph_packet_attachment *attachment, sph_file *spool,
                            uint64_t *len, sph_err *err)
{
    const struct sph_env *env = sph_node_env(node);
    SPH_AUTO_PTR(sph_secret) *key = NULL;
    sph_file_source source;
    sph_file_sink sink;
    SPH_TRY(sph_secret_random(env->random, sizeof(attachment->key), &key, err), err,
            "attachment key");
    SPH_TRY(sph_bytes_copy(attachment->key, sizeof(attachment->key), sph_secret_peek(key), err),
            err, "attachment key");
    const sph_reader reader = sph_reader_of_file(&source, from->files, from->file, 0, from->len);
    const sph_writer writer = sph_writer_of_file(&sink, env->files, spool);
    return sph_attachment_seal(key, packet_id, attachment->id, env->random, &reader, from->len,
                               &writer, &attachment->sha256, len, err);
}

/** SXA1 -> gzip octets in the vault, named by their digest. */
static sph_rc keep_in_vault(sph_node *node, sph_file *sealed, uint64_t sealed_len, sph_hash *stored,
                            uint64_t *stored_len, sph_err *err)
{
    const sph_files *files = sph_node_env(node)->files;
    SPH_AUTO(sph_open_file) out = {files, NULL};
    sph_file_source source;
    sph_file_sink sink;
    SPH_TRY(files->open(files->ctx, "vault", SPH_OPEN_TEMPORARY, &out.file, err), err,
            "vault file");
    const sph_reader reader = sph_reader_of_file(&source, files, sealed, 0, sealed_len);
    const sph_writer writer = sph_writer_of_file(&sink, files, out.file);
    SPH_TRY(sph_gzip_store(&reader, &writer, stored, stored_len, err), err,
            "wrapping an attachment");
    return sph_vault_keep(files, out.file, stored, err);
}

static sph_rc seal_one(sph_node *node, const char *packet_id,
                       const struct sph_submit_attachment *from, size_t number,
                       struct sph_sealed_parts *parts, sph_err *err)
{
    const sph_files *files = sph_node_env(node)->files;
    struct sph_packet_attachment *attachment = &parts->attachment[number];
    uint64_t sealed_len = 0;
    SPH_AUTO(sph_open_file) spool = {files, NULL};
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
    SPH_TRY(files->open(files->ctx, "spool", SPH_OPEN_TEMPORARY, &spool.file, err), err,
            "spool file");
    SPH_TRY(seal_to_spool(node, packet_id, from, attachment, spool.file, &sealed_len, err), err,
            "sealing");
    return keep_in_vault(node, spool.file, sealed_len, &parts->stored[number],
                         &parts->stored_len[number], err);
}

sph_rc sph_seal_attachments(sph_node *node, const char *packet_id,
                            const struct sph_submit_attachment *from, size_t count,
                            struct sph_sealed_parts *out, sph_err *err)
{
    if (count > SPH_ATTACHMENTS)
        return sph_fail(err, SPH_ELIMIT, "%zu attachments, limit %d", count, SPH_ATTACHMENTS);
    for (size_t i = 0; i < count; i++) {
        SPH_TRY(seal_one(node, packet_id, &from[i], i, out, err), err, "attachment %zu", i + 1);
        out->count = i + 1;
    }
    return sph_ok();
}
