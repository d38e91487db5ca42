/** The certificate list of a P-Mode while it is changed. Internal to the foreign files. */
#pragma once

#include "exchange/foreign_admin.h"
#include "exchange/pmode.h"

#define SPH_FOREIGN_CERTS 64

struct sph_foreign_certs {
    struct {
        char use[8];
        sph_cert *cert;
    } row[SPH_FOREIGN_CERTS];
    size_t count;
    const struct sph_foreign_given *given; /* borrowed: all that the operator gave */
};
/** Give up the certificates; the struct is empty then. */
void sph_foreign_certs_clear(struct sph_foreign_certs *certs);
/** Those of a stored P-Mode. */
SPH_MUST sph_rc sph_foreign_certs_read(const sph_json *list, struct sph_foreign_certs *out,
                                       sph_err *err);
/** Add what the operator gave. SPH_EREFUSED with *problem: no certificate in it, a key of no kind
 * used here or RSA below 3072 bits (as4.md D13), key or key usage of another use, or run out. */
SPH_MUST sph_rc sph_foreign_certs_add(struct sph_foreign_certs *certs,
                                      const struct sph_foreign_cert *given, enum sph_suite suite,
                                      int64_t now_ms, struct sph_foreign_problem *problem,
                                      sph_err *err);
/** The list to be stored: without what has run out or is of another kind than the suite's, and the
 * newest two of each use. */
SPH_MUST sph_rc sph_foreign_certs_print(const struct sph_foreign_certs *certs, enum sph_suite suite,
                                        int64_t now_ms, sph_json **out, sph_err *err);
