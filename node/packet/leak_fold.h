/** How the leak screen sees a character; for the files of node/packet only. */
#pragma once

#include <stddef.h>
#include <stdint.h>

/** Up to two points for one; 0 when it shows nothing (zero width, bidi, tone and silence marks,
 * combining marks). Digits of every decimal script and circled ones become ASCII, letters of other
 * alphabets that look Latin become Latin, all white space ' ', all dashes '-'. */
size_t sph_leak_fold(uint32_t point, uint32_t out[2]);
