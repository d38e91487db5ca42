/** The table of configuration keys, shared by the reader and the writer (config.c, config_write.c).
 */
#pragma once

#include "base/config.h"

enum sph_config_form { SPH_CONFIG_TEXT, SPH_CONFIG_NUMBER, SPH_CONFIG_LANG };

struct sph_config_key {
    const char *section, *name;
    enum sph_config_form form;
    bool is_required;
    size_t at, room;                  /* where the value stands in struct sph_config */
    bool (*is_fine)(sph_slice value); /* texts */
    uint64_t least, most;             /* numbers */
};

/** All keys in the order in which they are written; static storage. */
const struct sph_config_key *sph_config_keys(size_t *count);
/** Set one value; SPH_EREFUSED when the key does not take it. */
SPH_MUST sph_rc sph_config_set(const struct sph_config_key *key, sph_slice value,
                               struct sph_config *config, sph_err *err);
/** Append a value as text; appends nothing when it is absent. */
SPH_MUST sph_rc sph_config_get(const struct sph_config_key *key, const struct sph_config *config,
                               sph_buf *out, sph_err *err);
