/** Checkpoints that were verified a moment ago. The messages and receipts of one commit all carry
 * the same signed note, so its signature is checked once and not once a message. */
#pragma once

#include "ledger/note.h"

typedef struct sph_note_memo sph_note_memo; /* any number of threads */

/** out: owned, sph_note_memo_free. */
SPH_MUST sph_rc sph_note_memo_new(sph_note_memo **out, sph_err *err);
void sph_note_memo_free(sph_note_memo **memo);
/** As sph_checkpoint_verify. Only what it verified is remembered, and only the same octets under
 * the same key are recognised. */
SPH_MUST sph_rc sph_note_memo_verify(sph_note_memo *memo, sph_slice note, const sph_vkey *log,
                                     sph_checkpoint *out, sph_err *err);
