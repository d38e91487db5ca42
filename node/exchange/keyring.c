#include "exchange/keyring.h"

#include <sys/stat.h>

#define ROOT_DAYS 3650u
#define LEAF_DAYS 90u
#define RENEW_AGE_MS (60LL * 24 * 3600 * 1000)
#define CRL_RENEW_MS (15LL * 24 * 3600 * 1000)
#define DAY_MS (24LL * 3600 * 1000)
#define PEM_ROOM 16384u
#define PATH_ROOM 96u

/** What each slot is: key kind, certificate use, file stem. */
static const struct slot_profile {
    const char *name;
    enum sph_key_kind kind;
    enum sph_cert_use use;
} slots[SPH_SLOT_COUNT] = {
    [SPH_SLOT_TLS] = {"tls", SPH_KEY_P256, SPH_USE_TLS},
    [SPH_SLOT_SIGN_ED25519] = {"sign-ed25519", SPH_KEY_ED25519, SPH_USE_SIGN},
    [SPH_SLOT_SIGN_RSA] = {"sign-rsa3072", SPH_KEY_RSA3072, SPH_USE_SIGN},
    [SPH_SLOT_ENC_X25519] = {"enc-x25519", SPH_KEY_X25519, SPH_USE_ENCRYPT},
    [SPH_SLOT_ENC_RSA] = {"enc-rsa3072", SPH_KEY_RSA3072, SPH_USE_ENCRYPT},
    [SPH_SLOT_SIGN_P256] = {"sign-p256", SPH_KEY_P256, SPH_USE_SIGN},
    [SPH_SLOT_ENC_P256] = {"enc-p256", SPH_KEY_P256, SPH_USE_ENCRYPT},
};

enum sph_leaf_slot sph_slot_sign(enum sph_suite suite)
{
    static const enum sph_leaf_slot of[SPH_SUITE_COUNT] = {
        [SPH_SUITE_EDELIVERY_1_15] = SPH_SLOT_SIGN_RSA,
        [SPH_SUITE_EDELIVERY_2_0_ED25519] = SPH_SLOT_SIGN_ED25519,
        [SPH_SUITE_EDELIVERY_2_0_P256] = SPH_SLOT_SIGN_P256};
    return of[suite];
}

enum sph_leaf_slot sph_slot_encrypt(enum sph_suite suite)
{
    static const enum sph_leaf_slot of[SPH_SUITE_COUNT] = {
        [SPH_SUITE_EDELIVERY_1_15] = SPH_SLOT_ENC_RSA,
        [SPH_SUITE_EDELIVERY_2_0_ED25519] = SPH_SLOT_ENC_X25519,
        [SPH_SUITE_EDELIVERY_2_0_P256] = SPH_SLOT_ENC_P256};
    return of[suite];
}

void sph_keyring_clear(sph_keyring *ring)
{
    if (!ring)
        return;
    sph_cert_free(&ring->root);
    sph_key_free(&ring->root_key);
    for (size_t i = 0; i < SPH_SLOT_COUNT; i++) {
        sph_key_free(&ring->slot[i].key);
        sph_cert_free(&ring->slot[i].leaf);
        sph_cert_free(&ring->slot[i].previous);
    }
    sph_key_free(&ring->log);
    sph_key_free(&ring->witness);
    sph_secret_free(&ring->kek);
    sph_buf_clear(&ring->crl);
}

static sph_rc key_path(char out[PATH_ROOM], const char *stem, const char *ending, sph_err *err)
{
    return sph_str_format(out, PATH_ROOM, err, "keys/%s.%s", stem, ending);
}

static sph_rc store_key(const struct sph_env *env, const char *stem, const sph_key *key,
                        sph_err *err)
{
    char path[PATH_ROOM];
    SPH_AUTO(sph_buf) pem = sph_buf_init(PEM_ROOM);
    SPH_TRY(key_path(path, stem, "key", err), err, "key path");
    SPH_TRY(sph_key_save_pem(key, &pem, err), err, "writing a key");
    const sph_rc rc = sph_file_store(env->files, path, sph_buf_peek(&pem), false, err);
    sph_wipe(pem.at, pem.len);
    return rc;
}

static sph_rc store_cert(const struct sph_env *env, const char *stem, const char *ending,
                         const sph_cert *cert, sph_err *err)
{
    char path[PATH_ROOM];
    SPH_AUTO(sph_buf) pem = sph_buf_init(PEM_ROOM);
    SPH_TRY(key_path(path, stem, ending, err), err, "certificate path");
    SPH_TRY(sph_cert_pem(cert, &pem, err), err, "writing a certificate");
    return sph_file_store(env->files, path, sph_buf_peek(&pem), true, err);
}

void sph_url_host(const char *url, char out[SPH_HOST_ROOM])
{
    const sph_slice rest = sph_slice_sub(sph_slice_str(url), sizeof("https://") - 1, SIZE_MAX);
    const bool is_bracketed = sph_slice_starts(rest, SPH_LIT("["));
    const sph_slice from = sph_slice_sub(rest, is_bracketed ? 1 : 0, SIZE_MAX);
    const size_t end = sph_slice_find(from, is_bracketed ? SPH_LIT("]") : SPH_LIT(":"), 0);
    const sph_slice host = sph_slice_sub(from, 0, end);
    if (sph_str_copy(out, SPH_HOST_ROOM, host, NULL).code != SPH_OK)
        out[0] = '\0';
}

/** Whose certificates they are, and where it is reached. */
struct owner {
    const sph_key *root_key;
    const sph_cert *root;
    const char *party;
    char host[SPH_HOST_ROOM];
};

/** A host that cannot stand in a certificate is left out: only others' clients look for it. */
static sph_rc issue(const struct sph_env *env, const struct owner *owner, enum sph_leaf_slot slot,
                    const sph_key *key, sph_cert **out, sph_err *err)
{
    const int64_t now_ms = env->clock->now_ms(env->clock->ctx);
    if (slot == SPH_SLOT_TLS &&
        sph_cert_issue_tls(owner->root_key, owner->root, owner->party, owner->host,
                           sph_key_peek_public(key), env->random, now_ms, LEAF_DAYS, out, NULL)
                .code == SPH_OK)
        return sph_ok();
    return sph_cert_issue_leaf(owner->root_key, owner->root, owner->party, sph_key_peek_public(key),
                               slots[slot].use, env->random, now_ms, LEAF_DAYS, out, err);
}

static sph_rc make_slot(const struct sph_env *env, const struct owner *owner,
                        enum sph_leaf_slot slot, sph_err *err)
{
    const struct slot_profile *profile = &slots[slot];
    SPH_AUTO_PTR(sph_key) *key = NULL;
    SPH_AUTO_PTR(sph_cert) *leaf = NULL;
    SPH_TRY(sph_key_generate(profile->kind, &key, err), err, "making the %s key", profile->name);
    SPH_TRY(issue(env, owner, slot, key, &leaf, err), err, "issuing the %s certificate",
            profile->name);
    SPH_TRY(store_key(env, profile->name, key, err), err, "storing the %s key", profile->name);
    return store_cert(env, profile->name, "cert", leaf, err);
}

static sph_rc make_plain_key(const struct sph_env *env, const char *stem, sph_err *err)
{
    SPH_AUTO_PTR(sph_key) *key = NULL;
    SPH_TRY(sph_key_generate(SPH_KEY_ED25519, &key, err), err, "making the %s key", stem);
    return store_key(env, stem, key, err);
}

static sph_rc make_kek(const struct sph_env *env, sph_err *err)
{
    SPH_AUTO_PTR(sph_secret) *kek = NULL;
    SPH_TRY(sph_secret_random(env->random, 32, &kek, err), err, "making the key-encryption key");
    return sph_file_store(env->files, "keys/kek-1.bin", sph_secret_peek(kek), false, err);
}

static sph_rc store_crl(const struct sph_env *env, const sph_key *root_key, const sph_cert *root,
                        sph_err *err)
{
    const int64_t now_ms = env->clock->now_ms(env->clock->ctx);
    SPH_AUTO(sph_buf) crl = sph_buf_init(PEM_ROOM);
    SPH_TRY(sph_crl_issue(root_key, root, NULL, 0, now_ms / 1000, now_ms, &crl, err), err,
            "signing the CRL");
    return sph_file_store(env->files, "keys/root.crl", sph_buf_peek(&crl), true, err);
}

sph_rc sph_keyring_create(const struct sph_env *env, const char *party, const char *url,
                          sph_err *err)
{
    bool is_there = false;
    SPH_TRY(env->files->make_dir(env->files->ctx, "keys", err), err, "making keys/");
    SPH_TRY(env->files->exists(env->files->ctx, "keys/root.key", &is_there, err), err,
            "looking for a root");
    if (is_there)
        return sph_fail(err, SPH_EEXISTS, "this home has a root key already");
    SPH_AUTO_PTR(sph_key) *root_key = NULL;
    SPH_AUTO_PTR(sph_cert) *root = NULL;
    SPH_TRY(sph_key_generate(SPH_KEY_P256, &root_key, err), err, "making the root key");
    SPH_TRY(sph_cert_issue_root(root_key, party, env->random, env->clock->now_ms(env->clock->ctx),
                                ROOT_DAYS, &root, err),
            err, "issuing the root certificate");
    struct owner owner = {root_key, root, party, ""};
    sph_url_host(url, owner.host);
    for (enum sph_leaf_slot slot = 0; slot < SPH_SLOT_COUNT; slot++)
        SPH_TRY(make_slot(env, &owner, slot, err), err, "slot %s", slots[slot].name);
    SPH_TRY(make_plain_key(env, "log", err), err, "log key");
    SPH_TRY(make_plain_key(env, "witness", err), err, "witness key");
    SPH_TRY(make_kek(env, err), err, "KEK");
    SPH_TRY(store_crl(env, root_key, root, err), err, "CRL");
    SPH_TRY(store_cert(env, "root", "cert", root, err), err, "root certificate");
    /* Last: a home with a root key is complete, so a crash before this line lets init start anew.
     */
    return store_key(env, "root", root_key, err);
}

static sph_rc refuse_open_modes(const struct sph_env *env, sph_file *file, const char *path,
                                sph_err *err)
{
    struct stat st;
    const int fd = env->files->fd(file);
    if (fd >= 0 && fstat(fd, &st) == 0 && (st.st_mode & 077) != 0)
        return sph_fail(err, SPH_EREFUSED, "%s can be read by others (mode %03o); chmod 600", path,
                        (unsigned)(st.st_mode & 0777));
    return sph_ok();
}

static sph_rc load_private(const struct sph_env *env, const char *path, sph_buf *out, sph_err *err)
{
    SPH_AUTO(sph_open_file) open_file = {env->files, NULL};
    SPH_TRY(env->files->open(env->files->ctx, path, SPH_OPEN_READ, &open_file.file, err), err, "%s",
            path);
    SPH_TRY(refuse_open_modes(env, open_file.file, path, err), err, "key file");
    sph_file_source source;
    const sph_reader reader =
        sph_reader_of_file(&source, env->files, open_file.file, 0, UINT64_MAX);
    const sph_writer writer = sph_writer_of_buf(out);
    return sph_stream_copy(&reader, &writer, out->cap, NULL, err);
}

static sph_rc load_key(const struct sph_env *env, const char *stem, sph_key **out, sph_err *err)
{
    char path[PATH_ROOM];
    SPH_AUTO(sph_buf) pem = sph_buf_init(PEM_ROOM);
    SPH_TRY(key_path(path, stem, "key", err), err, "key path");
    SPH_TRY(load_private(env, path, &pem, err), err, "reading a key");
    const sph_rc rc = sph_key_load_pem(sph_buf_peek(&pem), out, err);
    sph_wipe(pem.at, pem.len);
    return rc;
}

static sph_rc load_cert(const struct sph_env *env, const char *stem, const char *ending,
                        bool is_optional, sph_cert **out, sph_err *err)
{
    char path[PATH_ROOM];
    bool is_there = false;
    SPH_AUTO(sph_buf) pem = sph_buf_init(PEM_ROOM);
    SPH_TRY(key_path(path, stem, ending, err), err, "certificate path");
    SPH_TRY(env->files->exists(env->files->ctx, path, &is_there, err), err, "%s", path);
    if (!is_there && is_optional)
        return sph_ok();
    SPH_TRY(sph_file_load(env->files, path, &pem, err), err, "%s", path);
    return sph_cert_parse_pem(sph_buf_peek(&pem), out, err);
}

static sph_rc load_slot(const struct sph_env *env, enum sph_leaf_slot slot,
                        struct sph_key_slot *out, sph_err *err)
{
    const char *stem = slots[slot].name;
    SPH_TRY(load_key(env, stem, &out->key, err), err, "%s key", stem);
    SPH_TRY(load_cert(env, stem, "cert", false, &out->leaf, err), err, "%s certificate", stem);
    return load_cert(env, stem, "previous", true, &out->previous, err);
}

static sph_rc load_kek(const struct sph_env *env, sph_keyring *ring, sph_err *err)
{
    SPH_AUTO(sph_buf) octets = sph_buf_init(64);
    SPH_TRY(load_private(env, "keys/kek-1.bin", &octets, err), err, "KEK");
    if (octets.len != 32)
        return sph_fail(err, SPH_EPARSE, "the KEK has %zu octets, not 32", octets.len);
    const sph_rc rc = sph_secret_from(sph_buf_peek(&octets), &ring->kek, err);
    sph_wipe(octets.at, octets.len);
    ring->kek_epoch = 1;
    return rc;
}

/** Into `ring`, which the caller clears on failure. */
static sph_rc load_all(const struct sph_env *env, sph_keyring *ring, sph_err *err)
{
    bool is_root_here = false;
    SPH_TRY(load_cert(env, "root", "cert", false, &ring->root, err), err, "root certificate");
    SPH_TRY(env->files->exists(env->files->ctx, "keys/root.key", &is_root_here, err), err,
            "root key");
    if (is_root_here)
        SPH_TRY(load_key(env, "root", &ring->root_key, err), err, "root key");
    for (enum sph_leaf_slot slot = 0; slot < SPH_SLOT_COUNT; slot++)
        SPH_TRY(load_slot(env, slot, &ring->slot[slot], err), err, "slot %s", slots[slot].name);
    SPH_TRY(load_key(env, "log", &ring->log, err), err, "log key");
    SPH_TRY(load_key(env, "witness", &ring->witness, err), err, "witness key");
    SPH_TRY(load_kek(env, ring, err), err, "KEK");
    ring->crl = sph_buf_init(PEM_ROOM);
    return sph_file_load(env->files, "keys/root.crl", &ring->crl, err);
}

sph_rc sph_keyring_load(const struct sph_env *env, sph_keyring *out, sph_err *err)
{
    sph_keyring ring = {0};
    const sph_rc rc = load_all(env, &ring, err);
    if (rc.code != SPH_OK) {
        sph_keyring_clear(&ring);
        return rc;
    }
    *out = ring;
    return sph_ok();
}

/** A new certificate for the same key; the old one stays as `previous`, so what was encrypted to it
 * still opens. */
static sph_rc renew_slot(const struct sph_env *env, sph_keyring *ring, const struct owner *owner,
                         enum sph_leaf_slot slot, sph_err *err)
{
    struct sph_key_slot *own = &ring->slot[slot];
    SPH_AUTO_PTR(sph_cert) *leaf = NULL;
    SPH_TRY(issue(env, owner, slot, own->key, &leaf, err), err, "renewing %s", slots[slot].name);
    SPH_TRY(store_cert(env, slots[slot].name, "previous", own->leaf, err), err,
            "keeping the old certificate");
    SPH_TRY(store_cert(env, slots[slot].name, "cert", leaf, err), err,
            "storing the new certificate");
    sph_cert_free(&own->previous);
    own->previous = sph_move(own->leaf);
    own->leaf = sph_move(leaf);
    return sph_ok();
}

static bool is_due(const sph_cert *leaf, int64_t now_ms)
{
    return now_ms - sph_cert_not_before_ms(leaf) > RENEW_AGE_MS;
}

/** The node is reached under another host than its TLS certificate names. */
static bool has_moved(const sph_keyring *ring, const struct owner *owner)
{
    return ring->root_key && sph_cert_may_name(owner->host) &&
           !sph_cert_names_host(ring->slot[SPH_SLOT_TLS].leaf, owner->host);
}

static sph_rc renew_crl(const struct sph_env *env, sph_keyring *ring, sph_err *err)
{
    SPH_TRY(store_crl(env, ring->root_key, ring->root, err), err, "CRL");
    sph_buf_clear(&ring->crl);
    return sph_file_load(env->files, "keys/root.crl", &ring->crl, err);
}

sph_rc sph_keyring_renew(const struct sph_env *env, sph_keyring *ring, const char *party,
                         const char *url, unsigned *changed, sph_err *err)
{
    const int64_t now_ms = env->clock->now_ms(env->clock->ctx);
    struct owner owner = {ring->root_key, ring->root, party, ""};
    unsigned count = 0;
    sph_url_host(url, owner.host);
    for (enum sph_leaf_slot slot = 0; slot < SPH_SLOT_COUNT; slot++) {
        if (!is_due(ring->slot[slot].leaf, now_ms) &&
            !(slot == SPH_SLOT_TLS && has_moved(ring, &owner)))
            continue;
        if (!ring->root_key)
            return sph_fail(err, SPH_ENOTFOUND, "%s is due and the root key is off-line",
                            slots[slot].name);
        SPH_TRY(renew_slot(env, ring, &owner, slot, err), err, "renewal");
        count++;
    }
    int64_t signed_ms = 0;
    SPH_TRY(sph_crl_signed_ms(sph_buf_peek(&ring->crl), &signed_ms, err), err, "age of the CRL");
    if (ring->root_key && (count > 0 || now_ms - signed_ms > CRL_RENEW_MS)) {
        SPH_TRY(renew_crl(env, ring, err), err, "renewal of the CRL");
        count++;
    }
    *changed = count;
    return sph_ok();
}

int sph_keyring_days_left(const sph_keyring *ring, int64_t now_ms)
{
    int64_t first = INT64_MAX;
    for (size_t i = 0; i < SPH_SLOT_COUNT; i++) {
        const int64_t end = sph_cert_not_after_ms(ring->slot[i].leaf);
        first = end < first ? end : first;
    }
    return (int)((first - now_ms) / DAY_MS);
}
