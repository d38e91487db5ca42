/** Hostile messages at a whole node. Three parties with real homes: A (Lao legal aid) sends, B
 * (Thai NGO) is attacked, C (a second Lao office, RSA suite only) is enrolled everywhere too. A
 * message is made from any party's keys, changed as text or octets, signed anew where the attack
 * needs it, and offered to B as its listener would after TLS. */
#pragma once

#include "support/pair.h"

struct bad_world {
    struct pair *pair;
    struct pair_side c;
    unsigned faults; /* of the running table */
};
int bad_start(void **state); /* group set-up: *state is the world */
int bad_stop(void **state);  /* group tear-down */

#define BAD_PARTS 4
/** What a message is made of; {0}: A's good question to B. Sides: NULL as named. */
struct bad_wish {
    struct pair_side *sender;     /* eb:From; a */
    struct pair_side *signer;     /* whose AS4 key signs; sender */
    struct pair_side *client;     /* whose TLS certificate; sender */
    struct pair_side *author;     /* whose key signs the packet and who is its issuer; sender */
    struct pair_side *to;         /* eb:To; b */
    struct pair_side *encrypt_to; /* b */
    const char *issuer;           /* named in the packet; author's party */
    const char *audience;         /* of the packet; b's party */
    const char *message_id, *packet_id, *nonce; /* fresh */
    const char *thread_id, *conversation_id;    /* fresh; thread_id */
    const char *service, *service_type, *action, *agreement, *mpc, *from_role, *to_role;
    const char *from_type, *to_type;
    const char *draft;             /* JSON; "%s" twice: audience, thread */
    const char *mode;              /* of the packet */
    int64_t later_ms;              /* added to the packet's time */
    void (*edit)(sph_buf *packet); /* the packet's octets after signing */
    sph_slice gzip;                /* octets of the first part instead of the packet's */
    bool has_attachment;           /* named by the packet and sent as second part */
    bool is_second_left_out;       /* named, but not sent */
    sph_slice second;              /* octets of the second part; the named attachment's */
    const struct sph_packet_signer *packet_signer; /* instead of the author's */
    const sph_random *random;                      /* of the AS4 layer; the sender's */
    bool is_ping;
};
struct bad_msg {
    char content_type[512], message_id[128];
    sph_buf before, root, after; /* MIME octets around the SOAP part */
    struct pair_side *client;
    const sph_cert *leaf; /* instead of client's TLS certificate */
    enum sph_suite suite;
};
void bad_make(struct bad_world *world, const struct bad_wish *wish, struct bad_msg *msg);
void bad_msg_clear(struct bad_msg *msg);
/** All octets as they are offered; owned. */
void bad_bytes(const struct bad_msg *msg, sph_buf *out);

/** Text work on the SOAP part; each fails the test when the text is not there. */
void bad_replace(struct bad_msg *msg, const char *old, const char *with);
void bad_before(struct bad_msg *msg, const char *mark, const char *text);
void bad_after(struct bad_msg *msg, const char *mark, const char *text);
char *bad_copy(const struct bad_msg *msg, const char *from, const char *to); /* sph_str_free */
char *bad_cut(struct bad_msg *msg, const char *from, const char *to);
/** Change one base64 character behind the n-th `mark` (0: first). */
void bad_flip(struct bad_msg *msg, const char *mark, unsigned n);
/** Digests of the #references and the signature value anew, with this party's AS4 key. */
void bad_resign(struct bad_msg *msg, const struct pair_side *signer);
/** The same work on any buffer. */
void bad_splice(sph_buf *buf, size_t at, size_t old_len, sph_slice with);
void bad_swap(sph_buf *buf, const char *old, const char *with);

/** Everything of a node that a refusal must leave as it was. */
struct bad_image {
    int64_t leaves, inbox, packets, attachments, outbox, partners, times;
    int64_t vault, spool, outgoing, open_files;
};
struct bad_image bad_look(struct pair_side *side);
/** Equal, but for `leaves` more leaves; prints what is not. */
bool bad_is_same(const char *id, const struct bad_image *before, const struct bad_image *after,
                 int64_t leaves);

/** What is expected. code NULL: the HTTP status alone, and no leaf. */
struct bad_end {
    unsigned status;
    const char *code;
    uint16_t event, reason; /* event 0: REJECTED */
    const char *rule;       /* of as4/fault.h, instead of reason */
    const char *detail;     /* ErrorDetail starts so; NULL: any */
};
/** Offer the message to `at`, judge answer, leaf and image, then see a good message pass. */
void bad_expect(struct bad_world *world, const char *id, struct pair_side *at,
                const struct bad_msg *msg, const struct bad_end *end);
/** Offer and see it accepted: a receipt, one more row. */
void bad_accept(struct bad_world *world, const char *id, const struct bad_msg *msg,
                sph_buf *answer);
void bad_good(struct bad_world *world, const char *id);

/** A table of attacks on B: every row is tried, then the test fails if one was wrong. */
struct bad_row {
    const char *id;
    struct bad_wish wish;
    void (*change)(struct bad_world *world, struct bad_msg *msg);
    struct bad_end end;
};
void bad_table(struct bad_world *world, const struct bad_row *rows, size_t count);
#define BAD_TABLE(state, rows) bad_table(*(state), rows, sizeof(rows) / sizeof((rows)[0]))
