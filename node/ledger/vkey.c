#include "base/codec.h"
#include "base/unicode.h"
#include "ledger/note.h"

#define VKEY_MAX 256

/* Code points with the property White_Space that UTF-8 can hold. */
static bool is_space(uint32_t c)
{
    return (c >= 0x09 && c <= 0x0d) || c == 0x20 || c == 0x85 || c == 0xa0 || c == 0x1680 ||
           (c >= 0x2000 && c <= 0x200a) || c == 0x2028 || c == 0x2029 || c == 0x202f ||
           c == 0x205f || c == 0x3000;
}

/* Next code point of valid UTF-8. */
static uint32_t next_char(sph_slice text, size_t *at)
{
    const uint8_t lead = text.at[(*at)++];
    if (lead < 0x80)
        return lead;
    unsigned more = lead < 0xe0 ? 1 : lead < 0xf0 ? 2 : 3;
    uint32_t c = lead & (0x3fu >> more);
    for (; more > 0 && *at < text.len; more--)
        c = c << 6 | (text.at[(*at)++] & 0x3fu);
    return c;
}

bool sph_vkey_name_valid(sph_slice name)
{
    if (name.len == 0 || name.len >= SPH_ORIGIN_ROOM || !sph_utf8_valid(name))
        return false;
    for (size_t at = 0; at < name.len;) {
        const uint32_t c = next_char(name, &at);
        if (is_space(c) || c < 0x20 || c == 0x7f || c == '+')
            return false;
    }
    return true;
}

/* Key id = first 4 octets of SHA-256(name ‖ 0x0A ‖ type ‖ public key). */
static void set_id(sph_vkey *vkey)
{
    const sph_slice parts[] = {sph_slice_str(vkey->name), SPH_LIT("\n"),
                               sph_slice_of(&vkey->type, 1),
                               sph_slice_of(vkey->key, sizeof(vkey->key))};
    const sph_hash hash = sph_sha256_of_parts(parts, 4);
    for (size_t i = 0; i < sizeof(vkey->id); i++)
        vkey->id[i] = hash.at[i];
}

sph_rc sph_vkey_make(const char *name, enum sph_vkey_type type, const sph_pubkey *key,
                     sph_vkey *out, sph_err *err)
{
    SPH_AUTO(sph_buf) raw = sph_buf_init(32);
    sph_vkey vkey = {.type = (uint8_t)type};
    if (!sph_vkey_name_valid(sph_slice_str(name)))
        return sph_fail(err, SPH_EARG, "key name");
    if (sph_pubkey_kind_of(key) != SPH_KEY_ED25519)
        return sph_fail(err, SPH_EARG, "notes are signed with Ed25519");
    SPH_TRY(sph_pubkey_raw(key, &raw, err), err, "public key");
    SPH_TRY(sph_bytes_copy(vkey.key, sizeof(vkey.key), sph_buf_peek(&raw), err), err, "public key");
    SPH_TRY(sph_str_copy(vkey.name, sizeof(vkey.name), sph_slice_str(name), err), err, "key name");
    set_id(&vkey);
    *out = vkey;
    return sph_ok();
}

static sph_rc read_key(sph_slice text, sph_vkey *vkey, sph_err *err)
{
    SPH_AUTO(sph_buf) bytes = sph_buf_init(VKEY_MAX);
    SPH_TRY(sph_base64_decode(text, &bytes, err), err, "vkey base64");
    if (bytes.len < 1)
        return sph_fail(err, SPH_EPARSE, "a vkey without key");
    if (bytes.at[0] != SPH_VKEY_LOG && bytes.at[0] != SPH_VKEY_COSIGNATURE)
        return sph_fail(err, SPH_EUNSUPPORTED, "key type 0x%02x", bytes.at[0]);
    if (bytes.len != 1 + sizeof(vkey->key))
        return sph_fail(err, SPH_EPARSE, "a key of %zu octets", bytes.len - 1);
    vkey->type = bytes.at[0];
    return sph_bytes_copy(vkey->key, sizeof(vkey->key), sph_slice_sub(sph_buf_peek(&bytes), 1, 32),
                          err);
}

sph_rc sph_vkey_parse(sph_slice text, sph_vkey *out, sph_err *err)
{
    SPH_AUTO(sph_buf) id = sph_buf_init(4);
    sph_vkey vkey = {.type = 0};
    /* At the first two '+' only: base64 may contain more. */
    const size_t first = sph_slice_find(text, SPH_LIT("+"), 0);
    const size_t second =
        first == SIZE_MAX ? SIZE_MAX : sph_slice_find(text, SPH_LIT("+"), first + 1);
    if (text.len > VKEY_MAX || second != first + 9 || second == SIZE_MAX)
        return sph_fail(err, SPH_EPARSE, "not of the form name+id+key");
    const sph_slice name = sph_slice_sub(text, 0, first);
    if (!sph_vkey_name_valid(name))
        return sph_fail(err, SPH_EPARSE, "key name");
    SPH_TRY(sph_str_copy(vkey.name, sizeof(vkey.name), name, err), err, "key name");
    SPH_TRY(sph_hex_decode(sph_slice_sub(text, first + 1, 8), &id, err), err, "key id");
    SPH_TRY(read_key(sph_slice_sub(text, second + 1, SIZE_MAX), &vkey, err), err, "key");
    set_id(&vkey);
    if (!sph_slice_equal(sph_buf_peek(&id), sph_slice_of(vkey.id, sizeof(vkey.id))))
        return sph_fail(err, SPH_EPARSE, "the key id belongs to another name or key");
    *out = vkey;
    return sph_ok();
}

sph_rc sph_vkey_text(const sph_vkey *vkey, sph_buf *out, sph_err *err)
{
    uint8_t bytes[33] = {vkey->type};
    SPH_TRY(sph_bytes_copy(bytes + 1, 32, sph_slice_of(vkey->key, sizeof(vkey->key)), err), err,
            "key");
    SPH_TRY(sph_buf_addf(out, err, "%s+%02x%02x%02x%02x+", vkey->name, vkey->id[0], vkey->id[1],
                         vkey->id[2], vkey->id[3]),
            err, "vkey");
    return sph_base64_encode(sph_slice_of(bytes, sizeof(bytes)), out, err);
}
