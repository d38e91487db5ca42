#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "cli/cli.h"
#include "exchange/inbox.h"
#include "exchange/node.h"
#include "exchange/receiving.h"
#include "exchange/standing.h"
#include "net/server.h"
#include "portal/api.h"
#include "portal/metrics.h"

#define HANDS 12u
#define CONNECTIONS_MOST 4096u
#define CONNECTIONS_LEAST 256u
#define OTHER_DESCRIPTORS 512u /* databases, spool files, connections to partners */
#define GRACE_MS 20000
#define MEMORY_BODY (256u * 1024)

/** Everything a serving node is made of. */
struct door;
struct service {
    sph_cli *cli;
    sph_files *files;
    sph_log *log;
    struct sph_env env;
    sph_node *node;
    pthread_mutex_t tls_lock; /* guards tls: the node renews its keys from its first moment on */
    sph_tls_server *tls;
    sph_server *server;
    sph_api api;
    struct door *door; /* newest; the server keeps pointers into all of them */
    pthread_mutex_t reload_lock;
    sph_route control_routes[2], metrics_route;
    char socket_path[600];
};

/** What the exchange port takes: a reload makes another one, and requests keep theirs. */
struct door {
    sph_route as4;
    char host[300], host_bare[256];
    const char *hosts[3];
    struct door *older;
};

static enum sph_standing admit(void *ctx, const sph_cert *leaf, const sph_cert *const *chain,
                               size_t chain_count, char party[SPH_PARTY_ROOM])
{
    struct service *service = ctx;
    (void)chain;
    (void)chain_count;
    return service->node ? sph_partners_standing(sph_node_partners(service->node), leaf,
                                                 sph_node_now_ms(service->node), party)
                         : SPH_STANDING_STRANGER;
}

/** New certificates serve new connections; old connections end with their keep-alive. */
static void reload_tls(void *ctx, sph_node *node)
{
    struct service *service = ctx;
    sph_err err = {0};
    sph_rc rc = sph_ok();
    pthread_mutex_lock(&service->tls_lock);
    const sph_keyring *ring = sph_node_keys(node);
    const struct sph_key_slot *slot = &ring->slot[SPH_SLOT_TLS];
    if (service->tls)
        rc = sph_tls_server_reload(service->tls, slot->key, slot->leaf, ring->root, &err);
    pthread_mutex_unlock(&service->tls_lock);
    if (rc.code != SPH_OK)
        SPH_LOG(service->log, SPH_LOG_ERROR, "tls_reload_failed",
                SPH_LF(SPH_F_CODE, sph_code_name(err.code)));
}

/** A renewal meanwhile either is in the keys read here, or waits for the lock and reloads. */
static sph_rc make_tls(struct service *service, sph_err *err)
{
    pthread_mutex_lock(&service->tls_lock);
    const sph_keyring *ring = sph_node_keys(service->node);
    const struct sph_key_slot *slot = &ring->slot[SPH_SLOT_TLS];
    const sph_rc rc =
        sph_tls_server_new(slot->key, slot->leaf, ring->root, admit, service, &service->tls, err);
    pthread_mutex_unlock(&service->tls_lock);
    return rc;
}

/** "https://host:port" -> the Host values that a partner may send (H-07). */
static sph_rc read_hosts(const struct sph_config *config, struct door *door, sph_err *err)
{
    const sph_slice url = sph_slice_str(config->url);
    const sph_slice host = sph_slice_sub(url, sizeof("https://") - 1, SIZE_MAX);
    const size_t colon = sph_slice_find(host, SPH_LIT(":"), 0);
    SPH_TRY(sph_str_copy(door->host, sizeof(door->host), host, err), err, "host");
    SPH_TRY(
        sph_str_copy(door->host_bare, sizeof(door->host_bare), sph_slice_sub(host, 0, colon), err),
        err, "host");
    door->hosts[0] = door->host;
    door->hosts[1] = door->host_bare;
    return sph_ok();
}

static sph_rc make_door(struct service *service, sph_err *err)
{
    const struct sph_config *config = sph_node_config(service->node);
    struct door *door = sph_mem_new(1, sizeof(*door));
    if (!door)
        return sph_fail(err, SPH_ENOMEM, "exchange port");
    door->older = service->door;
    service->door = door;
    door->as4 = (sph_route){.method = "POST",
                            .prefix = "/as4",
                            .is_exact = true,
                            .body_limit = config->largest,
                            .memory_body = MEMORY_BODY,
                            .accept = sph_inbox_accept,
                            .handle = sph_inbox_handle,
                            .ctx = service->node,
                            .progress = sph_receiving_note};
    return read_hosts(config, door, err);
}

static void free_doors(struct service *service)
{
    while (service->door) {
        struct door *door = service->door;
        service->door = door->older;
        sph_mem_free(door);
    }
}

static void limit_guests(struct service *service)
{
    const struct sph_config *config = sph_node_config(service->node);
    const struct sph_guest_limits limits = {(unsigned)config->address_handshakes,
                                            (unsigned)config->partner_connections,
                                            config->partner_requests};
    sph_server_limit(service->server, &limits);
}

/** With the lock held. */
static sph_rc apply_reload(struct service *service, struct sph_reload *out, sph_err *err)
{
    SPH_TRY(sph_node_reload_keys(service->node, err), err, "keys");
    SPH_TRY(sph_node_reload(service->node, out, err), err, "configuration");
    SPH_TRY(make_door(service, err), err, "exchange port");
    limit_guests(service);
    if (sph_node_is_pull_only(service->node))
        return sph_ok(); /* it has no exchange port */
    return sph_server_reroute(service->server, 0, service->door->hosts, &service->door->as4, 1,
                              err);
}

/** SIGHUP, and POST /api/1/node/reload: connections stay, requests under way keep what they have.
 */
static sph_rc reload(void *ctx, struct sph_reload *out, sph_err *err)
{
    struct service *service = ctx;
    pthread_mutex_lock(&service->reload_lock);
    const sph_rc rc = apply_reload(service, out, err);
    pthread_mutex_unlock(&service->reload_lock);
    SPH_LOG(service->log, rc.code == SPH_OK ? SPH_LOG_INFO : SPH_LOG_ERROR, "reloaded",
            SPH_LF(SPH_F_CODE, sph_code_name(rc.code)), SPH_LN(SPH_F_COUNT, out->changed_count),
            SPH_LF(SPH_F_WHAT, rc.code == SPH_OK || err->depth == 0 ? "" : err->frame[0].what));
    return rc;
}

/** A descriptor each for many connections, as far as the system lets us; what it lets us decides
 * how many there may be. */
static unsigned raise_descriptors(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return CONNECTIONS_LEAST;
    const rlim_t wanted = CONNECTIONS_MOST + OTHER_DESCRIPTORS;
    if (limit.rlim_cur < wanted) {
        limit.rlim_cur = limit.rlim_max < wanted ? limit.rlim_max : wanted;
        if (setrlimit(RLIMIT_NOFILE, &limit) != 0 || getrlimit(RLIMIT_NOFILE, &limit) != 0)
            return CONNECTIONS_LEAST;
    }
    if (limit.rlim_cur >= wanted)
        return CONNECTIONS_MOST;
    return limit.rlim_cur > OTHER_DESCRIPTORS + CONNECTIONS_LEAST
               ? (unsigned)(limit.rlim_cur - OTHER_DESCRIPTORS)
               : CONNECTIONS_LEAST;
}

/** "/metrics" is the same on the control socket and where saphan.ini wants it. */
static void answer_metrics(void *ctx, const sph_request *request, sph_response *response)
{
    struct service *service = ctx;
    (void)request;
    if (sph_metrics_write(service->node, service->api.server, &response->body, NULL).code !=
        SPH_OK) {
        sph_buf_clear(&response->body);
        response->status = 503;
        return;
    }
    response->status = 200;
    response->content_type = SPH_METRICS_TYPE;
}

static sph_rc start_server(struct service *service, sph_err *err)
{
    const struct sph_config *config = sph_node_config(service->node);
    char metrics_address[46];
    unsigned metrics_port = 0;
    const bool has_metrics = sph_config_metrics(config, metrics_address, &metrics_port);
    service->metrics_route = (sph_route){.method = "GET",
                                         .prefix = "/metrics",
                                         .is_exact = true,
                                         .handle = answer_metrics,
                                         .ctx = service};
    service->control_routes[0] = sph_api_route(&service->api);
    service->control_routes[1] = service->metrics_route;
    SPH_TRY(sph_str_format(service->socket_path, sizeof(service->socket_path), err,
                           "%s/run/control.sock", service->cli->home),
            err, "control socket");
    const struct sph_listener_config listeners[] = {
        {.address = config->address,
         .port = (unsigned)config->port,
         .tls = service->tls,
         .hosts = service->door->hosts,
         .routes = &service->door->as4,
         .route_count = 1},
        {.unix_path = service->socket_path, .routes = service->control_routes, .route_count = 2},
        {.address = metrics_address,
         .port = metrics_port,
         .routes = &service->metrics_route,
         .route_count = 1},
    };
    /* A node that pulls opens no port to the world. */
    const size_t first = sph_node_is_pull_only(service->node) ? 1 : 0;
    const struct sph_server_config server = {.listeners = listeners + first,
                                             .listener_count = (has_metrics ? 3 : 2) - first,
                                             .loops = (unsigned)config->workers,
                                             .hands = HANDS,
                                             .connections_max = raise_descriptors(),
                                             .limits = sph_limits_default(),
                                             .env = &service->env,
                                             .spool_dir = "spool"};
    return sph_server_start(&server, &service->server, err);
}

static sph_rc start(struct service *service, sph_err *err)
{
    const struct sph_node_options options = {.path = service->cli->home,
                                             .env = &service->env,
                                             .is_serving = true,
                                             .keys_changed = reload_tls,
                                             .keys_changed_ctx = service};
    SPH_TRY(sph_transport_start(err), err, "network library");
    SPH_TRY(sph_files_real_new(service->cli->home, &service->files, err), err, "home");
    SPH_TRY(sph_log_new(STDERR_FILENO, service->cli->is_verbose ? SPH_LOG_DEBUG : SPH_LOG_INFO,
                        &service->log, err),
            err, "log");
    service->env =
        (struct sph_env){sph_clock_real(), sph_random_real(), service->files, service->log};
    SPH_TRY(sph_node_open(&options, &service->node, err), err, "node");
    SPH_TRY(make_tls(service, err), err, "TLS");
    service->api.node = service->node;
    service->api.reload = reload;
    service->api.reload_ctx = service;
    SPH_TRY(make_door(service, err), err, "exchange port");
    SPH_TRY(start_server(service, err), err, "listener");
    limit_guests(service);
    service->api.server = service->server;
    return sph_ok();
}

static void stop(struct service *service)
{
    sph_server_stop(&service->server, GRACE_MS);
    free_doors(service);
    sph_node_close(&service->node);
    sph_tls_server_free(&service->tls);
    sph_log_free(&service->log);
    sph_files_real_free(&service->files);
    sph_transport_end();
}

/** sd_notify (one datagram): "READY=1" for a service manager that asked for it. */
static void notify_ready(void)
{
    const char *path = getenv("NOTIFY_SOCKET");
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    static const char ready[] = "READY=1";
    if (!path ||
        sph_str_copy(name.sun_path, sizeof(name.sun_path), sph_slice_str(path), NULL).code !=
            SPH_OK)
        return;
    if (name.sun_path[0] == '@')
        name.sun_path[0] = '\0';
    const int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    const socklen_t len =
        (socklen_t)(offsetof(struct sockaddr_un, sun_path) + sph_slice_str(path).len);
    if (fd >= 0) {
        (void)!sendto(fd, ready, sizeof(ready) - 1, MSG_NOSIGNAL, (const struct sockaddr *)&name,
                      len);
        close(fd);
    }
}

static void wait_for_signals(struct service *service, const sigset_t *set)
{
    for (;;) {
        int which = 0;
        sph_err err = {0};
        if (sigwait(set, &which) != 0)
            continue;
        if (which != SIGHUP)
            return;
        struct sph_reload found;
        (void)reload(service, &found, &err).code; /* says in the log what came of it */
    }
}

static enum sph_exit check_only(sph_cli *cli)
{
    const sph_ask ask = {.method = "GET", .target = "/api/1/node/doctor"};
    sph_reply reply = {.status = 0};
    const enum sph_exit code = sph_cli_ask(cli, &ask, &reply);
    if (code == SPH_EXIT_DONE)
        sph_cli_say(cli, "run.check-good", SPH_ARGS({"home", cli->home}));
    sph_reply_clear(&reply);
    return code;
}

/** Another process has the home: which one. */
static enum sph_exit say_served(sph_cli *cli, const sph_err *err)
{
    char path[600], pid[24] = "";
    FILE *file = NULL;
    if (sph_str_format(path, sizeof(path), NULL, "%s/run/lock", cli->home).code == SPH_OK)
        file = fopen(path, "re");
    if (file && !fgets(pid, sizeof(pid), file))
        pid[0] = '\0';
    if (file)
        (void)fclose(file);
    pid[strspn(pid, "0123456789")] = '\0';
    if (!pid[0])
        return sph_cli_failed(cli, err);
    return sph_cli_problem_said(cli, "problem.already-served", SPH_EAGAIN, SPH_EXIT_LATER,
                                SPH_ARGS({"home", cli->home}, {"pid", pid}));
}

static enum sph_exit serve(sph_cli *cli, struct service *service)
{
    sigset_t set;
    sph_err err = {0};
    char port[8];
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGHUP);
    /* Before any thread starts, so that all of them leave these signals to sigwait. */
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    const sph_rc rc = start(service, &err);
    if (rc.code == SPH_OK &&
        sph_str_format(port, sizeof(port), &err, "%u", sph_server_port(service->server, 0)).code ==
            SPH_OK) {
        sph_cli_say(cli, sph_node_is_pull_only(service->node) ? "run.pulling" : "run.serving",
                    SPH_ARGS({"party", sph_node_party(service->node)}, {"port", port}));
        fflush(stdout);
        notify_ready();
        wait_for_signals(service, &set);
        sph_cli_say(cli, "run.stopping", NULL, 0);
    }
    stop(service);
    if (rc.code == SPH_OK)
        return SPH_EXIT_DONE;
    return rc.code == SPH_EAGAIN ? say_served(cli, &err) : sph_cli_failed(cli, &err);
}

enum sph_exit sph_cmd_run(sph_cli *cli)
{
    if (sph_cli_flag(cli, "--check-only"))
        return check_only(cli);
    const enum sph_exit owner = sph_cli_become_owner(cli);
    if (owner != SPH_EXIT_DONE)
        return owner;
    struct service *service = sph_mem_new(1, sizeof(*service));
    if (!service)
        return SPH_EXIT_FAILED;
    service->cli = cli;
    pthread_mutex_init(&service->tls_lock, NULL);
    pthread_mutex_init(&service->reload_lock, NULL);
    const enum sph_exit code = serve(cli, service);
    pthread_mutex_destroy(&service->tls_lock);
    pthread_mutex_destroy(&service->reload_lock);
    sph_mem_free(service);
    return code;
}
