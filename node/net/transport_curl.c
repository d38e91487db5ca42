#include "net/transport.h"

#include "net/post_job.h"

#include <curl/curl.h>

#include <signal.h>

#define POLL_MS 1000
#define CONNECTIONS_KEPT 256L

/* A partner that was forgotten at least once. Connections begun in an earlier epoch are not used
 * again. */
struct epoch {
    char party[SPH_PARTY_ROOM];
    uint64_t number;
    bool is_new; /* kept connections of the epochs before are still to be closed */
    struct epoch *next;
};

struct transport {
    const struct sph_env *env;
    CURLM *multi;       /* used by the thread alone, but for curl_multi_wakeup */
    sph_kept *sockets;  /* thread alone */
    sph_post_job *jobs; /* thread alone: those added to the multi */
    pthread_mutex_t lock;
    sph_post_job *queue;
    struct epoch *epochs;
    uint64_t general_epoch; /* added to each partner's: for a forget that found no memory */
    bool stops;
    unsigned callers;    /* inside post */
    pthread_cond_t left; /* a caller has left */
    pthread_t thread;
    bool has_thread;
    sph_transport face;
};

sph_rc sph_transport_start(sph_err *err)
{
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
        return sph_fail(err, SPH_EIO, "client library");
    return sph_ok();
}

void sph_transport_end(void)
{
    curl_global_cleanup();
}

static struct epoch *find_epoch(const struct transport *transport, const char *party)
{
    struct epoch *epoch = transport->epochs;
    while (epoch && !sph_slice_is(sph_slice_str(epoch->party), party))
        epoch = epoch->next;
    return epoch;
}

static uint64_t epoch_of(const struct transport *transport, const char *party)
{
    const struct epoch *epoch = find_epoch(transport, party);
    return transport->general_epoch + (epoch ? epoch->number : 0);
}

static void tell_done(struct transport *transport, sph_post_job *job)
{
    pthread_mutex_lock(&transport->lock);
    job->is_done = true;
    pthread_cond_signal(&job->done); /* under the lock: the job ends with its caller's frame */
    pthread_mutex_unlock(&transport->lock);
}

static void begin_job(struct transport *transport, sph_post_job *job)
{
    job->sockets = transport->sockets;
    job->outcome = sph_post_job_begin(job);
    if (job->outcome.code == SPH_OK &&
        curl_multi_add_handle(transport->multi, job->easy) != CURLM_OK)
        sph_post_job_fail(job, SPH_ENOMEM, "post");
    if (job->outcome.code != SPH_OK) {
        tell_done(transport, job);
        return;
    }
    job->next = transport->jobs;
    transport->jobs = job;
}

static void end_job(struct transport *transport, sph_post_job *job)
{
    sph_post_job **at = &transport->jobs;
    while (*at != job)
        at = &(*at)->next;
    *at = job->next;
    (void)curl_multi_remove_handle(transport->multi, job->easy);
    tell_done(transport, job);
}

static bool take_queue(struct transport *transport)
{
    pthread_mutex_lock(&transport->lock);
    sph_post_job *queue = sph_move(transport->queue);
    const bool goes_on = !transport->stops;
    pthread_mutex_unlock(&transport->lock);
    while (queue) {
        sph_post_job *job = queue;
        queue = job->next;
        begin_job(transport, job);
    }
    return goes_on;
}

static void take_results(struct transport *transport)
{
    int left = 0;
    for (CURLMsg *msg = curl_multi_info_read(transport->multi, &left); msg;
         msg = curl_multi_info_read(transport->multi, &left)) {
        char *at = NULL;
        if (msg->msg != CURLMSG_DONE ||
            curl_easy_getinfo(msg->easy_handle, CURLINFO_PRIVATE, &at) != CURLE_OK)
            continue;
        sph_post_job *job = (void *)at;
        sph_post_job_finish(job, (int)msg->data.result);
        end_job(transport, job);
    }
}

static bool has_older_job(const struct transport *transport, const char *party, uint64_t epoch)
{
    for (const sph_post_job *job = transport->jobs; job; job = job->next)
        if (job->epoch < epoch && sph_slice_is(sph_slice_str(job->peer->party), party))
            return true;
    return false;
}

/* A post that was under way when its partner was forgotten ends first: its receipt still counts
 * (architecture.md, Trust). Then the connections of that time are ended. */
static void end_forgotten(struct transport *transport)
{
    pthread_mutex_lock(&transport->lock);
    for (struct epoch *epoch = transport->epochs; epoch; epoch = epoch->next) {
        const uint64_t now = transport->general_epoch + epoch->number;
        if (!epoch->is_new || has_older_job(transport, epoch->party, now))
            continue;
        sph_kept_end(transport->sockets, epoch->party, now - 1);
        epoch->is_new = false;
    }
    pthread_mutex_unlock(&transport->lock);
}

static void *run(void *arg)
{
    struct transport *transport = arg;
    while (take_queue(transport)) {
        int running = 0;
        (void)curl_multi_perform(transport->multi, &running);
        take_results(transport);
        end_forgotten(transport);
        (void)curl_multi_poll(transport->multi, NULL, 0, POLL_MS, NULL);
    }
    while (transport->jobs) {
        sph_post_job_fail(transport->jobs, SPH_ECANCELLED, "the transport ends");
        end_job(transport, transport->jobs);
    }
    return NULL;
}

/* Queue the job and wait until the thread has done it. */
static void run_job(struct transport *transport, sph_post_job *job)
{
    pthread_cond_init(&job->done, NULL);
    pthread_mutex_lock(&transport->lock);
    transport->callers++;
    if (transport->stops) {
        sph_post_job_fail(job, SPH_ECANCELLED, "the transport ends");
        job->is_done = true;
    } else {
        job->epoch = epoch_of(transport, job->peer->party);
        job->next = transport->queue;
        transport->queue = job;
        (void)curl_multi_wakeup(transport->multi); /* without it the poll ends by itself */
    }
    while (!job->is_done)
        pthread_cond_wait(&job->done, &transport->lock);
    transport->callers--;
    pthread_cond_signal(&transport->left);
    pthread_mutex_unlock(&transport->lock);
    pthread_cond_destroy(&job->done);
}

static sph_rc post(void *ctx, const sph_peer *peer, const sph_post *what, sph_answer *answer,
                   sph_err *err)
{
    struct transport *transport = ctx;
    sph_err reason = {.depth = 0};
    sph_post_job job = {.env = transport->env, .peer = peer, .post = what, .err = &reason};
    run_job(transport, &job);
    if (job.outcome.code == SPH_OK) {
        *answer = job.answer;
        job.answer = (sph_answer){.status = 0};
    } else if (err) {
        *err = reason;
    }
    sph_post_job_clear(&job);
    return job.outcome;
}

static struct epoch *add_epoch(struct transport *transport, const char *party)
{
    struct epoch *epoch = sph_mem_new(1, sizeof(*epoch));
    if (!epoch)
        return NULL;
    if (sph_str_copy(epoch->party, sizeof(epoch->party), sph_slice_str(party), NULL).code !=
        SPH_OK) {
        sph_mem_free(epoch);
        return NULL;
    }
    epoch->next = transport->epochs;
    transport->epochs = epoch;
    return epoch;
}

static void forget(void *ctx, const char *party)
{
    struct transport *transport = ctx;
    pthread_mutex_lock(&transport->lock);
    struct epoch *epoch = find_epoch(transport, party);
    if (!epoch)
        epoch = add_epoch(transport, party);
    if (epoch) {
        epoch->number++;
        epoch->is_new = true;
    } else {
        transport->general_epoch++; /* no memory: then no connection at all is used again */
    }
    (void)curl_multi_wakeup(transport->multi);
    pthread_mutex_unlock(&transport->lock);
}

static sph_rc make_multi(struct transport *transport, unsigned connections_each, sph_err *err)
{
    SPH_TRY(sph_kept_new(&transport->sockets, err), err, "transport");
    transport->multi = curl_multi_init();
    if (!transport->multi ||
        curl_multi_setopt(transport->multi, CURLMOPT_MAX_HOST_CONNECTIONS,
                          (long)connections_each) != CURLM_OK ||
        curl_multi_setopt(transport->multi, CURLMOPT_MAXCONNECTS, CONNECTIONS_KEPT) != CURLM_OK ||
        curl_multi_setopt(transport->multi, CURLMOPT_PIPELINING, (long)CURLPIPE_NOTHING) !=
            CURLM_OK)
        return sph_fail(err, SPH_ENOMEM, "transport");
    return sph_ok();
}

static sph_rc start_thread(struct transport *transport, sph_err *err)
{
    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before); /* SIGPIPE of a lost connection is for nobody */
    transport->has_thread = pthread_create(&transport->thread, NULL, run, transport) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return transport->has_thread ? sph_ok() : sph_fail(err, SPH_EIO, "transport thread");
}

sph_rc sph_transport_curl_new(const struct sph_env *env, unsigned connections_each,
                              sph_transport **out, sph_err *err)
{
    struct transport *transport = sph_mem_new(1, sizeof(*transport));
    if (!transport)
        return sph_fail(err, SPH_ENOMEM, "transport");
    transport->env = env;
    transport->face = (sph_transport){transport, post, forget};
    pthread_mutex_init(&transport->lock, NULL);
    pthread_cond_init(&transport->left, NULL);
    sph_rc made = make_multi(transport, connections_each, err);
    if (made.code == SPH_OK)
        made = start_thread(transport, err);
    sph_transport *face = &transport->face;
    if (made.code == SPH_OK)
        *out = face;
    else
        sph_transport_curl_free(&face);
    return made;
}

static void stop_thread(struct transport *transport)
{
    pthread_mutex_lock(&transport->lock);
    transport->stops = true;
    pthread_mutex_unlock(&transport->lock);
    (void)curl_multi_wakeup(transport->multi);
    if (transport->has_thread)
        pthread_join(transport->thread, NULL);
    transport->has_thread = false;
    pthread_mutex_lock(&transport->lock);
    while (transport->callers > 0) /* told already, but still on their way out */
        pthread_cond_wait(&transport->left, &transport->lock);
    pthread_mutex_unlock(&transport->lock);
}

void sph_transport_curl_stop(sph_transport *transport)
{
    if (transport)
        stop_thread(transport->ctx);
}

void sph_transport_curl_free(sph_transport **transport)
{
    if (!transport || !*transport)
        return;
    struct transport *old = (*transport)->ctx;
    stop_thread(old);
    (void)curl_multi_cleanup(old->multi);
    sph_kept_free(&old->sockets);
    while (old->epochs) {
        struct epoch *epoch = old->epochs;
        old->epochs = epoch->next;
        sph_mem_free(epoch);
    }
    pthread_cond_destroy(&old->left);
    pthread_mutex_destroy(&old->lock);
    sph_mem_free(old);
    *transport = NULL;
}
