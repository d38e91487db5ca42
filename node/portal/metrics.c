#include "portal/metrics.h"

#include <inttypes.h>

#include "exchange/health.h"
#include "exchange/query.h"
#include "portal/parties.h"

#define MS_A_SECOND 1000.0

/* Each family begins with its two comment lines; names end in _total, _seconds or _bytes where the
 * conventions ask for it. */
static sph_rc family(sph_buf *out, const char *name, const char *type, const char *help,
                     sph_err *err)
{
    return sph_buf_addf(out, err, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static sph_rc whole(sph_buf *out, const char *name, const char *type, const char *help,
                    uint64_t value, sph_err *err)
{
    SPH_TRY(family(out, name, type, help, err), err, "metric");
    return sph_buf_addf(out, err, "%s %" PRIu64 "\n", name, value);
}

static sph_rc real(sph_buf *out, const char *name, const char *help, double value, sph_err *err)
{
    SPH_TRY(family(out, name, "gauge", help, err), err, "metric");
    return sph_buf_addf(out, err, "%s %.3f\n", name, value);
}

static double seconds(int64_t ms)
{
    return (double)ms / MS_A_SECOND;
}

static sph_rc write_outbox(sph_node *node, sph_buf *out, sph_err *err)
{
    struct sph_counts counts;
    const int64_t now_ms = sph_node_now_ms(node);
    SPH_TRY(sph_query_counts(node, &counts, err), err, "counts");
    SPH_TRY(family(out, "saphan_outbox_messages", "gauge", "Outgoing messages by state.", err), err,
            "outbox");
    SPH_TRY(sph_buf_addf(out, err,
                         "saphan_outbox_messages{state=\"queued\"} %" PRId64
                         "\nsaphan_outbox_messages{state=\"retrying\"} %" PRId64
                         "\nsaphan_outbox_messages{state=\"handed-to-hub\"} %" PRId64
                         "\nsaphan_outbox_messages{state=\"failed\"} %" PRId64
                         "\nsaphan_outbox_messages{state=\"acknowledged\"} %" PRId64 "\n",
                         counts.queued, counts.retrying, counts.handed, counts.failed,
                         counts.acknowledged),
            err, "outbox");
    SPH_TRY(real(out, "saphan_outbox_oldest_age_seconds",
                 "Age of the oldest outgoing message without a receipt.",
                 counts.oldest_open_ms > 0 ? seconds(now_ms - counts.oldest_open_ms) : 0, err),
            err, "outbox");
    SPH_TRY(whole(out, "saphan_inbox_messages", "gauge", "Messages that were taken in.",
                  (uint64_t)counts.received, err),
            err, "inbox");
    return whole(out, "saphan_inbox_unread_packets", "gauge", "Packets that nobody has read.",
                 (uint64_t)counts.unread, err);
}

/* ---- by partner ---- */

struct by_partner {
    const char *name, *type, *help;
    double (*value)(const struct sph_partner_health *health, int64_t now_ms);
    bool (*is_known)(const struct sph_partner_health *health); /* NULL: always */
};

static double queued(const struct sph_partner_health *health, int64_t now_ms)
{
    (void)now_ms;
    return (double)health->queued;
}

static double oldest(const struct sph_partner_health *health, int64_t now_ms)
{
    return health->oldest_ms > 0 ? seconds(now_ms - health->oldest_ms) : 0;
}

static double heard(const struct sph_partner_health *health, int64_t now_ms)
{
    (void)now_ms;
    return seconds(health->heard_ms);
}

static double reached(const struct sph_partner_health *health, int64_t now_ms)
{
    (void)now_ms;
    return seconds(health->reached_ms);
}

static double clock_of(const struct sph_partner_health *health, int64_t now_ms)
{
    (void)now_ms;
    return seconds(health->clock_ms);
}

static bool has_clock(const struct sph_partner_health *health)
{
    return health->has_clock;
}

static double certificate(const struct sph_partner_health *health, int64_t now_ms)
{
    return seconds(health->certificate_ms - now_ms);
}

static bool has_certificate(const struct sph_partner_health *health)
{
    return health->certificate_ms > 0;
}

static double delivered(const struct sph_partner_health *health, int64_t now_ms)
{
    (void)now_ms;
    return (double)health->counts.delivered;
}

static double received(const struct sph_partner_health *health, int64_t now_ms)
{
    (void)now_ms;
    return (double)health->counts.received;
}

static double received_bytes(const struct sph_partner_health *health, int64_t now_ms)
{
    (void)now_ms;
    return (double)health->counts.received_bytes;
}

static double duplicates(const struct sph_partner_health *health, int64_t now_ms)
{
    (void)now_ms;
    return (double)health->counts.duplicates;
}

static double left_out(const struct sph_partner_health *health, int64_t now_ms)
{
    (void)now_ms;
    return (double)health->counts.leaves_left_out;
}

static const struct by_partner partner_families[] = {
    {"saphan_partner_queue_messages", "gauge", "Messages that wait for this partner.", queued,
     NULL},
    {"saphan_partner_queue_oldest_age_seconds", "gauge",
     "Age of the oldest message that waits for this partner.", oldest, NULL},
    {"saphan_partner_heard_timestamp_seconds", "gauge", "Last message of this partner.", heard,
     NULL},
    {"saphan_partner_reached_timestamp_seconds", "gauge", "Last verified receipt of this partner.",
     reached, NULL},
    {"saphan_partner_clock_difference_seconds", "gauge", "Its clock minus ours.", clock_of,
     has_clock},
    {"saphan_partner_certificate_remaining_seconds", "gauge",
     "Time until its first certificate runs out.", certificate, has_certificate},
    {"saphan_messages_delivered_total", "counter", "Messages whose receipt was verified.",
     delivered, NULL},
    {"saphan_messages_received_total", "counter", "Messages of this partner that were looked at.",
     received, NULL},
    {"saphan_messages_received_bytes_total", "counter", "Octets of those messages.", received_bytes,
     NULL},
    {"saphan_messages_duplicate_total", "counter", "Messages that came again.", duplicates, NULL},
    {"saphan_refusals_unwritten_total", "counter",
     "Refusals that were counted here and not written as a leaf of their own.", left_out, NULL},
};

static sph_rc write_family(sph_node *node, const sph_parties *parties,
                           const struct sph_partner_health *health, const struct by_partner *by,
                           sph_buf *out, sph_err *err)
{
    const int64_t now_ms = sph_node_now_ms(node);
    SPH_TRY(family(out, by->name, by->type, by->help, err), err, "metric");
    for (size_t i = 0; i < parties->count; i++) {
        if (by->is_known && !by->is_known(&health[i]))
            continue;
        SPH_TRY(sph_buf_addf(out, err, "%s{partner=\"%s\"} %.3f\n", by->name, parties->name[i],
                             by->value(&health[i], now_ms)),
                err, "metric");
    }
    return sph_ok();
}

static sph_rc write_families(sph_node *node, const sph_parties *parties,
                             struct sph_partner_health *health, sph_buf *out, sph_err *err)
{
    for (size_t i = 0; i < parties->count; i++)
        SPH_TRY(sph_health_of(node, parties->name[i], &health[i], err), err, "partner");
    for (size_t i = 0; i < sizeof(partner_families) / sizeof(partner_families[0]); i++)
        SPH_TRY(write_family(node, parties, health, &partner_families[i], out, err), err,
                "partners");
    return sph_ok();
}

static sph_rc write_partners(sph_node *node, sph_buf *out, sph_err *err)
{
    SPH_AUTO(sph_parties) parties = {.count = 0};
    SPH_TRY(sph_parties_read(node, &parties, err), err, "partners");
    struct sph_partner_health *health = sph_mem_new(parties.count + 1, sizeof(*health));
    if (!health)
        return sph_fail(err, SPH_ENOMEM, "partners");
    const sph_rc rc = write_families(node, &parties, health, out, err);
    sph_mem_free(health);
    return rc;
}

struct code_lines {
    sph_buf *out;
    const char *name;
};

/* Party ids and codes have no quote and no backslash: their forms were checked when they came in.
 */
static sph_rc write_code(void *arg, const char *party, const char *code, uint64_t count,
                         sph_err *err)
{
    const struct code_lines *lines = arg;
    return sph_buf_addf(lines->out, err, "%s{partner=\"%s\",code=\"%s\"} %" PRIu64 "\n",
                        lines->name, party, code, count);
}

static sph_rc write_codes(sph_node *node, sph_buf *out, sph_err *err)
{
    struct code_lines failed = {out, "saphan_delivery_failures_total"};
    struct code_lines refused = {out, "saphan_messages_refused_total"};
    SPH_TRY(family(out, failed.name, "counter", "Tries to deliver that failed.", err), err,
            "failures");
    SPH_TRY(sph_health_codes(node, false, write_code, &failed, err), err, "failures");
    SPH_TRY(family(out, refused.name, "counter", "Messages of a partner that were refused.", err),
            err, "refusals");
    return sph_health_codes(node, true, write_code, &refused, err);
}

/* ---- the node itself ---- */

static sph_rc write_server(const sph_server *server, sph_buf *out, sph_err *err)
{
    struct sph_server_counts counts;
    if (!server)
        return sph_ok();
    sph_server_counts(server, &counts);
    const struct {
        const char *name, *type, *help;
        uint64_t value;
    } rows[] = {
        {"saphan_http_connections", "gauge", "Open connections.", counts.connections},
        {"saphan_http_connections_total", "counter", "Connections that began.", counts.accepted},
        {"saphan_http_requests_total", "counter", "Requests.", counts.requests},
        {"saphan_http_received_bytes_total", "counter", "Octets that came in.", counts.received},
        {"saphan_http_sent_bytes_total", "counter", "Octets of answers.", counts.sent},
        {"saphan_tls_handshake_failures_total", "counter", "Handshakes that failed.",
         counts.handshakes_failed},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        SPH_TRY(whole(out, rows[i].name, rows[i].type, rows[i].help, rows[i].value, err), err,
                "server");
    SPH_TRY(family(out, "saphan_http_limited_total", "counter", "Turned away by a limit.", err),
            err, "server");
    return sph_buf_addf(out, err,
                        "saphan_http_limited_total{limit=\"handshakes\"} %" PRIu64
                        "\nsaphan_http_limited_total{limit=\"connections\"} %" PRIu64
                        "\nsaphan_http_limited_total{limit=\"requests\"} %" PRIu64 "\n",
                        counts.handshakes_limited, counts.connections_limited,
                        counts.requests_limited);
}

static sph_rc write_journal(sph_node *node, sph_buf *out, sph_err *err)
{
    static const char name[] = "saphan_journal_commit_seconds";
    struct sph_journal_times times;
    uint64_t so_far = 0;
    sph_journal_times(sph_node_journal(node), &times);
    SPH_TRY(family(out, name, "histogram", "Duration of a durable commit of node.db.", err), err,
            "journal");
    for (size_t i = 0; i < SPH_JOURNAL_BUCKETS; i++) {
        so_far += times.bucket[i];
        SPH_TRY(sph_buf_addf(out, err, "%s_bucket{le=\"%g\"} %" PRIu64 "\n", name,
                             (double)sph_journal_bucket_us[i] / 1e6, so_far),
                err, "journal");
    }
    SPH_TRY(sph_buf_addf(out, err,
                         "%s_bucket{le=\"+Inf\"} %" PRIu64 "\n%s_sum %.6f\n%s_count %" PRIu64 "\n",
                         name, times.count, name, (double)times.sum_us / 1e6, name, times.count),
            err, "journal");
    return whole(out, "saphan_journal_stopped", "gauge", "1 when nothing is written any more.",
                 sph_journal_is_stopped(sph_node_journal(node)), err);
}

static sph_rc write_node(sph_node *node, sph_buf *out, sph_err *err)
{
    sph_head *head = NULL;
    uint64_t left = 0;
    const sph_files *files = sph_node_env(node)->files;
    const int64_t now_ms = sph_node_now_ms(node);
    SPH_TRY(family(out, "saphan_build_info", "gauge", "The version that runs.", err), err, "node");
    SPH_TRY(sph_buf_addf(out, err, "saphan_build_info{version=\"%s\"} 1\n", SAPHAN_VERSION), err,
            "node");
    SPH_TRY(sph_journal_head(sph_node_journal(node), false, &head, err), err, "ledger");
    const uint64_t leaves = sph_head_size(head);
    sph_head_free(&head);
    SPH_TRY(
        whole(out, "saphan_ledger_leaves_total", "counter", "Leaves of the ledger.", leaves, err),
        err, "ledger");
    SPH_TRY(files->free_bytes(files->ctx, &left, err), err, "free space");
    SPH_TRY(whole(out, "saphan_disk_free_bytes", "gauge", "Free space of the home.", left, err),
            err, "disk");
    return real(out, "saphan_certificate_remaining_seconds",
                "Time until this node's first certificate runs out, by whole days.",
                (double)sph_keyring_days_left(sph_node_keys(node), now_ms) * 86400.0, err);
}

sph_rc sph_metrics_write(sph_node *node, const sph_server *server, sph_buf *out, sph_err *err)
{
    SPH_TRY(write_node(node, out, err), err, "node");
    SPH_TRY(write_server(server, out, err), err, "server");
    SPH_TRY(write_journal(node, out, err), err, "journal");
    SPH_TRY(write_outbox(node, out, err), err, "outbox");
    SPH_TRY(write_partners(node, out, err), err, "partners");
    return write_codes(node, out, err);
}
