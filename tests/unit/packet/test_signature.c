#include "packet/signature.h"
#include "packet_kit.h"

int test_signature(void);

static sph_slice none(void)
{
    return sph_slice_of(NULL, 0);
}

static void replace(sph_slice text, const char *from, const char *to, sph_buf *out)
{
    sph_err err = {0};
    const sph_slice what = sph_slice_str(from);
    const size_t at = sph_slice_find(text, what, 0);
    assert_true(at != SIZE_MAX);
    assert_ok(sph_buf_add(out, sph_slice_sub(text, 0, at), &err), &err);
    assert_ok(sph_buf_add_text(out, to, &err), &err);
    assert_ok(sph_buf_add(out, sph_slice_sub(text, at + what.len, text.len), &err), &err);
}

static void expect(struct kit *kit, sph_slice octets, const char *rule)
{
    const struct sph_packet_context context = kit_context(kit, &kit->lawyer, &kit->ngo);
    kit_expect(kit, &context, octets, rule);
}

static void signature_any_changed_byte_is_refused(void **state)
{
    struct kit *kit = *state;
    SPH_AUTO(sph_buf) built = sph_buf_init(1 << 20);
    size_t refused = 0;
    kit_build(kit, &kit->lawyer, KIT_REQUEST, none(), &built);
    const struct sph_packet_context context = kit_context(kit, &kit->lawyer, &kit->ngo);
    for (size_t i = 0; i < built.len; i += 7) {
        sph_err err = {0};
        sph_findings findings = {0};
        sph_packet *packet = NULL;
        built.at[i] ^= 0x01;
        const sph_rc rc =
            sph_packet_check(sph_buf_peek(&built), &context, &findings, &packet, &err);
        built.at[i] ^= 0x01;
        /* Canonically nothing changes where a prefix is declared that nobody uses: the signed
         * properties repeat the declaration of their parent. */
        if (rc.code == SPH_OK) {
            const sph_slice before = sph_slice_sub(sph_buf_peek(&built), i - 40, 40);
            sph_packet_free(&packet);
            assert_true(sph_slice_find(before, SPH_LIT(" xmlns:"), 0) != SIZE_MAX);
            continue;
        }
        assert_true(sph_findings_refuse(&findings));
        refused++;
    }
    assert_true(refused > 500);
    expect(kit, sph_buf_peek(&built), NULL);
}

static void signature_moved_word_of_content_is_refused_as_changed(void **state)
{
    struct kit *kit = *state;
    SPH_AUTO(sph_buf) built = sph_buf_init(1 << 20);
    SPH_AUTO(sph_buf) changed = sph_buf_init(1 << 20);
    kit_build(kit, &kit->lawyer, KIT_REQUEST, none(), &built);
    replace(sph_buf_peek(&built), "<location>TH-43", "<location>TH-44", &changed);
    expect(kit, sph_buf_peek(&changed), "SIG");
}

static void signature_of_other_party_is_refused(void **state)
{
    struct kit *kit = *state;
    SPH_AUTO(sph_buf) built = sph_buf_init(1 << 20);
    sph_err err = {0};
    sph_findings findings = {0};
    sph_json *draft = NULL;
    struct sph_packet_new values = kit_values(kit, &kit->lawyer);
    const struct sph_packet_signer signer = kit_signer(&kit->ministry);
    assert_ok(sph_json_parse(SPH_LIT(KIT_REQUEST), 1 << 20, &draft, &err), &err);
    assert_ok(sph_packet_build(draft, &values, none(), &signer, &findings, &built, &err), &err);
    sph_json_free(&draft);
    expect(kit, sph_buf_peek(&built), "SIG");
}

static void signature_by_own_key_under_other_root_is_refused(void **state)
{
    struct kit *kit = *state;
    struct kit_party twin;
    SPH_AUTO(sph_buf) built = sph_buf_init(1 << 20);
    kit_party_make(&twin, kit->lawyer.name, kit->lawyer.kind, kit->lawyer.country);
    kit_build(kit, &twin, KIT_REQUEST, none(), &built);
    expect(kit, sph_buf_peek(&built), "SIG");
    kit_party_clear(&twin);
}

static void signature_with_leaf_for_another_use_is_refused(void **state)
{
    struct kit *kit = *state;
    sph_err err = {0};
    struct kit_party wrong = kit->lawyer;
    SPH_AUTO_PTR(sph_cert) *leaf = NULL;
    SPH_AUTO_PTR(sph_key) *key = NULL;
    SPH_AUTO(sph_buf) built = sph_buf_init(1 << 20);
    assert_ok(sph_key_generate(SPH_KEY_P256, &key, &err), &err);
    wrong.key = key;
    assert_ok(sph_cert_issue_leaf(wrong.root_key, wrong.root, wrong.name,
                                  sph_key_peek_public(wrong.key), SPH_USE_TLS, sph_random_real(),
                                  KIT_NOW - KIT_DAY, 365, &leaf, &err),
              &err);
    wrong.leaf = leaf;
    kit_build(kit, &wrong, KIT_REQUEST, none(), &built);
    expect(kit, sph_buf_peek(&built), "SIG");
}

static void signature_by_revoked_leaf_is_refused(void **state)
{
    struct kit *kit = *state;
    sph_err err = {0};
    SPH_AUTO(sph_buf) built = sph_buf_init(1 << 20);
    SPH_AUTO(sph_buf) crl = sph_buf_init(1 << 16);
    const sph_cert *const revoked[] = {kit->lawyer.leaf};
    struct sph_packet_context context = kit_context(kit, &kit->lawyer, &kit->ngo);
    kit_build(kit, &kit->lawyer, KIT_REQUEST, none(), &built);
    assert_ok(sph_crl_issue(kit->lawyer.root_key, kit->lawyer.root, revoked, 1, 1, KIT_NOW - 1000,
                            &crl, &err),
              &err);
    context.issuer_crl = sph_buf_peek(&crl);
    kit_expect(kit, &context, sph_buf_peek(&built), "SIG");
}

static void signature_second_one_is_refused(void **state)
{
    struct kit *kit = *state;
    SPH_AUTO(sph_buf) built = sph_buf_init(1 << 20);
    SPH_AUTO(sph_buf) twice = sph_buf_init(1 << 20);
    sph_err err = {0};
    kit_build(kit, &kit->lawyer, KIT_REQUEST, none(), &built);
    const sph_slice text = sph_buf_peek(&built);
    const size_t at = sph_slice_find(text, SPH_LIT("<ds:Signature"), 0);
    const size_t end = sph_slice_find(text, SPH_LIT("</Packet>"), 0);
    const sph_slice signature = sph_slice_sub(text, at, end - at);
    assert_ok(sph_buf_add(&twice, sph_slice_sub(text, 0, end), &err), &err);
    assert_ok(sph_buf_add(&twice, signature, &err), &err);
    assert_ok(sph_buf_add_text(&twice, "</Packet>", &err), &err);
    expect(kit, sph_buf_peek(&twice), "XSD");
    char signer[SPH_PARTY_ROOM];
    int64_t when = 0;
    assert_code(sph_packet_verify_signature(sph_buf_peek(&twice), kit->lawyer.root,
                                            sph_limits_default(), signer, &when, &err),
                SPH_EPROOF, &err);
}

static void signature_missing_is_refused(void **state)
{
    struct kit *kit = *state;
    SPH_AUTO(sph_buf) built = sph_buf_init(1 << 20);
    SPH_AUTO(sph_buf) bare = sph_buf_init(1 << 20);
    sph_err err = {0};
    kit_build(kit, &kit->lawyer, KIT_REQUEST, none(), &built);
    const size_t at = sph_slice_find(sph_buf_peek(&built), SPH_LIT("<ds:Signature"), 0);
    assert_ok(sph_buf_add(&bare, sph_slice_sub(sph_buf_peek(&built), 0, at), &err), &err);
    assert_ok(sph_buf_add_text(&bare, "</Packet>", &err), &err);
    expect(kit, sph_buf_peek(&bare), "XSD");
}

/* The genuine, signed document put inside a forged one: what is verified must be what is used. */
static void signature_of_wrapped_document_does_not_count(void **state)
{
    struct kit *kit = *state;
    SPH_AUTO(sph_buf) built = sph_buf_init(1 << 20);
    SPH_AUTO(sph_buf) wrapped = sph_buf_init(1 << 20);
    sph_err err = {0};
    char signer[SPH_PARTY_ROOM];
    int64_t when = 0;
    kit_build(kit, &kit->lawyer, KIT_REQUEST, none(), &built);
    assert_ok(
        sph_buf_add_text(&wrapped, "<Packet xmlns=\"urn:saphan:packet:1\"><Header></Header>", &err),
        &err);
    assert_ok(sph_buf_add(&wrapped, sph_buf_peek(&built), &err), &err);
    assert_ok(sph_buf_add_text(&wrapped, "</Packet>", &err), &err);
    expect(kit, sph_buf_peek(&wrapped), "XSD");
    assert_code(sph_packet_verify_signature(sph_buf_peek(&wrapped), kit->lawyer.root,
                                            sph_limits_default(), signer, &when, &err),
                SPH_EPROOF, &err);
}

static void signature_form_outside_the_profile_is_refused(void **state)
{
    static const struct {
        const char *from, *to;
    } rows[] = {
        {"URI=\"\"", "URI=\"#x\""},
        {"URI=\"#xp\"", "URI=\"#xq\""},
        {"Target=\"#sig\"", "Target=\"#gis\""},
        {"ObjectReference=\"#ref-doc\"", "ObjectReference=\"#other\""},
        {"2001/04/xmlenc#sha256", "2000/09/xmldsig#sha1"},
        {"#eddsa-ed25519", "#hmac-sha256"},
        {"<xades:MimeType>application/xml", "<xades:MimeType>text/plain"},
        {"Type=\"http://uri.etsi.org/01903#SignedProperties\"", "Type=\"urn:other\""},
        {"<ds:Transform "
         "Algorithm=\"http://www.w3.org/2000/09/xmldsig#enveloped-signature\"></ds:Transform>",
         ""},
    };
    struct kit *kit = *state;
    SPH_AUTO(sph_buf) built = sph_buf_init(1 << 20);
    kit_build(kit, &kit->lawyer, KIT_REQUEST, none(), &built);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        SPH_AUTO(sph_buf) changed = sph_buf_init(1 << 20);
        sph_err err = {0};
        char signer[SPH_PARTY_ROOM] = "untouched";
        int64_t when = 0;
        replace(sph_buf_peek(&built), rows[i].from, rows[i].to, &changed);
        assert_code(sph_packet_verify_signature(sph_buf_peek(&changed), kit->lawyer.root,
                                                sph_limits_default(), signer, &when, &err),
                    SPH_EPROOF, &err);
        assert_string_equal(signer, "untouched");
    }
}

static void signature_verified_alone_names_signer_and_time(void **state)
{
    struct kit *kit = *state;
    sph_err err = {0};
    char signer[SPH_PARTY_ROOM];
    int64_t when = 0;
    SPH_AUTO(sph_buf) built = sph_buf_init(1 << 20);
    kit_build(kit, &kit->lawyer, KIT_REQUEST, none(), &built);
    assert_ok(sph_packet_verify_signature(sph_buf_peek(&built), kit->lawyer.root,
                                          sph_limits_default(), signer, &when, &err),
              &err);
    assert_string_equal(signer, kit->lawyer.name);
    assert_int_equal(when, KIT_NOW);
    assert_code(sph_packet_verify_signature(sph_buf_peek(&built), kit->ngo.root,
                                            sph_limits_default(), signer, &when, &err),
                SPH_EPROOF, &err);
}

static void signature_written_with_white_space_still_holds(void **state)
{
    struct kit *kit = *state;
    SPH_AUTO(sph_buf) built = sph_buf_init(1 << 20);
    SPH_AUTO(sph_buf) changed = sph_buf_init(1 << 20);
    kit_build(kit, &kit->lawyer, KIT_REQUEST, none(), &built);
    /* Inside the signature, outside what it signs: base64 may be broken into lines. */
    replace(sph_buf_peek(&built), "<ds:X509Certificate>", "<ds:X509Certificate>\n", &changed);
    expect(kit, sph_buf_peek(&changed), NULL);
}

/* A leaf that was parsed before is checked as one that was not. */
static void signature_with_known_leaf_is_judged_the_same(void **state)
{
    struct kit *kit = *state;
    sph_err err = {0};
    struct sph_signed found;
    SPH_AUTO(sph_buf) built = sph_buf_init(1 << 20);
    SPH_AUTO(sph_buf) crl = sph_buf_init(1 << 16);
    SPH_AUTO_PTR(sph_xml) *doc = NULL;
    const sph_cert *const known[] = {kit->ngo.leaf, kit->lawyer.leaf};
    const struct sph_xml_limits caps = sph_xml_limits_packet(sph_limits_default());
    struct sph_signature_trust trust = {
        .root = kit->lawyer.root, .party = kit->lawyer.name, .known = known, .known_count = 2};
    kit_build(kit, &kit->lawyer, KIT_REQUEST, none(), &built);
    assert_ok(sph_xml_parse(sph_buf_peek(&built), &caps, &doc, &err), &err);
    assert_ok(sph_signature_check_trust(doc, &trust, NULL, &found, &err), &err);
    assert_string_equal(found.party, kit->lawyer.name);
    trust.root = kit->ngo.root;
    assert_code(sph_signature_check_trust(doc, &trust, NULL, &found, &err), SPH_EPROOF, &err);
    trust.root = kit->lawyer.root;
    trust.party = kit->ngo.name;
    assert_code(sph_signature_check_trust(doc, &trust, NULL, &found, &err), SPH_EPROOF, &err);
    trust.party = kit->lawyer.name;
    assert_ok(sph_crl_issue(kit->lawyer.root_key, kit->lawyer.root, &known[1], 1, 1, KIT_NOW - 1000,
                            &crl, &err),
              &err);
    trust.crl = sph_buf_peek(&crl);
    assert_code(sph_signature_check_trust(doc, &trust, NULL, &found, &err), SPH_EPROOF, &err);
}

int test_signature(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(signature_any_changed_byte_is_refused),
        cmocka_unit_test(signature_moved_word_of_content_is_refused_as_changed),
        cmocka_unit_test(signature_of_other_party_is_refused),
        cmocka_unit_test(signature_by_own_key_under_other_root_is_refused),
        cmocka_unit_test(signature_with_leaf_for_another_use_is_refused),
        cmocka_unit_test(signature_by_revoked_leaf_is_refused),
        cmocka_unit_test(signature_second_one_is_refused),
        cmocka_unit_test(signature_missing_is_refused),
        cmocka_unit_test(signature_of_wrapped_document_does_not_count),
        cmocka_unit_test(signature_form_outside_the_profile_is_refused),
        cmocka_unit_test(signature_with_known_leaf_is_judged_the_same),
        cmocka_unit_test(signature_verified_alone_names_signer_and_time),
        cmocka_unit_test(signature_written_with_white_space_still_holds),
    };
    return cmocka_run_group_tests_name("signature", tests, kit_setup, kit_teardown);
}
