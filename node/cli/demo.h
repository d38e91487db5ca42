/** `saphan demo`: four invented partners on this computer, and the story of one exchange
 * (docs/samples/demo). What it does, it does as a person would: words and API calls of their homes;
 * only the two attacks reach behind them. */
#pragma once

#include "cli/cli.h"
#include "cli/demo_proxy.h"

/** Who takes part. */
enum sph_demo_who {
    SPH_DEMO_LAWYER,
    SPH_DEMO_NGO,
    SPH_DEMO_MINISTRY,
    SPH_DEMO_OFFICE, /* nobody reaches it: it only opens connections, to the NGO */
    SPH_DEMO_COUNT
};

/** One partner: its home and, while it runs, its process. */
struct sph_demo_node {
    const char *party, *kind, *country;
    sph_cli cli; /* acts on this home */
    char log[600];
    unsigned port;     /* where the node listens */
    unsigned url_port; /* where partners reach it: the same, or a proxy in front */
    int pid;           /* 0: not running */
    bool is_pull_only; /* no address, no port */
};

#define SPH_DEMO_SENT 16
/** One message of the story, for the table at its end. */
struct sph_demo_sent {
    enum sph_demo_who from;
    char to[SPH_PARTY_ROOM], packet_id[64], message_id[128];
    const char *what; /* catalogue key */
};

struct sph_demo {
    const sph_cli *cli;
    char dir[400];
    struct sph_demo_node node[SPH_DEMO_COUNT];
    sph_demo_proxy *proxy; /* in front of the NGO */
    struct sph_demo_sent sent[SPH_DEMO_SENT];
    size_t sent_count;
    char judgment_id[64], resource_id[64], question_id[64];
    unsigned step;
    bool is_stopped; /* a signal came: the story ends early */
};

/* What is said (demo_say.c). */
/** The next numbered step. SPH_ECANCELLED when a signal came. */
SPH_MUST sph_rc sph_demo_step(struct sph_demo *demo, const char *key, sph_err *err);
/** An indented line with a mark. */
void sph_demo_line(const struct sph_demo *demo, enum sph_mark mark, const char *key,
                   const sph_arg *args, size_t count);
/** Wait, or return early with SPH_ECANCELLED on SIGINT or SIGTERM. */
SPH_MUST sph_rc sph_demo_sleep(struct sph_demo *demo, int ms, sph_err *err);
/** A file of docs/samples/demo as the build embeds it; empty when there is none of that name. */
sph_slice sph_demo_sample(const char *name);

/* Homes and processes (demo_home.c). */
/** Folder, free ports, the homes, the proxy. */
SPH_MUST sph_rc sph_demo_make_homes(struct sph_demo *demo, sph_err *err);
/** Start `saphan run` on a home and wait until it answers. *exit_code of one that ended instead
 * (SPH_EREFUSED). */
SPH_MUST sph_rc sph_demo_start(struct sph_demo *demo, struct sph_demo_node *node, int *exit_code,
                               sph_err *err);
/** End exactly this child, and wait for it. */
void sph_demo_stop(struct sph_demo_node *node);

/* API calls (demo_call.c): problems are explained on stderr and become SPH_EREFUSED. */
SPH_MUST sph_rc sph_demo_get(struct sph_demo_node *node, const char *target, sph_reply *reply,
                             sph_err *err);
SPH_MUST sph_rc sph_demo_post(struct sph_demo_node *node, const char *target, const sph_json *body,
                              sph_reply *reply, sph_err *err);
/** Post a file as it is. */
SPH_MUST sph_rc sph_demo_post_file(struct sph_demo_node *node, const char *target, const char *path,
                                   const char *content_type, sph_reply *reply, sph_err *err);
/** Submit a draft with what the order already holds; the messages are remembered. *packet_id of the
 * (last) packet. */
SPH_MUST sph_rc sph_demo_submit(struct sph_demo *demo, enum sph_demo_who from, const char *target,
                                const sph_json *order, const char *what, char packet_id[64],
                                sph_err *err);
/** Outbox row of a remembered message; *row is borrowed from the reply. */
SPH_MUST sph_rc sph_demo_outbox(struct sph_demo *demo, const struct sph_demo_sent *sent,
                                sph_reply *reply, const sph_json **row, sph_err *err);
/** Inbox row at the receiver, NULL when it has none. */
SPH_MUST sph_rc sph_demo_inbox(struct sph_demo *demo, const struct sph_demo_sent *sent,
                               sph_reply *reply, const sph_json **row, sph_err *err);
/** Wait until a message has this state ("receipt-verified", "retrying"). SPH_EAGAIN after
 * `seconds`. */
SPH_MUST sph_rc sph_demo_wait_state(struct sph_demo *demo, const struct sph_demo_sent *sent,
                                    const char *state, unsigned seconds, sph_err *err);
struct sph_demo_node *sph_demo_node_of(struct sph_demo *demo, const char *party);

/* The story. */
/** Cards and safety numbers (demo_swap.c). */
SPH_MUST sph_rc sph_demo_swap_cards(struct sph_demo *demo, sph_err *err);
/** Judgment and resource (demo_story.c). */
SPH_MUST sph_rc sph_demo_publish(struct sph_demo *demo, sph_err *err);
/** Question and answer. */
SPH_MUST sph_rc sph_demo_ask(struct sph_demo *demo, sph_err *err);
/** A question to the office that nobody reaches, and its answer. */
SPH_MUST sph_rc sph_demo_ask_office(struct sph_demo *demo, sph_err *err);
/** The closing move of the thread, as an order for packets/…/reply. out: owned. */
SPH_MUST sph_rc sph_demo_closing(sph_json **out, sph_err *err);
/** One byte changed in flight (demo_wire.c). */
SPH_MUST sph_rc sph_demo_flip(struct sph_demo *demo, sph_err *err);
/** One ledger row changed behind the node's back (demo_ledger.c). */
SPH_MUST sph_rc sph_demo_tamper(struct sph_demo *demo, sph_err *err);
/** Receipts of the messages from number `from` on, one line each (demo_table.c). SPH_EPROOF when
 * one does not hold. */
SPH_MUST sph_rc sph_demo_receipts(struct sph_demo *demo, size_t from, sph_err *err);
/** Who sent what to whom, state, proof. */
SPH_MUST sph_rc sph_demo_table(struct sph_demo *demo, sph_err *err);
