#include "exchange/health_impl.h"
#include "store/tables_exchange.h"

static sph_rc load_row(sph_health *health, sph_stmt *stmt, sph_err *err)
{
    struct sph_health_row *row = sph_health_row_of(health, sph_col_text(stmt, 0));
    if (!row)
        return sph_fail(err, SPH_ENOMEM, "health");
    struct sph_health_saved *saved = &row->saved;
    saved->clock_at_ms = sph_col_int(stmt, 2);
    saved->has_clock = saved->clock_at_ms > 0;
    saved->clock_ms = sph_col_int(stmt, 1);
    saved->failure_ms = sph_col_int(stmt, 4);
    SPH_TRY(sph_str_copy(saved->failure_code, sizeof(saved->failure_code),
                         sph_slice_str(sph_col_text(stmt, 3)), err),
            err, "failure");
    row->now = *saved;
    row->is_clock_wrong = saved->clock_ms > SPH_CLOCK_OFF_MS || saved->clock_ms < -SPH_CLOCK_OFF_MS;
    return sph_ok();
}

static sph_rc load_rows(sph_db *reader, sph_health *health, sph_err *err)
{
    sph_stmt *stmt = NULL;
    bool row = false;
    SPH_TRY(sph_stmt_get(reader,
                         "SELECT party, clock_ms, clock_at_ms, failure_code, failure_ms FROM"
                         " partner_health",
                         &stmt, err),
            err, "health");
    sph_rc rc = sph_stmt_step(stmt, &row, err);
    while (rc.code == SPH_OK && row) {
        rc = load_row(health, stmt, err);
        if (rc.code == SPH_OK)
            rc = sph_stmt_step(stmt, &row, err);
    }
    sph_stmt_end(stmt);
    return rc;
}

sph_rc sph_health_load(sph_node *node, sph_health *health, sph_err *err)
{
    sph_db *reader = NULL;
    SPH_TRY(sph_db_pool_get(sph_node_readers(node), &reader, err), err, "reader");
    const sph_rc rc = load_rows(reader, health, err);
    sph_db_pool_put(sph_node_readers(node), reader);
    return rc;
}

struct saving {
    const char *party;
    const struct sph_health_saved *what;
};

static sph_rc apply_saving(void *arg, sph_db *db, sph_err *err)
{
    const struct saving *saving = arg;
    sph_stmt *stmt = NULL;
    SPH_TRY(sph_stmt_get(db,
                         "INSERT INTO partner_health(party, clock_ms, clock_at_ms, failure_code,"
                         " failure_ms) VALUES(?1,?2,?3,?4,?5) ON CONFLICT(party) DO UPDATE SET"
                         " clock_ms=?2, clock_at_ms=?3, failure_code=?4, failure_ms=?5",
                         &stmt, err),
            err, "health row");
    sph_stmt_text(stmt, 1, saving->party);
    sph_stmt_int(stmt, 2, saving->what->clock_ms);
    sph_stmt_int(stmt, 3, saving->what->clock_at_ms);
    sph_stmt_text(stmt, 4, saving->what->failure_code);
    sph_stmt_int(stmt, 5, saving->what->failure_ms);
    return sph_stmt_run(stmt, NULL, err);
}

sph_rc sph_health_save(sph_node *node, const char *party, const struct sph_health_saved *what,
                       sph_err *err)
{
    struct saving saving = {party, what};
    sph_job job = {.apply = apply_saving, .arg = &saving};
    return sph_journal_commit(sph_node_journal(node), &job, NULL, err);
}

static sph_rc read_queue(sph_db *reader, const char *party, struct sph_partner_health *out,
                         sph_err *err)
{
    sph_stmt *stmt = NULL;
    bool row = false;
    SPH_TRY(sph_stmt_get(reader,
                         "SELECT p.heard_ms, p.reached_ms, COUNT(o.created_ms),"
                         " COALESCE(MIN(o.created_ms),0) FROM partner p LEFT JOIN outbox o"
                         " ON o.partner=p.party AND o.state IN " SPH_OUTBOX_OPEN
                         " AND o.state<>'handed-to-hub' WHERE p.party=?",
                         &stmt, err),
            err, "queue");
    sph_stmt_text(stmt, 1, party);
    SPH_TRY(sph_stmt_step(stmt, &row, err), err, "queue");
    out->heard_ms = sph_col_int(stmt, 0);
    out->reached_ms = sph_col_int(stmt, 1);
    out->queued = sph_col_int(stmt, 2);
    out->oldest_ms = sph_col_int(stmt, 3);
    sph_stmt_end(stmt);
    return sph_ok();
}

/* A partner can be reached and believed as long as one certificate of each use holds; the first use
 * to run out counts, by its longest certificate. */
static int64_t certificate_end(const sph_card *card)
{
    int64_t end_ms = 0;
    for (size_t i = 0; i < card->cert_count; i++) {
        int64_t longest_ms = 0;
        for (size_t j = 0; j < card->cert_count; j++) {
            const int64_t until_ms = sph_cert_not_after_ms(card->cert[j].cert);
            const bool is_alike = card->cert[j].use == card->cert[i].use &&
                                  card->cert[j].suite == card->cert[i].suite;
            longest_ms = is_alike && until_ms > longest_ms ? until_ms : longest_ms;
        }
        end_ms = end_ms == 0 || longest_ms < end_ms ? longest_ms : end_ms;
    }
    return end_ms;
}

static void take_known(sph_health *health, const char *party, struct sph_partner_health *out)
{
    pthread_mutex_lock(&health->lock);
    const struct sph_health_row *row = sph_health_row_of(health, party);
    if (row) {
        out->has_clock = row->now.has_clock;
        out->clock_ms = row->now.clock_ms;
        out->clock_at_ms = row->now.clock_at_ms;
        out->failure_ms = row->now.failure_ms;
        out->counts = row->counts;
        if (sph_str_copy(out->failure_code, sizeof(out->failure_code),
                         sph_slice_str(row->now.failure_code), NULL)
                .code != SPH_OK)
            out->failure_code[0] = '\0';
    }
    pthread_mutex_unlock(&health->lock);
}

sph_rc sph_health_of(sph_node *node, const char *party, struct sph_partner_health *out,
                     sph_err *err)
{
    struct sph_partner_health health = {.heard_ms = 0};
    sph_db *reader = NULL;
    SPH_AUTO_PTR(sph_partner) *partner = sph_partners_get(sph_node_partners(node), party);
    if (!partner)
        return sph_fail(err, SPH_ENOTFOUND, "no partner of that name");
    SPH_TRY(sph_db_pool_get(sph_node_readers(node), &reader, err), err, "reader");
    const sph_rc rc = read_queue(reader, party, &health, err);
    sph_db_pool_put(sph_node_readers(node), reader);
    SPH_TRY(rc, err, "queue");
    take_known(sph_node_health(node), party, &health);
    health.certificate_ms = certificate_end(&partner->card);
    *out = health;
    return sph_ok();
}
