/** Building outgoing messages and signals (as4.md 3 "Send", 5, 6, 9, 10). Pure: bytes and keys in,
 * bytes out. */
#pragma once

#include "as4/message.h"
#include "base/stream.h"
#include "crypto/suite.h"

enum sph_token_ref {
    SPH_TOKEN_BST_X509,
    SPH_TOKEN_BST_PKIPATH,
    SPH_TOKEN_SKI,
    SPH_TOKEN_ISSUER_SERIAL
};

/** Our signing side. */
typedef struct sph_as4_signer {
    const sph_key *key;
    const sph_cert *leaf, *root; /* root only for PKIPath */
    enum sph_token_ref form;
} sph_as4_signer;

/** A payload part ready to go: its gzip octets with their digest. Exactly one of `octets` and
 * `open` is used. */
typedef struct sph_as4_payload {
    const char *cid;       /* without "cid:" and brackets */
    const char *mime_type; /* before compression */
    const char *charset;   /* may be NULL */
    const char *name;      /* file name for people; NULL: none */
    sph_hash sha256;       /* of the gzip octets */
    uint64_t len;          /* of the gzip octets */
    sph_slice octets;      /* in memory, or: */
    sph_reader (*open)(
        void *ctx,
        void *state); /* a reader from the start; `state`: SPH_AS4_READER_STATE octets, aligned for
                         any type, that live until the reader is done (e.g. an sph_file_source) */
    void *ctx;
} sph_as4_payload;
#define SPH_AS4_READER_STATE 128

/** A fresh Content-ID "<32 hex>@<host>" without brackets; a fresh MessageId "<uuid>@<host>". */
SPH_MUST sph_rc sph_as4_new_cid(const sph_random *random, const char *host, char out[128],
                                sph_err *err);
SPH_MUST sph_rc sph_as4_new_message_id(const sph_random *random, const char *host, char out[128],
                                       sph_err *err);

/** Result of a build: everything the outbox keeps. */
typedef struct sph_as4_built {
    sph_buf root;           /* SOAP octets as on the wire */
    sph_hash root_sha256;   /* envelope hash of the SENT leaf */
    sph_as4_refs refs;      /* the match set */
    char content_type[256]; /* HTTP Content-Type of the MIME body */
    uint64_t len;           /* Content-Length */
} sph_as4_built;
/** Free what a build holds; NULL is nothing. */
void sph_as4_built_clear(sph_as4_built *built);

/** Sign, encrypt and write the complete MIME body of a user message. user->part_* is ignored: parts
 * come from payloads, first = leading. A payload whose octets are not `len` many is SPH_EARG; its
 * sha256 is taken as given (the receiver compares it). part_count 0: a ping. On failure octets may
 * have gone to `out` already: throw that away. */
SPH_MUST sph_rc sph_as4_build_user(const sph_as4_user *user, const sph_as4_payload *parts,
                                   size_t part_count, enum sph_suite suite,
                                   const sph_as4_signer *signer, const sph_cert *recipient,
                                   enum sph_token_ref recipient_form, const sph_random *random,
                                   const sph_writer *out, sph_as4_built *built, sph_err *err);

/** A signal is a bare SOAP document: Content-Type application/soap+xml;charset=UTF-8. */
struct sph_as4_in; /* a received, verified message: as4/receive.h */
/** NRR receipt of a verified user message; ledger_proof: canonical sl:LedgerProof element or empty.
 */
SPH_MUST sph_rc sph_as4_build_receipt(const struct sph_as4_in *of, const char *message_id,
                                      int64_t now_ms, sph_slice ledger_proof, enum sph_suite suite,
                                      const sph_as4_signer *signer, const sph_random *random,
                                      sph_buf *out, sph_err *err);
/** The same from stored SOAP octets of the user message (crash recovery between T3 and T4). */
SPH_MUST sph_rc sph_as4_build_receipt_from_root(sph_slice user_root, const char *message_id,
                                                int64_t now_ms, sph_slice ledger_proof,
                                                enum sph_suite suite, const sph_as4_signer *signer,
                                                const sph_random *random, sph_buf *out,
                                                sph_err *err);
struct sph_as4_error_info {
    enum sph_ebms code;
    const char *ref_to; /* MessageId in error, may be NULL */
    const char *detail; /* for the other side's engineer; no content */
};
/** signer NULL: unsigned (partner unknown). */
SPH_MUST sph_rc sph_as4_build_error(const struct sph_as4_error_info *error, const char *message_id,
                                    int64_t now_ms, enum sph_suite suite,
                                    const sph_as4_signer *signer, const sph_random *random,
                                    sph_buf *out, sph_err *err);
/** A signed PullRequest for one MPC (as4.md 12.3). */
SPH_MUST sph_rc sph_as4_build_pull(const char *mpc, const char *message_id, int64_t now_ms,
                                   enum sph_suite suite, const sph_as4_signer *signer,
                                   const sph_random *random, sph_buf *out, sph_err *err);
/** The same with the receipt for an earlier message beside it (P-Mode pull.bundle). */
SPH_MUST sph_rc sph_as4_build_pull_with_receipt(const char *mpc, const char *message_id,
                                                const struct sph_as4_in *of, const char *receipt_id,
                                                int64_t now_ms, sph_slice ledger_proof,
                                                enum sph_suite suite, const sph_as4_signer *signer,
                                                const sph_random *random, sph_buf *out,
                                                sph_err *err);
/** sl:LedgerProof (as4.md 15.2) in canonical form, appended; cosignature and consistency are left
 * out when empty. */
SPH_MUST sph_rc sph_as4_ledger_proof_write(sph_slice leaf, sph_slice tlog_proof, sph_buf *out,
                                           sph_err *err);
