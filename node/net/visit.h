/** A connection as a visit: of which address and partner, within which limits, and whether its
 * client may ask now. Internal to net; on the connection's loop. */
#pragma once

#include "net/serve.h"

struct sph_visit {
    char address[64];
    bool is_knocking; /* counted among the handshakes of its address */
    bool is_guest;    /* counted among the connections of its partner */
    bool is_over;     /* one too many of its partner: its first request is answered 429 */
};

/** A handshake begins. False: its address has too many unfinished ones (security.md T-10). */
bool sph_visit_knock(struct sph_server *server, struct sph_visit *visit);
/** The handshake is complete. party: "" when no client certificate is asked for. False: far too
 * many connections of this partner, close at once. */
bool sph_visit_enter(struct sph_server *server, struct sph_visit *visit, const char *party);
/** May this client ask now? False: the refusal is set in the turn. */
bool sph_visit_may_ask(struct sph_server *server, const struct sph_visit *visit,
                       const sph_wire *wire, int64_t mono_ms, sph_turn *turn);
/** The connection ends, whatever it had reached. */
void sph_visit_end(struct sph_server *server, struct sph_visit *visit, const char *party);
