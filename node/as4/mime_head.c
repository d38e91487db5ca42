#include "as4/mime.h"

#include <ctype.h>

/** Header fields of one part as they come, unfolded. */
struct fields {
    const struct sph_limits *limits;
    size_t count;
    bool has_type, has_cid, has_encoding;
};

static int hex_digit(uint8_t c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = (uint8_t)tolower(c);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/** One octet of a percent-encoded text; -1 when it is not printable ASCII that an id may hold. */
static int cid_octet(sph_slice text, size_t *at)
{
    int c = text.at[*at];
    if (c == '%') {
        const int high = *at + 2 < text.len ? hex_digit(text.at[*at + 1]) : -1;
        const int low = high >= 0 ? hex_digit(text.at[*at + 2]) : -1;
        if (low < 0)
            return -1;
        c = high * 16 + low;
        *at += 2;
    }
    return c > 0x20 && c < 0x7f && c != '<' && c != '>' && c != '#' && c != '"' ? c : -1;
}

sph_rc sph_as4_cid_decode(sph_slice text, char *to, size_t room, sph_err *err)
{
    char decoded[256];
    size_t len = 0;
    for (size_t at = 0; at < text.len; at++) {
        const int c = cid_octet(text, &at);
        if (c < 0)
            return sph_fail(err, SPH_EPARSE, "cid malformed at octet %zu", at);
        if (len + 1 >= sizeof(decoded))
            return sph_fail(err, SPH_ELIMIT, "cid over %zu characters", sizeof(decoded) - 1);
        decoded[len++] = (char)c;
    }
    if (len == 0)
        return sph_fail(err, SPH_EPARSE, "empty cid");
    return sph_str_copy(to, room, sph_slice_of(decoded, len), err);
}

static sph_slice trim(sph_slice text)
{
    while (text.len > 0 && (text.at[0] == ' ' || text.at[0] == '\t'))
        text = sph_slice_sub(text, 1, SIZE_MAX);
    while (text.len > 0 && (text.at[text.len - 1] == ' ' || text.at[text.len - 1] == '\t'))
        text.len--;
    return text;
}

static sph_rc keep_cid(sph_slice value, struct sph_mime_part *part, sph_as4_fault *fault,
                       sph_err *err)
{
    if (value.len > 2 && value.at[0] == '<' && value.at[value.len - 1] == '>')
        value = sph_slice_sub(value, 1, value.len - 2);
    return sph_as4_blame(sph_as4_cid_decode(value, part->cid, sizeof(part->cid), err),
                         SPH_AS4_MIME_CID, fault, err);
}

static sph_rc keep_encoding(sph_slice value, struct sph_mime_part *part, sph_as4_fault *fault,
                            sph_err *err)
{
    if (sph_slice_equal_nocase(value, SPH_LIT("base64")))
        part->encoding = SPH_MIME_BASE64;
    else if (sph_slice_equal_nocase(value, SPH_LIT("quoted-printable")))
        part->encoding = SPH_MIME_QUOTED_PRINTABLE;
    else if (!sph_slice_equal_nocase(value, SPH_LIT("binary")) &&
             !sph_slice_equal_nocase(value, SPH_LIT("8bit")) &&
             !sph_slice_equal_nocase(value, SPH_LIT("7bit")))
        return sph_as4_refuse(SPH_AS4_MIME_ENCODING, fault, err, "unknown");
    return sph_ok();
}

/** The three fields that mean something; Content-Disposition and the rest are never looked at
 * (M-09). */
static sph_rc keep_field(struct fields *fields, sph_slice name, sph_slice value,
                         struct sph_mime_part *part, sph_as4_fault *fault, sph_err *err)
{
    static const struct {
        const char *name;
        size_t seen_at;
    } known[] = {{"content-type", offsetof(struct fields, has_type)},
                 {"content-id", offsetof(struct fields, has_cid)},
                 {"content-transfer-encoding", offsetof(struct fields, has_encoding)}};
    size_t i = 0;
    while (i < 3 && !sph_slice_equal_nocase(name, sph_slice_str(known[i].name)))
        i++;
    if (i == 3)
        return sph_ok();
    bool *seen = (bool *)((char *)fields + known[i].seen_at);
    if (*seen)
        return sph_as4_refuse(SPH_AS4_MIME_REPEATED_FIELD, fault, err, "%s", known[i].name);
    *seen = true;
    if (i == 0)
        return sph_mime_type_parse(value, &part->type, fault, err);
    return i == 1 ? keep_cid(value, part, fault, err) : keep_encoding(value, part, fault, err);
}

static bool line_is_clean(sph_slice line)
{
    for (size_t i = 0; i < line.len; i++)
        if (line.at[i] < 0x20 && line.at[i] != '\t')
            return false;
    return true;
}

/** One unfolded field. */
static sph_rc field(struct fields *fields, sph_slice line, struct sph_mime_part *part,
                    sph_as4_fault *fault, sph_err *err)
{
    if (line.len == 0)
        return sph_ok();
    if (++fields->count > fields->limits->mime_fields)
        return sph_as4_refuse(SPH_AS4_MIME_HEAD_LIMIT, fault, err, "more than %zu fields",
                              fields->count - 1);
    const size_t colon = sph_slice_find(line, SPH_LIT(":"), 0);
    if (colon == SIZE_MAX || colon == 0 || !line_is_clean(line))
        return sph_as4_refuse(SPH_AS4_MIME_HEAD, fault, err, "field %zu", fields->count);
    for (size_t i = 0; i < colon; i++)
        if (line.at[i] <= 0x20 || line.at[i] >= 0x7f)
            return sph_as4_refuse(SPH_AS4_MIME_HEAD, fault, err, "name of field %zu",
                                  fields->count);
    return keep_field(fields, sph_slice_sub(line, 0, colon),
                      trim(sph_slice_sub(line, colon + 1, SIZE_MAX)), part, fault, err);
}

/** The next line without its end; *at moves behind it. Every head ends with an empty line, so there
 * is an end. */
static sph_slice next_line(sph_slice text, size_t *at)
{
    const size_t end = sph_slice_find(text, SPH_LIT("\n"), *at);
    sph_slice line = sph_slice_sub(text, *at, end == SIZE_MAX ? SIZE_MAX : end - *at);
    *at = end == SIZE_MAX ? text.len : end + 1;
    if (line.len > 0 && line.at[line.len - 1] == '\r')
        line.len--;
    return line;
}

sph_rc sph_mime_head_parse(sph_slice text, const struct sph_limits *limits,
                           struct sph_mime_part *out, sph_as4_fault *fault, sph_err *err)
{
    struct fields fields = {.limits = limits};
    struct sph_mime_part part = {0};
    SPH_AUTO(sph_buf) unfolded = sph_buf_init(limits->mime_head);
    for (size_t at = 0; at < text.len;) {
        const sph_slice line = next_line(text, &at);
        if (line.len > limits->mime_line)
            return sph_as4_refuse(SPH_AS4_MIME_HEAD_LIMIT, fault, err, "line of %zu", line.len);
        const bool is_folded = line.len > 0 && (line.at[0] == ' ' || line.at[0] == '\t');
        if (is_folded && unfolded.len == 0)
            return sph_as4_refuse(SPH_AS4_MIME_HEAD, fault, err, "begins with a folded line");
        if (!is_folded) {
            SPH_TRY(field(&fields, sph_buf_peek(&unfolded), &part, fault, err), err, "MIME field");
            sph_buf_clear(&unfolded);
        }
        SPH_TRY(
            sph_as4_blame(sph_buf_add(&unfolded, line, err), SPH_AS4_MIME_HEAD_LIMIT, fault, err),
            err, "MIME field");
    }
    SPH_TRY(field(&fields, sph_buf_peek(&unfolded), &part, fault, err), err, "MIME field");
    *out = part;
    return sph_ok();
}
