#include "base/unicode.h"
#include "packet/leak_fold.h"
#include "packet/leak_parts.h"

#define BUCKETS 128u
#define WORDS_MOST 1024
#define POINTS_MOST 24
#define SPACES_MOST 3

/* Words between bars. Of several that begin at one place the longest counts, so that PASS words
 * keep shorter ones inside them from being seen. Latin words stand alone; a blank is one to three.
 */
/* Laid out by hand: the formatter takes marks of Lao and Thai for no columns. */
/* clang-format off */
static const struct {
    enum sph_leak_group group;
    const char *words;
} lists[] = {
    {SPH_WORD_BIRTH, "born|date of birth|birth date|birthdate|birthday|dob|d.o.b|เกิด|วันเกิด|"
                     "วันเดือนปีเกิด|วัน เดือน ปี เกิด|วัน เดือน ปีเกิด|ปีเกิด|ເກີດ|ວັນເກີດ|"
                     "ວັນເດືອນປີເກີດ|ວັນ ເດືອນ ປີ ເກີດ|ວັນ ເດືອນ ປີເກີດ"},
    {SPH_WORD_PASS, "เกิดเหตุ|เหตุเกิด|เกิดขึ้น|เกิดจาก|เกิดความ|เกิดการ|เกิดผล|เกิดมี|"
                    "ก่อให้เกิด|ทำให้เกิด|ເກີດຂຶ້ນ|ເກີດຈາກ|ເກີດເຫດ|ເຫດເກີດ|ເກີດຄວາມ|ເກີດມີ|"
                    "ກໍ່ໃຫ້ເກີດ|ເຮັດໃຫ້ເກີດ|ເກີດການ"},
    {SPH_WORD_TITLE, "mr|mrs|ms|miss|thao|nang|khun|นาย|นาง|นางสาว|น.ส.|ด.ช.|ด.ญ.|เด็กชาย|"
                     "เด็กหญิง|ທ້າວ|ນາງ|ນາງສາວ|ຍານາງ"},
    {SPH_WORD_PASS, "miss out|nang rong|นายจ้าง|นายหน้า|นายก|นายทะเบียน|นายทหาร|นายตำรวจ|"
                    "นายอำเภอ|นายแพทย์|นายประกัน|นายทุน|นายช่าง|นายเรือ|นายท้าย|นายหนี้|"
                    "นายตรวจ|นายสถานี|นายด่าน|นายพราน|นายพัน|นายร้อย|นายพล|นายสิบ|นายคน|"
                    "นายและ|นายหรือ|นายวง|นายแบบ|นายเงิน|เจ้านาย|ทนาย|พนาย|หมายนาย|นางแบบ|"
                    "นางเอก|นางงาม|นางฟ้า|นางพยาบาล|นางรอง|นางเลิ้ง|นางบำเรอ|นางโลม|นางกวัก|"
                    "นางและ|นางหรือ|แม่นาง|ขนาง|ตะนาง|เด็กชายและ|เด็กหญิงและ|เด็กชายหรือ|"
                    "เด็กหญิงหรือ|เด็กหญิงอายุ|เด็กชายอายุ|เด็กหญิงที่|เด็กชายที่|"
                    "เด็กหญิงชาว|เด็กชายชาว|เด็กหญิงลาว|เด็กชายลาว|เด็กหญิงไทย|เด็กชายไทย|"
                    "เด็กหญิงซึ่ง|เด็กชายซึ่ง|เด็กหญิงจาก|เด็กชายจาก|เด็กหญิงได้|เด็กหญิงถูก|"
                    "เด็กชายถูก|เด็กหญิงใน|ນາງງາມ|ແມ່ນາງ|ນາງພະຍາບານ|ນາງຟ້າ|ນາງແບບ|ນາງເອກ|"
                    "ທ້າວຮຸ່ງ|ນາງ ແລະ|ພະນາງ"},
    {SPH_WORD_NAME, "full name|name and surname|first name|surname|nickname|victim's name|"
                    "her name|his name|their name|ชื่อ-สกุล|ชื่อสกุล|ชื่อ-นามสกุล|"
                    "ชื่อ นามสกุล|ชื่อและนามสกุล|นามสกุล|ชื่อเล่น|ชื่อผู้เสียหาย|ชื่อจริง|"
                    "เธอชื่อ|เขาชื่อ|ຊື່ ແລະ ນາມສະກຸນ|ຊື່ແລະນາມສະກຸນ|ນາມສະກຸນ|ຊື່ຫຼິ້ນ|"
                    "ຊື່ຜູ້ເສຍຫາຍ|ຊື່ແທ້|ລາວຊື່|ນາງຊື່"},
    {SPH_WORD_PHONE, "tel|telephone|phone|phone number|mobile|mobile number|cell|call|"
                     "call her|call him|fax|contact|contact number|whatsapp|hotline|โทร|โทร.|"
                     "โทรศัพท์|เบอร์|เบอร์โทร|เบอร์โทรศัพท์|หมายเลขโทรศัพท์|มือถือ|"
                     "เบอร์มือถือ|ติดต่อ|สายด่วน|โทรสาร|วอตส์แอป|วอทส์แอป|ໂທ|ໂທລະສັບ|ເບີ|"
                     "ເບີໂທ|ເບີໂທລະສັບ|ເບີມືຖື|ມືຖື|ຕິດຕໍ່|ສາຍດ່ວນ|ແຟັກ|ວັອດແອັບ|ວອດແອັບ"},
    {SPH_WORD_PASS, "โทรทัศน์|ໂທລະພາບ|ໂທລະທັດ|ໂທດ|โทษ|ໂທຣະພາບ"},
    {SPH_WORD_ACCOUNT, "account|account no|account number|acct|a/c|bank account|promptpay|บัญชี|"
                       "เลขที่บัญชี|เลขบัญชี|บัญชีธนาคาร|บัญชีเลขที่|หมายเลขบัญชี|พร้อมเพย์|"
                       "ບັນຊີ|ເລກບັນຊີ|ເລກທີບັນຊີ|ບັນຊີທະນາຄານ|ບັນຊີເລກທີ"},
    {SPH_WORD_PASS, "บัญชีรายชื่อ|บัญชีพยาน|บัญชีท้าย|ບັນຊີລາຍຊື່"},
    {SPH_WORD_ID, "id card|id no|id number|identity card|identity number|identity card no|"
                  "national id|family book|family book no|citizen id|border pass|"
                  "work permit no|บัตรประชาชน|บัตรประจำตัว|บัตรประจำตัวประชาชน|เลขประจำตัว|"
                  "เลขประจำตัวประชาชน|เลขบัตรประชาชน|เลขบัตร|บัตรสีชมพู|"
                  "ใบอนุญาตทำงานเลขที่|หนังสือผ่านแดน|ทะเบียนบ้าน|ບັດປະຈຳຕົວ|ເລກບັດປະຈຳຕົວ|"
                  "ເລກບັດ|ບັດປະຊາຊົນ|ປຶ້ມສຳມະໂນຄົວ|ສຳມະໂນຄົວ|ເລກປະຈຳຕົວ|"
                  "ໜັງສືຜ່ານແດນຊົ່ວຄາວ|ໃບຜ່ານແດນ"},
    {SPH_WORD_PASSPORT, "passport|passport no|passport number|passport n|หนังสือเดินทาง|"
                        "หนังสือเดินทางเลขที่|พาสปอร์ต|ໜັງສືຜ່ານແດນ|ໜັງສືເດີນທາງ|ພາສປອດ|ພາສະປອດ"},
    {SPH_WORD_PLATE, "plate|licence plate|license plate|number plate|plate no|plate number|"
                     "registration plate|vehicle registration|registration number|ทะเบียน|"
                     "ป้ายทะเบียน|ทะเบียนรถ|เลขทะเบียน|หมายเลขทะเบียน|ທະບຽນ|ທະບຽນລົດ|"
                     "ປ້າຍທະບຽນ|ປ້າຍລົດ|ເລກທະບຽນ"},
    {SPH_WORD_PASS, "ทะเบียนสมรส|ทะเบียนพาณิชย์|ทะเบียนนิติบุคคล|ทะเบียนราษฎร|ทะเบียนคนเกิด|"
                    "ທະບຽນສົມລົດ|ທະບຽນວິສາຫະກິດ"},
    {SPH_WORD_CHAT, "line|facebook|fb|wechat|telegram|viber|messenger|instagram|ig|tiktok|"
                    "skype|zalo|ไลน์|เฟซบุ๊ก|เฟสบุ๊ก|เฟสบุ๊ค|เฟซ|วีแชท|เทเลแกรม|อินสตาแกรม|"
                    "ติ๊กต็อก|ไอจี|ໄລນ໌|ໄລນ|ເຟສບຸກ|ເຟສບຸ໊ກ|ເຟດບຸກ|ວີແຊັດ|ເທເລແກຣມ|ອິນສຕາແກຣມ|"
                    "ຕິກຕັອກ"},
    {SPH_WORD_CHAT_ID, "line id|whatsapp id|wechat id|signal id|skype id|facebook id|ไอดีไลน์|"
                       "ไลน์ไอดี|ไลน์ ไอดี|ໄອດີໄລນ໌|ໄລນ໌ໄອດີ|ໄລນ໌ ໄອດີ"},
    {SPH_WORD_CHAT_URL, "line.me/|facebook.com/|fb.com/|fb.me/|m.me/|t.me/|wa.me/|instagram.com/|"
                        "tiktok.com/@|zalo.me/|weixin://"},
    {SPH_WORD_SHELTER, "shelter|shelters|safe house|safehouse|safe home|refuge|บ้านพัก|"
                       "สถานคุ้มครอง|ที่พักพิง|บ้านปลอดภัย|สถานสงเคราะห์|บ้านพักพิง|ศูนย์พักพิง|"
                       "ບ້ານພັກ|ສູນພັກພິງ|ບ່ອນພັກພິງ|ເຮືອນພັກ|ບ້ານພັກພິງ|ບ່ອນພັກເຊົາ|ສູນປົກປ້ອງ|"
                       "ບ່ອນປອດໄພ"},
    {SPH_WORD_STREET, "street|st.|road|rd|rd.|lane|avenue|ave|alley|soi|moo|ถนน|ซอย|ตรอก|ถ.|ซ.|"
                      "หมู่ที่|หมู่บ้าน|ຖະໜົນ|ຮ່ອມ|ຕັ້ງຢູ່ບ້ານ|ຊອຍ"},
    {SPH_WORD_HOUSE, "house no|house number|house no.|บ้านเลขที่|ที่อยู่เลขที่|ตั้งอยู่เลขที่|"
                     "อยู่เลขที่|ເຮືອນເລກທີ|ບ້ານເລກທີ|ຢູ່ເລກທີ|ຕັ້ງຢູ່ເລກທີ"},
    {SPH_WORD_PLACE, "coordinates|coordinate|latitude|longitude|lat|lat.|gps|พิกัด|ละติจูด|"
                     "ລະຕິຈູດ|ພິກັດ|จีพีเอส"},
    {SPH_WORD_MAP, "maps.google.com/|google.com/maps|maps.app.goo.gl/|goo.gl/maps|"
                   "plus.codes/|geo:|openstreetmap.org/|osm.org/|maps.apple.com/|"
                   "what3words.com/|w3w.co/"},
    {SPH_WORD_MONTH, "january|february|march|april|may|june|july|august|september|october|"
                     "november|december|jan|feb|mar|apr|jun|jul|aug|sep|sept|oct|nov|dec|"
                     "มกราคม|กุมภาพันธ์|มีนาคม|เมษายน|พฤษภาคม|มิถุนายน|กรกฎาคม|สิงหาคม|"
                     "กันยายน|ตุลาคม|พฤศจิกายน|ธันวาคม|ม.ค.|ก.พ.|มี.ค.|เม.ย.|พ.ค.|มิ.ย.|ก.ค.|"
                     "ส.ค.|ก.ย.|ต.ค.|พ.ย.|ธ.ค.|ມັງກອນ|ກຸມພາ|ມີນາ|ເມສາ|ພຶດສະພາ|ມິຖຸນາ|ກໍລະກົດ|"
                     "ສິງຫາ|ກັນຍາ|ຕຸລາ|ພະຈິກ|ທັນວາ"},
    {SPH_WORD_UNIT, "baht|kip|thb|lak|usd|dollars|euro|eur|gbp|pounds|per cent|percent|kg|km|"
                    "บาท|กีบ|ดอลลาร์|ຄົນ|คน|ราย|ກີບ|ບາດ|ໂດລາ|ລາຍ"},
    {SPH_WORD_DIGIT, "zero|one|two|three|four|five|six|seven|eight|nine|ศูนย์|หนึ่ง|สอง|สาม|"
                     "สี่|ห้า|หก|เจ็ด|แปด|เก้า|ສູນ|ໜຶ່ງ|ນຶ່ງ|ສອງ|ສາມ|ສີ່|ຫ້າ|ຫົກ|ເຈັດ|ແປດ|"
                     "ເກົ້າ"},
    {SPH_WORD_PASS, "ศูนย์กลาง|หนึ่งใน|ສູນກາງ"},
    {SPH_WORD_AT, "at"},
    {SPH_WORD_DOT, "dot"},
    {SPH_WORD_HANDLE, "id|account name|user|username|name|ไอดี|ชื่อ|ชื่อผู้ใช้|ໄອດີ|ຊື່|"
                      "ຊື່ຜູ້ໃຊ້"},
    {SPH_WORD_IS, "is|คือ|ว่า|ແມ່ນ|ວ່າ"},
};
/* clang-format on */

struct entry {
    uint16_t point[POINTS_MOST];
    uint16_t next; /* of the bucket; 0 ends */
    uint8_t len, group;
};
struct sph_leak_words {
    uint16_t head[BUCKETS];
    uint16_t count; /* entry 0 is not used */
    struct entry entry[WORDS_MOST];
};

static uint32_t lower(uint32_t point)
{
    return sph_leak_is_capital(point) ? point + 32 : point;
}

static sph_rc add(sph_leak_words *words, enum sph_leak_group group, sph_slice word, sph_err *err)
{
    size_t at = 0;
    uint32_t point = 0;
    if (words->count + 1 == WORDS_MOST)
        return sph_fail(err, SPH_ELIMIT, "more than %d words", WORDS_MOST);
    struct entry *entry = &words->entry[words->count + 1];
    while (sph_utf8_next(word, &at, &point)) {
        uint32_t folded[2];
        const size_t count = sph_leak_fold(point, folded);
        for (size_t i = 0; i < count; i++) {
            if (entry->len == POINTS_MOST)
                return sph_fail(err, SPH_ELIMIT, "a word of more than %d", POINTS_MOST);
            entry->point[entry->len++] = (uint16_t)folded[i];
        }
    }
    entry->group = (uint8_t)group;
    entry->next = words->head[entry->point[0] % BUCKETS];
    words->head[entry->point[0] % BUCKETS] = ++words->count;
    return sph_ok();
}

static sph_rc add_list(sph_leak_words *words, enum sph_leak_group group, sph_slice list,
                       sph_err *err)
{
    while (list.len > 0) {
        const size_t bar = sph_slice_find(list, SPH_LIT("|"), 0);
        const size_t len = bar == SIZE_MAX ? list.len : bar;
        SPH_TRY(add(words, group, sph_slice_sub(list, 0, len), err), err, "word list");
        list = sph_slice_sub(list, len + 1, list.len);
    }
    return sph_ok();
}

sph_rc sph_leak_words_new(sph_leak_words **out, sph_err *err)
{
    SPH_AUTO_PTR(sph_leak_words) *words = sph_mem_new(1, sizeof(*words));
    if (!words)
        return sph_fail(err, SPH_ENOMEM, "word lists");
    for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++)
        SPH_TRY(add_list(words, lists[i].group, sph_slice_str(lists[i].words), err), err, "words");
    *out = sph_move(words);
    return sph_ok();
}

void sph_leak_words_free(sph_leak_words **words)
{
    sph_mem_free(*words);
    *words = NULL;
}

/* End of the word at i, or 0. */
static size_t match(struct sph_leak_view *view, size_t i, const struct entry *entry)
{
    size_t at = i;
    for (size_t k = 0; k < entry->len; k++) {
        if (entry->point[k] == ' ') {
            const size_t after = sph_leak_spaces(view, at, SPACES_MOST);
            if (after == at)
                return 0;
            at = after;
        } else if (lower(sph_leak_at(view, at)) == entry->point[k]) {
            at++;
        } else {
            return 0;
        }
    }
    const bool is_latin = sph_leak_is_latin(entry->point[entry->len - 1]);
    return is_latin && sph_leak_is_latin(sph_leak_at(view, at)) ? 0 : at;
}

bool sph_leak_word(struct sph_leak_view *view, size_t i, size_t *end, enum sph_leak_group *group)
{
    const uint32_t first = lower(sph_leak_at(view, i));
    size_t best = 0;
    for (size_t e = view->words->head[first % BUCKETS]; e; e = view->words->entry[e].next) {
        const struct entry *entry = &view->words->entry[e];
        const size_t at = entry->point[0] == first ? match(view, i, entry) : 0;
        if (at <= best)
            continue;
        best = at;
        *group = (enum sph_leak_group)entry->group;
    }
    if (best > 0)
        *end = best;
    return best > 0;
}

size_t sph_leak_word_of(struct sph_leak_view *view, size_t i, enum sph_leak_group group)
{
    enum sph_leak_group found = SPH_WORD_PASS;
    size_t end = 0;
    return sph_leak_word(view, i, &end, &found) && found == group ? end : 0;
}

size_t sph_leak_spaces(struct sph_leak_view *view, size_t i, size_t most)
{
    for (size_t n = 0; n < most && sph_leak_at(view, i) == ' '; n++)
        i++;
    return i;
}

bool sph_leak_near(const struct sph_leak_view *view, enum sph_leak_group group, size_t i,
                   size_t reach)
{
    const size_t end = view->near[group];
    return end > 0 && i + 1 >= end && i + 1 - end <= reach;
}
