/* Framing: the tables of security.md 2.2, limits to the octet, and every split of the input. */
#include "net/http_parse.h"

#include "support/test_assert.h"

int test_http_parse(void);

/* Status a request head is refused with; 0 when it is complete, 1 when more is needed. */
static unsigned verdict_of(sph_slice text, enum sph_http_kind kind, sph_http_head *head)
{
    sph_http_parser parser = sph_http_parser_init(kind, sph_limits_default());
    *head = (sph_http_head){.status = 0};
    switch (sph_http_head_step(&parser, text, head)) {
    case SPH_HTTP_DONE:
        return 0;
    case SPH_HTTP_BAD:
        return parser.refused;
    case SPH_HTTP_MORE:
    case SPH_HTTP_DATA:
    default:
        return 1;
    }
}

/* A slice in a table: bytes may hold NUL. */
#define TEXT(text)                                                                                 \
    {                                                                                              \
        (const uint8_t *)(text), sizeof(text) - 1                                                  \
    }
#define REQUEST(fields) "POST /as4 HTTP/1.1\r\n" fields "\r\n"

struct head_case {
    const char *id;
    sph_slice text;
    unsigned status;
};

static const struct head_case head_cases[] = {
    {"fine", TEXT(REQUEST("Host: a\r\nContent-Length: 5\r\n")), 0},
    {"H-01 both", TEXT(REQUEST("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n")), 400},
    {"H-01 both, other order", TEXT(REQUEST("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n")),
     400},
    {"H-02 two equal", TEXT(REQUEST("Content-Length: 5\r\nContent-Length: 5\r\n")), 400},
    {"H-02 two unequal", TEXT(REQUEST("Content-Length: 5\r\ncontent-length: 6\r\n")), 400},
    {"H-02 list", TEXT(REQUEST("Content-Length: 5, 5\r\n")), 400},
    {"H-02 empty", TEXT(REQUEST("Content-Length:\r\n")), 400},
    {"H-02 plus", TEXT(REQUEST("Content-Length: +5\r\n")), 400},
    {"H-02 minus", TEXT(REQUEST("Content-Length: -1\r\n")), 400},
    {"H-02 hex", TEXT(REQUEST("Content-Length: 0x5\r\n")), 400},
    {"H-02 underscore", TEXT(REQUEST("Content-Length: 5_0\r\n")), 400},
    {"H-02 2^63", TEXT(REQUEST("Content-Length: 9223372036854775808\r\n")), 400},
    {"H-02 20 digits", TEXT(REQUEST("Content-Length: 00000000000000000005\r\n")), 400},
    {"H-03 twice in one", TEXT(REQUEST("Transfer-Encoding: chunked, chunked\r\n")), 501},
    {"H-03 twice", TEXT(REQUEST("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n")),
     400},
    {"H-03 comma", TEXT(REQUEST("Transfer-Encoding: ,chunked\r\n")), 501},
    {"H-03 doubled", TEXT(REQUEST("Transfer-Encoding: chunkedchunked\r\n")), 501},
    {"H-03 identity", TEXT(REQUEST("Transfer-Encoding: identity\r\n")), 501},
    {"H-03 gzip", TEXT(REQUEST("Transfer-Encoding: gzip, chunked\r\n")), 501},
    {"H-03 x", TEXT(REQUEST("Transfer-Encoding: xchunked\r\n")), 501},
    {"H-03 empty", TEXT(REQUEST("Transfer-Encoding:\r\n")), 501},
    {"H-03 in 1.0", TEXT("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n"), 400},
    {"H-05 bare LF", TEXT("POST / HTTP/1.1\nHost: a\r\n\r\n"), 400},
    {"H-05 bare LF at the end", TEXT("POST / HTTP/1.1\r\nHost: a\r\n\n"), 400},
    {"H-05 bare CR", TEXT(REQUEST("Host: a\rb\r\n")), 400},
    {"H-05 fold", TEXT(REQUEST("Host: a\r\n b\r\n")), 400},
    {"H-05 space before colon", TEXT(REQUEST("Host : a\r\n")), 400},
    {"H-05 NUL in value", TEXT(REQUEST("Host: a\0b\r\n")), 400},
    {"H-05 NUL in name", TEXT(REQUEST("Ho\0st: a\r\n")), 400},
    {"H-05 0x80 in value", TEXT(REQUEST("Host: \x80\r\n")), 400},
    {"H-05 0xff in name", TEXT(REQUEST("H\xff: a\r\n")), 400},
    {"H-05 control in value", TEXT(REQUEST("Host: \x01\r\n")), 400},
    {"H-05 no colon", TEXT(REQUEST("Host\r\n")), 400},
    {"H-05 no name", TEXT(REQUEST(": a\r\n")), 400},
    {"H-06 0.9", TEXT("GET /\r\n"), 400},
    {"H-06 1.32", TEXT("GET / HTTP/1.32\r\n"), 400},
    {"H-06 1.10", TEXT("GET / HTTP/1.10\r\n"), 400},
    {"H-06 1.2", TEXT("GET / HTTP/1.2\r\n"), 505},
    {"H-06 2.0", TEXT("GET / HTTP/2.0\r\n"), 505},
    {"H-06 lower case", TEXT("GET / http/1.1\r\n"), 400},
    {"H-06 lower-case method", TEXT("get / HTTP/1.1\r\n"), 405},
    {"H-06 absolute form", TEXT("GET http://a/ HTTP/1.1\r\n"), 400},
    {"H-06 CONNECT", TEXT("CONNECT a:443 HTTP/1.1\r\n"), 400},
    {"H-06 asterisk", TEXT("OPTIONS * HTTP/1.1\r\n"), 400},
    {"H-06 two spaces", TEXT("GET  / HTTP/1.1\r\n"), 400},
    {"H-06 space after", TEXT("GET / HTTP/1.1 \r\n"), 400},
    {"H-06 tab", TEXT("GET\t/ HTTP/1.1\r\n"), 400},
    {"H-06 fragment", TEXT("GET /#a HTTP/1.1\r\n"), 400},
    {"H-06 empty line first", TEXT("\r\nGET / HTTP/1.1\r\n"), 400},
    {"H-07 two hosts", TEXT(REQUEST("Host: a\r\nHost: a\r\n")), 400},
    {"H-11 unknown expect", TEXT(REQUEST("Expect: a-miracle\r\n")), 417},
    {"H-11 continue", TEXT(REQUEST("Expect: 100-Continue\r\n")), 0},
    {"unfinished", TEXT("POST /as4 HTTP/1.1\r\nHost: a\r\n"), 1},
};

static void http_parse_bad_heads_are_refused_with_their_status(void **state)
{
    (void)state;
    sph_http_head head;
    for (size_t i = 0; i < sizeof(head_cases) / sizeof(head_cases[0]); i++) {
        const unsigned got = verdict_of(head_cases[i].text, SPH_HTTP_REQUEST, &head);
        if (got != head_cases[i].status)
            fail_msg("%s: got %u, want %u", head_cases[i].id, got, head_cases[i].status);
    }
}

static void http_parse_request_gives_its_parts(void **state)
{
    (void)state;
    sph_http_head head;
    const sph_slice text =
        SPH_LIT("GET /a/b?c=d?e HTTP/1.1\r\nhOsT: \t x:1 \r\nConnection: a , CLOSE\r\n\r\nrest");
    assert_int_equal(verdict_of(text, SPH_HTTP_REQUEST, &head), 0);
    assert_slice_is(head.method, "GET");
    assert_slice_is(head.target, "/a/b?c=d?e");
    assert_slice_is(head.path, "/a/b");
    assert_slice_is(head.query, "c=d?e");
    assert_slice_is(sph_http_field_get(&head, "host"), "x:1");
    assert_null(sph_http_field_get(&head, "content-length").at);
    assert_false(head.keep_alive);
    assert_false(head.has_length);
    assert_int_equal(head.version_minor, 1);
}

static void http_parse_old_version_is_never_kept_alive(void **state)
{
    (void)state;
    sph_http_head head;
    const sph_slice text = SPH_LIT("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    assert_int_equal(verdict_of(text, SPH_HTTP_REQUEST, &head), 0);
    assert_false(head.keep_alive);
}

static void http_parse_response_gives_its_status(void **state)
{
    (void)state;
    sph_http_head head;
    assert_int_equal(
        verdict_of(SPH_LIT("HTTP/1.1 503 \r\nRetry-After: 5\r\n\r\n"), SPH_HTTP_RESPONSE, &head),
        0);
    assert_int_equal(head.status, 503);
    assert_int_equal(verdict_of(SPH_LIT("HTTP/1.1 200\r\n\r\n"), SPH_HTTP_RESPONSE, &head), 0);
    assert_int_equal(verdict_of(SPH_LIT("HTTP/1.1 20 OK\r\n"), SPH_HTTP_RESPONSE, &head), 400);
    assert_int_equal(verdict_of(SPH_LIT("HTTP/1.1 2000\r\n"), SPH_HTTP_RESPONSE, &head), 400);
    assert_int_equal(verdict_of(SPH_LIT("HTTP/1.1 +20\r\n"), SPH_HTTP_RESPONSE, &head), 400);
    assert_int_equal(verdict_of(SPH_LIT("HTTP/1.1 099 no\r\n"), SPH_HTTP_RESPONSE, &head), 400);
}

static void add_repeated(sph_buf *text, char octet, size_t count)
{
    for (size_t i = 0; i < count; i++)
        assert_ok(sph_buf_add_byte(text, (uint8_t)octet, NULL), NULL);
}

/* A request whose line has exactly `line` octets and whose head has exactly `total`. */
static unsigned verdict_of_size(size_t line, size_t total)
{
    SPH_AUTO(sph_buf) text = sph_buf_init(1 << 20);
    sph_http_head head;
    assert_ok(sph_buf_add_text(&text, "GET /", NULL), NULL);
    add_repeated(&text, 'a', line - 14);
    assert_ok(sph_buf_add_text(&text, " HTTP/1.1\r\n", NULL), NULL);
    if (total > 0) {
        assert_ok(sph_buf_add_text(&text, "X: ", NULL), NULL);
        add_repeated(&text, 'x', total - text.len - 4);
        assert_ok(sph_buf_add_text(&text, "\r\n\r\n", NULL), NULL);
        assert_int_equal(text.len, total);
    }
    return verdict_of(sph_buf_peek(&text), SPH_HTTP_REQUEST, &head);
}

static void http_parse_limits_hold_to_the_octet(void **state)
{
    (void)state;
    const struct sph_limits *limits = sph_limits_default();
    assert_int_equal(verdict_of_size(limits->http_request_line, 0), 1);
    assert_int_equal(verdict_of_size(limits->http_request_line + 1, 0), 414);
    assert_int_equal(verdict_of_size(100, limits->http_head), 0);
    assert_int_equal(verdict_of_size(100, limits->http_head + 1), 431);
}

static unsigned verdict_of_fields(size_t count)
{
    SPH_AUTO(sph_buf) text = sph_buf_init(1 << 20);
    sph_http_head head;
    assert_ok(sph_buf_add_text(&text, "GET / HTTP/1.1\r\n", NULL), NULL);
    for (size_t i = 0; i < count; i++)
        assert_ok(sph_buf_add_text(&text, "A: b\r\n", NULL), NULL);
    assert_ok(sph_buf_add_text(&text, "\r\n", NULL), NULL);
    return verdict_of(sph_buf_peek(&text), SPH_HTTP_REQUEST, &head);
}

static void http_parse_fields_over_the_limit_are_431(void **state)
{
    (void)state;
    assert_int_equal(verdict_of_fields(SPH_HTTP_FIELDS), 0);
    assert_int_equal(verdict_of_fields(SPH_HTTP_FIELDS + 1), 431);
}

/* One octet more at a time: the same verdict at the same octet as in one piece. */
static void http_parse_head_in_single_octets_reads_the_same(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(head_cases) / sizeof(head_cases[0]); i++) {
        const sph_slice text = head_cases[i].text;
        sph_http_head whole = {.status = 0};
        sph_http_head pieces = {.status = 0};
        sph_http_parser one = sph_http_parser_init(SPH_HTTP_REQUEST, sph_limits_default());
        sph_http_parser many = one;
        const enum sph_http_step expected = sph_http_head_step(&one, text, &whole);
        enum sph_http_step step = SPH_HTTP_MORE;
        for (size_t len = 1; len <= text.len && step == SPH_HTTP_MORE; len++)
            step = sph_http_head_step(&many, sph_slice_sub(text, 0, len), &pieces);
        assert_int_equal(step, expected);
        assert_memory_equal(&one, &many, sizeof(one));
        assert_memory_equal(&whole, &pieces, sizeof(whole));
    }
}

static void http_parse_refused_head_stays_refused(void **state)
{
    (void)state;
    sph_http_head head = {.status = 0};
    sph_http_parser parser = sph_http_parser_init(SPH_HTTP_REQUEST, sph_limits_default());
    assert_int_equal(sph_http_head_step(&parser, SPH_LIT("GET /\r\n"), &head), SPH_HTTP_BAD);
    assert_int_equal(
        sph_http_head_step(&parser, SPH_LIT("GET /\r\n\r\nGET / HTTP/1.1\r\n\r\n"), &head),
        SPH_HTTP_BAD);
}

/* ---- chunks ---- */

struct chunk_case {
    const char *id;
    sph_slice text;
    enum sph_http_step end;
    const char *body;
    size_t unused; /* octets behind the last chunk */
};

static const struct chunk_case chunk_cases[] = {
    {"two", TEXT("5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n"), SPH_HTTP_DONE, "hello world", 0},
    {"upper and lower case", TEXT("a\r\n0123456789\r\nA\r\n0123456789\r\n0\r\n\r\n"), SPH_HTTP_DONE,
     "01234567890123456789", 0},
    {"zeroes", TEXT("0001\r\na\r\n000\r\n\r\n"), SPH_HTTP_DONE, "a", 0},
    {"extensions", TEXT("1;a;b=c;d=\"e\\\"f\"\r\nx\r\n0;z\r\n\r\n"), SPH_HTTP_DONE, "x", 0},
    {"H-10 next request behind", TEXT("1\r\nx\r\n0\r\n\r\nGET "), SPH_HTTP_DONE, "x", 4},
    {"H-12 trailers",
     TEXT("1\r\nx\r\n0\r\nContent-Length: 9\r\nHost: b\r\nAuthorization: c\r\n\r\n"), SPH_HTTP_DONE,
     "x", 0},
    {"unfinished", TEXT("5\r\nhel"), SPH_HTTP_MORE, "hel", 0},
    {"H-04 empty size", TEXT("\r\n"), SPH_HTTP_BAD, "", 0},
    {"H-04 0x", TEXT("0x1\r\n"), SPH_HTTP_BAD, "", 0},
    {"H-04 plus", TEXT("+1\r\n"), SPH_HTTP_BAD, "", 0},
    {"H-04 minus", TEXT("-1\r\n"), SPH_HTTP_BAD, "", 0},
    {"H-04 underscore", TEXT("1_0\r\n"), SPH_HTTP_BAD, "", 0},
    {"H-04 2^64+5", TEXT("10000000000000005\r\nhello\r\n"), SPH_HTTP_BAD, "", 0},
    {"H-04 2^63", TEXT("8000000000000000\r\n"), SPH_HTTP_BAD, "", 0},
    {"H-04 17 digits", TEXT("00000000000000001\r\n"), SPH_HTTP_BAD, "", 0},
    {"H-04 space before", TEXT(" 1\r\n"), SPH_HTTP_BAD, "", 0},
    {"H-04 space after", TEXT("1 \r\n"), SPH_HTTP_BAD, "", 0},
    {"H-04 bare LF", TEXT("1\nx\r\n"), SPH_HTTP_BAD, "", 0},
    {"H-04 no CRLF after data", TEXT("1\r\nxy\r\n"), SPH_HTTP_BAD, "x", 0},
    {"H-04 CR and X", TEXT("1\rX"), SPH_HTTP_BAD, "", 0},
    {"H-04 LF after data", TEXT("1\r\nx\n0\r\n"), SPH_HTTP_BAD, "x", 0},
    {"H-04 no name", TEXT("1;\r\n"), SPH_HTTP_BAD, "", 0},
    {"H-04 control in quotes", TEXT("1;a=\"\n\"\r\n"), SPH_HTTP_BAD, "", 0},
    {"H-12 fold", TEXT("0\r\nA: b\r\n c\r\n\r\n"), SPH_HTTP_BAD, "", 0},
    {"H-12 no colon", TEXT("0\r\nA\r\n\r\n"), SPH_HTTP_BAD, "", 0},
    {"H-12 bare LF", TEXT("0\r\n\n"), SPH_HTTP_BAD, "", 0},
};

/* Feed `text` in pieces of at most `piece` octets. */
static enum sph_http_step decode(sph_slice text, size_t piece, sph_buf *body, size_t *unused)
{
    sph_http_chunks chunks = {.state = 0};
    size_t at = 0;
    for (;;) {
        size_t used = 0;
        sph_slice data;
        const sph_slice in = sph_slice_sub(text, at, piece);
        const enum sph_http_step step =
            sph_http_chunks_step(&chunks, sph_limits_default(), in, &used, &data);
        at += used;
        *unused = text.len - at;
        assert_ok(sph_buf_add(body, data, NULL), NULL);
        if (step == SPH_HTTP_DONE || step == SPH_HTTP_BAD ||
            (step == SPH_HTTP_MORE && at == text.len))
            return step;
    }
}

static void http_parse_chunks_read_the_same_in_every_split(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(chunk_cases) / sizeof(chunk_cases[0]); i++) {
        const struct chunk_case *each = &chunk_cases[i];
        for (size_t piece = 1; piece <= each->text.len; piece++) {
            SPH_AUTO(sph_buf) body = sph_buf_init(1000);
            size_t unused = 0;
            const enum sph_http_step end = decode(each->text, piece, &body, &unused);
            if (end != each->end || !sph_slice_is(sph_buf_peek(&body), each->body))
                fail_msg("%s in pieces of %zu: %d, \"%s\"", each->id, piece, (int)end,
                         sph_buf_text(&body));
            if (end == SPH_HTTP_DONE)
                assert_int_equal(unused, each->unused);
        }
    }
}

static enum sph_http_step decode_long(const char *before, size_t count, const char *after)
{
    SPH_AUTO(sph_buf) text = sph_buf_init(1 << 20);
    SPH_AUTO(sph_buf) body = sph_buf_init(1000);
    size_t unused = 0;
    assert_ok(sph_buf_add_text(&text, before, NULL), NULL);
    add_repeated(&text, 'e', count);
    assert_ok(sph_buf_add_text(&text, after, NULL), NULL);
    return decode(sph_buf_peek(&text), 4096, &body, &unused);
}

static void http_parse_chunk_limits_hold_to_the_octet(void **state)
{
    (void)state;
    const struct sph_limits *limits = sph_limits_default();
    const size_t ext = (size_t)limits->http_chunk_ext;
    const size_t trailers = (size_t)limits->http_trailers;
    assert_int_equal(decode_long("1;", ext - 1, "\r\nx\r\n0\r\n\r\n"), SPH_HTTP_DONE);
    assert_int_equal(decode_long("1;", ext, "\r\nx\r\n0\r\n\r\n"), SPH_HTTP_BAD);
    assert_int_equal(decode_long("0\r\nA:", trailers - 6, "\r\n\r\n"), SPH_HTTP_DONE);
    assert_int_equal(decode_long("0\r\nA:", trailers - 5, "\r\n\r\n"), SPH_HTTP_BAD);
}

static void http_parse_host_is_compared_without_port_and_case(void **state)
{
    (void)state;
    const char *const hosts[] = {"node.example", "[::1]", "a:8443", NULL};
    assert_true(sph_http_host_in(SPH_LIT("Node.Example"), hosts));
    assert_true(sph_http_host_in(SPH_LIT("node.example:443"), hosts));
    assert_true(sph_http_host_in(SPH_LIT("[::1]:5"), hosts));
    assert_true(sph_http_host_in(SPH_LIT("[::1]"), hosts));
    assert_true(sph_http_host_in(SPH_LIT("a:8443"), hosts));
    assert_false(sph_http_host_in(SPH_LIT("a:8444"), hosts));
    assert_false(sph_http_host_in(SPH_LIT("node.example.evil"), hosts));
    assert_false(sph_http_host_in(SPH_LIT("node.example:"), hosts));
    assert_false(sph_http_host_in(SPH_LIT(""), hosts));
}

int test_http_parse(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(http_parse_bad_heads_are_refused_with_their_status),
        cmocka_unit_test(http_parse_request_gives_its_parts),
        cmocka_unit_test(http_parse_old_version_is_never_kept_alive),
        cmocka_unit_test(http_parse_response_gives_its_status),
        cmocka_unit_test(http_parse_limits_hold_to_the_octet),
        cmocka_unit_test(http_parse_fields_over_the_limit_are_431),
        cmocka_unit_test(http_parse_head_in_single_octets_reads_the_same),
        cmocka_unit_test(http_parse_refused_head_stays_refused),
        cmocka_unit_test(http_parse_chunks_read_the_same_in_every_split),
        cmocka_unit_test(http_parse_chunk_limits_hold_to_the_octet),
        cmocka_unit_test(http_parse_host_is_compared_without_port_and_case),
    };
    return cmocka_run_group_tests_name("http_parse", tests, NULL, NULL);
}
