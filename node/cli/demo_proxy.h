/** A TCP forwarder on 127.0.0.1, with a thread of its own: what stands between two offices. It can
 * change one byte in passing. */
#pragma once

#include "base/result.h"

typedef struct sph_demo_proxy sph_demo_proxy; /* thread-safe */

/** Listen on a free port and forward each connection to `to_port`. *port: where it listens. out:
 * owned, sph_demo_proxy_free. */
SPH_MUST sph_rc sph_demo_proxy_new(unsigned to_port, sph_demo_proxy **out, unsigned *port,
                                   sph_err *err);
/** From now on, change one byte in the middle of each large TLS record that a client sends; or stop
 * doing so. */
void sph_demo_proxy_flip(sph_demo_proxy *proxy, bool flips);
/** Bytes changed so far. */
unsigned sph_demo_proxy_flips(const sph_demo_proxy *proxy);
/** End the connections and the thread; NULL is fine. */
void sph_demo_proxy_free(sph_demo_proxy **proxy);
