/** P-Mode of a partner (as4.md 13): what its messages must look like and how ours to it do. For a
 * Saphan partner it follows from the two cards (13.1); a foreign product's is the operator's word,
 * stored with the partner as strict JSON (docs/foreign.md). */
#pragma once

#include "as4/build.h"
#include "as4/receive.h"
#include "base/json.h"

#define SPH_PMODE_TEXT 256
#define SPH_PMODE_ACTIONS 8
#define SPH_PMODE_CERTS 12
#define SPH_PMODE_JSON ((size_t)3 * 1024 * 1024) /* most octets of the stored text */
#define SPH_PARTNER_FOREIGN "foreign"            /* kind of such a partner */
#define SPH_PMODE_SCHEMA "saphan.pmode/1"
#define SPH_PMODE_SERVICE                                                                          \
    "urn:saphan:foreign:1" /* of a foreign partner, unless another is named                        \
                            */
#define SPH_PMODE_ACTION "deliver"
#define SPH_DEFAULT_MPC SPH_NS_EB "defaultMPC"
#define SPH_PROP_ORIGINAL_SENDER "originalSender"
#define SPH_PROP_FINAL_RECIPIENT "finalRecipient"

enum sph_revocation { SPH_REVOCATION_HARD, SPH_REVOCATION_SOFT, SPH_REVOCATION_OFF };

typedef struct sph_pmode {
    bool is_foreign;
    char address[SPH_PMODE_TEXT]; /* foreign: the whole https URL */
    char name[SPH_PMODE_TEXT], country[3];
    enum sph_suite suite; /* foreign: the one suite in both directions */
    char own_id[SPH_PMODE_TEXT], own_type[SPH_PMODE_TEXT];
    char partner_id[SPH_PMODE_TEXT], partner_type[SPH_PMODE_TEXT];
    char initiator_role[SPH_PMODE_TEXT], responder_role[SPH_PMODE_TEXT]; /* of sender, receiver */
    char service[SPH_PMODE_TEXT], service_type[SPH_PMODE_TEXT];          /* type "": none */
    char action[SPH_PMODE_ACTIONS][SPH_PMODE_TEXT]; /* the first is the one we send */
    size_t action_count;
    char agreement[SPH_PMODE_TEXT]; /* "": none */
    /* Channels (as4.md 12.3), "": none. What the partner pulls from us: its messages wait for it,
     * and it needs no address. What we pull from the partner. */
    char channel_out[SPH_PMODE_TEXT], channel_in[SPH_PMODE_TEXT];
    enum sph_token_ref sign_ref, encrypt_ref;
    bool is_four_corner, accepts_legacy_refs, accepts_plain, accepts_uncompressed_xml;
    uint64_t largest_message; /* bytes */
    unsigned max_parts;
    enum sph_revocation revocation;
    sph_buf crl;  /* DER of the CA's list, may be empty */
    sph_cert *ca; /* NULL: certificates are pinned by their key alone */
    struct {
        enum sph_cert_use use; /* TLS, SIGN, ENCRYPT; two of a use: current and next */
        sph_cert *cert;
    } cert[SPH_PMODE_CERTS];
    size_t cert_count;
} sph_pmode;
void sph_pmode_clear(sph_pmode *pmode);

/** Between Saphan nodes (as4.md 13.1): nobody edits it. */
SPH_MUST sph_rc sph_pmode_saphan(const char *own, const char *partner, sph_pmode *out,
                                 sph_err *err);
/** The default values towards a foreign product (docs/foreign.md): no address and no certificates
 * yet, so it is none to exchange by. */
SPH_MUST sph_rc sph_pmode_foreign(const char *own, const char *partner, sph_pmode *out,
                                  sph_err *err);
/** A stored foreign P-Mode: every member known, of its type and within its bounds; address is
 * https (or none, when the partner pulls and is not pulled from), there is a certificate for each
 * use (encryption always; signing and TLS, or a CA), of the kind the suite uses. SPH_EPARSE, the
 * frame names the member. */
SPH_MUST sph_rc sph_pmode_parse(const sph_json *json, sph_pmode *out, sph_err *err);

/** The same members in force, added to the object `out`; without certificates and CRL. */
SPH_MUST sph_rc sph_pmode_print(const sph_pmode *pmode, sph_json *out, sph_err *err);

/** What the claims of a user message miss: code SPH_EBMS_NONE when exactly this P-Mode matches
 * (security.md A-10). eb:To is judged later, after the signature. channel: the MPC that was
 * pulled and that the message must name, or NULL. */
struct sph_pmode_miss {
    enum sph_ebms code;
    bool is_identity; /* eb:From is not this partner */
    const char *rule, *detail;
};
struct sph_pmode_miss sph_pmode_match(const sph_pmode *pmode, const sph_as4_user *user,
                                      const char *channel);
/** Is this the ping service and action? */
bool sph_pmode_is_ping(const sph_as4_user *user);
/** From, To, roles, service and agreement of an outgoing message; action NULL: the P-Mode's
 * first. The strings stay the P-Mode's. */
void sph_pmode_address(const sph_pmode *pmode, bool is_ping, const char *action,
                       sph_as4_user *user);

/** The foreign partner's certificates of one use, for pins; at most SPH_PMODE_CERTS. */
size_t sph_pmode_certs(const sph_pmode *pmode, enum sph_cert_use use,
                       const sph_cert *out[SPH_PMODE_CERTS]);
/** The CA that counts now: none when revocation is hard and there is no list. */
const sph_cert *sph_pmode_ca(const sph_pmode *pmode);
/** The list that counts: none when revocation is off. */
sph_slice sph_pmode_crl(const sph_pmode *pmode);
