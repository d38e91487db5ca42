/* Load for the exchange benchmark: puts COUNT drafts into a running node over its control socket
 * from THREADS threads and waits until every message has its verified receipt. bench_exchange_load
 * SOCKET DRAFT COUNT THREADS      prints {"exchanges":…,"seconds":…} */
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
    sph_slice draft;
    int left; /* taken with atomics */
    int failed;
};

static sph_rc call(const struct load *load, const char *method, const char *target, sph_slice body,
                   sph_answer *answer, sph_err *err)
{
    const sph_control_request request = {.socket_path = load->socket_path,
                                         .method = method,
                                         .target = target,
                                         .content_type = body.len ? "application/json" : NULL,
                                         .bytes = body,
                                         .len = body.len,
                                         .timeout_ms = 120000,
                                         .answer_max = 1u << 20};
    return sph_control_call(&request, answer, err);
}

static void *submit(void *arg)
{
    struct load *load = arg;
    while (__atomic_sub_fetch(&load->left, 1, __ATOMIC_RELAXED) >= 0) {
        SPH_AUTO(sph_answer) answer = {.body = sph_buf_init(1u << 20)};
        sph_err err = {0};
        if (call(load, "POST", "/api/1/publications", load->draft, &answer, &err).code == SPH_OK &&
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
    const struct timespec pause = {0, 25000000};
    if (!waiting(load, &open, &before))
        return 1;
    const double start = now();
    for (int i = 0; i < threads; i++)
        if (pthread_create(&thread[i], NULL, submit, load) != 0)
            return 1;
    for (int i = 0; i < threads; i++)
        pthread_join(thread[i], NULL);
    do {
        nanosleep(&pause, NULL);
        if (!waiting(load, &open, &done))
            return 1;
    } while (open > 0 && now() - start < 600);
    printf("{\"exchanges\":%lld,\"seconds\":%.3f}\n", (long long)(done - before), now() - start);
    return load->failed > 0 || done - before != count;
}

int main(int argc, char **argv)
{
    SPH_AUTO(sph_buf) draft = sph_buf_init(DRAFT_MOST);
    if (argc != 5 || !read_draft(argv[2], &draft)) {
        fprintf(stderr, "usage: bench_exchange_load SOCKET DRAFT COUNT THREADS\n");
        return 2;
    }
    const int count = (int)strtol(argv[3], NULL, 10), threads = (int)strtol(argv[4], NULL, 10);
    struct load load = {.socket_path = argv[1], .draft = sph_buf_peek(&draft), .left = count};
    return run(&load, count, threads > THREADS_MOST ? THREADS_MOST : threads);
}
