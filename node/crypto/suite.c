#include "crypto/suite.h"

static const struct {
    const char *name;
    enum sph_key_kind sign, encrypt;
} suites[SPH_SUITE_COUNT] = {
    [SPH_SUITE_EDELIVERY_1_15] = {"edelivery-1.15", SPH_KEY_RSA3072, SPH_KEY_RSA3072},
    [SPH_SUITE_EDELIVERY_2_0_ED25519] = {"edelivery-2.0-ed25519", SPH_KEY_ED25519, SPH_KEY_X25519},
    [SPH_SUITE_EDELIVERY_2_0_P256] = {"edelivery-2.0-p256", SPH_KEY_P256, SPH_KEY_P256},
};

const char *sph_suite_name(enum sph_suite suite)
{
    return suites[suite].name;
}

sph_rc sph_suite_of(sph_slice name, enum sph_suite *out, sph_err *err)
{
    for (unsigned i = 0; i < SPH_SUITE_COUNT; i++) {
        if (sph_slice_is(name, suites[i].name)) {
            *out = (enum sph_suite)i;
            return sph_ok();
        }
    }
    return sph_fail(err, SPH_EUNSUPPORTED, "no crypto suite of this name");
}

enum sph_key_kind sph_suite_sign_kind(enum sph_suite suite)
{
    return suites[suite].sign;
}

enum sph_key_kind sph_suite_encrypt_kind(enum sph_suite suite)
{
    return suites[suite].encrypt;
}
