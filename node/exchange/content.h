/** Stored contents: a packet's gzip octets under its own secret in packet.sealed, attachments' gzip
 * octets in the vault. The gzip octets are what the AS4 signature proves (as4.md 3, step 9); the
 * packet is inflated when it is read. */
#pragma once

#include "exchange/node.h"

#define SPH_GZIP_ROOM                                                                              \
    ((size_t)4 * 1024 * 1024 + 262144) /* limits.packet compressed, its padding and header */

/** A packet ready for its row. */
struct sph_stored {
    uint8_t secret_id[SPH_SECRET_ID];
    sph_buf sealed;
    sph_hash commitment;
};
void sph_stored_clear(struct sph_stored *stored);
/** Draw a durable secret, seal the gzip octets, compute the commitment to the packet's SHA-256. */
SPH_MUST sph_rc sph_content_seal(sph_node *node, const char *packet_id, sph_slice gzip_octets,
                                 const sph_hash *packet_sha256, struct sph_stored *out,
                                 sph_err *err);
/** Is there a row of this packet already? Then the commitment that its leaves bear. SPH_ECONFLICT
 * when the id is that of another packet. */
SPH_MUST sph_rc sph_content_find(sph_node *node, const char *packet_id, const sph_hash *sha256,
                                 bool *is_there, sph_hash *commitment, sph_err *err);
/** Insert the packet row (journal thread). Strings are borrowed until the job is done. */
struct sph_packet_row {
    const sph_packet_header *header;
    const char *question; /* local group "Q-…", "" for none */
    bool is_own;
    sph_hash sha256;
    int64_t stored_ms;
    const struct sph_stored *stored;
};
SPH_MUST sph_rc sph_content_insert(sph_db *db, const struct sph_packet_row *row, sph_err *err);
/** One attachment row. stored: SHA-256 of the gzip octets in the vault. */
SPH_MUST sph_rc sph_content_insert_attachment(sph_db *db, const char *packet_id, size_t number,
                                              const struct sph_packet_attachment *attachment,
                                              const sph_hash *stored, uint64_t stored_len,
                                              sph_err *err);

/** The packet's octets, byte-identical to what was signed, appended. No leaf is written here:
 * callers that show content to a person write OPENED first (exchange/reading.h). SPH_ENOTFOUND;
 * SPH_ECANCELLED when erased. */
SPH_MUST sph_rc sph_content_load(sph_node *node, const char *packet_id, sph_buf *out, sph_err *err);
/** The gzip octets themselves (for the wire), appended. */
SPH_MUST sph_rc sph_content_load_gzip(sph_node *node, const char *packet_id, sph_buf *out,
                                      sph_err *err);
/** Stream an attachment's plaintext of a loaded packet. Untrusted until it returns SPH_OK. */
SPH_MUST sph_rc sph_content_attachment(sph_node *node, const sph_packet *packet, size_t number,
                                       const sph_writer *out, sph_err *err);
/** Check a received attachment part: its gunzipped octets have the digest that the packet names.
 * Constant memory. */
SPH_MUST sph_rc sph_content_check_part(sph_node *node, sph_file *part, uint64_t len,
                                       const struct sph_packet_attachment *attachment,
                                       sph_err *err);
