#include "packet/draft.h"
#include "packet/packet_impl.h"
#include "packet/signature.h"

static void write_title(sph_xml_writer *w, const struct sph_packet_attachment *attachment)
{
    bool is_first = true;
    sph_xml_open(w, "title");
    for (int lang = 0; lang < SPH_LANG_COUNT; lang++) {
        if (!attachment->title[lang][0])
            continue;
        sph_xml_open(w, "text");
        sph_xml_set(w, "xml:lang", sph_lang_code((enum sph_lang)lang));
        sph_xml_set(w, "src", is_first ? "original" : "human");
        sph_xml_text(w, sph_slice_str(attachment->title[lang]));
        sph_xml_close(w);
        is_first = false;
    }
    if (is_first) { /* a title is required: the file's id says least */
        sph_xml_open(w, "text");
        sph_xml_set(w, "xml:lang", "en");
        sph_xml_set(w, "src", "original");
        sph_xml_text(w, sph_slice_str(attachment->id));
        sph_xml_close(w);
    }
    sph_xml_close(w);
}

static void write_attachment(sph_xml_writer *w, const struct sph_packet_attachment *attachment,
                             const char *level)
{
    char size[24];
    if (sph_str_format(size, sizeof(size), NULL, "%llu", (unsigned long long)attachment->size)
            .code != SPH_OK)
        size[0] = '\0';
    sph_xml_open(w, "attachment");
    sph_xml_set(w, "id", attachment->id);
    sph_xml_set(w, "mediaType", attachment->media_type);
    sph_xml_set(w, "size", size);
    sph_xml_set(w, "level", level);
    sph_xml_set(w, "containsPersonalData", "false");
    write_title(w, attachment);
    sph_xml_leaf_base64(w, "sha256", sph_slice_hash(&attachment->sha256));
    sph_xml_leaf_base64(w, "key", sph_slice_of(attachment->key, sizeof(attachment->key)));
    sph_xml_close(w);
}

static void write_attachments(sph_xml_writer *w, const struct sph_packet_new *values,
                              const sph_json *header)
{
    const char *classification = sph_json_get_text(header, "classification");
    const bool is_public = classification && strcmp(classification, "public") == 0;
    if (values->attachment_count == 0)
        return;
    sph_xml_open(w, "Attachments");
    for (size_t i = 0; i < values->attachment_count; i++)
        write_attachment(w, &values->attachments[i], is_public ? "0" : "1");
    sph_xml_close(w);
}

struct parts {
    enum sph_packet_type type;
    sph_json *header, *body;
    const struct sph_packet_new *values;
};

static void parts_clear(struct parts *parts)
{
    sph_json_free(&parts->header);
    sph_json_free(&parts->body);
}

static sph_rc write_packet(const struct sph_draft *draft, const struct parts *parts, sph_err *err)
{
    sph_xml_open(draft->w, "Packet");
    sph_xml_open(draft->w, "Header");
    SPH_TRY(sph_draft_write(draft, sph_fields_header(), parts->header, "header", err), err,
            "header");
    sph_xml_close(draft->w);
    sph_xml_open(draft->w, "Body");
    sph_xml_open(draft->w, sph_packet_body_name(parts->type));
    SPH_TRY(sph_draft_write(draft, sph_fields_body(parts->type), parts->body, "body", err), err,
            "body");
    sph_xml_close(draft->w);
    sph_xml_close(draft->w);
    write_attachments(draft->w, parts->values, parts->header);
    return sph_ok();
}

static void refuse_unknown(const struct parts *parts, const sph_json *draft, sph_findings *findings)
{
    const struct {
        const sph_json *object;
        const sph_field *fields;
    } objects[] = {{parts->header, sph_fields_header()},
                   {parts->body, sph_fields_body(parts->type)}};
    for (size_t i = 0; i < 2; i++)
        for (const char *key = sph_json_next_key(objects[i].object, NULL); key;
             key = sph_json_next_key(objects[i].object, key)) {
            const sph_field *field = objects[i].fields;
            while (field->name && strcmp(field->name, key) != 0)
                field++;
            if (!field->name)
                sph_finding_add(findings, "DRAFT", 0, "draft.unknown", key, "");
        }
    for (const char *key = sph_json_next_key(draft, NULL); key; key = sph_json_next_key(draft, key))
        if (strcmp(key, "type") != 0 && strcmp(key, "header") != 0 && strcmp(key, "body") != 0)
            sph_finding_add(findings, "DRAFT", 0, "draft.unknown", key, "");
}

static sph_rc prepare(const sph_json *draft, sph_slice document, sph_findings *findings,
                      struct parts *to, sph_err *err)
{
    const char *type = sph_json_get_text(draft, "type");
    if (!type || sph_packet_type_of(type, &to->type, err).code != SPH_OK) {
        sph_finding_add(findings, "DRAFT", 0, "draft.type", type ? type : "", "");
        return sph_fail(err, SPH_EREFUSED, "type of the draft");
    }
    SPH_TRY(sph_draft_header(draft, to->type, to->values, findings, &to->header, err), err,
            "header");
    SPH_TRY(sph_draft_body(draft, to->type, document, findings, &to->body, err), err, "body");
    refuse_unknown(to, draft, findings);
    return sph_ok();
}

static sph_rc write_signed(const struct parts *parts, sph_slice document,
                           const struct sph_packet_signer *signer, sph_findings *findings,
                           sph_buf *out, sph_err *err)
{
    const size_t start = out->len;
    SPH_AUTO_PTR(sph_xml_writer) *w = NULL;
    SPH_TRY(sph_xml_writer_new(sph_packet_prefixes, out, &w, err), err, "writer");
    const struct sph_draft draft = {w, findings, document};
    SPH_TRY(write_packet(&draft, parts, err), err, "packet");
    if (sph_findings_refuse(findings))
        return sph_fail(err, SPH_EREFUSED, "draft: %s", findings->at[0].name);
    return sph_signature_write(w, out, start, signer, parts->values->now_ms, err);
}

sph_rc sph_packet_build(const sph_json *draft, const struct sph_packet_new *values,
                        sph_slice document, const struct sph_packet_signer *signer,
                        sph_findings *findings, sph_buf *out, sph_err *err)
{
    const size_t start = out->len;
    __attribute__((cleanup(parts_clear))) struct parts parts = {.values = values};
    SPH_TRY(prepare(draft, document, findings, &parts, err), err, "draft");
    const sph_rc rc = write_signed(&parts, document, signer, findings, out, err);
    if (rc.code != SPH_OK)
        sph_buf_cut(out, start);
    return rc;
}
