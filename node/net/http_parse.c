#include "net/http_parse.h"

static bool is_digit(uint8_t c)
{
    return c >= '0' && c <= '9';
}

bool sph_http_is_token(uint8_t c)
{
    if (is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'))
        return true;
    return sph_slice_find(SPH_LIT("!#$%&'*+-.^_`|~"), sph_slice_of(&c, 1), 0) != SIZE_MAX;
}

bool sph_http_is_text(uint8_t c)
{
    return c == '\t' || (c >= 0x20 && c <= 0x7e);
}

sph_http_parser sph_http_parser_init(enum sph_http_kind kind, const struct sph_limits *limits)
{
    return (sph_http_parser){.limits = limits, .kind = kind};
}

sph_slice sph_http_field_get(const sph_http_head *head, const char *name)
{
    for (size_t i = 0; i < head->field_count; i++)
        if (sph_slice_equal_nocase(head->field[i].name, sph_slice_str(name)))
            return head->field[i].value;
    return (sph_slice){NULL, 0};
}

static bool all_tokens(sph_slice text)
{
    for (size_t i = 0; i < text.len; i++)
        if (!sph_http_is_token(text.at[i]))
            return false;
    return text.len > 0;
}

static sph_slice trimmed(sph_slice text)
{
    size_t from = 0;
    size_t to = text.len;
    while (from < to && (text.at[from] == ' ' || text.at[from] == '\t'))
        from++;
    while (to > from && (text.at[to - 1] == ' ' || text.at[to - 1] == '\t'))
        to--;
    return sph_slice_sub(text, from, to - from);
}

/* "HTTP/1.0" and "HTTP/1.1"; another single-digit version is 505, anything else 400. */
static unsigned read_version(sph_slice text, unsigned *minor)
{
    if (text.len != 8 || !sph_slice_starts(text, SPH_LIT("HTTP/")) || !is_digit(text.at[5]) ||
        text.at[6] != '.' || !is_digit(text.at[7]))
        return 400;
    if (text.at[5] != '1' || text.at[7] > '1')
        return 505;
    *minor = (unsigned)(text.at[7] - '0');
    return 0;
}

/* Origin form only (dependencies.md 2): a leading '/', visible ASCII, no fragment. */
static bool target_is_fine(sph_slice target)
{
    for (size_t i = 0; i < target.len; i++)
        if (target.at[i] <= 0x20 || target.at[i] > 0x7e || target.at[i] == '#')
            return false;
    return target.len > 0 && target.at[0] == '/';
}

/* A method no route can have is refused here: 405, as for one that the route does not have (as4.md
 * 4). */
static bool method_is_known(sph_slice method)
{
    static const char known[][8] = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"};
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
        if (sph_slice_is(method, known[i]))
            return true;
    return false;
}

static unsigned read_request_line(sph_slice line, sph_http_head *head)
{
    const size_t first = sph_slice_find(line, SPH_LIT(" "), 0);
    if (first == SIZE_MAX)
        return 400;
    const size_t second = sph_slice_find(line, SPH_LIT(" "), first + 1);
    if (second == SIZE_MAX)
        return 400; /* HTTP/0.9 has no version */
    head->method = sph_slice_sub(line, 0, first);
    head->target = sph_slice_sub(line, first + 1, second - first - 1);
    if (!all_tokens(head->method) || !target_is_fine(head->target))
        return 400;
    const size_t mark = sph_slice_find(head->target, SPH_LIT("?"), 0);
    const size_t path = mark == SIZE_MAX ? head->target.len : mark;
    head->path = sph_slice_sub(head->target, 0, path);
    head->query = sph_slice_sub(head->target, mark == SIZE_MAX ? path : path + 1, SIZE_MAX);
    const unsigned refused =
        read_version(sph_slice_sub(line, second + 1, SIZE_MAX), &head->version_minor);
    return refused != 0 || method_is_known(head->method) ? refused : 405;
}

/* The space after the status may be missing when there is no reason phrase: common, and harmless.
 */
static unsigned read_status_line(sph_slice line, sph_http_head *head)
{
    const unsigned refused = read_version(sph_slice_sub(line, 0, 8), &head->version_minor);
    if (refused != 0)
        return refused;
    if (line.len < 12 || line.at[8] != ' ' || (line.len > 12 && line.at[12] != ' '))
        return 400;
    for (size_t i = 9; i < 12; i++) {
        if (!is_digit(line.at[i]))
            return 400;
        head->status = head->status * 10 + (unsigned)(line.at[i] - '0');
    }
    for (size_t i = 12; i < line.len; i++)
        if (!sph_http_is_text(line.at[i]))
            return 400;
    return head->status < 100 ? 400 : 0;
}

/* RFC 9112 6.3: one plain decimal number. Duplicates, lists, signs and more than 19 digits are
 * refused. */
static unsigned take_length(sph_http_head *head, sph_slice value)
{
    uint64_t length = 0;
    if (head->has_length || value.len == 0 || value.len > 19)
        return 400;
    for (size_t i = 0; i < value.len; i++) {
        if (!is_digit(value.at[i]))
            return 400;
        length = length * 10 + (uint64_t)(value.at[i] - '0');
    }
    if (length > INT64_MAX)
        return 400;
    head->has_length = true;
    head->length = length;
    return 0;
}

static unsigned take_coding(sph_http_head *head, bool seen, sph_slice value)
{
    if (seen)
        return 400;
    if (!sph_slice_equal_nocase(value, SPH_LIT("chunked")))
        return 501;
    head->is_chunked = true;
    return 0;
}

static void take_connection(sph_http_head *head, sph_slice value)
{
    while (value.len > 0) {
        const size_t comma = sph_slice_find(value, SPH_LIT(","), 0);
        const size_t end = comma == SIZE_MAX ? value.len : comma;
        if (sph_slice_equal_nocase(trimmed(sph_slice_sub(value, 0, end)), SPH_LIT("close")))
            head->keep_alive = false;
        value = sph_slice_sub(value, comma == SIZE_MAX ? end : end + 1, SIZE_MAX);
    }
}

/* Fields that decide where the message ends or what becomes of the connection. */
static unsigned take_framing(sph_http_parser *parser, sph_http_head *head,
                             const sph_http_field *field)
{
    if (sph_slice_equal_nocase(field->name, SPH_LIT("content-length")))
        return take_length(head, field->value);
    if (sph_slice_equal_nocase(field->name, SPH_LIT("connection"))) {
        take_connection(head, field->value);
        return 0;
    }
    if (sph_slice_equal_nocase(field->name, SPH_LIT("transfer-encoding"))) {
        const bool seen = parser->saw_coding;
        parser->saw_coding = true;
        return take_coding(head, seen, field->value);
    }
    if (parser->kind == SPH_HTTP_RESPONSE)
        return 0;
    if (sph_slice_equal_nocase(field->name, SPH_LIT("host"))) {
        const bool seen = parser->saw_host;
        parser->saw_host = true;
        return seen ? 400 : 0;
    }
    if (!sph_slice_equal_nocase(field->name, SPH_LIT("expect")))
        return 0;
    head->expects_continue = sph_slice_equal_nocase(field->value, SPH_LIT("100-continue"));
    return head->expects_continue ? 0 : 417;
}

static unsigned read_field(sph_http_parser *parser, sph_slice line, sph_http_head *head)
{
    const size_t colon = sph_slice_find(line, SPH_LIT(":"), 0);
    if (colon == SIZE_MAX || !all_tokens(sph_slice_sub(line, 0, colon)))
        return 400; /* also obs-fold and a space before the colon */
    if (head->field_count >= SPH_HTTP_FIELDS || head->field_count >= parser->limits->http_fields)
        return 431;
    sph_http_field *field = &head->field[head->field_count];
    field->name = sph_slice_sub(line, 0, colon);
    field->value = trimmed(sph_slice_sub(line, colon + 1, SIZE_MAX));
    for (size_t i = 0; i < field->value.len; i++)
        if (!sph_http_is_text(field->value.at[i]))
            return 400;
    head->field_count++;
    return take_framing(parser, head, field);
}

/* RFC 9112 6.1: both length and coding is an attack; a coding in HTTP/1.0 likewise. */
static unsigned check_head(sph_http_parser *parser, const sph_http_head *head)
{
    return parser->saw_coding && (head->has_length || head->version_minor == 0) ? 400 : 0;
}

static unsigned read_start_line(sph_http_parser *parser, sph_slice line, sph_http_head *head)
{
    const unsigned refused = parser->kind == SPH_HTTP_REQUEST ? read_request_line(line, head)
                                                              : read_status_line(line, head);
    head->keep_alive = head->version_minor == 1;
    return refused;
}

/* One line without its CRLF. */
static enum sph_http_step take_line(sph_http_parser *parser, sph_slice line, sph_http_head *head)
{
    if (parser->lines == 0)
        parser->refused = read_start_line(parser, line, head);
    else if (line.len > 0)
        parser->refused = read_field(parser, line, head);
    else
        parser->refused = check_head(parser, head);
    if (parser->refused != 0)
        return SPH_HTTP_BAD;
    return parser->lines++ > 0 && line.len == 0 ? SPH_HTTP_DONE : SPH_HTTP_MORE;
}

static enum sph_http_step refuse(sph_http_parser *parser, unsigned status)
{
    parser->refused = status;
    return SPH_HTTP_BAD;
}

static enum sph_http_step take_octet(sph_http_parser *parser, sph_slice so_far, sph_http_head *head)
{
    const uint8_t octet = so_far.at[parser->at];
    if (parser->at >= parser->limits->http_head)
        return refuse(parser, parser->lines == 0 ? 414 : 431);
    if (parser->lines == 0 && parser->at >= parser->limits->http_request_line + 2)
        return refuse(parser, parser->kind == SPH_HTTP_REQUEST ? 414 : 431);
    parser->at++;
    if (parser->saw_cr != (octet == '\n'))
        return refuse(parser, 400); /* bare CR or bare LF */
    if (octet == 0)
        return refuse(parser, 400);
    parser->saw_cr = octet == '\r';
    if (octet != '\n')
        return SPH_HTTP_MORE;
    const size_t from = parser->line;
    parser->line = parser->at;
    return take_line(parser, sph_slice_sub(so_far, from, parser->at - 2 - from), head);
}

enum sph_http_step sph_http_head_step(sph_http_parser *parser, sph_slice so_far,
                                      sph_http_head *head)
{
    if (parser->refused != 0)
        return SPH_HTTP_BAD;
    while (parser->at < so_far.len) {
        const enum sph_http_step step = take_octet(parser, so_far, head);
        if (step != SPH_HTTP_MORE)
            return step;
    }
    return SPH_HTTP_MORE;
}

bool sph_http_host_in(sph_slice host, const char *const *hosts)
{
    size_t end = host.len;
    while (end > 0 && is_digit(host.at[end - 1]))
        end--;
    const bool has_port = end > 0 && end < host.len && host.at[end - 1] == ':';
    const sph_slice name = sph_slice_sub(host, 0, has_port ? end - 1 : host.len);
    for (; *hosts; hosts++)
        if (sph_slice_equal_nocase(host, sph_slice_str(*hosts)) ||
            sph_slice_equal_nocase(name, sph_slice_str(*hosts)))
            return true;
    return false;
}

const char *sph_http_reason(unsigned status)
{
    static const struct {
        unsigned status;
        const char *reason;
    } reasons[] = {
        {100, "Continue"},
        {200, "OK"},
        {201, "Created"},
        {202, "Accepted"},
        {204, "No Content"},
        {303, "See Other"},
        {304, "Not Modified"},
        {400, "Bad Request"},
        {401, "Unauthorized"},
        {403, "Forbidden"},
        {404, "Not Found"},
        {405, "Method Not Allowed"},
        {409, "Conflict"},
        {411, "Length Required"},
        {413, "Content Too Large"},
        {414, "URI Too Long"},
        {415, "Unsupported Media Type"},
        {417, "Expectation Failed"},
        {421, "Misdirected Request"},
        {422, "Unprocessable Content"},
        {429, "Too Many Requests"},
        {431, "Request Header Fields Too Large"},
        {500, "Internal Server Error"},
        {501, "Not Implemented"},
        {503, "Service Unavailable"},
        {505, "HTTP Version Not Supported"},
    };
    for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++)
        if (reasons[i].status == status)
            return reasons[i].reason;
    return "Unknown";
}
