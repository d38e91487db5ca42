#include "packet/fields.h"

#define MANY 255
#define ATTRIBUTE(name, kind, min, level, list)                                                    \
    {                                                                                              \
        name, SPH_FIELD_##kind, min, 1, level, true, list, NULL                                    \
    }
#define ELEMENT(name, kind, min, max, level, list, parts)                                          \
    {                                                                                              \
        name, SPH_FIELD_##kind, min, max, level, false, list, parts                                \
    }
#define END                                                                                        \
    {                                                                                              \
        NULL, SPH_FIELD_TOKEN, 0, 0, 0, false, NULL, NULL                                          \
    }

static const sph_field issuer[] = {
    ATTRIBUTE("party", TOKEN, 1, 0, NULL),
    ATTRIBUTE("unit", TOKEN, 0, 0, NULL),
    ATTRIBUTE("role", CODE, 1, 0, "role"),
    END,
};
static const sph_field legal_basis[] = {ATTRIBUTE("instrument", CODE, 0, 0, "instrument"), END};
static const sph_field answer[] = {ATTRIBUTE("q", CODE, 1, 2, "consent-question"), END};
static const sph_field withheld[] = {ATTRIBUTE("reason", CODE, 0, 2, "withheld-reason"), END};
static const sph_field consent[] = {
    ATTRIBUTE("ref", TOKEN, 1, 2, NULL),
    ATTRIBUTE("expires", DATE, 0, 2, NULL),
    ELEMENT("answer", TOKEN, 1, 7, 2, NULL, answer),
    ELEMENT("scope", CODE, 1, MANY, 2, "consent-scope", NULL),
    ELEMENT("withheldFrom", CODE, 0, MANY, 2, "withheld-from", withheld),
    ELEMENT("overridden", CODE, 0, 1, 2, "override-reason", NULL),
    END,
};
static const sph_field retention[] = {
    ATTRIBUTE("class", CODE, 1, 0, "retention"),
    ATTRIBUTE("until", DATE, 1, 0, NULL),
    END,
};
static const sph_field header[] = {
    ELEMENT("packetId", TOKEN, 1, 1, 0, NULL, NULL),
    ELEMENT("nonce", TOKEN, 1, 1, 0, NULL, NULL),
    ELEMENT("type", CODE, 1, 1, 0, "type", NULL),
    ELEMENT("schemaVersion", TOKEN, 1, 1, 0, NULL, NULL),
    ELEMENT("mode", TOKEN, 1, 1, 0, NULL, NULL),
    ELEMENT("issuer", GROUP, 1, 1, 0, NULL, issuer),
    ELEMENT("author", TOKEN, 0, 1, 2, NULL, NULL),
    ELEMENT("audience", TOKEN, 1, 16, 0, NULL, NULL),
    ELEMENT("threadId", TOKEN, 0, 1, 0, NULL, NULL),
    ELEMENT("inReplyTo", TOKEN, 0, 1, 0, NULL, NULL),
    ELEMENT("seq", NUMBER, 0, 1, 0, NULL, NULL),
    ELEMENT("issuedAt", TIME, 1, 1, 0, NULL, NULL),
    ELEMENT("classification", TOKEN, 1, 1, 0, NULL, NULL),
    ELEMENT("personalData", TOKEN, 1, 1, 0, NULL, NULL),
    ELEMENT("purpose", CODE, 1, 1, 0, "purpose", NULL),
    ELEMENT("legalBasis", CODE, 1, 8, 0, "legal-basis", legal_basis),
    ELEMENT("consent", GROUP, 0, 1, 2, NULL, consent),
    ELEMENT("retention", GROUP, 1, 1, 0, NULL, retention),
    ELEMENT("language", TOKEN, 1, 3, 0, NULL, NULL),
    ELEMENT("supersedes", TOKEN, 0, 1, 0, NULL, NULL),
    ELEMENT("replaces", TOKEN, 0, 16, 0, NULL, NULL),
    ELEMENT("expires", DATE, 0, 1, 0, NULL, NULL),
    END,
};

static const sph_field document[] = {ATTRIBUTE("form", TOKEN, 1, 0, NULL), END};
static const sph_field case_number[] = {ATTRIBUTE("kind", CODE, 0, 0, "case-number-kind"), END};
static const sph_field route[] = {ELEMENT("stop", TOKEN, 1, 16, 1, "area", NULL), END};
static const sph_field victims[] = {
    ATTRIBUTE("count", NUMBER, 1, 1, NULL),
    ATTRIBUTE("sex", CODE, 0, 1, "gender"),
    ATTRIBUTE("ageBand", CODE, 0, 1, "age-band"),
    ATTRIBUTE("nationality", CODE, 0, 1, "country"),
    END,
};
static const sph_field defendants[] = {
    ATTRIBUTE("count", NUMBER, 1, 1, NULL),
    ATTRIBUTE("nationality", CODE, 0, 1, "country"),
    ATTRIBUTE("initials", TOKEN, 0, 1, NULL),
    ATTRIBUTE("sentenceFromMonths", NUMBER, 0, 1, NULL),
    ATTRIBUTE("sentenceToMonths", NUMBER, 0, 1, NULL),
    ELEMENT("charge", TEXT, 0, 16, 1, NULL, NULL),
    END,
};
static const sph_field compensation[] = {
    ATTRIBUTE("currency", TOKEN, 1, 1, NULL),
    ATTRIBUTE("amount", NUMBER, 1, 1, NULL),
    ATTRIBUTE("state", CODE, 1, 1, "compensation"),
    END,
};
static const sph_field provision[] = {
    ATTRIBUTE("instrument", TEXT, 1, 0, "instrument"),
    ATTRIBUTE("article", TEXT, 0, 0, NULL),
    END,
};
static const sph_field anonymisation[] = {
    ATTRIBUTE("method", CODE, 1, 0, "anonymisation"),
    ATTRIBUTE("byRole", CODE, 1, 0, "role"),
    ATTRIBUTE("secondRole", CODE, 1, 0, "role"),
    ATTRIBUTE("date", DATE, 1, 0, NULL),
    END,
};
static const sph_field case_law[] = {
    ELEMENT("document", DOCUMENT, 1, 1, 0, NULL, document),
    ELEMENT("court", TOKEN, 1, 1, 0, "court", NULL),
    ELEMENT("level", CODE, 1, 1, 0, "court-level", NULL),
    ELEMENT("caseNumber", TOKEN, 1, 8, 0, NULL, case_number),
    ELEMENT("decisionDate", DATE, 1, 1, 0, NULL, NULL),
    ELEMENT("finality", CODE, 1, 1, 0, "finality", NULL),
    ELEMENT("outcome", CODE, 1, 8, 0, "outcome", NULL),
    ELEMENT("act", CODE, 0, 16, 0, "act", NULL),
    ELEMENT("means", CODE, 0, 16, 0, "means", NULL),
    ELEMENT("exploitation", CODE, 0, 16, 0, "exploitation", NULL),
    ELEMENT("control", CODE, 0, 32, 0, "control", NULL),
    ELEMENT("sector", CODE, 0, 16, 0, "sector", NULL),
    ELEMENT("place", CODE, 0, 32, 0, "area", NULL),
    ELEMENT("route", GROUP, 0, 1, 1, NULL, route),
    ELEMENT("victims", GROUP, 0, 32, 1, NULL, victims),
    ELEMENT("defendants", GROUP, 0, 32, 1, NULL, defendants),
    ELEMENT("compensation", GROUP, 0, 1, 1, NULL, compensation),
    ELEMENT("provision", GROUP, 0, 64, 0, NULL, provision),
    ELEMENT("citedCase", TOKEN, 0, 64, 0, NULL, NULL),
    ELEMENT("holding", ML, 1, 1, 0, NULL, NULL),
    ELEMENT("summary", ML, 1, 1, 0, NULL, NULL),
    ELEMENT("anonymisation", GROUP, 1, 1, 0, NULL, anonymisation),
    END,
};

static const sph_field urgency[] = {ATTRIBUTE("date", DATE, 0, 1, NULL), END};
static const sph_field person[] = {
    ATTRIBUTE("ageBand", CODE, 1, 2, "age-band"),
    ATTRIBUTE("gender", CODE, 0, 2, "gender"),
    ATTRIBUTE("nationality", CODE, 0, 2, "country"),
    ATTRIBUTE("language", CODE, 0, 2, "language"),
    ATTRIBUTE("child", FLAG, 1, 2, NULL),
    ELEMENT("need", CODE, 0, 16, 2, "support", NULL),
    END,
};
static const sph_field request[] = {
    ELEMENT("subtype", CODE, 1, 1, 1, "request", NULL),
    ELEMENT("question", ML, 1, 1, 1, NULL, NULL),
    ELEMENT("topic", CODE, 1, 16, 1, "topic", NULL),
    ELEMENT("location", CODE, 1, 1, 1, "area", NULL),
    ELEMENT("urgency", CODE, 1, 1, 1, "urgency", urgency),
    ELEMENT("capacity", CODE, 1, 1, 1, "capacity", NULL),
    ELEMENT("mandate", FLAG, 0, 1, 2, NULL, NULL),
    ELEMENT("caseRef", TOKEN, 0, 1, 2, NULL, NULL),
    ELEMENT("person", GROUP, 0, 1, 2, NULL, person),
    ELEMENT("stage", CODE, 0, 1, 2, "stage", NULL),
    ELEMENT("wanted", CODE, 1, 16, 1, "wanted", NULL),
    ELEMENT("replyBy", DATE, 0, 1, 1, NULL, NULL),
    ELEMENT("answerLanguage", TOKEN, 1, 3, 1, "text-language", NULL),
    ELEMENT("notMLA", FLAG, 1, 1, 0, NULL, NULL),
    END,
};

static const sph_field next_step[] = {ATTRIBUTE("due", DATE, 0, 1, NULL), END};
static const sph_field response[] = {
    ELEMENT("action", CODE, 1, 1, 1, "action", NULL),
    ELEMENT("reason", CODE, 0, 1, 1, "reason", NULL),
    ELEMENT("text", ML, 0, 1, 1, NULL, NULL),
    ELEMENT("linked", TOKEN, 0, 32, 1, NULL, NULL),
    ELEMENT("missing", CODE, 0, 32, 1, "missing", NULL),
    ELEMENT("transferTo", TOKEN, 0, 1, 1, NULL, NULL),
    ELEMENT("nextStep", ML, 0, 1, 1, NULL, next_step),
    ELEMENT("satisfaction", NUMBER, 0, 1, 1, NULL, NULL),
    END,
};

static const sph_field eligibility[] = {
    ATTRIBUTE("sex", CODE, 0, 0, "gender"),
    ATTRIBUTE("status", CODE, 0, 0, "eligibility-status"),
    ATTRIBUTE("menAccepted", FLAG, 0, 0, NULL),
    ELEMENT("nationality", CODE, 0, 16, 0, "country", NULL),
    ELEMENT("ageBand", CODE, 0, 8, 0, "age-band", NULL),
    END,
};
static const sph_field day[] = {
    ATTRIBUTE("name", CODE, 1, 0, "weekday"),
    ATTRIBUTE("from", TOKEN, 1, 0, NULL),
    ATTRIBUTE("to", TOKEN, 1, 0, NULL),
    END,
};
static const sph_field hours[] = {
    ATTRIBUTE("zone", TOKEN, 1, 0, "zone"),
    ELEMENT("day", GROUP, 1, 21, 0, NULL, day),
    END,
};
static const sph_field contact[] = {
    ATTRIBUTE("kind", CODE, 1, 0, "contact"),
    ATTRIBUTE("country", CODE, 0, 0, "country"),
    ELEMENT("value", TOKEN, 1, 1, 0, NULL, NULL),
    ELEMENT("reachableFrom", CODE, 1, 3, 0, "reachable", NULL),
    END,
};
static const sph_field resource[] = {
    ELEMENT("subtype", CODE, 1, 1, 0, "resource", NULL),
    ELEMENT("name", ML, 1, 1, 0, NULL, NULL),
    ELEMENT("provider", TOKEN, 1, 1, 0, NULL, NULL),
    ELEMENT("description", ML, 1, 1, 0, NULL, NULL),
    ELEMENT("service", CODE, 1, 32, 0, "support", NULL),
    ELEMENT("eligibility", GROUP, 0, 16, 0, NULL, eligibility),
    ELEMENT("coverage", CODE, 1, MANY, 0, "area", NULL),
    ELEMENT("serviceLanguage", CODE, 1, 32, 0, "language", NULL),
    ELEMENT("hours", GROUP, 0, 1, 0, NULL, hours),
    ELEMENT("cost", CODE, 1, 1, 0, "cost", NULL),
    ELEMENT("contact", GROUP, 1, 16, 0, NULL, contact),
    ELEMENT("referralMethod", CODE, 1, 1, 0, "referral-method", NULL),
    ELEMENT("capacity", CODE, 0, 1, 0, "band", NULL),
    ELEMENT("lastVerified", DATE, 1, 1, 0, NULL, NULL),
    ELEMENT("verifiedBy", TOKEN, 1, 1, 0, NULL, NULL),
    ELEMENT("reverifyBy", DATE, 1, 1, 0, NULL, NULL),
    ELEMENT("document", TOKEN, 0, 1, 0, NULL, NULL),
    ELEMENT("licence", CODE, 1, 1, 0, "licence", NULL),
    END,
};

static const sph_field certificate[] = {
    ATTRIBUTE("use", TOKEN, 1, 0, NULL),
    ATTRIBUTE("suite", CODE, 1, 0, "suite"),
    ATTRIBUTE("state", TOKEN, 1, 0, NULL),
    END,
};
static const sph_field pull_only[] = {
    ATTRIBUTE("mpc", TOKEN, 0, 0, NULL),
    ATTRIBUTE("via", TOKEN, 0, 0, NULL),
    END,
};
static const sph_field log_key[] = {
    ATTRIBUTE("origin", TOKEN, 1, 0, NULL),
    ATTRIBUTE("vkey", TOKEN, 1, 0, NULL),
    END,
};
static const sph_field witness[] = {
    ATTRIBUTE("name", TOKEN, 1, 0, NULL),
    ATTRIBUTE("vkey", TOKEN, 1, 0, NULL),
    ATTRIBUTE("url", TOKEN, 0, 0, NULL),
    END,
};
static const sph_field subscription[] = {
    ATTRIBUTE("type", CODE, 1, 0, "type"),
    ELEMENT("area", CODE, 0, MANY, 0, "area", NULL),
    ELEMENT("language", TOKEN, 0, 3, 0, "text-language", NULL),
    END,
};
static const sph_field person_key[] = {
    ATTRIBUTE("id", TOKEN, 1, 0, NULL),
    ATTRIBUTE("handle", TOKEN, 1, 0, NULL),
    ATTRIBUTE("role", CODE, 1, 0, "role"),
    ATTRIBUTE("until", DATE, 1, 0, NULL),
    END,
};
static const sph_field directory[] = {
    ELEMENT("party", TOKEN, 1, 1, 0, NULL, NULL),
    ELEMENT("kind", CODE, 1, 1, 0, "party-kind", NULL),
    ELEMENT("country", CODE, 1, 1, 0, "country", NULL),
    ELEMENT("names", ML, 1, 1, 0, NULL, NULL),
    ELEMENT("mode", TOKEN, 1, 1, 0, "mode", NULL),
    ELEMENT("serial", NUMBER, 1, 1, 0, NULL, NULL),
    ELEMENT("validUntil", TIME, 1, 1, 0, NULL, NULL),
    ELEMENT("root", TOKEN, 1, 1, 0, NULL, NULL),
    ELEMENT("certificate", TOKEN, 1, 12, 0, NULL, certificate),
    ELEMENT("url", TOKEN, 0, 1, 0, NULL, NULL),
    ELEMENT("pullOnly", GROUP, 0, 1, 0, NULL, pull_only),
    ELEMENT("log", GROUP, 0, 1, 0, NULL, log_key),
    ELEMENT("witness", GROUP, 0, 1, 0, NULL, witness),
    ELEMENT("suite", CODE, 1, 3, 0, "suite", NULL),
    ELEMENT("type", CODE, 1, 16, 0, "type", NULL),
    ELEMENT("feature", CODE, 0, 8, 0, "feature", NULL),
    ELEMENT("subscription", GROUP, 0, 16, 0, NULL, subscription),
    ELEMENT("largestMessage", NUMBER, 1, 1, 0, NULL, NULL),
    ELEMENT("personKey", TOKEN, 0, 64, 0, NULL, person_key),
    ELEMENT("crl", TOKEN, 0, 1, 0, NULL, NULL),
    ELEMENT("language", TOKEN, 1, 3, 0, "text-language", NULL),
    ELEMENT("calendar", CODE, 0, 1, 0, "country", NULL),
    ELEMENT("deputy", TOKEN, 0, 1, 0, NULL, NULL),
    ELEMENT("incidentContact", TOKEN, 0, 1, 0, NULL, NULL),
    END,
};

static const sph_field notice_target[] = {ATTRIBUTE("sha256", TOKEN, 0, 0, NULL), END};
static const sph_field key_destroyed[] = {
    ATTRIBUTE("packetId", TOKEN, 1, 0, NULL),
    ATTRIBUTE("leaf", NUMBER, 1, 0, NULL),
    END,
};
static const sph_field notice[] = {
    ELEMENT("kind", CODE, 1, 1, 0, "notice", NULL),
    ELEMENT("target", TOKEN, 1, 16, 0, NULL, notice_target),
    ELEMENT("reason", CODE, 0, 1, 1, "notice-reason", NULL),
    ELEMENT("effective", DATE, 0, 1, 1, NULL, NULL),
    ELEMENT("requiredAction", CODE, 0, 1, 1, "required-action", NULL),
    ELEMENT("keyDestroyed", TOKEN, 0, 16, 1, NULL, key_destroyed),
    END,
};

static const struct {
    const char *element;
    const sph_field *fields;
} bodies[SPH_PACKET_TYPE_COUNT] = {
    [SPH_PACKET_CASE_LAW] = {"caseLaw", case_law},
    [SPH_PACKET_ASSISTANCE_REQUEST] = {"assistanceRequest", request},
    [SPH_PACKET_ASSISTANCE_RESPONSE] = {"assistanceResponse", response},
    [SPH_PACKET_RESOURCE] = {"resource", resource},
    [SPH_PACKET_DIRECTORY] = {"directory", directory},
    [SPH_PACKET_NOTICE] = {"notice", notice},
};

const sph_field *sph_fields_header(void)
{
    return header;
}

const sph_field *sph_fields_body(enum sph_packet_type type)
{
    return bodies[type].fields;
}

const char *sph_packet_body_name(enum sph_packet_type type)
{
    return bodies[type].element;
}

static sph_rc visit_element(const sph_field *field, const sph_xml_node *node,
                            const struct sph_field_visit *visit, sph_err *err)
{
    SPH_TRY(visit->each(visit->arg, field, node, NULL, err), err, "%s", field->name);
    return field->parts ? sph_fields_walk(field->parts, node, visit, err) : sph_ok();
}

sph_rc sph_fields_walk(const sph_field *fields, const sph_xml_node *node,
                       const struct sph_field_visit *visit, sph_err *err)
{
    for (const sph_field *field = fields; field->name; field++) {
        const char *value = field->is_attribute ? sph_xml_attr(node, NULL, field->name) : NULL;
        if (value)
            SPH_TRY(visit->each(visit->arg, field, node, value, err), err, "%s", field->name);
        if (field->is_attribute)
            continue;
        const sph_xml_node *child = sph_xml_child(node, SPH_NS_PACKET, field->name);
        for (; child && sph_xml_is(child, SPH_NS_PACKET, field->name); child = sph_xml_next(child))
            SPH_TRY(visit_element(field, child, visit, err), err, "%s", field->name);
    }
    return sph_ok();
}
