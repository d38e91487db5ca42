#include "base/codec.h"
#include "crypto/digest.h"
#include "portal/api_call.h"

#define ROWS 32
#define XSD_MOST (1024u * 1024)
#define XML_XSD_SHA256 "61960fb3131e38022caad5360e2f33a3382578ab3c80cd58bd74320ede61b20c"

static sph_rc row_json(const struct sph_schema_row *row, sph_json *list, sph_err *err)
{
    SPH_AUTO_PTR(sph_json) *json = sph_json_object();
    SPH_TRY(sph_api_set_text(json, "name", row->name, err), err, "schema");
    SPH_TRY(sph_api_set_text(json, "namespace", row->ns, err), err, "schema");
    SPH_TRY(sph_api_set_text(json, "version", row->version, err), err, "schema");
    SPH_TRY(sph_api_set_text(json, "sha256", row->sha256, err), err, "schema");
    return sph_json_add(list, sph_move(json), err);
}

sph_rc sph_api_schema_list(struct sph_api_call *call, sph_err *err)
{
    struct sph_schema_row rows[ROWS];
    bool is_installed = false;
    const sph_files *files = sph_node_env(call->node)->files;
    SPH_AUTO_PTR(sph_json) *json = NULL;
    SPH_AUTO_PTR(sph_json) *list = sph_json_array();
    const size_t count = sph_schema_rows(rows, ROWS);
    for (size_t i = 0; i < count; i++)
        SPH_TRY(row_json(&rows[i], list, err), err, "schemas");
    SPH_TRY(files->exists(files->ctx, "schemas/akomantoso30.xsd", &is_installed, err), err,
            "schemas");
    SPH_TRY(sph_api_object("saphan.schemas/1", &json, err), err, "schemas");
    SPH_TRY(sph_json_set(json, "isOfficialInstalled", sph_json_bool(is_installed), err), err,
            "schemas");
    SPH_TRY(sph_json_set(json, "items", sph_move(list), err), err, "schemas");
    return sph_api_answer(call, 200, &json, err);
}

/** The body is the official XSD; xml.xsd comes base64-encoded in a JSON body beside it: {"xsd": …,
 * "xmlXsd": …}. */
static sph_rc read_schema(const sph_json *body, const char *key, sph_buf *out, sph_err *err)
{
    const char *text = sph_json_get_text(body, key);
    return text ? sph_base64_decode(sph_slice_str(text), out, err) : sph_ok();
}

static sph_rc check_digest(struct sph_api_call *call, sph_slice octets, sph_slice wanted,
                           const char *problem, sph_err *err)
{
    const sph_hash digest = sph_sha256_of(octets);
    SPH_AUTO(sph_buf) hex = sph_buf_init(72);
    SPH_TRY(sph_hex_encode(sph_slice_hash(&digest), &hex, err), err, "digest");
    if (!sph_slice_starts(sph_buf_peek(&hex), wanted))
        return sph_api_refuse(call, SPH_EREFUSED, problem, "sha256", sph_buf_text(&hex), err);
    return sph_ok();
}

/** The schema is judged first: a wrong one is called wrong whatever is or is not beside it. */
static sph_rc check_files(struct sph_api_call *call, sph_slice xsd, sph_slice xml_xsd, sph_err *err)
{
    if (xsd.len == 0)
        return sph_fail(err, SPH_EARG, "xsd is missing");
    SPH_TRY(check_digest(call, xsd, SPH_LIT(SPH_AKN_XSD_SHA256), "problem.schema-digest", err), err,
            "schema");
    if (xml_xsd.len == 0)
        return sph_api_refuse(call, SPH_EREFUSED, "problem.schema-xml-missing", NULL, NULL, err);
    return check_digest(call, xml_xsd, SPH_LIT(XML_XSD_SHA256), "problem.schema-digest-xml", err);
}

sph_rc sph_api_schema_install(struct sph_api_call *call, sph_err *err)
{
    SPH_AUTO_PTR(sph_json) *body = NULL;
    SPH_AUTO(sph_buf) xsd = sph_buf_init(XSD_MOST);
    SPH_AUTO(sph_buf) xml_xsd = sph_buf_init(XSD_MOST);
    SPH_TRY(sph_api_body(call, &body, err), err, "schemas");
    SPH_TRY(read_schema(body, "xsd", &xsd, err), err, "schemas");
    SPH_TRY(read_schema(body, "xmlXsd", &xml_xsd, err), err, "schemas");
    SPH_TRY(check_files(call, sph_buf_peek(&xsd), sph_buf_peek(&xml_xsd), err), err, "schemas");
    SPH_TRY(sph_node_install_official(call->node, sph_buf_peek(&xsd), sph_buf_peek(&xml_xsd), err),
            err, "schema");
    return sph_api_schema_list(call, err);
}
