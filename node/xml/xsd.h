/** XSD 1.0 validation with our own schemas only (embedded) or the operator's verified Akoma Ntoso
 * XSD; never a schema from a message. */
#pragma once

#include "xml/xml.h"

typedef struct sph_xsd sph_xsd; /* compiled; shared read-only between threads */

/** A schema document by the name others import it with. */
struct sph_xsd_source {
    const char *name; /* e.g. "saphan-packet-1.xsd" */
    sph_slice text;
};
/** Compile `sources[0]`; imports and includes are resolved among `sources` by file name only.
 * SPH_EPARSE. out: owned. */
SPH_MUST sph_rc sph_xsd_compile(const struct sph_xsd_source *sources, size_t count, sph_xsd **out,
                                sph_err *err);
void sph_xsd_free(sph_xsd **xsd);

/** One violation. `what` is a stable class for the catalogue; names and values come from the
 * document and are untrusted. */
struct sph_xsd_issue {
    unsigned line;
    int libxml_code;  /* XML_SCHEMAV_… for the class */
    const char *what; /* "unexpected-element" "missing-element" "bad-value" "missing-attribute"
                         "unexpected-attribute" "not-unique" "not-empty" "other" */
    char element[64]; /* element concerned, cut */
    char detail[160]; /* libxml2's own words, escaped and cut: for engineers */
};
/** Validate a document; calls `each` for up to `max` issues. SPH_EREFUSED when invalid. */
SPH_MUST sph_rc sph_xsd_validate(const sph_xsd *xsd, const sph_xml *doc, size_t max,
                                 void (*each)(void *arg, const struct sph_xsd_issue *issue),
                                 void *arg, sph_err *err);
