#include "packet/draft.h"

#include "base/unicode.h"

#define VALUE_ROOM 24
#define TEXT_CAP 131072

static void add(const struct sph_draft *draft, const char *key, const char *path, const char *name)
{
    char full[64];
    if (sph_str_format(full, sizeof(full), NULL, "%s/%s", path, name).code != SPH_OK)
        full[sizeof(full) - 1] = '\0';
    sph_finding_add(draft->findings, "DRAFT", 0, key, full, "");
}

static bool is_part_of_field(const sph_field *field, const char *key)
{
    if (field->kind == SPH_FIELD_ML &&
        (strcmp(key, "lo") == 0 || strcmp(key, "th") == 0 || strcmp(key, "en") == 0))
        return true;
    return strcmp(key, "value") == 0 && field->kind != SPH_FIELD_GROUP &&
           field->kind != SPH_FIELD_ML && field->parts;
}

static bool is_known(const sph_field *fields, const char *key)
{
    for (; fields && fields->name; fields++)
        if (strcmp(fields->name, key) == 0)
            return true;
    return false;
}

/* P10: a key that no table names is refused, not dropped. `field`: whose value the object is, or
 * NULL. */
static void refuse_unknown(const struct sph_draft *draft, const sph_field *fields,
                           const sph_field *field, const sph_json *object, const char *path)
{
    for (const char *key = sph_json_next_key(object, NULL); key;
         key = sph_json_next_key(object, key))
        if (!is_known(fields, key) && !(field && is_part_of_field(field, key)))
            add(draft, "draft.unknown", path, key);
}

/* A scalar as text: strings as they are, numbers and truth values for the kinds that have them.
 * NULL: not the form of this field. */
static const char *scalar(const sph_field *field, const sph_json *json, char *room)
{
    const enum sph_json_kind kind = sph_json_kind_of(json);
    if (kind == SPH_JSON_TEXT)
        return sph_json_as_text(json);
    if (kind == SPH_JSON_INT && field->kind == SPH_FIELD_NUMBER &&
        sph_str_format(room, VALUE_ROOM, NULL, "%lld", (long long)sph_json_as_int(json, 0)).code ==
            SPH_OK)
        return room;
    if (kind == SPH_JSON_BOOL && field->kind == SPH_FIELD_FLAG) {
        SPH_AUTO(sph_buf) text = sph_buf_init(8);
        if (sph_json_print(json, false, &text, NULL).code == SPH_OK)
            return sph_slice_is(sph_buf_peek(&text), "true") ? "true" : "false";
    }
    return NULL;
}

static bool accepts_own_digits(const sph_field *field)
{
    return field->kind == SPH_FIELD_DATE || field->kind == SPH_FIELD_NUMBER ||
           field->kind == SPH_FIELD_TIME;
}

/* P9: Thai and Lao digits are taken on input and stored as ASCII; all text is stored in NFC. */
static sph_rc normalise(const sph_field *field, const char *value, sph_buf *out, sph_err *err)
{
    if (accepts_own_digits(field))
        return sph_unicode_ascii_digits(sph_slice_str(value), out, err);
    return sph_unicode_nfc(sph_slice_str(value), out, err);
}

static sph_rc write_attributes(const struct sph_draft *draft, const sph_field *fields,
                               const sph_json *object, const char *path, sph_err *err)
{
    char room[VALUE_ROOM];
    for (const sph_field *field = fields; field && field->name; field++) {
        const sph_json *json = sph_json_get(object, field->name);
        const char *value = field->is_attribute && json ? scalar(field, json, room) : NULL;
        SPH_AUTO(sph_buf) text = sph_buf_init(TEXT_CAP);
        if (!field->is_attribute)
            continue;
        if (!value && (json || field->min > 0))
            add(draft, json ? "draft.form" : "draft.missing", path, field->name);
        if (!value)
            continue;
        SPH_TRY(normalise(field, value, &text, err), err, "%s", field->name);
        sph_xml_set_slice(draft->w, field->name, sph_buf_peek(&text));
    }
    return sph_ok();
}

static sph_rc write_text(const struct sph_draft *draft, const sph_field *field, const char *lang,
                         const sph_json *json, bool is_first, const char *path, sph_err *err)
{
    const char *text = sph_json_kind_of(json) == SPH_JSON_TEXT ? sph_json_as_text(json)
                                                               : sph_json_get_text(json, "text");
    const char *src = sph_json_get_text(json, "src");
    SPH_AUTO(sph_buf) value = sph_buf_init(TEXT_CAP);
    if (!text) {
        add(draft, "draft.form", path, field->name);
        return sph_ok();
    }
    SPH_TRY(normalise(field, text, &value, err), err, "text");
    sph_xml_open(draft->w, "text");
    sph_xml_set(draft->w, "xml:lang", lang);
    sph_xml_set(draft->w, "src", src ? src : is_first ? "original" : "human");
    sph_xml_set(draft->w, "translatorRole", sph_json_get_text(json, "translatorRole"));
    sph_xml_set(draft->w, "date", sph_json_get_text(json, "date"));
    sph_xml_text(draft->w, sph_buf_peek(&value));
    sph_xml_close(draft->w);
    return sph_ok();
}

/* {"lo": "…", "en": {"text": "…", "src": "machine"}}: in the short form the first given is the
 * original. */
static sph_rc write_ml(const struct sph_draft *draft, const sph_field *field, const sph_json *json,
                       const char *path, sph_err *err)
{
    bool has_original = false;
    bool is_first = true;
    for (const char *key = sph_json_next_key(json, NULL); key; key = sph_json_next_key(json, key)) {
        const char *src = sph_json_get_text(sph_json_get(json, key), "src");
        has_original = has_original || (src && strcmp(src, "original") == 0);
    }
    for (const char *key = sph_json_next_key(json, NULL); key; key = sph_json_next_key(json, key)) {
        if (is_known(field->parts, key) || !is_part_of_field(field, key))
            continue;
        SPH_TRY(write_text(draft, field, key, sph_json_get(json, key), is_first && !has_original,
                           path, err),
                err, "%s", field->name);
        is_first = false;
    }
    if (is_first)
        add(draft, "draft.form", path, field->name);
    return sph_ok();
}

static sph_rc write_scalar(const struct sph_draft *draft, const sph_field *field,
                           const sph_json *json, const char *path, sph_err *err)
{
    char room[VALUE_ROOM];
    const bool is_object = sph_json_kind_of(json) == SPH_JSON_OBJECT;
    const char *value = scalar(field, is_object ? sph_json_get(json, "value") : json, room);
    SPH_AUTO(sph_buf) text = sph_buf_init(TEXT_CAP);
    if (!value) {
        add(draft, "draft.form", path, field->name);
        return sph_ok();
    }
    SPH_TRY(normalise(field, value, &text, err), err, "%s", field->name);
    sph_xml_text(draft->w, sph_buf_peek(&text));
    return sph_ok();
}

static sph_rc write_one(const struct sph_draft *draft, const sph_field *field, const sph_json *json,
                        const char *path, sph_err *err)
{
    const bool is_object = sph_json_kind_of(json) == SPH_JSON_OBJECT;
    if (!is_object && (field->kind == SPH_FIELD_GROUP || field->kind == SPH_FIELD_ML)) {
        add(draft, "draft.form", path, field->name);
        return sph_ok();
    }
    if (is_object)
        refuse_unknown(draft, field->parts, field, json, field->name);
    sph_xml_open(draft->w, field->name);
    SPH_TRY(write_attributes(draft, field->parts, is_object ? json : NULL, field->name, err), err,
            "%s", field->name);
    if (field->kind == SPH_FIELD_GROUP)
        SPH_TRY(sph_draft_write(draft, field->parts, json, field->name, err), err, "%s",
                field->name);
    else if (field->kind == SPH_FIELD_ML)
        SPH_TRY(write_ml(draft, field, json, path, err), err, "%s", field->name);
    else if (field->kind == SPH_FIELD_DOCUMENT && draft->document.len > 0)
        sph_xml_raw(draft->w, draft->document);
    else if (field->kind != SPH_FIELD_DOCUMENT)
        SPH_TRY(write_scalar(draft, field, json, path, err), err, "%s", field->name);
    sph_xml_close(draft->w);
    return sph_ok();
}

static sph_rc write_field(const struct sph_draft *draft, const sph_field *field,
                          const sph_json *json, const char *path, sph_err *err)
{
    if (sph_json_kind_of(json) != SPH_JSON_ARRAY)
        return write_one(draft, field, json, path, err);
    if (sph_json_count(json) > field->max)
        add(draft, "draft.too-many", path, field->name);
    for (size_t i = 0; i < sph_json_count(json); i++)
        SPH_TRY(write_one(draft, field, sph_json_at(json, i), path, err), err, "%s", field->name);
    return sph_ok();
}

sph_rc sph_draft_write(const struct sph_draft *draft, const sph_field *fields,
                       const sph_json *object, const char *path, sph_err *err)
{
    for (const sph_field *field = fields; field->name; field++) {
        const sph_json *json = sph_json_get(object, field->name);
        if (field->is_attribute)
            continue;
        if (!json || (sph_json_kind_of(json) == SPH_JSON_ARRAY && sph_json_count(json) == 0)) {
            if (field->min > 0)
                add(draft, "draft.missing", path, field->name);
            continue;
        }
        SPH_TRY(write_field(draft, field, json, path, err), err, "%s", field->name);
    }
    return sph_ok();
}
