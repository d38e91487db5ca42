#include "packet/akn.h"

#include "base/codec.h"
#include "packet/leak_report.h"
#include "packet/xsd_findings.h"

static const struct sph_xml_prefix prefixes[] = {{"", SPH_NS_AKN}, {NULL, NULL}};

static bool is_part(const sph_xml_node *node)
{
    static const char *const parts[] = {"introduction", "background", "arguments",
                                        "remedies",     "motivation", "decision"};
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
        if (sph_xml_is(node, SPH_NS_AKN, parts[i]))
            return true;
    return false;
}

/* header, coverPage, conclusions and the parts of the body. */
static void emit_part(struct sph_akn_reduction *r, const sph_xml_node *node, const char *name,
                      bool has_parts, bool needs_one)
{
    sph_xml_open(r->w, name);
    sph_akn_set_id(r, sph_xml_attr(node, NULL, "eId"));
    sph_akn_blocks(r, node, has_parts, needs_one);
    sph_xml_close(r->w);
}

static void emit_body(struct sph_akn_reduction *r, const sph_xml_node *body)
{
    sph_xml_open(r->w, "judgmentBody");
    sph_akn_set_id(r, sph_xml_attr(body, NULL, "eId"));
    for (const sph_xml_node *at = sph_xml_first(body); at; at = sph_xml_next(at)) {
        const bool is_known = is_part(at);
        if (!is_known)
            sph_akn_count(r, sph_xml_local(at), false);
        emit_part(r, at, is_known ? sph_xml_local(at) : "decision", true, true);
    }
    sph_xml_close(r->w);
}

static void emit_judgment(struct sph_akn_reduction *r, const sph_xml_node *judgment)
{
    const sph_xml_node *cover = sph_xml_child(judgment, SPH_NS_AKN, "coverPage");
    const sph_xml_node *conclusions = sph_xml_child(judgment, SPH_NS_AKN, "conclusions");
    const char *name = sph_xml_attr(judgment, NULL, "name");
    sph_xml_open(r->w, "judgment");
    sph_akn_set(r, "name", name ? name : "judgment");
    sph_akn_meta(r, sph_xml_child(judgment, SPH_NS_AKN, "meta"));
    if (cover)
        emit_part(r, cover, "coverPage", false, true);
    emit_part(r, sph_xml_child(judgment, SPH_NS_AKN, "header"), "header", false, false);
    emit_body(r, sph_xml_child(judgment, SPH_NS_AKN, "judgmentBody"));
    if (conclusions)
        emit_part(r, conclusions, "conclusions", false, true);
    sph_xml_close(r->w);
    for (const sph_xml_node *at = sph_xml_first(judgment); at; at = sph_xml_next(at))
        if (sph_xml_is(at, SPH_NS_AKN, "attachments") || sph_xml_is(at, SPH_NS_AKN, "components"))
            sph_akn_count(r, sph_xml_local(at), true);
}

static sph_rc walk_once(struct sph_akn_reduction *r, const sph_xml_node *root, sph_buf *out,
                        sph_err *err)
{
    SPH_AUTO_PTR(sph_xml_writer) *w = NULL;
    SPH_TRY(sph_xml_writer_new(prefixes, out, &w, err), err, "writer");
    r->w = w;
    sph_xml_open(w, "akomaNtoso");
    emit_judgment(r, sph_xml_child(root, SPH_NS_AKN, "judgment"));
    sph_xml_close(w);
    if (r->rc.code != SPH_OK)
        return r->rc;
    return sph_xml_writer_end(w, err);
}

static sph_rc walk_twice(struct sph_akn_reduction *r, const sph_xml_node *root, size_t cap,
                         sph_buf *out, sph_err *err)
{
    SPH_AUTO(sph_buf) scratch = sph_buf_init(cap);
    r->is_collecting = true;
    SPH_TRY(walk_once(r, root, &scratch, err), err, "ids that survive");
    sph_akn_ids_sort(r->ids);
    r->is_collecting = false;
    sph_buf_clear(&scratch);
    SPH_TRY(walk_once(r, root, &scratch, err), err, "reduction");
    return sph_buf_add(out, sph_buf_peek(&scratch), err);
}

static sph_rc reduce(const sph_xml_node *root, const char *date, size_t cap,
                     struct sph_judgment_facts *facts, struct sph_akn_tally *tally,
                     unsigned *characters, sph_buf *out, sph_err *err)
{
    SPH_AUTO(sph_akn_ids) ids = {NULL, 0, 0};
    struct sph_akn_reduction r = {.ids = &ids,
                                  .facts = facts,
                                  .tally = tally,
                                  .manifestation_date = date,
                                  .text = sph_buf_init(cap),
                                  .rc = sph_ok(),
                                  .err = err};
    const sph_rc rc = walk_twice(&r, root, cap, out, err);
    sph_buf_clear(&r.text);
    *characters = r.dropped_characters;
    return rc;
}

static void note_count(sph_findings *findings, const char *key, const char *name, unsigned count)
{
    char number[16];
    if (count > 0 && sph_str_format(number, sizeof(number), NULL, "%u", count).code == SPH_OK)
        sph_finding_note(findings, "IMPORT", 0, key, name, number);
}

/* What the person who approves has to know: each class with its count. */
static void note_all(const struct sph_judgment_facts *facts, const struct sph_akn_tally *tally,
                     unsigned characters, sph_findings *findings)
{
    for (size_t i = 0; i < tally->count; i++)
        note_count(findings, tally->at[i].is_dropped ? "akn.note-dropped" : "akn.note-unwrapped",
                   tally->at[i].name, tally->at[i].count);
    note_count(findings, "akn.note-references", "", facts->dropped_references);
    note_count(findings, "akn.note-keywords", "keyword", facts->dropped_keywords);
    note_count(findings, "akn.note-characters", "", characters);
    if (strcmp(facts->source_iri, facts->work_iri) != 0)
        sph_finding_note(findings, "IMPORT", 0, "akn.note-identification", facts->source_iri,
                         facts->work_iri);
}

/* The result must be what we would accept from a partner. */
static sph_rc check_result(sph_slice octets, const struct sph_schemas *schemas,
                           const struct sph_limits *limits, int64_t now_ms, sph_findings *findings,
                           sph_err *err)
{
    const struct sph_xml_limits caps = sph_xml_limits_packet(limits);
    struct sph_judgment_facts found;
    SPH_AUTO_PTR(sph_xml) *doc = NULL;
    SPH_TRY(sph_xml_parse(octets, &caps, &doc, err), err, "reduced judgment");
    SPH_TRY(sph_xsd_check(schemas->profile, doc, findings, err), err, "profile");
    SPH_TRY(sph_judgment_check(sph_xml_root(doc), now_ms, &found, findings, err), err, "rules");
    SPH_TRY(sph_leak_judgment(sph_xml_root(doc), true, NULL, findings, err), err, "leak screen");
    if (sph_findings_refuse(findings))
        return sph_fail(err, SPH_EREFUSED, "the reduced judgment breaks a rule");
    return sph_ok();
}

/* AKN-09 and the form of the file. */
static sph_rc parse(sph_slice octets, const struct sph_limits *limits, sph_findings *findings,
                    sph_xml **out, sph_err *err)
{
    const struct sph_xml_limits caps = sph_xml_limits_foreign(limits);
    unsigned line = 0;
    const sph_rc rc = sph_xml_parse_at(octets, &caps, &line, out, err);
    if (rc.code == SPH_ELIMIT)
        sph_finding_add(findings, "AKN-09", line, "akn.too-large", "", "");
    else if (rc.code == SPH_EPARSE)
        sph_finding_add(findings, "XSD", line, "packet.not-xml", "", "");
    else
        return rc;
    return sph_fail(err, SPH_EREFUSED, "the file is not a judgment that can be read");
}

/* Layer 3 when it is installed, then the rules that name lines of the file as it came. */
static sph_rc check_source(const sph_xml *doc, const struct sph_schemas *schemas, const char *last,
                           sph_findings *findings, sph_err *err)
{
    const sph_xml_node *root = sph_xml_root(doc);
    const bool is_final = strcmp(sph_xml_ns(root), SPH_NS_AKN) == 0;
    if (schemas->official && is_final)
        SPH_TRY(sph_xsd_check(schemas->official, doc, findings, err), err, "official schema");
    sph_akn_check_source(root, last, findings);
    if (sph_findings_refuse(findings))
        return sph_fail(err, SPH_EREFUSED, "%s", findings->at[0].rule);
    return sph_ok();
}

struct import {
    sph_xml *doc;
    struct sph_judgment_facts facts;
    struct sph_akn_tally tally;
    unsigned characters;
    int64_t now_ms;
    char last[11];
    sph_buf reduced;
};

static void import_free(struct import **work)
{
    if (*work) {
        sph_xml_free(&(*work)->doc);
        sph_buf_clear(&(*work)->reduced);
    }
    sph_mem_free(*work);
    *work = NULL;
}

static sph_rc run(struct import *work, sph_slice octets, const struct sph_judgment_import *how,
                  const struct sph_schemas *schemas, const struct sph_limits *limits,
                  sph_findings *findings, sph_err *err)
{
    SPH_TRY(parse(octets, limits, findings, &work->doc, err), err, "reading");
    SPH_TRY(check_source(work->doc, schemas, work->last, findings, err), err, "source");
    const sph_xml_node *root = sph_xml_root(work->doc);
    SPH_TRY(sph_akn_identify(sph_xml_child(root, SPH_NS_AKN, "judgment"), how, &work->facts,
                             findings, err),
            err, "identification");
    SPH_TRY(reduce(root, how->manifestation_date, (size_t)limits->packet, &work->facts,
                   &work->tally, &work->characters, &work->reduced, err),
            err, "reduction");
    SPH_TRY(
        check_result(sph_buf_peek(&work->reduced), schemas, limits, work->now_ms, findings, err),
        err, "result");
    note_all(&work->facts, &work->tally, work->characters, findings);
    return sph_ok();
}

sph_rc sph_judgment_import(sph_slice octets, const struct sph_judgment_import *how,
                           const struct sph_schemas *schemas, const struct sph_limits *limits,
                           struct sph_judgment_facts *facts, sph_findings *findings, sph_buf *out,
                           sph_err *err)
{
    int32_t days = 0;
    __attribute__((cleanup(import_free))) struct import *work = sph_mem_new(1, sizeof(*work));
    if (!work)
        return sph_fail(err, SPH_ENOMEM, "import");
    work->reduced = sph_buf_init((size_t)limits->packet);
    SPH_TRY(sph_date_parse(sph_slice_str(how->manifestation_date), &days, err), err, "date");
    SPH_TRY(sph_date_format(days + 1, work->last, err), err, "date");
    work->now_ms = (int64_t)days * SPH_DAY_MS;
    SPH_TRY(run(work, octets, how, schemas, limits, findings, err), err, "import");
    SPH_TRY(sph_buf_add(out, sph_buf_peek(&work->reduced), err), err, "judgment");
    *facts = work->facts;
    return sph_ok();
}
