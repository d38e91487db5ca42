/** How a field is shown to a reader; for the files of node/packet only. */
#pragma once

#include "packet/packet_impl.h"

/** The <text> for a reader: their language, else English, else the original (packets.md 3). */
const sph_xml_node *sph_view_text(const sph_xml_node *ml, enum sph_lang lang);
/** Label of a code in a list, else the code itself. */
SPH_MUST sph_rc sph_view_code(const char *list, const char *code, enum sph_lang lang, sph_buf *out,
                              sph_err *err);
/** A value by its kind: code label, date in the reader's calendar, yes or no, else cleaned text. */
SPH_MUST sph_rc sph_view_value(const sph_field *field, const char *value, enum sph_lang lang,
                               sph_buf *out, sph_err *err);
