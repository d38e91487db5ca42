#include "exchange/hub.h"

#include <string.h>

#include "as4/gzip.h"
#include "exchange/proofs.h"
#include "packet/relay.h"

#define REFS_ROOM 65536u
/* One recipient's part of a sender's room: who never fetches does not shut out the others. */
#define EACH_SHARE 4u

/** One message on its way through the hub; texts live until the job is done. */
struct passing {
    struct sph_arrival *arrival;
    const struct sph_as4_corners *corners;
    struct sph_out_new row;
    struct sph_relay_row part;
    sph_buf refs;
    int64_t now_ms;
};

sph_rc sph_hub_inflate(struct sph_arrival *arrival, sph_buf *out, sph_err *err)
{
    const struct sph_limits *limits = sph_node_limits(arrival->node);
    sph_slice_source source;
    const sph_as4_part *part = &arrival->parts.part[0];
    const sph_reader reader = sph_reader_of_slice(&source, sph_buf_peek(&part->octets));
    const sph_writer writer = sph_writer_of_buf(out);
    if (sph_gunzip(&reader, &writer, limits->relay_part, limits, NULL, err).code != SPH_OK)
        return sph_arrival_refuse(arrival, SPH_EBMS_0303, SPH_REASON_PARTS, "relay.gzip",
                                  "the sealed part does not inflate within the limits", err);
    return sph_ok();
}

static sph_rc check_sender(struct sph_arrival *arrival, const struct sph_as4_corners *corners,
                           sph_err *err)
{
    if (!sph_config_relays(sph_node_config(arrival->node)))
        return sph_arrival_refuse(arrival, SPH_EBMS_0010, SPH_REASON_PMODE, "relay.not-offered",
                                  "this node relays for nobody", err);
    if (strcmp(corners->sender, arrival->partner->card.party) != 0)
        return sph_arrival_refuse(arrival, SPH_EBMS_0003, SPH_REASON_IDENTITY, "relay.sender",
                                  "originalSender is not the party that handed this over", err);
    return sph_ok();
}

/** One answer for all that cannot be: who is a partner of whom is nobody's to try out. */
static sph_rc find_recipient(struct sph_arrival *arrival, const struct sph_as4_corners *corners,
                             sph_partner **out, sph_err *err)
{
    SPH_AUTO_PTR(sph_partner) *partner =
        sph_partners_get(sph_node_partners(arrival->node), corners->recipient);
    if (!partner || partner->state != SPH_PARTNER_ACTIVE || partner->pmode.is_foreign ||
        partner == arrival->partner)
        return sph_arrival_refuse(arrival, SPH_EBMS_0003, SPH_REASON_RELAY, "relay.recipient",
                                  "finalRecipient cannot be reached through this hub", err);
    *out = sph_move(partner);
    return sph_ok();
}

static sph_rc check_part(struct sph_arrival *arrival, sph_err *err)
{
    SPH_AUTO(sph_buf) sealed = sph_buf_init(sph_node_limits(arrival->node)->relay_part);
    SPH_TRY(sph_hub_inflate(arrival, &sealed, err), err, "sealed part");
    if (!sph_srx_is(sph_buf_peek(&sealed)))
        return sph_arrival_refuse(arrival, SPH_EBMS_0003, SPH_REASON_PARTS, "relay.form",
                                  "the part is not in the form SRX1", err);
    return sph_ok();
}

/** Counted where nothing else can come in between. */
static sph_rc apply_part(void *arg, sph_db *db, sph_err *err)
{
    const struct passing *passing = arg;
    const struct sph_limits *limits = sph_node_limits(passing->arrival->node);
    struct sph_relay_load_of load;
    const uint64_t len = passing->part.part.len;
    SPH_TRY(sph_relay_count(db, passing->part.sender, passing->part.final_recipient, &load, err),
            err, "what waits");
    if ((uint64_t)load.messages >= limits->relay_messages ||
        (uint64_t)load.octets + len > limits->relay_octets ||
        (uint64_t)load.messages_there >= limits->relay_messages / EACH_SHARE ||
        (uint64_t)load.octets_there + len > limits->relay_octets / EACH_SHARE)
        return sph_fail(err, SPH_ELIMIT, "too much of this sender waits here");
    return sph_relay_insert(db, &passing->part, err);
}

static sph_rc bind_rows(void *arg, sph_db *db, const uint64_t *index, sph_err *err)
{
    struct passing *passing = arg;
    SPH_TRY(sph_arrival_insert(passing->arrival, db, "", &passing->refs, index[0], passing->now_ms,
                               err),
            err, "inbox row");
    passing->row.submitted_index = index[1];
    return sph_out_insert(db, &passing->row, err);
}

static sph_rc name_leaf(sph_leaf *leaf, const char *peer, const char *message_id, sph_err *err)
{
    SPH_TRY(sph_str_copy(leaf->peer, sizeof(leaf->peer), sph_slice_str(peer), err), err, "leaf");
    return sph_str_copy(leaf->message_id, sizeof(leaf->message_id), sph_slice_str(message_id), err);
}

/** RECEIVED from the sender and SUBMITTED to the recipient, in one step. No commitment: this node
 * has no packet. */
static sph_rc fill_leaves(const struct passing *passing, sph_leaf leaf[2], sph_err *err)
{
    const struct sph_arrival *arrival = passing->arrival;
    const sph_as4_user *user = sph_as4_in_user(arrival->in);
    sph_checkpoint head;
    SPH_TRY(sph_node_leaf(arrival->node, SPH_EVENT_RECEIVED, NULL, &leaf[0], err), err, "leaf");
    SPH_TRY(name_leaf(&leaf[0], arrival->partner->card.party, user->message_id, err), err, "leaf");
    leaf[0].envelope = sph_as4_in_root_sha256(arrival->in);
    if (sph_message_checkpoint(arrival->node, user, arrival->partner, &head)) {
        leaf[0].peer_size = head.size;
        leaf[0].peer_root = head.root;
    }
    SPH_TRY(sph_node_leaf(arrival->node, SPH_EVENT_SUBMITTED, NULL, &leaf[1], err), err, "leaf");
    return name_leaf(&leaf[1], passing->row.partner, passing->row.message_id, err);
}

static sph_rc commit(struct passing *passing, sph_err *err)
{
    sph_leaf leaf[2];
    struct sph_arrival *arrival = passing->arrival;
    SPH_TRY(fill_leaves(passing, leaf, err), err, "leaves");
    sph_job job = {.apply = apply_part,
                   .bind = bind_rows,
                   .arg = passing,
                   .leaves = leaf,
                   .leaf_count = 2,
                   .want_head = true};
    const sph_rc rc = sph_journal_commit(sph_node_journal(arrival->node), &job, NULL, err);
    if (rc.code == SPH_ELIMIT)
        return sph_arrival_refuse(arrival, SPH_EBMS_0202, SPH_REASON_RELAY, "relay.full",
                                  "too many or too large messages of yours wait here; they have to "
                                  "be fetched first",
                                  err);
    return rc;
}

/** The hub's own message: its MessageId, the same two ends, the same sealed octets. */
static sph_rc fill(struct passing *passing, const sph_partner *recipient, sph_err *err)
{
    const struct sph_arrival *arrival = passing->arrival;
    passing->now_ms = sph_node_now_ms(arrival->node);
    passing->row = (struct sph_out_new){.packet_id = "",
                                        .partner = recipient->card.party,
                                        .action = SPH_RELAY_ACTION,
                                        .conversation_id = "",
                                        .now_ms = passing->now_ms};
    SPH_TRY(sph_as4_new_message_id(sph_node_env(arrival->node)->random,
                                   sph_node_party(arrival->node), passing->row.message_id, err),
            err, "message id");
    SPH_TRY(sph_partner_suite(recipient, sph_node_suites(arrival->node), false, &passing->row.suite,
                              err),
            err, "crypto suite");
    passing->part = (struct sph_relay_row){.message_id = passing->row.message_id,
                                           .sender = arrival->partner->card.party,
                                           .original_sender = passing->corners->sender,
                                           .final_recipient = recipient->card.party,
                                           .tracking_id = sph_as4_in_message_id(arrival->in),
                                           .part = sph_buf_peek(&arrival->parts.part[0].octets)};
    return sph_as4_refs_print(sph_as4_in_refs(arrival->in), &passing->refs, err);
}

sph_rc sph_hub_take(struct sph_arrival *arrival, const struct sph_as4_corners *corners,
                    sph_err *err)
{
    struct passing passing = {
        .arrival = arrival, .corners = corners, .refs = sph_buf_init(REFS_ROOM)};
    SPH_AUTO_PTR(sph_partner) *recipient = NULL;
    SPH_TRY(check_sender(arrival, corners, err), err, "sender");
    SPH_TRY(find_recipient(arrival, corners, &recipient, err), err, "recipient");
    SPH_TRY(check_part(arrival, err), err, "part");
    sph_rc rc = fill(&passing, recipient, err);
    if (rc.code == SPH_OK)
        rc = commit(&passing, err);
    sph_buf_clear(&passing.refs);
    if (rc.code == SPH_OK)
        sph_node_wake(arrival->node);
    return rc;
}
