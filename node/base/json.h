/** JSON values (jansson behind). Strict parsing: no duplicate keys, depth and size limits. */
#pragma once

#include "base/bytes.h"

typedef struct sph_json sph_json; /* reference counted by the wrapper; not thread-safe */

/** Parse one document; at most max bytes and depth 64. out: owned, sph_json_free. SPH_EPARSE,
 * SPH_ELIMIT. */
SPH_MUST sph_rc sph_json_parse(sph_slice text, size_t max, sph_json **out, sph_err *err);
/** Append compact text (`pretty` indents by two). */
SPH_MUST sph_rc sph_json_print(const sph_json *json, bool pretty, sph_buf *out, sph_err *err);
void sph_json_free(sph_json **json);

/** Builders: NULL when out of memory. Setters accept a NULL value and then report SPH_ENOMEM, so
 * calls nest. */
sph_json *sph_json_object(void);
sph_json *sph_json_array(void);
sph_json *sph_json_str(sph_slice text); /* invalid UTF-8: NULL */
sph_json *sph_json_text(const char *text);
sph_json *sph_json_int(int64_t number);
sph_json *sph_json_bool(bool value);
sph_json *sph_json_null(void);
sph_json *sph_json_dup(const sph_json *json); /* deep copy */
/** Set a member or append an element; takes `value` in every case. */
SPH_MUST sph_rc sph_json_set(sph_json *object, const char *key, sph_json *value, sph_err *err);
SPH_MUST sph_rc sph_json_add(sph_json *array, sph_json *value, sph_err *err);

/** Readers: borrowed until the root is freed; NULL or the default when absent or of another type.
 */
sph_json *sph_json_get(const sph_json *object, const char *key);
sph_json *sph_json_at(const sph_json *array, size_t index);
size_t sph_json_count(const sph_json *array_or_object);
const char *sph_json_get_text(const sph_json *object, const char *key); /* NULL when absent */
int64_t sph_json_get_int(const sph_json *object, const char *key, int64_t otherwise);
bool sph_json_get_bool(const sph_json *object, const char *key, bool otherwise);
const char *sph_json_as_text(const sph_json *json);
int64_t sph_json_as_int(const sph_json *json, int64_t otherwise);
bool sph_json_as_bool(const sph_json *json, bool otherwise);
enum sph_json_kind {
    SPH_JSON_NONE,
    SPH_JSON_OBJECT,
    SPH_JSON_ARRAY,
    SPH_JSON_TEXT,
    SPH_JSON_INT,
    SPH_JSON_REAL,
    SPH_JSON_BOOL,
    SPH_JSON_NULL
};
enum sph_json_kind sph_json_kind_of(const sph_json *json);
/** Walk an object's members in order: pass NULL first; returns the next key or NULL. */
const char *sph_json_next_key(const sph_json *object, const char *key);
