#include "ledger/tree.h"

/* Largest power of two smaller than n (n >= 2): where RFC 6962 splits. */
static uint64_t split_of(uint64_t n)
{
    return (uint64_t)1 << (63 - __builtin_clzll(n - 1));
}

/* Root of `count` (a power of two) hashes; overwrites them. */
static sph_hash fold(sph_hash *hashes, size_t count)
{
    for (; count > 1; count /= 2)
        for (size_t i = 0; i < count / 2; i++)
            hashes[i] = sph_tree_node_hash(&hashes[2 * i], &hashes[2 * i + 1]);
    return hashes[0];
}

/* Root of the perfect subtree of 2^level leaves from leaf `begin` on, from one tile. */
static sph_rc perfect(const sph_tile_source *tiles, unsigned level, uint64_t begin, sph_hash *out,
                      sph_err *err)
{
    sph_hash hashes[SPH_TILE_WIDTH];
    const unsigned tile_level = level / 8;
    const unsigned count = 1u << (level % 8);
    const uint64_t first = begin >> (8 * tile_level);
    const unsigned offset = (unsigned)(first % SPH_TILE_WIDTH);
    SPH_TRY(
        tiles->tile(tiles->ctx, tile_level, first / SPH_TILE_WIDTH, offset + count, hashes, err),
        err, "tile %u/%llu", tile_level, (unsigned long long)(first / SPH_TILE_WIDTH));
    *out = fold(hashes + offset, count);
    return sph_ok();
}

/* Root of the leaves [begin, end) where begin is a multiple of the power of two that covers them:
 * perfect subtrees from the largest on, folded right to left. */
static sph_rc subtree(const sph_tile_source *tiles, uint64_t begin, uint64_t end, sph_hash *out,
                      sph_err *err)
{
    sph_hash parts[64];
    size_t count = 0;
    while (begin < end) {
        const unsigned level = 63u - (unsigned)__builtin_clzll(end - begin);
        SPH_TRY(perfect(tiles, level, begin, &parts[count], err), err, "subtree");
        count++;
        begin += (uint64_t)1 << level;
    }
    sph_hash root = parts[count - 1];
    for (size_t i = count - 1; i > 0; i--)
        root = sph_tree_node_hash(&parts[i - 1], &root);
    *out = root;
    return sph_ok();
}

/* What was gathered from the root downward is transmitted from the leaf upward. */
static void give_reversed(const sph_hash *found, size_t count, sph_hash out[64], size_t *out_count)
{
    for (size_t i = 0; i < count; i++)
        out[i] = found[count - 1 - i];
    *out_count = count;
}

sph_rc sph_proof_inclusion(const sph_tile_source *tiles, uint64_t index, uint64_t size,
                           sph_hash out[64], size_t *count, sph_err *err)
{
    sph_hash found[64];
    size_t depth = 0;
    uint64_t begin = 0;
    if (index >= size || size > (uint64_t)1 << 63)
        return sph_fail(err, SPH_EARG, "index %llu is not below size %llu",
                        (unsigned long long)index, (unsigned long long)size);
    for (uint64_t end = size; end - begin > 1;) {
        const uint64_t middle = begin + split_of(end - begin);
        const bool is_left = index < middle;
        SPH_TRY(
            subtree(tiles, is_left ? middle : begin, is_left ? end : middle, &found[depth], err),
            err, "inclusion proof");
        depth++;
        begin = is_left ? begin : middle;
        end = is_left ? middle : end;
    }
    give_reversed(found, depth, out, count);
    return sph_ok();
}

/* RFC 6962 2.1.2, SUBPROOF: go down towards leaf m-1 until [begin, end) is exactly what m still
 * covers; that subtree is known to the other side when it is all of the old tree (begin == 0). */
sph_rc sph_proof_consistency(const sph_tile_source *tiles, uint64_t m, uint64_t n, sph_hash out[64],
                             size_t *count, sph_err *err)
{
    sph_hash found[64];
    size_t depth = 0;
    uint64_t begin = 0, end = n;
    if (m == 0 || m > n || n > (uint64_t)1 << 63)
        return sph_fail(err, SPH_EARG, "no proof from %llu to %llu", (unsigned long long)m,
                        (unsigned long long)n);
    while (end != m) {
        const uint64_t middle = begin + split_of(end - begin);
        const bool is_left = m <= middle;
        SPH_TRY(
            subtree(tiles, is_left ? middle : begin, is_left ? end : middle, &found[depth], err),
            err, "consistency proof");
        depth++;
        begin = is_left ? begin : middle;
        end = is_left ? middle : end;
    }
    if (begin != 0) {
        SPH_TRY(subtree(tiles, begin, end, &found[depth], err), err, "consistency proof");
        depth++;
    }
    give_reversed(found, depth, out, count);
    return sph_ok();
}

sph_rc sph_tree_root_at(const sph_tile_source *tiles, uint64_t size, sph_hash *out, sph_err *err)
{
    if (size == 0) {
        *out = sph_tree_empty();
        return sph_ok();
    }
    return subtree(tiles, 0, size, out, err);
}
