/** The node's own upkeep while it serves: certificates and CRL renewed in time, the new card sent
 * to partners. */
#pragma once

#include "exchange/node.h"

typedef struct sph_care sph_care;
/** Start the upkeep thread; its first round is at once. out: owned, sph_care_stop. */
SPH_MUST sph_rc sph_care_start(sph_node *node, sph_care **out, sph_err *err);
/** Do a round now: what certificates say has changed. NULL is fine. */
void sph_care_now(sph_care *care);
/** End the thread after its running round. NULL and *NULL are fine. */
void sph_care_stop(sph_care **care);
/** One round now: renew what is due, make and queue a new card when something changed, CERT_ADDED
 * leaf. *changed certificates. */
SPH_MUST sph_rc sph_care_round(sph_node *node, unsigned *changed, sph_err *err);
