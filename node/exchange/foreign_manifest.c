#include <string.h>

#include "base/codec.h"
#include "exchange/foreign.h"

#define MANIFEST_MAX ((size_t)1024 * 1024)
#define MANIFEST_SCHEMA "saphan.foreign/1"

void sph_foreign_free(sph_foreign **message)
{
    if (!message || !*message)
        return;
    sph_wipe(*message, sizeof(**message));
    sph_mem_free(*message);
    *message = NULL;
}

static sph_rc put_text(sph_json *json, const char *key, const char *text, sph_err *err)
{
    return text[0] ? sph_json_set(json, key, sph_json_text(text), err) : sph_ok();
}

static sph_rc put_hex(sph_json *json, const char *key, sph_slice bytes, sph_err *err)
{
    SPH_AUTO(sph_buf) hex = sph_buf_init(128);
    SPH_TRY(sph_hex_encode(bytes, &hex, err), err, "%s", key);
    const sph_rc rc = sph_json_set(json, key, sph_json_text(sph_buf_text(&hex)), err);
    sph_wipe(hex.at, hex.len);
    return rc;
}

static sph_rc print_part(const sph_foreign_part *part, sph_json *list, sph_err *err)
{
    SPH_AUTO_PTR(sph_json) *json = sph_json_object();
    SPH_TRY(put_text(json, "id", part->id, err), err, "part");
    SPH_TRY(put_text(json, "name", part->name, err), err, "part");
    SPH_TRY(put_text(json, "mediaType", part->media_type, err), err, "part");
    SPH_TRY(put_text(json, "charset", part->charset, err), err, "part");
    SPH_TRY(sph_json_set(json, "gzip", sph_json_bool(part->is_gzip), err), err, "part");
    SPH_TRY(sph_json_set(json, "size", sph_json_int((int64_t)part->size), err), err, "part");
    SPH_TRY(sph_json_set(json, "octets", sph_json_int((int64_t)part->len), err), err, "part");
    SPH_TRY(sph_json_set(json, "storedOctets", sph_json_int((int64_t)part->stored_len), err), err,
            "part");
    SPH_TRY(put_hex(json, "sha256", sph_slice_hash(&part->sha256), err), err, "part");
    SPH_TRY(put_hex(json, "stored", sph_slice_hash(&part->stored), err), err, "part");
    SPH_TRY(put_hex(json, "key", sph_slice_of(part->key, sizeof(part->key)), err), err, "part");
    return sph_json_add(list, sph_move(json), err);
}

static sph_rc print_parts(const sph_foreign *message, sph_json *json, sph_err *err)
{
    SPH_AUTO_PTR(sph_json) *list = sph_json_array();
    for (size_t i = 0; i < message->part_count; i++)
        SPH_TRY(print_part(&message->part[i], list, err), err, "part %zu", i + 1);
    return sph_json_set(json, "parts", sph_move(list), err);
}

static sph_rc print_properties(const sph_foreign *message, sph_json *json, sph_err *err)
{
    SPH_AUTO_PTR(sph_json) *list = sph_json_array();
    for (size_t i = 0; i < message->property_count; i++) {
        SPH_AUTO_PTR(sph_json) *row = sph_json_object();
        SPH_TRY(put_text(row, "name", message->property[i].name, err), err, "property");
        SPH_TRY(put_text(row, "type", message->property[i].type, err), err, "property");
        SPH_TRY(put_text(row, "value", message->property[i].value, err), err, "property");
        SPH_TRY(sph_json_add(list, sph_move(row), err), err, "property");
    }
    return sph_json_set(json, "properties", sph_move(list), err);
}

/** The texts of a message by their member names, for writing and reading alike. */
#define TEXTS 9
struct text_place {
    const char *key;
    char *at;
    size_t room;
};
static void list_texts(sph_foreign *message, struct text_place out[TEXTS])
{
    const struct text_place places[TEXTS] = {
        {"packetId", message->packet_id, sizeof(message->packet_id)},
        {"partner", message->partner, sizeof(message->partner)},
        {"messageId", message->message_id, sizeof(message->message_id)},
        {"refTo", message->ref_to, sizeof(message->ref_to)},
        {"conversationId", message->conversation_id, sizeof(message->conversation_id)},
        {"service", message->service, sizeof(message->service)},
        {"serviceType", message->service_type, sizeof(message->service_type)},
        {"action", message->action, sizeof(message->action)},
        {"agreement", message->agreement, sizeof(message->agreement)}};
    for (size_t i = 0; i < TEXTS; i++)
        out[i] = places[i];
}

static sph_rc fill_json(sph_foreign *message, sph_json *json, sph_err *err)
{
    struct text_place places[TEXTS];
    list_texts(message, places);
    SPH_TRY(sph_json_set(json, "schema", sph_json_text(MANIFEST_SCHEMA), err), err, "manifest");
    for (size_t i = 0; i < TEXTS; i++)
        SPH_TRY(put_text(json, places[i].key, places[i].at, err), err, "manifest");
    SPH_TRY(sph_json_set(json, "timestamp", sph_json_int(message->timestamp_ms), err), err,
            "manifest");
    SPH_TRY(print_properties(message, json, err), err, "manifest");
    return print_parts(message, json, err);
}

sph_rc sph_foreign_print(const sph_foreign *message, sph_buf *out, sph_err *err)
{
    SPH_AUTO_PTR(sph_json) *json = sph_json_object();
    SPH_AUTO_PTR(sph_foreign) *copy = sph_mem_new(1, sizeof(*copy));
    if (!copy)
        return sph_fail(err, SPH_ENOMEM, "manifest");
    *copy = *message;
    SPH_TRY(fill_json(copy, json, err), err, "manifest");
    return sph_json_print(json, false, out, err);
}

static sph_rc take_text(const sph_json *json, const char *key, char *out, size_t room, sph_err *err)
{
    const char *text = sph_json_get_text(json, key);
    return sph_str_copy(out, room, sph_slice_str(text ? text : ""), err);
}

static sph_rc take_hex(const sph_json *json, const char *key, uint8_t *out, size_t room,
                       sph_err *err)
{
    SPH_AUTO(sph_buf) bytes = sph_buf_init(room);
    const char *text = sph_json_get_text(json, key);
    SPH_TRY(sph_hex_decode(sph_slice_str(text ? text : ""), &bytes, err), err, "%s", key);
    if (bytes.len != room)
        return sph_fail(err, SPH_EPARSE, "%s has another length", key);
    const sph_rc rc = sph_bytes_copy(out, room, sph_buf_peek(&bytes), err);
    sph_wipe(bytes.at, bytes.len);
    return rc;
}

static sph_rc parse_part(const sph_json *json, sph_foreign_part *part, sph_err *err)
{
    SPH_TRY(take_text(json, "id", part->id, sizeof(part->id), err), err, "id");
    SPH_TRY(take_text(json, "name", part->name, sizeof(part->name), err), err, "name");
    SPH_TRY(take_text(json, "mediaType", part->media_type, sizeof(part->media_type), err), err,
            "media type");
    SPH_TRY(take_text(json, "charset", part->charset, sizeof(part->charset), err), err, "charset");
    part->is_gzip = sph_json_get_bool(json, "gzip", false);
    part->size = (uint64_t)sph_json_get_int(json, "size", 0);
    part->len = (uint64_t)sph_json_get_int(json, "octets", 0);
    part->stored_len = (uint64_t)sph_json_get_int(json, "storedOctets", 0);
    SPH_TRY(take_hex(json, "sha256", part->sha256.at, sizeof(part->sha256.at), err), err, "digest");
    SPH_TRY(take_hex(json, "stored", part->stored.at, sizeof(part->stored.at), err), err, "digest");
    return take_hex(json, "key", part->key, sizeof(part->key), err);
}

static sph_rc parse_lists(const sph_json *json, sph_foreign *message, sph_err *err)
{
    const sph_json *properties = sph_json_get(json, "properties");
    const sph_json *parts = sph_json_get(json, "parts");
    message->property_count = sph_json_count(properties);
    message->part_count = sph_json_count(parts);
    if (message->property_count > SPH_FOREIGN_PROPERTIES || message->part_count > SPH_FOREIGN_PARTS)
        return sph_fail(err, SPH_ELIMIT, "a manifest with too many rows");
    for (size_t i = 0; i < message->property_count; i++) {
        const sph_json *row = sph_json_at(properties, i);
        SPH_TRY(take_text(row, "name", message->property[i].name, 256, err), err, "property");
        SPH_TRY(take_text(row, "type", message->property[i].type, 256, err), err, "property");
        SPH_TRY(take_text(row, "value", message->property[i].value, 1025, err), err, "property");
    }
    for (size_t i = 0; i < message->part_count; i++)
        SPH_TRY(parse_part(sph_json_at(parts, i), &message->part[i], err), err, "part %zu", i + 1);
    return sph_ok();
}

sph_rc sph_foreign_parse(sph_slice text, sph_foreign **out, sph_err *err)
{
    struct text_place places[TEXTS];
    SPH_AUTO_PTR(sph_json) *json = NULL;
    SPH_AUTO_PTR(sph_foreign) *message = sph_mem_new(1, sizeof(*message));
    if (!message)
        return sph_fail(err, SPH_ENOMEM, "manifest");
    SPH_TRY(sph_json_parse(text, MANIFEST_MAX, &json, err), err, "manifest");
    const char *schema = sph_json_get_text(json, "schema");
    if (!schema || strcmp(schema, MANIFEST_SCHEMA) != 0)
        return sph_fail(err, SPH_EPARSE, "not a " MANIFEST_SCHEMA);
    list_texts(message, places);
    for (size_t i = 0; i < TEXTS; i++)
        SPH_TRY(take_text(json, places[i].key, places[i].at, places[i].room, err), err, "%s",
                places[i].key);
    message->timestamp_ms = sph_json_get_int(json, "timestamp", 0);
    SPH_TRY(parse_lists(json, message, err), err, "manifest");
    *out = sph_move(message);
    return sph_ok();
}
