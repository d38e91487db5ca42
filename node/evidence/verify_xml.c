/* Packets and cards: whose signature stands under exactly these bytes (packets.md 1). */
#include "base/codec.h"
#include "evidence/verify_parts.h"
#include "packet/signature.h"
#include "packet/xsd_findings.h"

#define SIGNING_WINDOW_MS 86400000 /* packets.md 1: SigningTime within 24 h of issuedAt */
#define CERT_CAP 16384

/* One document under judgment. */
struct subject {
    sph_slice octets;
    sph_xml *doc;
    sph_packet *packet;  /* read only after signature and schema hold */
    const char *issuer;  /* as the header claims; the signature is checked against it */
    sph_cert *card_root; /* of a card: the root it carries */
    const sph_trust *trust;
    struct sph_signed signature;
};

static void subject_clear(struct subject *subject)
{
    sph_packet_free(&subject->packet);
    sph_cert_free(&subject->card_root);
    sph_xml_free(&subject->doc);
}

/* The trust that speaks for the issuer, else any with a root (it will not fit, and that is said).
 */
static const sph_trust *choose_trust(const struct sph_verify_context *context, const char *issuer)
{
    const sph_trust *other = NULL;
    for (size_t i = 0; i < context->trust_count; i++) {
        const sph_trust *trust = &context->trust[i];
        if (trust->root && issuer && strcmp(trust->party, issuer) == 0)
            return trust;
        if (trust->root && !other)
            other = trust;
    }
    return other;
}

static const sph_xml_node *directory_of(const sph_xml *doc)
{
    const sph_xml_node *body = sph_xml_child(sph_xml_root(doc), SPH_NS_PACKET, "Body");
    return sph_xml_child(body, SPH_NS_PACKET, "directory");
}

/* The root that a card carries. SPH_EPARSE when there is none. */
static sph_rc read_card_root(const sph_xml_node *directory, sph_cert **out, sph_err *err)
{
    const sph_xml_node *node = NULL;
    SPH_AUTO(sph_buf) text = sph_buf_init(2 * CERT_CAP);
    SPH_AUTO(sph_buf) der = sph_buf_init(CERT_CAP);
    SPH_TRY(sph_xml_only(directory, SPH_NS_PACKET, "root", &node, err), err, "root");
    SPH_TRY(sph_xml_value(node, &text, err), err, "root");
    SPH_TRY(sph_base64_decode_xml(sph_buf_peek(&text), &der, err), err, "root");
    return sph_cert_parse(sph_buf_peek(&der), out, err);
}

/* Parse and find who claims to have signed. false: said why it cannot be judged. */
static sph_rc open_subject(const struct sph_verify_context *context, struct subject *to,
                           sph_verdict *verdict, bool *is_usable, sph_err *err)
{
    unsigned line = 0;
    const struct sph_xml_limits caps = sph_xml_limits_packet(context->limits);
    const sph_rc rc = sph_xml_parse_at(to->octets, &caps, &line, &to->doc, NULL);
    *is_usable = false;
    if (sph_verify_is_fatal(rc))
        return sph_fail(err, rc.code, "document");
    if (rc.code != SPH_OK) {
        char number[16];
        SPH_TRY(sph_str_format(number, sizeof(number), err, "%u", line), err, "line");
        sph_verdict_say(verdict, SPH_LINE_MISSING, "evidence.xml.broken", number, NULL);
        return sph_ok();
    }
    const sph_xml_node *root = sph_xml_root(to->doc);
    if (!sph_xml_is(root, SPH_NS_PACKET, "Packet")) {
        sph_verdict_say(verdict, SPH_LINE_MISSING, "evidence.xml.other", NULL, NULL);
        return sph_ok();
    }
    const sph_xml_node *header = sph_xml_child(root, SPH_NS_PACKET, "Header");
    to->issuer = sph_xml_attr(sph_xml_child(header, SPH_NS_PACKET, "issuer"), NULL, "party");
    sph_verdict_set_kind(verdict, SPH_EVIDENCE_PACKET);
    *is_usable = true;
    return sph_ok();
}

static bool is_same_root(const struct subject *subject)
{
    return subject->trust && subject->card_root &&
           sph_slice_equal(sph_cert_peek_der(subject->card_root),
                           sph_cert_peek_der(subject->trust->root));
}

static sph_rc check_signature(struct subject *to, sph_verdict *verdict, bool *holds, sph_err *err)
{
    const sph_cert *trusted = to->trust ? to->trust->root : NULL;
    const sph_cert *root = to->card_root ? to->card_root : trusted;
    const bool has_crl = to->trust && (!to->card_root || is_same_root(to));
    const sph_slice crl = has_crl ? sph_buf_peek(&to->trust->crl) : sph_slice_of(NULL, 0);
    const sph_rc rc = sph_signature_check(to->doc, root, to->issuer ? to->issuer : "", crl,
                                          sph_verdict_findings(verdict), &to->signature, NULL);
    *holds = rc.code == SPH_OK;
    if (sph_verify_is_fatal(rc))
        return sph_fail(err, rc.code, "signature");
    if (!*holds) {
        const bool is_other =
            !to->card_root && to->trust && to->issuer && strcmp(to->trust->party, to->issuer) != 0;
        sph_verdict_say(verdict, SPH_LINE_FAILED,
                        is_other ? "evidence.signature.other-trust" : "evidence.signature.broken",
                        to->issuer, is_other ? to->trust->party : NULL);
        return sph_ok();
    }
    sph_verdict_say(verdict, SPH_LINE_CHECKED,
                    root ? "evidence.signature.holds" : "evidence.signature.intact",
                    to->signature.party, NULL);
    return sph_ok();
}

/* What a good packet says of itself. */
static sph_rc say_header(const struct subject *subject, sph_verdict *verdict, sph_err *err)
{
    const sph_packet_header *header = sph_packet_header_of(subject->packet);
    const sph_hash sha256 = sph_packet_sha256(subject->packet);
    SPH_AUTO(sph_buf) hex = sph_buf_init(128);
    SPH_TRY(sph_hex_encode(sph_slice_hash(&sha256), &hex, err), err, "digest");
    sph_verdict_fact(verdict, "evidence.fact.issuer", "issuer", header->issuer);
    sph_verdict_fact_code(verdict, "evidence.fact.type", "type", "type",
                          sph_packet_type_name(header->type));
    sph_verdict_fact(verdict, "evidence.fact.packet", "packetId", header->packet_id);
    sph_verdict_fact(verdict, "evidence.fact.thread", "threadId", header->thread_id);
    sph_verdict_fact_time(verdict, "evidence.fact.signed", "signedAt",
                          subject->signature.signing_ms);
    sph_verdict_fact(verdict, "evidence.fact.sha256", "sha256", sph_buf_text(&hex));
    if (strcmp(header->mode, "training") == 0)
        sph_verdict_say(verdict, SPH_LINE_NOTED, "evidence.training", NULL, NULL);
    return sph_ok();
}

static void check_times(const struct sph_verify_context *context, const struct subject *subject,
                        sph_verdict *verdict)
{
    const int64_t signing = subject->signature.signing_ms;
    const int64_t issued = sph_packet_header_of(subject->packet)->issued_ms;
    const int64_t apart = signing > issued ? signing - issued : issued - signing;
    if (apart > SIGNING_WINDOW_MS)
        sph_verdict_say(verdict, SPH_LINE_FAILED, "evidence.signature.time", NULL, NULL);
    if (signing > context->now_ms + SIGNING_WINDOW_MS)
        sph_verdict_say(verdict, SPH_LINE_NOTED, "evidence.signature.future", NULL, NULL);
}

/* Schema, then the header. false: said that its form is not ours. */
static sph_rc read_subject(const struct sph_verify_context *context, struct subject *to,
                           sph_verdict *verdict, bool *is_read, sph_err *err)
{
    sph_rc rc =
        sph_xsd_check(context->schemas->packet, to->doc, sph_verdict_findings(verdict), NULL);
    if (rc.code == SPH_OK)
        rc = sph_packet_reopen(to->octets, context->limits, &to->packet, NULL);
    *is_read = rc.code == SPH_OK;
    if (sph_verify_is_fatal(rc))
        return sph_fail(err, rc.code, "packet");
    if (*is_read)
        sph_verdict_say(verdict, SPH_LINE_CHECKED, "evidence.schema.holds", NULL, NULL);
    else
        sph_verdict_say(verdict, SPH_LINE_MISSING, "evidence.schema.broken", NULL, NULL);
    return sph_ok();
}

static void say_packet_basis(const struct subject *subject, sph_verdict *verdict)
{
    char safety[SPH_SAFETY_TEXT];
    if (!subject->trust) {
        sph_verdict_say(verdict, SPH_LINE_OPEN, "evidence.basis.nobody", subject->signature.party,
                        NULL);
        return;
    }
    sph_safety_number(sph_cert_peek_der(subject->trust->root), safety);
    sph_verdict_say(verdict, SPH_LINE_BASIS, "evidence.basis.root", subject->trust->party, safety);
}

static void say_packet(const struct subject *subject, sph_verdict *verdict)
{
    const size_t attachments = sph_packet_attachment_count(subject->packet);
    say_packet_basis(subject, verdict);
    if (attachments > 0) {
        sph_verdict_fact_number(verdict, "evidence.fact.attachments", "attachments", attachments);
        sph_verdict_say(verdict, SPH_LINE_LIMIT, "evidence.limit.attachments", NULL, NULL);
    }
    sph_verdict_say(verdict, SPH_LINE_LIMIT, "evidence.limit.packet", NULL, NULL);
}

/* A card is judged by the root it brings; a trusted root of the same party must be the same one. */
static sph_rc prepare_card(struct subject *to, sph_verdict *verdict, bool *is_usable, sph_err *err)
{
    const sph_rc rc = read_card_root(directory_of(to->doc), &to->card_root, NULL);
    sph_verdict_set_kind(verdict, SPH_EVIDENCE_CARD);
    *is_usable = rc.code == SPH_OK;
    if (sph_verify_is_fatal(rc))
        return sph_fail(err, rc.code, "card");
    if (!*is_usable)
        sph_verdict_say(verdict, SPH_LINE_MISSING, "evidence.card.no-root", NULL, NULL);
    return sph_ok();
}

static void say_card_basis(const struct subject *subject, sph_verdict *verdict)
{
    char safety[SPH_SAFETY_TEXT];
    const sph_slice der = sph_cert_peek_der(subject->card_root);
    sph_safety_number(der, safety);
    if (!subject->trust) {
        sph_verdict_say(verdict, SPH_LINE_OPEN, "evidence.basis.card", safety, NULL);
        return;
    }
    if (is_same_root(subject)) {
        sph_verdict_say(verdict, SPH_LINE_CHECKED, "evidence.card.same-root", NULL, NULL);
        sph_verdict_say(verdict, SPH_LINE_BASIS, "evidence.basis.root", subject->trust->party,
                        safety);
        return;
    }
    sph_verdict_say(verdict, SPH_LINE_FAILED, "evidence.card.other-root", subject->trust->party,
                    safety);
}

static sph_rc judge(const struct sph_verify_context *context, struct subject *subject,
                    sph_verdict *verdict, sph_card *card, sph_err *err)
{
    bool holds = false;
    SPH_TRY(check_signature(subject, verdict, &holds, err), err, "signature");
    if (!holds)
        return sph_ok();
    SPH_TRY(read_subject(context, subject, verdict, &holds, err), err, "document");
    if (!holds)
        return sph_ok();
    check_times(context, subject, verdict);
    SPH_TRY(say_header(subject, verdict, err), err, "header");
    if (!subject->card_root) {
        say_packet(subject, verdict);
        return sph_ok();
    }
    say_card_basis(subject, verdict);
    const sph_packet_header *header = sph_packet_header_of(subject->packet);
    return sph_verify_card(subject->octets, subject->card_root, header->issued_ms, header->mode,
                           context, verdict, card, err);
}

sph_rc sph_verify_xml(sph_slice octets, const struct sph_verify_context *context,
                      sph_verdict *verdict, sph_card *card, sph_err *err)
{
    __attribute__((cleanup(subject_clear))) struct subject subject = {.octets = octets};
    bool is_usable = false;
    SPH_TRY(open_subject(context, &subject, verdict, &is_usable, err), err, "file");
    if (is_usable && directory_of(subject.doc))
        SPH_TRY(prepare_card(&subject, verdict, &is_usable, err), err, "file");
    if (!is_usable)
        return sph_ok();
    subject.trust = choose_trust(context, subject.issuer);
    if (context->trust_count > 0 && !subject.trust)
        sph_verdict_say(verdict, SPH_LINE_MISSING, "evidence.trust-no-root", NULL, NULL);
    return judge(context, &subject, verdict, card, err);
}
