#include "packet/leak.h"

#include <time.h>

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

static void leak_is_found_wherever_the_stream_is_cut(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        for (size_t cut = 1; cut < 4; cut++)
            assert_int_equal(look(rows[i].text, cut).first.kind, rows[i].kind);
}

/* What hides a value from a plain search, and what only looks like one. All invented. */
static void leak_tricks_are_seen_through(void **state)
{
    static const struct {
        const char *text;
        enum sph_leak kind;
    } tricks[] = {
        {"O81-234-5678", SPH_LEAK_PHONE},
        {"08l 234 5678", SPH_LEAK_PHONE},
        {"zero eight one two three four five six seven eight", SPH_LEAK_PHONE},
        {"ศูนย์แปดหนึ่งสองสามสี่ห้าหกเจ็ดแปด", SPH_LEAK_PHONE},
        {"ສູນ ສອງ ສູນ ຫ້າ ຫ້າ ຫ້າ ຫ້າ ສູນ ສູນ ສູນ ສູນ", SPH_LEAK_PHONE},
        {"one two three people", NONE},
        {"⓪⑧①②③④⑤⑥⑦⑧", SPH_LEAK_PHONE},
        {"0 8 1 2 3 4 5 6 7 8", SPH_LEAK_PHONE},
        {"2026-12-20 081-234-5678", SPH_LEAK_PHONE},
        {"08-12-2345-6789", SPH_LEAK_PHONE},
        {"081-\n234-\n5678", SPH_LEAK_PHONE},
        {"5 000 081 234 567 kip", NONE},
        {"open 09.00-12.00 13.00-16.00", NONE},
        {"1 2 3 4 5 6 7 8 9 0 1 2 1", SPH_LEAK_THAI_ID},
        {"ѕomchai@ехаmple.org", SPH_LEAK_EMAIL}, /* Cyrillic */
        {"ค้นหา @somchai_k", SPH_LEAK_HANDLE},
        {"https://line.me/ti/p/abc", SPH_LEAK_HANDLE},
        {"IBAN GB82 WEST 1234 5698 7654 32", SPH_LEAK_ACCOUNT},
        {"GB82 WEST 1234 5698 7654 33", NONE},
        {"card 4111 1111 1111 1111", SPH_LEAK_ACCOUNT},
        {"card 4111 1111 1111 1112", NONE},
        {"7P8C+9WX", SPH_LEAK_COORDINATES},
        {"C++ and B+", NONE},
        {"https://maps.app.goo.gl/abcdef", SPH_LEAK_COORDINATES},
        {"17.9757, 102.6331", SPH_LEAK_COORDINATES},
        {"from 17.97 to 102.63", NONE},
        {"born 5 March 1985", SPH_LEAK_BIRTH_DATE},
        {"born in Laos. On 5 March 2020 the", NONE},
        {"เหตุเกิดวันที่ 5 มีนาคม 2560", NONE},
        {"เกิดวันที่ ๕ มีนาคม ๒๕๔๐", SPH_LEAK_BIRTH_DATE},
        {"นายจ้างสมชาย", NONE},
        {"นายสมชาย", SPH_LEAK_PERSON},
        {"นาย ก.", NONE},
        {"Ms. A", NONE},
        {"ชื่อ-สกุล: ____", NONE},
        {"Full name: Somphone", SPH_LEAK_PERSON},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(tricks) / sizeof(tricks[0]); i++) {
        const struct seen seen = look(tricks[i].text, 4096);
        if (seen.first.kind != tricks[i].kind)
            print_message("row %zu «%s»: %d, expected %d\n", i, tricks[i].text,
                          (int)seen.first.kind, (int)tricks[i].kind);
        assert_int_equal(seen.first.kind, tricks[i].kind);
    }
}

struct kinds {
    bool has[SPH_LEAK_COUNT];
    size_t count;
};

static void note_kind(void *arg, const struct sph_leak_hit *hit)
{
    struct kinds *kinds = arg;
    kinds->has[hit->kind] = true;
    kinds->count++;
}

/* What only warns in a judgment or a resource does not hide what blocks behind it. */
static void leak_a_warning_hides_nothing_behind_it(void **state)
{
    static const struct {
        const char *text;
        enum sph_leak kind;
        size_t count;
    } hidden[] = {
        {"born 1-2345-67890-12-1 on 5 March 1985", SPH_LEAK_THAI_ID, 1},
        {"Mr Somchai 081-234-5678", SPH_LEAK_PHONE, 2},
        {"Mr Somchai Jaidee", SPH_LEAK_PERSON, 1},
        {"born on 5 March 1985", SPH_LEAK_BIRTH_DATE, 1},
        {"somchai at example dot org", SPH_LEAK_EMAIL, 1},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(hidden) / sizeof(hidden[0]); i++) {
        struct kinds kinds = {{false}, 0};
        const struct sph_leak_options options = {.note = note_kind, .arg = &kinds};
        sph_leak_scan *scan = NULL;
        sph_err err = {0};
        assert_ok(sph_leak_scan_new(&options, &scan, &err), &err);
        sph_leak_feed(scan, sph_slice_str(hidden[i].text));
        sph_leak_end(scan);
        sph_leak_scan_free(&scan);
        if (!kinds.has[hidden[i].kind] || kinds.count < hidden[i].count)
            print_message("«%s»: %zu finds\n", hidden[i].text, kinds.count);
        assert_true(kinds.has[hidden[i].kind] && kinds.count >= hidden[i].count);
        if (hidden[i].count == 1 && hidden[i].kind != SPH_LEAK_THAI_ID)
            assert_int_equal(kinds.count, 1);
    }
}

static void leak_place_and_mask_are_those_of_the_text(void **state)
{
    const struct seen seen = look("ข้อความ\nโทร ๐๘๑-๒๓๔-๕๖๗๘ ครับ", 4096);
    (void)state;
    assert_int_equal(seen.count, 1);
    assert_int_equal(seen.first.line, 2);
    assert_int_equal(seen.first.column, 5);
    assert_string_equal(seen.first.excerpt, "0••-•••-••••");
    assert_string_equal(look("somchai@example.org", 4096).first.excerpt, "s••••••@•••••••.••…");
}

/* A value that lies across the end of what the screen holds at once is found, wherever. */
static void leak_is_found_at_each_place_of_a_long_text(void **state)
{
    (void)state;
    for (size_t before = 3500; before < 4200; before += 7) {
        sph_err err = {0};
        SPH_AUTO(sph_buf) text = sph_buf_init(1 << 16);
        for (size_t i = 0; i < before; i++)
            assert_ok(sph_buf_add_byte(&text, i % 6 == 5 ? ' ' : 'x', &err), &err);
        assert_ok(sph_buf_add_text(&text, " 1-2345-67890-12-1 ", &err), &err);
        for (size_t i = 0; i < 6000; i++)
            assert_ok(sph_buf_add_byte(&text, i % 6 == 5 ? ' ' : 'x', &err), &err);
        const struct seen seen = look(sph_buf_text(&text), 4096);
        assert_int_equal(seen.count, 1);
        assert_int_equal(seen.first.kind, SPH_LEAK_THAI_ID);
        assert_int_equal(seen.first.column, before + 2);
    }
}

/* Steps are counted, not seconds: a character of a hostile text costs no more than a bound. */
static void leak_hostile_text_costs_linear_work(void **state)
{
    /* Thai counts as no columns for the formatter. */
    /* clang-format off */
    static const char *const pieces[] = {
        "7", "@", "\xcc\x81", "\xe2\x80\x8b", "1 ", "0-", "(at)", "a@", "A", "AB ", "เกิด ",
        "ศูนย์",
        "born ", "street ", "shelter ", "passport ", "line id: ", "account 1 ", "นาย", "1.111 ",
        "+", "a.", "plate ", "zero ", "at a dot ", "AA00 0000 ", "\xff", "tel 1 ", "Cap Street ",
        "born 1 ", "ID 1/", "moo.", "road.", "road. ",
    };
    /* clang-format on */
    double worst = 0;
    (void)state;
    for (size_t p = 0; p < sizeof(pieces) / sizeof(pieces[0]); p++) {
        struct seen seen = {0, {.kind = NONE}};
        const struct sph_leak_options options = {.note = note_first, .arg = &seen};
        const sph_slice piece = sph_slice_str(pieces[p]);
        sph_leak_scan *scan = NULL;
        sph_err err = {0};
        size_t octets = 0;
        assert_ok(sph_leak_scan_new(&options, &scan, &err), &err);
        for (; octets < 1000000; octets += piece.len)
            sph_leak_feed(scan, piece);
        sph_leak_end(scan);
        const double each = (double)sph_leak_steps(scan) / (double)octets;
        worst = each > worst ? each : worst;
        if (each > 100)
            print_message("    «%s»: %.0f steps an octet\n", pieces[p], each);
        assert_true(each < 300);
        sph_leak_scan_free(&scan);
    }
    print_message("    worst of %zu hostile texts: %.0f steps an octet\n",
                  sizeof(pieces) / sizeof(pieces[0]), worst);
}

/* Real judgments, not anonymised for us: how much each pattern finds in them. What blocks would be
 * refused, so it is shown (masked) and must be what the pattern is for. */
struct measure {
    size_t files, octets, found[SPH_LEAK_COUNT];
    uint64_t steps;
    clock_t ticks;
    const char *path;
};

static void note_measured(void *arg, const struct sph_leak_hit *hit)
{
    struct measure *measure = arg;
    measure->found[hit->kind]++;
    if (sph_leak_weighs(hit->kind, SPH_LEAK_IN_JUDGMENT) == SPH_LEAK_BLOCKS)
        print_message("    %s: %s «%s»\n", measure->path, sph_leak_name(hit->kind), hit->excerpt);
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
    const clock_t start = clock();
    sph_leak_feed(scan, sph_buf_peek(&text));
    sph_leak_end(scan);
    measure->ticks += clock() - start;
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
    print_message("    100 KB in %.2f ms\n",
                  (double)measure.ticks * 1e3 / CLOCKS_PER_SEC * 102400 / (double)measure.octets);
    for (size_t kind = 0; kind < SPH_LEAK_COUNT; kind++)
        print_message("    %-12s %5zu found\n", sph_leak_name((enum sph_leak)kind),
                      measure.found[kind]);
}

int test_leak(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(leak_each_row_is_judged_as_written),
        cmocka_unit_test(leak_is_found_wherever_the_stream_is_cut),
        cmocka_unit_test(leak_tricks_are_seen_through),
        cmocka_unit_test(leak_a_warning_hides_nothing_behind_it),
        cmocka_unit_test(leak_place_and_mask_are_those_of_the_text),
        cmocka_unit_test(leak_is_found_at_each_place_of_a_long_text),
        cmocka_unit_test(leak_hostile_text_costs_linear_work),
        cmocka_unit_test(leak_finds_in_real_judgments_are_counted),
    };
    return cmocka_run_group_tests_name("leak", tests, NULL, NULL);
}
