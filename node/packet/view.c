#include "packet/view.h"

#include "base/codec.h"
#include "base/unicode.h"

static bool has_lang(const sph_xml_node *node, const char *code)
{
    const char *lang = sph_xml_attr(node, SPH_NS_XML, "lang");
    return lang && strcmp(lang, code) == 0;
}

static bool is_original(const sph_xml_node *node)
{
    const char *src = sph_xml_attr(node, NULL, "src");
    return src && strcmp(src, "original") == 0;
}

const sph_xml_node *sph_view_text(const sph_xml_node *ml, enum sph_lang lang)
{
    const sph_xml_node *best = NULL;
    int rank = 0;
    for (const sph_xml_node *at = sph_xml_first(ml); at; at = sph_xml_next(at)) {
        const int own = has_lang(at, sph_lang_code(lang)) ? 4
                        : has_lang(at, "en")              ? 3
                        : is_original(at)                 ? 2
                                                          : 1;
        if (own > rank) {
            best = at;
            rank = own;
        }
    }
    return best;
}

sph_rc sph_view_code(const char *list, const char *code, enum sph_lang lang, sph_buf *out,
                     sph_err *err)
{
    if (list)
        return sph_lang_label(lang, list, code, out, err);
    return sph_unicode_clean(sph_slice_str(code), out, err);
}

static sph_rc view_date(const char *value, enum sph_lang lang, sph_buf *out, sph_err *err)
{
    int32_t days = 0;
    if (sph_date_parse(sph_slice_str(value), &days, NULL).code != SPH_OK)
        return sph_unicode_clean(sph_slice_str(value), out, err);
    return sph_lang_date(lang, days, out, err);
}

static sph_rc view_time(const char *value, enum sph_lang lang, sph_buf *out, sph_err *err)
{
    int64_t ms = 0;
    if (sph_time_parse(sph_slice_str(value), &ms, NULL).code != SPH_OK)
        return sph_unicode_clean(sph_slice_str(value), out, err);
    return sph_lang_time(lang, ms, out, err);
}

sph_rc sph_view_value(const sph_field *field, const char *value, enum sph_lang lang, sph_buf *out,
                      sph_err *err)
{
    switch (field->kind) {
    case SPH_FIELD_CODE:
        return sph_view_code(field->list, value, lang, out, err);
    case SPH_FIELD_DATE:
        return view_date(value, lang, out, err);
    case SPH_FIELD_TIME:
        return view_time(value, lang, out, err);
    case SPH_FIELD_FLAG:
        return sph_view_code("flag", value, lang, out, err);
    case SPH_FIELD_TOKEN:
    case SPH_FIELD_TEXT:
        /* An open list: known codes have a label, others are shown as they are. */
        return sph_view_code(field->list, value, lang, out, err);
    case SPH_FIELD_ML:
    case SPH_FIELD_NUMBER:
    case SPH_FIELD_GROUP:
    case SPH_FIELD_DOCUMENT:
        break;
    }
    return sph_unicode_clean(sph_slice_str(value), out, err);
}
