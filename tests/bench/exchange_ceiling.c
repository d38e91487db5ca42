/* The bare crypto operations of one exchange, on two threads: what no implementation can exceed on
 * this machine. One exchange = a signature and its verification for the message and for the
 * receipt, and one key transport or agreement in both directions. bench_exchange_ceiling prints
 * {"ceiling_per_s_1_15":…,"ceiling_per_s_2_0":…} */
#include <pthread.h>
#include <stdio.h>
#include <time.h>

#include "crypto/digest.h"
#include "crypto/key.h"

#define SECONDS 2.0

struct keys {
    sph_key *sign, *encrypt;
    bool is_rsa;
    long done;
};

static double now(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static sph_rc sign_and_verify(const struct keys *keys, sph_err *err)
{
    static const uint8_t message[1200] = {1};
    SPH_AUTO(sph_buf) signature = sph_buf_init(1024);
    SPH_TRY(sph_key_sign(keys->sign, sph_slice_of(message, sizeof(message)), &signature, err), err,
            "sign");
    return sph_pubkey_verify(sph_key_peek_public(keys->sign),
                             sph_slice_of(message, sizeof(message)), sph_buf_peek(&signature), err);
}

static sph_rc transport(const struct keys *keys, sph_err *err)
{
    SPH_AUTO_PTR(sph_secret) *key = NULL;
    SPH_AUTO_PTR(sph_secret) *opened = NULL;
    SPH_AUTO(sph_buf) sealed = sph_buf_init(1024);
    SPH_TRY(sph_secret_random(sph_random_real(), 16, &key, err), err, "key");
    SPH_TRY(sph_pubkey_oaep_seal(sph_key_peek_public(keys->encrypt), key, &sealed, err), err,
            "seal");
    return sph_key_oaep_open(keys->encrypt, sph_random_real(), sph_buf_peek(&sealed), 16, &opened,
                             err);
}

static sph_rc agreement(const struct keys *keys, sph_err *err)
{
    SPH_AUTO_PTR(sph_key) *ephemeral = NULL;
    SPH_AUTO_PTR(sph_secret) *ours = NULL;
    SPH_AUTO_PTR(sph_secret) *theirs = NULL;
    SPH_TRY(sph_key_generate(SPH_KEY_X25519, &ephemeral, err), err, "ephemeral");
    SPH_TRY(sph_key_agree(ephemeral, sph_key_peek_public(keys->encrypt), &ours, err), err, "agree");
    return sph_key_agree(keys->encrypt, sph_key_peek_public(ephemeral), &theirs, err);
}

static void *work(void *arg)
{
    struct keys *keys = arg;
    sph_err err = {0};
    const double until = now() + SECONDS;
    while (now() < until) {
        if (sign_and_verify(keys, &err).code != SPH_OK ||
            sign_and_verify(keys, &err).code != SPH_OK)
            return NULL;
        if ((keys->is_rsa ? transport(keys, &err) : agreement(keys, &err)).code != SPH_OK)
            return NULL;
        keys->done++;
    }
    return NULL;
}

/** Operations a second of two threads with the same keys. */
static double measure(enum sph_key_kind sign, enum sph_key_kind encrypt)
{
    pthread_t thread[2];
    sph_err err = {0};
    struct keys keys[2] = {{.is_rsa = encrypt == SPH_KEY_RSA3072}};
    if (sph_key_generate(sign, &keys[0].sign, &err).code != SPH_OK ||
        sph_key_generate(encrypt, &keys[0].encrypt, &err).code != SPH_OK)
        return 0;
    keys[1] = keys[0];
    const double start = now();
    for (int i = 0; i < 2; i++)
        if (pthread_create(&thread[i], NULL, work, &keys[i]) != 0)
            return 0;
    for (int i = 0; i < 2; i++)
        pthread_join(thread[i], NULL);
    const double seconds = now() - start;
    sph_key_free(&keys[0].sign);
    sph_key_free(&keys[0].encrypt);
    return (double)(keys[0].done + keys[1].done) / seconds;
}

int main(void)
{
    sph_err err = {0};
    if (sph_crypto_start(&err).code != SPH_OK)
        return 1;
    printf("{\"ceiling_per_s_1_15\":%.0f,\"ceiling_per_s_2_0\":%.0f}\n",
           measure(SPH_KEY_RSA3072, SPH_KEY_RSA3072), measure(SPH_KEY_ED25519, SPH_KEY_X25519));
    sph_crypto_stop();
    return 0;
}
