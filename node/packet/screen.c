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

static void put_place(uint8_t *at, size_t place)
{
    at[0] = (uint8_t)(place >> 24);
    at[1] = (uint8_t)(place >> 16);
    at[2] = (uint8_t)(place >> 8);
    at[3] = (uint8_t)place;
}

/* Room for all is taken at once: a text has at least as many octets as characters. */
static sph_rc fold(sph_slice text, size_t from, sph_screen *to, sph_err *err)
{
    uint32_t point = 0;
    uint8_t *byte = NULL;
    uint8_t *place = NULL;
    size_t count = 0;
    size_t at = from;
    SPH_TRY(sph_buf_grow(&to->text, text.len + 1, &byte, err), err, "screen");
    SPH_TRY(sph_buf_grow(&to->place, (text.len + 1) * 4, &place, err), err, "screen");
    while (at < text.len) {
        const size_t start = at;
        if (!sph_utf8_next(text, &at, &point))
            return sph_fail(err, SPH_EPARSE, "text is not UTF-8");
        if (is_hidden(point))
            continue;
        byte[count] = seen_as(point);
        put_place(place + count * 4, start);
        count++;
    }
    put_place(place + count * 4, at);
    sph_buf_cut(&to->text, count);
    return sph_ok();
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

/* Letters of Lao, Thai and Latin alone cannot be a leak: it has a digit or an at sign. Their UTF-8
 * forms, and those of the look-alikes, begin as below; the first octets of Lao and Thai letters are
 * E0 B8 … E0 BB. */
static bool could_begin(sph_slice text, size_t i)
{
    const uint8_t byte = text.at[i];
    const uint8_t second = i + 1 < text.len ? text.at[i + 1] : 0;
    const uint8_t third = i + 2 < text.len ? text.at[i + 2] : 0;
    if (byte < 0x80)
        return (byte >= '0' && byte <= '9') || byte == '@' || byte == '(' || byte == '[';
    if (byte == 0xe0 && (second == 0xb9 || second == 0xbb))
        return third >= 0x90 && third <= 0x99;
    if (byte == 0xe0)
        return second < 0xb8;
    return byte == 0xd9 || byte == 0xdb || byte == 0xe1 || byte >= 0xef;
}

static bool could_matter(sph_slice text)
{
    for (size_t i = 0; i < text.len; i++)
        if (could_begin(text, i))
            return true;
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
