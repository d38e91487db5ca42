#include "ledger/proof.h"

#include "ledger/tree.h"

/* ledger.md 1: these two walks are the whole trust core. They follow RFC 9162 2.1.3.2 and 2.1.4.2.
 */

static sph_hash hash_at(sph_slice slice)
{
    sph_hash hash = {{0}};
    for (size_t i = 0; i < sizeof(hash.at); i++)
        hash.at[i] = slice.at[i];
    return hash;
}

/* L9: without this rule an empty root equals an empty leaf hash and "proves" anything. */
static bool all_are_hashes(const sph_slice *hashes, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (hashes[i].len != sizeof(sph_hash) || !hashes[i].at)
            return false;
    return true;
}

static bool equals(const sph_hash *hash, sph_slice other)
{
    return sph_slice_equal(sph_slice_hash(hash), other);
}

/* Positions of the walk: fn of the node, sn of the last node, both at the present level. */
struct walk {
    uint64_t fn, sn;
};

/* Is the sibling on the left? Also climbs over the levels where a lone right node was carried up.
 */
static bool joins_left(struct walk *w)
{
    if (!(w->fn & 1) && w->fn != w->sn)
        return false;
    while (!(w->fn & 1) && w->fn != 0) {
        w->fn >>= 1;
        w->sn >>= 1;
    }
    return true;
}

static void up(struct walk *w)
{
    w->fn >>= 1;
    w->sn >>= 1;
}

sph_rc sph_proof_check_inclusion(uint64_t index, uint64_t size, sph_slice leaf_hash,
                                 const sph_slice *proof, size_t count, sph_slice root, sph_err *err)
{
    const sph_slice ends[] = {leaf_hash, root};
    if (!all_are_hashes(ends, 2) || !all_are_hashes(proof, count))
        return sph_fail(err, SPH_EPROOF, "a hash is not 32 octets long");
    if (index >= size)
        return sph_fail(err, SPH_EPROOF, "index %llu is not below size %llu",
                        (unsigned long long)index, (unsigned long long)size);
    struct walk w = {index, size - 1};
    sph_hash r = hash_at(leaf_hash);
    for (size_t i = 0; i < count; i++) {
        if (w.sn == 0)
            return sph_fail(err, SPH_EPROOF, "%zu hashes are too many", count);
        const sph_hash p = hash_at(proof[i]);
        r = joins_left(&w) ? sph_tree_node_hash(&p, &r) : sph_tree_node_hash(&r, &p);
        up(&w);
    }
    if (w.sn != 0)
        return sph_fail(err, SPH_EPROOF, "%zu hashes are too few", count);
    if (!equals(&r, root))
        return sph_fail(err, SPH_EPROOF, "the leaf does not lead to the root");
    return sph_ok();
}

static sph_rc check_same_size(size_t count, sph_slice root_m, sph_slice root_n, sph_err *err)
{
    if (count != 0)
        return sph_fail(err, SPH_EPROOF, "%zu hashes between equal sizes", count);
    if (!sph_slice_equal(root_m, root_n))
        return sph_fail(err, SPH_EPROOF, "same size, other root");
    return sph_ok();
}

/* The walk proper: fr rebuilds the old root, sr the new one. `first` is the leading hash, which is
 * the old root itself when m is a power of two. */
static sph_rc check_growth(uint64_t m, uint64_t n, sph_hash first, const sph_slice *rest,
                           size_t count, sph_slice root_m, sph_slice root_n, sph_err *err)
{
    struct walk w = {m - 1, n - 1};
    while (w.fn & 1)
        up(&w);
    sph_hash fr = first, sr = first;
    for (size_t i = 0; i < count; i++) {
        if (w.sn == 0)
            return sph_fail(err, SPH_EPROOF, "too many hashes");
        const sph_hash c = hash_at(rest[i]);
        if (joins_left(&w)) {
            fr = sph_tree_node_hash(&c, &fr);
            sr = sph_tree_node_hash(&c, &sr);
        } else {
            sr = sph_tree_node_hash(&sr, &c);
        }
        up(&w);
    }
    if (w.sn != 0)
        return sph_fail(err, SPH_EPROOF, "too few hashes");
    if (!equals(&fr, root_m) || !equals(&sr, root_n))
        return sph_fail(err, SPH_EPROOF, "the newer tree does not contain the older one");
    return sph_ok();
}

sph_rc sph_proof_check_consistency(uint64_t m, uint64_t n, const sph_slice *proof, size_t count,
                                   sph_slice root_m, sph_slice root_n, sph_err *err)
{
    const sph_slice roots[] = {root_m, root_n};
    if (!all_are_hashes(roots, 2) || !all_are_hashes(proof, count))
        return sph_fail(err, SPH_EPROOF, "a hash is not 32 octets long");
    if (m == 0 || m > n)
        return sph_fail(err, SPH_EPROOF, "no proof leads from %llu to %llu", (unsigned long long)m,
                        (unsigned long long)n);
    if (m == n)
        return check_same_size(count, root_m, root_n, err);
    if (count == 0)
        return sph_fail(err, SPH_EPROOF, "no hashes");
    if ((m & (m - 1)) == 0)
        return check_growth(m, n, hash_at(root_m), proof, count, root_m, root_n, err);
    return check_growth(m, n, hash_at(proof[0]), proof + 1, count - 1, root_m, root_n, err);
}
