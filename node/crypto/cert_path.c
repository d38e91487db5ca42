/* A leaf signs every message of its party, and its path comes out the same each time: the last one
 * that held is kept in the leaf. Refusals are never kept. */
#include "crypto/cert_impl.h"

/* A certificate is read only for its users; what it remembers changes under its lock. */
static sph_cert *writable(const sph_cert *leaf)
{
    union {
        const sph_cert *in;
        sph_cert *out;
    } same = {.in = leaf};
    return same.out;
}

static bool is_same_hash(const sph_hash *a, const sph_hash *b)
{
    return sph_slice_equal(sph_slice_hash(a), sph_slice_hash(b));
}

bool sph_cert_path_is_held(const sph_cert *leaf, const struct sph_cert_path *path, int64_t at_ms)
{
    sph_cert *at = writable(leaf);
    pthread_mutex_lock(&at->held_lock);
    const bool is_held = at->has_held && at_ms >= at->held.from_ms && at_ms < at->held.until_ms &&
                         is_same_hash(&at->held.root_sha256, &path->root_sha256) &&
                         is_same_hash(&at->held.crl_sha256, &path->crl_sha256);
    pthread_mutex_unlock(&at->held_lock);
    return is_held;
}

void sph_cert_path_hold(const sph_cert *leaf, const struct sph_cert_path *path)
{
    sph_cert *at = writable(leaf);
    pthread_mutex_lock(&at->held_lock);
    at->held = *path;
    at->has_held = true;
    pthread_mutex_unlock(&at->held_lock);
}
