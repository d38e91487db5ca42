/** T2's first half: the complete wire bytes of one outgoing message, in memory or in a file of
 * outgoing/. */
#pragma once

#include "exchange/outbox.h"

/** Messages up to this many octets stay in the row; larger ones are a file. */
#define SPH_WIRE_INLINE (256u * 1024)
/** Fills row->wire or row->wire_file and `built`. SPH_ELIMIT when larger than the partner's card
 * allows; SPH_ENOTFOUND when it has no usable encryption certificate; SPH_ECANCELLED when the
 * content was erased meanwhile. */
SPH_MUST sph_rc sph_wire_build(sph_node *node, sph_out_row *row, const sph_partner *partner,
                               sph_as4_built *built, sph_err *err);
