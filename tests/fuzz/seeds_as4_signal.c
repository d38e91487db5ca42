/* First inputs of fuzz_as4_signal: seeds_as4_signal FOLDER */
#include "as4_sample.h"

/* A pull request with another signal in the same Messaging; its signature no longer fits. */
static void store_bundle(const char *folder, sph_slice pull, sph_slice other)
{
    const sph_slice from = SPH_LIT("<eb:SignalMessage>"), to = SPH_LIT("</eb:SignalMessage>");
    const size_t at = sph_slice_find(pull, to, 0), begin = sph_slice_find(other, from, 0);
    const size_t end = sph_slice_find(other, to, 0);
    SPH_AUTO(sph_buf) text = sph_buf_init(1u << 20);
    if (at == SIZE_MAX || begin == SIZE_MAX || end == SIZE_MAX)
        abort();
    sample_must(sph_buf_add(&text, sph_slice_sub(pull, 0, at + to.len), NULL));
    sample_must(sph_buf_add(&text, sph_slice_sub(other, begin, end + to.len - begin), NULL));
    sample_store(folder, "bundle", sph_buf_peek(&text), sph_slice_sub(pull, at + to.len, SIZE_MAX));
}

int main(int argc, char **argv)
{
    if (argc != 2)
        return 2;
    sph_xml_start();
    sample_must(sph_crypto_start(NULL));
    const enum sph_suite suite = SPH_SUITE_EDELIVERY_2_0_ED25519;
    SPH_AUTO(sph_buf) mime = sph_buf_init(1u << 20), receipt = sph_buf_init(1u << 20);
    SPH_AUTO(sph_buf) pull = sph_buf_init(1u << 20), error = sph_buf_init(1u << 20);
    SPH_AUTO(sph_buf) refs = sph_buf_init(65536);
    SPH_AUTO(sph_as4_built) built = {0};
    sample_message(suite, SPH_TOKEN_BST_X509, &mime, &built, &receipt);
    sample_pull(suite, &pull);
    const struct sph_as4_error_info info = {SPH_EBMS_0303, "m@a.example", "part.size: too large"};
    sample_must(sph_as4_build_error(&info, "e@b.example", SAMPLE_NOW_MS, suite, NULL,
                                    sph_random_real(), &error, NULL));
    sample_must(sph_as4_refs_print(&built.refs, &refs, NULL));
    sample_store(argv[1], "receipt", sph_buf_peek(&receipt), (sph_slice){0});
    sample_store(argv[1], "pull", sph_buf_peek(&pull), (sph_slice){0});
    sample_store(argv[1], "error", sph_buf_peek(&error), (sph_slice){0});
    sample_store(argv[1], "refs", sph_buf_peek(&refs), (sph_slice){0});
    store_bundle(argv[1], sph_buf_peek(&pull), sph_buf_peek(&receipt));
    return 0;
}
