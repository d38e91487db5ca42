#include "packet/akn.h"

#include "packet/vocabulary.h"

#define IMPORT_ID "saphan-import"
#define VOCABULARY_PREFIX "urn:saphan:vocabulary:"

/* The identification in our form (packets.md 7, IRIs); the source's own Work IRI is kept as an
 * alias. */
static void value_element(struct sph_akn_reduction *r, const char *name, const char *value)
{
    sph_xml_open(r->w, name);
    sph_akn_set(r, "value", value);
    sph_xml_close(r->w);
}

static void date_element(struct sph_akn_reduction *r, const char *date, const char *name)
{
    sph_xml_open(r->w, "FRBRdate");
    sph_xml_set(r->w, "date", date);
    sph_xml_set(r->w, "name", name);
    sph_xml_close(r->w);
}

static void author_element(struct sph_akn_reduction *r, const sph_xml_node *level)
{
    char iri[160];
    const struct sph_judgment_facts *facts = r->facts;
    const char *href = sph_xml_attr(sph_xml_child(level, SPH_NS_AKN, "FRBRauthor"), NULL, "href");
    if (!href || !sph_akn_resolves(r, href)) {
        r->facts->dropped_references += href && !r->is_collecting;
        sph_akn_keep(r, sph_str_format(iri, sizeof(iri), r->err, "/akn/ontology/organization/%s/%s",
                                       facts->country, facts->court));
        href = iri;
    }
    sph_xml_open(r->w, "FRBRauthor");
    sph_akn_set(r, "href", href);
    sph_xml_close(r->w);
}

static void names(struct sph_akn_reduction *r, const char *iri, const char *suffix)
{
    char text[320];
    sph_akn_keep(r, sph_str_format(text, sizeof(text), r->err, "%s/!main%s", iri, suffix));
    value_element(r, "FRBRthis", text);
    sph_akn_keep(r, sph_str_format(text, sizeof(text), r->err, "%s%s", iri, suffix));
    value_element(r, "FRBRuri", text);
}

static void alias_element(struct sph_akn_reduction *r, const char *name, const char *value)
{
    sph_xml_open(r->w, "FRBRalias");
    sph_akn_set(r, "name", name);
    sph_akn_set(r, "value", value);
    sph_xml_close(r->w);
}

static void aliases(struct sph_akn_reduction *r, const sph_xml_node *work)
{
    unsigned count = 0;
    alias_element(r, "source", r->facts->source_iri);
    for (const sph_xml_node *at = sph_xml_first(work); at && count < 12; at = sph_xml_next(at)) {
        const char *name = sph_xml_attr(at, NULL, "name");
        const char *value = sph_xml_attr(at, NULL, "value");
        if (!sph_xml_is(at, SPH_NS_AKN, "FRBRalias") || !value || !name ||
            strcmp(name, "source") == 0)
            continue;
        alias_element(r, name, value);
        count++;
    }
}

static void copy_values(struct sph_akn_reduction *r, const sph_xml_node *work, const char *name)
{
    const sph_xml_node *node = sph_xml_child(work, SPH_NS_AKN, name);
    const char *value = sph_xml_attr(node, NULL, "value");
    if (value && *value)
        value_element(r, name, value);
}

static void work_element(struct sph_akn_reduction *r, const sph_xml_node *work)
{
    sph_xml_open(r->w, "FRBRWork");
    names(r, r->facts->work_iri, "");
    aliases(r, work);
    date_element(r, r->facts->date, "judgment");
    author_element(r, work);
    value_element(r, "FRBRcountry", r->facts->country);
    copy_values(r, work, "FRBRsubtype");
    value_element(r, "FRBRnumber", r->facts->case_number);
    copy_values(r, work, "FRBRname");
    sph_xml_close(r->w);
}

static void expression_element(struct sph_akn_reduction *r, const sph_xml_node *expression)
{
    sph_xml_open(r->w, "FRBRExpression");
    names(r, r->facts->expression_iri, "");
    date_element(r, r->facts->date, "judgment");
    author_element(r, expression);
    sph_xml_open(r->w, "FRBRlanguage");
    sph_xml_set(r->w, "language", r->facts->language);
    sph_xml_close(r->w);
    sph_xml_close(r->w);
}

static void manifestation_element(struct sph_akn_reduction *r)
{
    sph_xml_open(r->w, "FRBRManifestation");
    names(r, r->facts->expression_iri, ".xml");
    date_element(r, r->manifestation_date, "import");
    sph_xml_open(r->w, "FRBRauthor");
    sph_xml_set(r->w, "href", "#" IMPORT_ID);
    sph_xml_close(r->w);
    value_element(r, "FRBRformat", "application/xml");
    sph_xml_close(r->w);
}

/* A `source` must be there: where the document's dangles, the import answers for the statement. */
static void set_source(struct sph_akn_reduction *r, const sph_xml_node *node)
{
    const char *source = sph_xml_attr(node, NULL, "source");
    const bool is_kept = source && sph_akn_resolves(r, source);
    if (source && !is_kept)
        r->facts->dropped_references += !r->is_collecting;
    sph_akn_set(r, "source", is_kept ? source : "#" IMPORT_ID);
}

static void identification(struct sph_akn_reduction *r, const sph_xml_node *node)
{
    sph_xml_open(r->w, "identification");
    set_source(r, node);
    work_element(r, sph_xml_child(node, SPH_NS_AKN, "FRBRWork"));
    expression_element(r, sph_xml_child(node, SPH_NS_AKN, "FRBRExpression"));
    manifestation_element(r);
    sph_xml_close(r->w);
}

static const char *or_empty(const char *text)
{
    return text ? text : "";
}

static void publication(struct sph_akn_reduction *r, const sph_xml_node *node)
{
    const char *date = sph_xml_attr(node, NULL, "date");
    char day[11];
    if (!node)
        return;
    if (!date || !sph_akn_is_date(date)) {
        sph_akn_count(r, "publication", true);
        return;
    }
    sph_akn_day(date, day);
    sph_xml_open(r->w, "publication");
    sph_xml_set(r->w, "date", day);
    sph_akn_set(r, "name", or_empty(sph_xml_attr(node, NULL, "name")));
    sph_akn_set(r, "showAs", or_empty(sph_xml_attr(node, NULL, "showAs")));
    sph_akn_set(r, "number", sph_xml_attr(node, NULL, "number"));
    sph_xml_close(r->w);
}

/* AKN-06: a keyword stays when its dictionary and value are ours. */
static bool is_our_keyword(const sph_xml_node *node)
{
    const sph_slice dictionary = sph_slice_str(sph_xml_attr(node, NULL, "dictionary"));
    const char *value = sph_xml_attr(node, NULL, "value");
    const sph_slice prefix = sph_slice_str(VOCABULARY_PREFIX);
    if (!value || !sph_slice_starts(dictionary, prefix))
        return false;
    return sph_vocabulary_has((const char *)dictionary.at + prefix.len, sph_slice_str(value));
}

static void classification(struct sph_akn_reduction *r, const sph_xml_node *node)
{
    unsigned kept = 0;
    for (const sph_xml_node *at = sph_xml_first(node); at; at = sph_xml_next(at)) {
        if (!is_our_keyword(at)) {
            r->facts->dropped_keywords += !r->is_collecting;
            continue;
        }
        if (kept++ == 0) {
            sph_xml_open(r->w, "classification");
            set_source(r, node);
        }
        sph_xml_open(r->w, "keyword");
        sph_akn_set_id(r, sph_xml_attr(at, NULL, "eId"));
        sph_akn_set(r, "dictionary", sph_xml_attr(at, NULL, "dictionary"));
        sph_akn_set(r, "value", sph_xml_attr(at, NULL, "value"));
        sph_akn_set(r, "showAs", or_empty(sph_xml_attr(at, NULL, "showAs")));
        sph_xml_close(r->w);
    }
    if (kept > 0)
        sph_xml_close(r->w);
}

static bool is_event(const sph_xml_node *node)
{
    const char *date = sph_xml_attr(node, NULL, "date");
    return sph_xml_is(node, SPH_NS_AKN, "eventRef") && date && sph_akn_is_date(date);
}

static bool is_event_kind(const char *type)
{
    return type && (strcmp(type, "generation") == 0 || strcmp(type, "amendment") == 0 ||
                    strcmp(type, "repeal") == 0);
}

static void event(struct sph_akn_reduction *r, const sph_xml_node *node)
{
    char day[11];
    const char *type = sph_xml_attr(node, NULL, "type");
    sph_akn_day(sph_xml_attr(node, NULL, "date"), day);
    sph_xml_open(r->w, "eventRef");
    sph_akn_set_id(r, sph_xml_attr(node, NULL, "eId"));
    sph_xml_set(r->w, "date", day);
    set_source(r, node);
    if (is_event_kind(type))
        sph_xml_set(r->w, "type", type);
    sph_xml_close(r->w);
}

static void lifecycle(struct sph_akn_reduction *r, const sph_xml_node *node)
{
    unsigned kept = 0;
    for (const sph_xml_node *at = sph_xml_first(node); at; at = sph_xml_next(at)) {
        if (!is_event(at)) {
            sph_akn_count(r, sph_xml_local(at), true);
            continue;
        }
        if (kept++ == 0) {
            sph_xml_open(r->w, "lifecycle");
            set_source(r, node);
        }
        event(r, at);
    }
    if (kept > 0)
        sph_xml_close(r->w);
}

static bool is_reference(const sph_xml_node *node)
{
    static const char *const kept[] = {"original", "TLCOrganization", "TLCPerson", "TLCRole",
                                       "TLCEvent"};
    const char *id = sph_xml_attr(node, NULL, "eId");
    if (!id || !*id || strpbrk(id, " \t\r\n") || strcmp(id, IMPORT_ID) == 0)
        return false;
    for (size_t i = 0; i < sizeof(kept) / sizeof(kept[0]); i++)
        if (sph_xml_is(node, SPH_NS_AKN, kept[i]))
            return true;
    return false;
}

static void reference(struct sph_akn_reduction *r, const sph_xml_node *node)
{
    const char *href = sph_xml_attr(node, NULL, "href");
    sph_xml_open(r->w, sph_xml_local(node));
    sph_akn_set_id(r, sph_xml_attr(node, NULL, "eId"));
    sph_akn_set(r, "href", href && sph_akn_resolves(r, href) ? href : "");
    sph_akn_set(r, "showAs", or_empty(sph_xml_attr(node, NULL, "showAs")));
    sph_akn_set(r, "shortForm", sph_xml_attr(node, NULL, "shortForm"));
    sph_xml_close(r->w);
}

/* One list, ours first: who made this form of the document. */
static void references(struct sph_akn_reduction *r, const sph_xml_node *meta)
{
    sph_xml_open(r->w, "references");
    sph_xml_set(r->w, "source", "#" IMPORT_ID);
    sph_xml_open(r->w, "TLCOrganization");
    sph_akn_set_id(r, IMPORT_ID);
    sph_xml_set(r->w, "href", "/akn/ontology/organization/saphan/import");
    sph_xml_set(r->w, "showAs", "Saphan import");
    sph_xml_close(r->w);
    for (const sph_xml_node *list = sph_xml_first(meta); list; list = sph_xml_next(list)) {
        if (!sph_xml_is(list, SPH_NS_AKN, "references"))
            continue;
        for (const sph_xml_node *at = sph_xml_first(list); at; at = sph_xml_next(at)) {
            if (is_reference(at))
                reference(r, at);
            else
                sph_akn_count(r, sph_xml_local(at), true);
        }
    }
    sph_xml_close(r->w);
}

static void notes(struct sph_akn_reduction *r, const sph_xml_node *node)
{
    if (!sph_xml_first(node))
        return;
    sph_xml_open(r->w, "notes");
    set_source(r, node);
    for (const sph_xml_node *at = sph_xml_first(node); at; at = sph_xml_next(at)) {
        sph_xml_open(r->w, "note");
        sph_akn_set_id(r, sph_xml_attr(at, NULL, "eId"));
        sph_akn_set(r, "marker", sph_xml_attr(at, NULL, "marker"));
        sph_akn_blocks(r, at, false, true);
        sph_xml_close(r->w);
    }
    sph_xml_close(r->w);
}

/* The rest of meta, in the order of the schema. */
static void each(struct sph_akn_reduction *r, const sph_xml_node *meta, const char *name,
                 void (*emit)(struct sph_akn_reduction *r, const sph_xml_node *node))
{
    for (const sph_xml_node *at = sph_xml_first(meta); at; at = sph_xml_next(at))
        if (sph_xml_is(at, SPH_NS_AKN, name))
            emit(r, at);
}

static bool is_known(const sph_xml_node *node)
{
    static const char *const known[] = {"identification", "publication", "classification",
                                        "lifecycle",      "references",  "notes"};
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
        if (sph_xml_is(node, SPH_NS_AKN, known[i]))
            return true;
    return false;
}

void sph_akn_meta(struct sph_akn_reduction *r, const sph_xml_node *meta)
{
    for (const sph_xml_node *at = sph_xml_first(meta); at; at = sph_xml_next(at))
        if (!is_known(at))
            sph_akn_count(r, sph_xml_local(at), true);
    sph_xml_open(r->w, "meta");
    identification(r, sph_xml_child(meta, SPH_NS_AKN, "identification"));
    publication(r, sph_xml_child(meta, SPH_NS_AKN, "publication"));
    each(r, meta, "classification", classification);
    each(r, meta, "lifecycle", lifecycle);
    references(r, meta);
    each(r, meta, "notes", notes);
    sph_xml_close(r->w);
}
