/** What is wrong with a document, for people: line, rule id, plain words, what to do; in three
 * languages from the catalogue. */
#pragma once

#include "base/lang.h"

#define SPH_FINDINGS 32
#define SPH_FINDING_VALUE 64
typedef struct sph_finding {
    char rule[16];   /* "PK-20", "AKN-02", "XSD", "MATRIX", "SIG" */
    unsigned line;   /* 0: not tied to a line */
    unsigned column; /* character of that line, from 1; 0: not known */
    const char *key; /* catalogue key of the sentence; its ".do" twin says what to do */
    char name[64];   /* {name}: element or field */
    char value[SPH_FINDING_VALUE]; /* {value}: offending value, cut; never from a field of level 2
                                      or 3 */
    bool is_note;                  /* not a refusal: something dropped or changed at import */
} sph_finding;
typedef struct sph_findings {
    size_t count; /* kept */
    size_t more;  /* dropped because the list was full */
    sph_finding at[SPH_FINDINGS];
} sph_findings;
void sph_finding_add(sph_findings *findings, const char *rule, unsigned line, const char *key,
                     const char *name, const char *value);
void sph_finding_note(sph_findings *findings, const char *rule, unsigned line, const char *key,
                      const char *name, const char *value);
bool sph_findings_refuse(const sph_findings *findings); /* at least one that is not a note */
/** "line 12  PK-20  sentence. what to do" in the language, appended. Where name or value is a code
 * of a list, its label with the code in brackets. */
SPH_MUST sph_rc sph_finding_text(const sph_finding *finding, enum sph_lang lang, sph_buf *out,
                                 sph_err *err);
