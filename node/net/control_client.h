/** HTTP over the control socket of a running node: what the command line uses (architecture.md,
 * "One way in"). One request, one connection, blocking. */
#pragma once

#include "base/limits.h"
#include "base/stream.h"
#include "net/transport.h"

typedef struct sph_control_request {
    const char *socket_path;
    const char *method, *target;
    const char *content_type; /* NULL: none */
    const char *language;     /* Accept-Language, "lo"; NULL: none */
    sph_slice bytes;          /* body; or */
    const sph_reader *reader; /* a streamed body of exactly `len` octets; NULL: bytes */
    uint64_t len;
    int64_t timeout_ms;     /* the longest wait without any octet */
    const sph_writer *sink; /* receives the body of a 2xx answer; NULL: answer->body */
    uint64_t answer_max;    /* SPH_ELIMIT beyond */
} sph_control_request;

/** Ask the node.
 *  answer  owned on success (sph_answer_clear); set whatever the status; untouched on failure
 *  errors  SPH_EARG method, target or type is not plain text; SPH_ENOTFOUND nobody listens there;
 * SPH_EREFUSED not our socket to open; SPH_EAGAIN no octet within timeout_ms; SPH_EPARSE not HTTP;
 * SPH_ELIMIT; SPH_EIO connection lost; what reader and sink report
 */
SPH_MUST sph_rc sph_control_call(const sph_control_request *request, sph_answer *answer,
                                 sph_err *err);
