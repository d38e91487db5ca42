/* A small message of each suite and its receipt, with keys made on the spot, for the first inputs
 * of the AS4 targets. */
#pragma once

#include <stdio.h>
#include <stdlib.h>

#include "as4/build.h"
#include "as4/receive.h"
#include "crypto/digest.h"
#include "xml/xml.h"

#define SAMPLE_NOW_MS INT64_C(1795000000000)

static inline void sample_must(sph_rc rc)
{
    if (rc.code != SPH_OK)
        abort();
}

static inline void sample_store(const char *folder, const char *name, sph_slice a, sph_slice b)
{
    char path[1024];
    (void)snprintf(path, sizeof(path), "%s/%s", folder, name);
    FILE *file = fopen(path, "wb");
    if (file == NULL || fwrite(a.at, 1, a.len, file) != a.len ||
        (b.len > 0 && fwrite(b.at, 1, b.len, file) != b.len) || fclose(file) != 0)
        abort();
}

/* A pull request of `suite`, with keys made on the spot. */
static inline void sample_pull(enum sph_suite suite, sph_buf *out)
{
    sph_key *root_key = NULL, *sign_key = NULL;
    sph_cert *root = NULL, *sign = NULL;
    const sph_random *random = sph_random_real();
    sample_must(sph_key_generate(SPH_KEY_P256, &root_key, NULL));
    sample_must(sph_key_generate(sph_suite_sign_kind(suite), &sign_key, NULL));
    sample_must(
        sph_cert_issue_root(root_key, "a.example", random, SAMPLE_NOW_MS, 900, &root, NULL));
    sample_must(sph_cert_issue_leaf(root_key, root, "a.example", sph_key_peek_public(sign_key),
                                    SPH_USE_SIGN, random, SAMPLE_NOW_MS, 90, &sign, NULL));
    const sph_as4_signer signer = {sign_key, sign, root, SPH_TOKEN_BST_X509};
    sample_must(sph_as4_build_pull("urn:saphan:mpc:x", "q@a.example", SAMPLE_NOW_MS, suite, &signer,
                                   random, out, NULL));
    sph_cert_free(&sign);
    sph_cert_free(&root);
    sph_key_free(&sign_key);
    sph_key_free(&root_key);
}

/* The message's MIME octets in *mime, its SOAP part and Content-Type in *built, its receipt in
 * *receipt. */
static inline void sample_message(enum sph_suite suite, enum sph_token_ref form, sph_buf *mime,
                                  sph_as4_built *built, sph_buf *receipt)
{
    const sph_random *random = sph_random_real();
    sph_key *root_key = NULL, *sign_key = NULL, *encrypt_key = NULL;
    sph_cert *root = NULL, *sign = NULL, *encrypt = NULL;
    sample_must(sph_key_generate(SPH_KEY_P256, &root_key, NULL));
    sample_must(sph_key_generate(sph_suite_sign_kind(suite), &sign_key, NULL));
    sample_must(sph_key_generate(sph_suite_encrypt_kind(suite), &encrypt_key, NULL));
    sample_must(
        sph_cert_issue_root(root_key, "a.example", random, SAMPLE_NOW_MS, 900, &root, NULL));
    sample_must(sph_cert_issue_leaf(root_key, root, "a.example", sph_key_peek_public(sign_key),
                                    SPH_USE_SIGN, random, SAMPLE_NOW_MS, 90, &sign, NULL));
    sample_must(sph_cert_issue_leaf(root_key, root, "a.example", sph_key_peek_public(encrypt_key),
                                    SPH_USE_ENCRYPT, random, SAMPLE_NOW_MS, 90, &encrypt, NULL));
    const sph_as4_user user = {.message_id = "m@a.example",
                               .timestamp_ms = SAMPLE_NOW_MS,
                               .from = "a.example",
                               .from_type = SPH_PARTY_TYPE,
                               .from_role = "r",
                               .to = "b.example",
                               .to_role = "r",
                               .service = SPH_SERVICE,
                               .action = "a2",
                               .conversation_id = ""};
    const sph_as4_payload part = {.cid = "p@a.example",
                                  .mime_type = "application/xml",
                                  .octets = SPH_LIT("octets"),
                                  .len = 6,
                                  .sha256 = sph_sha256_of(SPH_LIT("octets"))};
    const sph_as4_signer signer = {sign_key, sign, root, form};
    const sph_writer writer = sph_writer_of_buf(mime);
    sample_must(sph_as4_build_user(&user, &part, 1, suite, &signer, encrypt, form, random, &writer,
                                   built, NULL));
    sample_must(sph_as4_build_receipt_from_root(sph_buf_peek(&built->root), "r@b.example",
                                                SAMPLE_NOW_MS, (sph_slice){0}, suite, &signer,
                                                random, receipt, NULL));
    sph_cert_free(&encrypt);
    sph_cert_free(&sign);
    sph_cert_free(&root);
    sph_key_free(&encrypt_key);
    sph_key_free(&sign_key);
    sph_key_free(&root_key);
}
