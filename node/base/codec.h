/** Text codings: base64, hex, Crockford base 32, UUID v4, RFC 3339. All strict. */
#pragma once

#include "base/bytes.h"
#include "base/env.h"

/** Base64 (RFC 4648, padded). Decoding: no white space, correct padding, zero trailing bits. */
SPH_MUST sph_rc sph_base64_encode(sph_slice bytes, sph_buf *out, sph_err *err);
SPH_MUST sph_rc sph_base64_decode(sph_slice text, sph_buf *out, sph_err *err);
/** As sph_base64_decode, but XML white space is skipped (XMLDSig values). */
SPH_MUST sph_rc sph_base64_decode_xml(sph_slice text, sph_buf *out, sph_err *err);
SPH_MUST sph_rc sph_hex_encode(sph_slice bytes, sph_buf *out, sph_err *err); /* lower case */
SPH_MUST sph_rc sph_hex_decode(sph_slice text, sph_buf *out,
                               sph_err *err); /* either case, even length */

#define SPH_UUID_TEXT 37 /* 36 characters and NUL */
/** A random version-4 UUID, lower case. */
SPH_MUST sph_rc sph_uuid_new(const sph_random *random, char out[SPH_UUID_TEXT], sph_err *err);
/** True for 36 characters of a version-4, variant-1 UUID in lower case. */
bool sph_uuid_is_v4(sph_slice text);

/** First `bits` bits (a multiple of 5) of `bytes` as Crockford base 32, upper case, e.g. 30 bits of
 *  SHA-256(uuid) for short ids such as T-7Q4M2K (cli.md). */
SPH_MUST sph_rc sph_crockford_encode(sph_slice bytes, unsigned bits, sph_buf *out, sph_err *err);

#define SPH_TIME_TEXT 25 /* 2026-11-24T11:30:00.123Z and NUL */
/** RFC 3339 UTC with or without milliseconds. Years 1900..2199. */
SPH_MUST sph_rc sph_time_format(int64_t unix_ms, bool with_ms, char out[SPH_TIME_TEXT],
                                sph_err *err);
/** Accepts any dateTime with zone ("Z" or ±hh:mm), optional fraction; a year of 2400..2700 is
 * SPH_EREFUSED (looks like Buddhist Era), other faults SPH_EPARSE. */
SPH_MUST sph_rc sph_time_parse(sph_slice text, int64_t *unix_ms, sph_err *err);
/** yyyy-mm-dd <-> days since 1970-01-01; same rules. */
SPH_MUST sph_rc sph_date_parse(sph_slice text, int32_t *days, sph_err *err);
SPH_MUST sph_rc sph_date_format(int32_t days, char out[11], sph_err *err);
