/** Showing content to a person: log before release (ledger.md L3). */
#pragma once

#include "exchange/content.h"

/** Resolve what a person typed: packet or thread id, or a short id (T-7Q4M2K, D-…, Q-…).
 * *packet_id: the packet, or the newest of the thread. SPH_ENOTFOUND; SPH_ECONFLICT when ambiguous.
 */
SPH_MUST sph_rc sph_resolve_id(sph_node *node, const char *typed, char packet_id[64], sph_err *err);
/** Purposes of OPENED and EXPORTED leaves (docs/ledger.md). */
enum sph_purpose { SPH_PURPOSE_READ = 1, SPH_PURPOSE_SAVE = 2, SPH_PURPOSE_PROOF = 3 };
/** OPENED leaf durable, then the packet. out: owned. */
SPH_MUST sph_rc sph_read_packet(sph_node *node, const char *packet_id, enum sph_purpose purpose,
                                const char *user, sph_packet **out, sph_err *err);
/** The OPENED leaf alone, durable: for contents that are no packet. */
SPH_MUST sph_rc sph_read_opened(sph_node *node, const char *packet_id, enum sph_purpose purpose,
                                const char *user, sph_err *err);
/** OPENED leaf with purpose save, then the attachment's plaintext. Untrusted until it returns
 * SPH_OK. */
SPH_MUST sph_rc sph_read_attachment(sph_node *node, const char *packet_id,
                                    const char *attachment_id, const char *user,
                                    const sph_writer *out, char media_type[64], sph_err *err);
