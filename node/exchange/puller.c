#include <string.h>

#include "exchange/pull.h"
#include "exchange/waiting.h"

#define THREADS 4u
#define PLACES 256u /* partners that a node pulls from */
#define LOOK_MS 60000
#define ZONE_MS (7LL * 3600 * 1000) /* Laos and Thailand: UTC+7 all year */
#define HOUR_MS 3600000
#define FARTHEST_MS (36LL * 3600 * 1000)
#define BACK_OFF_S 60u
#define BACK_OFF_MOST_S 1800u

/** A partner to ask, and when. */
struct place {
    char party[SPH_PARTY_ROOM];
    int64_t next_ms;
    unsigned failures;
    bool is_busy, is_wanted;
    bool is_hurried; /* asked for while busy: once more at once */
};

struct sph_puller {
    sph_node *node;
    struct sph_pull_pace pace;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    pthread_t thread[THREADS];
    unsigned thread_count;
    bool is_stopping;
    struct place place[PLACES];
    size_t count;
};

/* ------------------------------------------------------------------ pace */

static int64_t with_jitter(int64_t ms, uint32_t noise)
{
    return ms * 8 / 10 + (int64_t)((uint64_t)ms * 4 / 10 * noise / UINT32_MAX);
}

/** Monday to Friday, from 8 to 17. Holidays are not known here: they cost a few requests. */
static bool is_office_hour(int64_t now_ms)
{
    const int64_t hours = (now_ms + ZONE_MS) / HOUR_MS;
    const int64_t weekday = (hours / 24 + 4) % 7; /* 1 January 1970 was a Thursday; 0: Sunday */
    return weekday >= 1 && weekday <= 5 && hours % 24 >= 8 && hours % 24 < 17;
}

int64_t sph_pull_wait_ms(const struct sph_pull_pace *pace, int64_t now_ms, uint32_t noise)
{
    const uint64_t seconds = is_office_hour(now_ms) ? pace->busy_s : pace->idle_s;
    return with_jitter((int64_t)seconds * 1000, noise);
}

int64_t sph_pull_back_off_ms(const struct sph_pull_pace *pace, unsigned failures, uint32_t noise)
{
    uint64_t seconds = pace->busy_s < BACK_OFF_S ? pace->busy_s : BACK_OFF_S;
    for (unsigned i = 1; i < failures && seconds < BACK_OFF_MOST_S; i++)
        seconds *= 2;
    return with_jitter((int64_t)(seconds < BACK_OFF_MOST_S ? seconds : BACK_OFF_MOST_S) * 1000,
                       noise);
}

/* ------------------------------------------------------------------ whom to ask */

static struct place *find(sph_puller *puller, const char *party)
{
    for (size_t i = 0; i < puller->count; i++)
        if (strcmp(puller->place[i].party, party) == 0)
            return &puller->place[i];
    return NULL;
}

static sph_rc want(void *arg, const sph_partner *partner, sph_err *err)
{
    sph_puller *puller = arg;
    if (!sph_pull_channel(puller->node, partner)[0])
        return sph_ok();
    struct place *place = find(puller, partner->card.party);
    if (!place && puller->count < PLACES) {
        place = &puller->place[puller->count++];
        *place = (struct place){.next_ms = 0};
        SPH_TRY(sph_str_copy(place->party, sizeof(place->party), sph_slice_str(partner->card.party),
                             err),
                err, "partner");
    }
    if (place)
        place->is_wanted = true;
    return sph_ok();
}

/** With the lock held: the list follows the partners as they are now. */
static void refresh(sph_puller *puller)
{
    for (size_t i = 0; i < puller->count; i++)
        puller->place[i].is_wanted = false;
    if (sph_partners_each(sph_node_partners(puller->node), want, puller, NULL).code != SPH_OK)
        return;
    for (size_t i = 0; i < puller->count;) {
        if (puller->place[i].is_wanted || puller->place[i].is_busy)
            i++;
        else
            puller->place[i] = puller->place[--puller->count];
    }
}

/** With the lock held: a partner whose time has come, else *next_ms says when one's will. */
static bool claim(sph_puller *puller, char party[SPH_PARTY_ROOM], int64_t *next_ms)
{
    const int64_t now_ms = sph_node_now_ms(puller->node);
    if (sph_journal_is_stopped(sph_node_journal(puller->node)))
        return false; /* no-exchange: what is pulled could not be written down */
    refresh(puller);
    for (size_t i = 0; i < puller->count; i++) {
        struct place *place = &puller->place[i];
        if (place->is_busy || !place->is_wanted)
            continue;
        if (place->next_ms <= now_ms ||
            place->next_ms > now_ms + FARTHEST_MS) { /* or a clock step */
            place->is_busy = true;
            return sph_str_copy(party, SPH_PARTY_ROOM, sph_slice_str(place->party), NULL).code ==
                   SPH_OK;
        }
        *next_ms = place->next_ms < *next_ms ? place->next_ms : *next_ms;
    }
    return false;
}

/* ------------------------------------------------------------------ threads */

static uint32_t noise(const sph_node *node)
{
    uint32_t value = 0;
    const sph_random *random = sph_node_env(node)->random;
    return random->fill(random->ctx, (uint8_t *)&value, sizeof(value), NULL).code == SPH_OK
               ? value
               : UINT32_MAX / 2;
}

/** With the lock held. */
static void note_outcome(sph_puller *puller, const char *party, enum sph_pull_came came)
{
    struct place *place = find(puller, party);
    const int64_t now_ms = sph_node_now_ms(puller->node);
    if (!place)
        return;
    place->is_busy = false;
    place->failures = came == SPH_PULL_FAILED ? place->failures + 1 : 0;
    place->next_ms = now_ms;
    const bool is_hurried = place->is_hurried;
    place->is_hurried = false;
    if (is_hurried)
        return;
    if (came == SPH_PULL_EMPTY)
        place->next_ms += sph_pull_wait_ms(&puller->pace, now_ms, noise(puller->node));
    else if (came == SPH_PULL_FAILED)
        place->next_ms += sph_pull_back_off_ms(&puller->pace, place->failures, noise(puller->node));
}

/** Without the lock. */
static enum sph_pull_came pull(sph_node *node, const char *party)
{
    enum sph_pull_came came = SPH_PULL_FAILED;
    sph_err err = {0};
    const sph_rc rc = sph_pull_once(node, party, &came, &err);
    if (rc.code != SPH_OK)
        SPH_LOG(sph_node_env(node)->log, SPH_LOG_ERROR, "pull_error", SPH_LF(SPH_F_PARTNER, party),
                SPH_LF(SPH_F_CODE, sph_code_name(rc.code)),
                SPH_LF(SPH_F_WHAT, err.depth ? err.frame[0].what : ""));
    return came;
}

/** With the lock held. */
static void rest(sph_puller *puller, int64_t next_ms)
{
    const int64_t now_ms = sph_node_now_ms(puller->node);
    int64_t wait_ms = next_ms > now_ms ? next_ms - now_ms : 1;
    wait_ms = wait_ms < LOOK_MS ? wait_ms : LOOK_MS;
    wait_ms = wait_ms < (int64_t)puller->pace.busy_s * 1000 ? wait_ms
                                                            : (int64_t)puller->pace.busy_s * 1000;
    (void)sph_waiting_until(&puller->changed, &puller->lock, sph_waiting_point(wait_ms));
}

static void *run(void *arg)
{
    sph_puller *puller = arg;
    char party[SPH_PARTY_ROOM];
    pthread_mutex_lock(&puller->lock);
    while (!puller->is_stopping) {
        int64_t next_ms = INT64_MAX;
        if (!claim(puller, party, &next_ms)) {
            rest(puller, next_ms);
            continue;
        }
        pthread_mutex_unlock(&puller->lock);
        const enum sph_pull_came came = pull(puller->node, party);
        pthread_mutex_lock(&puller->lock);
        note_outcome(puller, party, came);
    }
    pthread_mutex_unlock(&puller->lock);
    return NULL;
}

static sph_rc start_threads(sph_puller *puller, sph_err *err)
{
    for (unsigned i = 0; i < THREADS; i++) {
        if (pthread_create(&puller->thread[i], NULL, run, puller) != 0)
            return sph_fail(err, SPH_EIO, "pull thread %u", i);
        puller->thread_count++;
    }
    return sph_ok();
}

sph_rc sph_puller_start(sph_node *node, sph_puller **out, sph_err *err)
{
    const struct sph_config *config = sph_node_config(node);
    if (sph_node_is_pull_only(node) && !config->mpc[0])
        return sph_fail(err, SPH_EARG, "saphan.ini names neither url nor mpc");
    sph_puller *puller = sph_mem_new(1, sizeof(*puller));
    if (!puller)
        return sph_fail(err, SPH_ENOMEM, "puller");
    puller->node = node;
    puller->pace = (struct sph_pull_pace){config->pull_busy_s, config->pull_idle_s};
    sph_rc rc = sph_waiting_init(&puller->lock, &puller->changed, err);
    if (rc.code != SPH_OK) {
        sph_mem_free(puller);
        return rc;
    }
    rc = start_threads(puller, err);
    if (rc.code == SPH_OK)
        *out = puller;
    else
        sph_puller_stop(&puller);
    return rc;
}

void sph_puller_now(sph_puller *puller)
{
    if (!puller)
        return;
    pthread_mutex_lock(&puller->lock);
    for (size_t i = 0; i < puller->count; i++) {
        puller->place[i].next_ms = 0;
        puller->place[i].failures = 0;
        puller->place[i].is_hurried = puller->place[i].is_busy;
    }
    pthread_cond_broadcast(&puller->changed);
    pthread_mutex_unlock(&puller->lock);
}

void sph_puller_halt(sph_puller *puller)
{
    if (!puller)
        return;
    pthread_mutex_lock(&puller->lock);
    puller->is_stopping = true;
    pthread_cond_broadcast(&puller->changed);
    pthread_mutex_unlock(&puller->lock);
}

void sph_puller_stop(sph_puller **puller)
{
    if (!puller || !*puller)
        return;
    sph_puller_halt(*puller);
    for (unsigned i = 0; i < (*puller)->thread_count; i++)
        pthread_join((*puller)->thread[i], NULL);
    pthread_cond_destroy(&(*puller)->changed);
    pthread_mutex_destroy(&(*puller)->lock);
    sph_mem_free(*puller);
    *puller = NULL;
}
