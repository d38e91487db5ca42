#include "packet/rules.h"

#include "packet/judgment.h"
#include "packet/leak_report.h"

#define CODE_ROOM 64

static void add(const struct sph_rules *rules, const char *rule, const sph_xml_node *node,
                const char *key, const char *name, const char *value)
{
    const unsigned line = sph_xml_line(node ? node : rules->packet->body);
    sph_finding_add(rules->findings, rule, line, key, name, value);
}

static const sph_xml_node *field(const struct sph_rules *rules, const char *name)
{
    return sph_xml_child(rules->packet->body, SPH_NS_PACKET, name);
}

static bool code_is(const struct sph_rules *rules, const char *name, const char *code)
{
    char value[CODE_ROOM];
    return sph_packet_child_text(rules->packet->body, name, value, sizeof(value), NULL).code ==
               SPH_OK &&
           strcmp(value, code) == 0;
}

static bool is_group_code(const char *audience)
{
    static const char *const codes[] = {"all", "gov", "ngo", "legal-aid", "la-gov", "th-gov"};
    for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++)
        if (strcmp(codes[i], audience) == 0)
            return true;
    return false;
}

bool sph_rules_is_bilateral(const sph_packet_header *header)
{
    return header->audience_count == 1 && !is_group_code(header->audience[0]);
}

/* packets.md 2: a thread is bilateral and has a number in it; a publication has none. */
static void check_thread(const struct sph_rules *rules, bool is_reply)
{
    const sph_packet_header *header = &rules->packet->header;
    if (!header->thread_id[0])
        add(rules, "PK-FIELDS", NULL, "packet.needs", "threadId", "");
    if (header->seq == 0)
        add(rules, "PK-FIELDS", NULL, "packet.needs", "seq", "");
    if (is_reply && !header->in_reply_to[0])
        add(rules, "PK-FIELDS", NULL, "packet.needs", "inReplyTo", "");
    if (!sph_rules_is_bilateral(header))
        add(rules, "PK-FIELDS", NULL, "packet.bilateral", "audience", "");
}

static void check_publication(const struct sph_rules *rules)
{
    const sph_packet_header *header = &rules->packet->header;
    if (header->thread_id[0] || header->in_reply_to[0] || header->seq != 0)
        add(rules, "PK-FIELDS", NULL, "packet.no-thread", "threadId", "");
}

/* PK-20: `information` carries nothing about a person. */
static void check_information(const struct sph_rules *rules)
{
    static const char *const personal[] = {"mandate", "caseRef", "person", "stage"};
    const sph_xml_node *root = sph_xml_root(rules->packet->doc);
    const sph_xml_node *sealed = sph_xml_child(root, SPH_NS_PACKET, "Sealed");
    const sph_xml_node *list = sph_xml_child(root, SPH_NS_PACKET, "Attachments");
    if (strcmp(rules->packet->header.personal_data, "none") != 0)
        add(rules, "PK-20", NULL, "packet.information", "personalData", "");
    for (size_t i = 0; i < sizeof(personal) / sizeof(personal[0]); i++)
        if (field(rules, personal[i]))
            add(rules, "PK-20", field(rules, personal[i]), "packet.information", personal[i], "");
    if (sealed)
        add(rules, "PK-20", sealed, "packet.information", "Sealed", "");
    for (const sph_xml_node *at = sph_xml_first(list); at; at = sph_xml_next(at))
        if (strcmp(sph_xml_attr(at, NULL, "containsPersonalData"), "true") == 0)
            add(rules, "PK-20", at, "packet.information", "attachment", "");
}

static sph_rc check_request(const struct sph_rules *rules, sph_err *err)
{
    char subtype[CODE_ROOM];
    const sph_xml_node *urgency = field(rules, "urgency");
    check_thread(rules, false);
    SPH_TRY(sph_packet_child_text(rules->packet->body, "subtype", subtype, sizeof(subtype), err),
            err, "subtype");
    if (strcmp(subtype, "information") == 0)
        check_information(rules);
    else
        add(rules, "SCOPE", field(rules, "subtype"), "packet.scope-subtype", "subtype", subtype);
    if (code_is(rules, "urgency", "court-deadline") && !sph_xml_attr(urgency, NULL, "date"))
        add(rules, "PK-FIELDS", urgency, "packet.needs", "date", "");
    return sph_ok();
}

static sph_rc check_response(const struct sph_rules *rules, sph_err *err)
{
    static const struct {
        const char *action, *needs;
    } needed[] = {{"decline", "reason"},      {"transfer", "transferTo"}, {"answer", "text"},
                  {"partial-answer", "text"}, {"ask-more", "text"},       {"reply", "text"}};
    (void)err;
    check_thread(rules, true);
    for (size_t i = 0; i < sizeof(needed) / sizeof(needed[0]); i++)
        if (code_is(rules, "action", needed[i].action) && !field(rules, needed[i].needs))
            add(rules, "PK-FIELDS", NULL, "packet.needs", needed[i].needs, needed[i].action);
    if (field(rules, "satisfaction") && !code_is(rules, "action", "close"))
        add(rules, "PK-FIELDS", field(rules, "satisfaction"), "packet.only-at-close",
            "satisfaction", "");
    return sph_ok();
}

static bool is_digits(const char *text, size_t least, size_t most)
{
    size_t len = 0;
    while (text[len] >= '0' && text[len] <= '9')
        len++;
    return text[len] == '\0' && len >= least && len <= most;
}

static bool is_contact(const char *kind, const char *value, bool has_country)
{
    const sph_slice text = sph_slice_str(value);
    if (strcmp(kind, "phone") == 0)
        return value[0] == '+' && is_digits(value + 1, 7, 15);
    if (strcmp(kind, "shortCode") == 0)
        return is_digits(value, 3, 6) && has_country;
    if (strcmp(kind, "email") == 0) {
        const size_t at = sph_slice_find(text, SPH_LIT("@"), 0);
        return at != SIZE_MAX && at > 0 && sph_slice_find(text, SPH_LIT("."), at) != SIZE_MAX;
    }
    return sph_slice_starts(text, SPH_LIT("https://"));
}

static sph_rc check_contacts(const struct sph_rules *rules, sph_err *err)
{
    char value[256];
    for (const sph_xml_node *at = field(rules, "contact"); at; at = sph_xml_next(at)) {
        const char *kind = sph_xml_attr(at, NULL, "kind");
        if (!sph_xml_is(at, SPH_NS_PACKET, "contact"))
            continue;
        SPH_TRY(sph_packet_child_text(at, "value", value, sizeof(value), err), err, "contact");
        if (!is_contact(kind, value, sph_xml_attr(at, NULL, "country") != NULL))
            add(rules, "PK-FIELDS", at, "packet.contact", "contact", kind);
    }
    return sph_ok();
}

static bool has_attachment(const sph_packet *packet, const char *id)
{
    for (size_t i = 0; i < packet->attachment_count; i++)
        if (strcmp(packet->attachments[i].id, id) == 0)
            return true;
    return false;
}

static sph_rc check_resource(const struct sph_rules *rules, sph_err *err)
{
    char text[CODE_ROOM];
    int32_t verified = 0;
    int32_t again = 0;
    check_publication(rules);
    SPH_TRY(check_contacts(rules, err), err, "contacts");
    SPH_TRY(sph_packet_child_text(rules->packet->body, "lastVerified", text, sizeof(text), err),
            err, "lastVerified");
    SPH_TRY(sph_rules_days(text, &verified, err), err, "lastVerified");
    SPH_TRY(sph_packet_child_text(rules->packet->body, "reverifyBy", text, sizeof(text), err), err,
            "reverifyBy");
    SPH_TRY(sph_rules_days(text, &again, err), err, "reverifyBy");
    if (again <= verified)
        add(rules, "PK-FIELDS", field(rules, "reverifyBy"), "packet.reverify", "reverifyBy", text);
    SPH_TRY(sph_packet_child_text(rules->packet->body, "document", text, sizeof(text), err), err,
            "document");
    if (text[0] && !has_attachment(rules->packet, text))
        add(rules, "PK-FIELDS", field(rules, "document"), "packet.no-attachment", "document", text);
    return sph_ok();
}

/* AKN-07: two different people answer for the anonymisation of what the public may read. */
static void check_anonymisation(const struct sph_rules *rules)
{
    const sph_xml_node *node = field(rules, "anonymisation");
    const char *by = sph_xml_attr(node, NULL, "byRole");
    const char *second = sph_xml_attr(node, NULL, "secondRole");
    if (rules->packet->header.classification == SPH_CLASS_PUBLIC && by && second &&
        strcmp(by, second) == 0)
        add(rules, "AKN-07", node, "akn.two-people", "anonymisation", by);
}

static sph_rc check_case_law(const struct sph_rules *rules, sph_err *err)
{
    struct sph_judgment_facts facts;
    const sph_xml_node *document = field(rules, "document");
    const sph_xml_node *judgment = sph_xml_first(document);
    const char *form = sph_xml_attr(document, NULL, "form");
    check_publication(rules);
    check_anonymisation(rules);
    if ((judgment != NULL) != (form && strcmp(form, "akn") == 0)) {
        add(rules, "PK-FIELDS", document, "packet.document-form", "document", "");
        return sph_ok();
    }
    if (!judgment)
        return sph_ok();
    SPH_TRY(sph_judgment_check(judgment, rules->context->now_ms, &facts, rules->findings, err), err,
            "judgment");
    SPH_TRY(sph_leak_judgment(judgment, false,
                              rules->context->is_sending ? rules->context->names : NULL,
                              rules->findings, err),
            err, "leak screen");
    if (!code_is(rules, "decisionDate", facts.date))
        add(rules, "PK-FIELDS", field(rules, "decisionDate"), "packet.decision-date",
            "decisionDate", facts.date);
    return sph_ok();
}

static sph_rc check_directory(const struct sph_rules *rules, sph_err *err)
{
    const sph_packet_header *header = &rules->packet->header;
    (void)err;
    check_publication(rules);
    if (!code_is(rules, "party", header->issuer))
        add(rules, "CARD", field(rules, "party"), "card.party", "party", "");
    if (!code_is(rules, "mode", header->mode))
        add(rules, "CARD", field(rules, "mode"), "card.mode", "mode", "");
    return sph_ok();
}

sph_rc sph_rules_type(const struct sph_rules *rules, sph_err *err)
{
    static sph_rc (*const checks[SPH_PACKET_TYPE_COUNT])(const struct sph_rules *, sph_err *) = {
        [SPH_PACKET_CASE_LAW] = check_case_law,
        [SPH_PACKET_ASSISTANCE_REQUEST] = check_request,
        [SPH_PACKET_ASSISTANCE_RESPONSE] = check_response,
        [SPH_PACKET_RESOURCE] = check_resource,
        [SPH_PACKET_DIRECTORY] = check_directory,
        [SPH_PACKET_NOTICE] = sph_rules_notice,
    };
    return checks[rules->packet->header.type](rules, err);
}
