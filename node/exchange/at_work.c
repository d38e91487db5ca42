#include "exchange/at_work.h"

#include <pthread.h>

#include "crypto/digest.h"

#define ENTRIES 256u /* many times the hands of a node; 24 KiB */

struct entry {
    sph_hash id, root;
    bool is_used, is_busy, is_writing;
    int64_t answered_ms;
    unsigned repeats; /* not written down yet */
};

struct sph_at_work {
    pthread_mutex_t lock;
    struct entry entry[ENTRIES];
};

struct sph_claim sph_claim_of(const char *party, const char *message_id, sph_slice root)
{
    const sph_slice id[] = {sph_slice_str(party), sph_slice_of("\n", 1), sph_slice_str(message_id)};
    return (struct sph_claim){sph_sha256_of_parts(id, sizeof(id) / sizeof(id[0])),
                              sph_sha256_of(root)};
}

sph_rc sph_at_work_new(sph_at_work **out, sph_err *err)
{
    sph_at_work *table = sph_mem_new(1, sizeof(*table));
    if (!table)
        return sph_fail(err, SPH_ENOMEM, "messages under way");
    pthread_mutex_init(&table->lock, NULL);
    *out = table;
    return sph_ok();
}

void sph_at_work_free(sph_at_work **table)
{
    if (!table || !*table)
        return;
    pthread_mutex_destroy(&(*table)->lock);
    sph_mem_free(*table);
    *table = NULL;
}

static bool is_same(const sph_hash *a, const sph_hash *b)
{
    return sph_slice_equal(sph_slice_hash(a), sph_slice_hash(b));
}

static struct entry *find(sph_at_work *table, const sph_hash *id)
{
    for (size_t i = 0; i < ENTRIES; i++)
        if (table->entry[i].is_used && is_same(&table->entry[i].id, id))
            return &table->entry[i];
    return NULL;
}

/** An empty place, else that of the message that was answered first; NULL when all are at work. */
static struct entry *find_place(sph_at_work *table)
{
    struct entry *place = NULL;
    for (size_t i = 0; i < ENTRIES; i++) {
        struct entry *entry = &table->entry[i];
        if (!entry->is_used)
            return entry;
        if (!entry->is_busy && !entry->is_writing &&
            (!place || entry->answered_ms < place->answered_ms))
            place = entry;
    }
    return place;
}

static bool is_recent(const struct entry *entry, int64_t now_ms)
{
    return now_ms >= entry->answered_ms && now_ms - entry->answered_ms < SPH_ANSWERED_MS;
}

static enum sph_admission admit(sph_at_work *table, const struct sph_claim *claim, int64_t now_ms)
{
    struct entry *entry = find(table, &claim->id);
    if (entry && entry->is_busy)
        return SPH_ADMIT_BUSY;
    if (entry && is_same(&entry->root, &claim->root) && is_recent(entry, now_ms))
        return SPH_ADMIT_KNOWN;
    if (entry && entry->is_writing)
        return SPH_ADMIT_BUSY; /* its count is being written: the place is not free for a moment */
    if (!entry)
        entry = find_place(table);
    if (!entry)
        return SPH_ADMIT_BUSY;
    *entry = (struct entry){.id = claim->id, .root = claim->root, .is_used = true, .is_busy = true};
    return SPH_ADMIT_NEW;
}

enum sph_admission sph_at_work_enter(sph_at_work *table, const struct sph_claim *claim,
                                     int64_t now_ms)
{
    pthread_mutex_lock(&table->lock);
    const enum sph_admission admission = admit(table, claim, now_ms);
    pthread_mutex_unlock(&table->lock);
    return admission;
}

void sph_at_work_leave(sph_at_work *table, const struct sph_claim *claim, bool is_answered,
                       int64_t now_ms)
{
    pthread_mutex_lock(&table->lock);
    struct entry *entry = find(table, &claim->id);
    if (entry) {
        entry->is_busy = false;
        entry->is_used = is_answered;
        entry->answered_ms = now_ms;
    }
    pthread_mutex_unlock(&table->lock);
}

bool sph_at_work_repeated(sph_at_work *table, const struct sph_claim *claim, unsigned *times)
{
    bool is_mine = true;
    *times = 1; /* when its place went to another message meanwhile */
    pthread_mutex_lock(&table->lock);
    struct entry *entry = find(table, &claim->id);
    if (entry && entry->is_writing) {
        entry->repeats++;
        is_mine = false;
    } else if (entry) {
        entry->is_writing = true;
    }
    pthread_mutex_unlock(&table->lock);
    return is_mine;
}

unsigned sph_at_work_written(sph_at_work *table, const struct sph_claim *claim)
{
    unsigned times = 0;
    pthread_mutex_lock(&table->lock);
    struct entry *entry = find(table, &claim->id);
    if (entry) {
        times = entry->repeats;
        entry->repeats = 0;
        entry->is_writing = times > 0;
    }
    pthread_mutex_unlock(&table->lock);
    return times;
}
