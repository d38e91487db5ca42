#include "exchange/query.h"
#include "exchange/query_walk.h"

struct thread_reader {
    sph_thread_each *each;
    void *arg;
};

static sph_rc read_thread(sph_stmt *stmt, void *to, bool *is_done, sph_err *err)
{
    const struct thread_reader *reader = to;
    const struct sph_thread_view view = {sph_col_text(stmt, 0),          sph_col_text(stmt, 1),
                                         sph_col_text(stmt, 2),          sph_col_text(stmt, 3),
                                         sph_col_text(stmt, 4),          sph_col_int(stmt, 5) != 0,
                                         (uint32_t)sph_col_int(stmt, 6), sph_col_int(stmt, 7)};
    (void)is_done;
    return reader->each(reader->arg, &view, err);
}

sph_rc sph_query_thread(sph_node *node, const char *thread_id, sph_thread_each *each, void *arg,
                        sph_err *err)
{
    struct thread_reader reader = {each, arg};
    const struct sph_query_walk walk = {
        "SELECT packet_id, short_id, type, issuer, in_reply_to, is_own, seq, issued_ms FROM packet"
        " WHERE thread_id=? ORDER BY seq, packet_id",
        sph_query_bind_text, thread_id, read_thread, &reader};
    return sph_query_walk(node, &walk, NULL, err);
}

static const char tip_sql[] =
    "SELECT t.thread_id, t.packet_id, t.seq,"
    " CASE t.is_own WHEN 0 THEN t.issuer ELSE"
    "  COALESCE((SELECT CASE recipient WHEN '' THEN partner ELSE recipient END FROM outbox"
    "   WHERE packet_id=t.packet_id LIMIT 1), '') END,"
    " (SELECT issuer FROM packet WHERE thread_id=t.thread_id ORDER BY seq, packet_id LIMIT 1)"
    " FROM packet t WHERE t.thread_id=(SELECT thread_id FROM packet WHERE packet_id=?)"
    " AND t.thread_id<>'' ORDER BY t.seq DESC, t.packet_id DESC LIMIT 1";

static sph_rc read_tip(sph_stmt *stmt, void *to, bool *is_done, sph_err *err)
{
    struct sph_thread_tip *tip = to;
    const struct {
        int column;
        char *to;
        size_t room;
    } texts[] = {{0, tip->thread_id, sizeof(tip->thread_id)},
                 {1, tip->packet_id, sizeof(tip->packet_id)},
                 {3, tip->other_party, sizeof(tip->other_party)},
                 {4, tip->requester, sizeof(tip->requester)}};
    (void)is_done;
    tip->seq = (uint32_t)sph_col_int(stmt, 2);
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        SPH_TRY(sph_str_copy(texts[i].to, texts[i].room,
                             sph_slice_str(sph_col_text(stmt, texts[i].column)), err),
                err, "thread");
    return sph_ok();
}

sph_rc sph_query_thread_tip(sph_node *node, const char *packet_id, struct sph_thread_tip *out,
                            sph_err *err)
{
    struct sph_thread_tip tip = {.seq = 0};
    size_t rows = 0;
    const struct sph_query_walk walk = {tip_sql, sph_query_bind_text, packet_id, read_tip, &tip};
    SPH_TRY(sph_query_walk(node, &walk, &rows, err), err, "thread");
    if (rows == 0)
        return sph_fail(err, SPH_ENOTFOUND, "this packet belongs to no thread");
    *out = tip;
    return sph_ok();
}
