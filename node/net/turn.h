/** One request and its answer: what a connection keeps while it serves it. Internal to net. */
#pragma once

#include "net/http_parse.h"
#include "net/respond.h"

#define SPH_TURN_REST 16384u /* octets kept that belong to the next request */

/** What all requests of a server share; borrowed by each turn. */
struct sph_turn_rules {
    struct sph_turn_rules *older; /* superseded ones live as long as the server */
    const struct sph_limits *limits;
    const struct sph_env *env;
    const char *spool_dir;
    const sph_route *routes;
    size_t route_count;
    const char *const *hosts; /* NULL: any */
    bool needs_host;          /* HTTP/1.1 without Host is 400 (not on the control socket) */
};

/** All octets the client sent for this request and a little beyond, and what becomes of them. */
typedef struct sph_turn {
    const struct sph_turn_rules *rules;
    sph_http_parser parser;
    sph_http_head head;
    sph_http_chunks chunks;
    uint8_t *in; /* octets received: head, then [in_at, in_len) not used yet */
    size_t in_len, in_at;
    uint64_t received;  /* body octets */
    bool has_body_left; /* the body was not read to its end: the connection cannot be used again */
    const sph_route *route;
    sph_buf body;
    sph_file *spool;
    void *progress; /* of the route's progress */
    sph_request request;
    sph_response response;
    char allow[SPH_ALLOW_ROOM];
    sph_buf out;       /* response head */
    sph_slice pending; /* what is being written */
    unsigned out_phase;
    uint64_t file_at, file_end;
    uint8_t *file_piece;
} sph_turn;

/** out: owned, sph_turn_free. SPH_ENOMEM */
SPH_MUST sph_rc sph_turn_new(const struct sph_turn_rules *rules, sph_turn **out, sph_err *err);
void sph_turn_free(sph_turn **turn);
/** Room for octets of the head. */
size_t sph_turn_room(const sph_turn *turn);
/** Add octets of the head (and beyond), at most sph_turn_room; SPH_ELIMIT. */
SPH_MUST sph_rc sph_turn_add(sph_turn *turn, sph_slice octets, sph_err *err);
/** Scan the head. After BAD the response is set. */
enum sph_http_step sph_turn_head(sph_turn *turn);
/** After the head: route, and every rule that needs no body octet. False: refused, the response is
 * set. */
bool sph_turn_check(sph_turn *turn);
/** There are body octets to come. */
bool sph_turn_has_body(const sph_turn *turn);
/** Take body octets; *used of them belong to this request. MORE, DONE, or BAD with the response
 * set. */
enum sph_http_step sph_turn_body(sph_turn *turn, sph_slice octets, size_t *used);
/** Octets at the end of `octets` that belong to the next request are kept (at most SPH_TURN_REST).
 */
SPH_MUST sph_rc sph_turn_keep_rest(sph_turn *turn, sph_slice rest, sph_err *err);
/** Set the response to a refusal with an empty body; the connection ends after it. */
void sph_turn_refuse(sph_turn *turn, unsigned status);
/** The handler has answered: make the head. ends: close the connection afterwards. */
void sph_turn_answer(sph_turn *turn, bool ends);
/** The next octets to write are in turn->pending; false at the end. SPH_EIO when the file fails. */
SPH_MUST sph_rc sph_turn_next_piece(sph_turn *turn, bool *has_more, sph_err *err);
