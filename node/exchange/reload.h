/** Reading saphan.ini again while the node runs: all of it or nothing. */
#pragma once

#include "exchange/node.h"

#define SPH_RELOAD_KEYS 32

/** What a reload found. The names are keys of saphan.ini, static. */
struct sph_reload {
    const char *changed[SPH_RELOAD_KEYS]; /* in force from now on */
    size_t changed_count;
    const char *restart[SPH_RELOAD_KEYS]; /* changed in the file, in force after the next start */
    size_t restart_count;
    const char *identity; /* a changed key that says who the node is; NULL: none */
};
/** Read the file again. What runs keeps what it started with; what begins later sees the new
 * values; a changed name, address, size or suite makes a new card, which the partners get.
 *  out     filled on success, and `identity` when that is why it is refused
 *  errors  SPH_ECONFLICT a key that cannot change; those of sph_config_load. Nothing is changed
 * then
 */
SPH_MUST sph_rc sph_node_reload(sph_node *node, struct sph_reload *out, sph_err *err);
