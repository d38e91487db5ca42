/** The hub of a relay (as4.md 12.6): keeps a sealed part and offers it in a message of its own. It
 * sees who writes to whom, and nothing of what. */
#pragma once

#include "exchange/relay.h"

/** Take a message that is for another partner: T3 with both its rows, as received and as to be
 * sent. SPH_EREFUSED with fault; SPH_ECONFLICT when it was stored meanwhile. */
SPH_MUST sph_rc sph_hub_take(struct sph_arrival *arrival, const struct sph_as4_corners *corners,
                             sph_err *err);
/** Inflate the part of a relay message; appended. SPH_EREFUSED with fault when it is none. */
SPH_MUST sph_rc sph_hub_inflate(struct sph_arrival *arrival, sph_buf *out, sph_err *err);
