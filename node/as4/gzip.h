/** gzip of payload parts (as4.md 3, packets.md 1 "Padding"): one member, size steps for packets,
 * bomb limits for what comes in. */
#pragma once

#include "base/limits.h"
#include "base/stream.h"
#include "crypto/digest.h"

/** Compress a packet in memory and pad with a header comment to exactly 4, 16, 64 KiB, then
 * multiples of 64 KiB (DP-18). Appended. */
SPH_MUST sph_rc sph_gzip_packet(sph_slice packet, sph_buf *out, sph_err *err);
/** Wrap a stream of ciphertext at level 0 (stored blocks). *sha256 and *len of the gzip octets. */
SPH_MUST sph_rc sph_gzip_store(const sph_reader *from, const sph_writer *to, sph_hash *sha256,
                               uint64_t *len, sph_err *err);
/** The same for octets that are handed over piece by piece. `to` is copied; what it points to must
 * outlive the writer. */
typedef struct sph_gzip_writer sph_gzip_writer;
/** out: owned, sph_gzip_writer_free. */
SPH_MUST sph_rc sph_gzip_writer_new(const sph_writer *to, sph_gzip_writer **out, sph_err *err);
/** What takes the octets; borrowed, life of the writer. */
sph_writer sph_gzip_writer_of(sph_gzip_writer *writer);
/** The end of the member; nothing may be written afterwards. */
SPH_MUST sph_rc sph_gzip_writer_end(sph_gzip_writer *writer, sph_hash *sha256, uint64_t *len,
                                    sph_err *err);
void sph_gzip_writer_free(sph_gzip_writer **writer);
/** What `len` octets become at level 0. */
uint64_t sph_gzip_stored_len(uint64_t len);
/** Inflate exactly one member (len may be NULL): header limits, ratio, CRC, size, no trailing
 * bytes. SPH_ELIMIT past max or ratio, SPH_EPARSE otherwise. */
SPH_MUST sph_rc sph_gunzip(const sph_reader *from, const sph_writer *to, uint64_t max,
                           const struct sph_limits *limits, uint64_t *len, sph_err *err);
