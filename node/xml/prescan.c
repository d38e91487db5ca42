#include "xml/xml.h"

#include "base/unicode.h"

/* The pre-scan reads the raw octets once, before libxml2 sees any of them. It knows tags, attribute
 * values, comments, CDATA and processing instructions, refuses whatever it does not know, and
 * counts what libxml2 would spend time or memory on (security.md 2.4 to
 * */
struct scan {
    const uint8_t *at; /* text without the byte order mark */
    size_t len, pos;
    const struct sph_xml_limits *limits;
    size_t depth, elements, run; /* run: characters since the last tag */
    bool root_done;
};

static bool is_space(uint8_t byte)
{
    return byte == ' ' || byte == '\t' || byte == '\n' || byte == '\r';
}

static bool is_name_byte(uint8_t byte)
{
    return byte >= 0x80 || (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
           (byte >= '0' && byte <= '9') || byte == '_' || byte == ':' || byte == '-' || byte == '.';
}

/* The byte at the cursor, 0 at the end (no NUL is inside: checked before). */
static uint8_t peek(const struct scan *scan)
{
    return scan->pos < scan->len ? scan->at[scan->pos] : 0;
}

static bool skip_literal(struct scan *scan, sph_slice literal)
{
    const sph_slice rest = sph_slice_of(scan->at + scan->pos, scan->len - scan->pos);
    if (!sph_slice_starts(rest, literal))
        return false;
    scan->pos += literal.len;
    return true;
}

static void skip_space(struct scan *scan)
{
    while (is_space(peek(scan)))
        scan->pos++;
}

static sph_slice take_name(struct scan *scan)
{
    const size_t start = scan->pos;
    while (is_name_byte(peek(scan)))
        scan->pos++;
    return sph_slice_of(scan->at + start, scan->pos - start);
}

static sph_rc take_quoted(struct scan *scan, sph_slice *value, sph_err *err)
{
    const uint8_t quote = peek(scan);
    if (quote != '"' && quote != '\'')
        return sph_fail(err, SPH_EPARSE, "attribute value without quotes");
    const size_t start = ++scan->pos;
    while (scan->pos < scan->len && scan->at[scan->pos] != quote && scan->at[scan->pos] != '<')
        scan->pos++;
    if (peek(scan) != quote)
        return sph_fail(err, SPH_EPARSE, "attribute value does not end");
    *value = sph_slice_of(scan->at + start, scan->pos - start);
    scan->pos++;
    return sph_ok();
}

/* One `name = "value"`. */
static sph_rc take_attribute(struct scan *scan, sph_slice *name, sph_slice *value, sph_err *err)
{
    *name = take_name(scan);
    if (name->len == 0)
        return sph_fail(err, SPH_EPARSE, "unexpected character in a tag");
    skip_space(scan);
    if (peek(scan) != '=')
        return sph_fail(err, SPH_EPARSE, "attribute without a value");
    scan->pos++;
    skip_space(scan);
    return take_quoted(scan, value, err);
}

static bool is_declaration(sph_slice name)
{
    return sph_slice_is(name, "xmlns") || sph_slice_starts(name, SPH_LIT("xmlns:"));
}

/* Attributes up to '>' or '/'; the cursor stands behind the element name. */
static sph_rc scan_attributes(struct scan *scan, sph_err *err)
{
    size_t attributes = 0, declarations = 0;
    for (;;) {
        const bool spaced = is_space(peek(scan));
        skip_space(scan);
        if (peek(scan) == '>' || peek(scan) == '/')
            return sph_ok();
        if (!spaced)
            return sph_fail(err, SPH_EPARSE, "unexpected character in a tag");
        sph_slice name, value;
        SPH_TRY(take_attribute(scan, &name, &value, err), err, "attribute %zu", attributes + 1);
        declarations += is_declaration(name) ? 1 : 0;
        if (++attributes > scan->limits->attributes)
            return sph_fail(err, SPH_ELIMIT, "more than %zu attributes", scan->limits->attributes);
        if (declarations > scan->limits->namespaces)
            return sph_fail(err, SPH_ELIMIT, "more than %zu namespace declarations",
                            scan->limits->namespaces);
    }
}

static sph_rc check_tag_length(const struct scan *scan, size_t start, sph_err *err)
{
    if (scan->pos - start > scan->limits->tag)
        return sph_fail(err, SPH_ELIMIT, "tag of more than %zu bytes", scan->limits->tag);
    return sph_ok();
}

static sph_rc scan_start_tag(struct scan *scan, sph_err *err)
{
    const size_t start = scan->pos++;
    if (scan->depth == 0 && scan->root_done)
        return sph_fail(err, SPH_EPARSE, "second root element");
    if (take_name(scan).len == 0)
        return sph_fail(err, SPH_EPARSE, "'<' that starts no tag");
    SPH_TRY(scan_attributes(scan, err), err, "element %zu", scan->elements + 1);
    const bool empty = peek(scan) == '/';
    scan->pos += empty ? 1 : 0;
    if (peek(scan) != '>')
        return sph_fail(err, SPH_EPARSE, "tag does not end");
    scan->pos++;
    SPH_TRY(check_tag_length(scan, start, err), err, "element %zu", scan->elements + 1);
    if (++scan->elements > scan->limits->elements)
        return sph_fail(err, SPH_ELIMIT, "more than %zu elements", scan->limits->elements);
    if (scan->depth + 1 > scan->limits->depth)
        return sph_fail(err, SPH_ELIMIT, "more than %zu levels", scan->limits->depth);
    scan->depth += empty ? 0 : 1;
    scan->root_done = scan->depth == 0;
    scan->run = 0;
    return sph_ok();
}

static sph_rc scan_end_tag(struct scan *scan, sph_err *err)
{
    const size_t start = scan->pos;
    scan->pos += 2;
    if (take_name(scan).len == 0)
        return sph_fail(err, SPH_EPARSE, "end tag without a name");
    skip_space(scan);
    if (peek(scan) != '>')
        return sph_fail(err, SPH_EPARSE, "end tag does not end");
    scan->pos++;
    SPH_TRY(check_tag_length(scan, start, err), err, "end tag");
    if (scan->depth == 0)
        return sph_fail(err, SPH_EPARSE, "end tag without a start");
    scan->root_done = --scan->depth == 0;
    scan->run = 0;
    return sph_ok();
}

/* Comment, CDATA or processing instruction up to its closing mark; counts as text. */
static sph_rc skip_to(struct scan *scan, sph_slice mark, sph_err *err)
{
    if (!scan->limits->allow_comments)
        return sph_fail(err, SPH_EPARSE, "comment, CDATA or processing instruction");
    const size_t start = scan->pos;
    const size_t end = sph_slice_find(sph_slice_of(scan->at, scan->len), mark, start);
    if (end == SIZE_MAX)
        return sph_fail(err, SPH_EPARSE, "comment, CDATA or processing instruction does not end");
    scan->pos = end + mark.len;
    scan->run += scan->pos - start;
    if (scan->run > scan->limits->text)
        return sph_fail(err, SPH_ELIMIT, "text of more than %zu bytes", scan->limits->text);
    return sph_ok();
}

/* Only comments and CDATA may begin with "<!": never a DOCTYPE or what stands inside one. */
static sph_rc scan_bang(struct scan *scan, sph_err *err)
{
    if (skip_literal(scan, SPH_LIT("<!--")))
        return skip_to(scan, SPH_LIT("-->"), err);
    if (scan->depth > 0 && skip_literal(scan, SPH_LIT("<![CDATA[")))
        return skip_to(scan, SPH_LIT("]]>"), err);
    return sph_fail(err, SPH_EPARSE, "DOCTYPE or another declaration");
}

static sph_rc scan_markup(struct scan *scan, sph_err *err)
{
    switch (scan->pos + 1 < scan->len ? scan->at[scan->pos + 1] : 0) {
    case '/':
        return scan_end_tag(scan, err);
    case '!':
        return scan_bang(scan, err);
    case '?':
        scan->pos += 2;
        return skip_to(scan, SPH_LIT("?>"), err);
    default:
        return scan_start_tag(scan, err);
    }
}

static sph_rc scan_text(struct scan *scan, sph_err *err)
{
    const size_t start = scan->pos;
    bool blank = true;
    for (; scan->pos < scan->len && scan->at[scan->pos] != '<'; scan->pos++)
        blank = blank && is_space(scan->at[scan->pos]);
    if (scan->depth == 0 && !blank)
        return sph_fail(err, SPH_EPARSE, "text outside the root element");
    scan->run += scan->pos - start;
    if (scan->run > scan->limits->text)
        return sph_fail(err, SPH_ELIMIT, "text of more than %zu bytes", scan->limits->text);
    return sph_ok();
}

/* XML 1.0 section 2.8: `<?xml version="1.0" encoding="UTF-8" standalone="yes"?>`, in this order. */
static sph_rc scan_declaration(struct scan *scan, sph_err *err)
{
    static const struct {
        const char *name, *value;
    } allowed[] = {{"version", "1.0"}, {"encoding", "utf-8"}, {"standalone", NULL}};
    size_t next = 0;
    for (;;) {
        const bool spaced = is_space(peek(scan));
        skip_space(scan);
        if (next > 0 && skip_literal(scan, SPH_LIT("?>")))
            return sph_ok();
        sph_slice name = {NULL, 0}, value = {NULL, 0};
        if (!spaced || take_attribute(scan, &name, &value, err).code != SPH_OK)
            return sph_fail(err, SPH_EPARSE, "XML declaration");
        while (next < 3 && !sph_slice_is(name, allowed[next].name))
            next += next == 0 ? 3 : 1; /* the version comes first and is never left out */
        if (next >= 3)
            return sph_fail(err, SPH_EPARSE, "XML declaration");
        const char *want = allowed[next++].value;
        if (want && !sph_slice_equal_nocase(value, sph_slice_str(want)))
            return sph_fail(err, SPH_EUNSUPPORTED, "XML other than version 1.0 in UTF-8");
    }
}

static sph_rc scan_all(struct scan *scan, sph_err *err)
{
    const bool declared = sph_slice_starts(sph_slice_of(scan->at, scan->len), SPH_LIT("<?xml")) &&
                          scan->len > 5 && is_space(scan->at[5]);
    if (declared) {
        scan->pos = 5;
        SPH_TRY(scan_declaration(scan, err), err, "start of the document");
    }
    while (scan->pos < scan->len) {
        const bool markup = peek(scan) == '<';
        SPH_TRY(markup ? scan_markup(scan, err) : scan_text(scan, err), err, "byte %zu", scan->pos);
    }
    if (!scan->root_done)
        return sph_fail(err, SPH_EPARSE, "document does not end");
    return sph_ok();
}

static sph_rc check_octets(sph_slice text, const struct sph_xml_limits *limits, sph_err *err)
{
    if (text.len == 0)
        return sph_fail(err, SPH_EPARSE, "empty document");
    if (text.len > limits->bytes)
        return sph_fail(err, SPH_ELIMIT, "%zu bytes, limit %zu", text.len, limits->bytes);
    /* libxml2 takes a NUL for the end and drops what follows without a word. */
    if (sph_slice_find(text, sph_slice_of("", 1), 0) != SIZE_MAX)
        return sph_fail(err, SPH_EPARSE, "NUL in the document");
    if (!sph_utf8_valid(text))
        return sph_fail(err, SPH_EPARSE, "not UTF-8");
    return sph_ok();
}

static unsigned line_of(sph_slice text, size_t pos)
{
    unsigned line = 1;
    for (size_t i = 0; i < pos && i < text.len; i++)
        line += text.at[i] == '\n' ? 1 : 0;
    return line;
}

sph_rc sph_xml_prescan(sph_slice text, const struct sph_xml_limits *limits, unsigned *line,
                       sph_err *err)
{
    if (line)
        *line = 0;
    SPH_TRY(check_octets(text, limits, err), err, "octets of the document");
    const size_t mark = sph_slice_starts(text, SPH_LIT("\xEF\xBB\xBF")) ? 3 : 0;
    const sph_slice body = sph_slice_sub(text, mark, text.len - mark);
    struct scan scan = {.at = body.at, .len = body.len, .limits = limits};
    const sph_rc rc = scan_all(&scan, err);
    if (rc.code != SPH_OK && line)
        *line = line_of(body, scan.pos);
    return rc;
}
