/* Posting to partners: against a real Saphan server, and against servers that do as they like. */
#include "net/transport.h"

#include <pthread.h>

#include "support/net_node.h"

int test_transport(void);

#define OTHER_NAME "th.other.example"

/* A hostile server: for each connection it reads a little, sends `text` (repeated), and closes. */
typedef struct rogue {
    int listening;
    unsigned port;
    const net_party *as;
    const char *text;
    unsigned repeats;
    unsigned connections; /* to serve, then the thread ends */
    pthread_t thread;
} rogue;

static void rogue_serve(const rogue *it, SSL *ssl)
{
    char piece[4096];
    if (SSL_accept(ssl) != 1 || SSL_read(ssl, piece, sizeof(piece)) <= 0)
        return;
    for (unsigned i = 0; i < it->repeats; i++)
        if (SSL_write(ssl, it->text, (int)sph_slice_str(it->text).len) <= 0)
            return;
    (void)SSL_shutdown(ssl);
}

static void *rogue_run(void *arg)
{
    const rogue *it = arg;
    SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());
    assert_int_equal(SSL_CTX_use_certificate(ctx, sph_cert_peek_x509(it->as->leaf)), 1);
    assert_int_equal(SSL_CTX_use_PrivateKey(ctx, sph_key_peek_evp(it->as->key)), 1);
    for (unsigned i = 0; i < it->connections; i++) {
        const int fd = accept4(it->listening, NULL, NULL, SOCK_CLOEXEC);
        SSL *ssl = SSL_new(ctx);
        SSL_set_fd(ssl, fd);
        rogue_serve(it, ssl);
        ERR_clear_error();
        SSL_free(ssl);
        close(fd);
    }
    SSL_CTX_free(ctx);
    return NULL;
}

static void rogue_start(rogue *it)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t len = sizeof(at);
    it->listening = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(it->listening, (const struct sockaddr *)&at, sizeof(at)), 0);
    assert_int_equal(listen(it->listening, 8), 0);
    assert_int_equal(getsockname(it->listening, (struct sockaddr *)&at, &len), 0);
    it->port = ntohs(at.sin_port);
    assert_int_equal(pthread_create(&it->thread, NULL, rogue_run, it), 0);
}

static void rogue_stop(rogue *it)
{
    pthread_join(it->thread, NULL);
    close(it->listening);
}

struct talk {
    net_node node;
    net_party partner; /* whom the node admits: we post as this one */
    sph_transport *transport;
    char url[64];
    sph_peer peer;
    sph_post post;
    sph_answer answer;
    sph_err err;
};

static int with_talk(void **state)
{
    struct talk *talk = sph_mem_new(1, sizeof(*talk));
    talk->partner = net_party_new("th.partner.example");
    net_node_init(&talk->node, &talk->partner);
    net_node_start(&talk->node);
    assert_ok(sph_transport_start(&talk->err), &talk->err);
    assert_ok(sph_transport_curl_new(&talk->node.env, 4, &talk->transport, &talk->err), &talk->err);
    talk->peer = (sph_peer){.party = talk->node.own.name,
                            .root = talk->node.own.root,
                            .key = talk->partner.key,
                            .leaf = talk->partner.leaf,
                            .own_root = talk->partner.root};
    talk->post = (sph_post){.url = talk->url,
                            .content_type = "application/octet-stream",
                            .bytes = SPH_LIT("abc"),
                            .len = 3,
                            .answer_max = 100000,
                            .deadline_ms = 20000};
    assert_ok(sph_str_format(talk->url, sizeof(talk->url), NULL, "https://127.0.0.1:%u/as4",
                             talk->node.port),
              NULL);
    *state = talk;
    return 0;
}

static int without_talk(void **state)
{
    struct talk *talk = *state;
    sph_answer_clear(&talk->answer);
    sph_transport_curl_free(&talk->transport);
    sph_transport_end();
    net_node_clear(&talk->node);
    net_party_clear(&talk->partner);
    sph_mem_free(talk);
    return 0;
}

static sph_rc post(struct talk *talk)
{
    sph_answer_clear(&talk->answer);
    talk->answer = (sph_answer){.status = 0};
    return talk->transport->post(talk->transport->ctx, &talk->peer, &talk->post, &talk->answer,
                                 &talk->err);
}

static uint64_t connections_of(const net_node *node)
{
    struct sph_server_counts counts;
    sph_server_counts(node->server, &counts);
    return counts.connections;
}

static void await_connections(const net_node *node, uint64_t count)
{
    for (int i = 0; i < 300 && connections_of(node) != count; i++)
        usleep(10000);
    assert_int_equal(connections_of(node), count);
}

static void transport_posts_share_one_kept_connection(void **state)
{
    struct talk *talk = *state;
    for (int i = 0; i < 20; i++) {
        assert_ok(post(talk), &talk->err);
        assert_int_equal(talk->answer.status, 200);
        assert_string_equal(talk->answer.content_type, "text/plain");
        assert_slice_is(sph_buf_peek(&talk->answer.body), "3 memory 294");
        assert_int_equal(connections_of(&talk->node), 1);
    }
}

static void transport_file_is_streamed(void **state)
{
    struct talk *talk = *state;
    const sph_files *files = talk->node.env.files;
    SPH_AUTO(sph_open_file) file = {files, NULL};
    assert_ok(files->open(files->ctx, "body", SPH_OPEN_CREATE, &file.file, &talk->err), &talk->err);
    uint8_t *piece = sph_mem_new(1, 1000000);
    memset(piece, 1, 1000000);
    for (int i = 0; i < 5; i++)
        assert_ok(files->write(file.file, sph_slice_of(piece, 1000000), &talk->err), &talk->err);
    sph_mem_free(piece);
    talk->post.file = file.file;
    talk->post.files = files;
    talk->post.len = 5000000;
    assert_ok(post(talk), &talk->err);
    assert_slice_is(sph_buf_peek(&talk->answer.body), "5000000 spool 5000000");
    talk->post.len = 5000001; /* the file is shorter than announced */
    assert_code(post(talk), SPH_EIO, &talk->err);
}

/* A message that is pulled may be as large as one that is pushed: it is not held in memory. */
static void transport_long_answer_goes_to_a_file(void **state)
{
    struct talk *talk = *state;
    uint8_t text[32];
    size_t got = 0;
    talk->post.files = talk->node.env.files;
    talk->post.spool = "spool";
    talk->post.answer_memory = 5; /* "3 memory 294" is longer */
    assert_ok(post(talk), &talk->err);
    assert_int_equal(talk->answer.body.len, 0);
    assert_non_null(talk->answer.file);
    assert_int_equal(talk->answer.file_len, 12);
    assert_ok(talk->answer.files->read_at(talk->answer.file, 0, text, sizeof(text), &got, NULL),
              NULL);
    assert_slice_is(sph_slice_of(text, got), "3 memory 294");
    talk->post.answer_memory = 12;
    assert_ok(post(talk), &talk->err);
    assert_null(talk->answer.file);
    assert_slice_is(sph_buf_peek(&talk->answer.body), "3 memory 294");
    talk->post.answer_memory = 5;
    talk->post.answer_max = 11;
    assert_code(post(talk), SPH_ELIMIT, &talk->err);
}

static void transport_certificate_of_another_party_is_refused(void **state)
{
    struct talk *talk = *state;
    net_party other = net_party_new(OTHER_NAME);
    net_party same_name = net_party_new(talk->node.own.name);
    talk->peer.party = OTHER_NAME; /* right root, wrong name */
    assert_code(post(talk), SPH_EPROOF, &talk->err);
    talk->peer.root = other.root; /* another party altogether */
    assert_code(post(talk), SPH_EPROOF, &talk->err);
    talk->peer.party = talk->node.own.name; /* right name, wrong root */
    talk->peer.root = same_name.root;
    assert_code(post(talk), SPH_EPROOF, &talk->err);
    assert_int_equal(atomic_load(&talk->node.handled), 0);
    net_party_clear(&other);
    net_party_clear(&same_name);
}

static void transport_revoked_server_is_refused(void **state)
{
    struct talk *talk = *state;
    const net_party *own = &talk->node.own;
    SPH_AUTO(sph_buf) crl = sph_buf_init(16384);
    const sph_cert *const revoked[] = {own->leaf};
    assert_ok(sph_crl_issue(own->root_key, own->root, revoked, 1, 1, sph_clock_real()->now_ms(NULL),
                            &crl, &talk->err),
              &talk->err);
    talk->peer.crl = sph_buf_peek(&crl);
    assert_code(post(talk), SPH_EPROOF, &talk->err);
}

/* T-11: the certificate is valid, but on this address it is another partner's; and a connection
 * made as one party's is never used for the other. */
static void transport_two_partners_on_one_port_share_no_connection(void **state)
{
    struct talk *talk = *state;
    assert_ok(post(talk), &talk->err);
    assert_int_equal(connections_of(&talk->node), 1);
    net_party other = net_party_new(OTHER_NAME);
    const sph_peer first = talk->peer;
    talk->peer.party = OTHER_NAME;
    talk->peer.root = other.root;
    assert_code(post(talk), SPH_EPROOF, &talk->err);
    talk->peer = first;
    talk->peer.party = OTHER_NAME; /* even under the same root */
    assert_code(post(talk), SPH_EPROOF, &talk->err);
    talk->peer = first;
    assert_ok(post(talk), &talk->err);
    assert_int_equal(connections_of(&talk->node), 1);
    net_party_clear(&other);
}

static void transport_own_new_certificate_gets_a_new_connection(void **state)
{
    struct talk *talk = *state;
    sph_cert *renewed = NULL;
    assert_ok(post(talk), &talk->err);
    assert_ok(sph_cert_issue_leaf(talk->partner.root_key, talk->partner.root, talk->partner.name,
                                  sph_key_peek_public(talk->partner.key), SPH_USE_TLS,
                                  sph_random_real(), sph_clock_real()->now_ms(NULL), 90, &renewed,
                                  &talk->err),
              &talk->err);
    talk->peer.leaf = renewed;
    assert_ok(post(talk), &talk->err);
    assert_int_equal(connections_of(&talk->node), 2);
    sph_cert_free(&renewed);
}

static void transport_forget_closes_the_kept_connection(void **state)
{
    struct talk *talk = *state;
    assert_ok(post(talk), &talk->err);
    talk->transport->forget(talk->transport->ctx, OTHER_NAME);
    usleep(200000);
    assert_int_equal(connections_of(&talk->node), 1);
    talk->transport->forget(talk->transport->ctx, talk->node.own.name);
    await_connections(&talk->node, 0);
    assert_ok(post(talk), &talk->err);
    assert_int_equal(connections_of(&talk->node), 1);
}

static void transport_refused_client_and_dead_server_are_tried_later(void **state)
{
    struct talk *talk = *state;
    atomic_store(&talk->node.is_partner_enabled, false);
    assert_code(post(talk), SPH_EAGAIN, &talk->err);
    atomic_store(&talk->node.is_partner_enabled, true);
    sph_server_stop(&talk->node.server, 0);
    assert_code(post(talk), SPH_EAGAIN, &talk->err);
}

static void transport_a_paused_or_removed_client_is_told_and_hears_the_clock(void **state)
{
    static const struct {
        enum sph_standing standing;
        unsigned status, retry_after_s;
    } cases[] = {{SPH_STANDING_PAUSED, 503, 600}, {SPH_STANDING_REMOVED, 403, 0}};
    struct talk *talk = *state;
    for (size_t i = 0; i < 2; i++) {
        atomic_store(&talk->node.standing, (int)cases[i].standing);
        atomic_store(&talk->node.is_partner_enabled, false);
        assert_ok(post(talk), &talk->err);
        assert_int_equal(talk->answer.status, cases[i].status);
        assert_int_equal(talk->answer.retry_after_s, cases[i].retry_after_s);
        assert_int_equal(talk->answer.told, cases[i].standing);
        const int64_t off_ms = talk->answer.date_ms - sph_clock_real()->now_ms(NULL);
        assert_true(off_ms > -5000 && off_ms <= 0);
    }
    atomic_store(&talk->node.is_partner_enabled, true);
    assert_ok(post(talk), &talk->err);
    assert_int_equal(talk->answer.told, SPH_STANDING_STRANGER);
}

static void transport_deadline_is_absolute(void **state)
{
    struct talk *talk = *state;
    rogue silent = {.as = &talk->node.own, .connections = 0};
    rogue_start(&silent); /* listens, never accepts */
    assert_ok(
        sph_str_format(talk->url, sizeof(talk->url), NULL, "https://127.0.0.1:%u/", silent.port),
        NULL);
    talk->post.deadline_ms = 300;
    const int64_t start_ms = sph_clock_real()->mono_ms(NULL);
    assert_code(post(talk), SPH_EAGAIN, &talk->err);
    assert_in_range(sph_clock_real()->mono_ms(NULL) - start_ms, 250, 2000);
    rogue_stop(&silent);
}

static void transport_only_https_is_spoken(void **state)
{
    struct talk *talk = *state;
    assert_ok(
        sph_str_format(talk->url, sizeof(talk->url), NULL, "http://127.0.0.1:%u/", talk->node.port),
        NULL);
    assert_code(post(talk), SPH_EAGAIN, &talk->err);
}

/* H-13: what a hostile server can send. */
static void transport_hostile_answers_are_bounded(void **state)
{
    static const struct {
        const char *text;
        unsigned repeats;
        enum sph_code code;
        unsigned status;
    } cases[] = {
        {"HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n", 1, SPH_ELIMIT, 0},
        {"HTTP/1.1 200 OK\r\n\r\n0123456789012345678901234567890123456789", 20000, SPH_ELIMIT, 0},
        {"HTTP/1.1 100 Continue\r\n\r\n", 20000, SPH_ELIMIT, 0},
        {"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc", 1, SPH_EAGAIN, 0},
        {"SSH-2.0-nothing\r\n\r\n", 1, SPH_EAGAIN, 0},
        {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", 1, SPH_EAGAIN, 0},
        {"HTTP/1.1 302 Found\r\nLocation: https://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n", 1,
         SPH_OK, 302},
        {"HTTP/1.1 503 No\r\nRetry-After: 7\r\nContent-Length: 4\r\n\r\nbusy", 1, SPH_OK, 503},
    };
    struct talk *talk = *state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        rogue hostile = {.as = &talk->node.own,
                         .text = cases[i].text,
                         .repeats = cases[i].repeats,
                         .connections = 1};
        rogue_start(&hostile);
        assert_ok(sph_str_format(talk->url, sizeof(talk->url), NULL, "https://127.0.0.1:%u/",
                                 hostile.port),
                  NULL);
        const sph_rc got = post(talk);
        if (got.code != cases[i].code || talk->answer.status != cases[i].status)
            fail_msg("case %zu: code %s, status %u", i, sph_code_name(got.code),
                     talk->answer.status);
        rogue_stop(&hostile);
    }
    assert_int_equal(talk->answer.retry_after_s, 7);
    assert_slice_is(sph_buf_peek(&talk->answer.body), "busy");
}

static void *post_often(void *arg)
{
    const struct talk *talk = arg;
    for (int i = 0; i < 10; i++) {
        sph_answer answer = {.status = 0};
        if (talk->transport->post(talk->transport->ctx, &talk->peer, &talk->post, &answer, NULL)
                .code != SPH_OK)
            return arg;
        sph_answer_clear(&answer);
    }
    return NULL;
}

static void transport_many_callers_are_served_at_once(void **state)
{
    struct talk *talk = *state;
    pthread_t threads[8];
    for (size_t i = 0; i < 8; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, post_often, talk), 0);
    for (size_t i = 0; i < 8; i++) {
        void *failed = talk;
        pthread_join(threads[i], &failed);
        assert_null(failed);
    }
    assert_int_equal(atomic_load(&talk->node.handled), 80);
    assert_true(connections_of(&talk->node) <= 4);
}

static void *post_once(void *arg)
{
    struct talk *talk = arg;
    sph_answer answer = {.status = 0};
    const sph_rc got =
        talk->transport->post(talk->transport->ctx, &talk->peer, &talk->post, &answer, NULL);
    sph_answer_clear(&answer);
    return got.code == SPH_ECANCELLED ? NULL : arg;
}

static void transport_end_cancels_what_is_under_way(void **state)
{
    struct talk *talk = *state;
    rogue silent = {.as = &talk->node.own, .connections = 0};
    pthread_t thread;
    void *failed = talk;
    rogue_start(&silent);
    assert_ok(
        sph_str_format(talk->url, sizeof(talk->url), NULL, "https://127.0.0.1:%u/", silent.port),
        NULL);
    assert_int_equal(pthread_create(&thread, NULL, post_once, talk), 0);
    usleep(200000);
    sph_transport_curl_free(&talk->transport);
    pthread_join(thread, &failed);
    assert_null(failed);
    rogue_stop(&silent);
}

#define TALK_TEST(name) cmocka_unit_test_setup_teardown(name, with_talk, without_talk)

int test_transport(void)
{
    const struct CMUnitTest tests[] = {
        TALK_TEST(transport_posts_share_one_kept_connection),
        TALK_TEST(transport_file_is_streamed),
        TALK_TEST(transport_long_answer_goes_to_a_file),
        TALK_TEST(transport_certificate_of_another_party_is_refused),
        TALK_TEST(transport_revoked_server_is_refused),
        TALK_TEST(transport_two_partners_on_one_port_share_no_connection),
        TALK_TEST(transport_own_new_certificate_gets_a_new_connection),
        TALK_TEST(transport_forget_closes_the_kept_connection),
        TALK_TEST(transport_refused_client_and_dead_server_are_tried_later),
        TALK_TEST(transport_a_paused_or_removed_client_is_told_and_hears_the_clock),
        TALK_TEST(transport_deadline_is_absolute),
        TALK_TEST(transport_only_https_is_spoken),
        TALK_TEST(transport_hostile_answers_are_bounded),
        TALK_TEST(transport_many_callers_are_served_at_once),
        TALK_TEST(transport_end_cancels_what_is_under_way),
    };
    return cmocka_run_group_tests_name("transport", tests, NULL, NULL);
}
