/* First inputs of fuzz_as4_mime: seeds_as4_mime FOLDER */
#include "as4_seeds.h"

static void keep(const char *folder, const struct sample *sample)
{
    char type[300];
    (void)snprintf(type, sizeof(type), "%s\n", sample->built.content_type);
    sample_keep(folder, "message", sample, sph_slice_str(type), sph_buf_peek(&sample->mime));
    sample_keep(folder, "receipt", sample, SPH_LIT("application/soap+xml;charset=UTF-8\n"),
                sph_buf_peek(&sample->receipt));
}

int main(int argc, char **argv)
{
    return sample_each(argc, argv, keep);
}
