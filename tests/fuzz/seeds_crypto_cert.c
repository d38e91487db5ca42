/* First inputs of fuzz_crypto_cert: a root, a leaf of each use, a PKIPath, PEM. Usage:
 * seeds_crypto_cert DIR */
#include <stdio.h>
#include <stdlib.h>

#include "base/env.h"
#include "crypto/cert.h"

#define PARTY "th.ngo.example"
#define NOW INT64_C(1795519800000) /* 2026-11-24T11:30:00Z */

static void require(bool holds)
{
    if (!holds)
        exit(1);
}

static void put(const char *folder, const char *name, sph_slice bytes)
{
    char path[1024];
    require(sph_str_format(path, sizeof(path), NULL, "%s/%s", folder, name).code == SPH_OK);
    FILE *file = fopen(path, "wb");
    require(file && fwrite(bytes.at, 1, bytes.len, file) == bytes.len && fclose(file) == 0);
}

static sph_cert *leaf(const sph_key *root_key, const sph_cert *root, enum sph_key_kind kind,
                      enum sph_cert_use use)
{
    SPH_AUTO_PTR(sph_key) *key = NULL;
    sph_cert *out = NULL;
    require(sph_key_generate(kind, &key, NULL).code == SPH_OK);
    require(sph_cert_issue_leaf(root_key, root, PARTY, sph_key_peek_public(key), use,
                                sph_random_real(), NOW, 90, &out, NULL)
                .code == SPH_OK);
    return out;
}

int main(int argc, char **argv)
{
    require(argc == 2);
    SPH_AUTO_PTR(sph_key) *root_key = NULL;
    SPH_AUTO_PTR(sph_cert) *root = NULL;
    SPH_AUTO(sph_buf) path = sph_buf_init(1 << 16);
    SPH_AUTO(sph_buf) pem = sph_buf_init(1 << 16);
    require(sph_key_generate(SPH_KEY_P256, &root_key, NULL).code == SPH_OK);
    require(sph_cert_issue_root(root_key, PARTY, sph_random_real(), NOW, 3650, &root, NULL).code ==
            SPH_OK);
    SPH_AUTO_PTR(sph_cert) *tls = leaf(root_key, root, SPH_KEY_P256, SPH_USE_TLS);
    SPH_AUTO_PTR(sph_cert) *sign = leaf(root_key, root, SPH_KEY_ED25519, SPH_USE_SIGN);
    SPH_AUTO_PTR(sph_cert) *encrypt = leaf(root_key, root, SPH_KEY_X25519, SPH_USE_ENCRYPT);
    const sph_cert *const chain[] = {root, sign};
    require(sph_pkipath_encode(chain, 2, &path, NULL).code == SPH_OK);
    require(sph_cert_pem(tls, &pem, NULL).code == SPH_OK);
    put(argv[1], "root.der", sph_cert_peek_der(root));
    put(argv[1], "tls.der", sph_cert_peek_der(tls));
    put(argv[1], "sign.der", sph_cert_peek_der(sign));
    put(argv[1], "encrypt.der", sph_cert_peek_der(encrypt));
    put(argv[1], "path.der", sph_buf_peek(&path));
    put(argv[1], "tls.pem", sph_buf_peek(&pem));
    return 0;
}
