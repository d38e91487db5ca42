#include "packet/signature.h"

#include "base/codec.h"
#include "crypto/digest.h"
#include "packet/packet_impl.h"
#include "packet/signature_names.h"
#include "xml/dsig.h"

#define CERT_CAP 16384

/* The pieces, by their fixed positions: nothing is looked up by an id (no wrapping). */
struct pieces {
    const sph_xml_node *root, *signature, *properties;
    const sph_xml_node *signature_properties, *object_properties;
    sph_dsig *dsig;
    sph_cert *leaf;
};

static void pieces_clear(struct pieces *pieces)
{
    sph_dsig_free(&pieces->dsig);
    sph_cert_free(&pieces->leaf);
}

static sph_rc refuse(sph_findings *findings, const char *key, unsigned line, sph_err *err)
{
    sph_finding_add(findings, "SIG", line, key, "Signature", "");
    return sph_fail(err, SPH_EPROOF, "%s", key);
}

/* The same, unless memory ran out: that says nothing about the packet. */
static sph_rc refuse_for(sph_rc rc, sph_findings *findings, const char *key, unsigned line,
                         sph_err *err)
{
    return rc.code == SPH_ENOMEM ? sph_failed(rc) : refuse(findings, key, line, err);
}

/* Exactly one ds:Signature child, and it is the last. */
static sph_rc find_signature(const sph_xml *doc, struct pieces *to, sph_err *err)
{
    to->root = sph_xml_root(doc);
    if (!sph_xml_is(to->root, SPH_NS_PACKET, "Packet"))
        return sph_fail(err, SPH_EPARSE, "root element");
    SPH_TRY(sph_xml_only(to->root, SPH_NS_DS, "Signature", &to->signature, err), err, "signature");
    if (sph_xml_next(to->signature))
        return sph_fail(err, SPH_EPARSE, "the signature is not last");
    return sph_ok();
}

static sph_rc only_child(const sph_xml_node *node, const char *ns, const char *name,
                         const sph_xml_node **out, sph_err *err)
{
    if (sph_xml_child_count(node) != 1 || !sph_xml_has_only_elements(node))
        return sph_fail(err, SPH_EPARSE, "one element %s expected", name);
    return sph_xml_only(node, ns, name, out, err);
}

static sph_rc two_children(const sph_xml_node *node, const char *first, const char *second,
                           const sph_xml_node **out_first, const sph_xml_node **out_second,
                           sph_err *err)
{
    const sph_xml_node *a = sph_xml_first(node);
    const sph_xml_node *b = sph_xml_next(a);
    if (sph_xml_child_count(node) != 2 || !sph_xml_has_only_elements(node) ||
        !sph_xml_is(a, SPH_NS_XADES, first) || !sph_xml_is(b, SPH_NS_XADES, second))
        return sph_fail(err, SPH_EPARSE, "%s and %s expected", first, second);
    *out_first = a;
    *out_second = b;
    return sph_ok();
}

static bool points_to(const char *reference, const char *id)
{
    return reference && id && *id && reference[0] == '#' && strcmp(reference + 1, id) == 0;
}

static sph_rc find_properties(struct pieces *to, sph_err *err)
{
    const sph_xml_node *qualifying = NULL;
    SPH_TRY(only_child(sph_dsig_object(to->dsig), SPH_NS_XADES, "QualifyingProperties", &qualifying,
                       err),
            err, "object");
    if (!points_to(sph_xml_attr(qualifying, NULL, "Target"),
                   sph_xml_attr(to->signature, NULL, "Id")))
        return sph_fail(err, SPH_EPARSE, "QualifyingProperties is not of this signature");
    SPH_TRY(only_child(qualifying, SPH_NS_XADES, "SignedProperties", &to->properties, err), err,
            "properties");
    return two_children(to->properties, "SignedSignatureProperties", "SignedDataObjectProperties",
                        &to->signature_properties, &to->object_properties, err);
}

static sph_rc check_references(const struct pieces *pieces, sph_err *err)
{
    if (sph_dsig_ref_count(pieces->dsig) != 2)
        return sph_fail(err, SPH_EPARSE, "two references expected");
    const sph_dsig_ref *document = sph_dsig_ref_at(pieces->dsig, 0);
    const sph_dsig_ref *properties = sph_dsig_ref_at(pieces->dsig, 1);
    if (!document->uri || document->uri[0] != '\0' || document->prefix_list ||
        document->transform != SPH_TRANSFORM_ENVELOPED_EXC_C14N)
        return sph_fail(err, SPH_EPARSE, "first reference is not to the whole document");
    if (!points_to(properties->uri, sph_xml_attr(pieces->properties, NULL, "Id")) ||
        properties->prefix_list || properties->transform != SPH_TRANSFORM_EXC_C14N ||
        !properties->type || strcmp(properties->type, SPH_SIG_PROPERTIES_TYPE) != 0)
        return sph_fail(err, SPH_EPARSE, "second reference is not to the signed properties");
    return sph_ok();
}

static sph_rc check_format(const struct pieces *pieces, sph_err *err)
{
    char mime[32];
    const sph_xml_node *format = NULL;
    const sph_xml_node *type = NULL;
    SPH_TRY(only_child(pieces->object_properties, SPH_NS_XADES, "DataObjectFormat", &format, err),
            err, "format");
    SPH_TRY(only_child(format, SPH_NS_XADES, "MimeType", &type, err), err, "format");
    SPH_TRY(sph_xml_value_text(type, mime, sizeof(mime), err), err, "format");
    if (strcmp(mime, SPH_SIG_MIME) != 0 || !points_to(sph_xml_attr(format, NULL, "ObjectReference"),
                                                      sph_dsig_ref_at(pieces->dsig, 0)->id))
        return sph_fail(err, SPH_EPARSE, "DataObjectFormat is not of the document");
    return sph_ok();
}

/* Parsing a certificate costs more than checking a signature: one that a card brought is used
 * again. */
static sph_rc parse_leaf(sph_slice der, const struct sph_signature_trust *trust, sph_cert **out,
                         sph_err *err)
{
    for (size_t i = 0; i < trust->known_count; i++)
        if (sph_slice_equal(sph_cert_peek_der(trust->known[i]), der)) {
            *out = sph_cert_ref(trust->known[i]);
            return sph_ok();
        }
    return sph_cert_parse(der, out, err);
}

static sph_rc read_leaf(struct pieces *to, const struct sph_signature_trust *trust, sph_err *err)
{
    const sph_xml_node *data = NULL;
    const sph_xml_node *node = NULL;
    SPH_AUTO(sph_buf) text = sph_buf_init(CERT_CAP * 2);
    SPH_AUTO(sph_buf) der = sph_buf_init(CERT_CAP);
    SPH_TRY(only_child(sph_dsig_key_info(to->dsig), SPH_NS_DS, "X509Data", &data, err), err,
            "KeyInfo");
    SPH_TRY(only_child(data, SPH_NS_DS, "X509Certificate", &node, err), err, "KeyInfo");
    SPH_TRY(sph_xml_value(node, &text, err), err, "certificate");
    SPH_TRY(sph_base64_decode_xml(sph_buf_peek(&text), &der, err), err, "certificate");
    return parse_leaf(sph_buf_peek(&der), trust, &to->leaf, err);
}

static sph_rc read_pieces(const sph_xml *doc, const struct sph_signature_trust *trust,
                          struct pieces *to, sph_err *err)
{
    SPH_AUTO_PTR(sph_xml_ids) *ids = NULL;
    SPH_TRY(sph_xml_ids_new(doc, &ids, err), err, "ids");
    SPH_TRY(find_signature(doc, to, err), err, "position");
    SPH_TRY(sph_dsig_read(to->signature, 2, true, &to->dsig, err), err, "form");
    SPH_TRY(find_properties(to, err), err, "signed properties");
    SPH_TRY(check_references(to, err), err, "references");
    SPH_TRY(check_format(to, err), err, "format");
    return read_leaf(to, trust, err);
}

static sph_rc check_cert_digest(const sph_xml_node *node, const sph_cert *cert, sph_err *err)
{
    char text[64];
    const sph_xml_node *digest = NULL;
    const sph_xml_node *value = NULL;
    const sph_hash hash = sph_cert_sha256(cert);
    SPH_AUTO(sph_buf) octets = sph_buf_init(64);
    SPH_TRY(only_child(node, SPH_NS_XADES, "CertDigest", &digest, err), err, "certificate digest");
    SPH_TRY(sph_xml_only(digest, SPH_NS_DS, "DigestValue", &value, err), err, "digest value");
    const char *algorithm =
        sph_xml_attr(sph_xml_child(digest, SPH_NS_DS, "DigestMethod"), NULL, "Algorithm");
    if (!algorithm || strcmp(algorithm, SPH_ALG_SHA256) != 0)
        return sph_fail(err, SPH_EUNSUPPORTED, "digest method");
    SPH_TRY(sph_xml_value_text(value, text, sizeof(text), err), err, "digest value");
    SPH_TRY(sph_base64_decode(sph_slice_str(text), &octets, err), err, "digest value");
    if (!sph_equal_ct(sph_buf_peek(&octets), sph_slice_hash(&hash)))
        return sph_fail(err, SPH_EPROOF, "the digest is of another certificate");
    return sph_ok();
}

static sph_rc check_certificates(const struct pieces *pieces, const sph_cert *root,
                                 int64_t *signing_ms, sph_err *err)
{
    char time[40];
    const sph_xml_node *at = NULL;
    const sph_xml_node *list = NULL;
    const sph_xml_node *leaf_digest = NULL;
    const sph_xml_node *root_digest = NULL;
    SPH_TRY(two_children(pieces->signature_properties, "SigningTime", "SigningCertificateV2", &at,
                         &list, err),
            err, "signature properties");
    SPH_TRY(sph_xml_value_text(at, time, sizeof(time), err), err, "signing time");
    SPH_TRY(sph_time_parse(sph_slice_str(time), signing_ms, err), err, "signing time");
    SPH_TRY(two_children(list, "Cert", "Cert", &leaf_digest, &root_digest, err), err,
            "certificates");
    SPH_TRY(check_cert_digest(leaf_digest, pieces->leaf, err), err, "leaf");
    return root ? check_cert_digest(root_digest, root, err) : sph_ok();
}

static sph_rc check_values(const struct pieces *pieces, bool is_fresh, sph_err *err)
{
    if (!is_fresh)
        SPH_TRY(sph_dsig_verify(pieces->dsig, sph_cert_peek_key(pieces->leaf), err), err, "value");
    SPH_TRY(sph_dsig_check_node(sph_dsig_ref_at(pieces->dsig, 1), pieces->properties, NULL, err),
            err, "signed properties");
    return sph_dsig_check_node(sph_dsig_ref_at(pieces->dsig, 0), pieces->root, pieces->signature,
                               err);
}

/* The certificate is one that the party's root vouches for, at the time of signing. */
static sph_rc check_path(const struct pieces *pieces, const sph_cert *root, sph_slice crl,
                         struct sph_signed *to, sph_err *err)
{
    SPH_TRY(check_certificates(pieces, root, &to->signing_ms, err), err, "certificates");
    if (!root)
        return sph_ok();
    return sph_cert_check(pieces->leaf, root, to->party, SPH_USE_SIGN, to->signing_ms, crl, err);
}

/* The signature says whose certificate it names; whether that is the issuer's is asked first, so
 * that the finding tells another party's signature from a broken one. */
static sph_rc check_signer(const struct pieces *pieces, const struct sph_signature_trust *trust,
                           sph_findings *findings, struct sph_signed *to, sph_err *err)
{
    const unsigned line = sph_xml_line(pieces->signature);
    sph_rc rc = sph_cert_party(pieces->leaf, to->party, err);
    if (rc.code != SPH_OK)
        return refuse_for(rc, findings, "packet.sig-certificate", line, err);
    if (trust->party && strcmp(trust->party, to->party) != 0)
        return refuse(findings, "packet.sig-party", line, err);
    rc = check_path(pieces, trust->root, trust->crl, to, err);
    if (rc.code != SPH_OK)
        return refuse_for(rc, findings, "packet.sig-certificate", line, err);
    rc = check_values(pieces, trust->is_fresh, err);
    if (rc.code != SPH_OK)
        return refuse_for(rc, findings, "packet.sig-changed", line, err);
    return sph_ok();
}

sph_rc sph_signature_check_trust(const sph_xml *doc, const struct sph_signature_trust *trust,
                                 sph_findings *findings, struct sph_signed *out, sph_err *err)
{
    struct sph_signed found = {.signing_ms = 0};
    __attribute__((cleanup(pieces_clear))) struct pieces pieces = {.root = NULL};
    const sph_rc rc = read_pieces(doc, trust, &pieces, err);
    if (rc.code != SPH_OK)
        return refuse_for(rc, findings, "packet.sig-form", sph_xml_line(pieces.signature), err);
    SPH_TRY(check_signer(&pieces, trust, findings, &found, err), err, "packet");
    *out = found;
    return sph_ok();
}

sph_rc sph_signature_check(const sph_xml *doc, const sph_cert *root, const char *party,
                           sph_slice crl, sph_findings *findings, struct sph_signed *out,
                           sph_err *err)
{
    const struct sph_signature_trust trust = {.root = root, .party = party, .crl = crl};
    return sph_signature_check_trust(doc, &trust, findings, out, err);
}

sph_rc sph_packet_verify_signature(sph_slice octets, const sph_cert *root,
                                   const struct sph_limits *limits, char signer[SPH_PARTY_ROOM],
                                   int64_t *signed_ms, sph_err *err)
{
    SPH_AUTO_PTR(sph_packet) *packet = NULL;
    struct sph_signed found;
    SPH_TRY(sph_packet_parse(octets, limits, NULL, &packet, err), err, "packet");
    SPH_TRY(sph_signature_check(packet->doc, root, NULL, sph_slice_of(NULL, 0), NULL, &found, err),
            err, "signature");
    const sph_xml_node *header = sph_xml_child(sph_xml_root(packet->doc), SPH_NS_PACKET, "Header");
    const char *party = sph_xml_attr(sph_xml_child(header, SPH_NS_PACKET, "issuer"), NULL, "party");
    if (!party || strcmp(party, found.party) != 0)
        return sph_fail(err, SPH_EPROOF, "the signer is not the issuer");
    *signed_ms = found.signing_ms;
    return sph_str_copy(signer, SPH_PARTY_ROOM, sph_slice_str(found.party), err);
}
