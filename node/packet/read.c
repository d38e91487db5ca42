#include "base/codec.h"
#include "packet/packet_impl.h"

#define KEY_LEN 32

static sph_rc read_ids(const sph_xml_node *node, sph_packet_header *to, sph_err *err)
{
    const struct {
        const char *name;
        char *to;
        size_t room;
    } fields[] = {
        {"packetId", to->packet_id, sizeof(to->packet_id)},
        {"nonce", to->nonce, sizeof(to->nonce)},
        {"schemaVersion", to->schema_version, sizeof(to->schema_version)},
        {"mode", to->mode, sizeof(to->mode)},
        {"threadId", to->thread_id, sizeof(to->thread_id)},
        {"inReplyTo", to->in_reply_to, sizeof(to->in_reply_to)},
        {"personalData", to->personal_data, sizeof(to->personal_data)},
        {"purpose", to->purpose, sizeof(to->purpose)},
        {"supersedes", to->supersedes, sizeof(to->supersedes)},
    };
    for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
        SPH_TRY(sph_packet_child_text(node, fields[i].name, fields[i].to, fields[i].room, err), err,
                "%s", fields[i].name);
    return sph_ok();
}

static sph_rc read_type(const sph_xml_node *node, sph_packet_header *to, sph_err *err)
{
    char text[64];
    SPH_TRY(sph_packet_child_text(node, "type", text, sizeof(text), err), err, "type");
    SPH_TRY(sph_packet_type_of(text, &to->type, err), err, "type");
    SPH_TRY(sph_packet_child_text(node, "classification", text, sizeof(text), err), err,
            "classification");
    for (int i = SPH_CLASS_PUBLIC; i <= SPH_CLASS_SEALED; i++)
        if (strcmp(text, sph_classification_name((enum sph_classification)i)) == 0) {
            to->classification = (enum sph_classification)i;
            return sph_ok();
        }
    return sph_fail(err, SPH_EPARSE, "classification");
}

static sph_rc read_numbers(const sph_xml_node *node, sph_packet_header *to, sph_err *err)
{
    char text[SPH_ERR_TEXT];
    uint64_t seq = 0;
    SPH_TRY(sph_packet_child_text(node, "issuedAt", text, sizeof(text), err), err, "issuedAt");
    SPH_TRY(sph_time_parse(sph_slice_str(text), &to->issued_ms, err), err, "issuedAt");
    SPH_TRY(sph_packet_child_text(node, "seq", text, sizeof(text), err), err, "seq");
    if (text[0])
        SPH_TRY(sph_slice_u64(sph_slice_str(text), UINT32_MAX, &seq, err), err, "seq");
    to->seq = (uint32_t)seq;
    return sph_ok();
}

static sph_rc read_groups(const sph_xml_node *node, sph_packet_header *to, sph_err *err)
{
    const sph_xml_node *issuer = sph_xml_child(node, SPH_NS_PACKET, "issuer");
    const sph_xml_node *retention = sph_xml_child(node, SPH_NS_PACKET, "retention");
    SPH_TRY(sph_packet_attr_text(issuer, "party", to->issuer, sizeof(to->issuer), err), err,
            "issuer");
    SPH_TRY(sph_packet_attr_text(issuer, "unit", to->issuer_unit, sizeof(to->issuer_unit), err),
            err, "unit");
    SPH_TRY(sph_packet_attr_text(issuer, "role", to->issuer_role, sizeof(to->issuer_role), err),
            err, "role");
    SPH_TRY(sph_packet_attr_text(retention, "class", to->retention_class,
                                 sizeof(to->retention_class), err),
            err, "retention class");
    return sph_packet_attr_text(retention, "until", to->retention_until,
                                sizeof(to->retention_until), err);
}

static sph_rc read_lists(const sph_xml_node *node, sph_packet_header *to, sph_err *err)
{
    for (const sph_xml_node *at = sph_xml_first(node); at; at = sph_xml_next(at)) {
        if (sph_xml_is(at, SPH_NS_PACKET, "audience")) {
            if (to->audience_count == 16)
                return sph_fail(err, SPH_ELIMIT, "audience");
            SPH_TRY(sph_xml_value_text(at, to->audience[to->audience_count++], SPH_PARTY_ROOM, err),
                    err, "audience");
        }
        if (sph_xml_is(at, SPH_NS_PACKET, "language")) {
            if (to->language_count == 3)
                return sph_fail(err, SPH_ELIMIT, "languages");
            SPH_TRY(sph_xml_value_text(at, to->language[to->language_count++], 3, err), err,
                    "language");
        }
    }
    return sph_ok();
}

static sph_rc read_header(sph_packet *packet, const sph_xml_node *node, sph_err *err)
{
    sph_packet_header *to = &packet->header;
    SPH_TRY(read_ids(node, to, err), err, "ids");
    SPH_TRY(read_type(node, to, err), err, "type");
    SPH_TRY(read_numbers(node, to, err), err, "numbers");
    SPH_TRY(read_groups(node, to, err), err, "issuer and retention");
    return read_lists(node, to, err);
}

static sph_rc read_octets(const sph_xml_node *node, const char *name, uint8_t *to, sph_err *err)
{
    char text[64];
    SPH_AUTO(sph_buf) octets = sph_buf_init(KEY_LEN);
    SPH_TRY(sph_packet_child_text(node, name, text, sizeof(text), err), err, "%s", name);
    SPH_TRY(sph_base64_decode(sph_slice_str(text), &octets, err), err, "%s", name);
    if (octets.len != KEY_LEN)
        return sph_fail(err, SPH_EPARSE, "%s of %zu octets", name, octets.len);
    return sph_bytes_copy(to, KEY_LEN, sph_buf_peek(&octets), err);
}

static sph_rc read_title(const sph_xml_node *node, struct sph_packet_attachment *to, sph_err *err)
{
    const sph_xml_node *title = sph_xml_child(node, SPH_NS_PACKET, "title");
    for (const sph_xml_node *at = sph_xml_first(title); at; at = sph_xml_next(at)) {
        const enum sph_lang lang = sph_lang_of(sph_xml_attr(at, SPH_NS_XML, "lang"));
        SPH_TRY(sph_xml_value_text(at, to->title[lang], sizeof(to->title[lang]), err), err,
                "title");
    }
    return sph_ok();
}

static sph_rc read_attachment(const sph_xml_node *node, struct sph_packet_attachment *to,
                              sph_err *err)
{
    SPH_TRY(sph_packet_attr_text(node, "id", to->id, sizeof(to->id), err), err, "id");
    SPH_TRY(sph_packet_attr_text(node, "mediaType", to->media_type, sizeof(to->media_type), err),
            err, "media type");
    SPH_TRY(
        sph_slice_u64(sph_slice_str(sph_xml_attr(node, NULL, "size")), INT64_MAX, &to->size, err),
        err, "size");
    SPH_TRY(read_octets(node, "sha256", to->sha256.at, err), err, "digest");
    SPH_TRY(read_octets(node, "key", to->key, err), err, "key");
    return read_title(node, to, err);
}

static sph_rc read_attachments(sph_packet *packet, const sph_xml_node *list, sph_err *err)
{
    const size_t count = sph_xml_child_count(list);
    if (count == 0)
        return sph_ok();
    packet->attachments = sph_mem_new(count, sizeof(*packet->attachments));
    if (!packet->attachments)
        return sph_fail(err, SPH_ENOMEM, "attachments");
    packet->attachment_count = count;
    size_t i = 0;
    for (const sph_xml_node *at = sph_xml_first(list); at; at = sph_xml_next(at), i++)
        SPH_TRY(read_attachment(at, &packet->attachments[i], err), err, "attachment %zu", i + 1);
    return sph_ok();
}

sph_rc sph_packet_read(sph_packet *packet, sph_err *err)
{
    const sph_xml_node *root = sph_xml_root(packet->doc);
    const sph_xml_node *header = NULL;
    const sph_xml_node *body = NULL;
    SPH_TRY(sph_xml_only(root, SPH_NS_PACKET, "Header", &header, err), err, "header");
    SPH_TRY(sph_xml_only(root, SPH_NS_PACKET, "Body", &body, err), err, "body");
    SPH_TRY(read_header(packet, header, err), err, "header");
    packet->body = sph_xml_first(body);
    if (!sph_xml_is(packet->body, SPH_NS_PACKET, sph_packet_body_name(packet->header.type)))
        return sph_fail(err, SPH_EREFUSED, "the body is not of the header's type");
    return read_attachments(packet, sph_xml_child(root, SPH_NS_PACKET, "Attachments"), err);
}
