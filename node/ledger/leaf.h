/** SPL1 leaves (ledger.md 2, 3): one way to write each; the decoder re-encodes and compares. Pure.
 */
#pragma once

#include "base/bytes.h"
#include "crypto/cert.h"

enum sph_event {
    SPH_EVENT_SUBMITTED = 0x0101,
    SPH_EVENT_SENT,
    SPH_EVENT_RECEIVED,
    SPH_EVENT_RECEIPT_SENT,
    SPH_EVENT_RECEIPT_IN,
    SPH_EVENT_REJECTED,
    SPH_EVENT_DELIVERY_FAILED,
    SPH_EVENT_DUPLICATE,
    SPH_EVENT_REPLAY_REFUSED,
    SPH_EVENT_OPENED = 0x0201,
    SPH_EVENT_EXPORTED,
    SPH_EVENT_PRINTED,
    SPH_EVENT_PUBLISHED,
    SPH_EVENT_WITHDRAWN,
    SPH_EVENT_SEALED_OPENED,
    SPH_EVENT_DENIED,
    SPH_EVENT_KEY_BIND = 0x0301,
    SPH_EVENT_CERT_ADDED,
    SPH_EVENT_CERT_REVOKED,
    SPH_EVENT_PARTNER_ADDED,
    SPH_EVENT_PARTNER_SUSPENDED,
    SPH_EVENT_POLICY_CHANGED,
    SPH_EVENT_WITNESS_CHANGED,
    SPH_EVENT_ROLE_CHANGED,
    SPH_EVENT_START = 0x0401,
    SPH_EVENT_STOP,
    SPH_EVENT_BACKUP,
    SPH_EVENT_RESTORE,
    SPH_EVENT_CONFIG_CHANGED,
    SPH_EVENT_LOGIN,
    SPH_EVENT_LOGIN_FAILED,
    SPH_EVENT_CLOCK_STEP,
    SPH_EVENT_PEER_CHECKPOINT = 0x0501,
    SPH_EVENT_TIMESTAMPED,
    SPH_EVENT_FORK_EVIDENCE,
    SPH_EVENT_LOG_SUCCESSION,
    SPH_EVENT_AUDIT_RUN,
    SPH_EVENT_PAD,
    SPH_EVENT_KEY_DESTROYED = 0x0601,
    SPH_EVENT_ERASURE_REQUESTED,
    SPH_EVENT_ERASURE_CONFIRMED,
    SPH_EVENT_RETENTION_EXPIRED,
    SPH_EVENT_LEGAL_HOLD,
    SPH_EVENT_HOLD_RELEASED,
};
/** "SUBMITTED" …; NULL for an unknown code. */
const char *sph_event_name(uint16_t event);
/** The code of a name, upper case; false when unknown. */
bool sph_event_of(const char *name, uint16_t *out);

enum sph_leaf_ext {
    SPH_EXT_PERSON = 0x0001,
    SPH_EXT_REASON = 0x0002,
    SPH_EXT_PEER_INDEX = 0x0003,
    SPH_EXT_APPROVER = 0x0004,
    SPH_EXT_KEY_SHA256 = 0x0005,
    SPH_EXT_VKEY = 0x0006,
    SPH_EXT_ROOT_SIGNATURE = 0x0007,
    SPH_EXT_FILE_SHA256 = 0x0008,
    SPH_EXT_NOTE1_SHA256 = 0x0009,
    SPH_EXT_NOTE2_SHA256 = 0x000A,
    SPH_EXT_TIMESTAMP_SHA256 = 0x000B,
    SPH_EXT_DETAIL_COMMITMENT = 0x000C,
    SPH_EXT_CLOCK_DELTA_MS = 0x000D,
    SPH_EXT_COUNT = 0x000E,
    SPH_EXT_ATTEMPT = 0x000F,
    SPH_EXT_PURPOSE = 0x0010,
};

#define SPH_NO_REF UINT64_MAX
#define SPH_LEAF_ID_ROOM 256
#define SPH_LEAF_MIN 178    /* octets */
#define SPH_LEAF_MAX 65535u /* octets; tile bundles have a u16 length */

/** The fields of a leaf. Zero-initialise with sph_leaf_init (ref none, peer root = empty-tree
 * root). */
typedef struct sph_leaf {
    uint16_t event;
    uint64_t index, unix_ms; /* assigned by the journal */
    char actor[SPH_PARTY_ROOM], peer[SPH_PARTY_ROOM];
    char message_id[SPH_LEAF_ID_ROOM], conversation_id[SPH_LEAF_ID_ROOM];
    sph_hash commitment, envelope, receipt;
    uint64_t ref_index, peer_size;
    sph_hash peer_root;
    uint8_t ext[1024]; /* encoded TLVs, tags strictly ascending */
    size_t ext_len;
} sph_leaf;
/** A leaf of this event by this organisation; everything else unused. An actor that does not fit
 * leaves the field empty, which sph_leaf_encode refuses. */
void sph_leaf_init(sph_leaf *leaf, uint16_t event, const char *actor);
/** Add a TLV. SPH_EARG when the tag is not above the last one or the value's length is not the
 * tag's; SPH_ELIMIT when full. */
SPH_MUST sph_rc sph_leaf_ext(sph_leaf *leaf, uint16_t tag, sph_slice value, sph_err *err);
/** Add a TLV with a big-endian number. */
SPH_MUST sph_rc sph_leaf_ext_u16(sph_leaf *leaf, uint16_t tag, uint16_t value, sph_err *err);
SPH_MUST sph_rc sph_leaf_ext_u64(sph_leaf *leaf, uint16_t tag, uint64_t value, sph_err *err);
/** Find a TLV; empty slice when absent. Borrowed. */
sph_slice sph_leaf_ext_find(const sph_leaf *leaf, uint16_t tag);
/** Append the leaf's octets. SPH_EARG when a field breaks the rules of ledger.md 2, or the event is
 *  unknown. */
SPH_MUST sph_rc sph_leaf_encode(const sph_leaf *leaf, sph_buf *out, sph_err *err);
/** Strict: unknown version, non-zero reserved, trailing bytes, another way of writing: SPH_EPARSE.
 *  Unknown events and ext tags pass: the verifier warns about them. */
SPH_MUST sph_rc sph_leaf_decode(sph_slice bytes, sph_leaf *out, sph_err *err);

/** ledger.md 4: a packet's salt from its secret. */
SPH_MUST sph_rc sph_commitment_salt(const sph_secret *secret32, sph_secret **salt, sph_err *err);
/** The key under which the packet rests, from the same secret. */
SPH_MUST sph_rc sph_commitment_dek(const sph_secret *secret32, sph_secret **dek, sph_err *err);
/** Commitment to a packet's octets, given their SHA-256. SPH_EARG unless the salt has 32 octets. */
SPH_MUST sph_rc sph_commitment(const sph_secret *salt, const sph_hash *packet_sha256, sph_hash *out,
                               sph_err *err);
