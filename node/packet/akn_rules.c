#include "packet/akn.h"

#include "base/codec.h"
#include "base/unicode.h"
#include "packet/vocabulary.h"

#define VOCABULARY_PREFIX "urn:saphan:vocabulary:"
#define TEXT_CAP (4u << 20)

struct check {
    const sph_xml_node *root;
    struct sph_judgment_facts *facts;
    sph_findings *findings;
    sph_akn_ids *ids;
    char last[11]; /* the latest day a date may name */
};

static void add(const struct check *check, const char *rule, const sph_xml_node *node,
                const char *key, const char *name, const char *value)
{
    sph_finding_add(check->findings, rule, sph_xml_line(node), key, name, value);
}

static const char *value_of(const sph_xml_node *level, const char *name, const char *attribute)
{
    return sph_xml_attr(sph_xml_child(level, SPH_NS_AKN, name), NULL, attribute);
}

/* AKN-03: every "#id" of these attributes is the eId of something. */
static void check_reference(const struct check *check, const sph_xml_node *node, const char *name,
                            sph_slice one)
{
    char id[256];
    if (one.len == 0 || one.at[0] != '#')
        return;
    if (sph_str_copy(id, sizeof(id), sph_slice_sub(one, 1, one.len), NULL).code != SPH_OK ||
        !sph_akn_ids_has(check->ids, id))
        add(check, "AKN-03", node, "akn.dangling", name, "");
}

static void check_references(const struct check *check, const sph_xml_node *node)
{
    static const char *const names[] = {"href", "source", "as", "refersTo", "by"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        sph_slice rest = sph_slice_str(sph_xml_attr(node, NULL, names[i]));
        while (rest.len > 0) {
            const size_t space = sph_slice_find(rest, SPH_LIT(" "), 0);
            const size_t len = space == SIZE_MAX ? rest.len : space;
            check_reference(check, node, names[i], sph_slice_sub(rest, 0, len));
            rest = sph_slice_sub(rest, len + 1, rest.len);
        }
    }
}

/* AKN-04: ISO 639-2/T; the bibliographic codes (639-2/B) are other names for the same languages. */
static void check_language(const struct check *check, const sph_xml_node *node)
{
    static const char bibliographic[] =
        " alb arm baq bur chi cze dut fre geo ger gre ice mac mao may per rum slo tib wel ";
    char padded[8];
    const char *language = sph_xml_attr(node, NULL, "language");
    if (!language)
        return;
    if (sph_slice_str(language).len != 3 ||
        sph_str_format(padded, sizeof(padded), NULL, " %s ", language).code != SPH_OK ||
        strstr(bibliographic, padded))
        add(check, "AKN-04", node, "akn.language", sph_xml_local(node), language);
}

/* AKN-06 */
static void check_keyword(const struct check *check, const sph_xml_node *node)
{
    const char *dictionary = sph_xml_attr(node, NULL, "dictionary");
    const char *value = sph_xml_attr(node, NULL, "value");
    const sph_slice prefix = sph_slice_str(VOCABULARY_PREFIX);
    if (!sph_xml_is(node, SPH_NS_AKN, "keyword"))
        return;
    if (!dictionary || !value || !sph_slice_starts(sph_slice_str(dictionary), prefix) ||
        !sph_vocabulary_has(dictionary + prefix.len, sph_slice_str(value)))
        add(check, "AKN-06", node, "akn.keyword", "keyword", value);
}

/* AKN-08: a link leads to a document, never to a script. */
static void check_link(const struct check *check, const sph_xml_node *node)
{
    static const char *const safe[] = {"http://", "https://", "mailto:", "urn:"};
    const char *href = sph_xml_attr(node, NULL, "href");
    const char *colon = href ? strchr(href, ':') : NULL;
    const char *slash = href ? strchr(href, '/') : NULL;
    if (!colon || (slash && slash < colon) || href[0] == '#')
        return;
    for (size_t i = 0; i < sizeof(safe) / sizeof(safe[0]); i++)
        if (sph_slice_starts(sph_slice_str(href), sph_slice_str(safe[i])))
            return;
    add(check, "AKN-08", node, "akn.script", sph_xml_local(node), "");
}

/* AKN-10: text and attributes alike. */
static void check_characters(const struct check *check, const sph_xml_node *node)
{
    sph_xml_item item = {NULL, NULL, NULL};
    sph_xml_attr_item attribute = {NULL, NULL, NULL, NULL};
    while (sph_xml_next_item(node, &item))
        if (item.text && sph_unicode_check(sph_slice_str(item.text), NULL, NULL).code != SPH_OK)
            add(check, "AKN-10", node, "akn.characters", sph_xml_local(node), "");
    while (sph_xml_next_attr(node, &attribute))
        if (sph_unicode_check(sph_slice_str(attribute.value), NULL, NULL).code != SPH_OK)
            add(check, "AKN-10", node, "akn.characters", attribute.local, "");
}

/* A pseudonym has no word of four letters or more but the role's own name. */
static bool is_pseudonym(sph_slice text)
{
    static const char *const roles[] = {"victim",  "witness", "child", "minor",
                                        "person",  "ผู้เสียหาย", "พยาน",  "เด็ก",
                                        "ຜູ້ເສຍຫາຍ", "ພະຍານ",   "ເດັກ"};
    SPH_AUTO(sph_buf) rest = sph_buf_init(1024);
    size_t letters = 0;
    size_t at = 0;
    uint32_t point = 0;
    if (text.len > 512 || sph_buf_add(&rest, text, NULL).code != SPH_OK)
        return false;
    for (size_t i = 0; i < sizeof(roles) / sizeof(roles[0]); i++) {
        const sph_slice role = sph_slice_str(roles[i]);
        for (size_t from = 0; from + role.len <= rest.len; from++)
            if (sph_slice_equal_nocase(sph_slice_sub(sph_buf_peek(&rest), from, role.len), role))
                for (size_t k = 0; k < role.len; k++)
                    rest.at[from + k] = ' ';
    }
    while (sph_utf8_next(sph_buf_peek(&rest), &at, &point)) {
        const bool is_letter = point >= 0x80 || (point | 32u) - 'a' < 26;
        letters = is_letter ? letters + 1 : 0;
        if (letters > 3)
            return false;
    }
    return true;
}

/* AKN-07: who is marked as a victim is not named. */
static sph_rc check_victim(const struct check *check, const sph_xml_node *node, sph_err *err)
{
    const char *as = sph_xml_attr(node, NULL, "as");
    SPH_AUTO(sph_buf) text = sph_buf_init(TEXT_CAP);
    if (!sph_xml_is(node, SPH_NS_AKN, "party") && !sph_xml_is(node, SPH_NS_AKN, "person"))
        return sph_ok();
    if (!as || sph_slice_find(sph_slice_str(as), SPH_LIT("victim"), 0) == SIZE_MAX)
        return sph_ok();
    SPH_TRY(sph_xml_all_text(node, &text, err), err, "name");
    if (!is_pseudonym(sph_buf_peek(&text)))
        add(check, "AKN-07", node, "akn.victim-name", sph_xml_local(node), "");
    return sph_ok();
}

static sph_rc check_node(const struct check *check, const sph_xml_node *node, sph_err *err)
{
    const char *date = sph_xml_attr(node, NULL, "date");
    if (date)
        sph_akn_check_date(node, date, check->last, check->findings);
    check_references(check, node);
    check_language(check, node);
    check_keyword(check, node);
    check_link(check, node);
    check_characters(check, node);
    return check_victim(check, node, err);
}

static bool is_joined(const char *text, const char *a, const char *b)
{
    const sph_slice whole = sph_slice_str(text);
    const sph_slice first = sph_slice_str(a);
    return sph_slice_starts(whole, first) &&
           sph_slice_is(sph_slice_sub(whole, first.len, whole.len), b);
}

/* Segment `index` of "/akn/country/judgment/court/date/number". */
static bool segment(const char *iri, size_t index, char *to, size_t room)
{
    const char *at = iri;
    for (size_t i = 0; at && i <= index; i++)
        at = strchr(i == 0 ? at : at + 1, '/');
    if (!at)
        return false;
    const char *end = strchr(at + 1, '/');
    const sph_slice part =
        end ? sph_slice_of(at + 1, (size_t)(end - at - 1)) : sph_slice_str(at + 1);
    return part.len > 0 && sph_str_copy(to, room, part, NULL).code == SPH_OK;
}

static bool agrees(const char *date, const char *part)
{
    return strcmp(date, part) == 0 || (sph_slice_str(part).len == 4 &&
                                       sph_slice_starts(sph_slice_str(date), sph_slice_str(part)));
}

static void check_number(const struct check *check, const sph_xml_node *work)
{
    char number[96];
    char part[96];
    if (segment(check->facts->work_iri, 5, part, sizeof(part)) &&
        sph_akn_segment(check->facts->case_number, false, number, sizeof(number), NULL).code ==
            SPH_OK &&
        strcmp(number, part) == 0)
        return;
    add(check, "AKN-05", work, "akn.iri-number", "FRBRuri", "");
}

/* AKN-05: the Work IRI and what stands beside it say the same. */
static void check_work(const struct check *check, const sph_xml_node *work)
{
    const struct sph_judgment_facts *facts = check->facts;
    char part[96];
    const char *iri = facts->work_iri;
    if (!segment(iri, 0, part, sizeof(part)) || strcmp(part, "akn") != 0 ||
        !segment(iri, 2, part, sizeof(part)) || strcmp(part, "judgment") != 0 ||
        segment(iri, 6, part, sizeof(part)))
        add(check, "AKN-05", work, "akn.iri-form", "FRBRuri", "");
    if (!segment(iri, 1, part, sizeof(part)) || strcmp(part, facts->country) != 0)
        add(check, "AKN-05", work, "akn.iri-country", "FRBRcountry", facts->country);
    if (!segment(iri, 4, part, sizeof(part)) || !agrees(facts->date, part))
        add(check, "AKN-05", work, "akn.iri-date", "FRBRdate", facts->date);
    check_number(check, work);
    const char *name = value_of(work, "FRBRthis", "value");
    if (!name || !is_joined(name, iri, "/!main"))
        add(check, "AKN-05", work, "akn.iri-this", "FRBRthis", "");
}

static void check_expression(const struct check *check, const sph_xml_node *expression)
{
    const struct sph_judgment_facts *facts = check->facts;
    char start[300];
    const char *name = value_of(expression, "FRBRthis", "value");
    if (sph_str_format(start, sizeof(start), NULL, "%s/%s@", facts->work_iri, facts->language)
                .code != SPH_OK ||
        !sph_slice_starts(sph_slice_str(facts->expression_iri), sph_slice_str(start)))
        add(check, "AKN-05", expression, "akn.iri-expression", "FRBRuri", "");
    if (!name || !is_joined(name, facts->expression_iri, "/!main"))
        add(check, "AKN-05", expression, "akn.iri-this", "FRBRthis", "");
}

static sph_rc copy(char *to, size_t room, const char *value, sph_err *err)
{
    return sph_str_copy(to, room, sph_slice_str(value), err);
}

static const char *source_alias(const sph_xml_node *work)
{
    for (const sph_xml_node *at = sph_xml_first(work); at; at = sph_xml_next(at)) {
        const char *name = sph_xml_attr(at, NULL, "name");
        if (sph_xml_is(at, SPH_NS_AKN, "FRBRalias") && name && strcmp(name, "source") == 0)
            return sph_xml_attr(at, NULL, "value");
    }
    return NULL;
}

static sph_rc read_facts(const sph_xml_node *work, const sph_xml_node *expression,
                         struct sph_judgment_facts *to, sph_err *err)
{
    const char *name = value_of(work, "FRBRname", "value");
    SPH_TRY(copy(to->work_iri, sizeof(to->work_iri), value_of(work, "FRBRuri", "value"), err), err,
            "work");
    SPH_TRY(copy(to->expression_iri, sizeof(to->expression_iri),
                 value_of(expression, "FRBRuri", "value"), err),
            err, "expression");
    SPH_TRY(copy(to->source_iri, sizeof(to->source_iri), source_alias(work), err), err, "source");
    SPH_TRY(copy(to->country, sizeof(to->country), value_of(work, "FRBRcountry", "value"), err),
            err, "country");
    SPH_TRY(copy(to->date, sizeof(to->date), value_of(work, "FRBRdate", "date"), err), err, "date");
    SPH_TRY(
        copy(to->case_number, sizeof(to->case_number), value_of(work, "FRBRnumber", "value"), err),
        err, "number");
    SPH_TRY(copy(to->language, sizeof(to->language),
                 value_of(expression, "FRBRlanguage", "language"), err),
            err, "language");
    if (!segment(to->work_iri, 3, to->court, sizeof(to->court)))
        to->court[0] = '\0';
    if (name && sph_slice_str(name).len < sizeof(to->title))
        return copy(to->title, sizeof(to->title), name, err);
    return sph_str_format(to->title, sizeof(to->title), err, "%s %s (%s)", to->court,
                          to->case_number, to->date);
}

static sph_rc collect_ids(const struct check *check, sph_err *err)
{
    for (const sph_xml_node *at = check->root; at; at = sph_akn_next(at, check->root)) {
        const char *id = sph_xml_attr(at, NULL, "eId");
        if (id)
            SPH_TRY(sph_akn_ids_add(check->ids, id, err), err, "ids");
    }
    sph_akn_ids_sort(check->ids);
    return sph_ok();
}

static sph_rc check_identity(const struct check *check, sph_err *err)
{
    const sph_xml_node *judgment = sph_xml_child(check->root, SPH_NS_AKN, "judgment");
    const sph_xml_node *meta = sph_xml_child(judgment, SPH_NS_AKN, "meta");
    const sph_xml_node *node = sph_xml_child(meta, SPH_NS_AKN, "identification");
    const sph_xml_node *work = sph_xml_child(node, SPH_NS_AKN, "FRBRWork");
    const sph_xml_node *expression = sph_xml_child(node, SPH_NS_AKN, "FRBRExpression");
    const sph_rc rc = read_facts(work, expression, check->facts, err);
    if (rc.code == SPH_ELIMIT || rc.code == SPH_EPARSE) {
        add(check, "AKN-05", node, "akn.long-iri", "FRBRuri", "");
        return sph_ok();
    }
    SPH_TRY(rc, err, "identification");
    check_work(check, work);
    check_expression(check, expression);
    return sph_ok();
}

static sph_rc check_all(const struct check *check, sph_err *err)
{
    SPH_TRY(collect_ids(check, err), err, "ids");
    SPH_TRY(check_identity(check, err), err, "identification");
    for (const sph_xml_node *at = check->root; at; at = sph_akn_next(at, check->root))
        SPH_TRY(check_node(check, at, err), err, "element");
    return sph_ok();
}

sph_rc sph_judgment_check(const sph_xml_node *akoma_ntoso, int64_t now_ms,
                          struct sph_judgment_facts *facts, sph_findings *findings, sph_err *err)
{
    struct sph_judgment_facts found = {.dropped_elements = 0};
    SPH_AUTO(sph_akn_ids) ids = {NULL, 0, 0};
    struct check check = {akoma_ntoso, &found, findings, &ids, ""};
    /* AKN-02: tomorrow, for clocks ahead of ours. */
    SPH_TRY(sph_date_format((int32_t)(now_ms / SPH_DAY_MS) + 1, check.last, err), err, "today");
    SPH_TRY(check_all(&check, err), err, "judgment");
    *facts = found;
    return sph_ok();
}
