/** Parts of a running server: loops, connections, hands. Internal to net. */
#pragma once

#include <stdatomic.h>

#include "net/guests.h"
#include "net/server.h"
#include "net/turn.h"
#include "net/wire.h"

struct event;
struct event_base;
typedef struct sph_conn sph_conn;
typedef struct sph_loop sph_loop;
typedef struct sph_hands sph_hands;

enum sph_server_phase { SPH_PHASE_RUN, SPH_PHASE_DRAIN, SPH_PHASE_QUIT };

/** A listener as the loops see it; its sockets belong to the loops. */
struct sph_listen {
    struct sph_turn_rules *_Atomic rules; /* newest; a turn keeps the one it began with */
    sph_tls_server *tls;
    bool is_unix;
    unsigned port;
};

struct sph_server {
    const struct sph_limits *limits;
    const struct sph_env *env;
    struct sph_listen *listens;
    size_t listen_count;
    char *unix_path; /* of the control socket, removed at the end; NULL: none */
    sph_loop **loops;
    size_t loop_count;
    sph_hands *hands;
    unsigned connections_max;
    atomic_uint phase;
    sph_guests *guests;
    atomic_ullong connections, accepted, requests, received, sent;
    atomic_ullong handshakes_failed, handshakes_limited, connections_limited, requests_limited;
};

/** server.c: stops at once and frees; running handlers are waited for. sph_server_stop is the
 * graceful way. */
void sph_server_free(sph_server **server);

/** hands.c: a pool of threads that run handlers straight-line. */
SPH_MUST sph_rc sph_hands_new(unsigned count, sph_hands **out, sph_err *err);
/** Queue a connection whose request is complete; a hand runs its handler, then sph_loop_done. */
void sph_hands_submit(sph_hands *hands, sph_conn *conn);
/** Drops what is queued, waits for what runs, ends the threads. Frees. */
void sph_hands_free(sph_hands **hands);

/** loop.c: one thread with its own event base and listening sockets. */
SPH_MUST sph_rc sph_loop_new(struct sph_server *server, sph_loop **out, sph_err *err);
/** Give the loop a listening socket; it closes it. Before sph_loop_start. On failure fd is closed.
 */
SPH_MUST sph_rc sph_loop_listen(sph_loop *loop, const struct sph_listen *listen, int fd,
                                sph_err *err);
SPH_MUST sph_rc sph_loop_start(sph_loop *loop, sph_err *err);
/** Look at the server's phase again; any thread. */
void sph_loop_wake(sph_loop *loop);
/** A hand has finished this connection's handler; any thread. */
void sph_loop_done(sph_loop *loop, sph_conn *conn);
/** Joins the thread (phase must be QUIT and the loop woken); nothing is handed to the hands
 * afterwards. NULL is fine. */
void sph_loop_join(sph_loop *loop);
/** Joins the thread (phase must be QUIT and the loop woken) and closes every connection. */
void sph_loop_free(sph_loop **loop);
/** A connection is at its end: off the list and freed; on the loop. */
void sph_loop_close(sph_loop *loop, sph_conn *conn);
/** 64 KiB of the loop for reading; valid until the next event. */
uint8_t *sph_loop_scratch(const sph_loop *loop);
int64_t sph_loop_now(const sph_loop *loop);
struct sph_server *sph_loop_server(const sph_loop *loop);
struct event_base *sph_loop_base(const sph_loop *loop);

/** conn.c: one connection, driven by its loop. Takes fd, closed on failure too. */
SPH_MUST sph_rc sph_conn_new(sph_loop *loop, const struct sph_listen *listen, int fd,
                             const char *address, int64_t peer_uid, sph_conn **out, sph_err *err);
void sph_conn_free(sph_conn **conn);
/** Move on as far as the socket allows. False: the connection is at its end and must be freed. */
bool sph_conn_run(sph_conn *conn);
/** The handler has answered; then as sph_conn_run. */
bool sph_conn_answered(sph_conn *conn);
/** A deadline has passed. */
bool sph_conn_is_late(const sph_conn *conn, int64_t now_ms);
/** No request is under way: may be closed at a graceful stop. */
bool sph_conn_is_idle(const sph_conn *conn);
/** Runs the route's handler; on a hand. */
void sph_conn_handle(sph_conn *conn);
sph_loop *sph_conn_loop(const sph_conn *conn);
/** Links for the list the connection is in: the loop's, and a queue's. */
struct sph_conn_links {
    sph_conn *next, *previous, *next_queued;
};
struct sph_conn_links *sph_conn_links(sph_conn *conn);

/** listen.c: listening sockets. port 0: any; *bound tells. SPH_EIO, SPH_EARG no such address. */
SPH_MUST sph_rc sph_listen_tcp(const char *address, unsigned port, unsigned *bound, int *fd,
                               sph_err *err);
/** Control socket, mode 0600. A socket nobody listens on is replaced.
 *  errors  SPH_EEXISTS somebody listens, or the path is no socket; SPH_ELIMIT path too long;
 * SPH_EIO */
SPH_MUST sph_rc sph_listen_unix(const char *path, int *fd, sph_err *err);
