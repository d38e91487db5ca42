#include "net/tls.h"

#include "net/tls_session.h"

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <pthread.h>

struct sph_tls_server {
    pthread_mutex_t lock; /* guards ctx, which a reload replaces */
    SSL_CTX *ctx;
    sph_tls_admit *admit;
    void *admit_ctx;
};

void sph_tls_peer_clear(sph_tls_peer *peer)
{
    if (!peer)
        return;
    for (size_t i = 0; i < SPH_TLS_CHAIN; i++)
        sph_cert_free(&peer->chain[i]);
    peer->count = 0;
}

static enum sph_standing ask(const sph_tls_peer *peer, char party[SPH_PARTY_ROOM])
{
    const sph_tls_server *server = peer->server;
    if (!server->admit)
        return SPH_STANDING_PARTNER;
    if (peer->count == 0)
        return SPH_STANDING_STRANGER;
    return server->admit(server->admit_ctx, peer->chain[0], (const sph_cert *const *)peer->chain,
                         peer->count, party);
}

enum sph_standing sph_tls_peer_standing(const sph_tls_peer *peer)
{
    char party[SPH_PARTY_ROOM];
    return ask(peer, party);
}

const char *sph_standing_word(enum sph_standing standing)
{
    if (standing == SPH_STANDING_REMOVED)
        return "removed";
    return standing == SPH_STANDING_PAUSED ? "paused" : NULL;
}

/* Runs instead of the library's path building: the one pinned root decides (architecture.md,
 * Trust). Possession of the key is proven by the handshake itself after this. */
static int verify_client(X509_STORE_CTX *store, void *unused)
{
    (void)unused;
    const SSL *ssl = X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx());
    sph_tls_peer *peer = SSL_get_app_data(ssl);
    sph_tls_peer_clear(peer);
    const bool is_fine =
        sph_tls_read_chain(store, peer->chain, &peer->count, NULL).code == SPH_OK &&
        ask(peer, peer->party) != SPH_STANDING_STRANGER;
    X509_STORE_CTX_set_error(store, is_fine ? X509_V_OK : X509_V_ERR_CERT_REJECTED);
    return is_fine ? 1 : 0;
}

static sph_rc make_context(bool wants_client, const sph_key *key, const sph_cert *leaf,
                           const sph_cert *root, SSL_CTX **out, sph_err *err)
{
    SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());
    if (!ctx)
        return sph_fail(err, SPH_ENOMEM, "TLS context");
    sph_rc made = sph_tls_harden(ctx, err);
    if (made.code == SPH_OK)
        made = sph_tls_use_identity(ctx, key, leaf, root, err);
    if (made.code != SPH_OK) {
        SSL_CTX_free(ctx);
        return made;
    }
    if (wants_client) {
        SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
        SSL_CTX_set_cert_verify_callback(ctx, verify_client, NULL);
    }
    *out = ctx;
    return sph_ok();
}

sph_rc sph_tls_server_new(const sph_key *key, const sph_cert *leaf, const sph_cert *root,
                          sph_tls_admit *admit, void *ctx, sph_tls_server **out, sph_err *err)
{
    SPH_AUTO_PTR(sph_tls_server) *server = sph_mem_new(1, sizeof(*server));
    if (!server)
        return sph_fail(err, SPH_ENOMEM, "TLS server");
    pthread_mutex_init(&server->lock, NULL);
    server->admit = admit;
    server->admit_ctx = ctx;
    SPH_TRY(make_context(admit != NULL, key, leaf, root, &server->ctx, err), err, "TLS server");
    *out = sph_move(server);
    return sph_ok();
}

sph_rc sph_tls_server_reload(sph_tls_server *tls, const sph_key *key, const sph_cert *leaf,
                             const sph_cert *root, sph_err *err)
{
    SSL_CTX *fresh = NULL;
    SPH_TRY(make_context(tls->admit != NULL, key, leaf, root, &fresh, err), err, "TLS reload");
    pthread_mutex_lock(&tls->lock);
    SSL_CTX *old = tls->ctx;
    tls->ctx = fresh;
    pthread_mutex_unlock(&tls->lock);
    SSL_CTX_free(old); /* open connections hold their own reference */
    return sph_ok();
}

void sph_tls_server_free(sph_tls_server **tls)
{
    if (!tls || !*tls)
        return;
    SSL_CTX_free((*tls)->ctx);
    pthread_mutex_destroy(&(*tls)->lock);
    sph_mem_free(*tls);
    *tls = NULL;
}

sph_rc sph_tls_server_session(sph_tls_server *server, sph_tls_peer *peer, SSL **out, sph_err *err)
{
    pthread_mutex_lock(&server->lock);
    SSL *ssl = SSL_new(server->ctx);
    pthread_mutex_unlock(&server->lock);
    if (!ssl)
        return sph_fail(err, SPH_ENOMEM, "TLS session");
    peer->server = server;
    SSL_set_app_data(ssl, peer);
    SSL_set_accept_state(ssl);
    *out = ssl;
    return sph_ok();
}
