#include "packet/finding.h"

#include <string.h>

#define TEXT_CAP 1024

/* Copy what fits and end between characters of UTF-8; what is cut is only shown, never judged. */
static void copy_cut(char *to, size_t room, const char *text)
{
    sph_slice slice = sph_slice_str(text);
    if (slice.len >= room) {
        size_t len = room - 1;
        while (len > 0 && (slice.at[len] & 0xc0) == 0x80)
            len--;
        slice.len = len;
    }
    if (sph_str_copy(to, room, slice, NULL).code != SPH_OK)
        to[0] = '\0';
}

static void add(sph_findings *findings, const char *rule, unsigned line, const char *key,
                const char *name, const char *value, bool is_note)
{
    if (!findings)
        return;
    if (findings->count == SPH_FINDINGS) {
        findings->more++;
        return;
    }
    sph_finding *finding = &findings->at[findings->count++];
    *finding = (sph_finding){.line = line, .key = key, .is_note = is_note};
    copy_cut(finding->rule, sizeof(finding->rule), rule);
    copy_cut(finding->name, sizeof(finding->name), name ? name : "");
    copy_cut(finding->value, sizeof(finding->value), value ? value : "");
}

void sph_finding_add(sph_findings *findings, const char *rule, unsigned line, const char *key,
                     const char *name, const char *value)
{
    add(findings, rule, line, key, name, value, false);
}

void sph_finding_note(sph_findings *findings, const char *rule, unsigned line, const char *key,
                      const char *name, const char *value)
{
    add(findings, rule, line, key, name, value, true);
}

bool sph_findings_refuse(const sph_findings *findings)
{
    if (findings->more > 0)
        return true;
    for (size_t i = 0; i < findings->count; i++)
        if (!findings->at[i].is_note)
            return true;
    return false;
}

static sph_rc add_place(const sph_finding *finding, enum sph_lang lang, sph_buf *out, sph_err *err)
{
    char number[16];
    char column[16];
    if (finding->line == 0)
        return sph_buf_addf(out, err, "%s  ", finding->rule);
    SPH_TRY(sph_str_format(number, sizeof(number), err, "%u", finding->line), err, "line");
    SPH_TRY(sph_str_format(column, sizeof(column), err, "%u", finding->column), err, "line");
    SPH_TRY(sph_text_format(lang, finding->column > 0 ? "finding.place" : "finding.line",
                            SPH_ARGS({"line", number}, {"column", column}), out, err),
            err, "line");
    return sph_buf_addf(out, err, "  %s  ", finding->rule);
}

/* Sentences whose name or value is a code: readers are shown what it means, and the code behind it
 * for who has to find it in the file. */
static const struct coded {
    const char *key, *name_list, *value_list;
} coded[] = {
    {"packet.matrix-send", "type", "party-kind"},
    {"packet.matrix-receive", "type", "party-kind"},
    {"packet.mode", NULL, "mode"},
    {"packet.scope-subtype", NULL, "request"},
    {"packet.contact", NULL, "contact"},
    {"card.mode", NULL, "mode"},
    {"card.certificate", "cert-use", NULL},
    {"card.not-card", "type", NULL},
};

static const struct coded *coded_of(const char *key)
{
    for (size_t i = 0; i < sizeof(coded) / sizeof(coded[0]); i++)
        if (strcmp(coded[i].key, key) == 0)
            return &coded[i];
    return NULL;
}

/** "legal aid office (legal-aid)"; a code without a name as it is. */
static sph_rc add_label(enum sph_lang lang, const char *list, sph_slice code, sph_buf *out,
                        sph_err *err)
{
    char text[SPH_FINDING_VALUE];
    SPH_AUTO(sph_buf) label = sph_buf_init(TEXT_CAP);
    SPH_TRY(sph_str_copy(text, sizeof(text), code, err), err, "code");
    SPH_TRY(sph_lang_label(lang, list, text, &label, err), err, "label");
    SPH_TRY(sph_buf_add(out, sph_buf_peek(&label), err), err, "label");
    return sph_slice_is(sph_buf_peek(&label), text) ? sph_ok()
                                                    : sph_buf_addf(out, err, " (%s)", text);
}

/** What stands for {name} or {value}: the text itself, or of a code what it means. A kind of
 * organisation may have its country behind it: "police LA". */
static sph_rc add_shown(enum sph_lang lang, const char *list, const char *shown, sph_buf *out,
                        sph_err *err)
{
    const sph_slice all = sph_slice_str(shown);
    const size_t blank = sph_slice_find(all, SPH_LIT(" "), 0);
    if (!list || all.len == 0)
        return sph_buf_add(out, all, err);
    SPH_TRY(add_label(lang, list, sph_slice_sub(all, 0, blank), out, err), err, "code");
    if (blank == SIZE_MAX)
        return sph_ok();
    SPH_TRY(sph_buf_add_text(out, ", ", err), err, "country");
    return add_label(lang, "country", sph_slice_sub(all, blank + 1, SIZE_MAX), out, err);
}

sph_rc sph_finding_text(const sph_finding *finding, enum sph_lang lang, sph_buf *out, sph_err *err)
{
    char twin[96];
    SPH_AUTO(sph_buf) text = sph_buf_init(TEXT_CAP * 4);
    SPH_AUTO(sph_buf) name = sph_buf_init(TEXT_CAP);
    SPH_AUTO(sph_buf) value = sph_buf_init(TEXT_CAP);
    const struct coded *lists = coded_of(finding->key);
    SPH_TRY(add_shown(lang, lists ? lists->name_list : NULL, finding->name, &name, err), err,
            "name");
    SPH_TRY(add_shown(lang, lists ? lists->value_list : NULL, finding->value, &value, err), err,
            "value");
    const sph_arg args[] = {{"name", sph_buf_text(&name)}, {"value", sph_buf_text(&value)}};
    SPH_TRY(sph_str_format(twin, sizeof(twin), err, "%s.do", finding->key), err, "key");
    SPH_TRY(add_place(finding, lang, &text, err), err, "place");
    SPH_TRY(sph_text_format(lang, finding->key, args, 2, &text, err), err, "sentence");
    if (sph_text_has(twin)) {
        SPH_TRY(sph_buf_add_byte(&text, ' ', err), err, "sentence");
        SPH_TRY(sph_text_format(lang, twin, args, 2, &text, err), err, "what to do");
    }
    return sph_buf_add(out, sph_buf_peek(&text), err);
}
