/** Dates of HTTP heads (RFC 9110 5.6.7): the one form that is sent, and read strictly. Pure. */
#pragma once

#include "base/bytes.h"

/** Append "Sun, 06 Nov 1994 08:49:37 GMT". SPH_EARG a time out of range; SPH_ELIMIT; SPH_ENOMEM */
SPH_MUST sph_rc sph_http_date_add(int64_t unix_ms, sph_buf *out, sph_err *err);
/** Read that form; the day of the week is not compared. SPH_EPARSE for every other text. */
SPH_MUST sph_rc sph_http_date_parse(sph_slice text, int64_t *unix_ms, sph_err *err);
