/** What a crash can leave on the disk without a row: outgoing files and vault files. */
#pragma once

#include "exchange/node.h"

/** Remove outgoing/ and vault/ files that no row names. Runs before anything is sent or received.
 * drops_uploads: a serving node starts, so that no command waits for its uploads. *count of them.
 */
SPH_MUST sph_rc sph_sweep(sph_node *node, bool drops_uploads, unsigned *count, sph_err *err);
