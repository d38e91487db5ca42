/** The rules that the schema cannot say (packets.md 2, 4, 8), each adding its findings. A failure
 * is returned only when the check itself could not be done (no memory). */
#pragma once

#include "packet/packet_impl.h"

/** What every rule sees. */
struct sph_rules {
    const sph_packet *packet;
    const struct sph_packet_context *context;
    sph_findings *findings;
    int64_t signing_ms;
};
/** PK-01 … PK-04, PK-07, scope: the header. */
SPH_MUST sph_rc sph_rules_header(const struct sph_rules *rules, sph_err *err);
/** PK-03 alone, which asks who receives: what was agreed may withhold it from a kind of party. */
void sph_rules_consent(const struct sph_rules *rules);
/** PK-05, PK-08, PK-09, PK-10: each field of header, body and attachments. */
SPH_MUST sph_rc sph_rules_fields(const struct sph_rules *rules, sph_err *err);
/** PK-20 and what else belongs to one type. */
SPH_MUST sph_rc sph_rules_type(const struct sph_rules *rules, sph_err *err);
/** PK-30: what each kind of notice holds. */
SPH_MUST sph_rc sph_rules_notice(const struct sph_rules *rules, sph_err *err);
/** The audience is exactly one party, no group. */
bool sph_rules_is_bilateral(const sph_packet_header *header);
/** PK-06: audience and allow-matrix, default deny. */
SPH_MUST sph_rc sph_rules_matrix(const struct sph_rules *rules, sph_err *err);

/** Days since 1970 of a yyyy-mm-dd that the schema has accepted. */
SPH_MUST sph_rc sph_rules_days(const char *date, int32_t *days, sph_err *err);
/** Longest `until` after issue, in days, of a retention class; 0 when the class keeps no packets.
 */
int32_t sph_retention_days(const char *retention_class);
