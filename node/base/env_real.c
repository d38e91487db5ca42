#include "base/env.h"

#include <errno.h>
#include <sys/random.h>
#include <time.h>

static int64_t read_ms(clockid_t id)
{
    struct timespec now = {0};
    (void)clock_gettime(id, &now); /* cannot fail for these two clocks */
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int64_t real_now_ms(void *ctx)
{
    (void)ctx;
    return read_ms(CLOCK_REALTIME);
}

/* BOOTTIME, not MONOTONIC: a deadline also passes while the machine sleeps. */
static int64_t real_mono_ms(void *ctx)
{
    (void)ctx;
    return read_ms(CLOCK_BOOTTIME);
}

static sph_rc real_fill(void *ctx, uint8_t *at, size_t len, sph_err *err)
{
    (void)ctx;
    while (len > 0) {
        const ssize_t got = getrandom(at, len, 0);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return sph_fail(err, SPH_EIO, "no random bytes: %s", strerrorname_np(errno));
        at += got;
        len -= (size_t)got;
    }
    return sph_ok();
}

static const sph_clock real_clock = {NULL, real_now_ms, real_mono_ms};
static const sph_random real_random = {NULL, real_fill};

const sph_clock *sph_clock_real(void)
{
    return &real_clock;
}

const sph_random *sph_random_real(void)
{
    return &real_random;
}
