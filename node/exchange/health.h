/** How it goes with each partner: clock, last failure, counts. Kept in memory; clock and last
 * failure are saved when they change, so that a start does not forget them. Party ids and codes
 * only: nothing of what is exchanged. */
#pragma once

#include "exchange/node.h"

typedef struct sph_health sph_health; /* thread-safe */

#define SPH_CLOCK_OFF_MS (15LL * 60 * 1000) /* from here a clock is called wrong */
#define SPH_HEALTH_CODE 32

/** Counts of one partner since this process began. */
struct sph_health_counts {
    uint64_t delivered;                /* our messages whose receipt verified */
    uint64_t received, received_bytes; /* messages of this partner that were looked at */
    uint64_t duplicates;
    uint64_t leaves_left_out; /* refusals that were counted, not written as a leaf each */
};
/** One partner as people are shown it. */
struct sph_partner_health {
    int64_t heard_ms, reached_ms;       /* last contact either way; 0: never */
    int64_t queued, oldest_ms;          /* messages that wait; since when the oldest does */
    bool has_clock;                     /* their clock was seen */
    int64_t clock_ms, clock_at_ms;      /* theirs minus ours; when that was seen */
    char failure_code[SPH_HEALTH_CODE]; /* last try that failed; "" */
    int64_t failure_ms;                 /* and when */
    int64_t certificate_ms;             /* when their first certificate runs out; 0: unknown */
    struct sph_health_counts counts;
};

/** What was saved before is read. out: owned, sph_health_free. */
SPH_MUST sph_rc sph_health_open(sph_node *node, sph_health **out, sph_err *err);
void sph_health_free(sph_health **health);

/** A moment by the partner's clock was seen now. is_fresh: told for this moment (a Date), else it
 * may be as old as a message that waited. More than 15 minutes of difference are logged, and
 * nothing else comes of it: deadlines run by our own clock. */
void sph_health_clock(sph_node *node, const char *party, int64_t their_ms, bool is_fresh);
/** A try to deliver to this partner failed. Codes that nobody knows count as "other". */
void sph_health_failed(sph_node *node, const char *party, const char *code);
/** A message of ours has its verified receipt. */
void sph_health_delivered(sph_node *node, const char *party);
/** A message of the partner is looked at. */
void sph_health_received(sph_node *node, const char *party, uint64_t octets);
void sph_health_repeated(sph_node *node, const char *party);
/** A message of the partner was refused. code: for the counts; reason: that of the leaf.
 * True: a leaf may be written (one per partner, reason and minute; a flood of bad messages may not
 * become a flood of leaves); false: it is counted only. */
bool sph_health_refused(sph_node *node, const char *party, const char *code, uint16_t reason);

/** Everything about one partner. SPH_ENOTFOUND no such partner. */
SPH_MUST sph_rc sph_health_of(sph_node *node, const char *party, struct sph_partner_health *out,
                              sph_err *err);
/** Each partner and code that failed (is_refused: that we refused) with its count. */
SPH_MUST sph_rc sph_health_codes(sph_node *node, bool is_refused,
                                 sph_rc (*each)(void *arg, const char *party, const char *code,
                                                uint64_t count, sph_err *err),
                                 void *arg, sph_err *err);
/** Catalogue key of a failure's words: "failure.<code>" in lower case, "failure.other" when there
 * is none. */
SPH_MUST sph_rc sph_health_failure_key(const char *code, char out[64], sph_err *err);
