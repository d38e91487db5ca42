#include "packet/view.h"

#include "base/codec.h"
#include "base/unicode.h"

#define TEXT_CAP (8u << 20)
#define EXCERPT 4000
#define INDENT 2

struct page {
    const sph_packet *packet;
    enum sph_lang lang;
    sph_buf *out;
    sph_err *err;
    unsigned depth;
};

static sph_rc indent(const struct page *page)
{
    for (unsigned i = 0; i < page->depth * INDENT; i++)
        SPH_TRY(sph_buf_add_byte(page->out, ' ', page->err), page->err, "indent");
    return sph_ok();
}

static sph_rc add_label(const struct page *page, const char *name)
{
    char key[96];
    SPH_TRY(indent(page), page->err, "label");
    SPH_TRY(sph_str_format(key, sizeof(key), page->err, "field.%s", name), page->err, "label");
    if (sph_text_has(key))
        return sph_buf_addf(page->out, page->err, "%s: ", sph_text(page->lang, key));
    return sph_buf_addf(page->out, page->err, "%s: ", name);
}

/* Text of several lines: each cleaned, all but the first behind the indent. */
static sph_rc add_lines(const struct page *page, sph_slice text)
{
    while (text.len > 0) {
        const size_t end = sph_slice_find(text, SPH_LIT("\n"), 0);
        const sph_slice line = sph_slice_sub(text, 0, end == SIZE_MAX ? text.len : end);
        SPH_TRY(sph_unicode_clean(line, page->out, page->err), page->err, "line");
        text = sph_slice_sub(text, line.len + 1, text.len);
        SPH_TRY(sph_buf_add_byte(page->out, '\n', page->err), page->err, "line");
        if (text.len > 0)
            SPH_TRY(indent(page), page->err, "line");
    }
    return sph_ok();
}

static sph_rc add_badge(const struct page *page, const sph_xml_node *text)
{
    const char *src = sph_xml_attr(text, NULL, "src");
    const char *key = src && strcmp(src, "machine") == 0 ? "badge.machine"
                      : src && strcmp(src, "human") == 0 ? "badge.human"
                                                         : NULL;
    if (!key)
        return sph_ok();
    return sph_buf_addf(page->out, page->err, "[%s] ", sph_text(page->lang, key));
}

static sph_rc add_ml(const struct page *page, const sph_xml_node *node)
{
    const sph_xml_node *text = sph_view_text(node, page->lang);
    SPH_AUTO(sph_buf) value = sph_buf_init(131072);
    SPH_TRY(sph_xml_value(text, &value, page->err), page->err, "text");
    SPH_TRY(add_badge(page, text), page->err, "badge");
    return add_lines(page, sph_buf_peek(&value));
}

static sph_rc add_value(const struct page *page, const sph_field *field, const char *value)
{
    SPH_TRY(sph_view_value(field, value, page->lang, page->out, page->err), page->err, "value");
    return sph_buf_add_byte(page->out, '\n', page->err);
}

/* The judgment: its names, and how it begins. */
static sph_rc add_document(const struct page *page, const sph_xml_node *node)
{
    const sph_xml_node *akn = sph_xml_first(node);
    SPH_AUTO(sph_buf) text = sph_buf_init(TEXT_CAP);
    if (!akn)
        return sph_buf_addf(page->out, page->err, "%s\n",
                            sph_text(page->lang, "packet.reference-only"));
    const sph_xml_node *judgment = sph_xml_child(akn, SPH_NS_AKN, "judgment");
    const sph_xml_node *parts[] = {sph_xml_child(judgment, SPH_NS_AKN, "header"),
                                   sph_xml_child(judgment, SPH_NS_AKN, "judgmentBody")};
    for (size_t i = 0; i < 2; i++)
        if (parts[i])
            SPH_TRY(sph_xml_all_text(parts[i], &text, page->err), page->err, "judgment");
    size_t end = text.len < EXCERPT ? text.len : EXCERPT;
    while (end > 0 && end < text.len && (text.at[end] & 0xc0) == 0x80)
        end--;
    SPH_TRY(add_lines(page, sph_slice_sub(sph_buf_peek(&text), 0, end)), page->err, "judgment");
    if (end == text.len)
        return sph_ok();
    return sph_buf_addf(page->out, page->err, "… %s\n", sph_text(page->lang, "packet.more"));
}

static sph_rc add_parts(const struct page *page, const sph_field *fields, const sph_xml_node *node);

static sph_rc add_element(const struct page *page, const sph_field *field, const sph_xml_node *node)
{
    struct page inner = *page;
    inner.depth++;
    SPH_AUTO(sph_buf) value = sph_buf_init(131072);
    SPH_TRY(add_label(page, field->name), page->err, "%s", field->name);
    if (field->kind == SPH_FIELD_ML)
        SPH_TRY(add_ml(&inner, node), page->err, "%s", field->name);
    else if (field->kind == SPH_FIELD_DOCUMENT)
        return add_document(&inner, node);
    else if (field->kind == SPH_FIELD_GROUP)
        SPH_TRY(sph_buf_add_byte(page->out, '\n', page->err), page->err, "%s", field->name);
    else {
        SPH_TRY(sph_xml_value(node, &value, page->err), page->err, "%s", field->name);
        SPH_TRY(add_value(page, field, sph_buf_text(&value)), page->err, "%s", field->name);
    }
    return field->parts ? add_parts(&inner, field->parts, node) : sph_ok();
}

/* Keys and certificates of a card say nothing to a reader. */
static bool is_for_machines(const sph_field *field)
{
    static const char *const names[] = {"root",  "certificate", "crl",    "personKey",
                                        "nonce", "log",         "witness"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (strcmp(names[i], field->name) == 0)
            return true;
    return false;
}

static sph_rc add_field(const struct page *page, const sph_field *field, const sph_xml_node *node)
{
    if (field->is_attribute) {
        const char *value = sph_xml_attr(node, NULL, field->name);
        if (!value)
            return sph_ok();
        SPH_TRY(add_label(page, field->name), page->err, "%s", field->name);
        return add_value(page, field, value);
    }
    const sph_xml_node *child = sph_xml_child(node, SPH_NS_PACKET, field->name);
    for (; sph_xml_is(child, SPH_NS_PACKET, field->name); child = sph_xml_next(child))
        SPH_TRY(add_element(page, field, child), page->err, "%s", field->name);
    return sph_ok();
}

static sph_rc add_parts(const struct page *page, const sph_field *fields, const sph_xml_node *node)
{
    for (const sph_field *field = fields; field->name; field++)
        if (!is_for_machines(field))
            SPH_TRY(add_field(page, field, node), page->err, "%s", field->name);
    return sph_ok();
}

static sph_rc add_line(const struct page *page, const char *name, const char *list,
                       const char *value)
{
    SPH_TRY(add_label(page, name), page->err, "%s", name);
    SPH_TRY(sph_view_code(list, value, page->lang, page->out, page->err), page->err, "%s", name);
    return sph_buf_add_byte(page->out, '\n', page->err);
}

static sph_rc add_audience(const struct page *page)
{
    const sph_packet_header *header = &page->packet->header;
    SPH_TRY(add_label(page, "audience"), page->err, "audience");
    for (size_t i = 0; i < header->audience_count; i++) {
        if (i > 0)
            SPH_TRY(sph_buf_add_text(page->out, ", ", page->err), page->err, "audience");
        SPH_TRY(sph_view_code("audience", header->audience[i], page->lang, page->out, page->err),
                page->err, "audience");
    }
    return sph_buf_add_byte(page->out, '\n', page->err);
}

/* What it is for, by which right, and how long it may be kept. */
static sph_rc add_bases(const struct page *page)
{
    const sph_xml_node *header =
        sph_xml_child(sph_xml_root(page->packet->doc), SPH_NS_PACKET, "Header");
    const sph_field *field = sph_fields_header();
    while (field->name && strcmp(field->name, "legalBasis") != 0)
        field++;
    const sph_xml_node *basis = sph_xml_child(header, SPH_NS_PACKET, "legalBasis");
    for (; sph_xml_is(basis, SPH_NS_PACKET, "legalBasis"); basis = sph_xml_next(basis))
        SPH_TRY(add_element(page, field, basis), page->err, "legal basis");
    return sph_ok();
}

static sph_rc add_retention(const struct page *page)
{
    const sph_packet_header *header = &page->packet->header;
    int32_t days = 0;
    SPH_AUTO(sph_buf) class = sph_buf_init(1024);
    SPH_AUTO(sph_buf) date = sph_buf_init(1024);
    SPH_TRY(add_label(page, "retention"), page->err, "retention");
    SPH_TRY(sph_view_code("retention", header->retention_class, page->lang, &class, page->err),
            page->err, "class");
    SPH_TRY(sph_date_parse(sph_slice_str(header->retention_until), &days, page->err), page->err,
            "until");
    SPH_TRY(sph_lang_date(page->lang, days, &date, page->err), page->err, "until");
    SPH_TRY(
        sph_text_format(page->lang, "packet.retention",
                        SPH_ARGS({"class", sph_buf_text(&class)}, {"date", sph_buf_text(&date)}),
                        page->out, page->err),
        page->err, "retention");
    return sph_buf_add_byte(page->out, '\n', page->err);
}

static sph_rc add_purpose(const struct page *page)
{
    const sph_packet_header *header = &page->packet->header;
    SPH_TRY(add_line(page, "classification", "classification",
                     sph_classification_name(header->classification)),
            page->err, "classification");
    SPH_TRY(add_line(page, "personalData", "personal-data", header->personal_data), page->err,
            "personal data");
    SPH_TRY(add_line(page, "purpose", "purpose", header->purpose), page->err, "purpose");
    SPH_TRY(add_bases(page), page->err, "legal basis");
    SPH_TRY(add_retention(page), page->err, "retention");
    return sph_buf_add_byte(page->out, '\n', page->err);
}

static sph_rc add_header(const struct page *page)
{
    const sph_packet_header *header = &page->packet->header;
    SPH_TRY(
        sph_view_code("type", sph_packet_type_name(header->type), page->lang, page->out, page->err),
        page->err, "type");
    SPH_TRY(sph_buf_add_text(page->out, "\n", page->err), page->err, "type");
    SPH_TRY(add_line(page, "packetId", NULL, header->packet_id), page->err, "id");
    SPH_TRY(add_line(page, "issuer", NULL, header->issuer), page->err, "issuer");
    SPH_TRY(add_audience(page), page->err, "audience");
    SPH_TRY(add_label(page, "issuedAt"), page->err, "time");
    SPH_TRY(sph_lang_time(page->lang, header->issued_ms, page->out, page->err), page->err, "time");
    SPH_TRY(sph_buf_add_text(page->out, "\n", page->err), page->err, "time");
    if (header->thread_id[0])
        SPH_TRY(add_line(page, "threadId", NULL, header->thread_id), page->err, "thread");
    if (strcmp(header->mode, "training") == 0)
        SPH_TRY(add_line(page, "mode", "mode", header->mode), page->err, "mode");
    return add_purpose(page);
}

static const char *title_of(const struct sph_packet_attachment *attachment, enum sph_lang lang)
{
    if (attachment->title[lang][0])
        return attachment->title[lang];
    for (size_t i = 0; i < SPH_LANG_COUNT; i++)
        if (attachment->title[i][0])
            return attachment->title[i];
    return attachment->id;
}

static sph_rc add_attachment(const struct page *page, const struct sph_packet_attachment *one)
{
    char size[24];
    SPH_AUTO(sph_buf) media = sph_buf_init(1024);
    SPH_TRY(add_label(page, "attachment"), page->err, "attachment");
    SPH_TRY(sph_view_code("media", one->media_type, page->lang, &media, page->err), page->err,
            "media type");
    SPH_TRY(sph_str_format(size, sizeof(size), page->err, "%llu", (unsigned long long)one->size),
            page->err, "size");
    SPH_TRY(sph_text_format(page->lang, "packet.attachment",
                            SPH_ARGS({"title", title_of(one, page->lang)}, {"id", one->id},
                                     {"media", sph_buf_text(&media)}, {"size", size}),
                            page->out, page->err),
            page->err, "attachment");
    return sph_buf_add_byte(page->out, '\n', page->err);
}

static sph_rc add_attachments(const struct page *page)
{
    for (size_t i = 0; i < page->packet->attachment_count; i++)
        SPH_TRY(add_attachment(page, &page->packet->attachments[i]), page->err, "attachment");
    return sph_ok();
}

static sph_rc render(const struct page *page)
{
    SPH_TRY(add_header(page), page->err, "header");
    SPH_TRY(add_parts(page, sph_fields_body(page->packet->header.type), page->packet->body),
            page->err, "body");
    return add_attachments(page);
}

sph_rc sph_packet_render_text(const sph_packet *packet, enum sph_lang lang, sph_buf *out,
                              sph_err *err)
{
    SPH_AUTO(sph_buf) text = sph_buf_init(TEXT_CAP);
    const struct page page = {packet, lang, &text, err, 0};
    SPH_TRY(render(&page), err, "rendering");
    return sph_buf_add(out, sph_buf_peek(&text), err);
}
