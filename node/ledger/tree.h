/** RFC 6962 Merkle tree over SHA-256 (ledger.md 1). Pure. */
#pragma once

#include "crypto/digest.h"

sph_hash sph_tree_empty(void);
sph_hash sph_tree_leaf_hash(sph_slice leaf);
sph_hash sph_tree_node_hash(const sph_hash *left, const sph_hash *right);

/** Compact range of [0, size): one perfect subtree a set bit of size, largest first. A plain value: copying it is the undo. */
typedef struct sph_range {
    uint64_t size;
    unsigned count;
    sph_hash node[64];
} sph_range;
void sph_range_init(sph_range *range);
/** Append a leaf hash. SPH_ELIMIT past 2^63. */
SPH_MUST sph_rc sph_range_add(sph_range *range, const sph_hash *leaf_hash, sph_err *err);
sph_hash sph_range_root(const sph_range *range);

/** Where a proof maker gets the hashes of perfect subtrees aligned at level*8 tiles: hash at (level, index) where
 *  level counts single tree levels; only levels that are multiples of 8 are asked plus what tiles give. */
typedef struct sph_tile_source {
    void *ctx;
    /** Hashes of tile (tile_level, n): `want` of them (1..256) into out. */
    sph_rc (*tile)(void *ctx, unsigned tile_level, uint64_t n, unsigned want, sph_hash *out, sph_err *err);
} sph_tile_source;

/** Proofs, order as transmitted (from the leaf upward); *count <= 64. SPH_EARG when index >= size or m > n or m == 0. */
SPH_MUST sph_rc sph_proof_inclusion(const sph_tile_source *tiles, uint64_t index, uint64_t size,
                                    sph_hash out[64], size_t *count, sph_err *err);
SPH_MUST sph_rc sph_proof_consistency(const sph_tile_source *tiles, uint64_t m, uint64_t n,
                                      sph_hash out[64], size_t *count, sph_err *err);
SPH_MUST sph_rc sph_tree_root_at(const sph_tile_source *tiles, uint64_t size, sph_hash *out, sph_err *err);
