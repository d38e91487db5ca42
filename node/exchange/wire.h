/** T2's first half: the complete wire bytes of one outgoing message, in memory or in a file of
 * outgoing/. */
#pragma once

#include "exchange/outbox.h"

/** Messages up to this many octets stay in the row; larger ones are a file. */
#define SPH_WIRE_INLINE (256u * 1024)
/** Fills row->wire or row->wire_file, the keys that were used, and `built`. SPH_ELIMIT when larger
 * than the partner's card allows; SPH_EAGAIN when the disk is too full at this moment;
 * SPH_ENOTFOUND when it has no usable encryption certificate; SPH_ECANCELLED when the content was
 * erased meanwhile. */
SPH_MUST sph_rc sph_wire_build(sph_node *node, sph_out_row *row, const sph_partner *partner,
                               sph_as4_built *built, sph_err *err);
/** The same for a message that was built before, whose partner's key is gone or whose signing
 * certificate expired (as4.md 11): `root` is its SOAP part, row->refs what it signs. What was
 * signed stays; is_signed_anew: but for the signature itself. */
SPH_MUST sph_rc sph_wire_rebuild(sph_node *node, sph_out_row *row, const sph_partner *partner,
                                 sph_slice root, bool is_signed_anew, sph_as4_built *built,
                                 sph_err *err);
/** Give up the outgoing file of a build that came to nothing. */
void sph_wire_drop(sph_node *node, sph_out_row *row);
