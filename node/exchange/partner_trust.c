#include "exchange/partner.h"

#include <string.h>

static bool has_suite(const enum sph_suite *list, size_t count, enum sph_suite suite)
{
    for (size_t i = 0; i < count; i++)
        if (list[i] == suite)
            return true;
    return false;
}

sph_rc sph_partner_suite(const sph_partner *partner, const struct sph_suites *own, bool is_inbound,
                         enum sph_suite *out, sph_err *err)
{
    if (partner->pmode.is_foreign) {
        *out = partner->pmode.suite;
        return sph_ok();
    }
    const enum sph_suite *receiver = is_inbound ? own->at : partner->card.suite;
    const enum sph_suite *sender = is_inbound ? partner->card.suite : own->at;
    const size_t receiver_count = is_inbound ? own->count : partner->card.suite_count;
    const size_t sender_count = is_inbound ? partner->card.suite_count : own->count;
    for (size_t i = 0; i < receiver_count; i++) {
        if (has_suite(sender, sender_count, receiver[i])) {
            *out = receiver[i];
            return sph_ok();
        }
    }
    return sph_fail(err, SPH_EUNSUPPORTED, "no crypto suite in common");
}

static sph_rc add_suite(struct sph_suites *suites, sph_slice name, sph_err *err)
{
    enum sph_suite suite;
    SPH_TRY(sph_suite_of(name, &suite, err), err, "suites");
    if (has_suite(suites->at, suites->count, suite))
        return sph_fail(err, SPH_EPARSE, "a suite stands twice");
    suites->at[suites->count++] = suite;
    return sph_ok();
}

sph_rc sph_suites_parse(const char *text, struct sph_suites *out, sph_err *err)
{
    struct sph_suites suites = {.count = 0};
    sph_slice rest = sph_slice_str(text);
    while (rest.len > 0) {
        const size_t space = sph_slice_find(rest, SPH_LIT(" "), 0);
        const sph_slice name = sph_slice_sub(rest, 0, space);
        if (name.len > 0)
            SPH_TRY(add_suite(&suites, name, err), err, "suites");
        rest = space == SIZE_MAX ? (sph_slice){NULL, 0} : sph_slice_sub(rest, space + 1, SIZE_MAX);
    }
    if (suites.count == 0)
        return sph_fail(err, SPH_EPARSE, "no crypto suite is named");
    *out = suites;
    return sph_ok();
}

const sph_cert *sph_partner_encrypt_cert(const sph_partner *partner, enum sph_suite suite,
                                         int64_t now_ms)
{
    const sph_cert *best = NULL;
    for (size_t i = 0; i < partner->card.cert_count; i++) {
        const sph_cert *cert = partner->card.cert[i].cert;
        if (partner->card.cert[i].use != SPH_USE_ENCRYPT || partner->card.cert[i].suite != suite)
            continue;
        if (sph_cert_not_before_ms(cert) > now_ms || sph_cert_not_after_ms(cert) < now_ms)
            continue;
        if (!best || sph_cert_not_before_ms(cert) > sph_cert_not_before_ms(best))
            best = cert;
    }
    return best;
}

size_t sph_partner_sign_certs(const sph_partner *partner, const sph_cert *out[SPH_CARD_CERTS])
{
    size_t count = 0;
    for (size_t i = 0; i < partner->card.cert_count; i++)
        if (partner->card.cert[i].use == SPH_USE_SIGN)
            out[count++] = partner->card.cert[i].cert;
    return count;
}

void sph_partner_trust(const sph_partner *partner, enum sph_suite suite, int64_t at_ms,
                       struct sph_partner_known *known, sph_as4_trust *out)
{
    const sph_pmode *pmode = &partner->pmode;
    const size_t count = sph_partner_sign_certs(partner, known->sign);
    *out = (sph_as4_trust){.party = pmode->partner_id,
                           .root = partner->card.root,
                           .crl = sph_buf_peek(&partner->card.crl),
                           .at_ms = at_ms,
                           .suite = suite,
                           .known = known->sign,
                           .known_count = count};
    if (!pmode->is_foreign)
        return;
    out->is_foreign = true;
    out->crl = sph_pmode_crl(pmode);
    out->pinned = known->sign;
    out->pinned_count = count;
    out->ca = sph_pmode_ca(pmode);
    out->accepts_legacy_refs = pmode->accepts_legacy_refs;
    out->accepts_plain = pmode->accepts_plain;
    out->accepts_uncompressed_xml = pmode->accepts_uncompressed_xml;
}

sph_rc sph_partner_check_tls(const sph_partner *partner, const sph_cert *leaf, int64_t now_ms,
                             sph_err *err)
{
    const sph_cert *pinned[SPH_PMODE_CERTS];
    const sph_pmode *pmode = &partner->pmode;
    if (!pmode->is_foreign)
        return sph_cert_check(leaf, partner->card.root, partner->card.party, SPH_USE_TLS, now_ms,
                              sph_buf_peek(&partner->card.crl), err);
    const size_t count = sph_pmode_certs(pmode, SPH_USE_TLS, pinned);
    return sph_cert_check_foreign(leaf, pinned, count, sph_pmode_ca(pmode), SPH_USE_TLS, now_ms,
                                  sph_pmode_crl(pmode), err);
}

void sph_partner_peer(const sph_partner *partner, const sph_keyring *own,
                      struct sph_partner_known *known, sph_peer *out)
{
    const sph_pmode *pmode = &partner->pmode;
    const struct sph_key_slot *tls = &own->slot[SPH_SLOT_TLS];
    *out = (sph_peer){.party = partner->card.party,
                      .root = partner->card.root,
                      .crl = sph_buf_peek(&partner->card.crl),
                      .key = tls->key,
                      .leaf = tls->leaf,
                      .own_root = own->root};
    if (!pmode->is_foreign)
        return;
    out->is_foreign = true;
    out->crl = sph_pmode_crl(pmode);
    out->pinned = known->tls;
    out->pinned_count = sph_pmode_certs(pmode, SPH_USE_TLS, known->tls);
    out->ca = sph_pmode_ca(pmode);
}

sph_rc sph_partner_address(const sph_partner *partner, char out[SPH_PARTNER_ADDRESS], sph_err *err)
{
    if (partner->pmode.is_foreign)
        return sph_str_copy(out, SPH_PARTNER_ADDRESS, sph_slice_str(partner->pmode.address), err);
    return sph_str_format(out, SPH_PARTNER_ADDRESS, err, "%s%s", partner->card.url,
                          partner->card.url[0] ? "/as4" : "");
}
