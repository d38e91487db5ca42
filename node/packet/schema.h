/** The compiled schemas a node works with: ours (embedded from schemas/), and the operator's
 * official Akoma Ntoso XSD when installed. */
#pragma once

#include "xml/xsd.h"

struct sph_schemas {
    sph_xsd *packet;   /* schemas/saphan-packet-1.xsd with its parts and the AKN profile */
    sph_xsd *profile;  /* schemas/saphan-akn-profile.xsd alone */
    sph_xsd *official; /* NULL unless installed */
};
/** Compile the embedded ones. Owned by *out; free with sph_schemas_clear. */
SPH_MUST sph_rc sph_schemas_load(struct sph_schemas *out, sph_err *err);
void sph_schemas_clear(struct sph_schemas *schemas);
/** Compile the official XSD (already checked against its SHA-256) with xml.xsd; may be called
 * later, from another thread, before use. */
SPH_MUST sph_rc sph_schemas_add_official(struct sph_schemas *schemas, sph_slice xsd,
                                         sph_slice xml_xsd, sph_err *err);
#define SPH_AKN_XSD_SHA256 "fa2487ece2028e9f0f9e46549493dfde176904c9a0ff13ad916b7366eea9daaa"
/** Name, version and SHA-256 of each schema for `schema list`. */
struct sph_schema_row {
    const char *name, *ns, *version;
    char sha256[65];
};
size_t sph_schema_rows(struct sph_schema_row *out, size_t room);
