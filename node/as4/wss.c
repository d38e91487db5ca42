#include "as4/wss.h"

#include "xml/closed_shape.h"

#include <strings.h>

static sph_rc take_child(struct sph_wss *wss, const sph_xml_node *node, sph_as4_fault *fault,
                         sph_err *err)
{
    if (sph_xml_is(node, SPH_NS_DS, "Signature")) {
        if (wss->signature != NULL) /* S-09 */
            return sph_as4_refuse(SPH_AS4_NO_SIGNATURE, fault, err, "two");
        wss->signature = node;
        return sph_ok();
    }
    if (sph_xml_is(node, SPH_NS_XENC, "EncryptedKey")) {
        if (wss->encrypted_key != NULL) /* E-04 */
            return sph_as4_refuse(SPH_AS4_ENC_SHAPE, fault, err, "two EncryptedKeys");
        wss->encrypted_key = node;
        return sph_ok();
    }
    if (sph_xml_is(node, SPH_NS_XENC, "EncryptedData")) {
        if (wss->encrypted_data_count == MAX_PARTS)
            return sph_as4_refuse(SPH_AS4_ENC_SHAPE, fault, err, "too many EncryptedData");
        wss->encrypted_data[wss->encrypted_data_count++] = node;
        return sph_ok();
    }
    /* Tokens are looked at only when a reference names them; a Timestamp is not signed, so it means
     * nothing. */
    if (sph_xml_is(node, NS_WSSE, "BinarySecurityToken") || sph_xml_is(node, NS_WSU, "Timestamp"))
        return sph_ok();
    return sph_as4_refuse(SPH_AS4_WSS_CHILD, fault, err, "%.40s", sph_xml_local(node));
}

sph_rc sph_wss_read(const sph_as4_in *in, struct sph_wss *out, sph_as4_fault *fault, sph_err *err)
{
    struct sph_wss wss = {0};
    if (in->security == NULL)
        return sph_as4_refuse(SPH_AS4_NO_SECURITY, fault, err, NULL);
    for (const sph_xml_node *n = sph_xml_first(in->security); n != NULL; n = sph_xml_next(n))
        SPH_TRY(take_child(&wss, n, fault, err), err, "wsse:Security");
    if (wss.signature == NULL)
        return sph_as4_refuse(SPH_AS4_NO_SIGNATURE, fault, err, "none");
    *out = wss;
    return sph_ok();
}

/* ------------------------------------------------------------------ encrypted parts */

static bool attr_is(const sph_xml_node *node, const char *name, const char *value)
{
    const char *found = sph_xml_attr(node, NULL, name);
    return found != NULL && strcmp(found, value) == 0;
}

/** ds:KeyInfo/STR/Reference to the one EncryptedKey, by node. */
static sph_rc check_key_info(const sph_as4_in *in, const sph_xml_node *key_info,
                             const sph_xml_node *encrypted_key, sph_err *err)
{
    const sph_xml_node *str = NULL, *reference = NULL;
    SPH_TRY(sph_shape_children(key_info,
                               SPH_SHAPE({NS_WSSE, "SecurityTokenReference", false, &str}), err),
            err, "KeyInfo of EncryptedData");
    SPH_TRY(sph_shape_children(str, SPH_SHAPE({NS_WSSE, "Reference", false, &reference}), err), err,
            "SecurityTokenReference of EncryptedData");
    const char *uri = sph_xml_attr(reference, NULL, "URI");
    if (uri == NULL || uri[0] != '#' || encrypted_key == NULL ||
        sph_xml_ids_find(in->ids, uri + 1) != encrypted_key)
        return sph_fail(err, SPH_EPARSE, "EncryptedData names another key");
    return sph_ok();
}

static sph_rc read_cipher_reference(const sph_xml_node *data, const char **uri, sph_err *err)
{
    const sph_xml_node *reference = NULL, *transforms = NULL, *transform = NULL;
    SPH_TRY(sph_shape_children(data, SPH_SHAPE({SPH_NS_XENC, "CipherReference", false, &reference}),
                               err),
            err, "CipherData");
    SPH_TRY(sph_shape_children(reference,
                               SPH_SHAPE({SPH_NS_XENC, "Transforms", false, &transforms}), err),
            err, "CipherReference");
    SPH_TRY(
        sph_shape_children(transforms, SPH_SHAPE({SPH_NS_DS, "Transform", false, &transform}), err),
        err, "Transforms");
    SPH_TRY(sph_shape_empty_algorithm(transform, SWA_CIPHERTEXT, err), err, "Transform");
    *uri = sph_xml_attr(reference, NULL, "URI");
    return *uri != NULL ? sph_ok() : sph_fail(err, SPH_EPARSE, "CipherReference without URI");
}

static sph_rc read_data(const sph_as4_in *in, const sph_xml_node *node,
                        const sph_xml_node *encrypted_key, const char **uri, sph_err *err)
{
    const sph_xml_node *method = NULL, *key_info = NULL, *data = NULL;
    SPH_TRY(sph_shape_children(node,
                               SPH_SHAPE({SPH_NS_XENC, "EncryptionMethod", false, &method},
                                         {SPH_NS_DS, "KeyInfo", false, &key_info},
                                         {SPH_NS_XENC, "CipherData", false, &data}),
                               err),
            err, "EncryptedData");
    if (!attr_is(node, "Type", SWA_CONTENT_ONLY)) /* Attachment-Complete: as4.md 6.2 */
        return sph_fail(err, SPH_EUNSUPPORTED, "EncryptedData Type");
    SPH_TRY(sph_shape_empty_algorithm(method, SPH_ALG_AES128_GCM, err), err, "EncryptionMethod");
    SPH_TRY(check_key_info(in, key_info, encrypted_key, err), err, "EncryptedData");
    return read_cipher_reference(data, uri, err);
}

static bool starts(sph_slice text, const char *with)
{
    const sph_slice prefix = sph_slice_str(with);
    return text.len >= prefix.len && strncasecmp((const char *)text.at, with, prefix.len) == 0;
}

static bool ends(sph_slice text, const char *with)
{
    const size_t len = sph_slice_str(with).len;
    return text.len >= len && starts(sph_slice_sub(text, text.len - len, len), with);
}

/** SwA 1.1.1 §5.4 as WSS4J does it: the type of the plaintext, its parameters left out, decides how
 * the digest is taken. */
static enum sph_as4_digest_form form_of(const char *media_type)
{
    const char *text = media_type != NULL ? media_type : "";
    const sph_slice type = sph_slice_of(text, strcspn(text, "; \t"));
    const bool may_be_xml = starts(type, "application/") || starts(type, "image/");
    if (sph_slice_equal_nocase(type, SPH_LIT("text/xml")) ||
        sph_slice_equal_nocase(type, SPH_LIT("application/xml")) ||
        (may_be_xml && ends(type, "+xml")))
        return SPH_AS4_DIGEST_XML;
    return starts(type, "text/") ? SPH_AS4_DIGEST_TEXT : SPH_AS4_DIGEST_RAW;
}

/** The refusal that fits what the shape check found. */
static enum sph_as4_rule rule_of(sph_rc rc)
{
    return rc.code == SPH_EUNSUPPORTED ? SPH_AS4_ENC_ALGORITHM : SPH_AS4_ENC_SHAPE;
}

/** Canonical and CRLF forms only for the uncompressed documents of a peer that may send them. */
static sph_rc take_form(const sph_as4_in *in, const sph_xml_node *node, size_t part,
                        const sph_as4_trust *trust, struct sph_wss *wss, sph_as4_fault *fault,
                        sph_err *err)
{
    const enum sph_as4_digest_form form = form_of(sph_xml_attr(node, NULL, "MimeType"));
    const bool may = trust->accepts_plain && trust->accepts_uncompressed_xml;
    if (form != SPH_AS4_DIGEST_RAW && (!may || in->user.part[part].is_gzip))
        return sph_as4_refuse(SPH_AS4_ENC_MEDIA, fault, err, "part %zu", part + 1);
    wss->form_of[part] = form;
    return sph_ok();
}

static sph_rc check_data(const sph_as4_in *in, struct sph_wss *wss, size_t index,
                         const sph_as4_trust *trust, bool seen[MAX_PARTS], sph_as4_fault *fault,
                         sph_err *err)
{
    const char *uri = NULL;
    const sph_xml_node *node = wss->encrypted_data[index];
    const sph_rc rc = read_data(in, node, wss->encrypted_key, &uri, err);
    SPH_TRY(sph_as4_blame(rc, rule_of(rc), fault, err), err, "EncryptedData");
    char cid[256];
    SPH_TRY(sph_as4_blame(sph_as4_cid_of_uri(uri, cid, err), SPH_AS4_ENC_FOREIGN_CID, fault, err),
            err, "CipherReference");
    const size_t part = sph_as4_part_of_cid(in, cid);
    if (part == SIZE_MAX)
        return sph_as4_refuse(SPH_AS4_ENC_FOREIGN_CID, fault, err, NULL);
    if (seen[part])
        return sph_as4_refuse(SPH_AS4_ENC_REPEATED, fault, err, "part %zu", part + 1);
    seen[part] = true;
    return take_form(in, node, part, trust, wss, fault, err);
}

/** The key's DataReferences and the EncryptedData elements are one set, by node. */
static sph_rc check_references(const sph_as4_in *in, const struct sph_wss *wss,
                               const sph_xenc_key *key, sph_as4_fault *fault, sph_err *err)
{
    bool seen[MAX_PARTS] = {false};
    const size_t count = sph_xenc_key_ref_count(key);
    if (count != wss->encrypted_data_count)
        return sph_as4_refuse(SPH_AS4_ENC_REFERENCES, fault, err, "%zu and %zu", count,
                              wss->encrypted_data_count);
    for (size_t i = 0; i < count; i++) {
        const sph_xml_node *node = sph_xml_ids_find(in->ids, sph_xenc_key_ref_at(key, i));
        size_t at = 0;
        while (at < count && wss->encrypted_data[at] != node)
            at++;
        if (at == count || seen[at])
            return sph_as4_refuse(SPH_AS4_ENC_REFERENCES, fault, err, "DataReference %zu", i + 1);
        seen[at] = true;
    }
    return sph_ok();
}

sph_rc sph_wss_check_encryption(const sph_as4_in *in, struct sph_wss *wss,
                                const sph_as4_trust *trust, sph_xenc_key **out,
                                sph_as4_fault *fault, sph_err *err)
{
    const bool has_any = wss->encrypted_key != NULL || wss->encrypted_data_count > 0;
    if (in->kind != SPH_AS4_USER && has_any)
        return sph_as4_refuse(SPH_AS4_ENC_SIGNAL, fault, err, NULL);
    bool seen[MAX_PARTS] = {false};
    for (size_t i = 0; i < wss->encrypted_data_count; i++)
        SPH_TRY(check_data(in, wss, i, trust, seen, fault, err), err, "EncryptedData %zu", i + 1);
    for (size_t i = 0; i < in->user.part_count; i++)
        if (!seen[i])
            return sph_as4_refuse(SPH_AS4_ENC_PART_PLAIN, fault, err, "part %zu", i + 1);
    SPH_AUTO_PTR(sph_xenc_key) *key = NULL;
    if (has_any) {
        const sph_rc rc =
            sph_xenc_key_read(wss->encrypted_key, trust->suite, in->limits->parts, &key, err);
        SPH_TRY(sph_as4_blame(rc, rule_of(rc), fault, err), err, "EncryptedKey");
        SPH_TRY(check_references(in, wss, key, fault, err), err, "EncryptedKey");
    }
    *out = sph_move(key);
    return sph_ok();
}
