/* A packet from anywhere, then a judgment, then a draft: no input may crash the checks, and none
 * may pass, since no input was signed with a key under the root that is asked for. */
#include <stdlib.h>

#include "base/limits.h"
#include "crypto/digest.h"
#include "packet/judgment.h"
#include "packet/packet.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct sph_schemas schemas;
static sph_cert *root;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    sph_key *key = NULL;
    (void)argc, (void)argv;
    sph_xml_start();
    if (sph_crypto_start(NULL).code != SPH_OK || sph_schemas_load(&schemas, NULL).code != SPH_OK ||
        sph_key_generate(SPH_KEY_P256, &key, NULL).code != SPH_OK ||
        sph_cert_issue_root(key, "th.ngo.example", sph_random_real(), 1795519800000, 3650, &root,
                            NULL)
                .code != SPH_OK)
        abort();
    sph_key_free(&key);
    return 0;
}

static void try_check(sph_slice octets)
{
    sph_findings findings = {0};
    sph_packet *packet = NULL;
    const struct sph_packet_context context = {.schemas = &schemas,
                                               .limits = sph_limits_default(),
                                               .now_ms = 1795519800000,
                                               .mode = "training",
                                               .self = "la.legalaid.example",
                                               .self_kind = "legal-aid",
                                               .self_country = "LA",
                                               .issuer_kind = "ngo",
                                               .issuer_country = "TH",
                                               .issuer_root = root};
    if (sph_packet_check(octets, &context, &findings, &packet, NULL).code == SPH_OK ||
        !sph_findings_refuse(&findings))
        abort();
}

static void try_view(sph_slice octets)
{
    SPH_AUTO_PTR(sph_packet) *packet = NULL;
    SPH_AUTO_PTR(sph_json) *json = NULL;
    SPH_AUTO(sph_buf) text = sph_buf_init(1 << 22);
    if (sph_packet_reopen(octets, sph_limits_default(), &packet, NULL).code != SPH_OK)
        return;
    for (int lang = 0; lang < SPH_LANG_COUNT; lang++)
        if (sph_packet_render_text(packet, (enum sph_lang)lang, &text, NULL).code == SPH_ENOMEM ||
            sph_packet_title(packet, (enum sph_lang)lang, &text, NULL).code == SPH_ENOMEM)
            abort();
    if (sph_packet_to_json(packet, &json, NULL).code == SPH_ENOMEM)
        abort();
}

/* What an import gives out must be what the profile takes. */
static void try_import(sph_slice octets)
{
    const struct sph_judgment_import how = {"th", "2026-11-24"};
    struct sph_judgment_facts facts;
    sph_findings findings = {0};
    SPH_AUTO(sph_buf) out = sph_buf_init(1 << 22);
    if (sph_judgment_import(octets, &how, &schemas, sph_limits_default(), &facts, &findings, &out,
                            NULL)
            .code != SPH_OK)
        return;
    SPH_AUTO_PTR(sph_xml) *doc = NULL;
    const struct sph_xml_limits limits = sph_xml_limits_packet(sph_limits_default());
    if (sph_xml_parse(sph_buf_peek(&out), &limits, &doc, NULL).code != SPH_OK ||
        sph_xsd_validate(schemas.profile, doc, 1, NULL, NULL, NULL).code != SPH_OK)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const sph_slice octets = sph_slice_of(data, size);
    try_check(octets);
    try_view(octets);
    try_import(octets);
    return 0;
}
