#include "ledger/leaf.h"

#include "crypto/digest.h"

/* ledger.md 4. The info texts and the prefix are part of the format: changing one changes every
 * value. */

sph_rc sph_commitment_salt(const sph_secret *secret32, sph_secret **salt, sph_err *err)
{
    return sph_hkdf(secret32, (sph_slice){NULL, 0}, SPH_LIT("saphan/packet-salt/v1"), 32, salt,
                    err);
}

sph_rc sph_commitment_dek(const sph_secret *secret32, sph_secret **dek, sph_err *err)
{
    return sph_hkdf(secret32, (sph_slice){NULL, 0}, SPH_LIT("saphan/packet-dek/v1"), 32, dek, err);
}

sph_rc sph_commitment(const sph_secret *salt, const sph_hash *packet_sha256, sph_hash *out,
                      sph_err *err)
{
    if (sph_secret_len(salt) != 32)
        return sph_fail(err, SPH_EARG, "a salt of %zu octets", sph_secret_len(salt));
    const sph_slice parts[] = {SPH_LIT("saphan/packet-commitment/v1\n"), sph_secret_peek(salt),
                               sph_slice_hash(packet_sha256)};
    *out = sph_sha256_of_parts(parts, 3);
    return sph_ok();
}
