/** Inside of a parsed document; for the files of node/xml only. */
#pragma once

#include <libxml/parser.h>
#include <libxml/tree.h>

#include "xml/xml.h"

struct sph_xml {
    xmlDoc *tree;
};

/** True for text that is XML white space only. */
static inline bool sph_xml_is_blank(const char *text)
{
    for (; *text; text++)
        if (*text != ' ' && *text != '\t' && *text != '\n' && *text != '\r')
            return false;
    return true;
}
/** Text or CDATA node. */
static inline bool sph_xml_is_text(const sph_xml_node *node)
{
    return node->type == XML_TEXT_NODE || node->type == XML_CDATA_SECTION_NODE;
}
/** The loader behind every file or address that libxml2 wants (xsd.c): it opens nothing, and serves
 * only the sources of a schema that this thread is compiling; NULL refuses. */
xmlParserInput *sph_xml_load_entity(const char *url, const char *id, xmlParserCtxt *parser);
