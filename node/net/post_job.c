#include "net/post_job.h"

#include "base/codec.h"
#include "net/http_date.h"
#include "net/http_parse.h"
#include "net/tls_session.h"

#include <curl/curl.h>
#include <openssl/ssl.h>

#define CONNECT_MS 10000L
#define IDLE_S 60L    /* no octet either way: the partner is gone */
#define MAX_AGE_S 50L /* idle connections: below the 60 s after which a Saphan server closes */
#define MAX_LIFETIME_S 3600L

void sph_answer_clear(sph_answer *answer)
{
    if (!answer)
        return;
    sph_buf_clear(&answer->body);
    if (answer->file)
        answer->files->close(&answer->file);
}

void sph_post_job_fail(sph_post_job *job, enum sph_code code, const char *reason)
{
    if (job->outcome.code == SPH_OK)
        job->outcome = sph_fail(job->err, code, "%s", reason);
}

static sph_rc check_leaf(const sph_post_job *job, const sph_cert *leaf, sph_err *err)
{
    const sph_peer *peer = job->peer;
    const sph_clock *clock = job->env->clock;
    if (peer->is_foreign)
        return sph_cert_check_foreign(leaf, peer->pinned, peer->pinned_count, peer->ca, SPH_USE_TLS,
                                      clock->now_ms(clock->ctx), peer->crl, err);
    return sph_cert_check(leaf, peer->root, peer->party, SPH_USE_TLS, clock->now_ms(clock->ctx),
                          peer->crl, err);
}

/* Runs instead of the library's path building: the server's leaf must be this partner's, under the
 * one pinned root (security.md T-11). */
static sph_rc check_server(const sph_post_job *job, X509_STORE_CTX *store, sph_err *err)
{
    sph_tls_peer shown = {.count = 0};
    sph_rc checked = sph_tls_read_chain(store, shown.chain, &shown.count, err);
    if (checked.code == SPH_OK)
        checked = check_leaf(job, shown.chain[0], err);
    sph_tls_peer_clear(&shown);
    return checked;
}

static int verify_server(X509_STORE_CTX *store, void *arg)
{
    sph_post_job *job = arg;
    const bool is_fine = check_server(job, store, job->err).code == SPH_OK;
    if (!is_fine)
        job->outcome = (sph_rc){SPH_EPROOF};
    X509_STORE_CTX_set_error(store, is_fine ? X509_V_OK : X509_V_ERR_CERT_REJECTED);
    return is_fine ? 1 : 0;
}

/* The key goes from its handle into the context: it is never a file and never PEM. */
static CURLcode on_context(CURL *easy, void *context, void *arg)
{
    (void)easy;
    sph_post_job *job = arg;
    SSL_CTX *ctx = context;
    const sph_peer *peer = job->peer;
    sph_rc made = sph_tls_harden(ctx, job->err);
    if (made.code == SPH_OK)
        made = sph_tls_use_identity(ctx, peer->key, peer->leaf, peer->own_root, job->err);
    if (made.code != SPH_OK) {
        job->outcome = made;
        return CURLE_SSL_CERTPROBLEM;
    }
    SSL_CTX_set_cert_verify_callback(ctx, verify_server, job);
    return CURLE_OK;
}

static size_t on_read(char *to, size_t size, size_t count, void *arg)
{
    sph_post_job *job = arg;
    const sph_post *post = job->post;
    const uint64_t left = post->len - job->read_at;
    const size_t room = left < size * count ? (size_t)left : size * count;
    size_t got = 0;
    if (room == 0)
        return 0;
    const sph_rc read =
        post->files->read_at(post->file, job->read_at, (uint8_t *)to, room, &got, job->err);
    if (read.code != SPH_OK || got == 0) {
        job->outcome =
            read.code != SPH_OK ? read : sph_fail(job->err, SPH_EIO, "body file is too short");
        return CURL_READFUNC_ABORT;
    }
    job->read_at += got;
    if (post->progress)
        post->progress(post->progress_ctx, job->read_at);
    return got;
}

/* A kept connection may have died: libcurl then starts the body over on a new one. */
static int on_seek(void *arg, curl_off_t offset, int origin)
{
    sph_post_job *job = arg;
    if (origin != SEEK_SET || offset < 0 || (uint64_t)offset > job->post->len)
        return CURL_SEEKFUNC_CANTSEEK;
    job->read_at = (uint64_t)offset;
    return CURL_SEEKFUNC_OK;
}

/* From memory into a file, when the caller takes long answers. */
static sph_rc move_to_file(sph_post_job *job)
{
    const sph_post *post = job->post;
    sph_answer *answer = &job->answer;
    answer->files = post->files;
    SPH_TRY(post->files->open(post->files->ctx, post->spool, SPH_OPEN_TEMPORARY, &answer->file,
                              job->err),
            job->err, "spool file");
    SPH_TRY(post->files->write(answer->file, sph_buf_peek(&answer->body), job->err), job->err,
            "spool file");
    answer->file_len = answer->body.len;
    sph_buf_clear(&answer->body);
    return sph_ok();
}

static sph_rc take(sph_post_job *job, sph_slice more)
{
    sph_answer *answer = &job->answer;
    if (!answer->file && job->post->spool && answer->body.len + more.len > job->post->answer_memory)
        SPH_TRY(move_to_file(job), job->err, "answer");
    if (!answer->file)
        return sph_buf_add(&answer->body, more, job->err);
    if (job->post->answer_max - answer->file_len < more.len)
        return sph_fail(job->err, SPH_ELIMIT, "the answer is larger than allowed");
    SPH_TRY(job->post->files->write(answer->file, more, job->err), job->err, "spool file");
    answer->file_len += more.len;
    return sph_ok();
}

static size_t on_write(char *at, size_t size, size_t count, void *arg)
{
    sph_post_job *job = arg;
    const sph_rc rc = take(job, sph_slice_of(at, size * count));
    if (rc.code == SPH_OK)
        return size * count;
    sph_post_job_fail(job, rc.code, "the answer is larger than allowed, or cannot be spooled");
    return 0;
}

/* "Name: value CRLF" with that name; the value without blanks around it, else nothing. */
static sph_slice value_of(sph_slice line, const char *name)
{
    const size_t colon = sph_slice_find(line, SPH_LIT(":"), 0);
    sph_slice value = sph_slice_sub(line, colon == SIZE_MAX ? line.len : colon + 1, SIZE_MAX);
    if (!sph_slice_equal_nocase(sph_slice_sub(line, 0, colon), sph_slice_str(name)))
        return (sph_slice){NULL, 0};
    while (value.len > 0 && value.at[0] == ' ')
        value = sph_slice_sub(value, 1, SIZE_MAX);
    while (value.len > 0 && (value.at[value.len - 1] == '\n' || value.at[value.len - 1] == '\r' ||
                             value.at[value.len - 1] == ' '))
        value = sph_slice_sub(value, 0, value.len - 1);
    return value;
}

static void read_field(sph_post_job *job, sph_slice line)
{
    const sph_slice standing = value_of(line, "Saphan-Partner");
    int64_t date_ms = 0;
    if (sph_http_date_parse(value_of(line, "Date"), &date_ms, NULL).code == SPH_OK)
        job->answer.date_ms = date_ms;
    if (sph_slice_is(standing, sph_standing_word(SPH_STANDING_PAUSED)))
        job->answer.told = SPH_STANDING_PAUSED;
    if (sph_slice_is(standing, sph_standing_word(SPH_STANDING_REMOVED)))
        job->answer.told = SPH_STANDING_REMOVED;
}

/* Counts over interim responses too, so that a partner cannot send 100s for ever (H-13). */
static size_t on_header(char *at, size_t size, size_t count, void *arg)
{
    sph_post_job *job = arg;
    job->head_octets += size * count;
    if (job->head_octets <= sph_limits_default()->http_head) {
        read_field(job, sph_slice_of(at, size * count));
        return size * count;
    }
    sph_post_job_fail(job, SPH_ELIMIT, "the head of the answer is larger than allowed");
    return 0;
}

static curl_socket_t on_open(void *arg, curlsocktype purpose, struct curl_sockaddr *address)
{
    (void)purpose;
    const sph_post_job *job = arg;
    const int fd = sph_kept_open(job->sockets, job->peer->party, job->epoch, address->family,
                                 address->socktype, address->protocol);
    return fd < 0 ? CURL_SOCKET_BAD : fd;
}

static int on_close(void *arg, curl_socket_t fd)
{
    sph_kept_close(arg, fd);
    return 0;
}

static sph_rc set_protocol(const sph_post_job *job)
{
    CURL *easy = job->easy;
    const bool is_set =
        curl_easy_setopt(easy, CURLOPT_URL, job->post->url) == CURLE_OK &&
        curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "https") == CURLE_OK &&
        curl_easy_setopt(easy, CURLOPT_REDIR_PROTOCOLS_STR, "https") == CURLE_OK &&
        curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L) == CURLE_OK &&
        curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1) == CURLE_OK &&
        curl_easy_setopt(easy, CURLOPT_SSL_ENABLE_ALPN, 0L) == CURLE_OK &&
        curl_easy_setopt(easy, CURLOPT_PROXY, "") == CURLE_OK &&
        curl_easy_setopt(easy, CURLOPT_NOPROXY, "*") == CURLE_OK &&
        curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L) == CURLE_OK;
    return is_set ? sph_ok() : sph_fail(job->err, SPH_EARG, "address or protocol setting");
}

static sph_rc set_limits(const sph_post_job *job)
{
    CURL *easy = job->easy;
    const bool is_set =
        curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)job->post->deadline_ms) == CURLE_OK &&
        curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, CONNECT_MS) == CURLE_OK &&
        curl_easy_setopt(easy, CURLOPT_LOW_SPEED_LIMIT, 1L) == CURLE_OK &&
        curl_easy_setopt(easy, CURLOPT_LOW_SPEED_TIME, IDLE_S) == CURLE_OK &&
        curl_easy_setopt(easy, CURLOPT_MAXAGE_CONN, MAX_AGE_S) == CURLE_OK &&
        curl_easy_setopt(easy, CURLOPT_MAXLIFETIME_CONN, MAX_LIFETIME_S) == CURLE_OK &&
        curl_easy_setopt(easy, CURLOPT_MAXFILESIZE_LARGE, (curl_off_t)job->post->answer_max) ==
            CURLE_OK;
    return is_set ? sph_ok() : sph_fail(job->err, SPH_EARG, "limit setting");
}

static sph_rc write_anchors(sph_post_job *job)
{
    const sph_peer *peer = job->peer;
    if (!peer->is_foreign)
        return sph_cert_pem(peer->root, &job->trust, job->err);
    for (size_t i = 0; i < peer->pinned_count; i++)
        SPH_TRY(sph_cert_pem(peer->pinned[i], &job->trust, job->err), job->err, "pinned key");
    return peer->ca ? sph_cert_pem(peer->ca, &job->trust, job->err) : sph_ok();
}

/* What connections are reused by: the root, and as text before it (PEM readers skip it) whose
 * connection it is, under which of our certificates, and since when. A changed one of these needs a
 * new connection. */
static sph_rc write_trust(sph_post_job *job)
{
    const sph_hash leaf = sph_cert_sha256(job->peer->leaf);
    if (!sph_party_valid(sph_slice_str(job->peer->party)))
        return sph_fail(job->err, SPH_EARG, "party name");
    job->trust = sph_buf_init(65536);
    SPH_TRY(sph_buf_addf(&job->trust, job->err, "%s %llu ", job->peer->party,
                         (unsigned long long)job->epoch),
            job->err, "trust");
    SPH_TRY(sph_hex_encode(sph_slice_hash(&leaf), &job->trust, job->err), job->err, "trust");
    SPH_TRY(sph_buf_add_text(&job->trust, "\n", job->err), job->err, "trust");
    return write_anchors(job);
}

static sph_rc set_tls(sph_post_job *job)
{
    CURL *easy = job->easy;
    SPH_TRY(write_trust(job), job->err, "trust");
    const struct curl_blob root = {job->trust.at, job->trust.len, CURL_BLOB_COPY};
    const bool is_set =
        curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2) == CURLE_OK &&
        curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 1L) == CURLE_OK &&
        curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 0L) == CURLE_OK && /* see verify_server */
        curl_easy_setopt(easy, CURLOPT_CAINFO_BLOB, &root) == CURLE_OK &&
        curl_easy_setopt(easy, CURLOPT_CAPATH, NULL) == CURLE_OK &&
        curl_easy_setopt(easy, CURLOPT_SSL_SESSIONID_CACHE, 0L) == CURLE_OK &&
        curl_easy_setopt(easy, CURLOPT_SSL_CTX_FUNCTION, on_context) == CURLE_OK &&
        curl_easy_setopt(easy, CURLOPT_SSL_CTX_DATA, job) == CURLE_OK;
    return is_set ? sph_ok() : sph_fail(job->err, SPH_ENOMEM, "TLS setting");
}

static sph_rc add_field(sph_post_job *job, const char *line)
{
    struct curl_slist *longer = curl_slist_append(job->fields, line);
    if (!longer)
        return sph_fail(job->err, SPH_ENOMEM, "header");
    job->fields = longer;
    return sph_ok();
}

/* Our clock, so that the partner can tell us when it is wrong: a message's own Timestamp may be as
 * old as its first try. */
static sph_rc add_date(sph_post_job *job)
{
    const sph_clock *clock = job->env->clock;
    SPH_AUTO(sph_buf) line = sph_buf_init(64);
    SPH_TRY(sph_buf_add_text(&line, "Date: ", job->err), job->err, "date");
    SPH_TRY(sph_http_date_add(clock->now_ms(clock->ctx), &line, job->err), job->err, "date");
    return add_field(job, sph_buf_text(&line));
}

static sph_rc set_fields(sph_post_job *job)
{
    char type[320];
    for (const char *at = job->post->content_type; *at; at++)
        if (!sph_http_is_text((uint8_t)*at)) /* would end the line: header injection */
            return sph_fail(job->err, SPH_EARG, "content type");
    SPH_TRY(
        sph_str_format(type, sizeof(type), job->err, "Content-Type: %s", job->post->content_type),
        job->err, "content type");
    SPH_TRY(add_field(job, type), job->err, "header");
    SPH_TRY(add_date(job), job->err, "header");
    SPH_TRY(add_field(job, "Expect:"), job->err, "header");
    SPH_TRY(add_field(job, "Accept:"), job->err, "header");
    if (curl_easy_setopt(job->easy, CURLOPT_HTTPHEADER, job->fields) != CURLE_OK)
        return sph_fail(job->err, SPH_ENOMEM, "header setting");
    return sph_ok();
}

static sph_rc set_body(sph_post_job *job)
{
    CURL *easy = job->easy;
    const sph_post *post = job->post;
    const curl_off_t len = (curl_off_t)(post->file ? post->len : post->bytes.len);
    bool is_set = curl_easy_setopt(easy, CURLOPT_POST, 1L) == CURLE_OK &&
                  curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, len) == CURLE_OK &&
                  curl_easy_setopt(easy, CURLOPT_UPLOAD_BUFFERSIZE, 65536L) == CURLE_OK;
    if (is_set && post->file)
        is_set = curl_easy_setopt(easy, CURLOPT_READFUNCTION, on_read) == CURLE_OK &&
                 curl_easy_setopt(easy, CURLOPT_READDATA, job) == CURLE_OK &&
                 curl_easy_setopt(easy, CURLOPT_SEEKFUNCTION, on_seek) == CURLE_OK &&
                 curl_easy_setopt(easy, CURLOPT_SEEKDATA, job) == CURLE_OK;
    else if (is_set)
        is_set =
            curl_easy_setopt(easy, CURLOPT_POSTFIELDS,
                             post->bytes.len > 0 ? (const char *)post->bytes.at : "") == CURLE_OK;
    return is_set ? sph_ok() : sph_fail(job->err, SPH_ENOMEM, "body setting");
}

static sph_rc set_callbacks(sph_post_job *job)
{
    CURL *easy = job->easy;
    const bool is_set = curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_write) == CURLE_OK &&
                        curl_easy_setopt(easy, CURLOPT_WRITEDATA, job) == CURLE_OK &&
                        curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header) == CURLE_OK &&
                        curl_easy_setopt(easy, CURLOPT_HEADERDATA, job) == CURLE_OK &&
                        curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, on_open) == CURLE_OK &&
                        curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, job) == CURLE_OK &&
                        curl_easy_setopt(easy, CURLOPT_CLOSESOCKETFUNCTION, on_close) == CURLE_OK &&
                        curl_easy_setopt(easy, CURLOPT_CLOSESOCKETDATA, job->sockets) == CURLE_OK &&
                        curl_easy_setopt(easy, CURLOPT_PRIVATE, job) == CURLE_OK;
    return is_set ? sph_ok() : sph_fail(job->err, SPH_ENOMEM, "callback setting");
}

sph_rc sph_post_job_begin(sph_post_job *job)
{
    const uint64_t max = job->post->answer_max;
    job->answer.body = sph_buf_init(max < SIZE_MAX ? (size_t)max : SIZE_MAX);
    job->easy = curl_easy_init();
    if (!job->easy)
        return sph_fail(job->err, SPH_ENOMEM, "post");
    SPH_TRY(set_protocol(job), job->err, "post");
    SPH_TRY(set_limits(job), job->err, "post");
    SPH_TRY(set_tls(job), job->err, "post");
    SPH_TRY(set_fields(job), job->err, "post");
    SPH_TRY(set_body(job), job->err, "post");
    return set_callbacks(job);
}

static sph_rc read_outcome(sph_post_job *job)
{
    long status = 0;
    curl_off_t retry_after = 0;
    const char *type = NULL;
    (void)curl_easy_getinfo(job->easy, CURLINFO_RESPONSE_CODE, &status);
    (void)curl_easy_getinfo(job->easy, CURLINFO_RETRY_AFTER, &retry_after);
    (void)curl_easy_getinfo(job->easy, CURLINFO_CONTENT_TYPE, &type);
    job->answer.status = (unsigned)status;
    job->answer.retry_after_s = retry_after > 0 && retry_after < 86400 ? (unsigned)retry_after : 0;
    if (type)
        SPH_TRY(sph_str_copy(job->answer.content_type, sizeof(job->answer.content_type),
                             sph_slice_str(type), job->err),
                job->err, "content type of the answer");
    return sph_ok();
}

void sph_post_job_finish(sph_post_job *job, int result)
{
    if (result == CURLE_FILESIZE_EXCEEDED)
        sph_post_job_fail(job, SPH_ELIMIT, "the answer is larger than allowed");
    else if (result != CURLE_OK)
        sph_post_job_fail(job, SPH_EAGAIN, curl_easy_strerror((CURLcode)result));
    if (job->outcome.code == SPH_OK)
        job->outcome = read_outcome(job);
}

void sph_post_job_clear(sph_post_job *job)
{
    if (!job)
        return;
    curl_easy_cleanup(job->easy);
    curl_slist_free_all(job->fields);
    job->easy = NULL;
    job->fields = NULL;
    sph_buf_clear(&job->trust);
    sph_answer_clear(&job->answer);
}
