/* First inputs of fuzz_exchange_pmode: P-Modes that pass, one a suite, with certificates of this
 * run. Usage: seeds_exchange_pmode DIR */
#include <stdio.h>
#include <stdlib.h>

#include "base/codec.h"
#include "crypto/digest.h"
#include "exchange/pmode.h"

#define NOW INT64_C(1795519800000)
#define PEER "there.example" /* invented */
#define ROOM ((size_t)1024 * 1024)

static void must(sph_rc rc)
{
    if (rc.code != SPH_OK) {
        fprintf(stderr, "seeds_exchange_pmode: %s\n", sph_code_name(rc.code));
        exit(1);
    }
}

struct maker {
    sph_key *root_key;
    sph_cert *root;
    sph_json *list;
};

static void add(struct maker *maker, const char *use, sph_slice der)
{
    SPH_AUTO(sph_buf) text = sph_buf_init(ROOM);
    sph_json *row = sph_json_object();
    must(sph_base64_encode(der, &text, NULL));
    must(sph_json_set(row, "use", sph_json_text(use), NULL));
    must(sph_json_set(row, "der", sph_json_text(sph_buf_text(&text)), NULL));
    must(sph_json_add(maker->list, row, NULL));
}

static void add_leaf(struct maker *maker, const char *name, enum sph_key_kind kind,
                     enum sph_cert_use use)
{
    SPH_AUTO_PTR(sph_key) *key = NULL;
    SPH_AUTO_PTR(sph_cert) *cert = NULL;
    must(sph_key_generate(kind, &key, NULL));
    must(sph_cert_issue_leaf(maker->root_key, maker->root, PEER, sph_key_peek_public(key), use,
                             sph_random_real(), NOW, 90, &cert, NULL));
    add(maker, name, sph_cert_peek_der(cert));
}

static void store(const char *folder, enum sph_suite suite, const sph_json *json)
{
    char path[600];
    SPH_AUTO(sph_buf) text = sph_buf_init(ROOM);
    must(sph_json_print(json, false, &text, NULL));
    must(sph_str_format(path, sizeof(path), NULL, "%s/%s", folder, sph_suite_name(suite)));
    FILE *out = fopen(path, "wb");
    if (!out || fwrite(text.at, 1, text.len, out) != text.len || fclose(out) != 0)
        exit(1);
}

static void make(struct maker *maker, const char *folder, enum sph_suite suite)
{
    SPH_AUTO_PTR(sph_json) *json = sph_json_object();
    sph_pmode pmode;
    maker->list = sph_json_array();
    add_leaf(maker, "sign", sph_suite_sign_kind(suite), SPH_USE_SIGN);
    add_leaf(maker, "encrypt", sph_suite_encrypt_kind(suite), SPH_USE_ENCRYPT);
    add_leaf(maker, "tls", SPH_KEY_P256, SPH_USE_TLS);
    add(maker, "ca", sph_cert_peek_der(maker->root));
    must(sph_pmode_foreign("here.example", PEER, &pmode, NULL));
    pmode.suite = suite;
    must(sph_str_copy(pmode.address, sizeof(pmode.address), SPH_LIT("https://as4.example/in"),
                      NULL));
    must(sph_json_set(json, "schema", sph_json_text(SPH_PMODE_SCHEMA), NULL));
    must(sph_pmode_print(&pmode, json, NULL));
    must(sph_json_set(json, "channelIn", sph_json_text("urn:example:c"), NULL));
    must(sph_json_set(json, "certificates", maker->list, NULL));
    store(folder, suite, json);
}

int main(int argc, char **argv)
{
    struct maker maker = {NULL, NULL, NULL};
    if (argc != 2)
        return 2;
    must(sph_crypto_start(NULL));
    must(sph_key_generate(SPH_KEY_P256, &maker.root_key, NULL));
    must(
        sph_cert_issue_root(maker.root_key, PEER, sph_random_real(), NOW, 3650, &maker.root, NULL));
    for (enum sph_suite suite = 0; suite < SPH_SUITE_COUNT; suite++)
        make(&maker, argv[1], suite);
    sph_cert_free(&maker.root);
    sph_key_free(&maker.root_key);
    return 0;
}
