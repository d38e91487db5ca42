#include "net/tls_session.h"

#include "base/limits.h"
#include "crypto/openssl_peek.h"

#include <openssl/err.h>
#include <openssl/ssl.h>

#define CIPHERS_1_2                                                                                \
    "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:"   \
    "ECDHE-RSA-AES128-GCM-SHA256:ECDHE-RSA-AES256-GCM-SHA384:ECDHE-RSA-CHACHA20-POLY1305"

sph_rc sph_tls_harden(SSL_CTX *ctx, sph_err *err)
{
    /* The library's macros cast const away: arrays of our own, which it only reads. */
    char groups[] = "X25519:P-256:P-384";
    char signatures[] =
        "ECDSA+SHA256:ECDSA+SHA384:ed25519:RSA-PSS+SHA256:RSA-PSS+SHA384:RSA+SHA256:RSA+SHA384";
    /* Resumption is off as a whole: a resumed session would skip the certificate (security.md
     * T-09). */
    SSL_CTX_set_options(ctx, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_NO_TICKET |
                                 SSL_OP_CIPHER_SERVER_PREFERENCE);
    SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_mode(ctx, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                              SSL_MODE_RELEASE_BUFFERS | SSL_MODE_NO_AUTO_CHAIN);
    SSL_CTX_set_max_cert_list(ctx, (long)sph_limits_default()->cert_bytes + 1024);
    if (SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION) != 1 ||
        SSL_CTX_set_cipher_list(ctx, CIPHERS_1_2) != 1 ||
        SSL_CTX_set1_groups_list(ctx, groups) != 1 ||
        SSL_CTX_set1_sigalgs_list(ctx, signatures) != 1 ||
        SSL_CTX_set_max_early_data(ctx, 0) != 1 || SSL_CTX_set_num_tickets(ctx, 0) != 1)
        return sph_fail(err, SPH_EIO, "TLS settings refused by the library");
    return sph_ok();
}

sph_rc sph_tls_use_identity(SSL_CTX *ctx, const sph_key *key, const sph_cert *leaf,
                            const sph_cert *root, sph_err *err)
{
    ERR_clear_error();
    const bool fits = SSL_CTX_use_certificate(ctx, sph_cert_peek_x509(leaf)) == 1 &&
                      (!root || SSL_CTX_add1_chain_cert(ctx, sph_cert_peek_x509(root)) == 1) &&
                      SSL_CTX_use_PrivateKey(ctx, sph_key_peek_evp(key)) == 1 &&
                      SSL_CTX_check_private_key(ctx) == 1;
    ERR_clear_error();
    if (!fits)
        return sph_fail(err, SPH_EARG, "TLS key and certificate do not belong together");
    return sph_ok();
}

static sph_rc read_cert(const X509 *x509, size_t *total, sph_cert **out, sph_err *err)
{
    const int len = i2d_X509(x509, NULL);
    *total += len > 0 ? (size_t)len : 0;
    if (len <= 0 || *total > sph_limits_default()->cert_bytes)
        return sph_fail(err, SPH_ELIMIT, "chain over the byte limit");
    return sph_cert_from_x509(x509, out, err);
}

sph_rc sph_tls_read_chain(X509_STORE_CTX *store, sph_cert *chain[SPH_TLS_CHAIN], size_t *count,
                          sph_err *err)
{
    STACK_OF(X509) *sent = X509_STORE_CTX_get0_untrusted(store);
    const int sent_count = sent ? sk_X509_num(sent) : 0;
    size_t total = 0;
    if (sent_count < 1)
        return sph_fail(err, SPH_EPROOF, "no certificate");
    if (sent_count > SPH_TLS_CHAIN)
        return sph_fail(err, SPH_ELIMIT, "chain of %d certificates", sent_count);
    for (*count = 0; *count < (size_t)sent_count; *count += 1)
        SPH_TRY(read_cert(sk_X509_value(sent, (int)*count), &total, &chain[*count], err), err,
                "certificate %zu of the chain", *count);
    return sph_ok();
}
