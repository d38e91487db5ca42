/* Octets that were changed on the way, MIME, XML, signatures and encryption of another shape, at a
 * whole node (security.md 2.3 to 2.6). One or two of each family: the full tables stand beside the
 * layer that decides (tests/unit/as4, tests/unit/xml). */
#include "bad_kit.h"

#define NO_WISH                                                                                    \
    {                                                                                              \
        0                                                                                          \
    }
#define BAD(code, rule)                                                                            \
    {                                                                                              \
        200, "EBMS:" code, 0, 0, rule, NULL                                                        \
    }

/* ------------------------------------------------------------------ one flipped byte */

static void flip_header(struct bad_world *world, struct bad_msg *msg)
{
    (void)world;
    bad_replace(msg, "<eb:ConversationId>urn:uuid", "<eb:ConversationId>urn:uuie");
}

static void flip_signature(struct bad_world *world, struct bad_msg *msg)
{
    (void)world;
    bad_flip(msg, "<ds:SignatureValue>", 0);
}

static void flip_digest(struct bad_world *world, struct bad_msg *msg)
{
    (void)world;
    bad_flip(msg, "<ds:DigestValue>", 0);
}

static void flip_wrapped_key(struct bad_world *world, struct bad_msg *msg)
{
    (void)world;
    bad_flip(msg, "<xenc:CipherValue>", 0);
}

/** Start of the first part's octets, and end of the last part's. */
static size_t part_start(const struct bad_msg *msg)
{
    const size_t head = sph_slice_find(sph_buf_peek(&msg->after), SPH_LIT("\r\n--"), 0);
    return sph_slice_find(sph_buf_peek(&msg->after), SPH_LIT("\r\n\r\n"), head) + 4;
}

static size_t delimiter_len(const struct bad_msg *msg)
{
    return sph_slice_find(sph_buf_peek(&msg->before), SPH_LIT("\r\n"), 0) + 2;
}

static size_t part_end(const struct bad_msg *msg)
{
    size_t end = msg->after.len - delimiter_len(msg);
    while (!sph_slice_starts(sph_slice_sub(sph_buf_peek(&msg->after), end, 4), SPH_LIT("\r\n--")))
        end--;
    return end;
}

static void flip_nonce(struct bad_world *world, struct bad_msg *msg)
{
    (void)world;
    msg->after.at[part_start(msg)] ^= 1;
}

static void flip_part(struct bad_world *world, struct bad_msg *msg)
{
    (void)world;
    msg->after.at[part_start(msg) + 500] ^= 0x80;
}

static void flip_tag(struct bad_world *world, struct bad_msg *msg)
{
    (void)world;
    msg->after.at[part_end(msg) - 1] ^= 1;
}

static void cut_tag(struct bad_world *world, struct bad_msg *msg)
{
    (void)world;
    bad_splice(&msg->after, part_end(msg) - 1, 1, SPH_LIT(""));
}

static void wire_one_flipped_byte_is_refused(void **state)
{
    struct bad_world *world = *state;
    const struct bad_row rows[] = {
        {"header", NO_WISH, flip_header, BAD("0101", "dsig.digest")},
        {"digest", NO_WISH, flip_digest, BAD("0101", "dsig.value")},
        {"signature value", NO_WISH, flip_signature, BAD("0101", "dsig.value")},
        {"E-02 wrapped key", NO_WISH, flip_wrapped_key, BAD("0102", "xenc.key")},
        {"E-01 wrapped key, RSA",
         {.sender = &world->c},
         flip_wrapped_key,
         BAD("0102", "xenc.content")},
        {"E-02 IV", NO_WISH, flip_nonce, BAD("0102", "xenc.content")},
        {"E-02 part", NO_WISH, flip_part, BAD("0102", "xenc.content")},
        {"E-02 tag", NO_WISH, flip_tag, BAD("0102", "xenc.content")},
        {"E-02 tag cut", NO_WISH, cut_tag, BAD("0102", "xenc.content")},
        {"E-02 tag, RSA", {.sender = &world->c}, flip_tag, BAD("0102", "xenc.content")},
        {"E-02 tag of the second part",
         {.has_attachment = true},
         flip_tag,
         BAD("0102", "xenc.content")},
    };
    BAD_TABLE(state, rows);
}

/* ------------------------------------------------------------------ parts */

static sph_slice first_part(const struct bad_msg *msg)
{
    const size_t at = part_end(msg);
    return sph_slice_sub(sph_buf_peek(&msg->after), 0, at);
}

static void part_missing(struct bad_world *world, struct bad_msg *msg)
{
    (void)world;
    bad_splice(&msg->after, 0, part_end(msg), SPH_LIT(""));
}

static void part_twice(struct bad_world *world, struct bad_msg *msg)
{
    (void)world;
    SPH_AUTO(sph_buf) copy = sph_buf_init((size_t)1 << 24);
    sph_err err = {0};
    assert_ok(sph_buf_add(&copy, first_part(msg), &err), &err);
    bad_splice(&msg->after, part_end(msg), 0, sph_buf_peek(&copy));
}

static void part_numbered(struct bad_msg *msg, int number)
{
    SPH_AUTO(sph_buf) more = sph_buf_init((size_t)1 << 24);
    sph_err err = {0};
    assert_ok(sph_buf_add_text(&more, "\r\n", &err), &err);
    assert_ok(
        sph_buf_add(&more, sph_slice_sub(sph_buf_peek(&msg->before), 0, delimiter_len(msg)), &err),
        &err);
    assert_ok(sph_buf_addf(&more, &err,
                           "Content-Type: application/octet-stream\r\n"
                           "Content-Transfer-Encoding: binary\r\n"
                           "Content-ID: <extra%d@x.example>\r\n\r\nextra",
                           number),
              &err);
    bad_splice(&msg->after, part_end(msg), 0, sph_buf_peek(&more));
}

static void part_extra(struct bad_world *world, struct bad_msg *msg)
{
    (void)world;
    part_numbered(msg, 0);
}

static void part_many(struct bad_world *world, struct bad_msg *msg)
{
    (void)world;
    for (int i = 0; i < 40; i++)
        part_numbered(msg, i);
}

static void part_without_reference(struct bad_world *world, struct bad_msg *msg)
{
    char *cut = bad_cut(msg, "<ds:Reference URI=\"cid:", "</ds:Reference>");
    sph_str_free(&cut);
    bad_resign(msg, &world->pair->a);
}

static void part_href(struct bad_world *world, struct bad_msg *msg)
{
    bad_replace(msg, "href=\"cid:", "href=\"file:");
    bad_resign(msg, &world->pair->a);
}

static void final_delimiter_missing(struct bad_world *world, struct bad_msg *msg)
{
    (void)world;
    sph_buf_cut(&msg->after, part_end(msg));
}

static void signature_stripped(struct bad_world *world, struct bad_msg *msg)
{
    (void)world;
    char *cut = bad_cut(msg, "<ds:Signature ", "</ds:Signature>");
    sph_str_free(&cut);
}

static void security_stripped(struct bad_world *world, struct bad_msg *msg)
{
    (void)world;
    char *cut = bad_cut(msg, "<wsse:Security", "</wsse:Security>");
    sph_str_free(&cut);
}

static void encryption_stripped(struct bad_world *world, struct bad_msg *msg)
{
    (void)world;
    char *cut = bad_cut(msg, "<xenc:EncryptedData", "</xenc:EncryptedData>");
    sph_str_free(&cut);
}

static void wire_part_set_that_differs_is_refused(void **state)
{
    const struct bad_row rows[] = {
        {"M-08 missing part", NO_WISH, part_missing, BAD("0003", "header.part-missing")},
        {"M-08 extra part", NO_WISH, part_extra, BAD("0007", "mime.unannounced")},
        {"M-01 duplicated part", NO_WISH, part_twice, BAD("0007", "mime.duplicate-cid")},
        {"M-04 41 parts", NO_WISH, part_many, BAD("0007", "mime.parts")},
        {"M-02 no final delimiter", NO_WISH, final_delimiter_missing,
         BAD("0007", "mime.delimiter")},
        {"M-10 href file:", NO_WISH, part_href, BAD("0011", "header.href")},
        {"S-13 unsigned part", NO_WISH, part_without_reference, BAD("0103", "dsig.part-unsigned")},
        {"E-09 signature stripped", NO_WISH, signature_stripped, BAD("0103", "wss.unsigned")},
        {"E-09 encryption stripped", NO_WISH, encryption_stripped, BAD("0103", "xenc.part-plain")},
        {"no Security at all", NO_WISH, security_stripped, BAD("0010", "wss.missing")},
    };
    BAD_TABLE(state, rows);
}

/* ------------------------------------------------------------------ wrapping */

static char *forge(struct bad_msg *msg)
{
    char *text = bad_copy(msg, "<eb:Messaging", "</eb:Messaging>");
    char *id = strstr(text, "wsu:Id=\"_m");
    assert_non_null(id);
    id[9] = 'x';
    return text;
}

static void messaging_moved(struct bad_msg *msg, const char *to)
{
    char *fake = forge(msg);
    char *original = bad_cut(msg, "<eb:Messaging", "</eb:Messaging>");
    bad_after(msg, "<env:Header>", fake);
    bad_before(msg, to, original);
    sph_str_free(&fake);
    sph_str_free(&original);
}

static void messaging_in_security(struct bad_world *world, struct bad_msg *msg)
{
    (void)world;
    messaging_moved(msg, "<ds:Signature ");
}

static void messaging_twice(struct bad_world *world, struct bad_msg *msg)
{
    (void)world;
    messaging_moved(msg, "</env:Header>");
}

static void messaging_in_wrapper(struct bad_world *world, struct bad_msg *msg)
{
    (void)world;
    char *fake = forge(msg);
    char *original = bad_cut(msg, "<eb:Messaging", "</eb:Messaging>");
    bad_after(msg, "<env:Header>", fake);
    bad_before(msg, "</env:Header>", "<x:W xmlns:x=\"urn:x\">");
    bad_before(msg, "</env:Header>", original);
    bad_before(msg, "</env:Header>", "</x:W>");
    sph_str_free(&fake);
    sph_str_free(&original);
}

static void body_twice(struct bad_world *world, struct bad_msg *msg)
{
    (void)world;
    bad_before(msg, "</env:Envelope>", "<env:Body></env:Body>");
}

/** The signed Body is moved into the header and another one takes its place. */
static void body_moved(struct bad_world *world, struct bad_msg *msg)
{
    (void)world;
    char *body = bad_cut(msg, "<env:Body", "</env:Body>");
    bad_before(msg, "</env:Header>", "<x:W xmlns:x=\"urn:x\">");
    bad_before(msg, "</env:Header>", body);
    bad_before(msg, "</env:Header>", "</x:W>");
    bad_before(msg, "</env:Envelope>", "<env:Body></env:Body>");
    sph_str_free(&body);
}

static void body_content(struct bad_world *world, struct bad_msg *msg)
{
    bad_before(msg, "</env:Body>", "<x></x>");
    bad_resign(msg, &world->pair->a);
}

static void duplicate_id(struct bad_world *world, struct bad_msg *msg)
{
    (void)world;
    char again[160];
    sph_err err = {0};
    char *id = bad_copy(msg, "wsu:Id=\"_m", "\"");
    assert_ok(sph_str_format(again, sizeof(again), &err, " Id=%s", id + strlen("wsu:Id=")), &err);
    bad_after(msg, "<wsse:Security", again);
    sph_str_free(&id);
}

static void two_signatures(struct bad_world *world, struct bad_msg *msg)
{
    (void)world;
    char *text = bad_copy(msg, "<ds:Signature ", "</ds:Signature>");
    char *id = strstr(text, "Id=\"SIG-");
    assert_non_null(id);
    id[4] = 'T';
    bad_after(msg, "</ds:Signature>", text);
    sph_str_free(&text);
}

static void reference_elsewhere(struct bad_world *world, struct bad_msg *msg)
{
    char *old = bad_copy(msg, "<ds:Reference URI=\"#_m", "\">");
    bad_replace(msg, old, "<ds:Reference URI=\"\">");
    sph_str_free(&old);
    bad_resign(msg, &world->pair->a);
}

static void must_understand(struct bad_world *world, struct bad_msg *msg)
{
    (void)world;
    bad_before(msg, "</env:Header>", "<x:W xmlns:x=\"urn:x\" env:mustUnderstand=\"true\"></x:W>");
}

static void wire_moved_and_doubled_elements_are_refused(void **state)
{
    const struct bad_row rows[] = {
        {"S-01 Messaging beside Signature", NO_WISH, messaging_in_security,
         BAD("0103", "wss.unknown-child")},
        {"S-03 two Messaging", NO_WISH, messaging_twice, BAD("0009", "soap.messaging")},
        {"S-04 Messaging in a wrapper", NO_WISH, messaging_in_wrapper,
         BAD("0103", "dsig.wrong-node")},
        {"S-04 mustUnderstand", NO_WISH, must_understand, BAD("0008", "soap.must-understand")},
        {"S-07 two Bodies", NO_WISH, body_twice, BAD("0009", "soap.envelope")},
        {"S-07 moved Body", NO_WISH, body_moved, BAD("0103", "dsig.wrong-node")},
        {"S-07 Body with content", NO_WISH, body_content, BAD("0009", "soap.body")},
        {"S-09 two Signatures", NO_WISH, two_signatures, BAD("0103", "wss.unsigned")},
        {"S-12 URI empty", NO_WISH, reference_elsewhere, BAD("0103", "dsig.wrong-node")},
        {"X-11 duplicate Id", NO_WISH, duplicate_id, BAD("0009", "soap.duplicate-id")},
    };
    BAD_TABLE(state, rows);
}

/* ------------------------------------------------------------------ algorithms */

#define ED25519 "http://www.w3.org/2021/04/xmldsig-more#eddsa-ed25519"
#define RSA_SHA256 "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"

static void alg_hmac(struct bad_world *world, struct bad_msg *msg)
{
    (void)world;
    bad_replace(msg, ED25519, "http://www.w3.org/2000/09/xmldsig#hmac-sha1");
}

static void alg_rsa_sha1(struct bad_world *world, struct bad_msg *msg)
{
    (void)world;
    bad_replace(msg, RSA_SHA256, "http://www.w3.org/2000/09/xmldsig#rsa-sha1");
}

static void alg_sha1_digest(struct bad_world *world, struct bad_msg *msg)
{
    bad_replace(msg, "<ds:DigestMethod Algorithm=\"http://www.w3.org/2001/04/xmlenc#sha256\"",
                "<ds:DigestMethod Algorithm=\"http://www.w3.org/2000/09/xmldsig#sha1\"");
    (void)world;
}

static void alg_inclusive(struct bad_world *world, struct bad_msg *msg)
{
    (void)world;
    bad_replace(msg, "http://www.w3.org/2001/10/xml-exc-c14n#",
                "http://www.w3.org/TR/2001/REC-xml-c14n-20010315");
}

static void alg_rsa15(struct bad_world *world, struct bad_msg *msg)
{
    (void)world;
    bad_replace(msg, "http://www.w3.org/2009/xmlenc11#rsa-oaep",
                "http://www.w3.org/2001/04/xmlenc#rsa-1_5");
}

static void alg_cbc(struct bad_world *world, struct bad_msg *msg)
{
    (void)world;
    bad_replace(msg, "http://www.w3.org/2009/xmlenc11#aes128-gcm",
                "http://www.w3.org/2001/04/xmlenc#aes128-cbc");
}

static void wire_algorithm_outside_the_suite_is_refused(void **state)
{
    struct bad_world *world = *state;
    const struct bad_row rows[] = {
        {"S-19 HMAC", NO_WISH, alg_hmac, BAD("0103", "dsig.algorithm")},
        {"S-19 rsa-sha1", {.sender = &world->c}, alg_rsa_sha1, BAD("0103", "dsig.algorithm")},
        {"S-19 SHA-1 digest", NO_WISH, alg_sha1_digest, BAD("0103", "dsig.algorithm")},
        {"X-09 inclusive C14N", NO_WISH, alg_inclusive, BAD("0103", "dsig.algorithm")},
        {"E-03 RSA 1.5", {.sender = &world->c}, alg_rsa15, BAD("0103", "xenc.algorithm")},
        {"E-03 CBC", NO_WISH, alg_cbc, BAD("0103", "xenc.algorithm")},
        {"E-03 CBC, RSA", {.sender = &world->c}, alg_cbc, BAD("0103", "xenc.algorithm")},
    };
    BAD_TABLE(state, rows);
}

/* ------------------------------------------------------------------ XML */

static void xml_doctype(struct bad_world *world, struct bad_msg *msg)
{
    (void)world;
    bad_before(msg, "<env:Envelope", "<!DOCTYPE x [<!ENTITY e \"y\">]>");
}

static void xml_entity(struct bad_world *world, struct bad_msg *msg)
{
    (void)world;
    bad_replace(msg, ">a2<", ">a&e;2<");
}

static void xml_attributes(struct bad_world *world, struct bad_msg *msg)
{
    SPH_AUTO(sph_buf) text = sph_buf_init((size_t)1 << 24);
    sph_err err = {0};
    (void)world;
    for (int i = 0; i < 100000; i++)
        assert_ok(sph_buf_addf(&text, &err, " a%d=\"\"", i), &err);
    bad_after(msg, "<env:Header", sph_buf_text(&text));
}

/** As many as fit into the root part: the size limit is not what refuses them. */
static void xml_some_attributes(struct bad_world *world, struct bad_msg *msg)
{
    SPH_AUTO(sph_buf) text = sph_buf_init((size_t)1 << 24);
    sph_err err = {0};
    (void)world;
    for (int i = 0; i < 65; i++)
        assert_ok(sph_buf_addf(&text, &err, " a%d=\"\"", i), &err);
    bad_after(msg, "<env:Header", sph_buf_text(&text));
}

static void xml_deep(struct bad_world *world, struct bad_msg *msg)
{
    SPH_AUTO(sph_buf) text = sph_buf_init((size_t)1 << 20);
    sph_err err = {0};
    (void)world;
    for (int i = 0; i < 300; i++)
        assert_ok(sph_buf_add_text(&text, "<x>", &err), &err);
    for (int i = 0; i < 300; i++)
        assert_ok(sph_buf_add_text(&text, "</x>", &err), &err);
    bad_before(msg, "</env:Header>", sph_buf_text(&text));
}

/** The declaration lies: the octets are UTF-16 with a byte order mark. */
static void xml_utf16(struct bad_world *world, struct bad_msg *msg)
{
    SPH_AUTO(sph_buf) wide = sph_buf_init((size_t)1 << 20);
    sph_err err = {0};
    (void)world;
    bad_before(msg, "<env:Envelope", "<?xml version=\"1.0\" encoding=\"UTF-8\"?>");
    assert_ok(sph_buf_add(&wide, sph_slice_of("\xFF\xFE", 2), &err), &err);
    for (size_t i = 0; i < msg->root.len; i++) {
        assert_ok(sph_buf_add_byte(&wide, msg->root.at[i], &err), &err);
        assert_ok(sph_buf_add_byte(&wide, 0, &err), &err);
    }
    bad_splice(&msg->root, 0, msg->root.len, sph_buf_peek(&wide));
}

static void xml_encoding(struct bad_world *world, struct bad_msg *msg)
{
    (void)world;
    bad_before(msg, "<env:Envelope", "<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?>");
}

static void xml_nul_and_more(struct bad_world *world, struct bad_msg *msg)
{
    (void)world;
    bad_splice(&msg->root, msg->root.len, 0, sph_slice_of("\0<evil/>", 8));
}

static void xml_two_equal_attributes(struct bad_world *world, struct bad_msg *msg)
{
    (void)world;
    bad_after(msg, "<env:Header", " xmlns:p=\"urn:p\" xmlns:q=\"urn:p\" p:i=\"1\" q:i=\"2\"");
}

static void xml_undeclared_prefix(struct bad_world *world, struct bad_msg *msg)
{
    (void)world;
    bad_before(msg, "</env:Header>", "<u:x></u:x>");
}

static void xml_relative_namespace(struct bad_world *world, struct bad_msg *msg)
{
    (void)world;
    bad_after(msg, "<eb:Messaging", " xmlns:r=\"1\"");
}

static void xml_namespaces(struct bad_world *world, struct bad_msg *msg)
{
    SPH_AUTO(sph_buf) text = sph_buf_init((size_t)1 << 20);
    sph_err err = {0};
    (void)world;
    for (int i = 0; i < 40; i++)
        assert_ok(sph_buf_addf(&text, &err, " xmlns:n%d=\"urn:n\"", i), &err);
    bad_after(msg, "<env:Header", sph_buf_text(&text));
}

static void xml_comment(struct bad_world *world, struct bad_msg *msg)
{
    (void)world;
    bad_replace(msg, ">la.legalaid.example<", ">la.legalaid<!---->.example<");
}

static void xml_too_large(struct bad_world *world, struct bad_msg *msg)
{
    SPH_AUTO(sph_buf) text = sph_buf_init((size_t)1 << 20);
    sph_err err = {0};
    (void)world;
    while (text.len < (size_t)300 * 1024)
        assert_ok(sph_buf_add_text(&text, "<x></x>", &err), &err);
    bad_before(msg, "</env:Header>", sph_buf_text(&text));
}

static void wire_hostile_xml_is_refused_before_it_is_built(void **state)
{
    const struct bad_row rows[] = {
        {"X-01 DOCTYPE", NO_WISH, xml_doctype, BAD("0009", "soap.xml")},
        {"X-01 entity", NO_WISH, xml_entity, BAD("0009", "soap.xml")},
        {"X-02 two equal attributes", NO_WISH, xml_two_equal_attributes, BAD("0009", "soap.xml")},
        {"X-03 undeclared prefix", NO_WISH, xml_undeclared_prefix, BAD("0009", "soap.xml")},
        {"X-04 NUL and more", NO_WISH, xml_nul_and_more, BAD("0009", "soap.xml")},
        {"X-05 UTF-16 that says UTF-8", NO_WISH, xml_utf16, BAD("0009", "soap.xml")},
        {"X-05 ISO-8859-1", NO_WISH, xml_encoding, BAD("0009", "soap.xml")},
        {"X-06 relative namespace URI", NO_WISH, xml_relative_namespace, BAD("0009", "soap.xml")},
        {"X-07 comment in a value", NO_WISH, xml_comment, BAD("0009", "soap.xml")},
        {"X-08 100,000 attributes", NO_WISH, xml_attributes, BAD("0009", "soap.root-limit")},
        {"X-08 65 attributes", NO_WISH, xml_some_attributes, BAD("0009", "soap.xml")},
        {"X-09 40 declarations", NO_WISH, xml_namespaces, BAD("0009", "soap.xml")},
        {"X-10 300 levels", NO_WISH, xml_deep, BAD("0009", "soap.xml")},
        {"X-10 300 KiB", NO_WISH, xml_too_large, BAD("0009", "soap.root-limit")},
    };
    BAD_TABLE(state, rows);
}

int test_bad_wire(void);
int test_bad_wire(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(wire_one_flipped_byte_is_refused),
        cmocka_unit_test(wire_part_set_that_differs_is_refused),
        cmocka_unit_test(wire_moved_and_doubled_elements_are_refused),
        cmocka_unit_test(wire_algorithm_outside_the_suite_is_refused),
        cmocka_unit_test(wire_hostile_xml_is_refused_before_it_is_built),
    };
    return cmocka_run_group_tests_name("bad_wire", tests, bad_start, bad_stop);
}
