#include "base/codec.h"
#include "ledger/note_impl.h"

#define HEADER "c2sp.org/tlog-proof@v1"
#define HASHES_MOST 64
#define TEXT_MAX (SPH_NOTE_MAX + 8192u)

sph_rc sph_tlog_proof_write(uint64_t index, const sph_hash *hashes, size_t count,
                            sph_slice checkpoint_note, sph_buf *out, sph_err *err)
{
    SPH_AUTO(sph_buf) text = sph_buf_init(TEXT_MAX);
    if (count > HASHES_MOST)
        return sph_fail(err, SPH_EARG, "%zu hashes", count);
    if (checkpoint_note.len == 0 || checkpoint_note.at[checkpoint_note.len - 1] != '\n')
        return sph_fail(err, SPH_EARG, "the checkpoint is no note");
    SPH_TRY(sph_buf_addf(&text, err, HEADER "\nindex %llu\n", (unsigned long long)index), err,
            "proof");
    for (size_t i = 0; i < count; i++) {
        SPH_TRY(sph_base64_encode(sph_slice_hash(&hashes[i]), &text, err), err, "hash");
        SPH_TRY(sph_buf_add_byte(&text, '\n', err), err, "hash");
    }
    SPH_TRY(sph_buf_add_byte(&text, '\n', err), err, "proof");
    SPH_TRY(sph_buf_add(&text, checkpoint_note, err), err, "proof");
    return sph_buf_add(out, sph_buf_peek(&text), err);
}

/* "extra <base64>" is not authenticated: its form is checked and the content ignored (ledger.md 5).
 */
static sph_rc skip_extra(sph_slice line, sph_err *err)
{
    SPH_AUTO(sph_buf) ignored = sph_buf_init(TEXT_MAX);
    return sph_base64_decode(sph_slice_sub(line, sizeof("extra ") - 1, SIZE_MAX), &ignored, err);
}

static sph_rc read_index(sph_slice *rest, uint64_t *out, sph_err *err)
{
    sph_slice line;
    bool has_line = sph_note_next_line(rest, &line);
    if (has_line && sph_slice_starts(line, SPH_LIT("extra "))) {
        SPH_TRY(skip_extra(line, err), err, "extra line");
        has_line = sph_note_next_line(rest, &line);
    }
    if (!has_line || !sph_slice_starts(line, SPH_LIT("index ")))
        return sph_fail(err, SPH_EPARSE, "no index line");
    const sph_slice number = sph_slice_sub(line, sizeof("index ") - 1, SIZE_MAX);
    if (sph_slice_u64(number, INT64_MAX, out, err).code != SPH_OK)
        return sph_fail(err, SPH_EPARSE, "index");
    return sph_ok();
}

static sph_rc read_hashes(sph_slice *rest, sph_tlog_proof *proof, sph_err *err)
{
    sph_slice line;
    for (;;) {
        if (!sph_note_next_line(rest, &line))
            return sph_fail(err, SPH_EPARSE, "no blank line before the checkpoint");
        if (line.len == 0)
            return sph_ok();
        if (proof->count == HASHES_MOST)
            return sph_fail(err, SPH_ELIMIT, "more than %d hashes", HASHES_MOST);
        SPH_TRY(sph_note_hash(line, &proof->hashes[proof->count], err), err, "hash %zu",
                proof->count);
        proof->count++;
    }
}

sph_rc sph_tlog_proof_parse(sph_slice text, sph_tlog_proof *out, sph_err *err)
{
    sph_tlog_proof proof = {.count = 0};
    sph_checkpoint head;
    sph_slice rest = text, line;
    if (text.len > TEXT_MAX)
        return sph_fail(err, SPH_ELIMIT, "a proof of %zu octets", text.len);
    if (!sph_note_next_line(&rest, &line) || !sph_slice_equal(line, SPH_LIT(HEADER)))
        return sph_fail(err, SPH_EPARSE, "first line");
    SPH_TRY(read_index(&rest, &proof.index, err), err, "proof");
    SPH_TRY(read_hashes(&rest, &proof, err), err, "proof");
    SPH_TRY(sph_checkpoint_parse(rest, &head, err), err, "checkpoint of the proof");
    proof.checkpoint = rest;
    *out = proof;
    return sph_ok();
}
