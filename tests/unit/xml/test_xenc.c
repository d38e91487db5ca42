#include "xml/xenc.h"

#include "base/codec.h"
#include "xml/dsig.h"
#include "xml_support.h"

int test_xenc(void);

#define NS_WSSE "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"

static const struct sph_xml_prefix prefixes[] = {
    {"xenc", SPH_NS_XENC}, {"xenc11", SPH_NS_XENC11}, {"ds", SPH_NS_DS}, {"ds11", SPH_NS_DS11},
    {"dsm", SPH_NS_DSM},   {"wsse", NS_WSSE},         {NULL, NULL}};

static const enum sph_suite suites[] = {SPH_SUITE_EDELIVERY_1_15, SPH_SUITE_EDELIVERY_2_0_ED25519,
                                        SPH_SUITE_EDELIVERY_2_0_P256};

static void name_recipient(sph_xml_writer *w, void *arg)
{
    sph_xml_open(w, "wsse:SecurityTokenReference");
    sph_xml_open(w, "wsse:Reference");
    sph_xml_set(w, "URI", arg);
    sph_xml_close(w);
    sph_xml_close(w);
}

static void write_refs(sph_xml_writer *w)
{
    sph_xml_open(w, "xenc:ReferenceList");
    for (size_t i = 0; i < 2; i++) {
        sph_xml_open(w, "xenc:DataReference");
        sph_xml_set(w, "URI", i == 0 ? "#ED-1" : "#ED-2");
        sph_xml_close(w);
    }
    sph_xml_close(w);
}

static void make_encrypted(enum sph_suite suite, const sph_key *recipient,
                           const sph_secret *content, sph_buf *out)
{
    sph_err err = {0};
    sph_xml_writer *w = NULL;
    char token[] = "#X509-1";
    must(sph_xml_writer_new(prefixes, out, &w, &err), &err);
    sph_xml_open(w, "xenc:EncryptedKey");
    sph_xml_set(w, "Id", "EK-1");
    must(sph_xenc_key_write(w, suite, sph_key_peek_public(recipient), content, sph_random_real(),
                            name_recipient, token, &err),
         &err);
    write_refs(w);
    sph_xml_close(w);
    must(sph_xml_writer_end(w, &err), &err);
    sph_xml_writer_free(&w);
}

static sph_key *make_recipient(enum sph_suite suite)
{
    sph_err err = {0};
    sph_key *key = NULL;
    must(sph_key_generate(sph_suite_encrypt_kind(suite), &key, &err), &err);
    return key;
}

static sph_secret *make_content(void)
{
    sph_err err = {0};
    sph_secret *content = NULL;
    must(sph_secret_random(sph_random_real(), 16, &content, &err), &err);
    return content;
}

/* Read and open; the first refusal, or SPH_OK with *same telling whether the key came out. */
static enum sph_code open_code(sph_slice text, enum sph_suite suite, const sph_key *recipient,
                               const sph_secret *content, bool *same)
{
    sph_err err = {0};
    SPH_AUTO_PTR(sph_xml) *doc = NULL;
    SPH_AUTO_PTR(sph_xenc_key) *key = NULL;
    SPH_AUTO_PTR(sph_secret) *opened = NULL;
    const struct sph_xml_limits limits = foreign_limits();
    must(sph_xml_parse(text, &limits, &doc, &err), &err);
    const sph_rc read = sph_xenc_key_read(sph_xml_root(doc), suite, 2, &key, &err);
    if (read.code != SPH_OK) {
        assert_null(key);
        return read.code;
    }
    const sph_rc rc = sph_xenc_key_open(key, recipient, sph_random_real(), &opened, &err);
    if (rc.code != SPH_OK) {
        assert_null(opened);
        return rc.code;
    }
    assert_int_equal(sph_secret_len(opened), 16);
    *same = sph_slice_equal(sph_secret_peek(opened), sph_secret_peek(content));
    return SPH_OK;
}

static void xenc_both_forms_give_back_the_content_key(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(suites); i++) {
        bool same = false;
        SPH_AUTO_PTR(sph_key) *key = make_recipient(suites[i]);
        SPH_AUTO_PTR(sph_secret) *content = make_content();
        SPH_AUTO(sph_buf) text = sph_buf_init(65536);
        make_encrypted(suites[i], key, content, &text);
        assert_int_equal(open_code(sph_buf_peek(&text), suites[i], key, content, &same), SPH_OK);
        assert_true(same);
    }
}

static void xenc_read_gives_recipient_and_references(void **state)
{
    sph_err err = {0};
    (void)state;
    for (size_t i = 0; i < COUNT(suites); i++) {
        SPH_AUTO_PTR(sph_key) *key = make_recipient(suites[i]);
        SPH_AUTO_PTR(sph_secret) *content = make_content();
        SPH_AUTO(sph_buf) text = sph_buf_init(65536);
        SPH_AUTO_PTR(sph_xenc_key) *read = NULL;
        make_encrypted(suites[i], key, content, &text);
        SPH_AUTO_PTR(sph_xml) *doc = parse_ok(sph_buf_peek(&text));
        assert_int_equal(sph_xenc_key_read(sph_xml_root(doc), suites[i], 1, &read, &err).code,
                         SPH_ELIMIT);
        must(sph_xenc_key_read(sph_xml_root(doc), suites[i], 2, &read, &err), &err);
        const sph_xml_node *named = sph_xml_first(sph_xenc_key_recipient(read));
        assert_string_equal(sph_xml_attr(named, NULL, "URI"), "#X509-1");
        assert_int_equal(sph_xenc_key_ref_count(read), 2);
        assert_string_equal(sph_xenc_key_ref_at(read, 1), "ED-2");
        assert_null(sph_xenc_key_ref_at(read, 2));
    }
}

static void xenc_e05_two_writings_share_nothing(void **state)
{
    SPH_AUTO_PTR(sph_key) *key = make_recipient(SPH_SUITE_EDELIVERY_2_0_ED25519);
    SPH_AUTO_PTR(sph_secret) *content = make_content();
    SPH_AUTO(sph_buf) one = sph_buf_init(65536), two = sph_buf_init(65536);
    static const char *const values[] = {"DEREncodedKeyValue", "Salt", "CipherValue"};
    (void)state;
    make_encrypted(SPH_SUITE_EDELIVERY_2_0_ED25519, key, content, &one);
    make_encrypted(SPH_SUITE_EDELIVERY_2_0_ED25519, key, content, &two);
    for (size_t i = 0; i < COUNT(values); i++) {
        const size_t at = sph_slice_find(sph_buf_peek(&one), sph_slice_str(values[i]), 0);
        const size_t other = sph_slice_find(sph_buf_peek(&two), sph_slice_str(values[i]), 0);
        assert_false(sph_slice_equal(sph_slice_sub(sph_buf_peek(&one), at, 90),
                                     sph_slice_sub(sph_buf_peek(&two), other, 90)));
    }
}

struct change {
    const char *from, *to;
    enum sph_code want;
};

static void check_changes(enum sph_suite suite, const struct change *changes, size_t count)
{
    SPH_AUTO_PTR(sph_key) *key = make_recipient(suite);
    SPH_AUTO_PTR(sph_secret) *content = make_content();
    SPH_AUTO(sph_buf) text = sph_buf_init(65536);
    make_encrypted(suite, key, content, &text);
    for (size_t i = 0; i < count; i++) {
        bool same = false;
        SPH_AUTO(sph_buf) changed = sph_buf_init(131072);
        replace_once(sph_buf_peek(&text), changes[i].from, changes[i].to, &changed);
        const enum sph_code got = open_code(sph_buf_peek(&changed), suite, key, content, &same);
        if (got != changes[i].want)
            fail_msg("%s -> %s: got %s, want %s", changes[i].from, changes[i].to,
                     sph_code_name(got), sph_code_name(changes[i].want));
    }
}

#define DIGEST                                                                                     \
    "<ds:DigestMethod xmlns:ds=\"" SPH_NS_DS "\" Algorithm=\"" SPH_ALG_SHA256                      \
    "\"></ds:DigestMethod>"
#define MGF                                                                                        \
    "<xenc11:MGF xmlns:xenc11=\"" SPH_NS_XENC11 "\" Algorithm=\"" SPH_NS_XENC11                    \
    "mgf1sha256\"></xenc11:MGF>"

static void xenc_e03_other_transport_algorithms_are_refused(void **state)
{
    static const struct change changes[] = {
        {SPH_NS_XENC11 "rsa-oaep", SPH_NS_XENC "rsa-1_5", SPH_EUNSUPPORTED},
        {SPH_NS_XENC11 "rsa-oaep", SPH_NS_XENC "rsa-oaep-mgf1p", SPH_EUNSUPPORTED},
        {SPH_NS_XENC11 "rsa-oaep", SPH_NS_XENC "kw-aes128", SPH_EUNSUPPORTED},
        {SPH_ALG_SHA256, SPH_NS_DS "sha1", SPH_EUNSUPPORTED},
        {"mgf1sha256", "mgf1sha1", SPH_EUNSUPPORTED},
        {DIGEST, "", SPH_EUNSUPPORTED},
        {MGF, "", SPH_EUNSUPPORTED},
        {MGF, MGF MGF, SPH_EPARSE},
        {MGF, MGF "<OAEPparams xmlns=\"" SPH_NS_XENC "\">AA==</OAEPparams>", SPH_EPARSE},
        {MGF, MGF "x", SPH_EPARSE},
        {DIGEST MGF, MGF DIGEST, SPH_OK},
        {"<xenc:CipherValue>", "<xenc:CipherValue><!---->", SPH_EPARSE},
        {"<xenc:CipherData>", "<xenc:CipherData><xenc:CipherValue></xenc:CipherValue>", SPH_EPARSE},
        {"</wsse:SecurityTokenReference>",
         "</wsse:SecurityTokenReference><wsse:SecurityTokenReference "
         "xmlns:wsse=\"" NS_WSSE "\"/>",
         SPH_EPARSE},
        {"URI=\"#ED-1\"", "URI=\"ED-1\"", SPH_EPARSE},
        {"URI=\"#ED-1\"", "URI=\"#\"", SPH_EPARSE},
        {"URI=\"#ED-1\"", "", SPH_EPARSE},
        {"<xenc:DataReference URI=\"#ED-2\"></xenc:DataReference>",
         "<xenc:KeyReference URI=\"#ED-2\"></xenc:KeyReference>", SPH_EPARSE},
    };
    (void)state;
    check_changes(SPH_SUITE_EDELIVERY_1_15, changes, COUNT(changes));
}

static void xenc_e03_other_agreement_algorithms_are_refused(void **state)
{
    static const struct change changes[] = {
        {SPH_NS_XENC "kw-aes128", SPH_NS_XENC "kw-aes256", SPH_EUNSUPPORTED},
        {SPH_NS_XENC "kw-aes128", SPH_NS_XENC "kw-tripledes", SPH_EUNSUPPORTED},
        {SPH_NS_XENC "kw-aes128", SPH_NS_XENC11 "rsa-oaep", SPH_EUNSUPPORTED},
        {SPH_NS_DSM "x25519", SPH_NS_XENC11 "ECDH-ES", SPH_EUNSUPPORTED},
        {SPH_NS_DSM "x25519", SPH_NS_XENC "dh", SPH_EUNSUPPORTED},
        {SPH_NS_DSM "hkdf", SPH_NS_XENC11 "ConcatKDF", SPH_EUNSUPPORTED},
        {"<xenc:RecipientKeyInfo>", "<xenc:KA-Nonce>AA==</xenc:KA-Nonce><xenc:RecipientKeyInfo>",
         SPH_EPARSE},
        {"Id=\"EK-1\"", "Id=\"EK-2\"", SPH_OK},
    };
    (void)state;
    check_changes(SPH_SUITE_EDELIVERY_2_0_ED25519, changes, COUNT(changes));
}

/* A form of one suite is not read as the other's. */
static void xenc_e03_suites_are_not_mixed(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(suites); i++) {
        bool same = false;
        SPH_AUTO_PTR(sph_key) *key = make_recipient(suites[i]);
        SPH_AUTO_PTR(sph_secret) *content = make_content();
        SPH_AUTO(sph_buf) text = sph_buf_init(65536);
        make_encrypted(suites[i], key, content, &text);
        assert_int_equal(open_code(sph_buf_peek(&text), suites[(i + 1) % 3], key, content, &same),
                         SPH_EUNSUPPORTED);
    }
}

/* `text` with the content of the first element of that name replaced by base64 of octets. */
static void replace_value(sph_slice text, const char *element, sph_slice octets, sph_buf *out)
{
    sph_err err = {0};
    const size_t name = sph_slice_find(text, sph_slice_str(element), 0);
    const size_t start = sph_slice_find(text, SPH_LIT(">"), name) + 1;
    const size_t end = sph_slice_find(text, SPH_LIT("</"), start);
    must(sph_buf_add(out, sph_slice_sub(text, 0, start), &err), &err);
    must(sph_base64_encode(octets, out, &err), &err);
    must(sph_buf_add(out, sph_slice_sub(text, end, text.len), &err), &err);
}

static void check_value(enum sph_suite suite, const char *element, sph_slice octets,
                        enum sph_code want)
{
    bool same = false;
    SPH_AUTO_PTR(sph_key) *key = make_recipient(suite);
    SPH_AUTO_PTR(sph_secret) *content = make_content();
    SPH_AUTO(sph_buf) text = sph_buf_init(65536), changed = sph_buf_init(131072);
    make_encrypted(suite, key, content, &text);
    replace_value(sph_buf_peek(&text), element, octets, &changed);
    const enum sph_code got = open_code(sph_buf_peek(&changed), suite, key, content, &same);
    if (got != want)
        fail_msg("%s of %zu octets: got %s, want %s", element, octets.len, sph_code_name(got),
                 sph_code_name(want));
    assert_false(same);
}

/* RFC 7748 section 6.1: points that give the all-zero secret. */
static void xenc_e06_low_order_points_are_refused(void **state)
{
    static const char *const points[] = {
        "0000000000000000000000000000000000000000000000000000000000000000",
        "0100000000000000000000000000000000000000000000000000000000000000",
        "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
        "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    };
    (void)state;
    for (size_t i = 0; i < COUNT(points); i++) {
        sph_err err = {0};
        SPH_AUTO(sph_buf) spki = sph_buf_init(64);
        must(sph_buf_add(&spki, SPH_LIT("\x30\x2a\x30\x05\x06\x03\x2b\x65\x6e\x03\x21\x00"), &err),
             &err);
        must(sph_hex_decode(sph_slice_str(points[i]), &spki, &err), &err);
        check_value(SPH_SUITE_EDELIVERY_2_0_ED25519, "ds11:DEREncodedKeyValue", sph_buf_peek(&spki),
                    SPH_EPROOF);
    }
}

static void xenc_e06_originator_keys_of_other_kinds_are_refused(void **state)
{
    static const enum sph_key_kind kinds[] = {SPH_KEY_ED25519, SPH_KEY_P256};
    static const enum sph_code want[] = {SPH_EUNSUPPORTED, SPH_ELIMIT};
    static const uint8_t junk[44];
    sph_err err = {0};
    (void)state;
    for (size_t i = 0; i < COUNT(kinds); i++) {
        SPH_AUTO_PTR(sph_key) *key = NULL;
        SPH_AUTO(sph_buf) spki = sph_buf_init(600);
        must(sph_key_generate(kinds[i], &key, &err), &err);
        must(sph_pubkey_spki(sph_key_peek_public(key), &spki, &err), &err);
        check_value(SPH_SUITE_EDELIVERY_2_0_ED25519, "ds11:DEREncodedKeyValue", sph_buf_peek(&spki),
                    want[i]);
    }
    check_value(SPH_SUITE_EDELIVERY_2_0_ED25519, "ds11:DEREncodedKeyValue",
                sph_slice_of(junk, sizeof(junk)), SPH_EPARSE);
    check_value(SPH_SUITE_EDELIVERY_2_0_ED25519, "ds11:DEREncodedKeyValue", sph_slice_of(junk, 0),
                SPH_EPARSE);
}

#define KEY_LENGTH "<dsm:KeyLength>16<"
#define WITH_LENGTH(text) "<dsm:KeyLength>" text "<"

static void xenc_e06_derivation_parameters_are_closed(void **state)
{
    static const struct change changes[] = {
        {KEY_LENGTH, WITH_LENGTH("0"), SPH_EUNSUPPORTED},
        {KEY_LENGTH, WITH_LENGTH("15"), SPH_EUNSUPPORTED},
        {KEY_LENGTH, WITH_LENGTH("32"), SPH_EUNSUPPORTED},
        {KEY_LENGTH, WITH_LENGTH("128"), SPH_EUNSUPPORTED},
        {KEY_LENGTH, WITH_LENGTH("016"), SPH_EUNSUPPORTED},
        {KEY_LENGTH, WITH_LENGTH("+16"), SPH_EUNSUPPORTED},
        {KEY_LENGTH, WITH_LENGTH("2147483648"), SPH_ELIMIT},
        {KEY_LENGTH, WITH_LENGTH(""), SPH_EUNSUPPORTED},
        {KEY_LENGTH, WITH_LENGTH("\n16 "), SPH_OK},
        {"hmac-sha256", "hmac-sha512", SPH_EUNSUPPORTED},
        {"hmac-sha256", "hmac-sha1", SPH_EUNSUPPORTED},
        {"<dsm:KeyLength>16</dsm:KeyLength>", "", SPH_EPARSE},
        {"<dsm:KeyLength>", "<dsm:Info></dsm:Info><dsm:KeyLength>", SPH_OK},
        {"<dsm:KeyLength>", "<dsm:Info>AA==</dsm:Info><dsm:KeyLength>", SPH_EPROOF},
        {"<dsm:KeyLength>", "<dsm:Info></dsm:Info><dsm:Info></dsm:Info><dsm:KeyLength>",
         SPH_EPARSE},
        {"<dsm:Salt>", "<dsm:Salt a=\"b\">", SPH_EPARSE},
        {"<dsm:Salt>", "<dsm:Salt>!", SPH_EPARSE},
    };
    static const uint8_t zeros[257];
    (void)state;
    check_changes(SPH_SUITE_EDELIVERY_2_0_ED25519, changes, COUNT(changes));
    check_value(SPH_SUITE_EDELIVERY_2_0_ED25519, "dsm:Salt", sph_slice_of(zeros, 0), SPH_EPROOF);
    check_value(SPH_SUITE_EDELIVERY_2_0_ED25519, "dsm:Salt", sph_slice_of(zeros, 64), SPH_EPROOF);
    check_value(SPH_SUITE_EDELIVERY_2_0_ED25519, "dsm:Salt", sph_slice_of(zeros, 65), SPH_ELIMIT);
}

static void xenc_e06_salt_of_a_megabyte_is_refused(void **state)
{
    bool same = false;
    sph_err err = {0};
    uint8_t *octets = NULL;
    SPH_AUTO(sph_buf) salt = sph_buf_init(700000), changed = sph_buf_init(2u << 20);
    SPH_AUTO(sph_buf) text = sph_buf_init(65536);
    SPH_AUTO_PTR(sph_key) *key = make_recipient(SPH_SUITE_EDELIVERY_2_0_ED25519);
    SPH_AUTO_PTR(sph_secret) *content = make_content();
    (void)state;
    must(sph_buf_grow(&salt, 700000, &octets, &err), &err);
    memset(octets, 7, 700000);
    make_encrypted(SPH_SUITE_EDELIVERY_2_0_ED25519, key, content, &text);
    replace_value(sph_buf_peek(&text), "dsm:Salt", sph_buf_peek(&salt), &changed);
    assert_int_equal(
        open_code(sph_buf_peek(&changed), SPH_SUITE_EDELIVERY_2_0_ED25519, key, content, &same),
        SPH_ELIMIT);
}

static void xenc_e07_wrapped_keys_that_do_not_hold_are_refused(void **state)
{
    static const size_t lengths[] = {0, 1, 8, 16, 23, 24, 25, 32, 40, 1024};
    static const uint8_t zeros[1025];
    (void)state;
    for (size_t i = 0; i < COUNT(lengths); i++)
        check_value(SPH_SUITE_EDELIVERY_2_0_ED25519, "xenc:CipherValue",
                    sph_slice_of(zeros, lengths[i]), SPH_EPROOF);
    check_value(SPH_SUITE_EDELIVERY_2_0_ED25519, "xenc:CipherValue",
                sph_slice_of(zeros, sizeof(zeros)), SPH_ELIMIT);
}

/* as4.md D12: a failure of OAEP shows as a random key and only later as a GCM failure. */
static void xenc_e01_transport_never_fails_by_content(void **state)
{
    static const size_t lengths[] = {0, 1, 383, 384, 385, 1024};
    static const uint8_t zeros[1024];
    (void)state;
    for (size_t i = 0; i < COUNT(lengths); i++)
        check_value(SPH_SUITE_EDELIVERY_1_15, "xenc:CipherValue", sph_slice_of(zeros, lengths[i]),
                    SPH_OK);
}

static void xenc_keys_that_do_not_fit_are_refused(void **state)
{
    sph_err err = {0};
    SPH_AUTO(sph_buf) out = sph_buf_init(65536);
    SPH_AUTO_PTR(sph_key) *key = NULL;
    SPH_AUTO_PTR(sph_secret) *content = make_content(), *longer = NULL;
    sph_xml_writer *w = NULL;
    (void)state;
    must(sph_key_generate(SPH_KEY_X25519, &key, &err), &err);
    must(sph_secret_random(sph_random_real(), 32, &longer, &err), &err);
    must(sph_xml_writer_new(prefixes, &out, &w, &err), &err);
    const sph_pubkey *public = sph_key_peek_public(key);
    assert_int_equal(sph_xenc_key_write(w, SPH_SUITE_EDELIVERY_1_15, public, content,
                                        sph_random_real(), NULL, NULL, &err)
                         .code,
                     SPH_EARG);
    assert_int_equal(sph_xenc_key_write(w, SPH_SUITE_EDELIVERY_2_0_ED25519, public, longer,
                                        sph_random_real(), NULL, NULL, &err)
                         .code,
                     SPH_EARG);
    assert_int_equal(out.len, 0);
    sph_xml_writer_free(&w);
}

static bool has_second(void)
{
    return has_program("/usr/bin/python3 -c 'import cryptography'");
}

static void write_beside(const char *folder, const char *name, sph_slice octets)
{
    char path[1200];
    (void)snprintf(path, sizeof(path), "%s/%s", folder, name);
    write_whole(path, octets);
}

static void read_beside(const char *folder, const char *name, sph_buf *out)
{
    char path[1200];
    (void)snprintf(path, sizeof(path), "%s/%s", folder, name);
    read_whole(path, out);
}

static void check_second(enum sph_suite suite)
{
    sph_err err = {0};
    bool same = false;
    char folder[1024], script[1024];
    SPH_AUTO_PTR(sph_key) *key = make_recipient(suite);
    SPH_AUTO_PTR(sph_secret) *content = make_content(), *theirs = NULL;
    SPH_AUTO(sph_buf)
    text = sph_buf_init(65536), pem = sph_buf_init(8192), made = sph_buf_init(65536);
    SPH_AUTO(sph_buf) opened = sph_buf_init(100), secret = sph_buf_init(100);
    beside("xenc_second.py", script, sizeof(script));
    new_folder(folder, sizeof(folder));
    make_encrypted(suite, key, content, &text);
    must(sph_key_save_pem(key, &pem, &err), &err);
    write_beside(folder, "key.pem", sph_buf_peek(&pem));
    write_beside(folder, "theirs.xml", sph_buf_peek(&text));
    assert_int_equal(run_command("/usr/bin/python3 '%s' open '%s'", script, folder), 0);
    assert_int_equal(run_command("/usr/bin/python3 '%s' make '%s'", script, folder), 0);
    read_beside(folder, "opened.bin", &opened);
    read_beside(folder, "made.xml", &made);
    read_beside(folder, "made.bin", &secret);
    assert_int_equal(run_command("rm -r '%s'", folder), 0);
    assert_true(sph_slice_equal(sph_buf_peek(&opened), sph_secret_peek(content)));
    must(sph_secret_from(sph_buf_peek(&secret), &theirs, &err), &err);
    assert_int_equal(open_code(sph_buf_peek(&made), suite, key, theirs, &same), SPH_OK);
    assert_true(same);
}

static void xenc_second_implementation_agrees_on_1_15(void **state)
{
    (void)state;
    if (!has_second())
        skip();
    check_second(SPH_SUITE_EDELIVERY_1_15);
}

static void xenc_second_implementation_agrees_on_2_0(void **state)
{
    (void)state;
    if (!has_second())
        skip();
    check_second(SPH_SUITE_EDELIVERY_2_0_ED25519);
}

int test_xenc(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(xenc_both_forms_give_back_the_content_key),
        cmocka_unit_test(xenc_read_gives_recipient_and_references),
        cmocka_unit_test(xenc_e01_transport_never_fails_by_content),
        cmocka_unit_test(xenc_e03_other_transport_algorithms_are_refused),
        cmocka_unit_test(xenc_e03_other_agreement_algorithms_are_refused),
        cmocka_unit_test(xenc_e03_suites_are_not_mixed),
        cmocka_unit_test(xenc_e05_two_writings_share_nothing),
        cmocka_unit_test(xenc_e06_low_order_points_are_refused),
        cmocka_unit_test(xenc_e06_originator_keys_of_other_kinds_are_refused),
        cmocka_unit_test(xenc_e06_derivation_parameters_are_closed),
        cmocka_unit_test(xenc_e06_salt_of_a_megabyte_is_refused),
        cmocka_unit_test(xenc_e07_wrapped_keys_that_do_not_hold_are_refused),
        cmocka_unit_test(xenc_keys_that_do_not_fit_are_refused),
        cmocka_unit_test(xenc_second_implementation_agrees_on_1_15),
        cmocka_unit_test(xenc_second_implementation_agrees_on_2_0),
    };
    return cmocka_run_group_tests_name("xenc", tests, xml_setup, NULL);
}
