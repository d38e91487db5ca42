#include "portal/api_health.h"

#include "exchange/health.h"
#include "portal/api_call.h"
#include "portal/metrics.h"

#define DAY_MS INT64_C(86400000)

static sph_rc set_failure(struct sph_api_call *call, const struct sph_partner_health *health,
                          sph_json *object, sph_err *err)
{
    char key[64];
    SPH_AUTO(sph_buf) text = sph_buf_init(4096);
    SPH_AUTO_PTR(sph_json) *failure = sph_json_object();
    if (!health->failure_code[0])
        return sph_ok();
    SPH_TRY(sph_health_failure_key(health->failure_code, key, err), err, "failure");
    SPH_TRY(sph_text_format(call->lang, key, SPH_ARGS({"code", health->failure_code}), &text, err),
            err, "failure");
    SPH_TRY(sph_api_set_text(failure, "code", health->failure_code, err), err, "failure");
    SPH_TRY(sph_api_set_text(failure, "text", sph_buf_text(&text), err), err, "failure");
    SPH_TRY(sph_api_set_time(failure, "at", health->failure_ms, err), err, "failure");
    SPH_TRY(sph_json_set(failure, "isOver", sph_json_bool(health->reached_ms >= health->failure_ms),
                         err),
            err, "failure");
    return sph_json_set(object, "lastFailure", sph_move(failure), err);
}

static sph_rc set_clock(const struct sph_partner_health *health, sph_json *object, sph_err *err)
{
    const int64_t off_ms = health->clock_ms < 0 ? -health->clock_ms : health->clock_ms;
    if (!health->has_clock)
        return sph_ok();
    SPH_TRY(sph_api_set_int(object, "clockDifferenceSeconds", health->clock_ms / 1000, err), err,
            "clock");
    SPH_TRY(sph_api_set_time(object, "clockSeen", health->clock_at_ms, err), err, "clock");
    return sph_json_set(object, "isClockWrong", sph_json_bool(off_ms > SPH_CLOCK_OFF_MS), err);
}

sph_rc sph_api_set_health(struct sph_api_call *call, const char *party, sph_json *object,
                          sph_err *err)
{
    struct sph_partner_health health;
    SPH_AUTO_PTR(sph_json) *json = sph_json_object();
    const int64_t now_ms = sph_node_now_ms(call->node);
    SPH_TRY(sph_health_of(call->node, party, &health, err), err, "health");
    SPH_TRY(sph_api_set_time(json, "lastHeard", health.heard_ms, err), err, "health");
    SPH_TRY(sph_api_set_time(json, "lastReached", health.reached_ms, err), err, "health");
    SPH_TRY(sph_api_set_int(json, "queued", health.queued, err), err, "health");
    SPH_TRY(sph_api_set_time(json, "oldestQueued", health.oldest_ms, err), err, "health");
    if (health.certificate_ms > 0)
        SPH_TRY(sph_api_set_int(json, "certificateDaysLeft",
                                (health.certificate_ms - now_ms) / DAY_MS, err),
                err, "health");
    SPH_TRY(set_clock(&health, json, err), err, "health");
    SPH_TRY(set_failure(call, &health, json, err), err, "health");
    return sph_json_set(object, "health", sph_move(json), err);
}

sph_rc sph_api_partner_health(struct sph_api_call *call, sph_err *err)
{
    SPH_AUTO_PTR(sph_json) *json = NULL;
    SPH_TRY(sph_api_object("saphan.partner-health/1", &json, err), err, "health");
    SPH_TRY(sph_api_set_text(json, "party", call->segment[1], err), err, "health");
    const sph_rc rc = sph_api_set_health(call, call->segment[1], json, err);
    if (rc.code == SPH_ENOTFOUND)
        return sph_api_refuse(call, SPH_ENOTFOUND, "problem.partner-unknown", "party",
                              call->segment[1], err);
    SPH_TRY(rc, err, "health");
    return sph_api_answer(call, 200, &json, err);
}

sph_rc sph_api_metrics(struct sph_api_call *call, sph_err *err)
{
    SPH_AUTO(sph_buf) text = sph_buf_init(SPH_METRICS_ROOM);
    SPH_TRY(sph_metrics_write(call->node, call->api->server, &text, err), err, "metrics");
    return sph_api_answer_bytes(call, SPH_METRICS_TYPE, sph_buf_peek(&text), err);
}

static sph_rc set_keys(sph_json *object, const char *member, const char *const *keys, size_t count,
                       sph_err *err)
{
    SPH_AUTO_PTR(sph_json) *list = sph_json_array();
    for (size_t i = 0; i < count; i++)
        SPH_TRY(sph_json_add(list, sph_json_text(keys[i]), err), err, "keys");
    return sph_json_set(object, member, sph_move(list), err);
}

sph_rc sph_api_reload(struct sph_api_call *call, sph_err *err)
{
    struct sph_reload found = {.identity = NULL};
    SPH_AUTO_PTR(sph_json) *json = NULL;
    if (!call->api->reload)
        return sph_api_refuse(call, SPH_ECONFLICT, "problem.not-serving", NULL, NULL, err);
    const sph_rc rc = call->api->reload(call->api->reload_ctx, &found, err);
    if (rc.code == SPH_ECONFLICT && found.identity)
        return sph_api_refuse(call, SPH_ECONFLICT, "problem.reload-identity", "key", found.identity,
                              err);
    if (rc.code == SPH_EPARSE || rc.code == SPH_EREFUSED || rc.code == SPH_ELIMIT)
        return sph_api_refuse(call, SPH_EREFUSED, "problem.reload-config", NULL, NULL, err);
    SPH_TRY(rc, err, "reload");
    SPH_TRY(sph_api_object("saphan.reload/1", &json, err), err, "reload");
    SPH_TRY(set_keys(json, "changed", found.changed, found.changed_count, err), err, "reload");
    SPH_TRY(set_keys(json, "needsRestart", found.restart, found.restart_count, err), err, "reload");
    return sph_api_answer(call, 200, &json, err);
}
