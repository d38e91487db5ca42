/* Names of codes: our own from the catalogue, countries beyond it from the Unicode library's data.
 */
#include "base/lang.h"
#include "base/unicode.h"

#include <unicode/uloc.h>
#include <unicode/ustring.h>

#define NAME_MAX_UNITS 128

static bool is_country(const char *code)
{
    return code[0] >= 'A' && code[0] <= 'Z' && code[1] >= 'A' && code[1] <= 'Z' && !code[2];
}

/* false: the library has no name for it. */
static bool country_name(enum sph_lang lang, const char *code, char *name, int32_t room)
{
    UChar units[NAME_MAX_UNITS];
    UErrorCode status = U_ZERO_ERROR;
    const char locale[] = {'u', 'n', 'd', '_', code[0], code[1], '\0'};
    const int32_t len =
        uloc_getDisplayCountry(locale, sph_lang_code(lang), units, NAME_MAX_UNITS, &status);
    if (U_FAILURE(status) || status == U_USING_DEFAULT_WARNING || len >= NAME_MAX_UNITS)
        return false;
    u_strToUTF8(name, room, NULL, units, len, &status);
    return U_SUCCESS(status) && status != U_STRING_NOT_TERMINATED_WARNING;
}

sph_rc sph_lang_label(enum sph_lang lang, const char *list, const char *code, sph_buf *out,
                      sph_err *err)
{
    char key[128];
    char name[3 * NAME_MAX_UNITS + 1];
    if (sph_str_format(key, sizeof(key), NULL, "code.%s.%s", list, code).code == SPH_OK &&
        sph_text_has(key))
        return sph_buf_add_text(out, sph_text(lang, key), err);
    if (strcmp(list, "country") == 0 && is_country(code) &&
        country_name(lang, code, name, sizeof(name)))
        return sph_unicode_clean(sph_slice_str(name), out, err);
    return sph_unicode_clean(sph_slice_str(code), out, err);
}
