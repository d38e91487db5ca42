/** Documents that people bring as files: what they are, and whether they would be refused. */
#pragma once

#include "exchange/node.h"
#include "packet/judgment.h"

enum sph_document_kind { SPH_DOCUMENT_JUDGMENT, SPH_DOCUMENT_PACKET };

/** Look at a file: an Akoma Ntoso judgment is imported for trial, a packet is checked with its
 * issuer's record (own or partner's). SPH_EREFUSED with findings; SPH_EPARSE when it is neither.
 * facts are filled for a judgment. */
SPH_MUST sph_rc sph_document_check(sph_node *node, sph_slice octets, enum sph_document_kind *kind,
                                   struct sph_judgment_facts *facts, sph_findings *findings,
                                   sph_err *err);
/** Import a judgment for publication: canonical profile octets appended (with layer 3 when the
 * official schema is installed). */
SPH_MUST sph_rc sph_document_import(sph_node *node, sph_slice octets,
                                    struct sph_judgment_facts *facts, sph_findings *findings,
                                    sph_buf *out, sph_err *err);
/** Uploaded bytes wait under spool/ until a submit names them: stored under a fresh random name. */
SPH_MUST sph_rc sph_upload_keep(sph_node *node, const sph_reader *from, uint64_t most,
                                char name[64], uint64_t *len, sph_err *err);
/** Open an upload; SPH_ENOTFOUND. The name is checked to be one that we gave. */
SPH_MUST sph_rc sph_upload_open(sph_node *node, const char *name, sph_file **out, uint64_t *len,
                                sph_err *err);
/** Forget an upload; unknown names are fine. */
void sph_upload_drop(sph_node *node, const char *name);
