/** TLS 1.2/1.3 contexts (OpenSSL): server with mandatory client certificate, and the checks both
 * ends share. */
#pragma once

#include "crypto/cert.h"

typedef struct sph_tls_server sph_tls_server; /* reloadable; thread-safe */

/** Where a client stands with this node. Whoever is known gets past the handshake, so that it can
 * be told where it stands; only a partner gets further than that. */
enum sph_standing {
    SPH_STANDING_STRANGER, /* refused in the handshake: learns nothing */
    SPH_STANDING_REMOVED,  /* was a partner: 403 */
    SPH_STANDING_PAUSED,   /* 503 with Retry-After */
    SPH_STANDING_PARTNER,
};
/** Words of the response header Saphan-Partner; NULL for the others. */
const char *sph_standing_word(enum sph_standing standing);

/** Decides where a client leaf (already proven to hold its key) stands.
 * Called in the handshake and again at each request of a connection, so that removal takes effect
 * at once. party: its name, written unless it is a stranger. Runs on the loop,
 * for each request and each arrival of a body: keep it to a look-up, e.g. of the leaf's digest
 * among those that passed the full check. Thread-safe. */
typedef enum sph_standing sph_tls_admit(void *ctx, const sph_cert *leaf,
                                        const sph_cert *const *chain, size_t chain_count,
                                        char party[SPH_PARTY_ROOM]);

/** Mutual TLS: client certificate required, CertificateRequest names no CA, no renegotiation, no
 * early data, no compression, no resumption, 1.2 only with ECDHE+AEAD. key     referenced root sent
 * behind the leaf; NULL sends the leaf alone admit   NULL: no client certificate is asked for (the
 * portal's and the witness listener) errors  SPH_EARG when key and leaf do not belong together;
 * SPH_ENOMEM */
SPH_MUST sph_rc sph_tls_server_new(const sph_key *key, const sph_cert *leaf, const sph_cert *root,
                                   sph_tls_admit *admit, void *ctx, sph_tls_server **out,
                                   sph_err *err);
/** Replace key and certificate for new connections; on failure the old ones stay. */
SPH_MUST sph_rc sph_tls_server_reload(sph_tls_server *tls, const sph_key *key, const sph_cert *leaf,
                                      const sph_cert *root, sph_err *err);
void sph_tls_server_free(sph_tls_server **tls);
