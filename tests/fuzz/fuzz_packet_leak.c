/* The leak screen over any octets: it never fails, costs a bounded number of steps an octet, gives
 * a place and a masked excerpt. The first octet says how the text is cut and what file it is in. */
#include <stdlib.h>

#include "packet/leak_file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define STEPS_MOST 300u

static bool is_plain(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* At most its first character is that of the text. */
static void look(void *arg, const struct sph_leak_hit *hit)
{
    size_t *found = arg;
    ++*found;
    if (hit->line == 0 || hit->column == 0 || (unsigned)hit->kind >= SPH_LEAK_COUNT)
        abort();
    for (size_t i = 1; hit->excerpt[0] && hit->excerpt[i]; i++)
        if (is_plain(hit->excerpt[i]))
            abort();
}

static size_t scan(sph_slice text, size_t cut, bool is_shelter)
{
    size_t found = 0;
    const struct sph_leak_options options = {.note = look, .arg = &found, .is_shelter = is_shelter};
    sph_leak_scan *screen = NULL;
    if (sph_leak_scan_new(&options, &screen, NULL).code != SPH_OK)
        return 0;
    for (size_t i = 0; i < text.len; i += cut)
        sph_leak_feed(screen, sph_slice_sub(text, i, cut));
    sph_leak_end(screen);
    if (sph_leak_steps(screen) > STEPS_MOST * (text.len + 1))
        abort();
    sph_leak_scan_free(&screen);
    return found;
}

static void scan_file(sph_slice octets, unsigned form)
{
    static const char *const types[] = {"application/pdf", "text/plain", "application/xml",
                                        "image/png", "image/jpeg"};
    static sph_findings findings;
    struct sph_leak_report report = {.findings = &findings, .has_notes = true};
    SPH_AUTO_PTR(sph_leak_file) *file = NULL;
    findings = (sph_findings){0};
    if (sph_leak_file_new(&report, "a1", types[form % 5], &file, NULL).code != SPH_OK)
        return;
    for (size_t i = 0; i < octets.len; i += 61)
        sph_leak_file_feed(file, sph_slice_sub(octets, i, 61));
    sph_leak_file_end(file);
    sph_leak_report_end(&report);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    const sph_slice text = sph_slice_of(data + 1, size - 1);
    if (scan(text, 1 + data[0] % 8, data[0] & 64) != scan(text, 4096, data[0] & 64))
        abort();
    scan_file(text, data[0] / 8);
    return 0;
}
