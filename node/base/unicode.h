/** Unicode rules (ICU behind): normal form, forbidden characters, width. */
#pragma once

#include "base/bytes.h"

/** Valid UTF-8 (no surrogates, no overlong forms)? */
bool sph_utf8_valid(sph_slice text);
/** PK-09: valid UTF-8 in NFC without control (but tab, LF, CR), bidi, private-use or zero-width
 * characters except U+200B, U+200C, U+200D beside Lao or Thai. SPH_EREFUSED; *at = byte offset of
 * the fault. */
SPH_MUST sph_rc sph_unicode_check(sph_slice text, size_t *at, sph_err *err);
/** Append the NFC form. */
SPH_MUST sph_rc sph_unicode_nfc(sph_slice text, sph_buf *out, sph_err *err);
/** Terminal columns of a text (marks count 0, wide East Asian 2), for tables. */
size_t sph_unicode_width(sph_slice text);
/** Lao and Thai digits to ASCII, appended. */
SPH_MUST sph_rc sph_unicode_ascii_digits(sph_slice text, sph_buf *out, sph_err *err);
/** The code point at *at, which moves past it; false at the end and where the bytes are not UTF-8
 * (then *at stays). */
bool sph_utf8_next(sph_slice text, size_t *at, uint32_t *point);
/** Append a code point (not a surrogate, at most U+10FFFF, else SPH_EARG). */
SPH_MUST sph_rc sph_utf8_add(uint32_t point, sph_buf *out, sph_err *err);
/** Append a text that may be anything, fit for one line of a screen: control and bidi characters
 * and bytes that are not UTF-8 become U+FFFD each. */
SPH_MUST sph_rc sph_unicode_clean(sph_slice text, sph_buf *out, sph_err *err);
