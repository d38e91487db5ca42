/** One delivery: build and hand out (T2), post, judge the answer (T5, retry or end). */
#pragma once

#include "as4/receive.h"
#include "exchange/outbox.h"

/** What came of one try, for the sender's pacing. */
enum sph_delivery {
    SPH_DELIVERY_DONE,  /* receipt stored, or already settled by another thread */
    SPH_DELIVERY_RETRY, /* the partner was not reached or asked to wait */
    SPH_DELIVERY_ENDED, /* failed for good */
};
/** Everything about one row, from load to its next state. Blocks on network and journal: runs on a
 * delivery thread. */
SPH_MUST sph_rc sph_deliver(sph_node *node, int64_t row_id, enum sph_delivery *came, sph_err *err);

/** Settle a signal that a partner posts on a request of its own (an asynchronous receipt or error).
 * `in` is verified as the partner's. SPH_ENOTFOUND when no message of ours waits for it: it changes
 * nothing then. */
SPH_MUST sph_rc sph_deliver_signal(sph_node *node, const char *party, const sph_as4_in *in,
                                   sph_err *err);
/** The suite of the message that such a signal, not verified yet, says it is about. SPH_ENOTFOUND
 * as above. */
SPH_MUST sph_rc sph_deliver_signal_suite(sph_node *node, const char *party, const sph_as4_in *in,
                                         enum sph_suite *out, sph_err *err);
