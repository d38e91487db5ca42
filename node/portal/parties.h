/** The names of all partners as a value: what is asked of each may then ask the directory again.
 * Internal to node/portal. */
#pragma once

#include "exchange/node.h"

typedef struct sph_parties {
    char (*name)[SPH_PARTY_ROOM];
    size_t count, room;
} sph_parties;

/** Read them, sorted. out: empty on entry, sph_parties_clear. removed ones too. SPH_ENOMEM */
SPH_MUST sph_rc sph_parties_read(sph_node *node, sph_parties *out, sph_err *err);
void sph_parties_clear(sph_parties *parties);
