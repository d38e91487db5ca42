#include "base/codec.h"
#include "base/lang.h"

#include <time.h>

#define FIRST_BE_YEAR 1941 /* the Thai year starts on 1 January only since then (packets.md 3) */
#define BE_OFFSET 543

static const char *const months[SPH_LANG_COUNT][12] = {
    [SPH_LANG_EN] =
        {
            "January",
            "February",
            "March",
            "April",
            "May",
            "June",
            "July",
            "August",
            "September",
            "October",
            "November",
            "December",
        },
    [SPH_LANG_LO] =
        {
            "ມັງກອນ",
            "ກຸມພາ",
            "ມີນາ",
            "ເມສາ",
            "ພຶດສະພາ",
            "ມິຖຸນາ",
            "ກໍລະກົດ",
            "ສິງຫາ",
            "ກັນຍາ",
            "ຕຸລາ",
            "ພະຈິກ",
            "ທັນວາ",
        },
    [SPH_LANG_TH] =
        {
            "มกราคม",
            "กุมภาพันธ์",
            "มีนาคม",
            "เมษายน",
            "พฤษภาคม",
            "มิถุนายน",
            "กรกฎาคม",
            "สิงหาคม",
            "กันยายน",
            "ตุลาคม",
            "พฤศจิกายน",
            "ธันวาคม",
        },
};

static enum sph_lang known(enum sph_lang lang)
{
    return (unsigned)lang < SPH_LANG_COUNT ? lang : SPH_LANG_EN;
}

static sph_rc add_date(enum sph_lang lang, int year, int month, int day, sph_buf *out, sph_err *err)
{
    const char *name = months[lang][month - 1];
    if (lang != SPH_LANG_TH)
        return sph_buf_addf(out, err, "%d %s %d", day, name, year);
    if (year < FIRST_BE_YEAR)
        return sph_buf_addf(out, err, "%d %s ค.ศ. %d", day, name, year);
    return sph_buf_addf(out, err, "%d %s %d", day, name, year + BE_OFFSET);
}

static int digits_at(const char *text, size_t from, size_t count)
{
    int value = 0;
    for (size_t i = from; i < from + count; i++)
        value = value * 10 + (text[i] - '0');
    return value;
}

sph_rc sph_lang_date(enum sph_lang lang, int32_t days, sph_buf *out, sph_err *err)
{
    char date[11];
    SPH_TRY(sph_date_format(days, date, err), err, "date for a reader");
    return add_date(known(lang), digits_at(date, 0, 4), digits_at(date, 5, 2),
                    digits_at(date, 8, 2), out, err);
}

sph_rc sph_lang_time(enum sph_lang lang, int64_t unix_ms, sph_buf *out, sph_err *err)
{
    static const char *const before_time[SPH_LANG_COUNT] = {
        [SPH_LANG_EN] = ",", [SPH_LANG_LO] = " ເວລາ", [SPH_LANG_TH] = " เวลา"};
    char text[SPH_TIME_TEXT];
    struct tm local;
    /* Our own range first: localtime_r would take any year. */
    SPH_TRY(sph_time_format(unix_ms, false, text, err), err, "time for a reader");
    const int64_t floor_s = unix_ms >= 0 ? unix_ms / 1000 : -((-unix_ms + 999) / 1000);
    const time_t seconds = (time_t)floor_s;
    if (!localtime_r(&seconds, &local))
        return sph_fail(err, SPH_EARG, "time outside the calendar");
    const size_t before = out->len;
    SPH_TRY(add_date(known(lang), local.tm_year + 1900, local.tm_mon + 1, local.tm_mday, out, err),
            err, "time for a reader");
    const sph_rc rc = sph_buf_addf(out, err, "%s %02d:%02d%s", before_time[known(lang)],
                                   local.tm_hour, local.tm_min, lang == SPH_LANG_TH ? " น." : "");
    if (rc.code != SPH_OK)
        sph_buf_cut(out, before);
    return rc;
}
