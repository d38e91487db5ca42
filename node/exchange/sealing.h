/** Attachments on their way out: sealed as SXA1 under a fresh key, wrapped as gzip, kept in the
 * vault before T1. */
#pragma once

#include "exchange/content.h"
#include "exchange/submit.h"

#define SPH_ATTACHMENTS 32
struct sph_sealed_parts {
    size_t count;
    struct sph_packet_attachment attachment[SPH_ATTACHMENTS]; /* keys are wiped by clear */
    sph_hash stored[SPH_ATTACHMENTS]; /* of the gzip octets: the vault name */
    uint64_t stored_len[SPH_ATTACHMENTS];
};
void sph_sealed_parts_clear(struct sph_sealed_parts *parts);
/** Remove what was sealed, and will not be sent after all, from the vault. Not after a commit that
 * may have named it. */
void sph_sealed_parts_drop(sph_node *node, struct sph_sealed_parts *parts);
/** One pass, constant memory. On failure `out` names what is in the vault already:
 * sph_sealed_parts_drop. SPH_EREFUSED for a media type outside the list; SPH_EIO when the disk is
 * full. A vault file that a crash leaves without a row is an orphan that the next start sweeps. */
SPH_MUST sph_rc sph_seal_attachments(sph_node *node, const char *packet_id,
                                     const struct sph_submit_attachment *from, size_t count,
                                     struct sph_sealed_parts *out, sph_err *err);
