/** Outbound HTTPS: POST a file or bytes to a partner over mutual TLS with kept connections (libcurl
 * multi behind), faked in tests. */
#pragma once

#include "base/env.h"
#include "base/limits.h"
#include "crypto/cert.h"
#include "net/tls.h"

/** Who we are and whom we expect. All borrowed until the post has completed. */
typedef struct sph_peer {
    const char *party;    /* expected URI SAN urn:saphan:party:<party> */
    const sph_cert *root; /* the partner's pinned root */
    sph_slice crl;        /* DER, may be empty */
    const sph_key *key;   /* our TLS key, leaf and root */
    const sph_cert *leaf;
    const sph_cert *own_root;
    /** A foreign product: `root` is NULL, the name in the certificate is not asked for; its key is
     * pinned, or `ca` (may be NULL) signed it and `crl` does not list it. */
    bool is_foreign;
    const sph_cert *const *pinned;
    size_t pinned_count;
    const sph_cert *ca;
} sph_peer;

typedef struct sph_post {
    const char *url; /* https://host:port/as4 */
    const char *content_type;
    sph_file *file; /* body, read with files->read_at from 0; or NULL and `bytes` */
    const sph_files *files;
    sph_slice bytes;
    uint64_t len;
    uint64_t answer_max; /* SPH_ELIMIT beyond */
    const char *spool;   /* folder of `files` for a longer answer than answer_memory; NULL: always
                            in memory */
    uint64_t answer_memory;
    int64_t deadline_ms; /* whole exchange, from now */
    /* May be NULL: told on the transport's thread how much of `file` has gone; less than before
     * when a kept connection had died and the body starts over. */
    void (*progress)(void *ctx, uint64_t sent);
    void *progress_ctx;
} sph_post;

typedef struct sph_answer {
    unsigned status; /* 0 when no HTTP answer came */
    char content_type[256];
    sph_buf body;   /* empty when it is in `file` */
    sph_file *file; /* an unnamed file with the whole body, of the post's `files`; owned */
    const sph_files *files;
    uint64_t file_len;
    unsigned retry_after_s;
    int64_t date_ms;        /* the Date of its head: the partner's clock; 0 when it told none */
    enum sph_standing told; /* by Saphan-Partner: PAUSED or REMOVED; STRANGER: nothing was said */
} sph_answer;
void sph_answer_clear(sph_answer *answer);

/** Blocking post, called from a hand or the sender's thread: the transport multiplexes all posts on
 *  its own loop. The answer is set on success only, whatever its status; redirects are not
 * followed. errors  SPH_EAGAIN any socket or TLS failure, with the reason (never content)
 *          SPH_EPROOF a certificate of another party
 *          SPH_ELIMIT the answer or its head is too large
 *          SPH_EIO the body file fails; SPH_ECANCELLED the transport ends */
typedef struct sph_transport {
    void *ctx;
    sph_rc (*post)(void *ctx, const sph_peer *peer, const sph_post *post, sph_answer *answer,
                   sph_err *err);
    void (*forget)(void *ctx, const char *party); /* close kept connections of a partner that was
                                                     paused, removed or re-keyed */
} sph_transport;

/** One-time set-up of the client library; called by main and by test mains only, before threads. */
SPH_MUST sph_rc sph_transport_start(sph_err *err);
void sph_transport_end(void);

/** The real one, with a thread of its own. Two partners behind one host and port share no
 * connection, only the limit on connections. connections_each  kept and parallel connections a host
 * and port out               owned, sph_transport_curl_free errors            SPH_ENOMEM; SPH_EIO
 * no thread
 */
SPH_MUST sph_rc sph_transport_curl_new(const struct sph_env *env, unsigned connections_each,
                                       sph_transport **out, sph_err *err);
/** Posts that are under way end with SPH_ECANCELLED, and so do later ones; NULL is fine. */
void sph_transport_curl_stop(sph_transport *transport);
/** As stop, then give it up; no new post may begin. */
void sph_transport_curl_free(sph_transport **transport);
