/* The HTTP blocks of the test data (nodejs/llhttp, test/, MIT): each holds a message and the events
 * a strict reader reports. Where the strict reading is an error we must refuse; where it is none we
 * may refuse only for a reason listed below. */
#include "net/http_parse.h"

#include <stdio.h>
#include <stdlib.h>

#include "support/test_assert.h"
#include "support/test_data.h"

int test_http_blocks(void);

/* Where we are stricter: a rule, and the titles of the blocks that break it. */
static const struct {
    const char *rule, *titles[8];
} stricter[] = {
    {"an empty line before the start line",
     {"CRLF between requests, implicit `keep-alive`", "Should parse multiple events",
      "Prefix newline", "Request starting with CRLF", "Response starting with CRLF",
      "HTTP 304 with Content-Length", "HTTP 100 first, then 400"}},
    {"a method that no route has",
     {"REPORT request", "M-SEARCH request", "PURGE request", "SEARCH request", "LINK request",
      "SOURCE request", "QUERY request"}},
    {"another protocol than HTTP/1.0 and 1.1",
     {"SOURCE request with ICE", "OPTIONS request with RTSP", "ANNOUNCE request with RTSP",
      "RTSP response", "ICE response", "HTTP version 0.9", "No HTTP version"}},
    {"octets of 0x80 and above in a head (H-05)",
     {"Extended Characters", "Non ASCII in status line"}},
    {"a transfer coding other than exactly chunked",
     {"POST with `chunked` as last transfer-encoding",
      "POST with `chunked` as last transfer-encoding (multiple headers)",
      "`chunked` before other transfer-encoding",
      "multiple transfer-encoding where chunked is not the last one",
      "`chunkedchunked` transfer-encoding does not enable chunked enconding"}},
    {"a target that is not in origin form (H-06)",
     {"Host terminated by a query string", "`host:port` terminated by a query string",
      "`host:port` terminated by a space", "Fragment in URI", "`host:port` and basic auth"}},
    {"a second message on a connection of HTTP/1.0", {"HTTP/1.0 with keep-alive and 204 status"}},
};

enum outcome { COMPLETE, INCOMPLETE, REFUSED };

struct seen {
    enum outcome outcome;
    unsigned messages;
    uint64_t body;
};

struct block {
    const char *file;
    char title[128], type[64];
    char meta[160];
    sph_buf http, log;
};

struct counts {
    unsigned strict, refused_both, accepted_both, stricter, other, wrong;
};

/* ---- our reading ---- */

static bool has_no_body(const sph_http_head *head, enum sph_http_kind kind)
{
    if (kind == SPH_HTTP_REQUEST)
        return !head->is_chunked && head->length == 0;
    if (head->status < 200 || head->status == 204 || head->status == 304)
        return true;
    return head->has_length && head->length == 0;
}

static enum sph_http_step read_chunked(sph_slice *rest, struct seen *seen)
{
    sph_http_chunks chunks = {.state = 0};
    for (;;) {
        size_t used = 0;
        sph_slice data;
        const enum sph_http_step step =
            sph_http_chunks_step(&chunks, sph_limits_default(), *rest, &used, &data);
        *rest = sph_slice_sub(*rest, used, SIZE_MAX);
        seen->body += data.len;
        if (step != SPH_HTTP_DATA)
            return step;
    }
}

static enum sph_http_step read_body(const sph_http_head *head, enum sph_http_kind kind,
                                    sph_slice *rest, struct seen *seen)
{
    if (has_no_body(head, kind))
        return SPH_HTTP_DONE;
    if (head->is_chunked)
        return read_chunked(rest, seen);
    const uint64_t length = head->has_length ? head->length : UINT64_MAX;
    const size_t take = length < rest->len ? (size_t)length : rest->len;
    *rest = sph_slice_sub(*rest, take, SIZE_MAX);
    seen->body += take;
    return take == length ? SPH_HTTP_DONE : SPH_HTTP_MORE;
}

static struct seen read_all(sph_slice rest, enum sph_http_kind kind)
{
    struct seen seen = {.outcome = COMPLETE};
    bool goes_on = true;
    while (rest.len > 0) {
        sph_http_head head = {.status = 0};
        sph_http_parser parser = sph_http_parser_init(kind, sph_limits_default());
        enum sph_http_step step = goes_on ? sph_http_head_step(&parser, rest, &head) : SPH_HTTP_BAD;
        rest = sph_slice_sub(rest, parser.at, SIZE_MAX);
        if (step == SPH_HTTP_DONE)
            step = read_body(&head, kind, &rest, &seen);
        goes_on =
            head.keep_alive; /* octets after the last message of a connection are never read */
        seen.outcome = step == SPH_HTTP_BAD    ? REFUSED
                       : step == SPH_HTTP_MORE ? INCOMPLETE
                                               : COMPLETE;
        if (step != SPH_HTTP_DONE)
            break;
        seen.messages++;
    }
    return seen;
}

/* ---- the strict reading ---- */

static size_t count_of(sph_slice text, sph_slice word)
{
    size_t count = 0;
    for (size_t at = sph_slice_find(text, word, 0); at != SIZE_MAX;
         at = sph_slice_find(text, word, at + 1))
        count++;
    return count;
}

static uint64_t body_of(sph_slice log)
{
    uint64_t total = 0;
    for (size_t at = sph_slice_find(log, SPH_LIT("span[body]"), 0); at != SIZE_MAX;
         at = sph_slice_find(log, SPH_LIT("span[body]"), at + 1)) {
        size_t from = at;
        while (log.at[from] != '=')
            from--;
        total += strtoull((const char *)log.at + from + 1, NULL, 10);
    }
    return total;
}

static bool contains(const sph_buf *buf, sph_slice word)
{
    return sph_slice_find(sph_buf_peek(buf), word, 0) != SIZE_MAX;
}

/* ---- the Markdown ---- */

static sph_slice next_line(sph_slice *rest)
{
    const size_t end = sph_slice_find(*rest, SPH_LIT("\n"), 0);
    const sph_slice line = sph_slice_sub(*rest, 0, end == SIZE_MAX ? rest->len : end);
    *rest = sph_slice_sub(*rest, end == SIZE_MAX ? rest->len : end + 1, SIZE_MAX);
    return line;
}

static void copy_text(char *to, size_t room, sph_slice text)
{
    assert_ok(sph_str_copy(to, room, sph_slice_sub(text, 0, room - 1), NULL), NULL);
}

static size_t octal(sph_slice text, size_t at, uint8_t *out)
{
    size_t used = 0;
    unsigned value = 0;
    while (used < 3 && at + used < text.len && text.at[at + used] >= '0' &&
           text.at[at + used] <= '7')
        value = value * 8 + (unsigned)(text.at[at + used++] - '0');
    *out = (uint8_t)value;
    return used;
}

static size_t unescape_one(sph_slice line, size_t at, uint8_t *out)
{
    static const struct {
        char letter;
        uint8_t octet;
    } letters[] = {{'r', '\r'}, {'n', '\n'}, {'t', '\t'}, {'f', '\f'}};
    if (line.at[at] == '\\' && at + 1 < line.len) {
        for (size_t i = 0; i < sizeof(letters) / sizeof(letters[0]); i++)
            if ((char)line.at[at + 1] == letters[i].letter) {
                *out = letters[i].octet;
                return 2;
            }
        const size_t used = octal(line, at + 1, out);
        if (used > 0)
            return used + 1;
    }
    *out = line.at[at];
    return 1;
}

/* One line of an http block: escapes, and CRLF unless the line ends in a backslash. */
static void add_http_line(sph_buf *http, sph_slice line)
{
    const bool is_joined = line.len > 0 && line.at[line.len - 1] == '\\';
    line = sph_slice_sub(line, 0, line.len - (is_joined ? 1 : 0));
    for (size_t at = 0; at < line.len;) {
        uint8_t octet = 0;
        at += unescape_one(line, at, &octet);
        assert_ok(sph_buf_add_byte(http, octet, NULL), NULL);
    }
    if (!is_joined)
        assert_ok(sph_buf_add_text(http, "\r\n", NULL), NULL);
}

static void read_fence(sph_slice *rest, sph_buf *out, bool is_http)
{
    sph_buf_clear(out);
    *out = sph_buf_init(1 << 20);
    bool is_joined = false;
    for (sph_slice line = next_line(rest); !sph_slice_starts(line, SPH_LIT("```"));
         line = next_line(rest)) {
        is_joined = line.len > 0 && line.at[line.len - 1] == '\\';
        if (is_http) {
            add_http_line(out, line);
        } else {
            assert_ok(sph_buf_add(out, line, NULL), NULL);
            assert_ok(sph_buf_add_text(out, "\n", NULL), NULL);
        }
    }
    if (is_http && out->len >= 2 && !is_joined)
        out->len -= 2; /* the newline before the closing fence belongs to the fence */
}

static void read_meta(struct block *block, sph_slice line)
{
    const size_t key = sph_slice_find(line, SPH_LIT("\"type\""), 0);
    assert_true(key != SIZE_MAX);
    const size_t from = sph_slice_find(line, SPH_LIT("\""), key + 6) + 1;
    const size_t to = sph_slice_find(line, SPH_LIT("\""), from);
    copy_text(block->type, sizeof(block->type), sph_slice_sub(line, from, to - from));
    copy_text(block->meta, sizeof(block->meta), line);
}

/* ---- comparison ---- */

static bool is_listed(const struct block *block)
{
    for (size_t i = 0; i < sizeof(stricter) / sizeof(stricter[0]); i++)
        for (size_t k = 0; k < 8 && stricter[i].titles[k]; k++)
            if (sph_slice_is(sph_slice_str(block->title), stricter[i].titles[k]))
                return true;
    return false;
}

static bool is_strict(const struct block *block)
{
    const sph_slice type = sph_slice_str(block->type);
    const sph_slice meta = sph_slice_str(block->meta);
    return sph_slice_find(type, SPH_LIT("lenient"), 0) == SIZE_MAX &&
           sph_slice_find(meta, SPH_LIT("skipBody"), 0) == SIZE_MAX &&
           sph_slice_find(meta, SPH_LIT("pause"), 0) == SIZE_MAX &&
           !contains(&block->log, SPH_LIT("code=22"));
}

static void judge(const struct block *block, struct counts *counts)
{
    if (!is_strict(block)) {
        counts->other++;
        return;
    }
    const enum sph_http_kind kind = sph_slice_starts(sph_slice_str(block->type), SPH_LIT("request"))
                                        ? SPH_HTTP_REQUEST
                                        : SPH_HTTP_RESPONSE;
    const struct seen seen = read_all(sph_buf_peek(&block->http), kind);
    const bool is_error = contains(&block->log, SPH_LIT("error code="));
    const size_t messages = count_of(sph_buf_peek(&block->log), SPH_LIT("message complete"));
    bool is_right = false;
    counts->strict++;
    if (is_error) {
        is_right = seen.outcome != COMPLETE;
        counts->refused_both += is_right;
    } else if (seen.outcome == REFUSED) {
        is_right = is_listed(block);
        counts->stricter += is_right;
    } else {
        is_right = seen.messages == messages && seen.body == body_of(sph_buf_peek(&block->log));
        counts->accepted_both += is_right;
    }
    if (is_right)
        return;
    counts->wrong++;
    print_error("%s: \"%s\": strict %s, ours %d; messages %zu/%u body %llu/%llu\n", block->file,
                block->title, is_error ? "error" : "fine", (int)seen.outcome, messages,
                seen.messages, (unsigned long long)body_of(sph_buf_peek(&block->log)),
                (unsigned long long)seen.body);
}

static void judge_file(void *ctx, const char *path)
{
    sph_buf text = sph_buf_init(1 << 20);
    struct block block = {.file = path};
    assert_true(test_data_load(path, &text));
    sph_slice rest = sph_buf_peek(&text);
    while (rest.len > 0) {
        const sph_slice line = next_line(&rest);
        if (sph_slice_starts(line, SPH_LIT("#")))
            copy_text(block.title, sizeof(block.title),
                      sph_slice_sub(line, sph_slice_find(line, SPH_LIT(" "), 0) + 1, SIZE_MAX));
        else if (sph_slice_starts(line, SPH_LIT("<!-- meta=")))
            read_meta(&block, line);
        else if (sph_slice_starts(line, SPH_LIT("```http")))
            read_fence(&rest, &block.http, true);
        else if (sph_slice_starts(line, SPH_LIT("```log"))) {
            read_fence(&rest, &block.log, false);
            judge(&block, ctx);
        }
    }
    sph_buf_clear(&block.http);
    sph_buf_clear(&block.log);
    sph_buf_clear(&text);
}

static void http_blocks_strict_errors_are_refused(void **state)
{
    (void)state;
    struct counts counts = {0};
    const size_t files = test_data_each("http/request", judge_file, &counts) +
                         test_data_each("http/response", judge_file, &counts);
    if (files == 0)
        skip();
    print_message(
        "http blocks: %u strict (%u refused by both, %u read alike, %u refused by us alone, "
        "%u wrong), %u lenient, paused or upgraded\n",
        counts.strict, counts.refused_both, counts.accepted_both, counts.stricter, counts.wrong,
        counts.other);
    assert_int_equal(counts.wrong, 0);
    assert_true(counts.refused_both > 50 && counts.accepted_both > 50);
}

int test_http_blocks(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(http_blocks_strict_errors_are_refused),
    };
    return cmocka_run_group_tests_name("http_blocks", tests, NULL, NULL);
}
