#include "exchange/inbox.h"
#include "exchange/query.h"
#include "exchange/query_walk.h"
#include "store/tables_exchange.h"

#define DAY_MS INT64_C(86400000)

/* A row of a hub is for whom it relays to: that is whom people know. Relayed parts of others have
 * no packet here, and are the hub's own queue. */
static const char alarms_sql[] =
    "SELECT 0, partner, COUNT(*), MIN(received_ms) FROM inbox"
    " WHERE state='stored' AND received_ms<=?1 GROUP BY partner"
    " UNION ALL SELECT 1, CASE recipient WHEN '' THEN partner ELSE recipient END AS party,"
    " COUNT(*), MIN(created_ms) FROM outbox"
    " WHERE state IN " SPH_OUTBOX_OPEN " AND sent_index>=0 AND finished_ms=0"
    " AND created_ms<=?2 GROUP BY party"
    " ORDER BY 1, 4";

struct moments {
    int64_t owed_ms, missing_ms;
};

static void bind_moments(sph_stmt *stmt, const void *ask)
{
    const struct moments *moments = ask;
    sph_stmt_int(stmt, 1, moments->owed_ms);
    sph_stmt_int(stmt, 2, moments->missing_ms);
}

struct alarm_reader {
    sph_receipt_alarm_each *each;
    void *arg;
};

static sph_rc read_alarm(sph_stmt *stmt, void *to, bool *is_done, sph_err *err)
{
    const struct alarm_reader *reader = to;
    const struct sph_receipt_alarm alarm = {.is_owed = sph_col_int(stmt, 0) == 0,
                                            .party = sph_col_text(stmt, 1),
                                            .count = sph_col_int(stmt, 2),
                                            .oldest_ms = sph_col_int(stmt, 3)};
    (void)is_done;
    return reader->each(reader->arg, &alarm, err);
}

sph_rc sph_query_receipt_alarms(sph_node *node, sph_receipt_alarm_each *each, void *arg,
                                sph_err *err)
{
    const int64_t now_ms = sph_node_now_ms(node);
    const struct moments moments = {now_ms - SPH_RECEIPT_LATE_MS, now_ms - DAY_MS};
    struct alarm_reader reader = {each, arg};
    const struct sph_query_walk walk = {alarms_sql, bind_moments, &moments, read_alarm, &reader};
    return sph_query_walk(node, &walk, NULL, err);
}
