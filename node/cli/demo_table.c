#include "cli/demo.h"

#include "cli/view.h"

#define COLUMNS 7

/** What both sides say about one message. */
struct both {
    sph_reply sender, receiver;
    const sph_json *sent, *received;
};

static void both_clear(struct both *both)
{
    sph_reply_clear(&both->sender);
    sph_reply_clear(&both->receiver);
}

static sph_rc look(struct sph_demo *demo, const struct sph_demo_sent *sent, struct both *both,
                   sph_err *err)
{
    SPH_TRY(sph_demo_outbox(demo, sent, &both->sender, &both->sent, err), err, "sender");
    return sph_demo_inbox(demo, sent, &both->receiver, &both->received, err);
}

/** The receipt names the entry in the partner's ledger: it must be the one that the partner itself
 * shows. */
static bool holds(const struct both *both)
{
    return sph_slice_is(sph_slice_str(sph_view_get(both->sent, "state")), "receipt-verified") &&
           sph_slice_is(sph_slice_str(sph_view_get(both->sent, "proof")), "proved") &&
           both->received &&
           sph_json_get_int(both->sent, "partnerEvent", -1) ==
               sph_json_get_int(both->received, "receivedEvent", -2);
}

static sph_rc receipt_line(struct sph_demo *demo, const struct sph_demo_sent *sent,
                           const struct both *both, sph_err *err)
{
    char own[SPH_VIEW_ROOM], theirs[SPH_VIEW_ROOM];
    const bool is_good = holds(both);
    sph_demo_line(demo, is_good ? SPH_MARK_OK : SPH_MARK_BAD,
                  is_good ? "demo.receipt" : "demo.receipt.bad",
                  SPH_ARGS({"from", demo->node[sent->from].party}, {"to", sent->to},
                           {"own", sph_view_number(both->sent, "receiptEvent", own)},
                           {"theirs", sph_view_number(both->sent, "partnerEvent", theirs)}));
    return is_good ? sph_ok()
                   : sph_fail(err, SPH_EPROOF, "receipt of %s: %s, %s", sent->to,
                              sph_view_get(both->sent, "state"), sph_view_get(both->sent, "proof"));
}

sph_rc sph_demo_receipts(struct sph_demo *demo, size_t from, sph_err *err)
{
    for (size_t i = from; i < demo->sent_count; i++) {
        struct both both = {.sent = NULL};
        sph_rc rc = look(demo, &demo->sent[i], &both, err);
        if (rc.code == SPH_OK)
            rc = receipt_line(demo, &demo->sent[i], &both, err);
        both_clear(&both);
        SPH_TRY(rc, err, "receipts");
    }
    return sph_ok();
}

static void add_row(struct sph_demo *demo, struct sph_table *table,
                    const struct sph_demo_sent *sent, const struct both *both)
{
    char own[SPH_VIEW_ROOM], theirs[SPH_VIEW_ROOM];
    const char *const state = sph_view_get(both->sent, "state");
    const char *const proof = sph_view_get(both->sent, "proof");
    const bool is_proved = sph_slice_is(sph_slice_str(proof), "proved");
    const bool is_there = sph_slice_is(sph_slice_str(state), "receipt-verified");
    const char *const cells[COLUMNS] = {
        sph_text(demo->cli->lang, sent->what),
        demo->node[sent->from].party,
        sent->to,
        is_there ? sph_text(demo->cli->lang, "demo.state.there") : state,
        is_proved ? sph_text(demo->cli->lang, "demo.proof.proved") : proof,
        sph_view_number(both->sent, "receiptEvent", own),
        sph_view_number(both->sent, "partnerEvent", theirs)};
    sph_view_row(demo->cli, table, COLUMNS, cells);
}

sph_rc sph_demo_table(struct sph_demo *demo, sph_err *err)
{
    static const char *const heads[COLUMNS] = {"demo.col.what",  "demo.col.from",  "demo.col.to",
                                               "demo.col.state", "demo.col.proof", "demo.col.own",
                                               "demo.col.theirs"};
    SPH_TRY(sph_demo_step(demo, "demo.step.table", err), err, "step");
    struct sph_table *table = sph_view_table();
    if (!table)
        return sph_fail(err, SPH_ENOMEM, "table");
    sph_view_heading(demo->cli, table, COLUMNS, heads);
    sph_rc rc = sph_ok();
    for (size_t i = 0; rc.code == SPH_OK && i < demo->sent_count; i++) {
        struct both both = {.sent = NULL};
        rc = look(demo, &demo->sent[i], &both, err);
        if (rc.code == SPH_OK)
            add_row(demo, table, &demo->sent[i], &both);
        both_clear(&both);
    }
    sph_view_table_end(demo->cli, &table);
    return rc;
}
