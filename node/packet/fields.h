/** The fields of the header and of each body as one table, in the order of the schema. The builder,
 * the rules, the reader's view and the JSON view all walk it, so that none of them can know another
 * form. */
#pragma once

#include "packet/packet.h"

enum sph_field_kind {
    SPH_FIELD_CODE,     /* token of the vocabulary `list` */
    SPH_FIELD_TOKEN,    /* machine value: id, number of a case, digest; never screened */
    SPH_FIELD_TEXT,     /* short free text in one language */
    SPH_FIELD_ML,       /* multilingual text */
    SPH_FIELD_DATE,     /* xs:date */
    SPH_FIELD_TIME,     /* xs:dateTime, UTC */
    SPH_FIELD_NUMBER,   /* non-negative integer */
    SPH_FIELD_FLAG,     /* true, false */
    SPH_FIELD_GROUP,    /* only its parts */
    SPH_FIELD_DOCUMENT, /* holds the judgment */
};

typedef struct sph_field {
    const char *name;
    enum sph_field_kind kind;
    uint8_t min, max; /* occurrences; max 255 is "many", the schema says how many */
    uint8_t level;    /* packets.md 2: 0 to 3 */
    bool is_attribute;
    const char *list; /* CODE: the vocabulary; TOKEN, TEXT: where labels are looked up */
    const struct sph_field *parts; /* attributes, then elements; ended by name NULL */
} sph_field;

/** Parts of Header, and of each type's element. */
const sph_field *sph_fields_header(void);
const sph_field *sph_fields_body(enum sph_packet_type type);
/** "caseLaw" …: the element inside Body. */
const char *sph_packet_body_name(enum sph_packet_type type);

/** Called for each element or attribute that a table names; `node` holds the attribute when
 *  field->is_attribute. Returning a failure ends the walk. */
struct sph_field_visit {
    sph_rc (*each)(void *arg, const sph_field *field, const sph_xml_node *node, const char *value,
                   sph_err *err); /* value: attribute's, or NULL: take the element's text */
    void *arg;
};
/** Walk `node` by its table, in table order. Elements of the document that no table names are not
 * visited (the schema has refused them). */
SPH_MUST sph_rc sph_fields_walk(const sph_field *fields, const sph_xml_node *node,
                                const struct sph_field_visit *visit, sph_err *err);
