#include "cli/demo.h"

#include "as4/receive.h"
#include "base/env.h"
#include "cli/view.h"
#include "exchange/keyring.h"
#include "net/transport.h"
#include "store/db.h"

#define ANSWER_MOST (512u * 1024)
#define WIRE_MOST (512u * 1024)
#define CONTENT_TYPE_ROOM 256
#define POST_MS 20000
#define FROM_END                                                                                   \
    600u /* this far before the end of the wire bytes lies ciphertext of the last part */
#define RETRY_S 10
#define RESEND_S 30

/** A message as it lies in the sender's outbox, ready for the wire, and what is needed to post it:
 * the worst case, somebody who has copied the office's outgoing message and its connection key. */
struct captured {
    sph_buf wire;
    char content_type[CONTENT_TYPE_ROOM], url[64];
    enum sph_suite suite;
    const char *to_party;
    sph_files *own_files, *their_files;
    sph_keyring own, theirs; /* of theirs only the root is used */
    sph_transport *transport;
    struct sph_env env;
};

static void captured_clear(struct captured *captured)
{
    sph_transport_curl_free(&captured->transport);
    sph_keyring_clear(&captured->own);
    sph_keyring_clear(&captured->theirs);
    sph_files_real_free(&captured->own_files);
    sph_files_real_free(&captured->their_files);
    sph_buf_clear(&captured->wire);
}

static sph_rc copy_row(sph_db *db, const char *message_id, struct captured *out, sph_err *err)
{
    bool row = false;
    SPH_AUTO_PTR(sph_stmt) *stmt = NULL;
    SPH_TRY(sph_stmt_get(db, "SELECT wire, content_type, suite FROM outbox WHERE message_id=?",
                         &stmt, err),
            err, "outbox");
    sph_stmt_text(stmt, 1, message_id);
    SPH_TRY(sph_stmt_step(stmt, &row, err), err, "outbox");
    if (!row || sph_col_blob(stmt, 0).len <= FROM_END)
        return sph_fail(err, SPH_ENOTFOUND, "wire bytes in the outbox");
    SPH_TRY(sph_buf_add(&out->wire, sph_col_blob(stmt, 0), err), err, "outbox");
    SPH_TRY(sph_suite_of(sph_slice_str(sph_col_text(stmt, 2)), &out->suite, err), err, "suite");
    return sph_str_copy(out->content_type, sizeof(out->content_type),
                        sph_slice_str(sph_col_text(stmt, 1)), err);
}

static sph_rc copy_message(const struct sph_demo_node *sender, const char *message_id,
                           struct captured *out, sph_err *err)
{
    char path[600];
    sph_db *db = NULL;
    out->wire = sph_buf_init(WIRE_MOST);
    SPH_TRY(sph_str_format(path, sizeof(path), err, "%s/node.db", sender->cli.home), err, "path");
    SPH_TRY(sph_db_open(path, SPH_DB_READER, &db, err), err, "outbox");
    const sph_rc rc = copy_row(db, message_id, out, err);
    sph_db_close(&db);
    return rc;
}

static sph_rc load_ring(const char *home, sph_files **files, sph_keyring *ring, sph_err *err)
{
    SPH_TRY(sph_files_real_new(home, files, err), err, "home");
    const struct sph_env env = {sph_clock_real(), sph_random_real(), *files, NULL};
    return sph_keyring_load(&env, ring, err);
}

static sph_rc capture(struct sph_demo *demo, const char *message_id, struct captured *out,
                      sph_err *err)
{
    const struct sph_demo_node *sender = &demo->node[SPH_DEMO_LAWYER];
    const struct sph_demo_node *to = &demo->node[SPH_DEMO_NGO];
    out->to_party = to->party;
    SPH_TRY(copy_message(sender, message_id, out, err), err, "message");
    SPH_TRY(load_ring(sender->cli.home, &out->own_files, &out->own, err), err, "sender's keys");
    SPH_TRY(load_ring(to->cli.home, &out->their_files, &out->theirs, err), err, "receiver's root");
    SPH_TRY(
        sph_str_format(out->url, sizeof(out->url), err, "https://127.0.0.1:%u/as4", to->url_port),
        err, "address");
    out->env = (struct sph_env){sph_clock_real(), sph_random_real(), out->own_files, NULL};
    return sph_transport_curl_new(&out->env, 1, &out->transport, err);
}

static sph_rc post(const struct captured *captured, sph_answer *answer, sph_err *err)
{
    const struct sph_key_slot *tls = &captured->own.slot[SPH_SLOT_TLS];
    const sph_peer peer = {.party = captured->to_party,
                           .root = captured->theirs.root,
                           .crl = sph_buf_peek(&captured->theirs.crl),
                           .key = tls->key,
                           .leaf = tls->leaf,
                           .own_root = captured->own.root};
    const sph_post request = {.url = captured->url,
                              .content_type = captured->content_type,
                              .bytes = sph_buf_peek(&captured->wire),
                              .len = captured->wire.len,
                              .answer_max = ANSWER_MOST,
                              .deadline_ms = POST_MS};
    return captured->transport->post(captured->transport->ctx, &peer, &request, answer, err);
}

/** Is the answer what it should be, signed by the receiver? code: the refusal's, "" for a receipt.
 */
static sph_rc judge_signal(const struct captured *captured, sph_as4_in *in, char code[16],
                           sph_err *err)
{
    struct sph_as4_error_seen seen[16];
    sph_as4_fault fault = {0};
    const sph_as4_trust trust = {.party = captured->to_party,
                                 .root = captured->theirs.root,
                                 .at_ms = captured->env.clock->now_ms(captured->env.clock->ctx),
                                 .suite = captured->suite};
    SPH_TRY(sph_as4_verify(in, &trust, &fault, err), err, "signature of the answer");
    code[0] = '\0';
    if (sph_as4_in_kind(in) == SPH_AS4_RECEIPT)
        return sph_ok();
    if (sph_as4_errors(in, seen) == 0)
        return sph_fail(err, SPH_EPROOF, "neither receipt nor refusal");
    return sph_str_copy(code, 16, sph_slice_str(seen[0].code), err);
}

static sph_rc judge(const struct captured *captured, const sph_answer *answer, char code[16],
                    sph_err *err)
{
    sph_as4_in *in = NULL;
    sph_as4_fault fault = {0};
    const sph_as4_source source = {.bytes = sph_buf_peek(&answer->body), .len = answer->body.len};
    SPH_TRY(sph_as4_open(answer->content_type, &source, sph_limits_default(), &in, &fault, err),
            err, "HTTP %u", answer->status);
    const sph_rc rc = judge_signal(captured, in, code, err);
    sph_as4_in_free(&in);
    return rc;
}

static sph_rc post_and_judge(const struct captured *captured, sph_answer *answer, char code[16],
                             sph_err *err)
{
    answer->body = sph_buf_init(ANSWER_MOST);
    SPH_TRY(post(captured, answer, err), err, "post");
    return judge(captured, answer, code, err);
}

/** One octet of the ciphertext differs: the signed refusal, and what the receiver's ledger says
 * about it. */
static sph_rc post_flipped(struct sph_demo *demo, struct captured *captured, sph_err *err)
{
    char code[16], event[SPH_VIEW_ROOM];
    SPH_AUTO(sph_answer) answer = {.status = 0};
    SPH_AUTO(sph_reply) reply = {.status = 0};
    uint8_t *octet = captured->wire.at + captured->wire.len - FROM_END;
    *octet ^= 1;
    const sph_rc rc = post_and_judge(captured, &answer, code, err);
    *octet ^= 1;
    SPH_TRY(rc, err, "changed message");
    SPH_TRY(sph_demo_get(&demo->node[SPH_DEMO_NGO], "/api/1/ledger/events?type=REJECTED&limit=1",
                         &reply, err),
            err, "events");
    const sph_json *row = sph_json_at(sph_json_get(reply.json, "items"), 0);
    if (!sph_slice_is(sph_slice_str(code), "EBMS:0102") || !row)
        return sph_fail(err, SPH_EPROOF, "the changed message was answered with %s",
                        code[0] ? code : "a receipt");
    sph_demo_line(demo, SPH_MARK_BAD, "demo.flip.refused",
                  SPH_ARGS({"party", captured->to_party}, {"code", code},
                           {"event", sph_view_number(row, "index", event)}));
    return sph_ok();
}

/** The unchanged message twice: the same receipt, octet for octet. */
static sph_rc post_twice(struct sph_demo *demo, const struct captured *captured, sph_err *err)
{
    char first_code[16], second_code[16];
    SPH_AUTO(sph_answer) first = {.status = 0};
    SPH_AUTO(sph_answer) second = {.status = 0};
    SPH_TRY(post_and_judge(captured, &first, first_code, err), err, "unchanged message");
    SPH_TRY(post_and_judge(captured, &second, second_code, err), err, "message once more");
    if (first_code[0] || second_code[0] ||
        !sph_slice_equal(sph_buf_peek(&first.body), sph_buf_peek(&second.body)))
        return sph_fail(err, SPH_EPROOF, "the repeated message has another answer: %s %s",
                        first_code, second_code);
    sph_demo_line(demo, SPH_MARK_OK, "demo.flip.same", SPH_ARGS({"party", captured->to_party}));
    return sph_ok();
}

static sph_rc post_as_intruder(struct sph_demo *demo, const char *message_id, sph_err *err)
{
    struct captured *captured = sph_mem_new(1, sizeof(*captured));
    if (!captured)
        return sph_fail(err, SPH_ENOMEM, "captured message");
    sph_rc rc = capture(demo, message_id, captured, err);
    if (rc.code == SPH_OK)
        rc = post_flipped(demo, captured, err);
    if (rc.code == SPH_OK)
        rc = post_twice(demo, captured, err);
    captured_clear(captured);
    sph_mem_free(captured);
    return rc;
}

/** The lawyer closes the thread while the proxy changes a byte of what passes. */
static sph_rc send_through_flip(struct sph_demo *demo, char packet_id[64], sph_err *err)
{
    char target[256];
    SPH_AUTO_PTR(sph_json) *order = NULL;
    SPH_TRY(sph_demo_closing(&order, err), err, "draft");
    SPH_TRY(
        sph_str_format(target, sizeof(target), err, "/api/1/packets/%s/reply", demo->question_id),
        err, "target");
    sph_demo_proxy_flip(demo->proxy, true);
    SPH_TRY(
        sph_demo_submit(demo, SPH_DEMO_LAWYER, target, order, "demo.what.closing", packet_id, err),
        err, "closing");
    SPH_TRY(sph_demo_wait_state(demo, &demo->sent[demo->sent_count - 1], "retrying", RETRY_S, err),
            err, "refusal");
    if (sph_demo_proxy_flips(demo->proxy) == 0)
        return sph_fail(err, SPH_EREFUSED, "no byte was changed");
    sph_demo_line(demo, SPH_MARK_BAD, "demo.flip.transport",
                  SPH_ARGS({"party", demo->node[SPH_DEMO_NGO].party}));
    return sph_ok();
}

/** How often it came, and that it is there once. */
static sph_rc check_once(struct sph_demo *demo, const struct sph_demo_sent *sent, sph_err *err)
{
    char repeats[SPH_VIEW_ROOM];
    SPH_AUTO(sph_reply) reply = {.status = 0};
    const sph_json *row = NULL;
    SPH_TRY(sph_demo_inbox(demo, sent, &reply, &row, err), err, "inbox");
    if (sph_json_count(sph_json_get(reply.json, "received")) != 1 ||
        sph_json_get_int(row, "duplicates", 0) < 2)
        return sph_fail(err, SPH_EPROOF, "the message is not there exactly once");
    sph_demo_line(demo, SPH_MARK_OK, "demo.flip.once",
                  SPH_ARGS({"party", demo->node[SPH_DEMO_NGO].party},
                           {"repeats", sph_view_number(row, "duplicates", repeats)}));
    return sph_ok();
}

sph_rc sph_demo_flip(struct sph_demo *demo, sph_err *err)
{
    int unused = 0;
    char packet_id[64];
    struct sph_demo_node *lawyer = &demo->node[SPH_DEMO_LAWYER];
    const size_t from = demo->sent_count;
    SPH_TRY(sph_demo_step(demo, "demo.step.flip", err), err, "step");
    SPH_TRY(send_through_flip(demo, packet_id, err), err, "transport");
    /* The sender is off while the copied message is tried: else its own retry could be the first to
     * arrive. */
    sph_demo_stop(lawyer);
    sph_demo_proxy_flip(demo->proxy, false);
    sph_demo_line(demo, SPH_MARK_WAIT, "demo.flip.intruder", SPH_ARGS({"party", lawyer->party}));
    SPH_TRY(post_as_intruder(demo, demo->sent[from].message_id, err), err, "intruder");
    SPH_TRY(sph_demo_start(demo, lawyer, &unused, err), err, "sender");
    SPH_TRY(sph_demo_wait_state(demo, &demo->sent[from], "receipt-verified", RESEND_S, err), err,
            "resending");
    SPH_TRY(check_once(demo, &demo->sent[from], err), err, "once");
    return sph_demo_receipts(demo, from, err);
}
