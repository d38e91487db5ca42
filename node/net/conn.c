/* One connection as a state machine: a step does what the socket allows and says what to wait for.
 * Bytes move on the loop; the handler runs on a hand, and meanwhile the loop does not touch the
 * turn. */
#include "net/visit.h"

#include <event2/event.h>

#define PIECE 65536u    /* one read */
#define READS_A_TURN 32 /* then other connections of the loop get their share */
#define PIECES_A_TURN 64
#define LINGER_MS                                                                                  \
    2000 /* after our FIN: what the peer still sends is dropped, so that no RST eats the answer */

enum state { HANDSHAKE, HEAD, CONTINUE, BODY, HANDLING, WRITE, LINGER };
enum next { GO, WAIT_READ, WAIT_WRITE, WAIT_HAND, DEAD };

struct sph_conn {
    sph_loop *loop;
    const struct sph_listen *listen;
    sph_wire *wire;
    struct event *on_read, *on_write;
    enum next waits; /* what the events are armed for */
    enum state state;
    int64_t since_ms, moved_ms; /* state entered; last octet moved */
    uint64_t moved;             /* octets moved in this state */
    bool has_served;            /* a request was answered before */
    bool is_fresh;              /* admitted just now: nothing was waited for since */
    sph_turn *turn;             /* NULL between requests */
    sph_slice interim;          /* rest of a 100 response */
    struct sph_visit visit;
    int64_t peer_uid;
    struct sph_conn_links links;
};

struct sph_conn_links *sph_conn_links(sph_conn *conn)
{
    return &conn->links;
}

sph_loop *sph_conn_loop(const sph_conn *conn)
{
    return conn->loop;
}

bool sph_conn_is_idle(const sph_conn *conn)
{
    return conn->state == HANDSHAKE || conn->state == LINGER ||
           (conn->state == HEAD && !conn->turn);
}

static void enter(sph_conn *conn, enum state state)
{
    conn->state = state;
    conn->since_ms = sph_loop_now(conn->loop);
    conn->moved_ms = conn->since_ms;
    conn->moved = 0;
}

static void count_moved(sph_conn *conn, size_t octets)
{
    conn->moved += octets;
    conn->moved_ms = sph_loop_now(conn->loop);
}

static void count_in(const sph_conn *conn, size_t octets)
{
    atomic_fetch_add(&sph_loop_server(conn->loop)->received, octets);
}

/* as4.md 14.1: idle limit, and the minimum rate averaged once the time of a head has passed. */
static bool is_too_slow(const sph_conn *conn, const struct sph_limits *limits, int64_t now_ms)
{
    const int64_t counted_ms = now_ms - conn->since_ms - (int64_t)limits->http_head_ms;
    if (now_ms - conn->moved_ms > (int64_t)limits->http_idle_body_ms)
        return true;
    return counted_ms > 0 && conn->moved < (uint64_t)counted_ms * limits->http_min_rate / 1000;
}

bool sph_conn_is_late(const sph_conn *conn, int64_t now_ms)
{
    const struct sph_limits *limits = sph_loop_server(conn->loop)->limits;
    const int64_t passed_ms = now_ms - conn->since_ms;
    switch (conn->state) {
    case HANDSHAKE:
        return passed_ms > (int64_t)limits->tls_handshake_ms;
    case HEAD:
        return passed_ms > (int64_t)(conn->turn || !conn->has_served ? limits->http_head_ms
                                                                     : limits->http_keepalive_ms);
    case CONTINUE:
    case BODY:
    case WRITE:
        return is_too_slow(conn, limits, now_ms);
    case LINGER:
        return passed_ms > LINGER_MS;
    case HANDLING:
    default:
        return false;
    }
}

static enum next of_wire(enum sph_wire_result result)
{
    if (result == SPH_WIRE_WANT_READ)
        return WAIT_READ;
    return result == SPH_WIRE_WANT_WRITE ? WAIT_WRITE : DEAD;
}

static enum next answer(sph_conn *conn)
{
    const bool stops = atomic_load(&sph_loop_server(conn->loop)->phase) != SPH_PHASE_RUN;
    sph_turn_answer(conn->turn, stops || !conn->turn->head.keep_alive);
    enter(conn, WRITE);
    return GO;
}

/* The handshake is complete: has its partner a place left? */
static enum next come_in(sph_conn *conn)
{
    enter(conn, HEAD);
    return sph_visit_enter(sph_loop_server(conn->loop), &conn->visit,
                           sph_wire_peek_party(conn->wire))
               ? GO
               : DEAD;
}

static enum next step_handshake(sph_conn *conn)
{
    struct sph_server *server = sph_loop_server(conn->loop);
    if (conn->listen->tls && !conn->visit.is_knocking && !sph_visit_knock(server, &conn->visit))
        return DEAD;
    const enum sph_wire_result result = sph_wire_handshake(conn->wire);
    if (result == SPH_WIRE_DONE)
        return come_in(conn);
    if (result == SPH_WIRE_FAILED || result == SPH_WIRE_CLOSED)
        atomic_fetch_add(&server->handshakes_failed, 1);
    if (result == SPH_WIRE_FAILED)
        SPH_LOG(server->env->log, SPH_LOG_INFO, "tls_refused",
                SPH_LF(SPH_F_ADDRESS, conn->visit.address));
    return of_wire(result);
}

/* The head is complete: is the client still welcome, and may this request come in? */
static enum next take_request(sph_conn *conn)
{
    struct sph_server *server = sph_loop_server(conn->loop);
    sph_turn *turn = conn->turn;
    turn->request.client = sph_wire_peek_client(conn->wire);
    turn->request.address = conn->visit.address;
    turn->request.peer_uid = conn->peer_uid;
    atomic_fetch_add(&server->requests, 1);
    if (!sph_visit_may_ask(server, &conn->visit, conn->wire, sph_loop_now(conn->loop), turn))
        return answer(conn);
    conn->is_fresh = true;
    if (!sph_turn_check(turn))
        return answer(conn);
    const bool waits = turn->head.expects_continue && turn->in_at == turn->in_len;
    conn->interim = SPH_LIT("HTTP/1.1 100 Continue\r\n\r\n");
    enter(conn, waits && sph_turn_has_body(turn) ? CONTINUE : BODY);
    return GO;
}

static enum next scan_head(sph_conn *conn)
{
    switch (sph_turn_head(conn->turn)) {
    case SPH_HTTP_DONE:
        return take_request(conn);
    case SPH_HTTP_BAD:
        return answer(conn);
    case SPH_HTTP_MORE:
    case SPH_HTTP_DATA:
    default:
        return WAIT_READ;
    }
}

/* The turn begins with its first octet; until then an idle connection costs no request memory. */
static enum next add_head(sph_conn *conn, sph_slice octets)
{
    if (!conn->turn) {
        if (sph_turn_new(atomic_load(&conn->listen->rules), &conn->turn, NULL).code != SPH_OK)
            return DEAD;
        enter(conn, HEAD); /* from here the time of a head counts, not that of an idle connection */
    }
    return sph_turn_add(conn->turn, octets, NULL).code == SPH_OK ? scan_head(conn) : DEAD;
}

static enum next step_head(sph_conn *conn)
{
    if (conn->turn && conn->turn->parser.at < conn->turn->in_len) {
        const enum next next = scan_head(conn); /* octets that came with the request before */
        if (next != WAIT_READ)
            return next;
    }
    size_t got = 0;
    const size_t room = conn->turn ? sph_turn_room(conn->turn) : (size_t)SPH_TURN_REST;
    uint8_t *scratch = sph_loop_scratch(conn->loop);
    const enum sph_wire_result result = sph_wire_read(conn->wire, scratch, room, &got);
    if (result != SPH_WIRE_DONE)
        return of_wire(result);
    count_in(conn, got);
    const enum next next = add_head(conn, sph_slice_of(scratch, got));
    return next == WAIT_READ ? GO : next;
}

static enum next step_continue(sph_conn *conn)
{
    size_t sent = 0;
    const enum sph_wire_result result = sph_wire_write(conn->wire, conn->interim, &sent);
    if (result != SPH_WIRE_DONE)
        return of_wire(result);
    conn->interim = sph_slice_sub(conn->interim, sent, SIZE_MAX);
    if (conn->interim.len == 0)
        enter(conn, BODY);
    return GO;
}

static enum next hand_over(sph_conn *conn)
{
    enter(conn, HANDLING);
    sph_hands_submit(sph_loop_server(conn->loop)->hands, conn);
    return WAIT_HAND;
}

static enum next read_body(sph_conn *conn)
{
    sph_turn *turn = conn->turn;
    uint8_t *scratch = sph_loop_scratch(conn->loop);
    const uint64_t left = turn->head.length - turn->received;
    const size_t room = turn->head.is_chunked ? SPH_TURN_REST : left < PIECE ? (size_t)left : PIECE;
    size_t got = 0;
    size_t used = 0;
    const enum sph_wire_result result = sph_wire_read(conn->wire, scratch, room, &got);
    if (result != SPH_WIRE_DONE)
        return of_wire(result);
    count_in(conn, got);
    count_moved(conn, got);
    const enum sph_http_step step = sph_turn_body(turn, sph_slice_of(scratch, got), &used);
    if (step == SPH_HTTP_BAD)
        return answer(conn);
    if (step != SPH_HTTP_DONE)
        return GO;
    if (sph_turn_keep_rest(turn, sph_slice_of(scratch + used, got - used), NULL).code != SPH_OK)
        return DEAD;
    return hand_over(conn);
}

/* Octets of the body that came together with the head. */
static enum next early_body(sph_conn *conn)
{
    sph_turn *turn = conn->turn;
    const sph_slice here = sph_slice_of(turn->in + turn->in_at, turn->in_len - turn->in_at);
    size_t used = 0;
    const enum sph_http_step step =
        sph_turn_has_body(turn) ? sph_turn_body(turn, here, &used) : SPH_HTTP_DONE;
    turn->in_at += used;
    count_moved(conn, used);
    if (step == SPH_HTTP_BAD)
        return answer(conn);
    return step == SPH_HTTP_DONE ? hand_over(conn) : GO;
}

static enum next step_body(sph_conn *conn)
{
    if (!conn->is_fresh && sph_wire_standing(conn->wire) != SPH_STANDING_PARTNER)
        return DEAD; /* removed while the body came in (architecture.md, Trust) */
    if (conn->moved == 0) {
        const enum next next = early_body(conn);
        if (next != GO || conn->state != BODY)
            return next;
    }
    for (int i = 0; i < READS_A_TURN || sph_wire_has_pending(conn->wire); i++) {
        const enum next next = read_body(conn);
        if (next != GO || conn->state != BODY)
            return next;
    }
    return WAIT_READ;
}

static enum next start_next(sph_conn *conn)
{
    SPH_AUTO_PTR(sph_turn) *done = sph_move(conn->turn);
    conn->has_served = true;
    if (done->response.close) {
        sph_wire_shut(conn->wire);
        enter(conn, LINGER);
        return GO;
    }
    enter(conn, HEAD);
    const sph_slice rest = sph_slice_of(done->in + done->in_at, done->in_len - done->in_at);
    if (rest.len == 0)
        return GO;
    if (sph_turn_new(atomic_load(&conn->listen->rules), &conn->turn, NULL).code != SPH_OK ||
        sph_turn_add(conn->turn, rest, NULL).code != SPH_OK)
        return DEAD;
    return GO;
}

static enum next step_write(sph_conn *conn)
{
    sph_turn *turn = conn->turn;
    while (turn->pending.len == 0) {
        bool has_more = false;
        if (sph_turn_next_piece(turn, &has_more, NULL).code != SPH_OK)
            return DEAD; /* the announced length cannot be kept: only an early end tells the client
                          */
        if (!has_more)
            return start_next(conn);
    }
    size_t sent = 0;
    const enum sph_wire_result result = sph_wire_write(conn->wire, turn->pending, &sent);
    if (result != SPH_WIRE_DONE)
        return of_wire(result);
    atomic_fetch_add(&sph_loop_server(conn->loop)->sent, sent);
    count_moved(conn, sent);
    turn->pending = sph_slice_sub(turn->pending, sent, SIZE_MAX);
    return GO;
}

static enum next step_linger(sph_conn *conn)
{
    const enum sph_wire_result result = sph_wire_drain(conn->wire);
    return result == SPH_WIRE_DONE ? WAIT_READ : of_wire(result);
}

static enum next step(sph_conn *conn)
{
    switch (conn->state) {
    case HANDSHAKE:
        return step_handshake(conn);
    case HEAD:
        return step_head(conn);
    case CONTINUE:
        return step_continue(conn);
    case BODY:
        return step_body(conn);
    case WRITE:
        return step_write(conn);
    case LINGER:
        return step_linger(conn);
    case HANDLING:
    default:
        return WAIT_HAND;
    }
}

static bool arm(sph_conn *conn, enum next next)
{
    conn->is_fresh = false;
    if (next == conn->waits)
        return true;
    if (conn->waits == WAIT_READ)
        event_del(conn->on_read);
    if (conn->waits == WAIT_WRITE)
        event_del(conn->on_write);
    conn->waits = next;
    if (next == WAIT_HAND)
        return true;
    return event_add(next == WAIT_READ ? conn->on_read : conn->on_write, NULL) == 0;
}

bool sph_conn_run(sph_conn *conn)
{
    enum next next = GO;
    for (int steps = 0; next == GO; steps++)
        next = conn->state == WRITE && steps > PIECES_A_TURN ? WAIT_WRITE : step(conn);
    return next != DEAD && arm(conn, next);
}

bool sph_conn_answered(sph_conn *conn)
{
    return answer(conn) == GO && sph_conn_run(conn);
}

void sph_conn_handle(sph_conn *conn)
{
    sph_turn *turn = conn->turn;
    turn->route->handle(turn->route->ctx, &turn->request, &turn->response);
}

static void on_event(evutil_socket_t fd, short what, void *arg)
{
    (void)fd;
    (void)what;
    sph_conn *conn = arg;
    if (!sph_conn_run(conn))
        sph_loop_close(sph_conn_loop(conn), conn);
}

sph_rc sph_conn_new(sph_loop *loop, const struct sph_listen *listen, int fd, const char *address,
                    int64_t peer_uid, sph_conn **out, sph_err *err)
{
    sph_wire *wire = NULL;
    SPH_TRY(sph_wire_new(fd, listen->tls, &wire, err), err, "connection");
    SPH_AUTO_PTR(sph_conn) *conn = sph_mem_new(1, sizeof(*conn));
    if (!conn) {
        sph_wire_free(&wire);
        return sph_fail(err, SPH_ENOMEM, "connection");
    }
    conn->wire = wire;
    conn->loop = loop;
    conn->listen = listen;
    conn->peer_uid = peer_uid;
    conn->waits = WAIT_HAND;
    SPH_TRY(
        sph_str_copy(conn->visit.address, sizeof(conn->visit.address), sph_slice_str(address), err),
        err, "peer");
    conn->on_read = event_new(sph_loop_base(loop), fd, EV_READ | EV_PERSIST, on_event, conn);
    conn->on_write = event_new(sph_loop_base(loop), fd, EV_WRITE | EV_PERSIST, on_event, conn);
    if (!conn->on_read || !conn->on_write)
        return sph_fail(err, SPH_ENOMEM, "connection events");
    enter(conn, HANDSHAKE);
    *out = sph_move(conn);
    return sph_ok();
}

void sph_conn_free(sph_conn **conn)
{
    if (!conn || !*conn)
        return;
    if ((*conn)->on_read)
        event_free((*conn)->on_read);
    if ((*conn)->on_write)
        event_free((*conn)->on_write);
    sph_visit_end(sph_loop_server((*conn)->loop), &(*conn)->visit,
                  sph_wire_peek_party((*conn)->wire));
    sph_turn_free(&(*conn)->turn);
    sph_wire_free(&(*conn)->wire);
    sph_mem_free(*conn);
    *conn = NULL;
}
