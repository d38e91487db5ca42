/** SRX1, the sealed part of a relayed message (packets.md 1a, as4.md 12.6): the padded gzip octets
 * of one packet, which only the recipient's X25519 key opens, and only between the two parties it
 * was sealed for. A hub sees who and how long. Pure; gzip is the caller's (as4/gzip.h). */
#pragma once

#include "base/limits.h"
#include "crypto/key.h"

/** What sealing adds: `SRX1`, the hash of the recipient's SubjectPublicKeyInfo, the ephemeral key,
 * IV and tag. */
#define SPH_SRX_OVERHEAD (4 + 32 + 32 + 12 + 16)

/** The two ends, whose parties stand as originalSender and finalRecipient in the message's header.
 * Borrowed texts. */
struct sph_srx_ends {
    const char *sender, *recipient;
};

/** Seal for the recipient's key under an ephemeral key that is drawn for this call alone.
 *  to      the key of enc-x25519 in the recipient's card
 *  gzip    1 … limits->relay_part - SPH_SRX_OVERHEAD octets
 *  out     appended; unchanged on failure
 *  errors  SPH_EARG a key of another kind (or NULL), a text that is no party, or no octets;
 *          SPH_ELIMIT too many octets, before any work, or past the cap of `out`; SPH_EPROOF a
 *          recipient's key of small order; SPH_EIO, SPH_ENOMEM
 */
SPH_MUST sph_rc sph_srx_seal(const sph_pubkey *to, const struct sph_srx_ends *ends, sph_slice gzip,
                             const struct sph_limits *limits, const sph_random *random,
                             sph_buf *out, sph_err *err);
/** Whether these octets have the form: all that a hub can tell. */
bool sph_srx_is(sph_slice sealed);
/** SHA-256 of the SubjectPublicKeyInfo that it is sealed for, so that the recipient finds the right
 * one of its keys (the current one, or one that was replaced). A claim, nothing is trusted for it.
 * SPH_EPARSE when the octets do not have the form. */
SPH_MUST sph_rc sph_srx_recipient(sph_slice sealed, sph_hash *spki_sha256, sph_err *err);
/** Open with an own key.
 *  out     the gzip octets, appended; unchanged on failure
 *  errors  SPH_EPROOF with one text, whatever does not hold: form, key, ends, ephemeral key or
 *          tag; SPH_ELIMIT longer than limits->relay_part, before any work, or past the cap of
 *          `out`; SPH_EARG an own key of another kind; SPH_EIO, SPH_ENOMEM
 */
SPH_MUST sph_rc sph_srx_open(const sph_key *key, const struct sph_srx_ends *ends, sph_slice sealed,
                             const struct sph_limits *limits, sph_buf *out, sph_err *err);
