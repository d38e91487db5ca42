#include <string.h>

#include "crypto/digest.h"
#include "exchange/partner_impl.h"

static const char *const state_names[] = {"active", "paused", "removed"};

const char *sph_partner_state_name(enum sph_partner_state state)
{
    return state_names[state];
}

static sph_rc state_of(const char *name, enum sph_partner_state *out, sph_err *err)
{
    for (enum sph_partner_state state = SPH_PARTNER_ACTIVE; state <= SPH_PARTNER_REMOVED; state++) {
        if (name && strcmp(name, state_names[state]) == 0) {
            *out = state;
            return sph_ok();
        }
    }
    return sph_fail(err, SPH_EPARSE, "unknown partner state in node.db");
}

static sph_rc read_card(sph_stmt *stmt, const char *own, const struct sph_schemas *schemas,
                        const struct sph_limits *limits, const char *mode, int64_t now_ms,
                        sph_partner *partner, sph_err *err)
{
    sph_findings findings = {0};
    SPH_AUTO_PTR(sph_packet) *packet = NULL;
    const sph_slice octets = sph_col_blob(stmt, 0);
    /* A card past its date still names its party: it is judged at the time it was accepted, and
     * expiry is shown. */
    const int64_t judged_ms = sph_col_int(stmt, 2) < now_ms ? sph_col_int(stmt, 2) : now_ms;
    SPH_TRY(sph_card_check(octets, schemas, limits, mode, judged_ms, &findings, &partner->card,
                           &packet, err),
            err, "a stored card");
    partner->card_sha256 = sph_packet_sha256(packet);
    partner->has_log =
        sph_vkey_parse(sph_slice_str(partner->card.log_vkey), &partner->log, NULL).code == SPH_OK;
    return sph_pmode_saphan(own, partner->card.party, &partner->pmode, err);
}

/** The places of a card that the rest of the node asks, filled from the P-Mode. */
static sph_rc card_of_pmode(const char *party, const sph_pmode *pmode, sph_card *card, sph_err *err)
{
    SPH_TRY(sph_str_copy(card->party, sizeof(card->party), sph_slice_str(party), err), err,
            "party");
    SPH_TRY(sph_str_copy(card->kind, sizeof(card->kind), sph_slice_str(SPH_PARTNER_FOREIGN), err),
            err, "kind");
    SPH_TRY(sph_str_copy(card->country, sizeof(card->country), sph_slice_str(pmode->country), err),
            err, "country");
    SPH_TRY(sph_str_copy(card->url, sizeof(card->url), sph_slice_str(pmode->address), err), err,
            "address");
    SPH_TRY(sph_str_copy(card->name[SPH_LANG_EN], sizeof(card->name[0]), sph_slice_str(pmode->name),
                         err),
            err, "name");
    SPH_TRY(sph_str_copy(card->pull_mpc, sizeof(card->pull_mpc), sph_slice_str(pmode->channel_out),
                         err),
            err, "channel");
    card->suite[0] = pmode->suite;
    card->suite_count = 1;
    card->largest_message = pmode->largest_message;
    for (size_t i = 0; i < pmode->cert_count; i++) {
        card->cert[i].use = pmode->cert[i].use;
        card->cert[i].suite = pmode->suite;
        card->cert[i].cert = sph_cert_ref(pmode->cert[i].cert);
        card->cert_count = i + 1;
    }
    return sph_ok();
}

static sph_rc read_pmode(sph_stmt *stmt, sph_partner *partner, sph_err *err)
{
    SPH_AUTO_PTR(sph_json) *json = NULL;
    const sph_slice text = sph_slice_str(sph_col_text(stmt, 4));
    SPH_TRY(sph_json_parse(text, SPH_PMODE_JSON, &json, err), err, "a stored P-Mode");
    SPH_TRY(sph_pmode_parse(json, &partner->pmode, err), err, "a stored P-Mode");
    partner->card_sha256 = sph_sha256_of(text);
    return card_of_pmode(sph_col_text(stmt, 5), &partner->pmode, &partner->card, err);
}

sph_rc sph_partner_read(sph_stmt *stmt, const char *own, const struct sph_schemas *schemas,
                        const struct sph_limits *limits, const char *mode, int64_t now_ms,
                        sph_partner *out, sph_err *err)
{
    out->added_ms = sph_col_int(stmt, 3);
    SPH_TRY(state_of(sph_col_text(stmt, 1), &out->state, err), err, "partner state");
    const char *pmode = sph_col_text(stmt, 4);
    return pmode && pmode[0] ? read_pmode(stmt, out, err)
                             : read_card(stmt, own, schemas, limits, mode, now_ms, out, err);
}
