/** Judgments (packets.md 7): import = check, reduce to the profile, rewrite the identification,
 * list what was dropped. */
#pragma once

#include "packet/finding.h"
#include "packet/schema.h"

/** Who publishes and what the document cannot say itself. */
struct sph_judgment_import {
    const char
        *country; /* ISO 3166-1 alpha-2 lower case when the document does not say; NULL otherwise */
    const char *manifestation_date; /* yyyy-mm-dd */
};
/** What the packet's fields are filled with. */
struct sph_judgment_facts {
    char work_iri[256], expression_iri[256], source_iri[256];
    char country[3], court[64], case_number[96], date[11], language[4];
    char title[512];
    unsigned dropped_elements, dropped_references, dropped_keywords, unwrapped_inline;
};
/** octets: the foreign Akoma Ntoso document. out: canonical profile-valid octets of akn:akomaNtoso,
 * appended. Notes in findings list each class of what was dropped with counts; refusals name AKN-01
 * … AKN-11 or XSD with line. SPH_EREFUSED. */
SPH_MUST sph_rc sph_judgment_import(sph_slice octets, const struct sph_judgment_import *how,
                                    const struct sph_schemas *schemas,
                                    const struct sph_limits *limits,
                                    struct sph_judgment_facts *facts, sph_findings *findings,
                                    sph_buf *out, sph_err *err);
/** Re-check AKN rules on the document inside a received packet. */
SPH_MUST sph_rc sph_judgment_check(const sph_xml_node *akoma_ntoso, int64_t now_ms,
                                   struct sph_judgment_facts *facts, sph_findings *findings,
                                   sph_err *err);
