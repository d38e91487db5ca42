#include "net/respond.h"

#include "net/http_date.h"
#include "net/http_parse.h"

sph_response sph_response_init(void)
{
    return (sph_response){.body = sph_buf_init(SPH_RESPONSE_BODY),
                          .fields = sph_buf_init(SPH_RESPONSE_FIELDS)};
}

void sph_response_clear(sph_response *response)
{
    if (!response)
        return;
    sph_buf_clear(&response->body);
    sph_buf_clear(&response->fields);
    if (response->file)
        response->files->close(&response->file);
}

/* Header injection ends here: every octet is text, CR only before LF, no empty line. */
static bool lines_are_fine(sph_slice lines)
{
    bool at_start = true;
    for (size_t i = 0; i < lines.len; i++) {
        const bool is_end = lines.at[i] == '\r' && i + 1 < lines.len && lines.at[i + 1] == '\n';
        if (at_start ? !sph_http_is_token(lines.at[i]) : !is_end && !sph_http_is_text(lines.at[i]))
            return false;
        at_start = is_end;
        i += is_end ? 1 : 0;
    }
    return at_start;
}

static bool text_is_fine(const char *text)
{
    for (; *text; text++)
        if (!sph_http_is_text((uint8_t)*text))
            return false;
    return true;
}

static sph_rc add_date(int64_t now_ms, sph_buf *out, sph_err *err)
{
    SPH_TRY(sph_buf_add_text(out, "Date: ", err), err, "date");
    SPH_TRY(sph_http_date_add(now_ms, out, err), err, "date");
    return sph_buf_add_text(out, "\r\n", err);
}

static sph_rc add_given(const sph_response *response, sph_buf *out, sph_err *err)
{
    if (response->content_type)
        SPH_TRY(sph_buf_addf(out, err, "Content-Type: %s\r\n", response->content_type), err,
                "type");
    if (response->location[0])
        SPH_TRY(sph_buf_addf(out, err, "Location: %s\r\n", response->location), err, "location");
    if (response->retry_after_s > 0)
        SPH_TRY(sph_buf_addf(out, err, "Retry-After: %u\r\n", response->retry_after_s), err,
                "retry");
    return sph_buf_add(out, sph_buf_peek(&response->fields), err);
}

sph_rc sph_respond_head(const sph_response *response, uint64_t len, int64_t now_ms, sph_buf *out,
                        sph_err *err)
{
    if (!lines_are_fine(sph_buf_peek(&response->fields)) || !text_is_fine(response->location))
        return sph_fail(err, SPH_EREFUSED, "malformed response field");
    SPH_TRY(sph_buf_addf(out, err, "HTTP/1.1 %u %s\r\n", response->status,
                         sph_http_reason(response->status)),
            err, "status line");
    SPH_TRY(add_date(now_ms, out, err), err, "response head");
    SPH_TRY(add_given(response, out, err), err, "response head");
    if (response->status != 204 && response->status != 304) /* RFC 9110 8.6: no length on these */
        SPH_TRY(sph_buf_addf(out, err, "Content-Length: %llu\r\n", (unsigned long long)len), err,
                "length");
    if (response->close)
        SPH_TRY(sph_buf_add_text(out, "Connection: close\r\n", err), err, "response head");
    return sph_buf_add_text(out, "X-Content-Type-Options: nosniff\r\n\r\n", err);
}

static bool path_fits(const sph_route *route, sph_slice path)
{
    const sph_slice prefix = sph_slice_str(route->prefix);
    return route->is_exact ? sph_slice_equal(path, prefix) : sph_slice_starts(path, prefix);
}

static bool method_fits(const sph_route *route, sph_slice method)
{
    return !route->method || sph_slice_is(method, route->method) ||
           (sph_slice_is(method, "HEAD") && sph_slice_is(sph_slice_str(route->method), "GET"));
}

static void add_allowed(sph_buf *allowed, const char *method)
{
    const size_t before = allowed->len;
    sph_rc added = sph_buf_add_text(allowed, before > 0 ? ", " : "", NULL);
    if (added.code == SPH_OK)
        added = sph_buf_add_text(allowed, method, NULL);
    if (added.code != SPH_OK)
        allowed->len = before; /* the list is a courtesy: what does not fit is left out */
}

sph_rc sph_route_find(const sph_route *routes, size_t count, const sph_http_head *head,
                      const sph_route **out, char allow[SPH_ALLOW_ROOM], sph_err *err)
{
    SPH_AUTO(sph_buf) allowed = sph_buf_init(SPH_ALLOW_ROOM - 1);
    const sph_route *best = NULL;
    size_t longest = 0;
    for (size_t i = 0; i < count; i++) {
        const size_t len = sph_slice_str(routes[i].prefix).len;
        if (!path_fits(&routes[i], head->path))
            continue;
        if (!method_fits(&routes[i], head->method)) {
            add_allowed(&allowed, routes[i].method);
        } else if (!best || len > longest) {
            best = &routes[i];
            longest = len;
        }
    }
    if (best) {
        *out = best;
        return sph_ok();
    }
    if (allowed.len == 0)
        return sph_fail(err, SPH_ENOTFOUND, "no route");
    SPH_TRY(sph_str_copy(allow, SPH_ALLOW_ROOM, sph_buf_peek(&allowed), err), err,
            "allowed methods");
    return sph_fail(err, SPH_EREFUSED, "method not allowed");
}
