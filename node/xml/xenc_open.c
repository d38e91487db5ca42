#include "xml/xenc_parts.h"

#include "xml/xenc_algorithms.h"

const sph_xml_node *sph_xenc_key_recipient(const sph_xenc_key *key)
{
    return key->recipient;
}

size_t sph_xenc_key_ref_count(const sph_xenc_key *key)
{
    return key->ref_count;
}

const char *sph_xenc_key_ref_at(const sph_xenc_key *key, size_t index)
{
    return index < key->ref_count ? key->refs[index] : NULL;
}

/* The two lengths are checked here: a direct caller of EVP gets success with no octets for an empty
 * input (E-07), and a wrapped key of another length would be a key of another suite. */
static sph_rc open_agreed(const sph_xenc_key *key, const sph_key *recipient, sph_secret **out,
                          sph_err *err)
{
    SPH_AUTO_PTR(sph_secret) *shared = NULL, *wrapping = NULL, *content = NULL;
    if (key->cipher.len != SPH_XENC_CONTENT_KEY + 8)
        return sph_fail(err, SPH_EPROOF, "wrapped key of %zu octets", key->cipher.len);
    SPH_TRY(sph_key_agree(recipient, key->originator, &shared, err), err, "key agreement");
    SPH_TRY(sph_hkdf(shared, sph_buf_peek(&key->salt), sph_buf_peek(&key->info),
                     SPH_XENC_CONTENT_KEY, &wrapping, err),
            err, "key derivation");
    SPH_TRY(sph_key_unwrap(wrapping, sph_buf_peek(&key->cipher), &content, err), err,
            "wrapped key");
    if (sph_secret_len(content) != SPH_XENC_CONTENT_KEY)
        return sph_fail(err, SPH_EPROOF, "content key of another length");
    *out = sph_move(content);
    return sph_ok();
}

sph_rc sph_xenc_key_open(const sph_xenc_key *key, const sph_key *recipient,
                         const sph_random *random, sph_secret **out, sph_err *err)
{
    if (sph_key_kind_of(recipient) != sph_suite_encrypt_kind(key->suite))
        return sph_fail(err, SPH_EARG, "key does not fit the suite");
    if (key->suite == SPH_SUITE_EDELIVERY_1_15)
        return sph_key_oaep_open(recipient, random, sph_buf_peek(&key->cipher),
                                 SPH_XENC_CONTENT_KEY, out, err);
    return open_agreed(key, recipient, out, err);
}
