/** What each side's ledger proves to the other (as4.md 15.2): the element in our receipts, the
 * check of theirs. */
#pragma once

#include "as4/receive.h"
#include "exchange/outbox.h"

/** Canonical sl:LedgerProof for a RECEIVED leaf under a signed head, appended. */
SPH_MUST sph_rc sph_receipt_proof_make(sph_node *node, uint64_t leaf_index, const sph_head *head,
                                       sph_buf *out, sph_err *err);
/** Check a receipt's proof: the leaf decodes strictly, names this message and the digest of the
 * SOAP octets we sent, and leads to a checkpoint signed by the partner's pinned log key. leaf and
 * proof hold what `receipt` then borrows. SPH_ENOTFOUND when absent. */
SPH_MUST sph_rc sph_receipt_proof(sph_node *node, const sph_as4_in *in, const sph_out_row *row,
                                  const sph_partner *partner, sph_buf *leaf, sph_buf *proof,
                                  struct sph_out_receipt *receipt, sph_err *err);
/** The checkpoint that a message carries (as4.md 15.1), verified with the partner's log key; false
 * when absent or not valid. */
bool sph_message_checkpoint(sph_node *node, const sph_as4_user *user, const sph_partner *partner,
                            sph_checkpoint *out);
