/** Reading the closed shapes of XMLDSig and XMLEnc; for the files of node/xml only. Child elements
 * must be exactly those named, in order; attributes exactly those allowed; between elements only
 * white space. */
#pragma once

#include "xml/xml.h"

/** One child element that a closed element may hold. */
struct sph_shape_child {
    const char *ns, *local;
    bool is_optional;
    const sph_xml_node **out; /* the child, NULL when an optional one is absent */
};
/** Check the children of `node`: each in the given order at most once, no other element, no text.
 * SPH_EPARSE. */
SPH_MUST sph_rc sph_shape_children(const sph_xml_node *node, const struct sph_shape_child *children,
                                   size_t count, sph_err *err);
#define SPH_SHAPE(...)                                                                             \
    (const struct sph_shape_child[]){__VA_ARGS__},                                                 \
        sizeof((const struct sph_shape_child[]){__VA_ARGS__}) / sizeof(struct sph_shape_child)

/** Only the named unqualified attributes (list ended by NULL) may be there. SPH_EPARSE. */
SPH_MUST sph_rc sph_shape_attributes(const sph_xml_node *node, const char *const *allowed,
                                     sph_err *err);
/** `node` has the one attribute Algorithm; borrowed. SPH_EPARSE. */
SPH_MUST sph_rc sph_shape_algorithm(const sph_xml_node *node, const char **out, sph_err *err);
/** As above, without children, and the algorithm must be `uri`, else SPH_EUNSUPPORTED. */
SPH_MUST sph_rc sph_shape_empty_algorithm(const sph_xml_node *node, const char *uri, sph_err *err);
/** Nothing but elements and plain text below and in `node`: no comment, CDATA or processing
 * instruction. SPH_EPARSE. */
SPH_MUST sph_rc sph_shape_plain(const sph_xml_node *node, sph_err *err);
/** Base64 content of `node` (white space allowed), at most `most` octets, into the empty `out`,
 * whose cap is set here. SPH_EPARSE, SPH_ELIMIT. */
SPH_MUST sph_rc sph_shape_base64(const sph_xml_node *node, size_t most, sph_buf *out, sph_err *err);
