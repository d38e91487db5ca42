/** Writing XML in exclusive canonical form. What this writer emits for a fragment is, byte for
 * byte, what exclusive C14N of that element gives (a property test compares with libxml2), so what
 * is written can be digested as it stands. Prefix declarations are written where a prefix is first
 * visibly used; empty elements are <a></a>; attributes are sorted; text and attribute values are
 * escaped as C14N says. */
#pragma once

#include "base/bytes.h"

typedef struct sph_xml_writer sph_xml_writer;

/** A prefix the writer may use; prefix "" is the default namespace. Static storage. */
struct sph_xml_prefix {
    const char *prefix, *ns;
};
/** Write into `out` (borrowed, must outlive the writer). prefixes: table ended by {NULL, NULL},
 * borrowed. */
SPH_MUST sph_rc sph_xml_writer_new(const struct sph_xml_prefix *prefixes, sph_buf *out,
                                   sph_xml_writer **writer, sph_err *err);
void sph_xml_writer_free(sph_xml_writer **writer);

/** Errors stick: after the first failure the calls do nothing, and sph_xml_writer_end reports it.
 * So builders read like the document. `qname` is "prefix:local" or "local" (default namespace or
 * none). */
void sph_xml_open(sph_xml_writer *w, const char *qname);
void sph_xml_set(sph_xml_writer *w, const char *qname,
                 const char *value); /* attribute of the open tag; NULL value: nothing */
void sph_xml_set_slice(sph_xml_writer *w, const char *qname, sph_slice value);
void sph_xml_text(sph_xml_writer *w, sph_slice text);
void sph_xml_close(sph_xml_writer *w); /* closes the innermost element */
/** <qname>text</qname>; NULL text writes nothing. */
void sph_xml_leaf(sph_xml_writer *w, const char *qname, const char *text);
void sph_xml_leaf_slice(sph_xml_writer *w, const char *qname, sph_slice text);
void sph_xml_leaf_base64(sph_xml_writer *w, const char *qname, sph_slice bytes);
/** Start a fragment: inside it no outer declaration is relied on, so its bytes are its own
 * canonical form. Must be followed by sph_xml_open; ends with that element's close. Finishes the
 * start tag that is open, so the fragment's first byte is at sph_buf.len as read after this call. A
 * fragment inside another one repeats declarations: then only the inner one's bytes are canonical.
 */
void sph_xml_fragment(sph_xml_writer *w);
/** Raw octets that are themselves the exclusive canonical form of one element. The fragment around
 *  them stays canonical as long as they declare no prefix (or default namespace) with the value
 * that is in scope there, and use no unqualified element names below a default namespace. */
void sph_xml_raw(sph_xml_writer *w, sph_slice canonical);
/** All elements closed and no failure so far, else the first failure. */
SPH_MUST sph_rc sph_xml_writer_end(sph_xml_writer *w, sph_err *err);
/** True after a failure. */
bool sph_xml_writer_failed(const sph_xml_writer *w);
