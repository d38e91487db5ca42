#include "base/codec.h"
#include "ledger/note_impl.h"

#define SIZE_MOST ((uint64_t)INT64_MAX) /* SQLite counts so far, and so do other logs */

sph_rc sph_note_hash(sph_slice text, sph_hash *out, sph_err *err)
{
    SPH_AUTO(sph_buf) bytes = sph_buf_init(64);
    if (text.len != 44)
        return sph_fail(err, SPH_EPARSE, "a hash of %zu characters", text.len);
    SPH_TRY(sph_base64_decode(text, &bytes, err), err, "hash");
    if (bytes.len != sizeof(out->at))
        return sph_fail(err, SPH_EPARSE, "a hash of %zu octets", bytes.len);
    return sph_bytes_copy(out->at, sizeof(out->at), sph_buf_peek(&bytes), err);
}

sph_rc sph_checkpoint_body(const sph_checkpoint *head, sph_buf *out, sph_err *err)
{
    if (!sph_vkey_name_valid(sph_slice_str(head->origin)) || head->size > SIZE_MOST)
        return sph_fail(err, SPH_EARG, "origin or size of a checkpoint");
    SPH_TRY(sph_buf_addf(out, err, "%s\n%llu\n", head->origin, (unsigned long long)head->size), err,
            "checkpoint");
    SPH_TRY(sph_base64_encode(sph_slice_hash(&head->root), out, err), err, "root");
    return sph_buf_add_byte(out, '\n', err);
}

sph_rc sph_checkpoint_sign(const sph_checkpoint *head, const sph_key *log_key, sph_buf *note,
                           sph_err *err)
{
    SPH_AUTO(sph_buf) body = sph_buf_init(SPH_NOTE_MAX);
    SPH_AUTO(sph_buf) signature = sph_buf_init(64);
    sph_vkey vkey;
    SPH_TRY(sph_vkey_make(head->origin, SPH_VKEY_LOG, sph_key_peek_public(log_key), &vkey, err),
            err, "log key");
    SPH_TRY(sph_checkpoint_body(head, &body, err), err, "checkpoint");
    SPH_TRY(sph_key_sign(log_key, sph_buf_peek(&body), &signature, err), err,
            "signing a checkpoint");
    SPH_TRY(sph_buf_add_byte(&body, '\n', err), err, "checkpoint");
    SPH_TRY(sph_note_line_write(&vkey, (sph_slice){NULL, 0}, sph_buf_peek(&signature), &body, err),
            err, "checkpoint");
    return sph_buf_add(note, sph_buf_peek(&body), err);
}

static sph_rc parse_body(sph_slice text, sph_checkpoint *out, sph_err *err)
{
    sph_checkpoint head = {.size = 0};
    sph_slice rest = text, origin, size, root, extension;
    if (!sph_note_next_line(&rest, &origin) || !sph_note_next_line(&rest, &size) ||
        !sph_note_next_line(&rest, &root))
        return sph_fail(err, SPH_EPARSE, "a checkpoint has three lines");
    if (!sph_vkey_name_valid(origin))
        return sph_fail(err, SPH_EPARSE, "origin");
    SPH_TRY(sph_str_copy(head.origin, sizeof(head.origin), origin, err), err, "origin");
    if (sph_slice_u64(size, SIZE_MOST, &head.size, err).code != SPH_OK)
        return sph_fail(err, SPH_EPARSE, "size");
    SPH_TRY(sph_note_hash(root, &head.root, err), err, "root");
    while (sph_note_next_line(&rest, &extension))
        if (extension.len == 0)
            return sph_fail(err, SPH_EPARSE, "an empty extension line");
    *out = head;
    return sph_ok();
}

sph_rc sph_checkpoint_parse(sph_slice note, sph_checkpoint *out, sph_err *err)
{
    sph_slice text, lines;
    SPH_TRY(sph_note_split(note, &text, &lines, err), err, "checkpoint");
    return parse_body(text, out, err);
}

sph_rc sph_checkpoint_verify(sph_slice note, const sph_vkey *log, sph_checkpoint *out, sph_err *err)
{
    sph_checkpoint head;
    sph_slice text;
    if (log->type != SPH_VKEY_LOG)
        return sph_fail(err, SPH_EARG, "key type 0x%02x does not sign checkpoints", log->type);
    SPH_TRY(sph_note_verify(note, log, 1, &text, err), err, "checkpoint");
    SPH_TRY(parse_body(text, &head, err), err, "checkpoint");
    if (!sph_slice_is(sph_slice_str(head.origin), log->name))
        return sph_fail(err, SPH_EPROOF, "the origin is not the key's name");
    *out = head;
    return sph_ok();
}
