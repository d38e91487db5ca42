#include "packet/leak_fold.h"

struct span {
    uint32_t from, to, as;
};

/* Tone marks and the like of Thai and Lao go: they are typed in any order, twice or not at all. */
static const struct span hidden[] = {
    {0xad, 0xad, 0},       {0x300, 0x36f, 0},     {0x61c, 0x61c, 0},   {0xe3a, 0xe3a, 0},
    {0xe47, 0xe4e, 0},     {0xec8, 0xece, 0},     {0x115f, 0x1160, 0}, {0x17b4, 0x17b5, 0},
    {0x180b, 0x180f, 0},   {0x1ab0, 0x1aff, 0},   {0x1dc0, 0x1dff, 0}, {0x200b, 0x200f, 0},
    {0x202a, 0x202e, 0},   {0x2060, 0x206f, 0},   {0x20d0, 0x20ff, 0}, {0x3164, 0x3164, 0},
    {0xfe00, 0xfe0f, 0},   {0xfe20, 0xfe2f, 0},   {0xfeff, 0xfeff, 0}, {0xffa0, 0xffa0, 0},
    {0x1bca0, 0x1bca3, 0}, {0xe0000, 0xe0fff, 0},
};

/* The zero of each decimal script, and where circled, raised and lowered digits begin. */
static const struct span digits[] = {
    {0x660, 0x669, '0'},     {0x6f0, 0x6f9, '0'},     {0x966, 0x96f, '0'},
    {0x9e6, 0x9ef, '0'},     {0xbe6, 0xbef, '0'},     {0xe50, 0xe59, '0'},
    {0xed0, 0xed9, '0'},     {0xf20, 0xf29, '0'},     {0x1040, 0x1049, '0'},
    {0x1090, 0x1099, '0'},   {0x17e0, 0x17e9, '0'},   {0x1946, 0x194f, '0'},
    {0x19d0, 0x19d9, '0'},   {0x1a80, 0x1a89, '0'},   {0x1a90, 0x1a99, '0'},
    {0x2074, 0x2079, '4'},   {0x2080, 0x2089, '0'},   {0x2460, 0x2468, '1'},
    {0x2474, 0x247c, '1'},   {0x2488, 0x2490, '1'},   {0x24f5, 0x24fd, '1'},
    {0x2776, 0x277e, '1'},   {0x2780, 0x2788, '1'},   {0x278a, 0x2792, '1'},
    {0xa9d0, 0xa9d9, '0'},   {0xaa50, 0xaa59, '0'},   {0xff10, 0xff19, '0'},
    {0x1d7ce, 0x1d7d7, '0'}, {0x1d7d8, 0x1d7e1, '0'}, {0x1d7e2, 0x1d7eb, '0'},
    {0x1d7ec, 0x1d7f5, '0'}, {0x1d7f6, 0x1d7ff, '0'}, {0x1fbf0, 0x1fbf9, '0'},
};

/* One sign for many. */
static const struct span signs[] = {
    {0x09, 0x0d, ' '},     {0x85, 0x85, ' '},      {0xa0, 0xa0, ' '},      {0x1680, 0x1680, ' '},
    {0x2000, 0x200a, ' '}, {0x2028, 0x2029, ' '},  {0x202f, 0x202f, ' '},  {0x205f, 0x205f, ' '},
    {0x3000, 0x3000, ' '}, {0xb2, 0xb3, '2'},      {0xb7, 0xb7, '-'},      {0xb9, 0xb9, '1'},
    {0x2010, 0x2015, '-'}, {0x2022, 0x2022, '-'},  {0x2024, 0x2024, '.'},  {0x2070, 0x2070, '0'},
    {0x2212, 0x2212, '-'}, {0x2219, 0x2219, '-'},  {0x24ea, 0x24ea, '0'},  {0x24ff, 0x24ff, '0'},
    {0x3002, 0x3002, '.'}, {0xfe52, 0xfe52, '.'},  {0xfe58, 0xfe58, '-'},  {0xfe63, 0xfe63, '-'},
    {0xfe6b, 0xfe6b, '@'}, {0x2032, 0x2032, '\''}, {0x2019, 0x2019, '\''}, {0x2033, 0x2033, '"'},
    {0x201d, 0x201d, '"'}, {0xba, 0xba, 0xb0},     {0x2da, 0x2da, 0xb0},
};

/* Letters that are drawn as a Latin one, "ABC…" standing for the span's points in order; a blank
 * looks like none. */
static const struct {
    uint32_t from;
    const char *as;
} alike[] = {
    {0x391, "AB  EZH IK MN O P TYX"},    /* Greek capitals */
    {0x3b1, "         i k v o p  tu x"}, /* Greek small */
    {0x410, "A B  E   K MHO PCT  X"},    /* Cyrillic capitals */
    {0x430, "a     e        o pc y x"},  /* Cyrillic small */
    {0x405, "SI J"},                     /* Ѕ І Ї Ј */
    {0x455, "si j"},                     /* ѕ і ї ј */
};

static size_t find(const struct span *table, size_t count, uint32_t point)
{
    for (size_t i = 0; i < count; i++)
        if (point >= table[i].from && point <= table[i].to)
            return i;
    return count;
}

#define FIND(table, point) find(table, sizeof(table) / sizeof((table)[0]), point)
#define HAS(table, at) ((at) < sizeof(table) / sizeof((table)[0]))

static uint32_t latin_of(uint32_t point)
{
    for (size_t i = 0; i < sizeof(alike) / sizeof(alike[0]); i++) {
        const char *as = alike[i].as;
        for (size_t k = 0; as[k] && alike[i].from + k <= point; k++)
            if (alike[i].from + k == point)
                return as[k] == ' ' ? point : (uint32_t)as[k];
    }
    if (point >= 0xff01 && point <= 0xff5e) /* full width */
        return point - 0xfee0;
    if (point >= 0x1d400 && point <= 0x1d6a3) /* mathematical: 13 alphabets of A to Z, a to z */
        return (point - 0x1d400) % 52 < 26 ? 'A' + (point - 0x1d400) % 52
                                           : 'a' + (point - 0x1d400) % 52 - 26;
    if (point >= 0x24b6 && point <= 0x24e9) /* circled */
        return point < 0x24d0 ? 'A' + point - 0x24b6 : 'a' + point - 0x24d0;
    return point;
}

/* Spellings of one Lao or Thai sound (packets.md 3, "Search key"). */
static size_t fold_own(uint32_t point, uint32_t out[2])
{
    static const struct {
        uint32_t point, first, second;
    } table[] = {
        {0xe33, 0xe32, 0},     {0xeb3, 0xeb2, 0},     {0xebc, 0xea5, 0},
        {0xedc, 0xeab, 0xe99}, {0xedd, 0xeab, 0xea1},
    };
    out[0] = point;
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
        if (table[i].point == point) {
            out[0] = table[i].first;
            out[1] = table[i].second;
            return table[i].second ? 2 : 1;
        }
    return 1;
}

size_t sph_leak_fold(uint32_t point, uint32_t out[2])
{
    out[0] = point;
    if (point > 0x20 && point < 0x7f)
        return 1;
    const size_t digit = FIND(digits, point);
    if (HAS(digits, digit)) {
        out[0] = digits[digit].as + point - digits[digit].from;
        return 1;
    }
    if (HAS(hidden, FIND(hidden, point)))
        return 0;
    if (point >= 0xe00 && point <= 0xeff)
        return fold_own(point, out);
    const size_t sign = FIND(signs, point);
    out[0] = HAS(signs, sign) ? signs[sign].as : latin_of(point);
    if (point == 0xb3)
        out[0] = '3';
    return 1;
}
