/** SRX1, the sealed part of a relayed message (packets.md 1a): a packet's padded gzip octets, which
 * only the recipient's X25519 key opens. Pure. */
#pragma once

#include "crypto/aead.h"
#include "crypto/cert.h"
#include "crypto/key.h"

/** Seal for the key of `recipient`; appended. sender, party: the parties at both ends, which the
 * part is bound to. SPH_EARG when the certificate's key is not X25519. */
SPH_MUST sph_rc sph_srx_seal(const sph_cert *recipient, const char *sender, const char *party,
                             sph_slice gzip, const sph_random *random, sph_buf *out, sph_err *err);
/** Open with our own key; appended. SPH_EPARSE another form; SPH_EPROOF for another key, between
 * other parties, or changed. */
SPH_MUST sph_rc sph_srx_open(const sph_key *key, const char *sender, const char *party,
                             sph_slice sealed, sph_buf *out, sph_err *err);
/** Do these octets have the form? All that a hub can tell. */
bool sph_srx_is(sph_slice sealed);
