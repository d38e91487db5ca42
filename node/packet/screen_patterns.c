#include "packet/screen_parts.h"

#define RUN_MAX 24 /* digits of a run that are looked at */
#define GAP_MAX 3  /* separators between two groups of digits */
#define SPACES_MAX 2

static bool is_digit(uint8_t byte)
{
    return byte >= '0' && byte <= '9';
}

static bool is_latin(uint8_t byte)
{
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z');
}

static bool is_word(uint8_t byte)
{
    return is_digit(byte) || is_latin(byte) || (byte & SPH_SCREEN_FOREIGN) != 0;
}

static uint8_t byte_at(const sph_screen *screen, size_t i)
{
    return i < screen->text.len ? screen->text.at[i] : 0;
}

/* Skip up to two spaces forward, for "name @ example . org". */
static size_t skip_spaces(const sph_screen *screen, size_t i)
{
    for (size_t n = 0; n < SPACES_MAX && byte_at(screen, i) == ' '; n++)
        i++;
    return i;
}

static size_t back_spaces(const sph_screen *screen, size_t i)
{
    for (size_t n = 0; n < SPACES_MAX && i > 0 && byte_at(screen, i - 1) == ' '; n++)
        i--;
    return i;
}

/* Length of an at sign here: "@", "(at)", "[at]", else 0. */
static size_t at_sign(const sph_screen *screen, size_t i)
{
    static const char *const forms[] = {"@", "(at)", "[at]", "(@)", "[@]"};
    for (size_t f = 0; f < sizeof(forms) / sizeof(forms[0]); f++) {
        const sph_slice form = sph_slice_str(forms[f]);
        const sph_slice here = sph_slice_sub(sph_buf_peek(&screen->text), i, form.len);
        if (sph_slice_equal_nocase(here, form))
            return form.len;
    }
    return 0;
}

static size_t dot_sign(const sph_screen *screen, size_t i)
{
    if (byte_at(screen, i) == '.')
        return 1;
    const sph_slice here = sph_slice_sub(sph_buf_peek(&screen->text), i, 5);
    return sph_slice_equal_nocase(here, SPH_LIT("(dot)")) ||
                   sph_slice_equal_nocase(here, SPH_LIT("[dot]"))
               ? 5
               : 0;
}

/* The end of "label.label" from i on, or i when there is none. */
static size_t domain_end(const sph_screen *screen, size_t i)
{
    size_t at = i;
    while (is_word(byte_at(screen, at)) || byte_at(screen, at) == '-')
        at++;
    if (at == i)
        return i;
    const size_t dot = skip_spaces(screen, at);
    const size_t len = dot_sign(screen, dot);
    if (len == 0)
        return i;
    const size_t label = skip_spaces(screen, dot + len);
    size_t end = label;
    while (is_word(byte_at(screen, end)) && !is_digit(byte_at(screen, end)))
        end++;
    return end >= label + 2 ? end : i;
}

bool sph_screen_email(const sph_screen *screen, struct sph_screen_hit *hit)
{
    for (size_t i = 1; i < screen->text.len; i++) {
        const size_t len = at_sign(screen, i);
        if (len == 0)
            continue;
        size_t from = back_spaces(screen, i);
        const size_t domain = skip_spaces(screen, i + len);
        const size_t end = domain_end(screen, domain);
        if (from == 0 || !is_word(byte_at(screen, from - 1)) || end == domain)
            continue;
        while (from > 0 &&
               (is_word(byte_at(screen, from - 1)) ||
                (byte_at(screen, from - 1) != 0 && strchr("._%+-", byte_at(screen, from - 1)))))
            from--;
        *hit = (struct sph_screen_hit){SPH_LEAK_EMAIL, from, end};
        return true;
    }
    return false;
}

/* A run: digits in groups, joined by at most three of " -.()". */
struct run {
    uint8_t digit[RUN_MAX];
    size_t place[RUN_MAX]; /* of each digit */
    bool starts_group[RUN_MAX];
    size_t count, from, to;
    bool has_plus, has_long;
};

static bool is_separator(uint8_t byte)
{
    return byte != 0 && strchr(" -.()", byte) != NULL;
}

static size_t skip_gap(const sph_screen *screen, size_t i)
{
    size_t at = i;
    while (at - i < GAP_MAX && is_separator(byte_at(screen, at)))
        at++;
    return is_digit(byte_at(screen, at)) ? at : i;
}

static struct run read_run(const sph_screen *screen, size_t i)
{
    struct run run = {.from = i};
    size_t before = i;
    if (before > 0 && byte_at(screen, before - 1) == '(')
        before--;
    run.has_plus = before > 0 && byte_at(screen, before - 1) == '+';
    bool starts_group = true;
    for (;;) {
        for (; is_digit(byte_at(screen, i)); i++, starts_group = false) {
            if (run.count == RUN_MAX) {
                run.has_long = true;
                continue;
            }
            run.digit[run.count] = (uint8_t)(byte_at(screen, i) - '0');
            run.place[run.count] = i;
            run.starts_group[run.count++] = starts_group;
        }
        run.to = i;
        const size_t next = skip_gap(screen, i);
        if (next == i)
            return run;
        i = next;
        starts_group = true;
    }
}

/* Sum of d[i] * (13 - i) over the first twelve; check digit (11 - sum mod 11) mod 10 (DP-03). */
static bool is_thai_id(const uint8_t *digit)
{
    unsigned sum = 0;
    for (unsigned i = 0; i < 12; i++)
        sum += digit[i] * (13 - i);
    return digit[0] != 0 && (11 - sum % 11) % 10 == digit[12];
}

static bool ends_group(const struct run *run, size_t i)
{
    return i == run->count ? !run->has_long : run->starts_group[i];
}

/* Thirteen digits that begin and end with a group. */
static bool find_thai_id(const struct run *run, struct sph_screen_hit *hit)
{
    for (size_t i = 0; i + 13 <= run->count; i++)
        if (run->starts_group[i] && ends_group(run, i + 13) && is_thai_id(run->digit + i)) {
            *hit = (struct sph_screen_hit){SPH_LEAK_THAI_ID, run->place[i], run->place[i + 12] + 1};
            return true;
        }
    return false;
}

static unsigned value_of(const struct run *run, size_t from, size_t to)
{
    unsigned value = 0;
    for (size_t i = from; i < to; i++)
        value = value * 10 + run->digit[i];
    return value;
}

/* dd-mm-yyyy, the one eight-digit form that begins with 0 and is no number to call. */
static bool is_date(const struct run *run, size_t from)
{
    if (run->count - from < 8 || !run->starts_group[from + 2] || !run->starts_group[from + 4] ||
        !ends_group(run, from + 8))
        return false;
    const unsigned year = value_of(run, from + 4, from + 8);
    return value_of(run, from, from + 2) <= 31 && value_of(run, from + 2, from + 4) <= 12 &&
           year >= 1800 && year <= 2700;
}

/* Digits from i to the end of the group in which the count reaches at least `least`. */
static size_t phone_end(const struct run *run, size_t i, size_t least, size_t most)
{
    for (size_t end = i + least; end <= run->count && end <= i + most; end++)
        if (ends_group(run, end))
            return end;
    return 0;
}

static size_t phone_from(const struct run *run, size_t i)
{
    const uint8_t *digit = run->digit + i;
    const size_t left = run->count - i;
    if (i == 0 && run->has_plus)
        return phone_end(run, i, 7, 15);
    if (digit[0] == 0 && left >= 8 && digit[1] != 0 && !is_date(run, i))
        return phone_end(run, i, 8, 12);
    if (digit[0] == 0 && left >= 10)
        return phone_end(run, i, 9, 16); /* 00 and a country code */
    if (left >= 10 && (value_of(run, i, i + 2) == 66 || value_of(run, i, i + 3) == 856))
        return phone_end(run, i, 10, 13);
    return 0;
}

static bool find_phone(const struct run *run, struct sph_screen_hit *hit)
{
    for (size_t i = 0; i < run->count; i++) {
        const size_t end = run->starts_group[i] ? phone_from(run, i) : 0;
        if (end > 0) {
            *hit = (struct sph_screen_hit){SPH_LEAK_PHONE, run->place[i], run->place[end - 1] + 1};
            return true;
        }
    }
    return false;
}

bool sph_screen_digits(const sph_screen *screen, struct sph_screen_hit *hit)
{
    size_t i = 0;
    while (i < screen->text.len) {
        if (!is_digit(byte_at(screen, i))) {
            i++;
            continue;
        }
        const struct run run = read_run(screen, i);
        if (find_thai_id(&run, hit) || find_phone(&run, hit))
            return true;
        i = run.to;
    }
    return false;
}

/* One or two Latin letters and six to eight digits as one word: AA1234567, P1234567; a single space
 * or hyphen may stand between when both letters are capitals. */
static size_t passport_end(const sph_screen *screen, size_t i)
{
    size_t at = i;
    while (at - i < 3 && is_latin(byte_at(screen, at)))
        at++;
    const size_t letters = at - i;
    if (letters == 0 || letters > 2)
        return i;
    const bool capitals =
        letters == 2 && byte_at(screen, i) <= 'Z' && byte_at(screen, i + 1) <= 'Z';
    if (capitals && (byte_at(screen, at) == ' ' || byte_at(screen, at) == '-'))
        at++;
    const size_t digits = at;
    while (is_digit(byte_at(screen, at)))
        at++;
    const bool is_alone = !is_latin(byte_at(screen, at));
    return is_alone && at - digits >= 6 && at - digits <= 8 ? at : i;
}

bool sph_screen_passport(const sph_screen *screen, struct sph_screen_hit *hit)
{
    for (size_t i = 0; i < screen->text.len; i++) {
        const uint8_t before = i > 0 ? byte_at(screen, i - 1) : 0;
        if (is_latin(before) || is_digit(before))
            continue;
        const size_t end = passport_end(screen, i);
        if (end > i) {
            *hit = (struct sph_screen_hit){SPH_LEAK_PASSPORT, i, end};
            return true;
        }
    }
    return false;
}
