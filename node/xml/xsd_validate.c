#include "xml/xsd_parts.h"

#include <libxml/xmlerror.h>

#include "xml/document.h"

struct listener {
    size_t left; /* issues still wanted */
    void (*each)(void *arg, const struct sph_xsd_issue *issue);
    void *arg;
    const void *last_node; /* of the last bad value */
    bool has_reported;
};

static bool says(const xmlError *error, sph_slice words)
{
    return sph_slice_find(sph_slice_str(error->message), words, 0) != SIZE_MAX;
}

/* One code of libxml2 stands for "wrong element here" and for "something is missing here"; only its
 * words tell them apart (xmlschemas.c, xmlSchemaComplexTypeErr). */
static const char *class_of_content(const xmlError *error)
{
    return says(error, SPH_LIT("Missing child element")) ? "missing-element" : "unexpected-element";
}

static bool is_facet(int code)
{
    return code >= XML_SCHEMAV_CVC_DATATYPE_VALID_1_2_1 &&
           code <= XML_SCHEMAV_CVC_ENUMERATION_VALID;
}

static const struct {
    int code;
    const char *what;
} classes[] = {
    {XML_SCHEMAV_CVC_ELT_1, "unexpected-element"},
    {XML_SCHEMAV_CVC_WILDCARD, "unexpected-element"},
    {XML_SCHEMAV_CVC_TYPE_3_1_2, "unexpected-element"},
    {XML_SCHEMAV_CVC_COMPLEX_TYPE_2_1, "not-empty"},
    {XML_SCHEMAV_CVC_COMPLEX_TYPE_2_2, "unexpected-element"},
    {XML_SCHEMAV_CVC_COMPLEX_TYPE_2_3, "bad-value"},
    {XML_SCHEMAV_CVC_COMPLEX_TYPE_2_4, "unexpected-element"},
    {XML_SCHEMAV_CVC_COMPLEX_TYPE_3_1, "bad-value"},
    {XML_SCHEMAV_CVC_COMPLEX_TYPE_3_2_1, "unexpected-attribute"},
    {XML_SCHEMAV_CVC_COMPLEX_TYPE_3_2_2, "unexpected-attribute"},
    {XML_SCHEMAV_CVC_TYPE_3_1_1, "unexpected-attribute"},
    {XML_SCHEMAV_CVC_COMPLEX_TYPE_4, "missing-attribute"},
    {XML_SCHEMAV_CVC_ATTRIBUTE_4, "bad-value"},
    {XML_SCHEMAV_CVC_AU, "bad-value"},
    {XML_SCHEMAV_CVC_ELT_5_2_2_2_1, "bad-value"},
    {XML_SCHEMAV_CVC_ELT_5_2_2_2_2, "bad-value"},
    {XML_SCHEMAV_CVC_IDC, "not-unique"},
};

static const char *class_of(const xmlError *error)
{
    if (error->code == XML_SCHEMAV_ELEMENT_CONTENT)
        return class_of_content(error);
    for (size_t i = 0; i < sizeof(classes) / sizeof(classes[0]); i++)
        if (classes[i].code == error->code)
            return classes[i].what;
    return is_facet(error->code) ? "bad-value" : "other";
}

/* Copy what fits, cut between characters of UTF-8; control characters become spaces. */
static void copy_cut(char *to, size_t room, const char *text)
{
    size_t len = 0;
    while (text[len] && len < room - 1)
        len++;
    while (len > 0 && ((unsigned char)text[len] & 0xC0) == 0x80)
        len--;
    for (size_t i = 0; i < len; i++) {
        to[i] = text[i];
        if ((unsigned char)text[i] < 0x20 || text[i] == 0x7F)
            to[i] = ' ';
    }
    while (len > 0 && to[len - 1] == ' ')
        len--;
    to[len] = '\0';
}

/* What libxml2 adds to an issue that it has named already: "not a valid value of the type" after
 * the facet that is broken, and an identity constraint without the value that was bad. */
static bool is_echo(const struct listener *listener, const xmlError *error)
{
    if (error->code == XML_SCHEMAV_CVC_IDC)
        return listener->has_reported && says(error, SPH_LIT("No precomputed value"));
    return error->code == XML_SCHEMAV_CVC_DATATYPE_VALID_1_2_1 && error->node &&
           listener->last_node == error->node;
}

static void report(void *context, xmlError *error)
{
    struct listener *listener = context;
    const sph_xml_node *node = error->node;
    if (error->level < XML_ERR_ERROR || listener->left == 0 || is_echo(listener, error))
        return;
    listener->last_node = is_facet(error->code) ? error->node : NULL;
    listener->has_reported = true;
    while (node && node->type != XML_ELEMENT_NODE)
        node = node->parent;
    struct sph_xsd_issue issue = {.libxml_code = error->code, .what = class_of(error)};
    issue.line = error->line > 0 ? (unsigned)error->line : sph_xml_line(node);
    copy_cut(issue.element, sizeof(issue.element), sph_xml_local(node));
    copy_cut(issue.detail, sizeof(issue.detail), error->message ? error->message : "");
    listener->left--;
    if (listener->each)
        listener->each(listener->arg, &issue);
}

sph_rc sph_xsd_validate(const sph_xsd *xsd, const sph_xml *doc, size_t max,
                        void (*each)(void *arg, const struct sph_xsd_issue *issue), void *arg,
                        sph_err *err)
{
    xmlSchemaValidCtxt *validator = xmlSchemaNewValidCtxt(xsd->schema);
    if (!validator)
        return sph_fail(err, SPH_ENOMEM, "schema validation");
    struct listener listener = {.left = max, .each = each, .arg = arg};
    xmlSchemaSetValidStructuredErrors(validator, report, &listener);
    const int verdict = xmlSchemaValidateDoc(validator, doc->tree);
    xmlSchemaFreeValidCtxt(validator);
    if (verdict > 0)
        return sph_fail(err, SPH_EREFUSED, "not valid against the schema (libxml2 %d)", verdict);
    return verdict == 0 ? sph_ok() : sph_fail(err, SPH_ENOMEM, "schema validation");
}
