#include <string.h>

#include "crypto/digest.h"
#include "exchange/pull.h"
#include "exchange/renew.h"

#define CLOCK_MS (2LL * 24 * 3600 * 1000) /* a request's own time may be this far off */
#define SEEN_MS                                                                                    \
    (5LL * 24 * 3600 * 1000) /* ... so what is forgotten after this cannot come again              \
                              */
#define LEASE_MS 120000
#define HOUR_MS 3600000
#define TRIES 16

/** What is remembered once: a request, or the DENIED leaf of an hour. */
struct memory {
    sph_hash id;
    int64_t now_ms;
};

static sph_hash memory_id(const char *kind, const char *party, const char *what)
{
    char text[600];
    if (sph_str_format(text, sizeof(text), NULL, "%s\n%s\n%s", kind, party, what).code != SPH_OK)
        text[0] = '\0';
    return sph_sha256_of(sph_slice_str(text));
}

/** SPH_ECONFLICT when it is remembered already. */
static sph_rc apply_memory(void *arg, sph_db *db, sph_err *err)
{
    const struct memory *memory = arg;
    sph_stmt *stmt = NULL;
    int64_t changed = 0;
    SPH_TRY(sph_stmt_get(db, "DELETE FROM pull_seen WHERE seen_ms<?", &stmt, err), err,
            "old pulls");
    sph_stmt_int(stmt, 1, memory->now_ms - SEEN_MS);
    SPH_TRY(sph_stmt_run(stmt, NULL, err), err, "old pulls");
    SPH_TRY(
        sph_stmt_get(db, "INSERT OR IGNORE INTO pull_seen(id, seen_ms) VALUES(?,?)", &stmt, err),
        err, "pull");
    sph_stmt_blob(stmt, 1, sph_slice_hash(&memory->id));
    sph_stmt_int(stmt, 2, memory->now_ms);
    SPH_TRY(sph_stmt_run(stmt, &changed, err), err, "pull");
    return changed == 1 ? sph_ok() : sph_fail(err, SPH_ECONFLICT, "it came before");
}

/** A request is answered once, also across a restart. SPH_ENOTFOUND for a replayed one. */
static sph_rc note_request(struct sph_arrival *arrival, sph_err *err)
{
    struct memory memory = {
        memory_id("pull", arrival->partner->card.party, sph_as4_in_message_id(arrival->in)),
        sph_node_now_ms(arrival->node)};
    sph_job job = {.apply = apply_memory, .arg = &memory};
    const sph_rc rc = sph_journal_commit(sph_node_journal(arrival->node), &job, NULL, err);
    if (rc.code == SPH_ECONFLICT)
        return sph_fail(err, SPH_ENOTFOUND, "this pull request came before");
    return rc;
}

/** The time says which requests can still be remembered: an older one could be a replay. */
static sph_rc check_time(struct sph_arrival *arrival, sph_err *err)
{
    const int64_t off_ms = sph_as4_in_timestamp_ms(arrival->in) - sph_node_now_ms(arrival->node);
    if (off_ms > -CLOCK_MS && off_ms < CLOCK_MS)
        return sph_ok();
    return sph_arrival_refuse(arrival, SPH_EBMS_0003, SPH_REASON_REPLAY, "pull.time",
                              "the request's Timestamp is more than two days off; set the clock",
                              err);
}

struct owner_search {
    const char *mpc, *party; /* party: who asks */
    bool is_foreign;
};

/** A channel, or one below it. */
static bool is_within(const char *mpc, const char *channel)
{
    const size_t len = sph_slice_str(channel).len;
    return len > 0 && strncmp(mpc, channel, len) == 0 && (mpc[len] == '\0' || mpc[len] == '/');
}

static sph_rc look_at_owner(void *arg, const sph_partner *partner, sph_err *err)
{
    struct owner_search *search = arg;
    (void)err;
    if (strcmp(partner->card.party, search->party) != 0 &&
        is_within(search->mpc, partner->card.pull_mpc))
        search->is_foreign = true;
    return sph_ok();
}

/** security.md A-07: leaf DENIED, at most one a partner and hour. */
static sph_rc note_denied(struct sph_arrival *arrival, sph_err *err)
{
    char hour[24];
    sph_leaf leaf;
    const char *party = arrival->partner->card.party;
    const int64_t now_ms = sph_node_now_ms(arrival->node);
    SPH_TRY(sph_str_format(hour, sizeof(hour), err, "%lld", (long long)(now_ms / HOUR_MS)), err,
            "hour");
    struct memory memory = {memory_id("denied", party, hour), now_ms};
    SPH_TRY(sph_node_leaf(arrival->node, SPH_EVENT_DENIED, NULL, &leaf, err), err, "DENIED leaf");
    SPH_TRY(sph_str_copy(leaf.peer, sizeof(leaf.peer), sph_slice_str(party), err), err, "leaf");
    SPH_TRY(sph_str_copy(leaf.message_id, sizeof(leaf.message_id),
                         sph_slice_str(sph_as4_in_message_id(arrival->in)), err),
            err, "leaf");
    leaf.envelope = sph_as4_in_root_sha256(arrival->in);
    SPH_TRY(sph_leaf_ext_u16(&leaf, SPH_EXT_REASON, SPH_REASON_CHANNEL, err), err, "leaf");
    sph_job job = {.apply = apply_memory, .arg = &memory, .leaves = &leaf, .leaf_count = 1};
    const sph_rc rc = sph_journal_commit(sph_node_journal(arrival->node), &job, NULL, err);
    if (rc.code != SPH_ECONFLICT)
        return rc;
    sph_err_clear(err);
    return sph_ok();
}

/** A channel belongs to the one party whose card names it; the default channel to nobody. */
static sph_rc check_channel(struct sph_arrival *arrival, sph_err *err)
{
    const char *mpc = sph_as4_in_pull_mpc(arrival->in);
    const sph_card *card = &arrival->partner->card;
    struct owner_search search = {.mpc = mpc, .party = card->party};
    if (mpc && card->pull_mpc[0] && strcmp(mpc, card->pull_mpc) == 0)
        return sph_ok();
    if (mpc)
        SPH_TRY(sph_partners_each(sph_node_partners(arrival->node), look_at_owner, &search, err),
                err, "channel");
    if (search.is_foreign) {
        SPH_LOG(sph_node_env(arrival->node)->log, SPH_LOG_WARN, "pull_denied",
                SPH_LF(SPH_F_PARTNER, card->party));
        SPH_TRY(note_denied(arrival, err), err, "DENIED");
    }
    return sph_fail(err, SPH_ENOTFOUND, "not this party's channel");
}

/** Long enough to bring it over and store it; longer each time no receipt came (security.md A-08).
 */
static int64_t lease_ms(const sph_node *node, const sph_out_row *row)
{
    const int64_t way_ms =
        LEASE_MS + (int64_t)(row->wire_len * 1000 / sph_node_limits(node)->http_min_rate);
    const int64_t ladder_ms = sph_out_ladder_ms(row->attempt + 1, UINT32_MAX / 2);
    const int64_t most_ms = row->deadline_ms + 1 - sph_node_now_ms(node); /* then it has failed */
    const int64_t wanted_ms = way_ms > ladder_ms ? way_ms : ladder_ms;
    return wanted_ms < most_ms ? wanted_ms : most_ms;
}

/** The stored bytes, before anything is written down: what cannot be read is not handed out. */
static sph_rc open_wire(sph_node *node, sph_out_row *row, sph_file **file, sph_err *err)
{
    const sph_files *files = sph_node_env(node)->files;
    if (row->wire_file[0])
        return files->open(files->ctx, row->wire_file, SPH_OPEN_READ, file, err);
    return row->wire.len > 0 ? sph_ok() : sph_fail(err, SPH_ENOTFOUND, "the message is gone");
}

static sph_rc answer_message(sph_node *node, sph_out_row *row, sph_file **file,
                             sph_response *response, sph_err *err)
{
    SPH_TRY(sph_buf_addf(&response->fields, err, "Content-Type: %s\r\n", row->content_type), err,
            "media type");
    response->status = 200;
    if (*file) {
        response->files = sph_node_env(node)->files;
        response->file = sph_move(*file);
        response->file_len = row->wire_len;
    } else {
        sph_buf_clear(&response->body);
        sph_buf_take(&row->wire, &response->body);
    }
    SPH_LOG(sph_node_env(node)->log, SPH_LOG_INFO, "message_pulled",
            SPH_LF(SPH_F_MESSAGE, row->message_id), SPH_LF(SPH_F_PARTNER, row->partner),
            SPH_LN(SPH_F_COUNT, row->attempt + 1));
    return sph_ok();
}

/** as4.md 11: the stored bytes, unless a key that they need is gone. */
static sph_rc renew(sph_node *node, sph_out_row *row, sph_err *err)
{
    bool is_renewed = false;
    SPH_AUTO_PTR(sph_partner) *partner = sph_partners_get(sph_node_partners(node), row->partner);
    if (!partner)
        return sph_fail(err, SPH_ENOTFOUND, "the partner is gone");
    return sph_renew(node, row, partner, &is_renewed, err);
}

static sph_rc hand_out_row(sph_node *node, sph_out_row *row, sph_response *response, sph_err *err)
{
    SPH_AUTO(sph_open_file) wire = {sph_node_env(node)->files, NULL};
    if (row->deadline_ms < sph_node_now_ms(node))
        return sph_fail(err, SPH_ENOTFOUND, "its deadline is over");
    SPH_TRY(renew(node, row, err), err, "keys");
    SPH_TRY(open_wire(node, row, &wire.file, err), err, "stored message");
    SPH_TRY(sph_out_pulled(node, row, lease_ms(node, row), err), err, "hand-out");
    return answer_message(node, row, &wire.file, response, err);
}

static sph_rc hand_out(sph_node *node, int64_t id, sph_response *response, sph_err *err)
{
    sph_out_row row;
    SPH_TRY(sph_out_row_load(node, id, &row, err), err, "message");
    const sph_rc rc = hand_out_row(node, &row, response, err);
    sph_out_row_clear(&row);
    return rc;
}

/** The oldest that no other pull got first. */
static sph_rc hand_out_oldest(sph_node *node, const char *party, sph_response *response,
                              sph_err *err)
{
    int64_t id = 0;
    for (unsigned i = 0; i < TRIES; i++) {
        SPH_TRY(sph_out_next_ready(node, party, id, &id, err), err, "queue");
        const sph_rc rc = hand_out(node, id, response, err);
        if (rc.code != SPH_ECONFLICT && rc.code != SPH_ENOTFOUND)
            return rc;
        sph_err_clear(err);
    }
    return sph_fail(err, SPH_ENOTFOUND, "other pulls were faster");
}

sph_rc sph_pull_serve(struct sph_arrival *arrival, sph_response *response, sph_err *err)
{
    SPH_TRY(check_time(arrival, err), err, "pull request");
    SPH_TRY(note_request(arrival, err), err, "pull request");
    SPH_TRY(check_channel(arrival, err), err, "channel");
    return hand_out_oldest(arrival->node, arrival->partner->card.party, response, err);
}
