#include "packet/card_impl.h"

#include "base/codec.h"
#include "packet/packet_impl.h"

#define CRL_CAP 131072

/* A card is a draft like any other: this file only turns the struct into that JSON. Setters take a
 * NULL value and report SPH_ENOMEM, so the calls nest. */
static sph_rc set_text(sph_json *to, const char *key, const char *text, sph_err *err)
{
    return text[0] ? sph_json_set(to, key, sph_json_text(text), err) : sph_ok();
}

static sph_rc set_base64(sph_json *to, const char *key, sph_slice octets, sph_err *err)
{
    SPH_AUTO(sph_buf) text = sph_buf_init(CRL_CAP);
    SPH_TRY(sph_base64_encode(octets, &text, err), err, "%s", key);
    return sph_json_set(to, key, sph_json_str(sph_buf_peek(&text)), err);
}

static sph_rc add_names(const sph_card *card, sph_json *body, sph_err *err)
{
    SPH_AUTO_PTR(sph_json) *names = sph_json_object();
    for (int lang = 0; lang < SPH_LANG_COUNT; lang++)
        SPH_TRY(set_text(names, sph_lang_code((enum sph_lang)lang), card->name[lang], err), err,
                "name");
    return sph_json_set(body, "names", sph_move(names), err);
}

static sph_rc make_certificate(const sph_card *card, size_t i, sph_json **out, sph_err *err)
{
    SPH_AUTO_PTR(sph_json) *json = sph_json_object();
    SPH_TRY(set_base64(json, "value", sph_cert_peek_der(card->cert[i].cert), err), err,
            "certificate");
    SPH_TRY(set_text(json, "use", sph_card_use_name(card->cert[i].use), err), err, "use");
    SPH_TRY(set_text(json, "suite", sph_suite_name(card->cert[i].suite), err), err, "suite");
    SPH_TRY(set_text(json, "state", card->cert[i].is_next ? "next" : "current", err), err, "state");
    *out = sph_move(json);
    return sph_ok();
}

static sph_rc add_certificates(const sph_card *card, sph_json *body, sph_err *err)
{
    SPH_AUTO_PTR(sph_json) *list = sph_json_array();
    for (size_t i = 0; i < card->cert_count; i++) {
        sph_json *one = NULL;
        SPH_TRY(make_certificate(card, i, &one, err), err, "certificate %zu", i + 1);
        SPH_TRY(sph_json_add(list, one, err), err, "certificate");
    }
    return sph_json_set(body, "certificate", sph_move(list), err);
}

static sph_rc add_types(const sph_card *card, sph_json *body, sph_err *err)
{
    SPH_AUTO_PTR(sph_json) *types = sph_json_array();
    SPH_AUTO_PTR(sph_json) *subscriptions = sph_json_array();
    for (size_t i = 0; i < SPH_PACKET_TYPE_COUNT; i++) {
        const char *name = sph_packet_type_name((enum sph_packet_type)i);
        if (card->accepts_type[i])
            SPH_TRY(sph_json_add(types, sph_json_text(name), err), err, "type");
        if (!card->subscribes[i])
            continue;
        SPH_AUTO_PTR(sph_json) *one = sph_json_object();
        SPH_TRY(set_text(one, "type", name, err), err, "subscription");
        SPH_TRY(sph_json_add(subscriptions, sph_move(one), err), err, "subscription");
    }
    SPH_TRY(sph_json_set(body, "type", sph_move(types), err), err, "types");
    return sph_json_set(body, "subscription", sph_move(subscriptions), err);
}

static sph_rc add_features(const sph_card *card, sph_json *body, sph_err *err)
{
    SPH_AUTO_PTR(sph_json) *list = sph_json_array();
    if (card->has_akn_full)
        SPH_TRY(sph_json_add(list, sph_json_text("akn-full"), err), err, "feature");
    if (card->has_relay)
        SPH_TRY(sph_json_add(list, sph_json_text("relay"), err), err, "feature");
    return sph_json_set(body, "feature", sph_move(list), err);
}

static sph_rc add_lists(const sph_card *card, sph_json *body, sph_err *err)
{
    SPH_AUTO_PTR(sph_json) *suites = sph_json_array();
    SPH_AUTO_PTR(sph_json) *languages = sph_json_array();
    for (size_t i = 0; i < card->suite_count; i++)
        SPH_TRY(sph_json_add(suites, sph_json_text(sph_suite_name(card->suite[i])), err), err,
                "suite");
    for (size_t i = 0; i < card->language_count; i++)
        SPH_TRY(sph_json_add(languages, sph_json_text(card->languages[i]), err), err, "language");
    SPH_TRY(sph_json_set(body, "suite", sph_move(suites), err), err, "suites");
    SPH_TRY(sph_json_set(body, "language", sph_move(languages), err), err, "languages");
    return add_features(card, body, err);
}

static sph_rc add_pair(sph_json *body, const char *key, const char *name_key, const char *name,
                       const char *vkey, const char *url, sph_err *err)
{
    if (!name[0])
        return sph_ok();
    SPH_AUTO_PTR(sph_json) *json = sph_json_object();
    SPH_TRY(set_text(json, name_key, name, err), err, "%s", key);
    SPH_TRY(set_text(json, "vkey", vkey, err), err, "%s", key);
    SPH_TRY(set_text(json, "url", url, err), err, "%s", key);
    return sph_json_set(body, key, sph_move(json), err);
}

static sph_rc add_address(const sph_card *card, sph_json *body, sph_err *err)
{
    SPH_TRY(add_pair(body, "log", "origin", card->log_origin, card->log_vkey, "", err), err, "log");
    SPH_TRY(add_pair(body, "witness", "name", card->witness_name, card->witness_vkey,
                     card->witness_url, err),
            err, "witness");
    if (card->url[0])
        return set_text(body, "url", card->url, err);
    SPH_AUTO_PTR(sph_json) *pull = sph_json_object();
    SPH_TRY(set_text(pull, "mpc", card->pull_mpc, err), err, "channel");
    SPH_TRY(set_text(pull, "via", card->pull_via, err), err, "channel");
    return sph_json_set(body, "pullOnly", sph_move(pull), err);
}

static sph_rc add_scalars(const sph_card *card, sph_json *body, sph_err *err)
{
    char until[SPH_TIME_TEXT];
    SPH_TRY(sph_time_format(card->valid_until_ms, false, until, err), err, "validity");
    SPH_TRY(set_text(body, "party", card->party, err), err, "party");
    SPH_TRY(set_text(body, "kind", card->kind, err), err, "kind");
    SPH_TRY(set_text(body, "country", card->country, err), err, "country");
    SPH_TRY(set_text(body, "mode", card->mode, err), err, "mode");
    SPH_TRY(sph_json_set(body, "serial", sph_json_int(card->serial), err), err, "serial");
    SPH_TRY(set_text(body, "validUntil", until, err), err, "validity");
    SPH_TRY(set_base64(body, "root", sph_cert_peek_der(card->root), err), err, "root");
    SPH_TRY(sph_json_set(body, "largestMessage", sph_json_int((int64_t)card->largest_message), err),
            err, "largest message");
    if (card->crl.len > 0)
        SPH_TRY(set_base64(body, "crl", sph_buf_peek(&card->crl), err), err, "CRL");
    return set_text(body, "incidentContact", card->incident_contact, err);
}

static sph_rc make_draft(const sph_card *card, sph_json **out, sph_err *err)
{
    SPH_AUTO_PTR(sph_json) *draft = sph_json_object();
    SPH_AUTO_PTR(sph_json) *body = sph_json_object();
    SPH_TRY(add_scalars(card, body, err), err, "values");
    SPH_TRY(add_names(card, body, err), err, "names");
    SPH_TRY(add_certificates(card, body, err), err, "certificates");
    SPH_TRY(add_types(card, body, err), err, "types");
    SPH_TRY(add_lists(card, body, err), err, "lists");
    SPH_TRY(add_address(card, body, err), err, "address");
    SPH_TRY(sph_json_set(draft, "type", sph_json_text("directory"), err), err, "type");
    SPH_TRY(sph_json_set(draft, "body", sph_move(body), err), err, "body");
    *out = sph_move(draft);
    return sph_ok();
}

sph_rc sph_card_build(const sph_card *card, const struct sph_packet_new *values,
                      const struct sph_packet_signer *signer, sph_buf *out, sph_err *err)
{
    SPH_AUTO_PTR(sph_json) *draft = NULL;
    sph_findings *findings = sph_mem_new(1, sizeof(*findings));
    if (!findings)
        return sph_fail(err, SPH_ENOMEM, "card");
    sph_rc rc = make_draft(card, &draft, err);
    if (rc.code == SPH_OK)
        rc = sph_packet_build(draft, values, sph_slice_of(NULL, 0), signer, findings, out, err);
    sph_mem_free(findings);
    return rc;
}
