/* Safety number of a root certificate (ledger.md 5): thirty digits that two people read to each
 * other. */
#include "crypto/cert_impl.h"

enum { DIGITS = 30, GROUP = 5 };

/* The last 30 decimal digits of a 256-bit big-endian number: schoolbook long division by ten, which
 * needs no memory and so cannot fail. */
static void last_digits(sph_hash number, char digits[DIGITS])
{
    for (size_t i = DIGITS; i-- > 0;) {
        unsigned rest = 0;
        for (size_t k = 0; k < sizeof(number.at); k++) {
            rest = rest * 256 + number.at[k];
            number.at[k] = (uint8_t)(rest / 10);
            rest %= 10;
        }
        digits[i] = (char)('0' + rest);
    }
}

void sph_safety_number(sph_slice root_der, char out[SPH_SAFETY_TEXT])
{
    const sph_slice parts[] = {SPH_LIT("saphan/safety/v1\n"), root_der};
    char digits[DIGITS];
    last_digits(sph_sha256_of_parts(parts, 2), digits);
    size_t at = 0;
    for (size_t i = 0; i < DIGITS; i++) {
        if (i > 0 && i % GROUP == 0)
            out[at++] = ' ';
        out[at++] = digits[i];
    }
    out[at] = '\0';
}
