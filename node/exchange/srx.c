#include "exchange/srx.h"

#include "crypto/digest.h"

#define MAGIC SPH_LIT("SRX1")
#define POINT 32u
#define HEAD (4u + 32u + POINT + SPH_AEAD_IV) /* magic, SPKI hash, ephemeral key, IV */
#define INFO "saphan/relay/v1"

/** The two parties, and what is derived from the agreed secret. */
struct binding {
    sph_buf parties; /* AAD */
    sph_secret *key;
};

static void binding_clear(struct binding *binding)
{
    sph_buf_clear(&binding->parties);
    sph_secret_free(&binding->key);
}

static sph_rc name_parties(const char *sender, const char *party, sph_buf *out, sph_err *err)
{
    SPH_TRY(sph_buf_add_text(out, sender, err), err, "parties");
    SPH_TRY(sph_buf_add(out, sph_slice_of("", 1), err), err, "parties");
    return sph_buf_add_text(out, party, err);
}

/** Key = HKDF(shared secret, ephemeral ‖ SPKI hash, info ‖ parties). */
static sph_rc bind(const sph_secret *shared, sph_slice ephemeral, const sph_hash *spki,
                   const char *sender, const char *party, struct binding *out, sph_err *err)
{
    SPH_AUTO(sph_buf) salt = sph_buf_init(POINT + 32);
    SPH_AUTO(sph_buf) info = sph_buf_init(256);
    out->parties = sph_buf_init(256);
    SPH_TRY(name_parties(sender, party, &out->parties, err), err, "parties");
    SPH_TRY(sph_buf_add(&salt, ephemeral, err), err, "salt");
    SPH_TRY(sph_buf_add(&salt, sph_slice_hash(spki), err), err, "salt");
    SPH_TRY(sph_buf_add_text(&info, INFO, err), err, "info");
    SPH_TRY(sph_buf_add(&info, sph_buf_peek(&out->parties), err), err, "info");
    return sph_hkdf(shared, sph_buf_peek(&salt), sph_buf_peek(&info), 32, &out->key, err);
}

static sph_rc spki_hash(const sph_pubkey *key, sph_hash *out, sph_err *err)
{
    SPH_AUTO(sph_buf) spki = sph_buf_init(1024);
    SPH_TRY(sph_pubkey_spki(key, &spki, err), err, "recipient's key");
    *out = sph_sha256_of(sph_buf_peek(&spki));
    return sph_ok();
}

static sph_rc write_head(const sph_hash *spki, sph_slice ephemeral, sph_slice iv, sph_buf *out,
                         sph_err *err)
{
    SPH_TRY(sph_buf_add(out, MAGIC, err), err, "head");
    SPH_TRY(sph_buf_add(out, sph_slice_hash(spki), err), err, "head");
    SPH_TRY(sph_buf_add(out, ephemeral, err), err, "head");
    return sph_buf_add(out, iv, err);
}

sph_rc sph_srx_seal(const sph_cert *recipient, const char *sender, const char *party,
                    sph_slice gzip, const sph_random *random, sph_buf *out, sph_err *err)
{
    uint8_t iv[SPH_AEAD_IV];
    sph_hash spki;
    const sph_pubkey *peer = sph_cert_peek_key(recipient);
    SPH_AUTO_PTR(sph_key) *own = NULL;
    SPH_AUTO_PTR(sph_secret) *shared = NULL;
    SPH_AUTO(sph_buf) ephemeral = sph_buf_init(POINT);
    struct binding binding = {.key = NULL};
    if (sph_pubkey_kind_of(peer) != SPH_KEY_X25519)
        return sph_fail(err, SPH_EARG, "the certificate is for another kind of key");
    SPH_TRY(spki_hash(peer, &spki, err), err, "recipient's key");
    SPH_TRY(sph_key_generate(SPH_KEY_X25519, &own, err), err, "ephemeral key");
    SPH_TRY(sph_pubkey_raw(sph_key_peek_public(own), &ephemeral, err), err, "ephemeral key");
    SPH_TRY(sph_key_agree(own, peer, &shared, err), err, "agreement");
    SPH_TRY(random->fill(random->ctx, iv, sizeof(iv), err), err, "IV");
    const sph_slice iv_slice = sph_slice_of(iv, sizeof(iv));
    sph_rc rc = bind(shared, sph_buf_peek(&ephemeral), &spki, sender, party, &binding, err);
    if (rc.code == SPH_OK)
        rc = write_head(&spki, sph_buf_peek(&ephemeral), iv_slice, out, err);
    if (rc.code == SPH_OK)
        rc = sph_aead_seal(binding.key, iv_slice, sph_buf_peek(&binding.parties), gzip, out, err);
    binding_clear(&binding);
    return rc;
}

bool sph_srx_is(sph_slice sealed)
{
    return sealed.len > HEAD + SPH_AEAD_TAG && sph_slice_starts(sealed, MAGIC);
}

sph_rc sph_srx_open(const sph_key *key, const char *sender, const char *party, sph_slice sealed,
                    sph_buf *out, sph_err *err)
{
    sph_hash spki;
    SPH_AUTO_PTR(sph_pubkey) *peer = NULL;
    SPH_AUTO_PTR(sph_secret) *shared = NULL;
    struct binding binding = {.key = NULL};
    if (!sph_srx_is(sealed))
        return sph_fail(err, SPH_EPARSE, "not in the form SRX1");
    const sph_slice ephemeral = sph_slice_sub(sealed, 36, POINT);
    const sph_slice iv = sph_slice_sub(sealed, 36 + POINT, SPH_AEAD_IV);
    SPH_TRY(spki_hash(sph_key_peek_public(key), &spki, err), err, "own key");
    if (!sph_slice_equal(sph_slice_sub(sealed, 4, 32), sph_slice_hash(&spki)))
        return sph_fail(err, SPH_EPROOF, "sealed for another key");
    SPH_TRY(sph_pubkey_from_raw(SPH_KEY_X25519, ephemeral, &peer, err), err, "ephemeral key");
    SPH_TRY(sph_key_agree(key, peer, &shared, err), err, "agreement");
    sph_rc rc = bind(shared, ephemeral, &spki, sender, party, &binding, err);
    if (rc.code == SPH_OK)
        rc = sph_aead_open(binding.key, iv, sph_buf_peek(&binding.parties),
                           sph_slice_sub(sealed, HEAD, SIZE_MAX), out, err);
    binding_clear(&binding);
    return rc;
}
