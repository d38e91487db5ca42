#include "exchange/waiting.h"

#include <time.h>

#define NS_OF_MS 1000000
#define NS_OF_S 1000000000

sph_rc sph_waiting_init(pthread_mutex_t *lock, pthread_cond_t *condition, sph_err *err)
{
    pthread_condattr_t attributes;
    if (pthread_condattr_init(&attributes) != 0)
        return sph_fail(err, SPH_ENOMEM, "condition");
    const bool is_made = pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC) == 0 &&
                         pthread_cond_init(condition, &attributes) == 0;
    pthread_condattr_destroy(&attributes);
    if (is_made && pthread_mutex_init(lock, NULL) == 0)
        return sph_ok();
    if (is_made)
        pthread_cond_destroy(condition);
    return sph_fail(err, SPH_ENOMEM, "lock");
}

struct timespec sph_waiting_point(int64_t ms)
{
    struct timespec point;
    clock_gettime(CLOCK_MONOTONIC, &point);
    point.tv_sec += (time_t)(ms / 1000);
    point.tv_nsec += (long)(ms % 1000) * NS_OF_MS;
    if (point.tv_nsec >= NS_OF_S) {
        point.tv_sec++;
        point.tv_nsec -= NS_OF_S;
    }
    return point;
}

bool sph_waiting_until(pthread_cond_t *condition, pthread_mutex_t *lock, struct timespec point)
{
    return pthread_cond_timedwait(condition, lock, &point) == 0;
}
