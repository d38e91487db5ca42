#include "xml/dsig.h"

static const char *signature_method(enum sph_key_kind kind)
{
    switch (kind) {
    case SPH_KEY_ED25519:
        return SPH_ALG_ED25519;
    case SPH_KEY_P256:
        return SPH_ALG_ECDSA_SHA256;
    case SPH_KEY_RSA3072:
        return SPH_ALG_RSA_SHA256;
    case SPH_KEY_X25519:
        break;
    }
    return NULL;
}

static void write_algorithm(sph_xml_writer *w, const char *qname, const char *uri)
{
    sph_xml_open(w, qname);
    sph_xml_set(w, "Algorithm", uri);
    sph_xml_close(w);
}

static void write_c14n(sph_xml_writer *w, const char *qname, const char *prefix_list)
{
    sph_xml_open(w, qname);
    sph_xml_set(w, "Algorithm", SPH_ALG_EXC_C14N);
    if (prefix_list) {
        sph_xml_open(w, "ec:InclusiveNamespaces");
        sph_xml_set(w, "PrefixList", prefix_list);
        sph_xml_close(w);
    }
    sph_xml_close(w);
}

static void write_ref(sph_xml_writer *w, const sph_dsig_ref *ref)
{
    sph_xml_open(w, "ds:Reference");
    sph_xml_set(w, "Id", ref->id);
    sph_xml_set(w, "Type", ref->type);
    sph_xml_set(w, "URI", ref->uri);
    sph_xml_open(w, "ds:Transforms");
    if (ref->transform == SPH_TRANSFORM_SWA_CONTENT)
        write_algorithm(w, "ds:Transform", SPH_ALG_SWA_CONTENT);
    if (ref->transform == SPH_TRANSFORM_ENVELOPED_EXC_C14N)
        write_algorithm(w, "ds:Transform", SPH_ALG_ENVELOPED);
    if (ref->transform != SPH_TRANSFORM_SWA_CONTENT)
        write_c14n(w, "ds:Transform", ref->prefix_list);
    sph_xml_close(w);
    write_algorithm(w, "ds:DigestMethod", SPH_ALG_SHA256);
    sph_xml_leaf_base64(w, "ds:DigestValue", sph_slice_hash(&ref->digest));
    sph_xml_close(w);
}

sph_rc sph_dsig_write(sph_xml_writer *w, sph_buf *out, const sph_dsig_ref *refs, size_t count,
                      const sph_key *signer, sph_err *err)
{
    const char *method = signature_method(sph_key_kind_of(signer));
    if (!method || count == 0)
        return sph_fail(err, SPH_EARG, "a signature needs a signing key and a reference");
    sph_xml_fragment(w);
    const size_t start = out->len;
    sph_xml_open(w, "ds:SignedInfo");
    write_c14n(w, "ds:CanonicalizationMethod", NULL);
    write_algorithm(w, "ds:SignatureMethod", method);
    for (size_t i = 0; i < count; i++)
        write_ref(w, &refs[i]);
    sph_xml_close(w);
    if (sph_xml_writer_failed(w))
        return sph_xml_writer_end(w, err);
    SPH_AUTO(sph_buf) value = sph_buf_init(1024);
    const sph_slice signed_info = sph_slice_sub(sph_buf_peek(out), start, out->len - start);
    SPH_TRY(sph_key_sign(signer, signed_info, &value, err), err, "signing SignedInfo");
    sph_xml_leaf_base64(w, "ds:SignatureValue", sph_buf_peek(&value));
    return sph_xml_writer_failed(w) ? sph_xml_writer_end(w, err) : sph_ok();
}
