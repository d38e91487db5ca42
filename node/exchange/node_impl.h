/** The node's fields. Only node.c, home.c and care.c see them. */
#pragma once

#include <pthread.h>

#include "exchange/care.h"
#include "exchange/node.h"
#include "exchange/pull.h"
#include "exchange/sender.h"

#define SPH_RINGS 64 /* changed key sets a process lives through: one in 15 days */

/** What a reload replaced stays until the end: a running exchange may still use it. */
struct sph_settings {
    struct sph_config config;
    struct sph_suites suites;
    struct sph_settings *older;
};

struct sph_node {
    char path[512];
    const struct sph_env *env;
    struct sph_config config;            /* as it was at the start */
    struct sph_settings *_Atomic newest; /* after a reload; NULL: config and suites */
    pthread_mutex_t keys_lock;           /* one reload at a time: an operator's, or a renewal's */
    sph_keyring *_Atomic keys;           /* newest of ring[] */
    sph_keyring
        *ring[SPH_RINGS]; /* earlier ones stay until close: a running exchange may still use them */
    size_t ring_count;
    struct sph_schemas schemas;
    pthread_mutex_t official_lock;
    struct sph_suites suites;
    sph_vkey log_vkey;
    sph_journal *journal;
    sph_secrets *secrets;
    sph_db_pool *readers;
    sph_partners *partners;
    struct sph_health *health;
    sph_transfers *transfers;
    sph_note_memo *notes;
    sph_at_work *at_work;
    const sph_transport *transport;
    sph_transport *own_transport; /* NULL when the caller gave one */
    sph_sender *sender;
    sph_puller *puller; /* of a node that serves */
    sph_care *care;
    void (*keys_changed)(void *ctx, sph_node *node);
    void *keys_changed_ctx;
    int lock_fd;
    bool is_serving, is_inspecting;
};
