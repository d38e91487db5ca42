#include "exchange/relay.h"

#include <string.h>

#include "as4/gzip.h"
#include "exchange/hub.h"
#include "packet/relay.h"

/* ------------------------------------------------------------------ the sending end */

/** Two offices that only pull: neither can be asked by the other. */
static bool needs_hub(const sph_node *node, const sph_partner *to)
{
    return sph_node_is_pull_only(node) && !to->pmode.is_foreign && to->card.pull_mpc[0];
}

static bool is_hub(const sph_partner *partner)
{
    return partner->state == SPH_PARTNER_ACTIVE && !partner->pmode.is_foreign &&
           partner->card.has_relay && partner->card.url[0];
}

/** What a relayed packet is sealed for (packets.md 1a: the enc-x25519 of the card), or NULL. */
static const sph_cert *sealing_cert(const sph_node *node, const sph_partner *to)
{
    return sph_partner_encrypt_cert(to, SPH_SUITE_EDELIVERY_2_0_ED25519, sph_node_now_ms(node));
}

sph_rc sph_relay_way(sph_node *node, const sph_partner *to, sph_partner **hub, sph_err *err)
{
    if (!needs_hub(node, to)) {
        *hub = NULL;
        return sph_ok();
    }
    SPH_AUTO_PTR(sph_partner) *via =
        to->card.pull_via[0] ? sph_partners_get(sph_node_partners(node), to->card.pull_via) : NULL;
    if (!via || !is_hub(via) || !sealing_cert(node, to))
        return sph_fail(err, SPH_EREFUSED,
                        "both only pull, and no partner of this node relays to that one");
    *hub = sph_move(via);
    return sph_ok();
}

/** Is there a way, and does it carry what is to go (packets.md 1a: one part, so no attachments)? */
static sph_rc check_way(sph_node *node, const struct sph_submit *what, const sph_partner *partner,
                        sph_findings *findings, sph_err *err)
{
    SPH_AUTO_PTR(sph_partner) *hub = NULL;
    const sph_rc rc = sph_relay_way(node, partner, &hub, err);
    if (rc.code == SPH_EREFUSED)
        sph_finding_add(findings, "RELAY", 0, "relay.no-way", partner->card.party, "");
    SPH_TRY(rc, err, "way to the addressee");
    if (!hub || what->attachment_count == 0)
        return sph_ok();
    sph_finding_add(findings, "RELAY", 0, "relay.attachments", partner->card.party, "");
    return sph_fail(err, SPH_EREFUSED, "a relayed message carries no attachments");
}

sph_rc sph_relay_check_ways(sph_node *node, const struct sph_submit *what, sph_findings *findings,
                            sph_err *err)
{
    for (size_t i = 0; i < what->to_count; i++) {
        SPH_AUTO_PTR(sph_partner) *partner = sph_partners_get(sph_node_partners(node), what->to[i]);
        if (partner)
            SPH_TRY(check_way(node, what, partner, findings, err), err, "addressee %zu", i + 1);
    }
    return sph_ok();
}

sph_rc sph_relay_seal_part(sph_node *node, const sph_partner *to, sph_slice gzip, sph_buf *out,
                           sph_err *err)
{
    sph_hash unused;
    uint64_t len = 0;
    sph_slice_source source;
    const uint64_t most = sph_node_limits(node)->relay_part;
    SPH_AUTO(sph_buf) sealed = sph_buf_init((size_t)most);
    const sph_cert *cert = sealing_cert(node, to);
    if (!cert)
        return sph_fail(err, SPH_ENOTFOUND, "the partner's card has no valid key to seal for");
    const struct sph_srx_ends ends = {sph_node_party(node), to->card.party};
    SPH_TRY(sph_srx_seal(sph_cert_peek_key(cert), &ends, gzip, sph_node_limits(node),
                         sph_node_env(node)->random, &sealed, err),
            err, "sealing for the recipient");
    const sph_reader reader = sph_reader_of_slice(&source, sph_buf_peek(&sealed));
    const sph_writer writer = sph_writer_of_buf(out);
    return sph_gzip_store(&reader, &writer, &unused, &len, err);
}

/* ------------------------------------------------------------------ the receiving end */

static bool is_party_type(const char *type)
{
    return type && strcmp(type, SPH_PARTY_TYPE) == 0;
}

static sph_rc check_form(struct sph_arrival *arrival, struct sph_as4_corners *corners, sph_err *err)
{
    const sph_as4_user *user = sph_as4_in_user(arrival->in);
    const sph_as4_part *part = &arrival->parts.part[0];
    if (sph_as4_user_corners(user, corners, NULL).code != SPH_OK ||
        !is_party_type(corners->sender_type) || !is_party_type(corners->recipient_type))
        return sph_arrival_refuse(arrival, SPH_EBMS_0003, SPH_REASON_RELAY, "relay.corners",
                                  "originalSender and finalRecipient are required, with their type",
                                  err);
    if (user->conversation_id && user->conversation_id[0])
        return sph_arrival_refuse(arrival, SPH_EBMS_0003, SPH_REASON_RELAY, "relay.conversation",
                                  "ConversationId of a relayed message is empty", err);
    if (arrival->parts.count != 1 || !part->is_gzip ||
        strcmp(part->mime_type, SPH_RELAY_MEDIA_TYPE) != 0)
        return sph_arrival_refuse(arrival, SPH_EBMS_0003, SPH_REASON_PARTS, "relay.parts",
                                  "a relayed message has one part, " SPH_RELAY_MEDIA_TYPE, err);
    return sph_ok();
}

/** Only the hub that this office itself chose speaks for others; and only for partners. */
static sph_rc check_hub(struct sph_arrival *arrival, const struct sph_as4_corners *corners,
                        sph_err *err)
{
    const sph_node *node = arrival->node;
    if (!sph_node_is_pull_only(node) ||
        strcmp(sph_node_config(node)->via, arrival->partner->card.party) != 0)
        return sph_arrival_refuse(arrival, SPH_EBMS_0010, SPH_REASON_PMODE, "relay.not-our-hub",
                                  "you are not the hub that this node named", err);
    arrival->author = sph_partners_get(sph_node_partners(node), corners->sender);
    if (arrival->author && arrival->author->state == SPH_PARTNER_PAUSED)
        return sph_arrival_refuse(arrival, SPH_EBMS_0202, SPH_REASON_RELAY, "relay.author-paused",
                                  "originalSender is paused here: later", err);
    if (!arrival->author || arrival->author->state != SPH_PARTNER_ACTIVE ||
        arrival->author->pmode.is_foreign || arrival->author == arrival->partner)
        return sph_arrival_refuse(arrival, SPH_EBMS_0004, SPH_REASON_ISSUER, "relay.author",
                                  "PK-ISSUER originalSender is no active partner of this node",
                                  err);
    return sph_ok();
}

/** A renewed certificate is for the same key, so an older card of ours does no harm. */
static sph_rc unseal(struct sph_arrival *arrival, const struct sph_as4_corners *corners,
                     sph_slice sealed, sph_buf *out, sph_err *err)
{
    const struct sph_key_slot *slot = &sph_node_keys(arrival->node)->slot[SPH_SLOT_ENC_X25519];
    const struct sph_srx_ends ends = {corners->sender, corners->recipient};
    const sph_rc rc =
        sph_srx_open(slot->key, &ends, sealed, sph_node_limits(arrival->node), out, err);
    if (rc.code == SPH_OK || rc.code == SPH_ENOMEM)
        return rc;
    sph_err_clear(err);
    return sph_arrival_refuse(arrival, SPH_EBMS_0102, SPH_REASON_PARTS, "relay.sealed",
                              "The sealed part could not be opened", err);
}

/** From here on the message is as one that came straight: its leading part is the packet. */
static sph_rc open_part(struct sph_arrival *arrival, const struct sph_as4_corners *corners,
                        sph_err *err)
{
    SPH_AUTO(sph_buf) sealed = sph_buf_init((size_t)sph_node_limits(arrival->node)->relay_part);
    SPH_AUTO(sph_buf) gzip = sph_buf_init(SPH_GZIP_ROOM);
    SPH_TRY(sph_hub_inflate(arrival, &sealed, err), err, "sealed part");
    SPH_TRY(unseal(arrival, corners, sph_buf_peek(&sealed), &gzip, err), err, "sealed part");
    sph_buf_clear(&arrival->parts.part[0].octets);
    sph_buf_take(&gzip, &arrival->parts.part[0].octets);
    return sph_ok();
}

sph_rc sph_relay_take(struct sph_arrival *arrival, sph_err *err)
{
    struct sph_as4_corners corners;
    SPH_TRY(check_form(arrival, &corners, err), err, "relayed message");
    if (strcmp(corners.recipient, sph_node_party(arrival->node)) != 0)
        return sph_hub_take(arrival, &corners, err);
    SPH_TRY(check_hub(arrival, &corners, err), err, "hub");
    SPH_TRY(open_part(arrival, &corners, err), err, "sealed part");
    SPH_TRY(sph_arrival_check_packet(arrival, err), err, "packet");
    return sph_arrival_store(arrival, err);
}
