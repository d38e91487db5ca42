#include "packet/signature.h"

#include "base/codec.h"
#include "crypto/digest.h"
#include "packet/packet_impl.h"
#include "packet/signature_names.h"
#include "xml/dsig.h"

#define PROPERTIES_CAP 8192

const struct sph_xml_prefix sph_packet_prefixes[] = {
    {"", SPH_NS_PACKET}, {"ds", SPH_NS_DS}, {"xades", SPH_NS_XADES}, {NULL, NULL}};

static void write_digest(sph_xml_writer *w, const sph_hash *digest)
{
    sph_xml_open(w, "ds:DigestMethod");
    sph_xml_set(w, "Algorithm", SPH_ALG_SHA256);
    sph_xml_close(w);
    sph_xml_leaf_base64(w, "ds:DigestValue", sph_slice_hash(digest));
}

static void write_cert(sph_xml_writer *w, const sph_cert *cert)
{
    const sph_hash digest = sph_cert_sha256(cert);
    sph_xml_open(w, "xades:Cert");
    sph_xml_open(w, "xades:CertDigest");
    write_digest(w, &digest);
    sph_xml_close(w);
    sph_xml_close(w);
}

static void write_signature_properties(sph_xml_writer *w, const struct sph_packet_signer *signer,
                                       const char *time)
{
    sph_xml_open(w, "xades:SignedSignatureProperties");
    sph_xml_leaf(w, "xades:SigningTime", time);
    sph_xml_open(w, "xades:SigningCertificateV2");
    write_cert(w, signer->leaf);
    write_cert(w, signer->root);
    sph_xml_close(w);
    sph_xml_close(w);
}

static void write_object_properties(sph_xml_writer *w)
{
    sph_xml_open(w, "xades:SignedDataObjectProperties");
    sph_xml_open(w, "xades:DataObjectFormat");
    sph_xml_set(w, "ObjectReference", "#" SPH_SIG_REF_ID);
    sph_xml_leaf(w, "xades:MimeType", SPH_SIG_MIME);
    sph_xml_close(w);
    sph_xml_close(w);
}

/* In a buffer of its own: SignedInfo needs its digest and stands before it. */
static sph_rc write_properties(const struct sph_packet_signer *signer, int64_t now_ms, sph_buf *out,
                               sph_err *err)
{
    char time[SPH_TIME_TEXT];
    SPH_AUTO_PTR(sph_xml_writer) *w = NULL;
    SPH_TRY(sph_time_format(now_ms, false, time, err), err, "signing time");
    SPH_TRY(sph_xml_writer_new(sph_packet_prefixes, out, &w, err), err, "signed properties");
    sph_xml_open(w, "xades:SignedProperties");
    sph_xml_set(w, "Id", SPH_SIG_PROPERTIES_ID);
    write_signature_properties(w, signer, time);
    write_object_properties(w);
    sph_xml_close(w);
    return sph_xml_writer_end(w, err);
}

static void write_rest(sph_xml_writer *w, const struct sph_packet_signer *signer,
                       sph_slice properties)
{
    sph_xml_open(w, "ds:KeyInfo");
    sph_xml_open(w, "ds:X509Data");
    sph_xml_leaf_base64(w, "ds:X509Certificate", sph_cert_peek_der(signer->leaf));
    sph_xml_close(w);
    sph_xml_close(w);
    sph_xml_open(w, "ds:Object");
    sph_xml_open(w, "xades:QualifyingProperties");
    sph_xml_set(w, "Target", "#" SPH_SIG_ID);
    sph_xml_raw(w, properties);
    sph_xml_close(w);
    sph_xml_close(w);
}

sph_rc sph_signature_write(sph_xml_writer *w, sph_buf *out, size_t start,
                           const struct sph_packet_signer *signer, int64_t now_ms, sph_err *err)
{
    SPH_AUTO(sph_buf) properties = sph_buf_init(PROPERTIES_CAP);
    SPH_TRY(write_properties(signer, now_ms, &properties, err), err, "signed properties");
    if (sph_xml_writer_failed(w))
        return sph_xml_writer_end(w, err);
    /* The document without its signature is what stands here, then the end tag. */
    const sph_slice document[] = {sph_slice_sub(sph_buf_peek(out), start, out->len - start),
                                  SPH_LIT("</Packet>")};
    const sph_dsig_ref refs[] = {
        {.uri = "",
         .id = SPH_SIG_REF_ID,
         .transform = SPH_TRANSFORM_ENVELOPED_EXC_C14N,
         .digest = sph_sha256_of_parts(document, 2)},
        {.uri = "#" SPH_SIG_PROPERTIES_ID,
         .type = SPH_SIG_PROPERTIES_TYPE,
         .transform = SPH_TRANSFORM_EXC_C14N,
         .digest = sph_sha256_of(sph_buf_peek(&properties))},
    };
    sph_xml_open(w, "ds:Signature");
    sph_xml_set(w, "Id", SPH_SIG_ID);
    SPH_TRY(sph_dsig_write(w, out, refs, 2, signer->key, err), err, "signature");
    write_rest(w, signer, sph_buf_peek(&properties));
    sph_xml_close(w);
    sph_xml_close(w);
    return sph_xml_writer_end(w, err);
}
