#include "packet/leak.h"

#include <string.h>

#include "base/unicode.h"
#include "support/test_assert.h"

int test_leak_corpus(void);

/* A corpus that is made here, by code, of invented data alone: names, numbers and places are of
 * nobody. Each sentence is tried in each of three digit scripts and with each trick that hides a
 * value from a plain search. */

#define EACH 40 /* planted of each kind */

/* In `value`: # is a digit, $ one of 1 to 9, T the check digit of the thirteen before it. */
struct plant {
    enum sph_leak kind;
    bool is_plain;           /* the value stays as it is written */
    const char *sentence[6]; /* %s is the value; ended by NULL */
    const char *value[8];    /* ended by NULL */
};

/* Laid out by hand: the formatter takes marks of Lao and Thai for no columns. */
/* clang-format off */
static const struct plant plants[] = {
    {SPH_LEAK_EMAIL,
     false,
     {"Please write to %s before Friday.", "ติดต่อผู้เสียหายที่ %s ได้ทุกวัน",
      "ສົ່ງເອກະສານໄປທີ່ %s ພາຍໃນວັນສຸກ",
      "อีเมล:%s", "(%s)", NULL},
     {"somphone##@example.org", "k.dao@mail.example.co.th", "noi_##@example.la",
      "bounmy+##@post.example.com", "n##@example.net", "dao (at) example (dot) org",
      "kham at example dot com", NULL}},
    {SPH_LEAK_PHONE,
     false,
     {"You can reach her at %s in the evening.", "โทรหาแม่ของเด็กที่ %s หลังเลิกงาน",
      "ໂທຫາພໍ່ຂອງຜູ້ກ່ຽວທີ່ %s",
      "เบอร์%sค่ะ", "ເບີ: %s", NULL},
     {"08########", "09#-###-####", "020 ########", "+66 8# ### ####", "+856 20 ## ######",
      "0066 8# ### ####", "030 #######", NULL}},
    {SPH_LEAK_THAI_ID,
     false,
     {"Her number is %s and she is nineteen.", "เลขประจำตัวของผู้เสียหายคือ %s",
      "ເລກປະຈຳຕົວຂອງລາວແມ່ນ %s",
      "id%s", NULL},
     {"$###########T", "$-####-#####-##-T", "$ #### ##### ## T", "$.####.#####.##.T",
      "$ # # # # # # # # # # # T", NULL}},
    {SPH_LEAK_ID,
     false,
     {"The family book no. %s was lost.", "Lao ID card no: %s",
      "บัตรประจำตัวเลขที่ %s ออกที่สะหวันนะเขต",
      "ເລກບັດປະຈຳຕົວ %s ອອກໃຫ້ຢູ່ສະຫວັນນະເຂດ", "ປຶ້ມສຳມະໂນຄົວ ເລກທີ %s", NULL},
     {"##-########", "##########", "###/####-##", "########", NULL}},
    {SPH_LEAK_PASSPORT,
     false,
     {"He travelled with %s.", "หนังสือเดินทางเลขที่ %s หมดอายุแล้ว", "ໜັງສືຜ່ານແດນ %s ໝົດອາຍຸ",
      "Passport No. %s", NULL},
     {"PA#######", "P#######", "AA #######", "NA-#######", "pa#######", NULL}},
    {SPH_LEAK_ACCOUNT,
     false,
     {"Wages were paid into account %s every month.", "โอนเงินเข้าบัญชี %s ทุกเดือน",
      "ໂອນເງິນເຂົ້າບັນຊີ %s ທຸກເດືອນ", "เลขบัญชี: %s", "account no %s", NULL},
     {"###-#-#####-#", "$#########", "$## ### #### ##", "###-##-##-#######-#", NULL}},
    {SPH_LEAK_HANDLE,
     false,
     {"LINE ID: %s", "ไลน์ไอดี %s", "Facebook: %s", "ໄລນ໌ ໄອດີ %s", "her telegram is @%s",
      NULL},
     {"somphone_##", "noi.dao##", "kham_laos_##", "dek##dee", NULL}},
    {SPH_LEAK_PLATE,
     false,
     {"รถตู้ทะเบียน %s มารับที่ชายแดน", "ป้ายทะเบียน %s", "ລົດທະບຽນ %s ມາຮັບຢູ່ຂົວ",
      "a van with the licence plate %s", NULL},
     {"$กข ####", "ฮผ ####", "ກຂ ####", "บพ-###", "$ฒฉ-####", NULL}},
    {SPH_LEAK_COORDINATES,
     false,
     {"The house is at %s near the river.", "บ้านอยู่ที่ %s ริมน้ำ", "ເຮືອນຢູ່ %s ແຄມນ້ຳ",
      "GPS %s", NULL},
     {"17.9####, 102.6####", "17.9### 102.6###", "17°58'##\"N 102°36'##\"E",
      "N 16.5#### E 104.7####", NULL}},
    {SPH_LEAK_BIRTH_DATE,
     false,
     {"She was born on %s in the south.", "เกิดวันที่ %s ที่จังหวัดหนองคาย",
      "ວັນເດືອນປີເກີດ: %s",
      "date of birth %s", "เกิดเมื่อ %s", "ເກີດວັນທີ %s ຢູ່ແຂວງສາລະວັນ"},
     {"12/0$/199#", "5 มีนาคม 254#", "5 ມີນາ 199#", "1$-11-200#", "200#-0$-12", "7 มิ.ย. 4#",
      "$ June 199#", NULL}},
    {SPH_LEAK_SHELTER,
     true,
     {"The shelter stands on %s behind the market.", "บ้านพักตั้งอยู่ %s ใกล้ตลาด",
      "ບ້ານພັກຕັ້ງຢູ່ %s ໃກ້ຕະຫຼາດ",
      "%s is where the safe house is.", NULL},
     {"Lotus Road", "ถนนดอกบัว", "ຖະໜົນດອກບົວ", "ซอย ##", "Soi ##", NULL}},
    {SPH_LEAK_ADDRESS,
     true,
     {"She lives at %s with two others.", "ผู้เสียหายพักที่ %s", "ລາວພັກຢູ່ %s", NULL},
     {"$# Lotus Street", "$## Old Market Road", "บ้านเลขที่ $#/#", "$#/$ ซอยดอกบัว",
      "ເຮືອນເລກທີ $##",
      NULL}},
    {SPH_LEAK_PERSON,
     true,
     {"The interpreter saw %s at the bridge.", "พยานเห็น %s ที่สะพาน", "ພະຍານເຫັນ %s ຢູ່ຂົວ",
      "%s", NULL},
     {"Mr Somphone", "Ms. Kham", "นายสมมุติ ใจงาม", "นางสาวดอกบัว", "ທ້າວ ສົມມຸດ", "ນາງ ດອກບົວ",
      "ด.ญ. ดอกจาน", NULL}},
    {SPH_LEAK_LISTED,
     true,
     {"It was %s who called.", "คนที่โทรมาคือ%sเอง", "ຄົນທີ່ໂທມາແມ່ນ %s", NULL},
     {"Khamdao Sommut", "khamdao-sommut", "KHAMDAO  SOMMUT", "คำดาว สมมุติ", "ຄຳດາວ ສົມມຸດ",
      NULL}},
};
/* clang-format on */
static const char listed[] = "# invented\nKhamdao Sommut\nคำดาว สมมุติ\nຄຳດາວ ສົມມຸດ\n";

/* Nothing in these: what people write in questions, resources and judgments. # as above. */
static const char *const harmless[] = {
    "The hearing is on $#/0$/2569 at 09.00.",
    "คดีหมายเลขดำที่ อ.$##/256# คดีหมายเลขแดงที่ อ.$##/256#",
    "ຄະດີເລກທີ $#/ສປ ລົງວັນທີ 12/0$/202#",
    "The court ordered $## 000 baht and $ 000 000 kip to be paid.",
    "ศาลสั่งให้จ่าย $,###,### บาท ภายใน $# วัน",
    "ສານສັ່ງໃຫ້ຈ່າຍ $#.###.### ກີບ",
    "Section $# of the Act of 2551, paragraph $, as amended in 256#.",
    "มาตรา $# วรรค$ แห่งพระราชบัญญัติป้องกันและปราบปรามการค้ามนุษย์ พ.ศ. ๒๕๕๑",
    "ມາດຕາ $# ຂອງກົດໝາຍ ປີ 201#",
    "Open 09:00 to 16:00, Monday to Friday; closed 12.00-13.00.",
    "เปิดทำการ 08.30-16.30 น. วันจันทร์ถึงวันศุกร์",
    "Call the hotline 1300 or 1191 at any hour.",
    "โทรสายด่วน 1300 ได้ตลอด 24 ชั่วโมง",
    "[202#] EWCA Civ $###, at paragraph $#",
    "She is between 18 and 24, from LA-VT, now in TH-10.",
    "The employer, นายจ้าง, kept the papers of $# workers.",
    "นายหน้าพาคนงาน $# คนข้ามชายแดนเมื่อปี 256#",
    "ນາຍຈ້າງບໍ່ຈ່າຍຄ່າແຮງງານ $ ເດືອນ",
    "เหตุเกิดเมื่อวันที่ $ มีนาคม 256# ที่จังหวัดหนองคาย",
    "ເຫດເກີດຂຶ້ນວັນທີ $ ມີນາ 202#",
    "The street children were taken to a clinic; the road was long.",
    "Interest at 7.5 per cent from 1 March 201# until payment.",
    "A shelter for women: ask the province's contact point.",
    "บ้านพักเด็กและครอบครัวรับผู้เสียหายทุกเพศ",
    "ສູນພັກພິງຮັບແມ່ຍິງ ແລະ ເດັກ",
    "price @ 5, total $# units $ $## kip",
    "Form A$# and annex B-$, version 1.$",
    "IRI /akn/th/judgment/th-supreme/201#/$##",
    "urn:uuid and a hash are no names: schema 1.0, 256 bits",
    "เด็กหญิงอายุ 1$ ปี และเด็กชายอายุ $ ปี",
    "นาย ก. และนาง ข. เป็นพยาน",
    "Ms A and Mr B. were believed; Miss C was not.",
    "บัญชีรายชื่อพยานมี $# คน",
    "ท้ายคำฟ้อง บัญชีทรัพย์สิน $ รายการ",
    "นายทะเบียนรับจดทะเบียนสมรสเมื่อปี 255#",
    "Facebook and LINE were used for recruitment in $# cases.",
    "ຜ່ານເຟສບຸກ ແລະ ໄລນ໌ $# ກໍລະນີ",
    "The plate of rice cost $# baht, the registration took $ days.",
    "17.5 per cent, 102.6 million, 3.14 and 2.72",
    "ອາຍຸ $# ປີ, ເກີດຢູ່ແຂວງສາລະວັນ",
    "born in 199#, in a village near the river",
    "ผู้เสียหายเกิดเมื่อปี พ.ศ. 254#",
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* A small generator: the same corpus at every run. */
static unsigned roll(uint32_t *state, unsigned sides)
{
    *state = *state * 1664525u + 1013904223u;
    return (*state >> 16) % sides;
}

static unsigned thai_check(const char *digits)
{
    unsigned sum = 0;
    for (unsigned i = 0; i < 12; i++)
        sum += (unsigned)(digits[i] - '0') * (13 - i);
    return (11 - sum % 11) % 10;
}

static void fill(const char *form, uint32_t *state, sph_buf *out)
{
    char digits[64];
    size_t count = 0;
    sph_err err = {0};
    for (size_t i = 0; form[i]; i++) {
        char c = form[i];
        if (c == '#' || c == '$')
            c = (char)(c == '#' ? '0' + roll(state, 10) : '1' + roll(state, 9));
        else if (c == 'T' && i > 0 && form[i + 1] == '\0' && count == 12)
            c = (char)('0' + thai_check(digits));
        if (c >= '0' && c <= '9' && count < sizeof(digits))
            digits[count++] = c;
        assert_ok(sph_buf_add_byte(out, (uint8_t)c, &err), &err);
    }
}

enum trick { PLAIN, THAI, LAO, HIDDEN, WIDE, MARKED, TRICKS };

/* The value as somebody might write it who does not want it found. */
static void disguise(sph_slice value, enum trick trick, sph_buf *out)
{
    static const uint32_t zeros[TRICKS] = {'0', 0xe50, 0xed0, '0', 0xff10, 0x1d7ce};
    sph_err err = {0};
    for (size_t i = 0; i < value.len; i++) {
        const uint8_t byte = value.at[i];
        const bool is_digit = byte >= '0' && byte <= '9';
        const bool is_small = byte >= 'a' && byte <= 'z';
        if (is_digit)
            assert_ok(sph_utf8_add(zeros[trick] + byte - '0', out, &err), &err);
        else if (is_small && trick == WIDE)
            assert_ok(sph_utf8_add(0xff41u + byte - 'a', out, &err), &err);
        else if (byte == 'a' && trick == MARKED)
            assert_ok(sph_utf8_add(0x430, out, &err), &err); /* Cyrillic */
        else
            assert_ok(sph_buf_add_byte(out, byte, &err), &err);
        if (trick == HIDDEN && byte < 0x80 && (is_digit || is_small))
            assert_ok(sph_utf8_add(i % 2 == 0 ? 0x200b : 0xad, out, &err), &err);
    }
}

struct count {
    size_t found[SPH_LEAK_COUNT];
};

static void note(void *arg, const struct sph_leak_hit *hit)
{
    struct count *count = arg;
    count->found[hit->kind]++;
    assert_true(hit->line == 1 && hit->column >= 1);
}

static struct count screen(sph_leak_names *names, sph_slice text)
{
    struct count count = {{0}};
    const struct sph_leak_options options = {.note = note, .arg = &count, .names = names};
    sph_leak_scan *scan = NULL;
    sph_err err = {0};
    assert_ok(sph_leak_scan_new(&options, &scan, &err), &err);
    sph_leak_feed(scan, text);
    sph_leak_end(scan);
    sph_leak_scan_free(&scan);
    return count;
}

static void plant_one(const struct plant *plant, size_t n, sph_buf *out)
{
    size_t sentences = 0;
    size_t values = 0;
    uint32_t state = (uint32_t)(n * 7919 + (size_t)plant->kind * 104729);
    sph_err err = {0};
    SPH_AUTO(sph_buf) value = sph_buf_init(256);
    while (sentences < COUNT(plant->sentence) && plant->sentence[sentences])
        sentences++;
    while (values < COUNT(plant->value) && plant->value[values])
        values++;
    const char *sentence = plant->sentence[n % sentences];
    const char *hole = strstr(sentence, "%s");
    fill(plant->value[(n / sentences + n) % values], &state, &value);
    assert_ok(sph_buf_add(out, sph_slice_of(sentence, (size_t)(hole - sentence)), &err), &err);
    disguise(sph_buf_peek(&value), plant->is_plain ? PLAIN : (enum trick)(n % TRICKS), out);
    assert_ok(sph_buf_add_text(out, hole + 2, &err), &err);
}

static sph_leak_names *names_of(void)
{
    sph_leak_names *names = NULL;
    sph_err err = {0};
    assert_ok(sph_leak_names_new(sph_slice_str(listed), &names, &err), &err);
    assert_int_equal(sph_leak_names_count(names), 3);
    return names;
}

static void corpus_what_was_planted_is_found(void **state)
{
    sph_leak_names *names = names_of();
    size_t planted = 0;
    (void)state;
    for (size_t p = 0; p < COUNT(plants); p++) {
        size_t found = 0;
        for (size_t n = 0; n < EACH; n++) {
            SPH_AUTO(sph_buf) text = sph_buf_init(1024);
            plant_one(&plants[p], n, &text);
            const bool is_found = screen(names, sph_buf_peek(&text)).found[plants[p].kind] > 0;
            found += is_found;
            if (!is_found)
                print_message("    missed %s: %s\n", sph_leak_name(plants[p].kind),
                              sph_buf_text(&text));
        }
        planted += EACH;
        print_message("    %-12s %3zu of %d found\n", sph_leak_name(plants[p].kind), found, EACH);
        assert_int_equal(found, EACH);
    }
    print_message("    %zu planted\n", planted);
    assert_true(planted >= 400);
    sph_leak_names_free(&names);
}

static void corpus_what_is_harmless_is_left_alone(void **state)
{
    sph_leak_names *names = names_of();
    struct count total = {{0}};
    size_t texts = 0;
    (void)state;
    for (size_t h = 0; h < COUNT(harmless); h++)
        for (uint32_t n = 0; n < 12; n++, texts++) {
            SPH_AUTO(sph_buf) value = sph_buf_init(1024);
            SPH_AUTO(sph_buf) text = sph_buf_init(4096);
            uint32_t seed = (uint32_t)h * 31 + n * 7919;
            fill(harmless[h], &seed, &value);
            disguise(sph_buf_peek(&value), (enum trick)(n % 3), &text);
            const struct count count = screen(names, sph_buf_peek(&text));
            for (size_t kind = 0; kind < SPH_LEAK_COUNT; kind++) {
                total.found[kind] += count.found[kind];
                if (count.found[kind] > 0)
                    print_message("    false %s: %s\n", sph_leak_name((enum sph_leak)kind),
                                  sph_buf_text(&text));
            }
        }
    print_message("    %zu harmless texts\n", texts);
    for (size_t kind = 0; kind < SPH_LEAK_COUNT; kind++) {
        print_message("    %-12s %3zu false alarms\n", sph_leak_name((enum sph_leak)kind),
                      total.found[kind]);
        assert_int_equal(total.found[kind], 0);
    }
    assert_true(texts >= 400);
    sph_leak_names_free(&names);
}

int test_leak_corpus(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(corpus_what_was_planted_is_found),
        cmocka_unit_test(corpus_what_is_harmless_is_left_alone),
    };
    return cmocka_run_group_tests_name("leak_corpus", tests, NULL, NULL);
}
