#include "net/serve.h"

#include <pthread.h>
#include <signal.h>

struct sph_hands {
    pthread_mutex_t lock;
    pthread_cond_t ready;
    sph_conn *first, *last; /* queue, linked by next_queued; at most one entry a connection */
    bool stops;
    pthread_t *threads;
    unsigned count;
};

static sph_conn *take_next(sph_hands *hands)
{
    pthread_mutex_lock(&hands->lock);
    while (!hands->first && !hands->stops)
        pthread_cond_wait(&hands->ready, &hands->lock);
    sph_conn *conn = hands->stops ? NULL : hands->first;
    if (conn) {
        hands->first = sph_conn_links(conn)->next_queued;
        if (!hands->first)
            hands->last = NULL;
    }
    pthread_mutex_unlock(&hands->lock);
    return conn;
}

static void *work(void *arg)
{
    sph_hands *hands = arg;
    for (sph_conn *conn = take_next(hands); conn; conn = take_next(hands)) {
        sph_conn_handle(conn);
        sph_loop_done(sph_conn_loop(conn), conn);
    }
    return NULL;
}

void sph_hands_submit(sph_hands *hands, sph_conn *conn)
{
    sph_conn_links(conn)->next_queued = NULL;
    pthread_mutex_lock(&hands->lock);
    if (hands->last)
        sph_conn_links(hands->last)->next_queued = conn;
    else
        hands->first = conn;
    hands->last = conn;
    pthread_cond_signal(&hands->ready);
    pthread_mutex_unlock(&hands->lock);
}

/* Signals are for the main thread; SIGPIPE from a lost TLS connection is only blocked by this. */
static sph_rc start_threads(sph_hands *hands, unsigned count, sph_err *err)
{
    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    while (hands->count < count &&
           pthread_create(&hands->threads[hands->count], NULL, work, hands) == 0)
        hands->count++;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (hands->count < count)
        return sph_fail(err, SPH_EIO, "thread %u of %u", hands->count + 1, count);
    return sph_ok();
}

sph_rc sph_hands_new(unsigned count, sph_hands **out, sph_err *err)
{
    SPH_AUTO_PTR(sph_hands) *hands = sph_mem_new(1, sizeof(*hands));
    if (!hands)
        return sph_fail(err, SPH_ENOMEM, "hands");
    pthread_mutex_init(&hands->lock, NULL);
    pthread_cond_init(&hands->ready, NULL);
    hands->threads = sph_mem_new(count, sizeof(*hands->threads));
    if (!hands->threads)
        return sph_fail(err, SPH_ENOMEM, "hands");
    SPH_TRY(start_threads(hands, count, err), err, "hands");
    *out = sph_move(hands);
    return sph_ok();
}

void sph_hands_free(sph_hands **hands)
{
    if (!hands || !*hands)
        return;
    sph_hands *all = *hands;
    pthread_mutex_lock(&all->lock);
    all->stops = true;
    pthread_cond_broadcast(&all->ready);
    pthread_mutex_unlock(&all->lock);
    for (unsigned i = 0; i < all->count; i++)
        pthread_join(all->threads[i], NULL);
    pthread_cond_destroy(&all->ready);
    pthread_mutex_destroy(&all->lock);
    sph_mem_free(all->threads);
    sph_mem_free(all);
    *hands = NULL;
}
