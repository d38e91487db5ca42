/* SPL1 decoder: whatever decodes must encode to the same octets again. */
#include "ledger/leaf.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    SPH_AUTO(sph_buf) again = sph_buf_init(SPH_LEAF_MAX);
    sph_leaf leaf;
    if (sph_leaf_decode(sph_slice_of(data, size), &leaf, NULL).code != SPH_OK)
        return 0;
    if (!sph_event_name(leaf.event)) /* a reader takes unknown events, a writer does not */
        leaf.event = SPH_EVENT_PAD;
    if (sph_leaf_encode(&leaf, &again, NULL).code != SPH_OK || again.len != size)
        abort();
    for (size_t i = 0; i < size; i++)
        if (again.at[i] != data[i] && i != 6 && i != 7)
            abort();
    return 0;
}
