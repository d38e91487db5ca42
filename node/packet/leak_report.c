#include "packet/leak_report.h"

#include "packet/packet_impl.h"

#define NOTES_MOST 3 /* of one kind; a judgment names its judges a hundred times */

static void add(struct sph_leak_report *report, const struct sph_leak_hit *hit, bool is_note)
{
    sph_findings *findings = report->findings;
    const size_t count = findings->count;
    const char *excerpt = report->hides_excerpts ? "…" : hit->excerpt;
    if (is_note)
        sph_finding_note(findings, "PK-10", hit->line, sph_leak_key(hit->kind), report->name,
                         excerpt);
    else
        sph_finding_add(findings, "PK-10", hit->line, sph_leak_key(hit->kind), report->name,
                        excerpt);
    if (findings->count > count)
        findings->at[count].column = hit->column;
}

static void note_hit(void *arg, const struct sph_leak_hit *hit)
{
    struct sph_leak_report *report = arg;
    const bool blocks =
        !report->only_warns && sph_leak_weighs(hit->kind, report->text) == SPH_LEAK_BLOCKS;
    if (blocks)
        add(report, hit, false);
    else if (report->has_notes && ++report->notes[hit->kind] <= NOTES_MOST &&
             report->findings->count < SPH_FINDINGS) /* a full list would count as a refusal */
        add(report, hit, true);
}

void sph_leak_report_mark(struct sph_leak_report *report, enum sph_leak kind, const char *excerpt)
{
    struct sph_leak_hit hit = {.kind = kind};
    if (sph_str_copy(hit.excerpt, sizeof(hit.excerpt), sph_slice_str(excerpt), NULL).code == SPH_OK)
        note_hit(report, &hit);
}

sph_rc sph_leak_report_begin(struct sph_leak_report *report, const char *name, unsigned line,
                             sph_err *err)
{
    const struct sph_leak_options options = {
        .note = note_hit, .arg = report, .names = report->names, .is_shelter = report->is_shelter};
    const sph_slice shown = sph_slice_sub(sph_slice_str(name), 0, sizeof(report->name) - 1);
    if (!report->scan)
        SPH_TRY(sph_leak_scan_new(&options, &report->scan, err), err, "leak screen");
    SPH_TRY(sph_str_copy(report->name, sizeof(report->name), shown, err), err, "field");
    sph_leak_begin(report->scan, line);
    return sph_ok();
}

sph_rc sph_leak_report_text(struct sph_leak_report *report, const char *name, unsigned line,
                            sph_slice text, sph_err *err)
{
    SPH_TRY(sph_leak_report_begin(report, name, line, err), err, "leak screen");
    sph_leak_feed(report->scan, text);
    sph_leak_end(report->scan);
    return sph_ok();
}

void sph_leak_report_end(struct sph_leak_report *report)
{
    for (size_t kind = 0; kind < SPH_LEAK_COUNT; kind++) {
        char more[24];
        if (report->notes[kind] <= NOTES_MOST || report->findings->count == SPH_FINDINGS ||
            sph_str_format(more, sizeof(more), NULL, "%zu", report->notes[kind] - NOTES_MOST)
                    .code != SPH_OK)
            continue;
        sph_finding_note(report->findings, "PK-10", 0, "packet.leak-more",
                         sph_leak_name((enum sph_leak)kind), more);
    }
    sph_leak_scan_free(&report->scan);
}

enum sph_leak_text sph_leak_text_of(enum sph_packet_type type)
{
    switch ((int)type) {
    case SPH_PACKET_CASE_LAW:
        return SPH_LEAK_IN_JUDGMENT;
    case SPH_PACKET_RESOURCE:
    case SPH_PACKET_DIRECTORY:
        return SPH_LEAK_IN_RESOURCE;
    default:
        return SPH_LEAK_IN_TALK;
    }
}

bool sph_leak_is_shelter(const sph_packet *packet)
{
    char subtype[64];
    return packet->header.type == SPH_PACKET_RESOURCE &&
           sph_packet_child_text(packet->body, "subtype", subtype, sizeof(subtype), NULL).code ==
               SPH_OK &&
           sph_slice_is(sph_slice_str(subtype), "shelter");
}
