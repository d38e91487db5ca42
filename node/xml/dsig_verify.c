#include "xml/dsig_parts.h"

#include "crypto/digest.h"

/* Exclusive C14N repeats a declaration at every element that uses it, so the canonical form may be
 * far longer than the document; this is the most that is ever built. */
#define CANONICAL_CAP (16u << 20)

enum sph_key_kind sph_dsig_key_kind(const sph_dsig *dsig)
{
    return dsig->kind;
}

size_t sph_dsig_ref_count(const sph_dsig *dsig)
{
    return dsig->ref_count;
}

const sph_dsig_ref *sph_dsig_ref_at(const sph_dsig *dsig, size_t index)
{
    return index < dsig->ref_count ? &dsig->refs[index] : NULL;
}

const sph_xml_node *sph_dsig_key_info(const sph_dsig *dsig)
{
    return dsig->key_info;
}

const sph_xml_node *sph_dsig_object(const sph_dsig *dsig)
{
    return dsig->object;
}

sph_rc sph_dsig_verify(const sph_dsig *dsig, const sph_pubkey *key, sph_err *err)
{
    if (!key || sph_pubkey_kind_of(key) != dsig->kind)
        return sph_fail(err, SPH_EPROOF, "key of another kind than SignatureMethod");
    SPH_AUTO(sph_buf) canonical = sph_buf_init(CANONICAL_CAP);
    SPH_TRY(sph_xml_c14n(dsig->signed_info, dsig->prefix_list, NULL, &canonical, err), err,
            "SignedInfo");
    return sph_pubkey_verify(key, sph_buf_peek(&canonical), sph_buf_peek(&dsig->value), err);
}

static bool is_below(const sph_xml_node *node, const sph_xml_node *top)
{
    while (node && node != top)
        node = sph_xml_parent(node);
    return node != NULL;
}

sph_rc sph_dsig_check_node(const sph_dsig_ref *ref, const sph_xml_node *node,
                           const sph_xml_node *omit, sph_err *err)
{
    const bool enveloped = ref->transform == SPH_TRANSFORM_ENVELOPED_EXC_C14N;
    if (!node || ref->transform == SPH_TRANSFORM_SWA_CONTENT)
        return sph_fail(err, SPH_EARG, "reference is not to an element");
    if (enveloped && (node == omit || !omit || !is_below(omit, node)))
        return sph_fail(err, SPH_EPROOF, "signature is not inside the signed element");
    SPH_AUTO(sph_buf) canonical = sph_buf_init(CANONICAL_CAP);
    SPH_TRY(sph_xml_c14n(node, ref->prefix_list, enveloped ? omit : NULL, &canonical, err), err,
            "signed element");
    const sph_hash digest = sph_sha256_of(sph_buf_peek(&canonical));
    if (!sph_equal_ct(sph_slice_hash(&digest), sph_slice_hash(&ref->digest)))
        return sph_fail(err, SPH_EPROOF, "digest of the signed element differs");
    return sph_ok();
}
