#include "packet/card.h"

#include "base/codec.h"
#include "packet/card_impl.h"

#define CERT_CAP 16384
#define CRL_CAP 98304

void sph_card_clear(sph_card *card)
{
    if (!card)
        return;
    sph_cert_free(&card->root);
    for (size_t i = 0; i < SPH_CARD_CERTS; i++)
        sph_cert_free(&card->cert[i].cert);
    sph_buf_clear(&card->crl);
    *card = (sph_card){.serial = 0};
}

const char *sph_card_use_name(enum sph_cert_use use)
{
    switch (use) {
    case SPH_USE_TLS:
        return "tls";
    case SPH_USE_SIGN:
        return "sign";
    case SPH_USE_ENCRYPT:
        return "encrypt";
    case SPH_USE_ROOT:
        break;
    }
    return "root";
}

static sph_rc read_base64(const sph_xml_node *node, sph_buf *out, sph_err *err)
{
    SPH_AUTO(sph_buf) text = sph_buf_init(CRL_CAP * 2);
    SPH_TRY(sph_xml_value(node, &text, err), err, "base64");
    return sph_base64_decode(sph_buf_peek(&text), out, err);
}

sph_rc sph_card_cert(const sph_xml_node *node, sph_cert **out, sph_err *err)
{
    SPH_AUTO(sph_buf) der = sph_buf_init(CERT_CAP);
    SPH_TRY(read_base64(node, &der, err), err, "certificate");
    return sph_cert_parse(sph_buf_peek(&der), out, err);
}

sph_rc sph_card_root(const sph_packet *packet, sph_cert **out, sph_err *err)
{
    const sph_xml_node *node = NULL;
    SPH_TRY(sph_xml_only(packet->body, SPH_NS_PACKET, "root", &node, err), err, "root");
    return sph_card_cert(node, out, err);
}

static sph_rc read_texts(const sph_xml_node *body, sph_card *to, sph_err *err)
{
    const struct {
        const char *name;
        char *to;
        size_t room;
    } fields[] = {
        {"party", to->party, sizeof(to->party)},
        {"kind", to->kind, sizeof(to->kind)},
        {"country", to->country, sizeof(to->country)},
        {"mode", to->mode, sizeof(to->mode)},
        {"url", to->url, sizeof(to->url)},
        {"incidentContact", to->incident_contact, sizeof(to->incident_contact)},
    };
    for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
        SPH_TRY(sph_packet_child_text(body, fields[i].name, fields[i].to, fields[i].room, err), err,
                "%s", fields[i].name);
    const sph_xml_node *names = sph_xml_child(body, SPH_NS_PACKET, "names");
    for (const sph_xml_node *at = sph_xml_first(names); at; at = sph_xml_next(at)) {
        const enum sph_lang lang = sph_lang_of(sph_xml_attr(at, SPH_NS_XML, "lang"));
        SPH_TRY(sph_xml_value_text(at, to->name[lang], sizeof(to->name[lang]), err), err, "name");
    }
    return sph_ok();
}

/** The channel of a party that only pulls (as4.md 12.3). */
static sph_rc read_pull_only(const sph_xml_node *body, sph_card *to, sph_err *err)
{
    const sph_xml_node *node = sph_xml_child(body, SPH_NS_PACKET, "pullOnly");
    if (!node)
        return sph_ok();
    const char *mpc = sph_xml_attr(node, NULL, "mpc");
    const char *via = sph_xml_attr(node, NULL, "via");
    SPH_TRY(sph_str_copy(to->pull_mpc, sizeof(to->pull_mpc), sph_slice_str(mpc ? mpc : ""), err),
            err, "channel");
    return sph_str_copy(to->pull_via, sizeof(to->pull_via), sph_slice_str(via ? via : ""), err);
}

static sph_rc read_numbers(const sph_xml_node *body, sph_card *to, sph_err *err)
{
    char text[64];
    uint64_t number = 0;
    SPH_TRY(sph_packet_child_text(body, "serial", text, sizeof(text), err), err, "serial");
    SPH_TRY(sph_slice_u64(sph_slice_str(text), UINT32_MAX, &number, err), err, "serial");
    to->serial = (uint32_t)number;
    SPH_TRY(sph_packet_child_text(body, "largestMessage", text, sizeof(text), err), err, "largest");
    SPH_TRY(sph_slice_u64(sph_slice_str(text), INT64_MAX, &to->largest_message, err), err,
            "largest message");
    SPH_TRY(sph_packet_child_text(body, "validUntil", text, sizeof(text), err), err, "validity");
    return sph_time_parse(sph_slice_str(text), &to->valid_until_ms, err);
}

static sph_rc read_keys(const sph_xml_node *body, sph_card *to, sph_err *err)
{
    const sph_xml_node *log = sph_xml_child(body, SPH_NS_PACKET, "log");
    const sph_xml_node *witness = sph_xml_child(body, SPH_NS_PACKET, "witness");
    SPH_TRY(sph_packet_attr_text(log, "origin", to->log_origin, sizeof(to->log_origin), err), err,
            "log");
    SPH_TRY(sph_packet_attr_text(log, "vkey", to->log_vkey, sizeof(to->log_vkey), err), err, "log");
    SPH_TRY(sph_packet_attr_text(witness, "name", to->witness_name, sizeof(to->witness_name), err),
            err, "witness");
    SPH_TRY(sph_packet_attr_text(witness, "vkey", to->witness_vkey, sizeof(to->witness_vkey), err),
            err, "witness");
    return sph_packet_attr_text(witness, "url", to->witness_url, sizeof(to->witness_url), err);
}

static sph_rc read_use(const sph_xml_node *node, enum sph_cert_use *use, sph_err *err)
{
    static const enum sph_cert_use uses[] = {SPH_USE_TLS, SPH_USE_SIGN, SPH_USE_ENCRYPT};
    const char *name = sph_xml_attr(node, NULL, "use");
    for (size_t i = 0; name && i < sizeof(uses) / sizeof(uses[0]); i++)
        if (strcmp(name, sph_card_use_name(uses[i])) == 0) {
            *use = uses[i];
            return sph_ok();
        }
    return sph_fail(err, SPH_EPARSE, "use of a certificate");
}

static sph_rc read_certificate(const sph_xml_node *node, sph_card *to, sph_err *err)
{
    const char *state = sph_xml_attr(node, NULL, "state");
    if (to->cert_count == SPH_CARD_CERTS)
        return sph_fail(err, SPH_ELIMIT, "certificates of a card");
    const size_t i = to->cert_count;
    SPH_TRY(read_use(node, &to->cert[i].use, err), err, "use");
    SPH_TRY(sph_suite_of(sph_slice_str(sph_xml_attr(node, NULL, "suite")), &to->cert[i].suite, err),
            err, "suite");
    to->cert[i].is_next = state && strcmp(state, "next") == 0;
    SPH_TRY(sph_card_cert(node, &to->cert[i].cert, err), err, "certificate");
    to->cert_count++;
    return sph_ok();
}

/* A type that a later version knows is no fault of the card: we only never send it. */
static sph_rc note_type(const char *name, bool *flags)
{
    enum sph_packet_type type;
    const sph_rc rc = sph_packet_type_of(name, &type, NULL);
    if (rc.code == SPH_OK)
        flags[type] = true;
    return sph_ok();
}

static sph_rc read_one(const sph_xml_node *node, sph_card *to, sph_err *err)
{
    char text[64];
    if (sph_xml_is(node, SPH_NS_PACKET, "certificate"))
        return read_certificate(node, to, err);
    if (sph_xml_is(node, SPH_NS_PACKET, "subscription"))
        return note_type(sph_xml_attr(node, NULL, "type"), to->subscribes);
    if (sph_xml_is(node, SPH_NS_PACKET, "crl"))
        return read_base64(node, &to->crl, err);
    if (sph_xml_is(node, SPH_NS_PACKET, "language") && to->language_count < 3)
        return sph_xml_value_text(node, to->languages[to->language_count++], 3, err);
    if (!sph_xml_is(node, SPH_NS_PACKET, "type") && !sph_xml_is(node, SPH_NS_PACKET, "suite") &&
        !sph_xml_is(node, SPH_NS_PACKET, "feature"))
        return sph_ok();
    SPH_TRY(sph_xml_value_text(node, text, sizeof(text), err), err, "code");
    if (sph_xml_is(node, SPH_NS_PACKET, "type"))
        return note_type(text, to->accepts_type);
    if (sph_xml_is(node, SPH_NS_PACKET, "feature")) {
        to->has_akn_full = to->has_akn_full || strcmp(text, "akn-full") == 0;
        to->has_relay = to->has_relay || strcmp(text, "relay") == 0;
        return sph_ok();
    }
    if (to->suite_count == 3)
        return sph_fail(err, SPH_ELIMIT, "suites of a card");
    return sph_suite_of(sph_slice_str(text), &to->suite[to->suite_count++], err);
}

static sph_rc read_card(const sph_packet *packet, sph_card *to, sph_err *err)
{
    to->crl = sph_buf_init(CRL_CAP);
    SPH_TRY(read_texts(packet->body, to, err), err, "texts");
    SPH_TRY(read_pull_only(packet->body, to, err), err, "channel");
    SPH_TRY(read_numbers(packet->body, to, err), err, "numbers");
    SPH_TRY(read_keys(packet->body, to, err), err, "keys");
    SPH_TRY(sph_card_root(packet, &to->root, err), err, "root");
    for (const sph_xml_node *at = sph_xml_first(packet->body); at; at = sph_xml_next(at))
        SPH_TRY(read_one(at, to, err), err, "%s", sph_xml_local(at));
    return sph_ok();
}

sph_rc sph_card_read(const sph_packet *packet, sph_card *out, sph_err *err)
{
    if (packet->header.type != SPH_PACKET_DIRECTORY)
        return sph_fail(err, SPH_EARG, "not a card");
    sph_card *card = sph_mem_new(1, sizeof(*card));
    if (!card)
        return sph_fail(err, SPH_ENOMEM, "card");
    const sph_rc rc = read_card(packet, card, err);
    if (rc.code == SPH_OK)
        *out = *card;
    else
        sph_card_clear(card);
    sph_mem_free(card);
    return rc;
}
