/* Signatures in both directions with the xmlsec1 command line (it knows RSA and ECDSA, not
 * Ed25519). */
#include "dsig_support.h"

int test_dsig_interop(void);

static bool has_xmlsec(void)
{
    return has_program("xmlsec1 --version");
}

static int xmlsec_verify(const char *folder)
{
    return run_command("cd '%s' && xmlsec1 --verify --pubkey-der key.der --id-attr:Id "
                       "urn:test:body:Body doc.xml >out.txt 2>&1",
                       folder);
}

static void check_ours(enum sph_key_kind kind)
{
    sph_err err = {0};
    char folder[1024], path[1200];
    SPH_AUTO_PTR(sph_key) *key = make_key(kind);
    SPH_AUTO(sph_buf) text = sph_buf_init(65536), spki = sph_buf_init(1024);
    SPH_AUTO(sph_buf) changed = sph_buf_init(65536);
    make_signed(key, &text);
    new_folder(folder, sizeof(folder));
    must(sph_pubkey_spki(sph_key_peek_public(key), &spki, &err), &err);
    (void)snprintf(path, sizeof(path), "%s/key.der", folder);
    write_whole(path, sph_buf_peek(&spki));
    (void)snprintf(path, sizeof(path), "%s/doc.xml", folder);
    write_whole(path, sph_buf_peek(&text));
    const int good = xmlsec_verify(folder);
    replace_once(sph_buf_peek(&text), "more", "mora", &changed);
    write_whole(path, sph_buf_peek(&changed));
    const int bad = xmlsec_verify(folder);
    assert_int_equal(run_command("rm -r '%s'", folder), 0);
    assert_int_equal(good, 0);
    assert_int_not_equal(bad, 0);
}

static void dsig_interop_xmlsec1_verifies_our_rsa(void **state)
{
    (void)state;
    if (!has_xmlsec())
        skip();
    check_ours(SPH_KEY_RSA3072);
}

static void dsig_interop_xmlsec1_verifies_our_ecdsa(void **state)
{
    (void)state;
    if (!has_xmlsec())
        skip();
    check_ours(SPH_KEY_P256);
}

#define REFERENCE(uri, transforms)                                                                 \
    "   <ds:Reference URI='" uri "'>\n<ds:Transforms>" transforms "</ds:Transforms>\n"             \
    "<ds:DigestMethod Algorithm='" SPH_ALG_SHA256 "'/><ds:DigestValue/></ds:Reference>\n"
#define EXCLUSIVE(inside) "<ds:Transform Algorithm='" SPH_ALG_EXC_C14N "'>" inside "</ds:Transform>"
#define INCLUSIVE_NAMESPACES(list)                                                                 \
    "<ec:InclusiveNamespaces xmlns:ec='" SPH_NS_EC "' PrefixList='" list "'/>"

/* A template that xmlsec1 fills in: white space, other quotes and a PrefixList as others write
 * them. */
static void make_template(const char *method, sph_buf *out)
{
    sph_err err = {0};
    must(sph_buf_addf(
             out, &err,
             "<?xml version='1.0' encoding='UTF-8'?>\n"
             "<Doc xmlns='urn:test:doc' xmlns:t='urn:test:body' xmlns:u='urn:test:unused'\n"
             " xmlns:ds='" SPH_NS_DS "'>\n <t:Body b='2' Id='body' a='&lt;1'>\xE0\xBA\xAA &amp; "
             "&#13;<e/></t:Body>\n <ds:Signature>\n  <ds:SignedInfo>\n"
             "   <ds:CanonicalizationMethod Algorithm='" SPH_ALG_EXC_C14N
             "'>" INCLUSIVE_NAMESPACES("t u") "</ds:CanonicalizationMethod>\n"
                                              "   <ds:SignatureMethod Algorithm='%s'/>\n",
             method),
         &err);
    must(sph_buf_add_text(
             out,
             REFERENCE("", "<ds:Transform Algorithm='" SPH_ALG_ENVELOPED "'/>" EXCLUSIVE(""))
                 REFERENCE("#body", EXCLUSIVE(INCLUSIVE_NAMESPACES("#default u"))),
             &err),
         &err);
    must(sph_buf_add_text(out,
                          "  </ds:SignedInfo>\n  <ds:SignatureValue/>\n"
                          "  <ds:KeyInfo><ds:KeyName>test</ds:KeyName></ds:KeyInfo>\n"
                          " </ds:Signature>\n</Doc>\n",
                          &err),
         &err);
}

static void check_theirs(enum sph_key_kind kind, const char *method)
{
    sph_err err = {0};
    char folder[1024], path[1200];
    SPH_AUTO_PTR(sph_key) *key = make_key(kind);
    SPH_AUTO(sph_buf) text = sph_buf_init(65536), pem = sph_buf_init(8192);
    SPH_AUTO(sph_buf) made = sph_buf_init(65536), changed = sph_buf_init(65536);
    make_template(method, &text);
    new_folder(folder, sizeof(folder));
    must(sph_key_save_pem(key, &pem, &err), &err);
    (void)snprintf(path, sizeof(path), "%s/key.pem", folder);
    write_whole(path, sph_buf_peek(&pem));
    (void)snprintf(path, sizeof(path), "%s/doc.xml", folder);
    write_whole(path, sph_buf_peek(&text));
    const int status = run_command("cd '%s' && xmlsec1 --sign --privkey-pem key.pem --id-attr:Id "
                                   "urn:test:body:Body --output made.xml doc.xml >out.txt 2>&1",
                                   folder);
    (void)snprintf(path, sizeof(path), "%s/made.xml", folder);
    if (status == 0)
        read_whole(path, &made);
    assert_int_equal(run_command("rm -r '%s'", folder), 0);
    assert_int_equal(status, 0);
    assert_int_equal(verify_code(sph_buf_peek(&made), sph_key_peek_public(key)), SPH_OK);
    replace_once(sph_buf_peek(&made), "b=\"2\"", "b=\"3\"", &changed);
    assert_int_equal(verify_code(sph_buf_peek(&changed), sph_key_peek_public(key)), SPH_EPROOF);
    /* S-16: another PrefixList is another canonical form. */
    changed.len = 0;
    replace_once(sph_buf_peek(&made), "PrefixList=\"t u\"", "PrefixList=\"t\"", &changed);
    assert_int_equal(verify_code(sph_buf_peek(&changed), sph_key_peek_public(key)), SPH_EPROOF);
}

static void dsig_interop_we_verify_rsa_of_xmlsec1(void **state)
{
    (void)state;
    if (!has_xmlsec())
        skip();
    check_theirs(SPH_KEY_RSA3072, SPH_ALG_RSA_SHA256);
}

static void dsig_interop_we_verify_ecdsa_of_xmlsec1(void **state)
{
    (void)state;
    if (!has_xmlsec())
        skip();
    check_theirs(SPH_KEY_P256, SPH_ALG_ECDSA_SHA256);
}

int test_dsig_interop(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(dsig_interop_xmlsec1_verifies_our_rsa),
        cmocka_unit_test(dsig_interop_xmlsec1_verifies_our_ecdsa),
        cmocka_unit_test(dsig_interop_we_verify_rsa_of_xmlsec1),
        cmocka_unit_test(dsig_interop_we_verify_ecdsa_of_xmlsec1),
    };
    return cmocka_run_group_tests_name("dsig_interop", tests, xml_setup, NULL);
}
