#include <string.h>

#include "base/unicode.h"
#include "packet/leak_file_parts.h"

#define PDF_VALUE 1024u /* octets of a metadata string that are looked at */
#define TIFF_ENTRIES 64u
#define TAG_GPS 0x8825u

static uint32_t number(const uint8_t *at, size_t len, bool is_big)
{
    uint32_t value = 0;
    for (size_t i = 0; i < len; i++)
        value = value << 8 | at[is_big ? i : len - 1 - i];
    return value;
}

/* TIFF 6.0, Exif 2.3: does the first directory lead to one with a place? */
static bool has_place(sph_slice tiff)
{
    if (tiff.len < 8)
        return false;
    const bool is_big = tiff.at[0] == 'M';
    const size_t at = number(tiff.at + 4, 4, is_big);
    if (at > tiff.len || tiff.len - at < 2)
        return false;
    const size_t count = number(tiff.at + at, 2, is_big);
    for (size_t i = 0; i < count && i < TIFF_ENTRIES && at + 2 + i * 12 + 12 <= tiff.len; i++)
        if (number(tiff.at + at + 2 + i * 12, 2, is_big) == TAG_GPS)
            return true;
    return false;
}

static void screen_exif(struct sph_leak_report *report, sph_slice tiff)
{
    if (has_place(tiff))
        sph_leak_report_mark(report, SPH_LEAK_COORDINATES, "GPS");
    sph_leak_runs(report, tiff);
}

/* ISO/IEC 15948: chunks of length, type, content, CRC. */
size_t sph_leak_take_png(struct sph_leak_report *report, sph_slice held, bool is_last,
                         uint64_t *skip)
{
    static const uint8_t signature[] = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};
    (void)is_last;
    if (held.len >= 8 && memcmp(held.at, signature, sizeof(signature)) == 0)
        return sizeof(signature);
    if (held.len < 8)
        return 0;
    const uint64_t len = (uint64_t)number(held.at, 4, true) + 12;
    const sph_slice type = sph_slice_sub(held, 4, 4);
    const bool is_text = sph_slice_is(type, "tEXt") || sph_slice_is(type, "iTXt");
    const bool is_exif = sph_slice_is(type, "eXIf");
    if ((!is_text && !is_exif) || len > SPH_LEAK_HOLD) {
        *skip = len;
        return 0;
    }
    if (held.len < len)
        return 0;
    const sph_slice content = sph_slice_sub(held, 8, (size_t)len - 12);
    if (is_exif)
        screen_exif(report, content);
    else
        sph_leak_runs(report, content);
    return (size_t)len;
}

/* ITU-T T.81, B.1.1.4: markers with a length up to the start of the scan. */
size_t sph_leak_take_jpeg(struct sph_leak_report *report, sph_slice held, bool is_last,
                          uint64_t *skip)
{
    (void)is_last;
    if (held.len < 4)
        return 0;
    const uint8_t marker = held.at[1];
    if (held.at[0] != 0xff || marker == 0xda) { /* the picture itself, or no JPEG */
        *skip = UINT64_MAX;
        return 0;
    }
    if (marker == 0xd8 || marker == 0xff || (marker >= 0xd0 && marker <= 0xd7))
        return marker == 0xff ? 1 : 2;
    const size_t len = (size_t)number(held.at + 2, 2, true) + 2;
    if (len < 4) { /* it counts itself: no JPEG from here on */
        *skip = UINT64_MAX;
        return 0;
    }
    if (held.len < len)
        return 0;
    const sph_slice content = sph_slice_sub(held, 4, len - 4);
    if (marker == 0xe1 && sph_slice_starts(content, SPH_LIT("Exif\0\0")))
        screen_exif(report, sph_slice_sub(content, 6, content.len));
    else if (marker == 0xe1 || marker == 0xed || marker == 0xfe)
        sph_leak_runs(report, content);
    return len;
}

static uint8_t hex_of(uint8_t c)
{
    return (uint8_t)(c <= '9' ? c - '0' : (c | 32) - 'a' + 10);
}

/* ISO 32000-1, 7.3.4: a string in brackets or in hexadecimal, and UTF-16 by its mark; the value's
 * octets, appended. */
static void read_string(sph_slice from, sph_buf *out)
{
    const bool is_hex = from.len > 0 && from.at[0] == '<';
    unsigned half = 0;
    bool has_half = false;
    for (size_t i = 1; i < from.len && out->len + 1 < out->cap; i++) {
        const uint8_t c = from.at[i];
        const bool is_digit = (c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'f');
        if (c == (is_hex ? '>' : ')'))
            return;
        if (!is_hex && c == '\\')
            continue;
        if (is_hex && !is_digit)
            continue;
        if (is_hex && !has_half) {
            half = hex_of(c);
            has_half = true;
            continue;
        }
        has_half = false;
        if (sph_buf_add_byte(out, is_hex ? (uint8_t)(half << 4 | hex_of(c)) : c, NULL).code !=
            SPH_OK)
            return;
    }
}

static void feed_string(sph_leak_scan *scan, sph_slice value)
{
    const bool is_wide = value.len >= 2 && value.at[0] == 0xfe && value.at[1] == 0xff;
    if (!is_wide) {
        sph_leak_feed(scan, value);
        return;
    }
    for (size_t i = 2; i + 1 < value.len; i += 2) {
        SPH_AUTO(sph_buf) utf8 = sph_buf_init(4);
        if (sph_utf8_add((uint32_t)value.at[i] << 8 | value.at[i + 1], &utf8, NULL).code == SPH_OK)
            sph_leak_feed(scan, sph_buf_peek(&utf8));
    }
}

/* ISO 32000-1, 14.3.3: who wrote it is a name; the other entries may hold anything. */
static void screen_entry(struct sph_leak_report *report, sph_slice rest, const char *lead)
{
    size_t at = 0;
    SPH_AUTO(sph_buf) value = sph_buf_init(PDF_VALUE);
    while (at < rest.len && (rest.at[at] == ' ' || rest.at[at] == '\r' || rest.at[at] == '\n'))
        at++;
    if (at == rest.len || (rest.at[at] != '(' && rest.at[at] != '<'))
        return;
    read_string(sph_slice_sub(rest, at, PDF_VALUE), &value);
    sph_leak_end(report->scan);
    sph_leak_feed(report->scan, sph_slice_str(lead));
    feed_string(report->scan, sph_buf_peek(&value));
    sph_leak_end(report->scan);
}

static void screen_key(struct sph_leak_report *report, sph_slice rest)
{
    static const struct {
        const char *key, *lead;
    } keys[] = {{"/Author", "Full name: "}, {"/Title", ""}, {"/Subject", ""},
                {"/Keywords", ""},          {"/URI", ""},   {"/Contents", ""}};
    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
        const sph_slice key = sph_slice_str(keys[i].key);
        if (sph_slice_starts(rest, key))
            screen_entry(report, sph_slice_sub(rest, key.len, PDF_VALUE * 2), keys[i].lead);
    }
}

/* Whatever is not compressed: entries of the information dictionary, links, notes, and XMP. */
size_t sph_leak_take_pdf(struct sph_leak_report *report, sph_slice held, bool is_last,
                         uint64_t *skip)
{
    const size_t ahead = is_last ? 0 : PDF_VALUE * 4;
    size_t at = 0;
    (void)skip;
    for (; at + ahead < held.len; at++) {
        const sph_slice rest = sph_slice_sub(held, at, held.len);
        if (rest.at[0] == '/')
            screen_key(report, rest);
        else if (rest.at[0] == '<' && sph_slice_starts(rest, SPH_LIT("<rdf:li")))
            sph_leak_runs(report, sph_slice_sub(rest, 0, PDF_VALUE));
    }
    return at;
}
