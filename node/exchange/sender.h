/** The delivery threads: pick what is due, a bounded number at once for each partner, and one at a
 * time for a partner that fails. */
#pragma once

#include "exchange/node.h"

typedef struct sph_sender sph_sender;

/** Start `threads` delivery threads (at most 32). out: owned, sph_sender_stop. */
SPH_MUST sph_rc sph_sender_start(sph_node *node, unsigned threads, sph_sender **out, sph_err *err);
/** Something became due: look again. */
void sph_sender_wake(sph_sender *sender);
/** Begin no further delivery and wait up to grace_ms for those in flight. NULL is fine. */
void sph_sender_halt(sph_sender *sender, int64_t grace_ms);
/** Finish what is in flight, then end the threads. */
void sph_sender_stop(sph_sender **sender);
