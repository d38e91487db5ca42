/* Public keys and signatures as octets from outside. Properties: a key that is taken has exactly
 * one form; a signature that nobody made does not hold. */
#include <stdint.h>
#include <stdlib.h>

#include "base/env.h"
#include "crypto/key.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
    if (!holds)
        abort();
}

enum { SIGNERS = 2 };

static const sph_key *run_key(size_t which)
{
    static const enum sph_key_kind kinds[SIGNERS] = {SPH_KEY_ED25519, SPH_KEY_P256};
    static sph_key *keys[SIGNERS];
    if (!keys[which])
        require(sph_key_generate(kinds[which], &keys[which], NULL).code == SPH_OK);
    return keys[which];
}

static void try_key(sph_slice input)
{
    SPH_AUTO_PTR(sph_pubkey) *key = NULL;
    SPH_AUTO(sph_buf) again = sph_buf_init(4096);
    if (sph_pubkey_from_spki(input, &key, NULL).code != SPH_OK)
        return;
    require(sph_pubkey_spki(key, &again, NULL).code == SPH_OK);
    require(sph_slice_equal(sph_buf_peek(&again), input));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const sph_slice input = sph_slice_of(data, size);
    sph_key *no_key = NULL;
    try_key(input);
    for (size_t i = 0; i < SIGNERS; i++) {
        const sph_pubkey *public = sph_key_peek_public(run_key(i));
        require(sph_pubkey_verify(public, SPH_LIT("m"), input, NULL).code == SPH_EPROOF);
    }
    require(
        sph_pubkey_verify_der(sph_key_peek_public(run_key(1)), SPH_LIT("m"), input, NULL).code ==
        SPH_EPROOF);
    if (sph_key_load_pem(input, &no_key, NULL).code == SPH_OK)
        sph_key_free(&no_key);
    return 0;
}
