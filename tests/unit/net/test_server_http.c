/* What goes over a connection of the server, and what is refused on it. */
#include "net/server.h"

#include "support/net_node.h"

int test_server_http(void);

#define GET_WHO "GET /who HTTP/1.1\r\nHost: node.example\r\n\r\n"

/* ---- what goes over a connection ---- */

static void server_http_hundred_requests_use_one_connection(void **state)
{
    net_node *node = *state;
    net_node_start(node);
    net_client client = net_client_tls(node->port, node->partner, 0);
    for (int i = 0; i < 100; i++) {
        sph_buf body = sph_buf_init(0);
        assert_true(net_send(
            &client, "POST /as4 HTTP/1.1\r\nHost: node.example\r\nContent-Length: 3\r\n\r\nabc"));
        assert_int_equal(net_answer(&client, &body), 200);
        assert_slice_is(sph_buf_peek(&body), "3 memory 294");
        sph_buf_clear(&body);
    }
    assert_int_equal(atomic_load(&node->handled), 100);
    net_client_clear(&client);
}

static long resident_kb(void)
{
    char line[256] = "";
    long pages = 0;
    FILE *file = fopen("/proc/self/statm", "re");
    assert_non_null(file);
    assert_non_null(fgets(line, sizeof(line), file));
    assert_int_equal(sscanf(line, "%*d %ld", &pages), 1);
    (void)fclose(file);
    return pages * 4;
}

static void server_http_chunked_64_mb_go_to_the_spool_in_constant_memory(void **state)
{
    net_node *node = *state;
    net_node_start(node);
    net_client client = net_client_tls(node->port, node->partner, 0);
    uint8_t *piece = sph_mem_new(1, 65536 + 9);
    sph_buf body = sph_buf_init(0);
    const sph_slice chunk = sph_slice_of(piece, 65536 + 9);
    assert_ok(sph_bytes_copy(piece, 7, SPH_LIT("10000\r\n"), NULL), NULL);
    memset(piece + 7, 'a', 65536);
    assert_ok(sph_bytes_copy(piece + 7 + 65536, 2, SPH_LIT("\r\n"), NULL), NULL);
    assert_true(net_send(
        &client, "POST /as4 HTTP/1.1\r\nHost: node.example\r\nTransfer-Encoding: chunked\r\n\r\n"));
    const long before_kb = resident_kb();
    for (int i = 0; i < 1024; i++)
        assert_true(net_send_all(&client, chunk));
    const long grown_kb = resident_kb() - before_kb;
    print_message("64 MB body: resident memory grew by %ld KiB\n", grown_kb);
    assert_true(net_send(&client, "0\r\nX: y\r\n\r\n"));
    assert_int_equal(net_answer(&client, &body), 200);
    assert_slice_is(sph_buf_peek(&body), "67108864 spool 6509559808");
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__) /* they keep freed memory */
    assert_true(grown_kb < 16384);
#endif
    sph_buf_clear(&body);
    sph_mem_free(piece);
    net_client_clear(&client);
}

static void server_http_file_answer_is_streamed(void **state)
{
    net_node *node = *state;
    sph_buf bytes = sph_buf_init(NET_FILE_LEN);
    for (unsigned i = 0; i < NET_FILE_LEN; i++)
        assert_ok(sph_buf_add_byte(&bytes, (uint8_t)(i % 251), NULL), NULL);
    assert_ok(sph_file_store(node->env.files, "big", sph_buf_peek(&bytes), false, NULL), NULL);
    net_node_start(node);
    net_client client = net_client_tls(node->port, node->partner, 0);
    sph_buf body = sph_buf_init(0);
    for (int i = 0; i < 2; i++) {
        assert_true(net_send(&client, "GET /file HTTP/1.1\r\nHost: node.example\r\n\r\n"));
        assert_int_equal(net_answer(&client, &body), 200);
        assert_true(sph_slice_equal(sph_buf_peek(&body),
                                    sph_slice_sub(sph_buf_peek(&bytes), 10, SIZE_MAX)));
    }
    sph_buf_clear(&body);
    sph_buf_clear(&bytes);
    net_client_clear(&client);
}

static void server_http_body_in_single_octets_reads_the_same(void **state)
{
    net_node *node = *state;
    net_node_start(node);
    const sph_slice text =
        SPH_LIT("POST /as4 HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1;x=y\r\nc\r\n"
                "0\r\n\r\nPOST /as4 HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc");
    net_client client = net_client_unix(node->socket_path);
    sph_buf body = sph_buf_init(0);
    for (size_t i = 0; i < text.len; i++) {
        assert_true(net_send_all(&client, sph_slice_sub(text, i, 1)));
        usleep(i % 8 == 0 ? 500 : 0);
    }
    for (int i = 0; i < 2; i++) {
        assert_int_equal(net_answer(&client, &body), 200);
        assert_slice_is(sph_buf_peek(&body), "3 memory 294");
    }
    sph_buf_clear(&body);
    net_client_clear(&client);
}

static void server_http_pipelined_requests_are_answered_in_order(void **state)
{
    net_node *node = *state;
    net_node_start(node);
    net_client client = net_client_unix(node->socket_path);
    sph_buf body = sph_buf_init(0);
    assert_true(net_send(&client,
                         "POST /as4 HTTP/1.1\r\nContent-Length: 1\r\n\r\naPOST /as4 HTTP/1.1\r\n"
                         "Transfer-Encoding: chunked\r\n\r\n2\r\nbb\r\n0\r\n\r\n" GET_WHO));
    assert_int_equal(net_answer(&client, &body), 200);
    assert_slice_is(sph_buf_peek(&body), "1 memory 97");
    assert_int_equal(net_answer(&client, &body), 200);
    assert_slice_is(sph_buf_peek(&body), "2 memory 196");
    assert_int_equal(net_answer(&client, &body), 200);
    assert_slice_is(sph_buf_peek(&body), "unix");
    sph_buf_clear(&body);
    net_client_clear(&client);
}

static void server_http_continue_is_sent_after_the_gate_only(void **state)
{
    net_node *node = *state;
    net_node_start(node);
    net_client client = net_client_unix(node->socket_path);
    assert_true(net_send(
        &client, "POST /as4 HTTP/1.1\r\nContent-Length: 1\r\nExpect: 100-continue\r\n\r\n"));
    assert_int_equal(net_answer(&client, NULL), 100);
    assert_true(net_send(&client, "a"));
    assert_int_equal(net_answer(&client, NULL), 200);
    assert_true(net_send(
        &client, "POST /as4?busy HTTP/1.1\r\nContent-Length: 1\r\nExpect: 100-continue\r\n\r\n"));
    assert_int_equal(net_answer(&client, NULL), 503);
    assert_true(net_is_ended(&client)); /* the body was not read */
    net_client_clear(&client);
}

/* ---- what is refused ---- */

static void server_http_refusals_have_their_status_and_close(void **state)
{
    static const struct {
        const char *text;
        unsigned status;
    } cases[] = {
        {"GET / HTTP/1.1\n\n", 400},
        {"PUT /as4 HTTP/1.1\r\nContent-Length: 0\r\n\r\n", 405},
        {"TRACE /as4 HTTP/1.1\r\n\r\n", 405},
        {"GET /nothing HTTP/1.1\r\n\r\n", 404},
        {"GET /who/more HTTP/1.1\r\n\r\n", 404},
        {"POST /as4 HTTP/1.1\r\n\r\n", 411},
        {"POST /small HTTP/1.1\r\nContent-Length: 1001\r\n\r\n", 413},
        {"POST /small HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3e9\r\n", 0},
        {"POST /as4 HTTP/1.1\r\nContent-Length: 1\r\nContent-Encoding: gzip\r\n\r\na", 415},
        {"POST /as4 HTTP/1.1\r\nContent-Length: 1\r\nExpect: more\r\n\r\na", 417},
        {"POST /as4 HTTP/1.1\r\nTransfer-Encoding: gzip\r\n\r\n", 501},
        {"GET /who HTTP/3.0\r\n\r\n", 505},
        {"POST /as4 HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nxyz", 400},
    };
    net_node *node = *state;
    node->limits.http_head_ms = 300;
    node->limits.http_idle_body_ms = 200;
    net_node_start(node);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        net_client client = net_client_unix(node->socket_path);
        assert_true(net_send(&client, cases[i].text));
        assert_int_equal(net_answer(&client, NULL), cases[i].status);
        assert_true(net_is_ended(&client));
        net_client_clear(&client);
    }
    assert_int_equal(atomic_load(&node->handled), 0);
}

static void server_http_host_must_be_one_and_ours(void **state)
{
    static const struct {
        const char *text;
        unsigned status;
    } cases[] = {
        {"GET /who HTTP/1.1\r\n\r\n", 400},
        {"GET /who HTTP/1.1\r\nHost: node.example\r\nHost: node.example\r\n\r\n", 400},
        {"GET /who HTTP/1.1\r\nHost: other.example\r\n\r\n", 421},
        {"GET /who HTTP/1.1\r\nHost: 127.0.0.1:9\r\n\r\n", 200},
    };
    net_node *node = *state;
    net_node_start(node);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        net_client client = net_client_tls(node->port, node->partner, 0);
        assert_true(net_send(&client, cases[i].text));
        assert_int_equal(net_answer(&client, NULL), cases[i].status);
        net_client_clear(&client);
    }
}

static void server_http_large_body_over_the_limit_still_sees_its_413(void **state)
{
    net_node *node = *state;
    net_node_start(node);
    net_client client = net_client_tls(node->port, node->partner, 0);
    assert_true(net_send(
        &client, "POST /small HTTP/1.1\r\nHost: node.example\r\nTransfer-Encoding: chunked\r\n\r\n"
                 "fffff\r\n"));
    uint8_t piece[4096] = {0};
    for (int i = 0; i < 100; i++) { /* read and dropped: a reset could eat the answer */
        assert_true(net_write(&client, piece, sizeof(piece)) > 0);
        usleep(1000);
    }
    assert_int_equal(net_answer(&client, NULL), 413);
    net_client_clear(&client);
}

static void server_http_handler_cannot_inject_a_header_or_forget_the_status(void **state)
{
    net_node *node = *state;
    net_node_start(node);
    net_client client = net_client_unix(node->socket_path);
    assert_true(net_send(&client, "GET /odd?cookie HTTP/1.1\r\n\r\n"));
    while (sph_slice_find(sph_buf_peek(&client.in), SPH_LIT("\r\n\r\n"), 0) == SIZE_MAX)
        assert_true(net_fill(&client));
    assert_true(sph_slice_find(sph_buf_peek(&client.in), SPH_LIT("\r\nSet-Cookie: a=b\r\n"), 0) !=
                SIZE_MAX);
    assert_int_equal(net_answer(&client, NULL), 200);
    assert_true(net_send(&client, "GET /odd?none HTTP/1.1\r\n\r\n"));
    assert_int_equal(net_answer(&client, NULL), 500);
    net_client_clear(&client);
    client = net_client_unix(node->socket_path);
    assert_true(net_send(&client, "GET /odd?inject HTTP/1.1\r\n\r\n"));
    assert_int_equal(net_answer(&client, NULL), 500);
    assert_true(net_is_ended(&client));
    net_client_clear(&client);
}

int test_server_http(void)
{
    const struct CMUnitTest tests[] = {
        NET_NODE_TEST(server_http_hundred_requests_use_one_connection),
        NET_NODE_TEST(server_http_chunked_64_mb_go_to_the_spool_in_constant_memory),
        NET_NODE_TEST(server_http_file_answer_is_streamed),
        NET_NODE_TEST(server_http_body_in_single_octets_reads_the_same),
        NET_NODE_TEST(server_http_pipelined_requests_are_answered_in_order),
        NET_NODE_TEST(server_http_continue_is_sent_after_the_gate_only),
        NET_NODE_TEST(server_http_refusals_have_their_status_and_close),
        NET_NODE_TEST(server_http_host_must_be_one_and_ours),
        NET_NODE_TEST(server_http_large_body_over_the_limit_still_sees_its_413),
        NET_NODE_TEST(server_http_handler_cannot_inject_a_header_or_forget_the_status),
    };
    return cmocka_run_group_tests_name("server_http", tests, NULL, NULL);
}
