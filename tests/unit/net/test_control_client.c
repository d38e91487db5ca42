/* The command line's way to a running node. */
#include "net/control_client.h"

#include <pthread.h>

#include "support/net_node.h"

int test_control_client(void);

static sph_control_request request_to(const net_node *node, const char *method, const char *target)
{
    return (sph_control_request){.socket_path = node->socket_path,
                                 .method = method,
                                 .target = target,
                                 .timeout_ms = 5000,
                                 .answer_max = 10000000};
}

static void control_client_call_gives_the_answer(void **state)
{
    net_node *node = *state;
    sph_answer answer = {.status = 0};
    sph_err err = {.depth = 0};
    net_node_start(node);
    sph_control_request request = request_to(node, "POST", "/as4?x=y");
    request.content_type = "application/json";
    request.bytes = SPH_LIT("abc");
    assert_ok(sph_control_call(&request, &answer, &err), &err);
    assert_int_equal(answer.status, 200);
    assert_string_equal(answer.content_type, "text/plain");
    assert_slice_is(sph_buf_peek(&answer.body), "3 memory 294");
    sph_answer_clear(&answer);
}

static void control_client_body_and_answer_are_streamed(void **state)
{
    net_node *node = *state;
    sph_answer answer = {.status = 0};
    sph_err err = {.depth = 0};
    SPH_AUTO(sph_buf) bytes = sph_buf_init(NET_FILE_LEN);
    SPH_AUTO(sph_buf) got = sph_buf_init(NET_FILE_LEN);
    sph_slice_source source;
    for (unsigned i = 0; i < NET_FILE_LEN; i++)
        assert_ok(sph_buf_add_byte(&bytes, (uint8_t)(i % 251), NULL), NULL);
    assert_ok(sph_file_store(node->env.files, "big", sph_buf_peek(&bytes), false, NULL), NULL);
    net_node_start(node);
    const sph_reader reader = sph_reader_of_slice(&source, sph_buf_peek(&bytes));
    const sph_writer sink = sph_writer_of_buf(&got);
    sph_control_request request = request_to(node, "POST", "/as4");
    request.reader = &reader;
    request.len = NET_FILE_LEN;
    assert_ok(sph_control_call(&request, &answer, &err), &err);
    assert_true(sph_slice_starts(sph_buf_peek(&answer.body), SPH_LIT("3000000 spool ")));
    sph_answer_clear(&answer);
    request = request_to(node, "GET", "/file");
    request.sink = &sink;
    assert_ok(sph_control_call(&request, &answer, &err), &err);
    assert_int_equal(answer.body.len, 0);
    assert_true(
        sph_slice_equal(sph_buf_peek(&got), sph_slice_sub(sph_buf_peek(&bytes), 10, SIZE_MAX)));
    request.answer_max = 1000;
    assert_code(sph_control_call(&request, &answer, &err), SPH_ELIMIT, &err);
}

static void control_client_refusal_before_the_body_is_seen(void **state)
{
    net_node *node = *state;
    sph_answer answer = {.status = 0};
    sph_err err = {.depth = 0};
    SPH_AUTO(sph_buf) bytes = sph_buf_init(2000000);
    uint8_t *at = NULL;
    net_node_start(node);
    assert_ok(sph_buf_grow(&bytes, 2000000, &at, NULL), NULL);
    memset(at, 'a', 2000000);
    sph_control_request request = request_to(node, "POST", "/small");
    request.bytes = sph_buf_peek(&bytes);
    assert_ok(sph_control_call(&request, &answer, &err), &err);
    assert_int_equal(answer.status, 413);
    sph_answer_clear(&answer);
}

static void control_client_without_a_node_is_not_found(void **state)
{
    net_node *node = *state;
    sph_answer answer = {.status = 0};
    sph_err err = {.depth = 0};
    const sph_control_request request = request_to(node, "GET", "/who");
    assert_code(sph_control_call(&request, &answer, &err), SPH_ENOTFOUND, &err);
    net_node_start(node);
    const int kept = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0); /* the path alone is no node */
    sph_server_stop(&node->server, 0);
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    assert_ok(
        sph_str_copy(name.sun_path, sizeof(name.sun_path), sph_slice_str(node->socket_path), NULL),
        NULL);
    assert_int_equal(bind(kept, (const struct sockaddr *)&name, sizeof(name)), 0);
    assert_code(sph_control_call(&request, &answer, &err), SPH_ENOTFOUND, &err);
    close(kept);
    assert_int_equal(answer.status, 0);
}

/* A node that answers what it likes, once. */
struct rogue {
    int listening;
    const char *text;
};

static void *answer_once(void *arg)
{
    const struct rogue *rogue = arg;
    char piece[4096];
    const int fd = accept4(rogue->listening, NULL, NULL, SOCK_CLOEXEC);
    if (recv(fd, piece, sizeof(piece), 0) > 0)
        (void)send(fd, rogue->text, sph_slice_str(rogue->text).len, MSG_NOSIGNAL);
    if (!rogue->text[0])
        usleep(400000);
    close(fd);
    return NULL;
}

static sph_rc ask_rogue(const net_node *node, const char *text, sph_answer *answer)
{
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    struct rogue rogue = {socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), text};
    sph_control_request request = request_to(node, "GET", "/");
    pthread_t thread;
    request.timeout_ms = 200;
    assert_ok(
        sph_str_copy(name.sun_path, sizeof(name.sun_path), sph_slice_str(node->socket_path), NULL),
        NULL);
    assert_int_equal(bind(rogue.listening, (const struct sockaddr *)&name, sizeof(name)), 0);
    assert_int_equal(listen(rogue.listening, 1), 0);
    assert_int_equal(pthread_create(&thread, NULL, answer_once, &rogue), 0);
    const sph_rc asked = sph_control_call(&request, answer, NULL);
    pthread_join(thread, NULL);
    close(rogue.listening);
    assert_int_equal(unlink(node->socket_path), 0);
    return asked;
}

static void control_client_odd_answers_have_their_code(void **state)
{
    static const struct {
        const char *text;
        enum sph_code code;
        const char *body;
    } cases[] = {
        {"", SPH_EAGAIN, NULL},
        {"hello\r\n\r\n", SPH_EPARSE, NULL},
        {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nabc", SPH_EIO, NULL},
        {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n", SPH_EIO, NULL},
        {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n", SPH_EPARSE, NULL},
        {"HTTP/1.1 200 OK\r\n\r\nto the end", SPH_OK, "to the end"},
        {"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nab", SPH_OK,
         "ab"},
        {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n", SPH_OK,
         "abc"},
        {"HTTP/1.1 204 No Content\r\n\r\n", SPH_OK, ""},
        {"HTTP/1.1 102 A\r\n\r\nHTTP/1.1 102 A\r\n\r\nHTTP/1.1 102 A\r\n\r\nHTTP/1.1 102 A\r\n\r\n"
         "HTTP/1.1 102 A\r\n\r\nHTTP/1.1 102 A\r\n\r\nHTTP/1.1 102 A\r\n\r\nHTTP/1.1 102 A\r\n\r\n",
         SPH_ELIMIT, NULL},
    };
    const net_node *node = *state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        sph_answer answer = {.status = 0};
        const sph_rc asked = ask_rogue(node, cases[i].text, &answer);
        if (asked.code != cases[i].code)
            fail_msg("case %zu: %s", i, sph_code_name(asked.code));
        if (cases[i].body)
            assert_slice_is(sph_buf_peek(&answer.body), cases[i].body);
        sph_answer_clear(&answer);
    }
}

static void control_client_target_cannot_smuggle_a_header(void **state)
{
    net_node *node = *state;
    sph_answer answer = {.status = 0};
    sph_err err = {.depth = 0};
    net_node_start(node);
    sph_control_request request = request_to(node, "GET", "/who HTTP/1.1\r\nX: y");
    assert_code(sph_control_call(&request, &answer, &err), SPH_EARG, &err);
    request.target = "/who";
    request.content_type = "a\r\nX: y";
    assert_code(sph_control_call(&request, &answer, &err), SPH_EARG, &err);
}

int test_control_client(void)
{
    const struct CMUnitTest tests[] = {
        NET_NODE_TEST(control_client_call_gives_the_answer),
        NET_NODE_TEST(control_client_body_and_answer_are_streamed),
        NET_NODE_TEST(control_client_refusal_before_the_body_is_seen),
        NET_NODE_TEST(control_client_without_a_node_is_not_found),
        NET_NODE_TEST(control_client_odd_answers_have_their_code),
        NET_NODE_TEST(control_client_target_cannot_smuggle_a_header),
    };
    return cmocka_run_group_tests_name("control_client", tests, NULL, NULL);
}
