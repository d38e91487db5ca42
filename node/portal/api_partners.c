#include <string.h>

#include "exchange/partner_admin.h"
#include "exchange/ping.h"
#include "exchange/query.h"
#include "portal/api_foreign.h"
#include "portal/api_health.h"
#include "portal/parties.h"

/** `name` points to three texts, by enum sph_lang. */
static sph_rc set_names(sph_json *object, const char *const name[3], sph_err *err)
{
    SPH_AUTO_PTR(sph_json) *names = sph_json_object();
    for (size_t i = 0; names && i < SPH_LANG_COUNT; i++)
        if (name[i][0])
            SPH_TRY(sph_api_set_text(names, sph_lang_code((enum sph_lang)i), name[i], err), err,
                    "names");
    return sph_json_set(object, "name", sph_move(names), err);
}

static sph_rc partner_json(const sph_partner *partner, sph_json **out, sph_err *err)
{
    char safety[SPH_SAFETY_TEXT];
    const bool is_foreign = partner->pmode.is_foreign;
    SPH_AUTO_PTR(sph_json) *json = NULL;
    SPH_TRY(sph_api_object("saphan.partner/1", &json, err), err, "partner");
    if (!is_foreign)
        sph_safety_number(sph_cert_peek_der(partner->card.root), safety);
    SPH_TRY(sph_api_set_text(json, "peerKind", is_foreign ? "foreign" : "saphan", err), err,
            "partner");
    SPH_TRY(sph_api_set_text(json, "party", partner->card.party, err), err, "partner");
    SPH_TRY(set_names(json,
                      (const char *const[]){partner->card.name[0], partner->card.name[1],
                                            partner->card.name[2]},
                      err),
            err, "partner");
    SPH_TRY(sph_api_set_text(json, "kind", partner->card.kind, err), err, "partner");
    SPH_TRY(sph_api_set_text(json, "country", partner->card.country, err), err, "partner");
    SPH_TRY(sph_api_set_text(json, "mode", partner->card.mode, err), err, "partner");
    SPH_TRY(sph_api_set_text(json, "state", sph_partner_state_name(partner->state), err), err,
            "partner");
    SPH_TRY(sph_api_set_text(json, "url", partner->card.url, err), err, "partner");
    if (partner->card.pull_via[0])
        SPH_TRY(sph_api_set_text(json, "via", partner->card.pull_via, err), err, "partner");
    SPH_TRY(sph_api_set_text(json, "safetyNumber", is_foreign ? NULL : safety, err), err,
            "partner");
    SPH_TRY(sph_api_set_int(json, "serial", partner->card.serial, err), err, "partner");
    SPH_TRY(sph_api_set_time(json, "cardValidUntil", partner->card.valid_until_ms, err), err,
            "partner");
    SPH_TRY(sph_api_set_time(json, "since", partner->added_ms, err), err, "partner");
    SPH_TRY(sph_api_set_text(json, "ledger", partner->card.log_origin, err), err, "partner");
    SPH_TRY(sph_api_set_int(json, "largestMessage", (int64_t)partner->card.largest_message, err),
            err, "partner");
    if (is_foreign)
        SPH_TRY(sph_api_set_pmode(&partner->pmode, json, err), err, "P-Mode");
    *out = sph_move(json);
    return sph_ok();
}

static sph_rc add_partner_row(struct sph_api_call *call, const char *party, sph_json *list,
                              sph_err *err)
{
    SPH_AUTO_PTR(sph_json) *row = NULL;
    SPH_AUTO_PTR(sph_partner) *partner = sph_partners_get(sph_node_partners(call->node), party);
    if (!partner)
        return sph_ok();
    SPH_TRY(partner_json(partner, &row, err), err, "partner");
    SPH_TRY(sph_api_set_health(call, party, row, err), err, "partner");
    return sph_json_add(list, sph_move(row), err);
}

sph_rc sph_api_partner_list(struct sph_api_call *call, sph_err *err)
{
    SPH_AUTO(sph_parties) parties = {.count = 0};
    SPH_AUTO_PTR(sph_json) *json = NULL;
    SPH_AUTO_PTR(sph_json) *list = sph_json_array();
    SPH_TRY(sph_api_object("saphan.partners/1", &json, err), err, "partners");
    SPH_TRY(sph_parties_read(call->node, &parties, err), err, "partners");
    for (size_t i = 0; i < parties.count; i++)
        SPH_TRY(add_partner_row(call, parties.name[i], list, err), err, "partners");
    SPH_TRY(sph_json_set(json, "items", sph_move(list), err), err, "partners");
    return sph_api_answer(call, 200, &json, err);
}

sph_rc sph_api_unknown_partner(struct sph_api_call *call, const char *party, sph_err *err)
{
    SPH_AUTO_PTR(sph_partner) *known = sph_partners_get(sph_node_partners(call->node), party);
    if (known && known->state == SPH_PARTNER_REMOVED)
        return sph_api_refuse(call, SPH_ENOTFOUND, "problem.partner-removed", "party", party, err);
    return sph_api_refuse(call, SPH_ENOTFOUND, "problem.partner-unknown", "party", party, err);
}

sph_rc sph_api_partner_show(struct sph_api_call *call, sph_err *err)
{
    int64_t heard_ms = 0, reached_ms = 0;
    SPH_AUTO_PTR(sph_json) *json = NULL;
    SPH_AUTO_PTR(sph_partner) *partner =
        sph_partners_get(sph_node_partners(call->node), call->segment[1]);
    if (!partner)
        return sph_api_unknown_partner(call, call->segment[1], err);
    SPH_TRY(partner_json(partner, &json, err), err, "partner");
    SPH_TRY(sph_query_contact(call->node, partner->card.party, &heard_ms, &reached_ms, err), err,
            "contact");
    SPH_TRY(sph_api_set_time(json, "lastHeard", heard_ms, err), err, "partner");
    SPH_TRY(sph_api_set_time(json, "lastReached", reached_ms, err), err, "partner");
    SPH_TRY(sph_api_set_health(call, partner->card.party, json, err), err, "partner");
    return sph_api_answer(call, 200, &json, err);
}

static sph_rc read_card_body(struct sph_api_call *call, sph_buf *card, sph_err *err)
{
    *card = sph_buf_init(sph_node_limits(call->node)->card);
    return sph_api_body_bytes(call, sph_node_limits(call->node)->card, card, err);
}

sph_rc sph_api_partner_preview(struct sph_api_call *call, sph_err *err)
{
    struct sph_card_preview preview;
    SPH_AUTO(sph_buf) card = {0};
    SPH_AUTO_PTR(sph_json) *json = NULL;
    SPH_TRY(read_card_body(call, &card, err), err, "card");
    SPH_TRY(sph_partner_preview(call->node, sph_buf_peek(&card), &preview, &call->findings, err),
            err, "card");
    SPH_TRY(sph_api_object("saphan.card/1", &json, err), err, "card");
    SPH_TRY(sph_api_set_text(json, "party", preview.party, err), err, "card");
    SPH_TRY(set_names(json,
                      (const char *const[]){preview.name[0], preview.name[1], preview.name[2]},
                      err),
            err, "card");
    SPH_TRY(sph_api_set_text(json, "kind", preview.kind, err), err, "card");
    SPH_TRY(sph_api_set_text(json, "country", preview.country, err), err, "card");
    SPH_TRY(sph_api_set_text(json, "mode", preview.mode, err), err, "card");
    SPH_TRY(sph_api_set_text(json, "url", preview.url, err), err, "card");
    SPH_TRY(sph_api_set_text(json, "safetyNumber", preview.safety, err), err, "card");
    SPH_TRY(sph_api_set_time(json, "validUntil", preview.valid_until_ms, err), err, "card");
    SPH_TRY(sph_api_set_int(json, "serial", preview.serial, err), err, "card");
    SPH_TRY(sph_json_set(json, "isKnown", sph_json_bool(preview.is_known), err), err, "card");
    SPH_TRY(sph_json_set(json, "isSameRoot", sph_json_bool(preview.is_same_root), err), err,
            "card");
    return sph_api_answer(call, 200, &json, err);
}

sph_rc sph_api_partner_add(struct sph_api_call *call, sph_err *err)
{
    char safety[64] = "";
    struct sph_card_preview preview;
    SPH_AUTO(sph_buf) card = {0};
    SPH_AUTO_PTR(sph_json) *json = NULL;
    SPH_AUTO_PTR(sph_partner) *partner = NULL;
    SPH_TRY(read_card_body(call, &card, err), err, "card");
    if (!sph_api_param(call, "safety", safety, sizeof(safety)))
        return sph_api_refuse(call, SPH_EARG, "problem.safety-missing", NULL, NULL, err);
    SPH_TRY(sph_partner_preview(call->node, sph_buf_peek(&card), &preview, &call->findings, err),
            err, "card");
    const sph_rc rc =
        sph_partner_add(call->node, sph_buf_peek(&card), safety, call->user, &call->findings, err);
    if (rc.code == SPH_EPROOF)
        return sph_api_refuse(call, SPH_EPROOF, "problem.safety-other", "party", preview.party,
                              err);
    if (rc.code == SPH_EEXISTS)
        return sph_api_refuse(call, SPH_EEXISTS, "problem.partner-other-root", "party",
                              preview.party, err);
    SPH_TRY(rc, err, "adding the partner");
    partner = sph_partners_get(sph_node_partners(call->node), preview.party);
    if (!partner)
        return sph_api_unknown_partner(call, preview.party, err);
    SPH_TRY(partner_json(partner, &json, err), err, "partner");
    return sph_api_answer(call, 201, &json, err);
}

static sph_rc set_state(struct sph_api_call *call, enum sph_partner_state state, sph_err *err)
{
    SPH_AUTO_PTR(sph_json) *json = NULL;
    SPH_AUTO_PTR(sph_partner) *partner = NULL;
    const sph_rc rc = sph_partner_set_state(call->node, call->segment[1], state, call->user, err);
    if (rc.code == SPH_ENOTFOUND)
        return sph_api_unknown_partner(call, call->segment[1], err);
    SPH_TRY(rc, err, "state");
    partner = sph_partners_get(sph_node_partners(call->node), call->segment[1]);
    if (!partner)
        return sph_api_unknown_partner(call, call->segment[1], err);
    SPH_TRY(partner_json(partner, &json, err), err, "partner");
    return sph_api_answer(call, 200, &json, err);
}

sph_rc sph_api_partner_change(struct sph_api_call *call, sph_err *err)
{
    SPH_AUTO_PTR(sph_json) *body = NULL;
    SPH_TRY(sph_api_body(call, &body, err), err, "body");
    const char *state = sph_json_get_text(body, "state");
    if (state && strcmp(state, "paused") == 0)
        return set_state(call, SPH_PARTNER_PAUSED, err);
    if (state && strcmp(state, "active") == 0)
        return set_state(call, SPH_PARTNER_ACTIVE, err);
    return sph_fail(err, SPH_EARG, "state is active or paused");
}

sph_rc sph_api_partner_remove(struct sph_api_call *call, sph_err *err)
{
    return set_state(call, SPH_PARTNER_REMOVED, err);
}

sph_rc sph_api_partner_ping(struct sph_api_call *call, sph_err *err)
{
    char message_id[128];
    SPH_AUTO_PTR(sph_json) *json = NULL;
    const sph_rc rc = sph_ping_queue(call->node, call->segment[1], message_id, err);
    if (rc.code == SPH_EREFUSED)
        return sph_api_refuse(call, SPH_EREFUSED, "problem.ping-no-way", "name", call->segment[1],
                              err);
    if (rc.code == SPH_ENOTFOUND)
        return sph_api_unknown_partner(call, call->segment[1], err);
    SPH_TRY(rc, err, "ping");
    SPH_TRY(sph_api_object("saphan.ping/1", &json, err), err, "ping");
    SPH_TRY(sph_api_set_text(json, "party", call->segment[1], err), err, "ping");
    SPH_TRY(sph_api_set_text(json, "messageId", message_id, err), err, "ping");
    SPH_TRY(sph_json_set(json, "isServing", sph_json_bool(sph_node_is_serving(call->node)), err),
            err, "ping");
    return sph_api_answer(call, 202, &json, err);
}
