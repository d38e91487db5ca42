/** What other handlers show of foreign AS4 products. Internal to node/portal. */
#pragma once

#include "exchange/pmode.h"
#include "portal/api_call.h"

/** Set "pmode": its values, and of each certificate digest and validity. */
SPH_MUST sph_rc sph_api_set_pmode(const sph_pmode *pmode, sph_json *partner, sph_err *err);
/** A foreign message as a saphan.packet/1, still without its history; OPENED was written. */
SPH_MUST sph_rc sph_api_foreign_show(struct sph_api_call *call, const char *packet_id,
                                     sph_json **out, sph_err *err);
