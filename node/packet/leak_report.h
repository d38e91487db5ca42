/** What the leak screen found, as findings PK-10 (DP-03): what blocks is a refusal, what only warns
 * a note. A finding has the field's name, line and character, and the masked excerpt. */
#pragma once

#include "packet/finding.h"
#include "packet/leak.h"
#include "packet/packet.h"
#include "xml/xml.h"

struct sph_leak_report {
    sph_findings *findings;
    enum sph_leak_text text;
    bool has_notes;              /* what only warns is said */
    bool only_warns;             /* level 2 and above */
    bool hides_excerpts;         /* the receiver's list reaches logs and answers */
    const sph_leak_names *names; /* borrowed; NULL: none */
    bool is_shelter;
    /* Zero at the beginning: the rest is the report's own. */
    char name[64];
    size_t notes[SPH_LEAK_COUNT];
    sph_leak_scan *scan;
};
/** What the screen takes the texts of a packet type for. */
enum sph_leak_text sph_leak_text_of(enum sph_packet_type type);
/** Screen a text of this field whose first line has this number. SPH_ENOMEM. */
SPH_MUST sph_rc sph_leak_report_text(struct sph_leak_report *report, const char *name,
                                     unsigned line, sph_slice text, sph_err *err);
/** The same for a text that comes in pieces: begin, feed report->scan, sph_leak_end. */
SPH_MUST sph_rc sph_leak_report_begin(struct sph_leak_report *report, const char *name,
                                      unsigned line, sph_err *err);
/** A finding that is no text: its place is the field. */
void sph_leak_report_mark(struct sph_leak_report *report, enum sph_leak kind, const char *excerpt);
/** Say what was not said of its kind, and free. */
void sph_leak_report_end(struct sph_leak_report *report);

/** Screen a judgment: the text of each block as one, whatever marks are inside it, and what
 * attributes show to people. Notes are said when has_notes. SPH_ENOMEM. */
SPH_MUST sph_rc sph_leak_judgment(const sph_xml_node *akoma_ntoso, bool has_notes,
                                  const sph_leak_names *names, sph_findings *findings,
                                  sph_err *err);
