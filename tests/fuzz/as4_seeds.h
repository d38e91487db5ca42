/* First inputs of the as4 targets: a made message and its receipt of each suite and token form. */
#pragma once

#include "as4_sample.h"

/** One made message and the receipt for it. */
struct sample {
    enum sph_suite suite;
    enum sph_token_ref form;
    sph_buf mime, receipt;
    sph_as4_built built;
};

/** "message-1-2" into FOLDER. */
static void sample_keep(const char *folder, const char *what, const struct sample *sample,
                        sph_slice head, sph_slice octets)
{
    char name[64];
    (void)snprintf(name, sizeof(name), "%s-%d-%d", what, sample->suite, sample->form);
    sample_store(folder, name, head, octets);
}

/** Make one of each suite and token form, and have `keep` store what its target reads. For main. */
static int sample_each(int argc, char **argv,
                       void (*keep)(const char *folder, const struct sample *sample))
{
    if (argc != 2)
        return 2;
    sph_xml_start();
    sample_must(sph_crypto_start(NULL));
    for (int suite = 0; suite < SPH_SUITE_COUNT; suite++) {
        for (int form = SPH_TOKEN_BST_X509; form <= SPH_TOKEN_ISSUER_SERIAL; form++) {
            struct sample sample = {.suite = (enum sph_suite)suite,
                                    .form = (enum sph_token_ref)form,
                                    .mime = sph_buf_init(1u << 20),
                                    .receipt = sph_buf_init(1u << 20)};
            sample_message(sample.suite, sample.form, &sample.mime, &sample.built, &sample.receipt);
            keep(argv[1], &sample);
            sph_buf_clear(&sample.mime);
            sph_buf_clear(&sample.receipt);
            sph_as4_built_clear(&sample.built);
        }
    }
    return 0;
}
