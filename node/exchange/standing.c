#include "exchange/standing.h"

/* Not remembered as an active partner's check is: nothing is done for such a client but this. */
static bool was_partner(const sph_partner *partner, const sph_cert *leaf, int64_t now_ms)
{
    return partner->card.root &&
           sph_cert_check(leaf, partner->card.root, partner->card.party, SPH_USE_TLS, now_ms,
                          sph_buf_peek(&partner->card.crl), NULL)
                   .code == SPH_OK;
}

enum sph_standing sph_partners_standing(sph_partners *partners, const sph_cert *leaf,
                                        int64_t now_ms, char party[SPH_PARTY_ROOM])
{
    if (!leaf)
        return SPH_STANDING_STRANGER;
    if (sph_partners_admit(partners, leaf, now_ms, party))
        return SPH_STANDING_PARTNER;
    if (sph_cert_party(leaf, party, NULL).code != SPH_OK)
        return SPH_STANDING_STRANGER;
    SPH_AUTO_PTR(sph_partner) *partner = sph_partners_get(partners, party);
    if (!partner || partner->state == SPH_PARTNER_ACTIVE || !was_partner(partner, leaf, now_ms))
        return SPH_STANDING_STRANGER;
    return partner->state == SPH_PARTNER_PAUSED ? SPH_STANDING_PAUSED : SPH_STANDING_REMOVED;
}
