/** The eight test leaves of ledger.md 1 and small helpers. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/codec.h"
#include "crypto/key.h"
#include "ledger/tree.h"

static const char *const leaf_hex[8] = {
    "",
    "00",
    "10",
    "2021",
    "3031",
    "40414243",
    "5051525354555657",
    "606162636465666768696a6b6c6d6e6f",
};

static inline void unhex(const char *hex, sph_buf *out)
{
    assert_int_equal(sph_hex_decode(sph_slice_str(hex), out, NULL).code, SPH_OK);
}

static inline sph_hash hash_of_hex(const char *hex)
{
    SPH_AUTO(sph_buf) bytes = sph_buf_init(32);
    sph_hash hash;
    unhex(hex, &bytes);
    assert_int_equal(bytes.len, 32);
    assert_int_equal(sph_bytes_copy(hash.at, sizeof(hash.at), sph_buf_peek(&bytes), NULL).code,
                     SPH_OK);
    return hash;
}

static inline void assert_hash(sph_hash got, const char *hex)
{
    const sph_hash want = hash_of_hex(hex);
    assert_memory_equal(got.at, want.at, sizeof(want.at));
}

static inline sph_hash test_leaf_hash(size_t i)
{
    SPH_AUTO(sph_buf) bytes = sph_buf_init(64);
    unhex(leaf_hex[i], &bytes);
    return sph_tree_leaf_hash(sph_buf_peek(&bytes));
}

/* Ed25519 key from the seed first, first+1, … */
static inline sph_key *key_of_seed(uint8_t first)
{
    SPH_AUTO_PTR(sph_secret) *seed = NULL;
    sph_key *key = NULL;
    uint8_t octets[32];
    for (unsigned i = 0; i < sizeof(octets); i++)
        octets[i] = (uint8_t)(first + i);
    assert_int_equal(sph_secret_from(sph_slice_of(octets, sizeof(octets)), &seed, NULL).code,
                     SPH_OK);
    assert_int_equal(sph_key_from_seed(SPH_KEY_ED25519, seed, &key, NULL).code, SPH_OK);
    return key;
}
