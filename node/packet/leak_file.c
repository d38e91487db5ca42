#include "packet/leak_file.h"

#include <string.h>

#include "base/unicode.h"
#include "packet/leak_file_parts.h"

#define RUN_LEAST 4
#define PDF_LEAD 1024     /* octets that readers let stand before the head of a PDF */
#define REFERENCE_MOST 10 /* "&#x10ffff;" */

enum form { FORM_TEXT, FORM_XML, FORM_WIDE_BE, FORM_WIDE_LE, FORM_TAKEN };

struct sph_leak_file {
    struct sph_leak_report *report;
    enum form form;
    bool has_begun;
    sph_leak_take take;
    const char *unread; /* catalogue key of what cannot be read; NULL: nothing */
    uint64_t skip;
    size_t len;
    uint8_t held[SPH_LEAK_HOLD];
};

static const struct {
    const char *media_type;
    sph_leak_take take;
    const char *unread;
} forms[] = {
    {"application/pdf", sph_leak_take_pdf, "packet.leak-unread-pages"},
    {"image/png", sph_leak_take_png, "packet.leak-unread-picture"},
    {"image/jpeg", sph_leak_take_jpeg, "packet.leak-unread-picture"},
};

sph_rc sph_leak_file_new(struct sph_leak_report *report, const char *name, const char *media_type,
                         sph_leak_file **out, sph_err *err)
{
    SPH_TRY(sph_leak_report_begin(report, name, 1, err), err, "attachment");
    sph_leak_file *file = sph_mem_new(1, sizeof(*file));
    if (!file)
        return sph_fail(err, SPH_ENOMEM, "attachment");
    file->report = report;
    file->form = strcmp(media_type, "application/xml") == 0 ? FORM_XML : FORM_TEXT;
    for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++)
        if (strcmp(forms[i].media_type, media_type) == 0) {
            file->form = FORM_TAKEN;
            file->take = forms[i].take;
            file->unread = forms[i].unread;
        }
    *out = file;
    return sph_ok();
}

void sph_leak_file_free(sph_leak_file **file)
{
    sph_mem_free(*file);
    *file = NULL;
}

static void feed_point(sph_leak_scan *scan, uint32_t point)
{
    SPH_AUTO(sph_buf) utf8 = sph_buf_init(4);
    if (sph_utf8_add(point, &utf8, NULL).code == SPH_OK)
        sph_leak_feed(scan, sph_buf_peek(&utf8));
}

static void drop(struct sph_leak_file *file, size_t count)
{
    file->len -= count;
    for (size_t i = 0; count > 0 && i < file->len; i++)
        file->held[i] = file->held[i + count];
}

/* UTF-16 by its byte order mark. A surrogate is no letter of ours: both halves are passed over. */
static void judge_wide(struct sph_leak_file *file)
{
    const bool is_big = file->form == FORM_WIDE_BE;
    size_t at = 0;
    for (; at + 2 <= file->len; at += 2)
        feed_point(file->report->scan,
                   (uint32_t)file->held[at + !is_big] << 8 | file->held[at + is_big]);
    drop(file, at);
}

/* The point of "&#48;" or "&#x30;" at the front of `held`, and its length; 0: none. */
static size_t reference(sph_slice held, uint32_t *point)
{
    const bool is_hex = held.len > 2 && (held.at[2] | 32) == 'x';
    uint32_t value = 0;
    if (held.len < 4 || held.at[1] != '#')
        return 0;
    for (size_t i = is_hex ? 3 : 2; i < held.len && i < REFERENCE_MOST; i++) {
        const uint8_t c = held.at[i] | 32;
        if (held.at[i] == ';') {
            *point = value;
            return i + 1;
        }
        if (c - (unsigned)'0' < 10)
            value = value * (is_hex ? 16 : 10) + c - '0';
        else if (is_hex && c - (unsigned)'a' < 6)
            value = value * 16 + c - 'a' + 10;
        else
            return 0;
    }
    return 0;
}

static void judge_xml(struct sph_leak_file *file, bool is_last)
{
    size_t from = 0;
    size_t at = 0;
    uint32_t point = 0;
    for (; at < file->len; at++) {
        if (file->held[at] != '&')
            continue;
        if (!is_last && file->len - at < REFERENCE_MOST)
            break;
        const size_t len = reference(sph_slice_of(file->held + at, file->len - at), &point);
        if (len == 0)
            continue;
        sph_leak_feed(file->report->scan, sph_slice_of(file->held + from, at - from));
        feed_point(file->report->scan, point);
        from = at + len;
        at = from - 1;
    }
    sph_leak_feed(file->report->scan, sph_slice_of(file->held + from, at - from));
    drop(file, at);
}

static void judge_taken(struct sph_leak_file *file, bool is_last)
{
    size_t at = 0;
    for (;;) {
        const size_t left = file->len - at;
        const size_t passed = file->skip < left ? (size_t)file->skip : left;
        at += passed;
        file->skip -= passed;
        if (at == file->len)
            break;
        const size_t count = file->take(file->report, sph_slice_of(file->held + at, file->len - at),
                                        is_last, &file->skip);
        if (count == 0 && file->skip == 0)
            break;
        at += count;
    }
    drop(file, at); /* once: small pieces would make it quadratic */
}

/** By its content, not by what the sender calls it: else any text would pass as a picture. */
static bool is_as_named(const struct sph_leak_file *file)
{
    static const uint8_t png[] = {0x89, 'P', 'N', 'G'}, jpeg[] = {0xff, 0xd8};
    const sph_slice held = sph_slice_of(file->held, file->len);
    if (file->take == sph_leak_take_png)
        return sph_slice_starts(held, sph_slice_of(png, sizeof(png)));
    if (file->take == sph_leak_take_jpeg)
        return sph_slice_starts(held, sph_slice_of(jpeg, sizeof(jpeg)));
    return sph_slice_find(sph_slice_sub(held, 0, PDF_LEAD), SPH_LIT("%PDF-"), 0) != SIZE_MAX;
}

static void begin(struct sph_leak_file *file)
{
    const uint8_t *at = file->held;
    file->has_begun = true;
    if (file->form == FORM_TAKEN && !is_as_named(file))
        file->form = FORM_TEXT;
    if (file->form == FORM_TAKEN || file->len < 2)
        return;
    if (at[0] == 0xfe && at[1] == 0xff)
        file->form = FORM_WIDE_BE;
    else if (at[0] == 0xff && at[1] == 0xfe)
        file->form = FORM_WIDE_LE;
}

static void judge(struct sph_leak_file *file, bool is_last)
{
    if (!file->has_begun)
        begin(file);
    if (file->form == FORM_TAKEN) {
        judge_taken(file, is_last);
    } else if (file->form == FORM_XML) {
        judge_xml(file, is_last);
    } else if (file->form != FORM_TEXT) {
        judge_wide(file);
    } else {
        sph_leak_feed(file->report->scan, sph_slice_of(file->held, file->len));
        file->len = 0;
    }
}

void sph_leak_file_feed(sph_leak_file *file, sph_slice octets)
{
    while (octets.len > 0) {
        const size_t room = sizeof(file->held) - file->len;
        const size_t count = octets.len < room ? octets.len : room;
        for (size_t i = 0; i < count; i++)
            file->held[file->len++] = octets.at[i];
        octets = sph_slice_sub(octets, count, octets.len);
        if (file->len >= RUN_LEAST)
            judge(file, false);
        if (file->len == sizeof(file->held)) /* nothing that is known fills it */
            file->len = 0;
    }
}

void sph_leak_file_end(sph_leak_file *file)
{
    judge(file, true);
    sph_leak_end(file->report->scan);
    if (file->unread && file->report->has_notes)
        sph_finding_note(file->report->findings, "PK-10", 0, file->unread, file->report->name, "");
}

/* Of UTF-8, Latin-1 or UTF-16: every run of what can be printed. NUL between letters is passed
 * over, so that UTF-16 of Latin letters is read as well. */
void sph_leak_runs(struct sph_leak_report *report, sph_slice octets)
{
    size_t from = 0;
    for (size_t i = 0; i <= octets.len; i++) {
        const uint8_t c = i < octets.len ? octets.at[i] : 0;
        const bool is_text = c >= 0x20 || c == '\n' || c == '\r' || c == '\t';
        if (i < octets.len && is_text)
            continue;
        if (i - from >= RUN_LEAST) {
            sph_leak_end(report->scan);
            sph_leak_feed(report->scan, sph_slice_sub(octets, from, i - from));
        }
        from = i + 1;
    }
    sph_leak_end(report->scan);
}
