/** ebMS3 header values (as4.md 5) as plain data: what we write and what was claimed. Strings of a
 * received message are borrowed from the sph_as4_in it came from. */
#pragma once

#include "base/bytes.h"
#include "base/limits.h"
#include "crypto/suite.h"

#define SPH_NS_EB "http://docs.oasis-open.org/ebxml-msg/ebms/v3.0/ns/core/200704/"
#define SPH_PARTY_TYPE "urn:oasis:names:tc:ebcore:partyid-type:unregistered"
#define SPH_SERVICE "urn:saphan:service:1"
#define SPH_PING_SERVICE SPH_NS_EB "service"
#define SPH_PING_ACTION SPH_NS_EB "test"
#define SPH_PROP_CHECKPOINT "urn:saphan:ledger:checkpoint"

struct sph_as4_property {
    const char *name, *type, *value; /* type may be NULL */
};

struct sph_as4_part_info {
    const char *href;      /* "cid:…" */
    const char *mime_type; /* before compression, e.g. application/xml */
    bool is_gzip;
    const char *charset; /* may be NULL */
    const char *name;    /* property "filename", or NULL: a claim, never a path */
};
#define SPH_PART_FILENAME "filename"

typedef struct sph_as4_user {
    const char *message_id, *ref_to; /* ref_to may be NULL */
    int64_t timestamp_ms;
    const char *from, *from_type, *from_role, *to, *to_type, *to_role;
    const char *agreement, *service, *service_type, *action, *conversation_id,
        *mpc; /* NULL when absent; conversation_id may be "" */
    struct sph_as4_property property[16];
    size_t property_count;
    struct sph_as4_part_info part[33];
    size_t part_count;
} sph_as4_user;

/** The value of a message property by its name, NULL when there is none. *type (may be NULL): its
 * type or NULL. Both borrowed from the message. */
const char *sph_as4_user_property(const sph_as4_user *user, const char *name, const char **type);
#define SPH_PROP_ORIGINAL_SENDER "originalSender"
#define SPH_PROP_FINAL_RECIPIENT "finalRecipient"
#define SPH_PROP_TRACKING "trackingIdentifier"
/** as4.md 12.6: the corners behind the two access points; trackingIdentifier may be NULL. */
struct sph_as4_corners {
    const char *sender, *sender_type, *recipient, *recipient_type, *tracking;
};
/** SPH_EREFUSED when originalSender or finalRecipient is missing or has no type: EBMS:0003 where
 * the P-Mode is four-corner. Borrowed from the message. */
SPH_MUST sph_rc sph_as4_user_corners(const sph_as4_user *user, struct sph_as4_corners *out,
                                     sph_err *err);
/** Set the three properties on a message to be built; SPH_ELIMIT when there is no room. Borrowed by
 * the message. */
SPH_MUST sph_rc sph_as4_user_set_corners(sph_as4_user *user, const struct sph_as4_corners *corners,
                                         sph_err *err);

/** One reference of the signature: what a receipt must repeat. uri is percent-decoded for cid:. */
typedef struct sph_as4_ref {
    char uri[256];
    sph_hash digest;
} sph_as4_ref;
typedef struct sph_as4_refs {
    size_t count;
    sph_as4_ref ref[35];
} sph_as4_refs;
/** Same set in both directions, whatever the order. */
bool sph_as4_refs_equal(const sph_as4_refs *a, const sph_as4_refs *b);
/** Stable text form for the outbox row ("uri SP base64 LF" lines, sorted), and back. */
SPH_MUST sph_rc sph_as4_refs_print(const sph_as4_refs *refs, sph_buf *out, sph_err *err);
SPH_MUST sph_rc sph_as4_refs_parse(sph_slice text, sph_as4_refs *out, sph_err *err);

/** ebMS error codes we raise (as4.md 10). */
enum sph_ebms {
    SPH_EBMS_NONE = 0,
    SPH_EBMS_0003 = 3,
    SPH_EBMS_0004 = 4,
    SPH_EBMS_0006 = 6,
    SPH_EBMS_0007 = 7,
    SPH_EBMS_0008 = 8,
    SPH_EBMS_0009 = 9,
    SPH_EBMS_0010 = 10,
    SPH_EBMS_0011 = 11,
    SPH_EBMS_0101 = 101,
    SPH_EBMS_0102 = 102,
    SPH_EBMS_0103 = 103,
    SPH_EBMS_0202 = 202,
    SPH_EBMS_0301 = 301,
    SPH_EBMS_0302 = 302,
    SPH_EBMS_0303 = 303,
};
/** "EBMS:0101"; "" for a code we never raise. */
const char *sph_ebms_code(enum sph_ebms code);
/** "FailedAuthentication"; "Processing". */
const char *sph_ebms_name(enum sph_ebms code);
const char *sph_ebms_category(enum sph_ebms code);
/** severity="warning" (0006) or "failure". */
bool sph_ebms_is_warning(enum sph_ebms code);
