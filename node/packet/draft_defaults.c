#include "packet/draft.h"

#include "base/codec.h"
#include "packet/packet_impl.h"
#include "packet/rules.h"

/* What a draft need not say, by type (docs/drafts.md). */
static const struct defaults {
    const char *classification, *purpose, *basis, *instrument, *retention, *role;
    int32_t keep_days;
} defaults[SPH_PACKET_TYPE_COUNT] = {
    [SPH_PACKET_CASE_LAW] = {"public", "case-law", "public-task", "palermo", "R0", "publisher",
                             1826},
    [SPH_PACKET_ASSISTANCE_REQUEST] = {"partners", "legal-information", "public-task", "la-th-mou",
                                       "R1", "lawyer", 820},
    [SPH_PACKET_ASSISTANCE_RESPONSE] = {"partners", "legal-information", "public-task", "la-th-mou",
                                        "R1", "lawyer", 820},
    [SPH_PACKET_RESOURCE] = {"public", "legal-information", "public-task", "palermo", "R0",
                             "publisher", 1826},
    [SPH_PACKET_DIRECTORY] = {"partners", "administration", "public-task", "la-th-mou", "R0",
                              "node-admin", 1826},
    [SPH_PACKET_NOTICE] = {"partners", "administration", "public-task", "la-th-mou", "R1",
                           "node-admin", 820},
};

/* Set `key` unless the draft has it. Takes the value in every case. */
static sph_rc set_default(sph_json *object, const char *key, sph_json *value, sph_err *err)
{
    if (sph_json_get(object, key)) {
        sph_json_free(&value);
        return sph_ok();
    }
    return sph_json_set(object, key, value, err);
}

static sph_rc set_text(sph_json *object, const char *key, const char *text, sph_err *err)
{
    return sph_json_set(object, key, sph_json_text(text), err);
}

/* A copy of an object member of the draft, or a new object; the member may be absent. */
static sph_rc copy_object(const sph_json *draft, const char *key, sph_json **out, sph_err *err)
{
    const sph_json *given = sph_json_get(draft, key);
    if (given && sph_json_kind_of(given) != SPH_JSON_OBJECT)
        return sph_fail(err, SPH_EREFUSED, "draft member %s is no object", key);
    *out = given ? sph_json_dup(given) : sph_json_object();
    return *out ? sph_ok() : sph_fail(err, SPH_ENOMEM, "draft");
}

static void refuse_own(const sph_json *header, sph_findings *findings)
{
    static const char *const own[] = {"packetId",      "nonce", "type",
                                      "schemaVersion", "mode",  "issuedAt"};
    for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++)
        if (sph_json_get(header, own[i]))
            sph_finding_add(findings, "DRAFT", 0, "draft.own", own[i], "");
}

static sph_rc set_identity(sph_json *header, enum sph_packet_type type,
                           const struct sph_packet_new *values, sph_err *err)
{
    char time[SPH_TIME_TEXT];
    SPH_AUTO(sph_buf) nonce = sph_buf_init(128);
    SPH_TRY(sph_base64_encode(values->nonce, &nonce, err), err, "nonce");
    SPH_TRY(sph_time_format(values->now_ms, false, time, err), err, "issuedAt");
    SPH_TRY(set_text(header, "packetId", values->packet_id, err), err, "packetId");
    SPH_TRY(set_text(header, "nonce", sph_buf_text(&nonce), err), err, "nonce");
    SPH_TRY(set_text(header, "type", sph_packet_type_name(type), err), err, "type");
    SPH_TRY(set_text(header, "schemaVersion", "1.0", err), err, "schemaVersion");
    SPH_TRY(set_text(header, "mode", values->mode, err), err, "mode");
    return set_text(header, "issuedAt", time, err);
}

static sph_rc set_issuer(sph_json *header, const struct defaults *given, const char *party,
                         sph_err *err)
{
    sph_json *issuer = NULL;
    SPH_TRY(copy_object(header, "issuer", &issuer, err), err, "issuer");
    sph_rc rc = set_default(issuer, "role", sph_json_text(given->role), err);
    if (rc.code == SPH_OK)
        rc = set_text(issuer, "party", party, err);
    if (rc.code != SPH_OK) {
        sph_json_free(&issuer);
        return rc;
    }
    return sph_json_set(header, "issuer", issuer, err);
}

static sph_rc set_retention(sph_json *header, const struct defaults *given, int64_t now_ms,
                            sph_err *err)
{
    char until[11];
    sph_json *retention = NULL;
    SPH_TRY(copy_object(header, "retention", &retention, err), err, "retention");
    const char *class_name = sph_json_get_text(retention, "class");
    int32_t days = given->keep_days;
    if (class_name && strcmp(class_name, given->retention) != 0)
        days = sph_retention_days(class_name);
    sph_rc rc = sph_date_format((int32_t)(now_ms / SPH_DAY_MS) + days, until, err);
    if (rc.code == SPH_OK)
        rc = set_default(retention, "class", sph_json_text(given->retention), err);
    if (rc.code == SPH_OK)
        rc = set_default(retention, "until", sph_json_text(until), err);
    if (rc.code != SPH_OK) {
        sph_json_free(&retention);
        return rc;
    }
    return sph_json_set(header, "retention", retention, err);
}

static sph_rc set_basis(sph_json *header, const struct defaults *given, sph_err *err)
{
    if (sph_json_get(header, "legalBasis"))
        return sph_ok();
    SPH_AUTO_PTR(sph_json) *basis = sph_json_object();
    SPH_TRY(set_text(basis, "value", given->basis, err), err, "legalBasis");
    SPH_TRY(set_text(basis, "instrument", given->instrument, err), err, "legalBasis");
    return sph_json_set(header, "legalBasis", sph_move(basis), err);
}

/* The languages of the body's first multilingual field, else English. */
static sph_rc set_languages(sph_json *header, enum sph_packet_type type, const sph_json *body,
                            sph_err *err)
{
    if (sph_json_get(header, "language"))
        return sph_ok();
    SPH_AUTO_PTR(sph_json) *list = sph_json_array();
    const sph_field *field = sph_fields_body(type);
    while (field->name && (field->kind != SPH_FIELD_ML || !sph_json_get(body, field->name)))
        field++;
    const sph_json *texts = field->name ? sph_json_get(body, field->name) : NULL;
    for (const char *key = sph_json_next_key(texts, NULL); key; key = sph_json_next_key(texts, key))
        if (strcmp(sph_lang_code(sph_lang_of(key)), key) == 0)
            SPH_TRY(sph_json_add(list, sph_json_text(key), err), err, "language");
    if (sph_json_count(list) == 0)
        SPH_TRY(sph_json_add(list, sph_json_text("en"), err), err, "language");
    return sph_json_set(header, "language", sph_move(list), err);
}

static sph_rc set_defaults(sph_json *header, enum sph_packet_type type,
                           const struct sph_packet_new *values, sph_err *err)
{
    const struct defaults *given = &defaults[type];
    const bool is_thread = sph_json_get(header, "threadId") != NULL;
    SPH_TRY(set_issuer(header, given, values->party, err), err, "issuer");
    SPH_TRY(set_retention(header, given, values->now_ms, err), err, "retention");
    SPH_TRY(set_basis(header, given, err), err, "legalBasis");
    SPH_TRY(set_default(header, "classification", sph_json_text(given->classification), err), err,
            "classification");
    SPH_TRY(set_default(header, "personalData", sph_json_text("none"), err), err, "personalData");
    SPH_TRY(set_default(header, "purpose", sph_json_text(given->purpose), err), err, "purpose");
    if (is_thread)
        SPH_TRY(set_default(header, "seq", sph_json_int(sph_json_get(header, "inReplyTo") ? 2 : 1),
                            err),
                err, "seq");
    if (strcmp(sph_packet_type_action(type), "a1") == 0)
        SPH_TRY(set_default(header, "audience", sph_json_text("all"), err), err, "audience");
    return sph_ok();
}

sph_rc sph_draft_header(const sph_json *draft, enum sph_packet_type type,
                        const struct sph_packet_new *values, sph_findings *findings, sph_json **out,
                        sph_err *err)
{
    SPH_AUTO_PTR(sph_json) *header = NULL;
    SPH_TRY(copy_object(draft, "header", &header, err), err, "header");
    refuse_own(header, findings);
    SPH_TRY(set_identity(header, type, values, err), err, "identity");
    SPH_TRY(set_defaults(header, type, values, err), err, "defaults");
    SPH_TRY(set_languages(header, type, sph_json_get(draft, "body"), err), err, "languages");
    *out = sph_move(header);
    return sph_ok();
}

static sph_rc set_document(sph_json *body, sph_slice document, sph_err *err)
{
    SPH_AUTO_PTR(sph_json) *form = sph_json_object();
    SPH_TRY(set_text(form, "form", document.len > 0 ? "akn" : "reference-only", err), err, "form");
    return sph_json_set(body, "document", sph_move(form), err);
}

static sph_rc set_answer_languages(sph_json *body, sph_err *err)
{
    SPH_AUTO_PTR(sph_json) *list = sph_json_array();
    const sph_json *question = sph_json_get(body, "question");
    for (const char *key = sph_json_next_key(question, NULL); key;
         key = sph_json_next_key(question, key))
        SPH_TRY(sph_json_add(list, sph_json_text(key), err), err, "language");
    return set_default(body, "answerLanguage", sph_move(list), err);
}

sph_rc sph_draft_body(const sph_json *draft, enum sph_packet_type type, sph_slice document,
                      sph_findings *findings, sph_json **out, sph_err *err)
{
    SPH_AUTO_PTR(sph_json) *body = NULL;
    if (!sph_json_get(draft, "body"))
        sph_finding_add(findings, "DRAFT", 0, "draft.missing", "body", "");
    SPH_TRY(copy_object(draft, "body", &body, err), err, "body");
    if (type == SPH_PACKET_CASE_LAW) {
        if (sph_json_get(body, "document"))
            sph_finding_add(findings, "DRAFT", 0, "draft.own", "document", "");
        SPH_TRY(set_document(body, document, err), err, "document");
    }
    if (type == SPH_PACKET_ASSISTANCE_REQUEST) {
        SPH_TRY(set_default(body, "notMLA", sph_json_bool(true), err), err, "notMLA");
        SPH_TRY(set_default(body, "subtype", sph_json_text("information"), err), err, "subtype");
        SPH_TRY(set_default(body, "urgency", sph_json_text("normal"), err), err, "urgency");
        SPH_TRY(set_answer_languages(body, err), err, "answerLanguage");
    }
    *out = sph_move(body);
    return sph_ok();
}
