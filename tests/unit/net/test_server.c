/* The server over real loopback connections: who comes in, what is refused, and how long it waits.
 */
#include "net/server.h"

#include <sys/resource.h>
#include <sys/stat.h>

#include "support/net_node.h"

int test_server(void);

#define GET_WHO "GET /who HTTP/1.1\r\nHost: node.example\r\n\r\n"

/* ---- who comes in ---- */

static void server_partner_is_served_and_known_by_certificate(void **state)
{
    net_node *node = *state;
    net_node_start(node);
    for (int version = TLS1_2_VERSION; version <= TLS1_3_VERSION; version++) {
        net_client client = net_client_tls(node->port, node->partner, version);
        sph_buf body = sph_buf_init(0);
        assert_non_null(client.ssl);
        assert_true(net_send(&client, GET_WHO));
        assert_int_equal(net_answer(&client, &body), 200);
        assert_slice_is(sph_buf_peek(&body), "127.0.0.1");
        assert_string_equal(node->last_party, "th.partner.example");
        assert_int_equal(node->last_uid, -1);
        sph_buf_clear(&body);
        net_client_clear(&client);
    }
}

/* In TLS 1.3 the client learns of the refusal after its own Finished: no octet of HTTP is ever
 * served. */
static void expect_refused(net_node *node, const net_party *as, int version)
{
    net_client client = net_client_tls(node->port, as, version);
    if (client.ssl && net_send(&client, GET_WHO))
        assert_int_equal(net_answer(&client, NULL), 0);
    assert_int_equal(atomic_load(&node->handled), 0);
    net_client_clear(&client);
}

static void server_strangers_end_in_the_handshake(void **state)
{
    net_node *node = *state;
    const int64_t now_ms = sph_clock_real()->now_ms(NULL);
    net_party other = net_party_new("th.other.example");
    net_party same_name = net_party_new("th.partner.example");
    net_party expired = net_party_at("th.partner.example", now_ms - 200LL * 86400000, SPH_USE_TLS);
    net_party signing = net_party_at("th.partner.example", now_ms, SPH_USE_SIGN);
    net_node_start(node);
    for (int version = TLS1_2_VERSION; version <= TLS1_3_VERSION; version++) {
        expect_refused(node, NULL, version);       /* T-01 */
        expect_refused(node, &other, version);     /* T-02 */
        expect_refused(node, &same_name, version); /* T-06: right name, other root */
    }
    const net_party *partner = node->partner;
    node->partner = &expired; /* T-03: pinned, and still refused for its age */
    expect_refused(node, &expired, TLS1_3_VERSION);
    node->partner = &signing; /* T-02: the signing certificate is not for TLS */
    expect_refused(node, &signing, TLS1_3_VERSION);
    node->partner = partner;
    expect_refused(node, partner, TLS1_1_VERSION); /* T-07 */
    net_party_clear(&other);
    net_party_clear(&same_name);
    net_party_clear(&expired);
    net_party_clear(&signing);
}

static void server_certificate_request_names_nobody_and_resumption_is_off(void **state)
{
    net_node *node = *state;
    net_node_start(node);
    for (int version = TLS1_2_VERSION; version <= TLS1_3_VERSION; version++) {
        net_client client = net_client_tls(node->port, node->partner, version);
        const STACK_OF(X509_NAME) *names = SSL_get0_peer_CA_list(client.ssl);
        assert_true(!names || sk_X509_NAME_num(names) == 0);
        assert_true(net_send(&client, GET_WHO));
        assert_int_equal(net_answer(&client, NULL), 200);
        assert_false(SSL_SESSION_has_ticket(SSL_get_session(client.ssl)) == 1);
        assert_false(SSL_SESSION_is_resumable(SSL_get_session(client.ssl)) == 1);
        net_client_clear(&client);
    }
}

static void server_removed_partner_is_out_at_the_next_request(void **state)
{
    net_node *node = *state;
    net_node_start(node);
    net_client client = net_client_tls(node->port, node->partner, 0);
    assert_true(net_send(&client, GET_WHO));
    assert_int_equal(net_answer(&client, NULL), 200);
    atomic_store(&node->is_partner_enabled, false);
    assert_true(net_send(&client, GET_WHO));
    assert_int_equal(net_answer(&client, NULL), 403);
    assert_true(net_is_ended(&client));
    assert_int_equal(atomic_load(&node->handled), 1);
    net_client_clear(&client);
}

static void server_removed_partner_is_out_within_a_body(void **state)
{
    net_node *node = *state;
    net_node_start(node);
    net_client client = net_client_tls(node->port, node->partner, 0);
    assert_true(net_send(
        &client, "POST /as4 HTTP/1.1\r\nHost: node.example\r\nContent-Length: 10\r\n\r\n12345"));
    usleep(100000);
    atomic_store(&node->is_partner_enabled, false);
    assert_true(net_send(&client, "67890"));
    assert_int_equal(net_answer(&client, NULL), 0);
    assert_int_equal(atomic_load(&node->handled), 0);
    net_client_clear(&client);
}

static void server_t12_reload_serves_the_new_certificate_and_keeps_the_old_on_failure(void **state)
{
    net_node *node = *state;
    sph_err err = {.depth = 0};
    net_party fresh = net_party_new("la.node.example");
    net_node_start(node);
    assert_code(sph_tls_server_reload(node->tls, node->own.key, fresh.leaf, fresh.root, &err),
                SPH_EARG, &err);
    net_client before = net_client_tls(node->port, node->partner, 0);
    X509 *shown = SSL_get1_peer_certificate(before.ssl);
    assert_int_equal(X509_cmp(shown, sph_cert_peek_x509(node->own.leaf)), 0);
    X509_free(shown);
    assert_ok(sph_tls_server_reload(node->tls, fresh.key, fresh.leaf, fresh.root, &err), &err);
    net_client after = net_client_tls(node->port, node->partner, 0);
    shown = SSL_get1_peer_certificate(after.ssl);
    assert_int_equal(X509_cmp(shown, sph_cert_peek_x509(fresh.leaf)), 0);
    X509_free(shown);
    assert_true(net_send(&before, GET_WHO)); /* connections that were open go on */
    assert_int_equal(net_answer(&before, NULL), 200);
    net_client_clear(&before);
    net_client_clear(&after);
    net_party_clear(&fresh);
}

/* ---- how long it waits ---- */

static int64_t since(int64_t start_ms)
{
    return sph_clock_real()->mono_ms(NULL) - start_ms;
}

static void server_deadlines_are_absolute(void **state)
{
    net_node *node = *state;
    node->limits.tls_handshake_ms = 300;
    node->limits.http_head_ms = 400;
    node->limits.http_idle_body_ms = 300;
    node->limits.http_keepalive_ms = 500;
    net_node_start(node);
    const int64_t start_ms = sph_clock_real()->mono_ms(NULL);
    net_client silent = {.fd = net_connect(node->port), .in = sph_buf_init(1000)};
    net_client drip = net_client_unix(node->socket_path);
    net_client body = net_client_unix(node->socket_path);
    net_client idle = net_client_unix(node->socket_path);
    assert_true(net_send(&body, "POST /as4 HTTP/1.1\r\nContent-Length: 50\r\n\r\n"));
    assert_true(net_send(&idle, GET_WHO));
    assert_int_equal(net_answer(&idle, NULL), 200);
    while (since(start_ms) < 2000 &&
           net_send(&drip, "G")) /* each octet on its own would be in time */
        usleep(50000);
    assert_in_range(since(start_ms), 300, 1500);
    assert_true(net_is_ended(&silent));
    assert_true(net_is_ended(&body));
    assert_true(net_is_ended(&idle));
    assert_in_range(since(start_ms), 300, 1500);
    net_client_clear(&silent);
    net_client_clear(&drip);
    net_client_clear(&body);
    net_client_clear(&idle);
}

static void server_body_below_the_minimum_rate_is_dropped(void **state)
{
    net_node *node = *state;
    node->limits.http_head_ms = 300;
    node->limits.http_min_rate = 1000;
    net_node_start(node);
    const int64_t start_ms = sph_clock_real()->mono_ms(NULL);
    net_client client = net_client_unix(node->socket_path);
    assert_true(net_send(&client, "POST /as4 HTTP/1.1\r\nContent-Length: 5000\r\n\r\n"));
    while (since(start_ms) < 3000 &&
           net_send(&client, "a")) /* never idle, but 50 octets a second */
        usleep(20000);
    assert_in_range(since(start_ms), 300, 2000);
    assert_int_equal(atomic_load(&node->handled), 0);
    net_client_clear(&client);
}

static void server_slow_handler_stalls_nobody_else(void **state)
{
    net_node *node = *state;
    node->loops = 1;
    net_node_start(node);
    net_client slow = net_client_unix(node->socket_path);
    net_client quick = net_client_unix(node->socket_path);
    assert_true(net_send(&slow, "GET /slow HTTP/1.1\r\n\r\n"));
    const int64_t start_ms = sph_clock_real()->mono_ms(NULL);
    assert_true(net_send(&quick, GET_WHO));
    assert_int_equal(net_answer(&quick, NULL), 200);
    assert_true(since(start_ms) < 250);
    assert_int_equal(net_answer(&slow, NULL), 204);
    net_client_clear(&slow);
    net_client_clear(&quick);
}

static void server_stop_finishes_what_runs(void **state)
{
    net_node *node = *state;
    net_node_start(node);
    net_client slow = net_client_unix(node->socket_path);
    net_client idle = net_client_unix(node->socket_path);
    assert_true(net_send(&slow, "GET /slow HTTP/1.1\r\n\r\n"));
    usleep(50000);
    sph_server_stop(&node->server, 5000);
    assert_null(node->server);
    assert_int_equal(net_answer(&slow, NULL), 204);
    assert_true(net_is_ended(&slow));
    assert_true(net_is_ended(&idle));
    assert_int_not_equal(access(node->socket_path, F_OK), 0);
    net_client_clear(&slow);
    net_client_clear(&idle);
}

static void server_full_house_waits_and_then_serves(void **state)
{
    net_node *node = *state;
    node->loops = 1;
    node->connections_max = 2;
    net_node_start(node);
    net_client first = net_client_unix(node->socket_path);
    net_client second = net_client_unix(node->socket_path);
    net_client third = net_client_unix(node->socket_path);
    struct sph_server_counts counts;
    assert_true(net_send(&first, GET_WHO) && net_send(&second, GET_WHO) &&
                net_send(&third, GET_WHO));
    assert_int_equal(net_answer(&first, NULL), 200);
    assert_int_equal(net_answer(&second, NULL), 200);
    usleep(150000);
    sph_server_counts(node->server, &counts);
    assert_int_equal(counts.connections, 2);
    assert_int_equal(counts.requests, 2);
    net_client_clear(&first);
    assert_int_equal(net_answer(&third, NULL), 200);
    net_client_clear(&second);
    net_client_clear(&third);
}

static long cpu_us(void)
{
    struct rusage used;
    assert_int_equal(getrusage(RUSAGE_SELF, &used), 0);
    return (used.ru_utime.tv_sec + used.ru_stime.tv_sec) * 1000000L + used.ru_utime.tv_usec +
           used.ru_stime.tv_usec;
}

/* O-06: a caller waits, and the process has no descriptor left to accept it with. */
static void server_without_descriptors_neither_spins_nor_stays_away(void **state)
{
    net_node *node = *state;
    struct rlimit before;
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    node->loops = 1;
    net_node_start(node);
    assert_ok(
        sph_str_copy(name.sun_path, sizeof(name.sun_path), sph_slice_str(node->socket_path), NULL),
        NULL);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    const int waiting = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct rlimit none = before;
    none.rlim_cur = (rlim_t)waiting + 20;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
    int filler[1024];
    int count = 0;
    while (count < 1024 && (filler[count] = dup(waiting)) >= 0)
        count++;
    assert_in_range(count, 1, 1023);
    assert_int_equal(connect(waiting, (const struct sockaddr *)&name, sizeof(name)), 0);
    const long start_us = cpu_us();
    usleep(500000);
    const long spent_us = cpu_us() - start_us;
    while (count > 0)
        close(filler[--count]);
    close(waiting);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    assert_true(spent_us < 100000);
    net_client later = net_client_unix(node->socket_path);
    assert_true(net_send(&later, GET_WHO));
    assert_int_equal(net_answer(&later, NULL), 200);
    net_client_clear(&later);
}

/* ---- control socket ---- */

static void server_control_socket_is_private_and_names_the_caller(void **state)
{
    net_node *node = *state;
    struct stat seen;
    net_node_start(node);
    assert_int_equal(stat(node->socket_path, &seen), 0);
    assert_int_equal(seen.st_mode & 0777, 0600);
    net_client client = net_client_unix(node->socket_path);
    assert_true(net_send(&client, "GET /who HTTP/1.1\r\nHost: anything\r\n\r\n"));
    assert_int_equal(net_answer(&client, NULL), 200);
    assert_int_equal(node->last_uid, getuid());
    assert_string_equal(node->last_party, "");
    net_client_clear(&client);
}

static sph_rc start_second(net_node *node, sph_server **out, sph_err *err)
{
    const struct sph_listener_config listener = {
        .unix_path = node->socket_path, .routes = node->routes, .route_count = 7};
    const struct sph_server_config config = {.listeners = &listener,
                                             .listener_count = 1,
                                             .loops = 1,
                                             .hands = 1,
                                             .connections_max = 5,
                                             .limits = &node->limits,
                                             .env = &node->env,
                                             .spool_dir = "spool"};
    return sph_server_start(&config, out, err);
}

static void server_control_socket_is_replaced_only_when_nobody_listens(void **state)
{
    net_node *node = *state;
    sph_server *second = NULL;
    sph_err err = {.depth = 0};
    net_node_start(node);
    assert_code(start_second(node, &second, &err), SPH_EEXISTS, &err);
    assert_null(second);
    sph_server_stop(&node->server, 0);
    const int stale = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    assert_ok(
        sph_str_copy(name.sun_path, sizeof(name.sun_path), sph_slice_str(node->socket_path), NULL),
        NULL);
    assert_int_equal(bind(stale, (const struct sockaddr *)&name, sizeof(name)), 0);
    close(stale); /* bound, never listened on: what a killed node leaves */
    assert_ok(start_second(node, &second, &err), &err);
    sph_server_stop(&second, 0);
    assert_ok(sph_file_store(node->env.files, "control.sock", SPH_LIT("a file"), false, NULL),
              NULL);
    assert_code(start_second(node, &second, &err), SPH_EEXISTS, &err);
}

static void server_bad_configuration_is_refused(void **state)
{
    net_node *node = *state;
    sph_server *server = NULL;
    sph_err err = {.depth = 0};
    const struct sph_listener_config listener = {.address = "not an address", .port = 1};
    struct sph_server_config config = {.listeners = &listener,
                                       .listener_count = 1,
                                       .loops = 1,
                                       .hands = 1,
                                       .connections_max = 5,
                                       .limits = &node->limits,
                                       .env = &node->env,
                                       .spool_dir = "spool"};
    assert_code(sph_server_start(&config, &server, &err), SPH_EARG, &err);
    config.hands = 0;
    assert_code(sph_server_start(&config, &server, &err), SPH_EARG, &err);
    assert_null(server);
}

int test_server(void)
{
    const struct CMUnitTest tests[] = {
        NET_NODE_TEST(server_partner_is_served_and_known_by_certificate),
        NET_NODE_TEST(server_strangers_end_in_the_handshake),
        NET_NODE_TEST(server_certificate_request_names_nobody_and_resumption_is_off),
        NET_NODE_TEST(server_removed_partner_is_out_at_the_next_request),
        NET_NODE_TEST(server_removed_partner_is_out_within_a_body),
        NET_NODE_TEST(server_t12_reload_serves_the_new_certificate_and_keeps_the_old_on_failure),
        NET_NODE_TEST(server_deadlines_are_absolute),
        NET_NODE_TEST(server_body_below_the_minimum_rate_is_dropped),
        NET_NODE_TEST(server_slow_handler_stalls_nobody_else),
        NET_NODE_TEST(server_stop_finishes_what_runs),
        NET_NODE_TEST(server_full_house_waits_and_then_serves),
        NET_NODE_TEST(server_without_descriptors_neither_spins_nor_stays_away),
        NET_NODE_TEST(server_control_socket_is_private_and_names_the_caller),
        NET_NODE_TEST(server_control_socket_is_replaced_only_when_nobody_listens),
        NET_NODE_TEST(server_bad_configuration_is_refused),
    };
    return cmocka_run_group_tests_name("server", tests, NULL, NULL);
}
