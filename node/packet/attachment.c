#include "packet/attachment.h"

/* SXA1: "SXA1", IV, ciphertext of the padded plaintext, tag (ledger.md 4). */
#define MAGIC SPH_LIT("SXA1")
#define HEAD_LEN (4 + SPH_AEAD_IV)
#define STEP 65536u
#define CONTENT_MAX ((uint64_t)1 << 40)

static uint64_t padded(uint64_t len)
{
    if (len <= 4096)
        return 4096;
    if (len <= 16384)
        return 16384;
    return (len + STEP - 1) / STEP * STEP;
}

uint64_t sph_attachment_sealed_len(uint64_t len)
{
    return HEAD_LEN + padded(len) + SPH_AEAD_TAG;
}

static sph_rc make_aad(const char *packet_id, const char *attachment_id, sph_buf *out, sph_err *err)
{
    return sph_buf_addf(out, err, "%s/%s", packet_id, attachment_id);
}

struct sealing {
    sph_aead *aead;
    sph_sha256 *digest;
    const sph_writer *out;
    uint8_t chunk[SPH_STREAM_CHUNK];
};

static void sealing_free(struct sealing **sealing)
{
    if (*sealing) {
        sph_aead_free(&(*sealing)->aead);
        sph_sha256_free(&(*sealing)->digest);
        sph_wipe((*sealing)->chunk, sizeof((*sealing)->chunk));
    }
    sph_mem_free(*sealing);
    *sealing = NULL;
}

static sph_rc put(struct sealing *sealing, sph_slice bytes, sph_err *err)
{
    sph_sha256_add(sealing->digest, bytes);
    return sealing->out->write(sealing->out->ctx, bytes, err);
}

/* Fill `len` octets of the chunk from the source; an early end is a wrong length. */
static sph_rc fill(uint8_t *at, size_t len, const sph_reader *from, sph_err *err)
{
    size_t got = 0;
    for (size_t done = 0; done < len; done += got) {
        SPH_TRY(from->read(from->ctx, at + done, len - done, &got, err), err, "reading");
        if (got == 0)
            return sph_fail(err, SPH_EPARSE, "the content is shorter than announced");
    }
    return sph_ok();
}

static size_t least(uint64_t a, uint64_t b)
{
    return (size_t)(a < b ? a : b);
}

/* Plaintext, then zero octets up to the step. */
static sph_rc seal_chunks(struct sealing *sealing, const sph_reader *plain, uint64_t len,
                          sph_err *err)
{
    const uint64_t total = padded(len);
    for (uint64_t done = 0; done < total;) {
        const size_t size = least(total - done, SPH_STREAM_CHUNK);
        const size_t content = done < len ? least(len - done, size) : 0;
        SPH_TRY(fill(sealing->chunk, content, plain, err), err, "content");
        for (size_t i = content; i < size; i++)
            sealing->chunk[i] = 0;
        const sph_slice bytes = sph_slice_of(sealing->chunk, size);
        SPH_TRY(sph_aead_update(sealing->aead, bytes, sealing->chunk, err), err, "sealing");
        SPH_TRY(put(sealing, bytes, err), err, "writing");
        done += size;
    }
    return sph_ok();
}

static sph_rc start_sealing(struct sealing *sealing, const sph_secret *key, sph_slice aad,
                            const sph_random *random, sph_err *err)
{
    uint8_t iv[SPH_AEAD_IV];
    SPH_TRY(random->fill(random->ctx, iv, sizeof(iv), err), err, "IV");
    SPH_TRY(sph_sha256_new(&sealing->digest, err), err, "digest");
    SPH_TRY(sph_aead_seal_start(key, sph_slice_of(iv, sizeof(iv)), aad, &sealing->aead, err), err,
            "cipher");
    SPH_TRY(put(sealing, MAGIC, err), err, "head");
    return put(sealing, sph_slice_of(iv, sizeof(iv)), err);
}

static sph_rc expect_end(const sph_reader *from, sph_err *err)
{
    uint8_t byte = 0;
    size_t got = 0;
    SPH_TRY(from->read(from->ctx, &byte, 1, &got, err), err, "reading");
    return got == 0 ? sph_ok() : sph_fail(err, SPH_EPARSE, "the content is longer than announced");
}

sph_rc sph_attachment_seal(const sph_secret *key, const char *packet_id, const char *attachment_id,
                           const sph_random *random, const sph_reader *plain, uint64_t plain_len,
                           const sph_writer *out, sph_hash *sha256, uint64_t *len, sph_err *err)
{
    uint8_t tag[SPH_AEAD_TAG];
    SPH_AUTO(sph_buf) aad = sph_buf_init(256);
    __attribute__((cleanup(sealing_free))) struct sealing *sealing =
        sph_mem_new(1, sizeof(*sealing));
    if (!sealing)
        return sph_fail(err, SPH_ENOMEM, "sealing");
    if (plain_len > CONTENT_MAX)
        return sph_fail(err, SPH_ELIMIT, "attachment");
    sealing->out = out;
    SPH_TRY(make_aad(packet_id, attachment_id, &aad, err), err, "associated data");
    SPH_TRY(start_sealing(sealing, key, sph_buf_peek(&aad), random, err), err, "sealing");
    SPH_TRY(seal_chunks(sealing, plain, plain_len, err), err, "sealing");
    SPH_TRY(expect_end(plain, err), err, "content");
    SPH_TRY(sph_aead_seal_finish(sealing->aead, tag, err), err, "tag");
    SPH_TRY(put(sealing, sph_slice_of(tag, sizeof(tag)), err), err, "tag");
    *sha256 = sph_sha256_final(sealing->digest);
    *len = sph_attachment_sealed_len(plain_len);
    return sph_ok();
}

/* Decrypt the padded length and pass on the first `size` octets. */
static sph_rc open_chunks(struct sealing *opening, const sph_reader *sealed, uint64_t size,
                          sph_err *err)
{
    const uint64_t total = padded(size);
    for (uint64_t done = 0; done < total;) {
        const size_t chunk = least(total - done, SPH_STREAM_CHUNK);
        const size_t content = done < size ? least(size - done, chunk) : 0;
        SPH_TRY(fill(opening->chunk, chunk, sealed, err), err, "ciphertext");
        SPH_TRY(sph_aead_update(opening->aead, sph_slice_of(opening->chunk, chunk), opening->chunk,
                                err),
                err, "opening");
        SPH_TRY(opening->out->write(opening->out->ctx, sph_slice_of(opening->chunk, content), err),
                err, "writing");
        done += chunk;
    }
    return sph_ok();
}

sph_rc sph_attachment_open(const sph_secret *key, const char *packet_id, const char *attachment_id,
                           const sph_reader *sealed, uint64_t sealed_len, uint64_t size,
                           const sph_writer *out, sph_err *err)
{
    uint8_t head[HEAD_LEN];
    uint8_t tag[SPH_AEAD_TAG];
    SPH_AUTO(sph_buf) aad = sph_buf_init(256);
    __attribute__((cleanup(sealing_free))) struct sealing *opening =
        sph_mem_new(1, sizeof(*opening));
    if (!opening)
        return sph_fail(err, SPH_ENOMEM, "opening");
    if (size > CONTENT_MAX || sealed_len != sph_attachment_sealed_len(size))
        return sph_fail(err, SPH_EPROOF, "length is not that of the announced content");
    opening->out = out;
    SPH_TRY(fill(head, sizeof(head), sealed, err), err, "head");
    if (!sph_slice_starts(sph_slice_of(head, sizeof(head)), MAGIC))
        return sph_fail(err, SPH_EPROOF, "not a sealed attachment");
    SPH_TRY(make_aad(packet_id, attachment_id, &aad, err), err, "associated data");
    SPH_TRY(sph_aead_open_start(key, sph_slice_of(head + 4, SPH_AEAD_IV), sph_buf_peek(&aad),
                                &opening->aead, err),
            err, "cipher");
    SPH_TRY(open_chunks(opening, sealed, size, err), err, "opening");
    SPH_TRY(fill(tag, sizeof(tag), sealed, err), err, "tag");
    SPH_TRY(sph_aead_open_finish(opening->aead, tag, err), err, "tag");
    return expect_end(sealed, err);
}
