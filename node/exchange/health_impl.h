/** One partner's record. Internal to health*.c. */
#pragma once

#include <pthread.h>

#include "exchange/health.h"

#define SPH_HEALTH_CODES 24 /* different codes counted each way; further ones count as "other" */
#define SPH_HEALTH_NOTES 64 /* reasons whose last leaf is remembered */

struct sph_health_tally {
    char code[SPH_HEALTH_CODE];
    uint64_t count;
};
struct sph_health_note {
    uint16_t reason;
    int64_t minute; /* of the last leaf; 0: free */
};
/** What is saved of a partner. */
struct sph_health_saved {
    bool has_clock;
    int64_t clock_ms, clock_at_ms, failure_ms;
    char failure_code[SPH_HEALTH_CODE];
};
struct sph_health_row {
    char party[SPH_PARTY_ROOM];
    struct sph_health_saved now, saved;
    bool is_clock_fresh, is_clock_wrong, is_saving;
    struct sph_health_counts counts;
    struct sph_health_tally failed[SPH_HEALTH_CODES], refused[SPH_HEALTH_CODES];
    struct sph_health_note note[SPH_HEALTH_NOTES];
    struct sph_health_row *next;
};
struct sph_health {
    pthread_mutex_t lock;
    struct sph_health_row *first; /* sorted by party; parties are known partners only */
};

/** health.c: the row of a party, made when it is new; NULL without memory. With the lock held. */
struct sph_health_row *sph_health_row_of(sph_health *health, const char *party);
/** health_store.c: read what was saved into the rows. */
SPH_MUST sph_rc sph_health_load(sph_node *node, sph_health *health, sph_err *err);
/** health_store.c: save one partner's clock and failure; waits for the journal. */
SPH_MUST sph_rc sph_health_save(sph_node *node, const char *party,
                                const struct sph_health_saved *what, sph_err *err);
