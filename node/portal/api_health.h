/** A partner's health as JSON. Internal to node/portal. */
#pragma once

#include "portal/api_call.h"

/** Set member "health": last contact, queue, certificate, clock, last failure in the caller's
 * language. SPH_ENOTFOUND no such partner */
SPH_MUST sph_rc sph_api_set_health(struct sph_api_call *call, const char *party, sph_json *object,
                                   sph_err *err);
