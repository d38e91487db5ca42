#include "portal/api_foreign.h"

#include <string.h>

#include "base/codec.h"
#include "exchange/document.h"
#include "exchange/foreign.h"
#include "exchange/foreign_admin.h"
#include "exchange/reading.h"
#include "portal/api_call.h"
#include "portal/api_uploads.h"

#define CERTS_MOST 16
#define PEM_MOST ((size_t)65536)
#define TEXT_MOST ((size_t)256 * 1024)

/* ------------------------------------------------------------------ partners */

static sph_rc add_own(const char *name, const sph_cert *cert, sph_json *list, sph_err *err)
{
    SPH_AUTO(sph_buf) pem = sph_buf_init(PEM_MOST);
    SPH_AUTO_PTR(sph_json) *row = sph_json_object();
    const sph_hash sha256 = sph_cert_sha256(cert);
    SPH_TRY(sph_cert_pem(cert, &pem, err), err, "certificate");
    SPH_TRY(sph_api_set_text(row, "name", name, err), err, "certificate");
    SPH_TRY(sph_api_set_hash(row, "sha256", &sha256, err), err, "certificate");
    SPH_TRY(sph_api_set_time(row, "validUntil", sph_cert_not_after_ms(cert), err), err,
            "certificate");
    SPH_TRY(sph_api_set_text(row, "pem", sph_buf_text(&pem), err), err, "certificate");
    return sph_json_add(list, sph_move(row), err);
}

static sph_rc add_suite(const sph_keyring *ring, enum sph_suite suite, sph_json *list, sph_err *err)
{
    char name[64];
    const struct sph_key_slot *sign = &ring->slot[sph_slot_sign(suite)];
    const struct sph_key_slot *encrypt = &ring->slot[sph_slot_encrypt(suite)];
    if (!sign->leaf || !encrypt->leaf)
        return sph_ok();
    SPH_TRY(sph_str_format(name, sizeof(name), err, "sign-%s", sph_suite_name(suite)), err, "name");
    SPH_TRY(add_own(name, sign->leaf, list, err), err, "certificate");
    SPH_TRY(sph_str_format(name, sizeof(name), err, "encrypt-%s", sph_suite_name(suite)), err,
            "name");
    return add_own(name, encrypt->leaf, list, err);
}

sph_rc sph_api_certificates(struct sph_api_call *call, sph_err *err)
{
    const sph_keyring *ring = sph_node_keys(call->node);
    SPH_AUTO_PTR(sph_json) *json = NULL;
    SPH_AUTO_PTR(sph_json) *list = sph_json_array();
    SPH_TRY(sph_api_object("saphan.certificates/1", &json, err), err, "certificates");
    SPH_TRY(sph_api_set_text(json, "party", sph_node_party(call->node), err), err, "party");
    SPH_TRY(add_own("root", ring->root, list, err), err, "root");
    SPH_TRY(add_own("tls", ring->slot[SPH_SLOT_TLS].leaf, list, err), err, "tls");
    for (enum sph_suite suite = 0; suite < SPH_SUITE_COUNT; suite++)
        SPH_TRY(add_suite(ring, suite, list, err), err, "suite");
    SPH_TRY(sph_json_set(json, "items", sph_move(list), err), err, "certificates");
    return sph_api_answer(call, 200, &json, err);
}

static sph_rc describe_cert(const char *use, const sph_cert *cert, sph_json *list, sph_err *err)
{
    SPH_AUTO_PTR(sph_json) *row = sph_json_object();
    const sph_hash sha256 = sph_cert_sha256(cert);
    const sph_hash key = sph_cert_spki_sha256(cert);
    SPH_TRY(sph_api_set_text(row, "use", use, err), err, "certificate");
    SPH_TRY(sph_api_set_hash(row, "sha256", &sha256, err), err, "certificate");
    SPH_TRY(sph_api_set_hash(row, "keySha256", &key, err), err, "certificate");
    SPH_TRY(sph_api_set_time(row, "validFrom", sph_cert_not_before_ms(cert), err), err, "from");
    SPH_TRY(sph_api_set_time(row, "validUntil", sph_cert_not_after_ms(cert), err), err, "until");
    return sph_json_add(list, sph_move(row), err);
}

static sph_rc describe_certs(const sph_pmode *pmode, sph_json *json, sph_err *err)
{
    SPH_AUTO_PTR(sph_json) *list = sph_json_array();
    static const char *const names[] = {[SPH_USE_ROOT] = "ca",
                                        [SPH_USE_TLS] = "tls",
                                        [SPH_USE_SIGN] = "sign",
                                        [SPH_USE_ENCRYPT] = "encrypt"};
    for (size_t i = 0; i < pmode->cert_count; i++)
        SPH_TRY(describe_cert(names[pmode->cert[i].use], pmode->cert[i].cert, list, err), err,
                "certificate");
    if (pmode->ca)
        SPH_TRY(describe_cert("ca", pmode->ca, list, err), err, "CA");
    return sph_json_set(json, "certificates", sph_move(list), err);
}

sph_rc sph_api_set_pmode(const sph_pmode *pmode, sph_json *partner, sph_err *err)
{
    SPH_AUTO_PTR(sph_json) *json = sph_json_object();
    SPH_TRY(sph_pmode_print(pmode, json, err), err, "P-Mode");
    SPH_TRY(describe_certs(pmode, json, err), err, "certificates");
    return sph_json_set(partner, "pmode", sph_move(json), err);
}

static sph_rc read_certs(const sph_json *list, struct sph_foreign_cert out[CERTS_MOST],
                         size_t *count, sph_err *err)
{
    *count = sph_json_count(list);
    if (*count > CERTS_MOST)
        return sph_fail(err, SPH_ELIMIT, "more than %d certificates", CERTS_MOST);
    for (size_t i = 0; i < *count; i++) {
        const sph_json *row = sph_json_at(list, i);
        const char *pem = sph_json_get_text(row, "pem");
        const char *use = sph_json_get_text(row, "use");
        const char *label = sph_json_get_text(row, "label");
        if (!pem)
            return sph_fail(err, SPH_EARG, "a certificate needs pem");
        out[i] =
            (struct sph_foreign_cert){use ? use : "any", label ? label : "", sph_slice_str(pem)};
    }
    return sph_ok();
}

sph_rc sph_api_partner_foreign(struct sph_api_call *call, sph_err *err)
{
    struct sph_foreign_cert certs[CERTS_MOST];
    struct sph_foreign_problem problem;
    SPH_AUTO_PTR(sph_json) *body = NULL;
    SPH_AUTO_PTR(sph_json) *json = NULL;
    SPH_TRY(sph_api_body(call, &body, err), err, "body");
    const char *party = sph_json_get_text(body, "party");
    struct sph_foreign_given given = {.party = party ? party : "",
                                      .pmode = sph_json_get(body, "pmode"),
                                      .certs = certs,
                                      .user = call->user,
                                      .is_dry_run = sph_json_get_bool(body, "dryRun", false)};
    SPH_TRY(read_certs(sph_json_get(body, "certificates"), certs, &given.cert_count, err), err,
            "certificates");
    const sph_rc rc = sph_foreign_partner_add(call->node, &given, &problem, err);
    if (rc.code != SPH_OK && problem.key)
        return sph_api_refuse(call, rc.code, problem.key, "value", problem.value, err);
    SPH_TRY(rc, err, "partner");
    SPH_TRY(sph_api_object("saphan.partner/1", &json, err), err, "partner");
    SPH_TRY(sph_api_set_text(json, "party", given.party, err), err, "partner");
    SPH_AUTO_PTR(sph_partner) *partner =
        sph_partners_get(sph_node_partners(call->node), given.party);
    if (partner && partner->pmode.is_foreign)
        SPH_TRY(sph_api_set_pmode(&partner->pmode, json, err), err, "P-Mode");
    return sph_api_answer(call, 201, &json, err);
}

/* ------------------------------------------------------------------ messages */

struct foreign_order {
    struct sph_api_call *call;
    struct sph_submit_attachment part[SPH_FOREIGN_PARTS];
    char reply_to[64];
    struct sph_foreign_order order;
};

static sph_rc read_part(struct foreign_order *work, const sph_json *row, sph_err *err)
{
    const size_t at = work->order.part_count;
    struct sph_submit_attachment *part = &work->part[at];
    const char *upload = sph_json_get_text(row, "upload");
    const char *name = sph_json_get_text(row, "name");
    part->media_type = sph_json_get_text(row, "mediaType");
    part->title = name ? name : "";
    part->files = sph_node_env(work->call->node)->files;
    if (!upload || !part->media_type)
        return sph_fail(err, SPH_EARG, "a part needs upload and mediaType");
    SPH_TRY(sph_upload_open(work->call->node, upload, &part->file, &part->len, err), err, "upload");
    work->order.part_count = at + 1;
    return sph_ok();
}

static sph_rc read_reply(struct foreign_order *work, const char *typed, sph_err *err)
{
    if (!typed)
        return sph_ok();
    const sph_rc rc = sph_resolve_id(work->call->node, typed, work->reply_to, err);
    if (rc.code == SPH_ENOTFOUND)
        return sph_api_refuse(work->call, SPH_ENOTFOUND, "problem.id-unknown", "id", typed, err);
    work->order.reply_to = work->reply_to;
    return rc;
}

static sph_rc fill_order(struct foreign_order *work, const sph_json *body, sph_err *err)
{
    const sph_json *parts = sph_json_get(body, "parts");
    const char *to = sph_json_get_text(body, "to");
    if (!to || sph_json_count(parts) > SPH_FOREIGN_PARTS)
        return sph_fail(err, SPH_EARG, "\"to\" is one partner, with at most %d parts",
                        SPH_FOREIGN_PARTS);
    work->order =
        (struct sph_foreign_order){.party = to,
                                   .parts = work->part,
                                   .service = sph_json_get_text(body, "service"),
                                   .action = sph_json_get_text(body, "action"),
                                   .conversation_id = sph_json_get_text(body, "conversationId"),
                                   .original_sender = sph_json_get_text(body, "originalSender"),
                                   .final_recipient = sph_json_get_text(body, "finalRecipient"),
                                   .user = work->call->user,
                                   .is_dry_run = sph_json_get_bool(body, "dryRun", false)};
    for (size_t i = 0; i < sph_json_count(parts); i++)
        SPH_TRY(read_part(work, sph_json_at(parts, i), err), err, "part %zu", i + 1);
    return read_reply(work, sph_json_get_text(body, "replyTo"), err);
}

static sph_rc answer_sent(const struct foreign_order *work, const struct sph_submitted *done,
                          sph_err *err)
{
    struct sph_api_call *call = work->call;
    SPH_AUTO_PTR(sph_json) *json = NULL;
    SPH_AUTO_PTR(sph_json) *list = sph_json_array();
    SPH_TRY(sph_api_object("saphan.submitted/1", &json, err), err, "answer");
    for (size_t i = 0; i < done->count; i++) {
        SPH_AUTO_PTR(sph_json) *row = sph_json_object();
        SPH_TRY(sph_api_set_text(row, "partner", done->at[i].partner, err), err, "answer");
        SPH_TRY(sph_api_set_text(row, "packetId", done->at[i].packet_id, err), err, "answer");
        SPH_TRY(sph_api_set_text(row, "messageId", done->at[i].message_id, err), err, "answer");
        SPH_TRY(sph_api_set_int(row, "event", (int64_t)done->at[i].index, err), err, "answer");
        SPH_TRY(sph_json_add(list, sph_move(row), err), err, "answer");
    }
    SPH_TRY(sph_json_set(json, "isServing", sph_json_bool(sph_node_is_serving(call->node)), err),
            err, "answer");
    SPH_TRY(sph_json_set(json, "items", sph_move(list), err), err, "answer");
    SPH_TRY(sph_json_set(json, "findings", sph_json_array(), err), err, "answer");
    return sph_api_answer(call, 201, &json, err);
}

static sph_rc place(struct foreign_order *work, const sph_json *body, struct sph_submitted *done,
                    sph_err *err)
{
    struct sph_api_call *call = work->call;
    SPH_TRY(fill_order(work, body, err), err, "order");
    const sph_rc rc = sph_foreign_submit(call->node, &work->order, done, err);
    if (rc.code == SPH_ENOTFOUND)
        return sph_api_refuse(call, SPH_ENOTFOUND, "problem.foreign-unknown", "party",
                              work->order.party, err);
    if (rc.code == SPH_EREFUSED)
        return sph_api_refuse(call, SPH_EREFUSED, "problem.foreign-pmode", "party",
                              work->order.party, err);
    if (rc.code == SPH_ELIMIT)
        return sph_api_refuse(call, SPH_ELIMIT, "problem.foreign-large", "party", work->order.party,
                              err);
    SPH_TRY(rc, err, "message");
    return answer_sent(work, done, err);
}

static void order_clear(struct foreign_order *work)
{
    const sph_files *files = sph_node_env(work->call->node)->files;
    for (size_t i = 0; i < work->order.part_count; i++)
        files->close(&work->part[i].file);
}

sph_rc sph_api_foreign_send(struct sph_api_call *call, sph_err *err)
{
    SPH_AUTO_PTR(sph_json) *body = NULL;
    SPH_TRY(sph_api_body(call, &body, err), err, "body");
    struct foreign_order *work = sph_mem_new(1, sizeof(*work));
    struct sph_submitted *done = sph_mem_new(1, sizeof(*done));
    sph_rc rc = sph_fail(err, SPH_ENOMEM, "order");
    if (work && done) {
        sph_err_clear(err);
        work->call = call;
        rc = place(work, body, done, err);
        order_clear(work);
    }
    sph_api_uploads_used(call, body, "parts");
    sph_mem_free(work);
    sph_mem_free(done);
    return rc;
}

/* ------------------------------------------------------------------ reading */

static sph_rc describe_part(const sph_foreign_part *part, sph_json *list, sph_err *err)
{
    SPH_AUTO_PTR(sph_json) *row = sph_json_object();
    SPH_TRY(sph_api_set_text(row, "id", part->id, err), err, "part");
    SPH_TRY(sph_api_set_text(row, "name", part->name, err), err, "part");
    SPH_TRY(sph_api_set_text(row, "mediaType", part->media_type, err), err, "part");
    SPH_TRY(sph_api_set_text(row, "charset", part->charset, err), err, "part");
    SPH_TRY(sph_json_set(row, "gzip", sph_json_bool(part->is_gzip), err), err, "part");
    SPH_TRY(sph_api_set_int(row, "size", (int64_t)part->size, err), err, "part");
    SPH_TRY(sph_api_set_hash(row, "sha256", &part->sha256, err), err, "part");
    return sph_json_add(list, sph_move(row), err);
}

static sph_rc describe_lists(const sph_foreign *message, sph_json *json, sph_err *err)
{
    SPH_AUTO_PTR(sph_json) *parts = sph_json_array();
    SPH_AUTO_PTR(sph_json) *properties = sph_json_array();
    for (size_t i = 0; i < message->part_count; i++)
        SPH_TRY(describe_part(&message->part[i], parts, err), err, "part");
    for (size_t i = 0; i < message->property_count; i++) {
        SPH_AUTO_PTR(sph_json) *row = sph_json_object();
        SPH_TRY(sph_api_set_text(row, "name", message->property[i].name, err), err, "property");
        SPH_TRY(sph_api_set_text(row, "type", message->property[i].type, err), err, "property");
        SPH_TRY(sph_api_set_text(row, "value", message->property[i].value, err), err, "property");
        SPH_TRY(sph_json_add(properties, sph_move(row), err), err, "property");
    }
    SPH_TRY(sph_json_set(json, "parts", sph_move(parts), err), err, "parts");
    return sph_json_set(json, "properties", sph_move(properties), err);
}

static sph_rc describe(const sph_foreign *message, sph_json **out, sph_err *err)
{
    const char *const texts[][2] = {
        {"partner", message->partner}, {"messageId", message->message_id},
        {"refTo", message->ref_to},    {"conversationId", message->conversation_id},
        {"service", message->service}, {"serviceType", message->service_type},
        {"action", message->action},   {"agreement", message->agreement}};
    SPH_AUTO_PTR(sph_json) *json = NULL;
    SPH_TRY(sph_api_object("saphan.foreign/1", &json, err), err, "message");
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        SPH_TRY(sph_api_set_text(json, texts[i][0], texts[i][1], err), err, "message");
    SPH_TRY(sph_api_set_time(json, "timestamp", message->timestamp_ms, err), err, "message");
    SPH_TRY(describe_lists(message, json, err), err, "message");
    *out = sph_move(json);
    return sph_ok();
}

static sph_rc say(enum sph_lang lang, const char *key, const sph_arg *args, size_t count,
                  sph_buf *out, sph_err *err)
{
    SPH_TRY(sph_text_format(lang, key, args, count, out, err), err, "%s", key);
    return sph_buf_add_byte(out, '\n', err);
}

static sph_rc render(const sph_foreign *message, enum sph_lang lang, sph_buf *out, sph_err *err)
{
    SPH_TRY(say(lang, "api.foreign.note", NULL, 0, out, err), err, "text");
    SPH_TRY(say(lang, "api.foreign.header",
                SPH_ARGS({"service", message->service}, {"action", message->action},
                         {"message", message->message_id}),
                out, err),
            err, "text");
    if (message->ref_to[0])
        SPH_TRY(say(lang, "api.foreign.ref", SPH_ARGS({"message", message->ref_to}), out, err), err,
                "text");
    for (size_t i = 0; i < message->part_count; i++) {
        const sph_foreign_part *part = &message->part[i];
        char size[32];
        SPH_TRY(sph_str_format(size, sizeof(size), err, "%llu", (unsigned long long)part->size),
                err, "size");
        SPH_TRY(say(lang, "api.foreign.part",
                    SPH_ARGS({"id", part->id}, {"name", part->name}, {"type", part->media_type},
                             {"size", size}),
                    out, err),
                err, "text");
    }
    return sph_ok();
}

sph_rc sph_api_foreign_show(struct sph_api_call *call, const char *packet_id, sph_json **out,
                            sph_err *err)
{
    char short_id[32];
    sph_json *content = NULL;
    SPH_AUTO_PTR(sph_foreign) *message = NULL;
    SPH_AUTO_PTR(sph_json) *json = NULL;
    SPH_AUTO(sph_buf) text = sph_buf_init(TEXT_MOST);
    SPH_AUTO(sph_buf) title = sph_buf_init(1024);
    SPH_TRY(sph_foreign_read(call->node, packet_id, call->user, &message, err), err, "message");
    SPH_TRY(render(message, call->lang, &text, err), err, "text");
    SPH_TRY(sph_text_format(call->lang, "api.foreign.title",
                            SPH_ARGS({"partner", message->partner}), &title, err),
            err, "title");
    SPH_TRY(sph_short_id(SPH_FOREIGN_LETTER, packet_id, 30, short_id, err), err, "id");
    SPH_TRY(sph_api_object("saphan.packet/1", &json, err), err, "message");
    SPH_TRY(sph_api_set_text(json, "id", short_id, err), err, "message");
    SPH_TRY(sph_api_set_text(json, "type", SPH_FOREIGN_TYPE, err), err, "message");
    SPH_TRY(sph_api_set_text(json, "title", sph_buf_text(&title), err), err, "message");
    SPH_TRY(describe(message, &content, err), err, "message");
    SPH_TRY(sph_json_set(json, "content", content, err), err, "message");
    SPH_TRY(sph_api_set_text(json, "text", sph_buf_text(&text), err), err, "message");
    *out = sph_move(json);
    return sph_ok();
}
