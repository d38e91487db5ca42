/* A relayed part from anywhere, for a key that the seeds are sealed for: what opens is shorter by
 * exactly what sealing adds, and with any other party at either end it does not open. */
#include <stdlib.h>

#include "crypto/digest.h"
#include "packet/relay.h"
#include "relay_sample.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static sph_key *key;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc, (void)argv;
    if (sph_crypto_start(NULL).code != SPH_OK)
        abort();
    key = relay_sample_key();
    return 0;
}

static sph_rc try_open(const struct sph_srx_ends *ends, sph_slice sealed, sph_buf *out)
{
    return sph_srx_open(key, ends, sealed, sph_limits_default(), out, NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct sph_srx_ends turned = {RELAY_SAMPLE_RECIPIENT, RELAY_SAMPLE_SENDER};
    const sph_slice sealed = sph_slice_of(data, size);
    SPH_AUTO(sph_buf) out = sph_buf_init(1u << 20);
    sph_hash named;
    const sph_rc rc = try_open(&relay_sample_ends, sealed, &out);
    if (rc.code != SPH_OK && (out.len != 0 || rc.code != SPH_EPROOF))
        abort();
    if (sph_srx_is(sealed) != (sph_srx_recipient(sealed, &named, NULL).code == SPH_OK))
        abort();
    if (rc.code != SPH_OK)
        return 0;
    if (out.len + SPH_SRX_OVERHEAD != size || !sph_srx_is(sealed))
        abort();
    sph_buf_cut(&out, 0);
    if (try_open(&turned, sealed, &out).code != SPH_EPROOF || out.len != 0)
        abort();
    return 0;
}
