#include "xml/writer.h"

#include "base/codec.h"
#include "base/unicode.h"

#define MAX_PREFIXES 32
#define MAX_OPEN 64
#define SCRATCH_CAP (1u << 20)

#define NS_XML "http://www.w3.org/XML/1998/namespace"

/* Where a piece of the scratch buffer lies; it may move while it grows. */
struct span {
    size_t at, len;
};

struct attribute {
    const char *ns;          /* "" when unqualified */
    struct span name, value; /* qualified name; value already escaped */
    size_t local;            /* offset of the local part in the name */
};

/* An open element. `in_scope` holds the prefixes declared by it or above it up to the fragment. */
struct frame {
    struct span name;
    uint32_t in_scope;
};

struct sph_xml_writer {
    sph_buf *out;
    struct sph_xml_prefix
        prefixes[MAX_PREFIXES]; /* sorted: C14N writes declarations in this order */
    size_t prefix_count;
    struct frame open[MAX_OPEN];
    size_t depth;
    sph_buf names;   /* names of the open elements, one behind the other */
    bool is_pending; /* the innermost start tag is not written yet */
    bool is_fragment_next;
    uint32_t used; /* prefixes that the pending tag uses visibly */
    struct attribute *attributes;
    size_t attribute_count, attribute_room;
    sph_buf scratch; /* names and values of the pending tag's attributes */
    sph_rc rc;
    sph_err err;
};

static void keep(sph_xml_writer *w, sph_rc rc)
{
    if (w->rc.code == SPH_OK)
        w->rc = rc;
}

#define KEEP(w, call)                                                                              \
    do {                                                                                           \
        if ((w)->rc.code == SPH_OK)                                                                \
            keep((w), (call));                                                                     \
    } while (0)

static void put(sph_xml_writer *w, sph_slice bytes)
{
    KEEP(w, sph_buf_add(w->out, bytes, &w->err));
}

static sph_rc sort_prefixes(sph_xml_writer *w, const struct sph_xml_prefix *prefixes, sph_err *err)
{
    for (; prefixes->prefix; prefixes++) {
        if (w->prefix_count == MAX_PREFIXES)
            return sph_fail(err, SPH_EARG, "more than %d prefixes", MAX_PREFIXES);
        size_t at = w->prefix_count++;
        for (; at > 0 && strcmp(w->prefixes[at - 1].prefix, prefixes->prefix) > 0; at--)
            w->prefixes[at] = w->prefixes[at - 1];
        w->prefixes[at] = *prefixes;
    }
    return sph_ok();
}

sph_rc sph_xml_writer_new(const struct sph_xml_prefix *prefixes, sph_buf *out,
                          sph_xml_writer **writer, sph_err *err)
{
    SPH_AUTO_PTR(sph_xml_writer) *w = sph_mem_new(1, sizeof(*w));
    if (!w)
        return sph_fail(err, SPH_ENOMEM, "XML writer");
    w->out = out;
    w->names = sph_buf_init(SCRATCH_CAP);
    w->scratch = sph_buf_init(SCRATCH_CAP);
    SPH_TRY(sort_prefixes(w, prefixes, err), err, "XML writer");
    *writer = sph_move(w);
    return sph_ok();
}

void sph_xml_writer_free(sph_xml_writer **writer)
{
    if (!writer || !*writer)
        return;
    sph_buf_clear(&(*writer)->names);
    sph_buf_clear(&(*writer)->scratch);
    sph_mem_free((*writer)->attributes);
    sph_mem_free(*writer);
    *writer = NULL;
}

/* Names come from code, not from data; this holds them to what needs no further thought. */
static bool is_plain_name(sph_slice name)
{
    for (size_t i = 0; i < name.len; i++) {
        const uint8_t c = name.at[i];
        const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
        if (!letter && (i == 0 || !((c >= '0' && c <= '9') || c == '-' || c == '.')))
            return false;
    }
    return name.len > 0;
}

static size_t find_prefix(const sph_xml_writer *w, sph_slice prefix)
{
    for (size_t i = 0; i < w->prefix_count; i++)
        if (sph_slice_is(prefix, w->prefixes[i].prefix))
            return i;
    return SIZE_MAX;
}

/* Split a qualified name and mark its prefix as used by the pending tag. */
static sph_rc resolve(sph_xml_writer *w, const char *qname, bool is_element, const char **ns,
                      size_t *local, sph_err *err)
{
    const sph_slice name = sph_slice_str(qname);
    const size_t colon = sph_slice_find(name, SPH_LIT(":"), 0);
    const bool has_prefix = colon != SIZE_MAX;
    const sph_slice prefix = sph_slice_sub(name, 0, has_prefix ? colon : 0);
    *local = has_prefix ? colon + 1 : 0;
    *ns = "";
    if (!is_plain_name(sph_slice_sub(name, *local, name.len - *local)))
        return sph_fail(err, SPH_EARG, "name of an element or attribute");
    if (!has_prefix && !is_element)
        return sph_ok();
    if (sph_slice_is(prefix, "xml")) {
        *ns = NS_XML;
        return sph_ok();
    }
    const size_t at = find_prefix(w, prefix);
    if (at == SIZE_MAX && has_prefix)
        return sph_fail(err, SPH_EARG, "prefix is not in the table");
    if (at == SIZE_MAX)
        return sph_ok();
    *ns = w->prefixes[at].ns;
    w->used |= UINT32_C(1) << at;
    return sph_ok();
}

/* Canonical XML 1.0 section 2.3: what each character becomes. NULL: written as it is. */
static const char *escape_of(uint8_t c, bool in_attribute)
{
    switch (c) {
    case '&':
        return "&amp;";
    case '<':
        return "&lt;";
    case '>':
        return in_attribute ? NULL : "&gt;";
    case '"':
        return in_attribute ? "&quot;" : NULL;
    case '\r':
        return "&#xD;";
    case '\t':
        return in_attribute ? "&#x9;" : NULL;
    case '\n':
        return in_attribute ? "&#xA;" : NULL;
    default:
        return NULL;
    }
}

/* XML 1.0 section 2.2, Char: no control characters, no U+FFFE or U+FFFF. */
static bool is_char(sph_slice text, size_t i)
{
    const uint8_t c = text.at[i];
    if (c < 0x20)
        return c == '\t' || c == '\n' || c == '\r';
    return !(c == 0xEF && i + 2 < text.len && text.at[i + 1] == 0xBF && text.at[i + 2] >= 0xBE);
}

static sph_rc add_escaped(sph_buf *to, sph_slice text, bool in_attribute, sph_err *err)
{
    if (!sph_utf8_valid(text))
        return sph_fail(err, SPH_EPARSE, "text is not UTF-8");
    size_t start = 0;
    for (size_t i = 0; i < text.len; i++) {
        if (!is_char(text, i))
            return sph_fail(err, SPH_EPARSE, "character that XML does not have");
        const char *escape = escape_of(text.at[i], in_attribute);
        if (!escape)
            continue;
        SPH_TRY(sph_buf_add(to, sph_slice_sub(text, start, i - start), err), err, "text");
        SPH_TRY(sph_buf_add_text(to, escape, err), err, "text");
        start = i + 1;
    }
    return sph_buf_add(to, sph_slice_sub(text, start, text.len - start), err);
}

static sph_slice span_in(const sph_buf *buf, struct span span)
{
    return sph_slice_sub(sph_buf_peek(buf), span.at, span.len);
}

static int compare_slices(sph_slice a, sph_slice b)
{
    const int order = memcmp(a.at, b.at, a.len < b.len ? a.len : b.len);
    return order != 0 ? order : (a.len > b.len) - (a.len < b.len);
}

/* Canonical order of attributes: by namespace name, then by local name. */
static int compare_attributes(const sph_xml_writer *w, const struct attribute *a,
                              const struct attribute *b)
{
    const int by_ns = strcmp(a->ns, b->ns);
    if (by_ns != 0)
        return by_ns;
    const sph_slice left = span_in(&w->scratch, a->name), right = span_in(&w->scratch, b->name);
    return compare_slices(sph_slice_sub(left, a->local, left.len - a->local),
                          sph_slice_sub(right, b->local, right.len - b->local));
}

static sph_rc insert_attribute(sph_xml_writer *w, const struct attribute *attribute, sph_err *err)
{
    if (w->attribute_count == w->attribute_room) {
        const size_t room = w->attribute_room ? w->attribute_room * 2 : 8;
        struct attribute *more = sph_mem_resize(w->attributes, room, sizeof(*more));
        if (!more)
            return sph_fail(err, SPH_ENOMEM, "attributes");
        w->attributes = more;
        w->attribute_room = room;
    }
    size_t at = w->attribute_count;
    while (at > 0 && compare_attributes(w, &w->attributes[at - 1], attribute) > 0)
        at--;
    if (at > 0 && compare_attributes(w, &w->attributes[at - 1], attribute) == 0)
        return sph_fail(err, SPH_EARG, "attribute set twice");
    for (size_t i = w->attribute_count; i > at; i--)
        w->attributes[i] = w->attributes[i - 1];
    w->attributes[at] = *attribute;
    w->attribute_count++;
    return sph_ok();
}

static sph_rc add_attribute(sph_xml_writer *w, const char *qname, sph_slice value, sph_err *err)
{
    if (!w->is_pending)
        return sph_fail(err, SPH_EARG, "attribute outside a start tag");
    struct attribute attribute = {0};
    SPH_TRY(resolve(w, qname, false, &attribute.ns, &attribute.local, err), err, "attribute");
    attribute.name = (struct span){w->scratch.len, sph_slice_str(qname).len};
    SPH_TRY(sph_buf_add_text(&w->scratch, qname, err), err, "attribute");
    attribute.value.at = w->scratch.len;
    SPH_TRY(add_escaped(&w->scratch, value, true, err), err, "attribute");
    attribute.value.len = w->scratch.len - attribute.value.at;
    return insert_attribute(w, &attribute, err);
}

static void put_declaration(sph_xml_writer *w, const struct sph_xml_prefix *prefix)
{
    put(w, *prefix->prefix ? SPH_LIT(" xmlns:") : SPH_LIT(" xmlns"));
    put(w, sph_slice_str(prefix->prefix));
    put(w, SPH_LIT("=\""));
    KEEP(w, add_escaped(w->out, sph_slice_str(prefix->ns), true, &w->err));
    put(w, SPH_LIT("\""));
}

/* Write the pending start tag: declarations of the prefixes it is the first to use, then attributes
 * (Exclusive XML Canonicalization section 3). */
static void flush(sph_xml_writer *w)
{
    if (!w->is_pending)
        return;
    struct frame *frame = &w->open[w->depth - 1];
    put(w, SPH_LIT("<"));
    put(w, span_in(&w->names, frame->name));
    for (size_t i = 0; i < w->prefix_count; i++)
        if (w->used & ~frame->in_scope & (UINT32_C(1) << i))
            put_declaration(w, &w->prefixes[i]);
    frame->in_scope |= w->used;
    for (size_t i = 0; i < w->attribute_count; i++) {
        put(w, SPH_LIT(" "));
        put(w, span_in(&w->scratch, w->attributes[i].name));
        put(w, SPH_LIT("=\""));
        put(w, span_in(&w->scratch, w->attributes[i].value));
        put(w, SPH_LIT("\""));
    }
    put(w, SPH_LIT(">"));
    w->is_pending = false;
    w->attribute_count = 0;
    w->scratch.len = 0;
}

static sph_rc open_element(sph_xml_writer *w, const char *qname, sph_err *err)
{
    if (w->depth == MAX_OPEN)
        return sph_fail(err, SPH_ELIMIT, "more than %d levels", MAX_OPEN);
    const char *ns;
    size_t local;
    w->used = 0;
    SPH_TRY(resolve(w, qname, true, &ns, &local, err), err, "element");
    const struct span name = {w->names.len, sph_slice_str(qname).len};
    SPH_TRY(sph_buf_add_text(&w->names, qname, err), err, "element");
    const bool alone = w->is_fragment_next || w->depth == 0;
    const uint32_t in_scope = alone ? 0 : w->open[w->depth - 1].in_scope;
    w->open[w->depth++] = (struct frame){name, in_scope};
    w->is_fragment_next = false;
    w->is_pending = true;
    return sph_ok();
}

void sph_xml_open(sph_xml_writer *w, const char *qname)
{
    flush(w);
    KEEP(w, open_element(w, qname, &w->err));
}

void sph_xml_set_slice(sph_xml_writer *w, const char *qname, sph_slice value)
{
    KEEP(w, add_attribute(w, qname, value, &w->err));
}

void sph_xml_set(sph_xml_writer *w, const char *qname, const char *value)
{
    if (value)
        sph_xml_set_slice(w, qname, sph_slice_str(value));
}

void sph_xml_text(sph_xml_writer *w, sph_slice text)
{
    if (w->depth == 0 || w->is_fragment_next) {
        KEEP(w, sph_fail(&w->err, SPH_EARG, "text where an element belongs"));
        return;
    }
    flush(w);
    KEEP(w, add_escaped(w->out, text, false, &w->err));
}

void sph_xml_close(sph_xml_writer *w)
{
    if (w->rc.code != SPH_OK)
        return;
    if (w->depth == 0 || w->is_fragment_next) {
        keep(w, sph_fail(&w->err, SPH_EARG, "no element to close"));
        return;
    }
    flush(w);
    const struct frame *frame = &w->open[--w->depth];
    put(w, SPH_LIT("</"));
    put(w, span_in(&w->names, frame->name));
    put(w, SPH_LIT(">"));
    w->names.len = frame->name.at;
}

void sph_xml_leaf_slice(sph_xml_writer *w, const char *qname, sph_slice text)
{
    sph_xml_open(w, qname);
    sph_xml_text(w, text);
    sph_xml_close(w);
}

void sph_xml_leaf(sph_xml_writer *w, const char *qname, const char *text)
{
    if (text)
        sph_xml_leaf_slice(w, qname, sph_slice_str(text));
}

void sph_xml_leaf_base64(sph_xml_writer *w, const char *qname, sph_slice bytes)
{
    sph_xml_open(w, qname);
    flush(w);
    KEEP(w, sph_base64_encode(bytes, w->out, &w->err));
    sph_xml_close(w);
}

void sph_xml_fragment(sph_xml_writer *w)
{
    flush(w);
    w->is_fragment_next = true;
}

void sph_xml_raw(sph_xml_writer *w, sph_slice canonical)
{
    flush(w);
    put(w, canonical);
}

sph_rc sph_xml_writer_end(sph_xml_writer *w, sph_err *err)
{
    if (w->rc.code == SPH_OK && (w->depth > 0 || w->is_fragment_next))
        keep(w, sph_fail(&w->err, SPH_EARG, "%zu elements are open", w->depth));
    if (w->rc.code != SPH_OK && err)
        *err = w->err;
    return w->rc;
}

bool sph_xml_writer_failed(const sph_xml_writer *w)
{
    return w->rc.code != SPH_OK;
}
