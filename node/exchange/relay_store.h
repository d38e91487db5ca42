/** Rows of the relay (as4.md 12.6): sealed parts on their way, and notices that are owed. */
#pragma once

#include "exchange/outbox.h"

#define SPH_RELAY_ACTION "a4"
#define SPH_RELAY_MEDIA_TYPE "application/vnd.saphan.relay"

/** The way of one sealed part. Texts are borrowed. */
struct sph_relay_row {
    const char *message_id; /* the outgoing message that carries it */
    const char *sender;     /* who handed it to this hub; "" for an own one */
    const char *original_sender, *final_recipient; /* the two ends */
    const char *tracking_id;                       /* MessageId at the hub, or "" */
    sph_slice part;                                /* gzip octets of SRX1, as they go on the wire */
};
/** In T1, and in the T3 of a hub. */
SPH_MUST sph_rc sph_relay_insert(sph_db *db, const struct sph_relay_row *row, sph_err *err);

/** The same, read back. */
struct sph_relay_part {
    char original_sender[SPH_PARTY_ROOM], final_recipient[SPH_PARTY_ROOM], tracking_id[256];
    sph_buf octets;
};
void sph_relay_part_clear(struct sph_relay_part *part);
/** SPH_ENOTFOUND when the message has none, or it is settled. */
SPH_MUST sph_rc sph_relay_load(sph_node *node, const char *message_id, struct sph_relay_part *out,
                               sph_err *err);
/** A settled message's part goes; of one without a part nothing (journal thread). */
SPH_MUST sph_rc sph_relay_drop(sph_db *db, const sph_out_row *row, sph_err *err);

/** What waits at this hub of one sender: in all, and for one recipient. */
struct sph_relay_load_of {
    int64_t messages, octets, messages_there, octets_there;
};
SPH_MUST sph_rc sph_relay_count(sph_db *db, const char *sender, const char *recipient,
                                struct sph_relay_load_of *out, sph_err *err);

/** In T5: a hub has the message; from now on its row waits for the notice. That of a notice waits
 * for nothing. */
SPH_MUST sph_rc sph_relay_note_handed(sph_db *db, const sph_out_row *row, int64_t now_ms,
                                      sph_err *err);

/** In T3: this packet's author is owed a notice. */
SPH_MUST sph_rc sph_relay_owe(sph_db *db, const char *packet_id, const char *party, sph_err *err);
/** In the T1 of the notice. SPH_ECONFLICT when another thread was faster. */
SPH_MUST sph_rc sph_relay_paid(sph_db *db, const char *packet_id, sph_err *err);
struct sph_relay_debt {
    char packet_id[64], party[SPH_PARTY_ROOM];
    sph_hash sha256; /* of the packet */
};
/** What is owed for this packet. SPH_ENOTFOUND: nothing. */
SPH_MUST sph_rc sph_relay_debt_of(sph_node *node, const char *packet_id, struct sph_relay_debt *out,
                                  sph_err *err);
/** The next one in order of packet id after `after`. SPH_ENOTFOUND: none. */
SPH_MUST sph_rc sph_relay_next_debt(sph_node *node, const char *after, struct sph_relay_debt *out,
                                    sph_err *err);
