#include <string.h>

#include "exchange/document.h"
#include "exchange/query.h"
#include "exchange/reading.h"
#include "exchange/submit.h"
#include "portal/api_call.h"
#include "portal/api_uploads.h"

#define TO_MOST SPH_SUBMIT_MAX
#define ATTACHMENTS_MOST 32

/** What a submit holds open while it runs. */
struct order {
    struct sph_api_call *call;
    sph_json *body;
    const char *to[TO_MOST];
    size_t to_count;
    struct sph_submit_attachment attachment[ATTACHMENTS_MOST];
    size_t attachment_count;
    sph_buf document;
};

static void order_clear(struct order *order)
{
    const sph_files *files = sph_node_env(order->call->node)->files;
    for (size_t i = 0; i < order->attachment_count; i++)
        if (order->attachment[i].file)
            files->close(&order->attachment[i].file);
    sph_buf_clear(&order->document);
    sph_json_free(&order->body);
}

sph_rc sph_api_upload(struct sph_api_call *call, sph_err *err)
{
    const sph_request *request = call->request;
    char name[64];
    uint64_t len = 0;
    sph_file_source file_source;
    sph_slice_source slice_source;
    SPH_AUTO_PTR(sph_json) *json = NULL;
    const sph_reader reader =
        request->spool
            ? sph_reader_of_file(&file_source, request->files, request->spool, 0, request->body_len)
            : sph_reader_of_slice(&slice_source, request->body);
    SPH_TRY(sph_upload_keep(call->node, &reader, sph_node_limits(call->node)->message_ceiling, name,
                            &len, err),
            err, "upload");
    SPH_TRY(sph_api_object("saphan.upload/1", &json, err), err, "upload");
    SPH_TRY(sph_api_set_text(json, "upload", name, err), err, "upload");
    SPH_TRY(sph_api_set_int(json, "size", (int64_t)len, err), err, "upload");
    return sph_api_answer(call, 201, &json, err);
}

/** Everybody named is a partner: said here, before any work, in words that name the party. */
static sph_rc check_named(const struct order *order, sph_err *err)
{
    for (size_t i = 0; i < order->to_count; i++) {
        SPH_AUTO_PTR(sph_partner) *partner =
            sph_partners_get(sph_node_partners(order->call->node), order->to[i]);
        if (!partner || partner->state == SPH_PARTNER_REMOVED)
            return sph_api_unknown_partner(order->call, order->to[i], err);
    }
    return sph_ok();
}

static sph_rc read_to(struct order *order, sph_err *err)
{
    const sph_json *list = sph_json_get(order->body, "to");
    for (size_t i = 0; i < sph_json_count(list); i++) {
        const char *party = sph_json_as_text(sph_json_at(list, i));
        if (!party || order->to_count == TO_MOST)
            return sph_fail(err, SPH_EARG, "\"to\" is a list of at most %d parties", TO_MOST);
        order->to[order->to_count++] = party;
    }
    return check_named(order, err);
}

static sph_rc read_attachment(struct order *order, const sph_json *row, sph_err *err)
{
    if (order->attachment_count == ATTACHMENTS_MOST)
        return sph_fail(err, SPH_ELIMIT, "more than %d attachments", ATTACHMENTS_MOST);
    struct sph_submit_attachment *attachment = &order->attachment[order->attachment_count];
    const char *upload = sph_json_get_text(row, "upload");
    const char *lang = sph_json_get_text(row, "lang");
    attachment->media_type = sph_json_get_text(row, "mediaType");
    attachment->title = sph_json_get_text(row, "title");
    if (!upload || !attachment->media_type || !attachment->title)
        return sph_fail(err, SPH_EARG, "an attachment needs upload, mediaType and title");
    attachment->lang = lang ? sph_lang_of(lang) : order->call->lang;
    attachment->files = sph_node_env(order->call->node)->files;
    SPH_TRY(sph_upload_open(order->call->node, upload, &attachment->file, &attachment->len, err),
            err, "upload");
    order->attachment_count++;
    return sph_ok();
}

static sph_rc read_attachments(struct order *order, sph_err *err)
{
    const sph_json *list = sph_json_get(order->body, "attachments");
    for (size_t i = 0; i < sph_json_count(list); i++)
        SPH_TRY(read_attachment(order, sph_json_at(list, i), err), err, "attachment %zu", i + 1);
    return sph_ok();
}

static sph_rc submitted_json(const struct sph_api_call *call, const struct sph_submitted *done,
                             sph_json **out, sph_err *err)
{
    SPH_AUTO_PTR(sph_json) *json = NULL;
    SPH_AUTO_PTR(sph_json) *list = sph_json_array();
    SPH_TRY(sph_api_object("saphan.submitted/1", &json, err), err, "answer");
    for (size_t i = 0; i < done->count; i++) {
        char thread[32] = "";
        SPH_AUTO_PTR(sph_json) *row = sph_json_object();
        if (done->at[i].thread_id[0])
            SPH_TRY(sph_short_id('T', done->at[i].thread_id, 30, thread, err), err, "answer");
        SPH_TRY(sph_api_set_text(row, "partner", done->at[i].partner, err), err, "answer");
        SPH_TRY(sph_api_set_text(row, "packetId", done->at[i].packet_id, err), err, "answer");
        SPH_TRY(sph_api_set_text(row, "threadId", done->at[i].thread_id, err), err, "answer");
        SPH_TRY(sph_api_set_text(row, "thread", thread, err), err, "answer");
        SPH_TRY(sph_api_set_text(row, "messageId", done->at[i].message_id, err), err, "answer");
        SPH_TRY(sph_api_set_int(row, "event", (int64_t)done->at[i].index, err), err, "answer");
        SPH_TRY(sph_json_add(list, sph_move(row), err), err, "answer");
    }
    SPH_TRY(sph_api_set_text(json, "question", done->question, err), err, "answer");
    SPH_TRY(sph_json_set(json, "isServing", sph_json_bool(sph_node_is_serving(call->node)), err),
            err, "answer");
    SPH_TRY(sph_json_set(json, "items", sph_move(list), err), err, "answer");
    *out = sph_move(json);
    return sph_ok();
}

/** Submit a draft with what the order holds. `draft` is borrowed. */
static sph_rc place(struct order *order, const sph_json *draft, sph_err *err)
{
    struct sph_api_call *call = order->call;
    SPH_AUTO_PTR(sph_json) *json = NULL;
    sph_json *findings = NULL;
    struct sph_submitted *done = sph_mem_new(1, sizeof(*done));
    if (!done)
        return sph_fail(err, SPH_ENOMEM, "answer");
    const struct sph_submit what = {.draft = draft,
                                    .document = sph_buf_peek(&order->document),
                                    .to = order->to,
                                    .to_count = order->to_count,
                                    .attachments = order->attachment,
                                    .attachment_count = order->attachment_count,
                                    .user = call->user,
                                    .is_dry_run = sph_json_get_bool(order->body, "dryRun", false)};
    sph_rc rc = sph_submit(call->node, &what, done, &call->findings, err);
    if (rc.code == SPH_OK)
        rc = submitted_json(call, done, &json, err);
    sph_mem_free(done);
    if (rc.code == SPH_ENOTFOUND && order->to_count == 0)
        return sph_api_refuse(call, SPH_ENOTFOUND, "problem.nobody", NULL, NULL, err);
    SPH_TRY(rc, err, "submit");
    SPH_TRY(sph_api_findings(&call->findings, call->lang, &findings, err), err, "notes");
    SPH_TRY(sph_json_set(json, "findings", findings, err), err, "notes");
    return sph_api_answer(call, 201, &json, err);
}

static bool is_object(const sph_json *value)
{
    return value && sph_json_kind_of(value) == SPH_JSON_OBJECT;
}

static bool is_object_or_absent(const sph_json *object, const char *key)
{
    const sph_json *value = object ? sph_json_get(object, key) : NULL;
    return !value || is_object(value);
}

static sph_rc place_body(struct order *order, sph_err *err)
{
    SPH_TRY(read_to(order, err), err, "addressees");
    SPH_TRY(read_attachments(order, err), err, "attachments");
    const sph_json *draft = sph_json_get(order->body, "draft");
    if (!is_object(draft) || !is_object_or_absent(draft, "header"))
        return sph_fail(err, SPH_EARG, "the body needs a draft, an object with header and body");
    return place(order, draft, err);
}

static sph_rc with_order(struct sph_api_call *call,
                         sph_rc (*work)(struct order *order, sph_err *err), sph_err *err)
{
    struct order *order = sph_mem_new(1, sizeof(*order));
    if (!order)
        return sph_fail(err, SPH_ENOMEM, "order");
    order->call = call;
    order->document = sph_buf_init(sph_node_limits(call->node)->packet);
    sph_rc rc = sph_api_body(call, &order->body, err);
    if (rc.code == SPH_OK)
        rc = work(order, err);
    sph_api_uploads_used(call, order->body, "attachments");
    order_clear(order);
    sph_mem_free(order);
    return rc;
}

sph_rc sph_api_submit(struct sph_api_call *call, sph_err *err)
{
    return with_order(call, place_body, err);
}

static sph_rc read_upload(struct sph_api_call *call, const char *name, size_t most, sph_buf *out,
                          sph_err *err)
{
    const sph_files *files = sph_node_env(call->node)->files;
    SPH_AUTO(sph_open_file) file = {files, NULL};
    sph_file_source source;
    uint64_t len = 0;
    SPH_TRY(sph_upload_open(call->node, name, &file.file, &len, err), err, "upload");
    const sph_reader reader = sph_reader_of_file(&source, files, file.file, 0, len);
    const sph_writer writer = sph_writer_of_buf(out);
    return sph_stream_copy(&reader, &writer, most, NULL, err);
}

/** Fields that the judgment itself tells; what the publisher gave stays. */
static sph_rc fill_from_judgment(sph_json *body, const struct sph_judgment_facts *facts,
                                 sph_err *err)
{
    if (!sph_json_get(body, "court") && facts->court[0])
        SPH_TRY(sph_api_set_text(body, "court", facts->court, err), err, "court");
    if (!sph_json_get(body, "decisionDate") && facts->date[0])
        SPH_TRY(sph_api_set_text(body, "decisionDate", facts->date, err), err, "date");
    if (!sph_json_get(body, "caseNumber") && facts->case_number[0]) {
        sph_json *list = sph_json_array();
        SPH_TRY(sph_json_add(list, sph_json_text(facts->case_number), err), err, "case number");
        SPH_TRY(sph_json_set(body, "caseNumber", list, err), err, "case number");
    }
    return sph_ok();
}

static sph_rc judgment_draft(const sph_json *given, const struct sph_judgment_facts *facts,
                             sph_json **out, sph_err *err)
{
    if (given && (!is_object(given) || !is_object_or_absent(given, "header") ||
                  !is_object_or_absent(given, "body")))
        return sph_fail(err, SPH_EARG, "the draft, its header and its body are objects");
    SPH_AUTO_PTR(sph_json) *draft = given ? sph_json_dup(given) : sph_json_object();
    SPH_TRY(sph_json_set(draft, "type", sph_json_text("case-law"), err), err, "draft");
    if (!sph_json_get(draft, "body"))
        SPH_TRY(sph_json_set(draft, "body", sph_json_object(), err), err, "draft");
    SPH_TRY(fill_from_judgment(sph_json_get(draft, "body"), facts, err), err, "draft");
    *out = sph_move(draft);
    return sph_ok();
}

static sph_rc publish(struct order *order, sph_err *err)
{
    struct sph_api_call *call = order->call;
    const size_t most = sph_node_limits(call->node)->packet;
    struct sph_judgment_facts facts = {.dropped_elements = 0};
    const char *upload = sph_json_get_text(order->body, "document");
    SPH_AUTO(sph_buf) octets = sph_buf_init(most);
    SPH_AUTO_PTR(sph_json) *draft = NULL;
    if (!upload)
        return place_body(order, err);
    SPH_TRY(read_attachments(order, err), err, "attachments");
    SPH_TRY(read_upload(call, upload, most, &octets, err), err, "judgment");
    SPH_TRY(sph_document_import(call->node, sph_buf_peek(&octets), &facts, &call->findings,
                                &order->document, err),
            err, "judgment");
    SPH_TRY(judgment_draft(sph_json_get(order->body, "draft"), &facts, &draft, err), err,
            "judgment");
    return place(order, draft, err);
}

sph_rc sph_api_publish(struct sph_api_call *call, sph_err *err)
{
    return with_order(call, publish, err);
}

static sph_rc reply_draft(const struct sph_thread_tip *tip, const sph_json *given, sph_json **out,
                          sph_err *err)
{
    if (!is_object(given) || !is_object(sph_json_get(given, "body")) ||
        !is_object_or_absent(given, "header"))
        return sph_fail(err, SPH_EARG, "the reply needs a draft, an object with a body");
    SPH_AUTO_PTR(sph_json) *draft = sph_json_object();
    SPH_AUTO_PTR(sph_json) *header = sph_json_get(given, "header")
                                         ? sph_json_dup(sph_json_get(given, "header"))
                                         : sph_json_object();
    SPH_TRY(sph_api_set_text(draft, "type", "assistance-response", err), err, "reply");
    SPH_TRY(sph_api_set_text(header, "threadId", tip->thread_id, err), err, "reply");
    SPH_TRY(sph_api_set_text(header, "inReplyTo", tip->packet_id, err), err, "reply");
    SPH_TRY(sph_api_set_int(header, "seq", (int64_t)tip->seq + 1, err), err, "reply");
    SPH_TRY(sph_json_set(draft, "header", sph_move(header), err), err, "reply");
    SPH_TRY(sph_json_set(draft, "body", sph_json_dup(sph_json_get(given, "body")), err), err,
            "reply");
    *out = sph_move(draft);
    return sph_ok();
}

static sph_rc reply(struct order *order, sph_err *err)
{
    struct sph_api_call *call = order->call;
    char packet_id[64];
    struct sph_thread_tip tip = {.seq = 0};
    SPH_AUTO_PTR(sph_json) *draft = NULL;
    sph_rc rc = sph_resolve_id(call->node, call->segment[1], packet_id, err);
    if (rc.code == SPH_ENOTFOUND)
        return sph_api_refuse(call, SPH_ENOTFOUND, "problem.id-unknown", "id", call->segment[1],
                              err);
    SPH_TRY(rc, err, "id");
    rc = sph_query_thread_tip(call->node, packet_id, &tip, err);
    if (rc.code == SPH_ENOTFOUND)
        return sph_api_refuse(call, SPH_ENOTFOUND, "problem.no-thread", "id", call->segment[1],
                              err);
    SPH_TRY(rc, err, "thread");
    SPH_TRY(read_attachments(order, err), err, "attachments");
    SPH_TRY(reply_draft(&tip, sph_json_get(order->body, "draft"), &draft, err), err, "reply");
    order->to[0] = tip.other_party;
    order->to_count = 1;
    return place(order, draft, err);
}

sph_rc sph_api_reply(struct sph_api_call *call, sph_err *err)
{
    return with_order(call, reply, err);
}

static sph_rc check_draft(struct order *order, sph_err *err)
{
    SPH_TRY(sph_json_set(order->body, "dryRun", sph_json_bool(true), err), err, "check");
    return place_body(order, err);
}

static sph_rc check_document(struct sph_api_call *call, sph_err *err)
{
    const size_t most = sph_node_limits(call->node)->packet;
    enum sph_document_kind kind = SPH_DOCUMENT_PACKET;
    struct sph_judgment_facts facts = {.dropped_elements = 0};
    sph_json *findings = NULL;
    SPH_AUTO(sph_buf) octets = sph_buf_init(most);
    SPH_AUTO_PTR(sph_json) *json = NULL;
    SPH_TRY(sph_api_body_bytes(call, most, &octets, err), err, "file");
    SPH_TRY(
        sph_document_check(call->node, sph_buf_peek(&octets), &kind, &facts, &call->findings, err),
        err, "file");
    SPH_TRY(sph_api_object("saphan.check/1", &json, err), err, "check");
    SPH_TRY(
        sph_api_set_text(json, "kind", kind == SPH_DOCUMENT_JUDGMENT ? "judgment" : "packet", err),
        err, "check");
    if (kind == SPH_DOCUMENT_JUDGMENT) {
        SPH_TRY(sph_api_set_text(json, "work", facts.work_iri, err), err, "check");
        SPH_TRY(sph_api_set_text(json, "title", facts.title, err), err, "check");
        SPH_TRY(sph_api_set_text(json, "date", facts.date, err), err, "check");
    }
    SPH_TRY(sph_api_findings(&call->findings, call->lang, &findings, err), err, "check");
    SPH_TRY(sph_json_set(json, "findings", findings, err), err, "check");
    return sph_api_answer(call, 200, &json, err);
}

sph_rc sph_api_check(struct sph_api_call *call, sph_err *err)
{
    const sph_slice type = sph_http_field_get(call->request->head, "content-type");
    if (sph_slice_starts(type, SPH_LIT("application/json")))
        return with_order(call, check_draft, err);
    return check_document(call, err);
}
