/* First inputs of fuzz_crypto_crl: CRLs of another root, empty and with an entry. Usage:
 * seeds_crypto_crl DIR */
#include <stdio.h>
#include <stdlib.h>

#include "base/env.h"
#include "crypto/cert.h"

#define NOW INT64_C(1795519800000) /* 2026-11-24T11:30:00Z */

static void require(bool holds)
{
    if (!holds)
        exit(1);
}

static void put_crl(const char *folder, const char *name, const sph_key *key, const sph_cert *root,
                    size_t count)
{
    char path[1024];
    SPH_AUTO(sph_buf) crl = sph_buf_init(1 << 16);
    const sph_cert *const revoked[] = {root};
    require(sph_crl_issue(key, root, revoked, count, 1, NOW, &crl, NULL).code == SPH_OK);
    require(sph_str_format(path, sizeof(path), NULL, "%s/%s", folder, name).code == SPH_OK);
    FILE *file = fopen(path, "wb");
    require(file && fwrite(crl.at, 1, crl.len, file) == crl.len && fclose(file) == 0);
}

int main(int argc, char **argv)
{
    require(argc == 2);
    SPH_AUTO_PTR(sph_key) *key = NULL;
    SPH_AUTO_PTR(sph_cert) *root = NULL;
    require(sph_key_generate(SPH_KEY_P256, &key, NULL).code == SPH_OK);
    require(sph_cert_issue_root(key, "th.ngo.example", sph_random_real(), NOW, 3650, &root, NULL)
                .code == SPH_OK);
    put_crl(argv[1], "empty.der", key, root, 0);
    put_crl(argv[1], "one.der", key, root, 1);
    return 0;
}
