#include "base/lang.h"

#include "base/texts_table.h"
#include "base/unicode.h"

static const char *const codes[SPH_LANG_COUNT] = {
    [SPH_LANG_EN] = "en", [SPH_LANG_LO] = "lo", [SPH_LANG_TH] = "th"};

enum sph_lang sph_lang_of(const char *text)
{
    const sph_slice name = sph_slice_str(text);
    const bool is_code = name.len == 2 || (name.len > 2 && memchr("_-.@", name.at[2], 4));
    for (int lang = 0; is_code && lang < SPH_LANG_COUNT; lang++)
        if (sph_slice_equal_nocase(sph_slice_sub(name, 0, 2), sph_slice_str(codes[lang])))
            return (enum sph_lang)lang;
    return SPH_LANG_EN;
}

const char *sph_lang_code(enum sph_lang lang)
{
    return codes[(unsigned)lang < SPH_LANG_COUNT ? lang : SPH_LANG_EN];
}

static const struct sph_text_row *find_row(const char *key)
{
    size_t from = 0;
    size_t end = sph_texts_count;
    while (from < end) {
        const size_t middle = from + (end - from) / 2;
        const int order = strcmp(key, sph_texts_table[middle].key);
        if (order == 0)
            return &sph_texts_table[middle];
        if (order < 0)
            end = middle;
        else
            from = middle + 1;
    }
    return NULL;
}

bool sph_text_has(const char *key)
{
    return find_row(key) != NULL;
}

const char *sph_text(enum sph_lang lang, const char *key)
{
    const struct sph_text_row *row = find_row(key);
    if (!row)
        return key;
    return row->text[(unsigned)lang < SPH_LANG_COUNT ? lang : SPH_LANG_EN];
}

/* Length of "{name}" at the front of text, or 0. */
static size_t placeholder_len(sph_slice text)
{
    if (text.len == 0 || text.at[0] != '{')
        return 0;
    for (size_t i = 1; i < text.len; i++) {
        const uint8_t byte = text.at[i];
        if (byte == '}')
            return i > 1 ? i + 1 : 0;
        if (byte != '_' && (byte < '0' || byte > '9') && (byte < 'a' || byte > 'z'))
            return 0;
    }
    return 0;
}

static const sph_arg *find_arg(sph_slice name, const sph_arg *args, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (sph_slice_is(name, args[i].name))
            return &args[i];
    return NULL;
}

static sph_rc add_placeholder(sph_slice mark, const sph_arg *args, size_t count, sph_buf *out,
                              sph_err *err)
{
    const sph_arg *arg = find_arg(sph_slice_sub(mark, 1, mark.len - 2), args, count);
    if (!arg)
        return sph_buf_add(out, mark, err);
    return sph_unicode_clean(sph_slice_str(arg->value), out, err);
}

static sph_rc add_filled(sph_slice text, const sph_arg *args, size_t count, sph_buf *out,
                         sph_err *err)
{
    while (text.len > 0) {
        const size_t mark = placeholder_len(text);
        if (mark > 0) {
            SPH_TRY(add_placeholder(sph_slice_sub(text, 0, mark), args, count, out, err), err,
                    "filling a text");
            text = sph_slice_sub(text, mark, SIZE_MAX);
            continue;
        }
        const size_t next = sph_slice_find(text, SPH_LIT("{"), 1);
        const size_t plain = next == SIZE_MAX ? text.len : next;
        SPH_TRY(sph_buf_add(out, sph_slice_sub(text, 0, plain), err), err, "filling a text");
        text = sph_slice_sub(text, plain, SIZE_MAX);
    }
    return sph_ok();
}

sph_rc sph_text_format(enum sph_lang lang, const char *key, const sph_arg *args, size_t count,
                       sph_buf *out, sph_err *err)
{
    const size_t before = out->len;
    const sph_rc rc = add_filled(sph_slice_str(sph_text(lang, key)), args, count, out, err);
    if (rc.code != SPH_OK)
        sph_buf_cut(out, before);
    return rc;
}
