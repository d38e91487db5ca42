/** Inside node/ledger only: the form of a leaf's extension. */
#pragma once

#include "ledger/leaf.h"

/** Tags strictly ascending, lengths within bounds and as the tag demands, nothing left over? */
bool sph_leaf_ext_valid(sph_slice ext);
