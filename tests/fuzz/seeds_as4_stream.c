/* First inputs of fuzz_as4_stream: seeds_as4_stream FOLDER */
#include "as4_seeds.h"

static void keep(const char *folder, const struct sample *sample)
{
    char type[300];
    (void)snprintf(type, sizeof(type), "%c%s\n", 1 + 60 * (int)sample->suite + (int)sample->form,
                   sample->built.content_type);
    sample_keep(folder, "message", sample, sph_slice_str(type), sph_buf_peek(&sample->mime));
    sample_keep(folder, "receipt", sample,
                SPH_LIT("\x05"
                        "application/soap+xml;charset=UTF-8\n"),
                sph_buf_peek(&sample->receipt));
}

int main(int argc, char **argv)
{
    return sample_each(argc, argv, keep);
}
