/** What a handler sees of a request and gives back: shared by server, client and routes. */
#pragma once

#include "base/env.h"
#include "crypto/cert.h"

#define SPH_HTTP_FIELDS 64
typedef struct sph_http_field {
    sph_slice name, value; /* borrowed from the head */
} sph_http_field;

typedef struct sph_http_head {
    sph_slice method, target; /* target: origin form, as received */
    sph_slice path, query;    /* split at '?' */
    unsigned version_minor;   /* HTTP/1.x */
    sph_http_field field[SPH_HTTP_FIELDS];
    size_t field_count;
    bool has_length, is_chunked, keep_alive, expects_continue;
    uint64_t length;
    unsigned status; /* responses */
} sph_http_head;
/** First field of that name (ASCII case-insensitive); empty slice when absent. */
sph_slice sph_http_field_get(const sph_http_head *head, const char *name);

/** A request whose body has arrived completely. Borrowed during the handler. */
typedef struct sph_request {
    const sph_http_head *head;
    const sph_cert *client; /* TLS client certificate (leaf), NULL when none */
    const char *address;    /* peer address text; "unix" for the control socket */
    int64_t peer_uid;       /* SO_PEERCRED of a Unix socket, else -1 */
    sph_slice body;         /* when it fitted into memory (route's memory_body), else empty */
    sph_file *spool; /* temporary file with the whole body, else NULL; read with files->read_at */
    const sph_files *files;
    uint64_t body_len;
} sph_request;

#define SPH_RESPONSE_BODY                                                                          \
    67108864u /* cap of a body in memory; larger answers are streamed from a file */
#define SPH_RESPONSE_FIELDS 8192u

/** The answer. `body` is owned by the response (or `file` is streamed and closed). The server makes
 * it with sph_response_init; a status left 0 becomes 500. */
typedef struct sph_response {
    unsigned status;
    const char *content_type; /* static */
    char location[128];
    unsigned retry_after_s; /* 0: none */
    bool close;             /* Connection: close after it */
    sph_buf fields; /* further header lines, each ending in CRLF; a malformed one makes a 500 */
    sph_buf body;
    sph_file *file; /* streamed instead of body when not NULL; owned */
    const sph_files *files;
    uint64_t file_from, file_len;
} sph_response;
/** An empty answer whose body and fields can grow up to the caps above. */
sph_response sph_response_init(void);
/** Frees body and fields, closes the file; NULL is fine. */
void sph_response_clear(sph_response *response);

#define SPH_PROGRESS_OVER UINT64_MAX
/** A route. accept (may be NULL) runs on the loop after the head, before any body octet: return
 * SPH_OK to go on, else set response->status. handle runs on a hand (worker thread) and may block
 * on the journal. Both must be thread-safe. */
typedef struct sph_route {
    const char *method;  /* "POST"; NULL: any */
    const char *prefix;  /* path prefix; the longest match wins */
    bool is_exact;       /* whole path must match */
    uint64_t body_limit; /* 413 beyond */
    size_t memory_body;  /* bodies up to this stay in memory, larger ones go to a spool file */
    sph_rc (*accept)(void *ctx, const sph_request *request, sph_response *response, sph_err *err);
    void (*handle)(void *ctx, const sph_request *request, sph_response *response);
    void *ctx;
    /* May be NULL: told on the loop how much of a body that goes to the disk has come; with
     * SPH_PROGRESS_OVER at the end of the request, when *state was set. *state belongs to it. */
    void (*progress)(void *ctx, const sph_request *request, uint64_t received, void **state);
} sph_route;
