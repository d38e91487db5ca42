#include "packet/relay.h"

#include "crypto/aead.h"
#include "crypto/cert.h"
#include "crypto/digest.h"

#define MAGIC SPH_LIT("SRX1")
#define INFO SPH_LIT("saphan/relay/v1")
#define POINT 32u
#define AT_POINT (4u + sizeof(sph_hash))
#define AT_IV (AT_POINT + POINT)
#define AT_SEALED (AT_IV + SPH_AEAD_IV)
#define CONTENT_KEY 32u
#define ENDS_ROOM (2u * SPH_PARTY_ROOM)
#define SPKI_ROOM 64u /* of X25519: 44 octets */

/** What both sides derive: the additional data names the two ends, the key is bound to them, to
 * the ephemeral key and to the recipient's. */
struct binding {
    sph_buf ends;
    sph_secret *key;
};

static void binding_clear(struct binding *binding)
{
    sph_buf_clear(&binding->ends);
    sph_secret_free(&binding->key);
}

static bool are_parties(const struct sph_srx_ends *ends)
{
    return sph_party_valid(sph_slice_str(ends->sender)) &&
           sph_party_valid(sph_slice_str(ends->recipient));
}

/** The octet between them occurs in no party, so no other two parties give the same octets. */
static sph_rc add_ends(const struct sph_srx_ends *ends, sph_buf *out, sph_err *err)
{
    SPH_TRY(sph_buf_add_text(out, ends->sender, err), err, "original sender");
    SPH_TRY(sph_buf_add_byte(out, 0, err), err, "original sender");
    return sph_buf_add_text(out, ends->recipient, err);
}

/** HKDF over the agreed secret: salt = ephemeral key ‖ SPKI hash, info = label ‖ ends. */
static sph_rc bind(const sph_secret *shared, sph_slice point, const sph_hash *spki,
                   const struct sph_srx_ends *ends, struct binding *out, sph_err *err)
{
    SPH_AUTO(sph_buf) salt = sph_buf_init(POINT + sizeof(*spki));
    SPH_AUTO(sph_buf) info = sph_buf_init(INFO.len + ENDS_ROOM);
    out->ends = sph_buf_init(ENDS_ROOM);
    SPH_TRY(add_ends(ends, &out->ends, err), err, "ends");
    SPH_TRY(sph_buf_add(&salt, point, err), err, "salt");
    SPH_TRY(sph_buf_add(&salt, sph_slice_hash(spki), err), err, "salt");
    SPH_TRY(sph_buf_add(&info, INFO, err), err, "info");
    SPH_TRY(sph_buf_add(&info, sph_buf_peek(&out->ends), err), err, "info");
    return sph_hkdf(shared, sph_buf_peek(&salt), sph_buf_peek(&info), CONTENT_KEY, &out->key, err);
}

static sph_rc hash_spki(const sph_pubkey *key, sph_hash *out, sph_err *err)
{
    SPH_AUTO(sph_buf) spki = sph_buf_init(SPKI_ROOM);
    SPH_TRY(sph_pubkey_spki(key, &spki, err), err, "recipient's key");
    *out = sph_sha256_of(sph_buf_peek(&spki));
    return sph_ok();
}

/* ------------------------------------------------------------------ sealing */

static sph_rc add_head(const sph_hash *spki, sph_slice point, sph_slice iv, sph_buf *out,
                       sph_err *err)
{
    SPH_TRY(sph_buf_add(out, MAGIC, err), err, "form");
    SPH_TRY(sph_buf_add(out, sph_slice_hash(spki), err), err, "recipient's key");
    SPH_TRY(sph_buf_add(out, point, err), err, "ephemeral key");
    return sph_buf_add(out, iv, err);
}

static sph_rc seal(const sph_pubkey *to, const struct sph_srx_ends *ends, sph_slice gzip,
                   const sph_random *random, struct binding *binding, sph_buf *out, sph_err *err)
{
    sph_hash spki;
    uint8_t iv[SPH_AEAD_IV];
    SPH_AUTO_PTR(sph_key) *ephemeral = NULL;
    SPH_AUTO_PTR(sph_secret) *shared = NULL;
    SPH_AUTO(sph_buf) point = sph_buf_init(POINT);
    SPH_TRY(hash_spki(to, &spki, err), err, "recipient");
    SPH_TRY(sph_key_generate(SPH_KEY_X25519, &ephemeral, err), err, "ephemeral key");
    SPH_TRY(sph_pubkey_raw(sph_key_peek_public(ephemeral), &point, err), err, "ephemeral key");
    SPH_TRY(sph_key_agree(ephemeral, to, &shared, err), err, "key agreement");
    SPH_TRY(random->fill(random->ctx, iv, sizeof(iv), err), err, "IV");
    SPH_TRY(bind(shared, sph_buf_peek(&point), &spki, ends, binding, err), err, "key derivation");
    const sph_slice drawn = sph_slice_of(iv, sizeof(iv));
    SPH_TRY(add_head(&spki, sph_buf_peek(&point), drawn, out, err), err, "head");
    return sph_aead_seal(binding->key, drawn, sph_buf_peek(&binding->ends), gzip, out, err);
}

sph_rc sph_srx_seal(const sph_pubkey *to, const struct sph_srx_ends *ends, sph_slice gzip,
                    const struct sph_limits *limits, const sph_random *random, sph_buf *out,
                    sph_err *err)
{
    if (!to || sph_pubkey_kind_of(to) != SPH_KEY_X25519 || !are_parties(ends) || gzip.len == 0)
        return sph_fail(err, SPH_EARG, "nothing to seal, or nobody to seal it for");
    if (limits->relay_part < SPH_SRX_OVERHEAD || gzip.len > limits->relay_part - SPH_SRX_OVERHEAD)
        return sph_fail(err, SPH_ELIMIT, "a relayed part of %zu octets", gzip.len);
    struct binding binding = {.key = NULL};
    const size_t before = out->len;
    const sph_rc rc = seal(to, ends, gzip, random, &binding, out, err);
    if (rc.code != SPH_OK)
        sph_buf_cut(out, before);
    binding_clear(&binding);
    return rc;
}

/* ------------------------------------------------------------------ opening */

bool sph_srx_is(sph_slice sealed)
{
    return sealed.len > SPH_SRX_OVERHEAD && sph_slice_starts(sealed, MAGIC);
}

sph_rc sph_srx_recipient(sph_slice sealed, sph_hash *spki_sha256, sph_err *err)
{
    if (!sph_srx_is(sealed))
        return sph_fail(err, SPH_EPARSE, "not in the form SRX1");
    return sph_bytes_copy(spki_sha256->at, sizeof(spki_sha256->at),
                          sph_slice_sub(sealed, MAGIC.len, sizeof(spki_sha256->at)), err);
}

static sph_rc open_part(const sph_key *key, const struct sph_srx_ends *ends, sph_slice sealed,
                        struct binding *binding, sph_buf *out, sph_err *err)
{
    sph_hash named, own;
    SPH_AUTO_PTR(sph_pubkey) *ephemeral = NULL;
    SPH_AUTO_PTR(sph_secret) *shared = NULL;
    const sph_slice point = sph_slice_sub(sealed, AT_POINT, POINT);
    SPH_TRY(sph_srx_recipient(sealed, &named, err), err, "form");
    SPH_TRY(hash_spki(sph_key_peek_public(key), &own, err), err, "own key");
    if (!are_parties(ends) || !sph_slice_equal(sph_slice_hash(&named), sph_slice_hash(&own)))
        return sph_fail(err, SPH_EPROOF, "sealed for another key");
    SPH_TRY(sph_pubkey_from_raw(SPH_KEY_X25519, point, &ephemeral, err), err, "ephemeral key");
    SPH_TRY(sph_key_agree(key, ephemeral, &shared, err), err, "key agreement");
    SPH_TRY(bind(shared, point, &own, ends, binding, err), err, "key derivation");
    return sph_aead_open(binding->key, sph_slice_sub(sealed, AT_IV, SPH_AEAD_IV),
                         sph_buf_peek(&binding->ends), sph_slice_sub(sealed, AT_SEALED, SIZE_MAX),
                         out, err);
}

/** What an answer may tell of: the octets, not the machine. */
static bool is_about_part(enum sph_code code)
{
    return code == SPH_EPARSE || code == SPH_EREFUSED || code == SPH_EUNSUPPORTED ||
           code == SPH_EPROOF;
}

sph_rc sph_srx_open(const sph_key *key, const struct sph_srx_ends *ends, sph_slice sealed,
                    const struct sph_limits *limits, sph_buf *out, sph_err *err)
{
    if (sph_key_kind_of(key) != SPH_KEY_X25519)
        return sph_fail(err, SPH_EARG, "relayed parts are for X25519 keys");
    if (sealed.len > limits->relay_part)
        return sph_fail(err, SPH_ELIMIT, "a relayed part of %zu octets", sealed.len);
    struct binding binding = {.key = NULL};
    const sph_rc rc = open_part(key, ends, sealed, &binding, out, err);
    binding_clear(&binding);
    if (!is_about_part(rc.code))
        return rc;
    sph_err_clear(err);
    return sph_fail(err, SPH_EPROOF, "the relayed part does not open");
}
