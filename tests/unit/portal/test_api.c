/* The API called in-process: every route good and bad, problems in three languages, and what each
 * call writes into the ledger. */
#include "portal/api.h"

#include <unistd.h>

#include "exchange/document.h"
#include "support/pair.h"

/** One call; the answer is parsed. */
typedef struct api_said {
    unsigned status;
    char type[64];
    sph_json *json; /* NULL when the answer is no JSON */
    size_t len;
} api_said;

static void api_said_clear(api_said *said)
{
    sph_json_free(&said->json);
}

struct asked {
    const char *method, *target, *body, *type, *language;
    int64_t peer_uid;
};

static api_said ask(struct pair_side *side, const struct asked *asked)
{
    sph_api api = {.node = side->node};
    api_said said = {.status = 0};
    sph_err err = {0};
    SPH_AUTO(sph_response) response = sph_response_init();
    const sph_slice target = sph_slice_str(asked->target);
    const size_t question = sph_slice_find(target, SPH_LIT("?"), 0);
    sph_http_head *head = sph_mem_new(1, sizeof(*head));
    assert_non_null(head);
    head->method = sph_slice_str(asked->method);
    head->target = target;
    head->path = sph_slice_sub(target, 0, question);
    if (question != SIZE_MAX)
        head->query = sph_slice_sub(target, question + 1, SIZE_MAX);
    head->field[head->field_count++] = (sph_http_field){
        SPH_LIT("Content-Type"), sph_slice_str(asked->type ? asked->type : "application/json")};
    head->field[head->field_count++] = (sph_http_field){
        SPH_LIT("Accept-Language"), sph_slice_str(asked->language ? asked->language : "en")};
    const sph_request request = {.head = head,
                                 .address = "in-process",
                                 .peer_uid = asked->peer_uid,
                                 .body = sph_slice_str(asked->body ? asked->body : ""),
                                 .files = test_env_get(side->world)->files,
                                 .body_len = sph_slice_str(asked->body ? asked->body : "").len};
    sph_api_handle(&api, &request, &response);
    said.status = response.status;
    said.len = response.body.len;
    assert_ok(
        sph_str_copy(said.type, sizeof(said.type), sph_slice_str(response.content_type), &err),
        &err);
    if (response.body.len > 0 && strstr(said.type, "json"))
        assert_ok(sph_json_parse(sph_buf_peek(&response.body), response.body.len, &said.json, &err),
                  &err);
    sph_mem_free(head);
    return said;
}

/** Asks and looks at the status alone. */
static unsigned status_of(struct pair_side *side, const char *method, const char *target,
                          const char *body)
{
    const struct asked asked = {method, target, body, NULL, NULL, -1};
    SPH_AUTO(api_said) said = ask(side, &asked);
    if (said.status >= 400) {
        assert_string_equal(said.type, "application/problem+json");
        assert_string_equal(sph_json_get_text(said.json, "schema"), "saphan.problem/1");
        assert_int_equal(sph_json_get_int(said.json, "status", 0), said.status);
        assert_non_null(sph_json_get_text(said.json, "title"));
        assert_non_null(sph_json_get_text(said.json, "code"));
    }
    return said.status;
}

static int64_t leaves(struct pair_side *side)
{
    sph_head *head = NULL;
    sph_err err = {0};
    assert_ok(sph_journal_head(sph_node_journal(side->node), false, &head, &err), &err);
    const int64_t size = (int64_t)sph_head_size(head);
    sph_head_free(&head);
    return size;
}

/** A pair in which b has a question of a. */
static struct pair *asked_pair(struct pair_asked *asked)
{
    struct pair *pair = pair_new();
    *asked = pair_ask(&pair->a);
    pair_deliver(&pair->a);
    return pair;
}

static void api_reading_routes_answer_and_write_nothing(void **state)
{
    static const char *const targets[] = {"node",           "node/doctor",
                                          "node/card",      "node/version",
                                          "partners",       "partners/la.legalaid.example",
                                          "inbox",          "inbox?unread=1&limit=0",
                                          "outbox",         "outbox?open=1&limit=99999",
                                          "ledger/events",  "ledger/checkpoint",
                                          "ledger/proof/1", "schemas"};
    (void)state;
    struct pair_asked asked;
    struct pair *pair = asked_pair(&asked);
    const int64_t before = leaves(&pair->b);
    char target[256];
    sph_err err = {0};
    for (size_t i = 0; i < sizeof(targets) / sizeof(targets[0]); i++) {
        assert_ok(sph_str_format(target, sizeof(target), &err, "/api/1/%s", targets[i]), &err);
        print_message("GET %s\n", target);
        assert_int_equal(status_of(&pair->b, "GET", target, NULL), 200);
    }
    assert_ok(
        sph_str_format(target, sizeof(target), &err, "/api/1/packets/%s/proof", asked.packet_id),
        &err);
    assert_int_equal(status_of(&pair->b, "GET", target, NULL), 200);
    assert_int_equal(leaves(&pair->b), before);
    pair_free(&pair);
}

/** Only a node that pulls can be told to, and only while it serves. */
static void api_pull_is_for_a_node_that_pulls(void **state)
{
    (void)state;
    struct pair_asked asked;
    struct pair *pair = asked_pair(&asked);
    assert_int_equal(status_of(&pair->b, "POST", "/api/1/node/pull", NULL), 409);
    pair_free(&pair);
    struct pair_side office = {
        .party = "la.fetching.example", .kind = "legal-aid", .country = "LA", .is_pull_only = true};
    pair_make_side(&office, 31);
    assert_int_equal(status_of(&office, "POST", "/api/1/node/pull", NULL), 503);
    pair_free_side(&office);
}

static void api_content_is_shown_only_after_its_leaf(void **state)
{
    (void)state;
    struct pair_asked asked;
    struct pair *pair = asked_pair(&asked);
    char target[256];
    sph_err err = {0};
    assert_ok(sph_str_format(target, sizeof(target), &err, "/api/1/packets/%s", asked.packet_id),
              &err);
    assert_int_equal(status_of(&pair->b, "GET", target, NULL), 200);
    assert_int_equal(pair_leaves(&pair->b, SPH_EVENT_OPENED), 1);
    /* The ledger begins nothing on a full disk: then nothing is shown either. */
    test_env_set_room(pair->b.world, 1u << 20);
    const struct asked again = {"GET", target, NULL, NULL, NULL, -1};
    SPH_AUTO(api_said) said = ask(&pair->b, &again);
    assert_int_equal(said.status, 500);
    assert_null(sph_json_get(said.json, "content"));
    assert_null(sph_json_get(said.json, "text"));
    test_env_set_room(pair->b.world, UINT64_MAX);
    assert_int_equal(pair_leaves(&pair->b, SPH_EVENT_OPENED), 1);
    assert_ok(
        sph_str_format(target, sizeof(target), &err, "/api/1/packets/%s/xml", asked.packet_id),
        &err);
    assert_int_equal(status_of(&pair->b, "GET", target, NULL), 200);
    assert_int_equal(pair_leaves(&pair->b, SPH_EVENT_OPENED), 2);
    pair_free(&pair);
}

/** What is no request, and the status it gets; nothing may come into the ledger. */
static const struct no_request {
    const char *method, *target, *body;
    unsigned status;
} no_requests[] = {
    {"POST", "/api/1/node", "{}", 405},
    {"DELETE", "/api/1/inbox", NULL, 405},
    {"GET", "/api/1/", NULL, 404},
    {"GET", "/api/1/nothing", NULL, 404},
    {"GET", "/api/1/node/card/more", NULL, 404},
    {"GET", "/api/1/a/b/c/d/e/f/g", NULL, 400},
    {"GET", "/api/1/packets/%00", NULL, 400},
    {"GET", "/api/1/packets/%zz", NULL, 400},
    {"GET", "/api/1/packets/%2e%2e%2f%2e%2e%2fkeys%2froot.key", NULL, 404},
    {"GET", "/api/1/packets/..%2fcard.xml/xml", NULL, 404},
    {"GET", "/api/1/packets/'%20OR%201=1--", NULL, 404},
    {"GET", "/api/1/packets/urn:uuid:00000000-0000-4000-8000-000000000000", NULL, 404},
    {"GET", "/api/1/packets/none/attachments/..%2f..%2fx", NULL, 404},
    {"GET", "/api/1/packets/none/proof", NULL, 404},
    {"GET", "/api/1/partners/%2e%2e", NULL, 404},
    {"GET", "/api/1/partners/nobody.example", NULL, 404},
    {"PATCH", "/api/1/partners/nobody.example", "{\"state\":\"paused\"}", 404},
    {"PATCH", "/api/1/partners/la.legalaid.example", "{\"state\":\"loved\"}", 400},
    {"PATCH", "/api/1/partners/la.legalaid.example", "{\"state\":7}", 400},
    {"DELETE", "/api/1/partners/nobody.example", NULL, 404},
    {"POST", "/api/1/partners/nobody.example/ping", "", 404},
    {"POST", "/api/1/partners", "<x/>", 400},
    {"POST", "/api/1/partners/preview", "", 400},
    {"GET", "/api/1/inbox?limit=-1", NULL, 400},
    {"GET", "/api/1/inbox?limit=99999999999999999999999", NULL, 400},
    {"GET", "/api/1/ledger/proof/x", NULL, 400},
    {"GET", "/api/1/ledger/proof/99999", NULL, 404},
    {"POST", "/api/1/packets", "", 400},
    {"POST", "/api/1/packets", "[", 400},
    {"POST", "/api/1/packets", "[]", 400},
    {"POST", "/api/1/packets", "{}", 400},
    {"POST", "/api/1/packets", "{\"draft\":1}", 400},
    {"POST", "/api/1/packets", "{\"draft\":[]}", 400},
    {"POST", "/api/1/packets", "{\"draft\":{},\"draft\":{}}", 400},
    {"POST", "/api/1/packets", "{\"to\":[1],\"draft\":{}}", 400},
    {"POST", "/api/1/packets", "{\"to\":[\"la.legalaid.example\"],\"draft\":{\"header\":1}}", 400},
    {"POST", "/api/1/packets",
     "{\"attachments\":[{\"upload\":\"../keys/root.key\",\"mediaType\":\"text/plain\","
     "\"title\":\"x\"}],\"draft\":{}}",
     404},
    {"POST", "/api/1/packets", "{\"attachments\":[7],\"draft\":{}}", 400},
    {"POST", "/api/1/publications", "{\"draft\":\"x\"}", 400},
    {"POST", "/api/1/publications", "{\"document\":\"../card.xml\"}", 404},
    {"POST", "/api/1/packets/none/reply", "{\"draft\":{\"body\":{}}}", 404},
};

static void api_refuses_what_is_no_request(void **state)
{
    (void)state;
    struct pair_asked asked;
    struct pair *pair = asked_pair(&asked);
    const int64_t before = leaves(&pair->b);
    unsigned wrong = 0;
    for (size_t i = 0; i < sizeof(no_requests) / sizeof(no_requests[0]); i++) {
        const unsigned status =
            status_of(&pair->b, no_requests[i].method, no_requests[i].target, no_requests[i].body);
        if (status != no_requests[i].status) {
            print_error("%s %s %s: %u, not %u\n", no_requests[i].method, no_requests[i].target,
                        no_requests[i].body ? no_requests[i].body : "", status,
                        no_requests[i].status);
            wrong++;
        }
    }
    assert_int_equal(wrong, 0);
    assert_int_equal(leaves(&pair->b), before);
    pair_free(&pair);
}

static void api_draft_of_a_reply_must_be_an_object_with_a_body(void **state)
{
    static const char *const bodies[] = {"{}", "{\"draft\":7}", "{\"draft\":{}}",
                                         "{\"draft\":{\"body\":[]}}",
                                         "{\"draft\":{\"body\":{},\"header\":\"x\"}}"};
    (void)state;
    struct pair_asked asked;
    struct pair *pair = asked_pair(&asked);
    char target[256];
    sph_err err = {0};
    assert_ok(
        sph_str_format(target, sizeof(target), &err, "/api/1/packets/%s/reply", asked.packet_id),
        &err);
    for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++)
        assert_int_equal(status_of(&pair->b, "POST", target, bodies[i]), 400);
    pair_free(&pair);
}

static void api_stranger_on_the_socket_gets_nothing(void **state)
{
    (void)state;
    struct pair_asked asked;
    struct pair *pair = asked_pair(&asked);
    const struct asked stranger = {"GET", "/api/1/node", NULL, NULL, NULL, 54321};
    const struct asked owner = {"GET", "/api/1/node", NULL, NULL, NULL, (int64_t)geteuid()};
    SPH_AUTO(api_said) refused = ask(&pair->b, &stranger);
    assert_int_equal(refused.status, 422);
    assert_null(sph_json_get(refused.json, "party"));
    SPH_AUTO(api_said) served = ask(&pair->b, &owner);
    assert_int_equal(served.status, 200);
    pair_free(&pair);
}

static void api_problem_is_told_in_the_language_asked_for(void **state)
{
    static const char *const languages[] = {"en", "lo", "th"};
    (void)state;
    struct pair_asked asked;
    struct pair *pair = asked_pair(&asked);
    char title[3][512];
    sph_err err = {0};
    for (size_t i = 0; i < 3; i++) {
        const struct asked request = {"GET", "/api/1/packets/none", NULL, NULL, languages[i], -1};
        SPH_AUTO(api_said) said = ask(&pair->b, &request);
        assert_int_equal(said.status, 404);
        assert_non_null(sph_json_get_text(said.json, "do"));
        assert_ok(sph_str_copy(title[i], sizeof(title[i]),
                               sph_slice_str(sph_json_get_text(said.json, "title")), &err),
                  &err);
    }
    assert_string_not_equal(title[0], title[1]);
    assert_string_not_equal(title[0], title[2]);
    assert_string_not_equal(title[1], title[2]);
    assert_non_null(strstr(title[1], "\xE0\xBA")); /* Lao letters */
    assert_non_null(strstr(title[2], "\xE0\xB8")); /* Thai letters */
    pair_free(&pair);
}

/** `count` attachments that all name one upload. */
static void write_order(const char *upload, unsigned count, sph_buf *out)
{
    sph_err err = {0};
    assert_ok(sph_buf_addf(out, &err, "{\"draft\":{\"type\":\"resource\"},\"attachments\":["),
              &err);
    for (unsigned i = 0; i < count; i++)
        assert_ok(sph_buf_addf(out, &err,
                               "%s{\"upload\":\"%s\",\"mediaType\":\"text/plain\",\"title\":\"x\"}",
                               i > 0 ? "," : "", upload),
                  &err);
    assert_ok(sph_buf_addf(out, &err, "]}"), &err);
}

static sph_rc count_name(void *arg, const char *name, sph_err *err)
{
    (void)name;
    (void)err;
    ++*(size_t *)arg;
    return sph_ok();
}

static size_t uploads_of(struct pair_side *side)
{
    sph_err err = {0};
    size_t count = 0;
    const sph_files *files = test_env_get(side->world)->files;
    assert_ok(files->list(files->ctx, "uploads", count_name, &count, &err), &err);
    return count;
}

static api_said upload_to(struct pair_side *side)
{
    const struct asked upload = {"POST", "/api/1/attachments", "invented", "text/plain", NULL, -1};
    const api_said kept = ask(side, &upload);
    assert_int_equal(kept.status, 201);
    assert_int_equal(uploads_of(side), 1);
    return kept;
}

/** Upload, name it so often, and look that it is gone whatever came of it. */
static unsigned place_with(struct pair_side *side, const char *target, unsigned count)
{
    SPH_AUTO(sph_buf) body = sph_buf_init(262144);
    SPH_AUTO(api_said) kept = upload_to(side);
    write_order(sph_json_get_text(kept.json, "upload"), count, &body);
    const unsigned status = status_of(side, "POST", target, sph_buf_text(&body));
    assert_int_equal(uploads_of(side), 0);
    return status;
}

static void place_body_with(struct pair_side *side, const char *target, const char *form,
                            unsigned status, size_t left)
{
    SPH_AUTO(sph_buf) body = sph_buf_init(4096);
    SPH_AUTO(api_said) kept = upload_to(side);
    const char *upload = sph_json_get_text(kept.json, "upload");
    const sph_slice all = sph_slice_str(form);
    const size_t at = sph_slice_find(all, SPH_LIT("UPLOAD"), 0);
    assert_ok(sph_buf_add(&body, sph_slice_sub(all, 0, at), NULL), NULL);
    assert_ok(sph_buf_add_text(&body, upload, NULL), NULL);
    assert_ok(sph_buf_add(&body, sph_slice_sub(all, at + 6, SIZE_MAX), NULL), NULL);
    assert_int_equal(status_of(side, "POST", target, sph_buf_text(&body)), status);
    assert_int_equal(uploads_of(side), left);
    sph_upload_drop(side->node, upload);
}

/* A refused order leaves nothing on the disk; a dry run leaves what the order after it names. */
static void api_refused_order_leaves_no_upload(void **state)
{
    (void)state;
    struct pair_asked asked;
    struct pair *pair = asked_pair(&asked);
    place_body_with(&pair->b, "/api/1/publications", "{\"document\":\"UPLOAD\"}", 422, 0);
    place_body_with(&pair->b, "/api/1/publications", "{\"dryRun\":true,\"document\":\"UPLOAD\"}",
                    422, 1);
    place_body_with(&pair->b, "/api/1/packets/foreign",
                    "{\"to\":\"no.such\",\"parts\":[{\"upload\":\"UPLOAD\",\"mediaType\":"
                    "\"text/plain\"}]}",
                    404, 0);
    place_body_with(&pair->b, "/api/1/packets/no-such/reply",
                    "{\"attachments\":[{\"upload\":\"UPLOAD\"}]}", 404, 0);
    pair_free(&pair);
}

static void api_attachments_of_an_order_keep_to_their_room(void **state)
{
    static const unsigned counts[] = {1, 17, 32, 33, 64, 500};
    (void)state;
    struct pair_asked asked;
    struct pair *pair = asked_pair(&asked);
    for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
        const unsigned status = place_with(&pair->b, "/api/1/publications", counts[i]);
        if (counts[i] > 32)
            assert_int_equal(status, 413);
        else
            assert_int_equal(status, 422);
        assert_int_equal(place_with(&pair->b, "/api/1/packets", counts[i]), status);
    }
    assert_int_equal(test_env_open_files(pair->b.world), 0);
    pair_free(&pair);
}

int test_api(void);
int test_api(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(api_reading_routes_answer_and_write_nothing),
        cmocka_unit_test(api_pull_is_for_a_node_that_pulls),
        cmocka_unit_test(api_content_is_shown_only_after_its_leaf),
        cmocka_unit_test(api_refuses_what_is_no_request),
        cmocka_unit_test(api_draft_of_a_reply_must_be_an_object_with_a_body),
        cmocka_unit_test(api_stranger_on_the_socket_gets_nothing),
        cmocka_unit_test(api_problem_is_told_in_the_language_asked_for),
        cmocka_unit_test(api_attachments_of_an_order_keep_to_their_room),
        cmocka_unit_test(api_refused_order_leaves_no_upload),
    };
    sph_err err = {0};
    sph_xml_start();
    if (sph_crypto_start(&err).code != SPH_OK)
        return 1;
    return cmocka_run_group_tests_name("api", tests, NULL, NULL);
}
