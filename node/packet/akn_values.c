#include "packet/akn.h"

#include "base/unicode.h"

#define REPLACEMENT 0xfffdu
#define BULLET 0x2022u
#define WORD_BULLET 0xf0b7u /* private use: how Word's symbol font writes a bullet */

void sph_akn_keep(struct sph_akn_reduction *r, sph_rc rc)
{
    if (r->rc.code == SPH_OK)
        r->rc = rc;
}

void sph_akn_count(struct sph_akn_reduction *r, const char *name, bool is_dropped)
{
    struct sph_akn_tally *tally = r->tally;
    if (r->is_collecting)
        return;
    if (is_dropped)
        r->facts->dropped_elements++;
    else
        r->facts->unwrapped_inline++;
    for (size_t i = 0; i < tally->count; i++)
        if (tally->at[i].is_dropped == is_dropped && strcmp(tally->at[i].name, name) == 0) {
            tally->at[i].count++;
            return;
        }
    if (tally->count == SPH_AKN_TALLY ||
        sph_str_copy(tally->at[tally->count].name, sizeof(tally->at[0].name), sph_slice_str(name),
                     NULL)
                .code != SPH_OK)
        return;
    tally->at[tally->count].is_dropped = is_dropped;
    tally->at[tally->count++].count = 1;
}

static bool is_private(uint32_t point)
{
    return (point >= 0xe000 && point <= 0xf8ff) || point >= 0xf0000;
}

/* What stands for a refused character: a bullet for Word's, a visible sign for others of private
 * use, nothing for the invisible ones. */
static sph_rc replace(uint32_t point, sph_buf *out, sph_err *err)
{
    if (point == WORD_BULLET)
        return sph_utf8_add(BULLET, out, err);
    return is_private(point) ? sph_utf8_add(REPLACEMENT, out, err) : sph_ok();
}

static sph_rc clean(struct sph_akn_reduction *r, sph_slice text)
{
    SPH_AUTO(sph_buf) normal = sph_buf_init(text.len * 4 + 16);
    SPH_TRY(sph_unicode_nfc(text, &normal, r->err), r->err, "normal form");
    sph_slice rest = sph_buf_peek(&normal);
    sph_buf_cut(&r->text, 0);
    while (rest.len > 0) {
        size_t at = 0;
        uint32_t point = 0;
        const bool is_clean = sph_unicode_check(rest, &at, NULL).code == SPH_OK;
        SPH_TRY(sph_buf_add(&r->text, sph_slice_sub(rest, 0, is_clean ? rest.len : at), r->err),
                r->err, "text");
        if (is_clean)
            return sph_ok();
        if (!sph_utf8_next(rest, &at, &point))
            return sph_fail(r->err, SPH_EPARSE, "text is not UTF-8");
        SPH_TRY(replace(point, &r->text, r->err), r->err, "text");
        r->dropped_characters += !r->is_collecting;
        rest = sph_slice_sub(rest, at, rest.len);
    }
    return sph_ok();
}

void sph_akn_text(struct sph_akn_reduction *r, const char *text)
{
    const sph_slice slice = sph_slice_str(text);
    if (sph_unicode_check(slice, NULL, NULL).code == SPH_OK) {
        sph_xml_text(r->w, slice);
        return;
    }
    sph_akn_keep(r, clean(r, slice));
    sph_xml_text(r->w, sph_buf_peek(&r->text));
}

void sph_akn_set(struct sph_akn_reduction *r, const char *name, const char *value)
{
    const sph_slice slice = sph_slice_str(value);
    if (!value)
        return;
    if (sph_unicode_check(slice, NULL, NULL).code == SPH_OK) {
        sph_xml_set_slice(r->w, name, slice);
        return;
    }
    sph_akn_keep(r, clean(r, slice));
    sph_xml_set_slice(r->w, name, sph_buf_peek(&r->text));
}

static bool has_space(const char *text)
{
    return strpbrk(text, " \t\r\n") != NULL;
}

void sph_akn_set_id(struct sph_akn_reduction *r, const char *id)
{
    if (!id || !*id || has_space(id) || sph_slice_str(id).len > 250 ||
        sph_unicode_check(sph_slice_str(id), NULL, NULL).code != SPH_OK)
        return;
    sph_xml_set(r->w, "eId", id);
    if (r->is_collecting)
        sph_akn_keep(r, sph_akn_ids_add(r->ids, id, r->err));
}

static bool has_safe_scheme(const char *iri)
{
    static const char *const safe[] = {"http://", "https://", "mailto:", "urn:"};
    const char *colon = strchr(iri, ':');
    const char *slash = strchr(iri, '/');
    if (!colon || (slash && slash < colon))
        return true;
    for (size_t i = 0; i < sizeof(safe) / sizeof(safe[0]); i++)
        if (sph_slice_starts(sph_slice_str(iri), sph_slice_str(safe[i])))
            return true;
    return false;
}

bool sph_akn_resolves(const struct sph_akn_reduction *r, const char *reference)
{
    if (!reference || has_space(reference) || sph_slice_str(reference).len > 2000)
        return false;
    if (reference[0] == '#')
        return r->is_collecting || sph_akn_ids_has(r->ids, reference + 1);
    return has_safe_scheme(reference);
}

static bool is_leap(int year)
{
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static int number(const char *text, size_t digits)
{
    int value = 0;
    for (size_t i = 0; i < digits; i++) {
        if (text[i] < '0' || text[i] > '9')
            return -1;
        value = value * 10 + (text[i] - '0');
    }
    return value;
}

bool sph_akn_is_date(const char *text)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    const sph_slice slice = sph_slice_str(text);
    if (slice.len < 10 || text[4] != '-' || text[7] != '-' || (slice.len > 10 && text[10] != 'T'))
        return false;
    const int year = number(text, 4);
    const int month = number(text + 5, 2);
    const int day = number(text + 8, 2);
    if (year < 1000 || year > 2999 || month < 1 || month > 12 || day < 1)
        return false;
    return day <= days[month - 1] + (month == 2 && is_leap(year));
}

void sph_akn_day(const char *text, char to[11])
{
    if (sph_str_copy(to, 11, sph_slice_sub(sph_slice_str(text), 0, 10), NULL).code != SPH_OK)
        to[0] = '\0';
}

/* One of a refersTo list: as written, or with the '#' that some sources leave out. */
static void add_reference(struct sph_akn_reduction *r, sph_slice one, sph_buf *out)
{
    char text[256];
    if (one.len + 2 > sizeof(text) || one.len == 0 ||
        sph_str_format(text, sizeof(text), NULL, "#%.*s", (int)one.len, (const char *)one.at)
                .code != SPH_OK)
        return;
    const char *reference = one.at[0] == '#' ? text + 1 : text;
    const bool is_bare = one.at[0] != '#' && !memchr(one.at, '/', one.len);
    const bool is_kept = is_bare ? sph_akn_resolves(r, text) : sph_akn_resolves(r, text + 1);
    if (!is_kept) {
        r->facts->dropped_references += !r->is_collecting;
        return;
    }
    if (!is_bare && one.at[0] != '#')
        reference = text + 1;
    sph_akn_keep(r, sph_buf_addf(out, r->err, "%s%s", out->len > 0 ? " " : "", reference));
}

static void set_refers(struct sph_akn_reduction *r, const char *value)
{
    SPH_AUTO(sph_buf) kept = sph_buf_init(4096);
    sph_slice rest = sph_slice_str(value);
    while (rest.len > 0) {
        size_t len = 0;
        while (len < rest.len && !strchr(" \t\r\n", rest.at[len]))
            len++;
        add_reference(r, sph_slice_sub(rest, 0, len), &kept);
        rest = sph_slice_sub(rest, len + 1, rest.len);
    }
    if (kept.len > 0)
        sph_xml_set_slice(r->w, "refersTo", sph_buf_peek(&kept));
}

static bool is_span(const char *value)
{
    uint64_t n = 0;
    return sph_slice_u64(sph_slice_str(value), 1000, &n, NULL).code == SPH_OK && n > 0;
}

static bool is_language(const char *value)
{
    const sph_slice tag = sph_slice_str(value);
    size_t i = 0;
    while (i < tag.len && tag.at[i] >= 'a' && tag.at[i] <= 'z')
        i++;
    return i >= 2 && i <= 3 && i == tag.len;
}

unsigned sph_akn_lacks(const struct sph_akn_reduction *r, const struct sph_akn_element *row,
                       const sph_xml_node *node)
{
    const char *date = sph_xml_attr(node, NULL, "date");
    unsigned lacks = 0;
    if ((row->required & SPH_AKN_HREF) && !sph_akn_resolves(r, sph_xml_attr(node, NULL, "href")))
        lacks |= SPH_AKN_HREF;
    if ((row->required & SPH_AKN_DATE) && (!date || !sph_akn_is_date(date)))
        lacks |= SPH_AKN_DATE;
    if ((row->required & SPH_AKN_NAME) && !sph_xml_attr(node, NULL, "name"))
        lacks |= SPH_AKN_NAME;
    return lacks;
}

static void set_references(struct sph_akn_reduction *r, const struct sph_akn_element *row,
                           const sph_xml_node *node)
{
    const char *refers = sph_xml_attr(node, NULL, "refersTo");
    const char *as = sph_xml_attr(node, NULL, "as");
    if ((row->attributes & SPH_AKN_REFERS) && refers)
        set_refers(r, refers);
    if (!(row->attributes & SPH_AKN_AS) || !as)
        return;
    if (sph_akn_resolves(r, as))
        sph_akn_set(r, "as", as);
    else
        r->facts->dropped_references += !r->is_collecting;
}

static void set_spans(struct sph_akn_reduction *r, const sph_xml_node *node)
{
    static const char *const names[] = {"rowspan", "colspan"};
    for (size_t i = 0; i < 2; i++) {
        const char *value = sph_xml_attr(node, NULL, names[i]);
        if (value && is_span(value) && strcmp(value, "1") != 0)
            sph_xml_set(r->w, names[i], value);
    }
}

unsigned sph_akn_attributes(struct sph_akn_reduction *r, const struct sph_akn_element *row,
                            const sph_xml_node *node)
{
    const unsigned lacks = sph_akn_lacks(r, row, node);
    const unsigned has = row->attributes & ~lacks;
    const char *lang = sph_xml_attr(node, SPH_NS_XML, "lang");
    char day[11];
    sph_akn_set_id(r, sph_xml_attr(node, NULL, "eId"));
    set_references(r, row, node);
    if ((has & SPH_AKN_LANG) && lang && is_language(lang))
        sph_xml_set(r->w, "xml:lang", lang);
    if (has & SPH_AKN_HREF)
        sph_akn_set(r, "href", sph_xml_attr(node, NULL, "href"));
    if (has & SPH_AKN_DATE) {
        sph_akn_day(sph_xml_attr(node, NULL, "date"), day);
        sph_xml_set(r->w, "date", day);
    }
    if (has & SPH_AKN_NORMALIZED)
        sph_akn_set(r, "normalized", sph_xml_attr(node, NULL, "normalized"));
    if (has & SPH_AKN_MARK)
        sph_akn_set(r, "marker", sph_xml_attr(node, NULL, "marker"));
    if (has & SPH_AKN_NAME)
        sph_akn_set(r, "name", sph_xml_attr(node, NULL, "name"));
    if (has & SPH_AKN_SPANS)
        set_spans(r, node);
    return lacks;
}
