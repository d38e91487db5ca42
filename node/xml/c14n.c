#include "xml/document.h"

#include <libxml/c14n.h>
#include <libxml/xmlIO.h>

#include "base/limits.h"
#include "xml/c14n_exclusive.h"

/* libxml2 walks the whole document and asks for each node whether it is in the set. The answer for
 * a parent serves all its children, which come one after another, so the last answers are kept. */
struct selection {
    const sph_xml_node *top, *omit;
    const sph_xml_node *parent; /* last parent asked about */
    bool parent_inside;
};

static bool is_inside(const struct selection *selection, const sph_xml_node *node)
{
    for (; node; node = node->type == XML_ELEMENT_NODE ? node->parent : NULL) {
        if (node == selection->omit)
            return false;
        if (node == selection->top)
            return true;
    }
    return false;
}

/* Attributes, namespaces and text belong to their parent; so does an element, but for the two
 * elements that bound the selection. */
static int is_visible(void *context, xmlNode *node, xmlNode *parent)
{
    struct selection *selection = context;
    if (node == selection->omit)
        return 0;
    if (node == selection->top)
        return 1;
    if (!parent)
        return 0;
    if (parent != selection->parent) {
        selection->parent = parent;
        selection->parent_inside = is_inside(selection, parent);
    }
    return selection->parent_inside ? 1 : 0;
}

struct sink {
    sph_buf *out;
    sph_err *err;
    sph_rc rc;
};

static int write_sink(void *context, const char *bytes, int len)
{
    struct sink *sink = context;
    if (sink->rc.code == SPH_OK)
        sink->rc = sph_buf_add(sink->out, sph_slice_of(bytes, (size_t)len), sink->err);
    return sink->rc.code == SPH_OK ? len : -1;
}

/* PrefixList as the NULL-ended array that libxml2 takes; it knows "#default" itself. */
typedef struct {
    sph_buf text;
    xmlChar **list;
} prefixes;

static void prefixes_clear(prefixes *own)
{
    sph_buf_clear(&own->text);
    sph_mem_free(own->list);
}

static sph_rc split_prefixes(const char *text, prefixes *to, sph_err *err)
{
    const size_t most = (size_t)sph_limits_default()->prefix_list;
    to->text = sph_buf_init(sph_slice_str(text).len + 1);
    SPH_TRY(sph_buf_add_text(&to->text, text, err), err, "PrefixList");
    to->list = sph_mem_new(most + 1, sizeof(*to->list));
    if (!to->list)
        return sph_fail(err, SPH_ENOMEM, "PrefixList");
    bool inside = false;
    size_t count = 0;
    for (size_t i = 0; i < to->text.len; i++) {
        uint8_t *at = to->text.at + i;
        const bool space = *at == ' ' || *at == '\t' || *at == '\n' || *at == '\r';
        if (!space && !inside && count == most)
            return sph_fail(err, SPH_ELIMIT, "PrefixList of more than %zu", most);
        if (!space && !inside)
            to->list[count++] = at;
        if (space)
            *at = 0;
        inside = !space;
    }
    return sph_ok();
}

static sph_rc run(const sph_xml_node *node, const sph_xml_node *omit, xmlChar **inclusive,
                  sph_buf *out, sph_err *err)
{
    struct selection selection = {.top = node, .omit = omit};
    struct sink sink = {out, err, {SPH_OK}};
    const size_t start = out->len;
    xmlOutputBuffer *buffer = xmlOutputBufferCreateIO(write_sink, NULL, &sink, NULL);
    if (!buffer)
        return sph_fail(err, SPH_ENOMEM, "canonical form");
    const int done = xmlC14NExecute(node->doc, is_visible, &selection, XML_C14N_EXCLUSIVE_1_0,
                                    inclusive, 0, buffer);
    const int closed = xmlOutputBufferClose(buffer);
    if (sink.rc.code != SPH_OK)
        return sink.rc;
    /* a failure or nothing at all is never digested. */
    if (done < 0 || closed < 0 || out->len == start)
        return sph_fail(err, SPH_EPARSE, "no canonical form");
    return sph_ok();
}

sph_rc sph_c14n_libxml2(const sph_xml_node *node, const char *prefix_list, const sph_xml_node *omit,
                        sph_buf *out, sph_err *err)
{
    SPH_AUTO(prefixes) inclusive = {0};
    if (prefix_list)
        SPH_TRY(split_prefixes(prefix_list, &inclusive, err), err, "canonical form");
    return run(node, omit, inclusive.list, out, err);
}

sph_rc sph_xml_c14n(const sph_xml_node *node, const char *prefix_list, const sph_xml_node *omit,
                    sph_buf *out, sph_err *err)
{
    if (!node || node == omit)
        return sph_fail(err, SPH_EARG, "no element");
    bool is_odd = prefix_list != NULL;
    const size_t start = out->len;
    sph_rc rc = sph_ok();
    if (!is_odd)
        rc = sph_c14n_exclusive(node, omit, out, &is_odd, err);
    if (is_odd) {
        sph_buf_cut(out, start);
        rc = sph_c14n_libxml2(node, prefix_list, omit, out, err);
    }
    if (rc.code != SPH_OK)
        sph_buf_cut(out, start);
    return rc;
}
