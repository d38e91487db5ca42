/** What a crash can leave on the disk without a row: outgoing files and vault files. */
#pragma once

#include "exchange/node.h"

/** Remove outgoing/ and vault/ files that no row names. Runs before anything is sent or received.
 * *count of them. */
SPH_MUST sph_rc sph_sweep(sph_node *node, unsigned *count, sph_err *err);
