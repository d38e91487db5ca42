#include "exchange/submit.h"

#include <string.h>

#include "base/codec.h"
#include "exchange/relay.h"
#include "exchange/room.h"
#include "exchange/screening.h"
#include "exchange/submit_work.h"

#define NONCE_LEN 16
#define PACKET_LEN 65536u /* of a packet without a document, compressed and padded */

static void work_clear(struct sph_submit_work *work)
{
    sph_packet_free(&work->packet);
    sph_stored_clear(&work->stored);
    sph_sealed_parts_clear(&work->parts);
    sph_leak_names_free(&work->names);
    for (size_t i = 0; i < work->recipient_count; i++) {
        sph_partner_unref(&work->recipient[i].partner);
        sph_partner_unref(&work->recipient[i].hub);
        sph_buf_clear(&work->recipient[i].part);
    }
}

static sph_rc add_recipient(struct sph_submit_work *work, sph_partner **partner, sph_err *err)
{
    if (work->recipient_count == SPH_SUBMIT_MAX)
        return sph_fail(err, SPH_ELIMIT, "more than %d addressees at once", SPH_SUBMIT_MAX);
    work->recipient[work->recipient_count++].partner = sph_move(*partner);
    return sph_ok();
}

static sph_rc add_named(struct sph_submit_work *work, const char *party, sph_err *err)
{
    SPH_AUTO_PTR(sph_partner) *partner = sph_partners_get(sph_node_partners(work->node), party);
    if (!partner || partner->state == SPH_PARTNER_REMOVED)
        return sph_fail(err, SPH_ENOTFOUND, "no partner of that name");
    if (partner->pmode.is_foreign)
        return sph_fail(err, SPH_EREFUSED, "a foreign AS4 product takes files, not packets");
    return add_recipient(work, &partner, err);
}

struct subscribers {
    struct sph_submit_work *work;
    enum sph_packet_type type;
    char party[SPH_SUBMIT_MAX][SPH_PARTY_ROOM];
    size_t count;
};

static sph_rc note_subscriber(void *arg, const sph_partner *partner, sph_err *err)
{
    struct subscribers *list = arg;
    if (partner->state != SPH_PARTNER_ACTIVE || !partner->card.accepts_type[list->type] ||
        !partner->card.subscribes[list->type])
        return sph_ok();
    if (list->count == SPH_SUBMIT_MAX)
        return sph_fail(err, SPH_ELIMIT, "more than %d subscribers at once", SPH_SUBMIT_MAX);
    return sph_str_copy(list->party[list->count++], SPH_PARTY_ROOM,
                        sph_slice_str(partner->card.party), err);
}

static sph_rc add_subscribers(struct sph_submit_work *work, enum sph_packet_type type, sph_err *err)
{
    struct subscribers list = {.work = work, .type = type};
    SPH_TRY(sph_partners_each(sph_node_partners(work->node), note_subscriber, &list, err), err,
            "subscribers");
    for (size_t i = 0; i < list.count; i++)
        SPH_TRY(add_named(work, list.party[i], err), err, "subscriber");
    return sph_ok();
}

/** What the attachments are in the vault. */
static uint64_t stored_len(const struct sph_submit *what)
{
    uint64_t total = 0;
    for (size_t i = 0; i < what->attachment_count; i++)
        total += sph_room_stored(what->attachments[i].len);
    return total;
}

/** The whole message, rather too much than too little: it is asked before anything is made. */
static uint64_t message_len(const struct sph_submit *what)
{
    return sph_room_message(stored_len(what) + what->document.len + PACKET_LEN,
                            what->attachment_count + 1);
}

static bool is_unfit(const struct sph_submit_work *work, const sph_partner *partner,
                     const char **key)
{
    enum sph_suite suite;
    SPH_AUTO_PTR(sph_partner) *hub = NULL;
    const sph_rc way = sph_relay_way(work->node, partner, &hub, NULL);
    if (way.code != SPH_OK)
        *key = "relay.subscriber-no-way";
    else if (hub && work->what->attachment_count > 0)
        *key = "relay.subscriber-attachments";
    else if (sph_partner_suite(hub ? hub : partner, sph_node_suites(work->node), false, &suite,
                               NULL)
                 .code != SPH_OK)
        *key = "room.subscriber-suite";
    else if (work->what->attachment_count > 0 &&
             message_len(work->what) > sph_room_largest(partner))
        *key = "room.subscriber-size";
    else
        return false;
    return true;
}

/** One subscriber that cannot take a publication does not keep it from the others. */
static void leave_out_unfit(struct sph_submit_work *work)
{
    size_t kept = 0;
    for (size_t i = 0; i < work->recipient_count; i++) {
        const char *key = NULL;
        sph_partner *partner = work->recipient[i].partner;
        if (is_unfit(work, partner, &key)) {
            sph_finding_note(work->findings, "SEND", 0, key, partner->card.party, "");
            sph_partner_unref(&partner);
        } else {
            work->recipient[kept++].partner = partner;
        }
    }
    work->recipient_count = kept;
}

/** Room at every addressee and on the disk, before the first packet is made: vault and outgoing
 * file of each. */
static sph_rc check_room(sph_node *node, const struct sph_submit *what, size_t packets,
                         size_t messages, sph_findings *findings, sph_err *err)
{
    if (what->attachment_count == 0)
        return sph_ok();
    for (size_t i = 0; i < what->to_count; i++) {
        SPH_AUTO_PTR(sph_partner) *partner = sph_partners_get(sph_node_partners(node), what->to[i]);
        if (partner)
            SPH_TRY(sph_room_at_partner(partner, message_len(what), findings, err), err,
                    "addressee %zu", i + 1);
    }
    return sph_room_on_disk(node, stored_len(what) * (packets + messages), findings, err);
}

static sph_rc new_urn(const sph_node *node, char out[64], sph_err *err)
{
    char uuid[SPH_UUID_TEXT];
    SPH_TRY(sph_uuid_new(sph_node_env(node)->random, uuid, err), err, "new id");
    return sph_str_format(out, 64, err, "urn:uuid:%s", uuid);
}

/** A notice is for one party, and of a thread only when its draft says so. */
static bool is_notice(const sph_json *draft)
{
    const char *type = sph_json_get_text(draft, "type");
    return type && strcmp(type, sph_packet_type_name(SPH_PACKET_NOTICE)) == 0;
}

/** The draft's header with audience and thread of this packet. */
static sph_rc complete_header(struct sph_submit_work *work, const sph_json *draft, bool is_thread,
                              sph_json **out, sph_err *err)
{
    SPH_AUTO_PTR(sph_json) *copy = sph_json_dup(draft);
    sph_json *header = sph_json_get(copy, "header");
    if (copy && !header) {
        SPH_TRY(sph_json_set(copy, "header", sph_json_object(), err), err, "draft header");
        header = sph_json_get(copy, "header");
    }
    if (!header)
        return sph_fail(err, SPH_ENOMEM, "draft");
    sph_json *audience = sph_json_array();
    if (is_thread)
        SPH_TRY(sph_json_add(audience, sph_json_text(work->recipient[0].partner->card.party), err),
                err, "audience");
    else
        SPH_TRY(sph_json_add(audience, sph_json_text("all"), err), err, "audience");
    SPH_TRY(sph_json_set(header, "audience", audience, err), err, "audience");
    if (is_thread && !is_notice(draft) && !sph_json_get_text(header, "threadId")) {
        char thread[64];
        SPH_TRY(new_urn(work->node, thread, err), err, "thread id");
        SPH_TRY(sph_json_set(header, "threadId", sph_json_text(thread), err), err, "thread id");
        SPH_TRY(sph_json_set(header, "seq", sph_json_int(1), err), err, "seq");
    }
    *out = sph_move(copy);
    return sph_ok();
}

static struct sph_packet_signer own_signer(const sph_node *node)
{
    const sph_keyring *ring = sph_node_keys(node);
    const struct sph_key_slot *slot = &ring->slot[SPH_SLOT_SIGN_ED25519];
    return (struct sph_packet_signer){slot->key, slot->leaf, ring->root};
}

static void context_for(const struct sph_submit_work *work, const sph_partner *receiver,
                        struct sph_packet_context *out)
{
    sph_node_check_context(work->node, NULL, true, out);
    out->is_fresh = work->what->octets.len == 0;
    out->names = work->names;
    out->self = receiver->card.party;
    out->self_kind = receiver->card.kind;
    out->self_country = receiver->card.country;
}

/** A publication that nobody takes yet is judged as for a reader who may read everything: what its
 * issuer may not send, or has personal data in it, is refused all the same. */
static sph_rc check_for_nobody(const struct sph_submit_work *work, sph_slice octets,
                               sph_findings *findings, sph_err *err)
{
    struct sph_packet_context context;
    SPH_AUTO_PTR(sph_packet) *packet = NULL;
    const char *type = sph_json_get_text(work->what->draft, "type");
    if (!type || (strcmp(type, "case-law") != 0 && strcmp(type, "resource") != 0))
        return sph_ok();
    sph_node_check_context(work->node, NULL, true, &context);
    context.is_fresh = true;
    context.names = work->names;
    context.self = NULL;
    context.self_kind = "ngo";
    context.self_country = "TH";
    return sph_packet_check(octets, &context, findings, &packet, err);
}

/** The same checks that the recipient will make: what would be refused there never leaves (PK-06,
 * DP-03). All of them for the first one; for the others what asks who receives. */
static sph_rc check_all(struct sph_submit_work *work, sph_slice octets, sph_findings *findings,
                        sph_err *err)
{
    for (size_t i = 0; i < work->recipient_count; i++) {
        struct sph_packet_context context;
        context_for(work, work->recipient[i].partner, &context);
        if (!work->packet)
            SPH_TRY(sph_packet_check(octets, &context, findings, &work->packet, err), err,
                    "checking the packet");
        else
            SPH_TRY(sph_packet_check_receiver(work->packet, &context, findings, err), err,
                    "checking the packet for recipient %zu", i + 1);
    }
    return sph_ok();
}

static sph_rc build(struct sph_submit_work *work, const sph_json *draft, sph_buf *octets,
                    sph_findings *findings, sph_err *err)
{
    const struct sph_env *env = sph_node_env(work->node);
    uint8_t nonce[NONCE_LEN];
    struct sph_packet_new values = {.party = sph_node_party(work->node),
                                    .mode = sph_node_config(work->node)->mode,
                                    .now_ms = work->now_ms,
                                    .nonce = sph_slice_of(nonce, sizeof(nonce)),
                                    .attachments = work->parts.attachment,
                                    .attachment_count = work->parts.count};
    SPH_TRY(env->random->fill(env->random->ctx, nonce, sizeof(nonce), err), err, "nonce");
    SPH_TRY(sph_str_copy(values.packet_id, sizeof(values.packet_id), sph_slice_str(work->packet_id),
                         err),
            err, "packet id");
    const struct sph_packet_signer signer = own_signer(work->node);
    return sph_packet_build(draft, &values, work->what->document, &signer, findings, octets, err);
}

static sph_rc make_octets(struct sph_submit_work *work, bool is_thread, sph_buf *octets,
                          sph_findings *findings, sph_err *err)
{
    SPH_AUTO_PTR(sph_json) *draft = NULL;
    if (work->what->octets.len > 0)
        return sph_buf_add(octets, work->what->octets, err);
    SPH_TRY(new_urn(work->node, work->packet_id, err), err, "packet id");
    SPH_TRY(sph_seal_attachments(work->node, work->packet_id, work->what->attachments,
                                 work->what->attachment_count, &work->parts, err),
            err, "attachments");
    SPH_TRY(complete_header(work, work->what->draft, is_thread, &draft, err), err, "draft");
    return build(work, draft, octets, findings, err);
}

/** DP-03: what is attached, once for all addressees. A publication that nobody takes yet is open.
 */
static sph_rc screen_attachments(struct sph_submit_work *work, bool is_first, sph_err *err)
{
    enum sph_packet_type type = SPH_PACKET_RESOURCE;
    enum sph_classification classification = SPH_CLASS_PUBLIC;
    if (!is_first || work->what->attachment_count == 0)
        return sph_ok();
    if (work->packet) {
        type = sph_packet_header_of(work->packet)->type;
        classification = sph_packet_header_of(work->packet)->classification;
    }
    return sph_screen_outgoing(work->what, work->names, type, classification, work->findings, err);
}

static sph_rc run(struct sph_submit_work *work, bool is_thread, struct sph_submitted *out,
                  sph_err *err)
{
    SPH_AUTO(sph_buf) octets = sph_buf_init(sph_node_limits(work->node)->packet);
    work->now_ms = sph_node_now_ms(work->node);
    SPH_TRY(sph_screen_names(work->node, &work->names, err), err, "list of names");
    SPH_TRY(make_octets(work, is_thread, &octets, work->findings, err), err, "building the packet");
    SPH_TRY(check_all(work, sph_buf_peek(&octets), work->findings, err), err,
            "the packet's own check");
    if (work->recipient_count == 0 && work->what->octets.len == 0)
        SPH_TRY(check_for_nobody(work, sph_buf_peek(&octets), work->findings, err), err,
                "the packet's own check");
    SPH_TRY(screen_attachments(work, out->count == 0, err), err, "attachments");
    if (work->what->is_dry_run)
        return sph_ok();
    if (!work->packet)
        return sph_fail(err, SPH_ENOTFOUND, "nobody to send to: add a partner first");
    SPH_TRY(sph_submit_store(work, sph_buf_peek(&octets), err), err, "storing the packet");
    return sph_submit_report(work, out, err);
}

/** What was sealed for nothing goes at once. After a COMMIT that failed, rows may name it. */
static void drop_sealed(struct sph_submit_work *work, sph_rc rc)
{
    const bool is_kept = rc.code == SPH_OK && !work->what->is_dry_run;
    if (!is_kept && !sph_journal_is_stopped(sph_node_journal(work->node)))
        sph_sealed_parts_drop(work->node, &work->parts);
}

/** The work is too large for a stack frame. */
static sph_rc with_work(sph_node *node, const struct sph_submit *what,
                        sph_rc (*fill)(struct sph_submit_work *work, const void *arg, sph_err *err),
                        const void *arg, bool is_thread, struct sph_submitted *out,
                        sph_findings *findings, sph_err *err)
{
    struct sph_submit_work *work = sph_mem_new(1, sizeof(*work));
    if (!work)
        return sph_fail(err, SPH_ENOMEM, "submit");
    work->node = node;
    work->what = what;
    work->findings = findings;
    sph_rc rc = fill(work, arg, err);
    if (rc.code == SPH_OK)
        rc = run(work, is_thread, out, err);
    drop_sealed(work, rc);
    work_clear(work);
    sph_mem_free(work);
    return rc;
}

/** One addressee of a thread. */
struct addressee {
    const char *party, *question;
};

static sph_rc fill_addressee(struct sph_submit_work *work, const void *arg, sph_err *err)
{
    const struct addressee *addressee = arg;
    SPH_TRY(sph_str_copy(work->question, sizeof(work->question), sph_slice_str(addressee->question),
                         err),
            err, "question");
    return add_named(work, addressee->party, err);
}

static sph_rc fill_subscribers(struct sph_submit_work *work, const void *arg, sph_err *err)
{
    SPH_TRY(add_subscribers(work, *(const enum sph_packet_type *)arg, err), err, "subscribers");
    leave_out_unfit(work);
    return check_room(work->node, work->what, 1, work->recipient_count, work->findings, err);
}

/** A packet that is ready-made goes to each of the named parties. */
static sph_rc fill_named(struct sph_submit_work *work, const void *arg, sph_err *err)
{
    (void)arg;
    SPH_TRY(sph_relay_check_ways(work->node, work->what, work->findings, err), err, "ways");
    for (size_t i = 0; i < work->what->to_count; i++)
        SPH_TRY(add_named(work, work->what->to[i], err), err, "addressee %zu", i + 1);
    return sph_ok();
}

/** A question to several is a local group: one bilateral thread an addressee (packets.md 2). */
static sph_rc name_question(sph_node *node, size_t addressees, char out[32], sph_err *err)
{
    char urn[64];
    out[0] = '\0';
    if (addressees < 2)
        return sph_ok();
    SPH_TRY(new_urn(node, urn, err), err, "question id");
    return sph_short_id('Q', urn, 30, out, err);
}

static sph_rc submit_draft(sph_node *node, const struct sph_submit *what, struct sph_submitted *out,
                           sph_findings *findings, sph_err *err)
{
    enum sph_packet_type type;
    const char *name = sph_json_get_text(what->draft, "type");
    if (!name)
        return sph_fail(err, SPH_EARG, "the draft has no type");
    SPH_TRY(sph_packet_type_of(name, &type, err), err, "draft type");
    if (what->to_count == 0)
        return with_work(node, what, fill_subscribers, &type, false, out, findings, err);
    SPH_TRY(sph_relay_check_ways(node, what, findings, err), err, "ways");
    SPH_TRY(check_room(node, what, what->to_count, what->to_count, findings, err), err, "room");
    SPH_TRY(name_question(node, what->to_count, out->question, err), err, "question");
    for (size_t i = 0; i < what->to_count; i++) {
        const struct addressee addressee = {what->to[i], out->question};
        SPH_TRY(with_work(node, what, fill_addressee, &addressee, true, out, findings, err), err,
                "addressee %zu", i + 1);
    }
    return sph_ok();
}

sph_rc sph_submit(sph_node *node, const struct sph_submit *what, struct sph_submitted *out,
                  sph_findings *findings, sph_err *err)
{
    struct sph_submitted *done = sph_mem_new(1, sizeof(*done));
    if (!done)
        return sph_fail(err, SPH_ENOMEM, "submit");
    const sph_rc rc = what->octets.len > 0
                          ? with_work(node, what, fill_named, NULL, false, done, findings, err)
                          : submit_draft(node, what, done, findings, err);
    if (rc.code == SPH_OK)
        *out = *done;
    sph_mem_free(done);
    if (rc.code == SPH_OK && !what->is_dry_run)
        sph_node_wake(node);
    return rc;
}
