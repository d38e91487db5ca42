/* Messages that come again (as4.md 11): the stored receipt, and no second delivery. */
#include "exchange/arrival.h"
#include "exchange/at_work.h"
#include "exchange/health.h"

sph_rc sph_arrival_receipt(struct sph_arrival *arrival, sph_response *response, sph_err *err)
{
    SPH_AUTO(sph_inbox_row) row = {.id = 0};
    SPH_TRY(sph_inbox_find(arrival->node, arrival->partner->card.party,
                           sph_as4_in_message_id(arrival->in), &row, err),
            err, "stored message");
    if (sph_slice_equal(sph_buf_peek(&row.root), sph_as4_in_root(arrival->in)))
        row.in = arrival->in;
    SPH_TRY(sph_inbox_acknowledge(arrival->node, &row, err), err, "receipt");
    sph_arrival_signal(response, &row.receipt);
    return sph_ok();
}

static void count(struct sph_arrival *arrival, const sph_inbox_row *row, unsigned times)
{
    sph_err err = {0};
    if (sph_inbox_duplicate(arrival->node, row, times, &err).code != SPH_OK)
        SPH_LOG(sph_node_env(arrival->node)->log, SPH_LOG_WARN, "duplicate_not_counted",
                SPH_LF(SPH_F_CODE, sph_code_name(err.code)));
}

static sph_rc find_row(struct sph_arrival *arrival, sph_inbox_row *row, sph_err *err)
{
    return sph_inbox_find(arrival->node, arrival->partner->card.party,
                          sph_as4_in_message_id(arrival->in), row, err);
}

/** One thread counts for all that come meanwhile, so that a storm of repeats does not become a
 * storm of commits. */
static sph_rc count_all(struct sph_arrival *arrival, const struct sph_claim *claim, sph_err *err)
{
    sph_at_work *table = sph_node_at_work(arrival->node);
    unsigned times = 0;
    if (!sph_at_work_repeated(table, claim, &times))
        return sph_ok();
    sph_rc rc = sph_ok();
    for (; times > 0; times = sph_at_work_written(table, claim)) {
        SPH_AUTO(sph_inbox_row) row = {.id = 0};
        const sph_rc found = find_row(arrival, &row, err);
        if (found.code == SPH_OK)
            count(arrival, &row, times);
        else
            rc = found;
    }
    return rc;
}

sph_rc sph_arrival_known(struct sph_arrival *arrival, const struct sph_claim *claim,
                         sph_response *response, sph_err *err)
{
    sph_health_repeated(arrival->node, arrival->partner->card.party);
    SPH_TRY(count_all(arrival, claim, err), err, "repeat");
    return sph_arrival_receipt(arrival, response, err);
}

sph_rc sph_arrival_repeat(struct sph_arrival *arrival, sph_response *response, sph_err *err)
{
    SPH_AUTO(sph_inbox_row) row = {.id = 0};
    SPH_TRY(find_row(arrival, &row, err), err, "stored message");
    if (!sph_as4_refs_equal(&row.refs, sph_as4_in_refs(arrival->in)))
        return sph_arrival_refuse(arrival, SPH_EBMS_0003, SPH_REASON_REPLAY, "replay.other-content",
                                  "REPLAY: this MessageId came before with other content", err);
    sph_health_repeated(arrival->node, arrival->partner->card.party);
    count(arrival, &row, 1);
    return sph_arrival_receipt(arrival, response, err);
}
