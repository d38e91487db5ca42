/** The notice `delivered` (packets.md 4, G): the recipient of a relayed packet tells its author so,
 * signed and through a hub again. Only it turns "handed to hub" into "receipt verified". */
#pragma once

#include "exchange/relay.h"

/** A checked packet that is such a notice is about a packet that this node sent its issuer through
 * a hub, and names that packet's digest; of another packet nothing is asked. SPH_EREFUSED with
 * fault. */
SPH_MUST sph_rc sph_notice_check(struct sph_arrival *arrival, sph_err *err);
/** In T3: the message that a notice is about is delivered; a packet that came through a hub owes
 * one. */
SPH_MUST sph_rc sph_notice_apply(const struct sph_arrival *arrival, sph_db *db, int64_t now_ms,
                                 sph_err *err);
/** Queue the notice that this packet's author is owed, if any. What cannot be queued now is logged
 * and left to sph_notice_pay_all(). */
void sph_notice_pay(sph_node *node, const char *packet_id);
/** The same for all that are owed: in each round of the upkeep and at the start. */
void sph_notice_pay_all(sph_node *node);
