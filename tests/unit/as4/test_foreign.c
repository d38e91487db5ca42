#include "kit.h"

#include <stdio.h>

#include "base/codec.h"

int test_foreign(void);

/* What the P-Mode of a foreign product lets pass: as4.md 5.3, 6.2, 6.5, 7, D16. */

static const struct kit *kit(void)
{
    return kit_of(SPH_SUITE_EDELIVERY_1_15);
}

static sph_as4_trust foreign_trust(void)
{
    return (sph_as4_trust){
        .party = "there.example", .at_ms = KIT_NOW_MS, .suite = kit()->suite, .is_foreign = true};
}

/** Open, verify and unwrap at `here` under this trust. */
static bool judge(const struct kit_msg *msg, const sph_as4_trust *trust, sph_as4_parts *parts,
                  sph_as4_fault *fault)
{
    sph_err err = {0};
    SPH_AUTO_PTR(sph_as4_in) *in = NULL;
    SPH_AUTO(sph_buf) bytes = sph_buf_init(8u << 20);
    kit_bytes(msg, &bytes);
    const sph_as4_source source = {.bytes = sph_buf_peek(&bytes)};
    const struct kit_party *here = &msg->kit->here;
    const sph_as4_recipient own = {here->encrypt_key, here->encrypt};
    sph_rc rc = sph_as4_open(msg->content_type, &source, sph_limits_default(), &in, fault, &err);
    if (rc.code == SPH_OK)
        rc = sph_as4_verify(in, trust, fault, &err);
    if (rc.code == SPH_OK)
        rc = sph_as4_unwrap(in, &own, 1, kit_random(), kit_files(), KIT_SPOOL, sph_limits_default(),
                            parts, fault, &err);
    assert_true(rc.code == SPH_OK || rc.code == SPH_EREFUSED);
    return rc.code == SPH_OK;
}

static void expect(const char *id, const struct kit_msg *msg, const sph_as4_trust *trust,
                   const char *rule)
{
    static sph_as4_parts parts;
    sph_as4_fault fault = {0};
    const bool is_good = judge(msg, trust, &parts, &fault);
    if (is_good)
        sph_as4_parts_clear(&parts);
    if (is_good != (rule == NULL) || (!is_good && strcmp(fault.rule, rule) != 0))
        fail_msg("%s: %s, expected %s", id, is_good ? "accepted" : fault.rule,
                 rule != NULL ? rule : "acceptance");
    assert_true(kit_spool_count() == 0);
}

static void foreign_signer_is_taken_by_pinned_key_or_by_its_ca(void **state)
{
    (void)state;
    struct kit_msg msg;
    const sph_cert *own[] = {kit()->other.sign, kit()->there.sign};
    const sph_cert *others[] = {kit()->other.sign, kit()->there.encrypt};
    for (size_t form = 0; form < 4; form++) {
        const bool is_carried = form == SPH_TOKEN_BST_X509 || form == SPH_TOKEN_BST_PKIPATH;
        kit_message(kit(), &(struct kit_wish){.sign_form = (enum sph_token_ref)form}, &msg);
        sph_as4_trust trust = foreign_trust();
        expect("nothing pinned", &msg, &trust, is_carried ? "signer.path" : "token.unknown");
        trust.pinned = others;
        trust.pinned_count = 2;
        expect("others pinned", &msg, &trust, is_carried ? "signer.path" : "token.unknown");
        trust.pinned = own;
        expect("pinned", &msg, &trust, NULL);
        trust.at_ms += INT64_C(86400000) * (KIT_DAYS + 1);
        expect("pinned, expired", &msg, &trust, "signer.path");
        trust = foreign_trust();
        trust.ca = kit()->other.root;
        expect("another CA", &msg, &trust, is_carried ? "signer.path" : "token.unknown");
        trust.ca = kit()->there.root;
        expect("its CA", &msg, &trust, is_carried ? NULL : "token.unknown");
        kit_msg_clear(&msg);
    }
}

/** The pin is for one partner: eb:From must still be the party of the P-Mode. */
static void foreign_s21_pinned_signer_for_another_party_is_refused(void **state)
{
    (void)state;
    struct kit_msg msg;
    const sph_cert *own[] = {kit()->there.sign};
    sph_as4_trust trust = foreign_trust();
    trust.pinned = own;
    trust.pinned_count = 1;
    trust.party = "other.example";
    kit_message(kit(), &(struct kit_wish){0}, &msg);
    expect("S-21", &msg, &trust, "signer.party");
    kit_msg_clear(&msg);
}

/** The encryption certificate is no signer, pinned or not: its key usage says so. */
static void foreign_s20_pinned_encryption_certificate_is_no_signer(void **state)
{
    (void)state;
    sph_err err = {0};
    sph_as4_fault fault = {0};
    struct kit_msg msg;
    struct kit_party crossed = kit()->there;
    crossed.sign_key = kit()->there.encrypt_key;
    crossed.sign = kit()->there.encrypt;
    const sph_cert *own[] = {kit()->there.encrypt};
    sph_as4_trust trust = foreign_trust();
    trust.pinned = own;
    trust.pinned_count = 1;
    kit_message(kit(), &(struct kit_wish){.signer = &crossed}, &msg);
    SPH_AUTO_PTR(sph_as4_in) *in = NULL;
    kit_good(sph_as4_open_root(sph_buf_peek(&msg.root), sph_limits_default(), &in, &fault, &err),
             &err);
    assert_int_equal(sph_as4_verify(in, &trust, &fault, &err).code, SPH_EREFUSED);
    assert_string_equal(fault.rule, "signer.path");
    kit_msg_clear(&msg);
}

static void foreign_revoked_signer_under_a_ca_is_refused(void **state)
{
    (void)state;
    sph_err err = {0};
    struct kit_msg msg;
    SPH_AUTO(sph_buf) crl = sph_buf_init(65536), other = sph_buf_init(65536);
    const sph_cert *revoked[] = {kit()->there.sign};
    kit_good(sph_crl_issue(kit()->there.root_key, kit()->there.root, revoked, 1, 1, KIT_NOW_MS,
                           &crl, &err),
             &err);
    kit_good(sph_crl_issue(kit()->other.root_key, kit()->other.root, NULL, 0, 1, KIT_NOW_MS, &other,
                           &err),
             &err);
    kit_message(kit(), &(struct kit_wish){0}, &msg);
    sph_as4_trust trust = foreign_trust();
    trust.ca = kit()->there.root;
    trust.crl = sph_buf_peek(&crl);
    expect("revoked", &msg, &trust, "signer.path");
    trust.crl = sph_buf_peek(&other);
    expect("CRL of another CA", &msg, &trust, "signer.path");
    trust.crl = SPH_LIT("0123");
    expect("no CRL at all", &msg, &trust, "signer.path");
    kit_msg_clear(&msg);
}

/* ------------------------------------------------------------------ legacy references */

#define WSSE_NS "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"
#define PROFILE "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-x509-token-profile-1.0#"
#define SOAP_SEC "http://docs.oasis-open.org/wss/oasis-wss-soap-message-security-1.1#"

static void name_signer(struct kit_msg *msg, const char *before, sph_slice octets,
                        const char *after)
{
    sph_err err = {0};
    SPH_AUTO(sph_buf) text = sph_buf_init(65536);
    char *old = kit_copy(msg, "</ds:SignatureValue>", "</ds:Signature>");
    kit_good(sph_buf_addf(&text, &err,
                          "</ds:SignatureValue><ds:KeyInfo><wsse:SecurityTokenReference "
                          "xmlns:wsse=\"" WSSE_NS "\">%s",
                          before),
             &err);
    kit_good(sph_base64_encode(octets, &text, &err), &err);
    kit_good(sph_buf_addf(&text, &err,
                          "%s</wsse:SecurityTokenReference></ds:KeyInfo></ds:Signature>", after),
             &err);
    kit_replace(msg, old, sph_buf_text(&text));
    sph_str_free(&old);
}

/** as4.md 7, last row: looked up only, and only where the P-Mode says so. */
static void foreign_legacy_reference_looks_up_a_known_certificate(void **state)
{
    (void)state;
    sph_err err = {0};
    uint8_t sha1[SPH_CERT_SHA1];
    SPH_AUTO(sph_buf) ski = sph_buf_init(64);
    const sph_cert *cert = kit()->there.sign, *own[] = {cert};
    kit_good(sph_cert_sha1(cert, sha1, &err), &err);
    kit_good(sph_cert_ski(cert, &ski, &err), &err);
    const struct {
        const char *id, *before, *after;
        sph_slice octets;
    } rows[] = {
        {"ThumbprintSHA1", "<wsse:KeyIdentifier ValueType=\"" SOAP_SEC "ThumbprintSHA1\">",
         "</wsse:KeyIdentifier>", sph_slice_of(sha1, sizeof(sha1))},
        {"X509SKI", "<ds:X509Data><ds:X509SKI>", "</ds:X509SKI></ds:X509Data>", sph_buf_peek(&ski)},
        {"KeyIdentifier with certificate", "<wsse:KeyIdentifier ValueType=\"" PROFILE "X509v3\">",
         "</wsse:KeyIdentifier>", sph_cert_peek_der(cert)},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct kit_msg msg;
        kit_message(kit(), &(struct kit_wish){0}, &msg);
        name_signer(&msg, rows[i].before, rows[i].octets, rows[i].after);
        sph_as4_trust trust = foreign_trust();
        trust.pinned = own;
        trust.pinned_count = 1;
        expect(rows[i].id, &msg, &trust, "token.certificate");
        trust.accepts_legacy_refs = true;
        expect(rows[i].id, &msg, &trust, NULL);
        trust.pinned_count = 0;
        trust.ca = kit()->there.root;
        expect(rows[i].id, &msg, &trust, "token.unknown"); /* a carried one is not taken */
        kit_msg_clear(&msg);
    }
}

/* ------------------------------------------------------------------ uncompressed parts */

#define GZ "<eb:Property name=\"CompressionType\">application/gzip</eb:Property>"

/** A message whose one part is `plain`, sent as it is under `type`, with the digest over
 * `digested`. */
static void plain_message(const char *plain, const char *type, const char *digested,
                          struct kit_msg *msg)
{
    sph_err err = {0};
    char media[128];
    kit_message(kit(),
                &(struct kit_wish){.first = sph_slice_str(plain), .has_first_empty = plain[0] == 0},
                msg);
    kit_replace(msg, GZ, "");
    (void)snprintf(media, sizeof(media), "MimeType=\"%s\"", type);
    kit_replace(msg, "MimeType=\"application/gzip\"", media);
    const sph_hash hash = sph_sha256_of(sph_slice_str(digested));
    SPH_AUTO(sph_buf) text = sph_buf_init(64), with = sph_buf_init(4096);
    kit_good(sph_base64_encode(sph_slice_hash(&hash), &text, &err), &err);
    char *ref = kit_copy(msg, "<ds:Reference URI=\"cid:", "</ds:Reference>");
    char *value = strstr(ref, "<ds:DigestValue>");
    kit_good(sph_buf_addf(&with, &err, "%.*s<ds:DigestValue>%s</ds:DigestValue></ds:Reference>",
                          (int)(value - ref), ref, sph_buf_text(&text)),
             &err);
    kit_replace(msg, ref, sph_buf_text(&with));
    kit_resign(msg, kit()->there.sign_key);
    sph_str_free(&ref);
}

static sph_as4_trust plain_trust(bool with_xml)
{
    static const sph_cert *own[1];
    sph_as4_trust trust = foreign_trust();
    own[0] = kit()->there.sign;
    trust.pinned = own;
    trust.pinned_count = 1;
    trust.accepts_plain = true;
    trust.accepts_uncompressed_xml = with_xml;
    return trust;
}

#define JSON "{\"invented\":true}"

static void foreign_uncompressed_part_passes_only_where_the_p_mode_lets_it(void **state)
{
    (void)state;
    struct kit_msg msg;
    plain_message(JSON, "application/json", JSON, &msg);
    sph_as4_trust trust = plain_trust(false);
    expect("let", &msg, &trust, NULL);
    trust.accepts_plain = false;
    expect("not let", &msg, &trust, "header.compression");
    kit_msg_clear(&msg);
    plain_message(JSON, "application/json", "{}", &msg);
    trust.accepts_plain = true;
    expect("other digest", &msg, &trust, "dsig.part-digest");
    kit_msg_clear(&msg);
    plain_message("", "application/octet-stream", "", &msg);
    expect("no octets", &msg, &trust, NULL);
    kit_msg_clear(&msg);
}

#define XML                                                                                        \
    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\r\n<a  xmlns:b='urn:b' xmlns=\"urn:a\" y='2'\n"    \
    "x=\"1\"><!-- invented --><b:c/>&#x20;\r\n</a>\n"
#define XML_CANONICAL "<a xmlns=\"urn:a\" x=\"1\" y=\"2\"><b:c xmlns:b=\"urn:b\"></b:c> \n</a>"
#define TEXT "one\ntwo\rthree\r\nfour\n\nend"
#define TEXT_CRLF "one\r\ntwo\r\nthree\r\nfour\r\n\r\nend"

/** The two transform branches of SwA, as WSS4J does them (as4.md 6.2). */
static void foreign_xml_is_digested_in_canonical_form_and_text_with_crlf(void **state)
{
    (void)state;
    static const struct {
        const char *id, *plain, *type, *digested, *rule;
    } rows[] = {
        {"XML", XML, "application/xml", XML_CANONICAL, NULL},
        {"XML by text/xml", XML, "text/xml; charset=UTF-8", XML_CANONICAL, NULL},
        {"XML by +xml", XML, "application/vnd.invented+xml", XML_CANONICAL, NULL},
        {"XML by image", XML, "image/svg+XML", XML_CANONICAL, NULL},
        {"XML over its octets", XML, "application/xml", XML, "dsig.part-digest"},
        {"XML of another kind", XML, "model/x+xml", XML, NULL}, /* the raw branch */
        {"XML with DOCTYPE", "<!DOCTYPE a><a></a>", "application/xml", "<a></a>",
         "dsig.part-digest"},
        {"no XML", "<a>", "application/xml", "<a></a>", "dsig.part-digest"},
        {"text", TEXT, "text/plain", TEXT_CRLF, NULL},
        {"text, upper case", TEXT, "TEXT/CSV;header=present", TEXT_CRLF, NULL},
        {"text over its octets", TEXT, "text/plain", TEXT, "dsig.part-digest"},
        {"octets", TEXT, "application/octet-stream", TEXT, NULL},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct kit_msg msg;
        plain_message(rows[i].plain, rows[i].type, rows[i].digested, &msg);
        sph_as4_trust trust = plain_trust(true);
        expect(rows[i].id, &msg, &trust, rows[i].rule);
        kit_msg_clear(&msg);
    }
}

static void foreign_xml_part_is_refused_where_the_p_mode_is_silent(void **state)
{
    (void)state;
    static const char *const types[] = {"application/xml", "TEXT/XML", "image/svg+xml",
                                        "application/x+xml", "text/plain"};
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        struct kit_msg msg;
        plain_message(XML, types[i], XML_CANONICAL, &msg);
        sph_as4_trust trust = plain_trust(false);
        expect(types[i], &msg, &trust, "xenc.media-type");
        trust.accepts_plain = false;
        trust.accepts_uncompressed_xml = true; /* nothing without accepts_plain */
        expect(types[i], &msg, &trust, "header.compression");
        kit_msg_clear(&msg);
    }
}

/** What is handed over is the document as sent, whatever the digest was taken over. */
static void foreign_document_is_handed_over_as_it_was_sent(void **state)
{
    (void)state;
    struct kit_msg msg;
    static sph_as4_parts parts;
    sph_as4_fault fault = {0};
    sph_err err = {0};
    char octets[512] = "";
    size_t got = 0;
    plain_message(XML, "application/xml", XML_CANONICAL, &msg);
    const sph_as4_trust trust = plain_trust(true);
    assert_true(judge(&msg, &trust, &parts, &fault));
    const sph_as4_part *part = &parts.part[0];
    assert_false(part->is_gzip);
    assert_int_equal(part->len, strlen(XML));
    const sph_hash hash = sph_sha256_of(SPH_LIT(XML));
    assert_memory_equal(part->sha256.at, hash.at, sizeof(hash));
    assert_non_null(part->file);
    kit_good(kit_files()->read_at(part->file, 0, (uint8_t *)octets, sizeof(octets), &got, &err),
             &err);
    assert_int_equal(got, strlen(XML));
    assert_memory_equal(octets, XML, got);
    sph_as4_parts_clear(&parts);
    kit_msg_clear(&msg);
}

/** 4 MiB, because these parts are held in memory whole. */
static void foreign_document_over_four_mib_is_refused(void **state)
{
    (void)state;
    const size_t limit = 4u << 20;
    static char text[(4u << 20) + 2];
    for (size_t len = limit; len <= limit + 1; len++) {
        struct kit_msg msg;
        memset(text, 'x', len);
        text[len] = 0;
        plain_message(text, "text/plain", text, &msg);
        const sph_as4_trust trust = plain_trust(true);
        expect("4 MiB", &msg, &trust, len > limit ? "part.size" : NULL);
        kit_msg_clear(&msg);
    }
}

/* ------------------------------------------------------------------ four corners, correlation */

static void foreign_four_corners_are_read_by_name(void **state)
{
    (void)state;
    sph_err err = {0};
    struct sph_as4_corners corners = {"urn:x:a", "urn:t", "urn:x:b", "urn:t",
                                      "first@there.example"};
    struct sph_as4_corners read = {0};
    sph_as4_user user = {0};
    kit_good(sph_as4_user_set_corners(&user, &corners, &err), &err);
    assert_int_equal(user.property_count, 3);
    kit_good(sph_as4_user_corners(&user, &read, &err), &err);
    assert_string_equal(read.sender, "urn:x:a");
    assert_string_equal(read.recipient, "urn:x:b");
    assert_string_equal(read.recipient_type, "urn:t");
    assert_string_equal(read.tracking, "first@there.example");
    const char *type = NULL;
    assert_string_equal(sph_as4_user_property(&user, "finalRecipient", &type), "urn:x:b");
    assert_string_equal(type, "urn:t");
    assert_null(sph_as4_user_property(&user, "FinalRecipient", NULL));
    user.property[0].type = NULL;
    assert_int_equal(sph_as4_user_corners(&user, &read, &err).code, SPH_EREFUSED);
    user.property_count = 1;
    user.property[0].type = "urn:t";
    assert_int_equal(sph_as4_user_corners(&user, &read, &err).code, SPH_EREFUSED);
    user.property_count = 14;
    assert_int_equal(sph_as4_user_set_corners(&user, &corners, &err).code, SPH_ELIMIT);
    assert_int_equal(user.property_count, 14);
    corners.tracking = NULL;
    kit_good(sph_as4_user_set_corners(&user, &corners, &err), &err);
    assert_int_equal(user.property_count, 16);
}

int test_foreign(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(foreign_signer_is_taken_by_pinned_key_or_by_its_ca),
        cmocka_unit_test(foreign_s21_pinned_signer_for_another_party_is_refused),
        cmocka_unit_test(foreign_s20_pinned_encryption_certificate_is_no_signer),
        cmocka_unit_test(foreign_revoked_signer_under_a_ca_is_refused),
        cmocka_unit_test(foreign_legacy_reference_looks_up_a_known_certificate),
        cmocka_unit_test(foreign_uncompressed_part_passes_only_where_the_p_mode_lets_it),
        cmocka_unit_test(foreign_xml_is_digested_in_canonical_form_and_text_with_crlf),
        cmocka_unit_test(foreign_xml_part_is_refused_where_the_p_mode_is_silent),
        cmocka_unit_test(foreign_document_is_handed_over_as_it_was_sent),
        cmocka_unit_test(foreign_document_over_four_mib_is_refused),
        cmocka_unit_test(foreign_four_corners_are_read_by_name),
    };
    return cmocka_run_group_tests_name("foreign", tests, kit_start, kit_stop);
}
