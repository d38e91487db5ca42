#include "exchange/sender.h"

#include <string.h>

#include "exchange/deliver.h"
#include "exchange/waiting.h"

#define THREADS_MAX 32u
#define EACH_PARTNER                                                                               \
    14u /* deliveries at once to one partner: the others keep a third of the threads */
#define LOOK_AHEAD 64u
#define CIRCUIT_MS 2000 /* a partner that just failed rests this long */
#define IDLE_MS 60000
#define DEEP_EVERY_MS 250 /* how often the whole queue is looked through, when its front waits */
#define CIRCUITS 64u

/** A partner that failed lately. */
struct circuit {
    char party[SPH_PARTY_ROOM];
    int64_t until_ms;
};

struct sph_sender {
    sph_node *node;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    pthread_t thread[THREADS_MAX];
    unsigned thread_count;
    bool is_stopping;
    struct sph_out_due_row claimed[THREADS_MAX];
    unsigned claimed_count;
    struct circuit circuit[CIRCUITS];
    size_t next_circuit;
    int64_t deep_ms; /* not looked through again before */
};

static bool is_claimed(const sph_sender *sender, int64_t id)
{
    for (unsigned i = 0; i < sender->claimed_count; i++)
        if (sender->claimed[i].id == id)
            return true;
    return false;
}

static unsigned in_flight(const sph_sender *sender, const char *party)
{
    unsigned count = 0;
    for (unsigned i = 0; i < sender->claimed_count; i++)
        count += strcmp(sender->claimed[i].partner, party) == 0;
    return count;
}

static struct circuit *find_circuit(sph_sender *sender, const char *party)
{
    for (size_t i = 0; i < CIRCUITS; i++)
        if (strcmp(sender->circuit[i].party, party) == 0)
            return &sender->circuit[i];
    return NULL;
}

/** One partner never holds all threads: two are left for the others while it does not answer. */
static unsigned most_at_once(const sph_sender *sender)
{
    const unsigned most = sender->thread_count > 3 ? sender->thread_count - 2 : 1;
    return most < EACH_PARTNER ? most : EACH_PARTNER;
}

/** With the lock held: may a further delivery to this partner start? *next_ms is moved forward when
 * it must rest. */
static bool may_start(sph_sender *sender, const char *party, int64_t now_ms, int64_t *next_ms)
{
    const struct circuit *circuit = find_circuit(sender, party);
    if (!circuit || circuit->until_ms == 0)
        return in_flight(sender, party) < most_at_once(sender);
    if (circuit->until_ms > now_ms) {
        *next_ms = circuit->until_ms < *next_ms ? circuit->until_ms : *next_ms;
        return false;
    }
    return in_flight(sender, party) == 0;
}

/** One look for a row that may start. */
struct look {
    sph_sender *sender;
    struct sph_out_due_row *row;
    int64_t now_ms, *next_ms;
    bool is_found;
};

static bool try_row(void *arg, const struct sph_out_due_row *due)
{
    struct look *look = arg;
    sph_sender *sender = look->sender;
    if (is_claimed(sender, due->id) ||
        !may_start(sender, due->partner, look->now_ms, look->next_ms))
        return false;
    sender->claimed[sender->claimed_count++] = *due;
    *look->row = *due;
    look->is_found = true;
    return true;
}

/** The front of the queue; all of it, now and then, when nothing in front may start: else a partner
 * that does not answer would hold up everybody else's messages behind its own. */
static sph_rc look_for_row(struct look *look, sph_err *err)
{
    struct sph_out_due_row due[LOOK_AHEAD];
    size_t count = 0;
    sph_sender *sender = look->sender;
    SPH_TRY(sph_out_due(sender->node, look->now_ms, due, LOOK_AHEAD, &count, look->next_ms, err),
            err, "due rows");
    for (size_t i = 0; i < count; i++)
        if (try_row(look, &due[i]))
            return sph_ok();
    if (count < LOOK_AHEAD)
        return sph_ok();
    if (look->now_ms >= sender->deep_ms || sender->deep_ms > look->now_ms + DEEP_EVERY_MS) {
        sender->deep_ms = look->now_ms + DEEP_EVERY_MS;
        return sph_out_due_each(sender->node, look->now_ms, try_row, look, err);
    }
    *look->next_ms = sender->deep_ms < *look->next_ms ? sender->deep_ms : *look->next_ms;
    return sph_ok();
}

/** With the lock held. true: *row is claimed. */
static bool claim(sph_sender *sender, struct sph_out_due_row *row, int64_t *next_ms)
{
    sph_err err = {0};
    const int64_t now_ms = sph_node_now_ms(sender->node);
    struct look look = {sender, row, now_ms, next_ms, false};
    if (sph_journal_is_stopped(sph_node_journal(sender->node)))
        return false; /* no-exchange: what would come of it could not be written down */
    if (look_for_row(&look, &err).code != SPH_OK) {
        SPH_LOG(sph_node_env(sender->node)->log, SPH_LOG_ERROR, "outbox_unreadable",
                SPH_LF(SPH_F_CODE, sph_code_name(err.code)));
        *next_ms = now_ms + CIRCUIT_MS;
    }
    return look.is_found;
}

static void note_outcome(sph_sender *sender, const char *party, enum sph_delivery came)
{
    struct circuit *circuit = find_circuit(sender, party);
    if (came != SPH_DELIVERY_RETRY) {
        if (circuit)
            circuit->until_ms = 0;
        return;
    }
    if (!circuit) {
        circuit = &sender->circuit[sender->next_circuit++ % CIRCUITS];
        if (sph_str_copy(circuit->party, sizeof(circuit->party), sph_slice_str(party), NULL).code !=
            SPH_OK)
            return;
    }
    circuit->until_ms = sph_node_now_ms(sender->node) + CIRCUIT_MS;
}

static void unclaim(sph_sender *sender, int64_t id)
{
    for (unsigned i = 0; i < sender->claimed_count; i++) {
        if (sender->claimed[i].id == id) {
            sender->claimed[i] = sender->claimed[--sender->claimed_count];
            return;
        }
    }
}

static void deliver_claimed(sph_sender *sender, const struct sph_out_due_row *row)
{
    enum sph_delivery came = SPH_DELIVERY_RETRY;
    sph_err err = {0};
    pthread_mutex_unlock(&sender->lock);
    const sph_rc rc = sph_deliver(sender->node, row->id, &came, &err);
    if (rc.code != SPH_OK) {
        came = SPH_DELIVERY_RETRY;
        SPH_LOG(sph_node_env(sender->node)->log, SPH_LOG_ERROR, "delivery_error",
                SPH_LF(SPH_F_PARTNER, row->partner), SPH_LF(SPH_F_CODE, sph_code_name(rc.code)),
                SPH_LF(SPH_F_WHERE, err.depth ? err.frame[0].where : ""),
                SPH_LF(SPH_F_WHAT, err.depth ? err.frame[0].what : ""));
    }
    pthread_mutex_lock(&sender->lock);
    note_outcome(sender, row->partner, came);
    unclaim(sender, row->id);
    if (sender->is_stopping)
        pthread_cond_broadcast(&sender->changed); /* whoever waits for the last one is among them */
    else
        pthread_cond_signal(&sender->changed);
}

/** With the lock held. */
static void rest(sph_sender *sender, int64_t next_ms)
{
    const int64_t now_ms = sph_node_now_ms(sender->node);
    int64_t wait_ms = next_ms > now_ms ? next_ms - now_ms : 1;
    wait_ms = wait_ms < IDLE_MS ? wait_ms : IDLE_MS;
    (void)sph_waiting_until(&sender->changed, &sender->lock, sph_waiting_point(wait_ms));
}

static void *run(void *arg)
{
    sph_sender *sender = arg;
    struct sph_out_due_row row;
    pthread_mutex_lock(&sender->lock);
    while (!sender->is_stopping) {
        int64_t next_ms = INT64_MAX;
        if (claim(sender, &row, &next_ms))
            deliver_claimed(sender, &row);
        else
            rest(sender, next_ms);
    }
    pthread_mutex_unlock(&sender->lock);
    return NULL;
}

sph_rc sph_sender_start(sph_node *node, unsigned threads, sph_sender **out, sph_err *err)
{
    sph_sender *sender = sph_mem_new(1, sizeof(*sender));
    if (!sender)
        return sph_fail(err, SPH_ENOMEM, "sender");
    sender->node = node;
    sph_rc rc = sph_waiting_init(&sender->lock, &sender->changed, err);
    if (rc.code != SPH_OK) {
        sph_mem_free(sender);
        return rc;
    }
    pthread_mutex_lock(&sender->lock); /* the threads begin when all are counted */
    for (unsigned i = 0; rc.code == SPH_OK && i < threads && i < THREADS_MAX; i++) {
        if (pthread_create(&sender->thread[i], NULL, run, sender) != 0)
            rc = sph_fail(err, SPH_EIO, "delivery thread %u", i);
        else
            sender->thread_count++;
    }
    pthread_mutex_unlock(&sender->lock);
    if (rc.code == SPH_OK)
        *out = sender;
    else
        sph_sender_stop(&sender);
    return rc;
}

void sph_sender_wake(sph_sender *sender)
{
    pthread_mutex_lock(&sender->lock);
    pthread_cond_signal(&sender->changed);
    pthread_mutex_unlock(&sender->lock);
}

void sph_sender_halt(sph_sender *sender, int64_t grace_ms)
{
    if (!sender)
        return;
    const struct timespec until = sph_waiting_point(grace_ms);
    pthread_mutex_lock(&sender->lock);
    sender->is_stopping = true;
    pthread_cond_broadcast(&sender->changed);
    while (sender->claimed_count > 0 && sph_waiting_until(&sender->changed, &sender->lock, until))
        continue;
    pthread_mutex_unlock(&sender->lock);
}

void sph_sender_stop(sph_sender **sender)
{
    if (!sender || !*sender)
        return;
    sph_sender_halt(*sender, 0);
    for (unsigned i = 0; i < (*sender)->thread_count; i++)
        pthread_join((*sender)->thread[i], NULL);
    pthread_cond_destroy(&(*sender)->changed);
    pthread_mutex_destroy(&(*sender)->lock);
    sph_mem_free(*sender);
    *sender = NULL;
}
