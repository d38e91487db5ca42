/** Receiving in three calls (as4.md 3 "Receive"): open = claims, verify = signature, unwrap =
 * content. Between them exchange decides. A refusal is an sph_as4_fault: an ebMS code, a stable
 * internal code for log and leaf, and a detail for the peer's engineer. Pure but for the spool
 * files that unwrap writes through `files`. */
#pragma once

#include "as4/message.h"
#include "base/env.h"
#include "crypto/suite.h"
#include "xml/dsig.h"

/** Why a message is refused. `rule` is stable, e.g. "mime.duplicate-cid", "soap.two-bodies",
 * "dsig.wrong-node". */
typedef struct sph_as4_fault {
    enum sph_ebms code;
    uint16_t reason;  /* REJECTED leaf, ext 0x0002; table in as4/fault.h */
    const char *rule; /* static */
    char detail[192]; /* ErrorDetail; fixed text for 0101 and 0102 */
} sph_as4_fault;
/** The rule of a REJECTED leaf's reason number; NULL when unknown. */
const char *sph_as4_reason_rule(uint16_t reason);

enum sph_as4_kind { SPH_AS4_USER, SPH_AS4_RECEIPT, SPH_AS4_ERROR, SPH_AS4_PULL };

#define SPH_AS4_KINDS 4u

typedef struct sph_as4_in sph_as4_in;

/** Where the octets are: in memory or in a file. */
typedef struct sph_as4_source {
    sph_slice bytes; /* used when files is NULL */
    const sph_files *files;
    sph_file *file;
    uint64_t len;
} sph_as4_source;

/** 1. MIME, pre-scan, DOM, structure, header schema. Nothing is trusted yet. content_type: of the
 * HTTP message; borrowed. The source must outlive *out. SPH_EREFUSED with *fault filled. out:
 * owned, sph_as4_in_free. */
SPH_MUST sph_rc sph_as4_open(const char *content_type, const sph_as4_source *source,
                             const struct sph_limits *limits, sph_as4_in **out,
                             sph_as4_fault *fault, sph_err *err);
void sph_as4_in_free(sph_as4_in **in); /* NULL is nothing */
/** What the message is. Signals may be bundled, at most one of a kind (as4.md 12.3): a pull request
 * beside the receipt or error for an earlier message is SPH_AS4_PULL, and the other is asked for by
 * the next three. */
enum sph_as4_kind sph_as4_in_kind(const sph_as4_in *in);
bool sph_as4_in_has(const sph_as4_in *in, enum sph_as4_kind kind);
/** MessageId and RefToMessageId of the signal (or user message) of that kind; NULL when the message
 * has none of it, or no RefToMessageId; borrowed. */
const char *sph_as4_in_id_of(const sph_as4_in *in, enum sph_as4_kind kind);
const char *sph_as4_in_ref_of(const sph_as4_in *in, enum sph_as4_kind kind);
const sph_as4_user *
sph_as4_in_user(const sph_as4_in *in); /* claims; proven only after verify. NULL for signals */
/** The same of what sph_as4_in_kind tells. */
const char *sph_as4_in_message_id(const sph_as4_in *in); /* own MessageId; borrowed */
const char *sph_as4_in_ref_to(const sph_as4_in *in);     /* RefToMessageId or NULL */
sph_slice sph_as4_in_root(const sph_as4_in *in);         /* SOAP octets */
sph_hash sph_as4_in_root_sha256(const sph_as4_in *in);
int64_t sph_as4_in_timestamp_ms(const sph_as4_in *in); /* the message's own Timestamp */
const char *sph_as4_in_pull_mpc(
    const sph_as4_in *in); /* MPC of a PullRequest; NULL when absent or another kind */
/** Stored SOAP octets without their MIME parts (evidence, crash recovery): open and verify work,
 * unwrap is SPH_EARG. */
SPH_MUST sph_rc sph_as4_open_root(sph_slice root, const struct sph_limits *limits, sph_as4_in **out,
                                  sph_as4_fault *fault, sph_err *err);

/** Whose signature is expected, and what else the peer's P-Mode lets pass. {0} is strict: a Saphan
 * partner, compressed parts, the four token forms of as4.md 7. */
typedef struct sph_as4_trust {
    const char *party; /* eb:From of a user message */
    const sph_cert *root;
    sph_slice crl;
    int64_t at_ms;
    enum sph_suite suite;
    const sph_cert *const *
        known; /* the party's signing certificates, for references by key id or issuer and serial */
    size_t known_count;

    /** A foreign product (as4.md D16, 6.5): `root` is not used. The signer is good when its key is
     * that of one of `pinned`, or when `ca` (may be NULL) signed its certificate and `crl` does not
     * list it; within its own validity in both cases. URI SAN and EKU are not asked for. */
    bool is_foreign;
    const sph_cert *const *pinned; /* also serve as `known` */
    size_t pinned_count;
    const sph_cert *ca;

    bool accepts_legacy_refs; /* ThumbprintSHA1, X509SKI, KeyIdentifier with a certificate: only to
                                 look up a certificate that is known already */
    bool accepts_plain;       /* parts without CompressionType; the digest is over their octets */
    bool accepts_uncompressed_xml; /* with accepts_plain: XML and text parts, whose digest is over
                                      canonical or CRLF form, in memory, at most 4 MiB each */
} sph_as4_trust;

/** 2. Signature shape against the suite, token -> certificate -> path and party, SignatureValue,
 * the two XML references by node identity, one reference a part, the three sets equal. No private
 * key is used. */
SPH_MUST sph_rc sph_as4_verify(sph_as4_in *in, const sph_as4_trust *trust, sph_as4_fault *fault,
                               sph_err *err);
const sph_as4_refs *sph_as4_in_refs(const sph_as4_in *in); /* after verify; NULL before */
const sph_cert *sph_as4_in_signer(const sph_as4_in *in);   /* after verify */

/** Our decryption side: current and previous keys. */
typedef struct sph_as4_recipient {
    const sph_key *key;
    const sph_cert *leaf;
} sph_as4_recipient;

/** One opened part, verified against the signed digest: gzip octets, or, where the P-Mode lets an
 * uncompressed part pass, the document itself. */
typedef struct sph_as4_part {
    char href[256];
    char mime_type[128];
    bool is_gzip;
    sph_hash sha256; /* of the octets handed over */
    uint64_t len;    /* of the octets handed over */
    sph_buf octets;  /* leading part of a Saphan partner: in memory; others empty */
    sph_file *file;  /* other parts: private temporary file; NULL for that leading part */
} sph_as4_part;
typedef struct sph_as4_parts {
    /** A name of the content key (E-04: one seen with another MessageId within a day is a replay):
     * SHA-256 of a label and the key, all zero without parts. */
    sph_hash content_key;
    size_t count;
    sph_as4_part part[33]; /* in PartInfo order */
    const sph_files *files;
} sph_as4_parts;
void sph_as4_parts_clear(
    sph_as4_parts *parts); /* closes the files, which have no name, so they are gone */
void sph_as4_parts_free(sph_as4_parts **parts); /* of one made with sph_mem_new */

/** 3. After verify only: open EncryptedKey, decrypt each part to memory (leading, <= limits->packet
 * + 128 KiB) or to an unnamed file under spool_dir, hash while decrypting, compare tag, then
 * digest. Nothing is handed over unless all hold. SPH_EREFUSED with *fault; SPH_EIO and SPH_ENOMEM
 * are trouble of this node (fault->code 0): answer 503, let the sender try again. files and
 * spool_dir may be NULL for at most one part. */
SPH_MUST sph_rc sph_as4_unwrap(sph_as4_in *in, const sph_as4_recipient *recipients,
                               size_t recipient_count, const sph_random *random,
                               const sph_files *files, const char *spool_dir,
                               const struct sph_limits *limits, sph_as4_parts *out,
                               sph_as4_fault *fault, sph_err *err);

/** Receipt check at the sender (as4.md 9): call after open and verify. SPH_EPROOF when the set
 * differs. */
SPH_MUST sph_rc sph_as4_receipt_check(const sph_as4_in *receipt, const sph_as4_refs *sent,
                                      sph_err *err);
/** The proof element of a receipt; empty slices when absent. leaf and tlog_proof are decoded into
 * the buffers. */
SPH_MUST sph_rc sph_as4_receipt_proof(const sph_as4_in *receipt, sph_buf *leaf, sph_buf *tlog_proof,
                                      sph_err *err);
/** Errors of an error signal, the worst first; rule = text of ErrorDetail before its first space or
 * colon when it is a rule id. */
struct sph_as4_error_seen {
    char code[16]; /* "EBMS:0004" */
    bool is_failure;
    char detail[192];
    char ref_in_error[256];
};
/** How many errors the message's error signal holds, at most 16; 0 without one. */
size_t sph_as4_errors(const sph_as4_in *in, struct sph_as4_error_seen out[16]);
/** as4.md 10: does a signed error end the message? (0004 only with a rule id; 0202, 0005, 0006
 * retry.) */
bool sph_as4_error_is_final(const struct sph_as4_error_seen *error);
