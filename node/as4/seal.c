#include "as4/seal.h"

#include "as4/envelope.h"

#include "crypto/aead.h"

/* ------------------------------------------------------------------ encryption elements */

void sph_as4_sealing_free(struct sph_as4_sealing **sealing)
{
    if (*sealing != NULL)
        sph_as4_token_clear(&(*sealing)->token);
    sph_mem_free(*sealing);
    *sealing = NULL;
}

static void write_reference_list(sph_xml_writer *w, size_t count)
{
    char uri[16];
    sph_xml_open(w, "xenc:ReferenceList");
    for (size_t i = 0; i < count; i++) {
        sph_xml_open(w, "xenc:DataReference");
        const bool fits = sph_str_format(uri, sizeof(uri), NULL, "#ED-%zu", i + 1).code == SPH_OK;
        sph_xml_set(w, "URI", fits ? uri : NULL);
        sph_xml_close(w);
    }
    sph_xml_close(w);
}

static void write_data_key(sph_xml_writer *w, const char *key_uri)
{
    sph_xml_open(w, "ds:KeyInfo");
    sph_xml_open(w, "wsse:SecurityTokenReference");
    sph_xml_set(w, "wsse11:TokenType", TOKEN_ENCRYPTED_KEY);
    sph_xml_open(w, "wsse:Reference");
    sph_xml_set(w, "URI", key_uri);
    sph_xml_close(w);
    sph_xml_close(w);
    sph_xml_close(w);
}

static void write_cipher_reference(sph_xml_writer *w, const char *uri)
{
    sph_xml_open(w, "xenc:CipherData");
    sph_xml_open(w, "xenc:CipherReference");
    sph_xml_set(w, "URI", uri);
    sph_xml_open(w, "xenc:Transforms");
    sph_xml_open(w, "ds:Transform");
    sph_xml_set(w, "Algorithm", SWA_CIPHERTEXT);
    sph_xml_close(w);
    sph_xml_close(w);
    sph_xml_close(w);
    sph_xml_close(w);
}

static void write_data(sph_xml_writer *w, const struct sph_as4_sealing *s, size_t index,
                       const char *key_uri)
{
    char id[16];
    const bool fits = sph_str_format(id, sizeof(id), NULL, "ED-%zu", index + 1).code == SPH_OK;
    sph_xml_open(w, "xenc:EncryptedData");
    sph_xml_set(w, "Id", fits ? id : NULL);
    sph_xml_set(w, "MimeType", GZIP_TYPE);
    sph_xml_set(w, "Type", SWA_CONTENT_ONLY);
    sph_xml_open(w, "xenc:EncryptionMethod");
    sph_xml_set(w, "Algorithm", SPH_ALG_AES128_GCM);
    sph_xml_close(w);
    write_data_key(w, key_uri);
    write_cipher_reference(w, s->uri[index]);
    sph_xml_close(w);
}

/** "Prepend while processing" order (as4.md 5.1): token, EncryptedKey, EncryptedData. */
sph_rc sph_as4_write_encryption(sph_xml_writer *w, void *arg, sph_err *err)
{
    struct sph_as4_sealing *s = arg;
    char uri[SPH_AS4_ID_ROOM];
    SPH_TRY(sph_as4_new_id(s->random, "#EK-", uri, err), err, "EncryptedKey id");
    sph_as4_token_write_binary(w, &s->token);
    sph_xml_open(w, "xenc:EncryptedKey");
    sph_xml_set(w, "Id", uri + 1);
    SPH_TRY(sph_xenc_key_write(w, s->suite, s->recipient, s->key, s->random,
                               sph_as4_token_write_reference, &s->token, err),
            err, "EncryptedKey");
    write_reference_list(w, s->part_count);
    sph_xml_close(w);
    for (size_t i = 0; i < s->part_count; i++)
        write_data(w, s, i, uri);
    return sph_ok();
}

/* ------------------------------------------------------------------ MIME */

struct mime_out {
    const sph_writer *to;
    uint64_t len;
    char boundary[SPH_AS4_ID_ROOM];
};

static sph_rc put(struct mime_out *m, sph_slice bytes, sph_err *err)
{
    m->len += bytes.len;
    return m->to->write(m->to->ctx, bytes, err);
}

static sph_rc put_head(struct mime_out *m, const char *type, const char *cid, bool is_first,
                       sph_err *err)
{
    SPH_AUTO(sph_buf) head = sph_buf_init(1024);
    SPH_TRY(sph_buf_addf(&head, err,
                         "%s--%s\r\nContent-Type: %s\r\nContent-Transfer-Encoding: binary\r\n"
                         "Content-ID: <%s>\r\n\r\n",
                         is_first ? "" : "\r\n", m->boundary, type, cid),
            err, "MIME head");
    return put(m, sph_buf_peek(&head), err);
}

/** Read on until the chunk is full or the payload ends. */
static sph_rc fill_chunk(const sph_reader *from, uint8_t *at, size_t room, size_t *len,
                         sph_err *err)
{
    size_t have = 0;
    for (size_t got = 1; have < room && got > 0; have += got)
        SPH_TRY(from->read(from->ctx, at + have, room - have, &got, err), err, "payload");
    *len = have;
    return sph_ok();
}

/** IV ‖ ciphertext ‖ tag of one part, a fresh IV each (E-05), in chunks. */
static sph_rc put_sealed(struct mime_out *m, const sph_as4_payload *part, const sph_reader *from,
                         const struct sph_as4_sealing *s, sph_err *err)
{
    uint8_t iv[SPH_AEAD_IV], tag[SPH_AEAD_TAG];
    SPH_AUTO_PTR(sph_aead) *aead = NULL;
    SPH_AUTO(sph_buf) chunk = sph_buf_init(SPH_STREAM_CHUNK);
    uint8_t *at = NULL;
    uint64_t total = 0;
    SPH_TRY(s->random->fill(s->random->ctx, iv, sizeof(iv), err), err, "IV");
    SPH_TRY(sph_aead_seal_start(s->key, sph_slice_of(iv, sizeof(iv)), (sph_slice){0}, &aead, err),
            err, "AES-GCM");
    SPH_TRY(put(m, sph_slice_of(iv, sizeof(iv)), err), err, "IV");
    const size_t room = part->len < SPH_STREAM_CHUNK ? (size_t)part->len + 1 : SPH_STREAM_CHUNK;
    SPH_TRY(sph_buf_grow(&chunk, room, &at, err), err, "chunk");
    for (size_t len = room; len == room; total += len) {
        SPH_TRY(fill_chunk(from, at, room, &len, err), err, "payload");
        SPH_TRY(sph_aead_update(aead, sph_slice_of(at, len), at, err), err, "AES-GCM");
        SPH_TRY(put(m, sph_slice_of(at, len), err), err, "ciphertext");
    }
    if (total != part->len) /* the Content-Length is promised already */
        return sph_fail(err, SPH_EARG, "payload of %llu octets, announced %llu",
                        (unsigned long long)total, (unsigned long long)part->len);
    SPH_TRY(sph_aead_seal_finish(aead, tag, err), err, "tag");
    return put(m, sph_slice_of(tag, sizeof(tag)), err);
}

static sph_rc put_part(struct mime_out *m, const sph_as4_payload *part,
                       const struct sph_as4_sealing *s, sph_err *err)
{
    _Alignas(max_align_t) uint8_t state[SPH_AS4_READER_STATE];
    sph_slice_source memory;
    SPH_TRY(put_head(m, "application/octet-stream", part->cid, false, err), err, "part");
    const sph_reader from = part->open != NULL ? part->open(part->ctx, state)
                                               : sph_reader_of_slice(&memory, part->octets);
    return put_sealed(m, part, &from, s, err);
}

static sph_rc put_message(struct mime_out *m, const char *root_cid, sph_slice root,
                          const struct sph_as4_sealing *s, sph_err *err)
{
    SPH_TRY(put_head(m, "application/soap+xml; charset=UTF-8", root_cid, true, err), err, "root");
    SPH_TRY(put(m, root, err), err, "root");
    for (size_t i = 0; i < s->part_count; i++)
        SPH_TRY(put_part(m, &s->parts[i], s, err), err, "part %zu", i + 1);
    SPH_AUTO(sph_buf) end = sph_buf_init(64);
    SPH_TRY(sph_buf_addf(&end, err, "\r\n--%s--\r\n", m->boundary), err, "end");
    return put(m, sph_buf_peek(&end), err);
}

/* ------------------------------------------------------------------ whole */

sph_rc sph_as4_sealing_new(const sph_as4_payload *parts, size_t count, enum sph_suite suite,
                           const sph_cert *recipient, enum sph_token_ref form,
                           const sph_secret *key, const sph_random *random,
                           struct sph_as4_sealing **out, sph_err *err)
{
    char id[SPH_AS4_ID_ROOM];
    __attribute__((cleanup(sph_as4_sealing_free))) struct sph_as4_sealing *s =
        sph_mem_new(1, sizeof(*s));
    if (s == NULL)
        return sph_fail(err, SPH_ENOMEM, "no memory for the encryption");
    s->parts = parts;
    s->part_count = count;
    s->suite = suite;
    s->key = key;
    s->random = random;
    s->recipient = sph_cert_peek_key(recipient);
    if (s->recipient == NULL)
        return sph_fail(err, SPH_EARG, "the recipient's key is of no use");
    SPH_TRY(sph_as4_new_id(random, "X509-", id, err), err, "token id");
    SPH_TRY(sph_as4_token_make(form, recipient, NULL, id, &s->token, err), err, "recipient");
    for (size_t i = 0; i < count; i++)
        SPH_TRY(sph_str_format(s->uri[i], sizeof(s->uri[i]), err, "cid:%s", parts[i].cid), err,
                "cid");
    *out = sph_move(s);
    return sph_ok();
}

sph_rc sph_as4_write_mime(const struct sph_as4_sealing *s, const sph_writer *out,
                          sph_as4_built *built, sph_err *err)
{
    char root_cid[128];
    struct mime_out m = {.to = out};
    SPH_TRY(sph_as4_new_id(s->random, "=_", m.boundary, err), err, "boundary");
    SPH_TRY(sph_as4_new_cid(s->random, "root.saphan", root_cid, err), err, "root Content-ID");
    SPH_TRY(sph_str_format(built->content_type, sizeof(built->content_type), err,
                           "multipart/related; boundary=\"%s\"; type=\"" SOAP_TYPE
                           "\"; start=\"<%s>\"; start-info=\"" SOAP_TYPE "\"",
                           m.boundary, root_cid),
            err, "Content-Type");
    SPH_TRY(put_message(&m, root_cid, sph_buf_peek(&built->root), s, err), err, "MIME body");
    built->len = m.len;
    return sph_ok();
}
