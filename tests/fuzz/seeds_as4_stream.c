/* First inputs of fuzz_as4_stream: seeds_as4_stream FOLDER */
#include "as4_sample.h"

int main(int argc, char **argv)
{
    if (argc != 2)
        return 2;
    sph_xml_start();
    sample_must(sph_crypto_start(NULL));
    for (int suite = 0; suite < SPH_SUITE_COUNT; suite++) {
        for (int form = SPH_TOKEN_BST_X509; form <= SPH_TOKEN_ISSUER_SERIAL; form++) {
            char name[64];
            SPH_AUTO(sph_buf) mime = sph_buf_init(1u << 20), receipt = sph_buf_init(1u << 20);
            SPH_AUTO(sph_as4_built) built = {0};
            sample_message((enum sph_suite)suite, (enum sph_token_ref)form, &mime, &built,
                           &receipt);
            (void)snprintf(name, sizeof(name), "message-%d-%d", suite, form);
            char type[300];
            (void)snprintf(type, sizeof(type), "%c%s\n", 1 + 60 * suite + form, built.content_type);
            sample_store(argv[1], name, sph_slice_str(type), sph_buf_peek(&mime));
            (void)snprintf(name, sizeof(name), "receipt-%d-%d", suite, form);
            sample_store(argv[1], name,
                         SPH_LIT("\x05"
                                 "application/soap+xml;charset=UTF-8\n"),
                         sph_buf_peek(&receipt));
        }
    }
    return 0;
}
