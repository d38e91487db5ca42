#include "as4/in.h"

/* ------------------------------------------------------------------ small shared helpers */

sph_rc sph_as4_cid_of_uri(const char *uri, char out[256], sph_err *err)
{
    const sph_slice text = sph_slice_str(uri);
    if (!sph_slice_starts(text, SPH_LIT("cid:")))
        return sph_fail(err, SPH_EPARSE, "not a cid URI");
    return sph_as4_cid_decode(sph_slice_sub(text, 4, SIZE_MAX), out, 256, err);
}

sph_rc sph_as4_ref_make(const char *uri, const sph_hash *digest, sph_as4_ref *out, sph_err *err)
{
    sph_as4_ref ref = {.digest = *digest};
    if (!sph_slice_starts(sph_slice_str(uri), SPH_LIT("cid:"))) {
        SPH_TRY(sph_str_copy(ref.uri, sizeof(ref.uri), sph_slice_str(uri), err), err, "URI");
        *out = ref;
        return sph_ok();
    }
    char cid[256];
    SPH_TRY(sph_as4_cid_of_uri(uri, cid, err), err, "reference URI");
    SPH_TRY(sph_str_format(ref.uri, sizeof(ref.uri), err, "cid:%s", cid), err, "reference URI");
    *out = ref;
    return sph_ok();
}

size_t sph_as4_part_of_cid(const sph_as4_in *in, const char *cid)
{
    for (size_t i = 0; i < in->user.part_count; i++)
        if (strcmp(in->cid_of[i], cid) == 0)
            return i;
    return SIZE_MAX;
}

/* ------------------------------------------------------------------ opening */

void sph_as4_in_free(sph_as4_in **in)
{
    if (in == NULL || *in == NULL)
        return;
    sph_as4_in *m = *in;
    sph_xenc_key_free(&m->key);
    sph_cert_free(&m->signer);
    sph_dsig_free(&m->dsig);
    sph_xml_ids_free(&m->ids);
    sph_xml_free(&m->doc);
    sph_buf_clear(&m->root);
    sph_mem_free(m->texts);
    sph_mem_free(m);
    *in = NULL;
}

/** The root part, decoded and whole: nothing else of the message is ever parsed as XML here. */
static sph_rc load_root(sph_as4_in *in, sph_as4_fault *fault, sph_err *err)
{
    const struct sph_mime_part *part = &in->mime.part[0];
    if (part->len > in->limits->root_part * 2) /* base64 included: refuse before reading */
        return sph_as4_refuse(SPH_AS4_ROOT_LIMIT, fault, err, "%llu octets",
                              (unsigned long long)part->len);
    in->root = sph_buf_init(in->limits->root_part);
    SPH_AUTO_PTR(sph_mime_reader) *state = sph_mem_new(1, sizeof(*state));
    if (state == NULL)
        return sph_fail(err, SPH_ENOMEM, "no memory for the part reader");
    const sph_reader from = sph_mime_reader_of(state, &in->source, part);
    const sph_writer to = sph_writer_of_buf(&in->root);
    const sph_rc rc = sph_stream_copy(&from, &to, in->limits->root_part, NULL, err);
    const bool is_encoding = rc.code == SPH_EPARSE;
    SPH_TRY(sph_as4_blame(rc, is_encoding ? SPH_AS4_MIME_ENCODING : SPH_AS4_ROOT_LIMIT, fault, err),
            err, "reading the root part");
    in->root_sha256 = sph_sha256_of(sph_buf_peek(&in->root));
    return sph_ok();
}

/** Pre-scan, DOM, unique ids, fixed positions, header schema (as4.md 3, step 4). */
static sph_rc parse_root(sph_as4_in *in, sph_as4_fault *fault, sph_err *err)
{
    const struct sph_xml_limits limits = sph_xml_limits_root(in->limits);
    SPH_TRY(sph_as4_blame(sph_xml_parse(sph_buf_peek(&in->root), &limits, &in->doc, err),
                          SPH_AS4_XML, fault, err),
            err, "parsing the SOAP part");
    SPH_TRY(sph_as4_soap_locate(in, fault, err), err, "SOAP envelope");
    SPH_TRY(
        sph_as4_blame(sph_xml_ids_new(in->doc, &in->ids, err), SPH_AS4_DUPLICATE_ID, fault, err),
        err, "Id table");
    /* Every text we keep with its NUL is shorter than the markup it came from. */
    in->texts_room = in->root.len + 1;
    in->texts = sph_mem_new(in->texts_room, 1);
    if (in->texts == NULL)
        return sph_fail(err, SPH_ENOMEM, "no memory for header texts");
    SPH_TRY(sph_as4_header_read(in, fault, err), err, "eb:Messaging");
    return sph_as4_soap_body(in, fault, err);
}

static size_t mime_of_cid(const sph_mime *mime, const char *cid)
{
    for (size_t i = 1; i < mime->count; i++)
        if (strcmp(mime->part[i].cid, cid) == 0)
            return i;
    return SIZE_MAX;
}

/** PartInfo and MIME payload parts must be the same set (5.3); the order may differ. */
static sph_rc match_parts(sph_as4_in *in, sph_as4_fault *fault, sph_err *err)
{
    for (size_t i = 0; i < in->user.part_count; i++) {
        in->mime_of[i] = mime_of_cid(&in->mime, in->cid_of[i]);
        if (in->mime_of[i] == SIZE_MAX)
            return sph_as4_refuse(SPH_AS4_PART_MISSING, fault, err, "PartInfo %zu", i + 1);
    }
    /* Both sides are free of repetitions, so equal counts make equal sets. */
    if (in->mime.count - 1 > in->user.part_count)
        return sph_as4_refuse(SPH_AS4_MIME_UNANNOUNCED, fault, err, "%zu parts, %zu announced",
                              in->mime.count - 1, in->user.part_count);
    return sph_ok();
}

sph_rc sph_as4_open(const char *content_type, const sph_as4_source *source,
                    const struct sph_limits *limits, sph_as4_in **out, sph_as4_fault *fault,
                    sph_err *err)
{
    *fault = (sph_as4_fault){0};
    SPH_AUTO_PTR(sph_as4_in) *in = sph_mem_new(1, sizeof(*in));
    if (in == NULL)
        return sph_fail(err, SPH_ENOMEM, "no memory for a message");
    in->source = *source;
    in->limits = limits;
    SPH_TRY(sph_mime_split(content_type, &in->source, limits, &in->mime, fault, err), err, "MIME");
    SPH_TRY(load_root(in, fault, err), err, "root part");
    SPH_TRY(parse_root(in, fault, err), err, "SOAP part");
    SPH_TRY(match_parts(in, fault, err), err, "parts");
    *out = sph_move(in);
    return sph_ok();
}

sph_rc sph_as4_open_root(sph_slice root, const struct sph_limits *limits, sph_as4_in **out,
                         sph_as4_fault *fault, sph_err *err)
{
    *fault = (sph_as4_fault){0};
    SPH_AUTO_PTR(sph_as4_in) *in = sph_mem_new(1, sizeof(*in));
    if (in == NULL)
        return sph_fail(err, SPH_ENOMEM, "no memory for a message");
    in->source = (sph_as4_source){.bytes = root};
    in->limits = limits;
    in->is_root_alone = true;
    in->mime.count = 1;
    in->mime.part[0].len = root.len;
    SPH_TRY(load_root(in, fault, err), err, "root part");
    SPH_TRY(parse_root(in, fault, err), err, "SOAP part");
    *out = sph_move(in);
    return sph_ok();
}

enum sph_as4_kind sph_as4_in_kind(const sph_as4_in *in)
{
    return in->kind;
}

const sph_as4_user *sph_as4_in_user(const sph_as4_in *in)
{
    return in->kind == SPH_AS4_USER ? &in->user : NULL;
}

bool sph_as4_in_has(const sph_as4_in *in, enum sph_as4_kind kind)
{
    return in->unit[kind].node != NULL;
}

const char *sph_as4_in_id_of(const sph_as4_in *in, enum sph_as4_kind kind)
{
    return sph_as4_in_has(in, kind) ? in->unit[kind].message_id : NULL;
}

const char *sph_as4_in_ref_of(const sph_as4_in *in, enum sph_as4_kind kind)
{
    return in->unit[kind].ref_to[0] != 0 ? in->unit[kind].ref_to : NULL;
}

const char *sph_as4_in_message_id(const sph_as4_in *in)
{
    return in->unit[in->kind].message_id;
}

const char *sph_as4_in_ref_to(const sph_as4_in *in)
{
    return sph_as4_in_ref_of(in, in->kind);
}

int64_t sph_as4_in_timestamp_ms(const sph_as4_in *in)
{
    return in->unit[in->kind].time_ms;
}

const char *sph_as4_in_pull_mpc(const sph_as4_in *in)
{
    return in->kind == SPH_AS4_PULL ? in->user.mpc : NULL;
}

sph_slice sph_as4_in_root(const sph_as4_in *in)
{
    return sph_buf_peek(&in->root);
}

sph_hash sph_as4_in_root_sha256(const sph_as4_in *in)
{
    return in->root_sha256;
}
