/** Inside node/ledger only: signature lines and base64 of known length. */
#pragma once

#include "ledger/note.h"

/** One signature line: "— name base64(id4 ‖ signature)". */
struct note_line {
    sph_slice name;     /* borrowed from the line */
    uint8_t bytes[512]; /* id4 ‖ signature; longer signatures are kept cut (unknown types only) */
    size_t len;         /* true length of id4 ‖ signature */
};
/** Read one line without its newline. SPH_EPARSE. */
SPH_MUST sph_rc sph_note_line_parse(sph_slice line, struct note_line *out, sph_err *err);
/** Cut the first line off *rest (without its newline); false when none is complete. */
bool sph_note_next_line(sph_slice *rest, sph_slice *line);
/** Is the line by this key (name and id)? */
bool sph_note_line_is_by(const struct note_line *line, const sph_vkey *vkey);
/** Check a line of this key over a note's text, by the key's type. seconds may be NULL
 * (cosignatures). */
SPH_MUST sph_rc sph_note_line_check(const struct note_line *line, const sph_vkey *vkey,
                                    sph_slice text, int64_t *seconds, sph_err *err);
/** Append "— name base64(id4 ‖ time? ‖ signature)\n". */
SPH_MUST sph_rc sph_note_line_write(const sph_vkey *vkey, sph_slice before, sph_slice signature,
                                    sph_buf *out, sph_err *err);
/** Append what a cosignature signs: "cosignature/v1\ntime N\n" and the body. */
SPH_MUST sph_rc sph_cosign_message(uint64_t seconds, sph_slice body, sph_buf *out, sph_err *err);
/** Strict base64 of exactly 32 octets. SPH_EPARSE. */
SPH_MUST sph_rc sph_note_hash(sph_slice text, sph_hash *out, sph_err *err);
