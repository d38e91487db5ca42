#include "net/http_date.h"

#include <time.h>

#include "base/codec.h"

#define DATE_LEN 29u /* Sun, 06 Nov 1994 08:49:37 GMT */

static const char days[7][4] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
static const char months[12][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                   "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

sph_rc sph_http_date_add(int64_t unix_ms, sph_buf *out, sph_err *err)
{
    const time_t seconds = (time_t)(unix_ms / 1000);
    struct tm tm;
    if (!gmtime_r(&seconds, &tm))
        return sph_fail(err, SPH_EARG, "time out of range");
    return sph_buf_addf(out, err, "%s, %02d %s %d %02d:%02d:%02d GMT", days[tm.tm_wday], tm.tm_mday,
                        months[tm.tm_mon], tm.tm_year + 1900, tm.tm_hour, tm.tm_min, tm.tm_sec);
}

static unsigned month_of(sph_slice name)
{
    for (unsigned i = 0; i < 12; i++)
        if (sph_slice_is(name, months[i]))
            return i + 1;
    return 0;
}

static bool is_day(sph_slice name)
{
    for (size_t i = 0; i < 7; i++)
        if (sph_slice_is(name, days[i]))
            return true;
    return false;
}

static bool has_frame(sph_slice text)
{
    return text.len == DATE_LEN && is_day(sph_slice_sub(text, 0, 3)) &&
           sph_slice_is(sph_slice_sub(text, 3, 2), ", ") && text.at[7] == ' ' &&
           text.at[11] == ' ' && text.at[16] == ' ' &&
           sph_slice_is(sph_slice_sub(text, 25, 4), " GMT");
}

sph_rc sph_http_date_parse(sph_slice text, int64_t *unix_ms, sph_err *err)
{
    char iso[24];
    if (!has_frame(text) || month_of(sph_slice_sub(text, 8, 3)) == 0)
        return sph_fail(err, SPH_EPARSE, "not a date of HTTP");
    SPH_TRY(sph_str_format(iso, sizeof(iso), err, "%.4s-%02u-%.2sT%.8sZ",
                           (const char *)text.at + 12, month_of(sph_slice_sub(text, 8, 3)),
                           (const char *)text.at + 5, (const char *)text.at + 17),
            err, "date");
    return sph_time_parse(sph_slice_str(iso), unix_ms, err); /* strict about digits and ranges */
}
