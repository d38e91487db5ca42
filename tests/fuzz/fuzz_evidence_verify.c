/* Offline verification of anything: with a trusted root and a trusted log. Only files signed by
 * keys that this program does not hold could be accepted under them, so acceptance is a fault. */
#include "evidence/verify.h"
#include "xml/xml.h"

#include <stdlib.h>

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define NOW INT64_C(1795519800000) /* 2026-11-24T11:30:00Z */

static struct sph_schemas schemas;

static void require(bool holds)
{
    if (!holds)
        abort();
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    sph_xml_start();
    require(sph_schemas_load(&schemas, NULL).code == SPH_OK);
    return 0;
}

static void print_both(const sph_verdict *verdict)
{
    static const struct sph_verdict_marks marks = {"ok", "!!", ".."};
    SPH_AUTO(sph_buf) text = sph_buf_init(1 << 18);
    SPH_AUTO(sph_buf) printed = sph_buf_init(1 << 20);
    SPH_AUTO_PTR(sph_json) *json = NULL;
    require(sph_verdict_text(verdict, SPH_LANG_TH, &marks, &text, NULL).code == SPH_OK);
    require(sph_verdict_json(verdict, SPH_LANG_EN, &json, NULL).code == SPH_OK);
    require(sph_json_print(json, false, &printed, NULL).code == SPH_OK);
    /* Nothing of a file reaches a terminal as a control character. */
    for (size_t i = 0; i < text.len; i++)
        require(text.at[i] >= 0x20 || text.at[i] == '\n');
}

/* A log whose key nobody holds: the low 32 octets are a valid point's encoding of the vectors. */
static void fill_trust(sph_trust *trust)
{
    *trust = (sph_trust){.kind = SPH_TRUST_KEYS};
    require(sph_vkey_parse(SPH_LIT("PeterNeumann+c74f20a3+"
                                   "ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"),
                           &trust->key[trust->key_count++], NULL)
                .code == SPH_OK);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    SPH_AUTO_PTR(sph_verdict) *verdict = NULL;
    SPH_AUTO(sph_trust) read = {.key_count = 0};
    const sph_slice input = sph_slice_of(data, size);
    sph_trust trust;
    struct sph_verify_context context = {.schemas = &schemas,
                                         .limits = sph_limits_default(),
                                         .now_ms = NOW,
                                         .leaf = SPH_LIT("leaf")};
    (void)!sph_trust_read(input, &context, &read, NULL).code;
    fill_trust(&trust);
    context.trust = &trust;
    context.trust_count = 1;
    require(sph_verify_file(input, &context, &verdict, NULL).code == SPH_OK);
    require(sph_verdict_exit(verdict) != 0);
    print_both(verdict);
    return 0;
}
