#include "packet/leak.h"
#include "support/test_assert.h"
#include "support/test_data.h"
#include "xml/xml.h"

int test_leak(void);

#define NONE SPH_LEAK_COUNT

/* The test number of data-protection.md DP-03 is 1234567890121; all others are invented. */
static const struct {
    const char *text;
    enum sph_leak kind;
} rows[] = {
    {"write to somchai@example.org today", SPH_LEAK_EMAIL},
    {"somchai.j+x@mail.example.co.th", SPH_LEAK_EMAIL},
    {"somchai @ example . org", SPH_LEAK_EMAIL},
    {"somchai(at)example(dot)org", SPH_LEAK_EMAIL},
    {"somchai\xef\xbc\xa0"
     "example.org",
     SPH_LEAK_EMAIL}, /* full-width sign */
    {"som\xe2\x80\x8b"
     "chai@exa\xe2\x80\x8bmple.org",
     SPH_LEAK_EMAIL}, /* zero width */
    {"อีเมล สมชาย@ตัวอย่าง.ไทย", SPH_LEAK_EMAIL},
    {"price @ 5", NONE},
    {"the @ sign alone", NONE},
    {"call 020 0000 0000", SPH_LEAK_PHONE},
    {"call 0812345678", SPH_LEAK_PHONE},
    {"call 081-234-5678", SPH_LEAK_PHONE},
    {"call (02) 123 4567", SPH_LEAK_PHONE},
    {"call +66 81 234 5678", SPH_LEAK_PHONE},
    {"call +856 20 5555 0000", SPH_LEAK_PHONE},
    {"call 0066812345678", SPH_LEAK_PHONE},
    {"call 66 81 234 5678", SPH_LEAK_PHONE},
    {"โทร ๐๘๑-๒๓๔-๕๖๗๘", SPH_LEAK_PHONE},
    {"ໂທ ໐໒໐ ໕໕໕໕ ໐໐໐໐", SPH_LEAK_PHONE},
    {"0\xe2\x80\x8b"
     "8\xe2\x80\x8d"
     "1\xc2\xad"
     "2345678",
     SPH_LEAK_PHONE}, /* zero width and soft hyphen */
    {"081\xe2\x80\x93"
     "234\xe2\x80\x93"
     "5678",
     SPH_LEAK_PHONE}, /* en dashes */
    {"081\xc2\xa0"
     "234\xc2\xa0"
     "5678",
     SPH_LEAK_PHONE}, /* no-break spaces */
    {"\xef\xbc\x90\xef\xbc\x98\xef\xbc\x91\xef\xbc\x92\xef\xbc\x93\xef\xbc\x94\xef\xbc\x95\xef\xbc"
     "\x96\xef\xbc\x97\xef\xbc\x98",
     SPH_LEAK_PHONE}, /* full-width digits */
    {"1234567890121", SPH_LEAK_THAI_ID},
    {"1-2345-67890-12-1", SPH_LEAK_THAI_ID},
    {"1 2345 67890 12 1", SPH_LEAK_THAI_ID},
    {"๑๒๓๔๕๖๗๘๙๐๑๒๑", SPH_LEAK_THAI_ID},
    {"໑໒໓໔໕໖໗໘໙໐໑໒໑", SPH_LEAK_THAI_ID},
    {"1234567\xe2\x80\x8b"
     "890121",
     SPH_LEAK_THAI_ID},
    {"1234567890122", NONE}, /* wrong check digit */
    {"12345678901211", NONE},
    {"passport AA1234567", SPH_LEAK_PASSPORT},
    {"P1234567 issued", SPH_LEAK_PASSPORT},
    {"pa1234567", SPH_LEAK_PASSPORT},
    {"PA 1234567", SPH_LEAK_PASSPORT},
    {"AA๑๒๓๔๕๖๗", SPH_LEAK_PASSPORT},
    {"ABC1234567", NONE},
    {"form A12", NONE},
    {"on 01/11/2569", NONE},
    {"on 01-11-2569", NONE},
    {"on 02.05.2019", NONE},
    {"on 2019-05-02", NONE},
    {"case 0123/2562", NONE},
    {"250,000 baht, 100 000 000 kip", NONE},
    {"section 6 of the Act of 2551", NONE},
    {"มาตรา ๖ พ.ศ. ๒๕๕๑", NONE},
    {"09:00 to 16:00", NONE},
    {"", NONE},
    {"TH-10 and LA-VT", NONE},
};

struct seen {
    size_t count;
    struct sph_leak_hit first;
};

static void note_first(void *arg, const struct sph_leak_hit *hit)
{
    struct seen *seen = arg;
    if (seen->count++ == 0)
        seen->first = *hit;
}

static struct seen look(const char *text, size_t cut)
{
    struct seen seen = {0, {.kind = NONE}};
    const struct sph_leak_options options = {.note = note_first, .arg = &seen};
    const sph_slice whole = sph_slice_str(text);
    sph_leak_scan *scan = NULL;
    sph_err err = {0};
    assert_ok(sph_leak_scan_new(&options, &scan, &err), &err);
    for (size_t i = 0; i < whole.len; i += cut)
        sph_leak_feed(scan, sph_slice_sub(whole, i, cut));
    sph_leak_end(scan);
    sph_leak_scan_free(&scan);
    return seen;
}

static void leak_each_row_is_judged_as_written(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const struct seen seen = look(rows[i].text, 4096);
        if (seen.first.kind != rows[i].kind)
            print_message("row %zu «%s»: %d, expected %d\n", i, rows[i].text, (int)seen.first.kind,
                          (int)rows[i].kind);
        assert_int_equal(seen.first.kind, rows[i].kind);
    }
}

/* Real judgments, not anonymised for us: how much each pattern finds in them. What blocks would be
 * refused, so it is shown (masked) and must be what the pattern is for. */
struct measure {
    size_t files, octets, found[SPH_LEAK_COUNT];
    uint64_t steps;
    const char *path;
};

static void note_measured(void *arg, const struct sph_leak_hit *hit)
{
    struct measure *measure = arg;
    measure->found[hit->kind]++;
    if (sph_leak_weighs(hit->kind, SPH_LEAK_IN_JUDGMENT) == SPH_LEAK_BLOCKS)
        print_message("    %s: %s «%s» %u\n", measure->path, sph_leak_name(hit->kind), hit->excerpt,
                      hit->column);
}

static void measure_one(void *ctx, const char *path)
{
    struct measure *measure = ctx;
    sph_err err = {0};
    SPH_AUTO(sph_buf) in = sph_buf_init(4u << 20);
    SPH_AUTO(sph_buf) text = sph_buf_init(4u << 20);
    SPH_AUTO_PTR(sph_xml) *doc = NULL;
    const struct sph_leak_options options = {.note = note_measured, .arg = measure};
    const struct sph_xml_limits caps = sph_xml_limits_foreign(sph_limits_default());
    sph_leak_scan *scan = NULL;
    if (sph_slice_find(sph_slice_str(path), SPH_LIT("invalid--"), 0) != SIZE_MAX)
        return;
    measure->path = path;
    assert_true(test_data_load(path, &in));
    assert_ok(sph_xml_parse(sph_buf_peek(&in), &caps, &doc, &err), &err);
    assert_ok(sph_xml_all_text(sph_xml_root(doc), &text, &err), &err);
    assert_ok(sph_leak_scan_new(&options, &scan, &err), &err);
    sph_leak_feed(scan, sph_buf_peek(&text));
    sph_leak_end(scan);
    measure->steps += sph_leak_steps(scan);
    measure->octets += text.len;
    measure->files++;
    sph_leak_scan_free(&scan);
}

static void leak_finds_in_real_judgments_are_counted(void **state)
{
    struct measure measure = {0};
    (void)state;
    test_data_each("judgments/en-GB", measure_one, &measure);
    test_data_each("judgments/el-GR", measure_one, &measure);
    if (measure.files == 0)
        skip();
    print_message("    %zu real judgments, %zu octets of text, %.1f steps an octet\n",
                  measure.files, measure.octets, (double)measure.steps / (double)measure.octets);
    for (size_t kind = 0; kind < SPH_LEAK_COUNT; kind++)
        print_message("    %-12s %5zu found\n", sph_leak_name((enum sph_leak)kind),
                      measure.found[kind]);
}

int test_leak(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(leak_each_row_is_judged_as_written),
        cmocka_unit_test(leak_finds_in_real_judgments_are_counted),
    };
    return cmocka_run_group_tests_name("leak", tests, NULL, NULL);
}
