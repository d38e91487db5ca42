#include "base/codec.h"
#include "packet/packet_impl.h"

#define VALUE_CAP 262144

/* The draft's own form (docs/drafts.md), so that what is read can be compared with what was
 * written. */
static sph_rc parts_json(const sph_field *fields, const sph_xml_node *node, sph_json *to,
                         sph_err *err);

static sph_rc text_json(const sph_xml_node *text, sph_json **out, sph_err *err)
{
    static const char *const names[] = {"src", "translatorRole", "date"};
    SPH_AUTO(sph_buf) value = sph_buf_init(VALUE_CAP);
    SPH_AUTO_PTR(sph_json) *json = sph_json_object();
    SPH_TRY(sph_xml_value(text, &value, err), err, "text");
    SPH_TRY(sph_json_set(json, "text", sph_json_str(sph_buf_peek(&value)), err), err, "text");
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        const char *attribute = sph_xml_attr(text, NULL, names[i]);
        if (attribute)
            SPH_TRY(sph_json_set(json, names[i], sph_json_text(attribute), err), err, "text");
    }
    *out = sph_move(json);
    return sph_ok();
}

static sph_rc ml_json(const sph_xml_node *node, sph_json *to, sph_err *err)
{
    for (const sph_xml_node *at = sph_xml_first(node); at; at = sph_xml_next(at)) {
        sph_json *text = NULL;
        const char *lang = sph_xml_attr(at, SPH_NS_XML, "lang");
        SPH_TRY(text_json(at, &text, err), err, "text");
        SPH_TRY(sph_json_set(to, lang ? lang : "", text, err), err, "text");
    }
    return sph_ok();
}

static sph_json *scalar(const sph_field *field, const char *text)
{
    uint64_t number = 0;
    if (field->kind == SPH_FIELD_NUMBER &&
        sph_slice_u64(sph_slice_str(text), INT64_MAX, &number, NULL).code == SPH_OK)
        return sph_json_int((int64_t)number);
    if (field->kind == SPH_FIELD_FLAG)
        return sph_json_bool(strcmp(text, "true") == 0);
    return sph_json_text(text);
}

static sph_rc value_json(const sph_field *field, const sph_xml_node *node, sph_json **out,
                         sph_err *err)
{
    SPH_AUTO(sph_buf) value = sph_buf_init(VALUE_CAP);
    SPH_TRY(sph_xml_value(node, &value, err), err, "value");
    *out = scalar(field, sph_buf_text(&value));
    return *out ? sph_ok() : sph_fail(err, SPH_ENOMEM, "value");
}

static sph_rc object_json(const sph_field *field, const sph_xml_node *node, sph_json *to,
                          sph_err *err)
{
    sph_json *value = NULL;
    if (field->parts)
        SPH_TRY(parts_json(field->parts, node, to, err), err, "%s", field->name);
    if (field->kind == SPH_FIELD_ML)
        return ml_json(node, to, err);
    if (field->kind == SPH_FIELD_GROUP || field->kind == SPH_FIELD_DOCUMENT)
        return sph_ok();
    SPH_TRY(value_json(field, node, &value, err), err, "%s", field->name);
    return sph_json_set(to, "value", value, err);
}

static sph_rc element_json(const sph_field *field, const sph_xml_node *node, sph_json **out,
                           sph_err *err)
{
    const bool is_plain = !field->parts && field->kind != SPH_FIELD_ML &&
                          field->kind != SPH_FIELD_GROUP && field->kind != SPH_FIELD_DOCUMENT;
    if (is_plain)
        return value_json(field, node, out, err);
    SPH_AUTO_PTR(sph_json) *object = sph_json_object();
    SPH_TRY(object_json(field, node, object, err), err, "%s", field->name);
    *out = sph_move(object);
    return sph_ok();
}

static sph_rc elements_json(const sph_field *field, const sph_xml_node *parent, sph_json *to,
                            sph_err *err)
{
    SPH_AUTO_PTR(sph_json) *list = sph_json_array();
    const sph_xml_node *at = sph_xml_child(parent, SPH_NS_PACKET, field->name);
    for (; sph_xml_is(at, SPH_NS_PACKET, field->name); at = sph_xml_next(at)) {
        sph_json *one = NULL;
        SPH_TRY(element_json(field, at, &one, err), err, "%s", field->name);
        if (field->max == 1)
            return sph_json_set(to, field->name, one, err);
        SPH_TRY(sph_json_add(list, one, err), err, "%s", field->name);
    }
    if (sph_json_count(list) == 0)
        return sph_ok();
    return sph_json_set(to, field->name, sph_move(list), err);
}

static sph_rc parts_json(const sph_field *fields, const sph_xml_node *node, sph_json *to,
                         sph_err *err)
{
    for (const sph_field *field = fields; field->name; field++) {
        const char *value = field->is_attribute ? sph_xml_attr(node, NULL, field->name) : NULL;
        if (value)
            SPH_TRY(sph_json_set(to, field->name, scalar(field, value), err), err, "%s",
                    field->name);
        if (!field->is_attribute)
            SPH_TRY(elements_json(field, node, to, err), err, "%s", field->name);
    }
    return sph_ok();
}

/* Without the content key: who may read the attachment asks the node for it. */
static sph_rc attachment_json(const struct sph_packet_attachment *attachment, sph_json **out,
                              sph_err *err)
{
    SPH_AUTO(sph_buf) digest = sph_buf_init(64);
    SPH_AUTO_PTR(sph_json) *json = sph_json_object();
    SPH_AUTO_PTR(sph_json) *title = sph_json_object();
    SPH_TRY(sph_hex_encode(sph_slice_hash(&attachment->sha256), &digest, err), err, "digest");
    for (int lang = 0; lang < SPH_LANG_COUNT; lang++)
        if (attachment->title[lang][0])
            SPH_TRY(sph_json_set(title, sph_lang_code((enum sph_lang)lang),
                                 sph_json_text(attachment->title[lang]), err),
                    err, "title");
    SPH_TRY(sph_json_set(json, "id", sph_json_text(attachment->id), err), err, "id");
    SPH_TRY(sph_json_set(json, "mediaType", sph_json_text(attachment->media_type), err), err,
            "media type");
    SPH_TRY(sph_json_set(json, "size", sph_json_int((int64_t)attachment->size), err), err, "size");
    SPH_TRY(sph_json_set(json, "sha256", sph_json_str(sph_buf_peek(&digest)), err), err, "digest");
    SPH_TRY(sph_json_set(json, "title", sph_move(title), err), err, "title");
    *out = sph_move(json);
    return sph_ok();
}

static sph_rc attachments_json(const sph_packet *packet, sph_json *to, sph_err *err)
{
    SPH_AUTO_PTR(sph_json) *list = sph_json_array();
    for (size_t i = 0; i < packet->attachment_count; i++) {
        sph_json *one = NULL;
        SPH_TRY(attachment_json(&packet->attachments[i], &one, err), err, "attachment");
        SPH_TRY(sph_json_add(list, one, err), err, "attachment");
    }
    return sph_json_set(to, "attachments", sph_move(list), err);
}

sph_rc sph_packet_to_json(const sph_packet *packet, sph_json **out, sph_err *err)
{
    SPH_AUTO_PTR(sph_json) *json = sph_json_object();
    SPH_AUTO_PTR(sph_json) *header = sph_json_object();
    SPH_AUTO_PTR(sph_json) *body = sph_json_object();
    const sph_xml_node *node = sph_xml_child(sph_xml_root(packet->doc), SPH_NS_PACKET, "Header");
    SPH_TRY(parts_json(sph_fields_header(), node, header, err), err, "header");
    SPH_TRY(parts_json(sph_fields_body(packet->header.type), packet->body, body, err), err, "body");
    SPH_TRY(
        sph_json_set(json, "type", sph_json_text(sph_packet_type_name(packet->header.type)), err),
        err, "type");
    SPH_TRY(sph_json_set(json, "header", sph_move(header), err), err, "header");
    SPH_TRY(sph_json_set(json, "body", sph_move(body), err), err, "body");
    SPH_TRY(attachments_json(packet, json, err), err, "attachments");
    *out = sph_move(json);
    return sph_ok();
}
