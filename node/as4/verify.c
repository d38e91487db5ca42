#include "as4/token.h"
#include "as4/wss.h"

/** What the walk over the references finds; handed to `in` only when everything holds. */
struct found {
    const sph_dsig_ref *messaging, *body;
    bool seen[MAX_PARTS];
    sph_hash digest_of[MAX_PARTS];
    sph_as4_refs refs;
};

/** as4.md 8.1: the reference must lead to the very node, not to one of that name elsewhere. */
static sph_rc take_node(const sph_as4_in *in, const sph_dsig_ref *ref, struct found *found,
                        sph_as4_fault *fault, sph_err *err)
{
    const sph_xml_node *node = sph_xml_ids_find(in->ids, ref->uri + 1);
    const sph_dsig_ref **place = NULL;
    if (node != NULL && node == in->messaging)
        place = &found->messaging;
    else if (node != NULL && node == in->body)
        place = &found->body;
    if (place == NULL || ref->transform != SPH_TRANSFORM_EXC_C14N)
        return sph_as4_refuse(SPH_AS4_DSIG_WRONG_NODE, fault, err, NULL);
    if (*place != NULL)
        return sph_as4_refuse(SPH_AS4_DSIG_REPEATED, fault, err, NULL);
    *place = ref;
    return sph_ok();
}

static sph_rc take_part(const sph_as4_in *in, const sph_dsig_ref *ref, struct found *found,
                        sph_as4_fault *fault, sph_err *err)
{
    char cid[256];
    SPH_TRY(
        sph_as4_blame(sph_as4_cid_of_uri(ref->uri, cid, err), SPH_AS4_DSIG_WRONG_NODE, fault, err),
        err, "reference");
    const size_t part = sph_as4_part_of_cid(in, cid);
    if (part == SIZE_MAX)
        return sph_as4_refuse(SPH_AS4_DSIG_FOREIGN_CID, fault, err, NULL);
    if (ref->transform != SPH_TRANSFORM_SWA_CONTENT)
        return sph_as4_refuse(SPH_AS4_DSIG_ALGORITHM, fault, err, "transform of a part");
    if (found->seen[part])
        return sph_as4_refuse(SPH_AS4_DSIG_REPEATED, fault, err, "part %zu", part + 1);
    found->seen[part] = true;
    found->digest_of[part] = ref->digest;
    return sph_ok();
}

/** The reference set must be exactly Messaging, Body and every part (security.md 2.5). */
static sph_rc match_references(const sph_as4_in *in, const sph_dsig *dsig, struct found *found,
                               sph_as4_fault *fault, sph_err *err)
{
    for (size_t i = 0; i < sph_dsig_ref_count(dsig); i++) {
        const sph_dsig_ref *ref = sph_dsig_ref_at(dsig, i);
        if (ref->uri[0] == '#')
            SPH_TRY(take_node(in, ref, found, fault, err), err, "reference %zu", i + 1);
        else
            SPH_TRY(take_part(in, ref, found, fault, err), err, "reference %zu", i + 1);
        const sph_rc rc =
            sph_as4_ref_make(ref->uri, &ref->digest, &found->refs.ref[found->refs.count], err);
        SPH_TRY(sph_as4_blame(rc, SPH_AS4_DSIG_WRONG_NODE, fault, err), err, "reference %zu",
                i + 1);
        found->refs.count++;
    }
    if (found->messaging == NULL || found->body == NULL)
        return sph_as4_refuse(SPH_AS4_DSIG_HEADER_UNSIGNED, fault, err, NULL);
    for (size_t i = 0; i < in->user.part_count; i++)
        if (!found->seen[i])
            return sph_as4_refuse(SPH_AS4_DSIG_PART_UNSIGNED, fault, err, "part %zu", i + 1);
    return sph_ok();
}

static sph_rc read_signature(const sph_as4_in *in, const struct sph_wss *wss, enum sph_suite suite,
                             sph_dsig **out, sph_as4_fault *fault, sph_err *err)
{
    SPH_AUTO_PTR(sph_dsig) *dsig = NULL;
    const size_t max =
        in->limits->references < MAX_PARTS + 2 ? in->limits->references : MAX_PARTS + 2;
    const sph_rc rc = sph_dsig_read(wss->signature, max, false, &dsig, err);
    const bool is_algorithm = rc.code == SPH_EUNSUPPORTED;
    SPH_TRY(
        sph_as4_blame(rc, is_algorithm ? SPH_AS4_DSIG_ALGORITHM : SPH_AS4_DSIG_SHAPE, fault, err),
        err, "ds:Signature");
    if (sph_dsig_key_kind(dsig) != sph_suite_sign_kind(suite))
        return sph_as4_refuse(SPH_AS4_DSIG_ALGORITHM, fault, err, "SignatureMethod");
    *out = sph_move(dsig);
    return sph_ok();
}

static const sph_cert *find_named(const sph_as4_token_in *token, const sph_cert *const *certs,
                                  size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (sph_as4_token_names(token, certs[i]))
            return certs[i];
    return NULL;
}

/** The one certificate that KeyInfo names: carried in the message, or among the party's known ones.
 */
static sph_rc resolve_signer(const sph_as4_in *in, const sph_dsig *dsig, const sph_as4_trust *trust,
                             sph_cert **out, sph_as4_fault *fault, sph_err *err)
{
    const sph_xml_node *key_info = sph_dsig_key_info(dsig);
    const sph_xml_node *reference = sph_xml_first(key_info);
    if (sph_xml_child_count(key_info) != 1 || !sph_xml_has_only_elements(key_info)) /* S-20 */
        return sph_as4_refuse(SPH_AS4_TOKEN_SHAPE, fault, err, "KeyInfo");
    SPH_AUTO(sph_as4_token_in) token = {0};
    SPH_TRY(sph_as4_blame(sph_as4_token_read(reference, in->ids, in->security,
                                             trust->accepts_legacy_refs, &token, err),
                          SPH_AS4_TOKEN_CERT, fault, err),
            err, "signer's token");
    const sph_cert *held = find_named(&token, trust->known, trust->known_count);
    if (held == NULL && trust->is_foreign)
        held = find_named(&token, trust->pinned, trust->pinned_count);
    if (held != NULL) {
        *out = sph_cert_ref(held);
        return sph_ok();
    }
    SPH_TRY(sph_as4_blame(sph_as4_token_cert(&token, out, err), SPH_AS4_TOKEN_CERT, fault, err),
            err, "signer's certificate");
    return *out != NULL ? sph_ok() : sph_as4_refuse(SPH_AS4_TOKEN_UNKNOWN, fault, err, NULL);
}

static sph_rc check_trust(const sph_cert *signer, const sph_as4_trust *trust, sph_err *err)
{
    if (trust->is_foreign)
        return sph_cert_check_foreign(signer, trust->pinned, trust->pinned_count, trust->ca,
                                      SPH_USE_SIGN, trust->at_ms, trust->crl, err);
    return sph_cert_check(signer, trust->root, trust->party, SPH_USE_SIGN, trust->at_ms, trust->crl,
                          err);
}

/** as4.md 8.6: whatever does not fit here, also a good signature of another party, is 0101. */
static sph_rc check_signer(const sph_as4_in *in, const sph_cert *signer, const sph_as4_trust *trust,
                           sph_as4_fault *fault, sph_err *err)
{
    SPH_TRY(sph_as4_blame(check_trust(signer, trust, err), SPH_AS4_SIGNER, fault, err), err,
            "signer's certificate");
    if (in->kind == SPH_AS4_USER && strcmp(in->user.from, trust->party) != 0)
        return sph_as4_refuse(SPH_AS4_SIGNER_PARTY, fault, err, NULL);
    const sph_pubkey *key = sph_cert_peek_key(signer);
    if (key == NULL || sph_pubkey_kind_of(key) != sph_suite_sign_kind(trust->suite))
        return sph_as4_refuse(SPH_AS4_SIGNER_KEY, fault, err, NULL);
    return sph_ok();
}

/** as4.md 5.3: a part without CompressionType passes only where the P-Mode lets it. */
static sph_rc check_compression(const sph_as4_in *in, const sph_as4_trust *trust,
                                sph_as4_fault *fault, sph_err *err)
{
    for (size_t i = 0; i < in->user.part_count; i++)
        if (!in->user.part[i].is_gzip && !trust->accepts_plain)
            return sph_as4_refuse(SPH_AS4_PART_COMPRESSION, fault, err,
                                  "part %zu has no CompressionType", i + 1);
    return sph_ok();
}

static sph_rc check_values(const sph_as4_in *in, const sph_dsig *dsig, const sph_cert *signer,
                           const struct found *found, sph_as4_fault *fault, sph_err *err)
{
    SPH_TRY(sph_as4_blame(sph_dsig_verify(dsig, sph_cert_peek_key(signer), err), SPH_AS4_SIGNATURE,
                          fault, err),
            err, "SignatureValue");
    SPH_TRY(sph_as4_blame(sph_dsig_check_node(found->messaging, in->messaging, NULL, err),
                          SPH_AS4_DIGEST, fault, err),
            err, "digest of Messaging");
    return sph_as4_blame(sph_dsig_check_node(found->body, in->body, NULL, err), SPH_AS4_DIGEST,
                         fault, err);
}

static void accept(sph_as4_in *in, const struct found *found, const struct sph_wss *wss,
                   const sph_as4_trust *trust)
{
    in->refs = found->refs;
    for (size_t i = 0; i < MAX_PARTS; i++) {
        in->digest_of[i] = found->digest_of[i];
        in->form_of[i] = wss->form_of[i];
    }
    in->suite = trust->suite;
    in->accepts_legacy_refs = trust->accepts_legacy_refs;
    in->is_foreign = trust->is_foreign;
    in->is_verified = true;
}

sph_rc sph_as4_verify(sph_as4_in *in, const sph_as4_trust *trust, sph_as4_fault *fault,
                      sph_err *err)
{
    *fault = (sph_as4_fault){0};
    if (in->is_verified)
        return sph_fail(err, SPH_EARG, "verified already");
    struct sph_wss wss;
    struct found found = {0};
    SPH_AUTO_PTR(sph_dsig) *dsig = NULL;
    SPH_AUTO_PTR(sph_cert) *signer = NULL;
    SPH_AUTO_PTR(sph_xenc_key) *key = NULL;
    SPH_TRY(sph_wss_read(in, &wss, fault, err), err, "security header");
    SPH_TRY(read_signature(in, &wss, trust->suite, &dsig, fault, err), err, "signature");
    SPH_TRY(match_references(in, dsig, &found, fault, err), err, "references");
    SPH_TRY(resolve_signer(in, dsig, trust, &signer, fault, err), err, "signer");
    SPH_TRY(check_signer(in, signer, trust, fault, err), err, "signer");
    SPH_TRY(check_values(in, dsig, signer, &found, fault, err), err, "signature");
    SPH_TRY(check_compression(in, trust, fault, err), err, "compression");
    SPH_TRY(sph_wss_check_encryption(in, &wss, trust, &key, fault, err), err, "encryption");
    accept(in, &found, &wss, trust);
    in->dsig = sph_move(dsig);
    in->signer = sph_move(signer);
    in->key = sph_move(key);
    return sph_ok();
}

const sph_as4_refs *sph_as4_in_refs(const sph_as4_in *in)
{
    return in->is_verified ? &in->refs : NULL;
}

const sph_cert *sph_as4_in_signer(const sph_as4_in *in)
{
    return in->signer;
}
