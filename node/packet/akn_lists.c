#include "packet/akn.h"

static const struct sph_akn_element cell = {"td", SPH_AKN_UNKNOWN, NULL,
                                            SPH_AKN_EID | SPH_AKN_SPANS, 0};

static bool is(const sph_xml_node *node, const char *name)
{
    return sph_xml_is(node, SPH_NS_AKN, name);
}

static void as_paragraph(struct sph_akn_reduction *r, const sph_xml_node *node)
{
    sph_akn_count(r, sph_xml_local(node), false);
    sph_xml_open(r->w, "p");
    sph_akn_inline(r, node);
    sph_xml_close(r->w);
}

static void emit_item(struct sph_akn_reduction *r, const sph_xml_node *node)
{
    const struct sph_akn_element *row = sph_akn_find(node);
    if (row->class != SPH_AKN_ITEM)
        sph_akn_count(r, sph_xml_local(node), false);
    sph_xml_open(r->w, "item");
    sph_akn_set_id(r, sph_xml_attr(node, NULL, "eId"));
    sph_akn_titled(r, node);
    sph_xml_close(r->w);
}

static void emit_introduction(struct sph_akn_reduction *r, const sph_xml_node *node)
{
    static const struct sph_akn_element row = {"listIntroduction", SPH_AKN_INLINE, NULL,
                                               SPH_AKN_EID | SPH_AKN_REFERS | SPH_AKN_LANG, 0};
    sph_xml_open(r->w, row.name);
    sph_akn_attributes(r, &row, node);
    sph_akn_inline(r, node);
    sph_xml_close(r->w);
}

void sph_akn_list(struct sph_akn_reduction *r, const sph_xml_node *node)
{
    const struct sph_akn_element *row = sph_akn_find(node);
    const sph_xml_node *first = sph_xml_first(node);
    const sph_xml_node *introduction = is(first, "listIntroduction") ? first : NULL;
    const sph_xml_node *at = introduction ? sph_xml_next(introduction) : first;
    if (!at || !sph_xml_has_only_elements(node)) {
        as_paragraph(r, node);
        return;
    }
    sph_xml_open(r->w, row->becomes ? row->becomes : row->name);
    sph_akn_attributes(r, row, node);
    if (introduction)
        emit_introduction(r, introduction);
    for (; at; at = sph_xml_next(at))
        emit_item(r, at);
    sph_xml_close(r->w);
}

static void emit_cell(struct sph_akn_reduction *r, const sph_xml_node *node)
{
    const bool is_cell = is(node, "td") || is(node, "th");
    if (!is_cell)
        sph_akn_count(r, sph_xml_local(node), false);
    sph_xml_open(r->w, is(node, "th") ? "th" : "td");
    if (is_cell)
        sph_akn_attributes(r, &cell, node);
    sph_akn_blocks(r, node, false, false);
    sph_xml_close(r->w);
}

/* A row, or what stands where rows stand (caption): one row with one cell. */
static void emit_row(struct sph_akn_reduction *r, const sph_xml_node *node)
{
    sph_xml_open(r->w, "tr");
    if (is(node, "tr") && sph_xml_first(node) && sph_xml_has_only_elements(node)) {
        sph_akn_set_id(r, sph_xml_attr(node, NULL, "eId"));
        for (const sph_xml_node *at = sph_xml_first(node); at; at = sph_xml_next(at))
            emit_cell(r, at);
    } else {
        emit_cell(r, node);
    }
    sph_xml_close(r->w);
}

void sph_akn_table(struct sph_akn_reduction *r, const sph_xml_node *node)
{
    if (!sph_xml_first(node) || !sph_xml_has_only_elements(node)) {
        as_paragraph(r, node);
        return;
    }
    sph_xml_open(r->w, "table");
    sph_akn_set_id(r, sph_xml_attr(node, NULL, "eId"));
    for (const sph_xml_node *at = sph_xml_first(node); at; at = sph_xml_next(at))
        emit_row(r, at);
    sph_xml_close(r->w);
}
