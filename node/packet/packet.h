/** Packets (packets.md): the signed XML documents that cross the border. Pure: bytes, keys and a
 * time in; values out. */
#pragma once

#include "base/json.h"
#include "base/lang.h"
#include "crypto/cert.h"
#include "packet/finding.h"
#include "packet/leak.h"
#include "packet/schema.h"
#include "xml/xml.h"

#define SPH_NS_PACKET "urn:saphan:packet:1"

enum sph_packet_type {
    SPH_PACKET_CASE_LAW,
    SPH_PACKET_ASSISTANCE_REQUEST,
    SPH_PACKET_ASSISTANCE_RESPONSE,
    SPH_PACKET_RESOURCE,
    SPH_PACKET_DIRECTORY,
    SPH_PACKET_NOTICE,
    SPH_PACKET_TYPE_COUNT
};
/** "case-law" …; letter for short ids (A, B, C, D, I, G). */
const char *sph_packet_type_name(enum sph_packet_type type);
char sph_packet_type_letter(enum sph_packet_type type);
/** eb:Action family: "a1", "a2" (as4.md 13.1). */
const char *sph_packet_type_action(enum sph_packet_type type);
SPH_MUST sph_rc sph_packet_type_of(const char *name, enum sph_packet_type *out, sph_err *err);

enum sph_classification {
    SPH_CLASS_PUBLIC,
    SPH_CLASS_PARTNERS,
    SPH_CLASS_RESTRICTED,
    SPH_CLASS_SEALED
};

struct sph_packet_attachment {
    char id[64], media_type[64];
    uint64_t size;      /* plaintext, before padding */
    sph_hash sha256;    /* of the SXA1 ciphertext */
    uint8_t key[32];    /* content key: wiped by sph_packet_free */
    char title[3][256]; /* by enum sph_lang; "" when absent */
};

/** The common header, copied out of the verified document. */
typedef struct sph_packet_header {
    char packet_id[64]; /* "urn:uuid:…" */
    char nonce[96];     /* base64 as written */
    enum sph_packet_type type;
    char schema_version[8], mode[16];
    char issuer[SPH_PARTY_ROOM], issuer_unit[64], issuer_role[64];
    char audience[16][SPH_PARTY_ROOM];
    size_t audience_count;
    char thread_id[64], in_reply_to[64]; /* "" when absent */
    uint32_t seq;                        /* 0 when absent */
    int64_t issued_ms;
    enum sph_classification classification;
    char personal_data[16], purpose[32], retention_class[4], retention_until[11];
    char language[3][3];
    size_t language_count;
    char supersedes[64];
} sph_packet_header;

/** eb:Action of a packet: that of its type, but "a1" for a notice to a group. */
const char *sph_packet_action(const sph_packet_header *header);

/** A packet that passed: structure, XSD, signature over exactly this document, rules. Immutable. */
typedef struct sph_packet sph_packet;
void sph_packet_free(sph_packet **packet);
const sph_packet_header *sph_packet_header_of(const sph_packet *packet);
sph_slice sph_packet_octets(const sph_packet *packet); /* exactly as parsed */
sph_hash sph_packet_sha256(const sph_packet *packet);
size_t sph_packet_attachment_count(const sph_packet *packet);
const struct sph_packet_attachment *sph_packet_attachment_at(const sph_packet *packet,
                                                             size_t index);

#define SPH_CARD_CERTS 12 /* certificates of a partner card */

/** Whose word counts and what is allowed: everything a check needs from outside. */
struct sph_packet_context {
    const struct sph_schemas *schemas;
    const struct sph_limits *limits;
    int64_t now_ms;
    const char *mode; /* this node's: PK-02 */
    const char *self; /* this node's party; receiver: must be in the audience or a group code */
    const char *self_kind, *self_country;
    const char *issuer_kind, *issuer_country; /* of the issuer's party record */
    const sph_cert *issuer_root; /* pinned; for a card: NULL, the root inside the card is used */
    sph_slice issuer_crl;
    /** Leaves of the issuer's card, parsed before, borrowed. A signer's certificate with the same
     * octets is not parsed again; it is checked all the same. */
    const sph_cert *issuer_leaves[SPH_CARD_CERTS];
    size_t issuer_leaf_count;
    bool is_sending;             /* sender's side of the same checks */
    const sph_leak_names *names; /* this office's own list (DP-03), asked when sending alone: a
                                  * refusal would tell the sender whom we know. NULL: none */
    /* Signed by this program a moment ago with the key of issuer_leaves: the digests are compared,
     * the signature value is not verified by the one who made it (decisions.md, "Wire"). */
    bool is_fresh;
};
/** Parse and check everything in the order of security.md 1: prescan, DOM, XSD, signature, PK and
 * type rules, allow-matrix. SPH_EREFUSED / SPH_EPROOF with at least one finding. out: owned;
 * untouched on failure. */
SPH_MUST sph_rc sph_packet_check(sph_slice octets, const struct sph_packet_context *context,
                                 sph_findings *findings, sph_packet **out, sph_err *err);
/** Whether a packet that passed for one receiver may go to the next one too: the rules alone that
 * ask who receives. context: with the other receiver in self, self_kind and self_country.
 * SPH_EREFUSED with findings. */
SPH_MUST sph_rc sph_packet_check_receiver(const sph_packet *packet,
                                          const struct sph_packet_context *context,
                                          sph_findings *findings, sph_err *err);
/** Only parse what was checked before it was stored (reading back from the node's own store):
 * prescan, DOM, header copy. */
SPH_MUST sph_rc sph_packet_reopen(sph_slice octets, const struct sph_limits *limits,
                                  sph_packet **out, sph_err *err);
/** Verify only the signature of a stored or foreign packet against a root (offline verifier). */
SPH_MUST sph_rc sph_packet_verify_signature(sph_slice octets, const sph_cert *root,
                                            const struct sph_limits *limits,
                                            char signer[SPH_PARTY_ROOM], int64_t *signed_ms,
                                            sph_err *err);

/** The organisation's signing side. */
struct sph_packet_signer {
    const sph_key *key;
    const sph_cert *leaf, *root;
};
/** Everything the builder adds to a draft. */
struct sph_packet_new {
    char packet_id[64];
    sph_slice nonce; /* >= 16 random octets */
    const char *party, *mode;
    int64_t now_ms;
    const struct sph_packet_attachment *attachments;
    size_t attachment_count;
};
/** Build and sign from a JSON draft (docs/protocol.md, "Drafts"): {"type":…, "header":{…},
 * "body":{…}}. A case-law draft names the reduced judgment in `document` (canonical AKN octets).
 * SPH_EREFUSED with findings when a field is missing or unknown. Octets appended. The result still
 * goes through sph_packet_check before it leaves. */
SPH_MUST sph_rc sph_packet_build(const sph_json *draft, const struct sph_packet_new *values,
                                 sph_slice document, const struct sph_packet_signer *signer,
                                 sph_findings *findings, sph_buf *out, sph_err *err);

/** Readable form for a terminal, in the reader's language; untrusted text is escaped. */
SPH_MUST sph_rc sph_packet_render_text(const sph_packet *packet, enum sph_lang lang, sph_buf *out,
                                       sph_err *err);
/** Title for lists: name of a resource, question's first words, judgment's name; reader's language,
 * then English, then original. */
SPH_MUST sph_rc sph_packet_title(const sph_packet *packet, enum sph_lang lang, sph_buf *out,
                                 sph_err *err);
/** The packet's content as JSON for the API (header and body). */
SPH_MUST sph_rc sph_packet_to_json(const sph_packet *packet, sph_json **out, sph_err *err);

/** "T-7Q4M2K": letter and `bits`/5 characters of SHA-256(uuid) (cli.md); 30 bits, lengthened when
 * ambiguous. */
SPH_MUST sph_rc sph_short_id(char letter, const char *uuid_urn, unsigned bits, char out[32],
                             sph_err *err);
