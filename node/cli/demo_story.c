#include "cli/demo.h"

#include "base/codec.h"
#include "base/env.h"
#include "cli/demo_files.h"
#include "cli/view.h"

#include <stdlib.h>
#include <unistd.h>

#define REAL_JUDGMENT "judgments/en-GB/2020-ewca-130-civ.xml"
#define DAY_MS INT64_C(86400000)
#define VERIFY_DAYS 90
#define RECEIPT_S 20

static sph_rc sample_json(const char *name, sph_json **out, sph_err *err)
{
    const sph_slice text = sph_demo_sample(name);
    return sph_json_parse(text, text.len, out, err);
}

/** {"draft": the sample}. */
static sph_rc sample_order(const char *name, sph_json **out, sph_err *err)
{
    sph_json *draft = NULL;
    SPH_AUTO_PTR(sph_json) *order = sph_json_object();
    SPH_TRY(sample_json(name, &draft, err), err, "%s", name);
    SPH_TRY(sph_json_set(order, "draft", draft, err), err, "%s", name);
    *out = sph_move(order);
    return sph_ok();
}

static sph_json *body_of(const sph_json *order)
{
    return sph_json_get(sph_json_get(order, "draft"), "body");
}

/** Where a sample lies for the person who tries the commands; written at its first use. */
static sph_rc sample_file(const struct sph_demo *demo, const char *name, char path[600],
                          sph_err *err)
{
    char relative[100];
    sph_files *files = NULL;
    SPH_TRY(sph_str_format(relative, sizeof(relative), err, "samples/%s", name), err, "sample");
    SPH_TRY(sph_str_format(path, 600, err, "%s/%s", demo->dir, relative), err, "sample");
    SPH_TRY(sph_files_real_new(demo->dir, &files, err), err, "folder");
    const sph_rc rc = sph_file_store(files, relative, sph_demo_sample(name), true, err);
    sph_files_real_free(&files);
    return rc;
}

static sph_rc write_samples(const struct sph_demo *demo, sph_err *err)
{
    char path[600];
    sph_files *files = NULL;
    SPH_TRY(sph_files_real_new(demo->dir, &files, err), err, "folder");
    const sph_rc rc = files->make_dir(files->ctx, "samples", err);
    sph_files_real_free(&files);
    SPH_TRY(rc, err, "samples/");
    for (size_t i = 0; i < sph_demo_file_count; i++)
        SPH_TRY(sample_file(demo, sph_demo_files[i].name, path, err), err, "sample");
    return sph_ok();
}

static sph_rc upload(struct sph_demo_node *node, const char *path, const char *type, char out[64],
                     sph_err *err)
{
    SPH_AUTO(sph_reply) reply = {.status = 0};
    SPH_TRY(sph_demo_post_file(node, "/api/1/attachments", path, type, &reply, err), err, "upload");
    return sph_str_copy(out, 64, sph_slice_str(sph_view_get(reply.json, "upload")), err);
}

/** All messages from number `from` on have arrived. */
static sph_rc wait_arrived(struct sph_demo *demo, size_t from, sph_err *err)
{
    for (size_t i = from; i < demo->sent_count; i++)
        SPH_TRY(sph_demo_wait_state(demo, &demo->sent[i], "receipt-verified", RECEIPT_S, err), err,
                "receipt");
    return sph_demo_receipts(demo, from, err);
}

/** A real judgment when the test data is at hand: it is not ours to hand on with the program. */
static bool real_judgment(char path[600])
{
    const char *data = getenv("SAPHAN_TEST_DATA");
    return sph_str_format(path, 600, NULL, "%s/" REAL_JUDGMENT, data ? data : "../shared/data")
                   .code == SPH_OK &&
           access(path, R_OK) == 0;
}

static sph_rc publish_judgment(struct sph_demo *demo, sph_err *err)
{
    char path[600], document[64];
    const bool is_real = real_judgment(path);
    const size_t from = demo->sent_count;
    SPH_AUTO_PTR(sph_json) *order = NULL;
    SPH_TRY(sample_order(is_real ? "judgment-real.json" : "judgment.json", &order, err), err,
            "draft");
    if (!is_real)
        SPH_TRY(sample_file(demo, "judgment.xml", path, err), err, "judgment");
    SPH_TRY(upload(&demo->node[SPH_DEMO_NGO], path, "application/xml", document, err), err,
            "judgment");
    SPH_TRY(sph_json_set(order, "document", sph_json_text(document), err), err, "judgment");
    SPH_TRY(sph_demo_submit(demo, SPH_DEMO_NGO, "/api/1/publications", order, "demo.what.judgment",
                            demo->judgment_id, err),
            err, "judgment");
    sph_demo_line(demo, SPH_MARK_OK, is_real ? "demo.judgment.real" : "demo.judgment.sample", NULL,
                  0);
    return wait_arrived(demo, from, err);
}

static sph_rc set_day(sph_json *body, const char *field, int64_t now_ms, int days, sph_err *err)
{
    char text[11];
    SPH_TRY(sph_date_format((int32_t)(now_ms / DAY_MS) + days, text, err), err, "%s", field);
    return sph_json_set(body, field, sph_json_text(text), err);
}

static sph_rc publish_resource(struct sph_demo *demo, sph_err *err)
{
    const sph_clock *clock = sph_clock_real();
    const int64_t now_ms = clock->now_ms(clock->ctx);
    const size_t from = demo->sent_count;
    SPH_AUTO_PTR(sph_json) *order = NULL;
    SPH_TRY(sample_order("resource.json", &order, err), err, "draft");
    SPH_TRY(set_day(body_of(order), "lastVerified", now_ms, 0, err), err, "resource");
    SPH_TRY(set_day(body_of(order), "reverifyBy", now_ms, VERIFY_DAYS, err), err, "resource");
    SPH_TRY(sph_demo_submit(demo, SPH_DEMO_NGO, "/api/1/publications", order, "demo.what.resource",
                            demo->resource_id, err),
            err, "resource");
    sph_demo_line(demo, SPH_MARK_OK, "demo.resource", NULL, 0);
    return wait_arrived(demo, from, err);
}

sph_rc sph_demo_publish(struct sph_demo *demo, sph_err *err)
{
    SPH_TRY(write_samples(demo, err), err, "samples");
    SPH_TRY(sph_demo_step(demo, "demo.step.judgment", err), err, "step");
    SPH_TRY(publish_judgment(demo, err), err, "judgment");
    SPH_TRY(sph_demo_step(demo, "demo.step.resource", err), err, "step");
    return publish_resource(demo, err);
}

/** What somebody wrote, and its translation when the reader's language is another. */
static void quote(const struct sph_demo *demo, const sph_json *texts, enum sph_lang written,
                  const char *key)
{
    const enum sph_lang reader = demo->cli->lang;
    sph_demo_line(demo, SPH_MARK_OK, key,
                  SPH_ARGS({"text", sph_view_get(texts, sph_lang_code(written))}));
    if (reader != written)
        sph_demo_line(demo, SPH_MARK_OK, "demo.translation",
                      SPH_ARGS({"text", sph_view_get(texts, sph_lang_code(reader))}));
}

static sph_rc ask_question(struct sph_demo *demo, sph_err *err)
{
    const size_t from = demo->sent_count;
    SPH_AUTO_PTR(sph_json) *order = NULL;
    sph_json *to = sph_json_array();
    SPH_TRY(sample_order("question.json", &order, err), err, "draft");
    SPH_TRY(sph_json_add(to, sph_json_text(demo->node[SPH_DEMO_NGO].party), err), err, "to");
    SPH_TRY(sph_json_set(order, "to", to, err), err, "to");
    SPH_TRY(sph_demo_submit(demo, SPH_DEMO_LAWYER, "/api/1/packets", order, "demo.what.question",
                            demo->question_id, err),
            err, "question");
    quote(demo, sph_json_get(body_of(order), "question"), SPH_LANG_LO, "demo.question");
    return wait_arrived(demo, from, err);
}

/** attachments: one file, with the title that the reader sees. */
static sph_rc attach_guide(struct sph_demo *demo, sph_json *order, sph_err *err)
{
    char path[600], name[64];
    sph_json *list = sph_json_array();
    sph_json *row = sph_json_object();
    SPH_TRY(sph_json_add(list, row, err), err, "attachment");
    SPH_TRY(sph_json_set(order, "attachments", list, err), err, "attachment");
    SPH_TRY(sample_file(demo, "guide.txt", path, err), err, "attachment");
    SPH_TRY(upload(&demo->node[SPH_DEMO_NGO], path, "text/plain", name, err), err, "attachment");
    SPH_TRY(sph_json_set(row, "upload", sph_json_text(name), err), err, "attachment");
    SPH_TRY(sph_json_set(row, "mediaType", sph_json_text("text/plain"), err), err, "attachment");
    SPH_TRY(sph_json_set(row, "lang", sph_json_text("th"), err), err, "attachment");
    return sph_json_set(row, "title", sph_json_text(sph_text(SPH_LANG_TH, "demo.attachment-title")),
                        err);
}

/** The lawyer opens what came: the same octets as were sent. */
static sph_rc open_attachment(struct sph_demo *demo, const char *packet_id, sph_err *err)
{
    char target[256];
    SPH_AUTO(sph_reply) reply = {.status = 0};
    struct sph_demo_node *lawyer = &demo->node[SPH_DEMO_LAWYER];
    SPH_TRY(
        sph_str_format(target, sizeof(target), err, "/api/1/packets/%s/attachments/a1", packet_id),
        err, "target");
    SPH_TRY(sph_demo_get(lawyer, target, &reply, err), err, "attachment");
    if (!sph_slice_equal(sph_buf_peek(&reply.body), sph_demo_sample("guide.txt")))
        return sph_fail(err, SPH_EPROOF, "the attachment is another file");
    sph_demo_line(demo, SPH_MARK_OK, "demo.attachment", SPH_ARGS({"party", lawyer->party}));
    return sph_ok();
}

static sph_rc answer_question(struct sph_demo *demo, sph_err *err)
{
    const size_t from = demo->sent_count;
    char target[256], packet_id[64];
    SPH_AUTO_PTR(sph_json) *order = NULL;
    sph_json *linked = sph_json_array();
    SPH_TRY(sample_order("answer.json", &order, err), err, "draft");
    SPH_TRY(sph_json_add(linked, sph_json_text(demo->resource_id), err), err, "link");
    SPH_TRY(sph_json_add(linked, sph_json_text(demo->judgment_id), err), err, "link");
    SPH_TRY(sph_json_set(body_of(order), "linked", linked, err), err, "link");
    SPH_TRY(attach_guide(demo, order, err), err, "attachment");
    SPH_TRY(
        sph_str_format(target, sizeof(target), err, "/api/1/packets/%s/reply", demo->question_id),
        err, "target");
    SPH_TRY(sph_demo_submit(demo, SPH_DEMO_NGO, target, order, "demo.what.answer", packet_id, err),
            err, "answer");
    quote(demo, sph_json_get(body_of(order), "text"), SPH_LANG_TH, "demo.answer");
    sph_demo_line(demo, SPH_MARK_OK, "demo.answer-with", NULL, 0);
    SPH_TRY(wait_arrived(demo, from, err), err, "answer");
    return open_attachment(demo, packet_id, err);
}

sph_rc sph_demo_ask(struct sph_demo *demo, sph_err *err)
{
    SPH_TRY(sph_demo_step(demo, "demo.step.question", err), err, "step");
    SPH_TRY(ask_question(demo, err), err, "question");
    SPH_TRY(sph_demo_step(demo, "demo.step.answer", err), err, "step");
    return answer_question(demo, err);
}

static sph_rc ask_the_office(struct sph_demo *demo, char packet_id[64], sph_err *err)
{
    const size_t from = demo->sent_count;
    SPH_AUTO_PTR(sph_json) *order = NULL;
    sph_json *to = sph_json_array();
    SPH_TRY(sample_order("office-question.json", &order, err), err, "draft");
    SPH_TRY(sph_json_add(to, sph_json_text(demo->node[SPH_DEMO_OFFICE].party), err), err, "to");
    SPH_TRY(sph_json_set(order, "to", to, err), err, "to");
    SPH_TRY(sph_demo_submit(demo, SPH_DEMO_NGO, "/api/1/packets", order, "demo.what.question",
                            packet_id, err),
            err, "question");
    quote(demo, sph_json_get(body_of(order), "question"), SPH_LANG_TH, "demo.question");
    SPH_TRY(wait_arrived(demo, from, err), err, "question");
    sph_demo_line(demo, SPH_MARK_OK, "demo.office.pulled",
                  SPH_ARGS({"party", demo->node[SPH_DEMO_OFFICE].party}));
    return sph_ok();
}

static sph_rc office_answers(struct sph_demo *demo, const char *question_id, sph_err *err)
{
    const size_t from = demo->sent_count;
    char target[256], packet_id[64];
    SPH_AUTO_PTR(sph_json) *order = NULL;
    SPH_TRY(sample_order("office-answer.json", &order, err), err, "draft");
    SPH_TRY(sph_str_format(target, sizeof(target), err, "/api/1/packets/%s/reply", question_id),
            err, "target");
    SPH_TRY(
        sph_demo_submit(demo, SPH_DEMO_OFFICE, target, order, "demo.what.answer", packet_id, err),
        err, "answer");
    quote(demo, sph_json_get(body_of(order), "text"), SPH_LANG_LO, "demo.answer");
    return wait_arrived(demo, from, err);
}

sph_rc sph_demo_ask_office(struct sph_demo *demo, sph_err *err)
{
    char question_id[64];
    struct sph_demo_node *office = &demo->node[SPH_DEMO_OFFICE];
    SPH_TRY(sph_demo_step(demo, "demo.step.office", err), err, "step");
    SPH_TRY(ask_the_office(demo, question_id, err), err, "question");
    SPH_TRY(office_answers(demo, question_id, err), err, "answer");
    sph_demo_stop(office); /* like any small office in the evening */
    sph_demo_line(demo, SPH_MARK_OK, "demo.office.off", SPH_ARGS({"party", office->party}));
    return sph_ok();
}

sph_rc sph_demo_closing(sph_json **out, sph_err *err)
{
    return sample_order("close.json", out, err);
}
