/* tlog-proof parser, and the verifying walk over whatever hashes it yields. */
#include "ledger/note.h"
#include "ledger/proof.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    SPH_AUTO(sph_buf) again = sph_buf_init(1 << 18);
    const sph_slice input = sph_slice_of(data, size);
    const sph_hash leaf = {{1}};
    sph_tlog_proof proof;
    sph_checkpoint head;
    sph_slice hashes[64];
    if (sph_tlog_proof_parse(input, &proof, NULL).code != SPH_OK)
        return 0;
    if (proof.count > 64 || sph_checkpoint_parse(proof.checkpoint, &head, NULL).code != SPH_OK)
        abort();
    for (size_t i = 0; i < proof.count; i++)
        hashes[i] = sph_slice_hash(&proof.hashes[i]);
    const sph_rc holds =
        sph_proof_check_inclusion(proof.index, head.size, sph_slice_hash(&leaf), hashes,
                                  proof.count, sph_slice_hash(&head.root), NULL);
    if (holds.code == SPH_OK && proof.count == 0 && head.size != 1)
        abort();
    if (sph_tlog_proof_write(proof.index, proof.hashes, proof.count, proof.checkpoint, &again, NULL)
            .code != SPH_OK)
        abort();
    if (sph_slice_find(input, SPH_LIT("\nextra "), 0) == SIZE_MAX &&
        !sph_slice_equal(sph_buf_peek(&again), input))
        abort();
    return 0;
}
