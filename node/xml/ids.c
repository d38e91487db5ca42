#include "xml/xml.h"

#include <stdlib.h>

#define NS_WSU "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd"
#define NS_XML "http://www.w3.org/XML/1998/namespace"
#define NS_EB "http://docs.oasis-open.org/ebxml-msg/ebms/v3.0/ns/core/200704/"

struct entry {
    const char *id; /* borrowed from the document */
    const sph_xml_node *node;
};
struct sph_xml_ids {
    struct entry *entries; /* sorted by id */
    size_t count, room;
};

static int compare(const void *a, const void *b)
{
    return strcmp(((const struct entry *)a)->id, ((const struct entry *)b)->id);
}

/* The ASCII part of NCName (Namespaces in XML section 3); other letters are let through. */
static bool is_ncname(const char *id)
{
    const bool starts =
        (*id >= 'a' && *id <= 'z') || (*id >= 'A' && *id <= 'Z') || *id == '_' || (*id & 0x80);
    for (const char *at = id; *at; at++)
        if (!((*at >= 'a' && *at <= 'z') || (*at >= 'A' && *at <= 'Z') ||
              (*at >= '0' && *at <= '9') || *at == '_' || *at == '-' || *at == '.' || (*at & 0x80)))
            return false;
    return starts;
}

static sph_rc add(sph_xml_ids *ids, const char *id, const sph_xml_node *node, sph_err *err)
{
    if (!id)
        return sph_ok();
    if (!is_ncname(id))
        return sph_fail(err, SPH_EPARSE, "id that is no NCName, line %u", sph_xml_line(node));
    if (ids->count == ids->room) {
        const size_t room = ids->room ? ids->room * 2 : 32;
        struct entry *more = sph_mem_resize(ids->entries, room, sizeof(*more));
        if (!more)
            return sph_fail(err, SPH_ENOMEM, "id map");
        ids->entries = more;
        ids->room = room;
    }
    ids->entries[ids->count++] = (struct entry){id, node};
    return sph_ok();
}

static sph_rc add_element(sph_xml_ids *ids, const sph_xml_node *node, sph_err *err)
{
    SPH_TRY(add(ids, sph_xml_attr(node, NS_WSU, "Id"), node, err), err, "wsu:Id");
    SPH_TRY(add(ids, sph_xml_attr(node, NULL, "Id"), node, err), err, "Id");
    SPH_TRY(add(ids, sph_xml_attr(node, NS_XML, "id"), node, err), err, "xml:id");
    if (sph_xml_is(node, NS_EB, "Messaging"))
        SPH_TRY(add(ids, sph_xml_attr(node, NULL, "id"), node, err), err, "id of eb:Messaging");
    return sph_ok();
}

/* The element after `node` in document order below `root`, or NULL. */
static const sph_xml_node *next_element(const sph_xml_node *root, const sph_xml_node *node)
{
    if (sph_xml_first(node))
        return sph_xml_first(node);
    while (node && node != root && !sph_xml_next(node))
        node = sph_xml_parent(node);
    return node == root ? NULL : sph_xml_next(node);
}

sph_rc sph_xml_ids_new(const sph_xml *doc, sph_xml_ids **out, sph_err *err)
{
    SPH_AUTO_PTR(sph_xml_ids) *ids = sph_mem_new(1, sizeof(*ids));
    if (!ids)
        return sph_fail(err, SPH_ENOMEM, "id map");
    const sph_xml_node *root = sph_xml_root(doc);
    for (const sph_xml_node *at = root; at; at = next_element(root, at))
        SPH_TRY(add_element(ids, at, err), err, "id map");
    if (ids->count > 0)
        qsort(ids->entries, ids->count, sizeof(*ids->entries), compare);
    for (size_t i = 1; i < ids->count; i++)
        if (compare(&ids->entries[i - 1], &ids->entries[i]) == 0)
            return sph_fail(err, SPH_EPARSE, "an id stands twice, line %u",
                            sph_xml_line(ids->entries[i].node));
    *out = sph_move(ids);
    return sph_ok();
}

const sph_xml_node *sph_xml_ids_find(const sph_xml_ids *ids, const char *id)
{
    if (!ids || !id || ids->count == 0)
        return NULL;
    const struct entry key = {id, NULL};
    const struct entry *found =
        bsearch(&key, ids->entries, ids->count, sizeof(*ids->entries), compare);
    return found ? found->node : NULL;
}

void sph_xml_ids_free(sph_xml_ids **ids)
{
    if (!ids || !*ids)
        return;
    sph_mem_free((*ids)->entries);
    sph_mem_free(*ids);
    *ids = NULL;
}
