/** One delivery: build and hand out (T2), post, judge the answer (T5, retry or end). */
#pragma once

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

/** Judge an answer (a signal) for a waiting row. Also used for signals that a partner posts
 * (asynchronous receipts). */
SPH_MUST sph_rc sph_deliver_answer(sph_node *node, const sph_out_row *row,
                                   const sph_partner *partner, unsigned status,
                                   const char *content_type, sph_slice body, unsigned retry_after_s,
                                   enum sph_delivery *came, sph_err *err);
