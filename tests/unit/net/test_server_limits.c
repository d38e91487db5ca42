/* How much of a server one partner may take, what is said to who may not come in now, and what a
 * reload and an end leave untouched. */
#include "net/server.h"

#include <pthread.h>

#include "support/net_node.h"

int test_server_limits(void);

#define GET_WHO "GET /who HTTP/1.1\r\nHost: node.example\r\n\r\n"

/* The status of the next answer, whose head must hold `line` ("": any). */
static unsigned answer_with(net_client *client, const char *line)
{
    while (sph_slice_find(sph_buf_peek(&client->in), SPH_LIT("\r\n\r\n"), 0) == SIZE_MAX)
        if (!net_fill(client))
            return 0;
    const bool has_line =
        sph_slice_find(sph_buf_peek(&client->in), sph_slice_str(line), 0) != SIZE_MAX;
    assert_true(has_line);
    return net_answer(client, NULL);
}

static void server_limits_a_partner_over_its_places_gets_429(void **state)
{
    net_node *node = *state;
    struct sph_server_counts counts;
    node->limits.partner_connections = 2;
    net_node_start(node);
    net_client in[2], over[2];
    for (int i = 0; i < 2; i++) {
        in[i] = net_client_tls(node->port, node->partner, 0);
        assert_true(net_send(&in[i], GET_WHO));
        assert_int_equal(net_answer(&in[i], NULL), 200);
    }
    for (int i = 0; i < 2; i++) {
        over[i] = net_client_tls(node->port, node->partner, 0);
        assert_true(net_send(&over[i], GET_WHO));
        assert_int_equal(answer_with(&over[i], "\r\nRetry-After: 10\r\n"), 429);
        assert_true(net_is_ended(&over[i]));
    }
    assert_int_equal(atomic_load(&node->handled), 2);
    assert_true(net_send(&in[0], GET_WHO)); /* who is in is served on */
    assert_int_equal(net_answer(&in[0], NULL), 200);
    sph_server_counts(node->server, &counts);
    assert_int_equal(counts.connections_limited, 2);
    assert_true(counts.received > 0 && counts.sent > 0);
    for (int i = 0; i < 2; i++) {
        net_client_clear(&in[i]);
        net_client_clear(&over[i]);
    }
}

static void server_limits_far_too_many_connections_end_at_once(void **state)
{
    net_node *node = *state;
    net_client client[3];
    node->limits.partner_connections = 1;
    net_node_start(node);
    for (int i = 0; i < 3; i++) {
        client[i] = net_client_tls(node->port, node->partner, TLS1_2_VERSION);
        usleep(50000);
    }
    (void)!net_send(&client[2], GET_WHO);
    assert_int_equal(net_answer(&client[2], NULL), 0);
    for (int i = 0; i < 3; i++)
        net_client_clear(&client[i]);
    usleep(150000);
    client[0] = net_client_tls(node->port, node->partner, 0); /* places come back */
    assert_true(net_send(&client[0], GET_WHO));
    assert_int_equal(net_answer(&client[0], NULL), 200);
    net_client_clear(&client[0]);
}

static void server_limits_requests_of_a_minute_are_counted_over_all_connections(void **state)
{
    net_node *node = *state;
    struct sph_server_counts counts;
    unsigned refused = 0;
    node->limits.partner_requests = 3;
    net_node_start(node);
    for (int i = 0; i < 5; i++) {
        net_client client = net_client_tls(node->port, node->partner, 0);
        assert_true(net_send(&client, GET_WHO));
        refused += answer_with(&client, "HTTP/1.1 ") == 429;
        net_client_clear(&client);
    }
    assert_in_range(refused, 1, 2); /* 1 when a minute has just begun between */
    sph_server_counts(node->server, &counts);
    assert_int_equal(counts.requests_limited, refused);
    net_client local = net_client_unix(node->socket_path); /* the operator is never shut out */
    for (int i = 0; i < 5; i++) {
        assert_true(net_send(&local, GET_WHO));
        assert_int_equal(net_answer(&local, NULL), 200);
    }
    net_client_clear(&local);
}

/* T-10: callers of one address that never finish their handshake leave room for others. */
static void server_limits_t10_stalled_handshakes_of_one_address_are_bounded(void **state)
{
    net_node *node = *state;
    struct sph_server_counts counts;
    int fd[12];
    node->limits.address_handshakes = 8;
    net_node_start(node);
    for (int i = 0; i < 12; i++)
        fd[i] = net_connect(node->port);
    usleep(200000);
    sph_server_counts(node->server, &counts);
    assert_int_equal(counts.connections, 8);
    assert_int_equal(counts.handshakes_limited, 4);
    for (int i = 0; i < 12; i++)
        close(fd[i]);
    usleep(300000);
    net_client client = net_client_tls(node->port, node->partner, 0);
    assert_true(net_send(&client, GET_WHO));
    assert_int_equal(net_answer(&client, NULL), 200);
    net_client_clear(&client);
}

static void server_limits_who_is_paused_or_removed_is_told_so(void **state)
{
    static const struct {
        enum sph_standing standing;
        unsigned status;
        const char *line;
    } cases[] = {
        {SPH_STANDING_PAUSED, 503, "\r\nSaphan-Partner: paused\r\n"},
        {SPH_STANDING_PAUSED, 503, "\r\nRetry-After: 600\r\n"},
        {SPH_STANDING_REMOVED, 403, "\r\nSaphan-Partner: removed\r\n"},
    };
    net_node *node = *state;
    net_node_start(node);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        atomic_store(&node->standing, (int)cases[i].standing);
        atomic_store(&node->is_partner_enabled, false);
        net_client client = net_client_tls(node->port, node->partner, 0);
        assert_true(net_send(&client, "GET /nothing HTTP/1.1\r\nHost: node.example\r\n\r\n"));
        assert_int_equal(answer_with(&client, cases[i].line), cases[i].status);
        assert_true(net_is_ended(&client));
        net_client_clear(&client);
    }
    atomic_store(&node->standing, SPH_STANDING_STRANGER);
    net_client stranger = net_client_tls(node->port, node->partner, TLS1_3_VERSION);
    if (stranger.ssl && net_send(&stranger, GET_WHO))
        assert_int_equal(net_answer(&stranger, NULL), 0); /* nothing at all */
    net_client_clear(&stranger);
    assert_int_equal(atomic_load(&node->handled), 0);
}

/* ---- the disk ---- */

static void server_limits_a_disk_that_fills_up_within_a_chunked_body_gives_503(void **state)
{
    net_node *node = *state;
    uint8_t *piece = sph_mem_new(1, 1 << 20);
    bool goes_on = true;
    node->limits.free_floor = 1000000;
    net_node_start(node);
    net_client client = net_client_unix(node->socket_path);
    assert_true(net_send(&client, "POST /as4 HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"));
    for (int i = 0; i < 20 && goes_on; i++) {
        if (i == 4)
            test_env_set_room(node->world, 1500000);
        goes_on = net_send(&client, "100000\r\n") &&
                  net_send_all(&client, sph_slice_of(piece, 1 << 20)) && net_send(&client, "\r\n");
        usleep(20000);
    }
    assert_int_equal(answer_with(&client, "\r\nRetry-After: 30\r\n"), 503);
    assert_int_equal(atomic_load(&node->handled), 0);
    net_client_clear(&client);
    test_env_set_room(node->world, UINT64_MAX);
    client = net_client_unix(node->socket_path); /* when there is room again, it goes on */
    assert_true(net_send(&client, "POST /as4 HTTP/1.1\r\nContent-Length: 1\r\n\r\na"));
    assert_int_equal(net_answer(&client, NULL), 200);
    net_client_clear(&client);
    sph_mem_free(piece);
}

/* ---- end and reload ---- */

static void *stop_server(void *arg)
{
    net_node *node = arg;
    sph_server_stop(&node->server, 5000);
    return NULL;
}

static void server_limits_an_end_finishes_what_runs_and_refuses_what_is_new(void **state)
{
    net_node *node = *state;
    pthread_t thread;
    net_node_start(node);
    net_client running = net_client_tls(node->port, node->partner, 0);
    net_client begun = net_client_tls(node->port, node->partner, 0);
    net_client half = net_client_tls(node->port, node->partner, 0);
    net_client open = net_client_tls(node->port, node->partner, 0);
    assert_true(net_send(&running, "GET /slow HTTP/1.1\r\nHost: node.example\r\n\r\n"));
    assert_true(net_send(
        &begun, "POST /as4 HTTP/1.1\r\nHost: node.example\r\nContent-Length: 4\r\n\r\nab"));
    assert_true(net_send(&half, "GET /who HTTP/1.1\r\nHost: node"));
    assert_true(net_send(&open, GET_WHO));
    assert_int_equal(net_answer(&open, NULL), 200);
    usleep(100000);
    assert_int_equal(pthread_create(&thread, NULL, stop_server, node), 0);
    usleep(50000);
    assert_true(net_is_ended(&open)); /* idle: closed at once */
    assert_true(net_send(&half, ".example\r\n\r\n"));
    assert_int_equal(answer_with(&half, "\r\nRetry-After: 30\r\n"), 503);
    assert_true(net_is_ended(&half));
    assert_true(net_send(&begun, "cd")); /* its head was in before */
    assert_int_equal(net_answer(&begun, NULL), 200);
    assert_int_equal(net_answer(&running, NULL), 204);
    assert_int_equal(pthread_join(thread, NULL), 0);
    net_client_clear(&running);
    net_client_clear(&begun);
    net_client_clear(&half);
    net_client_clear(&open);
}

static void server_limits_other_routes_leave_a_request_under_way_alone(void **state)
{
    static const char *const hosts[] = {"other.example", NULL};
    net_node *node = *state;
    sph_err err = {0};
    net_node_start(node);
    sph_route *fewer = sph_mem_new(1, sizeof(*fewer));
    *fewer = node->routes[0];
    fewer->body_limit = 2;
    net_client begun = net_client_tls(node->port, node->partner, 0);
    assert_true(net_send(
        &begun, "POST /as4 HTTP/1.1\r\nHost: node.example\r\nContent-Length: 4\r\n\r\nab"));
    usleep(100000);
    assert_ok(sph_server_reroute(node->server, 0, hosts, fewer, 1, &err), &err);
    assert_code(sph_server_reroute(node->server, 9, hosts, fewer, 1, &err), SPH_EARG, &err);
    assert_true(net_send(&begun, "cd"));
    assert_int_equal(net_answer(&begun, NULL), 200); /* by the limit and the host it began with */
    assert_true(net_send(
        &begun, "POST /as4 HTTP/1.1\r\nHost: other.example\r\nContent-Length: 4\r\n\r\nabcd"));
    assert_int_equal(net_answer(&begun, NULL), 413);
    net_client old = net_client_tls(node->port, node->partner, 0);
    assert_true(net_send(&old, GET_WHO));
    assert_int_equal(net_answer(&old, NULL), 421);
    net_client_clear(&old);
    net_client_clear(&begun);
    sph_server_stop(&node->server, 0);
    sph_mem_free(fewer);
}

static void server_limits_new_limits_hold_without_a_restart(void **state)
{
    net_node *node = *state;
    const struct sph_guest_limits none = {128, 128, 0};
    net_node_start(node);
    net_client client = net_client_tls(node->port, node->partner, 0);
    assert_true(net_send(&client, GET_WHO));
    assert_int_equal(net_answer(&client, NULL), 200);
    sph_server_limit(node->server, &none);
    assert_true(net_send(&client, GET_WHO));
    assert_int_equal(net_answer(&client, NULL), 429);
    net_client_clear(&client);
}

int test_server_limits(void)
{
    const struct CMUnitTest tests[] = {
        NET_NODE_TEST(server_limits_a_partner_over_its_places_gets_429),
        NET_NODE_TEST(server_limits_far_too_many_connections_end_at_once),
        NET_NODE_TEST(server_limits_requests_of_a_minute_are_counted_over_all_connections),
        NET_NODE_TEST(server_limits_t10_stalled_handshakes_of_one_address_are_bounded),
        NET_NODE_TEST(server_limits_who_is_paused_or_removed_is_told_so),
        NET_NODE_TEST(server_limits_a_disk_that_fills_up_within_a_chunked_body_gives_503),
        NET_NODE_TEST(server_limits_an_end_finishes_what_runs_and_refuses_what_is_new),
        NET_NODE_TEST(server_limits_other_routes_leave_a_request_under_way_alone),
        NET_NODE_TEST(server_limits_new_limits_hold_without_a_restart),
    };
    return cmocka_run_group_tests_name("server_limits", tests, NULL, NULL);
}
