#include "packet/rules.h"

#include "base/codec.h"

#define NONCE_LEAST 16
#define NONCE_MOST 64
#define CLOCK_SKEW_MS 300000

static unsigned line_of(const struct sph_rules *rules, const char *name)
{
    const sph_xml_node *header =
        sph_xml_child(sph_xml_root(rules->packet->doc), SPH_NS_PACKET, "Header");
    return sph_xml_line(sph_xml_child(header, SPH_NS_PACKET, name));
}

static void add(const struct sph_rules *rules, const char *rule, const char *key, const char *name,
                const char *value)
{
    sph_finding_add(rules->findings, rule, line_of(rules, name), key, name, value);
}

/* PK-01, form only: whether it was seen before is the exchange's to say. */
static sph_rc check_nonce(const struct sph_rules *rules, sph_err *err)
{
    SPH_AUTO(sph_buf) nonce = sph_buf_init(NONCE_MOST);
    const sph_slice text = sph_slice_str(rules->packet->header.nonce);
    const sph_rc rc = sph_base64_decode(text, &nonce, NULL);
    if (rc.code == SPH_ENOMEM)
        return sph_fail(err, rc.code, "nonce");
    if (rc.code != SPH_OK || nonce.len < NONCE_LEAST)
        add(rules, "PK-01", "packet.nonce", "nonce", "");
    return sph_ok();
}

/* PK-02 */
static void check_mode(const struct sph_rules *rules)
{
    const char *mode = rules->packet->header.mode;
    if (strcmp(mode, rules->context->mode) != 0)
        add(rules, "PK-02", "packet.mode", "mode", mode);
}

static const sph_xml_node *consent_of(const struct sph_rules *rules)
{
    const sph_xml_node *header =
        sph_xml_child(sph_xml_root(rules->packet->doc), SPH_NS_PACKET, "Header");
    return sph_xml_child(header, SPH_NS_PACKET, "consent");
}

static bool says(const sph_xml_node *node, const char *text)
{
    char value[64];
    return sph_xml_value_text(node, value, sizeof(value), NULL).code == SPH_OK &&
           strcmp(value, text) == 0;
}

static bool is_based_on_consent(const struct sph_rules *rules)
{
    const sph_xml_node *header =
        sph_xml_child(sph_xml_root(rules->packet->doc), SPH_NS_PACKET, "Header");
    for (const sph_xml_node *at = sph_xml_first(header); at; at = sph_xml_next(at))
        if (sph_xml_is(at, SPH_NS_PACKET, "legalBasis") && says(at, "consent"))
            return true;
    return false;
}

static bool has_consented(const sph_xml_node *consent)
{
    for (const sph_xml_node *at = sph_xml_first(consent); at; at = sph_xml_next(at)) {
        const char *question = sph_xml_attr(at, NULL, "q");
        if (question && strcmp(question, "consents") == 0)
            return says(at, "yes");
    }
    return false;
}

static bool is_withheld_from(const sph_xml_node *consent, const char *party)
{
    for (const sph_xml_node *at = sph_xml_first(consent); at; at = sph_xml_next(at))
        if (sph_xml_is(at, SPH_NS_PACKET, "withheldFrom") && says(at, party))
            return true;
    return false;
}

/* PK-03 */
void sph_rules_consent(const struct sph_rules *rules)
{
    const sph_packet_header *header = &rules->packet->header;
    const sph_xml_node *consent = consent_of(rules);
    if (strcmp(header->personal_data, "none") == 0 || !is_based_on_consent(rules))
        return;
    if (!consent) {
        add(rules, "PK-03", "packet.consent-missing", "consent", "");
        return;
    }
    if (!has_consented(consent) && !sph_xml_child(consent, SPH_NS_PACKET, "overridden"))
        add(rules, "PK-03", "packet.consent-no", "consent", "");
    const char *kind = rules->context->self_kind;
    for (size_t i = 0; i < header->audience_count; i++)
        if (is_withheld_from(consent, header->audience[i]) ||
            (kind && is_withheld_from(consent, kind)))
            add(rules, "PK-03", "packet.consent-withheld", "audience", "");
}

/* PK-04, and what this version does not carry: personal data in any form but a published judgment's
 * pseudonyms. */
static void check_personal_data(const struct sph_rules *rules)
{
    const sph_packet_header *header = &rules->packet->header;
    const sph_xml_node *sealed =
        sph_xml_child(sph_xml_root(rules->packet->doc), SPH_NS_PACKET, "Sealed");
    const bool is_identifying = strcmp(header->personal_data, "identifying") == 0;
    if (is_identifying && (header->classification != SPH_CLASS_SEALED || !sealed))
        add(rules, "PK-04", "packet.identifying", "personalData", "");
    if (sealed && header->type != SPH_PACKET_ASSISTANCE_REQUEST)
        sph_finding_add(rules->findings, "SCOPE", sph_xml_line(sealed), "packet.scope-sealed",
                        "Sealed", "");
    if (header->classification == SPH_CLASS_SEALED)
        add(rules, "SCOPE", "packet.scope-sealed", "classification", "");
    if (strcmp(header->personal_data, "none") != 0 && header->type != SPH_PACKET_CASE_LAW)
        add(rules, "SCOPE", "packet.scope-personal", "personalData", "");
}

int32_t sph_retention_days(const char *retention_class)
{
    /* packets.md 6, counted from issue: the time a thread may stay open is added to R1 and R3. */
    static const struct {
        const char *name;
        int32_t days;
    } classes[] = {{"R0", 3653}, {"R1", 1096}, {"R2", 1827}, {"R3", 3653}, {"R5", 731}, {"R6", 30}};
    for (size_t i = 0; i < sizeof(classes) / sizeof(classes[0]); i++)
        if (strcmp(classes[i].name, retention_class) == 0)
            return classes[i].days;
    return 0;
}

sph_rc sph_rules_days(const char *date, int32_t *days, sph_err *err)
{
    return sph_date_parse(sph_slice_str(date), days, err);
}

static int32_t day_of(int64_t ms)
{
    return (int32_t)(ms / SPH_DAY_MS);
}

static sph_rc check_until(const struct sph_rules *rules, sph_err *err)
{
    const sph_packet_header *header = &rules->packet->header;
    int32_t until = 0;
    SPH_TRY(sph_rules_days(header->retention_until, &until, err), err, "retention");
    const int32_t issued = day_of(header->issued_ms);
    if (until <= issued)
        add(rules, "PK-07", "packet.until-past", "retention", header->retention_until);
    else if (until - issued > sph_retention_days(header->retention_class))
        add(rules, "PK-07", "packet.until-long", "retention", header->retention_until);
    return sph_ok();
}

/* PK-07 */
static sph_rc check_times(const struct sph_rules *rules, sph_err *err)
{
    const sph_packet_header *header = &rules->packet->header;
    const sph_xml_node *node =
        sph_xml_child(sph_xml_root(rules->packet->doc), SPH_NS_PACKET, "Header");
    char expires[16];
    int32_t days = 0;
    if (header->issued_ms > rules->context->now_ms + CLOCK_SKEW_MS)
        add(rules, "PK-07", "packet.issued-future", "issuedAt", "");
    SPH_TRY(check_until(rules, err), err, "retention");
    SPH_TRY(sph_packet_child_text(node, "expires", expires, sizeof(expires), err), err, "expires");
    if (!expires[0])
        return sph_ok();
    SPH_TRY(sph_rules_days(expires, &days, err), err, "expires");
    if (days <= day_of(header->issued_ms))
        add(rules, "PK-07", "packet.expires-past", "expires", expires);
    return sph_ok();
}

/* packets.md 1: the organisation signs when it issues. */
static void check_signing_time(const struct sph_rules *rules)
{
    const int64_t apart = rules->signing_ms - rules->packet->header.issued_ms;
    if (apart > SPH_DAY_MS || apart < -SPH_DAY_MS)
        add(rules, "SIG", "packet.sig-time", "issuedAt", "");
}

sph_rc sph_rules_header(const struct sph_rules *rules, sph_err *err)
{
    SPH_TRY(check_nonce(rules, err), err, "nonce");
    check_mode(rules);
    sph_rules_consent(rules);
    check_personal_data(rules);
    check_signing_time(rules);
    return check_times(rules, err);
}
