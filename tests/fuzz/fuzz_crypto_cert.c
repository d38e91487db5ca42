/* Certificates and paths as a message or a TLS partner brings them. Properties: what parses is
 * canonical and survives its own forms; no input is ever believed under a root it was not signed
 * by. */
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

/* The root of the run; the input cannot hold its signature. */
static const sph_cert *run_root(void)
{
    static sph_cert *root;
    if (!root) {
        SPH_AUTO_PTR(sph_key) *key = NULL;
        require(sph_key_generate(SPH_KEY_P256, &key, NULL).code == SPH_OK);
        require(sph_cert_issue_root(key, PARTY, sph_random_real(), NOW, 3650, &root, NULL).code ==
                SPH_OK);
    }
    return root;
}

static void use(const sph_cert *cert, sph_slice input)
{
    char party[SPH_PARTY_ROOM];
    SPH_AUTO(sph_buf) issuer = sph_buf_init(1 << 20);
    SPH_AUTO(sph_buf) serial = sph_buf_init(1 << 20);
    SPH_AUTO(sph_buf) text = sph_buf_init(1 << 20);
    SPH_AUTO_PTR(sph_cert) *again = NULL;
    for (unsigned kind = SPH_USE_ROOT; kind <= SPH_USE_ENCRYPT; kind++)
        require(sph_cert_check(cert, run_root(), PARTY, (enum sph_cert_use)kind, NOW, input, NULL)
                    .code != SPH_OK);
    (void)(sph_cert_check_root(cert, PARTY, NOW, NULL).code == SPH_OK);
    if (sph_cert_party(cert, party, NULL).code == SPH_OK)
        require(sph_party_valid(sph_slice_str(party)));
    require(sph_cert_ski(cert, &text, NULL).code == SPH_OK);
    if (sph_cert_issuer_serial(cert, &issuer, &serial, NULL).code == SPH_OK)
        (void)sph_cert_matches_issuer_serial(cert, sph_buf_peek(&issuer), sph_buf_peek(&serial));
    sph_buf_clear(&text);
    require(sph_cert_pem(cert, &text, NULL).code == SPH_OK);
    require(sph_cert_parse_pem(sph_buf_peek(&text), &again, NULL).code == SPH_OK);
    require(sph_slice_equal(sph_cert_peek_der(cert), sph_cert_peek_der(again)));
}

static void try_path(sph_slice input)
{
    sph_cert *path[4] = {NULL};
    size_t count = 0;
    SPH_AUTO(sph_buf) again = sph_buf_init(1 << 16);
    if (sph_pkipath_parse(input, path, &count, NULL).code != SPH_OK)
        return;
    const sph_cert *const chain[] = {path[0], path[1], path[2], path[3]};
    require(sph_pkipath_encode(chain, count, &again, NULL).code == SPH_OK);
    require(sph_slice_equal(sph_buf_peek(&again), input));
    for (size_t i = 0; i < count; i++)
        sph_cert_free(&path[i]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const sph_slice input = sph_slice_of(data, size);
    SPH_AUTO_PTR(sph_cert) *cert = NULL;
    SPH_AUTO_PTR(sph_cert) *from_pem = NULL;
    if (sph_cert_parse(input, &cert, NULL).code == SPH_OK) {
        require(sph_slice_equal(sph_cert_peek_der(cert), input));
        use(cert, input);
    }
    if (sph_cert_parse_pem(input, &from_pem, NULL).code == SPH_OK)
        use(from_pem, input);
    try_path(input);
    return 0;
}
