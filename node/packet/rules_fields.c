#include "packet/rules.h"

#include "base/unicode.h"
#include "packet/leak_report.h"
#include "packet/vocabulary.h"

#define TEXT_CAP 131072
#define CODE_ROOM 64

struct walk {
    const struct sph_rules *rules;
    const sph_xml_node *node;       /* being looked at */
    bool screens;                   /* what partners or the public may read (DP-03, PK-05) */
    struct sph_leak_report *report; /* NULL: nothing is screened */
};

static void add(const struct walk *walk, const char *rule, const char *key, const char *name,
                const char *value)
{
    sph_finding_add(walk->rules->findings, rule, sph_xml_line(walk->node), key, name, value);
}

/* PK-08: a code that its list does not have. */
static void check_code(const struct walk *walk, const sph_field *field, const char *code)
{
    if (!sph_vocabulary_has(field->list, sph_slice_str(code)))
        add(walk, "PK-08", "packet.code", field->name, field->level < 2 ? code : "");
}

static unsigned line_in(const struct walk *walk, sph_slice text, size_t at)
{
    /* libxml2 gives the line on which the start tag ends; the text begins there. */
    unsigned line = sph_xml_line(walk->node);
    for (size_t i = 0; i < at && i < text.len; i++)
        line += text.at[i] == '\n';
    return line;
}

/* Most values are plain ASCII, of which only control characters are at fault. */
static bool is_plain(sph_slice text)
{
    for (size_t i = 0; i < text.len; i++)
        if (text.at[i] < 0x20 || text.at[i] > 0x7e)
            return false;
    return true;
}

/* PK-09 */
static sph_rc check_characters(const struct walk *walk, const char *name, sph_slice text,
                               sph_err *err)
{
    size_t at = 0;
    const sph_rc rc = is_plain(text) ? sph_ok() : sph_unicode_check(text, &at, NULL);
    if (rc.code == SPH_ENOMEM)
        return sph_fail(err, rc.code, "characters");
    if (rc.code != SPH_OK)
        sph_finding_add(walk->rules->findings, "PK-09", line_in(walk, text, at),
                        "packet.characters", name, "");
    return sph_ok();
}

static sph_rc check_text(const struct walk *walk, const sph_field *field, const char *name,
                         sph_slice text, sph_err *err)
{
    SPH_TRY(check_characters(walk, name, text, err), err, "text");
    if (!walk->report || (field->kind != SPH_FIELD_TEXT && field->kind != SPH_FIELD_ML))
        return sph_ok();
    /* libxml2 gives the line on which the start tag ends; the text begins there. */
    return sph_leak_report_text(walk->report, name, sph_xml_line(walk->node), text, err);
}

/* PK-08: every language once, exactly one original. */
static sph_rc check_ml(struct walk *walk, const sph_field *field, const sph_xml_node *node,
                       sph_err *err)
{
    unsigned originals = 0;
    unsigned languages = 0;
    SPH_AUTO(sph_buf) text = sph_buf_init(TEXT_CAP);
    for (const sph_xml_node *at = sph_xml_first(node); at; at = sph_xml_next(at)) {
        const char *lang = sph_xml_attr(at, SPH_NS_XML, "lang");
        const char *src = sph_xml_attr(at, NULL, "src");
        const unsigned bit = 1u << sph_lang_of(lang);
        walk->node = at;
        if (!lang || strcmp(sph_lang_code(sph_lang_of(lang)), lang) != 0 || (languages & bit) != 0)
            add(walk, "PK-08", "packet.ml-language", field->name, lang);
        languages |= bit;
        originals += src && strcmp(src, "original") == 0;
        sph_buf_cut(&text, 0);
        SPH_TRY(sph_xml_value(at, &text, err), err, "text");
        SPH_TRY(check_text(walk, field, field->name, sph_buf_peek(&text), err), err, "text");
    }
    walk->node = node;
    if (originals != 1)
        add(walk, "PK-08", "packet.ml-original", field->name, "");
    return sph_ok();
}

static sph_rc check_value(struct walk *walk, const sph_field *field, const sph_xml_node *node,
                          sph_err *err)
{
    SPH_AUTO(sph_buf) text = sph_buf_init(TEXT_CAP);
    SPH_TRY(sph_xml_value(node, &text, err), err, "value");
    return check_text(walk, field, field->name, sph_buf_peek(&text), err);
}

static sph_rc check_element_code(struct walk *walk, const sph_field *field,
                                 const sph_xml_node *node, sph_err *err)
{
    char code[CODE_ROOM];
    SPH_TRY(sph_xml_value_text(node, code, sizeof(code), err), err, "code");
    check_code(walk, field, code);
    return sph_ok();
}

/* PK-05: nothing of level 2 or 3 in what partners or the public may read. */
static void check_level(const struct walk *walk, const sph_field *field)
{
    if (field->level >= 2 && walk->screens)
        add(walk, "PK-05", "packet.level", field->name, "");
}

static sph_rc check_attribute(const struct walk *walk, const sph_field *field, const char *value,
                              sph_err *err)
{
    if (field->kind == SPH_FIELD_CODE) {
        check_code(walk, field, value);
        return sph_ok();
    }
    return check_text(walk, field, field->name, sph_slice_str(value), err);
}

static sph_rc visit(void *arg, const sph_field *field, const sph_xml_node *node, const char *value,
                    sph_err *err)
{
    struct walk *walk = arg;
    walk->node = node;
    check_level(walk, field);
    if (value)
        return check_attribute(walk, field, value, err);
    if (field->kind == SPH_FIELD_ML)
        return check_ml(walk, field, node, err);
    if (field->kind == SPH_FIELD_CODE)
        return check_element_code(walk, field, node, err);
    if (field->kind == SPH_FIELD_GROUP || field->kind == SPH_FIELD_DOCUMENT)
        return sph_ok();
    return check_value(walk, field, node, err);
}

static sph_rc check_attachment(struct walk *walk, const sph_xml_node *node, sph_err *err)
{
    static const sph_field title = {"title", SPH_FIELD_ML, 1, 1, 1, false, NULL, NULL};
    uint64_t level = 0;
    walk->node = node;
    SPH_TRY(sph_slice_u64(sph_slice_str(sph_xml_attr(node, NULL, "level")), 3, &level, err), err,
            "attachment level");
    if (level >= 2 && walk->screens)
        add(walk, "PK-05", "packet.level", "attachment", "");
    return check_ml(walk, &title, sph_xml_child(node, SPH_NS_PACKET, "title"), err);
}

static sph_rc check_fields(struct walk *walk, sph_err *err)
{
    const sph_packet *packet = walk->rules->packet;
    const sph_xml_node *root = sph_xml_root(packet->doc);
    const struct sph_field_visit visitor = {visit, walk};
    SPH_TRY(sph_fields_walk(sph_fields_header(), sph_xml_child(root, SPH_NS_PACKET, "Header"),
                            &visitor, err),
            err, "header");
    SPH_TRY(sph_fields_walk(sph_fields_body(packet->header.type), packet->body, &visitor, err), err,
            "body");
    const sph_xml_node *list = sph_xml_child(root, SPH_NS_PACKET, "Attachments");
    for (const sph_xml_node *at = sph_xml_first(list); at; at = sph_xml_next(at))
        SPH_TRY(check_attachment(walk, at, err), err, "attachment");
    return sph_ok();
}

/* DP-03: level 0 and 1 at both sides; at level 2 the author alone is warned. */
sph_rc sph_rules_fields(const struct sph_rules *rules, sph_err *err)
{
    const struct sph_packet_context *context = rules->context;
    const bool is_open = rules->packet->header.classification <= SPH_CLASS_PARTNERS;
    struct sph_leak_report report = {.findings = rules->findings,
                                     .text = sph_leak_text_of(rules->packet->header.type),
                                     .has_notes = context->is_sending,
                                     .only_warns = !is_open,
                                     .hides_excerpts = !context->is_sending,
                                     .names = context->is_sending ? context->names : NULL,
                                     .is_shelter = sph_leak_is_shelter(rules->packet)};
    struct walk walk = {.rules = rules,
                        .screens = is_open,
                        .report = is_open || context->is_sending ? &report : NULL};
    const sph_rc rc = check_fields(&walk, err);
    sph_leak_report_end(&report);
    return rc;
}
