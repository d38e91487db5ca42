#include "exchange/foreign.h"
#include "exchange/query.h"
#include "exchange/reading.h"
#include "portal/api_foreign.h"

static sph_rc outbox_json(int64_t id, const struct sph_outbox_view *view, sph_json **out,
                          sph_err *err)
{
    SPH_AUTO_PTR(sph_json) *row = sph_json_object();
    SPH_TRY(sph_api_set_int(row, "row", id, err), err, "message");
    SPH_TRY(sph_api_set_text(row, "id", view->short_id, err), err, "message");
    SPH_TRY(sph_api_set_text(row, "packetId", view->packet_id, err), err, "message");
    SPH_TRY(sph_api_set_text(row, "thread", view->thread_short, err), err, "message");
    SPH_TRY(sph_api_set_text(row, "threadId", view->thread_id, err), err, "message");
    SPH_TRY(sph_api_set_text(row, "question", view->question, err), err, "message");
    SPH_TRY(sph_api_set_text(row, "type", view->type, err), err, "message");
    SPH_TRY(sph_api_set_text(row, "partner", view->partner, err), err, "message");
    if (view->via[0])
        SPH_TRY(sph_api_set_text(row, "via", view->via, err), err, "message");
    SPH_TRY(sph_api_set_text(row, "messageId", view->message_id, err), err, "message");
    if (view->ref_to[0])
        SPH_TRY(sph_api_set_text(row, "refToMessageId", view->ref_to, err), err, "message");
    SPH_TRY(sph_api_set_text(row, "suite", view->suite, err), err, "message");
    SPH_TRY(sph_api_set_text(row, "state", view->display, err), err, "message");
    SPH_TRY(sph_api_set_text(row, "proof", view->proof_state, err), err, "message");
    SPH_TRY(sph_api_set_int(row, "attempts", view->attempt, err), err, "message");
    SPH_TRY(sph_api_set_time(row, "created", view->created_ms, err), err, "message");
    SPH_TRY(sph_api_set_time(row, "finished", view->finished_ms, err), err, "message");
    if (view->finished_ms == 0) {
        SPH_TRY(sph_api_set_time(row, "nextTry", view->next_ms, err), err, "message");
        SPH_TRY(sph_api_set_time(row, "deadline", view->deadline_ms, err), err, "message");
    }
    if (view->error_code[0]) {
        SPH_TRY(sph_api_set_text(row, "errorCode", view->error_code, err), err, "message");
        SPH_TRY(sph_api_set_text(row, "errorDetail", view->error_detail, err), err, "message");
    }
    SPH_TRY(sph_api_set_int(row, "submittedEvent", view->submitted_index, err), err, "message");
    SPH_TRY(sph_api_set_int(row, "sentEvent", view->sent_index, err), err, "message");
    SPH_TRY(sph_api_set_int(row, "receiptEvent", view->receipt_index, err), err, "message");
    SPH_TRY(sph_api_set_int(row, "failedEvent", view->failed_index, err), err, "message");
    SPH_TRY(sph_api_set_int(row, "partnerEvent", view->peer_index, err), err, "message");
    *out = sph_move(row);
    return sph_ok();
}

static sph_rc add_outbox(void *arg, int64_t id, const struct sph_outbox_view *view, sph_err *err)
{
    sph_json *row = NULL;
    SPH_TRY(outbox_json(id, view, &row, err), err, "message");
    return sph_json_add(arg, row, err);
}

static sph_rc add_inbox(void *arg, int64_t id, const struct sph_inbox_view *view, sph_err *err)
{
    SPH_AUTO_PTR(sph_json) *row = sph_json_object();
    SPH_TRY(sph_api_set_int(row, "row", id, err), err, "message");
    SPH_TRY(sph_api_set_text(row, "id", view->short_id, err), err, "message");
    SPH_TRY(sph_api_set_text(row, "packetId", view->packet_id, err), err, "message");
    SPH_TRY(sph_api_set_text(row, "thread", view->thread_short, err), err, "message");
    SPH_TRY(sph_api_set_text(row, "threadId", view->thread_id, err), err, "message");
    SPH_TRY(sph_api_set_text(row, "type", view->type, err), err, "message");
    SPH_TRY(sph_api_set_text(row, "partner", view->partner, err), err, "message");
    if (view->via[0])
        SPH_TRY(sph_api_set_text(row, "via", view->via, err), err, "message");
    SPH_TRY(sph_api_set_text(row, "messageId", view->message_id, err), err, "message");
    if (view->ref_to[0])
        SPH_TRY(sph_api_set_text(row, "refToMessageId", view->ref_to, err), err, "message");
    SPH_TRY(sph_api_set_text(row, "suite", view->suite, err), err, "message");
    SPH_TRY(sph_json_set(row, "unread", sph_json_bool(view->is_unread), err), err, "message");
    SPH_TRY(sph_api_set_time(row, "received", view->received_ms, err), err, "message");
    SPH_TRY(sph_api_set_int(row, "receivedEvent", view->received_index, err), err, "message");
    SPH_TRY(sph_api_set_int(row, "receiptEvent", view->receipt_index, err), err, "message");
    SPH_TRY(sph_api_set_int(row, "duplicates", view->duplicates, err), err, "message");
    return sph_json_add(arg, sph_move(row), err);
}

/** Filters that both boxes share. */
struct box_params {
    char partner[SPH_PARTY_ROOM];
    struct sph_view_filter filter;
};

static sph_rc read_params(const struct sph_api_call *call, const char *open_flag,
                          struct box_params *params, sph_err *err)
{
    int64_t limit = 0, is_open = 0, is_all = 0;
    SPH_TRY(sph_api_param_int(call, "limit", 100, &limit, err), err, "filter");
    SPH_TRY(sph_api_param_int(call, "before", 0, &params->filter.before_id, err), err, "filter");
    SPH_TRY(sph_api_param_int(call, open_flag, 0, &is_open, err), err, "filter");
    SPH_TRY(sph_api_param_int(call, "all", 0, &is_all, err), err, "filter");
    params->filter.limit = limit > 500 ? 500 : (unsigned)limit;
    params->filter.is_open_only = is_open != 0;
    params->filter.has_no_pings = is_all == 0;
    if (sph_api_param(call, "partner", params->partner, sizeof(params->partner)))
        params->filter.partner = params->partner;
    return sph_ok();
}

/** The two boxes differ in the query, the flag for what is open, and the schema of the answer. */
struct box {
    const char *schema, *open_flag;
    sph_rc (*fill)(sph_node *node, const struct sph_view_filter *filter, sph_json *list,
                   sph_err *err);
};

static sph_rc fill_outbox(sph_node *node, const struct sph_view_filter *filter, sph_json *list,
                          sph_err *err)
{
    SPH_TRY(sph_query_outbox(node, filter, add_outbox, list, err), err, "outbox");
    return sph_api_add_progress(node, list, err);
}

static sph_rc fill_inbox(sph_node *node, const struct sph_view_filter *filter, sph_json *list,
                         sph_err *err)
{
    return sph_query_inbox(node, filter, add_inbox, list, err);
}

static sph_rc answer_box(struct sph_api_call *call, const struct box *box, sph_err *err)
{
    struct box_params params = {.partner = ""};
    SPH_AUTO_PTR(sph_json) *json = NULL;
    SPH_AUTO_PTR(sph_json) *list = sph_json_array();
    SPH_TRY(read_params(call, box->open_flag, &params, err), err, "box");
    SPH_TRY(sph_api_object(box->schema, &json, err), err, "box");
    SPH_TRY(box->fill(call->node, &params.filter, list, err), err, "box");
    SPH_TRY(sph_json_set(json, "items", sph_move(list), err), err, "box");
    return sph_api_answer(call, 200, &json, err);
}

sph_rc sph_api_outbox(struct sph_api_call *call, sph_err *err)
{
    static const struct box outbox = {"saphan.outbox/1", "open", fill_outbox};
    return answer_box(call, &outbox, err);
}

sph_rc sph_api_inbox(struct sph_api_call *call, sph_err *err)
{
    static const struct box inbox = {"saphan.inbox/1", "unread", fill_inbox};
    return answer_box(call, &inbox, err);
}

/** What the id in the path names. */
static sph_rc resolve(struct sph_api_call *call, char packet_id[64], sph_err *err)
{
    const sph_rc rc = sph_resolve_id(call->node, call->segment[1], packet_id, err);
    if (rc.code == SPH_ENOTFOUND)
        return sph_api_refuse(call, SPH_ENOTFOUND, "problem.id-unknown", "id", call->segment[1],
                              err);
    if (rc.code == SPH_ECONFLICT)
        return sph_api_refuse(call, SPH_ECONFLICT, "problem.id-ambiguous", "id", call->segment[1],
                              err);
    return rc;
}

static sph_rc add_thread_row(void *arg, const struct sph_thread_view *view, sph_err *err)
{
    SPH_AUTO_PTR(sph_json) *row = sph_json_object();
    SPH_TRY(sph_api_set_text(row, "id", view->short_id, err), err, "thread");
    SPH_TRY(sph_api_set_text(row, "packetId", view->packet_id, err), err, "thread");
    SPH_TRY(sph_api_set_text(row, "type", view->type, err), err, "thread");
    SPH_TRY(sph_api_set_text(row, "issuer", view->issuer, err), err, "thread");
    SPH_TRY(sph_api_set_int(row, "seq", view->seq, err), err, "thread");
    SPH_TRY(sph_api_set_time(row, "issued", view->issued_ms, err), err, "thread");
    SPH_TRY(sph_json_set(row, "isOwn", sph_json_bool(view->is_own), err), err, "thread");
    return sph_json_add(arg, sph_move(row), err);
}

/** Deliveries and receptions of one packet. */
static sph_rc set_transfers(sph_node *node, const char *packet_id, sph_json *json, sph_err *err)
{
    const struct sph_view_filter filter = {.packet_id = packet_id};
    SPH_AUTO_PTR(sph_json) *sent = sph_json_array();
    SPH_AUTO_PTR(sph_json) *received = sph_json_array();
    SPH_TRY(fill_outbox(node, &filter, sent, err), err, "deliveries");
    SPH_TRY(fill_inbox(node, &filter, received, err), err, "receptions");
    SPH_TRY(sph_json_set(json, "sent", sph_move(sent), err), err, "transfers");
    return sph_json_set(json, "received", sph_move(received), err);
}

/** The same, and its thread. */
static sph_rc set_history(sph_node *node, const sph_packet_header *header, sph_json *json,
                          sph_err *err)
{
    SPH_AUTO_PTR(sph_json) *thread = sph_json_array();
    SPH_TRY(set_transfers(node, header->packet_id, json, err), err, "history");
    if (header->thread_id[0])
        SPH_TRY(sph_query_thread(node, header->thread_id, add_thread_row, thread, err), err,
                "thread");
    return sph_json_set(json, "thread", sph_move(thread), err);
}

static sph_rc show_foreign(struct sph_api_call *call, const char *packet_id, sph_err *err)
{
    SPH_AUTO_PTR(sph_json) *json = NULL;
    SPH_TRY(sph_api_foreign_show(call, packet_id, &json, err), err, "message");
    SPH_TRY(set_transfers(call->node, packet_id, json, err), err, "history");
    SPH_TRY(sph_json_set(json, "thread", sph_json_array(), err), err, "history");
    return sph_api_answer(call, 200, &json, err);
}

sph_rc sph_api_show(struct sph_api_call *call, sph_err *err)
{
    char packet_id[64], short_id[32];
    sph_json *content = NULL;
    SPH_AUTO_PTR(sph_packet) *packet = NULL;
    SPH_AUTO_PTR(sph_json) *json = NULL;
    SPH_AUTO(sph_buf) text = sph_buf_init((size_t)16 * 1024 * 1024);
    SPH_AUTO(sph_buf) title = sph_buf_init(8192);
    bool is_foreign = false;
    SPH_TRY(resolve(call, packet_id, err), err, "id");
    SPH_TRY(sph_foreign_is(call->node, packet_id, &is_foreign, err), err, "type");
    if (is_foreign)
        return show_foreign(call, packet_id, err);
    SPH_TRY(sph_read_packet(call->node, packet_id, SPH_PURPOSE_READ, call->user, &packet, err), err,
            "packet");
    const sph_packet_header *header = sph_packet_header_of(packet);
    SPH_TRY(sph_packet_render_text(packet, call->lang, &text, err), err, "packet");
    SPH_TRY(sph_packet_title(packet, call->lang, &title, err), err, "packet");
    SPH_TRY(
        sph_short_id(sph_packet_type_letter(header->type), header->packet_id, 30, short_id, err),
        err, "packet");
    SPH_TRY(sph_api_object("saphan.packet/1", &json, err), err, "packet");
    SPH_TRY(sph_api_set_text(json, "id", short_id, err), err, "packet");
    SPH_TRY(sph_api_set_text(json, "title", sph_buf_text(&title), err), err, "packet");
    SPH_TRY(sph_packet_to_json(packet, &content, err), err, "packet");
    SPH_TRY(sph_json_set(json, "content", content, err), err, "packet");
    SPH_TRY(sph_api_set_text(json, "text", sph_buf_text(&text), err), err, "packet");
    SPH_TRY(set_history(call->node, header, json, err), err, "history");
    return sph_api_answer(call, 200, &json, err);
}

sph_rc sph_api_xml(struct sph_api_call *call, sph_err *err)
{
    char packet_id[64];
    SPH_AUTO_PTR(sph_packet) *packet = NULL;
    SPH_TRY(resolve(call, packet_id, err), err, "id");
    bool is_foreign = false;
    SPH_TRY(sph_foreign_is(call->node, packet_id, &is_foreign, err), err, "type");
    if (is_foreign)
        return sph_api_refuse(call, SPH_EREFUSED, "problem.foreign-no-packet", "id",
                              call->segment[1], err);
    SPH_TRY(sph_read_packet(call->node, packet_id, SPH_PURPOSE_SAVE, call->user, &packet, err), err,
            "packet");
    return sph_api_answer_bytes(call, "application/xml", sph_packet_octets(packet), err);
}

sph_rc sph_api_proof_of_packet(struct sph_api_call *call, sph_err *err)
{
    char packet_id[64];
    SPH_AUTO_PTR(sph_json) *json = NULL;
    SPH_TRY(resolve(call, packet_id, err), err, "id");
    SPH_TRY(sph_api_object("saphan.packet-proof/1", &json, err), err, "proof");
    SPH_TRY(sph_api_set_text(json, "packetId", packet_id, err), err, "proof");
    SPH_TRY(set_transfers(call->node, packet_id, json, err), err, "proof");
    return sph_api_answer(call, 200, &json, err);
}

/** The plaintext goes to an unnamed file first: nothing is answered before its tag has held. */
sph_rc sph_api_attachment(struct sph_api_call *call, sph_err *err)
{
    const sph_files *files = sph_node_env(call->node)->files;
    char packet_id[64], media_type[64];
    sph_file_sink sink;
    uint64_t len = 0;
    SPH_AUTO(sph_open_file) plain = {files, NULL};
    SPH_TRY(resolve(call, packet_id, err), err, "id");
    SPH_TRY(files->open(files->ctx, "spool", SPH_OPEN_TEMPORARY, &plain.file, err), err,
            "spool file");
    const sph_writer writer = sph_writer_of_file(&sink, files, plain.file);
    SPH_TRY(sph_read_attachment(call->node, packet_id, call->segment[3], call->user, &writer,
                                media_type, err),
            err, "attachment");
    SPH_TRY(files->size(plain.file, &len, err), err, "attachment");
    call->response->content_type = "application/octet-stream";
    call->response->files = files;
    call->response->file_len = len;
    call->response->file = sph_move(plain.file);
    return sph_ok();
}
