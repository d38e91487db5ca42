/** Hardened reading of XML: a linear pre-scan over the raw octets, then libxml2, then our own
 * checks. UTF-8 only; no NUL, DOCTYPE, entity declaration or processing instruction; limits before
 * the parser sees a byte; all bytes consumed; wellFormed && nsWellFormed && errNo == 0
 * (security.md 2.4). */
#pragma once

#include "base/bytes.h"
#include "base/limits.h"

typedef struct sph_xml sph_xml;       /* a parsed document; one user at a time */
typedef struct _xmlNode sph_xml_node; /* an element of it, borrowed */

struct sph_xml_limits {
    size_t bytes, depth, elements, attributes, namespaces, tag, text;
    bool allow_comments; /* false: comments and CDATA are refused too (SOAP headers, packets) */
};
/** From the table: the SOAP root part; a packet; a foreign judgment to import (comments and PIs
 * allowed, PIs dropped). */
struct sph_xml_limits sph_xml_limits_root(const struct sph_limits *limits);
struct sph_xml_limits sph_xml_limits_packet(const struct sph_limits *limits);
struct sph_xml_limits sph_xml_limits_foreign(const struct sph_limits *limits);

/** The pre-scan alone (fuzzed against libxml2). SPH_ELIMIT, SPH_EPARSE; line of the fault in *line
 * if not NULL. */
SPH_MUST sph_rc sph_xml_prescan(sph_slice text, const struct sph_xml_limits *limits, unsigned *line,
                                sph_err *err);
/** Parse. `text` need not outlive the call. out: owned, sph_xml_free. */
SPH_MUST sph_rc sph_xml_parse(sph_slice text, const struct sph_xml_limits *limits, sph_xml **out,
                              sph_err *err);
/** As sph_xml_parse, and on failure *line = line of the fault (0 unknown). */
SPH_MUST sph_rc sph_xml_parse_at(sph_slice text, const struct sph_xml_limits *limits,
                                 unsigned *line, sph_xml **out, sph_err *err);
void sph_xml_free(sph_xml **doc);
/** One-time set-up of libxml2 (refusing entity loader); called by main and test mains only. */
void sph_xml_start(void);
void sph_xml_stop(void);

/** The root element; borrowed until the document is freed, as is every node. */
const sph_xml_node *sph_xml_root(const sph_xml *doc);
/** Element tests and walking; every function accepts NULL and answers NULL / false / empty. */
bool sph_xml_is(const sph_xml_node *node, const char *ns, const char *local);
const char *sph_xml_local(const sph_xml_node *node);
const char *sph_xml_ns(const sph_xml_node *node);             /* "" when in no namespace */
const sph_xml_node *sph_xml_first(const sph_xml_node *node);  /* first child element */
const sph_xml_node *sph_xml_next(const sph_xml_node *node);   /* next sibling element */
const sph_xml_node *sph_xml_parent(const sph_xml_node *node); /* parent element */
/** First child element of that name; NULL when absent. */
const sph_xml_node *sph_xml_child(const sph_xml_node *node, const char *ns, const char *local);
/** The only child element of that name; SPH_EPARSE when absent or repeated. */
SPH_MUST sph_rc sph_xml_only(const sph_xml_node *node, const char *ns, const char *local,
                             const sph_xml_node **out, sph_err *err);
size_t sph_xml_child_count(const sph_xml_node *node);
unsigned sph_xml_line(const sph_xml_node *node);
/** Attribute value (ns NULL or "": unqualified), NULL when absent; borrowed until the document is
 * freed. */
const char *sph_xml_attr(const sph_xml_node *node, const char *ns, const char *local);
size_t sph_xml_attr_count(const sph_xml_node *node); /* without namespace declarations */
/** Namespace declarations that stand on the element itself. */
size_t sph_xml_declaration_count(const sph_xml_node *node);
/** All text of the element concatenated, appended; SPH_EPARSE when it has child elements. */
SPH_MUST sph_rc sph_xml_value(const sph_xml_node *node, sph_buf *out, sph_err *err);
/** Same into a fixed array, white space trimmed at both ends, without an allocation. SPH_ELIMIT
 * when it does not fit: then the array holds a beginning. */
SPH_MUST sph_rc sph_xml_value_text(const sph_xml_node *node, char *to, size_t room, sph_err *err);
/** True when nothing but white space text and elements are inside. */
bool sph_xml_has_only_elements(const sph_xml_node *node);
bool sph_xml_is_empty(const sph_xml_node *node); /* no element and no non-space text */
/** All text below the node, elements included, appended with single spaces between blocks (search,
 * display). */
SPH_MUST sph_rc sph_xml_all_text(const sph_xml_node *node, sph_buf *out, sph_err *err);

/** Walk mixed content (judgments): text and elements in order. Pass NULL first. */
typedef struct sph_xml_item {
    const sph_xml_node *element; /* or NULL when text */
    const char *text;            /* borrowed; NULL when element */
    void *at;                    /* cursor, zero before the first call */
} sph_xml_item;
/** Advance to the next text or element; false at the end. Comments are passed over. */
bool sph_xml_next_item(const sph_xml_node *parent, sph_xml_item *item);
/** Attributes in document order: ns, local, value. Zero `at` first. */
typedef struct sph_xml_attr_item {
    const char *ns, *local, *value; /* ns "" when none */
    void *at;
} sph_xml_attr_item;
/** Advance to the next attribute; false at the end. */
bool sph_xml_next_attr(const sph_xml_node *node, sph_xml_attr_item *item);

/** Id map: wsu:Id, Id, xml:id on any element, and `id` on eb:Messaging; SPH_EPARSE on a second
 * entry of a value (as4.md D11). */
typedef struct sph_xml_ids sph_xml_ids;
/** Collect the ids; an id must be an NCName. out: owned, sph_xml_ids_free; borrows from the
 * document. */
SPH_MUST sph_rc sph_xml_ids_new(const sph_xml *doc, sph_xml_ids **out, sph_err *err);
/** The element of that id, NULL when there is none. */
const sph_xml_node *sph_xml_ids_find(const sph_xml_ids *ids, const char *id);
void sph_xml_ids_free(sph_xml_ids **ids);

/** Exclusive C14N without comments of the element's subtree, appended. prefix_list: white-space
 * separated, NULL = none,
 *  "" and "#default" as in the recommendation. A libxml2 failure or empty result is SPH_EPARSE,
 * never an empty digest. omit (may be NULL): a descendant element left out (enveloped-signature).
 */
SPH_MUST sph_rc sph_xml_c14n(const sph_xml_node *node, const char *prefix_list,
                             const sph_xml_node *omit, sph_buf *out, sph_err *err);
