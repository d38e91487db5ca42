/** Two nodes that treat each other as foreign products, and files that go between them. */
#pragma once

#include "exchange/foreign.h"
#include "exchange/foreign_admin.h"
#include "support/pair.h"

#define FOREIGN_TEXT_ROOM ((size_t)8 * 1024 * 1024)

/** What one side is told about the other. */
struct enrolment {
    const char *pmode; /* JSON members beside address and suite; NULL: none */
    enum sph_suite suite;
};

static inline void add_pem(const char *use, const sph_cert *cert, sph_buf *pem,
                           struct sph_foreign_cert *out)
{
    sph_err err = {0};
    *pem = sph_buf_init(65536);
    assert_ok(sph_cert_pem(cert, pem, &err), &err);
    *out = (struct sph_foreign_cert){use, use, sph_buf_peek(pem)};
}

static inline sph_json *pmode_of(const struct enrolment *enrolment)
{
    sph_err err = {0};
    sph_json *json = NULL;
    const char *text = enrolment->pmode ? enrolment->pmode : "{}";
    assert_ok(sph_json_parse(sph_slice_str(text), 65536, &json, &err), &err);
    assert_ok(sph_json_set(json, "address", sph_json_text("https://127.0.0.1:18443/as4"), &err),
              &err);
    assert_ok(sph_json_set(json, "suite", sph_json_text(sph_suite_name(enrolment->suite)), &err),
              &err);
    return json;
}

/** `side` enrols the other as a foreign product by its certificates. */
static inline sph_rc enrol(struct pair_side *side, const struct enrolment *enrolment,
                           struct sph_foreign_problem *problem)
{
    sph_err err = {0};
    const sph_keyring *ring = sph_node_keys(side->other->node);
    struct sph_foreign_cert certs[3];
    sph_buf pem[3];
    add_pem("sign", ring->slot[sph_slot_sign(enrolment->suite)].leaf, &pem[0], &certs[0]);
    add_pem("encrypt", ring->slot[sph_slot_encrypt(enrolment->suite)].leaf, &pem[1], &certs[1]);
    add_pem("tls", ring->slot[SPH_SLOT_TLS].leaf, &pem[2], &certs[2]);
    sph_json *json = pmode_of(enrolment);
    const struct sph_foreign_given given = {.party = side->other->party,
                                            .pmode = json,
                                            .certs = certs,
                                            .cert_count = 3,
                                            .user = "operator"};
    const sph_rc rc = sph_foreign_partner_add(side->node, &given, problem, &err);
    if (rc.code != SPH_OK && !problem->key)
        print_message("%s %s\n", err.frame[0].where, err.frame[0].what);
    sph_json_free(&json);
    for (size_t i = 0; i < 3; i++)
        sph_buf_clear(&pem[i]);
    return rc;
}

static inline struct pair *foreign_pair(const struct enrolment *a, const struct enrolment *b)
{
    struct sph_foreign_problem problem = {.key = NULL};
    struct pair *pair = sph_mem_new(1, sizeof(*pair));
    assert_non_null(pair);
    pair->a = (struct pair_side){
        .other = &pair->b, .party = "la.legalaid.example", .kind = "legal-aid", .country = "LA"};
    pair->b = (struct pair_side){
        .other = &pair->a, .party = "th.ngo.example", .kind = "ngo", .country = "TH"};
    pair_make_side(&pair->a, 1);
    pair_make_side(&pair->b, 2);
    assert_int_equal(enrol(&pair->a, a, &problem).code, SPH_OK);
    assert_int_equal(enrol(&pair->b, b, &problem).code, SPH_OK);
    return pair;
}

static inline struct pair *foreign_pair_of(enum sph_suite suite)
{
    const struct enrolment both = {.suite = suite};
    return foreign_pair(&both, &both);
}

/** A file without a name in the side's own folder. */
static inline struct sph_submit_attachment part_of(struct pair_side *side, sph_slice octets,
                                                   const char *type, const char *name)
{
    sph_err err = {0};
    const sph_files *files = test_env_get(side->world)->files;
    struct sph_submit_attachment part = {
        .files = files, .len = octets.len, .media_type = type, .title = name};
    assert_ok(files->open(files->ctx, "spool", SPH_OPEN_TEMPORARY, &part.file, &err), &err);
    assert_ok(files->write(part.file, octets, &err), &err);
    return part;
}

static inline sph_rc submit(struct pair_side *side, struct sph_foreign_order *order,
                            char packet_id[64])
{
    sph_err err = {0};
    struct sph_submitted *done = sph_mem_new(1, sizeof(*done));
    assert_non_null(done);
    order->party = side->other->party;
    order->user = "operator";
    const sph_rc rc = sph_foreign_submit(side->node, order, done, &err);
    if (rc.code == SPH_OK && packet_id)
        assert_ok(sph_str_copy(packet_id, 64, sph_slice_str(done->at[0].packet_id), &err), &err);
    sph_mem_free(done);
    return rc;
}

/** One text from `side` to the other, delivered; its packet id at the sender. */
static inline void send_text(struct pair_side *side, const char *text, const char *reply_to,
                             char packet_id[64])
{
    struct sph_submit_attachment part =
        part_of(side, sph_slice_str(text), "text/plain", "note.txt");
    struct sph_foreign_order order = {.parts = &part, .part_count = 1, .reply_to = reply_to};
    assert_int_equal(submit(side, &order, packet_id).code, SPH_OK);
    part.files->close(&part.file);
    assert_int_equal(pair_deliver(side), 1);
}

struct newest {
    char packet_id[64], message_id[256], ref_to[256], type[32];
    size_t count;
};
static inline sph_rc note_newest(void *arg, int64_t id, const struct sph_inbox_view *view,
                                 sph_err *err)
{
    struct newest *newest = arg;
    (void)id;
    if (newest->count++ > 0)
        return sph_ok();
    SPH_TRY(sph_str_copy(newest->packet_id, 64, sph_slice_str(view->packet_id), err), err, "id");
    SPH_TRY(sph_str_copy(newest->message_id, 256, sph_slice_str(view->message_id), err), err, "id");
    SPH_TRY(sph_str_copy(newest->ref_to, 256, sph_slice_str(view->ref_to), err), err, "reference");
    return sph_str_copy(newest->type, 32, sph_slice_str(view->type), err);
}

static inline struct newest newest_in(struct pair_side *side)
{
    struct newest newest = {.count = 0};
    sph_err err = {0};
    const struct sph_view_filter filter = {.limit = 500};
    assert_ok(sph_query_inbox(side->node, &filter, note_newest, &newest, &err), &err);
    return newest;
}

static inline sph_foreign *read_newest(struct pair_side *side)
{
    sph_err err = {0};
    sph_foreign *message = NULL;
    const struct newest newest = newest_in(side);
    assert_string_equal(newest.type, "foreign");
    assert_ok(sph_foreign_read(side->node, newest.packet_id, "operator", &message, &err), &err);
    assert_string_equal(message->message_id, newest.message_id);
    return message;
}

static inline void assert_document(struct pair_side *side, const sph_foreign *message,
                                   const char *id, sph_slice expected)
{
    sph_err err = {0};
    char type[64];
    SPH_AUTO(sph_buf) out = sph_buf_init(FOREIGN_TEXT_ROOM * 4);
    const sph_writer writer = sph_writer_of_buf(&out);
    assert_ok(
        sph_read_attachment(side->node, message->packet_id, id, "operator", &writer, type, &err),
        &err);
    assert_int_equal(out.len, expected.len);
    assert_true(sph_slice_equal(sph_buf_peek(&out), expected));
}

static inline void assert_acknowledged(struct pair_side *side)
{
    const struct pair_count out = pair_outbox(side);
    if (strcmp(out.state, "acknowledged") != 0)
        print_message("state %s code %s detail %s\n", out.state, out.code, out.detail);
    assert_string_equal(out.state, "acknowledged");
    /* No ledger extension towards a foreign product (as4.md D17). */
    assert_string_equal(out.proof, "receipt-only");
}
