/* ds:X509IssuerName and the numbers beside it, as text from a message. The first octet splits the
 * input. */
#include <stdint.h>
#include <stdlib.h>

#include "base/env.h"
#include "crypto/cert.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
    if (!holds)
        abort();
}

static const sph_cert *run_cert(void)
{
    static sph_cert *root;
    if (!root) {
        SPH_AUTO_PTR(sph_key) *key = NULL;
        require(sph_key_generate(SPH_KEY_P256, &key, NULL).code == SPH_OK);
        require(sph_cert_issue_root(key, "th.ngo.example", sph_random_real(),
                                    INT64_C(1795519800000), 3650, &root, NULL)
                    .code == SPH_OK);
    }
    return root;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const sph_cert *cert = run_cert();
    SPH_AUTO(sph_buf) issuer = sph_buf_init(4096);
    SPH_AUTO(sph_buf) serial = sph_buf_init(64);
    require(sph_cert_issuer_serial(cert, &issuer, &serial, NULL).code == SPH_OK);
    require(sph_cert_matches_issuer_serial(cert, sph_buf_peek(&issuer), sph_buf_peek(&serial)));
    const sph_slice input = sph_slice_of(data, size);
    const size_t split = size > 0 && data[0] < size ? data[0] : 0;
    (void)sph_cert_matches_issuer_serial(cert, input, sph_buf_peek(&serial));
    (void)sph_cert_matches_issuer_serial(cert, sph_slice_sub(input, split, size),
                                         sph_slice_sub(input, 0, split));
    /* The serial number is random, so no input can hold it. */
    require(!sph_cert_matches_issuer_serial(cert, sph_buf_peek(&issuer), input));
    return 0;
}
