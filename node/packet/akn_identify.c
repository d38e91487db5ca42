#include "packet/akn.h"

#include "base/unicode.h"

static sph_rc refuse(sph_findings *findings, const char *rule, const sph_xml_node *node,
                     const char *key, const char *name, const char *value, sph_err *err)
{
    sph_finding_add(findings, rule, sph_xml_line(node), key, name, value);
    return sph_fail(err, SPH_EREFUSED, "%s %s", rule, name);
}

static bool is_segment_point(uint32_t point)
{
    if (point >= 0x80)
        return point != 0xa0 && !(point >= 0x2000 && point <= 0x206f) && point != 0x3000;
    return (point >= '0' && point <= '9') || (point >= 'a' && point <= 'z') ||
           (point >= 'A' && point <= 'Z') || point == '.' || point == '_' || point == '-';
}

sph_rc sph_akn_segment(const char *value, bool to_lower, char *to, size_t room, sph_err *err)
{
    SPH_AUTO(sph_buf) normal = sph_buf_init(1024);
    SPH_AUTO(sph_buf) segment = sph_buf_init(1024);
    size_t at = 0;
    uint32_t point = 0;
    SPH_TRY(sph_unicode_nfc(sph_slice_str(value), &normal, err), err, "normal form");
    while (sph_utf8_next(sph_buf_peek(&normal), &at, &point)) {
        const bool is_upper = to_lower && point >= 'A' && point <= 'Z';
        const uint32_t as = is_upper ? point + 32 : is_segment_point(point) ? point : '-';
        SPH_TRY(sph_utf8_add(as, &segment, err), err, "segment");
    }
    return sph_str_copy(to, room, sph_buf_peek(&segment), err);
}

static const char *value_of(const sph_xml_node *level, const char *name, const char *attribute)
{
    const char *value = sph_xml_attr(sph_xml_child(level, SPH_NS_AKN, name), NULL, attribute);
    return value && *value ? value : NULL;
}

static sph_rc find_country(const sph_xml_node *work, const struct sph_judgment_import *how,
                           struct sph_judgment_facts *to, sph_findings *findings, sph_err *err)
{
    const char *value = value_of(work, "FRBRcountry", "value");
    char code[8] = "";
    if (value && sph_akn_segment(value, true, code, sizeof(code), NULL).code != SPH_OK)
        code[0] = '\0';
    const bool is_code = code[0] >= 'a' && code[0] <= 'z' && code[1] >= 'a' && code[1] <= 'z' &&
                         (code[2] == '\0' || code[2] == '-');
    if (!is_code && !how->country)
        return refuse(findings, "AKN-05", work, "akn.no-country", "FRBRcountry", "", err);
    return sph_str_copy(to->country, sizeof(to->country),
                        is_code ? sph_slice_of(code, 2) : sph_slice_str(how->country), err);
}

static sph_rc find_date(const sph_xml_node *work, struct sph_judgment_facts *to,
                        sph_findings *findings, sph_err *err)
{
    const char *date = value_of(work, "FRBRdate", "date");
    if (!date || !sph_akn_is_date(date))
        return refuse(findings, "AKN-05", work, "akn.no-date", "FRBRdate", "", err);
    sph_akn_day(date, to->date);
    return sph_ok();
}

/* "#ewca-civil", "/akn/ontology/organization/gr/COS": what stands last. */
static sph_rc find_court(const sph_xml_node *work, struct sph_judgment_facts *to,
                         sph_findings *findings, sph_err *err)
{
    const char *href = value_of(work, "FRBRauthor", "href");
    const char *slash = href ? strrchr(href, '/') : NULL;
    const char *name = slash ? slash + 1 : href && href[0] == '#' ? href + 1 : href;
    if (!name || !*name ||
        sph_akn_segment(name, true, to->court, sizeof(to->court), NULL).code != SPH_OK)
        return refuse(findings, "AKN-05", work, "akn.no-court", "FRBRauthor", "", err);
    return sph_ok();
}

static bool is_number_segment(sph_slice segment)
{
    return segment.len > 0 && segment.at[0] != '!' && !memchr(segment.at, '@', segment.len) &&
           !sph_slice_is(segment, "akn");
}

/* The last path segment that is neither language nor component: /akn/gr/judgment/COS/1991/A16/ */
static sph_slice last_segment(sph_slice path)
{
    sph_slice found = {NULL, 0};
    while (path.len > 0) {
        const size_t slash = sph_slice_find(path, SPH_LIT("/"), 0);
        const sph_slice segment = sph_slice_sub(path, 0, slash == SIZE_MAX ? path.len : slash);
        if (is_number_segment(segment))
            found = segment;
        path = sph_slice_sub(path, segment.len + 1, path.len);
    }
    return found;
}

static sph_rc find_number(const sph_xml_node *work, struct sph_judgment_facts *to,
                          sph_findings *findings, sph_err *err)
{
    const char *number = value_of(work, "FRBRnumber", "value");
    const sph_slice found = number
                                ? sph_slice_str(number)
                                : last_segment(sph_slice_str(value_of(work, "FRBRuri", "value")));
    SPH_AUTO(sph_buf) normal = sph_buf_init(1024);
    if (found.len == 0 || sph_unicode_nfc(found, &normal, NULL).code != SPH_OK ||
        sph_str_copy(to->case_number, sizeof(to->case_number), sph_buf_peek(&normal), NULL).code !=
            SPH_OK)
        return refuse(findings, "AKN-05", work, "akn.no-number", "FRBRnumber", "", err);
    return sph_ok();
}

static sph_rc find_language(const sph_xml_node *expression, struct sph_judgment_facts *to,
                            sph_findings *findings, sph_err *err)
{
    const char *language = value_of(expression, "FRBRlanguage", "language");
    if (!language || sph_slice_str(language).len != 3)
        return refuse(findings, "AKN-04", expression, "akn.language", "FRBRlanguage",
                      language ? language : "", err);
    return sph_str_copy(to->language, sizeof(to->language), sph_slice_str(language), err);
}

/* FRBRname, else the document's own title, else court, number and date. */
static sph_rc find_title(const sph_xml_node *judgment, const sph_xml_node *work,
                         struct sph_judgment_facts *to, sph_err *err)
{
    SPH_AUTO(sph_buf) text = sph_buf_init(65536);
    const char *name = value_of(work, "FRBRname", "value");
    const sph_xml_node *at = sph_xml_child(judgment, SPH_NS_AKN, "header");
    for (const sph_xml_node *top = at; at && !name; at = sph_akn_next(at, top))
        if (sph_xml_is(at, SPH_NS_AKN, "docTitle") && text.len == 0)
            SPH_TRY(sph_xml_all_text(at, &text, err), err, "title");
    if (name)
        SPH_TRY(sph_unicode_nfc(sph_slice_str(name), &text, err), err, "name");
    if (text.len > 0 && text.len < sizeof(to->title) &&
        sph_unicode_check(sph_buf_peek(&text), NULL, NULL).code == SPH_OK)
        return sph_str_copy(to->title, sizeof(to->title), sph_buf_peek(&text), err);
    return sph_str_format(to->title, sizeof(to->title), err, "%s %s (%s)", to->court,
                          to->case_number, to->date);
}

static sph_rc make_iris(struct sph_judgment_facts *to, sph_err *err)
{
    char number[96];
    SPH_TRY(sph_akn_segment(to->case_number, false, number, sizeof(number), err), err, "number");
    SPH_TRY(sph_str_format(to->work_iri, sizeof(to->work_iri), err, "/akn/%s/judgment/%s/%s/%s",
                           to->country, to->court, to->date, number),
            err, "work IRI");
    return sph_str_format(to->expression_iri, sizeof(to->expression_iri), err, "%s/%s@",
                          to->work_iri, to->language);
}

sph_rc sph_akn_identify(const sph_xml_node *judgment, const struct sph_judgment_import *how,
                        struct sph_judgment_facts *facts, sph_findings *findings, sph_err *err)
{
    const sph_xml_node *meta = sph_xml_child(judgment, SPH_NS_AKN, "meta");
    const sph_xml_node *node = sph_xml_child(meta, SPH_NS_AKN, "identification");
    const sph_xml_node *work = sph_xml_child(node, SPH_NS_AKN, "FRBRWork");
    if (!work)
        return refuse(findings, "AKN-05", judgment, "akn.no-work", "FRBRWork", "", err);
    SPH_TRY(find_country(work, how, facts, findings, err), err, "country");
    SPH_TRY(find_date(work, facts, findings, err), err, "date");
    SPH_TRY(find_court(work, facts, findings, err), err, "court");
    SPH_TRY(find_number(work, facts, findings, err), err, "number");
    SPH_TRY(find_language(sph_xml_child(node, SPH_NS_AKN, "FRBRExpression"), facts, findings, err),
            err, "language");
    const sph_slice source = sph_slice_str(value_of(work, "FRBRuri", "value"));
    if (sph_str_copy(facts->source_iri, sizeof(facts->source_iri), source, NULL).code != SPH_OK)
        return refuse(findings, "AKN-05", work, "akn.long-iri", "FRBRuri", "", err);
    SPH_TRY(find_title(judgment, work, facts, err), err, "title");
    if (make_iris(facts, err).code != SPH_OK)
        return refuse(findings, "AKN-05", work, "akn.long-iri", "FRBRuri", "", err);
    return sph_ok();
}
