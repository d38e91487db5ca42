/** Enrolling a foreign AS4 product (as4.md D16): its certificates, address and P-Mode, by the
 * operator's own word. */
#pragma once

#include "exchange/node.h"

/** A certificate that the operator gave. */
struct sph_foreign_cert {
    const char *use;   /* "sign", "encrypt", "tls", "ca", or "any": what key and key usage allow,
                        but for uses that another certificate was named for */
    const char *label; /* how the operator named it, for messages */
    sph_slice pem;     /* one certificate or several */
};
/** Why it was not taken: a text of the catalogue with its {value}. key NULL: no words of its own.
 */
struct sph_foreign_problem {
    const char *key;
    char value[160];
};
struct sph_foreign_given {
    const char *party;     /* the short name here */
    const sph_json *pmode; /* members of the P-Mode that are set or changed; NULL: none */
    const struct sph_foreign_cert *certs;
    size_t cert_count;
    const char *user;
    bool is_dry_run;
};
/** Add or change: members that are not given stay, or get their default. Certificates are added to
 * those that are known; those that have run out go, and of each use the newest two stay (current
 * and next). Row and PARTNER_ADDED leaf, which holds the digest of the stored P-Mode, in one
 * commit. SPH_EREFUSED and SPH_EEXISTS with *problem. */
SPH_MUST sph_rc sph_foreign_partner_add(sph_node *node, const struct sph_foreign_given *given,
                                        struct sph_foreign_problem *problem, sph_err *err);
/** The P-Mode as it is stored, as JSON; owned. SPH_ENOTFOUND when it is no foreign partner. */
SPH_MUST sph_rc sph_foreign_partner_pmode(sph_node *node, const char *party, sph_json **out,
                                          sph_err *err);
