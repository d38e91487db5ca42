/* Signs and verifies documents of the corpus with the node's own XML code, so that xmlsec1 can be
 * asked about the same ones (run.sh).
 *
 *   xmldsig_driver sign KEY.pem NAME…     NAME.xml with NAME.prefixes to NAME.ours.xml
 *   xmldsig_driver verify KEY.pem FILE…   one line a file: "ok FILE" or "no FILE"
 */
#include <stdio.h>

#include "base/env.h"
#include "crypto/digest.h"
#include "xml/dsig.h"

#define FILE_MAX (1u << 20)
#define MARK "@SIGNATURE@"

static const struct sph_xml_prefix prefixes[] = {
    {"ds", SPH_NS_DS}, {"ec", SPH_NS_EC}, {NULL, NULL}};

struct run {
    sph_files *files;
    sph_key *key;
};

static sph_rc parse(sph_slice text, sph_xml **out, sph_err *err)
{
    struct sph_xml_limits limits = sph_xml_limits_packet(sph_limits_default());
    limits.allow_comments = true;
    return sph_xml_parse(text, &limits, out, err);
}

static const sph_xml_node *find_target(const sph_xml *doc, const sph_xml_ids *ids)
{
    const sph_xml_node *node = sph_xml_ids_find(ids, "t");
    return doc != NULL && sph_xml_is(node, "urn:x:t", "target") ? node : NULL;
}

/* ------------------------------------------------------------------ sign */

static sph_rc digest_target(sph_slice text, const char *prefix_list, sph_hash *out, sph_err *err)
{
    SPH_AUTO_PTR(sph_xml) *doc = NULL;
    SPH_AUTO_PTR(sph_xml_ids) *ids = NULL;
    SPH_AUTO(sph_buf) canonical = sph_buf_init(2 * FILE_MAX);
    SPH_TRY(parse(text, &doc, err), err, "document");
    SPH_TRY(sph_xml_ids_new(doc, &ids, err), err, "ids");
    const sph_xml_node *target = find_target(doc, ids);
    if (target == NULL)
        return sph_fail(err, SPH_EPARSE, "no target");
    SPH_TRY(sph_xml_c14n(target, prefix_list, NULL, &canonical, err), err, "target");
    *out = sph_sha256_of(sph_buf_peek(&canonical));
    return sph_ok();
}

static sph_rc write_signature(const struct run *run, const sph_dsig_ref *ref, sph_buf *out,
                              sph_err *err)
{
    SPH_AUTO_PTR(sph_xml_writer) *w = NULL;
    SPH_TRY(sph_xml_writer_new(prefixes, out, &w, err), err, "writer");
    sph_xml_fragment(w);
    sph_xml_open(w, "ds:Signature");
    SPH_TRY(sph_dsig_write(w, out, ref, 1, run->key, err), err, "signature");
    sph_xml_open(w, "ds:KeyInfo");
    sph_xml_leaf(w, "ds:KeyName", "k");
    sph_xml_close(w);
    sph_xml_close(w);
    return sph_xml_writer_end(w, err);
}

static sph_rc sign(const struct run *run, const char *name, sph_err *err)
{
    char path[1024];
    SPH_AUTO(sph_buf) text = sph_buf_init(FILE_MAX), list = sph_buf_init(4096);
    SPH_AUTO(sph_buf) signature = sph_buf_init(FILE_MAX), whole = sph_buf_init(2 * FILE_MAX);
    SPH_TRY(sph_str_format(path, sizeof(path), err, "%s.xml", name), err, "path");
    SPH_TRY(sph_file_load(run->files, path, &text, err), err, "%s", path);
    SPH_TRY(sph_str_format(path, sizeof(path), err, "%s.prefixes", name), err, "path");
    SPH_TRY(sph_file_load(run->files, path, &list, err), err, "%s", path);
    SPH_TRY(sph_buf_add_byte(&list, 0, err), err, "prefixes");
    const char *prefix_list = list.at[0] == '-' ? NULL : (const char *)list.at;
    sph_dsig_ref ref = {
        .uri = "#t", .transform = SPH_TRANSFORM_EXC_C14N, .prefix_list = prefix_list};
    SPH_TRY(digest_target(sph_buf_peek(&text), prefix_list, &ref.digest, err), err, "%s", name);
    SPH_TRY(write_signature(run, &ref, &signature, err), err, "%s", name);
    const sph_slice all = sph_buf_peek(&text);
    const size_t at = sph_slice_find(all, SPH_LIT(MARK), 0);
    SPH_TRY(sph_buf_add(&whole, sph_slice_sub(all, 0, at), err), err, "%s", name);
    SPH_TRY(sph_buf_add(&whole, sph_buf_peek(&signature), err), err, "%s", name);
    SPH_TRY(sph_buf_add(&whole, sph_slice_sub(all, at + sizeof(MARK) - 1, SIZE_MAX), err), err,
            "%s", name);
    SPH_TRY(sph_str_format(path, sizeof(path), err, "%s.ours.xml", name), err, "path");
    return sph_file_store(run->files, path, sph_buf_peek(&whole), true, err);
}

/* ------------------------------------------------------------------ verify */

static sph_rc check(const struct run *run, sph_slice text, sph_err *err)
{
    SPH_AUTO_PTR(sph_xml) *doc = NULL;
    SPH_AUTO_PTR(sph_xml_ids) *ids = NULL;
    SPH_AUTO_PTR(sph_dsig) *dsig = NULL;
    SPH_TRY(parse(text, &doc, err), err, "document");
    SPH_TRY(sph_xml_ids_new(doc, &ids, err), err, "ids");
    const sph_xml_node *signature = NULL;
    SPH_TRY(sph_xml_only(sph_xml_root(doc), SPH_NS_DS, "Signature", &signature, err), err,
            "signature");
    SPH_TRY(sph_dsig_read(signature, 1, false, &dsig, err), err, "signature");
    const sph_dsig_ref *ref = sph_dsig_ref_at(dsig, 0);
    const sph_xml_node *target = find_target(doc, ids);
    if (target == NULL || !sph_slice_is(sph_slice_str(ref->uri), "#t"))
        return sph_fail(err, SPH_EPARSE, "no target");
    SPH_TRY(sph_dsig_verify(dsig, sph_key_peek_public(run->key), err), err, "SignatureValue");
    return sph_dsig_check_node(ref, target, NULL, err);
}

static sph_rc verify(const struct run *run, const char *path, sph_err *err)
{
    SPH_AUTO(sph_buf) text = sph_buf_init(FILE_MAX);
    SPH_TRY(sph_file_load(run->files, path, &text, err), err, "%s", path);
    sph_err why = {0};
    const sph_rc rc = check(run, sph_buf_peek(&text), &why);
    printf("%s %s %s\n", rc.code == SPH_OK ? "ok" : "no", path,
           rc.code == SPH_OK ? "" : why.frame[0].what);
    return sph_ok();
}

static sph_rc dispatch(struct run *run, int argc, char **argv, sph_err *err)
{
    SPH_AUTO(sph_buf) pem = sph_buf_init(65536);
    if (argc < 3)
        return sph_fail(err, SPH_EARG, "sign or verify, KEY.pem, files");
    SPH_TRY(sph_files_real_new("/", &run->files, err), err, "files");
    SPH_TRY(sph_file_load(run->files, argv[2], &pem, err), err, "key");
    SPH_TRY(sph_key_load_pem(sph_buf_peek(&pem), &run->key, err), err, "key");
    const bool is_sign = sph_slice_is(sph_slice_str(argv[1]), "sign");
    for (int i = 3; i < argc; i++)
        SPH_TRY(is_sign ? sign(run, argv[i], err) : verify(run, argv[i], err), err, "%s", argv[i]);
    return sph_ok();
}

int main(int argc, char **argv)
{
    sph_err err = {0};
    struct run run = {0};
    sph_xml_start();
    sph_rc rc = sph_crypto_start(&err);
    if (rc.code == SPH_OK)
        rc = dispatch(&run, argc, argv, &err);
    for (unsigned i = 0; rc.code != SPH_OK && i < err.depth; i++)
        fprintf(stderr, "%s: %s\n", err.frame[i].where, err.frame[i].what);
    sph_key_free(&run.key);
    sph_files_real_free(&run.files);
    sph_crypto_stop();
    sph_xml_stop();
    return rc.code == SPH_OK ? 0 : 1;
}
