/** What the tests of crypto/ share: hexadecimal octets, keys, a party's small CA, the openssl
 * command. */
#pragma once

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/codec.h"
#include "crypto/cert.h"
#include "crypto/digest.h"
#include "support/test_assert.h"

#define KIT_NOW INT64_C(1795519800000) /* 2026-11-24T11:30:00Z */
#define KIT_PARTY "th.ngo.example"

static inline sph_slice kit_empty(void)
{
    return (sph_slice){NULL, 0};
}

/** Octets of a hexadecimal text; the caller clears the buffer. */
static inline sph_buf kit_hex(const char *text)
{
    sph_err err = {0};
    sph_buf out = sph_buf_init(1 << 20);
    assert_non_null(text);
    assert_ok(sph_hex_decode(sph_slice_str(text), &out, &err), &err);
    return out;
}

static inline sph_secret *kit_secret(sph_slice octets)
{
    sph_err err = {0};
    sph_secret *out = NULL;
    assert_ok(sph_secret_from(octets, &out, &err), &err);
    return out;
}

static inline sph_secret *kit_secret_hex(const char *text)
{
    SPH_AUTO(sph_buf) octets = kit_hex(text);
    return kit_secret(sph_buf_peek(&octets));
}

static inline sph_key *kit_key(enum sph_key_kind kind)
{
    sph_err err = {0};
    sph_key *out = NULL;
    assert_ok(sph_key_generate(kind, &out, &err), &err);
    return out;
}

/** A key pair of each kind, a root and the leaves under it: what a node of one party has. */
struct kit_ca {
    sph_key *root_key, *tls_key, *ed_key, *x_key, *rsa_key;
    sph_cert *root, *tls, *sign_ed, *sign_rsa, *enc_x, *enc_rsa;
};

static inline sph_cert *kit_leaf(const struct kit_ca *ca, const sph_key *key, enum sph_cert_use use)
{
    sph_err err = {0};
    sph_cert *out = NULL;
    assert_ok(sph_cert_issue_leaf(ca->root_key, ca->root, KIT_PARTY, sph_key_peek_public(key), use,
                                  sph_random_real(), KIT_NOW, 90, &out, &err),
              &err);
    return out;
}

/** Root and TLS leaf alone: RSA keys take their time to make. */
static inline struct kit_ca kit_root_new(void)
{
    sph_err err = {0};
    struct kit_ca ca = {0};
    ca.root_key = kit_key(SPH_KEY_P256);
    ca.tls_key = kit_key(SPH_KEY_P256);
    assert_ok(sph_cert_issue_root(ca.root_key, KIT_PARTY, sph_random_real(), KIT_NOW, 3650,
                                  &ca.root, &err),
              &err);
    ca.tls = kit_leaf(&ca, ca.tls_key, SPH_USE_TLS);
    return ca;
}

static inline struct kit_ca kit_ca_new(void)
{
    struct kit_ca ca = kit_root_new();
    ca.ed_key = kit_key(SPH_KEY_ED25519);
    ca.x_key = kit_key(SPH_KEY_X25519);
    ca.rsa_key = kit_key(SPH_KEY_RSA3072);
    ca.sign_ed = kit_leaf(&ca, ca.ed_key, SPH_USE_SIGN);
    ca.sign_rsa = kit_leaf(&ca, ca.rsa_key, SPH_USE_SIGN);
    ca.enc_x = kit_leaf(&ca, ca.x_key, SPH_USE_ENCRYPT);
    ca.enc_rsa = kit_leaf(&ca, ca.rsa_key, SPH_USE_ENCRYPT);
    return ca;
}

static inline void kit_ca_clear(struct kit_ca *ca)
{
    sph_key **keys[] = {&ca->root_key, &ca->tls_key, &ca->ed_key, &ca->x_key, &ca->rsa_key};
    sph_cert **certs[] = {&ca->root,     &ca->tls,   &ca->sign_ed,
                          &ca->sign_rsa, &ca->enc_x, &ca->enc_rsa};
    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
        sph_key_free(keys[i]);
    for (size_t i = 0; i < sizeof(certs) / sizeof(certs[0]); i++)
        sph_cert_free(certs[i]);
}

/** A temporary folder for files that the openssl command reads and writes. */
struct kit_folder {
    char path[64];
};

static inline struct kit_folder kit_folder_new(void)
{
    struct kit_folder folder = {"/tmp/saphan-crypto-XXXXXX"};
    assert_non_null(mkdtemp(folder.path));
    return folder;
}

static inline void kit_folder_clear(struct kit_folder *folder)
{
    char command[128];
    (void)snprintf(command, sizeof(command), "rm -rf '%s'", folder->path);
    assert_int_equal(system(command), 0);
}

static inline void kit_put(const struct kit_folder *folder, const char *name, sph_slice bytes)
{
    char path[128];
    (void)snprintf(path, sizeof(path), "%s/%s", folder->path, name);
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes.at, 1, bytes.len, file), bytes.len);
    assert_int_equal(fclose(file), 0);
}

static inline sph_buf kit_get(const struct kit_folder *folder, const char *name)
{
    char path[128];
    uint8_t bytes[8192];
    sph_err err = {0};
    sph_buf out = sph_buf_init(sizeof(bytes));
    (void)snprintf(path, sizeof(path), "%s/%s", folder->path, name);
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    const size_t got = fread(bytes, 1, sizeof(bytes), file);
    assert_int_equal(fclose(file), 0);
    assert_ok(sph_buf_add(&out, sph_slice_of(bytes, got), &err), &err);
    return out;
}

static inline void kit_put_cert(const struct kit_folder *folder, const char *name,
                                const sph_cert *cert)
{
    sph_err err = {0};
    SPH_AUTO(sph_buf) pem = sph_buf_init(1 << 16);
    assert_ok(sph_cert_pem(cert, &pem, &err), &err);
    kit_put(folder, name, sph_buf_peek(&pem));
}

/** Run a shell command in the folder; its exit code. Output goes nowhere. */
static inline int kit_run(const struct kit_folder *folder, const char *command)
{
    char line[1024];
    const int len =
        snprintf(line, sizeof(line), "cd '%s' && { %s; } >out.txt 2>&1", folder->path, command);
    assert_true(len > 0 && (size_t)len < sizeof(line));
    return system(line);
}
