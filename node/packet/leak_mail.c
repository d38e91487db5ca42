#include "packet/leak_parts.h"

#define LOCAL_MOST 64
#define LABEL_MOST 63
#define SPACES_MOST 2
#define HANDLE_MOST 40

static bool is_local(uint32_t point)
{
    return sph_leak_is_word(point) || point == '.' || point == '_' || point == '%' ||
           point == '+' || point == '-';
}

static bool has_text(struct sph_leak_view *view, size_t i, const char *text)
{
    for (; *text; text++, i++)
        if ((sph_leak_at(view, i) | 32u) != ((uint32_t)(uint8_t)*text | 32u))
            return false;
    return true;
}

/* Length of the form that stands at i, or 0. */
static size_t form_at(struct sph_leak_view *view, size_t i, const char *const *forms)
{
    for (; *forms; forms++)
        if (has_text(view, i, *forms))
            return sph_slice_str(*forms).len;
    return 0;
}

static size_t label_end(struct sph_leak_view *view, size_t i)
{
    size_t at = i;
    while (at - i < LABEL_MOST &&
           (sph_leak_is_word(sph_leak_at(view, at)) || sph_leak_at(view, at) == '-'))
        at++;
    return at;
}

static size_t top_end(struct sph_leak_view *view, size_t i)
{
    size_t at = i;
    while (at - i < LABEL_MOST && sph_leak_is_letter(sph_leak_at(view, at)))
        at++;
    return at >= i + 2 ? at : i;
}

/* The end of "label.label" from i on, or i. */
static size_t domain_end(struct sph_leak_view *view, size_t i)
{
    static const char *const dots[] = {".", "(dot)", "[dot]", "(.)", "[.]", NULL};
    const size_t first = label_end(view, i);
    if (first == i)
        return i;
    const size_t dot = sph_leak_spaces(view, first, SPACES_MOST);
    const size_t len = form_at(view, dot, dots);
    if (len == 0)
        return i;
    const size_t label = sph_leak_spaces(view, dot + len, SPACES_MOST);
    const size_t end = top_end(view, label);
    return end > label ? end : i;
}

/* Where the local part begins that ends before i, or i. */
static size_t local_start(struct sph_leak_view *view, size_t i)
{
    size_t end = i;
    for (size_t n = 0; n < SPACES_MOST && end > 0 && sph_leak_at(view, end - 1) == ' '; n++)
        end--;
    if (end == 0 || !sph_leak_is_word(sph_leak_at(view, end - 1)))
        return i;
    size_t from = end;
    while (from > 0 && end - from < LOCAL_MOST && is_local(sph_leak_at(view, from - 1)))
        from--;
    return from;
}

bool sph_leak_email(struct sph_leak_view *view, size_t i, struct sph_leak_span *span)
{
    static const char *const signs[] = {"@", "(at)", "[at]", "(@)", "[@]", NULL};
    const size_t len = form_at(view, i, signs);
    if (len == 0)
        return false;
    const size_t from = local_start(view, i);
    const size_t domain = sph_leak_spaces(view, i + len, SPACES_MOST);
    const size_t end = domain_end(view, domain);
    *span = (struct sph_leak_span){from, end};
    return from < i && end > domain;
}

/* "somchai at example dot org": `i` is behind "at". */
bool sph_leak_email_words(struct sph_leak_view *view, size_t i, struct sph_leak_span *span)
{
    const size_t from = i > 2 ? local_start(view, i - 2) : i;
    const size_t domain = sph_leak_spaces(view, i, SPACES_MOST);
    const size_t label = label_end(view, domain);
    const size_t word = sph_leak_spaces(view, label, SPACES_MOST);
    const size_t dot = sph_leak_word_of(view, word, SPH_WORD_DOT);
    if (i < 3 || from >= i - 2 || domain == i || label == domain || word == label || dot == 0)
        return false;
    const size_t top = sph_leak_spaces(view, dot, SPACES_MOST);
    const size_t end = top_end(view, top);
    *span = (struct sph_leak_span){from, end};
    return top > dot && end > top;
}

static bool is_handle(uint32_t point)
{
    return sph_leak_is_latin(point) || sph_leak_is_digit(point) || point == '.' || point == '_' ||
           point == '-';
}

/* The end of a name of at least three characters at i, or i; *is_made: with a sign that words of
 * running text do not have. */
static size_t handle_end(struct sph_leak_view *view, size_t i, bool *is_made)
{
    size_t at = i;
    while (at - i < HANDLE_MOST && is_handle(sph_leak_at(view, at)))
        at++;
    while (at > i && !sph_leak_is_word(sph_leak_at(view, at - 1)))
        at--;
    for (size_t k = i; k < at; k++)
        *is_made = *is_made || !sph_leak_is_latin(sph_leak_at(view, k));
    return at >= i + 3 ? at : i;
}

bool sph_leak_at_handle(struct sph_leak_view *view, size_t i, struct sph_leak_span *span)
{
    bool is_made = false;
    if (sph_leak_at(view, i) != '@' || (i > 0 && sph_leak_is_word(sph_leak_at(view, i - 1))))
        return false;
    const size_t end = handle_end(view, i + 1, &is_made);
    *span = (struct sph_leak_span){i, end};
    return end > i + 1;
}

static size_t skip_signs(struct sph_leak_view *view, size_t i, bool *has_sign)
{
    for (size_t n = 0; n < 4; n++, i++) {
        const uint32_t point = sph_leak_at(view, i);
        if (point != ' ' && point != ':' && point != '=' && point != '-' && point != '@')
            break;
        *has_sign = *has_sign || (point != ' ' && point != '-');
    }
    return i;
}

static size_t own_name_end(struct sph_leak_view *view, size_t i)
{
    size_t at = i;
    while (at - i < HANDLE_MOST && sph_leak_is_own(sph_leak_at(view, at)))
        at++;
    return at >= i + 3 ? at : i;
}

/* Behind the name of a messenger: has_word, when it said that a name follows. */
static bool chat_name(struct sph_leak_view *view, size_t i, bool has_word,
                      struct sph_leak_span *span)
{
    bool has_sign = false;
    bool is_made = false;
    size_t at = skip_signs(view, i, &has_sign);
    const size_t word = sph_leak_word_of(view, at, SPH_WORD_HANDLE);
    at = skip_signs(view, word > 0 ? word : at, &has_sign);
    const size_t is = sph_leak_word_of(view, at, SPH_WORD_IS);
    at = skip_signs(view, is > 0 ? is : at, &has_sign);
    has_word = has_word || word > 0;
    size_t end = handle_end(view, at, &is_made);
    if (end == at && has_word)
        end = own_name_end(view, at);
    *span = (struct sph_leak_span){at, end};
    return end > at && (has_word || (has_sign && is_made));
}

/* "LINE: somchai_99", "Facebook ชื่อ สมชาย" */
bool sph_leak_chat(struct sph_leak_view *view, size_t i, struct sph_leak_span *span)
{
    return chat_name(view, i, false, span);
}

/* "LINE ID somchai", "ไลน์ไอดี somchai99" */
bool sph_leak_chat_id(struct sph_leak_view *view, size_t i, struct sph_leak_span *span)
{
    return chat_name(view, i, true, span);
}

bool sph_leak_chat_url(struct sph_leak_view *view, size_t i, struct sph_leak_span *span)
{
    size_t end = i;
    while (end - i < HANDLE_MOST && sph_leak_at(view, end) > ' ')
        end++;
    *span = (struct sph_leak_span){i, end};
    return end >= i + 3;
}
