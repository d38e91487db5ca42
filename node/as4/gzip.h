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
/** Inflate exactly one member (len may be NULL): header limits, ratio, CRC, size, no trailing
 * bytes. SPH_ELIMIT past max or ratio, SPH_EPARSE otherwise. */
SPH_MUST sph_rc sph_gunzip(const sph_reader *from, const sph_writer *to, uint64_t max,
                           const struct sph_limits *limits, uint64_t *len, sph_err *err);
