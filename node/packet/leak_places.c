#include "packet/leak_parts.h"

#define LOOK_BACK 64u /* so that time stays linear in any text */

#define PLACE_REACH 40
#define SHELTER_REACH 120
#define HOUSE_REACH 12
#define DEGREE 0xb0

/* A decimal number: its end, the digits behind its point, its whole part. */
struct decimal {
    size_t end, fraction;
    unsigned whole;
};

static bool read_decimal(struct sph_leak_view *view, size_t i, struct decimal *out)
{
    size_t at = i;
    unsigned whole = 0;
    while (at - i < 4 && sph_leak_is_digit(sph_leak_at(view, at)))
        whole = whole * 10 + (sph_leak_at(view, at++) - '0');
    if (at == i || at - i > 3 || sph_leak_at(view, at) != '.')
        return false;
    const size_t point = ++at;
    while (at - point < 12 && sph_leak_is_digit(sph_leak_at(view, at)))
        at++;
    *out = (struct decimal){at, at - point, whole};
    return at - point >= 3 && !sph_leak_is_digit(sph_leak_at(view, at));
}

static bool is_side(uint32_t point)
{
    return point == 'N' || point == 'S' || point == 'E' || point == 'W';
}

/* Between the two numbers: degree sign, side, comma, blanks, minus. */
static size_t skip_between(struct sph_leak_view *view, size_t i, bool *has_side)
{
    for (size_t n = 0; n < 6; n++, i++) {
        const uint32_t point = sph_leak_at(view, i);
        *has_side = *has_side || is_side(point) || point == DEGREE;
        if (!is_side(point) && point != DEGREE && point != ',' && point != ';' && point != ' ' &&
            point != '-')
            break;
    }
    return i;
}

/* "17.9757, 102.6331": latitude and longitude, to about a hundred metres or better. */
bool sph_leak_decimal(struct sph_leak_view *view, size_t i, struct sph_leak_span *span)
{
    struct decimal first;
    struct decimal second;
    bool has_side = sph_leak_near(view, SPH_WORD_PLACE, i, PLACE_REACH);
    if (!read_decimal(view, i, &first) || first.whole > 180)
        return false;
    const size_t next = skip_between(view, first.end, &has_side);
    if (next == first.end || !read_decimal(view, next, &second) || second.whole > 180 ||
        (first.whole > 90 && second.whole > 90))
        return false;
    *span = (struct sph_leak_span){i, second.end};
    return has_side || (first.fraction >= 4 && second.fraction >= 4);
}

static size_t number_end(struct sph_leak_view *view, size_t i, size_t most)
{
    size_t at = i;
    while (at - i < most && sph_leak_is_digit(sph_leak_at(view, at)))
        at++;
    return at;
}

/* 17°58'32" with or without seconds. */
bool sph_leak_degrees(struct sph_leak_view *view, size_t i, struct sph_leak_span *span)
{
    const size_t degrees = number_end(view, i, 4);
    if (degrees - i > 3 || sph_leak_at(view, degrees) != DEGREE)
        return false;
    const size_t from = sph_leak_spaces(view, degrees + 1, 1);
    const size_t minutes = number_end(view, from, 3);
    if (minutes == from || minutes - from > 2)
        return false;
    const uint32_t sign = sph_leak_at(view, minutes);
    *span = (struct sph_leak_span){i, minutes + 1};
    return sign == '\'' || sign == '.';
}

static bool is_plus_sign(uint32_t point)
{
    return (sph_leak_is_digit(point) && point >= '2') ||
           (sph_leak_is_capital(point) && point != 'A' && point != 'B' && point != 'D' &&
            point != 'E' && point != 'I' && point != 'K' && point != 'L' && point != 'N' &&
            point != 'O' && point != 'S' && point != 'T' && point != 'U' && point != 'Y' &&
            point != 'Z');
}

/* "7M8C+9WX": four to eight signs of the open location code before its plus, two or three behind,
 * letters among them. */
bool sph_leak_plus_code(struct sph_leak_view *view, size_t i, struct sph_leak_span *span)
{
    size_t from = i;
    size_t end = i + 1;
    bool has_letter = false;
    if (sph_leak_at(view, i) != '+')
        return false;
    for (; from > 0 && i - from < 9 && is_plus_sign(sph_leak_at(view, from - 1)); from--)
        has_letter = has_letter || sph_leak_is_capital(sph_leak_at(view, from - 1));
    while (end - i < 5 && is_plus_sign(sph_leak_at(view, end)))
        end++;
    const uint32_t before = from > 0 ? sph_leak_at(view, from - 1) : 0;
    *span = (struct sph_leak_span){from, end};
    return has_letter && (i - from == 4 || i - from == 6 || i - from == 8) && end - i >= 3 &&
           end - i <= 4 && !sph_leak_is_word(before) && !sph_leak_is_word(sph_leak_at(view, end));
}

bool sph_leak_map(struct sph_leak_view *view, size_t i, struct sph_leak_span *span)
{
    size_t end = i;
    while (end - i < 60 && sph_leak_at(view, end) > ' ')
        end++;
    *span = (struct sph_leak_span){i, end};
    return end >= i + 3;
}

/* Where the word begins that ends before i, blanks before i passed over. */
static size_t word_before(struct sph_leak_view *view, size_t i, size_t *end)
{
    for (size_t n = 0; n < LOOK_BACK && i > 0 && sph_leak_at(view, i - 1) == ' '; n++)
        i--;
    *end = i;
    for (size_t n = 0; i > 0 && n < 24 && sph_leak_is_word(sph_leak_at(view, i - 1)); n++)
        i--;
    return i;
}

/* The Latin word that ends at i begins there. */
static size_t latin_start(struct sph_leak_view *view, size_t i)
{
    for (size_t n = 0;
         n < LOOK_BACK && i > 0 &&
         (sph_leak_is_latin(sph_leak_at(view, i - 1)) || sph_leak_at(view, i - 1) == '.');
         n++)
        i--;
    return i;
}

/* Is a street named where a street word ends at i? In Latin letters its name is written large or is
 * a number, before or behind; in Lao and Thai it follows. */
static bool is_named_street(struct sph_leak_view *view, size_t i, struct sph_leak_span *span)
{
    const size_t next = sph_leak_spaces(view, i, 2);
    const uint32_t point = sph_leak_at(view, next);
    const uint32_t last = i > 0 ? sph_leak_at(view, i - 1) : 0;
    *span = (struct sph_leak_span){i > 0 ? i - 1 : 0, next < view->count ? next + 1 : view->count};
    if (!sph_leak_is_latin(last) &&
        !(last == '.' && i > 1 && sph_leak_is_latin(view->point[i - 2])))
        return sph_leak_is_word(point);
    if (sph_leak_is_digit(point))
        return true;
    size_t end = 0;
    const size_t word = latin_start(view, i);
    const size_t from = word_before(view, word, &end);
    return end > from && end < word &&
           (sph_leak_is_capital(sph_leak_at(view, from)) ||
            sph_leak_is_digit(sph_leak_at(view, from)));
}

bool sph_leak_street(struct sph_leak_view *view, size_t i, struct sph_leak_span *span)
{
    if (!view->is_shelter && !sph_leak_near(view, SPH_WORD_SHELTER, i, SHELTER_REACH))
        return false;
    return is_named_street(view, i, span);
}

/* A shelter is named a little behind a street. */
bool sph_leak_shelter(struct sph_leak_view *view, size_t i, struct sph_leak_span *span)
{
    static const enum sph_leak_group groups[] = {SPH_WORD_STREET, SPH_WORD_HOUSE};
    for (size_t g = 0; g < sizeof(groups) / sizeof(groups[0]); g++) {
        const size_t end = view->near[groups[g]];
        if (view->is_shelter || !sph_leak_near(view, groups[g], i, SHELTER_REACH) ||
            !is_named_street(view, end - 1, span))
            continue;
        view->near[groups[g]] = 0; /* said once */
        return true;
    }
    return false;
}

/* "บ้านเลขที่ 12/3": a word for a house, and its number. */
bool sph_leak_house(struct sph_leak_view *view, size_t i, struct sph_leak_span *span)
{
    size_t at = i;
    while (at - i < HOUSE_REACH && !sph_leak_is_word(sph_leak_at(view, at)) &&
           sph_leak_at(view, at) != 0)
        at++;
    const size_t end = number_end(view, at, 6);
    *span = (struct sph_leak_span){at, end};
    return end > at;
}

/* "12 High Street", "12/3 ซอย 5": a number, at most three names, and the word for the street. */
bool sph_leak_address(struct sph_leak_view *view, size_t i, struct sph_leak_span *span)
{
    const bool is_latin = sph_leak_is_latin(sph_leak_at(view, i - 1));
    size_t at = is_latin ? latin_start(view, i) : i;
    size_t end = 0;
    for (size_t names = 0; is_latin && names < 4; names++) {
        const size_t from = word_before(view, at, &end);
        const uint32_t first = sph_leak_at(view, from);
        if (end == from || end == at)
            return false;
        *span = (struct sph_leak_span){from, i};
        if (sph_leak_is_digit(first))
            return names > 0 && end - from <= 5;
        if (!sph_leak_is_capital(first))
            return false;
        at = from;
    }
    if (is_latin)
        return false;
    size_t word = i;
    while (word > 0 && i - word < 12 && !sph_leak_is_digit(sph_leak_at(view, word - 1)) &&
           (sph_leak_is_own(sph_leak_at(view, word - 1)) || view->point[word - 1] == '.'))
        word--;
    at = word;
    while (at > 0 && sph_leak_at(view, at - 1) == ' ')
        at--;
    const bool has_number = at > 0 && at < word && sph_leak_is_digit(sph_leak_at(view, at - 1)) &&
                            sph_leak_is_word(sph_leak_at(view, sph_leak_spaces(view, i, 2)));
    *span = (struct sph_leak_span){at > 0 ? at - 1 : 0, i};
    return has_number;
}
