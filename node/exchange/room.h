/** Is there room: at the partner, whose card says what it takes, and on this node's disk. Asked
 * before the work; findings tell a person what is needed and what there is. */
#pragma once

#include "exchange/node.h"
#include "packet/finding.h"

/** What an attachment of `len` octets is in the vault and on the wire. */
uint64_t sph_room_stored(uint64_t len);
/** What a message with payload parts of `len` octets together is on the wire, at most. */
uint64_t sph_room_message(uint64_t len, size_t parts);
/** The largest message that goes to the partner. */
uint64_t sph_room_largest(const sph_partner *partner);
/** SPH_ELIMIT with a finding when the partner does not take a message of that length. */
SPH_MUST sph_rc sph_room_at_partner(const sph_partner *partner, uint64_t message,
                                    sph_findings *findings, sph_err *err);
/** SPH_ELIMIT with a finding when the disk has no room for `need` octets above the floor that a
 * node keeps for itself, for the ledger above all (limits.h). findings may be NULL. */
SPH_MUST sph_rc sph_room_on_disk(const sph_node *node, uint64_t need, sph_findings *findings,
                                 sph_err *err);
/** "412 KB", "1.2 GB" (of 1000), as people read it. */
void sph_room_text(uint64_t octets, char out[24]);
