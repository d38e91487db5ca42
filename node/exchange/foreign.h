/** Messages of a foreign product (as4.md D17): opaque parts with what the header said about them,
 * no packet. A message is a row of `packet` of type "foreign" whose sealed content is the manifest
 * (JSON); its parts are SXA1 ciphertext in the vault under keys that stand in the manifest alone,
 * so that destroying the one secret leaves nothing readable. What is sealed of a part are the
 * octets that the AS4 signature covers. */
#pragma once

#include "exchange/arrival.h"
#include "exchange/content.h"
#include "exchange/outbox.h"
#include "exchange/submit.h"

#define SPH_FOREIGN_TYPE "foreign"
#define SPH_FOREIGN_LETTER 'X'
#define SPH_FOREIGN_PARTS 32
#define SPH_FOREIGN_PROPERTIES 16

typedef struct sph_foreign_part {
    char id[8]; /* "p1" … in PartInfo order */
    char name[256], media_type[128], charset[64];
    bool is_gzip;
    uint64_t size;   /* of the document */
    uint64_t len;    /* of the signed octets: gzip, or the document itself */
    sph_hash sha256; /* of the signed octets */
    uint8_t key[32]; /* of the stored form */
    sph_hash stored; /* vault name */
    uint64_t stored_len;
} sph_foreign_part;

/** Everything kept of one message, also what cannot be looked up again. Strings are copies. */
typedef struct sph_foreign {
    char packet_id[64], partner[SPH_PARTY_ROOM];
    char message_id[256], ref_to[256], conversation_id[256];
    char service[256], service_type[256], action[256], agreement[256];
    struct {
        char name[256], type[256], value[1025];
    } property[SPH_FOREIGN_PROPERTIES];
    size_t property_count;
    sph_foreign_part part[SPH_FOREIGN_PARTS];
    size_t part_count;
    int64_t timestamp_ms; /* as the sender wrote it */
} sph_foreign;
/** Wipes the keys; NULL and *NULL are fine. */
void sph_foreign_free(sph_foreign **message);

/** The manifest as it is sealed, and back. */
SPH_MUST sph_rc sph_foreign_print(const sph_foreign *message, sph_buf *out, sph_err *err);
SPH_MUST sph_rc sph_foreign_parse(sph_slice text, sph_foreign **out, sph_err *err);

/** Seal the octets of one part (a file from its start) into the vault: key, stored and stored_len
 * of *part. Constant memory. */
SPH_MUST sph_rc sph_foreign_seal(sph_node *node, const char *packet_id, sph_file *octets,
                                 sph_foreign_part *part, sph_err *err);
/** The signed octets of a part, decrypted into `out`. Untrusted until it returns SPH_OK. */
SPH_MUST sph_rc sph_foreign_open(sph_node *node, const char *packet_id,
                                 const sph_foreign_part *part, const sph_writer *out, sph_err *err);
/** Manifest sealed, rows and leaves in one job; `more` adds to it on the journal's thread. */
struct sph_foreign_keep {
    const sph_foreign *message;
    bool is_own;
    int64_t now_ms;
    struct sph_stored stored; /* filled by sph_foreign_seal_manifest */
    sph_hash sha256;
};
SPH_MUST sph_rc sph_foreign_seal_manifest(sph_node *node, struct sph_foreign_keep *keep,
                                          sph_err *err);
/** packet and attachment rows (journal thread). */
SPH_MUST sph_rc sph_foreign_insert(sph_db *db, const struct sph_foreign_keep *keep, sph_err *err);

/** One message to a foreign partner. */
struct sph_foreign_order {
    const char *party;
    const struct sph_submit_attachment *parts; /* in order; any media type */
    size_t part_count;
    const char *service, *action; /* NULL: the P-Mode's */
    const char *reply_to;         /* packet id of a foreign message here, or a MessageId; NULL */
    const char *conversation_id;  /* NULL: of what it replies to, else a new one */
    const char *original_sender, *final_recipient; /* four corners; NULL: the two parties */
    const char *user;
    bool is_dry_run;
};
/** T1. SPH_ENOTFOUND no such partner or reply_to; SPH_EREFUSED not a foreign partner, or the P-Mode
 * has no such service or action; SPH_ELIMIT too many parts or too large. */
SPH_MUST sph_rc sph_foreign_submit(sph_node *node, const struct sph_foreign_order *order,
                                   struct sph_submitted *out, sph_err *err);
/** T2's first half for a foreign partner; as sph_wire_build, or as sph_wire_rebuild when `root` is
 * not empty. */
SPH_MUST sph_rc sph_foreign_wire(sph_node *node, sph_out_row *row, const sph_partner *partner,
                                 sph_slice root, bool is_signed_anew, sph_as4_built *built,
                                 sph_err *err);

/** After sph_as4_unwrap: sizes and gzip of each part, then seal, T3. SPH_EREFUSED with fault;
 * SPH_ECONFLICT when the same message was stored meanwhile. */
SPH_MUST sph_rc sph_foreign_take(struct sph_arrival *arrival, sph_err *err);

/** as4.md 8.6: several foreign partners may come through one TLS front. What was opened says which
 * of them speaks (eb:From, the channel, or the message that a signal is about): the arrival is that
 * one's from here on, and so must its signature be. */
void sph_foreign_speaker(struct sph_arrival *arrival, const sph_cert *client);

/** Is this packet such a message? */
SPH_MUST sph_rc sph_foreign_is(sph_node *node, const char *packet_id, bool *out, sph_err *err);
/** The manifest. No leaf: exchange/reading.h writes OPENED first. */
SPH_MUST sph_rc sph_foreign_load(sph_node *node, const char *packet_id, sph_foreign **out,
                                 sph_err *err);
/** OPENED leaf durable, then the manifest (ledger.md L3). */
SPH_MUST sph_rc sph_foreign_read(sph_node *node, const char *packet_id, const char *user,
                                 sph_foreign **out, sph_err *err);
/** The document of a part, inflated. Untrusted until it returns SPH_OK. */
SPH_MUST sph_rc sph_foreign_document(sph_node *node, const sph_foreign *message, const char *id,
                                     const sph_writer *out, char media_type[128], sph_err *err);
