/** The API under /api/1/ (cli.md): one handler table for the control socket, the portal's pages and
 * in-process commands. Every rule is enforced here or below, so that none exists twice. */
#pragma once

#include "base/lang.h"
#include "exchange/node.h"
#include "exchange/reload.h"
#include "net/http_types.h"
#include "net/server.h"

typedef struct sph_api {
    sph_node *node;
    /* Read configuration and keys again, as SIGHUP does; NULL in-process. Thread-safe. */
    sph_rc (*reload)(void *ctx, struct sph_reload *out, sph_err *err);
    void *reload_ctx;
    /* For counters; NULL in-process, and until the server that serves it has started. */
    const sph_server *_Atomic server;
} sph_api;

/** Handle one request. `ctx` is an sph_api. The answer is JSON, a problem document (RFC 9457), or a
 * stream. The language is that of Accept-Language; the acting user is `operator`, who is proven by
 * the socket's uid. */
void sph_api_handle(void *ctx, const sph_request *request, sph_response *response);
/** Route for a listener: everything under /api/1/. Bodies above 1 MiB go to a spool file. */
sph_route sph_api_route(sph_api *api);
