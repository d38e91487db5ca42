#include "xml/xsd.h"

#include "xml/document.h"
#include "xml/xsd_parts.h"

#include <libxml/parserInternals.h>
#include <libxml/xmlerror.h>
#include <limits.h>

struct library {
    const struct sph_xsd_source *sources;
    size_t count;
    bool is_missing; /* an import named something else */
    int code;        /* first error of libxml2 */
    unsigned line;
};

static const struct sph_xsd_source *find_source(const struct library *library, const char *url)
{
    sph_slice name = sph_slice_str(url);
    size_t slash;
    while ((slash = sph_slice_find(name, SPH_LIT("/"), 0)) != SIZE_MAX)
        name = sph_slice_sub(name, slash + 1, name.len);
    for (size_t i = 0; i < library->count; i++)
        if (sph_slice_is(name, library->sources[i].name))
            return &library->sources[i];
    return NULL;
}

static void note_error(void *context, xmlError *error)
{
    struct library *library = context;
    if (library->code != 0 || error->level < XML_ERR_ERROR)
        return;
    library->code = error->code;
    library->line = error->line > 0 ? (unsigned)error->line : 0;
}

/* libxml2 asks for an imported schema through one loader of the process, which is given no context
 * of ours. What it does have for each thread is the context of the error handler: while our own
 * handler of compilations stands there, the sources may be served; at every other moment not.
 * (Before asking, libxml2 looks by stat() whether the name is a file's; it opens none.) */
static struct library *library_of_this_thread(void)
{
    return xmlStructuredError == note_error ? xmlStructuredErrorContext : NULL;
}

xmlParserInput *sph_xml_load_entity(const char *url, const char *id, xmlParserCtxt *parser)
{
    struct library *library = library_of_this_thread();
    (void)id;
    if (!library || !url)
        return NULL;
    const struct sph_xsd_source *source = find_source(library, url);
    if (!source) {
        library->is_missing = true;
        return NULL;
    }
    xmlParserInputBuffer *buffer = xmlParserInputBufferCreateMem(
        (const char *)source->text.at, (int)source->text.len, XML_CHAR_ENCODING_NONE);
    xmlParserInput *input =
        buffer ? xmlNewIOInputStream(parser, buffer, XML_CHAR_ENCODING_NONE) : NULL;
    if (buffer && !input)
        xmlFreeParserInputBuffer(buffer);
    return input;
}

/* Compile with the thread's error handler set to ours, and put back what was there. */
static xmlSchema *parse_schema(xmlSchemaParserCtxt *parser, struct library *library)
{
    const xmlStructuredErrorFunc handler = xmlStructuredError;
    void *context = xmlStructuredErrorContext;
    xmlSchemaSetParserStructuredErrors(parser, note_error, library);
    xmlSetStructuredErrorFunc(library, note_error);
    xmlSchema *schema = xmlSchemaParse(parser);
    xmlSetStructuredErrorFunc(context, handler);
    return schema;
}

static sph_rc compile(struct library *library, xmlSchema **out, sph_err *err)
{
    const sph_slice text = library->sources[0].text;
    xmlSchemaParserCtxt *parser = xmlSchemaNewMemParserCtxt((const char *)text.at, (int)text.len);
    if (!parser)
        return sph_fail(err, SPH_ENOMEM, "schema parser");
    xmlSchema *schema = parse_schema(parser, library);
    xmlSchemaFreeParserCtxt(parser);
    /* libxml2 only warns when an import cannot be had. */
    if (schema && !library->is_missing && library->code == 0) {
        *out = schema;
        return sph_ok();
    }
    xmlSchemaFree(schema);
    if (library->is_missing)
        return sph_fail(err, SPH_EPARSE, "the schema imports a file that is not given");
    return sph_fail(err, SPH_EPARSE, "schema does not compile: libxml2 %d, line %u", library->code,
                    library->line);
}

sph_rc sph_xsd_compile(const struct sph_xsd_source *sources, size_t count, sph_xsd **out,
                       sph_err *err)
{
    if (count == 0)
        return sph_fail(err, SPH_EARG, "no schema");
    for (size_t i = 0; i < count; i++)
        if (sources[i].text.len == 0 || sources[i].text.len > INT_MAX)
            return sph_fail(err, SPH_EPARSE, "schema of %zu bytes", sources[i].text.len);
    SPH_AUTO_PTR(sph_xsd) *xsd = sph_mem_new(1, sizeof(*xsd));
    if (!xsd)
        return sph_fail(err, SPH_ENOMEM, "schema");
    struct library library = {.sources = sources, .count = count};
    SPH_TRY(compile(&library, &xsd->schema, err), err, "schema");
    *out = sph_move(xsd);
    return sph_ok();
}

void sph_xsd_free(sph_xsd **xsd)
{
    if (!xsd || !*xsd)
        return;
    xmlSchemaFree((*xsd)->schema);
    sph_mem_free(*xsd);
    *xsd = NULL;
}
