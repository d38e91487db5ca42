/* A CRL as a partner's card brings it, judged with a good leaf: only the one that the root signed
 * lets the leaf through, whatever else the octets say. */
#include <stdint.h>
#include <stdlib.h>

#include "base/env.h"
#include "crypto/cert.h"

#define PARTY "th.ngo.example"
#define NOW INT64_C(1795519800000) /* 2026-11-24T11:30:00Z */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
    if (!holds)
        abort();
}

static struct {
    sph_cert *root, *leaf;
} run;

static void make_run(void)
{
    SPH_AUTO_PTR(sph_key) *root_key = NULL;
    SPH_AUTO_PTR(sph_key) *key = NULL;
    require(sph_key_generate(SPH_KEY_P256, &root_key, NULL).code == SPH_OK);
    require(sph_key_generate(SPH_KEY_ED25519, &key, NULL).code == SPH_OK);
    require(
        sph_cert_issue_root(root_key, PARTY, sph_random_real(), NOW, 3650, &run.root, NULL).code ==
        SPH_OK);
    require(sph_cert_issue_leaf(root_key, run.root, PARTY, sph_key_peek_public(key), SPH_USE_SIGN,
                                sph_random_real(), NOW, 90, &run.leaf, NULL)
                .code == SPH_OK);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (!run.leaf)
        make_run();
    const sph_rc rc = sph_cert_check(run.leaf, run.root, PARTY, SPH_USE_SIGN, NOW,
                                     sph_slice_of(data, size), NULL);
    require((rc.code == SPH_OK) == (size == 0));
    return 0;
}
