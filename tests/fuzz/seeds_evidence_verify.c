/* First inputs of fuzz_evidence_verify: one file of each kind. Usage: seeds_evidence_verify DIR */
#include <stdio.h>
#include <stdlib.h>

#include "base/env.h"
#include "evidence/verify.h"
#include "packet/packet.h"
#include "xml/xml.h"

#define PARTY "th.ngo.example"
#define NOW INT64_C(1795519800000) /* 2026-11-24T11:30:00Z */

static void require(bool holds)
{
    if (!holds)
        exit(1);
}

static void put(const char *folder, const char *name, sph_slice bytes)
{
    char path[1024];
    require(sph_str_format(path, sizeof(path), NULL, "%s/%s", folder, name).code == SPH_OK);
    FILE *file = fopen(path, "wb");
    require(file && fwrite(bytes.at, 1, bytes.len, file) == bytes.len && fclose(file) == 0);
}

static void put_packet(const char *folder, const sph_cert *root, const sph_key *root_key)
{
    static const char draft[] =
        "{\"type\":\"assistance-request\",\"header\":{\"audience\":\"la.legal.example\","
        "\"threadId\":\"urn:uuid:6f1ed002-ab59-4a1c-9d2e-0d3f5a7b9c11\"},\"body\":{\"question\":"
        "{\"en\":\"How can wages be claimed? (invented)\"},\"topic\":[\"unpaid-wages\"],"
        "\"location\":\"TH-34\",\"capacity\":\"ngo\",\"wanted\":[\"procedure\"]}}";
    SPH_AUTO_PTR(sph_key) *key = NULL;
    SPH_AUTO_PTR(sph_cert) *leaf = NULL;
    SPH_AUTO_PTR(sph_json) *json = NULL;
    SPH_AUTO(sph_buf) out = sph_buf_init(1 << 20);
    sph_findings findings = {.count = 0};
    const struct sph_packet_new values = {.packet_id =
                                              "urn:uuid:0f8fad5b-d9cb-469f-a165-70867728950e",
                                          .nonce = SPH_LIT("invented nonce 1"),
                                          .party = PARTY,
                                          .mode = "production",
                                          .now_ms = NOW};
    require(sph_key_generate(SPH_KEY_ED25519, &key, NULL).code == SPH_OK);
    require(sph_cert_issue_leaf(root_key, root, PARTY, sph_key_peek_public(key), SPH_USE_SIGN,
                                sph_random_real(), NOW, 90, &leaf, NULL)
                .code == SPH_OK);
    const struct sph_packet_signer signer = {key, leaf, root};
    require(sph_json_parse(sph_slice_str(draft), 8192, &json, NULL).code == SPH_OK);
    require(sph_packet_build(json, &values, sph_slice_of(NULL, 0), &signer, &findings, &out, NULL)
                .code == SPH_OK);
    put(folder, "packet.xml", sph_buf_peek(&out));
}

static void put_log(const char *folder)
{
    SPH_AUTO_PTR(sph_key) *key = NULL;
    SPH_AUTO(sph_buf) note = sph_buf_init(4096);
    SPH_AUTO(sph_buf) proof = sph_buf_init(8192);
    SPH_AUTO(sph_buf) answer = sph_buf_init(16384);
    SPH_AUTO_PTR(sph_json) *json = sph_json_object();
    sph_checkpoint head = {.origin = "PeterNeumann", .size = 2};
    const sph_hash path[] = {sph_tree_leaf_hash(SPH_LIT("other"))};
    const sph_hash leaf = sph_tree_leaf_hash(SPH_LIT("leaf"));
    head.root = sph_tree_node_hash(&leaf, &path[0]);
    require(sph_key_generate(SPH_KEY_ED25519, &key, NULL).code == SPH_OK);
    require(sph_checkpoint_sign(&head, key, &note, NULL).code == SPH_OK);
    require(sph_tlog_proof_write(0, path, 1, sph_buf_peek(&note), &proof, NULL).code == SPH_OK);
    require(sph_json_set(json, "schema", sph_json_text("saphan.proof/1"), NULL).code == SPH_OK);
    require(sph_json_set(json, "leaf", sph_json_text("bGVhZg=="), NULL).code == SPH_OK);
    require(sph_json_set(json, "proof", sph_json_text(sph_buf_text(&proof)), NULL).code == SPH_OK);
    require(sph_json_print(json, false, &answer, NULL).code == SPH_OK);
    put(folder, "checkpoint", sph_buf_peek(&note));
    put(folder, "proof", sph_buf_peek(&proof));
    put(folder, "proof.json", sph_buf_peek(&answer));
}

int main(int argc, char **argv)
{
    require(argc == 2);
    SPH_AUTO_PTR(sph_key) *root_key = NULL;
    SPH_AUTO_PTR(sph_cert) *root = NULL;
    SPH_AUTO(sph_buf) pem = sph_buf_init(1 << 16);
    sph_xml_start();
    require(sph_key_generate(SPH_KEY_P256, &root_key, NULL).code == SPH_OK);
    require(sph_cert_issue_root(root_key, PARTY, sph_random_real(), NOW, 3650, &root, NULL).code ==
            SPH_OK);
    require(sph_cert_pem(root, &pem, NULL).code == SPH_OK);
    put(argv[1], "root.pem", sph_buf_peek(&pem));
    put(argv[1], "vkey",
        SPH_LIT("PeterNeumann+c74f20a3+"
                "ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW\n"));
    put_packet(argv[1], root, root_key);
    put_log(argv[1]);
    sph_xml_stop();
    return 0;
}
