#include "xml/xml.h"

#include "xml/document.h"

#include <libxml/parser.h>
#include <libxml/parserInternals.h>
#include <libxml/xmlerror.h>
#include <limits.h>

static struct sph_xml_limits limits_of(const struct sph_limits *limits, uint64_t bytes,
                                       uint64_t depth, uint64_t elements)
{
    return (struct sph_xml_limits){
        .bytes = (size_t)bytes,
        .depth = (size_t)depth,
        .elements = (size_t)elements,
        .attributes = (size_t)limits->attributes,
        .namespaces = (size_t)limits->namespaces,
        .tag = (size_t)limits->tag,
        .text = (size_t)limits->text_node,
    };
}

struct sph_xml_limits sph_xml_limits_root(const struct sph_limits *limits)
{
    return limits_of(limits, limits->root_part, limits->depth_header, limits->root_elements);
}

struct sph_xml_limits sph_xml_limits_packet(const struct sph_limits *limits)
{
    return limits_of(limits, limits->packet, limits->depth_packet, limits->packet_elements);
}

struct sph_xml_limits sph_xml_limits_foreign(const struct sph_limits *limits)
{
    struct sph_xml_limits foreign = sph_xml_limits_packet(limits);
    foreign.allow_comments = true;
    return foreign;
}

/* What libxml2 reports while it parses: the line of the first error, nothing of its text. */
struct report {
    unsigned line;
    bool has_doctype;
};

static void note_error(void *context, xmlError *error)
{
    const xmlParserCtxt *parser = context;
    struct report *report = parser ? parser->_private : NULL;
    if (report && report->line == 0 && error->level >= XML_ERR_ERROR && error->line > 0)
        report->line = (unsigned)error->line;
}

static void refuse_doctype(void *context, const xmlChar *name, const xmlChar *external,
                           const xmlChar *system)
{
    xmlParserCtxt *parser = context;
    struct report *report = parser->_private;
    (void)name, (void)external, (void)system;
    report->has_doctype = true;
    xmlStopParser(parser);
}

static void ignore_error(void *context, xmlError *error)
{
    (void)context, (void)error;
}

void sph_xml_start(void)
{
    xmlInitParser();
    /* nothing a document names is ever opened. */
    xmlSetExternalEntityLoader(sph_xml_load_entity);
    /* Errors without a parser context (C14N) must not reach stderr, which may hold document text.
     */
    xmlSetStructuredErrorFunc(NULL, ignore_error);
    xmlThrDefSetStructuredErrorFunc(NULL, ignore_error);
}

void sph_xml_stop(void)
{
    xmlCleanupParser();
}

/* A namespace name must have a scheme: with a relative one libxml2 gives no canonical form at all
 * ("void canonicalization", X-06), even where the prefix is unused. */
static bool is_absolute(const char *uri)
{
    if (!*uri)
        return true; /* xmlns="" */
    if (!((*uri >= 'a' && *uri <= 'z') || (*uri >= 'A' && *uri <= 'Z')))
        return false;
    for (; *uri && *uri != ':'; uri++)
        if (!((*uri >= 'a' && *uri <= 'z') || (*uri >= 'A' && *uri <= 'Z') ||
              (*uri >= '0' && *uri <= '9') || *uri == '+' || *uri == '-' || *uri == '.'))
            return false;
    return *uri == ':';
}

/* libxml2 leaves '&' in a namespace name undecoded and writes it so into the canonical form, which
 * then is not that of any other implementation. */
static bool is_canonical(const char *uri)
{
    return is_absolute(uri) && sph_slice_find(sph_slice_str(uri), SPH_LIT("&"), 0) == SIZE_MAX;
}

static sph_rc check_element(const sph_xml_node *node, sph_err *err)
{
    for (const xmlNs *ns = node->nsDef; ns; ns = ns->next)
        if (ns->href && !is_canonical((const char *)ns->href))
            return sph_fail(err, SPH_EPARSE, "namespace name without a canonical form");
    /* sph_xml_attr lends the one text node below an attribute. */
    for (const xmlAttr *attr = node->properties; attr; attr = attr->next)
        if (attr->children && (attr->children->type != XML_TEXT_NODE || attr->children->next))
            return sph_fail(err, SPH_EPARSE, "entity in an attribute");
    return sph_ok();
}

static sph_rc check_node(const sph_xml_node *node, bool allow_comments, sph_err *err)
{
    if (node->type == XML_ELEMENT_NODE)
        return check_element(node, err);
    if (node->type == XML_TEXT_NODE)
        return sph_ok();
    if (allow_comments && (node->type == XML_COMMENT_NODE || node->type == XML_CDATA_SECTION_NODE))
        return sph_ok();
    return sph_fail(err, SPH_EPARSE, "node of kind %d", (int)node->type);
}

/* The node after `node` in document order, or NULL. */
static const sph_xml_node *next_in_order(const sph_xml_node *node)
{
    if (node->type == XML_ELEMENT_NODE && node->children)
        return node->children;
    while (node && !node->next)
        node = node->parent && node->parent->type == XML_ELEMENT_NODE ? node->parent : NULL;
    return node ? node->next : NULL;
}

static sph_rc check_tree(const xmlDoc *tree, bool allow_comments, struct report *report,
                         sph_err *err)
{
    for (const sph_xml_node *node = tree->children; node; node = next_in_order(node)) {
        const sph_rc rc = check_node(node, allow_comments, err);
        if (rc.code != SPH_OK) {
            report->line = sph_xml_line(node->type == XML_ELEMENT_NODE ? node : node->parent);
            return rc;
        }
    }
    return sph_ok();
}

/* a tree comes back for two equal attributes and for an undeclared prefix; X-04: and
 * when the input was not read to its end. */
static sph_rc check_verdict(const xmlParserCtxt *parser, const struct report *report, sph_err *err)
{
    if (report->has_doctype)
        return sph_fail(err, SPH_EPARSE, "DOCTYPE");
    if (parser->errNo == XML_ERR_NO_MEMORY)
        return sph_fail(err, SPH_ENOMEM, "XML parser");
    if (!parser->wellFormed || !parser->nsWellFormed || parser->errNo != 0)
        return sph_fail(err, SPH_EPARSE, "not well-formed (libxml2 %d)", parser->errNo);
    if (!parser->input || parser->input->cur != parser->input->end)
        return sph_fail(err, SPH_EPARSE, "octets after the document");
    return sph_ok();
}

static sph_rc parse_into(xmlParserCtxt *parser, const struct sph_xml_limits *limits,
                         struct report *report, sph_xml *doc, sph_err *err)
{
    parser->_private = report;
    /* COMPACT keeps a short text inside its node: one allocation less each. */
    xmlCtxtUseOptions(parser, XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING |
                                  XML_PARSE_COMPACT);
    parser->sax->serror = note_error;
    parser->sax->internalSubset = refuse_doctype;
    parser->sax->processingInstruction = NULL; /* of a foreign judgment: dropped */
    xmlParseDocument(parser);
    doc->tree = parser->myDoc;
    parser->myDoc = NULL; /* the document owns it in every case */
    SPH_TRY(check_verdict(parser, report, err), err, "libxml2");
    if (!doc->tree)
        return sph_fail(err, SPH_EPARSE, "no document");
    return check_tree(doc->tree, limits->allow_comments, report, err);
}

static sph_rc parse(sph_slice text, const struct sph_xml_limits *limits, struct report *report,
                    sph_xml *doc, sph_err *err)
{
    const size_t mark = sph_slice_starts(text, SPH_LIT("\xEF\xBB\xBF")) ? 3 : 0;
    const sph_slice body = sph_slice_sub(text, mark, text.len - mark);
    if (body.len > INT_MAX)
        return sph_fail(err, SPH_ELIMIT, "%zu bytes", body.len);
    xmlParserCtxt *parser = xmlCreateMemoryParserCtxt((const char *)body.at, (int)body.len);
    if (!parser)
        return sph_fail(err, SPH_ENOMEM, "XML parser");
    const sph_rc rc = parse_into(parser, limits, report, doc, err);
    xmlFreeParserCtxt(parser);
    return rc;
}

sph_rc sph_xml_parse_at(sph_slice text, const struct sph_xml_limits *limits, unsigned *line,
                        sph_xml **out, sph_err *err)
{
    SPH_TRY(sph_xml_prescan(text, limits, line, err), err, "before parsing XML");
    SPH_AUTO_PTR(sph_xml) *doc = sph_mem_new(1, sizeof(*doc));
    if (!doc)
        return sph_fail(err, SPH_ENOMEM, "XML document");
    struct report report = {0};
    const sph_rc rc = parse(text, limits, &report, doc, err);
    if (rc.code != SPH_OK) {
        if (line)
            *line = report.line;
        sph_err_add(err, __func__, "parsing XML");
        return rc;
    }
    *out = sph_move(doc);
    return sph_ok();
}

sph_rc sph_xml_parse(sph_slice text, const struct sph_xml_limits *limits, sph_xml **out,
                     sph_err *err)
{
    return sph_xml_parse_at(text, limits, NULL, out, err);
}

void sph_xml_free(sph_xml **doc)
{
    if (!doc || !*doc)
        return;
    xmlFreeDoc((*doc)->tree);
    sph_mem_free(*doc);
    *doc = NULL;
}
