/* Reading and verifying a signature anywhere in a document: no input may crash it, and none may
 * verify, since no input was signed with the key that is asked for. */
#include <stdlib.h>

#include "crypto/digest.h"
#include "xml/dsig.h"
#include "xml/xenc.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc, (void)argv;
    sph_xml_start();
    return sph_crypto_start(NULL).code == SPH_OK ? 0 : 1;
}

/* A key of the test alone: the public half of RFC 8032 test 1. */
static sph_pubkey *test_key(void)
{
    static const uint8_t raw[32] = {0xd7, 0x5a, 0x98, 0x01, 0x82, 0xb1, 0x0a, 0xb7,
                                    0xd5, 0x4b, 0xfe, 0xd3, 0xc9, 0x64, 0x07, 0x3a,
                                    0x0e, 0xe1, 0x72, 0xf3, 0xda, 0xa6, 0x23, 0x25,
                                    0xaf, 0x02, 0x1a, 0x68, 0xf7, 0x07, 0x51, 0x1a};
    sph_pubkey *key = NULL;
    if (sph_pubkey_from_raw(SPH_KEY_ED25519, sph_slice_of(raw, sizeof(raw)), &key, NULL).code !=
        SPH_OK)
        abort();
    return key;
}

static void try_signature(const sph_xml *doc, const sph_xml_node *node)
{
    SPH_AUTO_PTR(sph_dsig) *dsig = NULL;
    SPH_AUTO_PTR(sph_pubkey) *key = test_key();
    if (sph_dsig_read(node, 35, true, &dsig, NULL).code != SPH_OK)
        return;
    if (sph_dsig_verify(dsig, key, NULL).code == SPH_OK)
        abort();
    for (size_t i = 0; i < sph_dsig_ref_count(dsig); i++) {
        const sph_dsig_ref *ref = sph_dsig_ref_at(dsig, i);
        if (sph_dsig_check_node(ref, sph_xml_root(doc), node, NULL).code == SPH_ENOMEM)
            abort();
    }
}

static void try_encrypted(const sph_xml_node *node)
{
    for (int suite = 0; suite < SPH_SUITE_COUNT; suite++) {
        SPH_AUTO_PTR(sph_xenc_key) *key = NULL;
        if (sph_xenc_key_read(node, (enum sph_suite)suite, 33, &key, NULL).code == SPH_OK &&
            !sph_xenc_key_recipient(key))
            abort();
    }
}

static void visit(const sph_xml *doc, const sph_xml_node *node)
{
    for (; node; node = sph_xml_next(node)) {
        if (sph_xml_is(node, SPH_NS_DS, "Signature"))
            try_signature(doc, node);
        if (sph_xml_is(node, SPH_NS_XENC, "EncryptedKey"))
            try_encrypted(node);
        visit(doc, sph_xml_first(node));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    SPH_AUTO_PTR(sph_xml) *doc = NULL;
    SPH_AUTO_PTR(sph_xml_ids) *ids = NULL;
    const struct sph_xml_limits limits = {65536, 16, 300, 16, 8, 4096, 4096, size % 2 == 0};
    if (sph_xml_parse(sph_slice_of(data, size), &limits, &doc, NULL).code != SPH_OK)
        return 0;
    if (sph_xml_ids_new(doc, &ids, NULL).code == SPH_OK && sph_xml_ids_find(ids, "body") == NULL)
        sph_xml_ids_free(&ids);
    visit(doc, sph_xml_root(doc));
    return 0;
}
