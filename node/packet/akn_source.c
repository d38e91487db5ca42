#include "packet/akn.h"

/* AKN-11: names of the standard whose elements are empty. */
static bool must_be_empty(const sph_xml_node *node)
{
    static const char *const prefixes[] = {"FRBR", "TLC"};
    static const char *const names[] = {"img",         "keyword", "eventRef", "original",
                                        "publication", "step",    "marker",   "eol",
                                        "eop",         "br",      "noteRef"};
    static const char *const levels[] = {"FRBRWork", "FRBRExpression", "FRBRManifestation",
                                         "FRBRItem"};
    const char *local = sph_xml_local(node);
    for (size_t i = 0; i < sizeof(levels) / sizeof(levels[0]); i++)
        if (strcmp(local, levels[i]) == 0)
            return false;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (strcmp(local, names[i]) == 0)
            return true;
    for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++)
        if (sph_slice_starts(sph_slice_str(local), sph_slice_str(prefixes[i])))
            return true;
    return false;
}

/* White space is text here too: the standard's content type is empty. */
static void check_empty(const sph_xml_node *node, sph_findings *findings)
{
    sph_xml_item item = {NULL, NULL, NULL};
    if (!must_be_empty(node) || !sph_xml_next_item(node, &item))
        return;
    if (item.text)
        sph_finding_add(findings, "AKN-11", sph_xml_line(node), "akn.not-empty",
                        sph_xml_local(node), "");
}

void sph_akn_check_date(const sph_xml_node *node, const char *date, const char *last,
                        sph_findings *findings)
{
    char day[11];
    sph_akn_day(date, day);
    const bool is_buddhist = day[0] == '2' && day[1] >= '4' && day[1] <= '7';
    if (is_buddhist && strcmp(day, "2400") >= 0 && strcmp(day, "2701") < 0)
        sph_finding_add(findings, "AKN-02", sph_xml_line(node), "akn.buddhist-year",
                        sph_xml_local(node), day);
    else if (strcmp(day, last) > 0)
        sph_finding_add(findings, "AKN-02", sph_xml_line(node), "akn.future-date",
                        sph_xml_local(node), day);
}

/* AKN-01: the draft namespaces end in /WD17, /CSD13 and so on. */
static void check_namespace(const sph_xml_node *root, sph_findings *findings)
{
    if (strcmp(sph_xml_ns(root), SPH_NS_AKN) != 0)
        sph_finding_add(findings, "AKN-01", sph_xml_line(root), "akn.namespace",
                        sph_xml_local(root), sph_xml_ns(root));
    else if (!sph_xml_is(root, SPH_NS_AKN, "akomaNtoso") ||
             !sph_xml_child(root, SPH_NS_AKN, "judgment"))
        sph_finding_add(findings, "XSD", sph_xml_line(root), "akn.not-judgment",
                        sph_xml_local(sph_xml_first(root)), "");
}

void sph_akn_check_source(const sph_xml_node *root, const char *today, sph_findings *findings)
{
    check_namespace(root, findings);
    if (sph_findings_refuse(findings))
        return;
    for (const sph_xml_node *at = root; at; at = sph_akn_next(at, root)) {
        const char *date = sph_xml_attr(at, NULL, "date");
        if (strcmp(sph_xml_ns(at), SPH_NS_AKN) != 0)
            continue;
        check_empty(at, findings);
        if (date)
            sph_akn_check_date(at, date, today, findings);
    }
}
