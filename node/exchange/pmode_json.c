#include <stddef.h>
#include <string.h>

#include "base/codec.h"
#include "exchange/pmode.h"

#define CRL_MAX ((size_t)1 << 20)
#define CERT_MAX ((size_t)16384)
#define LARGEST_MIN 1024
#define LARGEST_MAX INT64_C(2147483648)
#define PARTS_MAX 32

static const char *const token_names[] = {"bst-x509v3", "bst-pkipath", "ski", "issuer-serial"};
static const char *const revocation_names[] = {"hard", "soft", "off"};
/* TLS, SIGN, ENCRYPT; the CA has no use of its own in crypto. */
static const char *const use_names[] = {NULL, "tls", "sign", "encrypt"};

static sph_rc choose(const char *value, const char *const *names, size_t count, size_t *out,
                     sph_err *err)
{
    for (size_t i = 0; i < count; i++) {
        if (names[i] && strcmp(names[i], value) == 0) {
            *out = i;
            return sph_ok();
        }
    }
    return sph_fail(err, SPH_EPARSE, "a value that is not known here");
}

/** Text without control characters, at most 255 octets (as4.md 14.1). */
static sph_rc take_text(const sph_json *value, char out[SPH_PMODE_TEXT], sph_err *err)
{
    const char *text = sph_json_as_text(value);
    if (!text)
        return sph_fail(err, SPH_EPARSE, "must be a text");
    for (const char *at = text; *at; at++)
        if ((unsigned char)*at < 0x20 || *at == 0x7f)
            return sph_fail(err, SPH_EPARSE, "a control character");
    if (sph_str_copy(out, SPH_PMODE_TEXT, sph_slice_str(text), err).code != SPH_OK)
        return sph_fail(err, SPH_EPARSE, "more than 255 octets");
    return sph_ok();
}

static sph_rc take_bool(const sph_json *value, bool *out, sph_err *err)
{
    if (sph_json_kind_of(value) != SPH_JSON_BOOL)
        return sph_fail(err, SPH_EPARSE, "must be true or false");
    *out = sph_json_as_bool(value, false);
    return sph_ok();
}

static sph_rc take_int(const sph_json *value, int64_t least, int64_t most, int64_t *out,
                       sph_err *err)
{
    const int64_t number = sph_json_as_int(value, -1);
    if (sph_json_kind_of(value) != SPH_JSON_INT || number < least || number > most)
        return sph_fail(err, SPH_EPARSE, "must be a number from %lld to %lld", (long long)least,
                        (long long)most);
    *out = number;
    return sph_ok();
}

/* Members whose value has a place of its own in the record: read and printed by the same names. */
struct member {
    const char *key;
    size_t at;
};
static const struct member texts[] = {{"address", offsetof(sph_pmode, address)},
                                      {"name", offsetof(sph_pmode, name)},
                                      {"ownId", offsetof(sph_pmode, own_id)},
                                      {"ownType", offsetof(sph_pmode, own_type)},
                                      {"partnerId", offsetof(sph_pmode, partner_id)},
                                      {"partnerType", offsetof(sph_pmode, partner_type)},
                                      {"initiatorRole", offsetof(sph_pmode, initiator_role)},
                                      {"responderRole", offsetof(sph_pmode, responder_role)},
                                      {"service", offsetof(sph_pmode, service)},
                                      {"serviceType", offsetof(sph_pmode, service_type)},
                                      {"agreement", offsetof(sph_pmode, agreement)},
                                      {"channelOut", offsetof(sph_pmode, channel_out)},
                                      {"channelIn", offsetof(sph_pmode, channel_in)}};
static const struct member flags[] = {
    {"fourCorner", offsetof(sph_pmode, is_four_corner)},
    {"legacyRefs", offsetof(sph_pmode, accepts_legacy_refs)},
    {"plainParts", offsetof(sph_pmode, accepts_plain)},
    {"uncompressedXml", offsetof(sph_pmode, accepts_uncompressed_xml)}};
enum { TEXTS = sizeof(texts) / sizeof(texts[0]), FLAGS = sizeof(flags) / sizeof(flags[0]) };

static const struct member *find(const struct member *members, size_t count, const char *key)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(members[i].key, key) == 0)
            return &members[i];
    return NULL;
}

static void *place(sph_pmode *pmode, const struct member *member)
{
    return (char *)pmode + member->at;
}

static const void *peek(const sph_pmode *pmode, const struct member *member)
{
    return (const char *)pmode + member->at;
}

static sph_rc take_actions(sph_pmode *pmode, const sph_json *list, sph_err *err)
{
    const size_t count = sph_json_count(list);
    if (sph_json_kind_of(list) != SPH_JSON_ARRAY || count == 0 || count > SPH_PMODE_ACTIONS)
        return sph_fail(err, SPH_EPARSE, "must be a list of 1 to %d actions", SPH_PMODE_ACTIONS);
    for (size_t i = 0; i < count; i++) {
        SPH_TRY(take_text(sph_json_at(list, i), pmode->action[i], err), err, "action");
        if (!pmode->action[i][0])
            return sph_fail(err, SPH_EPARSE, "an action is empty");
    }
    pmode->action_count = count;
    return sph_ok();
}

static sph_rc take_choice(sph_pmode *pmode, const char *key, const sph_json *value, sph_err *err)
{
    size_t at = 0;
    const char *text = sph_json_as_text(value);
    if (!text)
        return sph_fail(err, SPH_EPARSE, "must be a text");
    if (strcmp(key, "suite") == 0)
        return sph_suite_of(sph_slice_str(text), &pmode->suite, err);
    if (strcmp(key, "revocation") == 0) {
        SPH_TRY(choose(text, revocation_names, 3, &at, err), err, "revocation");
        pmode->revocation = (enum sph_revocation)at;
        return sph_ok();
    }
    SPH_TRY(choose(text, token_names, 4, &at, err), err, "token form");
    *(strcmp(key, "signRef") == 0 ? &pmode->sign_ref : &pmode->encrypt_ref) =
        (enum sph_token_ref)at;
    return sph_ok();
}

static sph_rc take_der(const sph_json *value, size_t most, sph_buf *out, sph_err *err)
{
    const char *text = sph_json_as_text(value);
    if (!text)
        return sph_fail(err, SPH_EPARSE, "must be base64");
    *out = sph_buf_init(most);
    return sph_base64_decode(sph_slice_str(text), out, err);
}

static sph_rc parse_cert(const sph_json *row, sph_cert **out, sph_err *err)
{
    SPH_AUTO(sph_buf) der = {0};
    SPH_TRY(take_der(sph_json_get(row, "der"), CERT_MAX, &der, err), err, "certificate");
    return sph_cert_parse(sph_buf_peek(&der), out, err);
}

/** D13: a key of a kind that this product does not use has none here; RSA below 3072 bits too. */
static sph_rc take_cert(sph_pmode *pmode, const sph_json *row, sph_err *err)
{
    SPH_AUTO_PTR(sph_cert) *cert = NULL;
    size_t use = 0;
    const char *name = sph_json_get_text(row, "use");
    if (!name || sph_json_count(row) != 2)
        return sph_fail(err, SPH_EPARSE, "a certificate has use and der");
    SPH_TRY(parse_cert(row, &cert, err), err, "certificate");
    if (strcmp(name, "ca") == 0) {
        if (pmode->ca)
            return sph_fail(err, SPH_EPARSE, "two CAs");
        pmode->ca = sph_move(cert);
        return sph_ok();
    }
    SPH_TRY(choose(name, use_names, 4, &use, err), err, "use");
    if (pmode->cert_count == SPH_PMODE_CERTS)
        return sph_fail(err, SPH_EPARSE, "more than %d certificates", SPH_PMODE_CERTS);
    if (!sph_cert_peek_key(cert))
        return sph_fail(err, SPH_EPARSE,
                        "a certificate whose key is of no kind used here, or RSA below 3072 bits");
    pmode->cert[pmode->cert_count].use = (enum sph_cert_use)use;
    pmode->cert[pmode->cert_count++].cert = sph_move(cert);
    return sph_ok();
}

static sph_rc take_certs(sph_pmode *pmode, const sph_json *list, sph_err *err)
{
    if (sph_json_kind_of(list) != SPH_JSON_ARRAY)
        return sph_fail(err, SPH_EPARSE, "must be a list");
    for (size_t i = 0; i < sph_json_count(list); i++)
        SPH_TRY(take_cert(pmode, sph_json_at(list, i), err), err, "certificate %zu", i + 1);
    return sph_ok();
}

static sph_rc take_other(sph_pmode *pmode, const char *key, const sph_json *value, sph_err *err)
{
    int64_t number = 0;
    char country[SPH_PMODE_TEXT];
    if (strcmp(key, "largestMessage") == 0) {
        SPH_TRY(take_int(value, LARGEST_MIN, LARGEST_MAX, &number, err), err, "largest");
        pmode->largest_message = (uint64_t)number;
        return sph_ok();
    }
    if (strcmp(key, "maxParts") == 0) {
        SPH_TRY(take_int(value, 0, PARTS_MAX, &number, err), err, "parts");
        pmode->max_parts = (unsigned)number;
        return sph_ok();
    }
    if (strcmp(key, "actions") == 0)
        return take_actions(pmode, value, err);
    if (strcmp(key, "certificates") == 0)
        return take_certs(pmode, value, err);
    if (strcmp(key, "crl") == 0)
        return take_der(value, CRL_MAX, &pmode->crl, err);
    if (strcmp(key, "country") == 0) {
        SPH_TRY(take_text(value, country, err), err, "country");
        return sph_str_copy(pmode->country, 3, sph_slice_str(country), err);
    }
    return sph_fail(err, SPH_EPARSE, "no such member");
}

static bool is_choice(const char *key)
{
    return strcmp(key, "suite") == 0 || strcmp(key, "signRef") == 0 ||
           strcmp(key, "encryptRef") == 0 || strcmp(key, "revocation") == 0;
}

static sph_rc take_member(sph_pmode *pmode, const char *key, const sph_json *value, sph_err *err)
{
    const struct member *text = find(texts, TEXTS, key);
    const struct member *flag = find(flags, FLAGS, key);
    if (text)
        return take_text(value, place(pmode, text), err);
    if (flag)
        return take_bool(value, place(pmode, flag), err);
    return is_choice(key) ? take_choice(pmode, key, value, err)
                          : take_other(pmode, key, value, err);
}

static sph_rc check_kinds(const sph_pmode *pmode, sph_err *err)
{
    for (size_t i = 0; i < pmode->cert_count; i++) {
        const enum sph_key_kind kind = sph_pubkey_kind_of(sph_cert_peek_key(pmode->cert[i].cert));
        const enum sph_cert_use use = pmode->cert[i].use;
        if ((use == SPH_USE_SIGN && kind != sph_suite_sign_kind(pmode->suite)) ||
            (use == SPH_USE_ENCRYPT && kind != sph_suite_encrypt_kind(pmode->suite)))
            return sph_fail(err, SPH_EPARSE, "certificates: a key of another kind than %s uses",
                            sph_suite_name(pmode->suite));
    }
    return sph_ok();
}

/** as4.md 12.3: the default channel is everybody's, so it is nobody's; a name is a URI without
 * spaces. */
static sph_rc check_channel(const char *key, const char *mpc, sph_err *err)
{
    if (strcmp(mpc, SPH_DEFAULT_MPC) == 0)
        return sph_fail(err, SPH_EPARSE, "%s: the default channel belongs to nobody", key);
    if (mpc[0] && (!strchr(mpc, ':') || strchr(mpc, ' ')))
        return sph_fail(err, SPH_EPARSE, "%s: a channel is named by a URI", key);
    return sph_ok();
}

/** A partner that only pulls has nothing to be reached at. */
static sph_rc check_reach(const sph_pmode *pmode, sph_err *err)
{
    static const sph_slice https = {(const uint8_t *)"https://", 8};
    const bool needs_none = pmode->channel_out[0] && !pmode->channel_in[0];
    SPH_TRY(check_channel("channelOut", pmode->channel_out, err), err, "channelOut");
    SPH_TRY(check_channel("channelIn", pmode->channel_in, err), err, "channelIn");
    if (needs_none && !pmode->address[0])
        return sph_ok();
    if (!sph_slice_starts(sph_slice_str(pmode->address), https) || !pmode->address[https.len])
        return sph_fail(err, SPH_EPARSE, "address: an https:// address is needed");
    return sph_ok();
}

static sph_rc check_whole(const sph_pmode *pmode, sph_err *err)
{
    const sph_cert *certs[SPH_PMODE_CERTS];
    SPH_TRY(check_reach(pmode, err), err, "address and channels");
    if (!pmode->own_id[0] || !pmode->partner_id[0] || !pmode->service[0] ||
        !pmode->initiator_role[0] || !pmode->responder_role[0] || pmode->action_count == 0)
        return sph_fail(err, SPH_EPARSE, "party ids, roles, service and actions may not be empty");
    if (strcmp(pmode->service, SPH_PING_SERVICE) == 0)
        return sph_fail(err, SPH_EPARSE, "service: this one is for pings alone");
    if (sph_pmode_certs(pmode, SPH_USE_ENCRYPT, certs) == 0)
        return sph_fail(err, SPH_EPARSE, "certificates: none to encrypt to");
    if (!pmode->ca && (sph_pmode_certs(pmode, SPH_USE_SIGN, certs) == 0 ||
                       sph_pmode_certs(pmode, SPH_USE_TLS, certs) == 0))
        return sph_fail(err, SPH_EPARSE, "certificates: none for signatures or for TLS, and no CA");
    return check_kinds(pmode, err);
}

static sph_rc fill(sph_pmode *pmode, const sph_json *json, sph_err *err)
{
    const char *schema = sph_json_get_text(json, "schema");
    if (!schema || strcmp(schema, SPH_PMODE_SCHEMA) != 0)
        return sph_fail(err, SPH_EPARSE, "not a " SPH_PMODE_SCHEMA);
    for (const char *key = sph_json_next_key(json, NULL); key; key = sph_json_next_key(json, key))
        if (strcmp(key, "schema") != 0)
            SPH_TRY(take_member(pmode, key, sph_json_get(json, key), err), err, "%s", key);
    return check_whole(pmode, err);
}

/** What holds for a member that is not there. */
static sph_pmode base(void)
{
    return (sph_pmode){.is_foreign = true,
                       .suite = SPH_SUITE_EDELIVERY_1_15,
                       .max_parts = PARTS_MAX,
                       .largest_message = UINT64_C(268435456),
                       .revocation = SPH_REVOCATION_SOFT,
                       .country = "--"};
}

sph_rc sph_pmode_foreign(const char *own, const char *partner, sph_pmode *out, sph_err *err)
{
    sph_pmode names, pmode = base();
    SPH_TRY(sph_pmode_saphan(own, partner, &names, err), err, "party ids and roles");
    for (size_t i = 0; i < TEXTS; i++)
        SPH_TRY(sph_str_copy(place(&pmode, &texts[i]), SPH_PMODE_TEXT,
                             sph_slice_str(peek(&names, &texts[i])), err),
                err, "%s", texts[i].key);
    SPH_TRY(sph_str_copy(pmode.service, SPH_PMODE_TEXT, SPH_LIT(SPH_PMODE_SERVICE), err), err,
            "service");
    SPH_TRY(sph_str_copy(pmode.action[0], SPH_PMODE_TEXT, SPH_LIT(SPH_PMODE_ACTION), err), err,
            "action");
    pmode.action_count = 1;
    pmode.accepts_plain = true;
    *out = pmode;
    return sph_ok();
}

sph_rc sph_pmode_parse(const sph_json *json, sph_pmode *out, sph_err *err)
{
    sph_pmode pmode = base();
    const sph_rc rc = fill(&pmode, json, err);
    if (rc.code != SPH_OK) {
        sph_pmode_clear(&pmode);
        return rc.code == SPH_ENOMEM ? rc : (sph_rc){SPH_EPARSE};
    }
    *out = pmode;
    return sph_ok();
}

static sph_rc print_text(sph_json *out, const char *key, const char *text, sph_err *err)
{
    SPH_TRY(sph_json_set(out, key, sph_json_text(text), err), err, "%s", key);
    return sph_ok();
}

static sph_rc print_actions(const sph_pmode *pmode, sph_json *out, sph_err *err)
{
    SPH_AUTO_PTR(sph_json) *list = sph_json_array();
    for (size_t i = 0; i < pmode->action_count; i++)
        SPH_TRY(sph_json_add(list, sph_json_text(pmode->action[i]), err), err, "action");
    return sph_json_set(out, "actions", sph_move(list), err);
}

sph_rc sph_pmode_print(const sph_pmode *pmode, sph_json *out, sph_err *err)
{
    for (size_t i = 0; i < TEXTS; i++)
        SPH_TRY(print_text(out, texts[i].key, peek(pmode, &texts[i]), err), err, "text");
    for (size_t i = 0; i < FLAGS; i++)
        SPH_TRY(sph_json_set(out, flags[i].key,
                             sph_json_bool(*(const bool *)peek(pmode, &flags[i])), err),
                err, "%s", flags[i].key);
    SPH_TRY(print_text(out, "country", pmode->country, err), err, "text");
    SPH_TRY(print_text(out, "suite", sph_suite_name(pmode->suite), err), err, "text");
    SPH_TRY(print_text(out, "signRef", token_names[pmode->sign_ref], err), err, "text");
    SPH_TRY(print_text(out, "encryptRef", token_names[pmode->encrypt_ref], err), err, "text");
    SPH_TRY(print_text(out, "revocation", revocation_names[pmode->revocation], err), err, "text");
    SPH_TRY(print_actions(pmode, out, err), err, "actions");
    SPH_TRY(sph_json_set(out, "largestMessage", sph_json_int((int64_t)pmode->largest_message), err),
            err, "largest");
    return sph_json_set(out, "maxParts", sph_json_int(pmode->max_parts), err);
}
