#include "exchange/outbox.h"

#include "store/tables_exchange.h"

#define FILES_ROOM ((size_t)4 * 1024 * 1024)

/** How a partner gets its messages now, and whose rows go that way. */
struct way {
    const char *party;
    enum sph_out_event event; /* SPH_OUT_TO_PUSH or SPH_OUT_TO_PULL */
    int64_t now_ms, moved;
    sph_buf files; /* wire files that no row names any more, a line each */
};

/* Wire bytes that never left name the channel they were made for: they are made anew. What left
 * keeps its bytes, since the other side may have them already (as4.md 11). A lease that runs keeps
 * its time: its receipt may be on the way. */
static const char move_sql[] = "UPDATE outbox SET state=?1,"
                               " next_ms=CASE WHEN ?1='ready-again' THEN deadline_ms+1"
                               "  WHEN state='pulled-waiting' THEN next_ms ELSE ?2 END,"
                               " wire=CASE WHEN ?1='submitted' THEN NULL ELSE wire END,"
                               " wire_file=CASE WHEN ?1='submitted' THEN '' ELSE wire_file END"
                               " WHERE partner=?3 AND state=?4 AND state IN " SPH_OUTBOX_OPEN;

static sph_rc move_state(struct way *way, enum sph_out_state from, sph_db *db, sph_err *err)
{
    sph_stmt *stmt = NULL;
    int64_t moved = 0;
    enum sph_out_state to;
    uint16_t leaf = 0;
    if (sph_out_step(from, way->event, &to, &leaf, NULL).code != SPH_OK)
        return sph_ok();
    SPH_TRY(sph_stmt_get(db, move_sql, &stmt, err), err, "way of a message");
    sph_stmt_text(stmt, 1, sph_out_state_name(to));
    sph_stmt_int(stmt, 2, way->now_ms);
    sph_stmt_text(stmt, 3, way->party);
    sph_stmt_text(stmt, 4, sph_out_state_name(from));
    SPH_TRY(sph_stmt_run(stmt, &moved, err), err, "way of a message");
    way->moved += moved;
    return sph_ok();
}

static sph_rc read_files(sph_stmt *stmt, sph_buf *files, sph_err *err)
{
    bool row = false;
    SPH_TRY(sph_stmt_step(stmt, &row, err), err, "wire files");
    while (row) {
        SPH_TRY(sph_buf_addf(files, err, "%s\n", sph_col_text(stmt, 0)), err, "wire files");
        SPH_TRY(sph_stmt_step(stmt, &row, err), err, "wire files");
    }
    return sph_ok();
}

/** Files of what never left, before their rows forget them. */
static sph_rc note_files(struct way *way, sph_db *db, sph_err *err)
{
    sph_stmt *stmt = NULL;
    SPH_TRY(sph_stmt_get(db,
                         "SELECT wire_file FROM outbox"
                         " WHERE partner=? AND state='ready' AND wire_file<>''"
                         " AND state IN " SPH_OUTBOX_OPEN,
                         &stmt, err),
            err, "wire files");
    sph_stmt_text(stmt, 1, way->party);
    const sph_rc rc = read_files(stmt, &way->files, err);
    sph_stmt_end(stmt);
    return rc;
}

static void drop_files(sph_node *node, const struct way *way)
{
    const sph_files *files = sph_node_env(node)->files;
    const sph_slice all = sph_buf_peek(&way->files);
    for (size_t at = 0; at < all.len;) {
        char path[96];
        const size_t end = sph_slice_find(all, SPH_LIT("\n"), at);
        if (sph_str_copy(path, sizeof(path), sph_slice_sub(all, at, end - at), NULL).code !=
                SPH_OK ||
            files->remove(files->ctx, path, NULL).code != SPH_OK)
            SPH_LOG(sph_node_env(node)->log, SPH_LOG_WARN, "wire_file_kept",
                    SPH_LF(SPH_F_PARTNER, way->party));
        at = end + 1;
    }
}

static sph_rc apply_way(void *arg, sph_db *db, sph_err *err)
{
    struct way *way = arg;
    if (way->event == SPH_OUT_TO_PUSH)
        SPH_TRY(note_files(way, db, err), err, "way");
    for (enum sph_out_state from = 0; from < SPH_OUT_STATE_COUNT; from++)
        SPH_TRY(move_state(way, from, db, err), err, "way");
    return sph_ok();
}

static sph_rc read_has(sph_db *reader, const struct way *way, bool *out, sph_err *err)
{
    sph_stmt *stmt = NULL;
    const char *const sql =
        way->event == SPH_OUT_TO_PULL
            ? "SELECT 1 FROM outbox WHERE partner=? AND state IN ('sending','wait-retry')"
              " AND state IN " SPH_OUTBOX_OPEN " LIMIT 1"
            : "SELECT 1 FROM outbox WHERE partner=? AND state IN"
              " ('ready','ready-again','pulled-waiting') AND state IN " SPH_OUTBOX_OPEN " LIMIT 1";
    SPH_TRY(sph_stmt_get(reader, sql, &stmt, err), err, "way");
    sph_stmt_text(stmt, 1, way->party);
    const sph_rc rc = sph_stmt_step(stmt, out, err);
    sph_stmt_end(stmt);
    return rc;
}

/** Most of the time there is nothing to move: no commit then. */
static sph_rc has_rows(sph_node *node, const struct way *way, bool *out, sph_err *err)
{
    sph_db *reader = NULL;
    SPH_TRY(sph_db_pool_get(sph_node_readers(node), &reader, err), err, "reader");
    const sph_rc rc = read_has(reader, way, out, err);
    sph_db_pool_put(sph_node_readers(node), reader);
    return rc;
}

static sph_rc follow(sph_node *node, struct way *way, sph_err *err)
{
    bool has = false;
    sph_job job = {.apply = apply_way, .arg = way};
    SPH_TRY(has_rows(node, way, &has, err), err, "way");
    if (!has)
        return sph_ok();
    SPH_TRY(sph_journal_commit(sph_node_journal(node), &job, NULL, err), err, "way");
    drop_files(node, way);
    SPH_LOG(sph_node_env(node)->log, SPH_LOG_INFO, "queue_follows_card",
            SPH_LF(SPH_F_PARTNER, way->party), SPH_LN(SPH_F_COUNT, way->moved));
    sph_node_wake(node);
    return sph_ok();
}

sph_rc sph_out_follow(sph_node *node, const char *party, sph_err *err)
{
    SPH_AUTO_PTR(sph_partner) *partner = sph_partners_get(sph_node_partners(node), party);
    if (!partner || partner->state == SPH_PARTNER_REMOVED)
        return sph_ok();
    const bool is_pulled = partner->card.pull_mpc[0] != '\0';
    struct way way = {.party = party,
                      .event = is_pulled ? SPH_OUT_TO_PULL : SPH_OUT_TO_PUSH,
                      .now_ms = sph_node_now_ms(node),
                      .files = sph_buf_init(FILES_ROOM)};
    const sph_rc rc = follow(node, &way, err);
    sph_buf_clear(&way.files);
    return rc;
}

/** Partners for whom something waits, a line each: most have an empty queue. */
static sph_rc read_parties(sph_db *reader, sph_buf *out, sph_err *err)
{
    sph_stmt *stmt = NULL;
    bool row = false;
    SPH_TRY(sph_stmt_get(reader,
                         "SELECT DISTINCT partner FROM outbox WHERE state IN " SPH_OUTBOX_OPEN,
                         &stmt, err),
            err, "partners");
    sph_rc rc = sph_stmt_step(stmt, &row, err);
    while (row && rc.code == SPH_OK) {
        rc = sph_buf_addf(out, err, "%s\n", sph_col_text(stmt, 0));
        if (rc.code == SPH_OK)
            rc = sph_stmt_step(stmt, &row, err);
    }
    sph_stmt_end(stmt);
    return rc;
}

static sph_rc follow_each(sph_node *node, sph_slice parties, sph_err *err)
{
    for (size_t at = 0; at < parties.len;) {
        char party[SPH_PARTY_ROOM];
        const size_t end = sph_slice_find(parties, SPH_LIT("\n"), at);
        SPH_TRY(sph_str_copy(party, sizeof(party), sph_slice_sub(parties, at, end - at), err), err,
                "partner");
        SPH_TRY(sph_out_follow(node, party, err), err, "partner");
        at = end + 1;
    }
    return sph_ok();
}

sph_rc sph_out_follow_all(sph_node *node, sph_err *err)
{
    sph_db *reader = NULL;
    SPH_AUTO(sph_buf) parties = sph_buf_init(FILES_ROOM);
    SPH_TRY(sph_db_pool_get(sph_node_readers(node), &reader, err), err, "reader");
    const sph_rc rc = read_parties(reader, &parties, err);
    sph_db_pool_put(sph_node_readers(node), reader);
    SPH_TRY(rc, err, "partners");
    return follow_each(node, sph_buf_peek(&parties), err);
}
