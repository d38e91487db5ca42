/** The judgment profile from the inside (packets.md 7); for the files of node/packet only. */
#pragma once

#include "packet/judgment.h"
#include "packet/packet_impl.h"
#include "xml/writer.h"

/** What an element is to the profile. */
enum sph_akn_class {
    SPH_AKN_UNKNOWN,   /* not in the profile: its content is kept, it is not */
    SPH_AKN_INLINE,    /* mixed content, kept */
    SPH_AKN_MARKER,    /* empty, inside a line */
    SPH_AKN_NOTE,      /* authorialNote: blocks inside a line */
    SPH_AKN_PARAGRAPH, /* p, and what becomes p */
    SPH_AKN_CONTAINER, /* blockContainer */
    SPH_AKN_LIST,      /* blockList, ul, ol */
    SPH_AKN_ITEM,      /* item, li */
    SPH_AKN_TABLE,
    SPH_AKN_HIERARCHY, /* level, paragraph … and what becomes level */
    SPH_AKN_TITLE,     /* num, heading */
    SPH_AKN_DROPPED,   /* left out with all that is inside; never holds text of the judgment */
};
/** Attributes of the profile, as a set. */
enum {
    SPH_AKN_EID = 1 << 0,
    SPH_AKN_REFERS = 1 << 1,
    SPH_AKN_LANG = 1 << 2,
    SPH_AKN_HREF = 1 << 3,
    SPH_AKN_DATE = 1 << 4,
    SPH_AKN_AS = 1 << 5,
    SPH_AKN_NORMALIZED = 1 << 6,
    SPH_AKN_MARK = 1 << 7,
    SPH_AKN_NAME = 1 << 8,
    SPH_AKN_SPANS = 1 << 9,
};
struct sph_akn_element {
    const char *name;
    enum sph_akn_class class;
    const char *becomes; /* NULL: keeps its name */
    unsigned attributes; /* allowed ones */
    unsigned required;   /* without them an inline element becomes span */
};
/** The element's row; an unknown name or another namespace gives a row of class UNKNOWN. */
const struct sph_akn_element *sph_akn_find(const sph_xml_node *node);

/** Ids of a document, borrowed; sorted once, then asked. */
typedef struct sph_akn_ids {
    const char **at;
    size_t count, room;
} sph_akn_ids;
SPH_MUST sph_rc sph_akn_ids_add(sph_akn_ids *ids, const char *id, sph_err *err);
void sph_akn_ids_sort(sph_akn_ids *ids);
bool sph_akn_ids_has(const sph_akn_ids *ids, const char *id);
void sph_akn_ids_clear(sph_akn_ids *ids);

#define SPH_AKN_TALLY 24
/** What the reduction dropped or unwrapped, by name. */
struct sph_akn_tally {
    struct {
        char name[32];
        bool is_dropped; /* else unwrapped: its content is kept */
        unsigned count;
    } at[SPH_AKN_TALLY];
    size_t count;
};

/** A reduction on its way. The document is walked twice: first to learn which ids survive (writing
 * into a buffer that is thrown away), then with references resolved. */
struct sph_akn_reduction {
    sph_xml_writer *w;
    sph_akn_ids *ids;
    bool is_collecting;
    struct sph_judgment_facts *facts;
    struct sph_akn_tally *tally;
    unsigned dropped_characters;
    const char *manifestation_date;
    sph_buf text; /* scratch */
    sph_rc rc;
    sph_err *err;
};
/** Count a dropped or unwrapped element. */
void sph_akn_count(struct sph_akn_reduction *r, const char *name, bool is_dropped);
/** Keep the first failure; the walk goes on without effect. */
void sph_akn_keep(struct sph_akn_reduction *r, sph_rc rc);
/** Text into the writer: NFC, and without characters that rule AKN-10 refuses (counted). */
void sph_akn_text(struct sph_akn_reduction *r, const char *text);
/** An attribute with such text. */
void sph_akn_set(struct sph_akn_reduction *r, const char *name, const char *value);
/** eId: written, and noted while collecting. */
void sph_akn_set_id(struct sph_akn_reduction *r, const char *id);
/** All attributes of the row that are fit; returns the required ones that were not. */
unsigned sph_akn_attributes(struct sph_akn_reduction *r, const struct sph_akn_element *row,
                            const sph_xml_node *node);
/** Required attributes that the element lacks or has in an unfit form. */
unsigned sph_akn_lacks(const struct sph_akn_reduction *r, const struct sph_akn_element *row,
                       const sph_xml_node *node);
/** True for a reference that may stand: "#id" of an element that survives, or an IRI with a
 * harmless scheme. While collecting, every "#id" may. */
bool sph_akn_resolves(const struct sph_akn_reduction *r, const char *reference);

/** The open element's content as lines: text and inline elements. */
void sph_akn_inline(struct sph_akn_reduction *r, const sph_xml_node *node);
/** … as blocks; at least one <p> when `needs_one`. has_parts: hierarchies may stand here too. */
void sph_akn_blocks(struct sph_akn_reduction *r, const sph_xml_node *node, bool has_parts,
                    bool needs_one);
/** A whole list, table or hierarchy element. */
void sph_akn_list(struct sph_akn_reduction *r, const sph_xml_node *node);
void sph_akn_table(struct sph_akn_reduction *r, const sph_xml_node *node);
void sph_akn_hierarchy(struct sph_akn_reduction *r, const sph_xml_node *node);
/** Titles first, then blocks: item, blockContainer. */
void sph_akn_titled(struct sph_akn_reduction *r, const sph_xml_node *node);
/** meta, rewritten. */
void sph_akn_meta(struct sph_akn_reduction *r, const sph_xml_node *meta);

/** Facts from the identification of a foreign document. Faults are findings AKN-04, AKN-05;
 * SPH_EREFUSED. */
SPH_MUST sph_rc sph_akn_identify(const sph_xml_node *judgment,
                                 const struct sph_judgment_import *how,
                                 struct sph_judgment_facts *facts, sph_findings *findings,
                                 sph_err *err);
/** A value as one segment of an IRI: letters and digits of any script, '.', '-', '_'; others become
 * '-'. */
SPH_MUST sph_rc sph_akn_segment(const char *value, bool to_lower, char *to, size_t room,
                                sph_err *err);

/** Checks on the document as it came, before the reduction: AKN-01, AKN-02, AKN-11. today:
 * yyyy-mm-dd. */
void sph_akn_check_source(const sph_xml_node *root, const char *today, sph_findings *findings);
/** AKN-02 for one date attribute; last: the latest day allowed, yyyy-mm-dd. */
void sph_akn_check_date(const sph_xml_node *node, const char *date, const char *last,
                        sph_findings *findings);
/** yyyy-mm-dd, possibly followed by a time, that exists in the calendar. */
bool sph_akn_is_date(const char *text);
/** The day of a date or dateTime. */
void sph_akn_day(const char *text, char to[11]);
/** Next element in document order below `top`; NULL at the end. */
const sph_xml_node *sph_akn_next(const sph_xml_node *node, const sph_xml_node *top);
