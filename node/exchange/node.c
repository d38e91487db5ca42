#include "exchange/node.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include "exchange/health.h"
#include "exchange/inbox.h"
#include "exchange/node_impl.h"
#include "exchange/outbox.h"
#include "exchange/relay_notice.h"
#include "exchange/sweep.h"

#define READERS 12u
#define SENDERS 20u
#define CONNECTIONS_EACH 8u
#define PATH_ROOM 600u
#define DELIVERY_GRACE_MS 5000

static sph_rc db_path(const sph_node *node, const char *name, char out[PATH_ROOM], sph_err *err)
{
    return sph_str_format(out, PATH_ROOM, err, "%s/%s", node->path, name);
}

/** The writer's lock of a home: held by `saphan run`, or by one in-process command. */
static sph_rc take_lock(sph_node *node, sph_err *err)
{
    char path[PATH_ROOM];
    SPH_TRY(db_path(node, "run/lock", path, err), err, "lock path");
    node->lock_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (node->lock_fd < 0)
        return sph_fail(err, SPH_EIO, "the lock file cannot be opened");
    if (flock(node->lock_fd, LOCK_EX | LOCK_NB) != 0)
        return sph_fail(err, SPH_EAGAIN, "another saphan process has this home open");
    /* Who holds it, for whoever comes next. Only words: the lock itself is the kernel's. */
    char pid[24];
    SPH_TRY(sph_str_format(pid, sizeof(pid), err, "%ld\n", (long)getpid()), err, "lock");
    const sph_slice text = sph_slice_str(pid);
    if (ftruncate(node->lock_fd, 0) != 0 ||
        pwrite(node->lock_fd, text.at, text.len, 0) != (ssize_t)text.len)
        return sph_fail(err, SPH_EIO, "the lock file cannot be written");
    return sph_ok();
}

/** Do two rings hold the same certificates and CRL? A certificate names its key. */
static bool is_same_ring(const sph_keyring *a, const sph_keyring *b)
{
    for (size_t i = 0; i < SPH_SLOT_COUNT; i++)
        if (!sph_slice_equal(sph_cert_peek_der(a->slot[i].leaf),
                             sph_cert_peek_der(b->slot[i].leaf)))
            return false;
    return sph_slice_equal(sph_buf_peek(&a->crl), sph_buf_peek(&b->crl)) &&
           !a->root_key == !b->root_key;
}

/** A reload that finds nothing new uses up no place: reloads are the operator's to repeat. */
static sph_rc keep_ring(sph_node *node, sph_keyring *ring, bool *is_new, sph_err *err)
{
    *is_new = node->ring_count == 0 || !is_same_ring(ring, node->keys);
    if (!*is_new) {
        sph_keyring_clear(ring);
        sph_mem_free(ring);
        return sph_ok();
    }
    if (node->ring_count == SPH_RINGS) {
        sph_keyring_clear(ring);
        sph_mem_free(ring);
        return sph_fail(err, SPH_ELIMIT, "too many renewals in one run; restart the node");
    }
    node->ring[node->ring_count++] = ring;
    node->keys = ring;
    return sph_ok();
}

static sph_rc add_ring(sph_node *node, bool *is_new, sph_err *err)
{
    sph_keyring *ring = sph_mem_new(1, sizeof(*ring));
    if (!ring)
        return sph_fail(err, SPH_ENOMEM, "keyring");
    const sph_rc rc = sph_keyring_load(node->env, ring, err);
    if (rc.code != SPH_OK) {
        sph_mem_free(ring);
        return rc;
    }
    return keep_ring(node, ring, is_new, err);
}

sph_rc sph_node_reload_keys(sph_node *node, sph_err *err)
{
    bool is_new = false;
    pthread_mutex_lock(&node->keys_lock);
    const sph_rc rc = add_ring(node, &is_new, err);
    pthread_mutex_unlock(&node->keys_lock);
    SPH_TRY(rc, err, "keys");
    if (is_new && node->keys_changed)
        node->keys_changed(node->keys_changed_ctx, node);
    return sph_ok();
}

static sph_rc open_secrets(sph_node *node, sph_err *err)
{
    char path[PATH_ROOM];
    int from = 0;
    SPH_AUTO_PTR(sph_secret) *kek = NULL;
    SPH_TRY(db_path(node, "secrets.db", path, err), err, "secrets path");
    SPH_TRY(sph_db_migrate_secrets(path, &from, err), err, "secrets.db");
    SPH_TRY(sph_secret_from(sph_secret_peek(sph_node_keys(node)->kek), &kek, err), err, "KEK");
    return sph_secrets_open(path, node->env->random, &kek, sph_node_keys(node)->kek_epoch,
                            &node->secrets, err);
}

static sph_rc open_ledger(sph_node *node, sph_err *err)
{
    char path[PATH_ROOM], origin[SPH_ORIGIN_ROOM];
    int from = 0;
    SPH_TRY(db_path(node, "node.db", path, err), err, "node.db path");
    SPH_TRY(sph_db_migrate_node(path, &from, err), err, "node.db");
    SPH_TRY(sph_str_format(origin, sizeof(origin), err, "%s/ledger/1", node->config.party), err,
            "log name");
    SPH_TRY(sph_vkey_make(origin, SPH_VKEY_LOG, sph_key_peek_public(sph_node_keys(node)->log),
                          &node->log_vkey, err),
            err, "log key");
    const struct sph_journal_config config = {path, origin, sph_node_keys(node)->log, node->env};
    if (!node->is_inspecting)
        SPH_TRY(sph_journal_open(&config, &node->journal, err), err, "ledger");
    return sph_db_pool_new(path, READERS, &node->readers, err);
}

static sph_rc load_partners(sph_node *node, sph_err *err)
{
    sph_db *reader = NULL;
    SPH_TRY(sph_partners_new(node->config.party, &node->partners, err), err, "partners");
    SPH_TRY(sph_note_memo_new(&node->notes, err), err, "partners");
    SPH_TRY(sph_at_work_new(&node->at_work, err), err, "partners");
    SPH_TRY(sph_db_pool_get(node->readers, &reader, err), err, "reader");
    const sph_rc rc =
        sph_partners_load(node->partners, reader, &node->schemas, sph_limits_default(),
                          node->config.mode, sph_node_now_ms(node), err);
    sph_db_pool_put(node->readers, reader);
    return rc;
}

static sph_rc make_folders(sph_node *node, sph_err *err)
{
    static const char *const folders[] = {"run",   "spool",   "outgoing",
                                          "vault", "schemas", "uploads"};
    for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++)
        SPH_TRY(node->env->files->make_dir(node->env->files->ctx, folders[i], err), err, "%s/",
                folders[i]);
    return sph_ok();
}

static sph_rc load(sph_node *node, sph_err *err)
{
    bool is_home = false;
    SPH_TRY(node->env->files->exists(node->env->files->ctx, "saphan.ini", &is_home, err), err,
            "home");
    if (!is_home)
        return sph_fail(err, SPH_ENOTFOUND, "no node here: saphan.ini is missing");
    SPH_TRY(make_folders(node, err), err, "folders");
    SPH_TRY(sph_transfers_new(&node->transfers, err), err, "transfers");
    SPH_TRY(take_lock(node, err), err, "lock");
    SPH_TRY(sph_config_load(node->env->files, &node->config, NULL, err), err, "configuration");
    SPH_TRY(sph_suites_parse(node->config.suites[0] ? node->config.suites : SPH_SUITES_ALL,
                             &node->suites, err),
            err, "suites");
    SPH_TRY(sph_node_reload_keys(node, err), err, "keys");
    SPH_TRY(sph_schemas_load(&node->schemas, err), err, "schemas");
    SPH_TRY(open_secrets(node, err), err, "secrets");
    SPH_TRY(open_ledger(node, err), err, "ledger");
    if (node->is_inspecting)
        return sph_ok();
    SPH_TRY(load_partners(node, err), err, "partners");
    return sph_health_open(node, &node->health, err);
}

/** What a crash left half done is finished before anything new starts (ledger.md 6). */
static sph_rc recover(sph_node *node, bool is_serving, sph_err *err)
{
    unsigned receipts = 0, left = 0, orphans = 0;
    SPH_TRY(sph_inbox_recover(node, INT64_MAX, &receipts, &left, err), err, "finishing receipts");
    SPH_TRY(sph_out_follow_all(node, err), err, "ways of waiting messages");
    SPH_TRY(sph_sweep(node, is_serving, &orphans, err), err, "sweeping orphans");
    sph_notice_pay_all(node);
    if (receipts > 0 || orphans > 0)
        SPH_LOG(node->env->log, SPH_LOG_INFO, "recovered", SPH_LN(SPH_F_COUNT, receipts),
                SPH_LN(SPH_F_SIZE, orphans));
    return sph_ok();
}

static sph_rc start_serving(sph_node *node, const struct sph_node_options *options, sph_err *err)
{
    sph_leaf leaf;
    SPH_TRY(sph_node_leaf(node, SPH_EVENT_START, NULL, &leaf, err), err, "START leaf");
    SPH_TRY(sph_node_note_event(node, &leaf, NULL, err), err, "START leaf");
    if (!node->transport) {
        SPH_TRY(sph_transport_curl_new(node->env, CONNECTIONS_EACH, &node->own_transport, err), err,
                "transport");
        node->transport = node->own_transport;
    }
    SPH_TRY(
        sph_sender_start(node, options->senders ? options->senders : SENDERS, &node->sender, err),
        err, "deliveries");
    SPH_TRY(sph_puller_start(node, &node->puller, err), err, "pulling");
    return sph_care_start(node, &node->care, err);
}

static sph_rc open_all(sph_node *node, const struct sph_node_options *options, sph_err *err)
{
    SPH_TRY(load(node, err), err, "opening the home");
    if (node->is_inspecting)
        return sph_ok();
    SPH_TRY(recover(node, options->is_serving, err), err, "recovery");
    node->is_serving = options->is_serving;
    node->transport = options->transport;
    return options->is_serving ? start_serving(node, options, err) : sph_ok();
}

sph_rc sph_node_open(const struct sph_node_options *options, sph_node **out, sph_err *err)
{
    sph_node *node = sph_mem_new(1, sizeof(*node));
    if (!node)
        return sph_fail(err, SPH_ENOMEM, "node");
    node->env = options->env;
    node->lock_fd = -1;
    node->is_inspecting = options->is_inspecting;
    node->keys_changed = options->keys_changed;
    node->keys_changed_ctx = options->keys_changed_ctx;
    pthread_mutex_init(&node->official_lock, NULL);
    pthread_mutex_init(&node->keys_lock, NULL);
    sph_rc rc = sph_str_copy(node->path, sizeof(node->path), sph_slice_str(options->path), err);
    if (rc.code == SPH_OK)
        rc = open_all(node, options, err);
    if (rc.code != SPH_OK) {
        node->is_serving = false;
        sph_node_close(&node);
        return rc;
    }
    *out = node;
    return sph_ok();
}

static void note_stop(sph_node *node)
{
    sph_leaf leaf;
    if (!node->is_serving || !node->journal)
        return;
    if (sph_node_leaf(node, SPH_EVENT_STOP, NULL, &leaf, NULL).code != SPH_OK ||
        sph_node_note_event(node, &leaf, NULL, NULL).code != SPH_OK)
        SPH_LOG(node->env->log, SPH_LOG_WARN, "stop_not_noted", SPH_LN(SPH_F_COUNT, 1));
}

void sph_node_close(sph_node **handle)
{
    if (!handle || !*handle)
        return;
    sph_node *node = sph_move(*handle);
    sph_care_stop(&node->care);
    /* A partner that does not answer may not hold up the end: what is cut off stays due. */
    sph_puller_halt(node->puller);
    sph_sender_halt(node->sender, DELIVERY_GRACE_MS);
    sph_transport_curl_stop(node->own_transport);
    sph_puller_stop(&node->puller);
    sph_sender_stop(&node->sender);
    sph_transport_curl_free(&node->own_transport);
    note_stop(node);
    sph_health_free(&node->health);
    sph_partners_free(&node->partners);
    sph_transfers_free(&node->transfers);
    sph_note_memo_free(&node->notes);
    sph_at_work_free(&node->at_work);
    sph_db_pool_free(&node->readers);
    sph_journal_free(&node->journal);
    sph_secrets_close(&node->secrets);
    sph_schemas_clear(&node->schemas);
    for (size_t i = 0; i < node->ring_count; i++) {
        sph_keyring_clear(node->ring[i]);
        sph_mem_free(node->ring[i]);
    }
    while (node->newest) {
        struct sph_settings *gone = node->newest;
        node->newest = gone->older;
        sph_mem_free(gone);
    }
    if (node->lock_fd >= 0)
        close(node->lock_fd);
    pthread_mutex_destroy(&node->official_lock);
    pthread_mutex_destroy(&node->keys_lock);
    sph_mem_free(node);
}

void sph_node_wake(sph_node *node)
{
    if (node->sender)
        sph_sender_wake(node->sender);
}

bool sph_node_is_pull_only(const sph_node *node)
{
    return !node->config.url[0];
}

bool sph_node_pull_now(sph_node *node)
{
    sph_puller_now(node->puller);
    return node->puller != NULL;
}
