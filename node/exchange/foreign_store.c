#include <string.h>

#include "as4/gzip.h"
#include "exchange/foreign.h"
#include "exchange/reading.h"
#include "packet/attachment.h"
#include "store/vault.h"

#define MANIFEST_ROOM ((size_t)1024 * 1024)
#define SHORT_BITS 30u

sph_rc sph_foreign_seal(sph_node *node, const char *packet_id, sph_file *octets,
                        sph_foreign_part *part, sph_err *err)
{
    const struct sph_env *env = sph_node_env(node);
    const sph_files *files = env->files;
    SPH_AUTO_PTR(sph_secret) *key = NULL;
    SPH_AUTO(sph_open_file) out = {files, NULL};
    sph_file_source source;
    sph_file_sink sink;
    SPH_TRY(sph_secret_random(env->random, sizeof(part->key), &key, err), err, "part key");
    SPH_TRY(sph_bytes_copy(part->key, sizeof(part->key), sph_secret_peek(key), err), err, "key");
    SPH_TRY(files->open(files->ctx, "vault", SPH_OPEN_TEMPORARY, &out.file, err), err,
            "vault file");
    const sph_reader reader = sph_reader_of_file(&source, files, octets, 0, part->len);
    const sph_writer writer = sph_writer_of_file(&sink, files, out.file);
    SPH_TRY(sph_attachment_seal(key, packet_id, part->id, env->random, &reader, part->len, &writer,
                                &part->stored, &part->stored_len, err),
            err, "sealing a part");
    return sph_vault_keep(files, out.file, &part->stored, err);
}

sph_rc sph_foreign_open(sph_node *node, const char *packet_id, const sph_foreign_part *part,
                        const sph_writer *out, sph_err *err)
{
    const sph_files *files = sph_node_env(node)->files;
    SPH_AUTO_PTR(sph_secret) *key = NULL;
    SPH_AUTO(sph_open_file) vault = {files, NULL};
    sph_file_source source;
    SPH_TRY(sph_secret_from(sph_slice_of(part->key, sizeof(part->key)), &key, err), err, "key");
    SPH_TRY(sph_vault_open(files, &part->stored, &vault.file, err), err, "vault");
    const sph_reader reader = sph_reader_of_file(&source, files, vault.file, 0, part->stored_len);
    return sph_attachment_open(key, packet_id, part->id, &reader, part->stored_len, part->len, out,
                               err);
}

sph_rc sph_foreign_seal_manifest(sph_node *node, struct sph_foreign_keep *keep, sph_err *err)
{
    SPH_AUTO(sph_buf) text = sph_buf_init(MANIFEST_ROOM);
    SPH_AUTO(sph_buf) gzip = sph_buf_init(SPH_GZIP_ROOM);
    SPH_TRY(sph_foreign_print(keep->message, &text, err), err, "manifest");
    keep->sha256 = sph_sha256_of(sph_buf_peek(&text));
    sph_rc rc = sph_gzip_packet(sph_buf_peek(&text), &gzip, err);
    sph_wipe(text.at, text.len);
    if (rc.code == SPH_OK)
        rc = sph_content_seal(node, keep->message->packet_id, sph_buf_peek(&gzip), &keep->sha256,
                              &keep->stored, err);
    sph_wipe(gzip.at, gzip.len);
    return rc;
}

static sph_rc insert_packet(sph_db *db, const struct sph_foreign_keep *keep, sph_err *err)
{
    const sph_foreign *message = keep->message;
    char short_id[32];
    sph_stmt *stmt = NULL;
    SPH_TRY(sph_short_id(SPH_FOREIGN_LETTER, message->packet_id, SHORT_BITS, short_id, err), err,
            "short id");
    SPH_TRY(sph_stmt_get(
                db,
                "INSERT INTO packet(packet_id, short_id, is_own, type, issuer, nonce, sha256, "
                "thread_id, thread_short, seq, in_reply_to, issued_ms, stored_ms, classification,"
                " retention_class, retention_until, secret_id, sealed, is_read)"
                " VALUES(?1,?2,?3,'" SPH_FOREIGN_TYPE "',?4,?1,?5,'','',0,'',?6,?7,'restricted','',"
                "'',?8,?9,?3)",
                &stmt, err),
            err, "packet row");
    sph_stmt_text(stmt, 1, message->packet_id);
    sph_stmt_text(stmt, 2, short_id);
    sph_stmt_int(stmt, 3, keep->is_own);
    sph_stmt_text(stmt, 4, message->partner);
    sph_stmt_blob(stmt, 5, sph_slice_hash(&keep->sha256));
    sph_stmt_int(stmt, 6, message->timestamp_ms);
    sph_stmt_int(stmt, 7, keep->now_ms);
    sph_stmt_blob(stmt, 8, sph_slice_of(keep->stored.secret_id, SPH_SECRET_ID));
    sph_stmt_blob(stmt, 9, sph_buf_peek(&keep->stored.sealed));
    return sph_stmt_run(stmt, NULL, err);
}

static sph_rc insert_part(sph_db *db, const char *packet_id, size_t number,
                          const sph_foreign_part *part, sph_err *err)
{
    struct sph_packet_attachment row = {.size = part->size};
    SPH_TRY(sph_str_copy(row.id, sizeof(row.id), sph_slice_str(part->id), err), err, "part row");
    /* The media type is the sender's text: in clear only where it is one of the usual length. */
    if (sph_str_copy(row.media_type, sizeof(row.media_type), sph_slice_str(part->media_type), NULL)
            .code != SPH_OK)
        row.media_type[0] = '\0';
    return sph_content_insert_attachment(db, packet_id, number, &row, &part->stored,
                                         part->stored_len, err);
}

sph_rc sph_foreign_insert(sph_db *db, const struct sph_foreign_keep *keep, sph_err *err)
{
    const sph_foreign *message = keep->message;
    SPH_TRY(insert_packet(db, keep, err), err, "packet row");
    for (size_t i = 0; i < message->part_count; i++)
        SPH_TRY(insert_part(db, message->packet_id, i, &message->part[i], err), err, "part row");
    return sph_ok();
}

static sph_rc ask_type(sph_db *reader, const char *packet_id, bool *out, sph_err *err)
{
    sph_stmt *stmt = NULL;
    bool row = false;
    SPH_TRY(sph_stmt_get(reader,
                         "SELECT 1 FROM packet WHERE packet_id = ? AND type = '" SPH_FOREIGN_TYPE
                         "'",
                         &stmt, err),
            err, "type of a packet");
    sph_stmt_text(stmt, 1, packet_id);
    SPH_TRY(sph_stmt_step(stmt, &row, err), err, "type of a packet");
    *out = row;
    sph_stmt_end(stmt);
    return sph_ok();
}

sph_rc sph_foreign_is(sph_node *node, const char *packet_id, bool *out, sph_err *err)
{
    sph_db *reader = NULL;
    SPH_TRY(sph_db_pool_get(sph_node_readers(node), &reader, err), err, "reader");
    const sph_rc rc = ask_type(reader, packet_id, out, err);
    sph_db_pool_put(sph_node_readers(node), reader);
    return rc;
}

sph_rc sph_foreign_load(sph_node *node, const char *packet_id, sph_foreign **out, sph_err *err)
{
    SPH_AUTO(sph_buf) text = sph_buf_init(sph_node_limits(node)->packet);
    SPH_TRY(sph_content_load(node, packet_id, &text, err), err, "manifest");
    const sph_rc rc = sph_foreign_parse(sph_buf_peek(&text), out, err);
    sph_wipe(text.at, text.len);
    return rc;
}

static sph_rc inflate(sph_node *node, const sph_foreign *message, const sph_foreign_part *part,
                      const sph_writer *out, sph_err *err)
{
    const sph_files *files = sph_node_env(node)->files;
    SPH_AUTO(sph_open_file) spool = {files, NULL};
    sph_file_source source;
    sph_file_sink sink;
    SPH_TRY(files->open(files->ctx, "spool", SPH_OPEN_TEMPORARY, &spool.file, err), err,
            "spool file");
    const sph_writer writer = sph_writer_of_file(&sink, files, spool.file);
    SPH_TRY(sph_foreign_open(node, message->packet_id, part, &writer, err), err, "stored part");
    const sph_reader reader = sph_reader_of_file(&source, files, spool.file, 0, part->len);
    return sph_gunzip(&reader, out, part->size, sph_node_limits(node), NULL, err);
}

sph_rc sph_foreign_document(sph_node *node, const sph_foreign *message, const char *id,
                            const sph_writer *out, char media_type[128], sph_err *err)
{
    for (size_t i = 0; i < message->part_count; i++) {
        const sph_foreign_part *part = &message->part[i];
        if (strcmp(part->id, id) != 0)
            continue;
        SPH_TRY(sph_str_copy(media_type, 128, sph_slice_str(part->media_type), err), err,
                "media type");
        return part->is_gzip ? inflate(node, message, part, out, err)
                             : sph_foreign_open(node, message->packet_id, part, out, err);
    }
    return sph_fail(err, SPH_ENOTFOUND, "the message has no such part");
}

sph_rc sph_foreign_read(sph_node *node, const char *packet_id, const char *user, sph_foreign **out,
                        sph_err *err)
{
    SPH_TRY(sph_read_opened(node, packet_id, SPH_PURPOSE_READ, user, err), err,
            "log before release");
    return sph_foreign_load(node, packet_id, out, err);
}
