#include "exchange/submit.h"

#include <string.h>

#include "as4/gzip.h"
#include "base/codec.h"
#include "exchange/outbox.h"
#include "exchange/sealing.h"

#define NONCE_LEN 16

/** One packet on its way to T1. */
struct work {
    sph_node *node;
    const struct sph_submit *what;
    char packet_id[64], question[32];
    sph_packet *packet;
    struct sph_sealed_parts parts; /* attachments, already in the vault */
    struct sph_stored stored;
    size_t recipient_count;
    struct {
        sph_partner *partner;
        struct sph_out_new row;
    } recipient[SPH_SUBMIT_MAX];
    int64_t now_ms;
};

static void work_clear(struct work *work)
{
    sph_packet_free(&work->packet);
    sph_stored_clear(&work->stored);
    sph_sealed_parts_clear(&work->parts);
    for (size_t i = 0; i < work->recipient_count; i++)
        sph_partner_unref(&work->recipient[i].partner);
}

static sph_rc add_recipient(struct work *work, sph_partner **partner, sph_err *err)
{
    if (work->recipient_count == SPH_SUBMIT_MAX)
        return sph_fail(err, SPH_ELIMIT, "more than %d addressees at once", SPH_SUBMIT_MAX);
    work->recipient[work->recipient_count++].partner = sph_move(*partner);
    return sph_ok();
}

static sph_rc add_named(struct work *work, const char *party, sph_err *err)
{
    SPH_AUTO_PTR(sph_partner) *partner = sph_partners_get(sph_node_partners(work->node), party);
    if (!partner || partner->state == SPH_PARTNER_REMOVED)
        return sph_fail(err, SPH_ENOTFOUND, "no partner of that name");
    return add_recipient(work, &partner, err);
}

struct subscribers {
    struct work *work;
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

static sph_rc add_subscribers(struct work *work, enum sph_packet_type type, sph_err *err)
{
    struct subscribers list = {.work = work, .type = type};
    SPH_TRY(sph_partners_each(sph_node_partners(work->node), note_subscriber, &list, err), err,
            "subscribers");
    for (size_t i = 0; i < list.count; i++)
        SPH_TRY(add_named(work, list.party[i], err), err, "subscriber");
    return sph_ok();
}

static sph_rc new_urn(const sph_node *node, char out[64], sph_err *err)
{
    char uuid[SPH_UUID_TEXT];
    SPH_TRY(sph_uuid_new(sph_node_env(node)->random, uuid, err), err, "new id");
    return sph_str_format(out, 64, err, "urn:uuid:%s", uuid);
}

/** The draft's header with audience and thread of this packet. */
static sph_rc complete_header(struct work *work, const sph_json *draft, bool is_thread,
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
    if (is_thread && !sph_json_get_text(header, "threadId")) {
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

static void context_for(const struct work *work, const sph_partner *receiver,
                        struct sph_packet_context *out)
{
    sph_node_check_context(work->node, NULL, true, out);
    out->self = receiver->card.party;
    out->self_kind = receiver->card.kind;
    out->self_country = receiver->card.country;
}

/** The same checks that the recipient will make: what would be refused there never leaves (PK-06,
 * DP-03). All of them for the first one; for the others what asks who receives. */
static sph_rc check_all(struct work *work, sph_slice octets, sph_findings *findings, sph_err *err)
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

static sph_rc build(struct work *work, const sph_json *draft, sph_buf *octets,
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

/** Sealed form for the row, and one outbox row a recipient. */
static sph_rc prepare_rows(struct work *work, sph_slice octets, sph_err *err)
{
    const sph_packet_header *header = sph_packet_header_of(work->packet);
    const sph_hash sha256 = sph_packet_sha256(work->packet);
    SPH_AUTO(sph_buf) gzip = sph_buf_init(SPH_GZIP_ROOM);
    SPH_TRY(sph_gzip_packet(octets, &gzip, err), err, "compressing the packet");
    SPH_TRY(sph_content_seal(work->node, header->packet_id, sph_buf_peek(&gzip), &sha256,
                             &work->stored, err),
            err, "sealing the packet");
    for (size_t i = 0; i < work->recipient_count; i++) {
        struct sph_out_new *row = &work->recipient[i].row;
        row->packet_id = header->packet_id;
        row->partner = work->recipient[i].partner->card.party;
        row->action = sph_packet_type_action(header->type);
        row->conversation_id = header->thread_id[0] ? header->thread_id : header->packet_id;
        row->now_ms = work->now_ms;
        SPH_TRY(sph_as4_new_message_id(sph_node_env(work->node)->random, sph_node_party(work->node),
                                       row->message_id, err),
                err, "message id");
        SPH_TRY(sph_partner_suite(work->recipient[i].partner, sph_node_suites(work->node), false,
                                  &row->suite, err),
                err, "crypto suite");
    }
    return sph_ok();
}

static sph_rc apply_packet(void *arg, sph_db *db, sph_err *err)
{
    const struct work *work = arg;
    const struct sph_packet_row row = {.header = sph_packet_header_of(work->packet),
                                       .question = work->question,
                                       .is_own = true,
                                       .sha256 = sph_packet_sha256(work->packet),
                                       .stored_ms = work->now_ms,
                                       .stored = &work->stored};
    SPH_TRY(sph_content_insert(db, &row, err), err, "packet row");
    for (size_t i = 0; i < work->parts.count; i++)
        SPH_TRY(sph_content_insert_attachment(db, row.header->packet_id, i,
                                              &work->parts.attachment[i], &work->parts.stored[i],
                                              work->parts.stored_len[i], err),
                err, "attachment row");
    return sph_ok();
}

static sph_rc bind_rows(void *arg, sph_db *db, const uint64_t *index, sph_err *err)
{
    struct work *work = arg;
    for (size_t i = 0; i < work->recipient_count; i++) {
        work->recipient[i].row.submitted_index = index[i];
        SPH_TRY(sph_out_insert(db, &work->recipient[i].row, err), err, "outbox row");
    }
    return sph_ok();
}

static sph_rc fill_leaf(struct work *work, size_t i, sph_leaf *leaf, sph_err *err)
{
    const struct sph_out_new *row = &work->recipient[i].row;
    SPH_TRY(sph_node_leaf(work->node, SPH_EVENT_SUBMITTED, work->what->user, leaf, err), err,
            "SUBMITTED leaf");
    SPH_TRY(sph_str_copy(leaf->peer, sizeof(leaf->peer), sph_slice_str(row->partner), err), err,
            "leaf");
    SPH_TRY(sph_str_copy(leaf->message_id, sizeof(leaf->message_id), sph_slice_str(row->message_id),
                         err),
            err, "leaf");
    SPH_TRY(sph_str_copy(leaf->conversation_id, sizeof(leaf->conversation_id),
                         sph_slice_str(row->conversation_id), err),
            err, "leaf");
    leaf->commitment = work->stored.commitment;
    return sph_ok();
}

/** A publication is an event of its own, whoever subscribes. */
static sph_rc fill_published(struct work *work, sph_leaf *leaf, sph_err *err)
{
    SPH_TRY(sph_node_leaf(work->node, SPH_EVENT_PUBLISHED, work->what->user, leaf, err), err,
            "PUBLISHED leaf");
    leaf->commitment = work->stored.commitment;
    return sph_str_copy(leaf->conversation_id, sizeof(leaf->conversation_id),
                        sph_slice_str(work->packet_id), err);
}

static bool is_publication(const sph_packet_header *header)
{
    return header->type == SPH_PACKET_CASE_LAW || header->type == SPH_PACKET_RESOURCE;
}

static sph_rc commit(struct work *work, sph_err *err)
{
    sph_leaf *leaves = sph_mem_new(work->recipient_count + 1, sizeof(*leaves));
    size_t count = 0;
    sph_rc rc = leaves ? sph_ok() : sph_fail(err, SPH_ENOMEM, "leaves");
    for (; rc.code == SPH_OK && count < work->recipient_count; count++)
        rc = fill_leaf(work, count, &leaves[count], err);
    if (rc.code == SPH_OK && is_publication(sph_packet_header_of(work->packet)))
        rc = fill_published(work, &leaves[count++], err);
    if (rc.code == SPH_OK) {
        sph_job job = {.apply = apply_packet,
                       .bind = bind_rows,
                       .arg = work,
                       .leaves = leaves,
                       .leaf_count = count,
                       .want_head = true};
        rc = sph_journal_commit(sph_node_journal(work->node), &job, NULL, err);
    }
    sph_mem_free(leaves);
    return rc;
}

static sph_rc report(const struct work *work, struct sph_submitted *out, sph_err *err)
{
    const sph_packet_header *header = sph_packet_header_of(work->packet);
    SPH_TRY(sph_str_copy(out->question, sizeof(out->question), sph_slice_str(work->question), err),
            err, "report");
    for (size_t i = 0; i < work->recipient_count && out->count < SPH_SUBMIT_MAX; i++) {
        const struct sph_out_new *row = &work->recipient[i].row;
        SPH_TRY(
            sph_str_copy(out->at[out->count].packet_id, 64, sph_slice_str(header->packet_id), err),
            err, "report");
        SPH_TRY(
            sph_str_copy(out->at[out->count].thread_id, 64, sph_slice_str(header->thread_id), err),
            err, "report");
        SPH_TRY(sph_str_copy(out->at[out->count].partner, SPH_PARTY_ROOM,
                             sph_slice_str(row->partner), err),
                err, "report");
        SPH_TRY(
            sph_str_copy(out->at[out->count].message_id, 128, sph_slice_str(row->message_id), err),
            err, "report");
        out->at[out->count++].index = row->submitted_index;
    }
    return sph_ok();
}

static sph_rc make_octets(struct work *work, bool is_thread, sph_buf *octets,
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

static sph_rc run(struct work *work, bool is_thread, struct sph_submitted *out,
                  sph_findings *findings, sph_err *err)
{
    SPH_AUTO(sph_buf) octets = sph_buf_init(sph_node_limits(work->node)->packet);
    work->now_ms = sph_node_now_ms(work->node);
    SPH_TRY(make_octets(work, is_thread, &octets, findings, err), err, "building the packet");
    SPH_TRY(check_all(work, sph_buf_peek(&octets), findings, err), err, "the packet's own check");
    if (work->what->is_dry_run)
        return sph_ok();
    if (!work->packet)
        return sph_fail(err, SPH_ENOTFOUND, "nobody to send to: add a partner first");
    SPH_TRY(prepare_rows(work, sph_buf_peek(&octets), err), err, "rows");
    SPH_TRY(commit(work, err), err, "T1");
    return report(work, out, err);
}

/** The work is too large for a stack frame. */
static sph_rc with_work(sph_node *node, const struct sph_submit *what,
                        sph_rc (*fill)(struct work *work, const void *arg, sph_err *err),
                        const void *arg, bool is_thread, struct sph_submitted *out,
                        sph_findings *findings, sph_err *err)
{
    struct work *work = sph_mem_new(1, sizeof(*work));
    if (!work)
        return sph_fail(err, SPH_ENOMEM, "submit");
    work->node = node;
    work->what = what;
    sph_rc rc = fill(work, arg, err);
    if (rc.code == SPH_OK)
        rc = run(work, is_thread, out, findings, err);
    work_clear(work);
    sph_mem_free(work);
    return rc;
}

/** One addressee of a thread. */
struct addressee {
    const char *party, *question;
};

static sph_rc fill_addressee(struct work *work, const void *arg, sph_err *err)
{
    const struct addressee *addressee = arg;
    SPH_TRY(sph_str_copy(work->question, sizeof(work->question), sph_slice_str(addressee->question),
                         err),
            err, "question");
    return add_named(work, addressee->party, err);
}

static sph_rc fill_subscribers(struct work *work, const void *arg, sph_err *err)
{
    return add_subscribers(work, *(const enum sph_packet_type *)arg, err);
}

/** A packet that is ready-made goes to each of the named parties. */
static sph_rc fill_named(struct work *work, const void *arg, sph_err *err)
{
    (void)arg;
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

struct ping {
    struct sph_out_new row;
};

static sph_rc bind_ping(void *arg, sph_db *db, const uint64_t *index, sph_err *err)
{
    struct ping *ping = arg;
    ping->row.submitted_index = index[0];
    return sph_out_insert(db, &ping->row, err);
}

sph_rc sph_submit_ping(sph_node *node, const char *party, char message_id[128], sph_err *err)
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
