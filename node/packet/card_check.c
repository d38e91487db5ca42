#include "packet/card_impl.h"

static sph_rc refuse(sph_findings *findings, const char *key, const char *name, const char *value,
                     sph_err *err)
{
    sph_finding_add(findings, "CARD", 0, key, name, value);
    return sph_fail(err, SPH_EREFUSED, "%s", key);
}

/* Every certificate is of this party, under this root, for the use it says, and valid now. */
static sph_rc check_certificates(const sph_card *card, int64_t now_ms, sph_findings *findings,
                                 sph_err *err)
{
    for (size_t i = 0; i < card->cert_count; i++) {
        const int64_t starts = sph_cert_not_before_ms(card->cert[i].cert);
        const int64_t at = card->cert[i].is_next && starts > now_ms ? starts : now_ms;
        const sph_rc rc = sph_cert_check(card->cert[i].cert, card->root, card->party,
                                         card->cert[i].use, at, sph_buf_peek(&card->crl), err);
        if (rc.code == SPH_ENOMEM)
            return rc;
        if (rc.code != SPH_OK)
            return refuse(findings, "card.certificate", sph_card_use_name(card->cert[i].use), "",
                          err);
    }
    return sph_ok();
}

static bool has_use(const sph_card *card, enum sph_cert_use use)
{
    for (size_t i = 0; i < card->cert_count; i++)
        if (card->cert[i].use == use && !card->cert[i].is_next)
            return true;
    return false;
}

static sph_rc check_values(const sph_card *card, const char *mode, int64_t now_ms,
                           sph_findings *findings, sph_err *err)
{
    if (strcmp(card->mode, mode) != 0)
        return refuse(findings, "card.mode", "mode", card->mode, err);
    if (card->valid_until_ms <= now_ms)
        return refuse(findings, "card.expired", "validUntil", "", err);
    if (sph_cert_check_root(card->root, card->party, now_ms, err).code != SPH_OK)
        return refuse(findings, "card.root", "root", card->party, err);
    if (!has_use(card, SPH_USE_TLS) || !has_use(card, SPH_USE_SIGN) ||
        !has_use(card, SPH_USE_ENCRYPT))
        return refuse(findings, "card.uses", "certificate", "", err);
    return check_certificates(card, now_ms, findings, err);
}

/* The signature is checked as of its own time, the card's keys as of now. */
static sph_rc check_packet(sph_slice octets, const struct sph_schemas *schemas,
                           const struct sph_limits *limits, const char *mode, int64_t now_ms,
                           sph_findings *findings, sph_packet **packet, sph_err *err)
{
    const struct sph_packet_context context = {
        .schemas = schemas, .limits = limits, .now_ms = now_ms, .mode = mode};
    if (octets.len > limits->card) {
        sph_finding_add(findings, "XSD", 0, "packet.too-large", "", "");
        return sph_fail(err, SPH_ELIMIT, "card of %zu bytes", octets.len);
    }
    SPH_TRY(sph_packet_check(octets, &context, findings, packet, err), err, "card");
    if ((*packet)->header.type == SPH_PACKET_DIRECTORY)
        return sph_ok();
    return refuse(findings, "card.not-card", sph_packet_type_name((*packet)->header.type), "", err);
}

static sph_rc read_and_check(const sph_packet *packet, const char *mode, int64_t now_ms,
                             sph_findings *findings, sph_card *card, sph_err *err)
{
    SPH_TRY(sph_card_read(packet, card, err), err, "card");
    return check_values(card, mode, now_ms, findings, err);
}

sph_rc sph_card_check(sph_slice octets, const struct sph_schemas *schemas,
                      const struct sph_limits *limits, const char *mode, int64_t now_ms,
                      sph_findings *findings, sph_card *out, sph_packet **packet, sph_err *err)
{
    SPH_AUTO_PTR(sph_packet) *checked = NULL;
    SPH_TRY(check_packet(octets, schemas, limits, mode, now_ms, findings, &checked, err), err,
            "card packet");
    sph_card *card = sph_mem_new(1, sizeof(*card));
    if (!card)
        return sph_fail(err, SPH_ENOMEM, "card");
    const sph_rc rc = read_and_check(checked, mode, now_ms, findings, card, err);
    if (rc.code == SPH_OK) {
        *out = *card;
        if (packet)
            *packet = sph_move(checked);
    } else {
        sph_card_clear(card);
    }
    sph_mem_free(card);
    return rc;
}
