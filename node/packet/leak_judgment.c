#include <string.h>

#include "packet/akn.h"
#include "packet/leak_report.h"

/* Marks inside a line of text: what stands on both sides of them is read as one. */
static bool is_inline(const sph_xml_node *node)
{
    static const char *const names[] = {"span",
                                        "b",
                                        "i",
                                        "u",
                                        "sup",
                                        "sub",
                                        "a",
                                        "ref",
                                        "date",
                                        "person",
                                        "party",
                                        "role",
                                        "judge",
                                        "lawyer",
                                        "organization",
                                        "location",
                                        "courtType",
                                        "docTitle",
                                        "docNumber",
                                        "docDate",
                                        "docType",
                                        "docketNumber",
                                        "docProponent",
                                        "neutralCitation",
                                        "outcome",
                                        "quantity",
                                        "marker",
                                        "omissis"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (strcmp(names[i], sph_xml_local(node)) == 0)
            return true;
    return false;
}

static sph_rc begin(struct sph_leak_report *report, const sph_xml_node *node, sph_err *err)
{
    return sph_leak_report_begin(report, sph_xml_local(node), sph_xml_line(node), err);
}

/* What a reader sees of attributes, and links that write or call. */
static sph_rc screen_attributes(struct sph_leak_report *report, const sph_xml_node *node,
                                sph_err *err)
{
    static const char *const shown[] = {"showAs", "shortForm", "title", "alt"};
    const char *link = sph_xml_attr(node, NULL, "href");
    for (size_t i = 0; i < sizeof(shown) / sizeof(shown[0]); i++) {
        const char *value = sph_xml_attr(node, NULL, shown[i]);
        if (value)
            SPH_TRY(sph_leak_report_text(report, shown[i], sph_xml_line(node), sph_slice_str(value),
                                         err),
                    err, "attribute");
    }
    if (link && (strncmp(link, "mailto:", 7) == 0 || strncmp(link, "tel:", 4) == 0))
        SPH_TRY(sph_leak_report_text(report, "href", sph_xml_line(node), sph_slice_str(link), err),
                err, "link");
    return sph_ok();
}

/* The depth is limited by the reading of XML (as4.md 14.1). */
static sph_rc screen_text(struct sph_leak_report *report, const sph_xml_node *node, sph_err *err)
{
    sph_xml_item item = {NULL, NULL, NULL};
    while (sph_xml_next_item(node, &item)) {
        const bool is_block = item.element && !is_inline(item.element);
        if (item.text)
            sph_leak_feed(report->scan, sph_slice_str(item.text));
        if (!item.element)
            continue;
        if (is_block) {
            sph_leak_end(report->scan);
            SPH_TRY(begin(report, item.element, err), err, "block");
        }
        SPH_TRY(screen_text(report, item.element, err), err, "element");
        if (is_block) {
            sph_leak_end(report->scan);
            SPH_TRY(begin(report, node, err), err, "block");
        }
    }
    return sph_ok();
}

static sph_rc screen(struct sph_leak_report *report, const sph_xml_node *top, sph_err *err)
{
    SPH_TRY(begin(report, top, err), err, "judgment");
    SPH_TRY(screen_text(report, top, err), err, "judgment");
    sph_leak_end(report->scan);
    for (const sph_xml_node *at = top; at; at = sph_akn_next(at, top))
        SPH_TRY(screen_attributes(report, at, err), err, "attributes");
    return sph_ok();
}

sph_rc sph_leak_judgment(const sph_xml_node *akoma_ntoso, bool has_notes,
                         const sph_leak_names *names, sph_findings *findings, sph_err *err)
{
    struct sph_leak_report report = {
        .findings = findings, .text = SPH_LEAK_IN_JUDGMENT, .has_notes = has_notes, .names = names};
    const sph_rc rc = screen(&report, akoma_ntoso, err);
    sph_leak_report_end(&report);
    return rc;
}
