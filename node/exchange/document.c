#include "exchange/document.h"

#include <string.h>

#include "base/codec.h"

static void today(const sph_node *node, char out[11])
{
    if (sph_date_format((int32_t)(sph_node_now_ms(node) / 86400000), out, NULL).code != SPH_OK)
        out[0] = '\0';
}

sph_rc sph_document_import(sph_node *node, sph_slice octets, struct sph_judgment_facts *facts,
                           sph_findings *findings, sph_buf *out, sph_err *err)
{
    char date[11];
    const struct sph_schemas *schemas = NULL;
    SPH_TRY(sph_node_import_schemas(node, &schemas, err), err, "schemas");
    today(node, date);
    const struct sph_judgment_import how = {.manifestation_date = date};
    return sph_judgment_import(octets, &how, schemas, sph_node_limits(node), facts, findings, out,
                               err);
}

static sph_rc check_judgment(sph_node *node, sph_slice octets, struct sph_judgment_facts *facts,
                             sph_findings *findings, sph_err *err)
{
    SPH_AUTO(sph_buf) unused = sph_buf_init(sph_node_limits(node)->packet);
    return sph_document_import(node, octets, facts, findings, &unused, err);
}

/** Whose record judges the packet: ours, or that of the partner that it names as issuer. */
static sph_rc check_packet(sph_node *node, sph_slice octets, sph_findings *findings, sph_err *err)
{
    struct sph_packet_context context;
    SPH_AUTO_PTR(sph_packet) *claims = NULL;
    SPH_AUTO_PTR(sph_packet) *packet = NULL;
    SPH_TRY(sph_packet_reopen(octets, sph_node_limits(node), &claims, err), err,
            "reading the packet");
    const char *issuer = sph_packet_header_of(claims)->issuer;
    const bool is_own = strcmp(issuer, sph_node_party(node)) == 0;
    SPH_AUTO_PTR(sph_partner) *partner =
        is_own ? NULL : sph_partners_get(sph_node_partners(node), issuer);
    if (!is_own && !partner)
        return sph_fail(err, SPH_ENOTFOUND, "the packet's issuer is no partner of this node");
    sph_node_check_context(node, partner, is_own, &context);
    return sph_packet_check(octets, &context, findings, &packet, err);
}

static bool is_judgment(const sph_xml_node *root)
{
    return root && strcmp(sph_xml_local(root), "akomaNtoso") == 0;
}

sph_rc sph_document_check(sph_node *node, sph_slice octets, enum sph_document_kind *kind,
                          struct sph_judgment_facts *facts, sph_findings *findings, sph_err *err)
{
    sph_xml *doc = NULL;
    const struct sph_xml_limits limits = sph_xml_limits_foreign(sph_node_limits(node));
    unsigned line = 0;
    const sph_rc rc = sph_xml_parse_at(octets, &limits, &line, &doc, err);
    if (rc.code != SPH_OK) {
        sph_finding_add(findings, "XML", line, "finding.xml", "", "");
        return rc;
    }
    const bool is_akn = is_judgment(sph_xml_root(doc));
    const bool is_packet = sph_xml_is(sph_xml_root(doc), SPH_NS_PACKET, "Packet");
    sph_xml_free(&doc);
    if (!is_akn && !is_packet)
        return sph_fail(err, SPH_EPARSE, "neither an Akoma Ntoso judgment nor a Saphan packet");
    *kind = is_akn ? SPH_DOCUMENT_JUDGMENT : SPH_DOCUMENT_PACKET;
    return is_akn ? check_judgment(node, octets, facts, findings, err)
                  : check_packet(node, octets, findings, err);
}

static sph_rc upload_path(const char *name, char out[96], sph_err *err)
{
    if (!sph_uuid_is_v4(sph_slice_str(name)))
        return sph_fail(err, SPH_ENOTFOUND, "no such upload");
    return sph_str_format(out, 96, err, "uploads/%s", name);
}

sph_rc sph_upload_keep(sph_node *node, const sph_reader *from, uint64_t most, char name[64],
                       uint64_t *len, sph_err *err)
{
    const struct sph_env *env = sph_node_env(node);
    char uuid[SPH_UUID_TEXT], path[96];
    sph_file_sink sink;
    SPH_AUTO(sph_open_file) out = {env->files, NULL};
    SPH_TRY(sph_uuid_new(env->random, uuid, err), err, "upload name");
    SPH_TRY(upload_path(uuid, path, err), err, "upload name");
    SPH_TRY(env->files->open(env->files->ctx, "uploads", SPH_OPEN_TEMPORARY, &out.file, err), err,
            "upload file");
    const sph_writer writer = sph_writer_of_file(&sink, env->files, out.file);
    SPH_TRY(sph_stream_copy(from, &writer, most, len, err), err, "upload");
    SPH_TRY(env->files->name(out.file, path, err), err, "upload");
    return sph_str_copy(name, 64, sph_slice_str(uuid), err);
}

sph_rc sph_upload_open(sph_node *node, const char *name, sph_file **out, uint64_t *len,
                       sph_err *err)
{
    const sph_files *files = sph_node_env(node)->files;
    char path[96];
    SPH_AUTO(sph_open_file) file = {files, NULL};
    SPH_TRY(upload_path(name, path, err), err, "upload");
    SPH_TRY(files->open(files->ctx, path, SPH_OPEN_READ, &file.file, err), err, "upload");
    SPH_TRY(files->size(file.file, len, err), err, "upload");
    *out = sph_move(file.file);
    return sph_ok();
}

void sph_upload_drop(sph_node *node, const char *name)
{
    const sph_files *files = sph_node_env(node)->files;
    char path[96];
    if (upload_path(name, path, NULL).code == SPH_OK &&
        files->remove(files->ctx, path, NULL).code != SPH_OK)
        SPH_LOG(sph_node_env(node)->log, SPH_LOG_DEBUG, "upload_gone", SPH_LN(SPH_F_COUNT, 1));
}
