/** One TLS connection of a server: what the wire needs from tls_server.c. Internal to net. */
#pragma once

#include "net/tls.h"

struct ssl_st;
struct ssl_ctx_st;
struct x509_store_ctx_st;

#define SPH_TLS_CHAIN 4 /* as4.md 14.1: certificates in a chain */

/** What the client showed in the handshake. Plain value; owned certificates, sph_tls_peer_clear. */
typedef struct sph_tls_peer {
    const sph_tls_server *server;
    sph_cert *chain[SPH_TLS_CHAIN]; /* leaf first */
    size_t count;
    char party[SPH_PARTY_ROOM]; /* whose it is, from the handshake on; "" without certificate */
} sph_tls_peer;
void sph_tls_peer_clear(sph_tls_peer *peer);

/** A new server-side session with the current key.
 *  peer    filled during the handshake; must outlive the session
 *  out     owned, SSL_free
 *  errors  SPH_ENOMEM */
SPH_MUST sph_rc sph_tls_server_session(sph_tls_server *server, sph_tls_peer *peer,
                                       struct ssl_st **out, sph_err *err);
/** Asks the admit function again, for each request (security.md T-09). Without client certificates
 * everybody is welcome. */
enum sph_standing sph_tls_peer_standing(const sph_tls_peer *peer);

/** Protocol settings that servers and clients share: TLS 1.2 with ECDHE and AEAD or 1.3, no
 *  renegotiation, no compression, no tickets, no session cache, small buffers. SPH_EIO. */
SPH_MUST sph_rc sph_tls_harden(struct ssl_ctx_st *ctx, sph_err *err);
/** Our own key, leaf and root into a context. SPH_EARG when they do not belong together. */
SPH_MUST sph_rc sph_tls_use_identity(struct ssl_ctx_st *ctx, const sph_key *key,
                                     const sph_cert *leaf, const sph_cert *root, sph_err *err);
/** The chain the peer sent, leaf first, within the limits of as4.md 14.1; each certificate owned.
 *  chain   NULLs on entry; what was read before a failure is owned too
 *  errors  SPH_ELIMIT more than 4 or 16 KiB; SPH_EPARSE; SPH_EPROOF none at all */
SPH_MUST sph_rc sph_tls_read_chain(struct x509_store_ctx_st *store, sph_cert *chain[SPH_TLS_CHAIN],
                                   size_t *count, sph_err *err);
