#include "journal/journal_impl.h"

#include <time.h>

const uint64_t sph_journal_bucket_us[SPH_JOURNAL_BUCKETS] = {500,   1000,  2500,   5000,   10000,
                                                             25000, 50000, 100000, 250000, 1000000};

uint64_t journal_mono_us(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now); /* cannot fail for this clock */
    return (uint64_t)now.tv_sec * 1000000u + (uint64_t)now.tv_nsec / 1000u;
}

void journal_note_time(sph_journal *journal, uint64_t us)
{
    size_t i = 0;
    while (i < SPH_JOURNAL_BUCKETS && us > sph_journal_bucket_us[i])
        i++;
    if (i < SPH_JOURNAL_BUCKETS)
        atomic_fetch_add(&journal->times.bucket[i], 1);
    atomic_fetch_add(&journal->times.sum_us, us);
    atomic_fetch_add(&journal->times.count, 1);
}

void sph_journal_times(sph_journal *journal, struct sph_journal_times *out)
{
    *out = (struct sph_journal_times){.count = atomic_load(&journal->times.count),
                                      .sum_us = atomic_load(&journal->times.sum_us)};
    for (size_t i = 0; i < SPH_JOURNAL_BUCKETS; i++)
        out->bucket[i] = atomic_load(&journal->times.bucket[i]);
}
