/** AS4 crypto suites: a P-Mode value (as4.md 6.1). */
#pragma once

#include "crypto/cert.h"

enum sph_suite {
    SPH_SUITE_EDELIVERY_1_15,
    SPH_SUITE_EDELIVERY_2_0_ED25519,
    SPH_SUITE_EDELIVERY_2_0_P256,
    SPH_SUITE_COUNT
};

/** "edelivery-1.15", "edelivery-2.0-ed25519", "edelivery-2.0-p256". */
const char *sph_suite_name(enum sph_suite suite);
/** The suite of that name; SPH_EUNSUPPORTED. */
SPH_MUST sph_rc sph_suite_of(sph_slice name, enum sph_suite *out, sph_err *err);
/** Key kinds the suite signs and encrypts with. */
enum sph_key_kind sph_suite_sign_kind(enum sph_suite suite);
enum sph_key_kind sph_suite_encrypt_kind(enum sph_suite suite);
