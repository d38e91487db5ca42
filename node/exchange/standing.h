/** Where a TLS client stands with this node: partner, paused, removed, or a stranger. */
#pragma once

#include "exchange/partner.h"
#include "net/tls.h"

/** For the listener's handshake and for each request. Whoever holds the key of a partner that was
 * paused or removed is told so; for that its certificate must still be good under the root that was
 * pinned.
 *  party   its name; written unless it is a stranger
 */
enum sph_standing sph_partners_standing(sph_partners *partners, const sph_cert *leaf,
                                        int64_t now_ms, char party[SPH_PARTY_ROOM]);
