/** The right edge of a tree: its root and the tiles that are not full yet (ledger.md 1 and 7).
 * Pure. */
#pragma once

#include "ledger/tree.h"

typedef struct sph_edge sph_edge;

/** The empty edge. out: owned, sph_edge_free. */
SPH_MUST sph_rc sph_edge_new(sph_edge **out, sph_err *err);
/** An independent copy. */
SPH_MUST sph_rc sph_edge_dup(const sph_edge *edge, sph_edge **out, sph_err *err);
void sph_edge_free(sph_edge **edge);
/** Rebuild the edge of `size` leaves from what `tiles` gives: full tiles, and of level 0 also the
 * partial one. Errors of the source. */
SPH_MUST sph_rc sph_edge_load(const sph_tile_source *tiles, uint64_t size, sph_edge **out,
                              sph_err *err);

/** Who takes full tiles. */
typedef struct sph_tile_sink {
    void *ctx;
    sph_rc (*tile)(void *ctx, unsigned tile_level, uint64_t n,
                   const sph_hash hashes[SPH_TILE_WIDTH], sph_err *err);
} sph_tile_sink;
/** Append a leaf hash; each tile that becomes full goes to the sink, lowest level first.
 *  hasher  digest state of the caller
 *  errors  SPH_ELIMIT the tree is full; SPH_ENOMEM; those of the sink. After a failure free the
 * edge.
 */
SPH_MUST sph_rc sph_edge_add(sph_edge *edge, sph_sha256 *hasher, const sph_hash *leaf_hash,
                             const sph_tile_sink *full, sph_err *err);
/** Leaves so far. */
uint64_t sph_edge_size(const sph_edge *edge);
/** Root of all leaves. */
sph_hash sph_edge_root(const sph_edge *edge);
/** The partial tile of a level, *width hashes (0: none); borrowed until the next change. */
const sph_hash *sph_edge_peek(const sph_edge *edge, unsigned tile_level, unsigned *width);
/** If (tile_level, n) is a partial tile of this edge: its first `want` hashes into out and true. */
bool sph_edge_tile(const sph_edge *edge, unsigned tile_level, uint64_t n, unsigned want,
                   sph_hash *out);
