#include "xml/document.h"

static const char *text_of(const xmlChar *text)
{
    return text ? (const char *)text : "";
}

static bool same(const char *a, const char *b)
{
    return sph_slice_is(sph_slice_str(a), b ? b : "");
}

/* The first element at or after `node` among its siblings. */
static const sph_xml_node *element_from(const sph_xml_node *node)
{
    while (node && node->type != XML_ELEMENT_NODE)
        node = node->next;
    return node;
}

const sph_xml_node *sph_xml_root(const sph_xml *doc)
{
    return doc ? element_from(doc->tree->children) : NULL;
}

bool sph_xml_is(const sph_xml_node *node, const char *ns, const char *local)
{
    return node && same(sph_xml_local(node), local) && same(sph_xml_ns(node), ns);
}

const char *sph_xml_local(const sph_xml_node *node)
{
    return node ? text_of(node->name) : "";
}

const char *sph_xml_ns(const sph_xml_node *node)
{
    return node && node->ns ? text_of(node->ns->href) : "";
}

const sph_xml_node *sph_xml_first(const sph_xml_node *node)
{
    return node ? element_from(node->children) : NULL;
}

const sph_xml_node *sph_xml_next(const sph_xml_node *node)
{
    return node ? element_from(node->next) : NULL;
}

const sph_xml_node *sph_xml_parent(const sph_xml_node *node)
{
    const sph_xml_node *parent = node ? node->parent : NULL;
    return parent && parent->type == XML_ELEMENT_NODE ? parent : NULL;
}

const sph_xml_node *sph_xml_child(const sph_xml_node *node, const char *ns, const char *local)
{
    const sph_xml_node *child = sph_xml_first(node);
    while (child && !sph_xml_is(child, ns, local))
        child = sph_xml_next(child);
    return child;
}

sph_rc sph_xml_only(const sph_xml_node *node, const char *ns, const char *local,
                    const sph_xml_node **out, sph_err *err)
{
    const sph_xml_node *found = NULL;
    for (const sph_xml_node *at = sph_xml_first(node); at; at = sph_xml_next(at)) {
        if (!sph_xml_is(at, ns, local))
            continue;
        if (found)
            return sph_fail(err, SPH_EPARSE, "repeated %s", local);
        found = at;
    }
    if (!found)
        return sph_fail(err, SPH_EPARSE, "missing %s", local);
    *out = found;
    return sph_ok();
}

size_t sph_xml_child_count(const sph_xml_node *node)
{
    size_t count = 0;
    for (const sph_xml_node *at = sph_xml_first(node); at; at = sph_xml_next(at))
        count++;
    return count;
}

unsigned sph_xml_line(const sph_xml_node *node)
{
    const long line = node ? xmlGetLineNo(node) : 0;
    return line > 0 ? (unsigned)line : 0;
}

const char *sph_xml_attr(const sph_xml_node *node, const char *ns, const char *local)
{
    for (const xmlAttr *at = node ? node->properties : NULL; at; at = at->next)
        if (same(text_of(at->name), local) && same(text_of(at->ns ? at->ns->href : NULL), ns))
            return text_of(at->children ? at->children->content : NULL);
    return NULL;
}

size_t sph_xml_attr_count(const sph_xml_node *node)
{
    size_t count = 0;
    for (const xmlAttr *at = node ? node->properties : NULL; at; at = at->next)
        count++;
    return count;
}

size_t sph_xml_declaration_count(const sph_xml_node *node)
{
    size_t count = 0;
    for (const xmlNs *at = node ? node->nsDef : NULL; at; at = at->next)
        count++;
    return count;
}

sph_rc sph_xml_value(const sph_xml_node *node, sph_buf *out, sph_err *err)
{
    if (sph_xml_first(node))
        return sph_fail(err, SPH_EPARSE, "elements where a value belongs");
    const size_t start = out->len;
    for (const sph_xml_node *at = node ? node->children : NULL; at; at = at->next) {
        if (!sph_xml_is_text(at))
            continue;
        const sph_rc rc = sph_buf_add(out, sph_slice_str(text_of(at->content)), err);
        if (rc.code != SPH_OK) {
            out->len = start;
            return rc;
        }
    }
    return sph_ok();
}

static bool is_white(uint8_t byte)
{
    return byte == ' ' || byte == '\t' || byte == '\r' || byte == '\n';
}

/* A value on its way into a fixed array: no allocation, so that a rule that asks for a code cannot
 * miss it because memory ran out. */
struct value {
    char *to;
    size_t len, room; /* room for octets, without the NUL */
    size_t seen, most;
};

static sph_rc add_text(struct value *value, sph_slice text, sph_err *err)
{
    value->seen += text.len;
    if (value->seen > value->most) /* white space is allowed, but not without an end */
        return sph_fail(err, SPH_ELIMIT, "a value of more than %zu octets", value->most);
    for (size_t i = 0; i < text.len; i++) {
        const bool white = is_white(text.at[i]);
        if (value->len < value->room && (value->len > 0 || !white))
            value->to[value->len++] = (char)text.at[i];
        else if (!white)
            return sph_fail(err, SPH_ELIMIT, "a value of more than %zu octets", value->room);
    }
    return sph_ok();
}

sph_rc sph_xml_value_text(const sph_xml_node *node, char *to, size_t room, sph_err *err)
{
    struct value value = {.to = to, .room = room - 1, .most = room + 4096};
    if (sph_xml_first(node))
        return sph_fail(err, SPH_EPARSE, "elements where a value belongs");
    for (const sph_xml_node *at = node ? node->children : NULL; at; at = at->next)
        if (sph_xml_is_text(at))
            SPH_TRY(add_text(&value, sph_slice_str(text_of(at->content)), err), err, "value of %s",
                    sph_xml_local(node));
    while (value.len > 0 && is_white((uint8_t)to[value.len - 1]))
        value.len--;
    to[value.len] = '\0';
    return sph_ok();
}

static bool has_text(const sph_xml_node *node)
{
    for (const sph_xml_node *at = node ? node->children : NULL; at; at = at->next)
        if (sph_xml_is_text(at) && !sph_xml_is_blank(text_of(at->content)))
            return true;
    return false;
}

bool sph_xml_has_only_elements(const sph_xml_node *node)
{
    return node && !has_text(node);
}

bool sph_xml_is_empty(const sph_xml_node *node)
{
    return !sph_xml_first(node) && !has_text(node);
}

/* Words of a text, single spaces between; `space` carries a pending space between pieces. */
static sph_rc add_words(const char *text, bool *space, sph_buf *out, sph_err *err)
{
    while (*text) {
        size_t len = 0;
        while (text[len] && !sph_xml_is_blank((const char[]){text[len], 0}))
            len++;
        if (len == 0) {
            *space = true;
            text++;
            continue;
        }
        if (*space && out->len > 0)
            SPH_TRY(sph_buf_add_byte(out, ' ', err), err, "text");
        *space = false;
        SPH_TRY(sph_buf_add(out, sph_slice_of(text, len), err), err, "text");
        text += len;
    }
    return sph_ok();
}

/* An element whose own content is elements only is made of blocks; in running text (mixed content)
 * an element such as <b> breaks no word. Depth is bounded by the pre-scan. */
static sph_rc add_all_text(const sph_xml_node *node, bool *space, sph_buf *out, sph_err *err)
{
    const bool blocks = sph_xml_has_only_elements(node);
    for (const sph_xml_node *at = node ? node->children : NULL; at; at = at->next) {
        if (sph_xml_is_text(at))
            SPH_TRY(add_words(text_of(at->content), space, out, err), err, "text");
        if (at->type != XML_ELEMENT_NODE)
            continue;
        *space = *space || blocks;
        SPH_TRY(add_all_text(at, space, out, err), err, "text");
        *space = *space || blocks;
    }
    return sph_ok();
}

sph_rc sph_xml_all_text(const sph_xml_node *node, sph_buf *out, sph_err *err)
{
    bool space = false;
    return add_all_text(node, &space, out, err);
}

bool sph_xml_next_item(const sph_xml_node *parent, sph_xml_item *item)
{
    sph_xml_node *last = item->at;
    sph_xml_node *at = last ? last->next : parent ? parent->children : NULL;
    while (at && at->type != XML_ELEMENT_NODE && !sph_xml_is_text(at))
        at = at->next;
    if (!at)
        return false;
    const bool is_element = at->type == XML_ELEMENT_NODE;
    *item = (sph_xml_item){is_element ? at : NULL, is_element ? NULL : text_of(at->content), at};
    return true;
}

bool sph_xml_next_attr(const sph_xml_node *node, sph_xml_attr_item *item)
{
    const xmlAttr *last = item->at;
    xmlAttr *at = last ? last->next : node ? node->properties : NULL;
    if (!at)
        return false;
    *item = (sph_xml_attr_item){text_of(at->ns ? at->ns->href : NULL), text_of(at->name),
                                text_of(at->children ? at->children->content : NULL), at};
    return true;
}
