/** The files of docs/samples/demo as the build embeds them, so that the demo works from any folder.
 */
#pragma once

#include <stddef.h>

struct sph_demo_file {
    const char *name;
    const unsigned char *bytes;
    size_t len;
};
extern const struct sph_demo_file sph_demo_files[];
extern const size_t sph_demo_file_count;
