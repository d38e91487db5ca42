#include "exchange/inbox.h"

#include <string.h>

#include "as4/build.h"
#include "exchange/arrival.h"
#include "exchange/at_work.h"
#include "exchange/deliver.h"
#include "exchange/foreign.h"
#include "exchange/health.h"
#include "exchange/pull.h"
#include "exchange/relay_notice.h"
#include "exchange/room.h"
#include "net/http_date.h"

#define SIGNAL_TYPE "application/soap+xml;charset=UTF-8"
#define SIGNAL_ROOM (512u * 1024)
#define RETRY_AFTER_S 30u
#define BUSY_RETRY_S 1u /* the same message is being taken in: its receipt is there in a moment */
#define INBOUND_MOST ((unsigned)sph_limits_default()->inbound_concurrent)

static sph_rc turn_away(sph_response *response, unsigned status, sph_err *err)
{
    response->status = status;
    response->retry_after_s = status == 503 ? RETRY_AFTER_S : 0;
    response->close = true;
    return sph_fail(err, status == 503 ? SPH_EAGAIN : SPH_EREFUSED, "HTTP %u", status);
}

static bool is_as4_type(sph_slice content_type)
{
    return sph_slice_equal_nocase(sph_slice_sub(content_type, 0, 17),
                                  SPH_LIT("multipart/related")) ||
           sph_slice_equal_nocase(sph_slice_sub(content_type, 0, 20),
                                  SPH_LIT("application/soap+xml"));
}

sph_rc sph_inbox_accept(void *ctx, const sph_request *request, sph_response *response, sph_err *err)
{
    sph_node *node = ctx;
    char party[SPH_PARTY_ROOM];
    if (!sph_partners_admit(sph_node_partners(node), request->client, sph_node_now_ms(node), party))
        return turn_away(response, 403, err);
    if (!is_as4_type(sph_http_field_get(request->head, "content-type")))
        return turn_away(response, 415, err);
    if (request->head->has_length && request->head->length > sph_node_config(node)->largest)
        return turn_away(response, 413, err);
    if (sph_journal_is_stopped(sph_node_journal(node)))
        return turn_away(response, 503, err);
    /* The body, its plaintext and its stored form may all be on the disk at once. */
    const sph_rc rc = sph_room_on_disk(node, request->head->length * 3, NULL, err);
    return rc.code == SPH_ELIMIT ? turn_away(response, 503, err) : rc;
}

void sph_arrival_signal(sph_response *response, sph_buf *signal)
{
    response->status = 200;
    response->content_type = SIGNAL_TYPE;
    sph_buf_take(signal, &response->body);
}

static sph_as4_signer own_signer(const struct sph_arrival *arrival)
{
    const sph_keyring *ring = sph_node_keys(arrival->node);
    const struct sph_key_slot *slot = &ring->slot[sph_slot_sign(arrival->suite)];
    return (sph_as4_signer){slot->key, slot->leaf, ring->root, arrival->partner->pmode.sign_ref};
}

static sph_rc reject_leaf(struct sph_arrival *arrival, sph_err *err)
{
    sph_leaf leaf;
    const bool is_replay = arrival->fault.reason == SPH_REASON_REPLAY;
    SPH_TRY(sph_node_leaf(arrival->node, is_replay ? SPH_EVENT_REPLAY_REFUSED : SPH_EVENT_REJECTED,
                          NULL, &leaf, err),
            err, "leaf");
    SPH_TRY(sph_str_copy(leaf.peer, sizeof(leaf.peer), sph_slice_str(arrival->partner->card.party),
                         err),
            err, "leaf");
    if (arrival->in) {
        SPH_TRY(sph_str_copy(leaf.message_id, sizeof(leaf.message_id),
                             sph_slice_str(sph_as4_in_message_id(arrival->in)), err),
                err, "leaf");
        leaf.envelope = sph_as4_in_root_sha256(arrival->in);
    }
    SPH_TRY(sph_leaf_ext_u16(&leaf, SPH_EXT_REASON, arrival->fault.reason, err), err, "leaf");
    return sph_node_note_event(arrival->node, &leaf, NULL, err);
}

/** A signed error for what came in. */
static sph_rc answer_error(struct sph_arrival *arrival, const struct sph_as4_error_info *info,
                           sph_response *response, sph_err *err)
{
    const struct sph_env *env = sph_node_env(arrival->node);
    const sph_as4_signer signer = own_signer(arrival);
    char message_id[128];
    SPH_AUTO(sph_buf) signal = sph_buf_init(SIGNAL_ROOM);
    SPH_TRY(sph_as4_new_message_id(env->random, sph_node_party(arrival->node), message_id, err),
            err, "message id");
    SPH_TRY(sph_as4_build_error(info, message_id, sph_node_now_ms(arrival->node), arrival->suite,
                                &signer, env->random, &signal, err),
            err, "error signal");
    sph_arrival_signal(response, &signal);
    return sph_ok();
}

/** A refusal: leaf first, then the signed error. Without a leaf there is no answer but 503; only
 * the same refusal again within a minute is counted instead of written. */
static void answer_fault(struct sph_arrival *arrival, sph_response *response)
{
    const char *ref_to = arrival->in ? sph_as4_in_message_id(arrival->in) : NULL;
    const struct sph_as4_error_info info = {arrival->fault.code, ref_to, arrival->fault.detail};
    sph_err err = {0};
    SPH_LOG(sph_node_env(arrival->node)->log, SPH_LOG_WARN, "message_refused",
            SPH_LF(SPH_F_PARTNER, arrival->partner->card.party),
            SPH_LF(SPH_F_MESSAGE, ref_to ? ref_to : ""),
            SPH_LF(SPH_F_CODE, sph_ebms_code(arrival->fault.code)),
            SPH_LF(SPH_F_WHAT, arrival->fault.rule));
    const bool may_note =
        sph_health_refused(arrival->node, arrival->partner->card.party,
                           sph_ebms_code(arrival->fault.code), arrival->fault.reason);
    sph_rc rc = may_note ? reject_leaf(arrival, &err) : sph_ok();
    if (rc.code == SPH_OK)
        rc = answer_error(arrival, &info, response, &err);
    if (rc.code != SPH_OK)
        (void)turn_away(response, 503, NULL).code;
}

sph_rc sph_arrival_refuse(struct sph_arrival *arrival, enum sph_ebms code, uint16_t reason,
                          const char *rule, const char *detail, sph_err *err)
{
    arrival->fault = (sph_as4_fault){.code = code, .reason = reason, .rule = rule};
    const size_t room = sizeof(arrival->fault.detail) - 1;
    SPH_TRY(sph_str_copy(arrival->fault.detail, sizeof(arrival->fault.detail),
                         sph_slice_sub(sph_slice_str(detail), 0, room), err),
            err, "detail");
    return sph_fail(err, SPH_EREFUSED, "%s", rule);
}

/** The channel that the message has to name. This node's way may have changed while the message was
 * out, and a retry keeps its bytes (as4.md 11): what was made for a push may be pulled, and what
 * was made for this node's own channel pushed. */
static const char *channel_of(const struct sph_arrival *arrival)
{
    const char *named = sph_as4_in_user(arrival->in)->mpc;
    const char *own = sph_node_config(arrival->node)->mpc;
    if (arrival->partner->pmode.is_foreign)
        return arrival->mpc;
    if (arrival->mpc)
        return named ? arrival->mpc : NULL;
    return named && own[0] && strcmp(named, own) == 0 ? own : NULL;
}

/** as4.md 13 and 8.6: the claims lead to the TLS partner and to one P-Mode. */
static sph_rc match_pmode(struct sph_arrival *arrival, sph_err *err)
{
    const struct sph_pmode_miss miss = sph_pmode_match(
        &arrival->partner->pmode, sph_as4_in_user(arrival->in), channel_of(arrival));
    if (miss.code == SPH_EBMS_NONE)
        return sph_ok();
    return sph_arrival_refuse(arrival, miss.code,
                              miss.is_identity ? SPH_REASON_IDENTITY : SPH_REASON_PMODE, miss.rule,
                              miss.detail, err);
}

sph_rc sph_inbox_verify_signal(sph_node *node, const sph_partner *partner, enum sph_suite suite,
                               sph_as4_in *in, sph_as4_fault *fault, sph_err *err)
{
    struct sph_partner_known known;
    sph_as4_trust trust;
    sph_partner_trust(partner, suite, sph_node_now_ms(node), &known, &trust);
    return sph_as4_verify(in, &trust, fault, err);
}

static sph_rc verify(struct sph_arrival *arrival, sph_err *err)
{
    SPH_TRY(sph_inbox_verify_signal(arrival->node, arrival->partner, arrival->suite, arrival->in,
                                    &arrival->fault, err),
            err, "signature");
    const sph_as4_user *user = sph_as4_in_user(arrival->in);
    if (user && strcmp(user->to, arrival->partner->pmode.own_id) != 0)
        return sph_arrival_refuse(arrival, SPH_EBMS_0010, SPH_REASON_NOT_FOR_US, "pmode.not-for-us",
                                  "eb:To is not this node", err);
    return sph_ok();
}

static sph_rc unwrap(struct sph_arrival *arrival, sph_err *err)
{
    const struct sph_env *env = sph_node_env(arrival->node);
    const struct sph_key_slot *slot =
        &sph_node_keys(arrival->node)->slot[sph_slot_encrypt(arrival->suite)];
    const sph_as4_recipient recipients[2] = {{slot->key, slot->leaf}, {slot->key, slot->previous}};
    return sph_as4_unwrap(arrival->in, recipients, slot->previous ? 2 : 1, env->random, env->files,
                          "spool", sph_node_limits(arrival->node), &arrival->parts, &arrival->fault,
                          err);
}

/** From the claims to the stored message. SPH_EREFUSED: fault is filled. */
static sph_rc take_in(struct sph_arrival *arrival, sph_err *err)
{
    SPH_TRY(unwrap(arrival, err), err, "opening");
    SPH_TRY(sph_arrival_check_key(arrival, err), err, "content key");
    if (arrival->partner->pmode.is_foreign && !sph_pmode_is_ping(sph_as4_in_user(arrival->in)))
        return sph_foreign_take(arrival, err);
    if (strcmp(sph_as4_in_user(arrival->in)->action, SPH_RELAY_ACTION) == 0)
        return sph_relay_take(arrival, err);
    SPH_TRY(sph_arrival_check_packet(arrival, err), err, "packet");
    return sph_arrival_store(arrival, err);
}

/** From the claims to the receipt. SPH_EREFUSED: fault is filled. */
static sph_rc take(struct sph_arrival *arrival, sph_response *response, sph_err *err)
{
    SPH_TRY(match_pmode(arrival, err), err, "P-Mode");
    SPH_TRY(verify(arrival, err), err, "signature");
    sph_rc rc = sph_arrival_repeat(arrival, response, err);
    if (rc.code != SPH_ENOTFOUND)
        return rc;
    sph_err_clear(err);
    sph_health_clock(arrival->node, arrival->partner->card.party,
                     sph_as4_in_timestamp_ms(arrival->in), false);
    rc = take_in(arrival, err);
    if (rc.code == SPH_ECONFLICT) { /* stored by another connection meanwhile */
        sph_err_clear(err);
        return sph_arrival_repeat(arrival, response, err);
    }
    SPH_TRY(rc, err, "message");
    return sph_arrival_receipt(arrival, response, err);
}

static sph_rc take_claimed(struct sph_arrival *arrival, sph_response *response, sph_err *err)
{
    sph_node *node = arrival->node;
    sph_at_work *table = sph_node_at_work(node);
    const struct sph_claim claim =
        sph_claim_of(arrival->partner->card.party, sph_as4_in_message_id(arrival->in),
                     sph_as4_in_root(arrival->in));
    const enum sph_admission admission = sph_at_work_enter(table, &claim, sph_node_now_ms(node));
    if (admission == SPH_ADMIT_BUSY) {
        const sph_rc rc = turn_away(response, 503, err);
        response->retry_after_s = BUSY_RETRY_S;
        return rc;
    }
    if (admission == SPH_ADMIT_KNOWN)
        return sph_arrival_known(arrival, &claim, response, err);
    const sph_rc rc = take(arrival, response, err);
    sph_at_work_leave(table, &claim, rc.code == SPH_OK, sph_node_now_ms(node));
    return rc;
}

void sph_inbox_take(struct sph_arrival *arrival, sph_response *response)
{
    sph_err err = {0};
    const sph_rc rc = take_claimed(arrival, response, &err);
    if (rc.code == SPH_OK && arrival->author)
        sph_notice_pay(arrival->node, sph_packet_header_of(arrival->packet)->packet_id);
    if (rc.code == SPH_OK || response->status == 503)
        return;
    if (arrival->fault.code != SPH_EBMS_NONE) {
        answer_fault(arrival, response);
        return;
    }
    SPH_LOG(sph_node_env(arrival->node)->log, SPH_LOG_ERROR, "message_not_answered",
            SPH_LF(SPH_F_CODE, sph_code_name(rc.code)),
            SPH_LF(SPH_F_WHERE, err.depth ? err.frame[0].where : ""),
            SPH_LF(SPH_F_WHAT, err.depth ? err.frame[0].what : ""));
    (void)turn_away(response, 503, NULL).code;
}

/** as4.md 12.3: nothing waits; the same words whatever the reason. */
static void answer_empty(struct sph_arrival *arrival, sph_response *response)
{
    const struct sph_as4_error_info info = {SPH_EBMS_0006, sph_as4_in_message_id(arrival->in),
                                            "there is no message on this channel"};
    if (answer_error(arrival, &info, response, NULL).code != SPH_OK)
        (void)turn_away(response, 503, NULL).code;
}

/** as4.md 12.3: a pull request may bring the receipt or error for the message before. */
static sph_rc settle_bundled(struct sph_arrival *arrival, sph_err *err)
{
    if (!sph_as4_in_has(arrival->in, SPH_AS4_RECEIPT) &&
        !sph_as4_in_has(arrival->in, SPH_AS4_ERROR))
        return sph_ok();
    const sph_rc rc =
        sph_deliver_signal(arrival->node, arrival->partner->card.party, arrival->in, err);
    if (rc.code != SPH_ENOTFOUND)
        return rc;
    sph_err_clear(err); /* nobody waits for it: ignored, as one that comes alone */
    return sph_ok();
}

static void handle_pull(struct sph_arrival *arrival, sph_response *response)
{
    sph_err err = {0};
    sph_rc rc = verify(arrival, &err);
    if (rc.code == SPH_OK)
        rc = settle_bundled(arrival, &err);
    if (rc.code == SPH_OK)
        rc = sph_pull_serve(arrival, response, &err);
    if (rc.code == SPH_OK)
        return;
    if (arrival->fault.code != SPH_EBMS_NONE) {
        answer_fault(arrival, response);
    } else if (rc.code == SPH_ENOTFOUND) {
        answer_empty(arrival, response);
    } else {
        SPH_LOG(sph_node_env(arrival->node)->log, SPH_LOG_ERROR, "pull_not_served",
                SPH_LF(SPH_F_CODE, sph_code_name(rc.code)),
                SPH_LF(SPH_F_WHAT, err.depth ? err.frame[0].what : ""));
        (void)turn_away(response, 503, NULL).code;
    }
}

/** A receipt or error that comes on a request of its own. Only one that the partner signed changes
 * anything; one that nobody waits for is acknowledged too (as4.md 9: ignore silently). */
static void handle_signal(struct sph_arrival *arrival, sph_response *response)
{
    sph_err err = {0};
    const char *party = arrival->partner->card.party;
    /* In the suite of the message that it is about, which may be another than that of its way. */
    if (sph_deliver_signal_suite(arrival->node, party, arrival->in, &arrival->suite, &err).code !=
        SPH_OK)
        sph_err_clear(&err);
    if (verify(arrival, NULL).code != SPH_OK) {
        answer_fault(arrival, response);
        return;
    }
    const sph_rc rc = sph_deliver_signal(arrival->node, party, arrival->in, &err);
    if (rc.code == SPH_OK || rc.code == SPH_ENOTFOUND)
        response->status = 202;
    else
        (void)turn_away(response, 503, NULL).code;
}

static void handle_opened(struct sph_arrival *arrival, sph_response *response)
{
    if (sph_as4_in_kind(arrival->in) == SPH_AS4_USER)
        sph_inbox_take(arrival, response);
    else if (sph_as4_in_kind(arrival->in) == SPH_AS4_PULL)
        handle_pull(arrival, response);
    else
        handle_signal(arrival, response);
}

static void handle_message(struct sph_arrival *arrival, const sph_request *request,
                           sph_response *response)
{
    char content_type[512];
    const sph_slice type = sph_http_field_get(request->head, "content-type");
    if (sph_str_copy(content_type, sizeof(content_type), type, NULL).code != SPH_OK) {
        (void)turn_away(response, 400, NULL).code;
        return;
    }
    if (sph_partner_suite(arrival->partner, sph_node_suites(arrival->node), true, &arrival->suite,
                          NULL)
            .code != SPH_OK) {
        (void)turn_away(response, 403, NULL).code;
        return;
    }
    const sph_rc rc = sph_as4_open(content_type, &arrival->source, sph_node_limits(arrival->node),
                                   &arrival->in, &arrival->fault, NULL);
    if (rc.code != SPH_OK && arrival->fault.code == SPH_EBMS_NONE)
        (void)turn_away(response, 503, NULL).code;
    else if (rc.code != SPH_OK)
        answer_fault(arrival, response);
    else {
        sph_foreign_speaker(arrival, request->client);
        handle_opened(arrival, response);
    }
}

void sph_arrival_clear(struct sph_arrival *arrival)
{
    sph_packet_free(&arrival->packet);
    if (arrival->has_new_card)
        sph_card_clear(&arrival->new_card);
    sph_buf_clear(&arrival->octets);
    sph_as4_parts_clear(&arrival->parts);
    sph_as4_in_free(&arrival->in);
    sph_partner_unref(&arrival->author);
    sph_partner_unref(&arrival->partner);
}

static void note_contact(const struct sph_arrival *arrival, const sph_request *request)
{
    const char *party = arrival->partner->card.party;
    int64_t date_ms = 0;
    sph_health_received(arrival->node, party, request->body_len);
    if (sph_http_date_parse(sph_http_field_get(request->head, "date"), &date_ms, NULL).code ==
        SPH_OK)
        sph_health_clock(arrival->node, party, date_ms, true);
}

void sph_inbox_handle(void *ctx, const sph_request *request, sph_response *response)
{
    char party[SPH_PARTY_ROOM];
    struct sph_arrival *arrival = sph_mem_new(1, sizeof(*arrival));
    if (!arrival) {
        (void)turn_away(response, 503, NULL).code;
        return;
    }
    arrival->node = ctx;
    arrival->source = (sph_as4_source){request->body, request->spool ? request->files : NULL,
                                       request->spool, request->body_len};
    if (sph_partners_admit(sph_node_partners(ctx), request->client, sph_node_now_ms(ctx), party))
        arrival->partner = sph_partners_get(sph_node_partners(ctx), party);
    if (arrival->partner && !sph_partners_enter(sph_node_partners(ctx), party, INBOUND_MOST)) {
        (void)turn_away(response, 503, NULL).code;
    } else if (arrival->partner) {
        note_contact(arrival, request);
        handle_message(arrival, request, response);
        sph_partners_leave(sph_node_partners(ctx), party);
    } else
        (void)turn_away(response, 403, NULL).code;
    sph_arrival_clear(arrival);
    sph_mem_free(arrival);
}
