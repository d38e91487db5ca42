#include "net/turn.h"

enum out_phase { OUT_HEAD, OUT_BODY, OUT_FILE, OUT_END };

#define ONE_WRITE                                                                                  \
    16384u /* a small body goes out together with its head: one TLS record, one packet */

static size_t in_size(const struct sph_limits *limits)
{
    return (size_t)limits->http_head + SPH_TURN_REST;
}

sph_rc sph_turn_new(const struct sph_turn_rules *rules, sph_turn **out, sph_err *err)
{
    SPH_AUTO_PTR(sph_turn) *turn = sph_mem_new(1, sizeof(*turn));
    if (!turn)
        return sph_fail(err, SPH_ENOMEM, "request");
    turn->rules = rules;
    turn->response = sph_response_init();
    turn->out = sph_buf_init(SPH_RESPONSE_FIELDS + 2048 + ONE_WRITE);
    turn->in = sph_mem_new(1, in_size(rules->limits));
    if (!turn->in)
        return sph_fail(err, SPH_ENOMEM, "request head");
    turn->parser = sph_http_parser_init(SPH_HTTP_REQUEST, rules->limits);
    *out = sph_move(turn);
    return sph_ok();
}

void sph_turn_free(sph_turn **turn)
{
    if (!turn || !*turn)
        return;
    if ((*turn)->progress)
        (*turn)->route->progress((*turn)->route->ctx, &(*turn)->request, SPH_PROGRESS_OVER,
                                 &(*turn)->progress);
    sph_response_clear(&(*turn)->response);
    sph_buf_clear(&(*turn)->out);
    sph_buf_clear(&(*turn)->body);
    if ((*turn)->spool)
        (*turn)->rules->env->files->close(&(*turn)->spool);
    sph_mem_free((*turn)->file_piece);
    sph_mem_free((*turn)->in);
    sph_mem_free(*turn);
    *turn = NULL;
}

size_t sph_turn_room(const sph_turn *turn)
{
    return in_size(turn->rules->limits) - turn->in_len;
}

sph_rc sph_turn_add(sph_turn *turn, sph_slice octets, sph_err *err)
{
    SPH_TRY(sph_bytes_copy(turn->in + turn->in_len, sph_turn_room(turn), octets, err), err, "head");
    turn->in_len += octets.len;
    return sph_ok();
}

enum sph_http_step sph_turn_head(sph_turn *turn)
{
    const sph_slice so_far = sph_slice_of(turn->in, turn->in_len);
    const enum sph_http_step step = sph_http_head_step(&turn->parser, so_far, &turn->head);
    turn->in_at = turn->parser.at;
    if (step == SPH_HTTP_BAD)
        sph_turn_refuse(turn, turn->parser.refused);
    return step;
}

void sph_turn_refuse(sph_turn *turn, unsigned status)
{
    sph_response_clear(&turn->response);
    turn->response = sph_response_init();
    turn->response.status = status;
    turn->response.close = true;
    turn->response.retry_after_s = status == 503 ? 30 : 0;
    turn->has_body_left = true;
}

/* Rules of the head alone, in the order of security.md 2.2; 0 when they hold. */
static unsigned check_form(const sph_turn *turn)
{
    const sph_http_head *head = &turn->head;
    const struct sph_turn_rules *rules = turn->rules;
    if (rules->needs_host && head->version_minor == 1 && !turn->parser.saw_host)
        return 400;
    if (rules->hosts && !sph_http_host_in(sph_http_field_get(head, "host"), rules->hosts))
        return 421;
    return 0;
}

static unsigned check_body(const sph_turn *turn)
{
    const sph_http_head *head = &turn->head;
    if (sph_http_field_get(head, "content-encoding").at)
        return 415;
    const bool wants_body = sph_slice_is(head->method, "POST") || sph_slice_is(head->method, "PUT");
    if (wants_body && !head->has_length && !head->is_chunked)
        return 411;
    return head->length > turn->route->body_limit ? 413 : 0;
}

static void fill_request(sph_turn *turn)
{
    turn->request.head = &turn->head;
    turn->request.files = turn->rules->env->files;
    turn->body = sph_buf_init(turn->route->memory_body);
}

static unsigned find_route(sph_turn *turn)
{
    const struct sph_turn_rules *rules = turn->rules;
    const sph_rc found = sph_route_find(rules->routes, rules->route_count, &turn->head,
                                        &turn->route, turn->allow, NULL);
    if (found.code == SPH_OK)
        return 0;
    return found.code == SPH_ENOTFOUND ? 404 : 405;
}

static void refuse_method(sph_turn *turn)
{
    sph_turn_refuse(turn, 405);
    if (sph_buf_addf(&turn->response.fields, NULL, "Allow: %s\r\n", turn->allow).code != SPH_OK)
        sph_buf_clear(&turn->response.fields);
}

/* The route's own look at the head, before any body octet (as4.md 4, Expect). */
static bool ask_accept(sph_turn *turn)
{
    if (!turn->route->accept)
        return true;
    const sph_rc accepted =
        turn->route->accept(turn->route->ctx, &turn->request, &turn->response, NULL);
    if (accepted.code == SPH_OK)
        return true;
    turn->has_body_left = sph_turn_has_body(turn);
    turn->response.close = turn->response.close || turn->has_body_left;
    if (turn->response.status == 0)
        sph_turn_refuse(turn, accepted.code == SPH_EAGAIN ? 503 : 403);
    return false;
}

bool sph_turn_check(sph_turn *turn)
{
    unsigned status = check_form(turn);
    if (status == 0)
        status = find_route(turn);
    if (status == 0)
        status = check_body(turn);
    if (status == 405)
        refuse_method(turn);
    else if (status != 0)
        sph_turn_refuse(turn, status);
    if (status != 0)
        return false;
    fill_request(turn);
    return ask_accept(turn);
}

bool sph_turn_has_body(const sph_turn *turn)
{
    return turn->head.is_chunked || turn->head.length > 0;
}

#define LOOK_EVERY (UINT64_C(1) << 20) /* octets between two looks at the free space */

/* A chunked body announces no length, and others write too: so the disk is looked at again while a
 * body comes in. What is there may still become as much plaintext and as much stored content. */
static sph_rc check_room(const sph_turn *turn, sph_slice octets, sph_err *err)
{
    const sph_files *files = turn->rules->env->files;
    const uint64_t before = turn->received - octets.len;
    uint64_t left = 0;
    if (turn->spool && before / LOOK_EVERY == turn->received / LOOK_EVERY)
        return sph_ok();
    SPH_TRY(files->free_bytes(files->ctx, &left, err), err, "free space");
    if (left < turn->rules->limits->free_floor ||
        left - turn->rules->limits->free_floor < turn->received * 2)
        return sph_fail(err, SPH_EAGAIN, "the disk is almost full");
    return sph_ok();
}

static sph_rc spool(sph_turn *turn, sph_slice octets, sph_err *err)
{
    const sph_files *files = turn->rules->env->files;
    SPH_TRY(check_room(turn, octets, err), err, "spool file");
    if (!turn->spool) {
        SPH_TRY(
            files->open(files->ctx, turn->rules->spool_dir, SPH_OPEN_TEMPORARY, &turn->spool, err),
            err, "spool file");
        SPH_TRY(files->write(turn->spool, sph_buf_peek(&turn->body), err), err, "spool file");
        sph_buf_clear(&turn->body);
    }
    if (turn->route->progress)
        turn->route->progress(turn->route->ctx, &turn->request, turn->received, &turn->progress);
    return files->write(turn->spool, octets, err);
}

/* Memory up to the route's share, a spool file beyond; 0 or the status to answer. */
static unsigned store(sph_turn *turn, sph_slice octets)
{
    if (octets.len > turn->route->body_limit - turn->received)
        return 413;
    turn->received += octets.len;
    const bool fits = !turn->spool && turn->head.length <= turn->route->memory_body &&
                      turn->received <= turn->route->memory_body;
    const sph_rc stored = fits ? sph_buf_add(&turn->body, octets, NULL) : spool(turn, octets, NULL);
    return stored.code == SPH_OK ? 0 : 503; /* no memory or no disk: the client may try later */
}

static enum sph_http_step finish_body(sph_turn *turn)
{
    turn->request.body = sph_buf_peek(&turn->body);
    turn->request.spool = turn->spool;
    turn->request.body_len = turn->received;
    return SPH_HTTP_DONE;
}

static enum sph_http_step refuse_body(sph_turn *turn, unsigned status)
{
    sph_turn_refuse(turn, status);
    return SPH_HTTP_BAD;
}

static enum sph_http_step take_plain(sph_turn *turn, sph_slice octets, size_t *used)
{
    const uint64_t left = turn->head.length - turn->received;
    const size_t take = left < octets.len ? (size_t)left : octets.len;
    *used = take;
    const unsigned status = take > 0 ? store(turn, sph_slice_sub(octets, 0, take)) : 0;
    if (status != 0)
        return refuse_body(turn, status);
    return take == left ? finish_body(turn) : SPH_HTTP_MORE;
}

static enum sph_http_step take_chunks(sph_turn *turn, sph_slice octets, size_t *used)
{
    for (*used = 0;;) {
        size_t step_used = 0;
        sph_slice data;
        const enum sph_http_step step =
            sph_http_chunks_step(&turn->chunks, turn->rules->limits,
                                 sph_slice_sub(octets, *used, SIZE_MAX), &step_used, &data);
        *used += step_used;
        const unsigned status = step == SPH_HTTP_DATA ? store(turn, data) : 0;
        if (status != 0 || step == SPH_HTTP_BAD)
            return refuse_body(turn, status != 0 ? status : 400);
        if (step != SPH_HTTP_DATA)
            return step == SPH_HTTP_DONE ? finish_body(turn) : step;
    }
}

enum sph_http_step sph_turn_body(sph_turn *turn, sph_slice octets, size_t *used)
{
    return turn->head.is_chunked ? take_chunks(turn, octets, used) : take_plain(turn, octets, used);
}

sph_rc sph_turn_keep_rest(sph_turn *turn, sph_slice rest, sph_err *err)
{
    turn->in_at = turn->parser.at; /* the octets behind the head are all used: their room is free */
    turn->in_len = turn->parser.at;
    return sph_turn_add(turn, rest, err);
}

/* The length that is announced; a failed look at the file makes the answer a 500. */
static uint64_t answer_len(const sph_turn *turn)
{
    const sph_response *response = &turn->response;
    return response->file ? response->file_len : response->body.len;
}

static bool sends_body(const sph_turn *turn)
{
    return !sph_slice_is(turn->head.method, "HEAD") && turn->response.status != 204 &&
           turn->response.status != 304;
}

static unsigned join_small_body(sph_turn *turn)
{
    const bool is_small = !turn->response.file && turn->response.body.len <= ONE_WRITE;
    if (!is_small || !sends_body(turn) || turn->out.len == 0 ||
        sph_buf_add(&turn->out, sph_buf_peek(&turn->response.body), NULL).code != SPH_OK)
        return OUT_HEAD;
    return OUT_BODY;
}

void sph_turn_answer(sph_turn *turn, bool ends)
{
    const sph_clock *clock = turn->rules->env->clock;
    if (turn->response.status < 200 || turn->response.status > 599)
        sph_turn_refuse(turn, 500);
    turn->response.close = turn->response.close || ends || turn->has_body_left;
    const int64_t now_ms = clock->now_ms(clock->ctx);
    if (sph_respond_head(&turn->response, answer_len(turn), now_ms, &turn->out, NULL).code !=
        SPH_OK) {
        sph_buf_clear(&turn->out);
        sph_turn_refuse(turn, 500);
        if (sph_respond_head(&turn->response, 0, now_ms, &turn->out, NULL).code != SPH_OK)
            sph_buf_clear(&turn->out); /* no memory even for this: the connection just ends */
    }
    turn->out_phase = join_small_body(turn);
    turn->pending = sph_buf_peek(&turn->out);
    turn->file_at = turn->response.file_from;
    turn->file_end = turn->response.file_from + turn->response.file_len;
}

static sph_rc next_file_piece(sph_turn *turn, sph_err *err)
{
    const uint64_t left = turn->file_end - turn->file_at;
    const size_t want = left < SPH_STREAM_CHUNK ? (size_t)left : SPH_STREAM_CHUNK;
    size_t got = 0;
    if (!turn->file_piece)
        turn->file_piece = sph_mem_new(1, SPH_STREAM_CHUNK);
    if (!turn->file_piece)
        return sph_fail(err, SPH_ENOMEM, "file piece");
    SPH_TRY(turn->response.files->read_at(turn->response.file, turn->file_at, turn->file_piece,
                                          want, &got, err),
            err, "answer file");
    if (got == 0)
        return sph_fail(err, SPH_EIO, "answer file is shorter than announced");
    turn->file_at += got;
    turn->pending = sph_slice_of(turn->file_piece, got);
    return sph_ok();
}

sph_rc sph_turn_next_piece(sph_turn *turn, bool *has_more, sph_err *err)
{
    if (turn->out_phase == OUT_HEAD) {
        const bool is_file = turn->response.file != NULL;
        turn->out_phase = !sends_body(turn) ? OUT_END : is_file ? OUT_FILE : OUT_BODY;
    } else if (turn->out_phase == OUT_BODY) {
        turn->out_phase = OUT_END;
    }
    if (turn->out_phase == OUT_BODY)
        turn->pending = sph_buf_peek(&turn->response.body);
    if (turn->out_phase == OUT_FILE && turn->file_at < turn->file_end)
        SPH_TRY(next_file_piece(turn, err), err, "answer");
    else if (turn->out_phase == OUT_FILE)
        turn->out_phase = OUT_END;
    *has_more = turn->out_phase != OUT_END;
    return sph_ok();
}
