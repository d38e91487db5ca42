/** Adding, pausing and removing partners: the ceremony's end, with its leaf. */
#pragma once

#include "exchange/node.h"

/** What a card file says, before anyone trusts it. */
struct sph_card_preview {
    char party[SPH_PARTY_ROOM], kind[24], country[3], mode[16], name[3][256], url[256];
    char safety[SPH_SAFETY_TEXT];
    int64_t valid_until_ms;
    uint32_t serial;
    bool is_known;     /* a partner already */
    bool is_same_root; /* … with this root */
};
/** Check a card file. SPH_EREFUSED with findings, SPH_EPROOF when its signature does not hold. */
SPH_MUST sph_rc sph_partner_preview(sph_node *node, sph_slice card, struct sph_card_preview *out,
                                    sph_findings *findings, sph_err *err);
/** Trust a card: `safety` is what the person confirmed, with or without spaces; another number is
 * SPH_EPROOF. Row and PARTNER_ADDED leaf in one commit. A known partner with the same root gets the
 * newer card; another root must be removed first (SPH_EEXISTS). */
SPH_MUST sph_rc sph_partner_add(sph_node *node, sph_slice card, const char *safety,
                                const char *user, sph_findings *findings, sph_err *err);
/** Pause, resume or remove: takes effect on the next request. Leaf PARTNER_SUSPENDED, or
 * PARTNER_ADDED when resumed. */
SPH_MUST sph_rc sph_partner_set_state(sph_node *node, const char *party,
                                      enum sph_partner_state state, const char *user, sph_err *err);
