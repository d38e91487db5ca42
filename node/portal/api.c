#include "portal/api.h"

#include <string.h>
#include <unistd.h>

#include "portal/api_call.h"

#define PREFIX "/api/1/"
#define OPERATOR "operator"
#define MEMORY_BODY (1024u * 1024)
#define BODY_LIMIT UINT64_C(2147483648)

/** The route table. `*` matches one segment. docs/api.md describes each; a test compares the two.
 */
static const struct entry {
    const char *method, *pattern;
    sph_api_handler *handler;
} entries[] = {
    {"GET", "node", sph_api_status},
    {"GET", "node/doctor", sph_api_doctor},
    {"GET", "node/card", sph_api_card},
    {"GET", "node/metrics", sph_api_metrics},
    {"POST", "node/reload", sph_api_reload},
    {"GET", "node/certificates", sph_api_certificates},
    {"POST", "node/pull", sph_api_pull},
    {"GET", "node/version", sph_api_version},
    {"GET", "partners", sph_api_partner_list},
    {"POST", "partners", sph_api_partner_add},
    {"POST", "partners/preview", sph_api_partner_preview},
    {"POST", "partners/as4", sph_api_partner_foreign},
    {"GET", "partners/*", sph_api_partner_show},
    {"GET", "partners/*/health", sph_api_partner_health},
    {"PATCH", "partners/*", sph_api_partner_change},
    {"DELETE", "partners/*", sph_api_partner_remove},
    {"POST", "partners/*/ping", sph_api_partner_ping},
    {"POST", "attachments", sph_api_upload},
    {"POST", "packets/check", sph_api_check},
    {"POST", "packets", sph_api_submit},
    {"POST", "packets/foreign", sph_api_foreign_send},
    {"POST", "publications", sph_api_publish},
    {"GET", "inbox", sph_api_inbox},
    {"GET", "outbox", sph_api_outbox},
    {"GET", "transfers", sph_api_transfers},
    {"GET", "packets/*", sph_api_show},
    {"GET", "packets/*/xml", sph_api_xml},
    {"GET", "packets/*/proof", sph_api_proof_of_packet},
    {"POST", "packets/*/reply", sph_api_reply},
    {"GET", "packets/*/attachments/*", sph_api_attachment},
    {"GET", "ledger/events", sph_api_ledger_log},
    {"POST", "ledger/verify", sph_api_ledger_verify},
    {"GET", "ledger/checkpoint", sph_api_ledger_checkpoint},
    {"GET", "ledger/proof/*", sph_api_ledger_proof},
    {"GET", "schemas", sph_api_schema_list},
    {"POST", "schemas", sph_api_schema_install},
};

static int hex_value(uint8_t c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/** Percent-decode; a NUL or a broken escape is refused. */
static bool decode(sph_slice text, char *out, size_t room)
{
    size_t len = 0;
    for (size_t i = 0; i < text.len; i++) {
        uint8_t c = text.at[i];
        if (c == '%') {
            if (i + 2 >= text.len || hex_value(text.at[i + 1]) < 0 || hex_value(text.at[i + 2]) < 0)
                return false;
            c = (uint8_t)(hex_value(text.at[i + 1]) * 16 + hex_value(text.at[i + 2]));
            i += 2;
        }
        if (c == '\0' || len + 1 >= room)
            return false;
        out[len++] = (char)c;
    }
    out[len] = '\0';
    return true;
}

static bool split_path(struct sph_api_call *call)
{
    sph_slice rest = sph_slice_sub(call->request->head->path, sizeof(PREFIX) - 1, SIZE_MAX);
    while (rest.len > 0) {
        const size_t slash = sph_slice_find(rest, SPH_LIT("/"), 0);
        if (call->segment_count == SPH_API_SEGMENTS ||
            !decode(sph_slice_sub(rest, 0, slash), call->segment[call->segment_count],
                    SPH_API_ROOM))
            return false;
        call->segment_count++;
        rest = slash == SIZE_MAX ? (sph_slice){NULL, 0} : sph_slice_sub(rest, slash + 1, SIZE_MAX);
    }
    return true;
}

static bool matches(const char *pattern, const struct sph_api_call *call)
{
    size_t at = 0;
    sph_slice rest = sph_slice_str(pattern);
    while (rest.len > 0) {
        const size_t slash = sph_slice_find(rest, SPH_LIT("/"), 0);
        const sph_slice word = sph_slice_sub(rest, 0, slash);
        if (at == call->segment_count ||
            (!sph_slice_is(word, "*") && !sph_slice_is(word, call->segment[at])))
            return false;
        at++;
        rest = slash == SIZE_MAX ? (sph_slice){NULL, 0} : sph_slice_sub(rest, slash + 1, SIZE_MAX);
    }
    return at == call->segment_count;
}

bool sph_api_param(const struct sph_api_call *call, const char *name, char *out, size_t room)
{
    sph_slice rest = call->request->head->query;
    while (rest.len > 0) {
        const size_t ampersand = sph_slice_find(rest, SPH_LIT("&"), 0);
        const sph_slice pair = sph_slice_sub(rest, 0, ampersand);
        const size_t equals = sph_slice_find(pair, SPH_LIT("="), 0);
        if (sph_slice_is(sph_slice_sub(pair, 0, equals), name))
            return decode(equals == SIZE_MAX ? (sph_slice){NULL, 0}
                                             : sph_slice_sub(pair, equals + 1, SIZE_MAX),
                          out, room);
        rest = ampersand == SIZE_MAX ? (sph_slice){NULL, 0}
                                     : sph_slice_sub(rest, ampersand + 1, SIZE_MAX);
    }
    return false;
}

static unsigned status_of(enum sph_code code)
{
    static const unsigned table[SPH_CODE_COUNT] = {
        [SPH_EARG] = 400,    [SPH_EPARSE] = 400,    [SPH_EUNSUPPORTED] = 400, [SPH_ENOTFOUND] = 404,
        [SPH_EEXISTS] = 409, [SPH_ECONFLICT] = 409, [SPH_ELIMIT] = 413,       [SPH_EREFUSED] = 422,
        [SPH_EPROOF] = 422,  [SPH_EAGAIN] = 503,    [SPH_ECANCELLED] = 410};
    return table[code] ? table[code] : 500;
}

static sph_rc fill_problem(struct sph_api_call *call, enum sph_code code, const sph_err *why,
                           sph_json *problem, sph_err *err)
{
    char key[80], do_key[96];
    sph_json *findings = NULL;
    SPH_AUTO(sph_buf) title = sph_buf_init(4096);
    SPH_AUTO(sph_buf) todo = sph_buf_init(4096);
    SPH_TRY(sph_str_format(key, sizeof(key), err, "%s%s", call->problem ? "" : "problem.",
                           call->problem ? call->problem : sph_code_name(code)),
            err, "problem");
    SPH_TRY(sph_str_format(do_key, sizeof(do_key), err, "%s.do", key), err, "problem");
    SPH_TRY(sph_text_format(call->lang, key, call->problem_arg, call->problem_args, &title, err),
            err, "problem");
    SPH_TRY(sph_text_format(call->lang, do_key, call->problem_arg, call->problem_args, &todo, err),
            err, "problem");
    SPH_TRY(sph_api_set_text(problem, "type", "about:blank", err), err, "problem");
    SPH_TRY(sph_api_set_text(problem, "title", sph_buf_text(&title), err), err, "problem");
    SPH_TRY(sph_api_set_text(problem, "do", sph_buf_text(&todo), err), err, "problem");
    SPH_TRY(sph_api_set_int(problem, "status", call->status ? call->status : status_of(code), err),
            err, "problem");
    SPH_TRY(sph_api_set_text(problem, "code", sph_code_name(code), err), err, "problem");
    /* What has words of its own has its key in the frame: nothing for people. */
    if (why->depth > 0 && !(call->problem && strcmp(why->frame[0].what, call->problem) == 0))
        SPH_TRY(sph_api_set_text(problem, "detail", why->frame[0].what, err), err, "problem");
    if (call->findings.count == 0)
        return sph_ok();
    SPH_TRY(sph_api_findings(&call->findings, call->lang, &findings, err), err, "problem");
    return sph_json_set(problem, "findings", findings, err);
}

static void answer_problem(struct sph_api_call *call, enum sph_code code, const sph_err *why)
{
    SPH_AUTO_PTR(sph_json) *problem = NULL;
    sph_buf_clear(&call->response->body);
    call->response->body = sph_buf_init(262144);
    call->response->status = call->status ? call->status : status_of(code);
    call->response->content_type = "application/problem+json";
    if (sph_api_object("saphan.problem/1", &problem, NULL).code != SPH_OK ||
        fill_problem(call, code, why, problem, NULL).code != SPH_OK ||
        sph_json_print(problem, false, &call->response->body, NULL).code != SPH_OK)
        call->response->status = 500;
    if (code == SPH_EIO || code == SPH_ENOMEM)
        SPH_LOG(sph_node_env(call->node)->log, SPH_LOG_ERROR, "api_failed",
                SPH_LF(SPH_F_CODE, sph_code_name(code)),
                SPH_LF(SPH_F_WHERE, why->depth ? why->frame[0].where : ""),
                SPH_LF(SPH_F_WHAT, why->depth ? why->frame[0].what : ""));
}

/* RFC 9110 15.5.6: which methods the path has. */
static sph_rc refuse_method(struct sph_api_call *call, sph_err *err)
{
    SPH_AUTO(sph_buf) allowed = sph_buf_init(SPH_API_ROOM - 1);
    for (size_t i = 0; i < sizeof(entries) / sizeof(entries[0]); i++)
        if (matches(entries[i].pattern, call))
            SPH_TRY(
                sph_buf_addf(&allowed, err, "%s%s", allowed.len > 0 ? ", " : "", entries[i].method),
                err, "methods");
    SPH_TRY(sph_buf_addf(&call->response->fields, err, "Allow: %s\r\n", sph_buf_text(&allowed)),
            err, "Allow");
    call->status = 405;
    return sph_api_refuse(call, SPH_EARG, "problem.method", "allowed", sph_buf_text(&allowed), err);
}

static sph_rc dispatch(struct sph_api_call *call, sph_err *err)
{
    bool is_path_known = false;
    /* P-14: the socket's mode keeps others out; its peer is asked all the same. */
    if (call->request->peer_uid >= 0 && call->request->peer_uid != (int64_t)geteuid() &&
        call->request->peer_uid != 0)
        return sph_api_refuse(call, SPH_EREFUSED, "problem.not-owner", NULL, NULL, err);
    if (!split_path(call))
        return sph_api_refuse(call, SPH_EARG, "problem.path", NULL, NULL, err);
    for (size_t i = 0; i < sizeof(entries) / sizeof(entries[0]); i++) {
        if (!matches(entries[i].pattern, call))
            continue;
        is_path_known = true;
        if (sph_slice_is(call->request->head->method, entries[i].method))
            return entries[i].handler(call, err);
    }
    if (is_path_known)
        return refuse_method(call, err);
    return sph_api_refuse(call, SPH_ENOTFOUND, "problem.path", NULL, NULL, err);
}

static enum sph_lang language_of(const sph_request *request, const sph_node *node)
{
    char text[16];
    const sph_slice wanted =
        sph_slice_sub(sph_http_field_get(request->head, "accept-language"), 0, sizeof(text) - 1);
    if (wanted.len == 0 || sph_str_copy(text, sizeof(text), wanted, NULL).code != SPH_OK)
        return sph_node_config(node)->lang;
    return sph_lang_of(text);
}

void sph_api_handle(void *ctx, const sph_request *request, sph_response *response)
{
    sph_api *api = ctx;
    sph_err err = {0};
    struct sph_api_call *call = sph_mem_new(1, sizeof(*call));
    if (!call) {
        response->status = 503;
        return;
    }
    call->api = api;
    call->node = api->node;
    call->request = request;
    call->response = response;
    call->lang = language_of(request, api->node);
    call->user = OPERATOR;
    response->status = 200;
    const sph_rc rc = dispatch(call, &err);
    if (rc.code != SPH_OK)
        answer_problem(call, rc.code, &err);
    sph_mem_free(call);
}

sph_route sph_api_route(sph_api *api)
{
    return (sph_route){.prefix = PREFIX,
                       .body_limit = BODY_LIMIT,
                       .memory_body = MEMORY_BODY,
                       .handle = sph_api_handle,
                       .ctx = api};
}
