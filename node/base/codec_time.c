/* RFC 3339 and XML Schema dates, by arithmetic of our own: no locale, no time zone of the machine.
 */
#include "base/codec.h"

#include <stdio.h>

#define FIRST_YEAR 1900
#define LAST_YEAR 2199
#define FIRST_BE_YEAR 2400
#define LAST_BE_YEAR 2700
#define DAY_MS 86400000
#define MINUTE_MS 60000

/* Days since 1970-01-01 of the proleptic Gregorian calendar, counting years from March so that the
 * leap day is the last of its year. */
static int32_t days_of(int32_t year, int32_t month, int32_t day)
{
    const int32_t y = month <= 2 ? year - 1 : year;
    const int32_t era = y / 400;
    const int32_t year_of_era = y - era * 400;
    const int32_t day_of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
    const int32_t day_of_era =
        year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return era * 146097 + day_of_era - 719468;
}

struct date {
    int32_t year, month, day;
};

static struct date date_of(int32_t days)
{
    const int32_t shifted = days + 719468; /* days since 0000-03-01; positive for our years */
    const int32_t era = shifted / 146097;
    const int32_t day_of_era = shifted - era * 146097;
    const int32_t year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    const int32_t day_of_year =
        day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    const int32_t month_from_march = (5 * day_of_year + 2) / 153;
    const int32_t month = month_from_march < 10 ? month_from_march + 3 : month_from_march - 9;
    const int32_t day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    return (struct date){year_of_era + era * 400 + (month <= 2), month, day};
}

static int32_t month_days(int32_t year, int32_t month)
{
    static const uint8_t days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    const bool is_leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return month == 2 && is_leap ? 29 : days[month - 1];
}

/* A reader over the text: takes digits and marks from the front; fails once and stays failed. */
struct cursor {
    sph_slice rest;
    bool is_bad;
};

static int32_t take_digits(struct cursor *cursor, size_t count)
{
    int32_t value = 0;
    if (cursor->rest.len < count)
        cursor->is_bad = true;
    for (size_t i = 0; i < count && !cursor->is_bad; i++) {
        const uint8_t digit = cursor->rest.at[i];
        if (digit < '0' || digit > '9')
            cursor->is_bad = true;
        else
            value = value * 10 + (digit - '0');
    }
    cursor->rest = sph_slice_sub(cursor->rest, count, SIZE_MAX);
    return cursor->is_bad ? 0 : value;
}

static void take_mark(struct cursor *cursor, uint8_t mark)
{
    if (cursor->rest.len == 0 || cursor->rest.at[0] != mark)
        cursor->is_bad = true;
    cursor->rest = sph_slice_sub(cursor->rest, 1, SIZE_MAX);
}

static bool next_is(const struct cursor *cursor, uint8_t mark)
{
    return cursor->rest.len > 0 && cursor->rest.at[0] == mark;
}

static sph_rc take_date(struct cursor *cursor, int32_t *days, sph_err *err)
{
    const int32_t year = take_digits(cursor, 4);
    take_mark(cursor, '-');
    const int32_t month = take_digits(cursor, 2);
    take_mark(cursor, '-');
    const int32_t day = take_digits(cursor, 2);
    if (cursor->is_bad)
        return sph_fail(err, SPH_EPARSE, "not of the form yyyy-mm-dd");
    if (year >= FIRST_BE_YEAR && year <= LAST_BE_YEAR)
        return sph_fail(err, SPH_EREFUSED, "the year looks like Buddhist Era");
    if (year < FIRST_YEAR || year > LAST_YEAR)
        return sph_fail(err, SPH_EPARSE, "year outside %d..%d", FIRST_YEAR, LAST_YEAR);
    if (month < 1 || month > 12 || day < 1 || day > month_days(year, month))
        return sph_fail(err, SPH_EPARSE, "no such day");
    *days = days_of(year, month, day);
    return sph_ok();
}

sph_rc sph_date_parse(sph_slice text, int32_t *days, sph_err *err)
{
    struct cursor cursor = {text, false};
    int32_t value = 0;
    SPH_TRY(take_date(&cursor, &value, err), err, "date");
    if (cursor.rest.len > 0)
        return sph_fail(err, SPH_EPARSE, "date: %zu characters too many", cursor.rest.len);
    *days = value;
    return sph_ok();
}

static bool is_in_range(int32_t days)
{
    return days >= days_of(FIRST_YEAR, 1, 1) && days <= days_of(LAST_YEAR, 12, 31);
}

sph_rc sph_date_format(int32_t days, char out[11], sph_err *err)
{
    if (!is_in_range(days))
        return sph_fail(err, SPH_EARG, "year outside %d..%d", FIRST_YEAR, LAST_YEAR);
    const struct date date = date_of(days);
    return sph_str_format(out, 11, err, "%04d-%02d-%02d", (int)date.year, (int)date.month,
                          (int)date.day);
}

/* Any number of digits may follow the point; beyond milliseconds they are dropped, not rounded. */
static int32_t take_fraction(struct cursor *cursor)
{
    int32_t ms = 0;
    int32_t scale = 100;
    if (!next_is(cursor, '.'))
        return 0;
    take_mark(cursor, '.');
    do {
        ms += take_digits(cursor, 1) * scale;
        scale /= 10;
    } while (!cursor->is_bad && cursor->rest.len > 0 && cursor->rest.at[0] >= '0' &&
             cursor->rest.at[0] <= '9');
    return ms;
}

/* "Z" or ±hh:mm up to 14:00 (XML Schema 1.0 part 2 §3.2.7.3), as minutes east. */
static int32_t take_zone(struct cursor *cursor)
{
    if (next_is(cursor, 'Z')) {
        take_mark(cursor, 'Z');
        return 0;
    }
    const bool is_west = next_is(cursor, '-');
    take_mark(cursor, is_west ? '-' : '+');
    const int32_t hours = take_digits(cursor, 2);
    take_mark(cursor, ':');
    const int32_t minutes = take_digits(cursor, 2);
    const int32_t offset = hours * 60 + minutes;
    if (minutes > 59 || offset > 14 * 60)
        cursor->is_bad = true;
    return is_west ? -offset : offset;
}

/* No 24:00:00 and no leap second: neither has a place of its own in Unix time. */
static sph_rc take_time(struct cursor *cursor, int64_t *ms_of_day, sph_err *err)
{
    const int32_t hour = take_digits(cursor, 2);
    take_mark(cursor, ':');
    const int32_t minute = take_digits(cursor, 2);
    take_mark(cursor, ':');
    const int32_t second = take_digits(cursor, 2);
    const int32_t ms = take_fraction(cursor);
    const int32_t zone = take_zone(cursor);
    if (cursor->is_bad || cursor->rest.len > 0)
        return sph_fail(err, SPH_EPARSE, "not of the form hh:mm:ss with a zone");
    if (hour > 23 || minute > 59 || second > 59)
        return sph_fail(err, SPH_EPARSE, "no such time of day");
    *ms_of_day = (int64_t)((hour * 60 + minute - zone) * 60 + second) * 1000 + ms;
    return sph_ok();
}

sph_rc sph_time_parse(sph_slice text, int64_t *unix_ms, sph_err *err)
{
    struct cursor cursor = {text, false};
    int32_t days = 0;
    int64_t ms_of_day = 0;
    SPH_TRY(take_date(&cursor, &days, err), err, "time");
    take_mark(&cursor, 'T');
    SPH_TRY(take_time(&cursor, &ms_of_day, err), err, "time");
    const int64_t value = (int64_t)days * DAY_MS + ms_of_day;
    const int64_t day = value >= 0 ? value / DAY_MS : -((-value + DAY_MS - 1) / DAY_MS);
    if (!is_in_range((int32_t)day)) /* the zone can lead out of the first or last year */
        return sph_fail(err, SPH_EPARSE, "year outside %d..%d in UTC", FIRST_YEAR, LAST_YEAR);
    *unix_ms = value;
    return sph_ok();
}

sph_rc sph_time_format(int64_t unix_ms, bool with_ms, char out[SPH_TIME_TEXT], sph_err *err)
{
    char date[11];
    const int64_t first = (int64_t)days_of(FIRST_YEAR, 1, 1) * DAY_MS;
    const int64_t last = ((int64_t)days_of(LAST_YEAR, 12, 31) + 1) * DAY_MS;
    if (unix_ms < first || unix_ms >= last)
        return sph_fail(err, SPH_EARG, "year outside %d..%d", FIRST_YEAR, LAST_YEAR);
    const int64_t from_first = unix_ms - first;
    const int ms = (int)(from_first % DAY_MS);
    const int32_t days = (int32_t)(from_first / DAY_MS) + days_of(FIRST_YEAR, 1, 1);
    SPH_TRY(sph_date_format(days, date, err), err, "time");
    const int minutes = ms / MINUTE_MS;
    const int seconds = ms % MINUTE_MS / 1000;
    if (!with_ms)
        return sph_str_format(out, SPH_TIME_TEXT, err, "%sT%02d:%02d:%02dZ", date, minutes / 60,
                              minutes % 60, seconds);
    return sph_str_format(out, SPH_TIME_TEXT, err, "%sT%02d:%02d:%02d.%03dZ", date, minutes / 60,
                          minutes % 60, seconds, ms % 1000);
}
