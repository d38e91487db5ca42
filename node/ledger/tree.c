#include "ledger/tree.h"

/* Structures of octets alone have no padding, so their memory is the hashed input. */
struct node_input {
    uint8_t prefix;
    sph_hash left, right;
};
_Static_assert(sizeof(struct node_input) == 65, "no padding");

sph_hash sph_tree_empty(void)
{
    return (sph_hash){{0xe3, 0xb0, 0xc4, 0x42, 0x98, 0xfc, 0x1c, 0x14, 0x9a, 0xfb, 0xf4,
                       0xc8, 0x99, 0x6f, 0xb9, 0x24, 0x27, 0xae, 0x41, 0xe4, 0x64, 0x9b,
                       0x93, 0x4c, 0xa4, 0x95, 0x99, 0x1b, 0x78, 0x52, 0xb8, 0x55}};
}

sph_hash sph_tree_leaf_hash(sph_slice leaf)
{
    const sph_slice parts[] = {SPH_LIT("\0"), leaf};
    return sph_sha256_of_parts(parts, 2);
}

sph_hash sph_tree_node_hash(const sph_hash *left, const sph_hash *right)
{
    const struct node_input input = {1, *left, *right};
    return sph_sha256_of(sph_slice_of(&input, sizeof(input)));
}

sph_hash sph_tree_leaf_hash_with(sph_sha256 *hasher, sph_slice leaf)
{
    sph_sha256_add(hasher, SPH_LIT("\0"));
    sph_sha256_add(hasher, leaf);
    return sph_sha256_final(hasher);
}

sph_hash sph_tree_node_hash_with(sph_sha256 *hasher, const sph_hash *left, const sph_hash *right)
{
    const struct node_input input = {1, *left, *right};
    sph_sha256_add(hasher, sph_slice_of(&input, sizeof(input)));
    return sph_sha256_final(hasher);
}

void sph_range_init(sph_range *range)
{
    range->size = 0;
    range->count = 0;
}

sph_rc sph_range_add(sph_range *range, const sph_hash *leaf_hash, sph_err *err)
{
    if (range->size >= (uint64_t)1 << 63)
        return sph_fail(err, SPH_ELIMIT, "the tree is full");
    sph_hash top = *leaf_hash;
    for (uint64_t n = range->size; n & 1; n >>= 1)
        top = sph_tree_node_hash(&range->node[--range->count], &top);
    range->node[range->count++] = top;
    range->size++;
    return sph_ok();
}

sph_hash sph_range_root(const sph_range *range)
{
    if (range->count == 0)
        return sph_tree_empty();
    sph_hash root = range->node[range->count - 1];
    for (unsigned i = range->count - 1; i > 0; i--)
        root = sph_tree_node_hash(&range->node[i - 1], &root);
    return root;
}
