/** Read-only views of a node for the API: values, never rows or content. */
#pragma once

#include "exchange/node.h"

/** One outgoing message. Text pointers are valid during the callback only. */
struct sph_outbox_view {
    const char *message_id, *packet_id, *short_id, *thread_id, *thread_short, *question, *type,
        *partner, *action, *suite;
    const char *ref_to;      /* RefToMessageId, or "" */
    const char *state;       /* as4.md 14.2 */
    const char *display;     /* queued, sent, handed-to-hub, receipt-verified, retrying, failed,
                                cancelled */
    const char *proof_state; /* none, receipt-only, proved; through a hub: hub, then notice */
    const char *via;         /* the hub that relays it to the partner, or "" */
    const char *error_code, *error_detail;
    unsigned attempt;
    int64_t created_ms, next_ms, deadline_ms, finished_ms;
    int64_t submitted_index, sent_index, receipt_index, failed_index, peer_index;
};
/** One incoming message. */
struct sph_inbox_view {
    const char *message_id, *packet_id, *short_id, *thread_id, *thread_short, *type, *partner,
        *action, *suite, *state;
    const char *ref_to; /* RefToMessageId as it was claimed; it may name nothing of ours */
    const char *via;    /* the hub that relayed it from the partner, or "" */
    bool is_unread;
    int64_t received_ms, received_index, receipt_index, duplicates;
};
struct sph_view_filter {
    const char *partner;   /* NULL: all */
    const char *packet_id; /* NULL: all */
    const char *thread_id; /* NULL: all */
    bool is_open_only;     /* outbox: not finished; inbox: unread */
    bool has_no_pings;     /* only what carries a packet */
    int64_t before_id;     /* page: rows older than this id; 0: newest */
    unsigned limit;        /* 1..500 */
};
typedef sph_rc sph_outbox_each(void *arg, int64_t id, const struct sph_outbox_view *view,
                               sph_err *err);
typedef sph_rc sph_inbox_each(void *arg, int64_t id, const struct sph_inbox_view *view,
                              sph_err *err);
/** Newest first. */
SPH_MUST sph_rc sph_query_outbox(sph_node *node, const struct sph_view_filter *filter,
                                 sph_outbox_each *each, void *arg, sph_err *err);
SPH_MUST sph_rc sph_query_inbox(sph_node *node, const struct sph_view_filter *filter,
                                sph_inbox_each *each, void *arg, sph_err *err);

/** A packet's place in its thread, oldest first (packets.md 5: by seq, then packet id). */
struct sph_thread_view {
    const char *packet_id, *short_id, *type, *issuer, *in_reply_to;
    bool is_own;
    uint32_t seq;
    int64_t issued_ms;
};
typedef sph_rc sph_thread_each(void *arg, const struct sph_thread_view *view, sph_err *err);
SPH_MUST sph_rc sph_query_thread(sph_node *node, const char *thread_id, sph_thread_each *each,
                                 void *arg, sph_err *err);
/** What a reply needs: the thread's id, the other party, the highest seq, the newest packet. */
struct sph_thread_tip {
    char thread_id[64], packet_id[64], other_party[SPH_PARTY_ROOM], requester[SPH_PARTY_ROOM];
    uint32_t seq;
};
SPH_MUST sph_rc sph_query_thread_tip(sph_node *node, const char *packet_id,
                                     struct sph_thread_tip *out, sph_err *err);

/** Counts for the status screen. */
struct sph_counts {
    int64_t queued, retrying, acknowledged, failed, received, unread, packets, oldest_open_ms;
    int64_t unreceipted, oldest_unreceipted_ms; /* stored messages without their receipt */
    int64_t handed, oldest_handed_ms;           /* with a hub, and not delivered yet */
    int64_t relaying;                           /* messages of others that wait here */
};
SPH_MUST sph_rc sph_query_counts(sph_node *node, struct sph_counts *out, sph_err *err);

/** Messages of one partner that should have their receipt by now (ledger.md 11). */
struct sph_receipt_alarm {
    bool is_owed; /* theirs, and our receipt could not be written; else ours, and none came in a day
                   */
    const char *party; /* valid during the callback only */
    int64_t count, oldest_ms;
};
typedef sph_rc sph_receipt_alarm_each(void *arg, const struct sph_receipt_alarm *alarm,
                                      sph_err *err);
/** What we owe first, then what is missing; each oldest first. */
SPH_MUST sph_rc sph_query_receipt_alarms(sph_node *node, sph_receipt_alarm_each *each, void *arg,
                                         sph_err *err);

/** Ledger events, newest first. */
struct sph_ledger_filter {
    int64_t from_ms, to_ms; /* 0: open */
    const char *partner, *event;
    uint64_t before_index; /* UINT64_MAX: newest */
    unsigned limit;
};
typedef sph_rc sph_leaf_each(void *arg, const sph_leaf *leaf, const sph_hash *leaf_hash,
                             sph_err *err);
SPH_MUST sph_rc sph_query_ledger(sph_node *node, const struct sph_ledger_filter *filter,
                                 sph_leaf_each *each, void *arg, sph_err *err);
/** The last times a partner was heard and reached; 0 never. */
SPH_MUST sph_rc sph_query_contact(sph_node *node, const char *party, int64_t *heard_ms,
                                  int64_t *reached_ms, sph_err *err);
