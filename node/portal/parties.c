#include "portal/parties.h"

static sph_rc count_one(void *arg, const sph_partner *partner, sph_err *err)
{
    (void)partner;
    (void)err;
    ++*(size_t *)arg;
    return sph_ok();
}

static sph_rc take_one(void *arg, const sph_partner *partner, sph_err *err)
{
    sph_parties *parties = arg;
    if (parties->count == parties->room)
        return sph_ok(); /* added since they were counted */
    SPH_TRY(sph_str_copy(parties->name[parties->count], SPH_PARTY_ROOM,
                         sph_slice_str(partner->card.party), err),
            err, "partner");
    parties->count++;
    return sph_ok();
}

sph_rc sph_parties_read(sph_node *node, sph_parties *out, sph_err *err)
{
    sph_partners *partners = sph_node_partners(node);
    size_t room = 0;
    SPH_TRY(sph_partners_each(partners, count_one, &room, err), err, "partners");
    out->name = sph_mem_new(room + 1, sizeof(*out->name));
    if (!out->name)
        return sph_fail(err, SPH_ENOMEM, "partners");
    out->room = room;
    return sph_partners_each(partners, take_one, out, err);
}

void sph_parties_clear(sph_parties *parties)
{
    sph_mem_free(parties->name);
    *parties = (sph_parties){.count = 0};
}
