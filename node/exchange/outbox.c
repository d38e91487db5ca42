#include "exchange/outbox.h"

#include <string.h>

#include "store/tables_exchange.h"

/** as4.md 14.2: every move that exists, and the leaf it writes. */
static const struct move {
    enum sph_out_state from;
    enum sph_out_event event;
    enum sph_out_state to;
    uint16_t leaf;
} moves[] = {
    {SPH_OUT_SUBMITTED, SPH_OUT_HAND_OUT, SPH_OUT_SENDING, SPH_EVENT_SENT},
    {SPH_OUT_SUBMITTED, SPH_OUT_NO_ANSWER, SPH_OUT_SUBMITTED, 0}, /* could not be built yet */
    {SPH_OUT_SUBMITTED, SPH_OUT_DEADLINE, SPH_OUT_FAILED, SPH_EVENT_DELIVERY_FAILED},
    {SPH_OUT_SUBMITTED, SPH_OUT_CANCEL, SPH_OUT_CANCELLED, SPH_EVENT_DELIVERY_FAILED},
    {SPH_OUT_SENDING, SPH_OUT_RECEIPT, SPH_OUT_ACKNOWLEDGED, SPH_EVENT_RECEIPT_IN},
    {SPH_OUT_SENDING, SPH_OUT_NO_ANSWER, SPH_OUT_WAIT_RETRY, 0},
    {SPH_OUT_SENDING, SPH_OUT_REFUSED, SPH_OUT_FAILED, SPH_EVENT_DELIVERY_FAILED},
    {SPH_OUT_SENDING, SPH_OUT_DEADLINE, SPH_OUT_FAILED, SPH_EVENT_DELIVERY_FAILED},
    {SPH_OUT_WAIT_RETRY, SPH_OUT_RECEIPT, SPH_OUT_ACKNOWLEDGED, SPH_EVENT_RECEIPT_IN},
    {SPH_OUT_WAIT_RETRY, SPH_OUT_NO_ANSWER, SPH_OUT_WAIT_RETRY, 0},
    {SPH_OUT_WAIT_RETRY, SPH_OUT_REFUSED, SPH_OUT_FAILED, SPH_EVENT_DELIVERY_FAILED},
    {SPH_OUT_WAIT_RETRY, SPH_OUT_DEADLINE, SPH_OUT_FAILED, SPH_EVENT_DELIVERY_FAILED},
    /* A partner that pulls (as4.md 12.3). */
    {SPH_OUT_SUBMITTED, SPH_OUT_MADE_READY, SPH_OUT_READY, 0},
    {SPH_OUT_READY, SPH_OUT_PULLED, SPH_OUT_PULLED_WAITING, SPH_EVENT_SENT},
    {SPH_OUT_READY, SPH_OUT_DEADLINE, SPH_OUT_FAILED, SPH_EVENT_DELIVERY_FAILED},
    {SPH_OUT_READY, SPH_OUT_CANCEL, SPH_OUT_CANCELLED, SPH_EVENT_DELIVERY_FAILED},
    {SPH_OUT_PULLED_WAITING, SPH_OUT_LEASE_OVER, SPH_OUT_READY_AGAIN, 0},
    {SPH_OUT_PULLED_WAITING, SPH_OUT_NO_ANSWER, SPH_OUT_PULLED_WAITING, 0}, /* not at once again */
    {SPH_OUT_PULLED_WAITING, SPH_OUT_RECEIPT, SPH_OUT_ACKNOWLEDGED, SPH_EVENT_RECEIPT_IN},
    {SPH_OUT_PULLED_WAITING, SPH_OUT_REFUSED, SPH_OUT_FAILED, SPH_EVENT_DELIVERY_FAILED},
    {SPH_OUT_PULLED_WAITING, SPH_OUT_DEADLINE, SPH_OUT_FAILED, SPH_EVENT_DELIVERY_FAILED},
    {SPH_OUT_READY_AGAIN, SPH_OUT_PULLED, SPH_OUT_PULLED_WAITING, 0}, /* same bytes, same SENT */
    {SPH_OUT_READY_AGAIN, SPH_OUT_NO_ANSWER, SPH_OUT_PULLED_WAITING, 0},
    {SPH_OUT_READY_AGAIN, SPH_OUT_RECEIPT, SPH_OUT_ACKNOWLEDGED, SPH_EVENT_RECEIPT_IN},
    {SPH_OUT_READY_AGAIN, SPH_OUT_REFUSED, SPH_OUT_FAILED, SPH_EVENT_DELIVERY_FAILED},
    {SPH_OUT_READY_AGAIN, SPH_OUT_DEADLINE, SPH_OUT_FAILED, SPH_EVENT_DELIVERY_FAILED},
    /* The partner's card changed its way: the same bytes go the other one; what never left is made
     * anew. */
    {SPH_OUT_READY, SPH_OUT_TO_PUSH, SPH_OUT_SUBMITTED, 0},
    {SPH_OUT_READY_AGAIN, SPH_OUT_TO_PUSH, SPH_OUT_WAIT_RETRY, 0},
    {SPH_OUT_PULLED_WAITING, SPH_OUT_TO_PUSH, SPH_OUT_WAIT_RETRY, 0},
    {SPH_OUT_SENDING, SPH_OUT_TO_PULL, SPH_OUT_READY_AGAIN, 0},
    {SPH_OUT_WAIT_RETRY, SPH_OUT_TO_PULL, SPH_OUT_READY_AGAIN, 0},
    /* Through a hub (as4.md 12.6). The leaf of the notice is its RECEIVED. It may come before the
     * hub's receipt, when the answer that held that was lost. */
    {SPH_OUT_SENDING, SPH_OUT_HUB_RECEIPT, SPH_OUT_HANDED, SPH_EVENT_RECEIPT_IN},
    {SPH_OUT_WAIT_RETRY, SPH_OUT_HUB_RECEIPT, SPH_OUT_HANDED, SPH_EVENT_RECEIPT_IN},
    {SPH_OUT_SENDING, SPH_OUT_DELIVERED, SPH_OUT_ACKNOWLEDGED, 0},
    {SPH_OUT_WAIT_RETRY, SPH_OUT_DELIVERED, SPH_OUT_ACKNOWLEDGED, 0},
    {SPH_OUT_HANDED, SPH_OUT_DELIVERED, SPH_OUT_ACKNOWLEDGED, 0},
    {SPH_OUT_HANDED, SPH_OUT_DEADLINE, SPH_OUT_FAILED, SPH_EVENT_DELIVERY_FAILED},
};

static const char *const names[SPH_OUT_STATE_COUNT] = {
    [SPH_OUT_SUBMITTED] = "submitted",
    [SPH_OUT_SENDING] = "sending",
    [SPH_OUT_WAIT_RETRY] = "wait-retry",
    [SPH_OUT_ACKNOWLEDGED] = "acknowledged",
    [SPH_OUT_FAILED] = "failed",
    [SPH_OUT_CANCELLED] = "cancelled",
    [SPH_OUT_READY] = "ready",
    [SPH_OUT_PULLED_WAITING] = "pulled-waiting",
    [SPH_OUT_READY_AGAIN] = "ready-again",
    [SPH_OUT_HANDED] = "handed-to-hub",
};

sph_rc sph_out_step(enum sph_out_state from, enum sph_out_event event, enum sph_out_state *to,
                    uint16_t *leaf, sph_err *err)
{
    for (size_t i = 0; i < sizeof(moves) / sizeof(moves[0]); i++) {
        if (moves[i].from == from && moves[i].event == event) {
            *to = moves[i].to;
            *leaf = moves[i].leaf;
            return sph_ok();
        }
    }
    return sph_fail(err, SPH_ECONFLICT, "no move from %s by event %d", names[from], (int)event);
}

const char *sph_out_state_name(enum sph_out_state state)
{
    return names[state];
}

sph_rc sph_out_state_of(const char *name, enum sph_out_state *out, sph_err *err)
{
    for (enum sph_out_state state = 0; state < SPH_OUT_STATE_COUNT; state++) {
        if (name && strcmp(name, names[state]) == 0) {
            *out = state;
            return sph_ok();
        }
    }
    return sph_fail(err, SPH_EPARSE, "unknown outbox state");
}

int64_t sph_out_ladder_ms(unsigned attempt, uint32_t noise)
{
    /* as4.md 11: 1 min, 5 min, 15 min, 1 h, then hourly up to 24 h, then every 6 h. The first tries
     * come quickly, since most failures are a connection that was just closed. */
    static const int64_t first_ms[] = {2000, 10000, 60000, 300000, 900000, 3600000};
    const size_t steps = sizeof(first_ms) / sizeof(first_ms[0]);
    int64_t base = 3600000;
    if (attempt == 0)
        return 0;
    if (attempt <= steps)
        base = first_ms[attempt - 1];
    else if (attempt > steps + 23)
        base = 6 * 3600000LL;
    return base * 8 / 10 + (int64_t)((uint64_t)base * 4 / 10 * noise / UINT32_MAX);
}

void sph_out_row_clear(sph_out_row *row)
{
    if (!row)
        return;
    sph_buf_clear(&row->wire);
    sph_cert_free(&row->encrypt_cert);
}

/** What it answers, and for whom it is behind a hub. */
static sph_rc copy_ends(sph_stmt *stmt, sph_out_row *row, sph_err *err)
{
    SPH_TRY(
        sph_str_copy(row->ref_to, sizeof(row->ref_to), sph_slice_str(sph_col_text(stmt, 19)), err),
        err, "row");
    return sph_str_copy(row->recipient, sizeof(row->recipient),
                        sph_slice_str(sph_col_text(stmt, 20)), err);
}

static sph_rc copy_columns(sph_stmt *stmt, sph_out_row *row, sph_err *err)
{
    SPH_TRY(sph_str_copy(row->message_id, sizeof(row->message_id),
                         sph_slice_str(sph_col_text(stmt, 0)), err),
            err, "row");
    SPH_TRY(sph_str_copy(row->packet_id, sizeof(row->packet_id),
                         sph_slice_str(sph_col_text(stmt, 1)), err),
            err, "row");
    SPH_TRY(
        sph_str_copy(row->partner, sizeof(row->partner), sph_slice_str(sph_col_text(stmt, 2)), err),
        err, "row");
    SPH_TRY(
        sph_str_copy(row->action, sizeof(row->action), sph_slice_str(sph_col_text(stmt, 3)), err),
        err, "row");
    SPH_TRY(sph_str_copy(row->conversation_id, sizeof(row->conversation_id),
                         sph_slice_str(sph_col_text(stmt, 4)), err),
            err, "row");
    SPH_TRY(sph_suite_of(sph_slice_str(sph_col_text(stmt, 5)), &row->suite, err), err, "row");
    SPH_TRY(sph_out_state_of(sph_col_text(stmt, 6), &row->state, err), err, "row");
    row->attempt = (unsigned)sph_col_int(stmt, 7);
    row->next_ms = sph_col_int(stmt, 8);
    row->deadline_ms = sph_col_int(stmt, 9);
    row->created_ms = sph_col_int(stmt, 10);
    row->submitted_index = sph_col_int(stmt, 11);
    row->sent_index = sph_col_int(stmt, 12);
    SPH_TRY(sph_str_copy(row->wire_file, sizeof(row->wire_file),
                         sph_slice_str(sph_col_text(stmt, 14)), err),
            err, "row");
    row->wire_len = (uint64_t)sph_col_int(stmt, 15);
    SPH_TRY(sph_str_copy(row->content_type, sizeof(row->content_type),
                         sph_slice_str(sph_col_text(stmt, 16)), err),
            err, "row");
    if (!sph_col_null(stmt, 17))
        row->root_sha256 = sph_sha256_of(sph_col_blob(stmt, 17));
    SPH_TRY(sph_buf_add(&row->wire, sph_col_blob(stmt, 18), err), err, "wire bytes");
    SPH_TRY(copy_ends(stmt, row, err), err, "row");
    return sph_as4_refs_parse(sph_slice_str(sph_col_text(stmt, 13)), &row->refs, err);
}

static sph_rc read_row(sph_db *reader, int64_t id, sph_out_row *row, sph_err *err)
{
    sph_stmt *stmt = NULL;
    bool found = false;
    SPH_TRY(sph_stmt_get(reader,
                         "SELECT message_id, packet_id, partner, action, conversation_id, suite, "
                         "state, attempt, next_ms,"
                         " deadline_ms, created_ms, submitted_index, sent_index, refs, wire_file, "
                         "wire_len, content_type,"
                         " root, wire, ref_to, recipient FROM outbox WHERE id = ?",
                         &stmt, err),
            err, "outbox row");
    sph_stmt_int(stmt, 1, id);
    SPH_TRY(sph_stmt_step(stmt, &found, err), err, "outbox row");
    if (!found)
        return sph_fail(err, SPH_ENOTFOUND, "no outbox row");
    row->id = id;
    const sph_rc rc = copy_columns(stmt, row, err);
    sph_stmt_end(stmt);
    return rc;
}

sph_rc sph_out_row_load(sph_node *node, int64_t id, sph_out_row *out, sph_err *err)
{
    sph_db *reader = NULL;
    sph_out_row row = {.wire = sph_buf_init(SPH_GZIP_ROOM)};
    SPH_TRY(sph_db_pool_get(sph_node_readers(node), &reader, err), err, "reader");
    const sph_rc rc = read_row(reader, id, &row, err);
    sph_db_pool_put(sph_node_readers(node), reader);
    if (rc.code != SPH_OK) {
        sph_out_row_clear(&row);
        return rc;
    }
    *out = row;
    return sph_ok();
}

/** Due rows in their order. */
struct due {
    int64_t now_ms, most;
    int64_t *next_ms; /* when the first row that is not due yet will be */
    bool (*is_enough)(void *arg, const struct sph_out_due_row *row);
    void *arg;
};

static sph_rc show_due(sph_stmt *stmt, const struct due *due, bool *goes_on, sph_err *err)
{
    struct sph_out_due_row row = {.id = sph_col_int(stmt, 0)};
    *goes_on = sph_col_int(stmt, 1) <= due->now_ms;
    if (!*goes_on) {
        *due->next_ms = sph_col_int(stmt, 1);
        return sph_ok();
    }
    SPH_TRY(sph_str_copy(row.partner, SPH_PARTY_ROOM, sph_slice_str(sph_col_text(stmt, 2)), err),
            err, "due row");
    *goes_on = !due->is_enough(due->arg, &row);
    return *goes_on ? sph_stmt_step(stmt, goes_on, err) : sph_ok();
}

static sph_rc look_through_due(sph_db *reader, const struct due *due, sph_err *err)
{
    sph_stmt *stmt = NULL;
    bool goes_on = false;
    SPH_TRY(sph_stmt_get(reader,
                         "SELECT id, next_ms, partner FROM outbox WHERE state IN " SPH_OUTBOX_OPEN
                         " ORDER BY next_ms LIMIT ?",
                         &stmt, err),
            err, "due rows");
    sph_stmt_int(stmt, 1, due->most);
    sph_rc rc = sph_stmt_step(stmt, &goes_on, err);
    while (goes_on && rc.code == SPH_OK)
        rc = show_due(stmt, due, &goes_on, err);
    sph_stmt_end(stmt);
    return rc;
}

static sph_rc with_reader(sph_node *node, const struct due *due, sph_err *err)
{
    sph_db *reader = NULL;
    SPH_TRY(sph_db_pool_get(sph_node_readers(node), &reader, err), err, "reader");
    const sph_rc rc = look_through_due(reader, due, err);
    sph_db_pool_put(sph_node_readers(node), reader);
    return rc;
}

struct gathered {
    struct sph_out_due_row *rows;
    size_t room, count;
};

static bool gather(void *arg, const struct sph_out_due_row *row)
{
    struct gathered *gathered = arg;
    gathered->rows[gathered->count++] = *row;
    return gathered->count == gathered->room;
}

sph_rc sph_out_due(sph_node *node, int64_t now_ms, struct sph_out_due_row *rows, size_t room,
                   size_t *count, int64_t *next_ms, sph_err *err)
{
    struct gathered gathered = {rows, room, 0};
    *count = 0;
    *next_ms = INT64_MAX;
    const struct due due = {now_ms, (int64_t)room, next_ms, gather, &gathered};
    SPH_TRY(with_reader(node, &due, err), err, "due rows");
    *count = gathered.count;
    return sph_ok();
}

sph_rc sph_out_due_each(sph_node *node, int64_t now_ms,
                        bool (*is_enough)(void *arg, const struct sph_out_due_row *row), void *arg,
                        sph_err *err)
{
    int64_t unused = INT64_MAX;
    const struct due due = {now_ms, INT64_MAX, &unused, is_enough, arg};
    return with_reader(node, &due, err);
}

static sph_rc find_ready(sph_db *reader, const char *party, int64_t after, int64_t *id,
                         sph_err *err)
{
    sph_stmt *stmt = NULL;
    bool row = false;
    SPH_TRY(sph_stmt_get(reader,
                         "SELECT id FROM outbox WHERE partner=?1 AND id>?2"
                         " AND state IN ('ready','ready-again') ORDER BY id LIMIT 1",
                         &stmt, err),
            err, "message that waits for a pull");
    sph_stmt_text(stmt, 1, party);
    sph_stmt_int(stmt, 2, after);
    SPH_TRY(sph_stmt_step(stmt, &row, err), err, "message that waits for a pull");
    if (row)
        *id = sph_col_int(stmt, 0);
    sph_stmt_end(stmt);
    return row ? sph_ok() : sph_fail(err, SPH_ENOTFOUND, "nothing waits for a pull");
}

sph_rc sph_out_next_ready(sph_node *node, const char *party, int64_t after, int64_t *id,
                          sph_err *err)
{
    sph_db *reader = NULL;
    SPH_TRY(sph_db_pool_get(sph_node_readers(node), &reader, err), err, "reader");
    const sph_rc rc = find_ready(reader, party, after, id, err);
    sph_db_pool_put(sph_node_readers(node), reader);
    return rc;
}
