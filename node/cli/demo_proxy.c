#include "cli/demo_proxy.h"

#include "base/bytes.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#define PAIRS 24u
#define CHUNK 16384u
#define TLS_HEAD 5u
#define TLS_DATA 23u       /* application data (RFC 8446 §5.1) */
#define LARGE_RECORD 2048u /* a message's body, not a handshake or an HTTP head */
#define SEND_S 5

/** Where a client's stream stands in its TLS records. */
struct records {
    uint8_t head[TLS_HEAD];
    size_t head_len, left, flip_at;
};

/** One connection: what the client holds and what the node holds. */
struct pair {
    int client, node;
    struct records records;
};

struct sph_demo_proxy {
    int listener, wake;
    unsigned to_port;
    pthread_t thread;
    atomic_bool flips, ends;
    atomic_uint count;
    struct pair pair[PAIRS];
    size_t pair_count;
    uint8_t chunk[CHUNK];
};

static struct sockaddr_in local(unsigned port)
{
    return (struct sockaddr_in){.sin_family = AF_INET,
                                .sin_port = htons((uint16_t)port),
                                .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
}

/** The next byte of the stream; true when it is the one to change. */
static bool is_target(struct records *records, uint8_t byte)
{
    if (records->left > 0)
        return records->left-- == records->flip_at;
    records->head[records->head_len++] = byte;
    if (records->head_len < TLS_HEAD)
        return false;
    records->head_len = 0;
    records->left = (size_t)records->head[3] << 8 | records->head[4];
    const bool is_body = records->head[0] == TLS_DATA && records->left >= LARGE_RECORD;
    records->flip_at = is_body ? records->left / 2 : 0;
    return false;
}

static void watch(sph_demo_proxy *proxy, struct records *records, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (!is_target(records, proxy->chunk[i]) || !proxy->flips)
            continue;
        proxy->chunk[i] ^= 1;
        proxy->count++;
    }
}

static bool send_all(int to, const uint8_t *at, size_t len)
{
    while (len > 0) {
        const ssize_t sent = send(to, at, len, MSG_NOSIGNAL);
        if (sent <= 0)
            return false;
        at += sent;
        len -= (size_t)sent;
    }
    return true;
}

/** What one side sent goes to the other. false: the connection has ended. */
static bool forward(sph_demo_proxy *proxy, struct pair *pair, bool is_client)
{
    const ssize_t got = recv(is_client ? pair->client : pair->node, proxy->chunk, CHUNK, 0);
    if (got <= 0)
        return false;
    if (is_client)
        watch(proxy, &pair->records, (size_t)got);
    return send_all(is_client ? pair->node : pair->client, proxy->chunk, (size_t)got);
}

static void close_pair(sph_demo_proxy *proxy, size_t at)
{
    close(proxy->pair[at].client);
    close(proxy->pair[at].node);
    proxy->pair[at] = proxy->pair[--proxy->pair_count];
}

/** A node that does not take what is sent to it must not hold the thread for ever. */
static void limit_sending(int fd)
{
    const struct timeval limit = {.tv_sec = SEND_S};
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
}

static void take_connection(sph_demo_proxy *proxy)
{
    const struct sockaddr_in to = local(proxy->to_port);
    const int client = accept4(proxy->listener, NULL, NULL, SOCK_CLOEXEC);
    const int node = client < 0 ? -1 : socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (client < 0)
        return;
    if (node >= 0 && proxy->pair_count < PAIRS &&
        connect(node, (const struct sockaddr *)&to, sizeof(to)) == 0) {
        limit_sending(client);
        limit_sending(node);
        proxy->pair[proxy->pair_count++] = (struct pair){.client = client, .node = node};
        return;
    }
    close(client);
    if (node >= 0)
        close(node);
}

static void serve_round(sph_demo_proxy *proxy)
{
    struct pollfd polled[2 + 2 * PAIRS] = {{.fd = proxy->wake, .events = POLLIN},
                                           {.fd = proxy->listener, .events = POLLIN}};
    const size_t count = proxy->pair_count;
    for (size_t i = 0; i < count; i++) {
        polled[2 + 2 * i] = (struct pollfd){.fd = proxy->pair[i].client, .events = POLLIN};
        polled[3 + 2 * i] = (struct pollfd){.fd = proxy->pair[i].node, .events = POLLIN};
    }
    if (poll(polled, 2 + 2 * count, -1) <= 0)
        return;
    /* From the last to the first: closing one moves the last into its place. */
    for (size_t i = count; i-- > 0;) {
        const bool from_client = polled[2 + 2 * i].revents != 0;
        const bool from_node = polled[3 + 2 * i].revents != 0;
        if ((from_client && !forward(proxy, &proxy->pair[i], true)) ||
            (from_node && !forward(proxy, &proxy->pair[i], false)))
            close_pair(proxy, i);
    }
    if (polled[1].revents != 0)
        take_connection(proxy);
}

static void *run(void *arg)
{
    sph_demo_proxy *proxy = arg;
    while (!proxy->ends)
        serve_round(proxy);
    while (proxy->pair_count > 0)
        close_pair(proxy, proxy->pair_count - 1);
    return NULL;
}

static sph_rc listen_anywhere(sph_demo_proxy *proxy, unsigned *port, sph_err *err)
{
    struct sockaddr_in name = local(0);
    socklen_t len = sizeof(name);
    proxy->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    proxy->wake = eventfd(0, EFD_CLOEXEC);
    if (proxy->listener < 0 || proxy->wake < 0 ||
        bind(proxy->listener, (const struct sockaddr *)&name, sizeof(name)) != 0 ||
        listen(proxy->listener, 16) != 0 ||
        getsockname(proxy->listener, (struct sockaddr *)&name, &len) != 0)
        return sph_fail(err, SPH_EIO, "no port for the proxy");
    *port = ntohs(name.sin_port);
    return sph_ok();
}

static void close_all(sph_demo_proxy *proxy)
{
    if (proxy->listener >= 0)
        close(proxy->listener);
    if (proxy->wake >= 0)
        close(proxy->wake);
    sph_mem_free(proxy);
}

sph_rc sph_demo_proxy_new(unsigned to_port, sph_demo_proxy **out, unsigned *port, sph_err *err)
{
    sph_demo_proxy *proxy = sph_mem_new(1, sizeof(*proxy));
    if (!proxy)
        return sph_fail(err, SPH_ENOMEM, "proxy");
    proxy->to_port = to_port;
    proxy->listener = proxy->wake = -1;
    sph_rc rc = listen_anywhere(proxy, port, err);
    if (rc.code == SPH_OK && pthread_create(&proxy->thread, NULL, run, proxy) != 0)
        rc = sph_fail(err, SPH_EIO, "no thread for the proxy");
    if (rc.code != SPH_OK) {
        close_all(proxy);
        return rc;
    }
    *out = proxy;
    return sph_ok();
}

void sph_demo_proxy_flip(sph_demo_proxy *proxy, bool flips)
{
    proxy->flips = flips;
}

unsigned sph_demo_proxy_flips(const sph_demo_proxy *proxy)
{
    return proxy->count;
}

void sph_demo_proxy_free(sph_demo_proxy **proxy)
{
    const uint64_t one = 1;
    if (!proxy || !*proxy)
        return;
    (*proxy)->ends = true;
    if (write((*proxy)->wake, &one, sizeof(one)) != sizeof(one))
        return; /* the thread still uses it all */
    pthread_join((*proxy)->thread, NULL);
    close_all(*proxy);
    *proxy = NULL;
}
