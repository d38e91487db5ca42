#include "exchange/node.h"

#include "base/codec.h"
#include "exchange/own_card.h"

#define PATH_ROOM 600u

/** KEY_BIND (ledger.md 3): the root signs the vkey text of the log, so that the ledger and the
 * party are one. */
static sph_rc bind_log_key(sph_node *node, sph_err *err)
{
    const sph_keyring *ring = sph_node_keys(node);
    const sph_vkey *vkey = sph_node_log_vkey(node);
    sph_leaf leaf;
    SPH_AUTO(sph_buf) text = sph_buf_init(512);
    SPH_AUTO(sph_buf) signature = sph_buf_init(512);
    const sph_hash sha256 = sph_sha256_of(sph_slice_of(vkey->key, sizeof(vkey->key)));
    SPH_TRY(sph_vkey_text(vkey, &text, err), err, "log key");
    SPH_TRY(sph_key_sign_der(ring->root_key, sph_buf_peek(&text), &signature, err), err,
            "root signature");
    SPH_TRY(sph_node_leaf(node, SPH_EVENT_KEY_BIND, NULL, &leaf, err), err, "KEY_BIND");
    SPH_TRY(sph_leaf_ext(&leaf, SPH_EXT_KEY_SHA256, sph_slice_hash(&sha256), err), err, "KEY_BIND");
    SPH_TRY(sph_leaf_ext(&leaf, SPH_EXT_VKEY, sph_buf_peek(&text), err), err, "KEY_BIND");
    SPH_TRY(sph_leaf_ext(&leaf, SPH_EXT_ROOT_SIGNATURE, sph_buf_peek(&signature), err), err,
            "KEY_BIND");
    sph_job job = {.leaves = &leaf, .leaf_count = 1, .want_head = true};
    return sph_journal_commit(sph_node_journal(node), &job, NULL, err);
}

static sph_rc fill_config(const struct sph_home_new *values, struct sph_config *config,
                          sph_err *err)
{
    SPH_TRY(sph_str_copy(config->party, sizeof(config->party), sph_slice_str(values->party), err),
            err, "party");
    SPH_TRY(sph_str_copy(config->kind, sizeof(config->kind), sph_slice_str(values->kind), err), err,
            "kind");
    SPH_TRY(
        sph_str_copy(config->country, sizeof(config->country), sph_slice_str(values->country), err),
        err, "country");
    SPH_TRY(sph_str_copy(config->mode, sizeof(config->mode), sph_slice_str(values->mode), err), err,
            "mode");
    SPH_TRY(sph_str_copy(config->url, sizeof(config->url),
                         sph_slice_str(values->url ? values->url : ""), err),
            err, "address");
    SPH_TRY(sph_str_copy(config->address, sizeof(config->address),
                         sph_slice_str(values->listen_address), err),
            err, "listen address");
    SPH_TRY(sph_str_copy(config->suites, sizeof(config->suites),
                         sph_slice_str(values->suites ? values->suites : SPH_SUITES_ALL), err),
            err, "suites");
    for (size_t i = 0; i < SPH_LANG_COUNT; i++)
        SPH_TRY(sph_str_copy(config->name[i], sizeof(config->name[i]),
                             sph_slice_str(values->name[i]), err),
                err, "name");
    SPH_TRY(sph_str_copy(config->via, sizeof(config->via),
                         sph_slice_str(values->via ? values->via : ""), err),
            err, "hub");
    SPH_TRY(sph_str_copy(config->relay, sizeof(config->relay),
                         sph_slice_str(values->relays ? "yes" : ""), err),
            err, "relay");
    config->port = values->listen_port;
    config->largest = values->largest ? values->largest : sph_limits_default()->message_default;
    config->lang = values->lang;
    return sph_ok();
}

/** as4.md 12.3: a node that nobody reaches pulls a channel of its own, whose name says nothing. */
static sph_rc new_channel(const struct sph_env *env, struct sph_config *config, sph_err *err)
{
    char uuid[SPH_UUID_TEXT];
    SPH_TRY(sph_uuid_new(env->random, uuid, err), err, "channel");
    return sph_str_format(config->mpc, sizeof(config->mpc), err, SPH_MPC_PREFIX "%s", uuid);
}

static sph_rc check_values(const struct sph_env *env, const struct sph_home_new *values,
                           struct sph_config *config, sph_err *err)
{
    struct sph_suites suites;
    sph_config_default(config);
    SPH_TRY(fill_config(values, config, err), err, "values");
    if (!config->url[0])
        SPH_TRY(new_channel(env, config, err), err, "channel");
    SPH_TRY(sph_suites_parse(config->suites, &suites, err), err, "suites");
    return sph_config_check(config, NULL, err);
}

static sph_rc first_open(const struct sph_env *env, const char *path, sph_err *err)
{
    const struct sph_node_options options = {.path = path, .env = env};
    sph_node *node = NULL;
    SPH_TRY(sph_node_open(&options, &node, err), err, "first start");
    sph_rc rc = bind_log_key(node, err);
    if (rc.code == SPH_OK)
        rc = sph_own_card_renew(node, err);
    sph_node_close(&node);
    return rc;
}

static sph_rc create(const struct sph_env *env, const char *path, const struct sph_home_new *values,
                     struct sph_config *config, sph_err *err)
{
    bool is_home = false, has_config = false;
    SPH_TRY(check_values(env, values, config, err), err, "values");
    SPH_TRY(env->files->exists(env->files->ctx, "card.xml", &is_home, err), err, "home");
    if (is_home)
        return sph_fail(err, SPH_EEXISTS, "this folder is a node already");
    /* The card is the last thing written: what an interrupted init left is completed, keys first.
     */
    SPH_TRY(env->files->exists(env->files->ctx, "saphan.ini", &has_config, err), err, "home");
    if (!has_config) {
        SPH_TRY(sph_keyring_create(env, values->party, config->url, err), err, "keys");
        SPH_TRY(sph_config_store(env->files, config, false, err), err, "saphan.ini");
    }
    return first_open(env, path, err);
}

sph_rc sph_home_create(const struct sph_env *env, const char *path,
                       const struct sph_home_new *values, sph_err *err)
{
    struct sph_config *config = sph_mem_new(1, sizeof(*config));
    if (!config)
        return sph_fail(err, SPH_ENOMEM, "configuration");
    const sph_rc rc = create(env, path, values, config, err);
    sph_mem_free(config);
    return rc;
}
