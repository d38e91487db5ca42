#include "ledger/note_impl.h"

sph_rc sph_cosign_message(uint64_t seconds, sph_slice body, sph_buf *out, sph_err *err)
{
    SPH_TRY(sph_buf_addf(out, err, "cosignature/v1\ntime %llu\n", (unsigned long long)seconds), err,
            "cosignature");
    return sph_buf_add(out, body, err);
}

static void put_u64(uint8_t octets[8], uint64_t value)
{
    for (unsigned i = 0; i < 8; i++)
        octets[i] = (uint8_t)(value >> (56 - 8 * i));
}

sph_rc sph_cosign(const char *name, const sph_key *witness, sph_slice checkpoint_body,
                  int64_t seconds, sph_buf *line, sph_err *err)
{
    SPH_AUTO(sph_buf) message = sph_buf_init(SPH_NOTE_MAX + 64);
    SPH_AUTO(sph_buf) signature = sph_buf_init(64);
    SPH_AUTO(sph_buf) text = sph_buf_init(512);
    sph_vkey vkey;
    uint8_t time[8];
    if (seconds <= 0)
        return sph_fail(err, SPH_EARG, "time of a cosignature");
    SPH_TRY(sph_vkey_make(name, SPH_VKEY_COSIGNATURE, sph_key_peek_public(witness), &vkey, err),
            err, "witness key");
    SPH_TRY(sph_cosign_message((uint64_t)seconds, checkpoint_body, &message, err), err,
            "cosignature");
    SPH_TRY(sph_key_sign(witness, sph_buf_peek(&message), &signature, err), err, "cosigning");
    put_u64(time, (uint64_t)seconds);
    SPH_TRY(sph_note_line_write(&vkey, sph_slice_of(time, sizeof(time)), sph_buf_peek(&signature),
                                &text, err),
            err, "cosignature");
    return sph_buf_add(line, sph_buf_peek(&text), err);
}

sph_rc sph_cosignature_verify(sph_slice line, const sph_vkey *witness, sph_slice checkpoint_body,
                              int64_t *seconds, sph_err *err)
{
    struct note_line parsed;
    if (witness->type != SPH_VKEY_COSIGNATURE)
        return sph_fail(err, SPH_EARG, "key type 0x%02x does not cosign", witness->type);
    if (line.len > 0 && line.at[line.len - 1] == '\n')
        line.len--;
    SPH_TRY(sph_note_line_parse(line, &parsed, err), err, "cosignature");
    if (!sph_note_line_is_by(&parsed, witness))
        return sph_fail(err, SPH_EPROOF, "the line is not by this witness");
    return sph_note_line_check(&parsed, witness, checkpoint_body, seconds, err);
}
