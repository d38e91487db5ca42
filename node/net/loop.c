#include "net/serve.h"

#include <event2/event.h>

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#define TICK_MS 100      /* how exactly deadlines are kept */
#define ACCEPTS_A_TURN 8 /* handshakes begun, then connections that exist get their share */

struct door {
    sph_loop *loop;
    const struct sph_listen *listen;
    struct event *ready;
    int fd;
    struct door *next;
};

struct sph_loop {
    struct sph_server *server;
    struct event_base *base;
    struct event *tick, *woken;
    struct door *doors;
    sph_conn *conns;
    bool is_paused; /* doors closed for a while: too many connections, or no descriptor left */
    int wake_fd, reserve_fd;
    uint8_t *scratch;
    pthread_t thread;
    bool has_thread;
    pthread_mutex_t lock; /* guards done */
    sph_conn *done;       /* answered by hands, linked by next_queued */
};

uint8_t *sph_loop_scratch(const sph_loop *loop)
{
    return loop->scratch;
}

int64_t sph_loop_now(const sph_loop *loop)
{
    const sph_clock *clock = loop->server->env->clock;
    return clock->mono_ms(clock->ctx);
}

struct sph_server *sph_loop_server(const sph_loop *loop)
{
    return loop->server;
}

struct event_base *sph_loop_base(const sph_loop *loop)
{
    return loop->base;
}

static void add_conn(sph_loop *loop, sph_conn *conn)
{
    struct sph_conn_links *links = sph_conn_links(conn);
    links->next = loop->conns;
    if (loop->conns)
        sph_conn_links(loop->conns)->previous = conn;
    loop->conns = conn;
}

void sph_loop_close(sph_loop *loop, sph_conn *conn)
{
    struct sph_conn_links *links = sph_conn_links(conn);
    if (links->next)
        sph_conn_links(links->next)->previous = links->previous;
    if (links->previous)
        sph_conn_links(links->previous)->next = links->next;
    else
        loop->conns = links->next;
    sph_conn_free(&conn);
    atomic_fetch_sub(&loop->server->connections, 1);
}

static void set_doors(sph_loop *loop, bool are_open)
{
    for (struct door *door = loop->doors; door; door = door->next) {
        if (!are_open)
            event_del(door->ready);
        else if (event_add(door->ready, NULL) != 0)
            SPH_LOG(loop->server->env->log, SPH_LOG_ERROR, "listener_lost",
                    SPH_LN(SPH_F_PORT, door->listen->port));
    }
    loop->is_paused = !are_open;
}

static void take_socket(struct door *door, int fd, const char *address, int64_t peer_uid)
{
    sph_loop *loop = door->loop;
    sph_conn *conn = NULL;
    if (sph_conn_new(loop, door->listen, fd, address, peer_uid, &conn, NULL).code != SPH_OK)
        return;
    atomic_fetch_add(&loop->server->accepted, 1);
    atomic_fetch_add(&loop->server->connections, 1);
    add_conn(loop, conn);
    if (!sph_conn_run(conn))
        sph_loop_close(loop, conn);
}

union peer_name {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
};

static void format_peer(const union peer_name *name, char out[INET6_ADDRSTRLEN])
{
    const uint8_t *v6 = name->v6.sin6_addr.s6_addr;
    const void *at = name->any.sa_family == AF_INET6 ? (const void *)v6 : &name->v4.sin_addr;
    int family = name->any.sa_family;
    if (family == AF_INET6 && IN6_IS_ADDR_V4MAPPED(&name->v6.sin6_addr)) {
        at = v6 + 12;
        family = AF_INET;
    }
    if (!inet_ntop(family, at, out, INET6_ADDRSTRLEN))
        out[0] = '\0';
}

static void take_peer(struct door *door, int fd, const union peer_name *name)
{
    char address[INET6_ADDRSTRLEN] = "unix";
    struct ucred credentials = {.uid = (uid_t)-1};
    socklen_t len = sizeof(credentials);
    const int on = 1;
    if (door->listen->is_unix) {
        if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &credentials, &len) != 0) {
            close(fd); /* without a name the caller has no rights (P-14) */
            return;
        }
        take_socket(door, fd, address, (int64_t)credentials.uid);
        return;
    }
    format_peer(name, address);
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)); /* only slower without it */
    take_socket(door, fd, address, -1);
}

/* security.md O-06: with no descriptor left accept would be ready for ever. The reserve one is
 * given up to take and drop the caller, then the doors stay closed for a tick. */
static void shed_caller(struct door *door)
{
    sph_loop *loop = door->loop;
    close(loop->reserve_fd);
    const int fd = accept4(door->fd, NULL, NULL, SOCK_CLOEXEC);
    if (fd >= 0)
        close(fd);
    loop->reserve_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    set_doors(loop, false);
    SPH_LOG(loop->server->env->log, SPH_LOG_WARN, "descriptors_exhausted",
            SPH_LN(SPH_F_PORT, door->listen->port));
}

static bool is_full(const sph_loop *loop)
{
    return atomic_load(&loop->server->connections) >= loop->server->connections_max;
}

static void on_caller(evutil_socket_t listening, short what, void *arg)
{
    (void)what;
    struct door *door = arg;
    for (int i = 0; i < ACCEPTS_A_TURN; i++) {
        union peer_name name = {.v6 = {0}};
        socklen_t len = sizeof(name);
        if (is_full(door->loop)) {
            set_doors(door->loop, false);
            return;
        }
        const int fd = accept4(listening, &name.any, &len, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd < 0 && (errno == EMFILE || errno == ENFILE))
            shed_caller(door);
        if (fd < 0)
            return;
        take_peer(door, fd, &name);
    }
}

static void close_doors(sph_loop *loop)
{
    while (loop->doors) {
        struct door *door = loop->doors;
        loop->doors = door->next;
        if (door->ready)
            event_free(door->ready);
        close(door->fd);
        sph_mem_free(door);
    }
}

static void close_some(sph_loop *loop, bool drains)
{
    const int64_t now_ms = sph_loop_now(loop);
    sph_conn *next = NULL;
    for (sph_conn *conn = loop->conns; conn; conn = next) {
        next = sph_conn_links(conn)->next;
        if ((drains && sph_conn_is_idle(conn)) || sph_conn_is_late(conn, now_ms))
            sph_loop_close(loop, conn);
    }
}

static void on_tick(evutil_socket_t fd, short what, void *arg)
{
    (void)fd;
    (void)what;
    sph_loop *loop = arg;
    close_some(loop, false);
    if (loop->is_paused && !is_full(loop))
        set_doors(loop, true);
}

static void resume_answered(sph_loop *loop)
{
    pthread_mutex_lock(&loop->lock);
    sph_conn *done = sph_move(loop->done);
    pthread_mutex_unlock(&loop->lock);
    while (done) {
        sph_conn *conn = done;
        done = sph_conn_links(conn)->next_queued;
        if (!sph_conn_answered(conn))
            sph_loop_close(loop, conn);
    }
}

static void on_woken(evutil_socket_t fd, short what, void *arg)
{
    (void)what;
    sph_loop *loop = arg;
    eventfd_t count;
    (void)eventfd_read((int)fd, &count); /* the number is of no interest, and EAGAIN is fine */
    resume_answered(loop);
    const unsigned phase = atomic_load(&loop->server->phase);
    if (phase == SPH_PHASE_RUN)
        return;
    close_doors(loop);
    close_some(loop, true);
    if (phase == SPH_PHASE_QUIT)
        event_base_loopbreak(loop->base);
}

void sph_loop_wake(sph_loop *loop)
{
    (void)eventfd_write(loop->wake_fd,
                        1); /* fails only when the counter is full: then it wakes anyway */
}

void sph_loop_done(sph_loop *loop, sph_conn *conn)
{
    pthread_mutex_lock(&loop->lock);
    sph_conn_links(conn)->next_queued = loop->done;
    loop->done = conn;
    pthread_mutex_unlock(&loop->lock);
    sph_loop_wake(loop);
}

static sph_rc make_events(sph_loop *loop, sph_err *err)
{
    struct event_config *config = event_config_new();
    if (!config)
        return sph_fail(err, SPH_ENOMEM, "event loop");
    event_config_set_flag(
        config, EVENT_BASE_FLAG_NOLOCK); /* one thread a base; others only write to wake_fd */
    loop->base = event_base_new_with_config(config);
    event_config_free(config);
    if (!loop->base)
        return sph_fail(err, SPH_EIO, "event loop");
    const struct timeval period = {.tv_usec = TICK_MS * 1000};
    loop->tick = event_new(loop->base, -1, EV_PERSIST, on_tick, loop);
    loop->woken = event_new(loop->base, loop->wake_fd, EV_READ | EV_PERSIST, on_woken, loop);
    if (!loop->tick || !loop->woken || event_add(loop->tick, &period) != 0 ||
        event_add(loop->woken, NULL) != 0)
        return sph_fail(err, SPH_ENOMEM, "event loop");
    return sph_ok();
}

sph_rc sph_loop_new(struct sph_server *server, sph_loop **out, sph_err *err)
{
    SPH_AUTO_PTR(sph_loop) *loop = sph_mem_new(1, sizeof(*loop));
    if (!loop)
        return sph_fail(err, SPH_ENOMEM, "event loop");
    loop->server = server;
    pthread_mutex_init(&loop->lock, NULL);
    loop->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    loop->reserve_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    loop->scratch = sph_mem_new(1, SPH_STREAM_CHUNK);
    if (loop->wake_fd < 0 || loop->reserve_fd < 0 || !loop->scratch)
        return sph_fail(err, SPH_EIO, "event loop");
    SPH_TRY(make_events(loop, err), err, "event loop");
    *out = sph_move(loop);
    return sph_ok();
}

sph_rc sph_loop_listen(sph_loop *loop, const struct sph_listen *listen, int fd, sph_err *err)
{
    struct door *door = sph_mem_new(1, sizeof(*door));
    if (!door) {
        close(fd);
        return sph_fail(err, SPH_ENOMEM, "listener");
    }
    door->loop = loop;
    door->listen = listen;
    door->fd = fd;
    door->next = loop->doors;
    loop->doors = door; /* from here the loop closes it */
    door->ready = event_new(loop->base, fd, EV_READ | EV_PERSIST, on_caller, door);
    if (!door->ready || event_add(door->ready, NULL) != 0)
        return sph_fail(err, SPH_ENOMEM, "listener");
    return sph_ok();
}

static void *run(void *arg)
{
    const sph_loop *loop = arg;
    event_base_dispatch(loop->base);
    return NULL;
}

sph_rc sph_loop_start(sph_loop *loop, sph_err *err)
{
    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all,
                    &before); /* signals are for the main thread; SIGPIPE for nobody */
    loop->has_thread = pthread_create(&loop->thread, NULL, run, loop) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (!loop->has_thread)
        return sph_fail(err, SPH_EIO, "loop thread");
    return sph_ok();
}

void sph_loop_join(sph_loop *loop)
{
    if (!loop || !loop->has_thread)
        return;
    pthread_join(loop->thread, NULL);
    loop->has_thread = false;
}

void sph_loop_free(sph_loop **loop)
{
    if (!loop || !*loop)
        return;
    sph_loop *old = *loop;
    sph_loop_join(old);
    close_doors(old);
    while (old->conns)
        sph_loop_close(old, old->conns);
    if (old->tick)
        event_free(old->tick);
    if (old->woken)
        event_free(old->woken);
    if (old->base)
        event_base_free(old->base);
    if (old->wake_fd >= 0)
        close(old->wake_fd);
    if (old->reserve_fd >= 0)
        close(old->reserve_fd);
    sph_mem_free(old->scratch);
    pthread_mutex_destroy(&old->lock);
    sph_mem_free(old);
    *loop = NULL;
}
