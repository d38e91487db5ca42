/** Two nodes of two parties in one process, joined by a transport that hands a post to the other's
 * inbox as its listener would, with the sender's TLS certificate as client. Every byte on the way
 * can be seen and changed. Clocks stand until told. */
#pragma once

#include <stdlib.h>
#include <string.h>

#include "exchange/deliver.h"
#include "exchange/inbox.h"
#include "exchange/own_card.h"
#include "exchange/partner_admin.h"
#include "exchange/ping.h"
#include "exchange/query.h"
#include "exchange/reading.h"
#include "exchange/submit.h"
#include "support/fake_env.h"
#include "support/test_assert.h"
#include "xml/xml.h"

struct pair_side {
    test_env *world;
    sph_node *node;
    struct pair_side *other;
    sph_transport transport;
    const char *party, *kind, *country, *suites;
    /* What passed last, and what a test wants done to it. */
    sph_buf seen_body, seen_answer;
    char seen_type[512];
    unsigned seen_status;
    void (*change)(struct pair_side *side, sph_buf *body); /* before the other sees it */
    void (*change_answer)(struct pair_side *side, sph_response *response); /* before this side */
    void *hook_arg;
    const sph_cert *client; /* instead of the own TLS certificate */
    bool is_cut, is_answer_lost;
    bool is_pull_only; /* a home without address: it pulls */
    const char *via;   /* the partner that relays to such a home */
    bool relays;       /* a hub */
    unsigned posts;
};
struct pair {
    struct pair_side a, b; /* a: Lao legal aid, asks; b: Thai NGO, answers */
};

/** Hand octets to a node as its listener would after TLS. */
static inline void pair_offer(struct pair_side *to, const sph_cert *client, const char *type,
                              sph_slice body, sph_response *response)
{
    sph_http_head head = {.method = SPH_LIT("POST"),
                          .target = SPH_LIT("/as4"),
                          .path = SPH_LIT("/as4"),
                          .version_minor = 1,
                          .has_length = true,
                          .length = body.len};
    head.field[head.field_count++] = (sph_http_field){SPH_LIT("Content-Type"), sph_slice_str(type)};
    const struct sph_env *env = test_env_get(to->world);
    const sph_request request = {.head = &head,
                                 .client = client,
                                 .address = "127.0.0.1",
                                 .peer_uid = -1,
                                 .body = body,
                                 .files = env->files,
                                 .body_len = body.len};
    if (sph_inbox_accept(to->node, &request, response, NULL).code == SPH_OK)
        sph_inbox_handle(to->node, &request, response);
}

static sph_rc pair_read_post(const sph_post *post, sph_buf *out, sph_err *err)
{
    sph_file_source source;
    if (!post->file)
        return sph_buf_add(out, post->bytes, err);
    const sph_reader reader = sph_reader_of_file(&source, post->files, post->file, 0, post->len);
    const sph_writer writer = sph_writer_of_buf(out);
    return sph_stream_copy(&reader, &writer, post->len, NULL, err);
}

/** The media type of an answer: static, or among the further header lines. */
static sph_rc pair_answer_type(const sph_response *response, char out[256], sph_err *err)
{
    const sph_slice name = SPH_LIT("Content-Type: ");
    const sph_slice fields = sph_buf_peek(&response->fields);
    const size_t at = sph_slice_find(fields, name, 0);
    if (response->content_type || at == SIZE_MAX)
        return sph_str_copy(
            out, 256, sph_slice_str(response->content_type ? response->content_type : ""), err);
    const size_t from = at + name.len;
    const size_t end = sph_slice_find(fields, SPH_LIT("\r\n"), from);
    return sph_str_copy(out, 256, sph_slice_sub(fields, from, end - from), err);
}

static sph_rc pair_read_answer(const sph_response *response, sph_buf *out, sph_err *err)
{
    sph_file_source source;
    if (!response->file)
        return sph_buf_add(out, sph_buf_peek(&response->body), err);
    const sph_reader reader = sph_reader_of_file(&source, response->files, response->file,
                                                 response->file_from, response->file_len);
    const sph_writer writer = sph_writer_of_buf(out);
    return sph_stream_copy(&reader, &writer, response->file_len, NULL, err);
}

/** As the transport does with what is too large for memory. */
static sph_rc pair_spool_answer(const struct pair_side *side, const sph_post *post,
                                sph_answer *answer, sph_err *err)
{
    const sph_files *files = post->files;
    SPH_TRY(files->open(files->ctx, post->spool, SPH_OPEN_TEMPORARY, &answer->file, err), err,
            "answer file");
    answer->files = files;
    answer->file_len = side->seen_answer.len;
    return files->write(answer->file, sph_buf_peek(&side->seen_answer), err);
}

static sph_rc pair_post(void *ctx, const sph_peer *peer, const sph_post *post, sph_answer *answer,
                        sph_err *err)
{
    struct pair_side *side = ctx;
    side->posts++;
    if (side->is_cut)
        return sph_fail(err, SPH_EAGAIN, "the line is cut");
    sph_buf_clear(&side->seen_body);
    side->seen_body = sph_buf_init((size_t)512 * 1024 * 1024);
    SPH_TRY(pair_read_post(post, &side->seen_body, err), err, "post");
    SPH_TRY(sph_str_copy(side->seen_type, sizeof(side->seen_type),
                         sph_slice_str(post->content_type), err),
            err, "type");
    if (side->change)
        side->change(side, &side->seen_body);
    SPH_AUTO(sph_response) response = sph_response_init();
    pair_offer(side->other, side->client ? side->client : peer->leaf, side->seen_type,
               sph_buf_peek(&side->seen_body), &response);
    if (side->change_answer)
        side->change_answer(side, &response);
    side->seen_status = response.status;
    sph_buf_clear(&side->seen_answer);
    side->seen_answer = sph_buf_init((size_t)16 * 1024 * 1024);
    SPH_TRY(pair_read_answer(&response, &side->seen_answer, err), err, "answer");
    if (side->is_answer_lost)
        return sph_fail(err, SPH_EAGAIN, "the answer was lost");
    answer->status = response.status;
    answer->retry_after_s = response.retry_after_s;
    SPH_TRY(pair_answer_type(&response, answer->content_type, err), err, "type");
    if (post->spool && side->seen_answer.len > post->answer_memory)
        return pair_spool_answer(side, post, answer, err);
    return sph_buf_add(&answer->body, sph_buf_peek(&side->seen_answer), err);
}

static void pair_forget(void *ctx, const char *party)
{
    (void)ctx;
    (void)party;
}

static inline void pair_open_side(struct pair_side *side)
{
    sph_err err = {0};
    const struct sph_node_options options = {.path = test_env_folder(side->world),
                                             .env = test_env_get(side->world),
                                             .transport = &side->transport};
    assert_ok(sph_node_open(&options, &side->node, &err), &err);
}

/** Making a home costs two RSA keys, so each kind of home is made once in a program and copied. */
struct pair_template {
    const char *party, *suites;
    test_env *world;
};
static struct pair_template pair_templates[8];

static inline void pair_drop_templates(void)
{
    for (size_t i = 0; i < sizeof(pair_templates) / sizeof(pair_templates[0]); i++)
        test_env_free(&pair_templates[i].world);
}

static inline bool pair_is_same_text(const char *a, const char *b)
{
    return a == b || (a && b && strcmp(a, b) == 0);
}

static inline test_env *pair_make_home(const struct pair_side *side, uint64_t seed)
{
    sph_err err = {0};
    const struct sph_home_new values = {.party = side->party,
                                        .kind = side->kind,
                                        .country = side->country,
                                        .mode = "training",
                                        .name = {"Example (fictitious)", NULL, NULL},
                                        .url =
                                            side->is_pull_only ? NULL : "https://127.0.0.1:18443",
                                        .listen_address = "127.0.0.1",
                                        .listen_port = 18443,
                                        .suites = side->suites,
                                        .via = side->via,
                                        .relays = side->relays};
    test_env *world = test_env_new(seed);
    assert_ok(sph_home_create(test_env_get(world), test_env_folder(world), &values, &err), &err);
    return world;
}

/** The template of this kind of home, made when it is the first; NULL when there is no place left.
 */
static inline test_env *pair_template_of(const struct pair_side *side, uint64_t seed)
{
    for (size_t i = 0; i < sizeof(pair_templates) / sizeof(pair_templates[0]); i++) {
        struct pair_template *known = &pair_templates[i];
        if (known->world && strcmp(known->party, side->party) == 0 &&
            pair_is_same_text(known->suites, side->suites))
            return known->world;
        if (known->world)
            continue;
        if (i == 0)
            assert_int_equal(atexit(pair_drop_templates), 0);
        *known = (struct pair_template){side->party, side->suites, pair_make_home(side, seed)};
        return known->world;
    }
    return NULL;
}

struct pair_copy {
    const struct sph_env *from, *to;
    const char *folder; /* "" or "keys/" */
};

static inline sph_rc pair_copy_file(void *arg, const char *name, sph_err *err)
{
    const struct pair_copy *copy = arg;
    char path[300];
    SPH_AUTO(sph_buf) octets = sph_buf_init((size_t)64 * 1024 * 1024);
    SPH_TRY(sph_str_format(path, sizeof(path), err, "%s%s", copy->folder, name), err, "path");
    SPH_TRY(sph_file_load(copy->from->files, path, &octets, err), err, "template");
    return sph_file_store(copy->to->files, path, sph_buf_peek(&octets), false, err);
}

static inline void pair_copy_home(test_env *from, test_env *to)
{
    static const char *const files[] = {"saphan.ini", "card.xml", "node.db", "secrets.db"};
    sph_err err = {0};
    struct pair_copy copy = {test_env_get(from), test_env_get(to), ""};
    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
        assert_ok(pair_copy_file(&copy, files[i], &err), &err);
    copy.folder = "keys/";
    assert_ok(copy.to->files->make_dir(copy.to->files->ctx, "keys", &err), &err);
    assert_ok(copy.from->files->list(copy.from->files->ctx, "keys", pair_copy_file, &copy, &err),
              &err);
}

static inline void pair_make_side(struct pair_side *side, uint64_t seed)
{
    test_env *model = pair_template_of(side, seed);
    /* Another seed than the model's: no id that it drew comes again. */
    side->world = model ? test_env_new(seed + 1000) : pair_make_home(side, seed);
    if (model)
        pair_copy_home(model, side->world);
    side->transport = (sph_transport){side, pair_post, pair_forget};
    pair_open_side(side);
}

/** The ceremony: each takes the other's card with its safety number. */
static inline void pair_trust(struct pair_side *side)
{
    sph_err err = {0};
    sph_findings findings = {0};
    char number[SPH_SAFETY_TEXT];
    SPH_AUTO(sph_buf) card = sph_buf_init(262144);
    assert_ok(sph_own_card(side->other->node, &card, &err), &err);
    sph_safety_number(sph_cert_peek_der(sph_node_keys(side->other->node)->root), number);
    assert_ok(sph_partner_add(side->node, sph_buf_peek(&card), number, "operator", &findings, &err),
              &err);
}

static inline struct pair *pair_new_with(const char *suites_a, const char *suites_b)
{
    struct pair *pair = sph_mem_new(1, sizeof(*pair));
    assert_non_null(pair);
    pair->a = (struct pair_side){.other = &pair->b,
                                 .party = "la.legalaid.example",
                                 .kind = "legal-aid",
                                 .country = "LA",
                                 .suites = suites_a};
    pair->b = (struct pair_side){.other = &pair->a,
                                 .party = "th.ngo.example",
                                 .kind = "ngo",
                                 .country = "TH",
                                 .suites = suites_b};
    pair_make_side(&pair->a, 1);
    pair_make_side(&pair->b, 2);
    pair_trust(&pair->a);
    pair_trust(&pair->b);
    return pair;
}

static inline struct pair *pair_new(void)
{
    return pair_new_with(NULL, NULL);
}

static inline void pair_free_side(struct pair_side *side)
{
    sph_node_close(&side->node);
    test_env_free(&side->world);
    sph_buf_clear(&side->seen_body);
    sph_buf_clear(&side->seen_answer);
}

static inline void pair_free(struct pair **pair)
{
    pair_free_side(&(*pair)->a);
    pair_free_side(&(*pair)->b);
    sph_mem_free(*pair);
    *pair = NULL;
}

/** Stop and start a node on the same home, as after a crash or a restart. */
static inline void pair_restart(struct pair_side *side)
{
    sph_node_close(&side->node);
    pair_open_side(side);
}

/** A draft of a question in Lao and English. */
static const char pair_question[] =
    "{\"type\":\"assistance-request\",\"header\":{\"language\":[\"lo\",\"en\"]},\"body\":{"
    "\"subtype\":\"information\","
    "\"question\":{\"lo\":\"ຜູ້ເສຍຫາຍຮຽກຮ້ອງຄ່າຊົດເຊີຍ"
    "ໃນປະເທດໄທໄດ້ແນວໃດ?\",\"en\":\"How can a victim "
    "claim compensation?\"},"
    "\"topic\":[\"compensation\"],\"location\":\"TH-43\",\"urgency\":\"normal\",\"capacity\":"
    "\"legal-aid\","
    "\"wanted\":[\"procedure\"],\"answerLanguage\":[\"lo\"]}}";

struct pair_asked {
    char packet_id[64], thread_id[64];
};

/** Queue a draft from `side` to the other. */
static inline struct pair_asked pair_send(struct pair_side *side, const char *text)
{
    sph_err err = {0};
    sph_json *draft = NULL;
    struct pair_asked asked = {.packet_id = ""};
    sph_findings *findings = sph_mem_new(1, sizeof(*findings));
    struct sph_submitted *done = sph_mem_new(1, sizeof(*done));
    assert_non_null(findings);
    assert_non_null(done);
    assert_ok(sph_json_parse(sph_slice_str(text), 65536, &draft, &err), &err);
    const struct sph_submit what = {
        .draft = draft, .to = &side->other->party, .to_count = 1, .user = "operator"};
    const sph_rc rc = sph_submit(side->node, &what, done, findings, &err);
    for (size_t i = 0; rc.code != SPH_OK && i < findings->count; i++)
        print_message("finding %s line %u %s %s %s\n", findings->at[i].rule, findings->at[i].line,
                      findings->at[i].key, findings->at[i].name, findings->at[i].value);
    assert_ok(rc, &err);
    assert_int_equal(done->count, 1);
    assert_ok(sph_str_copy(asked.packet_id, 64, sph_slice_str(done->at[0].packet_id), &err), &err);
    assert_ok(sph_str_copy(asked.thread_id, 64, sph_slice_str(done->at[0].thread_id), &err), &err);
    sph_json_free(&draft);
    sph_mem_free(findings);
    sph_mem_free(done);
    return asked;
}

/** Queue a question from `side` to the other. */
static inline struct pair_asked pair_ask(struct pair_side *side)
{
    return pair_send(side, pair_question);
}

/** Deliver everything that is due now; how many tries were made. */
static inline unsigned pair_deliver(struct pair_side *side)
{
    struct sph_out_due_row due[64];
    size_t count = 0;
    int64_t next_ms = 0;
    sph_err err = {0};
    assert_ok(sph_out_due(side->node, sph_node_now_ms(side->node), due, 64, &count, &next_ms, &err),
              &err);
    for (size_t i = 0; i < count; i++) {
        enum sph_delivery came = SPH_DELIVERY_RETRY;
        assert_ok(sph_deliver(side->node, due[i].id, &came, &err), &err);
    }
    return (unsigned)count;
}

/** Counters read from the tables. */
struct pair_count {
    int64_t rows;
    char state[32], proof[32], code[64], detail[256];
};
static sph_rc pair_note_out(void *arg, int64_t id, const struct sph_outbox_view *view, sph_err *err)
{
    struct pair_count *count = arg;
    (void)id;
    if (count->rows++ > 0)
        return sph_ok();
    SPH_TRY(sph_str_copy(count->state, sizeof(count->state), sph_slice_str(view->state), err), err,
            "state");
    SPH_TRY(sph_str_copy(count->proof, sizeof(count->proof), sph_slice_str(view->proof_state), err),
            err, "proof");
    SPH_TRY(sph_str_copy(count->code, sizeof(count->code), sph_slice_str(view->error_code), err),
            err, "code");
    return sph_str_copy(count->detail, sizeof(count->detail), sph_slice_str(view->error_detail),
                        err);
}

/** The newest outgoing message and how many there are. */
static inline struct pair_count pair_outbox(struct pair_side *side)
{
    struct pair_count count = {0};
    sph_err err = {0};
    const struct sph_view_filter filter = {.limit = 500};
    assert_ok(sph_query_outbox(side->node, &filter, pair_note_out, &count, &err), &err);
    return count;
}

static sph_rc pair_note_in(void *arg, int64_t id, const struct sph_inbox_view *view, sph_err *err)
{
    struct pair_count *count = arg;
    (void)id;
    count->rows++;
    return sph_str_copy(count->state, sizeof(count->state), sph_slice_str(view->state), err);
}

static inline struct pair_count pair_inbox(struct pair_side *side)
{
    struct pair_count count = {0};
    sph_err err = {0};
    const struct sph_view_filter filter = {.limit = 500};
    assert_ok(sph_query_inbox(side->node, &filter, pair_note_in, &count, &err), &err);
    return count;
}

struct pair_events {
    uint16_t event;
    int64_t count;
    uint16_t last_reason;
};
static sph_rc pair_note_leaf(void *arg, const sph_leaf *leaf, const sph_hash *hash, sph_err *err)
{
    struct pair_events *events = arg;
    (void)hash;
    (void)err;
    if (leaf->event != events->event)
        return sph_ok();
    const sph_slice reason = sph_leaf_ext_find(leaf, SPH_EXT_REASON);
    if (events->count++ == 0 && reason.len == 2)
        events->last_reason = (uint16_t)(reason.at[0] * 256 + reason.at[1]);
    return sph_ok();
}

/** Leaves of one event in a node's ledger. */
static inline int64_t pair_leaves(struct pair_side *side, uint16_t event)
{
    struct pair_events events = {.event = event};
    sph_err err = {0};
    const struct sph_ledger_filter filter = {.before_index = UINT64_MAX};
    assert_ok(sph_query_ledger(side->node, &filter, pair_note_leaf, &events, &err), &err);
    return events.count;
}

/** The ledger re-derived from its leaves holds. */
static inline void pair_assert_ledger(struct pair_side *side)
{
    sph_db *reader = NULL;
    sph_err err = {0};
    struct sph_ledger_fault fault = {0};
    uint64_t leaves = 0;
    assert_ok(sph_db_pool_get(sph_node_readers(side->node), &reader, &err), &err);
    assert_ok(sph_journal_verify(reader, sph_node_log_vkey(side->node), NULL, NULL, &fault, &leaves,
                                 &err),
              &err);
    sph_db_pool_put(sph_node_readers(side->node), reader);
    assert_true(leaves > 0);
}
