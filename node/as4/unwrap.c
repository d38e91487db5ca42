#include "as4/document.h"
#include "as4/token.h"
#include "crypto/aead.h"

#define LEADING_SLACK                                                                              \
    (UINT64_C(128) * 1024) /* gzip framing, padding comment and an incompressible packet */
#define FRAME (SPH_AEAD_IV + SPH_AEAD_TAG)

void sph_as4_parts_clear(sph_as4_parts *parts)
{
    if (parts == NULL)
        return;
    for (size_t i = 0; i < parts->count; i++) {
        sph_buf_clear(&parts->part[i].octets);
        if (parts->part[i].file != NULL)
            parts->files->close(&parts->part[i].file);
    }
    parts->count = 0;
}

/** One part on its way from ciphertext to its sink. */
struct pour {
    sph_reader from;
    sph_writer to;
    sph_aead *aead;
    sph_sha256 *sha;
    sph_mime_reader *mime;
    sph_buf window; /* ciphertext read ahead: the last 16 octets may be the tag */
    uint64_t max, len;
};

static void pour_clear(struct pour *pour)
{
    sph_aead_free(&pour->aead);
    sph_sha256_free(&pour->sha);
    sph_mime_reader_free(&pour->mime);
    sph_buf_clear(&pour->window);
}

/** Read until the window holds `want` octets or the part ends. */
static sph_rc top_up(struct pour *p, size_t want, sph_err *err)
{
    for (size_t got = 1; p->window.len < want && got > 0;) {
        uint8_t *at = NULL;
        const size_t before = p->window.len;
        SPH_TRY(sph_buf_grow(&p->window, want - before, &at, err), err, "cipher window");
        const sph_rc rc = p->from.read(p->from.ctx, at, want - before, &got, err);
        p->window.len = before + (rc.code == SPH_OK ? got : 0);
        SPH_TRY(rc, err, "reading ciphertext");
    }
    return sph_ok();
}

/** Decrypt `len` octets in place, hash and hand them on; what stays is moved to the front. */
static sph_rc pour_some(struct pour *p, size_t len, sph_err *err)
{
    const sph_slice some = sph_slice_of(p->window.at, len);
    SPH_TRY(sph_aead_update(p->aead, some, p->window.at, err), err, "decrypting");
    sph_sha256_add(p->sha, some);
    SPH_TRY(p->to.write(p->to.ctx, some, err), err, "spooling");
    p->len += len;
    const size_t rest = p->window.len - len;
    for (size_t i = 0; i < rest; i++)
        p->window.at[i] = p->window.at[len + i];
    p->window.len = rest;
    return sph_ok();
}

static sph_rc start(struct pour *p, const sph_secret *key, sph_err *err)
{
    p->window = sph_buf_init(SPH_STREAM_CHUNK + SPH_AEAD_TAG);
    SPH_TRY(sph_sha256_new(&p->sha, err), err, "part digest");
    SPH_TRY(top_up(p, SPH_AEAD_IV, err), err, "IV");
    if (p->window.len < SPH_AEAD_IV)
        return sph_fail(err, SPH_EPROOF, "part shorter than its IV");
    SPH_TRY(sph_aead_open_start(key, sph_buf_peek(&p->window), (sph_slice){0}, &p->aead, err), err,
            "AES-GCM");
    p->window.len = 0;
    return sph_ok();
}

/** IV ‖ ciphertext ‖ tag. The tag is known only at the end, so 16 octets are always held back.
 * SPH_EPROOF: the tag or the size does not hold; SPH_EPARSE: transfer encoding; SPH_ELIMIT: too
 * long. */
static sph_rc pour_all(struct pour *p, const sph_secret *key, sph_hash *digest, sph_err *err)
{
    SPH_TRY(start(p, key, err), err, "starting a part");
    const size_t full = SPH_STREAM_CHUNK + SPH_AEAD_TAG;
    for (;;) {
        SPH_TRY(top_up(p, full, err), err, "part");
        if (p->window.len < SPH_AEAD_TAG)
            return sph_fail(err, SPH_EPROOF, "part shorter than IV and tag");
        const size_t len = p->window.len - SPH_AEAD_TAG;
        const bool is_last = p->window.len < full;
        if (p->len + len > p->max)
            return sph_fail(err, SPH_ELIMIT, "part over %llu octets", (unsigned long long)p->max);
        if (len > 0)
            SPH_TRY(pour_some(p, len, err), err, "part");
        if (is_last)
            break;
    }
    SPH_TRY(sph_aead_open_finish(p->aead, p->window.at, err), err, "tag");
    *digest = sph_sha256_final(p->sha);
    return sph_ok();
}

/* ------------------------------------------------------------------ one part */

/** What unwrap works with. */
struct job {
    const sph_as4_in *in;
    const sph_secret *key;
    const sph_files *files;
    const char *spool_dir;
    const struct sph_limits *limits;
    sph_as4_fault *fault;
    sph_err *err;
};

static bool is_packet(const struct job *job, size_t index)
{
    return index == 0 && !job->in->is_foreign;
}

static sph_rc name_part(const struct job *job, size_t index, sph_as4_part *part)
{
    const struct sph_as4_part_info *info = &job->in->user.part[index];
    SPH_TRY(sph_str_copy(part->href, sizeof(part->href), sph_slice_str(info->href), job->err),
            job->err, "href");
    SPH_TRY(sph_str_copy(part->mime_type, sizeof(part->mime_type), sph_slice_str(info->mime_type),
                         job->err),
            job->err, "media type");
    part->is_gzip = info->is_gzip;
    return sph_ok();
}

/** The packet of a Saphan partner goes to memory, the other parts to files without a name: nothing
 * readable stays behind a failure. */
static sph_rc open_sink(const struct job *job, size_t index, sph_as4_part *part,
                        sph_file_sink *state, struct pour *p)
{
    const bool is_document = job->in->form_of[index] != SPH_AS4_DIGEST_RAW;
    if (is_packet(job, index) || is_document) {
        p->max = is_document ? SPH_AS4_DOCUMENT_MAX : job->limits->packet + LEADING_SLACK;
        part->octets = sph_buf_init((size_t)p->max);
        p->to = sph_writer_of_buf(&part->octets);
        return sph_ok();
    }
    p->max = job->limits->message_ceiling;
    SPH_TRY(job->files->open(job->files->ctx, job->spool_dir, SPH_OPEN_TEMPORARY, &part->file,
                             job->err),
            job->err, "spool file");
    p->to = sph_writer_of_file(state, job->files, part->file);
    return sph_ok();
}

/** Which refusal a failure of pouring is; writing and memory trouble is ours, not the sender's. */
static sph_rc judge(const struct job *job, sph_rc rc)
{
    if (rc.code == SPH_EPARSE)
        return sph_as4_blame(rc, SPH_AS4_MIME_ENCODING, job->fault, job->err);
    if (rc.code == SPH_ELIMIT)
        return sph_as4_blame(rc, SPH_AS4_PART_SIZE, job->fault, job->err);
    return sph_as4_blame(rc, SPH_AS4_ENC_CONTENT, job->fault, job->err);
}

/** A document whose digest is not over its own octets is in memory up to here; but for the leading
 * part it goes on to a file like every other. */
static sph_rc finish_document(const struct job *job, size_t index, sph_as4_part *part)
{
    sph_hash digest;
    const sph_rc rc = sph_as4_document_digest(job->in->form_of[index], sph_buf_peek(&part->octets),
                                              job->limits, &digest, job->err);
    SPH_TRY(sph_as4_blame(rc, SPH_AS4_PART_DIGEST, job->fault, job->err), job->err, "document");
    if (!sph_equal_ct(sph_slice_hash(&digest), sph_slice_hash(&job->in->digest_of[index])))
        return sph_as4_refuse(SPH_AS4_PART_DIGEST, job->fault, job->err, "part %zu", index + 1);
    if (is_packet(job, index))
        return sph_ok();
    sph_file_sink sink;
    SPH_TRY(job->files->open(job->files->ctx, job->spool_dir, SPH_OPEN_TEMPORARY, &part->file,
                             job->err),
            job->err, "spool file");
    const sph_writer to = sph_writer_of_file(&sink, job->files, part->file);
    SPH_TRY(to.write(to.ctx, sph_buf_peek(&part->octets), job->err), job->err, "spool file");
    sph_buf_clear(&part->octets);
    return sph_ok();
}

static sph_rc unwrap_part(const struct job *job, size_t index, sph_as4_part *part)
{
    const struct sph_mime_part *mime = &job->in->mime.part[job->in->mime_of[index]];
    __attribute__((cleanup(pour_clear))) struct pour p = {0};
    sph_file_sink sink;
    SPH_TRY(name_part(job, index, part), job->err, "part %zu", index + 1);
    p.mime = sph_mem_new(1, sizeof(*p.mime));
    if (p.mime == NULL)
        return sph_fail(job->err, SPH_ENOMEM, "no memory for the part reader");
    p.from = sph_mime_reader_of(p.mime, &job->in->source, mime);
    SPH_TRY(open_sink(job, index, part, &sink, &p), job->err, "part %zu", index + 1);
    SPH_TRY(judge(job, pour_all(&p, job->key, &part->sha256, job->err)), job->err, "part %zu",
            index + 1);
    part->len = p.len;
    if (job->in->form_of[index] != SPH_AS4_DIGEST_RAW)
        return finish_document(job, index, part);
    if (!sph_equal_ct(sph_slice_hash(&part->sha256), sph_slice_hash(&job->in->digest_of[index])))
        return sph_as4_refuse(SPH_AS4_PART_DIGEST, job->fault, job->err, "part %zu", index + 1);
    return sph_ok();
}

/* ------------------------------------------------------------------ the content key */

/** as4.md 7: the reference must name one of our current encryption certificates. */
static sph_rc find_recipient(const sph_as4_in *in, const sph_as4_recipient *recipients,
                             size_t count, const sph_key **out, sph_as4_fault *fault, sph_err *err)
{
    SPH_AUTO(sph_as4_token_in) token = {0};
    SPH_TRY(sph_as4_blame(sph_as4_token_read(sph_xenc_key_recipient(in->key), in->ids, in->security,
                                             in->accepts_legacy_refs, &token, err),
                          SPH_AS4_ENC_RECIPIENT, fault, err),
            err, "recipient");
    for (size_t i = 0; i < count; i++) {
        if (sph_as4_token_names(&token, recipients[i].leaf)) {
            *out = recipients[i].key;
            return sph_ok();
        }
    }
    return sph_as4_refuse(SPH_AS4_ENC_RECIPIENT, fault, err, "not ours");
}

static sph_rc open_key(const sph_as4_in *in, const sph_as4_recipient *recipients, size_t count,
                       const sph_random *random, sph_secret **out, sph_as4_fault *fault,
                       sph_err *err)
{
    const sph_key *own = NULL;
    SPH_TRY(find_recipient(in, recipients, count, &own, fault, err), err, "recipient");
    if (sph_key_kind_of(own) != sph_suite_encrypt_kind(in->suite))
        return sph_as4_refuse(SPH_AS4_ENC_RECIPIENT, fault, err, "key of another suite");
    return sph_as4_blame(sph_xenc_key_open(in->key, own, random, out, err), SPH_AS4_ENC_KEY, fault,
                         err);
}

/** The label keeps the name apart from every other digest of the key. */
static sph_rc name_key(const sph_secret *key, sph_hash *out, sph_err *err)
{
    SPH_AUTO_PTR(sph_sha256) *sha = NULL;
    SPH_TRY(sph_sha256_new(&sha, err), err, "name of the content key");
    sph_sha256_add(sha, SPH_LIT("saphan as4 content key\n"));
    sph_sha256_add(sha, sph_secret_peek(key));
    *out = sph_sha256_final(sha);
    return sph_ok();
}

void sph_as4_parts_free(sph_as4_parts **parts)
{
    sph_as4_parts_clear(*parts);
    sph_mem_free(*parts);
    *parts = NULL;
}

sph_rc sph_as4_unwrap(sph_as4_in *in, const sph_as4_recipient *recipients, size_t recipient_count,
                      const sph_random *random, const sph_files *files, const char *spool_dir,
                      const struct sph_limits *limits, sph_as4_parts *out, sph_as4_fault *fault,
                      sph_err *err)
{
    *fault = (sph_as4_fault){0};
    if (!in->is_verified || in->is_root_alone || in->kind != SPH_AS4_USER)
        return sph_fail(err, SPH_EARG, "unwrap needs a verified user message with its parts");
    if (in->user.part_count > (in->is_foreign ? 0 : 1) && (files == NULL || spool_dir == NULL))
        return sph_fail(err, SPH_EARG, "several parts need a spool folder");
    SPH_AUTO_PTR(sph_secret) *key = NULL;
    SPH_AUTO_PTR(sph_as4_parts) *parts = sph_mem_new(1, sizeof(*parts));
    if (parts == NULL)
        return sph_fail(err, SPH_ENOMEM, "no memory for parts");
    parts->files = files;
    if (in->user.part_count > 0)
        SPH_TRY(open_key(in, recipients, recipient_count, random, &key, fault, err), err, "key");
    if (key != NULL)
        SPH_TRY(name_key(key, &parts->content_key, err), err, "key");
    const struct job job = {in, key, files, spool_dir, limits, fault, err};
    for (size_t i = 0; i < in->user.part_count; i++) {
        parts->count = i + 1; /* so that a failure closes this one too */
        SPH_TRY(unwrap_part(&job, i, &parts->part[i]), err, "unwrapping");
    }
    *out = *parts;
    parts->count = 0;
    return sph_ok();
}
