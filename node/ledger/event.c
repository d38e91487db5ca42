#include "ledger/leaf.h"

/* ledger.md 3 */
static const struct {
    uint16_t code;
    const char *name;
} events[] = {
    {SPH_EVENT_SUBMITTED, "SUBMITTED"},
    {SPH_EVENT_SENT, "SENT"},
    {SPH_EVENT_RECEIVED, "RECEIVED"},
    {SPH_EVENT_RECEIPT_SENT, "RECEIPT_SENT"},
    {SPH_EVENT_RECEIPT_IN, "RECEIPT_IN"},
    {SPH_EVENT_REJECTED, "REJECTED"},
    {SPH_EVENT_DELIVERY_FAILED, "DELIVERY_FAILED"},
    {SPH_EVENT_DUPLICATE, "DUPLICATE"},
    {SPH_EVENT_REPLAY_REFUSED, "REPLAY_REFUSED"},
    {SPH_EVENT_OPENED, "OPENED"},
    {SPH_EVENT_EXPORTED, "EXPORTED"},
    {SPH_EVENT_PRINTED, "PRINTED"},
    {SPH_EVENT_PUBLISHED, "PUBLISHED"},
    {SPH_EVENT_WITHDRAWN, "WITHDRAWN"},
    {SPH_EVENT_SEALED_OPENED, "SEALED_OPENED"},
    {SPH_EVENT_DENIED, "DENIED"},
    {SPH_EVENT_KEY_BIND, "KEY_BIND"},
    {SPH_EVENT_CERT_ADDED, "CERT_ADDED"},
    {SPH_EVENT_CERT_REVOKED, "CERT_REVOKED"},
    {SPH_EVENT_PARTNER_ADDED, "PARTNER_ADDED"},
    {SPH_EVENT_PARTNER_SUSPENDED, "PARTNER_SUSPENDED"},
    {SPH_EVENT_POLICY_CHANGED, "POLICY_CHANGED"},
    {SPH_EVENT_WITNESS_CHANGED, "WITNESS_CHANGED"},
    {SPH_EVENT_ROLE_CHANGED, "ROLE_CHANGED"},
    {SPH_EVENT_START, "START"},
    {SPH_EVENT_STOP, "STOP"},
    {SPH_EVENT_BACKUP, "BACKUP"},
    {SPH_EVENT_RESTORE, "RESTORE"},
    {SPH_EVENT_CONFIG_CHANGED, "CONFIG_CHANGED"},
    {SPH_EVENT_LOGIN, "LOGIN"},
    {SPH_EVENT_LOGIN_FAILED, "LOGIN_FAILED"},
    {SPH_EVENT_CLOCK_STEP, "CLOCK_STEP"},
    {SPH_EVENT_PEER_CHECKPOINT, "PEER_CHECKPOINT"},
    {SPH_EVENT_TIMESTAMPED, "TIMESTAMPED"},
    {SPH_EVENT_FORK_EVIDENCE, "FORK_EVIDENCE"},
    {SPH_EVENT_LOG_SUCCESSION, "LOG_SUCCESSION"},
    {SPH_EVENT_AUDIT_RUN, "AUDIT_RUN"},
    {SPH_EVENT_PAD, "PAD"},
    {SPH_EVENT_KEY_DESTROYED, "KEY_DESTROYED"},
    {SPH_EVENT_ERASURE_REQUESTED, "ERASURE_REQUESTED"},
    {SPH_EVENT_ERASURE_CONFIRMED, "ERASURE_CONFIRMED"},
    {SPH_EVENT_RETENTION_EXPIRED, "RETENTION_EXPIRED"},
    {SPH_EVENT_LEGAL_HOLD, "LEGAL_HOLD"},
    {SPH_EVENT_HOLD_RELEASED, "HOLD_RELEASED"},
};

const char *sph_event_name(uint16_t event)
{
    for (size_t i = 0; i < sizeof(events) / sizeof(events[0]); i++)
        if (events[i].code == event)
            return events[i].name;
    return NULL;
}

bool sph_event_of(const char *name, uint16_t *out)
{
    for (size_t i = 0; i < sizeof(events) / sizeof(events[0]); i++) {
        if (!sph_slice_is(sph_slice_str(name), events[i].name))
            continue;
        *out = events[i].code;
        return true;
    }
    return false;
}
