#include "packet/leak_parts.h"

#define BIRTH_REACH 36
#define NAME_LEAST 3 /* letters: what is shorter is a pseudonym */

/* Two or four digits behind the month, within a few characters: "พ.ศ. 2540", ", 1985". */
static size_t year_end(struct sph_leak_view *view, size_t i)
{
    for (size_t at = i; at - i < 12 && sph_leak_at(view, at) != 0; at++) {
        size_t end = at;
        while (end - at < 5 && sph_leak_is_digit(sph_leak_at(view, end)))
            end++;
        if (end > at)
            return end - at == 4 || end - at == 2 ? end : 0;
    }
    return 0;
}

/* Of a day that ends at i: the month behind it, in letters. */
static size_t month_behind(struct sph_leak_view *view, size_t i)
{
    for (size_t at = i; at - i < 10 && sph_leak_at(view, at) != 0; at++) {
        const bool begins = !sph_leak_is_latin(sph_leak_at(view, at)) ||
                            !sph_leak_is_latin(at > 0 ? sph_leak_at(view, at - 1) : 0);
        const size_t end = begins ? sph_leak_word_of(view, at, SPH_WORD_MONTH) : 0;
        if (end > 0)
            return end;
    }
    return 0;
}

static bool is_slash_date(struct sph_leak_view *view, size_t i, size_t *end)
{
    size_t len[3] = {0, 0, 0};
    size_t at = i;
    for (size_t part = 0; part < 3; part++) {
        if (part > 0) {
            at = sph_leak_spaces(view, at, 1);
            if (sph_leak_at(view, at) != '/')
                return false;
            at = sph_leak_spaces(view, at + 1, 1);
        }
        while (len[part] < 5 && sph_leak_is_digit(sph_leak_at(view, at))) {
            at++;
            len[part]++;
        }
    }
    *end = at;
    return len[0] >= 1 && len[1] >= 1 && len[1] <= 2 && len[2] >= 1 &&
           ((len[0] <= 2 && (len[2] == 2 || len[2] == 4)) || (len[0] == 4 && len[2] <= 2));
}

/* A date to the day that begins with the digit at i. */
static bool day_at(struct sph_leak_view *view, size_t i, size_t *end)
{
    struct sph_leak_run run;
    sph_leak_run_read(view, i, &run);
    const size_t digits = sph_leak_run_date(&run);
    if (digits > 0) {
        *end = sph_leak_run_end(&run, digits);
        return true;
    }
    if (is_slash_date(view, i, end))
        return true;
    size_t day = i;
    while (day - i < 3 && sph_leak_is_digit(sph_leak_at(view, day)))
        day++;
    const size_t month = day - i <= 2 ? month_behind(view, day) : 0;
    *end = month > 0 ? year_end(view, month) : 0;
    return *end > 0;
}

/* "March 5, 1985" */
static bool month_first(struct sph_leak_view *view, size_t i, size_t *end)
{
    const size_t month = sph_leak_word_of(view, i, SPH_WORD_MONTH);
    const size_t from = month > 0 ? sph_leak_spaces(view, month, 2) : 0;
    size_t day = from;
    while (day - from < 3 && sph_leak_is_digit(sph_leak_at(view, day)))
        day++;
    if (month == 0 || day == from || day - from > 2)
        return false;
    *end = year_end(view, day);
    return *end > 0;
}

static bool ends_sentence(struct sph_leak_view *view, size_t i)
{
    return sph_leak_at(view, i) == '.' && sph_leak_at(view, i + 1) == ' ' &&
           sph_leak_is_capital(sph_leak_at(view, i + 2));
}

bool sph_leak_birth(struct sph_leak_view *view, size_t i, struct sph_leak_span *span)
{
    size_t end = 0;
    for (size_t at = i; at - i < BIRTH_REACH && !ends_sentence(view, at); at++) {
        const uint32_t point = sph_leak_at(view, at);
        const uint32_t before = sph_leak_at(view, at - 1);
        if (point == 0)
            return false;
        const bool begins = !sph_leak_is_word(before) || sph_leak_is_own(before);
        const bool is_date =
            sph_leak_is_digit(point)
                ? !sph_leak_is_digit(before) && day_at(view, at, &end)
                : begins && sph_leak_is_latin(point) && month_first(view, at, &end);
        if (!is_date)
            continue;
        *span = (struct sph_leak_span){at, end};
        return true;
    }
    return false;
}

static size_t own_end(struct sph_leak_view *view, size_t i)
{
    size_t at = i;
    while (at - i < 24 && sph_leak_is_own(sph_leak_at(view, at)))
        at++;
    return at;
}

static size_t latin_end(struct sph_leak_view *view, size_t i, bool *has_small)
{
    size_t at = i;
    for (; at - i < 24 && sph_leak_is_latin(sph_leak_at(view, at)); at++)
        *has_small = *has_small || !sph_leak_is_capital(sph_leak_at(view, at));
    return at;
}

/* A name of at least three letters; initials and letters for people are none. */
static size_t name_end(struct sph_leak_view *view, size_t i)
{
    bool has_small = false;
    const uint32_t first = sph_leak_at(view, i);
    const size_t own = own_end(view, i);
    if (own - i >= NAME_LEAST)
        return own;
    if (!sph_leak_is_capital(first))
        return 0;
    const size_t end = latin_end(view, i, &has_small);
    return end - i >= NAME_LEAST && has_small ? end : 0;
}

bool sph_leak_titled(struct sph_leak_view *view, size_t i, struct sph_leak_span *span)
{
    const bool is_latin = sph_leak_is_latin(sph_leak_at(view, i - 1));
    size_t at = i;
    if (is_latin && sph_leak_at(view, at) == '.')
        at++;
    if (is_latin && sph_leak_at(view, at) != ' ')
        return false;
    at = sph_leak_spaces(view, at, 2);
    const size_t end = name_end(view, at);
    *span = (struct sph_leak_span){at, end};
    return end > 0;
}

/* "Full name: …", "ຊື່ ແລະ ນາມສະກຸນ: …" */
bool sph_leak_named(struct sph_leak_view *view, size_t i, struct sph_leak_span *span)
{
    size_t at = sph_leak_spaces(view, i, 2);
    const size_t is = sph_leak_word_of(view, at, SPH_WORD_IS);
    const uint32_t sign = sph_leak_at(view, at);
    if (is == 0 && sign != ':' && sign != '=')
        return false;
    at = sph_leak_spaces(view, is > 0 ? is : at + 1, 3);
    const size_t end = name_end(view, at);
    *span = (struct sph_leak_span){at, end};
    return end > 0;
}

bool sph_leak_listed(struct sph_leak_view *view, size_t i, struct sph_leak_span *span)
{
    const size_t end = sph_leak_names_at(view, i);
    *span = (struct sph_leak_span){i, end};
    return end > 0;
}
