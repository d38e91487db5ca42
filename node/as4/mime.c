#include "as4/mime.h"

#include <strings.h>

#define HEAD_SLACK 128u /* the delimiter line itself */

/** One walk over the body. */
struct split {
    const sph_as4_source *source;
    const struct sph_limits *limits;
    uint64_t total;
    char needle[80]; /* LF, two hyphens, boundary */
    sph_buf head;    /* octets behind a delimiter */
    sph_mime *out;
};

static void split_clear(struct split *split)
{
    sph_buf_clear(&split->head);
}

static sph_slice needle(const struct split *s)
{
    return sph_slice_str(s->needle);
}

/** First delimiter: at the very start or after a preamble. *at is where the LF before it is or
 * would be, plus one. */
static sph_rc find_first(const struct split *s, uint64_t *behind, sph_as4_fault *fault,
                         sph_err *err)
{
    const sph_slice first = sph_slice_sub(needle(s), 1, SIZE_MAX);
    uint64_t at = UINT64_MAX;
    SPH_TRY(sph_as4_source_find(s->source, first, 0, 1, &at, err), err, "first delimiter");
    if (at == 0) {
        *behind = first.len;
        return sph_ok();
    }
    SPH_TRY(sph_as4_source_find(s->source, needle(s), 0, s->limits->mime_preamble, &at, err), err,
            "first delimiter");
    if (at == UINT64_MAX)
        return sph_as4_refuse(SPH_AS4_MIME_PREAMBLE, fault, err, NULL);
    *behind = at + needle(s).len;
    return sph_ok();
}

/** Load what follows a delimiter: the rest of its line and, for a part, the head. */
static sph_rc load_head(struct split *s, uint64_t at, sph_err *err)
{
    const size_t room = s->limits->mime_head + HEAD_SLACK;
    sph_buf_clear(&s->head);
    uint8_t *to = NULL;
    size_t got = 0;
    SPH_TRY(sph_buf_grow(&s->head, room, &to, err), err, "MIME head");
    SPH_TRY(sph_as4_source_read(s->source, at, to, room, &got, err), err, "MIME head");
    s->head.len = got;
    return sph_ok();
}

/** Length of transport padding and line end behind a delimiter; 0 when something else stands there.
 */
static size_t line_rest(sph_slice text)
{
    size_t at = 0;
    while (at < text.len && (text.at[at] == ' ' || text.at[at] == '\t'))
        at++;
    if (at < text.len && text.at[at] == '\r')
        at++;
    return at < text.len && text.at[at] == '\n' ? at + 1 : 0;
}

/** Length of the head with its empty line; SIZE_MAX when there is none within the limit. */
static size_t head_length(sph_slice text)
{
    for (size_t at = 0; at < text.len;) {
        const size_t end = sph_slice_find(text, SPH_LIT("\n"), at);
        if (end == SIZE_MAX)
            return SIZE_MAX;
        const bool is_empty = end == at || (end == at + 1 && text.at[at] == '\r');
        if (is_empty)
            return end + 1;
        at = end + 1;
    }
    return SIZE_MAX;
}

/** Body from part->at to the next delimiter, whose CRLF (or LF) belongs to it (RFC 2046 §5.1.1).
 * has_cr: lines of this sender end in CRLF; a CR before the bare LF of another is content. */
static sph_rc find_body_end(struct split *s, struct sph_mime_part *part, bool has_cr,
                            uint64_t *behind, sph_as4_fault *fault, sph_err *err)
{
    uint64_t at = UINT64_MAX;
    SPH_TRY(sph_as4_source_find(s->source, needle(s), part->at - 1, s->total, &at, err), err,
            "next delimiter");
    if (at == UINT64_MAX)
        return sph_as4_refuse(SPH_AS4_MIME_DELIMITER, fault, err, "no closing delimiter");
    *behind = at + needle(s).len;
    part->len = at < part->at ? 0 : at - part->at;
    uint8_t before = 0;
    size_t got = 0;
    if (part->len > 0 && has_cr)
        SPH_TRY(sph_as4_source_read(s->source, at - 1, &before, 1, &got, err), err, "line end");
    if (before == '\r')
        part->len--;
    return sph_ok();
}

static bool is_nested(const struct sph_mime_type *type)
{
    return strncmp(type->essence, "multipart/", 10) == 0 ||
           strncmp(type->essence, "message/", 8) == 0;
}

static sph_rc check_part(const sph_mime *mime, const struct sph_mime_part *part,
                         sph_as4_fault *fault, sph_err *err)
{
    if (is_nested(&part->type))
        return sph_as4_refuse(SPH_AS4_MIME_NESTED, fault, err, "part %zu", mime->count + 1);
    if (mime->count > 0 && part->cid[0] == 0)
        return sph_as4_refuse(SPH_AS4_MIME_CID, fault, err, "part %zu", mime->count + 1);
    /* Ids that differ by case alone would be one id to a careless reader (M-01). */
    for (size_t i = 0; i < mime->count; i++)
        if (strcasecmp(mime->part[i].cid, part->cid) == 0)
            return sph_as4_refuse(SPH_AS4_MIME_DUPLICATE_CID, fault, err, "parts %zu and %zu",
                                  i + 1, mime->count + 1);
    return sph_ok();
}

/** One part; *behind moves behind the delimiter that ends it. */
static sph_rc take_part(struct split *s, size_t line, uint64_t *behind, sph_as4_fault *fault,
                        sph_err *err)
{
    if (s->out->count == s->limits->parts + 1 || s->out->count == MAX_PARTS + 1)
        return sph_as4_refuse(SPH_AS4_MIME_PARTS, fault, err, "limit %zu", s->out->count - 1);
    const sph_slice rest = sph_slice_sub(sph_buf_peek(&s->head), line, SIZE_MAX);
    const size_t len = head_length(rest);
    if (len == SIZE_MAX || len > s->limits->mime_head)
        return sph_as4_refuse(SPH_AS4_MIME_HEAD_LIMIT, fault, err, "part %zu", s->out->count + 1);
    struct sph_mime_part *part = &s->out->part[s->out->count];
    SPH_TRY(sph_mime_head_parse(sph_slice_sub(rest, 0, len), s->limits, part, fault, err), err,
            "head of part %zu", s->out->count + 1);
    SPH_TRY(check_part(s->out, part, fault, err), err, "part %zu", s->out->count + 1);
    const bool has_cr = line > 1 && s->head.at[line - 2] == '\r';
    part->at = *behind + line + len;
    SPH_TRY(find_body_end(s, part, has_cr, behind, fault, err), err, "part %zu", s->out->count + 1);
    s->out->count++;
    return sph_ok();
}

static sph_rc walk(struct split *s, sph_as4_fault *fault, sph_err *err)
{
    uint64_t behind = 0;
    SPH_TRY(find_first(s, &behind, fault, err), err, "MIME preamble");
    for (;;) {
        SPH_TRY(load_head(s, behind, err), err, "reading a MIME head");
        const sph_slice text = sph_buf_peek(&s->head);
        if (sph_slice_starts(text, SPH_LIT("--"))) {
            if (s->total - behind - 2 > s->limits->mime_preamble)
                return sph_as4_refuse(SPH_AS4_MIME_EPILOGUE, fault, err, NULL);
            return sph_ok();
        }
        const size_t line = line_rest(text);
        if (line == 0)
            return sph_as4_refuse(SPH_AS4_MIME_DELIMITER, fault, err, "behind part %zu",
                                  s->out->count);
        SPH_TRY(take_part(s, line, &behind, fault, err), err, "MIME part");
    }
}

/** SOAP 1.2 in UTF-8; a multipart names the same type in its `type` parameter when it has one. */
static bool is_soap(const struct sph_mime_type *type)
{
    return strcmp(type->essence, SOAP_TYPE) == 0 &&
           (type->charset[0] == 0 || strcmp(type->charset, "utf-8") == 0);
}

/** The root must be the first part; `start`, when present, must say so (M-06). */
static sph_rc check_root(const struct sph_mime_type *outer, const sph_mime *mime,
                         sph_as4_fault *fault, sph_err *err)
{
    if (mime->count == 0)
        return sph_as4_refuse(SPH_AS4_MIME_PARTS, fault, err, "no part");
    if (!is_soap(&mime->part[0].type))
        return sph_as4_refuse(SPH_AS4_MIME_ROOT_TYPE, fault, err, NULL);
    if (outer->start[0] == 0)
        return sph_ok();
    sph_slice start = sph_slice_str(outer->start);
    if (start.len > 2 && start.at[0] == '<' && start.at[start.len - 1] == '>')
        start = sph_slice_sub(start, 1, start.len - 2);
    char cid[256];
    SPH_TRY(sph_as4_blame(sph_as4_cid_decode(start, cid, sizeof(cid), err), SPH_AS4_MIME_START,
                          fault, err),
            err, "start parameter");
    if (strcmp(cid, mime->part[0].cid) != 0)
        return sph_as4_refuse(SPH_AS4_MIME_START, fault, err, NULL);
    return sph_ok();
}

static uint64_t source_len(const sph_as4_source *source)
{
    return source->files == NULL ? source->bytes.len : source->len;
}

static sph_rc split_multipart(const struct sph_mime_type *type, const sph_as4_source *source,
                              const struct sph_limits *limits, sph_mime *out, sph_as4_fault *fault,
                              sph_err *err)
{
    if (type->boundary[0] == 0)
        return sph_as4_refuse(SPH_AS4_MIME_BOUNDARY, fault, err, "absent");
    if (type->type[0] != 0 && strcmp(type->type, SOAP_TYPE) != 0)
        return sph_as4_refuse(SPH_AS4_MIME_ROOT_TYPE, fault, err, "type parameter");
    SPH_AUTO_PTR(sph_mime) *mime = sph_mem_new(1, sizeof(*mime));
    if (mime == NULL)
        return sph_fail(err, SPH_ENOMEM, "no memory for the part table");
    __attribute__((cleanup(split_clear))) struct split s = {
        .source = source, .limits = limits, .total = source_len(source), .out = mime};
    s.head = sph_buf_init(limits->mime_head + HEAD_SLACK);
    SPH_TRY(sph_str_format(s.needle, sizeof(s.needle), err, "\n--%s", type->boundary), err,
            "delimiter");
    SPH_TRY(walk(&s, fault, err), err, "splitting the MIME body");
    SPH_TRY(check_root(type, mime, fault, err), err, "root part");
    *out = *mime;
    return sph_ok();
}

void sph_mime_free(sph_mime **mime)
{
    sph_mem_free(*mime);
    *mime = NULL;
}

sph_rc sph_mime_split(const char *content_type, const sph_as4_source *source,
                      const struct sph_limits *limits, sph_mime *out, sph_as4_fault *fault,
                      sph_err *err)
{
    struct sph_mime_type type;
    SPH_TRY(sph_mime_type_parse(sph_slice_str(content_type), &type, fault, err), err,
            "Content-Type of the message");
    if (strcmp(type.essence, "multipart/related") == 0)
        return split_multipart(&type, source, limits, out, fault, err);
    if (!is_soap(&type))
        return sph_as4_refuse(SPH_AS4_MIME_TYPE, fault, err, NULL);
    out->count = 1;
    out->part[0] = (struct sph_mime_part){.type = type, .len = source_len(source)};
    return sph_ok();
}
