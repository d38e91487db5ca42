#include "base/json.h"

#include <jansson.h>

#define DEEPEST 64u

/* One object, two names: sph_json is json_t, so that jansson's header stays here. jansson takes
 * some read-only arguments without const. */
static json_t *of(const sph_json *json)
{
    return (json_t *)(uintptr_t)json;
}

static sph_json *to(json_t *json)
{
    return (sph_json *)json;
}

/* jansson's own limit is 2048 levels of recursion; ours is held before it starts. */
static bool is_too_deep(sph_slice text)
{
    size_t depth = 0;
    bool in_string = false;
    for (size_t i = 0; i < text.len; i++) {
        const uint8_t byte = text.at[i];
        if (in_string && byte == '\\')
            i++;
        else if (byte == '"')
            in_string = !in_string;
        else if (!in_string && (byte == '[' || byte == '{') && ++depth > DEEPEST)
            return true;
        else if (!in_string && (byte == ']' || byte == '}') && depth > 0)
            depth--;
    }
    return false;
}

sph_rc sph_json_parse(sph_slice text, size_t max, sph_json **out, sph_err *err)
{
    json_error_t why;
    if (text.len > max)
        return sph_fail(err, SPH_ELIMIT, "JSON of %zu bytes, limit %zu", text.len, max);
    if (is_too_deep(text))
        return sph_fail(err, SPH_ELIMIT, "JSON deeper than %u levels", DEEPEST);
    if (text.len == 0)
        return sph_fail(err, SPH_EPARSE, "JSON of no bytes");
    json_t *json =
        json_loadb((const char *)text.at, text.len, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &why);
    if (json) {
        *out = to(json);
        return sph_ok();
    }
    /* The text of jansson's error quotes the input, so only the place is kept. */
    if (json_error_code(&why) == json_error_out_of_memory)
        return sph_fail(err, SPH_ENOMEM, "JSON");
    return sph_fail(err, SPH_EPARSE, "JSON: line %d, column %d", why.line, why.column);
}

struct print_state {
    sph_buf *out;
    sph_rc rc;
    sph_err *err;
};

static int print_more(const char *text, size_t len, void *data)
{
    struct print_state *state = data;
    state->rc = sph_buf_add(state->out, sph_slice_of(text, len), state->err);
    return state->rc.code == SPH_OK ? 0 : -1;
}

sph_rc sph_json_print(const sph_json *json, bool pretty, sph_buf *out, sph_err *err)
{
    const size_t before = out->len;
    struct print_state state = {out, sph_ok(), err};
    const size_t form = pretty ? JSON_INDENT(2) : JSON_COMPACT;
    if (!json)
        return sph_fail(err, SPH_ENOMEM, "no JSON value to print");
    if (json_dump_callback(of(json), print_more, &state, form | JSON_ENCODE_ANY) == 0)
        return sph_ok();
    sph_buf_cut(out, before);
    return state.rc.code == SPH_OK ? sph_fail(err, SPH_ENOMEM, "printing JSON") : state.rc;
}

void sph_json_free(sph_json **json)
{
    if (!json)
        return;
    json_decref(of(*json));
    *json = NULL;
}

sph_json *sph_json_object(void)
{
    return to(json_object());
}

sph_json *sph_json_array(void)
{
    return to(json_array());
}

sph_json *sph_json_str(sph_slice text)
{
    return to(json_stringn(text.len == 0 ? "" : (const char *)text.at, text.len));
}

sph_json *sph_json_text(const char *text)
{
    return sph_json_str(sph_slice_str(text));
}

sph_json *sph_json_int(int64_t number)
{
    return to(json_integer(number));
}

sph_json *sph_json_bool(bool value)
{
    return to(json_boolean(value));
}

sph_json *sph_json_null(void)
{
    return to(json_null());
}

sph_json *sph_json_dup(const sph_json *json)
{
    return to(json_deep_copy(of(json)));
}

sph_rc sph_json_set(sph_json *object, const char *key, sph_json *value, sph_err *err)
{
    if (!value || !object) {
        sph_json_free(&value);
        return sph_fail(err, SPH_ENOMEM, "JSON member");
    }
    if (json_object_set_new(of(object), key, of(value)) != 0)
        return sph_fail(err, SPH_ENOMEM, "JSON member");
    return sph_ok();
}

sph_rc sph_json_add(sph_json *array, sph_json *value, sph_err *err)
{
    if (!value || !array) {
        sph_json_free(&value);
        return sph_fail(err, SPH_ENOMEM, "JSON element");
    }
    if (json_array_append_new(of(array), of(value)) != 0)
        return sph_fail(err, SPH_ENOMEM, "JSON element");
    return sph_ok();
}

sph_json *sph_json_get(const sph_json *object, const char *key)
{
    return to(json_object_get(of(object), key));
}

sph_json *sph_json_at(const sph_json *array, size_t index)
{
    return to(json_array_get(of(array), index));
}

size_t sph_json_count(const sph_json *array_or_object)
{
    const json_t *json = of(array_or_object);
    return json_is_array(json) ? json_array_size(json) : json_object_size(json);
}

const char *sph_json_as_text(const sph_json *json)
{
    return json_string_value(of(json));
}

int64_t sph_json_as_int(const sph_json *json, int64_t otherwise)
{
    return json_is_integer(of(json)) ? json_integer_value(of(json)) : otherwise;
}

const char *sph_json_get_text(const sph_json *object, const char *key)
{
    return sph_json_as_text(sph_json_get(object, key));
}

int64_t sph_json_get_int(const sph_json *object, const char *key, int64_t otherwise)
{
    return sph_json_as_int(sph_json_get(object, key), otherwise);
}

bool sph_json_as_bool(const sph_json *json, bool otherwise)
{
    return json_is_boolean(of(json)) ? json_is_true(of(json)) : otherwise;
}

bool sph_json_get_bool(const sph_json *object, const char *key, bool otherwise)
{
    return sph_json_as_bool(sph_json_get(object, key), otherwise);
}

enum sph_json_kind sph_json_kind_of(const sph_json *json)
{
    static const enum sph_json_kind kinds[] = {
        [JSON_OBJECT] = SPH_JSON_OBJECT, [JSON_ARRAY] = SPH_JSON_ARRAY,
        [JSON_STRING] = SPH_JSON_TEXT,   [JSON_INTEGER] = SPH_JSON_INT,
        [JSON_REAL] = SPH_JSON_REAL,     [JSON_TRUE] = SPH_JSON_BOOL,
        [JSON_FALSE] = SPH_JSON_BOOL,    [JSON_NULL] = SPH_JSON_NULL,
    };
    return json ? kinds[json_typeof(of(json))] : SPH_JSON_NONE;
}

const char *sph_json_next_key(const sph_json *object, const char *key)
{
    json_t *json = of(object);
    void *at =
        key ? json_object_iter_next(json, json_object_iter_at(json, key)) : json_object_iter(json);
    return json_object_iter_key(at);
}
