/** Strict HTTP/1.1 framing: heads of requests and responses, and the chunked coding. Pure: bytes
 * in, values out, no allocation, no clock. Fed in any pieces the result is the same. source  RFC
 * 9112; the rules stricter than it are those of as4.md 4 and security.md 2.2 */
#pragma once

#include "base/limits.h"
#include "net/http_types.h"

enum sph_http_kind { SPH_HTTP_REQUEST, SPH_HTTP_RESPONSE };

enum sph_http_step {
    SPH_HTTP_MORE, /* nothing wrong so far, more bytes are needed */
    SPH_HTTP_DATA, /* chunks only: a run of body octets was found */
    SPH_HTTP_DONE, /* the head, or the last chunk with its trailers, is complete */
    SPH_HTTP_BAD,  /* refused; never continue on this connection */
};

/** State of one head; plain value, make with sph_http_parser_init. */
typedef struct sph_http_parser {
    const struct sph_limits *limits;
    enum sph_http_kind kind;
    size_t at;        /* octets scanned; after SPH_HTTP_DONE: length of the head */
    size_t line;      /* where the current line begins */
    size_t lines;     /* complete lines so far */
    unsigned refused; /* after SPH_HTTP_BAD: status to answer (400, 405, 414, 417, 431, 501, 505) */
    bool saw_cr, saw_host, saw_coding;
} sph_http_parser;

/** A parser before the first octet; limits are borrowed. */
sph_http_parser sph_http_parser_init(enum sph_http_kind kind, const struct sph_limits *limits);

/** Scan what has arrived of a head.
 *  so_far  all octets since the head began: earlier ones unchanged and at the same address, later
 * ones appended; may reach past the end of the head head    zeroed before the first call, filled
 * step by step; its slices point into so_far result  MORE, DONE or BAD; limits are checked before
 * the octets are kept time    each octet is looked at a constant number of times
 */
enum sph_http_step sph_http_head_step(sph_http_parser *parser, sph_slice so_far,
                                      sph_http_head *head);

/** True when the Host value, with or without its port, is one of `hosts` (NULL-ended;
 * case-insensitive). */
bool sph_http_host_in(sph_slice host, const char *const *hosts);

/** State of the chunked coding; {0} starts with the first chunk size. */
typedef struct sph_http_chunks {
    unsigned state;
    uint64_t left; /* octets left of the chunk; while reading a size: its value */
    size_t digits; /* of the size */
    size_t line;   /* octets of this chunk's extensions, or of all trailers */
} sph_http_chunks;

/** Take the next step through chunked octets.
 *  in    what has arrived and was not used yet
 *  used  octets of `in` that are dealt with; call again with the rest
 *  data  after SPH_HTTP_DATA: a run of body octets inside `in`
 *  Extensions are checked and ignored, trailers checked and dropped (security.md H-12).
 */
enum sph_http_step sph_http_chunks_step(sph_http_chunks *chunks, const struct sph_limits *limits,
                                        sph_slice in, size_t *used, sph_slice *data);

/** tchar of RFC 9110 5.6.2; and an octet that may stand in a field value (no controls, no 0x80+).
 */
bool sph_http_is_token(uint8_t octet);
bool sph_http_is_text(uint8_t octet);
/** The reason phrase of a status; "Unknown" for others. Static storage. */
const char *sph_http_reason(unsigned status);
