/** Response heads and request routing: pure parts of the server. Internal to net. */
#pragma once

#include "net/http_types.h"

/** Append the head of `response` for a body of `len` octets.
 *  now_ms  for Date (RFC 9110 6.6.1)
 *  errors  SPH_EREFUSED when a field the handler gave is malformed; SPH_ELIMIT; SPH_ENOMEM
 */
SPH_MUST sph_rc sph_respond_head(const sph_response *response, uint64_t len, int64_t now_ms,
                                 sph_buf *out, sph_err *err);

#define SPH_ALLOW_ROOM 64
/** The route of a request: the longest prefix that fits the path and has the method (HEAD falls
 * back to GET). allow   set to the methods of the path when only the method does not fit errors
 * SPH_ENOTFOUND no such path (404); SPH_EREFUSED wrong method (405)
 */
SPH_MUST sph_rc sph_route_find(const sph_route *routes, size_t count, const sph_http_head *head,
                               const sph_route **out, char allow[SPH_ALLOW_ROOM], sph_err *err);
