/* First inputs of fuzz_as4_soap: seeds_as4_soap FOLDER */
#include "as4_seeds.h"

static void keep(const char *folder, const struct sample *sample)
{
    sample_keep(folder, "message", sample, sph_buf_peek(&sample->built.root), (sph_slice){0});
    sample_keep(folder, "receipt", sample, sph_buf_peek(&sample->receipt), (sph_slice){0});
}

int main(int argc, char **argv)
{
    return sample_each(argc, argv, keep);
}
