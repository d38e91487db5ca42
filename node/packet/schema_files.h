/** The files of schemas/ as the build embeds them. */
#pragma once

#include <stddef.h>

struct sph_schema_file {
    const char *name;
    const unsigned char *bytes;
    size_t len;
};
extern const struct sph_schema_file sph_schema_files[];
extern const size_t sph_schema_file_count;
