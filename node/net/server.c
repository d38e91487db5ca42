#include "net/server.h"

#include "net/serve.h"

#include <time.h>
#include <unistd.h>

#define STOP_LOOK_MS 5

static bool config_is_fine(const struct sph_server_config *config)
{
    if (config->loops == 0 || config->hands == 0 || config->connections_max == 0 ||
        config->listener_count == 0)
        return false;
    for (size_t i = 0; i < config->listener_count; i++) {
        const struct sph_listener_config *listener = &config->listeners[i];
        if (!listener->address == !listener->unix_path || (listener->unix_path && listener->tls))
            return false;
    }
    return true;
}

static sph_rc copy_listener(const struct sph_server_config *config, size_t i, struct sph_listen *to,
                            sph_err *err)
{
    const struct sph_listener_config *from = &config->listeners[i];
    struct sph_turn_rules *rules = sph_mem_new(1, sizeof(*rules));
    if (!rules)
        return sph_fail(err, SPH_ENOMEM, "listener");
    *rules = (struct sph_turn_rules){
        .limits = config->limits,
        .env = config->env,
        .spool_dir = config->spool_dir,
        .routes = from->routes,
        .route_count = from->route_count,
        .hosts = from->unix_path ? NULL : from->hosts,
        .needs_host = !from->unix_path,
    };
    atomic_store(&to->rules, rules);
    to->tls = from->tls;
    to->is_unix = from->unix_path != NULL;
    return sph_ok();
}

static sph_rc copy_config(const struct sph_server_config *config, struct sph_server *server,
                          sph_err *err)
{
    server->limits = config->limits;
    server->env = config->env;
    server->connections_max = config->connections_max;
    server->listens = sph_mem_new(config->listener_count, sizeof(*server->listens));
    server->loops = sph_mem_new(config->loops, sizeof(*server->loops));
    if (!server->listens || !server->loops)
        return sph_fail(err, SPH_ENOMEM, "server");
    const struct sph_guest_limits limits = sph_guest_limits_of(config->limits);
    SPH_TRY(sph_guests_new(&limits, &server->guests, err), err, "server");
    server->listen_count = config->listener_count;
    for (size_t i = 0; i < config->listener_count; i++)
        SPH_TRY(copy_listener(config, i, &server->listens[i], err), err, "server");
    for (; server->loop_count < config->loops; server->loop_count++)
        SPH_TRY(sph_loop_new(server, &server->loops[server->loop_count], err), err, "server");
    return sph_ok();
}

static sph_rc open_unix(struct sph_server *server, const char *path, struct sph_listen *listen,
                        sph_err *err)
{
    int fd = -1;
    SPH_AUTO_STR *kept = NULL;
    SPH_TRY(sph_str_dup(sph_slice_str(path), &kept, err), err, "control socket");
    SPH_TRY(sph_listen_unix(path, &fd, err), err, "control socket");
    server->unix_path = sph_move(kept);
    return sph_loop_listen(server->loops[0], listen, fd, err);
}

/* Each loop has a socket of its own on the same port; the kernel spreads the callers
 * (SO_REUSEPORT). */
static sph_rc open_tcp(struct sph_server *server, const struct sph_listener_config *config,
                       struct sph_listen *listen, sph_err *err)
{
    listen->port = config->port;
    for (size_t i = 0; i < server->loop_count; i++) {
        int fd = -1;
        SPH_TRY(sph_listen_tcp(config->address, listen->port, &listen->port, &fd, err), err,
                "listening on port %u", config->port);
        SPH_TRY(sph_loop_listen(server->loops[i], listen, fd, err), err, "listening");
    }
    return sph_ok();
}

static sph_rc open_listeners(const struct sph_server_config *config, struct sph_server *server,
                             sph_err *err)
{
    for (size_t i = 0; i < config->listener_count; i++) {
        const struct sph_listener_config *listener = &config->listeners[i];
        struct sph_listen *listen = &server->listens[i];
        if (listener->unix_path)
            SPH_TRY(open_unix(server, listener->unix_path, listen, err), err, "listener %zu", i);
        else
            SPH_TRY(open_tcp(server, listener, listen, err), err, "listener %zu", i);
    }
    return sph_ok();
}

static void wake_all(struct sph_server *server, enum sph_server_phase phase)
{
    atomic_store(&server->phase, phase);
    for (size_t i = 0; i < server->loop_count; i++)
        sph_loop_wake(server->loops[i]);
}

static void free_rules(struct sph_listen *listen)
{
    struct sph_turn_rules *rules = atomic_load(&listen->rules);
    while (rules) {
        struct sph_turn_rules *older = rules->older;
        sph_mem_free(rules);
        rules = older;
    }
}

void sph_server_free(sph_server **server)
{
    if (!server || !*server)
        return;
    sph_server *old = *server;
    wake_all(old, SPH_PHASE_QUIT);
    for (size_t i = 0; i < old->loop_count; i++)
        sph_loop_join(old->loops[i]); /* first: a loop hands a finished body to the hands */
    sph_hands_free(&old->hands); /* before the loops' end: a handler still holds its connection */
    for (size_t i = 0; i < old->loop_count; i++)
        sph_loop_free(&old->loops[i]);
    if (old->unix_path)
        (void)unlink(
            old->unix_path); /* a socket left behind is recognised as stale at the next start */
    sph_str_free(&old->unix_path);
    sph_mem_free(old->loops);
    for (size_t i = 0; i < old->listen_count; i++)
        free_rules(&old->listens[i]);
    sph_guests_free(&old->guests);
    sph_mem_free(old->listens);
    sph_mem_free(old);
    *server = NULL;
}

sph_rc sph_server_start(const struct sph_server_config *config, sph_server **out, sph_err *err)
{
    if (!config_is_fine(config))
        return sph_fail(err, SPH_EARG, "server configuration");
    SPH_AUTO_PTR(sph_server) *server = sph_mem_new(1, sizeof(*server));
    if (!server)
        return sph_fail(err, SPH_ENOMEM, "server");
    SPH_TRY(copy_config(config, server, err), err, "server");
    SPH_TRY(open_listeners(config, server, err), err, "server");
    SPH_TRY(sph_hands_new(config->hands, &server->hands, err), err, "server");
    for (size_t i = 0; i < server->loop_count; i++)
        SPH_TRY(sph_loop_start(server->loops[i], err), err, "server");
    *out = sph_move(server);
    return sph_ok();
}

unsigned sph_server_port(const sph_server *server, size_t listener)
{
    return listener < server->listen_count ? server->listens[listener].port : 0;
}

void sph_server_stop(sph_server **server, int64_t grace_ms)
{
    if (!server || !*server)
        return;
    const sph_clock *clock =
        sph_clock_real(); /* a pause of real time, whatever clock the node runs on */
    const int64_t end_ms = clock->mono_ms(clock->ctx) + grace_ms;
    const struct timespec look = {.tv_nsec = STOP_LOOK_MS * 1000000L};
    wake_all(*server, SPH_PHASE_DRAIN);
    while (atomic_load(&(*server)->connections) > 0 && clock->mono_ms(clock->ctx) < end_ms)
        (void)nanosleep(&look, NULL);
    sph_server_free(server);
}

struct sph_guest_limits sph_guest_limits_of(const struct sph_limits *limits)
{
    return (struct sph_guest_limits){(unsigned)limits->address_handshakes,
                                     (unsigned)limits->partner_connections,
                                     limits->partner_requests};
}

void sph_server_limit(sph_server *server, const struct sph_guest_limits *limits)
{
    sph_guests_limit(server->guests, limits);
}

sph_rc sph_server_reroute(sph_server *server, size_t listener, const char *const *hosts,
                          const sph_route *routes, size_t route_count, sph_err *err)
{
    if (listener >= server->listen_count)
        return sph_fail(err, SPH_EARG, "no listener %zu", listener);
    struct sph_listen *listen = &server->listens[listener];
    struct sph_turn_rules *rules = sph_mem_new(1, sizeof(*rules));
    if (!rules)
        return sph_fail(err, SPH_ENOMEM, "routes");
    struct sph_turn_rules *older = atomic_load(&listen->rules);
    *rules = *older;
    rules->older = older;
    rules->hosts = listen->is_unix ? NULL : hosts;
    rules->routes = routes;
    rules->route_count = route_count;
    atomic_store(&listen->rules, rules);
    return sph_ok();
}

void sph_server_counts(const sph_server *server, struct sph_server_counts *out)
{
    *out =
        (struct sph_server_counts){.connections = atomic_load(&server->connections),
                                   .accepted = atomic_load(&server->accepted),
                                   .requests = atomic_load(&server->requests),
                                   .received = atomic_load(&server->received),
                                   .sent = atomic_load(&server->sent),
                                   .handshakes_failed = atomic_load(&server->handshakes_failed),
                                   .handshakes_limited = atomic_load(&server->handshakes_limited),
                                   .connections_limited = atomic_load(&server->connections_limited),
                                   .requests_limited = atomic_load(&server->requests_limited)};
}
