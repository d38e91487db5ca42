/** A large message on its way in, for people who wait: a route's progress (net/http_types.h). */
#pragma once

#include "exchange/node.h"
#include "net/http_types.h"

/** ctx: the sph_node. */
void sph_receiving_note(void *ctx, const sph_request *request, uint64_t received, void **state);
