#include "ledger/edge.h"

struct sph_edge {
    sph_range range;
    sph_hash
        *partial[SPH_TILE_LEVELS]; /* NULL until the level is reached, then room for a full tile */
};

static unsigned width_of(uint64_t size, unsigned tile_level)
{
    return (unsigned)((size >> (8 * tile_level)) % SPH_TILE_WIDTH);
}

static uint64_t number_of(uint64_t size, unsigned tile_level)
{
    return (size >> (8 * tile_level)) / SPH_TILE_WIDTH;
}

sph_rc sph_edge_new(sph_edge **out, sph_err *err)
{
    sph_edge *edge = sph_mem_new(1, sizeof(*edge));
    if (!edge)
        return sph_fail(err, SPH_ENOMEM, "a right edge");
    sph_range_init(&edge->range);
    *out = edge;
    return sph_ok();
}

void sph_edge_free(sph_edge **edge)
{
    if (!edge || !*edge)
        return;
    for (unsigned i = 0; i < SPH_TILE_LEVELS; i++)
        sph_mem_free((*edge)->partial[i]);
    sph_mem_free(*edge);
    *edge = NULL;
}

static sph_rc reach(sph_edge *edge, unsigned tile_level, sph_err *err)
{
    if (tile_level >= SPH_TILE_LEVELS)
        return sph_fail(err, SPH_ELIMIT, "the tree is full");
    if (!edge->partial[tile_level])
        edge->partial[tile_level] = sph_mem_new(SPH_TILE_WIDTH, sizeof(sph_hash));
    if (!edge->partial[tile_level])
        return sph_fail(err, SPH_ENOMEM, "a tile");
    return sph_ok();
}

sph_rc sph_edge_dup(const sph_edge *edge, sph_edge **out, sph_err *err)
{
    SPH_AUTO_PTR(sph_edge) *copy = NULL;
    SPH_TRY(sph_edge_new(&copy, err), err, "copy of the edge");
    copy->range = edge->range;
    for (unsigned level = 0; level < SPH_TILE_LEVELS; level++) {
        const unsigned width = width_of(edge->range.size, level);
        if (width == 0)
            continue;
        SPH_TRY(reach(copy, level, err), err, "copy of the edge");
        for (unsigned i = 0; i < width; i++)
            copy->partial[level][i] = edge->partial[level][i];
    }
    *out = sph_move(copy);
    return sph_ok();
}

/* Takes the hash of a finished subtree of 256^tile_level leaves; `size` counts the leaves before
 * them. */
static sph_rc place(sph_edge *edge, unsigned tile_level, const sph_hash *hash, sph_err *err)
{
    SPH_TRY(reach(edge, tile_level, err), err, "tile level %u", tile_level);
    edge->partial[tile_level][width_of(edge->range.size, tile_level)] = *hash;
    return sph_ok();
}

/* The merges of the compact range pass the root of every tile that becomes full, so tiles cost no
 * hashing of their own. */
sph_rc sph_edge_add(sph_edge *edge, sph_sha256 *hasher, const sph_hash *leaf_hash,
                    const sph_tile_sink *full, sph_err *err)
{
    sph_range *range = &edge->range;
    const uint64_t size = range->size;
    if (size >= (uint64_t)1 << 63)
        return sph_fail(err, SPH_ELIMIT, "the tree is full");
    SPH_TRY(place(edge, 0, leaf_hash, err), err, "leaf %llu", (unsigned long long)size);
    sph_hash top = *leaf_hash;
    unsigned level = 0;
    for (uint64_t n = size; n & 1; n >>= 1) {
        top = sph_tree_node_hash_with(hasher, &range->node[--range->count], &top);
        if (++level % 8 != 0)
            continue;
        const unsigned done = level / 8 - 1;
        SPH_TRY(full->tile(full->ctx, done, number_of(size, done), edge->partial[done], err), err,
                "full tile of level %u", done);
        SPH_TRY(place(edge, done + 1, &top, err), err, "leaf %llu", (unsigned long long)size);
    }
    range->node[range->count++] = top;
    range->size++;
    return sph_ok();
}

/* Nodes of the compact range that lie in one partial tile, largest first. */
static void add_nodes(sph_edge *edge, unsigned tile_level, unsigned width)
{
    const sph_hash *hashes = edge->partial[tile_level];
    unsigned from = 0;
    for (unsigned bit = 8; bit-- > 0;) {
        if (!(width >> bit & 1))
            continue;
        sph_range perfect;
        sph_range_init(&perfect);
        for (unsigned i = 0; i < 1u << bit; i++) {
            const sph_rc rc = sph_range_add(&perfect, &hashes[from + i], NULL);
            (void)rc; /* fails only at 2^63 leaves */
        }
        edge->range.node[edge->range.count++] = sph_range_root(&perfect);
        from += 1u << bit;
    }
}

/* Partial tile of a level above 0: each hash is the root of a full tile one level below. */
static sph_rc load_upper(sph_edge *edge, const sph_tile_source *tiles, uint64_t size,
                         unsigned level, sph_err *err)
{
    const uint64_t first = number_of(size, level) * SPH_TILE_WIDTH;
    for (unsigned i = 0; i < width_of(size, level); i++) {
        sph_hash below[SPH_TILE_WIDTH];
        sph_range perfect;
        SPH_TRY(tiles->tile(tiles->ctx, level - 1, first + i, SPH_TILE_WIDTH, below, err), err,
                "tile %u/%llu", level - 1, (unsigned long long)(first + i));
        sph_range_init(&perfect);
        for (unsigned j = 0; j < SPH_TILE_WIDTH; j++)
            SPH_TRY(sph_range_add(&perfect, &below[j], err), err, "tile root");
        edge->partial[level][i] = sph_range_root(&perfect);
    }
    return sph_ok();
}

sph_rc sph_edge_load(const sph_tile_source *tiles, uint64_t size, sph_edge **out, sph_err *err)
{
    SPH_AUTO_PTR(sph_edge) *edge = NULL;
    if (size > (uint64_t)1 << 63)
        return sph_fail(err, SPH_ELIMIT, "size %llu", (unsigned long long)size);
    SPH_TRY(sph_edge_new(&edge, err), err, "edge");
    for (unsigned level = SPH_TILE_LEVELS; level-- > 0;) {
        const unsigned width = width_of(size, level);
        if (width == 0)
            continue;
        SPH_TRY(reach(edge, level, err), err, "tile level %u", level);
        if (level > 0)
            SPH_TRY(load_upper(edge, tiles, size, level, err), err, "tile level %u", level);
        else
            SPH_TRY(tiles->tile(tiles->ctx, 0, number_of(size, 0), width, edge->partial[0], err),
                    err, "last leaves");
        add_nodes(edge, level, width);
    }
    edge->range.size = size;
    *out = sph_move(edge);
    return sph_ok();
}

uint64_t sph_edge_size(const sph_edge *edge)
{
    return edge->range.size;
}

sph_hash sph_edge_root(const sph_edge *edge)
{
    return sph_range_root(&edge->range);
}

const sph_hash *sph_edge_peek(const sph_edge *edge, unsigned tile_level, unsigned *width)
{
    *width = tile_level < SPH_TILE_LEVELS ? width_of(edge->range.size, tile_level) : 0;
    return *width ? edge->partial[tile_level] : NULL;
}

bool sph_edge_tile(const sph_edge *edge, unsigned tile_level, uint64_t n, unsigned want,
                   sph_hash *out)
{
    unsigned width = 0;
    const sph_hash *hashes = sph_edge_peek(edge, tile_level, &width);
    if (!hashes || n != number_of(edge->range.size, tile_level) || want > width)
        return false;
    for (unsigned i = 0; i < want; i++)
        out[i] = hashes[i];
    return true;
}
