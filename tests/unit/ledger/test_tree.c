/* RFC 6962 tree: known answers of ledger.md 1, and an independent recursive definition for other
 * sizes. */
#include "ledger/edge.h"
#include "ledger/proof.h"
#include "vectors.h"

int test_tree(void);

static const char *const leaf_hashes[8] = {
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
    "0298d122906dcfc10892cb53a73992fc5b9f493ea4c9badb27b791b4127a7fe7",
    "07506a85fd9dd2f120eb694f86011e5bb4662e5c415a62917033d4a9624487e7",
    "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    "4271a26be0d8a84f0bd54c8c302e7cb3a3b5d1fa6780a40bcce2873477dab658",
    "b08693ec2e721597130641e8211e7eedccb4c26413963eee6c1e2ed16ffb1a5f",
    "46f6ffadd3d06a09ff3c5860d2755c8b9819db7df44251788c7d8e3180de8eb1",
};
static const char *const roots[9] = {
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
};

struct proof_case {
    bool is_inclusion;
    uint64_t m, n;
    const char *hashes[4];
};
static const struct proof_case cases[] = {
    {true,
     5,
     7,
     {"bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
      "b08693ec2e721597130641e8211e7eedccb4c26413963eee6c1e2ed16ffb1a5f",
      "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7"}},
    {true,
     0,
     8,
     {"96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
      "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
      "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4"}},
    {false,
     3,
     7,
     {"0298d122906dcfc10892cb53a73992fc5b9f493ea4c9badb27b791b4127a7fe7",
      "07506a85fd9dd2f120eb694f86011e5bb4662e5c415a62917033d4a9624487e7",
      "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
      "837dbb152e9b079010717e84e865da4ebc0fa198a806d59d31bf15accef22d0e"}},
    {false, 4, 8, {"6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4"}},
    {false,
     6,
     8,
     {"0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
      "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
      "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7"}},
};

/* Leaves held in memory; tiles are computed from them by the recursive definition. */
struct forest {
    sph_hash *leaf;
    uint64_t size;
};

/* RFC 6962 2.1, as written there: an oracle that shares nothing with the compact range. */
static sph_hash mth(const sph_hash *leaf, uint64_t n)
{
    if (n == 0)
        return sph_tree_empty();
    if (n == 1)
        return leaf[0];
    uint64_t k = 1;
    while (k * 2 < n)
        k *= 2;
    const sph_hash left = mth(leaf, k), right = mth(leaf + k, n - k);
    return sph_tree_node_hash(&left, &right);
}

static sph_rc forest_tile(void *ctx, unsigned level, uint64_t n, unsigned want, sph_hash *out,
                          sph_err *err)
{
    const struct forest *f = ctx;
    const uint64_t span = (uint64_t)1 << (8 * level);
    for (unsigned i = 0; i < want; i++) {
        const uint64_t from = (n * SPH_TILE_WIDTH + i) * span;
        if (from + span > f->size)
            return sph_fail(err, SPH_ENOTFOUND, "asked beyond the tree");
        out[i] = mth(f->leaf + from, span);
    }
    return sph_ok();
}

static sph_hash numbered_leaf(uint64_t i)
{
    const uint8_t octets[] = {(uint8_t)(i >> 16), (uint8_t)(i >> 8), (uint8_t)i};
    return sph_tree_leaf_hash(sph_slice_of(octets, sizeof(octets)));
}

static void forest_make(struct forest *f, uint64_t size)
{
    f->leaf = sph_mem_new(size + 1, sizeof(sph_hash));
    assert_non_null(f->leaf);
    f->size = size;
    for (uint64_t i = 0; i < size; i++)
        f->leaf[i] = size == 8 ? test_leaf_hash(i) : numbered_leaf(i);
}

static void tree_leaf_hashes_match_vectors(void **state)
{
    SPH_AUTO_PTR(sph_sha256) *hasher = NULL;
    (void)state;
    assert_int_equal(sph_sha256_new(&hasher, NULL).code, SPH_OK);
    for (size_t i = 0; i < 8; i++) {
        SPH_AUTO(sph_buf) bytes = sph_buf_init(64);
        unhex(leaf_hex[i], &bytes);
        assert_hash(sph_tree_leaf_hash(sph_buf_peek(&bytes)), leaf_hashes[i]);
        assert_hash(sph_tree_leaf_hash_with(hasher, sph_buf_peek(&bytes)), leaf_hashes[i]);
    }
}

static void tree_roots_match_vectors(void **state)
{
    struct forest f;
    sph_range range;
    (void)state;
    forest_make(&f, 8);
    sph_range_init(&range);
    const sph_tile_source source = {&f, forest_tile};
    for (uint64_t n = 0; n <= 8; n++) {
        sph_hash root;
        assert_hash(sph_range_root(&range), roots[n]);
        assert_int_equal(sph_tree_root_at(&source, n, &root, NULL).code, SPH_OK);
        assert_hash(root, roots[n]);
        if (n < 8)
            assert_int_equal(sph_range_add(&range, &f.leaf[n], NULL).code, SPH_OK);
    }
    sph_mem_free(f.leaf);
}

static void tree_proofs_match_vectors(void **state)
{
    struct forest f;
    (void)state;
    forest_make(&f, 8);
    const sph_tile_source source = {&f, forest_tile};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const struct proof_case *c = &cases[i];
        sph_hash hashes[64];
        size_t count = 99;
        f.size = c->n;
        const sph_rc rc = c->is_inclusion
                              ? sph_proof_inclusion(&source, c->m, c->n, hashes, &count, NULL)
                              : sph_proof_consistency(&source, c->m, c->n, hashes, &count, NULL);
        assert_int_equal(rc.code, SPH_OK);
        for (size_t k = 0; k < 4; k++) {
            assert_int_equal(k < count, c->hashes[k] != NULL);
            if (c->hashes[k])
                assert_hash(hashes[k], c->hashes[k]);
        }
    }
    sph_mem_free(f.leaf);
}

static void slices_of(const sph_hash *hashes, size_t count, sph_slice out[64])
{
    for (size_t i = 0; i < count; i++)
        out[i] = sph_slice_hash(&hashes[i]);
}

/* Every pair up to 40, and pairs around tile borders: what is made verifies, and verifies nothing
 * else. */
static void check_pair(const sph_tile_source *source, const struct forest *f, uint64_t m,
                       uint64_t n)
{
    sph_hash hashes[64];
    sph_slice slices[64];
    size_t count = 0;
    const sph_hash root = mth(f->leaf, n), old = mth(f->leaf, m + 1);
    assert_int_equal(sph_proof_inclusion(source, m, n, hashes, &count, NULL).code, SPH_OK);
    slices_of(hashes, count, slices);
    const sph_slice leaf = sph_slice_hash(&f->leaf[m]), top = sph_slice_hash(&root);
    assert_int_equal(sph_proof_check_inclusion(m, n, leaf, slices, count, top, NULL).code, SPH_OK);
    if (n > 1)
        assert_int_equal(
            sph_proof_check_inclusion((m + 1) % n, n, leaf, slices, count, top, NULL).code,
            SPH_EPROOF);
    assert_int_equal(sph_proof_consistency(source, m + 1, n, hashes, &count, NULL).code, SPH_OK);
    slices_of(hashes, count, slices);
    assert_int_equal(
        sph_proof_check_consistency(m + 1, n, slices, count, sph_slice_hash(&old), top, NULL).code,
        SPH_OK);
    if (m + 1 < n)
        assert_int_equal(sph_proof_check_consistency(m + 1, n, slices, count, top, top, NULL).code,
                         SPH_EPROOF);
}

static void tree_made_proofs_verify_at_every_size(void **state)
{
    static const uint64_t borders[] = {1, 2, 255, 256, 257, 300, 511, 512, 513, 769};
    struct forest f;
    (void)state;
    forest_make(&f, 769);
    const sph_tile_source source = {&f, forest_tile};
    for (uint64_t n = 1; n <= 40; n++)
        for (uint64_t m = 0; m < n; m++)
            check_pair(&source, &f, m, n);
    for (size_t a = 0; a < sizeof(borders) / sizeof(borders[0]); a++)
        for (size_t b = a; b < sizeof(borders) / sizeof(borders[0]); b++)
            check_pair(&source, &f, borders[a] - 1, borders[b]);
    sph_mem_free(f.leaf);
}

static void tree_impossible_proofs_are_refused(void **state)
{
    struct forest f;
    sph_hash hashes[64];
    size_t count = 7;
    (void)state;
    forest_make(&f, 8);
    const sph_tile_source source = {&f, forest_tile};
    assert_int_equal(sph_proof_inclusion(&source, 8, 8, hashes, &count, NULL).code, SPH_EARG);
    assert_int_equal(sph_proof_inclusion(&source, 0, 0, hashes, &count, NULL).code, SPH_EARG);
    assert_int_equal(sph_proof_consistency(&source, 0, 8, hashes, &count, NULL).code, SPH_EARG);
    assert_int_equal(sph_proof_consistency(&source, 8, 7, hashes, &count, NULL).code, SPH_EARG);
    assert_int_equal(count, 7);
    sph_mem_free(f.leaf);
}

/* ledger.md 5: size 70,000 gives 273 full and a 112-wide tile of level 0, 1 full and a 17-wide of
 * level 1, a 1-wide of level 2. */
struct tile_count {
    unsigned full[SPH_TILE_LEVELS];
    uint64_t next[SPH_TILE_LEVELS];
    struct forest kept; /* level 0 hashes, in order */
};

static sph_rc count_tile(void *ctx, unsigned level, uint64_t n,
                         const sph_hash hashes[SPH_TILE_WIDTH], sph_err *err)
{
    struct tile_count *c = ctx;
    (void)err;
    assert_true(n == c->next[level]++);
    c->full[level]++;
    if (level == 0)
        assert_memory_equal(hashes, c->kept.leaf + n * SPH_TILE_WIDTH,
                            SPH_TILE_WIDTH * sizeof(sph_hash));
    return sph_ok();
}

static void edge_of_70000_leaves_has_the_tiles_of_the_layout(void **state)
{
    static const unsigned full[] = {273, 1, 0}, widths[] = {112, 17, 1};
    SPH_AUTO_PTR(sph_sha256) *hasher = NULL;
    SPH_AUTO_PTR(sph_edge) *edge = NULL;
    struct tile_count count = {.full = {0}};
    (void)state;
    forest_make(&count.kept, 70000);
    assert_int_equal(sph_sha256_new(&hasher, NULL).code, SPH_OK);
    assert_int_equal(sph_edge_new(&edge, NULL).code, SPH_OK);
    const sph_tile_sink sink = {&count, count_tile};
    for (uint64_t i = 0; i < 70000; i++)
        assert_int_equal(sph_edge_add(edge, hasher, &count.kept.leaf[i], &sink, NULL).code, SPH_OK);
    for (unsigned level = 0; level < 3; level++) {
        unsigned width = 0;
        assert_non_null(sph_edge_peek(edge, level, &width));
        assert_int_equal(width, widths[level]);
        assert_int_equal(count.full[level], full[level]);
    }
    const sph_hash root = sph_edge_root(edge), want = mth(count.kept.leaf, 70000);
    assert_memory_equal(&root, &want, sizeof(root));
    sph_mem_free(count.kept.leaf);
}

static void edge_loaded_from_tiles_equals_the_grown_one(void **state)
{
    static const uint64_t sizes[] = {0, 1, 255, 256, 257, 1000, 65536, 65537, 66049};
    struct forest f;
    (void)state;
    forest_make(&f, 66049);
    const sph_tile_source source = {&f, forest_tile};
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        SPH_AUTO_PTR(sph_edge) *edge = NULL;
        SPH_AUTO_PTR(sph_edge) *copy = NULL;
        assert_int_equal(sph_edge_load(&source, sizes[i], &edge, NULL).code, SPH_OK);
        assert_int_equal(sph_edge_dup(edge, &copy, NULL).code, SPH_OK);
        const sph_hash root = sph_edge_root(copy), want = mth(f.leaf, sizes[i]);
        assert_memory_equal(&root, &want, sizeof(root));
        assert_true(sph_edge_size(copy) == sizes[i]);
    }
    sph_mem_free(f.leaf);
}

int test_tree(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tree_leaf_hashes_match_vectors),
        cmocka_unit_test(tree_roots_match_vectors),
        cmocka_unit_test(tree_proofs_match_vectors),
        cmocka_unit_test(tree_made_proofs_verify_at_every_size),
        cmocka_unit_test(tree_impossible_proofs_are_refused),
        cmocka_unit_test(edge_of_70000_leaves_has_the_tiles_of_the_layout),
        cmocka_unit_test(edge_loaded_from_tiles_equals_the_grown_one),
    };
    return cmocka_run_group_tests_name("tree", tests, NULL, NULL);
}
