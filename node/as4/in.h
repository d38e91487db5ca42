/** What an opened message holds. Private to this folder: each of the three calls fills its part. */
#pragma once

#include "as4/mime.h"
#include "crypto/digest.h"
#include "xml/xenc.h"

/** How the digest of a part is taken: by the type of its plaintext (as4.md 6.2). */
enum sph_as4_digest_form { SPH_AS4_DIGEST_RAW, SPH_AS4_DIGEST_XML, SPH_AS4_DIGEST_TEXT };

/** One message unit of eb:Messaging. */
struct sph_as4_unit {
    const sph_xml_node *node;          /* eb:SignalMessage or eb:UserMessage; NULL when absent */
    char message_id[256], ref_to[256]; /* ref_to "" when absent */
    int64_t time_ms;
};

struct sph_as4_in {
    sph_as4_source source;
    const struct sph_limits *limits;
    bool is_root_alone; /* stored SOAP octets without their MIME parts */
    sph_mime mime;
    sph_buf root;
    sph_hash root_sha256;
    sph_xml *doc;
    sph_xml_ids *ids;

    /* The single elements at their fixed positions. security may be NULL (unsigned error). */
    const sph_xml_node *messaging, *security, *body;

    enum sph_as4_kind kind;
    struct sph_as4_unit unit[SPH_AS4_KINDS]; /* at most one of each kind */
    sph_as4_user user;
    char *texts; /* memory of the user's strings */
    size_t texts_len, texts_room;
    size_t mime_of[MAX_PARTS];   /* MIME part of each PartInfo */
    char cid_of[MAX_PARTS][256]; /* decoded cid of each PartInfo */

    /* By sph_as4_verify. */
    bool is_verified;
    enum sph_suite suite;
    sph_dsig *dsig;
    sph_as4_refs refs;
    sph_hash digest_of[MAX_PARTS]; /* signed digest of each PartInfo's octets */
    sph_cert *signer;
    sph_xenc_key *key; /* NULL without payload parts */
    enum sph_as4_digest_form form_of[MAX_PARTS];
    bool accepts_legacy_refs;
    bool is_foreign; /* no packet leads: every part goes to a file */
};

/** Fixed positions: Envelope{Header{Messaging, Security?, ignorable…}, Body}. soap.c */
SPH_MUST sph_rc sph_as4_soap_locate(sph_as4_in *in, sph_as4_fault *fault, sph_err *err);
/** eb:Messaging by its schema into kind, user, message_id, ref_to. header.c */
SPH_MUST sph_rc sph_as4_header_read(sph_as4_in *in, sph_as4_fault *fault, sph_err *err);
/** The Body must be empty; beside an error signal it may hold one SOAP fault. soap.c */
SPH_MUST sph_rc sph_as4_soap_body(const sph_as4_in *in, sph_as4_fault *fault, sph_err *err);

/** A text of the document kept for the life of `in`: white space trimmed, at most max_chars
 * characters. header_text.c */
SPH_MUST sph_rc sph_as4_keep_text(sph_as4_in *in, const sph_xml_node *node, size_t max_chars,
                                  const char **out, sph_as4_fault *fault, sph_err *err);

/** Characters of UTF-8, not octets. header_text.c */
size_t sph_as4_characters(const char *text);
/** RFC 2822 §3.6.4 without brackets: dot-atom @ dot-atom. A slash is legal there and no product
 * writes one. header_text.c */
bool sph_as4_is_message_id(const char *id);

/** References of a signature in the form a receipt must repeat. refs.c */
SPH_MUST sph_rc sph_as4_ref_make(const char *uri, const sph_hash *digest, sph_as4_ref *out,
                                 sph_err *err);

/** Position of a decoded cid among the PartInfos, or SIZE_MAX. */
size_t sph_as4_part_of_cid(const sph_as4_in *in, const char *cid);
/** "cid:…" to the decoded cid; SPH_EPARSE when it is no cid URI. */
SPH_MUST sph_rc sph_as4_cid_of_uri(const char *uri, char out[256], sph_err *err);
