/** Inside node/evidence only: one check for each kind of file. */
#pragma once

#include "evidence/trust.h"
#include "packet/card.h"

/** A card or a packet. card (may be NULL): the card as read when the verdict holds or is intact;
 * the caller clears it. */
SPH_MUST sph_rc sph_verify_xml(sph_slice octets, const struct sph_verify_context *context,
                               sph_verdict *verdict, sph_card *card, sph_err *err);
/** Read the fields of a card whose signature holds, and judge it as a card. */
SPH_MUST sph_rc sph_verify_card(sph_slice octets, const sph_cert *root, int64_t issued_ms,
                                const char *mode, const struct sph_verify_context *context,
                                sph_verdict *verdict, sph_card *card, sph_err *err);
/** A checkpoint alone. */
SPH_MUST sph_rc sph_verify_checkpoint(sph_slice note, const struct sph_verify_context *context,
                                      sph_verdict *verdict, sph_err *err);
/** The checkpoint inside another file: facts, signature, cosignatures. *signer: the trust that
 * holds the log's key, NULL unless the head holds. */
SPH_MUST sph_rc sph_verify_head(sph_slice note, const struct sph_verify_context *context,
                                sph_verdict *verdict, sph_checkpoint *head,
                                const sph_trust **signer, sph_err *err);
/** A tlog-proof, or an answer saphan.proof/1 that holds leaf and proof. */
SPH_MUST sph_rc sph_verify_proof(sph_slice text, const struct sph_verify_context *context,
                                 sph_verdict *verdict, sph_err *err);
SPH_MUST sph_rc sph_verify_proof_json(sph_slice text, const struct sph_verify_context *context,
                                      sph_verdict *verdict, sph_err *err);
/** True when lack of memory, not the file, is why a call failed: such a failure is passed on. */
static inline bool sph_verify_is_fatal(sph_rc rc)
{
    return rc.code == SPH_ENOMEM;
}
