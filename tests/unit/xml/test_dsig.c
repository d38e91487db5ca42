#include "dsig_support.h"

#include "base/codec.h"

int test_dsig(void);

static const enum sph_key_kind kinds[] = {SPH_KEY_ED25519, SPH_KEY_P256, SPH_KEY_RSA3072};

static void dsig_each_kind_of_key_verifies_what_it_signed(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(kinds); i++) {
        SPH_AUTO_PTR(sph_key) *key = make_key(kinds[i]), *other = make_key(kinds[i]);
        SPH_AUTO(sph_buf) text = sph_buf_init(65536);
        make_signed(key, &text);
        assert_int_equal(verify_code(sph_buf_peek(&text), sph_key_peek_public(key)), SPH_OK);
        assert_int_equal(verify_code(sph_buf_peek(&text), sph_key_peek_public(other)), SPH_EPROOF);
    }
}

static void dsig_read_gives_what_stands_there(void **state)
{
    sph_err err = {0};
    SPH_AUTO_PTR(sph_key) *key = make_key(SPH_KEY_ED25519);
    SPH_AUTO(sph_buf) text = sph_buf_init(65536);
    SPH_AUTO_PTR(sph_dsig) *dsig = NULL;
    (void)state;
    make_signed(key, &text);
    SPH_AUTO_PTR(sph_xml) *doc = parse_ok(sph_buf_peek(&text));
    const sph_xml_node *signature = sph_xml_child(sph_xml_root(doc), SPH_NS_DS, "Signature");
    must(sph_dsig_read(signature, 2, false, &dsig, &err), &err);
    assert_int_equal(sph_dsig_key_kind(dsig), SPH_KEY_ED25519);
    assert_int_equal(sph_dsig_ref_count(dsig), 2);
    assert_string_equal(sph_dsig_ref_at(dsig, 0)->uri, "");
    assert_int_equal(sph_dsig_ref_at(dsig, 0)->transform, SPH_TRANSFORM_ENVELOPED_EXC_C14N);
    assert_string_equal(sph_dsig_ref_at(dsig, 1)->uri, "#body");
    assert_null(sph_dsig_ref_at(dsig, 1)->prefix_list);
    assert_true(sph_xml_is(sph_dsig_ref_at(dsig, 1)->node, SPH_NS_DS, "Reference"));
    assert_null(sph_dsig_ref_at(dsig, 2));
    assert_true(sph_xml_is(sph_dsig_key_info(dsig), SPH_NS_DS, "KeyInfo"));
    assert_null(sph_dsig_object(dsig));
}

/* One change to a valid document and the code it must end with. */
struct change {
    const char *from, *to;
    enum sph_code want;
};

static void check_changes(const struct change *changes, size_t count)
{
    SPH_AUTO_PTR(sph_key) *key = make_key(SPH_KEY_ED25519);
    SPH_AUTO(sph_buf) text = sph_buf_init(65536);
    make_signed(key, &text);
    for (size_t i = 0; i < count; i++) {
        SPH_AUTO(sph_buf) changed = sph_buf_init(131072);
        replace_once(sph_buf_peek(&text), changes[i].from, changes[i].to, &changed);
        const enum sph_code got = verify_code(sph_buf_peek(&changed), sph_key_peek_public(key));
        if (got != changes[i].want)
            fail_msg("%s -> %s: got %s, want %s", changes[i].from, changes[i].to,
                     sph_code_name(got), sph_code_name(changes[i].want));
    }
}

static void dsig_changed_content_is_found(void **state)
{
    static const struct change changes[] = {
        {"more", "mora", SPH_EPROOF},
        {"a=\"x", "a=\"z", SPH_EPROOF},
        {"<rest>", "<rest b=\"\">", SPH_EPROOF},
        {"</rest>", "</rest> ", SPH_EPROOF},
        {"Id=\"body\"", "Id=\"bodz\"", SPH_EPROOF},
        {"URI=\"#body\"", "URI=\"#bodz\"", SPH_EPROOF},
        {"<ds:Reference URI=\"\">", "<ds:Reference URI=\"\" Id=\"r\">", SPH_EPROOF},
        {"</ds:SignedInfo>", "\n</ds:SignedInfo>", SPH_EPROOF},
        {"urn:test:body", "urn:test:bodz", SPH_EPROOF},
        /* outside SignedInfo and left out by the transform: nothing signed has changed */
        {"</ds:SignedInfo>", "</ds:SignedInfo>\n", SPH_OK},
        {"Id=\"SIG\"", "Id=\"SIH\"", SPH_OK},
        {">test</ds:KeyName>", ">other</ds:KeyName>", SPH_OK},
    };
    (void)state;
    check_changes(changes, COUNT(changes));
}

#define SIGNED_INFO "<ds:SignedInfo xmlns:ds=\"" SPH_NS_DS "\">"

static void dsig_s06_repeated_and_split_parts_are_refused(void **state)
{
    static const struct change changes[] = {
        {SIGNED_INFO, "<ds:SignedInfo></ds:SignedInfo>" SIGNED_INFO, SPH_EPARSE},
        {"</ds:SignedInfo>", "</ds:SignedInfo><ds:SignedInfo></ds:SignedInfo>", SPH_EPARSE},
        {"</ds:SignatureValue>", "</ds:SignatureValue><ds:SignatureValue>AAAA</ds:SignatureValue>",
         SPH_EPARSE},
        {"<ds:SignatureValue>", "<ds:SignatureValue>AAAA</ds:SignatureValue><ds:SignatureValue>",
         SPH_EPARSE},
        {"</ds:KeyInfo>", "</ds:KeyInfo><ds:KeyInfo></ds:KeyInfo>", SPH_EPARSE},
        {"<ds:KeyInfo><ds:KeyName>test</ds:KeyName></ds:KeyInfo>", "", SPH_EPARSE},
        {"</ds:KeyInfo>", "</ds:KeyInfo><ds:Object></ds:Object>", SPH_EPARSE},
        {"<ds:DigestValue>", "<ds:DigestValue><!-- c -->", SPH_EPARSE},
        {"<ds:DigestValue>", "<ds:DigestValue><![CDATA[]]>AAAA", SPH_EPARSE},
        {"</ds:DigestValue>", "</ds:DigestValue><ds:DigestValue>AAAA</ds:DigestValue>", SPH_EPARSE},
        {"</ds:DigestValue>", "<ds:x/></ds:DigestValue>", SPH_EPARSE},
        {"<ds:DigestValue>", "<ds:DigestValue a=\"b\">", SPH_EPARSE},
        {"<ds:SignatureValue>", "<ds:SignatureValue><!---->", SPH_EPARSE},
        {SIGNED_INFO, SIGNED_INFO "<!---->", SPH_EPARSE},
        {SIGNED_INFO, SIGNED_INFO "text", SPH_EPARSE},
        {SIGNED_INFO, "<ds:SignedInfo a=\"b\" xmlns:ds=\"" SPH_NS_DS "\">", SPH_EPARSE},
        {"<ds:Signature xmlns:ds=\"" SPH_NS_DS "\"",
         "<ds:Signature x=\"1\" xmlns:ds=\"" SPH_NS_DS "\"", SPH_EPARSE},
        {" URI=\"#body\"", "", SPH_EPARSE},
        {" URI=\"#body\"", " URI=\"#body\" x=\"y\"", SPH_EPARSE},
    };
    (void)state;
    check_changes(changes, COUNT(changes));
}

#define SECOND "<ds:Transform Algorithm=\"" SPH_ALG_EXC_C14N "\"></ds:Transform></ds:Transforms>"
#define BODY_TRANSFORM                                                                             \
    "URI=\"#body\"><ds:Transforms><ds:Transform Algorithm=\"" SPH_ALG_EXC_C14N "\"></"             \
    "ds:Transform>"
#define WITH_TRANSFORM(uri)                                                                        \
    "URI=\"#body\"><ds:Transforms><ds:Transform Algorithm=\"" uri "\"></ds:Transform>"
#define ENVELOPED "<ds:Transform Algorithm=\"" SPH_ALG_ENVELOPED "\"></ds:Transform>"

static void dsig_s17_other_transforms_are_refused(void **state)
{
    static const struct change changes[] = {
        {BODY_TRANSFORM, WITH_TRANSFORM("http://www.w3.org/TR/1999/REC-xslt-19991116"),
         SPH_EUNSUPPORTED},
        {BODY_TRANSFORM, WITH_TRANSFORM("http://www.w3.org/TR/1999/REC-xpath-19991116"),
         SPH_EUNSUPPORTED},
        {BODY_TRANSFORM, WITH_TRANSFORM("http://www.w3.org/2002/06/xmldsig-filter2"),
         SPH_EUNSUPPORTED},
        {BODY_TRANSFORM, WITH_TRANSFORM(SPH_ALG_ENVELOPED), SPH_EUNSUPPORTED},
        {BODY_TRANSFORM, WITH_TRANSFORM("http://www.w3.org/2000/09/xmldsig#base64"),
         SPH_EUNSUPPORTED},
        {BODY_TRANSFORM, WITH_TRANSFORM("http://www.w3.org/2002/07/decrypt#XML"), SPH_EUNSUPPORTED},
        {BODY_TRANSFORM,
         WITH_TRANSFORM("http://docs.oasis-open.org/wss/oasis-wss-SwAProfile-1.1"
                        "#Attachment-Complete-Signature-Transform"),
         SPH_EUNSUPPORTED},
        {BODY_TRANSFORM, WITH_TRANSFORM("http://www.w3.org/TR/2001/REC-xml-c14n-20010315"),
         SPH_EUNSUPPORTED},
        {BODY_TRANSFORM, WITH_TRANSFORM(SPH_ALG_EXC_C14N "WithComments"), SPH_EUNSUPPORTED},
        {BODY_TRANSFORM, WITH_TRANSFORM(""), SPH_EUNSUPPORTED},
        {BODY_TRANSFORM, "URI=\"#body\"><ds:Transforms>", SPH_EPARSE},
        {BODY_TRANSFORM, "URI=\"#body\"><ds:Transforms><ds:Transform></ds:Transform>", SPH_EPARSE},
        {ENVELOPED, ENVELOPED ENVELOPED, SPH_EPARSE},
        {ENVELOPED, "", SPH_EPROOF},
        {BODY_TRANSFORM, BODY_TRANSFORM ENVELOPED, SPH_EUNSUPPORTED},
        {ENVELOPED, "<ds:Transform Algorithm=\"" SPH_ALG_ENVELOPED "\">x</ds:Transform>",
         SPH_EPARSE},
        {SECOND,
         "<ds:Transform Algorithm=\"" SPH_ALG_EXC_C14N "\"><e/></ds:Transform></ds:Transforms>",
         SPH_EPARSE},
        {"CanonicalizationMethod Algorithm=\"" SPH_ALG_EXC_C14N "\">",
         "CanonicalizationMethod Algorithm=\"http://www.w3.org/2006/12/xml-c14n11\">",
         SPH_EUNSUPPORTED},
    };
    (void)state;
    check_changes(changes, COUNT(changes));
}

static void dsig_s17_hundred_transforms_are_refused(void **state)
{
    sph_err err = {0};
    SPH_AUTO(sph_buf) many = sph_buf_init(65536);
    (void)state;
    must(sph_buf_add_text(&many, BODY_TRANSFORM, &err), &err);
    for (size_t i = 0; i < 99; i++)
        must(sph_buf_add_text(&many, ENVELOPED, &err), &err);
    const struct change change = {BODY_TRANSFORM, sph_buf_text(&many), SPH_EPARSE};
    check_changes(&change, 1);
}

#define METHOD "SignatureMethod Algorithm=\"" SPH_ALG_ED25519 "\">"
#define WITH_METHOD(uri) "SignatureMethod Algorithm=\"" uri "\">"

static void dsig_s19_other_algorithms_are_refused(void **state)
{
    static const struct change changes[] = {
        {METHOD, WITH_METHOD("http://www.w3.org/2000/09/xmldsig#rsa-sha1"), SPH_EUNSUPPORTED},
        {METHOD, WITH_METHOD("http://www.w3.org/2000/09/xmldsig#dsa-sha1"), SPH_EUNSUPPORTED},
        {METHOD, WITH_METHOD("http://www.w3.org/2000/09/xmldsig#hmac-sha1"), SPH_EUNSUPPORTED},
        {METHOD, WITH_METHOD("http://www.w3.org/2001/04/xmldsig-more#hmac-sha256"),
         SPH_EUNSUPPORTED},
        {METHOD, WITH_METHOD("http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha1"),
         SPH_EUNSUPPORTED},
        {METHOD, WITH_METHOD("http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha512"),
         SPH_EUNSUPPORTED},
        {METHOD, WITH_METHOD("http://www.w3.org/2001/04/xmldsig-more#rsa-sha512"),
         SPH_EUNSUPPORTED},
        {METHOD, WITH_METHOD("http://www.w3.org/2007/05/xmldsig-more#sha256-rsa-MGF1"),
         SPH_EUNSUPPORTED},
        {METHOD, METHOD "<ds:HMACOutputLength>0</ds:HMACOutputLength>", SPH_EPARSE},
        {METHOD, METHOD "8", SPH_EPARSE},
        {"DigestMethod Algorithm=\"" SPH_ALG_SHA256, "DigestMethod Algorithm=\"" SPH_NS_DS "sha1",
         SPH_EUNSUPPORTED},
        {"DigestMethod Algorithm=\"" SPH_ALG_SHA256,
         "DigestMethod Algorithm=\"http://www.w3.org/2001/04/xmlenc#sha512", SPH_EUNSUPPORTED},
        /* allowed by name, but not what this key is */
        {METHOD, WITH_METHOD(SPH_ALG_ECDSA_SHA256), SPH_EPROOF},
        {METHOD, WITH_METHOD(SPH_ALG_RSA_SHA256), SPH_EPROOF},
    };
    (void)state;
    check_changes(changes, COUNT(changes));
}

static void replace_value(sph_slice text, const char *element, sph_slice octets, sph_buf *out)
{
    sph_err err = {0};
    SPH_AUTO(sph_buf) from = sph_buf_init(65536), to = sph_buf_init(65536);
    const size_t start = sph_slice_find(text, sph_slice_str(element), 0);
    const size_t end = sph_slice_find(text, SPH_LIT("</"), start);
    must(sph_buf_add(&from, sph_slice_sub(text, start, end - start), &err), &err);
    must(sph_buf_add_text(&to, element, &err), &err);
    must(sph_base64_encode(octets, &to, &err), &err);
    replace_once(text, sph_buf_text(&from), sph_buf_text(&to), out);
}

static void dsig_s19_wrong_values_are_refused(void **state)
{
    static const struct {
        const char *element;
        size_t len;
        enum sph_code want;
    } cases[] = {
        {"<ds:SignatureValue>", 0, SPH_EPROOF},    {"<ds:SignatureValue>", 63, SPH_EPROOF},
        {"<ds:SignatureValue>", 64, SPH_EPROOF},   {"<ds:SignatureValue>", 65, SPH_EPROOF},
        {"<ds:SignatureValue>", 1024, SPH_EPROOF}, {"<ds:SignatureValue>", 1025, SPH_ELIMIT},
        {"<ds:DigestValue>", 0, SPH_EPARSE},       {"<ds:DigestValue>", 31, SPH_EPARSE},
        {"<ds:DigestValue>", 32, SPH_EPROOF},      {"<ds:DigestValue>", 33, SPH_ELIMIT},
    };
    static const uint8_t zeros[1025];
    (void)state;
    for (size_t kind = 0; kind < COUNT(kinds); kind++) {
        SPH_AUTO_PTR(sph_key) *key = make_key(kinds[kind]);
        SPH_AUTO(sph_buf) text = sph_buf_init(65536);
        make_signed(key, &text);
        for (size_t i = 0; i < COUNT(cases); i++) {
            SPH_AUTO(sph_buf) changed = sph_buf_init(131072);
            replace_value(sph_buf_peek(&text), cases[i].element, sph_slice_of(zeros, cases[i].len),
                          &changed);
            assert_int_equal(verify_code(sph_buf_peek(&changed), sph_key_peek_public(key)),
                             cases[i].want);
        }
    }
}

/* XMLDSig wants r and s as 2 x 32 octets; the DER form of the same valid signature is refused. */
static void dsig_s19_ecdsa_value_in_der_is_refused(void **state)
{
    sph_err err = {0};
    SPH_AUTO_PTR(sph_key) *key = make_key(SPH_KEY_P256);
    SPH_AUTO(sph_buf) text = sph_buf_init(65536), canonical = sph_buf_init(65536);
    SPH_AUTO(sph_buf)
    raw = sph_buf_init(200), der = sph_buf_init(200), changed = sph_buf_init(65536);
    (void)state;
    make_signed(key, &text);
    SPH_AUTO_PTR(sph_xml) *doc = parse_ok(sph_buf_peek(&text));
    const sph_xml_node *signature = sph_xml_child(sph_xml_root(doc), SPH_NS_DS, "Signature");
    must(sph_xml_c14n(sph_xml_first(signature), NULL, NULL, &canonical, &err), &err);
    must(sph_key_sign(key, sph_buf_peek(&canonical), &raw, &err), &err);
    replace_value(sph_buf_peek(&text), "<ds:SignatureValue>", sph_buf_peek(&raw), &changed);
    assert_int_equal(verify_code(sph_buf_peek(&changed), sph_key_peek_public(key)), SPH_OK);
    must(sph_key_sign_der(key, sph_buf_peek(&canonical), &der, &err), &err);
    changed.len = 0;
    replace_value(sph_buf_peek(&text), "<ds:SignatureValue>", sph_buf_peek(&der), &changed);
    assert_int_equal(verify_code(sph_buf_peek(&changed), sph_key_peek_public(key)), SPH_EPROOF);
}

static void dsig_s18_references_are_limited(void **state)
{
    sph_err err = {0};
    SPH_AUTO_PTR(sph_key) *key = make_key(SPH_KEY_ED25519);
    SPH_AUTO(sph_buf) text = sph_buf_init(65536);
    SPH_AUTO_PTR(sph_dsig) *dsig = NULL;
    (void)state;
    make_signed(key, &text);
    SPH_AUTO_PTR(sph_xml) *doc = parse_ok(sph_buf_peek(&text));
    const sph_xml_node *signature = sph_xml_child(sph_xml_root(doc), SPH_NS_DS, "Signature");
    assert_int_equal(sph_dsig_read(signature, 1, false, &dsig, &err).code, SPH_ELIMIT);
    assert_int_equal(sph_dsig_read(sph_xml_root(doc), 2, false, &dsig, &err).code, SPH_EPARSE);
    assert_int_equal(sph_dsig_read(NULL, 2, false, &dsig, &err).code, SPH_EPARSE);
    assert_null(dsig);
}

static void dsig_object_is_read_only_where_allowed(void **state)
{
    SPH_AUTO_PTR(sph_key) *key = make_key(SPH_KEY_ED25519);
    SPH_AUTO(sph_buf)
    text = sph_buf_init(65536), one = sph_buf_init(65536), two = sph_buf_init(65536);
    (void)state;
    make_signed(key, &text);
    replace_once(sph_buf_peek(&text), "</ds:KeyInfo>", "</ds:KeyInfo><ds:Object/>", &one);
    replace_once(sph_buf_peek(&one), "<ds:Object/>", "<ds:Object/><ds:Object/>", &two);
    SPH_AUTO_PTR(sph_xml) *with_one = parse_ok(sph_buf_peek(&one));
    SPH_AUTO_PTR(sph_xml) *with_two = parse_ok(sph_buf_peek(&two));
    const sph_pubkey *public = sph_key_peek_public(key);
    assert_int_equal(verify_parsed(with_one, public, false), SPH_EPARSE);
    assert_int_equal(verify_parsed(with_one, public, true), SPH_OK);
    assert_int_equal(verify_parsed(with_two, public, true), SPH_EPARSE);
}

/* The enveloped form asks for a signature that lies inside what is signed. */
static void dsig_enveloped_reference_needs_its_signature_inside(void **state)
{
    sph_err err = {0};
    SPH_AUTO_PTR(sph_key) *key = make_key(SPH_KEY_ED25519);
    SPH_AUTO(sph_buf) text = sph_buf_init(65536);
    SPH_AUTO_PTR(sph_dsig) *dsig = NULL;
    (void)state;
    make_signed(key, &text);
    SPH_AUTO_PTR(sph_xml) *doc = parse_ok(sph_buf_peek(&text));
    const sph_xml_node *root = sph_xml_root(doc), *body = sph_xml_first(root);
    const sph_xml_node *signature = sph_xml_child(root, SPH_NS_DS, "Signature");
    must(sph_dsig_read(signature, 2, false, &dsig, &err), &err);
    const sph_dsig_ref *ref = sph_dsig_ref_at(dsig, 0);
    assert_int_equal(sph_dsig_check_node(ref, root, NULL, &err).code, SPH_EPROOF);
    assert_int_equal(sph_dsig_check_node(ref, body, signature, &err).code, SPH_EPROOF);
    assert_int_equal(sph_dsig_check_node(ref, signature, signature, &err).code, SPH_EPROOF);
    assert_int_equal(sph_dsig_check_node(ref, root, signature, &err).code, SPH_OK);
}

/* Verification of Ed25519 signatures made by another implementation (xmlsec 1.3). Their SignedInfo
 * is under inclusive C14N, which for these two files equals the exclusive form with this
 * PrefixList. */
static void check_foreign_ed25519(const char *name, const char *prefixes, const sph_pubkey *key,
                                  enum sph_code without_object)
{
    sph_err err = {0};
    SPH_AUTO(sph_buf) text = sph_buf_init(65536), canonical = sph_buf_init(65536);
    SPH_AUTO(sph_buf) base64 = sph_buf_init(1024), value = sph_buf_init(1024);
    SPH_AUTO_PTR(sph_dsig) *dsig = NULL;
    if (!read_data(name, &text))
        skip();
    SPH_AUTO_PTR(sph_xml) *doc = parse_ok(sph_buf_peek(&text));
    const sph_xml_node *signature = sph_xml_root(doc);
    if (!sph_xml_is(signature, SPH_NS_DS, "Signature"))
        signature = sph_xml_child(signature, SPH_NS_DS, "Signature");
    must(sph_xml_c14n(sph_xml_child(signature, SPH_NS_DS, "SignedInfo"), prefixes, NULL, &canonical,
                      &err),
         &err);
    must(sph_xml_value(sph_xml_child(signature, SPH_NS_DS, "SignatureValue"), &base64, &err), &err);
    must(sph_base64_decode_xml(sph_buf_peek(&base64), &value, &err), &err);
    must(sph_pubkey_verify(key, sph_buf_peek(&canonical), sph_buf_peek(&value), &err), &err);
    canonical.at[0] ^= 1;
    assert_int_equal(
        sph_pubkey_verify(key, sph_buf_peek(&canonical), sph_buf_peek(&value), &err).code,
        SPH_EPROOF);
    assert_int_equal(sph_dsig_read(signature, 2, false, &dsig, &err).code, without_object);
    assert_int_equal(sph_dsig_read(signature, 2, true, &dsig, &err).code, SPH_EUNSUPPORTED);
}

static void dsig_foreign_ed25519_holds_raw_and_is_refused_by_shape(void **state)
{
    sph_err err = {0};
    SPH_AUTO_PTR(sph_pubkey) *key = NULL;
    SPH_AUTO(sph_buf) spki = sph_buf_init(100);
    (void)state;
    must(sph_base64_decode(SPH_LIT("MCowBQYDK2VwAyEA1E7yPfYtY4qvjVJo4wh3qCzpbCwUfdeXAmrSEYQHQts="),
                           &spki, &err),
         &err);
    must(sph_pubkey_from_spki(sph_buf_peek(&spki), &key, &err), &err);
    check_foreign_ed25519("xmlsec/enveloped-sha256-eddsa-ed25519.xml", "dsig", key,
                          SPH_EUNSUPPORTED);
    check_foreign_ed25519("xmlsec/enveloping-sha256-eddsa-ed25519-der-encoded-key-value.xml", NULL,
                          key, SPH_EPARSE);
}

int test_dsig(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(dsig_each_kind_of_key_verifies_what_it_signed),
        cmocka_unit_test(dsig_read_gives_what_stands_there),
        cmocka_unit_test(dsig_changed_content_is_found),
        cmocka_unit_test(dsig_s06_repeated_and_split_parts_are_refused),
        cmocka_unit_test(dsig_s17_other_transforms_are_refused),
        cmocka_unit_test(dsig_s17_hundred_transforms_are_refused),
        cmocka_unit_test(dsig_s18_references_are_limited),
        cmocka_unit_test(dsig_s19_other_algorithms_are_refused),
        cmocka_unit_test(dsig_s19_wrong_values_are_refused),
        cmocka_unit_test(dsig_s19_ecdsa_value_in_der_is_refused),
        cmocka_unit_test(dsig_object_is_read_only_where_allowed),
        cmocka_unit_test(dsig_enveloped_reference_needs_its_signature_inside),
        cmocka_unit_test(dsig_foreign_ed25519_holds_raw_and_is_refused_by_shape),
    };
    return cmocka_run_group_tests_name("dsig", tests, xml_setup, NULL);
}
