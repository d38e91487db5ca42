#include "exchange/arrival.h"

#include <string.h>

#include "as4/gzip.h"
#include "exchange/proofs.h"
#include "exchange/relay_notice.h"
#include "exchange/screening.h"
#include "store/vault.h"

static sph_rc inflate_packet(struct sph_arrival *arrival, sph_err *err)
{
    const struct sph_limits *limits = sph_node_limits(arrival->node);
    sph_slice_source source;
    arrival->octets = sph_buf_init(limits->packet);
    const sph_reader reader =
        sph_reader_of_slice(&source, sph_buf_peek(&arrival->parts.part[0].octets));
    const sph_writer writer = sph_writer_of_buf(&arrival->octets);
    if (sph_gunzip(&reader, &writer, limits->packet, limits, NULL, err).code != SPH_OK)
        return sph_arrival_refuse(arrival, SPH_EBMS_0303, SPH_REASON_PACKET, "gzip.packet",
                                  "the packet part does not inflate within the limits", err);
    return sph_ok();
}

/** ErrorDetail: the rule, the line and the element, never a value (as4.md 10). */
static sph_rc refuse_findings(struct sph_arrival *arrival, const sph_findings *findings,
                              sph_err *err)
{
    char detail[160] = "XSD: the packet could not be read";
    for (size_t i = 0; i < findings->count; i++) {
        const sph_finding *finding = &findings->at[i];
        if (finding->is_note)
            continue;
        /* as4.md 10: an 0004 is final only behind a rule id of the closed list. */
        const char *prefix = strcmp(finding->rule, "SIG") == 0 ? "PK-" : "";
        SPH_TRY(sph_str_format(detail, sizeof(detail), err, "%s%s line %u %s", prefix,
                               finding->rule, finding->line, finding->name),
                err, "detail");
        break;
    }
    return sph_arrival_refuse(arrival, SPH_EBMS_0004, SPH_REASON_PACKET, "packet.rule", detail,
                              err);
}

/** Whose record judges the packet: the hub's word counts for nothing in what it only carries. */
static const sph_partner *author_of(const struct sph_arrival *arrival)
{
    return arrival->author ? arrival->author : arrival->partner;
}

static sph_rc check_packet(struct sph_arrival *arrival, sph_err *err)
{
    struct sph_packet_context context;
    sph_findings *findings = sph_mem_new(1, sizeof(*findings));
    if (!findings)
        return sph_fail(err, SPH_ENOMEM, "findings");
    sph_node_check_context(arrival->node, author_of(arrival), false, &context);
    sph_rc rc =
        sph_packet_check(sph_buf_peek(&arrival->octets), &context, findings, &arrival->packet, err);
    if (rc.code == SPH_EREFUSED || rc.code == SPH_EPROOF || rc.code == SPH_EPARSE ||
        rc.code == SPH_ELIMIT)
        rc = refuse_findings(arrival, findings, err);
    sph_mem_free(findings);
    return rc;
}

/** The header in clear and the packet must tell the same story (as4.md 13.1). */
static sph_rc check_agreement(struct sph_arrival *arrival, sph_err *err)
{
    const sph_as4_user *user = sph_as4_in_user(arrival->in);
    const sph_packet_header *header = sph_packet_header_of(arrival->packet);
    const char *conversation = header->thread_id[0] ? header->thread_id : header->packet_id;
    if (strcmp(header->issuer, author_of(arrival)->card.party) != 0)
        return sph_arrival_refuse(arrival, SPH_EBMS_0004, SPH_REASON_ISSUER, "packet.issuer",
                                  "PK-ISSUER the packet's signer is not the sender", err);
    if (arrival->author)
        return sph_ok(); /* a relayed header tells nothing of it (as4.md 13.1) */
    if (strcmp(user->action, sph_packet_action(header)) != 0)
        return sph_arrival_refuse(arrival, SPH_EBMS_0003, SPH_REASON_PACKET, "packet.action",
                                  "eb:Action is not the packet's family", err);
    if (!user->conversation_id || strcmp(user->conversation_id, conversation) != 0)
        return sph_arrival_refuse(arrival, SPH_EBMS_0003, SPH_REASON_PACKET, "packet.conversation",
                                  "ConversationId is not the packet's thread", err);
    return sph_ok();
}

static sph_rc check_parts(struct sph_arrival *arrival, sph_err *err)
{
    const size_t count = sph_packet_attachment_count(arrival->packet);
    if (arrival->parts.count != count + 1)
        return sph_arrival_refuse(arrival, SPH_EBMS_0003, SPH_REASON_PARTS, "packet.parts",
                                  "the number of parts is not the packet's", err);
    for (size_t i = 0; i < count; i++) {
        const sph_as4_part *part = &arrival->parts.part[i + 1];
        const sph_rc rc = sph_content_check_part(arrival->node, part->file, part->len,
                                                 sph_packet_attachment_at(arrival->packet, i), err);
        if (rc.code == SPH_EIO || rc.code == SPH_ENOMEM)
            return rc;
        if (rc.code != SPH_OK)
            return sph_arrival_refuse(arrival, SPH_EBMS_0003, SPH_REASON_PARTS, "packet.attachment",
                                      "an attachment is not the one that the packet names", err);
    }
    return sph_ok();
}

/** DP-03: what partners or the public may read is screened here too. */
static sph_rc screen_parts(struct sph_arrival *arrival, sph_err *err)
{
    const size_t count = sph_packet_attachment_count(arrival->packet);
    sph_rc rc = sph_ok();
    if (count == 0)
        return sph_ok();
    sph_findings *findings = sph_mem_new(1, sizeof(*findings));
    if (!findings)
        return sph_fail(err, SPH_ENOMEM, "findings");
    for (size_t i = 0; i < count && rc.code == SPH_OK; i++) {
        const sph_as4_part *part = &arrival->parts.part[i + 1];
        rc = sph_screen_incoming(arrival->node, arrival->packet, i, part->file, part->len, findings,
                                 err);
    }
    if (rc.code == SPH_EREFUSED)
        rc = refuse_findings(arrival, findings, err);
    sph_mem_free(findings);
    return rc;
}

/** As whole as a card must be that people take in a ceremony: a stored one that could not be read
 * again would end all exchange with this partner. */
static sph_rc read_card(struct sph_arrival *arrival, sph_err *err)
{
    const sph_node *node = arrival->node;
    SPH_AUTO_PTR(sph_packet) *packet = NULL;
    sph_findings *findings = sph_mem_new(1, sizeof(*findings));
    if (!findings)
        return sph_fail(err, SPH_ENOMEM, "findings");
    const sph_rc rc =
        sph_card_check(sph_buf_peek(&arrival->octets), sph_node_schemas(node),
                       sph_node_limits(node), sph_node_config(node)->mode, sph_node_now_ms(node),
                       findings, &arrival->new_card, &packet, err);
    sph_mem_free(findings);
    if (rc.code == SPH_OK || rc.code == SPH_ENOMEM)
        return rc;
    sph_err_clear(err);
    return sph_arrival_refuse(arrival, SPH_EBMS_0004, SPH_REASON_CARD, "card.unusable",
                              "PK-CARD the card is not one that can be used: its date, "
                              "certificates or fields",
                              err);
}

/** A later card of the partner: same root, higher serial; an equal serial changes nothing. What the
 * partner is, people agreed on: rules and audiences rest on it. */
static sph_rc check_card(struct sph_arrival *arrival, sph_err *err)
{
    const sph_card *known = &author_of(arrival)->card;
    if (sph_packet_header_of(arrival->packet)->type != SPH_PACKET_DIRECTORY)
        return sph_ok();
    SPH_TRY(read_card(arrival, err), err, "card");
    arrival->has_new_card = true;
    if (strcmp(arrival->new_card.kind, known->kind) != 0 ||
        strcmp(arrival->new_card.country, known->country) != 0)
        return sph_arrival_refuse(arrival, SPH_EBMS_0004, SPH_REASON_CARD, "card.kind",
                                  "PK-CARD a changed kind or country needs a new ceremony between "
                                  "people",
                                  err);
    if (!sph_slice_equal(sph_cert_peek_der(arrival->new_card.root), sph_cert_peek_der(known->root)))
        return sph_arrival_refuse(arrival, SPH_EBMS_0004, SPH_REASON_CARD, "card.root",
                                  "PK-CARD a changed root needs a new ceremony between people",
                                  err);
    if (arrival->new_card.serial < known->serial)
        return sph_arrival_refuse(arrival, SPH_EBMS_0004, SPH_REASON_CARD, "card.serial",
                                  "PK-CARD the serial is lower than the known one", err);
    return sph_ok();
}

/** PK-01: an id or nonce that this issuer used before is the same packet again, or a replay. */
static sph_rc look_for_packet(sph_db *reader, const sph_packet_header *header,
                              const sph_hash *sha256, bool *is_known, bool *is_replay, sph_err *err)
{
    sph_stmt *stmt = NULL;
    bool row = false;
    SPH_TRY(sph_stmt_get(reader,
                         "SELECT sha256, packet_id = ?1 AND issuer = ?2 FROM packet"
                         " WHERE packet_id = ?1 OR (issuer = ?2 AND nonce = ?3)",
                         &stmt, err),
            err, "replay");
    sph_stmt_text(stmt, 1, header->packet_id);
    sph_stmt_text(stmt, 2, header->issuer);
    sph_stmt_text(stmt, 3, header->nonce);
    SPH_TRY(sph_stmt_step(stmt, &row, err), err, "replay");
    *is_known = row && sph_col_int(stmt, 1) != 0 &&
                sph_slice_equal(sph_col_blob(stmt, 0), sph_slice_hash(sha256));
    *is_replay = row && !*is_known;
    sph_stmt_end(stmt);
    return sph_ok();
}

/** A thread is between two: no packet of it here may be to or from anybody but this partner, and a
 * reply stays in the thread of what it answers (security.md B-04). What it answers may still be on
 * its way. */
static sph_rc look_for_thread(sph_db *reader, const sph_packet_header *header, bool *is_foreign,
                              sph_err *err)
{
    sph_stmt *stmt = NULL;
    bool row = false;
    SPH_TRY(sph_stmt_get(
                reader,
                "SELECT EXISTS(SELECT 1 FROM packet p WHERE p.thread_id = ?1 AND p.thread_id <> ''"
                " AND CASE WHEN p.is_own THEN EXISTS(SELECT 1 FROM outbox o"
                " WHERE o.packet_id = p.packet_id"
                " AND CASE o.recipient WHEN '' THEN o.partner ELSE o.recipient END <> ?2)"
                " ELSE p.issuer <> ?2 END)"
                " OR EXISTS(SELECT 1 FROM packet WHERE packet_id = ?3 AND thread_id <> ?1)",
                &stmt, err),
            err, "thread");
    sph_stmt_text(stmt, 1, header->thread_id);
    sph_stmt_text(stmt, 2, header->issuer);
    sph_stmt_text(stmt, 3, header->in_reply_to);
    SPH_TRY(sph_stmt_step(stmt, &row, err), err, "thread");
    *is_foreign = row && sph_col_int(stmt, 0) != 0;
    sph_stmt_end(stmt);
    return sph_ok();
}

static sph_rc check_history(struct sph_arrival *arrival, sph_err *err)
{
    sph_db *reader = NULL;
    bool is_replay = false;
    bool is_foreign = false;
    const sph_packet_header *header = sph_packet_header_of(arrival->packet);
    const sph_hash sha256 = sph_packet_sha256(arrival->packet);
    SPH_TRY(sph_db_pool_get(sph_node_readers(arrival->node), &reader, err), err, "reader");
    sph_rc rc =
        look_for_packet(reader, header, &sha256, &arrival->is_known_packet, &is_replay, err);
    if (rc.code == SPH_OK && header->thread_id[0])
        rc = look_for_thread(reader, header, &is_foreign, err);
    sph_db_pool_put(sph_node_readers(arrival->node), reader);
    SPH_TRY(rc, err, "history");
    if (is_replay)
        return sph_arrival_refuse(arrival, SPH_EBMS_0004, SPH_REASON_REPLAY, "packet.replay",
                                  "REPLAY packetId or nonce was used before with other bytes", err);
    if (is_foreign)
        return sph_arrival_refuse(arrival, SPH_EBMS_0004, SPH_REASON_PACKET, "packet.thread",
                                  "PK-THREAD this thread is not between the two of us", err);
    return sph_ok();
}

static bool is_ping(const struct sph_arrival *arrival)
{
    return strcmp(sph_as4_in_user(arrival->in)->service, SPH_PING_SERVICE) == 0;
}

sph_rc sph_arrival_check_packet(struct sph_arrival *arrival, sph_err *err)
{
    if (is_ping(arrival))
        return sph_ok();
    if (arrival->parts.count == 0 || !arrival->parts.part[0].is_gzip)
        return sph_arrival_refuse(arrival, SPH_EBMS_0303, SPH_REASON_PACKET, "packet.no-gzip",
                                  "the leading part must be a gzip packet", err);
    SPH_TRY(inflate_packet(arrival, err), err, "packet");
    SPH_TRY(check_packet(arrival, err), err, "packet");
    SPH_TRY(check_agreement(arrival, err), err, "packet");
    SPH_TRY(check_parts(arrival, err), err, "parts");
    SPH_TRY(check_history(arrival, err), err, "history");
    SPH_TRY(screen_parts(arrival, err), err, "parts");
    SPH_TRY(sph_notice_check(arrival, err), err, "notice");
    return check_card(arrival, err);
}
