/** Offline verification: what a file is, and whether it holds (ledger.md 11). Needs no node, no
 * network and no store; this layer links none of them. */
#pragma once

#include "base/env.h"
#include "evidence/trust.h"

/** What a file claims to be, by its content alone; nothing is checked. */
enum sph_evidence_kind sph_evidence_recognise(sph_slice octets);

/** Judge one file. Whatever is wrong with it is said in the verdict, not in the result.
 *  octets  at most SPH_VERIFY_FILE_MAX; borrowed during the call
 *  out     owned (sph_verdict_free); untouched on failure
 *  errors  SPH_ENOMEM
 */
SPH_MUST sph_rc sph_verify_file(sph_slice octets, const struct sph_verify_context *context,
                                sph_verdict **out, sph_err *err);
#define SPH_VERIFY_FILE_MAX (8u << 20) /* octets */
#define SPH_VERIFY_TRUST_MAX 16

/** Paths as a person gives them. */
struct sph_verify_paths {
    const char *file;
    const char *leaf;                        /* NULL: none */
    const char *trust[SPH_VERIFY_TRUST_MAX]; /* trust_count of them */
    size_t trust_count;
};
/** Load the files and judge. A file that cannot be read or trusted is said in the verdict. */
SPH_MUST sph_rc sph_verify_paths(const sph_files *files, const struct sph_verify_paths *paths,
                                 int64_t now_ms, sph_verdict **out, sph_err *err);
