/** The whole trust core: two verifying functions (ledger.md 1, L9), shared with the offline
 * verifier. Pure. */
#pragma once

#include "crypto/digest.h"

/** Every hash is checked to be 32 octets first. SPH_EPROOF when the proof does not hold. */
SPH_MUST sph_rc sph_proof_check_inclusion(uint64_t index, uint64_t size, sph_slice leaf_hash,
                                          const sph_slice *proof, size_t count, sph_slice root,
                                          sph_err *err);
/** m == 0 never verifies (L9). */
SPH_MUST sph_rc sph_proof_check_consistency(uint64_t m, uint64_t n, const sph_slice *proof,
                                            size_t count, sph_slice root_m, sph_slice root_n,
                                            sph_err *err);
