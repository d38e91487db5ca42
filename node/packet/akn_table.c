#include "packet/akn.h"

#include <stdlib.h>

#define TEXT (SPH_AKN_EID | SPH_AKN_REFERS | SPH_AKN_LANG)

/* The profile's vocabulary (packets.md 7), and the names whose content goes into it under another
 * one. */
static const struct sph_akn_element table[] = {
    {"a", SPH_AKN_INLINE, NULL, TEXT | SPH_AKN_HREF, SPH_AKN_HREF},
    {"alinea", SPH_AKN_HIERARCHY, "level", SPH_AKN_EID, 0},
    {"analysis", SPH_AKN_DROPPED, NULL, 0, 0},
    {"article", SPH_AKN_HIERARCHY, "level", SPH_AKN_EID, 0},
    {"authorialNote", SPH_AKN_NOTE, NULL, SPH_AKN_EID | SPH_AKN_MARK, 0},
    {"b", SPH_AKN_INLINE, NULL, TEXT, 0},
    {"block", SPH_AKN_PARAGRAPH, "p", TEXT, 0},
    {"blockContainer", SPH_AKN_CONTAINER, NULL, SPH_AKN_EID, 0},
    {"blockList", SPH_AKN_LIST, NULL, SPH_AKN_EID, 0},
    {"book", SPH_AKN_HIERARCHY, "level", SPH_AKN_EID, 0},
    {"br", SPH_AKN_MARKER, "eol", SPH_AKN_EID, 0},
    {"chapter", SPH_AKN_HIERARCHY, "level", SPH_AKN_EID, 0},
    {"clause", SPH_AKN_HIERARCHY, "level", SPH_AKN_EID, 0},
    {"courtType", SPH_AKN_INLINE, NULL, TEXT, 0},
    {"date", SPH_AKN_INLINE, NULL, TEXT | SPH_AKN_DATE, SPH_AKN_DATE},
    {"division", SPH_AKN_HIERARCHY, NULL, SPH_AKN_EID, 0},
    {"docDate", SPH_AKN_INLINE, NULL, TEXT | SPH_AKN_DATE, SPH_AKN_DATE},
    {"docNumber", SPH_AKN_INLINE, NULL, TEXT, 0},
    {"docProponent", SPH_AKN_INLINE, NULL, TEXT | SPH_AKN_AS, 0},
    {"docTitle", SPH_AKN_INLINE, NULL, TEXT, 0},
    {"docType", SPH_AKN_INLINE, NULL, TEXT, 0},
    {"docketNumber", SPH_AKN_INLINE, NULL, TEXT, 0},
    {"eol", SPH_AKN_MARKER, NULL, SPH_AKN_EID, 0},
    {"eop", SPH_AKN_DROPPED, NULL, 0, 0},
    {"hcontainer", SPH_AKN_HIERARCHY, "level", SPH_AKN_EID, 0},
    {"heading", SPH_AKN_TITLE, NULL, TEXT, 0},
    {"i", SPH_AKN_INLINE, NULL, TEXT, 0},
    {"img", SPH_AKN_DROPPED, NULL, 0, 0},
    {"indent", SPH_AKN_HIERARCHY, "level", SPH_AKN_EID, 0},
    {"item", SPH_AKN_ITEM, NULL, SPH_AKN_EID, 0},
    {"judge", SPH_AKN_INLINE, NULL, TEXT | SPH_AKN_AS, 0},
    {"lawyer", SPH_AKN_INLINE, NULL, TEXT | SPH_AKN_AS, 0},
    {"level", SPH_AKN_HIERARCHY, NULL, SPH_AKN_EID, 0},
    {"li", SPH_AKN_ITEM, "item", SPH_AKN_EID, 0},
    {"list", SPH_AKN_HIERARCHY, "level", SPH_AKN_EID, 0},
    {"location", SPH_AKN_INLINE, NULL, TEXT, 0},
    {"marker", SPH_AKN_MARKER, NULL, SPH_AKN_EID | SPH_AKN_NAME, SPH_AKN_NAME},
    {"neutralCitation", SPH_AKN_INLINE, NULL, TEXT, 0},
    {"noteRef", SPH_AKN_MARKER, NULL, SPH_AKN_EID | SPH_AKN_HREF | SPH_AKN_MARK, SPH_AKN_HREF},
    {"num", SPH_AKN_TITLE, NULL, TEXT, 0},
    {"ol", SPH_AKN_LIST, "blockList", SPH_AKN_EID, 0},
    {"omissis", SPH_AKN_INLINE, NULL, TEXT, 0},
    {"organization", SPH_AKN_INLINE, NULL, TEXT, 0},
    {"outcome", SPH_AKN_INLINE, NULL, TEXT, 0},
    {"p", SPH_AKN_PARAGRAPH, NULL, TEXT, 0},
    {"paragraph", SPH_AKN_HIERARCHY, NULL, SPH_AKN_EID, 0},
    {"part", SPH_AKN_HIERARCHY, "level", SPH_AKN_EID, 0},
    {"party", SPH_AKN_INLINE, NULL, TEXT | SPH_AKN_AS, 0},
    {"person", SPH_AKN_INLINE, NULL, TEXT | SPH_AKN_AS, 0},
    {"point", SPH_AKN_HIERARCHY, "level", SPH_AKN_EID, 0},
    {"presentation", SPH_AKN_DROPPED, NULL, 0, 0},
    {"proprietary", SPH_AKN_DROPPED, NULL, 0, 0},
    {"proviso", SPH_AKN_HIERARCHY, "level", SPH_AKN_EID, 0},
    {"quantity", SPH_AKN_INLINE, NULL, TEXT | SPH_AKN_NORMALIZED, 0},
    {"ref", SPH_AKN_INLINE, NULL, TEXT | SPH_AKN_HREF, SPH_AKN_HREF},
    {"role", SPH_AKN_INLINE, NULL, TEXT, 0},
    {"rule", SPH_AKN_HIERARCHY, "level", SPH_AKN_EID, 0},
    {"section", SPH_AKN_HIERARCHY, NULL, SPH_AKN_EID, 0},
    {"span", SPH_AKN_INLINE, NULL, TEXT, 0},
    {"sub", SPH_AKN_INLINE, NULL, TEXT, 0},
    {"subchapter", SPH_AKN_HIERARCHY, "level", SPH_AKN_EID, 0},
    {"subclause", SPH_AKN_HIERARCHY, "level", SPH_AKN_EID, 0},
    {"subdivision", SPH_AKN_HIERARCHY, "level", SPH_AKN_EID, 0},
    {"subheading", SPH_AKN_TITLE, "heading", TEXT, 0},
    {"sublist", SPH_AKN_HIERARCHY, "level", SPH_AKN_EID, 0},
    {"subparagraph", SPH_AKN_HIERARCHY, "level", SPH_AKN_EID, 0},
    {"subpart", SPH_AKN_HIERARCHY, "level", SPH_AKN_EID, 0},
    {"subrule", SPH_AKN_HIERARCHY, "level", SPH_AKN_EID, 0},
    {"subsection", SPH_AKN_HIERARCHY, "level", SPH_AKN_EID, 0},
    {"subtitle", SPH_AKN_HIERARCHY, "level", SPH_AKN_EID, 0},
    {"sup", SPH_AKN_INLINE, NULL, TEXT, 0},
    {"table", SPH_AKN_TABLE, NULL, SPH_AKN_EID, 0},
    {"temporalData", SPH_AKN_DROPPED, NULL, 0, 0},
    {"title", SPH_AKN_HIERARCHY, "level", SPH_AKN_EID, 0},
    {"tome", SPH_AKN_HIERARCHY, "level", SPH_AKN_EID, 0},
    {"transitional", SPH_AKN_HIERARCHY, "level", SPH_AKN_EID, 0},
    {"u", SPH_AKN_INLINE, NULL, TEXT, 0},
    {"ul", SPH_AKN_LIST, "blockList", SPH_AKN_EID, 0},
    {"workflow", SPH_AKN_DROPPED, NULL, 0, 0},
};

static int by_name(const void *key, const void *row)
{
    return strcmp(key, ((const struct sph_akn_element *)row)->name);
}

const struct sph_akn_element *sph_akn_find(const sph_xml_node *node)
{
    static const struct sph_akn_element unknown = {"", SPH_AKN_UNKNOWN, NULL, 0, 0};
    if (strcmp(sph_xml_ns(node), SPH_NS_AKN) != 0)
        return &unknown;
    const struct sph_akn_element *row = bsearch(
        sph_xml_local(node), table, sizeof(table) / sizeof(table[0]), sizeof(table[0]), by_name);
    return row ? row : &unknown;
}

sph_rc sph_akn_ids_add(sph_akn_ids *ids, const char *id, sph_err *err)
{
    if (ids->count == ids->room) {
        const size_t room = ids->room ? ids->room * 2 : 64;
        const char **at = sph_mem_resize(ids->at, room, sizeof(*at));
        if (!at)
            return sph_fail(err, SPH_ENOMEM, "ids");
        ids->at = at;
        ids->room = room;
    }
    ids->at[ids->count++] = id;
    return sph_ok();
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

void sph_akn_ids_sort(sph_akn_ids *ids)
{
    if (ids->count > 1)
        qsort(ids->at, ids->count, sizeof(*ids->at), by_text);
}

bool sph_akn_ids_has(const sph_akn_ids *ids, const char *id)
{
    return ids->count > 0 && bsearch(&id, ids->at, ids->count, sizeof(*ids->at), by_text);
}

void sph_akn_ids_clear(sph_akn_ids *ids)
{
    sph_mem_free(ids->at);
    *ids = (sph_akn_ids){NULL, 0, 0};
}

const sph_xml_node *sph_akn_next(const sph_xml_node *node, const sph_xml_node *top)
{
    if (sph_xml_first(node))
        return sph_xml_first(node);
    while (node && node != top && !sph_xml_next(node))
        node = sph_xml_parent(node);
    return node && node != top ? sph_xml_next(node) : NULL;
}
