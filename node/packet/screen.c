#include "packet/screen.h"

#include "base/unicode.h"
#include "packet/screen_parts.h"

/* What the patterns see of a character: digits of all three scripts are digits, what joins or hides
 * is gone, every letter of another script is 'w' for "word", other signs are kept or '!'. */
static bool is_hidden(uint32_t point)
{
    return (point >= 0x200b && point <= 0x200f) || (point >= 0x202a && point <= 0x202e) ||
           (point >= 0x2060 && point <= 0x2069) || point == 0xfeff || point == 0xad ||
           point == 0x34f || point == 0x61c || point == 0x180e ||
           (point >= 0xfe00 && point <= 0xfe0f);
}

static int digit_of(uint32_t point)
{
    static const uint32_t zeros[] = {'0',    0x0e50, 0x0ed0, 0xff10, 0x0660,
                                     0x06f0, 0x17e0, 0x1040, 0x1090, 0x0966};
    for (size_t i = 0; i < sizeof(zeros) / sizeof(zeros[0]); i++)
        if (point >= zeros[i] && point < zeros[i] + 10)
            return (int)(point - zeros[i]);
    if (point >= 0x1d7ce && point <= 0x1d7ff)
        return (int)((point - 0x1d7ce) % 10);
    return -1;
}

static uint8_t sign_of(uint32_t point)
{
    static const struct {
        uint32_t from, to;
        uint8_t as;
    } table[] = {
        {0x09, 0x0d, ' '},     {0xa0, 0xa0, ' '},     {0x2000, 0x200a, ' '}, {0x202f, 0x202f, ' '},
        {0x205f, 0x205f, ' '}, {0x3000, 0x3000, ' '}, {0x2010, 0x2015, '-'}, {0x2212, 0x2212, '-'},
        {0xfe58, 0xfe58, '-'}, {0xfe63, 0xfe63, '-'}, {0xff0d, 0xff0d, '-'}, {0xfe6b, 0xfe6b, '@'},
        {0xff20, 0xff20, '@'}, {0xff0e, 0xff0e, '.'}, {0x3002, 0x3002, '.'}, {0x2024, 0x2024, '.'},
        {0xff0b, 0xff0b, '+'}, {0xff08, 0xff08, '('}, {0xff09, 0xff09, ')'},
    };
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
        if (point >= table[i].from && point <= table[i].to)
            return table[i].as;
    return 0;
}

static uint8_t seen_as(uint32_t point)
{
    const int digit = digit_of(point);
    if (digit >= 0)
        return (uint8_t)('0' + digit);
    const uint8_t sign = sign_of(point);
    if (sign)
        return sign;
    if (point >= 0xff21 && point <= 0xff5a) /* full-width letters */
        return (uint8_t)(point - 0xfee0);
    if (point < 0x80)
        return (uint8_t)point;
    return 'w' | SPH_SCREEN_FOREIGN;
}

static sph_rc fold(sph_slice text, size_t from, sph_screen *to, sph_err *err)
{
    uint32_t point = 0;
    uint8_t *byte = NULL;
    size_t at = from;
    while (at < text.len) {
        const size_t start = at;
        if (!sph_utf8_next(text, &at, &point))
            return sph_fail(err, SPH_EPARSE, "text is not UTF-8");
        if (is_hidden(point))
            continue;
        SPH_TRY(sph_buf_grow(&to->text, 1, &byte, err), err, "screen");
        *byte = seen_as(point);
        SPH_TRY(sph_buf_add_u32(&to->place, (uint32_t)start, err), err, "screen");
    }
    return sph_buf_add_u32(&to->place, (uint32_t)at, err);
}

static void sph_screen_clear(sph_screen *screen)
{
    sph_buf_clear(&screen->text);
    sph_buf_clear(&screen->place);
}

size_t sph_screen_place(const sph_screen *screen, size_t i)
{
    const uint8_t *at = screen->place.at + i * 4;
    return (size_t)at[0] << 24 | (size_t)at[1] << 16 | (size_t)at[2] << 8 | at[3];
}

static bool could_matter(sph_slice text)
{
    /* A leak has a digit or an at sign; the ASCII forms are cheap to see, others start with these
     * bytes. */
    for (size_t i = 0; i < text.len; i++) {
        const uint8_t byte = text.at[i];
        if ((byte >= '0' && byte <= '9') || byte == '@' || byte >= 0xd9 || byte == '(' ||
            byte == '[')
            return true;
    }
    return false;
}

sph_rc sph_leak_find(sph_slice text, size_t from, struct sph_leak_found *out, sph_err *err)
{
    static const sph_screen_pattern patterns[] = {sph_screen_email, sph_screen_digits,
                                                  sph_screen_passport};
    struct sph_leak_found best = {SPH_LEAK_NONE, text.len, 0};
    if (!could_matter(text)) {
        *out = best;
        return sph_ok();
    }
    SPH_AUTO(sph_screen) screen = {sph_buf_init(text.len + 1), sph_buf_init((text.len + 1) * 4)};
    SPH_TRY(fold(text, from, &screen, err), err, "screen");
    for (size_t i = 0; i < sizeof(patterns) / sizeof(patterns[0]); i++) {
        struct sph_screen_hit hit = {SPH_LEAK_NONE, 0, 0};
        if (!patterns[i](&screen, &hit))
            continue;
        const size_t at = sph_screen_place(&screen, hit.from);
        if (at < best.at)
            best = (struct sph_leak_found){hit.kind, at, sph_screen_place(&screen, hit.to) - at};
    }
    *out = best;
    return sph_ok();
}

const char *sph_leak_key(enum sph_leak kind)
{
    static const char *const keys[] = {"", "packet.leak-email", "packet.leak-phone",
                                       "packet.leak-thai-id", "packet.leak-passport"};
    return keys[kind];
}
