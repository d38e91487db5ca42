/** Pings (as4.md 12.5): does a partner answer, without a packet. */
#pragma once

#include "exchange/node.h"

/** Queue a ping to a partner. SPH_ENOTFOUND for one that is not known or removed. */
SPH_MUST sph_rc sph_ping_queue(sph_node *node, const char *party, char message_id[128],
                               sph_err *err);
