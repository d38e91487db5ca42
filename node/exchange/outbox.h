/** Outgoing messages: their states as data (as4.md 14.2), their rows, and the retry ladder (as4.md
 * 11). */
#pragma once

#include "as4/build.h"
#include "exchange/content.h"

enum sph_out_state {
    SPH_OUT_SUBMITTED,      /* T1 done, no wire bytes yet */
    SPH_OUT_SENDING,        /* T2 done: handed out, or about to be */
    SPH_OUT_WAIT_RETRY,     /* a try failed; the next one has its time */
    SPH_OUT_READY,          /* for a partner that pulls: wire bytes stored, never handed out */
    SPH_OUT_PULLED_WAITING, /* T2 done: handed out to a pull, its lease runs */
    SPH_OUT_READY_AGAIN,    /* the lease ran out without a receipt: the next pull gets it */
    SPH_OUT_HANDED,         /* a hub has it and signed for it; its recipient has not */
    SPH_OUT_ACKNOWLEDGED, /* a verified receipt is stored; through a hub: the recipient's notice */
    SPH_OUT_FAILED,       /* final: signed error, or the deadline */
    SPH_OUT_CANCELLED,
    SPH_OUT_STATE_COUNT
};
enum sph_out_event {
    SPH_OUT_HAND_OUT,  /* wire bytes are ready (T2) */
    SPH_OUT_RECEIPT,   /* a receipt verified (T5) */
    SPH_OUT_NO_ANSWER, /* transport failure, unauthenticated or retryable error */
    SPH_OUT_REFUSED,   /* final error, signed by the partner */
    SPH_OUT_DEADLINE,
    SPH_OUT_CANCEL,
    SPH_OUT_MADE_READY,  /* wire bytes are stored, for a partner that pulls */
    SPH_OUT_PULLED,      /* a pull gets them (T2 at the first one) */
    SPH_OUT_LEASE_OVER,  /* no receipt within the lease */
    SPH_OUT_HUB_RECEIPT, /* the receipt of a hub verified (T5) */
    SPH_OUT_DELIVERED,   /* the recipient's signed notice has come back through the hub */
    SPH_OUT_TO_PUSH,     /* the partner's card has an address now */
    SPH_OUT_TO_PULL,     /* the partner's card has a channel now instead of an address */
    SPH_OUT_EVENT_COUNT
};
/** Next state and the leaf the move writes (0: none). SPH_ECONFLICT for a move that does not exist.
 */
SPH_MUST sph_rc sph_out_step(enum sph_out_state from, enum sph_out_event event,
                             enum sph_out_state *to, uint16_t *leaf, sph_err *err);
const char *sph_out_state_name(enum sph_out_state state);
SPH_MUST sph_rc sph_out_state_of(const char *name, enum sph_out_state *out, sph_err *err);
/** Milliseconds until try number `attempt` (1-based: after that many failures), ± 20 % by `noise`
 * (any 32 bits). */
int64_t sph_out_ladder_ms(unsigned attempt, uint32_t noise);
#define SPH_OUT_DEADLINE_MS (5LL * 24 * 3600 * 1000)
/** From a hub's receipt to the notice: the hub may take its deadline, and the notice the same
 * twice, to the hub and from it. */
#define SPH_OUT_NOTICE_MS (3 * SPH_OUT_DEADLINE_MS)

#define SPH_OUT_CONVERSATION 64
/** A row as the delivery needs it. */
typedef struct sph_out_row {
    int64_t id, next_ms, deadline_ms, created_ms, submitted_index, sent_index;
    char message_id[128], packet_id[64], partner[SPH_PARTY_ROOM], action[256],
        conversation_id[SPH_OUT_CONVERSATION];
    char content_type[256], wire_file[96];
    char ref_to[256];               /* RefToMessageId: the message that this one answers, or "" */
    char recipient[SPH_PARTY_ROOM]; /* of an own message that `partner`, a hub, relays; else "" */
    enum sph_suite suite;
    enum sph_out_state state;
    unsigned attempt;
    uint64_t wire_len;
    sph_hash root_sha256;
    sph_as4_refs refs;
    sph_buf wire; /* small messages: the bytes themselves; empty when wire_file */
    /* What a build used (not loaded): whom it is encrypted for, how long its signature is good. */
    sph_cert *encrypt_cert;
    int64_t sign_until_ms;
} sph_out_row;
void sph_out_row_clear(sph_out_row *row);
SPH_MUST sph_rc sph_out_row_load(sph_node *node, int64_t id, sph_out_row *out, sph_err *err);

/** A row that is due. */
struct sph_out_due_row {
    int64_t id;
    char partner[SPH_PARTY_ROOM];
};
/** Rows that are due, oldest time first, at most `room`; *next_ms = when the earliest later one is
 * due (INT64_MAX: none). */
SPH_MUST sph_rc sph_out_due(sph_node *node, int64_t now_ms, struct sph_out_due_row *rows,
                            size_t room, size_t *count, int64_t *next_ms, sph_err *err);
/** Show every due row, oldest time first, until `is_enough` says true: for a queue in which the
 * first rows all have to wait for a partner that does not answer. */
SPH_MUST sph_rc sph_out_due_each(sph_node *node, int64_t now_ms,
                                 bool (*is_enough)(void *arg, const struct sph_out_due_row *row),
                                 void *arg, sph_err *err);

/** Insert a SUBMITTED row (journal thread). packet_id "" for a ping. */
struct sph_out_new {
    char message_id[128];
    const char *packet_id, *partner, *action, *conversation_id;
    char ref_to[256];
    const char *recipient; /* through the hub `partner`; NULL: partner itself */
    enum sph_suite suite;
    int64_t now_ms;
    uint64_t submitted_index;
};
SPH_MUST sph_rc sph_out_insert(sph_db *db, const struct sph_out_new *row, sph_err *err);

/** T2: wire bytes, match set, SENT leaf, state SENDING. row->wire or row->wire_file is set. */
SPH_MUST sph_rc sph_out_hand_out(sph_node *node, sph_out_row *row, const sph_as4_built *built,
                                 sph_err *err);
/** For a partner that pulls: wire bytes and match set, state READY. Nothing has left, so there is
 * no SENT leaf. */
SPH_MUST sph_rc sph_out_make_ready(sph_node *node, sph_out_row *row, const sph_as4_built *built,
                                   sph_err *err);
/** A pull gets the message: T2 (SENT leaf) at its first hand-out, a lease of `lease_ms` at each.
 * SPH_ECONFLICT when another pull was faster: hand nothing out then. */
SPH_MUST sph_rc sph_out_pulled(sph_node *node, sph_out_row *row, int64_t lease_ms, sph_err *err);
/** The lease ran out: the message is offered again. */
SPH_MUST sph_rc sph_out_lease_over(sph_node *node, const sph_out_row *row, sph_err *err);
/** The oldest message that waits for a pull of this partner, after row `after`. SPH_ENOTFOUND:
 * none.
 */
SPH_MUST sph_rc sph_out_next_ready(sph_node *node, const char *party, int64_t after, int64_t *id,
                                   sph_err *err);
/** What a verified receipt proves. */
struct sph_out_receipt {
    sph_slice root; /* SOAP octets of the receipt */
    sph_hash root_sha256;
    bool is_proved;     /* the ledger proof held */
    int64_t sent_index; /* of the attempt that arrived, when it is proved */
    uint64_t peer_index, peer_size;
    sph_hash peer_root;
    sph_slice peer_leaf, peer_proof;
};
/** T5: the end, but for a message that a hub relays, which is handed to the hub then. SPH_ECONFLICT
 * when another thread was faster: nothing is written then. */
SPH_MUST sph_rc sph_out_acknowledge(sph_node *node, const sph_out_row *row,
                                    const struct sph_out_receipt *receipt, sph_err *err);
/** A failed try: next time by the ladder or `retry_after_s`. code and detail are shown in status.
 */
SPH_MUST sph_rc sph_out_wait(sph_node *node, const sph_out_row *row, const char *code,
                             const char *detail, unsigned retry_after_s, sph_err *err);
/** The end without receipt: leaf DELIVERY_FAILED with reason and attempt. */
SPH_MUST sph_rc sph_out_fail(sph_node *node, const sph_out_row *row, enum sph_out_event why,
                             const char *code, const char *detail, sph_err *err);
/** Rows that wait for a partner go the way its card names now: pushed, or kept for its pull. What
 * left once keeps its bytes and its MessageId. For after a card was accepted; nothing when all go
 * that way already. */
SPH_MUST sph_rc sph_out_follow(sph_node *node, const char *party, sph_err *err);
/** Of every partner, at the start: a stop may have come between a card and its queue. */
SPH_MUST sph_rc sph_out_follow_all(sph_node *node, sph_err *err);
