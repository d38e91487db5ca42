#include "exchange/pmode.h"

#include <string.h>

#define ROLE_INITIATOR SPH_NS_EB "initiator"
#define ROLE_RESPONDER SPH_NS_EB "responder"

void sph_pmode_clear(sph_pmode *pmode)
{
    if (!pmode)
        return;
    for (size_t i = 0; i < pmode->cert_count; i++)
        sph_cert_free(&pmode->cert[i].cert);
    pmode->cert_count = 0;
    sph_cert_free(&pmode->ca);
    sph_buf_clear(&pmode->crl);
}

static sph_rc put(char *to, const char *text, sph_err *err)
{
    return sph_str_copy(to, SPH_PMODE_TEXT, sph_slice_str(text), err);
}

sph_rc sph_pmode_saphan(const char *own, const char *partner, sph_pmode *out, sph_err *err)
{
    sph_pmode pmode = {.suite = SPH_SUITE_EDELIVERY_2_0_ED25519, .action_count = 3};
    SPH_TRY(put(pmode.own_id, own, err), err, "own id");
    SPH_TRY(put(pmode.own_type, SPH_PARTY_TYPE, err), err, "own id");
    SPH_TRY(put(pmode.partner_id, partner, err), err, "partner id");
    SPH_TRY(put(pmode.partner_type, SPH_PARTY_TYPE, err), err, "partner id");
    SPH_TRY(put(pmode.initiator_role, ROLE_INITIATOR, err), err, "role");
    SPH_TRY(put(pmode.responder_role, ROLE_RESPONDER, err), err, "role");
    SPH_TRY(put(pmode.service, SPH_SERVICE, err), err, "service");
    SPH_TRY(put(pmode.action[0], "a1", err), err, "action");
    SPH_TRY(put(pmode.action[1], "a2", err), err, "action");
    SPH_TRY(put(pmode.action[2], "a4", err), err, "action");
    *out = pmode;
    return sph_ok();
}

bool sph_pmode_is_ping(const sph_as4_user *user)
{
    return strcmp(user->service, SPH_PING_SERVICE) == 0 &&
           strcmp(user->action, SPH_PING_ACTION) == 0;
}

/** An absent value is the empty one. */
static bool is_same(const char *claimed, const char *expected)
{
    return strcmp(claimed ? claimed : "", expected) == 0;
}

static bool has_action(const sph_pmode *pmode, const char *action)
{
    for (size_t i = 0; i < pmode->action_count; i++)
        if (strcmp(pmode->action[i], action) == 0)
            return true;
    return false;
}

/** as4.md 12.5: a ping has its own service and action, and everything else of the real P-Mode. */
static bool is_business(const sph_pmode *pmode, const sph_as4_user *user)
{
    if (strcmp(user->service, SPH_PING_SERVICE) == 0)
        return sph_pmode_is_ping(user);
    return is_same(user->service, pmode->service) &&
           is_same(user->service_type, pmode->service_type) && has_action(pmode, user->action);
}

static bool is_channel(const sph_pmode *pmode, const char *mpc, const char *channel)
{
    if (channel)
        return mpc && strcmp(mpc, channel) == 0;
    if (!mpc)
        return true;
    /* Products write the default channel in full; ours never do (as4.md 2). */
    return pmode->is_foreign && strcmp(mpc, SPH_DEFAULT_MPC) == 0;
}

static bool has_property(const sph_as4_user *user, const char *name)
{
    for (size_t i = 0; i < user->property_count; i++)
        if (strcmp(user->property[i].name, name) == 0 && user->property[i].value[0])
            return true;
    return false;
}

static struct sph_pmode_miss miss(enum sph_ebms code, const char *rule, const char *detail)
{
    return (struct sph_pmode_miss){.code = code, .rule = rule, .detail = detail};
}

struct sph_pmode_miss sph_pmode_match(const sph_pmode *pmode, const sph_as4_user *user,
                                      const char *channel)
{
    if (!is_same(user->from_type, pmode->partner_type) || !is_same(user->to_type, pmode->own_type))
        return miss(SPH_EBMS_0010, "pmode.party-type", "PartyId type is not known");
    if (strcmp(user->from, pmode->partner_id) != 0)
        return (struct sph_pmode_miss){SPH_EBMS_0101, true, "identity.from-is-not-tls",
                                       "The sender could not be authenticated"};
    if (!is_same(user->agreement, pmode->agreement) || !is_channel(pmode, user->mpc, channel) ||
        !is_same(user->from_role, pmode->initiator_role) ||
        !is_same(user->to_role, pmode->responder_role) || !is_business(pmode, user))
        return miss(SPH_EBMS_0010, "pmode.none",
                    "no processing mode for this service, action, agreement, roles and channel");
    if (pmode->is_four_corner && !sph_pmode_is_ping(user) &&
        (!has_property(user, SPH_PROP_ORIGINAL_SENDER) ||
         !has_property(user, SPH_PROP_FINAL_RECIPIENT)))
        return miss(SPH_EBMS_0003, "pmode.four-corner",
                    "originalSender and finalRecipient are required");
    if (pmode->is_foreign && user->part_count > pmode->max_parts)
        return miss(SPH_EBMS_0003, "pmode.parts", "more parts than the processing mode allows");
    return miss(SPH_EBMS_NONE, NULL, NULL);
}

static const char *or_null(const char *text)
{
    return text[0] ? text : NULL;
}

void sph_pmode_address(const sph_pmode *pmode, bool is_ping, const char *action, sph_as4_user *user)
{
    user->from = pmode->own_id;
    user->from_type = or_null(pmode->own_type);
    user->from_role = pmode->initiator_role;
    user->to = pmode->partner_id;
    user->to_type = or_null(pmode->partner_type);
    user->to_role = pmode->responder_role;
    user->agreement = or_null(pmode->agreement);
    user->service = is_ping ? SPH_PING_SERVICE : pmode->service;
    user->service_type = is_ping ? NULL : or_null(pmode->service_type);
    user->action = action ? action : pmode->action[0];
    if (is_ping)
        user->action = SPH_PING_ACTION;
}

size_t sph_pmode_certs(const sph_pmode *pmode, enum sph_cert_use use,
                       const sph_cert *out[SPH_PMODE_CERTS])
{
    size_t count = 0;
    for (size_t i = 0; i < pmode->cert_count; i++)
        if (pmode->cert[i].use == use)
            out[count++] = pmode->cert[i].cert;
    return count;
}

const sph_cert *sph_pmode_ca(const sph_pmode *pmode)
{
    return pmode->revocation == SPH_REVOCATION_HARD && pmode->crl.len == 0 ? NULL : pmode->ca;
}

sph_slice sph_pmode_crl(const sph_pmode *pmode)
{
    return pmode->revocation == SPH_REVOCATION_OFF ? (sph_slice){NULL, 0}
                                                   : sph_buf_peek(&pmode->crl);
}
