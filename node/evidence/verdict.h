/** What an offline check found, in a form that has no language yet: facts, what was checked, whose
 * word it rests on, and what it does not show. Written by the checks, read by the command line. */
#pragma once

#include "base/json.h"
#include "base/lang.h"
#include "packet/finding.h"

enum sph_evidence_kind {
    SPH_EVIDENCE_UNKNOWN,
    SPH_EVIDENCE_CARD,
    SPH_EVIDENCE_PACKET,
    SPH_EVIDENCE_CHECKPOINT,
    SPH_EVIDENCE_PROOF,
    SPH_EVIDENCE_COSIGNATURE, /* recognised, but nothing without its checkpoint */
    SPH_EVIDENCE_CERTIFICATE, /* recognised: belongs behind --trust */
    SPH_EVIDENCE_VKEY,        /* likewise */
    SPH_EVIDENCE_KIND_COUNT
};
/** "card", "packet" …; static storage. */
const char *sph_evidence_kind_name(enum sph_evidence_kind kind);

enum sph_verdict_result {
    SPH_VERDICT_HOLDS,    /* everything that was checked holds, by the word of a trusted key */
    SPH_VERDICT_INTACT,   /* it holds in itself, but whose key this is was not checked */
    SPH_VERDICT_FAILS,    /* a signature or proof does not */
    SPH_VERDICT_UNUSABLE, /* could not be judged: unreadable, or something needed is missing */
};

enum sph_line_role {
    SPH_LINE_FACT,    /* what the file says */
    SPH_LINE_CHECKED, /* checked and holds */
    SPH_LINE_FAILED,  /* checked and does not hold: the verdict fails */
    SPH_LINE_MISSING, /* could not be checked: the verdict is unusable */
    SPH_LINE_NOTED,   /* worth knowing, breaks no proof */
    SPH_LINE_BASIS,   /* whose word it rests on */
    SPH_LINE_LIMIT,   /* what it does not show */
    SPH_LINE_OPEN,    /* nobody's word vouches for the key: the verdict is at best intact */
};

#define SPH_VERDICT_LINES 80
#define SPH_VERDICT_VALUE 800 /* octets: a name in three languages fits */

typedef struct sph_verdict_line {
    enum sph_line_role role;
    const char *key;  /* catalogue key; {value}, {other} and {time} are filled */
    const char *name; /* of a fact, in JSON; NULL otherwise */
    const char *list; /* value is a code of this list: people read its label; NULL otherwise */
    char value[SPH_VERDICT_VALUE];
    char other[256];
    bool is_number; /* value is a decimal number */
    bool has_time;
    int64_t time_ms;
} sph_verdict_line;

typedef struct sph_verdict sph_verdict; /* not thread-safe */

/** An empty verdict of unknown kind. out: owned, sph_verdict_free. */
SPH_MUST sph_rc sph_verdict_new(sph_verdict **out, sph_err *err);
void sph_verdict_free(sph_verdict **verdict);

/** Say of what kind the file is. */
void sph_verdict_set_kind(sph_verdict *verdict, enum sph_evidence_kind kind);
/** Add a line. value and other may be NULL. A line too many makes the verdict unusable. */
void sph_verdict_say(sph_verdict *verdict, enum sph_line_role role, const char *key,
                     const char *value, const char *other);
/** Add a line with a moment. */
void sph_verdict_say_time(sph_verdict *verdict, enum sph_line_role role, const char *key,
                          const char *value, int64_t time_ms);
/** Add a fact; one without content is left out. name: its member in JSON. */
void sph_verdict_fact(sph_verdict *verdict, const char *key, const char *name, const char *value);
/** Add a fact that is a code of a list: people read its label, programs the code. */
void sph_verdict_fact_code(sph_verdict *verdict, const char *key, const char *name,
                           const char *list, const char *code);
void sph_verdict_fact_number(sph_verdict *verdict, const char *key, const char *name,
                             uint64_t value);
void sph_verdict_fact_time(sph_verdict *verdict, const char *key, const char *name,
                           int64_t time_ms);
/** What is wrong with the form of a document; borrowed, to be filled. */
sph_findings *sph_verdict_findings(sph_verdict *verdict);
const sph_findings *sph_verdict_peek_findings(const sph_verdict *verdict);

/** Readers. */
enum sph_evidence_kind sph_verdict_kind(const sph_verdict *verdict);
enum sph_verdict_result sph_verdict_result(const sph_verdict *verdict);
size_t sph_verdict_count(const sph_verdict *verdict);
const sph_verdict_line *sph_verdict_at(const sph_verdict *verdict, size_t index); /* NULL past it */
/** True when a line with this key is there. */
bool sph_verdict_has(const sph_verdict *verdict, const char *key);

/** Signs before lines, e.g. "ok", "!!", "..". */
struct sph_verdict_marks {
    const char *ok, *bad, *note;
};
/** The verdict for a terminal, appended: kind, facts, checks, basis, limits, and the result last.
 */
SPH_MUST sph_rc sph_verdict_text(const sph_verdict *verdict, enum sph_lang lang,
                                 const struct sph_verdict_marks *marks, sph_buf *out, sph_err *err);
/** The same as saphan.verify/1. out: owned, sph_json_free. */
SPH_MUST sph_rc sph_verdict_json(const sph_verdict *verdict, enum sph_lang lang, sph_json **out,
                                 sph_err *err);
/** Exit code of a verdict (cli.md): 0 holds or intact, 3 does not, 1 could not be judged. */
int sph_verdict_exit(const sph_verdict *verdict);
