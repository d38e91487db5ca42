#include "evidence/verdict.h"

struct sph_verdict {
    enum sph_evidence_kind kind;
    bool has_failed, is_incomplete, is_open;
    size_t count;
    sph_findings findings;
    sph_verdict_line line[SPH_VERDICT_LINES];
};

static const char *const kind_names[SPH_EVIDENCE_KIND_COUNT] = {
    [SPH_EVIDENCE_UNKNOWN] = "unknown",
    [SPH_EVIDENCE_CARD] = "card",
    [SPH_EVIDENCE_PACKET] = "packet",
    [SPH_EVIDENCE_CHECKPOINT] = "checkpoint",
    [SPH_EVIDENCE_PROOF] = "proof",
    [SPH_EVIDENCE_COSIGNATURE] = "cosignature",
    [SPH_EVIDENCE_CERTIFICATE] = "certificate",
    [SPH_EVIDENCE_VKEY] = "vkey",
};

const char *sph_evidence_kind_name(enum sph_evidence_kind kind)
{
    return kind_names[(unsigned)kind < SPH_EVIDENCE_KIND_COUNT ? kind : SPH_EVIDENCE_UNKNOWN];
}

sph_rc sph_verdict_new(sph_verdict **out, sph_err *err)
{
    sph_verdict *verdict = sph_mem_new(1, sizeof(*verdict));
    if (!verdict)
        return sph_fail(err, SPH_ENOMEM, "verdict");
    *out = verdict;
    return sph_ok();
}

void sph_verdict_free(sph_verdict **verdict)
{
    if (!verdict)
        return;
    sph_mem_free(*verdict);
    *verdict = NULL;
}

void sph_verdict_set_kind(sph_verdict *verdict, enum sph_evidence_kind kind)
{
    verdict->kind = kind;
}

static void fill(char *to, size_t room, const char *text)
{
    if (text && sph_str_copy(to, room, sph_slice_str(text), NULL).code != SPH_OK)
        (void)!sph_str_copy(to, room, SPH_LIT("?"), NULL).code;
}

/* The next line, NULL when there is no room: then nobody may call the verdict good. */
static sph_verdict_line *add_line(sph_verdict *verdict, enum sph_line_role role, const char *key,
                                  const char *value)
{
    verdict->has_failed |= role == SPH_LINE_FAILED;
    verdict->is_open |= role == SPH_LINE_OPEN;
    verdict->is_incomplete |= role == SPH_LINE_MISSING || verdict->count == SPH_VERDICT_LINES;
    if (verdict->count == SPH_VERDICT_LINES)
        return NULL;
    sph_verdict_line *line = &verdict->line[verdict->count++];
    *line = (sph_verdict_line){.role = role, .key = key};
    fill(line->value, sizeof(line->value), value);
    return line;
}

void sph_verdict_say(sph_verdict *verdict, enum sph_line_role role, const char *key,
                     const char *value, const char *other)
{
    sph_verdict_line *line = add_line(verdict, role, key, value);
    if (line)
        fill(line->other, sizeof(line->other), other);
}

void sph_verdict_say_time(sph_verdict *verdict, enum sph_line_role role, const char *key,
                          const char *value, int64_t time_ms)
{
    sph_verdict_line *line = add_line(verdict, role, key, value);
    if (!line)
        return;
    line->has_time = true;
    line->time_ms = time_ms;
}

void sph_verdict_fact_code(sph_verdict *verdict, const char *key, const char *name,
                           const char *list, const char *code)
{
    sph_verdict_line *line = code && *code ? add_line(verdict, SPH_LINE_FACT, key, code) : NULL;
    if (!line)
        return;
    line->name = name;
    line->list = list;
}

void sph_verdict_fact(sph_verdict *verdict, const char *key, const char *name, const char *value)
{
    sph_verdict_fact_code(verdict, key, name, NULL, value);
}

void sph_verdict_fact_number(sph_verdict *verdict, const char *key, const char *name,
                             uint64_t value)
{
    char text[24];
    const sph_rc rc = sph_str_format(text, sizeof(text), NULL, "%llu", (unsigned long long)value);
    sph_verdict_line *line = add_line(verdict, SPH_LINE_FACT, key, rc.code == SPH_OK ? text : "?");
    if (!line)
        return;
    line->name = name;
    line->is_number = value <= INT64_MAX;
}

void sph_verdict_fact_time(sph_verdict *verdict, const char *key, const char *name, int64_t time_ms)
{
    sph_verdict_line *line = add_line(verdict, SPH_LINE_FACT, key, NULL);
    if (!line)
        return;
    line->name = name;
    line->has_time = true;
    line->time_ms = time_ms;
}

sph_findings *sph_verdict_findings(sph_verdict *verdict)
{
    return &verdict->findings;
}

const sph_findings *sph_verdict_peek_findings(const sph_verdict *verdict)
{
    return &verdict->findings;
}

enum sph_evidence_kind sph_verdict_kind(const sph_verdict *verdict)
{
    return verdict->kind;
}

enum sph_verdict_result sph_verdict_result(const sph_verdict *verdict)
{
    if (verdict->has_failed)
        return SPH_VERDICT_FAILS;
    if (verdict->is_incomplete || verdict->count == 0)
        return SPH_VERDICT_UNUSABLE;
    return verdict->is_open ? SPH_VERDICT_INTACT : SPH_VERDICT_HOLDS;
}

size_t sph_verdict_count(const sph_verdict *verdict)
{
    return verdict->count;
}

const sph_verdict_line *sph_verdict_at(const sph_verdict *verdict, size_t index)
{
    return index < verdict->count ? &verdict->line[index] : NULL;
}

bool sph_verdict_has(const sph_verdict *verdict, const char *key)
{
    for (size_t i = 0; i < verdict->count; i++)
        if (strcmp(verdict->line[i].key, key) == 0)
            return true;
    return false;
}

int sph_verdict_exit(const sph_verdict *verdict)
{
    static const int codes[] = {[SPH_VERDICT_HOLDS] = 0,
                                [SPH_VERDICT_INTACT] = 0,
                                [SPH_VERDICT_FAILS] = 3,
                                [SPH_VERDICT_UNUSABLE] = 1};
    return codes[sph_verdict_result(verdict)];
}
