#include "kit.h"

#include <stdio.h>

#include "base/codec.h"

int test_identity(void);

/* security.md 2.5 S-20 to S-23: who signed, and does that fit. */

static const struct kit *kit(void)
{
    return kit_of(SPH_SUITE_EDELIVERY_2_0_ED25519);
}

/** Verify a message under a trust that differs in one field. */
static void expect_under(const char *id, const struct kit_msg *msg, const sph_as4_trust *trust,
                         enum sph_ebms code, const char *rule)
{
    sph_err err = {0};
    sph_as4_fault fault = {0};
    SPH_AUTO_PTR(sph_as4_in) *in = NULL;
    kit_good(sph_as4_open_root(sph_buf_peek(&msg->root), sph_limits_default(), &in, &fault, &err),
             &err);
    const sph_rc rc = sph_as4_verify(in, trust, &fault, &err);
    assert_int_equal(rc.code, SPH_EREFUSED);
    if (fault.code != code || strcmp(fault.rule, rule) != 0)
        fail_msg("%s: got %s %s", id, sph_ebms_code(fault.code), fault.rule);
    assert_null(sph_as4_in_refs(in));
    assert_null(sph_as4_in_signer(in));
}

static void identity_s21_signature_of_another_partner_is_refused(void **state)
{
    (void)state;
    struct kit_msg msg;
    const struct kit_wish by_other = {.signer = &kit()->other};
    kit_message(kit(), &by_other,
                &msg); /* eb:From = there, signed by other with its own good certificate */
    kit_expect("S-21 party spoof", &msg, SPH_EBMS_0101, "signer.path");
    sph_as4_trust trust = kit_trust(kit());
    trust.party = "other.example";
    trust.root = kit()->other.root;
    expect_under("S-21 spoof under the signer's own trust", &msg, &trust, SPH_EBMS_0101,
                 "signer.party");
    kit_msg_clear(&msg);
}

static void change_from(const char *id, const char *from)
{
    struct kit_msg msg;
    char with[300];
    kit_message(kit(), &(struct kit_wish){0}, &msg);
    (void)snprintf(with, sizeof(with), ">%s</eb:PartyId>", from);
    kit_replace(&msg, ">there.example</eb:PartyId>", with);
    kit_resign(&msg, kit()->there.sign_key);
    kit_expect(id, &msg, SPH_EBMS_0101, "signer.party");
    kit_msg_clear(&msg);
}

static void identity_s21_from_that_is_not_the_signer_is_refused(void **state)
{
    (void)state;
    change_from("S-21 From = me", "here.example");
    change_from("S-21 case", "There.example");
    change_from("S-21 look-alike", "ther\xD0\xB5.example");
    change_from("S-21 longer", "there.example.org");
}

static void identity_s21_two_party_ids_are_refused(void **state)
{
    (void)state;
    struct kit_msg msg;
    kit_message(kit(), &(struct kit_wish){0}, &msg);
    kit_insert_after(&msg, "</eb:PartyId>", "<eb:PartyId>other.example</eb:PartyId>");
    kit_resign(&msg, kit()->there.sign_key);
    kit_expect("S-21 two PartyId", &msg, SPH_EBMS_0009, "header.schema");
    kit_msg_clear(&msg);
}

static void identity_certificate_out_of_its_time_use_or_path_is_refused(void **state)
{
    (void)state;
    struct kit_msg msg;
    kit_message(kit(), &(struct kit_wish){0}, &msg);
    sph_as4_trust trust = kit_trust(kit());
    trust.at_ms += INT64_C(86400000) * (KIT_DAYS + 1);
    expect_under("expired", &msg, &trust, SPH_EBMS_0101, "signer.path");
    trust = kit_trust(kit());
    trust.at_ms -= 86400000;
    expect_under("not yet valid", &msg, &trust, SPH_EBMS_0101, "signer.path");
    trust = kit_trust(kit());
    trust.root = kit()->other.root;
    expect_under("another root", &msg, &trust, SPH_EBMS_0101, "signer.path");
    trust = kit_trust(kit());
    trust.party = "other.example";
    expect_under("another party of the same root", &msg, &trust, SPH_EBMS_0101, "signer.path");
    kit_msg_clear(&msg);
}

static void identity_revoked_signer_is_refused(void **state)
{
    (void)state;
    sph_err err = {0};
    struct kit_msg msg;
    SPH_AUTO(sph_buf) crl = sph_buf_init(65536);
    const sph_cert *revoked[] = {kit()->there.sign};
    kit_good(sph_crl_issue(kit()->there.root_key, kit()->there.root, revoked, 1, 1, KIT_NOW_MS,
                           &crl, &err),
             &err);
    kit_message(kit(), &(struct kit_wish){0}, &msg);
    sph_as4_trust trust = kit_trust(kit());
    trust.crl = sph_buf_peek(&crl);
    expect_under("revoked", &msg, &trust, SPH_EBMS_0101, "signer.path");
    kit_msg_clear(&msg);
}

static void identity_s19_suite_that_differs_is_refused(void **state)
{
    (void)state;
    struct kit_msg msg;
    kit_message(kit(), &(struct kit_wish){0}, &msg);
    sph_as4_trust trust = kit_trust(kit());
    trust.suite = SPH_SUITE_EDELIVERY_1_15;
    expect_under("Ed25519 where RSA is agreed", &msg, &trust, SPH_EBMS_0103, "dsig.algorithm");
    kit_msg_clear(&msg);
    kit_message(kit_of(SPH_SUITE_EDELIVERY_1_15), &(struct kit_wish){0}, &msg);
    trust = kit_trust(kit_of(SPH_SUITE_EDELIVERY_1_15));
    trust.suite = SPH_SUITE_EDELIVERY_2_0_ED25519;
    expect_under("RSA where Ed25519 is agreed", &msg, &trust, SPH_EBMS_0103, "dsig.algorithm");
    kit_msg_clear(&msg);
}

/* ------------------------------------------------------------------ S-20: tokens */

#define WSSE_NS "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"

/** The last KeyInfo of the document, inside ds:Signature. */
static void replace_key_info(struct kit_msg *msg, const char *with)
{
    char *value = kit_copy(msg, "</ds:SignatureValue>", "</ds:Signature>");
    char text[8192];
    (void)snprintf(text, sizeof(text),
                   "</ds:SignatureValue><ds:KeyInfo>%s</ds:KeyInfo></ds:Signature>", with);
    kit_replace(msg, value, text);
    sph_str_free(&value);
}

static void token_row(const char *id, const char *key_info, const char *rule)
{
    struct kit_msg msg;
    kit_message(kit(), &(struct kit_wish){0}, &msg);
    replace_key_info(&msg, key_info);
    kit_expect(id, &msg, SPH_EBMS_0101, rule);
    kit_msg_clear(&msg);
}

#define STR(text)                                                                                  \
    "<wsse:SecurityTokenReference xmlns:wsse=\"" WSSE_NS "\">" text "</"                           \
    "wsse:SecurityTokenReference>"
#define X509_PROFILE                                                                               \
    "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-x509-token-profile-1.0#"

static void identity_s20_token_confusion_is_refused(void **state)
{
    (void)state;
    token_row("S-20 KeyValue", "<ds:KeyValue></ds:KeyValue>", "token.certificate");
    token_row("S-20 empty", "", "token.shape");
    token_row("S-20 empty STR", STR(""), "token.certificate");
    token_row("S-20 two STR", STR("<x></x>") STR("<x></x>"), "token.shape");
    token_row("S-20 token that is not there",
              STR("<wsse:Reference URI=\"#none\"></wsse:Reference>"), "token.certificate");
    token_row("S-20 external token",
              STR("<wsse:Reference URI=\"http://evil.example/c\"></wsse:Reference>"),
              "token.certificate");
    token_row("S-20 unknown SKI",
              STR("<wsse:KeyIdentifier ValueType=\"" X509_PROFILE
                  "X509SubjectKeyIdentifier\">AAAA</wsse:KeyIdentifier>"),
              "token.unknown");
    token_row("S-20 thumbprint",
              STR("<wsse:KeyIdentifier ValueType=\"http://docs.oasis-open.org/wss/"
                  "oasis-wss-soap-message-security-1.1#ThumbprintSHA1\">AAAA</wsse:KeyIdentifier>"),
              "token.certificate");
    token_row(
        "S-20 other CA, same DN form",
        STR("<ds:X509Data><ds:X509IssuerSerial><ds:X509IssuerName>CN=other</ds:X509IssuerName>"
            "<ds:X509SerialNumber>1</ds:X509SerialNumber></ds:X509IssuerSerial></ds:X509Data>"),
        "token.unknown");
    token_row("S-20 certificate in X509Data",
              STR("<ds:X509Data><ds:X509Certificate>AAAA</ds:X509Certificate></ds:X509Data>"),
              "token.certificate");
}

/** Replace the signer's token by another certificate (or path), given as base64. */
static void with_token(const char *id, sph_slice der, const char *type, const char *rule)
{
    sph_err err = {0};
    struct kit_msg msg;
    SPH_AUTO(sph_buf) text = sph_buf_init(131072);
    kit_message(kit(), &(struct kit_wish){.encrypt_form = SPH_TOKEN_SKI},
                &msg); /* the signer's is the only token */
    char *old = kit_cut(&msg, "<wsse:BinarySecurityToken", "</wsse:BinarySecurityToken>");
    char *token_id = strstr(old, "wsu:Id=\"") + 8;
    token_id[strcspn(token_id, "\"")] = 0;
    kit_good(sph_buf_addf(&text, &err,
                          "<wsse:BinarySecurityToken xmlns:wsse=\"" WSSE_NS
                          "\" Id=\"%s\" ValueType=\"" X509_PROFILE "%s\">",
                          token_id, type),
             &err);
    kit_good(sph_base64_encode(der, &text, &err), &err);
    kit_good(sph_buf_add_text(&text, "</wsse:BinarySecurityToken>", &err), &err);
    kit_insert_before(&msg, "<ds:Signature ", sph_buf_text(&text));
    if (strcmp(type, "X509v3") != 0) {
        char *ref = kit_copy(&msg, "<wsse:Reference URI=\"#X509", "</wsse:Reference>");
        char *bare = strstr(ref, " ValueType");
        *bare = 0;
        char with[256];
        (void)snprintf(with, sizeof(with), "%s></wsse:Reference>", ref);
        *bare = ' ';
        kit_replace(&msg, ref, with);
        sph_str_free(&ref);
    }
    if (rule == NULL) {
        sph_as4_fault fault = {0};
        if (!kit_judge(&msg, &fault))
            fail_msg("%s refused: %s", id, fault.rule);
    } else {
        kit_expect(id, &msg, SPH_EBMS_0101, rule);
    }
    sph_str_free(&old);
    kit_msg_clear(&msg);
}

static void path_of(const sph_cert *const *chain, size_t count, sph_buf *out)
{
    sph_err err = {0};
    kit_good(sph_pkipath_encode(chain, count, out, &err), &err);
}

static void identity_s20_certificate_that_is_not_the_signing_leaf_is_refused(void **state)
{
    (void)state;
    sph_err err = {0};
    const struct kit_party *there = &kit()->there;
    with_token("control", sph_cert_peek_der(there->sign), "X509v3", NULL);
    with_token("S-20 root as signer", sph_cert_peek_der(there->root), "X509v3", "signer.path");
    with_token("S-20 encryption leaf as signer", sph_cert_peek_der(there->encrypt), "X509v3",
               "signer.path");
    with_token("S-20 other partner's leaf", sph_cert_peek_der(kit()->other.sign), "X509v3",
               "signer.path");
    with_token("S-20 not a certificate", SPH_LIT("0123"), "X509v3", "token.certificate");
    with_token("S-20 empty", (sph_slice){0}, "X509v3", "token.certificate");
    with_token("S-20 unknown type", sph_cert_peek_der(there->sign), "X509v1", "token.certificate");
    SPH_AUTO(sph_buf)
    good = sph_buf_init(65536), reversed = sph_buf_init(65536), five = sph_buf_init(65536);
    path_of((const sph_cert *const[]){there->root, there->sign}, 2, &good);
    path_of((const sph_cert *const[]){there->sign, there->root}, 2, &reversed);
    with_token("PKIPath", sph_buf_peek(&good), "X509PKIPathv1", NULL);
    with_token("S-20 PKIPath reversed", sph_buf_peek(&reversed), "X509PKIPathv1", "signer.path");
    /* S-18: more certificates than the chain limit, by hand because ours does not write them */
    const sph_slice der = sph_cert_peek_der(there->sign);
    const size_t len = der.len * 5;
    kit_good(sph_buf_addf(&five, &err, "%c%c%c%c", 0x30, 0x82, (int)(len >> 8), (int)(len & 0xff)),
             &err);
    for (size_t i = 0; i < 5; i++)
        kit_good(sph_buf_add(&five, der, &err), &err);
    with_token("S-18 five certificates", sph_buf_peek(&five), "X509PKIPathv1", "token.certificate");
}

/** S-20: a second, unreferenced token does nothing, whoever's it is. */
static void identity_s20_unreferenced_token_is_ignored(void **state)
{
    (void)state;
    struct kit_msg msg;
    sph_as4_fault fault = {0};
    kit_message(kit(), &(struct kit_wish){0}, &msg);
    kit_insert_before(&msg, "<ds:Signature ",
                      "<wsse:BinarySecurityToken>AAAA</wsse:BinarySecurityToken>");
    if (!kit_judge(&msg, &fault))
        fail_msg("refused: %s", fault.rule);
    kit_msg_clear(&msg);
}

/** A token must be a child of wsse:Security, not something hidden elsewhere. */
static void identity_s20_token_outside_the_security_header_is_refused(void **state)
{
    (void)state;
    struct kit_msg msg;
    kit_message(kit(), &(struct kit_wish){.encrypt_form = SPH_TOKEN_SKI}, &msg);
    char *token = kit_cut(&msg, "<wsse:BinarySecurityToken", "</wsse:BinarySecurityToken>");
    kit_insert_before(
        &msg, "</env:Header>",
        "<x:W xmlns:x=\"urn:x\" xmlns:wsse=\"" WSSE_NS "\" xmlns:wsu=\""
        "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd\">");
    kit_insert_before(&msg, "</env:Header>", token);
    kit_insert_before(&msg, "</env:Header>", "</x:W>");
    kit_expect("token elsewhere", &msg, SPH_EBMS_0101, "token.certificate");
    sph_str_free(&token);
    kit_msg_clear(&msg);
}

/* ------------------------------------------------------------------ S-23 */

/** The same message with white space in its base64 is accepted, with the same signed set: the
 * duplicate check sees it. */
static void identity_s23_reencoded_message_has_the_same_signed_set(void **state)
{
    (void)state;
    struct kit_msg msg;
    kit_message(kit(), &(struct kit_wish){0}, &msg);
    kit_insert_after(&msg, "<ds:SignatureValue>", "\n ");
    kit_insert_before(&msg, "</ds:SignatureValue>", "\n");
    SPH_AUTO_PTR(sph_as4_in) *in = kit_open(&msg);
    assert_true(sph_as4_refs_equal(sph_as4_in_refs(in), &msg.refs));
    const sph_hash hash = sph_as4_in_root_sha256(in);
    assert_memory_not_equal(hash.at, msg.root_sha256.at, 32);
    kit_msg_clear(&msg);
}

/* ------------------------------------------------------------------ missing headers, E-09 */

static void identity_e09_missing_security_or_signature_is_refused(void **state)
{
    (void)state;
    struct kit_msg msg;
    char *cut = NULL;
    kit_message(kit(), &(struct kit_wish){0}, &msg);
    cut = kit_cut(&msg, "<ds:Signature ", "</ds:Signature>");
    kit_expect("E-09 sign-strip", &msg, SPH_EBMS_0103, "wss.unsigned");
    sph_str_free(&cut);
    cut = kit_cut(&msg, "<wsse:Security", "</wsse:Security>");
    kit_expect("8.7 no Security", &msg, SPH_EBMS_0010, "wss.missing");
    sph_str_free(&cut);
    kit_msg_clear(&msg);
}

static void identity_0101_says_the_same_for_every_cause(void **state)
{
    (void)state;
    struct kit_msg a, b;
    sph_as4_fault first = {0}, second = {0};
    kit_message(kit(), &(struct kit_wish){0}, &a);
    kit_replace(&a, ">a2<", ">a1<");
    kit_message(kit(), &(struct kit_wish){.signer = &kit()->other}, &b);
    assert_false(kit_judge(&a, &first));
    assert_false(kit_judge(&b, &second));
    assert_string_not_equal(first.rule, second.rule);
    assert_string_equal(first.detail, second.detail);
    kit_msg_clear(&a);
    kit_msg_clear(&b);
}

int test_identity(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(identity_s21_signature_of_another_partner_is_refused),
        cmocka_unit_test(identity_s21_from_that_is_not_the_signer_is_refused),
        cmocka_unit_test(identity_s21_two_party_ids_are_refused),
        cmocka_unit_test(identity_certificate_out_of_its_time_use_or_path_is_refused),
        cmocka_unit_test(identity_revoked_signer_is_refused),
        cmocka_unit_test(identity_s19_suite_that_differs_is_refused),
        cmocka_unit_test(identity_s20_token_confusion_is_refused),
        cmocka_unit_test(identity_s20_certificate_that_is_not_the_signing_leaf_is_refused),
        cmocka_unit_test(identity_s20_unreferenced_token_is_ignored),
        cmocka_unit_test(identity_s20_token_outside_the_security_header_is_refused),
        cmocka_unit_test(identity_s23_reencoded_message_has_the_same_signed_set),
        cmocka_unit_test(identity_e09_missing_security_or_signature_is_refused),
        cmocka_unit_test(identity_0101_says_the_same_for_every_cause),
    };
    return cmocka_run_group_tests_name("identity", tests, kit_start, kit_stop);
}
