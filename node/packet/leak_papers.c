#include "packet/leak_parts.h"

#define DOCUMENT_REACH 30
#define PLATE_REACH 30
#define IBAN_MOST 34

static uint32_t before(struct sph_leak_view *view, size_t i)
{
    return i > 0 ? sph_leak_at(view, i - 1) : 0;
}

/* A word of capitals that stands before numbers of all kinds. */
static bool is_common(struct sph_leak_view *view, size_t i)
{
    static const char *const words[] = {"NO", "ID", "ON", "OF", "IN", "AT", "TO", "SI", "EU", "UN"};
    for (size_t w = 0; w < sizeof(words) / sizeof(words[0]); w++)
        if (sph_leak_at(view, i) == (uint32_t)words[w][0] &&
            sph_leak_at(view, i + 1) == (uint32_t)words[w][1])
            return true;
    return false;
}

/* One or two Latin letters and six to eight digits as one word: AA1234567, P1234567; a single space
 * or hyphen may stand between when both letters are capitals. */
bool sph_leak_passport(struct sph_leak_view *view, size_t i, struct sph_leak_span *span)
{
    size_t at = i;
    if (sph_leak_is_digit(before(view, i)))
        return false;
    while (at - i < 3 && sph_leak_is_latin(sph_leak_at(view, at)))
        at++;
    const size_t letters = at - i;
    if (letters > 2)
        return false;
    const uint32_t sign = sph_leak_at(view, at);
    if (letters == 2 && (sign == ' ' || sign == '-') && !is_common(view, i) &&
        sph_leak_is_capital(sph_leak_at(view, i)) && sph_leak_is_capital(sph_leak_at(view, i + 1)))
        at++;
    const size_t digits = at;
    while (at - digits < 9 && sph_leak_is_digit(sph_leak_at(view, at)))
        at++;
    *span = (struct sph_leak_span){i, at};
    return at - digits >= 6 && at - digits <= 8 && !sph_leak_is_latin(sph_leak_at(view, at));
}

static bool is_in_number(uint32_t point)
{
    return sph_leak_is_digit(point) || point == '-' || point == ' ' || point == '.' || point == '/';
}

/* Behind a word for a document: a number of five to fourteen digits, with at most three letters
 * before them. A date or a sum is none. */
static bool number_at(struct sph_leak_view *view, size_t i, struct sph_leak_span *span)
{
    struct sph_leak_span thai = {i, i};
    size_t digits = 0;
    size_t end = i;
    for (size_t at = i; at - i < 24 && is_in_number(sph_leak_at(view, at)); at++)
        if (sph_leak_is_digit(sph_leak_at(view, at))) {
            digits++;
            end = at + 1;
        }
    sph_leak_run_read(view, i, &view->run);
    if (digits < 5 || digits > 14 || sph_leak_run_date(&view->run) > 0 ||
        sph_leak_thai_id(view, i, &thai) || /* has a name of its own */
        sph_leak_word_of(view, sph_leak_spaces(view, end, 2), SPH_WORD_UNIT) > 0)
        return false;
    size_t from = i;
    while (i - from < 3 && from > 0 && sph_leak_is_latin(sph_leak_at(view, from - 1)))
        from--;
    *span = (struct sph_leak_span){from, end};
    return true;
}

bool sph_leak_document(struct sph_leak_view *view, size_t i, struct sph_leak_span *span)
{
    for (size_t at = i; at - i < DOCUMENT_REACH && sph_leak_at(view, at) != 0; at++)
        if (sph_leak_is_digit(sph_leak_at(view, at)) && !sph_leak_is_digit(before(view, at)))
            return number_at(view, at, span);
    return false;
}

/* ISO 13616: country, two check digits, number; the whole as one number is 1 modulo 97. */
bool sph_leak_iban(struct sph_leak_view *view, size_t i, struct sph_leak_span *span)
{
    uint32_t sign[IBAN_MOST];
    size_t count = 0;
    size_t at = i;
    unsigned rest = 0;
    for (; count < IBAN_MOST; at++) {
        const uint32_t point = sph_leak_at(view, at);
        if (sph_leak_is_digit(point) || sph_leak_is_capital(point))
            sign[count++] = point;
        else if (point != ' ' || count % 4 != 0)
            break;
    }
    if (count < 15 || !sph_leak_is_capital(sign[0]) || !sph_leak_is_capital(sign[1]) ||
        !sph_leak_is_digit(sign[2]) || !sph_leak_is_digit(sign[3]))
        return false;
    for (size_t k = 0; k < count; k++) {
        const uint32_t point = sign[(k + 4) % count];
        rest = sph_leak_is_digit(point) ? (rest * 10 + (point - '0')) % 97
                                        : (rest * 100 + (point - 'A' + 10)) % 97;
    }
    *span = (struct sph_leak_span){i, at};
    return rest == 1;
}

static bool is_plate_letter(uint32_t point)
{
    return (point >= 0xe01 && point <= 0xe2e) || (point >= 0xe81 && point <= 0xeae) ||
           sph_leak_is_capital(point);
}

/* Up to three letters that end before i and stand alone: where they begin, or i. */
static size_t plate_letters(struct sph_leak_view *view, size_t i)
{
    size_t end = i;
    if (end > 0 && (sph_leak_at(view, end - 1) == ' ' || sph_leak_at(view, end - 1) == '-'))
        end--;
    size_t from = end;
    while (end - from < 4 && from > 0 && is_plate_letter(sph_leak_at(view, from - 1)))
        from--;
    const size_t letters = end - from;
    if (from > 0 && sph_leak_is_digit(sph_leak_at(view, from - 1)))
        from--;
    const bool stands = !sph_leak_is_word(before(view, from));
    return letters >= 1 && letters <= 3 && stands ? from : i;
}

/* Behind a word for a plate: "กข 1234", "1กก-234", "ກຂ 1234", "AB 1234". */
bool sph_leak_plate(struct sph_leak_view *view, size_t i, struct sph_leak_span *span)
{
    for (size_t at = i; at - i < PLATE_REACH && sph_leak_at(view, at) != 0; at++) {
        size_t end = at;
        while (end - at < 5 && sph_leak_is_digit(sph_leak_at(view, end)))
            end++;
        const size_t digits = end - at;
        if (digits < 2 || digits > 4 || sph_leak_is_digit(before(view, at)))
            continue;
        const size_t from = plate_letters(view, at);
        if (from == at || from < i)
            continue;
        *span = (struct sph_leak_span){from, end};
        return true;
    }
    return false;
}
