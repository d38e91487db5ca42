/** Relay at its two ends (as4.md 12.6, packets.md 1a): an office that only pulls sends to another
 * one through the hub that the other's card names. The hub gets the packet sealed. */
#pragma once

#include "exchange/arrival.h"
#include "exchange/relay_store.h"
#include "exchange/submit.h"

/** Which way a message to `to` goes. *hub: the partner that relays it, owned (sph_partner_unref);
 * NULL: it goes to `to` itself, by push or when `to` pulls. SPH_EREFUSED when neither of the two
 * reaches the other, and no active partner of ours relays to it. */
SPH_MUST sph_rc sph_relay_way(sph_node *node, const sph_partner *to, sph_partner **hub,
                              sph_err *err);
/** Is there a way to every addressee, and does it carry what is to go? Asked before the first
 * packet is made. SPH_EREFUSED with a finding; unknown addressees are passed over. */
SPH_MUST sph_rc sph_relay_check_ways(sph_node *node, const struct sph_submit *what,
                                     sph_findings *findings, sph_err *err);
/** Seal a packet's padded gzip octets for `to`: the one part of the message to the hub, appended as
 * it goes on the wire. SPH_ENOTFOUND when its card has no valid key; SPH_ELIMIT when too large. */
SPH_MUST sph_rc sph_relay_seal_part(sph_node *node, const sph_partner *to, sph_slice gzip,
                                    sph_buf *out, sph_err *err);
/** A verified and opened message with action a4: for this node, or to be relayed by it. T3.
 * SPH_EREFUSED with fault; SPH_ECONFLICT when the same message was stored meanwhile. */
SPH_MUST sph_rc sph_relay_take(struct sph_arrival *arrival, sph_err *err);
