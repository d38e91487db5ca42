/* Exclusive XML Canonicalization 1.0 without comments for one element and what is below it.
 *
 * libxml2 canonicalises a set of nodes: it walks the whole document, asks of each node, attribute
 * and declaration whether it is in the set, and builds sorted lists on the heap at each element.
 * For a subtree none of that is needed: what was declared so far is a stack, and the few attributes
 * of an element are sorted in place. The result is the same octets (tests/unit/xml/test_c14n.c
 * holds both against each other), at a tenth of the time. */
#include "xml/c14n_exclusive.h"

#include "xml/document.h"

#define DECLARED_MOST 64u   /* declarations in force in the output */
#define ATTRIBUTES_MOST 32u /* of one element */

/* A declaration as it stands in the output. */
struct declared {
    const char *prefix, *uri; /* "" when there is none */
};

struct walk {
    sph_buf *out;
    sph_err *err;
    const sph_xml_node *omit;
    struct declared declared[DECLARED_MOST];
    size_t count;
    bool is_odd;
};

static const char *text_or_empty(const xmlChar *text)
{
    return text ? (const char *)text : "";
}

static sph_rc put(struct walk *walk, const char *text)
{
    return sph_buf_add_text(walk->out, text, walk->err);
}

/* What stands for a character that may not stand for itself: C14N 1.0 section 2.3. */
static const char *escape_in_text(char c)
{
    switch (c) {
    case '&':
        return "&amp;";
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '\r':
        return "&#xD;";
    default:
        return NULL;
    }
}

static const char *escape_in_attribute(char c)
{
    switch (c) {
    case '&':
        return "&amp;";
    case '<':
        return "&lt;";
    case '"':
        return "&quot;";
    case '\t':
        return "&#x9;";
    case '\n':
        return "&#xA;";
    case '\r':
        return "&#xD;";
    default:
        return NULL;
    }
}

/* Text in runs between the characters of `special`. */
static sph_rc put_escaped(struct walk *walk, const char *text, const char *special,
                          const char *(*escape)(char))
{
    for (;;) {
        const size_t run = strcspn(text, special);
        SPH_TRY(sph_buf_add(walk->out, sph_slice_of(text, run), walk->err), walk->err, "text");
        if (!text[run])
            return sph_ok();
        SPH_TRY(put(walk, escape(text[run])), walk->err, "text");
        text += run + 1;
    }
}

static sph_rc put_name(struct walk *walk, const xmlNs *ns, const xmlChar *local)
{
    if (ns && ns->prefix) {
        SPH_TRY(put(walk, (const char *)ns->prefix), walk->err, "name");
        SPH_TRY(put(walk, ":"), walk->err, "name");
    }
    return put(walk, (const char *)local);
}

/* The value that `prefix` has in the output here; the default namespace is empty at the start. */
static const char *value_of(const struct walk *walk, const char *prefix)
{
    for (size_t i = walk->count; i > 0; i--)
        if (strcmp(walk->declared[i - 1].prefix, prefix) == 0)
            return walk->declared[i - 1].uri;
    return *prefix ? NULL : "";
}

/* Exclusive C14N section 3: a prefix is declared where it is visibly used and the output does not
 * have it with that value already. */
static void use(struct walk *walk, const char *prefix, const char *uri)
{
    const char *value = value_of(walk, prefix);
    if (value && strcmp(value, uri) == 0)
        return;
    if (walk->count == DECLARED_MOST || strchr(uri, '"')) {
        walk->is_odd = true;
        return;
    }
    walk->declared[walk->count++] = (struct declared){prefix, uri};
}

static bool is_xml(const xmlNs *ns)
{
    return ns->prefix && strcmp((const char *)ns->prefix, "xml") == 0;
}

static void use_all(struct walk *walk, const sph_xml_node *node)
{
    if (!node->ns || !is_xml(node->ns))
        use(walk, node->ns ? text_or_empty(node->ns->prefix) : "",
            node->ns ? text_or_empty(node->ns->href) : "");
    for (const xmlAttr *attr = node->properties; attr; attr = attr->next)
        if (attr->ns && attr->ns->prefix && !is_xml(attr->ns))
            use(walk, (const char *)attr->ns->prefix, text_or_empty(attr->ns->href));
}

/* The declarations from `first` on, by prefix. */
static sph_rc put_declarations(struct walk *walk, size_t first)
{
    for (size_t i = first + 1; i < walk->count; i++) {
        const struct declared moved = walk->declared[i];
        size_t at = i;
        for (; at > first && strcmp(walk->declared[at - 1].prefix, moved.prefix) > 0; at--)
            walk->declared[at] = walk->declared[at - 1];
        walk->declared[at] = moved;
    }
    for (size_t i = first; i < walk->count; i++) {
        SPH_TRY(put(walk, *walk->declared[i].prefix ? " xmlns:" : " xmlns"), walk->err, "xmlns");
        SPH_TRY(put(walk, walk->declared[i].prefix), walk->err, "xmlns");
        SPH_TRY(put(walk, "=\""), walk->err, "xmlns");
        SPH_TRY(put(walk, walk->declared[i].uri), walk->err, "xmlns");
        SPH_TRY(put(walk, "\""), walk->err, "xmlns");
    }
    return sph_ok();
}

/* Attributes by namespace name, then local name; those in no namespace first. */
static bool is_before(const xmlAttr *a, const xmlAttr *b)
{
    const int by_ns =
        strcmp(a->ns ? text_or_empty(a->ns->href) : "", b->ns ? text_or_empty(b->ns->href) : "");
    return by_ns < 0 || (by_ns == 0 && strcmp((const char *)a->name, (const char *)b->name) < 0);
}

static size_t sort_attributes(struct walk *walk, const sph_xml_node *node,
                              const xmlAttr *sorted[ATTRIBUTES_MOST])
{
    size_t count = 0;
    for (const xmlAttr *attr = node->properties; attr; attr = attr->next) {
        if (count == ATTRIBUTES_MOST) {
            walk->is_odd = true;
            return 0;
        }
        size_t at = count++;
        for (; at > 0 && is_before(attr, sorted[at - 1]); at--)
            sorted[at] = sorted[at - 1];
        sorted[at] = attr;
    }
    return count;
}

static sph_rc put_attributes(struct walk *walk, const sph_xml_node *node)
{
    const xmlAttr *sorted[ATTRIBUTES_MOST];
    const size_t count = sort_attributes(walk, node, sorted);
    for (size_t i = 0; i < count; i++) {
        SPH_TRY(put(walk, " "), walk->err, "attribute");
        SPH_TRY(put_name(walk, sorted[i]->ns, sorted[i]->name), walk->err, "attribute");
        SPH_TRY(put(walk, "=\""), walk->err, "attribute");
        /* One text node at most: xml.c refuses the rest. */
        if (sorted[i]->children)
            SPH_TRY(put_escaped(walk, text_or_empty(sorted[i]->children->content), "&<\"\t\n\r",
                                escape_in_attribute),
                    walk->err, "attribute");
        SPH_TRY(put(walk, "\""), walk->err, "attribute");
    }
    return sph_ok();
}

static sph_rc put_start(struct walk *walk, const sph_xml_node *node)
{
    const size_t first = walk->count;
    SPH_TRY(put(walk, "<"), walk->err, "start tag");
    SPH_TRY(put_name(walk, node->ns, node->name), walk->err, "start tag");
    use_all(walk, node);
    SPH_TRY(put_declarations(walk, first), walk->err, "start tag");
    SPH_TRY(put_attributes(walk, node), walk->err, "start tag");
    return put(walk, ">");
}

static sph_rc put_end(struct walk *walk, const sph_xml_node *node)
{
    SPH_TRY(put(walk, "</"), walk->err, "end tag");
    SPH_TRY(put_name(walk, node->ns, node->name), walk->err, "end tag");
    return put(walk, ">");
}

/* Depth is bounded by the pre-scan. */
static sph_rc put_element(struct walk *walk, const sph_xml_node *node);

static sph_rc put_child(struct walk *walk, const sph_xml_node *node)
{
    if (node == walk->omit || node->type == XML_COMMENT_NODE)
        return sph_ok();
    if (node->type == XML_ELEMENT_NODE)
        return put_element(walk, node);
    if (sph_xml_is_text(node))
        return put_escaped(walk, text_or_empty(node->content), "&<>\r", escape_in_text);
    walk->is_odd = true;
    return sph_ok();
}

static sph_rc put_element(struct walk *walk, const sph_xml_node *node)
{
    const size_t outside = walk->count;
    SPH_TRY(put_start(walk, node), walk->err, "element");
    for (const sph_xml_node *at = node->children; at && !walk->is_odd; at = at->next) {
        const sph_rc rc = put_child(walk, at);
        if (rc.code != SPH_OK)
            return rc;
    }
    walk->count = outside;
    return put_end(walk, node);
}

sph_rc sph_c14n_exclusive(const sph_xml_node *node, const sph_xml_node *omit, sph_buf *out,
                          bool *is_odd, sph_err *err)
{
    struct walk walk = {.out = out, .err = err, .omit = omit};
    const sph_rc rc = put_element(&walk, node);
    *is_odd = walk.is_odd;
    return rc;
}
