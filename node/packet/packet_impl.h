/** Inside of a packet; for the files of node/packet only. */
#pragma once

#include "packet/fields.h"
#include "packet/leak.h"
#include "packet/packet.h"

#define SPH_NS_XML "http://www.w3.org/XML/1998/namespace"
#define SPH_NS_XADES "http://uri.etsi.org/01903/v1.3.2#"
#define SPH_NS_AKN "http://docs.oasis-open.org/legaldocml/ns/akn/3.0"
#define SPH_DAY_MS 86400000

struct sph_packet {
    sph_buf octets;
    sph_hash sha256;
    sph_xml *doc;
    sph_packet_header header;
    const sph_xml_node *body; /* the type's element */
    struct sph_packet_attachment *attachments;
    size_t attachment_count;
};

/** The packet's DOM and a copy of its octets; nothing of it is checked but well-formedness.
 * SPH_EPARSE, SPH_ELIMIT: with a finding XSD naming the line. */
SPH_MUST sph_rc sph_packet_parse(sph_slice octets, const struct sph_limits *limits,
                                 sph_findings *findings, sph_packet **out, sph_err *err);
/** Copy the header and the attachments out of the document; body is set. SPH_EPARSE when the
 * structure is not that of the schema. */
SPH_MUST sph_rc sph_packet_read(sph_packet *packet, sph_err *err);

/** Short code of a classification ("public" …). */
const char *sph_classification_name(enum sph_classification classification);

/** Does all of it speak of a shelter? */
bool sph_leak_is_shelter(const sph_packet *packet);

/** A child's text into a fixed array; "" when the child is absent. */
SPH_MUST sph_rc sph_packet_child_text(const sph_xml_node *node, const char *name, char *to,
                                      size_t room, sph_err *err);
/** An attribute into a fixed array; "" when absent. */
SPH_MUST sph_rc sph_packet_attr_text(const sph_xml_node *node, const char *name, char *to,
                                     size_t room, sph_err *err);
