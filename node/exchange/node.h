/** A node: one open home with its keys, ledger, partners and queues. Everything the API does goes
 * through this handle. */
#pragma once

#include "base/config.h"
#include "base/env.h"
#include "exchange/at_work.h"
#include "exchange/keyring.h"
#include "exchange/note_memo.h"
#include "exchange/partner.h"
#include "exchange/progress.h"
#include "exchange/secrets.h"
#include "journal/journal.h"
#include "net/transport.h"
#include "packet/packet.h"

typedef struct sph_node sph_node; /* thread-safe */

/** What a new home is made of. */
struct sph_home_new {
    const char *party, *kind, *country, *mode; /* mode: production or training */
    const char *name[3];                       /* by enum sph_lang; at least one */
    const char *url; /* https://host:port, where partners reach the exchange port; NULL: nobody
                        reaches it, it pulls its messages from its partners */
    const char *listen_address;
    unsigned listen_port;
    uint64_t largest;   /* largestMessage of the card, bytes */
    const char *suites; /* space-separated, NULL: both, 2.0 first */
    const char *via;    /* without url: the partner that relays to this node; NULL: none */
    bool relays;        /* this node relays between partners that nobody reaches */
    enum sph_lang lang;
};
/** Make a home in the existing empty folder that env->files is rooted at (`path` is the same
 * folder, for SQLite): keys, configuration, databases, leaf 0 KEY_BIND, leaf 1 START is written by
 * the first open. SPH_EEXISTS when it is a home already. */
SPH_MUST sph_rc sph_home_create(const struct sph_env *env, const char *path,
                                const struct sph_home_new *values, sph_err *err);

struct sph_node_options {
    const char *path;          /* the home, absolute */
    const struct sph_env *env; /* files rooted at path; must outlive the node */
    bool is_serving;           /* a START leaf, delivery threads; false: an in-process command */
    bool is_inspecting; /* for sph_journal_verify alone, also when the ledger does not hold: no
                           start check, no recovery; there is no journal and no partner then */
    const sph_transport *transport; /* NULL: the real one is made when serving; tests pass theirs */
    unsigned senders;               /* delivery threads, 0: default */
    void (*keys_changed)(void *ctx, sph_node *node); /* after a renewal: reload TLS; may be NULL */
    void *keys_changed_ctx;
};
/** Take the writer's lock, load, migrate, check the ledger, recover. SPH_EAGAIN when another
 * process has the home open; SPH_ENOTFOUND when it is no home; SPH_EPROOF when the ledger does not
 * hold. */
SPH_MUST sph_rc sph_node_open(const struct sph_node_options *options, sph_node **out, sph_err *err);
/** Stop deliveries, write a STOP leaf when serving, close. */
void sph_node_close(sph_node **handle);

/** Parts of a node, borrowed for its lifetime. */
const struct sph_env *sph_node_env(const sph_node *node);
const struct sph_config *sph_node_config(const sph_node *node);
const char *sph_node_party(const sph_node *node);
const sph_keyring *sph_node_keys(const sph_node *node);
const struct sph_schemas *sph_node_schemas(const sph_node *node);
const struct sph_limits *sph_node_limits(const sph_node *node);
sph_journal *sph_node_journal(const sph_node *node);
sph_secrets *sph_node_secrets(const sph_node *node);
sph_db_pool *sph_node_readers(const sph_node *node);
sph_partners *sph_node_partners(const sph_node *node);
struct sph_health *sph_node_health(const sph_node *node); /* exchange/health.h */
sph_transfers *sph_node_transfers(const sph_node *node);
const sph_transport *sph_node_transport(const sph_node *node); /* NULL when not serving */
const sph_vkey *sph_node_log_vkey(const sph_node *node);
const struct sph_suites *sph_node_suites(const sph_node *node);
sph_note_memo *sph_node_notes(const sph_node *node); /* checkpoints of partners, verified */
sph_at_work *sph_node_at_work(const sph_node *node); /* messages that are being taken in */
bool sph_node_is_serving(const sph_node *node);
int64_t sph_node_now_ms(const sph_node *node);
/** A leaf of this node with the acting user's pseudonym when `user` is not NULL. */
SPH_MUST sph_rc sph_node_leaf(sph_node *node, uint16_t event, const char *user, sph_leaf *out,
                              sph_err *err);
/** Write one leaf alone; *index may be NULL. */
SPH_MUST sph_rc sph_node_note_event(sph_node *node, sph_leaf *leaf, uint64_t *index, sph_err *err);
/** Fill what a packet check needs; `issuer` may be NULL (our own packet). Borrowed from node and
 * issuer. */
void sph_node_check_context(const sph_node *node, const sph_partner *issuer, bool is_sending,
                            struct sph_packet_context *out);
/** Install and compile the official schema again at start when present; called by the schema
 * command too. */
SPH_MUST sph_rc sph_node_install_official(sph_node *node, sph_slice xsd, sph_slice xml_xsd,
                                          sph_err *err);
/** Load keys and certificates again after a renewal; running exchanges keep what they started with.
 */
SPH_MUST sph_rc sph_node_reload_keys(sph_node *node, sph_err *err);
/** The schemas with the operator's official one compiled, for an import; the plain ones when it is
 * not installed. Compiled at the first call (about 0.2 s, 15 MB). */
SPH_MUST sph_rc sph_node_import_schemas(sph_node *node, const struct sph_schemas **out,
                                        sph_err *err);
/** The partner's record in memory follows its committed row. */
SPH_MUST sph_rc sph_node_reload_partner(sph_node *node, const char *party, sph_err *err);
/** Does this node pull its messages, since nobody reaches it (no url)? */
bool sph_node_is_pull_only(const sph_node *node);
/** Ask every partner for messages now. False when this node does not serve. */
bool sph_node_pull_now(sph_node *node);
/** Tell the delivery threads that something is due. */
void sph_node_wake(sph_node *node);
