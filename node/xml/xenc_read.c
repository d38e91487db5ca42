#include "xml/xenc_parts.h"

#include "xml/closed_shape.h"
#include "xml/dsig.h"
#include "xml/xenc_algorithms.h"

#define NS_WSSE "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"
#define MOST_SALT 64
#define MOST_INFO 256
#define MOST_CIPHER 1024

static const char *const no_attributes[] = {NULL};

/* The algorithm of `node` must be `uri`; children are the caller's. */
static sph_rc expect_algorithm(const sph_xml_node *node, const char *uri, sph_err *err)
{
    const char *given;
    SPH_TRY(sph_shape_algorithm(node, &given, err), err, "algorithm");
    if (!sph_slice_is(sph_slice_str(given), uri))
        return sph_fail(err, SPH_EUNSUPPORTED, "algorithm, line %u", sph_xml_line(node));
    return sph_ok();
}

/* as4.md 6.4: both orders of DigestMethod and MGF. A missing one would mean SHA-1 (XMLEnc 1.1
 * section 5.5.2), which is refused like any other algorithm (E-03). */
static sph_rc read_oaep(const sph_xml_node *method, sph_err *err)
{
    SPH_TRY(expect_algorithm(method, SPH_ALG_RSA_OAEP, err), err, "EncryptionMethod");
    const sph_xml_node *digest = sph_xml_child(method, SPH_NS_DS, "DigestMethod");
    const sph_xml_node *mgf = sph_xml_child(method, SPH_NS_XENC11, "MGF");
    if (!digest || !mgf)
        return sph_fail(err, SPH_EUNSUPPORTED, "RSA-OAEP without its digest or mask function");
    if (sph_xml_child_count(method) != 2 || !sph_xml_has_only_elements(method))
        return sph_fail(err, SPH_EPARSE, "parameters of RSA-OAEP");
    SPH_TRY(sph_shape_empty_algorithm(digest, SPH_ALG_SHA256, err), err, "DigestMethod");
    return sph_shape_empty_algorithm(mgf, SPH_ALG_MGF1_SHA256, err);
}

static sph_rc read_transport(sph_xenc_key *key, const sph_xml_node *method,
                             const sph_xml_node *key_info, sph_err *err)
{
    SPH_TRY(read_oaep(method, err), err, "EncryptionMethod");
    return sph_shape_children(
        key_info, SPH_SHAPE({NS_WSSE, "SecurityTokenReference", false, &key->recipient}), err);
}

static sph_rc read_optional_base64(const sph_xml_node *node, size_t most, sph_buf *out,
                                   sph_err *err)
{
    if (!node)
        return sph_ok();
    SPH_TRY(sph_shape_attributes(node, no_attributes, err), err, "HKDFParams");
    return sph_shape_base64(node, most, out, err);
}

/* E-06: KeyLength is 16 and nothing else; salt and info are short. */
static sph_rc read_hkdf(sph_xenc_key *key, const sph_xml_node *params, sph_err *err)
{
    const sph_xml_node *prf, *salt, *info, *length;
    SPH_TRY(sph_shape_attributes(params, no_attributes, err), err, "HKDFParams");
    SPH_TRY(sph_shape_children(params,
                               SPH_SHAPE({SPH_NS_DSM, "PRF", false, &prf},
                                         {SPH_NS_DSM, "Salt", true, &salt},
                                         {SPH_NS_DSM, "Info", true, &info},
                                         {SPH_NS_DSM, "KeyLength", false, &length}),
                               err),
            err, "HKDFParams");
    SPH_TRY(sph_shape_empty_algorithm(prf, SPH_ALG_HMAC_SHA256, err), err, "PRF");
    SPH_TRY(read_optional_base64(salt, MOST_SALT, &key->salt, err), err, "Salt");
    SPH_TRY(read_optional_base64(info, MOST_INFO, &key->info, err), err, "Info");
    char text[8];
    SPH_TRY(sph_shape_attributes(length, no_attributes, err), err, "KeyLength");
    SPH_TRY(sph_xml_value_text(length, text, sizeof(text), err), err, "KeyLength");
    if (!sph_slice_is(sph_slice_str(text), "16"))
        return sph_fail(err, SPH_EUNSUPPORTED, "KeyLength other than 16");
    return sph_ok();
}

/* The direct child ds11:DEREncodedKeyValue: SubjectPublicKeyInfo of an X25519 key. */
static sph_rc read_x25519(sph_xenc_key *key, const sph_xml_node *node, sph_err *err)
{
    const sph_xml_node *value;
    SPH_AUTO(sph_buf) spki = sph_buf_init(0);
    SPH_TRY(sph_shape_children(node, SPH_SHAPE({SPH_NS_DS11, "DEREncodedKeyValue", false, &value}),
                               err),
            err, "OriginatorKeyInfo");
    SPH_TRY(sph_shape_attributes(value, (const char *const[]){"Id", NULL}, err), err,
            "OriginatorKeyInfo");
    SPH_TRY(sph_shape_base64(value, 44, &spki, err), err, "originator's key");
    SPH_TRY(sph_pubkey_from_spki(sph_buf_peek(&spki), &key->originator, err), err,
            "originator's key");
    if (sph_pubkey_kind_of(key->originator) != SPH_KEY_X25519)
        return sph_fail(err, SPH_EUNSUPPORTED, "originator's key is not X25519");
    return sph_ok();
}

/* Only the named curve: XMLDSig 1.1 §4.5.2.3.1 would also allow explicit parameters. */
static sph_rc check_curve(const sph_xml_node *curve, sph_err *err)
{
    SPH_TRY(sph_shape_attributes(curve, (const char *const[]){"URI", NULL}, err), err,
            "NamedCurve");
    const char *uri = sph_xml_attr(curve, NULL, "URI");
    if (!uri || !sph_xml_is_empty(curve))
        return sph_fail(err, SPH_EPARSE, "NamedCurve");
    if (!sph_slice_is(sph_slice_str(uri), SPH_URI_P256))
        return sph_fail(err, SPH_EUNSUPPORTED, "a curve that is not P-256");
    return sph_ok();
}

/* ds:KeyValue/ds11:ECKeyValue with the uncompressed point; it is checked to be on the curve. */
static sph_rc read_p256(sph_xenc_key *key, const sph_xml_node *node, sph_err *err)
{
    const sph_xml_node *value, *ec, *curve, *point;
    SPH_AUTO(sph_buf) octets = sph_buf_init(0);
    SPH_TRY(sph_shape_children(node, SPH_SHAPE({SPH_NS_DS, "KeyValue", false, &value}), err), err,
            "OriginatorKeyInfo");
    SPH_TRY(sph_shape_children(value, SPH_SHAPE({SPH_NS_DS11, "ECKeyValue", false, &ec}), err), err,
            "KeyValue");
    SPH_TRY(sph_shape_attributes(ec, (const char *const[]){"Id", NULL}, err), err, "ECKeyValue");
    SPH_TRY(sph_shape_children(ec,
                               SPH_SHAPE({SPH_NS_DS11, "NamedCurve", false, &curve},
                                         {SPH_NS_DS11, "PublicKey", false, &point}),
                               err),
            err, "ECKeyValue");
    SPH_TRY(check_curve(curve, err), err, "ECKeyValue");
    SPH_TRY(sph_shape_base64(point, SPH_P256_POINT, &octets, err), err, "originator's key");
    return sph_pubkey_from_raw(SPH_KEY_P256, sph_buf_peek(&octets), &key->originator, err);
}

static sph_rc read_originator(sph_xenc_key *key, const sph_xml_node *node, sph_err *err)
{
    SPH_TRY(sph_shape_attributes(node, no_attributes, err), err, "OriginatorKeyInfo");
    return sph_suite_encrypt_kind(key->suite) == SPH_KEY_P256 ? read_p256(key, node, err)
                                                              : read_x25519(key, node, err);
}

static sph_rc read_agreement_parts(sph_xenc_key *key, const sph_xml_node *agreement, sph_err *err)
{
    const sph_xml_node *derivation, *originator, *recipient, *params;
    SPH_TRY(sph_shape_children(agreement,
                               SPH_SHAPE({SPH_NS_XENC11, "KeyDerivationMethod", false, &derivation},
                                         {SPH_NS_XENC, "OriginatorKeyInfo", false, &originator},
                                         {SPH_NS_XENC, "RecipientKeyInfo", false, &recipient}),
                               err),
            err, "AgreementMethod");
    SPH_TRY(expect_algorithm(derivation, SPH_ALG_HKDF, err), err, "KeyDerivationMethod");
    SPH_TRY(
        sph_shape_children(derivation, SPH_SHAPE({SPH_NS_DSM, "HKDFParams", false, &params}), err),
        err, "KeyDerivationMethod");
    SPH_TRY(read_hkdf(key, params, err), err, "KeyDerivationMethod");
    SPH_TRY(read_originator(key, originator, err), err, "AgreementMethod");
    SPH_TRY(sph_shape_attributes(recipient, no_attributes, err), err, "RecipientKeyInfo");
    return sph_shape_children(
        recipient, SPH_SHAPE({NS_WSSE, "SecurityTokenReference", false, &key->recipient}), err);
}

static sph_rc read_agreement(sph_xenc_key *key, const sph_xml_node *method,
                             const sph_xml_node *key_info, sph_err *err)
{
    const sph_xml_node *agreement;
    SPH_TRY(sph_shape_empty_algorithm(method, SPH_ALG_KW_AES128, err), err, "EncryptionMethod");
    SPH_TRY(sph_shape_children(key_info,
                               SPH_SHAPE({SPH_NS_XENC, "AgreementMethod", false, &agreement}), err),
            err, "KeyInfo");
    const bool is_p256 = sph_suite_encrypt_kind(key->suite) == SPH_KEY_P256;
    SPH_TRY(expect_algorithm(agreement, is_p256 ? SPH_ALG_ECDH_ES : SPH_ALG_X25519, err), err,
            "AgreementMethod");
    return read_agreement_parts(key, agreement, err);
}

static sph_rc read_cipher(sph_xenc_key *key, const sph_xml_node *data, sph_err *err)
{
    const sph_xml_node *value;
    SPH_TRY(sph_shape_attributes(data, no_attributes, err), err, "CipherData");
    SPH_TRY(sph_shape_children(data, SPH_SHAPE({SPH_NS_XENC, "CipherValue", false, &value}), err),
            err, "CipherData");
    SPH_TRY(sph_shape_attributes(value, no_attributes, err), err, "CipherValue");
    return sph_shape_base64(value, MOST_CIPHER, &key->cipher, err);
}

static sph_rc read_ref(const sph_xml_node *node, const char **out, sph_err *err)
{
    SPH_TRY(sph_shape_attributes(node, (const char *const[]){"URI", NULL}, err), err,
            "DataReference");
    const char *uri = sph_xml_attr(node, NULL, "URI");
    if (!sph_xml_is(node, SPH_NS_XENC, "DataReference") || !sph_xml_is_empty(node) || !uri ||
        uri[0] != '#' || !uri[1])
        return sph_fail(err, SPH_EPARSE, "DataReference");
    *out = uri + 1;
    return sph_ok();
}

static sph_rc read_refs(sph_xenc_key *key, const sph_xml_node *list, size_t max_refs, sph_err *err)
{
    const size_t count = sph_xml_child_count(list);
    if (count > max_refs)
        return sph_fail(err, SPH_ELIMIT, "%zu DataReferences, limit %zu", count, max_refs);
    if (count == 0)
        return sph_ok();
    if (!sph_xml_has_only_elements(list))
        return sph_fail(err, SPH_EPARSE, "text in ReferenceList");
    SPH_TRY(sph_shape_attributes(list, no_attributes, err), err, "ReferenceList");
    key->refs = sph_mem_new(count, sizeof(*key->refs));
    if (!key->refs)
        return sph_fail(err, SPH_ENOMEM, "DataReferences");
    for (const sph_xml_node *at = sph_xml_first(list); at; at = sph_xml_next(at), key->ref_count++)
        SPH_TRY(read_ref(at, &key->refs[key->ref_count], err), err, "ReferenceList");
    return sph_ok();
}

static sph_rc read_key(sph_xenc_key *key, const sph_xml_node *node, size_t max_refs, sph_err *err)
{
    const sph_xml_node *method, *key_info, *data, *list;
    if (!sph_xml_is(node, SPH_NS_XENC, "EncryptedKey"))
        return sph_fail(err, SPH_EPARSE, "no xenc:EncryptedKey");
    SPH_TRY(sph_shape_plain(node, err), err, "EncryptedKey");
    SPH_TRY(sph_shape_children(node,
                               SPH_SHAPE({SPH_NS_XENC, "EncryptionMethod", false, &method},
                                         {SPH_NS_DS, "KeyInfo", false, &key_info},
                                         {SPH_NS_XENC, "CipherData", false, &data},
                                         {SPH_NS_XENC, "ReferenceList", true, &list}),
                               err),
            err, "EncryptedKey");
    if (key->suite == SPH_SUITE_EDELIVERY_1_15)
        SPH_TRY(read_transport(key, method, key_info, err), err, "EncryptedKey");
    else
        SPH_TRY(read_agreement(key, method, key_info, err), err, "EncryptedKey");
    SPH_TRY(read_cipher(key, data, err), err, "EncryptedKey");
    return read_refs(key, list, max_refs, err);
}

sph_rc sph_xenc_key_read(const sph_xml_node *encrypted_key, enum sph_suite suite, size_t max_refs,
                         sph_xenc_key **out, sph_err *err)
{
    SPH_AUTO_PTR(sph_xenc_key) *key = sph_mem_new(1, sizeof(*key));
    if (!key)
        return sph_fail(err, SPH_ENOMEM, "EncryptedKey");
    key->suite = suite;
    SPH_TRY(read_key(key, encrypted_key, max_refs, err), err, "reading an EncryptedKey");
    *out = sph_move(key);
    return sph_ok();
}

void sph_xenc_key_free(sph_xenc_key **key)
{
    if (!key || !*key)
        return;
    sph_pubkey_free(&(*key)->originator);
    sph_buf_clear(&(*key)->salt);
    sph_buf_clear(&(*key)->info);
    sph_buf_clear(&(*key)->cipher);
    sph_mem_free((*key)->refs);
    sph_mem_free(*key);
    *key = NULL;
}
