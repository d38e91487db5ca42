/** Pull (as4.md 12.3), both roles. A partner that nobody reaches asks for its messages on its own
 * channel; a node that nobody reaches asks each of its partners. */
#pragma once

#include "exchange/arrival.h"
#include "exchange/outbox.h"

/* ------------------------------------------------------------------ the side that is asked */

/** Answer a PullRequest whose signature held, as that of the TLS partner: the response gets the
 * oldest message of its channel (T2 is durable then), under a lease that lets no other pull have
 * it. errors  SPH_ENOTFOUND nothing to hand out: EBMS:0006, the same for an empty, an unknown and a
 *          foreign channel and for a request that came before; SPH_EREFUSED with arrival->fault
 */
SPH_MUST sph_rc sph_pull_serve(struct sph_arrival *arrival, sph_response *response, sph_err *err);

/* ------------------------------------------------------------------ the side that asks */

enum sph_pull_came {
    SPH_PULL_MESSAGE, /* one message was taken and its receipt or error is with the partner */
    SPH_PULL_EMPTY,   /* nothing waits there */
    SPH_PULL_FAILED,  /* not reached, not understood, or this node could not store */
};
/** The channel that this node pulls from the partner: its own, where nobody reaches it; a foreign
 * product's P-Mode names one. "" when it is not asked: paused, without address, or it pushes. */
const char *sph_pull_channel(const sph_node *node, const sph_partner *partner);
/** Does this node pull from anybody? */
bool sph_pull_is_used(const sph_node *node);
/** One request to one partner, up to the end of what it brings. Blocks on network and journal.
 * SPH_ENOTFOUND when there is no such partner or no channel of it to pull. */
SPH_MUST sph_rc sph_pull_once(sph_node *node, const char *party, enum sph_pull_came *came,
                              sph_err *err);

/** How long to wait between two requests. */
struct sph_pull_pace {
    uint64_t busy_s, idle_s; /* in office hours (08-17, Monday to Friday, UTC+7) and else */
};
/** Until the next request after an empty answer, +- 20 % by `noise`. */
int64_t sph_pull_wait_ms(const struct sph_pull_pace *pace, int64_t now_ms, uint32_t noise);
/** Until the next one after `failures` (from 1) in a row: doubled from a minute, or from busy_s
 * when that is less, up to 30 minutes; +- 20 %. */
int64_t sph_pull_back_off_ms(const struct sph_pull_pace *pace, unsigned failures, uint32_t noise);

/** The threads of a node that pulls. */
typedef struct sph_puller sph_puller; /* thread-safe */
/** Partners that have nothing to be pulled are left alone; a later one is seen within a minute.
 * out: owned, sph_puller_stop. SPH_EARG when the configuration names neither address nor channel.
 */
SPH_MUST sph_rc sph_puller_start(sph_node *node, sph_puller **out, sph_err *err);
/** Ask every partner now. NULL is fine. */
void sph_puller_now(sph_puller *puller);
/** Begin no further request. NULL is fine. */
void sph_puller_halt(sph_puller *puller);
/** Finish what is under way, then end the threads. */
void sph_puller_stop(sph_puller **puller);
