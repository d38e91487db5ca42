/* Load for the exchange benchmarks: puts COUNT drafts into a running node over its control socket
 * from THREADS threads and waits until every message has its verified receipt. With WINDOW at most
 * so many messages wait for their receipt at any time.
 *   bench_exchange_load SOCKET DRAFT COUNT THREADS [WINDOW [ATTACHMENT [FOREIGN-PARTY]]]
 * With FOREIGN-PARTY the attachment itself is sent to that foreign product, and DRAFT is not used.
 * prints {"exchanges":…,"seconds":…} */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/json.h"
#include "net/control_client.h"

#define DRAFT_MOST (512u * 1024)
#define THREADS_MOST 64

struct load {
    const char *socket_path;
    const char *party; /* a foreign product, or NULL */
    sph_slice draft, attachment;
    int left; /* taken with atomics, like all below */
    int failed;
    int window, posted;
    int64_t done; /* receipts so far, as last asked */
};

static sph_rc call(const struct load *load, const char *method, const char *target, sph_slice body,
                   sph_answer *answer, sph_err *err)
{
    const sph_control_request request = {.socket_path = load->socket_path,
                                         .method = method,
                                         .target = target,
                                         .content_type = !body.len ? NULL
                                                         : body.at == load->attachment.at
                                                             ? "application/octet-stream"
                                                             : "application/json",
                                         .bytes = body,
                                         .len = body.len,
                                         .timeout_ms = 120000,
                                         .answer_max = 1u << 20};
    return sph_control_call(&request, answer, err);
}

/** One file to a foreign product. */
static sph_rc order_of(const struct load *load, const char *upload, sph_buf *out, sph_err *err)
{
    SPH_TRY(sph_buf_add_text(out, "{\"to\":\"", err), err, "order");
    SPH_TRY(sph_buf_add_text(out, load->party, err), err, "order");
    SPH_TRY(sph_buf_add_text(out, "\",\"parts\":[{\"upload\":\"", err), err, "order");
    SPH_TRY(sph_buf_add_text(out, upload, err), err, "order");
    return sph_buf_add_text(out, "\",\"mediaType\":\"application/xml\",\"name\":\"x.xml\"}]}", err);
}

/** The draft, with an attachment of its own when there is one. */
static sph_rc draft_of(const struct load *load, sph_buf *out, sph_err *err)
{
    SPH_AUTO(sph_answer) answer = {.body = sph_buf_init(1u << 20)};
    SPH_AUTO_PTR(sph_json) *json = NULL;
    if (load->attachment.len == 0)
        return sph_buf_add(out, load->draft, err);
    SPH_TRY(call(load, "POST", "/api/1/attachments", load->attachment, &answer, err), err,
            "upload");
    SPH_TRY(sph_json_parse(sph_buf_peek(&answer.body), 1u << 20, &json, err), err, "upload");
    if (load->party)
        return order_of(load, sph_json_get_text(json, "upload"), out, err);
    sph_slice open = load->draft;
    while (open.len > 0 && open.at[open.len - 1] != '}')
        open.len--;
    open.len -= open.len > 0;
    SPH_TRY(sph_buf_add(out, open, err), err, "draft");
    SPH_TRY(sph_buf_add_text(out, ",\"attachments\":[{\"upload\":\"", err), err, "draft");
    SPH_TRY(sph_buf_add_text(out, sph_json_get_text(json, "upload"), err), err, "draft");
    return sph_buf_add_text(
        out, "\",\"mediaType\":\"application/pdf\",\"title\":\"Bytes\",\"lang\":\"en\"}]}", err);
}

/** Until one more message may be on its way. */
static void wait_for_room(struct load *load)
{
    const struct timespec pause = {0, 300000};
    const int turn = __atomic_fetch_add(&load->posted, 1, __ATOMIC_RELAXED);
    while (turn - __atomic_load_n(&load->done, __ATOMIC_RELAXED) >= load->window)
        nanosleep(&pause, NULL);
}

static void *submit(void *arg)
{
    struct load *load = arg;
    while (__atomic_sub_fetch(&load->left, 1, __ATOMIC_RELAXED) >= 0) {
        wait_for_room(load);
        SPH_AUTO(sph_answer) answer = {.body = sph_buf_init(1u << 20)};
        SPH_AUTO(sph_buf) draft = sph_buf_init(DRAFT_MOST);
        sph_err err = {0};
        const char *target = load->party ? "/api/1/packets/foreign" : "/api/1/publications";
        if (draft_of(load, &draft, &err).code == SPH_OK &&
            call(load, "POST", target, sph_buf_peek(&draft), &answer, &err).code == SPH_OK &&
            answer.status == 201)
            continue;
        if (__atomic_add_fetch(&load->failed, 1, __ATOMIC_RELAXED) == 1)
            fprintf(stderr, "submit: status %u %s\n", answer.status, sph_buf_text(&answer.body));
    }
    return NULL;
}

/** Messages that still wait, and how many are done. */
static bool waiting(const struct load *load, int64_t *open, int64_t *done)
{
    SPH_AUTO(sph_answer) answer = {.body = sph_buf_init(1u << 20)};
    sph_json *json = NULL;
    if (call(load, "GET", "/api/1/node", (sph_slice){NULL, 0}, &answer, NULL).code != SPH_OK ||
        sph_json_parse(sph_buf_peek(&answer.body), 1u << 20, &json, NULL).code != SPH_OK)
        return false;
    const sph_json *outbox = sph_json_get(json, "outbox");
    *open = sph_json_get_int(outbox, "queued", 0) + sph_json_get_int(outbox, "retrying", 0);
    *done = sph_json_get_int(outbox, "acknowledged", 0);
    sph_json_free(&json);
    return true;
}

static double now(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static bool read_draft(const char *path, sph_buf *out)
{
    char piece[16384];
    FILE *in = fopen(path, "rb");
    size_t got = 0;
    bool is_good = in != NULL;
    while (is_good && (got = fread(piece, 1, sizeof(piece), in)) > 0)
        is_good = sph_buf_add(out, sph_slice_of(piece, got), NULL).code == SPH_OK;
    if (in)
        fclose(in);
    return is_good;
}

static int run(struct load *load, int count, int threads)
{
    pthread_t thread[THREADS_MOST];
    int64_t open = 1, done = 0, before = 0;
    const struct timespec pause = {0, load->window < count ? 1000000 : 25000000};
    if (!waiting(load, &open, &before))
        return 1;
    const double start = now();
    for (int i = 0; i < threads; i++)
        if (pthread_create(&thread[i], NULL, submit, load) != 0)
            return 1;
    do {
        nanosleep(&pause, NULL);
        if (!waiting(load, &open, &done))
            return 1;
        __atomic_store_n(&load->done, done - before, __ATOMIC_RELAXED);
    } while ((open > 0 || done - before < count) && load->failed == 0 && now() - start < 600);
    __atomic_store_n(&load->done, count, __ATOMIC_RELAXED);
    for (int i = 0; i < threads; i++)
        pthread_join(thread[i], NULL);
    printf("{\"exchanges\":%lld,\"seconds\":%.3f}\n", (long long)(done - before), now() - start);
    return load->failed > 0 || done - before != count;
}

int main(int argc, char **argv)
{
    SPH_AUTO(sph_buf) draft = sph_buf_init(DRAFT_MOST);
    SPH_AUTO(sph_buf) attachment = sph_buf_init(DRAFT_MOST);
    if (argc < 5 || argc > 8 || !read_draft(argv[2], &draft) ||
        (argc >= 7 && !read_draft(argv[6], &attachment))) {
        fprintf(stderr, "usage: bench_exchange_load SOCKET DRAFT COUNT THREADS [WINDOW [ATTACHMENT"
                        " [FOREIGN-PARTY]]]\n");
        return 2;
    }
    const int count = (int)strtol(argv[3], NULL, 10), threads = (int)strtol(argv[4], NULL, 10);
    struct load load = {.socket_path = argv[1],
                        .draft = sph_buf_peek(&draft),
                        .attachment = sph_buf_peek(&attachment),
                        .party = argc == 8 ? argv[7] : NULL,
                        .left = count,
                        .window = argc >= 6 ? (int)strtol(argv[5], NULL, 10) : count};
    return run(&load, count, threads > THREADS_MOST ? THREADS_MOST : threads);
}
