#include "exchange/care.h"

#include <pthread.h>
#include <time.h>

#include "exchange/inbox.h"
#include "exchange/own_card.h"
#include "exchange/relay_notice.h"

#define ROUND_S 600

struct sph_care {
    sph_node *node;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool is_stopping, is_asked;
};

static sph_rc note_renewal(sph_node *node, sph_err *err)
{
    sph_leaf leaf;
    for (enum sph_leaf_slot slot = 0; slot < SPH_SLOT_COUNT; slot++) {
        const sph_hash sha256 = sph_cert_sha256(sph_node_keys(node)->slot[slot].leaf);
        SPH_TRY(sph_node_leaf(node, SPH_EVENT_CERT_ADDED, NULL, &leaf, err), err,
                "CERT_ADDED leaf");
        SPH_TRY(sph_leaf_ext(&leaf, SPH_EXT_KEY_SHA256, sph_slice_hash(&sha256), err), err,
                "CERT_ADDED leaf");
        SPH_TRY(sph_node_note_event(node, &leaf, NULL, err), err, "CERT_ADDED leaf");
    }
    return sph_ok();
}

static sph_rc renew_keys(sph_node *node, unsigned *changed, sph_err *err)
{
    sph_keyring ring = {0};
    SPH_TRY(sph_keyring_load(sph_node_env(node), &ring, err), err, "keys");
    const sph_rc rc = sph_keyring_renew(sph_node_env(node), &ring, sph_node_party(node),
                                        sph_node_config(node)->url, changed, err);
    sph_keyring_clear(&ring);
    return rc;
}

/** Each step finds what the one before left behind, so a round that was broken off anywhere, also
 * by the end of the process, is finished by the next one. */
sph_rc sph_care_round(sph_node *node, unsigned *changed, sph_err *err)
{
    unsigned queued = 0;
    bool is_behind = false;
    *changed = 0;
    SPH_TRY(renew_keys(node, changed, err), err, "renewal");
    SPH_TRY(sph_node_reload_keys(node, err), err, "reload");
    SPH_TRY(sph_own_card_is_behind(node, &is_behind, err), err, "card");
    if (is_behind) {
        SPH_TRY(note_renewal(node, err), err, "leaves");
        SPH_TRY(sph_own_card_replace(node, err), err, "new card");
    }
    SPH_TRY(sph_own_card_distribute(node, &queued, err), err, "sending the card");
    if (*changed > 0 || is_behind)
        SPH_LOG(sph_node_env(node)->log, SPH_LOG_INFO, "certificates_renewed",
                SPH_LN(SPH_F_COUNT, *changed), SPH_LN(SPH_F_SIZE, queued));
    return sph_ok();
}

static void round_once(sph_care *care)
{
    unsigned changed = 0;
    sph_err err = {0};
    const sph_rc rc = sph_care_round(care->node, &changed, &err);
    if (rc.code != SPH_OK)
        SPH_LOG(sph_node_env(care->node)->log, SPH_LOG_ERROR, "renewal_failed",
                SPH_LF(SPH_F_CODE, sph_code_name(rc.code)),
                SPH_LF(SPH_F_WHAT, err.depth ? err.frame[0].what : ""));
}

/* Receipts that could not be written when their message came, or at the start. */
static void finish_receipts(sph_node *node)
{
    unsigned done = 0, left = 0;
    sph_err err = {0};
    const int64_t before_ms = sph_node_now_ms(node) - SPH_RECEIPT_LATE_MS;
    const sph_rc rc = sph_inbox_recover(node, before_ms, &done, &left, &err);
    if (rc.code != SPH_OK || done + left > 0)
        SPH_LOG(sph_node_env(node)->log, rc.code == SPH_OK ? SPH_LOG_WARN : SPH_LOG_ERROR,
                "late_receipts", SPH_LF(SPH_F_CODE, sph_code_name(rc.code)),
                SPH_LN(SPH_F_COUNT, done), SPH_LN(SPH_F_SIZE, left));
}

static void *run(void *arg)
{
    sph_care *care = arg;
    pthread_mutex_lock(&care->lock);
    while (!care->is_stopping) {
        struct timespec until;
        pthread_mutex_unlock(&care->lock);
        round_once(care);
        finish_receipts(care->node);
        sph_notice_pay_all(care->node);
        clock_gettime(CLOCK_REALTIME, &until);
        until.tv_sec += ROUND_S;
        pthread_mutex_lock(&care->lock);
        if (!care->is_stopping && !care->is_asked)
            pthread_cond_timedwait(&care->changed, &care->lock, &until);
        care->is_asked = false;
    }
    pthread_mutex_unlock(&care->lock);
    return NULL;
}

sph_rc sph_care_start(sph_node *node, sph_care **out, sph_err *err)
{
    sph_care *care = sph_mem_new(1, sizeof(*care));
    if (!care)
        return sph_fail(err, SPH_ENOMEM, "upkeep");
    care->node = node;
    pthread_mutex_init(&care->lock, NULL);
    pthread_cond_init(&care->changed, NULL);
    if (pthread_create(&care->thread, NULL, run, care) != 0) {
        pthread_cond_destroy(&care->changed);
        pthread_mutex_destroy(&care->lock);
        sph_mem_free(care);
        return sph_fail(err, SPH_EIO, "upkeep thread");
    }
    *out = care;
    return sph_ok();
}

void sph_care_now(sph_care *care)
{
    if (!care)
        return;
    pthread_mutex_lock(&care->lock);
    care->is_asked = true;
    pthread_cond_signal(&care->changed);
    pthread_mutex_unlock(&care->lock);
}

void sph_care_stop(sph_care **care)
{
    if (!care || !*care)
        return;
    pthread_mutex_lock(&(*care)->lock);
    (*care)->is_stopping = true;
    pthread_cond_signal(&(*care)->changed);
    pthread_mutex_unlock(&(*care)->lock);
    pthread_join((*care)->thread, NULL);
    pthread_cond_destroy(&(*care)->changed);
    pthread_mutex_destroy(&(*care)->lock);
    sph_mem_free(*care);
    *care = NULL;
}
