/** Drafts (docs/drafts.md): JSON that the field table turns into XML. */
#pragma once

#include "packet/fields.h"
#include "xml/writer.h"

struct sph_draft {
    sph_xml_writer *w;
    sph_findings *findings;
    sph_slice document; /* canonical judgment for the field of kind DOCUMENT; may be empty */
};
/** Write the fields of `object` as children of the open element, in table order; attributes first.
 * Each fault is a finding DRAFT naming the field; what can be written is. `path` names the object
 * in messages. SPH_ENOMEM only. */
SPH_MUST sph_rc sph_draft_write(const struct sph_draft *draft, const sph_field *fields,
                                const sph_json *object, const char *path, sph_err *err);
/** Make the header complete: what the builder knows, and defaults. out: owned. */
SPH_MUST sph_rc sph_draft_header(const sph_json *draft, enum sph_packet_type type,
                                 const struct sph_packet_new *values, sph_findings *findings,
                                 sph_json **out, sph_err *err);
/** The body with defaults filled. out: owned. */
SPH_MUST sph_rc sph_draft_body(const sph_json *draft, enum sph_packet_type type, sph_slice document,
                               sph_findings *findings, sph_json **out, sph_err *err);
