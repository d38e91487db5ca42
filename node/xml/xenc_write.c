#include "xml/xenc_algorithms.h"

#include "xml/dsig.h"

static void write_algorithm(sph_xml_writer *w, const char *qname, const char *uri)
{
    sph_xml_open(w, qname);
    sph_xml_set(w, "Algorithm", uri);
    sph_xml_close(w);
}

static void write_cipher(sph_xml_writer *w, sph_slice octets)
{
    sph_xml_open(w, "xenc:CipherData");
    sph_xml_leaf_base64(w, "xenc:CipherValue", octets);
    sph_xml_close(w);
}

static void write_name(sph_xml_writer *w, sph_xenc_name_recipient *name, void *arg)
{
    if (name)
        name(w, arg);
}

/* as4.md 6.4: ds:DigestMethod before xenc11:MGF, no OAEPparams. */
static sph_rc write_transport(sph_xml_writer *w, const sph_pubkey *recipient,
                              const sph_secret *content_key, sph_xenc_name_recipient *name,
                              void *arg, sph_err *err)
{
    SPH_AUTO(sph_buf) sealed = sph_buf_init(1024);
    SPH_TRY(sph_pubkey_oaep_seal(recipient, content_key, &sealed, err), err, "RSA-OAEP");
    sph_xml_open(w, "xenc:EncryptionMethod");
    sph_xml_set(w, "Algorithm", SPH_ALG_RSA_OAEP);
    write_algorithm(w, "ds:DigestMethod", SPH_ALG_SHA256);
    write_algorithm(w, "xenc11:MGF", SPH_ALG_MGF1_SHA256);
    sph_xml_close(w);
    sph_xml_open(w, "ds:KeyInfo");
    write_name(w, name, arg);
    sph_xml_close(w);
    write_cipher(w, sph_buf_peek(&sealed));
    return sph_ok();
}

/* What the key agreement of one message gives. */
typedef struct {
    sph_secret *salt;
    sph_buf originator; /* the ephemeral key: SubjectPublicKeyInfo (X25519) or point (P-256) */
    sph_buf wrapped;
} agreement;

static void agreement_clear(agreement *own)
{
    sph_secret_free(&own->salt);
    sph_buf_clear(&own->originator);
    sph_buf_clear(&own->wrapped);
}

/* as4.md 6.3: a key pair of its own for each message (E-05). */
static sph_rc agree(const sph_pubkey *recipient, const sph_secret *content_key,
                    const sph_random *random, agreement *to, sph_err *err)
{
    SPH_AUTO_PTR(sph_key) *ephemeral = NULL;
    SPH_AUTO_PTR(sph_secret) *shared = NULL, *wrapping = NULL;
    const enum sph_key_kind kind = sph_pubkey_kind_of(recipient);
    SPH_TRY(sph_key_generate(kind, &ephemeral, err), err, "ephemeral key");
    SPH_TRY(sph_key_agree(ephemeral, recipient, &shared, err), err, "key agreement");
    SPH_TRY(sph_secret_random(random, SPH_XENC_SALT, &to->salt, err), err, "salt");
    SPH_TRY(sph_hkdf(shared, sph_secret_peek(to->salt), (sph_slice){NULL, 0}, SPH_XENC_CONTENT_KEY,
                     &wrapping, err),
            err, "key derivation");
    SPH_TRY(sph_key_wrap(wrapping, content_key, &to->wrapped, err), err, "key wrap");
    const sph_pubkey *public = sph_key_peek_public(ephemeral);
    return kind == SPH_KEY_P256 ? sph_pubkey_raw(public, &to->originator, err)
                                : sph_pubkey_spki(public, &to->originator, err);
}

static void write_derivation(sph_xml_writer *w, sph_slice salt)
{
    sph_xml_open(w, "xenc11:KeyDerivationMethod");
    sph_xml_set(w, "Algorithm", SPH_ALG_HKDF);
    sph_xml_open(w, "dsm:HKDFParams");
    write_algorithm(w, "dsm:PRF", SPH_ALG_HMAC_SHA256);
    sph_xml_leaf_base64(w, "dsm:Salt", salt);
    sph_xml_leaf(w, "dsm:KeyLength", "16");
    sph_xml_close(w);
    sph_xml_close(w);
}

/* as4.md 6.3: X25519 as ds11:DEREncodedKeyValue directly, P-256 as ds:KeyValue/ds11:ECKeyValue. */
static void write_originator(sph_xml_writer *w, enum sph_key_kind kind, sph_slice octets)
{
    sph_xml_open(w, "xenc:OriginatorKeyInfo");
    if (kind == SPH_KEY_P256) {
        sph_xml_open(w, "ds:KeyValue");
        sph_xml_open(w, "ds11:ECKeyValue");
        sph_xml_open(w, "ds11:NamedCurve");
        sph_xml_set(w, "URI", SPH_URI_P256);
        sph_xml_close(w);
        sph_xml_leaf_base64(w, "ds11:PublicKey", octets);
        sph_xml_close(w);
        sph_xml_close(w);
    } else {
        sph_xml_leaf_base64(w, "ds11:DEREncodedKeyValue", octets);
    }
    sph_xml_close(w);
}

static sph_rc write_agreement(sph_xml_writer *w, const sph_pubkey *recipient,
                              const sph_secret *content_key, const sph_random *random,
                              sph_xenc_name_recipient *name, void *arg, sph_err *err)
{
    SPH_AUTO(agreement) made = {NULL, sph_buf_init(128), sph_buf_init(64)};
    SPH_TRY(agree(recipient, content_key, random, &made, err), err, "EncryptedKey");
    write_algorithm(w, "xenc:EncryptionMethod", SPH_ALG_KW_AES128);
    sph_xml_open(w, "ds:KeyInfo");
    sph_xml_open(w, "xenc:AgreementMethod");
    const enum sph_key_kind kind = sph_pubkey_kind_of(recipient);
    sph_xml_set(w, "Algorithm", kind == SPH_KEY_P256 ? SPH_ALG_ECDH_ES : SPH_ALG_X25519);
    write_derivation(w, sph_secret_peek(made.salt));
    write_originator(w, kind, sph_buf_peek(&made.originator));
    sph_xml_open(w, "xenc:RecipientKeyInfo");
    write_name(w, name, arg);
    sph_xml_close(w);
    sph_xml_close(w);
    sph_xml_close(w);
    write_cipher(w, sph_buf_peek(&made.wrapped));
    return sph_ok();
}

sph_rc sph_xenc_key_write(sph_xml_writer *w, enum sph_suite suite, const sph_pubkey *recipient,
                          const sph_secret *content_key, const sph_random *random,
                          sph_xenc_name_recipient *name, void *arg, sph_err *err)
{
    if (sph_secret_len(content_key) != SPH_XENC_CONTENT_KEY ||
        sph_pubkey_kind_of(recipient) != sph_suite_encrypt_kind(suite))
        return sph_fail(err, SPH_EARG, "key does not fit the suite");
    if (suite == SPH_SUITE_EDELIVERY_1_15)
        SPH_TRY(write_transport(w, recipient, content_key, name, arg, err), err, "EncryptedKey");
    else
        SPH_TRY(write_agreement(w, recipient, content_key, random, name, arg, err), err,
                "EncryptedKey");
    return sph_xml_writer_failed(w) ? sph_xml_writer_end(w, err) : sph_ok();
}
