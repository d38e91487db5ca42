#include "packet/leak_parts.h"

#define GAP_MOST 3
#define THAI_ID 13
#define PHONE_REACH 24
#define ACCOUNT_REACH 40
#define NUMBER_WORDS 7

static bool is_separator(uint32_t point)
{
    return point == ' ' || point == '-' || point == '.' || point == '(' || point == ')' ||
           point == '_';
}

/* A letter O or l that stands for a digit: between digits, or first in a group. */
static int digit_at(struct sph_leak_view *view, size_t i, bool may_be_letter)
{
    const uint32_t point = sph_leak_at(view, i);
    if (sph_leak_is_digit(point))
        return (int)(point - '0');
    if (!may_be_letter || (point != 'O' && point != 'o' && point != 'l' && point != 'I'))
        return -1;
    const uint32_t next = sph_leak_at(view, i + 1);
    const bool is_last = (next == '-' || next == ' ') && i > 0 &&
                         sph_leak_is_digit(sph_leak_at(view, i - 1)) &&
                         sph_leak_is_digit(sph_leak_at(view, i + 2));
    if (!sph_leak_is_digit(next) && !is_last)
        return -1;
    return point == 'O' || point == 'o' ? 0 : 1;
}

static void add_digit(struct sph_leak_run *run, int digit, size_t place, bool starts, uint32_t sign)
{
    run->digit[run->count] = (uint8_t)digit;
    run->place[run->count] = place;
    run->starts[run->count] = starts;
    run->sign[run->count++] = sign;
}

/* The next digit behind at most three separators, or i. */
static size_t skip_gap(struct sph_leak_view *view, size_t i)
{
    size_t at = i;
    while (at - i < GAP_MOST && is_separator(sph_leak_at(view, at)))
        at++;
    return at > i && digit_at(view, at, true) >= 0 ? at : i;
}

void sph_leak_run_read(struct sph_leak_view *view, size_t i, struct sph_leak_run *run)
{
    const uint32_t before = i > 0 ? sph_leak_at(view, i - 1) : 0;
    const uint32_t second = i > 1 ? sph_leak_at(view, i - 2) : 0;
    uint32_t sign = 0;
    bool starts = true;
    run->count = 0;
    run->has_plus =
        before == '+' || (before == '(' && second == '+') || (before == ' ' && second == '+');
    if ((before == 'O' || before == 'o') && !sph_leak_is_word(second)) {
        add_digit(run, 0, i - 1, true, 0);
        starts = false;
    }
    for (;;) {
        int digit = digit_at(view, i, true);
        for (; digit >= 0 && run->count < SPH_LEAK_RUN; digit = digit_at(view, ++i, true)) {
            add_digit(run, digit, i, starts, sign);
            starts = false;
        }
        run->is_cut = digit >= 0;
        const size_t next = digit >= 0 ? i : skip_gap(view, i);
        if (next == i || run->count == SPH_LEAK_RUN)
            break;
        sign = sph_leak_at(view, i);
        starts = true;
        i = next;
    }
    run->starts[run->count] = !run->is_cut;
}

bool sph_leak_run_ends(const struct sph_leak_run *run, size_t digits)
{
    return digits <= run->count && run->starts[digits];
}

size_t sph_leak_run_end(const struct sph_leak_run *run, size_t digits)
{
    return run->place[digits - 1] + 1;
}

static unsigned value_of(const struct sph_leak_run *run, size_t from, size_t len)
{
    unsigned value = 0;
    for (size_t i = from; i < from + len; i++)
        value = value * 10 + run->digit[i];
    return value;
}

/* Lengths of the first groups. */
static size_t group_len(const struct sph_leak_run *run, size_t from)
{
    size_t len = from < run->count;
    while (from + len < run->count && !run->starts[from + len])
        len++;
    return len;
}

static bool is_day(unsigned day, unsigned month)
{
    return day >= 1 && day <= 31 && month >= 1 && month <= 12;
}

static bool is_year(unsigned year)
{
    return year >= 1800 && year <= 2700;
}

size_t sph_leak_run_date(const struct sph_leak_run *run)
{
    const size_t a = group_len(run, 0);
    const size_t b = group_len(run, a);
    const size_t c = group_len(run, a + b);
    if (b == 0 || c == 0 || b > 2 || run->sign[a] == '(' || run->sign[a] != run->sign[a + b])
        return 0;
    const unsigned first = value_of(run, 0, a > 4 ? 0 : a);
    const unsigned middle = value_of(run, a, b);
    const unsigned last = value_of(run, a + b, c > 4 ? 0 : c);
    if (a == 4 && c <= 2 && is_year(first) && is_day(last, middle))
        return a + b + c;
    if (a > 2 || (a + b + c < run->count && run->sign[a + b + c] == run->sign[a]))
        return 0; /* it goes on: 08-12-34-56-78, 08-12-2345-6789 */
    if (c == 4 && is_year(last) && (is_day(first, middle) || is_day(middle, first)))
        return a + b + c;
    return c == 2 && is_day(first, middle) ? a + b + c : 0;
}

/* "09.00-12.00": hours and minutes. */
static size_t time_of(const struct sph_leak_run *run)
{
    const size_t a = group_len(run, 0);
    const size_t b = group_len(run, a);
    if (a > 2 || b != 2 || run->sign[a] != '.' || value_of(run, 0, a) > 24 ||
        value_of(run, a, b) > 59)
        return 0;
    return a + b < run->count && run->sign[a + b] == '.' ? 0 : a + b;
}

bool sph_leak_date(struct sph_leak_view *view, size_t i, struct sph_leak_span *span)
{
    const struct sph_leak_run *run = &view->run;
    const size_t date = sph_leak_run_date(run);
    const size_t digits = date > 0 ? date : time_of(run);
    if (digits == 0)
        return false;
    *span = (struct sph_leak_span){i, sph_leak_run_end(run, digits)};
    return true;
}

static struct sph_leak_span span_of(const struct sph_leak_run *run, size_t digits)
{
    return (struct sph_leak_span){run->place[0], sph_leak_run_end(run, digits)};
}

/* DP-03: sum of d[i] * (13 - i) over the first twelve; check digit (11 - sum mod 11) mod 10. */
bool sph_leak_thai_id(struct sph_leak_view *view, size_t i, struct sph_leak_span *span)
{
    const struct sph_leak_run *run = &view->run;
    unsigned sum = 0;
    const bool is_phone =
        run->has_plus || (run->count > 4 && run->starts[4] && value_of(run, 0, 4) == 66);
    (void)i;
    if (is_phone || !sph_leak_run_ends(run, THAI_ID))
        return false;
    for (unsigned k = 0; k < THAI_ID - 1; k++)
        sum += run->digit[k] * (THAI_ID - k);
    if ((11 - sum % 11) % 10 != run->digit[THAI_ID - 1])
        return false;
    *span = span_of(run, THAI_ID);
    return true;
}

/* Groups of three, behind another group: a sum of money or people. */
static bool is_amount(struct sph_leak_view *view, size_t i)
{
    const struct sph_leak_run *run = &view->run;
    const uint32_t sign = i > 0 ? sph_leak_at(view, i - 1) : 0;
    const bool is_behind = i > 1 && sph_leak_is_digit(sph_leak_at(view, i - 2)) &&
                           (sign == ' ' || sign == '.' || sign == ',');
    const bool is_led = run->digit[0] != 0 && group_len(run, 0) <= 3;
    if (run->has_plus || (!is_behind && !is_led))
        return false;
    for (size_t at = is_led ? group_len(run, 0) : 0; at < run->count; at += group_len(run, at))
        if (group_len(run, at) != 3)
            return false;
    return true;
}

static bool is_measured(struct sph_leak_view *view, size_t end)
{
    return sph_leak_word_of(view, sph_leak_spaces(view, end, 2), SPH_WORD_UNIT) > 0;
}

/* Digits to the end of the group in which the count reaches `least`; 0 past `most`. */
static size_t digits_between(const struct sph_leak_run *run, size_t least, size_t most)
{
    for (size_t digits = least; digits <= most; digits++)
        if (sph_leak_run_ends(run, digits))
            return digits;
    return 0;
}

static size_t foreign_digits(const struct sph_leak_run *run)
{
    if (value_of(run, 0, 2) == 66 && run->digit[2] != 1)
        return digits_between(run, 10, 12);
    return value_of(run, 0, 3) == 856 && run->digit[3] != 1 ? digits_between(run, 10, 13) : 0;
}

static size_t phone_digits(struct sph_leak_view *view, size_t i)
{
    const struct sph_leak_run *run = &view->run;
    if (run->has_plus && run->digit[0] != 0)
        return digits_between(run, 8, 15);
    if (is_amount(view, i) || run->count < 6)
        return 0;
    size_t digits = 0;
    if (run->digit[0] == 0 && run->digit[1] != 0)
        digits = digits_between(run, 9, 12);
    else if (value_of(run, 0, 2) == 0 && run->digit[2] != 0)
        digits = digits_between(run, 11, 16); /* 00 and a country code */
    else if (run->count >= 10)
        digits = foreign_digits(run);
    if (digits == 0 && sph_leak_near(view, SPH_WORD_PHONE, i, PHONE_REACH))
        digits = digits_between(run, 6, 13);
    return digits;
}

bool sph_leak_phone(struct sph_leak_view *view, size_t i, struct sph_leak_span *span)
{
    const size_t digits = phone_digits(view, i);
    if (digits == 0)
        return false;
    *span = span_of(&view->run, digits);
    return view->run.digit[0] == 0 || !is_measured(view, span->to);
}

static size_t skip_between(struct sph_leak_view *view, size_t i)
{
    for (size_t n = 0; n < GAP_MOST; n++, i++) {
        const uint32_t point = sph_leak_at(view, i);
        if (point != ' ' && point != '-' && point != ',')
            break;
    }
    return i;
}

/* "zero eight one …": seven or more in a row. */
bool sph_leak_phone_words(struct sph_leak_view *view, size_t i, struct sph_leak_span *span)
{
    size_t end = i;
    for (size_t words = 1; words < 16; words++) {
        const size_t next = sph_leak_word_of(view, skip_between(view, end), SPH_WORD_DIGIT);
        if (next == 0)
            return false;
        end = next;
        if (words + 1 < NUMBER_WORDS)
            continue;
        *span = (struct sph_leak_span){i - 1, end};
        return true;
    }
    return false;
}

bool sph_leak_account(struct sph_leak_view *view, size_t i, struct sph_leak_span *span)
{
    if (!sph_leak_near(view, SPH_WORD_ACCOUNT, i, ACCOUNT_REACH) || is_amount(view, i))
        return false;
    const size_t digits = digits_between(&view->run, 9, 18);
    if (digits == 0 || is_measured(view, sph_leak_run_end(&view->run, digits)))
        return false;
    *span = span_of(&view->run, digits);
    return true;
}

/* ISO/IEC 7812-1: the check digit of a payment card. */
bool sph_leak_card(struct sph_leak_view *view, size_t i, struct sph_leak_span *span)
{
    const struct sph_leak_run *run = &view->run;
    const size_t len = group_len(run, 0);
    unsigned sum = 0;
    (void)i;
    if (!sph_leak_run_ends(run, 16) || (len != 4 && len != 16) || run->digit[0] < 3 ||
        run->digit[0] > 6)
        return false;
    for (size_t k = 0; k < 16; k++) {
        const unsigned twice = run->digit[k] * (k % 2 == 0 ? 2u : 1u);
        sum += twice > 9 ? twice - 9 : twice;
    }
    if (sum % 10 != 0)
        return false;
    *span = span_of(run, 16);
    return true;
}
