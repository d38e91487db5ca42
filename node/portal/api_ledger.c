#include <string.h>

#include "base/codec.h"
#include "exchange/query.h"
#include "portal/api_call.h"

static sph_rc leaf_json(const sph_leaf *leaf, const sph_hash *leaf_hash, sph_json **out,
                        sph_err *err)
{
    SPH_AUTO_PTR(sph_json) *row = sph_json_object();
    const sph_slice reason = sph_leaf_ext_find(leaf, SPH_EXT_REASON);
    if (!row)
        return sph_fail(err, SPH_ENOMEM, "event");
    SPH_TRY(sph_api_set_int(row, "index", (int64_t)leaf->index, err), err, "event");
    SPH_TRY(sph_api_set_time(row, "time", (int64_t)leaf->unix_ms, err), err, "event");
    SPH_TRY(sph_api_set_text(row, "event", sph_event_name(leaf->event), err), err, "event");
    SPH_TRY(sph_api_set_text(row, "actor", leaf->actor, err), err, "event");
    SPH_TRY(sph_api_set_text(row, "partner", leaf->peer, err), err, "event");
    SPH_TRY(sph_api_set_text(row, "messageId", leaf->message_id, err), err, "event");
    SPH_TRY(sph_api_set_text(row, "conversationId", leaf->conversation_id, err), err, "event");
    SPH_TRY(sph_api_set_hash(row, "commitment", &leaf->commitment, err), err, "event");
    SPH_TRY(sph_api_set_hash(row, "envelopeSha256", &leaf->envelope, err), err, "event");
    SPH_TRY(sph_api_set_hash(row, "receiptSha256", &leaf->receipt, err), err, "event");
    if (leaf->ref_index != SPH_NO_REF)
        SPH_TRY(sph_api_set_int(row, "ref", (int64_t)leaf->ref_index, err), err, "event");
    SPH_TRY(sph_api_set_int(row, "peerSize", (int64_t)leaf->peer_size, err), err, "event");
    SPH_TRY(sph_api_set_hash(row, "peerRoot", &leaf->peer_root, err), err, "event");
    if (reason.len == 2)
        SPH_TRY(sph_api_set_int(row, "reason", reason.at[0] * 256 + reason.at[1], err), err,
                "event");
    SPH_TRY(sph_api_set_hash(row, "leafHash", leaf_hash, err), err, "event");
    *out = sph_move(row);
    return sph_ok();
}

static sph_rc add_leaf(void *arg, const sph_leaf *leaf, const sph_hash *leaf_hash, sph_err *err)
{
    sph_json *row = NULL;
    SPH_TRY(leaf_json(leaf, leaf_hash, &row, err), err, "event");
    return sph_json_add(arg, row, err);
}

/** A day or a moment; days are whole days in UTC. */
static sph_rc param_time(const struct sph_api_call *call, const char *name, int64_t *out,
                         sph_err *err)
{
    char text[40];
    int32_t days = 0;
    *out = 0;
    if (!sph_api_param(call, name, text, sizeof(text)))
        return sph_ok();
    if (sph_date_parse(sph_slice_str(text), &days, NULL).code == SPH_OK) {
        *out = (int64_t)days * 86400000 + (strcmp(name, "to") == 0 ? 86399999 : 0);
        return sph_ok();
    }
    if (sph_time_parse(sph_slice_str(text), out, NULL).code == SPH_OK)
        return sph_ok();
    return sph_fail(err, SPH_EARG, "%s is a date (2026-11-24) or a time", name);
}

sph_rc sph_api_ledger_log(struct sph_api_call *call, sph_err *err)
{
    char partner[SPH_PARTY_ROOM], event[40];
    uint16_t code = 0;
    int64_t limit = 0, before = 0;
    struct sph_ledger_filter filter = {.before_index = UINT64_MAX};
    SPH_AUTO_PTR(sph_json) *json = NULL;
    SPH_AUTO_PTR(sph_json) *list = sph_json_array();
    SPH_TRY(param_time(call, "from", &filter.from_ms, err), err, "filter");
    SPH_TRY(param_time(call, "to", &filter.to_ms, err), err, "filter");
    SPH_TRY(sph_api_param_int(call, "limit", 100, &limit, err), err, "filter");
    SPH_TRY(sph_api_param_int(call, "before", INT64_MAX, &before, err), err, "filter");
    filter.partner = sph_api_param(call, "partner", partner, sizeof(partner)) ? partner : NULL;
    filter.event = sph_api_param(call, "type", event, sizeof(event)) ? event : NULL;
    if (filter.event && !sph_event_of(filter.event, &code))
        return sph_api_refuse(call, SPH_EARG, "problem.event-unknown", "event", event, err);
    filter.limit = limit > 10000 ? 10000 : (unsigned)limit;
    filter.before_index = (uint64_t)before;
    SPH_TRY(sph_api_object("saphan.ledger-log/1", &json, err), err, "ledger");
    SPH_TRY(sph_query_ledger(call->node, &filter, add_leaf, list, err), err, "ledger");
    SPH_TRY(sph_json_set(json, "items", sph_move(list), err), err, "ledger");
    return sph_api_answer(call, 200, &json, err);
}

/** Verify on a reader, so that the node goes on working. */
static sph_rc verify(sph_node *node, struct sph_ledger_fault *fault, uint64_t *leaves, sph_err *err)
{
    sph_db *reader = NULL;
    SPH_TRY(sph_db_pool_get(sph_node_readers(node), &reader, err), err, "reader");
    const sph_rc rc =
        sph_journal_verify(reader, sph_node_log_vkey(node), NULL, NULL, fault, leaves, err);
    sph_db_pool_put(sph_node_readers(node), reader);
    return rc;
}

/** Where the ledger does not hold, for programs and in words. A file that a reader refuses has no
 * place. */
static sph_rc set_fault(const struct sph_api_call *call, const struct sph_ledger_fault *fault,
                        const char *detail, sph_json *json, sph_err *err)
{
    char index[24];
    SPH_AUTO(sph_buf) text = sph_buf_init(4096);
    const char *what = fault->what ? fault->what : "ledger.fault.file";
    SPH_TRY(sph_str_format(index, sizeof(index), err, "%llu", (unsigned long long)fault->index),
            err, "index");
    SPH_TRY(sph_text_format(call->lang, what, SPH_ARGS({"index", index}), &text, err), err,
            "fault");
    SPH_TRY(sph_api_set_int(json, "index", (int64_t)fault->index, err), err, "index");
    SPH_TRY(sph_api_set_text(json, "fault", what, err), err, "fault");
    SPH_TRY(sph_api_set_text(json, "text", sph_buf_text(&text), err), err, "fault");
    return sph_api_set_text(json, "detail", detail, err);
}

sph_rc sph_api_ledger_verify(struct sph_api_call *call, sph_err *err)
{
    struct sph_ledger_fault fault = {0};
    uint64_t leaves = 0;
    sph_err why = {0};
    SPH_AUTO_PTR(sph_json) *json = NULL;
    const sph_rc rc = verify(call->node, &fault, &leaves, &why);
    if (rc.code != SPH_OK && rc.code != SPH_EPROOF)
        return sph_fail(err, rc.code, "%s", why.depth ? why.frame[0].what : "ledger");
    SPH_TRY(sph_api_object("saphan.ledger-verify/1", &json, err), err, "verify");
    SPH_TRY(sph_json_set(json, "holds", sph_json_bool(rc.code == SPH_OK), err), err, "verify");
    SPH_TRY(sph_api_set_int(json, "leaves", (int64_t)leaves, err), err, "verify");
    if (rc.code == SPH_EPROOF)
        SPH_TRY(set_fault(call, &fault, why.depth ? why.frame[0].what : "", json, err), err,
                "verify");
    return sph_api_answer(call, 200, &json, err);
}

sph_rc sph_api_ledger_checkpoint(struct sph_api_call *call, sph_err *err)
{
    sph_head *head = NULL;
    SPH_TRY(sph_journal_head(sph_node_journal(call->node), true, &head, err), err, "checkpoint");
    if (!head)
        return sph_api_refuse(call, SPH_ENOTFOUND, "problem.no-checkpoint", NULL, NULL, err);
    const sph_rc rc =
        sph_api_answer_bytes(call, "text/plain; charset=utf-8", sph_head_note(head), err);
    sph_head_free(&head);
    return rc;
}

static sph_rc prove(sph_node *node, uint64_t index, sph_buf *leaf, sph_buf *proof, sph_err *err)
{
    sph_db *reader = NULL;
    sph_head *head = NULL;
    /* A head that covers the leaf: the newest signed one may be older, so one more is signed on
     * demand (ledger.md L13). */
    sph_job job = {.want_head = true};
    SPH_TRY(sph_journal_head(sph_node_journal(node), true, &head, err), err, "checkpoint");
    if (!head || sph_head_size(head) <= index) {
        sph_head_free(&head);
        SPH_TRY(sph_journal_commit(sph_node_journal(node), &job, &head, err), err, "checkpoint");
    }
    sph_rc rc = sph_db_pool_get(sph_node_readers(node), &reader, err);
    if (rc.code == SPH_OK)
        rc = sph_journal_leaf(reader, index, leaf, err);
    if (rc.code == SPH_OK)
        rc = sph_journal_prove(sph_node_journal(node), reader, index, head, proof, err);
    if (reader)
        sph_db_pool_put(sph_node_readers(node), reader);
    sph_head_free(&head);
    return rc;
}

static sph_rc answer_proof(struct sph_api_call *call, uint64_t index, sph_err *err)
{
    SPH_AUTO(sph_buf) leaf = sph_buf_init(65536);
    SPH_AUTO(sph_buf) proof = sph_buf_init(65536);
    SPH_AUTO(sph_buf) leaf_text = sph_buf_init(131072);
    SPH_AUTO_PTR(sph_json) *json = NULL;
    SPH_TRY(prove(call->node, index, &leaf, &proof, err), err, "proof");
    SPH_TRY(sph_base64_encode(sph_buf_peek(&leaf), &leaf_text, err), err, "leaf");
    SPH_TRY(sph_api_object("saphan.proof/1", &json, err), err, "proof");
    SPH_TRY(sph_api_set_int(json, "index", (int64_t)index, err), err, "proof");
    SPH_TRY(sph_api_set_text(json, "leaf", sph_buf_text(&leaf_text), err), err, "proof");
    SPH_TRY(sph_api_set_text(json, "proof", sph_buf_text(&proof), err), err, "proof");
    return sph_api_answer(call, 200, &json, err);
}

sph_rc sph_api_ledger_proof(struct sph_api_call *call, sph_err *err)
{
    uint64_t index = 0;
    sph_head *head = NULL;
    if (sph_slice_u64(sph_slice_str(call->segment[2]), INT64_MAX, &index, NULL).code != SPH_OK)
        return sph_fail(err, SPH_EARG, "an event is named by its number");
    SPH_TRY(sph_journal_head(sph_node_journal(call->node), false, &head, err), err, "ledger");
    const uint64_t size = sph_head_size(head);
    sph_head_free(&head);
    if (index >= size)
        return sph_api_refuse(call, SPH_ENOTFOUND, "problem.no-event", "index", call->segment[2],
                              err);
    return answer_proof(call, index, err);
}
