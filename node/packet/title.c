#include "packet/view.h"

#include "base/unicode.h"

#define TITLE_POINTS 80

/* The first line, cut at 80 characters with a sign that there is more. */
static sph_rc add_start(sph_slice text, sph_buf *out, sph_err *err)
{
    size_t at = 0;
    size_t count = 0;
    size_t end = 0;
    uint32_t point = 0;
    while (count < TITLE_POINTS && sph_utf8_next(text, &at, &point) && point != '\n') {
        end = at;
        count++;
    }
    SPH_TRY(sph_unicode_clean(sph_slice_sub(text, 0, end), out, err), err, "title");
    return end < text.len ? sph_buf_add_text(out, "…", err) : sph_ok();
}

static sph_rc add_ml(const sph_xml_node *ml, enum sph_lang lang, sph_buf *out, sph_err *err)
{
    SPH_AUTO(sph_buf) text = sph_buf_init(131072);
    SPH_TRY(sph_xml_value(sph_view_text(ml, lang), &text, err), err, "text");
    return add_start(sph_buf_peek(&text), out, err);
}

static const sph_xml_node *field(const sph_packet *packet, const char *name)
{
    return sph_xml_child(packet->body, SPH_NS_PACKET, name);
}

static sph_rc add_case(const sph_packet *packet, enum sph_lang lang, sph_buf *out, sph_err *err)
{
    const sph_xml_node *akn = sph_xml_first(field(packet, "document"));
    const sph_xml_node *judgment = sph_xml_child(akn, SPH_NS_AKN, "judgment");
    const sph_xml_node *meta = sph_xml_child(judgment, SPH_NS_AKN, "meta");
    const sph_xml_node *node = sph_xml_child(meta, SPH_NS_AKN, "identification");
    const sph_xml_node *work = sph_xml_child(node, SPH_NS_AKN, "FRBRWork");
    const char *name = sph_xml_attr(sph_xml_child(work, SPH_NS_AKN, "FRBRname"), NULL, "value");
    char number[300];
    if (name && *name)
        return add_start(sph_slice_str(name), out, err);
    SPH_TRY(sph_packet_child_text(packet->body, "caseNumber", number, sizeof(number), err), err,
            "number");
    SPH_TRY(add_ml(field(packet, "holding"), lang, out, err), err, "holding");
    SPH_TRY(sph_buf_add_text(out, " · ", err), err, "title");
    return sph_unicode_clean(sph_slice_str(number), out, err);
}

static sph_rc add_response(const sph_packet *packet, enum sph_lang lang, sph_buf *out, sph_err *err)
{
    char action[64];
    SPH_TRY(sph_packet_child_text(packet->body, "action", action, sizeof(action), err), err,
            "action");
    SPH_TRY(sph_view_code("action", action, lang, out, err), err, "action");
    if (!field(packet, "text"))
        return sph_ok();
    SPH_TRY(sph_buf_add_text(out, ": ", err), err, "title");
    return add_ml(field(packet, "text"), lang, out, err);
}

static sph_rc add_notice(const sph_packet *packet, enum sph_lang lang, sph_buf *out, sph_err *err)
{
    char kind[64];
    SPH_TRY(sph_packet_child_text(packet->body, "kind", kind, sizeof(kind), err), err, "kind");
    return sph_view_code("notice", kind, lang, out, err);
}

static sph_rc add_title(const sph_packet *packet, enum sph_lang lang, sph_buf *out, sph_err *err)
{
    switch (packet->header.type) {
    case SPH_PACKET_CASE_LAW:
        return add_case(packet, lang, out, err);
    case SPH_PACKET_ASSISTANCE_RESPONSE:
        return add_response(packet, lang, out, err);
    case SPH_PACKET_ASSISTANCE_REQUEST:
        return add_ml(field(packet, "question"), lang, out, err);
    case SPH_PACKET_RESOURCE:
        return add_ml(field(packet, "name"), lang, out, err);
    case SPH_PACKET_DIRECTORY:
        return add_ml(field(packet, "names"), lang, out, err);
    case SPH_PACKET_NOTICE:
        return add_notice(packet, lang, out, err);
    case SPH_PACKET_TYPE_COUNT:
        break;
    }
    return sph_fail(err, SPH_EARG, "packet type");
}

sph_rc sph_packet_title(const sph_packet *packet, enum sph_lang lang, sph_buf *out, sph_err *err)
{
    SPH_AUTO(sph_buf) title = sph_buf_init(8192);
    SPH_TRY(add_title(packet, lang, &title, err), err, "title");
    return sph_buf_add(out, sph_buf_peek(&title), err);
}
