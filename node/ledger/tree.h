/** RFC 6962 Merkle tree over SHA-256 (ledger.md 1). Pure. */
#pragma once

#include "crypto/digest.h"

/** Root of the tree without leaves: SHA-256(""). */
sph_hash sph_tree_empty(void);
/** SHA-256(0x00 ‖ leaf). */
sph_hash sph_tree_leaf_hash(sph_slice leaf);
/** SHA-256(0x01 ‖ left ‖ right). */
sph_hash sph_tree_node_hash(const sph_hash *left, const sph_hash *right);
/** The same with a digest state of the caller, for long runs: one-shot calls cost several times as
 * much. */
sph_hash sph_tree_leaf_hash_with(sph_sha256 *hasher, sph_slice leaf);
sph_hash sph_tree_node_hash_with(sph_sha256 *hasher, const sph_hash *left, const sph_hash *right);

/** Compact range of [0, size): one perfect subtree a set bit of size, largest first. A plain value:
 *  copying it is the undo. */
typedef struct sph_range {
    uint64_t size;
    unsigned count;
    sph_hash node[64];
} sph_range;
/** The empty range. */
void sph_range_init(sph_range *range);
/** Append a leaf hash. SPH_ELIMIT past 2^63. */
SPH_MUST sph_rc sph_range_add(sph_range *range, const sph_hash *leaf_hash, sph_err *err);
/** Root of the tree of range->size leaves. */
sph_hash sph_range_root(const sph_range *range);

#define SPH_TILE_WIDTH 256u /* hashes of a full tile */
#define SPH_TILE_LEVELS 8u  /* tile level L holds the roots of perfect subtrees of 256^L leaves */

/** Where a proof maker gets the hashes of perfect subtrees. */
typedef struct sph_tile_source {
    void *ctx;
    /** First `want` (1..256) hashes of tile (tile_level, n) into out. */
    sph_rc (*tile)(void *ctx, unsigned tile_level, uint64_t n, unsigned want, sph_hash *out,
                   sph_err *err);
} sph_tile_source;

/** Inclusion proof of leaf `index` in the tree of `size` leaves, order as transmitted (from the
 * leaf upward). count   <= 64 errors  SPH_EARG when index >= size; those of the source
 */
SPH_MUST sph_rc sph_proof_inclusion(const sph_tile_source *tiles, uint64_t index, uint64_t size,
                                    sph_hash out[64], size_t *count, sph_err *err);
/** Consistency proof between the trees of m and n leaves. SPH_EARG when m > n or m == 0. */
SPH_MUST sph_rc sph_proof_consistency(const sph_tile_source *tiles, uint64_t m, uint64_t n,
                                      sph_hash out[64], size_t *count, sph_err *err);
/** Root of the first `size` leaves. */
SPH_MUST sph_rc sph_tree_root_at(const sph_tile_source *tiles, uint64_t size, sph_hash *out,
                                 sph_err *err);
