/** The node in numbers, in the text form that Prometheus reads (version 0.0.4). Party ids, codes
 * and numbers only: nothing of what is exchanged, and no person. */
#pragma once

#include "exchange/node.h"
#include "net/server.h"

#define SPH_METRICS_TYPE "text/plain; version=0.0.4; charset=utf-8"
#define SPH_METRICS_ROOM ((size_t)4 * 1024 * 1024)

/** Append all metrics. server: NULL in-process. */
SPH_MUST sph_rc sph_metrics_write(sph_node *node, const sph_server *server, sph_buf *out,
                                  sph_err *err);
