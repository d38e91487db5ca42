/** Waiting on a condition for a length of time, whatever happens to the clock of the day. */
#pragma once

#include <pthread.h>
#include <stdint.h>

#include "base/result.h"

/** A lock, and a condition that sph_waiting_until takes. SPH_ENOMEM: neither is made. */
SPH_MUST sph_rc sph_waiting_init(pthread_mutex_t *lock, pthread_cond_t *condition, sph_err *err);
/** The point so many milliseconds from now. */
struct timespec sph_waiting_point(int64_t ms);
/** With the lock held: until somebody signals (true) or the point has come (false). */
bool sph_waiting_until(pthread_cond_t *condition, pthread_mutex_t *lock, struct timespec point);
