/* A verdict as people and programs read it. */
#include "base/codec.h"
#include "base/unicode.h"
#include "evidence/verdict.h"

#define TEXT_CAP 16384

/* A moment that no calendar here can show, as a foreign leaf may hold, is shown as its number. */
static sph_rc time_text(enum sph_lang lang, int64_t time_ms, sph_buf *out, sph_err *err)
{
    const sph_rc rc = sph_lang_time(lang, time_ms, out, NULL);
    if (rc.code == SPH_OK)
        return rc;
    if (rc.code == SPH_ENOMEM)
        return sph_fail(err, rc.code, "time");
    sph_buf_cut(out, 0);
    return sph_buf_addf(out, err, "%lld ms", (long long)time_ms);
}

static sph_rc line_text(const sph_verdict_line *line, enum sph_lang lang, sph_buf *out,
                        sph_err *err)
{
    SPH_AUTO(sph_buf) time = sph_buf_init(256);
    SPH_AUTO(sph_buf) label = sph_buf_init(4 * SPH_VERDICT_VALUE);
    if (line->has_time)
        SPH_TRY(time_text(lang, line->time_ms, &time, err), err, "time");
    if (line->list)
        SPH_TRY(sph_lang_label(lang, line->list, line->value, &label, err), err, "label");
    return sph_text_format(lang, line->key,
                           SPH_ARGS({"value", line->list ? sph_buf_text(&label) : line->value},
                                    {"other", line->other}, {"time", sph_buf_text(&time)}),
                           out, err);
}

/* Lines of one role, each behind its mark. */
static sph_rc add_lines(const sph_verdict *verdict, enum sph_lang lang, enum sph_line_role role,
                        const char *mark, sph_buf *out, sph_err *err)
{
    for (size_t i = 0; i < sph_verdict_count(verdict); i++) {
        const sph_verdict_line *line = sph_verdict_at(verdict, i);
        if (line->role != role)
            continue;
        SPH_TRY(sph_buf_addf(out, err, "%s  ", mark), err, "mark");
        SPH_TRY(line_text(line, lang, out, err), err, "line");
        SPH_TRY(sph_buf_add_byte(out, '\n', err), err, "line");
    }
    return sph_ok();
}

static sph_rc add_findings(const sph_verdict *verdict, enum sph_lang lang, sph_buf *out,
                           sph_err *err)
{
    const sph_findings *findings = sph_verdict_peek_findings(verdict);
    for (size_t i = 0; i < findings->count; i++) {
        SPH_TRY(sph_buf_add_text(out, "    ", err), err, "finding");
        SPH_TRY(sph_finding_text(&findings->at[i], lang, out, err), err, "finding");
        SPH_TRY(sph_buf_add_byte(out, '\n', err), err, "finding");
    }
    return sph_ok();
}

static const char *result_key(const sph_verdict *verdict)
{
    static const char *const keys[] = {
        [SPH_VERDICT_HOLDS] = "evidence.result.holds",
        [SPH_VERDICT_INTACT] = "evidence.result.intact",
        [SPH_VERDICT_FAILS] = "evidence.result.fails",
        [SPH_VERDICT_UNUSABLE] = "evidence.result.unusable",
    };
    return keys[sph_verdict_result(verdict)];
}

static const char *result_mark(const sph_verdict *verdict, const struct sph_verdict_marks *marks)
{
    const enum sph_verdict_result result = sph_verdict_result(verdict);
    if (result == SPH_VERDICT_HOLDS)
        return marks->ok;
    return result == SPH_VERDICT_INTACT ? marks->note : marks->bad;
}

static const char *kind_key(const sph_verdict *verdict)
{
    static const char *const keys[SPH_EVIDENCE_KIND_COUNT] = {
        [SPH_EVIDENCE_UNKNOWN] = "evidence.kind.unknown",
        [SPH_EVIDENCE_CARD] = "evidence.kind.card",
        [SPH_EVIDENCE_PACKET] = "evidence.kind.packet",
        [SPH_EVIDENCE_CHECKPOINT] = "evidence.kind.checkpoint",
        [SPH_EVIDENCE_PROOF] = "evidence.kind.proof",
        [SPH_EVIDENCE_COSIGNATURE] = "evidence.kind.cosignature",
        [SPH_EVIDENCE_CERTIFICATE] = "evidence.kind.certificate",
        [SPH_EVIDENCE_VKEY] = "evidence.kind.vkey",
    };
    return keys[sph_verdict_kind(verdict)];
}

sph_rc sph_verdict_text(const sph_verdict *verdict, enum sph_lang lang,
                        const struct sph_verdict_marks *marks, sph_buf *out, sph_err *err)
{
    const struct {
        enum sph_line_role role;
        const char *mark;
    } order[] = {
        {SPH_LINE_FACT, "  "},         {SPH_LINE_CHECKED, marks->ok},
        {SPH_LINE_FAILED, marks->bad}, {SPH_LINE_MISSING, marks->bad},
        {SPH_LINE_NOTED, marks->note}, {SPH_LINE_OPEN, marks->note},
        {SPH_LINE_BASIS, "  "},        {SPH_LINE_LIMIT, "  "},
    };
    SPH_AUTO(sph_buf) text = sph_buf_init(out->cap);
    SPH_TRY(sph_text_format(lang, kind_key(verdict), NULL, 0, &text, err), err, "kind");
    SPH_TRY(sph_buf_add_byte(&text, '\n', err), err, "kind");
    for (size_t i = 0; i < sizeof(order) / sizeof(order[0]); i++) {
        SPH_TRY(add_lines(verdict, lang, order[i].role, order[i].mark, &text, err), err, "lines");
        if (order[i].role == SPH_LINE_MISSING)
            SPH_TRY(add_findings(verdict, lang, &text, err), err, "findings");
    }
    SPH_TRY(sph_buf_addf(&text, err, "%s  ", result_mark(verdict, marks)), err, "result");
    SPH_TRY(sph_text_format(lang, result_key(verdict), NULL, 0, &text, err), err, "result");
    SPH_TRY(sph_buf_add_byte(&text, '\n', err), err, "result");
    return sph_buf_add(out, sph_buf_peek(&text), err);
}

/* Values come from hostile files and need not be UTF-8. */
static sph_rc clean_json(sph_slice text, sph_json **out, sph_err *err)
{
    SPH_AUTO(sph_buf) clean = sph_buf_init(TEXT_CAP);
    SPH_TRY(sph_unicode_clean(text, &clean, err), err, "value");
    *out = sph_json_text(sph_buf_text(&clean));
    return *out ? sph_ok() : sph_fail(err, SPH_ENOMEM, "value");
}

static sph_rc json_text(const sph_verdict_line *line, enum sph_lang lang, sph_json **out,
                        sph_err *err)
{
    SPH_AUTO(sph_buf) text = sph_buf_init(TEXT_CAP);
    SPH_TRY(line_text(line, lang, &text, err), err, "line");
    *out = sph_json_text(sph_buf_text(&text));
    return *out ? sph_ok() : sph_fail(err, SPH_ENOMEM, "line");
}

static sph_rc add_fact(sph_json *facts, const sph_verdict_line *line, sph_err *err)
{
    char time[SPH_TIME_TEXT];
    sph_json *value = NULL;
    uint64_t number = 0;
    if (line->is_number &&
        sph_slice_u64(sph_slice_str(line->value), INT64_MAX, &number, NULL).code == SPH_OK)
        value = sph_json_int((int64_t)number);
    else if (!line->has_time)
        SPH_TRY(clean_json(sph_slice_str(line->value), &value, err), err, "value");
    else if (sph_time_format(line->time_ms, false, time, NULL).code == SPH_OK)
        value = sph_json_text(time);
    else
        value = sph_json_int(line->time_ms);
    return sph_json_set(facts, line->name, value, err);
}

static sph_rc add_check(sph_json *checks, const sph_verdict_line *line, enum sph_lang lang,
                        sph_err *err)
{
    static const char *const names[] = {[SPH_LINE_CHECKED] = "holds",
                                        [SPH_LINE_FAILED] = "fails",
                                        [SPH_LINE_MISSING] = "missing",
                                        [SPH_LINE_NOTED] = "note",
                                        [SPH_LINE_OPEN] = "open"};
    sph_json *text = NULL;
    SPH_AUTO_PTR(sph_json) *check = sph_json_object();
    if (!check)
        return sph_fail(err, SPH_ENOMEM, "check");
    SPH_TRY(json_text(line, lang, &text, err), err, "check");
    SPH_TRY(sph_json_set(check, "text", text, err), err, "check");
    SPH_TRY(sph_json_set(check, "result", sph_json_text(names[line->role]), err), err, "check");
    SPH_TRY(sph_json_set(check, "code", sph_json_text(line->key), err), err, "check");
    return sph_json_add(checks, sph_move(check), err);
}

/* Where the lines go, by role. */
struct json_lists {
    sph_json *facts, *checks, *basis, *limits;
};

static sph_rc add_json_line(struct json_lists *to, const sph_verdict_line *line, enum sph_lang lang,
                            sph_err *err)
{
    sph_json *text = NULL;
    if (line->role == SPH_LINE_FACT)
        return add_fact(to->facts, line, err);
    if (line->role != SPH_LINE_BASIS && line->role != SPH_LINE_LIMIT)
        return add_check(to->checks, line, lang, err);
    SPH_TRY(json_text(line, lang, &text, err), err, "line");
    return sph_json_add(line->role == SPH_LINE_BASIS ? to->basis : to->limits, text, err);
}

static sph_rc findings_json(const sph_verdict *verdict, enum sph_lang lang, sph_json *list,
                            sph_err *err)
{
    const sph_findings *findings = sph_verdict_peek_findings(verdict);
    for (size_t i = 0; i < findings->count; i++) {
        SPH_AUTO(sph_buf) text = sph_buf_init(TEXT_CAP);
        SPH_TRY(sph_finding_text(&findings->at[i], lang, &text, err), err, "finding");
        SPH_TRY(sph_json_add(list, sph_json_text(sph_buf_text(&text)), err), err, "finding");
    }
    return sph_ok();
}

/* A new member, borrowed by *member. */
static sph_rc add_member(sph_json *root, const char *name, sph_json *value, sph_json **member,
                         sph_err *err)
{
    SPH_TRY(sph_json_set(root, name, value, err), err, "%s", name);
    *member = sph_json_get(root, name);
    return sph_ok();
}

static sph_rc start_json(const sph_verdict *verdict, sph_json *root, sph_err *err)
{
    static const char *const names[] = {[SPH_VERDICT_HOLDS] = "holds",
                                        [SPH_VERDICT_INTACT] = "intact",
                                        [SPH_VERDICT_FAILS] = "fails",
                                        [SPH_VERDICT_UNUSABLE] = "unusable"};
    const enum sph_verdict_result result = sph_verdict_result(verdict);
    const char *kind = sph_evidence_kind_name(sph_verdict_kind(verdict));
    SPH_TRY(sph_json_set(root, "schema", sph_json_text("saphan.verify/1"), err), err, "schema");
    SPH_TRY(sph_json_set(root, "kind", sph_json_text(kind), err), err, "kind");
    SPH_TRY(sph_json_set(root, "result", sph_json_text(names[result]), err), err, "result");
    return sph_json_set(root, "holds", sph_json_bool(sph_verdict_exit(verdict) == 0), err);
}

sph_rc sph_verdict_json(const sph_verdict *verdict, enum sph_lang lang, sph_json **out,
                        sph_err *err)
{
    struct json_lists lists;
    sph_json *findings = NULL;
    SPH_AUTO_PTR(sph_json) *root = sph_json_object();
    if (!root)
        return sph_fail(err, SPH_ENOMEM, "verdict");
    SPH_TRY(start_json(verdict, root, err), err, "verdict");
    SPH_TRY(add_member(root, "facts", sph_json_object(), &lists.facts, err), err, "verdict");
    SPH_TRY(add_member(root, "checks", sph_json_array(), &lists.checks, err), err, "verdict");
    SPH_TRY(add_member(root, "restsOn", sph_json_array(), &lists.basis, err), err, "verdict");
    SPH_TRY(add_member(root, "doesNotShow", sph_json_array(), &lists.limits, err), err, "verdict");
    SPH_TRY(add_member(root, "findings", sph_json_array(), &findings, err), err, "verdict");
    for (size_t i = 0; i < sph_verdict_count(verdict); i++)
        SPH_TRY(add_json_line(&lists, sph_verdict_at(verdict, i), lang, err), err, "line");
    SPH_TRY(findings_json(verdict, lang, findings, err), err, "findings");
    *out = sph_move(root);
    return sph_ok();
}
