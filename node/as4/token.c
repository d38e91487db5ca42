#include "as4/token.h"
#include "base/codec.h"
#include "xml/closed_shape.h"

#define CERT_MAX 16384u
#define SKI_MAX 64u
#define NAME_MAX_OCTETS 2048u

void sph_as4_token_clear(sph_as4_token *token)
{
    if (token == NULL)
        return;
    sph_buf_clear(&token->text);
    sph_buf_clear(&token->issuer);
    sph_buf_clear(&token->serial);
}

/** The octets that a token or key identifier carries. */
static sph_rc octets_of(enum sph_token_ref form, const sph_cert *leaf, const sph_cert *root,
                        sph_buf *out, sph_err *err)
{
    const sph_cert *chain[2] = {root, leaf};
    if (form == SPH_TOKEN_BST_X509)
        return sph_buf_add(out, sph_cert_peek_der(leaf), err);
    if (form == SPH_TOKEN_SKI)
        return sph_cert_ski(leaf, out, err);
    /* CA side first, leaf last */
    return root != NULL ? sph_pkipath_encode(chain, 2, out, err)
                        : sph_pkipath_encode(&leaf, 1, out, err);
}

static sph_rc fill(sph_as4_token *token, const sph_cert *leaf, const sph_cert *root, sph_err *err)
{
    if (token->form == SPH_TOKEN_ISSUER_SERIAL)
        return sph_cert_issuer_serial(leaf, &token->issuer, &token->serial, err);
    SPH_AUTO(sph_buf) octets = sph_buf_init(2 * CERT_MAX);
    SPH_TRY(octets_of(token->form, leaf, root, &octets, err), err, "token");
    return sph_base64_encode(sph_buf_peek(&octets), &token->text, err);
}

sph_rc sph_as4_token_make(enum sph_token_ref form, const sph_cert *leaf, const sph_cert *root,
                          const char *id, sph_as4_token *out, sph_err *err)
{
    SPH_AUTO(sph_as4_token)
    token = {.form = form,
             .text = sph_buf_init(4 * CERT_MAX),
             .issuer = sph_buf_init(NAME_MAX_OCTETS),
             .serial = sph_buf_init(NAME_MAX_OCTETS)};
    SPH_TRY(sph_str_copy(token.id, sizeof(token.id), sph_slice_str(id), err), err, "token id");
    SPH_TRY(fill(&token, leaf, root, err), err, "token reference");
    *out = token;
    token = (sph_as4_token){0};
    return sph_ok();
}

static bool is_binary(enum sph_token_ref form)
{
    return form == SPH_TOKEN_BST_X509 || form == SPH_TOKEN_BST_PKIPATH;
}

static const char *binary_type(enum sph_token_ref form)
{
    return form == SPH_TOKEN_BST_PKIPATH ? TOKEN_PKIPATH : TOKEN_X509;
}

void sph_as4_token_write_binary(sph_xml_writer *w, const sph_as4_token *token)
{
    if (!is_binary(token->form))
        return;
    sph_xml_open(w, "wsse:BinarySecurityToken");
    sph_xml_set(w, "EncodingType", ENCODING_BASE64);
    sph_xml_set(w, "ValueType", binary_type(token->form));
    sph_xml_set(w, "wsu:Id", token->id);
    sph_xml_text(w, sph_buf_peek(&token->text));
    sph_xml_close(w);
}

static void write_binary_reference(sph_xml_writer *w, const sph_as4_token *token)
{
    char uri[sizeof(token->id) + 1] = "#";
    if (sph_str_copy(uri + 1, sizeof(token->id), sph_slice_str(token->id), NULL).code != SPH_OK)
        return; /* cannot be: same room */
    sph_xml_open(w, "wsse:Reference");
    sph_xml_set(w, "URI", uri);
    sph_xml_set(w, "ValueType", binary_type(token->form));
    sph_xml_close(w);
}

static void write_ski(sph_xml_writer *w, const sph_as4_token *token)
{
    sph_xml_open(w, "wsse:KeyIdentifier");
    sph_xml_set(w, "EncodingType", ENCODING_BASE64);
    sph_xml_set(w, "ValueType", TOKEN_SKI);
    sph_xml_text(w, sph_buf_peek(&token->text));
    sph_xml_close(w);
}

static void write_issuer_serial(sph_xml_writer *w, const sph_as4_token *token)
{
    sph_xml_open(w, "ds:X509Data");
    sph_xml_open(w, "ds:X509IssuerSerial");
    sph_xml_leaf_slice(w, "ds:X509IssuerName", sph_buf_peek(&token->issuer));
    sph_xml_leaf_slice(w, "ds:X509SerialNumber", sph_buf_peek(&token->serial));
    sph_xml_close(w);
    sph_xml_close(w);
}

void sph_as4_token_write_reference(sph_xml_writer *w, void *arg)
{
    const sph_as4_token *token = arg;
    sph_xml_open(w, "wsse:SecurityTokenReference");
    if (token->form == SPH_TOKEN_BST_PKIPATH)
        sph_xml_set(w, "wsse11:TokenType", TOKEN_PKIPATH);
    if (is_binary(token->form))
        write_binary_reference(w, token);
    else if (token->form == SPH_TOKEN_SKI)
        write_ski(w, token);
    else
        write_issuer_serial(w, token);
    sph_xml_close(w);
}

/* ------------------------------------------------------------------ reading */

void sph_as4_token_in_clear(sph_as4_token_in *token)
{
    if (token == NULL)
        return;
    sph_cert_free(&token->leaf);
    sph_buf_clear(&token->der);
    sph_buf_clear(&token->thumbprint);
    sph_buf_clear(&token->ski);
    sph_buf_clear(&token->issuer);
    sph_buf_clear(&token->serial);
}

static bool attr_is(const sph_xml_node *node, const char *name, const char *value)
{
    const char *found = sph_xml_attr(node, NULL, name);
    return found != NULL && strcmp(found, value) == 0;
}

/** The leaf of a PKIPath stands last; the rest of the path is not looked at, because trust ends at
 * the pinned root. */
static sph_rc read_path(sph_slice der, sph_cert **leaf, sph_err *err)
{
    sph_cert *path[4] = {NULL};
    size_t count = 0;
    SPH_TRY(sph_pkipath_parse(der, path, &count, err), err, "PKIPath");
    for (size_t i = 0; i + 1 < count; i++)
        sph_cert_free(&path[i]);
    if (count == 0)
        return sph_fail(err, SPH_EPARSE, "empty PKIPath");
    *leaf = path[count - 1];
    return sph_ok();
}

static sph_rc read_binary(const sph_xml_node *node, sph_as4_token_in *token, sph_err *err)
{
    if (sph_xml_attr(node, NULL, "EncodingType") != NULL &&
        !attr_is(node, "EncodingType", ENCODING_BASE64))
        return sph_fail(err, SPH_EPARSE, "EncodingType of a token");
    SPH_TRY(sph_shape_base64(node, CERT_MAX, &token->der, err), err, "BinarySecurityToken");
    token->form = SPH_TOKEN_BST_X509;
    if (attr_is(node, "ValueType", TOKEN_X509))
        return sph_ok();
    if (!attr_is(node, "ValueType", TOKEN_PKIPATH))
        return sph_fail(err, SPH_EPARSE, "ValueType of a token");
    token->form = SPH_TOKEN_BST_PKIPATH;
    return read_path(sph_buf_peek(&token->der), &token->leaf, err);
}

static sph_rc read_reference(const sph_xml_node *node, const sph_xml_ids *ids,
                             const sph_xml_node *security, sph_as4_token_in *token, sph_err *err)
{
    const char *uri = sph_xml_attr(node, NULL, "URI");
    if (uri == NULL || uri[0] != '#' || !sph_xml_is_empty(node))
        return sph_fail(err, SPH_EPARSE, "token Reference");
    const sph_xml_node *target = sph_xml_ids_find(ids, uri + 1);
    if (!sph_xml_is(target, NS_WSSE, "BinarySecurityToken") || sph_xml_parent(target) != security)
        return sph_fail(err, SPH_EPARSE, "token Reference names no token");
    const char *type = sph_xml_attr(node, NULL, "ValueType");
    if (type != NULL && !attr_is(target, "ValueType", type))
        return sph_fail(err, SPH_EPARSE, "ValueTypes differ");
    return read_binary(target, token, err);
}

/** The forms that only look up (as4.md 7, last row): whoever sends one must be known already. */
static sph_rc read_legacy_identifier(const sph_xml_node *node, sph_as4_token_in *token,
                                     sph_err *err)
{
    token->is_lookup = true;
    if (attr_is(node, "ValueType", TOKEN_THUMBPRINT))
        return sph_shape_base64(node, SPH_CERT_SHA1, &token->thumbprint, err);
    if (!attr_is(node, "ValueType", TOKEN_X509))
        return sph_fail(err, SPH_EPARSE, "KeyIdentifier ValueType");
    token->form = SPH_TOKEN_BST_X509;
    return sph_shape_base64(node, CERT_MAX, &token->der, err);
}

static sph_rc read_identifier(const sph_xml_node *node, bool accepts_legacy,
                              sph_as4_token_in *token, sph_err *err)
{
    if (accepts_legacy && !attr_is(node, "ValueType", TOKEN_SKI))
        return read_legacy_identifier(node, token, err);
    if (!attr_is(node, "ValueType", TOKEN_SKI))
        return sph_fail(err, SPH_EPARSE, "KeyIdentifier ValueType");
    token->form = SPH_TOKEN_SKI;
    return sph_shape_base64(node, SKI_MAX, &token->ski, err);
}

static sph_rc read_issuer_serial(const sph_xml_node *node, sph_as4_token_in *token, sph_err *err)
{
    const sph_xml_node *pair = NULL, *issuer = NULL, *serial = NULL;
    SPH_TRY(sph_shape_children(node, SPH_SHAPE({SPH_NS_DS, "X509IssuerSerial", false, &pair}), err),
            err, "X509Data");
    SPH_TRY(sph_shape_children(pair,
                               SPH_SHAPE({SPH_NS_DS, "X509IssuerName", false, &issuer},
                                         {SPH_NS_DS, "X509SerialNumber", false, &serial}),
                               err),
            err, "X509IssuerSerial");
    token->form = SPH_TOKEN_ISSUER_SERIAL;
    token->issuer = sph_buf_init(NAME_MAX_OCTETS);
    token->serial = sph_buf_init(NAME_MAX_OCTETS);
    SPH_TRY(sph_xml_value(issuer, &token->issuer, err), err, "X509IssuerName");
    return sph_xml_value(serial, &token->serial, err);
}

static sph_rc read_x509_data(const sph_xml_node *node, bool accepts_legacy, sph_as4_token_in *token,
                             sph_err *err)
{
    const sph_xml_node *ski = sph_xml_first(node);
    if (!accepts_legacy || !sph_xml_is(ski, SPH_NS_DS, "X509SKI"))
        return read_issuer_serial(node, token, err);
    if (sph_xml_next(ski) != NULL || !sph_xml_has_only_elements(node))
        return sph_fail(err, SPH_EPARSE, "more than one X509SKI");
    token->is_lookup = true;
    token->form = SPH_TOKEN_SKI;
    return sph_shape_base64(ski, SKI_MAX, &token->ski, err);
}

sph_rc sph_as4_token_read(const sph_xml_node *reference, const sph_xml_ids *ids,
                          const sph_xml_node *security, bool accepts_legacy, sph_as4_token_in *out,
                          sph_err *err)
{
    SPH_AUTO(sph_as4_token_in) token = {0};
    const sph_xml_node *form = sph_xml_first(reference);
    if (!sph_xml_is(reference, NS_WSSE, "SecurityTokenReference") || form == NULL ||
        sph_xml_next(form) != NULL || !sph_xml_has_only_elements(reference))
        return sph_fail(err, SPH_EPARSE, "not one SecurityTokenReference of one form");
    if (sph_xml_is(form, NS_WSSE, "Reference"))
        SPH_TRY(read_reference(form, ids, security, &token, err), err, "token");
    else if (sph_xml_is(form, NS_WSSE, "KeyIdentifier"))
        SPH_TRY(read_identifier(form, accepts_legacy, &token, err), err, "token");
    else if (sph_xml_is(form, SPH_NS_DS, "X509Data"))
        SPH_TRY(read_x509_data(form, accepts_legacy, &token, err), err, "token");
    else
        return sph_fail(err, SPH_EPARSE, "token form");
    *out = token;
    token = (sph_as4_token_in){0};
    return sph_ok();
}

static bool is_ski_of(sph_slice ski, const sph_cert *cert)
{
    SPH_AUTO(sph_buf) own = sph_buf_init(SKI_MAX);
    return sph_cert_ski(cert, &own, NULL).code == SPH_OK &&
           sph_slice_equal(sph_buf_peek(&own), ski);
}

static bool is_thumbprint_of(sph_slice thumbprint, const sph_cert *cert)
{
    uint8_t own[SPH_CERT_SHA1];
    return sph_cert_sha1(cert, own, NULL).code == SPH_OK &&
           sph_slice_equal(sph_slice_of(own, sizeof(own)), thumbprint);
}

bool sph_as4_token_names(const sph_as4_token_in *token, const sph_cert *cert)
{
    if (token->thumbprint.len > 0)
        return is_thumbprint_of(sph_buf_peek(&token->thumbprint), cert);
    switch (token->form) {
    case SPH_TOKEN_BST_X509:
        return sph_slice_equal(sph_buf_peek(&token->der), sph_cert_peek_der(cert));
    case SPH_TOKEN_BST_PKIPATH:
        return sph_slice_equal(sph_cert_peek_der(token->leaf), sph_cert_peek_der(cert));
    case SPH_TOKEN_SKI:
        return is_ski_of(sph_buf_peek(&token->ski), cert);
    case SPH_TOKEN_ISSUER_SERIAL:
        return sph_cert_matches_issuer_serial(cert, sph_buf_peek(&token->issuer),
                                              sph_buf_peek(&token->serial));
    }
    return false;
}

sph_rc sph_as4_token_cert(const sph_as4_token_in *token, sph_cert **out, sph_err *err)
{
    *out = NULL;
    if (token->is_lookup)
        return sph_ok();
    if (token->form == SPH_TOKEN_BST_X509)
        return sph_cert_parse(sph_buf_peek(&token->der), out, err);
    if (token->leaf != NULL)
        *out = sph_cert_ref(token->leaf);
    return sph_ok();
}
