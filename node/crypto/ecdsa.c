/* ECDSA signatures between DER (X.509) and r‖s of fixed 64 octets (XMLDSig, RFC 4050 3.3). */
#include "crypto/key_impl.h"

static bool usable(const uint8_t raw[SPH_P256_RAW])
{
    return sph_p256_scalar_usable(raw) && sph_p256_scalar_usable(raw + SPH_RAW_KEY);
}

sph_rc sph_ecdsa_der_of_raw(sph_slice raw, uint8_t der[SPH_P256_DER_MAX], size_t *len, sph_err *err)
{
    if (raw.len != SPH_P256_RAW || !usable(raw.at))
        return sph_fail(err, SPH_EPROOF, "not 64 octets with r and s in 1..n-1");
    SPH_AUTO_PTR(ossl_ecdsa_sig) *sig = ECDSA_SIG_new();
    SPH_AUTO_PTR(ossl_bn) *r = BN_bin2bn(raw.at, SPH_RAW_KEY, NULL);
    SPH_AUTO_PTR(ossl_bn) *s = BN_bin2bn(raw.at + SPH_RAW_KEY, SPH_RAW_KEY, NULL);
    if (!sig || !r || !s || ECDSA_SIG_set0(sig, r, s) != 1)
        return sph_openssl_fail(err, SPH_ENOMEM, "ECDSA signature");
    r = s = NULL; /* sig owns them now */
    uint8_t *to = der;
    const int size = i2d_ECDSA_SIG(sig, NULL);
    if (size <= 0 || size > SPH_P256_DER_MAX || i2d_ECDSA_SIG(sig, &to) != size)
        return sph_openssl_fail(err, SPH_ENOMEM, "ECDSA signature");
    *len = (size_t)size;
    return sph_ok();
}

sph_rc sph_ecdsa_raw_of_der(sph_slice der, uint8_t raw[SPH_P256_RAW], sph_err *err)
{
    if (der.len == 0 || der.len > SPH_P256_DER_MAX)
        return sph_fail(err, SPH_EPROOF, "an ECDSA signature of %zu octets", der.len);
    const uint8_t *at = der.at;
    SPH_AUTO_PTR(ossl_ecdsa_sig) *sig = d2i_ECDSA_SIG(NULL, &at, (long)der.len);
    if (!sig || BN_bn2binpad(ECDSA_SIG_get0_r(sig), raw, SPH_RAW_KEY) != SPH_RAW_KEY ||
        BN_bn2binpad(ECDSA_SIG_get0_s(sig), raw + SPH_RAW_KEY, SPH_RAW_KEY) != SPH_RAW_KEY)
        return sph_openssl_fail(err, SPH_EPROOF, "not an ECDSA signature");
    /* A negative number or a BER length would read as the same pair: compare with the one DER form.
     */
    uint8_t again[SPH_P256_DER_MAX];
    size_t len = 0;
    SPH_TRY(sph_ecdsa_der_of_raw(sph_slice_of(raw, SPH_P256_RAW), again, &len, err), err,
            "ECDSA signature");
    if (!sph_slice_equal(der, sph_slice_of(again, len)))
        return sph_fail(err, SPH_EPROOF, "the ECDSA signature is not in DER");
    return sph_ok();
}
