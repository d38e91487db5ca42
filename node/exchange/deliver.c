#include "exchange/deliver.h"

#include <string.h>

#include "as4/receive.h"
#include "exchange/health.h"
#include "exchange/proofs.h"
#include "exchange/renew.h"
#include "exchange/wire.h"

#define ANSWER_MAX (512u * 1024)
#define DUPLICATE_WITHOUT_RECEIPT "EBMS:4001"
#define POST_BASE_MS 120000

struct delivery {
    sph_node *node;
    sph_out_row row;
    sph_partner *partner;
};

static void delivery_clear(struct delivery *delivery)
{
    sph_out_row_clear(&delivery->row);
    sph_partner_unref(&delivery->partner);
}

/** A row that another thread settled meanwhile is no failure. */
static sph_rc settled_is_fine(sph_rc rc, sph_err *err)
{
    if (rc.code == SPH_ECONFLICT) {
        sph_err_clear(err);
        return sph_ok();
    }
    return rc;
}

static sph_rc wait(struct delivery *delivery, const char *code, const char *detail,
                   unsigned retry_after_s, enum sph_delivery *came, sph_err *err)
{
    SPH_LOG(sph_node_env(delivery->node)->log, SPH_LOG_WARN, "delivery_waits",
            SPH_LF(SPH_F_MESSAGE, delivery->row.message_id),
            SPH_LF(SPH_F_PARTNER, delivery->row.partner), SPH_LF(SPH_F_CODE, code),
            SPH_LN(SPH_F_COUNT, delivery->row.attempt + 1));
    *came = SPH_DELIVERY_RETRY;
    sph_health_failed(delivery->node, delivery->row.partner, code);
    return settled_is_fine(
        sph_out_wait(delivery->node, &delivery->row, code, detail, retry_after_s, err), err);
}

static sph_rc end(struct delivery *delivery, enum sph_out_event why, const char *code,
                  const char *detail, enum sph_delivery *came, sph_err *err)
{
    SPH_LOG(sph_node_env(delivery->node)->log, SPH_LOG_ERROR, "delivery_failed",
            SPH_LF(SPH_F_MESSAGE, delivery->row.message_id),
            SPH_LF(SPH_F_PARTNER, delivery->row.partner), SPH_LF(SPH_F_CODE, code));
    *came = SPH_DELIVERY_ENDED;
    sph_health_failed(delivery->node, delivery->row.partner, code);
    return settled_is_fine(sph_out_fail(delivery->node, &delivery->row, why, code, detail, err),
                           err);
}

static const char *cause(const sph_err *err)
{
    return err->depth > 0 ? err->frame[0].what : "";
}

/** A file that no row will name. After a failed COMMIT the row may name it all the same. */
static void drop_wire_file(struct delivery *delivery)
{
    if (delivery->row.state == SPH_OUT_SUBMITTED &&
        !sph_journal_is_stopped(sph_node_journal(delivery->node)))
        sph_wire_drop(delivery->node, &delivery->row);
}

/** A partner that nobody reaches comes for its messages itself. */
static bool is_pulled(const struct delivery *delivery)
{
    return delivery->partner->card.pull_mpc[0] != '\0';
}

/** T2 for a row that has no wire bytes yet. What cannot be built now waits; what never can be ends.
 */
static sph_rc hand_out(struct delivery *delivery, enum sph_delivery *came, bool *is_ready,
                       sph_err *err)
{
    sph_as4_built built = {0};
    sph_err why = {0};
    *is_ready = false;
    sph_rc rc = sph_wire_build(delivery->node, &delivery->row, delivery->partner, &built, &why);
    if (rc.code == SPH_OK)
        rc = is_pulled(delivery) ? sph_out_make_ready(delivery->node, &delivery->row, &built, &why)
                                 : sph_out_hand_out(delivery->node, &delivery->row, &built, &why);
    sph_as4_built_clear(&built);
    if (rc.code == SPH_OK) {
        *is_ready = !is_pulled(delivery); /* else it waits for a pull */
        /* The card may have changed while this was made. */
        return *is_ready ? rc : sph_out_follow(delivery->node, delivery->row.partner, err);
    }
    drop_wire_file(delivery);
    if (rc.code == SPH_ELIMIT || rc.code == SPH_ECANCELLED)
        return end(delivery, SPH_OUT_DEADLINE, sph_code_name(rc.code), cause(&why), came, err);
    if (rc.code == SPH_ECONFLICT) {
        *came = SPH_DELIVERY_DONE;
        return sph_ok();
    }
    return wait(delivery, sph_code_name(rc.code), cause(&why), 0, came, err);
}

/** The same bytes as before, unless a key that they need is gone. */
static sph_rc renew(struct delivery *delivery, enum sph_delivery *came, bool *is_ready,
                    sph_err *err)
{
    sph_err why = {0};
    bool is_renewed = false;
    const sph_rc rc =
        sph_renew(delivery->node, &delivery->row, delivery->partner, &is_renewed, &why);
    *is_ready = rc.code == SPH_OK;
    if (rc.code == SPH_OK)
        return rc;
    if (rc.code == SPH_ECONFLICT) {
        *came = SPH_DELIVERY_DONE;
        return sph_ok();
    }
    return wait(delivery, sph_code_name(rc.code), cause(&why), 0, came, err);
}

static sph_rc settle_receipt(struct delivery *delivery, const sph_as4_in *in,
                             enum sph_delivery *came, sph_err *err)
{
    struct sph_out_receipt receipt = {.root = sph_as4_in_root(in),
                                      .root_sha256 = sph_as4_in_root_sha256(in)};
    SPH_AUTO(sph_buf) leaf = sph_buf_init(65536);
    SPH_AUTO(sph_buf) proof = sph_buf_init(65536);
    sph_err why = {0};
    if (sph_as4_receipt_check(in, &delivery->row.refs, &why).code != SPH_OK)
        return wait(delivery, sph_ebms_code(SPH_EBMS_0302), cause(&why), 0, came, err);
    /* as4.md 15.2: an unusable ledger proof never invalidates the receipt. */
    if (sph_receipt_proof(delivery->node, in, &delivery->row, delivery->partner, &leaf, &proof,
                          &receipt, &why)
            .code != SPH_OK)
        SPH_LOG(sph_node_env(delivery->node)->log, SPH_LOG_WARN, "ledger_proof_unusable",
                SPH_LF(SPH_F_MESSAGE, delivery->row.message_id),
                SPH_LF(SPH_F_PARTNER, delivery->row.partner), SPH_LF(SPH_F_WHAT, cause(&why)));
    SPH_TRY(
        settled_is_fine(sph_out_acknowledge(delivery->node, &delivery->row, &receipt, err), err),
        err, "T5");
    sph_health_delivered(delivery->node, delivery->row.partner);
    *came = SPH_DELIVERY_DONE;
    return sph_ok();
}

/** as4.md 11: it has the message and no receipt of it left. phase4 says so as 4001, its releases
 * before 4.5 as an 0004 in words. */
static bool is_duplicate(const struct delivery *delivery, const struct sph_as4_error_seen *seen)
{
    if (strcmp(seen->code, DUPLICATE_WITHOUT_RECEIPT) == 0)
        return true;
    return delivery->partner->pmode.is_foreign &&
           strcmp(seen->code, sph_ebms_code(SPH_EBMS_0004)) == 0 &&
           sph_slice_find(sph_slice_str(seen->detail), SPH_LIT("duplicate"), 0) != SIZE_MAX;
}

static sph_rc settle_error(struct delivery *delivery, const sph_as4_in *in, unsigned retry_after_s,
                           enum sph_delivery *came, sph_err *err)
{
    struct sph_as4_error_seen seen[16];
    const size_t count = sph_as4_errors(in, seen);
    if (count == 0)
        return wait(delivery, sph_ebms_code(SPH_EBMS_0302), "an empty error signal", retry_after_s,
                    came, err);
    /* Never shown as acknowledged. */
    if (is_duplicate(delivery, &seen[0]))
        return end(delivery, SPH_OUT_REFUSED, sph_ebms_code(SPH_EBMS_0301),
                   "delivered-without-proof", came, err);
    if (sph_as4_error_is_final(&seen[0]))
        return end(delivery, SPH_OUT_REFUSED, seen[0].code, seen[0].detail, came, err);
    return wait(delivery, seen[0].code, seen[0].detail, retry_after_s, came, err);
}

/** What the answer is; a pull request may bring it along (as4.md 12.3). */
static enum sph_as4_kind kind_of(const sph_as4_in *in)
{
    if (sph_as4_in_kind(in) != SPH_AS4_PULL)
        return sph_as4_in_kind(in);
    return sph_as4_in_has(in, SPH_AS4_RECEIPT) ? SPH_AS4_RECEIPT : SPH_AS4_ERROR;
}

static bool refers_to(const sph_as4_in *in, const char *message_id)
{
    struct sph_as4_error_seen seen[16];
    const char *ref_to = sph_as4_in_ref_of(in, kind_of(in));
    if (ref_to && strcmp(ref_to, message_id) == 0)
        return true;
    return kind_of(in) == SPH_AS4_ERROR && sph_as4_errors(in, seen) > 0 &&
           strcmp(seen[0].ref_in_error, message_id) == 0;
}

/** A signal whose signature held: only one that refers to our message counts. */
static sph_rc settle(struct delivery *delivery, const sph_as4_in *in, unsigned retry_after_s,
                     enum sph_delivery *came, sph_err *err)
{
    if (!refers_to(in, delivery->row.message_id))
        return wait(delivery, sph_ebms_code(SPH_EBMS_0302), "the answer is for another message",
                    retry_after_s, came, err);
    if (kind_of(in) == SPH_AS4_RECEIPT)
        return settle_receipt(delivery, in, came, err);
    if (kind_of(in) == SPH_AS4_ERROR)
        return settle_error(delivery, in, retry_after_s, came, err);
    return wait(delivery, sph_ebms_code(SPH_EBMS_0302), "neither receipt nor error", retry_after_s,
                came, err);
}

/** D7: only an answer that the partner signed and that refers to our message changes its final
 * state. */
static sph_rc judge(struct delivery *delivery, sph_as4_in *in, unsigned retry_after_s,
                    enum sph_delivery *came, sph_err *err)
{
    struct sph_partner_known known;
    sph_as4_fault fault = {0};
    sph_err why = {0};
    sph_as4_trust trust;
    sph_partner_trust(delivery->partner, delivery->row.suite, sph_node_now_ms(delivery->node),
                      &known, &trust);
    if (sph_as4_verify(in, &trust, &fault, &why).code != SPH_OK)
        return wait(delivery, "unauthenticated", fault.rule ? fault.rule : cause(&why),
                    retry_after_s, came, err);
    return settle(delivery, in, retry_after_s, came, err);
}

static sph_rc judge_body(struct delivery *delivery, unsigned status, const char *content_type,
                         sph_slice body, unsigned retry_after_s, enum sph_delivery *came,
                         sph_err *err)
{
    char detail[64];
    sph_as4_fault fault = {0};
    sph_as4_in *in = NULL;
    const sph_as4_source source = {.bytes = body, .len = body.len};
    /* D6: the body is looked at whatever the status; what is no signal is a transport failure. */
    if (body.len == 0 ||
        sph_as4_open(content_type, &source, sph_node_limits(delivery->node), &in, &fault, NULL)
                .code != SPH_OK) {
        SPH_TRY(sph_str_format(detail, sizeof(detail), err, "HTTP %u without a signal", status),
                err, "detail");
        return wait(delivery, "transport", detail, retry_after_s, came, err);
    }
    const sph_rc rc = judge(delivery, in, retry_after_s, came, err);
    sph_as4_in_free(&in);
    return rc;
}

/** The waiting row that a signal refers to; SPH_ENOTFOUND when none waits. */
static sph_rc find_waiting(sph_db *reader, const char *party, const char *message_id, int64_t *id,
                           sph_err *err)
{
    sph_stmt *stmt = NULL;
    bool row = false;
    SPH_TRY(sph_stmt_get(reader,
                         "SELECT id FROM outbox WHERE message_id=? AND partner=? AND state IN"
                         " ('sending','wait-retry','pulled-waiting','ready-again')",
                         &stmt, err),
            err, "waiting message");
    sph_stmt_text(stmt, 1, message_id);
    sph_stmt_text(stmt, 2, party);
    SPH_TRY(sph_stmt_step(stmt, &row, err), err, "waiting message");
    *id = row ? sph_col_int(stmt, 0) : -1;
    sph_stmt_end(stmt);
    return row ? sph_ok() : sph_fail(err, SPH_ENOTFOUND, "no message waits for that signal");
}

static sph_rc load_waiting(sph_node *node, const char *party, const char *message_id,
                           sph_out_row *out, sph_err *err)
{
    sph_db *reader = NULL;
    int64_t id = -1;
    SPH_TRY(sph_db_pool_get(sph_node_readers(node), &reader, err), err, "reader");
    const sph_rc rc = find_waiting(reader, party, message_id, &id, err);
    sph_db_pool_put(sph_node_readers(node), reader);
    SPH_TRY(rc, err, "waiting message");
    return sph_out_row_load(node, id, out, err);
}

sph_rc sph_deliver_signal_suite(sph_node *node, const char *party, const sph_as4_in *in,
                                enum sph_suite *out, sph_err *err)
{
    sph_out_row row;
    const char *ref_to = sph_as4_in_ref_of(in, kind_of(in));
    SPH_TRY(load_waiting(node, party, ref_to ? ref_to : "", &row, err), err, "signal");
    *out = row.suite;
    sph_out_row_clear(&row);
    return sph_ok();
}

sph_rc sph_deliver_signal(sph_node *node, const char *party, const sph_as4_in *in, sph_err *err)
{
    struct delivery delivery = {.node = node};
    enum sph_delivery came = SPH_DELIVERY_DONE;
    const char *ref_to = sph_as4_in_ref_of(in, kind_of(in));
    SPH_TRY(load_waiting(node, party, ref_to ? ref_to : "", &delivery.row, err), err, "signal");
    delivery.partner = sph_partners_get(sph_node_partners(node), party);
    const sph_rc rc = delivery.partner ? settle(&delivery, in, 0, &came, err)
                                       : sph_fail(err, SPH_ENOTFOUND, "no such partner");
    delivery_clear(&delivery);
    return rc;
}

static void note_sent(void *ctx, uint64_t sent)
{
    sph_transfer_set(ctx, sent);
}

/** Who waits for a large message is told how far it is. */
static sph_transfer *show_sending(const struct delivery *delivery)
{
    const struct sph_transfer_name name = {.kind = SPH_TRANSFER_SEND,
                                           .party = delivery->row.partner,
                                           .message_id = delivery->row.message_id,
                                           .total = delivery->row.wire_len,
                                           .now_ms = sph_node_now_ms(delivery->node)};
    return delivery->row.wire_file[0]
               ? sph_transfer_begin(sph_node_transfers(delivery->node), &name)
               : NULL;
}

static sph_rc post(struct delivery *delivery, sph_answer *answer, sph_err *err)
{
    const sph_node *node = delivery->node;
    const sph_files *files = sph_node_env(node)->files;
    struct sph_partner_known known;
    sph_peer peer;
    char url[SPH_PARTNER_ADDRESS];
    SPH_AUTO(sph_open_file) file = {files, NULL};
    SPH_TRY(sph_partner_address(delivery->partner, url, err), err, "address");
    sph_partner_peer(delivery->partner, sph_node_keys(node), &known, &peer);
    if (delivery->row.wire_file[0])
        SPH_TRY(files->open(files->ctx, delivery->row.wire_file, SPH_OPEN_READ, &file.file, err),
                err, "outgoing file");
    const uint64_t len =
        delivery->row.wire_file[0] ? delivery->row.wire_len : delivery->row.wire.len;
    SPH_AUTO_PTR(sph_transfer) *transfer = show_sending(delivery);
    const sph_post request = {
        .url = url,
        .progress = note_sent,
        .progress_ctx = transfer,
        .content_type = delivery->row.content_type,
        .file = file.file,
        .files = files,
        .bytes = sph_buf_peek(&delivery->row.wire),
        .len = len,
        .answer_max = ANSWER_MAX,
        .deadline_ms = POST_BASE_MS + (int64_t)(len * 1000 / sph_node_limits(node)->http_min_rate)};
    const sph_transport *transport = sph_node_transport(node);
    return transport->post(transport->ctx, &peer, &request, answer, err);
}

static sph_rc send(struct delivery *delivery, enum sph_delivery *came, sph_err *err)
{
    SPH_AUTO(sph_answer) answer = {.body = sph_buf_init(ANSWER_MAX)};
    sph_err why = {0};
    const sph_rc rc = post(delivery, &answer, &why);
    if (rc.code == SPH_ECANCELLED) { /* the node stops: no try of its own, due at the next start */
        *came = SPH_DELIVERY_RETRY;
        return sph_ok();
    }
    if (rc.code != SPH_OK)
        return wait(delivery, rc.code == SPH_EPROOF ? "wrong-partner" : "transport", cause(&why), 0,
                    came, err);
    if (answer.date_ms != 0)
        sph_health_clock(delivery->node, delivery->row.partner, answer.date_ms, true);
    /* Told over a connection that only the partner's own key can answer. It may change its mind, so
     * this is never final. */
    if (answer.told != SPH_STANDING_STRANGER)
        return wait(delivery,
                    answer.told == SPH_STANDING_PAUSED ? "partner-paused-us" : "partner-removed-us",
                    "the partner has paused or removed this node", answer.retry_after_s, came, err);
    return judge_body(delivery, answer.status, answer.content_type, sph_buf_peek(&answer.body),
                      answer.retry_after_s, came, err);
}

static bool is_pushed_row(const sph_out_row *row)
{
    return row->state == SPH_OUT_SENDING || row->state == SPH_OUT_WAIT_RETRY;
}

static sph_rc deliver(struct delivery *delivery, enum sph_delivery *came, sph_err *err)
{
    bool is_ready = true;
    if (sph_node_now_ms(delivery->node) > delivery->row.deadline_ms)
        return end(delivery, SPH_OUT_DEADLINE, sph_ebms_code(SPH_EBMS_0301),
                   "no receipt until the deadline", came, err);
    if (!delivery->partner)
        return end(delivery, SPH_OUT_DEADLINE, "no-partner", "the partner is gone", came, err);
    if (delivery->row.state == SPH_OUT_HANDED)
        return sph_ok(); /* the hub has it: only the notice, or the deadline, moves it */
    if (delivery->row.state == SPH_OUT_PULLED_WAITING)
        return settled_is_fine(sph_out_lease_over(delivery->node, &delivery->row, err), err);
    if (delivery->partner->state != SPH_PARTNER_ACTIVE)
        return wait(delivery, "partner-paused", "the partner is paused or removed", 0, came, err);
    if (is_pushed_row(&delivery->row) && is_pulled(delivery))
        return sph_out_follow(delivery->node, delivery->row.partner, err);
    if (delivery->row.state == SPH_OUT_SUBMITTED)
        SPH_TRY(hand_out(delivery, came, &is_ready, err), err, "T2");
    else if (is_pushed_row(&delivery->row))
        SPH_TRY(renew(delivery, came, &is_ready, err), err, "keys");
    if (delivery->row.state == SPH_OUT_READY || delivery->row.state == SPH_OUT_READY_AGAIN)
        return sph_ok();
    return is_ready ? send(delivery, came, err) : sph_ok();
}

static bool is_settled(enum sph_out_state state)
{
    return state == SPH_OUT_ACKNOWLEDGED || state == SPH_OUT_FAILED || state == SPH_OUT_CANCELLED;
}

sph_rc sph_deliver(sph_node *node, int64_t row_id, enum sph_delivery *came, sph_err *err)
{
    struct delivery delivery = {.node = node};
    SPH_TRY(sph_out_row_load(node, row_id, &delivery.row, err), err, "outbox row");
    delivery.partner = sph_partners_get(sph_node_partners(node), delivery.row.partner);
    *came = SPH_DELIVERY_DONE;
    /* The queue was read a moment ago: a pull may have been served, or a user may have cancelled.
     */
    const bool is_due =
        !is_settled(delivery.row.state) && delivery.row.next_ms <= sph_node_now_ms(node);
    const sph_rc rc = is_due ? deliver(&delivery, came, err) : sph_ok();
    delivery_clear(&delivery);
    return rc;
}
