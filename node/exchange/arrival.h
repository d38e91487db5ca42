/** One message on its way in, between the stages of the walk. Internal to the inbox files. */
#pragma once

#include "exchange/content.h"
#include "exchange/inbox.h"

struct sph_arrival {
    sph_node *node;
    sph_partner *partner; /* of the TLS client, or that a pull asked */
    const char *mpc;      /* the channel it was pulled from; NULL: it was pushed */
    enum sph_suite suite;
    sph_as4_in *in;
    sph_as4_source source;
    sph_as4_parts parts;
    sph_partner *author; /* who wrote what a hub relayed; NULL: the partner itself */
    /* The relayed message that a notice reports as delivered, and its SENT leaf; 0: none. */
    int64_t delivered_id, delivered_sent;
    sph_buf octets;       /* the packet */
    sph_packet *packet;   /* NULL for a ping */
    bool is_known_packet; /* the same packet came in another message before */
    sph_card new_card;    /* a partner's later card, when has_new_card */
    bool has_new_card;
    sph_as4_fault fault; /* filled by the stage that refuses */
};
/** Packet signature, XSD, rules, matrix, parts against attachments. SPH_EREFUSED with fault. */
SPH_MUST sph_rc sph_arrival_check_packet(struct sph_arrival *arrival, sph_err *err);
/** T3. SPH_ECONFLICT when the same message was stored by another thread meanwhile. *id: inbox row's
 * MessageId is the key. */
SPH_MUST sph_rc sph_arrival_store(struct sph_arrival *arrival, sph_err *err);
/** In T3: the inbox row of the message, and when its partner was last heard. packet_id "" for a
 * ping; refs as sph_as4_refs_print writes them; index of the RECEIVED leaf. */
SPH_MUST sph_rc sph_arrival_insert(const struct sph_arrival *arrival, sph_db *db,
                                   const char *packet_id, const sph_buf *refs, uint64_t index,
                                   int64_t now_ms, sph_err *err);
/** E-04 (content_keys.c). check: SPH_EREFUSED with fault when another message of the last day had
 * this content key; keep: in T3. */
SPH_MUST sph_rc sph_arrival_check_key(struct sph_arrival *arrival, sph_err *err);
SPH_MUST sph_rc sph_arrival_keep_key(const struct sph_arrival *arrival, sph_db *db, int64_t now_ms,
                                     sph_err *err);
/** Fill a refusal. rule: static. */
SPH_MUST sph_rc sph_arrival_refuse(struct sph_arrival *arrival, enum sph_ebms code, uint16_t reason,
                                   const char *rule, const char *detail, sph_err *err);
/** The way of a user message from its claims to receipt or error, for one that was pushed and for
 * one that was pulled: partner, mpc, suite, source and in are set. The response gets the signal, or
 * 503 when this node could not store it. */
void sph_inbox_take(struct sph_arrival *arrival, sph_response *response);
/** Parts of that way for messages that come again (inbox_repeat.c).
 *  sph_arrival_repeat   after verification; SPH_ENOTFOUND: it is new; SPH_EREFUSED with fault: its
 * id came before with other content sph_arrival_known    the same octets were verified a moment ago
 *  sph_arrival_receipt  the message is stored: its receipt, made now when it has none yet */
struct sph_claim;
SPH_MUST sph_rc sph_arrival_repeat(struct sph_arrival *arrival, sph_response *response,
                                   sph_err *err);
SPH_MUST sph_rc sph_arrival_known(struct sph_arrival *arrival, const struct sph_claim *claim,
                                  sph_response *response, sph_err *err);
SPH_MUST sph_rc sph_arrival_receipt(struct sph_arrival *arrival, sph_response *response,
                                    sph_err *err);
/** Answer with a signed signal; signal is emptied. */
void sph_arrival_signal(sph_response *response, sph_buf *signal);
/** Did the partner sign this signal? SPH_EREFUSED with *fault. */
SPH_MUST sph_rc sph_inbox_verify_signal(sph_node *node, const sph_partner *partner,
                                        enum sph_suite suite, sph_as4_in *in, sph_as4_fault *fault,
                                        sph_err *err);
/** Give up all that the stages made. */
void sph_arrival_clear(struct sph_arrival *arrival);
/** Reasons of REJECTED leaves that the exchange adds to those of as4/fault.h (docs/ledger.md). */
enum sph_exchange_reason {
    SPH_REASON_IDENTITY = 0x0401,   /* TLS, signature and PartyId do not lead to the same partner */
    SPH_REASON_PMODE = 0x0402,      /* no P-Mode matches */
    SPH_REASON_NOT_FOR_US = 0x0403, /* eb:To */
    SPH_REASON_PACKET = 0x0404,     /* the packet breaks a rule */
    SPH_REASON_ISSUER = 0x0405,     /* the packet's signer is not the sender */
    SPH_REASON_PARTS = 0x0406,      /* parts and attachments differ */
    SPH_REASON_REPLAY = 0x0407,     /* same id with other content */
    SPH_REASON_CARD = 0x0408,       /* a card with another root or an older serial */
    SPH_REASON_CHANNEL = 0x0409,    /* DENIED leaf: another party's channel was asked for */
    SPH_REASON_KEY_REUSED = 0x040A, /* another message had the same content key */
    SPH_REASON_RELAY = 0x040B,      /* a relayed message between the wrong ends, or too many */
};
