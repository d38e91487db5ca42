#include "exchange/ping.h"

#include "exchange/outbox.h"

struct ping {
    struct sph_out_new row;
};

static sph_rc bind_ping(void *arg, sph_db *db, const uint64_t *index, sph_err *err)
{
    struct ping *ping = arg;
    ping->row.submitted_index = index[0];
    return sph_out_insert(db, &ping->row, err);
}

sph_rc sph_ping_queue(sph_node *node, const char *party, char message_id[128], sph_err *err)
{
    sph_leaf leaf;
    struct ping ping = {.row = {.packet_id = "",
                                .partner = party,
                                .action = SPH_PING_ACTION,
                                .conversation_id = "",
                                .now_ms = sph_node_now_ms(node)}};
    SPH_AUTO_PTR(sph_partner) *partner = sph_partners_get(sph_node_partners(node), party);
    if (!partner || partner->state == SPH_PARTNER_REMOVED)
        return sph_fail(err, SPH_ENOTFOUND, "no partner of that name");
    if (sph_node_is_pull_only(node) && !partner->pmode.is_foreign && partner->card.pull_mpc[0])
        return sph_fail(err, SPH_EREFUSED, "both only pull, and a hub relays no pings");
    SPH_TRY(sph_partner_suite(partner, sph_node_suites(node), false, &ping.row.suite, err), err,
            "crypto suite");
    SPH_TRY(sph_as4_new_message_id(sph_node_env(node)->random, sph_node_party(node),
                                   ping.row.message_id, err),
            err, "message id");
    SPH_TRY(sph_node_leaf(node, SPH_EVENT_SUBMITTED, NULL, &leaf, err), err, "leaf");
    SPH_TRY(sph_str_copy(leaf.peer, sizeof(leaf.peer), sph_slice_str(party), err), err, "leaf");
    SPH_TRY(sph_str_copy(leaf.message_id, sizeof(leaf.message_id),
                         sph_slice_str(ping.row.message_id), err),
            err, "leaf");
    sph_job job = {.bind = bind_ping, .arg = &ping, .leaves = &leaf, .leaf_count = 1};
    SPH_TRY(sph_journal_commit(sph_node_journal(node), &job, NULL, err), err, "T1");
    SPH_TRY(sph_str_copy(message_id, 128, sph_slice_str(ping.row.message_id), err), err,
            "message id");
    sph_node_wake(node);
    return sph_ok();
}
