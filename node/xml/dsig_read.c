#include "xml/dsig_parts.h"

#include "base/limits.h"
#include "xml/closed_shape.h"

static bool equals(const char *a, const char *b)
{
    return sph_slice_is(sph_slice_str(a), b);
}

/* The exclusive C14N algorithm element with at most an InclusiveNamespaces inside. */
static sph_rc read_c14n(const sph_xml_node *node, const char **prefix_list, sph_err *err)
{
    const char *uri;
    const sph_xml_node *inclusive;
    SPH_TRY(sph_shape_algorithm(node, &uri, err), err, "canonicalization");
    if (!equals(uri, SPH_ALG_EXC_C14N))
        return sph_fail(err, SPH_EUNSUPPORTED, "canonicalization, line %u", sph_xml_line(node));
    SPH_TRY(sph_shape_children(
                node, SPH_SHAPE({SPH_NS_EC, "InclusiveNamespaces", true, &inclusive}), err),
            err, "canonicalization");
    *prefix_list = NULL;
    if (!inclusive)
        return sph_ok();
    SPH_TRY(sph_shape_attributes(inclusive, (const char *const[]){"PrefixList", NULL}, err), err,
            "InclusiveNamespaces");
    *prefix_list = sph_xml_attr(inclusive, NULL, "PrefixList");
    if (!*prefix_list || !sph_xml_is_empty(inclusive))
        return sph_fail(err, SPH_EPARSE, "InclusiveNamespaces");
    return sph_ok();
}

static sph_rc read_method(const sph_xml_node *node, enum sph_key_kind *kind, sph_err *err)
{
    static const struct {
        const char *uri;
        enum sph_key_kind kind;
    } known[] = {{SPH_ALG_ED25519, SPH_KEY_ED25519},
                 {SPH_ALG_ECDSA_SHA256, SPH_KEY_P256},
                 {SPH_ALG_RSA_SHA256, SPH_KEY_RSA3072}};
    const char *uri;
    SPH_TRY(sph_shape_algorithm(node, &uri, err), err, "SignatureMethod");
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        if (!equals(uri, known[i].uri))
            continue;
        if (!sph_xml_is_empty(node)) /* no HMACOutputLength, no parameters (S-19) */
            return sph_fail(err, SPH_EPARSE, "parameters of SignatureMethod");
        *kind = known[i].kind;
        return sph_ok();
    }
    return sph_fail(err, SPH_EUNSUPPORTED, "SignatureMethod");
}

/* S-17: one transform, or enveloped-signature before exclusive C14N; nothing else is ever run. */
static sph_rc read_transforms(const sph_xml_node *node, sph_dsig_ref *ref, sph_err *err)
{
    const sph_xml_node *first, *second;
    SPH_TRY(sph_shape_attributes(node, (const char *const[]){NULL}, err), err, "Transforms");
    SPH_TRY(sph_shape_children(node,
                               SPH_SHAPE({SPH_NS_DS, "Transform", false, &first},
                                         {SPH_NS_DS, "Transform", true, &second}),
                               err),
            err, "Transforms");
    const char *uri;
    SPH_TRY(sph_shape_algorithm(first, &uri, err), err, "Transform");
    if (second) {
        SPH_TRY(sph_shape_empty_algorithm(first, SPH_ALG_ENVELOPED, err), err, "first Transform");
        ref->transform = SPH_TRANSFORM_ENVELOPED_EXC_C14N;
        return read_c14n(second, &ref->prefix_list, err);
    }
    if (equals(uri, SPH_ALG_SWA_CONTENT)) {
        ref->transform = SPH_TRANSFORM_SWA_CONTENT;
        return sph_shape_empty_algorithm(first, SPH_ALG_SWA_CONTENT, err);
    }
    ref->transform = SPH_TRANSFORM_EXC_C14N;
    return read_c14n(first, &ref->prefix_list, err);
}

static sph_rc read_digest(const sph_xml_node *node, sph_hash *out, sph_err *err)
{
    SPH_AUTO(sph_buf) octets = sph_buf_init(0);
    SPH_TRY(sph_shape_attributes(node, (const char *const[]){NULL}, err), err, "DigestValue");
    SPH_TRY(sph_shape_base64(node, sizeof(out->at), &octets, err), err, "DigestValue");
    if (octets.len != sizeof(out->at))
        return sph_fail(err, SPH_EPARSE, "DigestValue of %zu octets", octets.len);
    return sph_bytes_copy(out->at, sizeof(out->at), sph_buf_peek(&octets), err);
}

static sph_rc read_ref(const sph_xml_node *node, sph_dsig_ref *ref, sph_err *err)
{
    const sph_xml_node *transforms, *method, *value;
    SPH_TRY(sph_shape_attributes(node, (const char *const[]){"Id", "Type", "URI", NULL}, err), err,
            "Reference");
    SPH_TRY(sph_shape_children(node,
                               SPH_SHAPE({SPH_NS_DS, "Transforms", false, &transforms},
                                         {SPH_NS_DS, "DigestMethod", false, &method},
                                         {SPH_NS_DS, "DigestValue", false, &value}),
                               err),
            err, "Reference");
    ref->node = node;
    ref->uri = sph_xml_attr(node, NULL, "URI");
    ref->id = sph_xml_attr(node, NULL, "Id");
    ref->type = sph_xml_attr(node, NULL, "Type");
    if (!ref->uri)
        return sph_fail(err, SPH_EPARSE, "Reference without URI");
    SPH_TRY(read_transforms(transforms, ref, err), err, "Reference");
    SPH_TRY(sph_shape_empty_algorithm(method, SPH_ALG_SHA256, err), err, "DigestMethod");
    return read_digest(value, &ref->digest, err);
}

/* Everything after the two methods is a Reference. */
static sph_rc read_refs(sph_dsig *dsig, const sph_xml_node *first, size_t max_refs, sph_err *err)
{
    size_t count = 0;
    for (const sph_xml_node *at = first; at; at = sph_xml_next(at)) {
        if (!sph_xml_is(at, SPH_NS_DS, "Reference"))
            return sph_fail(err, SPH_EPARSE, "SignedInfo holds more than References");
        if (++count > max_refs)
            return sph_fail(err, SPH_ELIMIT, "more than %zu References", max_refs);
    }
    if (count == 0)
        return sph_fail(err, SPH_EPARSE, "no Reference");
    dsig->refs = sph_mem_new(count, sizeof(*dsig->refs));
    if (!dsig->refs)
        return sph_fail(err, SPH_ENOMEM, "References");
    for (const sph_xml_node *at = first; at; at = sph_xml_next(at)) {
        SPH_TRY(read_ref(at, &dsig->refs[dsig->ref_count], err), err, "Reference %zu",
                dsig->ref_count + 1);
        dsig->ref_count++;
    }
    return sph_ok();
}

static sph_rc read_signed_info(sph_dsig *dsig, size_t max_refs, sph_err *err)
{
    const sph_xml_node *node = dsig->signed_info;
    SPH_TRY(sph_shape_attributes(node, (const char *const[]){"Id", NULL}, err), err, "SignedInfo");
    if (!sph_xml_has_only_elements(node))
        return sph_fail(err, SPH_EPARSE, "text in SignedInfo");
    const sph_xml_node *c14n = sph_xml_first(node), *method = sph_xml_next(c14n);
    if (!sph_xml_is(c14n, SPH_NS_DS, "CanonicalizationMethod") ||
        !sph_xml_is(method, SPH_NS_DS, "SignatureMethod"))
        return sph_fail(err, SPH_EPARSE, "order of SignedInfo");
    SPH_TRY(read_c14n(c14n, &dsig->prefix_list, err), err, "SignedInfo");
    SPH_TRY(read_method(method, &dsig->kind, err), err, "SignedInfo");
    return read_refs(dsig, sph_xml_next(method), max_refs, err);
}

/* S-06: exactly one SignedInfo, one SignatureValue, one KeyInfo; an Object only where allowed. */
static sph_rc read_signature(sph_dsig *dsig, const sph_xml_node *node, bool allow_object,
                             sph_err *err)
{
    const sph_xml_node *value;
    if (!sph_xml_is(node, SPH_NS_DS, "Signature"))
        return sph_fail(err, SPH_EPARSE, "no ds:Signature");
    SPH_TRY(sph_shape_plain(node, err), err, "Signature");
    SPH_TRY(sph_shape_attributes(node, (const char *const[]){"Id", NULL}, err), err, "Signature");
    const struct sph_shape_child children[] = {
        {SPH_NS_DS, "SignedInfo", false, &dsig->signed_info},
        {SPH_NS_DS, "SignatureValue", false, &value},
        {SPH_NS_DS, "KeyInfo", false, &dsig->key_info},
        {SPH_NS_DS, "Object", true, &dsig->object},
    };
    SPH_TRY(sph_shape_children(node, children, allow_object ? 4 : 3, err), err, "Signature");
    SPH_TRY(sph_shape_attributes(value, (const char *const[]){"Id", NULL}, err), err,
            "SignatureValue");
    return sph_shape_base64(value, SPH_DSIG_VALUE_MAX, &dsig->value, err);
}

sph_rc sph_dsig_read(const sph_xml_node *signature, size_t max_refs, bool allow_object,
                     sph_dsig **out, sph_err *err)
{
    SPH_AUTO_PTR(sph_dsig) *dsig = sph_mem_new(1, sizeof(*dsig));
    if (!dsig)
        return sph_fail(err, SPH_ENOMEM, "signature");
    SPH_TRY(read_signature(dsig, signature, allow_object, err), err, "reading a signature");
    SPH_TRY(read_signed_info(dsig, max_refs, err), err, "reading a signature");
    *out = sph_move(dsig);
    return sph_ok();
}

void sph_dsig_free(sph_dsig **dsig)
{
    if (!dsig || !*dsig)
        return;
    sph_buf_clear(&(*dsig)->value);
    sph_mem_free((*dsig)->refs);
    sph_mem_free(*dsig);
    *dsig = NULL;
}
