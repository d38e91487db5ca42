/** Exclusive C14N straight over the tree; for the files of node/xml only. */
#pragma once

#include "xml/xml.h"

/** As sph_xml_c14n without a PrefixList. *is_odd: the element holds something that is left to
 * libxml2 (a processing instruction, more namespaces or attributes than are kept here, a quotation
 * mark in a namespace name); what was appended by then is to be thrown away. */
SPH_MUST sph_rc sph_c14n_exclusive(const sph_xml_node *node, const sph_xml_node *omit, sph_buf *out,
                                   bool *is_odd, sph_err *err);
/** The same by libxml2, with PrefixList; what was appended on failure is to be thrown away. */
SPH_MUST sph_rc sph_c14n_libxml2(const sph_xml_node *node, const char *prefix_list,
                                 const sph_xml_node *omit, sph_buf *out, sph_err *err);
