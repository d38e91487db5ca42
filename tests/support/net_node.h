/** A server on loopback with parties and certificates of its own, and a raw client: for tests of
 * net. All names are invented. */
#pragma once

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "crypto/digest.h"
#include "crypto/openssl_peek.h"
#include "net/http_parse.h"
#include "net/server.h"
#include "support/fake_env.h"
#include "support/test_assert.h"

/* ---- parties ---- */

typedef struct net_party {
    const char *name;
    sph_key *root_key, *key;
    sph_cert *root, *leaf;
} net_party;

static inline net_party net_party_at(const char *name, int64_t now_ms, enum sph_cert_use use)
{
    net_party party = {.name = name};
    sph_err err = {.depth = 0};
    const sph_random *random = sph_random_real();
    assert_ok(sph_key_generate(SPH_KEY_P256, &party.root_key, &err), &err);
    assert_ok(
        sph_key_generate(use == SPH_USE_TLS ? SPH_KEY_P256 : SPH_KEY_ED25519, &party.key, &err),
        &err);
    assert_ok(sph_cert_issue_root(party.root_key, name, random, now_ms, 3650, &party.root, &err),
              &err);
    assert_ok(sph_cert_issue_leaf(party.root_key, party.root, name, sph_key_peek_public(party.key),
                                  use, random, now_ms, 90, &party.leaf, &err),
              &err);
    return party;
}

static inline net_party net_party_new(const char *name)
{
    return net_party_at(name, sph_clock_real()->now_ms(NULL), SPH_USE_TLS);
}

static inline void net_party_clear(net_party *party)
{
    sph_key_free(&party->root_key);
    sph_key_free(&party->key);
    sph_cert_free(&party->root);
    sph_cert_free(&party->leaf);
}

/* ---- a node ---- */

#define NET_FILE_LEN 3000000u /* what GET /file streams */

typedef struct net_node {
    test_env *world;
    struct sph_env env; /* real clocks: deadlines are those of the sockets */
    struct sph_limits limits;
    net_party own;
    const net_party *partner; /* the only one that is admitted */
    atomic_bool is_partner_enabled;
    atomic_int standing; /* enum sph_standing of the partner while it is not enabled */
    atomic_uint handled;
    char last_party[SPH_PARTY_ROOM]; /* of the last request, written by the one hand that ran it */
    int64_t last_uid;
    sph_tls_server *tls;
    sph_server *server;
    sph_route routes[8];
    char socket_path[108];
    unsigned port;
    unsigned loops, hands, connections_max;
} net_node;

static inline enum sph_standing net_admit(void *ctx, const sph_cert *leaf,
                                          const sph_cert *const *chain, size_t count,
                                          char party[SPH_PARTY_ROOM])
{
    (void)chain;
    (void)count;
    const net_node *node = ctx;
    const bool is_known =
        sph_cert_check(leaf, node->partner->root, node->partner->name, SPH_USE_TLS,
                       sph_clock_real()->now_ms(NULL), (sph_slice){NULL, 0}, NULL)
            .code == SPH_OK;
    if (!is_known || sph_cert_party(leaf, party, NULL).code != SPH_OK)
        return SPH_STANDING_STRANGER;
    if (atomic_load(&node->is_partner_enabled))
        return SPH_STANDING_PARTNER;
    return (enum sph_standing)atomic_load(&node->standing);
}

/* "<length> <spool|memory> <octet sum>" of the body. */
static inline void net_measure(void *ctx, const sph_request *request, sph_response *response)
{
    net_node *node = ctx;
    static const size_t piece = 65536;
    uint64_t sum = 0;
    uint64_t at = 0;
    uint8_t *bytes = sph_mem_new(1, piece);
    for (size_t i = 0; i < request->body.len; i++)
        sum += request->body.at[i];
    while (request->spool && at < request->body_len) {
        size_t got = 0;
        if (request->files->read_at(request->spool, at, bytes, piece, &got, NULL).code != SPH_OK ||
            got == 0)
            break;
        for (size_t i = 0; i < got; i++)
            sum += bytes[i];
        at += got;
    }
    sph_mem_free(bytes);
    response->status = 200;
    response->content_type = "text/plain";
    if (sph_buf_addf(&response->body, NULL, "%llu %s %llu", (unsigned long long)request->body_len,
                     request->spool ? "spool" : "memory", (unsigned long long)sum)
            .code != SPH_OK)
        response->status = 500;
    atomic_fetch_add(&node->handled, 1);
}

static inline void net_who(void *ctx, const sph_request *request, sph_response *response)
{
    net_node *node = ctx;
    response->status = 200;
    node->last_uid = request->peer_uid;
    if (!request->client || sph_cert_party(request->client, node->last_party, NULL).code != SPH_OK)
        node->last_party[0] = '\0';
    if (sph_buf_add_text(&response->body, request->address, NULL).code != SPH_OK)
        response->status = 500;
    atomic_fetch_add(&node->handled, 1);
}

static inline void net_file(void *ctx, const sph_request *request, sph_response *response)
{
    const net_node *node = ctx;
    const sph_files *files = node->env.files;
    (void)request;
    if (files->open(files->ctx, "big", SPH_OPEN_READ, &response->file, NULL).code != SPH_OK)
        return;
    response->status = 200;
    response->files = files;
    response->file_from = 10;
    response->file_len = NET_FILE_LEN - 10;
}

static inline void net_slow(void *ctx, const sph_request *request, sph_response *response)
{
    net_node *node = ctx;
    (void)request;
    usleep(300000);
    response->status = 204;
    atomic_fetch_add(&node->handled, 1);
}

static inline void net_odd(void *ctx, const sph_request *request, sph_response *response)
{
    (void)ctx;
    response->status = sph_slice_is(request->head->query, "none") ? 0 : 200;
    if (sph_slice_is(request->head->query, "inject"))
        (void)!sph_buf_add_text(&response->fields, "A: b\r\n\r\nHTTP/1.1 200 OK\r\n", NULL).code;
    if (sph_slice_is(request->head->query, "cookie"))
        (void)!sph_buf_add_text(&response->fields, "Set-Cookie: a=b\r\n", NULL).code;
}

static inline sph_rc net_gate(void *ctx, const sph_request *request, sph_response *response,
                              sph_err *err)
{
    (void)ctx;
    (void)response;
    return sph_slice_is(request->head->query, "busy") ? sph_fail(err, SPH_EAGAIN, "busy")
                                                      : sph_ok();
}

static inline void net_node_init(net_node *node, const net_party *partner)
{
    const char *folder;
    (void)signal(SIGPIPE,
                 SIG_IGN); /* the raw client below writes into connections that were closed */
    *node = (net_node){.partner = partner, .loops = 2, .hands = 2, .connections_max = 200};
    node->world = test_env_new(1);
    node->env = *test_env_get(node->world);
    node->env.clock = sph_clock_real();
    node->limits = *sph_limits_default();
    node->own = net_party_new("la.node.example");
    atomic_store(&node->is_partner_enabled, true);
    folder = test_env_folder(node->world);
    assert_ok(sph_str_format(node->socket_path, sizeof(node->socket_path), NULL, "%s/control.sock",
                             folder),
              NULL);
    assert_ok(node->env.files->make_dir(node->env.files->ctx, "spool", NULL), NULL);
    const sph_route routes[] = {
        {"POST", "/as4", true, 100000000, 20000, net_gate, net_measure, node, NULL},
        {"POST", "/small", true, 1000, 1000, NULL, net_measure, node, NULL},
        {"GET", "/who", true, 100, 100, NULL, net_who, node, NULL},
        {"GET", "/file", true, 0, 0, NULL, net_file, node, NULL},
        {"GET", "/slow", true, 0, 0, NULL, net_slow, node, NULL},
        {NULL, "/odd", false, 100, 100, NULL, net_odd, node, NULL},
        {"DELETE", "/who", true, 0, 0, NULL, net_who, node, NULL},
    };
    for (size_t i = 0; i < 7; i++)
        node->routes[i] = routes[i];
}

static inline void net_node_start(net_node *node)
{
    static const char *const hosts[] = {"127.0.0.1", "node.example", NULL};
    sph_err err = {.depth = 0};
    assert_ok(sph_tls_server_new(node->own.key, node->own.leaf, node->own.root, net_admit, node,
                                 &node->tls, &err),
              &err);
    const struct sph_listener_config listeners[] = {
        {.address = "127.0.0.1",
         .tls = node->tls,
         .hosts = hosts,
         .routes = node->routes,
         .route_count = 7},
        {.unix_path = node->socket_path, .routes = node->routes, .route_count = 7},
    };
    const struct sph_server_config config = {
        .listeners = listeners,
        .listener_count = 2,
        .loops = node->loops,
        .hands = node->hands,
        .connections_max = node->connections_max,
        .limits = &node->limits,
        .env = &node->env,
        .spool_dir = "spool",
    };
    assert_ok(sph_server_start(&config, &node->server, &err), &err);
    node->port = sph_server_port(node->server, 0);
}

static inline void net_node_clear(net_node *node)
{
    sph_server_stop(&node->server, 2000);
    sph_tls_server_free(&node->tls);
    net_party_clear(&node->own);
    test_env_free(&node->world);
}

/* ---- a raw client ---- */

typedef struct net_client {
    int fd;
    SSL *ssl;
    sph_buf in; /* octets read that belong to the next answer */
} net_client;

static inline int net_connect(unsigned port)
{
    const struct sockaddr_in at = {.sin_family = AF_INET,
                                   .sin_port = htons((uint16_t)port),
                                   .sin_addr = {htonl(INADDR_LOOPBACK)}};
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const struct timeval patience = {.tv_sec = 20};
    assert_true(fd >= 0);
    assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)), 0);
    assert_int_equal(connect(fd, (const struct sockaddr *)&at, sizeof(at)), 0);
    return fd;
}

static inline net_client net_client_unix(const char *path)
{
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    net_client client = {.fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0),
                         .in = sph_buf_init(1 << 24)};
    const struct timeval patience = {.tv_sec = 20};
    assert_int_equal(setsockopt(client.fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)),
                     0);
    assert_ok(sph_str_copy(name.sun_path, sizeof(name.sun_path), sph_slice_str(path), NULL), NULL);
    assert_int_equal(connect(client.fd, (const struct sockaddr *)&name, sizeof(name)), 0);
    return client;
}

static inline void net_client_clear(net_client *client)
{
    SSL_free(client->ssl);
    if (client->fd >= 0)
        close(client->fd);
    sph_buf_clear(&client->in);
    client->fd = -1;
    client->ssl = NULL;
}

/* A TLS connection as `party` (NULL: without certificate), with a TLS version or 0 for any. */
static inline net_client net_client_tls(unsigned port, const net_party *party, int version)
{
    SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
    net_client client = {.fd = net_connect(port), .in = sph_buf_init(1 << 24)};
    if (party) {
        assert_int_equal(SSL_CTX_use_certificate(ctx, sph_cert_peek_x509(party->leaf)), 1);
        assert_int_equal(SSL_CTX_use_PrivateKey(ctx, sph_key_peek_evp(party->key)), 1);
    }
    if (version != 0) {
        SSL_CTX_set_min_proto_version(ctx, version);
        SSL_CTX_set_max_proto_version(ctx, version);
    }
    client.ssl = SSL_new(ctx);
    SSL_CTX_free(ctx);
    SSL_set_fd(client.ssl, client.fd);
    if (SSL_connect(client.ssl) != 1) {
        SSL_free(client.ssl);
        client.ssl = NULL;
    }
    ERR_clear_error();
    return client;
}

static inline ssize_t net_write(net_client *client, const void *at, size_t len)
{
    if (!client->ssl)
        return send(client->fd, at, len, MSG_NOSIGNAL);
    ERR_clear_error();
    const int n = SSL_write(client->ssl, at, (int)len);
    return n > 0 ? n : -1;
}

static inline ssize_t net_read(net_client *client, void *at, size_t room)
{
    if (!client->ssl)
        return recv(client->fd, at, room, 0);
    ERR_clear_error();
    const int n = SSL_read(client->ssl, at, (int)room);
    return n > 0 ? n : 0;
}

static inline bool net_send_all(net_client *client, sph_slice bytes)
{
    while (bytes.len > 0) {
        const ssize_t n = net_write(client, bytes.at, bytes.len);
        if (n <= 0)
            return false;
        bytes = sph_slice_sub(bytes, (size_t)n, SIZE_MAX);
    }
    return true;
}

static inline bool net_send(net_client *client, const char *text)
{
    return net_send_all(client, sph_slice_str(text));
}

static inline bool net_fill(net_client *client)
{
    uint8_t piece[16384];
    const ssize_t n = net_read(client, piece, sizeof(piece));
    return n > 0 && sph_buf_add(&client->in, sph_slice_of(piece, (size_t)n), NULL).code == SPH_OK;
}

/* Read one answer with Content-Length; its status, 0 when the connection ended. body may be NULL.
 */
static inline unsigned net_answer(net_client *client, sph_buf *body)
{
    sph_http_head head;
    sph_http_parser parser;
    for (;;) {
        head = (sph_http_head){.status = 0};
        parser = sph_http_parser_init(SPH_HTTP_RESPONSE, sph_limits_default());
        const enum sph_http_step step =
            sph_http_head_step(&parser, sph_buf_peek(&client->in), &head);
        assert_int_not_equal(step, SPH_HTTP_BAD);
        if (step == SPH_HTTP_DONE && client->in.len - parser.at >= head.length)
            break;
        if (!net_fill(client))
            return 0;
    }
    const sph_slice all = sph_buf_peek(&client->in);
    sph_buf rest = sph_buf_init(1 << 24);
    if (body) {
        sph_buf_clear(body);
        *body = sph_buf_init(1 << 24);
        assert_ok(sph_buf_add(body, sph_slice_sub(all, parser.at, (size_t)head.length), NULL),
                  NULL);
    }
    assert_ok(
        sph_buf_add(&rest, sph_slice_sub(all, parser.at + (size_t)head.length, SIZE_MAX), NULL),
        NULL);
    sph_buf_clear(&client->in);
    client->in = rest;
    return head.status;
}

/* The peer has closed: nothing more comes. */
static inline bool net_is_ended(net_client *client)
{
    return client->in.len == 0 && !net_fill(client);
}

/* ---- set-up of a cmocka test: *state is a net_node that is not started ---- */

static inline int net_with_node(void **state)
{
    net_node *node = sph_mem_new(1, sizeof(*node));
    net_party *partner = sph_mem_new(1, sizeof(*partner));
    *partner = net_party_new("th.partner.example");
    net_node_init(node, partner);
    *state = node;
    return 0;
}

static inline int net_without_node(void **state)
{
    net_node *node = *state;
    net_party *partner = (net_party *)(uintptr_t)node->partner;
    net_node_clear(node);
    net_party_clear(partner);
    sph_mem_free(partner);
    sph_mem_free(node);
    return 0;
}

#define NET_NODE_TEST(name) cmocka_unit_test_setup_teardown(name, net_with_node, net_without_node)
