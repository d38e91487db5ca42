/** One packet on its way to T1, between making and storing it. Internal to the submit files. */
#pragma once

#include "exchange/outbox.h"
#include "exchange/sealing.h"
#include "exchange/submit.h"
#include "packet/leak.h"

struct sph_submit_work {
    sph_node *node;
    const struct sph_submit *what;
    sph_findings *findings;
    char packet_id[64], question[32];
    sph_packet *packet;
    struct sph_sealed_parts parts; /* attachments, already in the vault */
    struct sph_stored stored;
    sph_leak_names *names; /* that must not leave (DP-03); NULL: no list */
    bool is_known;         /* the packet has its row already: its card goes to further partners */
    size_t recipient_count;
    struct {
        sph_partner *partner;
        sph_partner *hub; /* that relays to it; NULL: the message goes to it itself */
        sph_buf part;     /* the packet sealed for it, when there is a hub */
        struct sph_out_new row;
    } recipient[SPH_SUBMIT_MAX];
    int64_t now_ms;
};
/** T1: sealed form, one outbox row a recipient, leaves. */
SPH_MUST sph_rc sph_submit_store(struct sph_submit_work *work, sph_slice octets, sph_err *err);
/** What was queued, added to `out`. */
SPH_MUST sph_rc sph_submit_report(const struct sph_submit_work *work, struct sph_submitted *out,
                                  sph_err *err);
