/** Inside of the card; for the files of node/packet only. */
#pragma once

#include "packet/card.h"
#include "packet/packet_impl.h"

/** The root inside a directory packet, parsed. SPH_EPARSE. */
SPH_MUST sph_rc sph_card_root(const sph_packet *packet, sph_cert **out, sph_err *err);
/** A base64 element as a certificate. */
SPH_MUST sph_rc sph_card_cert(const sph_xml_node *node, sph_cert **out, sph_err *err);
/** "tls", "sign", "encrypt". */
const char *sph_card_use_name(enum sph_cert_use use);
