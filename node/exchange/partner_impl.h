/** Between the files of partner: rows into records. */
#pragma once

#include "exchange/partner.h"

#define SPH_PARTNER_COLUMNS "card, state, changed_ms, added_ms, pmode, party"
/** A record from a row of SPH_PARTNER_COLUMNS; out is zeroed but for its reference. SPH_EPARSE when
 * what is stored does not hold. */
SPH_MUST sph_rc sph_partner_read(sph_stmt *stmt, const char *own, const struct sph_schemas *schemas,
                                 const struct sph_limits *limits, const char *mode, int64_t now_ms,
                                 sph_partner *out, sph_err *err);
