#include "ledger/note.h"

#include "base/codec.h"
#include "base/unicode.h"
#include "ledger/note_impl.h"

/* "— ", U+2014 and a space */
#define DASH "\xe2\x80\x94 "
#define SIGNATURE_LEN 64
#define LINE_BYTES_MAX 8192 /* room for post-quantum cosignatures of other keys */

bool sph_note_next_line(sph_slice *rest, sph_slice *line)
{
    const size_t end = sph_slice_find(*rest, SPH_LIT("\n"), 0);
    if (end == SIZE_MAX)
        return false;
    *line = sph_slice_sub(*rest, 0, end);
    *rest = sph_slice_sub(*rest, end + 1, SIZE_MAX);
    return true;
}

static bool has_controls(sph_slice text)
{
    for (size_t i = 0; i < text.len; i++)
        if ((text.at[i] < 0x20 && text.at[i] != '\n') || text.at[i] == 0x7f)
            return true;
    return false;
}

/* Position of the last "\n\n", SIZE_MAX when there is none. */
static size_t last_blank_line(sph_slice note)
{
    for (size_t at = note.len; at-- > 1;)
        if (note.at[at] == '\n' && note.at[at - 1] == '\n')
            return at - 1;
    return SIZE_MAX;
}

sph_rc sph_note_split(sph_slice note, sph_slice *text, sph_slice *lines, sph_err *err)
{
    if (note.len > SPH_NOTE_MAX)
        return sph_fail(err, SPH_ELIMIT, "a note of %zu octets", note.len);
    if (!sph_utf8_valid(note) || has_controls(note))
        return sph_fail(err, SPH_EPARSE, "a note is UTF-8 without control characters");
    const size_t at = last_blank_line(note);
    if (at == SIZE_MAX)
        return sph_fail(err, SPH_EPARSE, "no blank line before the signatures");
    const sph_slice tail = sph_slice_sub(note, at + 2, SIZE_MAX);
    if (tail.len == 0 || tail.at[tail.len - 1] != '\n')
        return sph_fail(err, SPH_EPARSE, "no signature line");
    sph_slice rest = tail, line;
    unsigned count = 0;
    while (sph_note_next_line(&rest, &line)) {
        struct note_line form;
        if (++count > SPH_NOTE_SIGNATURES_MAX)
            return sph_fail(err, SPH_ELIMIT, "more than %d signature lines",
                            SPH_NOTE_SIGNATURES_MAX);
        SPH_TRY(sph_note_line_parse(line, &form, err), err, "signature line %u", count);
    }
    *text = sph_slice_sub(note, 0, at + 1);
    *lines = tail;
    return sph_ok();
}

sph_rc sph_note_line_parse(sph_slice line, struct note_line *out, sph_err *err)
{
    SPH_AUTO(sph_buf) bytes = sph_buf_init(LINE_BYTES_MAX);
    if (!sph_slice_starts(line, SPH_LIT(DASH)))
        return sph_fail(err, SPH_EPARSE, "a signature line starts with a dash and a space");
    const sph_slice rest = sph_slice_sub(line, sizeof(DASH) - 1, SIZE_MAX);
    const size_t space = sph_slice_find(rest, SPH_LIT(" "), 0);
    const sph_slice name = sph_slice_sub(rest, 0, space == SIZE_MAX ? 0 : space);
    if (!sph_vkey_name_valid(name))
        return sph_fail(err, SPH_EPARSE, "name of a signature line");
    SPH_TRY(sph_base64_decode(sph_slice_sub(rest, space + 1, SIZE_MAX), &bytes, err), err,
            "signature");
    if (bytes.len < 5)
        return sph_fail(err, SPH_EPARSE, "a signature of %zu octets", bytes.len);
    const sph_slice kept = sph_slice_sub(sph_buf_peek(&bytes), 0, sizeof(out->bytes));
    SPH_TRY(sph_bytes_copy(out->bytes, sizeof(out->bytes), kept, err), err, "signature");
    out->name = name;
    out->len = bytes.len;
    return sph_ok();
}

bool sph_note_line_is_by(const struct note_line *line, const sph_vkey *vkey)
{
    return sph_slice_is(line->name, vkey->name) &&
           sph_slice_equal(sph_slice_of(line->bytes, 4), sph_slice_of(vkey->id, 4));
}

static sph_rc check_signature(const sph_vkey *vkey, sph_slice message, sph_slice signature,
                              sph_err *err)
{
    SPH_AUTO_PTR(sph_pubkey) *key = NULL;
    const sph_slice raw = sph_slice_of(vkey->key, sizeof(vkey->key));
    const sph_rc made = sph_pubkey_from_raw(SPH_KEY_ED25519, raw, &key, err);
    if (made.code == SPH_ENOMEM)
        return made;
    if (made.code != SPH_OK)
        return sph_fail(err, SPH_EPROOF, "the key is not a usable Ed25519 key");
    return sph_pubkey_verify(key, message, signature, err);
}

static sph_rc check_cosignature(const struct note_line *line, const sph_vkey *vkey, sph_slice text,
                                int64_t *seconds, sph_err *err)
{
    SPH_AUTO(sph_buf) message = sph_buf_init(SPH_NOTE_MAX + 64);
    uint64_t time = 0;
    if (line->len != 4 + 8 + SIGNATURE_LEN)
        return sph_fail(err, SPH_EPROOF, "a cosignature of %zu octets", line->len);
    for (size_t i = 4; i < 12; i++)
        time = time << 8 | line->bytes[i];
    if (time > INT64_MAX)
        return sph_fail(err, SPH_EPROOF, "time of a cosignature");
    SPH_TRY(sph_cosign_message(time, text, &message, err), err, "cosignature");
    SPH_TRY(check_signature(vkey, sph_buf_peek(&message),
                            sph_slice_of(line->bytes + 12, SIGNATURE_LEN), err),
            err, "cosignature of %s", vkey->name);
    if (seconds)
        *seconds = (int64_t)time;
    return sph_ok();
}

sph_rc sph_note_line_check(const struct note_line *line, const sph_vkey *vkey, sph_slice text,
                           int64_t *seconds, sph_err *err)
{
    if (vkey->type == SPH_VKEY_COSIGNATURE)
        return check_cosignature(line, vkey, text, seconds, err);
    if (line->len != 4 + SIGNATURE_LEN)
        return sph_fail(err, SPH_EPROOF, "a signature of %zu octets", line->len);
    return check_signature(vkey, text, sph_slice_of(line->bytes + 4, SIGNATURE_LEN), err);
}

sph_rc sph_note_line_write(const sph_vkey *vkey, sph_slice before, sph_slice signature,
                           sph_buf *out, sph_err *err)
{
    SPH_AUTO(sph_buf) bytes = sph_buf_init(128);
    SPH_TRY(sph_buf_add(&bytes, sph_slice_of(vkey->id, sizeof(vkey->id)), err), err, "key id");
    SPH_TRY(sph_buf_add(&bytes, before, err), err, "time");
    SPH_TRY(sph_buf_add(&bytes, signature, err), err, "signature");
    SPH_TRY(sph_buf_addf(out, err, DASH "%s ", vkey->name), err, "signature line");
    SPH_TRY(sph_base64_encode(sph_buf_peek(&bytes), out, err), err, "signature line");
    return sph_buf_add_byte(out, '\n', err);
}

/* The line's key among the known ones, NULL when it is another's. */
static const sph_vkey *key_of(const struct note_line *line, const sph_vkey *known, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (sph_note_line_is_by(line, &known[i]))
            return &known[i];
    return NULL;
}

sph_rc sph_note_verify(sph_slice note, const sph_vkey *known, size_t count, sph_slice *text,
                       sph_err *err)
{
    sph_slice body, rest, line;
    size_t good = 0;
    SPH_TRY(sph_note_split(note, &body, &rest, err), err, "note");
    while (sph_note_next_line(&rest, &line)) {
        struct note_line parsed;
        SPH_TRY(sph_note_line_parse(line, &parsed, err), err, "signature line");
        const sph_vkey *vkey = key_of(&parsed, known, count);
        if (!vkey)
            continue;
        SPH_TRY(sph_note_line_check(&parsed, vkey, body, NULL, err), err, "line of %s", vkey->name);
        good++;
    }
    if (good == 0)
        return sph_fail(err, SPH_EPROOF, "no line of a known key");
    *text = body;
    return sph_ok();
}
