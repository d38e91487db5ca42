/* The recipient and the two ends that fuzz_packet_relay and its seeds share: a test key, made from
 * a seed that anybody can read. */
#pragma once

#include <stdlib.h>

#include "packet/relay.h"

#define RELAY_SAMPLE_SENDER "la.legalaid.example"
#define RELAY_SAMPLE_RECIPIENT "th.ngo.example"

static const struct sph_srx_ends relay_sample_ends = {RELAY_SAMPLE_SENDER, RELAY_SAMPLE_RECIPIENT};

/* Owned; aborts when it cannot be made. */
static inline sph_key *relay_sample_key(void)
{
    static const uint8_t octets[32] = "a test key that is no secret";
    SPH_AUTO_PTR(sph_secret) *seed = NULL;
    sph_key *key = NULL;
    if (sph_secret_from(sph_slice_of(octets, sizeof(octets)), &seed, NULL).code != SPH_OK ||
        sph_key_from_seed(SPH_KEY_X25519, seed, &key, NULL).code != SPH_OK)
        abort();
    return key;
}
