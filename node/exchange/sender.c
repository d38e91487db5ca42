#include "exchange/sender.h"

#include <string.h>

#include "exchange/deliver.h"
#include "exchange/waiting.h"

#define THREADS_MAX 32u
#define EACH_PARTNER                                                                               \
    14u /* deliveries at once to one partner: the others keep a third of the threads */
#define LOOK_AHEAD 64u
#define LOOK_AGAIN (LOOK_AHEAD / 2) /* fewer kept rows than this, and the queue is read again */
#define CIRCUIT_MS 2000             /* a partner that just failed rests this long */
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
    /* The front of the queue as last read, without what was claimed since: reading it for each
     * delivery was the costliest query of an exchange. A row in it changes only through the
     * delivery that claims it, or ends; sph_deliver looks at the row again. */
    struct sph_out_due_row ahead[LOOK_AHEAD];
    size_t ahead_count;
    bool is_front_full; /* more rows stand behind those */
    bool is_stalled;    /* nobody in the front may start: new rows do not change that */
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
    char refused[SPH_PARTY_ROOM]; /* whose last row had to wait: the next of its rows has to, too */
};

static bool try_row(void *arg, const struct sph_out_due_row *due)
{
    struct look *look = arg;
    sph_sender *sender = look->sender;
    if (strcmp(due->partner, look->refused) == 0 || is_claimed(sender, due->id))
        return false;
    if (!may_start(sender, due->partner, look->now_ms, look->next_ms)) {
        (void)sph_str_copy(look->refused, sizeof(look->refused), sph_slice_str(due->partner), NULL)
            .code; /* as long as the other */
        return false;
    }
    *look->row = *due;
    look->is_found = true;
    return true;
}

/** Claim what a look found. */
static void take(sph_sender *sender, const struct sph_out_due_row *row)
{
    size_t kept = 0;
    sender->claimed[sender->claimed_count++] = *row;
    for (size_t i = 0; i < sender->ahead_count; i++)
        if (sender->ahead[i].id != row->id)
            sender->ahead[kept++] = sender->ahead[i];
    sender->ahead_count = kept;
}

static bool look_ahead(struct look *look)
{
    for (size_t i = 0; i < look->sender->ahead_count; i++)
        if (try_row(look, &look->sender->ahead[i]))
            return true;
    return false;
}

/** What is claimed is left out: it may still stand as due, and will not be when it is given up. */
static sph_rc read_front(struct look *look, sph_err *err)
{
    sph_sender *sender = look->sender;
    size_t count = 0, kept = 0;
    sender->ahead_count = 0;
    SPH_TRY(sph_out_due(sender->node, look->now_ms, sender->ahead, LOOK_AHEAD, &count,
                        look->next_ms, err),
            err, "due rows");
    sender->is_front_full = count == LOOK_AHEAD;
    for (size_t i = 0; i < count; i++)
        if (!is_claimed(sender, sender->ahead[i].id))
            sender->ahead[kept++] = sender->ahead[i];
    sender->ahead_count = kept;
    return sph_ok();
}

/** The front of the queue; all of it, now and then, when nothing in front may start: else a partner
 * that does not answer would hold up everybody else's messages behind its own. */
static sph_rc look_for_row(struct look *look, sph_err *err)
{
    sph_sender *sender = look->sender;
    if (look_ahead(look))
        return sph_ok();
    look->refused[0] = '\0';
    if (!sender->is_front_full || sender->ahead_count < LOOK_AGAIN) {
        SPH_TRY(read_front(look, err), err, "front of the queue");
        if (look_ahead(look) || !sender->is_front_full)
            return sph_ok();
    }
    look->refused[0] = '\0';
    if (look->now_ms >= sender->deep_ms || sender->deep_ms > look->now_ms + DEEP_EVERY_MS) {
        sender->deep_ms = look->now_ms + DEEP_EVERY_MS;
        SPH_TRY(sph_out_due_each(sender->node, look->now_ms, try_row, look, err), err, "queue");
    }
    if (!look->is_found)
        *look->next_ms = sender->deep_ms < *look->next_ms ? sender->deep_ms : *look->next_ms;
    return sph_ok();
}

/** With the lock held. true: *row is claimed. */
static bool claim(sph_sender *sender, struct sph_out_due_row *row, int64_t *next_ms)
{
    sph_err err = {0};
    const int64_t now_ms = sph_node_now_ms(sender->node);
    struct look look = {sender, row, now_ms, next_ms, false, ""};
    if (sph_journal_is_stopped(sph_node_journal(sender->node)))
        return false; /* no-exchange: what would come of it could not be written down */
    if (look_for_row(&look, &err).code != SPH_OK) {
        SPH_LOG(sph_node_env(sender->node)->log, SPH_LOG_ERROR, "outbox_unreadable",
                SPH_LF(SPH_F_CODE, sph_code_name(err.code)));
        *next_ms = now_ms + CIRCUIT_MS;
    }
    if (look.is_found)
        take(sender, row);
    sender->is_stalled = !look.is_found && sender->is_front_full;
    return look.is_found;
}

/** With the lock held: wake another thread when there is something left that it may start. */
static void pass_on(sph_sender *sender)
{
    struct sph_out_due_row row;
    int64_t next_ms = INT64_MAX;
    struct look look = {sender, &row, sph_node_now_ms(sender->node), &next_ms, false, ""};
    if (look_ahead(&look))
        pthread_cond_signal(&sender->changed);
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
        if (claim(sender, &row, &next_ms)) {
            pass_on(sender);
            deliver_claimed(sender, &row);
        } else {
            rest(sender, next_ms);
        }
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
    if (!sender->is_stalled)
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
