#include "crypto/fetched.h"

#include "crypto/digest.h"
#include "crypto/openssl_own.h"

#include <stdatomic.h>

#include <openssl/crypto.h>
#include <openssl/err.h>

/* Locked memory for secrets and for OpenSSL's own private numbers: an RSA-3072 key takes 2 KiB of
 * it. */
enum { SECURE_HEAP = 256 * 1024, SECURE_HEAP_BLOCK = 32 };

/* The one mutable static of this layer: filled once, read-only until the process ends. OpenSSL has
 * no other place for a fetched algorithm that the cheap sph_sha256_of could reach without an
 * argument. */
static struct {
    pthread_mutex_t lock;
    atomic_bool is_ready;
    struct sph_fetched has;
} once = {.lock = PTHREAD_MUTEX_INITIALIZER};

sph_rc sph_openssl_fail_at(sph_err *err, enum sph_code code, const char *where, const char *what)
{
    const char *reason = ERR_reason_error_string(ERR_peek_last_error());
    const sph_rc rc = sph_err_start(err, code, where, "%s: %s", what, reason ? reason : "refused");
    ERR_clear_error();
    return rc;
}

static void free_ctx(void *ctx)
{
    EVP_MD_CTX_free((EVP_MD_CTX *)ctx);
}

static void release(struct sph_fetched *has)
{
    EVP_MD_free(has->sha256);
    EVP_KDF_free(has->hkdf);
    for (int i = 0; i < SPH_AES_COUNT; i++) {
        EVP_CIPHER_free(has->gcm[i]);
        EVP_CIPHER_free(has->wrap[i]);
    }
    *has = (struct sph_fetched){0};
}

static sph_rc fetch(struct sph_fetched *has, sph_err *err)
{
    has->sha256 = EVP_MD_fetch(NULL, "SHA2-256", NULL);
    has->hkdf = EVP_KDF_fetch(NULL, "HKDF", NULL);
    has->gcm[SPH_AES_128] = EVP_CIPHER_fetch(NULL, "AES-128-GCM", NULL);
    has->gcm[SPH_AES_256] = EVP_CIPHER_fetch(NULL, "AES-256-GCM", NULL);
    has->wrap[SPH_AES_128] = EVP_CIPHER_fetch(NULL, "AES-128-WRAP", NULL);
    has->wrap[SPH_AES_256] = EVP_CIPHER_fetch(NULL, "AES-256-WRAP", NULL);
    if (!has->sha256 || !has->hkdf || !has->gcm[0] || !has->gcm[1] || !has->wrap[0] ||
        !has->wrap[1])
        return sph_openssl_fail(err, SPH_EUNSUPPORTED, "OpenSSL lacks an algorithm");
    if (pthread_key_create(&has->hash_ctx, free_ctx) != 0)
        return sph_fail(err, SPH_EIO, "no thread key is left");
    return sph_ok();
}

static sph_rc start_locked(sph_err *err)
{
    if (atomic_load_explicit(&once.is_ready, memory_order_relaxed))
        return sph_ok();
    /* Where memory may not be locked the heap still exists, unlocked: better than refusing to run.
     */
    if (!CRYPTO_secure_malloc_initialized())
        (void)CRYPTO_secure_malloc_init(SECURE_HEAP, SECURE_HEAP_BLOCK);
    struct sph_fetched has = {0};
    const sph_rc rc = fetch(&has, err);
    if (rc.code != SPH_OK) {
        release(&has);
        return rc;
    }
    once.has = has;
    atomic_store_explicit(&once.is_ready, true, memory_order_release);
    return sph_ok();
}

sph_rc sph_crypto_start(sph_err *err)
{
    if (atomic_load_explicit(&once.is_ready, memory_order_acquire))
        return sph_ok();
    (void)pthread_mutex_lock(&once.lock);
    const sph_rc rc = start_locked(err);
    (void)pthread_mutex_unlock(&once.lock);
    return rc;
}

void sph_crypto_stop(void)
{
    (void)pthread_mutex_lock(&once.lock);
    if (atomic_load_explicit(&once.is_ready, memory_order_relaxed)) {
        free_ctx(pthread_getspecific(once.has.hash_ctx));
        (void)pthread_setspecific(once.has.hash_ctx, NULL);
        (void)pthread_key_delete(once.has.hash_ctx);
        atomic_store_explicit(&once.is_ready, false, memory_order_release);
        release(&once.has);
        (void)CRYPTO_secure_malloc_done(); /* stays while a secret still lives in it */
    }
    (void)pthread_mutex_unlock(&once.lock);
}

sph_rc sph_crypto_fetched(const struct sph_fetched **out, sph_err *err)
{
    SPH_TRY(sph_crypto_start(err), err, "setting up OpenSSL");
    *out = &once.has;
    return sph_ok();
}

sph_rc sph_aes_of(size_t len, enum sph_aes *out, sph_err *err)
{
    if (len != 16 && len != 32)
        return sph_fail(err, SPH_EARG, "an AES key of %zu octets", len);
    *out = len == 16 ? SPH_AES_128 : SPH_AES_256;
    return sph_ok();
}
