#include "evidence/trust.h"

#include "evidence/verify_parts.h"

#define NAME_CAP 256
#define KEY_ID_LEN 9 /* hyphen and 8 hex digits behind the party in a root's name */

void sph_trust_clear(sph_trust *trust)
{
    if (!trust)
        return;
    sph_cert_free(&trust->root);
    sph_buf_clear(&trust->crl);
    *trust = (sph_trust){.key_count = 0};
}

static sph_rc add_key(sph_trust *trust, sph_slice text, sph_err *err)
{
    if (trust->key_count == SPH_TRUST_KEY_MAX)
        return sph_fail(err, SPH_ELIMIT, "more than %d keys", SPH_TRUST_KEY_MAX);
    SPH_TRY(sph_vkey_parse(text, &trust->key[trust->key_count], err), err, "verifier key");
    trust->key_count++;
    return sph_ok();
}

/* One verifier key a line; empty lines and # comments are passed over. */
static sph_rc read_keys(sph_slice octets, sph_trust *to, sph_err *err)
{
    to->kind = SPH_TRUST_KEYS;
    while (octets.len > 0) {
        const size_t end = sph_slice_find(octets, SPH_LIT("\n"), 0);
        const sph_slice line = sph_slice_sub(octets, 0, end);
        octets = end == SIZE_MAX ? sph_slice_of(NULL, 0) : sph_slice_sub(octets, end + 1, SIZE_MAX);
        if (line.len > 0 && line.at[0] != '#')
            SPH_TRY(add_key(to, line, err), err, "line of keys");
    }
    return to->key_count > 0 ? sph_ok() : sph_fail(err, SPH_EPARSE, "no verifier key");
}

/* The party stands in the root's name: CN = party, hyphen, 8 hex digits (as4.md 6.5). */
static sph_rc party_of_root(const sph_cert *root, char *party, sph_err *err)
{
    SPH_AUTO(sph_buf) name = sph_buf_init(NAME_CAP);
    SPH_AUTO(sph_buf) serial = sph_buf_init(NAME_CAP);
    SPH_TRY(sph_cert_issuer_serial(root, &name, &serial, err), err, "name of the root");
    const sph_slice text = sph_buf_peek(&name);
    if (!sph_slice_starts(text, SPH_LIT("CN=")) || text.len <= 3 + KEY_ID_LEN)
        return sph_fail(err, SPH_EPROOF, "the certificate is not the root of a party");
    return sph_str_copy(party, SPH_PARTY_ROOM, sph_slice_sub(text, 3, text.len - 3 - KEY_ID_LEN),
                        err);
}

static sph_rc read_root(sph_slice octets, sph_trust *to, sph_err *err)
{
    to->kind = SPH_TRUST_ROOT;
    SPH_TRY(sph_cert_parse_pem(octets, &to->root, err), err, "certificate");
    SPH_TRY(party_of_root(to->root, to->party, err), err, "certificate");
    /* Its form, as of its first day; a packet is judged at its own SigningTime. */
    return sph_cert_check_root(to->root, to->party, sph_cert_not_before_ms(to->root), err);
}

static sph_rc take_card(const sph_card *card, sph_trust *to, sph_err *err)
{
    to->kind = SPH_TRUST_CARD;
    SPH_TRY(sph_str_copy(to->party, sizeof(to->party), sph_slice_str(card->party), err), err,
            "party");
    if (card->log_vkey[0])
        SPH_TRY(add_key(to, sph_slice_str(card->log_vkey), err), err, "log key");
    if (card->witness_vkey[0])
        SPH_TRY(add_key(to, sph_slice_str(card->witness_vkey), err), err, "witness key");
    to->root = sph_cert_ref(card->root);
    to->crl = sph_buf_init(card->crl.len);
    return sph_buf_add(&to->crl, sph_buf_peek(&card->crl), err);
}

static sph_rc read_card(sph_slice octets, const struct sph_verify_context *context, sph_trust *to,
                        sph_err *err)
{
    SPH_AUTO_PTR(sph_verdict) *verdict = NULL;
    SPH_AUTO(sph_card) card = {.party = ""};
    const struct sph_verify_context alone = {
        .schemas = context->schemas, .limits = context->limits, .now_ms = context->now_ms};
    SPH_TRY(sph_verdict_new(&verdict, err), err, "card");
    SPH_TRY(sph_verify_xml(octets, &alone, verdict, &card, err), err, "card");
    if (sph_verdict_kind(verdict) != SPH_EVIDENCE_CARD)
        return sph_fail(err, SPH_EPARSE, "not a card");
    if (sph_verdict_result(verdict) == SPH_VERDICT_FAILS)
        return sph_fail(err, SPH_EPROOF, "the card does not hold in itself");
    /* Intact is what a card can be by itself; the person who hands it over vouches for it. */
    if (sph_verdict_result(verdict) != SPH_VERDICT_INTACT)
        return sph_fail(err, SPH_EPARSE, "the card cannot be read");
    return take_card(&card, to, err);
}

sph_rc sph_trust_read(sph_slice octets, const struct sph_verify_context *context, sph_trust *out,
                      sph_err *err)
{
    SPH_AUTO(sph_trust) trust = {.key_count = 0};
    if (sph_slice_starts(octets, SPH_LIT("<")))
        SPH_TRY(read_card(octets, context, &trust, err), err, "trust");
    else if (sph_slice_starts(octets, SPH_LIT("-----BEGIN CERTIFICATE-----")))
        SPH_TRY(read_root(octets, &trust, err), err, "trust");
    else
        SPH_TRY(read_keys(octets, &trust, err), err, "trust");
    *out = trust;
    trust = (sph_trust){.key_count = 0};
    return sph_ok();
}
