#include "exchange/content.h"

#include "as4/gzip.h"
#include "crypto/aead.h"
#include "packet/attachment.h"
#include "store/vault.h"

#define SHORT_BITS 30u

void sph_stored_clear(struct sph_stored *stored)
{
    if (stored)
        sph_buf_clear(&stored->sealed);
}

sph_rc sph_content_seal(sph_node *node, const char *packet_id, sph_slice gzip_octets,
                        const sph_hash *packet_sha256, struct sph_stored *out, sph_err *err)
{
    SPH_AUTO_PTR(sph_secret) *secret = NULL;
    SPH_AUTO_PTR(sph_secret) *dek = NULL;
    SPH_AUTO_PTR(sph_secret) *salt = NULL;
    struct sph_stored stored = {.sealed = sph_buf_init(SPH_GZIP_ROOM + SPH_AEAD_IV + SPH_AEAD_TAG)};
    uint8_t *iv = NULL;
    SPH_TRY(sph_secrets_new(sph_node_secrets(node), stored.secret_id, &secret, err), err,
            "packet secret");
    SPH_TRY(sph_commitment_dek(secret, &dek, err), err, "packet key");
    SPH_TRY(sph_commitment_salt(secret, &salt, err), err, "packet salt");
    SPH_TRY(sph_commitment(salt, packet_sha256, &stored.commitment, err), err, "commitment");
    const sph_random *random = sph_node_env(node)->random;
    sph_rc rc = sph_buf_grow(&stored.sealed, SPH_AEAD_IV, &iv, err);
    if (rc.code == SPH_OK)
        rc = random->fill(random->ctx, iv, SPH_AEAD_IV, err);
    uint8_t iv_copy[SPH_AEAD_IV];
    if (rc.code == SPH_OK)
        rc = sph_bytes_copy(iv_copy, sizeof(iv_copy), sph_slice_of(iv, SPH_AEAD_IV), err);
    if (rc.code == SPH_OK)
        rc = sph_aead_seal(dek, sph_slice_of(iv_copy, sizeof(iv_copy)), sph_slice_str(packet_id),
                           gzip_octets, &stored.sealed, err);
    if (rc.code != SPH_OK) {
        sph_stored_clear(&stored);
        return rc;
    }
    *out = stored;
    return sph_ok();
}

static const char *classification_name(enum sph_classification classification)
{
    static const char *const names[] = {"public", "partners", "restricted", "sealed"};
    return names[classification];
}

static sph_rc bind_packet(sph_stmt *stmt, const struct sph_packet_row *row, sph_err *err)
{
    const sph_packet_header *header = row->header;
    char short_id[32], thread_short[32] = "";
    SPH_TRY(sph_short_id(sph_packet_type_letter(header->type), header->packet_id, SHORT_BITS,
                         short_id, err),
            err, "short id");
    if (header->thread_id[0])
        SPH_TRY(sph_short_id('T', header->thread_id, SHORT_BITS, thread_short, err), err,
                "short thread id");
    sph_stmt_text(stmt, 1, header->packet_id);
    sph_stmt_text(stmt, 2, short_id);
    sph_stmt_int(stmt, 3, row->is_own);
    sph_stmt_text(stmt, 4, sph_packet_type_name(header->type));
    sph_stmt_text(stmt, 5, header->issuer);
    sph_stmt_text(stmt, 6, header->nonce);
    sph_stmt_blob(stmt, 7, sph_slice_hash(&row->sha256));
    sph_stmt_text(stmt, 8, header->thread_id);
    sph_stmt_text(stmt, 9, thread_short);
    sph_stmt_text(stmt, 10, row->question);
    sph_stmt_int(stmt, 11, header->seq);
    sph_stmt_text(stmt, 12, header->in_reply_to);
    sph_stmt_int(stmt, 13, header->issued_ms);
    sph_stmt_int(stmt, 14, row->stored_ms);
    sph_stmt_text(stmt, 15, classification_name(header->classification));
    sph_stmt_text(stmt, 16, header->retention_class);
    sph_stmt_text(stmt, 17, header->retention_until);
    sph_stmt_text(stmt, 18, header->supersedes);
    sph_stmt_blob(stmt, 19, sph_slice_of(row->stored->secret_id, SPH_SECRET_ID));
    sph_stmt_blob(stmt, 20, sph_buf_peek(&row->stored->sealed));
    sph_stmt_int(stmt, 21, row->is_own);
    return sph_ok();
}

sph_rc sph_content_insert(sph_db *db, const struct sph_packet_row *row, sph_err *err)
{
    sph_stmt *stmt = NULL;
    SPH_TRY(sph_stmt_get(
                db,
                "INSERT INTO packet(packet_id, short_id, is_own, type, issuer, nonce, sha256, "
                "thread_id,"
                " thread_short, question, seq, in_reply_to, issued_ms, stored_ms, classification,"
                " retention_class, retention_until, supersedes, secret_id, sealed, is_read)"
                " VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
                &stmt, err),
            err, "packet row");
    SPH_TRY(bind_packet(stmt, row, err), err, "packet row");
    return sph_stmt_run(stmt, NULL, err);
}

sph_rc sph_content_insert_attachment(sph_db *db, const char *packet_id, size_t number,
                                     const struct sph_packet_attachment *attachment,
                                     const sph_hash *stored, uint64_t stored_len, sph_err *err)
{
    sph_stmt *stmt = NULL;
    SPH_TRY(sph_stmt_get(db,
                         "INSERT INTO attachment(packet_id, number, attachment_id, media_type, "
                         "size, stored, stored_len)"
                         " VALUES(?,?,?,?,?,?,?)",
                         &stmt, err),
            err, "attachment row");
    sph_stmt_text(stmt, 1, packet_id);
    sph_stmt_int(stmt, 2, (int64_t)number);
    sph_stmt_text(stmt, 3, attachment->id);
    sph_stmt_text(stmt, 4, attachment->media_type);
    sph_stmt_int(stmt, 5, (int64_t)attachment->size);
    sph_stmt_blob(stmt, 6, sph_slice_hash(stored));
    sph_stmt_int(stmt, 7, (int64_t)stored_len);
    return sph_stmt_run(stmt, NULL, err);
}

/** The sealed column and its secret's id. */
static sph_rc load_sealed(sph_db *reader, const char *packet_id, uint8_t secret_id[SPH_SECRET_ID],
                          sph_buf *sealed, sph_err *err)
{
    sph_stmt *stmt = NULL;
    bool row = false;
    SPH_TRY(sph_stmt_get(reader, "SELECT secret_id, sealed FROM packet WHERE packet_id = ?", &stmt,
                         err),
            err, "content");
    sph_stmt_text(stmt, 1, packet_id);
    SPH_TRY(sph_stmt_step(stmt, &row, err), err, "content");
    if (!row)
        return sph_fail(err, SPH_ENOTFOUND, "no such packet");
    sph_rc rc = sph_bytes_copy(secret_id, SPH_SECRET_ID, sph_col_blob(stmt, 0), err);
    if (rc.code == SPH_OK)
        rc = sph_buf_add(sealed, sph_col_blob(stmt, 1), err);
    sph_stmt_end(stmt);
    return rc;
}

static sph_rc read_sealed(sph_node *node, const char *packet_id, uint8_t secret_id[SPH_SECRET_ID],
                          sph_buf *sealed, sph_err *err)
{
    sph_db *reader = NULL;
    SPH_TRY(sph_db_pool_get(sph_node_readers(node), &reader, err), err, "reader");
    const sph_rc rc = load_sealed(reader, packet_id, secret_id, sealed, err);
    sph_db_pool_put(sph_node_readers(node), reader);
    return rc;
}

static sph_rc find_row(sph_db *reader, const char *packet_id, const sph_hash *sha256,
                       uint8_t secret_id[SPH_SECRET_ID], bool *is_there, sph_err *err)
{
    sph_stmt *stmt = NULL;
    SPH_TRY(sph_stmt_get(reader, "SELECT secret_id, sha256 FROM packet WHERE packet_id = ?", &stmt,
                         err),
            err, "packet");
    sph_stmt_text(stmt, 1, packet_id);
    SPH_TRY(sph_stmt_step(stmt, is_there, err), err, "packet");
    const bool is_other =
        *is_there && !sph_slice_equal(sph_col_blob(stmt, 1), sph_slice_hash(sha256));
    const sph_rc rc =
        *is_there ? sph_bytes_copy(secret_id, SPH_SECRET_ID, sph_col_blob(stmt, 0), err) : sph_ok();
    sph_stmt_end(stmt);
    return is_other ? sph_fail(err, SPH_ECONFLICT, "this packet id is taken") : rc;
}

sph_rc sph_content_find(sph_node *node, const char *packet_id, const sph_hash *sha256,
                        bool *is_there, sph_hash *commitment, sph_err *err)
{
    uint8_t secret_id[SPH_SECRET_ID];
    sph_db *reader = NULL;
    SPH_AUTO_PTR(sph_secret) *secret = NULL;
    SPH_AUTO_PTR(sph_secret) *salt = NULL;
    SPH_TRY(sph_db_pool_get(sph_node_readers(node), &reader, err), err, "reader");
    const sph_rc rc = find_row(reader, packet_id, sha256, secret_id, is_there, err);
    sph_db_pool_put(sph_node_readers(node), reader);
    SPH_TRY(rc, err, "packet");
    if (!*is_there)
        return sph_ok();
    SPH_TRY(sph_secrets_get(sph_node_secrets(node), secret_id, &secret, err), err, "secret");
    SPH_TRY(sph_commitment_salt(secret, &salt, err), err, "salt");
    return sph_commitment(salt, sha256, commitment, err);
}

sph_rc sph_content_load_gzip(sph_node *node, const char *packet_id, sph_buf *out, sph_err *err)
{
    uint8_t secret_id[SPH_SECRET_ID];
    SPH_AUTO(sph_buf) sealed = sph_buf_init(SPH_GZIP_ROOM + SPH_AEAD_IV + SPH_AEAD_TAG);
    SPH_AUTO_PTR(sph_secret) *secret = NULL;
    SPH_AUTO_PTR(sph_secret) *dek = NULL;
    SPH_TRY(read_sealed(node, packet_id, secret_id, &sealed, err), err, "stored packet");
    const sph_rc rc = sph_secrets_get(sph_node_secrets(node), secret_id, &secret, err);
    if (rc.code == SPH_ENOTFOUND)
        return sph_fail(err, SPH_ECANCELLED, "this packet's key was destroyed: it is erased");
    SPH_TRY(rc, err, "packet secret");
    SPH_TRY(sph_commitment_dek(secret, &dek, err), err, "packet key");
    const sph_slice all = sph_buf_peek(&sealed);
    return sph_aead_open(dek, sph_slice_sub(all, 0, SPH_AEAD_IV), sph_slice_str(packet_id),
                         sph_slice_sub(all, SPH_AEAD_IV, SIZE_MAX), out, err);
}

sph_rc sph_content_load(sph_node *node, const char *packet_id, sph_buf *out, sph_err *err)
{
    SPH_AUTO(sph_buf) gzip = sph_buf_init(SPH_GZIP_ROOM);
    sph_slice_source source;
    SPH_TRY(sph_content_load_gzip(node, packet_id, &gzip, err), err, "stored packet");
    const sph_reader reader = sph_reader_of_slice(&source, sph_buf_peek(&gzip));
    const sph_writer writer = sph_writer_of_buf(out);
    return sph_gunzip(&reader, &writer, sph_node_limits(node)->packet, sph_node_limits(node), NULL,
                      err);
}

/** The vault name and length of an attachment. */
static sph_rc find_attachment(sph_node *node, const char *packet_id, size_t number,
                              sph_hash *stored, uint64_t *len, sph_err *err)
{
    sph_db *reader = NULL;
    sph_stmt *stmt = NULL;
    bool row = false;
    SPH_TRY(sph_db_pool_get(sph_node_readers(node), &reader, err), err, "reader");
    sph_rc rc = sph_stmt_get(
        reader, "SELECT stored, stored_len FROM attachment WHERE packet_id = ? AND number = ?",
        &stmt, err);
    if (rc.code == SPH_OK) {
        sph_stmt_text(stmt, 1, packet_id);
        sph_stmt_int(stmt, 2, (int64_t)number);
        rc = sph_stmt_step(stmt, &row, err);
    }
    if (rc.code == SPH_OK && row) {
        rc = sph_bytes_copy(stored->at, sizeof(stored->at), sph_col_blob(stmt, 0), err);
        *len = (uint64_t)sph_col_int(stmt, 1);
        sph_stmt_end(stmt);
    } else if (rc.code == SPH_OK) {
        rc = sph_fail(err, SPH_ENOTFOUND, "no such attachment");
    }
    sph_db_pool_put(sph_node_readers(node), reader);
    return rc;
}

/** Inflate the stored octets into an unnamed file: SXA1 needs its length before it is opened. */
static sph_rc inflate_to_spool(sph_node *node, sph_file *stored, uint64_t stored_len,
                               sph_file **out, uint64_t *len, sph_err *err)
{
    const sph_files *files = sph_node_env(node)->files;
    sph_file_source source;
    sph_file_sink sink;
    SPH_AUTO(sph_open_file) spool = {files, NULL};
    SPH_TRY(files->open(files->ctx, "spool", SPH_OPEN_TEMPORARY, &spool.file, err), err,
            "spool file");
    const sph_reader reader = sph_reader_of_file(&source, files, stored, 0, stored_len);
    const sph_writer writer = sph_writer_of_file(&sink, files, spool.file);
    SPH_TRY(sph_gunzip(&reader, &writer, stored_len, sph_node_limits(node), len, err), err,
            "inflating an attachment");
    *out = sph_move(spool.file);
    return sph_ok();
}

sph_rc sph_content_attachment(sph_node *node, const sph_packet *packet, size_t number,
                              const sph_writer *out, sph_err *err)
{
    const sph_files *files = sph_node_env(node)->files;
    const sph_packet_header *header = sph_packet_header_of(packet);
    const struct sph_packet_attachment *attachment = sph_packet_attachment_at(packet, number);
    if (!attachment)
        return sph_fail(err, SPH_ENOTFOUND, "the packet has no attachment %zu", number);
    sph_hash stored;
    uint64_t stored_len = 0, sealed_len = 0;
    SPH_AUTO(sph_open_file) vault = {files, NULL};
    SPH_AUTO(sph_open_file) spool = {files, NULL};
    SPH_AUTO_PTR(sph_secret) *key = NULL;
    SPH_TRY(find_attachment(node, header->packet_id, number, &stored, &stored_len, err), err,
            "attachment row");
    SPH_TRY(sph_vault_open(files, &stored, &vault.file, err), err, "vault");
    SPH_TRY(inflate_to_spool(node, vault.file, stored_len, &spool.file, &sealed_len, err), err,
            "vault");
    SPH_TRY(sph_secret_from(sph_slice_of(attachment->key, sizeof(attachment->key)), &key, err), err,
            "attachment key");
    sph_file_source source;
    const sph_reader reader = sph_reader_of_file(&source, files, spool.file, 0, sealed_len);
    return sph_attachment_open(key, header->packet_id, attachment->id, &reader, sealed_len,
                               attachment->size, out, err);
}

static sph_rc hash_bytes(void *ctx, sph_slice bytes, sph_err *err)
{
    (void)err;
    sph_sha256_add(ctx, bytes);
    return sph_ok();
}

sph_rc sph_content_check_part(sph_node *node, sph_file *part, uint64_t len,
                              const struct sph_packet_attachment *attachment, sph_err *err)
{
    const sph_files *files = sph_node_env(node)->files;
    SPH_AUTO_PTR(sph_sha256) *state = NULL;
    sph_file_source source;
    SPH_TRY(sph_sha256_new(&state, err), err, "digest");
    const sph_reader reader = sph_reader_of_file(&source, files, part, 0, len);
    const sph_writer writer = {state, hash_bytes};
    /* Ciphertext under gzip level 0 never shrinks, so the part's own length bounds what may come
     * out. */
    SPH_TRY(sph_gunzip(&reader, &writer, len, sph_node_limits(node), NULL, err), err,
            "inflating a part");
    const sph_hash digest = sph_sha256_final(state);
    if (!sph_slice_equal(sph_slice_hash(&digest), sph_slice_hash(&attachment->sha256)))
        return sph_fail(err, SPH_EPROOF, "an attachment is not the one that the packet names");
    return sph_ok();
}
