#include "exchange/query.h"

#include <string.h>

#include "exchange/query_walk.h"
#include "store/tables_exchange.h"

#define LIMIT_MOST 500u

static int64_t limit_of(unsigned wanted)
{
    return wanted == 0 || wanted > LIMIT_MOST ? LIMIT_MOST : wanted;
}

/** What people are shown for a state (as4.md 14.2). */
static const char *display_of(const char *state, unsigned attempt)
{
    static const struct {
        const char *state, *display;
    } table[] = {{"submitted", "queued"},     {"sending", "sent"},
                 {"wait-retry", "retrying"},  {"acknowledged", "receipt-verified"},
                 {"failed", "failed"},        {"cancelled", "cancelled"},
                 {"ready", "queued"},         {"pulled-waiting", "sent"},
                 {"ready-again", "retrying"}, {"handed-to-hub", "handed-to-hub"}};
    if (strcmp(state, "submitted") == 0 && attempt > 0)
        return "retrying";
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
        if (strcmp(table[i].state, state) == 0)
            return table[i].display;
    return state;
}

static void fill_outbox(sph_stmt *stmt, struct sph_outbox_view *view)
{
    *view = (struct sph_outbox_view){.message_id = sph_col_text(stmt, 1),
                                     .packet_id = sph_col_text(stmt, 2),
                                     .partner = sph_col_text(stmt, 3),
                                     .action = sph_col_text(stmt, 4),
                                     .suite = sph_col_text(stmt, 5),
                                     .state = sph_col_text(stmt, 6),
                                     .attempt = (unsigned)sph_col_int(stmt, 7),
                                     .next_ms = sph_col_int(stmt, 8),
                                     .deadline_ms = sph_col_int(stmt, 9),
                                     .created_ms = sph_col_int(stmt, 10),
                                     .finished_ms = sph_col_int(stmt, 11),
                                     .submitted_index = sph_col_int(stmt, 12),
                                     .sent_index = sph_col_int(stmt, 13),
                                     .receipt_index = sph_col_int(stmt, 14),
                                     .failed_index = sph_col_int(stmt, 15),
                                     .proof_state = sph_col_text(stmt, 16),
                                     .peer_index = sph_col_int(stmt, 17),
                                     .error_code = sph_col_text(stmt, 18),
                                     .error_detail = sph_col_text(stmt, 19),
                                     .short_id = sph_col_text(stmt, 20),
                                     .thread_id = sph_col_text(stmt, 21),
                                     .thread_short = sph_col_text(stmt, 22),
                                     .question = sph_col_text(stmt, 23),
                                     .type = sph_col_text(stmt, 24),
                                     .ref_to = sph_col_text(stmt, 25),
                                     .via = sph_col_text(stmt, 26)};
    view->display = display_of(view->state, view->attempt);
}

static void bind_filter(sph_stmt *stmt, const void *ask)
{
    const struct sph_view_filter *filter = ask;
    sph_stmt_text(stmt, 1, filter->partner);
    sph_stmt_text(stmt, 2, filter->packet_id);
    sph_stmt_text(stmt, 3, filter->thread_id);
    sph_stmt_int(stmt, 4, filter->is_open_only);
    sph_stmt_int(stmt, 5, filter->before_id > 0 ? filter->before_id : INT64_MAX);
    sph_stmt_int(stmt, 6, limit_of(filter->limit));
    sph_stmt_int(stmt, 7, filter->has_no_pings);
}

/* A ping has no packet, nor has what a hub relays. Through a hub the partner is who it is for. */
static const char outbox_sql[] =
    "SELECT o.id, o.message_id, o.packet_id,"
    " CASE o.recipient WHEN '' THEN o.partner ELSE o.recipient END, o.action, o.suite, o.state, "
    "o.attempt,"
    " o.next_ms, o.deadline_ms, o.created_ms, o.finished_ms, o.submitted_index, o.sent_index,"
    " o.receipt_index, o.failed_index, o.proof_state, o.peer_index, o.error_code, o.error_detail,"
    " COALESCE(p.short_id,''), COALESCE(p.thread_id,''), COALESCE(p.thread_short,''),"
    " COALESCE(p.question,''), COALESCE(p.type,CASE o.action WHEN 'a4' THEN 'relay' ELSE 'ping' "
    "END),"
    " o.ref_to, CASE o.recipient WHEN '' THEN '' ELSE o.partner END"
    " FROM outbox o LEFT JOIN packet p ON p.packet_id=o.packet_id"
    " WHERE (?1 IS NULL OR o.partner=?1 OR o.recipient=?1) AND (?2 IS NULL OR o.packet_id=?2)"
    " AND (?3 IS NULL OR p.thread_id=?3)"
    " AND (?4=0 OR o.state IN " SPH_OUTBOX_OPEN ") AND o.id<?5"
    " AND (?7=0 OR p.packet_id IS NOT NULL)"
    " ORDER BY o.id DESC LIMIT ?6";

struct outbox_reader {
    sph_outbox_each *each;
    void *arg;
};

static sph_rc read_outbox(sph_stmt *stmt, void *to, bool *is_done, sph_err *err)
{
    const struct outbox_reader *reader = to;
    struct sph_outbox_view view;
    (void)is_done;
    fill_outbox(stmt, &view);
    return reader->each(reader->arg, sph_col_int(stmt, 0), &view, err);
}

sph_rc sph_query_outbox(sph_node *node, const struct sph_view_filter *filter, sph_outbox_each *each,
                        void *arg, sph_err *err)
{
    struct outbox_reader reader = {each, arg};
    const struct sph_query_walk walk = {outbox_sql, bind_filter, filter, read_outbox, &reader};
    return sph_query_walk(node, &walk, NULL, err);
}

static const char inbox_sql[] =
    "SELECT i.id, i.message_id, i.packet_id,"
    " CASE WHEN i.action='a4' THEN COALESCE(p.issuer, i.partner) ELSE i.partner END,"
    " i.action, i.suite, i.state, i.received_ms,"
    " i.received_index, i.receipt_index, i.duplicates, COALESCE(p.short_id,''),"
    " COALESCE(p.thread_id,''), COALESCE(p.thread_short,''),"
    " COALESCE(p.type,CASE i.action WHEN 'a4' THEN 'relay' ELSE 'ping' END),"
    " COALESCE(p.is_read,1), i.ref_to,"
    " CASE WHEN i.action='a4' AND p.packet_id IS NOT NULL THEN i.partner ELSE '' END"
    " FROM inbox i LEFT JOIN packet p ON p.packet_id=i.packet_id"
    " WHERE (?1 IS NULL OR i.partner=?1 OR (i.action='a4' AND p.issuer=?1)) AND (?2 IS NULL OR "
    "i.packet_id=?2)"
    " AND (?3 IS NULL OR p.thread_id=?3) AND (?4=0 OR p.is_read=0) AND i.id<?5"
    " AND (?7=0 OR p.packet_id IS NOT NULL)"
    " ORDER BY i.id DESC LIMIT ?6";

struct inbox_reader {
    sph_inbox_each *each;
    void *arg;
};

static sph_rc read_inbox(sph_stmt *stmt, void *to, bool *is_done, sph_err *err)
{
    const struct inbox_reader *reader = to;
    const struct sph_inbox_view view = {.message_id = sph_col_text(stmt, 1),
                                        .packet_id = sph_col_text(stmt, 2),
                                        .partner = sph_col_text(stmt, 3),
                                        .action = sph_col_text(stmt, 4),
                                        .suite = sph_col_text(stmt, 5),
                                        .state = sph_col_text(stmt, 6),
                                        .received_ms = sph_col_int(stmt, 7),
                                        .received_index = sph_col_int(stmt, 8),
                                        .receipt_index = sph_col_int(stmt, 9),
                                        .duplicates = sph_col_int(stmt, 10),
                                        .short_id = sph_col_text(stmt, 11),
                                        .thread_id = sph_col_text(stmt, 12),
                                        .thread_short = sph_col_text(stmt, 13),
                                        .type = sph_col_text(stmt, 14),
                                        .is_unread = sph_col_int(stmt, 15) == 0,
                                        .ref_to = sph_col_text(stmt, 16),
                                        .via = sph_col_text(stmt, 17)};
    (void)is_done;
    return reader->each(reader->arg, sph_col_int(stmt, 0), &view, err);
}

sph_rc sph_query_inbox(sph_node *node, const struct sph_view_filter *filter, sph_inbox_each *each,
                       void *arg, sph_err *err)
{
    struct inbox_reader reader = {each, arg};
    const struct sph_query_walk walk = {inbox_sql, bind_filter, filter, read_inbox, &reader};
    return sph_query_walk(node, &walk, NULL, err);
}

/* Acknowledged is what remains: all others are few and stand in an index of their own. */
static const char counts_sql[] =
    "WITH open(attempt, created_ms) AS MATERIALIZED (SELECT attempt, created_ms FROM outbox"
    "  WHERE state IN " SPH_OUTBOX_OPEN "),"
    " ended(state) AS MATERIALIZED (SELECT state FROM outbox"
    "  WHERE state IN ('failed','cancelled')),"
    " handed(attempt, created_ms, finished_ms) AS MATERIALIZED"
    "  (SELECT attempt, created_ms, finished_ms FROM outbox WHERE state='handed-to-hub')"
    " SELECT (SELECT COUNT(*) FROM open WHERE attempt=0)"
    "  - (SELECT COUNT(*) FROM handed WHERE attempt=0),"
    " (SELECT COUNT(*) FROM open WHERE attempt>0)"
    "  - (SELECT COUNT(*) FROM handed WHERE attempt>0),"
    " (SELECT COUNT(*) FROM outbox) - (SELECT COUNT(*) FROM open) - (SELECT COUNT(*) FROM ended),"
    " (SELECT COUNT(*) FROM ended WHERE state='failed'), (SELECT COUNT(*) FROM inbox),"
    " (SELECT COUNT(*) FROM packet WHERE is_read=0), (SELECT COUNT(*) FROM packet),"
    " COALESCE((SELECT MIN(created_ms) FROM outbox WHERE state IN " SPH_OUTBOX_OPEN
    "  AND state<>'handed-to-hub'),0),"
    " (SELECT COUNT(*) FROM inbox WHERE state='stored'),"
    " COALESCE((SELECT MIN(received_ms) FROM inbox WHERE state='stored'),0),"
    " (SELECT COUNT(*) FROM handed WHERE finished_ms=0),"
    " COALESCE((SELECT MIN(created_ms) FROM handed WHERE finished_ms=0),0),"
    " (SELECT COUNT(*) FROM relay_part WHERE sender <> '')";

static sph_rc read_counts(sph_stmt *stmt, void *to, bool *is_done, sph_err *err)
{
    (void)is_done;
    (void)err;
    *(struct sph_counts *)to = (struct sph_counts){
        sph_col_int(stmt, 0), sph_col_int(stmt, 1), sph_col_int(stmt, 2),  sph_col_int(stmt, 3),
        sph_col_int(stmt, 4), sph_col_int(stmt, 5), sph_col_int(stmt, 6),  sph_col_int(stmt, 7),
        sph_col_int(stmt, 8), sph_col_int(stmt, 9), sph_col_int(stmt, 10), sph_col_int(stmt, 11),
        sph_col_int(stmt, 12)};
    return sph_ok();
}

sph_rc sph_query_counts(sph_node *node, struct sph_counts *out, sph_err *err)
{
    const struct sph_query_walk walk = {.sql = counts_sql, .row = read_counts, .to = out};
    return sph_query_walk(node, &walk, NULL, err);
}

struct contact {
    int64_t heard_ms, reached_ms;
};

static sph_rc read_contact(sph_stmt *stmt, void *to, bool *is_done, sph_err *err)
{
    (void)is_done;
    (void)err;
    *(struct contact *)to = (struct contact){sph_col_int(stmt, 0), sph_col_int(stmt, 1)};
    return sph_ok();
}

sph_rc sph_query_contact(sph_node *node, const char *party, int64_t *heard_ms, int64_t *reached_ms,
                         sph_err *err)
{
    struct contact contact = {0, 0};
    const struct sph_query_walk walk = {"SELECT heard_ms, reached_ms FROM partner WHERE party=?",
                                        sph_query_bind_text, party, read_contact, &contact};
    SPH_TRY(sph_query_walk(node, &walk, NULL, err), err, "contact");
    *heard_ms = contact.heard_ms;
    *reached_ms = contact.reached_ms;
    return sph_ok();
}
