#include "as4/mime.h"

#include <ctype.h>
#include <strings.h>

#define MAX_PARAMETERS 16u

/** RFC 2045 §5.1 token characters. */
static bool is_token(uint8_t c)
{
    return c > 0x20 && c < 0x7f && strchr("()<>@,;:\\\"/[]?=", c) == NULL;
}

/** What is left to read of the value. */
struct scan {
    sph_slice text;
    size_t at;
};

static uint8_t peek(const struct scan *s)
{
    return s->at < s->text.len ? s->text.at[s->at] : 0;
}

static void skip_space(struct scan *s)
{
    while (peek(s) == ' ' || peek(s) == '\t')
        s->at++;
}

static bool skip(struct scan *s, uint8_t c)
{
    if (peek(s) != c || s->at >= s->text.len)
        return false;
    s->at++;
    return true;
}

static sph_slice token(struct scan *s)
{
    const size_t from = s->at;
    while (s->at < s->text.len && is_token(s->text.at[s->at]))
        s->at++;
    return sph_slice_sub(s->text, from, s->at - from);
}

/** A quoted string without quoted pairs: nothing we read ever needs one, and readers differ on them
 * (M-07). */
static bool quoted(struct scan *s, sph_slice *out)
{
    const size_t from = s->at;
    while (s->at < s->text.len && peek(s) != '"') {
        if (peek(s) < 0x20 || peek(s) >= 0x7f || peek(s) == '\\')
            return false;
        s->at++;
    }
    *out = sph_slice_sub(s->text, from, s->at - from);
    return skip(s, '"');
}

static bool value(struct scan *s, sph_slice *out)
{
    if (skip(s, '"'))
        return quoted(s, out);
    *out = token(s);
    return out->len > 0;
}

static sph_rc copy_lower(char *to, size_t room, sph_slice text, sph_err *err)
{
    SPH_TRY(sph_str_copy(to, room, text, err), err, "Content-Type value");
    for (; *to != 0; to++)
        *to = (char)tolower((unsigned char)*to);
    return sph_ok();
}

/** RFC 2046 §5.1.1: 1 to 70 characters of this set, no space at the end. */
static bool boundary_is_good(sph_slice text)
{
    if (text.len == 0 || text.len > 70 || text.at[text.len - 1] == ' ')
        return false;
    for (size_t i = 0; i < text.len; i++)
        if (!isalnum(text.at[i]) && (text.at[i] == 0 || !strchr("'()+_,-./:=? ", text.at[i])))
            return false;
    return true;
}

static sph_rc keep(struct sph_mime_type *type, sph_slice name, sph_slice text, sph_as4_fault *fault,
                   sph_err *err)
{
    sph_rc rc = sph_ok();
    if (sph_slice_equal_nocase(name, SPH_LIT("boundary"))) {
        if (!boundary_is_good(text))
            return sph_as4_refuse(SPH_AS4_MIME_BOUNDARY, fault, err, "%zu characters", text.len);
        rc = sph_str_copy(type->boundary, sizeof(type->boundary), text, err);
    } else if (sph_slice_equal_nocase(name, SPH_LIT("start"))) {
        rc = sph_str_copy(type->start, sizeof(type->start), text, err);
    } else if (sph_slice_equal_nocase(name, SPH_LIT("type"))) {
        rc = copy_lower(type->type, sizeof(type->type), text, err);
    } else if (sph_slice_equal_nocase(name, SPH_LIT("charset"))) {
        rc = copy_lower(type->charset, sizeof(type->charset), text, err);
    }
    return sph_as4_blame(rc, SPH_AS4_MIME_PARAMETER, fault, err);
}

static bool seen_before(const sph_slice *names, size_t count, sph_slice name)
{
    for (size_t i = 0; i < count; i++)
        if (sph_slice_equal_nocase(names[i], name))
            return true;
    return false;
}

static sph_rc parameters(struct scan *s, struct sph_mime_type *type, sph_as4_fault *fault,
                         sph_err *err)
{
    sph_slice names[MAX_PARAMETERS];
    size_t count = 0;
    for (skip_space(s); skip(s, ';'); skip_space(s)) {
        skip_space(s);
        if (s->at == s->text.len)
            break; /* some products end with a semicolon */
        sph_slice text = {0};
        const sph_slice name = token(s);
        if (name.len == 0 || !skip(s, '=') || !value(s, &text) || count == MAX_PARAMETERS)
            return sph_as4_refuse(SPH_AS4_MIME_PARAMETER, fault, err, "parameter %zu", count + 1);
        /* RFC 2231 continuations and encodings are marked by an asterisk. */
        if (sph_slice_find(name, SPH_LIT("*"), 0) != SIZE_MAX || seen_before(names, count, name))
            return sph_as4_refuse(SPH_AS4_MIME_PARAMETER, fault, err, "repeated or continued");
        names[count++] = name;
        SPH_TRY(keep(type, name, text, fault, err), err, "Content-Type");
    }
    if (s->at != s->text.len)
        return sph_as4_refuse(SPH_AS4_MIME_PARAMETER, fault, err, "octet %zu", s->at);
    return sph_ok();
}

sph_rc sph_mime_type_parse(sph_slice text, struct sph_mime_type *out, sph_as4_fault *fault,
                           sph_err *err)
{
    struct scan s = {text, 0};
    struct sph_mime_type type = {0};
    skip_space(&s);
    const size_t from = s.at;
    const sph_slice major = token(&s);
    const bool has_slash = skip(&s, '/');
    const sph_slice minor = token(&s);
    if (major.len == 0 || !has_slash || minor.len == 0)
        return sph_as4_refuse(SPH_AS4_MIME_TYPE, fault, err, "no media type");
    const sph_slice essence = sph_slice_sub(text, from, s.at - from);
    SPH_TRY(sph_as4_blame(copy_lower(type.essence, sizeof(type.essence), essence, err),
                          SPH_AS4_MIME_TYPE, fault, err),
            err, "media type");
    SPH_TRY(parameters(&s, &type, fault, err), err, "Content-Type parameters");
    *out = type;
    return sph_ok();
}
