/** C2SP text formats (ledger.md 5): signed note, checkpoint, cosignature/v1, vkey, tlog-proof.
 * Pure. */
#pragma once

#include "crypto/key.h"
#include "ledger/tree.h"

#define SPH_ORIGIN_ROOM 128
#define SPH_NOTE_MAX 65536u        /* octets */
#define SPH_NOTE_SIGNATURES_MAX 32 /* lines */
enum sph_vkey_type { SPH_VKEY_LOG = 0x01, SPH_VKEY_COSIGNATURE = 0x04 };

/** A verifier key: name+keyid+base64(type ‖ key). */
typedef struct sph_vkey {
    char name[SPH_ORIGIN_ROOM];
    uint8_t type, id[4], key[32];
} sph_vkey;
/** True for what may stand as a key name or origin: valid UTF-8, 1..127 octets, no Unicode space,
 * no control character, no '+'. */
bool sph_vkey_name_valid(sph_slice name);
/** From an Ed25519 public key. SPH_EARG for another kind or a bad name. */
SPH_MUST sph_rc sph_vkey_make(const char *name, enum sph_vkey_type type, const sph_pubkey *key,
                              sph_vkey *out, sph_err *err);
/** SPH_EPARSE also when the key id is not that of name and key; SPH_EUNSUPPORTED for other types.
 */
SPH_MUST sph_rc sph_vkey_parse(sph_slice text, sph_vkey *out, sph_err *err);
/** Text form, appended, without newline. */
SPH_MUST sph_rc sph_vkey_text(const sph_vkey *vkey, sph_buf *out, sph_err *err);

/** A checkpoint's content. */
typedef struct sph_checkpoint {
    char origin[SPH_ORIGIN_ROOM];
    uint64_t size;
    sph_hash root;
} sph_checkpoint;
/** Body text "origin\nsize\nbase64(root)\n", appended. */
SPH_MUST sph_rc sph_checkpoint_body(const sph_checkpoint *head, sph_buf *out, sph_err *err);
/** Body and the log's signature line, appended: the complete note. */
SPH_MUST sph_rc sph_checkpoint_sign(const sph_checkpoint *head, const sph_key *log_key,
                                    sph_buf *note, sph_err *err);
/** Split and check form only; extension lines are accepted. SPH_EPARSE. */
SPH_MUST sph_rc sph_checkpoint_parse(sph_slice note, sph_checkpoint *out, sph_err *err);
/** Form, and a valid line of `log`; origin == name of the key. SPH_EPROOF when the line is absent
 * or fails. */
SPH_MUST sph_rc sph_checkpoint_verify(sph_slice note, const sph_vkey *log, sph_checkpoint *out,
                                      sph_err *err);
/** Split a note into its text (with its last newline) and its signature lines; form only.
 * SPH_EPARSE, SPH_ELIMIT. Both are borrowed from note. */
SPH_MUST sph_rc sph_note_split(sph_slice note, sph_slice *text, sph_slice *lines, sph_err *err);
/** General note: SPH_EPROOF if a known key's line fails or none of `known` verifies; *text is
 * borrowed from note. */
SPH_MUST sph_rc sph_note_verify(sph_slice note, const sph_vkey *known, size_t count,
                                sph_slice *text, sph_err *err);
/** cosignature/v1 line over the checkpoint body, with its newline, appended. */
SPH_MUST sph_rc sph_cosign(const char *name, const sph_key *witness, sph_slice checkpoint_body,
                           int64_t seconds, sph_buf *line, sph_err *err);
/** A line (its newline may be absent) by `witness`. SPH_EPROOF when it is another key's or fails.
 */
SPH_MUST sph_rc sph_cosignature_verify(sph_slice line, const sph_vkey *witness,
                                       sph_slice checkpoint_body, int64_t *seconds, sph_err *err);

/** tlog-proof text, appended. SPH_EARG when the note does not end in a newline or hashes are too
 * many. */
SPH_MUST sph_rc sph_tlog_proof_write(uint64_t index, const sph_hash *hashes, size_t count,
                                     sph_slice checkpoint_note, sph_buf *out, sph_err *err);
typedef struct sph_tlog_proof {
    uint64_t index;
    sph_hash hashes[64];
    size_t count;
    sph_slice checkpoint; /* borrowed from the text */
} sph_tlog_proof;
/** Form only, also of the checkpoint; nothing is verified. SPH_EPARSE, SPH_ELIMIT. */
SPH_MUST sph_rc sph_tlog_proof_parse(sph_slice text, sph_tlog_proof *out, sph_err *err);
