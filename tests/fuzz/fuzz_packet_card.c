/* A card from anywhere: it brings its own root, so a good one may pass; whatever passes says the
 * same party everywhere. */
#include <stdlib.h>

#include "base/limits.h"
#include "crypto/digest.h"
#include "packet/card.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct sph_schemas schemas;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc, (void)argv;
    sph_xml_start();
    if (sph_crypto_start(NULL).code != SPH_OK || sph_schemas_load(&schemas, NULL).code != SPH_OK)
        abort();
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    sph_findings findings = {0};
    SPH_AUTO_PTR(sph_packet) *packet = NULL;
    static sph_card card;
    card = (sph_card){.serial = 0};
    const sph_rc rc = sph_card_check(sph_slice_of(data, size), &schemas, sph_limits_default(),
                                     "training", 1795519800000, &findings, &card, &packet, NULL);
    if (rc.code == SPH_OK) {
        if (strcmp(card.party, sph_packet_header_of(packet)->issuer) != 0 || !card.root)
            abort();
        sph_card_clear(&card);
    } else if (!sph_findings_refuse(&findings)) {
        abort();
    }
    return 0;
}
