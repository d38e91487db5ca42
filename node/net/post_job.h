/** One post on its way through libcurl: options, callbacks, outcome. Internal to net. */
#pragma once

#include <pthread.h>

#include "net/transport.h"

typedef struct sph_post_job {
    const struct sph_env *env;
    const sph_peer *peer;
    const sph_post *post;
    uint64_t epoch; /* of the partner when the post began: see sph_transport.forget */
    void *sockets;  /* given to the socket callbacks */
    void *easy;     /* CURL *, NULL before sph_post_job_begin */
    void *fields;   /* struct curl_slist * */
    sph_buf trust;  /* PEM of the partner's root: also the key under which connections are reused */
    uint64_t read_at, head_octets;
    sph_answer answer; /* moved to the caller on success */
    sph_rc outcome;    /* set at the end, or by a callback that knows the reason */
    sph_err *err;      /* the caller's; written by the transport's thread until is_done */
    bool is_done;
    pthread_cond_t done;
    struct sph_post_job *next;
} sph_post_job;

/** Make the handle ready for the multi. errors  SPH_ENOMEM; SPH_EARG no https URL, no party */
SPH_MUST sph_rc sph_post_job_begin(sph_post_job *job);
/** The transfer has ended with this CURLcode: set the outcome. */
void sph_post_job_finish(sph_post_job *job, int result);
void sph_post_job_clear(sph_post_job *job);
/** Sets the outcome unless a callback did; frames go to the caller's err. */
void sph_post_job_fail(sph_post_job *job, enum sph_code code, const char *reason);

/** Open sockets and whose they are, so that a partner's can be closed at once. One thread. */
typedef struct sph_kept sph_kept;
SPH_MUST sph_rc sph_kept_new(sph_kept **out, sph_err *err);
void sph_kept_free(sph_kept **kept);
/** Open a socket for a partner; -1 on failure. Close it and forget it. */
int sph_kept_open(sph_kept *kept, const char *party, uint64_t epoch, int family, int type,
                  int protocol);
void sph_kept_close(sph_kept *kept, int fd);
/** End the connections of this partner that began in this epoch or before. */
void sph_kept_end(const sph_kept *kept, const char *party, uint64_t epoch);
