/** One strict HTTP/1.1 server: loops move bytes, hands (threads) run handlers. Framing rules:
 * as4.md 4, dependencies.md 2. Loops: own listener with SO_REUSEPORT each. Bodies stream to memory
 * or a spool file; deadlines are absolute. */
#pragma once

#include "base/limits.h"
#include "net/http_types.h"
#include "net/tls.h"

typedef struct sph_server sph_server;

/** How much of a server one address and one partner may take. */
struct sph_guest_limits {
    unsigned address_handshakes;  /* unfinished handshakes of one address: closed beyond */
    unsigned partner_connections; /* of one partner: 429 beyond */
    uint64_t partner_requests;    /* of one partner in a minute: 429 beyond */
};
/** Those of the table of limits. */
struct sph_guest_limits sph_guest_limits_of(const struct sph_limits *limits);

struct sph_listener_config {
    const char *address;   /* "127.0.0.1", "::", or NULL for a Unix socket */
    unsigned port;         /* 0: any free one (see sph_server_port) */
    const char *unix_path; /* control socket: mode 0600, stale socket replaced */
    sph_tls_server *tls;   /* NULL: none (Unix socket only); owned by the caller, may be reloaded */
    const char *const *hosts; /* accepted Host values, NULL-ended; NULL: any (control socket) */
    const sph_route *routes;
    size_t route_count;
};
struct sph_server_config {
    const struct sph_listener_config *listeners;
    size_t listener_count;
    unsigned loops, hands;    /* threads */
    unsigned connections_max; /* all together; beyond it accept is paused */
    const struct sph_limits *limits;
    const struct sph_env *env;
    const char *spool_dir; /* relative to env->files, e.g. "spool" */
};
SPH_MUST sph_rc sph_server_start(const struct sph_server_config *config, sph_server **out,
                                 sph_err *err);
/** Bound port of listener i. */
unsigned sph_server_port(const sph_server *server, size_t listener);
/** Graceful: refuse new connections, finish running requests for at most grace_ms, then close.
 * Frees. */
void sph_server_stop(sph_server **server, int64_t grace_ms);
/** Other limits for what comes from now on. Thread-safe. */
void sph_server_limit(sph_server *server, const struct sph_guest_limits *limits);
/** Other routes and hosts for the requests of listener i that begin from now on; a request under
 * way keeps what it started with. Borrowed until the server ends, as in the configuration. Not for
 * two threads at once. SPH_EARG no such listener; SPH_ENOMEM */
SPH_MUST sph_rc sph_server_reroute(sph_server *server, size_t listener, const char *const *hosts,
                                   const sph_route *routes, size_t route_count, sph_err *err);
/** What a server has seen since its start; `connections` are those that are open now. */
struct sph_server_counts {
    uint64_t connections, accepted, requests, received, sent; /* the last two: octets */
    uint64_t handshakes_failed;
    uint64_t handshakes_limited, connections_limited, requests_limited; /* by sph_guest_limits */
};
void sph_server_counts(const sph_server *server, struct sph_server_counts *out);
