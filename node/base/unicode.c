#include "base/unicode.h"

#include <unicode/uchar.h>
#include <unicode/unorm2.h>
#include <unicode/ustring.h>

#define REPLACEMENT 0xfffdu

static bool is_follower(uint8_t byte)
{
    return (byte & 0xc0) == 0x80;
}

/* Inlined where each character of a text is looked at. */
static inline bool next_point(sph_slice text, size_t *at, uint32_t *point)
{
    static const uint32_t least[] = {0, 0x80, 0x800, 0x10000}; /* shorter forms are overlong */
    const size_t left = text.len - *at;
    if (*at >= text.len)
        return false;
    const uint8_t *byte = text.at + *at;
    if (byte[0] < 0x80) {
        *point = byte[0];
        *at += 1;
        return true;
    }
    const size_t more = byte[0] < 0xe0 ? 1 : byte[0] < 0xf0 ? 2 : 3;
    if (byte[0] < 0xc2 || byte[0] > 0xf4 || left <= more || !is_follower(byte[1]))
        return false;
    uint32_t value = (byte[0] & (0x3fu >> more)) << 6 | (byte[1] & 0x3fu);
    for (size_t i = 2; i <= more; i++) {
        if (!is_follower(byte[i]))
            return false;
        value = value << 6 | (byte[i] & 0x3fu);
    }
    if (value < least[more] || value > 0x10ffff || (value >= 0xd800 && value <= 0xdfff))
        return false;
    *point = value;
    *at += more + 1;
    return true;
}

bool sph_utf8_next(sph_slice text, size_t *at, uint32_t *point)
{
    return next_point(text, at, point);
}

sph_rc sph_utf8_add(uint32_t point, sph_buf *out, sph_err *err)
{
    uint8_t bytes[4];
    size_t len = 0;
    if (point > 0x10ffff || (point >= 0xd800 && point <= 0xdfff))
        return sph_fail(err, SPH_EARG, "no such character");
    if (point < 0x80) {
        bytes[len++] = (uint8_t)point;
    } else if (point < 0x800) {
        bytes[len++] = (uint8_t)(0xc0 | point >> 6);
    } else if (point < 0x10000) {
        bytes[len++] = (uint8_t)(0xe0 | point >> 12);
        bytes[len++] = (uint8_t)(0x80 | (point >> 6 & 0x3f));
    } else {
        bytes[len++] = (uint8_t)(0xf0 | point >> 18);
        bytes[len++] = (uint8_t)(0x80 | (point >> 12 & 0x3f));
        bytes[len++] = (uint8_t)(0x80 | (point >> 6 & 0x3f));
    }
    if (point >= 0x80)
        bytes[len++] = (uint8_t)(0x80 | (point & 0x3f));
    return sph_buf_add(out, sph_slice_of(bytes, len), err);
}

/* Octets of ASCII from `at` on, eight at a time. */
static size_t skip_ascii(sph_slice text, size_t at)
{
    uint64_t eight;
    for (; text.len - at >= sizeof(eight); at += sizeof(eight)) {
        memcpy(&eight, text.at + at, sizeof(eight));
        if (eight & UINT64_C(0x8080808080808080))
            break;
    }
    while (at < text.len && text.at[at] < 0x80)
        at++;
    return at;
}

bool sph_utf8_valid(sph_slice text)
{
    uint32_t point = 0;
    for (size_t at = 0; (at = skip_ascii(text, at)) < text.len;)
        if (!next_point(text, &at, &point))
            return false;
    return true;
}

static bool is_bidi(uint32_t point)
{
    return point == 0x061c || point == 0x200e || point == 0x200f ||
           (point >= 0x202a && point <= 0x202e) || (point >= 0x2066 && point <= 0x2069);
}

static bool is_lao_or_thai(uint32_t point)
{
    return point >= 0x0e00 && point <= 0x0eff;
}

/* Canonical_Combining_Class in that block. Most of what a node reads is Lao or Thai, and asking ICU
 * three things of each character was 5 % of an exchange's CPU; the tests ask ICU about them all. */
static uint8_t class_of_lao_or_thai(uint32_t point)
{
    switch (point) {
    case 0x0e38: /* Thai vowels below */
    case 0x0e39:
        return 103;
    case 0x0e3a: /* Thai phinthu, Lao pali virama */
    case 0x0eba:
        return 9;
    case 0x0e48: /* Thai tones */
    case 0x0e49:
    case 0x0e4a:
    case 0x0e4b:
        return 107;
    case 0x0eb8: /* Lao vowels below */
    case 0x0eb9:
        return 118;
    case 0x0ec8: /* Lao tones */
    case 0x0ec9:
    case 0x0eca:
    case 0x0ecb:
        return 122;
    default:
        return 0;
    }
}

/* U+200B word break, U+200C and U+200D joiners: the three that Lao and Thai writing needs. */
static bool is_script_joiner(uint32_t point)
{
    return point >= 0x200b && point <= 0x200d;
}

static bool is_noncharacter(uint32_t point)
{
    return (point & 0xfffe) == 0xfffe || (point >= 0xfdd0 && point <= 0xfdef);
}

/* Characters that no text needs. Default_Ignorable (UAX #44) is the standard's list of what shows
 * nothing. */
static bool is_forbidden(uint32_t point)
{
    if (point == '\t' || point == '\n' || point == '\r' || (point >= 0x20 && point < 0x7f) ||
        is_lao_or_thai(point))
        return false;
    const int8_t type = u_charType((UChar32)point);
    return type == U_CONTROL_CHAR || type == U_FORMAT_CHAR || type == U_PRIVATE_USE_CHAR ||
           type == U_LINE_SEPARATOR || type == U_PARAGRAPH_SEPARATOR || is_noncharacter(point) ||
           u_hasBinaryProperty((UChar32)point, UCHAR_DEFAULT_IGNORABLE_CODE_POINT);
}

static bool stands_by_script(sph_slice text, size_t after, uint32_t previous)
{
    uint32_t next = 0;
    return is_lao_or_thai(previous) || (sph_utf8_next(text, &after, &next) && is_lao_or_thai(next));
}

static sph_rc check_characters(sph_slice text, size_t *at, sph_err *err)
{
    uint32_t previous = 0;
    for (size_t here = 0; here < text.len;) {
        uint32_t point = 0;
        *at = here;
        if (!next_point(text, &here, &point))
            return sph_fail(err, SPH_EREFUSED, "not UTF-8 at byte %zu", *at);
        const bool is_needed = is_script_joiner(point) && stands_by_script(text, here, previous);
        if (!is_needed && is_forbidden(point))
            return sph_fail(err, SPH_EREFUSED, "U+%04X at byte %zu", (unsigned)point, *at);
        previous = point;
    }
    return sph_ok();
}

/* NFC by the quick check of UAX #15 §9, which needs no memory; `fault` is where it first is not
 * "yes". */
static UNormalizationCheckResult quick_check(sph_slice text, size_t *fault)
{
    uint32_t point = 0;
    uint8_t last_class = 0;
    UNormalizationCheckResult result = UNORM_YES;
    size_t start = 0;
    for (size_t at = 0; next_point(text, &at, &point); start = at) {
        if (point < 0x300) {
            last_class = 0;
            continue;
        }
        const bool is_ours = is_lao_or_thai(point); /* nothing in the block composes */
        const uint8_t class =
            is_ours ? class_of_lao_or_thai(point) : u_getCombiningClass((UChar32)point);
        const int32_t quick = is_ours
                                  ? (int32_t)UNORM_YES
                                  : u_getIntPropertyValue((UChar32)point, UCHAR_NFC_QUICK_CHECK);
        const bool is_unordered = class != 0 && class < last_class;
        if (result == UNORM_YES && (is_unordered || quick != UNORM_YES))
            *fault = start;
        if (is_unordered || quick == UNORM_NO)
            return UNORM_NO;
        if (quick == UNORM_MAYBE)
            result = UNORM_MAYBE;
        last_class = class;
    }
    return result;
}

/* UTF-16 as ICU wants it. */
struct wide {
    UChar *at;
    int32_t len;
};

static void wide_clear(struct wide *wide)
{
    sph_mem_free(wide->at);
    *wide = (struct wide){NULL, 0};
}
#define AUTO_WIDE __attribute__((cleanup(wide_clear))) struct wide

static sph_rc wide_new(size_t units, struct wide *out, sph_err *err)
{
    if (units > INT32_MAX / 8)
        return sph_fail(err, SPH_ELIMIT, "text of %zu bytes", units);
    out->at = sph_mem_new(units + 1, sizeof(UChar));
    if (!out->at)
        return sph_fail(err, SPH_ENOMEM, "text of %zu bytes", units);
    out->len = (int32_t)units;
    return sph_ok();
}

static sph_rc widen(sph_slice text, struct wide *out, sph_err *err)
{
    UErrorCode status = U_ZERO_ERROR;
    int32_t len = 0;
    SPH_TRY(wide_new(text.len, out, err), err, "UTF-16");
    u_strFromUTF8(out->at, out->len, &len, (const char *)text.at, (int32_t)text.len, &status);
    if (U_FAILURE(status))
        return sph_fail(err, SPH_EPARSE, "not UTF-8");
    out->len = len;
    return sph_ok();
}

static sph_rc check_nfc(sph_slice text, size_t *at, sph_err *err)
{
    size_t fault = 0;
    UErrorCode status = U_ZERO_ERROR;
    AUTO_WIDE wide = {NULL, 0};
    const UNormalizationCheckResult result = quick_check(text, &fault);
    if (result == UNORM_YES)
        return sph_ok();
    *at = fault;
    if (result == UNORM_MAYBE) {
        SPH_TRY(widen(text, &wide, err), err, "normal form");
        const UNormalizer2 *nfc = unorm2_getNFCInstance(&status);
        const bool is_nfc = unorm2_isNormalized(nfc, wide.at, wide.len, &status);
        if (U_FAILURE(status))
            return sph_fail(err, SPH_ENOMEM, "normal form");
        if (is_nfc)
            return sph_ok();
    }
    return sph_fail(err, SPH_EREFUSED, "not in normal form NFC, byte %zu", fault);
}

sph_rc sph_unicode_check(sph_slice text, size_t *at, sph_err *err)
{
    size_t fault = 0;
    sph_rc rc = check_characters(text, &fault, err);
    if (rc.code == SPH_OK)
        rc = check_nfc(text, &fault, err);
    if (rc.code != SPH_OK && at)
        *at = fault;
    return rc;
}

/* Narrow once to learn the length, once into the buffer. */
static sph_rc narrow(const struct wide *wide, sph_buf *out, sph_err *err)
{
    UErrorCode status = U_ZERO_ERROR;
    int32_t len = 0;
    uint8_t *to = NULL;
    u_strToUTF8(NULL, 0, &len, wide->at, wide->len, &status);
    if (status != U_BUFFER_OVERFLOW_ERROR && U_FAILURE(status))
        return sph_fail(err, SPH_EPARSE, "text cannot be written as UTF-8");
    SPH_TRY(sph_buf_grow(out, (size_t)len, &to, err), err, "text");
    status = U_ZERO_ERROR;
    u_strToUTF8((char *)to, len, NULL, wide->at, wide->len, &status);
    return sph_ok();
}

static sph_rc compose(const struct wide *from, struct wide *to, sph_err *err)
{
    UErrorCode status = U_ZERO_ERROR;
    const UNormalizer2 *nfc = unorm2_getNFCInstance(&status);
    const int32_t len = unorm2_normalize(nfc, from->at, from->len, to->at, to->len, &status);
    if (U_FAILURE(status))
        return sph_fail(err, SPH_ENOMEM, "normal form");
    to->len = len;
    return sph_ok();
}

sph_rc sph_unicode_nfc(sph_slice text, sph_buf *out, sph_err *err)
{
    size_t fault = 0;
    AUTO_WIDE from = {NULL, 0};
    AUTO_WIDE to = {NULL, 0};
    if (!sph_utf8_valid(text))
        return sph_fail(err, SPH_EPARSE, "not UTF-8");
    if (quick_check(text, &fault) == UNORM_YES)
        return sph_buf_add(out, text, err);
    SPH_TRY(widen(text, &from, err), err, "normal form");
    /* UAX #15 §15.1: NFC of UTF-16 grows at most threefold. */
    SPH_TRY(wide_new((size_t)from.len * 3, &to, err), err, "normal form");
    SPH_TRY(compose(&from, &to, err), err, "normal form");
    return narrow(&to, out, err);
}

static size_t columns_of(uint32_t point)
{
    const int8_t type = u_charType((UChar32)point);
    if (type == U_NON_SPACING_MARK || type == U_ENCLOSING_MARK || type == U_FORMAT_CHAR ||
        type == U_CONTROL_CHAR)
        return 0;
    const int32_t width = u_getIntPropertyValue((UChar32)point, UCHAR_EAST_ASIAN_WIDTH);
    return width == U_EA_WIDE || width == U_EA_FULLWIDTH ? 2 : 1;
}

size_t sph_unicode_width(sph_slice text)
{
    size_t columns = 0;
    for (size_t at = 0; at < text.len;) {
        uint32_t point = REPLACEMENT;
        if (!sph_utf8_next(text, &at, &point))
            at++; /* shown as U+FFFD */
        columns += point >= 0x20 && point < 0x7f ? 1 : columns_of(point);
    }
    return columns;
}

static uint32_t ascii_digit(uint32_t point)
{
    if (point >= 0x0e50 && point <= 0x0e59)
        return point - 0x0e50 + '0';
    if (point >= 0x0ed0 && point <= 0x0ed9)
        return point - 0x0ed0 + '0';
    return point;
}

sph_rc sph_unicode_ascii_digits(sph_slice text, sph_buf *out, sph_err *err)
{
    uint32_t point = 0;
    const size_t before = out->len;
    if (!sph_utf8_valid(text))
        return sph_fail(err, SPH_EPARSE, "not UTF-8");
    for (size_t at = 0; sph_utf8_next(text, &at, &point);) {
        const sph_rc rc = sph_utf8_add(ascii_digit(point), out, err);
        if (rc.code != SPH_OK) {
            sph_buf_cut(out, before);
            return rc;
        }
    }
    return sph_ok();
}

sph_rc sph_unicode_clean(sph_slice text, sph_buf *out, sph_err *err)
{
    const size_t before = out->len;
    for (size_t at = 0; at < text.len;) {
        uint32_t point = REPLACEMENT;
        if (!sph_utf8_next(text, &at, &point))
            at++;
        const bool is_shown = point >= 0x20 && (point < 0x7f || point > 0x9f) && !is_bidi(point) &&
                              point != 0x2028 && point != 0x2029;
        const sph_rc rc = sph_utf8_add(is_shown ? point : REPLACEMENT, out, err);
        if (rc.code != SPH_OK) {
            sph_buf_cut(out, before);
            return rc;
        }
    }
    return sph_ok();
}
