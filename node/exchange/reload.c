#include "exchange/reload.h"

#include <string.h>

#include "base/config_keys.h"
#include "exchange/node_impl.h"
#include "exchange/own_card.h"

enum reach { LIVE, CARD, RESTART, IDENTITY };

/* Keys that are not named are looked up anew each time they are used. */
static enum reach reach_of(const char *name)
{
    static const struct {
        const char *name;
        enum reach reach;
    } table[] = {{"party", IDENTITY}, {"kind", IDENTITY},   {"country", IDENTITY},
                 {"mode", IDENTITY},  {"mpc", IDENTITY},    {"address", RESTART},
                 {"port", RESTART},   {"workers", RESTART}, {"metrics", RESTART},
                 {"name_en", CARD},   {"name_lo", CARD},    {"name_th", CARD},
                 {"url", CARD},       {"largest", CARD},    {"suites", CARD},
                 {"via", CARD},       {"relay", CARD}};
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
        if (strcmp(table[i].name, name) == 0)
            return table[i].reach;
    return LIVE;
}

struct comparing {
    const struct sph_config *old;
    struct sph_config *fresh;
    struct sph_reload *out;
    bool needs_card;
};

/* A node that only pulls and one that is reached are put together differently. */
static bool changes_role(const struct sph_config_key *key, const struct comparing *comparing)
{
    return strcmp(key->name, "url") == 0 && !comparing->old->url[0] != !comparing->fresh->url[0];
}

static sph_rc note_change(const struct sph_config_key *key, sph_slice old,
                          struct comparing *comparing, sph_err *err)
{
    struct sph_reload *out = comparing->out;
    const enum reach reach = changes_role(key, comparing) ? IDENTITY : reach_of(key->name);
    if (reach == IDENTITY) {
        out->identity = key->name;
        return sph_fail(err, SPH_ECONFLICT, "%s cannot change", key->name);
    }
    comparing->needs_card = comparing->needs_card || reach == CARD;
    if (reach != RESTART) {
        out->changed[out->changed_count++] = key->name;
        return sph_ok();
    }
    out->restart[out->restart_count++] = key->name;
    /* The node goes on with what it has, and so does everybody who asks it. */
    if (key->form == SPH_CONFIG_TEXT && old.len == 0) {
        *(char *)((uint8_t *)comparing->fresh + key->at) = '\0';
        return sph_ok();
    }
    return sph_config_set(key, old, comparing->fresh, err);
}

static sph_rc compare_key(const struct sph_config_key *key, struct comparing *comparing,
                          sph_err *err)
{
    SPH_AUTO(sph_buf) old = sph_buf_init(SPH_CONFIG_LINE);
    SPH_AUTO(sph_buf) fresh = sph_buf_init(SPH_CONFIG_LINE);
    SPH_TRY(sph_config_get(key, comparing->old, &old, err), err, "old value");
    SPH_TRY(sph_config_get(key, comparing->fresh, &fresh, err), err, "new value");
    if (sph_slice_equal(sph_buf_peek(&old), sph_buf_peek(&fresh)))
        return sph_ok();
    return note_change(key, sph_buf_peek(&old), comparing, err);
}

static sph_rc compare(struct comparing *comparing, sph_err *err)
{
    size_t count = 0;
    const struct sph_config_key *keys = sph_config_keys(&count);
    for (size_t i = 0; i < count && i < SPH_RELOAD_KEYS; i++)
        SPH_TRY(compare_key(&keys[i], comparing, err), err, "configuration");
    return sph_ok();
}

static sph_rc renew_card(sph_node *node, sph_err *err)
{
    unsigned queued = 0;
    SPH_TRY(sph_own_card_replace(node, err), err, "new card");
    return sph_own_card_distribute(node, &queued, err);
}

/* With the lock held. */
static sph_rc take(sph_node *node, struct sph_settings *settings, struct comparing *comparing,
                   sph_err *err)
{
    SPH_TRY(sph_config_load(node->env->files, &settings->config, NULL, err), err, "configuration");
    comparing->old = sph_node_config(node);
    comparing->fresh = &settings->config;
    SPH_TRY(compare(comparing, err), err, "configuration");
    SPH_TRY(sph_suites_parse(settings->config.suites[0] ? settings->config.suites : SPH_SUITES_ALL,
                             &settings->suites, err),
            err, "suites");
    settings->older = node->newest;
    return sph_ok();
}

sph_rc sph_node_reload(sph_node *node, struct sph_reload *out, sph_err *err)
{
    struct comparing comparing = {.out = out};
    struct sph_settings *settings = sph_mem_new(1, sizeof(*settings));
    *out = (struct sph_reload){.identity = NULL};
    if (!settings)
        return sph_fail(err, SPH_ENOMEM, "configuration");
    pthread_mutex_lock(&node->keys_lock); /* one reload at a time */
    const sph_rc rc = take(node, settings, &comparing, err);
    const bool is_new = rc.code == SPH_OK && out->changed_count > 0;
    if (is_new)
        node->newest = settings;
    pthread_mutex_unlock(&node->keys_lock);
    if (!is_new)
        sph_mem_free(settings);
    SPH_TRY(rc, err, "reload");
    if (is_new)
        sph_care_now(node->care); /* the TLS certificate names the url's host */
    return comparing.needs_card ? renew_card(node, err) : sph_ok();
}
