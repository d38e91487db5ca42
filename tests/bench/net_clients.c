/* Clients that cost a listener something and bring it nothing, for the benchmark net.
 *   bench_net_clients idle|slow HOME PORT COUNT
 * Opens COUNT mutual TLS connections with the TLS key of HOME, prints "ready", and goes on until
 * its standard input ends: idle ones say nothing, slow ones send an octet of a request head each
 * second and come again when they are dropped. At the end prints {"open":…,"reconnects":…}. */
#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "crypto/openssl_peek.h"
#include "exchange/keyring.h"

#define ADDRESSES 50u /* 127.0.0.2 to 127.0.0.51: callers from many places */
#define STEPS                                                                                      \
    100u /* a second has: the clients of one step send together, as chance would have it */
#define STEP_MS 10

struct client {
    int fd;
    SSL *ssl; /* NULL: dropped */
};
struct crowd {
    SSL_CTX *ctx;
    struct client *client;
    unsigned count, port;
    unsigned long reconnects;
};

static int dial(unsigned port, unsigned number)
{
    const struct sockaddr_in from = {.sin_family = AF_INET,
                                     .sin_addr = {htonl(0x7F000002u + number % ADDRESSES)}};
    const struct sockaddr_in to = {.sin_family = AF_INET,
                                   .sin_port = htons((uint16_t)port),
                                   .sin_addr = {htonl(INADDR_LOOPBACK)}};
    const struct timeval patience = {.tv_sec = 5};
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -1;
    (void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    if (bind(fd, (const struct sockaddr *)&from, sizeof(from)) != 0 ||
        connect(fd, (const struct sockaddr *)&to, sizeof(to)) != 0) {
        close(fd);
        return -1;
    }
    return fd;
}

static void hang_up(struct client *client)
{
    SSL_free(client->ssl);
    if (client->fd >= 0)
        close(client->fd);
    *client = (struct client){.fd = -1};
}

static bool call(const struct crowd *crowd, unsigned number)
{
    struct client *client = &crowd->client[number];
    client->fd = dial(crowd->port, number);
    client->ssl = client->fd >= 0 ? SSL_new(crowd->ctx) : NULL;
    ERR_clear_error();
    if (client->ssl && SSL_set_fd(client->ssl, client->fd) == 1 && SSL_connect(client->ssl) == 1)
        return true;
    hang_up(client);
    return false;
}

static unsigned count_open(const struct crowd *crowd)
{
    unsigned open = 0;
    for (unsigned i = 0; i < crowd->count; i++)
        open += crowd->client[i].ssl != NULL;
    return open;
}

/* The server has closed: something can be read, and it is the end. */
static bool is_dropped(const struct client *client)
{
    struct pollfd look = {.fd = client->fd, .events = POLLIN};
    char octet;
    return poll(&look, 1, 0) > 0 && SSL_peek(client->ssl, &octet, 1) <= 0;
}

static void drip(struct crowd *crowd, unsigned step)
{
    for (unsigned i = step; i < crowd->count; i += STEPS) {
        struct client *client = &crowd->client[i];
        ERR_clear_error();
        if (client->ssl && !is_dropped(client) && SSL_write(client->ssl, "P", 1) == 1)
            continue;
        hang_up(client);
        crowd->reconnects += call(crowd, i);
    }
}

static void stay(struct crowd *crowd, bool is_slow)
{
    struct pollfd input = {.fd = STDIN_FILENO, .events = POLLIN};
    for (unsigned step = 0; poll(&input, 1, STEP_MS) == 0; step = (step + 1) % STEPS)
        if (is_slow)
            drip(crowd, step);
}

static SSL_CTX *make_context(const char *home)
{
    sph_files *files = NULL;
    sph_keyring *ring = sph_mem_new(1, sizeof(*ring));
    SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
    const bool is_there = ring && ctx && sph_files_real_new(home, &files, NULL).code == SPH_OK;
    const struct sph_env env = {sph_clock_real(), sph_random_real(), files, NULL};
    if (!is_there || sph_keyring_load(&env, ring, NULL).code != SPH_OK)
        return NULL;
    const struct sph_key_slot *slot = &ring->slot[SPH_SLOT_TLS];
    const bool is_good = SSL_CTX_use_certificate(ctx, sph_cert_peek_x509(slot->leaf)) == 1 &&
                         SSL_CTX_add1_chain_cert(ctx, sph_cert_peek_x509(ring->root)) == 1 &&
                         SSL_CTX_use_PrivateKey(ctx, sph_key_peek_evp(slot->key)) == 1;
    sph_keyring_clear(ring);
    sph_mem_free(ring);
    sph_files_real_free(&files);
    return is_good ? ctx : NULL;
}

int main(int argc, char **argv)
{
    if (argc != 5) {
        fprintf(stderr, "usage: bench_net_clients idle|slow HOME PORT COUNT\n");
        return 2;
    }
    (void)signal(SIGPIPE, SIG_IGN);
    struct crowd crowd = {.ctx = make_context(argv[2]),
                          .port = (unsigned)strtoul(argv[3], NULL, 10),
                          .count = (unsigned)strtoul(argv[4], NULL, 10)};
    crowd.client = sph_mem_new(crowd.count, sizeof(*crowd.client));
    if (!crowd.ctx || !crowd.client)
        return 1;
    for (unsigned i = 0; i < crowd.count; i++)
        (void)call(&crowd, i);
    printf("ready %u\n", count_open(&crowd));
    fflush(stdout);
    stay(&crowd, strcmp(argv[1], "slow") == 0);
    printf("{\"open\":%u,\"reconnects\":%lu}\n", count_open(&crowd), crowd.reconnects);
    for (unsigned i = 0; i < crowd.count; i++)
        hang_up(&crowd.client[i]);
    sph_mem_free(crowd.client);
    SSL_CTX_free(crowd.ctx);
    return 0;
}
