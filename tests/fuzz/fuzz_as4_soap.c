/* The SOAP part of an AS4 message from untrusted bytes: open, verify, and the checks that a
 * stranger's signature would not let it reach. A verify that succeeds without a signer of the
 * trusted root would be the end of everything. */
#include "as4/token.h"
#include "as4/wss.h"

#include <stdlib.h>

#include "as4_sample.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A root of an invented party. Its key was thrown away when it was made: nothing can be signed
 * under it. */
static const char root_pem[] = "-----BEGIN CERTIFICATE-----\n"
                               "MIIBozCCAUigAwIBAgIUFFGetBsdm0WzT3r3yJh/9FdOLyAwCgYIKoZIzj0EAwIw\n"
                               "HTEbMBkGA1UEAwwSYS5leGFtcGxlLTU4NzRmYzJjMB4XDTI2MTEyNDExNDIxMFoX\n"
                               "DTM2MTEyMTEyNDIxMFowHTEbMBkGA1UEAwwSYS5leGFtcGxlLTU4NzRmYzJjMFkw\n"
                               "EwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEr4pBQOz04IMlCjG+LKvud4v4VreU9v0d\n"
                               "mq3gzp3T3njwxbI01mrJPoA38cQFI6uAX355XVKjW1tr0rZHnUAob6NmMGQwEgYD\n"
                               "VR0TAQH/BAgwBgEB/wIBADAOBgNVHQ8BAf8EBAMCAQYwHQYDVR0OBBYEFGMDUJlW\n"
                               "qiFOnHFpMtyiriOHwHkSMB8GA1UdIwQYMBaAFGMDUJlWqiFOnHFpMtyiriOHwHkS\n"
                               "MAoGCCqGSM49BAMCA0kAMEYCIQCsRbbbQa1oPxcOTdo0bPV/2any9h6u9DGJV9I8\n"
                               "X4lYcwIhAPVLhh4EVFYXg0lFfFiRFWva68kspGbBovHPVKkpdm7W\n"
                               "-----END CERTIFICATE-----\n";

static const sph_cert *own_root(void)
{
    static sph_cert *root;
    if (root != NULL)
        return root;
    sph_xml_start();
    sample_must(sph_crypto_start(NULL));
    sample_must(sph_cert_parse_pem(sph_slice_str(root_pem), &root, NULL));
    return root;
}

/* What lies behind the signature check. */
static void deeper(const sph_as4_in *in, const sph_as4_trust *trust)
{
    struct sph_wss wss;
    sph_as4_fault fault = {0};
    if (sph_wss_read(in, &wss, &fault, NULL).code != SPH_OK)
        return;
    SPH_AUTO_PTR(sph_xenc_key) *key = NULL;
    SPH_AUTO(sph_as4_token_in) token = {0};
    SPH_AUTO_PTR(sph_cert) *cert = NULL;
    if (sph_wss_check_encryption(in, &wss, trust, &key, &fault, NULL).code != SPH_OK || key == NULL)
        return;
    if (sph_as4_token_read(sph_xenc_key_recipient(key), in->ids, in->security,
                           trust->accepts_legacy_refs, &token, NULL)
            .code != SPH_OK)
        return;
    (void)sph_as4_token_names(&token, own_root());
    if (sph_as4_token_cert(&token, &cert, NULL).code != SPH_OK && cert != NULL)
        abort();
}

static void signals(const sph_as4_in *in)
{
    struct sph_as4_error_seen errors[16];
    static const sph_as4_refs none;
    SPH_AUTO(sph_buf) leaf = sph_buf_init(65536), proof = sph_buf_init(65536);
    const size_t count = sph_as4_errors(in, errors);
    for (size_t i = 0; i < count; i++)
        (void)sph_as4_error_is_final(&errors[i]);
    if (sph_as4_receipt_check(in, &none, NULL).code == SPH_OK)
        abort(); /* not verified */
    if (sph_as4_receipt_proof(in, &leaf, &proof, NULL).code != SPH_OK && leaf.len + proof.len > 0)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const sph_cert *root = own_root();
    for (int suite = 0; suite < SPH_SUITE_COUNT; suite++) {
        sph_as4_fault fault = {0};
        SPH_AUTO_PTR(sph_as4_in) *in = NULL;
        const bool is_foreign = size % 2 == 1; /* both ways of trusting, by the input */
        const sph_as4_trust trust = {.party = "a.example",
                                     .root = root,
                                     .at_ms = SAMPLE_NOW_MS + INT64_C(86400000) * 30,
                                     .suite = (enum sph_suite)suite,
                                     .is_foreign = is_foreign,
                                     .pinned = &root,
                                     .pinned_count = 1,
                                     .ca = root,
                                     .accepts_legacy_refs = is_foreign,
                                     .accepts_plain = is_foreign,
                                     .accepts_uncompressed_xml = is_foreign};
        const sph_rc rc =
            sph_as4_open_root(sph_slice_of(data, size), sph_limits_default(), &in, &fault, NULL);
        if ((rc.code == SPH_EREFUSED) != (fault.rule != NULL))
            abort();
        if (rc.code != SPH_OK)
            return 0;
        if (sph_as4_verify(in, &trust, &fault, NULL).code == SPH_OK || sph_as4_in_refs(in) != NULL)
            abort(); /* nobody has a key under this root */
        deeper(in, &trust);
        signals(in);
    }
    return 0;
}
