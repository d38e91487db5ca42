#include "packet/rules.h"

#define SEND 1u
#define READ 2u
#define ANSWER 4u
#define ANSWER_INFORMATION 8u
#define SEND_HOTLINE 16u
#define TYPES SPH_PACKET_TYPE_COUNT

/* packets.md 8, one row a party: kind, country ("" = every country), then what it may do by type.
 * What has no row, or an empty cell, is refused. The card is everybody's own and has no cell. */
static const struct row {
    const char *kind, *country;
    uint8_t may[TYPES];
} rows[] = {
#define ROW(kind, country, law, request, response, resource, notice)                               \
    {                                                                                              \
        kind, country,                                                                             \
        {                                                                                          \
            [SPH_PACKET_CASE_LAW] = (law), [SPH_PACKET_ASSISTANCE_REQUEST] = (request),            \
            [SPH_PACKET_ASSISTANCE_RESPONSE] = (response), [SPH_PACKET_RESOURCE] = (resource),     \
            [SPH_PACKET_NOTICE] = (notice)                                                         \
        }                                                                                          \
    }
#define THREAD (SEND | ANSWER)
#define NOTICE (SEND | READ)
    ROW("legal-aid", "LA", SEND | READ, THREAD, THREAD, READ, NOTICE),
    ROW("legal-aid", "TH", SEND | READ, THREAD, THREAD, READ, NOTICE),
    ROW("mass-organisation", "LA", READ, THREAD, THREAD, SEND | READ, NOTICE),
    ROW("social-ministry", "LA", READ, THREAD, THREAD, SEND | READ, NOTICE),
    ROW("police", "LA", READ, THREAD, THREAD, SEND_HOTLINE | READ, NOTICE),
    ROW("ngo", "TH", SEND | READ, THREAD, THREAD, SEND | READ, NOTICE),
    ROW("social-ministry", "TH", SEND | READ, THREAD, THREAD, SEND | READ, NOTICE),
    ROW("court", "", SEND | READ, ANSWER_INFORMATION, ANSWER_INFORMATION, READ, NOTICE),
    ROW("prosecutor", "", SEND | READ, ANSWER_INFORMATION, ANSWER_INFORMATION, READ, NOTICE),
    ROW("international", "", READ, 0, 0, READ, 0),
};

static unsigned allowed(const char *kind, const char *country, enum sph_packet_type type)
{
    if (!kind || !country)
        return 0;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        if (strcmp(rows[i].kind, kind) == 0 &&
            (rows[i].country[0] == '\0' || strcmp(rows[i].country, country) == 0))
            return rows[i].may[type];
    return 0;
}

static bool is_subtype(const struct sph_rules *rules, const char *code)
{
    char subtype[64];
    return sph_packet_child_text(rules->packet->body, "subtype", subtype, sizeof(subtype), NULL)
                   .code == SPH_OK &&
           strcmp(subtype, code) == 0;
}

/* Who may write this. A response is a move of either side: of one who asks or of one who answers.
 */
static bool may_send(const struct sph_rules *rules, unsigned may)
{
    switch (rules->packet->header.type) {
    case SPH_PACKET_ASSISTANCE_RESPONSE:
        return (may & (SEND | ANSWER | ANSWER_INFORMATION)) != 0;
    case SPH_PACKET_RESOURCE:
        return (may & SEND) != 0 || ((may & SEND_HOTLINE) != 0 && is_subtype(rules, "hotline"));
    case SPH_PACKET_CASE_LAW:
    case SPH_PACKET_ASSISTANCE_REQUEST:
    case SPH_PACKET_DIRECTORY:
    case SPH_PACKET_NOTICE:
    case SPH_PACKET_TYPE_COUNT:
        break;
    }
    return (may & SEND) != 0;
}

static bool may_receive(const struct sph_rules *rules, unsigned may)
{
    switch (rules->packet->header.type) {
    case SPH_PACKET_ASSISTANCE_REQUEST:
        return (may & ANSWER) != 0 ||
               ((may & ANSWER_INFORMATION) != 0 && is_subtype(rules, "information"));
    case SPH_PACKET_ASSISTANCE_RESPONSE:
        return (may & (SEND | ANSWER | ANSWER_INFORMATION)) != 0;
    case SPH_PACKET_CASE_LAW:
    case SPH_PACKET_RESOURCE:
    case SPH_PACKET_DIRECTORY:
    case SPH_PACKET_NOTICE:
    case SPH_PACKET_TYPE_COUNT:
        break;
    }
    return (may & READ) != 0;
}

static bool is_one_of(const char *text, const char *const *list)
{
    for (; *list; list++)
        if (strcmp(text, *list) == 0)
            return true;
    return false;
}

/* Audience codes (packets.md 8): a group is a rule on kind and country, never a list of parties. */
static bool is_in_group(const char *code, const char *kind, const char *country)
{
    static const char *const gov[] = {"social-ministry", "police", "court", "prosecutor", NULL};
    if (strcmp(code, "all") == 0)
        return true;
    if (!kind || !country)
        return false;
    if (strcmp(code, "ngo") == 0 || strcmp(code, "legal-aid") == 0)
        return strcmp(kind, code) == 0;
    const bool is_gov = is_one_of(kind, gov) ||
                        (strcmp(kind, "mass-organisation") == 0 && strcmp(country, "LA") == 0);
    if (strcmp(code, "gov") == 0)
        return is_gov;
    if (strcmp(code, "la-gov") == 0)
        return is_gov && strcmp(country, "LA") == 0;
    return strcmp(code, "th-gov") == 0 && is_gov && strcmp(country, "TH") == 0;
}

static bool is_addressed(const struct sph_rules *rules)
{
    const sph_packet_header *header = &rules->packet->header;
    const struct sph_packet_context *context = rules->context;
    for (size_t i = 0; i < header->audience_count; i++)
        if (strcmp(header->audience[i], context->self) == 0 ||
            is_in_group(header->audience[i], context->self_kind, context->self_country))
            return true;
    return false;
}

static void add(const struct sph_rules *rules, const char *key, const char *value)
{
    const sph_xml_node *header =
        sph_xml_child(sph_xml_root(rules->packet->doc), SPH_NS_PACKET, "Header");
    const unsigned line = sph_xml_line(sph_xml_child(header, SPH_NS_PACKET, "audience"));
    sph_finding_add(rules->findings, "PK-06", line, key,
                    sph_packet_type_name(rules->packet->header.type), value);
}

/** The rule is on kind and country: people are told both. */
static void add_kind(const struct sph_rules *rules, const char *key, const char *kind,
                     const char *country)
{
    char both[SPH_FINDING_VALUE];
    const bool is_whole =
        kind && country &&
        sph_str_format(both, sizeof(both), NULL, "%s %s", kind, country).code == SPH_OK;
    add(rules, key, is_whole ? both : kind);
}

sph_rc sph_rules_matrix(const struct sph_rules *rules, sph_err *err)
{
    const struct sph_packet_context *context = rules->context;
    const enum sph_packet_type type = rules->packet->header.type;
    (void)err;
    if (context->self && !is_addressed(rules))
        add(rules, "packet.audience", context->self);
    if (type == SPH_PACKET_DIRECTORY)
        return sph_ok();
    if (!may_send(rules, allowed(context->issuer_kind, context->issuer_country, type)))
        add_kind(rules, "packet.matrix-send", context->issuer_kind, context->issuer_country);
    if (!may_receive(rules, allowed(context->self_kind, context->self_country, type)))
        add_kind(rules, "packet.matrix-receive", context->self_kind, context->self_country);
    return sph_ok();
}
