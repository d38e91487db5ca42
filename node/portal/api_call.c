#include "portal/api_call.h"

#include "base/codec.h"

sph_rc sph_api_refuse(struct sph_api_call *call, enum sph_code code, const char *key,
                      const char *name, const char *value, sph_err *err)
{
    call->problem = key;
    call->problem_args = 0;
    /* Copied: the handler's own memory is gone when the problem is written. */
    if (sph_str_format(call->problem_value, sizeof(call->problem_value), NULL, "%s",
                       value ? value : "")
            .code != SPH_OK)
        call->problem_value[0] = '\0';
    if (name)
        call->problem_arg[call->problem_args++] = (sph_arg){name, call->problem_value};
    return sph_fail(err, code, "%s", key);
}

sph_rc sph_api_param_int(const struct sph_api_call *call, const char *name, int64_t otherwise,
                         int64_t *out, sph_err *err)
{
    char text[24];
    uint64_t value = 0;
    *out = otherwise;
    if (!sph_api_param(call, name, text, sizeof(text)))
        return sph_ok();
    if (sph_slice_u64(sph_slice_str(text), INT64_MAX, &value, NULL).code != SPH_OK)
        return sph_fail(err, SPH_EARG, "%s must be a number", name);
    *out = (int64_t)value;
    return sph_ok();
}

sph_rc sph_api_body_bytes(const struct sph_api_call *call, size_t most, sph_buf *out, sph_err *err)
{
    const sph_request *request = call->request;
    sph_file_source source;
    if (request->body_len > most)
        return sph_fail(err, SPH_ELIMIT, "body of %llu bytes, limit %zu",
                        (unsigned long long)request->body_len, most);
    if (!request->spool)
        return sph_buf_add(out, request->body, err);
    const sph_reader reader =
        sph_reader_of_file(&source, request->files, request->spool, 0, request->body_len);
    const sph_writer writer = sph_writer_of_buf(out);
    return sph_stream_copy(&reader, &writer, most, NULL, err);
}

sph_rc sph_api_body(const struct sph_api_call *call, sph_json **out, sph_err *err)
{
    const size_t most = sph_node_limits(call->node)->json_body;
    SPH_AUTO(sph_buf) body = sph_buf_init(most);
    SPH_TRY(sph_api_body_bytes(call, most, &body, err), err, "body");
    SPH_AUTO_PTR(sph_json) *json = NULL;
    SPH_TRY(sph_json_parse(sph_buf_peek(&body), most, &json, err), err, "body");
    if (sph_json_kind_of(json) != SPH_JSON_OBJECT)
        return sph_fail(err, SPH_EARG, "the body must be a JSON object");
    *out = sph_move(json);
    return sph_ok();
}

sph_rc sph_api_answer(struct sph_api_call *call, unsigned status, sph_json **json, sph_err *err)
{
    SPH_AUTO_PTR(sph_json) *owned = sph_move(*json);
    call->response->body = sph_buf_init((size_t)64 * 1024 * 1024);
    call->response->status = status;
    call->response->content_type = "application/json";
    return sph_json_print(owned, false, &call->response->body, err);
}

sph_rc sph_api_answer_bytes(struct sph_api_call *call, const char *content_type, sph_slice bytes,
                            sph_err *err)
{
    call->response->body = sph_buf_init(bytes.len + 1);
    call->response->content_type = content_type;
    return sph_buf_add(&call->response->body, bytes, err);
}

sph_rc sph_api_object(const char *schema, sph_json **out, sph_err *err)
{
    SPH_AUTO_PTR(sph_json) *object = sph_json_object();
    if (!object)
        return sph_fail(err, SPH_ENOMEM, "answer");
    SPH_TRY(sph_api_set_text(object, "schema", schema, err), err, "answer");
    *out = sph_move(object);
    return sph_ok();
}

sph_rc sph_api_set_text(sph_json *object, const char *key, const char *text, sph_err *err)
{
    return text ? sph_json_set(object, key, sph_json_text(text), err) : sph_ok();
}

sph_rc sph_api_set_int(sph_json *object, const char *key, int64_t number, sph_err *err)
{
    return sph_json_set(object, key, sph_json_int(number), err);
}

sph_rc sph_api_set_time(sph_json *object, const char *key, int64_t ms, sph_err *err)
{
    char text[SPH_TIME_TEXT];
    if (ms <= 0 || ms == INT64_MAX)
        return sph_ok();
    SPH_TRY(sph_time_format(ms, true, text, err), err, "time");
    return sph_api_set_text(object, key, text, err);
}

sph_rc sph_api_set_hash(sph_json *object, const char *key, const sph_hash *hash, sph_err *err)
{
    SPH_AUTO(sph_buf) hex = sph_buf_init(72);
    SPH_TRY(sph_hex_encode(sph_slice_hash(hash), &hex, err), err, "digest");
    return sph_api_set_text(object, key, sph_buf_text(&hex), err);
}

static sph_rc add_finding(const sph_finding *finding, enum sph_lang lang, sph_json *list,
                          sph_err *err)
{
    SPH_AUTO(sph_buf) text = sph_buf_init(8192);
    SPH_AUTO_PTR(sph_json) *row = sph_json_object();
    SPH_TRY(sph_finding_text(finding, lang, &text, err), err, "finding");
    if (!row)
        return sph_fail(err, SPH_ENOMEM, "finding");
    SPH_TRY(sph_api_set_text(row, "rule", finding->rule, err), err, "finding");
    SPH_TRY(sph_api_set_int(row, "line", finding->line, err), err, "finding");
    SPH_TRY(sph_api_set_text(row, "name", finding->name, err), err, "finding");
    SPH_TRY(sph_api_set_text(row, "text", sph_buf_text(&text), err), err, "finding");
    SPH_TRY(sph_json_set(row, "note", sph_json_bool(finding->is_note), err), err, "finding");
    return sph_json_add(list, sph_move(row), err);
}

sph_rc sph_api_findings(const sph_findings *findings, enum sph_lang lang, sph_json **out,
                        sph_err *err)
{
    SPH_AUTO_PTR(sph_json) *list = sph_json_array();
    if (!list)
        return sph_fail(err, SPH_ENOMEM, "findings");
    for (size_t i = 0; i < findings->count; i++)
        SPH_TRY(add_finding(&findings->at[i], lang, list, err), err, "findings");
    *out = sph_move(list);
    return sph_ok();
}
