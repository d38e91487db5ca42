/* The fields of a card (packets.md 4, I): what a person compares before calling someone a partner.
 */
#include "evidence/verify_parts.h"

static sph_rc say_names(const sph_card *card, sph_verdict *verdict, sph_err *err)
{
    SPH_AUTO(sph_buf) names = sph_buf_init(SPH_VERDICT_VALUE - 1);
    for (int lang = 0; lang < SPH_LANG_COUNT; lang++) {
        if (!card->name[lang][0])
            continue;
        if (names.len > 0)
            SPH_TRY(sph_buf_add_text(&names, " / ", err), err, "names");
        SPH_TRY(sph_buf_add_text(&names, card->name[lang], err), err, "names");
    }
    sph_verdict_fact(verdict, "evidence.fact.name", "name", sph_buf_text(&names));
    return sph_ok();
}

static sph_rc say_fields(const sph_card *card, const sph_cert *root, sph_verdict *verdict,
                         sph_err *err)
{
    char safety[SPH_SAFETY_TEXT];
    sph_safety_number(sph_cert_peek_der(root), safety);
    SPH_TRY(say_names(card, verdict, err), err, "card");
    sph_verdict_fact_code(verdict, "evidence.fact.kind", "partyKind", "party-kind", card->kind);
    sph_verdict_fact_code(verdict, "evidence.fact.country", "country", "country", card->country);
    sph_verdict_fact(verdict, "evidence.fact.safety-number", "safetyNumber", safety);
    sph_verdict_fact_number(verdict, "evidence.fact.serial", "serial", card->serial);
    sph_verdict_fact_time(verdict, "evidence.fact.valid-until", "validUntil", card->valid_until_ms);
    sph_verdict_fact(verdict, "evidence.fact.url", "url", card->url);
    sph_verdict_fact(verdict, "evidence.fact.log", "logOrigin", card->log_origin);
    return sph_ok();
}

/* An evidence file may be old: that a card has run out since breaks no proof (ledger.md 11). */
static void say_validity(const sph_card *card, int64_t now_ms, sph_verdict *verdict)
{
    if (now_ms >= card->valid_until_ms)
        sph_verdict_say_time(verdict, SPH_LINE_NOTED, "evidence.card.expired", NULL,
                             card->valid_until_ms);
    sph_verdict_say(verdict, SPH_LINE_LIMIT, "evidence.limit.card", NULL, NULL);
}

sph_rc sph_verify_card(sph_slice octets, const sph_cert *root, int64_t issued_ms, const char *mode,
                       const struct sph_verify_context *context, sph_verdict *verdict,
                       sph_card *card, sph_err *err)
{
    SPH_AUTO(sph_card) own = {.party = ""};
    SPH_AUTO_PTR(sph_packet) *packet = NULL;
    /* Judged as of the day it was issued and in its own mode; today's validity is said apart. */
    const sph_rc rc = sph_card_check(octets, context->schemas, context->limits, mode, issued_ms,
                                     sph_verdict_findings(verdict), &own, &packet, NULL);
    if (sph_verify_is_fatal(rc))
        return sph_fail(err, rc.code, "card");
    if (rc.code != SPH_OK) {
        sph_verdict_say(verdict, rc.code == SPH_EPROOF ? SPH_LINE_FAILED : SPH_LINE_MISSING,
                        "evidence.card.rules", NULL, NULL);
        return sph_ok();
    }
    sph_verdict_say(verdict, SPH_LINE_CHECKED, "evidence.card.holds", own.party, NULL);
    SPH_TRY(say_fields(&own, root, verdict, err), err, "card");
    say_validity(&own, context->now_ms, verdict);
    if (card) {
        *card = own;
        own = (sph_card){.party = ""};
    }
    return sph_ok();
}
