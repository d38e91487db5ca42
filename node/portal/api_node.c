#include <inttypes.h>

#include "exchange/health.h"
#include "exchange/inbox.h"
#include "exchange/own_card.h"
#include "exchange/pull.h"
#include "exchange/query.h"
#include "portal/api_call.h"
#include "portal/api_health.h"
#include "portal/parties.h"

#define DAY_MS INT64_C(86400000)
#define CERTIFICATE_LEAST 14 /* days */
#define FREE_LEAST (UINT64_C(512) * 1024 * 1024)

static sph_rc set_names(sph_json *object, const struct sph_config *config, sph_err *err)
{
    SPH_AUTO_PTR(sph_json) *names = sph_json_object();
    for (size_t i = 0; names && i < SPH_LANG_COUNT; i++)
        if (config->name[i][0])
            SPH_TRY(sph_api_set_text(names, sph_lang_code((enum sph_lang)i), config->name[i], err),
                    err, "names");
    return sph_json_set(object, "name", sph_move(names), err);
}

static sph_rc set_counts(sph_node *node, sph_json *object, sph_err *err)
{
    struct sph_counts counts;
    SPH_TRY(sph_query_counts(node, &counts, err), err, "counts");
    SPH_AUTO_PTR(sph_json) *outbox = sph_json_object();
    SPH_AUTO_PTR(sph_json) *inbox = sph_json_object();
    if (!outbox || !inbox)
        return sph_fail(err, SPH_ENOMEM, "status");
    SPH_TRY(sph_api_set_int(outbox, "queued", counts.queued, err), err, "status");
    SPH_TRY(sph_api_set_int(outbox, "retrying", counts.retrying, err), err, "status");
    SPH_TRY(sph_api_set_int(outbox, "handedToHub", counts.handed, err), err, "status");
    SPH_TRY(sph_api_set_time(outbox, "oldestHanded", counts.oldest_handed_ms, err), err, "status");
    SPH_TRY(sph_api_set_int(outbox, "relaying", counts.relaying, err), err, "status");
    SPH_TRY(sph_api_set_int(outbox, "acknowledged", counts.acknowledged, err), err, "status");
    SPH_TRY(sph_api_set_int(outbox, "failed", counts.failed, err), err, "status");
    SPH_TRY(sph_api_set_time(outbox, "oldestOpen", counts.oldest_open_ms, err), err, "status");
    SPH_TRY(sph_api_set_int(inbox, "received", counts.received, err), err, "status");
    SPH_TRY(sph_api_set_int(inbox, "unread", counts.unread, err), err, "status");
    SPH_TRY(sph_api_set_int(inbox, "unreceipted", counts.unreceipted, err), err, "status");
    SPH_TRY(sph_json_set(object, "outbox", sph_move(outbox), err), err, "status");
    return sph_json_set(object, "inbox", sph_move(inbox), err);
}

static sph_rc add_alarm(void *arg, const struct sph_receipt_alarm *alarm, sph_err *err)
{
    SPH_AUTO_PTR(sph_json) *row = sph_json_object();
    SPH_TRY(sph_api_set_text(row, "code", alarm->is_owed ? "receipt-owed" : "receipt-missing", err),
            err, "alarm");
    SPH_TRY(sph_api_set_text(row, "party", alarm->party, err), err, "alarm");
    SPH_TRY(sph_api_set_int(row, "number", alarm->count, err), err, "alarm");
    SPH_TRY(sph_api_set_time(row, "oldest", alarm->oldest_ms, err), err, "alarm");
    return sph_json_add(arg, sph_move(row), err);
}

static sph_rc set_alarms(sph_node *node, sph_json *object, sph_err *err)
{
    SPH_AUTO_PTR(sph_json) *list = sph_json_array();
    SPH_TRY(sph_query_receipt_alarms(node, add_alarm, list, err), err, "alarms");
    return sph_json_set(object, "alarms", sph_move(list), err);
}

static sph_rc set_ledger(sph_node *node, sph_json *object, sph_err *err)
{
    sph_head *head = NULL;
    SPH_AUTO_PTR(sph_json) *ledger = sph_json_object();
    SPH_TRY(sph_journal_head(sph_node_journal(node), false, &head, err), err, "ledger");
    const sph_hash root = sph_head_root(head);
    sph_rc rc = sph_api_set_text(ledger, "origin", sph_node_log_vkey(node)->name, err);
    if (rc.code == SPH_OK)
        rc = sph_api_set_int(ledger, "size", (int64_t)sph_head_size(head), err);
    if (rc.code == SPH_OK)
        rc = sph_api_set_hash(ledger, "root", &root, err);
    if (rc.code == SPH_OK)
        rc = sph_json_set(ledger, "isStopped",
                          sph_json_bool(sph_journal_is_stopped(sph_node_journal(node))), err);
    sph_head_free(&head);
    SPH_TRY(rc, err, "ledger");
    return sph_json_set(object, "ledger", sph_move(ledger), err);
}

struct partner_counts {
    int64_t active, paused;
};

static sph_rc count_partner(void *arg, const sph_partner *partner, sph_err *err)
{
    struct partner_counts *counts = arg;
    (void)err;
    counts->active += partner->state == SPH_PARTNER_ACTIVE;
    counts->paused += partner->state == SPH_PARTNER_PAUSED;
    return sph_ok();
}

static sph_rc set_server(const struct sph_api_call *call, sph_json *object, sph_err *err)
{
    struct sph_server_counts counts;
    const sph_server *server = call->api->server;
    if (!server)
        return sph_ok();
    sph_server_counts(server, &counts);
    SPH_TRY(sph_api_set_int(object, "connections", (int64_t)counts.connections, err), err,
            "server");
    return sph_api_set_int(object, "requests", (int64_t)counts.requests, err);
}

static sph_rc add_health(struct sph_api_call *call, const char *party, sph_json *list, sph_err *err)
{
    SPH_AUTO_PTR(sph_json) *row = sph_json_object();
    SPH_AUTO_PTR(sph_partner) *partner = sph_partners_get(sph_node_partners(call->node), party);
    if (!partner || partner->state == SPH_PARTNER_REMOVED)
        return sph_ok();
    SPH_TRY(sph_api_set_text(row, "party", party, err), err, "health");
    SPH_TRY(sph_api_set_health(call, party, row, err), err, "health");
    return sph_json_add(list, sph_move(row), err);
}

static sph_rc set_health(struct sph_api_call *call, sph_json *object, sph_err *err)
{
    SPH_AUTO(sph_parties) parties = {.count = 0};
    SPH_AUTO_PTR(sph_json) *list = sph_json_array();
    SPH_TRY(sph_parties_read(call->node, &parties, err), err, "partners");
    for (size_t i = 0; i < parties.count; i++)
        SPH_TRY(add_health(call, parties.name[i], list, err), err, "partners");
    return sph_json_set(object, "health", sph_move(list), err);
}

sph_rc sph_api_status(struct sph_api_call *call, sph_err *err)
{
    const struct sph_config *config = sph_node_config(call->node);
    struct partner_counts partners = {0};
    SPH_AUTO_PTR(sph_json) *json = NULL;
    SPH_TRY(sph_api_object("saphan.status/1", &json, err), err, "status");
    SPH_TRY(sph_partners_each(sph_node_partners(call->node), count_partner, &partners, err), err,
            "partners");
    SPH_TRY(sph_api_set_text(json, "party", config->party, err), err, "status");
    SPH_TRY(set_names(json, config, err), err, "status");
    SPH_TRY(sph_api_set_text(json, "kind", config->kind, err), err, "status");
    SPH_TRY(sph_api_set_text(json, "country", config->country, err), err, "status");
    SPH_TRY(sph_api_set_text(json, "mode", config->mode, err), err, "status");
    SPH_TRY(sph_api_set_text(json, "url", config->url, err), err, "status");
    SPH_TRY(sph_api_set_text(json, "version", SAPHAN_VERSION, err), err, "status");
    SPH_TRY(sph_json_set(json, "isServing", sph_json_bool(sph_node_is_serving(call->node)), err),
            err, "status");
    SPH_TRY(set_counts(call->node, json, err), err, "status");
    SPH_TRY(set_alarms(call->node, json, err), err, "status");
    SPH_TRY(set_ledger(call->node, json, err), err, "status");
    SPH_TRY(sph_api_set_int(json, "partners", partners.active, err), err, "status");
    SPH_TRY(sph_api_set_int(json, "partnersPaused", partners.paused, err), err, "status");
    SPH_TRY(sph_api_set_int(
                json, "certificateDaysLeft",
                sph_keyring_days_left(sph_node_keys(call->node), sph_node_now_ms(call->node)), err),
            err, "status");
    SPH_TRY(set_health(call, json, err), err, "status");
    SPH_TRY(set_server(call, json, err), err, "status");
    return sph_api_answer(call, 200, &json, err);
}

sph_rc sph_api_version(struct sph_api_call *call, sph_err *err)
{
    SPH_AUTO_PTR(sph_json) *json = NULL;
    SPH_TRY(sph_api_object("saphan.version/1", &json, err), err, "version");
    SPH_TRY(sph_api_set_text(json, "version", SAPHAN_VERSION, err), err, "version");
    return sph_api_answer(call, 200, &json, err);
}

sph_rc sph_api_card(struct sph_api_call *call, sph_err *err)
{
    SPH_AUTO(sph_buf) octets = sph_buf_init(sph_node_limits(call->node)->card);
    SPH_TRY(sph_own_card(call->node, &octets, err), err, "card");
    return sph_api_answer_bytes(call, "application/xml", sph_buf_peek(&octets), err);
}

/** Partners that one check of the doctor is about. */
struct concerned {
    int64_t count;
    char names[512];
};
struct partner_findings {
    struct concerned clock, reach, certificate;
};

static void add_concerned(struct concerned *concerned, const char *party)
{
    char longer[sizeof(concerned->names)];
    concerned->count++;
    /* A list that grows too long for a line ends; the number tells how many there are. */
    if (sph_str_format(longer, sizeof(longer), NULL, "%s%s%s", concerned->names,
                       concerned->names[0] ? ", " : "", party)
            .code == SPH_OK)
        (void)!sph_str_copy(concerned->names, sizeof(concerned->names), sph_slice_str(longer), NULL)
            .code;
}

static sph_rc look_at_partner(sph_node *node, const char *party, struct partner_findings *out,
                              sph_err *err)
{
    struct sph_partner_health health;
    const int64_t now_ms = sph_node_now_ms(node);
    SPH_AUTO_PTR(sph_partner) *partner = sph_partners_get(sph_node_partners(node), party);
    if (!partner || partner->state != SPH_PARTNER_ACTIVE)
        return sph_ok();
    SPH_TRY(sph_health_of(node, party, &health, err), err, "health");
    if (health.has_clock &&
        (health.clock_ms > SPH_CLOCK_OFF_MS || health.clock_ms < -SPH_CLOCK_OFF_MS))
        add_concerned(&out->clock, party);
    if (health.queued > 0 && health.failure_ms > health.reached_ms)
        add_concerned(&out->reach, party);
    if (health.certificate_ms > 0 && health.certificate_ms - now_ms < CERTIFICATE_LEAST * DAY_MS)
        add_concerned(&out->certificate, party);
    return sph_ok();
}

static sph_rc look_at_partners(sph_node *node, struct partner_findings *out, sph_err *err)
{
    SPH_AUTO(sph_parties) parties = {.count = 0};
    SPH_TRY(sph_parties_read(node, &parties, err), err, "partners");
    for (size_t i = 0; i < parties.count; i++)
        SPH_TRY(look_at_partner(node, parties.name[i], out, err), err, "partners");
    return sph_ok();
}

/** One finding of the doctor: what was looked at, how it is, what to do. */
static sph_rc add_named(struct sph_api_call *call, sph_json *list, const char *id, bool is_good,
                        bool is_serious, int64_t number, const char *names, sph_err *err)
{
    char key[80], do_key[96], value[24];
    SPH_AUTO(sph_buf) text = sph_buf_init(4096);
    SPH_AUTO(sph_buf) todo = sph_buf_init(4096);
    SPH_AUTO_PTR(sph_json) *row = sph_json_object();
    SPH_TRY(sph_str_format(value, sizeof(value), err, "%" PRId64, number), err, "check");
    SPH_TRY(sph_str_format(key, sizeof(key), err, "doctor.%s.%s", id, is_good ? "ok" : "bad"), err,
            "check");
    SPH_TRY(sph_str_format(do_key, sizeof(do_key), err, "doctor.%s.do", id), err, "check");
    SPH_TRY(
        sph_text_format(call->lang, key, SPH_ARGS({"number", value}, {"names", names}), &text, err),
        err, "check");
    SPH_TRY(sph_api_set_text(row, "check", id, err), err, "check");
    SPH_TRY(sph_api_set_text(row, "state",
                             is_good      ? "ok"
                             : is_serious ? "bad"
                                          : "warn",
                             err),
            err, "check");
    SPH_TRY(sph_api_set_text(row, "text", sph_buf_text(&text), err), err, "check");
    if (!is_good) {
        SPH_TRY(sph_text_format(call->lang, do_key, SPH_ARGS({"number", value}), &todo, err), err,
                "check");
        SPH_TRY(sph_api_set_text(row, "do", sph_buf_text(&todo), err), err, "check");
    }
    return sph_json_add(list, sph_move(row), err);
}

static sph_rc add_check(struct sph_api_call *call, sph_json *list, const char *id, bool is_good,
                        bool is_serious, int64_t number, sph_err *err)
{
    return add_named(call, list, id, is_good, is_serious, number, "", err);
}

static sph_rc add_concerns(struct sph_api_call *call, sph_json *list, sph_err *err)
{
    struct partner_findings found = {.clock = {.count = 0}};
    SPH_TRY(look_at_partners(call->node, &found, err), err, "partners");
    SPH_TRY(add_named(call, list, "clock", found.clock.count == 0, false, found.clock.count,
                      found.clock.names, err),
            err, "check");
    SPH_TRY(add_named(call, list, "reach", found.reach.count == 0, false, found.reach.count,
                      found.reach.names, err),
            err, "check");
    return add_named(call, list, "partner-certificates", found.certificate.count == 0, false,
                     found.certificate.count, found.certificate.names, err);
}

static sph_rc run_checks(struct sph_api_call *call, sph_json *list, sph_err *err)
{
    sph_node *node = call->node;
    struct sph_counts counts;
    struct partner_counts partners = {0};
    uint64_t left = 0;
    const sph_files *files = sph_node_env(node)->files;
    const int64_t now_ms = sph_node_now_ms(node);
    const int days = sph_keyring_days_left(sph_node_keys(node), now_ms);
    SPH_TRY(sph_query_counts(node, &counts, err), err, "counts");
    SPH_TRY(files->free_bytes(files->ctx, &left, err), err, "free space");
    SPH_TRY(sph_partners_each(sph_node_partners(node), count_partner, &partners, err), err,
            "partners");
    SPH_TRY(add_check(call, list, "serving", sph_node_is_serving(node), false, 0, err), err,
            "check");
    SPH_TRY(add_check(call, list, "ledger", !sph_journal_is_stopped(sph_node_journal(node)), true,
                      0, err),
            err, "check");
    SPH_TRY(
        add_check(call, list, "disk", left >= FREE_LEAST, true, (int64_t)(left / 1024 / 1024), err),
        err, "check");
    SPH_TRY(add_check(call, list, "certificates", days > 14, days <= 3, days, err), err, "check");
    SPH_TRY(add_check(call, list, "root-key", sph_node_keys(node)->root_key != NULL, false, 0, err),
            err, "check");
    SPH_TRY(add_check(call, list, "partners", partners.active > 0, false, partners.active, err),
            err, "check");
    SPH_TRY(add_check(call, list, "queue",
                      counts.oldest_open_ms == 0 || now_ms - counts.oldest_open_ms < DAY_MS, false,
                      counts.queued + counts.retrying, err),
            err, "check");
    SPH_TRY(add_check(call, list, "receipts",
                      counts.unreceipted == 0 ||
                          now_ms - counts.oldest_unreceipted_ms < SPH_RECEIPT_LATE_MS,
                      true, counts.unreceipted, err),
            err, "check");
    SPH_TRY(add_check(call, list, "relay",
                      counts.handed == 0 || now_ms - counts.oldest_handed_ms < 2 * DAY_MS, false,
                      counts.handed, err),
            err, "check");
    SPH_TRY(add_check(call, list, "failed", counts.failed == 0, false, counts.failed, err), err,
            "check");
    return add_concerns(call, list, err);
}

sph_rc sph_api_doctor(struct sph_api_call *call, sph_err *err)
{
    SPH_AUTO_PTR(sph_json) *json = NULL;
    SPH_AUTO_PTR(sph_json) *list = sph_json_array();
    SPH_TRY(sph_api_object("saphan.doctor/1", &json, err), err, "doctor");
    SPH_TRY(run_checks(call, list, err), err, "doctor");
    SPH_TRY(sph_json_set(json, "checks", sph_move(list), err), err, "doctor");
    return sph_api_answer(call, 200, &json, err);
}

/** A node that nobody reaches asks each partner now instead of at its next time. */
sph_rc sph_api_pull(struct sph_api_call *call, sph_err *err)
{
    SPH_AUTO_PTR(sph_json) *json = NULL;
    if (!sph_pull_is_used(call->node))
        return sph_api_refuse(call, SPH_ECONFLICT, "problem.no-pull", NULL, NULL, err);
    if (!sph_node_pull_now(call->node))
        return sph_api_refuse(call, SPH_EAGAIN, "problem.pull-not-serving", NULL, NULL, err);
    SPH_TRY(sph_api_object("saphan.pull/1", &json, err), err, "pull");
    return sph_api_answer(call, 202, &json, err);
}
