#include "net/control_client.h"

#include "net/http_parse.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define PIECE 65536u
#define INTERIM_MAX 8 /* 1xx answers before the real one */

struct call {
    const sph_control_request *request;
    int fd;
    sph_http_head head;
    uint8_t *in; /* PIECE octets: head, then the first octets of the body */
    size_t in_len;
    size_t in_at; /* first octet not used yet */
    uint64_t received;
    sph_answer answer;
};

static void call_clear(struct call *call)
{
    if (call->fd >= 0)
        close(call->fd);
    sph_mem_free(call->in);
    sph_answer_clear(&call->answer);
}

static sph_rc connect_to(const char *path, int *out, sph_err *err)
{
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    SPH_TRY(sph_str_copy(name.sun_path, sizeof(name.sun_path), sph_slice_str(path), err), err,
            "control socket path");
    const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return sph_fail(err, SPH_EIO, "control socket: errno %d", errno);
    if (connect(fd, (const struct sockaddr *)&name, sizeof(name)) == 0) {
        *out = fd;
        return sph_ok();
    }
    const int reason = errno;
    close(fd);
    if (reason == ENOENT || reason == ECONNREFUSED)
        return sph_fail(err, SPH_ENOTFOUND, "nobody listens on the control socket");
    return sph_fail(err, reason == EACCES ? SPH_EREFUSED : SPH_EIO, "control socket: errno %d",
                    reason);
}

static sph_rc await(const struct call *call, short what, sph_err *err)
{
    struct pollfd ready = {.fd = call->fd, .events = what};
    const int64_t ms = call->request->timeout_ms;
    int n = -1;
    do {
        n = poll(&ready, 1, ms > INT32_MAX ? INT32_MAX : (int)ms);
    } while (n < 0 && errno == EINTR);
    if (n < 0)
        return sph_fail(err, SPH_EIO, "control socket: errno %d", errno);
    return n > 0 ? sph_ok() : sph_fail(err, SPH_EAGAIN, "the node does not answer");
}

static sph_rc send_all(const struct call *call, sph_slice bytes, sph_err *err)
{
    while (bytes.len > 0) {
        SPH_TRY(await(call, POLLOUT, err), err, "sending");
        const ssize_t n = send(call->fd, bytes.at, bytes.len, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n < 0 && errno != EAGAIN && errno != EINTR)
            return sph_fail(err, SPH_EIO, "control socket: errno %d", errno);
        bytes = sph_slice_sub(bytes, n > 0 ? (size_t)n : 0, SIZE_MAX);
    }
    return sph_ok();
}

/* *got 0: the node has closed. */
static sph_rc receive(const struct call *call, uint8_t *at, size_t room, size_t *got, sph_err *err)
{
    ssize_t n = -1;
    do {
        SPH_TRY(await(call, POLLIN, err), err, "receiving");
        n = recv(call->fd, at, room, MSG_DONTWAIT);
    } while (n < 0 && (errno == EAGAIN || errno == EINTR));
    if (n < 0)
        return sph_fail(err, SPH_EIO, "control socket: errno %d", errno);
    *got = (size_t)n;
    return sph_ok();
}

/* Nothing in a value we send can end its line; in the request line there is no space either. */
static bool all_within(const char *text, uint8_t least)
{
    for (; *text; text++)
        if ((uint8_t)*text < least || (uint8_t)*text > 0x7e)
            return false;
    return true;
}

static sph_rc send_head(const struct call *call, uint64_t len, sph_err *err)
{
    const sph_control_request *request = call->request;
    SPH_AUTO(sph_buf) head = sph_buf_init(16384);
    if (!all_within(request->method, '!') || !all_within(request->target, '!') ||
        (request->content_type && !all_within(request->content_type, ' ')) ||
        (request->language && !all_within(request->language, '!')))
        return sph_fail(err, SPH_EARG, "method, target or content type");
    SPH_TRY(sph_buf_addf(&head, err,
                         "%s %s HTTP/1.1\r\nHost: localhost\r\nContent-Length: %llu\r\n",
                         request->method, request->target, (unsigned long long)len),
            err, "request head");
    if (request->language)
        SPH_TRY(sph_buf_addf(&head, err, "Accept-Language: %s\r\n", request->language), err,
                "head");
    if (request->content_type)
        SPH_TRY(sph_buf_addf(&head, err, "Content-Type: %s\r\n", request->content_type), err,
                "type");
    SPH_TRY(sph_buf_add_text(&head, "Connection: close\r\n\r\n", err), err, "request head");
    return send_all(call, sph_buf_peek(&head), err);
}

static sph_rc send_stream(struct call *call, sph_err *err)
{
    const sph_reader *reader = call->request->reader;
    uint64_t left = call->request->len;
    while (left > 0) {
        size_t got = 0;
        const size_t room = left < PIECE ? (size_t)left : PIECE;
        SPH_TRY(reader->read(reader->ctx, call->in, room, &got, err), err, "request body");
        if (got == 0)
            return sph_fail(err, SPH_EIO, "the body is shorter than announced");
        SPH_TRY(send_all(call, sph_slice_of(call->in, got), err), err, "request body");
        left -= got;
    }
    return sph_ok();
}

/* A node that refuses stops reading: its answer counts, not our failing write. */
static void send_request(struct call *call, sph_rc *result, sph_err *err)
{
    const sph_control_request *request = call->request;
    *result = send_head(call, request->reader ? request->len : request->bytes.len, err);
    if (result->code == SPH_OK)
        *result = request->reader ? send_stream(call, err) : send_all(call, request->bytes, err);
}

static sph_rc drop_interim(struct call *call, size_t head_len, sph_err *err)
{
    uint8_t *fresh = sph_mem_new(1, PIECE);
    if (!fresh)
        return sph_fail(err, SPH_ENOMEM, "answer");
    const sph_slice rest = sph_slice_of(call->in + head_len, call->in_len - head_len);
    const sph_rc copied = sph_bytes_copy(fresh, PIECE, rest, err);
    sph_mem_free(call->in);
    call->in = fresh;
    call->in_len = rest.len;
    return copied;
}

static sph_rc read_one_head(struct call *call, sph_err *err)
{
    sph_http_parser parser = sph_http_parser_init(SPH_HTTP_RESPONSE, sph_limits_default());
    call->head = (sph_http_head){.status = 0};
    for (;;) {
        const enum sph_http_step step =
            sph_http_head_step(&parser, sph_slice_of(call->in, call->in_len), &call->head);
        call->in_at = parser.at;
        if (step == SPH_HTTP_DONE)
            return sph_ok();
        if (step == SPH_HTTP_BAD)
            return sph_fail(err, SPH_EPARSE, "the answer is not HTTP");
        size_t got = 0;
        SPH_TRY(receive(call, call->in + call->in_len, PIECE - call->in_len, &got, err), err,
                "answer head");
        if (got == 0)
            return sph_fail(err, SPH_EIO, "the node closed without an answer");
        call->in_len += got;
    }
}

static sph_rc read_head(struct call *call, sph_err *err)
{
    call->in_len = 0;
    for (int i = 0; i < INTERIM_MAX; i++) {
        SPH_TRY(read_one_head(call, err), err, "answer");
        if (call->head.status >= 200)
            return sph_ok();
        SPH_TRY(drop_interim(call, call->in_at, err), err, "answer");
    }
    return sph_fail(err, SPH_ELIMIT, "too many interim answers");
}

static sph_rc deliver(struct call *call, sph_slice octets, sph_err *err)
{
    const sph_writer *sink = call->request->sink;
    if (octets.len > call->request->answer_max - call->received)
        return sph_fail(err, SPH_ELIMIT, "the answer is larger than allowed");
    call->received += octets.len;
    if (sink && call->head.status / 100 == 2)
        return sink->write(sink->ctx, octets, err);
    return sph_buf_add(&call->answer.body, octets, err);
}

/* The next octets of the body's framing; empty at the end of the connection. */
static sph_rc next_octets(struct call *call, sph_slice *out, sph_err *err)
{
    if (call->in_at == call->in_len) {
        call->in_at = 0;
        SPH_TRY(receive(call, call->in, PIECE, &call->in_len, err), err, "answer body");
    }
    *out = sph_slice_of(call->in + call->in_at, call->in_len - call->in_at);
    return sph_ok();
}

static sph_rc read_plain(struct call *call, sph_err *err)
{
    const bool has_end = call->head.has_length;
    while (!has_end || call->received < call->head.length) {
        sph_slice octets;
        SPH_TRY(next_octets(call, &octets, err), err, "answer body");
        if (octets.len == 0 && has_end)
            return sph_fail(err, SPH_EIO, "the answer ends too early");
        if (octets.len == 0)
            return sph_ok();
        const uint64_t left = has_end ? call->head.length - call->received : UINT64_MAX;
        const size_t take = left < octets.len ? (size_t)left : octets.len;
        call->in_at += take;
        SPH_TRY(deliver(call, sph_slice_sub(octets, 0, take), err), err, "answer body");
    }
    return sph_ok();
}

static sph_rc read_chunks(struct call *call, sph_err *err)
{
    sph_http_chunks chunks = {.state = 0};
    for (;;) {
        sph_slice octets;
        sph_slice data;
        size_t used = 0;
        SPH_TRY(next_octets(call, &octets, err), err, "answer body");
        if (octets.len == 0)
            return sph_fail(err, SPH_EIO, "the answer ends too early");
        const enum sph_http_step step =
            sph_http_chunks_step(&chunks, sph_limits_default(), octets, &used, &data);
        call->in_at += used;
        if (step == SPH_HTTP_DONE)
            return sph_ok();
        if (step == SPH_HTTP_BAD)
            return sph_fail(err, SPH_EPARSE, "the answer's chunks are malformed");
        if (step == SPH_HTTP_DATA)
            SPH_TRY(deliver(call, data, err), err, "answer body");
    }
}

static sph_rc read_fields(struct call *call, sph_err *err)
{
    sph_answer *answer = &call->answer;
    uint64_t retry_after = 0;
    const sph_slice retry = sph_http_field_get(&call->head, "retry-after");
    answer->status = call->head.status;
    if (sph_slice_u64(retry, 86400, &retry_after, NULL).code == SPH_OK)
        answer->retry_after_s = (unsigned)retry_after;
    return sph_str_copy(answer->content_type, sizeof(answer->content_type),
                        sph_http_field_get(&call->head, "content-type"), err);
}

static sph_rc read_answer(struct call *call, sph_err *err)
{
    SPH_TRY(read_head(call, err), err, "answer");
    SPH_TRY(read_fields(call, err), err, "answer");
    const unsigned status = call->head.status;
    if (status == 204 || status == 304 ||
        sph_slice_is(sph_slice_str(call->request->method), "HEAD"))
        return sph_ok();
    return call->head.is_chunked ? read_chunks(call, err) : read_plain(call, err);
}

sph_rc sph_control_call(const sph_control_request *request, sph_answer *answer, sph_err *err)
{
    __attribute__((cleanup(call_clear))) struct call call = {.request = request, .fd = -1};
    sph_rc sent = sph_ok();
    sph_err sending = {.depth = 0};
    SPH_TRY(connect_to(request->socket_path, &call.fd, err), err, "control socket");
    call.in = sph_mem_new(1, PIECE);
    if (!call.in)
        return sph_fail(err, SPH_ENOMEM, "control call");
    call.answer.body =
        sph_buf_init(request->answer_max < SIZE_MAX ? (size_t)request->answer_max : SIZE_MAX);
    send_request(&call, &sent, &sending);
    if (sent.code != SPH_OK && sent.code != SPH_EIO) {
        if (err)
            *err = sending;
        return sent;
    }
    SPH_TRY(read_answer(&call, err), err, "control call");
    *answer = call.answer;
    call.answer = (sph_answer){.status = 0};
    return sph_ok();
}
